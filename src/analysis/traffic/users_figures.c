/* SPDX-License-Identifier: ISC */
/* The figures of the users' section: P2 to P5 and P9 of the broadband report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/traffic/users.h"
#include "base/hash.h"
#include "base/xmalloc.h"

#define Z95           1.959963985
#define CURVE_POINTS  120
#define CCDF_PER_TEN  40 /* points a decade of ranks */
#define CELLS_PER_TEN 20
#define FIRST_DECADE  4
#define DECADES       7   /* 10⁴ to 10¹¹ octets a day */
#define SCATTER_BINS  140 /* DECADES times CELLS_PER_TEN */
#define JITTER_SEED   UINT64_C(0x6a6974746572)

static void
add_point(json_t *points, json_t *x, json_t *y)
{
	json_t *point = json_array();

	(void)json_array_append_new(point, x);
	(void)json_array_append_new(point, y);
	(void)json_array_append_new(points, point);
}

/* A series of a period and direction: one colour a direction, the earlier period apart in style. */
static json_t *
series_of(struct section_figure *f, const struct users_report *r, size_t period, unsigned d,
    const char *what, const char *style)
{
	char name[128];

	(void)snprintf(name, sizeof name, "%s%s%s%s%s", users_direction_name(d),
	    what[0] != '\0' ? ", " : "", what, r->period_count == 2 ? ", " : "",
	    r->period_count == 2 ? r->periods[period].name : "");
	return section_series_drawn(f, name, d, style);
}

static const char *
volume_label(const struct users_report *r, const char *what, char *text, size_t size)
{
	(void)snprintf(
	    text, size, "%s%s", what, r->scale.publish ? ", relative to the median OUT" : "");
	return text;
}

static void
volume_axis(const struct users_report *r, struct section_figure *f, char axis, const char *what)
{
	char label[96];

	section_axis(f, axis, volume_label(r, what, label, sizeof label), "log", r->scale.name);
}

/* Where so many packets are seen of a user, in octets a day; NAN when that means nothing. */
static double
volume_of_packets(const struct users_period *p, unsigned d, double packets)
{
	double octets = 0, k = 0, volume = 0;

	for (size_t i = 0; i < p->count; i++) {
		octets += (double)p->users[i].octets[d];
		volume += p->users[i].volume[d];
		k += p->users[i].packets[d];
	}
	/* Unsampled traffic is known to the octet. */
	if (!(octets > 0) || volume < 1.5 * octets)
		return NAN;
	return packets * volume / k / (double)p->day_count;
}

/* The lines of k = 10 and k = 100, from the direction with the larger packets per user. */
static void
mark_packets(const struct users_report *r, struct section_figure *f)
{
	for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
		double ten = volume_of_packets(&r->periods[0], d, USERS_MEASURABLE);
		char label[64];
		if (!isfinite(ten) || r->scale.publish)
			continue;
		(void)snprintf(label, sizeof label, "%s: fewer than %d packets seen",
		    users_direction_name(d), USERS_MEASURABLE);
		section_guide(f, "zone-x", label, 1 / r->scale.unit, ten / r->scale.unit);
		(void)snprintf(label, sizeof label, "%s: %d packets seen", users_direction_name(d),
		    USERS_PRECISE);
		section_guide(
		    f, "line-x", label, 10 * ten / r->scale.unit, 10 * ten / r->scale.unit);
	}
}

/* ------------------------------------------------------------------ P2 */

static void
draw_observed(const struct users_report *r, struct section_figure *f, size_t period, unsigned d)
{
	const struct users_measure *m = &r->periods[period].measures[d];
	json_t *points = series_of(f, r, period, d, "observed", period == 0 ? "steps" : "dots");

	for (unsigned i = 0; i < LOG_MODE_BINS; i++) {
		double x = pow(10, LOG_MODE_FIRST + (i + 0.5) * LOG_MODE_WIDTH);
		bool near = m->counts[i] > 0 || (i > 0 && m->counts[i - 1] > 0) ||
			    (i + 1 < LOG_MODE_BINS && m->counts[i + 1] > 0);
		if (!near || (r->scale.publish && m->counts[i] < PUBLISH_LEAST))
			continue;
		add_point(points, users_volume(&r->scale, x),
		    users_number(m->counts[i] / (double)m->seen / LOG_MODE_WIDTH));
	}
}

static void
draw_corrected(const struct users_report *r, struct section_figure *f, size_t period, unsigned d)
{
	const struct volume_fit *fit = users_fit(&r->periods[period].measures[d]);
	double low, high;
	json_t *points;

	if (fit == NULL)
		return;
	points = series_of(f, r, period, d, "corrected", period == 0 ? "line" : "dashed");
	low = lognormal_mix_quantile(&fit->volume, 0.0005);
	high = lognormal_mix_quantile(&fit->volume, 0.9995);
	for (unsigned i = 0; i <= CURVE_POINTS; i++) {
		double x = low + (high - low) * i / CURVE_POINTS;
		add_point(points, users_volume(&r->scale, exp(x)),
		    users_number(lognormal_mix_density(&fit->volume, x) * M_LN10));
	}
}

static void
mark_mode(const struct users_report *r, struct section_figure *f, unsigned d)
{
	const struct volume_fit *fit = users_fit(&r->periods[0].measures[d]);
	char label[64];
	double x, se;

	if (fit == NULL)
		return;
	x = lognormal_mix_log_mode(&fit->volume);
	se = volume_fit_error(fit, volume_fit_log_mode, 0);
	(void)snprintf(label, sizeof label, "mode %s", users_direction_name(d));
	section_guide(f, "tick-x", label, exp(x - Z95 * se) / r->scale.unit,
	    exp(x + Z95 * se) / r->scale.unit);
}

static void
draw_density(const struct users_report *r)
{
	struct section_figure *f = section_figure(
	    r->section, FIGURE_CURVE, "distribution", "Distribution of the daily volume");

	volume_axis(r, f, 'x', "daily volume of a user");
	section_axis(f, 'y', "share of users per decade", "linear", "");
	section_caption(f,
	    "Steps%s: users seen, in ten bins a decade, volumes as observed.  Lines: corrected for "
	    "sampling.  Ticks on the axis are the modes of the corrected densities with their 95 "
	    "%% "
	    "intervals.%s",
	    r->period_count == 2 ? " (dots: the earlier period)" : "",
	    r->scale.publish ? "  Bins with fewer than 10 users are left out."
			     : "  Grey: too few packets of a user are seen to tell its volume.");
	for (size_t i = r->period_count; i-- > 0;)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
			if (r->periods[i].measures[d].seen == 0)
				continue;
			draw_observed(r, f, i, d);
			draw_corrected(r, f, i, d);
		}
	mark_packets(r, f);
	for (unsigned d = 0; d < USERS_DIRECTIONS; d++)
		mark_mode(r, f, d);
}

/* ------------------------------------------------------------------ P3, P4 */

/* Ranks from the top, evenly spaced by logarithm: 1, 2, 3, … count. */
static size_t
next_rank(size_t rank)
{
	size_t next = (size_t)((double)rank * pow(10, 1.0 / CCDF_PER_TEN));

	return next > rank ? next : rank + 1;
}

static size_t
first_rank(const struct users_report *r)
{
	return r->scale.publish ? PUBLISH_LEAST : 1;
}

static void
draw_tail(const struct users_report *r, struct section_figure *f, size_t period, unsigned d)
{
	const struct users_measure *m = &r->periods[period].measures[d];
	double top = m->seen != 0 ? m->sorted[m->seen - 1] : 0;
	json_t *points;

	if (!(m->tail.value > 0) || r->scale.publish)
		return;
	points = series_of(f, r, period, d, "slope of the top 1 %", "dashed");
	for (unsigned i = 0; i <= 1; i++) {
		double x = i == 0 ? m->tail_begin : top;
		add_point(points, users_volume(&r->scale, x),
		    users_number(0.01 * pow(x / m->tail_begin, -m->tail.value)));
	}
}

static void
draw_ccdf(const struct users_report *r)
{
	struct section_figure *f =
	    section_figure(r->section, FIGURE_CURVE, "ccdf", "Users with more than a volume");

	volume_axis(r, f, 'x', "daily volume of a user");
	section_axis(f, 'y', "share of users with at least as much", "log", "");
	section_caption(f,
	    "As observed; of the users seen.  Volumes are exact to the sampling, ranks are thinned "
	    "to %d a decade.%s",
	    CCDF_PER_TEN,
	    r->scale.publish ? "" : "  The slope describes the top 1 %; it claims no power law.");
	for (size_t i = r->period_count; i-- > 0;)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
			const struct users_measure *m = &r->periods[i].measures[d];
			json_t *points;
			if (m->seen == 0)
				continue;
			points = series_of(f, r, i, d, "", i == 0 ? "line" : "dashed");
			for (size_t k = first_rank(r); k <= m->seen; k = next_rank(k))
				add_point(points, users_volume(&r->scale, m->sorted[m->seen - k]),
				    users_number((double)k / (double)m->seen));
			if (i == 0)
				draw_tail(r, f, i, d);
		}
	mark_packets(r, f);
}

static void
draw_concentration(const struct users_report *r)
{
	struct section_figure *f = section_figure(
	    r->section, FIGURE_CURVE, "concentration", "Share of octets of the largest users");

	section_axis(f, 'x', "share of users, largest first", "log", "");
	section_axis(f, 'y', "share of octets", "linear", "");
	section_caption(
	    f, "Of the users that are listed, or else seen.  Guides at 4 %% and 10 %% of users.");
	for (size_t i = r->period_count; i-- > 0;)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
			const struct users_measure *m = &r->periods[i].measures[d];
			double n = fmax((double)m->seen, r->periods[i].listed), sum = 0;
			size_t next = first_rank(r);
			json_t *points;
			if (m->seen == 0)
				continue;
			points = series_of(f, r, i, d, "", i == 0 ? "line" : "dashed");
			for (size_t k = 1; k <= m->seen; k++) {
				sum += m->sorted[m->seen - k];
				if (k != next && k != m->seen)
					continue;
				add_point(points, users_number((double)k / n),
				    users_number(fmin(sum / m->total, 1)));
				next = next_rank(k);
			}
		}
	section_guide(f, "line-x", "4 %", 0.04, 0.04);
	section_guide(f, "line-x", "10 %", 0.10, 0.10);
}

/* ------------------------------------------------------------------ P5 */

static int
cell_of(double octets)
{
	int cell = octets > 0 ? (int)floor((log10(octets) - FIRST_DECADE) * CELLS_PER_TEN) : 0;

	return cell < 0 ? 0 : cell >= SCATTER_BINS ? SCATTER_BINS - 1 : cell;
}

/* −1, 0 or 1, the same at every run, and nothing that a pseudonym could be told by. */
static int
jitter(size_t user, unsigned axis)
{
	return (int)(hash_mix64(JITTER_SEED + 2 * user + axis) % 3) - 1;
}

static double
edge_of(int cell)
{
	return pow(10, FIRST_DECADE + (double)cell / CELLS_PER_TEN);
}

static uint32_t *
count_cells(const struct users_report *r, const struct users_period *p)
{
	uint32_t *cells = xcalloc((size_t)SCATTER_BINS * SCATTER_BINS, sizeof *cells);
	double days = (double)p->day_count;

	for (size_t i = 0; i < p->count; i++) {
		int x = cell_of(p->users[i].volume[USERS_OUT] / days);
		int y = cell_of(p->users[i].volume[USERS_IN] / days);
		if (r->scale.publish) {
			x = (int)fmax(0, fmin(SCATTER_BINS - 1, x + jitter(i, 0)));
			y = (int)fmax(0, fmin(SCATTER_BINS - 1, y + jitter(i, 1)));
			/* Wider cells, or most would hold too few users to be shown. */
			x -= x % 4;
			y -= y % 4;
		}
		cells[(size_t)x * SCATTER_BINS + (size_t)y]++;
	}
	return cells;
}

static void
mark_clusters(const struct users_report *r, struct section_figure *f)
{
	const struct users_measure *m = r->periods[0].measures;
	static const char *const NAMES[] = { "lower components", "upper components" };

	for (unsigned d = 0; d < USERS_DIRECTIONS; d++)
		if (!m[d].has_two || !m[d].two_chosen)
			return;
	for (unsigned c = 0; c < 2; c++)
		section_guide(f, "point", NAMES[c],
		    exp(m[USERS_OUT].two.volume.mu[c]) / r->scale.unit,
		    exp(m[USERS_IN].two.volume.mu[c]) / r->scale.unit);
}

static void
draw_scatter(const struct users_report *r)
{
	struct section_figure *f =
	    section_figure(r->section, FIGURE_HISTOGRAM_2D, "in-out", "Upload against download");
	const struct users_period *p = &r->periods[0];
	json_t *points = section_series(f, "users");
	uint32_t *cells = count_cells(r, p);
	size_t hidden = 0;
	int step = r->scale.publish ? 4 : 1;

	volume_axis(r, f, 'x', "OUT a day");
	volume_axis(r, f, 'y', "IN a day");
	for (int x = 0; x < SCATTER_BINS; x += step)
		for (int y = 0; y < SCATTER_BINS; y += step) {
			uint32_t n = cells[(size_t)x * SCATTER_BINS + (size_t)y];
			json_t *point;
			if (n == 0)
				continue;
			if (r->scale.publish && n < PUBLISH_LEAST) {
				hidden += n;
				continue;
			}
			point = json_array();
			(void)json_array_append_new(point, users_volume(&r->scale, edge_of(x)));
			(void)json_array_append_new(
			    point, users_volume(&r->scale, edge_of(x + step)));
			(void)json_array_append_new(point, users_volume(&r->scale, edge_of(y)));
			(void)json_array_append_new(
			    point, users_volume(&r->scale, edge_of(y + step)));
			(void)json_array_append_new(point, json_integer(n));
			(void)json_array_append_new(points, point);
		}
	section_guide(f, "diagonal", "IN = OUT", 1, 1);
	if (r->scale.publish)
		section_caption(f,
		    "Users by their observed volumes, five cells a decade, each user moved by up "
		    "to "
		    "a quarter of a cell; %zu users in cells with fewer than %d are left out.",
		    hidden, PUBLISH_LEAST);
	else {
		section_caption(f,
		    "Users by their observed volumes, %d cells a decade; the outermost cells hold "
		    "what lies beyond, and users of whom one direction was not seen.",
		    CELLS_PER_TEN);
		section_guide(f, "line-y", "client-type below", r->client_line, r->client_line);
	}
	mark_clusters(r, f);
	free(cells);
}

/* ------------------------------------------------------------------ P9 */

static void
draw_ratio(const struct users_report *r, struct section_figure *f, unsigned d, bool corrected)
{
	static const double LAST[] = { 0.995, 0.999 };
	double least = fmin(
		   (double)r->periods[0].measures[d].seen, (double)r->periods[1].measures[d].seen),
	       x, se;
	json_t *points;

	if (!users_ratio(r, d, 0.5, corrected, &x, &se))
		return;
	points = section_series_drawn(f,
	    corrected ? (d == USERS_IN ? "IN, corrected" : "OUT, corrected")
		      : (d == USERS_IN ? "IN, observed" : "OUT, observed"),
	    d, corrected ? "line" : "dashed");
	for (unsigned i = 1; i <= 101; i += i < 99 ? 2 : 1) {
		double p = i <= 99 ? i / 100.0 : LAST[i - 100];
		json_t *point;
		/* Beyond the ten outermost users nothing is known of a quantile. */
		if (least * fmin(p, 1 - p) < 10 || !users_ratio(r, d, p, corrected, &x, &se))
			continue;
		point = json_array();
		(void)json_array_append_new(point, users_number(p));
		(void)json_array_append_new(point, users_number(exp(x)));
		/* Bands of both would hide each other. */
		if (corrected) {
			(void)json_array_append_new(point, users_number(exp(x - Z95 * se)));
			(void)json_array_append_new(point, users_number(exp(x + Z95 * se)));
		}
		(void)json_array_append_new(points, point);
	}
}

static void
draw_ratios(const struct users_report *r)
{
	struct section_figure *f =
	    section_figure(r->section, FIGURE_CURVE, "quantile-ratio", "Who grew");

	section_axis(f, 'x', "share of users below", "linear", "");
	section_axis(f, 'y', "volume now over volume then", "log", "");
	section_caption(f,
	    "Quantiles of the daily volume in %s over those in %s: light users to the left, heavy "
	    "ones to the right; with the 95 %% band of the corrected ratio.",
	    r->periods[0].name, r->periods[1].name);
	for (unsigned d = 0; d < USERS_DIRECTIONS; d++)
		for (int corrected = 1; corrected >= 0; corrected--)
			draw_ratio(r, f, d, corrected != 0);
	section_guide(f, "line-y", "no change", 1, 1);
}

void
users_figures(struct users_report *r)
{
	draw_density(r);
	draw_ccdf(r);
	draw_concentration(r);
	draw_scatter(r);
	if (r->period_count == 2)
		draw_ratios(r);
}
