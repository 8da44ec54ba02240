/* SPDX-License-Identifier: ISC */
/*
 * The rows of security/random-communications.
 *
 * At most ROWS_MOST attacks of a window become rows: the floor of the sample rises until they fit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/random.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "stat/select.h"

#define ROWS_MOST         8192
#define PAYLOAD_ROWS_MOST 256

static int
compare_attacks(const void *a, const void *b)
{
	const struct random_attack *x = *(const struct random_attack *const *)a;
	const struct random_attack *y = *(const struct random_attack *const *)b;
	int order = memcmp(x->key, y->key, 16);

	if (order != 0)
		return order;
	if (x->key[2] != y->key[2])
		return x->key[2] < y->key[2] ? -1 : 1;
	return (x->key[3] > y->key[3]) - (x->key[3] < y->key[3]);
}

/* The attacks above the floor, which rises until there are few enough of them. */
static const struct random_attack **
choose(struct random_state *s, size_t *ret_count)
{
	const struct random_attack **list = xcalloc((size_t)s->attacks.count + 1, sizeof(void *));
	uint64_t *hashes = xcalloc((size_t)s->attacks.count + 1, sizeof *hashes);
	uint64_t *floor = &s->totals[RT_FLOOR];
	size_t count = 0, kept = 0;

	for (uint32_t i = 0; i < s->attacks.count; i++) {
		const struct random_attack *a = dns_pool_entry(&s->attacks, i);
		if (*floor != 0 && a->hash <= *floor)
			continue;
		hashes[count] = a->hash;
		list[count++] = a;
	}
	if (count > ROWS_MOST)
		*floor = select_rank(hashes, count, count - ROWS_MOST);
	for (size_t i = 0; i < count; i++)
		if (*floor == 0 || list[i]->hash > *floor)
			list[kept++] = list[i];
	if (kept > 0)
		qsort(list, kept, sizeof(void *), compare_attacks);
	free(hashes);
	*ret_count = kept;
	return list;
}

static const char *
sensor_name(const struct random_state *s, uint64_t key)
{
	const struct random_sensor *sensor = dns_pool_find(&s->sensors, &key);

	return sensor != NULL ? sensor->name : "";
}

static void
yield_attack(const struct random_state *s, const struct random_attack *a, struct rows *rows)
{
	struct address source = { .words = { a->key[0], a->key[1] } };
	char country[GEO_TEXT_SIZE];

	if (s->countries == NULL || !geo_text(s->countries, &source, country) ||
	    strlen(country) != 2)
		country[0] = '\0';
	rows_address(rows, RA_SOURCE, &source);
	rows_u64(rows, RA_TARGET, a->key[2] >> 1); /* within signed numbers everywhere */
	rows_text(rows, RA_SENSOR, sensor_name(s, a->sensor));
	rows_u64(rows, RA_PROTOCOL, a->key[3] >> 16 & 0xff);
	rows_u64(rows, RA_PORT, a->key[3] & 0xffff);
	rows_text(rows, RA_COUNTRY, country);
	rows_time(rows, RA_FIRST, a->first);
	rows_time(rows, RA_LAST, a->last);
	rows_u64(rows, RA_PACKETS, a->packets);
	rows_u64(rows, RA_OCTETS, a->octets);
	rows_u64(rows, RA_HASH, a->hash);
	rows_u64(rows, RA_OFFSET, a->offset);
	rows_u64(rows, RA_LENGTH, a->length);
	rows_next(rows);
}

/* ------------------------------------------------------------------ payloads */

/* What the attacks of a window say of a payload. */
struct payload_sums {
	const struct random_payload *payload;
	nsec_t last;
	uint64_t attacks, packets;
	uint8_t sources[HLL_SIZE(RANDOM_PRECISION)], targets[HLL_SIZE(RANDOM_PRECISION)];
};

static int
compare_digests(const void *a, const void *b)
{
	return memcmp((*(const struct random_payload *const *)a)->sha256,
	    (*(const struct random_payload *const *)b)->sha256, 32);
}

static int
compare_key(const void *key, const void *element)
{
	return memcmp(key, ((const struct payload_sums *)element)->payload->sha256, 32);
}

static int
compare_sums(const void *a, const void *b)
{
	const struct payload_sums *x = a, *y = b;

	if (x->attacks != y->attacks)
		return x->attacks > y->attacks ? -1 : 1;
	return memcmp(x->payload->sha256, y->payload->sha256, 32);
}

/* All payloads with their sums; free it. */
static struct payload_sums *
sum_payloads(const struct random_state *s)
{
	size_t count = s->payloads.count;
	const struct random_payload **sorted = xcalloc(count + 1, sizeof(void *));
	struct payload_sums *sums = xcalloc(count + 1, sizeof *sums);

	for (uint32_t i = 0; i < count; i++)
		sorted[i] = dns_pool_entry(&s->payloads, i);
	if (count > 0)
		qsort(sorted, count, sizeof(void *), compare_digests);
	for (size_t i = 0; i < count; i++)
		sums[i].payload = sorted[i];
	free(sorted);
	for (uint32_t i = 0; i < s->attacks.count && count > 0; i++) {
		const struct random_attack *a = dns_pool_entry(&s->attacks, i);
		struct payload_sums *p;
		if (a->payload_time == 0)
			continue;
		p = bsearch(a->payload, sums, count, sizeof *sums, compare_key);
		if (p == NULL)
			continue;
		p->attacks++;
		p->packets += a->packets;
		p->last = a->payload_time > p->last ? a->payload_time : p->last;
		hll_add(p->sources, RANDOM_PRECISION, hash_mix_words(a->key, 2));
		hll_add(p->targets, RANDOM_PRECISION, hash_mix64(a->key[2]));
	}
	return sums;
}

static void
yield_payload(const struct random_state *s, const struct payload_sums *sums, struct rows *rows)
{
	static const char DIGITS[] = "0123456789abcdef";
	const struct random_payload *p = sums->payload;
	const uint8_t *digest = (const uint8_t *)p->sha256;
	char text[65];

	for (size_t i = 0; i < 32; i++) {
		text[2 * i] = DIGITS[digest[i] >> 4];
		text[2 * i + 1] = DIGITS[digest[i] & 0xf];
	}
	text[64] = '\0';
	rows_text(rows, RD_SHA256, text);
	rows_u64(rows, RD_PROTOCOL, p->protocol);
	rows_u64(rows, RD_PORT, p->port);
	rows_u64(rows, RD_SIZE, p->size);
	rows_time(rows, RD_FIRST, p->first);
	rows_time(rows, RD_LAST, sums->last > p->first ? sums->last : p->first);
	rows_u64(rows, RD_ATTACKS, sums->attacks);
	rows_u64(rows, RD_PACKETS, sums->packets);
	sketch_put(rows, RD_SOURCES, sums->sources, RANDOM_PRECISION);
	sketch_put(rows, RD_TARGETS, sums->targets, RANDOM_PRECISION);
	rows_address(rows, RD_SOURCE, &p->source);
	rows_text(rows, RD_SENSOR, sensor_name(s, p->sensor));
	rows_blob(rows, RD_SAMPLE, p->octets, p->kept);
	rows_u64(rows, RD_OFFSET, p->offset);
	rows_u64(rows, RD_LENGTH, p->length);
	rows_next(rows);
}

static void
yield_payloads(struct random_state *s, struct rows *rows)
{
	struct payload_sums *sums = sum_payloads(s);
	size_t count = s->payloads.count, stored = 0;

	if (count > 0)
		qsort(sums, count, sizeof *sums, compare_sums);
	for (size_t i = 0; i < count && sums[i].attacks > 0; i++) {
		if (stored == PAYLOAD_ROWS_MOST) {
			s->totals[RT_PAYLOADS_LOST]++;
			continue;
		}
		yield_payload(s, &sums[i], rows);
		stored++;
	}
	s->totals[RT_PAYLOADS_LOST] += s->payloads.evicted;
	free(sums);
}

/* ------------------------------------------------------------------ the rest */

static void
yield_ports(const struct random_state *s, struct rows *rows)
{
	const struct cell **sorted = cells_sorted(&s->ports);

	for (size_t i = 0; i < s->ports.count; i++) {
		uint64_t key = sorted[i]->key;
		rows_time(rows, RP_QUARTER, (nsec_t)(key >> 24) * RANDOM_QUARTER);
		rows_u64(rows, RP_PROTOCOL, key >> 16 & 0xff);
		rows_u64(rows, RP_PORT, key & 0xffff);
		rows_u64(rows, RP_PACKETS, sorted[i]->sums[0]);
		rows_u64(rows, RP_OCTETS, sorted[i]->sums[1]);
		rows_next(rows);
	}
	free(sorted);
}

static void
yield_sensors(struct random_state *s, struct rows *rows)
{
	const void **sorted = dns_pool_sorted(&s->sensors);

	for (uint32_t i = 0; i < s->sensors.count; i++) {
		const struct random_sensor *sensor = sorted[i];
		rows_text(rows, RS_SENSOR, sensor->name);
		rows_f64(rows, RS_ADDRESSES, sensor->addresses);
		rows_time(rows, RS_FIRST, sensor->first);
		rows_time(rows, RS_LAST, sensor->last);
		rows_u64(rows, RS_PACKETS, sensor->packets);
		rows_next(rows);
	}
	s->totals[RT_SENSORS_LOST] = s->sensors.evicted;
	free(sorted);
}

static void
yield_watches(const struct random_state *s, struct rows *rows)
{
	const void **sorted = dns_pool_sorted(&s->watches);

	for (uint32_t i = 0; i < s->watches.count; i++) {
		const struct random_watch *w = sorted[i];
		rows_text(rows, RW_SENSOR, w->name);
		rows_time(rows, RW_BEGIN, (nsec_t)w->key[1] * NSEC_PER_MS);
		rows_time(rows, RW_END, w->end);
		rows_next(rows);
	}
	free(sorted);
}

void
random_finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct random_state *s = state;
	const struct random_attack **attacks;
	size_t count;

	(void)window;
	if (!s->touched)
		return;
	yield_payloads(s, sink->tables[RANDOM_PAYLOADS]);
	attacks = choose(s, &count);
	for (size_t i = 0; i < count; i++)
		yield_attack(s, attacks[i], sink->tables[RANDOM_ATTACKS]);
	free(attacks);
	yield_ports(s, sink->tables[RANDOM_PORTS]);
	yield_sensors(s, sink->tables[RANDOM_SENSORS]);
	yield_watches(s, sink->tables[RANDOM_WATCHES]);
	for (unsigned i = 0; i < RT_COLUMNS; i++)
		rows_u64(sink->tables[RANDOM_TOTALS], i, s->totals[i]);
	rows_next(sink->tables[RANDOM_TOTALS]);
}
