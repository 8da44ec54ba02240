/* SPDX-License-Identifier: ISC */
/*
 * The log of a window: counts of destinations by slot; and what adds up.
 *
 * A hash table from target and slot to a record.  It grows to a cap; then the records of few
 * packets are added to those of their prefix, or given up, and what is entered from then on must
 * have more packets.  So a window of very many destinations keeps those that matter.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/ddos.h"
#include "base/xmalloc.h"
#include "stat/select.h"

#define FIRST_ROOM 64
#define LEAST_MOST 1024 /* packets */

void
ddos_log_init(struct ddos_log *log, size_t most, const struct hash_secret *secret)
{
	*log = (struct ddos_log){ .most = most, .least = 1, .hash = hash_linear_new(secret) };
}

void
ddos_log_release(struct ddos_log *log)
{
	free(log->list);
	free(log->places);
	log->list = NULL;
	log->places = NULL;
}

void
ddos_log_clear(struct ddos_log *log)
{
	if (log->count != 0 && log->places != NULL)
		memset(log->places, 0, ((size_t)log->place_mask + 1) * sizeof *log->places);
	log->count = 0;
	log->least = 1;
	log->given_up = 0;
}

/* ------------------------------------------------------------------ looking up */

static uint32_t
hash_key(const struct ddos_log *log, const struct address *target, uint8_t length, uint32_t slot)
{
	uint64_t words[3] = { target->words[0], target->words[1], (uint64_t)slot << 8 | length };
	uint32_t hash = hash_linear(&log->hash, words, 3);

	return hash ^ hash >> 15;
}

static uint32_t *
place_of(const struct ddos_log *log, const struct address *target, uint8_t length, uint32_t slot)
{
	uint32_t at = hash_key(log, target, length, slot) & log->place_mask;

	for (;; at = (at + 1) & log->place_mask) {
		const struct ddos_slot *s;
		if (log->places[at] == 0)
			return &log->places[at];
		s = &log->list[log->places[at] - 1];
		if (s->slot == slot && s->length == length && address_equal(&s->target, target))
			return &log->places[at];
	}
}

static void
index_all(struct ddos_log *log)
{
	memset(log->places, 0, ((size_t)log->place_mask + 1) * sizeof *log->places);
	for (size_t i = 0; i < log->count; i++) {
		const struct ddos_slot *s = &log->list[i];
		*place_of(log, &s->target, s->length, s->slot) = (uint32_t)i + 1;
	}
}

static void
grow(struct ddos_log *log)
{
	log->room = log->room == 0 ? FIRST_ROOM : log->room * 2;
	log->list = xrealloc_array(log->list, log->room, sizeof *log->list);
	log->place_mask = (uint32_t)log->room * 2 - 1;
	log->places = xrealloc_array(log->places, (size_t)log->place_mask + 1, sizeof *log->places);
	index_all(log);
}

/* ------------------------------------------------------------------ pressure */

/* The number of packets that half of the records do not exceed. */
static uint64_t
median(const struct ddos_log *log)
{
	uint64_t *values = xcalloc(log->count, sizeof *values), edge;

	for (size_t i = 0; i < log->count; i++)
		values[i] = ddos_total(log->list[i].packets);
	edge = select_rank(values, log->count, log->count / 2);
	free(values);
	return edge;
}

/* Puts the records of more than `edge` packets first and returns how many they are. */
static size_t
partition(struct ddos_log *log, uint64_t edge)
{
	struct ddos_slot *list = log->list;
	size_t kept = 0;

	for (size_t i = 0; i < log->count; i++) {
		struct ddos_slot keep = list[i];
		if (ddos_total(keep.packets) <= edge)
			continue;
		list[i] = list[kept];
		list[kept++] = keep;
	}
	return kept;
}

/* Takes out the records of at most `edge` packets; those of hosts are added to the records of their
 * prefixes, which take up no more room than they left. */
static void
fold(struct ddos_log *log, uint64_t edge)
{
	size_t kept = partition(log, edge), count = log->count;

	log->count = kept;
	index_all(log);
	for (size_t i = kept; i < count; i++) {
		struct ddos_slot s = log->list[i];
		uint8_t length = address_is_ipv4(&s.target) ? 24 : 64;
		if (s.length <= length) {
			log->given_up += ddos_total(s.packets);
			continue;
		}
		s.target = address_mask(&s.target, length);
		ddos_slot_add(ddos_log_at(log, &s.target, length, s.slot), &s);
	}
}

/* Takes them out altogether; when all are alike, the last half. */
static void
give_up(struct ddos_log *log, uint64_t edge)
{
	size_t kept = partition(log, edge);

	if (kept == 0)
		kept = log->count / 2;
	for (size_t i = kept; i < log->count; i++)
		log->given_up += ddos_total(log->list[i].packets);
	log->count = kept;
	index_all(log);
}

static void
relieve(struct ddos_log *log)
{
	uint64_t edge = median(log);

	fold(log, edge);
	if (log->count > log->most / 4 * 3)
		give_up(log, median(log));
	log->least = edge + 1 < LEAST_MOST ? edge + 1 : LEAST_MOST;
}

struct ddos_slot *
ddos_log_at(struct ddos_log *log, const struct address *target, uint8_t length, uint32_t slot)
{
	uint32_t *place = log->places != NULL ? place_of(log, target, length, slot) : NULL;
	struct ddos_slot *s;

	if (place != NULL && *place != 0)
		return &log->list[*place - 1];
	if (log->count >= log->most)
		relieve(log);
	if (log->count >= log->room)
		grow(log);
	place = place_of(log, target, length, slot);
	s = &log->list[log->count++];
	*s = (struct ddos_slot){ .target = *target, .slot = slot, .length = length };
	*place = (uint32_t)log->count;
	return s;
}

/* ------------------------------------------------------------------ adding */

unsigned
ddos_slot_service(struct ddos_slot *slot, unsigned service)
{
	for (unsigned i = 0; i < DDOS_SERVICES; i++) {
		if (slot->services[i] == service)
			return DDOS_REFLECTED + i;
		if (slot->services[i] == DDOS_SERVICE_NONE) {
			slot->services[i] = (uint8_t)service;
			return DDOS_REFLECTED + i;
		}
	}
	return DDOS_UDP;
}

static void
add_services(struct ddos_slot *into, const struct ddos_slot *from)
{
	for (unsigned i = 0; i < DDOS_SERVICES && from->services[i] != DDOS_SERVICE_NONE; i++) {
		unsigned at = ddos_slot_service(into, from->services[i]);
		into->packets[at] += from->packets[DDOS_REFLECTED + i];
		into->octets[at] += from->octets[DDOS_REFLECTED + i];
	}
}

void
ddos_slot_add(struct ddos_slot *into, const struct ddos_slot *from)
{
	for (unsigned c = 0; c < DDOS_REFLECTED; c++) {
		into->packets[c] += from->packets[c];
		into->octets[c] += from->octets[c];
	}
	add_services(into, from);
	for (unsigned side = 0; side < DDOS_SIDES; side++) {
		if (from->first[side] != 0 &&
		    (into->first[side] == 0 || from->first[side] < into->first[side]))
			into->first[side] = from->first[side];
		if (from->last[side] > into->last[side])
			into->last[side] = from->last[side];
		for (unsigned s = 0; s < DDOS_SECONDS; s++) {
			into->second_packets[side][s] += from->second_packets[side][s];
			into->second_octets[side][s] += from->second_octets[side][s];
		}
	}
	into->first_fragments += from->first_fragments;
	into->connections += from->connections;
	into->variance += from->variance;
	into->octets_variance += from->octets_variance;
}

void
ddos_log_merge(struct ddos_log *into, const struct ddos_log *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct ddos_slot *s = &from->list[i];
		ddos_slot_add(ddos_log_at(into, &s->target, s->length, s->slot), s);
	}
	into->given_up += from->given_up;
	if (from->least > into->least)
		into->least = from->least;
}

static int
compare(const void *a, const void *b)
{
	const struct ddos_slot *x = a, *y = b;
	int order;

	if (address_is_ipv4(&x->target) != address_is_ipv4(&y->target))
		return address_is_ipv4(&x->target) ? -1 : 1;
	order = address_compare(&x->target, &y->target);
	if (order != 0)
		return order;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return (x->slot > y->slot) - (x->slot < y->slot);
}

void
ddos_log_sort(struct ddos_log *log)
{
	if (log->count > 1)
		qsort(log->list, log->count, sizeof *log->list, compare);
}

/* ------------------------------------------------------------------ who asked */

uint64_t
ddos_sent_by(const struct ddos_senders *s, enum ddos_sent kind, const struct address *sender)
{
	uint64_t own = s->cells[kind][ddos_cell(ddos_hash(sender))];
	uint64_t others = (s->totals[kind] - own) / (DDOS_CELLS - 1);

	return own > others ? own - others : 0;
}

void
ddos_senders_merge(struct ddos_senders *into, const struct ddos_senders *from)
{
	for (unsigned k = 0; k < DDOS_SENT_KINDS; k++) {
		if (from->totals[k] == 0)
			continue;
		for (size_t i = 0; i < DDOS_CELLS; i++)
			into->cells[k][i] += from->cells[k][i];
		into->totals[k] += from->totals[k];
	}
}

/* ------------------------------------------------------------------ services */

/* What answers are reflected from, by UDP port: the list of the specification, which follows
 * US-CERT TA14-017A and its successors. */
static const struct {
	uint16_t port;
	const char *name;
} SERVICES[] = {
	{ 0, "" },
	{ 53, "dns" },
	{ 123, "ntp" },
	{ 1900, "ssdp" },
	{ 161, "snmp" },
	{ 19, "chargen" },
	{ 11211, "memcached" },
	{ 389, "cldap" },
	{ 17, "qotd" },
	{ 69, "tftp" },
	{ 111, "portmap" },
	{ 137, "netbios" },
	{ 427, "slp" },
	{ 520, "rip" },
	{ 1434, "mssql" },
	{ 3283, "ard" },
	{ 3702, "wsd" },
	{ 5093, "sentinel" },
	{ 5351, "natpmp" },
	{ 5353, "mdns" },
	{ 10001, "ubiquiti" },
	{ 27015, "source-engine" },
	{ 37810, "dvr-dhcpdiscover" },
};

unsigned
ddos_service_of(uint16_t port)
{
	for (unsigned i = 1; i < ARRAY_COUNT(SERVICES); i++)
		if (SERVICES[i].port == port)
			return i;
	return DDOS_SERVICE_NONE;
}

const char *
ddos_service_name(unsigned service)
{
	return service < ARRAY_COUNT(SERVICES) ? SERVICES[service].name : "";
}

uint16_t
ddos_service_port(unsigned service)
{
	return service < ARRAY_COUNT(SERVICES) ? SERVICES[service].port : 0;
}
