/* SPDX-License-Identifier: ISC */
/*
 * TLS over any TCP streams.  The input is pieces: whose and whether it is a gap (1), how many
 * octets (1, times 1, 16 or 256), the octets.
 *
 * Whatever comes: no exchange leaks more than was answered, all memory is given back, and without
 * gaps the same events come however the octets are cut.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/heartbleed.h"
#include "decode/tls.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct play {
	struct content_sink sink;
	struct drop_counters drops;
	uint64_t memory, sum;
	size_t count;
	bool has_gaps;
	void *connection;
	struct stream_event event;
};

static void
take(void *context, const struct batch *batch)
{
	struct play *p = context;
	const struct tls_event *e = &batch->tls[0];
	const struct tls_heartbeat *h = &e->heartbeat;

	CHECK(batch->type == OBS_TLS && batch->count == 1);
	CHECK(heartbleed_judge(e) < HEARTBLEED_VERDICTS);
	p->count++;
	p->sum = p->sum * 31 + e->kind + e->version + e->cipher + h->leaked + h->answer_octets +
		 h->request_octets + e->server_name.size;
	for (size_t i = 0; i < e->server_name.size; i++)
		p->sum += e->server_name.data[i];
	if (e->kind != TLS_HEARTBEAT)
		return;
	CHECK(h->leaked <= h->answer_octets && h->leaked_least <= h->leaked);
	CHECK(h->end >= h->begin);
}

static void
feed(struct play *p, const uint8_t *data, size_t size, size_t step)
{
	while (size > 0) {
		size_t part = step != 0 && step < size ? step : size;
		uint8_t *copy = malloc(part);
		CHECK(copy != NULL);
		memcpy(copy, data, part);
		p->event.kind = STREAM_DATA;
		p->event.data = copy;
		p->event.size = part;
		if (p->connection == NULL)
			p->connection = content_tls.open(&p->sink, &p->event);
		content_tls.event(p->connection, &p->sink, &p->event);
		free(copy);
		data += part;
		size -= part;
	}
}

static void
run(struct play *p, const uint8_t *data, size_t size, size_t step)
{
	static const size_t FACTORS[] = { 1, 16, 256, 1 };
	size_t at = 0;

	*p = (struct play){ .count = 0 };
	p->sink = (struct content_sink){
		.deliver = take,
		.context = p,
		.drops = &p->drops,
		.consumed = OBS_TLS,
		.memory = &p->memory,
		.memory_limit = 1 << 16,
	};
	while (size - at >= 2) {
		uint8_t what = data[at];
		size_t length = data[at + 1] * FACTORS[what >> 1 & 3];
		at += 2;
		p->event.direction = what & 1;
		p->event.time += (nsec_t)(what >> 5) * NSEC_PER_SEC / 2;
		if ((what & 8) != 0 && p->connection != NULL) {
			p->has_gaps = true;
			p->event.kind = STREAM_GAP;
			p->event.data = NULL;
			p->event.size = length + 1;
			content_tls.event(p->connection, &p->sink, &p->event);
			continue;
		}
		length = length < size - at ? length : size - at;
		feed(p, data + at, length, step);
		at += length;
	}
	if (p->connection != NULL)
		content_tls.close(p->connection, &p->sink, p->event.time + NSEC_PER_SEC);
	CHECK(p->memory == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play whole, pieces;
	struct packet packet = { .time = 0 };

	if (size != 0) {
		(void)content_tls.sniff(&packet, data, size);
		(void)content_tls.takes_over(data, size);
	}
	run(&whole, data, size, 0);
	/* Where framing is lost it is found again at the beginning of a piece. */
	run(&pieces, data, size, 1);
	if (!whole.has_gaps && whole.drops.count[DROP_TLS_RECORD] == 0)
		CHECK(whole.count == pieces.count && whole.sum == pieces.sum);
	return 0;
}
