/* SPDX-License-Identifier: ISC */
/* Attacks over windows, sensors' lives; see random_read.h. */
#include "analysis/security/random_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define CELLS_MOST  262144
#define PIECES_MOST 2000000 /* rows read; of more a sample */
#define HASHES      4294967296.0
#define FOLD        (255 << 16) /* of ports that find no place, on day 0 */

static nsec_t
result_time(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

/* ------------------------------------------------------------------ floors */

/* Below which hash a window left attacks out. */
struct floors {
	struct window_floor {
		nsec_t begin;
		uint64_t floor;
	} * all; /* owned; by time */
	size_t count, capacity;
	uint64_t least; /* for all windows: so that few enough rows are read */
};

static uint64_t
floor_at(const struct floors *f, nsec_t time)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (f->all[middle].begin <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && f->all[low - 1].floor > f->least ? f->all[low - 1].floor : f->least;
}

static enum err
read_floors(const struct section_context *c, struct floors *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT window_begin AS w, max(sample_floor) AS f FROM security_random_totals "
	    "WHERE" PERIOD_SQL "GROUP BY w ORDER BY w",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		if (f->count == f->capacity) {
			f->capacity = f->capacity > 0 ? 2 * f->capacity : 64;
			f->all = xrealloc_array(f->all, f->capacity, sizeof *f->all);
		}
		f->all[f->count++] = (struct window_floor){ result_time(r, 0), result_u64(r, 1) };
	}
	result_free(r);
	e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n FROM security_random WHERE" PERIOD_SQL, PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	if (result_next(r) && result_u64(r, 0) > PIECES_MOST)
		f->least = (uint64_t)(HASHES * (1 - PIECES_MOST / (double)result_u64(r, 0)));
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ attacks */

struct piece {
	struct address source;
	uint64_t target;
	uint8_t protocol;
	uint16_t port;
	nsec_t first, last;
	uint64_t hash;
};

static int
compare_name(const void *key, const void *element)
{
	return strcmp(key, ((const struct random_alive *)element)->name);
}

static void
add_cell(struct cells *cells, uint64_t key, uint64_t fold, uint64_t weight)
{
	struct cell *cell = cells_at(cells, key);

	if (cell == NULL)
		cell = cells_at(cells, fold);
	if (cell != NULL)
		cell->sums[0] += weight;
}

/* A new attack begins with this piece. */
static void
count_attack(struct random_period *p, const struct piece *a, const char *sensor,
    const char *country, uint64_t weight)
{
	uint64_t day = daily_day(&p->attacks, a->first);
	uint64_t hour = (uint64_t)(a->first / NSEC_PER_SEC / 3600);
	uint64_t code =
	    country[0] == '\0' ? 0 : (uint64_t)(uint8_t)country[0] << 8 | (uint8_t)country[1];
	struct random_alive *alive =
	    p->sensor_count > 0
		? bsearch(sensor, p->sensors, p->sensor_count, sizeof *p->sensors, compare_name)
		: NULL;

	p->all += weight;
	if (alive != NULL)
		alive->attacks += weight;
	daily_add(&p->attacks, 0, a->first, (double)weight / RANDOM_UNIT);
	add_cell(&p->day_ports, random_port_key(day, a->protocol, a->port), FOLD, weight);
	add_cell(&p->hour_ports, random_port_key(hour, a->protocol, a->port), FOLD, weight);
	add_cell(&p->day_countries, day << 16 | code, 0, weight);
}

static void
note_own(struct random_period *p, const struct piece *a, const struct result *r, uint64_t weight)
{
	struct random_own *own;

	if (p->own_count == 0 || !address_equal(&p->own[p->own_count - 1].source, &a->source)) {
		if (p->own_count == p->own_capacity) {
			p->own_capacity = p->own_capacity > 0 ? 2 * p->own_capacity : 16;
			p->own = xrealloc_array(p->own, p->own_capacity, sizeof *p->own);
		}
		own = &p->own[p->own_count++];
		*own = (struct random_own){ .source = a->source,
			.first = a->first,
			.protocol = a->protocol,
			.port = a->port,
			.input = result_u64(r, 0),
			.offset = result_u64(r, 1 + RA_OFFSET),
			.length = result_u64(r, 1 + RA_LENGTH) };
		(void)snprintf(
		    own->sensor, sizeof own->sensor, "%s", result_text(r, 1 + RA_SENSOR));
	}
	own = &p->own[p->own_count - 1];
	own->first = a->first < own->first ? a->first : own->first;
	own->last = a->last > own->last ? a->last : own->last;
	own->packets += result_u64(r, 1 + RA_PACKETS);
	own->attacks += weight;
}

/* Whether `a` goes on with what `last` was; rows come by source, target, service and time. */
static bool
continues(const struct piece *last, const struct piece *a)
{
	return address_equal(&last->source, &a->source) && last->target == a->target &&
	       last->protocol == a->protocol && last->port == a->port &&
	       a->first - last->last <= RANDOM_PAUSE;
}

static void
take_piece(const struct section_context *c, struct random_period *p, const struct floors *floors,
    struct piece *last, const struct result *r)
{
	struct piece a = { .source = result_address(r, 1 + RA_SOURCE),
		.target = result_u64(r, 1 + RA_TARGET),
		.protocol = (uint8_t)result_u64(r, 1 + RA_PROTOCOL),
		.port = (uint16_t)result_u64(r, 1 + RA_PORT),
		.first = result_time(r, 1 + RA_FIRST),
		.last = result_time(r, 1 + RA_LAST),
		.hash = result_u64(r, 1 + RA_HASH) };
	uint64_t floor = floor_at(floors, a.first),
		 before = floor_at(floors, a.first - RANDOM_PAUSE);
	uint64_t weight;

	floor = floor > before ? floor : before;
	p->pieces++;
	/* What the window before may not have kept cannot be told from what is new. */
	if (floor != 0 && a.hash <= floor)
		return;
	weight = (uint64_t)llround(RANDOM_UNIT * HASHES / (HASHES - (double)floor));
	p->sampled |= floor != 0;
	hll_add(p->sources, RANDOM_SOURCES_PRECISION, hash_mix_words(a.source.words, 2));
	if (continues(last, &a)) {
		a.last = a.last > last->last ? a.last : last->last;
		weight = 0;
	} else {
		count_attack(
		    p, &a, result_text(r, 1 + RA_SENSOR), result_text(r, 1 + RA_COUNTRY), weight);
	}
	if (site_is_own(c->site, &a.source))
		note_own(p, &a, r, weight);
	*last = a;
}

static enum err
read_attacks(const struct section_context *c, struct random_period *p, struct err_info *info)
{
	struct floors floors = { 0 };
	struct piece last = { .last = INT64_MIN / 2 };
	struct result *r;
	enum err e = read_floors(c, &floors, info);

	if (e == ERR_OK)
		e = query_run(c->store, &r, info,
		    "SELECT input, source, target, sensor, protocol, port, country, first, last, "
		    "packets, octets, hash, input_offset, input_length FROM security_random WHERE "
		    "hash >= %llu AND" PERIOD_SQL
		    "ORDER BY source, target, protocol, port, first, input",
		    (unsigned long long)floors.least, PERIOD_ARGS(c));
	if (e == ERR_OK) {
		while (result_next(r))
			take_piece(c, p, &floors, &last, r);
		result_free(r);
	}
	free(floors.all);
	return e;
}

/* ------------------------------------------------------------------ sensors */

static enum err
read_sensors(const struct section_context *c, struct random_period *p, struct err_info *info)
{
	size_t capacity = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sensor AS s, max(addresses) AS a, min(first) AS f, max(last) AS l, "
	    "sum(packets) AS n FROM security_random_sensors WHERE" PERIOD_SQL
	    "GROUP BY s ORDER BY s",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct random_alive *s;
		if (p->sensor_count == capacity) {
			capacity = capacity > 0 ? 2 * capacity : 16;
			p->sensors = xrealloc_array(p->sensors, capacity, sizeof *p->sensors);
		}
		s = &p->sensors[p->sensor_count++];
		*s = (struct random_alive){ .addresses = result_f64(r, 1),
			.first = result_time(r, 2),
			.last = result_time(r, 3),
			.packets = result_u64(r, 4) };
		(void)snprintf(s->name, sizeof s->name, "%s", result_text(r, 0));
		p->first = p->sensor_count == 1 || s->first < p->first ? s->first : p->first;
		p->last = s->last > p->last ? s->last : p->last;
	}
	result_free(r);
	return ERR_OK;
}

/* Adds the time from `begin` to `end` to each of its days. */
static void
be_alive(struct random_period *p, struct random_alive *s, nsec_t begin, nsec_t end)
{
	struct daily *d = &p->attacks;

	for (size_t day = 0; day < d->days; day++) {
		double from = (double)d->begins[day], to = (double)d->begins[day + 1];
		double first = fmax(from, (double)begin / (double)NSEC_PER_SEC);
		double last = fmin(to, (double)end / (double)NSEC_PER_SEC);
		double share = s->addresses * (last - first) / (to - from);
		if (last <= first)
			continue;
		d->divisors[day] += share;
		s->days += share;
	}
}

/* Intervals of one sensor come by their beginnings; those that overlap count once. */
static enum err
read_watches(const struct section_context *c, struct random_period *p, struct err_info *info)
{
	nsec_t until = 0;
	const struct random_alive *last = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sensor AS s, begin_time AS b, max(end_time) AS e FROM security_random_watches "
	    "WHERE" PERIOD_SQL "GROUP BY s, b ORDER BY s, b",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		nsec_t begin = result_time(r, 1), end = result_time(r, 2);
		struct random_alive *s = bsearch(result_text(r, 0), p->sensors, p->sensor_count,
		    sizeof *p->sensors, compare_name);
		if (s == NULL)
			continue;
		until = s == last ? until : 0;
		begin = begin > until ? begin : until;
		s->watched = true;
		if (end > begin)
			be_alive(p, s, begin, end);
		until = end > until ? end : until;
		last = s;
	}
	result_free(r);
	return ERR_OK;
}

/* Sensors that only ever waited have a watch and no packets: they count as alive, too. */
static enum err
read_silent(const struct section_context *c, struct random_period *p, struct err_info *info)
{
	size_t known = p->sensor_count;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sensor AS s, min(begin_time) AS b, max(end_time) AS e FROM "
	    "security_random_watches WHERE" PERIOD_SQL "GROUP BY s ORDER BY s",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct random_alive *s;
		nsec_t begin = result_time(r, 1), end = result_time(r, 2);
		p->first = begin < p->first || p->sensor_count == 0 ? begin : p->first;
		p->last = end > p->last ? end : p->last;
		if (known > 0 && bsearch(result_text(r, 0), p->sensors, known, sizeof *p->sensors,
				     compare_name) != NULL)
			continue;
		p->sensors = xrealloc_array(p->sensors, p->sensor_count + 1, sizeof *p->sensors);
		s = &p->sensors[p->sensor_count++];
		*s = (struct random_alive){ .addresses = 1, .first = begin, .last = end };
		(void)snprintf(s->name, sizeof s->name, "%s", result_text(r, 0));
	}
	result_free(r);
	return ERR_OK;
}

static int
compare_alive(const void *a, const void *b)
{
	return strcmp(
	    ((const struct random_alive *)a)->name, ((const struct random_alive *)b)->name);
}

static enum err
read_lives(const struct section_context *c, const struct zone *zone, struct random_period *p,
    struct err_info *info)
{
	enum err e = read_sensors(c, p, info);

	if (e == ERR_OK)
		e = read_silent(c, p, info);
	if (e != ERR_OK)
		return e;
	if (p->sensor_count > 0)
		qsort(p->sensors, p->sensor_count, sizeof *p->sensors, compare_alive);
	daily_init(&p->attacks, zone, p->first, p->last, 1);
	for (size_t i = 0; i < p->attacks.days; i++)
		p->attacks.divisors[i] = 0;
	if (p->sensor_count > 0)
		e = read_watches(c, p, info);
	for (size_t i = 0; i < p->sensor_count; i++)
		if (!p->sensors[i].watched)
			be_alive(p, &p->sensors[i], p->sensors[i].first, p->sensors[i].last);
	return e;
}

/* ------------------------------------------------------------------ all of it */

static enum err
read_totals(const struct section_context *c, struct random_period *p, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS k, sum(packets) AS a, sum(contacts) AS b, sum(aggregated) AS c, "
	    "sum(hourly) AS l, "
	    "sum(backscatter) AS d, sum(research) AS e, sum(monitoring) AS f, "
	    "max(sample_floor) AS g, sum(no_port) AS h, sum(payloads_lost) AS i, "
	    "sum(sensors_lost) AS j FROM security_random_totals WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		p->windows = result_u64(r, 0);
		for (unsigned i = 0; i < RT_COLUMNS; i++)
			p->totals[i] = result_u64(r, 1 + i);
	}
	result_free(r);
	return ERR_OK;
}

enum err
random_read(const struct section_context *c, const struct zone *zone,
    struct random_period *ret_period, struct err_info *info)
{
	static const struct hash_secret none = { 0, 0 };
	struct random_period p = { .windows = 0 };
	enum err e = read_totals(c, &p, info);

	if (e == ERR_OK && p.totals[RT_PACKETS] + p.totals[RT_CONTACTS] + p.totals[RT_RESEARCH] +
				   p.totals[RT_MONITORING] + p.totals[RT_AGGREGATED] +
				   p.totals[RT_HOURLY] ==
			       0)
		e = ERR_END;
	if (e != ERR_OK)
		return e;
	cells_init(&p.day_ports, CELLS_MOST, &none);
	cells_init(&p.hour_ports, CELLS_MOST, &none);
	cells_init(&p.day_countries, CELLS_MOST, &none);
	e = read_lives(c, zone, &p, info);
	if (e == ERR_OK)
		e = read_attacks(c, &p, info);
	if (e == ERR_OK)
		*ret_period = p;
	else
		random_period_release(&p);
	return e;
}

void
random_period_release(struct random_period *p)
{
	daily_release(&p->attacks);
	cells_release(&p->day_ports);
	cells_release(&p->hour_ports);
	cells_release(&p->day_countries);
	free(p->sensors);
	free(p->own);
	*p = (struct random_period){ .windows = 0 };
}
