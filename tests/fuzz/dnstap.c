/* SPDX-License-Identifier: ISC */
/*
 * dnstap frames and frame streams.  The first octet chooses: a frame alone, which is decoded and
 * given, or a file of which it is what follows the START frame.
 */
#include "source/dnstap.h"

#include "source/dns_made.h"
#include "source/frame_stream.h"
#include "source_fuzz.h"

static void
fuzz_frame(const uint8_t *data, size_t size)
{
	static uint8_t room[2 * DNS_MADE_MAX];
	static struct packet packets[2];
	struct drop_counters drops = { .count = { 0 } };
	struct capture_run run = { .packets = packets,
		.most = 2,
		.room = room,
		.room_size = sizeof room,
		.drops = &drops };
	struct dnstap_place place = { .fallback = 1, .arrival = 1700000000 * NSEC_PER_SEC };
	struct frame_control_read control;
	struct dnstap frame;

	(void)frame_control_read(data, size, &control);
	if (dnstap_decode(data, size, &frame) != DNSTAP_OK)
		return;
	FUZZ_CHECK(dns_made_fits(&run, 2));
	dnstap_give(&frame, &place, &run);
	FUZZ_CHECK(run.count >= 1 && run.room_used <= run.room_size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t input[FUZZ_SIZE_MAX];
	uint8_t *copy;
	size_t head;

	if (size < 1 || size > FUZZ_SIZE_MAX - FRAME_CONTROL_ROOM)
		return 0;
	if (data[0] % 2 == 0) {
		copy = malloc(size);
		FUZZ_CHECK(copy != NULL);
		memcpy(copy, data + 1, size - 1);
		fuzz_frame(copy, size - 1);
		free(copy);
		return 0;
	}
	head = frame_control_write(FRAME_START, true, input);
	memcpy(input + head, data + 1, size - 1);
	fuzz_source(input, head + size - 1);
	return 0;
}
