/* SPDX-License-Identifier: ISC */
/*
 * With whom customers exchange traffic: autonomous systems and countries of the other end.
 *
 * The AS is what the exporter says of the remote address (IPFIX elements 16 and 17), else what an
 * operator's database says; the country is a database's.  Lookups in such files cost more than all
 * the rest, so the last address of each slot of a small table is remembered.
 *
 * Without subscribers or own prefixes there is no other end, and nothing is done.
 *
 * A name is a number in 48 bits: the AS number, or the letters of the country's code.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/exports.h"
#include "analysis/rates.h"
#include "analysis/traffic/attribution.h"
#include "analysis/traffic/remote_section.h"
#include "base/xmalloc.h"
#include "net/geo.h"

#define MOST_CELLS   262144
#define SLOT_BITS    13
#define NAME_SIZE    6 /* octets of a country's code */
#define NAME_BITS    48
#define NAME_MASK    ((UINT64_C(1) << NAME_BITS) - 1)
#define NAME_UNKNOWN UINT64_C(0)
#define NAME_OTHERS  NAME_MASK

/* A key: kind, end (1 bit each), number of the rate, name. */
#define RATE_SHIFT NAME_BITS
#define END_SHIFT  (RATE_SHIFT + RATES_BITS)
#define KIND_SHIFT (END_SHIFT + 1)

enum kind { KIND_ASN, KIND_COUNTRY, KINDS };

/* What it is the other end of: a user's upload or download. */
enum end { END_IN, END_OUT };

enum {
	SUM_PACKETS,
	SUM_OCTETS,
	SUM_SQUARES,
	SUM_USERS, /* a set of 64 bits, of which each user has one */
};

/* What was found for an address. */
struct slot {
	struct address address;
	uint64_t asn, country;
	bool used;
};

struct state {
	const struct site *site;
	struct geo *country, *asn; /* owned; NULL: no such database */
	struct slot *slots;        /* owned; NULL without databases */
	struct cells cells;
	struct rates rates;
	struct export_facts facts;
};

static const struct setting SETTINGS[] = {
	{ "country_database", SETTING_TEXT, REMOTE_PACKAGED, NULL, NULL,
	    "MaxMind DB file of countries; packaged is iptoasn-country-mmdb of npm, empty is "
	    "none" },
	{ "country_key", SETTING_TEXT, "country_code", NULL, NULL,
	    "where that file has the ISO 3166 code: country_code, country.iso_code" },
	{ "asn_database", SETTING_TEXT, "", NULL, NULL,
	    "MaxMind DB file of AS numbers, for records that have none; empty is none" },
	{ "asn_key", SETTING_TEXT, "autonomous_system_number", NULL, NULL,
	    "where that file has the number" },
	{ "threshold", SETTING_F64, "0.01", "0", "1",
	    "share of all octets that has a row of its own in the review" },
};

const char *
remote_country_path(const struct settings *settings, char *text, size_t size)
{
	const char *path = settings_text(settings, "country_database");

	if (strcmp(path, REMOTE_PACKAGED) != 0)
		return path;
	return geo_find_packaged(text, size) ? text : "";
}

static enum err
open_database(const char *path, const char *key, struct geo **ret_geo, struct err_info *info)
{
	return path[0] != '\0' ? geo_open(path, key, ret_geo, info) : ERR_OK;
}

static enum err
remote_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	const struct settings *settings = context->settings;
	struct state *s = opaque;
	char path[PATH_MAX];
	enum err e;

	s->site = context->site;
	cells_init(&s->cells, MOST_CELLS, &context->secret);
	e = open_database(remote_country_path(settings, path, sizeof path),
	    settings_text(settings, "country_key"), &s->country, info);
	if (e == ERR_OK)
		e = open_database(settings_text(settings, "asn_database"),
		    settings_text(settings, "asn_key"), &s->asn, info);
	if (s->country != NULL || s->asn != NULL)
		s->slots = xcalloc((size_t)1 << SLOT_BITS, sizeof *s->slots);
	return e;
}

static void
remote_release(void *opaque)
{
	struct state *s = opaque;

	geo_close(s->country);
	geo_close(s->asn);
	free(s->slots);
	cells_release(&s->cells);
}

static void
remote_clear(void *opaque)
{
	struct state *s = opaque;

	cells_clear(&s->cells);
	s->cells.most = MOST_CELLS;
	rates_clear(&s->rates);
	s->facts = (struct export_facts){ 0 };
}

/* The letters of a code as a number; longer ones are not codes. */
static uint64_t
country_of(const struct geo *geo, const struct address *address)
{
	char text[GEO_TEXT_SIZE];
	uint64_t name = 0;

	if (geo == NULL || !geo_text(geo, address, text) || strlen(text) > NAME_SIZE)
		return NAME_UNKNOWN;
	for (const char *p = text; *p != '\0'; p++)
		name = name << 8 | (unsigned char)*p;
	return name != NAME_OTHERS ? name : NAME_UNKNOWN;
}

static uint64_t
asn_of(const struct geo *geo, const struct address *address)
{
	uint32_t number;

	return geo != NULL && geo_number(geo, address, &number) ? number : NAME_UNKNOWN;
}

/* What the databases say of an address; NULL without any. */
static const struct slot *
look_up(struct state *s, const struct address *address)
{
	struct slot *slot;

	if (s->slots == NULL)
		return NULL;
	slot = &s->slots[hash_mix_words(address->words, 2) >> (64 - SLOT_BITS)];
	if (!slot->used || !address_equal(&slot->address, address))
		*slot = (struct slot){ *address, asn_of(s->asn, address),
			country_of(s->country, address), true };
	return slot;
}

/* The cell of a key; when the table is full, that of all others of its kind, which always finds
 * room. */
static struct cell *
cell_at(struct cells *cells, uint64_t key)
{
	struct cell *cell = cells_at(cells, key);

	if (cell != NULL)
		return cell;
	key |= NAME_OTHERS;
	cell = cells_at(cells, key);
	if (cell == NULL) {
		cells->most++;
		cell = cells_at(cells, key);
	}
	return cell;
}

static void
add(struct cell *cell, const uint64_t sums[CELL_SUMS])
{
	for (unsigned k = 0; k < SUM_USERS; k++)
		cell->sums[k] += sums[k];
	cell->sums[SUM_USERS] |= sums[SUM_USERS];
}

static void
restate(uint64_t sums[CELL_SUMS], uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	sums[SUM_PACKETS] = rates_restate(sums[SUM_PACKETS], from, to);
	sums[SUM_OCTETS] = rates_restate(sums[SUM_OCTETS], from, to);
	sums[SUM_SQUARES] = rates_restate_squares(sums[SUM_SQUARES], from, to);
}

/* Adds one direction of a record, whose remote end is `remote` (0 source, 1 destination). */
static void
add_direction(struct state *s, const struct flow_record *r, unsigned reverse, unsigned remote,
    enum end end, uint64_t user)
{
	const struct flow *f = &r->flow;
	const struct slot *slot;
	uint64_t asn = remote == 0 ? r->source_as : r->destination_as;
	unsigned rate = rates_number(&s->rates, r->sampling);
	uint64_t key = (uint64_t)end << END_SHIFT | (uint64_t)rate << RATE_SHIFT;
	uint64_t sums[CELL_SUMS] = { f->packets[reverse], f->octets[reverse],
		r->sampling > 1 ? record_squares(f->octets[reverse], f->packets[reverse]) : 0,
		UINT64_C(1) << (hash_mix64(user) & 63) };

	if (f->packets[reverse] == 0 && f->octets[reverse] == 0)
		return;
	restate(sums, r->sampling, s->rates.list[rate]);
	slot = look_up(s, remote == 0 ? &f->source : &f->destination);
	if (asn == 0 && slot != NULL)
		asn = slot->asn;
	add(cell_at(&s->cells, key | (uint64_t)KIND_ASN << KIND_SHIFT | asn), sums);
	if (s->country != NULL)
		add(cell_at(&s->cells, key | (uint64_t)KIND_COUNTRY << KIND_SHIFT | slot->country),
		    sums);
}

static void
observe_record(struct state *s, const struct flow_record *r)
{
	struct attribution a = attribution_of(s->site, r);
	unsigned end = a.is_user[0] ? 0 : 1;
	uint64_t user = a.users[end].user;

	if (a.is_user[0] == a.is_user[1])
		return;
	export_facts_note(&s->facts, r);
	/* Where users have no names, their addresses stand for them. */
	if (s->site->subscribers == NULL)
		user =
		    hash_mix_words(end == 0 ? r->flow.source.words : r->flow.destination.words, 2);
	for (unsigned reverse = 0; reverse < 2; reverse++)
		add_direction(s, r, reverse, !end,
		    attribution_direction(end, reverse) == USER_IN ? END_IN : END_OUT, user);
}

static void
remote_observe(void *opaque, const struct batch *batch)
{
	const struct state *s = opaque;

	if (s->site->subscribers == NULL && s->site->own_prefix_count == 0)
		return;
	for (size_t i = 0; i < batch->count; i++)
		observe_record(opaque, batch->records[i]);
}

static void
remote_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;
	const struct cells *cells = &from->cells;

	export_facts_merge(&into->facts, &from->facts);
	rates_merge(&into->rates, &from->rates);
	into->cells.most += cells->count; /* merging refuses nothing */
	for (size_t i = 0; cells->count != 0 && i <= cells->mask; i++) {
		const struct cell *cell = &cells->places[i];
		uint64_t sums[CELL_SUMS];
		uint32_t old;
		unsigned rate;
		if (cell->key == CELL_EMPTY)
			continue;
		old = from->rates.list[cell->key >> RATE_SHIFT & RATES_MASK];
		rate = rates_number(&into->rates, old);
		memcpy(sums, cell->sums, sizeof sums);
		restate(sums, old, into->rates.list[rate]);
		add(cell_at(&into->cells,
			(cell->key & ~(RATES_MASK << RATE_SHIFT)) | (uint64_t)rate << RATE_SHIFT),
		    sums);
	}
}

static const char *
name_text(enum kind kind, uint64_t name, char *text, size_t size)
{
	char letters[NAME_SIZE + 1] = "";
	size_t count = 0;

	if (name == NAME_OTHERS)
		return REMOTE_OTHERS;
	if (name == NAME_UNKNOWN)
		return REMOTE_UNKNOWN;
	if (kind == KIND_ASN) {
		(void)snprintf(text, size, "AS%" PRIu64, name);
		return text;
	}
	for (int shift = 8 * (NAME_SIZE - 1); shift >= 0; shift -= 8)
		if ((name >> shift & 0xff) != 0)
			letters[count++] = (char)(name >> shift & 0xff);
	(void)snprintf(text, size, "%s", letters);
	return text;
}

static void
remote_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	static const char *const kinds[KINDS] = { "asn", "country" };
	static const char *const ends[] = { "in", "out" };
	struct state *s = opaque;
	const struct cell **cells = cells_sorted(&s->cells);
	struct rows *rows = sink->tables[0];

	(void)window;
	for (size_t i = 0; i < s->cells.count; i++) {
		const struct cell *cell = cells[i];
		enum kind kind = (enum kind)(cell->key >> KIND_SHIFT);
		char text[32];
		rows_text(rows, 0, kinds[kind]);
		rows_text(rows, 1, name_text(kind, cell->key & NAME_MASK, text, sizeof text));
		rows_text(rows, 2, ends[cell->key >> END_SHIFT & 1]);
		rows_u64(rows, 3, s->rates.list[cell->key >> RATE_SHIFT & RATES_MASK]);
		for (unsigned k = 0; k < SUM_USERS; k++)
			rows_u64(rows, 4 + k, cell->sums[k]);
		rows_u64(rows, 7, __builtin_popcountll(cell->sums[SUM_USERS]) >= PUBLISH_LEAST);
		rows_next(rows);
	}
	free(cells);
	export_facts_put(&s->facts, sink->tables[1]);
}

static const struct column COLUMNS[] = {
	{ "kind", COLUMN_TEXT, "" },
	{ "name", COLUMN_TEXT, "" },
	{ "direction", COLUMN_TEXT, "" },
	{ "sampling", COLUMN_U32, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "squares", COLUMN_U64, "" },
	{ "crowds", COLUMN_U64, "windows" },
};

static const struct table TABLES[] = {
	{ "traffic_remote", "Sampled traffic by autonomous system and country of the other end",
	    COLUMNS, ARRAY_COUNT(COLUMNS) },
	{ "traffic_remote_facts", "What the sums by other end rest on", EXPORT_FACTS_TABLE,
	    EXPORT_FACTS_COLUMNS },
};

static const struct table_sums SUMS[] = {
	{ &TABLES[0], 15 << 4, 3600, 0, 0 },
};

const struct analysis analysis_traffic_remote = {
	.name = "traffic/remote",
	.title = "Networks and countries",
	.consumes = OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.publishes = true,
	.state_size = sizeof(struct state),
	.init = remote_init,
	.release = remote_release,
	.clear = remote_clear,
	.observe = remote_observe,
	.merge = remote_merge,
	.finish = remote_finish,
	.section = remote_section,
};
