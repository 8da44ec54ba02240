/* SPDX-License-Identifier: ISC */
/* From the contacts of a window to rows: for each source with failures, these, and how often it
 * succeeded at the same ports and hosts. */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/scans.h"
#include "base/bytes.h"
#include "base/xmalloc.h"

/* The contacts of one source. */
struct source_run {
	const struct scan_contact **list; /* by protocol, port, target */
	size_t count;
	uint64_t evidence;
	unsigned level;
};

struct rows_of {
	const struct site *site;
	bool one_way; /* silence proves nothing of datagrams */
};

static bool
is_dark(const struct site *site, const struct address *a)
{
	return site->dark != NULL && prefix_set_find(site->dark, a) >= 0;
}

static bool
is_evidence(const struct rows_of *r, const struct scan_contact *c)
{
	if (!scan_is_evidence(c->marks))
		return false;
	return !r->one_way || (c->marks & (SCAN_UDP | SCAN_ICMP)) == 0 ||
	       is_dark(r->site, &c->target);
}

static int
compare_contacts(const void *a, const void *b)
{
	const struct scan_contact *x = *(const struct scan_contact *const *)a;
	const struct scan_contact *y = *(const struct scan_contact *const *)b;
	int by = address_compare(&x->source, &y->source);

	if (by != 0)
		return by;
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return address_compare(&x->target, &y->target);
}

/* Most evidence first. */
static int
compare_runs(const void *a, const void *b)
{
	const struct source_run *x = a, *y = b;
	uint64_t left = x->evidence << x->level;
	uint64_t right = y->evidence << y->level;

	if (left != right)
		return left > right ? -1 : 1;
	return address_compare(&x->list[0]->source, &y->list[0]->source);
}

static int
compare_targets(const void *a, const void *b)
{
	const struct scan_stored *x = *(const struct scan_stored *const *)a;
	const struct scan_stored *y = *(const struct scan_stored *const *)b;

	return address_compare(&x->target, &y->target);
}

static int
compare_hosts(const void *a, const void *b)
{
	return address_compare(&(*(const struct scan_contact *const *)a)->target,
	    &(*(const struct scan_contact *const *)b)->target);
}

/* The successes of a run by host: a new array; free it. */
static const struct scan_contact **
successes_of(const struct rows_of *r, const struct source_run *run, size_t *ret_count)
{
	const struct scan_contact **list = xcalloc(run->count + 1, sizeof(void *));
	size_t count = 0;

	for (size_t i = 0; i < run->count; i++)
		if (!is_evidence(r, run->list[i]))
			list[count++] = run->list[i];
	qsort(list, count, sizeof(void *), compare_hosts);
	*ret_count = count;
	return list;
}

static uint32_t
scaled(uint64_t count, unsigned level)
{
	return count << level > UINT32_MAX ? UINT32_MAX : (uint32_t)(count << level);
}

/* Notes with the first contact of each host how often the source succeeded there. */
static void
note_host_successes(
    const struct rows_of *r, const struct source_run *run, struct scan_stored *list, size_t count)
{
	struct scan_stored **order = xcalloc(count + 1, sizeof(void *));
	size_t success_count, at = 0;
	const struct scan_contact **successes = successes_of(r, run, &success_count);

	for (size_t i = 0; i < count; i++)
		order[i] = &list[i];
	qsort(order, count, sizeof(void *), compare_targets);
	for (size_t i = 0; i < count && at < success_count; i++) {
		const struct address *host = &order[i]->target;
		size_t first;
		while (at < success_count && address_compare(&successes[at]->target, host) < 0)
			at++;
		for (first = at; at < success_count && address_equal(&successes[at]->target, host);
		     at++)
			;
		order[i]->host_successes = scaled(at - first, run->level);
	}
	free(successes);
	free(order);
}

/* The level at which at most SCAN_STORED_MOST of a run's evidence are left. */
static unsigned
level_of(const struct rows_of *r, const struct source_run *run)
{
	unsigned level = run->level;

	for (uint64_t left = run->evidence; left > SCAN_STORED_MOST; level++) {
		left = 0;
		for (size_t i = 0; i < run->count; i++)
			left += is_evidence(r, run->list[i]) &&
				scan_contacts_keeps(run->list[i], level + 1);
	}
	return level;
}

static struct scan_stored
stored_of(const struct scan_contact *c, unsigned level)
{
	return (struct scan_stored){
		.target = c->target,
		.first = c->first,
		.last = c->last,
		.flows = c->flows,
		.weight = UINT32_C(1) << level,
		.port = c->port,
		.marks = c->marks,
		.protocol = c->protocol,
	};
}

/* The evidence of a run, with the successes at the same ports; returns how many. */
static size_t
gather(
    const struct rows_of *r, const struct source_run *run, unsigned level, struct scan_stored *list)
{
	size_t count = 0, end;

	for (size_t i = 0; i < run->count; i = end) {
		size_t first = count;
		uint32_t successes = 0;
		for (end = i; end < run->count && run->list[end]->port == run->list[i]->port &&
			      run->list[end]->protocol == run->list[i]->protocol;
		     end++)
			if (!is_evidence(r, run->list[end]))
				successes++;
			else if (scan_contacts_keeps(run->list[end], level))
				list[count++] = stored_of(run->list[end], level);
		if (count > first)
			list[first].port_successes = scaled(successes, run->level);
	}
	return count;
}

static uint32_t
milliseconds(nsec_t since, nsec_t time)
{
	nsec_t ms = (time - since) / NSEC_PER_MS;

	return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static void
put_stored(uint8_t *p, const struct scan_stored *c, nsec_t begin)
{
	memset(p, 0, SCAN_STORED_SIZE);
	memcpy(p, c->target.octets, 16);
	put_le16(p + 16, c->port);
	p[18] = c->protocol;
	put_le16(p + 20, c->marks);
	put_le32(p + 24, milliseconds(begin, c->first));
	put_le32(p + 28, milliseconds(begin, c->last));
	put_le32(p + 32, c->flows);
	put_le32(p + 36, c->port_successes);
	put_le32(p + 40, c->host_successes);
}

static void
yield_run(const struct rows_of *r, const struct source_run *run, struct rows *rows)
{
	unsigned level = level_of(r, run);
	struct scan_stored *list = xcalloc(run->evidence, sizeof *list);
	size_t count = gather(r, run, level, list);
	nsec_t begin = INT64_MAX, end = 0;
	uint8_t *octets = xmalloc((count + 1) * SCAN_STORED_SIZE);

	note_host_successes(r, run, list, count);
	for (size_t i = 0; i < count; i++) {
		begin = list[i].first < begin ? list[i].first : begin;
		end = list[i].last > end ? list[i].last : end;
	}
	begin -= begin % NSEC_PER_MS;
	for (size_t i = 0; i < count; i++)
		put_stored(octets + i * SCAN_STORED_SIZE, &list[i], begin);
	if (count == 0)
		goto out;
	rows_address(rows, SS_SOURCE, &run->list[0]->source);
	rows_time(rows, SS_BEGIN, begin);
	rows_time(rows, SS_END, end);
	rows_u64(rows, SS_CONTACTS, (uint64_t)run->count << run->level);
	rows_u64(rows, SS_EVIDENCE, run->evidence << run->level);
	rows_u64(rows, SS_WEIGHT, UINT64_C(1) << level);
	rows_blob(rows, SS_LIST, octets, count * SCAN_STORED_SIZE);
	rows_next(rows);
out:
	free(octets);
	free(list);
}

/* The sources with evidence; `sorted` are all contacts by source.  Counts all sources too. */
static size_t
find_runs(const struct rows_of *r, const struct scan_contacts *t,
    const struct scan_contact **sorted, size_t contacts, struct source_run *runs,
    uint64_t *ret_sources)
{
	size_t count = 0, end;

	*ret_sources = 0;
	for (size_t i = 0; i < contacts; i = end) {
		struct source_run run = { .list = sorted + i };
		for (end = i;
		     end < contacts && address_equal(&sorted[end]->source, &sorted[i]->source);
		     end++)
			run.evidence += is_evidence(r, sorted[end]);
		run.count = end - i;
		run.level = scan_contacts_level(t, &sorted[i]->source);
		++*ret_sources;
		if (run.evidence > 0)
			runs[count++] = run;
	}
	return count;
}

static void
yield_totals(const struct scan_contacts *t, const struct scan_seen *seen, uint64_t sources,
    uint64_t unstored, struct rows *rows)
{
	const uint64_t cells[ST_COLUMNS] = {
		[ST_FLOWS] = seen->flows,
		[ST_PASSED] = seen->passed,
		[ST_BOTH] = seen->both,
		[ST_ONE] = seen->one,
		[ST_SAMPLED] = seen->sampled,
		[ST_INCONCLUSIVE] = seen->inconclusive,
		[ST_SOURCES] = sources,
		[ST_FLOOD] = t->flood,
		[ST_CLEAN] = t->clean,
		[ST_LIGHT] = t->light,
		[ST_UNSTORED] = unstored,
	};

	for (unsigned i = 0; i < ST_COLUMNS; i++)
		rows_u64(rows, i, cells[i]);
	rows_next(rows);
}

void
scan_rows(struct scan_contacts *t, const struct scan_seen *seen, const struct site *site,
    const struct row_sink *sink)
{
	struct rows_of r = { .site = site,
		.one_way = seen->one >= SCAN_ONE_WAY_LEAST &&
			   (double)seen->one >= SCAN_ONE_WAY * (double)(seen->one + seen->both) };
	const struct scan_contact **sorted;
	struct source_run *runs;
	uint64_t sources;
	size_t count, contacts;

	if (seen->flows + seen->passed + seen->inconclusive == 0)
		return;
	scan_contacts_settle(t);
	sorted = xcalloc(t->count + (size_t)1, sizeof(void *));
	runs = xcalloc(t->count + (size_t)1, sizeof *runs);
	contacts = 0;
	for (uint32_t i = 0; i < t->count; i++)
		if (scan_is_attempt(t->list[i].marks))
			sorted[contacts++] = &t->list[i];
	qsort(sorted, contacts, sizeof(void *), compare_contacts);
	count = find_runs(&r, t, sorted, contacts, runs, &sources);
	qsort(runs, count, sizeof *runs, compare_runs);
	for (size_t i = 0; i < count && i < SCAN_ROWS_MOST; i++)
		yield_run(&r, &runs[i], sink->tables[0]);
	yield_totals(
	    t, seen, sources, count > SCAN_ROWS_MOST ? count - SCAN_ROWS_MOST : 0, sink->tables[1]);
	free(runs);
	free(sorted);
}
