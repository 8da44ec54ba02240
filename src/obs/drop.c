/* SPDX-License-Identifier: ISC */
/* Names of the drop counters; see drop.h. */
#include "obs/drop.h"

static const struct {
	const char *name;
	const char *meaning;
	int is_note;
} DROPS[DROP_COUNT] = {
#define X(symbol, text, note, why) { .name = (text), .meaning = (why), .is_note = (note) },
	DROP_LIST(X)
#undef X
};

const char *
drop_name(enum drop which)
{
	return DROPS[which].name;
}

const char *
drop_meaning(enum drop which)
{
	return DROPS[which].meaning;
}

int
drop_is_note(enum drop which)
{
	return DROPS[which].is_note;
}
