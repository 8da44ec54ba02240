/* SPDX-License-Identifier: ISC */
/*
 * The section of dns/poisoning: attempts and successes out of races, probing and planted fragments,
 * and what the classification rests on.
 *
 * Rows of one resolver and zone that are at most FINDING_GAP apart are one episode; it is a finding
 * when a row of it passes a threshold.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/poisoning.h"
#include "analysis/dns/poisoning_race.h"
#include "net/dns.h"

#define MOST_SHOWN 20

/* Fewer queries than this say nothing of the ports they come from. */
#define POOL_QUERIES 16

struct limits {
	uint64_t query_forged, zone_forged, siblings;
	uint64_t closed_ports, probe_rate, orphans;
	double loss;
};

struct facts {
	uint64_t responses, matched, duplicates, seconds, late;
	uint64_t wrong_id, wrong_port, wrong_case, wrong_question, unsolicited;
	uint64_t elsewhere, records, lost, evicted, evicted_pairs;
};

/* Rows of one resolver and zone that follow each other. */
struct episode {
	struct address resolver, server;
	char zone[DNS_NAME_TEXT_SIZE], name[DNS_NAME_TEXT_SIZE];
	uint64_t begin, end; /* ms; of forged answers */
	uint64_t last;       /* ms; of any row */
	uint64_t slot, slot_forged;
	uint64_t names; /* most in one slot */
	uint64_t wrong_id, wrong_port, wrong_case, wrong_question;
	uint64_t windows, windows_full, most, most_slot;
	uint64_t seconds, seconds_ttl, raced;
	uint64_t gap_least;
	uint64_t ports[RACE_PORT_WORDS];
	uint64_t input;
	struct dns_samples forged, second;
	bool several, fires;
};

struct builder {
	const struct section_context *context;
	struct section *section;
	struct limits limits;
	struct facts facts;
	bool inconclusive;
	size_t attempts, successes, probings, plantings;
	struct section_table *attempt_table;
	struct err_info *info;
};

/* ------------------------------------------------------------------ what it rests on */

static enum err
read_facts(struct builder *b)
{
	uint64_t *const to[] = { &b->facts.responses, &b->facts.matched, &b->facts.duplicates,
		&b->facts.seconds, &b->facts.late, &b->facts.wrong_id, &b->facts.wrong_port,
		&b->facts.wrong_case, &b->facts.wrong_question, &b->facts.unsolicited,
		&b->facts.elsewhere, &b->facts.records, &b->facts.lost, &b->facts.evicted,
		&b->facts.evicted_pairs };
	struct result *r;
	enum err e = query_run(b->context->store, &r, b->info,
	    "SELECT sum(responses) AS responses, sum(matched) AS matched, "
	    "sum(duplicates) AS duplicates, sum(second_answers) AS second_answers, "
	    "sum(late) AS late, sum(wrong_id) AS wrong_id, sum(wrong_port) AS wrong_port, "
	    "sum(wrong_case) AS wrong_case, sum(wrong_question) AS wrong_question, "
	    "sum(unsolicited) AS unsolicited, sum(elsewhere) AS elsewhere, "
	    "sum(records) AS records, sum(lost) AS lost, sum(evicted) AS evicted, "
	    "sum(evicted_pairs) AS evicted_pairs FROM dns_race_facts WHERE" PERIOD_SQL,
	    PERIOD_ARGS(b->context));

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		for (size_t i = 0; i < ARRAY_COUNT(to); i++)
			*to[i] = result_u64(r, i);
	result_free(r);
	return ERR_OK;
}

static double
loss_of(const struct facts *f)
{
	return f->lost != 0 ? (double)f->lost / (double)(f->lost + f->records) : 0;
}

/* ------------------------------------------------------------------ races */

struct pool {
	double size; /* 0: not known */
	bool at_least;
	const char *source;
};

/* What dns/overview says of the ports of all the resolver's queries; 0 when it says nothing. */
static double
audited_pool(const struct builder *b, const struct address *resolver)
{
	struct err_info ignored;
	struct result *r;
	double pool = 0;

	if (query_run(b->context->store, &r, &ignored,
		"SELECT client, pool FROM dns_ports WHERE" PERIOD_SQL
		"AND view = 'wire' AND verdict <> 'unknown' ORDER BY window_begin, input",
		PERIOD_ARGS(b->context)) != ERR_OK)
		return 0;
	while (result_next(r)) {
		struct address a = result_address(r, 0);
		if (address_equal(&a, resolver))
			pool = result_f64(r, 1);
	}
	result_free(r);
	return pool;
}

/* The effective pool of ports: of the attacked queries where these show that it is small, else of
 * all queries where that is known. */
static struct pool
pool_of(const struct builder *b, const struct episode *e)
{
	struct pool pool = { .size = 0, .source = "not known: taken as one port" };
	double audited = audited_pool(b, &e->resolver);

	if (e->windows >= POOL_QUERIES) {
		pool.size = race_pool(
		    (double)e->windows, race_distinct(e->ports, RACE_PORT_WORDS), &pool.at_least);
		pool.source = pool.at_least ? "attacked queries, at least" : "attacked queries";
	}
	if (audited >= 1 && (pool.size < 1 || pool.at_least || audited < pool.size))
		pool = (struct pool){ .size = audited, .source = "all queries" };
	return pool;
}

/* That one of `count` blind answers is right: 1 - (1 - 1/(65536 P))^k. */
static double
probability(double count, double pool)
{
	return -expm1(count * log1p(-1 / (65536 * (pool >= 1 ? pool : 1))));
}

static bool
is_success(const struct episode *e)
{
	return e->fires && e->seconds != 0 && (e->raced != 0 || e->seconds_ttl != 0);
}

/* Forged answers that were taken: those that a second answer gives away. */
static uint64_t
accepted_by(const struct episode *e)
{
	if (!is_success(e))
		return 0;
	return e->raced != 0 ? e->raced : e->seconds_ttl;
}

/* All forged answers of an episode. */
static uint64_t
forged_by(const struct episode *e)
{
	return e->wrong_id + e->wrong_port + accepted_by(e);
}

/* The name that was asked for when a forged answer was taken. */
static void
accepted_name(const struct episode *e, char text[DNS_NAME_TEXT_SIZE])
{
	const struct dns_sample *sample = &e->second.list[0];
	uint8_t name[DNS_NAME_MAX];
	size_t size = 0, end;

	if (e->second.count != 0)
		size = dns_name_expand(sample->octets, sample->size, 12, name, &end);
	if (size != 0)
		(void)dns_name_text(name, size, text);
	else
		text[0] = '\0';
}

static const char *
severity_of(const struct builder *b, const struct episode *e, double p)
{
	if (b->inconclusive)
		return "info";
	if (is_success(e))
		return "critical";
	return p >= 0.1 ? "high" : p >= 0.001 ? "medium" : "low";
}

static double
confidence_of(const struct builder *b, const struct episode *e)
{
	if (b->inconclusive)
		return 0.3;
	if (!is_success(e))
		return 0.95;
	if (e->raced != 0)
		return e->seconds_ttl != 0 ? 0.9 : 0.8;
	return 0.6;
}

static void
put_thresholds(const struct builder *b, struct finding *f)
{
	finding_threshold(f, "forged answers at one query",
	    json_integer((json_int_t)b->limits.query_forged),
	    "setting query_forged; 10 by default");
	finding_threshold(f, "forged answers for one zone in 10 s",
	    json_integer((json_int_t)b->limits.zone_forged), "setting zone_forged; 100 by default");
	finding_threshold(f, "sibling names in 10 s", json_integer((json_int_t)b->limits.siblings),
	    "setting siblings; D. Kaminsky, Black Hat 2008");
	finding_threshold(f, "loss of the capture", json_real(b->limits.loss),
	    "setting loss; above it nothing is concluded");
}

static void
put_measures(struct finding *f, const struct episode *e, const struct pool *pool)
{
	uint64_t forged = forged_by(e);
	char accepted[DNS_NAME_TEXT_SIZE];

	finding_measure(f, "forged", json_integer((json_int_t)forged));
	finding_measure(f, "windows", json_integer((json_int_t)e->windows));
	finding_measure(f, "wrong_id", json_integer((json_int_t)e->wrong_id));
	finding_measure(f, "wrong_port", json_integer((json_int_t)e->wrong_port));
	finding_measure(f, "wrong_case", json_integer((json_int_t)e->wrong_case));
	finding_measure(f, "wrong_question", json_integer((json_int_t)e->wrong_question));
	finding_measure(f, "most_at_one_query", json_integer((json_int_t)e->most));
	finding_measure(f, "most_in_10_s", json_integer((json_int_t)e->most_slot));
	finding_measure(f, "names", json_integer((json_int_t)e->names));
	finding_measure(f, "second_answers", json_integer((json_int_t)e->seconds));
	finding_measure(f, "second_other_ttl", json_integer((json_int_t)e->seconds_ttl));
	if (is_success(e)) {
		accepted_name(e, accepted);
		finding_measure(f, "accepted", json_text(accepted, strlen(accepted)));
	}
	if (e->seconds != 0)
		finding_measure(f, "second_gap_s", json_real((double)e->gap_least / 1e9));
	finding_measure(
	    f, "port_pool", pool->size >= 1 ? json_real(round(pool->size)) : json_null());
	finding_measure(f, "port_pool_source", json_string(pool->source));
	finding_measure(f, "probability", json_real(probability((double)forged, pool->size)));
}

static void
advise(struct finding *f, const struct episode *e, const struct pool *pool)
{
	const char *ports =
	    pool->size >= 1 && pool->size < 4096 && !pool->at_least
		? " Its source ports come from a small pool: update it, and keep NAPT and "
		  "firewalls from rewriting them."
		: "";

	if (is_success(e))
		finding_advise(f,
		    "A forged answer was taken. Flush %s from the cache now (Unbound: "
		    "unbound-control flush_zone %s; BIND: rndc flushtree %s), compare what was "
		    "cached "
		    "with the authority, and validate with DNSSEC.%s",
		    e->zone, e->zone, e->zone, ports);
	else
		finding_advise(f,
		    "Validate with DNSSEC, use DNS cookies and mixed case (0x20) where the "
		    "authority "
		    "does, and let the resolver turn to TCP at the first wrong id (BIND counts "
		    "MismatchTCP); Unbound: unwanted-reply-threshold.%s",
		    ports);
}

static const char *
class_of(const struct builder *b, const struct episode *e)
{
	return e->names >= b->limits.siblings ? "kaminsky" : "single-name";
}

static void
put_row(struct builder *b, const struct episode *e, const struct pool *pool)
{
	char resolver[ADDRESS_TEXT_SIZE];
	const char *name = e->several ? e->zone : e->name;
	uint64_t forged = forged_by(e);
	const char *kind = is_success(e) ? "success" : "attempt";
	static const struct section_column COLUMNS[] = {
		{ "begin", "Begin", "time", "" },
		{ "end", "End", "time", "" },
		{ "resolver", "Resolver", "address", "" },
		{ "name", "Name", "text", "" },
		{ "kind", "Kind", "text", "" },
		{ "class", "Class", "text", "" },
		{ "forged", "Forged answers", "count", "messages" },
		{ "windows", "Queries raced", "count", "queries" },
		{ "second_answers", "Second answers", "count", "messages" },
		{ "port_pool", "Port pool", "number", "ports" },
		{ "probability", "Chance of success", "share", "" },
	};

	if (b->attempt_table == NULL)
		b->attempt_table = section_table(b->section, "attempts",
		    "Attempts to poison a cache", COLUMNS, ARRAY_COUNT(COLUMNS));
	(void)address_format(&e->resolver, resolver);
	section_row(b->attempt_table, json_integer((json_int_t)e->begin),
	    json_integer((json_int_t)e->end), json_text(resolver, strlen(resolver)),
	    json_text(name, strlen(name)), json_string(b->inconclusive ? "inconclusive" : kind),
	    json_string(class_of(b, e)), json_integer((json_int_t)forged),
	    json_integer((json_int_t)e->windows), json_integer((json_int_t)e->seconds),
	    pool->size >= 1 ? json_real(round(pool->size)) : json_null(),
	    json_real(probability((double)forged, pool->size)), NULL);
}

static void
put_finding(struct builder *b, const struct episode *e)
{
	char text[ADDRESS_TEXT_SIZE];
	const char *class = class_of(b, e);
	const char *name = e->several ? e->zone : e->name;
	struct pool pool = pool_of(b, e);
	double p = probability((double)forged_by(e), pool.size);
	struct finding *f =
	    section_finding(b->section, is_success(e) ? "success" : "attempt", severity_of(b, e, p),
		confidence_of(b, e), (nsec_t)e->begin * NSEC_PER_MS, (nsec_t)e->end * NSEC_PER_MS);

	(void)address_format(&e->resolver, text);
	finding_subject(f, "resolver", json_text(text, strlen(text)));
	finding_subject(f, "name", json_text(name, strlen(name)));
	put_measures(f, e, &pool);
	finding_measure(f, "class", json_text(class, strlen(class)));
	(void)address_format(&e->server, text);
	finding_measure(f, "server", json_text(text, strlen(text)));
	finding_measure(f, "inconclusive", json_boolean(b->inconclusive));
	put_thresholds(b, f);
	dns_samples_evidence(&e->forged, f);
	dns_samples_evidence(&e->second, f);
	advise(f, e, &pool);
	put_row(b, e, &pool);
	if (is_success(e))
		b->successes++;
	else
		b->attempts++;
}

/* Adds a row (columns as in read_races) to the episode it belongs to. */
static void
add_row(struct builder *b, struct episode *e, const struct result *r)
{
	uint64_t forged = result_u64(r, 9) + result_u64(r, 10);
	uint64_t begin = result_u64(r, 2), end = result_u64(r, 3);
	const char *ports;
	size_t size;

	if (result_u64(r, 1) != e->slot) {
		e->slot = result_u64(r, 1);
		e->slot_forged = 0;
	}
	e->slot_forged += forged;
	e->last = end > e->last ? end : e->last;
	if (forged != 0) {
		e->begin = e->begin == 0 || begin < e->begin ? begin : e->begin;
		e->end = end > e->end ? end : e->end;
		e->several |= result_u64(r, 8) > 1 ||
			      (e->name[0] != '\0' && strcmp(e->name, result_text(r, 7)) != 0);
		(void)snprintf(e->name, sizeof e->name, "%s", result_text(r, 7));
	}
	if (result_u64(r, 8) > e->names)
		e->names = result_u64(r, 8);
	e->wrong_id += result_u64(r, 9);
	e->wrong_port += result_u64(r, 10);
	e->wrong_case += result_u64(r, 11);
	e->wrong_question += result_u64(r, 12);
	e->windows += result_u64(r, 13);
	e->windows_full += result_u64(r, 14);
	if (result_u64(r, 15) > e->most)
		e->most = result_u64(r, 15);
	ports = result_blob(r, 16, &size);
	for (size_t i = 0; size == sizeof e->ports && i < RACE_PORT_WORDS; i++) {
		uint64_t word;
		memcpy(&word, ports + i * sizeof word, sizeof word);
		e->ports[i] |= word;
	}
	if (result_u64(r, 17) != 0 && (e->seconds == 0 || result_u64(r, 20) < e->gap_least))
		e->gap_least = result_u64(r, 20);
	e->seconds += result_u64(r, 17);
	e->seconds_ttl += result_u64(r, 18);
	e->raced += result_u64(r, 19);
	if (e->slot_forged > e->most_slot)
		e->most_slot = e->slot_forged;
	e->fires |= e->slot_forged >= b->limits.zone_forged || e->most >= b->limits.query_forged;
	dns_samples_read(&e->forged, r, 21, result_u64(r, 0));
	dns_samples_read(&e->second, r, 22, result_u64(r, 0));
}

static void
end_episode(struct builder *b, const struct episode *e)
{
	if (e->fires)
		put_finding(b, e);
}

static enum err
read_races(struct builder *b)
{
	struct episode *e = NULL;
	struct result *r;
	enum err error = query_run(b->context->store, &r, b->info,
	    "SELECT input, slot, first, last, resolver, server, zone, name, names, wrong_id, "
	    "wrong_port, wrong_case, wrong_question, windows, windows_full, most, ports, "
	    "second_answers, second_other_ttl, second_raced, second_gap, samples, second_samples "
	    "FROM dns_races WHERE" PERIOD_SQL "ORDER BY resolver, zone, slot, first, input, server",
	    PERIOD_ARGS(b->context));

	if (error != ERR_OK)
		return error;
	while (result_next(r)) {
		struct address resolver = result_address(r, 4);
		uint64_t gap = (uint64_t)(FINDING_GAP / NSEC_PER_MS);

		if (e != NULL && (!address_equal(&e->resolver, &resolver) ||
				     strcmp(e->zone, result_text(r, 6)) != 0 ||
				     result_u64(r, 2) > e->last + gap)) {
			end_episode(b, e);
			free(e);
			e = NULL;
		}
		if (e == NULL) {
			e = calloc(1, sizeof *e);
			if (e == NULL)
				abort();
			e->resolver = resolver;
			e->server = result_address(r, 5);
			e->slot = result_u64(r, 1);
			(void)snprintf(e->zone, sizeof e->zone, "%s", result_text(r, 6));
		}
		add_row(b, e, r);
	}
	if (e != NULL)
		end_episode(b, e);
	free(e);
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ second answers */

/* Second answers that are not part of an attempt: somebody on the way answers too, or the server
 * answered a repeated question anew. */
static enum err
put_seconds(struct builder *b)
{
	static const struct section_column COLUMNS[] = {
		{ "resolver", "Client", "address", "" },
		{ "server", "Server", "address", "" },
		{ "zone", "Domain", "text", "" },
		{ "second_answers", "Second answers", "count", "messages" },
		{ "other_ttl", "With another TTL of the packet", "count", "messages" },
		{ "least_gap", "Least gap", "duration", "s" },
	};
	struct section_table *t = NULL;
	struct result *r;
	size_t count = 0;
	enum err e = query_run(b->context->store, &r, b->info,
	    "SELECT resolver, server, zone, sum(second_answers) AS total, "
	    "sum(second_other_ttl) AS other, min(second_gap) AS gap FROM dns_races WHERE" PERIOD_SQL
	    "AND second_answers > 0 GROUP BY resolver, server, zone "
	    "ORDER BY total DESC, zone, resolver, server",
	    PERIOD_ARGS(b->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		char client[ADDRESS_TEXT_SIZE], server[ADDRESS_TEXT_SIZE];
		struct address c = result_address(r, 0), s = result_address(r, 1);

		if (count++ >= MOST_SHOWN)
			continue;
		if (t == NULL)
			t = section_table(b->section, "second-answers",
			    "Second answers that differ from the first", COLUMNS,
			    ARRAY_COUNT(COLUMNS));
		(void)address_format(&c, client);
		(void)address_format(&s, server);
		section_row(t, json_text(client, strlen(client)), json_text(server, strlen(server)),
		    json_text(result_text(r, 2), strlen(result_text(r, 2))),
		    json_integer((json_int_t)result_u64(r, 3)),
		    json_integer((json_int_t)result_u64(r, 4)),
		    json_real((double)result_u64(r, 5) / 1e9), NULL);
	}
	if (count > MOST_SHOWN)
		section_table_note(t, "%zu more are not shown.", count - MOST_SHOWN);
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ probing, fragments */

/* Findings of rows of two addresses: the one at hand is extended while rows follow each other. */
struct pair_episode {
	struct address resolver, server;
	uint64_t begin, end, input, offset;
	uint64_t sums[6];
	bool open;
};

static struct finding *
pair_finding(struct builder *b, const struct pair_episode *e, const char *class)
{
	char text[ADDRESS_TEXT_SIZE];
	struct finding *f = section_finding(b->section, "attempt",
	    b->inconclusive ? "info" : "medium", b->inconclusive ? 0.3 : 0.8,
	    (nsec_t)e->begin * NSEC_PER_MS, (nsec_t)e->end * NSEC_PER_MS);

	(void)address_format(&e->resolver, text);
	finding_subject(f, "resolver", json_text(text, strlen(text)));
	finding_subject(f, "name", json_text("", 0)); /* of no name in particular */
	(void)address_format(&e->server, text);
	finding_subject(f, "server", json_text(text, strlen(text)));
	finding_measure(f, "class", json_text(class, strlen(class)));
	finding_measure(f, "inconclusive", json_boolean(b->inconclusive));
	finding_evidence(f, e->input, e->offset, 0, NULL);
	return f;
}

static void
end_probing(struct builder *b, const struct pair_episode *e)
{
	struct finding *f = pair_finding(b, e, "port-probing");

	finding_measure(f, "forged", json_integer(0));
	finding_measure(f, "windows", json_integer(0));
	finding_measure(f, "probes", json_integer((json_int_t)e->sums[0]));
	finding_measure(f, "best_second", json_integer((json_int_t)e->sums[1]));
	finding_measure(f, "closed_ports", json_integer((json_int_t)e->sums[2]));
	finding_measure(f, "errors", json_integer((json_int_t)e->sums[3]));
	finding_measure(f, "errors_least", json_integer((json_int_t)e->sums[4]));
	finding_measure(f, "errors_most", json_integer((json_int_t)e->sums[5]));
	finding_threshold(f, "closed ports in 10 s",
	    json_integer((json_int_t)b->limits.closed_ports),
	    "setting closed_ports; 256 by default");
	finding_threshold(f, "probes a second", json_integer((json_int_t)b->limits.probe_rate),
	    "setting probe_rate; 100 by default");
	finding_threshold(f, "least of the most errors a second", json_real(0.8),
	    "a plateau: the kernel's limit of ICMP errors (K. Man et al., SAD DNS, CCS 2020)");
	finding_advise(f, "Let the resolver's kernel randomise its limit of ICMP errors (Linux "
			  "5.10 and later do), "
			  "or send no ICMP port-unreachable; use DNS cookies or DNSSEC.");
	b->probings++;
}

static void
end_planting(struct builder *b, const struct pair_episode *e)
{
	struct finding *f = pair_finding(b, e, "fragments");

	finding_measure(f, "forged", json_integer((json_int_t)e->sums[0] + (json_int_t)e->sums[1]));
	finding_measure(f, "windows", json_integer(0));
	finding_measure(f, "orphans", json_integer((json_int_t)e->sums[0]));
	finding_measure(f, "conflicts", json_integer((json_int_t)e->sums[1]));
	finding_threshold(f, "later fragments without a first in 10 s",
	    json_integer((json_int_t)b->limits.orphans), "setting orphan_fragments; 16 by default");
	finding_threshold(f, "fragments that contradict each other", json_integer(1),
	    "A. Herzberg, H. Shulman, CNS 2013");
	finding_advise(f, "Ask for answers that fit a packet (EDNS buffer size 1232) and drop "
			  "fragments from port 53; "
			  "validate with DNSSEC.");
	b->plantings++;
}

/* Extends the episode by the row's two addresses and times (columns 1 to 4), or ends it. */
static void
extend(struct builder *b, struct pair_episode *e, const struct result *r,
    void (*end)(struct builder *, const struct pair_episode *))
{
	struct address resolver = result_address(r, 1), server = result_address(r, 2);

	if (e->open &&
	    (!address_equal(&resolver, &e->resolver) || !address_equal(&server, &e->server) ||
		result_u64(r, 3) > e->end + (uint64_t)(FINDING_GAP / NSEC_PER_MS))) {
		end(b, e);
		e->open = false;
	}
	if (!e->open)
		*e = (struct pair_episode){
			.resolver = resolver,
			.server = server,
			.begin = result_u64(r, 3),
			.input = result_u64(r, 0),
			.offset = result_u64(r, 5),
			.open = true,
		};
	if (result_u64(r, 4) > e->end)
		e->end = result_u64(r, 4);
}

static uint64_t
greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static enum err
read_probes(struct builder *b)
{
	struct pair_episode e = { .open = false };
	struct result *r;
	enum err error = query_run(b->context->store, &r, b->info,
	    "SELECT input, resolver, server, first, last, input_offset, probes, best_second, "
	    "closed_ports, errors, errors_least, errors_most, seconds, asked "
	    "FROM dns_port_probes WHERE" PERIOD_SQL "ORDER BY resolver, server, first, input",
	    PERIOD_ARGS(b->context));

	if (error != ERR_OK)
		return error;
	while (result_next(r)) {
		double lasted = (double)(result_u64(r, 4) - result_u64(r, 3)) / 1e3;
		double rate = (double)result_u64(r, 6) / (lasted > 1 ? lasted : 1);

		if (result_u64(r, 8) < b->limits.closed_ports ||
		    rate < (double)b->limits.probe_rate || result_u64(r, 13) == 0 ||
		    result_u64(r, 12) < 2 || result_u64(r, 10) * 10 < result_u64(r, 11) * 8)
			continue;
		extend(b, &e, r, end_probing);
		e.sums[0] += result_u64(r, 6);
		e.sums[1] = greater(e.sums[1], result_u64(r, 7));
		e.sums[2] = greater(e.sums[2], result_u64(r, 8));
		e.sums[3] += result_u64(r, 9);
		e.sums[4] =
		    e.sums[4] == 0 || result_u64(r, 10) < e.sums[4] ? result_u64(r, 10) : e.sums[4];
		e.sums[5] = greater(e.sums[5], result_u64(r, 11));
	}
	if (e.open)
		end_probing(b, &e);
	result_free(r);
	return ERR_OK;
}

static enum err
read_fragments(struct builder *b)
{
	struct pair_episode e = { .open = false };
	struct result *r;
	enum err error = query_run(b->context->store, &r, b->info,
	    "SELECT input, resolver, server, first, last, input_offset, orphans, conflicts "
	    "FROM dns_fragments WHERE" PERIOD_SQL "ORDER BY resolver, server, first, input",
	    PERIOD_ARGS(b->context));

	if (error != ERR_OK)
		return error;
	while (result_next(r)) {
		if (result_u64(r, 6) < b->limits.orphans && result_u64(r, 7) == 0)
			continue;
		extend(b, &e, r, end_planting);
		e.sums[0] += result_u64(r, 6);
		e.sums[1] += result_u64(r, 7);
	}
	if (e.open)
		end_planting(b, &e);
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ words */

static void
put_matches(struct builder *b)
{
	static const struct section_column COLUMNS[] = {
		{ "class", "Class", "text", "" },
		{ "messages", "Responses", "count", "messages" },
		{ "share", "Share", "share", "" },
	};
	const struct facts *f = &b->facts;
	const struct {
		const char *name;
		uint64_t count;
	} rows[] = {
		{ "matched", f->matched },
		{ "duplicate", f->duplicates },
		{ "second-answer", f->seconds },
		{ "late", f->late },
		{ "wrong-id", f->wrong_id },
		{ "wrong-port", f->wrong_port },
		{ "wrong-case", f->wrong_case },
		{ "wrong-question", f->wrong_question },
		{ "unsolicited", f->unsolicited },
	};
	struct section_table *t = section_table(b->section, "matches",
	    "Responses and the queries they answer", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		section_row(t, json_string(rows[i].name), json_integer((json_int_t)rows[i].count),
		    json_real((double)rows[i].count / (double)f->responses), NULL);
}

static void
say(struct builder *b)
{
	struct section *s = b->section;
	const struct facts *f = &b->facts;
	char count[32], other[32];
	size_t found = b->attempts + b->successes + b->probings + b->plantings;

	if (f->responses == 0) {
		section_say(s,
		    "No DNS responses were seen in packets; a resolver's own log does not hold the "
		    "answers it refused, so nothing can be said.");
		return;
	}
	section_say(s, "Of %s DNS responses seen in packets %s answered a waiting query.",
	    text_count(f->responses, count, sizeof count),
	    text_count(f->matched, other, sizeof other));
	if (found == 0)
		section_say(s, "No attempt to poison a cache was found.");
	if (b->successes != 0)
		section_say(s, "%zu %s: a forged answer was taken before the true one came.",
		    b->successes, b->successes == 1 ? "attempt succeeded" : "attempts succeeded");
	if (b->attempts != 0)
		section_say(s, "%zu %s of forged answers lost the race, as far as can be seen.",
		    b->attempts, b->attempts == 1 ? "burst" : "bursts");
	if (b->probings != 0)
		section_say(s, "%zu %s of a resolver's open ports by its ICMP errors.", b->probings,
		    b->probings == 1 ? "search" : "searches");
	if (b->plantings != 0)
		section_say(s, "%zu series of planted fragments.", b->plantings);
	put_matches(b);
}

static void
define(struct section *s, const struct limits *l)
{
	section_define(s,
	    "A response is compared with the queries that wait between the same two addresses: "
	    "wrong-id has the ports but another id, wrong-port the question but another port. Both "
	    "are forged answers. An attempt is %llu of them at one query, or %llu within 10 s for "
	    "one registrable domain of one resolver; with %llu names or more at that time it is "
	    "Kaminsky's attack.",
	    (unsigned long long)l->query_forged, (unsigned long long)l->zone_forged,
	    (unsigned long long)l->siblings);
	section_define(s,
	    "A success is an attempt during which a second answer with other content came for a "
	    "query that had had forged answers, or in a packet with another TTL: the first, which "
	    "the resolver took, was then not the server's.");
	section_define(s,
	    "Chance of success: 1 - (1 - 1/(65536 P))^k for k forged answers and an effective "
	    "pool of P source ports, estimated from how many different ports the attacked queries "
	    "came from.");
}

static void
say_quality(struct builder *b)
{
	struct section *s = b->section;
	const struct facts *f = &b->facts;

	if (b->inconclusive)
		section_warn(s,
		    "The capture lost %.2f %% of the packets: answers whose queries were lost look "
		    "forged, so what is found here is inconclusive.",
		    100 * loss_of(f));
	if (f->elsewhere != 0)
		section_quality(s,
		    "%llu responses came from logs of servers (dnstap, C-DNS) and are not judged.",
		    (unsigned long long)f->elsewhere);
	if (f->evicted != 0)
		section_quality(s,
		    "%llu watched queries or races found no room: what was aimed at these counts "
		    "as "
		    "unsolicited.",
		    (unsigned long long)f->evicted);
	if (f->evicted_pairs != 0)
		section_quality(s, "%llu pairs of probing or fragments found no room.",
		    (unsigned long long)f->evicted_pairs);
}

enum err
poisoning_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	const struct settings *settings = context->settings;
	struct builder b = {
		.context = context,
		.section = section,
		.info = info,
		.limits = {
			.query_forged = settings_u64(settings, "query_forged"),
			.zone_forged = settings_u64(settings, "zone_forged"),
			.siblings = settings_u64(settings, "siblings"),
			.closed_ports = settings_u64(settings, "closed_ports"),
			.probe_rate = settings_u64(settings, "probe_rate"),
			.orphans = settings_u64(settings, "orphan_fragments"),
			.loss = settings_f64(settings, "loss"),
		},
	};
	enum err e = read_facts(&b);

	if (e != ERR_OK)
		return e;
	if (b.facts.responses + b.facts.elsewhere == 0)
		return ERR_END;
	b.inconclusive = loss_of(&b.facts) > b.limits.loss;
	e = read_races(&b);
	if (e == ERR_OK)
		e = put_seconds(&b);
	if (e == ERR_OK)
		e = read_probes(&b);
	if (e == ERR_OK)
		e = read_fragments(&b);
	if (e != ERR_OK)
		return e;
	say(&b);
	define(section, &b.limits);
	say_quality(&b);
	return ERR_OK;
}
