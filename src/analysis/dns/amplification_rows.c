/* SPDX-License-Identifier: ISC */
/*
 * What of a window's counters is worth keeping.
 *
 * Rows are kept of a pair as a whole: once one of its slots comes near the thresholds (half of the
 * factor and of the question's share, a quarter of the rest), all slots of the window are stored,
 * so that a finding has the true first and last message and true sums.  At most ROWS_MOST rows of
 * each kind go to the store, those with most octets.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/amplification.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "stat/select.h"

#define ROWS_MOST      4096
#define SERVERS_MOST   256
#define BASELINE_MOST  256
#define NEAR           4
#define BASELINE_LEAST 1000 /* octets a window: less than this is no baseline */

/* A run of sorted entries with equal first key words, ranked by `octets`. */
struct group {
	uint32_t first, count; /* entries */
	uint32_t cost;         /* rows it would take */
	uint64_t octets;
	bool chosen;
};

struct groups {
	struct group *list; /* owned */
	size_t count;
};

static struct groups
group_by(const void **entries, uint32_t count, unsigned words)
{
	struct groups g = { .list = xcalloc(count + (size_t)1, sizeof *g.list) };

	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || memcmp(entries[i - 1], entries[i], words * sizeof(uint64_t)) != 0)
			g.list[g.count++].first = i;
		g.list[g.count - 1].count++;
		g.list[g.count - 1].cost++;
	}
	return g;
}

/* Unchooses the smaller groups until at most `most` rows are left; returns how many rows were given
 * up.  Groups of equal octets share their fate. */
static uint64_t
choose_largest(struct groups *g, size_t most)
{
	uint64_t *octets, cost = 0, lost = 0, limit;
	size_t count = 0;

	for (size_t i = 0; i < g->count; i++)
		cost += g->list[i].chosen ? g->list[i].cost : 0;
	while (cost > most) {
		octets = xcalloc(g->count, sizeof *octets);
		count = 0;
		for (size_t i = 0; i < g->count; i++)
			if (g->list[i].chosen)
				octets[count++] = g->list[i].octets;
		limit = select_rank(octets, count, count / 4);
		free(octets);
		for (size_t i = 0; i < g->count; i++)
			if (g->list[i].chosen && g->list[i].octets <= limit) {
				g->list[i].chosen = false;
				cost -= g->list[i].cost;
				lost += g->list[i].cost;
			}
	}
	return lost;
}

static void
put_question(struct rows *rows, size_t column, const struct suspect *suspect, uint32_t print)
{
	const struct suspect_question *q = suspect != NULL ? suspect_find(suspect, print) : NULL;
	char text[DNS_NAME_TEXT_SIZE], type[DNS_NUMBER_TEXT_SIZE];

	if (q == NULL || q->name_size == 0) {
		rows_text(rows, column, "");
		rows_text(rows, column + 1, "");
		return;
	}
	rows_text(rows, column, dns_name_text(q->name, q->name_size, text));
	rows_text(rows, column + 1, dns_type_name(q->type, type));
}

static nsec_t
slot_time(const struct reflector_cell *cell, uint16_t ms)
{
	return (nsec_t)cell->key[3] * AMPLIFICATION_SLOT + ms * NSEC_PER_MS;
}

static struct address
server_of(const uint64_t *key)
{
	return (struct address){ .words = { key[0], key[1] } };
}

static bool
is_near(const struct reflector_cell *cell, const struct amplification_limits *limits)
{
	uint32_t count;

	(void)amplification_question(cell, &count);
	return cell->queries >= limits->queries / NEAR &&
	       cell->response_octets >= limits->octets / NEAR &&
	       (double)cell->response_octets >= limits->factor / 2 * (double)cell->query_octets &&
	       count >= limits->question_share / 2 * cell->queries;
}

static void
put_slot(struct rows *rows, const struct reflector_cell *cell, const struct suspect *suspect,
    const unsigned lengths[2])
{
	struct address server = server_of(cell->key), victim = amplification_victim(cell->key[2]);
	uint32_t count, print = amplification_question(cell, &count);
	uint64_t numbers[] = { cell->queries, cell->responses, cell->query_octets,
		cell->response_octets, cell->query_wire, cell->response_wire, cell->packets_in,
		cell->packets_out, cell->truncated, cell->any, cell->tcp,
		cell->cookies > 0 ? (uint64_t)cell->cookies : 0, print, count };

	rows_address(rows, 0, &server);
	rows_address(rows, 1, &victim);
	rows_u64(rows, 2, lengths[address_is_ipv4(&victim) ? 0 : 1]);
	rows_time(rows, 3, slot_time(cell, cell->first_ms));
	rows_time(rows, 4, slot_time(cell, cell->last_ms));
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		rows_u64(rows, 5 + i, numbers[i]);
	put_question(rows, 5 + ARRAY_COUNT(numbers), suspect, print);
	rows_next(rows);
}

void
amplification_finish_servers(const struct dns_pool *servers, const struct row_sink *sink)
{
	const void **entries = dns_pool_sorted(servers);
	struct groups g = group_by(entries, servers->count, 2);
	struct rows *rows = sink->tables[AMPLIFICATION_SERVERS];

	for (size_t i = 0; i < g.count; i++) {
		const struct server_cell *cell = entries[i];
		g.list[i].chosen = true;
		g.list[i].octets = cell->response_octets + cell->query_octets;
	}
	(void)choose_largest(&g, SERVERS_MOST);
	for (size_t i = 0; i < g.count; i++) {
		const struct server_cell *cell = entries[i];
		uint64_t numbers[] = { cell->queries, cell->responses, cell->query_octets,
			cell->response_octets, cell->truncated, cell->any, cell->tcp };
		struct address server = server_of(cell->key);
		if (!g.list[i].chosen)
			continue;
		rows_address(rows, 0, &server);
		for (size_t k = 0; k < ARRAY_COUNT(numbers); k++)
			rows_u64(rows, 1 + k, numbers[k]);
		rows_next(rows);
	}
	free(g.list);
	free(entries);
}

void
amplification_finish_reflectors(const struct dns_pool *cells, const struct dns_pool *suspects,
    const struct amplification_limits *limits, const unsigned lengths[2],
    const struct row_sink *sink, uint64_t *ret_dropped)
{
	const void **entries = dns_pool_sorted(cells);
	struct groups g = group_by(entries, cells->count, 3);

	for (size_t i = 0; i < g.count; i++)
		for (uint32_t k = 0; k < g.list[i].count; k++) {
			const struct reflector_cell *cell = entries[g.list[i].first + k];
			g.list[i].octets += cell->response_octets;
			g.list[i].chosen |= is_near(cell, limits);
		}
	*ret_dropped += choose_largest(&g, ROWS_MOST);
	for (size_t i = 0; i < g.count; i++) {
		const uint64_t *first = entries[g.list[i].first];
		uint64_t key[4] = { first[0], first[1], first[2], 0 };
		const struct suspect *suspect = dns_pool_find(suspects, key);
		for (uint32_t k = 0; g.list[i].chosen && k < g.list[i].count; k++)
			put_slot(sink->tables[AMPLIFICATION_SLOTS], entries[g.list[i].first + k],
			    suspect, lengths);
	}
	free(g.list);
	free(entries);
}

static bool
is_victim_near(const struct victim_cell *cell, const struct amplification_limits *limits)
{
	double seconds = cell->key[2] == VICTIM_FLOW ? 60 : 10;

	if (cell->key[2] == VICTIM_ALL || cell->key[2] == VICTIM_FLOW)
		return 8 * (double)cell->wire / seconds >= limits->victim_bps / NEAR;
	return cell->octets >= limits->octets / NEAR &&
	       (double)cell->octets >= limits->factor / 2 * (double)cell->query_octets;
}

static void
put_victim(struct rows *rows, const struct victim_cell *cell, const struct suspect *suspect)
{
	struct address victim = server_of(cell->key);
	uint64_t numbers[] = { cell->responses, cell->fragmented, cell->packets, cell->octets,
		cell->wire, cell->query_octets, cell->asked };

	rows_address(rows, 0, &victim);
	rows_u64(rows, 1, cell->key[2]);
	rows_time(rows, 2, cell->first);
	rows_time(rows, 3, cell->last);
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		rows_u64(rows, 4 + i, numbers[i]);
	sketch_put(rows, 11, cell->reflectors, AMPLIFICATION_PRECISION);
	put_question(rows, 12, suspect, cell->key[2] == VICTIM_FLOW ? 0 : (uint32_t)cell->key[2]);
	rows_next(rows);
}

static void
put_baseline(const void **entries, const struct groups *g, struct rows *rows)
{
	for (size_t i = 0; i < g->count; i++) {
		const uint64_t *key = entries[g->list[i].first];
		struct address victim = server_of(key);
		uint64_t responses = 0;
		if (!g->list[i].chosen)
			continue;
		for (uint32_t k = 0; k < g->list[i].count; k++)
			responses +=
			    ((const struct victim_cell *)entries[g->list[i].first + k])->responses;
		rows_address(rows, 0, &victim);
		rows_text(rows, 1, key[2] == VICTIM_FLOW ? "flows" : "messages");
		rows_u64(rows, 2, responses);
		rows_u64(rows, 3, g->list[i].octets);
		rows_next(rows);
	}
}

void
amplification_finish_victims(const struct dns_pool *cells, const struct dns_pool *suspects,
    const struct amplification_limits *limits, const struct row_sink *sink, uint64_t *ret_dropped)
{
	const void **entries = dns_pool_sorted(cells);
	struct groups g = group_by(entries, cells->count, 3);

	for (size_t i = 0; i < g.count; i++) {
		const uint64_t *key = entries[g.list[i].first];
		for (uint32_t k = 0; k < g.list[i].count; k++)
			g.list[i].octets +=
			    ((const struct victim_cell *)entries[g.list[i].first + k])->wire;
		g.list[i].chosen = (key[2] == VICTIM_ALL || key[2] == VICTIM_FLOW) &&
				   g.list[i].octets >= BASELINE_LEAST;
		g.list[i].cost = 1;
	}
	(void)choose_largest(&g, BASELINE_MOST);
	put_baseline(entries, &g, sink->tables[AMPLIFICATION_BASELINE]);
	for (size_t i = 0; i < g.count; i++) {
		g.list[i].chosen = false;
		g.list[i].cost = g.list[i].count;
		for (uint32_t k = 0; k < g.list[i].count; k++)
			g.list[i].chosen |= is_victim_near(entries[g.list[i].first + k], limits);
	}
	*ret_dropped += choose_largest(&g, ROWS_MOST);
	for (size_t i = 0; i < g.count; i++) {
		const uint64_t *first = entries[g.list[i].first];
		uint64_t key[4] = { 0, 0, first[0], first[1] };
		const struct suspect *suspect = dns_pool_find(suspects, key);
		for (uint32_t k = 0; g.list[i].chosen && k < g.list[i].count; k++)
			put_victim(sink->tables[AMPLIFICATION_VICTIMS],
			    entries[g.list[i].first + k], suspect);
	}
	free(g.list);
	free(entries);
}

static void
put_json(struct rows *rows, size_t column, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	rows_text(rows, column, text);
	free(text);
	json_decref(value);
}

static json_t *
questions_json(const struct suspect *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < SUSPECT_QUESTIONS; i++) {
		const struct suspect_question *q = &s->questions[i];
		char text[DNS_NAME_TEXT_SIZE], type[DNS_NUMBER_TEXT_SIZE];
		if (q->count != 0)
			json_array_append_new(
			    list, json_pack("[s,s,I]", dns_name_text(q->name, q->name_size, text),
				      dns_type_name(q->type, type), (json_int_t)q->count));
	}
	return list;
}

static json_t *
classes_json(const struct suspect *s)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < SUSPECT_CLASSES; i++)
		if (s->classes[i] != 0)
			json_object_set_new(object, suspect_class_name((enum suspect_class)i),
			    json_integer((json_int_t)s->classes[i]));
	return object;
}

static json_t *
ends_json(const struct suspect *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->end_count; i++) {
		char text[ADDRESS_TEXT_SIZE];
		json_array_append_new(
		    list, json_pack("[s,I,I,I]", address_format(&s->ends[i].address, text),
			      (json_int_t)s->ends[i].responses, (json_int_t)s->ends[i].octets,
			      (json_int_t)s->ends[i].query_octets));
	}
	return list;
}

void
amplification_finish_suspects(const struct dns_pool *suspects, const struct row_sink *sink)
{
	const void **entries = dns_pool_sorted(suspects);
	struct rows *rows = sink->tables[AMPLIFICATION_SUSPECTS];

	for (uint32_t i = 0; i < suspects->count; i++) {
		const struct suspect *s = entries[i];
		struct address server = server_of(s->key);
		struct address victim = s->key[0] != 0 || s->key[1] != 0
					    ? amplification_victim(s->key[2])
					    : server_of(s->key + 2);
		rows_address(rows, 0, &server);
		rows_address(rows, 1, &victim);
		rows_u64(rows, 2, s->responses);
		rows_u64(rows, 3, s->octets);
		rows_u64(rows, 4, s->limited_octets);
		put_json(rows, 5, questions_json(s));
		put_json(rows, 6, classes_json(s));
		put_json(rows, 7, ends_json(s));
		dns_samples_put(&s->samples, rows, 8);
		rows_next(rows);
	}
	free(entries);
}
