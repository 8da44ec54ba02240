/* SPDX-License-Identifier: ISC */
/* The section of traffic/services: the port table, its bars, and what they rest on. */
#include "analysis/traffic/services_section.h"

#include <math.h>
#include <stdio.h>

#include "net/subscribers.h"

#define SIGNIFICANT 2 /* standard errors */

/* The two periods, the rows, and which columns there are. */
struct view {
	const struct section_context *c;
	struct services_rows rows;
	struct services_period now, earlier;
	bool compared, clients;
};

/* A column may be shown: when published, only of enough users. */
static bool
is_shown(const struct view *v, const struct services_column *column, size_t row)
{
	if (!v->c->publish || v->now.panel <= 0)
		return true;
	return column->users[row] == 0 || column->users[row] >= PUBLISH_LEAST;
}

static json_t *
share_json(const struct view *v, const struct services_column *column, size_t row, bool error)
{
	double se, share = services_share(column, row, &se);

	if (column->total <= 0 || !is_shown(v, column, row))
		return json_null();
	return json_real(error ? SIGNIFICANT * se : share);
}

/* The change in points, and whether it is more than chance. */
static void
change_json(const struct view *v, const struct services_column *now,
    const struct services_column *before, size_t row, json_t **ret_points, json_t **ret_verdict)
{
	double se_now, se_before;
	double change = services_share(now, row, &se_now) - services_share(before, row, &se_before);
	double se = sqrt(se_now * se_now + se_before * se_before);

	*ret_points = *ret_verdict = NULL;
	if (now->total <= 0 || before->total <= 0 || !is_shown(v, now, row) ||
	    !is_shown(v, before, row))
		return;
	*ret_points = json_real(100 * change);
	*ret_verdict = json_string(fabs(change) < SIGNIFICANT * se || change == 0 ? "n.s." : "yes");
}

static const struct section_column COLUMNS[] = {
	{ "service", "Service", "text", "" },
	{ "share", "Share, all", "share", "" },
	{ "share_error", "± 2 se", "share", "" },
	{ "client_share", "Share, client-type", "share", "" },
	{ "client_share_error", "± 2 se", "share", "" },
	{ "earlier_share", "Earlier, all", "share", "" },
	{ "earlier_share_error", "± 2 se", "share", "" },
	{ "earlier_client_share", "Earlier, client-type", "share", "" },
	{ "earlier_client_share_error", "± 2 se", "share", "" },
	{ "change_points", "Change, all (points)", "number", "" },
	{ "change_significant", "Significant", "text", "" },
	{ "client_change_points", "Change, client-type (points)", "number", "" },
	{ "client_change_significant", "Significant", "text", "" },
};

#define ONE_PERIOD 5 /* of COLUMNS */

static bool
is_empty(const struct view *v, size_t row)
{
	return v->now.all.octets[row] <= 0 && v->earlier.all.octets[row] <= 0;
}

static void
put_row(const struct view *v, struct section_table *t, size_t row)
{
	const struct services_period *a = &v->earlier, *b = &v->now;
	json_t *cells[ONE_PERIOD] = { json_string(v->rows.list[row].name),
		share_json(v, &b->all, row, false), share_json(v, &b->all, row, true),
		share_json(v, &b->client, row, false), share_json(v, &b->client, row, true) };
	json_t *change, *verdict, *client_change, *client_verdict;

	if (!v->compared) {
		section_row(t, cells[0], cells[1], cells[2], cells[3], cells[4], NULL);
		return;
	}
	change_json(v, &b->all, &a->all, row, &change, &verdict);
	change_json(v, &b->client, &a->client, row, &client_change, &client_verdict);
#define OR_NULL(j) ((j) != NULL ? (j) : json_null())
	section_row(t, cells[0], cells[1], cells[2], cells[3], cells[4],
	    share_json(v, &a->all, row, false), share_json(v, &a->all, row, true),
	    share_json(v, &a->client, row, false), share_json(v, &a->client, row, true),
	    OR_NULL(change), OR_NULL(verdict), OR_NULL(client_change), OR_NULL(client_verdict),
	    NULL);
#undef OR_NULL
}

static void
port_table(const struct view *v, struct section *section)
{
	struct section_table *t = section_table(section, "ports", "Traffic by class of service",
	    COLUMNS, v->compared ? ARRAY_COUNT(COLUMNS) : ONE_PERIOD);

	for (size_t row = 0; row < v->rows.count; row++)
		if (!is_empty(v, row))
			put_row(v, t, row);
	section_table_note(t,
	    "Shares of all octets in and out together. The rows TCP, UDP and those that end in "
	    "\"below 1024\" or \"and above\" add up the rows below them.");
	if (v->compared)
		section_table_note(t,
		    "A change is significant (\"yes\") when it is at least twice its standard "
		    "error; otherwise \"n.s.\".");
	if (v->clients && v->c->publish)
		section_table_note(t, "Cells of fewer than %d users are left out.", PUBLISH_LEAST);
}

static void
bar_series(const struct view *v, struct section_figure *f, const char *name,
    const struct services_column *column)
{
	json_t *points;

	if (column->total <= 0)
		return;
	points = section_series(f, name);
	for (size_t row = 0; row < v->rows.count; row++) {
		double se, share = services_share(column, row, &se);
		if (v->rows.list[row].total || is_empty(v, row) || !is_shown(v, column, row))
			continue;
		json_array_append_new(points,
		    json_pack("[s,f,f,f]", v->rows.list[row].name, share,
			fmax(0, share - SIGNIFICANT * se), fmin(1, share + SIGNIFICANT * se)));
	}
}

static void
port_bars(const struct view *v, struct section *section)
{
	struct section_figure *f =
	    section_figure(section, FIGURE_BARS, "ports", "Overview of services");

	section_axis(f, 'x', "service", "category", "");
	section_axis(f, 'y', "share of octets", "linear", "share");
	section_caption(f, "Shares of all octets in and out; rules are ± 2 standard errors.");
	if (v->compared)
		bar_series(v, f, "earlier, all", &v->earlier.all);
	if (v->compared && v->clients)
		bar_series(v, f, "earlier, client-type", &v->earlier.client);
	bar_series(v, f, "all", &v->now.all);
	if (v->clients)
		bar_series(v, f, "client-type", &v->now.client);
}

/* The rows that the words name. */
static void
say_row(const struct view *v, struct section *section, const char *name)
{
	for (size_t row = 0; row < v->rows.count; row++) {
		double se, before_se, share, before;
		if (strcmp(v->rows.list[row].name, name) != 0 || is_empty(v, row))
			continue;
		share = services_share(&v->now.all, row, &se);
		if (!v->compared) {
			section_say(section, "%s made %.1f %% (± %.1f) of the octets.", name,
			    100 * share, 100 * SIGNIFICANT * se);
			return;
		}
		before = services_share(&v->earlier.all, row, &before_se);
		section_say(section,
		    "%s went from %.1f %% (± %.1f) to %.1f %% (± %.1f) of the octets%s.", name,
		    100 * before, 100 * SIGNIFICANT * before_se, 100 * share,
		    100 * SIGNIFICANT * se,
		    fabs(share - before) < SIGNIFICANT * sqrt(se * se + before_se * before_se)
			? ", which is not significant"
			: "");
		return;
	}
}

static void
say_clients(const struct view *v, struct section *section)
{
	const struct services_period *p = &v->now;
	char clients[32], users[32], near[32], limit[32];

	if (!v->clients)
		return;
	if (v->c->publish && p->client.member_count < PUBLISH_LEAST)
		return;
	section_say(section,
	    "%s of %s users%s are client-type: they sent less than %s a day. %s users are within "
	    "two standard deviations of that line.",
	    text_count(p->client.member_count, clients, sizeof clients),
	    text_count(p->all.member_count, users, sizeof users),
	    p->panel < 1 ? " of the panel" : "",
	    text_si((double)settings_size(v->c->settings, "client_limit"), "octets", limit,
		sizeof limit),
	    text_count(p->near_limit, near, sizeof near));
}

static void
define(const struct view *v, struct section *section)
{
	section_define(section,
	    "Traffic is in (from the user, upload) or out (to the user, download). The port of a "
	    "TCP or UDP record is the smaller of its two; below 1024 it is well known, and where "
	    "both are 1024 or more the record is dynamic. UDP 443 is QUIC. Octets are L3, times "
	    "the sampling rate of each record; a record that lasts over several hours is spread "
	    "linearly.");
	section_define(section,
	    "The standard error of a share s is sqrt((1-s)^2 V(class) + s^2 V(others)) over the "
	    "total, where V is the sum of N(N-1) B^2/k over the records, for 1 in N sampling and "
	    "records of B octets in k packets: the variance by sampling alone, which is exact "
	    "for records of one packet and otherwise a lower bound.");
	if (!v->clients)
		return;
	section_define(section,
	    "A client-type user sent less than the limit a day, on the mean over the local days "
	    "of the period.");
	if (v->now.panel < 1)
		section_define(section,
		    "Users are a random sample of %.3g %% of all; the errors of client-type "
		    "shares hold that choice (a ratio estimate over users, Cochran 1977, section "
		    "6.4, with its finite population correction).",
		    100 * v->now.panel);
}

static void
qualify_subscribers(const struct view *v, struct section *section)
{
	const struct subscribers_report *r;

	if (v->c->site->subscribers == NULL) {
		section_quality(section,
		    "No subscribers are known (site.subscribers, site.customer_pools): there is no "
		    "column of client-type users%s.",
		    v->c->site->own_prefix_count == 0 ? ", and directions are unknown" : "");
		return;
	}
	r = subscribers_report(v->c->site->subscribers);
	if (!r->protected)
		section_quality(section, "Pseudonyms are not protected: there is no key_file, so "
					 "whoever has them can try identities.");
	if (r->bad_rows + r->overlaps != 0)
		section_quality(section,
		    "The lists of subscribers have %llu rows that could not be used and %llu "
		    "overlaps%s%s.",
		    (unsigned long long)r->bad_rows, (unsigned long long)r->overlaps,
		    v->c->publish || r->message_count == 0 ? "" : "; the first: ",
		    v->c->publish || r->message_count == 0 ? "" : r->messages[0]);
}

static void
qualify(const struct view *v, struct section *section)
{
	const struct services_period *p = &v->now;
	char refused[32];

	export_facts_qualify(v->c, &p->facts, section);
	if (p->unmatched > 0)
		section_quality(section, "%.2f %% of all octets are nobody's and left out here.",
		    100 * p->unmatched / (p->unmatched + p->all.total));
	if (p->refused != 0)
		section_quality(section,
		    "Users' sums found no room for %s (setting cells): the client-type columns "
		    "lack them.",
		    text_si((double)p->refused, "sampled octets", refused, sizeof refused));
	if (p->refused_totals != 0)
		section_quality(section, "Sums found no room for %s: all figures lack them.",
		    text_si((double)p->refused_totals, "sampled octets", refused, sizeof refused));
	if (v->compared && (p->facts.sampling_least != v->earlier.facts.sampling_least ||
			       p->facts.sampling_most != v->earlier.facts.sampling_most))
		section_quality(section,
		    "Warning: the sampling rates of the two periods differ "
		    "(1 in %u to %u, earlier 1 in %u to %u).",
		    p->facts.sampling_least, p->facts.sampling_most,
		    v->earlier.facts.sampling_least, v->earlier.facts.sampling_most);
	qualify_subscribers(v, section);
}

static enum err
read_view(struct view *v, struct err_info *info)
{
	const struct section_context *c = v->c;
	enum err e;

	v->now.begin = c->begin;
	v->now.end = c->end;
	v->earlier.begin = c->compare_begin;
	v->earlier.end = c->compare_end;
	e = services_read_totals(c, &v->now, info);
	if (e == ERR_OK && c->compare_end > c->compare_begin) {
		e = services_read_totals(c, &v->earlier, info);
		v->compared = e == ERR_OK;
		e = e == ERR_END ? ERR_OK : e;
	}
	if (e != ERR_OK)
		return e;
	services_choose_rows(&v->now, v->compared ? &v->earlier : NULL, &v->rows);
	e = services_read_users(c, &v->rows, &v->now, info);
	if (e == ERR_OK && v->compared)
		e = services_read_users(c, &v->rows, &v->earlier, info);
	v->clients = v->now.all.member_count > 0;
	return e;
}

enum err
services_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct view v = { .c = c };
	enum err e = read_view(&v, info);

	if (e == ERR_OK) {
		say_row(&v, section, "TCP");
		say_row(&v, section, "tcp/80 (http)");
		say_row(&v, section, "tcp/443 (https)");
		say_row(&v, section, "udp/443 (quic)");
		say_row(&v, section, "tcp 1024 and above");
		say_clients(&v, section);
		define(&v, section);
		port_table(&v, section);
		port_bars(&v, section);
		e = services_profile(c, &v.now, section, info);
	}
	if (e == ERR_OK)
		qualify(&v, section);
	services_period_release(&v.now);
	services_period_release(&v.earlier);
	return e;
}
