/* SPDX-License-Identifier: ISC */
/* The section of traffic/ports: shares by service, and the dynamic ports in detail. */
#include "analysis/traffic/ports_section.h"

#include <inttypes.h>
#include <stdio.h>

#include "net/protocol.h"

#define MOST_DYNAMIC 50 /* rows of the detailed table */
#define MOST_BARS    12

struct total {
	uint64_t octets, packets, flows;
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

static enum err
sum_all(const struct section_context *c, struct total *t, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n, sum(octets) AS o, sum(packets) AS p, sum(flows) AS f FROM "
	    "traffic_ports WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	*t = (struct total){ 0 };
	if (e != ERR_OK)
		return e;
	if (result_next(r) && result_u64(r, 0) != 0)
		*t = (struct total){ result_u64(r, 1), result_u64(r, 2), result_u64(r, 3) };
	result_free(r);
	return t->flows != 0 ? ERR_OK : ERR_END;
}

static double
share(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 0;
}

static const struct section_column SERVICE_COLUMNS[] = {
	{ "service", "Service", "text", "" },
	{ "octets", "Octets (L3)", "octets", "octets" },
	{ "octet_share", "Share of octets", "share", "" },
	{ "packets", "Packets", "count", "packets" },
	{ "packet_share", "Share of packets", "share", "" },
	{ "flows", "Flows", "count", "flows" },
	{ "flow_share", "Share of flows", "share", "" },
};

static void
service_row(
    struct section_table *table, const char *name, const struct total *one, const struct total *all)
{
	section_row(table, json_string(name), json_integer((json_int_t)one->octets),
	    json_real(share(one->octets, all->octets)), json_integer((json_int_t)one->packets),
	    json_real(share(one->packets, all->packets)), json_integer((json_int_t)one->flows),
	    json_real(share(one->flows, all->flows)), NULL);
}

static enum err
services(const struct section_context *c, struct section *section, const struct total *all,
    struct err_info *info)
{
	struct section_figure *figure;
	struct section_table *table;
	json_t *octets, *packets, *flows;
	struct result *r;
	size_t rank = 0;
	enum err e = query_run(c->store, &r, info,
	    "SELECT protocol_identifier AS protocol, CASE WHEN port_class = 1 THEN service_port "
	    "ELSE 0 END AS port, "
	    "port_class AS class, sum(octets) AS o, sum(packets) AS p, sum(flows) AS f FROM "
	    "traffic_ports WHERE" PERIOD_SQL
	    "GROUP BY protocol, port, class ORDER BY o DESC, p DESC, f DESC, protocol, port, class",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	figure = section_figure(section, FIGURE_BARS, "services", "Largest services");
	section_axis(figure, 'x', "service", "category", "");
	section_axis(figure, 'y', "share", "linear", "share");
	section_caption(figure,
	    "Shares of all octets, packets and flows; the %d services with most octets.",
	    MOST_BARS);
	octets = section_series(figure, "octets");
	packets = section_series(figure, "packets");
	flows = section_series(figure, "flows");
	table = section_table(section, "services", "Traffic by service", SERVICE_COLUMNS,
	    ARRAY_COUNT(SERVICE_COLUMNS));
	for (; result_next(r); rank++) {
		char text[64];
		const char *name =
		    service_text((uint8_t)result_u64(r, 0), (uint16_t)result_u64(r, 1),
			(enum port_class)result_u64(r, 2), text, sizeof text);
		struct total one = { result_u64(r, 3), result_u64(r, 4), result_u64(r, 5) };
		service_row(table, name, &one, all);
		if (rank == 0) {
			section_say(section,
			    "%s carried %.1f %% of the octets, more than any other service.", name,
			    100 * share(one.octets, all->octets));
		}
		if (rank < MOST_BARS) {
			json_array_append_new(
			    octets, json_pack("[s,f]", name, share(one.octets, all->octets)));
			json_array_append_new(
			    packets, json_pack("[s,f]", name, share(one.packets, all->packets)));
			json_array_append_new(
			    flows, json_pack("[s,f]", name, share(one.flows, all->flows)));
		}
	}
	result_free(r);
	return ERR_OK;
}

static enum err
dynamic_ports(const struct section_context *c, struct section *section, const struct total *all,
    struct err_info *info)
{
	struct section_table *table = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT protocol_identifier AS protocol, service_port AS port, sum(octets) AS o, "
	    "sum(packets) AS p, sum(flows) AS f "
	    "FROM traffic_ports WHERE" PERIOD_SQL
	    "AND port_class = 2 AND service_port > 0 GROUP BY protocol, port "
	    "ORDER BY o DESC, p DESC, f DESC, protocol, port LIMIT %d",
	    PERIOD_ARGS(c), MOST_DYNAMIC);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		char text[64];
		const char *name = service_text((uint8_t)result_u64(r, 0),
		    (uint16_t)result_u64(r, 1), PORT_WELL_KNOWN, text, sizeof text);
		struct total one = { result_u64(r, 2), result_u64(r, 3), result_u64(r, 4) };
		if (table == NULL)
			table = section_table(section, "dynamic_ports", "Dynamic ports in detail",
			    SERVICE_COLUMNS, ARRAY_COUNT(SERVICE_COLUMNS));
		service_row(table, name, &one, all);
	}
	result_free(r);
	if (table != NULL)
		section_table_note(table,
		    "The %d dynamic ports with most octets. In each window only the %" PRIu64
		    " largest by octets, packets or flows are kept by name, so a port that is "
		    "small in "
		    "every window may be missing here and the figures are lower bounds.",
		    MOST_DYNAMIC, settings_u64(c->settings, "dynamic_rows"));
	return ERR_OK;
}

/* Well known, dynamic and port-less, of TCP and of UDP: the IIR's own three lines. */
static enum err
classes(const struct section_context *c, struct section *section, const struct total *all,
    struct err_info *info)
{
	struct section_column columns[ARRAY_COUNT(SERVICE_COLUMNS)];
	struct section_table *table;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT CASE WHEN protocol_identifier = 6 THEN 'TCP' WHEN protocol_identifier = 17 "
	    "THEN 'UDP' ELSE 'other' END AS transport, "
	    "port_class AS class, sum(octets) AS o, sum(packets) AS p, sum(flows) AS f FROM "
	    "traffic_ports WHERE" PERIOD_SQL "GROUP BY transport, class ORDER BY transport, class",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	memcpy(columns, SERVICE_COLUMNS, sizeof columns);
	columns[0] = (struct section_column){ "class", "Class", "text", "" };
	table = section_table(
	    section, "classes", "Well-known and dynamic ports", columns, ARRAY_COUNT(columns));
	while (result_next(r)) {
		static const char *const NAMES[] = { "no ports", "well known (below 1024)",
			"dynamic (1024 and above)" };
		char text[64];
		struct total one = { result_u64(r, 2), result_u64(r, 3), result_u64(r, 4) };
		(void)snprintf(
		    text, sizeof text, "%s, %s", result_text(r, 0), NAMES[result_u64(r, 1) % 3]);
		service_row(table, text, &one, all);
	}
	result_free(r);
	return ERR_OK;
}

enum err
ports_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct total all;
	enum err e = sum_all(c, &all, info);

	if (e != ERR_OK)
		return e;
	section_define(section, "The port of a TCP or UDP flow is the smaller of its source and "
				"destination port. Below 1024 it is a well-known "
				"service; where both are 1024 or more the flow is dynamic. UDP 443 "
				"is QUIC. Other protocols count under their own "
				"names. A flow counts in the window in which it ended.");
	section_quality(
	    section, "Sums of well-known ports, of classes and of protocols are exact.");
	e = services(c, section, &all, info);
	if (e == ERR_OK)
		e = classes(c, section, &all, info);
	return e == ERR_OK ? dynamic_ports(c, section, &all, info) : e;
}
