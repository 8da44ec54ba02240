/* SPDX-License-Identifier: ISC */
/*
 * Text that came from the network may be anything; the engine takes UTF-8 only (RFC 3629: no
 * surrogates, nothing above U+10FFFF, shortest form).
 */
#ifndef YAGURA_STORE_UTF8_H
#define YAGURA_STORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#define UTF8_GROWTH 3 /* how much longer text can get in utf8_clean */

/* Whether `size` octets are UTF-8. */
bool utf8_valid(const char *text, size_t size);

/* Copies, each octet that is not part of UTF-8 becoming U+FFFD; returns how many octets were
 * written to `target`, which has room for UTF8_GROWTH × size. */
size_t utf8_clean(const char *text, size_t size, char *target);

#endif
