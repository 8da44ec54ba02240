/* SPDX-License-Identifier: ISC */
/*
 * Typed settings that modules declare and yagura.yaml sets.
 *
 * A module (the program, the meter, an analysis) declares a const array; name, type, default, range
 * and help all come from it: checking, printing, the manual.  Resolved values are read once, at
 * init:
 *
 *	static const struct setting SETTINGS[] = {
 *		{ "threshold", SETTING_F64, "0.01", "0.0001", "0.5", "least share of the total that
 * is reported" },
 *	};
 *	state->threshold = settings_f64(context->settings, "threshold");
 *
 * Asking for a name that was not declared, or as another type, is our own mistake and asserts.
 */
#ifndef YAGURA_BASE_SETTINGS_H
#define YAGURA_BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

enum setting_type {
	SETTING_U64,      /* 262144, 1_000 not accepted */
	SETTING_F64,      /* 0.01 */
	SETTING_BOOL,     /* true, false */
	SETTING_TEXT,     /* anything */
	SETTING_DURATION, /* 300s, 5m, 1h, 250ms: nanoseconds inside */
	SETTING_SIZE,     /* 64MiB, 512KiB, 1GB: octets inside */
};

struct setting {
	const char *name; /* snake case */
	enum setting_type type;
	const char *initial; /* the default, as text that parses */
	const char *least;   /* smallest value as text, or NULL; not for TEXT and BOOL */
	const char *most;    /* largest value as text, or NULL */
	const char *help;    /* one line, no full stop */
};

struct settings; /* resolved values of one module */

/* All defaults; the declaration is borrowed for the life of the settings.  Asserts that every
 * default is valid. */
struct settings *settings_new(const struct setting *declared, size_t count);
void settings_free(struct settings *settings);

/*
 * Sets one value from text.  ERR_CONFIG with an explanation when the name is unknown (with the
 * nearest known one), or the text is no value of its type or out of range.
 */
MUST_CHECK enum err
settings_set(struct settings *settings, const char *name, const char *text, struct err_info *info);

uint64_t settings_u64(const struct settings *settings, const char *name);
double settings_f64(const struct settings *settings, const char *name);
bool settings_bool(const struct settings *settings, const char *name);
const char *settings_text(const struct settings *settings, const char *name); /* borrowed */
nsec_t settings_duration(const struct settings *settings, const char *name);
uint64_t settings_size(const struct settings *settings, const char *name);

/* The canonical text of value number `index` ("5m", "64MiB"), which settings_set reads back to the
 * same value. */
char *settings_print(const struct settings *settings, size_t index, char *text, size_t size);

/* The declaration these values belong to. */
const struct setting *settings_declared(const struct settings *settings, size_t *ret_count);

/* The candidate nearest to `word` by edit distance, or NULL when none is near enough to suggest. */
const char *settings_nearest(const char *word, const char *const *candidates, size_t count);

#endif
