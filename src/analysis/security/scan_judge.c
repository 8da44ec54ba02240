/* SPDX-License-Identifier: ISC */
/* Groups of contacts, and which of them are scans; see scan_judge.h. */
#include "analysis/security/scan_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "obs/packet.h"

#define CANDIDATES_MOST 64
/* A random scan tries each host at several ports, or hardly ever reaches anybody: contacts of
 * programs that find their peers among each other are one a host and often answered. */
#define GRID_LEAST     3
#define SPARSE_SUCCESS 0.02

const char *const scan_verdict_names[] = { "pending", "scanner", "benign" };
const char *const scan_kind_names[] = { "address", "port", "random" };
const char *const scan_rule_names[] = { "", "counting", "knocks", "sequential" };

void
scan_rules_read(struct scan_rules *r, const struct settings *s)
{
	double benign = settings_f64(s, "success_benign");
	double scanner = settings_f64(s, "success_scanner");
	double detection = settings_f64(s, "detection"), alarm = settings_f64(s, "false_alarm");

	*r = (struct scan_rules){
		.remote = settings_u64(s, "remote_contacts"),
		.local = settings_u64(s, "local_contacts"),
		.dark_hosts = settings_u64(s, "dark_hosts"),
		.remote_dark = settings_u64(s, "remote_dark_contacts"),
		.local_dark = settings_u64(s, "local_dark_contacts"),
		.knocks = settings_u64(s, "knocks"),
		.dark_knocks = settings_u64(s, "dark_knocks"),
		.timeout = settings_duration(s, "timeout"),
		.failing = settings_f64(s, "failing"),
		.up = log((1 - scanner) / (1 - benign)),
		.down = log(scanner / benign),
		.upper = log(detection / alarm),
		.lower = log((1 - detection) / (1 - alarm)),
	};
}

enum scan_verdict
scan_sequential(const struct scan_rules *r, uint64_t failures, uint64_t successes)
{
	double ratio = (double)failures * r->up + (double)successes * r->down;

	if (ratio >= r->upper)
		return SCAN_SCANNER;
	return ratio <= r->lower ? SCAN_BENIGN : SCAN_PENDING;
}

/* ------------------------------------------------------------------ orders */

static int
compare_service(const struct scan_stored *x, const struct scan_stored *y)
{
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	return x->port != y->port ? x->port < y->port ? -1 : 1 : 0;
}

static int
compare_time(const struct scan_stored *x, const struct scan_stored *y)
{
	return x->first != y->first ? x->first < y->first ? -1 : 1 : 0;
}

static int
by_service(const void *a, const void *b)
{
	const struct scan_stored *x = *(const struct scan_stored *const *)a;
	const struct scan_stored *y = *(const struct scan_stored *const *)b;
	int by = compare_service(x, y);

	if (by == 0)
		by = address_compare(&x->target, &y->target);
	return by != 0 ? by : compare_time(x, y);
}

static int
by_host(const void *a, const void *b)
{
	const struct scan_stored *x = *(const struct scan_stored *const *)a;
	const struct scan_stored *y = *(const struct scan_stored *const *)b;
	int by = address_compare(&x->target, &y->target);

	if (by == 0)
		by = compare_service(x, y);
	return by != 0 ? by : compare_time(x, y);
}

/* ------------------------------------------------------------------ measuring */

static bool
is_same_contact(const struct scan_stored *x, const struct scan_stored *y)
{
	return compare_service(x, y) == 0 && address_equal(&x->target, &y->target);
}

static void
sample(struct scan_group *g, const struct scan_stored *c)
{
	unsigned at = g->sample_count;

	while (at > 0 && compare_time(c, &g->samples[at - 1]) < 0)
		at--;
	if (at == SCAN_SAMPLES)
		return;
	if (g->sample_count < SCAN_SAMPLES)
		g->sample_count++;
	memmove(&g->samples[at + 1], &g->samples[at],
	    (g->sample_count - at - 1) * sizeof g->samples[0]);
	g->samples[at] = *c;
}

/* A distinct contact, of all windows: the greatest of its weights counts. */
static void
count_contact(struct scan_group *g, struct scan_stored *const *same, size_t count)
{
	uint64_t weight = 1;
	uint16_t marks = 0;

	for (size_t i = 0; i < count; i++) {
		marks |= same[i]->marks;
		weight = same[i]->weight > weight ? same[i]->weight : weight;
	}
	g->kept++;
	g->contacts += weight;
	if (g->weight < weight)
		g->weight = weight;
	if ((marks & SCAN_HALF_OPEN) != 0)
		g->half_open += weight;
	else
		g->failures += weight;
	if ((marks & SCAN_REFUSED) != 0)
		g->refused += weight;
	g->marks |= marks;
	sample(g, same[0]);
}

/* What the contacts have in common by service: distinct ones, ports, times. */
static void
measure_services(struct scan_group *g, struct scan_stored *const *list, size_t count)
{
	size_t end;

	for (size_t i = 0; i < count; i = end) {
		for (end = i; end < count && is_same_contact(list[end], list[i]); end++) {
			const struct scan_stored *c = list[end];
			g->attempts += (uint64_t)c->flows * c->weight;
			if (g->kind != SCAN_PORT)
				g->successes += c->port_successes;
			g->begin = c->first < g->begin ? c->first : g->begin;
			g->end = c->last > g->end ? c->last : g->end;
		}
		g->ports += i == 0 || compare_service(list[i], list[i - 1]) != 0;
		count_contact(g, list + i, end - i);
	}
}

static void
measure_hosts(
    struct scan_group *g, const struct site *site, struct scan_stored *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (g->kind == SCAN_PORT)
			g->successes += list[i]->host_successes;
		if (i > 0 && address_equal(&list[i]->target, &list[i - 1]->target))
			continue;
		g->hosts++;
		if (site_is_own(site, &list[i]->target))
			g->local++;
		else
			g->remote++;
		g->dark += site->dark != NULL && prefix_set_find(site->dark, &list[i]->target) >= 0;
	}
}

/* Measures a group; `list` is sorted anew, by service. */
static void
measure(struct scan_group *g, const struct scan_judge *j, struct scan_stored **list, size_t count)
{
	g->source = j->source;
	g->begin = INT64_MAX;
	qsort(list, count, sizeof(void *), by_host);
	measure_hosts(g, j->site, list, count);
	qsort(list, count, sizeof(void *), by_service);
	measure_services(g, list, count);
	/* One port: as many hosts as contacts; one victim: as many ports. */
	if (g->kind == SCAN_ADDRESS)
		g->hosts = g->contacts;
	else if (g->kind == SCAN_PORT)
		g->ports = g->contacts;
}

/* ------------------------------------------------------------------ judging */

static bool
passes(struct scan_group *g, enum scan_rule rule, uint64_t value, uint64_t limit)
{
	if (value < limit)
		return false;
	g->rule = (uint8_t)rule;
	g->limit = limit;
	return true;
}

static bool
is_sequential(const struct scan_judge *j, const struct scan_group *g)
{
	return g->kind == SCAN_ADDRESS && g->weight <= 1 && g->remote == 0 && g->local > 0 &&
	       scan_sequential(j->rules, g->failures, g->half_open + g->successes) == SCAN_SCANNER;
}

/* Distinct contacts that there surely were: where only a sample was kept, the lower end of the 95 %
 * interval. */
static uint64_t
surely(const struct scan_group *g, uint64_t estimate)
{
	double spread;

	if (g->weight <= 1)
		return estimate;
	spread = 1.96 * sqrt((double)g->kept * (1 - 1 / (double)g->weight)) * (double)g->weight;
	return spread < (double)estimate ? (uint64_t)((double)estimate - spread) : 0;
}

/* Whether a measured group is a scan, and by which rule. */
static bool
is_scan(const struct scan_judge *j, struct scan_group *g)
{
	const struct scan_rules *r = j->rules;
	bool own = site_is_own(j->site, &j->source), dark = g->dark >= r->dark_hosts;
	uint64_t outside = dark ? r->remote_dark : r->remote;
	uint64_t inside = dark ? r->local_dark : r->local;

	if ((double)g->contacts < r->failing * (double)(g->contacts + g->successes))
		return false;
	if (passes(g, SCAN_RULE_COUNTING, surely(g, g->contacts), own ? inside : outside))
		return true;
	if (!own && g->kind == SCAN_ADDRESS &&
	    passes(g, SCAN_RULE_KNOCKS, surely(g, g->hosts), dark ? r->dark_knocks : r->knocks))
		return true;
	return !own && is_sequential(j, g) &&
	       passes(
		   g, SCAN_RULE_SEQUENTIAL, g->failures, (uint64_t)ceil(r->upper / r->up - 1e-9));
}

/* Whether what is neither of one port nor at one victim looks like a scan at all. */
static bool
is_random(const struct scan_group *g)
{
	uint64_t most = g->hosts > g->ports ? g->hosts : g->ports;

	if (g->hosts >= GRID_LEAST && g->ports >= GRID_LEAST && g->kept >= 2 * most)
		return true;
	return (g->marks & SCAN_UDP) == 0 &&
	       (double)g->successes <= SPARSE_SUCCESS * (double)g->contacts;
}

/* ------------------------------------------------------------------ groups */

/* What a group is made of: its key in `like`. */
struct candidate {
	enum scan_kind kind;
	const struct scan_stored *like;
	uint64_t contacts;
};

struct search {
	const struct scan_judge *judge;
	struct scan_stored **list; /* not claimed */
	struct scan_stored **part; /* room for as many */
	size_t count;
	struct candidate candidates[CANDIDATES_MOST];
	size_t candidate_count;
};

static bool
is_of(enum scan_kind kind, const struct scan_stored *like, const struct scan_stored *c)
{
	if (kind == SCAN_ADDRESS)
		return compare_service(like, c) == 0;
	return address_equal(&like->target, &c->target);
}

static struct scan_group
group_of(enum scan_kind kind, const struct scan_stored *like)
{
	struct scan_group g = { .kind = (uint8_t)kind };

	if (kind == SCAN_ADDRESS) {
		g.protocol = like->protocol;
		g.port = like->port;
	} else if (kind == SCAN_PORT) {
		g.victim = like->target;
	}
	return g;
}

static void
note_candidate(
    struct search *s, enum scan_kind kind, const struct scan_stored *like, uint64_t contacts)
{
	size_t at = s->candidate_count;

	while (at > 0 && s->candidates[at - 1].contacts < contacts)
		at--;
	if (at == CANDIDATES_MOST)
		return;
	if (s->candidate_count < CANDIDATES_MOST)
		s->candidate_count++;
	memmove(&s->candidates[at + 1], &s->candidates[at],
	    (s->candidate_count - at - 1) * sizeof s->candidates[0]);
	s->candidates[at] = (struct candidate){ kind, like, contacts };
}

/* Groups of one kind that would be scans; the greatest are kept. */
static void
find_candidates(struct search *s, enum scan_kind kind)
{
	size_t end;

	qsort(s->list, s->count, sizeof(void *), kind == SCAN_ADDRESS ? by_service : by_host);
	for (size_t i = 0; i < s->count; i = end) {
		struct scan_group g = group_of(kind, s->list[i]);
		for (end = i; end < s->count && is_of(kind, s->list[i], s->list[end]); end++)
			s->part[end - i] = s->list[end];
		measure(&g, s->judge, s->part, end - i);
		if (is_scan(s->judge, &g))
			note_candidate(s, kind, s->list[i], g.contacts);
	}
}

/* The unclaimed contacts of a candidate, into `part`. */
static size_t
take_part(struct search *s, const struct candidate *c)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		if (!s->list[i]->claimed && is_of(c->kind, c->like, s->list[i]))
			s->part[count++] = s->list[i];
	return count;
}

static void
claim(struct search *s, const struct scan_group *g, size_t count)
{
	for (size_t i = 0; i < count; i++)
		s->part[i]->claimed = true;
	s->judge->found(s->judge->context, g, s->part, count);
}

/* Many ports and many victims: one scan of everything that the candidates hold. */
static void
claim_together(struct search *s)
{
	struct scan_group g = { .kind = SCAN_RANDOM };
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->candidate_count; k++)
			if (is_of(s->candidates[k].kind, s->candidates[k].like, s->list[i])) {
				s->part[count++] = s->list[i];
				break;
			}
	measure(&g, s->judge, s->part, count);
	if (is_scan(s->judge, &g))
		claim(s, &g, count);
}

/* Each candidate by itself, the greatest first; what it claims the next ones do not have. */
static void
claim_apart(struct search *s)
{
	for (size_t i = 0; i < s->candidate_count; i++) {
		struct scan_group g = group_of(s->candidates[i].kind, s->candidates[i].like);
		size_t count = take_part(s, &s->candidates[i]);
		if (count == 0)
			continue;
		measure(&g, s->judge, s->part, count);
		if (is_scan(s->judge, &g))
			claim(s, &g, count);
	}
}

static void
claim_rest(struct search *s)
{
	struct scan_group g = { .kind = SCAN_RANDOM };
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		if (!s->list[i]->claimed)
			s->part[count++] = s->list[i];
	if (count == 0)
		return;
	measure(&g, s->judge, s->part, count);
	g.successes = s->judge->successes;
	if (is_random(&g) && is_scan(s->judge, &g))
		claim(s, &g, count);
}

/* How many groups of a kind are left when the greatest come first: more of both kinds than can be
 * told apart are a scan of many hosts at many ports. */
static bool
is_tangle(const struct search *s)
{
	size_t kinds[2] = { 0, 0 };

	for (size_t i = 0; i < s->candidate_count; i++)
		kinds[s->candidates[i].kind == SCAN_PORT]++;
	return kinds[0] > SCAN_SHAPES_MOST || kinds[1] > SCAN_SHAPES_MOST;
}

void
scan_judge(const struct scan_judge *judge, struct scan_stored *list, size_t count)
{
	struct search s = { .judge = judge };

	s.list = xcalloc(count + 1, sizeof(void *));
	s.part = xcalloc(count + 1, sizeof(void *));
	for (size_t i = 0; i < count; i++)
		if (!list[i].claimed)
			s.list[s.count++] = &list[i];
	if (s.count > 0) {
		find_candidates(&s, SCAN_ADDRESS);
		find_candidates(&s, SCAN_PORT);
		if (is_tangle(&s))
			claim_together(&s);
		else
			claim_apart(&s);
		claim_rest(&s);
	}
	free(s.list);
	free(s.part);
}
