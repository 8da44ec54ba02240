/* SPDX-License-Identifier: ISC */
/* The tables of the users' section: T1 and T2 of the broadband report, and T4. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/traffic/users.h"

#define Z95 1.959963985

typedef double users_of_fn(const struct lognormal_mix *volume, double argument);

/* A volume with its interval. */
struct told {
	double value, low, high;
};

static const struct told UNKNOWN = { NAN, NAN, NAN };

static struct told
told_order(const struct order_estimate *e)
{
	return (struct told){ e->value, e->low, e->high };
}

static struct told
told_log(double log_value, double error)
{
	return (struct told){ exp(log_value), exp(log_value - Z95 * error),
		exp(log_value + Z95 * error) };
}

/* Something of the fit that is ln of a volume. */
static struct told
told_fit(const struct volume_fit *fit, users_of_fn *of, double argument)
{
	if (fit == NULL)
		return UNKNOWN;
	return told_log(of(&fit->volume, argument), volume_fit_error(fit, of, argument));
}

/* ------------------------------------------------------------------ T1 */

static const struct section_column USER_COLUMNS[] = {
	{ "period", "Period", "text", "" },
	{ "direction", "Direction", "text", "" },
	{ "listed", "Listed", "count", "users" },
	{ "seen", "Seen", "count", "users" },
	{ "measurable", "Measurable", "count", "users" },
	{ "active", "Active, estimated", "count", "users" },
	{ "active_error", "± of it", "count", "users" },
};

static void
users_table(const struct users_report *r)
{
	struct section_table *t =
	    section_table(r->section, "users", "Users", USER_COLUMNS, ARRAY_COUNT(USER_COLUMNS));

	for (size_t i = 0; i < r->period_count; i++)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
			const struct users_period *p = &r->periods[i];
			const struct users_measure *m = &p->measures[d];
			bool known = m->active > 0;
			section_row(t, json_string(p->name), json_string(users_direction_name(d)),
			    p->listed > 0 ? users_count(&r->scale, p->listed) : json_null(),
			    users_count(&r->scale, (double)m->seen),
			    users_count(&r->scale, (double)m->measurable),
			    known ? users_number(round(m->active)) : json_null(),
			    known ? users_number(ceil(m->active_error)) : json_null(), NULL);
		}
	section_table_note(t,
	    "Seen: at least one packet.  Measurable: at least %d.  Active: the users that the fit "
	    "to those who were seen says there are, with one standard error.",
	    USERS_MEASURABLE);
}

/* Of which period and direction a row is. */
struct place {
	size_t period;
	unsigned d;
};

static void
measure_row(const struct users_report *r, struct section_table *t, struct place at,
    const char *measure, struct told naive, struct told corrected)
{
	const struct users_scale *s = &r->scale;

	section_row(t, json_string(r->periods[at.period].name),
	    json_string(users_direction_name(at.d)), json_string(measure),
	    users_volume(s, naive.value), users_volume(s, naive.low), users_volume(s, naive.high),
	    users_volume(s, corrected.value), users_volume(s, corrected.low),
	    users_volume(s, corrected.high), NULL);
}

static void
columns_of(const struct users_report *r, const char *name, const char *title,
    struct section_column columns[9])
{
	static const struct section_column HEAD[] = {
		{ "period", "Period", "text", "" },
		{ "direction", "Direction", "text", "" },
		{ "", "", "text", "" },
		{ "naive", "Observed", "", "" },
		{ "naive_low", "low", "", "" },
		{ "naive_high", "high", "", "" },
		{ "corrected", "Corrected", "", "" },
		{ "corrected_low", "low", "", "" },
		{ "corrected_high", "high", "", "" },
	};

	memcpy(columns, HEAD, sizeof HEAD);
	columns[2].name = name;
	columns[2].title = title;
	for (size_t i = 3; i < ARRAY_COUNT(HEAD); i++) {
		columns[i].type = r->scale.type;
		columns[i].unit = r->scale.name;
	}
}

static void
distribution_rows(const struct users_report *r, struct section_table *t, struct place at)
{
	const struct users_measure *m = &r->periods[at.period].measures[at.d];
	const struct volume_fit *fit = users_fit(m);
	struct told mean = { m->mean, m->mean - Z95 * m->mean_error,
		m->mean + Z95 * m->mean_error };
	struct told sampled = { m->mean, m->mean - Z95 * m->mean_sampling_error,
		m->mean + Z95 * m->mean_sampling_error };
	struct order_estimate median = order_quantile(m->sorted, m->seen, 0.5);

	/* Unbiased as it is; a model's mean would hang on its tail. */
	measure_row(r, t, at, "mean", mean, UNKNOWN);
	measure_row(r, t, at, "mean of just these users", sampled, UNKNOWN);
	measure_row(
	    r, t, at, "median", told_order(&median), told_fit(fit, lognormal_mix_quantile, 0.5));
	measure_row(r, t, at, "mode, log density",
	    m->has_mode[LOG_MODE_LOG]
		? told_log(log(m->mode[LOG_MODE_LOG].value), m->mode[LOG_MODE_LOG].error)
		: UNKNOWN,
	    told_fit(fit, volume_fit_log_mode, 0));
	measure_row(r, t, at, "mode, linear density",
	    m->has_mode[LOG_MODE_LINEAR]
		? told_log(log(m->mode[LOG_MODE_LINEAR].value), m->mode[LOG_MODE_LINEAR].error)
		: UNKNOWN,
	    told_fit(fit, volume_fit_linear_mode, 0));
}

static void
distribution_table(const struct users_report *r)
{
	struct section_column columns[9];
	struct section_table *t;

	columns_of(r, "measure", "Measure", columns);
	t = section_table(r->section, "distribution", "Daily volume of a user", columns, 9);
	for (size_t i = 0; i < r->period_count; i++)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++)
			if (r->periods[i].measures[d].seen != 0)
				distribution_rows(r, t, (struct place){ i, d });
	section_table_note(t,
	    "Means are over the users that are listed, or else seen.  The interval of the first "
	    "row "
	    "takes the users as a sample of such users; that of the second takes them as they are "
	    "and holds the sampling of packets alone.  The corrected mean is the fit's, which "
	    "rests "
	    "on its tail: the observed one is not biased and the better figure.");
}

static void
quantile_table(const struct users_report *r)
{
	struct section_column columns[9];
	struct section_table *t;

	columns_of(r, "below", "Users below", columns);
	columns[2].type = "share";
	t = section_table(r->section, "quantiles", "Quantiles of the daily volume", columns, 9);
	for (size_t i = 0; i < r->period_count; i++)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
			const struct users_measure *m = &r->periods[i].measures[d];
			for (unsigned k = 0; k < USERS_QUANTILES && m->seen != 0; k++) {
				double p = USERS_QUANTILE_SHARES[k];
				struct order_estimate q = order_quantile(m->sorted, m->seen, p);
				struct told naive = told_order(&q);
				struct told fit = told_fit(users_fit(m), lognormal_mix_quantile, p);
				const struct users_scale *s = &r->scale;
				if (s->publish && (double)m->seen * fmin(p, 1 - p) < PUBLISH_LEAST)
					naive = UNKNOWN;
				section_row(t, json_string(r->periods[i].name),
				    json_string(users_direction_name(d)), users_number(p),
				    users_volume(s, naive.value), users_volume(s, naive.low),
				    users_volume(s, naive.high), users_volume(s, fit.value),
				    users_volume(s, fit.low), users_volume(s, fit.high), NULL);
			}
		}
}

static void
component_row(const struct users_report *r, struct section_table *t, struct place at,
    const struct volume_fit *fit, unsigned c, bool believed)
{
	const struct pln_fit *p = &fit->packets;
	double weight_error =
	    sqrt(p->covariance[PLN_WEIGHT][PLN_WEIGHT]) * p->weight[0] * (1 - p->weight[0]);
	double sigma_error = volume_fit_error(fit, volume_fit_sigma, c);

	section_row(t, json_string(r->periods[at.period].name),
	    json_string(users_direction_name(at.d)),
	    json_string(fit->volume.components == 1 ? "one"
			: c == 0                    ? "two: lower"
						    : "two: upper"),
	    json_string(believed ? "yes" : "no"), users_number(fit->volume.weight[c]),
	    fit->volume.components == 1 ? json_null() : users_number(weight_error),
	    users_volume(&r->scale, exp(fit->volume.mu[c])), users_number(fit->volume.sigma[c]),
	    users_number(sigma_error), users_number(p->bic), NULL);
}

static void
component_table(const struct users_report *r)
{
	const struct section_column columns[] = {
		{ "period", "Period", "text", "" },
		{ "direction", "Direction", "text", "" },
		{ "component", "Component", "text", "" },
		{ "used", "Used", "text", "" },
		{ "weight", "Share of users", "share", "" },
		{ "weight_error", "± of it", "share", "" },
		{ "median", "Median", r->scale.type, r->scale.name },
		{ "sigma", "σ", "number", "" },
		{ "sigma_error", "± of it", "number", "" },
		{ "bic", "BIC", "number", "" },
	};
	struct section_table *t = section_table(r->section, "components",
	    "Lognormal components of the fit", columns, ARRAY_COUNT(columns));

	for (size_t i = 0; i < r->period_count; i++)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
			const struct users_measure *m = &r->periods[i].measures[d];
			if (m->has_fit)
				component_row(r, t, (struct place){ i, d }, &m->one, 0,
				    users_fit(m) == &m->one);
			for (unsigned c = 0; m->has_two && c < 2; c++)
				component_row(r, t, (struct place){ i, d }, &m->two, c,
				    users_fit(m) == &m->two);
			if (m->seen != 0)
				section_table_note(t, "%s, %s: σ as observed is %.3f%s.",
				    r->periods[i].name, users_direction_name(d), m->naive_sigma,
				    m->has_fit ? "" : "; too few users, or too alike, for a fit");
		}
	section_table_note(t,
	    "σ is the standard deviation of the natural logarithm, ± one standard error.  The fit "
	    "with the lower BIC is used.");
}

/* ------------------------------------------------------------------ T2, kinds, T4 */

static void
concentration_row(const struct users_report *r, struct section_table *t, size_t period, unsigned d,
    const char *what, const struct order_estimate *e)
{
	section_row(t, json_string(r->periods[period].name), json_string(users_direction_name(d)),
	    json_string(what), users_number(e->value), users_number(fmax(e->low, 0)),
	    users_number(fmin(e->high, 1)), NULL);
}

static void
concentration_table(const struct users_report *r)
{
	static const struct section_column COLUMNS[] = {
		{ "period", "Period", "text", "" },
		{ "direction", "Direction", "text", "" },
		{ "users", "Users", "text", "" },
		{ "share", "Share of octets", "share", "" },
		{ "low", "low", "share", "" },
		{ "high", "high", "share", "" },
	};
	struct section_table *t = section_table(r->section, "concentration",
	    "Concentration on few users", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < r->period_count; i++)
		for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
			const struct users_measure *m = &r->periods[i].measures[d];
			double n = fmax((double)m->seen, r->periods[i].listed);
			for (unsigned k = 0; k < USERS_TOPS && m->seen != 0; k++) {
				char what[32];
				(void)snprintf(
				    what, sizeof what, "top %g %%", 100 * USERS_TOP_SHARES[k]);
				if (!r->scale.publish || n * USERS_TOP_SHARES[k] >= PUBLISH_LEAST)
					concentration_row(r, t, i, d, what, &m->top[k]);
			}
			if (m->seen != 0)
				concentration_row(r, t, i, d, "Gini index", &m->gini);
			if (m->tail.value > 0)
				section_table_note(t,
				    "%s, %s: the CCDF of the top 1 %% falls with a slope of %.2f ± "
				    "%.2f (Hill).  That is a description, not a claim that it is a "
				    "power law.",
				    r->periods[i].name, users_direction_name(d), -m->tail.value,
				    m->tail.error);
		}
	section_table_note(t, "Of the users that are listed, or else seen.  Sampling leaves these "
			      "shares as they are, "
			      "within 0.1 points in simulations of 20,000 users at one in 16384.");
}

static void
kind_table(const struct users_report *r)
{
	static const struct section_column COLUMNS[] = {
		{ "period", "Period", "text", "" },
		{ "client_type", "Client-type", "count", "users" },
		{ "share", "Share of users", "share", "" },
		{ "near_the_line", "Within ± 2 sd of the line", "count", "users" },
		{ "heavy", "Heavy", "count", "users" },
		{ "heavy_share", "Their share of IN", "share", "" },
	};
	struct section_table *t;

	/* Lines in octets would give the scale away. */
	if (r->scale.publish)
		return;
	t = section_table(
	    r->section, "types", "Client-type and heavy users", COLUMNS, ARRAY_COUNT(COLUMNS));
	for (size_t i = 0; i < r->period_count; i++) {
		const struct users_period *p = &r->periods[i];
		double n = fmax((double)p->count, p->listed);
		section_row(t, json_string(p->name), users_number((double)p->client),
		    users_number((double)p->client / n), users_number((double)p->near_client),
		    users_number((double)p->heavy), users_number(p->heavy_share), NULL);
	}
	section_table_note(t,
	    "A user whose estimate lies within two standard deviations of the line may be on its "
	    "other side.  Users of whom nothing was seen are as the fit thinks of them.");
}

static double
service_total(const struct users_period *p, unsigned d)
{
	double sum = 0;

	for (size_t i = 0; i < p->service_count; i++)
		sum += p->services[i].octets[d];
	return sum;
}

static json_t *
share_of(double part, double whole)
{
	return whole > 0 ? users_number(part / whole) : json_null();
}

static void
service_table(const struct users_report *r)
{
	const struct section_column columns[] = {
		{ "period", "Period", "text", "" },
		{ "service", "Service", "text", "" },
		{ "ip_version", "IP version", "text", "" },
		{ "users", "Users seen", "count", "users" },
		{ "in", "IN a day", r->scale.type, r->scale.name },
		{ "in_error", "± of it", r->scale.type, r->scale.name },
		{ "in_share", "Share of IN", "share", "" },
		{ "out", "OUT a day", r->scale.type, r->scale.name },
		{ "out_error", "± of it", r->scale.type, r->scale.name },
		{ "out_share", "Share of OUT", "share", "" },
	};
	struct section_table *t = section_table(
	    r->section, "services", "Service and IP version", columns, ARRAY_COUNT(columns));

	for (size_t i = 0; i < r->period_count; i++)
		for (size_t k = 0; k < r->periods[i].service_count; k++) {
			const struct users_period *p = &r->periods[i];
			const struct users_service *s = &p->services[k];
			bool told = !r->scale.publish || s->users >= PUBLISH_LEAST;
			json_t *cells[6];
			for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
				double o = told ? s->octets[d] : NAN;
				cells[(size_t)3 * d] = users_volume(&r->scale, o);
				cells[(size_t)3 * d + 1] =
				    users_volume(&r->scale, told ? sqrt(s->variance[d]) : NAN);
				cells[(size_t)3 * d + 2] = share_of(o, service_total(p, d));
			}
			section_row(t, json_string(p->name), json_text(s->name, strlen(s->name)),
			    json_string(s->ip_version == 6 ? "IPv6" : "IPv4"),
			    users_count(&r->scale, (double)s->users), cells[0], cells[1], cells[2],
			    cells[3], cells[4], cells[5], NULL);
		}
	section_table_note(t, "± one standard error of the sampling of packets.");
}

/* ------------------------------------------------------------------ comparison */

static void
comparison_table(const struct users_report *r)
{
	static const struct section_column COLUMNS[] = {
		{ "direction", "Direction", "text", "" },
		{ "measure", "Measure", "text", "" },
		{ "ratio", "Ratio", "number", "" },
		{ "low", "low", "number", "" },
		{ "high", "high", "number", "" },
		{ "paired_users", "Users in both", "count", "users" },
	};
	struct section_table *t = section_table(r->section, "comparison",
	    "The period against the one it is compared with", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (unsigned d = 0; d < USERS_DIRECTIONS; d++) {
		const struct users_measure *a = &r->periods[0].measures[d];
		const struct users_measure *b = &r->periods[1].measures[d];
		double paired = (double)users_paired(r, d), x, se;
		if (a->seen != 0 && b->seen != 0) {
			se =
			    sqrt(pow(a->mean_error / a->mean, 2) + pow(b->mean_error / b->mean, 2));
			x = a->mean / b->mean;
			section_row(t, json_string(users_direction_name(d)), json_string("mean"),
			    users_number(x), users_number(x * exp(-Z95 * se)),
			    users_number(x * exp(Z95 * se)), users_count(&r->scale, paired), NULL);
		}
		for (unsigned corrected = 0; corrected < 2; corrected++) {
			if (!users_ratio(r, d, 0.5, corrected, &x, &se))
				continue;
			section_row(t, json_string(users_direction_name(d)),
			    json_string(corrected ? "median, corrected" : "median, observed"),
			    users_number(exp(x)), users_number(exp(x - Z95 * se)),
			    users_number(exp(x + Z95 * se)), users_count(&r->scale, paired), NULL);
		}
	}
	section_table_note(t,
	    "Intervals of medians take into account that users who are in both periods, under the "
	    "same pseudonym, vary together; that of the mean takes the periods as independent.");
}

void
users_tables(struct users_report *r)
{
	users_table(r);
	distribution_table(r);
	quantile_table(r);
	component_table(r);
	if (r->period_count == 2)
		comparison_table(r);
	concentration_table(r);
	kind_table(r);
	service_table(r);
}
