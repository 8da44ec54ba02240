/* SPDX-License-Identifier: ISC */
/* Rows become vectors, and vectors are judged; see backscatter_read.h. */
#include "analysis/security/backscatter_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/xmalloc.h"

#define EXPIRY      ((nsec_t)BACKSCATTER_CHUNK_SECONDS * NSEC_PER_SEC)
#define OTHERS_MOST 1000 /* senders that are no victims, kept for the table */

static nsec_t
result_time(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

/* ------------------------------------------------------------------ slots */

void
backscatter_slots_add(struct backscatter_slots *s, uint64_t number, uint64_t packets)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity > 0 ? 2 * s->capacity : 32;
		s->all = xrealloc_array(s->all, s->capacity, sizeof *s->all);
	}
	s->all[s->count++] = (struct backscatter_slot){ number, packets };
}

static int
compare_slots(const void *a, const void *b)
{
	const struct backscatter_slot *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

void
backscatter_slots_settle(struct backscatter_slots *s)
{
	size_t kept = 0;

	if (s->count > 0)
		qsort(s->all, s->count, sizeof *s->all, compare_slots);
	for (size_t i = 0; i < s->count; i++)
		if (kept > 0 && s->all[kept - 1].number == s->all[i].number)
			s->all[kept - 1].packets += s->all[i].packets;
		else
			s->all[kept++] = s->all[i];
	s->count = kept;
}

uint64_t
backscatter_slots_best(const struct backscatter_slots *s)
{
	uint64_t best = 0, sum = 0;
	size_t first = 0;

	for (size_t i = 0; i < s->count; i++) {
		sum += s->all[i].packets;
		while (s->all[i].number - s->all[first].number >= BACKSCATTER_MINUTE_SLOTS)
			sum -= s->all[first++].packets;
		best = sum > best ? sum : best;
	}
	return best;
}

/* ------------------------------------------------------------------ judging */

bool
backscatter_is_telescope(const struct settings *settings, uint64_t monitored)
{
	const char *mode = settings_text(settings, "mode");

	if (strcmp(mode, "telescope") == 0)
		return true;
	return strcmp(mode, "small") != 0 &&
	       monitored >= settings_u64(settings, "telescope_addresses");
}

static bool
passes(const struct settings *s, const struct backscatter_vector *v)
{
	if (v->telescope)
		return v->sums.packets >= settings_u64(s, "packets") &&
		       v->sums.last - v->sums.first >= settings_duration(s, "duration") &&
		       v->best_minute >= settings_u64(s, "best_minute");
	return v->sums.packets >= settings_u64(s, "small_packets") &&
	       v->addresses >= (double)settings_u64(s, "small_addresses") &&
	       v->slots.count >= settings_u64(s, "small_buckets");
}

static enum backscatter_verdict
judge(const struct settings *s, const struct backscatter_vector *v)
{
	uint64_t answers = v->sums.kinds[0] + v->sums.kinds[DARK_RESET - DARK_SYNACK];
	uint64_t least = settings_u64(s, v->telescope ? "packets" : "small_packets");

	if (v->sums.packets < least)
		return BACKSCATTER_BELOW;
	if (v->addresses <= 1)
		return BACKSCATTER_ONE_ADDRESS;
	if (2 * answers > v->sums.packets &&
	    backscatter_sums_ports(&v->sums) > (double)settings_u64(s, "most_ports"))
		return BACKSCATTER_MANY_PORTS;
	return passes(s, v) ? BACKSCATTER_VICTIM : BACKSCATTER_BELOW;
}

void
backscatter_judge_rate(struct backscatter_vector *v, double span, double uniformity)
{
	double monitored = v->monitored > 0 ? (double)v->monitored : ldexp(1, 64);

	v->uniform = backscatter_uniformity(v->sums.places, (size_t)v->sums.place_count,
			 v->sums.packets, v->addresses, monitored) >= uniformity;
	v->estimated = v->uniform && v->monitored > 0 && span > 0 && v->sums.packets >= 2;
	if (v->estimated)
		v->estimate = backscatter_estimate(v->sums.packets, span, v->addresses, monitored);
}

static void
keep(struct backscatter_vector **list, size_t *count, size_t *capacity,
    const struct backscatter_vector *v)
{
	if (*count == *capacity) {
		*capacity = *capacity > 0 ? 2 * *capacity : 16;
		*list = xrealloc_array(*list, *capacity, sizeof **list);
	}
	(*list)[(*count)++] = *v;
}

/* The vector is whole. */
static void
close_vector(
    const struct section_context *c, struct backscatter_period *p, struct backscatter_vector *v)
{
	if (v->sums.packets == 0)
		return;
	backscatter_slots_settle(&v->slots);
	v->best_minute = backscatter_slots_best(&v->slots);
	v->addresses = backscatter_sums_addresses(&v->sums);
	v->telescope = v->monitored > 0 && backscatter_is_telescope(c->settings, v->monitored);
	v->verdict = judge(c->settings, v);
	if (v->verdict == BACKSCATTER_VICTIM) {
		backscatter_judge_rate(v,
		    (double)(v->sums.last - v->sums.first) / (double)NSEC_PER_SEC,
		    settings_f64(c->settings, "uniformity"));
		keep(&p->victims, &p->victim_count, &p->victim_capacity, v);
		*v = (struct backscatter_vector){ 0 };
		return;
	}
	free(v->slots.all);
	v->slots = (struct backscatter_slots){ 0 };
	if (v->verdict == BACKSCATTER_BELOW) {
		p->below++;
		p->below_packets += v->sums.packets;
	} else {
		p->other_all++;
		p->other_packets += v->sums.packets;
		if (p->other_count < OTHERS_MOST)
			keep(&p->others, &p->other_count, &p->other_capacity, v);
	}
	*v = (struct backscatter_vector){ 0 };
}

/* ------------------------------------------------------------------ reading */

/* The columns of the query: `input`, then the table's. */
#define AT(column) (1 + (column))

static void
read_slots(struct backscatter_slots *slots, const struct result *r)
{
	uint64_t first = result_u64(r, AT(BV_CHUNK)) / 1000 / BACKSCATTER_SLOT_SECONDS;
	size_t size;
	const char *octets = result_blob(r, AT(BV_SLOTS), &size);
	struct cursor c = cursor_over((const uint8_t *)octets, size);
	const uint8_t *p;

	while ((p = cursor_take(&c, 5)) != NULL)
		backscatter_slots_add(slots, first + p[0], le32(p + 1));
}

static void
take_row(const struct section_context *c, struct backscatter_period *p,
    struct backscatter_vector *v, const struct result *r)
{
	struct address victim = result_address(r, AT(BV_VICTIM));
	uint8_t protocol = (uint8_t)result_u64(r, AT(BV_PROTOCOL));
	struct backscatter_sums sums = { .first = result_time(r, AT(BV_FIRST)),
		.last = result_time(r, AT(BV_LAST)),
		.packets = result_u64(r, AT(BV_PACKETS)),
		.octets = result_u64(r, AT(BV_OCTETS)) };

	if (!backscatter_sums_read(&sums, r, AT(BV_KINDS), result_u64(r, 0)))
		return;
	if (v->sums.packets > 0 &&
	    (!address_equal(&v->victim, &victim) || v->protocol != protocol ||
		sums.first - v->sums.last > EXPIRY))
		close_vector(c, p, v);
	v->victim = victim;
	v->protocol = protocol;
	backscatter_sums_add(&v->sums, &sums);
	if (result_u64(r, AT(BV_MONITORED)) > v->monitored)
		v->monitored = result_u64(r, AT(BV_MONITORED));
	(void)snprintf(v->country, sizeof v->country, "%.2s", result_text(r, AT(BV_COUNTRY)));
	read_slots(&v->slots, r);
}

static enum err
read_vectors(const struct section_context *c, struct backscatter_period *p, struct err_info *info)
{
	struct backscatter_vector v = { 0 };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT input, victim, protocol, chunk, first, last, packets, octets, monitored, "
	    "country, kinds, slots, ports, port_bits, places, addresses, sample "
	    "FROM security_backscatter WHERE" PERIOD_SQL
	    "ORDER BY victim, protocol, chunk, first, input",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_row(c, p, &v, r);
	result_free(r);
	close_vector(c, p, &v);
	free(v.slots.all);
	return ERR_OK;
}

static enum err
read_totals(const struct section_context *c, struct backscatter_period *p, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS k, min(ipv4_addresses) AS l, sum(packets) AS a, min(first) AS b, "
	    "max(last) AS c, max(ipv4_addresses) AS d, max(ipv6) AS e, sum(random) AS f, "
	    "sum(synacks) AS g, sum(resets) AS h, sum(acknowledgements) AS i, sum(errors) AS j, "
	    "sum(replies) AS m, sum(udp_responses) AS n, sum(mismatched_quotes) AS o, "
	    "sum(short_quotes) AS q, sum(vectors_evicted) AS r, sum(packets_evicted) AS s, "
	    "sum(vectors_unstored) AS t, sum(packets_unstored) AS u "
	    "FROM security_backscatter_totals WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		p->windows = result_u64(r, 0);
		p->monitored_least = result_u64(r, 1);
		for (unsigned i = 0; i < BT_COLUMNS; i++)
			p->totals[i] = result_u64(r, 2 + i);
	}
	result_free(r);
	return ERR_OK;
}

static int
compare_vectors(const void *a, const void *b)
{
	const struct backscatter_vector *x = a, *y = b;
	int order = address_compare(&x->victim, &y->victim);

	if (order != 0)
		return order;
	if (x->sums.first != y->sums.first)
		return x->sums.first < y->sums.first ? -1 : 1;
	return (int)x->protocol - (int)y->protocol;
}

enum err
backscatter_read(
    const struct section_context *c, struct backscatter_period *ret_period, struct err_info *info)
{
	struct backscatter_period p = { 0 };
	enum err e = read_totals(c, &p, info);

	if (e == ERR_OK && p.windows == 0)
		e = ERR_END;
	if (e == ERR_OK)
		e = read_vectors(c, &p, info);
	if (e == ERR_OK && p.victim_count > 0)
		qsort(p.victims, p.victim_count, sizeof *p.victims, compare_vectors);
	if (e == ERR_OK)
		*ret_period = p;
	else
		backscatter_period_release(&p);
	return e;
}

void
backscatter_period_release(struct backscatter_period *p)
{
	for (size_t i = 0; i < p->victim_count; i++)
		free(p->victims[i].slots.all);
	free(p->victims);
	free(p->others);
	*p = (struct backscatter_period){ 0 };
}
