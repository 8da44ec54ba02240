/* SPDX-License-Identifier: ISC */
/*
 * The meter against the rules of meter.h: each rule by itself, and random traffic against a naive
 * meter that keeps its flows in a list and looks through all of it for every packet.
 */
#include <stdlib.h>
#include <string.h>

#include "flow/meter.h"
#include "test.h"

#define SECONDS(x) ((nsec_t)((x)*1e9))

struct sink {
	struct flow *flows;
	size_t count;
	struct drop_counters drops;
};

static void
take(void *context, const struct flow *flows, size_t count)
{
	struct sink *sink = context;

	sink->flows = realloc(sink->flows, (sink->count + count) * sizeof *flows);
	memcpy(sink->flows + sink->count, flows, count * sizeof *flows);
	sink->count += count;
}

static struct meter *
make(struct sink *sink, size_t capacity, uint64_t secret)
{
	struct meter_options options = {
		.capacity = capacity,
		.active = SECONDS(300),
		.idle = SECONDS(60),
		.secret = { secret, ~secret },
		.drops = &sink->drops,
		.deliver = take,
		.context = sink,
	};

	*sink = (struct sink){ 0 };
	return meter_new(&options);
}

static struct packet
packet(double time, unsigned from, unsigned to, uint16_t sport, uint16_t dport, uint8_t flags)
{
	struct packet p = {
		.kind = PACKET_IP,
		.time = SECONDS(1000) + SECONDS(time),
		.ip_version = 4,
		.protocol = flags != 0 ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP,
		.flags = PACKET_HAS_PORTS,
		.tcp_flags = flags,
		.source_port = sport,
		.destination_port = dport,
		.octets = 100,
		.ttl = 64,
		.vlan = VLAN_NONE,
	};

	p.source = address_from_ipv4((const uint8_t[]){ 192, 0, 2, (uint8_t)from });
	p.destination = address_from_ipv4((const uint8_t[]){ 192, 0, 2, (uint8_t)to });
	return p;
}

static void
feed(struct meter *m, struct packet p)
{
	const struct packet *list[1] = { &p };

	meter_packets(m, list, 1);
}

static void
test_biflow_and_rtt(void **state)
{
	struct sink s;
	struct meter *m = make(&s, 64, 1);

	(void)state;
	feed(m, packet(0.0, 9, 1, 40000, 80, TCP_SYN));
	feed(m, packet(0.025, 1, 9, 80, 40000, TCP_SYN | TCP_ACK));
	feed(m, packet(0.050, 9, 1, 40000, 80, TCP_ACK));
	feed(m, packet(0.060, 9, 1, 40000, 80, TCP_ACK | TCP_FIN));
	feed(m, packet(0.070, 1, 9, 80, 40000, TCP_ACK | TCP_FIN));
	feed(m, packet(0.080, 9, 1, 40000, 80, TCP_ACK));
	assert_int_equal(s.count, 0);
	feed(m, packet(1.0, 9, 1, 40000, 80, TCP_SYN)); /* port reuse begins a new flow */
	meter_finish(m);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.flows[0].source.octets[15], 9);
	assert_int_equal(s.flows[0].source_port, 40000);
	assert_int_equal(s.flows[0].packets[0], 4);
	assert_int_equal(s.flows[0].packets[1], 2);
	assert_int_equal(s.flows[0].octets[0], 400);
	assert_int_equal(s.flows[0].rtt_us, 25000);
	assert_int_equal(s.flows[0].end_reason, FLOW_END_DETECTED);
	assert_int_equal(s.flows[0].tcp_flags[0], TCP_SYN | TCP_ACK | TCP_FIN);
	assert_int_equal(s.flows[1].packets[0], 1);
	assert_int_equal(s.flows[1].end_reason, FLOW_END_FORCED);
	meter_free(m);
	free(s.flows);
}

/* The answer to a SYN that was not captured: its destination is the initiator; a repeated SYN gives
 * no round trip. */
static void
test_initiator(void **state)
{
	struct sink s;
	struct meter *m = make(&s, 64, 2);

	(void)state;
	feed(m, packet(0, 1, 9, 80, 40000, TCP_SYN | TCP_ACK));
	feed(m, packet(0, 5, 6, 1234, 25, TCP_SYN));
	feed(m, packet(1, 5, 6, 1234, 25, TCP_SYN));
	feed(m, packet(1.5, 6, 5, 25, 1234, TCP_SYN | TCP_ACK));
	meter_finish(m);
	assert_int_equal(s.count, 2);
	for (size_t i = 0; i < 2; i++) {
		if (s.flows[i].destination_port == 80)
			assert_int_equal(s.flows[i].packets[1], 1);
		else
			assert_int_equal(s.flows[i].rtt_us, 0);
	}
	meter_free(m);
	free(s.flows);
}

static void
test_timeouts(void **state)
{
	struct sink s;
	struct meter *m = make(&s, 64, 3);

	(void)state;
	for (int i = 0; i <= 330; i += 30)
		feed(m, packet(i, 1, 2, 1000, 53, 0)); /* 0…270 one flow, 300 and 330 the next */
	feed(m, packet(330 + 60, 1, 2, 1000, 53, 0)); /* exactly the idle timeout: still the same */
	feed(m, packet(390 + 60.5, 1, 2, 1000, 53, 0)); /* more: a new one */
	meter_finish(m);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.flows[0].end_reason, FLOW_END_ACTIVE);
	assert_int_equal(s.flows[0].packets[0], 10);
	assert_int_equal(s.flows[1].end_reason, FLOW_END_IDLE);
	assert_int_equal(s.flows[1].packets[0], 3);
	assert_int_equal(s.flows[2].packets[0], 1);
	meter_free(m);
	free(s.flows);
}

static void
test_icmp(void **state)
{
	struct sink s;
	struct meter *m = make(&s, 64, 4);
	struct packet p = packet(0, 1, 2, 0, 8 << 8, 0);

	(void)state;
	p.protocol = IP_PROTOCOL_ICMP;
	p.flags = 0;
	feed(m, p);
	p = packet(0.01, 2, 1, 0, 0, 0);
	p.protocol = IP_PROTOCOL_ICMP;
	p.flags = 0;
	feed(m, p);
	p.destination_port = 3 << 8 | 1;
	feed(m, p);
	meter_finish(m);
	assert_int_equal(s.count, 2); /* the echo with its reply, and the unreachable */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    s.flows[i].packets[1], s.flows[i].destination_port == 8 << 8 ? 1 : 0);
	meter_free(m);
	free(s.flows);
}

static void
test_evictions(void **state)
{
	struct sink s;
	struct meter *m = make(&s, 1024, 5);
	uint64_t octets = 0;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		feed(m, packet(i / 1000.0, i % 200, 201 + i / 1000, (uint16_t)i, 80, 0));
	assert_int_equal(meter_active(m), 1024);
	meter_finish(m);
	assert_int_equal(s.count, 5000);
	assert_int_equal(s.drops.count[DROP_FLOW_EVICTED], 5000 - 1024);
	for (size_t i = 0; i < s.count; i++) {
		octets += s.flows[i].octets[0];
		assert_int_equal(s.flows[i].source_port, i); /* the longest silent go first */
	}
	assert_int_equal(octets, 500000);
	meter_free(m);
	free(s.flows);
}

/* One packet from the far future ends flows, and coming back from it does; nothing is lost or
 * stuck. */
static void
test_clock_step(void **state)
{
	struct sink s;
	struct meter *m = make(&s, 64, 6);

	(void)state;
	feed(m, packet(0, 1, 2, 1000, 53, 0));
	feed(m, packet(1e8, 3, 4, 1000, 53, 0));
	feed(m, packet(1, 1, 2, 1000, 53, 0));
	feed(m, packet(2, 1, 2, 1000, 53, 0));
	meter_finish(m);
	assert_int_equal(s.count, 3);
	meter_free(m);
	free(s.flows);
}

/* ---- random traffic against a naive meter ---- */

#define RANDOM_PACKETS 20000

struct naive {
	struct flow flow; /* index 0: from the sender of its first packet */
	bool fin[2], closed, used;
};

static uint64_t
next_random(uint64_t *x)
{
	*x += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix64(*x);
}

static nsec_t
naive_latest(const struct naive *n)
{
	return flow_finish(&n->flow);
}

/* Adds to `list`; an ended flow goes to `ended`. */
static void
naive_feed(struct naive *list, size_t most, const struct packet *p, struct sink *ended)
{
	struct naive *n = NULL, *vacant = NULL;
	unsigned d = 0;

	for (size_t i = 0; i < most; i++) {
		struct flow *f = &list[i].flow;
		if (!list[i].used) {
			vacant = vacant == NULL ? &list[i] : vacant;
			continue;
		}
		if (f->protocol != p->protocol)
			continue;
		if (address_equal(&f->source, &p->source) &&
		    address_equal(&f->destination, &p->destination) &&
		    f->source_port == p->source_port &&
		    f->destination_port == p->destination_port) {
			n = &list[i];
		} else if (address_equal(&f->source, &p->destination) &&
			   address_equal(&f->destination, &p->source) &&
			   f->source_port == p->destination_port &&
			   f->destination_port == p->source_port) {
			n = &list[i];
			d = 1;
		}
	}
	if (n != NULL) {
		nsec_t quiet = p->time - naive_latest(n);
		bool syn = p->tcp_flags == TCP_SYN;
		if (quiet > (n->closed ? SECONDS(5) : SECONDS(60)) || (n->closed && syn) ||
		    p->time - flow_begin(&n->flow) >= SECONDS(300)) {
			take(ended, &n->flow, 1);
			n->used = false;
			vacant = n;
			n = NULL;
		}
	}
	if (n == NULL) {
		n = vacant;
		assert_non_null(n);
		*n = (struct naive){ .used = true };
		d = p->tcp_flags == (TCP_SYN | TCP_ACK);
		n->flow.protocol = p->protocol;
		n->flow.source = d ? p->destination : p->source;
		n->flow.destination = d ? p->source : p->destination;
		n->flow.source_port = d ? p->destination_port : p->source_port;
		n->flow.destination_port = d ? p->source_port : p->destination_port;
	}
	if (n->flow.packets[d]++ == 0)
		n->flow.first[d] = p->time;
	n->flow.last[d] = p->time;
	n->flow.octets[d] += p->octets;
	n->flow.tcp_flags[d] |= p->tcp_flags;
	n->fin[d] |= (p->tcp_flags & TCP_FIN) != 0;
	n->closed |= (p->tcp_flags & TCP_RST) != 0 || (n->fin[0] && n->fin[1]);
}

/* Sorts by what both kinds of meter fill in. */
static int
by_all(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;
	int c = address_compare(&x->source, &y->source);

	c = c != 0 ? c : address_compare(&x->destination, &y->destination);
	c = c != 0 ? c : x->protocol - y->protocol;
	c = c != 0 ? c : x->source_port - y->source_port;
	c = c != 0 ? c : x->destination_port - y->destination_port;
	if (c != 0)
		return c;
	return (flow_begin(x) > flow_begin(y)) - (flow_begin(x) < flow_begin(y));
}

static void
check_same(struct sink *a, struct sink *b)
{
	assert_int_equal(a->count, b->count);
	qsort(a->flows, a->count, sizeof *a->flows, by_all);
	qsort(b->flows, b->count, sizeof *b->flows, by_all);
	for (size_t i = 0; i < a->count; i++) {
		const struct flow *x = &a->flows[i], *y = &b->flows[i];
		assert_int_equal(by_all(x, y), 0);
		for (int d = 0; d < 2; d++) {
			assert_int_equal(x->packets[d], y->packets[d]);
			assert_int_equal(x->octets[d], y->octets[d]);
			assert_int_equal(x->tcp_flags[d], y->tcp_flags[d]);
			assert_int_equal(x->first[d], y->first[d]);
			assert_int_equal(x->last[d], y->last[d]);
		}
	}
}

static struct packet
random_packet(uint64_t *seed, double *time)
{
	static const uint8_t FLAGS[] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK,
		TCP_ACK | TCP_FIN, TCP_RST };
	uint64_t r = next_random(seed);
	unsigned a = 1 + (unsigned)(r % 6), b = 1 + (unsigned)(r / 8 % 6);
	struct packet p;

	*time += (double)(next_random(seed) % 1000) / (r % 97 == 0 ? 10.0 : 2000.0);
	p = packet(*time, a, b == a ? 7 : b, (uint16_t)(100 + r / 64 % 3),
	    (uint16_t)(100 + r / 512 % 3), r / 4096 % 2 != 0 ? FLAGS[r / 8192 % 7] : 0);
	p.octets = (uint32_t)(40 + r / 65536 % 1400);
	return p;
}

static void
test_random(void **state)
{
	static struct naive list[512];
	static struct packet packets[RANDOM_PACKETS];
	struct sink naive = { 0 }, real;
	uint64_t seed = 7;
	double time = 0;

	(void)state;
	for (size_t i = 0; i < RANDOM_PACKETS; i++) {
		packets[i] = random_packet(&seed, &time);
		naive_feed(list, 512, &packets[i], &naive);
	}
	for (size_t i = 0; i < 512; i++)
		if (list[i].used)
			take(&naive, &list[i].flow, 1);
	for (uint64_t secret = 0; secret < 3; secret++) {
		struct meter *m = make(&real, 512, secret);
		for (size_t i = 0, n; i < RANDOM_PACKETS; i += n) {
			const struct packet *batch[METER_BATCH];
			n = 1 + next_random(&seed) % METER_BATCH;
			n = n < RANDOM_PACKETS - i ? n : RANDOM_PACKETS - i;
			for (size_t k = 0; k < n; k++)
				batch[k] = &packets[i + k];
			meter_packets(m, batch, n);
		}
		meter_finish(m);
		check_same(&naive, &real);
		meter_free(m);
		free(real.flows);
	}
	free(naive.flows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_biflow_and_rtt),
		cmocka_unit_test(test_initiator),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_evictions),
		cmocka_unit_test(test_clock_step),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
