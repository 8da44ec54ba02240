/* SPDX-License-Identifier: ISC */
/* Tables of fields, and how a value of each type prints; see record_fields.h. */
#include "cmd/record_fields.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/bytes.h"
#include "obs/packet.h"

enum field_type {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_VLAN, /* 16 bits; VLAN_NONE is not said */
	FIELD_TIME,
	FIELD_ADDRESS,
	FIELD_MAC,
	FIELD_TEXT,
	FIELD_PROTOCOL, /* enum export_protocol, by name */
	FIELD_SOURCE,   /* enum sampling_source, by name */
	FIELD_UNIT,     /* enum sequence_unit, by name */
	FIELD_MPLS,     /* the whole of a struct record_extra */
	FIELD_RATES,    /* the rates of a struct exporter_report */
};

struct field {
	const char *name;
	enum field_type type;
	bool always; /* printed even when it is zero */
	bool extra;  /* of the struct record_extra */
	size_t offset;
};

#define RECORD(name, type, always, member)                                              \
	{                                                                               \
		name, FIELD_##type, always, false, offsetof(struct flow_record, member) \
	}
#define EXTRA(name, type, member)                                                      \
	{                                                                              \
		name, FIELD_##type, false, true, offsetof(struct record_extra, member) \
	}
#define REPORT(name, type, member)                                                        \
	{                                                                                 \
		name, FIELD_##type, true, false, offsetof(struct exporter_report, member) \
	}
#define SAMPLE(name, type, member)                                                         \
	{                                                                                  \
		name, FIELD_##type, true, false, offsetof(struct interface_sample, member) \
	}

static const struct field RECORDS[] = {
	RECORD("flow_start_milliseconds", TIME, true, flow.first[0]),
	RECORD("flow_end_milliseconds", TIME, true, flow.last[0]),
	RECORD("source_address", ADDRESS, false, flow.source),
	RECORD("destination_address", ADDRESS, false, flow.destination),
	RECORD("source_port", U16, true, flow.source_port),
	RECORD("destination_port", U16, true, flow.destination_port),
	RECORD("protocol_identifier", U8, true, flow.protocol),
	RECORD("ip_version", U8, true, flow.ip_version),
	RECORD("packet_delta_count", U64, true, flow.packets[0]),
	RECORD("octet_delta_count", U64, true, flow.octets[0]),
	RECORD("reverse_packet_delta_count", U64, false, flow.packets[1]),
	RECORD("reverse_octet_delta_count", U64, false, flow.octets[1]),
	RECORD("reverse_flow_start_milliseconds", TIME, false, flow.first[1]),
	RECORD("reverse_flow_end_milliseconds", TIME, false, flow.last[1]),
	RECORD("tcp_control_bits", U8, true, flow.tcp_flags[0]),
	RECORD("reverse_tcp_control_bits", U8, false, flow.tcp_flags[1]),
	RECORD("ip_class_of_service", U8, true, tos),
	RECORD("ingress_interface", U32, true, ingress_interface),
	RECORD("egress_interface", U32, true, egress_interface),
	RECORD("bgp_source_as_number", U32, true, source_as),
	RECORD("bgp_destination_as_number", U32, true, destination_as),
	RECORD("next_hop_address", ADDRESS, false, next_hop),
	RECORD("source_prefix_length", U8, true, source_mask),
	RECORD("destination_prefix_length", U8, true, destination_mask),
	RECORD("vlan_id", VLAN, false, flow.vlan),
	RECORD("minimum_ttl", U8, false, flow.ttl_min[0]),
	RECORD("maximum_ttl", U8, false, flow.ttl_max[0]),
	RECORD("flow_end_reason", U8, false, flow.end_reason),
	RECORD("flow_direction", U8, true, direction),
	RECORD("exporter_address", ADDRESS, false, exporter),
	RECORD("observation_domain_id", U32, true, domain),
	RECORD("export_protocol", PROTOCOL, true, protocol_version),
	RECORD("sampling_interval", U32, true, sampling),
	RECORD("sampling_source", SOURCE, true, sampling_source),
	RECORD("selector_id", U16, false, selector),
	RECORD("export_time_milliseconds", TIME, true, time),
	RECORD("input_offset", U64, true, input_offset),
	EXTRA("source_mac_address", MAC, source_mac),
	EXTRA("destination_mac_address", MAC, destination_mac),
	EXTRA("post_source_mac_address", MAC, post_source_mac),
	EXTRA("post_destination_mac_address", MAC, post_destination_mac),
	EXTRA("post_vlan_id", U16, post_vlan),
	{ "mpls_label_stack", FIELD_MPLS, false, true, 0 },
	EXTRA("post_nat_source_address", ADDRESS, post_nat_source),
	EXTRA("post_nat_destination_address", ADDRESS, post_nat_destination),
	EXTRA("post_napt_source_transport_port", U16, post_nat_source_port),
	EXTRA("post_napt_destination_transport_port", U16, post_nat_destination_port),
	EXTRA("nat_event", U8, nat_event),
	EXTRA("forwarding_status", U8, forwarding_status),
	EXTRA("ingress_vrf_id", U32, ingress_vrf),
	EXTRA("egress_vrf_id", U32, egress_vrf),
	EXTRA("application_engine_id", U8, application_engine),
	EXTRA("application_selector_id", U32, application_selector),
	EXTRA("application_name", TEXT, application_name),
	EXTRA("vrf_name", TEXT, vrf_name),
	EXTRA("user_name", TEXT, user_name),
	EXTRA("fragment_identification", U32, ip_id),
	EXTRA("observation_point_id", U64, observation_point),
};

static const struct field INTERFACES[] = {
	SAMPLE("exporter_address", ADDRESS, exporter),
	SAMPLE("interface", U32, interface),
	SAMPLE("begin", TIME, begin),
	SAMPLE("end", TIME, end),
	SAMPLE("in_octets", U64, in_octets),
	SAMPLE("out_octets", U64, out_octets),
	SAMPLE("in_packets", U64, in_packets),
	SAMPLE("out_packets", U64, out_packets),
	SAMPLE("speed", U64, speed),
};

static const struct field EXPORTERS[] = {
	REPORT("exporter_address", ADDRESS, exporter),
	REPORT("observation_domain_id", U32, domain),
	REPORT("export_protocol", PROTOCOL, protocol),
	REPORT("messages", U64, messages),
	REPORT("octets", U64, octets),
	REPORT("records", U64, records),
	REPORT("options_records", U64, options_records),
	REPORT("templates", U64, templates),
	REPORT("unit", UNIT, unit),
	REPORT("lost", U64, lost),
	REPORT("expected", U64, expected),
	REPORT("restarts", U64, restarts),
	REPORT("reordered", U64, reordered),
	REPORT("no_template", U64, no_template),
	REPORT("no_template_lost", U64, no_template_lost),
	REPORT("malformed", U64, malformed),
	REPORT("source_drops", U64, source_drops),
	REPORT("first", TIME, first),
	REPORT("last", TIME, last),
	{ "sampling", FIELD_RATES, true, false, 0 },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const SOURCES[] = { "unknown", "forced", "record", "selector", "interface",
	"options", "header", "measured", "configured" };
static const char *const UNITS[] = { "records", "messages", "datagrams" };

/* A value being printed: text is quoted where the format asks for it. */
struct printing {
	FILE *out;
	bool csv;
};

/* --- values ----------------------------------------------------------------------------------- */

static const char *
protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case 1: return "netflow1";
	case EXPORT_NETFLOW5: return "netflow5";
	case 7: return "netflow7";
	case EXPORT_NETFLOW9: return "netflow9";
	case EXPORT_IPFIX: return "ipfix";
	case EXPORT_SFLOW5: return "sflow5";
	case EXPORT_TEXT: return "text";
	default: return "unknown";
	}
}

/* Text of our own making, without anything to escape. */
static void
print_word(const struct printing *p, const char *word)
{
	(void)fprintf(p->out, p->csv ? "%s" : "\"%s\"", word);
}

/* Text that came from the network: only printable ASCII as it is, so that nothing can steer a
 * terminal. */
static void
print_text(const struct printing *p, const char *text)
{
	json_t *string = p->csv ? NULL : json_string(text); /* NULL also for what is no UTF-8 */

	if (string != NULL) {
		(void)json_dumpf(string, p->out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		json_decref(string);
		return;
	}
	(void)fputc('"', p->out);
	for (; *text != '\0'; text++) {
		if ((uint8_t)*text < 0x20 || (uint8_t)*text > 0x7e)
			(void)fprintf(p->out, p->csv ? "\\x%02x" : "\\u%04x", (uint8_t)*text);
		else if (*text == '"' || (*text == '\\' && !p->csv))
			(void)fprintf(p->out, p->csv ? "\"\"" : "\\%c", *text);
		else
			(void)fputc(*text, p->out);
	}
	(void)fputc('"', p->out);
}

static void
print_mac(const struct printing *p, const uint8_t *mac)
{
	char text[18];

	(void)snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
	    mac[3], mac[4], mac[5]);
	print_word(p, text);
}

static void
print_mpls(const struct printing *p, const struct record_extra *extra)
{
	(void)fputc(p->csv ? '"' : '[', p->out);
	for (unsigned i = 0; i < extra->mpls_count && i < RECORD_MPLS_LABELS; i++)
		(void)fprintf(
		    p->out, "%s%" PRIu32, i > 0 ? (p->csv ? " " : ",") : "", extra->mpls[i] >> 4);
	(void)fputc(p->csv ? '"' : ']', p->out);
}

/* "rate:source:records", or an array of objects. */
static void
print_rates(const struct printing *p, const struct exporter_report *r)
{
	(void)fputs(p->csv ? "" : "[", p->out);
	for (unsigned i = 0; i < EXPORTER_RATES && r->rates[i].records > 0; i++) {
		const struct exporter_rate *rate = &r->rates[i];
		const char *source = rate->source < COUNT(SOURCES) ? SOURCES[rate->source] : "";

		if (p->csv)
			(void)fprintf(p->out, "%s%" PRIu32 ":%s:%" PRIu64, i > 0 ? " " : "",
			    rate->rate, source, rate->records);
		else
			(void)fprintf(p->out,
			    "%s{\"rate\":%" PRIu32 ",\"source\":\"%s\",\"records\":%" PRIu64 "}",
			    i > 0 ? "," : "", rate->rate, source, rate->records);
	}
	(void)fputs(p->csv ? "" : "]", p->out);
}

/* The number at `at`, whatever its width. */
static uint64_t
number_at(const uint8_t *at, enum field_type type)
{
	uint64_t wide;

	switch (type) {
	case FIELD_U16:
	case FIELD_VLAN: return le16(at);
	case FIELD_U32: return le32(at);
	case FIELD_U64:
	case FIELD_TIME: memcpy(&wide, at, sizeof wide); return wide;
	default: return *at;
	}
}

/* Whether a record says the field. */
static bool
is_said(const uint8_t *at, enum field_type type)
{
	static const uint8_t zeros[16];

	switch (type) {
	case FIELD_VLAN: return le16(at) != VLAN_NONE;
	case FIELD_ADDRESS: return memcmp(at, zeros, 16) != 0;
	case FIELD_MAC: return memcmp(at, zeros, 6) != 0;
	case FIELD_MPLS: return ((const struct record_extra *)(const void *)at)->mpls_count > 0;
	case FIELD_RATES: return true;
	default: return number_at(at, type) != 0;
	}
}

static void
print_value(const struct printing *p, const uint8_t *at, enum field_type type)
{
	uint64_t number = number_at(at, type);
	char text[64];

	switch (type) {
	case FIELD_TIME: print_word(p, clock_format((nsec_t)number, 3, text, sizeof text)); break;
	case FIELD_ADDRESS:
		print_word(p, address_format((const struct address *)(const void *)at, text));
		break;
	case FIELD_MAC: print_mac(p, at); break;
	case FIELD_TEXT: print_text(p, (const char *)at); break;
	case FIELD_PROTOCOL: print_word(p, protocol_name((uint8_t)number)); break;
	case FIELD_SOURCE: print_word(p, number < COUNT(SOURCES) ? SOURCES[number] : ""); break;
	case FIELD_UNIT: print_word(p, number < COUNT(UNITS) ? UNITS[number] : ""); break;
	case FIELD_MPLS: print_mpls(p, (const struct record_extra *)(const void *)at); break;
	case FIELD_RATES: print_rates(p, (const struct exporter_report *)(const void *)at); break;
	default: (void)fprintf(p->out, "%" PRIu64, number); break;
	}
}

/* --- lines ------------------------------------------------------------------------------------ */

static void
print_names(const struct field *fields, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		(void)fprintf(out, "%s%s", i > 0 ? "," : "", fields[i].name);
	(void)fputs("\n", out);
}

/* `base` and `extra` are what the fields' offsets count from; `extra` may be NULL. */
static void
print_line(const struct printing *p, const struct field *fields, size_t count, const void *base,
    const void *extra)
{
	bool first = true;

	(void)fputs(p->csv ? "" : "{", p->out);
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];
		const uint8_t *at = f->extra ? extra : base;
		bool said = at != NULL && (f->always || is_said(at + f->offset, f->type));

		if (!said && !p->csv)
			continue;
		(void)fputs(first ? "" : ",", p->out);
		first = false;
		if (!p->csv)
			(void)fprintf(p->out, "\"%s\":", f->name);
		if (said)
			print_value(p, at + f->offset, f->type);
	}
	(void)fputs(p->csv ? "\n" : "}\n", p->out);
}

void
record_fields_print_header(FILE *out)
{
	print_names(RECORDS, COUNT(RECORDS), out);
}

void
record_fields_print(const struct flow_record *r, bool csv, FILE *out)
{
	struct printing p = { out, csv };

	print_line(&p, RECORDS, COUNT(RECORDS), r, r->extra);
}

void
record_fields_print_interface_header(FILE *out)
{
	print_names(INTERFACES, COUNT(INTERFACES), out);
}

void
record_fields_print_interface(const struct interface_sample *s, bool csv, FILE *out)
{
	struct printing p = { out, csv };

	print_line(&p, INTERFACES, COUNT(INTERFACES), s, NULL);
}

void
record_fields_print_exporter_header(FILE *out)
{
	print_names(EXPORTERS, COUNT(EXPORTERS), out);
}

void
record_fields_print_exporter(const struct exporter_report *r, bool csv, FILE *out)
{
	struct printing p = { out, csv };

	print_line(&p, EXPORTERS, COUNT(EXPORTERS), r, NULL);
}
