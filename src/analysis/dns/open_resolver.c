/* SPDX-License-Identifier: ISC */
/*
 * Open resolvers among own addresses, from what passes by: no packet is sent.
 *
 * Four kinds, the stepping stones of amplification attacks:
 *
 *	recursive      resolves for strangers, by asking authorities itself
 *	router         passes strangers' questions on to a resolver, as broadband routers do
 *	transparent    sends strangers' packets on with the strangers' own address as source, so
 *that the answer never comes back through it (M. Nawrocki et al., "Transparent forwarders", CoNEXT
 *2021); it also proves that forged sources may leave here authoritative  serves zones, and resolves
 *for strangers besides
 *
 * Evidence is an answer to a stranger with RA and without AA, to a question with RD outside the
 * site's own zones, that says something: records, or a denial with its SOA.  One packet decides
 * nothing, since its source may be forged: see open_resolver_section.c.
 *
 * A transparent forwarder is seen in two packets of different address pairs, so in different
 * shards: a query to an own address that stays unanswered, and a query between strangers with the
 * same client, port, id and question.  Both kinds of halves are kept, of each at most so many, and
 * put together when the window ends.  When there are too many, those with the smallest hashes of
 * what they have in common stay: the same for both kinds, so that pairs stay whole.
 */
#include "analysis/dns/open_resolver.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/sketch.h"
#include "base/bytes.h"
#include "net/dns.h"

#define PASSED_WITHIN  ((nsec_t)5 * NSEC_PER_SEC)
#define PASSED_BEFORE  ((nsec_t)10 * NSEC_PER_MS) /* out of order at the point of capture */
#define SAMPLED_MOST   64
#define ROWS_MOST      4096
#define LEAVING_OCTETS 128 /* of a query that leaves */
#define PORT_DNS       53
#define IP_UDP         17

/* One query seen on one leg. */
struct half {
	uint64_t key[1]; /* hash of client, port, id, question */
	struct address client, server;
	nsec_t time;
	uint64_t site_hash;
	bool answered;
	bool ambiguous; /* the same to another server too */
};

/* One that leaves is evidence when it has a first half. */
struct leaving {
	struct half half;
	uint64_t input_offset;
	uint32_t input_length;
	uint16_t message_size, size;
	uint8_t octets[LEAVING_OCTETS];
};

struct sampled {
	uint64_t key[2];
	uint64_t count;
	struct dns_samples samples;
};

struct totals {
	uint64_t messages, records, outside_queries;
};

struct state {
	const struct site *site;
	bool has_own;
	struct totals totals;
	struct dns_pool records, egress, samples;
	struct dns_pool arriving, leaving; /* halves */
};

bool
open_set_add(struct open_set *set, uint64_t hash)
{
	uint64_t at = set->count;

	while (at > 0 && set->hashes[at - 1] >= hash)
		at--;
	if ((at < set->count && set->hashes[at] == hash) || at == OPEN_KEPT)
		return false;
	if (set->count < OPEN_KEPT)
		set->count++;
	memmove(&set->hashes[at + 1], &set->hashes[at],
	    (size_t)(set->count - at - 1) * sizeof *set->hashes);
	set->hashes[at] = hash;
	return true;
}

void
open_set_merge(struct open_set *into, const struct open_set *from)
{
	for (uint64_t i = 0; i < from->count; i++)
		(void)open_set_add(into, from->hashes[i]);
}

/* Among equals an order that nobody chooses, so that not all of them go at once. */
static uint64_t
shuffled(const uint64_t *key)
{
	return hash_mix_words(key, 2) >> 40;
}

static uint64_t
weigh_record(const struct dns_pool *pool, const void *entry)
{
	const struct open_record *r = entry;
	uint64_t weight = r->resolved + r->passed + r->referrals + r->flow_packets / 16;

	(void)pool;
	return (weight < UINT32_MAX ? weight : UINT32_MAX) << 24 | shuffled(r->key);
}

static uint64_t
weigh_egress(const struct dns_pool *pool, const void *entry)
{
	const struct open_egress *e = entry;

	(void)pool;
	return e->servers.count << 24 | shuffled(e->key);
}

static uint64_t
weigh_sampled(const struct dns_pool *pool, const void *entry)
{
	const struct sampled *s = entry;

	(void)pool;
	return (s->count < UINT32_MAX ? s->count : UINT32_MAX) << 24 | shuffled(s->key);
}

static uint64_t
weigh_half(const struct dns_pool *pool, const void *entry)
{
	const struct half *h = entry;

	(void)pool;
	return (h->answered ? 0 : UINT64_C(1) << 63) | (~h->key[0] >> 1);
}

static const struct dns_pool_shape RECORDS = { 2, sizeof(struct open_record), 1024, weigh_record };
static const struct dns_pool_shape EGRESS = { 2, sizeof(struct open_egress), 2048, weigh_egress };
static const struct dns_pool_shape SAMPLES = { 2, sizeof(struct sampled), SAMPLED_MOST,
	weigh_sampled };
static const struct dns_pool_shape ARRIVING = { 1, sizeof(struct half), 2048, weigh_half };
static const struct dns_pool_shape LEAVING = { 1, sizeof(struct leaving), 1024, weigh_half };

static enum err
open_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->site = context->site;
	s->has_own = context->site->own_prefix_count != 0;
	dns_pool_init(&s->records, &RECORDS, &context->secret);
	dns_pool_init(&s->egress, &EGRESS, &context->secret);
	dns_pool_init(&s->samples, &SAMPLES, &context->secret);
	dns_pool_init(&s->arriving, &ARRIVING, &context->secret);
	dns_pool_init(&s->leaving, &LEAVING, &context->secret);
	return ERR_OK;
}

static void
open_release(void *opaque)
{
	struct state *s = opaque;

	dns_pool_release(&s->records);
	dns_pool_release(&s->egress);
	dns_pool_release(&s->samples);
	dns_pool_release(&s->arriving);
	dns_pool_release(&s->leaving);
}

static void
open_clear(void *opaque)
{
	struct state *s = opaque;

	dns_pool_clear(&s->records);
	dns_pool_clear(&s->egress);
	dns_pool_clear(&s->samples);
	dns_pool_clear(&s->arriving);
	dns_pool_clear(&s->leaving);
	s->totals = (struct totals){ 0 };
}

static struct open_record *
record_at(struct state *s, const struct address *address)
{
	return dns_pool_at(&s->records, address->words);
}

static void
note_time(struct open_record *r, nsec_t first, nsec_t last)
{
	if (first == 0 && last == 0)
		return;
	if ((r->first == 0 && r->last == 0) || first < r->first)
		r->first = first;
	if (last > r->last)
		r->last = last;
}

static uint64_t
network_hash(const struct address *client)
{
	struct address network = address_mask(client, address_is_ipv4(client) ? 24 : 48);

	return hash_mix_words(network.words, 2);
}

static void
note_client(struct open_record *r, const struct address *client, uint64_t site_hash)
{
	hll_add(r->clients, OPEN_PRECISION, hash_mix_words(client->words, 2));
	(void)open_set_add(&r->networks, network_hash(client));
	(void)open_set_add(&r->zones, site_hash);
}

/* What client, port, id and question have in common on both legs. */
static uint64_t
half_hash(const struct dns_message *m)
{
	uint64_t words[4] = { m->client.words[0], m->client.words[1], m->name_hash,
		(uint64_t)m->client_port << 48 | (uint64_t)m->id << 32 | m->type };

	return hash_mix_words(words, 4);
}

/* The half of a message; NULL when it is there already. */
static struct half *
add_half(struct dns_pool *pool, const struct dns_message *m)
{
	uint64_t key = half_hash(m);
	struct half *h = dns_pool_at(pool, &key);

	if (h->time != 0) { /* again, or to somebody else */
		h->ambiguous |= !address_equal(&h->server, &m->server);
		return NULL;
	}
	h->client = m->client;
	h->server = m->server;
	h->time = m->time;
	h->site_hash = m->site_hash;
	return h;
}

static void
add_leaving(struct dns_pool *pool, const struct dns_message *m)
{
	struct leaving *l = (struct leaving *)add_half(pool, m);

	if (l == NULL)
		return;
	l->input_offset = m->input_offset;
	l->input_length = m->input_length;
	l->message_size = m->message_size;
	l->size = m->size < LEAVING_OCTETS ? m->size : LEAVING_OCTETS;
	memcpy(l->octets, m->data, l->size);
}

/* A resolver's way of answering, that helps whoever asked. */
static bool
is_resolution(const struct dns_message *m)
{
	return (m->bits & DNS_RA) != 0 && (m->bits & DNS_AA) == 0 &&
	       (m->counts[1] != 0 || m->soa_at != 0) &&
	       (m->rcode == DNS_RCODE_NOERROR || m->rcode == DNS_RCODE_NXDOMAIN);
}

static bool
is_referral(const struct dns_message *m)
{
	return m->rcode == DNS_RCODE_NOERROR && m->counts[1] == 0 && (m->bits & DNS_AA) == 0 &&
	       (m->flags & DNS_NS_ROOT) != 0;
}

static unsigned
query_size(const struct dns_message *m)
{
	return m->query_size != 0 ? m->query_size
				  : 16U + m->name_size + ((m->flags & DNS_EDNS) != 0 ? 11 : 0);
}

static nsec_t
time_asked(const struct dns_message *m)
{
	return m->time - (m->latency > 0 ? m->latency : 0);
}

static void
count_referral(struct open_record *r, const struct dns_message *m)
{
	r->referrals++;
	if (m->transport == DNS_UDP) {
		r->referral_octets += m->message_size;
		r->referral_query_octets += query_size(m);
	}
}

static void
count_resolution(struct state *s, struct open_record *r, const struct dns_message *m)
{
	nsec_t asked = time_asked(m);
	struct sampled *sampled = dns_pool_at(&s->samples, r->key);

	r->resolved++;
	if (m->transport == DNS_UDP) {
		r->octets += m->message_size;
		r->query_octets += query_size(m);
	}
	note_time(r, asked, asked);
	note_client(r, &m->client, m->site_hash);
	sampled->count++;
	dns_samples_add(&sampled->samples, m);
}

/* An answer of an own address to a stranger's question with RD. */
static void
observe_answer(struct state *s, const struct dns_message *m)
{
	uint64_t key = half_hash(m);
	struct half *half = dns_pool_find(&s->arriving, &key);
	struct open_record *r;

	if (half != NULL && address_equal(&half->server, &m->server))
		half->answered = true;
	if (site_in_zone(s->site, m->name, m->name_size))
		return;
	r = record_at(s, &m->server);
	if ((m->bits & DNS_AA) != 0) {
		r->authoritative++;
		return;
	}
	r->queries++;
	if (is_resolution(m)) {
		count_resolution(s, r, m);
	} else if (m->rcode == DNS_RCODE_REFUSED) {
		r->refused++;
	} else if (is_referral(m)) {
		count_referral(r, m);
	} else {
		r->failed++;
		/* A failure of somebody who resolves is his use too. */
		if ((m->bits & DNS_RA) != 0)
			note_time(r, time_asked(m), time_asked(m));
	}
}

/* A query of an own address: to authorities; or to a resolver, which all customers ask, so that
 * only those count that are known to answer strangers. */
static void
observe_egress(struct state *s, const struct dns_message *m)
{
	bool recursion = (m->bits & DNS_RD) != 0;
	uint64_t server;
	struct open_egress *e;

	if (recursion && dns_pool_find(&s->records, m->client.words) == NULL)
		return;
	server = hash_mix_words(m->server.words, 2);
	e = dns_pool_at(&s->egress, m->client.words);
	if (!recursion)
		(void)open_set_add(&e->servers, server);
	else if (open_set_add(&e->resolvers, server) && e->resolvers.hashes[0] == server)
		e->resolver = m->server;
}

static void
observe_query(struct state *s, const struct dns_message *m, bool client_own, bool server_own)
{
	bool recursion = (m->bits & DNS_RD) != 0;

	if (client_own) {
		observe_egress(s, m);
		return;
	}
	if (!recursion || m->name_size == 0)
		return;
	s->totals.outside_queries += server_own;
	if (m->transport != DNS_UDP || m->view != DNS_VIEW_WIRE)
		return;
	if (!server_own)
		add_leaving(&s->leaving, m);
	else if (!site_in_zone(s->site, m->name, m->name_size))
		(void)add_half(&s->arriving, m);
}

static void
observe_message(struct state *s, const struct dns_message *m)
{
	bool client_own = (m->flags & DNS_CLIENT_OWN) != 0;
	/* What a producer tells of itself is the site's. */
	bool server_own = (m->flags & DNS_SERVER_OWN) != 0 || m->view == DNS_VIEW_CLIENT ||
			  m->view == DNS_VIEW_AUTHORITATIVE;

	s->totals.messages++;
	if (!s->has_own)
		return;
	if (m->view == DNS_VIEW_RESOLVER || m->view == DNS_VIEW_FORWARDER)
		client_own = true;
	if ((m->flags & DNS_RESPONSE) == 0)
		observe_query(s, m, client_own, server_own);
	else if (server_own && !client_own && (m->bits & DNS_RD) != 0)
		observe_answer(s, m);
	else if (server_own && !client_own && is_referral(m))
		count_referral(record_at(s, &m->server), m);
}

/* Flow records know ports and octets only: candidates, no more. */
static void
observe_record(struct state *s, const struct flow_record *record)
{
	const struct flow *f = &record->flow;

	if (f->protocol != IP_UDP ||
	    (f->source_port != PORT_DNS && f->destination_port != PORT_DNS))
		return;
	s->totals.records++;
	for (unsigned d = 0; d < 2; d++) {
		const struct address *from = d == 0 ? &f->source : &f->destination;
		const struct address *to = d == 0 ? &f->destination : &f->source;
		struct open_record *r;
		if ((d == 0 ? f->source_port : f->destination_port) != PORT_DNS ||
		    f->packets[d] == 0 || !site_is_own(s->site, from) || site_is_own(s->site, to))
			continue;
		r = record_at(s, from);
		r->flow_packets += f->packets[d] * record_sampling(record);
		r->flow_octets += f->octets[d] * record_sampling(record);
		hll_add(r->clients, OPEN_PRECISION, hash_mix_words(to->words, 2));
		(void)open_set_add(&r->networks, network_hash(to));
	}
}

static void
open_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	if (batch->type == OBS_RECORD)
		for (size_t i = 0; s->has_own && i < batch->count; i++)
			observe_record(s, batch->records[i]);
	else
		for (size_t i = 0; i < batch->count; i++)
			observe_message(s, batch->dns[i]);
}

static void
add_record(void *into_opaque, const void *from_opaque)
{
	struct open_record *into = into_opaque;
	const struct open_record *from = from_opaque;

	note_time(into, from->first, from->last);
	into->queries += from->queries;
	into->resolved += from->resolved;
	into->query_octets += from->query_octets;
	into->octets += from->octets;
	into->refused += from->refused;
	into->authoritative += from->authoritative;
	into->failed += from->failed;
	into->referrals += from->referrals;
	into->referral_query_octets += from->referral_query_octets;
	into->referral_octets += from->referral_octets;
	into->flow_packets += from->flow_packets;
	into->flow_octets += from->flow_octets;
	open_set_merge(&into->zones, &from->zones);
	open_set_merge(&into->networks, &from->networks);
	hll_union(into->clients, from->clients, OPEN_PRECISION);
}

static void
add_egress(void *into_opaque, const void *from_opaque)
{
	struct open_egress *into = into_opaque;
	const struct open_egress *from = from_opaque;

	if (from->resolvers.count > 0 &&
	    (into->resolvers.count == 0 || from->resolvers.hashes[0] < into->resolvers.hashes[0]))
		into->resolver = from->resolver;
	open_set_merge(&into->servers, &from->servers);
	open_set_merge(&into->resolvers, &from->resolvers);
}

static void
add_sampled(void *into_opaque, const void *from_opaque)
{
	struct sampled *into = into_opaque;
	const struct sampled *from = from_opaque;

	into->count += from->count;
	dns_samples_merge(&into->samples, &from->samples);
}

static void
merge_half(void *into_opaque, const void *from_opaque)
{
	struct half *into = into_opaque;
	const struct half *from = from_opaque;

	if (into->time == 0) {
		*into = *from;
		return;
	}
	into->ambiguous |= from->ambiguous || !address_equal(&into->server, &from->server);
	into->answered |= from->answered;
	if (from->time < into->time)
		into->time = from->time;
}

static void
merge_leaving(void *into_opaque, const void *from_opaque)
{
	struct leaving *into = into_opaque;
	const struct leaving *from = from_opaque;

	if (into->half.time == 0 || from->half.time < into->half.time) {
		bool ambiguous = into->half.ambiguous ||
				 (into->half.time != 0 &&
				     !address_equal(&into->half.server, &from->half.server));
		*into = *from;
		into->half.ambiguous |= ambiguous;
		return;
	}
	merge_half(&into->half, &from->half);
}

static void
open_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	into->totals.messages += from->totals.messages;
	into->totals.records += from->totals.records;
	into->totals.outside_queries += from->totals.outside_queries;
	dns_pool_merge(&into->records, &from->records, add_record);
	dns_pool_merge(&into->egress, &from->egress, add_egress);
	dns_pool_merge(&into->samples, &from->samples, add_sampled);
	dns_pool_merge(&into->arriving, &from->arriving, merge_half);
	dns_pool_merge(&into->leaving, &from->leaving, merge_leaving);
}

static void
sample_leaving(struct state *s, const struct open_record *r, const struct leaving *l)
{
	struct sampled *sampled = dns_pool_at(&s->samples, r->key);
	struct dns_message m = {
		.time = l->half.time,
		.client = l->half.client,
		.server = l->half.server,
		.input_offset = l->input_offset,
		.input_length = l->input_length,
		.message_size = l->message_size,
		.size = l->size,
		.data = l->octets,
	};

	sampled->count++;
	dns_samples_add(&sampled->samples, &m);
}

/* A query that came in and stayed unanswered, and the same query leaving: passed on. */
static void
join_halves(struct state *s)
{
	const void **leaving = dns_pool_sorted(&s->leaving);

	for (uint32_t i = 0; i < s->leaving.count; i++) {
		const struct half *out = leaving[i], *in = dns_pool_find(&s->arriving, out->key);
		struct open_record *r;
		if (in == NULL || in->answered || in->ambiguous || out->ambiguous ||
		    out->time < in->time - PASSED_BEFORE || out->time > in->time + PASSED_WITHIN)
			continue;
		r = record_at(s, &in->server);
		if (r->passed == 0 || address_compare(&out->server, &r->upstream) < 0)
			r->upstream = out->server;
		r->passed++;
		note_time(r, in->time, in->time);
		note_client(r, &in->client, in->site_hash);
		sample_leaving(s, r, leaving[i]);
	}
	free(leaving);
}

static void
put_set(struct rows *rows, size_t column, const struct open_set *set)
{
	uint8_t octets[8 * OPEN_KEPT];

	for (uint64_t i = 0; i < set->count; i++)
		put_le64(octets + 8 * i, set->hashes[i]);
	rows_blob(rows, column, octets, 8 * (size_t)set->count);
}

static void
put_record(const struct state *s, const struct open_record *r, struct rows *rows)
{
	static const struct open_egress NO_EGRESS;
	static const struct dns_samples NO_SAMPLES;
	const struct open_egress *egress = dns_pool_find(&s->egress, r->key);
	const struct sampled *sampled = dns_pool_find(&s->samples, r->key);
	struct address address = { .words = { r->key[0], r->key[1] } };
	uint64_t numbers[] = { r->queries, r->resolved, r->query_octets, r->octets, r->refused,
		r->authoritative, r->failed, r->referrals, r->referral_query_octets,
		r->referral_octets, r->passed, r->flow_packets, r->flow_octets };
	size_t column = 3 + ARRAY_COUNT(numbers);

	if (egress == NULL)
		egress = &NO_EGRESS;
	rows_address(rows, 0, &address);
	rows_time(rows, 1, r->first);
	rows_time(rows, 2, r->last);
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		rows_u64(rows, 3 + i, numbers[i]);
	rows_u64(rows, column++, egress->servers.count);
	rows_u64(rows, column++, egress->resolvers.count);
	rows_address(rows, column++, r->passed != 0 ? &r->upstream : &egress->resolver);
	put_set(rows, column++, &r->zones);
	put_set(rows, column++, &r->networks);
	sketch_put(rows, column++, r->clients, OPEN_PRECISION);
	dns_samples_put(sampled != NULL ? &sampled->samples : &NO_SAMPLES, rows, column);
	rows_next(rows);
}

static int
compare_weights(const void *a, const void *b)
{
	const struct open_record *x = *(const struct open_record *const *)a,
				 *y = *(const struct open_record *const *)b;
	uint64_t left = weigh_record(NULL, x), right = weigh_record(NULL, y);

	if (left != right)
		return left > right ? -1 : 1;
	return memcmp(x->key, y->key, sizeof x->key);
}

static void
open_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;
	struct rows *rows = sink->tables[OPEN_TOTALS];
	const void **records;
	uint32_t count;

	if (s->totals.messages == 0 && s->totals.records == 0)
		return;
	join_halves(s);
	records = dns_pool_sorted(&s->records);
	if (s->records.count > 0)
		qsort(records, s->records.count, sizeof *records, compare_weights);
	count = s->records.count < ROWS_MOST ? s->records.count : ROWS_MOST;
	for (uint32_t i = 0; i < count; i++)
		put_record(s, records[i], sink->tables[OPEN_ADDRESSES]);
	free(records);
	rows_u64(rows, 0, (uint64_t)((window->end - window->begin) / NSEC_PER_SEC));
	rows_u64(rows, 1, s->has_own);
	rows_u64(rows, 2, s->totals.messages);
	rows_u64(rows, 3, s->totals.records);
	rows_u64(rows, 4, s->totals.outside_queries);
	rows_u64(rows, 5, s->records.evicted + s->records.count - count);
	rows_u64(rows, 6, s->egress.evicted);
	rows_u64(rows, 7, s->arriving.evicted + s->leaving.evicted);
	rows_next(rows);
}

static const struct setting SETTINGS[] = {
	{ "zones", SETTING_U64, "2", "1", "8",
	    "registrable domains resolved for strangers from which an address is open" },
	{ "networks", SETTING_U64, "3", "1", "8",
	    "networks (/24, /48) of such strangers from which it is" },
	{ "passed", SETTING_U64, "2", "1", NULL,
	    "queries sent on with the stranger's address from which it is a transparent "
	    "forwarder" },
	{ "span", SETTING_DURATION, "24h", "1m", "30d",
	    "uses of an address that are closer than this belong together" },
};

static const struct column TOTALS_COLUMNS[] = {
	{ "seconds", COLUMN_U64, "s" },
	{ "own_known", COLUMN_U64, "" },
	{ "messages", COLUMN_U64, "messages" },
	{ "records", COLUMN_U64, "records" },
	{ "outside_queries", COLUMN_U64, "messages" },
	{ "evicted", COLUMN_U64, "addresses" },
	{ "egress_evicted", COLUMN_U64, "addresses" },
	{ "halves_evicted", COLUMN_U64, "messages" },
};

static const struct column COLUMNS[] = {
	{ "address", COLUMN_ADDRESS, "" },
	{ "begin_time", COLUMN_TIME, "ms" },
	{ "end_time", COLUMN_TIME, "ms" },
	{ "queries", COLUMN_U64, "messages" },
	{ "resolved", COLUMN_U64, "messages" },
	{ "query_octets", COLUMN_U64, "octets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "refused", COLUMN_U64, "messages" },
	{ "authoritative", COLUMN_U64, "messages" },
	{ "failed", COLUMN_U64, "messages" },
	{ "referrals", COLUMN_U64, "messages" },
	{ "referral_query_octets", COLUMN_U64, "octets" },
	{ "referral_octets", COLUMN_U64, "octets" },
	{ "passed", COLUMN_U64, "messages" },
	{ "flow_packets", COLUMN_U64, "packets" },
	{ "flow_octets", COLUMN_U64, "octets" },
	{ "servers_asked", COLUMN_U64, "" },
	{ "resolvers_asked", COLUMN_U64, "" },
	{ "upstream", COLUMN_ADDRESS, "" },
	{ "zones", COLUMN_BLOB, "" },
	{ "networks", COLUMN_BLOB, "" },
	{ "clients", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};

static const struct table TABLES[OPEN_TABLES] = {
	{ "dns_open_resolver_windows", "What was looked at for open resolvers", TOTALS_COLUMNS,
	    ARRAY_COUNT(TOTALS_COLUMNS) },
	{ "dns_open_resolver", "What own addresses answered strangers", COLUMNS,
	    ARRAY_COUNT(COLUMNS) },
};

const struct analysis analysis_dns_open_resolver = {
	.name = "dns/open-resolver",
	.title = "Open resolvers",
	.consumes = OBS_DNS | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = open_init,
	.release = open_release,
	.clear = open_clear,
	.observe = open_observe,
	.merge = open_merge,
	.finish = open_finish,
	.section = open_resolver_section,
};
