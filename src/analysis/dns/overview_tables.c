/* SPDX-License-Identifier: ISC */
/* The tables of dns/overview that count values: types, codes, bits, EDNS, latency, distinct keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/overview_counts.h"
#include "analysis/dns/overview_facts.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"

/* ------------------------------------------------------------------ values of a field */

struct value_table {
	const char *id, *title, *dimension, *heading;
	bool by_value; /* all of them, in order of the value */
};

static const struct value_table VALUE_TABLES[] = {
	{ "query_types", "Query types", "query_type", "Type", false },
	{ "rcodes", "Response codes", "rcode", "Code", false },
	{ "opcodes", "Opcodes of queries", "query_opcode", "Opcode", false },
	{ "query_classes", "Classes of queries", "query_class", "Class", false },
	{ "matches", "Responses by their relation to queries", "match", "Relation", false },
	{ "edns_versions", "EDNS version of queries", "query_edns_version", "Version", false },
	{ "edns_sizes", "EDNS UDP payload size of queries", "query_edns_size", "Octets", false },
	{ "edns_response_sizes", "EDNS UDP payload size of responses", "response_edns_size",
	    "Octets", false },
	{ "ecs_prefixes", "Client subnets in queries (RFC 7871)", "query_ecs_prefix", "Prefix",
	    false },
	{ "extended_errors", "Extended errors in responses (RFC 8914)", "ede", "Info code", false },
	{ "labels", "Labels of the names asked for", "query_labels", "Labels", true },
};

static const struct section_column VALUE_COLUMNS[] = {
	{ "view", "View", "text", "" },
	{ "value", NULL, "text", "" },
	{ "messages", "Messages", "count", "messages" },
	{ "share", "Share", "share", "" },
};

/* The messages of each view that have a value of the dimension. */
static enum err
read_totals(
    const struct section_context *c, const char *dimension, uint64_t *totals, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, sum(messages) AS m FROM dns_counts WHERE" PERIOD_SQL
	    "AND dimension = '%s' GROUP BY v ORDER BY v",
	    PERIOD_ARGS(c), dimension);

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		totals[overview_view(result_text(r, 0))] += result_u64(r, 1);
	result_free(r);
	return ERR_OK;
}

static void
value_rows(struct section *section, const struct overview_facts *f, const struct value_table *t,
    const uint64_t *totals, struct result *r)
{
	struct section_column columns[ARRAY_COUNT(VALUE_COLUMNS)];
	struct section_table *table = NULL;
	uint64_t left = 0, rest = 0;
	unsigned view = DNS_VIEW_COUNT;

	memcpy(columns, VALUE_COLUMNS, sizeof columns);
	columns[1].title = t->heading;
	while (result_next(r)) {
		const char *name = result_text(r, 2);
		uint64_t messages = result_u64(r, 3);
		if (table == NULL)
			table =
			    section_table(section, t->id, t->title, columns, ARRAY_COUNT(columns));
		if (overview_view(result_text(r, 0)) != view) {
			view = overview_view(result_text(r, 0));
			left = t->by_value ? UINT64_MAX : f->top;
		}
		if (left-- == 0) {
			left = 0;
			rest++;
			continue;
		}
		section_row(table, json_string(dns_view_name((enum dns_view)view)),
		    json_text(name, strlen(name)), overview_count(messages),
		    json_real(overview_share(messages, totals[view])), NULL);
	}
	if (rest != 0)
		section_table_note(
		    table, "%llu rarer values are not shown.", (unsigned long long)rest);
}

static enum err
value_table(const struct section_context *c, const struct overview_facts *f,
    struct section *section, const struct value_table *t, struct err_info *info)
{
	uint64_t totals[DNS_VIEW_COUNT] = { 0 };
	struct result *r;
	enum err e = read_totals(c, t->dimension, totals, info);

	if (e == ERR_OK)
		e = query_run(c->store, &r, info,
		    "SELECT view AS v, value AS x, name AS n, sum(messages) AS m FROM dns_counts "
		    "WHERE" PERIOD_SQL "AND dimension = '%s' GROUP BY v, x, n ORDER BY v, %s",
		    PERIOD_ARGS(c), t->dimension, t->by_value ? "x, n, m" : "m DESC, x, n");
	if (e != ERR_OK)
		return e;
	value_rows(section, f, t, totals, r);
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ views and bits */

static void
table_views(const struct overview_facts *f, struct section *section)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "queries", "Queries", "count", "messages" },
		{ "responses", "Responses", "count", "messages" },
		{ "octets", "Octets (DNS)", "octets", "octets" },
		{ "matched", "Answered in time", "count", "messages" },
		{ "unanswered", "Without answer", "count", "messages" },
		{ "late", "Late answers", "count", "messages" },
		{ "unsolicited", "Unsolicited", "count", "messages" },
		{ "malformed", "Malformed", "count", "messages" },
		{ "quoted", "Quoted in ICMP", "count", "messages" },
		{ "mdns", "Multicast DNS", "count", "messages" },
		{ "llmnr", "LLMNR", "count", "messages" },
	};
	struct section_table *table =
	    section_table(section, "views", "Messages by view", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++) {
		const struct view_facts *w = &f->views[v];
		uint64_t seen = 0;
		for (unsigned k = 0; k < OVERVIEW_KINDS; k++)
			seen += w->kinds[k];
		if (seen == 0)
			continue;
		section_row(table, json_string(dns_view_name((enum dns_view)v)),
		    overview_count(w->kinds[OVERVIEW_QUERY]),
		    overview_count(w->kinds[OVERVIEW_RESPONSE]), overview_count(w->octets),
		    overview_count(w->matches[DNS_MATCHED]),
		    overview_count(w->kinds[OVERVIEW_UNANSWERED]),
		    overview_count(w->matches[DNS_LATE]),
		    overview_count(w->matches[DNS_UNSOLICITED]),
		    overview_count(w->kinds[OVERVIEW_MALFORMED]),
		    overview_count(w->kinds[OVERVIEW_QUOTED]),
		    overview_count(w->kinds[OVERVIEW_MDNS]),
		    overview_count(w->kinds[OVERVIEW_LLMNR]), NULL);
	}
}

static enum err
table_malformed(const struct section_context *c, struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "verdict", "Verdict", "text", "" },
		{ "messages", "Messages", "count", "messages" },
	};
	struct section_table *table = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, code AS x, sum(messages) AS m FROM dns_messages WHERE" PERIOD_SQL
	    "AND kind = 'malformed' GROUP BY v, x ORDER BY v, x",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint64_t verdict = result_u64(r, 1);
		if (verdict >= DNS_VERDICT_COUNT)
			continue;
		if (table == NULL)
			table = section_table(section, "malformed", "Malformed messages", COLUMNS,
			    ARRAY_COUNT(COLUMNS));
		section_row(table, json_string(result_text(r, 0)),
		    json_string(dns_verdict_name((enum dns_verdict)verdict)),
		    overview_count(result_u64(r, 2)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

/* The bits of queries or of responses. */
struct flags {
	const char *of;
	const char *const *names;
	unsigned count;
	const uint64_t *messages;
	uint64_t all;
};

static void
flag_rows(struct section_table *table, unsigned view, const struct flags *f)
{
	for (unsigned b = 0; b < f->count && f->all != 0; b++)
		section_row(table, json_string(dns_view_name((enum dns_view)view)),
		    json_string(f->of), json_string(f->names[b]), overview_count(f->messages[b]),
		    json_real(overview_share(f->messages[b], f->all)), NULL);
}

static void
table_flags(const struct overview_facts *f, struct section *section)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "of", "Of", "text", "" },
		{ "property", "Property", "text", "" },
		{ "messages", "Messages", "count", "messages" },
		{ "share", "Share", "share", "" },
	};
	struct section_table *table;

	if (f->view_count == 0)
		return;
	table = section_table(section, "properties",
	    "Header bits, EDNS options, DNSSEC, IPv6 and letter case", COLUMNS,
	    ARRAY_COUNT(COLUMNS));
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++) {
		const struct view_facts *w = &f->views[v];
		flag_rows(table, v,
		    &(struct flags){ "queries", overview_query_flags, QUERY_FLAGS, w->query_flag,
			w->query_flags });
		flag_rows(table, v,
		    &(struct flags){ "responses", overview_response_flags, RESPONSE_FLAGS,
			w->response_flag, w->response_flags });
	}
}

/* ------------------------------------------------------------------ latency */

/* A quantile in seconds, or no value when the clock is too coarse for it. */
static json_t *
quantile_cell(const uint64_t *bins, double share, nsec_t granularity)
{
	double us = delay_quantile(bins, share);

	return us * 1000 < (double)granularity ? json_null() : json_real(us / 1e6);
}

static enum err
latency_row(const struct section_context *c, const struct overview_facts *f,
    struct section_table *table, const struct result *r, struct err_info *info)
{
	const char *view = result_text(r, 0), *transport = result_text(r, 1);
	nsec_t granularity = f->views[overview_view(view)].granularity;
	uint64_t *bins = xcalloc(DELAY_BINS, sizeof *bins);
	enum err e = overview_latency_read(c, view, transport, bins, info);

	if (e == ERR_OK)
		section_row(table, json_string(view), json_string(transport),
		    overview_count(result_u64(r, 2)), quantile_cell(bins, 0.1, granularity),
		    quantile_cell(bins, 0.5, granularity), quantile_cell(bins, 0.9, granularity),
		    quantile_cell(bins, 0.99, granularity), quantile_cell(bins, 1, granularity),
		    json_real((double)granularity / 1e9), NULL);
	free(bins);
	return e;
}

static enum err
table_latency(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "transport", "Transport", "text", "" },
		{ "responses", "Answers", "count", "messages" },
		{ "p10", "10 %", "duration", "s" },
		{ "p50", "Median", "duration", "s" },
		{ "p90", "90 %", "duration", "s" },
		{ "p99", "99 %", "duration", "s" },
		{ "greatest", "Greatest", "duration", "s" },
		{ "clock", "Clock granularity", "duration", "s" },
	};
	struct section_table *table = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, transport AS n, sum(responses) AS m FROM dns_latency "
	    "WHERE" PERIOD_SQL "GROUP BY v, n ORDER BY v, n",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		if (table == NULL)
			table = section_table(section, "latency", "Time from query to answer",
			    COLUMNS, ARRAY_COUNT(COLUMNS));
		e = latency_row(c, f, table, r, info);
	}
	if (table != NULL)
		section_table_note(table,
		    "Exact below 256 µs, above with an error of at most 0.4 %%. Where the clock of "
		    "a producer is coarser than a quantile, none is given; a clock granularity of "
		    "0 means fine, or too few messages to tell.");
	result_free(r);
	return e;
}

/* ------------------------------------------------------------------ distinct keys */

static enum err
read_distinct(const struct section_context *c, const char *view, const char *kind,
    double *ret_estimate, struct err_info *info)
{
	uint8_t registers[HLL_SIZE(OVERVIEW_PRECISION)] = { 0 };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT registers FROM dns_distinct WHERE" PERIOD_SQL
	    "AND view = '%s' AND kind = '%s' ORDER BY window_begin, input",
	    PERIOD_ARGS(c), view, kind);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		if (!sketch_add(registers, OVERVIEW_PRECISION, r, 0))
			e = err_set(info, ERR_DAMAGED, "a sketch of dns_distinct does not read");
	}
	result_free(r);
	*ret_estimate = hll_estimate(registers, OVERVIEW_PRECISION);
	return e;
}

static enum err
table_distinct(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "kind", "Distinct", "text", "" },
		{ "count", "Estimate", "count", "" },
		{ "error", "Standard error", "count", "" },
	};
	struct section_table *table;

	if (f->view_count == 0)
		return ERR_OK;
	table = section_table(section, "distinct", "Distinct clients, servers and names", COLUMNS,
	    ARRAY_COUNT(COLUMNS));
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++) {
		const char *view = dns_view_name((enum dns_view)v);
		if (f->views[v].kinds[OVERVIEW_QUERY] + f->views[v].kinds[OVERVIEW_RESPONSE] == 0)
			continue;
		for (unsigned k = 0; k < OVERVIEW_DISTINCT; k++) {
			double estimate;
			enum err e = read_distinct(c, view, overview_distinct[k], &estimate, info);
			if (e != ERR_OK)
				return e;
			section_row(table, json_string(view), json_string(overview_distinct[k]),
			    overview_count((uint64_t)(estimate + 0.5)),
			    overview_count((
				uint64_t)(estimate * hll_standard_error(OVERVIEW_PRECISION) + 0.5)),
			    NULL);
		}
	}
	return ERR_OK;
}

enum err
overview_tables_of(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	enum err e;

	table_views(f, section);
	e = table_malformed(c, section, info);
	for (size_t i = 0; e == ERR_OK && i < ARRAY_COUNT(VALUE_TABLES); i++)
		e = value_table(c, f, section, &VALUE_TABLES[i], info);
	if (e != ERR_OK)
		return e;
	table_flags(f, section);
	e = table_latency(c, f, section, info);
	return e == ERR_OK ? table_distinct(c, f, section, info) : e;
}
