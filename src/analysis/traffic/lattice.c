/* SPDX-License-Identifier: ISC */
/* The lattice search; its definition is in lattice.h. */
#include "analysis/traffic/lattice.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/marked.h"
#include "base/xmalloc.h"

#define NOWHERE UINT32_MAX

/* Greatest number of lengths in a family (36 of IPv6), with room. */
#define LENGTHS_MOST 40

struct label {
	uint8_t source, destination;
	uint8_t full;
};

/* One cut of the label at hand. */
struct cut {
	struct address source, destination;
	uint64_t octets, packets;
	uint32_t node; /* NOWHERE until it is found heavy */
	bool used;
};

struct search {
	struct lattice *lattice;
	const struct pair_item *items;
	const struct mark_lengths *marks;
	const struct lattice_threshold *threshold;
	struct address_hash hash;
	uint32_t *left; /* numbers of the items of this family that nobody took */
	uint32_t left_count;
	uint32_t *taking; /* those that take part in the label at hand */
	uint32_t *cut_of; /* and where their cuts are */
	struct cut *cuts;
	uint32_t cut_mask;
};

/* 0, 1, 2: the three parts of the order. */
static int
part_of(const struct label *l)
{
	return l->source == l->full ? 0 : l->destination == l->full ? 1 : 2;
}

static int
compare_labels(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	if (part_of(x) != part_of(y))
		return part_of(x) - part_of(y);
	if (x->source + x->destination != y->source + y->destination)
		return y->source + y->destination - x->source - x->destination;
	return y->source - x->source;
}

/* All labels of a family, in order; returns their number. */
static size_t
make_labels(bool ipv4, struct label labels[LENGTHS_MOST * LENGTHS_MOST])
{
	const struct pair_lengths *l = &PAIR_LENGTHS_LATTICE;
	const uint8_t *lengths = ipv4 ? l->ipv4 : l->ipv6;
	size_t count = ipv4 ? l->ipv4_count : l->ipv6_count, n = 0;

	assert(count <= LENGTHS_MOST);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			labels[n++] = (struct label){ .source = lengths[i],
				.destination = lengths[k],
				.full = ipv4 ? 32 : 128 };
	qsort(labels, n, sizeof *labels, compare_labels);
	return n;
}

static uint32_t
find_cut(const struct search *s, const struct address *source, const struct address *destination)
{
	uint32_t at =
	    (uint32_t)(address_hash_pair(&s->hash, source, destination, 0, 0) >> 32) & s->cut_mask;

	while (s->cuts[at].used && !(address_equal(&s->cuts[at].source, source) &&
				       address_equal(&s->cuts[at].destination, destination)))
		at = (at + 1) & s->cut_mask;
	return at;
}

/* Whether an item can be in a result at this label. */
static inline bool
takes_part(const struct search *s, uint32_t item, const struct label *l)
{
	return s->marks[item].source >= l->source && s->marks[item].destination >= l->destination;
}

/* Cuts the items that take part; returns their number. */
static uint32_t
cut_items(struct search *s, const struct label *l)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->left_count; i++)
		if (takes_part(s, s->left[i], l))
			s->taking[count++] = s->left[i];
	for (s->cut_mask = 63; s->cut_mask < 2 * count;)
		s->cut_mask = 2 * s->cut_mask + 1;
	if (count != 0)
		memset(s->cuts, 0, ((size_t)s->cut_mask + 1) * sizeof *s->cuts);
	for (uint32_t i = 0; i < count; i++) {
		const struct pair_item *item = &s->items[s->taking[i]];
		struct address source = pair_mask(&item->source, l->source);
		struct address destination = pair_mask(&item->destination, l->destination);
		struct cut *c;
		s->cut_of[i] = find_cut(s, &source, &destination);
		c = &s->cuts[s->cut_of[i]];
		if (!c->used)
			*c = (struct cut){ .source = source,
				.destination = destination,
				.node = NOWHERE,
				.used = true };
		c->octets += item->octets;
		c->packets += item->packets;
	}
	return count;
}

static uint32_t
add_node(struct lattice *lattice, const struct cut *c, const struct label *l)
{
	if ((lattice->count & (lattice->count - 1)) == 0)
		lattice->nodes = xrealloc_array(lattice->nodes,
		    lattice->count != 0 ? 2 * lattice->count : 1, sizeof *lattice->nodes);
	lattice->nodes[lattice->count] = (struct lattice_node){
		.source = { .address = c->source, .length = l->source },
		.destination = { .address = c->destination, .length = l->destination },
		.octets = c->octets,
		.packets = c->packets,
	};
	return (uint32_t)lattice->count++;
}

/* Gives the items of heavy cuts to new nodes. */
static void
extract(struct search *s, const struct label *l, uint32_t count)
{
	bool last = l->source == 0 && l->destination == 0;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct cut *c = &s->cuts[s->cut_of[i]];
		if (!last && c->octets < s->threshold->octets && c->packets < s->threshold->packets)
			continue;
		if (c->node == NOWHERE)
			c->node = add_node(s->lattice, c, l);
		s->lattice->node_of[s->taking[i]] = c->node;
	}
	for (uint32_t i = 0; i < s->left_count; i++)
		if (s->lattice->node_of[s->left[i]] == NOWHERE)
			s->left[kept++] = s->left[i];
	s->left_count = kept;
}

static void
search_family(struct search *s, uint32_t count, bool ipv4)
{
	struct label *labels = xcalloc((size_t)LENGTHS_MOST * LENGTHS_MOST, sizeof *labels);
	size_t label_count = make_labels(ipv4, labels);

	s->left_count = 0;
	for (uint32_t i = 0; i < count; i++)
		if (address_is_ipv4(&s->items[i].source) == ipv4)
			s->left[s->left_count++] = i;
	for (size_t i = 0; i < label_count && s->left_count != 0; i++) {
		uint32_t taking = cut_items(s, &labels[i]);
		if (taking != 0)
			extract(s, &labels[i], taking);
	}
	free(labels);
}

/* Whether one of two prefixes contains the other. */
static bool
overlap(const struct address *a, unsigned length, const struct prefix *p)
{
	unsigned shorter = length < p->length ? length : p->length;
	struct address x, y;

	if (address_is_ipv4(a) != address_is_ipv4(&p->address))
		return false;
	x = pair_mask(a, shorter);
	y = pair_mask(&p->address, shorter);
	return address_equal(&x, &y);
}

/* Adds an item to what is uncertain of each node that it may belong to but is too coarse for. */
static void
note_uncertain(struct lattice *lattice, const struct pair_item *item, uint32_t own)
{
	for (uint32_t i = 0; i < lattice->count; i++) {
		struct lattice_node *n = &lattice->nodes[i];
		if (i == own || (item->source_length >= n->source.length &&
				    item->destination_length >= n->destination.length))
			continue;
		if (!overlap(&item->source, item->source_length, &n->source) ||
		    !overlap(&item->destination, item->destination_length, &n->destination))
			continue;
		n->uncertain_octets += item->octets;
		n->uncertain_packets += item->packets;
	}
}

void
lattice_search(struct lattice *ret_lattice, const struct pair_item *items, uint32_t count,
    const struct lattice_threshold *threshold, const struct hash_secret *secret)
{
	struct search s = { .lattice = ret_lattice, .items = items, .threshold = threshold };
	struct mark_lengths *marks = xcalloc(count, sizeof *marks);
	struct marked *marked;

	assert(threshold->octets >= 1 && threshold->packets >= 1);
	address_hash_init(&s.hash, secret);
	marked = marked_new(&s.hash);
	marked_find(marked, items, count,
	    &(struct mark_rule){ .lengths = &PAIR_LENGTHS_LATTICE,
		.octets = threshold->octets,
		.packets = threshold->packets },
	    marks);
	s.marks = marks;
	s.left = xcalloc(count, sizeof *s.left);
	s.taking = xcalloc(count, sizeof *s.taking);
	s.cut_of = xcalloc(count, sizeof *s.cut_of);
	s.cuts = xcalloc(4 * (size_t)count + 64, sizeof *s.cuts);
	*ret_lattice = (struct lattice){ .node_of = xcalloc(count, sizeof *s.left) };
	for (uint32_t i = 0; i < count; i++)
		ret_lattice->node_of[i] = NOWHERE;
	search_family(&s, count, true);
	search_family(&s, count, false);
	for (uint32_t i = 0; i < count; i++)
		note_uncertain(ret_lattice, &items[i], ret_lattice->node_of[i]);
	marked_free(marked);
	free(marks);
	free(s.left);
	free(s.taking);
	free(s.cut_of);
	free(s.cuts);
}

void
lattice_release(struct lattice *lattice)
{
	free(lattice->nodes);
	free(lattice->node_of);
	*lattice = (struct lattice){ 0 };
}

static bool
lies_in(const struct address *a, unsigned length, const struct prefix *p)
{
	struct address masked;

	if (length < p->length || address_is_ipv4(a) != address_is_ipv4(&p->address))
		return false;
	masked = pair_mask(a, p->length);
	return address_equal(&masked, &p->address);
}

size_t
lattice_place(const struct lattice *lattice, const struct pair_item *item)
{
	/* Nodes stand in the order in which they took their items: the first that can has it. */
	for (size_t i = 0; i < lattice->count; i++)
		if (lies_in(&item->source, item->source_length, &lattice->nodes[i].source) &&
		    lies_in(&item->destination, item->destination_length,
			&lattice->nodes[i].destination))
			return i;
	return lattice->count - 1;
}
