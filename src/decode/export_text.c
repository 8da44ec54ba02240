/* SPDX-License-Identifier: ISC */
/*
 * Lines of a table of flows: what `nfdump -o csv` prints.
 *
 * A line of names comes first, and again wherever another table begins; it says which column is
 * what, in the words of nfdump 1.6 to 1.7.4 (`sa`, `ipkt`) or of later ones (`srcAddr`, `packets`).
 * Unknown columns are passed over.  Times are UTC: `TZ=UTC nfdump -o csv`.
 *
 * Counts are as the collector wrote them.  nfcapd has already multiplied them by the sampling rate
 * where it knew one, and the table does not tell which; the rate of a record is therefore unknown
 * (0), unless the configuration says one.
 *
 * `opkt` and `obyt` are the way back of flows that nfdump put together (-b, -B); where there is
 * nothing in `ipkt` they are the flow itself.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/export_internal.h"
#include "net/protocol.h"

enum column {
	COLUMN_SKIPPED,
	COLUMN_START,
	COLUMN_END,
	COLUMN_DURATION,
	COLUMN_SOURCE,
	COLUMN_DESTINATION,
	COLUMN_SOURCE_PORT,
	COLUMN_DESTINATION_PORT,
	COLUMN_PROTOCOL,
	COLUMN_FLAGS,
	COLUMN_FORWARDING,
	COLUMN_TOS,
	COLUMN_PACKETS,
	COLUMN_OCTETS,
	COLUMN_OUT_PACKETS,
	COLUMN_OUT_OCTETS,
	COLUMN_INGRESS,
	COLUMN_EGRESS,
	COLUMN_SOURCE_AS,
	COLUMN_DESTINATION_AS,
	COLUMN_SOURCE_MASK,
	COLUMN_DESTINATION_MASK,
	COLUMN_DIRECTION,
	COLUMN_NEXT_HOP,
	COLUMN_BGP_NEXT_HOP,
	COLUMN_VLAN,
	COLUMN_POST_VLAN,
	COLUMN_SOURCE_MAC,
	COLUMN_DESTINATION_MAC,
	COLUMN_POST_SOURCE_MAC,
	COLUMN_POST_DESTINATION_MAC,
	COLUMN_MPLS, /* and the nine after it, by number */
	COLUMN_ROUTER = COLUMN_MPLS + RECORD_MPLS_LABELS,
	COLUMN_ENGINE,
	COLUMN_DOMAIN,
	COLUMN_MINIMUM_TTL,
	COLUMN_MAXIMUM_TTL,
	COLUMN_NAT_SOURCE,
	COLUMN_NAT_DESTINATION,
	COLUMN_NAT_SOURCE_PORT,
	COLUMN_NAT_DESTINATION_PORT,
	COLUMN_INGRESS_VRF,
	COLUMN_EGRESS_VRF,
	COLUMN_USER,
};

static const struct {
	const char *name;
	enum column column;
} NAMES[] = {
	{ "ts", COLUMN_START },
	{ "firstSeen", COLUMN_START },
	{ "te", COLUMN_END },
	{ "lastSeen", COLUMN_END },
	{ "td", COLUMN_DURATION },
	{ "duration", COLUMN_DURATION },
	{ "sa", COLUMN_SOURCE },
	{ "srcAddr", COLUMN_SOURCE },
	{ "da", COLUMN_DESTINATION },
	{ "dstAddr", COLUMN_DESTINATION },
	{ "sp", COLUMN_SOURCE_PORT },
	{ "srcPort", COLUMN_SOURCE_PORT },
	{ "dp", COLUMN_DESTINATION_PORT },
	{ "dstPort", COLUMN_DESTINATION_PORT },
	{ "pr", COLUMN_PROTOCOL },
	{ "proto", COLUMN_PROTOCOL },
	{ "flg", COLUMN_FLAGS },
	{ "flags", COLUMN_FLAGS },
	{ "fwd", COLUMN_FORWARDING },
	{ "fwdStatus", COLUMN_FORWARDING },
	{ "stos", COLUMN_TOS },
	{ "tos", COLUMN_TOS },
	{ "srcTos", COLUMN_TOS },
	{ "ipkt", COLUMN_PACKETS },
	{ "packets", COLUMN_PACKETS },
	{ "inPackets", COLUMN_PACKETS },
	{ "ibyt", COLUMN_OCTETS },
	{ "bytes", COLUMN_OCTETS },
	{ "inBytes", COLUMN_OCTETS },
	{ "opkt", COLUMN_OUT_PACKETS },
	{ "outPackets", COLUMN_OUT_PACKETS },
	{ "obyt", COLUMN_OUT_OCTETS },
	{ "outBytes", COLUMN_OUT_OCTETS },
	{ "in", COLUMN_INGRESS },
	{ "input", COLUMN_INGRESS },
	{ "out", COLUMN_EGRESS },
	{ "output", COLUMN_EGRESS },
	{ "sas", COLUMN_SOURCE_AS },
	{ "srcAS", COLUMN_SOURCE_AS },
	{ "das", COLUMN_DESTINATION_AS },
	{ "dstAS", COLUMN_DESTINATION_AS },
	{ "smk", COLUMN_SOURCE_MASK },
	{ "srcMask", COLUMN_SOURCE_MASK },
	{ "dmk", COLUMN_DESTINATION_MASK },
	{ "dstMask", COLUMN_DESTINATION_MASK },
	{ "dir", COLUMN_DIRECTION },
	{ "direction", COLUMN_DIRECTION },
	{ "nh", COLUMN_NEXT_HOP },
	{ "nextIP", COLUMN_NEXT_HOP },
	{ "nhb", COLUMN_BGP_NEXT_HOP },
	{ "bgpNextIP", COLUMN_BGP_NEXT_HOP },
	{ "svln", COLUMN_VLAN },
	{ "srcVlan", COLUMN_VLAN },
	{ "dvln", COLUMN_POST_VLAN },
	{ "dstVlan", COLUMN_POST_VLAN },
	{ "ismc", COLUMN_SOURCE_MAC },
	{ "inSrcMac", COLUMN_SOURCE_MAC },
	{ "idmc", COLUMN_DESTINATION_MAC },
	{ "inDstMac", COLUMN_DESTINATION_MAC },
	{ "osmc", COLUMN_POST_SOURCE_MAC },
	{ "outSrcMac", COLUMN_POST_SOURCE_MAC },
	{ "odmc", COLUMN_POST_DESTINATION_MAC },
	{ "outDstMac", COLUMN_POST_DESTINATION_MAC },
	{ "ra", COLUMN_ROUTER },
	{ "routerIP", COLUMN_ROUTER },
	{ "eng", COLUMN_ENGINE },
	{ "engine", COLUMN_ENGINE },
	{ "obsDomainID", COLUMN_DOMAIN },
	{ "minTTL", COLUMN_MINIMUM_TTL },
	{ "maxTTL", COLUMN_MAXIMUM_TTL },
	{ "srcXIP", COLUMN_NAT_SOURCE },
	{ "dstXIP", COLUMN_NAT_DESTINATION },
	{ "srcXPort", COLUMN_NAT_SOURCE_PORT },
	{ "dstXPort", COLUMN_NAT_DESTINATION_PORT },
	{ "ingressVrfID", COLUMN_INGRESS_VRF },
	{ "egressVrfID", COLUMN_EGRESS_VRF },
	{ "nselUser", COLUMN_USER },
};

#define COLUMNS_MAX 128
#define TOKEN_SIZE  64 /* longest value that is read, with its end */

struct export_text {
	unsigned count; /* columns; 0 before the first line of names */
	uint8_t columns[COLUMNS_MAX];
};

/* A value, ended, and what it is for. */
struct token {
	char text[TOKEN_SIZE];
	size_t size;
};

/* A line being read. */
struct row {
	struct exports *x;
	const struct export_message *message;
	struct flow_record record;
	struct record_extra extra;
	bool has_extra, has_end;
	nsec_t duration;
	struct address router;
	uint32_t domain;
	uint64_t counts[2][2]; /* in, out: packets, octets */
};

static bool
is_set(const struct address *a)
{
	return a->words[0] != 0 || a->words[1] != 0;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool
parse_number(const char *text, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (number > (UINT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	*ret_number = number;
	return *text == '\0' && number <= most;
}

/* "1.2.3.4", or "1.2.3.4(JP)" where nfdump knows the country.  Zeros mean that there is none. */
static bool
parse_address(char *text, struct address *ret_address)
{
	char *end = strchr(text, '(');
	static const uint8_t zeros[4];

	if (end != NULL)
		*end = '\0';
	if (text[0] == '0' && text[1] == '\0')
		*ret_address = (struct address){ .words = { 0, 0 } };
	else if (address_parse(text, ret_address) != ERR_OK)
		return false;
	if (address_is_ipv4(ret_address) && memcmp(ret_address->octets + 12, zeros, 4) == 0)
		*ret_address = (struct address){ .words = { 0, 0 } };
	return true;
}

/* An end of a flow, where zeros are an address like others. */
static bool
parse_end(struct row *row, char *text, struct address *ret_address)
{
	char *end = strchr(text, '(');

	if (end != NULL)
		*end = '\0';
	if (address_parse(text, ret_address) != ERR_OK)
		return false;
	row->record.flow.ip_version = address_is_ipv4(ret_address) ? 4 : 6;
	return true;
}

/* A port; ICMP has "type.code" in place of the destination's. */
static bool
parse_port(const char *text, uint16_t *ret_port)
{
	const char *point = strchr(text, '.');
	char type[4];
	uint64_t high, low;

	if (point == NULL) {
		if (!parse_number(text, UINT16_MAX, &low))
			return false;
		*ret_port = (uint16_t)low;
		return true;
	}
	if (point - text > 3)
		return false;
	memcpy(type, text, (size_t)(point - text));
	type[point - text] = '\0';
	if (!parse_number(type, UINT8_MAX, &high) || !parse_number(point + 1, UINT8_MAX, &low))
		return false;
	*ret_port = (uint16_t)(high << 8 | low);
	return true;
}

/* "...AP.SF" with a letter for each bit that is set, or a number in hexadecimal. */
static bool
parse_flags(const char *text, uint8_t *ret_flags)
{
	static const char LETTERS[] = "FSRPAUEC";
	unsigned flags = 0;

	if (text[0] == '0' && text[1] == 'x') {
		char *end;
		unsigned long number = strtoul(text + 2, &end, 16);

		*ret_flags = (uint8_t)number;
		return *end == '\0' && number <= UINT16_MAX;
	}
	for (; *text != '\0'; text++) {
		const char *letter = strchr(LETTERS, *text);

		if (letter != NULL)
			flags |= 1U << (letter - LETTERS);
		else if (*text != '.')
			return false;
	}
	*ret_flags = (uint8_t)flags;
	return true;
}

/* "12.345" seconds. */
static bool
parse_duration(const char *text, nsec_t *ret_duration)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0) || seconds > 1e9)
		return false;
	*ret_duration = (nsec_t)(seconds * 1e3 + 0.5) * NSEC_PER_MS;
	return true;
}

static bool
parse_mac(struct row *row, const char *text, uint8_t *ret_mac)
{
	uint8_t mac[6];

	for (unsigned i = 0; i < 6; i++) {
		char *end;
		unsigned long octet = strtoul(text, &end, 16);

		if (end != text + 2 || *end != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)octet;
		row->has_extra |= octet != 0;
		text = end + 1;
	}
	memcpy(ret_mac, mac, 6);
	return true;
}

/* "label-class-bottom" */
static bool
parse_mpls(struct row *row, const char *text, unsigned index)
{
	char *end;
	unsigned long label = strtoul(text, &end, 10), class = 0, bottom = 0;

	if (end == text || label > 0xfffff)
		return false;
	if (*end == '-')
		class = strtoul(end + 1, &end, 10);
	if (*end == '-')
		bottom = strtoul(end + 1, &end, 10);
	if (*end != '\0' || class > 7 || bottom > 1)
		return false;
	if (label == 0 && class == 0 && bottom == 0)
		return true;
	row->extra.mpls[index] = (uint32_t)(label << 4 | class << 1 | bottom);
	row->extra.mpls_count = (uint8_t)(index + 1);
	row->has_extra = true;
	return true;
}

/* "type/id" */
static bool
parse_engine(const char *text, uint32_t *ret_domain)
{
	char *end;
	unsigned long type = strtoul(text, &end, 10), id;

	if (end == text || *end != '/' || type > UINT8_MAX)
		return false;
	text = end + 1;
	id = strtoul(text, &end, 10);
	if (end == text || *end != '\0' || id > UINT8_MAX)
		return false;
	*ret_domain = (uint32_t)(type << 8 | id);
	return true;
}

/* --- columns ---------------------------------------------------------------------------------- */

static bool
take_nat(struct row *row, enum column column, char *text)
{
	struct record_extra *e = &row->extra;
	bool source = column == COLUMN_NAT_SOURCE || column == COLUMN_NAT_SOURCE_PORT;
	struct address *address = source ? &e->post_nat_source : &e->post_nat_destination;
	uint16_t *port = source ? &e->post_nat_source_port : &e->post_nat_destination_port;

	if (column == COLUMN_NAT_SOURCE_PORT || column == COLUMN_NAT_DESTINATION_PORT) {
		if (!parse_port(text, port))
			return false;
		row->has_extra |= *port != 0;
		return true;
	}
	if (!parse_address(text, address))
		return false;
	row->has_extra |= is_set(address);
	return true;
}

/* Columns that are a whole number. */
static bool
take_number(struct row *row, enum column column, const char *text)
{
	struct flow_record *r = &row->record;
	uint64_t n;

	if (!parse_number(text, UINT64_MAX, &n))
		return false;
	switch (column) {
	case COLUMN_PACKETS: row->counts[0][0] = n; return true;
	case COLUMN_OCTETS: row->counts[0][1] = n; return true;
	case COLUMN_OUT_PACKETS: row->counts[1][0] = n; return true;
	case COLUMN_OUT_OCTETS: row->counts[1][1] = n; return true;
	case COLUMN_INGRESS: r->ingress_interface = (uint32_t)n; return n <= UINT32_MAX;
	case COLUMN_EGRESS: r->egress_interface = (uint32_t)n; return n <= UINT32_MAX;
	case COLUMN_SOURCE_AS: r->source_as = (uint32_t)n; return n <= UINT32_MAX;
	case COLUMN_DESTINATION_AS: r->destination_as = (uint32_t)n; return n <= UINT32_MAX;
	case COLUMN_SOURCE_MASK: r->source_mask = (uint8_t)n; return n <= 128;
	case COLUMN_DESTINATION_MASK: r->destination_mask = (uint8_t)n; return n <= 128;
	case COLUMN_TOS: r->tos = (uint8_t)n; return n <= UINT8_MAX;
	case COLUMN_MINIMUM_TTL: r->flow.ttl_min[0] = (uint8_t)n; return n <= UINT8_MAX;
	case COLUMN_MAXIMUM_TTL: r->flow.ttl_max[0] = (uint8_t)n; return n <= UINT8_MAX;
	case COLUMN_DOMAIN: row->domain = (uint32_t)n; return n <= UINT32_MAX;
	case COLUMN_VLAN: r->flow.vlan = n != 0 ? (uint16_t)n : VLAN_NONE; return n < 4096;
	case COLUMN_POST_VLAN: row->extra.post_vlan = (uint16_t)n; break;
	case COLUMN_FORWARDING: row->extra.forwarding_status = (uint8_t)n; break;
	case COLUMN_INGRESS_VRF: row->extra.ingress_vrf = (uint32_t)n; break;
	case COLUMN_EGRESS_VRF: row->extra.egress_vrf = (uint32_t)n; break;
	default: return false;
	}
	row->has_extra |= n != 0;
	return n <= UINT32_MAX;
}

static bool
take_direction(struct row *row, const char *text)
{
	bool egress = strcmp(text, "1") == 0 || text[0] == 'E';

	row->record.direction = egress ? RECORD_EGRESS : RECORD_INGRESS;
	return true;
}

/* False when the value cannot be the column's. */
static bool
take_value(struct row *row, enum column column, struct token *value)
{
	struct flow_record *r = &row->record;
	char *text = value->text;

	switch (column) {
	case COLUMN_SKIPPED: return true;
	case COLUMN_START: return clock_read(text, value->size, &r->flow.first[0]) == ERR_OK;
	case COLUMN_END:
		row->has_end = true;
		return clock_read(text, value->size, &r->flow.last[0]) == ERR_OK;
	case COLUMN_DURATION: return parse_duration(text, &row->duration);
	case COLUMN_SOURCE: return parse_end(row, text, &r->flow.source);
	case COLUMN_DESTINATION: return parse_end(row, text, &r->flow.destination);
	case COLUMN_SOURCE_PORT: return parse_port(text, &r->flow.source_port);
	case COLUMN_DESTINATION_PORT: return parse_port(text, &r->flow.destination_port);
	case COLUMN_PROTOCOL: return protocol_parse(text, &r->flow.protocol);
	case COLUMN_FLAGS: return parse_flags(text, &r->flow.tcp_flags[0]);
	case COLUMN_DIRECTION: return take_direction(row, text);
	case COLUMN_NEXT_HOP: return parse_address(text, &r->next_hop);
	case COLUMN_BGP_NEXT_HOP: return is_set(&r->next_hop) || parse_address(text, &r->next_hop);
	case COLUMN_SOURCE_MAC: return parse_mac(row, text, row->extra.source_mac);
	case COLUMN_DESTINATION_MAC: return parse_mac(row, text, row->extra.destination_mac);
	case COLUMN_POST_SOURCE_MAC: return parse_mac(row, text, row->extra.post_source_mac);
	case COLUMN_POST_DESTINATION_MAC:
		return parse_mac(row, text, row->extra.post_destination_mac);
	case COLUMN_ROUTER: return parse_address(text, &row->router);
	case COLUMN_ENGINE: return parse_engine(text, &row->domain);
	case COLUMN_NAT_SOURCE:
	case COLUMN_NAT_DESTINATION:
	case COLUMN_NAT_SOURCE_PORT:
	case COLUMN_NAT_DESTINATION_PORT: return take_nat(row, column, text);
	case COLUMN_USER:
		memcpy(row->extra.user_name, text, value->size + 1);
		row->has_extra = true;
		return true;
	default: break;
	}
	if (column >= COLUMN_MPLS && column < COLUMN_MPLS + RECORD_MPLS_LABELS)
		return parse_mpls(row, text, column - COLUMN_MPLS);
	return take_number(row, column, text);
}

/* Copies a value without the blanks around it; false when it is longer than any that is known. */
static bool
take_token(const char *at, const char *end, struct token *ret_token)
{
	while (at < end && *at == ' ')
		at++;
	while (end > at && end[-1] == ' ')
		end--;
	ret_token->size = (size_t)(end - at);
	if (ret_token->size >= TOKEN_SIZE || memchr(at, '\0', ret_token->size) != NULL)
		return false;
	memcpy(ret_token->text, at, ret_token->size);
	ret_token->text[ret_token->size] = '\0';
	return true;
}

/* --- lines ------------------------------------------------------------------------------------ */

static uint8_t
find_column(const char *name)
{
	uint64_t number;

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (strcmp(NAMES[i].name, name) == 0)
			return (uint8_t)NAMES[i].column;
	if (strncmp(name, "mplsLabel", 9) == 0)
		name += 9;
	else if (strncmp(name, "mpls", 4) == 0)
		name += 4;
	else
		return COLUMN_SKIPPED;
	if (!parse_number(name, RECORD_MPLS_LABELS, &number) || number == 0)
		return COLUMN_SKIPPED;
	return (uint8_t)(COLUMN_MPLS + number - 1);
}

/* Whether it is a line of names: one that names both ends of a flow. */
static bool
take_names(struct exports *x, const char *line, const char *end)
{
	struct export_text names = { .count = 0 };
	unsigned ends = 0;

	for (const char *at = line; at <= end && names.count < COLUMNS_MAX; names.count++) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		struct token token;

		comma = comma != NULL ? comma : end;
		if (take_token(at, comma, &token))
			names.columns[names.count] = find_column(token.text);
		ends += names.columns[names.count] == COLUMN_SOURCE ||
			names.columns[names.count] == COLUMN_DESTINATION;
		at = comma + 1;
	}
	if (ends != 2)
		return false;
	if (x->text == NULL)
		x->text = xmalloc(sizeof *x->text);
	*x->text = names;
	return true;
}

static bool
take_values(struct row *row, const char *line, const char *end)
{
	const struct export_text *names = row->x->text;
	const char *at = line;

	for (unsigned i = 0; i < names->count; i++) {
		const char *comma;
		struct token token;

		if (at > end)
			return false; /* fewer columns than names */
		comma = memchr(at, ',', (size_t)(end - at));
		comma = comma != NULL ? comma : end;
		if (names->columns[i] != COLUMN_SKIPPED &&
		    (!take_token(at, comma, &token) ||
			(token.size > 0 &&
			    !take_value(row, (enum column)names->columns[i], &token))))
			return false;
		at = comma + 1;
	}
	return at > end; /* and no more */
}

/* What follows from several columns together. */
static bool
complete(struct row *row)
{
	struct flow_record *r = &row->record;
	struct flow *f = &r->flow;
	bool forward = row->counts[0][0] != 0 || row->counts[0][1] != 0;

	if (f->ip_version == 0 || address_is_ipv4(&f->source) != address_is_ipv4(&f->destination))
		return false;
	if (!row->has_end)
		f->last[0] = f->first[0] + row->duration;
	else if (f->first[0] == 0)
		f->first[0] = f->last[0] - row->duration;
	if (f->last[0] < f->first[0])
		return false;
	/* nfdump's seconds are cut; where it says both, the duration is exact. */
	f->packets[0] = row->counts[forward ? 0 : 1][0];
	f->octets[0] = row->counts[forward ? 0 : 1][1];
	if (forward && row->counts[1][0] != 0) {
		f->packets[1] = row->counts[1][0];
		f->octets[1] = row->counts[1][1];
		f->first[1] = f->first[0];
		f->last[1] = f->last[0];
	}
	if (f->protocol == IP_PROTOCOL_ICMP || f->protocol == IP_PROTOCOL_ICMPV6)
		f->source_port = 0;
	return true;
}

static void
set_sampling(const struct exports *x, struct flow_record *r)
{
	if (x->options.force_sampling != 0) {
		r->sampling = x->options.force_sampling;
		r->sampling_source = SAMPLING_FORCED;
	} else if (x->options.default_sampling != 0) {
		r->sampling = x->options.default_sampling;
		r->sampling_source = SAMPLING_CONFIGURED;
	} else {
		drop(x->drops, DROP_EXPORT_SAMPLING_UNKNOWN);
	}
}

/* Gives the record to its exporter and to the sink. */
static void
deliver(struct row *row, size_t size, struct export_sink *sink)
{
	struct exports *x = row->x;
	const struct export_message *m = row->message;
	struct flow_record *r = &row->record;
	bool known = is_set(&row->router);
	struct exporter *e = export_exporter(x, m, known ? &row->router : &m->exporter);
	struct export_domain *d = export_domain(x, e, EXPORT_TEXT, row->domain);
	struct exporter_report *report = &d->report;

	r->exporter = e->address;
	r->domain = row->domain;
	r->protocol_version = EXPORT_TEXT;
	r->time = m->time;
	set_sampling(x, r);
	if (row->has_extra) {
		struct record_extra *extra = export_sink_extra(sink);

		*extra = row->extra;
		r->extra = extra;
	}
	*export_sink_record(sink) = *r;
	if (report->records == 0 || m->time < report->first)
		report->first = m->time;
	if (report->records == 0 || m->time > report->last)
		report->last = m->time;
	report->records++;
	report->octets += size;
	export_domain_rate(d, r->sampling, (enum sampling_source)r->sampling_source, 1);
}

static void
take_line(struct exports *x, const struct export_message *m, const char *line, const char *end,
    struct export_sink *sink)
{
	struct row row = { .x = x, .message = m, .record.flow.vlan = VLAN_NONE };

	while (end > line && end[-1] == '\r')
		end--;
	if (line == end || (line[0] >= 'A' && take_names(x, line, end)))
		return;
	if (x->text == NULL || !take_values(&row, line, end) || !complete(&row)) {
		drop(x->drops, DROP_EXPORT_TEXT);
		return;
	}
	row.record.input_offset = m->input_offset + (uint64_t)(line - (const char *)m->data);
	deliver(&row, (size_t)(end - line) + 1, sink);
}

void
exports_text(struct exports *exports, const struct export_message *m, struct export_sink *sink)
{
	const char *at = (const char *)m->data, *end = at + m->size;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop != NULL ? stop : end;
		take_line(exports, m, at, stop, sink);
		at = stop + 1;
	}
}
