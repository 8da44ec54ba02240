/* SPDX-License-Identifier: ISC */
/*
 * The section of dns/open-resolver: which own addresses are open, of which kind, and which are
 * closed.
 *
 * An address is open when it resolved names of at least two registrable domains for strangers of at
 * least three networks, so that forged packets of one attacker's choice of victim do not decide; or
 * when it passed on at least two packets of strangers.  Uses closer than a day are one finding: it
 * is a state that is found, not an event.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/open_resolver.h"
#include "analysis/sketch.h"
#include "base/bytes.h"
#include "base/xmalloc.h"

#define SHOWN          100
#define SELF_SERVERS   3   /* authorities asked from which an address resolves itself */
#define ZONE_SHARE     0.1 /* authoritative answers for each query, from which it serves zones */
#define FLOWS_NETWORKS 3

/* The numbers of a row, in order of its columns. */
enum {
	QUERIES,
	RESOLVED,
	QUERY_OCTETS,
	OCTETS,
	REFUSED,
	AUTHORITATIVE,
	FAILED,
	REFERRALS,
	REFERRAL_QUERY_OCTETS,
	REFERRAL_OCTETS,
	PASSED,
	FLOW_PACKETS,
	FLOW_OCTETS,
	NUMBERS,
};

/* One address, over rows that belong together. */
struct use {
	struct address address, upstream;
	nsec_t begin, end;
	uint64_t numbers[NUMBERS];
	uint64_t servers, resolvers;
	struct open_set zones, networks;
	uint8_t clients[HLL_SIZE(OPEN_PRECISION)];
	struct dns_samples samples;
};

struct totals {
	uint64_t windows, own_known, messages, records, outside_queries, evicted, egress_evicted,
	    halves_evicted;
};

struct limits {
	uint64_t zones, networks, passed;
	nsec_t span;
};

/* Tables are made when they have a first row. */
struct output {
	const struct section_context *c;
	struct section *section;
	struct limits limits;
	struct section_table *tables[4];
	size_t shown[4];
	uint64_t kinds[4];
	uint64_t closed_count, referring_count, candidate_count;
};

enum kind { RECURSIVE, ROUTER, TRANSPARENT, AUTHORITATIVE_TOO, CLOSED };

static const char *const KINDS[] = { "recursive", "router", "transparent", "authoritative" };

static json_t *
ratio_json(uint64_t a, uint64_t b)
{
	return b != 0 ? json_real((double)a / (double)b) : json_null();
}

static bool
is_customer(const struct site *site, const struct address *a)
{
	for (size_t i = 0; i < site->pool_count; i++)
		if (prefix_contains(&site->pools[i].prefix, a))
			return true;
	return false;
}

static enum kind
kind_of(const struct output *o, const struct use *u)
{
	const char *role = site_role(o->c->site, &u->address);
	const uint64_t *n = u->numbers;

	if (n[RESOLVED] == 0)
		return n[PASSED] >= o->limits.passed ? TRANSPARENT : CLOSED;
	if (u->zones.count < o->limits.zones || u->networks.count < o->limits.networks)
		return CLOSED;
	if (role != NULL ? strcmp(role, "authoritative") == 0
			 : (double)n[AUTHORITATIVE] > ZONE_SHARE * (double)n[QUERIES])
		return AUTHORITATIVE_TOO;
	if (role != NULL && strcmp(role, "resolver") == 0)
		return RECURSIVE;
	if ((role != NULL && strcmp(role, "forwarder") == 0) ||
	    is_customer(o->c->site, &u->address))
		return ROUTER;
	return u->resolvers > 0 && u->servers < SELF_SERVERS ? ROUTER : RECURSIVE;
}

static const struct section_column OPEN_COLUMNS[] = {
	{ "address", "Address", "address", "" },
	{ "kind", "Kind", "text", "" },
	{ "queries", "Queries", "count", "messages" },
	{ "outside_clients", "Clients outside", "count", "" },
	{ "factor", "Factor", "number", "" },
	{ "refused", "Refused", "count", "messages" },
	{ "begin", "First", "time", "ms" },
	{ "end", "Last", "time", "ms" },
	{ "upstream", "Passes on to", "address", "" },
};

static const struct section_column CLOSED_COLUMNS[] = {
	{ "address", "Address", "address", "" },
	{ "refused", "Refused", "count", "messages" },
	{ "failed", "Failed", "count", "messages" },
	{ "resolved", "Resolved", "count", "messages" },
};

static const struct section_column REFERRING_COLUMNS[] = {
	{ "address", "Address", "address", "" },
	{ "referrals", "Referrals", "count", "messages" },
	{ "factor", "Factor", "number", "" },
};

static const struct section_column CANDIDATE_COLUMNS[] = {
	{ "address", "Address", "address", "" },
	{ "packets", "Packets", "count", "packets" },
	{ "octets", "Octets", "octets", "octets" },
	{ "outside_clients", "Clients outside", "count", "" },
};

/* The tables, in the order of output.tables. */
enum shown_table { TABLE_OPEN, TABLE_CLOSED, TABLE_REFERRING, TABLE_CANDIDATES, TABLE_COUNT };

static const struct {
	const char *id, *title;
	const struct section_column *columns;
	size_t count;
} SPECS[TABLE_COUNT] = {
	[TABLE_OPEN] = { "open", "Open addresses", OPEN_COLUMNS, ARRAY_COUNT(OPEN_COLUMNS) },
	[TABLE_CLOSED] = { "closed", "Addresses that refuse strangers", CLOSED_COLUMNS,
	    ARRAY_COUNT(CLOSED_COLUMNS) },
	[TABLE_REFERRING] = { "referrals", "Addresses that refer strangers to the root",
	    REFERRING_COLUMNS, ARRAY_COUNT(REFERRING_COLUMNS) },
	[TABLE_CANDIDATES] = { "candidates", "Addresses that answer from port 53 in flow records",
	    CANDIDATE_COLUMNS, ARRAY_COUNT(CANDIDATE_COLUMNS) },
};

/* The table that a next row goes to; NULL when it has enough. */
static struct section_table *
table_for_row(struct output *o, enum shown_table which)
{
	if (o->tables[which] == NULL)
		o->tables[which] = section_table(o->section, SPECS[which].id, SPECS[which].title,
		    SPECS[which].columns, SPECS[which].count);
	return o->shown[which]++ < SHOWN ? o->tables[which] : NULL;
}

static uint64_t
clients_of(const struct use *u)
{
	return (uint64_t)(hll_estimate(u->clients, OPEN_PRECISION) + 0.5);
}

static uint64_t
queries_of(const struct use *u, enum kind kind)
{
	return kind == TRANSPARENT ? u->numbers[PASSED] : u->numbers[QUERIES];
}

static void
advise(struct finding *f, enum kind kind)
{
	static const char *const ADVICE[] = {
		[RECURSIVE] = "Answer own clients only (BIND: allow-recursion; Unbound: "
			      "access-control; Knot Resolver: views).",
		[ROUTER] = "Turn off the DNS forwarder on the device's outer side, or renew its "
			   "software; until then block UDP and TCP port 53 towards it at the "
			   "access network's border (inbound port 53 blocking).",
		[TRANSPARENT] = "Block port 53 towards the device, and drop packets that leave "
				"with a source address that is not the site's (BCP 38, BCP 84).",
		[AUTHORITATIVE_TOO] = "Turn recursion off on the authoritative server (BIND: "
				      "recursion no), or give resolving an address of its own.",
	};

	finding_advise(f, "%s", ADVICE[kind]);
}

static void
find(struct output *o, const struct use *u, enum kind kind)
{
	const uint64_t *n = u->numbers;
	bool sure = kind == TRANSPARENT ? n[PASSED] >= 5 : u->networks.count == OPEN_KEPT;
	bool large = (double)n[OCTETS] >= 10 * (double)n[QUERY_OCTETS] && n[OCTETS] != 0;
	struct finding *f = section_finding(o->section, KINDS[kind], large ? "high" : "medium",
	    sure ? 0.95 : 0.8, u->begin, u->end);
	double clients = hll_estimate(u->clients, OPEN_PRECISION),
	       error = 2 * hll_standard_error(OPEN_PRECISION) * clients;

	finding_subject(f, "address", json_address(&u->address));
	finding_measure(f, "queries", json_count(queries_of(u, kind)));
	finding_interval(
	    f, "outside_clients", (double)clients_of(u), clients - error, clients + error);
	finding_measure(f, "networks_at_least", json_count(u->networks.count));
	finding_measure(f, "zones_at_least", json_count(u->zones.count));
	finding_measure(f, "resolved", json_count(n[RESOLVED]));
	finding_measure(f, "refused", json_count(n[REFUSED]));
	finding_measure(f, "failed", json_count(n[FAILED]));
	finding_measure(f, "authoritative", json_count(n[AUTHORITATIVE]));
	finding_measure(f, "octets", json_count(n[OCTETS]));
	finding_measure(f, "factor", ratio_json(n[OCTETS], n[QUERY_OCTETS]));
	finding_measure(f, "passed_on", json_count(n[PASSED]));
	finding_measure(f, "upstream", json_address(&u->upstream));
	finding_measure(f, "asks_authorities", json_boolean(u->servers >= SELF_SERVERS));
	if (kind == TRANSPARENT) {
		finding_threshold(f, "passed", json_count(o->limits.passed),
		    "the same client, port, id and question on both legs is no accident");
	} else {
		finding_threshold(
		    f, "zones", json_count(o->limits.zones), "one forged packet must not decide");
		finding_threshold(f, "networks", json_count(o->limits.networks),
		    "one forged packet must not decide");
	}
	dns_samples_evidence(&u->samples, f);
	advise(f, kind);
}

static void
put_open(struct output *o, const struct use *u, enum kind kind)
{
	struct section_table *t;

	o->kinds[kind]++;
	find(o, u, kind);
	if ((t = table_for_row(o, TABLE_OPEN)) != NULL)
		section_row(t, json_address(&u->address), json_string(KINDS[kind]),
		    json_count(queries_of(u, kind)), json_count(clients_of(u)),
		    ratio_json(u->numbers[OCTETS], u->numbers[QUERY_OCTETS]),
		    json_count(u->numbers[REFUSED]), json_integer(u->begin / NSEC_PER_MS),
		    json_integer(u->end / NSEC_PER_MS), json_address(&u->upstream), NULL);
}

static void
put_closed(struct output *o, const struct use *u)
{
	const uint64_t *n = u->numbers;
	struct section_table *t;

	if (n[REFUSED] > 0) {
		o->closed_count++;
		if ((t = table_for_row(o, TABLE_CLOSED)) != NULL)
			section_row(t, json_address(&u->address), json_count(n[REFUSED]),
			    json_count(n[FAILED]), json_count(n[RESOLVED]), NULL);
	}
	if (n[FLOW_PACKETS] > 0 && u->networks.count >= FLOWS_NETWORKS && n[QUERIES] == 0 &&
	    site_role(o->c->site, &u->address) == NULL) {
		o->candidate_count++;
		if ((t = table_for_row(o, TABLE_CANDIDATES)) != NULL)
			section_row(t, json_address(&u->address), json_count(n[FLOW_PACKETS]),
			    json_count(n[FLOW_OCTETS]), json_count(clients_of(u)), NULL);
	}
}

static void
end_use(struct output *o, const struct use *u)
{
	enum kind kind = kind_of(o, u);
	const uint64_t *n = u->numbers;
	struct section_table *t;

	if (kind == CLOSED)
		put_closed(o, u);
	else
		put_open(o, u, kind);
	if (n[REFERRALS] == 0)
		return;
	o->referring_count++;
	if ((t = table_for_row(o, TABLE_REFERRING)) != NULL)
		section_row(t, json_address(&u->address), json_count(n[REFERRALS]),
		    ratio_json(n[REFERRAL_OCTETS], n[REFERRAL_QUERY_OCTETS]), NULL);
}

static void
read_set(struct open_set *set, const struct result *r, size_t column)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);

	for (size_t i = 0; i + 8 <= size && i < (size_t)8 * OPEN_KEPT; i += 8)
		(void)open_set_add(set, le64((const uint8_t *)octets + i));
}

/* Adds a row to what is known of its address. */
static void
read_row(struct use *u, const struct result *r, nsec_t begin, nsec_t end)
{
	static const struct address NONE;
	struct address upstream = result_address(r, 6 + NUMBERS);

	if (end != 0) {
		u->begin = u->begin == 0 || begin < u->begin ? begin : u->begin;
		u->end = end > u->end ? end : u->end;
	}
	for (size_t i = 0; i < NUMBERS; i++)
		u->numbers[i] += result_u64(r, 4 + i);
	if (result_u64(r, 4 + NUMBERS) > u->servers)
		u->servers = result_u64(r, 4 + NUMBERS);
	if (result_u64(r, 5 + NUMBERS) > u->resolvers)
		u->resolvers = result_u64(r, 5 + NUMBERS);
	if (!address_equal(&upstream, &NONE))
		u->upstream = upstream;
	read_set(&u->zones, r, 7 + NUMBERS);
	read_set(&u->networks, r, 8 + NUMBERS);
	/* One that does not read adds no clients. */
	(void)!sketch_add(u->clients, OPEN_PRECISION, r, 9 + NUMBERS);
	dns_samples_read(&u->samples, r, 10 + NUMBERS, result_u64(r, 0));
}

static enum err
read_uses(struct output *o, struct err_info *info)
{
	struct use *u = NULL;
	struct result *r;
	enum err e = query_run(o->c->store, &r, info,
	    "SELECT input, address, begin_time, end_time, queries, resolved, query_octets, octets, "
	    "refused, authoritative, failed, referrals, referral_query_octets, referral_octets, "
	    "passed, flow_packets, flow_octets, servers_asked, resolvers_asked, upstream, zones, "
	    "networks, clients, samples FROM dns_open_resolver WHERE" PERIOD_SQL
	    "ORDER BY address, window_begin, input",
	    PERIOD_ARGS(o->c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address address = result_address(r, 1);
		nsec_t begin = (nsec_t)result_u64(r, 2) * NSEC_PER_MS,
		       end = (nsec_t)result_u64(r, 3) * NSEC_PER_MS;
		if (u != NULL && (!address_equal(&address, &u->address) ||
				     (u->end != 0 && begin > u->end + o->limits.span))) {
			end_use(o, u);
			free(u);
			u = NULL;
		}
		if (u == NULL) {
			u = xcalloc(1, sizeof *u);
			u->address = address;
		}
		read_row(u, r, begin, end);
	}
	if (u != NULL)
		end_use(o, u);
	free(u);
	result_free(r);
	return ERR_OK;
}

static enum err
read_totals(const struct section_context *c, struct totals *t, struct err_info *info)
{
	uint64_t *numbers[] = { &t->windows, &t->own_known, &t->messages, &t->records,
		&t->outside_queries, &t->evicted, &t->egress_evicted, &t->halves_evicted };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n, max(own_known) AS k, sum(messages) AS a, sum(records) AS b, "
	    "sum(outside_queries) AS c, sum(evicted) AS d, sum(egress_evicted) AS e, "
	    "sum(halves_evicted) AS f FROM dns_open_resolver_windows WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
			*numbers[i] = (uint64_t)result_f64(r, i);
	result_free(r);
	return t->windows > 0 ? ERR_OK : ERR_END;
}

static void
say(const struct output *o, const struct totals *t)
{
	uint64_t open = o->kinds[0] + o->kinds[1] + o->kinds[2] + o->kinds[3];

	if (t->own_known == 0) {
		section_say(o->section,
		    "Nobody is outside while site.own_prefixes is not set: open resolvers were not "
		    "looked for.");
		return;
	}
	if (open == 0)
		section_say(o->section, "No own address was seen to resolve for strangers.");
	else
		section_say(o->section,
		    "%llu own addresses resolve for strangers: %llu recursive, %llu routers, %llu "
		    "transparent forwarders, %llu authoritative servers.",
		    (unsigned long long)open, (unsigned long long)o->kinds[RECURSIVE],
		    (unsigned long long)o->kinds[ROUTER], (unsigned long long)o->kinds[TRANSPARENT],
		    (unsigned long long)o->kinds[AUTHORITATIVE_TOO]);
	if (o->closed_count > 0)
		section_say(
		    o->section, "%llu others refused them.", (unsigned long long)o->closed_count);
	if (o->kinds[TRANSPARENT] > 0)
		section_say(o->section, "Transparent forwarders prove that packets with forged "
					"sources can leave here.");
}

static void
define(const struct output *o)
{
	section_define(o->section,
	    "An address is open when it resolved names of %llu registrable domains or more, "
	    "outside "
	    "authoritative_zones, for clients outside own_prefixes in %llu networks (/24, /48) or "
	    "more: answers with RA and without AA that hold records or a denial with its SOA. "
	    "It is a transparent forwarder when %llu queries or more to it stayed unanswered and "
	    "left within five seconds with the same client address, port, id and question.",
	    (unsigned long long)o->limits.zones, (unsigned long long)o->limits.networks,
	    (unsigned long long)o->limits.passed);
	section_define(o->section,
	    "Kinds: authoritative by site.servers, or by answers with AA; router by "
	    "customer_pools, or because it asks resolvers and fewer than %d authorities; else "
	    "recursive. The factor is octets of answers over octets of queries, UDP payload.",
	    SELF_SERVERS);
}

static void
qualify(const struct output *o, const struct totals *t)
{
	section_quality(
	    o->section, "What nobody asks is not seen: `yagura dns probe` asks own addresses.");
	if (t->evicted > 0)
		section_warn(o->section,
		    "%llu addresses with few uses were given up for lack of room.",
		    (unsigned long long)t->evicted);
	if (t->egress_evicted > 0)
		section_quality(o->section,
		    "Whom %llu own addresses ask was given up for lack of room: a router among "
		    "them may be called recursive.",
		    (unsigned long long)t->egress_evicted);
	if (t->halves_evicted > 0)
		section_quality(o->section,
		    "Packets passed on were looked for in a sample of the packets: %llu were left "
		    "out.",
		    (unsigned long long)t->halves_evicted);
}

enum err
open_resolver_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	struct totals totals = { 0 };
	struct output o = {
		.c = context,
		.section = section,
		.limits = {
			.zones = settings_u64(context->settings, "zones"),
			.networks = settings_u64(context->settings, "networks"),
			.passed = settings_u64(context->settings, "passed"),
			.span = settings_duration(context->settings, "span"),
		},
	};
	enum err e = read_totals(context, &totals, info);

	if (e == ERR_OK)
		e = read_uses(&o, info);
	if (e == ERR_OK) {
		say(&o, &totals);
		define(&o);
		qualify(&o, &totals);
	}
	return e;
}
