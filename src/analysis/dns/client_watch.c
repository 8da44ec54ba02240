/* SPDX-License-Identifier: ISC */
/* Bounded tables of clients that fail; see client_watch.h. */
#include "analysis/dns/client_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define PLACES      ((size_t)CLIENT_PLACES * CLIENT_MERGED)
#define SLOT_LENGTH (10 * NSEC_PER_SEC)

static void
leave(void *context, struct mg_entry *entry)
{
	struct client_watch *watch = context;

	watch->weights[entry->handle - 1] = 0;
	watch->displaced++;
}

void
client_watch_init(struct client_watch *watch, const struct hash_secret *secret)
{
	*watch = (struct client_watch){ .secret = *secret, .most = CLIENT_PLACES };
	mg_init(&watch->mg, CLIENT_KEYS, 2);
	watch->mg.leave = leave;
	watch->mg.context = watch;
	watch->clients = xcalloc(PLACES, sizeof(struct watched_client *));
}

void
client_watch_release(struct client_watch *watch)
{
	for (uint32_t i = 0; i < PLACES && watch->clients != NULL; i++)
		free(watch->clients[i]);
	free(watch->clients);
	mg_release(&watch->mg);
}

void
client_watch_clear(struct client_watch *watch)
{
	for (uint32_t i = CLIENT_PLACES; i < PLACES; i++) {
		free(watch->clients[i]);
		watch->clients[i] = NULL;
	}
	mg_clear(&watch->mg);
	memset(watch->weights, 0, sizeof watch->weights);
	watch->most = CLIENT_PLACES;
	watch->displaced = watch->refused = watch->slots_refused = 0;
}

/* The place with the least weight, a free one if there is one. */
static uint32_t
least_place(const struct client_watch *watch)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < watch->most && watch->weights[least] != 0; i++)
		if (watch->weights[i] < watch->weights[least])
			least = i;
	return least;
}

static struct watched_client *
begin(struct client_watch *watch, struct mg_entry *entry, uint32_t weight)
{
	uint32_t place = least_place(watch);
	struct watched_client *client;

	if (watch->weights[place] >= weight) {
		watch->refused++;
		return NULL;
	}
	if (watch->weights[place] != 0) {
		const struct address *a = &watch->clients[place]->address;
		uint32_t at;
		struct mg_entry *old =
		    mg_find(&watch->mg, a->words, 2, client_watch_hash(watch, a), &at);
		if (old != NULL)
			old->handle = 0;
		watch->displaced++;
	}
	if (watch->clients[place] == NULL)
		watch->clients[place] = xmalloc(sizeof *watch->clients[place]);
	client = watch->clients[place];
	memset(client, 0, sizeof *client);
	memcpy(client->address.words, entry->key, sizeof client->address.words);
	watch->weights[place] = weight;
	entry->handle = place + 1;
	return client;
}

static uint32_t
weakest_slot(const struct watched_client *client)
{
	uint32_t weakest = 0;

	for (uint32_t i = 1; i < client->slot_count; i++)
		if (client->slots[i].failing < client->slots[weakest].failing)
			weakest = i;
	return weakest;
}

static struct client_slot *
slot_of(struct client_watch *watch, struct watched_client *client, int64_t number)
{
	uint32_t at = client->slot_count;

	while (at > 0 && client->slots[at - 1].number >= number)
		at--;
	if (at < client->slot_count && client->slots[at].number == number)
		return &client->slots[at];
	if (client->slot_count == CLIENT_SLOTS) {
		uint32_t weakest = weakest_slot(client);
		memmove(&client->slots[weakest], &client->slots[weakest + 1],
		    (client->slot_count - weakest - 1) * sizeof *client->slots);
		client->slot_count--;
		watch->slots_refused++;
		at -= weakest < at;
	}
	memmove(&client->slots[at + 1], &client->slots[at],
	    (client->slot_count - at) * sizeof *client->slots);
	client->slot_count++;
	client->slots[at] = (struct client_slot){ .number = number };
	return &client->slots[at];
}

static void
note_failure(struct client_slot *slot, nsec_t time)
{
	slot->failing++;
	if (slot->first == 0 || time < slot->first)
		slot->first = time;
	if (time > slot->last)
		slot->last = time;
}

/* The caller's words of an entry, while the client is not watched: the slot's number, and its
 * counts with the milliseconds from its begin to its first failure. */
#define EARLY_BITS 24
#define EARLY_MASK ((UINT64_C(1) << EARLY_BITS) - 1)

static void
count_early(struct mg_entry *entry, nsec_t time, bool fails)
{
	int64_t number = floor_div(time, SLOT_LENGTH);
	uint64_t ms = (uint64_t)((time - number * SLOT_LENGTH) / NSEC_PER_MS);

	if (entry->key[2] != (uint64_t)number || entry->key[3] == 0) {
		entry->key[2] = (uint64_t)number;
		entry->key[3] = 0;
	}
	if (fails && (entry->key[3] & EARLY_MASK) == 0)
		entry->key[3] |= ms << (2 * EARLY_BITS);
	/* The counts stay far below their fields: a client with more is watched, or gave way. */
	if ((entry->key[3] >> EARLY_BITS & EARLY_MASK) < EARLY_MASK)
		entry->key[3] += (UINT64_C(1) << EARLY_BITS) + fails;
}

/* What was counted early goes into the client's slot. */
static void
take_early(struct client_watch *watch, struct watched_client *client, const struct mg_entry *entry)
{
	int64_t number = (int64_t)entry->key[2];
	struct client_slot *slot = slot_of(watch, client, number);

	slot->failing = (uint32_t)(entry->key[3] & EARLY_MASK);
	slot->all = (uint32_t)(entry->key[3] >> EARLY_BITS & EARLY_MASK);
	slot->first =
	    number * SLOT_LENGTH + (nsec_t)(entry->key[3] >> (2 * EARLY_BITS)) * NSEC_PER_MS;
	slot->last = slot->first;
}

struct watched_client *
client_watch_count(struct client_watch *watch, const struct address *address, uint32_t hash,
    nsec_t time, bool fails)
{
	const uint64_t weights[MG_METRICS] = { fails, 1, 0 };
	struct mg_entry *entry = mg_add(&watch->mg, address->words, 2, hash, weights);
	uint64_t failing = entry->counters[0];
	struct watched_client *client = NULL;
	struct client_slot *slot;

	if (entry->handle == 0) {
		/* At 16, 32, 64, …: what was refused is not tried again each time. */
		if (fails && failing >= CLIENT_LEAST && (failing & (failing - 1)) == 0 &&
		    2 * failing >= entry->counters[1])
			client = begin(
			    watch, entry, failing < UINT32_MAX ? (uint32_t)failing : UINT32_MAX);
		if (client == NULL) {
			count_early(entry, time, fails);
			return NULL;
		}
		if (entry->key[3] != 0)
			take_early(watch, client, entry);
		entry->key[2] = entry->key[3] = 0;
	}
	client = watch->clients[entry->handle - 1];
	watch->weights[entry->handle - 1] +=
	    fails && watch->weights[entry->handle - 1] < UINT32_MAX;
	slot = slot_of(watch, client, floor_div(time, SLOT_LENGTH));
	slot->all++;
	if (fails)
		note_failure(slot, time);
	return client;
}

/* Space-saving: a new domain takes the place of the one with the least count. */
void
client_watch_site(struct watched_client *client, const struct client_site *site)
{
	struct client_site *least = &client->sites[0];
	uint64_t replaced;

	for (uint32_t i = 0; i < client->site_count; i++) {
		struct client_site *s = &client->sites[i];
		if (s->hash == site->hash) {
			s->count += site->count;
			s->error += site->error;
			return;
		}
		if (s->count < least->count)
			least = s;
	}
	if (client->site_count < CLIENT_SITES) {
		client->sites[client->site_count++] = *site;
		return;
	}
	replaced = least->count;
	*least = *site;
	least->count += replaced;
	least->error += replaced;
}

/* ------------------------------------------------------------------ merging */

static void
merge_slot(struct client_slot *into, const struct client_slot *from)
{
	into->failing += from->failing;
	into->all += from->all;
	if (from->first != 0 && (into->first == 0 || from->first < into->first))
		into->first = from->first;
	if (from->last > into->last)
		into->last = from->last;
}

static void
merge_client(
    struct client_watch *watch, struct watched_client *into, const struct watched_client *from)
{
	into->nxdomain += from->nxdomain;
	into->servfail += from->servfail;
	into->other += from->other;
	into->undelegated += from->undelegated;
	into->single += from->single;
	into->reversed += from->reversed;
	into->carriers += from->carriers;
	label_sums_merge(&into->labels, &from->labels);
	for (uint32_t i = 0; i < from->slot_count; i++)
		merge_slot(slot_of(watch, into, from->slots[i].number), &from->slots[i]);
	for (uint32_t i = 0; i < from->site_count; i++)
		client_watch_site(into, &from->sites[i]);
	dns_samples_merge(&into->samples, &from->samples);
	hll_union(into->names, from->names, CLIENT_PRECISION);
	hll_union(into->site_names, from->site_names, CLIENT_PRECISION);
}

static void
merge_entry(
    struct client_watch *into, const struct client_watch *from, const struct mg_entry *other)
{
	const struct address *address = (const struct address *)other->key;
	struct mg_entry *entry =
	    mg_add(&into->mg, other->key, 2, client_watch_hash(into, address), other->counters);
	struct watched_client *client;
	uint32_t weight;

	if (other->handle == 0)
		return;
	weight = from->weights[other->handle - 1];
	if (entry->handle == 0) {
		client = begin(into, entry, weight);
	} else {
		client = into->clients[entry->handle - 1];
		into->weights[entry->handle - 1] += weight;
	}
	if (client != NULL)
		merge_client(into, client, from->clients[other->handle - 1]);
}

void
client_watch_merge(struct client_watch *into, const struct client_watch *from)
{
	into->most =
	    into->most + CLIENT_PLACES <= PLACES ? into->most + CLIENT_PLACES : (uint32_t)PLACES;
	for (uint32_t i = 0; i < from->mg.count; i++)
		merge_entry(into, from, &from->mg.entries[i]);
	for (unsigned m = 0; m < MG_METRICS; m++)
		into->mg.error[m] = mg_sum(into->mg.error[m], from->mg.error[m]);
	into->displaced += from->displaced;
	into->refused += from->refused;
	into->slots_refused += from->slots_refused;
}
