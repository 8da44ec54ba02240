/* SPDX-License-Identifier: ISC */
/*
 * The builder of sections; see section.h.  Everything is put into the JSON object at once, so that
 * finishing a section only frees the handles.
 */
#include "obs/section.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/xmalloc.h"
#include "base/zone.h"

struct section_table {
	json_t *rows, *notes; /* inside the section's object */
	size_t column_count;
	struct section_table *next;
};

struct section_figure {
	json_t *object, *series; /* inside the section's object */
	struct section_figure *next;
};

struct finding {
	json_t *object; /* inside the section's findings */
	struct finding *next;
};

struct section {
	json_t *object; /* owned; the others lie inside it */
	json_t *summary, *definition, *quality, *tables, *figures;
	json_t *findings;                   /* owned */
	struct section_table *table_list;   /* owned */
	struct section_figure *figure_list; /* owned */
	struct finding *finding_list;       /* owned */
};

static void append_formatted(json_t *array, const char *format, va_list args);
static json_t *formatted(const char *format, va_list args);
static size_t utf8_size(const unsigned char *p, size_t left);

/* A new member of `parent`, borrowed. */
static json_t *
put(json_t *parent, const char *key, json_t *value)
{
	if (json_object_set_new(parent, key, value) != 0)
		abort(); /* out of memory, as xmalloc does */
	return value;
}

static json_t *
put_text(json_t *parent, const char *key, const char *text)
{
	return put(parent, key, json_text(text, strlen(text)));
}

struct section *
section_new(const char *id, const char *title)
{
	struct section *s = xcalloc(1, sizeof *s);

	s->object = json_object();
	(void)put_text(s->object, "id", id);
	(void)put_text(s->object, "title", title);
	s->summary = put(s->object, "summary", json_array());
	s->definition = put(s->object, "definition", json_array());
	s->quality = put(s->object, "quality", json_array());
	s->tables = put(s->object, "tables", json_array());
	s->figures = put(s->object, "figures", json_array());
	s->findings = json_array();
	return s;
}

json_t *
section_finish(struct section *s)
{
	json_t *object = s->object;

	while (s->table_list != NULL) {
		struct section_table *t = s->table_list;
		s->table_list = t->next;
		free(t);
	}
	while (s->figure_list != NULL) {
		struct section_figure *f = s->figure_list;
		s->figure_list = f->next;
		free(f);
	}
	while (s->finding_list != NULL) {
		struct finding *f = s->finding_list;
		s->finding_list = f->next;
		free(f);
	}
	json_decref(s->findings);
	free(s);
	return object;
}

static json_t *
time_text(nsec_t time)
{
	char text[40];

	return json_string(clock_format(time, 3, text, sizeof text));
}

struct finding *
section_finding(struct section *s, const char *kind, const char *severity, double confidence,
    nsec_t begin, nsec_t end)
{
	struct finding *f = xcalloc(1, sizeof *f);

	f->object = json_object();
	(void)put(f->object, "id", json_string(""));
	(void)put(f->object, "analysis", json_copy(json_object_get(s->object, "id")));
	(void)put_text(f->object, "kind", kind);
	(void)put_text(f->object, "severity", severity);
	(void)put(f->object, "confidence", json_real(confidence));
	(void)put(f->object, "begin", time_text(begin));
	(void)put(f->object, "end", time_text(end));
	(void)put(f->object, "subject", json_object());
	(void)put(f->object, "measures", json_object());
	(void)put(f->object, "thresholds", json_array());
	(void)put(f->object, "evidence", json_array());
	json_array_append_new(s->findings, f->object);
	f->next = s->finding_list;
	s->finding_list = f;
	return f;
}

void
finding_subject(struct finding *f, const char *name, json_t *value)
{
	(void)put(json_object_get(f->object, "subject"), name, value);
}

void
finding_measure(struct finding *f, const char *name, json_t *value)
{
	(void)put(json_object_get(f->object, "measures"), name, value);
}

void
finding_interval(struct finding *f, const char *name, double value, double low, double high)
{
	char key[64];

	finding_measure(f, name, json_real(value));
	(void)snprintf(key, sizeof key, "%s_low", name);
	finding_measure(f, key, json_real(low));
	(void)snprintf(key, sizeof key, "%s_high", name);
	finding_measure(f, key, json_real(high));
}

void
finding_threshold(struct finding *f, const char *name, json_t *value, const char *source)
{
	json_t *threshold = json_object();

	(void)put_text(threshold, "name", name);
	(void)put(threshold, "value", value);
	(void)put_text(threshold, "source", source);
	json_array_append_new(json_object_get(f->object, "thresholds"), threshold);
}

void
finding_evidence(
    struct finding *f, uint64_t input, uint64_t offset, uint64_t length, json_t *decoded)
{
	json_t *evidence = json_pack("{s:I, s:I, s:I}", "input", (json_int_t)input, "offset",
	    (json_int_t)offset, "length", (json_int_t)length);

	if (decoded != NULL)
		(void)put(evidence, "decoded", decoded);
	json_array_append_new(json_object_get(f->object, "evidence"), evidence);
}

void
finding_advise(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)put(f->object, "advice", formatted(format, args));
	va_end(args);
}

/* Analysis, kind, subject and begin make the id: 64 bits are plenty for the findings of a review.
 */
static void
set_id(json_t *finding)
{
	json_t *key = json_pack("[O, O, O, O]", json_object_get(finding, "analysis"),
	    json_object_get(finding, "kind"), json_object_get(finding, "subject"),
	    json_object_get(finding, "begin"));
	char *text = json_dumps(key, JSON_COMPACT);
	char id[17];

	if (text == NULL)
		abort(); /* out of memory */
	(void)snprintf(
	    id, sizeof id, "%016llx", (unsigned long long)XXH3_64bits(text, strlen(text)));
	(void)put_text(finding, "id", id);
	free(text);
	json_decref(key);
}

json_t *
section_findings(struct section *s)
{
	json_t *finding;
	size_t i;

	json_array_foreach (s->findings, i, finding)
		set_id(finding);
	return json_incref(s->findings);
}

void
section_say(struct section *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_formatted(s->summary, format, args);
	va_end(args);
}

void
section_define(struct section *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_formatted(s->definition, format, args);
	va_end(args);
}

void
section_quality(struct section *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_formatted(s->quality, format, args);
	va_end(args);
}

void
section_warn(struct section *s, const char *format, ...)
{
	json_t *warnings = json_object_get(s->object, "warnings");
	va_list args;

	if (warnings == NULL)
		warnings = put(s->object, "warnings", json_array());
	va_start(args, format);
	append_formatted(warnings, format, args);
	va_end(args);
}

struct section_table *
section_table(struct section *s, const char *id, const char *title,
    const struct section_column *columns, size_t column_count)
{
	struct section_table *t = xcalloc(1, sizeof *t);
	json_t *object = json_object();
	json_t *array;

	(void)put_text(object, "id", id);
	(void)put_text(object, "title", title);
	array = put(object, "columns", json_array());
	for (size_t i = 0; i < column_count; i++) {
		json_t *column = json_object();
		(void)put_text(column, "name", columns[i].name);
		(void)put_text(column, "title", columns[i].title);
		(void)put_text(column, "type", columns[i].type);
		(void)put_text(column, "unit", columns[i].unit != NULL ? columns[i].unit : "");
		(void)json_array_append_new(array, column);
	}
	t->rows = put(object, "rows", json_array());
	t->notes = put(object, "notes", json_array());
	t->column_count = column_count;
	(void)json_array_append_new(s->tables, object);
	t->next = s->table_list;
	s->table_list = t;
	return t;
}

/* By count and not by the sentinel: a cell that could not be made is a gap, not the end. */
static json_t *
take_cells(size_t count, va_list args)
{
	json_t *row = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *cell = va_arg(args, json_t *);
		(void)json_array_append_new(row, cell != NULL ? cell : json_null());
	}
	assert(va_arg(args, json_t *) == NULL);
	return row;
}

void
section_row(struct section_table *t, ...)
{
	va_list args;

	va_start(args, t);
	(void)json_array_append_new(t->rows, take_cells(t->column_count, args));
	va_end(args);
}

void
section_table_note(struct section_table *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_formatted(t->notes, format, args);
	va_end(args);
}

struct section_figure *
section_figure(struct section *s, enum figure_kind kind, const char *id, const char *title)
{
	struct section_figure *f = xcalloc(1, sizeof *f);

	f->object = json_object();
	(void)put_text(f->object, "id", id);
	(void)put_text(f->object, "title", title);
	(void)put_text(f->object, "kind", figure_kind_name(kind));
	/* Both axes and the caption are always there, in this order. */
	section_axis(f, 'x', "", "linear", "");
	section_axis(f, 'y', "", "linear", "");
	f->series = put(f->object, "series", json_array());
	(void)put_text(f->object, "caption", "");
	(void)json_array_append_new(s->figures, f->object);
	f->next = s->figure_list;
	s->figure_list = f;
	return f;
}

void
section_axis(
    struct section_figure *f, char axis, const char *label, const char *type, const char *unit)
{
	json_t *object = json_object();

	assert(axis == 'x' || axis == 'y');
	(void)put_text(object, "label", label);
	(void)put_text(object, "type", type);
	(void)put_text(object, "unit", unit != NULL ? unit : "");
	(void)put(f->object, axis == 'x' ? "x" : "y", object);
}

void
section_caption(struct section_figure *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)put(f->object, "caption", formatted(format, args));
	va_end(args);
}

void
section_mark(struct section_figure *f, nsec_t time, const char *label)
{
	json_t *marks = json_object_get(f->object, "marks");

	if (marks == NULL)
		marks = put(f->object, "marks", json_array());
	(void)json_array_append_new(marks,
	    json_pack("[I,o]", (json_int_t)(time / NSEC_PER_MS), json_text(label, strlen(label))));
}

json_t *
section_series(struct section_figure *f, const char *name)
{
	json_t *object = json_object();

	(void)put_text(object, "name", name);
	(void)json_array_append_new(f->series, object);
	return put(object, "points", json_array());
}

json_t *
section_series_drawn(struct section_figure *f, const char *name, unsigned group, const char *style)
{
	json_t *points = section_series(f, name);
	json_t *object = json_array_get(f->series, json_array_size(f->series) - 1);

	(void)put(object, "group", json_integer(group));
	(void)put_text(object, "style", style);
	return points;
}

void
section_guide(struct section_figure *f, const char *kind, const char *label, double a, double b)
{
	json_t *guides = json_object_get(f->object, "guides");
	json_t *guide = json_object();

	if (!isfinite(a) || !isfinite(b)) {
		json_decref(guide);
		return;
	}
	if (guides == NULL)
		guides = put(f->object, "guides", json_array());
	(void)put_text(guide, "kind", kind);
	(void)put_text(guide, "label", label);
	(void)put(guide, "a", json_real(a));
	(void)put(guide, "b", json_real(b));
	(void)json_array_append_new(guides, guide);
}

const char *
figure_kind_name(enum figure_kind kind)
{
	static const char *const names[FIGURE_KIND_COUNT] = {
		[FIGURE_TIME_SERIES] = "time-series",
		[FIGURE_STACKED_AREA] = "stacked-area",
		[FIGURE_BARS] = "bars",
		[FIGURE_LOG_HISTOGRAM] = "log-histogram",
		[FIGURE_CCDF] = "ccdf",
		[FIGURE_CALENDAR] = "calendar",
		[FIGURE_WORLD_MAP] = "world-map",
		[FIGURE_TIMELINE] = "timeline",
		[FIGURE_CURVE] = "curve",
		[FIGURE_HISTOGRAM_2D] = "histogram-2d",
	};

	assert((unsigned)kind < FIGURE_KIND_COUNT);
	return names[kind];
}

json_t *
json_text(const char *text, size_t size)
{
	const unsigned char *p = (const unsigned char *)text;
	/* An octet that is no UTF-8 becomes four: "\xNN". */
	char *clean = xcalloc(size + 1, 4);
	size_t len = 0;
	json_t *string;

	for (size_t i = 0; i < size;) {
		size_t n = utf8_size(p + i, size - i);
		if (n == 0) {
			(void)snprintf(clean + len, 5, "\\x%02x", p[i]);
			len += 4;
			i++;
			continue;
		}
		memcpy(clean + len, p + i, n);
		len += n;
		i += n;
	}
	string = json_stringn(clean, len);
	free(clean);
	if (string == NULL)
		abort(); /* out of memory: the text is UTF-8 by now */
	return string;
}

json_t *
json_count(uint64_t count)
{
	return json_integer(count < INT64_MAX ? (json_int_t)count : INT64_MAX);
}

json_t *
json_address(const struct address *address)
{
	static const struct address none;
	char text[ADDRESS_TEXT_SIZE];

	return address_equal(address, &none) ? json_null()
					     : json_string(address_format(address, text));
}

char *
text_count(uint64_t value, char *text, size_t size)
{
	char digits[24];
	char grouped[32];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			grouped[out++] = ',';
		grouped[out++] = digits[i];
	}
	grouped[out] = '\0';
	(void)snprintf(text, size, "%s", grouped);
	return text;
}

/* Units that are symbols take the prefix directly; words stand apart from it ("1.5 M packets"). */
static bool
is_symbol(const char *unit)
{
	static const char *const symbols[] = { "bps", "pps", "fps", "qps", "B", "B/s", "b", "s",
		"Hz" };

	for (size_t i = 0; i < ARRAY_COUNT(symbols); i++)
		if (strcmp(unit, symbols[i]) == 0)
			return true;
	return false;
}

/* Three digits, without zeros at the end of a fraction. */
static void
print_number(char *number, size_t size, bool negative, double magnitude)
{
	const char *sign = negative ? "\u2212" : "";
	int digits = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;
	size_t len;

	if (magnitude > 0 && magnitude < 0.9995) {
		(void)snprintf(number, size, "%s%.3g", sign, magnitude);
		return;
	}
	(void)snprintf(number, size, "%s%.*f", sign, digits, magnitude);
	if (strchr(number, '.') == NULL)
		return;
	len = strlen(number);
	while (number[len - 1] == '0')
		number[--len] = '\0';
	if (number[len - 1] == '.')
		number[--len] = '\0';
}

char *
text_si(double value, const char *unit, char *text, size_t size)
{
	static const char *const large[] = { "", "k", "M", "G", "T", "P", "E" };
	static const char *const small[] = { "", "m", "µ", "n" };
	const char *prefix = "";
	double scaled = fabs(value);
	size_t step = 0;
	char number[32];

	if (strcmp(unit, "octets") == 0)
		unit = "B";
	if (!isfinite(value)) {
		(void)snprintf(text, size, "unknown");
		return text;
	}
	if (strcmp(unit, "s") == 0) {
		while (scaled > 0 && scaled < 0.9995 && step + 1 < ARRAY_COUNT(small)) {
			scaled *= 1000;
			prefix = small[++step];
		}
	} else {
		/* 999.5 would print as 1000: it is 1 of the next. */
		while (scaled >= 999.5 && step + 1 < ARRAY_COUNT(large)) {
			scaled /= 1000;
			prefix = large[++step];
		}
	}
	print_number(number, sizeof number, value < 0, scaled);
	if (unit[0] == '\0')
		(void)snprintf(text, size, "%s%s%s", number, prefix[0] != '\0' ? " " : "", prefix);
	else
		(void)snprintf(text, size, "%s %s%s%s", number, prefix,
		    prefix[0] != '\0' && !is_symbol(unit) ? " " : "", unit);
	return text;
}

char *
text_time(nsec_t time, const char *time_zone, char *text, size_t size)
{
	struct zone *zone = NULL;

	if (time_zone != NULL && zone_open(time_zone, &zone, NULL) != ERR_OK)
		zone = NULL;
	(void)zone_format(zone, time, 0, text, size);
	zone_close(zone);
	return text;
}

static void
append_formatted(json_t *array, const char *format, va_list args)
{
	(void)json_array_append_new(array, formatted(format, args));
}

static json_t *
formatted(const char *format, va_list args)
{
	char *text = NULL;
	int len = vasprintf(&text, format, args);
	json_t *string;

	if (len < 0)
		abort(); /* out of memory, or a format that cannot be printed */
	string = json_text(text, (size_t)len);
	free(text);
	return string;
}

/* Octets of the UTF-8 character at `p` (RFC 3629 section 4), 0 when there is none. */
static size_t
utf8_size(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second octet */
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0; /* no overlong forms */
	else if (p[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f; /* nothing above U+10FFFF */
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}
