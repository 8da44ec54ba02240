/* SPDX-License-Identifier: ISC */
/* The records of one window; see passive_table.h. */
#include "analysis/dns/passive_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "obs/dns.h"

#define TEXT_OF_RECORD 96 /* octets that a record's texts may take, on average */
#define MERGE_FACTOR   8  /* of shards, so that nothing is lost between them */

void
passive_table_init(struct passive_table *table, uint32_t most)
{
	*table = (struct passive_table){ .most = most };
}

void
passive_table_release(struct passive_table *table)
{
	free(table->records);
	free(table->index);
	free(table->texts);
	*table = (struct passive_table){ .most = table->most };
}

void
passive_table_clear(struct passive_table *table)
{
	/* What merging made larger gives its memory back. */
	if (table->room > table->most) {
		passive_table_release(table);
		return;
	}
	if (table->count != 0)
		memset(table->index, 0, table->index_size * sizeof *table->index);
	table->count = 0;
	table->texts_size = 0;
}

static uint64_t
hash_key(const struct passive_key *key)
{
	uint64_t words[4] = {
		dns_hash((const uint8_t *)key->name, strlen(key->name)),
		dns_hash((const uint8_t *)key->data, strlen(key->data)),
		dns_hash((const uint8_t *)key->zone, strlen(key->zone)),
		key->type,
	};

	return hash_mix_words(words, 4);
}

/* Room for `room` records. */
static void
resize(struct passive_table *t, uint32_t room)
{
	t->index_size = 64;
	while (t->index_size < room * 2)
		t->index_size *= 2;
	t->records = xrealloc_array(t->records, room, sizeof *t->records);
	t->room = room;
	t->texts_room = (size_t)room * TEXT_OF_RECORD;
	t->texts = xrealloc_array(t->texts, t->texts_room, 1);
	free(t->index);
	t->index = xcalloc(t->index_size, sizeof *t->index);
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t at = (uint32_t)t->records[i].hash & (t->index_size - 1);
		while (t->index[at] != 0)
			at = (at + 1) & (t->index_size - 1);
		t->index[at] = i + 1;
	}
}

static bool
is_same(const struct passive_table *t, const struct passive_record *r, uint64_t hash,
    const struct passive_key *key)
{
	return r->hash == hash && r->type == key->type &&
	       strcmp(t->texts + r->name, key->name) == 0 &&
	       strcmp(t->texts + r->data, key->data) == 0 &&
	       strcmp(t->texts + r->zone, key->zone) == 0;
}

static uint32_t
keep_text(struct passive_table *t, const char *text)
{
	uint32_t at = (uint32_t)t->texts_size;
	size_t size = strlen(text) + 1;

	memcpy(t->texts + at, text, size);
	t->texts_size += size;
	return at;
}

uint32_t
passive_table_at(struct passive_table *t, const struct passive_key *key, uint64_t site)
{
	uint64_t hash = hash_key(key);
	size_t size = strlen(key->name) + strlen(key->data) + strlen(key->zone) + 3;
	uint32_t at;

	if (t->records == NULL)
		resize(t, t->most);
	at = (uint32_t)hash & (t->index_size - 1);
	for (; t->index[at] != 0; at = (at + 1) & (t->index_size - 1))
		if (is_same(t, &t->records[t->index[at] - 1], hash, key))
			return t->index[at] - 1;
	if (t->count == t->room || size > t->texts_room - t->texts_size)
		return PASSIVE_NONE;
	t->records[t->count] = (struct passive_record){
		.hash = hash,
		.site = site,
		.first = INT64_MAX,
		.last = INT64_MIN,
		.name = keep_text(t, key->name),
		.data = keep_text(t, key->data),
		.zone = keep_text(t, key->zone),
		.type = key->type,
	};
	t->index[at] = ++t->count;
	return t->count - 1;
}

struct passive_key
passive_table_key(const struct passive_table *t, uint32_t number)
{
	const struct passive_record *r = &t->records[number];

	return (struct passive_key){ t->texts + r->name, t->texts + r->data, t->texts + r->zone,
		r->type };
}

void
passive_table_see(
    struct passive_table *t, uint32_t number, nsec_t first, nsec_t last, uint64_t count)
{
	struct passive_record *r = &t->records[number];

	r->first = first < r->first ? first : r->first;
	r->last = last > r->last ? last : r->last;
	r->count += count;
}

uint64_t
passive_table_merge(struct passive_table *t, const struct passive_table *from)
{
	uint64_t refused = 0;

	if (from->count == 0)
		return 0;
	if (t->records == NULL || t->room <= t->most)
		resize(t, t->most * MERGE_FACTOR);
	for (uint32_t i = 0; i < from->count; i++) {
		const struct passive_record *r = &from->records[i];
		struct passive_key key = passive_table_key(from, i);
		uint32_t number = passive_table_at(t, &key, r->site);
		if (number == PASSIVE_NONE)
			refused += r->count;
		else
			passive_table_see(t, number, r->first, r->last, r->count);
	}
	return refused;
}
