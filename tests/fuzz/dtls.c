/* SPDX-License-Identifier: ISC */
/*
 * Any datagrams as DTLS.  The input is datagrams: by whom, from which port, how much later (1), how
 * many octets (2), the octets.
 *
 * Whatever comes: no exchange leaks more than was answered, and everything is given back.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/heartbleed.h"
#include "base/bytes.h"
#include "decode/tls.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(void *context, const struct batch *batch)
{
	const struct tls_heartbeat *h = &batch->tls[0].heartbeat;

	CHECK(batch->type == OBS_TLS && batch->count == 1 && batch->tls[0].datagram);
	CHECK(heartbleed_judge(&batch->tls[0]) < HEARTBLEED_VERDICTS);
	CHECK(h->leaked <= h->answer_octets && h->leaked_least <= h->leaked);
	++*(size_t *)context;
}

static void
give(void **state, const struct content_sink *sink, struct packet *packet, const uint8_t *data,
    size_t size)
{
	uint8_t *copy = malloc(size + 1);

	CHECK(copy != NULL);
	memcpy(copy, data, size);
	if (size != 0 && content_tls.sniff_datagram(packet, copy, size))
		content_tls.datagram(state, sink, packet, copy, size);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct drop_counters drops;
	struct packet packet = { .time = NSEC_PER_SEC };
	uint64_t memory = 0;
	size_t count = 0, at = 0;
	struct content_sink sink = { .deliver = take,
		.context = &count,
		.drops = &drops,
		.consumed = OBS_TLS,
		.memory = &memory,
		.memory_limit = 1 << 16 };
	void *state = NULL;

	while (size - at >= 3) {
		uint8_t what = data[at];
		size_t length = be16(data + at + 1);
		at += 3;
		length = length < size - at ? length : size - at;
		packet.time += (nsec_t)(what >> 5) * NSEC_PER_SEC;
		packet.source.octets[15] = 1 + (what & 1);
		packet.destination.octets[15] = 2 - (what & 1);
		packet.source_port = (what & 1) != 0 ? 4433 : (uint16_t)(40000 + (what >> 1 & 15));
		packet.destination_port =
		    (what & 1) != 0 ? (uint16_t)(40000 + (what >> 1 & 15)) : 4433;
		give(&state, &sink, &packet, data + at, length);
		at += length;
	}
	content_tls.end_datagrams(&state, &sink);
	CHECK(state == NULL);
	return 0;
}
