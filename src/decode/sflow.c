/* SPDX-License-Identifier: ISC */
/*
 * sFlow version 5 (https://sflow.org/sflow_version_5.txt, section 5), in XDR: everything is a
 * multiple of 4 octets in network order.
 *
 *	datagram   version 5, agent address (type 1: 4 octets, 2: 16), sub-agent, sequence number,
 *	           uptime in ms, samples, then so many of
 *	sample     type (enterprise 20 bits, format 12 bits), length, that many octets
 *
 * The types of sFlow.org itself (enterprise 0):
 *
 *	1 flow sample             sequence, source id, rate, pool, drops, input, output, records, …
 *	2 counters sample         sequence, source id, records, …
 *	3, 4                      the same "expanded": source ids and interfaces in two words each
 *
 * and after the fixed part of each, so many records with a type and a length of their own.  What is
 * of another enterprise or unknown is passed over by its length and counted.
 */
#include "decode/sflow_internal.h"

enum {
	SAMPLE_FLOW = 1,
	SAMPLE_COUNTERS = 2,
	SAMPLE_FLOW_EXPANDED = 3,
	SAMPLE_COUNTERS_EXPANDED = 4,
	SAMPLE_DISCARD = 5, /* discarded packets: not sampled, so they say nothing of volumes */
};

enum {
	COUNTERS_INTERFACE = 1, /* if_counters */
};

#define SAMPLE_HEADER_SIZE      8
#define FLOW_SIZE               32
#define FLOW_EXPANDED_SIZE      44
#define COUNTERS_SIZE           12
#define COUNTERS_EXPANDED_SIZE  16
#define COUNTERS_INTERFACE_SIZE 88
#define DATAGRAM_FIXED_SIZE     16 /* sub-agent, sequence, uptime, samples */
#define SOURCE_INDEX_MASK       0x00ffffff
#define INTERFACE_VALUE_MASK    0x3fffffff

static void read_samples(const struct sflow_reading *s, struct cursor c, uint32_t count);

static void
malformed(const struct sflow_reading *s, enum drop which)
{
	drop(s->x->drops, which);
	s->domain->report.malformed++;
}

struct address
sflow_address(struct cursor *c)
{
	uint32_t type = cursor_be32(c);
	const uint8_t *p = NULL;

	if (type == 1 || type == 2)
		p = cursor_take(c, type == 1 ? 4 : 16);
	else if (type != 0)
		c->failed = true; /* nobody knows how long it is */
	if (p == NULL)
		return (struct address){ .words = { 0, 0 } };
	return type == 1 ? address_from_ipv4(p) : address_from_ipv6(p);
}

static bool
is_unset(const struct address *a)
{
	return a->words[0] == 0 && a->words[1] == 0;
}

void
sflow_message(struct exports *x, const struct export_message *m, struct export_sink *sink)
{
	struct cursor c = cursor_over(m->data, m->size);
	struct sflow_reading s = { .x = x, .message = m, .sink = sink };
	struct address agent, exporter = m->exporter;
	const uint8_t *h;

	(void)cursor_skip(&c, 4);
	agent = sflow_address(&c);
	h = cursor_take(&c, DATAGRAM_FIXED_SIZE);
	if (c.failed) {
		drop(x->drops, DROP_SFLOW_HEADER);
		return;
	}
	if ((x->options.trust_agent || is_unset(&exporter)) && !is_unset(&agent))
		exporter = agent;
	s.domain = export_domain(x, export_exporter(x, m, &exporter), EXPORT_SFLOW5, be32(h));
	s.domain->unit = SEQUENCE_DATAGRAMS;
	s.agent = sflow_agent_find(x, s.domain, &agent);
	export_domain_seen(s.domain, m);
	sflow_agent_see(s.agent, be32(h + 4), be32(h + 8));
	read_samples(&s, c, be32(h + 12));
	export_memory_check(x, s.domain->exporter);
}

/* --- samples ---------------------------------------------------------------------------------- */

static void
read_flow(const struct sflow_reading *s, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, FLOW_SIZE);
	uint32_t input, output;

	if (h == NULL) {
		malformed(s, DROP_SFLOW_SAMPLE);
		return;
	}
	input = be32(h + 20);
	output = be32(h + 24);
	(void)sflow_record_read(s,
	    &(struct sflow_sample){
		.sequence = be32(h),
		.source = (uint64_t)h[4] << 32 | (be32(h + 4) & SOURCE_INDEX_MASK),
		.rate = be32(h + 8),
		.pool = be32(h + 12),
		.drops = be32(h + 16),
		.input = { input >> 30, input & INTERFACE_VALUE_MASK },
		.output = { output >> 30, output & INTERFACE_VALUE_MASK },
		.records = be32(h + 28),
	    },
	    c);
}

static void
read_flow_expanded(const struct sflow_reading *s, struct cursor c)
{
	const uint8_t *h = cursor_take(&c, FLOW_EXPANDED_SIZE);

	if (h == NULL) {
		malformed(s, DROP_SFLOW_SAMPLE);
		return;
	}
	(void)sflow_record_read(s,
	    &(struct sflow_sample){
		.sequence = be32(h),
		.source = (uint64_t)(be32(h + 4) & INT32_MAX) << 32 | be32(h + 8),
		.rate = be32(h + 12),
		.pool = be32(h + 16),
		.drops = be32(h + 20),
		.input = { be32(h + 24), be32(h + 28) },
		.output = { be32(h + 32), be32(h + 36) },
		.records = be32(h + 40),
	    },
	    c);
}

/*
 * if_counters: ifIndex 0, ifType 4, ifSpeed 8, ifDirection 16, ifStatus 20, ifInOctets 24,
 * in unicast, multicast, broadcast 32, discards, errors, unknown protocols 44, ifOutOctets 56, out
 * unicast, multicast, broadcast 64, discards, errors 76, promiscuous mode 84.
 */
static void
read_interface(const struct sflow_reading *s, struct cursor c)
{
	const uint8_t *p = cursor_take(&c, COUNTERS_INTERFACE_SIZE);

	if (p == NULL) {
		malformed(s, DROP_SFLOW_RECORD);
		return;
	}
	sflow_agent_counters(s, be32(p),
	    &(struct sflow_counters){
		.speed = be64(p + 8),
		.octets = { be64(p + 24), be64(p + 56) },
		.packets = { { be32(p + 32), be32(p + 36), be32(p + 40) },
		    { be32(p + 64), be32(p + 68), be32(p + 72) } },
	    });
}

/* The octets of a sample or record, and the padding behind them; `ret_failed` when they are not all
 * there.  Some agents leave the last padding away. */
static struct cursor
take_padded(struct cursor *c, uint32_t size)
{
	struct cursor body = cursor_sub(c, size);
	size_t padding = (0U - size) & 3;

	if (padding > cursor_left(c))
		padding = cursor_left(c);
	(void)cursor_skip(c, padding);
	return body;
}

static void
read_counters(const struct sflow_reading *s, struct cursor c, size_t fixed)
{
	const uint8_t *h = cursor_take(&c, fixed);
	uint32_t count;

	if (h == NULL) {
		malformed(s, DROP_SFLOW_SAMPLE);
		return;
	}
	s->domain->report.options_records++;
	count = be32(h + fixed - 4);
	while (count-- > 0 && cursor_left(&c) >= SAMPLE_HEADER_SIZE) {
		uint32_t type = cursor_be32(&c), size = cursor_be32(&c);
		struct cursor body = take_padded(&c, size);

		if (body.failed) {
			malformed(s, DROP_SFLOW_RECORD);
			return;
		}
		if (type == COUNTERS_INTERFACE)
			read_interface(s, body);
	}
}

static void
read_sample(const struct sflow_reading *s, uint32_t type, struct cursor body)
{
	switch (type) {
	case SAMPLE_FLOW: read_flow(s, body); break;
	case SAMPLE_COUNTERS: read_counters(s, body, COUNTERS_SIZE); break;
	case SAMPLE_FLOW_EXPANDED: read_flow_expanded(s, body); break;
	case SAMPLE_COUNTERS_EXPANDED: read_counters(s, body, COUNTERS_EXPANDED_SIZE); break;
	case SAMPLE_DISCARD: drop(s->x->drops, DROP_SFLOW_DISCARD); break;
	default: drop(s->x->drops, DROP_SFLOW_SAMPLE_UNKNOWN); break;
	}
}

static void
read_samples(const struct sflow_reading *s, struct cursor c, uint32_t count)
{
	for (; count > 0; count--) {
		uint32_t type = cursor_be32(&c), size = cursor_be32(&c);
		struct cursor body = c;

		if (!c.failed)
			body = take_padded(&c, size);
		if (c.failed || body.failed) {
			malformed(s, DROP_SFLOW_TRUNCATED);
			return;
		}
		read_sample(s, type, body);
	}
	if (cursor_left(&c) > 0)
		drop(s->x->drops, DROP_SFLOW_TRAILING);
}
