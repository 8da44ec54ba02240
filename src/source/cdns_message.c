/* SPDX-License-Identifier: ISC */
/*
 * Messages made again of the items of a C-DNS block; see cdns.h.
 *
 * An item (QueryResponse, RFC 8618 section 7.3.2.5… of the block's maps) stands for a query, a
 * response, or both.  What a file does not keep cannot be made: names are written out in full, and
 * where sections are known to be missing the message is made to end before what its header
 * promises, as if the capture had cut it.  The size as sent goes beside it.
 */
#include <string.h>

#include "base/bytes.h"
#include "obs/dns.h"
#include "source/cbor.h"
#include "source/cdns.h"

#define NOTHING   UINT64_MAX /* a value that is not there */
#define RR_LEAST  11         /* octets of the smallest record */
#define TYPE_OPT  41
#define CLASS_IN  1
#define FLAG_DO   0x8000
#define RR_MOST   4096 /* records of a section that are made */
#define TIME_MOST ((__int128_t)INT64_MAX)

/* Keys of QueryResponse. */
enum item_key {
	ITEM_TIME,
	ITEM_CLIENT,
	ITEM_CLIENT_PORT,
	ITEM_ID,
	ITEM_SIGNATURE,
	ITEM_HOPLIMIT,
	ITEM_DELAY, /* signed: kept apart */
	ITEM_NAME,
	ITEM_QUERY_SIZE,
	ITEM_RESPONSE_SIZE,
	ITEM_PROCESSING,
	ITEM_QUERY_EXTENDED,
	ITEM_RESPONSE_EXTENDED,
	ITEM_KEYS,
};

/* Keys of QueryResponseSignature. */
enum signature_key {
	SIG_SERVER,
	SIG_SERVER_PORT,
	SIG_TRANSPORT,
	SIG_TYPE,
	SIG_FLAGS,
	SIG_OPCODE,
	SIG_DNS_FLAGS,
	SIG_QUERY_RCODE,
	SIG_CLASSTYPE,
	SIG_QDCOUNT,
	SIG_ANCOUNT,
	SIG_NSCOUNT,
	SIG_ARCOUNT,
	SIG_EDNS_VERSION,
	SIG_UDP_SIZE,
	SIG_OPT_RDATA,
	SIG_RESPONSE_RCODE,
	SIG_KEYS,
};

/* qr-sig-flags */
enum {
	HAS_QUERY = 1 << 0,
	HAS_RESPONSE = 1 << 1,
	QUERY_HAS_OPT = 1 << 2,
	RESPONSE_HAS_OPT = 1 << 3,
	QUERY_NO_QUESTION = 1 << 4,
	RESPONSE_NO_QUESTION = 1 << 5,
};

/* Keys of QueryResponseExtended. */
enum extended_key {
	EXTENDED_QUESTIONS,
	EXTENDED_ANSWER,
	EXTENDED_AUTHORITY,
	EXTENDED_ADDITIONAL,
	EXTENDED_KEYS,
};

/* Both are there, and their sections when `has_extended`. */
struct item {
	uint64_t values[ITEM_KEYS];
	uint64_t signature[SIG_KEYS];
	uint64_t extended[2][EXTENDED_KEYS]; /* of query and response */
	bool has_extended[2];
	bool has_delay;
	int64_t delay;
	uint32_t length; /* octets of it in the block */
};

/* A message being made. */
struct making {
	const struct cdns_block *block;
	const struct item *item;
	uint8_t *data;
	size_t size;
	unsigned counts[4];
	unsigned missing; /* records that the header promises and nobody kept */
	bool has_opt;
	bool bad; /* an index out of its table, or more octets than a message has */
};

/* ------------------------------------------------------------------ reading */

/* A map of unsigned values: those with keys below `count`; others are passed over.  Values of maps
 * are left where they begin: 0 stands for them, and `inside` gets them. */
static bool
read_values(struct cursor *c, uint64_t *values, size_t count, struct cursor *inside)
{
	struct cbor_list map;
	uint64_t key;

	for (size_t i = 0; i < count; i++)
		values[i] = NOTHING;
	if (!cbor_enter(c, CBOR_MAP, &map))
		return false;
	while (cbor_next(c, &map)) {
		struct cursor value;

		if (!cbor_key(c, &key))
			return false;
		value = *c;
		if (key >= count || !cbor_u64(c, &values[key])) {
			*c = value;
			if (key < count && inside != NULL) {
				values[key] = 0;
				inside[key] = value;
			}
			if ((key < count && inside == NULL) || !cbor_skip(c))
				return false;
		}
	}
	return !c->failed;
}

static bool
read_extended(struct item *item, unsigned which, const struct cursor *inside)
{
	enum item_key key = which == 0 ? ITEM_QUERY_EXTENDED : ITEM_RESPONSE_EXTENDED;
	struct cursor c = inside[key];

	for (size_t i = 0; i < EXTENDED_KEYS; i++)
		item->extended[which][i] = NOTHING;
	item->has_extended[which] = item->values[key] != NOTHING;
	return !item->has_extended[which] ||
	       (c.at != NULL && read_values(&c, item->extended[which], EXTENDED_KEYS, NULL));
}

static bool
read_item(const struct cdns_block *block, size_t number, struct item *ret)
{
	struct cursor inside[ITEM_KEYS] = { 0 };
	struct cursor c;

	ret->has_delay = false;
	for (size_t i = 0; i < SIG_KEYS; i++)
		ret->signature[i] = NOTHING;
	if (!cdns_entry(block, CDNS_ITEMS, number, &c) ||
	    !read_values(&c, ret->values, ITEM_KEYS, inside))
		return false;
	ret->length = (uint32_t)(c.at - (block->octets + block->arrays[CDNS_ITEMS].at[number]));
	if (ret->values[ITEM_DELAY] != NOTHING) {
		ret->delay = (int64_t)ret->values[ITEM_DELAY];
		ret->has_delay =
		    inside[ITEM_DELAY].at == NULL || cbor_i64(&inside[ITEM_DELAY], &ret->delay);
		if (!ret->has_delay || ret->values[ITEM_DELAY] > INT64_MAX)
			return false;
	}
	for (size_t i = 0; i < ITEM_KEYS; i++)
		if (inside[i].at != NULL && i != ITEM_DELAY && i != ITEM_PROCESSING &&
		    i != ITEM_QUERY_EXTENDED && i != ITEM_RESPONSE_EXTENDED)
			return false;
	if (ret->values[ITEM_SIGNATURE] != NOTHING &&
	    (!cdns_entry(block, CDNS_SIGNATURES, ret->values[ITEM_SIGNATURE], &c) ||
		!read_values(&c, ret->signature, SIG_KEYS, NULL)))
		return false;
	return read_extended(ret, 0, inside) && read_extended(ret, 1, inside);
}

/* ------------------------------------------------------------------ writing */

static void
put(struct making *m, const uint8_t *data, size_t size)
{
	if (m->bad || size > DNS_MESSAGE_MAX - m->size) {
		m->bad = true;
		return;
	}
	if (size != 0)
		memcpy(m->data + m->size, data, size);
	m->size += size;
}

static void
put_u16(struct making *m, uint64_t value)
{
	uint8_t octets[2];

	put_be16(octets, (uint16_t)value);
	put(m, octets, sizeof octets);
}

static void
put_u32(struct making *m, uint64_t value)
{
	uint8_t octets[4];

	put_be32(octets, (uint32_t)value);
	put(m, octets, sizeof octets);
}

static bool
find_octets(struct making *m, uint64_t index, struct cursor *ret)
{
	struct cursor entry;

	if (!cdns_entry(m->block, CDNS_NAMES, index, &entry) ||
	    !cbor_string(&entry, CBOR_BYTES, ret))
		m->bad = true;
	return !m->bad;
}

static void
put_name(struct making *m, uint64_t index)
{
	struct cursor name;

	if (find_octets(m, index, &name))
		put(m, name.at, cursor_left(&name));
}

/* TYPE and CLASS (keys 0 and 1 of ClassType); returns the type. */
static uint64_t
put_classtype(struct making *m, uint64_t index)
{
	uint64_t values[2] = { 0, CLASS_IN };
	struct cursor c;

	if (!cdns_entry(m->block, CDNS_CLASSTYPES, index, &c) || !read_values(&c, values, 2, NULL))
		m->bad = true;
	put_u16(m, values[0]);
	put_u16(m, values[1]);
	return values[0];
}

static void
put_question(struct making *m, uint64_t name, uint64_t classtype)
{
	put_name(m, name);
	if (classtype != NOTHING) {
		(void)put_classtype(m, classtype);
	} else {
		put_u16(m, 0); /* a type that nothing has */
		put_u16(m, CLASS_IN);
	}
	m->counts[0]++;
}

/* One RR: name-index 0, classtype-index 1, ttl 2, rdata-index 3. */
static void
put_rr(struct making *m, uint64_t index)
{
	uint64_t values[4];
	struct cursor c, rdata = { 0 };

	if (!cdns_entry(m->block, CDNS_RRS, index, &c) || !read_values(&c, values, 4, NULL)) {
		m->bad = true;
		return;
	}
	put_name(m, values[0]);
	m->has_opt |= put_classtype(m, values[1]) == TYPE_OPT;
	put_u32(m, values[2] != NOTHING ? values[2] : 0);
	if (values[3] == NOTHING) {
		put_u16(m, 0);
		return;
	}
	if (find_octets(m, values[3], &rdata) && cursor_left(&rdata) <= UINT16_MAX) {
		put_u16(m, cursor_left(&rdata));
		put(m, rdata.at, cursor_left(&rdata));
	} else {
		m->bad = true;
	}
}

/* What a list of indices (a QuestionList or RRList) names; `section` 0 is that of questions. */
static void
put_list(struct making *m, unsigned section, uint64_t index)
{
	enum cdns_table table = section == 0 ? CDNS_QUESTION_LISTS : CDNS_RR_LISTS;
	struct cbor_list list;
	struct cursor c;
	uint64_t entry, values[2];

	if (index == NOTHING)
		return;
	if (!cdns_entry(m->block, table, index, &c) || !cbor_enter(&c, CBOR_ARRAY, &list)) {
		m->bad = true;
		return;
	}
	while (!m->bad && cbor_next(&c, &list)) {
		struct cursor question;

		m->bad = !cbor_u64(&c, &entry) || m->counts[section] == RR_MOST;
		if (m->bad)
			return;
		if (section != 0) {
			put_rr(m, entry);
			m->counts[section]++;
			continue;
		}
		m->bad = !cdns_entry(m->block, CDNS_QUESTIONS, entry, &question) ||
			 !read_values(&question, values, 2, NULL);
		if (!m->bad)
			put_question(m, values[0], values[1]);
	}
}

/* OPT (RFC 6891, section 6.1.2): root, type, payload size, extended rcode, version, flags, data. */
static void
put_opt(struct making *m, bool response)
{
	const uint64_t *sig = m->item->signature;
	uint64_t rcode = sig[response ? SIG_RESPONSE_RCODE : SIG_QUERY_RCODE];
	uint64_t flags = sig[SIG_DNS_FLAGS] != NOTHING ? sig[SIG_DNS_FLAGS] : 0;
	uint64_t version =
	    !response && sig[SIG_EDNS_VERSION] != NOTHING ? sig[SIG_EDNS_VERSION] : 0;
	struct cursor rdata = { 0 };
	bool has_rdata = !response && sig[SIG_OPT_RDATA] != NOTHING;

	put(m, (const uint8_t[]){ 0 }, 1);
	put_u16(m, TYPE_OPT);
	put_u16(m, !response && sig[SIG_UDP_SIZE] != NOTHING ? sig[SIG_UDP_SIZE] : 0);
	put_u16(m, ((rcode != NOTHING ? rcode >> 4 & 0xff : 0) << 8) | (version & 0xff));
	put_u16(m, !response && (flags & 0x80) != 0 ? FLAG_DO : 0);
	if (has_rdata && !find_octets(m, sig[SIG_OPT_RDATA], &rdata))
		return;
	put_u16(m, cursor_left(&rdata));
	put(m, rdata.at, cursor_left(&rdata));
	m->counts[3]++;
	m->has_opt = true;
}

/* The header's second word of the flags of a query (bits 0 to 6) or a response (8 to 14): CD AD Z
 * RA RD TC AA. */
static uint16_t
header_bits(const struct item *item, bool response)
{
	static const uint16_t BITS[] = { DNS_CD, DNS_AD, 0x0040, DNS_RA, DNS_RD, DNS_TC, DNS_AA };
	const uint64_t *sig = item->signature;
	uint64_t flags = sig[SIG_DNS_FLAGS] != NOTHING ? sig[SIG_DNS_FLAGS] : 0;
	uint64_t rcode = sig[response ? SIG_RESPONSE_RCODE : SIG_QUERY_RCODE];
	uint64_t opcode = sig[SIG_OPCODE] != NOTHING ? sig[SIG_OPCODE] & 0xf : 0;
	uint16_t bits = (uint16_t)((response ? 0x8000 : 0) | opcode << 11);

	for (unsigned i = 0; i < sizeof BITS / sizeof BITS[0]; i++)
		if ((flags >> (i + (response ? 8 : 0)) & 1) != 0)
			bits |= BITS[i];
	return bits | (uint16_t)(rcode != NOTHING ? rcode & 0xf : 0);
}

/* The counts that the header gets: those stored where they are, or else one too many where a
 * section is known to be missing. */
static void
finish_header(struct making *m, bool response, bool missing)
{
	const uint64_t *sig = m->item->signature;

	put_be16(m->data,
	    (uint16_t)(m->item->values[ITEM_ID] != NOTHING ? m->item->values[ITEM_ID] : 0));
	put_be16(m->data + 2, header_bits(m->item, response));
	for (unsigned i = 0; i < 4; i++) {
		uint64_t stored = response ? NOTHING : sig[SIG_QDCOUNT + i];

		if (stored != NOTHING && stored > m->counts[i] && stored <= UINT16_MAX) {
			m->missing += (unsigned)stored - m->counts[i];
			m->counts[i] = (unsigned)stored;
		}
	}
	m->counts[3] += missing;
	m->missing += missing;
	for (unsigned i = 0; i < 4; i++)
		put_be16(m->data + 4 + (size_t)2 * i, (uint16_t)m->counts[i]);
}

/* Makes the message of an item in the block's room; false when it cannot be. */
static bool
make(struct making *m, bool response)
{
	const struct item *item = m->item;
	const uint64_t *sig = item->signature;
	uint64_t flags = sig[SIG_FLAGS] != NOTHING ? sig[SIG_FLAGS] : 0;
	uint64_t sent = item->values[response ? ITEM_RESPONSE_SIZE : ITEM_QUERY_SIZE];
	bool has_opt = response ? (flags & RESPONSE_HAS_OPT) != 0
				: (flags & QUERY_HAS_OPT) != 0 || sig[SIG_UDP_SIZE] != NOTHING;
	bool trailing =
	    !response && sig[SIG_TRANSPORT] != NOTHING && (sig[SIG_TRANSPORT] & 0x20) != 0;
	bool missing;

	m->size = 12;
	if ((flags & (response ? RESPONSE_NO_QUESTION : QUERY_NO_QUESTION)) == 0 &&
	    item->values[ITEM_NAME] != NOTHING)
		put_question(m, item->values[ITEM_NAME], sig[SIG_CLASSTYPE]);
	for (unsigned i = 0; i < EXTENDED_KEYS; i++)
		put_list(m, i, item->extended[response][i]);
	if (has_opt && !m->has_opt)
		put_opt(m, response);
	/* Of a response without its sections, only its size tells whether there were any. */
	missing = response && !item->has_extended[1] && (sent == NOTHING || sent > m->size);
	finish_header(m, response, missing && !m->bad);
	if (trailing && !m->bad && sent != NOTHING && sent > m->size && sent <= DNS_MESSAGE_MAX) {
		memset(m->data + m->size, 0, (size_t)sent - m->size);
		m->size = (size_t)sent;
	}
	return !m->bad;
}

/* The size as sent, as far as is known: more than was made, when something is missing. */
static uint16_t
sent_size(const struct making *m, uint64_t stored)
{
	size_t least = m->size + (size_t)RR_LEAST * m->missing;

	if (stored != NOTHING && stored <= UINT16_MAX && (m->missing == 0 || stored > m->size))
		return (uint16_t)stored;
	if (m->missing == 0)
		return 0;
	return (uint16_t)(least < UINT16_MAX ? least : UINT16_MAX);
}

/* ------------------------------------------------------------------ giving */

/* An address of as many octets as are kept of it (RFC 8618, section 6.2.4). */
static bool
find_address(
    const struct cdns_block *block, uint64_t index, uint64_t transport, struct address *ret)
{
	uint8_t octets[16] = { 0 };
	struct cursor entry, text;
	size_t size;

	*ret = (struct address){ .words = { 0, 0 } };
	if (index == NOTHING)
		return true;
	if (!cdns_entry(block, CDNS_ADDRESSES, index, &entry) ||
	    !cbor_string(&entry, CBOR_BYTES, &text) || cursor_left(&text) > sizeof octets)
		return false;
	size = cursor_left(&text);
	memcpy(octets, text.at, size);
	if (size > 4 || (transport != NOTHING && (transport & 1) != 0))
		*ret = address_from_ipv6(octets);
	else
		*ret = address_from_ipv4(octets);
	return true;
}

static uint8_t
transport_of(uint64_t flags)
{
	static const uint8_t TRANSPORTS[] = { DNS_UDP, DNS_TCP, DNS_DOT, DNS_DOT, DNS_DOH };
	uint64_t transport = flags != NOTHING ? flags >> 1 & 0xf : 0;

	return transport < sizeof TRANSPORTS ? TRANSPORTS[transport] : DNS_UDP;
}

/* A moment so many ticks after the block's first, plus so many more; 0 when that is no time. */
static nsec_t
time_at(const struct cdns_block *block, uint64_t offset, int64_t delay)
{
	__int128_t ticks = (__int128_t)(offset != NOTHING ? offset : 0) + delay;
	__int128_t time = ticks * NSEC_PER_SEC / (__int128_t)block->parameters->ticks_per_second +
			  block->earliest;

	return time > 0 && time < TIME_MOST ? (nsec_t)time : 0;
}

static uint16_t
port_of(uint64_t value)
{
	return value <= UINT16_MAX ? (uint16_t)value : 0;
}

/* What both messages of an item have in common; false when an address is not there. */
static bool
begin(const struct cdns_block *block, const struct item *item, struct dns_made *ret)
{
	static const uint8_t VIEWS[] = { DNS_VIEW_STUB, DNS_VIEW_CLIENT, DNS_VIEW_RESOLVER,
		DNS_VIEW_AUTHORITATIVE, DNS_VIEW_FORWARDER, DNS_VIEW_STUB };
	const uint64_t *sig = item->signature;
	const struct cdns_parameters *p = block->parameters;

	*ret = (struct dns_made){
		.record = {
			.producer = dns_producer_number(p->identity, p->identity_size),
			.view = sig[SIG_TYPE] < sizeof VIEWS ? VIEWS[sig[SIG_TYPE]]
							     : DNS_VIEW_AUTHORITATIVE,
			.transport = transport_of(sig[SIG_TRANSPORT]),
			.identity_size = p->identity_size,
		},
		.identity = p->identity,
		.source_port = port_of(item->values[ITEM_CLIENT_PORT]),
		.destination_port = port_of(sig[SIG_SERVER_PORT]),
	};
	return find_address(block, item->values[ITEM_CLIENT], sig[SIG_TRANSPORT], &ret->source) &&
	       find_address(block, sig[SIG_SERVER], sig[SIG_TRANSPORT], &ret->destination);
}

static void
turn(struct dns_made *made)
{
	struct address address = made->source;
	uint16_t port = made->source_port;

	made->source = made->destination;
	made->source_port = made->destination_port;
	made->destination = address;
	made->destination_port = port;
}

static bool
give_one(const struct cdns_block *block, const struct item *item, bool response,
    struct dns_made *made, struct capture_run *run)
{
	struct making m = { .block = block, .item = item, .data = block->message };
	uint64_t sent = item->values[response ? ITEM_RESPONSE_SIZE : ITEM_QUERY_SIZE];

	if (!make(&m, response))
		return false;
	made->message = m.data;
	made->size = m.size;
	made->record.sent_size = sent_size(&m, sent);
	dns_made_add(run, made);
	return true;
}

/* Which messages an item stands for, when nobody says. */
static uint64_t
guess_flags(const struct item *item)
{
	uint64_t flags = item->signature[SIG_FLAGS];
	bool response = item->has_delay || item->values[ITEM_RESPONSE_SIZE] != NOTHING ||
			item->has_extended[1] || item->signature[SIG_RESPONSE_RCODE] != NOTHING;

	return flags != NOTHING ? flags : HAS_QUERY | (response ? HAS_RESPONSE : 0);
}

/* The messages of one item; false when they cannot be made. */
static bool
give_item(
    const struct cdns_block *block, size_t number, struct dns_made *made, struct capture_run *run)
{
	struct item item;
	uint64_t flags;
	nsec_t asked;

	if (!read_item(block, number, &item) || !begin(block, &item, made))
		return false;
	flags = guess_flags(&item);
	asked = time_at(block, item.values[ITEM_TIME], 0);
	made->input_offset = block->offset + block->arrays[CDNS_ITEMS].at[number];
	made->record.input_length = item.length;
	made->time = asked;
	if ((flags & (HAS_QUERY | HAS_RESPONSE)) == 0 || asked == 0)
		return false;
	if ((flags & HAS_QUERY) != 0) {
		made->record.ttl =
		    (uint8_t)(item.values[ITEM_HOPLIMIT] <= UINT8_MAX ? item.values[ITEM_HOPLIMIT]
								      : 0);
		if (!give_one(block, &item, false, made, run))
			return false;
		made->record.ttl = 0;
	}
	if ((flags & HAS_RESPONSE) == 0)
		return true;
	turn(made);
	if ((flags & HAS_QUERY) != 0 && item.has_delay) {
		made->time = time_at(block, item.values[ITEM_TIME], item.delay);
		made->record.query_time = asked;
	}
	return made->time != 0 && give_one(block, &item, true, made, run);
}

/* A message that could not be parsed by who captured it (7.3.2.7): time-offset 0,
 * client-address-index 1, client-port 2, message-data-index 3; and its data: server-address-index
 * 0, server-port 1, mm-transport-flags 2, mm-payload 3. */
static bool
give_malformed(
    const struct cdns_block *block, size_t number, struct dns_made *made, struct capture_run *run)
{
	uint64_t values[4], data[4];
	struct cursor inside[4] = { 0 }, c, payload;

	if (!cdns_entry(block, CDNS_MALFORMED, number, &c) || !read_values(&c, values, 4, NULL) ||
	    values[3] == NOTHING || !cdns_entry(block, CDNS_MALFORMED_DATA, values[3], &c) ||
	    !read_values(&c, data, 4, inside) || inside[3].at == NULL ||
	    !cbor_string(&inside[3], CBOR_BYTES, &payload) ||
	    cursor_left(&payload) > DNS_MESSAGE_MAX)
		return false;
	*made = (struct dns_made){
		.record = { .view = DNS_VIEW_AUTHORITATIVE,
		    .transport = transport_of(data[2]),
		    .identity_size = block->parameters->identity_size,
		    .producer = dns_producer_number(
			block->parameters->identity, block->parameters->identity_size) },
		.identity = block->parameters->identity,
		.time = time_at(block, values[0], 0),
		.input_offset = block->offset + block->arrays[CDNS_MALFORMED].at[number],
		.source_port = port_of(values[2]),
		.destination_port = port_of(data[1]),
		.message = payload.at,
		.size = cursor_left(&payload),
	};
	if (made->time == 0 || !find_address(block, values[1], data[2], &made->source) ||
	    !find_address(block, data[0], data[2], &made->destination))
		return false;
	if (made->size > 2 && (made->message[2] & 0x80) != 0)
		turn(made);
	dns_made_add(run, made);
	return true;
}

static void
note_bad(struct cdns_block *block, const struct cdns_array *array, size_t number,
    struct capture_run *run)
{
	drop(run->drops, DROP_CDNS_ITEM);
	if (block->bad_count++ == 0)
		block->bad_offset = block->offset + array->at[number];
	block->bad_octets++;
}

bool
cdns_block_give(struct cdns_block *block, struct capture_run *run)
{
	const struct cdns_array *items = &block->arrays[CDNS_ITEMS];
	const struct cdns_array *malformed = &block->arrays[CDNS_MALFORMED];
	struct dns_made made;

	while (block->item < items->count) {
		if (!dns_made_fits(run, 2))
			return false;
		if (!give_item(block, block->item, &made, run))
			note_bad(block, items, block->item, run);
		block->item++;
	}
	while (block->malformed < malformed->count) {
		if (!dns_made_fits(run, 1))
			return false;
		if (!give_malformed(block, block->malformed, &made, run))
			note_bad(block, malformed, block->malformed, run);
		block->malformed++;
	}
	return true;
}
