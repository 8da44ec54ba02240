/* SPDX-License-Identifier: ISC */
/*
 * The flow table of one meter: fixed capacity, open addressing, entries of two cache lines.
 *
 * A slot is eight octets (part of the hash, number of the entry), so that a probe costs one line;
 * entries are taken from the front of one array and reused last-in first-out, so that a table that
 * is never full touches little memory.  Slots are erased by shifting back, there are no tombstones.
 *
 * Entries hang on a timing wheel of WHEEL_SLOTS seconds.  A packet does not move its entry; the
 * wheel looks again when the entry's second comes.
 */
#ifndef YAGURA_FLOW_TABLE_H
#define YAGURA_FLOW_TABLE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "flow/key.h"

#define WHEEL_SLOTS 512 /* a power of two, seconds */
#define ENTRY_NONE  0U

enum entry_flag {
	ENTRY_REVERSED = 1 << 0, /* the initiator is the key's second endpoint */
	ENTRY_FIN_FIRST = 1 << 1,
	ENTRY_FIN_SECOND = 1 << 2,
	ENTRY_CLOSED = 1 << 3,   /* TCP ended it: it lingers */
	ENTRY_SYN_ONLY = 1 << 4, /* so far one SYN and nothing else: the handshake can be timed */
};

/* Index 0 of a pair: from the key's first endpoint to its second. */
struct flow_entry {
	struct flow_key key;
	uint32_t next, previous; /* in its wheel slot */
	uint32_t tag;            /* of its slot, to find it again */
	uint16_t wheel_slot;
	uint8_t flags; /* enum entry_flag */
	uint8_t tunnel;
	nsec_t first[2], last[2];
	uint64_t octets[2];
	uint32_t packets[2]; /* the active timeout bounds them */
	uint32_t rtt_us;
	uint16_t icmp_type_code; /* of the first packet */
	uint8_t tcp_flags[2];
	uint8_t ttl_min[2], ttl_max[2];
	uint16_t unused;
};

static_assert(sizeof(struct flow_entry) == 128, "an entry is two cache lines");

struct flow_slot {
	uint32_t tag;   /* low half of the hash; its lowest bits are the home slot */
	uint32_t entry; /* ENTRY_NONE when empty */
};

struct flow_table {
	struct flow_slot *slots;    /* owned */
	struct flow_entry *entries; /* owned; number 0 is not used */
	uint32_t slot_mask;
	uint32_t capacity;
	uint32_t count;  /* entries in use */
	uint32_t fresh;  /* entries never used begin here */
	uint32_t free;   /* first of the freed ones, linked by `next` */
	int64_t second;  /* the wheel has been turned up to here */
	int64_t nearest; /* nothing is due before this second */
	uint32_t heads[WHEEL_SLOTS], tails[WHEEL_SLOTS];
};

void flow_table_init(struct flow_table *table, size_t capacity);
void flow_table_release(struct flow_table *table);

/* Fetches the slot a hash begins at, ahead of use. */
static inline void
flow_table_prefetch_slot(const struct flow_table *table, uint64_t hash)
{
	__builtin_prefetch(&table->slots[(uint32_t)hash & table->slot_mask], 1);
}

/* Fetches the entry that slot names, ahead of use; only a hint. */
static inline void
flow_table_prefetch_entry(const struct flow_table *table, uint64_t hash)
{
	uint32_t number = table->slots[(uint32_t)hash & table->slot_mask].entry;

	__builtin_prefetch(&table->entries[number], 1);
	__builtin_prefetch((const char *)&table->entries[number] + 64, 1);
}

/* The entry with this key, or NULL. */
static inline struct flow_entry *
flow_table_find(const struct flow_table *table, uint64_t hash, const struct flow_key *key)
{
	uint32_t tag = (uint32_t)hash;

	for (uint32_t i = tag & table->slot_mask; table->slots[i].entry != ENTRY_NONE;
	     i = (i + 1) & table->slot_mask) {
		struct flow_entry *e = &table->entries[table->slots[i].entry];
		if (table->slots[i].tag == tag && flow_key_equal(&e->key, key))
			return e;
	}
	return NULL;
}

/* A new entry under a key that is not there, all else zero, on no wheel slot; NULL when the table
 * is full. */
struct flow_entry *
flow_table_insert(struct flow_table *table, uint64_t hash, const struct flow_key *key);

/* Takes an entry out, off its wheel slot, for reuse. */
void flow_table_remove(struct flow_table *table, struct flow_entry *entry);

/* Takes all entries out at once. */
void flow_table_clear(struct flow_table *table);

/* Hangs an entry on the wheel for `second`, not earlier than the next and not later than one turn.
 */
void flow_table_schedule(struct flow_table *table, struct flow_entry *entry, int64_t second);

/* Takes it off the wheel. */
void flow_table_unschedule(struct flow_table *table, struct flow_entry *entry);

/* The entry whose second comes next, in order of scheduling; NULL when the table is empty. */
struct flow_entry *flow_table_soonest(struct flow_table *table);

#endif
