/* SPDX-License-Identifier: ISC */
/*
 * DNS messages out of any streams.  The input is limits (2), then events: what happens and to whom
 * (1), how many octets it has (1), the octets.
 *
 * Whatever comes: octets delivered are at most those given, no message is empty, and a connection
 * that was seen from its beginning without a gap has exactly the messages that its lengths say,
 * however it was cut, as long as there was room.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flow/dns_framer.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

enum {
	PREFIX_SIZE = 2,
	EVENT_SIZE = 2,
	CONNECTIONS = 4,
	WHOLE = 1 << 14, /* octets of a direction that are remembered */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One direction of a connection: what it was given and what came of it. */
struct side {
	bool clean; /* seen from the beginning, nothing is missing */
	uint64_t offset;
	size_t given, taken;
	uint8_t octets[WHOLE]; /* given while it is clean */
};

struct bench {
	struct dns_framer *framer;
	struct drop_counters drops;
	struct side sides[CONNECTIONS][2];
	uint64_t given, delivered;
};

static void
deliver(void *context, const struct stream_event *event, const uint8_t *data, size_t size)
{
	struct bench *b = context;
	struct side *side = &b->sides[event->id][event->direction];
	bool room = b->drops.count[DROP_DNS_STREAM_EVICTED] == 0;

	CHECK(size != 0 && size <= UINT16_MAX);
	b->delivered += size;
	for (size_t i = 0; i < size; i++)
		b->delivered += data[i] == 0xff && size == 0; /* reads all of it */
	if (!side->clean || !room)
		return;
	while (side->taken + 2 <= side->given && be16(side->octets + side->taken) == 0)
		side->taken += 2;
	CHECK(side->taken + 2 + size <= side->given);
	CHECK(be16(side->octets + side->taken) == size);
	CHECK(memcmp(side->octets + side->taken + 2, data, size) == 0);
	side->taken += 2 + size;
}

/* All messages of a clean side have come. */
static void
check_side(const struct bench *b, const struct side *side)
{
	size_t at = side->taken;

	if (!side->clean || b->drops.count[DROP_DNS_STREAM_EVICTED] != 0)
		return;
	while (at + 2 <= side->given && be16(side->octets + at) == 0)
		at += 2;
	CHECK(at + 2 > side->given || at + 2 + be16(side->octets + at) > side->given);
}

static void
give(struct bench *b, struct stream_event *event, const uint8_t *data, size_t size)
{
	struct side *side = &b->sides[event->id][event->direction];
	uint8_t *copy = malloc(size + 1);

	CHECK(copy != NULL);
	memcpy(copy, data, size);
	event->kind = STREAM_DATA;
	event->data = copy;
	event->size = size;
	event->offset = side->offset;
	if (side->offset == 0 && event->midstream)
		side->clean = false;
	if (side->given + size > WHOLE)
		side->clean = false;
	if (side->clean) {
		memcpy(side->octets + side->given, data, size);
		side->given += size;
	}
	side->offset += size;
	b->given += size;
	if (size != 0)
		dns_framer_event(b->framer, event);
	check_side(b, side);
	free(copy);
}

static void
give_gap(struct bench *b, struct stream_event *event, size_t size)
{
	struct side *side = &b->sides[event->id][event->direction];

	event->kind = STREAM_GAP;
	event->data = NULL;
	event->size = size * 7 + 1;
	event->offset = side->offset;
	side->offset += event->size;
	side->clean = false;
	dns_framer_event(b->framer, event);
}

static void
give_close(struct bench *b, struct stream_event *event)
{
	event->kind = STREAM_CLOSE;
	event->size = 0;
	dns_framer_event(b->framer, event);
	/* Its id is not used again; here it stands for a direction joined in the middle. */
	for (unsigned direction = 0; direction < 2; direction++)
		b->sides[event->id][direction].clean = false;
}

static void
run(struct bench *b, const uint8_t *data, size_t size)
{
	size_t at = PREFIX_SIZE;

	while (size - at >= EVENT_SIZE) {
		struct stream_event event = { .id = data[at] % CONNECTIONS,
			.direction = data[at] >> 2 & 1,
			.midstream = (data[at] & 8) != 0 };
		size_t length = data[at + 1];
		unsigned what = data[at] >> 4;
		at += EVENT_SIZE;
		if (what == 0xf) {
			give_close(b, &event);
		} else if (what == 0xe) {
			give_gap(b, &event, length);
		} else {
			length = length < size - at ? length : size - at;
			give(b, &event, data + at, length);
			at += length;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench b;
	struct dns_framer_options options = {
		.secret = { 1, 2 },
		.drops = &b.drops,
		.deliver = deliver,
		.context = &b,
	};

	if (size < PREFIX_SIZE)
		return 0;
	b.drops = (struct drop_counters){ .count = { 0 } };
	b.given = b.delivered = 0;
	options.connections = 1 + data[0] % 16;
	options.memory = (size_t)data[1] * 64;
	b.framer = dns_framer_new(&options);
	for (unsigned i = 0; i < 2 * CONNECTIONS; i++) {
		struct side *side = &b.sides[i / 2][i % 2];
		side->clean = true;
		side->offset = 0;
		side->given = side->taken = 0;
	}
	run(&b, data, size);
	CHECK(b.delivered <= b.given);
	dns_framer_free(b.framer);
	return 0;
}
