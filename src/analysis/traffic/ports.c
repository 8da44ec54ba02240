/* SPDX-License-Identifier: ISC */
/*
 * Traffic by service port.
 *
 * The rule of the IIR's broadband report: the port of a TCP or UDP flow is the smaller of its two;
 * below 1024 it is a well-known service, otherwise the flow is "dynamic" (probably peer to peer, or
 * a service on a high port).  UDP 443 is QUIC.  Everything else counts under its IP protocol.
 *
 * Every port has exact sums of octets, packets and flows.  Of the dynamic ports a window's rows
 * name the `dynamic_rows` largest by any of the three; the others are in one row of port 0.
 *
 * Records of exporters are kept apart, as they are, for each sampling rate; the section makes
 * estimates of them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/rates.h"
#include "analysis/traffic/ports_section.h"
#include "base/xmalloc.h"

#define PORTS      65536
#define WELL_KNOWN 1024

/* Cells of records: more than all ports of two sampling rates. */
#define MOST_CELLS (1U << 18)

struct sums {
	uint64_t octets, packets, flows;
};

/* The sums of a cell of records.  Its key: protocol, port, number of the rate.  What found no room
 * is in one cell of its protocol and rate. */
enum {
	CELL_OCTETS,
	CELL_PACKETS,
	CELL_RECORDS,
	CELL_SQUARES,
};

#define PROTOCOL_SHIFT (RATES_BITS + 16)
#define NO_ROOM        (UINT64_C(1) << (PROTOCOL_SHIFT + 8))

enum { TCP, UDP, TRANSPORTS };

static const uint8_t PROTOCOL_OF[TRANSPORTS] = { [TCP] = IP_PROTOCOL_TCP, [UDP] = IP_PROTOCOL_UDP };

struct state {
	uint64_t dynamic_rows;
	struct sums *ports[TRANSPORTS];        /* owned; PORTS of them, zero pages until used */
	uint64_t used[TRANSPORTS][PORTS / 64]; /* which ports have sums */
	struct sums protocols[256]; /* IP protocols without ports, of IPv4 and IPv6 alike */
	struct cells records;
	struct rates rates;
	bool touched;
};

static const struct setting SETTINGS[] = {
	{ "dynamic_rows", SETTING_U64, "64", "0", "65536",
	    "dynamic ports that a window keeps by name, by each measure" },
};

static struct sums *
map_sums(void)
{
	void *p = mmap(NULL, PORTS * sizeof(struct sums), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static enum err
ports_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->dynamic_rows = settings_u64(context->settings, "dynamic_rows");
	for (int i = 0; i < TRANSPORTS; i++)
		s->ports[i] = map_sums();
	cells_init(&s->records, MOST_CELLS, &context->secret);
	return ERR_OK;
}

static void
ports_release(void *opaque)
{
	struct state *s = opaque;

	for (int i = 0; i < TRANSPORTS; i++)
		if (s->ports[i] != NULL)
			(void)munmap(s->ports[i], PORTS * sizeof(struct sums));
	cells_release(&s->records);
}

static void
ports_clear(void *opaque)
{
	struct state *s = opaque;

	if (!s->touched)
		return;
	for (int t = 0; t < TRANSPORTS; t++)
		for (size_t w = 0; w < PORTS / 64; w++)
			for (; s->used[t][w] != 0; s->used[t][w] &= s->used[t][w] - 1)
				s->ports[t][w * 64 + (size_t)__builtin_ctzll(s->used[t][w])] =
				    (struct sums){ 0 };
	memset(s->protocols, 0, sizeof s->protocols);
	cells_clear(&s->records);
	rates_clear(&s->rates);
	s->touched = false;
}

static inline uint16_t
lesser_port(const struct flow *f)
{
	return f->source_port < f->destination_port ? f->source_port : f->destination_port;
}

static inline struct sums *
sums_of(struct state *s, const struct flow *f)
{
	uint16_t port = lesser_port(f);
	unsigned transport;

	if (f->protocol == IP_PROTOCOL_TCP)
		transport = TCP;
	else if (f->protocol == IP_PROTOCOL_UDP)
		transport = UDP;
	else
		return &s->protocols[f->protocol];
	s->used[transport][port / 64] |= UINT64_C(1) << port % 64;
	return &s->ports[transport][port];
}

static inline void
add(struct sums *to, const struct sums *from)
{
	to->octets += from->octets;
	to->packets += from->packets;
	to->flows += from->flows;
}

/* The cell of a key; where the table is full, that of what found no room.  It is made in any case:
 * there are no more of them than rates and protocols. */
static inline struct cell *
cell_at(struct cells *cells, uint64_t key)
{
	struct cell *cell = cells_at(cells, key);

	if (__builtin_expect(cell != NULL, 1))
		return cell;
	cells->most = cells->count + 1;
	cell = cells_at(cells, (key & ~((uint64_t)0xffff << RATES_BITS)) | NO_ROOM);
	cells->most = MOST_CELLS;
	return cell;
}

static void
observe_records(struct state *s, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct flow_record *r = batch->records[i];
		const struct flow *f = &r->flow;
		unsigned rate = rates_number(&s->rates, r->sampling);
		uint32_t held = s->rates.list[rate];
		uint64_t port = f->protocol == IP_PROTOCOL_TCP || f->protocol == IP_PROTOCOL_UDP
				    ? lesser_port(f)
				    : 0;
		uint64_t squares = record_squares(f->octets[0], f->packets[0]) +
				   record_squares(f->octets[1], f->packets[1]);
		struct cell *cell = cell_at(&s->records,
		    (uint64_t)f->protocol << PROTOCOL_SHIFT | port << RATES_BITS | rate);
		cell->sums[CELL_OCTETS] +=
		    rates_restate(f->octets[0] + f->octets[1], r->sampling, held);
		cell->sums[CELL_PACKETS] +=
		    rates_restate(f->packets[0] + f->packets[1], r->sampling, held);
		cell->sums[CELL_RECORDS]++;
		cell->sums[CELL_SQUARES] += rates_restate_squares(squares, r->sampling, held);
	}
}

static void
ports_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	s->touched = s->touched || batch->count != 0;
	if (batch->type == OBS_RECORD) {
		observe_records(s, batch);
		return;
	}
	for (size_t i = 0; i < batch->count; i++) {
		const struct flow *f = &batch->flows[i];
		struct sums one = { f->octets[0] + f->octets[1], f->packets[0] + f->packets[1], 1 };
		add(sums_of(s, f), &one);
	}
}

static void
merge_records(struct state *into, const struct state *from)
{
	rates_merge(&into->rates, &from->rates);
	for (size_t i = 0; from->records.count != 0 && i <= from->records.mask; i++) {
		const struct cell *cell = &from->records.places[i];
		uint32_t old, held;
		struct cell *to;
		if (cell->key == CELL_EMPTY)
			continue;
		old = from->rates.list[cell->key & RATES_MASK];
		held = into->rates.list[rates_number(&into->rates, old)];
		to = cell_at(&into->records, (cell->key & ~RATES_MASK) | into->rates.last);
		to->sums[CELL_OCTETS] += rates_restate(cell->sums[CELL_OCTETS], old, held);
		to->sums[CELL_PACKETS] += rates_restate(cell->sums[CELL_PACKETS], old, held);
		to->sums[CELL_RECORDS] += cell->sums[CELL_RECORDS];
		to->sums[CELL_SQUARES] +=
		    rates_restate_squares(cell->sums[CELL_SQUARES], old, held);
	}
}

static void
ports_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	if (!from->touched)
		return;
	into->touched = true;
	for (int t = 0; t < TRANSPORTS; t++)
		for (size_t w = 0; w < PORTS / 64; w++) {
			into->used[t][w] |= from->used[t][w];
			for (uint64_t bits = from->used[t][w]; bits != 0; bits &= bits - 1) {
				size_t port = w * 64 + (size_t)__builtin_ctzll(bits);
				add(&into->ports[t][port], &from->ports[t][port]);
			}
		}
	for (size_t i = 0; i < 256; i++)
		add(&into->protocols[i], &from->protocols[i]);
	merge_records(into, from);
}

enum {
	PROTOCOL_COLUMN,
	PORT_COLUMN,
	CLASS_COLUMN,
	OCTETS_COLUMN,
	PACKETS_COLUMN,
	FLOWS_COLUMN,
	SAMPLING_COLUMN,
	SQUARES_COLUMN,
	EXPORTED_COLUMN,
};

/* What a row is of: packets that were metered here, or records of one sampling rate. */
struct origin {
	bool exported;
	uint32_t sampling;
};

static const struct origin METERED = { .exported = false, .sampling = 1 };

static void
put_sums(struct rows *rows, uint8_t protocol, uint16_t port, enum port_class class,
    const struct sums *sums)
{
	rows_u64(rows, PROTOCOL_COLUMN, protocol);
	rows_u64(rows, PORT_COLUMN, port);
	rows_u64(rows, CLASS_COLUMN, class);
	rows_u64(rows, OCTETS_COLUMN, sums->octets);
	rows_u64(rows, PACKETS_COLUMN, sums->packets);
	rows_u64(rows, FLOWS_COLUMN, sums->flows);
}

static void
end_row(struct rows *rows, const struct origin *origin, uint64_t squares)
{
	rows_u64(rows, SAMPLING_COLUMN, origin->sampling);
	rows_u64(rows, SQUARES_COLUMN, squares);
	rows_u64(rows, EXPORTED_COLUMN, origin->exported);
	rows_next(rows);
}

static void
put_row(struct rows *rows, uint8_t protocol, uint16_t port, enum port_class class,
    const struct sums *sums)
{
	if (sums->flows == 0)
		return;
	put_sums(rows, protocol, port, class, sums);
	end_row(rows, &METERED, 0);
}

static int
descending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left < right) - (left > right);
}

/* The value a measure must reach to be among the `most` largest of `count`; 0 when all are. */
static uint64_t
threshold(uint64_t *values, size_t count, size_t most)
{
	if (count <= most)
		return 0;
	if (most == 0)
		return UINT64_MAX;
	qsort(values, count, sizeof *values, descending);
	return values[most - 1];
}

/* The dynamic ports of one transport: the largest by any measure have rows of their own. */
static void
put_dynamic(const struct state *s, int t, struct rows *rows)
{
	struct sums rest = { 0, 0, 0 }, least;
	uint64_t *values = xcalloc((size_t)PORTS * 3, sizeof *values);
	size_t count = 0;

	for (size_t port = WELL_KNOWN; port < PORTS; port++) {
		if ((s->used[t][port / 64] >> port % 64 & 1) == 0)
			continue;
		values[count] = s->ports[t][port].octets;
		values[PORTS + count] = s->ports[t][port].packets;
		values[(size_t)2 * PORTS + count] = s->ports[t][port].flows;
		count++;
	}
	least.octets = threshold(values, count, s->dynamic_rows);
	least.packets = threshold(values + PORTS, count, s->dynamic_rows);
	least.flows = threshold(values + (size_t)2 * PORTS, count, s->dynamic_rows);
	free(values);
	for (size_t port = WELL_KNOWN; port < PORTS; port++) {
		const struct sums *sums = &s->ports[t][port];
		if ((s->used[t][port / 64] >> port % 64 & 1) == 0)
			continue;
		/* Ties at a threshold of one flow would keep every port of a scan. */
		if (sums->octets >= least.octets || sums->packets > least.packets ||
		    sums->flows > least.flows)
			put_row(rows, PROTOCOL_OF[t], (uint16_t)port, PORT_DYNAMIC, sums);
		else
			add(&rest, sums);
	}
	put_row(rows, PROTOCOL_OF[t], 0, PORT_DYNAMIC, &rest);
}

/* ------------------------------------------------------------------ rows of records */

static enum port_class
class_of(const struct cell *cell)
{
	uint8_t protocol = (uint8_t)(cell->key >> PROTOCOL_SHIFT);

	if (protocol != IP_PROTOCOL_TCP && protocol != IP_PROTOCOL_UDP)
		return PORT_NONE;
	return (cell->key & NO_ROOM) == 0 && (cell->key >> RATES_BITS & 0xffff) < WELL_KNOWN
		   ? PORT_WELL_KNOWN
		   : PORT_DYNAMIC;
}

static void
put_cell(struct rows *rows, const struct state *s, const struct cell *cell, uint16_t port)
{
	struct sums sums = { .octets = cell->sums[CELL_OCTETS],
		.packets = cell->sums[CELL_PACKETS],
		.flows = cell->sums[CELL_RECORDS] };

	put_sums(rows, (uint8_t)(cell->key >> PROTOCOL_SHIFT), port, class_of(cell), &sums);
	end_row(rows, &(struct origin){ true, s->rates.list[cell->key & RATES_MASK] },
	    cell->sums[CELL_SQUARES]);
}

/* The cells of dynamic ports of one transport and rate, one after the other in `list`. */
static void
put_dynamic_cells(
    const struct state *s, const struct cell *const *list, size_t count, struct rows *rows)
{
	uint64_t *values = xcalloc(count, sizeof *values), least[CELL_RECORDS + 1];
	struct cell rest = { .key = list[0]->key };

	for (unsigned k = 0; k <= CELL_RECORDS; k++) {
		for (size_t i = 0; i < count; i++)
			values[i] = list[i]->sums[k];
		least[k] = threshold(values, count, s->dynamic_rows);
	}
	free(values);
	for (size_t i = 0; i < count; i++) {
		const uint64_t *sums = list[i]->sums;
		/* As for flows: ties count by octets only. */
		if ((list[i]->key & NO_ROOM) == 0 && (sums[CELL_OCTETS] >= least[CELL_OCTETS] ||
							 sums[CELL_PACKETS] > least[CELL_PACKETS] ||
							 sums[CELL_RECORDS] > least[CELL_RECORDS]))
			put_cell(rows, s, list[i], (uint16_t)(list[i]->key >> RATES_BITS));
		else
			for (unsigned k = 0; k < CELL_SUMS; k++)
				rest.sums[k] += sums[k];
	}
	if (rest.sums[CELL_RECORDS] != 0)
		put_cell(rows, s, &rest, 0);
}

/* By rate, protocol and port. */
static int
compare_cells(const void *a, const void *b)
{
	uint64_t x = (*(const struct cell *const *)a)->key;
	uint64_t y = (*(const struct cell *const *)b)->key;

	x = (x & RATES_MASK) << 48 | (x & ~NO_ROOM) >> RATES_BITS;
	y = (y & RATES_MASK) << 48 | (y & ~NO_ROOM) >> RATES_BITS;
	return (x > y) - (x < y);
}

/* Whether two cells are of dynamic ports of the same transport and rate. */
static bool
same_dynamic(const struct cell *a, const struct cell *b)
{
	return class_of(a) == PORT_DYNAMIC && class_of(b) == PORT_DYNAMIC &&
	       ((a->key ^ b->key) & RATES_MASK) == 0 &&
	       ((a->key ^ b->key) >> PROTOCOL_SHIFT & 0xff) == 0;
}

static void
put_records(const struct state *s, struct rows *rows)
{
	const struct cell **list = cells_sorted(&s->records);
	size_t count = s->records.count, end;

	qsort(list, count, sizeof *list, compare_cells);
	for (size_t i = 0; i < count; i = end) {
		end = i + 1;
		if (class_of(list[i]) != PORT_DYNAMIC) {
			put_cell(rows, s, list[i], (uint16_t)(list[i]->key >> RATES_BITS));
			continue;
		}
		while (end < count && same_dynamic(list[i], list[end]))
			end++;
		put_dynamic_cells(s, list + i, end - i, rows);
	}
	free(list);
}

static void
ports_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;
	struct rows *rows = sink->tables[0];

	(void)window;
	if (!s->touched)
		return;
	for (int t = 0; t < TRANSPORTS; t++) {
		for (size_t port = 0; port < WELL_KNOWN; port++)
			put_row(rows, PROTOCOL_OF[t], (uint16_t)port, PORT_WELL_KNOWN,
			    &s->ports[t][port]);
		put_dynamic(s, t, rows);
	}
	for (size_t i = 0; i < 256; i++)
		put_row(rows, (uint8_t)i, 0, PORT_NONE, &s->protocols[i]);
	put_records(s, rows);
}

static const struct column COLUMNS[] = {
	[PROTOCOL_COLUMN] = { "protocol_identifier", COLUMN_U8, "" },
	[PORT_COLUMN] = { "service_port", COLUMN_U16, "" },
	[CLASS_COLUMN] = { "port_class", COLUMN_U8, "" },
	[OCTETS_COLUMN] = { "octets", COLUMN_U64, "octets" },
	[PACKETS_COLUMN] = { "packets", COLUMN_U64, "packets" },
	[FLOWS_COLUMN] = { "flows", COLUMN_U64, "flows" },
	[SAMPLING_COLUMN] = { "sampling", COLUMN_U32, "" },
	[SQUARES_COLUMN] = { "squares", COLUMN_U64, "" },
	[EXPORTED_COLUMN] = { "exported", COLUMN_U8, "" },
};

static const struct table TABLES[] = {
	{ "traffic_ports", "Octets, packets and flows by service port", COLUMNS,
	    ARRAY_COUNT(COLUMNS) },
};

const struct analysis analysis_traffic_ports = {
	.name = "traffic/ports",
	.title = "Service ports",
	.consumes = OBS_FLOW | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = ports_init,
	.release = ports_release,
	.clear = ports_clear,
	.observe = ports_observe,
	.merge = ports_merge,
	.finish = ports_finish,
	.section = ports_section,
};
