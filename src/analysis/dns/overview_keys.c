/* SPDX-License-Identifier: ISC */
/* Heavy hitters of DNS; see overview_keys.h. */
#include "analysis/dns/overview_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/dns.h"

#define CHUNK 64
#define LINE  ((size_t)64) /* octets of the cache's */

/* The first half of the details is for whoever comes, the second for keys with so many queries and
 * NXDOMAIN answers (of a server: messages): a flood of clients that never come again takes only the
 * first. */
#define DETAIL_FROM 8

/* Room of a text: its size and a name; a TLD is one label and the root. */
#define NAME_ROOM 256
#define TLD_ROOM  66

const char *const keys_kind_names[KEYS_KINDS] = { "name", "domain", "tld", "client", "server" };

/* A part of a batch: what is computed of its messages before tables are touched. */
struct part {
	const struct dns_message *messages[CHUNK];
	size_t count;
	uint64_t tlds[CHUNK]; /* keys */
	bool named[CHUNK];    /* it weighs something for its name */
	uint32_t hashes[KEYS_KINDS][CHUNK];
	uint32_t guesses[KEYS_KINDS][CHUNK];
};

/* ------------------------------------------------------------------ pools */

static void
pool_init(struct pool *pool, uint32_t most, size_t size)
{
	size = (size + LINE - 1) / LINE * LINE;
	*pool = (struct pool){ .most = most, .size = size };
	pool->things = aligned_alloc(LINE, most * size);
	if (pool->things == NULL)
		abort();
	pool->spare = xcalloc(most, sizeof *pool->spare);
}

static void
pool_release(struct pool *pool)
{
	free(pool->things);
	free(pool->spare);
	*pool = (struct pool){ .most = 0 };
}

static void
pool_clear(struct pool *pool)
{
	pool->used = pool->spare_count = 0;
	pool->refused = 0;
}

/* A number of a thing, its octets as they were left; 0 when there is none. */
static uint32_t
pool_take(struct pool *pool)
{
	if (pool->spare_count != 0)
		return pool->spare[--pool->spare_count];
	if (pool->used == pool->most) {
		pool->refused++;
		return 0;
	}
	return ++pool->used;
}

static void
leave(void *context, struct mg_entry *entry)
{
	struct pool *pool = context;

	pool->spare[pool->spare_count++] = entry->handle;
}

/* ------------------------------------------------------------------ life */

void
keys_init(
    struct overview_keys *keys, uint32_t names, uint32_t details, const struct hash_secret *secret)
{
	const struct {
		uint32_t capacity, pool;
		size_t size;
		unsigned words;
	} kinds[KEYS_KINDS] = {
		[KEYS_NAME] = { names, names + 1, NAME_ROOM, 2 },
		[KEYS_DOMAIN] = { names / 2, names / 2 + 1, NAME_ROOM, 2 },
		[KEYS_TLD] = { names / 2, names / 2 + 1, TLD_ROOM, 2 },
		[KEYS_CLIENT] = { names, details, sizeof(struct client_detail), 4 },
		[KEYS_SERVER] = { names / 2, details / 2, sizeof(struct server_detail), 4 },
	};

	address_hash_init(&keys->hash, secret);
	keys->secret = secret->k0 ^ secret->k1;
	for (unsigned k = 0; k < KEYS_KINDS; k++) {
		struct key_group *g = &keys->groups[k];
		mg_init(&g->mg, kinds[k].capacity, kinds[k].words);
		pool_init(&g->pool, kinds[k].pool, kinds[k].size);
		g->mg.leave = leave;
		g->mg.context = &g->pool;
		mg_thresholds_set(&g->thresholds, g->totals, g->mg.capacity);
	}
}

void
keys_release(struct overview_keys *keys)
{
	for (unsigned k = 0; k < KEYS_KINDS; k++) {
		mg_release(&keys->groups[k].mg);
		pool_release(&keys->groups[k].pool);
	}
}

void
keys_clear(struct overview_keys *keys)
{
	for (unsigned k = 0; k < KEYS_KINDS; k++) {
		struct key_group *g = &keys->groups[k];
		mg_clear(&g->mg);
		pool_clear(&g->pool);
		memset(g->totals, 0, sizeof g->totals);
		g->raise_at = 0;
		g->thresholds = (struct mg_thresholds){ .most = { 0 } };
		mg_thresholds_set(&g->thresholds, g->totals, g->mg.capacity);
	}
}

/* ------------------------------------------------------------------ keys of messages */

static inline uint32_t
hash_name(const struct overview_keys *keys, const uint64_t *key)
{
	return (uint32_t)(hash_mix64(key[0] ^ keys->secret ^ key[1] << 56) >> 32);
}

static inline uint32_t
hash_address(const struct overview_keys *keys, const uint64_t *key)
{
	struct address a = { .words = { key[0], key[1] } };
	uint64_t sum = address_hash_sum(keys->hash.source, &a) + keys->hash.lengths * key[2];

	return (uint32_t)(address_hash_end(&keys->hash, sum) >> 32);
}

static inline uint32_t
hash_key(const struct overview_keys *keys, enum keys_kind kind, const uint64_t *key)
{
	return kind < KEYS_CLIENT ? hash_name(keys, key) : hash_address(keys, key);
}

/* A TLD's key is its own octets where they are few enough: no hash is cheaper. */
static inline uint64_t
tld_key(const uint8_t *label, size_t size)
{
	uint64_t key = 0;

	if (size > 8)
		return dns_hash(label, size);
	for (size_t i = 0; i < size; i++)
		key |= (uint64_t)label[i] << 8 * i;
	return key;
}

/* The weights of a message for its name: a question, or an answer that denies or fails.  Other
 * answers say nothing new, unless their question was not seen: some producers tell of responses
 * alone. */
static inline bool
weigh_name(const struct dns_message *m, uint64_t weights[MG_METRICS])
{
	bool response = (m->flags & DNS_RESPONSE) != 0;

	weights[KEYS_QUERIES] = !response || m->match == DNS_UNSOLICITED;
	weights[KEYS_NXDOMAIN] = response && m->rcode == DNS_RCODE_NXDOMAIN;
	weights[KEYS_FAILURES] =
	    response && (m->rcode == DNS_RCODE_SERVFAIL || m->rcode == DNS_RCODE_REFUSED);
	return (weights[0] | weights[1] | weights[2]) != 0;
}

static inline void
weigh_address(enum keys_kind kind, const struct dns_message *m, uint64_t weights[MG_METRICS])
{
	bool response = (m->flags & DNS_RESPONSE) != 0;

	weights[0] = !response;
	weights[1] = response && (kind == KEYS_SERVER || m->rcode == DNS_RCODE_NXDOMAIN);
	weights[2] = response ? m->message_size : 0;
}

/* The key of message number `i` of a part. */
static inline void
key_of(enum keys_kind kind, const struct part *part, size_t i, uint64_t key[4])
{
	const struct dns_message *m = part->messages[i];
	const struct address *a = kind == KEYS_CLIENT ? &m->client : &m->server;

	if (kind < KEYS_CLIENT) {
		key[0] = kind == KEYS_NAME     ? m->name_hash
			 : kind == KEYS_DOMAIN ? m->site_hash
					       : part->tlds[i];
		key[1] = m->view;
	} else {
		key[0] = a->words[0];
		key[1] = a->words[1];
		key[2] = m->view;
		key[3] = 0;
	}
}

/* A hash without the secret, for the sieve. */
static inline uint64_t
fixed_hash(enum keys_kind kind, const uint64_t *key)
{
	return kind < KEYS_CLIENT ? hash_mix64(key[0] + key[1]) : hash_mix_words(key, 3);
}

/* The text that is kept of a name. */
static inline const uint8_t *
text_of(enum keys_kind kind, const struct dns_message *m, size_t *ret_size)
{
	if (kind == KEYS_DOMAIN)
		return dns_site(m, ret_size);
	if (kind == KEYS_NAME) {
		*ret_size = m->name_size;
		return m->name;
	}
	*ret_size = (size_t)(m->name_size - m->tld_offset);
	return m->name + m->tld_offset;
}

/* ------------------------------------------------------------------ details */

/* Labels of the name at `at`, which the parser has been through; compressed or not. */
static unsigned
labels_at(const struct dns_message *m, size_t at)
{
	unsigned labels = 0;
	size_t before = at + 1;

	while (at < m->size && m->data[at] != 0) {
		if (m->data[at] >= 0xc0) {
			size_t to;
			if (at + 1 >= m->size)
				break;
			to = (size_t)(m->data[at] & 0x3f) << 8 | m->data[at + 1];
			if (to >= before)
				break;
			before = at = to;
			continue;
		}
		at += 1U + m->data[at];
		labels++;
	}
	return labels;
}

/* Whether an answer of an authority tells where the zone is cut, and whether the question had been
 * minimised to one label below it (RFC 9156). */
static void
note_minimisation(struct client_detail *d, const struct dns_message *m)
{
	unsigned cut;

	if (m->authority_at == 0 || m->counts[2] == 0 || (m->bits & DNS_RA) != 0 || m->labels == 0)
		return;
	if (m->soa_at != 0) {
		/* The zone denies the name (RFC 2308). */
		cut = labels_at(m, m->soa_at) + 1;
		if (m->labels < cut)
			return;
	} else if ((m->bits & DNS_AA) == 0 && m->counts[1] == 0) {
		/* A referral: the owner of the NS records is below the zone. */
		cut = labels_at(m, m->authority_at);
	} else {
		return;
	}
	d->cuts++;
	d->minimised += m->labels <= cut && (m->type == DNS_TYPE_A || m->type == DNS_TYPE_NS ||
						m->type == DNS_TYPE_AAAA);
}

static void
note_client(struct client_detail *d, const struct dns_message *m)
{
	d->own = (m->flags & DNS_CLIENT_OWN) != 0;
	if ((m->flags & DNS_RESPONSE) != 0) {
		note_minimisation(d, m);
		return;
	}
	d->queries++;
	d->mixed += (m->flags & DNS_CASE_MIXED) != 0;
	if (m->transport == DNS_UDP && m->client_port != 0)
		port_audit_add(&d->ports, m->client_port);
}

static void
note_server(struct server_detail *d, const struct dns_message *m)
{
	unsigned bin;

	d->own = (m->flags & DNS_SERVER_OWN) != 0;
	if ((m->flags & DNS_RESPONSE) == 0)
		return;
	d->responses++;
	d->aa += (m->bits & DNS_AA) != 0;
	d->ra += (m->bits & DNS_RA) != 0;
	d->failures += m->rcode == DNS_RCODE_SERVFAIL || m->rcode == DNS_RCODE_REFUSED;
	if (m->match != DNS_MATCHED || m->latency < 0)
		return;
	bin = log_histogram_bin((uint64_t)m->latency / 1000);
	d->latencies++;
	d->latency[bin < KEYS_LATENCY_BINS ? bin : KEYS_LATENCY_BINS - 1]++;
}

/* Gives an entry a detail when it has none. */
static void *
detail_of(struct key_group *g, struct mg_entry *e)
{
	if (e->handle == 0) {
		e->handle = pool_take(&g->pool);
		if (e->handle == 0)
			return NULL;
		memset(pool_thing(&g->pool, e->handle), 0, g->pool.size);
	}
	return pool_thing(&g->pool, e->handle);
}

static void
note_detail(
    struct key_group *g, enum keys_kind kind, struct mg_entry *e, const struct dns_message *m)
{
	void *detail;

	if (e->handle == 0 && g->pool.used > g->pool.most / 2 &&
	    e->counters[0] + e->counters[1] < DETAIL_FROM)
		return;
	detail = detail_of(g, e);
	if (detail == NULL)
		return;
	if (kind == KEYS_CLIENT)
		note_client(detail, m);
	else
		note_server(detail, m);
}

static void
keep_text(struct key_group *g, struct mg_entry *e, const uint8_t *text, uint8_t size)
{
	uint8_t *to;

	e->handle = pool_take(&g->pool);
	/* There are more texts than entries. */
	to = pool_thing(&g->pool, e->handle);
	if (size > g->pool.size - 1)
		size = (uint8_t)(g->pool.size - 1);
	to[0] = size;
	memcpy(to + 1, text, size);
}

/* ------------------------------------------------------------------ counting */

/* Lets the sieve's thresholds rise with what was counted: seldom, since all cells are touched. */
static void
raise_thresholds(struct key_group *g)
{
	struct mg_thresholds before = g->thresholds;
	uint64_t messages = g->totals[0] + g->totals[1];

	mg_thresholds_set(&g->thresholds, g->totals, g->mg.capacity);
	mg_sieve_scale(&g->mg, &before, &g->thresholds);
	g->raise_at = messages + messages / 4 + CHUNK;
}

static void
add_totals(struct key_group *g, const uint64_t *weights)
{
	for (unsigned i = 0; i < MG_METRICS; i++)
		g->totals[i] = mg_sum(g->totals[i], weights[i]);
	if (g->totals[0] + g->totals[1] >= g->raise_at)
		raise_thresholds(g);
}

static inline __attribute__((always_inline)) void
update(struct overview_keys *keys, enum keys_kind kind, unsigned words, const struct part *part,
    size_t i)
{
	struct key_group *g = &keys->groups[kind];
	const struct dns_message *m = part->messages[i];
	uint64_t key[4], weights[MG_METRICS];
	struct mg_entry *e;
	uint32_t at;

	key_of(kind, part, i, key);
	if (kind < KEYS_CLIENT)
		(void)weigh_name(m, weights);
	else
		weigh_address(kind, m, weights);
	add_totals(g, weights);
	e = mg_find_guessed(&g->mg, key, words, part->hashes[kind][i], part->guesses[kind][i], &at);
	if (e != NULL) {
		mg_increase(e, weights);
	} else {
		if (mg_sieve_takes(
			&g->mg, fixed_hash(kind, key), mg_sieve_share(&g->thresholds, weights)))
			return;
		e = mg_insert(&g->mg, key, words, part->hashes[kind][i], at, weights);
		if (kind < KEYS_CLIENT) {
			size_t size;
			const uint8_t *text = text_of(kind, m, &size);
			keep_text(g, e, text, (uint8_t)size);
		}
	}
	if (kind >= KEYS_CLIENT)
		note_detail(g, kind, e, m);
}

/* Hashes all keys, and asks for their slots. */
static void
prepare(struct overview_keys *keys, struct part *part)
{
	for (size_t i = 0; i < part->count; i++) {
		const struct dns_message *m = part->messages[i];
		uint64_t key[4], weights[MG_METRICS];
		int kind = KEYS_CLIENT;
		part->named[i] = weigh_name(m, weights) && m->name_size != 0;
		if (part->named[i]) {
			part->tlds[i] = tld_key(
			    m->name + m->tld_offset, (size_t)(m->name_size - m->tld_offset));
			kind = KEYS_NAME;
		}
		for (; kind < KEYS_KINDS; kind++) {
			uint32_t hash;
			key_of((enum keys_kind)kind, part, i, key);
			hash = hash_key(keys, (enum keys_kind)kind, key);
			part->hashes[kind][i] = hash;
			mg_prefetch_slot(&keys->groups[kind].mg, hash);
		}
	}
}

/* Finds where the entries are, as far as that can be told without them, and asks for them. */
static inline __attribute__((always_inline)) void
guess_kind(struct overview_keys *keys, enum keys_kind kind, struct part *part)
{
	struct key_group *g = &keys->groups[kind];
	uint32_t *guesses = part->guesses[kind];

	for (size_t i = 0; i < part->count; i++) {
		uint64_t key[4];
		if (kind < KEYS_CLIENT && !part->named[i])
			continue;
		guesses[i] = mg_guess(&g->mg, part->hashes[kind][i]);
		if (guesses[i] != MG_NO_GUESS) {
			__builtin_prefetch(&g->mg.entries[guesses[i]], 1);
			continue;
		}
		key_of(kind, part, i, key);
		mg_prefetch_sieve(&g->mg, fixed_hash(kind, key));
	}
}

/* The entries tell where the details are. */
static void
ask_for_details(const struct key_group *g, const uint32_t *guesses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t handle = guesses[i] != MG_NO_GUESS ? g->mg.entries[guesses[i]].handle : 0;
		if (handle != 0)
			__builtin_prefetch(pool_thing(&g->pool, handle), 1);
	}
}

static inline __attribute__((always_inline)) void
update_kind(struct overview_keys *keys, enum keys_kind kind, unsigned words, struct part *part)
{
	for (size_t i = 0; i < part->count; i++)
		if (kind >= KEYS_CLIENT || part->named[i])
			update(keys, kind, words, part, i);
}

static void
observe_part(struct overview_keys *keys, struct part *part)
{
	prepare(keys, part);
	guess_kind(keys, KEYS_CLIENT, part);
	guess_kind(keys, KEYS_SERVER, part);
	guess_kind(keys, KEYS_NAME, part);
	guess_kind(keys, KEYS_DOMAIN, part);
	guess_kind(keys, KEYS_TLD, part);
	ask_for_details(&keys->groups[KEYS_CLIENT], part->guesses[KEYS_CLIENT], part->count);
	ask_for_details(&keys->groups[KEYS_SERVER], part->guesses[KEYS_SERVER], part->count);
	update_kind(keys, KEYS_NAME, 2, part);
	update_kind(keys, KEYS_DOMAIN, 2, part);
	update_kind(keys, KEYS_TLD, 2, part);
	update_kind(keys, KEYS_CLIENT, 4, part);
	update_kind(keys, KEYS_SERVER, 4, part);
}

void
keys_observe(struct overview_keys *keys, const struct dns_message *const *messages, size_t count)
{
	struct part part;

	for (size_t begin = 0; begin < count; begin += part.count) {
		part.count = count - begin < CHUNK ? count - begin : CHUNK;
		memcpy(part.messages, messages + begin, part.count * sizeof *messages);
		observe_part(keys, &part);
	}
}

void
keys_unanswered(struct overview_keys *keys, const struct dns_pending *p)
{
	struct key_group *g = &keys->groups[KEYS_SERVER];
	uint64_t key[4] = { p->server.words[0], p->server.words[1], p->view, 0 };
	uint32_t at;
	struct mg_entry *e = mg_find(&g->mg, key, 4, hash_address(keys, key), &at);

	if (e != NULL && e->handle != 0)
		((struct server_detail *)pool_thing(&g->pool, e->handle))->unanswered++;
}

/* ------------------------------------------------------------------ merging */

static void
merge_client(struct client_detail *into, const struct client_detail *from)
{
	port_audit_merge(&into->ports, &from->ports);
	into->queries += from->queries;
	into->mixed += from->mixed;
	into->cuts += from->cuts;
	into->minimised += from->minimised;
	into->own |= from->own;
}

static void
merge_server(struct server_detail *into, const struct server_detail *from)
{
	into->responses += from->responses;
	into->aa += from->aa;
	into->ra += from->ra;
	into->failures += from->failures;
	into->unanswered += from->unanswered;
	into->latencies += from->latencies;
	for (unsigned i = 0; i < KEYS_LATENCY_BINS; i++)
		into->latency[i] += from->latency[i];
	into->own |= from->own;
}

static void
merge_entry(struct overview_keys *keys, enum keys_kind kind, const struct key_group *h,
    const struct mg_entry *other)
{
	struct key_group *g = &keys->groups[kind];
	struct mg_entry *e = mg_add(
	    &g->mg, other->key, g->mg.key_words, hash_key(keys, kind, other->key), other->counters);
	void *detail;

	if (kind < KEYS_CLIENT) {
		size_t size;
		const uint8_t *text = keys_text(h, other, &size);
		if (e->handle == 0)
			keep_text(g, e, text, (uint8_t)size);
		return;
	}
	if (other->handle == 0)
		return;
	detail = detail_of(g, e);
	if (detail == NULL)
		return;
	if (kind == KEYS_CLIENT)
		merge_client(detail, pool_thing(&h->pool, other->handle));
	else
		merge_server(detail, pool_thing(&h->pool, other->handle));
}

void
keys_merge(struct overview_keys *into, const struct overview_keys *from)
{
	for (unsigned k = 0; k < KEYS_KINDS; k++) {
		struct key_group *g = &into->groups[k];
		const struct key_group *h = &from->groups[k];
		for (uint32_t i = 0; i < h->mg.count; i++) {
			const struct mg_entry *other = &h->mg.entries[i];
			merge_entry(into, (enum keys_kind)k, h, other);
		}
		for (unsigned m = 0; m < MG_METRICS; m++) {
			g->mg.error[m] =
			    mg_sum(g->mg.error[m], mg_shortfall(&h->mg, &h->thresholds, m));
			g->totals[m] = mg_sum(g->totals[m], h->totals[m]);
		}
		g->pool.refused += h->pool.refused;
	}
}
