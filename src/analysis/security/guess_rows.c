/* SPDX-License-Identifier: ISC */
/* From attempts to log in to rows: the heaviest of each table, in an order of contents. */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/guess.h"
#include "base/bytes.h"
#include "base/xmalloc.h"

#define NAME_ROWS    500
#define SAMPLE_FIXED 22

static int
compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x != y ? x < y ? -1 : 1 : 0;
}

static int
by_attempts(const void *a, const void *b)
{
	const struct guess_entry *x = *(const struct guess_entry *const *)a;
	const struct guess_entry *y = *(const struct guess_entry *const *)b;

	if (x->counts[GUESS_ATTEMPTS] != y->counts[GUESS_ATTEMPTS])
		return x->counts[GUESS_ATTEMPTS] > y->counts[GUESS_ATTEMPTS] ? -1 : 1;
	return memcmp(x, y, 40);
}

static int
by_name_attempts(const void *a, const void *b)
{
	const struct guess_name *x = *(const struct guess_name *const *)a;
	const struct guess_name *y = *(const struct guess_name *const *)b;

	if (x->attempts != y->attempts)
		return x->attempts > y->attempts ? -1 : 1;
	return memcmp(x->key, y->key, sizeof x->key);
}

static int
by_sources(const void *a, const void *b)
{
	const struct guess_campaign *x = *(const struct guess_campaign *const *)a;
	const struct guess_campaign *y = *(const struct guess_campaign *const *)b;

	if (x->source_count != y->source_count)
		return x->source_count > y->source_count ? -1 : 1;
	return memcmp(x->key, y->key, sizeof x->key);
}

/* The order of names and minutes in a row must not depend on the shards they came from. */
static void
put_users(struct rows *rows, struct guess_entry *e)
{
	uint8_t octets[16 * GUESS_USERS];

	qsort(e->users, e->user_count, sizeof e->users[0], compare_hashes);
	for (uint32_t i = 0; i < e->user_count; i++) {
		put_le64(octets + (size_t)16 * i, e->users[i].hash);
		put_le64(octets + (size_t)16 * i + 8, e->users[i].tries);
	}
	rows_blob(rows, SG_USERS, octets, (size_t)16 * e->user_count);
}

static void
put_minutes(struct rows *rows, const struct guess_entry *e)
{
	uint8_t octets[16 * GUESS_MINUTES];

	for (uint32_t i = 0; i < e->minute_count; i++) {
		put_le64(octets + (size_t)16 * i, (uint64_t)e->minutes[i].number);
		put_le64(octets + (size_t)16 * i + 8, e->minutes[i].failed);
	}
	rows_blob(rows, SG_MINUTES, octets, (size_t)16 * e->minute_count);
}

static void
put_samples(struct rows *rows, const struct guess_entry *e)
{
	uint8_t octets[GUESS_SAMPLES * (SAMPLE_FIXED + sizeof e->samples[0].user)], *p = octets;

	for (uint32_t i = 0; i < e->sample_count; i++) {
		const struct guess_sample *s = &e->samples[i];
		put_le64(p, (uint64_t)s->time);
		put_le64(p + 8, s->input_offset);
		put_le32(p + 16, s->input_length);
		p[20] = s->outcome;
		p[21] = s->user_size;
		memcpy(p + SAMPLE_FIXED, s->user, s->user_size);
		p += SAMPLE_FIXED + s->user_size;
	}
	rows_blob(rows, SG_SAMPLES, octets, (size_t)(p - octets));
}

static void
put_entry(struct rows *rows, struct guess_entry *e)
{
	rows_address(rows, SG_SOURCE, &e->source);
	rows_address(rows, SG_DESTINATION, &e->destination);
	rows_blob(rows, SG_HOST, e->host, strlen(e->host));
	rows_text(rows, SG_SERVICE, e->service);
	rows_time(rows, SG_BEGIN, e->first);
	rows_time(rows, SG_END, e->last);
	for (unsigned i = 0; i < GUESS_COUNTS; i++)
		rows_u64(rows, SG_COUNTS + i, e->counts[i]);
	rows_u64(rows, SG_FAILED_BEFORE, e->failed_before);
	rows_time(rows, SG_SUCCESS, e->success);
	rows_u64(rows, SG_USERS_MORE, e->users_more);
	rows_u64(rows, SG_ORIGINS, e->origins);
	put_users(rows, e);
	put_minutes(rows, e);
	put_samples(rows, e);
	rows_next(rows);
}

static void
put_name(struct rows *rows, const struct guess_name *n)
{
	rows_u64(rows, SN_PASSWORD, n->password);
	rows_text(rows, SN_SERVICE, n->service);
	rows_blob(rows, SN_TEXT, n->text, n->size);
	rows_u64(rows, SN_ATTEMPTS, n->attempts);
	rows_next(rows);
}

static void
put_hashes(struct rows *rows, size_t column, uint64_t *list, uint32_t count)
{
	uint8_t octets[8 * GUESS_SOURCES];

	qsort(list, count, sizeof *list, compare_hashes);
	for (uint32_t i = 0; i < count; i++)
		put_le64(octets + (size_t)8 * i, list[i]);
	rows_blob(rows, column, octets, (size_t)8 * count);
}

static void
put_campaign(struct rows *rows, struct guess_campaign *c)
{
	rows_u64(rows, SC_BOND, c->bond);
	rows_text(rows, SC_SERVICE, c->service);
	rows_address(rows, SC_DESTINATION, &c->destination);
	rows_blob(rows, SC_TEXT, c->text, c->size);
	rows_time(rows, SC_BEGIN, c->first);
	rows_time(rows, SC_END, c->last);
	for (unsigned i = 0; i < GUESS_COUNTS; i++)
		rows_u64(rows, SC_COUNTS + i, c->counts[i]);
	put_hashes(rows, SC_SOURCES, c->sources, c->source_count);
	put_hashes(rows, SC_USERS, c->users, c->user_count);
	rows_next(rows);
}

/* All entries of a pool in an order: a new array; free it. */
static void **
ordered(const struct dns_pool *pool, int (*compare)(const void *, const void *))
{
	void **list = xcalloc(pool->count + (size_t)1, sizeof *list);

	for (uint32_t i = 0; i < pool->count; i++)
		list[i] = dns_pool_entry(pool, i);
	if (pool->count > 0)
		qsort(list, pool->count, sizeof *list, compare);
	return list;
}

static void
put_totals(const struct guess *g, struct rows *rows, uint64_t unstored)
{
	rows_u64(rows, SU_ATTEMPTS, g->attempts);
	rows_u64(rows, SU_INFERRED, g->inferred);
	rows_u64(rows, SU_PASSED, g->passed);
	rows_u64(rows, SU_EVICTED, g->entries.evicted);
	rows_u64(rows, SU_NAMES_EVICTED, g->names.evicted);
	rows_u64(rows, SU_UNSTORED, unstored);
	rows_next(rows);
}

/* A campaign needs many sources; of one alone nothing follows. */
#define SOURCES_LEAST 2

void
guess_rows(struct guess *g, struct rows *const *tables)
{
	void **entries, **names, **campaigns;
	uint32_t count = g->entries.count;

	if (g->attempts + g->passed == 0)
		return;
	entries = ordered(&g->entries, by_attempts);
	names = ordered(&g->names, by_name_attempts);
	campaigns = ordered(&g->campaigns, by_sources);
	for (uint32_t i = 0; i < count && i < GUESS_ROWS; i++)
		put_entry(tables[0], entries[i]);
	for (uint32_t i = 0; i < g->names.count && i < NAME_ROWS; i++)
		put_name(tables[1], names[i]);
	for (uint32_t i = 0; i < g->campaigns.count && i < GUESS_ROWS; i++) {
		struct guess_campaign *c = campaigns[i];
		if (c->source_count >= SOURCES_LEAST || c->bond != GUESS_BY_SERVER)
			put_campaign(tables[2], c);
	}
	put_totals(g, tables[3], count > GUESS_ROWS ? count - GUESS_ROWS : 0);
	free(entries);
	free(names);
	free(campaigns);
}
