/* SPDX-License-Identifier: ISC */
/*
 * A decoder of dnstap frames; see dnstap.h.
 *
 * Protocol buffers (protobuf.dev, "Encoding"): a message is a run of fields, each a key, a varint
 * of number << 3 | wire type, and a value.  Of a field that comes twice the last one counts, and
 * unknown ones are passed over.
 *
 *	Dnstap                              Message (field 14)
 *	 1 identity  bytes                   1 type              14 kinds, below
 *	 2 version   bytes                   2 socket_family     INET, INET6
 *	 3 extra     bytes                   3 socket_protocol   UDP TCP DOT DOH DNSCrypt… DOQ
 *	14 message   Message                 4 query_address     bytes, network order
 *	15 type      MESSAGE                 5 response_address
 *	                                     6 query_port        7 response_port
 *	                                     8 query_time_sec    9 query_time_nsec (fixed32)
 *	                                    10 query_message    11 query_zone
 *	                                    12 response_time_sec 13 response_time_nsec (fixed32)
 *	                                    14 response_message
 *
 * A response's frame may hold its query too, as resolvers' may.
 */
#include "source/dnstap.h"

#include <string.h>

#include "base/cursor.h"
#include "obs/dns.h"
#include "source/dns_made.h"

#define VARINT_SIZE      10 /* octets at most */
#define FRAME_IS_MESSAGE 1
#define CLOCK_WRONG      (3600 * NSEC_PER_SEC)
#define SECONDS_MOST     (UINT64_C(9223372036) - 1)

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

/* One field: `value` of numbers, `octets` of bytes. */
struct field {
	uint64_t number, value;
	enum wire_type wire;
	struct dnstap_octets octets;
};

/* View and direction of the kinds of message, by number. */
static const uint8_t VIEWS[] = {
	[1] = DNS_VIEW_AUTHORITATIVE,
	[2] = DNS_VIEW_AUTHORITATIVE,
	[3] = DNS_VIEW_RESOLVER,
	[4] = DNS_VIEW_RESOLVER,
	[5] = DNS_VIEW_CLIENT,
	[6] = DNS_VIEW_CLIENT,
	[7] = DNS_VIEW_FORWARDER,
	[8] = DNS_VIEW_FORWARDER,
	[9] = DNS_VIEW_STUB,
	[10] = DNS_VIEW_STUB,
	[11] = DNS_VIEW_STUB, /* TOOL_QUERY */
	[12] = DNS_VIEW_STUB,
	[13] = DNS_VIEW_UPDATE,
	[14] = DNS_VIEW_UPDATE,
};
#define KINDS (sizeof VIEWS / sizeof VIEWS[0])

static const uint8_t TRANSPORTS[] = {
	[1] = DNS_UDP,
	[2] = DNS_TCP,
	[3] = DNS_DOT,
	[4] = DNS_DOH,
	[5] = DNS_DNSCRYPT, /* over UDP */
	[6] = DNS_DNSCRYPT, /* over TCP */
	[7] = DNS_DOQ,
};
#define PROTOCOLS (sizeof TRANSPORTS / sizeof TRANSPORTS[0])

static uint64_t
varint(struct cursor *c)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_SIZE; i++) {
		uint8_t octet = cursor_u8(c);

		value |= (uint64_t)(octet & 0x7f) << (7 * i);
		if ((octet & 0x80) == 0)
			return value;
	}
	c->failed = true;
	return 0;
}

/* The next field; false, and the cursor failed, when it is none. */
static bool
next_field(struct cursor *c, struct field *ret)
{
	uint64_t key = varint(c);
	const uint8_t *p;

	*ret = (struct field){ .number = key >> 3, .wire = (enum wire_type)(key & 7) };
	switch (ret->wire) {
	case WIRE_VARINT: ret->value = varint(c); break;
	case WIRE_FIXED64:
		p = cursor_take(c, 8);
		ret->value = p != NULL ? le64(p) : 0;
		break;
	case WIRE_FIXED32:
		p = cursor_take(c, 4);
		ret->value = p != NULL ? le32(p) : 0;
		break;
	case WIRE_BYTES:
		ret->value = varint(c);
		ret->octets.size = ret->value > cursor_left(c) ? 0 : (size_t)ret->value;
		ret->octets.data = cursor_take(
		    c, ret->value > cursor_left(c) ? cursor_left(c) + 1 : ret->octets.size);
		break;
	default: /* groups, which nobody writes any more, and what there never was */
		c->failed = true;
	}
	return !c->failed && ret->number != 0;
}

/* Numbers that are too large for us are none that we know. */
static uint32_t
small(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static void
take_number(struct dnstap *frame, const struct field *f)
{
	switch (f->number) {
	case 1: frame->type = small(f->value); break;
	case 2: frame->family = small(f->value); break;
	case 3: frame->protocol = small(f->value); break;
	case 6: frame->query_port = (uint16_t)f->value; break;
	case 7: frame->response_port = (uint16_t)f->value; break;
	case 8:
		frame->query_sec = f->value;
		frame->has_query_time = true;
		break;
	case 12:
		frame->response_sec = f->value;
		frame->has_response_time = true;
		break;
	default: break;
	}
}

static void
take_octets(struct dnstap *frame, const struct field *f)
{
	switch (f->number) {
	case 4: frame->query_address = f->octets; break;
	case 5: frame->response_address = f->octets; break;
	case 10: frame->query = f->octets; break;
	case 14: frame->response = f->octets; break;
	default: break;
	}
}

/* Field 14 of a frame; false when it is no message. */
static bool
decode_message(const struct dnstap_octets *octets, struct dnstap *frame)
{
	struct cursor c = cursor_over(octets->data, octets->size);
	struct field f;

	while (cursor_left(&c) != 0) {
		if (!next_field(&c, &f))
			return false;
		if (f.wire == WIRE_VARINT)
			take_number(frame, &f);
		else if (f.wire == WIRE_BYTES)
			take_octets(frame, &f);
		else if (f.wire == WIRE_FIXED32 && f.number == 9)
			frame->query_nsec = (uint32_t)f.value;
		else if (f.wire == WIRE_FIXED32 && f.number == 13)
			frame->response_nsec = (uint32_t)f.value;
	}
	return true;
}

/* Whether the times are times, and the messages may be some. */
static enum dnstap_result
check(struct dnstap *frame)
{
	if (frame->frame_type != FRAME_IS_MESSAGE || frame->type == 0 || frame->type >= KINDS)
		return DNSTAP_UNKNOWN_TYPE;
	if (frame->query.size > DNS_MESSAGE_MAX || frame->response.size > DNS_MESSAGE_MAX)
		return DNSTAP_BAD_FRAME;
	if (frame->query.size == 0 && frame->response.size == 0)
		return DNSTAP_NO_MESSAGE;
	/* Unbound and others say 0 for what they do not know. */
	frame->has_query_time &= frame->query_sec != 0 && frame->query_sec < SECONDS_MOST &&
				 frame->query_nsec < NSEC_PER_SEC;
	frame->has_response_time &= frame->response_sec != 0 &&
				    frame->response_sec < SECONDS_MOST &&
				    frame->response_nsec < NSEC_PER_SEC;
	return DNSTAP_OK;
}

enum dnstap_result
dnstap_decode(const uint8_t *frame, size_t size, struct dnstap *ret_frame)
{
	struct cursor c = cursor_over(frame, size);
	struct dnstap read = { 0 };
	enum dnstap_result result;
	bool has_message = false;
	struct field f;

	while (cursor_left(&c) != 0) {
		if (!next_field(&c, &f))
			return DNSTAP_BAD_FRAME;
		if (f.wire == WIRE_BYTES && f.number == 14) {
			if (!decode_message(&f.octets, &read))
				return DNSTAP_BAD_FRAME;
			has_message = true;
		} else if (f.wire == WIRE_BYTES && f.number == 1) {
			read.identity = f.octets;
		} else if (f.wire == WIRE_BYTES && f.number == 2) {
			read.version = f.octets;
		} else if (f.wire == WIRE_VARINT && f.number == 15) {
			read.frame_type = small(f.value);
		}
	}
	if (!has_message && read.frame_type <= FRAME_IS_MESSAGE)
		return DNSTAP_BAD_FRAME;
	result = check(&read);
	if (result == DNSTAP_OK)
		*ret_frame = read;
	return result;
}

const char *
dnstap_reason(enum dnstap_result result)
{
	static const char *const REASONS[] = {
		[DNSTAP_OK] = "",
		[DNSTAP_BAD_FRAME] = "a frame that is no dnstap",
		[DNSTAP_UNKNOWN_TYPE] = "a dnstap frame of an unknown type",
		[DNSTAP_NO_MESSAGE] = "a dnstap frame without a DNS message",
	};

	return REASONS[result];
}

enum drop
dnstap_drop(enum dnstap_result result)
{
	return result == DNSTAP_UNKNOWN_TYPE ? DROP_DNSTAP_TYPE
	       : result == DNSTAP_NO_MESSAGE ? DROP_DNSTAP_EMPTY
					     : DROP_DNSTAP_FRAME;
}

struct dnstap_octets
dnstap_name(const struct dnstap *frame)
{
	struct dnstap_octets name = frame->identity.size != 0 ? frame->identity : frame->version;

	if (name.size > DNS_IDENTITY_MAX)
		name.size = DNS_IDENTITY_MAX;
	return name;
}

/* By its length: some producers give no family. */
static struct address
address_of(const struct dnstap_octets *octets, bool *ret_known)
{
	if (octets->size == 4)
		return address_from_ipv4(octets->data);
	if (octets->size == 16)
		return address_from_ipv6(octets->data);
	*ret_known = false;
	return (struct address){ .words = { 0, 0 } };
}

static nsec_t
time_of(uint64_t sec, uint32_t nsec)
{
	return (nsec_t)sec * NSEC_PER_SEC + nsec;
}

/* The time of a message, from the best that is known. */
static nsec_t
choose_time(nsec_t own, nsec_t other, const struct dnstap_place *place, struct capture_run *run)
{
	nsec_t time = own != 0 ? own : other;

	if (time == 0) {
		drop(run->drops, DROP_DNSTAP_TIME);
		return place->fallback;
	}
	if (place->arrival != 0 &&
	    (time > place->arrival + CLOCK_WRONG || time < place->arrival - CLOCK_WRONG)) {
		drop(run->drops, DROP_DNSTAP_CLOCK);
		return place->arrival;
	}
	return time;
}

void
dnstap_give(const struct dnstap *frame, const struct dnstap_place *place, struct capture_run *run)
{
	struct dnstap_octets name = dnstap_name(frame);
	nsec_t asked = frame->has_query_time ? time_of(frame->query_sec, frame->query_nsec) : 0;
	nsec_t answered =
	    frame->has_response_time ? time_of(frame->response_sec, frame->response_nsec) : 0;
	bool has_addresses = true;
	struct address from = address_of(&frame->query_address, &has_addresses);
	struct address to = address_of(&frame->response_address, &has_addresses);
	bool has_protocol = frame->protocol != 0 && frame->protocol < PROTOCOLS;
	struct dns_made made = {
		.record = {
			.input_length = place->input_length,
			.view = VIEWS[frame->type],
			.transport = has_protocol ? TRANSPORTS[frame->protocol] : DNS_UDP,
		},
		.input_offset = place->input_offset,
		.source = from,
		.destination = to,
		.source_port = frame->query_port,
		.destination_port = frame->response_port,
	};

	if (name.size == 0)
		name = (struct dnstap_octets){ place->identity, place->identity_size };
	made.identity = name.data;
	made.record.identity_size = (uint8_t)name.size;
	made.record.producer = dns_producer_number(name.data, name.size);
	if (!has_addresses)
		drop(run->drops, DROP_DNSTAP_ADDRESS);
	if (!has_protocol)
		drop(run->drops, DROP_DNSTAP_PROTOCOL);
	if (frame->query.size != 0) {
		made.message = frame->query.data;
		made.size = frame->query.size;
		made.time = choose_time(asked, answered, place, run);
		dns_made_add(run, &made);
	}
	if (frame->response.size != 0) {
		made.message = frame->response.data;
		made.size = frame->response.size;
		made.time = choose_time(answered, asked, place, run);
		made.record.query_time = answered != 0 && made.time == answered ? asked : 0;
		made.source = to;
		made.destination = from;
		made.source_port = frame->response_port;
		made.destination_port = frame->query_port;
		dns_made_add(run, &made);
	}
}
