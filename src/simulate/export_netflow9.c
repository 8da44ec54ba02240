/* SPDX-License-Identifier: ISC */
/*
 * NetFlow v9 (RFC 3954).
 *
 *	header, 20 octets: version, count of records of all kinds, SysUptime, unix_secs,
 *	    sequence number, source ID
 *	FlowSets: template 0, options template 1, data by template
 *
 * The sequence counts export packets.  With one sampler the options say the rate for the whole
 * source ID (samplingInterval 34, samplingAlgorithm 35); with two, each has options of its own
 * (samplerId 48, samplerMode 49, samplerRandomInterval 50) and records name theirs.
 */
#include "base/bytes.h"
#include "simulate/export.h"

enum {
	SCOPE_SYSTEM = 1,
	SAMPLING_COUNT = 1, /* samplingAlgorithm and samplerMode: deterministic, random */
	SAMPLING_RANDOM = 2,
};

struct field {
	uint16_t id, size;
};

/* The first two stand for the addresses of the template's family. */
static const struct field FIELDS[] = {
	{ 8, 4 },  /* sourceIPv4Address, or 27 */
	{ 12, 4 }, /* destinationIPv4Address, or 28 */
	{ 22, 4 }, /* FIRST_SWITCHED */
	{ 21, 4 }, /* LAST_SWITCHED */
	{ 1, 4 },  /* IN_BYTES */
	{ 2, 4 },  /* IN_PKTS */
	{ 10, 4 }, /* INPUT_SNMP */
	{ 14, 4 }, /* OUTPUT_SNMP */
	{ 16, 4 }, /* SRC_AS */
	{ 17, 4 }, /* DST_AS */
	{ 7, 2 },  /* L4_SRC_PORT */
	{ 11, 2 }, /* L4_DST_PORT */
	{ 4, 1 },  /* PROTOCOL */
	{ 5, 1 },  /* SRC_TOS */
	{ 6, 1 },  /* TCP_FLAGS */
	{ 61, 1 }, /* DIRECTION */
	{ 9, 1 },  /* SRC_MASK, or 29 */
	{ 13, 1 }, /* DST_MASK, or 30 */
	{ 48, 1 }, /* FLOW_SAMPLER_ID: only with two samplers, and last */
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

static void
begin(struct export_stream *s, nsec_t now)
{
	s->now = now;
	s->size = 0;
	s->set = 0;
	s->set_items = 0;
	export_put16(s, 9);
	export_put16(s, 0); /* count */
	export_put32(s, export_uptime(s, now));
	export_put32(s, (uint32_t)(now / NSEC_PER_SEC));
	export_put32(s, s->sequence);
	export_put32(s, s->domain);
}

static bool
add(struct export_stream *s, const struct export_item *item)
{
	bool ipv4 = address_is_ipv4(&item->source);
	uint16_t id = ipv4 ? EXPORT_TEMPLATE_IPV4 : EXPORT_TEMPLATE_IPV6;
	size_t size = (ipv4 ? 8 : 32) + 42 + (s->sampler_count > 1);

	if (!export_has_room(s, id, size))
		return false;
	export_open_set(s, id);
	export_put_address(s, &item->source);
	export_put_address(s, &item->destination);
	export_put32(s, export_uptime(s, item->first));
	export_put32(s, export_uptime(s, item->last));
	export_put32(s, item->octets);
	export_put32(s, item->packets);
	export_put32(s, item->input);
	export_put32(s, item->output);
	export_put32(s, item->source_as);
	export_put32(s, item->destination_as);
	export_put16(s, item->source_port);
	export_put16(s, item->destination_port);
	export_put8(s, item->protocol);
	export_put8(s, item->tos);
	export_put8(s, item->tcp_flags);
	export_put8(s, 0); /* ingress */
	export_put8(s, item->source_mask);
	export_put8(s, item->destination_mask);
	if (s->sampler_count > 1)
		export_put8(s, (uint8_t)(item->sampler + 1));
	s->set_items++;
	return true;
}

static size_t
end(struct export_stream *s)
{
	export_close_set(s);
	put_be16(s->message + 2, (uint16_t)s->set_items);
	s->sequence++;
	return s->size;
}

static uint16_t
ipv6_field(uint16_t id)
{
	return id == 8 ? 27 : id == 12 ? 28 : id == 9 ? 29 : id == 13 ? 30 : id;
}

static void
put_template(struct export_stream *s, bool ipv4)
{
	size_t count = FIELD_COUNT - (s->sampler_count > 1 ? 0 : 1);

	export_open_set(s, 0);
	export_put16(s, ipv4 ? EXPORT_TEMPLATE_IPV4 : EXPORT_TEMPLATE_IPV6);
	export_put16(s, (uint16_t)count);
	for (size_t i = 0; i < count; i++) {
		export_put16(s, ipv4 ? FIELDS[i].id : ipv6_field(FIELDS[i].id));
		export_put16(s, ipv4 || i >= 2 ? FIELDS[i].size : 16);
	}
	s->set_items++;
}

static size_t
templates(struct export_stream *s, nsec_t now)
{
	begin(s, now);
	put_template(s, true);
	put_template(s, false);
	return end(s);
}

static void
put_options_template(struct export_stream *s)
{
	static const struct field one[] = { { 34, 4 }, { 35, 1 } };
	static const struct field many[] = { { 48, 1 }, { 49, 1 }, { 50, 4 } };
	const struct field *fields = s->sampler_count > 1 ? many : one;
	size_t count = s->sampler_count > 1 ? 3 : 2;

	export_open_set(s, 1);
	export_put16(s, EXPORT_TEMPLATE_OPTIONS);
	export_put16(s, 4); /* octets of scope fields */
	export_put16(s, (uint16_t)(count * 4));
	export_put16(s, SCOPE_SYSTEM);
	export_put16(s, 4);
	for (size_t i = 0; i < count; i++) {
		export_put16(s, fields[i].id);
		export_put16(s, fields[i].size);
	}
	s->set_items++;
}

static size_t
options(struct export_stream *s, nsec_t now)
{
	begin(s, now);
	put_options_template(s);
	export_open_set(s, EXPORT_TEMPLATE_OPTIONS);
	for (size_t i = 0; i < s->sampler_count; i++) {
		const struct export_sampler *sampler = &s->samplers[i];
		uint8_t mode = sampler->random ? SAMPLING_RANDOM : SAMPLING_COUNT;
		export_put_address(s, &s->exporter); /* scope: the system */
		if (s->sampler_count > 1) {
			export_put8(s, (uint8_t)(i + 1));
			export_put8(s, mode);
			export_put32(s, sampler->rate);
		} else {
			export_put32(s, sampler->rate);
			export_put8(s, mode);
		}
		s->set_items++;
	}
	return end(s);
}

const struct export_format export_netflow9 = {
	.name = "v9",
	.version = 9,
	.port = 9995,
	.largest_rate = UINT32_MAX,
	.ipv6 = true,
	.two_samplers = true,
	.begin = begin,
	.add = add,
	.end = end,
	.templates = templates,
	.options = options,
};
