/* SPDX-License-Identifier: ISC */
/*
 * The section of dns/countermeasures: attacks, stepping stones and countermeasures, each by what
 * was measured of it.
 *
 * The items are those of "Internet Operation: DNS Open Resolver Issues" (IIR Vol. 21, section 2),
 * with response policy as the ninth.  Figures of attacks and stepping stones come from the tables
 * of the chapter's other analyses; where these did not run the item says so.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/countermeasures.h"
#include "analysis/dns/poisoning_race.h"
#include "analysis/dns/rate_limit.h"
#include "analysis/dns/samples.h"
#include "analysis/sketch.h"
#include "stat/hll.h"

#define MOST_SHOWN 20

/* An address whose answers to strangers are mostly authoritative serves a zone. */
#define ZONE_SHARE 0.5

struct facts {
	uint64_t own_known, queries, responses, udp_responses, udp_octets;
	uint64_t cookie_exempt, truncated, rate_lost, evicted;
	uint64_t faults[SOURCE_FAULTS];
	double sources[SOURCE_FAULTS];
	struct dns_samples samples[SOURCE_FAULTS];
};

/* Own addresses by how they answer strangers. */
struct stones {
	bool known;
	uint64_t recursive, routers, transparent, authoritative;
	uint64_t asked, closed, closed_since; /* refused only; answered first and refused later */
};

/* One algorithm and rate over the period. */
struct limited {
	uint64_t attack_responses, attack_octets, attack_dropped, attack_slipped, attack_removed;
	uint64_t other_dropped, other_slipped;
	uint64_t networks[64];
};

struct builder {
	const struct section_context *context;
	struct section *section;
	struct err_info *info;
	struct facts facts;
	struct stones stones;
	struct limited limits[RATE_LIMIT_ALGORITHMS][RATE_LIMIT_RATES];
	uint64_t servers, refusing, with_policy, policy_answers, refused;
	bool races_known;
	uint64_t forged, windows;
};

/* ------------------------------------------------------------------ reading */

static enum err
read_facts(struct builder *b)
{
	struct facts *f = &b->facts;
	uint64_t *const sums[] = { &f->queries, &f->responses, &f->udp_responses, &f->udp_octets,
		&f->cookie_exempt, &f->truncated, &f->rate_lost, &f->evicted, &f->faults[0],
		&f->faults[1], &f->faults[2] };
	uint8_t sketches[SOURCE_FAULTS][HLL_SIZE(COUNTERMEASURES_PRECISION)] = { { 0 } };
	struct result *r;
	enum err e = query_run(b->context->store, &r, b->info,
	    "SELECT input, own_known, queries, responses, udp_responses, udp_octets, "
	    "cookie_exempt, truncated, rate_lost, evicted, foreign_queries, special_queries, "
	    "near_queries, foreign_sources, special_sources, near_sources, foreign_samples, "
	    "special_samples, near_samples FROM dns_countermeasures WHERE" PERIOD_SQL
	    "ORDER BY window_begin, input",
	    PERIOD_ARGS(b->context));

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		f->own_known |= result_u64(r, 1);
		for (size_t i = 0; i < ARRAY_COUNT(sums); i++)
			*sums[i] += result_u64(r, 2 + i);
		for (size_t i = 0; i < SOURCE_FAULTS; i++) {
			if (!sketch_add(sketches[i], COUNTERMEASURES_PRECISION, r, 13 + i)) {
				e = ERR_DAMAGED;
				break;
			}
			dns_samples_read(&f->samples[i], r, 16 + i, result_u64(r, 0));
		}
	}
	for (size_t i = 0; i < SOURCE_FAULTS; i++)
		f->sources[i] = hll_estimate(sketches[i], COUNTERMEASURES_PRECISION);
	result_free(r);
	return e == ERR_OK ? ERR_OK
			   : err_set(b->info, e, "dns_countermeasures: a sketch is damaged");
}

static void
add_limited(struct limited *l, const struct result *r)
{
	uint64_t *const sums[] = { &l->attack_responses, &l->attack_octets, &l->attack_dropped,
		&l->attack_slipped, &l->attack_removed, &l->other_dropped, &l->other_slipped };
	size_t size;
	const char *networks = result_blob(r, 9, &size);

	for (size_t i = 0; i < ARRAY_COUNT(sums); i++)
		*sums[i] += result_u64(r, 2 + i);
	for (size_t i = 0; size == sizeof l->networks && i < ARRAY_COUNT(l->networks); i++) {
		uint64_t word;
		memcpy(&word, networks + i * sizeof word, sizeof word);
		l->networks[i] |= word;
	}
}

static enum err
read_limits(struct builder *b)
{
	struct result *r;
	enum err e = query_run(b->context->store, &r, b->info,
	    "SELECT algorithm, rate, attack_responses, attack_octets, attack_dropped, "
	    "attack_slipped, attack_removed, other_dropped, other_slipped, networks "
	    "FROM dns_rate_limits WHERE" PERIOD_SQL "ORDER BY window_begin, input",
	    PERIOD_ARGS(b->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		int algorithm =
		    strcmp(result_text(r, 0), "nsd") == 0 ? RATE_LIMIT_NSD : RATE_LIMIT_BIND;
		for (size_t i = 0; i < RATE_LIMIT_RATES; i++)
			if (RATE_LIMIT_TRIED[i] == result_u64(r, 1))
				add_limited(&b->limits[algorithm][i], r);
	}
	result_free(r);
	return ERR_OK;
}

/* What other analyses stored; nothing where they did not run. */
static void
read_races(struct builder *b)
{
	struct err_info ignored;
	struct result *r;

	if (query_run(b->context->store, &r, &ignored,
		"SELECT count(*) AS n, sum(wrong_id + wrong_port) AS forged FROM dns_race_facts "
		"WHERE" PERIOD_SQL,
		PERIOD_ARGS(b->context)) != ERR_OK)
		return;
	if (result_next(r)) {
		b->races_known = result_u64(r, 0) != 0;
		b->forged = result_u64(r, 1);
	}
	result_free(r);
	if (query_run(b->context->store, &r, &ignored,
		"SELECT sum(windows) AS windows FROM dns_races WHERE" PERIOD_SQL,
		PERIOD_ARGS(b->context)) != ERR_OK)
		return;
	if (result_next(r))
		b->windows = result_u64(r, 0);
	result_free(r);
}

static bool
is_customer(const struct site *site, const struct address *a)
{
	for (size_t i = 0; i < site->pool_count; i++)
		if (prefix_contains(&site->pools[i].prefix, a))
			return true;
	return false;
}

/* One own address; columns as in read_stones. */
static void
add_stone(struct builder *b, const struct result *r)
{
	struct address a = result_address(r, 0);
	const char *role = site_role(b->context->site, &a);
	uint64_t queries = result_u64(r, 1), resolved = result_u64(r, 2);
	uint64_t refused = result_u64(r, 3), passed = result_u64(r, 5);
	uint64_t servers = result_u64(r, 6), resolvers = result_u64(r, 7);
	struct stones *s = &b->stones;

	s->asked++;
	if (resolved == 0) {
		s->transparent += passed != 0;
		s->closed += passed == 0 && refused != 0;
		return;
	}
	s->closed_since += refused != 0 && result_u64(r, 8) > result_u64(r, 9);
	if (role != NULL ? strcmp(role, "authoritative") == 0
			 : (double)result_u64(r, 4) > ZONE_SHARE * (double)queries)
		s->authoritative++;
	else if ((role == NULL || strcmp(role, "resolver") != 0) &&
		 ((role != NULL && strcmp(role, "forwarder") == 0) ||
		     is_customer(b->context->site, &a) || (resolvers != 0 && servers < 2)))
		s->routers++;
	else
		s->recursive++;
}

static void
read_stones(struct builder *b)
{
	struct err_info ignored;
	struct result *r;

	if (query_run(b->context->store, &r, &ignored,
		"SELECT count(*) AS n FROM dns_open_resolver_windows WHERE" PERIOD_SQL,
		PERIOD_ARGS(b->context)) != ERR_OK)
		return;
	b->stones.known = result_next(r) && result_u64(r, 0) != 0;
	result_free(r);
	if (!b->stones.known)
		return;
	if (query_run(b->context->store, &r, &ignored,
		"SELECT address, sum(queries) AS queries, sum(resolved) AS resolved, "
		"sum(refused) AS refused, sum(authoritative) AS authoritative, "
		"sum(passed) AS passed, max(servers_asked) AS servers, "
		"max(resolvers_asked) AS resolvers, "
		"max(CASE WHEN refused > 0 THEN window_begin ELSE 0 END) AS last_refused, "
		"max(CASE WHEN resolved > 0 THEN window_begin ELSE 0 END) AS last_resolved "
		"FROM dns_open_resolver WHERE" PERIOD_SQL "GROUP BY address ORDER BY address",
		PERIOD_ARGS(b->context)) != ERR_OK)
		return;
	while (result_next(r))
		add_stone(b, r);
	result_free(r);
}

/* ------------------------------------------------------------------ tables */

static enum err
put_servers(struct builder *b)
{
	static const struct section_column COLUMNS[] = {
		{ "server", "Server", "address", "" },
		{ "responses", "Responses", "count", "messages" },
		{ "refused", "Refused", "count", "messages" },
		{ "bind_policy", "BIND's mark of a policy", "count", "messages" },
		{ "unbound_policy", "Unbound's mark", "count", "messages" },
		{ "extended_errors", "Extended errors of policy", "count", "messages" },
	};
	struct section_table *t = NULL;
	struct result *r;
	enum err e = query_run(b->context->store, &r, b->info,
	    "SELECT server, sum(responses) AS responses, sum(refused) AS refused, "
	    "sum(bind_policy) AS bind_policy, sum(unbound_policy) AS unbound_policy, "
	    "sum(extended_errors) AS extended_errors FROM dns_policy_servers WHERE" PERIOD_SQL
	    "GROUP BY server ORDER BY responses DESC, server",
	    PERIOD_ARGS(b->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint64_t policy = result_u64(r, 3) + result_u64(r, 4) + result_u64(r, 5);
		struct address a = result_address(r, 0);
		char text[ADDRESS_TEXT_SIZE];

		b->servers++;
		b->refusing += result_u64(r, 2) != 0;
		b->refused += result_u64(r, 2);
		b->with_policy += policy != 0;
		b->policy_answers += policy;
		if (policy + result_u64(r, 2) == 0 || b->servers > MOST_SHOWN)
			continue;
		if (t == NULL)
			t = section_table(b->section, "servers",
			    "Servers that refuse, or answer by policy", COLUMNS,
			    ARRAY_COUNT(COLUMNS));
		section_row(t, json_string(address_format(&a, text)), json_count(result_u64(r, 1)),
		    json_count(result_u64(r, 2)), json_count(result_u64(r, 3)),
		    json_count(result_u64(r, 4)), json_count(result_u64(r, 5)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
put_sources(struct builder *b)
{
	static const struct section_column COLUMNS[] = {
		{ "fault", "Fault", "text", "" },
		{ "source", "Source", "address", "" },
		{ "server", "Asked", "address", "" },
		{ "queries", "Queries", "count", "messages" },
		{ "begin", "First", "time", "ms" },
		{ "end", "Last", "time", "ms" },
	};
	struct section_table *t = NULL;
	struct result *r;
	size_t count = 0;
	enum err e = query_run(b->context->store, &r, b->info,
	    "SELECT fault, client, min(server) AS server, sum(queries) AS total, "
	    "min(first) AS begin_time, max(last) AS end_time "
	    "FROM dns_spoofed_sources WHERE" PERIOD_SQL
	    "GROUP BY fault, client ORDER BY total DESC, fault, client",
	    PERIOD_ARGS(b->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address client = result_address(r, 1), server = result_address(r, 2);
		char text[2][ADDRESS_TEXT_SIZE];

		if (count++ >= MOST_SHOWN)
			continue;
		if (t == NULL)
			t = section_table(b->section, "sources",
			    "Sources that source validation would have stopped", COLUMNS,
			    ARRAY_COUNT(COLUMNS));
		section_row(t, json_string(result_text(r, 0)),
		    json_string(address_format(&client, text[0])),
		    json_string(address_format(&server, text[1])), json_count(result_u64(r, 3)),
		    json_count(result_u64(r, 4)), json_count(result_u64(r, 5)), NULL);
	}
	if (count > MOST_SHOWN)
		section_table_note(t, "%zu more are not shown.", count - MOST_SHOWN);
	result_free(r);
	return ERR_OK;
}

static void
put_limits(struct builder *b)
{
	static const struct section_column COLUMNS[] = {
		{ "algorithm", "Algorithm", "text", "" },
		{ "rate", "Responses a second", "count", "messages/s" },
		{ "attack_removed", "Attack octets removed", "octets", "octets" },
		{ "attack_share", "of the attack", "share", "" },
		{ "other_dropped", "Other responses dropped", "count", "messages" },
		{ "other_slipped", "truncated", "count", "messages" },
		{ "other_share", "of the others", "share", "" },
		{ "networks", "Networks touched", "count", "networks" },
		{ "dropped", "All dropped", "count", "messages" },
		{ "slipped", "All truncated", "count", "messages" },
	};
	static const char *const NAMES[] = { "bind", "nsd" };
	struct section_table *t;

	if (b->facts.udp_responses == 0)
		return;
	t = section_table(b->section, "rate-limits", "What response rate limiting would have done",
	    COLUMNS, ARRAY_COUNT(COLUMNS));
	for (size_t a = 0; a < RATE_LIMIT_ALGORITHMS; a++) {
		for (size_t i = 0; i < RATE_LIMIT_RATES; i++) {
			const struct limited *l = &b->limits[a][i];
			uint64_t others = b->facts.udp_responses - l->attack_responses;
			uint64_t touched = l->other_dropped + l->other_slipped;

			section_row(t, json_string(NAMES[a]), json_count(RATE_LIMIT_TRIED[i]),
			    json_count(l->attack_removed),
			    l->attack_octets != 0
				? json_real((double)l->attack_removed / (double)l->attack_octets)
				: json_null(),
			    json_count(l->other_dropped), json_count(l->other_slipped),
			    json_real(others != 0 ? (double)touched / (double)others : 0),
			    json_integer((json_int_t)llround(race_distinct(l->networks, 64))),
			    json_count(l->attack_dropped + l->other_dropped),
			    json_count(l->attack_slipped + l->other_slipped), NULL);
		}
	}
}

/* ------------------------------------------------------------------ the items */

static void
put_item(struct section_table *t, const char *item, const char *measure, bool known, uint64_t value,
    uint64_t of)
{
	section_row(t, json_string(item), json_string(measure),
	    known ? json_count(value) : json_null(),
	    known && of != 0 ? json_count(of) : json_null(), NULL);
}

static void
put_items(struct builder *b)
{
	static const struct section_column COLUMNS[] = {
		{ "item", "Item", "text", "" },
		{ "measure", "Measure", "text", "" },
		{ "value", "Value", "count", "" },
		{ "of", "of", "count", "" },
	};
	const struct stones *s = &b->stones;
	const struct facts *f = &b->facts;
	const struct limited *at_5 = &b->limits[RATE_LIMIT_BIND][0];
	struct section_table *t = section_table(b->section, "items",
	    "Attacks, stepping stones, countermeasures", COLUMNS, ARRAY_COUNT(COLUMNS));
	uint64_t open = s->recursive + s->routers + s->transparent + s->authoritative;

	put_item(t, "Amplification", "octets of own servers' answers that were an attack, of all",
	    true, at_5->attack_octets, f->udp_octets);
	put_item(t, "Cache poisoning", "forged answers; of: queries they were aimed at",
	    b->races_known, b->forged, b->windows);
	put_item(t, "Stepping stones: recursive servers",
	    "own addresses that resolve for strangers, of those that strangers asked", s->known,
	    s->recursive, s->asked);
	put_item(t, "Stepping stones: broadband routers",
	    "own addresses that forward for strangers, transparently or not", s->known,
	    s->routers + s->transparent, s->asked);
	put_item(t, "Stepping stones: authoritative servers",
	    "own authoritative servers that also resolve for strangers", s->known, s->authoritative,
	    s->asked);
	put_item(t, "Access restriction",
	    "own addresses that refuse strangers, of these and those open to them", s->known,
	    s->closed, s->closed + open);
	put_item(t, "Source validation",
	    "queries whose source was neither own nor allowed, of all queries", f->own_known != 0,
	    f->faults[SOURCE_FOREIGN] + f->faults[SOURCE_SPECIAL], f->queries);
	put_item(t, "Rate limiting",
	    "octets of attacks that BIND's limit of 5 responses a second removes, of theirs",
	    f->udp_responses != 0, at_5->attack_removed, at_5->attack_octets);
	put_item(t, "Response policy", "servers whose answers bear a policy's mark, of all",
	    b->servers != 0, b->with_policy, b->servers);
}

static void
say_sources(struct builder *b)
{
	const struct facts *f = &b->facts;
	char count[32];

	if (f->own_known == 0) {
		section_say(
		    b->section, "Own prefixes are not configured: sources cannot be judged.");
		return;
	}
	if (f->faults[SOURCE_FOREIGN] != 0)
		section_say(b->section,
		    "%s queries from about %.0f sources were seen here although neither end is "
		    "own: "
		    "unless the network carries transit, they left it with a forged source.",
		    text_count(f->faults[SOURCE_FOREIGN], count, sizeof count),
		    f->sources[SOURCE_FOREIGN]);
	if (f->faults[SOURCE_SPECIAL] != 0)
		section_say(b->section, "%s queries had a source that no packet may have here.",
		    text_count(f->faults[SOURCE_SPECIAL], count, sizeof count));
	if (f->faults[SOURCE_NEAR] != 0)
		section_say(b->section,
		    "%s queries to own servers had an outside source but came from at most one hop "
		    "away.",
		    text_count(f->faults[SOURCE_NEAR], count, sizeof count));
	if (f->faults[0] + f->faults[1] + f->faults[2] == 0)
		section_say(b->section, "No query had a source that source validation stops.");
}

static void
say(struct builder *b)
{
	const struct limited *l = &b->limits[RATE_LIMIT_BIND][0];
	struct section *s = b->section;
	char count[32], other[32];

	if (b->stones.known && b->stones.asked != 0)
		section_say(s,
		    "Strangers asked %llu own addresses to resolve; %llu refused them "
		    "throughout%s.",
		    (unsigned long long)b->stones.asked, (unsigned long long)b->stones.closed,
		    b->stones.closed_since != 0 ? ", and others were closed during the period"
						: "");
	say_sources(b);
	if (b->facts.udp_responses != 0)
		section_say(s,
		    "Of %s responses over UDP, BIND's rate limiting at 5 a second would have "
		    "dropped or truncated %s that belong to no attack.",
		    text_count(b->facts.udp_responses, count, sizeof count),
		    text_count(l->other_dropped + l->other_slipped, other, sizeof other));
	if (l->attack_octets != 0)
		section_say(s, "It would have removed %.0f %% of the octets of attacks.",
		    100 * (double)l->attack_removed / (double)l->attack_octets);
	if (b->with_policy != 0)
		section_say(s, "%llu of %llu servers answer by a response policy.",
		    (unsigned long long)b->with_policy, (unsigned long long)b->servers);
}

static void
define(struct builder *b)
{
	section_define(b->section,
	    "Source validation (BCP 38, BCP 84): foreign is a query between two addresses of "
	    "which neither is own, special one from private, loopback, link-local, multicast or "
	    "reserved space, near one from outside whose TTL says that it had at most one hop.");
	section_define(b->section,
	    "Rate limiting: BIND's algorithm (window 15 s, slip 2, networks /24 and /56) and NSD's "
	    "(slip 2, /24 and /64), run over the counts of each second of the responses that were "
	    "seen. An attack is a key with 200 responses and 100 kB in 10 s and ten times the "
	    "octets of its queries. Removed are the octets dropped, and those saved by "
	    "truncation.");
	section_define(b->section,
	    "Response policy: BIND's mark is the policy zone's SOA in the additional section of a "
	    "negative answer without authority, Unbound's such an answer with AA and RA; extended "
	    "errors 4 and 15 to 18 (RFC 8914).");
}

static void
say_quality(struct builder *b)
{
	const struct facts *f = &b->facts;

	if (f->rate_lost != 0)
		section_quality(b->section,
		    "%llu responses found no room among the seconds of rate limiting: what it "
		    "would "
		    "have done is a lower bound.",
		    (unsigned long long)f->rate_lost);
	if (f->evicted != 0)
		section_quality(b->section, "%llu servers or sources found no room.",
		    (unsigned long long)f->evicted);
	if (f->cookie_exempt != 0)
		section_quality(b->section,
		    "%llu responses went to queries with a server cookie, which are not limited.",
		    (unsigned long long)f->cookie_exempt);
}

enum err
countermeasures_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	struct builder *b = calloc(1, sizeof *b);
	enum err e;

	if (b == NULL)
		abort();
	b->context = context;
	b->section = section;
	b->info = info;
	e = read_facts(b);
	if (e == ERR_OK && b->facts.queries + b->facts.responses == 0)
		e = ERR_END;
	if (e == ERR_OK)
		e = read_limits(b);
	if (e == ERR_OK)
		e = put_servers(b);
	if (e == ERR_OK)
		e = put_sources(b);
	if (e == ERR_OK) {
		read_races(b);
		read_stones(b);
		put_items(b);
		put_limits(b);
		say(b);
		define(b);
		say_quality(b);
	}
	free(b);
	return e;
}
