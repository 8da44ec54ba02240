/* SPDX-License-Identifier: ISC */
/*
 * Exact counters by key: a hash table that grows.  Only for the truth of a simulation, where keys
 * are our own making.
 */
#ifndef YAGURA_SIMULATE_TALLY_H
#define YAGURA_SIMULATE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_KEY_WORDS 5
#define TALLY_VALUES    6

struct tally_entry {
	uint64_t key[TALLY_KEY_WORDS];
	uint64_t values[TALLY_VALUES];
	bool used;
};

struct tally {
	struct tally_entry *entries; /* owned */
	size_t size;                 /* a power of two, or 0 */
	size_t count;
};

void tally_release(struct tally *tally);

/* The entry of a key, made with zeros when it is new; valid until the next call. */
struct tally_entry *tally_at(struct tally *tally, const uint64_t key[TALLY_KEY_WORDS]);

/* The used entries in the order of their keys' octets; the array is the caller's. */
struct tally_entry *tally_sorted(const struct tally *tally);

#endif
