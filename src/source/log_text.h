/* SPDX-License-Identifier: ISC */
/*
 * Words, numbers, addresses and times in a line of a log.
 *
 * A struct log_text is what is left of a line; readers take something off its front.  Nothing is
 * terminated and nothing is copied.
 */
#ifndef YAGURA_SOURCE_LOG_TEXT_H
#define YAGURA_SOURCE_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "net/address.h"
#include "obs/octets.h"

struct log_text {
	const char *at, *end;
};

static inline struct log_text
log_text_over(const uint8_t *data, size_t size) /* NULL: no octets */
{
	const char *text = data != NULL ? (const char *)data : "";

	return (struct log_text){ text, text + size };
}

static inline size_t
log_text_left(const struct log_text *t)
{
	return (size_t)(t->end - t->at);
}

static inline struct octets
log_text_octets(const struct log_text *t)
{
	return (struct octets){ (const uint8_t *)t->at, log_text_left(t) };
}

/* Whether it is this word, or begins with it. */
bool log_text_is(const struct log_text *t, const char *word);
bool log_text_begins(const struct log_text *t, const char *word);

/* Takes the word off the front if it stands there. */
bool log_text_take(struct log_text *t, const char *word);

/* Takes what stands before the first `separator`, and the separator; false when there is none. */
bool log_text_until(struct log_text *t, char separator, struct log_text *ret_before);

/* The next word, up to a blank or the end; blanks before it are passed over.  False at the end. */
bool log_text_word(struct log_text *t, struct log_text *ret_word);

/* Where the last (or first) `word` stands in the text, or NULL. */
const char *log_text_find(const struct log_text *t, const char *word);
const char *log_text_find_last(const struct log_text *t, const char *word);

/* The whole text as a decimal number of at most `most`. */
bool log_text_number(const struct log_text *t, uint64_t most, uint64_t *ret_number);

/* The whole text as an address. */
bool log_text_address(const struct log_text *t, struct address *ret_address);

/* "+09:00", "-0330", "+00", "Z": seconds east of UTC. */
bool log_text_offset(const struct log_text *t, int64_t *ret_east);

/* A time as log_text_time() found it. */
struct log_time {
	nsec_t time;  /* UTC when it has a zone; else as if it were UTC */
	bool no_zone; /* it does not say how far it is from UTC */
};

/* The whole text as "2026-11-22T09:10:26[.fraction][Z|±hh:mm]", with a blank for the T, too. */
bool log_text_time(const struct log_text *t, struct log_time *ret_time);

#endif
