/* SPDX-License-Identifier: ISC */
/*
 * Both tables of fragments on any sequence of fragments.  The input is a header of limits, then
 * fragments of eight octets each, of a few datagrams.
 *
 * Whatever comes: caps hold, every fragment that was held is released once and in order of arrival
 * within its datagram, a datagram put together is as long as it says, and the result does not
 * depend on the hash's secret.
 */
#include "flow/fragment.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 4, RECORD = 8, IP_HEADER = 20, PAYLOAD_MOST = 2040, IDS = 4 };

struct watch {
	uint64_t digest;
	uint64_t held;
	uint64_t last[2][IDS]; /* record released last, by IP version and id */
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
release_ports(void *context, const struct packet *p)
{
	struct watch *w = context;
	uint64_t words[] = { w->digest, p->input_offset, p->destination_port, p->flags };
	uint64_t *last = &w->last[p->ip_version == 6][p->fragment_id];

	w->digest = hash_mix_words(words, sizeof words / sizeof *words);
	must(w->held-- != 0 && p->data == NULL && p->input_offset > *last);
	*last = p->input_offset;
}

static void
release_datagram(void *context, const struct packet *p)
{
	struct watch *w = context;
	uint64_t words[] = { w->digest, p->input_offset, p->captured_size, p->octets };

	w->digest = hash_mix_words(words, sizeof words / sizeof *words);
	must(p->flags == PACKET_REASSEMBLED && p->captured_size > 0);
	must(p->octets == p->captured_size + IP_HEADER && p->frame_size == p->captured_size);
	must(p->ip_version == 6 ? p->captured_size <= 65535 : p->octets <= 65535);
	for (uint32_t i = 0; i < p->captured_size; i++)
		w->digest += p->data[i]; /* reads all of it */
}

static struct packet
packet_of(const uint8_t *record, uint8_t *frame, uint64_t number, nsec_t *clock)
{
	uint32_t size = record[5] * 8U + (record[6] & 7);
	uint32_t kept = record[7] * 8U < size && (record[0] & 0x20) ? record[7] * 8U : size;
	struct packet p = {
		.data = frame,
		.input_offset = number,
		.captured_size = IP_HEADER + kept,
		.frame_size = IP_HEADER + (record[0] & 0x40 ? kept : size),
		.octets = IP_HEADER + size,
		.flags = PACKET_FRAGMENT,
		.fragment_id = record[0] & 3,
		.fragment_offset = (uint16_t)(be16(record + 2) & 0xfff8),
		.kind = PACKET_IP,
		.ip_version = record[0] & 4 ? 6 : 4,
		.fragment_protocol = IP_PROTOCOL_UDP,
		.fragment_data = IP_HEADER,
		.destination_port = record[4],
	};

	*clock += (nsec_t)(int8_t)record[1] * NSEC_PER_SEC / 8;
	p.time = *clock;
	memset(frame, record[6] >> 3, IP_HEADER + PAYLOAD_MOST + 8);
	if (!(record[0] & 8))
		p.flags |= PACKET_FRAGMENT_LAST;
	if (record[0] & 0x10)
		p.fragment_offset &= 0x1ff8;
	if (p.fragment_offset == 0)
		p.flags |= PACKET_FRAGMENT_FIRST | PACKET_HAS_PORTS;
	return p;
}

static void
take(struct fragment_ports *ports, struct fragment_reassembly *reassembly, struct packet *p,
    struct watch *w)
{
	fragment_reassemble(reassembly, p);
	/* Counted before the call: it may release this very fragment no earlier than the next. */
	if (!fragment_resolve(ports, p))
		w->held++;
	must(w->held == fragment_ports_usage(ports).held);
}

static uint64_t
run(const uint8_t *data, size_t size, uint64_t secret)
{
	struct watch w = { 0 };
	struct drop_counters drops = { 0 };
	struct fragment_options options = { .datagrams = 1 + data[0] % 8,
		.memory = data[1] * 256U,
		.timeout = data[2] * NSEC_PER_SEC,
		.secret = { secret, secret * 7 },
		.drops = &drops,
		.release = release_ports,
		.context = &w };
	struct fragment_ports *ports = fragment_ports_new(&options);
	struct fragment_reassembly *reassembly;
	nsec_t clock = 0;
	uint64_t number = 0;

	options.release = release_datagram;
	reassembly = fragment_reassembly_new(&options);
	for (size_t at = HEADER; size - at >= RECORD; at += RECORD) {
		uint8_t frame[IP_HEADER + PAYLOAD_MOST + 8];
		struct packet p = packet_of(data + at, frame, ++number, &clock);

		take(ports, reassembly, &p, &w);
		must(fragment_reassembly_usage(reassembly).held <= options.memory);
		must(fragment_reassembly_usage(reassembly).datagrams <= options.datagrams);
		must(fragment_ports_usage(ports).held <= options.datagrams);
		must(fragment_ports_usage(ports).datagrams <= options.datagrams);
	}
	if (size % 2 == 0) {
		fragment_ports_finish(ports);
		fragment_reassembly_finish(reassembly);
		must(w.held == 0 && fragment_reassembly_usage(reassembly).held == 0);
	}
	fragment_ports_free(ports);
	fragment_reassembly_free(reassembly);
	return w.digest;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < HEADER)
		return 0;
	must(run(data, size, 1) == run(data, size, 2));
	return 0;
}
