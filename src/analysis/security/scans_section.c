/* SPDX-License-Identifier: ISC */
/*
 * The section of security/scans: reads the contacts of all windows by source, puts them together to
 * series, and says which are scans.
 *
 * A series ends with a silence of the source longer than `timeout`.  What belongs together by
 * FINDING_GAP is judged first; what that leaves is judged over the whole series, so that two bursts
 * are two findings, and a scan too slow for either is found all the same.
 */
#include "analysis/security/scans_section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/guess_section.h"
#include "analysis/security/scan_judge.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/xmalloc.h"
#include "obs/packet.h"

#define FINDINGS_MOST 5000
#define SHOWN         100
#define SERIES_MOST   (1U << 20) /* contacts of a source that are held together */

/* Scanners by what they tried: sums of cells and pool entries. */
struct tried {
	uint64_t words[2]; /* address of a target, or protocol and port */
	uint64_t contacts, sources;
	struct address last; /* the source that was counted last: sources come one after another */
};

struct found {
	const struct section_context *context;
	struct scan_rules rules;
	struct scan_group *list; /* owned */
	size_t count, capacity;
	struct dns_pool targets, ports; /* of struct tried */
	uint64_t totals[ST_COLUMNS], windows;
	uint64_t damaged, cut; /* rows that did not read; contacts beyond SERIES_MOST */
	uint64_t input;        /* of the series at hand */
};

/* ------------------------------------------------------------------ series */

struct series {
	struct address source;
	struct scan_stored *list; /* owned */
	size_t count, capacity;
	size_t part;                        /* where what belongs together by FINDING_GAP begins */
	nsec_t end;                         /* of the latest contact */
	nsec_t part_end;                    /* the same */
	uint64_t successes, part_successes; /* of the source, added up over windows */
};

static uint64_t
weigh_tried(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct tried *)entry)->contacts;
}

static const struct dns_pool_shape TRIED = { 2, sizeof(struct tried), 65536, weigh_tried };
static_assert(sizeof(struct tried) % 8 == 0, "as pools want it");

static void
count_tried(
    struct dns_pool *pool, const uint64_t *key, const struct address *source, uint64_t weight)
{
	struct tried *t = dns_pool_at(pool, key);

	t->contacts += weight;
	if (t->sources == 0 || !address_equal(&t->last, source))
		t->sources++;
	t->last = *source;
}

/* Takes a scan; its contacts come by service and target. */
static void
take_group(
    void *context, const struct scan_group *g, struct scan_stored *const *contacts, size_t count)
{
	struct found *f = context;

	if (f->count == f->capacity) {
		f->capacity = f->capacity > 0 ? 2 * f->capacity : 64;
		f->list = xrealloc_array(f->list, f->capacity, sizeof *f->list);
	}
	f->list[f->count] = *g;
	f->list[f->count++].input = f->input;
	for (size_t i = 0; i < count; i++) {
		const struct scan_stored *c = contacts[i];
		uint64_t service[2] = { c->protocol, c->port };
		if (i > 0 && address_equal(&c->target, &contacts[i - 1]->target) &&
		    c->port == contacts[i - 1]->port && c->protocol == contacts[i - 1]->protocol)
			continue;
		count_tried(&f->targets, c->target.words, &g->source, c->weight);
		count_tried(&f->ports, service, &g->source, c->weight);
	}
}

static void
judge(struct found *f, struct series *s, size_t from, uint64_t successes)
{
	const struct scan_judge judge = {
		.rules = &f->rules,
		.site = f->context->site,
		.source = s->source,
		.successes = successes,
		.found = take_group,
		.context = f,
	};

	scan_judge(&judge, s->list + from, s->count - from);
}

static void
end_series(struct found *f, struct series *s)
{
	if (s->count == 0)
		return;
	judge(f, s, s->part, s->part_successes);
	if (s->part > 0)
		judge(f, s, 0, s->successes);
	s->count = s->part = 0;
}

/* Begins anew after silence. */
static void
heed_silence(struct found *f, struct series *s, const struct address *source, nsec_t begin)
{
	if (s->count > 0 &&
	    (!address_equal(&s->source, source) || begin - s->end > f->rules.timeout))
		end_series(f, s);
	if (s->count == 0) {
		s->source = *source;
		s->end = s->part_end = begin;
		s->successes = s->part_successes = 0;
		return;
	}
	if (begin - s->part_end > FINDING_GAP) {
		judge(f, s, s->part, s->part_successes);
		s->part = s->count;
		s->part_end = begin;
		s->part_successes = 0;
	}
}

static struct scan_stored
read_stored(const uint8_t *p, nsec_t begin, uint32_t weight)
{
	return (struct scan_stored){
		.target = address_from_ipv6(p),
		.port = le16(p + 16),
		.protocol = p[18],
		.marks = le16(p + 20),
		.first = begin + le32(p + 24) * NSEC_PER_MS,
		.last = begin + le32(p + 28) * NSEC_PER_MS,
		.flows = le32(p + 32),
		.port_successes = le32(p + 36),
		.host_successes = le32(p + 40),
		.weight = weight,
	};
}

static void
add_stored(struct found *f, struct series *s, const struct scan_stored *c)
{
	if (s->count == SERIES_MOST) {
		f->cut++;
		return;
	}
	if (s->count == s->capacity) {
		s->capacity = s->capacity > 0 ? 2 * s->capacity : 256;
		s->list = xrealloc_array(s->list, s->capacity, sizeof *s->list);
	}
	s->list[s->count++] = *c;
	s->end = c->last > s->end ? c->last : s->end;
	s->part_end = c->last > s->part_end ? c->last : s->part_end;
}

static void
take_row(struct found *f, struct series *s, const struct result *r)
{
	struct address source = result_address(r, 1);
	nsec_t begin = (nsec_t)result_u64(r, 2) * NSEC_PER_MS;
	uint64_t weight = result_u64(r, 3);
	size_t size;
	const char *octets = result_blob(r, 4, &size);
	struct cursor c = cursor_over((const uint8_t *)octets, size);

	if (size % SCAN_STORED_SIZE != 0 || weight == 0 || weight > UINT32_MAX) {
		f->damaged++;
		return;
	}
	heed_silence(f, s, &source, begin);
	f->input = s->count == 0 ? result_u64(r, 0) : f->input;
	s->successes += result_u64(r, 5);
	s->part_successes += result_u64(r, 5);
	while (cursor_left(&c) >= SCAN_STORED_SIZE) {
		struct scan_stored stored =
		    read_stored(cursor_take(&c, SCAN_STORED_SIZE), begin, (uint32_t)weight);
		add_stored(f, s, &stored);
	}
}

static enum err
read_series(struct found *f, struct err_info *info)
{
	const struct section_context *c = f->context;
	struct series s = { .count = 0 };
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT input, source, first, weight, list, contacts - evidence AS s FROM "
	    "security_scans WHERE" PERIOD_SQL "ORDER BY source, first, input, window_begin",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_row(f, &s, r);
	end_series(f, &s);
	result_free(r);
	free(s.list);
	return ERR_OK;
}

static enum err
read_totals(struct found *f, struct err_info *info)
{
	const struct section_context *c = f->context;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS k, sum(flows) AS a, sum(passed) AS b, sum(both_ways) AS d, "
	    "sum(one_way) AS e, sum(sampled) AS g, sum(inconclusive) AS h, max(sources) AS i, "
	    "sum(flood) AS j, sum(clean_evicted) AS l, sum(light_evicted) AS m, sum(unstored) AS n "
	    "FROM security_scans_totals WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		f->windows = result_u64(r, 0);
		for (unsigned i = 0; i < ST_COLUMNS; i++)
			f->totals[i] = result_u64(r, 1 + i);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ words */

/* "tcp/22", "icmp/echo". */
static const char *
service_text(uint8_t protocol, uint16_t port, char *text, size_t size)
{
	if (protocol == IP_PROTOCOL_ICMP || protocol == IP_PROTOCOL_ICMPV6) {
		unsigned type = port >> 8;
		const char *name = type == 8 || type == 128 ? "echo"
				   : type == 13             ? "timestamp"
							    : "mask";
		(void)snprintf(
		    text, size, "%s/%s", protocol == IP_PROTOCOL_ICMP ? "icmp" : "icmp6", name);
	} else {
		(void)snprintf(
		    text, size, "%s/%u", protocol == IP_PROTOCOL_TCP ? "tcp" : "udp", port);
	}
	return text;
}

static json_t *
service_json(uint8_t protocol, uint16_t port)
{
	char text[32];

	return json_string(service_text(protocol, port, text, sizeof text));
}

static json_t *
methods_json(uint16_t marks)
{
	static const struct {
		uint16_t mark;
		const char *name;
	} NAMES[] = { { SCAN_SYN, "syn" }, { SCAN_HALF_OPEN, "half-open" }, { SCAN_FIN, "fin" },
		{ SCAN_NULL, "null" }, { SCAN_XMAS, "xmas" }, { SCAN_UDP, "udp" },
		{ SCAN_ICMP, "ping" } };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
		if ((marks & NAMES[i].mark) != 0)
			json_array_append_new(list, json_string(NAMES[i].name));
	return list;
}

static const char *
outcome_name(uint16_t marks)
{
	if ((marks & SCAN_HALF_OPEN) != 0)
		return "half open";
	return (marks & SCAN_REFUSED) != 0 ? "refused" : "no answer";
}

/* ------------------------------------------------------------------ findings */

static uint64_t
targets_of(const struct scan_group *g)
{
	return g->kind == SCAN_ADDRESS ? g->hosts + g->successes : g->hosts;
}

static uint64_t
ports_of(const struct scan_group *g)
{
	return g->kind == SCAN_PORT ? g->ports + g->successes : g->ports;
}

/* A number of distinct contacts; with its interval where only a sample of them was kept. */
static void
put_estimate(struct finding *out, const char *name, const struct scan_group *g, uint64_t value)
{
	double spread;

	if (g->weight <= 1) {
		finding_measure(out, name, json_count(value));
		return;
	}
	/* Each contact was kept with chance 1 / weight: binomial. */
	spread = 1.96 * sqrt((double)g->kept * (1 - 1 / (double)g->weight)) * (double)g->weight;
	finding_interval(
	    out, name, (double)value, fmax((double)value - spread, 0), (double)value + spread);
}

static void
put_measures(struct finding *out, const struct found *f, const struct scan_group *g)
{
	enum scan_verdict verdict =
	    scan_sequential(&f->rules, g->failures, g->half_open + g->successes);

	if (g->kind == SCAN_ADDRESS)
		put_estimate(out, "targets", g, targets_of(g));
	else
		finding_measure(out, "targets", json_count(targets_of(g)));
	if (g->kind == SCAN_PORT)
		put_estimate(out, "ports", g, ports_of(g));
	else
		finding_measure(out, "ports", json_count(ports_of(g)));
	put_estimate(out, "contacts", g, g->contacts + g->successes);
	finding_measure(out, "attempts", json_count(g->attempts + g->successes));
	finding_measure(out, "successes", json_count(g->half_open + g->successes));
	finding_measure(out, "failures", json_count(g->failures));
	finding_measure(out, "refused", json_count(g->refused));
	finding_measure(out, "half_open", json_count(g->half_open));
	finding_measure(out, "local_targets", json_count(g->local));
	finding_measure(out, "remote_targets", json_count(g->remote));
	finding_measure(out, "dark_targets", json_count(g->dark));
	finding_measure(out, "methods", methods_json(g->marks));
	finding_measure(out, "rule", json_string(scan_rule_names[g->rule]));
	finding_measure(out, "sequential_test", json_string(scan_verdict_names[verdict]));
	if ((g->marks & SCAN_SAMPLED) != 0)
		finding_measure(out, "sampled", json_true());
}

static void
put_thresholds(struct finding *out, const struct found *f, const struct scan_group *g)
{
	static const char SIMPLE[] = "bro-simple-scan";
	static const char *const NAMES[] = { "",
		"distinct contacts that failed or were left half open", "hosts at one port",
		"failed first contacts in sequence" };

	finding_threshold(out, NAMES[g->rule], json_count(g->limit),
	    g->rule == SCAN_RULE_SEQUENTIAL ? "J. Jung et al., IEEE S&P 2004" : SIMPLE);
	finding_threshold(out, "share of contacts that failed or were left half open",
	    json_real(f->rules.failing), "doc/analyses/security-scans.md");
	finding_threshold(out, "silence that ends a series in s",
	    json_real((double)f->rules.timeout / NSEC_PER_SEC), SIMPLE);
	if (g->dark > 0)
		finding_threshold(out, "dark hosts", json_count(f->rules.dark_hosts), SIMPLE);
}

static void
put_evidence(struct finding *out, const struct scan_group *g)
{
	for (unsigned i = 0; i < g->sample_count; i++) {
		const struct scan_stored *c = &g->samples[i];
		json_t *decoded = json_object();

		json_object_set_new(decoded, "time", json_count(analysis_ms(c->first)));
		json_object_set_new(decoded, "source", json_address(&g->source));
		json_object_set_new(decoded, "target", json_address(&c->target));
		json_object_set_new(decoded, "service", service_json(c->protocol, c->port));
		json_object_set_new(decoded, "outcome", json_string(outcome_name(c->marks)));
		/* A flow has no single place in the input: the packets are found by its ends. */
		finding_evidence(out, g->input, 0, 0, decoded);
	}
}

static const char *
severity_of(const struct found *f, const struct scan_group *g)
{
	if (site_is_own(f->context->site, &g->source))
		return "medium";
	return g->rule == SCAN_RULE_SEQUENTIAL ? "info" : "low";
}

static double
confidence_of(const struct scan_group *g)
{
	if ((g->marks & SCAN_SAMPLED) != 0)
		return 0.6;
	if (g->rule == SCAN_RULE_SEQUENTIAL)
		return 0.7;
	return g->kind == SCAN_RANDOM || (g->marks & (SCAN_UDP | SCAN_ICMP)) != 0 ? 0.8 : 0.95;
}

static void
advise(struct finding *out, const struct found *f, const struct scan_group *g)
{
	if (site_is_own(f->context->site, &g->source))
		finding_advise(out, "A host of the site looks for others: unless it is a scanner "
				    "or monitor of your own, "
				    "look for malware on it.");
	else if (g->half_open + g->successes > 0)
		finding_advise(out, "What answered is reachable for everybody: see that these "
				    "services are meant to be, "
				    "and are up to date.");
	else
		finding_advise(out, "Nothing that was tried answered: no need to act; blocking the "
				    "source keeps logs "
				    "short.");
}

static void
make_finding(struct section *section, const struct found *f, const struct scan_group *g)
{
	struct finding *out = section_finding(section, scan_kind_names[g->kind], severity_of(f, g),
	    confidence_of(g), g->begin, g->end);

	finding_subject(out, "source", json_address(&g->source));
	if (g->kind == SCAN_ADDRESS)
		finding_subject(out, "service", service_json(g->protocol, g->port));
	else if (g->kind == SCAN_PORT)
		finding_subject(out, "victim", json_address(&g->victim));
	put_measures(out, f, g);
	put_thresholds(out, f, g);
	put_evidence(out, g);
	advise(out, f, g);
}

/* ------------------------------------------------------------------ tables and figures */

static void
put_scanners(struct section *section, const struct found *f)
{
	static const struct section_column COLUMNS[] = {
		{ "source", "Source", "address", "" },
		{ "kind", "Scan of", "text", "" },
		{ "what", "Port or victim", "text", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "local_targets", "Own hosts", "count", "" },
		{ "remote_targets", "Other hosts", "count", "" },
		{ "ports", "Ports", "count", "" },
		{ "attempts", "Attempts", "count", "flows" },
		{ "successes", "Successes", "count", "" },
	};
	struct section_table *t =
	    section_table(section, "scanners", "Scanners", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < f->count && i < SHOWN; i++) {
		const struct scan_group *g = &f->list[i];
		section_row(t, json_address(&g->source), json_string(scan_kind_names[g->kind]),
		    g->kind == SCAN_ADDRESS ? service_json(g->protocol, g->port)
		    : g->kind == SCAN_PORT  ? json_address(&g->victim)
					    : json_null(),
		    json_count(analysis_ms(g->begin)), json_count(analysis_ms(g->end)),
		    json_count(g->local), json_count(g->remote), json_count(ports_of(g)),
		    json_count(g->attempts + g->successes), json_count(g->half_open + g->successes),
		    NULL);
	}
	if (f->count > SHOWN)
		section_table_note(t, "The %d with the most contacts of %zu.", SHOWN, f->count);
}

static int
by_contacts(const void *a, const void *b)
{
	const struct tried *x = *(const struct tried *const *)a;
	const struct tried *y = *(const struct tried *const *)b;

	if (x->contacts != y->contacts)
		return x->contacts > y->contacts ? -1 : 1;
	return memcmp(x->words, y->words, sizeof x->words);
}

static void
put_tried(struct section *section, struct dns_pool *pool, bool ports)
{
	static const struct section_column PORTS[] = {
		{ "service", "Port", "text", "" },
		{ "contacts", "Contacts", "count", "" },
		{ "sources", "Scanners", "count", "" },
	};
	static const struct section_column TARGETS[] = {
		{ "target", "Target", "address", "" },
		{ "contacts", "Contacts", "count", "" },
		{ "sources", "Scanners", "count", "" },
	};
	struct section_table *t = section_table(section, ports ? "ports" : "targets",
	    ports ? "Ports that scanners tried most" : "Hosts that scanners tried most",
	    ports ? PORTS : TARGETS, 3);
	const void **sorted = dns_pool_sorted(pool);

	qsort(sorted, pool->count, sizeof *sorted, by_contacts);
	for (uint32_t i = 0; i < pool->count && i < SHOWN / 4; i++) {
		const struct tried *tried = sorted[i];
		struct address target = { .words = { tried->words[0], tried->words[1] } };
		section_row(t,
		    ports ? service_json((uint8_t)tried->words[0], (uint16_t)tried->words[1])
			  : json_address(&target),
		    json_count(tried->contacts), json_count(tried->sources), NULL);
	}
	if (pool->count > SHOWN / 4)
		section_table_note(t, "The first %d of %u%s.", SHOWN / 4, pool->count,
		    pool->evicted > 0 ? "; rare ones were let go" : "");
	free(sorted);
}

static void
put_days(struct section *section, const struct found *f)
{
	struct scan_days *days = scan_days_new(f->context);
	struct section_figure *figure =
	    section_figure(section, FIGURE_BARS, "scans-per-day", "Scans per day");

	for (size_t i = 0; i < f->count; i++)
		scan_days_add(days, f->list[i].kind, f->list[i].begin, 1);
	section_axis(figure, 'x', "day", "category", "");
	section_axis(figure, 'y', "scans", "linear", "count");
	scan_days_finish(days, figure, scan_kind_names, 3);
	section_caption(
	    figure, "Scans by the day on which they began (%s).", f->context->site->time_zone);
}

static void
put_countries(struct section *section, const struct found *f)
{
	struct scan_countries *countries = scan_countries_new(f->context);

	for (size_t i = 0; i < f->count; i++)
		scan_countries_add(countries, &f->list[i].source, f->list[i].attempts);
	scan_countries_finish(countries, section, "scan-countries", "Countries of scanners");
}

/* ------------------------------------------------------------------ words of the section */

static void
say(struct section *section, const struct found *f)
{
	uint64_t kinds[3] = { 0 }, sources = 0, own = 0;
	const struct address *before = NULL;

	for (size_t i = 0; i < f->count; i++)
		kinds[f->list[i].kind]++;
	for (size_t i = 0; i < f->count; i++) {
		bool new = before == NULL || !address_equal(before, &f->list[i].source);
		before = &f->list[i].source;
		sources += new;
		own += new &&site_is_own(f->context->site, before);
	}
	section_say(section,
	    "%zu scan%s by %" PRIu64 " source%s: %" PRIu64 " of one port at many hosts, %" PRIu64
	    " of many ports of one host, %" PRIu64 " of many ports at many hosts.",
	    f->count, f->count == 1 ? "" : "s", sources, sources == 1 ? "" : "s",
	    kinds[SCAN_ADDRESS], kinds[SCAN_PORT], kinds[SCAN_RANDOM]);
	if (own > 0)
		section_say(section, "%" PRIu64 " of the sources are the site's own.", own);
}

static void
define(struct section *section, const struct found *f)
{
	const struct scan_rules *r = &f->rules;

	section_define(section,
	    "A contact is a source, a target and a port. It failed when a SYN was refused or never "
	    "answered, a datagram or ping never answered, or the packet was of a kind only "
	    "scanners "
	    "send (FIN alone, no flag, FIN PSH URG); it was left half open when a SYN-ACK was "
	    "followed "
	    "by RST or nothing. Contacts at one port, at one victim, and all others are judged "
	    "apart; "
	    "each counts once.");
	section_define(section,
	    "A scan: %g of them or more failed or were left half open, and they are %" PRIu64
	    " or more (own sources %" PRIu64 "; with %" PRIu64 " dark hosts %" PRIu64
	    " and %" PRIu64 "), or a source outside tried %" PRIu64 " hosts (dark: %" PRIu64
	    ") at one port, or the sequential test (likelihood ratio of failed and successful "
	    "first "
	    "contacts) says so of a source outside at own hosts. A silence of %g min begins a new "
	    "count.",
	    r->failing, r->remote, r->local, r->dark_hosts, r->remote_dark, r->local_dark,
	    r->knocks, r->dark_knocks, (double)r->timeout / (60.0 * NSEC_PER_SEC));
	if (f->context->site->own_prefix_count == 0)
		section_quality(section,
		    "No own prefixes are configured: every source counts as one outside, and the "
		    "sequential test is not applied.");
}

static void
say_quality(struct section *section, const struct found *f)
{
	const uint64_t *t = f->totals;

	section_quality(section,
	    "%" PRIu64 " flows are contacts, %" PRIu64
	    " are not (middles of connections, answers, multicast); at most %" PRIu64
	    " sources in a window.",
	    t[ST_FLOWS], t[ST_PASSED], t[ST_SOURCES]);
	if (t[ST_ONE] > 0)
		section_quality(section,
		    "Of %" PRIu64 " TCP connections only the initiator was seen (%" PRIu64
		    " were seen both ways); in windows where these are a tenth, silence after a "
		    "datagram "
		    "or ping counts only at dark hosts.",
		    t[ST_ONE], t[ST_BOTH]);
	if (t[ST_SAMPLED] + t[ST_INCONCLUSIVE] > 0)
		section_quality(section,
		    "%" PRIu64
		    " sampled records of TCP: a lone SYN among samples is a hint, not proof, "
		    "that a contact failed; %" PRIu64 " of datagrams, of which nothing follows.",
		    t[ST_SAMPLED], t[ST_INCONCLUSIVE]);
	if (t[ST_FLOOD] > 0)
		section_quality(section,
		    "%" PRIu64
		    " contacts of a flood (thousands of sources with one or two contacts at "
		    "one host) were left aside.",
		    t[ST_FLOOD]);
	if (t[ST_CLEAN] + t[ST_LIGHT] + t[ST_UNSTORED] + f->cut > 0)
		section_quality(section,
		    "Memory was short: %" PRIu64 " contacts of sources without failures, %" PRIu64
		    " of sources with few, %" PRIu64 " sources of windows and %" PRIu64
		    " contacts of long series were let go: slow scans among them may be missing.",
		    t[ST_CLEAN], t[ST_LIGHT], t[ST_UNSTORED], f->cut);
	if (f->damaged > 0)
		section_quality(section, "%" PRIu64 " stored rows did not read.", f->damaged);
}

/* The most contacts first. */
static int
compare_groups(const void *a, const void *b)
{
	const struct scan_group *x = a, *y = b;
	int by;

	if (x->contacts != y->contacts)
		return x->contacts > y->contacts ? -1 : 1;
	by = address_compare(&x->source, &y->source);
	if (by != 0)
		return by;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	by = address_compare(&x->victim, &y->victim);
	return by != 0 ? by : (int)x->protocol - (int)y->protocol;
}

static void
put_scans(struct section *section, struct found *f)
{
	say(section, f);
	if (f->count > 0)
		qsort(f->list, f->count, sizeof *f->list, compare_groups);
	for (size_t i = 0; i < f->count && i < FINDINGS_MOST; i++)
		make_finding(section, f, &f->list[i]);
	if (f->count > FINDINGS_MOST)
		section_quality(section, "Findings are given for the %d greatest of %zu scans.",
		    FINDINGS_MOST, f->count);
	if (f->count > 0) {
		put_days(section, f);
		put_scanners(section, f);
		put_tried(section, &f->ports, true);
		put_tried(section, &f->targets, false);
		put_countries(section, f);
	}
	define(section, f);
	say_quality(section, f);
}

enum err
scans_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct hash_secret secret = hash_secret_new();
	struct found f = { .context = c };
	bool logins = false;
	enum err e;

	scan_rules_read(&f.rules, c->settings);
	dns_pool_init(&f.targets, &TRIED, &secret);
	dns_pool_init(&f.ports, &TRIED, &secret);
	e = read_totals(&f, info);
	if (e == ERR_OK && f.windows > 0) {
		e = read_series(&f, info);
		if (e == ERR_OK)
			put_scans(section, &f);
	}
	if (e == ERR_OK)
		e = guess_section(c, section, &logins, info);
	if (e == ERR_OK && f.windows == 0 && !logins)
		e = ERR_END;
	dns_pool_release(&f.targets);
	dns_pool_release(&f.ports);
	free(f.list);
	return e;
}
