/* SPDX-License-Identifier: ISC */
/*
 * Flows into columns; see flows.h.
 *
 * What the file holds and what queries see differ, because appending is paid per column and per
 * octet that does not compress: addresses are two numbers each (as a BLOB of 16 octets a spoofed
 * flood costs 1.7 times as much to append), what few people ask for is in one number, and all of it
 * is one STRUCT (writer.h).  The engine stores the fields of a STRUCT as columns all the same and
 * reads only those that a query wants.  The view puts everything back.  Measured in
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

/* X(name, column type, C type, value of flow f): columns of the file that a flow alone decides. */
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
	X(packet_delta_count, U64, uint64_t, f->packets[0])                           \
	X(octet_delta_count, U64, uint64_t, f->octets[0])                             \
	X(reverse_packet_delta_count, U64, uint64_t, f->packets[1])                   \
	X(reverse_octet_delta_count, U64, uint64_t, f->octets[1])                     \
	X(reverse_flow_start_milliseconds, TIME, uint64_t, milliseconds(f->first[1])) \
	X(reverse_flow_end_milliseconds, TIME, uint64_t, milliseconds(f->last[1]))    \
	X(rtt_microseconds, U32, uint32_t, f->rtt_us)                                 \
	X(attributes, U64, uint64_t, attributes(f))

#define X(name, type, ctype, value)                                                  \
	static void fill_##name(void *cells, const struct flow *flows, size_t count) \
	{                                                                            \
		__typeof__(ctype) *target = cells;                                   \
                                                                                     \
		for (size_t i = 0; i < count; i++) {                                 \
			const struct flow *f = &flows[i];                            \
			target[i] = value;                                           \
		}                                                                    \
	}
FLOW_COLUMNS(X)
#undef X

/* The columns in front, which fill_front knows. */
enum {
	NUMBER, /* of the commit: what a crash left behind is found by it (days.h) */
	INPUT,
	WINDOW_BEGIN,
	FIRST_OF_FLOW,
};

static const struct {
	const char *name;
	enum column_type type;
	size_t cell_size;
	void (*fill)(void *cells, const struct flow *flows, size_t count);
} COLUMNS[] = { [NUMBER] = { "commit_number", COLUMN_U64, 8, NULL },
	[INPUT] = { "input", COLUMN_U64, 8, NULL },
	[WINDOW_BEGIN] = { "window_begin", COLUMN_TIME, 8, NULL },
#define X(name, type, ctype, value) { #name, COLUMN_##type, sizeof(ctype), fill_##name },
	FLOW_COLUMNS(X)
#undef X
};

#define COLUMN_COUNT (sizeof COLUMNS / sizeof COLUMNS[0])

#define ADDRESS(which)         "yagura_address(flow." #which "_high, flow." #which "_low)"
#define ATTRIBUTE(shift, most) "CAST((flow.attributes >> " #shift ") & " #most " AS UTINYINT)"

/* What the view shows; without an expression it is the field of the same name. */
static const struct {
	const char *name;
	const char *expression;
} VIEW[] = {
	{ "input", NULL },
	{ "window_begin", NULL },
	{ "flow_start_milliseconds", NULL },
	{ "flow_end_milliseconds", NULL },
	{ "source_address", ADDRESS(source) },
	{ "destination_address", ADDRESS(destination) },
	{ "source_port", NULL },
	{ "destination_port", NULL },
	{ "protocol_identifier", NULL },
	{ "ip_version", ATTRIBUTE(16, 255) },
	{ "vlan_id", NULL },
	{ "packet_delta_count", NULL },
	{ "octet_delta_count", NULL },
	{ "reverse_packet_delta_count", NULL },
	{ "reverse_octet_delta_count", NULL },
	{ "reverse_flow_start_milliseconds", NULL },
	{ "reverse_flow_end_milliseconds", NULL },
	{ "tcp_control_bits", ATTRIBUTE(24, 255) },
	{ "reverse_tcp_control_bits", ATTRIBUTE(32, 255) },
	{ "minimum_ttl", ATTRIBUTE(0, 255) },
	{ "maximum_ttl", ATTRIBUTE(8, 255) },
	{ "reverse_minimum_ttl", ATTRIBUTE(40, 255) },
	{ "reverse_maximum_ttl", ATTRIBUTE(48, 255) },
	{ "rtt_microseconds", NULL },
	{ "flow_end_reason", ATTRIBUTE(56, 15) },
	{ "tunnel", ATTRIBUTE(60, 15) },
};

char *
flows_view_sql(const char *from)
{
	char *sql = xstrdup("SELECT ");

	for (size_t i = 0; i < sizeof VIEW / sizeof VIEW[0]; i++) {
		bool same = VIEW[i].expression == NULL;
		char *longer = xasprintf("%s%s%s%s AS %s", sql, i > 0 ? ", " : "",
		    same ? "flow." : "", same ? VIEW[i].name : VIEW[i].expression, VIEW[i].name);
		free(sql);
		sql = longer;
	}
	char *whole = xasprintf("%s FROM %s", sql, from);
	free(sql);
	return whole;
}

/* The fields as CREATE TABLE declares them, or as a STRUCT of zeros. */
static char *
list_fields(bool declare)
{
	char *sql = xstrdup("");

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		const char *type = writer_sql_type(COLUMNS[i].type);
		int size = (int)strcspn(type, " ");
		char *longer = declare ? xasprintf("%s%s%s %.*s", sql, i > 0 ? ", " : "",
					     COLUMNS[i].name, size, type)
				       : xasprintf("%s%s'%s': CAST(0 AS %.*s)", sql,
					     i > 0 ? ", " : "", COLUMNS[i].name, size, type);
		free(sql);
		sql = longer;
	}
	return sql;
}

char *
flows_create_sql(const char *catalog)
{
	char *fields = list_fields(true);
	char *sql = xasprintf("CREATE TABLE IF NOT EXISTS %s%s" FLOWS_TABLE " (flow STRUCT(%s))",
	    catalog != NULL ? catalog : "", catalog != NULL ? "." : "", fields);

	free(fields);
	return sql;
}

char *
flows_nothing_sql(void)
{
	char *fields = list_fields(false);
	char *from = xasprintf("(SELECT {%s} AS flow) WHERE false", fields);
	char *sql = flows_view_sql(from);

	free(from);
	free(fields);
	return sql;
}

enum err
flows_open(struct flows_writer *ret_writer, struct engine *engine, const struct writer_place *place,
    struct err_info *info)
{
	enum column_type types[COLUMN_COUNT];
	const char *names[COLUMN_COUNT];
	struct writer_place with_fields = *place;
	struct flows_writer w = { .filled = 0 };
	enum err e;

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		types[i] = COLUMNS[i].type;
		names[i] = COLUMNS[i].name;
	}
	with_fields.fields = names;
	e = writer_open(&w.writer, engine, &with_fields, types, COLUMN_COUNT, info);
	if (e != ERR_OK)
		return e;
	*ret_writer = w;
	return ERR_OK;
}

void
flows_close(struct flows_writer *writer)
{
	writer_close(&writer->writer);
	writer->filled = 0;
}

bool
flows_is_open(const struct flows_writer *writer)
{
	return writer->writer.appender != NULL;
}

static void
fill_front(struct flows_writer *w, const struct store_flows *flows, uint64_t number, size_t count)
{
	uint64_t *numbers = (uint64_t *)writer_cells(&w->writer, NUMBER) + w->filled;
	uint64_t *inputs = (uint64_t *)writer_cells(&w->writer, INPUT) + w->filled;
	uint64_t *windows = (uint64_t *)writer_cells(&w->writer, WINDOW_BEGIN) + w->filled;
	uint64_t begin = milliseconds(flows->window_begin);

	for (size_t i = 0; i < count; i++) {
		numbers[i] = number;
		inputs[i] = flows->input;
		windows[i] = begin;
	}
}

static enum err
hand_over(struct flows_writer *w, struct err_info *info)
{
	size_t count = w->filled;

	w->filled = 0;
	return writer_append(&w->writer, count, info);
}

enum err
flows_append(struct flows_writer *writer, const struct store_flows *flows, uint64_t number,
    struct err_info *info)
{
	for (size_t at = 0; at < flows->count;) {
		size_t room = writer->writer.capacity - writer->filled;
		size_t count = flows->count - at < room ? flows->count - at : room;
		enum err e = ERR_OK;

		fill_front(writer, flows, number, count);
		for (size_t i = FIRST_OF_FLOW; i < COLUMN_COUNT; i++) {
			char *cells = writer_cells(&writer->writer, i);
			COLUMNS[i].fill(cells + writer->filled * COLUMNS[i].cell_size,
			    flows->flows + at, count);
		}
		writer->filled += count;
		at += count;
		if (writer->filled == writer->writer.capacity)
			e = hand_over(writer, info);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err
flows_flush(struct flows_writer *writer, struct err_info *info)
{
	enum err e = hand_over(writer, info);

	return e != ERR_OK ? e : writer_flush(&writer->writer, info);
}
