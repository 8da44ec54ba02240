/* SPDX-License-Identifier: ISC */
/* The section of traffic/ports: shares by service, and the dynamic ports in detail. */
#include "analysis/traffic/ports_section.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/exports.h"
#include "base/xmalloc.h"
#include "net/protocol.h"

#define MOST_DYNAMIC 50 /* rows of the detailed table */
#define MOST_BARS    12

/* Packets that were seen and estimates from records; and how many flows and records. */
struct total {
	struct export_estimate sums;
	uint64_t flows;
};

/* A service or class with its share. */
struct line {
	uint8_t protocol; /* in the table of classes: 6, 17, or 0 for all others */
	uint16_t port;
	enum port_class class;
	struct total total;
};

struct lines {
	struct line *list; /* owned */
	size_t count;
};

/* What the whole section rests on. */
struct facts {
	struct total all;
	bool metered; /* flows that were metered here */
	struct export_facts exports;
};

/* "tcp/443 (https)", "udp/443 (QUIC)", "TCP dynamic", "ICMP". */
static const char *
service_text(uint8_t protocol, uint16_t port, enum port_class class, char *text, size_t size)
{
	const char *transport = protocol == 6 ? "tcp" : "udp";
	const char *name;

	if (class == PORT_NONE)
		return protocol_name(protocol, text, size);
	if (class == PORT_DYNAMIC) {
		(void)snprintf(text, size, "%s dynamic", transport);
		return text;
	}
	name = service_name(protocol, port);
	if (name != NULL)
		(void)snprintf(text, size, "%s/%u (%s)", transport, port, name);
	else
		(void)snprintf(text, size, "%s/%u", transport, port);
	return text;
}

static void
add_row(struct total *t, uint64_t rate, const struct result *r, size_t column)
{
	export_estimate_add(&t->sums, (uint32_t)rate, result_u64(r, column),
	    result_u64(r, column + 1), result_u64(r, column + 3));
	t->flows += result_u64(r, column + 2);
}

#define SUMS_SQL "sum(octets) AS o, sum(packets) AS p, sum(flows) AS f, sum(squares) AS q"

static enum err
sum_all(const struct section_context *c, struct facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT exported AS x, sampling AS rate, " SUMS_SQL " FROM traffic_ports "
	    "WHERE" PERIOD_SQL "GROUP BY x, rate ORDER BY x, rate",
	    PERIOD_ARGS(c));

	*f = (struct facts){ .metered = false };
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint32_t rate = (uint32_t)result_u64(r, 1);
		uint64_t flows = result_u64(r, 4);
		add_row(&f->all, rate, r, 2);
		if (result_u64(r, 0) == 0)
			f->metered = true;
		else
			export_facts_merge(&f->exports, &(struct export_facts){ .records = flows,
							    .unknown = rate == 0 ? flows : 0,
							    .sampling_least = rate,
							    .sampling_most = rate });
	}
	result_free(r);
	return f->all.flows != 0 ? ERR_OK : ERR_END;
}

/* Gathers lines from rows in order of protocol, port, class and rate. */
static void
read_lines(struct result *r, struct lines *lines)
{
	while (result_next(r)) {
		uint8_t protocol = (uint8_t)result_u64(r, 0);
		uint16_t port = (uint16_t)result_u64(r, 1);
		enum port_class class = (enum port_class)result_u64(r, 2);
		struct line *l = lines->count != 0 ? &lines->list[lines->count - 1] : NULL;
		if (l == NULL || l->protocol != protocol || l->port != port || l->class != class) {
			if ((lines->count & (lines->count - 1)) == 0)
				lines->list = xrealloc_array(lines->list,
				    lines->count != 0 ? 2 * lines->count : 1, sizeof *lines->list);
			l = &lines->list[lines->count++];
			*l = (struct line){ .protocol = protocol, .port = port, .class = class };
		}
		add_row(&l->total, result_u64(r, 3), r, 4);
	}
	result_free(r);
}

/* Greatest first; of equal ones by name. */
static int
compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->total.sums.octets != y->total.sums.octets)
		return x->total.sums.octets < y->total.sums.octets ? 1 : -1;
	if (x->total.sums.packets != y->total.sums.packets)
		return x->total.sums.packets < y->total.sums.packets ? 1 : -1;
	if (x->total.flows != y->total.flows)
		return x->total.flows < y->total.flows ? 1 : -1;
	if (x->protocol != y->protocol)
		return x->protocol - y->protocol;
	return x->port != y->port ? x->port - y->port : (int)x->class - (int)y->class;
}

static double
share(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 0;
}

#define COLUMNS_MOST 8

/* The columns of a table; returns their number. */
static size_t
make_columns(
    const struct facts *f, const char *name, const char *title, struct section_column *columns)
{
	bool records = f->exports.records != 0;
	size_t n = 0;

	columns[n++] = (struct section_column){ name, title, "text", "" };
	columns[n++] = (struct section_column){ "octets", "Octets (L3)", "octets", "octets" };
	if (f->all.sums.variance > 0)
		columns[n++] =
		    (struct section_column){ "octets_error", "Standard error", "octets", "octets" };
	columns[n++] = (struct section_column){ "octet_share", "Share of octets", "share", "" };
	columns[n++] = (struct section_column){ "packets", "Packets", "count", "packets" };
	columns[n++] = (struct section_column){ "packet_share", "Share of packets", "share", "" };
	columns[n++] = (struct section_column){ "flows", records ? "Records" : "Flows", "count",
		records ? "records" : "flows" };
	columns[n++] = (struct section_column){ "flow_share",
		records ? "Share of records" : "Share of flows", "share", "" };
	return n;
}

static void
service_row(
    struct section_table *table, const char *name, const struct total *one, const struct facts *f)
{
	json_t *c[COLUMNS_MOST] = { NULL };
	size_t n = 0;

	c[n++] = json_string(name);
	c[n++] = json_count(one->sums.octets);
	if (f->all.sums.variance > 0)
		c[n++] = json_count((uint64_t)(sqrt(one->sums.variance) + 0.5));
	c[n++] = json_real(share(one->sums.octets, f->all.sums.octets));
	c[n++] = json_count(one->sums.packets);
	c[n++] = json_real(share(one->sums.packets, f->all.sums.packets));
	c[n++] = json_count(one->flows);
	c[n++] = json_real(share(one->flows, f->all.flows));
	/* The row ends with the first NULL after its columns. */
	section_row(table, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], NULL);
}

/* The bars of the greatest services: three series of shares. */
static void
draw_services(struct section *section, const struct lines *lines, const struct facts *f)
{
	struct section_figure *figure =
	    section_figure(section, FIGURE_BARS, "services", "Largest services");
	const char *flows = f->exports.records != 0 ? "records" : "flows";
	json_t *series[3];

	section_axis(figure, 'x', "service", "category", "");
	section_axis(figure, 'y', "share", "linear", "share");
	section_caption(figure,
	    "Shares of all octets, packets and %s; the %d services with most octets.", flows,
	    MOST_BARS);
	series[0] = section_series(figure, "octets");
	series[1] = section_series(figure, "packets");
	series[2] = section_series(figure, flows);
	for (size_t i = 0; i < lines->count && i < MOST_BARS; i++) {
		const struct line *l = &lines->list[i];
		char text[64];
		const char *name = service_text(l->protocol, l->port, l->class, text, sizeof text);
		double shares[3] = { share(l->total.sums.octets, f->all.sums.octets),
			share(l->total.sums.packets, f->all.sums.packets),
			share(l->total.flows, f->all.flows) };
		for (unsigned k = 0; k < 3; k++)
			json_array_append_new(series[k], json_pack("[s,f]", name, shares[k]));
	}
}

static enum err
services(const struct section_context *c, struct section *section, const struct facts *f,
    struct err_info *info)
{
	struct section_column columns[COLUMNS_MOST];
	struct section_table *table;
	struct lines lines = { .list = NULL };
	struct result *r;
	char text[64];
	enum err e = query_run(c->store, &r, info,
	    "SELECT protocol_identifier AS protocol, CASE WHEN port_class = 1 THEN service_port "
	    "ELSE 0 END AS port, port_class AS class, sampling AS rate, " SUMS_SQL " FROM "
	    "traffic_ports WHERE" PERIOD_SQL
	    "GROUP BY protocol, port, class, rate ORDER BY protocol, port, class, rate",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	read_lines(r, &lines);
	qsort(lines.list, lines.count, sizeof *lines.list, compare_lines);
	draw_services(section, &lines, f);
	table = section_table(section, "services", "Traffic by service", columns,
	    make_columns(f, "service", "Service", columns));
	for (size_t i = 0; i < lines.count; i++) {
		const struct line *l = &lines.list[i];
		service_row(table, service_text(l->protocol, l->port, l->class, text, sizeof text),
		    &l->total, f);
	}
	if (lines.count != 0)
		section_say(section,
		    "%s carried %.1f %% of the octets, more than any other service.",
		    service_text(lines.list->protocol, lines.list->port, lines.list->class, text,
			sizeof text),
		    100 * share(lines.list->total.sums.octets, f->all.sums.octets));
	free(lines.list);
	return ERR_OK;
}

static enum err
dynamic_ports(const struct section_context *c, struct section *section, const struct facts *f,
    struct err_info *info)
{
	struct section_column columns[COLUMNS_MOST];
	struct section_table *table;
	struct lines lines = { .list = NULL };
	struct result *r;
	char text[64];
	enum err e = query_run(c->store, &r, info,
	    "SELECT protocol_identifier AS protocol, service_port AS port, port_class AS class, "
	    "sampling AS rate, " SUMS_SQL " FROM traffic_ports WHERE" PERIOD_SQL
	    "AND port_class = 2 AND service_port > 0 GROUP BY protocol, port, class, rate "
	    "ORDER BY protocol, port, class, rate",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	read_lines(r, &lines);
	if (lines.count == 0)
		return ERR_OK;
	qsort(lines.list, lines.count, sizeof *lines.list, compare_lines);
	table = section_table(section, "dynamic_ports", "Dynamic ports in detail", columns,
	    make_columns(f, "service", "Service", columns));
	for (size_t i = 0; i < lines.count && i < MOST_DYNAMIC; i++) {
		const struct line *l = &lines.list[i];
		service_row(table,
		    service_text(l->protocol, l->port, PORT_WELL_KNOWN, text, sizeof text),
		    &l->total, f);
	}
	free(lines.list);
	section_table_note(table,
	    "The %d dynamic ports with most octets. In each window only the %" PRIu64
	    " largest by octets, packets or %s are kept by name, so a port that is small in "
	    "every window may be missing here and the figures are lower bounds.",
	    MOST_DYNAMIC, settings_u64(c->settings, "dynamic_rows"),
	    f->exports.records != 0 ? "records" : "flows");
	return ERR_OK;
}

/* Well known, dynamic and port-less, of TCP and of UDP: the IIR's own three lines. */
static enum err
classes(const struct section_context *c, struct section *section, const struct facts *f,
    struct err_info *info)
{
	static const char *const CLASS_NAMES[] = { "no ports", "well known (below 1024)",
		"dynamic (1024 and above)" };
	struct section_column columns[COLUMNS_MOST];
	struct section_table *table;
	struct lines lines = { .list = NULL };
	struct result *r;
	/* In the order of the names: TCP, UDP, other. */
	enum err e = query_run(c->store, &r, info,
	    "SELECT CASE WHEN protocol_identifier = 6 THEN 6 WHEN protocol_identifier = 17 THEN 17 "
	    "ELSE 255 END AS transport, 0 AS port, port_class AS class, sampling AS rate, " SUMS_SQL
	    " FROM traffic_ports WHERE" PERIOD_SQL
	    "GROUP BY transport, port, class, rate ORDER BY transport, port, class, rate",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	read_lines(r, &lines);
	table = section_table(section, "classes", "Well-known and dynamic ports", columns,
	    make_columns(f, "class", "Class", columns));
	for (size_t i = 0; i < lines.count; i++) {
		const struct line *l = &lines.list[i];
		char text[64];
		(void)snprintf(text, sizeof text, "%s, %s",
		    l->protocol == 6    ? "TCP"
		    : l->protocol == 17 ? "UDP"
					: "other",
		    CLASS_NAMES[l->class % 3]);
		service_row(table, text, &l->total, f);
	}
	free(lines.list);
	return ERR_OK;
}

static void
qualify(const struct section_context *c, struct section *section, const struct facts *f)
{
	if (f->all.sums.variance > 0)
		section_quality(section,
		    "Sums of well-known ports, of classes and of protocols are complete; sampling "
		    "leaves the standard error beside them, with packets of at most %u octets at "
		    "most %.3g %% of all octets.",
		    EXPORT_PACKET_MOST,
		    100 * sqrt(f->all.sums.most) / fmax(1, (double)f->all.sums.octets));
	else
		section_quality(
		    section, "Sums of well-known ports, of classes and of protocols are exact.");
	export_facts_qualify(c, &f->exports, section);
}

enum err
ports_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct facts f;
	enum err e = sum_all(c, &f, info);

	if (e != ERR_OK)
		return e;
	section_define(section, "The port of a TCP or UDP flow is the smaller of its source and "
				"destination port. Below 1024 it is a well-known "
				"service; where both are 1024 or more the flow is dynamic. UDP 443 "
				"is QUIC. Other protocols count under their own "
				"names. A flow counts in the window in which it ended.");
	if (f.exports.records != 0)
		section_define(section,
		    "A flow record of an exporter counts in the window in which it came; its "
		    "octets and packets are multiplied with its sampling rate. The number of "
		    "records is as it is.");
	qualify(c, section, &f);
	e = services(c, section, &f, info);
	if (e == ERR_OK)
		e = classes(c, section, &f, info);
	return e == ERR_OK ? dynamic_ports(c, section, &f, info) : e;
}
