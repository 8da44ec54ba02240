/* SPDX-License-Identifier: ISC */
/*
 * Flows into columns; see flows.h.
 *
 * What the file holds and what queries see differ, because appending is paid per column and per
 * octet that does not compress: addresses are two numbers each (as a BLOB of 16 octets a spoofed
 * flood costs 1.7 times as much to append), what few people ask for is in one number or two, and
 * all of it is one STRUCT (writer.h).  The engine stores the fields of a STRUCT as columns all the
 * same and reads only those that a query wants.  The view puts everything back.  Measured in
 * doc/design/store.md.
 */
#include "store/flows.h"

#include "base/bytes.h"
#include "base/xmalloc.h"

static uint64_t
milliseconds(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / NSEC_PER_MS) : 0;
}

/* What varies least lies highest: the engine stores only the bits in which a block's values
 * differ. */
static uint64_t
attributes(const struct flow *f)
{
	return (uint64_t)f->tunnel << 60 | (uint64_t)(f->end_reason & 15) << 56 |
	       (uint64_t)f->ttl_max[1] << 48 | (uint64_t)f->ttl_min[1] << 40 |
	       (uint64_t)f->tcp_flags[1] << 32 | (uint64_t)f->tcp_flags[0] << 24 |
	       (uint64_t)f->ip_version << 16 | (uint64_t)f->ttl_max[0] << 8 | f->ttl_min[0];
}

/* The largest count there is.  No flow can have had more, whatever a record says, and sums of both
 * directions then fit signed numbers, which the engine adds twice as fast as unsigned ones. */
#define MOST_COUNT (INT64_MAX / 2)

static uint64_t
bounded(uint64_t number)
{
	return number <= MOST_COUNT ? number : MOST_COUNT;
}

/* The second number of attributes, of records alone. */
static uint64_t
export_attributes(const struct flow_record *r)
{
	return (uint64_t)r->protocol_version << 56 | (uint64_t)r->sampling_source << 48 |
	       (uint64_t)r->direction << 40 | (uint64_t)r->selector << 24 | (uint64_t)r->tos << 16 |
	       (uint64_t)r->source_mask << 8 | r->destination_mask;
}

/* X(name, column type, C type, value of flow f): columns of both tables. */
#define FLOW_COLUMNS(X)                                                               \
	X(source_high, U64, uint64_t, be64(f->source.octets))                         \
	X(source_low, U64, uint64_t, be64(f->source.octets + 8))                      \
	X(destination_high, U64, uint64_t, be64(f->destination.octets))               \
	X(destination_low, U64, uint64_t, be64(f->destination.octets + 8))            \
	X(source_port, U16, uint16_t, f->source_port)                                 \
	X(destination_port, U16, uint16_t, f->destination_port)                       \
	X(protocol_identifier, U8, uint8_t, f->protocol)                              \
	X(vlan_id, U16, uint16_t, f->vlan)                                            \
	X(flow_start_milliseconds, TIME, uint64_t, milliseconds(flow_begin(f)))       \
	X(flow_end_milliseconds, TIME, uint64_t, milliseconds(flow_finish(f)))        \
	X(packet_delta_count, U64, uint64_t, bounded(f->packets[0]))                  \
	X(octet_delta_count, U64, uint64_t, bounded(f->octets[0]))                    \
	X(reverse_packet_delta_count, U64, uint64_t, bounded(f->packets[1]))          \
	X(reverse_octet_delta_count, U64, uint64_t, bounded(f->octets[1]))            \
	X(reverse_flow_start_milliseconds, TIME, uint64_t, milliseconds(f->first[1])) \
	X(reverse_flow_end_milliseconds, TIME, uint64_t, milliseconds(f->last[1]))    \
	X(rtt_microseconds, U32, uint32_t, f->rtt_us)                                 \
	X(attributes, U64, uint64_t, attributes(f))

/* The same of record r: columns of record_rows alone. */
#define RECORD_COLUMNS(X)                                              \
	X(exporter_high, U64, uint64_t, be64(r->exporter.octets))      \
	X(exporter_low, U64, uint64_t, be64(r->exporter.octets + 8))   \
	X(observation_domain_id, U32, uint32_t, r->domain)             \
	X(sampling_interval, U32, uint32_t, r->sampling)               \
	X(ingress_interface, U32, uint32_t, r->ingress_interface)      \
	X(egress_interface, U32, uint32_t, r->egress_interface)        \
	X(bgp_source_as_number, U32, uint32_t, r->source_as)           \
	X(bgp_destination_as_number, U32, uint32_t, r->destination_as) \
	X(next_hop_high, U64, uint64_t, be64(r->next_hop.octets))      \
	X(next_hop_low, U64, uint64_t, be64(r->next_hop.octets + 8))   \
	X(export_attributes, U64, uint64_t, export_attributes(r))

/* Fills cells from an array of flows. */
#define X(name, type, ctype, value)                                       \
	static void flow_##name(void *cells, const struct raw_fill *fill) \
	{                                                                 \
		__typeof__(ctype) *target = cells;                        \
		const struct flow *flows = fill->items;                   \
                                                                          \
		for (size_t i = 0; i < fill->count; i++) {                \
			const struct flow *f = &flows[i];                 \
			target[i] = value;                                \
		}                                                         \
	}
FLOW_COLUMNS(X)
#undef X

/* Fills cells from an array of pointers to records. */
#define X(name, type, ctype, value)                                         \
	static void record_##name(void *cells, const struct raw_fill *fill) \
	{                                                                   \
		__typeof__(ctype) *target = cells;                          \
		const struct flow_record *const *records = fill->items;     \
                                                                            \
		for (size_t i = 0; i < fill->count; i++) {                  \
			const struct flow_record *r = records[i];           \
			const struct flow *f = &r->flow;                    \
			(void)f;                                            \
			target[i] = value;                                  \
		}                                                           \
	}
FLOW_COLUMNS(X)
RECORD_COLUMNS(X)
#undef X

static const struct raw_column METERED[] = { RAW_FRONT_COLUMNS
#define X(name, type, ctype, value) { #name, COLUMN_##type, sizeof(ctype), flow_##name },
	    FLOW_COLUMNS(X)
#undef X
};

static const struct raw_column EXPORTED[] = { RAW_FRONT_COLUMNS
#define X(name, type, ctype, value) { #name, COLUMN_##type, sizeof(ctype), record_##name },
	    FLOW_COLUMNS(X) RECORD_COLUMNS(X)
#undef X
};

static const struct raw_table TABLES[] = {
	[FLOWS_METERED] = { "flow_rows", METERED, sizeof METERED / sizeof METERED[0], false },
	[FLOWS_EXPORTED] = { "record_rows", EXPORTED, sizeof EXPORTED / sizeof EXPORTED[0], false },
};

static nsec_t
metered_end(const void *items, size_t at)
{
	return flow_finish((const struct flow *)items + at);
}

static nsec_t
exported_end(const void *items, size_t at)
{
	return flow_finish(&((const struct flow_record *const *)items)[at]->flow);
}

/* --- SQL -------------------------------------------------------------------------------------- */

#define ATTRIBUTE(shift, most) "CAST((flow.attributes >> " #shift ") & " #most " AS UTINYINT)"
#define EXPORTED_PART(shift, most, type) \
	"CAST((flow.export_attributes >> " #shift ") & " #most " AS " #type ")"

/* The names of enum sampling_source, in its order. */
#define SAMPLING_NAMES                                                                   \
	"['unknown', 'forced', 'record', 'selector', 'interface', 'options', 'header', " \
	"'measured', 'configured']"

/* Counts of both directions times the sampling rate, which counts as 1 when nobody knows it.  No
 * record, however absurd, may make a query fail: what 64 bits do not hold is their largest
 * number. */
#define BOTH(what) "flow." #what "_delta_count + flow.reverse_" #what "_delta_count"
#define ESTIMATE(what)                                                                             \
	"CAST(least((CAST(flow." #what "_delta_count AS HUGEINT) + flow.reverse_" #what            \
	"_delta_count) * CASE WHEN flow.sampling_interval = 0 THEN 1 ELSE flow.sampling_interval " \
	"END, 18446744073709551615) AS "                                                           \
	"UBIGINT)"

/* What the views show of each kind: an expression, or NULL for the field of the same name.  Of an
 * address: what its two fields begin with, or "" for no address. */
static const struct raw_view_column VIEW[] = {
#define SAME(name)                          \
	{                                   \
		name, { NULL, NULL }, false \
	}
#define BOTH_KINDS(name, expression)                    \
	{                                               \
		name, { expression, expression }, false \
	}
#define EACH_KIND(name, metered, exported)         \
	{                                          \
		name, { metered, exported }, false \
	}
#define ADDRESS(name, metered, exported)          \
	{                                         \
		name, { metered, exported }, true \
	}
	SAME("input"),
	SAME("window_begin"),
	SAME("flow_start_milliseconds"),
	SAME("flow_end_milliseconds"),
	ADDRESS("source_address", "source", "source"),
	ADDRESS("destination_address", "destination", "destination"),
	SAME("source_port"),
	SAME("destination_port"),
	SAME("protocol_identifier"),
	BOTH_KINDS("ip_version", ATTRIBUTE(16, 255)),
	SAME("vlan_id"),
	SAME("packet_delta_count"),
	SAME("octet_delta_count"),
	SAME("reverse_packet_delta_count"),
	SAME("reverse_octet_delta_count"),
	SAME("reverse_flow_start_milliseconds"),
	SAME("reverse_flow_end_milliseconds"),
	BOTH_KINDS("tcp_control_bits", ATTRIBUTE(24, 255)),
	BOTH_KINDS("reverse_tcp_control_bits", ATTRIBUTE(32, 255)),
	BOTH_KINDS("minimum_ttl", ATTRIBUTE(0, 255)),
	BOTH_KINDS("maximum_ttl", ATTRIBUTE(8, 255)),
	BOTH_KINDS("reverse_minimum_ttl", ATTRIBUTE(40, 255)),
	BOTH_KINDS("reverse_maximum_ttl", ATTRIBUTE(48, 255)),
	SAME("rtt_microseconds"),
	BOTH_KINDS("flow_end_reason", ATTRIBUTE(56, 15)),
	BOTH_KINDS("tunnel", ATTRIBUTE(60, 15)),
	ADDRESS("exporter_address", "", "exporter"),
	EACH_KIND("observation_domain_id", "0::UINTEGER", NULL),
	EACH_KIND("export_protocol", "0::UTINYINT", EXPORTED_PART(56, 255, UTINYINT)),
	EACH_KIND("sampling_interval", "1::UINTEGER", NULL),
	EACH_KIND("sampling_source", "'metered'",
	    "coalesce(" SAMPLING_NAMES
	    "[CAST(((flow.export_attributes >> 48) & 255) + 1 AS INTEGER)], '')"),
	EACH_KIND("selector_id", "0::USMALLINT", EXPORTED_PART(24, 65535, USMALLINT)),
	EACH_KIND("flow_direction", "0::UTINYINT", EXPORTED_PART(40, 255, UTINYINT)),
	EACH_KIND("ingress_interface", "0::UINTEGER", NULL),
	EACH_KIND("egress_interface", "0::UINTEGER", NULL),
	EACH_KIND("bgp_source_as_number", "0::UINTEGER", NULL),
	EACH_KIND("bgp_destination_as_number", "0::UINTEGER", NULL),
	EACH_KIND("ip_class_of_service", "0::UTINYINT", EXPORTED_PART(16, 255, UTINYINT)),
	ADDRESS("next_hop_address", "", "next_hop"),
	EACH_KIND("source_prefix_length", "0::UTINYINT", EXPORTED_PART(8, 255, UTINYINT)),
	EACH_KIND("destination_prefix_length", "0::UTINYINT", EXPORTED_PART(0, 255, UTINYINT)),
	EACH_KIND("estimated_packets", BOTH(packet), ESTIMATE(packet)),
	EACH_KIND("estimated_octets", BOTH(octet), ESTIMATE(octet)),
};

const struct raw_set flows_raw = {
	.directory = "flows",
	.registry = "flow_days",
	.field = "flow",
	.time = "flow_end_milliseconds",
	.views = { "flows", "flow_numbers" },
	.tables = TABLES,
	.table_count = sizeof TABLES / sizeof TABLES[0],
	.columns = VIEW,
	.column_count = sizeof VIEW / sizeof VIEW[0],
	.time_of = { metered_end, exported_end },
	.stride = { sizeof(struct flow), sizeof(const struct flow_record *) },
};
