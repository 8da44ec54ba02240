/* SPDX-License-Identifier: ISC */
/* Sums of dns/overview over the review's period; see overview_facts.h. */
#include "analysis/dns/overview_facts.h"

#include <stdio.h>
#include <string.h>

#include "analysis/dns/overview_counts.h"
#include "stat/sparse_counts.h"

#define MOST_BINS 300 /* in a figure */

/* Messages that must have been seen before a clock is called coarse, and how coarse it must be to
 * matter. */
#define CLOCK_MESSAGES 1000
#define CLOCK_COARSE   (10 * NSEC_PER_US)

unsigned
overview_view(const char *name)
{
	unsigned v = 0;

	while (v + 1 < DNS_VIEW_COUNT && strcmp(dns_view_name((enum dns_view)v), name) != 0)
		v++;
	return v;
}

const char *
overview_series(
    const struct overview_facts *f, const char *view, const char *name, char *text, size_t size)
{
	if (f->view_count <= 1)
		(void)snprintf(text, size, "%s", name);
	else
		(void)snprintf(text, size, "%s %s", view, name);
	return text;
}

static uint64_t
bin_width(const struct section_context *c)
{
	static const uint64_t WIDTHS[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200,
		21600, 43200, 86400 };
	uint64_t least = (uint64_t)(settings_duration(c->settings, "resolution") / NSEC_PER_SEC);

	for (size_t i = 0; i < ARRAY_COUNT(WIDTHS); i++) {
		int64_t width = (int64_t)WIDTHS[i] * NSEC_PER_SEC;
		if (WIDTHS[i] >= least &&
		    floor_div(c->last, width) - floor_div(c->first, width) < MOST_BINS)
			return WIDTHS[i];
	}
	return WIDTHS[ARRAY_COUNT(WIDTHS) - 1];
}

static unsigned
kind_of(const char *name)
{
	unsigned k = 0;

	while (k + 1 < OVERVIEW_KINDS && strcmp(overview_kind_names[k], name) != 0)
		k++;
	return k;
}

static enum err
read_kinds(const struct section_context *c, struct overview_facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, kind AS k, sum(messages) AS m, sum(octets) AS o FROM dns_messages "
	    "WHERE" PERIOD_SQL "GROUP BY v, k ORDER BY v, k",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct view_facts *view = &f->views[overview_view(result_text(r, 0))];
		unsigned kind = kind_of(result_text(r, 1));
		view->kinds[kind] += result_u64(r, 2);
		f->all.kinds[kind] += result_u64(r, 2);
		if (kind == OVERVIEW_QUERY || kind == OVERVIEW_RESPONSE) {
			view->octets += result_u64(r, 3);
			f->all.octets += result_u64(r, 3);
		}
	}
	result_free(r);
	return ERR_OK;
}

static void
note_flag(struct view_facts *view, bool response, uint64_t value, uint64_t messages)
{
	unsigned all = response ? (unsigned)RESPONSE_FLAGS : (unsigned)QUERY_FLAGS;
	uint64_t *flags = response ? view->response_flag : view->query_flag;

	if (value < all)
		flags[value] += messages;
	else if (response)
		view->response_flags += messages;
	else
		view->query_flags += messages;
}

static enum err
read_flags(const struct section_context *c, struct overview_facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, dimension AS d, value AS x, sum(messages) AS m FROM dns_counts "
	    "WHERE" PERIOD_SQL "AND dimension IN ('query_flag', 'response_flag', 'match') GROUP BY "
	    "v, d, x ORDER BY v, d, x",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct view_facts *view = &f->views[overview_view(result_text(r, 0))];
		uint64_t value = result_u64(r, 2), messages = result_u64(r, 3);
		if (result_text(r, 1)[0] == 'm') {
			if (value < DNS_MATCH_COUNT) {
				view->matches[value] += messages;
				f->all.matches[value] += messages;
			}
			continue;
		}
		note_flag(view, result_text(r, 1)[0] == 'r', value, messages);
		note_flag(&f->all, result_text(r, 1)[0] == 'r', value, messages);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
read_clocks(const struct section_context *c, struct overview_facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT view AS v, min(granularity) AS g FROM dns_clocks WHERE" PERIOD_SQL
	    "GROUP BY v, producer, input HAVING sum(messages) >= %u ORDER BY v, g",
	    PERIOD_ARGS(c), CLOCK_MESSAGES);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct view_facts *view = &f->views[overview_view(result_text(r, 0))];
		nsec_t step = (nsec_t)result_u64(r, 1);
		if (step >= CLOCK_COARSE && step > view->granularity)
			view->granularity = step;
	}
	result_free(r);
	return ERR_OK;
}

enum err
overview_facts_read(
    const struct section_context *c, struct overview_facts *ret_facts, struct err_info *info)
{
	struct overview_facts *f = ret_facts;
	uint64_t seen = 0;
	enum err e;

	*f = (struct overview_facts){ .top = settings_u64(c->settings, "top") };
	e = read_kinds(c, f, info);
	if (e == ERR_OK)
		e = read_flags(c, f, info);
	if (e == ERR_OK)
		e = read_clocks(c, f, info);
	if (e != ERR_OK)
		return e;
	for (unsigned k = 0; k < OVERVIEW_KINDS; k++)
		seen += f->all.kinds[k];
	for (unsigned v = 0; v < DNS_VIEW_COUNT; v++)
		f->view_count +=
		    f->views[v].kinds[OVERVIEW_QUERY] + f->views[v].kinds[OVERVIEW_RESPONSE] != 0;
	f->width = bin_width(c);
	return seen != 0 ? ERR_OK : ERR_END;
}

enum err
overview_latency_read(const struct section_context *c, const char *view, const char *transport,
    uint64_t *bins, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT histogram FROM dns_latency WHERE" PERIOD_SQL
	    "AND view = '%s' AND transport = '%s' ORDER BY window_begin, input",
	    PERIOD_ARGS(c), view, transport);

	if (e != ERR_OK)
		return e;
	while (e == ERR_OK && result_next(r)) {
		size_t size;
		const char *octets = result_blob(r, 0, &size);
		e = sparse_counts_add(bins, DELAY_BINS, octets, size);
	}
	result_free(r);
	return e != ERR_DAMAGED ? e : err_set(info, e, "a histogram of dns_latency does not read");
}
