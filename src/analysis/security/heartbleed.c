/* SPDX-License-Identifier: ISC */
/*
 * Heartbleed (CVE-2014-0160): who asks servers for more than was sent, and who answers.
 *
 * Exchanges of heartbeats come whole from the decoder (obs/tls.h).  Each is judged
 * (heartbleed_judge.c) and what is not ordinary is summed by server, client and verdict, with the
 * first exchanges as evidence.  Beside it hellos are counted: versions, and which servers offer
 * heartbeats at all.
 *
 * The section (heartbleed_section.c) makes one finding of a client and a server, by the gravest
 * verdict.
 */
#include "analysis/security/heartbleed.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/dns/pool.h"
#include "analysis/sketch.h"
#include "base/bytes.h"
#include "base/hash.h"

#define PAIRS_MOST   4096 /* of a shard */
#define SERVERS_MOST 4096
#define STORED_MOST  4096 /* rows of a window, the gravest first */
#define HELLO_KINDS  1024

struct pair {
	uint64_t key[5]; /* server, client, what follows from make_key */
	nsec_t first, last;
	uint64_t requests, answered, alerts, leaked, leaked_least, claimed_most, answer_octets;
	uint64_t sample_count;
	struct heartbleed_sample samples[HEARTBLEED_SAMPLES]; /* the earliest first */
};

struct server {
	uint64_t key[3]; /* address, port << 1 | datagram */
	nsec_t first, last;
	uint64_t hellos;
};

struct heartbleed {
	struct dns_pool pairs, servers;
	struct cells hellos;
	uint64_t totals[TT_SERVERS];
	uint8_t all[HLL_SIZE(HEARTBLEED_PRECISION)];
	uint8_t offering[HLL_SIZE(HEARTBLEED_PRECISION)];
};

static unsigned
verdict_of(const struct pair *p)
{
	return p->key[4] & 0xff;
}

/* The gravest stay. */
static uint64_t
pair_weight(const struct dns_pool *pool, const void *entry)
{
	const struct pair *p = entry;
	uint64_t requests = p->requests < UINT32_MAX ? p->requests : UINT32_MAX;

	(void)pool;
	return (uint64_t)verdict_of(p) << 32 | requests;
}

static uint64_t
server_weight(const struct dns_pool *pool, const void *entry)
{
	const struct server *s = entry;

	(void)pool;
	return s->hellos;
}

static const struct dns_pool_shape PAIRS = { 5, sizeof(struct pair), PAIRS_MOST, pair_weight };
static const struct dns_pool_shape SERVERS = { 3, sizeof(struct server), SERVERS_MOST,
	server_weight };

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct heartbleed *s = state;

	(void)info;
	dns_pool_init(&s->pairs, &PAIRS, &context->secret);
	dns_pool_init(&s->servers, &SERVERS, &context->secret);
	cells_init(&s->hellos, HELLO_KINDS, &context->secret);
	return ERR_OK;
}

static void
release(void *state)
{
	struct heartbleed *s = state;

	dns_pool_release(&s->pairs);
	dns_pool_release(&s->servers);
	cells_release(&s->hellos);
}

static void
clear(void *state)
{
	struct heartbleed *s = state;

	dns_pool_clear(&s->pairs);
	dns_pool_clear(&s->servers);
	cells_clear(&s->hellos);
	if (s->totals[TT_SERVER_HELLOS] != 0) {
		memset(s->all, 0, sizeof s->all);
		memset(s->offering, 0, sizeof s->offering);
	}
	memset(s->totals, 0, sizeof s->totals);
}

/* ------------------------------------------------------------------ hellos */

/* Versions that exist; what anybody may claim is 0. */
static uint16_t
known_version(uint16_t version)
{
	bool is_tls = version >= 0x0300 && version <= 0x0304;
	bool is_dtls = version == 0xfeff || version == 0xfefd || version == 0xfefc;

	return is_tls || is_dtls ? version : 0;
}

static void
count_hello(struct heartbleed *s, const struct tls_event *e)
{
	bool is_server = e->kind == TLS_SERVER_HELLO;
	uint64_t key = (uint64_t)known_version(e->version) << 16 | (uint64_t)e->client_mode << 12 |
		       (uint64_t)e->server_mode << 8 | (uint64_t)e->datagram << 1 | is_server;
	struct cell *cell;

	/* What the server says is not known when the client speaks, and it speaks once. */
	if (!is_server)
		key &= ~UINT64_C(0xf00);
	cell = cells_at(&s->hellos, key);
	if (cell != NULL)
		cell->sums[0]++;
	s->totals[is_server ? TT_SERVER_HELLOS : TT_CLIENT_HELLOS]++;
}

static void
count_server(struct heartbleed *s, const struct tls_event *e)
{
	uint64_t key[3] = { e->server.words[0], e->server.words[1],
		(uint64_t)e->server_port << 1 | e->datagram };
	uint64_t hash = hash_mix_words(key, 3);
	struct server *server;

	hll_add(s->all, HEARTBLEED_PRECISION, hash);
	if (e->server_mode != TLS_HEARTBEAT_ALLOWED)
		return;
	hll_add(s->offering, HEARTBLEED_PRECISION, hash);
	server = dns_pool_at(&s->servers, key);
	if (server->hellos++ == 0 || e->time < server->first)
		server->first = e->time;
	if (e->time > server->last)
		server->last = e->time;
}

/* ------------------------------------------------------------------ heartbeats */

/* Sorts before: by time, then by place. */
static bool
is_before(const struct heartbleed_sample *a, const struct heartbleed_sample *b)
{
	return a->time != b->time ? a->time < b->time : a->offset < b->offset;
}

static void
add_sample(struct pair *p, const struct heartbleed_sample *sample)
{
	size_t at = p->sample_count;

	while (at > 0 && is_before(sample, &p->samples[at - 1]))
		at--;
	if (at == HEARTBLEED_SAMPLES)
		return;
	if (p->sample_count < HEARTBLEED_SAMPLES)
		p->sample_count++;
	memmove(
	    &p->samples[at + 1], &p->samples[at], (p->sample_count - 1 - at) * sizeof *p->samples);
	p->samples[at] = *sample;
}

static struct pair *
pair_at(struct heartbleed *s, const struct tls_event *e, enum heartbleed_verdict verdict)
{
	uint64_t key[5] = { e->server.words[0], e->server.words[1], e->client.words[0],
		e->client.words[1],
		(uint64_t)e->server_port << 16 | (uint64_t)e->datagram << 10 |
		    (uint64_t)e->heartbeat.by_server << 9 | (uint64_t)e->heartbeat.encrypted << 8 |
		    (uint64_t)verdict };

	return dns_pool_at(&s->pairs, key);
}

static void
count_heartbeat(struct heartbleed *s, const struct tls_event *e)
{
	const struct tls_heartbeat *h = &e->heartbeat;
	enum heartbleed_verdict verdict = heartbleed_judge(e);
	struct heartbleed_sample sample = { h->begin, e->input_offset, h->answer_offset,
		h->answer_octets, h->leaked, 0, h->request_octets, h->least_octets, h->claimed,
		h->carried, h->answer_records, e->version, e->cipher, e->client_port,
		(uint8_t)verdict, h->encrypted };
	struct pair *p;

	s->totals[TT_HEARTBEATS]++;
	if (verdict == HEARTBLEED_NONE) {
		s->totals[TT_ORDINARY]++;
		return;
	}
	p = pair_at(s, e, verdict);
	if (p->requests++ == 0 || h->begin < p->first)
		p->first = h->begin;
	if (h->end > p->last)
		p->last = h->end;
	p->answered += h->answer_records != 0;
	p->alerts += h->alert;
	p->leaked += h->leaked;
	p->leaked_least += h->leaked_least;
	p->answer_octets += h->answer_octets;
	if (h->claimed > p->claimed_most)
		p->claimed_most = h->claimed;
	add_sample(p, &sample);
}

static void
observe(void *state, const struct batch *batch)
{
	struct heartbleed *s = state;

	for (size_t i = 0; i < batch->count; i++) {
		const struct tls_event *e = &batch->tls[i];
		if (e->kind == TLS_HEARTBEAT) {
			count_heartbeat(s, e);
			continue;
		}
		count_hello(s, e);
		if (e->kind == TLS_SERVER_HELLO)
			count_server(s, e);
	}
}

/* ------------------------------------------------------------------ merging */

static void
add_pair(void *into, const void *from)
{
	struct pair *p = into;
	const struct pair *f = from;

	if (p->requests == 0 || f->first < p->first)
		p->first = f->first;
	if (f->last > p->last)
		p->last = f->last;
	p->requests += f->requests;
	p->answered += f->answered;
	p->alerts += f->alerts;
	p->leaked += f->leaked;
	p->leaked_least += f->leaked_least;
	p->answer_octets += f->answer_octets;
	if (f->claimed_most > p->claimed_most)
		p->claimed_most = f->claimed_most;
	for (uint64_t i = 0; i < f->sample_count; i++)
		add_sample(p, &f->samples[i]);
}

static void
add_server(void *into, const void *from)
{
	struct server *s = into;
	const struct server *f = from;

	if (s->hellos == 0 || f->first < s->first)
		s->first = f->first;
	if (f->last > s->last)
		s->last = f->last;
	s->hellos += f->hellos;
}

static void
merge(void *into, const void *from)
{
	struct heartbleed *s = into;
	const struct heartbleed *f = from;

	dns_pool_merge(&s->pairs, &f->pairs, add_pair);
	dns_pool_merge(&s->servers, &f->servers, add_server);
	cells_merge(&s->hellos, &f->hellos, 0);
	hll_union(s->all, f->all, HEARTBLEED_PRECISION);
	hll_union(s->offering, f->offering, HEARTBLEED_PRECISION);
	for (unsigned i = 0; i < TT_SERVERS; i++)
		s->totals[i] += f->totals[i];
}

/* ------------------------------------------------------------------ rows */

static struct address
address_of(const uint64_t *words)
{
	return (struct address){ .words = { words[0], words[1] } };
}

static uint8_t *
put_sample(uint8_t *p, const struct heartbleed_sample *s)
{
	put_le64(p, (uint64_t)s->time);
	put_le64(p + 8, s->offset);
	put_le64(p + 16, s->answer_offset);
	put_le64(p + 24, s->answer_octets);
	put_le64(p + 32, s->leaked);
	put_le32(p + 40, s->request_octets);
	put_le32(p + 44, s->least_octets);
	put_le32(p + 48, s->claimed);
	put_le32(p + 52, s->carried);
	put_le32(p + 56, s->answer_records);
	put_le16(p + 60, s->version);
	put_le16(p + 62, s->cipher);
	put_le16(p + 64, s->client_port);
	p[66] = s->verdict;
	p[67] = s->encrypted;
	memset(p + 68, 0, HEARTBLEED_SAMPLE_SIZE - 68);
	return p + HEARTBLEED_SAMPLE_SIZE;
}

static void
yield_pair(struct rows *rows, const struct pair *p)
{
	uint8_t samples[HEARTBLEED_SAMPLES * HEARTBLEED_SAMPLE_SIZE], *end = samples;
	struct address server = address_of(p->key), client = address_of(p->key + 2);

	for (uint64_t i = 0; i < p->sample_count; i++)
		end = put_sample(end, &p->samples[i]);
	rows_address(rows, HB_SERVER, &server);
	rows_u64(rows, HB_PORT, p->key[4] >> 16);
	rows_address(rows, HB_CLIENT, &client);
	rows_u64(rows, HB_DATAGRAM, p->key[4] >> 10 & 1);
	rows_u64(rows, HB_BY_SERVER, p->key[4] >> 9 & 1);
	rows_u64(rows, HB_ENCRYPTED, p->key[4] >> 8 & 1);
	rows_u64(rows, HB_VERDICT, verdict_of(p));
	rows_time(rows, HB_FIRST, p->first);
	rows_time(rows, HB_LAST, p->last);
	rows_u64(rows, HB_REQUESTS, p->requests);
	rows_u64(rows, HB_ANSWERED, p->answered);
	rows_u64(rows, HB_ALERTS, p->alerts);
	rows_u64(rows, HB_LEAKED, p->leaked);
	rows_u64(rows, HB_LEAKED_LEAST, p->leaked_least);
	rows_u64(rows, HB_CLAIMED_MOST, p->claimed_most);
	rows_u64(rows, HB_ANSWER_OCTETS, p->answer_octets);
	rows_blob(rows, HB_SAMPLES, samples, (size_t)(end - samples));
	rows_next(rows);
}

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = *(const struct pair *const *)a, *y = *(const struct pair *const *)b;
	uint64_t left = pair_weight(NULL, x), right = pair_weight(NULL, y);

	if (left != right)
		return left > right ? -1 : 1;
	for (unsigned i = 0; i < 5; i++)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	return 0;
}

static void
yield_pairs(struct heartbleed *s, struct rows *rows)
{
	const void **all = dns_pool_sorted(&s->pairs);
	size_t count = s->pairs.count;

	if (count > 1)
		qsort(all, count, sizeof *all, compare_pairs);
	if (count > STORED_MOST) {
		s->totals[TT_UNSTORED] += count - STORED_MOST;
		count = STORED_MOST;
	}
	for (size_t i = 0; i < count; i++)
		yield_pair(rows, all[i]);
	free(all);
}

static void
yield_hellos(const struct heartbleed *s, struct rows *rows)
{
	const struct cell **all = cells_sorted(&s->hellos);

	for (size_t i = 0; i < s->hellos.count; i++) {
		uint64_t key = all[i]->key;
		rows_text(rows, TH_SIDE, (key & 1) != 0 ? "server" : "client");
		rows_u64(rows, TH_VERSION, key >> 16 & 0xffff);
		rows_u64(rows, TH_CLIENT_MODE, key >> 12 & 0xf);
		rows_u64(rows, TH_SERVER_MODE, key >> 8 & 0xf);
		rows_u64(rows, TH_DATAGRAM, key >> 1 & 1);
		rows_u64(rows, TH_COUNT, all[i]->sums[0]);
		rows_next(rows);
	}
	free(all);
}

static void
yield_servers(struct heartbleed *s, struct rows *rows)
{
	const void **all = dns_pool_sorted(&s->servers);

	for (size_t i = 0; i < s->servers.count; i++) {
		const struct server *server = all[i];
		struct address address = address_of(server->key);
		rows_address(rows, TS_SERVER, &address);
		rows_u64(rows, TS_PORT, server->key[2] >> 1);
		rows_u64(rows, TS_DATAGRAM, server->key[2] & 1);
		rows_u64(rows, TS_HELLOS, server->hellos);
		rows_time(rows, TS_FIRST, server->first);
		rows_time(rows, TS_LAST, server->last);
		rows_next(rows);
	}
	free(all);
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct heartbleed *s = state;
	struct rows *totals = sink->tables[3];

	(void)window;
	if (s->totals[TT_CLIENT_HELLOS] + s->totals[TT_SERVER_HELLOS] + s->totals[TT_HEARTBEATS] ==
	    0)
		return;
	s->totals[TT_EVICTED] = s->pairs.evicted;
	s->totals[TT_SERVERS_EVICTED] = s->servers.evicted;
	yield_pairs(s, sink->tables[0]);
	yield_hellos(s, sink->tables[1]);
	yield_servers(s, sink->tables[2]);
	for (unsigned i = 0; i < TT_SERVERS; i++)
		rows_u64(totals, i, s->totals[i]);
	sketch_put(totals, TT_SERVERS, s->all, HEARTBLEED_PRECISION);
	sketch_put(totals, TT_OFFERING, s->offering, HEARTBLEED_PRECISION);
	rows_next(totals);
}

/* ------------------------------------------------------------------ declaration */

static const struct column PAIR_COLUMNS[] = {
	{ "server", COLUMN_ADDRESS, "" },
	{ "server_port", COLUMN_U16, "" },
	{ "client", COLUMN_ADDRESS, "" },
	{ "datagram", COLUMN_U8, "" },
	{ "by_server", COLUMN_U8, "" },
	{ "encrypted", COLUMN_U8, "" },
	{ "verdict", COLUMN_U8, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "requests", COLUMN_U64, "" },
	{ "answered", COLUMN_U64, "" },
	{ "alerts", COLUMN_U64, "" },
	{ "leaked_octets", COLUMN_U64, "octets" },
	{ "leaked_octets_least", COLUMN_U64, "octets" },
	{ "claimed_most", COLUMN_U64, "octets" },
	{ "answer_octets", COLUMN_U64, "octets" },
	{ "samples", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(PAIR_COLUMNS) == HB_COLUMNS, "as heartbleed.h numbers them");

static const struct column HELLO_COLUMNS[] = {
	{ "side", COLUMN_TEXT, "" },
	{ "version", COLUMN_U16, "" },
	{ "client_mode", COLUMN_U8, "" },
	{ "server_mode", COLUMN_U8, "" },
	{ "datagram", COLUMN_U8, "" },
	{ "hellos", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(HELLO_COLUMNS) == TH_COLUMNS, "as heartbleed.h numbers them");

static const struct column SERVER_COLUMNS[] = {
	{ "server", COLUMN_ADDRESS, "" },
	{ "server_port", COLUMN_U16, "" },
	{ "datagram", COLUMN_U8, "" },
	{ "hellos", COLUMN_U64, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
};
static_assert(ARRAY_COUNT(SERVER_COLUMNS) == TS_COLUMNS, "as heartbleed.h numbers them");

static const struct column TOTAL_COLUMNS[] = {
	{ "client_hellos", COLUMN_U64, "" },
	{ "server_hellos", COLUMN_U64, "" },
	{ "heartbeats", COLUMN_U64, "" },
	{ "ordinary", COLUMN_U64, "" },
	{ "evicted", COLUMN_U64, "" },
	{ "servers_evicted", COLUMN_U64, "" },
	{ "unstored", COLUMN_U64, "" },
	{ "servers", COLUMN_BLOB, "" },
	{ "servers_offering", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(TOTAL_COLUMNS) == TT_COLUMNS, "as heartbleed.h numbers them");

static const struct table TABLES[] = {
	{ "security_heartbleed", "Heartbeats of a client and a server that are not ordinary",
	    PAIR_COLUMNS, HB_COLUMNS },
	{ "security_tls_hellos", "TLS hellos by version and heartbeat extension", HELLO_COLUMNS,
	    TH_COLUMNS },
	{ "security_tls_servers", "TLS servers that offer heartbeats", SERVER_COLUMNS, TS_COLUMNS },
	{ "security_tls_totals", "What the search for Heartbleed rests on", TOTAL_COLUMNS,
	    TT_COLUMNS },
};

const struct analysis analysis_security_heartbleed = {
	.name = "security/heartbleed",
	.title = "Heartbleed",
	.consumes = OBS_TLS,
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct heartbleed),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = heartbleed_section,
};
