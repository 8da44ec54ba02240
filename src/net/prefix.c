/* SPDX-License-Identifier: ISC */
/*
 * Longest-match lookup over a set of prefixes.
 *
 * Nested prefixes are flattened once into ranges that do not overlap: a sorted array of range
 * starts, each with the index of the longest prefix that covers it (or none).  A lookup is then the
 * last start that is not above the address.  A table over the leading bits, about as large as the
 * array, narrows the binary search to a few steps: this runs twice for every packet.
 *
 * Both families share the code: an IPv4 address is the upper 32 bits of a key.  They never share an
 * array, so ::/0 does not hold IPv4.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "net/site.h"

#define NO_PREFIX      (-1)
#define MAX_TABLE_BITS 16
#define MAX_NESTING    129 /* one prefix of each length */

struct key {
	uint64_t high, low; /* the address as a number, left-aligned */
};

struct family {
	struct key *starts; /* owned: ascending; starts[0] is zero */
	int32_t *answers;   /* owned: index of the prefix, or NO_PREFIX */
	uint32_t *table; /* owned: per leading bits, the last range that begins at or before it */
	size_t count;
	unsigned shift; /* key.high >> shift is the index into the table */
};

struct prefix_set {
	struct family families[2]; /* IPv4, IPv6 */
};

/* A prefix on its way into the ranges. */
struct span {
	struct key first, last;
	int32_t index;
};

static struct key
key_of(const struct address *a, bool ipv4)
{
	if (ipv4)
		return (struct key){ (uint64_t)be32(a->octets + 12) << 32, 0 };
	return (struct key){ be64(a->octets), be64(a->octets + 8) };
}

static inline bool
key_less(struct key a, struct key b)
{
	return a.high != b.high ? a.high < b.high : a.low < b.low;
}

static inline bool
key_equal(struct key a, struct key b)
{
	return a.high == b.high && a.low == b.low;
}

/* The key after `a`; zero after the last one. */
static struct key
key_next(struct key a)
{
	a.low++;
	a.high += a.low == 0;
	return a;
}

/* `first` with all bits after `length` set. */
static struct key
key_last(struct key first, unsigned length)
{
	if (length < 64)
		first.high |= UINT64_MAX >> length;
	if (length < 128)
		first.low |= length <= 64 ? UINT64_MAX : UINT64_MAX >> (length - 64);
	return first;
}

/* Outer prefixes before the ones inside them; of equals, the one given first. */
static int
compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (!key_equal(x->first, y->first))
		return key_less(x->first, y->first) ? -1 : 1;
	if (!key_equal(x->last, y->last))
		return key_less(y->last, x->last) ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static void
add_range(struct family *f, struct key start, int32_t answer)
{
	if (f->count > 0 && key_equal(f->starts[f->count - 1], start))
		f->count--; /* a longer prefix begins at the same place */
	f->starts[f->count] = start;
	f->answers[f->count++] = answer;
}

/* Leaves every open span that ends before `limit` (all of them when it is NULL). */
static size_t
close_spans(struct family *f, const struct span *const *open, size_t depth, const struct key *limit)
{
	while (depth > 0 && (limit == NULL || key_less(open[depth - 1]->last, *limit))) {
		struct key next = key_next(open[depth - 1]->last);
		depth--;
		if (next.high != 0 || next.low != 0)
			add_range(f, next, depth > 0 ? open[depth - 1]->index : NO_PREFIX);
	}
	return depth;
}

static void
flatten(struct family *f, const struct span *spans, size_t count)
{
	const struct span *open[MAX_NESTING];
	size_t depth = 0;

	f->starts = xcalloc(2 * count + 1, sizeof *f->starts);
	f->answers = xcalloc(2 * count + 1, sizeof *f->answers);
	add_range(f, (struct key){ 0, 0 }, NO_PREFIX);
	for (size_t i = 0; i < count; i++) {
		const struct span *s = &spans[i];
		depth = close_spans(f, open, depth, &s->first);
		if (depth > 0 && key_equal(open[depth - 1]->first, s->first) &&
		    key_equal(open[depth - 1]->last, s->last))
			continue; /* given twice */
		add_range(f, s->first, s->index);
		assert(depth < MAX_NESTING);
		open[depth++] = s;
	}
	(void)close_spans(f, open, depth, NULL);
}

static void
build_table(struct family *f)
{
	unsigned bits = 0;
	size_t size, range = 0;

	while (bits < MAX_TABLE_BITS && ((size_t)1 << bits) < f->count)
		bits++;
	bits += bits == 0; /* a shift by 64 is not defined */
	f->shift = 64 - bits;
	size = (size_t)1 << bits;
	f->table = xcalloc(size + 1, sizeof *f->table);
	for (size_t i = 0; i < size; i++) {
		struct key first = { (uint64_t)i << f->shift, 0 };
		while (range + 1 < f->count && !key_less(first, f->starts[range + 1]))
			range++;
		f->table[i] = (uint32_t)range;
	}
	f->table[size] = (uint32_t)(f->count - 1);
}

static void
build_family(struct family *f, const struct prefix *prefixes, size_t count, bool ipv4)
{
	struct span *spans = xcalloc(count + 1, sizeof *spans);
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		struct key first;
		if (address_is_ipv4(&prefixes[i].address) != ipv4)
			continue;
		first = key_of(&prefixes[i].address, ipv4);
		spans[used++] = (struct span){
			.first = first,
			.last = key_last(first, prefixes[i].length),
			.index = (int32_t)i,
		};
	}
	qsort(spans, used, sizeof *spans, compare_spans);
	flatten(f, spans, used);
	build_table(f);
	free(spans);
}

struct prefix_set *
prefix_set_new(const struct prefix *prefixes, size_t count)
{
	struct prefix_set *set = xcalloc(1, sizeof *set);

	assert(count <= INT32_MAX / 2);
	build_family(&set->families[0], prefixes, count, true);
	build_family(&set->families[1], prefixes, count, false);
	return set;
}

void
prefix_set_free(struct prefix_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < 2; i++) {
		free(set->families[i].starts);
		free(set->families[i].answers);
		free(set->families[i].table);
	}
	free(set);
}

long
prefix_set_find(const struct prefix_set *set, const struct address *address)
{
	bool ipv4 = address_is_ipv4(address);
	const struct family *f = &set->families[ipv4 ? 0 : 1];
	struct key key = key_of(address, ipv4);
	size_t bucket = key.high >> f->shift;
	size_t low = f->table[bucket], high = f->table[bucket + 1];

	/* starts[low] <= key, and every start above `high` is greater than the key. */
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;
		if (key_less(key, f->starts[middle]))
			high = middle - 1;
		else
			low = middle;
	}
	return f->answers[low];
}
