/* SPDX-License-Identifier: ISC */
/*
 * Errors of the library.
 *
 * A function that can fail returns `enum err`: zero for success, negative for failure.  What a
 * person needs to know (which file, which offset, why) goes into the caller's `struct err_info`;
 * library code never prints and never exits.
 *
 *	struct err_info why = { 0 };
 *	enum err e = source_open("x.pcap", &why, &source);
 *	if (e != ERR_OK)
 *		return e;                       // the caller prints why.text once
 */
#ifndef YAGURA_BASE_ERR_H
#define YAGURA_BASE_ERR_H

#include <stdint.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum err {
	ERR_OK = 0,
	ERR_END = -1,         /* nothing more to read: not a failure */
	ERR_TRUNC = -2,       /* the input ends inside a record */
	ERR_FORMAT = -3,      /* the input breaks its own format */
	ERR_UNSUPPORTED = -4, /* a known format or variant that is refused by name */
	ERR_IO = -5,          /* the system refused: errno text is in the err_info */
	ERR_NO_SPACE = -6,    /* the disk or a quota is full */
	ERR_BUSY = -7,        /* somebody else holds it */
	ERR_DAMAGED = -8,     /* our own stored data does not read */
	ERR_CONFIG = -9,      /* a setting is wrong */
	ERR_USAGE = -10,      /* the caller asked for something that does not exist */
	ERR_LIMIT = -11,      /* a configured cap was reached */
};

/* The detail of one failure.  `text` is a whole sentence without a final full stop; empty when
 * nothing failed. */
struct err_info {
	char text[512];
	uint64_t offset; /* octets from the start of the input, where that makes sense */
};

/* Stores a formatted explanation in `info` (which may be NULL) and returns `code`, so that it can
 * be a return statement. */
enum err err_set(struct err_info *info, enum err code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The short name of a code ("truncated", "busy"), for logs. */
const char *err_name(enum err code);

#endif
