/* SPDX-License-Identifier: ISC */
/* The figures of dns/overview. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/overview_counts.h"
#include "analysis/dns/overview_facts.h"
#include "base/xmalloc.h"
#include "net/dns.h"

#define MOST_BARS 12

/* ------------------------------------------------------------------ rates by time */

/* The points of a figure of rates, as its rows come: in order of series and time. */
struct plot {
	struct section_figure *figure;
	json_t *points;
	char name[64];
	uint64_t first, end, step, at; /* ms */
};

static void
pad(struct plot *p, uint64_t until)
{
	for (; p->at < until; p->at += p->step)
		json_array_append_new(p->points, json_pack("[I,f]", (json_int_t)p->at, 0.0));
}

static void
plot_point(struct plot *p, const char *name, uint64_t time, double rate)
{
	if (p->points == NULL || strcmp(name, p->name) != 0) {
		if (p->points != NULL)
			pad(p, p->end);
		(void)snprintf(p->name, sizeof p->name, "%s", name);
		p->points = section_series(p->figure, p->name);
		p->at = p->first;
	}
	pad(p, time);
	json_array_append_new(p->points, json_pack("[I,f]", (json_int_t)p->at, rate));
	p->at += p->step;
}

static void
plot_begin(struct plot *p, const struct section_context *c, const struct overview_facts *f)
{
	uint64_t step = f->width * 1000;

	*p = (struct plot){ .step = step,
		.first = (uint64_t)(c->first / NSEC_PER_MS) / step * step,
		.end = (uint64_t)(c->last / NSEC_PER_MS) / step * step + step };
}

static enum err
figure_queries(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	struct plot p;
	struct result *r;
	enum err e;

	plot_begin(&p, c, f);
	e = query_run(c->store, &r, info,
	    "SELECT view AS v, transport AS n, intDiv(bin, %llu) * %llu AS t, sum(messages) AS m "
	    "FROM dns_messages WHERE" PERIOD_SQL
	    "AND kind = 'query' AND bin >= %llu AND bin < %llu GROUP BY v, n, t ORDER BY v, n, t",
	    (unsigned long long)p.step, (unsigned long long)p.step, PERIOD_ARGS(c),
	    (unsigned long long)p.first, (unsigned long long)p.end);
	if (e != ERR_OK)
		return e;
	p.figure = section_figure(section, FIGURE_TIME_SERIES, "queries", "Queries by transport");
	section_axis(p.figure, 'x', "time", "time", "ms");
	section_axis(p.figure, 'y', "query rate", "linear", "queries/s");
	section_caption(p.figure, "Mean rate in bins of %llu s.", (unsigned long long)f->width);
	while (result_next(r)) {
		char text[64];
		plot_point(&p,
		    overview_series(f, result_text(r, 0), result_text(r, 1), text, sizeof text),
		    result_u64(r, 2), (double)result_u64(r, 3) / (double)f->width);
	}
	if (p.points != NULL)
		pad(&p, p.end);
	result_free(r);
	return ERR_OK;
}

/* What became of queries: their answers by rcode, and those without. */
static const char *
outcome_name(const char *kind, uint64_t code, char text[DNS_NUMBER_TEXT_SIZE])
{
	if (strcmp(kind, overview_kind_names[OVERVIEW_UNANSWERED]) == 0)
		return "no answer";
	if (code == OVERVIEW_RCODE_HIGH)
		return "other";
	return dns_rcode_name((uint16_t)code, text);
}

static enum err
figure_outcomes(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	struct plot p;
	struct result *r;
	enum err e;

	plot_begin(&p, c, f);
	e = query_run(c->store, &r, info,
	    "SELECT view AS v, kind AS k, code AS x, intDiv(bin, %llu) * %llu AS t, sum(messages) "
	    "AS m FROM dns_messages WHERE" PERIOD_SQL
	    "AND kind IN ('response', 'unanswered') AND bin >= %llu AND bin < %llu "
	    "GROUP BY v, k, x, t ORDER BY v, k, x, t",
	    (unsigned long long)p.step, (unsigned long long)p.step, PERIOD_ARGS(c),
	    (unsigned long long)p.first, (unsigned long long)p.end);
	if (e != ERR_OK)
		return e;
	p.figure = section_figure(
	    section, FIGURE_STACKED_AREA, "outcomes", "Answers by response code, and none");
	section_axis(p.figure, 'x', "time", "time", "ms");
	section_axis(p.figure, 'y', "rate", "linear", "messages/s");
	section_caption(p.figure,
	    "Mean rate in bins of %llu s; queries without an answer stand in the bin in which they "
	    "were asked.",
	    (unsigned long long)f->width);
	while (result_next(r)) {
		char text[64], number[DNS_NUMBER_TEXT_SIZE];
		const char *name = outcome_name(result_text(r, 1), result_u64(r, 2), number);
		plot_point(&p, overview_series(f, result_text(r, 0), name, text, sizeof text),
		    result_u64(r, 3), (double)result_u64(r, 4) / (double)f->width);
	}
	if (p.points != NULL)
		pad(&p, p.end);
	result_free(r);
	return ERR_OK;
}

/* What is apart from queries and responses: only where there is any. */
static enum err
figure_others(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	struct plot p;
	struct result *r;
	enum err e;

	plot_begin(&p, c, f);
	e = query_run(c->store, &r, info,
	    "SELECT view AS v, kind AS k, intDiv(bin, %llu) * %llu AS t, sum(messages) AS m "
	    "FROM dns_messages WHERE" PERIOD_SQL
	    "AND kind IN ('malformed', 'quoted', 'mdns', 'llmnr') AND bin >= %llu AND bin < %llu "
	    "GROUP BY v, k, t ORDER BY v, k, t",
	    (unsigned long long)p.step, (unsigned long long)p.step, PERIOD_ARGS(c),
	    (unsigned long long)p.first, (unsigned long long)p.end);
	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		char text[64];
		if (p.figure == NULL) {
			p.figure = section_figure(section, FIGURE_TIME_SERIES, "others",
			    "Malformed, quoted by ICMP errors, multicast DNS, LLMNR");
			section_axis(p.figure, 'x', "time", "time", "ms");
			section_axis(p.figure, 'y', "rate", "linear", "messages/s");
			section_caption(
			    p.figure, "Mean rate in bins of %llu s.", (unsigned long long)f->width);
		}
		plot_point(&p,
		    overview_series(f, result_text(r, 0), result_text(r, 1), text, sizeof text),
		    result_u64(r, 2), (double)result_u64(r, 3) / (double)f->width);
	}
	if (p.points != NULL)
		pad(&p, p.end);
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ distributions */

/* One figure of a dimension: a series for each view. */
struct distribution {
	enum figure_kind kind;
	const char *id, *title, *x_label, *x_unit, *dimension;
	bool by_value; /* in order of the value, all of them; else the greatest first */
};

static enum err
figure_bars(const struct section_context *c, struct section *section, const struct distribution *d,
    struct err_info *info)
{
	struct section_figure *figure = NULL;
	json_t *points = NULL;
	char view[32] = "";
	unsigned bars = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, value AS x, name AS n, sum(messages) AS m FROM dns_counts "
	    "WHERE" PERIOD_SQL "AND dimension = '%s' GROUP BY v, x, n ORDER BY v, %s",
	    PERIOD_ARGS(c), d->dimension, d->by_value ? "x, n, m" : "m DESC, x, n");

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		if (figure == NULL) {
			figure = section_figure(section, d->kind, d->id, d->title);
			section_axis(figure, 'x', d->x_label, "category", d->x_unit);
			section_axis(figure, 'y', "messages", "linear", "messages");
		}
		if (points == NULL || strcmp(view, result_text(r, 0)) != 0) {
			(void)snprintf(view, sizeof view, "%s", result_text(r, 0));
			points = section_series(figure, view);
			bars = 0;
		}
		if (!d->by_value && bars++ >= MOST_BARS)
			continue;
		json_array_append_new(
		    points, json_pack("[s,I]", result_text(r, 2), (json_int_t)result_u64(r, 3)));
	}
	if (figure != NULL && !d->by_value)
		section_caption(figure, "The %d most frequent of each view.", MOST_BARS);
	result_free(r);
	return ERR_OK;
}

/* Sizes of messages: bins of four an octave. */
static enum err
figure_sizes(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	struct section_figure *figure = NULL;
	json_t *points = NULL;
	char series[96] = "", text[96];
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, dimension AS d, value AS x, sum(messages) AS m FROM dns_counts "
	    "WHERE" PERIOD_SQL "AND dimension IN ('query_size_udp', 'response_size_udp', "
	    "'response_size_stream') GROUP BY v, d, x ORDER BY v, d, x",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		uint64_t low = result_u64(r, 2);
		const char *dimension = result_text(r, 1);
		const char *name = dimension[0] == 'q'                       ? "queries (UDP)"
				   : dimension[strlen(dimension) - 1] == 'p' ? "responses (UDP)"
									     : "responses (TCP …)";
		if (figure == NULL) {
			figure = section_figure(
			    section, FIGURE_LOG_HISTOGRAM, "sizes", "Sizes of DNS messages");
			section_axis(figure, 'x', "message size", "log", "octets");
			section_axis(figure, 'y', "messages", "linear", "messages");
			section_caption(figure, "Octets of DNS without headers of UDP, TCP or IP; "
						"four bins an octave.");
		}
		(void)overview_series(f, result_text(r, 0), name, text, sizeof text);
		if (points == NULL || strcmp(series, text) != 0) {
			memcpy(series, text, sizeof series);
			points = section_series(figure, series);
		}
		json_array_append_new(points,
		    json_pack("[I,I,I]", (json_int_t)(low != 0 ? low : 1),
			(json_int_t)overview_size_edge(overview_size_bin((uint32_t)low) + 1),
			(json_int_t)result_u64(r, 3)));
	}
	result_free(r);
	return ERR_OK;
}

/* Octets of the names asked for, each size by itself. */
static enum err
figure_names(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct section_figure *figure = NULL;
	json_t *points = NULL;
	char view[32] = "";
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, value AS x, sum(messages) AS m FROM dns_counts WHERE" PERIOD_SQL
	    "AND dimension = 'query_name_size' GROUP BY v, x ORDER BY v, x",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		if (figure == NULL) {
			figure = section_figure(section, FIGURE_LOG_HISTOGRAM, "name-sizes",
			    "Sizes of the names asked for");
			section_axis(figure, 'x', "octets in the message", "log", "octets");
			section_axis(figure, 'y', "queries", "linear", "messages");
			section_caption(figure,
			    "A name has an octet more for each label than its text has without "
			    "dots, and one for the root.");
		}
		if (points == NULL || strcmp(view, result_text(r, 0)) != 0) {
			(void)snprintf(view, sizeof view, "%s", result_text(r, 0));
			points = section_series(figure, view);
		}
		json_array_append_new(
		    points, json_pack("[I,I,I]", (json_int_t)result_u64(r, 1),
				(json_int_t)result_u64(r, 1) + 1, (json_int_t)result_u64(r, 2)));
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ latency */

#define CURVE_POINTS 200

/* The complementary distribution: shares of answers that took longer.  Points that hardly differ
 * are left out. */
static void
draw_latency(json_t *points, const uint64_t *bins)
{
	uint64_t total = 0, below = 0;
	double last = 2;

	for (unsigned i = 0; i < DELAY_BINS; i++)
		total += bins[i];
	for (unsigned i = 0; i < DELAY_BINS; i++) {
		double share;
		if (bins[i] == 0)
			continue;
		below += bins[i];
		share = (double)(total - below) / (double)total;
		if (share == 0 || share > last * pow(10, -4.0 / CURVE_POINTS))
			continue;
		last = share;
		json_array_append_new(
		    points, json_pack("[f,f]", (double)delay_edge(i + 1) / 1e6, share));
	}
}

static enum err
figure_latency(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	struct section_figure *figure = NULL;
	uint64_t *bins = xcalloc(DELAY_BINS, sizeof *bins);
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, transport AS n, sum(responses) AS m FROM dns_latency "
	    "WHERE" PERIOD_SQL "GROUP BY v, n ORDER BY v, n",
	    PERIOD_ARGS(c));

	if (e != ERR_OK) {
		free(bins);
		return e;
	}
	while (e == ERR_OK && result_next(r)) {
		char text[64];
		memset(bins, 0, DELAY_BINS * sizeof *bins);
		e = overview_latency_read(c, result_text(r, 0), result_text(r, 1), bins, info);
		if (figure == NULL) {
			figure = section_figure(
			    section, FIGURE_CCDF, "latency", "Time from query to answer");
			section_axis(figure, 'x', "time", "log", "s");
			section_axis(figure, 'y', "share of answers that took longer", "log", "");
			section_caption(figure,
			    "First answers to queries that were seen. Times below 1 µs stand at 1 "
			    "µs.");
		}
		draw_latency(section_series(figure, overview_series(f, result_text(r, 0),
							result_text(r, 1), text, sizeof text)),
		    bins);
	}
	result_free(r);
	free(bins);
	return e;
}

enum err
overview_figures(const struct section_context *c, const struct overview_facts *f,
    struct section *section, struct err_info *info)
{
	static const struct distribution TYPES = { FIGURE_BARS, "query-types", "Query types",
		"query type", "", "query_type", false };
	static const struct distribution LABELS = { FIGURE_BARS, "labels",
		"Labels of the names asked for", "labels", "labels", "query_labels", true };
	enum err e = figure_queries(c, f, section, info);

	if (e == ERR_OK)
		e = figure_outcomes(c, f, section, info);
	if (e == ERR_OK)
		e = figure_others(c, f, section, info);
	if (e == ERR_OK)
		e = figure_bars(c, section, &TYPES, info);
	if (e == ERR_OK)
		e = figure_latency(c, f, section, info);
	if (e == ERR_OK)
		e = figure_sizes(c, f, section, info);
	if (e == ERR_OK)
		e = figure_names(c, section, info);
	return e == ERR_OK ? figure_bars(c, section, &LABELS, info) : e;
}
