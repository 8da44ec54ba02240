/* SPDX-License-Identifier: ISC */
/*
 * Any frame of any link type keeps the invariants of tests/unit/decode_check.h, in both ways of
 * being cut, and so does the transport header of a datagram that was put together.
 *
 * Input: link type 2, octets that the capture did not keep 2, frame.
 */
#include <stdlib.h>

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

#include "../unit/decode_check.h"

#define PREFIX_SIZE 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_transport(const uint8_t *data, size_t size, const struct packet *like)
{
	struct drop_counters drops = { .count = { 0 } };
	struct packet p = *like;

	p.data = data;
	p.captured_size = (uint32_t)size;
	p.frame_size = (uint32_t)size;
	p.flags |= PACKET_REASSEMBLED;
	decode_transport(&p, &drops);
	CHECK((uint64_t)p.payload_offset + p.payload_size <= size);
	CHECK(p.l4_offset == 0 || p.l4_offset + check_header_size(p.protocol) <= size);
	CHECK((p.flags & (PACKET_FRAGMENT | PACKET_SNAPPED)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drop_counters drops;
	struct packet p;
	uint8_t *copy;

	if (size < PREFIX_SIZE)
		return 0;
	copy = malloc(size - PREFIX_SIZE + 1);
	CHECK(copy != NULL);
	memcpy(copy, data + PREFIX_SIZE, size - PREFIX_SIZE);
	memset(&p, 0xa5, sizeof p);
	p.data = copy;
	p.captured_size = (uint32_t)(size - PREFIX_SIZE);
	p.frame_size = p.captured_size + le16(data + 2);
	p.link_type = le16(data);
	check_decode(&p, &drops);
	if (p.kind == PACKET_IP)
		fuzz_transport(copy, size - PREFIX_SIZE, &p);
	free(copy);
	return 0;
}
