/* SPDX-License-Identifier: ISC */
/*
 * How much each subscriber sends and receives in a day.
 *
 * A flow belongs to the subscriber at one of its ends: IN is what comes from the user (upload), OUT
 * what goes to the user (download), as a provider sees them.  Where both ends are subscribers it is
 * IN for one and OUT for the other.  Packets and octets are kept as they were sampled, per sampling
 * rate, with the sum of the squares of packet sizes: scaling, variances and the correction for
 * sampling are the section's (users_section.c), because everything about them needs the counts.
 *
 * Days are the site's own.  A record that lasts over midnight is divided: its packets as if evenly
 * spread, its octets with the packets, so that a record of one packet stays one.
 *
 * Consumes records of exporters, and flows metered here, which are sampled at one in one.
 */
#include "analysis/traffic/users.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/traffic/users_table.h"
#include "base/xmalloc.h"
#include "base/zone.h"
#include "net/subscribers.h"

#define MOST_TOTALS  65536
#define MOST_DAYS    32 /* that a record is divided over; longer ones lie in their last day */
#define TOUCHES      1024
#define MOST_TOUCHES (2 * 2 * MOST_DAYS) /* by one record: two directions, two ends */
#define HOUR         (3600 * NSEC_PER_SEC)

/* What totals are kept of; see doc/analyses/traffic-users.md. */
enum total {
	TOTAL_MATCHED,      /* exactly one end is a subscriber */
	TOTAL_USER_TO_USER, /* both are */
	TOTAL_UNMATCHED,    /* none is */
	TOTAL_REFUSED,      /* a user's, for whom there was no room; among the above as well */
	TOTAL_COUNT,
};

static const char *const TOTAL_NAMES[TOTAL_COUNT] = { "matched", "user_to_user", "unmatched",
	"not_attributed" };

struct sums {
	uint64_t packets, octets, squares;
};

struct touch {
	uint64_t hash;
	struct users_entry entry;
	uint32_t hour; /* of its record */
};

struct day {
	int64_t begin, end; /* seconds since 1970 */
};

struct state {
	const struct subscribers *subscribers; /* NULL: nothing is counted */
	struct zone *zone;                     /* owned; NULL is UTC */
	struct users_table users;
	struct cells totals;               /* by total, hour, sampling rate */
	struct sums overflow[TOTAL_COUNT]; /* what `totals` had no room for */
	struct day days[2];                /* looked up last */
	unsigned oldest_day;
	size_t touch_count;
	struct touch *touches; /* owned; waiting for their places */
};

static const struct setting SETTINGS[] = {
	{ "users", SETTING_U64, "16777216", "4096", "1073741824",
	    "sums of users that a window may hold: a user has one for each direction, IP version, "
	    "sampling rate and day" },
	{ "client_line", SETTING_SIZE, "100MB", "1", "1TB",
	    "a user who sends less than this in a day is client-type" },
	{ "heavy_line", SETTING_SIZE, "2500MB", "1", "100TB",
	    "a user who sends more than this in a day is a heavy user" },
};

static enum err
users_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;
	uint64_t most = settings_u64(context->settings, "users");

	s->subscribers = context->site->subscribers;
	/* Users are dealt to the shards evenly; some have more. */
	users_table_init(&s->users, most / ANALYSIS_SHARDS * 2, &context->secret);
	cells_init(&s->totals, MOST_TOTALS, &context->secret);
	s->touches = xcalloc(TOUCHES, sizeof *s->touches);
	return zone_open(context->site->time_zone, &s->zone, info);
}

static void
users_release(void *opaque)
{
	struct state *s = opaque;

	users_table_release(&s->users);
	cells_release(&s->totals);
	zone_close(s->zone);
	free(s->touches);
}

static void
users_clear(void *opaque)
{
	struct state *s = opaque;

	users_table_clear(&s->users);
	cells_clear(&s->totals);
	memset(s->overflow, 0, sizeof s->overflow);
}

/* ------------------------------------------------------------------ observing */

static const struct day *
day_of(struct state *s, nsec_t time)
{
	int64_t seconds = floor_div(time, NSEC_PER_SEC);
	struct day *day;

	for (unsigned i = 0; i < 2; i++)
		if (seconds >= s->days[i].begin && seconds < s->days[i].end)
			return &s->days[i];
	day = &s->days[s->oldest_day];
	s->oldest_day ^= 1;
	zone_day(s->zone, seconds, &day->begin, &day->end);
	return day;
}

static void
add_total(
    struct state *s, enum total total, uint32_t hour, uint32_t sampling, const struct sums *sums)
{
	uint64_t key = (uint64_t)total << 61 | (uint64_t)(hour & 0x1fffffff) << 32 | sampling;
	struct cell *cell = cells_at(&s->totals, key);

	if (cell == NULL) {
		s->overflow[total].packets += sums->packets;
		s->overflow[total].octets += sums->octets;
		s->overflow[total].squares += sums->squares;
		return;
	}
	cell->sums[0] += sums->packets;
	cell->sums[1] += sums->octets;
	cell->sums[2] += sums->squares;
	cell->sums[3]++;
}

/* Adds what is waiting to the table, whose places are on their way into the cache. */
static void
settle(struct state *s)
{
	for (size_t i = 0; i < s->touch_count; i++) {
		const struct touch *t = &s->touches[i];
		const struct users_entry *e = &t->entry;
		if (!users_table_add(&s->users, t->hash, e))
			add_total(s, TOTAL_REFUSED, t->hour, e->sampling,
			    &(struct sums){ e->packets, e->octets, e->squares });
	}
	s->touch_count = 0;
}

static void
touch(struct state *s, const struct users_entry *key, const struct sums *sums, uint32_t hour)
{
	struct touch *t = &s->touches[s->touch_count++];

	t->entry = *key;
	t->entry.packets = sums->packets;
	t->entry.octets = sums->octets;
	t->entry.squares = sums->squares;
	t->hour = hour;
	t->hash = users_table_hash(&s->users, &t->entry);
	users_table_prefetch(&s->users, t->hash);
}

/* A share `done` of `whole` of a count, rounded. */
static uint64_t
part_of(uint64_t count, uint64_t done, uint64_t whole)
{
	return (uint64_t)(((__uint128_t)count * done + whole / 2) / whole);
}

/* Sums of a user, divided over the days from first to last. */
static void
add_user(struct state *s, struct users_entry *key, const struct sums *sums, nsec_t first,
    nsec_t last, uint32_t hour)
{
	const struct day end = *day_of(s, last);
	struct sums given = { 0 };
	nsec_t from = first;

	if (first > last || last - first > (nsec_t)(MOST_DAYS - 2) * 24 * HOUR)
		from = last;
	while (from < last && floor_div(from, NSEC_PER_SEC) < end.begin) {
		struct day part = *day_of(s, from);
		uint64_t done = (uint64_t)(part.end * NSEC_PER_SEC - first);
		uint64_t whole = (uint64_t)(last - first);
		struct sums now = { .packets =
					part_of(sums->packets, done, whole) - given.packets };
		from = part.end * NSEC_PER_SEC;
		if (done >= whole)
			break;
		if (sums->packets == 0)
			continue;
		now.octets = part_of(sums->octets, now.packets, sums->packets);
		now.squares = part_of(sums->squares, now.packets, sums->packets);
		key->day = (int32_t)(part.begin / 60);
		if (now.packets != 0)
			touch(s, key, &now, hour);
		given.packets += now.packets;
		given.octets += now.octets;
		given.squares += now.squares;
	}
	key->day = (int32_t)(end.begin / 60);
	given = (struct sums){ sums->packets - given.packets, sums->octets - given.octets,
		sums->squares - given.squares };
	if ((given.packets | given.octets) != 0)
		touch(s, key, &given, hour);
}

/* One flow: its record, or what the meter saw of it. */
static void
add_flow(struct state *s, const struct flow *f, const char *name, uint32_t sampling)
{
	struct subscriber users[2];
	bool known[2];
	nsec_t begin = flow_begin(f);
	uint32_t hour = (uint32_t)(begin > 0 ? begin / HOUR : 0);
	enum total total;

	known[0] = subscribers_find(s->subscribers, &f->source, name, begin, &users[0]);
	known[1] = subscribers_find(s->subscribers, &f->destination, name, begin, &users[1]);
	total = known[0] && known[1]   ? TOTAL_USER_TO_USER
		: known[0] || known[1] ? TOTAL_MATCHED
				       : TOTAL_UNMATCHED;
	if (s->touch_count > TOUCHES - MOST_TOUCHES)
		settle(s);
	for (unsigned d = 0; d < 2; d++) {
		struct sums sums = { f->packets[d], f->octets[d],
			/* Without sampling there is no variance to tell. */
			sampling != 1 ? record_squares(f->octets[d], f->packets[d]) : 0 };
		if ((sums.packets | sums.octets) == 0)
			continue;
		add_total(s, total, hour, sampling, &sums);
		for (unsigned end = 0; end < 2; end++) {
			struct users_entry key = { .user = users[end].user,
				.sampling = sampling,
				.service = users[end].service,
				.ip_version = address_is_ipv4(&f->source) ? 4 : 6,
				/* Forward goes from the source, reverse from the destination. */
				.direction = end == d ? USERS_IN : USERS_OUT };
			if (known[end])
				add_user(s, &key, &sums, f->first[d], f->last[d], hour);
		}
	}
}

static void
users_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	if (s->subscribers == NULL)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->type == OBS_FLOW) {
			add_flow(s, &batch->flows[i], NULL, 1);
			continue;
		}
		const struct flow_record *r = batch->records[i];
		const char *name =
		    r->extra != NULL && r->extra->user_name[0] != '\0' ? r->extra->user_name : NULL;
		add_flow(s, &r->flow, name, r->sampling);
	}
	settle(s);
}

/* ------------------------------------------------------------------ rows */

static void
users_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;
	const struct users_table *t = &from->users;

	/* The table of the merged window has room for all that the shards held. */
	into->users.most = SIZE_MAX;
	for (size_t i = 0; i <= t->mask && t->count != 0; i++)
		if (t->places[i].ip_version != 0)
			(void)users_table_add(&into->users,
			    users_table_hash(&into->users, &t->places[i]), &t->places[i]);
	into->users.most = t->most;
	for (size_t i = 0; i <= from->totals.mask && from->totals.count != 0; i++) {
		const struct cell *cell = &from->totals.places[i];
		struct cell *to;
		if (cell->key == CELL_EMPTY)
			continue;
		to = cells_at(&into->totals, cell->key);
		if (to != NULL) {
			for (unsigned k = 0; k < CELL_SUMS; k++)
				to->sums[k] += cell->sums[k];
			continue;
		}
		into->overflow[cell->key >> 61].packets += cell->sums[0];
		into->overflow[cell->key >> 61].octets += cell->sums[1];
		into->overflow[cell->key >> 61].squares += cell->sums[2];
	}
	for (unsigned i = 0; i < TOTAL_COUNT; i++) {
		into->overflow[i].packets += from->overflow[i].packets;
		into->overflow[i].octets += from->overflow[i].octets;
		into->overflow[i].squares += from->overflow[i].squares;
	}
}

static void
put_total(struct rows *rows, uint64_t total, nsec_t hour, uint32_t sampling, const uint64_t *sums)
{
	rows_text(rows, 0, TOTAL_NAMES[total]);
	rows_time(rows, 1, hour);
	rows_u64(rows, 2, sampling);
	for (unsigned k = 0; k < 3; k++)
		rows_u64(rows, 3 + k, sums[k]);
	rows_next(rows);
}

static void
users_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;
	const struct users_entry **entries = users_table_sorted(&s->users);
	const struct cell **cells = cells_sorted(&s->totals);
	struct rows *rows = sink->tables[0];

	for (size_t i = 0; i < s->users.count; i++) {
		const struct users_entry *e = entries[i];
		rows_u64(rows, 0, e->user);
		rows_time(rows, 1, (nsec_t)e->day * 60 * NSEC_PER_SEC);
		rows_text(rows, 2, subscribers_service(s->subscribers, e->service));
		rows_u64(rows, 3, e->ip_version);
		rows_text(rows, 4, e->direction == USERS_IN ? "in" : "out");
		rows_u64(rows, 5, e->sampling);
		rows_u64(rows, 6, e->packets);
		rows_u64(rows, 7, e->octets);
		rows_u64(rows, 8, e->squares);
		rows_next(rows);
	}
	for (size_t i = 0; i < s->totals.count; i++)
		put_total(sink->tables[1], cells[i]->key >> 61,
		    (nsec_t)(cells[i]->key >> 32 & 0x1fffffff) * HOUR, (uint32_t)cells[i]->key,
		    cells[i]->sums);
	for (unsigned i = 0; i < TOTAL_COUNT; i++) {
		const struct sums *o = &s->overflow[i];
		if ((o->packets | o->octets) != 0)
			put_total(sink->tables[1], i, floor_div(window->begin, HOUR) * HOUR, 0,
			    (const uint64_t[]){ o->packets, o->octets, o->squares });
	}
	free(entries);
	free(cells);
}

static const struct column USER_COLUMNS[] = {
	{ "user", COLUMN_U64, "" },
	{ "day", COLUMN_TIME, "ms" },
	{ "service", COLUMN_TEXT, "" },
	{ "ip_version", COLUMN_U8, "" },
	{ "direction", COLUMN_TEXT, "" },
	{ "sampling", COLUMN_U32, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "squares", COLUMN_U64, "" },
};

static const struct column TOTAL_COLUMNS[] = {
	{ "kind", COLUMN_TEXT, "" },
	{ "hour", COLUMN_TIME, "ms" },
	{ "sampling", COLUMN_U32, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "squares", COLUMN_U64, "" },
};

static const struct table TABLES[] = {
	{ "traffic_users", "Sampled packets and octets by user, day, direction and sampling rate",
	    USER_COLUMNS, ARRAY_COUNT(USER_COLUMNS) },
	{ "traffic_user_totals", "Whether traffic belonged to a user, by hour and sampling rate",
	    TOTAL_COLUMNS, ARRAY_COUNT(TOTAL_COLUMNS) },
};

/*
 * A user's day is asked for by its column, so rows of it may lie in any window: they add up by the
 * UTC day.  Hours of totals are asked for by when their windows began as well: they add up by the
 * quarter of an hour, at one of which every local day begins.
 */
static const struct table_sums SUMS[] = {
	{ &TABLES[0], 7 << 6, 86400, 0, 0 },
	{ &TABLES[1], 7 << 3, 900, 0, 0 },
};

const struct analysis analysis_traffic_users = {
	.name = "traffic/users",
	.title = "Daily volume per user",
	.consumes = OBS_RECORD | OBS_FLOW,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.state_size = sizeof(struct state),
	.init = users_init,
	.release = users_release,
	.clear = users_clear,
	.observe = users_observe,
	.merge = users_merge,
	.finish = users_finish,
	.section = users_section,
};
