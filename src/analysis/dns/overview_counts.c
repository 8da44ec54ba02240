/* SPDX-License-Identifier: ISC */
/* Flat counts of DNS messages; see overview_counts.h. */
#include "analysis/dns/overview_counts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "net/dns.h"

const char *const overview_dimensions[OVERVIEW_DIMENSIONS] = {
	[OVERVIEW_QUERY_TYPE] = "query_type",
	[OVERVIEW_RESPONSE_TYPE] = "response_type",
	[OVERVIEW_QUERY_CLASS] = "query_class",
	[OVERVIEW_QUERY_OPCODE] = "query_opcode",
	[OVERVIEW_RESPONSE_OPCODE] = "response_opcode",
	[OVERVIEW_RCODE] = "rcode",
	[OVERVIEW_QUERY_EDNS_VERSION] = "query_edns_version",
	[OVERVIEW_QUERY_EDNS_SIZE] = "query_edns_size",
	[OVERVIEW_RESPONSE_EDNS_SIZE] = "response_edns_size",
	[OVERVIEW_QUERY_ECS] = "query_ecs_prefix",
	[OVERVIEW_EDE] = "ede",
	[OVERVIEW_QUERY_LABELS] = "query_labels",
	[OVERVIEW_QUERY_NAME_SIZE] = "query_name_size",
	[OVERVIEW_QUERY_SIZE_UDP] = "query_size_udp",
	[OVERVIEW_QUERY_SIZE_STREAM] = "query_size_stream",
	[OVERVIEW_RESPONSE_SIZE_UDP] = "response_size_udp",
	[OVERVIEW_RESPONSE_SIZE_STREAM] = "response_size_stream",
	[OVERVIEW_MATCH] = "match",
	[OVERVIEW_VERDICT] = "verdict",
};

const char *const overview_query_flags[QUERY_FLAGS] = {
	[QUERY_EDNS] = "edns",
	[QUERY_DO] = "do",
	[QUERY_COOKIE_CLIENT] = "cookie-client",
	[QUERY_COOKIE_SERVER] = "cookie-server",
	[QUERY_ECS] = "ecs",
	[QUERY_NSID] = "nsid",
	[QUERY_CD] = "cd",
	[QUERY_AD] = "ad",
	[QUERY_RD] = "rd",
	[QUERY_CASE_MIXED] = "upper-case",
	[QUERY_IPV6] = "ipv6",
};

const char *const overview_response_flags[RESPONSE_FLAGS] = {
	[RESPONSE_EDNS] = "edns",
	[RESPONSE_DO] = "do",
	[RESPONSE_COOKIE] = "cookie-server",
	[RESPONSE_ECS] = "ecs",
	[RESPONSE_CD] = "cd",
	[RESPONSE_AD] = "ad",
	[RESPONSE_RA] = "ra",
	[RESPONSE_TC] = "tc",
	[RESPONSE_AA] = "aa",
	[RESPONSE_SIGNED] = "rrsig",
	[RESPONSE_IPV6] = "ipv6",
};

const char *const overview_distinct[OVERVIEW_DISTINCT] = {
	[OVERVIEW_CLIENTS] = "client",
	[OVERVIEW_SERVERS] = "server",
	[OVERVIEW_NAMES] = "name",
	[OVERVIEW_SITES] = "domain",
};

static inline uint64_t
rest_key(enum overview_dimension d, unsigned view, uint32_t value)
{
	return (uint64_t)d << 40 | (uint64_t)view << 32 | value;
}

struct overview_counts *
overview_counts_new(struct cells *rest, unsigned view)
{
	/* The cells of what will find no cell are there from the beginning. */
	for (int d = 0; d < OVERVIEW_DIMENSIONS; d++)
		(void)cells_at(rest, rest_key((enum overview_dimension)d, view, OVERVIEW_OTHER));
	return xcalloc(1, sizeof(struct overview_counts));
}

void
overview_counts_free(struct overview_counts *counts)
{
	for (unsigned t = 0; counts != NULL && t < DNS_TRANSPORT_COUNT; t++)
		free(counts->latency[t]);
	free(counts);
}

void
overview_counts_clear(struct overview_counts *counts)
{
	uint64_t *latency[DNS_TRANSPORT_COUNT];

	memcpy(latency, counts->latency, sizeof latency);
	memset(counts, 0, sizeof *counts);
	memcpy(counts->latency, latency, sizeof latency);
	for (unsigned t = 0; t < DNS_TRANSPORT_COUNT; t++)
		if (latency[t] != NULL)
			memset(latency[t], 0, DELAY_BINS * sizeof *latency[t]);
}

/* ------------------------------------------------------------------ counting */

static void
rest_add(struct cells *rest, enum overview_dimension d, const struct dns_message *m, uint32_t value)
{
	struct cell *cell = cells_at(rest, rest_key(d, m->view, value));

	if (cell == NULL)
		cell = cells_at(rest, rest_key(d, m->view, OVERVIEW_OTHER));
	if (cell != NULL)
		cell->sums[0]++;
}

static inline uint64_t
address_hash(const struct address *a)
{
	return hash_mix_words(a->words, 2);
}

static void
add_distinct(struct overview_counts *c, const struct dns_message *m)
{
	hll_add(c->distinct[OVERVIEW_CLIENTS], OVERVIEW_PRECISION, address_hash(&m->client));
	hll_add(c->distinct[OVERVIEW_SERVERS], OVERVIEW_PRECISION, address_hash(&m->server));
	if (m->name_size == 0)
		return;
	hll_add(c->distinct[OVERVIEW_NAMES], OVERVIEW_PRECISION, m->name_hash);
	hll_add(c->distinct[OVERVIEW_SITES], OVERVIEW_PRECISION, m->site_hash);
}

static_assert(DNS_EDNS == 1 << 3 && DNS_DO == 1 << 4 && DNS_COOKIE_CLIENT == 1 << 5 &&
		  DNS_COOKIE_SERVER == 1 << 6 && DNS_ECS == 1 << 7 && DNS_NSID == 1 << 8 &&
		  DNS_CASE_MIXED == 1 << 2,
    "bits of the flags are taken together");

static inline unsigned
query_bits(const struct dns_message *m)
{
	return (m->flags >> 3 & 0x3fU) | (m->bits >> 4 & 3U) << QUERY_CD |
	       (m->bits >> 8 & 1U) << QUERY_RD | (m->flags >> 2 & 1U) << QUERY_CASE_MIXED |
	       (unsigned)!address_is_ipv4(&m->client) << QUERY_IPV6;
}

static inline unsigned
response_bits(const struct dns_message *m)
{
	return (m->flags >> 3 & 3U) | (m->flags >> 6 & 3U) << RESPONSE_COOKIE |
	       (m->bits >> 4 & 3U) << RESPONSE_CD | (m->bits >> 7 & 1U) << RESPONSE_RA |
	       (m->bits >> 9 & 3U) << RESPONSE_TC |
	       (unsigned)(m->signature_count != 0) << RESPONSE_SIGNED |
	       (unsigned)!address_is_ipv4(&m->client) << RESPONSE_IPV6;
}

static void
add_type(struct overview_counts *c, struct cells *rest, const struct dns_message *m, bool response)
{
	if (m->type < OVERVIEW_TYPES)
		c->types[response][m->type]++;
	else
		rest_add(rest, response ? OVERVIEW_RESPONSE_TYPE : OVERVIEW_QUERY_TYPE, m, m->type);
}

static void
add_query(struct overview_counts *c, struct cells *rest, const struct dns_message *m)
{
	c->query_flags[query_bits(m)]++;
	if ((m->flags & DNS_EDNS) == 0) {
		c->edns_versions[0]++;
	} else {
		if (m->edns_version == 0)
			c->edns_versions[1]++;
		else
			rest_add(rest, OVERVIEW_QUERY_EDNS_VERSION, m, m->edns_version + 1U);
		rest_add(rest, OVERVIEW_QUERY_EDNS_SIZE, m, m->edns_size);
		if ((m->flags & DNS_ECS) != 0)
			rest_add(rest, OVERVIEW_QUERY_ECS, m,
			    (uint32_t)m->ecs_family << 8 | m->ecs_source);
	}
	if (m->name_size == 0)
		return;
	c->labels[m->labels & 127]++;
	c->name_sizes[m->name_size]++;
	if (m->class < OVERVIEW_CLASSES)
		c->classes[m->class]++;
	else
		rest_add(rest, OVERVIEW_QUERY_CLASS, m, m->class);
}

static void
add_latency(struct overview_counts *c, const struct dns_message *m)
{
	uint64_t **bins = &c->latency[m->transport];

	if (*bins == NULL)
		*bins = xcalloc(DELAY_BINS, sizeof **bins);
	(*bins)[delay_bin(m->latency)]++;
}

static void
add_response(struct overview_counts *c, struct cells *rest, const struct dns_message *m)
{
	c->response_flags[response_bits(m)]++;
	c->matches[m->match]++;
	if (m->rcode < OVERVIEW_RCODES)
		c->rcodes[m->rcode]++;
	else
		rest_add(rest, OVERVIEW_RCODE, m, m->rcode);
	if ((m->flags & DNS_EDNS) != 0)
		rest_add(rest, OVERVIEW_RESPONSE_EDNS_SIZE, m, m->edns_size);
	for (unsigned i = 0; i < m->ede_count && i < DNS_EDE_COUNT; i++) {
		if (m->ede[i] < 32)
			c->ede[m->ede[i]]++;
		else
			rest_add(rest, OVERVIEW_EDE, m, m->ede[i]);
	}
	if (m->match == DNS_MATCHED && m->latency >= 0)
		add_latency(c, m);
}

void
overview_counts_add(struct overview_counts *c, struct cells *rest, const struct dns_message *m)
{
	bool response = (m->flags & DNS_RESPONSE) != 0;

	c->verdicts[m->verdict]++;
	c->opcodes[response][m->opcode & 15]++;
	/* Of a line of a log only the question is real. */
	if (m->view != DNS_VIEW_LOG)
		c->sizes[response][m->transport != DNS_UDP][overview_size_bin(m->message_size)]++;
	if (m->name_size != 0)
		add_type(c, rest, m, response);
	if (response)
		add_response(c, rest, m);
	else
		add_query(c, rest, m);
	/* An answer has nothing new here: its question was counted. */
	if (m->match != DNS_MATCHED)
		add_distinct(c, m);
}

/* ------------------------------------------------------------------ merging and rows */

static void
add_all(uint64_t *into, const uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		into[i] += from[i];
}

#define ADD_ALL(field)                                                  \
	add_all((uint64_t *)into->field, (const uint64_t *)from->field, \
	    sizeof into->field / sizeof(uint64_t))

void
overview_counts_merge(struct overview_counts *into, const struct overview_counts *from)
{
	ADD_ALL(query_flags);
	ADD_ALL(response_flags);
	ADD_ALL(types);
	ADD_ALL(classes);
	ADD_ALL(opcodes);
	ADD_ALL(rcodes);
	ADD_ALL(edns_versions);
	ADD_ALL(ede);
	ADD_ALL(labels);
	ADD_ALL(name_sizes);
	ADD_ALL(sizes);
	ADD_ALL(matches);
	ADD_ALL(verdicts);
	for (unsigned i = 0; i < OVERVIEW_DISTINCT; i++)
		hll_union(into->distinct[i], from->distinct[i], OVERVIEW_PRECISION);
	for (unsigned t = 0; t < DNS_TRANSPORT_COUNT; t++) {
		if (from->latency[t] == NULL)
			continue;
		if (into->latency[t] == NULL)
			into->latency[t] = xcalloc(DELAY_BINS, sizeof *into->latency[t]);
		add_all(into->latency[t], from->latency[t], DELAY_BINS);
	}
}

void
overview_rest_merge(struct cells *into, const struct cells *from)
{
	const struct cell **cells = cells_sorted(from);

	for (size_t i = 0; i < from->count; i++) {
		struct cell *cell = cells_at(into, cells[i]->key);
		if (cell == NULL)
			cell = cells_at(into, cells[i]->key | OVERVIEW_OTHER);
		if (cell != NULL)
			cell->sums[0] += cells[i]->sums[0];
	}
	free(cells);
}

static const char *
edns_version_name(uint64_t value, char *text, size_t size)
{
	if (value == 0)
		return "none";
	(void)snprintf(text, size, "%u", (unsigned)value - 1);
	return text;
}

static const char *
ecs_name(uint64_t value, char *text, size_t size)
{
	static const char *const FAMILIES[] = { "none", "IPv4", "IPv6" };

	if (value >> 8 < 3)
		(void)snprintf(text, size, "%s/%u", FAMILIES[value >> 8], (unsigned)(value & 0xff));
	else
		(void)snprintf(
		    text, size, "family %u/%u", (unsigned)(value >> 8), (unsigned)(value & 0xff));
	return text;
}

const char *
overview_value_name(enum overview_dimension d, uint64_t value, char *text, size_t size)
{
	if (value == OVERVIEW_OTHER)
		return "other";
	switch (d) {
	case OVERVIEW_QUERY_TYPE:
	case OVERVIEW_RESPONSE_TYPE: return dns_type_name((uint16_t)value, text);
	case OVERVIEW_QUERY_CLASS: return dns_class_name((uint16_t)value, text);
	case OVERVIEW_QUERY_OPCODE:
	case OVERVIEW_RESPONSE_OPCODE: return dns_opcode_name((uint8_t)value, text);
	case OVERVIEW_RCODE: return dns_rcode_name((uint16_t)value, text);
	case OVERVIEW_QUERY_EDNS_VERSION: return edns_version_name(value, text, size);
	case OVERVIEW_QUERY_ECS: return ecs_name(value, text, size);
	case OVERVIEW_MATCH: return dns_match_name((enum dns_match)value);
	case OVERVIEW_VERDICT: return dns_verdict_name((enum dns_verdict)value);
	default: (void)snprintf(text, size, "%u", (unsigned)value); return text;
	}
}

static void
yield(struct rows *rows, unsigned view, const char *dimension, uint64_t value, const char *name,
    uint64_t messages)
{
	if (messages == 0)
		return;
	rows_text(rows, 0, dns_view_name((enum dns_view)view));
	rows_text(rows, 1, dimension);
	rows_u64(rows, 2, value);
	rows_text(rows, 3, name);
	rows_u64(rows, 4, messages);
	rows_next(rows);
}

static void
yield_array(struct rows *rows, unsigned view, enum overview_dimension d, const uint64_t *counts,
    size_t count)
{
	char text[DNS_NUMBER_TEXT_SIZE + 12];
	bool sizes = d >= OVERVIEW_QUERY_SIZE_UDP && d <= OVERVIEW_RESPONSE_SIZE_STREAM;

	for (size_t i = 0; i < count; i++) {
		uint64_t value = sizes ? overview_size_edge((unsigned)i) : i;
		if (counts[i] != 0)
			yield(rows, view, overview_dimensions[d], value,
			    overview_value_name(d, value, text, sizeof text), counts[i]);
	}
}

/* One row for each bit, and one with all messages under the number of bits. */
static void
yield_bits(struct rows *rows, unsigned view, const char *dimension, const char *const *names,
    unsigned bits, const uint64_t *counts)
{
	uint64_t sums[16] = { 0 }, all = 0;

	for (size_t i = 0; i < (size_t)1 << bits; i++) {
		all += counts[i];
		for (unsigned b = 0; b < bits && counts[i] != 0; b++)
			sums[b] += (i >> b & 1) != 0 ? counts[i] : 0;
	}
	for (unsigned b = 0; b < bits; b++)
		yield(rows, view, dimension, b, names[b], sums[b]);
	yield(rows, view, dimension, bits, "all", all);
}

void
overview_counts_yield(
    const struct overview_counts *c, const struct cells *rest, unsigned view, struct rows *rows)
{
	const struct cell **cells = cells_sorted(rest);
	char text[DNS_NUMBER_TEXT_SIZE + 12];

	yield_bits(rows, view, "query_flag", overview_query_flags, QUERY_FLAGS, c->query_flags);
	yield_bits(rows, view, "response_flag", overview_response_flags, RESPONSE_FLAGS,
	    c->response_flags);
	yield_array(rows, view, OVERVIEW_QUERY_TYPE, c->types[0], OVERVIEW_TYPES);
	yield_array(rows, view, OVERVIEW_RESPONSE_TYPE, c->types[1], OVERVIEW_TYPES);
	yield_array(rows, view, OVERVIEW_QUERY_CLASS, c->classes, OVERVIEW_CLASSES);
	yield_array(rows, view, OVERVIEW_QUERY_OPCODE, c->opcodes[0], 16);
	yield_array(rows, view, OVERVIEW_RESPONSE_OPCODE, c->opcodes[1], 16);
	yield_array(rows, view, OVERVIEW_RCODE, c->rcodes, OVERVIEW_RCODES);
	yield_array(rows, view, OVERVIEW_QUERY_EDNS_VERSION, c->edns_versions, 3);
	yield_array(rows, view, OVERVIEW_EDE, c->ede, 32);
	yield_array(rows, view, OVERVIEW_QUERY_LABELS, c->labels, 128);
	yield_array(rows, view, OVERVIEW_QUERY_NAME_SIZE, c->name_sizes, 256);
	for (unsigned i = 0; i < 4; i++)
		yield_array(rows, view, (enum overview_dimension)(OVERVIEW_QUERY_SIZE_UDP + (int)i),
		    c->sizes[i / 2][i % 2], OVERVIEW_SIZES);
	yield_array(rows, view, OVERVIEW_MATCH, c->matches, DNS_MATCH_COUNT);
	yield_array(rows, view, OVERVIEW_VERDICT, c->verdicts, DNS_VERDICT_COUNT);
	for (size_t i = 0; i < rest->count; i++) {
		enum overview_dimension d = (enum overview_dimension)(cells[i]->key >> 40);
		uint32_t value = (uint32_t)cells[i]->key;
		if ((cells[i]->key >> 32 & 0xff) == view)
			yield(rows, view, overview_dimensions[d], value,
			    overview_value_name(d, value, text, sizeof text), cells[i]->sums[0]);
	}
	free(cells);
}
