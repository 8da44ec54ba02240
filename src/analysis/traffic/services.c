/* SPDX-License-Identifier: ISC */
/*
 * What customers use: traffic by class of service, for everybody by hour, and for a panel of users
 * one by one.
 *
 * Of the panel every user has sums by hour, class, direction and sampling rate, so that a review
 * can part client-type users from the others by what they sent in the whole period, which nobody
 * knows while it goes on.  The panel is those users whose pseudonym falls into a share of all
 * pseudonyms: a random sample that is the same in every period that was read with the same key.
 *
 * Counts are raw, as sampled; a record that lasts over several hours is spread linearly.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/exports.h"
#include "analysis/rates.h"
#include "analysis/traffic/attribution.h"
#include "analysis/traffic/services_cells.h"
#include "analysis/traffic/services_section.h"
#include "base/xmalloc.h"

#define HOUR        (3600 * NSEC_PER_SEC)
#define MOST_HOURS  26 /* that a record may last; what lasts longer counts at its end */
#define MOST_TOTALS 65536

struct state {
	const struct site *site;
	struct service_map *map; /* owned */
	double panel;
	uint64_t panel_limit; /* pseudonyms up to here are in it */
	bool has_panel;
	struct services_cells users, totals;
	struct rates rates;
	struct export_facts facts;
};

static const struct setting SETTINGS[] = {
	{ "panel", SETTING_F64, "1", "0", "1",
	    "share of users whose services are kept one by one; 0 keeps none" },
	{ "cells", SETTING_U64, "262144", "256", "16777216",
	    "sums of users that one of 8 shards may hold in a window" },
	{ "client_limit", SETTING_SIZE, "100MB", "0", "1TiB",
	    "a user who sends less than this a day is client-type" },
};

static enum err
services_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->site = context->site;
	s->panel = settings_f64(context->settings, "panel");
	s->has_panel = s->panel > 0 && context->site->subscribers != NULL;
	s->panel_limit = s->panel >= 1 ? UINT64_MAX : (uint64_t)(s->panel * 0x1p64);
	s->map = xmalloc(sizeof *s->map);
	service_map_init(s->map);
	services_cells_init(&s->users, settings_u64(context->settings, "cells"), &context->secret);
	services_cells_init(&s->totals, MOST_TOTALS, &context->secret);
	return ERR_OK;
}

static void
services_release(void *opaque)
{
	struct state *s = opaque;

	free(s->map);
	services_cells_release(&s->users);
	services_cells_release(&s->totals);
}

static void
services_clear(void *opaque)
{
	struct state *s = opaque;

	services_cells_clear(&s->users);
	services_cells_clear(&s->totals);
	rates_clear(&s->rates);
	s->facts = (struct export_facts){ 0 };
}

/* What a direction of a record is added to. */
struct target {
	struct services_key key;
	uint64_t user;
	bool in_panel;
	nsec_t begin, end;
};

static void
add_cell(struct state *s, const struct target *t, int64_t hour, const struct services_sums *sums)
{
	struct services_key k = t->key;

	k.hour = (int32_t)hour;
	services_cells_add(&s->totals, &k, sums);
	if (!t->in_panel)
		return;
	k.user = t->user;
	services_cells_add(&s->users, &k, sums);
}

/* The part of a count that has come when `done` of `whole` has passed. */
static inline uint64_t
part(uint64_t count, nsec_t done, nsec_t whole)
{
	return (uint64_t)((__uint128_t)count * (uint64_t)done / (uint64_t)whole);
}

/* Adds one direction of a record, spread over the hours it lasted. */
static void
add_spread(struct state *s, const struct target *t, const struct services_sums *sums)
{
	int64_t first = floor_div(t->begin, HOUR), last = floor_div(t->end, HOUR);
	struct services_sums given = { 0 };

	if (t->begin >= t->end || last - first >= MOST_HOURS)
		first = last;
	for (int64_t hour = first; hour <= last; hour++) {
		struct services_sums now = *sums;
		if (hour < last) {
			nsec_t done = (hour + 1) * HOUR - t->begin, whole = t->end - t->begin;
			now.packets = part(sums->packets, done, whole);
			now.octets = part(sums->octets, done, whole);
			now.squares = part(sums->squares, done, whole);
		}
		add_cell(s, t, hour,
		    &(struct services_sums){ now.packets - given.packets, now.octets - given.octets,
			now.squares - given.squares });
		given = now;
	}
}

/* One direction of the record, for one of its ends or for nobody. */
static void
add_direction(struct state *s, const struct flow_record *r, unsigned reverse,
    enum user_direction direction, const struct subscriber *user)
{
	const struct flow *f = &r->flow;
	uint32_t held = s->rates.list[rates_number(&s->rates, r->sampling)];
	struct services_sums sums = { f->packets[reverse], f->octets[reverse], 0 };
	struct target target = {
		.key = { .sampling = held,
		    .class =
			service_class_of(s->map, f->protocol, f->source_port, f->destination_port),
		    .direction = (uint8_t)direction },
		.user = user != NULL ? user->user : 0,
		.in_panel = user != NULL && s->has_panel && user->user <= s->panel_limit,
		.begin = f->first[reverse],
		.end = f->last[reverse],
	};

	if (sums.packets == 0 && sums.octets == 0)
		return;
	/* Where everything was counted there is nothing to estimate. */
	if (held > 1)
		sums.squares = record_squares(sums.octets, sums.packets);
	if (held != r->sampling) {
		sums.packets = rates_restate(sums.packets, r->sampling, held);
		sums.octets = rates_restate(sums.octets, r->sampling, held);
		sums.squares = rates_restate_squares(sums.squares, r->sampling, held);
	}
	add_spread(s, &target, &sums);
}

static void
observe_record(struct state *s, const struct flow_record *r)
{
	struct attribution a = attribution_of(s->site, r);
	enum user_direction nobody = a.known ? USER_UNMATCHED : USER_UNKNOWN;

	export_facts_note(&s->facts, r);
	for (unsigned reverse = 0; reverse < 2; reverse++) {
		for (unsigned end = 0; end < 2; end++)
			if (a.is_user[end])
				add_direction(s, r, reverse, attribution_direction(end, reverse),
				    s->site->subscribers != NULL ? &a.users[end] : NULL);
		if (!a.is_user[0] && !a.is_user[1])
			add_direction(s, r, reverse, nobody, NULL);
	}
}

static void
services_observe(void *opaque, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		observe_record(opaque, batch->records[i]);
}

static void
services_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	services_cells_merge(&into->users, &from->users);
	services_cells_merge(&into->totals, &from->totals);
	export_facts_merge(&into->facts, &from->facts);
}

static void
put_cells(const struct services_cells *cells, struct rows *rows, bool users)
{
	const struct services_cell **list = services_cells_sorted(cells);

	for (size_t i = 0; i < cells->count; i++) {
		const struct services_cell *cell = list[i];
		size_t column = 0;
		if (users)
			rows_u64(rows, column++, cell->key.user);
		rows_time(rows, column++, cell->key.hour * HOUR);
		rows_u64(rows, column++, cell->key.class);
		rows_text(
		    rows, column++, user_direction_name((enum user_direction)cell->key.direction));
		rows_u64(rows, column++, cell->key.sampling);
		rows_u64(rows, column++, cell->sums.packets);
		rows_u64(rows, column++, cell->sums.octets);
		rows_u64(rows, column, cell->sums.squares);
		rows_next(rows);
	}
	free(list);
}

static void
services_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	const struct state *s = opaque;
	struct rows *facts = sink->tables[2];

	(void)window;
	put_cells(&s->users, sink->tables[0], true);
	put_cells(&s->totals, sink->tables[1], false);
	if (s->facts.records == 0)
		return;
	rows_u64(facts, 0, s->facts.records);
	rows_u64(facts, 1, s->facts.unknown);
	rows_u64(facts, 2, s->facts.sampling_least);
	rows_u64(facts, 3, s->facts.sampling_most);
	rows_u64(facts, 4, s->facts.packet_most);
	rows_f64(facts, 5, s->has_panel ? s->panel : 0);
	rows_u64(facts, 6, s->users.refused.octets);
	rows_u64(facts, 7, s->totals.refused.octets);
	rows_next(facts);
}

#define SUM_COLUMNS                                                                   \
	{ "hour", COLUMN_TIME, "ms" }, { "service_class", COLUMN_U8, "" },            \
	    { "direction", COLUMN_TEXT, "" }, { "sampling", COLUMN_U32, "" },         \
	    { "packets", COLUMN_U64, "packets" }, { "octets", COLUMN_U64, "octets" }, \
	{                                                                             \
		"squares", COLUMN_U64, ""                                             \
	}

static const struct column USER_COLUMNS[] = { { "user", COLUMN_U64, "" }, SUM_COLUMNS };
static const struct column TOTAL_COLUMNS[] = { SUM_COLUMNS };

static const struct column FACT_COLUMNS[] = {
	{ "records", COLUMN_U64, "records" },
	{ "unknown_sampling", COLUMN_U64, "records" },
	{ "sampling_least", COLUMN_U32, "" },
	{ "sampling_most", COLUMN_U32, "" },
	{ "packet_most", COLUMN_U32, "octets" },
	{ "panel", COLUMN_F64, "" },
	{ "refused_user_octets", COLUMN_U64, "octets" },
	{ "refused_octets", COLUMN_U64, "octets" },
};

static const struct table TABLES[] = {
	{ "traffic_user_ports", "Sampled traffic of the panel's users by hour and class of service",
	    USER_COLUMNS, ARRAY_COUNT(USER_COLUMNS) },
	{ "traffic_services", "Sampled traffic of everybody by hour and class of service",
	    TOTAL_COLUMNS, ARRAY_COUNT(TOTAL_COLUMNS) },
	{ "traffic_services_facts", "What the sums of services rest on", FACT_COLUMNS,
	    ARRAY_COUNT(FACT_COLUMNS) },
};

/* Rows of an hour add up: packets, octets, squares. */
static const struct table_sums SUMS[] = {
	{ &TABLES[0], 7 << 5, 3600, 0, 0 },
	{ &TABLES[1], 7 << 4, 3600, 0, 0 },
};

const struct analysis analysis_traffic_services = {
	.name = "traffic/services",
	.title = "Services and the week",
	.consumes = OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.publishes = true,
	.state_size = sizeof(struct state),
	.init = services_init,
	.release = services_release,
	.clear = services_clear,
	.observe = services_observe,
	.merge = services_merge,
	.finish = services_finish,
	.section = services_section,
};
