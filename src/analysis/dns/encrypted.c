/* SPDX-License-Identifier: ISC */
/*
 * Encrypted DNS as far as ports tell: DNS over TLS (tcp/853, RFC 7858) and over QUIC (udp/853, RFC
 * 9250) beside DNS in clear (port 53).
 *
 * Nobody can read these messages, so flows stand for them: connections, octets, clients, servers.
 * DNS over HTTPS looks like any other HTTPS and is not among them.
 *
 * The server is the end with the port.  A record of an exporter tells one direction: its packets
 * and octets count, and it counts as a connection when it goes to the server.  Consumes flows and
 * records; yields sums by time and class, and sketches of clients and servers.
 */
#include "analysis/dns/encrypted.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "analysis/exports.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"
#include "stat/hll.h"

#define MOST_CELLS (1U << 14)
#define KEY_BIAS   (INT64_C(1) << 39)

#define PORT_CLEAR     53
#define PORT_ENCRYPTED 853
#define PROTOCOL_TCP   6
#define PROTOCOL_UDP   17

const char *const encrypted_names[ENCRYPTED_CLASSES] = { "udp/53", "tcp/53", "dot", "doq" };

enum {
	SUM_CONNECTIONS,
	SUM_ANSWERED,
	SUM_PACKETS,
	SUM_OCTETS,
};

/* Distinct ends of a class. */
struct ends {
	uint8_t clients[HLL_SIZE(ENCRYPTED_PRECISION)];
	uint8_t servers[HLL_SIZE(ENCRYPTED_PRECISION)];
};

struct state {
	nsec_t resolution;
	bool touched;
	struct cells cells; /* key: bin (biased), estimated or not, class */
	struct ends ends[ENCRYPTED_CLASSES];
	struct export_facts exports;
};

static const struct setting SETTINGS[] = {
	{ "resolution", SETTING_DURATION, "1m", "1s", "1h", "width of the bins that are stored" },
};

static enum err
init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->resolution = settings_duration(context->settings, "resolution");
	cells_init(&s->cells, MOST_CELLS, &context->secret);
	return ERR_OK;
}

static void
release(void *opaque)
{
	cells_release(&((struct state *)opaque)->cells);
}

static void
clear(void *opaque)
{
	struct state *s = opaque;

	if (!s->touched)
		return;
	cells_clear(&s->cells);
	memset(s->ends, 0, sizeof s->ends);
	s->exports = (struct export_facts){ .records = 0 };
	s->touched = false;
}

/* The class of a flow by one of its ports; ENCRYPTED_CLASSES when it is none. */
static inline enum encrypted_class
class_of(uint8_t protocol, uint16_t port)
{
	if (protocol == PROTOCOL_UDP)
		return port == PORT_CLEAR       ? ENCRYPTED_UDP
		       : port == PORT_ENCRYPTED ? ENCRYPTED_DOQ
						: ENCRYPTED_CLASSES;
	if (protocol == PROTOCOL_TCP)
		return port == PORT_CLEAR       ? ENCRYPTED_TCP
		       : port == PORT_ENCRYPTED ? ENCRYPTED_DOT
						: ENCRYPTED_CLASSES;
	return ENCRYPTED_CLASSES;
}

/* What one flow or record adds. */
struct addition {
	uint64_t sums[CELL_SUMS];
	bool exported;
};

static void
add(struct state *s, const struct flow *f, const struct addition *a, enum encrypted_class class,
    bool backward)
{
	const struct address *client = backward ? &f->destination : &f->source;
	const struct address *server = backward ? &f->source : &f->destination;
	uint64_t low = (uint64_t)a->exported << 8 | (uint64_t) class;
	int64_t bin = floor_div(flow_begin(f), s->resolution);
	struct cell *cell = cells_at(&s->cells, (uint64_t)(bin + KEY_BIAS) << 16 | low);

	if (cell == NULL)
		cell = cells_at(&s->cells, low);
	for (unsigned i = 0; cell != NULL && i < CELL_SUMS; i++)
		cell->sums[i] = export_sum(cell->sums[i], a->sums[i]);
	hll_add(s->ends[class].clients, ENCRYPTED_PRECISION, hash_mix_words(client->words, 2));
	hll_add(s->ends[class].servers, ENCRYPTED_PRECISION, hash_mix_words(server->words, 2));
	s->touched = true;
}

/* The class of a flow and whether its source is the server. */
static inline enum encrypted_class
classify(const struct flow *f, bool *ret_backward)
{
	enum encrypted_class class = class_of(f->protocol, f->destination_port);

	*ret_backward = false;
	if (class == ENCRYPTED_CLASSES) {
		class = class_of(f->protocol, f->source_port);
		*ret_backward = true;
	}
	return class;
}

static void
observe_flow(struct state *s, const struct flow *f)
{
	bool backward;
	enum encrypted_class class = classify(f, &backward);
	struct addition a = { .sums = { [SUM_CONNECTIONS] = 1,
				  [SUM_ANSWERED] = f->packets[0] != 0 && f->packets[1] != 0,
				  [SUM_PACKETS] = f->packets[0] + f->packets[1],
				  [SUM_OCTETS] = f->octets[0] + f->octets[1] } };

	if (class != ENCRYPTED_CLASSES)
		add(s, f, &a, class, backward);
}

static void
observe_record(struct state *s, const struct flow_record *r)
{
	uint64_t rate = record_sampling(r);
	const struct flow *f = &r->flow;
	bool backward;
	enum encrypted_class class = classify(f, &backward);
	struct addition a = { .exported = true,
		.sums = { [SUM_CONNECTIONS] = backward ? 0 : rate,
		    [SUM_PACKETS] = export_scaled(export_sum(f->packets[0], f->packets[1]), rate),
		    [SUM_OCTETS] = export_scaled(export_sum(f->octets[0], f->octets[1]), rate) } };

	if (class == ENCRYPTED_CLASSES)
		return;
	export_facts_note(&s->exports, r);
	add(s, f, &a, class, backward);
}

static void
observe(void *opaque, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->type == OBS_FLOW)
			observe_flow(opaque, &batch->flows[i]);
		else
			observe_record(opaque, batch->records[i]);
	}
}

static void
merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	if (!from->touched)
		return;
	into->touched = true;
	cells_merge(&into->cells, &from->cells, 0);
	for (unsigned i = 0; i < ENCRYPTED_CLASSES; i++) {
		hll_union(into->ends[i].clients, from->ends[i].clients, ENCRYPTED_PRECISION);
		hll_union(into->ends[i].servers, from->ends[i].servers, ENCRYPTED_PRECISION);
	}
	export_facts_merge(&into->exports, &from->exports);
}

static void
finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;
	const struct cell **cells;
	bool seen[ENCRYPTED_CLASSES] = { false };

	if (!s->touched)
		return;
	cells = cells_sorted(&s->cells);
	for (size_t i = 0; i < s->cells.count; i++) {
		uint64_t key = cells[i]->key;
		struct rows *rows = sink->tables[0];
		nsec_t begin = ((int64_t)(key >> 16) - KEY_BIAS) * s->resolution;
		rows_time(rows, 0, key >> 16 != 0 ? begin : window->begin);
		rows_text(rows, 1, encrypted_names[key & 0xff]);
		rows_u64(rows, 2, key >> 8 & 1);
		for (unsigned k = 0; k < CELL_SUMS; k++)
			rows_u64(rows, 3 + k, cells[i]->sums[k]);
		rows_next(rows);
		seen[key & 0xff] = true;
	}
	free(cells);
	for (unsigned i = 0; i < ENCRYPTED_CLASSES; i++) {
		if (!seen[i])
			continue;
		rows_text(sink->tables[1], 0, encrypted_names[i]);
		sketch_put(sink->tables[1], 1, s->ends[i].clients, ENCRYPTED_PRECISION);
		sketch_put(sink->tables[1], 2, s->ends[i].servers, ENCRYPTED_PRECISION);
		rows_next(sink->tables[1]);
	}
	export_facts_put(&s->exports, sink->tables[2]);
}

static const struct column COLUMNS[] = {
	{ "bin", COLUMN_TIME, "ms" },
	{ "class", COLUMN_TEXT, "" },
	{ "exported", COLUMN_U8, "" },
	{ "connections", COLUMN_U64, "flows" },
	{ "answered", COLUMN_U64, "flows" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
};

static const struct column ENDS_COLUMNS[] = {
	{ "class", COLUMN_TEXT, "" },
	{ "clients", COLUMN_BLOB, "" },
	{ "servers", COLUMN_BLOB, "" },
};

static const struct table TABLES[] = {
	{ "dns_encrypted", "Flows of encrypted DNS and of port 53 by time", COLUMNS,
	    ARRAY_COUNT(COLUMNS) },
	{ "dns_encrypted_ends", "Sketches of their clients and servers", ENDS_COLUMNS,
	    ARRAY_COUNT(ENDS_COLUMNS) },
	{ "dns_encrypted_records", "Records of exporters in dns_encrypted", EXPORT_FACTS_TABLE,
	    EXPORT_FACTS_COLUMNS },
};

static const struct table_sums SUMS[] = {
	{ &TABLES[0], 1U << 3 | 1U << 4 | 1U << 5 | 1U << 6, 3600, 0, 0 },
};

const struct analysis analysis_dns_encrypted = {
	.name = "dns/encrypted",
	.title = "Encrypted DNS",
	.consumes = OBS_FLOW | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.state_size = sizeof(struct state),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = encrypted_section,
};
