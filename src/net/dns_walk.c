/* SPDX-License-Identifier: ISC */
/* The records of a message, one after the other; see dns.h. */
#include "base/bytes.h"
#include "net/dns.h"

enum {
	HEADER_SIZE = 12,
	QUESTION_FIXED = 4,
	RECORD_FIXED = 10,
	POINTER = 0xc0,
	MAX_LABEL = 63,
};

/* Where the octets of the name at `at` end, a pointer being its last two; 0 when they do not. */
static size_t
skip_name(const uint8_t *message, size_t size, size_t at)
{
	while (at < size) {
		uint8_t length = message[at];
		if (length >= POINTER)
			return size - at >= 2 ? at + 2 : 0;
		if (length > MAX_LABEL)
			return 0;
		at += 1U + length;
		if (length == 0)
			return at;
	}
	return 0;
}

void
dns_walk_init(struct dns_walk *walk, const uint8_t *message, size_t size)
{
	*walk = (struct dns_walk){ .message = message, .size = size, .at = size };
	if (size < HEADER_SIZE)
		return;
	for (unsigned i = 0; i < 4; i++)
		walk->left[i] = be16(message + 4 + (size_t)2 * i);
	walk->at = HEADER_SIZE;
	for (; walk->left[0] != 0; walk->left[0]--) {
		size_t end = skip_name(message, size, walk->at);
		if (end == 0 || size - end < QUESTION_FIXED) {
			walk->at = size;
			return;
		}
		walk->at = end + QUESTION_FIXED;
	}
}

bool
dns_walk_next(struct dns_walk *walk, struct dns_rr *ret_rr)
{
	unsigned section = DNS_ANSWER;
	const uint8_t *fixed;
	size_t end, data_size;

	while (section <= DNS_ADDITIONAL && walk->left[section] == 0)
		section++;
	if (section > DNS_ADDITIONAL)
		return false;
	end = skip_name(walk->message, walk->size, walk->at);
	if (end == 0 || walk->size - end < RECORD_FIXED)
		return false;
	fixed = walk->message + end;
	data_size = be16(fixed + 8);
	if (data_size > walk->size - end - RECORD_FIXED)
		return false;
	ret_rr->section = (enum dns_section)section;
	ret_rr->owner_at = walk->at;
	ret_rr->type = be16(fixed);
	ret_rr->class = be16(fixed + 2);
	ret_rr->ttl = be32(fixed + 4);
	ret_rr->data_size = (uint16_t)data_size;
	ret_rr->data_at = end + RECORD_FIXED;
	walk->at = ret_rr->data_at + data_size;
	walk->left[section]--;
	return true;
}
