/* SPDX-License-Identifier: ISC */
/* Pieces of octets in order, without overlap, under a budget; see held.h. */
#include "flow/held.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

enum {
	INDEX_INITIAL = 8,
	/* What malloc adds to a block: its own header and rounding. */
	ALLOCATION_OVERHEAD = 32,
};

static size_t
piece_cost(size_t size)
{
	return size + sizeof(struct held_piece) + ALLOCATION_OVERHEAD;
}

static uint64_t
piece_end(const struct held_index *at)
{
	return at->start + at->piece->size;
}

static size_t
min_size(size_t a, uint64_t b)
{
	return a < b ? a : (size_t)b;
}

/* The first piece (as a position from `first`) that ends after `start`. */
static uint32_t
find(const struct held *h, uint64_t start)
{
	uint32_t low = 0, high = h->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (piece_end(&h->index[h->first + middle]) > start)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The first piece that starts at or after `end`. */
static uint32_t
find_start(const struct held *h, uint64_t end)
{
	uint32_t low = 0, high = h->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (h->index[h->first + middle].start >= end)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

size_t
held_cost(const struct held *h, uint64_t start, size_t size)
{
	uint32_t met = find_start(h, start + size) - find(h, start);
	size_t pieces = (size_t)met + 1; /* at most one between each two that are met */
	size_t capacity = h->capacity != 0 ? h->capacity : INDEX_INITIAL;

	if (h->count + pieces > HELD_PIECES_MAX)
		return SIZE_MAX;
	while (capacity < h->count + pieces)
		capacity *= 2;
	return size + pieces * piece_cost(0) +
	       (capacity - h->capacity) * sizeof(struct held_index) + ALLOCATION_OVERHEAD;
}

static void
charge(struct held *h, struct held_budget *budget, size_t size)
{
	h->cost += size;
	budget->used += size;
}

static void
discharge(struct held *h, struct held_budget *budget, size_t size)
{
	h->cost -= size;
	budget->used -= size;
}

/* Makes room for one more piece behind the last. */
static void
index_reserve(struct held *h, struct held_budget *budget)
{
	uint32_t capacity = h->capacity != 0 ? h->capacity * 2 : INDEX_INITIAL;

	if (h->first + h->count < h->capacity)
		return;
	if (h->first != 0) {
		memmove(h->index, h->index + h->first, h->count * sizeof *h->index);
		h->first = 0;
		return;
	}
	if (h->capacity == 0)
		charge(h, budget, ALLOCATION_OVERHEAD);
	charge(h, budget, (capacity - h->capacity) * sizeof *h->index);
	h->index = xrealloc_array(h->index, capacity, sizeof *h->index);
	h->capacity = capacity;
}

static void
insert(struct held *h, struct held_budget *budget, uint32_t at, struct held_index new)
{
	struct held_index *place;

	index_reserve(h, budget);
	place = h->index + h->first + at;
	memmove(place + 1, place, (h->count - at) * sizeof *place);
	*place = new;
	h->count++;
}

static struct held_piece *
piece_new(const uint8_t *data, size_t size, uint64_t source)
{
	struct held_piece *piece = xmalloc(sizeof *piece + size);

	piece->source = source;
	piece->size = size;
	memcpy(piece->octets, data, size);
	return piece;
}

size_t
held_add(struct held *h, struct held_budget *budget, uint64_t start, const uint8_t *data,
    size_t size, uint64_t source)
{
	size_t added = 0;

	while (size > 0) {
		uint32_t at = find(h, start);
		uint64_t next = at < h->count ? h->index[h->first + at].start : UINT64_MAX;
		size_t step;

		if (next <= start) {
			step = min_size(size, piece_end(&h->index[h->first + at]) - start);
		} else {
			step = min_size(size, next - start);
			charge(h, budget, piece_cost(step));
			insert(h, budget, at,
			    (struct held_index){ start, piece_new(data, step, source) });
			added += step;
		}
		start += step;
		data += step;
		size -= step;
	}
	assert(h->count <= HELD_PIECES_MAX);
	return added;
}

bool
held_same(const struct held *h, uint64_t start, const uint8_t *data, size_t size)
{
	while (size > 0) {
		uint32_t at = find(h, start);
		const struct held_index *i;
		size_t step;

		if (at == h->count)
			return false;
		i = &h->index[h->first + at];
		if (i->start > start)
			return false;
		step = min_size(size, piece_end(i) - start);
		if (memcmp(i->piece->octets + (start - i->start), data, step) != 0)
			return false;
		start += step;
		data += step;
		size -= step;
	}
	return true;
}

void
held_pop(struct held *h, struct held_budget *budget)
{
	struct held_piece *piece = h->index[h->first].piece;

	discharge(h, budget, piece_cost(piece->size));
	free(piece);
	h->first++;
	h->count--;
	if (h->count != 0)
		return;
	discharge(h, budget, h->capacity * sizeof *h->index + ALLOCATION_OVERHEAD);
	free(h->index);
	*h = (struct held){ 0 };
}

void
held_clear(struct held *h, struct held_budget *budget)
{
	while (h->count != 0)
		held_pop(h, budget);
}
