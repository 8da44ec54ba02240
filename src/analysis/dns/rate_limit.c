/* SPDX-License-Identifier: ISC */
/* Response rate limiting, tried on what was seen; see rate_limit.h. */
#include "analysis/dns/rate_limit.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/hash.h"
#include "base/xmalloc.h"
#include "net/dns.h"

const uint32_t RATE_LIMIT_TRIED[RATE_LIMIT_RATES] = { 5, 10, 20, 50, 100, 200, 500, 1000 };

#define BIND_WINDOW 15
#define SLOT        10 /* s */

enum kind {
	KIND_ANSWER = 1,
	KIND_NODATA,
	KIND_NXDOMAIN,
	KIND_REFERRAL,
	KIND_ERROR,
	KIND_ANY,
	KIND_RRSIG,
	KIND_DNSKEY,
};

void
rate_limit_release(struct rate_limit *r)
{
	free(r->networks);
	free(r->cells);
	free(r->records);
	*r = (struct rate_limit){ .count = 0 };
}

void
rate_limit_clear(struct rate_limit *r)
{
	struct rate_limit kept = { .networks = r->networks, .cells = r->cells };

	if (kept.networks != NULL) {
		memset(kept.networks, 0, RATE_LIMIT_SETS * sizeof *kept.networks);
		memset(kept.cells, 0, RATE_LIMIT_SETS * sizeof *kept.cells);
	}
	free(r->records);
	*r = kept;
}

/* ------------------------------------------------------------------ keys */

/* The client's network: /24, or of an IPv6 client what lies in its first `v6_octets`. */
static inline uint64_t
network_of(const struct dns_message *m, size_t v6_octets)
{
	struct address a = m->client;

	if (address_is_ipv4(&a))
		a.octets[15] = 0;
	else
		memset(a.octets + v6_octets, 0, sizeof a.octets - v6_octets);
	return hash_mix_words(a.words, 2);
}

/* The hash of the name at `at` of the message; 0 when there is none. */
static uint64_t
name_at(const struct dns_message *m, size_t at)
{
	uint8_t name[DNS_NAME_MAX];
	size_t size, end;

	if (at == 0 || at >= m->size)
		return 0;
	size = dns_name_expand(m->data, m->size, at, name, &end);
	return size != 0 ? dns_hash(name, size) : 0;
}

static enum kind
kind_of(const struct dns_message *m)
{
	if (m->rcode == DNS_RCODE_NXDOMAIN)
		return KIND_NXDOMAIN;
	if (m->rcode != DNS_RCODE_NOERROR)
		return KIND_ERROR;
	if (m->counts[1] != 0)
		return KIND_ANSWER;
	if (m->soa_at == 0 && m->counts[2] != 0 && (m->bits & DNS_AA) == 0)
		return KIND_REFERRAL;
	return KIND_NODATA;
}

static uint64_t
bind_key(const struct dns_message *m, uint64_t server, enum kind kind)
{
	uint64_t words[4] = { server, network_of(m, 7), kind, 0 };

	switch (kind) {
	case KIND_ANSWER:
		words[2] |= (uint64_t)m->type << 8;
		words[3] = m->name_hash;
		break;
	case KIND_NODATA: words[3] = m->name_hash; break;
	case KIND_NXDOMAIN: words[3] = name_at(m, m->soa_at); break;
	case KIND_REFERRAL: words[3] = name_at(m, m->authority_at); break;
	default: break;
	}
	return hash_mix_words(words, 4);
}

static uint64_t
nsd_key(const struct dns_message *m, uint64_t server, enum kind kind)
{
	uint64_t words[4] = { server, network_of(m, 8), kind, 0 };

	if (kind == KIND_ANSWER || kind == KIND_NODATA) {
		if (m->type == DNS_TYPE_ANY)
			words[2] = KIND_ANY;
		else if (m->type == DNS_TYPE_RRSIG)
			words[2] = KIND_RRSIG;
		else if (kind == KIND_ANSWER && m->type == DNS_TYPE_DNSKEY)
			words[2] = KIND_DNSKEY;
	}
	if (kind == KIND_ANSWER || words[2] == KIND_ANY || words[2] == KIND_RRSIG)
		words[3] = m->name_hash;
	else if (kind == KIND_REFERRAL)
		words[3] = name_at(m, m->authority_at);
	else
		words[3] = name_at(m, m->soa_at);
	return hash_mix_words(words, 4);
}

/* ------------------------------------------------------------------ seconds */

/* The cell of a key in this second, begun anew when it is not there. */
static struct rate_limit_cell *
cell_at(struct rate_limit *r, uint64_t key, uint32_t second)
{
	struct rate_limit_cell *set = r->cells[key % RATE_LIMIT_SETS], *least = &set[0];

	for (size_t i = 0; i < RATE_LIMIT_WAYS; i++) {
		struct rate_limit_cell *c = &set[i];
		if (c->key == key && c->second == second)
			return c;
		if (c->second != second)
			c->count = 0;
		if (c->count < least->count)
			least = c;
	}
	*least = (struct rate_limit_cell){ .key = key, .second = second };
	return least;
}

/* The same for a client's network. */
static struct rate_limit_network *
network_at(struct rate_limit *r, uint64_t hash, uint32_t second)
{
	struct rate_limit_network *set = r->networks[hash % RATE_LIMIT_SETS], *least = &set[0];
	uint32_t tag = (uint32_t)(hash >> 32);

	for (size_t i = 0; i < RATE_LIMIT_WAYS; i++) {
		struct rate_limit_network *n = &set[i];
		if (n->tag == tag && n->second == second)
			return n;
		if (n->second != second)
			n->count = 0;
		if (n->count < least->count)
			least = n;
	}
	*least = (struct rate_limit_network){ .tag = tag, .second = second };
	return least;
}

static struct rate_limit_record *
new_record(struct rate_limit *r)
{
	if (r->limit == 0)
		r->limit = RATE_LIMIT_RECORDS;
	if (r->count == r->capacity) {
		if (r->capacity >= r->limit)
			return NULL;
		r->capacity = r->capacity == 0 ? 64 : r->capacity * 2;
		r->records = xrealloc_array(r->records, r->capacity, sizeof *r->records);
	}
	memset(r->sorted, 0, sizeof r->sorted);
	return &r->records[r->count++];
}

/* Counts a response of a network that had one in this second before; where that was not looked at
 * it is `missed`, and taken to be of the same key. */
static void
add_to_key(struct rate_limit *r, const struct dns_message *m, uint32_t second,
    const struct rate_limit_network *missed)
{
	uint64_t server = hash_mix_words(m->server.words, 2);
	enum kind kind = kind_of(m);
	uint64_t keys[RATE_LIMIT_ALGORITHMS] = { bind_key(m, server, kind),
		nsd_key(m, server, kind) };
	uint64_t both = keys[0] ^ hash_rotl(keys[1], 1);
	struct rate_limit_cell *c = cell_at(r, both, second);
	struct rate_limit_record *record;

	c->count += 1 + (missed != NULL ? missed->count : 0);
	c->octets += m->message_size + (missed != NULL ? missed->octets : 0);
	c->query_octets += m->query_size + (missed != NULL ? missed->query_octets : 0);
	if (c->count < 2)
		return;
	if (c->record == 0) {
		record = new_record(r);
		if (record == NULL) {
			r->lost++;
			return;
		}
		*record = (struct rate_limit_record){
			.keys = { keys[0], keys[1] },
			.network = (uint32_t)network_of(m, 7),
			.second = second,
		};
		c->record = (uint32_t)r->count;
	}
	record = &r->records[c->record - 1];
	record->count = c->count;
	record->octets = c->octets;
	record->query_octets = c->query_octets;
}

void
rate_limit_add(struct rate_limit *r, const struct dns_message *m)
{
	uint32_t second = m->time > 0 ? (uint32_t)(m->time / NSEC_PER_SEC) : 0;
	uint64_t hash;
	struct rate_limit_network *n;

	r->responses++;
	r->octets += m->message_size;
	r->truncated += (m->bits & DNS_TC) != 0;
	if ((m->query_flags & DNS_COOKIE_SERVER) != 0) {
		r->exempt++;
		return;
	}
	if (r->networks == NULL) {
		r->networks = xcalloc(RATE_LIMIT_SETS, sizeof *r->networks);
		r->cells = xcalloc(RATE_LIMIT_SETS, sizeof *r->cells);
	}
	hash = hash_mix64(network_of(m, 7) ^ m->server.words[0] ^ m->server.words[1]);
	n = network_at(r, hash, second);
	if (n->count == 0) {
		n->count = 1;
		n->octets = m->message_size;
		n->query_octets = m->query_size;
		return;
	}
	add_to_key(r, m, second, n->count == 1 ? n : NULL);
	n->count += n->count < UINT16_MAX;
}

void
rate_limit_merge(struct rate_limit *into, const struct rate_limit *from)
{
	into->responses += from->responses;
	into->octets += from->octets;
	into->exempt += from->exempt;
	into->truncated += from->truncated;
	into->lost += from->lost;
	into->limit = (size_t)RATE_LIMIT_RECORDS * ANALYSIS_SHARDS;
	for (size_t i = 0; i < from->count; i++) {
		struct rate_limit_record *record = new_record(into);
		if (record == NULL)
			into->lost += from->records[i].count;
		else
			*record = from->records[i];
	}
}

/* ------------------------------------------------------------------ simulation */

static int
compare_records(const struct rate_limit_record *x, const struct rate_limit_record *y, int which)
{
	if (x->keys[which] != y->keys[which])
		return x->keys[which] < y->keys[which] ? -1 : 1;
	return (x->second > y->second) - (x->second < y->second);
}

static int
compare_bind(const void *a, const void *b)
{
	return compare_records(a, b, RATE_LIMIT_BIND);
}

static int
compare_nsd(const void *a, const void *b)
{
	return compare_records(a, b, RATE_LIMIT_NSD);
}

/* A key's memory, of either algorithm. */
struct limiter {
	int64_t balance;        /* BIND */
	uint32_t rate, counter; /* NSD */
	uint32_t slip;          /* limited ones since the last that slipped, modulo 2 */
	uint32_t last;          /* second */
	bool known;
};

/* How many of a second's `count` responses are limited. */
static uint32_t
limit_bind(struct limiter *l, uint32_t second, uint32_t count, uint32_t rate)
{
	int64_t age = (int64_t)second - l->last, passed;

	if (!l->known || age > BIND_WINDOW) {
		l->balance = rate;
		l->slip = 0;
	} else if (age > 0) {
		l->balance += (int64_t)rate * age;
		if (l->balance > rate) {
			l->balance = rate;
			l->slip = 0;
		}
	}
	passed = l->balance < 0 ? 0 : l->balance < count ? l->balance : count;
	l->balance -= count;
	if (l->balance < -(int64_t)BIND_WINDOW * rate)
		l->balance = -(int64_t)BIND_WINDOW * rate;
	return count - (uint32_t)passed;
}

static uint32_t
limit_nsd(struct limiter *l, uint32_t second, uint32_t count, uint32_t rate)
{
	uint32_t age = second - l->last, most = 2 * rate, first;

	if (!l->known || age > 16)
		l->rate = 0;
	else if (age == 1)
		l->rate = l->rate / 2 + l->counter;
	else if (age > 1)
		l->rate = (l->rate >> age) + (l->counter >> (age - 1));
	l->counter = count;
	if (l->rate >= most)
		return count;
	first = most - l->rate / 2; /* the first that is limited */
	return count >= first ? count - first + 1 : 0;
}

/* A second of a key, put together from the records of all shards. */
struct second {
	uint32_t count, octets, query_octets;
};

static void
account(struct rate_limit_outcome *o, const struct rate_limit_record *s, uint32_t limited,
    uint32_t slipped, bool attack)
{
	if (attack) {
		o->attack_responses += s->count;
		o->attack_octets += s->octets;
		o->attack_dropped += limited - slipped;
		o->attack_slipped += slipped;
		/* What slips is about as large as its query. */
		o->attack_removed += (uint64_t)s->octets * limited / s->count -
				     (uint64_t)s->query_octets * slipped / s->count;
	} else {
		o->other_dropped += limited - slipped;
		o->other_slipped += slipped;
		if (limited != 0) {
			uint32_t bit = (uint32_t)hash_mix64(s->network) % 4096;
			o->networks[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	}
}

/* Whether the stretch of 10 s that begins with record `at` of a key is an attack; where it ends. */
static bool
is_attack(const struct rate_limit_record *list, size_t at, size_t end, size_t *ret_next)
{
	uint64_t count = 0, octets = 0, query_octets = 0;
	uint32_t slot = list[at].second / SLOT;

	for (; at < end && list[at].second / SLOT == slot; at++) {
		count += list[at].count;
		octets += list[at].octets;
		query_octets += list[at].query_octets;
	}
	*ret_next = at;
	return count >= RATE_LIMIT_ATTACK_RESPONSES && octets >= RATE_LIMIT_ATTACK_OCTETS &&
	       query_octets != 0 && octets >= RATE_LIMIT_ATTACK_FACTOR * query_octets;
}

/* All seconds of one key, records from `at` to before `end`. */
static void
run_key(const struct rate_limit_record *list, size_t at, size_t end,
    enum rate_limit_algorithm algorithm, uint32_t rate, struct rate_limit_outcome *o)
{
	struct limiter l = { .known = false };
	size_t next = at;
	bool attack = false;

	while (at < end) {
		struct rate_limit_record s = list[at];
		uint32_t limited, slipped;

		if (at >= next)
			attack = is_attack(list, at, end, &next);
		for (at++; at < end && list[at].second == s.second; at++) {
			s.count += list[at].count;
			s.octets += list[at].octets;
			s.query_octets += list[at].query_octets;
		}
		limited = algorithm == RATE_LIMIT_BIND ? limit_bind(&l, s.second, s.count, rate)
						       : limit_nsd(&l, s.second, s.count, rate);
		l.known = true;
		l.last = s.second;
		slipped = (limited + (l.slip == 0)) / 2;
		l.slip = (l.slip + limited) % 2;
		account(o, &s, limited, slipped, attack);
	}
}

void
rate_limit_run(struct rate_limit *r, enum rate_limit_algorithm algorithm, uint32_t rate,
    struct rate_limit_outcome *ret_outcome)
{
	int (*compare)(const void *, const void *) =
	    algorithm == RATE_LIMIT_BIND ? compare_bind : compare_nsd;

	*ret_outcome = (struct rate_limit_outcome){ .attack_responses = 0 };
	if (r->count == 0)
		return;
	if (!r->sorted[algorithm])
		qsort(r->records, r->count, sizeof *r->records, compare);
	memset(r->sorted, 0, sizeof r->sorted);
	r->sorted[algorithm] = true;
	for (size_t at = 0, end; at < r->count; at = end) {
		for (end = at + 1; end < r->count && r->records[end].keys[algorithm] ==
							 r->records[at].keys[algorithm];)
			end++;
		run_key(r->records, at, end, algorithm, rate, ret_outcome);
	}
}
