/* SPDX-License-Identifier: ISC */
/* The rows of dns/random-subdomain: the zones of a window that may be under attack, or whose usual
 * failures a later window needs to know; see random_subdomain.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/random_subdomain_state.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "net/dns.h"

/* Less than this of new failing names a second is no baseline worth a row. */
#define BASELINE_LEAST 1.0

static double
slot_distinct(const struct zone_slot *slot)
{
	return hll_estimate(slot->names, SLOT_PRECISION);
}

/* Whether a slot could be part of an attack: looser than the thresholds, which sum over inputs. */
static bool
is_suspicious(const struct random_subdomain *s, const struct zone_slot *slot)
{
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		uint64_t total = zone_total(slot, side);
		if (2 * total < s->least_queries)
			continue;
		if (4 * zone_failures(slot, side) >= total ||
		    5 * slot_distinct(slot) >= 4 * (double)total)
			return true;
	}
	return false;
}

static bool
has_suspicious(const struct random_subdomain *s, const struct watched_zone *zone)
{
	const struct zone_slot *slot = zone_watch_slot_at(&s->watch, zone->slots);

	while (slot != NULL && !is_suspicious(s, slot))
		slot = zone_watch_slot_at(&s->watch, slot->next);
	return slot != NULL;
}

/* A zone that has rows, and what for. */
struct chosen {
	const struct watched_zone *zone;
	uint64_t weight;
	bool suspicious, scattered;
};

static int
compare_weights(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if (x->zone->name_size != y->zone->name_size)
		return x->zone->name_size < y->zone->name_size ? -1 : 1;
	return memcmp(x->zone->name, y->zone->name, x->zone->name_size);
}

static bool
choose(struct random_subdomain *s, const struct watched_zone *zone, double seconds,
    struct chosen *ret_chosen)
{
	const struct zone_scatter *c = &zone->scatter;
	struct chosen one = { .zone = zone };

	for (unsigned side = 0; side < ZONE_SIDES; side++)
		for (unsigned i = ZONE_NXDOMAIN; i < ZONE_OUTCOMES; i++)
			one.weight += zone->counts[side][i];
	one.weight += c->nxdomain + c->servfail + c->quoted;
	one.suspicious = has_suspicious(s, zone);
	one.scattered = c->first != 0;
	if (!one.suspicious && !one.scattered &&
	    hll_estimate(zone->names, NAMES_PRECISION) < BASELINE_LEAST * seconds)
		return false;
	if (zone->name_size == 0) {
		s->totals[TOTAL_NAMELESS]++;
		return false;
	}
	*ret_chosen = one;
	return !random_subdomain_is_reverse(zone->name, zone->name_size) &&
	       !suffix_is_public(s->suffixes, zone->name, zone->name_size);
}

static uint32_t
greatest(const uint32_t *seconds)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < SLOT_SECONDS; i++)
		if (seconds[i] > most)
			most = seconds[i];
	return most;
}

static void
yield_slot(struct rows *rows, const char *zone, const struct zone_slot *slot)
{
	rows_text(rows, SLOT_ZONE, zone);
	rows_time(rows, SLOT_BEGIN, slot->number * SLOT_LENGTH);
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		rows_time(rows, SLOT_FIRST + side, slot->first[side]);
		rows_time(rows, SLOT_LAST + side, slot->last[side]);
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			rows_u64(rows, SLOT_COUNTS + (size_t)side * ZONE_OUTCOMES + i,
			    slot->counts[side][i]);
		rows_u64(rows, SLOT_PEAK + side, greatest(slot->seconds[side]));
	}
	rows_time(rows, SLOT_FIRST + ZONE_SIDES, slot->all_first);
	rows_time(rows, SLOT_LAST + ZONE_SIDES, slot->all_last);
	rows_u64(rows, SLOT_PEAK + ZONE_SIDES, greatest(slot->all_seconds));
	rows_u64(rows, SLOT_DISTINCT, (uint64_t)llround(slot_distinct(slot)));
	rows_u64(rows, SLOT_LABELS, slot->labels.count);
	rows_u64(rows, SLOT_LABEL_OCTETS, slot->labels.octets);
	rows_u64(rows, SLOT_LABEL_SQUARES, slot->labels.squares);
	rows_u64(rows, SLOT_LABEL_ENTROPY, slot->labels.entropy);
	for (unsigned i = 0; i < LABEL_CLASSES; i++)
		rows_u64(rows, SLOT_LABEL_CLASSES + i, slot->labels.classes[i]);
	rows_u64(rows, SLOT_REVERSED, slot->reversed);
	rows_u64(rows, SLOT_SAMPLED, slot->sampled);
	rows_next(rows);
}

static void
yield_zone(const struct random_subdomain *s, struct rows *rows, const char *text,
    const struct watched_zone *zone, uint64_t seconds)
{
	rows_text(rows, ZONE_ZONE, text);
	rows_u64(rows, ZONE_SECONDS, seconds);
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			rows_u64(rows, ZONE_COUNTS + (size_t)side * ZONE_OUTCOMES + i,
			    zone->counts[side][i]);
		sketch_put(rows, ZONE_CLIENTS + side, zone->clients[side], CLIENTS_PRECISION);
	}
	rows_u64(rows, ZONE_RETRANSMISSIONS, zone->retransmissions);
	for (unsigned i = 0; i < ZONE_TYPES; i++)
		rows_u64(rows, ZONE_TYPE_COUNTS + i, zone->types[i]);
	for (unsigned i = 0; i < CLIENT_CLASSES; i++)
		rows_u64(rows, ZONE_CLASS_COUNTS + i, zone->classes[i]);
	sketch_put(rows, ZONE_NAMES, zone->names, NAMES_PRECISION);
	dns_samples_put(&zone->samples, rows, ZONE_SAMPLES);
	rows_u64(rows, ZONE_OWN, site_in_zone(s->site, zone->name, zone->name_size));
	rows_next(rows);
}

static int
compare_clients(const void *a, const void *b)
{
	const struct zone_top *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->side != y->side)
		return x->side - y->side;
	return address_compare(&x->address, &y->address);
}

static bool
is_own_server(const struct random_subdomain *s, const struct address *a)
{
	uint64_t bit = random_subdomain_server_bit(a);

	return (s->own_servers[bit / 64] >> (bit % 64) & 1) != 0;
}

static void
yield_clients(const struct random_subdomain *s, struct rows *rows, const char *text,
    const struct watched_zone *zone)
{
	struct zone_top sorted[WATCH_CLIENTS];

	memcpy(sorted, zone->top, zone->top_count * sizeof *sorted);
	qsort(sorted, zone->top_count, sizeof *sorted, compare_clients);
	for (uint32_t i = 0; i < zone->top_count; i++) {
		const struct zone_top *t = &sorted[i];
		bool forwarder = t->class == CLIENT_CUSTOMER && is_own_server(s, &t->address);
		rows_text(rows, CLIENT_ZONE, text);
		rows_address(rows, CLIENT_ADDRESS, &t->address);
		rows_text(rows, CLIENT_SIDE, t->side == ZONE_ASKED ? "asked" : "upstream");
		rows_text(
		    rows, CLIENT_KIND, zone_client_names[forwarder ? CLIENT_CLASSES : t->class]);
		rows_u64(rows, CLIENT_RESOLVER, t->resolver);
		rows_u64(rows, CLIENT_QUERIES, t->count);
		rows_u64(rows, CLIENT_ERROR, t->error);
		rows_next(rows);
	}
}

static void
yield_scatter(struct rows *rows, const char *text, const struct watched_zone *zone)
{
	const struct zone_scatter *c = &zone->scatter;

	rows_text(rows, SCATTER_ZONE, text);
	rows_time(rows, SCATTER_FIRST, c->first);
	rows_time(rows, SCATTER_LAST, c->last);
	rows_u64(rows, SCATTER_NXDOMAIN, c->nxdomain);
	rows_u64(rows, SCATTER_SERVFAIL, c->servfail);
	rows_u64(rows, SCATTER_QUOTED, c->quoted);
	rows_u64(rows, SCATTER_DARK, c->dark);
	sketch_put(rows, SCATTER_NAMES, c->names, SCATTER_PRECISION);
	sketch_put(rows, SCATTER_SERVERS, c->servers, SCATTER_PRECISION);
	sketch_put(rows, SCATTER_TARGETS, c->targets, SCATTER_PRECISION);
	dns_samples_put(&zone->samples, rows, SCATTER_SAMPLES);
	rows_next(rows);
}

/* The slots of a suspicious zone, the oldest first. */
static void
yield_slots(const struct random_subdomain *s, struct rows *rows, const char *text,
    const struct watched_zone *zone)
{
	const struct zone_slot *slots[WATCH_ZONE_SLOTS];
	uint32_t count = 0;

	for (uint32_t n = zone->slots; n != 0; n = zone_watch_slot_at(&s->watch, n)->next)
		slots[count++] = zone_watch_slot_at(&s->watch, n);
	while (count > 0)
		yield_slot(rows, text, slots[--count]);
}

static void
yield_totals(const struct random_subdomain *s, struct rows *rows)
{
	for (unsigned i = 0; i < TOTAL_COLUMNS; i++)
		rows_u64(rows, i, s->totals[i]);
	rows_next(rows);
}

void
random_subdomain_finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct random_subdomain *s = state;
	uint64_t seconds = (uint64_t)((window->end - window->begin) / NSEC_PER_SEC);
	struct chosen *chosen = xcalloc(s->watch.most, sizeof *chosen);
	char text[DNS_NAME_TEXT_SIZE];
	size_t count = 0;

	for (uint32_t i = 0; i < s->watch.most; i++)
		if (s->watch.weights[i] != 0 &&
		    choose(s, s->watch.zones[i], (double)seconds, &chosen[count]))
			count++;
	qsort(chosen, count, sizeof *chosen, compare_weights);
	if (count > ZONE_ROWS_MOST)
		s->totals[TOTAL_UNSTORED] += count - ZONE_ROWS_MOST;
	for (size_t i = 0; i < count && i < ZONE_ROWS_MOST; i++) {
		const struct watched_zone *zone = chosen[i].zone;
		(void)dns_name_text(zone->name, zone->name_size, text);
		if (chosen[i].suspicious) {
			yield_slots(s, sink->tables[0], text, zone);
			yield_clients(s, sink->tables[2], text, zone);
		}
		yield_zone(s, sink->tables[1], text, zone, seconds);
		if (chosen[i].scattered)
			yield_scatter(sink->tables[3], text, zone);
	}
	free(chosen);
	s->totals[TOTAL_DISPLACED] = s->watch.zones_displaced;
	s->totals[TOTAL_REFUSED] = s->watch.zones_refused;
	s->totals[TOTAL_SLOTS_REFUSED] = s->watch.slots_refused;
	s->totals[TOTAL_SHORTFALL] = s->watch.mg.error[0];
	if (s->totals[TOTAL_ASKED] + s->totals[TOTAL_UPSTREAM] + s->totals[TOTAL_SCATTER] > 0)
		yield_totals(s, sink->tables[4]);
}
