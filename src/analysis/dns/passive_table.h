/* SPDX-License-Identifier: ISC */
/*
 * The records of one window: a bounded table by name, type, data and bailiwick, all of them text.
 *
 * Records lie in order of their coming, and their texts behind one another; an index by a fixed
 * hash holds numbers only, and texts decide what is the same, so what is kept follows from the
 * input alone.  When there is no room new ones are refused.  Memory is taken with the first record.
 */
#ifndef YAGURA_ANALYSIS_DNS_PASSIVE_TABLE_H
#define YAGURA_ANALYSIS_DNS_PASSIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define PASSIVE_NONE UINT32_MAX

/* What a record is known by; texts are terminated. */
struct passive_key {
	const char *name, *data, *zone;
	uint16_t type;
};

struct passive_record {
	uint64_t hash;
	uint64_t site; /* hash of the registrable domain that was asked about */
	nsec_t first, last;
	uint64_t count;
	uint32_t name, data, zone; /* where in the texts */
	uint16_t type;
};

struct passive_table {
	uint32_t most; /* records */
	uint32_t count, room;
	struct passive_record *records; /* owned */
	uint32_t *index;                /* owned: number + 1 */
	uint32_t index_size;            /* a power of two */
	char *texts;                    /* owned */
	size_t texts_size, texts_room;
};

void passive_table_init(struct passive_table *table, uint32_t most);
void passive_table_release(struct passive_table *table);
void passive_table_clear(struct passive_table *table);

/* The number of a record, made when there is none and there is room; PASSIVE_NONE else. */
uint32_t
passive_table_at(struct passive_table *table, const struct passive_key *key, uint64_t site);

/* What a record is known by; good until the table changes. */
struct passive_key passive_table_key(const struct passive_table *table, uint32_t number);

/* Sees a record `count` times, from `first` to `last`. */
void passive_table_see(
    struct passive_table *table, uint32_t number, nsec_t first, nsec_t last, uint64_t count);

/* Adds `from`, making room; what still does not fit is the result. */
uint64_t passive_table_merge(struct passive_table *table, const struct passive_table *from);

#endif
