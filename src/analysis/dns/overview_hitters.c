/* SPDX-License-Identifier: ISC */
/* The tables of dns/overview about names, clients and servers that are met most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/overview_facts.h"
#include "analysis/dns/overview_keys.h"
#include "base/xmalloc.h"
#include "stat/sparse_counts.h"

/* A role is inferred from so many responses, by these shares (spec 3.0). */
#define ROLE_RESPONSES 50
#define ROLE_AA        0.5
#define ROLE_RA_FEW    0.1
#define ROLE_RA_MANY   0.9

/* Answers that tell a zone's cut, from which on a client's habit is judged, and its shares (spec
 * 3.11). */
#define CUTS_LEAST 100
#define CUTS_MOST  0.95
#define CUTS_FEW   0.5

/* ------------------------------------------------------------------ error bounds */

struct bounds {
	uint64_t totals[MG_METRICS], error[MG_METRICS], without_detail;
};

static enum err
read_bounds(
    const struct section_context *c, enum keys_kind kind, struct bounds *b, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sum(first_total) AS a, sum(second_total) AS b, sum(third_total) AS c, "
	    "sum(first_error + first_cut) AS d, sum(second_error + second_cut) AS e, "
	    "sum(third_error + third_cut) AS f, sum(without_detail) AS g FROM dns_top_bounds "
	    "WHERE" PERIOD_SQL "AND kind = '%s'",
	    PERIOD_ARGS(c), keys_kind_names[kind]);

	*b = (struct bounds){ .without_detail = 0 };
	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		for (unsigned m = 0; m < MG_METRICS; m++) {
			b->totals[m] = result_u64(r, m);
			b->error[m] = result_u64(r, 3 + m);
		}
		b->without_detail = result_u64(r, 6);
	}
	result_free(r);
	return ERR_OK;
}

static void
note_bounds(struct section_table *table, const struct bounds *b, const char *first)
{
	char text[32];

	if (b->error[0] == 0)
		section_table_note(table, "Exact.");
	else
		section_table_note(table,
		    "Lower bounds: each may be short by up to %s %s, and what is not shown has at "
		    "most that.",
		    text_count(b->error[0], text, sizeof text), first);
}

static json_t *
share_cell(uint64_t part, uint64_t whole)
{
	return whole != 0 ? json_real(overview_share(part, whole)) : json_null();
}

/* ------------------------------------------------------------------ names */

static enum err
table_names(const struct section_context *c, const struct overview_facts *f,
    struct section *section, enum keys_kind kind, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "name", "Name", "text", "" },
		{ "queries", "Queries", "count", "messages" },
		{ "query_share", "Share of queries", "share", "" },
		{ "nxdomain", "NXDOMAIN answers", "count", "messages" },
		{ "failures", "SERVFAIL, REFUSED", "count", "messages" },
	};
	static const char *const IDS[] = { "top_names", "top_domains", "top_tlds" };
	static const char *const TITLES[] = { "Names asked for most",
		"Registrable domains asked for most", "Top-level domains asked for most" };
	struct section_table *table = NULL;
	struct bounds b;
	struct result *r;
	enum err e = read_bounds(c, kind, &b, info);

	if (e == ERR_OK)
		e = query_run(c->store, &r, info,
		    "SELECT view AS v, name AS n, sum(queries) AS q, sum(nxdomain) AS x, "
		    "sum(failures) AS o FROM dns_top_names WHERE" PERIOD_SQL
		    "AND kind = '%s' GROUP BY v, n ORDER BY q DESC, x DESC, n, v LIMIT %llu",
		    PERIOD_ARGS(c), keys_kind_names[kind], (unsigned long long)f->top);
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *name = result_text(r, 1);
		if (table == NULL)
			table = section_table(
			    section, IDS[kind], TITLES[kind], COLUMNS, ARRAY_COUNT(COLUMNS));
		section_row(table, json_string(result_text(r, 0)), json_text(name, strlen(name)),
		    overview_count(result_u64(r, 2)), share_cell(result_u64(r, 2), b.totals[0]),
		    overview_count(result_u64(r, 3)), overview_count(result_u64(r, 4)), NULL);
	}
	result_free(r);
	if (table != NULL)
		note_bounds(table, &b, "queries");
	return ERR_OK;
}

/* ------------------------------------------------------------------ clients */

/* "minimises", "mixed", "full names"; NULL when too little was seen. */
static const char *
habit(uint64_t cuts, uint64_t minimised)
{
	double share = overview_share(minimised, cuts);

	if (cuts < CUTS_LEAST)
		return NULL;
	return share >= CUTS_MOST ? "minimises" : share >= CUTS_FEW ? "mixed" : "full names";
}

static json_t *
habit_cell(uint64_t cuts, uint64_t minimised)
{
	const char *text = habit(cuts, minimised);

	return text != NULL ? json_string(text) : json_null();
}

static enum err
table_clients(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "client", "Client", "address", "" },
		{ "queries", "Queries", "count", "messages" },
		{ "query_share", "Share of queries", "share", "" },
		{ "nxdomain", "NXDOMAIN answers", "count", "messages" },
		{ "octets", "Octets of answers", "octets", "octets" },
		{ "upper_case_share", "Upper case in names", "share", "" },
		{ "minimised_share", "Minimised questions", "share", "" },
		{ "habit", "Query names", "text", "" },
	};
	struct section_table *table = NULL;
	struct bounds b;
	struct result *r;
	enum err e = read_bounds(c, KEYS_CLIENT, &b, info);

	if (e == ERR_OK)
		e = query_run(c->store, &r, info,
		    "SELECT view AS v, client AS a, sum(queries) AS q, sum(nxdomain) AS x, "
		    "sum(octets) AS o, sum(noted_queries) AS k, sum(upper_case) AS u, "
		    "sum(zone_cuts) AS z, sum(minimised) AS m FROM dns_top_clients "
		    "WHERE" PERIOD_SQL "GROUP BY v, a ORDER BY q DESC, x DESC, a, v LIMIT %llu",
		    PERIOD_ARGS(c), (unsigned long long)f->top);
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address client = result_address(r, 1);
		char text[ADDRESS_TEXT_SIZE];
		if (table == NULL)
			table = section_table(section, "top_clients", "Clients that ask most",
			    COLUMNS, ARRAY_COUNT(COLUMNS));
		section_row(table, json_string(result_text(r, 0)),
		    json_string(address_format(&client, text)), overview_count(result_u64(r, 2)),
		    share_cell(result_u64(r, 2), b.totals[0]), overview_count(result_u64(r, 3)),
		    overview_count(result_u64(r, 4)),
		    share_cell(result_u64(r, 6), result_u64(r, 5)),
		    share_cell(result_u64(r, 8), result_u64(r, 7)),
		    habit_cell(result_u64(r, 7), result_u64(r, 8)), NULL);
	}
	result_free(r);
	if (table != NULL)
		note_bounds(table, &b, "queries");
	return ERR_OK;
}

/* How many clients minimise, of those that tell. */
static enum err
say_habits(const struct section_context *c, struct section *section, struct err_info *info)
{
	uint64_t minimises = 0, mixed = 0, full = 0, all;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, client AS a, sum(zone_cuts) AS z, sum(minimised) AS m "
	    "FROM dns_top_clients WHERE" PERIOD_SQL
	    "GROUP BY v, a HAVING sum(zone_cuts) >= %d ORDER BY v, a",
	    PERIOD_ARGS(c), CUTS_LEAST);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		double share = overview_share(result_u64(r, 3), result_u64(r, 2));
		minimises += share >= CUTS_MOST;
		mixed += share >= CUTS_FEW && share < CUTS_MOST;
		full += share < CUTS_FEW;
	}
	result_free(r);
	all = minimises + mixed + full;
	if (all != 0)
		section_say(section,
		    "Of %llu clients that asked authorities often enough to tell, %llu minimise "
		    "query names (RFC 9156), %llu do so partly and %llu send full names.",
		    (unsigned long long)all, (unsigned long long)minimises,
		    (unsigned long long)mixed, (unsigned long long)full);
	return ERR_OK;
}

/* ------------------------------------------------------------------ servers */

struct server {
	struct address address;
	unsigned view;
	uint64_t sums[9]; /* queries, responses, octets, noted, aa, ra, failures, unanswered,
			     latencies */
};

enum {
	QUERIES_SUM,
	RESPONSES_SUM,
	OCTETS_SUM,
	NOTED_SUM,
	AA_SUM,
	RA_SUM,
	FAILURES_SUM,
	UNANSWERED_SUM,
	LATENCIES_SUM,
};

/* What a server is: by the site's own word, else by its answers. */
static const char *
role_of(const struct section_context *c, const struct server *s)
{
	const char *role = site_role(c->site, &s->address);
	double aa = overview_share(s->sums[AA_SUM], s->sums[NOTED_SUM]);
	double ra = overview_share(s->sums[RA_SUM], s->sums[NOTED_SUM]);

	if (role != NULL)
		return role;
	if (s->sums[NOTED_SUM] < ROLE_RESPONSES)
		return NULL;
	if (aa >= ROLE_AA && ra < ROLE_RA_FEW)
		return "authoritative (inferred)";
	return ra >= ROLE_RA_MANY ? "resolver (inferred)" : NULL;
}

/* A quantile of a server's latency in seconds. */
static json_t *
server_quantile(const uint64_t *bins, uint64_t count, double share, nsec_t granularity)
{
	uint64_t rank = (uint64_t)(share * (double)count), below = 0;

	for (unsigned i = 0; i < KEYS_LATENCY_BINS && count != 0; i++) {
		double us;
		below += bins[i];
		if (below <= rank && below < count)
			continue;
		us = ((double)log_histogram_edge(i) + (double)log_histogram_edge(i + 1) - 1) / 2;
		return (nsec_t)log_histogram_edge(i + 1) * NSEC_PER_US <= granularity
			   ? json_null()
			   : json_real(us / 1e6);
	}
	return json_null();
}

static enum err
server_latency(
    const struct section_context *c, const struct server *s, uint64_t *bins, struct err_info *info)
{
	char hex[33];
	struct result *r;
	enum err e;

	for (unsigned i = 0; i < 16; i++)
		(void)snprintf(hex + 2 * (size_t)i, 3, "%02X", s->address.octets[i]);
	e = query_run(c->store, &r, info,
	    "SELECT histogram FROM dns_top_servers WHERE" PERIOD_SQL
	    "AND view = '%s' AND hex(server) = '%s' ORDER BY window_begin, input",
	    PERIOD_ARGS(c), dns_view_name((enum dns_view)s->view), hex);
	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		size_t size;
		const char *octets = result_blob(r, 0, &size);
		e = sparse_counts_add(bins, KEYS_LATENCY_BINS, octets, size);
	}
	result_free(r);
	return e != ERR_DAMAGED ? e
				: err_set(info, e, "a histogram of dns_top_servers does not read");
}

static enum err
server_row(const struct section_context *c, const struct overview_facts *f,
    struct section_table *table, const struct server *s, struct err_info *info)
{
	uint64_t bins[KEYS_LATENCY_BINS] = { 0 };
	nsec_t granularity = f->views[s->view].granularity;
	const char *role = role_of(c, s);
	char text[ADDRESS_TEXT_SIZE];
	enum err e = server_latency(c, s, bins, info);

	if (e != ERR_OK)
		return e;
	section_row(table, json_string(dns_view_name((enum dns_view)s->view)),
	    json_string(address_format(&s->address, text)),
	    role != NULL ? json_string(role) : json_null(), overview_count(s->sums[QUERIES_SUM]),
	    overview_count(s->sums[RESPONSES_SUM]), overview_count(s->sums[OCTETS_SUM]),
	    share_cell(s->sums[AA_SUM], s->sums[NOTED_SUM]),
	    share_cell(s->sums[RA_SUM], s->sums[NOTED_SUM]),
	    share_cell(s->sums[FAILURES_SUM], s->sums[NOTED_SUM]),
	    overview_count(s->sums[UNANSWERED_SUM]),
	    server_quantile(bins, s->sums[LATENCIES_SUM], 0.5, granularity),
	    server_quantile(bins, s->sums[LATENCIES_SUM], 0.99, granularity), NULL);
	return ERR_OK;
}

static const struct section_column SERVER_COLUMNS[] = {
	{ "view", "View", "text", "" },
	{ "server", "Server", "address", "" },
	{ "role", "Role", "text", "" },
	{ "queries", "Queries", "count", "messages" },
	{ "responses", "Responses", "count", "messages" },
	{ "octets", "Octets of responses", "octets", "octets" },
	{ "authoritative_share", "AA", "share", "" },
	{ "recursive_share", "RA", "share", "" },
	{ "failure_share", "SERVFAIL, REFUSED", "share", "" },
	{ "unanswered", "Without answer", "count", "messages" },
	{ "p50", "Median time", "duration", "s" },
	{ "p99", "99 % time", "duration", "s" },
};

static enum err
read_servers(const struct section_context *c, const struct overview_facts *f, struct server *list,
    size_t *ret_count, struct err_info *info)
{
	size_t count = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, server AS a, sum(queries) AS q, sum(responses) AS p, sum(octets) AS "
	    "o, sum(noted_responses) AS k, sum(authoritative) AS aa, sum(recursive) AS ra, "
	    "sum(failures) AS x, sum(unanswered) AS u, sum(latencies) AS l FROM dns_top_servers "
	    "WHERE" PERIOD_SQL "GROUP BY v, a ORDER BY q DESC, p DESC, a, v LIMIT %llu",
	    PERIOD_ARGS(c), (unsigned long long)f->top);

	if (e != ERR_OK)
		return e;
	while (count < f->top && result_next(r)) {
		struct server *s = &list[count++];
		s->view = overview_view(result_text(r, 0));
		s->address = result_address(r, 1);
		for (unsigned i = 0; i < ARRAY_COUNT(s->sums); i++)
			s->sums[i] = result_u64(r, 2 + i);
	}
	result_free(r);
	*ret_count = count;
	return ERR_OK;
}

static enum err
table_servers(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	struct server *list = xcalloc(f->top, sizeof *list);
	struct section_table *table;
	size_t count = 0;
	struct bounds b;
	enum err e = read_bounds(c, KEYS_SERVER, &b, info);

	if (e == ERR_OK)
		e = read_servers(c, f, list, &count, info);
	if (e == ERR_OK && count != 0) {
		table = section_table(section, "top_servers", "Servers that are asked most",
		    SERVER_COLUMNS, ARRAY_COUNT(SERVER_COLUMNS));
		for (size_t i = 0; e == ERR_OK && i < count; i++)
			e = server_row(c, f, table, &list[i], info);
		note_bounds(table, &b, "queries");
		section_table_note(table,
		    "Times are within 6 %%. A role is the site's own word, else inferred from at "
		    "least %d responses.",
		    ROLE_RESPONSES);
	}
	free(list);
	return e;
}

/* ------------------------------------------------------------------ source ports */

static void
port_row(struct section_table *table, struct result *r)
{
	struct address client = result_address(r, 1);
	char text[ADDRESS_TEXT_SIZE];

	section_row(table, json_string(result_text(r, 0)),
	    json_string(address_format(&client, text)), json_string(result_text(r, 2)),
	    overview_count(result_u64(r, 3)), overview_count(result_u64(r, 4)),
	    overview_count(result_u64(r, 5)), overview_count(result_u64(r, 6)),
	    overview_count(result_u64(r, 7)), json_real(result_f64(r, 8)),
	    overview_count((uint64_t)(result_f64(r, 9) + 0.5)), overview_count(result_u64(r, 10)),
	    NULL);
}

/* Tells how many clients are of each verdict: who is judged twice counts as the worse. */
static void
say_verdicts(struct section *section, const uint64_t verdicts[PORT_VERDICT_COUNT])
{
	uint64_t all = 0;

	for (unsigned v = 0; v < PORT_VERDICT_COUNT; v++)
		all += verdicts[v];
	if (all == 0)
		return;
	section_say(section,
	    "Source ports of %llu clients were audited: %llu choose well, %llu from a narrow pool, "
	    "%llu one after the other, %llu always the same.",
	    (unsigned long long)all, (unsigned long long)verdicts[PORT_GOOD],
	    (unsigned long long)verdicts[PORT_NARROW],
	    (unsigned long long)verdicts[PORT_SEQUENTIAL],
	    (unsigned long long)verdicts[PORT_FIXED]);
}

static enum err
count_verdicts(
    const struct section_context *c, uint64_t verdicts[PORT_VERDICT_COUNT], struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT client AS a, min(CASE WHEN verdict = 'fixed' THEN 1 WHEN verdict = "
	    "'sequential' THEN 2 WHEN verdict = 'narrow' THEN 3 ELSE 4 END) AS w FROM dns_ports "
	    "WHERE" PERIOD_SQL "GROUP BY a ORDER BY a",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint64_t worst = result_u64(r, 1);
		if (worst < PORT_VERDICT_COUNT)
			verdicts[worst]++;
	}
	result_free(r);
	return ERR_OK;
}

static enum err
table_ports(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "view", "View", "text", "" },
		{ "client", "Client", "address", "" },
		{ "verdict", "Verdict", "text", "" },
		{ "queries", "Queries (UDP)", "count", "messages" },
		{ "distinct_ports", "Distinct ports", "count", "" },
		{ "sampled", "Among the last", "count", "" },
		{ "low", "Lowest", "count", "" },
		{ "high", "Highest", "count", "" },
		{ "entropy", "Entropy", "number", "bits" },
		{ "pool", "Pool", "count", "" },
		{ "longest_run", "Longest run", "count", "" },
	};
	uint64_t verdicts[PORT_VERDICT_COUNT] = { 0 };
	struct section_table *table = NULL;
	struct result *r;
	enum err e = count_verdicts(c, verdicts, info);

	if (e != ERR_OK)
		return e;
	say_verdicts(section, verdicts);
	/* One window of each client: the one whose pool is least. */
	e = query_run(c->store, &r, info,
	    "SELECT view AS v, client AS a, verdict AS w, sum(queries) AS q, min(distinct_ports) "
	    "AS d, max(sampled) AS s, min(low) AS l, max(high) AS h, min(entropy) AS e, min(pool) "
	    "AS p, max(longest_run) AS t FROM dns_ports WHERE" PERIOD_SQL
	    "GROUP BY v, a, w ORDER BY CASE WHEN w = 'fixed' THEN 1 WHEN w = 'sequential' THEN 2 "
	    "WHEN w = 'narrow' THEN 3 ELSE 4 END, q DESC, a, v LIMIT %llu",
	    PERIOD_ARGS(c), (unsigned long long)f->top);
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		if (table == NULL)
			table = section_table(section, "source_ports", "Randomness of source ports",
			    COLUMNS, ARRAY_COUNT(COLUMNS));
		port_row(table, r);
	}
	result_free(r);
	if (table != NULL)
		section_table_note(table,
		    "The worst first. Of clients with at least %d queries over UDP in a window; "
		    "counts of ports are of the window where they were least.",
		    PORT_AUDIT_LEAST);
	return ERR_OK;
}

/* Says where something was not held. */
static enum err
qualify(const struct section_context *c, struct section *section, struct err_info *info)
{
	for (unsigned k = KEYS_CLIENT; k < KEYS_KINDS; k++) {
		struct bounds b;
		enum err e = read_bounds(c, (enum keys_kind)k, &b, info);
		if (e != ERR_OK)
			return e;
		if (b.without_detail != 0)
			section_quality(section,
			    "Details of %ss found no room %llu times: the setting `details` is too "
			    "small for this traffic.",
			    keys_kind_names[k], (unsigned long long)b.without_detail);
	}
	return ERR_OK;
}

enum err
overview_hitters(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	enum err e = ERR_OK;

	for (int k = KEYS_NAME; e == ERR_OK && k <= KEYS_TLD; k++)
		e = table_names(c, f, section, (enum keys_kind)k, info);
	if (e == ERR_OK)
		e = table_clients(c, f, section, info);
	if (e == ERR_OK)
		e = say_habits(c, section, info);
	if (e == ERR_OK)
		e = table_servers(c, f, section, info);
	if (e == ERR_OK)
		e = table_ports(c, f, section, info);
	return e == ERR_OK ? qualify(c, section, info) : e;
}
