/* SPDX-License-Identifier: ISC */
/*
 * Flows into columns; see flows.h.
 *
 * Names are IPFIX elements in snake case; `source` is the initiator (RFC 5103) and what begins with
 * `reverse_` is the other direction.  Times are milliseconds; a direction without packets has 0.
 */
#include "store/flows.h"

#include "base/xmalloc.h"

static uint64_t
milliseconds(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / NSEC_PER_MS) : 0;
}

/* X(name, column type, C type, value of flow f): the columns that a flow alone decides. */
#define FLOW_COLUMNS(X)                                                               \
	X(flow_start_milliseconds, TIME, uint64_t, milliseconds(flow_begin(f)))       \
	X(flow_end_milliseconds, TIME, uint64_t, milliseconds(flow_finish(f)))        \
	X(source_port, U16, uint16_t, f->source_port)                                 \
	X(destination_port, U16, uint16_t, f->destination_port)                       \
	X(protocol_identifier, U8, uint8_t, f->protocol)                              \
	X(ip_version, U8, uint8_t, f->ip_version)                                     \
	X(vlan_id, U16, uint16_t, f->vlan)                                            \
	X(packet_delta_count, U64, uint64_t, f->packets[0])                           \
	X(octet_delta_count, U64, uint64_t, f->octets[0])                             \
	X(reverse_packet_delta_count, U64, uint64_t, f->packets[1])                   \
	X(reverse_octet_delta_count, U64, uint64_t, f->octets[1])                     \
	X(reverse_flow_start_milliseconds, TIME, uint64_t, milliseconds(f->first[1])) \
	X(reverse_flow_end_milliseconds, TIME, uint64_t, milliseconds(f->last[1]))    \
	X(tcp_control_bits, U8, uint8_t, f->tcp_flags[0])                             \
	X(reverse_tcp_control_bits, U8, uint8_t, f->tcp_flags[1])                     \
	X(minimum_ttl, U8, uint8_t, f->ttl_min[0])                                    \
	X(maximum_ttl, U8, uint8_t, f->ttl_max[0])                                    \
	X(reverse_minimum_ttl, U8, uint8_t, f->ttl_min[1])                            \
	X(reverse_maximum_ttl, U8, uint8_t, f->ttl_max[1])                            \
	X(rtt_microseconds, U32, uint32_t, f->rtt_us)                                 \
	X(flow_end_reason, U8, uint8_t, f->end_reason)                                \
	X(tunnel, U8, uint8_t, f->tunnel)

#define X(name, type, ctype, value)                                                  \
	static void fill_##name(void *cells, const struct flow *flows, size_t count) \
	{                                                                            \
		ctype *target = cells;                                               \
                                                                                     \
		for (size_t i = 0; i < count; i++) {                                 \
			const struct flow *f = &flows[i];                            \
			target[i] = value;                                           \
		}                                                                    \
	}
FLOW_COLUMNS(X)
#undef X

/* The columns in front, which fill_front and fill_addresses know. */
enum {
	NUMBER, /* of the commit: what a crash left behind is found by it (days.h) */
	INPUT,
	WINDOW_BEGIN,
	SOURCE_ADDRESS,
	DESTINATION_ADDRESS,
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
	[SOURCE_ADDRESS] = { "source_address", COLUMN_ADDRESS, 16, NULL },
	[DESTINATION_ADDRESS] = { "destination_address", COLUMN_ADDRESS, 16, NULL },
#define X(name, type, ctype, value) { #name, COLUMN_##type, sizeof(ctype), fill_##name },
	FLOW_COLUMNS(X)
#undef X
};

#define COLUMN_COUNT (sizeof COLUMNS / sizeof COLUMNS[0])

/* `text` and what the format gives, in a new string; `text` is freed. */
static char *
grown(char *text, const char *a, const char *b, const char *c)
{
	char *longer = xasprintf("%s%s%s%s", text, a, b, c);

	free(text);
	return longer;
}

char *
flows_create_sql(const char *catalog)
{
	char *sql = xasprintf("CREATE TABLE IF NOT EXISTS %s%s" FLOWS_TABLE " (",
	    catalog != NULL ? catalog : "", catalog != NULL ? "." : "");

	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		sql = grown(sql, i > 0 ? ", " : "", COLUMNS[i].name, " ");
		sql = grown(sql, writer_sql_type(COLUMNS[i].type), "", "");
	}
	return grown(sql, ")", "", "");
}

char *
flows_columns_sql(void)
{
	char *sql = xstrdup("");

	for (size_t i = INPUT; i < COLUMN_COUNT; i++)
		sql = grown(sql, i > INPUT ? ", " : "", COLUMNS[i].name, "");
	return sql;
}

char *
flows_nothing_sql(void)
{
	char *sql = xstrdup("");

	for (size_t i = INPUT; i < COLUMN_COUNT; i++) {
		const char *type = writer_sql_type(COLUMNS[i].type);
		char *word = strndup(type, strcspn(type, " "));

		sql = grown(sql, i > INPUT ? ", " : "", "CAST(NULL AS ", word);
		sql = grown(sql, ") AS ", COLUMNS[i].name, "");
		free(word);
	}
	return sql;
}

enum err
flows_open(struct flows_writer *ret_writer, struct engine *engine, const struct writer_place *place,
    struct err_info *info)
{
	enum column_type types[COLUMN_COUNT];
	struct flows_writer w = { .filled = 0 };
	enum err e;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		types[i] = COLUMNS[i].type;
	e = writer_open(&w.writer, engine, place, types, COLUMN_COUNT, info);
	if (e != ERR_OK)
		return e;
	w.addresses = xcalloc(w.writer.capacity * 2, sizeof *w.addresses);
	*ret_writer = w;
	return ERR_OK;
}

void
flows_close(struct flows_writer *writer)
{
	writer_close(&writer->writer);
	free(writer->addresses);
	*writer = (struct flows_writer){ 0 };
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

/* The addresses are copied because the chunk outlives the caller's flows. */
static void
fill_addresses(struct flows_writer *w, const struct flow *flows, size_t count)
{
	duckdb_string_t *source = (duckdb_string_t *)writer_cells(&w->writer, SOURCE_ADDRESS);
	duckdb_string_t *destination =
	    (duckdb_string_t *)writer_cells(&w->writer, DESTINATION_ADDRESS);
	struct address *copy = w->addresses + w->filled * 2;

	source += w->filled;
	destination += w->filled;
	for (size_t i = 0; i < count; i++, copy += 2) {
		copy[0] = flows[i].source;
		copy[1] = flows[i].destination;
		source[i] = writer_string(copy[0].octets, sizeof copy[0].octets);
		destination[i] = writer_string(copy[1].octets, sizeof copy[1].octets);
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
		fill_addresses(writer, flows->flows + at, count);
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
