/* SPDX-License-Identifier: ISC */
/*
 * Octets held until what is missing before them comes: fragments of a datagram, TCP segments out of
 * order.
 *
 * The pieces of one `struct held` are in order and do not overlap; where a new range meets octets
 * already held, the first ones stay.  Pieces are found by bisection, so that a sender of many tiny
 * pieces in the worst order costs a short memmove each and no walk; there are never more than
 * HELD_PIECES_MAX.
 *
 * Every octet of memory, the index included, is charged to a budget that many `struct held` share.
 * held_add does not look at the limit: the caller asks held_cost first and makes room.
 */
#ifndef YAGURA_FLOW_HELD_H
#define YAGURA_FLOW_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HELD_PIECES_MAX 4096

struct held_budget {
	size_t used, limit;
};

struct held_piece {
	uint64_t source; /* whatever the caller said of it: the record it came in */
	size_t size;
	uint8_t octets[];
};

struct held_index {
	uint64_t start;
	struct held_piece *piece; /* owned */
};

/* Empty when zero. */
struct held {
	struct held_index *index; /* owned; pieces at first … first + count - 1 */
	uint32_t first, count, capacity;
	size_t cost; /* charged to the budget */
};

/* The most that held_add of this range would charge; SIZE_MAX when there would be too many pieces.
 */
size_t held_cost(const struct held *h, uint64_t start, size_t size);

/* Holds a copy of what is new in `size` octets at `start`; returns how many octets were new. */
size_t held_add(struct held *h, struct held_budget *budget, uint64_t start, const uint8_t *data,
    size_t size, uint64_t source);

/* Whether all of the range is held, and with the same octets. */
bool held_same(const struct held *h, uint64_t start, const uint8_t *data, size_t size);

/* Frees the first piece. */
void held_pop(struct held *h, struct held_budget *budget);

/* Frees all. */
void held_clear(struct held *h, struct held_budget *budget);

/* The first piece; NULL when there is none. */
static inline const struct held_index *
held_first(const struct held *h)
{
	return h->count != 0 ? &h->index[h->first] : NULL;
}

#endif
