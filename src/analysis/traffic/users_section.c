/* SPDX-License-Identifier: ISC */
/* The section of traffic/users: its text, and the order of things; see users.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/traffic/users.h"

#define SHARE_CHANGED 0.05 /* of octets: a service mix that differs by this much is another one */

const char *
users_direction_name(unsigned direction)
{
	return direction == USERS_IN ? "IN" : "OUT";
}

json_t *
users_number(double value)
{
	char text[40];

	if (!isfinite(value))
		return json_null();
	/* Six digits: more would be those of the C library, not of the data. */
	(void)snprintf(text, sizeof text, "%.6g", value);
	value = strtod(text, NULL);
	return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
							   : json_real(value);
}

json_t *
users_volume(const struct users_scale *scale, double octets)
{
	return users_number(octets / scale->unit);
}

json_t *
users_count(const struct users_scale *scale, double count)
{
	if (scale->publish && count < PUBLISH_LEAST)
		return json_null();
	return json_integer((json_int_t)count);
}

static char *
volume_text(const struct users_report *r, double octets, char *text, size_t size)
{
	if (r->scale.publish)
		(void)snprintf(text, size, "%.3g", octets / r->scale.unit);
	else
		(void)text_si(octets, "octets", text, size);
	return text;
}

/* ------------------------------------------------------------------ exporters */

/* Who sent the records of a period.  The table is another analysis's: where it is not, nothing is
 * known. */
static void
read_exporters(const struct users_report *r, struct users_period *p)
{
	struct result *result;
	size_t used = 0;

	if (query_run(r->context->store, &result, NULL,
		"SELECT hex(exporter) AS who, count(*) AS n FROM exporters WHERE window_begin >= "
		"%llu AND window_begin < %llu GROUP BY who ORDER BY who",
		analysis_ms(p->begin), analysis_ms(p->end)) != ERR_OK)
		return;
	while (result_next(result) && used < sizeof p->exporters)
		used += (size_t)snprintf(
		    p->exporters + used, sizeof p->exporters - used, "%s ", result_text(result, 0));
	result_free(result);
}

/* ------------------------------------------------------------------ text */

static void
say_users(const struct users_report *r)
{
	const struct users_period *p = &r->periods[0];
	char listed[32], seen[32];
	size_t out = p->measures[USERS_OUT].seen;

	(void)text_count((uint64_t)p->listed, listed, sizeof listed);
	(void)text_count(p->count, seen, sizeof seen);
	if (!p->whole)
		section_say(r->section,
		    "No whole local day lies in the period: volumes below are those of what was "
		    "recorded on %s, not of a day.",
		    p->name);
	else
		section_say(r->section, "Daily volumes are means over %zu whole day%s, %s.",
		    p->day_count, p->day_count == 1 ? "" : "s", p->name);
	if (p->listed > 0)
		section_say(r->section,
		    "Of %s listed users, traffic of %s was seen; %.3g %% of those who receive were "
		    "seen with at least %d packets, enough to tell their own volume within a "
		    "third.",
		    listed, seen,
		    out > 0 ? 100.0 * (double)p->measures[USERS_OUT].measurable / (double)out : 0.0,
		    USERS_MEASURABLE);
	else
		section_say(r->section,
		    "Traffic of %s users was seen.  How many there are is not known, because the "
		    "list of subscribers is not complete.",
		    seen);
}

static void
say_direction(const struct users_report *r, unsigned d)
{
	const struct users_measure *m = &r->periods[0].measures[d];
	const struct volume_fit *fit = users_fit(m);
	char mean[32], naive[32], corrected[32], low[32], high[32];
	double x, se, observed;

	if (m->seen == 0)
		return;
	observed = order_quantile(m->sorted, m->seen, 0.5).value;
	(void)volume_text(r, m->mean, mean, sizeof mean);
	(void)volume_text(r, observed, naive, sizeof naive);
	if (fit == NULL) {
		section_say(r->section,
		    "%s: mean %s, median %s of the users seen; too few users for a fit, so this is "
		    "not corrected for sampling.",
		    users_direction_name(d), mean, naive);
		return;
	}
	x = lognormal_mix_quantile(&fit->volume, 0.5);
	se = volume_fit_error(fit, lognormal_mix_quantile, 0.5);
	section_say(r->section,
	    "%s: mean %s, median %s (95 %% interval %s to %s) corrected for sampling; multiplying "
	    "what was seen gives %s, which is %.2f times as much.",
	    users_direction_name(d), mean, volume_text(r, exp(x), corrected, sizeof corrected),
	    volume_text(r, exp(x - 1.96 * se), low, sizeof low),
	    volume_text(r, exp(x + 1.96 * se), high, sizeof high), naive, observed / exp(x));
	if (m->inactive)
		section_say(r->section,
		    "More listed users are without %s traffic than the distribution of the others "
		    "explains: about %.0f seem to have had none.  The fit is of those who had.",
		    users_direction_name(d), fmax(r->periods[0].listed - m->active, 0));
}

static void
say_change(const struct users_report *r)
{
	double x, se;

	for (unsigned d = USERS_DIRECTIONS; d-- > 0;) {
		bool corrected = users_ratio(r, d, 0.5, true, &x, &se);
		if (!corrected && !users_ratio(r, d, 0.5, false, &x, &se))
			continue;
		section_say(r->section,
		    "The median %s is %.3g times that of %s (95 %% interval %.3g to %.3g%s).",
		    users_direction_name(d), exp(x), r->periods[1].name, exp(x - 1.96 * se),
		    exp(x + 1.96 * se), corrected ? "" : "; not corrected for sampling");
	}
}

/* ------------------------------------------------------------------ warnings */

static double
service_share(const struct users_period *p, const char *name, unsigned version)
{
	double part = 0, all = 0;

	for (size_t i = 0; i < p->service_count; i++) {
		double octets = p->services[i].octets[USERS_IN] + p->services[i].octets[USERS_OUT];
		all += octets;
		if (p->services[i].ip_version == version && strcmp(p->services[i].name, name) == 0)
			part += octets;
	}
	return all > 0 ? part / all : 0;
}

static void
warn_services(const struct users_report *r)
{
	for (unsigned k = 0; k < 2; k++)
		for (size_t i = 0; i < r->periods[k].service_count; i++) {
			const struct users_service *s = &r->periods[k].services[i];
			double a = service_share(&r->periods[0], s->name, s->ip_version);
			double b = service_share(&r->periods[1], s->name, s->ip_version);
			/* Said once: for the second period only what the first has not. */
			if (fabs(a - b) <= SHARE_CHANGED || (k == 1 && a > 0))
				continue;
			section_say(r->section,
			    "Warning: the mix of services differs between the periods: %s over "
			    "IPv%u "
			    "had %.1f %% of octets in %s and has %.1f %% in %s.",
			    s->name, s->ip_version, 100 * b, r->periods[1].name, 100 * a,
			    r->periods[0].name);
		}
}

/* What makes two periods hard to compare is said before anything is compared. */
static void
warn_change(const struct users_report *r)
{
	const struct users_period *a = &r->periods[0], *b = &r->periods[1];
	bool same = a->rate_count == b->rate_count;

	for (size_t i = 0; same && i < a->rate_count; i++)
		same = a->rates[i].sampling == b->rates[i].sampling;
	if (!same)
		section_say(r->section,
		    "Warning: the sampling rates of %s and %s differ.  Naive figures are not "
		    "comparable; those corrected for sampling are.",
		    b->name, a->name);
	if (strcmp(a->exporters, b->exporters) != 0)
		section_say(r->section,
		    "Warning: the records of %s and %s come from different exporters; part of any "
		    "change may be theirs.",
		    b->name, a->name);
	if (a->day_count != b->day_count || a->whole != b->whole)
		section_say(r->section,
		    "Warning: %s has %zu whole days and %s has %zu; weekdays and weekends differ.",
		    b->name, b->whole ? b->day_count : 0, a->name, a->whole ? a->day_count : 0);
	warn_services(r);
}

/* ------------------------------------------------------------------ quality and definition */

static void
tell_quality(const struct users_report *r, const struct users_period *p)
{
	double all = p->totals[0] + p->totals[1] + p->totals[2];

	for (size_t i = 0; i < p->rate_count; i++)
		if (p->rates[i].sampling == 0)
			section_quality(r->section,
			    "%s: %.3g packets came with no sampling rate and count as they are.",
			    p->name, p->rates[i].packets);
		else
			section_quality(r->section,
			    "%s: %.6g packets of users and others were seen at one in %" PRIu64 ".",
			    p->name, p->rates[i].packets, p->rates[i].sampling);
	if (p->rate_count == USERS_RATES)
		section_quality(r->section, "%s: further sampling rates are not listed.", p->name);
	if (all > 0)
		section_quality(r->section,
		    "%s: of the estimated octets %.4g %% belong to one user, %.4g %% went from "
		    "user "
		    "to user, and %.4g %% had no user at either end.",
		    p->name, 100 * p->totals[0] / all, 100 * p->totals[1] / all,
		    100 * p->totals[2] / all);
	if (p->totals[3] > 0)
		section_quality(r->section,
		    "%s: %.4g %% of the estimated octets belong to users for whom a window had no "
		    "room (setting users); they are in no figure of a user.",
		    p->name, 100 * p->totals[3] / all);
	section_quality(r->section, "%s: %zu day%s: %s.", p->name, p->day_count,
	    p->day_count == 1 ? "" : "s",
	    p->whole ? "each of their hours has records" : "not a whole one");
}

static void
define(const struct users_report *r)
{
	char client[32], heavy[32];

	section_define(r->section,
	    "IN is what comes from the user (upload), OUT what goes to the user (download), in "
	    "octets from the IP header on.  A flow belongs to the subscriber at one of its ends; "
	    "between two subscribers it is IN for one and OUT for the other.  A day begins at "
	    "midnight in %s; a daily volume is that of the period divided by its days.",
	    r->context->site->time_zone);
	section_define(r->section,
	    "Observed: sampled octets times the sampling rate, over the users of whom anything was "
	    "seen, as such reports are usually made.  Corrected: sampled packets are Poisson "
	    "around "
	    "a lognormal distribution (or a mixture of two, where the Bayesian information "
	    "criterion prefers it) that is fitted by maximum likelihood; octets follow from the "
	    "packet sizes of users with %d packets or more.  A mean needs no correction: what was "
	    "sampled, times the rate, over the users that are listed, is unbiased.  Intervals are "
	    "95 %%.",
	    PACKET_SIZE_LEAST);
	section_define(r->section,
	    "The mode of the log density is the peak of a histogram with logarithmic bins, the "
	    "mode "
	    "of the linear density the commonest volume.  Measurable: at least %d packets seen (a "
	    "relative error of about 32 %%); at %d packets it is about 10 %%.",
	    USERS_MEASURABLE, USERS_PRECISE);
	if (r->scale.publish)
		section_define(r->section,
		    "For publication, volumes are multiples of the median OUT, as observed, of %s; "
		    "what rests on fewer than %d users is left out.",
		    r->periods[r->period_count - 1].name, PUBLISH_LEAST);
	else
		section_define(r->section,
		    "Client-type: less than %s IN a day, heavy: more than %s, by the fit's "
		    "estimate "
		    "of each user.",
		    text_si(r->client_line, "octets", client, sizeof client),
		    text_si(r->heavy_line, "octets", heavy, sizeof heavy));
}

/* ------------------------------------------------------------------ putting together */

static enum err
read_periods(struct users_report *r, struct err_info *info)
{
	const struct section_context *c = r->context;
	enum err e = users_read(c, c->begin, c->end, &r->periods[0], info);

	r->period_count = 1;
	if (e != ERR_OK || c->compare_end <= c->compare_begin)
		return e;
	e = users_read(c, c->compare_begin, c->compare_end, &r->periods[1], info);
	if (e == ERR_OK && r->periods[1].count != 0)
		r->period_count = 2;
	return e == ERR_END ? ERR_OK : e;
}

static void
set_scale(struct users_report *r)
{
	const struct users_measure *m = &r->periods[r->period_count - 1].measures[USERS_OUT];

	r->scale = (struct users_scale){ .unit = 1, .type = "octets", .name = "octets" };
	if (!r->context->publish)
		return;
	r->scale = (struct users_scale){ true, 1, "number", "" };
	if (m->seen != 0)
		r->scale.unit = order_quantile(m->sorted, m->seen, 0.5).value;
}

static void
write_section(struct users_report *r)
{
	for (size_t i = 0; i < r->period_count; i++) {
		users_measure(&r->periods[i], r->client_line, r->heavy_line);
		read_exporters(r, &r->periods[i]);
	}
	set_scale(r);
	if (r->period_count == 2)
		warn_change(r);
	say_users(r);
	for (unsigned d = USERS_DIRECTIONS; d-- > 0;)
		say_direction(r, d);
	if (r->period_count == 2)
		say_change(r);
	else if (r->context->compare_end > r->context->compare_begin)
		section_say(r->section, "Nothing was recorded in the period to compare with.");
	users_figures(r);
	users_tables(r);
	define(r);
	for (size_t i = 0; i < r->period_count; i++)
		tell_quality(r, &r->periods[i]);
}

enum err
users_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct users_report r = {
		.context = c,
		.section = section,
		.client_line = (double)settings_size(c->settings, "client_line"),
		.heavy_line = (double)settings_size(c->settings, "heavy_line"),
	};
	enum err e = read_periods(&r, info);

	if (e == ERR_OK && r.periods[0].count == 0) {
		section_say(section,
		    "No user of the site was seen in the period: all of its traffic was between "
		    "addresses of nobody's.");
		define(&r);
	} else if (e == ERR_OK) {
		write_section(&r);
	}
	for (size_t i = 0; i < 2; i++)
		users_period_release(&r.periods[i]);
	return e;
}
