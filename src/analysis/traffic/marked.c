/* SPDX-License-Identifier: ISC */
/*
 * Finding and looking up marked prefixes; see marked.h.
 *
 * Finding goes from short prefixes to long ones, and only items whose shorter prefix is marked take
 * part in the next length, so random addresses drop out after the first.  Looking up begins with
 * a filter of longer prefixes, which leaves one bit for the first 16 bits, and one octet for the
 * first 8, to nearly every address of a spoofed flood.
 */
#include "analysis/traffic/marked.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

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
	uint32_t *slots;  /* numbers in `volumes` + 1 */
	uint32_t *direct; /* the same for prefixes up to 16 bits, by these bits */
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

static struct marked_prefix *
find_mark(const struct marked *m, const struct marked_table *s, const struct address *prefix,
    uint8_t length)
{
	uint32_t at = mark_hash(m, prefix, length) & s->mask;

	while (s->marks[at].length != 0 &&
	       (s->marks[at].length != length || !address_equal(&s->marks[at].prefix, prefix)))
		at = (at + 1) & s->mask;
	return &s->marks[at];
}

static void
grow_marks(const struct marked *m, struct marked_table *s)
{
	struct marked_table bigger = *s;

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

/* Lengths up to 16 are 8 and 16. */
static void
enter_mark(struct marked *m, enum marked_side side, const struct address *prefix, uint8_t length)
{
	struct marked_table *s = &m->sides[side];
	bool ipv4 = address_is_ipv4(prefix);
	unsigned bits = marked_first_bits(prefix, ipv4);
	unsigned span = length <= 8 ? 1U << (8 - length) : 0;

	if (length > 16) {
		if (length == m->deeper_lengths[ipv4]) {
			unsigned bit = marked_filter_bit(m, prefix);
			s->filter[bit / 64] |= UINT64_C(1) << bit % 64;
		}
		if (s->marks == NULL || 2 * s->count > s->mask)
			grow_marks(m, s);
		*find_mark(m, s, prefix, length) =
		    (struct marked_prefix){ .prefix = *prefix, .length = length };
		s->count++;
		return;
	}
	if (length == 16)
		s->marked_16[ipv4][bits / 64] |= UINT64_C(1) << bits % 64;
	for (unsigned i = 0; i < span; i++)
		s->short_lengths[ipv4][(bits >> 8) + i] = length;
}

uint8_t
marked_look_deeper(struct marked *marked, enum marked_side side, const struct address *address)
{
	struct marked_table *s = &marked->sides[side];
	bool ipv4 = address_is_ipv4(address);
	const struct pair_lengths *l = marked->lengths;
	const uint8_t *lengths = ipv4 ? l->ipv4 : l->ipv6;
	size_t count = ipv4 ? l->ipv4_count : l->ipv6_count;
	struct marked_memo memo = {
		.address = *address, .length = marked_longest_short(s, address, ipv4), .used = true
	};

	for (size_t i = 0; i < count; i++) {
		struct address prefix;
		if (lengths[i] <= 16)
			continue;
		prefix = pair_mask(address, lengths[i]);
		if (find_mark(marked, s, &prefix, lengths[i])->length == 0)
			break;
		memo.length = lengths[i];
	}
	*marked_memo_of(marked, side, address) = memo;
	return memo.length;
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

/* The same for a prefix of at most 16 bits, of which there are few. */
static inline uint32_t
find_short_volume(struct search *s, const struct address *prefix, uint8_t length, bool ipv4)
{
	uint32_t *slot = &s->direct[marked_first_bits(prefix, ipv4) >> (16 - length)];

	if (*slot == 0) {
		s->volumes[s->volume_count] = (struct volume){ .prefix = *prefix };
		*slot = ++s->volume_count;
	}
	return *slot - 1;
}

/* Adds up the active items by their prefix of one length; shorter items drop out. */
static void
add_up(struct search *s, uint8_t length, bool ipv4)
{
	uint32_t kept = 0;

	if (length <= MARKED_HINT_BITS) {
		memset(s->direct, 0, sizeof *s->direct << length);
	} else {
		for (s->slot_mask = 63; s->slot_mask < 2 * s->active_count;)
			s->slot_mask = 2 * s->slot_mask + 1;
		memset(s->slots, 0, ((size_t)s->slot_mask + 1) * sizeof *s->slots);
	}
	s->volume_count = 0;
	for (uint32_t i = 0; i < s->active_count; i++) {
		uint32_t item = s->active[i];
		struct address prefix;
		struct volume *v;
		if (length_of(s, item) < length)
			continue;
		prefix = pair_mask(end_of(s, item), length);
		s->active[kept] = item;
		s->places[kept] = length <= MARKED_HINT_BITS
				      ? find_short_volume(s, &prefix, length, ipv4)
				      : find_volume(s, &prefix);
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
		add_up(s, lengths[i], ipv4);
		mark(s, lengths[i]);
	}
}

static uint8_t
first_above_16(const uint8_t *lengths, size_t count)
{
	size_t i = 0;

	while (i + 1 < count && lengths[i] <= MARKED_HINT_BITS)
		i++;
	return lengths[i];
}

void
marked_find(struct marked *marked, const struct pair_item *items, uint32_t count,
    const struct mark_rule *rule, struct mark_lengths *ret_lengths)
{
	struct search s = {
		.marked = marked, .rule = rule, .items = items, .lengths = ret_lengths
	};

	marked->lengths = rule->lengths;
	marked->deeper_lengths[false] =
	    first_above_16(rule->lengths->ipv6, rule->lengths->ipv6_count);
	marked->deeper_lengths[true] =
	    first_above_16(rule->lengths->ipv4, rule->lengths->ipv4_count);
	memset(ret_lengths, 0, count * sizeof *ret_lengths);
	s.active = xcalloc(count, sizeof *s.active);
	s.places = xcalloc(count, sizeof *s.places);
	s.volumes = xcalloc(count, sizeof *s.volumes);
	s.slots = xcalloc(4 * (size_t)count + 64, sizeof *s.slots);
	s.direct = xcalloc((size_t)1 << MARKED_HINT_BITS, sizeof *s.direct);
	for (unsigned side = 0; side < MARKED_SIDE_COUNT; side++) {
		s.side = (enum marked_side)side;
		find_in_family(&s, count, true);
		find_in_family(&s, count, false);
	}
	free(s.active);
	free(s.places);
	free(s.volumes);
	free(s.slots);
	free(s.direct);
}
