/* SPDX-License-Identifier: ISC */
/*
 * Finding and looking up marked prefixes; see marked.h.
 *
 * Finding goes from short prefixes to long ones, and only items whose shorter prefix is marked take
 * part in the next length, so random addresses drop out after the first.  Looking up begins with
 * one octet for the first 16 bits, which ends it for nearly every address of a spoofed flood.
 */
#include "analysis/traffic/marked.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define HINTS (1U << 16)

/* One marked prefix. */
struct mark {
	struct address prefix;
	uint8_t length; /* 0 where the slot is free */
};

struct side {
	/* By family and first 16 bits: the longest marked length up to 16, and whether more are
	 * worth looking for. */
	uint8_t hints[2][HINTS]; /* length << 1 | deeper */
	struct mark *marks;      /* owned; open addressing; lengths above 16 */
	uint32_t count, mask;
};

struct marked {
	struct address_hash hash;
	const struct pair_lengths *lengths;
	struct side sides[MARKED_SIDE_COUNT];
};

/* One prefix of the length at hand, with its volume. */
struct volume {
	struct address prefix;
	uint64_t octets, packets;
	uint32_t hash;
	bool entered;
};

/* What marked_find works on: items of one family. */
struct search {
	struct marked *marked;
	enum marked_side side;
	const struct mark_rule *rule;
	const struct pair_item *items;
	struct mark_lengths *lengths;
	uint32_t *active; /* numbers of the items whose prefixes so far are marked */
	uint32_t *places; /* of each active item, the number of its prefix in `volumes` */
	uint32_t active_count;
	struct volume *volumes;
	uint32_t volume_count;
	uint32_t *slots; /* numbers in `volumes` + 1 */
	uint32_t slot_mask;
};

struct marked *
marked_new(const struct address_hash *hash)
{
	struct marked *m = xcalloc(1, sizeof *m);

	m->hash = *hash;
	return m;
}

void
marked_free(struct marked *marked)
{
	if (marked == NULL)
		return;
	for (unsigned side = 0; side < MARKED_SIDE_COUNT; side++)
		free(marked->sides[side].marks);
	free(marked);
}

/* ------------------------------------------------------------------ the set */

static inline uint32_t
mark_hash(const struct marked *m, const struct address *prefix, unsigned length)
{
	return (uint32_t)(address_hash_one(&m->hash, prefix) >> 32) + length * 0x9e3779b9U;
}

/* The first 16 bits within the address's family. */
static inline unsigned
first_bits(const struct address *a, bool ipv4)
{
	const uint8_t *o = a->octets + (ipv4 ? 12 : 0);

	return (unsigned)o[0] << 8 | o[1];
}

static struct mark *
find_mark(
    const struct marked *m, const struct side *s, const struct address *prefix, uint8_t length)
{
	uint32_t at = mark_hash(m, prefix, length) & s->mask;

	while (s->marks[at].length != 0 &&
	       (s->marks[at].length != length || !address_equal(&s->marks[at].prefix, prefix)))
		at = (at + 1) & s->mask;
	return &s->marks[at];
}

static void
grow_marks(const struct marked *m, struct side *s)
{
	struct side bigger = *s;

	bigger.mask = s->marks != NULL ? 2 * s->mask + 1 : 63;
	bigger.marks = xcalloc((size_t)bigger.mask + 1, sizeof *bigger.marks);
	for (uint32_t i = 0; s->marks != NULL && i <= s->mask; i++)
		if (s->marks[i].length != 0)
			*find_mark(m, &bigger, &s->marks[i].prefix, s->marks[i].length) =
			    s->marks[i];
	free(s->marks);
	s->marks = bigger.marks;
	s->mask = bigger.mask;
}

static void
enter_mark(struct marked *m, enum marked_side side, const struct address *prefix, uint8_t length)
{
	struct side *s = &m->sides[side];
	bool ipv4 = address_is_ipv4(prefix);
	unsigned bits = first_bits(prefix, ipv4);
	unsigned span = length < 16 ? 1U << (16 - length) : 1;

	if (length > 16) {
		s->hints[ipv4][bits] |= 1;
		if (s->marks == NULL || 2 * s->count > s->mask)
			grow_marks(m, s);
		*find_mark(m, s, prefix, length) =
		    (struct mark){ .prefix = *prefix, .length = length };
		s->count++;
		return;
	}
	for (unsigned i = 0; i < span; i++)
		s->hints[ipv4][bits + i] = (uint8_t)(length << 1);
}

uint8_t
marked_longest(const struct marked *marked, enum marked_side side, const struct address *address)
{
	const struct side *s = &marked->sides[side];
	bool ipv4 = address_is_ipv4(address);
	const uint8_t *lengths = ipv4 ? marked->lengths->ipv4 : marked->lengths->ipv6;
	size_t count = ipv4 ? marked->lengths->ipv4_count : marked->lengths->ipv6_count;
	uint8_t hint = s->hints[ipv4][first_bits(address, ipv4)];
	uint8_t longest = hint >> 1;

	if ((hint & 1) == 0)
		return longest;
	for (size_t i = 0; i < count; i++) {
		struct address prefix;
		if (lengths[i] <= 16)
			continue;
		prefix = pair_mask(address, lengths[i]);
		if (find_mark(marked, s, &prefix, lengths[i])->length == 0)
			break;
		longest = lengths[i];
	}
	return longest;
}

/* ------------------------------------------------------------------ finding */

static const struct address *
end_of(const struct search *s, uint32_t item)
{
	return s->side == MARKED_SOURCE ? &s->items[item].source : &s->items[item].destination;
}

static uint8_t
length_of(const struct search *s, uint32_t item)
{
	return s->side == MARKED_SOURCE ? s->items[item].source_length
					: s->items[item].destination_length;
}

/* The number of a prefix's volume, a new one when there is none. */
static uint32_t
find_volume(struct search *s, const struct address *prefix)
{
	uint32_t hash = (uint32_t)(address_hash_one(&s->marked->hash, prefix) >> 32);
	uint32_t at = hash & s->slot_mask;

	for (; s->slots[at] != 0; at = (at + 1) & s->slot_mask) {
		const struct volume *v = &s->volumes[s->slots[at] - 1];
		if (v->hash == hash && address_equal(&v->prefix, prefix))
			return s->slots[at] - 1;
	}
	s->volumes[s->volume_count] = (struct volume){ .prefix = *prefix, .hash = hash };
	s->slots[at] = ++s->volume_count;
	return s->volume_count - 1;
}

/* Adds up the active items by their prefix of one length; shorter items drop out. */
static void
add_up(struct search *s, uint8_t length)
{
	uint32_t kept = 0;

	for (s->slot_mask = 63; s->slot_mask < 2 * s->active_count;)
		s->slot_mask = 2 * s->slot_mask + 1;
	memset(s->slots, 0, ((size_t)s->slot_mask + 1) * sizeof *s->slots);
	s->volume_count = 0;
	for (uint32_t i = 0; i < s->active_count; i++) {
		uint32_t item = s->active[i];
		struct address prefix;
		struct volume *v;
		if (length_of(s, item) < length)
			continue;
		prefix = pair_mask(end_of(s, item), length);
		s->active[kept] = item;
		s->places[kept] = find_volume(s, &prefix);
		v = &s->volumes[s->places[kept++]];
		v->octets += s->items[item].octets;
		v->packets += s->items[item].packets;
	}
	s->active_count = kept;
}

/* Marks the prefixes that reach the rule; items of the others drop out. */
static void
mark(struct search *s, uint8_t length)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->active_count; i++) {
		struct volume *v = &s->volumes[s->places[i]];
		uint32_t item = s->active[i];
		if (v->octets < s->rule->octets && v->packets < s->rule->packets)
			continue;
		if (!v->entered) {
			enter_mark(s->marked, s->side, &v->prefix, length);
			v->entered = true;
		}
		if (s->side == MARKED_SOURCE)
			s->lengths[item].source = length;
		else
			s->lengths[item].destination = length;
		s->active[kept++] = item;
	}
	s->active_count = kept;
}

static void
find_in_family(struct search *s, uint32_t count, bool ipv4)
{
	const struct pair_lengths *l = s->rule->lengths;
	const uint8_t *lengths = ipv4 ? l->ipv4 : l->ipv6;
	size_t length_count = ipv4 ? l->ipv4_count : l->ipv6_count;

	s->active_count = 0;
	for (uint32_t i = 0; i < count; i++)
		if (address_is_ipv4(end_of(s, i)) == ipv4)
			s->active[s->active_count++] = i;
	for (size_t i = 0; i < length_count && s->active_count != 0; i++) {
		if (lengths[i] == 0)
			continue;
		add_up(s, lengths[i]);
		mark(s, lengths[i]);
	}
}

void
marked_find(struct marked *marked, const struct pair_item *items, uint32_t count,
    const struct mark_rule *rule, struct mark_lengths *ret_lengths)
{
	struct search s = {
		.marked = marked, .rule = rule, .items = items, .lengths = ret_lengths
	};

	marked->lengths = rule->lengths;
	memset(ret_lengths, 0, count * sizeof *ret_lengths);
	s.active = xcalloc(count, sizeof *s.active);
	s.places = xcalloc(count, sizeof *s.places);
	s.volumes = xcalloc(count, sizeof *s.volumes);
	s.slots = xcalloc(4 * (size_t)count + 64, sizeof *s.slots);
	for (unsigned side = 0; side < MARKED_SIDE_COUNT; side++) {
		s.side = (enum marked_side)side;
		find_in_family(&s, count, true);
		find_in_family(&s, count, false);
	}
	free(s.active);
	free(s.places);
	free(s.volumes);
	free(s.slots);
}
