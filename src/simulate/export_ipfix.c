/* SPDX-License-Identifier: ISC */
/*
 * IPFIX (RFC 7011) over UDP.
 *
 *	header, 16 octets: version 10, length, export time, sequence number, observation domain ID
 *	sets: template 2, options template 3, data by template
 *
 * The sequence counts data records, those of options included, and is of the first record of the
 * message.  Sampling is told by RFC 5477's elements: selectorAlgorithm (304) and, count-based, one
 * packet (samplingPacketInterval, 305) between gaps of N - 1 (samplingPacketSpace, 306), or random,
 * one (samplingSize, 309) out of N (samplingPopulation, 310); of the whole observation domain with
 * one sampler, else by selectorId (302), which records then carry.
 */
#include "base/bytes.h"
#include "simulate/export.h"

enum {
	ALGORITHM_COUNT = 1,  /* systematic count-based sampling */
	ALGORITHM_RANDOM = 3, /* random n-out-of-N sampling */
};

struct field {
	uint16_t id, size;
};

/* The first two stand for the addresses of the template's family. */
static const struct field FIELDS[] = {
	{ 8, 4 },   /* sourceIPv4Address, or 27 */
	{ 12, 4 },  /* destinationIPv4Address, or 28 */
	{ 152, 8 }, /* flowStartMilliseconds */
	{ 153, 8 }, /* flowEndMilliseconds */
	{ 1, 8 },   /* octetDeltaCount */
	{ 2, 4 },   /* packetDeltaCount, in reduced size */
	{ 10, 4 },  /* ingressInterface */
	{ 14, 4 },  /* egressInterface */
	{ 16, 4 },  /* bgpSourceAsNumber */
	{ 17, 4 },  /* bgpDestinationAsNumber */
	{ 7, 2 },   /* sourceTransportPort */
	{ 11, 2 },  /* destinationTransportPort */
	{ 4, 1 },   /* protocolIdentifier */
	{ 5, 1 },   /* ipClassOfService */
	{ 6, 1 },   /* tcpControlBits, in reduced size */
	{ 61, 1 },  /* flowDirection */
	{ 9, 1 },   /* sourceIPv4PrefixLength, or 29 */
	{ 13, 1 },  /* destinationIPv4PrefixLength, or 30 */
	{ 302, 8 }, /* selectorId: only with two samplers, and last */
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

static void
begin(struct export_stream *s, nsec_t now)
{
	s->now = now;
	s->size = 0;
	s->set = 0;
	s->set_items = 0;
	export_put16(s, 10);
	export_put16(s, 0); /* length */
	export_put32(s, (uint32_t)(now / NSEC_PER_SEC));
	export_put32(s, s->sequence);
	export_put32(s, s->domain);
}

static bool
add(struct export_stream *s, const struct export_item *item)
{
	bool ipv4 = address_is_ipv4(&item->source);
	uint16_t id = ipv4 ? EXPORT_TEMPLATE_IPV4 : EXPORT_TEMPLATE_IPV6;
	size_t size = (ipv4 ? 8 : 32) + 54 + (s->sampler_count > 1 ? 8 : 0);

	if (!export_has_room(s, id, size))
		return false;
	export_open_set(s, id);
	export_put_address(s, &item->source);
	export_put_address(s, &item->destination);
	export_put64(s, (uint64_t)(item->first / NSEC_PER_MS));
	export_put64(s, (uint64_t)(item->last / NSEC_PER_MS));
	export_put64(s, item->octets);
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
		export_put64(s, item->sampler + 1U);
	s->set_items++;
	return true;
}

static size_t
end(struct export_stream *s)
{
	export_close_set(s);
	put_be16(s->message + 2, (uint16_t)s->size);
	s->sequence += s->set_items;
	return s->size;
}

static uint16_t
ipv6_field(uint16_t id)
{
	return id == 8 ? 27 : id == 12 ? 28 : id == 9 ? 29 : id == 13 ? 30 : id;
}

static void
put_fields(struct export_stream *s, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		export_put16(s, fields[i].id);
		export_put16(s, fields[i].size);
	}
}

static void
put_template(struct export_stream *s, bool ipv4)
{
	size_t count = FIELD_COUNT - (s->sampler_count > 1 ? 0 : 1);

	export_open_set(s, 2);
	export_put16(s, ipv4 ? EXPORT_TEMPLATE_IPV4 : EXPORT_TEMPLATE_IPV6);
	export_put16(s, (uint16_t)count);
	for (size_t i = 0; i < count; i++) {
		struct field field = FIELDS[i];
		if (!ipv4) {
			field.id = ipv6_field(field.id);
			field.size = i < 2 ? 16 : field.size;
		}
		put_fields(s, &field, 1);
	}
}

/* Templates are no data records: the sequence stays. */
static size_t
templates(struct export_stream *s, nsec_t now)
{
	begin(s, now);
	put_template(s, true);
	put_template(s, false);
	return end(s);
}

static size_t
options(struct export_stream *s, nsec_t now)
{
	bool two = s->sampler_count > 1, random = s->samplers[0].random;
	const struct field fields[] = {
		{ two ? 302 : 149, two ? 8 : 4 },
		{ 304, 2 },
		{ random ? 309 : 305, 4 },
		{ random ? 310 : 306, 4 },
	};

	begin(s, now);
	export_open_set(s, 3);
	export_put16(s, EXPORT_TEMPLATE_OPTIONS);
	export_put16(s, 4); /* fields */
	export_put16(s, 1); /* of them scope: observationDomainId, or selectorId */
	put_fields(s, fields, 4);
	export_open_set(s, EXPORT_TEMPLATE_OPTIONS);
	for (size_t i = 0; i < s->sampler_count; i++) {
		const struct export_sampler *sampler = &s->samplers[i];
		if (two)
			export_put64(s, i + 1);
		else
			export_put32(s, s->domain);
		export_put16(s, random ? ALGORITHM_RANDOM : ALGORITHM_COUNT);
		export_put32(s, 1);
		export_put32(s, random ? sampler->rate : sampler->rate - 1);
		s->set_items++;
	}
	return end(s);
}

const struct export_format export_ipfix = {
	.name = "ipfix",
	.version = 10,
	.port = 4739,
	.largest_rate = UINT32_MAX,
	.ipv6 = true,
	.two_samplers = true,
	.begin = begin,
	.add = add,
	.end = end,
	.templates = templates,
	.options = options,
};
