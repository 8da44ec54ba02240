/* SPDX-License-Identifier: ISC */
/* Rows of security/sql-injection become stories; see sql_report.h. */
#include "analysis/security/sql_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"

uint64_t
sql_story_successes(const struct sql_story *story)
{
	uint64_t all = story->sums.proved + story->large;

	return all < story->sums.requests ? all : story->sums.requests;
}

enum sql_purpose
sql_story_purpose(const struct sql_sums *sums)
{
	enum sql_purpose best = SQL_OTHER_PURPOSE;
	uint64_t most = 0;

	/* Of equals the later, which does more harm. */
	for (unsigned p = SQL_STEAL; p < SQL_PURPOSES; p++) {
		if (sums->purposes[p] > 0 && sums->purposes[p] >= most) {
			most = sums->purposes[p];
			best = (enum sql_purpose)p;
		}
	}
	return best;
}

static nsec_t
result_time(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

/* ------------------------------------------------------------------ attacks */

static void
read_lists(struct sql_row *row, const struct result *r, size_t parameters, size_t shapes)
{
	size_t size;
	const char *octets = result_blob(r, parameters, &size);

	row->parameter_count = size / SQL_NAME_KEPT;
	if (row->parameter_count > SQL_PARAMETERS)
		row->parameter_count = SQL_PARAMETERS;
	memcpy(row->parameters, octets, row->parameter_count * SQL_NAME_KEPT);
	octets = result_blob(r, shapes, &size);
	row->shape_count = size / sizeof row->shapes[0];
	if (row->shape_count > SQL_SHAPES)
		row->shape_count = SQL_SHAPES;
	memcpy(row->shapes, octets, row->shape_count * sizeof row->shapes[0]);
}

static void
take_row(struct sql_report *p, const struct result *r)
{
	char country[GEO_TEXT_SIZE];
	struct sql_row *row;
	uint64_t *sums;

	if (p->row_count == SQL_ATTACKS_READ) {
		p->rows_left_out++;
		return;
	}
	if (p->row_count == p->row_capacity) {
		p->row_capacity = p->row_capacity > 0 ? 2 * p->row_capacity : 64;
		p->rows = xrealloc_array(p->rows, p->row_capacity, sizeof *p->rows);
	}
	row = &p->rows[p->row_count++];
	*row = (struct sql_row){ .source = result_address(r, SA_SOURCE),
		.server = result_address(r, SA_SERVER),
		.host_hash = result_u64(r, SA_HOST_HASH),
		.slot = result_time(r, SA_SLOT),
		.first = result_time(r, SA_FIRST),
		.last = result_time(r, SA_LAST),
		.tools = result_u64(r, SA_TOOLS),
		.places = result_u64(r, SA_PLACES) };
	row->more = row > p->rows && row[-1].slot == row->slot &&
		    row[-1].host_hash == row->host_hash && row[-1].sums.requests > 0 &&
		    address_equal(&row[-1].source, &row->source);
	(void)snprintf(row->host, sizeof row->host, "%s", result_text(r, SA_HOST));
	sums = (uint64_t *)&row->sums;
	for (unsigned i = 0; i < SA_TOOLS - SA_REQUESTS; i++)
		sums[i] = result_u64(r, SA_REQUESTS + i);
	read_lists(row, r, SA_PARAMETERS, SA_SHAPES);
	if (p->context->countries != NULL &&
	    geo_text(p->context->countries, &row->source, country) && strlen(country) == 2)
		memcpy(row->country, country, 3);
}

static enum err
read_attacks(struct sql_report *p, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(p->context->store, &r, info,
	    "SELECT source, host_hash, host, server, slot, first, last, requests, suspicious, "
	    "attacked_values, errors, delays, proved, answered, failed, other, steal, overload, "
	    "rewrite, by_boolean, by_union, by_stacked, by_error, by_time, by_out_of_band, "
	    "by_comment, by_inline, tools, places, parameters, shapes "
	    "FROM security_sqli WHERE" PERIOD_SQL
	    "ORDER BY source, host_hash, first, slot, last, input, window_begin",
	    PERIOD_ARGS(p->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_row(p, r);
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ large answers */

/* The answers that one attack got of one path. */
struct answers {
	struct address source;
	uint64_t host_hash, path_hash;
	nsec_t slot;
	uint32_t bins[SQL_BINS];
};

struct answer_list {
	struct answers *all; /* owned; by host and path */
	size_t count, capacity;
};

static void
add_bins(uint32_t *bins, const struct result *r, size_t column)
{
	size_t size;
	const uint8_t *p = (const uint8_t *)result_blob(r, column, &size);

	for (; size >= 5; p += 5, size -= 5)
		if (p[0] < SQL_BINS)
			bins[p[0]] += le32(p + 1);
}

static enum err
read_answers(const struct sql_report *p, struct answer_list *l, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(p->context->store, &r, info,
	    "SELECT source, host_hash, slot, path_hash, sizes FROM security_sqli_answers "
	    "WHERE" PERIOD_SQL "ORDER BY host_hash, path_hash, source, slot, input, window_begin",
	    PERIOD_ARGS(p->context));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct answers *a;
		if (l->count == SQL_ATTACKS_READ)
			break;
		if (l->count == l->capacity) {
			l->capacity = l->capacity > 0 ? 2 * l->capacity : 64;
			l->all = xrealloc_array(l->all, l->capacity, sizeof *l->all);
		}
		a = &l->all[l->count++];
		*a = (struct answers){ .source = result_address(r, 0),
			.host_hash = result_u64(r, 1),
			.slot = result_time(r, 2),
			.path_hash = result_u64(r, 3) };
		add_bins(a->bins, r, 4);
	}
	result_free(r);
	return ERR_OK;
}

/* The least size that is certainly more than `times` the median of the bins; 0: too few. */
static uint64_t
limit_of(const uint32_t *bins, uint64_t least, double times)
{
	uint64_t count = 0, below = 0;
	unsigned bin = 0;

	for (unsigned i = 0; i < SQL_BINS; i++)
		count += bins[i];
	if (count == 0 || count < least)
		return 0;
	while (bin + 1 < SQL_BINS && (below += bins[bin]) * 2 < count)
		bin++;
	return (uint64_t)(times * (double)(sql_size_edge(bin + 1) - 1)) + 1;
}

static int
compare_row(const struct sql_row *row, const struct answers *a)
{
	int order = address_compare(&row->source, &a->source);

	if (order != 0)
		return order;
	if (row->host_hash != a->host_hash)
		return row->host_hash < a->host_hash ? -1 : 1;
	return row->slot < a->slot ? -1 : row->slot > a->slot;
}

/* The row of that attack, or NULL. */
static struct sql_row *
find_row(const struct sql_report *p, const struct answers *a)
{
	size_t low = 0, high = p->row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_row(&p->rows[middle], a);
		if (order == 0)
			return &p->rows[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void
judge_path(struct sql_report *p, const struct answers *list, size_t count, const uint32_t *bins)
{
	uint64_t limit = limit_of(bins, settings_u64(p->context->settings, "least_answers"),
	    settings_f64(p->context->settings, "large_answer"));

	for (size_t i = 0; limit > 0 && i < count; i++) {
		struct sql_row *row = find_row(p, &list[i]);
		for (unsigned bin = 0; row != NULL && bin < SQL_BINS; bin++)
			if (sql_size_edge(bin) >= limit)
				row->large += list[i].bins[bin];
	}
}

static size_t
same_path(const struct answer_list *l, size_t i)
{
	size_t end = i + 1;

	while (end < l->count && l->all[end].host_hash == l->all[i].host_hash &&
	       l->all[end].path_hash == l->all[i].path_hash)
		end++;
	return end - i;
}

/* Both lists come by host and path. */
static enum err
judge_answers(struct sql_report *p, const struct answer_list *l, struct err_info *info)
{
	uint32_t bins[SQL_BINS] = { 0 };
	struct result *r;
	size_t at = 0;
	enum err e = query_run(p->context->store, &r, info,
	    "SELECT host_hash, path_hash, sizes FROM security_sqli_paths WHERE" PERIOD_SQL
	    "ORDER BY host_hash, path_hash, input, window_begin",
	    PERIOD_ARGS(p->context));

	if (e != ERR_OK)
		return e;
	while (at < l->count && result_next(r)) {
		uint64_t host = result_u64(r, 0), path = result_u64(r, 1);
		while (at < l->count &&
		       (l->all[at].host_hash < host ||
			   (l->all[at].host_hash == host && l->all[at].path_hash < path))) {
			size_t count = same_path(l, at);
			judge_path(p, &l->all[at], count, bins);
			memset(bins, 0, sizeof bins);
			at += count;
		}
		if (at < l->count && l->all[at].host_hash == host && l->all[at].path_hash == path)
			add_bins(bins, r, 2);
	}
	if (at < l->count)
		judge_path(p, &l->all[at], same_path(l, at), bins);
	result_free(r);
	return ERR_OK;
}

static enum err
read_large(struct sql_report *p, struct err_info *info)
{
	struct answer_list l = { 0 };
	enum err e = read_answers(p, &l, info);

	if (e == ERR_OK && l.count > 0)
		e = judge_answers(p, &l, info);
	free(l.all);
	return e;
}

/* ------------------------------------------------------------------ stories */

static bool
goes_on(const struct sql_story *s, const struct sql_row *last, const struct sql_row *row)
{
	return address_equal(&last->source, &row->source) && last->host_hash == row->host_hash &&
	       row->first - s->last <= FINDING_GAP;
}

static void
make_stories(struct sql_report *p)
{
	struct sql_story *s = NULL;

	p->stories = xcalloc(p->row_count + 1, sizeof *p->stories);
	for (size_t i = 0; i < p->row_count; i++) {
		struct sql_row *row = &p->rows[i];
		if (s == NULL || !goes_on(s, &p->rows[i - 1], row)) {
			s = &p->stories[p->story_count];
			*s = (struct sql_story){ .begin = i,
				.first = row->first,
				.last = row->last,
				.campaign = p->story_count++ };
		}
		s->count++;
		s->attacks += row->sums.requests > 0 && !row->more;
		if (row->sums.requests > 0) {
			s->first = s->sums.requests == 0 ? row->first : s->first;
			s->last =
			    s->sums.requests == 0 || row->last > s->last ? row->last : s->last;
		}
		sql_sums_add(&s->sums, &row->sums);
		s->large += row->large;
		s->tools |= row->tools;
		s->places |= row->places;
	}
}

/* ------------------------------------------------------------------ campaigns */

static size_t
find_root(struct sql_report *p, size_t i)
{
	while (p->stories[i].campaign != i) {
		p->stories[i].campaign = p->stories[p->stories[i].campaign].campaign;
		i = p->stories[i].campaign;
	}
	return i;
}

static void
join(struct sql_report *p, size_t a, size_t b)
{
	a = find_root(p, a);
	b = find_root(p, b);
	if (a < b)
		p->stories[b].campaign = a;
	else
		p->stories[a].campaign = b;
}

/* A thing that two stories may share, with the time of one. */
struct link {
	struct address prefix; /* or zeros */
	uint64_t shape;        /* or 0 */
	nsec_t first, last;
	size_t story;
};

static int
compare_links(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	int order = address_compare(&x->prefix, &y->prefix);

	if (order != 0)
		return order;
	if (x->shape != y->shape)
		return x->shape < y->shape ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->story < y->story ? -1 : x->story > y->story;
}

static size_t
collect_links(const struct sql_report *p, size_t i, struct link *links)
{
	const struct sql_story *s = &p->stories[i];
	const struct sql_row *row = &p->rows[s->begin];
	size_t count = 0;

	if (s->sums.requests == 0)
		return 0;
	links[count++] = (struct link){
		.prefix = address_mask(&row->source, address_is_ipv4(&row->source) ? 24 : 48),
		.first = s->first,
		.last = s->last,
		.story = i,
	};
	for (size_t k = 0; k < s->count; k++, row++)
		for (uint64_t h = 0; h < row->shape_count; h++)
			links[count++] = (struct link){ .shape = row->shapes[h],
				.first = row->first,
				.last = row->last,
				.story = i };
	return count;
}

static void
make_campaigns(struct sql_report *p)
{
	size_t most = p->story_count + p->row_count * SQL_SHAPES, count = 0;
	struct link *links = xcalloc(most + 1, sizeof *links);
	nsec_t last = 0;

	for (size_t i = 0; i < p->story_count; i++)
		count += collect_links(p, i, links + count);
	qsort(links, count, sizeof *links, compare_links);
	for (size_t i = 0; i < count; i++) {
		bool same = i > 0 && links[i].shape == links[i - 1].shape &&
			    address_equal(&links[i].prefix, &links[i - 1].prefix);
		if (same && links[i].first - last <= SQL_CAMPAIGN)
			join(p, links[i - 1].story, links[i].story);
		last = same && last > links[i].last ? last : links[i].last;
	}
	free(links);
	for (size_t i = 0; i < p->story_count; i++)
		p->stories[i].campaign = find_root(p, i);
}

/* ------------------------------------------------------------------ evidence */

static int
compare_counts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? -1 : x < y;
}

/* The stories that get findings: all, or those with the most requests, the earlier of equals. */
static void
choose(struct sql_report *p)
{
	uint64_t most = settings_u64(p->context->settings, "findings_most"), least = 1, equal = 0;
	uint64_t *counts = xcalloc(p->story_count + 1, sizeof *counts);

	for (size_t i = 0; i < p->story_count; i++)
		counts[i] = p->stories[i].sums.requests;
	qsort(counts, p->story_count, sizeof *counts, compare_counts);
	if (p->story_count > most && counts[most - 1] > 0) {
		least = counts[most - 1];
		for (size_t i = 0; i < most; i++)
			equal += counts[i] == least;
	} else {
		equal = p->story_count;
	}
	free(counts);
	for (size_t i = 0; i < p->story_count; i++) {
		struct sql_story *s = &p->stories[i];
		if (s->sums.requests < least || (s->sums.requests == least && equal == 0))
			continue;
		equal -= s->sums.requests == least;
		s->chosen = true;
		s->samples = xcalloc(1, sizeof *s->samples);
	}
}

/* Rows come in the order they were read in before. */
static enum err
read_samples(struct sql_report *p, struct err_info *info)
{
	struct result *r;
	size_t at = 0, story = 0;
	enum err e = query_run(p->context->store, &r, info,
	    "SELECT input, samples FROM security_sqli WHERE" PERIOD_SQL
	    "ORDER BY source, host_hash, first, slot, last, input, window_begin",
	    PERIOD_ARGS(p->context));

	if (e != ERR_OK)
		return e;
	for (; at < p->row_count && result_next(r); at++) {
		while (at >= p->stories[story].begin + p->stories[story].count)
			story++;
		if (p->stories[story].chosen)
			sql_samples_read(p->stories[story].samples, r, 1, result_u64(r, 0));
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ the report */

static enum err
read_totals(struct sql_report *p, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(p->context->store, &r, info,
	    "SELECT count(*) AS k, sum(requests) AS a, sum(logged) AS b, sum(malicious) AS c, "
	    "sum(suspicious) AS d, sum(cut) AS e, sum(coded_bodies) AS f, "
	    "sum(named_clients) AS g, sum(attacks_evicted) AS h, sum(requests_evicted) AS i, "
	    "sum(evidence_evicted) AS j, sum(paths_evicted) AS l FROM security_sqli_totals "
	    "WHERE" PERIOD_SQL,
	    PERIOD_ARGS(p->context));

	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		p->windows = result_u64(r, 0);
		for (unsigned i = 0; i < ST_COLUMNS; i++)
			p->totals[i] = result_u64(r, 1 + i);
	}
	result_free(r);
	return ERR_OK;
}

enum err
sql_report_read(struct sql_report *p, const struct section_context *context, struct err_info *info)
{
	enum err e;

	*p = (struct sql_report){ .context = context };
	e = read_totals(p, info);
	if (e == ERR_OK && p->windows == 0)
		return ERR_END;
	if (e == ERR_OK)
		e = read_attacks(p, info);
	if (e == ERR_OK)
		e = read_large(p, info);
	if (e != ERR_OK)
		return e;
	make_stories(p);
	make_campaigns(p);
	choose(p);
	return read_samples(p, info);
}

void
sql_report_release(struct sql_report *report)
{
	for (size_t i = 0; i < report->story_count; i++)
		free(report->stories[i].samples);
	free(report->stories);
	free(report->rows);
	*report = (struct sql_report){ .rows = NULL };
}
