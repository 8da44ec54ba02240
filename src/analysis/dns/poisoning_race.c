/* SPDX-License-Identifier: ISC */
/* Forged answers by resolver, zone and time; see poisoning_race.h. */
#include "analysis/dns/poisoning_race.h"

#include <string.h>

#include "analysis/dns/poisoning.h"

static_assert(offsetof(struct race, slot) == (RACE_KEY_WORDS - 1) * sizeof(uint64_t),
    "the key comes first, without gaps");

uint64_t
race_weight(const void *record)
{
	const struct race *r = record;

	return 4 * (r->wrong_id + r->wrong_port) + r->wrong_case + r->wrong_question + r->seconds;
}

static void
set_bit(uint64_t *bitmap, size_t words, uint64_t hash)
{
	size_t bit = hash % (words * 64);

	bitmap[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void
name(struct race *r, const uint8_t *octets, uint8_t size, uint8_t site_offset)
{
	memcpy(r->name, octets, size);
	r->name_size = size;
	r->site_offset = site_offset;
}

static void
add_second(struct race *r, const struct dns_message *m)
{
	r->seconds++;
	r->seconds_ttl += m->ttl != 0 && m->first_ttl != 0 && m->ttl != m->first_ttl;
	r->raced += m->forged != 0;
	if (r->gap_least == 0 || m->answer_gap < r->gap_least)
		r->gap_least = m->answer_gap;
}

static void
add_forged(struct race *r, const struct dns_message *m)
{
	if (r->forged_first == 0 || m->time < r->forged_first)
		r->forged_first = m->time;
	if (m->time > r->forged_last)
		r->forged_last = m->time;
	r->wrong_id += m->match == DNS_WRONG_ID;
	r->wrong_port += m->match == DNS_WRONG_PORT;
	r->windows_full += m->forged == RACE_ENOUGH - 1;
	if (m->forged + UINT64_C(1) > r->most)
		r->most = m->forged + UINT64_C(1);
	if (m->forged == 0) {
		r->windows++;
		set_bit(r->ports, RACE_PORT_WORDS, hash_mix64(m->waiting_port));
	}
	set_bit(r->names, RACE_NAME_WORDS, m->name_hash);
}

void
race_add(struct heavy *races, const struct dns_message *m)
{
	uint64_t key[RACE_KEY_WORDS] = { m->client.words[0], m->client.words[1], m->site_hash,
		m->time > 0 ? (uint64_t)(m->time / POISONING_SLOT) : 0 };
	struct race *r = heavy_at(races, key);

	if (r->first == 0 || m->time < r->first) {
		r->first = m->time;
		r->server = m->server;
		name(r, m->name, m->name_size, m->site_offset);
	}
	if (m->time > r->last)
		r->last = m->time;
	switch (m->match) {
	case DNS_WRONG_ID:
	case DNS_WRONG_PORT: add_forged(r, m); break;
	case DNS_WRONG_CASE: r->wrong_case++; break;
	case DNS_WRONG_QUESTION: r->wrong_question++; break;
	default: add_second(r, m); break;
	}
	dns_samples_add(m->match == DNS_SECOND_ANSWER ? &r->second : &r->forged, m);
}

void
race_merge(struct heavy *into, const struct race *from)
{
	struct race *r = heavy_at(into, (const uint64_t *)from);

	if (r->first == 0 || from->first < r->first) {
		r->first = from->first;
		r->server = from->server;
		name(r, from->name, from->name_size, from->site_offset);
	}
	if (from->last > r->last)
		r->last = from->last;
	if (from->forged_first != 0 &&
	    (r->forged_first == 0 || from->forged_first < r->forged_first))
		r->forged_first = from->forged_first;
	if (from->forged_last > r->forged_last)
		r->forged_last = from->forged_last;
	r->wrong_id += from->wrong_id;
	r->wrong_port += from->wrong_port;
	r->wrong_case += from->wrong_case;
	r->wrong_question += from->wrong_question;
	r->windows += from->windows;
	r->windows_full += from->windows_full;
	if (from->most > r->most)
		r->most = from->most;
	r->seconds += from->seconds;
	r->seconds_ttl += from->seconds_ttl;
	r->raced += from->raced;
	if (from->seconds != 0 && (r->gap_least == 0 || from->gap_least < r->gap_least))
		r->gap_least = from->gap_least;
	for (size_t i = 0; i < RACE_NAME_WORDS; i++)
		r->names[i] |= from->names[i];
	for (size_t i = 0; i < RACE_PORT_WORDS; i++)
		r->ports[i] |= from->ports[i];
	dns_samples_merge(&r->forged, &from->forged);
	dns_samples_merge(&r->second, &from->second);
}

double
race_distinct(const uint64_t *bitmap, size_t words)
{
	double bits = (double)words * 64;
	size_t set = 0;

	for (size_t i = 0; i < words; i++)
		set += (size_t)__builtin_popcountll(bitmap[i]);
	if (set == words * 64)
		return bits * log(bits);
	return -bits * log1p(-(double)set / bits);
}

/* P (1 - (1 - 1/P)^n): how many different ones n draws from P give. */
static double
expected_distinct(double pool, double draws)
{
	return -pool * expm1(draws * log1p(-1 / pool));
}

double
race_pool(double draws, double distinct, bool *ret_at_least)
{
	double low = 1, high = 65536;

	*ret_at_least = draws - distinct < RACE_REPEATED && distinct >= 1.5;
	if (draws < 1)
		return 0;
	if (*ret_at_least)
		distinct = draws - RACE_REPEATED;
	if (distinct < 1.5)
		return 1;
	if (distinct >= expected_distinct(high, draws))
		return high;
	for (int i = 0; i < 60; i++) {
		double middle = sqrt(low * high);
		if (middle <= 1.000001 || expected_distinct(middle, draws) < distinct)
			low = middle;
		else
			high = middle;
	}
	return high;
}

int
race_compare(const void *a, const void *b)
{
	const struct race *x = *(const struct race *const *)a;
	const struct race *y = *(const struct race *const *)b;
	int order;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	order = address_compare(&x->resolver, &y->resolver);
	if (order != 0)
		return order;
	return (x->site_hash > y->site_hash) - (x->site_hash < y->site_hash);
}
