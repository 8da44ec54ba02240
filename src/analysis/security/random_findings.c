/* SPDX-License-Identifier: ISC */
/*
 * Payloads and findings of security/random-communications.
 *
 * The Internet's noise is no news: a finding is made of a payload that was never seen before and
 * comes from many sources, of a port that is asked for many times more often than the day before,
 * and of an own address that sends to dark space.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/random_section.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"

#define SHOWN         50
#define HOURS_LEAST   12 /* before a surge can be told */
#define HOURS_MOST    24 /* that it is compared with */
#define SURGES_MOST   50
#define EVIDENCE_MOST 5

/* ------------------------------------------------------------------ payloads */

struct payload {
	char sha256[65];
	nsec_t first, last, ever; /* in the period; first in all that the store holds */
	uint64_t attacks, packets, size;
	uint8_t protocol;
	uint16_t port;
	struct address source;
	char sensor[RANDOM_NAME_SIZE];
	uint64_t input, offset, length;
	uint8_t sources[HLL_SIZE(RANDOM_PRECISION)], targets[HLL_SIZE(RANDOM_PRECISION)];
	uint8_t sample[RANDOM_SAMPLE_OCTETS];
	size_t kept;
};

struct payloads {
	struct payload *all; /* owned */
	size_t count, capacity;
	nsec_t history; /* where the store begins */
};

static struct payload *
payload_at(struct payloads *l, const char *sha256)
{
	struct payload *p = l->count > 0 ? &l->all[l->count - 1] : NULL;

	if (p != NULL && strcmp(p->sha256, sha256) == 0)
		return p;
	if (l->count == l->capacity) {
		l->capacity = l->capacity > 0 ? 2 * l->capacity : 32;
		l->all = xrealloc_array(l->all, l->capacity, sizeof *l->all);
	}
	p = &l->all[l->count++];
	*p = (struct payload){ .attacks = 0 };
	(void)snprintf(p->sha256, sizeof p->sha256, "%s", sha256);
	return p;
}

static void
take_payload(struct payload *p, const struct result *r)
{
	nsec_t first = (nsec_t)result_u64(r, 1 + RD_FIRST) * NSEC_PER_MS;
	nsec_t last = (nsec_t)result_u64(r, 1 + RD_LAST) * NSEC_PER_MS;
	const char *sample;
	size_t size;

	if (p->attacks == 0 || first < p->first) {
		p->first = first;
		p->protocol = (uint8_t)result_u64(r, 1 + RD_PROTOCOL);
		p->port = (uint16_t)result_u64(r, 1 + RD_PORT);
		p->size = result_u64(r, 1 + RD_SIZE);
		p->source = result_address(r, 1 + RD_SOURCE);
		(void)snprintf(p->sensor, sizeof p->sensor, "%s", result_text(r, 1 + RD_SENSOR));
		sample = result_blob(r, 1 + RD_SAMPLE, &size);
		p->kept = size < sizeof p->sample ? size : sizeof p->sample;
		if (p->kept > 0)
			memcpy(p->sample, sample, p->kept);
		p->input = result_u64(r, 0);
		p->offset = result_u64(r, 1 + RD_OFFSET);
		p->length = result_u64(r, 1 + RD_LENGTH);
	}
	p->last = last > p->last ? last : p->last;
	p->attacks += result_u64(r, 1 + RD_ATTACKS);
	p->packets += result_u64(r, 1 + RD_PACKETS);
	(void)sketch_add(p->sources, RANDOM_PRECISION, r, 1 + RD_SOURCES);
	(void)sketch_add(p->targets, RANDOM_PRECISION, r, 1 + RD_TARGETS);
}

/* When each payload was first seen at all; both lists come by their hashes. */
static enum err
read_history(const struct random_report *r, struct payloads *l, struct err_info *info)
{
	struct result *result;
	size_t at = 0;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT sha256 AS s, min(first) AS f FROM security_random_payloads GROUP BY s "
	    "ORDER BY s");

	if (e != ERR_OK)
		return e;
	while (result_next(result)) {
		nsec_t first = (nsec_t)result_u64(result, 1) * NSEC_PER_MS;
		const char *sha256 = result_text(result, 0);
		l->history = l->history == 0 || first < l->history ? first : l->history;
		while (at < l->count && strcmp(l->all[at].sha256, sha256) < 0)
			at++;
		if (at < l->count && strcmp(l->all[at].sha256, sha256) == 0)
			l->all[at].ever = first;
	}
	result_free(result);
	return ERR_OK;
}

static enum err
read_payloads(const struct random_report *r, struct payloads *l, struct err_info *info)
{
	struct result *result;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT input, sha256, protocol, port, size, first, last, attacks, packets, sources, "
	    "targets, "
	    "source, sensor, sample, input_offset, input_length FROM security_random_payloads "
	    "WHERE" PERIOD_SQL "ORDER BY sha256, first, input",
	    PERIOD_ARGS(r->c));

	if (e != ERR_OK)
		return e;
	while (result_next(result))
		take_payload(payload_at(l, result_text(result, 1)), result);
	result_free(result);
	return read_history(r, l, info);
}

static bool
is_new(const struct payload *p)
{
	return p->ever == 0 || p->ever >= p->first;
}

static int
compare_payloads(const void *a, const void *b)
{
	const struct payload *x = a, *y = b;

	if (is_new(x) != is_new(y))
		return is_new(x) ? -1 : 1;
	if (x->attacks != y->attacks)
		return x->attacks > y->attacks ? -1 : 1;
	return strcmp(x->sha256, y->sha256);
}

/* Printable ASCII as it is, the rest as \xNN. */
static json_t *
sample_text(const struct payload *p)
{
	static const char DIGITS[] = "0123456789abcdef";
	char text[4 * 48];
	size_t size = 0;

	for (size_t i = 0; i < p->kept && i < 48; i++) {
		uint8_t octet = p->sample[i];
		if (octet >= 0x20 && octet < 0x7f && octet != '\\') {
			text[size++] = (char)octet;
			continue;
		}
		text[size++] = '\\';
		text[size++] = 'x';
		text[size++] = DIGITS[octet >> 4];
		text[size++] = DIGITS[octet & 0xf];
	}
	return json_text(text, size);
}

static json_t *
sample_hex(const struct payload *p)
{
	static const char DIGITS[] = "0123456789abcdef";
	char text[2 * RANDOM_SAMPLE_OCTETS];

	for (size_t i = 0; i < p->kept; i++) {
		text[2 * i] = DIGITS[p->sample[i] >> 4];
		text[2 * i + 1] = DIGITS[p->sample[i] & 0xf];
	}
	return json_text(text, 2 * p->kept);
}

static uint64_t
distinct(const uint8_t *registers, uint64_t most)
{
	uint64_t estimate = (uint64_t)llround(hll_estimate(registers, RANDOM_PRECISION));

	return estimate < most ? estimate : most;
}

static void
put_payloads(const struct random_report *r, const struct payloads *l)
{
	static const struct section_column COLUMNS[] = {
		{ "sha256", "SHA-256", "text", "" },
		{ "service", "Port", "text", "" },
		{ "octets", "Octets", "octets", "octets" },
		{ "first", "First seen", "time", "ms" },
		{ "new", "New", "text", "" },
		{ "attacks", "Attacks", "count", "" },
		{ "sources", "Sources", "count", "" },
		{ "sensors", "Sensors", "count", "" },
		{ "begins", "Begins", "text", "" },
	};
	struct section_table *t =
	    section_table(r->section, "payloads", "First payloads", COLUMNS, ARRAY_COUNT(COLUMNS));
	char since[64];

	for (size_t i = 0; i < l->count && i < SHOWN; i++) {
		const struct payload *p = &l->all[i];
		char service[DARK_SERVICE_SIZE];
		section_row(t, json_string(p->sha256),
		    json_string(dark_service_text(p->protocol, p->port, service, sizeof service)),
		    json_count(p->size), json_integer((json_int_t)analysis_ms(p->first)),
		    json_string(is_new(p) ? "yes" : "no"), json_count(p->attacks),
		    json_count(distinct(p->sources, p->attacks)),
		    json_count(distinct(p->targets, p->attacks)), sample_text(p), NULL);
	}
	section_table_note(t,
	    "New: not seen before in what the store holds, which begins %s. New ones first, then "
	    "by attacks.",
	    text_time(l->history, r->c->site->time_zone, since, sizeof since));
}

static void
find_spreading(const struct random_report *r, const struct payload *p)
{
	struct finding *f = section_finding(r->section, "attack", "medium", 0.8, p->first, p->last);

	finding_subject(f, "source", json_address(&p->source));
	finding_subject(f, "sensor", json_text(p->sensor, strlen(p->sensor)));
	finding_measure(f, "reason", json_string("new payload from many sources"));
	finding_measure(f, "port", json_integer(p->port));
	finding_measure(f, "protocol", json_integer(p->protocol));
	finding_measure(f, "packets", json_count(p->packets));
	finding_measure(f, "attacks", json_count(p->attacks));
	finding_measure(f, "sources", json_count(distinct(p->sources, p->attacks)));
	finding_measure(f, "sensors", json_count(distinct(p->targets, p->attacks)));
	finding_measure(f, "payload_sha256", json_string(p->sha256));
	finding_measure(f, "payload_octets", json_count(p->size));
	finding_threshold(
	    f, "sources", json_count(settings_u64(r->c->settings, "spread_sources")), RANDOM_DOC);
	finding_evidence(f, p->input, p->offset, p->length,
	    json_pack("{s:I, s:o, s:o, s:o}", "time", (json_int_t)analysis_ms(p->first), "source",
		json_address(&p->source), "text", sample_text(p), "hex", sample_hex(p)));
	finding_advise(f,
	    "Many sources send what nobody sent before: look at the payload, and whether own hosts "
	    "have the port open.");
}

/* One subject is one finding: of several payloads that one source brought first, the one that most
 * sources send. */
static bool
is_told(const struct payloads *l, const uint8_t *told, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (told[i] && address_equal(&l->all[i].source, &l->all[at].source) &&
		    strcmp(l->all[i].sensor, l->all[at].sensor) == 0)
			return true;
	return false;
}

enum err
random_payloads(const struct random_report *r, struct err_info *info)
{
	struct payloads l = { .count = 0 };
	enum err e = read_payloads(r, &l, info);
	size_t fresh = 0;
	uint8_t *told;

	if (e != ERR_OK || l.count == 0) {
		free(l.all);
		return e;
	}
	qsort(l.all, l.count, sizeof *l.all, compare_payloads);
	told = xcalloc(l.count, 1);
	for (size_t i = 0; i < l.count; i++) {
		const struct payload *p = &l.all[i];
		fresh += is_new(p);
		if (!is_new(p) || distinct(p->sources, p->attacks) <
				      settings_u64(r->c->settings, "spread_sources"))
			continue;
		if (is_told(&l, told, i))
			continue;
		told[i] = 1;
		find_spreading(r, p);
	}
	section_say(
	    r->section, "%zu payloads were seen, %zu of them for the first time.", l.count, fresh);
	put_payloads(r, &l);
	free(told);
	free(l.all);
	return ERR_OK;
}

/* ------------------------------------------------------------------ surges */

/* An hour of a port. */
struct hour {
	uint64_t service, hour, attacks; /* attacks in units */
};

static int
compare_hours(const void *a, const void *b)
{
	const struct hour *x = a, *y = b;

	if (x->service != y->service)
		return x->service < y->service ? -1 : 1;
	return (x->hour > y->hour) - (x->hour < y->hour);
}

static int
compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The median of the HOURS_MOST hours before; hours without attacks are 0.  False: too few were
 * watched. */
static bool
median_before(const struct hour *hours, size_t at, uint64_t first, uint64_t *ret_median)
{
	uint64_t list[HOURS_MOST] = { 0 }, hour = hours[at].hour;
	size_t count = hour - first < HOURS_MOST ? (size_t)(hour - first) : HOURS_MOST;

	if (count < HOURS_LEAST)
		return false;
	for (size_t i = at;
	     i-- > 0 && hours[i].service == hours[at].service && hour - hours[i].hour <= count;)
		list[hour - hours[i].hour - 1] = hours[i].attacks;
	qsort(list, count, sizeof *list, compare_numbers);
	*ret_median = list[count / 2];
	return true;
}

/* A surge of a port: its hours, and what its rows say. */
struct surge {
	uint8_t protocol;
	uint16_t port;
	unsigned long long from, to; /* ms */
	uint64_t attacks, median;    /* of its first hour, in units; of the hours before */
	nsec_t first, last;
	uint64_t packets;
};

#define SURGE_SQL        " protocol = %u AND port = %u AND first >= %llu AND first < %llu AND" PERIOD_SQL
#define SURGE_ARGS(r, s) (s)->protocol, (s)->port, (s)->from, (s)->to, PERIOD_ARGS((r)->c)

static enum err
measure_surge(const struct random_report *r, struct surge *s, struct err_info *info)
{
	struct result *result;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT min(first) AS f, max(last) AS l, sum(packets) AS p FROM security_random "
	    "WHERE" SURGE_SQL,
	    SURGE_ARGS(r, s));

	if (e != ERR_OK)
		return e;
	if (result_next(result)) {
		s->first = (nsec_t)result_u64(result, 0) * NSEC_PER_MS;
		s->last = (nsec_t)result_u64(result, 1) * NSEC_PER_MS;
		s->packets = result_u64(result, 2);
	}
	result_free(result);
	return ERR_OK;
}

/* Its first packets are the evidence. */
static enum err
show_first(
    const struct random_report *r, const struct surge *s, struct finding *f, struct err_info *info)
{
	struct result *result;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT input, input_offset, input_length, source FROM security_random WHERE" SURGE_SQL
	    "ORDER BY first, input, input_offset LIMIT %d",
	    SURGE_ARGS(r, s), EVIDENCE_MOST);

	if (e != ERR_OK)
		return e;
	while (result_next(result)) {
		struct address source = result_address(result, 3);
		finding_evidence(f, result_u64(result, 0), result_u64(result, 1),
		    result_u64(result, 2), json_pack("{s:o}", "source", json_address(&source)));
	}
	result_free(result);
	return ERR_OK;
}

/* Who sent most of it, and where. */
static enum err
name_surge(
    const struct random_report *r, const struct surge *s, struct finding *f, struct err_info *info)
{
	struct result *result;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT source AS s, sensor AS k, count(*) AS n FROM security_random WHERE" SURGE_SQL
	    "GROUP BY s, k ORDER BY n DESC, s, k LIMIT 1",
	    SURGE_ARGS(r, s));

	if (e != ERR_OK)
		return e;
	if (result_next(result)) {
		struct address source = result_address(result, 0);
		const char *sensor = result_text(result, 1);
		finding_subject(f, "source", json_address(&source));
		finding_subject(f, "sensor", json_text(sensor, strlen(sensor)));
	}
	result_free(result);
	return ERR_OK;
}

static enum err
find_surge(const struct random_report *r, struct surge *s, struct err_info *info)
{
	struct finding *f;
	enum err e = measure_surge(r, s, info);

	if (e != ERR_OK || s->packets == 0)
		return e;
	f = section_finding(r->section, "attack", "low", 0.7, s->first, s->last);
	e = name_surge(r, s, f, info);
	finding_measure(f, "reason", json_string("surge of a port"));
	finding_measure(f, "port", json_integer(s->port));
	finding_measure(f, "protocol", json_integer(s->protocol));
	finding_measure(f, "packets", json_count(s->packets));
	finding_measure(f, "attacks", json_real((double)s->attacks / RANDOM_UNIT));
	finding_measure(f, "median_hour_before", json_real((double)s->median / RANDOM_UNIT));
	finding_threshold(f, "times the median hour",
	    json_real(settings_f64(r->c->settings, "surge_factor")), RANDOM_DOC);
	finding_threshold(f, "attacks in an hour",
	    json_count(settings_u64(r->c->settings, "surge_attacks")), RANDOM_DOC);
	if (e == ERR_OK)
		e = show_first(r, s, f, info);
	finding_advise(f,
	    "Many more look for this port than the day before (the subject is who did most): a new "
	    "weakness or worm; close the port where it is not needed.");
	return e;
}

/* Hours of a surge one after the other are one finding. */
static enum err
find_surges(const struct random_report *r, struct err_info *info)
{
	const struct cells *cells = &r->p->hour_ports;
	const struct cell **sorted = cells_sorted(cells);
	struct hour *hours = xcalloc(cells->count + 1, sizeof *hours);
	uint64_t first = (uint64_t)(r->p->first / NSEC_PER_SEC / 3600) + 1, median = 0;
	uint64_t least = settings_u64(r->c->settings, "surge_attacks");
	unsigned told = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < cells->count; i++)
		hours[i] = (struct hour){ sorted[i]->key & 0xffffff, sorted[i]->key >> 24,
			sorted[i]->sums[0] };
	free(sorted);
	if (cells->count > 0)
		qsort(hours, cells->count, sizeof *hours, compare_hours);
	for (size_t i = 0; i < cells->count && e == ERR_OK && told < SURGES_MOST; i++) {
		size_t end = i;
		if (hours[i].attacks < least * RANDOM_UNIT || hours[i].hour < first ||
		    !median_before(hours, i, first, &median) ||
		    (double)hours[i].attacks <
			settings_f64(r->c->settings, "surge_factor") * (double)median)
			continue;
		while (end + 1 < cells->count && hours[end + 1].service == hours[i].service &&
		       hours[end + 1].hour == hours[end].hour + 1 &&
		       hours[end + 1].attacks >= least * RANDOM_UNIT)
			end++;
		e = find_surge(r,
		    &(struct surge){ .protocol = (uint8_t)(hours[i].service >> 16),
			.port = (uint16_t)(hours[i].service & 0xffff),
			.from = hours[i].hour * 3600 * 1000,
			.to = (hours[end].hour + 1) * 3600 * 1000,
			.attacks = hours[i].attacks,
			.median = median },
		    info);
		told++;
		i = end;
	}
	free(hours);
	return e;
}

/* ------------------------------------------------------------------ own addresses */

static void
find_own(const struct random_report *r)
{
	uint64_t least = settings_u64(r->c->settings, "own_attacks");

	for (size_t i = 0; i < r->p->own_count; i++) {
		const struct random_own *own = &r->p->own[i];
		char service[DARK_SERVICE_SIZE];
		struct finding *f;
		if (own->attacks < least * RANDOM_UNIT)
			continue;
		f = section_finding(r->section, "attack", "high", 0.7, own->first, own->last);
		finding_subject(f, "source", json_address(&own->source));
		finding_subject(f, "sensor", json_text(own->sensor, strlen(own->sensor)));
		finding_measure(f, "reason", json_string("own address sends to dark space"));
		finding_measure(f, "port", json_integer(own->port));
		finding_measure(f, "protocol", json_integer(own->protocol));
		finding_measure(f, "packets", json_count(own->packets));
		finding_measure(f, "attacks", json_real((double)own->attacks / RANDOM_UNIT));
		finding_threshold(f, "attacks", json_count(least), RANDOM_DOC);
		finding_evidence(f, own->input, own->offset, own->length, NULL);
		finding_advise(f,
		    "Nothing in dark space offers a service: look for malware or a wrong "
		    "configuration on this host, %s first.",
		    dark_service_text(own->protocol, own->port, service, sizeof service));
	}
}

enum err
random_findings(const struct random_report *r, struct err_info *info)
{
	find_own(r);
	return find_surges(r, info);
}
