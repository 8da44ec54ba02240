/* SPDX-License-Identifier: ISC */
/*
 * Undoes the codings in which payloads travel.
 *
 * Each function writes at most as many octets as it reads, so that a buffer of the input's size
 * always suffices, and is linear in its input.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_DECODE_H
#define YAGURA_ANALYSIS_SECURITY_SQL_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQL_BASE64_LEAST 16 /* octets: shorter ones are words */

/* %41, %u0041, and '+' for a space when `plus`; a percent sign that means nothing stays.  Quotes
 * that databases take for ASCII's (full width, U+02B9, overlong UTF-8) become ASCII. */
size_t sql_decode_percent(const uint8_t *in, size_t size, bool plus, uint8_t *out);

/* &#39; &#x27; &quot; and so on, with or without the semicolon. */
size_t sql_decode_entities(const uint8_t *in, size_t size, uint8_t *out);

/* The escapes of a string of JSON, given without its quotes. */
size_t sql_decode_json(const uint8_t *in, size_t size, uint8_t *out);

/* Base64 of either alphabet that is all of the input and stands for printable text; else 0. */
size_t sql_decode_base64(const uint8_t *in, size_t size, uint8_t *out);

/* Whether the percent decoding of this would change it; the same of entities. */
bool sql_has_percent(const uint8_t *in, size_t size);
bool sql_has_entities(const uint8_t *in, size_t size);

#endif
