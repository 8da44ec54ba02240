/* SPDX-License-Identifier: ISC */
/*
 * A line of the sensor's log while it is made: a JSON object in memory of fixed size.
 *
 * Texts have one character an octet: what is no printable ASCII is written as \u00XX, so that any
 * octets come back exactly.  A line that does not fit is not written (`full`).
 */
#ifndef YAGURA_SENSOR_LINE_H
#define YAGURA_SENSOR_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/address.h"

#define LINE_SIZE 32768

struct line {
	size_t size;
	bool full;
	bool first; /* no member stands before the next one */
	char text[LINE_SIZE];
};

/* {"schema":"yagura.sensor/1","event":EVENT,"sensor":NAME */
void line_begin(struct line *line, const char *event, const char *sensor);
/* The closing brace and the end of the line. */
void line_end(struct line *line);

void line_text(struct line *line, const char *key, const void *octets, size_t size);
void line_number(struct line *line, const char *key, uint64_t number);
void line_bool(struct line *line, const char *key, bool value);
void line_time(struct line *line, const char *key, nsec_t time);
void line_address(struct line *line, const char *key, const struct address *address);
void line_base64(struct line *line, const char *key, const uint8_t *octets, size_t size);
void line_hex(struct line *line, const char *key, const uint8_t *octets, size_t size);

/* Objects and arrays inside; `key` is NULL inside arrays. */
void line_open(struct line *line, const char *key, char bracket);
void line_close(struct line *line, char bracket);

#endif
