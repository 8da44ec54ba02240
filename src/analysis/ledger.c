/* SPDX-License-Identifier: ISC */
/* Sums by a key of four words; see ledger.h. */
#include "analysis/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define FIRST_ROOM 16

void
ledger_init(struct ledger *ledger, size_t values, size_t most, const struct hash_secret *secret)
{
	*ledger = (struct ledger){ .values = values, .most = most, .secret = *secret };
}

void
ledger_release(struct ledger *ledger)
{
	free(ledger->entries);
	free(ledger->slots);
	ledger->entries = NULL;
	ledger->slots = NULL;
}

void
ledger_clear(struct ledger *ledger)
{
	if (ledger->count != 0)
		memset(ledger->slots, 0, (ledger->slot_mask + 1) * sizeof *ledger->slots);
	ledger->count = ledger->last = 0;
}

static uint32_t *
find_slot(const struct ledger *ledger, const struct ledger_key *key)
{
	size_t at = hash_words(&ledger->secret, key->words, LEDGER_KEY_WORDS) & ledger->slot_mask;

	while (ledger->slots[at] != 0 &&
	       memcmp(ledger_entry(ledger, ledger->slots[at] - 1), key, sizeof *key) != 0)
		at = (at + 1) & ledger->slot_mask;
	return &ledger->slots[at];
}

static void
grow(struct ledger *ledger)
{
	ledger->room = ledger->room != 0 ? 2 * ledger->room : FIRST_ROOM;
	ledger->entries = xrealloc_array(ledger->entries, ledger->room,
	    (LEDGER_KEY_WORDS + ledger->values) * sizeof *ledger->entries);
	free(ledger->slots);
	ledger->slots = xcalloc(2 * ledger->room, sizeof *ledger->slots);
	ledger->slot_mask = 2 * ledger->room - 1;
	for (size_t i = 0; i < ledger->count; i++)
		*find_slot(ledger, ledger_key_of(ledger_entry(ledger, i))) = (uint32_t)i + 1;
}

uint64_t *
ledger_find(struct ledger *ledger, const struct ledger_key *key)
{
	static const struct ledger_key REST = { { 0, 0, 0, 0 } };
	uint32_t *slot;
	uint64_t *entry;

	if (ledger->count == ledger->room)
		grow(ledger);
	slot = find_slot(ledger, key);
	if (*slot == 0 && ledger->count >= ledger->most) {
		key = &REST;
		slot = find_slot(ledger, key);
	}
	if (*slot == 0) {
		*slot = (uint32_t)++ledger->count;
		entry = ledger_entry(ledger, ledger->count - 1);
		memset(entry, 0, (LEDGER_KEY_WORDS + ledger->values) * sizeof *entry);
		memcpy(entry, key, sizeof *key);
	}
	ledger->last = *slot - 1;
	return ledger_values_of(ledger_entry(ledger, ledger->last));
}

static int
compare(const void *a, const void *b)
{
	return memcmp(*(uint64_t *const *)a, *(uint64_t *const *)b, sizeof(struct ledger_key));
}

uint64_t **
ledger_sorted(const struct ledger *ledger)
{
	uint64_t **list = xcalloc(ledger->count + 1, sizeof *list);

	for (size_t i = 0; i < ledger->count; i++)
		list[i] = ledger_entry(ledger, i);
	qsort(list, ledger->count, sizeof(uint64_t *), compare);
	return list;
}
