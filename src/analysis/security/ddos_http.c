/* SPDX-License-Identifier: ISC */
/* HTTP requests by host and slot; see ddos_http.h. */
#include "analysis/security/ddos_http.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/security/ddos.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "stat/select.h"

#define PLACES ((size_t)2 * DDOS_HTTP_SLOTS)

void
ddos_http_init(struct ddos_http *h)
{
	*h = (struct ddos_http){ .hosts = NULL };
}

void
ddos_http_release(struct ddos_http *h)
{
	free(h->hosts);
	free(h->slots);
	free(h->places);
	*h = (struct ddos_http){ .hosts = NULL };
}

void
ddos_http_clear(struct ddos_http *h)
{
	if (h->slot_count != 0)
		memset(h->places, 0, PLACES * sizeof *h->places);
	h->host_count = h->slot_count = 0;
	h->refused = 0;
}

/* Most states never see a request: their tables come with the first. */
static void
make_room(struct ddos_http *h)
{
	if (h->hosts != NULL)
		return;
	h->hosts = xcalloc(DDOS_HOSTS, sizeof *h->hosts);
	h->slots = xcalloc(DDOS_HTTP_SLOTS, sizeof *h->slots);
	h->places = xcalloc(PLACES, sizeof *h->places);
}

/* The name a Host field gives: lower case, without port and a last dot; no more than fits. */
static void
name_of(const struct octets *host, char name[DDOS_HOST_SIZE])
{
	size_t size = 0;

	for (size_t i = 0; i < host->size && size < DDOS_HOST_SIZE - 1; i++) {
		char c = (char)host->data[i];
		if (c == ':' && (host->data[0] != '[' || name[size - 1] == ']'))
			break;
		if ((unsigned char)c <= ' ')
			c = '_';
		name[size++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	if (size > 0 && name[size - 1] == '.')
		size--;
	memset(name + size, 0, DDOS_HOST_SIZE - size);
}

static uint32_t *
place_of(struct ddos_http *h, uint32_t host, uint32_t slot)
{
	uint32_t at = (uint32_t)(hash_mix64((uint64_t)slot << 32 | host) % PLACES);

	for (; h->places[at] != 0; at = (at + 1) % PLACES) {
		const struct ddos_http_slot *s = &h->slots[h->places[at] - 1];
		if (s->host == host && s->slot == slot)
			break;
	}
	return &h->places[at];
}

/* Keeps the hosts whose number is not DDOS_HOSTS, under that number, and their slots. */
static void
renumber(struct ddos_http *h, const uint32_t *numbers)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < h->host_count; i++)
		if (numbers[i] < i)
			h->hosts[numbers[i]] = h->hosts[i];
	memset(h->places, 0, PLACES * sizeof *h->places);
	for (uint32_t i = 0; i < h->slot_count; i++) {
		struct ddos_http_slot s = h->slots[i];
		s.host = numbers[s.host];
		if (s.host == DDOS_HOSTS)
			continue;
		h->slots[kept++] = s;
		*place_of(h, s.host, s.slot) = kept;
	}
	h->slot_count = kept;
}

/* Makes room: the half of the hosts that got fewest requests goes. */
static void
thin(struct ddos_http *h)
{
	uint32_t numbers[DDOS_HOSTS], kept = 0;
	uint64_t values[DDOS_HOSTS], edge;

	for (uint32_t i = 0; i < h->host_count; i++)
		values[i] = h->hosts[i].requests;
	edge = select_rank(values, h->host_count, h->host_count / 2);
	for (uint32_t i = 0; i < h->host_count; i++) {
		bool keep = h->hosts[i].requests > edge;
		h->refused += keep ? 0 : h->hosts[i].requests;
		numbers[i] = keep ? kept++ : DDOS_HOSTS;
	}
	renumber(h, numbers);
	h->host_count = kept;
}

static uint32_t
host_at(struct ddos_http *h, const struct address *server, const char name[DDOS_HOST_SIZE])
{
	for (uint32_t i = 0; i < h->host_count; i++)
		if (address_equal(&h->hosts[i].server, server) &&
		    memcmp(h->hosts[i].name, name, DDOS_HOST_SIZE) == 0)
			return i;
	if (h->host_count == DDOS_HOSTS || h->slot_count == DDOS_HTTP_SLOTS)
		thin(h);
	memset(&h->hosts[h->host_count], 0, sizeof *h->hosts);
	h->hosts[h->host_count].server = *server;
	memcpy(h->hosts[h->host_count].name, name, DDOS_HOST_SIZE);
	return h->host_count++;
}

/* NULL when there is no room. */
static struct ddos_http_slot *
slot_at(struct ddos_http *h, uint32_t host, uint32_t slot)
{
	uint32_t *place = place_of(h, host, slot);

	if (*place != 0)
		return &h->slots[*place - 1];
	if (h->slot_count == DDOS_HTTP_SLOTS)
		return NULL;
	h->slots[h->slot_count] = (struct ddos_http_slot){ .host = host, .slot = slot };
	*place = ++h->slot_count;
	return &h->slots[h->slot_count - 1];
}

static void
note_first(struct ddos_host *host, nsec_t time, uint64_t offset, uint32_t length)
{
	if (host->first != 0 &&
	    (time > host->first || (time == host->first && offset >= host->input_offset)))
		return;
	host->first = time;
	host->input_offset = offset;
	host->input_length = length;
}

static void
widen(struct ddos_http_slot *s, nsec_t first, nsec_t last)
{
	if (s->first == 0 || first < s->first)
		s->first = first;
	if (last > s->last)
		s->last = last;
}

void
ddos_http_observe(struct ddos_http *h, const struct http_request *r)
{
	char name[DDOS_HOST_SIZE];
	struct ddos_http_slot *s;
	uint32_t host;
	nsec_t second = floor_div(r->time, NSEC_PER_SEC);

	if (r->time < 0 || (r->flags & HTTP_NO_REQUEST) != 0)
		return;
	make_room(h);
	name_of(&r->host, name);
	host = host_at(h, &r->server, name);
	s = slot_at(h, host, (uint32_t)(second / DDOS_SECONDS));
	if (s == NULL) {
		h->refused++;
		return;
	}
	h->hosts[host].requests++;
	note_first(&h->hosts[host], r->time, r->input_offset, r->input_length);
	hll_add(h->hosts[host].clients, DDOS_HTTP_PRECISION, hash_mix_words(r->client.words, 2));
	s->requests++;
	s->seconds[second % DDOS_SECONDS]++;
	s->octets += r->request_octets != HTTP_UNKNOWN ? r->request_octets : 0;
	widen(s, r->time, r->time);
}

/* Adds one slot of a host. */
static void
add_slot(struct ddos_http *h, const struct ddos_host *host, const struct ddos_http_slot *theirs)
{
	uint32_t number = host_at(h, &host->server, host->name);
	struct ddos_http_slot *ours = slot_at(h, number, theirs->slot);

	if (ours == NULL) {
		h->refused += theirs->requests;
		return;
	}
	h->hosts[number].requests += theirs->requests;
	ours->requests += theirs->requests;
	ours->octets += theirs->octets;
	for (unsigned k = 0; k < DDOS_SECONDS; k++)
		ours->seconds[k] += theirs->seconds[k];
	widen(ours, theirs->first, theirs->last);
}

void
ddos_http_merge(struct ddos_http *into, const struct ddos_http *from)
{
	into->refused += from->refused;
	if (from->host_count == 0)
		return;
	make_room(into);
	for (uint32_t i = 0; i < from->slot_count; i++)
		add_slot(into, &from->hosts[from->slots[i].host], &from->slots[i]);
	for (uint32_t i = 0; i < from->host_count; i++) {
		const struct ddos_host *theirs = &from->hosts[i];
		uint32_t number = host_at(into, &theirs->server, theirs->name);
		struct ddos_host *ours = &into->hosts[number];
		note_first(ours, theirs->first, theirs->input_offset, theirs->input_length);
		hll_union(ours->clients, theirs->clients, DDOS_HTTP_PRECISION);
	}
}

/* ------------------------------------------------------------------ rows */

/* A slot with its host, for sorting. */
struct line {
	const struct ddos_host *host;
	const struct ddos_http_slot *slot;
};

static int
compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = address_compare(&x->host->server, &y->host->server);

	if (order == 0)
		order = memcmp(x->host->name, y->host->name, DDOS_HOST_SIZE);
	if (order != 0)
		return order;
	return (x->slot->slot > y->slot->slot) - (x->slot->slot < y->slot->slot);
}

static void
put_line(const struct line *line, bool first, struct rows *rows)
{
	static const uint8_t NONE[HLL_SIZE(DDOS_HTTP_PRECISION)];
	const struct ddos_http_slot *s = line->slot;
	uint32_t peak = 0;

	for (unsigned k = 0; k < DDOS_SECONDS; k++)
		peak = s->seconds[k] > peak ? s->seconds[k] : peak;
	rows_address(rows, DDOS_HTTP_SERVER, &line->host->server);
	rows_text(rows, DDOS_HTTP_HOST, line->host->name);
	rows_time(rows, DDOS_HTTP_BEGIN, (nsec_t)s->slot * DDOS_SLOT);
	rows_time(rows, DDOS_HTTP_FIRST, s->first);
	rows_time(rows, DDOS_HTTP_LAST, s->last);
	rows_u64(rows, DDOS_HTTP_REQUESTS, s->requests);
	rows_u64(rows, DDOS_HTTP_OCTETS, s->octets);
	rows_u64(rows, DDOS_HTTP_PEAK, peak);
	/* The clients of the window stand in its first row. */
	sketch_put(
	    rows, DDOS_HTTP_CLIENTS, first ? line->host->clients : NONE, DDOS_HTTP_PRECISION);
	rows_u64(rows, DDOS_HTTP_INPUT_OFFSET, line->host->input_offset);
	rows_u64(rows, DDOS_HTTP_INPUT_LENGTH, line->host->input_length);
	rows_next(rows);
}

void
ddos_http_put(struct ddos_http *h, uint64_t least, struct rows *rows)
{
	struct line *lines;
	bool *near;
	size_t count = 0;

	if (h->slot_count == 0)
		return;
	lines = xcalloc(h->slot_count, sizeof *lines);
	near = xcalloc(h->host_count, sizeof *near);
	for (uint32_t i = 0; i < h->slot_count; i++)
		if (h->slots[i].requests >= least)
			near[h->slots[i].host] = true;
	for (uint32_t i = 0; i < h->slot_count; i++)
		if (near[h->slots[i].host])
			lines[count++] = (struct line){ &h->hosts[h->slots[i].host], &h->slots[i] };
	if (count > 1)
		qsort(lines, count, sizeof *lines, compare);
	for (size_t i = 0; i < count; i++)
		put_line(&lines[i], i == 0 || lines[i].host != lines[i - 1].host, rows);
	free(near);
	free(lines);
}
