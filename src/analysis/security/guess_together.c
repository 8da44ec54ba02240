/* SPDX-License-Identifier: ISC */
/*
 * Sources that guess together: many that say they are the same client, or that try the same account
 * or server, each too seldom to be found by itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/guess.h"
#include "analysis/security/guess_section.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/xmalloc.h"

#define HASHES_MOST 65536
#define FAILING     0.8 /* share of the attempts with a known outcome */

struct hashes {
	uint64_t *list; /* owned; sorted and distinct after settle() */
	size_t count, room, settled;
};

struct together {
	uint64_t bond;
	struct address destination;
	char service[GUESS_SERVICE];
	char text[GUESS_CLIENT + 2];
	size_t text_size;
	bool begun;
	nsec_t begin, end;
	uint64_t counts[GUESS_COUNTS];
	struct hashes sources, users;
};

struct reader {
	const struct section_context *context;
	struct section *section;
	uint64_t least, users_least;
	nsec_t period;
	struct together group;
	size_t found;
};

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x != y ? x < y ? -1 : 1 : 0;
}

static void
settle(struct hashes *h)
{
	size_t kept = 0;

	if (h->count == 0)
		return;
	qsort(h->list, h->count, sizeof *h->list, compare);
	for (size_t i = 0; i < h->count; i++)
		if (i == 0 || h->list[i] != h->list[i - 1])
			h->list[kept++] = h->list[i];
	h->count = kept;
}

static void
add_hashes(struct hashes *h, const struct result *r, size_t column)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);
	struct cursor c = cursor_over((const uint8_t *)octets, size);

	while (cursor_left(&c) >= 8 && h->count < HASHES_MOST) {
		if (h->count == h->room) {
			settle(h);
			if (h->count > h->room / 2) {
				h->room *= 2;
				h->list = xrealloc_array(h->list, h->room, sizeof *h->list);
			}
		}
		if (h->room == 0) {
			h->room = 256;
			h->list = xrealloc_array(h->list, h->room, sizeof *h->list);
		}
		h->list[h->count++] = le64(cursor_take(&c, 8));
	}
}

static uint64_t
failures_of(const struct together *g)
{
	return g->counts[GUESS_FAILED] + g->counts[GUESS_LIKELY_FAILED];
}

static uint64_t
successes_of(const struct together *g)
{
	return g->counts[GUESS_SUCCEEDED] + g->counts[GUESS_LIKELY_SUCCEEDED];
}

/* A program that many use honestly has many sources too: they succeed, or try one name each. */
static bool
is_guessing(const struct reader *r, struct together *g)
{
	settle(&g->sources);
	settle(&g->users);
	if (g->sources.count < r->least ||
	    (double)failures_of(g) < FAILING * (double)(failures_of(g) + successes_of(g)) ||
	    failures_of(g) < r->least)
		return false;
	return g->bond != GUESS_BY_CLIENT || g->users.count >= r->users_least;
}

static void
put_subject(const struct together *g, struct finding *out)
{
	static const char *const NAMES[GUESS_BONDS] = { "client", "account", "host" };

	if (g->bond != GUESS_BY_CLIENT)
		finding_subject(out, "server", json_address(&g->destination));
	finding_subject(out, "service", json_string(g->service));
	finding_subject(out, NAMES[g->bond], json_text(g->text, g->text_size));
}

static void
make_finding(struct reader *r, const struct together *g)
{
	static const char SOURCE[] = "doc/analyses/security-scans.md";
	struct finding *out =
	    section_finding(r->section, "guessing", "medium", 0.8, g->begin, g->end);

	put_subject(g, out);
	finding_measure(out, "sources", json_count(g->sources.count));
	finding_measure(out, "attempts", json_count(g->counts[GUESS_ATTEMPTS]));
	finding_measure(out, "failures", json_count(failures_of(g)));
	finding_measure(out, "successes", json_count(successes_of(g)));
	finding_measure(out, "users", json_count(g->users.count));
	finding_measure(out, "pattern", json_string("distributed"));
	finding_threshold(out, "sources together", json_count(r->least), SOURCE);
	finding_threshold(out, "share of attempts that failed", json_real(FAILING), SOURCE);
	finding_threshold(out, "silence that ends a series in s",
	    json_real((double)r->period / NSEC_PER_SEC), SOURCE);
	if (g->bond == GUESS_BY_CLIENT)
		finding_threshold(out, "user names of a list", json_count(r->users_least), SOURCE);
	finding_advise(out, "Limits by source do not see this: limit attempts by account, ask for "
			    "a second factor, and "
			    "look whether any of the names logged in since.");
	r->found++;
}

static void
end_group(struct reader *r)
{
	struct together *g = &r->group;
	struct hashes sources = g->sources, users = g->users;

	if (g->begun && is_guessing(r, g))
		make_finding(r, g);
	sources.count = users.count = 0;
	*g = (struct together){ .sources = sources, .users = users };
}

static bool
is_same(const struct together *g, const struct result *row)
{
	struct address destination = result_address(row, 2);
	size_t size;
	const char *text = result_blob(row, 3, &size);

	return g->begun && g->bond == result_u64(row, 0) &&
	       strcmp(g->service, result_text(row, 1)) == 0 &&
	       address_equal(&g->destination, &destination) && g->text_size == size &&
	       memcmp(g->text, text, size) == 0;
}

static void
begin_group(struct together *g, const struct result *row)
{
	size_t size;
	const char *text = result_blob(row, 3, &size);

	g->begun = true;
	g->bond = result_u64(row, 0) < GUESS_BONDS ? result_u64(row, 0) : GUESS_BY_SERVER;
	g->destination = result_address(row, 2);
	(void)snprintf(g->service, sizeof g->service, "%s", result_text(row, 1));
	g->text_size = size < sizeof g->text ? size : sizeof g->text;
	memcpy(g->text, text, g->text_size);
	g->begin = (nsec_t)result_u64(row, 4) * NSEC_PER_MS;
	g->end = g->begin;
}

static void
take_row(struct reader *r, const struct result *row)
{
	struct together *g = &r->group;
	nsec_t begin = (nsec_t)result_u64(row, 4) * NSEC_PER_MS;
	nsec_t end = (nsec_t)result_u64(row, 5) * NSEC_PER_MS;

	if (!is_same(g, row) || begin - g->end > r->period) {
		end_group(r);
		begin_group(g, row);
	}
	g->end = end > g->end ? end : g->end;
	for (unsigned i = 0; i < GUESS_COUNTS; i++)
		g->counts[i] += result_u64(row, 6 + i);
	add_hashes(&g->sources, row, 6 + GUESS_COUNTS);
	add_hashes(&g->users, row, 7 + GUESS_COUNTS);
}

enum err
guess_together(const struct section_context *c, struct section *section, size_t *ret_count,
    struct err_info *info)
{
	struct reader r = { .context = c,
		.section = section,
		.least = settings_u64(c->settings, "distributed_sources"),
		.users_least = settings_u64(c->settings, "list_users"),
		.period = settings_duration(c->settings, "distributed_period") };
	struct result *rows;
	enum err e = query_run(c->store, &rows, info,
	    "SELECT bond, service, destination, name, first, last, attempts, failed, "
	    "likely_failed, "
	    "succeeded, likely_succeeded, no_such_user, sources, users FROM "
	    "security_guess_campaigns "
	    "WHERE" PERIOD_SQL "ORDER BY bond, service, destination, name, first, input",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(rows))
		take_row(&r, rows);
	end_group(&r);
	result_free(rows);
	free(r.group.sources.list);
	free(r.group.users.list);
	*ret_count = r.found;
	return ERR_OK;
}
