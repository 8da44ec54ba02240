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
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "analysis/analysis.h"
#include "analysis/traffic/ports_section.h"
#include "base/xmalloc.h"

#define PORTS      65536
#define WELL_KNOWN 1024

struct sums {
	uint64_t octets, packets, flows;
};

enum { TCP, UDP, TRANSPORTS };

static const uint8_t PROTOCOL_OF[TRANSPORTS] = { [TCP] = IP_PROTOCOL_TCP, [UDP] = IP_PROTOCOL_UDP };

struct state {
	uint64_t dynamic_rows;
	struct sums *ports[TRANSPORTS];        /* owned; PORTS of them, zero pages until used */
	uint64_t used[TRANSPORTS][PORTS / 64]; /* which ports have sums */
	struct sums protocols[256]; /* IP protocols without ports, of IPv4 and IPv6 alike */
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
	return ERR_OK;
}

static void
ports_release(void *opaque)
{
	struct state *s = opaque;

	for (int i = 0; i < TRANSPORTS; i++)
		if (s->ports[i] != NULL)
			(void)munmap(s->ports[i], PORTS * sizeof(struct sums));
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
	s->touched = false;
}

static inline struct sums *
sums_of(struct state *s, const struct flow *f)
{
	uint16_t port = f->source_port < f->destination_port ? f->source_port : f->destination_port;
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

static void
ports_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	s->touched = true;
	for (size_t i = 0; i < batch->count; i++) {
		const struct flow *f = &batch->flows[i];
		struct sums one = { f->octets[0] + f->octets[1], f->packets[0] + f->packets[1], 1 };
		add(sums_of(s, f), &one);
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
}

static void
put_row(struct rows *rows, uint8_t protocol, uint16_t port, enum port_class class,
    const struct sums *sums)
{
	if (sums->flows == 0)
		return;
	rows_u64(rows, 0, protocol);
	rows_u64(rows, 1, port);
	rows_u64(rows, 2, class);
	rows_u64(rows, 3, sums->octets);
	rows_u64(rows, 4, sums->packets);
	rows_u64(rows, 5, sums->flows);
	rows_next(rows);
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
}

static const struct column COLUMNS[] = {
	{ "protocol_identifier", COLUMN_U8, "" },
	{ "service_port", COLUMN_U16, "" },
	{ "port_class", COLUMN_U8, "" },
	{ "octets", COLUMN_U64, "octets" },
	{ "packets", COLUMN_U64, "packets" },
	{ "flows", COLUMN_U64, "flows" },
};

static const struct table TABLES[] = {
	{ "traffic_ports", "Octets, packets and flows by service port", COLUMNS,
	    ARRAY_COUNT(COLUMNS) },
};

const struct analysis analysis_traffic_ports = {
	.name = "traffic/ports",
	.title = "Service ports",
	.consumes = OBS_FLOW,
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
