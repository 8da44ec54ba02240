/* SPDX-License-Identifier: ISC */
/*
 * A fixed number of slots, found by key and kept in order of age.
 *
 * The tables of fragments and of TCP connections stand on this: a slot is a number below the
 * capacity, its user keeps an array of that size beside it.  Each slot in use belongs to one of a
 * few lists, oldest first, so that "the oldest of this kind" is one step away.
 *
 * Keys are hashed with a secret.  Nothing but the speed of a search depends on it: slots are found
 * by equality and given up by age, so the same input gives the same result whatever the secret is.
 */
#ifndef YAGURA_FLOW_SLOTS_H
#define YAGURA_FLOW_SLOTS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/hash.h"

#define SLOT_NONE   UINT32_MAX
#define SLOTS_LISTS 5

struct slots_key {
	uint64_t words[5];
};

struct slots_entry {
	struct slots_key key;
	uint32_t chain;        /* next slot of the same bucket, or the next unused one */
	uint32_t bucket;       /* where it hangs */
	uint32_t older, newer; /* neighbours in its list */
	uint8_t list;
};

static_assert(sizeof(struct slots_entry) == 64, "one cache line each");

struct slots {
	struct slots_entry *entries; /* owned */
	uint32_t *buckets;           /* owned; slot + 1, so that zero is empty */
	struct hash_linear linear;
	uint32_t capacity;
	uint32_t mask;   /* buckets - 1 */
	uint32_t unused; /* first of the slots given back */
	uint32_t fresh;  /* slots from here on were never used */
	struct {
		uint32_t oldest, newest;
		uint32_t count;
	} list[SLOTS_LISTS];
};

/* Makes room for `capacity` slots (at least 1); memory is touched only as slots are used. */
void slots_init(struct slots *s, size_t capacity, const struct hash_secret *secret);
void slots_release(struct slots *s);

/* The slot with this key, or SLOT_NONE. */
uint32_t slots_find(const struct slots *s, const struct slots_key *key);

/* Hints ahead of slots_find: fetches the key's bucket, whose number is returned; then the entry
 * that stands first in it, whose slot is returned (or SLOT_NONE). */
uint32_t slots_fetch_bucket(const struct slots *s, const struct slots_key *key);
uint32_t slots_fetch_entry(const struct slots *s, uint32_t bucket);

/* The first slot of a bucket, or SLOT_NONE. */
static inline uint32_t
slots_first(const struct slots *s, uint32_t bucket)
{
	return s->buckets[bucket] != 0 ? s->buckets[bucket] - 1 : SLOT_NONE;
}

/* Takes a slot for a key that is not there yet, as the newest of `list`; SLOT_NONE when full. */
uint32_t slots_take(struct slots *s, const struct slots_key *key, unsigned list);

/* Gives a slot back. */
void slots_give(struct slots *s, uint32_t slot);

/* Makes a slot the newest of `list`. */
void slots_move(struct slots *s, uint32_t slot, unsigned list);

static inline bool
slots_full(const struct slots *s)
{
	return s->unused == SLOT_NONE && s->fresh == s->capacity;
}

static inline uint32_t
slots_oldest(const struct slots *s, unsigned list)
{
	return s->list[list].oldest;
}

static inline uint32_t
slots_count(const struct slots *s, unsigned list)
{
	return s->list[list].count;
}

static inline const struct slots_key *
slots_key_of(const struct slots *s, uint32_t slot)
{
	return &s->entries[slot].key;
}

/*
 * Whether `then` is further than `limit` from `now`, in either direction: when the clock jumps back
 * (another input, a damaged record) what was stamped before the jump would otherwise stay for ever.
 */
static inline bool
clock_is_far(nsec_t now, nsec_t then, nsec_t limit)
{
	uint64_t distance =
	    now > then ? (uint64_t)now - (uint64_t)then : (uint64_t)then - (uint64_t)now;

	return limit < 0 || distance > (uint64_t)limit;
}

#endif
