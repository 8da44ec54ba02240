/* SPDX-License-Identifier: ISC */
/*
 * Typed settings; see settings.h.
 *
 * Every value has one grammar, checked here before anything is converted: digits with one unit for
 * durations and sizes, no signs, no hexadecimal, no "nan".  Ranges are texts of the same grammar,
 * so that a declaration reads like the file that overrides it.
 */
#include "base/settings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* Words longer than this are not compared: nobody mistypes that much. */
#define NEAREST_MAX_SIZE 63

struct value {
	union {
		uint64_t number; /* U64, SIZE, DURATION (nanoseconds), BOOL (0 or 1) */
		double real;     /* F64 */
		char *text;      /* owned: TEXT */
	};
};

struct settings {
	const struct setting *declared; /* borrowed */
	size_t count;
	struct value values[];
};

struct unit {
	const char *name;
	uint64_t factor;
};

/* Largest first, so that printing takes the first that divides. */
static const struct unit DURATION_UNITS[] = {
	{ "d", UINT64_C(86400000000000) },
	{ "h", UINT64_C(3600000000000) },
	{ "m", UINT64_C(60000000000) },
	{ "s", UINT64_C(1000000000) },
	{ "ms", UINT64_C(1000000) },
	{ "us", UINT64_C(1000) },
	{ "ns", 1 },
	{ NULL, 0 },
};

/* Binary units first: 65536 prints as 64KiB, 64000 as 64kB. */
static const struct unit SIZE_UNITS[] = {
	{ "TiB", UINT64_C(1) << 40 },
	{ "GiB", UINT64_C(1) << 30 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "TB", UINT64_C(1000000000000) },
	{ "GB", UINT64_C(1000000000) },
	{ "MB", UINT64_C(1000000) },
	{ "kB", UINT64_C(1000) },
	{ "KB", UINT64_C(1000) },
	{ "B", 1 },
	{ "", 1 },
	{ NULL, 0 },
};

/* What a text of each type looks like, for the person who wrote something else. */
static const char *const TYPE_TEXT[] = {
	[SETTING_U64] = "a whole number",
	[SETTING_F64] = "a number like 0.25",
	[SETTING_BOOL] = "true or false",
	[SETTING_TEXT] = "text",
	[SETTING_DURATION] = "a duration like 250ms, 300s, 5m, 1h or 1d",
	[SETTING_SIZE] = "a size like 512KiB, 64MiB or 1GB",
};

static bool parse_value(enum setting_type type, const char *text, struct value *ret_value);
static enum err check_range(
    const struct setting *s, const struct value *v, const char *text, struct err_info *info);
static size_t find(const struct settings *settings, const char *name);
static const struct value *
get(const struct settings *settings, const char *name, enum setting_type type);

struct settings *
settings_new(const struct setting *declared, size_t count)
{
	struct settings *settings = xcalloc(1, sizeof *settings + count * sizeof(struct value));

	settings->declared = declared;
	settings->count = count;
	for (size_t i = 0; i < count; i++) {
		const struct setting *s = &declared[i];
		bool valid = parse_value(s->type, s->initial, &settings->values[i]) &&
			     check_range(s, &settings->values[i], s->initial, NULL) == ERR_OK;
		assert(valid);
		(void)valid;
	}
	return settings;
}

void
settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	for (size_t i = 0; i < settings->count; i++)
		if (settings->declared[i].type == SETTING_TEXT)
			free(settings->values[i].text);
	free(settings);
}

static enum err
refuse_name(const struct settings *settings, const char *name, struct err_info *info)
{
	const char **names = xcalloc(settings->count + 1, sizeof *names);
	const char *near;

	for (size_t i = 0; i < settings->count; i++)
		names[i] = settings->declared[i].name;
	near = settings_nearest(name, names, settings->count);
	free(names);
	if (near != NULL)
		return err_set(info, ERR_CONFIG, "unknown setting \"%.60s\" (did you mean \"%s\"?)",
		    name, near);
	return err_set(info, ERR_CONFIG, "unknown setting \"%.60s\"", name);
}

enum err
settings_set(struct settings *settings, const char *name, const char *text, struct err_info *info)
{
	size_t index = find(settings, name);
	const struct setting *s;
	struct value v;
	enum err e;

	if (index == settings->count)
		return refuse_name(settings, name, info);
	s = &settings->declared[index];
	if (!parse_value(s->type, text, &v))
		return err_set(info, ERR_CONFIG, "\"%s\" is %s, not \"%.60s\"", name,
		    TYPE_TEXT[s->type], text);
	e = check_range(s, &v, text, info);
	if (e != ERR_OK)
		return e;
	if (s->type == SETTING_TEXT)
		free(settings->values[index].text);
	settings->values[index] = v;
	return ERR_OK;
}

uint64_t
settings_u64(const struct settings *settings, const char *name)
{
	return get(settings, name, SETTING_U64)->number;
}

double
settings_f64(const struct settings *settings, const char *name)
{
	return get(settings, name, SETTING_F64)->real;
}

bool
settings_bool(const struct settings *settings, const char *name)
{
	return get(settings, name, SETTING_BOOL)->number != 0;
}

const char *
settings_text(const struct settings *settings, const char *name)
{
	return get(settings, name, SETTING_TEXT)->text;
}

nsec_t
settings_duration(const struct settings *settings, const char *name)
{
	return (nsec_t)get(settings, name, SETTING_DURATION)->number;
}

uint64_t
settings_size(const struct settings *settings, const char *name)
{
	return get(settings, name, SETTING_SIZE)->number;
}

static void
print_with_unit(uint64_t number, const struct unit *units, char *text, size_t size)
{
	const struct unit *u = units;

	if (number == 0) {
		(void)snprintf(text, size, "0%s", units == DURATION_UNITS ? "s" : "B");
		return;
	}
	while (number % u->factor != 0)
		u++;
	(void)snprintf(text, size, "%llu%s", (unsigned long long)(number / u->factor), u->name);
}

/* The fewest digits that read back to the same number. */
static void
print_real(double real, char *text, size_t size)
{
	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, size, "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			return;
	}
}

char *
settings_print(const struct settings *settings, size_t index, char *text, size_t size)
{
	const struct value *v;

	assert(index < settings->count);
	v = &settings->values[index];
	switch (settings->declared[index].type) {
	case SETTING_U64: (void)snprintf(text, size, "%llu", (unsigned long long)v->number); break;
	case SETTING_F64: print_real(v->real, text, size); break;
	case SETTING_BOOL: (void)snprintf(text, size, "%s", v->number ? "true" : "false"); break;
	case SETTING_TEXT: (void)snprintf(text, size, "%s", v->text); break;
	case SETTING_DURATION: print_with_unit(v->number, DURATION_UNITS, text, size); break;
	case SETTING_SIZE: print_with_unit(v->number, SIZE_UNITS, text, size); break;
	}
	return text;
}

const struct setting *
settings_declared(const struct settings *settings, size_t *ret_count)
{
	*ret_count = settings->count;
	return settings->declared;
}

/*
 * Edits between two words: insertion, deletion, substitution, and transposition of neighbours
 * (optimal string alignment; F. Damerau, CACM 7(3), 1964).  Three rows of the table are enough.
 */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX_SIZE + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t m = strlen(a), n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		above[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *oldest = before;
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[n];
}

const char *
settings_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t size = strlen(word);
	/* A third of the letters wrong is a slip of the fingers, more is another word. */
	size_t least = (size < 3 ? 1 : size / 3 > 3 ? 3 : size / 3) + 1;
	const char *nearest = NULL;

	if (size > NEAREST_MAX_SIZE)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t distance;
		if (strlen(candidates[i]) > NEAREST_MAX_SIZE)
			continue;
		distance = edit_distance(word, candidates[i]);
		if (distance < least) {
			least = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}

static size_t
find(const struct settings *settings, const char *name)
{
	size_t i = 0;

	while (i < settings->count && strcmp(settings->declared[i].name, name) != 0)
		i++;
	return i;
}

static const struct value *
get(const struct settings *settings, const char *name, enum setting_type type)
{
	size_t index = find(settings, name);

	assert(index < settings->count);
	assert(settings->declared[index].type == type);
	(void)type;
	return &settings->values[index];
}

/* Reads digits; false when there are none or they overflow. */
static bool
parse_digits(const char **at, uint64_t *ret_number)
{
	const char *p = *at;
	uint64_t number = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			return false;
	if (p == *at)
		return false;
	*at = p;
	*ret_number = number;
	return true;
}

static bool
parse_with_unit(const char *text, const struct unit *units, uint64_t most, uint64_t *ret_number)
{
	uint64_t number;

	if (!parse_digits(&text, &number))
		return false;
	for (const struct unit *u = units; u->name != NULL; u++) {
		if (strcmp(u->name, text) != 0)
			continue;
		if (__builtin_mul_overflow(number, u->factor, &number) || number > most)
			return false;
		*ret_number = number;
		return true;
	}
	return false;
}

/* [-]digits[.digits][e[+-]digits]: what strtod takes minus infinities, hexadecimal and blanks. */
static bool
parse_real(const char *text, double *ret_real)
{
	const char *p = text + (*text == '-');
	size_t digits = strspn(p, "0123456789");
	double real;

	if (digits == 0)
		return false;
	p += digits;
	if (*p == '.') {
		digits = strspn(p + 1, "0123456789");
		if (digits == 0)
			return false;
		p += 1 + digits;
	}
	if (*p == 'e' || *p == 'E') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		digits = strspn(p, "0123456789");
		if (digits == 0)
			return false;
		p += digits;
	}
	if (*p != '\0')
		return false;
	real = strtod(text, NULL);
	if (!__builtin_isfinite(real))
		return false;
	*ret_real = real;
	return true;
}

static bool
parse_bool(const char *text, uint64_t *ret_number)
{
	if (strcmp(text, "true") == 0)
		*ret_number = 1;
	else if (strcmp(text, "false") == 0)
		*ret_number = 0;
	else
		return false;
	return true;
}

static bool
parse_value(enum setting_type type, const char *text, struct value *ret_value)
{
	switch (type) {
	case SETTING_U64: return parse_digits(&text, &ret_value->number) && *text == '\0';
	case SETTING_F64: return parse_real(text, &ret_value->real);
	case SETTING_BOOL: return parse_bool(text, &ret_value->number);
	case SETTING_TEXT: ret_value->text = xstrdup(text); return true;
	case SETTING_DURATION:
		return parse_with_unit(text, DURATION_UNITS, INT64_MAX, &ret_value->number);
	case SETTING_SIZE: return parse_with_unit(text, SIZE_UNITS, UINT64_MAX, &ret_value->number);
	}
	return false;
}

/* Whether `a` is less than `b`; text and switches have no order. */
static bool
less(enum setting_type type, const struct value *a, const struct value *b)
{
	return type == SETTING_F64 ? a->real < b->real : a->number < b->number;
}

static enum err
check_range(const struct setting *s, const struct value *v, const char *text, struct err_info *info)
{
	struct value bound;

	if (s->type == SETTING_TEXT || s->type == SETTING_BOOL)
		return ERR_OK;
	if (s->least != NULL) {
		bool valid = parse_value(s->type, s->least, &bound);
		assert(valid);
		if (!valid || less(s->type, v, &bound))
			return err_set(info, ERR_CONFIG, "\"%s\" is at least %s, not %.60s",
			    s->name, s->least, text);
	}
	if (s->most != NULL) {
		bool valid = parse_value(s->type, s->most, &bound);
		assert(valid);
		if (!valid || less(s->type, &bound, v))
			return err_set(info, ERR_CONFIG, "\"%s\" is at most %s, not %.60s", s->name,
			    s->most, text);
	}
	return ERR_OK;
}
