/* SPDX-License-Identifier: ISC */
/* The section of dns/encrypted: how much DNS is encrypted, as far as ports tell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/encrypted.h"
#include "analysis/exports.h"
#include "analysis/sketch.h"
#include "stat/hll.h"

#define MOST_BINS 300

struct class_facts {
	uint64_t connections, answered, packets, octets;
	double clients, servers;
};

static unsigned
class_by(const char *name)
{
	unsigned i = 0;

	while (i + 1 < ENCRYPTED_CLASSES && strcmp(encrypted_names[i], name) != 0)
		i++;
	return i;
}

static enum err
read_sums(const struct section_context *c, struct class_facts *facts, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT class AS n, sum(connections) AS f, sum(answered) AS a, sum(packets) AS p, "
	    "sum(octets) AS o FROM dns_encrypted WHERE" PERIOD_SQL "GROUP BY n ORDER BY n",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct class_facts *f = &facts[class_by(result_text(r, 0))];
		f->connections = result_u64(r, 1);
		f->answered = result_u64(r, 2);
		f->packets = result_u64(r, 3);
		f->octets = result_u64(r, 4);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
add_ends(uint8_t *registers, const struct result *r, size_t column, struct err_info *info)
{
	if (!sketch_add(registers, ENCRYPTED_PRECISION, r, column))
		return err_set(info, ERR_DAMAGED, "a sketch of dns_encrypted_ends does not read");
	return ERR_OK;
}

static enum err
read_ends(const struct section_context *c, struct class_facts *facts, struct err_info *info)
{
	for (unsigned i = 0; i < ENCRYPTED_CLASSES; i++) {
		uint8_t registers[2][HLL_SIZE(ENCRYPTED_PRECISION)] = { { 0 } };
		struct result *r;
		enum err e = query_run(c->store, &r, info,
		    "SELECT clients, servers FROM dns_encrypted_ends WHERE" PERIOD_SQL
		    "AND class = '%s' ORDER BY window_begin, input",
		    PERIOD_ARGS(c), encrypted_names[i]);
		if (e != ERR_OK)
			return e;
		while (e == ERR_OK && result_next(r)) {
			e = add_ends(registers[0], r, 0, info);
			if (e == ERR_OK)
				e = add_ends(registers[1], r, 1, info);
		}
		result_free(r);
		if (e != ERR_OK)
			return e;
		facts[i].clients = hll_estimate(registers[0], ENCRYPTED_PRECISION);
		facts[i].servers = hll_estimate(registers[1], ENCRYPTED_PRECISION);
	}
	return ERR_OK;
}

static uint64_t
bin_width(const struct section_context *c)
{
	static const uint64_t WIDTHS[] = { 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200,
		86400 };
	uint64_t least = (uint64_t)(settings_duration(c->settings, "resolution") / NSEC_PER_SEC);

	for (size_t i = 0; i < ARRAY_COUNT(WIDTHS); i++)
		if (WIDTHS[i] >= least &&
		    (c->last - c->first) / NSEC_PER_SEC / (int64_t)WIDTHS[i] < MOST_BINS)
			return WIDTHS[i];
	return WIDTHS[ARRAY_COUNT(WIDTHS) - 1];
}

/* Connections by time; a bin without any is left out: a gap in the line. */
static enum err
figure(const struct section_context *c, struct section *section, struct err_info *info)
{
	uint64_t width = bin_width(c), step = width * 1000;
	char name[16] = "";
	struct section_figure *f;
	json_t *points = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT class AS n, intDiv(bin, %llu) * %llu AS t, sum(connections) AS f FROM "
	    "dns_encrypted WHERE" PERIOD_SQL "GROUP BY n, t HAVING sum(connections) > 0 "
	    "ORDER BY n, t",
	    (unsigned long long)step, (unsigned long long)step, PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	f = section_figure(
	    section, FIGURE_TIME_SERIES, "connections", "Connections in clear and encrypted");
	section_axis(f, 'x', "time", "time", "ms");
	section_axis(f, 'y', "new flows", "log", "flows/s");
	section_caption(f, "Mean rate in bins of %llu s.", (unsigned long long)width);
	while (result_next(r)) {
		if (points == NULL || strcmp(name, result_text(r, 0)) != 0) {
			(void)snprintf(name, sizeof name, "%s", result_text(r, 0));
			points = section_series(f, name);
		}
		json_array_append_new(points, json_pack("[I,f]", (json_int_t)result_u64(r, 1),
						  (double)result_u64(r, 2) / (double)width));
	}
	result_free(r);
	return ERR_OK;
}

static json_t *
share_cell(uint64_t part, uint64_t whole)
{
	return whole != 0 ? json_real((double)part / (double)whole) : json_null();
}

static void
table(struct section *section, const struct class_facts *facts, const struct class_facts *all)
{
	static const struct section_column COLUMNS[] = {
		{ "class", "Transport", "text", "" },
		{ "connections", "Flows", "count", "flows" },
		{ "flow_share", "Share of flows", "share", "" },
		{ "answered", "With both directions", "count", "flows" },
		{ "packets", "Packets", "count", "packets" },
		{ "octets", "Octets (L3)", "octets", "octets" },
		{ "octet_share", "Share of octets", "share", "" },
		{ "clients", "Clients (estimate)", "count", "" },
		{ "servers", "Servers (estimate)", "count", "" },
	};
	static const char *const TITLES[ENCRYPTED_CLASSES] = { "UDP, port 53", "TCP, port 53",
		"DNS over TLS (tcp/853)", "DNS over QUIC (udp/853)" };
	struct section_table *t =
	    section_table(section, "transports", "DNS by transport", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (unsigned i = 0; i < ENCRYPTED_CLASSES; i++) {
		const struct class_facts *f = &facts[i];
		section_row(t, json_string(TITLES[i]), json_count(f->connections),
		    share_cell(f->connections, all->connections), json_count(f->answered),
		    json_count(f->packets), json_count(f->octets),
		    share_cell(f->octets, all->octets), json_count((uint64_t)(f->clients + 0.5)),
		    json_count((uint64_t)(f->servers + 0.5)), NULL);
	}
	section_table_note(t, "Clients and servers have a standard error of %.2g %%.",
	    100 * hll_standard_error(ENCRYPTED_PRECISION));
}

static void
say(struct section *section, const struct class_facts *facts, const struct class_facts *all)
{
	uint64_t dot = facts[ENCRYPTED_DOT].connections, doq = facts[ENCRYPTED_DOQ].connections;
	char a[32], b[32], d[32];

	section_say(section,
	    "Of %s flows of DNS ports, %s were DNS over TLS and %s DNS over QUIC: %.3g %% of the "
	    "flows and %.3g %% of the octets.",
	    text_count(all->connections, a, sizeof a), text_count(dot, b, sizeof b),
	    text_count(doq, d, sizeof d),
	    all->connections != 0 ? 100 * (double)(dot + doq) / (double)all->connections : 0,
	    all->octets != 0
		? 100 *
		      ((double)facts[ENCRYPTED_DOT].octets + (double)facts[ENCRYPTED_DOQ].octets) /
		      (double)all->octets
		: 0);
	section_define(section,
	    "A flow counts by its port and protocol alone: tcp/853 is DNS over TLS (RFC 7858), "
	    "udp/853 DNS over QUIC (RFC 9250). The end with the port is the server. A flow of a "
	    "connection carries any number of messages. DNS over HTTPS cannot be told from other "
	    "HTTPS and is not among these; what dnstap tells of it stands in dns/overview.");
}

enum err
encrypted_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct class_facts facts[ENCRYPTED_CLASSES] = { { 0 } }, all = { 0 };
	struct export_facts exports;
	enum err e = read_sums(c, facts, info);

	for (unsigned i = 0; i < ENCRYPTED_CLASSES; i++) {
		all.connections = export_sum(all.connections, facts[i].connections);
		all.octets = export_sum(all.octets, facts[i].octets);
		all.packets = export_sum(all.packets, facts[i].packets);
	}
	if (e == ERR_OK && all.packets == 0)
		return ERR_END;
	if (e == ERR_OK)
		e = read_ends(c, facts, info);
	if (e == ERR_OK)
		e = export_facts_read(c, "dns_encrypted_records", &exports, info);
	if (e == ERR_OK)
		e = figure(c, section, info);
	if (e != ERR_OK)
		return e;
	say(section, facts, &all);
	table(section, facts, &all);
	export_facts_qualify(c, &exports, section);
	return ERR_OK;
}
