/* SPDX-License-Identifier: ISC */
/* One record as a line: a JSON object, or comma-separated values. */
#ifndef YAGURA_CMD_RECORD_LINE_H
#define YAGURA_CMD_RECORD_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"
#include "obs/drop.h"
#include "obs/octets.h"

struct record_line {
	bool csv;
	bool header; /* names instead of values */
	bool begun;
};

/* The text of a value; what is NULL is not said: JSON leaves it out, CSV has nothing there. */
void record_line_text(struct record_line *line, const char *name, const char *value);
/* What is below 0 is not said. */
void record_line_number(struct record_line *line, const char *name, int64_t value);
void record_line_address(struct record_line *line, const char *name, const struct address *address);
/* Octets of any value; none are not said.  In JSON each that is not ASCII, or is a control, is the
 * character of its number (\u00e4); in CSV it is written \xe4, and a backslash \\. */
void record_line_octets(struct record_line *line, const char *name, struct octets value);
void record_line_end(struct record_line *line);

/* Counters that were raised, by name, on standard error. */
void record_line_drops(const struct drop_counters *drops);

#endif
