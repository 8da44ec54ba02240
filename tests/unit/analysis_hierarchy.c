/* SPDX-License-Identifier: ISC */
/*
 * traffic/hierarchy against a brute-force search that knows only the definition of
 * doc/analyses/traffic-hierarchy.md, and its bounds under floods.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/hierarchy.h"
#include "analysis/traffic/lattice.h"
#include "analysis_run.h"
#include "base/hash.h"

extern const struct analysis analysis_traffic_hierarchy;

#define CASES 240
#define ITEMS 80

static uint64_t
draw(uint64_t *seed)
{
	return hash_mix64(*seed += UINT64_C(0x9e3779b97f4a7c15));
}

/* ------------------------------------------------------------------ brute force */

/* A prefix bit by bit, family apart. */
struct bits {
	bool ipv4;
	uint8_t octets[16];
	unsigned length;
};

struct brute_item {
	struct bits source, destination;
	uint64_t octets, packets;
	bool taken;
};

struct brute_node {
	struct bits source, destination;
	uint64_t octets, packets;
};

static struct bits
bits_of(const struct address *a, unsigned length)
{
	struct bits b = { .ipv4 = address_is_ipv4(a), .length = length };

	memcpy(b.octets, b.ipv4 ? a->octets + 12 : a->octets, b.ipv4 ? 4 : 16);
	return b;
}

static bool
starts_alike(const struct bits *a, const struct bits *b, unsigned length)
{
	unsigned whole = length / 8, rest = length % 8;

	if (memcmp(a->octets, b->octets, whole) != 0)
		return false;
	return rest == 0 || ((a->octets[whole] ^ b->octets[whole]) >> (8 - rest)) == 0;
}

static bool
allowed(unsigned length, bool ipv4)
{
	if (ipv4)
		return length <= 32 && (length >= 16 || length % 8 == 0);
	return length == 128 || (length <= 64 && (length >= 32 || length % 16 == 0));
}

/* A search under way. */
struct brute {
	struct brute_item *items;
	size_t count;
	const struct lattice_threshold *threshold;
	struct brute_node *nodes;
	size_t node_count;
};

/* Takes every item that is alike to `first` at this label; returns their volume. */
static struct brute_node
collect(struct brute_item *items, size_t count, size_t first, unsigned s, unsigned d, bool take)
{
	struct brute_node n = { .source = items[first].source,
		.destination = items[first].destination };

	for (size_t i = 0; i < count; i++) {
		struct brute_item *x = &items[i];
		if (x->taken || x->source.ipv4 != n.source.ipv4 || x->source.length < s ||
		    x->destination.length < d || !starts_alike(&x->source, &n.source, s) ||
		    !starts_alike(&x->destination, &n.destination, d))
			continue;
		n.octets += x->octets;
		n.packets += x->packets;
		x->taken |= take;
	}
	n.source.length = s;
	n.destination.length = d;
	return n;
}

static void
visit(struct brute *b, bool ipv4, unsigned s, unsigned d)
{
	if (!allowed(s, ipv4) || !allowed(d, ipv4))
		return;
	for (size_t i = 0; i < b->count; i++) {
		const struct brute_item *x = &b->items[i];
		struct brute_node n;
		if (x->taken || x->source.ipv4 != ipv4 || x->source.length < s ||
		    x->destination.length < d)
			continue;
		n = collect(b->items, b->count, i, s, d, false);
		if (n.octets >= b->threshold->octets || n.packets >= b->threshold->packets ||
		    s + d == 0)
			b->nodes[b->node_count++] = collect(b->items, b->count, i, s, d, true);
	}
}

static size_t
brute_force(struct brute_item *items, size_t count, const struct lattice_threshold *t,
    struct brute_node *nodes)
{
	struct brute b = { .items = items, .count = count, .threshold = t, .nodes = nodes };

	for (int ipv4 = 1; ipv4 >= 0; ipv4--) {
		unsigned full = ipv4 ? 32 : 128;
		for (unsigned d = full + 1; d-- > 0;)
			visit(&b, ipv4, full, d);
		for (unsigned s = full; s-- > 0;)
			visit(&b, ipv4, s, full);
		for (unsigned sum = 2 * full; sum-- > 0;)
			for (unsigned s = sum < full ? sum + 1 : full; s-- > 0;)
				if (sum - s < full)
					visit(&b, ipv4, s, sum - s);
	}
	return b.node_count;
}

/* ------------------------------------------------------------------ random cases */

/* Each bit is set once in eight times. */
static uint8_t
sparse_octet(uint64_t random)
{
	return (uint8_t)(random & random >> 8 & random >> 16);
}

/* Addresses that share prefixes of all lengths. */
static struct address
random_address(uint64_t *seed, bool ipv4)
{
	struct address a = run_address(ipv4 ? "192.0.2.0" : "2001:db8::");
	unsigned begin = ipv4 ? 12 : 0;

	/* Few bits differ in each octet, and most addresses differ only in the last ones. */
	for (unsigned i = begin; i < 16; i++)
		if (draw(seed) % 16 < i + (ipv4 ? 0 : 3))
			a.octets[i] ^= sparse_octet(draw(seed));
	return a;
}

static size_t
random_items(uint64_t *seed, struct pair_item *items, bool coarse)
{
	size_t count = 1 + draw(seed) % ITEMS;

	for (size_t i = 0; i < count; i++) {
		bool ipv4 = draw(seed) % 2;
		struct address source = random_address(seed, ipv4);
		struct address destination = random_address(seed, ipv4);
		unsigned full = ipv4 ? 32 : 128, s = full, d = full;
		if (coarse && draw(seed) % 4 == 0)
			do
				s = (unsigned)(draw(seed) % (full + 1));
			while (!allowed(s, ipv4));
		if (coarse && draw(seed) % 4 == 0)
			do
				d = (unsigned)(draw(seed) % (full + 1));
			while (!allowed(d, ipv4));
		items[i] = (struct pair_item){ .source = address_mask(&source, s),
			.destination = address_mask(&destination, d),
			.source_length = (uint8_t)s,
			.destination_length = (uint8_t)d,
			.packets = 1 + (draw(seed) % 1000 & draw(seed)) };
		items[i].octets = items[i].packets * (40 + draw(seed) % 1460);
	}
	return count;
}

static void
assert_same(const struct lattice *l, const struct brute_node *nodes, size_t count)
{
	assert_int_equal(l->count, count);
	for (size_t i = 0; i < count; i++) {
		size_t same = 0;
		for (size_t k = 0; k < count; k++) {
			const struct lattice_node *n = &l->nodes[k];
			struct bits s = bits_of(&n->source.address, n->source.length);
			struct bits d = bits_of(&n->destination.address, n->destination.length);
			same += s.ipv4 == nodes[i].source.ipv4 &&
				s.length == nodes[i].source.length &&
				d.length == nodes[i].destination.length &&
				starts_alike(&s, &nodes[i].source, s.length) &&
				starts_alike(&d, &nodes[i].destination, d.length) &&
				n->octets == nodes[i].octets && n->packets == nodes[i].packets;
		}
		assert_int_equal(same, 1);
	}
}

static void
test_search_equals_brute_force(void **state)
{
	struct hash_secret secret = { 1, 2 };
	uint64_t seed = 7;

	(void)state;
	for (unsigned run = 0; run < CASES; run++) {
		struct pair_item items[ITEMS];
		struct brute_item brute[ITEMS];
		struct brute_node nodes[ITEMS];
		struct lattice_threshold t = { 0, 0 };
		struct lattice l;
		size_t count = random_items(&seed, items, run % 2 != 0);
		unsigned divisor = 2 + draw(&seed) % 60;
		for (size_t i = 0; i < count; i++) {
			brute[i] =
			    (struct brute_item){ bits_of(&items[i].source, items[i].source_length),
				    bits_of(&items[i].destination, items[i].destination_length),
				    items[i].octets, items[i].packets, false };
			t.octets += items[i].octets;
			t.packets += items[i].packets;
		}
		t.octets = t.octets / divisor + 1;
		/* Now and then octets alone decide. */
		t.packets = run % 3 == 0 ? UINT64_MAX : t.packets / divisor + 1;
		lattice_search(&l, items, (uint32_t)count, &t, &secret);
		assert_same(&l, nodes, brute_force(brute, count, &t, nodes));
		for (size_t i = 0; i < count; i++)
			assert_int_equal(lattice_place(&l, &items[i]), l.node_of[i]);
		lattice_release(&l);
	}
}

/* ------------------------------------------------------------------ the whole way */

/* "source destination octets packets" of each row, in the table's order. */
static char *
print_hitters(json_t *section)
{
	json_t *table = analysis_run_table(section, "heavy-hitters"), *row;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	json_array_foreach (json_object_get(table, "rows"), i, row)
		(void)fprintf(out, "%s %s %lld %lld\n", json_string_value(json_array_get(row, 0)),
		    json_string_value(json_array_get(row, 1)),
		    json_integer_value(json_array_get(row, 2)),
		    json_integer_value(json_array_get(row, 4)));
	(void)fclose(out);
	return text;
}

static char *
print_node(const struct brute_node *n, char *text, size_t size)
{
	struct prefix p[2] = { { .length = (uint8_t)n->source.length },
		{ .length = (uint8_t)n->destination.length } };
	const struct bits *b[2] = { &n->source, &n->destination };
	char sides[2][PREFIX_TEXT_SIZE];

	for (unsigned i = 0; i < 2; i++) {
		struct address a =
		    b[i]->ipv4 ? address_from_ipv4(b[i]->octets) : address_from_ipv6(b[i]->octets);
		p[i].address = address_mask(&a, p[i].length);
		if (p[i].length == (b[i]->ipv4 ? 32 : 128))
			(void)address_format(&a, sides[i]);
		else
			(void)prefix_format(&p[i], sides[i]);
	}
	(void)snprintf(text, size, "%s %s %lu %lu\n", sides[0], sides[1], n->octets, n->packets);
	return text;
}

static void
remember(struct brute_item *items, size_t *count, const struct flow *f)
{
	for (unsigned d = 0; d < 2; d++) {
		unsigned full = f->ip_version == 4 ? 32 : 128;
		if (f->packets[d] == 0)
			continue;
		items[(*count)++] =
		    (struct brute_item){ bits_of(d ? &f->destination : &f->source, full),
			    bits_of(d ? &f->source : &f->destination, full), f->octets[d],
			    f->packets[d], false };
	}
}

/* Flows of two windows and three shards, through rows and store, against the definition. */
static void
test_section_equals_brute_force(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (unsigned run = 0; run < 8; run++) {
		struct brute_item brute[4 * ITEMS];
		struct brute_node nodes[4 * ITEMS];
		struct lattice_threshold t = { 0, 0 };
		struct analysis_run r;
		size_t count = 0, node_count;
		json_t *section;
		char *text;
		analysis_run_begin(&r, &analysis_traffic_hierarchy, 3, run);
		analysis_run_set(&r, "threshold", "0.04");
		for (unsigned i = 0; i < 2 * ITEMS; i++) {
			bool ipv4 = draw(&seed) % 3 != 0;
			struct flow f =
			    run_flow(random_address(&seed, ipv4), random_address(&seed, ipv4));
			f.packets[0] = 1 + (draw(&seed) % 200 & draw(&seed));
			f.octets[0] = f.packets[0] * (40 + draw(&seed) % 1460);
			f.packets[1] = draw(&seed) % 3;
			f.octets[1] = f.packets[1] * 1000;
			analysis_run_flow(&r, draw(&seed) % 3, &f);
			remember(brute, &count, &f);
			if (i == ITEMS)
				analysis_run_window(&r, 1);
		}
		analysis_run_window(&r, 2);
		for (size_t i = 0; i < count; i++) {
			t.octets += brute[i].octets;
			t.packets += brute[i].packets;
		}
		t.octets = (t.octets * 4 + 99) / 100;
		t.packets = (t.packets * 4 + 99) / 100;
		node_count = brute_force(brute, count, &t, nodes);
		section = analysis_run_section(&r);
		assert_non_null(section);
		text = print_hitters(section);
		for (size_t i = 0; i < node_count; i++) {
			char line[2 * PREFIX_TEXT_SIZE + 50];
			if (strstr(text, print_node(&nodes[i], line, sizeof line)) == NULL)
				fail_msg("%s is not in\n%s", line, text);
		}
		assert_int_equal(json_array_size(json_object_get(
				     analysis_run_table(section, "heavy-hitters"), "rows")),
		    node_count);
		free(text);
		json_decref(section);
		analysis_run_end(&r);
	}
}

/* ------------------------------------------------------------------ floods */

#define FLOOD 60000

static void
assert_totals(const struct analysis_run *r, uint64_t octets, uint64_t packets)
{
	const uint64_t *o = r->rows[0]->columns[HIERARCHY_OCTETS_COLUMN];
	const uint64_t *p = r->rows[0]->columns[HIERARCHY_PACKETS_COLUMN];
	uint64_t octets_found = 0, packets_found = 0;

	for (size_t i = 0; i < r->rows[0]->count; i++) {
		octets_found += o[i];
		packets_found += p[i];
	}
	assert_true(octets_found == octets);
	assert_true(packets_found == packets);
}

/* The row of a pair lies under the truth, and its bound above. */
static void
assert_bounded(json_t *section, const char *source, const char *destination, uint64_t truth)
{
	json_t *table = analysis_run_table(section, "heavy-hitters");
	size_t count = json_array_size(json_object_get(table, "rows"));

	for (size_t i = 0; i < count; i++) {
		const char *s = json_string_value(analysis_run_cell(table, i, "source"));
		const char *d = json_string_value(analysis_run_cell(table, i, "destination"));
		if (strcmp(s, source) != 0 || strcmp(d, destination) != 0)
			continue;
		assert_true(
		    (uint64_t)json_integer_value(analysis_run_cell(table, i, "octets")) <= truth);
		assert_true((uint64_t)json_integer_value(
				analysis_run_cell(table, i, "octets_high")) >= truth);
		return;
	}
	fail_msg("no row %s %s", source, destination);
}

/* A spoofed flood on one victim, a scan of a /16 by one source, and one ordinary heavy pair that
 * begins late, all in small tables. */
static char *
run_flood(uint64_t secret)
{
	struct analysis_run r;
	uint64_t seed = 5, octets = 0, packets = 0, victim = 0, scan = 0, pair = 0;
	struct address late = run_address("203.0.113.1");
	json_t *section;
	char *text;

	analysis_run_begin(&r, &analysis_traffic_hierarchy, 8, secret);
	analysis_run_set(&r, "pairs", "512");
	analysis_run_set(&r, "rows", "200");
	analysis_run_set(&r, "merged_pairs", "512");
	for (unsigned i = 0; i < FLOOD; i++) {
		struct flow f =
		    run_flow(run_ipv4((uint32_t)draw(&seed)), run_address("192.0.2.80"));
		size_t shard = draw(&seed) % 8;
		if (i % 5 == 0)
			f = run_flow(run_address("198.51.100.7"),
			    run_ipv4(0x0a140000 | (uint32_t)(draw(&seed) & 0xffff)));
		if (i > FLOOD / 2 && i % 50 == 1) {
			f = run_flow(run_address("203.0.113.1"), run_address("203.0.113.2"));
			f.octets[0] = 1500;
			shard = 3;
		}
		if (i % 3 == 2)
			f = run_flow(
			    run_ipv4((uint32_t)draw(&seed)), run_ipv4((uint32_t)draw(&seed)));
		octets += f.octets[0];
		packets += f.packets[0];
		victim += i % 3 != 2 && i % 5 != 0 && !address_equal(&f.source, &late) ? 60 : 0;
		scan += i % 3 != 2 && i % 5 == 0 ? 60 : 0;
		pair += address_equal(&f.source, &late) ? 1500 : 0;
		analysis_run_flow(&r, shard, &f);
	}
	analysis_run_window(&r, 0);
	assert_true(r.rows[0]->count <= 200);
	assert_totals(&r, octets, packets);
	section = analysis_run_section(&r);
	assert_bounded(section, "0.0.0.0/0", "192.0.2.80", victim);
	assert_bounded(section, "198.51.100.7", "10.20.0.0/16", scan);
	assert_bounded(section, "203.0.113.1", "203.0.113.2", pair);
	text = print_hitters(section);
	json_decref(section);
	analysis_run_end(&r);
	return text;
}

static long
octets_of(const char *text, const char *pair)
{
	const char *line = strstr(text, pair);

	if (line == NULL)
		fail_msg("%s is not in\n%s", pair, text);
	return strtol(line + strlen(pair), NULL, 10);
}

static void
test_flood_is_found(void **state)
{
	char *text = run_flood(1);
	/* By the residues of i: 8/15 of the flows, 2/15 and 1/75 of them, less what was replaced.
	 */
	long victim = octets_of(text, "0.0.0.0/0 192.0.2.80 ");
	long scan = octets_of(text, "198.51.100.7 10.20.0.0/16 ");
	long pair = octets_of(text, "203.0.113.1 203.0.113.2 ");

	(void)state;
	assert_true(victim > 60L * FLOOD * 45 / 100);
	assert_true(scan > 60L * FLOOD * 10 / 100);
	assert_true(pair > 1500L * FLOOD / 100 * 2 / 3 * 8 / 10);
	free(text);
}

static void
test_secret_does_not_show(void **state)
{
	char *a = run_flood(1), *b = run_flood(0xfeedface);

	(void)state;
	assert_string_equal(a, b);
	free(a);
	free(b);
}

/* Whatever comes, the table keeps its bound and its totals. */
static void
test_table_conserves(void **state)
{
	struct hash_secret secret = { 3, 4 };
	uint64_t seed = 11;

	(void)state;
	for (unsigned kind = 0; kind < 6; kind++) {
		struct pair_table t;
		uint64_t octets = 0, packets = 0, octets_found = 0, packets_found = 0;
		pair_table_init(&t, 100, 400, &secret);
		for (unsigned i = 0; i < 20000; i++) {
			bool ipv4 = kind < 3 || (kind == 5 && i % 2);
			/* Random; all to all; few sources and many destinations. */
			struct address s = kind % 3 == 0
					       ? random_address(&seed, ipv4)
					       : run_address(ipv4 ? "10.0.0.0" : "2001:db8::");
			struct address d = kind % 3 == 2
					       ? random_address(&seed, ipv4)
					       : run_address(ipv4 ? "10.9.0.0" : "2001:db8:1::");
			uint64_t volume[2] = { 40 + draw(&seed) % 3000, 1 + draw(&seed) % 3 };
			s.octets[15] ^= (uint8_t)(draw(&seed) % 64);
			d.octets[15] ^= (uint8_t)(draw(&seed) % 64);
			pair_table_observe(&t,
			    &(struct pair_traffic){ .source = &s,
				.destination = &d,
				.volume = { volume[0], volume[1] },
				.hash = pair_table_hash(&t, &s, &d) },
			    1);
			octets += volume[0];
			packets += volume[1];
			assert_true(t.count <= 100);
		}
		pair_table_reduce(&t, 8, &PAIR_LENGTHS_LATTICE);
		assert_true(t.count <= 8);
		for (uint32_t i = 0; i < t.count; i++) {
			octets_found += t.items[i].octets;
			packets_found += t.items[i].packets;
		}
		assert_true(octets_found == octets && t.octets == octets);
		assert_true(packets_found == packets && t.packets == packets);
		pair_table_clear(&t);
		assert_int_equal(t.count, 0);
		for (uint32_t i = 0; i <= t.slot_mask; i++)
			assert_int_equal(t.slots[i], 0);
		pair_table_release(&t);
	}
}

static void
test_mask_equals_address_mask(void **state)
{
	uint64_t seed = 13;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct address a = random_address(&seed, i % 2);
		for (unsigned length = 0; length <= (i % 2 ? 32U : 128U); length++) {
			struct address x = address_mask(&a, length), y = pair_mask(&a, length);
			assert_true(address_equal(&x, &y));
		}
	}
}

/* ------------------------------------------------------------------ the ordinary and nothing */

static void
test_nothing(void **state)
{
	struct analysis_run r;

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_hierarchy, 2, 1);
	analysis_run_window(&r, 0);
	assert_int_equal(r.rows[0]->count, 0);
	assert_null(analysis_run_section(&r));
	analysis_run_end(&r);
}

static void
test_even_traffic(void **state)
{
	struct analysis_run r;
	json_t *section, *rows;
	char *text;

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_hierarchy, 2, 1);
	for (uint32_t i = 0; i < 200; i++) {
		/* Spread over all /8 on both sides, so that only the rest of IPv4 is heavy. */
		struct flow f = run_flow(run_ipv4(i * 0x01010101U), run_ipv4(~i * 0x01010101U));
		analysis_run_flow(&r, i % 2, &f);
	}
	analysis_run_window(&r, 0);
	section = analysis_run_section(&r);
	text = print_hitters(section);
	assert_string_equal(text, "0.0.0.0/0 0.0.0.0/0 12000 200\n");
	rows = json_object_get(section, "figures");
	assert_int_equal(json_array_size(rows), 0);
	free(text);
	json_decref(section);
	analysis_run_end(&r);
}

/* Every octet of every window is in the stacked area. */
static void
test_figure_adds_up(void **state)
{
	struct analysis_run r;
	json_t *section, *figure, *series, *point;
	json_int_t total = 0;
	size_t i, k;

	(void)state;
	analysis_run_begin(&r, &analysis_traffic_hierarchy, 1, 1);
	for (int64_t window = 0; window < 12; window += window == 5 ? 4 : 1) {
		for (uint32_t n = 0; n < 50; n++) {
			struct flow f = run_flow(run_ipv4(0x0a000000 + n % 11), run_ipv4(n * 77));
			analysis_run_flow(&r, 0, &f);
		}
		analysis_run_window(&r, window);
	}
	section = analysis_run_section(&r);
	figure = json_array_get(json_object_get(section, "figures"), 0);
	assert_string_equal(json_string_value(json_object_get(figure, "kind")), "stacked-area");
	assert_int_equal(json_array_size(json_object_get(figure, "series")), 8);
	json_array_foreach (json_object_get(figure, "series"), i, series) {
		assert_int_equal(json_array_size(json_object_get(series, "points")), 12);
		json_array_foreach (json_object_get(series, "points"), k, point)
			total += json_integer_value(json_array_get(point, 1));
	}
	assert_int_equal(total, 9 * 50 * 60);
	json_decref(section);
	analysis_run_end(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search_equals_brute_force),
		cmocka_unit_test(test_section_equals_brute_force),
		cmocka_unit_test(test_flood_is_found),
		cmocka_unit_test(test_secret_does_not_show),
		cmocka_unit_test(test_table_conserves),
		cmocka_unit_test(test_mask_equals_address_mask),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_even_traffic),
		cmocka_unit_test(test_figure_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
