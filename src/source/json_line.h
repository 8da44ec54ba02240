/* SPDX-License-Identifier: ISC */
/*
 * A line of a log that is a JSON object.
 *
 * Texts are copied into the line's room, so they outlive the object.  What is missing, or of
 * another type, reads as nothing.
 */
#ifndef YAGURA_SOURCE_JSON_LINE_H
#define YAGURA_SOURCE_JSON_LINE_H

#include <jansson.h>

#include "source/log_lines.h"
#include "source/log_text.h"

struct json_line {
	struct log_line *line; /* borrowed */
	json_t *root;          /* owned */
};

/* Parses the line; false when it is no JSON object.  json_line_close() afterwards in any case. */
bool json_line_open(struct json_line *json, struct log_line *line);
void json_line_close(struct json_line *json);

/* A text by its key; no octets when there is none, or no room for it. */
struct octets json_line_text(struct json_line *json, const char *key);

/* Copies octets into the line's room: nothing when there is no room. */
struct octets json_line_keep(struct log_line *line, const void *data, size_t size);

/* A whole number of at most `most`, as number or as text; `other` when there is none. */
uint64_t
json_line_number(const struct json_line *json, const char *key, uint64_t most, uint64_t other);

bool json_line_is(const struct json_line *json, const char *key, const char *text);
bool json_line_address(const struct json_line *json, const char *key, struct address *ret_address);

/* An ISO 8601 time; without a zone it is UTC. */
bool json_line_time(const struct json_line *json, const char *key, nsec_t *ret_time);

#endif
