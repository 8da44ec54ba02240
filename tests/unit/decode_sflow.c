/* SPDX-License-Identifier: ISC */
/* sFlow version 5: samples, records, rates, counters, and every length of a cut. */
#include "decode_sflow_build.h"
#include "obs/packet.h"

#define AGENT 0xc0000201

static const struct source_numbers FIRST = { .index = 3, .sequence = 1, .rate = 512, .pool = 600 };

static void
assert_address(const struct address *a, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(a, text), expected);
}

static void
test_flow_sample(void **state)
{
	struct collecting c;
	struct datagram d;
	const struct flow_record *r;
	size_t sample;

	(void)state;
	collecting_begin(&c);
	datagram_begin(&d, AGENT, 9, 1);
	sample = flow_begin_compact(&d, &FIRST, 1);
	tcp_record(&d, 1500);
	part_end(&d, sample);
	assert_true(exports_recognise(d.octets, d.size));
	collect(&c, &d);
	assert_int_equal(c.sink.record_count, 1);
	r = &c.sink.records[0];
	assert_address(&r->flow.source, "10.0.0.1");
	assert_address(&r->flow.destination, "10.0.0.2");
	assert_int_equal(r->flow.source_port, 1000);
	assert_int_equal(r->flow.destination_port, 80);
	assert_int_equal(r->flow.protocol, 6);
	assert_int_equal(r->flow.ip_version, 4);
	assert_int_equal(r->flow.tcp_flags[0], TCP_PSH | TCP_ACK);
	assert_int_equal(r->flow.ttl_min[0], 60);
	assert_int_equal(r->flow.ttl_max[0], 60);
	assert_int_equal(r->flow.vlan, VLAN_NONE);
	assert_int_equal(r->flow.octets[0], 1500);
	assert_int_equal(r->flow.packets[0], 1);
	assert_int_equal(r->flow.first[0], c.time);
	assert_int_equal(r->flow.last[0], c.time);
	assert_int_equal(r->tos, 0x28);
	assert_int_equal(r->ingress_interface, 3);
	assert_int_equal(r->egress_interface, 4);
	assert_address(&r->exporter, "192.0.2.7");
	assert_int_equal(r->domain, 9);
	assert_int_equal(r->sampling, 512);
	assert_int_equal(r->sampling_source, SAMPLING_RECORD);
	assert_int_equal(r->protocol_version, EXPORT_SFLOW5);
	assert_int_equal(r->input_offset, 40);
	assert_null(r->extra);
	collecting_end(&c);
}

static void
test_short_frames_have_padding_that_does_not_count(void **state)
{
	struct collecting c;
	struct datagram d;
	uint8_t frame[64] = { 0 };
	size_t sample;

	(void)state;
	collecting_begin(&c);
	datagram_begin(&d, AGENT, 0, 1);
	/* 40 octets of IP in the shortest frame; a length field of 0; a lie. */
	(void)ethernet_tcp(frame, 40);
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, 1, 64, 4, frame, 60);
	part_end(&d, sample);
	put_be16(frame + 16, 0);
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, 1, 1018, 4, frame, 54);
	part_end(&d, sample);
	put_be16(frame + 16, 9000);
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, 1, 1018, 4, frame, 54);
	part_end(&d, sample);
	collect(&c, &d);
	assert_int_equal(c.sink.record_count, 3);
	assert_int_equal(c.sink.records[0].flow.octets[0], 40);
	assert_int_equal(c.sink.records[1].flow.octets[0], 1000);
	assert_int_equal(c.sink.records[2].flow.octets[0], 1000);
	collecting_end(&c);
}

static void
test_headers_of_other_links(void **state)
{
	uint8_t frame[64], mpls[64] = { 0x00, 0x06, 0x41, 0x40 };
	uint8_t six[60] = { 0x60 };
	struct collecting c;
	struct datagram d;
	size_t sample;

	(void)state;
	collecting_begin(&c);
	(void)ethernet_tcp(frame, 700);
	datagram_begin(&d, AGENT, 0, 1);
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, 11, 700, 0, frame + 14, 40);
	part_end(&d, sample);
	/* IPv6, UDP */
	put_be16(six + 4, 108);
	six[6] = 17;
	six[8] = 0x20;
	six[24] = 0x20;
	put_be16(six + 40, 53);
	put_be16(six + 42, 5353);
	put_be16(six + 44, 108);
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, 12, 148, 0, six, 48);
	part_end(&d, sample);
	/* A label with the bottom bit, then IPv4. */
	mpls[2] |= 1;
	memcpy(mpls + 4, frame + 14, 40);
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, 13, 704, 0, mpls, 44);
	part_end(&d, sample);
	/* Token ring is not decoded; neither is what is beyond the list. */
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, 3, 700, 0, frame, 54);
	part_end(&d, sample);
	sample = flow_begin_compact(&d, &FIRST, 1);
	header_record(&d, UINT32_MAX, 700, 0, frame, 54);
	part_end(&d, sample);
	collect(&c, &d);
	assert_int_equal(c.sink.record_count, 3);
	assert_int_equal(c.sink.records[0].flow.octets[0], 700);
	assert_int_equal(c.sink.records[1].flow.ip_version, 6);
	assert_int_equal(c.sink.records[1].flow.octets[0], 148);
	assert_int_equal(c.sink.records[1].flow.destination_port, 5353);
	assert_int_equal(c.sink.records[2].flow.octets[0], 700);
	assert_int_equal(c.sink.records[2].flow.destination_port, 80);
	assert_int_equal(c.drops.count[DROP_SFLOW_PROTOCOL], 2);
	assert_int_equal(c.drops.count[DROP_SFLOW_NOT_IP], 2);
	collecting_end(&c);
}

/* Records that say what the packet was without its header. */
static void
test_sampled_ip(void **state)
{
	static const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct collecting c;
	struct datagram d;
	const struct flow_record *r;
	size_t sample, record;

	(void)state;
	collecting_begin(&c);
	datagram_begin(&d, AGENT, 0, 1);
	sample = flow_begin_compact(&d, &FIRST, 2);
	record = part_begin(&d, 2);
	put(&d, 1514);
	put_octets(&d, "\1\2\3\4\5\6", 6);
	put_octets(&d, "\7\10\11\12\13\14", 6);
	put(&d, 0x0800);
	part_end(&d, record);
	record = part_begin(&d, 3);
	put(&d, 1400);
	put(&d, 17);
	put(&d, 0x01020304);
	put(&d, 0x05060708);
	put(&d, 53);
	put(&d, 4444);
	put(&d, 0);
	put(&d, 7);
	part_end(&d, record);
	part_end(&d, sample);
	sample = flow_begin_compact(&d, &FIRST, 1);
	record = part_begin(&d, 4);
	put(&d, 1300);
	put(&d, 6);
	put_octets(&d, six, 16);
	put_octets(&d, six, 16);
	put(&d, 443);
	put(&d, 50000);
	put(&d, TCP_SYN);
	put(&d, 3);
	part_end(&d, record);
	part_end(&d, sample);
	collect(&c, &d);
	assert_int_equal(c.sink.record_count, 2);
	r = &c.sink.records[0];
	assert_address(&r->flow.source, "1.2.3.4");
	assert_address(&r->flow.destination, "5.6.7.8");
	assert_int_equal(r->flow.octets[0], 1400);
	assert_int_equal(r->flow.destination_port, 4444);
	assert_int_equal(r->tos, 7);
	assert_non_null(r->extra);
	assert_memory_equal(r->extra->source_mac, "\1\2\3\4\5\6", 6);
	assert_memory_equal(r->extra->destination_mac, "\7\10\11\12\13\14", 6);
	r = &c.sink.records[1];
	assert_address(&r->flow.source, "2001:db8::1");
	assert_int_equal(r->flow.tcp_flags[0], TCP_SYN);
	assert_int_equal(r->flow.source_port, 443);
	collecting_end(&c);
}

static void
extended_records(struct datagram *d)
{
	size_t record = part_begin(d, 1001);

	put(d, 100);
	put(d, 0);
	put(d, 200);
	put(d, 0);
	part_end(d, record);
	record = part_begin(d, 1002);
	put(d, 1);
	put(d, 0xc0000263);
	put(d, 24);
	put(d, 16);
	part_end(d, record);
	record = part_begin(d, 1003);
	put(d, 1);
	put(d, 0xc6336401);
	put(d, 64500);
	put(d, 64501);
	put(d, 64502);
	put(d, 2); /* a sequence of two and a set of one */
	put(d, 2);
	put(d, 2);
	put(d, 64503);
	put(d, 64504);
	put(d, 1);
	put(d, 1);
	put(d, 64505);
	put(d, 1);
	put(d, 0x00010002);
	put(d, 100);
	part_end(d, record);
	record = part_begin(d, 1004);
	put(d, 106);
	put(d, 5);
	put_octets(d, "alice", 5);
	put(d, 106);
	put(d, 0);
	part_end(d, record);
}

static void
test_extended_records(void **state)
{
	struct collecting c;
	struct datagram d;
	const struct flow_record *r;
	size_t sample;

	(void)state;
	collecting_begin(&c);
	datagram_begin(&d, AGENT, 0, 1);
	sample = flow_begin_compact(&d, &FIRST, 5);
	tcp_record(&d, 100);
	extended_records(&d);
	part_end(&d, sample);
	collect(&c, &d);
	assert_int_equal(c.sink.record_count, 1);
	r = &c.sink.records[0];
	assert_int_equal(r->flow.vlan, 100);
	assert_int_equal(r->extra->post_vlan, 200);
	assert_address(&r->next_hop, "192.0.2.99");
	assert_int_equal(r->source_mask, 24);
	assert_int_equal(r->destination_mask, 16);
	assert_int_equal(r->source_as, 64501);
	assert_int_equal(r->destination_as, 64505);
	assert_string_equal(r->extra->user_name, "alice");
	collecting_end(&c);
}

/* An expanded sample with enterprise records before, between and behind those that are known. */
static void
test_unknown_records_are_passed_over(void **state)
{
	struct collecting c;
	struct datagram d;
	size_t sample, record;

	(void)state;
	collecting_begin(&c);
	datagram_begin(&d, AGENT, 0, 1);
	sample = sample_begin(&d, 4413U << 12 | 1); /* an enterprise's sample */
	put_octets(&d, "whatever it is", 14);
	part_end(&d, sample);
	sample = flow_begin_expanded(&d, &FIRST, 0, 70000, 4);
	record = part_begin(&d, 9U << 12 | 1);
	put_octets(&d, "odd", 3);
	part_end(&d, record);
	put_be32(d.octets + record - 4, 3); /* its length is not a multiple of 4 */
	tcp_record(&d, 100);
	record = part_begin(&d, 8800U << 12 | 1001);
	put(&d, UINT32_MAX);
	part_end(&d, record);
	record = part_begin(&d, 1002);
	put(&d, 1);
	put(&d, 0xc0000263);
	put(&d, 8);
	put(&d, 9);
	part_end(&d, record);
	part_end(&d, sample);
	collect(&c, &d);
	assert_int_equal(c.sink.record_count, 1);
	assert_int_equal(c.sink.records[0].egress_interface, 70000);
	assert_int_equal(c.sink.records[0].source_mask, 8);
	assert_int_equal(c.sink.records[0].flow.octets[0], 100);
	assert_int_equal(c.drops.count[DROP_SFLOW_RECORD_UNKNOWN], 2);
	assert_int_equal(c.drops.count[DROP_SFLOW_SAMPLE_UNKNOWN], 1);
	collecting_end(&c);
}

static void
test_interfaces(void **state)
{
	static const struct {
		uint32_t format, value, interface, status;
	} outputs[] = {
		{ 0, 12, 12, 0 }, { 0, 0x3fffffff, 0, 195 },             /* the device itself */
		{ 1, 258, 0, 129 },                                      /* an access list */
		{ 1, 1, 0, 131 },                                        /* host unreachable */
		{ 1, 257, 0, 137 }, { 1, 256, 0, 128 }, { 2, 7, 0, 64 }, /* seven of them */
	};
	struct collecting c;
	struct datagram d;
	size_t sample;

	(void)state;
	collecting_begin(&c);
	datagram_begin(&d, AGENT, 0, 1);
	for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
		sample = flow_begin_expanded(&d, &FIRST, outputs[i].format, outputs[i].value, 1);
		tcp_record(&d, 100);
		part_end(&d, sample);
	}
	collect(&c, &d);
	/* The same in the upper two bits of a compact sample. */
	datagram_begin(&d, AGENT, 0, 2);
	for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
		sample = flow_begin_compact(&d, &FIRST, 1);
		put_be32(d.octets + d.size - 8, outputs[i].format << 30 | outputs[i].value);
		tcp_record(&d, 100);
		part_end(&d, sample);
	}
	collect(&c, &d);
	for (size_t i = 0; i < c.sink.record_count; i++) {
		const struct flow_record *r = &c.sink.records[i];
		size_t j = i % (sizeof outputs / sizeof outputs[0]);

		assert_int_equal(r->egress_interface, outputs[j].interface);
		assert_int_equal(
		    r->extra != NULL ? r->extra->forwarding_status : 0, outputs[j].status);
	}
	assert_int_equal(c.sink.record_count, 14);
	collecting_end(&c);
}

/* Gives `count` samples of a source whose pool grows by `step` with each. */
static void
give_samples(struct collecting *c, uint32_t *sequence, unsigned count, uint32_t rate, uint32_t step)
{
	for (unsigned i = 0; i < count; i++, ++*sequence) {
		struct source_numbers n = { 3, *sequence, rate, *sequence * step, 0 };
		struct datagram d;
		size_t sample;

		datagram_begin(&d, AGENT, 0, *sequence);
		sample = flow_begin_compact(&d, &n, 1);
		tcp_record(&d, 100);
		part_end(&d, sample);
		export_sink_clear(&c->sink);
		collect(c, &d);
		assert_int_equal(c->sink.record_count, 1);
	}
}

static void
test_effective_rate(void **state)
{
	struct collecting c;
	uint32_t sequence = 1;

	(void)state;
	/* What the header says, as long as the pool does not contradict it. */
	collecting_begin(&c);
	give_samples(&c, &sequence, 500, 1000, 1010);
	assert_int_equal(c.sink.records[0].sampling, 1000);
	assert_int_equal(c.sink.records[0].sampling_source, SAMPLING_RECORD);
	collecting_end(&c);

	/* The agent samples half of what it says. */
	collecting_begin(&c);
	sequence = UINT32_MAX - 20; /* the pool goes round too */
	give_samples(&c, &sequence, 65, 1000, 2000);
	assert_int_equal(c.sink.records[0].sampling, 2000);
	assert_int_equal(c.sink.records[0].sampling_source, SAMPLING_MEASURED);
	/* Another rate: what was measured is of the old one. */
	give_samples(&c, &sequence, 1, 500, 2000);
	assert_int_equal(c.sink.records[0].sampling, 500);
	collecting_end(&c);

	/* Pools that cannot be, or stand still. */
	collecting_begin(&c);
	sequence = 1;
	give_samples(&c, &sequence, 40, 1000, 1000000);
	assert_int_equal(c.sink.records[0].sampling, 1000);
	assert_true(c.drops.count[DROP_SFLOW_POOL] > 0);
	collecting_end(&c);
	collecting_begin(&c);
	give_samples(&c, &sequence, 40, 1000, 0);
	assert_int_equal(c.sink.records[0].sampling, 1000);
	/* Nobody says a rate. */
	give_samples(&c, &sequence, 1, 0, 0);
	assert_int_equal(c.sink.records[0].sampling, 0);
	assert_int_equal(c.sink.records[0].sampling_source, SAMPLING_UNKNOWN);
	assert_int_equal(c.drops.count[DROP_EXPORT_SAMPLING_UNKNOWN], 1);
	collecting_end(&c);
}

static void
put_counters(struct datagram *d, uint32_t interface, uint64_t octets, uint32_t packets)
{
	size_t sample = sample_begin(d, 2), record;

	put(d, 1);
	put(d, interface);
	put(d, 2);
	record = part_begin(d, 5U << 12 | 3);
	put(d, 0);
	part_end(d, record);
	record = part_begin(d, 1);
	put(d, interface);
	put(d, 6);
	put(d, 0);
	put(d, 1000000000);
	put(d, 1);
	put(d, 3);
	put(d, (uint32_t)(octets >> 32));
	put(d, (uint32_t)octets);
	put(d, packets);
	put(d, 5);
	put(d, UINT32_MAX); /* broadcast is not counted */
	put(d, 0);
	put(d, 0);
	put(d, 0);
	put(d, (uint32_t)(2 * octets >> 32));
	put(d, (uint32_t)(2 * octets));
	put(d, packets);
	for (unsigned i = 0; i < 5; i++)
		put(d, 0);
	part_end(d, record);
	part_end(d, sample);
}

static void
give_counters(struct collecting *c, uint32_t sequence, uint64_t octets, uint32_t packets)
{
	struct datagram d;

	datagram_begin(&d, AGENT, 0, sequence);
	put_counters(&d, 8, octets, packets);
	c->time += 30 * NSEC_PER_SEC;
	collect(c, &d);
}

static void
test_counters(void **state)
{
	struct collecting c;
	const struct interface_sample *s;

	(void)state;
	collecting_begin(&c);
	give_counters(&c, 1, UINT64_C(5000000000), UINT32_MAX - 9);
	assert_int_equal(c.sink.interface_count, 0);
	give_counters(&c, 2, UINT64_C(15000000000), 10);
	assert_int_equal(c.sink.interface_count, 1);
	s = &c.sink.interfaces[0];
	assert_int_equal(s->interface, 8);
	assert_int_equal(s->end - s->begin, 30 * NSEC_PER_SEC);
	assert_int_equal(s->in_octets, UINT64_C(10000000000));
	assert_int_equal(s->out_octets, UINT64_C(20000000000));
	assert_int_equal(s->in_packets, 20);
	assert_int_equal(s->out_packets, 20);
	assert_int_equal(s->speed, 1000000000);
	/* The device began anew; the next difference is one again. */
	give_counters(&c, 3, 1000, 5);
	assert_int_equal(c.sink.interface_count, 1);
	assert_int_equal(c.drops.count[DROP_SFLOW_COUNTERS_RESET], 1);
	give_counters(&c, 4, 3000, 7);
	assert_int_equal(c.sink.interface_count, 2);
	assert_int_equal(c.sink.interfaces[1].in_octets, 2000);
	collecting_end(&c);
}

static void
give_empty(struct collecting *c, uint32_t agent, uint32_t sub_agent, uint32_t sequence)
{
	struct datagram d;

	datagram_begin(&d, agent, sub_agent, sequence);
	collect(c, &d);
}

static void
test_sequences(void **state)
{
	struct collecting c;
	const struct exporter_report *r;

	(void)state;
	collecting_begin(&c);
	/* Two sub-agents, and a second agent behind the same address. */
	for (uint32_t i = 100; i < 150; i++) {
		if (i % 10 != 5)
			give_empty(&c, AGENT, 1, i);
		give_empty(&c, AGENT, 2, i + 7000);
		if (i % 25 != 3)
			give_empty(&c, AGENT + 1, 2, i * 1);
	}
	exports_report(c.exports, &c.sink);
	assert_int_equal(c.sink.report_count, 2);
	r = &c.sink.reports[0];
	assert_int_equal(r->domain, 1);
	assert_int_equal(r->unit, SEQUENCE_DATAGRAMS);
	assert_int_equal(r->messages, 45);
	assert_int_equal(r->lost, 5);
	assert_int_equal(r->expected, 50);
	r = &c.sink.reports[1];
	assert_int_equal(r->domain, 2);
	assert_int_equal(r->messages, 98);
	assert_int_equal(r->lost, 2);
	assert_int_equal(r->expected, 100);
	assert_int_equal(r->restarts, 0);
	collecting_end(&c);
}

static void
test_drops_of_the_agent(void **state)
{
	struct collecting c;

	(void)state;
	collecting_begin(&c);
	for (uint32_t i = 1; i <= 3; i++) {
		struct source_numbers n = { 3, i, 100, 100 * i, 50 + i * 7 };
		struct datagram d;
		size_t sample;

		datagram_begin(&d, AGENT, 0, i);
		sample = flow_begin_compact(&d, &n, 1);
		tcp_record(&d, 100);
		part_end(&d, sample);
		collect(&c, &d);
	}
	exports_report(c.exports, &c.sink);
	assert_int_equal(c.sink.reports[0].source_drops, 14);
	assert_int_equal(c.sink.reports[0].records, 3);
	assert_int_equal(c.sink.reports[0].rates[0].rate, 100);
	assert_int_equal(c.sink.reports[0].rates[0].records, 3);
	collecting_end(&c);
}

/* A datagram with everything, cut at every length: what is whole is delivered, the rest counted. */
static void
test_every_cut(void **state)
{
	struct collecting whole;
	struct datagram d;
	size_t sample;

	(void)state;
	datagram_begin(&d, AGENT, 0, 1);
	sample = flow_begin_expanded(&d, &FIRST, 1, 258, 5);
	tcp_record(&d, 100);
	extended_records(&d);
	part_end(&d, sample);
	put_counters(&d, 8, 1, 1);
	sample = flow_begin_compact(&d, &FIRST, 1);
	tcp_record(&d, 100);
	part_end(&d, sample);
	collecting_begin(&whole);
	collect(&whole, &d);
	assert_int_equal(whole.sink.record_count, 2);
	collecting_end(&whole);
	for (size_t size = 0; size < d.size; size++) {
		struct collecting c;

		collecting_begin(&c);
		collect_octets(&c, d.octets, size);
		assert_true(c.sink.record_count <= 1);
		assert_true(c.drops.count[DROP_SFLOW_TRUNCATED] + c.drops.count[DROP_SFLOW_HEADER] +
				c.drops.count[DROP_EXPORT_VERSION] ==
			    1);
		collecting_end(&c);
	}
}

/* The length of each part in turn says too much or nothing. */
static void
test_lengths_that_lie(void **state)
{
	static const uint32_t LIES[] = { 0, 1, 3, 7, 100, 0x7fffffff, 0x80000000, UINT32_MAX };
	struct datagram d;
	size_t sample;

	(void)state;
	datagram_begin(&d, AGENT, 0, 1);
	sample = flow_begin_expanded(&d, &FIRST, 1, 258, 5);
	tcp_record(&d, 100);
	extended_records(&d);
	part_end(&d, sample);
	put_counters(&d, 8, 1, 1);
	for (size_t at = 4; at + 4 <= d.size; at += 4)
		for (size_t i = 0; i < sizeof LIES / sizeof LIES[0]; i++) {
			struct datagram lying = d;
			struct collecting c;

			put_be32(lying.octets + at, LIES[i]);
			collecting_begin(&c);
			collect(&c, &lying);
			assert_true(c.sink.record_count <= 1);
			collecting_end(&c);
		}
}

static void
test_trusted_agents(void **state)
{
	struct collecting c;
	struct datagram d;
	size_t sample;

	(void)state;
	collecting_begin(&c);
	exports_free(c.exports);
	c.options.trust_agent = true;
	c.options.force_sampling = 77;
	c.exports = exports_new(&c.options);
	datagram_begin(&d, AGENT, 0, 1);
	sample = flow_begin_compact(&d, &FIRST, 1);
	tcp_record(&d, 100);
	part_end(&d, sample);
	collect(&c, &d);
	assert_address(&c.sink.records[0].exporter, "192.0.2.1");
	assert_int_equal(c.sink.records[0].sampling, 77);
	assert_int_equal(c.sink.records[0].sampling_source, SAMPLING_FORCED);
	collecting_end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_sample),
		cmocka_unit_test(test_short_frames_have_padding_that_does_not_count),
		cmocka_unit_test(test_headers_of_other_links),
		cmocka_unit_test(test_sampled_ip),
		cmocka_unit_test(test_extended_records),
		cmocka_unit_test(test_unknown_records_are_passed_over),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_effective_rate),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_drops_of_the_agent),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_trusted_agents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
