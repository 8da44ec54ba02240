/* SPDX-License-Identifier: ISC */
/*
 * Text into HTML.  Nothing that comes from the document reaches the page but through here.
 *
 * Besides the five characters of markup, characters that a reader cannot see or that reorder the
 * text around them (control characters, directional overrides, invisible separators) are shown as
 * their code, "U+202E", so that a name cannot pretend to be another.
 */
#ifndef YAGURA_REPORT_MARKUP_H
#define YAGURA_REPORT_MARKUP_H

#include <jansson.h>
#include <stdio.h>

/* Element content: text of UTF-8. */
void markup_text(FILE *out, const char *text, size_t size);

/* The value of an attribute in double quotes, or the content of <title>: no elements in it. */
void markup_attribute(FILE *out, const char *text, size_t size);

/* The string at `key` of an object; nothing when it is not there.  The first fences it with <bdi>
 * against the direction of its neighbours. */
void markup_bdi(FILE *out, const json_t *object, const char *key);
void markup_member(FILE *out, const json_t *object, const char *key);
void markup_member_attribute(FILE *out, const json_t *object, const char *key);

/* A string as part of an id: letters, digits and '-', all else becomes '-'. */
void markup_id(FILE *out, const char *text);

#endif
