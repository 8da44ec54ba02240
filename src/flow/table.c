/* SPDX-License-Identifier: ISC */
/* Storage of flow entries: slots, free list, timing wheel; see table.h. */
#include "flow/table.h"

#include <string.h>
#include <sys/mman.h>

#include "base/xmalloc.h"

static void *
map(size_t size)
{
	void *p = xmap(size);

	/* Both arrays are used at random: with small pages every packet would miss the TLB twice.
	 */
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static size_t
slots_size(const struct flow_table *table)
{
	return ((size_t)table->slot_mask + 1) * sizeof *table->slots;
}

static size_t
entries_size(const struct flow_table *table)
{
	return ((size_t)table->capacity + 1) * sizeof *table->entries;
}

void
flow_table_init(struct flow_table *table, size_t capacity)
{
	uint32_t slots = 64;

	*table = (struct flow_table){ .capacity = (uint32_t)capacity, .fresh = 1 };
	while (slots < capacity * 2 && slots < UINT32_C(1) << 31)
		slots *= 2;
	table->slot_mask = slots - 1;
	table->slots = map(slots_size(table));
	table->entries = map(entries_size(table));
}

void
flow_table_release(struct flow_table *table)
{
	if (table->slots == NULL)
		return;
	xunmap(table->slots, slots_size(table));
	xunmap(table->entries, entries_size(table));
	*table = (struct flow_table){ 0 };
}

struct flow_entry *
flow_table_insert(struct flow_table *table, uint64_t hash, const struct flow_key *key)
{
	uint32_t tag = (uint32_t)hash;
	uint32_t i = tag & table->slot_mask;
	uint32_t number = table->free;
	struct flow_entry *e;

	if (table->count == table->capacity)
		return NULL;
	if (number != ENTRY_NONE)
		table->free = table->entries[number].next;
	else
		number = table->fresh++;
	while (table->slots[i].entry != ENTRY_NONE)
		i = (i + 1) & table->slot_mask;
	table->slots[i] = (struct flow_slot){ .tag = tag, .entry = number };
	table->count++;
	e = &table->entries[number];
	*e = (struct flow_entry){ .key = *key, .tag = tag, .wheel_slot = WHEEL_SLOTS };
	return e;
}

/* Empties slot `hole` and moves later slots of the same run back, so that every entry stays
 * reachable from its home. */
static void
erase_slot(struct flow_table *table, uint32_t hole)
{
	uint32_t mask = table->slot_mask;

	for (uint32_t i = (hole + 1) & mask; table->slots[i].entry != ENTRY_NONE;
	     i = (i + 1) & mask) {
		uint32_t home = table->slots[i].tag & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole].entry = ENTRY_NONE;
}

/* Flows are removed in the order they hang on the wheel: fetches what the next two removals will
 * need. */
static inline void
prefetch_next(const struct flow_table *table, const struct flow_entry *entry)
{
	const struct flow_entry *next = &table->entries[entry->next];

	__builtin_prefetch(&table->slots[next->tag & table->slot_mask], 1);
	__builtin_prefetch(&table->entries[next->next]);
	__builtin_prefetch((const char *)&table->entries[next->next] + 64);
}

void
flow_table_remove(struct flow_table *table, struct flow_entry *entry)
{
	uint32_t number = (uint32_t)(entry - table->entries);
	uint32_t i = entry->tag & table->slot_mask;

	prefetch_next(table, entry);

	while (table->slots[i].entry != number)
		i = (i + 1) & table->slot_mask;
	erase_slot(table, i);
	flow_table_unschedule(table, entry);
	entry->next = table->free;
	table->free = number;
	table->count--;
}

void
flow_table_schedule(struct flow_table *table, struct flow_entry *entry, int64_t second)
{
	uint32_t number = (uint32_t)(entry - table->entries);
	uint32_t slot;

	if (second <= table->second)
		second = table->second + 1;
	if (second >= table->second + WHEEL_SLOTS)
		second = table->second + WHEEL_SLOTS - 1;
	if (second < table->nearest || table->count == 1)
		table->nearest = second;
	slot = (uint32_t)((uint64_t)second & (WHEEL_SLOTS - 1));
	entry->wheel_slot = (uint16_t)slot;
	entry->next = ENTRY_NONE;
	entry->previous = table->tails[slot];
	if (table->tails[slot] != ENTRY_NONE)
		table->entries[table->tails[slot]].next = number;
	else
		table->heads[slot] = number;
	table->tails[slot] = number;
}

void
flow_table_unschedule(struct flow_table *table, struct flow_entry *entry)
{
	uint32_t slot = entry->wheel_slot;

	if (slot == WHEEL_SLOTS)
		return;
	if (entry->previous != ENTRY_NONE)
		table->entries[entry->previous].next = entry->next;
	else
		table->heads[slot] = entry->next;
	if (entry->next != ENTRY_NONE)
		table->entries[entry->next].previous = entry->previous;
	else
		table->tails[slot] = entry->previous;
	entry->wheel_slot = WHEEL_SLOTS;
}

struct flow_entry *
flow_table_soonest(struct flow_table *table)
{
	int64_t end = table->second + WHEEL_SLOTS;

	if (table->nearest <= table->second)
		table->nearest = table->second + 1;
	for (; table->nearest < end; table->nearest++) {
		uint32_t number = table->heads[(uint64_t)table->nearest & (WHEEL_SLOTS - 1)];
		if (number != ENTRY_NONE)
			return &table->entries[number];
	}
	return NULL;
}

void
flow_table_clear(struct flow_table *table)
{
	memset(table->slots, 0, slots_size(table));
	memset(table->heads, 0, sizeof table->heads);
	memset(table->tails, 0, sizeof table->tails);
	table->count = 0;
	table->fresh = 1;
	table->free = ENTRY_NONE;
}
