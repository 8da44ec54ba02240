/* SPDX-License-Identifier: ISC */
/*
 * Sums of one window by user: what traffic/users counts.
 *
 * Open addressing with linear probing over entries of 48 octets, at most three quarters full.  It
 * grows up to a cap; beyond it new keys are refused, and the caller counts what was refused.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_USERS_TABLE_H
#define YAGURA_ANALYSIS_TRAFFIC_USERS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

enum {
	USERS_IN,  /* from the user: upload */
	USERS_OUT, /* to the user: download */
	USERS_DIRECTIONS,
};

struct users_entry {
	uint64_t user;
	uint64_t packets, octets, squares; /* as sampled */
	uint32_t sampling;                 /* 0: unknown */
	int32_t day;                       /* its first instant, minutes since 1970 */
	uint16_t service;
	uint8_t ip_version; /* 0: the place is free */
	uint8_t direction;
};

struct users_table {
	struct users_entry *places; /* owned */
	size_t mask, count;
	size_t most; /* keys it may hold */
	uint64_t secret;
};

void users_table_init(struct users_table *table, size_t most, const struct hash_secret *secret);
void users_table_release(struct users_table *table);
/* Back to no keys, and to a size that suits what was in it. */
void users_table_clear(struct users_table *table);

static inline uint64_t
users_table_hash(const struct users_table *table, const struct users_entry *key)
{
	uint64_t rest = (uint64_t)key->sampling << 32 ^ (uint64_t)(uint32_t)key->day << 8 ^
			(uint64_t)key->service << 40 ^ (uint64_t)key->ip_version << 1 ^
			key->direction;

	return hash_mix64((key->user ^ table->secret) + rest * UINT64_C(0x9e3779b97f4a7c15));
}

/* Brings the place of a hash into the cache. */
static inline void
users_table_prefetch(const struct users_table *table, uint64_t hash)
{
	__builtin_prefetch(&table->places[hash & table->mask], 1);
}

/* Adds the sums of `entry` to those of its key; false when the key is new and the table full. */
bool users_table_add(struct users_table *table, uint64_t hash, const struct users_entry *entry);

/* The entries in order of their keys: a new array (free it) of table->count pointers. */
const struct users_entry **users_table_sorted(const struct users_table *table);

#endif
