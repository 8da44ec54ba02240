/* SPDX-License-Identifier: ISC */
/* The section of traffic/volume: when, how much, of what. */
#include "analysis/traffic/volume_section.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/exports.h"
#include "base/xmalloc.h"
#include "net/protocol.h"

#define MOST_BINS 300 /* in a figure */

/* Widths a figure may use, in seconds. */
static const uint64_t WIDTHS[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600,
	43200, 86400 };

/* What the sections' text is made of. */
struct facts {
	struct export_estimate all; /* packets that were seen and estimates from records */
	uint64_t metered, flows;    /* packets and flows that were seen here */
	struct export_facts exports;
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
 * One figure of rates by time.  The query yields (bin in ms, series name, sampling rate, value) in
 * order of series, bin and rate; bins without rows are zeros, since the capture was running.  Rates
 * are per second.
 */
struct series_query {
	enum figure_kind kind;
	const char *id, *title, *y_label, *unit;
	const char *name;  /* SQL expression of the series name */
	const char *value; /* SQL expression of the sum */
	bool counted;      /* a number of things that were seen: not scaled by the sampling rate */
};

/* Appends zero points from *at up to (not including) `until`. */
static void
pad(json_t *points, uint64_t *at, uint64_t until, uint64_t step)
{
	for (; *at < until; *at += step)
		json_array_append_new(points, json_pack("[I,f]", (json_int_t)*at, 0.0));
}

/* The value of a row of a series, as a rate. */
static double
rate_of(const struct result *r, const struct series_query *q, uint64_t width)
{
	uint64_t sampling = q->counted || result_u64(r, 2) == 0 ? 1 : result_u64(r, 2);

	return (double)result_u64(r, 3) * (double)sampling / (double)width;
}

/* The points of a figure's series, as the rows come. */
struct plot {
	struct section_figure *figure;
	json_t *points; /* of the series at hand */
	char name[64];
	uint64_t first, end, step; /* ms */
	uint64_t at;               /* of the next point */
	double value;              /* of the bin before it, which may not be whole */
};

static void
plot_row(struct plot *p, const struct series_query *q, const struct result *r)
{
	const char *name = result_text(r, 1);
	uint64_t time = result_u64(r, 0);

	if (p->points == NULL || strcmp(name, p->name) != 0) {
		if (p->points != NULL)
			pad(p->points, &p->at, p->end, p->step);
		(void)snprintf(p->name, sizeof p->name, "%s", name);
		p->points = section_series(p->figure, p->name);
		p->at = p->first;
	}
	if (time + p->step == p->at) {
		/* The same bin at another sampling rate. */
		p->value += rate_of(r, q, p->step / 1000);
		json_array_set_new(json_array_get(p->points, json_array_size(p->points) - 1), 1,
		    json_real(p->value));
		return;
	}
	pad(p->points, &p->at, time, p->step);
	p->value = rate_of(r, q, p->step / 1000);
	json_array_append_new(p->points, json_pack("[I,f]", (json_int_t)p->at, p->value));
	p->at += p->step;
}

static enum err
time_figure(const struct section_context *c, struct section *section, const struct series_query *q,
    uint64_t width, struct err_info *info)
{
	uint64_t step = width * 1000;
	struct plot plot = { .step = step,
		.first = (uint64_t)(c->first / NSEC_PER_MS) / step * step,
		.end = (uint64_t)(c->last / NSEC_PER_MS) / step * step + step };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT intDiv(bin, %llu) * %llu AS t, %s AS series, sampling AS rate, sum(%s) AS "
	    "total FROM "
	    "traffic_volume WHERE" PERIOD_SQL "AND bin >= %llu AND bin < %llu GROUP BY t, series, "
	    "rate HAVING sum(%s) > 0 ORDER BY series, t, rate",
	    (unsigned long long)step, (unsigned long long)step, q->name, q->value, PERIOD_ARGS(c),
	    (unsigned long long)plot.first, (unsigned long long)plot.end, q->value);

	if (e != ERR_OK)
		return e;
	plot.figure = section_figure(section, q->kind, q->id, q->title);
	section_axis(plot.figure, 'x', "time", "time", "ms");
	section_axis(plot.figure, 'y', q->y_label, "linear", q->unit);
	section_caption(plot.figure, "Mean rate in bins of %llu s.", (unsigned long long)width);
	while (result_next(r))
		plot_row(&plot, q, r);
	if (plot.points != NULL)
		pad(plot.points, &plot.at, plot.end, step);
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
		    CLASS_SQL, "octets * 8", false },
		{ FIGURE_TIME_SERIES, "packet-rate", "Packet rate by IP version", "packet rate",
		    "pps", VERSION_SQL, "packets", false },
		{ FIGURE_TIME_SERIES, "flow-rate", "New flows by protocol", "flow rate", "flows/s",
		    CLASS_SQL, "flows", true },
		{ FIGURE_TIME_SERIES, "direction", "Bit rate by direction", "bit rate", "bps",
		    "direction", "octets * 8", false },
	};
	static const struct series_query RECORDS = { FIGURE_TIME_SERIES, "flow-rate",
		"New flow records by protocol", "record rate", "records/s", CLASS_SQL, "flows",
		true };
	size_t count = ARRAY_COUNT(QUERIES) - (c->site->own_prefix_count == 0);

	for (size_t i = 0; i < count; i++) {
		bool records = QUERIES[i].counted && f->metered == 0;
		enum err e =
		    time_figure(c, section, records ? &RECORDS : &QUERIES[i], f->width, info);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* A line of a table of shares. */
struct share {
	char name[64];
	struct export_estimate sums;
	uint64_t frame_octets, flows;
};

struct shares {
	struct share *list; /* owned */
	size_t count;
	uint64_t total; /* octets of all */
};

static int
compare_shares(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->sums.octets != y->sums.octets)
		return x->sums.octets < y->sums.octets ? 1 : -1;
	if (x->sums.packets != y->sums.packets)
		return x->sums.packets < y->sums.packets ? 1 : -1;
	return strcmp(x->name, y->name);
}

static enum err
read_shares(
    const struct section_context *c, const char *name_sql, struct shares *s, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT %s AS name, sampling AS rate, sum(packets) AS p, sum(octets) AS o, "
	    "sum(frame_octets) AS l2, sum(flows) AS f, sum(squares) AS q "
	    "FROM traffic_volume WHERE" PERIOD_SQL "GROUP BY name, rate ORDER BY name, rate",
	    name_sql, PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		const char *name = result_text(r, 0);
		struct share *one = s->count != 0 ? &s->list[s->count - 1] : NULL;
		if (one == NULL || strcmp(one->name, name) != 0) {
			s->list = xrealloc_array(s->list, s->count + 1, sizeof *s->list);
			one = &s->list[s->count++];
			*one = (struct share){ .flows = 0 };
			(void)snprintf(one->name, sizeof one->name, "%s", name);
		}
		export_estimate_add(&one->sums, (uint32_t)result_u64(r, 1), result_u64(r, 3),
		    result_u64(r, 2), result_u64(r, 6));
		one->frame_octets += result_u64(r, 4);
		one->flows += result_u64(r, 5);
	}
	result_free(r);
	if (s->count != 0)
		qsort(s->list, s->count, sizeof *s->list, compare_shares);
	for (size_t i = 0; i < s->count; i++)
		s->total = export_sum(s->total, s->list[i].sums.octets);
	return ERR_OK;
}

#define SHARE_COLUMNS_MOST 7

/* The columns: errors only where there was sampling, frames only where they were seen. */
static size_t
share_columns(const struct facts *f, struct section_column *columns)
{
	size_t n = 1;

	columns[n++] = (struct section_column){ "packets", "Packets", "count", "packets" };
	columns[n++] = (struct section_column){ "octets", "Octets (L3)", "octets", "octets" };
	if (f->all.variance > 0)
		columns[n++] =
		    (struct section_column){ "octets_error", "Standard error", "octets", "octets" };
	columns[n++] = (struct section_column){ "octet_share", "Share of octets", "share", "" };
	if (f->metered != 0)
		columns[n++] =
		    (struct section_column){ "frame_octets", "Octets (L2)", "octets", "octets" };
	if (f->metered != 0 && f->exports.records == 0)
		columns[n++] = (struct section_column){ "flows", "Flows", "count", "flows" };
	else
		columns[n++] = (struct section_column){ "flows", "Records", "count", "records" };
	return n;
}

static void
share_row(struct section_table *table, const struct facts *f, const struct shares *s,
    const struct share *one, const char *name)
{
	json_t *c[SHARE_COLUMNS_MOST] = { NULL };
	size_t n = 0;

	c[n++] = json_string(name);
	c[n++] = json_count(one->sums.packets);
	c[n++] = json_count(one->sums.octets);
	if (f->all.variance > 0)
		c[n++] = json_count((uint64_t)(sqrt(one->sums.variance) + 0.5));
	c[n++] = json_real(s->total != 0 ? (double)one->sums.octets / (double)s->total : 0.0);
	if (f->metered != 0)
		c[n++] = json_count(one->frame_octets);
	c[n++] = json_count(one->flows);
	/* The row ends with the first NULL after its columns. */
	section_row(table, c[0], c[1], c[2], c[3], c[4], c[5], c[6], NULL);
}

/* A table of packets, octets, frames and flows by one thing. */
static enum err
/* NOLINTNEXTLINE(readability-function-size): its arguments are one row */
share_table(const struct section_context *c, struct section *section, const struct facts *f,
    const char *id, const char *title, const char *name_sql, struct err_info *info)
{
	char name_title[32], heading[80];
	struct section_column columns[SHARE_COLUMNS_MOST] = { { id, name_title, "text", "" } };
	struct section_table *table;
	struct shares shares = { .list = NULL };
	enum err e = read_shares(c, name_sql, &shares, info);

	if (e != ERR_OK)
		return e;
	(void)snprintf(heading, sizeof heading, "Traffic by %s", title);
	(void)snprintf(name_title, sizeof name_title, "%s", title);
	name_title[0] = (char)toupper((unsigned char)name_title[0]);
	table = section_table(section, id, heading, columns, share_columns(f, columns));
	for (size_t i = 0; i < shares.count; i++) {
		char text[32];
		const char *name = shares.list[i].name;
		if (strcmp(id, "protocol") == 0 && name[0] >= '0' && name[0] <= '9')
			name = protocol_name((uint8_t)strtoul(name, NULL, 10), text, sizeof text);
		share_row(table, f, &shares, &shares.list[i], name);
	}
	free(shares.list);
	return ERR_OK;
}

static enum err
tables(const struct section_context *c, struct section *section, const struct facts *f,
    struct err_info *info)
{
	enum err e = share_table(c, section, f, "ip_version", "IP version", VERSION_SQL, info);

	if (e == ERR_OK)
		e = share_table(c, section, f, "protocol", "protocol",
		    "CASE WHEN ip_version = 0 THEN 'not IP' ELSE CAST(protocol_identifier AS "
		    "VARCHAR) END",
		    info);
	if (e == ERR_OK && c->site->own_prefix_count != 0)
		e = share_table(c, section, f, "direction", "direction", "direction", info);
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

/* Sums of everything, by sampling rate. */
static enum err
gather_sums(const struct section_context *c, struct facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT exported AS x, sampling AS rate, sum(packets) AS p, sum(octets) AS o, "
	    "sum(squares) AS q, sum(flows) AS f FROM traffic_volume WHERE" PERIOD_SQL
	    "GROUP BY x, rate ORDER BY x, rate",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint32_t rate = (uint32_t)result_u64(r, 1);
		uint64_t flows = result_u64(r, 5);
		export_estimate_add(
		    &f->all, rate, result_u64(r, 3), result_u64(r, 2), result_u64(r, 4));
		if (result_u64(r, 0) == 0) {
			f->metered += result_u64(r, 2);
			f->flows += flows;
			continue;
		}
		export_facts_merge(&f->exports, &(struct export_facts){ .records = flows,
						    .unknown = rate == 0 ? flows : 0,
						    .sampling_least = rate,
						    .sampling_most = rate });
	}
	result_free(r);
	return ERR_OK;
}

static enum err
find_peak(const struct section_context *c, struct facts *f, struct err_info *info)
{
	uint64_t step = f->width * 1000, time = 0, octets = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT intDiv(bin, %llu) * %llu AS t, sampling AS rate, sum(octets) AS o FROM "
	    "traffic_volume WHERE" PERIOD_SQL "GROUP BY t, rate ORDER BY t, rate",
	    (unsigned long long)step, (unsigned long long)step, PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	f->peak_bps = -1;
	while (result_next(r)) {
		uint64_t rate = result_u64(r, 1) != 0 ? result_u64(r, 1) : 1;
		if (result_u64(r, 0) != time)
			octets = 0;
		time = result_u64(r, 0);
		octets = export_sum(octets, export_scaled(result_u64(r, 2), rate));
		if ((double)octets * 8 / (double)f->width > f->peak_bps) {
			f->peak_begin = time;
			f->peak_bps = (double)octets * 8 / (double)f->width;
		}
	}
	result_free(r);
	return ERR_OK;
}

static enum err
gather(const struct section_context *c, struct facts *f, struct err_info *info)
{
	enum err e;

	*f = (struct facts){ .metered = 0 };
	e = gather_sums(c, f, info);
	if (e != ERR_OK)
		return e;
	if (f->metered == 0 && f->exports.records == 0)
		return ERR_END;
	f->width = bin_width(c->first, c->last,
	    settings_duration(
		c->settings, f->exports.records != 0 ? "record_resolution" : "resolution"));
	f->seconds = (double)(c->last - c->first) / 1e9;
	return find_peak(c, f, info);
}

/* What was read: packets in flows, records of exporters, or both. */
static void
say_what(const struct section_context *c, struct section *section, const struct facts *f)
{
	char packets[32], octets[32], flows[32], first[64], last[64], records[160], error[32];

	(void)text_time(c->first, c->site->time_zone, first, sizeof first);
	(void)text_time(c->last, c->site->time_zone, last, sizeof last);
	(void)text_si((double)f->all.octets, "octets", octets, sizeof octets);
	if (f->exports.records == 0) {
		section_say(section, "From %s to %s, %s packets in %s flows carried %s.", first,
		    last, text_count(f->all.packets, packets, sizeof packets),
		    text_count(f->flows, flows, sizeof flows), octets);
		return;
	}
	(void)export_facts_text(c, &f->exports, records, sizeof records);
	if (f->metered != 0)
		section_say(section,
		    "From %s to %s, %s packets that were captured and %s tell of "
		    "%s in all.",
		    first, last, text_count(f->metered, packets, sizeof packets), records, octets);
	else
		section_say(section, "From %s to %s, %s, tell of %s in %s packets.", first, last,
		    records, octets, text_count(f->all.packets, packets, sizeof packets));
	if (f->all.variance > 0)
		section_say(section,
		    "Sampling leaves a standard error of %s (%.2g %%) in the octets.",
		    text_si(sqrt(f->all.variance), "octets", error, sizeof error),
		    100 * sqrt(f->all.variance) / fmax(1, (double)f->all.octets));
}

static void
say(const struct section_context *c, struct section *section, const struct facts *f)
{
	char peak[32], when[64], mean[32];

	say_what(c, section, f);
	if (f->seconds < (double)f->width)
		return;
	section_say(section,
	    "Traffic peaked at %s (mean of %llu s) from %s; the mean over the whole time is %s.",
	    text_si(f->peak_bps, "bps", peak, sizeof peak), (unsigned long long)f->width,
	    text_time((nsec_t)f->peak_begin * NSEC_PER_MS, c->site->time_zone, when, sizeof when),
	    text_si((double)f->all.octets * 8 / f->seconds, "bps", mean, sizeof mean));
}

static void
define(const struct section_context *c, struct section *section, const struct facts *f)
{
	if (f->metered != 0) {
		section_define(section,
		    "Packets are the frames of the input. Octets at L3 are the lengths "
		    "in the IPv4 or IPv6 headers of the innermost "
		    "packet that decodes; octets at L2 are the frames on the wire as "
		    "the capture gives them. A flow is bidirectional "
		    "(RFC 5103) and is counted in the bin in which it began. Direction "
		    "is relative to the site's own prefixes.");
		section_quality(
		    section, f->exports.records == 0
				 ? "Packets are counted in bins of their own time, so late packets "
				   "are in their right bin. "
				   "Nothing here is sampled or estimated."
				 : "Packets are counted in bins of their own time, so late packets "
				   "are in their right bin.");
	}
	if (f->exports.records == 0)
		return;
	section_define(section,
	    "Packets and octets (L3) of flow records are multiplied with the record's sampling "
	    "rate N and spread evenly from its first to its last packet; the record is counted in "
	    "the bin in which it began. The standard error is the root of the sum of N (N - 1) "
	    "B²/k over records of k packets and B octets, exact where k is 1 and else a lower "
	    "bound.");
	if (f->all.most > 0)
		section_quality(section,
		    "With packets of at most %u octets the standard error of all octets is at most "
		    "%.2g %%.",
		    EXPORT_PACKET_MOST, 100 * sqrt(f->all.most) / fmax(1, (double)f->all.octets));
	export_facts_qualify(c, &f->exports, section);
}

enum err
volume_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct facts f;
	enum err e = gather(c, &f, info);

	if (e != ERR_OK)
		return e;
	say(c, section, &f);
	define(c, section, &f);
	e = figures(c, section, &f, info);
	if (e == ERR_OK && f.metered != 0)
		e = sizes(c, section, info);
	return e == ERR_OK ? tables(c, section, &f, info) : e;
}
