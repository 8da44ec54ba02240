/* SPDX-License-Identifier: ISC */
/*
 * The section of traffic/talkers: merges the stored windows and prints who talked most.
 *
 * The rows come sorted by key, so one key is added up at a time and only the greatest are kept:
 * memory does not grow with the period.  A key that a window did not list had there at most that
 * window's error plus its greatest counter that was cut off; the upper bounds follow from that.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/exports.h"
#include "analysis/traffic/peers.h"
#include "analysis/traffic/talkers.h"
#include "base/xmalloc.h"
#include "stat/hll.h"
#include "stat/log_histogram.h"

#define FIGURE_BARS_MOST 10
#define CELLS_MOST       13

/* What one window says of the keys it does not list. */
struct bound {
	uint64_t window, input;
	uint64_t cut[MG_METRICS];
};

/* One key over the whole period. */
struct talker {
	struct address address, peer;
	unsigned length;
	uint64_t low[MG_METRICS + 1];
	uint64_t high[MG_METRICS]; /* while adding: what the windows that list it take off the sum
				      of all cuts */
	bool partial;
};

/* All keys of one kind over the period. */
struct ranking {
	unsigned kind;
	struct bound *bounds; /* owned; sorted by window and input */
	size_t bound_count;
	uint64_t totals[MG_METRICS];
	uint64_t error[MG_METRICS];
	uint64_t cut[MG_METRICS];             /* sums over the windows */
	uint8_t *distinct;                    /* owned */
	uint64_t listed;                      /* different keys with rows */
	size_t top;                           /* talkers in each list, at most */
	struct talker *lists[MG_METRICS + 1]; /* owned; greatest first */
	size_t counts[MG_METRICS + 1];
	uint64_t by_octets[LOG_HISTOGRAM_BINS];
	const struct export_facts *exports; /* borrowed */
};

/* ------------------------------------------------------------------ reading */

static enum err
read_totals(const struct section_context *context, struct ranking *k, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(context->store, &r, info,
	    "SELECT window_begin, input, octets, packets, flows, octets_error, packets_error, "
	    "flows_error, octets_cut, packets_cut, flows_cut, distinct_keys "
	    "FROM traffic_talkers_totals "
	    "WHERE kind = '%s' AND window_begin >= %" PRId64 " AND window_begin < %" PRId64
	    " ORDER BY window_begin, input",
	    talkers_kind_names[k->kind], context->begin / NSEC_PER_MS, context->end / NSEC_PER_MS);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		struct bound *b;
		const char *stored;
		size_t size;
		if ((k->bound_count & (k->bound_count - 1)) == 0)
			k->bounds = xrealloc_array(k->bounds,
			    k->bound_count != 0 ? 2 * k->bound_count : 1, sizeof *k->bounds);
		b = &k->bounds[k->bound_count++];
		*b = (struct bound){ .window = result_u64(r, 0), .input = result_u64(r, 1) };
		for (unsigned m = 0; m < MG_METRICS; m++) {
			b->cut[m] = result_u64(r, 8 + m);
			k->totals[m] = mg_sum(k->totals[m], result_u64(r, 2 + m));
			k->error[m] = mg_sum(k->error[m], result_u64(r, 5 + m));
			k->cut[m] = mg_sum(k->cut[m], b->cut[m]);
		}
		stored = result_blob(r, 11, &size);
		if (hll_decode_into(k->distinct, TALKERS_DISTINCT_PRECISION, stored, size) !=
		    ERR_OK)
			e = err_set(info, ERR_DAMAGED,
			    "traffic_talkers_totals: a sketch of distinct keys does not read");
	}
	result_free(r);
	return e;
}

static int
compare_bounds(const void *a, const void *b)
{
	const struct bound *x = a, *y = b;

	if (x->window != y->window)
		return x->window < y->window ? -1 : 1;
	return x->input < y->input ? -1 : x->input > y->input;
}

/* Order of two talkers by a metric: greatest first, then by key. */
static bool
stands_before(const struct talker *x, const struct talker *y, unsigned metric)
{
	int order;

	if (x->low[metric] != y->low[metric])
		return x->low[metric] > y->low[metric];
	order = address_compare(&x->address, &y->address);
	return order != 0 ? order < 0 : address_compare(&x->peer, &y->peer) < 0;
}

static void
enter_list(struct ranking *k, const struct talker *t, unsigned metric)
{
	struct talker *list = k->lists[metric];
	size_t at = k->counts[metric];

	if (at == k->top) {
		if (!stands_before(t, &list[at - 1], metric))
			return;
		at--;
	} else {
		k->counts[metric]++;
	}
	while (at > 0 && stands_before(t, &list[at - 1], metric)) {
		list[at] = list[at - 1];
		at--;
	}
	list[at] = *t;
}

/* A key is complete: bounds it and enters it where it belongs. */
static void
complete(struct ranking *k, struct talker *t, const uint8_t *peers)
{
	for (unsigned m = 0; m < MG_METRICS; m++)
		t->high[m] = mg_sum(mg_sum(t->low[m], k->error[m]), k->cut[m] - t->high[m]);
	t->low[TALKERS_PEERS] = (uint64_t)(hll_estimate(peers, PEERS_PRECISION) + 0.5);
	for (unsigned m = 0; m <= MG_METRICS; m++)
		enter_list(k, t, m);
	k->by_octets[log_histogram_bin(t->low[TALKERS_OCTETS])]++;
	k->listed++;
}

static enum err
add_row(struct ranking *k, struct talker *t, uint8_t *peers, const struct result *r,
    struct err_info *info)
{
	struct bound wanted = { .window = result_u64(r, 8), .input = result_u64(r, 9) };
	const struct bound *b =
	    bsearch(&wanted, k->bounds, k->bound_count, sizeof wanted, compare_bounds);
	const char *stored;
	size_t size;

	if (b == NULL)
		return err_set(info, ERR_DAMAGED, "traffic_talkers: a window without its totals");
	for (unsigned m = 0; m < MG_METRICS; m++) {
		t->low[m] = mg_sum(t->low[m], result_u64(r, 3 + m));
		t->high[m] = mg_sum(t->high[m], b->cut[m]);
	}
	t->partial |= result_u64(r, 7) != 0;
	if (k->kind == TALKERS_PAIR)
		return ERR_OK;
	stored = result_blob(r, 6, &size);
	if (hll_decode_into(peers, PEERS_PRECISION, stored, size) != ERR_OK)
		return err_set(
		    info, ERR_DAMAGED, "traffic_talkers: a sketch of peers does not read");
	return ERR_OK;
}

static enum err
read_talkers(const struct section_context *context, struct ranking *k, struct err_info *info)
{
	struct talker current = { .length = 0 };
	uint8_t peers[PEERS_SIZE] = { 0 };
	bool begun = false;
	struct result *r;
	enum err e = query_run(context->store, &r, info,
	    "SELECT address, prefix_length, peer_address, octets, packets, flows, peers, "
	    "peers_partial, window_begin, input FROM traffic_talkers "
	    "WHERE kind = '%s' AND window_begin >= %" PRId64 " AND window_begin < %" PRId64
	    " ORDER BY address, peer_address, window_begin, input",
	    talkers_kind_names[k->kind], context->begin / NSEC_PER_MS, context->end / NSEC_PER_MS);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		struct address address = result_address(r, 0), peer = result_address(r, 2);
		if (begun && (!address_equal(&address, &current.address) ||
				 !address_equal(&peer, &current.peer))) {
			complete(k, &current, peers);
			begun = false;
		}
		if (!begun) {
			current = (struct talker){ .address = address,
				.peer = peer,
				.length = (unsigned)result_u64(r, 1) };
			memset(peers, 0, sizeof peers);
			begun = true;
		}
		e = add_row(k, &current, peers, r, info);
	}
	result_free(r);
	if (e == ERR_OK && begun)
		complete(k, &current, peers);
	return e;
}

static void
ranking_init(struct ranking *k, unsigned kind, size_t top)
{
	*k = (struct ranking){ .kind = kind, .top = top };
	k->distinct = xcalloc(1, HLL_SIZE(TALKERS_DISTINCT_PRECISION));
	for (unsigned m = 0; m <= MG_METRICS; m++)
		k->lists[m] = xcalloc(top, sizeof *k->lists[m]);
}

static void
ranking_release(struct ranking *k)
{
	free(k->bounds);
	free(k->distinct);
	for (unsigned m = 0; m <= MG_METRICS; m++)
		free(k->lists[m]);
}

/* Nothing was purged and nothing cut off: every count is exact. */
static bool
is_exact(const struct ranking *k)
{
	uint64_t any = 0;

	for (unsigned m = 0; m < MG_METRICS; m++)
		any |= k->error[m] | k->cut[m];
	return any == 0;
}

/* Octets and packets are estimates. */
static bool
is_sampled(const struct ranking *k)
{
	return k->exports->sampling_most > 1;
}

/* How many different keys there were: counted when all of them have rows, else estimated. */
static double
distinct_keys(const struct ranking *k)
{
	double estimate = hll_estimate(k->distinct, TALKERS_DISTINCT_PRECISION);

	return is_exact(k) || estimate < (double)k->listed ? (double)k->listed : estimate;
}

/* ------------------------------------------------------------------ tables */

static char *
format_talker(const struct talker *t, unsigned kind, char *text)
{
	struct prefix p = { .address = t->address, .length = (uint8_t)t->length };

	return kind == TALKERS_PREFIX ? prefix_format(&p, text) : address_format(&t->address, text);
}

static json_t *
address_cell(const struct address *a)
{
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format(a, text));
}

/* Whose it is, by the site's own prefixes. */
static const char *
side_of(const struct site *site, const struct talker *t, unsigned kind)
{
	bool own = site_is_own(site, &t->address);

	if (kind != TALKERS_PAIR)
		return own ? "own" : "outside";
	return own != site_is_own(site, &t->peer) ? "own and outside" : own ? "own" : "outside";
}

static json_t *
share_of(uint64_t part, uint64_t whole)
{
	return json_real(whole != 0 ? (double)part / (double)whole : 0);
}

/* The columns of a table of talkers; returns their number. */
static size_t
make_columns(const struct ranking *k, bool sided, struct section_column *columns)
{
	bool records = k->exports->records != 0;
	const struct section_column high[MG_METRICS] = {
		{ "octets_high", "Octets at most", "octets", "octets" },
		{ "packets_high", "Packets at most", "count", "packets" },
		{ "flows_high", records ? "Records at most" : "Flows at most", "count",
		    records ? "records" : "flows" },
	};
	const struct section_column counters[MG_METRICS] = {
		{ "octets", "Octets", "octets", "octets" },
		{ "packets", "Packets", "count", "packets" },
		{ "flows", records ? "Records" : "Flows", "count", records ? "records" : "flows" },
	};
	size_t n = 0;

	if (k->kind == TALKERS_PREFIX)
		columns[n++] = (struct section_column){ "prefix", "Prefix", "text", "" };
	else
		columns[n++] = (struct section_column){ "address", "Address", "address", "" };
	if (k->kind == TALKERS_PAIR)
		columns[n++] = (struct section_column){ "peer_address", "With", "address", "" };
	if (sided)
		columns[n++] = (struct section_column){ "side", "Side", "text", "" };
	columns[n++] = (struct section_column){ "share", "Share of octets", "share", "" };
	for (unsigned m = 0; m < MG_METRICS; m++) {
		columns[n++] = counters[m];
		if (!is_exact(k))
			columns[n++] = high[m];
		if (m == TALKERS_OCTETS && is_sampled(k))
			columns[n++] = (struct section_column){ "octets_error",
				"Standard error at most", "octets", "octets" };
	}
	if (k->kind != TALKERS_PAIR)
		columns[n++] = (struct section_column){ "peers", "Peers", "count", "addresses" };
	return n;
}

static void
print_row(struct section_table *table, const struct ranking *k, const struct talker *t,
    const struct site *site)
{
	json_t *c[CELLS_MOST] = { NULL };
	char text[PREFIX_TEXT_SIZE];
	size_t n = 0;

	c[n++] = json_string(format_talker(t, k->kind, text));
	if (k->kind == TALKERS_PAIR)
		c[n++] = address_cell(&t->peer);
	if (site->own_prefix_count != 0)
		c[n++] = json_string(side_of(site, t, k->kind));
	c[n++] = share_of(t->low[TALKERS_OCTETS], k->totals[TALKERS_OCTETS]);
	for (unsigned m = 0; m < MG_METRICS; m++) {
		c[n++] = json_count(t->low[m]);
		if (!is_exact(k))
			c[n++] = json_count(t->high[m]);
		if (m == TALKERS_OCTETS && is_sampled(k))
			c[n++] = json_count(
			    (uint64_t)ceil(export_octets_error(k->exports, (double)t->high[m])));
	}
	if (k->kind != TALKERS_PAIR)
		c[n++] = json_count(t->low[TALKERS_PEERS]);
	/* The row ends with the first NULL after its columns. */
	section_row(table, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11],
	    c[12], NULL);
}

static void
note_error(struct section_table *table, const struct ranking *k)
{
	char octets[32], packets[32], flows[32];

	if (is_exact(k)) {
		section_table_note(table, is_sampled(k)
					      ? "No key that was seen was ever left out."
					      : "The counts are exact: no key was ever left out.");
		return;
	}
	section_table_note(table,
	    "Counts are lower bounds; the true value lies between a count and the column “at most” "
	    "beside it%s.  What is not in the stored rows has at most %s, %s packets and %s %s.",
	    is_sampled(k) ? ", as far as sampling lets it be known" : "",
	    text_si((double)k->error[TALKERS_OCTETS] + (double)k->cut[TALKERS_OCTETS], "octets",
		octets, sizeof octets),
	    text_count(mg_sum(k->error[TALKERS_PACKETS], k->cut[TALKERS_PACKETS]), packets,
		sizeof packets),
	    text_count(mg_sum(k->error[TALKERS_FLOWS], k->cut[TALKERS_FLOWS]), flows, sizeof flows),
	    k->exports->records != 0 ? "records" : "flows");
}

static void
note_peers(
    struct section_table *table, const struct ranking *k, const struct talker *list, size_t count)
{
	unsigned partial = 0;

	if (k->kind == TALKERS_PAIR)
		return;
	section_table_note(table,
	    "Peers are a HyperLogLog estimate with a standard error of %.1f %%, exact but for rare "
	    "chance up to 8%s.",
	    100 * hll_standard_error(PEERS_PRECISION),
	    is_exact(k) ? "" : "; peers met while a key was not held are missing");
	for (size_t i = 0; i < count; i++)
		partial += list[i].partial;
	if (partial != 0)
		section_table_note(table,
		    "For %u of these rows the sketches were used up (setting peer_sketches): their "
		    "peers are a lower bound.",
		    partial);
}

static void
print_table(struct section *s, const struct ranking *k, const char *id, const char *title,
    unsigned metric, const struct site *site)
{
	struct section_column columns[CELLS_MOST];
	size_t column_count = make_columns(k, site->own_prefix_count != 0, columns);
	struct section_table *table = section_table(s, id, title, columns, column_count);

	for (size_t i = 0; i < k->counts[metric]; i++)
		print_row(table, k, &k->lists[metric][i], site);
	note_error(table, k);
	if (is_sampled(k))
		section_table_note(table,
		    "Octets and packets are estimates from sampled packets; the standard error is "
		    "for the greatest sampling rate and packets of %u octets, and most often "
		    "less.",
		    k->exports->packet_most);
	note_peers(table, k, k->lists[metric], k->counts[metric]);
}

/* ------------------------------------------------------------------ figures */

static void
draw_bars(struct section *s, const struct ranking *k)
{
	struct section_figure *f = section_figure(s, FIGURE_BARS, "addresses", "Busiest addresses");
	json_t *points = section_series(f, "octets");
	const struct talker *list = k->lists[TALKERS_OCTETS];

	section_axis(f, 'x', "address", "category", "");
	section_axis(f, 'y', "octets", "linear", "octets");
	section_caption(f, "Octets sent and received by the %zu busiest addresses%s.",
	    k->counts[TALKERS_OCTETS] < FIGURE_BARS_MOST ? k->counts[TALKERS_OCTETS]
							 : (size_t)FIGURE_BARS_MOST,
	    is_exact(k) ? "" : ", with the bounds of the count");
	for (size_t i = 0; i < k->counts[TALKERS_OCTETS] && i < FIGURE_BARS_MOST; i++) {
		char text[PREFIX_TEXT_SIZE];
		json_t *point = json_array();
		(void)json_array_append_new(
		    point, json_string(format_talker(&list[i], k->kind, text)));
		(void)json_array_append_new(point, json_count(list[i].low[TALKERS_OCTETS]));
		if (!is_exact(k)) {
			(void)json_array_append_new(point, json_count(list[i].low[TALKERS_OCTETS]));
			(void)json_array_append_new(
			    point, json_count(list[i].high[TALKERS_OCTETS]));
		}
		(void)json_array_append_new(points, point);
	}
}

static void
draw_ccdf(struct section *s, const struct ranking *k)
{
	struct section_figure *f =
	    section_figure(s, FIGURE_CCDF, "octets-per-address", "Octets per address");
	json_t *points = section_series(f, "addresses");
	double whole = distinct_keys(k);
	uint64_t above = k->listed;

	section_axis(f, 'x', "octets per address", "log", "octets");
	section_axis(f, 'y', "share of addresses with at least as many", "log", "");
	section_caption(f, "Complementary distribution of octets over addresses%s.",
	    is_exact(k) ? "" : "; addresses without stored rows are beyond its lower end");
	for (unsigned bin = 0; bin < LOG_HISTOGRAM_BINS; bin++) {
		if (k->by_octets[bin] == 0)
			continue;
		if (bin != 0)
			(void)json_array_append_new(points,
			    json_pack("[I,f]", (json_int_t)(log_histogram_edge(bin) & INT64_MAX),
				(double)above / whole));
		above -= k->by_octets[bin];
	}
}

/* ------------------------------------------------------------------ words */

/* Whether more is known of a key than is unknown. */
static bool
is_certain(const struct talker *t)
{
	return t->low[TALKERS_OCTETS] > t->high[TALKERS_OCTETS] - t->low[TALKERS_OCTETS];
}

static void
say(struct section *s, const struct ranking *rankings)
{
	const struct ranking *a = &rankings[TALKERS_ADDRESS], *p = &rankings[TALKERS_PAIR];
	const struct talker *first = &a->lists[TALKERS_OCTETS][0];
	const struct talker *pair = &p->lists[TALKERS_OCTETS][0];
	char x[64], y[64], z[64], text[ADDRESS_TEXT_SIZE], other[ADDRESS_TEXT_SIZE];
	double total = (double)a->totals[TALKERS_OCTETS];

	section_say(s, "%s%s addresses%s exchanged %s in %s %s.", is_exact(a) ? "" : "About ",
	    text_count((uint64_t)(distinct_keys(a) + 0.5), x, sizeof x),
	    is_sampled(a) ? " that were seen" : "", text_si(total, "octets", y, sizeof y),
	    text_count(a->totals[TALKERS_FLOWS], z, sizeof z),
	    a->exports->records != 0 ? "flow records" : "flows");
	if (a->counts[TALKERS_OCTETS] == 0 || p->counts[TALKERS_OCTETS] == 0 || total == 0)
		return;
	if (is_certain(first))
		section_say(s, "The busiest address, %s, took part in %s%.3g %% of the octets.",
		    address_format(&first->address, text), is_exact(a) ? "" : "at least ",
		    100 * (double)first->low[TALKERS_OCTETS] / total);
	if (is_certain(pair))
		section_say(s, "The busiest pair, %s and %s, exchanged %s%s, %.3g %% of all.",
		    address_format(&pair->address, text), address_format(&pair->peer, other),
		    is_exact(p) ? "" : "at least ",
		    text_si((double)pair->low[TALKERS_OCTETS], "octets", x, sizeof x),
		    100 * (double)pair->low[TALKERS_OCTETS] / total);
	else
		section_say(s, "No pair of addresses stood out.");
	first = &a->lists[TALKERS_PEERS][0];
	if (first->low[TALKERS_PEERS] < 2)
		return;
	section_say(s, "%s had the most peers: %s%s.", address_format(&first->address, text),
	    first->low[TALKERS_PEERS] > PEERS_CODES ? "about " : "",
	    text_count(first->low[TALKERS_PEERS], x, sizeof x));
}

static void
define(struct section *s)
{
	section_define(s,
	    "A flow counts for both of its addresses (and their /%u of IPv4 or /%u of IPv6) with "
	    "the "
	    "octets and packets of both directions, so shares of addresses add up to more than 1; "
	    "for "
	    "an address or prefix at both ends it counts once.  A pair is two addresses in either "
	    "order.  Octets are counted at layer 3.  Peers are the distinct addresses at the other "
	    "end.",
	    (unsigned)TALKERS_PREFIX_IPV4, (unsigned)TALKERS_PREFIX_IPV6);
	section_define(s, "The greatest keys are found with weighted Misra-Gries summaries of "
			  "fixed size, joint over "
			  "octets, packets and flows; a count is never too high, and at most the "
			  "printed bound too "
			  "low.  Distinct numbers are HyperLogLog estimates.");
}

static void
qualify(struct section *s, const struct ranking *rankings)
{
	static const char *const plurals[TALKERS_KIND_COUNT] = { "addresses", "prefixes", "pairs" };
	char x[32], y[32];

	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++) {
		const struct ranking *k = &rankings[kind];
		if (is_exact(k)) {
			section_quality(s, "Counts of %s are %s: all %s were held and stored.",
			    plurals[kind],
			    is_sampled(k) ? "complete as far as they were sampled" : "exact",
			    text_count(k->listed, x, sizeof x));
			continue;
		}
		section_quality(s,
		    "There were about %s %s (standard error %.2f %%); %s have stored rows.  "
		    "Purging "
		    "left out at most %.3g %% of all octets, %.3g %% of packets and %.3g %% of "
		    "%s "
		    "of any one of them.",
		    text_count((uint64_t)(distinct_keys(k) + 0.5), x, sizeof x), plurals[kind],
		    100 * hll_standard_error(TALKERS_DISTINCT_PRECISION),
		    text_count(k->listed, y, sizeof y),
		    100 * (double)k->error[0] / fmax(1, (double)k->totals[0]),
		    100 * (double)k->error[1] / fmax(1, (double)k->totals[1]),
		    100 * (double)k->error[2] / fmax(1, (double)k->totals[2]),
		    k->exports->records != 0 ? "records" : "flows");
	}
}

static void
print_tables(struct section *s, const struct ranking *rankings, const struct site *site)
{
	static const struct {
		unsigned kind, metric;
		const char *id, *title;
	} LIST[] = {
		{ TALKERS_ADDRESS, TALKERS_OCTETS, "addresses", "Addresses by octets" },
		{ TALKERS_PREFIX, TALKERS_OCTETS, "prefixes", "Prefixes by octets" },
		{ TALKERS_PAIR, TALKERS_OCTETS, "pairs", "Pairs of addresses by octets" },
		{ TALKERS_ADDRESS, TALKERS_PACKETS, "addresses-packets", "Addresses by packets" },
		{ TALKERS_ADDRESS, TALKERS_FLOWS, "addresses-flows", "Addresses by flows" },
		{ TALKERS_ADDRESS, TALKERS_PEERS, "addresses-peers",
		    "Addresses by distinct peers" },
		{ TALKERS_PREFIX, TALKERS_PEERS, "prefixes-peers", "Prefixes by distinct peers" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(LIST); i++)
		print_table(
		    s, &rankings[LIST[i].kind], LIST[i].id, LIST[i].title, LIST[i].metric, site);
}

enum err
talkers_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	struct ranking rankings[TALKERS_KIND_COUNT];
	size_t top = (size_t)settings_u64(context->settings, "top");
	struct export_facts exports = { 0 };
	enum err e = export_facts_read(context, TALKERS_RECORDS_TABLE, &exports, info);

	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++) {
		ranking_init(&rankings[kind], kind, top);
		rankings[kind].exports = &exports;
	}
	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT && e == ERR_OK; kind++) {
		e = read_totals(context, &rankings[kind], info);
		if (e == ERR_OK)
			e = read_talkers(context, &rankings[kind], info);
	}
	if (e == ERR_OK && rankings[TALKERS_ADDRESS].totals[TALKERS_FLOWS] == 0)
		e = ERR_END;
	if (e == ERR_OK) {
		say(section, rankings);
		draw_bars(section, &rankings[TALKERS_ADDRESS]);
		draw_ccdf(section, &rankings[TALKERS_ADDRESS]);
		print_tables(section, rankings, context->site);
		define(section);
		qualify(section, rankings);
		export_facts_qualify(context, &exports, section);
	}
	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++)
		ranking_release(&rankings[kind]);
	return e;
}
