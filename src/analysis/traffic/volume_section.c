/* SPDX-License-Identifier: ISC */
/* The section of traffic/volume: when, how much, of what. */
#include "analysis/traffic/volume_section.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "net/protocol.h"

#define MOST_BINS 300 /* in a figure */

/* Widths a figure may use, in seconds. */
static const uint64_t WIDTHS[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600,
	43200, 86400 };

/* What the sections' text is made of. */
struct facts {
	uint64_t packets, octets, frame_octets, flows;
	uint64_t width; /* of a bin, s */
	double peak_bps;
	uint64_t peak_begin; /* ms */
	double seconds;      /* first to last packet, at least one bin */
};

static uint64_t
bin_width(nsec_t begin, nsec_t end, nsec_t resolution)
{
	uint64_t least = (uint64_t)(resolution / NSEC_PER_SEC);

	for (size_t i = 0; i < ARRAY_COUNT(WIDTHS); i++) {
		int64_t width = (int64_t)WIDTHS[i] * NSEC_PER_SEC;
		if (WIDTHS[i] >= least &&
		    floor_div(end, width) - floor_div(begin, width) < MOST_BINS)
			return WIDTHS[i];
	}
	return WIDTHS[ARRAY_COUNT(WIDTHS) - 1];
}

/*
 * One figure of rates by time.  The query yields (bin in ms, series name, value) in order of series
 * and bin; bins without rows are zeros, since the capture was running.  Rates are per second.
 */
struct series_query {
	enum figure_kind kind;
	const char *id, *title, *y_label, *unit;
	const char *name;  /* SQL expression of the series name */
	const char *value; /* SQL expression of the sum */
};

/* Appends zero points from *at up to (not including) `until`. */
static void
pad(json_t *points, uint64_t *at, uint64_t until, uint64_t step)
{
	for (; *at < until; *at += step)
		json_array_append_new(points, json_pack("[I,f]", (json_int_t)*at, 0.0));
}

static enum err
time_figure(const struct section_context *c, struct section *section, const struct series_query *q,
    uint64_t width, struct err_info *info)
{
	uint64_t step = width * 1000;
	uint64_t first = (uint64_t)(c->first / NSEC_PER_MS) / step * step;
	uint64_t end = (uint64_t)(c->last / NSEC_PER_MS) / step * step + step;
	uint64_t at = first;
	char current[64] = "";
	json_t *points = NULL;
	struct section_figure *figure;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT intDiv(bin, %llu) * %llu AS t, %s AS series, sum(%s) AS total FROM "
	    "traffic_volume WHERE" PERIOD_SQL "AND bin >= %llu AND bin < %llu GROUP BY t, series "
	    "HAVING sum(%s) > 0 ORDER BY series, t",
	    (unsigned long long)step, (unsigned long long)step, q->name, q->value, PERIOD_ARGS(c),
	    (unsigned long long)first, (unsigned long long)end, q->value);

	if (e != ERR_OK)
		return e;
	figure = section_figure(section, q->kind, q->id, q->title);
	section_axis(figure, 'x', "time", "time", "ms");
	section_axis(figure, 'y', q->y_label, "linear", q->unit);
	section_caption(figure, "Mean rate in bins of %llu s.", (unsigned long long)width);
	while (result_next(r)) {
		const char *name = result_text(r, 1);
		if (points == NULL || strcmp(name, current) != 0) {
			if (points != NULL)
				pad(points, &at, end, step);
			(void)snprintf(current, sizeof current, "%s", name);
			points = section_series(figure, current);
			at = first;
		}
		pad(points, &at, result_u64(r, 0), step);
		json_array_append_new(points,
		    json_pack("[I,f]", (json_int_t)at, (double)result_u64(r, 2) / (double)width));
		at += step;
	}
	if (points != NULL)
		pad(points, &at, end, step);
	result_free(r);
	return ERR_OK;
}

#define CLASS_SQL                                                                                  \
	"CASE WHEN ip_version = 0 THEN 'not IP' WHEN protocol_identifier = 6 THEN 'TCP' WHEN "     \
	"protocol_identifier = 17 THEN "                                                           \
	"'UDP' WHEN protocol_identifier = 1 OR protocol_identifier = 58 THEN 'ICMP' ELSE 'other' " \
	"END"
#define VERSION_SQL \
	"CASE WHEN ip_version = 4 THEN 'IPv4' WHEN ip_version = 6 THEN 'IPv6' ELSE 'not IP' END"

static enum err
figures(const struct section_context *c, struct section *section, const struct facts *f,
    struct err_info *info)
{
	static const struct series_query QUERIES[] = {
		{ FIGURE_STACKED_AREA, "bit-rate", "Bit rate by protocol", "bit rate", "bps",
		    CLASS_SQL, "octets * 8" },
		{ FIGURE_TIME_SERIES, "packet-rate", "Packet rate by IP version", "packet rate",
		    "pps", VERSION_SQL, "packets" },
		{ FIGURE_TIME_SERIES, "flow-rate", "New flows by protocol", "flow rate", "flows/s",
		    CLASS_SQL, "flows" },
		{ FIGURE_TIME_SERIES, "direction", "Bit rate by direction", "bit rate", "bps",
		    "direction", "octets * 8" },
	};
	size_t count = ARRAY_COUNT(QUERIES) - (c->site->own_prefix_count == 0);

	for (size_t i = 0; i < count; i++) {
		enum err e = time_figure(c, section, &QUERIES[i], f->width, info);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* A table of packets, octets, frames and flows by one thing. */
static enum err
share_table(const struct section_context *c, struct section *section, const char *id,
    const char *title, const char *name_sql, struct err_info *info)
{
	char name_title[32];
	struct section_column columns[] = {
		{ id, name_title, "text", "" },
		{ "packets", "Packets", "count", "packets" },
		{ "octets", "Octets (L3)", "octets", "octets" },
		{ "octet_share", "Share of octets", "share", "" },
		{ "frame_octets", "Octets (L2)", "octets", "octets" },
		{ "flows", "Flows", "count", "flows" },
	};
	char heading[80];
	struct section_table *table;
	struct result *r;
	uint64_t total = 0;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sum(octets) AS total FROM traffic_volume WHERE" PERIOD_SQL, PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		total = result_u64(r, 0);
	result_free(r);
	e = query_run(c->store, &r, info,
	    "SELECT %s AS name, sum(packets) AS p, sum(octets) AS o, sum(frame_octets) AS l2, "
	    "sum(flows) AS f "
	    "FROM traffic_volume WHERE" PERIOD_SQL "GROUP BY name ORDER BY o DESC, p DESC, name",
	    name_sql, PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	(void)snprintf(heading, sizeof heading, "Traffic by %s", title);
	(void)snprintf(name_title, sizeof name_title, "%s", title);
	name_title[0] = (char)toupper((unsigned char)name_title[0]);
	table = section_table(section, id, heading, columns, ARRAY_COUNT(columns));
	while (result_next(r)) {
		char text[32];
		const char *name = result_text(r, 0);
		if (strcmp(id, "protocol") == 0 && name[0] >= '0' && name[0] <= '9')
			name = protocol_name((uint8_t)strtoul(name, NULL, 10), text, sizeof text);
		section_row(table, json_string(name), json_integer((json_int_t)result_u64(r, 1)),
		    json_integer((json_int_t)result_u64(r, 2)),
		    json_real(total != 0 ? (double)result_u64(r, 2) / (double)total : 0.0),
		    json_integer((json_int_t)result_u64(r, 3)),
		    json_integer((json_int_t)result_u64(r, 4)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
tables(const struct section_context *c, struct section *section, struct err_info *info)
{
	enum err e = share_table(c, section, "ip_version", "IP version", VERSION_SQL, info);

	if (e == ERR_OK)
		e = share_table(c, section, "protocol", "protocol",
		    "CASE WHEN ip_version = 0 THEN 'not IP' ELSE CAST(protocol_identifier AS "
		    "VARCHAR) END",
		    info);
	if (e == ERR_OK && c->site->own_prefix_count != 0)
		e = share_table(c, section, "direction", "direction", "direction", info);
	return e;
}

/* The packet sizes: a histogram, and a table of the same bins. */
static enum err
sizes(const struct section_context *c, struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "size_low", "From", "count", "octets" },
		{ "size_high", "Below", "count", "octets" },
		{ "packets", "Packets", "count", "packets" },
		{ "packet_share", "Share of packets", "share", "" },
		{ "octets", "Octets (L3)", "octets", "octets" },
	};
	struct section_figure *figure;
	struct section_table *table;
	json_t *points;
	double total = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT sum(packets) AS total FROM traffic_sizes WHERE" PERIOD_SQL, PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		total = (double)result_u64(r, 0);
	result_free(r);
	e = query_run(c->store, &r, info,
	    "SELECT size_low AS low, size_high AS high, sum(packets) AS p, sum(octets) AS o FROM "
	    "traffic_sizes WHERE" PERIOD_SQL "GROUP BY low, high ORDER BY low",
	    PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	figure = section_figure(section, FIGURE_LOG_HISTOGRAM, "packet-size", "Packet sizes");
	section_axis(figure, 'x', "packet size (L3)", "log", "octets");
	section_axis(figure, 'y', "packets", "linear", "packets");
	section_caption(figure, "Packets by their length at L3, four bins per octave.");
	points = section_series(figure, "packets");
	table =
	    section_table(section, "packet_sizes", "Packet sizes", COLUMNS, ARRAY_COUNT(COLUMNS));
	while (result_next(r)) {
		uint64_t low = result_u64(r, 0), high = result_u64(r, 1),
			 packets = result_u64(r, 2);
		json_array_append_new(points, json_pack("[I,I,I]", (json_int_t)(low != 0 ? low : 1),
						  (json_int_t)high, (json_int_t)packets));
		section_row(table, json_integer((json_int_t)low), json_integer((json_int_t)high),
		    json_integer((json_int_t)packets), json_real((double)packets / total),
		    json_integer((json_int_t)result_u64(r, 3)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
gather(const struct section_context *c, struct facts *f, struct err_info *info)
{
	uint64_t step;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n, sum(packets) AS p, sum(octets) AS o, sum(frame_octets) AS l2, "
	    "sum(flows) AS f "
	    "FROM traffic_volume WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	*f = (struct facts){ 0 };
	if (e != ERR_OK)
		return e;
	if (result_next(r) && result_u64(r, 0) != 0) {
		f->packets = result_u64(r, 1);
		f->octets = result_u64(r, 2);
		f->frame_octets = result_u64(r, 3);
		f->flows = result_u64(r, 4);
	}
	result_free(r);
	if (f->packets == 0)
		return ERR_END;
	f->width = bin_width(c->first, c->last, settings_duration(c->settings, "resolution"));
	f->seconds = (double)(c->last - c->first) / 1e9;
	step = f->width * 1000;
	e = query_run(c->store, &r, info,
	    "SELECT intDiv(bin, %llu) * %llu AS t, sum(octets) AS o FROM traffic_volume "
	    "WHERE" PERIOD_SQL "GROUP BY t ORDER BY o DESC, t LIMIT 1",
	    (unsigned long long)step, (unsigned long long)step, PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		f->peak_begin = result_u64(r, 0);
		f->peak_bps = (double)result_u64(r, 1) * 8 / (double)f->width;
	}
	result_free(r);
	return ERR_OK;
}

static void
say(const struct section_context *c, struct section *section, const struct facts *f)
{
	char packets[32], octets[32], flows[32], first[64], last[64], peak[32], when[64], mean[32];

	section_say(section, "From %s to %s, %s packets in %s flows carried %s.",
	    text_time(c->first, c->site->time_zone, first, sizeof first),
	    text_time(c->last, c->site->time_zone, last, sizeof last),
	    text_count(f->packets, packets, sizeof packets),
	    text_count(f->flows, flows, sizeof flows),
	    text_si((double)f->octets, "octets", octets, sizeof octets));
	if (f->seconds < (double)f->width)
		return;
	section_say(section,
	    "Traffic peaked at %s (mean of %llu s) from %s; the mean over the whole time is %s.",
	    text_si(f->peak_bps, "bps", peak, sizeof peak), (unsigned long long)f->width,
	    text_time((nsec_t)f->peak_begin * NSEC_PER_MS, c->site->time_zone, when, sizeof when),
	    text_si((double)f->octets * 8 / f->seconds, "bps", mean, sizeof mean));
}

enum err
volume_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct facts f;
	enum err e = gather(c, &f, info);

	if (e != ERR_OK)
		return e;
	say(c, section, &f);
	section_define(section, "Packets are the frames of the input. Octets at L3 are the lengths "
				"in the IPv4 or IPv6 headers of the innermost "
				"packet that decodes; octets at L2 are the frames on the wire as "
				"the capture gives them. A flow is bidirectional "
				"(RFC 5103) and is counted in the bin in which it began. Direction "
				"is relative to the site's own prefixes.");
	section_quality(section, "Packets are counted in bins of their own time, so late packets "
				 "are in their right bin. "
				 "Nothing here is sampled or estimated.");
	e = figures(c, section, &f, info);
	if (e == ERR_OK)
		e = sizes(c, section, info);
	return e == ERR_OK ? tables(c, section, info) : e;
}
