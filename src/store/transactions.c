/* SPDX-License-Identifier: ISC */
/*
 * DNS transactions into columns; see transactions.h.
 *
 * As with flows (flows.c), what the file holds is packed and the view takes it apart: appending is
 * paid per column and per octet that does not compress.  Names are text, because that is what
 * people search; the registrable domain is kept as the number of its labels.
 */
#include "store/transactions.h"

#include <string.h>

#include "base/bytes.h"
#include "net/dns.h"

static uint64_t
milliseconds(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / NSEC_PER_MS) : 0;
}

/* When the query was sent, as far as it is known. */
static nsec_t
asked_at(const struct dns_transaction *t)
{
	const struct dns_message *m = t->message;

	return t->answered && t->asked && m->latency > 0 ? m->time - m->latency : m->time;
}

static uint32_t
latency_us(const struct dns_transaction *t)
{
	nsec_t us = t->answered && t->asked && t->message->latency > 0
			? t->message->latency / NSEC_PER_US
			: 0;

	return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

/* What is kept of an address. */
static struct address
masked(const struct address *a, const struct store_privacy *privacy)
{
	return address_mask(a, address_is_ipv4(a) ? privacy->ipv4_length : privacy->ipv6_length);
}

static uint8_t
kept_length(const struct address *a, const struct store_privacy *privacy)
{
	return address_is_ipv4(a) ? privacy->ipv4_length : privacy->ipv6_length;
}

/* The network that a resolver asked for (RFC 7871), no longer than privacy allows. */
static uint8_t
ecs_length(const struct dns_message *m, const struct store_privacy *privacy)
{
	uint8_t most = m->ecs_family == 1 ? privacy->ipv4_length : privacy->ipv6_length;

	if ((m->flags & DNS_ECS) == 0)
		return 0;
	return m->ecs_source < most ? m->ecs_source : most;
}

static struct address
ecs_address(const struct dns_message *m, const struct store_privacy *privacy)
{
	uint8_t octets[16] = { 0 };
	size_t size = ((size_t)m->ecs_source + 7) / 8;
	struct address a = { .words = { 0, 0 } };

	if ((m->flags & DNS_ECS) == 0 || (m->ecs_family != 1 && m->ecs_family != 2) ||
	    size > (m->ecs_family == 1 ? 4U : 16U) || m->ecs_at > m->size ||
	    size > (size_t)(m->size - m->ecs_at))
		return a;
	memcpy(octets, m->data + m->ecs_at, size);
	a = m->ecs_family == 1 ? address_from_ipv4(octets) : address_from_ipv6(octets);
	return address_mask(&a, ecs_length(m, privacy));
}

static uint64_t
domain_labels(const struct dns_message *m)
{
	return m->site_offset < m->name_size
		   ? dns_name_labels(m->name + m->site_offset, m->name_size - m->site_offset)
		   : m->labels;
}

/* The query's flags: of the message itself, or of the query that it answers. */
static unsigned
query_flags(const struct dns_transaction *t)
{
	return t->answered && t->asked ? t->message->query_flags : t->message->flags;
}

/* Cookies and case are those of the query. */
static uint64_t
attributes(const struct dns_transaction *t)
{
	const struct dns_message *m = t->message;
	unsigned flags = query_flags(t);

	return (uint64_t)t->answered << 51 | (uint64_t)t->asked << 50 |
	       (uint64_t)!address_is_ipv4(&m->client) << 49 |
	       (uint64_t)((flags & DNS_EDNS) != 0) << 48 | (uint64_t)((flags & DNS_DO) != 0) << 47 |
	       (uint64_t)((flags & DNS_COOKIE_CLIENT) != 0) << 46 |
	       (uint64_t)((flags & DNS_COOKIE_SERVER) != 0) << 45 |
	       (uint64_t)((flags & DNS_CASE_MIXED) != 0) << 44 |
	       (uint64_t)((m->flags & DNS_REASSEMBLED) != 0) << 43 |
	       (uint64_t)(m->view & 15) << 39 | (uint64_t)(m->match & 15) << 35 |
	       (uint64_t)(m->opcode & 15) << 31 | (uint64_t)(m->transport & 7) << 28 |
	       domain_labels(m) << 21 | (uint64_t)(m->labels & 127) << 14 |
	       (uint64_t)(m->retransmissions < 63 ? m->retransmissions : 63) << 8 | m->ttl;
}

static uint64_t
section_counts(const struct dns_message *m)
{
	return (uint64_t)m->counts[0] << 48 | (uint64_t)m->counts[1] << 32 |
	       (uint64_t)m->counts[2] << 16 | m->counts[3];
}

/* EDE 0 ("other") is a code too: the count tells. */
static uint64_t
edns(const struct dns_transaction *t)
{
	const struct dns_message *m = t->message;
	uint16_t size = t->answered && t->asked ? m->query_edns_size : m->edns_size;

	return (uint64_t)m->ede_count << 48 | (uint64_t)m->edns_version << 40 |
	       (uint64_t)(m->ede_count != 0 ? m->ede[0] : 0) << 16 | size;
}

/* Octets of the message that asked; 0 when nobody saw it. */
static uint16_t
request_size(const struct dns_transaction *t)
{
	if (!t->asked)
		return 0;
	return t->answered ? t->message->query_size : t->message->message_size;
}

static duckdb_string_t
name_cell(const struct dns_message *m, char **heap)
{
	char *text = *heap;
	size_t size;

	if (m->name_size == 0)
		return writer_string("", 0);
	dns_name_text(m->name, m->name_size, text);
	size = strlen(text);
	*heap += size;
	return writer_string(text, size);
}

/* The addresses of the answer, 16 octets each. */
static duckdb_string_t
addresses_cell(const struct dns_message *m, char **heap)
{
	char *octets = *heap;
	size_t size = 0;

	for (size_t i = 0; i < m->address_count && i < DNS_ADDRESSES; i++) {
		size_t length = m->addresses_size[i];
		struct address a;
		if (m->addresses_at[i] > m->size || length > (size_t)(m->size - m->addresses_at[i]))
			continue;
		a = length == 4 ? address_from_ipv4(m->data + m->addresses_at[i])
				: address_from_ipv6(m->data + m->addresses_at[i]);
		memcpy(octets + size, a.octets, sizeof a.octets);
		size += sizeof a.octets;
	}
	*heap += size;
	return writer_string(octets, size);
}

/* X(name, column type, C type, value): t is the transaction, m its message, p what privacy
 * allows. */
#define DNS_COLUMNS(X)                                                       \
	X(time, TIME, uint64_t, milliseconds(asked_at(t)))                   \
	X(client_high, U64, uint64_t, be64(masked(&m->client, p).octets))    \
	X(client_low, U64, uint64_t, be64(masked(&m->client, p).octets + 8)) \
	X(server_high, U64, uint64_t, be64(m->server.octets))                \
	X(server_low, U64, uint64_t, be64(m->server.octets + 8))             \
	X(client_port, U16, uint16_t, m->client_port)                        \
	X(server_port, U16, uint16_t, m->server_port)                        \
	X(id, U16, uint16_t, m->id)                                          \
	X(bits, U16, uint16_t, m->bits)                                      \
	X(name, TEXT, duckdb_string_t, name_cell(m, fill->heap))             \
	X(type, U16, uint16_t, m->type)                                      \
	X(class, U16, uint16_t, m->class)                                    \
	X(rcode, U16, uint16_t, t->answered ? m->rcode : 0)                  \
	X(latency_us, U32, uint32_t, latency_us(t))                          \
	X(request_size, U16, uint16_t, request_size(t))                      \
	X(response_size, U16, uint16_t, t->answered ? m->message_size : 0)   \
	X(section_counts, U64, uint64_t, section_counts(m))                  \
	X(attributes, U64, uint64_t, attributes(t))                          \
	X(edns, U64, uint64_t, edns(t))                                      \
	X(client_prefix_length, U8, uint8_t, kept_length(&m->client, p))     \
	X(ecs_length, U8, uint8_t, ecs_length(m, p))                         \
	X(ecs_high, U64, uint64_t, be64(ecs_address(m, p).octets))           \
	X(ecs_low, U64, uint64_t, be64(ecs_address(m, p).octets + 8))        \
	X(answer_addresses, BLOB, duckdb_string_t, addresses_cell(m, fill->heap))

/* Fills cells from an array of transactions. */
#define X(name, type, ctype, value)                                       \
	static void fill_##name(void *cells, const struct raw_fill *fill) \
	{                                                                 \
		__typeof__(ctype) *target = cells;                        \
		const struct dns_transaction *all = fill->items;          \
		const struct store_privacy *p = fill->options;            \
                                                                          \
		(void)p;                                                  \
		for (size_t i = 0; i < fill->count; i++) {                \
			const struct dns_transaction *t = &all[i];        \
			const struct dns_message *m = t->message;         \
			(void)m;                                          \
			target[i] = value;                                \
		}                                                         \
	}
DNS_COLUMNS(X)
#undef X

static const struct raw_column COLUMNS[] = { RAW_FRONT_COLUMNS
#define X(name, type, ctype, value) { #name, COLUMN_##type, sizeof(ctype), fill_##name },
	    DNS_COLUMNS(X)
#undef X
};

static const struct raw_table TABLES[] = {
	{ "dns_rows", COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], true },
};

static nsec_t
begin_of(const void *items, size_t at)
{
	return asked_at((const struct dns_transaction *)items + at);
}

/* --- what queries see ------------------------------------------------------------------------- */

#define PART(field, shift, most, type) \
	"CAST((message." #field " >> " #shift ") & " #most " AS " #type ")"
#define FLAG(shift)   PART(attributes, shift, 1, UTINYINT)
#define HEADER(shift) PART(bits, shift, 1, UTINYINT)

/* The names of the enumerations of obs/dns.h, in their order. */
#define TRANSPORTS "['udp', 'tcp', 'dot', 'doh', 'doq', 'dnscrypt']"
#define VIEWS \
	"['wire', 'client', 'resolver', 'forwarder', 'authoritative', 'stub', 'update', 'log']"
#define MATCHES                                                                  \
	"['none', 'matched', 'second-answer', 'duplicate', 'late', 'wrong-id', " \
	"'wrong-port', 'wrong-case', 'wrong-question', 'other-source', 'unsolicited']"
#define NAMED(names, shift, most)                                                          \
	"coalesce(" names "[CAST(((message.attributes >> " #shift ") & " #most ") + 1 AS " \
	"INTEGER)], '')"

#define SAME(name)                    \
	{                             \
		name, { NULL }, false \
	}
#define MADE(name, expression)              \
	{                                   \
		name, { expression }, false \
	}
#define ADDRESS(name, fields)          \
	{                              \
		name, { fields }, true \
	}

static const struct raw_view_column VIEW[] = {
	SAME("input"),
	SAME("window_begin"),
	SAME("time"),
	MADE("answered", FLAG(51)),
	MADE("asked", FLAG(50)),
	MADE("dns_id", "message.id"),
	MADE("dns_qname", "message.name"),
	MADE(
	    "dns_domainname", "yagura_last_labels(message.name, (message.attributes >> 21) & 127)"),
	MADE("dns_tld", "yagura_last_labels(message.name, 1::UBIGINT)"),
	MADE("dns_labels", PART(attributes, 14, 127, UTINYINT)),
	MADE("dns_qtype", "message.type"),
	MADE("dns_qclass", "message.class"),
	MADE("dns_opcode", PART(attributes, 31, 15, UTINYINT)),
	MADE("dns_rcode", "message.rcode"),
	MADE("ip_version",
	    "CAST(CASE WHEN (message.attributes >> 49) & 1 = 1 THEN 6 ELSE 4 END AS UTINYINT)"),
	MADE("prot", "CAST(CASE WHEN ((message.attributes >> 28) & 7) IN (0, 4, 5) THEN 17 ELSE 6 "
		     "END AS UTINYINT)"),
	MADE("transport", NAMED(TRANSPORTS, 28, 7)),
	MADE("view", NAMED(VIEWS, 39, 15)),
	MADE("match", NAMED(MATCHES, 35, 15)),
	MADE("ip_ttl", PART(attributes, 0, 255, UTINYINT)),
	ADDRESS("ip_src", "client"),
	MADE("ip_src_length", "message.client_prefix_length"),
	MADE("prot_src_port", "message.client_port"),
	ADDRESS("ip_dst", "server"),
	MADE("prot_dst_port", "message.server_port"),
	MADE("dns_aa", HEADER(10)),
	MADE("dns_tc", HEADER(9)),
	MADE("dns_rd", HEADER(8)),
	MADE("dns_ra", HEADER(7)),
	MADE("dns_ad", HEADER(5)),
	MADE("dns_cd", HEADER(4)),
	MADE("dns_qdcount", PART(section_counts, 48, 65535, USMALLINT)),
	MADE("dns_ancount", PART(section_counts, 32, 65535, USMALLINT)),
	MADE("dns_nscount", PART(section_counts, 16, 65535, USMALLINT)),
	MADE("dns_arcount", PART(section_counts, 0, 65535, USMALLINT)),
	MADE("dns_req_len", "message.request_size"),
	MADE("dns_res_len", "message.response_size"),
	MADE("dns_proc_time_us", "message.latency_us"),
	MADE("dns_retransmissions", PART(attributes, 8, 63, UTINYINT)),
	MADE("dns_case_mixed", FLAG(44)),
	MADE("fragmented", FLAG(43)),
	MADE("edns", FLAG(48)),
	MADE("edns_udp", PART(edns, 0, 65535, USMALLINT)),
	MADE("edns_version", PART(edns, 40, 255, UTINYINT)),
	MADE("edns_do", FLAG(47)),
	MADE("edns_cookie_client", FLAG(46)),
	MADE("edns_cookie_server", FLAG(45)),
	ADDRESS("edns_ecs", "ecs"),
	MADE("edns_ecs_length", "message.ecs_length"),
	MADE("edns_ext_error_count", PART(edns, 48, 255, UTINYINT)),
	MADE("edns_ext_error", PART(edns, 16, 65535, USMALLINT)),
	MADE("answer_addresses", "message.answer_addresses"),
};

const struct raw_set dns_raw = {
	.directory = "dns",
	.registry = "dns_days",
	.field = "message",
	.time = "time",
	.views = { "dns", "dns_numbers" },
	.tables = TABLES,
	.table_count = sizeof TABLES / sizeof TABLES[0],
	.columns = VIEW,
	.column_count = sizeof VIEW / sizeof VIEW[0],
	.time_of = { begin_of },
	.stride = { sizeof(struct dns_transaction) },
};
