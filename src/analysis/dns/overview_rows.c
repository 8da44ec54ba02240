/* SPDX-License-Identifier: ISC */
/* Tables of dns/overview, and the rows of its heavy hitters. */
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/overview.h"
#include "analysis/dns/overview_keys.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "stat/select.h"
#include "stat/sparse_counts.h"

static const struct column MESSAGES_COLUMNS[] = {
	{ "bin", COLUMN_TIME, "ms" },
	{ "view", COLUMN_TEXT, "" },
	{ "transport", COLUMN_TEXT, "" },
	{ "kind", COLUMN_TEXT, "" },
	{ "code", COLUMN_U16, "" },
	{ "messages", COLUMN_U64, "messages" },
	{ "octets", COLUMN_U64, "octets" },
};

static const struct column COUNTS_COLUMNS[] = {
	{ "view", COLUMN_TEXT, "" },
	{ "dimension", COLUMN_TEXT, "" },
	{ "value", COLUMN_U64, "" },
	{ "name", COLUMN_TEXT, "" },
	{ "messages", COLUMN_U64, "messages" },
};

static const struct column LATENCY_COLUMNS[] = {
	{ "view", COLUMN_TEXT, "" },
	{ "transport", COLUMN_TEXT, "" },
	{ "responses", COLUMN_U64, "messages" },
	{ "histogram", COLUMN_BLOB, "" },
};

static const struct column DISTINCT_COLUMNS[] = {
	{ "view", COLUMN_TEXT, "" },
	{ "kind", COLUMN_TEXT, "" },
	{ "registers", COLUMN_BLOB, "" },
};

static const struct column NAMES_COLUMNS[] = {
	{ "kind", COLUMN_TEXT, "" },
	{ "view", COLUMN_TEXT, "" },
	{ "name", COLUMN_TEXT, "" },
	{ "queries", COLUMN_U64, "messages" },
	{ "nxdomain", COLUMN_U64, "messages" },
	{ "failures", COLUMN_U64, "messages" },
};

static const struct column CLIENTS_COLUMNS[] = {
	{ "view", COLUMN_TEXT, "" },
	{ "client", COLUMN_ADDRESS, "" },
	{ "own", COLUMN_U8, "" },
	{ "queries", COLUMN_U64, "messages" },
	{ "nxdomain", COLUMN_U64, "messages" },
	{ "octets", COLUMN_U64, "octets" },
	{ "noted_queries", COLUMN_U64, "messages" },
	{ "upper_case", COLUMN_U64, "messages" },
	{ "zone_cuts", COLUMN_U64, "messages" },
	{ "minimised", COLUMN_U64, "messages" },
};

static const struct column SERVERS_COLUMNS[] = {
	{ "view", COLUMN_TEXT, "" },
	{ "server", COLUMN_ADDRESS, "" },
	{ "own", COLUMN_U8, "" },
	{ "queries", COLUMN_U64, "messages" },
	{ "responses", COLUMN_U64, "messages" },
	{ "octets", COLUMN_U64, "octets" },
	{ "noted_responses", COLUMN_U64, "messages" },
	{ "authoritative", COLUMN_U64, "messages" },
	{ "recursive", COLUMN_U64, "messages" },
	{ "failures", COLUMN_U64, "messages" },
	{ "unanswered", COLUMN_U64, "messages" },
	{ "latencies", COLUMN_U64, "messages" },
	{ "histogram", COLUMN_BLOB, "" },
};

static const struct column PORTS_COLUMNS[] = {
	{ "view", COLUMN_TEXT, "" },
	{ "client", COLUMN_ADDRESS, "" },
	{ "own", COLUMN_U8, "" },
	{ "queries", COLUMN_U64, "messages" },
	{ "sampled", COLUMN_U64, "messages" },
	{ "distinct_ports", COLUMN_U64, "" },
	{ "low", COLUMN_U16, "" },
	{ "high", COLUMN_U16, "" },
	{ "entropy", COLUMN_F64, "bits" },
	{ "pool", COLUMN_F64, "" },
	{ "longest_run", COLUMN_U64, "" },
	{ "verdict", COLUMN_TEXT, "" },
};

static const struct column BOUNDS_COLUMNS[] = {
	{ "kind", COLUMN_TEXT, "" },
	{ "first_total", COLUMN_U64, "" },
	{ "second_total", COLUMN_U64, "" },
	{ "third_total", COLUMN_U64, "" },
	{ "first_error", COLUMN_U64, "" },
	{ "second_error", COLUMN_U64, "" },
	{ "third_error", COLUMN_U64, "" },
	{ "first_cut", COLUMN_U64, "" },
	{ "second_cut", COLUMN_U64, "" },
	{ "third_cut", COLUMN_U64, "" },
	{ "keys", COLUMN_U64, "" },
	{ "without_detail", COLUMN_U64, "" },
};

static const struct column CLOCKS_COLUMNS[] = {
	{ "view", COLUMN_TEXT, "" },
	{ "producer", COLUMN_U32, "" },
	{ "messages", COLUMN_U64, "messages" },
	{ "granularity", COLUMN_U64, "ns" },
};

#define TABLE(name, title, columns)                        \
	{                                                  \
		name, title, columns, ARRAY_COUNT(columns) \
	}

const struct table overview_tables[OVERVIEW_TABLES] = {
	[OVERVIEW_MESSAGES_TABLE] = TABLE("dns_messages",
	    "DNS messages by time, view, transport, kind and code", MESSAGES_COLUMNS),
	[OVERVIEW_COUNTS_TABLE] =
	    TABLE("dns_counts", "DNS messages by the value of a field", COUNTS_COLUMNS),
	[OVERVIEW_LATENCY_TABLE] =
	    TABLE("dns_latency", "Histograms of the time to the answer", LATENCY_COLUMNS),
	[OVERVIEW_DISTINCT_TABLE] = TABLE(
	    "dns_distinct", "Sketches of distinct clients, servers and names", DISTINCT_COLUMNS),
	[OVERVIEW_NAMES_TABLE] =
	    TABLE("dns_top_names", "Names, domains and TLDs asked for most", NAMES_COLUMNS),
	[OVERVIEW_CLIENTS_TABLE] =
	    TABLE("dns_top_clients", "Clients that ask most", CLIENTS_COLUMNS),
	[OVERVIEW_SERVERS_TABLE] =
	    TABLE("dns_top_servers", "Servers asked most, with their latency", SERVERS_COLUMNS),
	[OVERVIEW_PORTS_TABLE] =
	    TABLE("dns_ports", "Randomness of clients' source ports", PORTS_COLUMNS),
	[OVERVIEW_BOUNDS_TABLE] = TABLE(
	    "dns_top_bounds", "Totals and error bounds of the dns_top tables", BOUNDS_COLUMNS),
	[OVERVIEW_CLOCKS_TABLE] =
	    TABLE("dns_clocks", "Clock granularity of producers of DNS messages", CLOCKS_COLUMNS),
};

/* ------------------------------------------------------------------ which keys become rows */

struct chosen {
	const struct mg_entry *entry;
};

/* By a key that is the same in every run. */
static int
compare_keys(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return memcmp(x->entry->key, y->entry->key, sizeof x->entry->key);
}

/* Marks the `most` greatest by one metric; of equal ones those that came first. */
static void
mark(const struct mg *mg, unsigned metric, uint64_t most, bool *marks)
{
	uint64_t *values = xcalloc(mg->count, sizeof *values), edge;

	for (uint32_t i = 0; i < mg->count; i++)
		values[i] = mg->entries[i].counters[metric];
	edge = select_rank(values, mg->count, mg->count - (uint32_t)most);
	free(values);
	for (uint32_t i = 0, equal = 0; i < mg->count; i++) {
		uint64_t value = mg->entries[i].counters[metric];
		if (value < edge || value == 0 || (value == edge && equal == most))
			continue;
		equal += value == edge;
		marks[i] = true;
	}
}

/* The chosen entries in order of their keys (free it), and the greatest counters that were not. */
static struct chosen *
choose(const struct mg *mg, uint64_t most, uint32_t *ret_count, uint64_t ret_cut[MG_METRICS])
{
	struct chosen *list = xcalloc(mg->count + 1, sizeof *list);
	bool *marks = xcalloc(mg->count + 1, sizeof *marks);
	uint32_t count = 0;

	memset(ret_cut, 0, MG_METRICS * sizeof *ret_cut);
	if (mg->count <= most)
		memset(marks, true, mg->count);
	else
		for (unsigned m = 0; m < MG_METRICS; m++)
			mark(mg, m, most, marks);
	for (uint32_t i = 0; i < mg->count; i++) {
		const struct mg_entry *e = &mg->entries[i];
		if (marks[i])
			list[count++] = (struct chosen){ e };
		for (unsigned m = 0; m < MG_METRICS && !marks[i]; m++)
			if (ret_cut[m] < e->counters[m])
				ret_cut[m] = e->counters[m];
	}
	free(marks);
	qsort(list, count, sizeof *list, compare_keys);
	*ret_count = count;
	return list;
}

/* ------------------------------------------------------------------ rows */

static void
yield_name(
    const struct key_group *g, enum keys_kind kind, const struct mg_entry *e, struct rows *rows)
{
	char text[DNS_NAME_TEXT_SIZE];
	size_t size;
	const uint8_t *name = keys_text(g, e, &size);

	rows_text(rows, 0, keys_kind_names[kind]);
	rows_text(rows, 1, dns_view_name((enum dns_view)keys_view(kind, e)));
	rows_text(rows, 2, dns_name_text(name, size, text));
	for (unsigned m = 0; m < MG_METRICS; m++)
		rows_u64(rows, 3 + m, e->counters[m]);
	rows_next(rows);
}

static void
yield_ports(const struct mg_entry *e, const struct client_detail *d, struct rows *rows)
{
	struct port_audit_result r;
	struct address client = keys_address(e);

	port_audit_judge(&d->ports, &r);
	if (r.verdict == PORT_UNKNOWN)
		return;
	rows_text(rows, 0, dns_view_name((enum dns_view)keys_view(KEYS_CLIENT, e)));
	rows_address(rows, 1, &client);
	rows_u64(rows, 2, d->own);
	rows_u64(rows, 3, d->ports.queries);
	rows_u64(rows, 4, r.sampled);
	rows_u64(rows, 5, r.distinct);
	rows_u64(rows, 6, r.low);
	rows_u64(rows, 7, r.high);
	rows_f64(rows, 8, r.entropy);
	rows_f64(rows, 9, r.pool);
	rows_u64(rows, 10, d->ports.longest_run);
	rows_text(rows, 11, port_verdict_name(r.verdict));
	rows_next(rows);
}

/* Of every audited client: the audit is a measure of its own. */
static void
yield_audits(const struct key_group *g, struct rows *rows)
{
	struct chosen *list = xcalloc(g->mg.count + 1, sizeof *list);
	uint32_t count = 0;

	for (uint32_t i = 0; i < g->mg.count; i++)
		if (g->mg.entries[i].handle != 0)
			list[count++] = (struct chosen){ &g->mg.entries[i] };
	qsort(list, count, sizeof *list, compare_keys);
	for (uint32_t i = 0; i < count; i++)
		yield_ports(list[i].entry, pool_thing(&g->pool, list[i].entry->handle), rows);
	free(list);
}

static void
yield_client(const struct key_group *g, const struct mg_entry *e, const struct row_sink *sink)
{
	static const struct client_detail NONE;
	struct rows *rows = sink->tables[OVERVIEW_CLIENTS_TABLE];
	const struct client_detail *d = e->handle != 0 ? pool_thing(&g->pool, e->handle) : &NONE;
	struct address client = keys_address(e);

	rows_text(rows, 0, dns_view_name((enum dns_view)keys_view(KEYS_CLIENT, e)));
	rows_address(rows, 1, &client);
	rows_u64(rows, 2, d->own);
	for (unsigned m = 0; m < MG_METRICS; m++)
		rows_u64(rows, 3 + m, e->counters[m]);
	rows_u64(rows, 6, d->queries);
	rows_u64(rows, 7, d->mixed);
	rows_u64(rows, 8, d->cuts);
	rows_u64(rows, 9, d->minimised);
	rows_next(rows);
}

static void
yield_server(const struct key_group *g, const struct mg_entry *e, const struct row_sink *sink)
{
	static const struct server_detail NONE;
	struct rows *rows = sink->tables[OVERVIEW_SERVERS_TABLE];
	const struct server_detail *d = e->handle != 0 ? pool_thing(&g->pool, e->handle) : &NONE;
	struct address server = keys_address(e);
	uint8_t octets[SPARSE_COUNTS_SIZE(KEYS_LATENCY_BINS)];

	rows_text(rows, 0, dns_view_name((enum dns_view)keys_view(KEYS_SERVER, e)));
	rows_address(rows, 1, &server);
	rows_u64(rows, 2, d->own);
	for (unsigned m = 0; m < MG_METRICS; m++)
		rows_u64(rows, 3 + m, e->counters[m]);
	rows_u64(rows, 6, d->responses);
	rows_u64(rows, 7, d->aa);
	rows_u64(rows, 8, d->ra);
	rows_u64(rows, 9, d->failures);
	rows_u64(rows, 10, d->unanswered);
	rows_u64(rows, 11, d->latencies);
	rows_blob(rows, 12, octets, sparse_counts_encode(d->latency, KEYS_LATENCY_BINS, octets));
	rows_next(rows);
}

static void
yield_bounds(const struct key_group *g, enum keys_kind kind, uint32_t count, const uint64_t *cut,
    struct rows *rows)
{
	if (g->mg.count == 0)
		return;
	rows_text(rows, 0, keys_kind_names[kind]);
	for (unsigned m = 0; m < MG_METRICS; m++) {
		rows_u64(rows, 1 + m, g->totals[m]);
		rows_u64(rows, 4 + m, mg_shortfall(&g->mg, &g->thresholds, m));
		rows_u64(rows, 7 + m, cut[m]);
	}
	rows_u64(rows, 10, count);
	rows_u64(rows, 11, g->pool.refused);
	rows_next(rows);
}

void
overview_keys_yield(const struct overview_keys *keys, uint64_t most, const struct row_sink *sink)
{
	for (unsigned k = 0; k < KEYS_KINDS; k++) {
		const struct key_group *g = &keys->groups[k];
		enum keys_kind kind = (enum keys_kind)k;
		uint64_t cut[MG_METRICS];
		uint32_t count;
		struct chosen *list = choose(&g->mg, most, &count, cut);
		for (uint32_t i = 0; i < count; i++) {
			if (kind == KEYS_CLIENT)
				yield_client(g, list[i].entry, sink);
			else if (kind == KEYS_SERVER)
				yield_server(g, list[i].entry, sink);
			else
				yield_name(
				    g, kind, list[i].entry, sink->tables[OVERVIEW_NAMES_TABLE]);
		}
		free(list);
		if (kind == KEYS_CLIENT)
			yield_audits(g, sink->tables[OVERVIEW_PORTS_TABLE]);
		yield_bounds(g, kind, count, cut, sink->tables[OVERVIEW_BOUNDS_TABLE]);
	}
}
