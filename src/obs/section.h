/* SPDX-License-Identifier: ISC */
/*
 * One section of a review, as an analysis builds it: what it found in plain language, figures,
 * tables, the definition, and what it rests on.  The result is JSON (doc/schema/
 * review.schema.json); this is a thin layer over jansson that keeps names and shapes the same
 * everywhere.
 *
 *	section_say(s, "Traffic peaked at %s on %s.", rate, when);
 *
 *	struct section_table *t =
 *	    section_table(s, "addresses", "Top addresses", COLUMNS, ARRAY_COUNT(COLUMNS));
 *	section_row(t, json_text(address, strlen(address)), json_integer(octets), NULL);
 *
 *	struct section_figure *f = section_figure(s, FIGURE_TIME_SERIES, "rate", "Traffic rate");
 *	section_axis(f, 'x', "time", "time", "ms");
 *	section_axis(f, 'y', "bit rate", "linear", "bps");
 *	json_t *points = section_series(f, "IPv4");
 *	json_array_append_new(points, json_pack("[I,f]", ms, value));
 *
 * Texts may hold any octets: what is not UTF-8 becomes a visible \xNN.
 */
#ifndef YAGURA_OBS_SECTION_H
#define YAGURA_OBS_SECTION_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Figure kinds, with the shape of one point.  Times are milliseconds since 1970; a null value is a
 * gap. */
enum figure_kind {
	FIGURE_TIME_SERIES,  /* "time-series": [time, value] or [time, value, low, high] */
	FIGURE_STACKED_AREA, /* "stacked-area": [time, value]; all series share their times */
	FIGURE_BARS, /* "bars": [category, value] or [category, value, low, high]; several series
			are grouped */
	FIGURE_LOG_HISTOGRAM, /* "log-histogram": [low edge, high edge, value] */
	FIGURE_CCDF,          /* "ccdf": [value, share of what is larger], both axes log */
	FIGURE_CALENDAR,      /* "calendar": ["YYYY-MM-DD", value] */
	FIGURE_WORLD_MAP,     /* "world-map": [ISO 3166 alpha-2, value] */
	FIGURE_TIMELINE,      /* "timeline": [begin, end, label]; a series is a category */
	FIGURE_CURVE, /* "curve": [x, y] or [x, y, low, high], each axis linear or log; series and
			 guides as section_series_drawn and section_guide say */
	FIGURE_HISTOGRAM_2D, /* "histogram-2d": [x low edge, x high edge, y low edge, y high edge,
				value], both axes log */
	FIGURE_KIND_COUNT,
};

/* A column of a section's table. */
struct section_column {
	const char *name;  /* snake case: the key in CSV and JSON */
	const char *title; /* heading */
	const char *type; /* text, address, count, number, octets, share (0…1), time (ms), duration
			     (s), rate, items (lines of a tag, a blank and a text) */
	const char *unit; /* packets, octets, flows, pps, bps, s, "" */
};

struct section;
struct section_table;
struct section_figure;
struct finding;

/* A new section; `id` is the analysis's name ("traffic/volume"). */
struct section *section_new(const char *id, const char *title);
/* Frees the section and hands over its JSON object (a new reference). */
json_t *section_finish(struct section *s);

/* Appends a sentence or paragraph of plain language to the summary; to the definition; to the notes
 * on quality; to the warnings, which stand out above everything else: what makes figures wrong. */
void section_say(struct section *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void
section_define(struct section *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void
section_quality(struct section *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void section_warn(struct section *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct section_table *section_table(struct section *s, const char *id, const char *title,
    const struct section_column *columns, size_t column_count);
/* Appends a row of exactly as many json_t* as there are columns, then NULL; references are taken
 * over.  A cell that is NULL or json_null() has no value and prints as a dash. */
void section_row(struct section_table *t, ...) __attribute__((sentinel));
/* A remark under the table: its error bound, what was cut off. */
void section_table_note(struct section_table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct section_figure *
section_figure(struct section *s, enum figure_kind kind, const char *id, const char *title);
/* `axis` is 'x' or 'y'; `type` is time, linear, log or category. */
void section_axis(
    struct section_figure *f, char axis, const char *label, const char *type, const char *unit);
void section_caption(struct section_figure *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Marks a moment on a figure whose x axis is time: an event beside what it may explain. */
void section_mark(struct section_figure *f, nsec_t time, const char *label);
/* Adds a series and returns its array of points (borrowed). */
json_t *section_series(struct section_figure *f, const char *name);

/* The same for a curve: series of one `group` (from 0) have one colour; `style` is line, dashed,
 * steps or dots. */
json_t *
section_series_drawn(struct section_figure *f, const char *name, unsigned group, const char *style);

/*
 * Something beside the data of a curve or a two-dimensional histogram, with its name:
 *
 *	zone-x    the part of the plane from x = a to x = b
 *	line-x    at x = a;  line-y: at y = a;  diagonal: x = y
 *	tick-x    an interval on the x axis from a to b, its middle marked
 *	point     at (a, b)
 */
void
section_guide(struct section_figure *f, const char *kind, const char *label, double a, double b);

/*
 * A finding: something that happened to somebody, with its measures, the thresholds it passed and
 * where they come from, and the place of the evidence.  Kinds, subjects and measures have the names
 * of DESIGN section 9, units in doc/review.md.  Its id follows from analysis, kind, subject and
 * begin: the same input gives the same ids.
 *
 *	struct finding *f = section_finding(s, "attack", "high", 0.9, begin, end);
 *	finding_subject(f, "zone", json_text(zone, strlen(zone)));
 *	finding_measure(f, "queries", json_integer(queries));
 *	finding_threshold(f, "queries in 10 s", json_integer(200), "dnsdist guide");
 *	finding_evidence(f, input, offset, length, json_text(decoded, strlen(decoded)));
 *	finding_advise(f, "Unbound: ratelimit-for-domain: %s 100", zone);
 *
 * `severity` is info, low, medium, high or critical; `confidence` 0…1.
 */
struct finding *section_finding(struct section *s, const char *kind, const char *severity,
    double confidence, nsec_t begin, nsec_t end);
/* References are taken over; a subject of several members names them in order. */
void finding_subject(struct finding *f, const char *name, json_t *value);
void finding_measure(struct finding *f, const char *name, json_t *value);
/* "name", "name_low", "name_high": a value with its 95 % interval. */
void finding_interval(struct finding *f, const char *name, double value, double low, double high);
void finding_threshold(struct finding *f, const char *name, json_t *value, const char *source);
/* The record at `offset` of the input with that id in the store (the column `input` of a row);
 * `decoded` says what is there, or is NULL. */
void finding_evidence(
    struct finding *f, uint64_t input, uint64_t offset, uint64_t length, json_t *decoded);
void
finding_advise(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All findings so far, as a new array; their evidence names inputs by the store's id.  Before
 * section_finish. */
json_t *section_findings(struct section *s);

/* "time-series" and so on. */
const char *figure_kind_name(enum figure_kind kind);

/* A JSON string of any octets: names and payload from the input. */
json_t *json_text(const char *text, size_t size);

/* A count; what passes JSON's integers becomes the largest of them. */
json_t *json_count(uint64_t count);
/* An address in its shortest form; null for the address of no host at all (sixteen zeros). */
json_t *json_address(const struct address *address);

/* Text for prose, each returning `text`: 1234567 → "1,234,567". */
char *text_count(uint64_t value, char *text, size_t size);
/* Three digits with an SI prefix: 1.2345e9 bps → "1.23 Gbps", 2048 octets → "2.05 kB", 1.5e6
 * packets → "1.5 M packets", 0.0012 s → "1.2 ms".  Only seconds become smaller units, and they
 * never become kiloseconds. */
char *text_si(double value, const char *unit, char *text, size_t size);
/* A time in the site's zone, with the zone named: "2014-06-01 09:00:05 JST".  In UTC when the zone
 * is NULL or unknown.  Reads the zone at each call: for many times use base/zone.h. */
char *text_time(nsec_t time, const char *time_zone, char *text, size_t size);

#endif
