/* SPDX-License-Identifier: ISC */
/*
 * A shard with a subscriber of every kind of observation.
 *
 * This program has a list of analyses of its own, with one consumer that writes down what it is
 * shown: TCP octets in order, datagrams put together, flows, counters.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "decode/decode.h"
#include "pipeline/shard.h"
#include "test.h"

struct notes {
	size_t packets, flows, datagrams, counters, closed;
	size_t records, exporters, interfaces, batches, most;
	uint64_t flow_packets;
	char stream[64];
	size_t stream_size;
	uint64_t gap;
	char datagram[64];
	uint16_t datagram_port;
};

static enum err
consumer_init(void *state, const struct analysis_context *context, struct err_info *info)
{
	(void)state;
	(void)context;
	(void)info;
	return ERR_OK;
}

static void
consumer_release(void *state)
{
	(void)state;
}

static void
note_stream(struct notes *n, const struct stream_event *e)
{
	if (e->kind == STREAM_DATA) {
		memcpy(n->stream + n->stream_size, e->data, e->size);
		n->stream_size += e->size;
	}
	if (e->kind == STREAM_GAP)
		n->gap += e->size;
	n->closed += e->kind == STREAM_CLOSE;
}

static void
consumer_observe(void *state, const struct batch *batch)
{
	struct notes *n = state;

	switch (batch->type) {
	case OBS_PACKET: n->packets += batch->count; break;
	case OBS_FLOW:
		n->flows += batch->count;
		for (size_t i = 0; i < batch->count; i++)
			n->flow_packets += batch->flows[i].packets[0] + batch->flows[i].packets[1];
		break;
	case OBS_DATAGRAM:
		n->datagrams++;
		n->datagram_port = batch->packets[0]->destination_port;
		memcpy(n->datagram, batch->packets[0]->data + batch->packets[0]->payload_offset,
		    batch->packets[0]->payload_size);
		break;
	case OBS_STREAM: note_stream(n, batch->streams); break;
	case OBS_COUNTERS: n->counters++; break;
	case OBS_RECORD:
		n->records += batch->count;
		n->batches++;
		n->most = batch->count > n->most ? batch->count : n->most;
		break;
	case OBS_EXPORTER: n->exporters += batch->count; break;
	case OBS_INTERFACE: n->interfaces += batch->count; break;
	default: break;
	}
}

static const struct analysis CONSUMER = {
	.name = "test/consumer",
	.title = "Consumer",
	.consumes = OBS_PACKET | OBS_FLOW | OBS_DATAGRAM | OBS_STREAM | OBS_COUNTERS | OBS_RECORD |
		    OBS_EXPORTER | OBS_INTERFACE,
	.state_size = sizeof(struct notes),
	.init = consumer_init,
	.release = consumer_release,
	.observe = consumer_observe,
};

const struct analysis *const ANALYSES[] = { &CONSUMER, NULL };

static uint8_t frames[16][256];

/* An Ethernet frame with an IPv4 packet: `fragment` is the raw field of flags and offset. */
static struct packet
make(size_t number, bool back, uint8_t protocol, uint16_t fragment, const void *l4, size_t size)
{
	uint8_t *f = frames[number];
	struct packet p = {
		.time = (nsec_t)(number + 1) * NSEC_PER_MS, .data = f, .link_type = LINK_ETHERNET
	};
	struct drop_counters drops = { 0 };

	memset(f, 0, sizeof frames[0]);
	put_be16(f + 12, 0x0800);
	f[14] = 0x45;
	put_be16(f + 16, (uint16_t)(20 + size));
	put_be16(f + 18, 77);
	put_be16(f + 20, fragment);
	f[22] = 64;
	f[23] = protocol;
	put_be32(f + 26, back ? 0xc0000202 : 0xc0000201);
	put_be32(f + 30, back ? 0xc0000201 : 0xc0000202);
	memcpy(f + 34, l4, size);
	p.captured_size = (uint32_t)(34 + size);
	p.frame_size = p.captured_size;
	decode_packet(&p, &drops);
	return p;
}

static struct packet
make_tcp(size_t number, bool back, uint32_t seq, uint32_t ack, uint8_t flags, const char *data)
{
	uint8_t l4[64] = { 0 };

	put_be16(l4, back ? 80 : 40000);
	put_be16(l4 + 2, back ? 40000 : 80);
	put_be32(l4 + 4, seq);
	put_be32(l4 + 8, ack);
	l4[12] = 5 << 4;
	l4[13] = flags;
	put_be16(l4 + 14, 65535);
	memcpy(l4 + 20, data, strlen(data));
	return make(number, back, IP_PROTOCOL_TCP, 0, l4, 20 + strlen(data));
}

static void
feed(struct shard *s, struct packet *packets, size_t count)
{
	struct packet *list[16];

	for (size_t i = 0; i < count; i++)
		list[i] = &packets[i];
	shard_packets(s, list, count);
}

static void
test_everything_is_delivered(void **state)
{
	struct config config;
	struct shard shard;
	struct err_info why;
	struct flow_sink none = { 0 };
	struct hash_secret secret = { 1, 2 };
	const struct notes *n;
	uint8_t datagram[32] = { 0 };
	struct packet packets[9];

	(void)state;
	config_init(&config);
	assert_int_equal(shard_init(&shard, &config, secret, &none, &why), ERR_OK);
	packets[0] = make_tcp(0, false, 100, 0, TCP_SYN, "");
	packets[1] = make_tcp(1, true, 500, 101, TCP_SYN | TCP_ACK, "");
	packets[2] = make_tcp(2, false, 106, 501, TCP_ACK, "world");
	packets[3] = make_tcp(3, false, 101, 501, TCP_ACK, "hello");
	packets[4] = make_tcp(4, false, 111, 501, TCP_ACK | TCP_FIN, "");
	packets[5] = make_tcp(5, true, 501, 112, TCP_ACK | TCP_FIN, "");
	packets[6] = make_tcp(6, false, 112, 502, TCP_ACK, "");
	/* A UDP datagram of 8 + 24 octets in two fragments, the second first. */
	put_be16(datagram, 5000);
	put_be16(datagram + 2, 53);
	put_be16(datagram + 4, 32);
	memcpy(datagram + 8, "abcdefghijklmnopqrstuvwx", 24);
	packets[7] = make(7, false, IP_PROTOCOL_UDP, 2, datagram + 16, 16);
	packets[8] = make(8, false, IP_PROTOCOL_UDP, 0x2000, datagram, 16);
	feed(&shard, packets, 9);
	shard_end_input(&shard, 0);
	shard_end_window(&shard);
	n = shard.states[0];
	assert_int_equal(n->packets, 9);
	assert_int_equal(n->flows, 2);
	assert_int_equal(n->flow_packets, 9); /* the later fragment is in its datagram's flow */
	assert_int_equal(n->stream_size, 10);
	assert_memory_equal(n->stream, "helloworld", 10);
	assert_int_equal(n->gap, 0);
	assert_int_equal(n->closed, 1);
	assert_int_equal(n->datagrams, 1);
	assert_int_equal(n->datagram_port, 53);
	assert_memory_equal(n->datagram, "abcdefghijklmnopqrstuvwx", 24);
	assert_int_equal(n->counters, 1);
	shard_release(&shard);
	config_release(&config);
}

static enum err
store_records(void *context, const struct flow_record *const *records, size_t count)
{
	size_t *stored = context;

	assert_non_null(records[count - 1]);
	*stored += count;
	return ERR_OK;
}

static enum err
store_flows(void *context, const struct flow *flows, size_t count)
{
	(void)context;
	(void)flows;
	(void)count;
	return ERR_OK;
}

/* Records reach analyses in batches of BATCH_MAX at most, and the store. */
static void
test_records_are_delivered(void **state)
{
	enum { COUNT = 2 * BATCH_MAX + 3 };
	static struct flow_record records[COUNT];
	const struct flow_record *list[COUNT];
	struct exporter_report report = { .messages = 1 };
	struct interface_sample sample = { .interface = 1 };
	struct hash_secret secret = { 1, 2 };
	struct err_info why;
	struct config config;
	struct shard shard;
	size_t stored = 0;
	struct flow_sink sink = {
		.take = store_flows, .take_records = store_records, .context = &stored
	};

	(void)state;
	config_init(&config);
	assert_int_equal(shard_init(&shard, &config, secret, &sink, &why), ERR_OK);
	for (size_t i = 0; i < COUNT; i++) {
		records[i].time = (nsec_t)i;
		list[i] = &records[i];
	}
	shard_records(&shard, list, COUNT);
	shard_records(&shard, list, 0);
	shard_exporters(&shard, &report, 1);
	shard_exporters(&shard, &report, 0);
	shard_interfaces(&shard, &sample, 1);
	shard_end_input(&shard, 0);
	shard_end_window(&shard);

	const struct notes *n = shard.states[0];
	assert_int_equal(n->records, COUNT);
	assert_int_equal(n->batches, 3);
	assert_int_equal(n->most, BATCH_MAX);
	assert_int_equal(n->exporters, 1);
	assert_int_equal(n->interfaces, 1);
	assert_int_equal(stored, COUNT);
	shard_release(&shard);
	config_release(&config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_delivered),
		cmocka_unit_test(test_records_are_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
