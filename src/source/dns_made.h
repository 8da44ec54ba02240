/* SPDX-License-Identifier: ISC */
/*
 * Putting records of DNS messages (obs/dns_record.h) into a chunk: private to src/source.
 *
 * Their octets are made in the room behind what was read (struct capture_run), because a record
 * lies nowhere in an input as it is handed on.
 */
#ifndef YAGURA_SOURCE_DNS_MADE_H
#define YAGURA_SOURCE_DNS_MADE_H

#include "obs/dns_record.h"
#include "source/capture.h"

#define DNS_MESSAGE_MAX 65535
/* What one record takes at most, with the octets that align the next. */
#define DNS_MADE_MAX ((sizeof(struct dns_record) + DNS_MESSAGE_MAX + DNS_IDENTITY_MAX + 7) / 8 * 8)

struct dns_made {
	struct dns_record record;
	nsec_t time;
	uint64_t input_offset;
	struct address source, destination;
	uint16_t source_port, destination_port;
	const uint8_t *message;  /* borrowed */
	size_t size;             /* up to DNS_MESSAGE_MAX */
	const uint8_t *identity; /* borrowed: record.identity_size octets */
};

/* Whether so many records, whatever their sizes, still fit. */
static inline bool
dns_made_fits(const struct capture_run *run, size_t records)
{
	return records <= run->most - run->count &&
	       run->room_size - run->room_used >= records * DNS_MADE_MAX;
}

/* Adds a record; it must fit. */
void dns_made_add(struct capture_run *run, const struct dns_made *made);

/* The number of a producer of this name; 1 for one without. */
uint32_t dns_producer_number(const uint8_t *identity, size_t size);

#endif
