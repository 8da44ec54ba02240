/* SPDX-License-Identifier: ISC */
/*
 * C-DNS, Compacted-DNS (RFC 8618, format version 1): what a capturing machine kept of queries and
 * responses.
 *
 * A file is a preamble and blocks.  A block holds tables (addresses, names and data, signatures, …)
 * and items that name entries of them by number.  Here a block is a copy of its octets and, for
 * each table, where its entries begin; an entry is read when an item asks for it.
 *
 *	struct cdns_block block = { 0 };
 *	if (cdns_block_read(&block, octets, size, &parameters) == NULL)
 *		while (cdns_block_give(&block, run))	// false: the run is full
 *			…
 */
#ifndef YAGURA_SOURCE_CDNS_H
#define YAGURA_SOURCE_CDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "source/capture.h"
#include "source/dns_made.h"

#define CDNS_PARAMETERS 64 /* sets of block parameters in a file */

/* A set of block parameters: what reading needs of it. */
struct cdns_parameters {
	uint64_t ticks_per_second;
	uint8_t identity[DNS_IDENTITY_MAX]; /* host-id, or else generator-id */
	uint8_t identity_size;
};

struct cdns_preamble {
	uint64_t major, minor;
	size_t count;
	struct cdns_parameters parameters[CDNS_PARAMETERS];
};

/* By the number of their key in the map of tables. */
enum cdns_table {
	CDNS_ADDRESSES,
	CDNS_CLASSTYPES,
	CDNS_NAMES, /* names and data */
	CDNS_SIGNATURES,
	CDNS_QUESTION_LISTS,
	CDNS_QUESTIONS,
	CDNS_RR_LISTS,
	CDNS_RRS,
	CDNS_MALFORMED_DATA,
	CDNS_TABLES,
	/* Not in that map, but kept the same way. */
	CDNS_ITEMS = CDNS_TABLES,
	CDNS_MALFORMED,
	CDNS_ARRAYS,
};

/* Where the entries of an array begin in the block. */
struct cdns_array {
	uint32_t *at; /* owned */
	size_t count, room;
};

struct cdns_block {
	uint8_t *octets; /* owned */
	size_t size;
	uint64_t offset; /* of the block in its input */
	struct cdns_array arrays[CDNS_ARRAYS];
	const struct cdns_parameters *parameters; /* borrowed */
	nsec_t earliest;
	size_t item, malformed; /* how many have been given */
	uint64_t events;        /* address events counted in it */
	uint8_t *message;       /* owned: DNS_MESSAGE_MAX octets to make messages in */

	/* What could not be made into messages, since the block before. */
	uint64_t bad_count, bad_octets, bad_offset;
};

/* Reads the map of a file's preamble.  False when it is none; c->failed when it is cut short. */
bool cdns_preamble_read(struct cursor *c, struct cdns_preamble *ret_preamble);

/* Takes a copy of a whole block; NULL, or why it is none. */
const char *cdns_block_read(struct cdns_block *block, const uint8_t *octets, size_t size,
    const struct cdns_preamble *preamble);

/* Adds messages to a run; false when some are left and the run is full. */
bool cdns_block_give(struct cdns_block *block, struct capture_run *run);

void cdns_block_release(struct cdns_block *block);

/* Between the two files of the decoder: the entry of an array, or false when there is none. */
bool cdns_entry(const struct cdns_block *block, enum cdns_table table, uint64_t index,
    struct cursor *ret_entry);

#endif
