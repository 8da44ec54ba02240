/* SPDX-License-Identifier: ISC */
/* Bounded tables of zones that fail; see zone_watch.h. */
#include "analysis/dns/zone_watch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/dns.h"

#define SLOTS_AT_FIRST 32
#define PLACES         ((size_t)WATCH_ZONES * WATCH_MERGED)

/* ------------------------------------------------------------------ life */

static void
give_back_slots(struct zone_watch *watch, struct watched_zone *zone)
{
	uint32_t number = zone->slots;

	while (number != 0) {
		struct zone_slot *slot = zone_watch_slot_at(watch, number);
		uint32_t next = slot->next;
		slot->next = watch->slot_free;
		watch->slot_free = number;
		number = next;
	}
	zone->slots = 0;
	zone->slot_count = 0;
}

static void
leave(void *context, struct mg_entry *entry)
{
	struct zone_watch *watch = context;
	uint32_t place = entry->handle - 1;

	give_back_slots(watch, watch->zones[place]);
	watch->weights[place] = 0;
	watch->sites[place] = 0;
	watch->zones_displaced++;
}

void
zone_watch_init(struct zone_watch *watch, const struct hash_secret *secret)
{
	*watch =
	    (struct zone_watch){ .secret = *secret, .most = WATCH_ZONES, .slot_most = WATCH_SLOTS };
	mg_init(&watch->mg, WATCH_KEYS, 2);
	watch->mg.leave = leave;
	watch->mg.context = watch;
	watch->zones = xcalloc(PLACES, sizeof(struct watched_zone *));
}

void
zone_watch_release(struct zone_watch *watch)
{
	for (uint32_t i = 0; i < PLACES && watch->zones != NULL; i++)
		free(watch->zones[i]);
	free(watch->zones);
	free(watch->slots);
	mg_release(&watch->mg);
}

void
zone_watch_clear(struct zone_watch *watch)
{
	for (uint32_t i = WATCH_ZONES; i < PLACES; i++) {
		free(watch->zones[i]);
		watch->zones[i] = NULL;
	}
	if (watch->slot_room > WATCH_SLOTS) {
		free(watch->slots);
		watch->slots = NULL;
		watch->slot_room = 0;
	}
	mg_clear(&watch->mg);
	memset(watch->weights, 0, sizeof watch->weights);
	watch->most = WATCH_ZONES;
	watch->slot_most = WATCH_SLOTS;
	watch->slot_used = 0;
	watch->slot_free = 0;
	memset(watch->inner_sites, 0, sizeof watch->inner_sites);
	memset(watch->sites, 0, sizeof watch->sites);
	watch->zones_displaced = watch->zones_refused = watch->slots_refused = 0;
}

/* ------------------------------------------------------------------ zones */

struct mg_entry *
zone_watch_entry(const struct zone_watch *watch, uint64_t hash)
{
	uint64_t key[2] = { hash, 0 };
	uint32_t at;

	return mg_find(&watch->mg, key, 2, zone_watch_hash(watch, hash), &at);
}

struct mg_entry *
zone_watch_count(
    struct zone_watch *watch, const struct zone_key *key, const uint64_t weights[MG_METRICS])
{
	uint64_t words[2] = { key->hash, 0 };

	return mg_add(&watch->mg, words, 2, zone_watch_hash(watch, key->hash), weights);
}

/* The place with the least weight, a free one if there is one. */
static uint32_t
least_place(const struct zone_watch *watch)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < watch->most && watch->weights[least] != 0; i++)
		if (watch->weights[i] < watch->weights[least])
			least = i;
	return least;
}

void
zone_watch_name(
    struct zone_watch *watch, struct watched_zone *zone, const uint8_t *name, size_t size)
{
	if (zone->name_size != 0 || size == 0 || size > sizeof zone->name)
		return;
	memcpy(zone->name, name, size);
	zone->name_size = (uint8_t)size;
	if (zone->hash != zone->site_hash) {
		uint64_t bit = zone->site_hash % WATCH_SITE_BITS;
		watch->inner_sites[bit / 64] |= UINT64_C(1) << (bit % 64);
		watch->sites[zone->place] = zone->site_hash;
	}
}

struct watched_zone *
zone_watch_begin(
    struct zone_watch *watch, struct mg_entry *entry, const struct zone_key *key, uint32_t weight)
{
	uint32_t place = least_place(watch);
	struct watched_zone *zone;

	if (watch->weights[place] >= weight) {
		watch->zones_refused++;
		return NULL;
	}
	if (watch->weights[place] != 0) {
		struct mg_entry *old = zone_watch_entry(watch, watch->zones[place]->hash);
		if (old != NULL)
			old->handle = 0;
		give_back_slots(watch, watch->zones[place]);
		watch->zones_displaced++;
	}
	if (watch->zones[place] == NULL)
		watch->zones[place] = xmalloc(sizeof *watch->zones[place]);
	zone = watch->zones[place];
	memset(zone, 0, sizeof *zone);
	zone->hash = key->hash;
	zone->site_hash = key->site_hash;
	zone->place = place;
	watch->sites[place] = 0;
	if (key->name != NULL)
		zone_watch_name(watch, zone, key->name, key->name_size);
	watch->weights[place] = weight;
	entry->handle = place + 1;
	return zone;
}

void
zone_watch_weigh(struct zone_watch *watch, const struct mg_entry *entry, uint32_t more)
{
	uint32_t *weight = &watch->weights[entry->handle - 1];

	*weight = *weight + more < *weight ? UINT32_MAX : *weight + more;
}

static bool
holds(const struct watched_zone *zone, const uint8_t *name, size_t size)
{
	return name == NULL || dns_name_below(name, size, zone->name, zone->name_size);
}

struct watched_zone *
zone_watch_inner(
    const struct zone_watch *watch, uint64_t site_hash, const uint8_t *name, size_t size)
{
	struct watched_zone *found = NULL;
	uint32_t found_weight = 0;

	if (!zone_watch_has_inner(watch, site_hash))
		return NULL;
	for (uint32_t i = 0; i < watch->most; i++) {
		struct watched_zone *zone;
		if (watch->sites[i] != site_hash)
			continue;
		zone = watch->zones[i];
		if (watch->weights[i] == 0 || !holds(zone, name, size))
			continue;
		/* Where the name tells, the zone nearest to it; else the one with most failures. */
		if (found == NULL || (name != NULL ? zone->name_size > found->name_size
						   : watch->weights[i] > found_weight)) {
			found = zone;
			found_weight = watch->weights[i];
		}
	}
	return found;
}

/* ------------------------------------------------------------------ slots */

/* A slot that is not in use; 0 when there is none. */
static uint32_t
take_slot(struct zone_watch *watch)
{
	uint32_t number = watch->slot_free;

	if (number != 0) {
		watch->slot_free = zone_watch_slot_at(watch, number)->next;
		return number;
	}
	if (watch->slot_used == watch->slot_most)
		return 0;
	if (watch->slot_used == watch->slot_room) {
		watch->slot_room = watch->slot_room == 0 ? SLOTS_AT_FIRST : 2 * watch->slot_room;
		watch->slots = xrealloc_array(watch->slots, watch->slot_room, sizeof *watch->slots);
	}
	return ++watch->slot_used;
}

/* Takes the slot with the fewest failures out of a zone's list. */
static uint32_t
drop_weakest(struct zone_watch *watch, struct watched_zone *zone)
{
	uint32_t *link = &zone->slots, *weakest = &zone->slots, number;
	uint64_t least = UINT64_MAX;

	assert(watch->slots != NULL && zone->slots != 0);
	while (*link != 0) {
		struct zone_slot *slot = &watch->slots[*link - 1];
		uint64_t failures =
		    zone_failures(slot, ZONE_ASKED) + zone_failures(slot, ZONE_UPSTREAM);
		if (failures <= least) {
			least = failures;
			weakest = link;
		}
		link = &slot->next;
	}
	number = *weakest;
	*weakest = watch->slots[number - 1].next;
	zone->slot_count--;
	watch->slots_refused++;
	return number;
}

/* Where in the list, newest first, a slot with this number is or would be. */
static uint32_t *
find_link(struct zone_watch *watch, struct watched_zone *zone, int64_t number)
{
	uint32_t *link = &zone->slots;

	while (*link != 0 && zone_watch_slot_at(watch, *link)->number > number)
		link = &zone_watch_slot_at(watch, *link)->next;
	return link;
}

static struct zone_slot *
slot_of(struct zone_watch *watch, struct watched_zone *zone, int64_t number)
{
	uint32_t *link = find_link(watch, zone, number), taken;
	struct zone_slot *slot = zone_watch_slot_at(watch, *link);

	if (slot != NULL && slot->number == number)
		return slot;
	taken = zone->slot_count < WATCH_ZONE_SLOTS ? take_slot(watch) : drop_weakest(watch, zone);
	if (taken == 0) {
		watch->slots_refused++;
		return NULL;
	}
	/* Slots may have moved. */
	link = find_link(watch, zone, number);
	slot = zone_watch_slot_at(watch, taken);
	memset(slot, 0, sizeof *slot);
	slot->number = number;
	slot->next = *link;
	*link = taken;
	zone->slot_count++;
	return slot;
}

struct zone_slot *
zone_watch_slot(struct zone_watch *watch, struct watched_zone *zone, nsec_t time)
{
	return slot_of(watch, zone, floor_div(time, SLOT_LENGTH));
}

/* ------------------------------------------------------------------ clients */

/* Space-saving (A. Metwally et al., ICDT 2005): a new client takes the place of the one with the
 * least count, and what that had counts as its error. */
void
zone_top_add(struct watched_zone *zone, const struct zone_top *client)
{
	struct zone_top *least = &zone->top[0];

	for (uint32_t i = 0; i < zone->top_count; i++) {
		struct zone_top *t = &zone->top[i];
		if (t->side == client->side && address_equal(&t->address, &client->address)) {
			t->count += client->count;
			t->error += client->error;
			t->resolver |= client->resolver;
			return;
		}
		if (t->count < least->count)
			least = t;
	}
	if (zone->top_count < WATCH_CLIENTS) {
		zone->top[zone->top_count++] = *client;
		return;
	}
	client = &(struct zone_top){ client->address, least->count + client->count,
		least->count + client->error, client->class, client->side, client->resolver };
	*least = *client;
}

/* ------------------------------------------------------------------ merging */

static void
note_span(nsec_t *first, nsec_t *last, nsec_t from_first, nsec_t from_last)
{
	if (from_first == 0)
		return;
	if (*first == 0 || from_first < *first)
		*first = from_first;
	if (from_last > *last)
		*last = from_last;
}

static void
merge_slot(struct zone_slot *into, const struct zone_slot *from)
{
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			into->counts[side][i] += from->counts[side][i];
		for (unsigned i = 0; i < SLOT_SECONDS; i++)
			into->seconds[side][i] += from->seconds[side][i];
		note_span(
		    &into->first[side], &into->last[side], from->first[side], from->last[side]);
	}
	for (unsigned i = 0; i < SLOT_SECONDS; i++)
		into->all_seconds[i] += from->all_seconds[i];
	note_span(&into->all_first, &into->all_last, from->all_first, from->all_last);
	label_sums_merge(&into->labels, &from->labels);
	into->reversed += from->reversed;
	into->sampled += from->sampled;
	hll_union(into->names, from->names, SLOT_PRECISION);
}

static void
merge_scatter(struct zone_scatter *into, const struct zone_scatter *from)
{
	into->nxdomain += from->nxdomain;
	into->servfail += from->servfail;
	into->quoted += from->quoted;
	into->dark += from->dark;
	note_span(&into->first, &into->last, from->first, from->last);
	hll_union(into->names, from->names, SCATTER_PRECISION);
	hll_union(into->servers, from->servers, SCATTER_PRECISION);
	hll_union(into->targets, from->targets, SCATTER_PRECISION);
}

static void
merge_zone(struct zone_watch *watch, struct watched_zone *into, const struct zone_watch *from_watch,
    const struct watched_zone *from)
{
	zone_watch_name(watch, into, from->name, from->name_size);
	into->wild |= from->wild;
	into->retransmissions += from->retransmissions;
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			into->counts[side][i] += from->counts[side][i];
		hll_union(into->clients[side], from->clients[side], CLIENTS_PRECISION);
	}
	for (unsigned i = 0; i < ZONE_TYPES; i++)
		into->types[i] += from->types[i];
	for (unsigned i = 0; i < CLIENT_CLASSES; i++)
		into->classes[i] += from->classes[i];
	for (uint32_t i = 0; i < from->top_count; i++)
		zone_top_add(into, &from->top[i]);
	dns_samples_merge(&into->samples, &from->samples);
	merge_scatter(&into->scatter, &from->scatter);
	hll_union(into->names, from->names, NAMES_PRECISION);
	for (uint32_t n = from->slots; n != 0; n = zone_watch_slot_at(from_watch, n)->next) {
		const struct zone_slot *f = zone_watch_slot_at(from_watch, n);
		struct zone_slot *slot = slot_of(watch, into, f->number);
		if (slot != NULL)
			merge_slot(slot, f);
	}
}

static void
merge_entry(struct zone_watch *into, const struct zone_watch *from, const struct mg_entry *other)
{
	struct zone_key key = { .hash = other->key[0], .site_hash = other->key[0] };
	struct mg_entry *entry = zone_watch_count(into, &key, other->counters);
	const struct watched_zone *f;
	struct watched_zone *zone;
	uint32_t weight;

	if (other->handle == 0)
		return;
	f = from->zones[other->handle - 1];
	weight = from->weights[other->handle - 1];
	if (entry->handle == 0) {
		key.site_hash = f->site_hash;
		zone = zone_watch_begin(into, entry, &key, weight);
	} else {
		zone = into->zones[entry->handle - 1];
		zone_watch_weigh(into, entry, weight);
	}
	if (zone != NULL)
		merge_zone(into, zone, from, f);
}

void
zone_watch_merge(struct zone_watch *into, const struct zone_watch *from)
{
	/* All that was watched somewhere finds a place. */
	into->most =
	    into->most + WATCH_ZONES <= PLACES ? into->most + WATCH_ZONES : (uint32_t)PLACES;
	if (into->slot_most < WATCH_SLOTS * WATCH_MERGED)
		into->slot_most += WATCH_SLOTS;
	for (uint32_t i = 0; i < from->mg.count; i++)
		merge_entry(into, from, &from->mg.entries[i]);
	for (unsigned m = 0; m < MG_METRICS; m++)
		into->mg.error[m] = mg_sum(into->mg.error[m], from->mg.error[m]);
	into->zones_displaced += from->zones_displaced;
	into->zones_refused += from->zones_refused;
	into->slots_refused += from->slots_refused;
}
