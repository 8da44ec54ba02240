/* SPDX-License-Identifier: ISC */
/*
 * What the DNS traffic consists of.
 *
 * Messages by time, view, transport and outcome; of queries and responses every field of interest
 * (overview_counts.h); latency; names, domains, TLDs, clients and servers that are met most, with
 * what tells a resolver's habits (overview_keys.h).  Views, that is places where messages were
 * seen, are kept apart everywhere: a query that a resolver's client asks and the one that the
 * resolver asks for it are two.
 *
 * Messages of the bin of time at hand are counted in a flat array, which goes into a table of cells
 * when a message of another bin comes.
 *
 * Clocks: some producers stamp with a coarse clock (BIND's dnstap in steps of 4 ms).  For each
 * producer the greatest common divisor of the first differences of stamps is found, by Euclid's
 * algorithm with a tolerance, since such clocks are trimmed by nanoseconds between ticks.
 */
#include "analysis/dns/overview.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/dns/overview_counts.h"
#include "analysis/dns/overview_keys.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "stat/sparse_counts.h"

#define MOST_CELLS (1U << 16)
#define MOST_REST  (1U << 13) /* in a shard */
#define MOST_RARE  (1U << 16) /* in all together */
#define KEY_BIAS   (INT64_C(1) << 39)

const char *const overview_kind_names[OVERVIEW_KINDS] = { "query", "response", "unanswered",
	"malformed", "quoted", "mdns", "llmnr" };

/* Where the counts of a kind begin, in a block of one view and transport. */
#define CODES 40
static const uint8_t KIND_AT[OVERVIEW_KINDS + 1] = { 0, 1, 18, 19, 29, 30, 32, 34 };

static_assert(19 + DNS_VERDICT_COUNT <= 29, "every verdict has a count");
static_assert(1 + OVERVIEW_RCODE_HIGH + 1 == 18, "and every rcode");

#define BLOCKS (DNS_VIEW_COUNT * DNS_TRANSPORT_COUNT)
#define SLOTS  (BLOCKS * CODES)

/* The messages of one bin of time. */
struct bin {
	int64_t number; /* INT64_MIN: none */
	uint32_t count; /* slots in use */
	uint16_t used[SLOTS];
	struct {
		uint64_t messages, octets;
	} slots[SLOTS];
};

#define MOST_CLOCKS    32
#define CLOCK_STEPS    1000         /* differences that are looked at */
#define CLOCK_MOST     NSEC_PER_SEC /* greater ones tell nothing */
#define CLOCK_TOLERANT 1000         /* ns: a finer step is no step */

struct clock {
	uint32_t producer;
	uint8_t view;
	uint32_t steps;
	nsec_t last, step; /* 0: not known yet */
	uint64_t messages;
};

struct state {
	nsec_t resolution;
	uint64_t rows;
	bool touched;
	struct bin *bin; /* owned */
	nsec_t bin_begin;
	struct cells cells; /* key: bin number (biased), slot; sums: messages, octets */
	struct cells rest;
	struct overview_counts *counts[DNS_VIEW_COUNT]; /* owned; NULL until the view is seen */
	struct overview_keys keys;
	struct clock clocks[MOST_CLOCKS];
	uint32_t clock_count;
	uint64_t clock_refused; /* messages of producers beyond these */
};

static const struct setting SETTINGS[] = {
	{ "resolution", SETTING_DURATION, "1s", "1s", "1h", "width of the bins that are stored" },
	{ "keys", SETTING_U64, "2048", "64", "65536",
	    "names and clients held in each of 8 shards, and half as many domains, TLDs and "
	    "servers; the error is at most 8/keys of the total" },
	{ "details", SETTING_U64, "512", "2", "65536",
	    "clients of each shard whose source ports are audited, and twice as many as servers "
	    "whose latency is kept" },
	{ "rows", SETTING_U64, "200", "8", "10000", "keys of each kind stored for each window" },
	{ "top", SETTING_U64, "20", "1", "1000", "rows of a table in the review" },
};

static enum err
init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->resolution = settings_duration(context->settings, "resolution");
	s->rows = settings_u64(context->settings, "rows");
	s->bin = xcalloc(1, sizeof *s->bin);
	s->bin->number = INT64_MIN;
	cells_init(&s->cells, MOST_CELLS, &context->secret);
	cells_init(&s->rest, MOST_REST, &context->secret);
	keys_init(&s->keys, (uint32_t)settings_u64(context->settings, "keys"),
	    (uint32_t)settings_u64(context->settings, "details"), &context->secret);
	return ERR_OK;
}

static void
release(void *opaque)
{
	struct state *s = opaque;

	free(s->bin);
	cells_release(&s->cells);
	cells_release(&s->rest);
	keys_release(&s->keys);
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++)
		overview_counts_free(s->counts[v]);
}

static void
clear(void *opaque)
{
	struct state *s = opaque;

	if (!s->touched)
		return;
	for (uint32_t i = 0; i < s->bin->count; i++)
		memset(&s->bin->slots[s->bin->used[i]], 0, sizeof s->bin->slots[0]);
	s->bin->count = 0;
	s->bin->number = INT64_MIN;
	cells_clear(&s->cells);
	cells_clear(&s->rest);
	s->rest.most = MOST_REST;
	keys_clear(&s->keys);
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++) {
		overview_counts_free(s->counts[v]);
		s->counts[v] = NULL;
	}
	s->clock_count = 0;
	s->clock_refused = 0;
	s->touched = false;
}

/* ------------------------------------------------------------------ bins of time */

/* Moves the counts of the bin at hand to the cells. */
static void
flush_bin(struct state *s)
{
	struct bin *b = s->bin;

	for (uint32_t i = 0; i < b->count; i++) {
		uint16_t slot = b->used[i];
		uint64_t key = (uint64_t)(b->number + KEY_BIAS) << 16 | slot;
		struct cell *cell = cells_at(&s->cells, key);
		/* At the cap, the first bin of all time stands for the window. */
		if (cell == NULL)
			cell = cells_at(&s->cells, slot);
		if (cell != NULL) {
			cell->sums[0] += b->slots[slot].messages;
			cell->sums[1] += b->slots[slot].octets;
		}
		memset(&b->slots[slot], 0, sizeof b->slots[slot]);
	}
	b->count = 0;
}

static inline void
count(struct state *s, nsec_t time, unsigned slot, uint64_t octets)
{
	struct bin *b = s->bin;

	if (__builtin_expect(b->number == INT64_MIN || time < s->bin_begin ||
				 time - s->bin_begin >= s->resolution,
		0)) {
		flush_bin(s);
		b->number = floor_div(time, s->resolution);
		s->bin_begin = b->number * s->resolution;
	}
	if (b->slots[slot].messages++ == 0)
		b->used[b->count++] = (uint16_t)slot;
	b->slots[slot].octets += octets;
}

static inline unsigned
slot_of(unsigned view, unsigned transport, enum overview_kind kind, unsigned code)
{
	return (view * DNS_TRANSPORT_COUNT + transport) * CODES + KIND_AT[kind] + code;
}

/* ------------------------------------------------------------------ clocks */

/* The greatest common divisor of what is within the tolerance of its multiples. */
static nsec_t
divisor(nsec_t a, nsec_t b)
{
	while (b > CLOCK_TOLERANT) {
		nsec_t rest = a % b;
		if (b - rest <= CLOCK_TOLERANT)
			rest = 0;
		a = b;
		b = rest;
	}
	return a;
}

static void
note_step(struct clock *c, nsec_t step)
{
	if (step <= 0 || step > CLOCK_MOST)
		return;
	c->steps++;
	c->step = step <= CLOCK_TOLERANT ? step
		  : c->step == 0         ? step
		  : c->step > step       ? divisor(c->step, step)
					 : divisor(step, c->step);
}

static struct clock *
clock_of(struct state *s, uint8_t view, uint32_t producer)
{
	for (uint32_t i = 0; i < s->clock_count; i++)
		if (s->clocks[i].producer == producer && s->clocks[i].view == view)
			return &s->clocks[i];
	if (s->clock_count == MOST_CLOCKS) {
		s->clock_refused++;
		return NULL;
	}
	s->clocks[s->clock_count] = (struct clock){ .producer = producer, .view = view };
	return &s->clocks[s->clock_count++];
}

static void
note_clock(struct state *s, const struct dns_message *m)
{
	struct clock *c = clock_of(s, m->view, m->producer);

	if (c == NULL)
		return;
	if (c->messages != 0 && c->steps < CLOCK_STEPS)
		note_step(c, m->time > c->last ? m->time - c->last : c->last - m->time);
	c->last = m->time;
	c->messages++;
}

/* ------------------------------------------------------------------ observing */

static inline unsigned
rcode_code(const struct dns_message *m)
{
	return m->rcode < OVERVIEW_RCODE_HIGH ? m->rcode : OVERVIEW_RCODE_HIGH;
}

static struct overview_counts *
counts_of(struct state *s, unsigned view)
{
	if (s->counts[view] == NULL)
		s->counts[view] = overview_counts_new(&s->rest, view);
	return s->counts[view];
}

static void
observe_messages(struct state *s, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		bool response = (m->flags & DNS_RESPONSE) != 0;
		count(s, m->time,
		    slot_of(m->view, m->transport, response ? OVERVIEW_RESPONSE : OVERVIEW_QUERY,
			response ? rcode_code(m) : 0),
		    m->message_size);
		overview_counts_add(counts_of(s, m->view), &s->rest, m);
		note_clock(s, m);
	}
	keys_observe(&s->keys, batch->dns, batch->count);
}

/* What is no message of the unicast DNS, or none that can be read. */
static void
observe_others(struct state *s, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		enum overview_kind kind = OVERVIEW_QUOTED;
		unsigned code = 0;
		if (batch->type == OBS_DNS_BAD) {
			kind = OVERVIEW_MALFORMED;
			code = m->verdict;
		} else if (batch->type == OBS_DNS_LOCAL) {
			kind = m->service == DNS_LLMNR ? OVERVIEW_LLMNR : OVERVIEW_MDNS;
			code = (m->flags & DNS_RESPONSE) != 0;
		}
		count(s, m->time, slot_of(m->view, m->transport, kind, code), m->message_size);
	}
}

static void
observe_pending(struct state *s, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_pending *p = &batch->pending[i];
		count(s, p->time, slot_of(p->view, p->transport, OVERVIEW_UNANSWERED, 0),
		    p->query_size);
		keys_unanswered(&s->keys, p);
	}
}

static void
observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	s->touched = s->touched || batch->count != 0;
	if (batch->type == OBS_DNS)
		observe_messages(s, batch);
	else if (batch->type == OBS_DNS_PENDING)
		observe_pending(s, batch);
	else
		observe_others(s, batch);
}

/* ------------------------------------------------------------------ merging */

static void
merge_clocks(struct state *into, const struct state *from)
{
	for (uint32_t i = 0; i < from->clock_count; i++) {
		const struct clock *f = &from->clocks[i];
		struct clock *c = clock_of(into, f->view, f->producer);
		if (c == NULL)
			continue;
		/* What divides all differences divides the one between both as well. */
		if (c->messages != 0)
			note_step(c, f->last > c->last ? f->last - c->last : c->last - f->last);
		if (f->step != 0)
			note_step(c, f->step);
		c->last = f->last;
		c->messages += f->messages;
	}
	into->clock_refused += from->clock_refused;
}

static void
merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	if (!from->touched)
		return;
	into->touched = true;
	cells_merge(&into->cells, &from->cells, 0);
	/* The bin at hand of the other, where it was left. */
	for (uint32_t i = 0; i < from->bin->count; i++) {
		uint16_t slot = from->bin->used[i];
		uint64_t key = (uint64_t)(from->bin->number + KEY_BIAS) << 16 | slot;
		struct cell *cell = cells_at(&into->cells, key);
		if (cell == NULL)
			cell = cells_at(&into->cells, slot);
		if (cell == NULL)
			continue;
		cell->sums[0] += from->bin->slots[slot].messages;
		cell->sums[1] += from->bin->slots[slot].octets;
	}
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++)
		if (from->counts[v] != NULL)
			overview_counts_merge(counts_of(into, v), from->counts[v]);
	into->rest.most = MOST_RARE;
	overview_rest_merge(&into->rest, &from->rest);
	keys_merge(&into->keys, &from->keys);
	merge_clocks(into, from);
}

/* ------------------------------------------------------------------ rows */

static void
yield_messages(const struct state *s, const struct window *window, struct rows *rows)
{
	const struct cell **cells = cells_sorted(&s->cells);

	for (size_t i = 0; i < s->cells.count; i++) {
		uint64_t key = cells[i]->key;
		unsigned slot = (unsigned)(key & 0xffff), block = slot / CODES, at = slot % CODES;
		unsigned kind = 0;
		while (at >= KIND_AT[kind + 1])
			kind++;
		nsec_t begin = ((int64_t)(key >> 16) - KEY_BIAS) * s->resolution;
		rows_time(rows, 0, key >> 16 != 0 ? begin : window->begin);
		rows_text(rows, 1, dns_view_name((enum dns_view)(block / DNS_TRANSPORT_COUNT)));
		rows_text(
		    rows, 2, dns_transport_name((enum dns_transport)(block % DNS_TRANSPORT_COUNT)));
		rows_text(rows, 3, overview_kind_names[kind]);
		rows_u64(rows, 4, at - KIND_AT[kind]);
		rows_u64(rows, 5, cells[i]->sums[0]);
		rows_u64(rows, 6, cells[i]->sums[1]);
		rows_next(rows);
	}
	free(cells);
}

static void
yield_latency(const struct overview_counts *c, unsigned view, struct rows *rows)
{
	uint8_t *octets = xmalloc(SPARSE_COUNTS_SIZE(DELAY_BINS));

	for (unsigned t = 0; t < DNS_TRANSPORT_COUNT; t++) {
		uint64_t total = 0;
		for (unsigned i = 0; c->latency[t] != NULL && i < DELAY_BINS; i++)
			total += c->latency[t][i];
		if (total == 0)
			continue;
		rows_text(rows, 0, dns_view_name((enum dns_view)view));
		rows_text(rows, 1, dns_transport_name((enum dns_transport)t));
		rows_u64(rows, 2, total);
		rows_blob(rows, 3, octets, sparse_counts_encode(c->latency[t], DELAY_BINS, octets));
		rows_next(rows);
	}
	free(octets);
}

static void
yield_distinct(const struct overview_counts *c, unsigned view, struct rows *rows)
{
	for (unsigned i = 0; i < OVERVIEW_DISTINCT; i++) {
		rows_text(rows, 0, dns_view_name((enum dns_view)view));
		rows_text(rows, 1, overview_distinct[i]);
		sketch_put(rows, 2, c->distinct[i], OVERVIEW_PRECISION);
		rows_next(rows);
	}
}

static int
compare_clocks(const void *a, const void *b)
{
	const struct clock *x = a, *y = b;

	if (x->view != y->view)
		return x->view < y->view ? -1 : 1;
	return x->producer < y->producer ? -1 : x->producer > y->producer;
}

static void
yield_clocks(struct state *s, struct rows *rows)
{
	qsort(s->clocks, s->clock_count, sizeof *s->clocks, compare_clocks);
	for (uint32_t i = 0; i < s->clock_count; i++) {
		rows_text(rows, 0, dns_view_name((enum dns_view)s->clocks[i].view));
		rows_u64(rows, 1, s->clocks[i].producer);
		rows_u64(rows, 2, s->clocks[i].messages);
		rows_u64(rows, 3, (uint64_t)s->clocks[i].step);
		rows_next(rows);
	}
}

static void
finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;

	if (!s->touched)
		return;
	flush_bin(s);
	yield_messages(s, window, sink->tables[OVERVIEW_MESSAGES_TABLE]);
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++) {
		if (s->counts[v] == NULL)
			continue;
		overview_counts_yield(
		    s->counts[v], &s->rest, v, sink->tables[OVERVIEW_COUNTS_TABLE]);
		yield_latency(s->counts[v], v, sink->tables[OVERVIEW_LATENCY_TABLE]);
		yield_distinct(s->counts[v], v, sink->tables[OVERVIEW_DISTINCT_TABLE]);
	}
	overview_keys_yield(&s->keys, s->rows, sink);
	yield_clocks(s, sink->tables[OVERVIEW_CLOCKS_TABLE]);
}

/* ------------------------------------------------------------------ declaration */

static const struct table_sums SUMS[] = {
	{ &overview_tables[OVERVIEW_MESSAGES_TABLE], 1U << 5 | 1U << 6, 3600, 0, 0 },
	{ &overview_tables[OVERVIEW_COUNTS_TABLE], 1U << 4, 3600, 0, 0 },
};

const struct analysis analysis_dns_overview = {
	.name = "dns/overview",
	.title = "DNS traffic",
	.consumes = OBS_DNS | OBS_DNS_LOCAL | OBS_DNS_BAD | OBS_DNS_QUOTED | OBS_DNS_PENDING,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = overview_tables,
	.table_count = OVERVIEW_TABLES,
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.state_size = sizeof(struct state),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = overview_section,
};
