/* SPDX-License-Identifier: ISC */
/* Records of DNS messages as packets; see dns_made.h. */
#include "source/dns_made.h"

#include <string.h>

#include "base/hash.h"

void
dns_made_add(struct capture_run *run, const struct dns_made *made)
{
	uint8_t *room = run->room + run->room_used;
	size_t size = sizeof made->record + made->size + made->record.identity_size;
	struct packet *to = &run->packets[run->count];

	memcpy(room, &made->record, sizeof made->record);
	if (made->size != 0)
		memcpy(room + sizeof made->record, made->message, made->size);
	if (made->record.identity_size != 0)
		memcpy(room + sizeof made->record + made->size, made->identity,
		    made->record.identity_size);
	run->room_used += (size + 7) / 8 * 8;
	*to = (struct packet){ .source = made->source,
		.destination = made->destination,
		.source_port = made->source_port,
		.destination_port = made->destination_port };
	capture_add(run, &(struct packet){
			     .time = made->time,
			     .data = room,
			     .input_offset = made->input_offset,
			     .captured_size = (uint32_t)size,
			     .frame_size = (uint32_t)size,
			     .link_type = LINK_DNS_MESSAGE,
			 });
}

uint32_t
dns_producer_number(const uint8_t *identity, size_t size)
{
	uint64_t words[DNS_IDENTITY_MAX / 8 + 1] = { 0 };
	uint32_t number;

	if (size == 0)
		return 1;
	memcpy(words, identity, size < DNS_IDENTITY_MAX ? size : DNS_IDENTITY_MAX);
	number = (uint32_t)hash_mix_words(words, size / 8 + 1);
	return number < 2 ? number + 2 : number;
}
