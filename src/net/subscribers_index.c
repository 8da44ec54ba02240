/* SPDX-License-Identifier: ISC */
/*
 * The tables behind the subscriber map: prefixes by value and length, users by identity, names of
 * services; see subscribers_internal.h.
 *
 * Tables hold what the operator lists, so a fixed mixer will do for prefixes: whoever sends traffic
 * chooses which slots are looked at, but not what is in them.  Identities are hashed with the
 * secret, because the hash stands for the identity.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "net/subscribers_internal.h"

#define FIRST_SLOTS    1024
#define LARGE_PAGE     ((uintptr_t)2 << 20)
#define MAX_SERVICES   1000
#define IDENTITY_WORDS 33 /* 255 octets and the count */

struct place_key
place_key_of(const struct address *address, bool ipv4, unsigned length)
{
	uint64_t bits = ipv4 ? (uint64_t)be32(address->octets + 12) << 32 : be64(address->octets);

	if (length < 64)
		bits &= ~(UINT64_MAX >> length);
	return (struct place_key){ bits, (uint8_t)(ipv4 ? length : 128 + length) };
}

static inline size_t
place_slot(const struct subscribers *s, struct place_key key)
{
	return hash_mix64(key.bits ^ key.code) & s->place_mask;
}

/* The slot of a key: its own, or the empty one where it would go. */
static struct place *
place_at(const struct subscribers *s, struct place_key key)
{
	size_t slot = place_slot(s, key);

	while (s->places[slot].code != 0 &&
	       (s->places[slot].bits != key.bits || s->places[slot].code != key.code))
		slot = (slot + 1) & s->place_mask;
	return &s->places[slot];
}

const struct place *
places_find(const struct subscribers *s, struct place_key key)
{
	const struct place *place = place_at(s, key);

	return place->code != 0 ? place : NULL;
}

void
places_advise(void *array, size_t size)
{
	uintptr_t begin = ((uintptr_t)array + LARGE_PAGE - 1) & ~(uintptr_t)(LARGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)array + size) & ~(uintptr_t)(LARGE_PAGE - 1);

	if (begin < end) /* only advice: that it is not taken costs some speed */
		(void)madvise(
		    (char *)array + (begin - (uintptr_t)array), end - begin, MADV_HUGEPAGE);
}

/* Half of the slots stay empty: a search that fails ends soon. */
static void
grow_places(struct subscribers *s)
{
	struct place *old = s->places;
	size_t old_slots = old != NULL ? s->place_mask + 1 : 0;
	size_t slots = old_slots > 0 ? 2 * old_slots : FIRST_SLOTS;

	s->places = xcalloc(slots, sizeof *s->places);
	places_advise(s->places, slots * sizeof *s->places);
	s->place_mask = slots - 1;
	for (size_t i = 0; i < old_slots; i++)
		if (old[i].code != 0)
			*place_at(s, (struct place_key){ old[i].bits, old[i].code }) = old[i];
	free(old);
}

/* The bit that stands for a prefix's neighbourhood: 16 leading bits of IPv4, 32 of IPv6. */
static unsigned
coarse_bit(uint64_t bits, bool ipv4)
{
	return (unsigned)(ipv4 ? bits >> 48 : hash_mix64(bits >> 32) >> 48);
}

static void
note_length(struct subscribers *s, bool ipv4, unsigned length, uint64_t bits)
{
	size_t family = ipv4 ? 0 : 1, i = 0;
	uint8_t *lengths = s->lengths[family];
	unsigned bit = coarse_bit(bits, ipv4);

	s->coarse[family][bit / 64] |= UINT64_C(1) << bit % 64;
	s->coarse_all[family] |= length < (ipv4 ? 16 : 32);
	while (i < s->length_counts[family] && lengths[i] > length)
		i++;
	if (i < s->length_counts[family] && lengths[i] == length)
		return;
	memmove(lengths + i + 1, lengths + i, s->length_counts[family] - i);
	lengths[i] = (uint8_t)length;
	s->length_counts[family]++;
}

bool
places_are_near(const struct subscribers *s, const struct address *address, bool ipv4)
{
	size_t family = ipv4 ? 0 : 1;
	uint64_t bits = ipv4 ? (uint64_t)be32(address->octets + 12) << 32 : be64(address->octets);
	unsigned bit = coarse_bit(bits, ipv4);

	return (s->coarse[family][bit / 64] >> bit % 64 & 1) != 0 || s->coarse_all[family];
}

struct place *
places_put(struct subscribers *s, struct place_key key)
{
	struct place *place;

	if (s->places == NULL || 2 * s->place_count > s->place_mask)
		grow_places(s);
	place = place_at(s, key);
	if (place->code != 0)
		return place;
	*place = (struct place){ .bits = key.bits, .code = key.code };
	s->place_count++;
	note_length(s, key.code < 128, key.code & 127, key.bits);
	return place;
}

static uint64_t
identity_hash(const struct subscribers *s, const char *identity)
{
	uint64_t words[IDENTITY_WORDS] = { 0 };
	size_t size = strnlen(identity, sizeof words - sizeof words[0]);
	size_t count = (size + 7) / 8;

	memcpy(words, identity, size);
	words[count] = size;
	return hash_words(&s->secret, words, count + 1);
}

/* The slot of a hash: its own, or the empty one where it would go. */
static uint32_t *
user_at(const struct subscribers *s, uint64_t hash)
{
	size_t slot = hash & s->user_mask;

	while (
	    s->user_slots[slot] != SUBSCRIBER_NOBODY && s->users[s->user_slots[slot]].hash != hash)
		slot = (slot + 1) & s->user_mask;
	return &s->user_slots[slot];
}

static void
grow_users(struct subscribers *s)
{
	size_t slots;

	s->user_capacity = s->user_capacity > 0 ? 2 * s->user_capacity : FIRST_SLOTS / 2;
	slots = 2 * s->user_capacity;
	s->users = xrealloc_array(s->users, s->user_capacity, sizeof *s->users);
	s->user_slots = xrealloc_array(s->user_slots, slots, sizeof *s->user_slots);
	s->user_mask = slots - 1;
	memset(s->user_slots, 0xff, slots * sizeof *s->user_slots);
	for (size_t i = 0; i < s->user_count; i++)
		*user_at(s, s->users[i].hash) = (uint32_t)i;
}

uint32_t
users_put(struct subscribers *s, const char *identity)
{
	uint64_t hash = identity_hash(s, identity);
	uint32_t *slot;

	if (s->user_count == s->user_capacity)
		grow_users(s);
	slot = user_at(s, hash);
	if (*slot == SUBSCRIBER_NOBODY) {
		*slot = (uint32_t)s->user_count;
		s->users[s->user_count++] = (struct known_user){
			.hash = hash,
			.pseudonym = pseudonym_of(s->pseudonymizer, identity, strlen(identity)),
		};
	}
	return *slot;
}

const struct known_user *
users_find(const struct subscribers *s, const char *identity, uint64_t *ret_hash)
{
	uint32_t index;

	*ret_hash = identity_hash(s, identity);
	if (s->user_count == 0)
		return NULL;
	index = *user_at(s, *ret_hash);
	return index != SUBSCRIBER_NOBODY ? &s->users[index] : NULL;
}

uint16_t
services_put(struct subscribers *s, const char *name)
{
	if (name[0] == '\0')
		return 0;
	for (size_t i = 0; i < s->service_count; i++)
		if (strcmp(s->services[i], name) == 0)
			return (uint16_t)i;
	if (s->service_count == MAX_SERVICES)
		return 0;
	s->services = xrealloc_array(s->services, s->service_count + 1, sizeof *s->services);
	s->services[s->service_count] = xstrdup(name);
	return (uint16_t)s->service_count++;
}
