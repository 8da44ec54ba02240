/* SPDX-License-Identifier: ISC */
/* The section of dns/name-collision: which names leak, who asks for them, and what it would mean.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/collision.h"
#include "analysis/dns/samples.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "stat/hll.h"

#define ROWS_SHOWN 30
#define MOST_SHOWN 50 /* findings of a review */

/* What was counted of a suffix, over the period or over one leak without gaps. */
struct leak {
	char *suffix; /* owned */
	enum collision_class class;
	nsec_t first, last;
	uint64_t denials, queries, own, appended, types;
	uint64_t services[SERVICE_COUNT];
	uint8_t clients[HLL_SIZE(COLLISION_PRECISION)];
	uint8_t networks[HLL_SIZE(COLLISION_PRECISION)];
	uint8_t labels[HLL_SIZE(COLLISION_PRECISION)];
	struct dns_samples samples;
};

struct leaks {
	struct leak **list; /* owned, and what it points at */
	size_t count;
};

struct totals {
	uint64_t responses, queries, nxdomain, denials, random_single, asked_only, evicted, dropped;
};

static void
leaks_release(struct leaks *leaks)
{
	for (size_t i = 0; i < leaks->count; i++) {
		free(leaks->list[i]->suffix);
		free(leaks->list[i]);
	}
	free(leaks->list);
	*leaks = (struct leaks){ 0 };
}

static struct leak *
add_leak(struct leaks *leaks, const char *suffix, enum collision_class class)
{
	struct leak *l = xcalloc(1, sizeof *l);

	if ((leaks->count & (leaks->count - 1)) == 0)
		leaks->list = xrealloc_array(
		    leaks->list, leaks->count != 0 ? 2 * leaks->count : 1, sizeof *leaks->list);
	leaks->list[leaks->count++] = l;
	l->suffix = xstrdup(suffix);
	l->class = class;
	return l;
}

/* Adds a row: columns as SUFFIX_SQL names them. */
static void
add_row(struct leak *l, const struct result *r)
{
	nsec_t first = (nsec_t)result_u64(r, 2) * NSEC_PER_MS;
	nsec_t last = (nsec_t)result_u64(r, 3) * NSEC_PER_MS;

	if (l->denials + l->queries == 0 || first < l->first)
		l->first = first;
	if (last > l->last)
		l->last = last;
	l->denials += result_u64(r, 4);
	l->queries += result_u64(r, 5);
	l->own += result_u64(r, 6);
	l->appended += result_u64(r, 7);
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		l->services[i] += result_u64(r, 8 + i);
	l->types |= result_u64(r, 8 + SERVICE_COUNT);
	(void)!sketch_add(l->clients, COLLISION_PRECISION, r, 9 + SERVICE_COUNT);
	(void)!sketch_add(l->networks, COLLISION_PRECISION, r, 10 + SERVICE_COUNT);
	(void)!sketch_add(l->labels, COLLISION_PRECISION, r, 11 + SERVICE_COUNT);
	dns_samples_read(&l->samples, r, 12 + SERVICE_COUNT, result_u64(r, 13 + SERVICE_COUNT));
}

/* Reads a table of suffixes, a leak for each; with `gap` one for each stretch without a longer
 * silence. */
static enum err
read_leaks(const struct section_context *c, const char *table, nsec_t gap, struct leaks *leaks,
    struct err_info *info)
{
	struct leak *l = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT suffix AS s, class AS k, first_time AS f, last_time AS l, denials, queries, "
	    "own_denials, appended, wpad, isatap, active_directory, kerberos, service_discovery, "
	    "mail_configuration, sip, types, clients, networks, labels, samples, input "
	    "FROM %s WHERE" PERIOD_SQL "ORDER BY s, f, l, input",
	    table, PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		nsec_t first = (nsec_t)result_u64(r, 2) * NSEC_PER_MS;
		if (l == NULL || strcmp(l->suffix, result_text(r, 0)) != 0 ||
		    (gap != 0 && first - l->last > gap))
			l = add_leak(
			    leaks, result_text(r, 0), (enum collision_class)result_u64(r, 1));
		add_row(l, r);
	}
	result_free(r);
	return ERR_OK;
}

/* Leaks of denials, or of queries where nobody saw answers. */
static uint64_t
leaked(const struct leak *l)
{
	return l->denials != 0 ? l->denials : l->queries;
}

static int
by_leaked(const void *a, const void *b)
{
	const struct leak *x = *(const struct leak *const *)a, *y = *(const struct leak *const *)b;

	if (leaked(x) != leaked(y))
		return leaked(x) > leaked(y) ? -1 : 1;
	return strcmp(x->suffix, y->suffix);
}

static uint64_t
distinct(const uint8_t *registers)
{
	return (uint64_t)(hll_estimate(registers, COLLISION_PRECISION) + 0.5);
}

/* "wpad 12, active directory 3" */
static json_t *
services_json(const struct leak *l)
{
	char text[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (l->services[i] != 0 && used < sizeof text)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %" PRIu64,
			    used != 0 ? ", " : "",
			    collision_service_name((enum collision_service)i), l->services[i]);
	return used != 0 ? json_string(text) : NULL;
}

static json_t *
share_json(uint64_t part, uint64_t whole)
{
	return whole != 0 ? json_real((double)part / (double)whole) : NULL;
}

static void
tabulate(struct section *s, const struct leaks *leaks, uint64_t all)
{
	static const struct section_column columns[] = {
		{ "suffix", "Top-level name", "text", "" },
		{ "class", "Class", "text", "" },
		{ "leaks", "Leaks", "count", "" },
		{ "share", "Share of leaks", "share", "" },
		{ "clients", "Clients", "count", "" },
		{ "networks", "Networks", "count", "" },
		{ "types", "Types", "count", "" },
		{ "labels", "Labels below", "count", "" },
		{ "appended", "Behind whole names", "count", "" },
		{ "services", "Services asked for", "text", "" },
	};
	struct section_table *t = section_table(
	    s, "suffixes", "Names that leak, by top-level name", columns, ARRAY_COUNT(columns));

	for (size_t i = 0; i < leaks->count && i < ROWS_SHOWN; i++) {
		const struct leak *l = leaks->list[i];
		section_row(t, json_text(l->suffix, strlen(l->suffix)),
		    json_string(collision_class_name(l->class)), json_count(leaked(l)),
		    share_json(leaked(l), all), json_count(distinct(l->clients)),
		    json_count(distinct(l->networks)), json_integer(__builtin_popcountll(l->types)),
		    json_count(distinct(l->labels)), json_count(l->appended), services_json(l),
		    NULL);
	}
	section_table_note(t,
	    "Clients, networks (/24, /48) and labels are estimates with a standard error of %.1f "
	    "%%.",
	    100 * hll_standard_error(COLLISION_PRECISION));
	if (leaks->count > ROWS_SHOWN)
		section_table_note(
		    t, "%zu more names are not shown.", leaks->count - (size_t)ROWS_SHOWN);
}

static void
tabulate_search(struct section *s, const struct leaks *leaks)
{
	static const struct section_column columns[] = {
		{ "suffix", "Suffix", "text", "" },
		{ "leaks", "Leaks", "count", "" },
		{ "clients", "Clients", "count", "" },
		{ "labels", "Labels below", "count", "" },
	};
	struct section_table *t;

	if (leaks->count == 0)
		return;
	t = section_table(s, "search_lists", "Search lists: suffixes put behind whole names",
	    columns, ARRAY_COUNT(columns));
	for (size_t i = 0; i < leaks->count && i < ROWS_SHOWN; i++) {
		const struct leak *l = leaks->list[i];
		section_row(t, json_text(l->suffix, strlen(l->suffix)), json_count(leaked(l)),
		    json_count(distinct(l->clients)), json_count(distinct(l->labels)), NULL);
	}
	section_table_note(t, "A suffix stands here when com, net, org and the like, or a country "
			      "after three labels, "
			      "stands left of it: the name was whole before.");
}

static enum err
tabulate_clients(const struct section_context *c, struct section *s, struct err_info *info)
{
	static const struct section_column columns[] = {
		{ "client", "Client", "address", "" },
		{ "leaks", "Leaks", "count", "" },
		{ "own", "Own", "text", "" },
	};
	struct section_table *t = NULL;
	uint64_t error = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT client AS x, sum(denials) AS n, max(own) AS o FROM dns_collision_clients "
	    "WHERE" PERIOD_SQL "GROUP BY x ORDER BY n DESC, x LIMIT %d",
	    PERIOD_ARGS(c), ROWS_SHOWN);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address client = result_address(r, 0);
		char text[ADDRESS_TEXT_SIZE];
		if (t == NULL)
			t = section_table(
			    s, "clients", "Clients that leak most", columns, ARRAY_COUNT(columns));
		section_row(t, json_string(address_format(&client, text)),
		    json_count(result_u64(r, 1)), json_string(result_u64(r, 2) != 0 ? "yes" : "no"),
		    NULL);
	}
	result_free(r);
	if (t == NULL)
		return ERR_OK;
	e = query_run(c->store, &r, info,
	    "SELECT sum(m) AS total FROM (SELECT window_begin AS w, max(error) AS m FROM "
	    "dns_collision_clients WHERE" PERIOD_SQL "GROUP BY w) AS windows",
	    PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	if (result_next(r))
		error = result_u64(r, 0);
	result_free(r);
	section_table_note(t, "Each number may be short by %" PRIu64 " at most.", error);
	return ERR_OK;
}

/* The number YYYYMMDD as a date. */
static json_t *
date_json(uint64_t number)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)(number / 10000),
	    (unsigned)(number / 100 % 100), (unsigned)(number % 100));
	return json_string(text);
}

static enum err
tabulate_new(const struct section_context *c, struct section *s, struct err_info *info)
{
	static const struct section_column columns[] = {
		{ "label", "Top-level name", "text", "" },
		{ "since", "Contract of", "text", "" },
		{ "nxdomain", "Names that do not exist", "count", "" },
	};
	struct section_table *t = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT label AS x, max(since) AS d, sum(nxdomain) AS n FROM dns_collision_new "
	    "WHERE" PERIOD_SQL "GROUP BY x ORDER BY n DESC, x LIMIT %d",
	    PERIOD_ARGS(c), ROWS_SHOWN);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *label = result_text(r, 0);
		if (t == NULL)
			t = section_table(s, "new_names",
			    "Top-level names of ICANN's programme of 2012: names below them that "
			    "do not exist",
			    columns, ARRAY_COUNT(columns));
		section_row(t, json_text(label, strlen(label)), date_json(result_u64(r, 1)),
		    json_count(result_u64(r, 2)), NULL);
	}
	result_free(r);
	if (t != NULL)
		section_table_note(t,
		    "Names of the inside that collided before these were delegated now end at "
		    "their registries.  Dates are those of the registries' contracts, as the "
		    "public suffix list gives them.");
	return ERR_OK;
}

static enum err
read_totals(const struct section_context *c, struct totals *t, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sum(responses) AS a, sum(queries) AS b, sum(nxdomain) AS c, sum(denials) AS d, "
	    "sum(random_single) AS e, sum(asked_only) AS f, sum(evicted) AS g, "
	    "sum(answers_dropped) AS h FROM dns_collision_totals WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		*t = (struct totals){ result_u64(r, 0), result_u64(r, 1), result_u64(r, 2),
			result_u64(r, 3), result_u64(r, 4), result_u64(r, 5), result_u64(r, 6),
			result_u64(r, 7) };
	result_free(r);
	return ERR_OK;
}

static const char *
severity_of(const struct leak *l)
{
	if (l->services[SERVICE_WPAD] + l->services[SERVICE_DIRECTORY] != 0 &&
	    l->class != COLLISION_SPECIAL)
		return "medium";
	return l->class == COLLISION_HIGH_RISK ? "medium" : "low";
}

/* Suffixes of the table of search lists that belong to a top-level name. */
static json_t *
search_lists_of(const char *tld, const struct leaks *search)
{
	json_t *list = json_array();
	size_t size = strlen(tld);

	for (size_t i = 0; i < search->count; i++) {
		const char *suffix = search->list[i]->suffix;
		size_t length = strlen(suffix);
		if (length >= size && strcmp(suffix + length - size, tld) == 0 &&
		    (length == size || suffix[length - size - 1] == '.'))
			json_array_append_new(list, json_text(suffix, length));
	}
	return list;
}

static void
report_leak(const struct section_context *c, struct section *s, const struct leak *l,
    const struct leaks *search)
{
	struct finding *f = section_finding(s, "leak", severity_of(l), 1.0, l->first, l->last);

	finding_subject(f, "suffix", json_text(l->suffix, strlen(l->suffix)));
	finding_measure(f, "queries", json_count(leaked(l)));
	finding_measure(f, "clients", json_count(distinct(l->clients)));
	finding_measure(f, "names", json_count(distinct(l->labels)));
	finding_measure(f, "networks", json_count(distinct(l->networks)));
	finding_measure(f, "class", json_string(collision_class_name(l->class)));
	finding_measure(f, "own_queries", json_count(l->own));
	finding_measure(f, "search_lists", search_lists_of(l->suffix, search));
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (l->services[i] != 0)
			finding_measure(f, collision_service_name((enum collision_service)i),
			    json_count(l->services[i]));
	finding_threshold(f, "leaks", json_count(settings_u64(c->settings, "least_queries")),
	    "setting least_queries");
	dns_samples_evidence(&l->samples, f);
	if (l->class == COLLISION_SPECIAL)
		finding_advise(f,
		    "Resolvers should answer \"%s\" themselves and never ask outside (RFC 6761, "
		    "RFC "
		    "6303): make it a local zone, and take it out of search lists.",
		    l->suffix);
	else
		finding_advise(f,
		    "Rename the inside to a name below a domain that the organisation owns, or "
		    "make "
		    "\"%s\" a local zone of its resolvers; look for the devices and search lists "
		    "that ask.",
		    l->suffix);
}

/* How many of each client: all names in one finding. */
static enum err
report_answers(
    const struct section_context *c, struct section *s, uint64_t *ret_count, struct err_info *info)
{
	static const struct section_column columns[] = {
		{ "client", "Client", "address", "" },
		{ "name", "Name", "text", "" },
		{ "type", "Type", "text", "" },
		{ "answers", "Answers", "count", "" },
		{ "first", "First", "time", "" },
		{ "last", "Last", "time", "" },
	};
	struct section_table *t = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT client AS x, name AS n, type AS t, first_time AS f, last_time AS l, answers, "
	    "samples, input FROM dns_collision_answers WHERE" PERIOD_SQL "ORDER BY n, x, t, f",
	    PERIOD_ARGS(c));
	struct finding *f = NULL;
	char name[DNS_NAME_TEXT_SIZE] = "";
	struct dns_samples samples = { 0 };
	uint64_t answers = 0, clients = 0;
	nsec_t begin = 0, end = 0;
	bool more;

	if (e != ERR_OK)
		return e;
	do {
		more = result_next(r);
		if (answers != 0 &&
		    (!more || strcmp(name, result_text(r, 1)) != 0 ||
			(nsec_t)result_u64(r, 3) * NSEC_PER_MS - end > FINDING_GAP)) {
			f = section_finding(s, "leak", "high", 1.0, begin, end);
			finding_subject(f, "suffix", json_text(name, strlen(name)));
			finding_measure(f, "queries", json_count(answers));
			finding_measure(f, "clients", json_count(clients));
			finding_measure(f, "names", json_integer(1));
			finding_measure(f, "controlled_interruption", json_true());
			finding_threshold(f, "answer", json_string("127.0.53.53"),
			    "ICANN Name Collision Occurrence Management Framework, 2014-07-30");
			dns_samples_evidence(&samples, f);
			finding_advise(f,
			    "The name belongs to a new top-level domain now: whoever asks means "
			    "something of the inside.  Find it and rename it before the domain is "
			    "used.");
			samples = (struct dns_samples){ 0 };
			answers = clients = 0;
		}
		if (!more)
			break;
		struct address client = result_address(r, 0);
		char text[ADDRESS_TEXT_SIZE], type[DNS_NUMBER_TEXT_SIZE];
		const char *full = result_text(r, 1);
		nsec_t first = (nsec_t)result_u64(r, 3) * NSEC_PER_MS;
		nsec_t last = (nsec_t)result_u64(r, 4) * NSEC_PER_MS;
		if (t == NULL)
			t = section_table(s, "interruptions",
			    "Answers of a controlled interruption (127.0.53.53)", columns,
			    ARRAY_COUNT(columns));
		section_row(t, json_string(address_format(&client, text)),
		    json_text(full, strlen(full)),
		    json_string(dns_type_name((uint16_t)result_u64(r, 2), type)),
		    json_count(result_u64(r, 5)), json_integer(first / NSEC_PER_MS),
		    json_integer(last / NSEC_PER_MS), NULL);
		if (answers == 0) {
			begin = first;
			end = last;
			(void)snprintf(name, sizeof name, "%s", full);
		}
		end = last > end ? last : end;
		begin = first < begin ? first : begin;
		answers += result_u64(r, 5);
		clients++;
		*ret_count += result_u64(r, 5);
		dns_samples_read(&samples, r, 6, result_u64(r, 7));
	} while (more);
	result_free(r);
	return ERR_OK;
}

/* Who got a name delegated would be asked so and so often a day. */
static void
say_delegation(const struct section_context *c, struct section *s, const struct leaks *leaks)
{
	double days = (double)(c->last - c->first) / 86400e9;

	for (size_t i = 0, said = 0; i < leaks->count && said < 3; i++) {
		const struct leak *l = leaks->list[i];
		char rate[32];
		if (l->class == COLLISION_SPECIAL || l->class == COLLISION_GARBAGE)
			continue;
		said++;
		if (days <= 0)
			continue;
		section_say(s,
		    "If \"%s\" were delegated tomorrow, its registry would be asked %s times a day "
		    "by about %" PRIu64 " of the clients seen here%s.",
		    l->suffix, text_count((uint64_t)((double)leaked(l) / days), rate, sizeof rate),
		    distinct(l->clients),
		    l->appended * 2 > leaked(l)
			? ", mostly for whole names with the suffix put behind them"
			: "");
		for (size_t k = 0; k < SERVICE_COUNT; k++)
			if (l->services[k] != 0)
				section_say(s, "Whoever holds \"%s\" could %s (%s: %" PRIu64 ").",
				    l->suffix, collision_service_risk((enum collision_service)k),
				    collision_service_name((enum collision_service)k),
				    l->services[k]);
	}
}

static void
define(struct section *s)
{
	section_define(s,
	    "A leak is an NXDOMAIN whose authority section names the root (SOA of \".\", RFC "
	    "2308): "
	    "the name's last label is not delegated.  Where no answers were seen, queries count "
	    "for "
	    "names whose last label the public suffix list does not have.  Names count without "
	    "regard to case.");
	section_define(s,
	    "Single labels of 7 to 15 letters are kept out: Chromium asks for such random names to "
	    "find out whether somebody rewrites NXDOMAIN.");
	section_define(s,
	    "Special use: reserved by RFC 6761, 6762, 7686, 9476.  Private use: \"internal\", by "
	    "ICANN's board on 2024-07-29.  High risk: corp, home, mail, put aside on 2014-07-30 "
	    "and "
	    "deferred indefinitely on 2018-02-04.");
}

static void
say(const struct section_context *c, struct section *s, const struct totals *t,
    const struct leaks *leaks, uint64_t all)
{
	char a[32], b[32];

	if (t->denials != 0)
		section_say(s,
		    "%s of %s responses denied a top-level name that does not exist (%.1f %% of "
		    "the "
		    "NXDOMAINs); %.1f %% of those were random single labels, as Chromium asks.",
		    text_count(t->denials, a, sizeof a), text_count(t->responses, b, sizeof b),
		    100 * (double)t->denials / (double)(t->nxdomain != 0 ? t->nxdomain : 1),
		    100 * (double)t->random_single / (double)t->denials);
	else if (t->asked_only != 0)
		section_say(s,
		    "%s of %s queries were for top-level names that do not exist; their answers "
		    "were not seen.",
		    text_count(t->asked_only, a, sizeof a), text_count(t->queries, b, sizeof b));
	else
		section_say(s,
		    "Among %s queries and %s responses no name was below a top-level name that "
		    "does "
		    "not exist.",
		    text_count(t->queries, a, sizeof a), text_count(t->responses, b, sizeof b));
	if (leaks->count != 0)
		section_say(s, "Most leaks were below \"%s\": %s, %.1f %%.", leaks->list[0]->suffix,
		    text_count(leaked(leaks->list[0]), a, sizeof a),
		    100 * (double)leaked(leaks->list[0]) / (double)(all != 0 ? all : 1));
	say_delegation(c, s, leaks);
	if (t->evicted != 0)
		section_quality(s,
		    "%s leaks of rare names gave way to others: the table of names was full.",
		    text_count(t->evicted, a, sizeof a));
	if (t->dropped != 0)
		section_quality(s, "%s answers with 127.0.53.53 found no room in the table.",
		    text_count(t->dropped, a, sizeof a));
	if (c->suffixes == NULL)
		section_quality(s,
		    "There is no public suffix list (dns.public_suffixes): queries without answers "
		    "cannot be judged.");
}

static enum err
report(const struct section_context *c, struct section *s, const struct totals *t,
    struct err_info *info)
{
	struct leaks leaks = { 0 }, search = { 0 }, stretches = { 0 };
	uint64_t all = 0, told = 0, least = settings_u64(c->settings, "least_queries");
	size_t shown = 0;
	enum err e = read_leaks(c, "dns_collision_suffixes", 0, &leaks, info);

	if (e == ERR_OK)
		e = read_leaks(c, "dns_collision_search", 0, &search, info);
	if (e == ERR_OK)
		e = read_leaks(c, "dns_collision_suffixes", FINDING_GAP, &stretches, info);
	for (size_t i = 0; i < leaks.count; i++)
		all += leaked(leaks.list[i]);
	if (e == ERR_OK) {
		if (leaks.count != 0)
			qsort(leaks.list, leaks.count, sizeof *leaks.list, by_leaked);
		if (search.count != 0)
			qsort(search.list, search.count, sizeof *search.list, by_leaked);
		if (stretches.count != 0)
			qsort(stretches.list, stretches.count, sizeof *stretches.list, by_leaked);
		say(c, s, t, &leaks, all);
		tabulate(s, &leaks, all);
		tabulate_search(s, &search);
		e = tabulate_clients(c, s, info);
	}
	if (e == ERR_OK)
		e = tabulate_new(c, s, info);
	for (size_t i = 0; e == ERR_OK && i < stretches.count && shown < MOST_SHOWN; i++) {
		const struct leak *l = stretches.list[i];
		if (leaked(l) < least || l->class == COLLISION_GARBAGE)
			continue;
		report_leak(c, s, l, &search);
		shown++;
	}
	if (e == ERR_OK)
		e = report_answers(c, s, &told, info);
	if (told != 0)
		section_say(s,
		    "%" PRIu64
		    " answers were those of a controlled interruption: these names belong "
		    "to new top-level domains now.",
		    told);
	leaks_release(&leaks);
	leaks_release(&search);
	leaks_release(&stretches);
	return e;
}

enum err
collision_section(const struct section_context *c, struct section *s, struct err_info *info)
{
	struct totals t = { 0 };
	enum err e = read_totals(c, &t, info);

	if (e != ERR_OK)
		return e;
	if (t.responses + t.queries == 0)
		return ERR_END;
	e = report(c, s, &t, info);
	define(s);
	return e;
}
