/* SPDX-License-Identifier: ISC */
/*
 * Sums by a key of four words: what analyses keep for each exporter, interface, ….
 *
 * A hash table that grows up to a cap; what finds no room counts under the key of zeros, which is
 * always there to be made.  What the values mean is the caller's: a new key has zeros.  Entries
 * stand in the order of their coming; ledger_sorted gives them by key.
 */
#ifndef YAGURA_ANALYSIS_LEDGER_H
#define YAGURA_ANALYSIS_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define LEDGER_KEY_WORDS 4

struct ledger_key {
	uint64_t words[LEDGER_KEY_WORDS];
};

struct ledger {
	uint64_t *entries; /* owned; key and values of each */
	uint32_t *slots;   /* owned; entry number + 1 */
	size_t values;     /* words after the key */
	size_t count, room, most;
	size_t slot_mask;
	size_t last; /* entry that was asked for last */
	struct hash_secret secret;
};

void
ledger_init(struct ledger *ledger, size_t values, size_t most, const struct hash_secret *secret);
void ledger_release(struct ledger *ledger);
void ledger_clear(struct ledger *ledger);

/* The values of a key that is not the one of last time; see ledger_at. */
uint64_t *ledger_find(struct ledger *ledger, const struct ledger_key *key);

static inline uint64_t *
ledger_entry(const struct ledger *ledger, size_t number)
{
	return ledger->entries + number * (LEDGER_KEY_WORDS + ledger->values);
}

/* The key and the values of an entry. */
static inline const struct ledger_key *
ledger_key_of(const uint64_t *entry)
{
	return (const struct ledger_key *)entry;
}

static inline uint64_t *
ledger_values_of(uint64_t *entry)
{
	return entry + LEDGER_KEY_WORDS;
}

/* The values of a key, good until the next call. */
static inline uint64_t *
ledger_at(struct ledger *ledger, const struct ledger_key *key)
{
	if (ledger->last < ledger->count) {
		uint64_t *e = ledger_entry(ledger, ledger->last);
		if (((e[0] ^ key->words[0]) | (e[1] ^ key->words[1]) | (e[2] ^ key->words[2]) |
			(e[3] ^ key->words[3])) == 0)
			return e + LEDGER_KEY_WORDS;
	}
	return ledger_find(ledger, key);
}

/* The entries by key: a new array (free it) of `count` pointers. */
uint64_t **ledger_sorted(const struct ledger *ledger);

#endif
