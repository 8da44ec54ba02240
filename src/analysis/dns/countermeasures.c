/* SPDX-License-Identifier: ISC */
/*
 * Countermeasures against the abuse of the DNS, each by what of it can be measured: access
 * restriction, source validation, rate limiting, response policy.
 *
 * Here are counted: queries whose source breaks the rules of source validation; the responses of
 * own servers that rate limiting would have stopped (rate_limit.h); answers of own servers that
 * bear the marks of a response policy.  The section puts beside these what the other analyses of
 * the chapter have stored.
 */
#include "analysis/dns/countermeasures.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/dns/heavy.h"
#include "analysis/dns/rate_limit.h"
#include "analysis/dns/samples.h"
#include "analysis/sketch.h"
#include "net/dns.h"
#include "stat/hll.h"

#define MOST_SERVERS 512
#define MOST_SOURCES 256
#define MOST_ROWS    64
#define RECENT       256 /* a power of two */

/* Extended errors that say an answer was changed or withheld by policy (RFC 8914, 4.5, 4.16 to
 * 4.19). */
enum {
	EDE_FORGED = 4,
	EDE_BLOCKED = 15,
	EDE_PROHIBITED = 18,
};

/* A server's answers. */
struct server {
	struct address address; /* the key */
	uint64_t responses;
	uint64_t refused;
	uint64_t bind_policy;    /* with BIND's mark of a response policy */
	uint64_t unbound_policy; /* with Unbound's */
	uint64_t extended;       /* with an extended error of policy */
};

/* Queries from one source. */
struct source {
	struct address address; /* the key, with the fault */
	uint64_t fault;
	nsec_t first, last;
	uint64_t queries, octets;
	struct address server; /* of the first */
	uint64_t input_offset;
};

struct facts {
	uint64_t queries, responses;
	uint64_t faults[SOURCE_FAULTS];
};

struct state {
	const struct site *site;
	struct rate_limit rates;
	struct heavy servers, sources;
	uint16_t recent[RECENT]; /* numbers of servers' records, by address: checked before use */
	struct facts facts;
	struct dns_samples samples[SOURCE_FAULTS];
	uint8_t sketches[SOURCE_FAULTS][HLL_SIZE(COUNTERMEASURES_PRECISION)];
};

#define SERVER_KEY_WORDS 2
#define SOURCE_KEY_WORDS 3

static uint64_t
weigh_server(const void *record)
{
	const struct server *s = record;

	return s->responses;
}

static uint64_t
weigh_source(const void *record)
{
	const struct source *s = record;

	return s->queries;
}

const char *
source_fault_name(enum source_fault fault)
{
	static const char *const NAMES[] = { "foreign", "special", "near" };

	return (unsigned)fault < SOURCE_FAULTS ? NAMES[fault] : "";
}

static enum err
countermeasures_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->site = context->site;
	heavy_init(&s->servers, sizeof(struct server), SERVER_KEY_WORDS, MOST_SERVERS, weigh_server,
	    &context->secret);
	heavy_init(&s->sources, sizeof(struct source), SOURCE_KEY_WORDS, MOST_SOURCES, weigh_source,
	    &context->secret);
	return ERR_OK;
}

static void
countermeasures_release(void *opaque)
{
	struct state *s = opaque;

	rate_limit_release(&s->rates);
	heavy_release(&s->servers);
	heavy_release(&s->sources);
}

static void
countermeasures_clear(void *opaque)
{
	struct state *s = opaque;

	rate_limit_clear(&s->rates);
	heavy_clear(&s->servers);
	heavy_clear(&s->sources);
	s->facts = (struct facts){ 0 };
	memset(s->samples, 0, sizeof s->samples);
	memset(s->sketches, 0, sizeof s->sketches);
}

/* ------------------------------------------------------------------ sources */

/* Addresses that are no source of a packet on the Internet (RFC 6890): this network, private,
 * shared, loopback, link-local, multicast, reserved. */
static bool
is_special(const struct address *a)
{
	const uint8_t *o = a->octets;

	if (address_is_ipv4(a)) {
		o += 12;
		return o[0] == 0 || o[0] == 10 || o[0] == 127 || o[0] >= 224 ||
		       (o[0] == 172 && (o[1] & 0xf0) == 16) || (o[0] == 192 && o[1] == 168) ||
		       (o[0] == 169 && o[1] == 254) || (o[0] == 100 && (o[1] & 0xc0) == 64);
	}
	/* All unicast of the Internet is in 2000::/3 (RFC 4291, 2.4). */
	return (o[0] & 0xe0) != 0x20;
}

/* Whether the packet came from at most one hop away: its TTL is what systems begin with, or one
 * less. */
static bool
is_near(uint8_t ttl)
{
	return ttl == 64 || ttl == 63 || ttl == 128 || ttl == 127 || ttl == 255 || ttl == 254;
}

static void
add_fault(struct state *s, const struct dns_message *m, enum source_fault fault)
{
	uint64_t key[SOURCE_KEY_WORDS] = { m->client.words[0], m->client.words[1], fault };
	struct source *source = heavy_at(&s->sources, key);

	if (source->queries == 0 || m->time < source->first) {
		source->first = m->time;
		source->server = m->server;
		source->input_offset = m->input_offset;
	}
	if (m->time > source->last)
		source->last = m->time;
	source->queries++;
	source->octets += m->message_size;
	s->facts.faults[fault]++;
	dns_samples_add(&s->samples[fault], m);
	hll_add(s->sketches[fault], COUNTERMEASURES_PRECISION, hash_mix_words(m->client.words, 2));
}

static void
add_query(struct state *s, const struct dns_message *m)
{
	bool own_client = (m->flags & DNS_CLIENT_OWN) != 0;
	bool own_server = (m->flags & DNS_SERVER_OWN) != 0;

	s->facts.queries++;
	if (s->site->own_prefix_count == 0 || own_client || m->view != DNS_VIEW_WIRE ||
	    m->transport != DNS_UDP)
		return;
	if (is_special(&m->client))
		add_fault(s, m, SOURCE_SPECIAL);
	else if (!own_server)
		add_fault(s, m, SOURCE_FOREIGN);
	else if (is_near(m->ttl))
		add_fault(s, m, SOURCE_NEAR);
}

/* ------------------------------------------------------------------ responses */

static bool
has_policy_error(const struct dns_message *m)
{
	for (unsigned i = 0; i < m->ede_count && i < DNS_EDE_COUNT; i++)
		if (m->ede[i] == EDE_FORGED ||
		    (m->ede[i] >= EDE_BLOCKED && m->ede[i] <= EDE_PROHIBITED))
			return true;
	return false;
}

/* The record of a message's server: mostly where it was the last time. */
static struct server *
server_of(struct state *s, const struct address *a)
{
	uint16_t *recent = &s->recent[hash_mix64(a->words[0] ^ a->words[1]) % RECENT];
	struct server *server;

	if (*recent < s->servers.count) {
		server = heavy_record(&s->servers, *recent);
		if (address_equal(&server->address, a))
			return server;
	}
	server = heavy_at(&s->servers, a->words);
	*recent = (uint16_t)(server - (struct server *)heavy_record(&s->servers, 0));
	return server;
}

static void
add_response(struct state *s, const struct dns_message *m)
{
	bool negative = m->rcode == DNS_RCODE_NXDOMAIN || m->counts[1] == 0;
	struct server *server;

	/* Own servers; all where nobody said which are own. */
	if (s->site->own_prefix_count != 0 && (m->flags & DNS_SERVER_OWN) == 0)
		return;
	s->facts.responses++;
	if (m->transport == DNS_UDP)
		rate_limit_add(&s->rates, m);
	server = server_of(s, &m->server);
	server->responses++;
	server->refused += m->rcode == DNS_RCODE_REFUSED;
	if (m->counts[2] == 0 && negative && (m->bits & DNS_RA) != 0 &&
	    m->rcode <= DNS_RCODE_NXDOMAIN && m->rcode != DNS_RCODE_SERVFAIL) {
		server->bind_policy += (m->flags & DNS_SOA_ADDITIONAL) != 0;
		server->unbound_policy +=
		    (m->bits & DNS_AA) != 0 && (m->flags & DNS_SOA_ADDITIONAL) == 0;
	}
	if (m->ede_count != 0)
		server->extended += has_policy_error(m);
}

static bool
is_at_server(const struct dns_message *m)
{
	return m->view == DNS_VIEW_WIRE || m->view == DNS_VIEW_CLIENT ||
	       m->view == DNS_VIEW_AUTHORITATIVE;
}

static void
countermeasures_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	if (batch->type != OBS_DNS)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		if ((m->flags & DNS_RESPONSE) == 0)
			add_query(s, m);
		else if (is_at_server(m))
			add_response(s, m);
	}
}

/* ------------------------------------------------------------------ merging */

static void
merge_server(struct heavy *into, const struct server *from)
{
	struct server *s = heavy_at(into, (const uint64_t *)from);

	s->responses += from->responses;
	s->refused += from->refused;
	s->bind_policy += from->bind_policy;
	s->unbound_policy += from->unbound_policy;
	s->extended += from->extended;
}

static void
merge_source(struct heavy *into, const struct source *from)
{
	struct source *s = heavy_at(into, (const uint64_t *)from);

	if (s->queries == 0 || from->first < s->first) {
		s->first = from->first;
		s->server = from->server;
		s->input_offset = from->input_offset;
	}
	if (from->last > s->last)
		s->last = from->last;
	s->queries += from->queries;
	s->octets += from->octets;
}

static void
countermeasures_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	rate_limit_merge(&into->rates, &from->rates);
	heavy_widen(&into->servers, &from->servers);
	heavy_widen(&into->sources, &from->sources);
	for (size_t i = 0; i < from->servers.count; i++)
		merge_server(&into->servers, heavy_record(&from->servers, i));
	for (size_t i = 0; i < from->sources.count; i++)
		merge_source(&into->sources, heavy_record(&from->sources, i));
	into->facts.queries += from->facts.queries;
	into->facts.responses += from->facts.responses;
	for (size_t i = 0; i < SOURCE_FAULTS; i++) {
		into->facts.faults[i] += from->facts.faults[i];
		dns_samples_merge(&into->samples[i], &from->samples[i]);
		hll_union(into->sketches[i], from->sketches[i], COUNTERMEASURES_PRECISION);
	}
}

/* ------------------------------------------------------------------ rows */

static int
compare_servers(const void *a, const void *b)
{
	const struct server *x = *(const struct server *const *)a;
	const struct server *y = *(const struct server *const *)b;

	if (x->responses != y->responses)
		return x->responses > y->responses ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

static int
compare_sources(const void *a, const void *b)
{
	const struct source *x = *(const struct source *const *)a;
	const struct source *y = *(const struct source *const *)b;

	if (x->queries != y->queries)
		return x->queries > y->queries ? -1 : 1;
	if (x->fault != y->fault)
		return x->fault < y->fault ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

static void
put_rate(
    struct rate_limit *rates, enum rate_limit_algorithm algorithm, uint32_t rate, struct rows *rows)
{
	static const char *const NAMES[] = { "bind", "nsd" };
	struct rate_limit_outcome o;
	size_t c = 0;

	rate_limit_run(rates, algorithm, rate, &o);
	rows_text(rows, c++, NAMES[algorithm]);
	rows_u64(rows, c++, rate);
	rows_u64(rows, c++, o.attack_responses);
	rows_u64(rows, c++, o.attack_octets);
	rows_u64(rows, c++, o.attack_dropped);
	rows_u64(rows, c++, o.attack_slipped);
	rows_u64(rows, c++, o.attack_removed);
	rows_u64(rows, c++, o.other_dropped);
	rows_u64(rows, c++, o.other_slipped);
	rows_blob(rows, c, o.networks, sizeof o.networks);
	rows_next(rows);
}

static void
put_server(const struct server *s, struct rows *rows)
{
	size_t c = 0;

	rows_address(rows, c++, &s->address);
	rows_u64(rows, c++, s->responses);
	rows_u64(rows, c++, s->refused);
	rows_u64(rows, c++, s->bind_policy);
	rows_u64(rows, c++, s->unbound_policy);
	rows_u64(rows, c, s->extended);
	rows_next(rows);
}

static void
put_source(const struct source *s, struct rows *rows)
{
	size_t c = 0;

	rows_text(rows, c++, source_fault_name((enum source_fault)s->fault));
	rows_address(rows, c++, &s->address);
	rows_address(rows, c++, &s->server);
	rows_time(rows, c++, s->first);
	rows_time(rows, c++, s->last);
	rows_u64(rows, c++, s->queries);
	rows_u64(rows, c++, s->octets);
	rows_u64(rows, c, s->input_offset);
	rows_next(rows);
}

static void
put_facts(const struct state *s, struct rows *rows)
{
	size_t c = 0;

	rows_u64(rows, c++, s->site->own_prefix_count != 0);
	rows_u64(rows, c++, s->facts.queries);
	rows_u64(rows, c++, s->facts.responses);
	rows_u64(rows, c++, s->rates.responses);
	rows_u64(rows, c++, s->rates.octets);
	rows_u64(rows, c++, s->rates.exempt);
	rows_u64(rows, c++, s->rates.truncated);
	rows_u64(rows, c++, s->rates.lost);
	rows_u64(rows, c++, s->servers.evicted + s->sources.evicted);
	for (size_t i = 0; i < SOURCE_FAULTS; i++)
		rows_u64(rows, c++, s->facts.faults[i]);
	for (size_t i = 0; i < SOURCE_FAULTS; i++)
		sketch_put(rows, c++, s->sketches[i], COUNTERMEASURES_PRECISION);
	for (size_t i = 0; i < SOURCE_FAULTS; i++)
		dns_samples_put(&s->samples[i], rows, c++);
	rows_next(rows);
}

static void
countermeasures_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;
	const void **list;

	(void)window;
	if (s->facts.queries + s->facts.responses == 0)
		return;
	if (s->rates.responses != 0)
		for (int a = 0; a < RATE_LIMIT_ALGORITHMS; a++)
			for (size_t i = 0; i < RATE_LIMIT_RATES; i++)
				put_rate(&s->rates, (enum rate_limit_algorithm)a,
				    RATE_LIMIT_TRIED[i], sink->tables[COUNTERMEASURES_RATES]);
	list = heavy_sorted(&s->servers, compare_servers);
	for (size_t i = 0; i < s->servers.count && i < MOST_ROWS; i++)
		put_server(list[i], sink->tables[COUNTERMEASURES_SERVERS]);
	free(list);
	list = heavy_sorted(&s->sources, compare_sources);
	for (size_t i = 0; i < s->sources.count && i < MOST_ROWS; i++)
		put_source(list[i], sink->tables[COUNTERMEASURES_SOURCES]);
	free(list);
	put_facts(s, sink->tables[COUNTERMEASURES_FACTS]);
}

static const struct column RATE_COLUMNS[] = {
	{ "algorithm", COLUMN_TEXT, "" },
	{ "rate", COLUMN_U64, "messages/s" },
	{ "attack_responses", COLUMN_U64, "messages" },
	{ "attack_octets", COLUMN_U64, "octets" },
	{ "attack_dropped", COLUMN_U64, "messages" },
	{ "attack_slipped", COLUMN_U64, "messages" },
	{ "attack_removed", COLUMN_U64, "octets" },
	{ "other_dropped", COLUMN_U64, "messages" },
	{ "other_slipped", COLUMN_U64, "messages" },
	{ "networks", COLUMN_BLOB, "" },
};

static const struct column SERVER_COLUMNS[] = {
	{ "server", COLUMN_ADDRESS, "" },
	{ "responses", COLUMN_U64, "messages" },
	{ "refused", COLUMN_U64, "messages" },
	{ "bind_policy", COLUMN_U64, "messages" },
	{ "unbound_policy", COLUMN_U64, "messages" },
	{ "extended_errors", COLUMN_U64, "messages" },
};

static const struct column SOURCE_COLUMNS[] = {
	{ "fault", COLUMN_TEXT, "" },
	{ "client", COLUMN_ADDRESS, "" },
	{ "server", COLUMN_ADDRESS, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "queries", COLUMN_U64, "messages" },
	{ "octets", COLUMN_U64, "octets" },
	{ "input_offset", COLUMN_U64, "octets" },
};

static const struct column FACT_COLUMNS[] = {
	{ "own_known", COLUMN_U64, "" },
	{ "queries", COLUMN_U64, "messages" },
	{ "responses", COLUMN_U64, "messages" },
	{ "udp_responses", COLUMN_U64, "messages" },
	{ "udp_octets", COLUMN_U64, "octets" },
	{ "cookie_exempt", COLUMN_U64, "messages" },
	{ "truncated", COLUMN_U64, "messages" },
	{ "rate_lost", COLUMN_U64, "messages" },
	{ "evicted", COLUMN_U64, "" },
	{ "foreign_queries", COLUMN_U64, "messages" },
	{ "special_queries", COLUMN_U64, "messages" },
	{ "near_queries", COLUMN_U64, "messages" },
	{ "foreign_sources", COLUMN_BLOB, "" },
	{ "special_sources", COLUMN_BLOB, "" },
	{ "near_sources", COLUMN_BLOB, "" },
	{ "foreign_samples", COLUMN_BLOB, "" },
	{ "special_samples", COLUMN_BLOB, "" },
	{ "near_samples", COLUMN_BLOB, "" },
};

static const struct table TABLES[] = {
	{ "dns_rate_limits", "What response rate limiting would have done, by algorithm and rate",
	    RATE_COLUMNS, ARRAY_COUNT(RATE_COLUMNS) },
	{ "dns_policy_servers", "Refusals and marks of response policies, by server",
	    SERVER_COLUMNS, ARRAY_COUNT(SERVER_COLUMNS) },
	{ "dns_spoofed_sources", "Queries whose source breaks the rules of source validation",
	    SOURCE_COLUMNS, ARRAY_COUNT(SOURCE_COLUMNS) },
	{ "dns_countermeasures", "What the countermeasures' figures rest on", FACT_COLUMNS,
	    ARRAY_COUNT(FACT_COLUMNS) },
};

const struct analysis analysis_dns_countermeasures = {
	.name = "dns/countermeasures",
	.title = "Countermeasures",
	.consumes = OBS_DNS,
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = countermeasures_init,
	.release = countermeasures_release,
	.clear = countermeasures_clear,
	.observe = countermeasures_observe,
	.merge = countermeasures_merge,
	.finish = countermeasures_finish,
	.section = countermeasures_section,
};
