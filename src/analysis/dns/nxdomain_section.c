/* SPDX-License-Identifier: ISC */
/* The section of dns/nxdomain: which clients fail, how much, and what kind they are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/nxdomain.h"
#include "analysis/sketch.h"
#include "base/xmalloc.h"

#define SLOT_LENGTH     (10 * NSEC_PER_SEC)
#define SHOWN           100
#define NEIGHBOUR_LEAST 5 /* failures of ten seconds beside others that belong to them */

/* Kinds; doc/analyses/dns-nxdomain.md has their sources. */
#define SITES_OF_DGA    30
#define HALF            0.5
#define TUNNEL_LENGTH   30
#define DISTINCT_RANDOM 0.8
#define DISTINCT_REPEAT 0.2

struct failing {
	struct address client;
	nsec_t begin, end;
	nsec_t window_first, window_last;
	uint64_t failing, all, best; /* of the slots that fire; of the best of them */
	double best_share;
	/* Of the windows. */
	uint64_t counts[NC_LABEL_OCTETS + 1]; /* by column from NC_NXDOMAIN */
	uint8_t names[HLL_SIZE(CLIENT_PRECISION)], sites[HLL_SIZE(CLIENT_PRECISION)];
	char top_site[80];
	uint64_t top_site_count;
	struct dns_samples samples;
};

struct list {
	struct failing *all; /* owned; by client, then time */
	size_t count, capacity;
	uint64_t totals[NT_COLUMNS], windows;
};

static nsec_t
result_time(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

/* Ten seconds of a client, over all inputs. */
struct slot_row {
	struct address client;
	nsec_t time, first, last, window_first, window_last;
	uint64_t failing, all;
	bool fires, like; /* passes both thresholds; passes that of the share */
};

struct slot_rows {
	struct slot_row *all; /* owned; by client, then time */
	size_t count, capacity;
};

static struct failing *
new_failing(struct list *l, const struct slot_row *s)
{
	struct failing *f;

	if (l->count == l->capacity) {
		l->capacity = l->capacity > 0 ? 2 * l->capacity : 16;
		l->all = xrealloc_array(l->all, l->capacity, sizeof *l->all);
	}
	f = &l->all[l->count++];
	memset(f, 0, sizeof *f);
	f->client = s->client;
	f->begin = s->first;
	f->window_first = s->window_first;
	return f;
}

static void
take_in(struct failing *f, const struct slot_row *s)
{
	if (s->first < f->begin)
		f->begin = s->first;
	if (s->last > f->end)
		f->end = s->last;
	if (s->window_first < f->window_first)
		f->window_first = s->window_first;
	if (s->window_last > f->window_last)
		f->window_last = s->window_last;
	f->failing += s->failing;
	f->all += s->all;
	if (s->failing > f->best) {
		f->best = s->failing;
		f->best_share = (double)s->failing / (double)s->all;
	}
}

static bool
are_near(const struct slot_row *one, const struct slot_row *other, nsec_t gap)
{
	return address_equal(&one->client, &other->client) && other->time - one->time <= gap;
}

/* From the slots that fire within FINDING_GAP of each other, and their like neighbours. */
static void
find_clients(const struct slot_rows *rows, struct list *l)
{
	const struct slot_row *s = rows->all;
	size_t end;

	for (size_t i = 0; i < rows->count; i = end + 1) {
		size_t begin = i;
		struct failing *f;
		end = i;
		if (!s[i].fires)
			continue;
		while (begin > 0 && s[begin - 1].like &&
		       are_near(&s[begin - 1], &s[begin], SLOT_LENGTH))
			begin--;
		for (size_t k = i + 1;
		     k < rows->count && are_near(&s[end], &s[k], FINDING_GAP + SLOT_LENGTH); k++)
			if (s[k].fires)
				end = k;
		while (end + 1 < rows->count && s[end + 1].like &&
		       are_near(&s[end], &s[end + 1], SLOT_LENGTH))
			end++;
		f = new_failing(l, &s[begin]);
		for (size_t k = begin; k <= end; k++)
			if (s[k].like)
				take_in(f, &s[k]);
	}
}

static void
take_slot(const struct section_context *c, struct slot_rows *rows, const struct result *r)
{
	struct slot_row s = { .client = result_address(r, 0),
		.time = result_time(r, 1),
		.first = result_time(r, 2),
		.last = result_time(r, 3),
		.failing = result_u64(r, 4),
		.all = result_u64(r, 5),
		.window_first = result_time(r, 6),
		.window_last = result_time(r, 7) };

	s.like = s.failing >= NEIGHBOUR_LEAST &&
		 (double)s.failing >= settings_f64(c->settings, "share") * (double)s.all;
	s.fires = s.like && s.failing >= settings_u64(c->settings, "least_failures");
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity > 0 ? 2 * rows->capacity : 64;
		rows->all = xrealloc_array(rows->all, rows->capacity, sizeof *rows->all);
	}
	rows->all[rows->count++] = s;
}

/* A slot may have rows of two windows, or of sensors side by side. */
static enum err
read_slots(const struct section_context *c, struct list *l, struct err_info *info)
{
	struct slot_rows rows = { 0 };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT client AS a, slot AS t, min(first) AS f, max(last) AS z, sum(failing) AS n, "
	    "sum(answers) AS m, min(window_begin) AS v, max(window_begin) AS w "
	    "FROM dns_nxdomain WHERE failing > 0 AND" PERIOD_SQL "GROUP BY a, t ORDER BY a, t",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_slot(c, &rows, r);
	result_free(r);
	find_clients(&rows, l);
	free(rows.all);
	return ERR_OK;
}

static void
take_window(struct failing *f, const struct result *r, uint64_t input)
{
	const size_t at = 2; /* where the table's columns begin */

	for (size_t i = NC_NXDOMAIN; i <= NC_LABEL_OCTETS; i++)
		f->counts[i] += result_u64(r, at + i);
	if (!sketch_add(f->names, CLIENT_PRECISION, r, at + NC_NAMES) ||
	    !sketch_add(f->sites, CLIENT_PRECISION, r, at + NC_SITES))
		return;
	if (strcmp(f->top_site, result_text(r, at + NC_TOP_SITE)) == 0) {
		f->top_site_count += result_u64(r, at + NC_TOP_SITE_COUNT);
	} else if (result_u64(r, at + NC_TOP_SITE_COUNT) > f->top_site_count) {
		(void)snprintf(
		    f->top_site, sizeof f->top_site, "%s", result_text(r, at + NC_TOP_SITE));
		f->top_site_count = result_u64(r, at + NC_TOP_SITE_COUNT);
	}
	dns_samples_read(&f->samples, r, at + NC_SAMPLES, input);
}

/* Both the list and the rows come by client. */
static enum err
read_windows(const struct section_context *c, struct list *l, struct err_info *info)
{
	size_t first = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT input, window_begin, client, nxdomain, servfail, other, undelegated, "
	    "single_label, reversed, carriers, labels, label_octets, names, domains, top_domain, "
	    "top_domain_failing, samples FROM dns_nxdomain_clients WHERE" PERIOD_SQL
	    "ORDER BY client, window_begin, input",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address client = result_address(r, 2);
		nsec_t window = result_time(r, 1);
		while (first < l->count && address_compare(&l->all[first].client, &client) < 0)
			first++;
		for (size_t i = first; i < l->count && address_equal(&l->all[i].client, &client);
		     i++)
			if (window >= l->all[i].window_first && window <= l->all[i].window_last)
				take_window(&l->all[i], r, result_u64(r, 0));
	}
	result_free(r);
	return ERR_OK;
}

static enum err
read_totals(const struct section_context *c, struct list *l, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS k, sum(answers) AS a, sum(failing) AS f, "
	    "sum(clients_displaced) AS d, sum(clients_refused) AS n, sum(slots_refused) AS s, "
	    "max(shortfall) AS h, sum(clients_unstored) AS u FROM dns_nxdomain_totals "
	    "WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		l->windows = result_u64(r, 0);
		for (unsigned i = 0; i < NT_COLUMNS; i++)
			l->totals[i] = result_u64(r, 1 + i);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ what they are */

static uint64_t
failures_of(const struct failing *f)
{
	return f->counts[NC_NXDOMAIN] + f->counts[NC_SERVFAIL];
}

static bool
is_part(uint64_t part, double share, uint64_t all)
{
	return all > 0 && (double)part >= share * (double)all;
}

/* Severity follows from it. */
static const char *
kind_of(const struct failing *f, const char **ret_severity)
{
	uint64_t all = failures_of(f);
	double names = hll_estimate(f->names, CLIENT_PRECISION);
	double sites = hll_estimate(f->sites, CLIENT_PRECISION);
	double length = f->counts[NC_LABELS] > 0
			    ? (double)f->counts[NC_LABEL_OCTETS] / (double)f->counts[NC_LABELS]
			    : 0;

	*ret_severity = "info";
	if (is_part(f->counts[NC_REVERSED], HALF, all))
		return "addresses";
	if (is_part(f->counts[NC_SINGLE], HALF, all))
		return "single labels";
	if (length >= TUNNEL_LENGTH && is_part(f->counts[NC_CARRIERS], HALF, all)) {
		*ret_severity = "low";
		return "tunnel";
	}
	if (sites >= SITES_OF_DGA && is_part(f->counts[NC_UNDELEGATED], HALF, all) &&
	    sites >= HALF * names) {
		*ret_severity = "medium";
		return "generated domains";
	}
	if (is_part(f->top_site_count, HALF, all) && names >= DISTINCT_RANDOM * (double)all) {
		*ret_severity = "low";
		return "random subdomains";
	}
	return names <= DISTINCT_REPEAT * (double)all ? "repetition" : "many names";
}

static json_t *
address_cell(const struct address *a)
{
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format(a, text));
}

static const char *
advice_for(const char *kind)
{
	if (strcmp(kind, "generated domains") == 0)
		return "Names that were made by rule and are not registered: look for malware on "
		       "the "
		       "client.";
	if (strcmp(kind, "random subdomains") == 0)
		return "Ever-new names of one domain: the client takes part in an attack on it, or "
		       "forwards for others who do (dns/random-subdomain, dns/open-resolver).";
	if (strcmp(kind, "tunnel") == 0)
		return "Long names of types that carry data: look for a tunnel.";
	if (strcmp(kind, "repetition") == 0)
		return "The same names again and again: software on the client looks for something "
		       "that is gone.";
	return "Ask the client's owner before limiting it: many failures are a nuisance, not an "
	       "attack.";
}

static void
make_finding(const struct section_context *c, struct section *section, const struct failing *f)
{
	static const char SOURCE[] = "doc/analyses/dns-nxdomain.md";
	const char *severity, *kind = kind_of(f, &severity);
	struct finding *out = section_finding(section, "client", severity, 0.9, f->begin, f->end);

	finding_subject(out, "client", address_cell(&f->client));
	finding_measure(out, "queries", json_integer((json_int_t)f->all));
	finding_measure(out, "share", json_real((double)f->failing / (double)f->all));
	finding_measure(out, "failing", json_integer((json_int_t)f->failing));
	finding_measure(
	    out, "best_rate_qps", json_real((double)f->best * (double)NSEC_PER_SEC / SLOT_LENGTH));
	finding_measure(out, "best_share", json_real(f->best_share));
	finding_measure(out, "looks_like", json_string(kind));
	finding_measure(out, "names",
	    json_integer((json_int_t)llround(
		fmin(hll_estimate(f->names, CLIENT_PRECISION), (double)failures_of(f)))));
	finding_measure(out, "domains",
	    json_integer((json_int_t)llround(
		fmin(hll_estimate(f->sites, CLIENT_PRECISION), (double)failures_of(f)))));
	finding_measure(out, "top_domain", json_text(f->top_site, strlen(f->top_site)));
	finding_measure(out, "top_domain_failing", json_integer((json_int_t)f->top_site_count));
	finding_threshold(out, "failing answers in 10 s",
	    json_integer((json_int_t)settings_u64(c->settings, "least_failures")),
	    "dnsdist's guide to dynamic blocks: 20 a second");
	finding_threshold(
	    out, "share of answers", json_real(settings_f64(c->settings, "share")), SOURCE);
	dns_samples_evidence(&f->samples, out);
	finding_advise(out, "%s", advice_for(kind));
}

/* ------------------------------------------------------------------ the section */

static void
put_table(struct section *section, const struct list *l)
{
	static const struct section_column COLUMNS[] = {
		{ "client", "Client", "address", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "looks_like", "Looks like", "text", "" },
		{ "queries", "Answers", "count", "" },
		{ "share", "Failing", "share", "" },
		{ "names", "Names", "count", "" },
		{ "domains", "Domains", "count", "" },
		{ "top_domain", "Most of", "text", "" },
	};
	struct section_table *t = section_table(
	    section, "clients", "Clients whose questions fail", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < l->count && i < SHOWN; i++) {
		const struct failing *f = &l->all[i];
		const char *severity;
		section_row(t, address_cell(&f->client),
		    json_integer((json_int_t)analysis_ms(f->begin)),
		    json_integer((json_int_t)analysis_ms(f->end)),
		    json_string(kind_of(f, &severity)), json_integer((json_int_t)f->all),
		    json_real((double)f->failing / (double)f->all),
		    json_integer((json_int_t)llround(hll_estimate(f->names, CLIENT_PRECISION))),
		    json_integer((json_int_t)llround(hll_estimate(f->sites, CLIENT_PRECISION))),
		    json_text(f->top_site, strlen(f->top_site)), NULL);
	}
	section_table_note(t, "Names and domains within %.1f %% (standard error)%s.",
	    100 * hll_standard_error(CLIENT_PRECISION),
	    l->count > SHOWN ? "; more clients are among the findings" : "");
}

static void
say(const struct section_context *c, struct section *section, const struct list *l)
{
	const uint64_t *t = l->totals;
	char answers[32], failing[32];

	section_say(section,
	    "%s of %s answers to clients were NXDOMAIN or SERVFAIL; %zu time%s a client had "
	    "nothing "
	    "else, at %llu in 10 s or more.",
	    text_count(t[NT_FAILING], failing, sizeof failing),
	    text_count(t[NT_ANSWERS], answers, sizeof answers), l->count, l->count == 1 ? "" : "s",
	    (unsigned long long)settings_u64(c->settings, "least_failures"));
	section_define(section,
	    "A client is reported for ten seconds in which it got at least %llu answers with "
	    "NXDOMAIN "
	    "or SERVFAIL that were %.0f %% or more of all its answers. Sightings at most 10 "
	    "minutes "
	    "apart are one. Rate alone does not count, since many users may be behind an address. "
	    "Answers to resolvers (dnstap RESOLVER and FORWARDER, site.servers) are not looked at.",
	    (unsigned long long)settings_u64(c->settings, "least_failures"),
	    100 * settings_f64(c->settings, "share"));
	if (c->last - c->first < SLOT_LENGTH)
		section_warn(section,
		    "The input covers less than the ten seconds that the threshold is for.");
	if (t[NT_DISPLACED] + t[NT_REFUSED] + t[NT_SHORTFALL] + t[NT_UNSTORED] > 0)
		section_quality(section,
		    "More clients failed than can be watched (%d in each of %d shards): %llu gave "
		    "way, %llu found no place, up to %llu failures of one may not have counted "
		    "towards its being watched; %llu were not stored.",
		    CLIENT_PLACES, ANALYSIS_SHARDS, (unsigned long long)t[NT_DISPLACED],
		    (unsigned long long)t[NT_REFUSED], (unsigned long long)t[NT_SHORTFALL],
		    (unsigned long long)t[NT_UNSTORED]);
	if (t[NT_SLOTS_REFUSED] > 0)
		section_quality(section,
		    "%llu stretches of ten seconds of watched clients found no room: windows are "
		    "long (run.window).",
		    (unsigned long long)t[NT_SLOTS_REFUSED]);
}

enum err
nxdomain_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct list l = { 0 };
	enum err e = read_totals(c, &l, info);

	if (e == ERR_OK && l.windows == 0)
		e = ERR_END;
	if (e == ERR_OK)
		e = read_slots(c, &l, info);
	if (e == ERR_OK)
		e = read_windows(c, &l, info);
	if (e == ERR_OK) {
		for (size_t i = 0; i < l.count; i++)
			make_finding(c, section, &l.all[i]);
		say(c, section, &l);
		if (l.count > 0)
			put_table(section, &l);
	}
	free(l.all);
	return e;
}
