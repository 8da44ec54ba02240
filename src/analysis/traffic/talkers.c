/* SPDX-License-Identifier: ISC */
/*
 * Who talks most: addresses, prefixes (/24 of IPv4, /48 of IPv6) and pairs of addresses, by octets,
 * packets, flows and distinct peers.
 *
 * A flow counts for both of its ends, with both of its directions; a pair has no order, because
 * which end began is not known of a flow that was met in its middle.  Each kind is a Misra-Gries
 * summary over the three weights (stat/misra_gries.h), so memory is fixed and the error is known
 * and printed. Peers are a HyperLogLog a key (peers.h), the number of distinct keys one HyperLogLog
 * a kind.
 *
 * A batch goes through in chunks, and a chunk kind by kind, so that one table at a time is in use:
 * hash all keys and prefetch their slots; then for each kind find and prefetch all entries by their
 * slots, prefetch the registers of peers that these point to, and update.  So every chunk waits for
 * memory about three times a kind, not once a key.
 *
 * Records of exporters count as flows do, with octets and packets multiplied by their sampling
 * rate: the summaries hold estimates.
 *
 * Consumes flows and records.  Yields per window and kind the keys that are among the greatest by
 * any measure, a row with the totals and the bounds, and what is known of the records.
 */
#include "analysis/traffic/talkers.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/exports.h"
#include "analysis/traffic/address_hash.h"
#include "analysis/traffic/peers.h"
#include "base/xmalloc.h"
#include "stat/hll.h"
#include "stat/select.h"

/* Flows that go through together: their keys, entries and registers fit in the first-level cache.
 */
#define CHUNK 64

/* Registers of `distinct` whose numbers are kept, so that clearing a quiet window is cheap. */
#define TOUCHED_MOST 512

const char *const talkers_kind_names[TALKERS_KIND_COUNT] = { "address", "prefix", "pair" };

/* Distinct keys of a kind. */
struct distinct {
	uint8_t *registers;     /* owned */
	uint32_t touched_count; /* TOUCHED_MOST + 1: too many to tell */
	uint16_t touched[TOUCHED_MOST];
};

/* All keys of one kind. */
struct group {
	struct mg mg;
	struct peers_pool pool; /* empty for pairs */
	struct distinct distinct;
};

struct talkers {
	struct address_hash hash;
	struct group groups[TALKERS_KIND_COUNT];
	uint64_t totals[MG_METRICS];
	struct mg_thresholds thresholds; /* of the sieves, by the totals of a while ago */
	uint64_t thresholds_until;       /* flows at which they rise */
	struct export_facts exports;
	uint64_t row_most;
};

/* The keys of one flow: both ends' addresses and prefixes, and the pair. */
struct keys {
	struct address ends[2];
	struct address prefixes[2];
	uint64_t pair_words[4]; /* both ends, the lower one first */
	uint64_t weights[MG_METRICS];
	uint64_t fixed[2]; /* hashes of the ends without a secret, for sketches */
	uint32_t share;    /* of a cell of the sieves */
	uint32_t end_hashes[2];
	uint32_t prefix_hashes[2];
	uint32_t pair_hash;
};

/* ------------------------------------------------------------------ hashing */

/* Of a pair, the lower end first, whose own sum is known already. */
static inline uint32_t
hash_pair(const struct address_hash *hash, uint64_t lower_sum, const struct address *higher)
{
	uint64_t sum = lower_sum + address_hash_sum(hash->destination, higher);

	return (uint32_t)(address_hash_end(hash, sum) >> 32);
}

/* A hash of an address without a secret, for sketches. */
static inline uint64_t
hash_fixed(const struct address *a)
{
	return a->words[0] == 0 ? hash_mix64(a->words[1]) : hash_mix_words(a->words, 2);
}

static inline struct address
prefix_of(const struct address *a)
{
	struct address p = *a;

	if (address_is_ipv4(a))
		p.octets[15] = 0;
	else
		memset(p.octets + TALKERS_PREFIX_IPV6 / 8, 0, 16 - TALKERS_PREFIX_IPV6 / 8);
	return p;
}

static_assert(TALKERS_PREFIX_IPV4 == 24, "prefix_of clears the last octet");

/* Which of the two ends is the lower one. */
static inline unsigned
lower_end(const struct address ends[2])
{
	unsigned word = ends[0].words[0] == ends[1].words[0];

	return __builtin_bswap64(ends[1].words[word]) < __builtin_bswap64(ends[0].words[word]);
}

static inline void
keys_of(const struct address_hash *hash, const struct flow *f, uint64_t sampling, struct keys *k)
{
	uint64_t sums[2];
	unsigned lower;

	k->ends[0] = f->source;
	k->ends[1] = f->destination;
	for (unsigned i = 0; i < 2; i++) {
		k->prefixes[i] = prefix_of(&k->ends[i]);
		sums[i] = address_hash_sum(hash->source, &k->ends[i]);
		k->end_hashes[i] = (uint32_t)(address_hash_end(hash, sums[i]) >> 32);
		k->prefix_hashes[i] = (uint32_t)(address_hash_one(hash, &k->prefixes[i]) >> 32);
		k->fixed[i] = hash_fixed(&k->ends[i]);
	}
	lower = lower_end(k->ends);
	memcpy(&k->pair_words[0], &k->ends[lower], sizeof k->ends[0]);
	memcpy(&k->pair_words[2], &k->ends[!lower], sizeof k->ends[0]);
	k->pair_hash = hash_pair(hash, sums[lower], &k->ends[!lower]);
	k->weights[TALKERS_OCTETS] = export_scaled(mg_sum(f->octets[0], f->octets[1]), sampling);
	k->weights[TALKERS_PACKETS] = export_scaled(mg_sum(f->packets[0], f->packets[1]), sampling);
	k->weights[TALKERS_FLOWS] = 1;
}

/* ------------------------------------------------------------------ distinct keys */

static void
distinct_raise(struct distinct *d, uint32_t index, uint8_t rank)
{
	if (d->registers[index] >= rank)
		return;
	if (d->registers[index] == 0 && d->touched_count <= TOUCHED_MOST) {
		if (d->touched_count < TOUCHED_MOST)
			d->touched[d->touched_count] = (uint16_t)index;
		d->touched_count++;
	}
	d->registers[index] = rank;
}

static inline void
distinct_add(struct distinct *d, uint64_t hash)
{
	uint32_t index = hll_index(hash, TALKERS_DISTINCT_PRECISION);
	uint8_t rank = hll_rank(hash, TALKERS_DISTINCT_PRECISION);
	uint8_t *r = &d->registers[index];

	/* No branch on the register: whether it rises cannot be foretold. */
	if (d->touched_count > TOUCHED_MOST)
		*r = *r > rank ? *r : rank;
	else
		distinct_raise(d, index, rank);
}

static void
distinct_union(struct distinct *into, const struct distinct *from)
{
	if (from->touched_count > TOUCHED_MOST) {
		hll_union(into->registers, from->registers, TALKERS_DISTINCT_PRECISION);
		into->touched_count = TOUCHED_MOST + 1;
		return;
	}
	for (uint32_t i = 0; i < from->touched_count; i++)
		distinct_raise(into, from->touched[i], from->registers[from->touched[i]]);
}

static void
distinct_clear(struct distinct *d)
{
	if (d->touched_count > TOUCHED_MOST)
		memset(d->registers, 0, HLL_SIZE(TALKERS_DISTINCT_PRECISION));
	for (uint32_t i = 0; i < d->touched_count && d->touched_count <= TOUCHED_MOST; i++)
		d->registers[d->touched[i]] = 0;
	d->touched_count = 0;
}

/* ------------------------------------------------------------------ life */

static struct peers
entry_peers(struct mg_entry *e)
{
	/* Keys of two words leave two of the entry for the small sketch. */
	return (struct peers){ .codes = &e->key[2], .handle = &e->handle };
}

static void
give_back_peers(void *context, struct mg_entry *entry)
{
	peers_pool_return(context, entry->handle);
}

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct talkers *t = state;
	uint32_t keys = (uint32_t)settings_u64(context->settings, "keys");
	uint32_t sketches = (uint32_t)settings_u64(context->settings, "peer_sketches");

	(void)info;
	address_hash_init(&t->hash, &context->secret);
	t->row_most = settings_u64(context->settings, "rows");
	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++) {
		struct group *g = &t->groups[kind];
		mg_init(&g->mg, keys, kind == TALKERS_PAIR ? 4 : 2);
		peers_pool_init(&g->pool, kind == TALKERS_PAIR ? 0 : sketches);
		g->distinct.registers = xcalloc(1, HLL_SIZE(TALKERS_DISTINCT_PRECISION));
		if (kind != TALKERS_PAIR) {
			g->mg.leave = give_back_peers;
			g->mg.context = &g->pool;
		}
	}
	return ERR_OK;
}

static void
release(void *state)
{
	struct talkers *t = state;

	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++) {
		mg_release(&t->groups[kind].mg);
		peers_pool_release(&t->groups[kind].pool);
		free(t->groups[kind].distinct.registers);
	}
}

static void
clear(void *state)
{
	struct talkers *t = state;

	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++) {
		mg_clear(&t->groups[kind].mg);
		peers_pool_clear(&t->groups[kind].pool);
		distinct_clear(&t->groups[kind].distinct);
	}
	memset(t->totals, 0, sizeof t->totals);
	t->thresholds = (struct mg_thresholds){ { 0 }, { 0 } };
	t->thresholds_until = 0;
	t->exports = (struct export_facts){ 0 };
}

/* ------------------------------------------------------------------ observing */

static inline void
prefetch_slots(const struct talkers *t, const struct keys *k)
{
	for (unsigned i = 0; i < 2; i++) {
		mg_prefetch_slot(&t->groups[TALKERS_ADDRESS].mg, k->end_hashes[i]);
		mg_prefetch_slot(&t->groups[TALKERS_PREFIX].mg, k->prefix_hashes[i]);
	}
	mg_prefetch_slot(&t->groups[TALKERS_PAIR].mg, k->pair_hash);
}

/* One end of a flow as a key: an address or a prefix. */
struct end {
	const struct address *key;
	uint64_t fixed, peer; /* fixed hashes: its own and of the other end's address */
	uint32_t hash, guess;
};

/* Asks for what updating a key will touch, and returns a guess at its entry. */
static inline __attribute__((always_inline)) uint32_t
guess(const struct group *g, uint32_t hash, uint64_t fixed)
{
	uint32_t number = mg_guess(&g->mg, hash);

	if (number != MG_NO_GUESS) {
		__builtin_prefetch(&g->mg.entries[number]);
	} else {
		mg_prefetch_sieve(&g->mg, fixed);
		__builtin_prefetch(
		    &g->distinct.registers[hll_index(fixed, TALKERS_DISTINCT_PRECISION)]);
	}
	return number;
}

/* Asks for the register that a peer will raise.  No key came since the guess. */
static inline void
prefetch_peers(const struct group *g, uint32_t number, uint64_t peer)
{
	const uint8_t *registers;

	if (number == MG_NO_GUESS)
		return;
	registers = peers_registers(&g->pool, g->mg.entries[number].handle);
	if (registers != NULL)
		__builtin_prefetch(&registers[hll_index(peer, PEERS_PRECISION)]);
}

/* Counts a flow for one of its ends.  Expanded for each end by itself, because in a flood one end
 * is always new and the other never. */
static inline __attribute__((always_inline)) void
update(struct group *g, const struct end *end, const uint64_t weights[MG_METRICS], uint32_t share)
{
	uint32_t at;
	struct mg_entry *e =
	    mg_find_guessed(&g->mg, end->key->words, 2, end->hash, end->guess, &at);

	if (e != NULL) {
		mg_increase(e, weights);
	} else {
		distinct_add(&g->distinct, end->fixed);
		if (mg_sieve_takes(&g->mg, end->fixed, share))
			return;
		e = mg_insert(&g->mg, end->key->words, 2, end->hash, at, weights);
	}
	peers_add(&g->pool, entry_peers(e), end->peer);
}

static inline __attribute__((always_inline)) struct end
end_of(const struct keys *k, unsigned kind, unsigned i)
{
	if (kind == TALKERS_ADDRESS)
		return (struct end){ .key = &k->ends[i],
			.fixed = k->fixed[i],
			.peer = k->fixed[!i],
			.hash = k->end_hashes[i] };
	return (struct end){ .key = &k->prefixes[i],
		.fixed = hash_fixed(&k->prefixes[i]),
		.peer = k->fixed[!i],
		.hash = k->prefix_hashes[i] };
}

/* Counts flows for the addresses or the prefixes at their ends. */
static inline __attribute__((always_inline)) void
update_ends(struct group *g, unsigned kind, const struct keys *keys, size_t count)
{
	uint32_t guesses[CHUNK][2];

	for (size_t i = 0; i < count; i++) {
		for (unsigned j = 0; j < 2; j++) {
			struct end end = end_of(&keys[i], kind, j);
			guesses[i][j] = guess(g, end.hash, end.fixed);
		}
	}
	for (size_t i = 0; i < count; i++) {
		prefetch_peers(g, guesses[i][0], keys[i].fixed[1]);
		prefetch_peers(g, guesses[i][1], keys[i].fixed[0]);
	}
	for (size_t i = 0; i < count; i++) {
		const struct keys *k = &keys[i];
		struct end first = end_of(k, kind, 0), second = end_of(k, kind, 1);
		first.guess = guesses[i][0];
		second.guess = guesses[i][1];
		update(g, &first, k->weights, k->share);
		/* A key that is at both ends is counted once, with the one peer it has: itself. */
		if (!address_equal(first.key, second.key))
			update(g, &second, k->weights, k->share);
	}
}

static void
update_addresses(struct group *g, const struct keys *keys, size_t count)
{
	update_ends(g, TALKERS_ADDRESS, keys, count);
}

static void
update_prefixes(struct group *g, const struct keys *keys, size_t count)
{
	update_ends(g, TALKERS_PREFIX, keys, count);
}

/* A hash of a pair without a secret. */
static inline uint64_t
pair_fixed(const struct keys *k)
{
	return hash_mix64(k->fixed[0] + k->fixed[1]);
}

static void
update_pairs(struct group *g, const struct keys *keys, size_t count)
{
	uint32_t guesses[CHUNK];

	for (size_t i = 0; i < count; i++)
		guesses[i] = guess(g, keys[i].pair_hash, pair_fixed(&keys[i]));
	for (size_t i = 0; i < count; i++) {
		const struct keys *k = &keys[i];
		struct mg_entry *e;
		uint64_t fixed;
		uint32_t at;
		e = mg_find_guessed(&g->mg, k->pair_words, 4, k->pair_hash, guesses[i], &at);
		if (e != NULL) {
			mg_increase(e, k->weights);
			continue;
		}
		fixed = pair_fixed(k);
		distinct_add(&g->distinct, fixed);
		if (!mg_sieve_takes(&g->mg, fixed, k->share))
			(void)mg_insert(&g->mg, k->pair_words, 4, k->pair_hash, at, k->weights);
	}
}

/* Lets the thresholds of the sieves rise with the totals: seldom, since all cells are touched. */
static void
raise_thresholds(struct talkers *t)
{
	struct mg_thresholds before = t->thresholds;

	mg_thresholds_set(&t->thresholds, t->totals, t->groups[0].mg.capacity);
	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++)
		mg_sieve_scale(&t->groups[kind].mg, &before, &t->thresholds);
	t->thresholds_until = t->totals[TALKERS_FLOWS] + t->totals[TALKERS_FLOWS] / 4 + CHUNK;
}

/* Counts the flows of which `keys` are. */
static void
update_all(struct talkers *t, struct keys *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		prefetch_slots(t, &keys[i]);
		for (unsigned m = 0; m < MG_METRICS; m++)
			t->totals[m] = mg_sum(t->totals[m], keys[i].weights[m]);
	}
	for (size_t i = 0; i < count; i++)
		keys[i].share = mg_sieve_share(&t->thresholds, keys[i].weights);
	update_addresses(&t->groups[TALKERS_ADDRESS], keys, count);
	update_prefixes(&t->groups[TALKERS_PREFIX], keys, count);
	update_pairs(&t->groups[TALKERS_PAIR], keys, count);
}

/* How many of the flows that are left go through together: thresholds rise at numbers of flows that
 * do not depend on batches. */
static size_t
chunk_of(struct talkers *t, size_t left)
{
	uint64_t room;

	if (t->totals[TALKERS_FLOWS] >= t->thresholds_until)
		raise_thresholds(t);
	room = t->thresholds_until - t->totals[TALKERS_FLOWS];
	if (left > CHUNK)
		left = CHUNK;
	return left < room ? left : (size_t)room;
}

static void
observe(void *state, const struct batch *batch)
{
	struct talkers *t = state;
	struct keys keys[CHUNK];
	size_t count;

	for (size_t begin = 0; begin < batch->count; begin += count) {
		count = chunk_of(t, batch->count - begin);
		for (size_t i = 0; i < count && batch->type == OBS_FLOW; i++)
			keys_of(&t->hash, &batch->flows[begin + i], 1, &keys[i]);
		for (size_t i = 0; i < count && batch->type == OBS_RECORD; i++) {
			const struct flow_record *r = batch->records[begin + i];
			export_facts_note(&t->exports, r);
			keys_of(&t->hash, &r->flow, record_sampling(r), &keys[i]);
		}
		update_all(t, keys, count);
	}
}

/* ------------------------------------------------------------------ merging */

/* A key's hash in this state's table: the other state may have had another secret. */
static uint32_t
hash_key(const struct address_hash *hash, unsigned kind, const uint64_t *key)
{
	struct address first = { .words = { key[0], key[1] } };
	uint64_t sum = address_hash_sum(hash->source, &first);

	if (kind == TALKERS_PAIR)
		return hash_pair(hash, sum, &(struct address){ .words = { key[2], key[3] } });
	return (uint32_t)(address_hash_end(hash, sum) >> 32);
}

static void
merge(void *into, const void *from)
{
	struct talkers *t = into;
	const struct talkers *f = from;

	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++) {
		struct group *g = &t->groups[kind];
		const struct group *h = &f->groups[kind];
		for (uint32_t i = 0; i < h->mg.count; i++) {
			struct mg_entry other = h->mg.entries[i];
			struct mg_entry *e = mg_add(&g->mg, other.key, g->mg.key_words,
			    hash_key(&t->hash, kind, other.key), other.counters);
			if (kind != TALKERS_PAIR)
				peers_union(
				    &g->pool, entry_peers(e), &h->pool, entry_peers(&other));
		}
		for (unsigned m = 0; m < MG_METRICS; m++)
			g->mg.error[m] =
			    mg_sum(g->mg.error[m], mg_shortfall(&h->mg, &f->thresholds, m));
		distinct_union(&g->distinct, &h->distinct);
	}
	for (unsigned m = 0; m < MG_METRICS; m++)
		t->totals[m] = mg_sum(t->totals[m], f->totals[m]);
	export_facts_merge(&t->exports, &f->exports);
}

/* ------------------------------------------------------------------ rows */

/* One metric of one entry, with what breaks ties. */
struct ranked {
	const struct mg_entry *entry;
	uint64_t value;
	uint32_t number; /* of the entry */
};

static int
compare_keys(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return memcmp(x->entry->key, y->entry->key, sizeof x->entry->key);
}

static uint64_t
metric_of(struct group *g, uint32_t number, unsigned metric)
{
	struct mg_entry *e = &g->mg.entries[number];

	if (metric < MG_METRICS)
		return e->counters[metric];
	return (uint64_t)(peers_estimate(&g->pool, entry_peers(e)) + 0.5);
}

/* Chooses the `most` greatest entries by one metric; of equal ones those with the lesser keys. */
static void
choose(struct group *g, unsigned metric, uint32_t most, bool *chosen)
{
	uint32_t count = g->mg.count, equal_count = 0, above = 0;
	struct ranked *equal = xcalloc(count, sizeof *equal);
	uint64_t *values = xcalloc(count, sizeof *values);
	uint64_t *scratch = xcalloc(count, sizeof *scratch);
	uint64_t edge;

	for (uint32_t i = 0; i < count; i++)
		values[i] = metric_of(g, i, metric);
	memcpy(scratch, values, count * sizeof *values);
	edge = select_rank(scratch, count, count - most);
	for (uint32_t i = 0; i < count; i++) {
		if (values[i] > edge) {
			chosen[i] = true;
			above++;
		} else if (values[i] == edge) {
			equal[equal_count++] = (struct ranked){
				.entry = &g->mg.entries[i], .value = values[i], .number = i
			};
		}
	}
	if (above + equal_count > most)
		qsort(equal, equal_count, sizeof *equal, compare_keys);
	for (uint32_t i = 0; i < equal_count && above + i < most; i++)
		chosen[equal[i].number] = true;
	free(equal);
	free(values);
	free(scratch);
}

/* Marks the entries that become rows, and finds the greatest counters among the others. */
static void
choose_rows(struct group *g, unsigned kind, uint64_t row_most, bool *chosen, uint64_t *ret_cut)
{
	unsigned metrics = kind == TALKERS_PAIR ? MG_METRICS : MG_METRICS + 1;

	for (unsigned m = 0; m < MG_METRICS; m++)
		ret_cut[m] = 0;
	if (g->mg.count <= row_most) {
		memset(chosen, true, g->mg.count * sizeof *chosen);
		return;
	}
	for (unsigned m = 0; m < metrics; m++)
		choose(g, m, (uint32_t)(row_most / metrics), chosen);
	for (uint32_t i = 0; i < g->mg.count; i++)
		for (unsigned m = 0; m < MG_METRICS && !chosen[i]; m++)
			if (ret_cut[m] < g->mg.entries[i].counters[m])
				ret_cut[m] = g->mg.entries[i].counters[m];
}

static unsigned
key_length(unsigned kind, bool ipv4)
{
	if (kind == TALKERS_PREFIX)
		return ipv4 ? TALKERS_PREFIX_IPV4 : TALKERS_PREFIX_IPV6;
	return ipv4 ? 32 : 128;
}

static void
yield_row(struct rows *rows, unsigned kind, struct group *g, struct mg_entry *e)
{
	struct address address = { .words = { e->key[0], e->key[1] } };
	struct address peer = { .words = { 0, 0 } };
	uint8_t registers[PEERS_SIZE];
	uint8_t stored[HLL_ENCODED_SIZE(PEERS_PRECISION)];
	size_t size = 0;

	if (kind == TALKERS_PAIR) {
		peer = (struct address){ .words = { e->key[2], e->key[3] } };
	} else {
		peers_expand(&g->pool, entry_peers(e), registers);
		size = hll_encode(registers, PEERS_PRECISION, stored);
	}
	rows_text(rows, TALKERS_KIND_COLUMN, talkers_kind_names[kind]);
	rows_address(rows, TALKERS_ADDRESS_COLUMN, &address);
	rows_u64(rows, TALKERS_LENGTH_COLUMN, key_length(kind, address_is_ipv4(&address)));
	rows_address(rows, TALKERS_PEER_COLUMN, &peer);
	for (unsigned m = 0; m < MG_METRICS; m++)
		rows_u64(rows, TALKERS_COUNTER_COLUMN + m, e->counters[m]);
	rows_blob(rows, TALKERS_PEERS_COLUMN, stored, size);
	rows_u64(rows, TALKERS_PARTIAL_COLUMN, (e->handle & PEERS_PARTIAL) != 0);
	rows_next(rows);
}

static void
yield_totals(struct rows *rows, const struct talkers *t, unsigned kind, const uint64_t *cut)
{
	const struct group *g = &t->groups[kind];
	uint8_t *stored = xmalloc(HLL_ENCODED_SIZE(TALKERS_DISTINCT_PRECISION));
	size_t size = hll_encode(g->distinct.registers, TALKERS_DISTINCT_PRECISION, stored);

	rows_text(rows, TALKERS_TOTALS_KIND_COLUMN, talkers_kind_names[kind]);
	for (unsigned m = 0; m < MG_METRICS; m++) {
		rows_u64(rows, TALKERS_TOTALS_COUNTER_COLUMN + m, t->totals[m]);
		rows_u64(
		    rows, TALKERS_TOTALS_ERROR_COLUMN + m, mg_shortfall(&g->mg, &t->thresholds, m));
		rows_u64(rows, TALKERS_TOTALS_CUT_COLUMN + m, cut[m]);
	}
	rows_u64(rows, TALKERS_TOTALS_KEYS_COLUMN, g->mg.count);
	rows_blob(rows, TALKERS_TOTALS_DISTINCT_COLUMN, stored, size);
	rows_next(rows);
	free(stored);
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct talkers *t = state;

	(void)window;
	if (t->totals[TALKERS_FLOWS] == 0)
		return;
	for (unsigned kind = 0; kind < TALKERS_KIND_COUNT; kind++) {
		struct group *g = &t->groups[kind];
		bool *chosen = xcalloc(g->mg.count, sizeof *chosen);
		struct ranked *order = xcalloc(g->mg.count, sizeof *order);
		uint64_t cut[MG_METRICS];
		uint32_t count = 0;

		choose_rows(g, kind, t->row_most, chosen, cut);
		for (uint32_t i = 0; i < g->mg.count; i++)
			if (chosen[i])
				order[count++] =
				    (struct ranked){ .entry = &g->mg.entries[i], .number = i };
		qsort(order, count, sizeof *order, compare_keys);
		for (uint32_t i = 0; i < count; i++)
			yield_row(sink->tables[0], kind, g, &g->mg.entries[order[i].number]);
		yield_totals(sink->tables[1], t, kind, cut);
		free(order);
		free(chosen);
	}
	export_facts_put(&t->exports, sink->tables[2]);
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "keys", SETTING_U64, "4096", "64", "262144",
	    "keys of each kind held in each of 8 shards; the error is at most 8/keys of the "
	    "total" },
	{ "rows", SETTING_U64, "500", "8", "100000", "keys of each kind stored for each window" },
	{ "top", SETTING_U64, "20", "1", "1000", "rows of a table in the review" },
	{ "peer_sketches", SETTING_U64, "2048", "0", "262144",
	    "keys of each kind and shard with more than 8 peers whose peers are counted" },
};

static const struct column COLUMNS[TALKERS_COLUMN_COUNT] = {
	[TALKERS_KIND_COLUMN] = { "kind", COLUMN_TEXT, "" },
	[TALKERS_ADDRESS_COLUMN] = { "address", COLUMN_ADDRESS, "" },
	[TALKERS_LENGTH_COLUMN] = { "prefix_length", COLUMN_U8, "" },
	[TALKERS_PEER_COLUMN] = { "peer_address", COLUMN_ADDRESS, "" },
	[TALKERS_COUNTER_COLUMN + TALKERS_OCTETS] = { "octets", COLUMN_U64, "octets" },
	[TALKERS_COUNTER_COLUMN + TALKERS_PACKETS] = { "packets", COLUMN_U64, "packets" },
	[TALKERS_COUNTER_COLUMN + TALKERS_FLOWS] = { "flows", COLUMN_U64, "flows" },
	[TALKERS_PEERS_COLUMN] = { "peers", COLUMN_BLOB, "" },
	[TALKERS_PARTIAL_COLUMN] = { "peers_partial", COLUMN_U8, "" },
};

static const struct column TOTALS_COLUMNS[TALKERS_TOTALS_COLUMN_COUNT] = {
	[TALKERS_TOTALS_KIND_COLUMN] = { "kind", COLUMN_TEXT, "" },
	[TALKERS_TOTALS_COUNTER_COLUMN + TALKERS_OCTETS] = { "octets", COLUMN_U64, "octets" },
	[TALKERS_TOTALS_COUNTER_COLUMN + TALKERS_PACKETS] = { "packets", COLUMN_U64, "packets" },
	[TALKERS_TOTALS_COUNTER_COLUMN + TALKERS_FLOWS] = { "flows", COLUMN_U64, "flows" },
	[TALKERS_TOTALS_ERROR_COLUMN + TALKERS_OCTETS] = { "octets_error", COLUMN_U64, "octets" },
	[TALKERS_TOTALS_ERROR_COLUMN +
	    TALKERS_PACKETS] = { "packets_error", COLUMN_U64, "packets" },
	[TALKERS_TOTALS_ERROR_COLUMN + TALKERS_FLOWS] = { "flows_error", COLUMN_U64, "flows" },
	[TALKERS_TOTALS_CUT_COLUMN + TALKERS_OCTETS] = { "octets_cut", COLUMN_U64, "octets" },
	[TALKERS_TOTALS_CUT_COLUMN + TALKERS_PACKETS] = { "packets_cut", COLUMN_U64, "packets" },
	[TALKERS_TOTALS_CUT_COLUMN + TALKERS_FLOWS] = { "flows_cut", COLUMN_U64, "flows" },
	[TALKERS_TOTALS_KEYS_COLUMN] = { "keys", COLUMN_U64, "" },
	[TALKERS_TOTALS_DISTINCT_COLUMN] = { "distinct_keys", COLUMN_BLOB, "" },
};

static const struct table TABLES[] = {
	{ "traffic_talkers", "Greatest addresses, prefixes and pairs of a window", COLUMNS,
	    TALKERS_COLUMN_COUNT },
	{ "traffic_talkers_totals", "Totals and error bounds of traffic_talkers", TOTALS_COLUMNS,
	    TALKERS_TOTALS_COLUMN_COUNT },
	{ TALKERS_RECORDS_TABLE, "Records of exporters in traffic_talkers", EXPORT_FACTS_TABLE,
	    EXPORT_FACTS_COLUMNS },
};

const struct analysis analysis_traffic_talkers = {
	.name = "traffic/talkers",
	.title = "Top talkers",
	.consumes = OBS_FLOW | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct talkers),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = talkers_section,
};
