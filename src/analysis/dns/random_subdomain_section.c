/* SPDX-License-Identifier: ISC */
/* The section of dns/random-subdomain: attacks, who was used for them, and what only looks like
 * one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/random_subdomain_read.h"

#define SHOWN_ATTACKS 100
#define SHOWN_CURVES  8
#define SHOWN_CLIENTS 20  /* of one attack */
#define LEAST_LIMIT   100 /* queries a second: the least limit that is advised */
#define TEXT_SIZE     160

static json_t *
text_cell(const char *text)
{
	return json_text(text, strlen(text));
}

static json_t *
time_cell(nsec_t time)
{
	return json_integer((json_int_t)analysis_ms(time));
}

static json_t *
rounded(double value)
{
	return json_integer((json_int_t)llround(value));
}

static const char *
shape_of(const struct attack *a)
{
	if ((a->fires & FIRE_NXDOMAIN) != 0)
		return (a->fires & FIRE_DROWNED) != 0 ? "NXDOMAIN, then no answers" : "NXDOMAIN";
	if ((a->fires & FIRE_DROWNED) != 0)
		return "authority drowned";
	return (a->fires & FIRE_WILD) != 0 ? "wildcard" : "backscatter";
}

/* The best second; of one that began before the zone was watched, at least its mean. */
static uint64_t
peak_of(const struct attack *a)
{
	if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) == 0)
		return a->peaks[ZONE_SIDES];
	return a->peaks[a->side];
}

static uint64_t
limit_for(const struct attack *a)
{
	double usual = ceil(3 * a->usual);

	return usual > LEAST_LIMIT ? (uint64_t)usual : LEAST_LIMIT;
}

static double
confidence_of(const struct attack *a)
{
	if ((a->fires & FIRE_NXDOMAIN) != 0)
		return a->best_failing >= 0.9 && a->best_distinct >= 0.9 ? 0.95 : 0.85;
	if ((a->fires & FIRE_DROWNED) != 0)
		return 0.85;
	return (a->fires & FIRE_WILD) != 0 ? 0.6 : 0.7;
}

static const char *
severity_of(const struct attack *a)
{
	if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) == 0)
		return (a->fires & FIRE_WILD) != 0 ? "medium" : "low";
	if (a->own || peak_of(a) >= 1000 || (a->fires & FIRE_DROWNED) != 0)
		return "high";
	return "medium";
}

/* ------------------------------------------------------------------ findings */

static void
measure_types(struct finding *f, const struct attack *a)
{
	json_t *types = json_object();

	for (unsigned i = 0; i < ZONE_TYPES; i++)
		if (a->types[i] > 0)
			(void)json_object_set_new(
			    types, zone_type_names[i], json_integer((json_int_t)a->types[i]));
	finding_measure(f, "types", types);
}

static void
measure_labels(struct finding *f, const struct attack *a)
{
	if (a->labels.count == 0)
		return;
	finding_measure(f, "label_length", json_real(label_mean(&a->labels)));
	finding_measure(f, "label_length_deviation", json_real(label_deviation(&a->labels)));
	finding_measure(f, "label_entropy", json_real(label_entropy(&a->labels)));
}

/* Queries of the listed clients that are forwarders of customers. */
static uint64_t
from_forwarders(const struct attack *a, uint64_t *ret_count)
{
	uint64_t sum = 0;

	*ret_count = 0;
	for (size_t i = 0; i < a->client_count_listed; i++)
		if (strcmp(a->clients[i].kind, zone_client_names[CLIENT_CLASSES]) == 0) {
			sum += a->clients[i].queries;
			++*ret_count;
		}
	return sum;
}

static void
measure_clients(struct finding *f, const struct attack *a)
{
	uint64_t count, queries = from_forwarders(a, &count);
	json_t *list = json_array();
	char text[ADDRESS_TEXT_SIZE];

	finding_measure(
	    f, "queries_customers", json_integer((json_int_t)a->classes[CLIENT_CUSTOMER]));
	finding_measure(f, "queries_servers", json_integer((json_int_t)a->classes[CLIENT_SERVER]));
	finding_measure(
	    f, "queries_external", json_integer((json_int_t)a->classes[CLIENT_EXTERNAL]));
	finding_measure(f, "forwarders", json_integer((json_int_t)count));
	finding_measure(f, "queries_forwarders", json_integer((json_int_t)queries));
	for (size_t i = 0; i < a->client_count_listed && i < 10; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:I, s:I}", "client",
			address_format(&a->clients[i].address, text), "kind", a->clients[i].kind,
			"queries_least", (json_int_t)(a->clients[i].queries - a->clients[i].error),
			"queries_most", (json_int_t)a->clients[i].queries));
	finding_measure(f, "top_clients", list);
}

/* What the attack cost the resolver: questions it had to carry upstream. */
static void
measure_cost(struct finding *f, const struct attack *a)
{
	uint64_t asked = a->window_all[ZONE_ASKED], upstream = a->window_all[ZONE_UPSTREAM];

	if (upstream > 0 && a->upstream_all > 0) {
		finding_measure(f, "upstream_queries", json_integer((json_int_t)upstream));
		finding_measure(f, "upstream_share",
		    json_real(fmin(1, (double)upstream / (double)a->upstream_all)));
	}
	if (asked > 0 && upstream > 0)
		finding_measure(
		    f, "miss_share", json_real(fmin(1, (double)upstream / (double)asked)));
}

static void
measure_scatter(struct finding *f, const struct attack *a)
{
	if ((a->fires & FIRE_SCATTER) == 0)
		return;
	finding_measure(f, "scatter_nxdomain", json_integer((json_int_t)a->scatter[0]));
	finding_measure(f, "scatter_servfail", json_integer((json_int_t)a->scatter[1]));
	finding_measure(f, "scatter_quoted", json_integer((json_int_t)a->scatter[2]));
	finding_measure(f, "scatter_dark", json_integer((json_int_t)a->dark));
	finding_measure(f, "scatter_names", rounded(a->scatter_names));
	finding_measure(f, "scatter_servers", rounded(a->scatter_servers));
	finding_measure(f, "scatter_targets", rounded(a->scatter_targets));
}

static void
state_thresholds(const struct section_context *c, struct finding *f, const struct attack *a)
{
	static const char SPEC[] = "doc/analyses/dns-random-subdomain.md";
	const struct settings *set = c->settings;

	if ((a->fires & ~(unsigned)FIRE_SCATTER) != 0) {
		finding_threshold(f, "transactions in 10 s",
		    json_integer((json_int_t)settings_u64(set, "least_queries")), SPEC);
		finding_threshold(
		    f, "share of one client", json_real(settings_f64(set, "client_share")), SPEC);
		finding_threshold(f, "clients",
		    json_integer((json_int_t)settings_u64(set, "least_clients")), SPEC);
	}
	if ((a->fires & (FIRE_NXDOMAIN | FIRE_DROWNED)) != 0) {
		finding_threshold(
		    f, "failing share", json_real(settings_f64(set, "failing_share")), SPEC);
		finding_threshold(f, "distinct names a transaction",
		    json_real(settings_f64(set, "distinct_share")), SPEC);
		finding_threshold(f, "new failing names a second",
		    json_real(settings_f64(set, "rise") * a->baseline),
		    "the zone's moving mean of earlier windows times `rise`");
	}
	if ((a->fires & FIRE_WILD) != 0) {
		finding_threshold(f, "distinct names a question",
		    json_real(settings_f64(set, "wild_distinct_share")), SPEC);
		finding_threshold(f, "share asked upstream",
		    json_real(settings_f64(set, "wild_miss_share")), SPEC);
		finding_threshold(f, "standard deviation of the label length",
		    json_real(settings_f64(set, "wild_length_deviation")), SPEC);
		finding_threshold(f, "entropy of labels, bits an octet",
		    json_real(settings_f64(set, "wild_entropy")), SPEC);
	}
	if ((a->fires & FIRE_SCATTER) != 0) {
		finding_threshold(f, "names in answers nobody asked for",
		    json_integer((json_int_t)settings_u64(set, "scatter_names")), SPEC);
		finding_threshold(f, "servers that sent them",
		    json_integer((json_int_t)settings_u64(set, "scatter_servers")), SPEC);
	}
}

/* Whether a zone can stand in a line of configuration as it is. */
static bool
is_plain(const char *zone)
{
	return zone[strspn(zone, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

static void
advise(struct finding *f, const struct attack *a)
{
	unsigned long long n = limit_for(a);

	if ((a->fires & ~(unsigned)FIRE_SCATTER) == 0) {
		finding_advise(f,
		    "The attack is on others: tell the operator of %s. Answers arrive here because "
		    "our addresses were forged as senders of the questions.",
		    a->zone);
		return;
	}
	if (!is_plain(a->zone)) {
		finding_advise(
		    f, "Limit the questions for this zone to %llu a second at the resolvers.", n);
		return;
	}
	finding_advise(f,
	    "At resolvers, limit questions for %s to %llu a second (three times what is usual, at "
	    "least %d). Unbound: \"ratelimit-for-domain: %s %llu\" (its window is 2 s, "
	    "ratelimit-factor 10 lets one in ten through). BIND: \"fetches-per-zone %llu; "
	    "fetch-quota-params 100 0.1 0.3 0.7;\". dnsdist: \"dbr:setSuffixMatchRule(10, "
	    "{rcode=%s, rate=%llu}, 'random subdomains', 60)\". Aggressive use of NSEC (RFC 8198) "
	    "answers such names from the cache where %s is signed. %s",
	    a->zone, n, LEAST_LIMIT, a->zone, n, n,
	    (a->fires & FIRE_NXDOMAIN) != 0 ? "DNSRCode.NXDOMAIN" : "DNSRCode.SERVFAIL", n, a->zone,
	    a->classes[CLIENT_CUSTOMER] > 0
		? "Close the forwarders of customers that were used (dns/open-resolver)."
		: "Clients ask seldom each, so a limit on clients does not help.");
}

static void
make_finding(const struct section_context *c, struct section *section, const struct attack *a)
{
	bool scatter_only = (a->fires & ~(unsigned)FIRE_SCATTER) == 0;
	uint64_t queries =
	    scatter_only ? a->scatter[0] + a->scatter[1] + a->scatter[2] : random_attack_queries(a);
	struct finding *f =
	    section_finding(section, "attack", severity_of(a), confidence_of(a), a->begin, a->end);

	finding_subject(f, "zone", text_cell(a->zone));
	finding_measure(f, "queries", json_integer((json_int_t)queries));
	finding_measure(f, "distinct", rounded(fmin(a->distinct, (double)queries)));
	finding_measure(f, "clients", rounded(a->client_count));
	finding_measure(
	    f, "peak_qps", scatter_only ? json_null() : json_integer((json_int_t)peak_of(a)));
	finding_measure(f, "shape", json_string(shape_of(a)));
	if (!scatter_only) {
		finding_measure(
		    f, "nxdomain", json_integer((json_int_t)a->counts[a->side][ZONE_NXDOMAIN]));
		finding_measure(
		    f, "servfail", json_integer((json_int_t)a->counts[a->side][ZONE_SERVFAIL]));
		finding_measure(
		    f, "unanswered", json_integer((json_int_t)a->counts[a->side][ZONE_UNANSWERED]));
		finding_measure(f, "retransmissions", json_integer((json_int_t)a->retransmissions));
		finding_measure(f, "seen",
		    json_string(
			a->side == ZONE_ASKED ? "asked of resolvers" : "asked of authorities"));
		finding_measure(f, "baseline_names_per_second", json_real(a->baseline));
		finding_measure(f, "best_slot_queries", json_integer((json_int_t)a->best_total));
		finding_measure(f, "best_slot_failing_share", json_real(a->best_failing));
		finding_measure(f, "best_slot_distinct_share", json_real(a->best_distinct));
		measure_labels(f, a);
		measure_types(f, a);
		measure_clients(f, a);
		measure_cost(f, a);
	}
	measure_scatter(f, a);
	state_thresholds(c, f, a);
	dns_samples_evidence(&a->samples, f);
	advise(f, a);
}

/* ------------------------------------------------------------------ tables */

static void
put_attacks(struct section *section, const struct attacks *attacks)
{
	static const struct section_column COLUMNS[] = {
		{ "zone", "Zone", "text", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "shape", "Shape", "text", "" },
		{ "queries", "Queries", "count", "" },
		{ "distinct", "Distinct names", "count", "" },
		{ "clients", "Clients", "count", "" },
		{ "peak_qps", "Peak (q/s)", "number", "" },
		{ "label_length", "Label length", "number", "octets" },
		{ "label_entropy", "Entropy (bit/octet)", "number", "" },
		{ "miss_share", "Asked upstream", "share", "" },
		{ "limit_qps", "Advised limit (q/s)", "number", "" },
	};
	struct section_table *t =
	    section_table(section, "attacks", "Attacks", COLUMNS, ARRAY_COUNT(COLUMNS));
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < attacks->count; i++) {
		const struct attack *a = &attacks->list[i];
		bool seen = (a->fires & ~(unsigned)FIRE_SCATTER) != 0;
		uint64_t queries =
		    seen ? random_attack_queries(a) : a->scatter[0] + a->scatter[1] + a->scatter[2];
		double miss = a->window_all[0] > 0
				  ? fmin(1, (double)a->window_all[1] / (double)a->window_all[0])
				  : 0;
		if (a->class != CLASS_ATTACK)
			continue;
		if (shown++ >= SHOWN_ATTACKS) {
			left++;
			continue;
		}
		section_row(t, text_cell(a->zone), time_cell(a->begin), time_cell(a->end),
		    json_string(shape_of(a)), json_integer((json_int_t)queries),
		    rounded(fmin(a->distinct, (double)queries)), rounded(a->client_count),
		    seen ? json_integer((json_int_t)peak_of(a)) : json_null(),
		    a->labels.count > 0 ? json_real(label_mean(&a->labels)) : json_null(),
		    a->labels.count > 0 ? json_real(label_entropy(&a->labels)) : json_null(),
		    miss > 0 ? json_real(miss) : json_null(),
		    seen ? json_integer((json_int_t)limit_for(a)) : json_null(), NULL);
	}
	section_table_note(t,
	    "Distinct names within %.1f %%, clients within %.1f %% (standard errors)%s.",
	    100 * hll_standard_error(NAMES_PRECISION), 100 * hll_standard_error(CLIENTS_PRECISION),
	    left > 0 ? "; more attacks are among the findings" : "");
}

static void
put_clients(struct section *section, const struct attacks *attacks)
{
	static const struct section_column COLUMNS[] = {
		{ "zone", "Zone", "text", "" },
		{ "client", "Client", "address", "" },
		{ "kind", "Kind", "text", "" },
		{ "queries_least", "Queries, at least", "count", "" },
		{ "queries_most", "At most", "count", "" },
	};
	struct section_table *t = NULL;
	char text[ADDRESS_TEXT_SIZE];
	size_t shown = 0;

	for (size_t i = 0; i < attacks->count; i++) {
		const struct attack *a = &attacks->list[i];
		if (a->class != CLASS_ATTACK || a->client_count_listed == 0 ||
		    shown++ >= SHOWN_ATTACKS)
			continue;
		if (t == NULL)
			t = section_table(section, "clients", "Clients that were used", COLUMNS,
			    ARRAY_COUNT(COLUMNS));
		for (size_t k = 0; k < a->client_count_listed && k < SHOWN_CLIENTS; k++) {
			const struct attack_client *client = &a->clients[k];
			section_row(t, text_cell(a->zone),
			    text_cell(address_format(&client->address, text)),
			    text_cell(client->kind),
			    json_integer((json_int_t)(client->queries - client->error)),
			    json_integer((json_int_t)client->queries), NULL);
		}
	}
	if (t != NULL)
		section_table_note(t,
		    "The %d that asked most of each attack, in the windows it touches. Own "
		    "forwarders are customers whose addresses answer strangers.",
		    SHOWN_CLIENTS);
}

static void
put_look_alikes(struct section *section, const struct attacks *attacks)
{
	static const struct section_column COLUMNS[] = {
		{ "zone", "Zone", "text", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "class", "What it is", "text", "" },
		{ "queries", "Queries", "count", "" },
		{ "clients", "Clients", "count", "" },
	};
	struct section_table *t = NULL;
	size_t shown = 0;

	for (size_t i = 0; i < attacks->count; i++) {
		const struct attack *a = &attacks->list[i];
		if (a->class == CLASS_ATTACK || shown++ >= SHOWN_ATTACKS)
			continue;
		if (t == NULL)
			t = section_table(section, "look_alikes",
			    "Zones that pass the thresholds and are no attacks", COLUMNS,
			    ARRAY_COUNT(COLUMNS));
		section_row(t, text_cell(a->zone), time_cell(a->begin), time_cell(a->end),
		    json_string(random_attack_class_name(a->class)),
		    json_integer((json_int_t)random_attack_queries(a)), rounded(a->client_count),
		    NULL);
	}
}

static void
put_figure(struct section *section, const struct attacks *attacks)
{
	struct section_figure *f = NULL;
	size_t curves = 0;

	for (size_t i = 0; i < attacks->count && curves < SHOWN_CURVES; i++) {
		const struct attack *a = &attacks->list[i];
		json_t *points;
		if (a->class != CLASS_ATTACK || a->point_count == 0)
			continue;
		if (f == NULL) {
			f = section_figure(section, FIGURE_TIME_SERIES, "rates",
			    "Failing queries for the zones under attack");
			section_axis(f, 'x', "time", "time", "ms");
			section_axis(f, 'y', "queries a second", "linear", "");
			section_caption(f, "Means over 10 s; the first %d attacks.", SHOWN_CURVES);
		}
		points = section_series(f, a->zone);
		for (size_t k = 0; k < a->point_count; k++)
			json_array_append_new(
			    points, json_pack("[I, f]", (json_int_t)analysis_ms(a->points[k].time),
					a->points[k].rate));
		curves++;
	}
}

/* ------------------------------------------------------------------ words */

static void
say(const struct section_context *c, struct section *section, const struct attacks *attacks)
{
	char asked[32], upstream[32], from[TEXT_SIZE];
	uint64_t forwarders;
	size_t count = 0, shown = 0;

	for (size_t i = 0; i < attacks->count; i++)
		count += attacks->list[i].class == CLASS_ATTACK;
	section_say(section,
	    "%s transactions with resolvers and %s with authorities were examined: %zu attack%s on "
	    "zones with random names.",
	    text_count(attacks->totals[TOTAL_ASKED], asked, sizeof asked),
	    text_count(attacks->totals[TOTAL_UPSTREAM], upstream, sizeof upstream), count,
	    count == 1 ? "" : "s");
	for (size_t i = 0; i < attacks->count && shown < 5; i++) {
		const struct attack *a = &attacks->list[i];
		if (a->class != CLASS_ATTACK || (a->fires & ~(unsigned)FIRE_SCATTER) == 0)
			continue;
		shown++;
		(void)from_forwarders(a, &forwarders);
		section_say(section,
		    "%s%s: %s queries from %s, %.0f clients (%s), at most %llu in a second.",
		    a->zone, a->own ? " (own zone)" : "",
		    text_count(random_attack_queries(a), asked, sizeof asked),
		    text_time(a->begin, c->site->time_zone, from, sizeof from), a->client_count,
		    shape_of(a), (unsigned long long)peak_of(a));
		if (forwarders > 0)
			section_say(section,
			    "%llu of the clients listed for %s are forwarders of our customers.",
			    (unsigned long long)forwarders, a->zone);
	}
}

static void
define(const struct section_context *c, struct section *section)
{
	const struct settings *set = c->settings;

	section_define(section,
	    "A zone is the owner of the SOA record that denies a name; where an answer has none, "
	    "the "
	    "nearest zone known from others, else the registrable domain. A transaction fails with "
	    "NXDOMAIN, SERVFAIL or without an answer. Ten seconds with at least %llu transactions "
	    "of a "
	    "zone, of which %.0f %% fail, with %.2f distinct names each, and %.3g times as many "
	    "new "
	    "failing names as usual, are an attack; where most fail by SERVFAIL or silence, "
	    "whatever "
	    "was usual. Without failures it is one when %.2f of the names are distinct, %.2f of "
	    "the "
	    "questions went upstream, and first labels have a length within ± %.3g and %.3g "
	    "bits an octet.",
	    (unsigned long long)settings_u64(set, "least_queries"),
	    100 * settings_f64(set, "failing_share"), settings_f64(set, "distinct_share"),
	    settings_f64(set, "rise"), settings_f64(set, "wild_distinct_share"),
	    settings_f64(set, "wild_miss_share"), settings_f64(set, "wild_length_deviation"),
	    settings_f64(set, "wild_entropy"));
	section_define(section,
	    "No attacks are: the root, public suffixes and reverse zones (dns/name-collision), "
	    "questions to block lists, tunnels, zones that the setting disposable_zones names, and "
	    "what "
	    "one client (%.0f %%) or fewer than %llu do. Sightings at most 10 minutes apart are "
	    "one "
	    "attack.",
	    100 * settings_f64(set, "client_share"),
	    (unsigned long long)settings_u64(set, "least_clients"));
}

/* What a threshold needs and a window could not hold. */
static void
qualify(const struct section_context *c, struct section *section, const struct attacks *attacks)
{
	const uint64_t *t = attacks->totals;
	char text[32];

	if (c->last - c->first < SLOT_LENGTH)
		section_warn(section,
		    "The input covers %.1f s: the thresholds are for 10 s, so an attack slower "
		    "than "
		    "%.0f queries a second is not seen.",
		    (double)(c->last - c->first) / (double)NSEC_PER_SEC,
		    (double)settings_u64(c->settings, "least_queries") /
			fmax(1, (double)(c->last - c->first) / (double)NSEC_PER_SEC));
	if (t[TOTAL_DISPLACED] + t[TOTAL_REFUSED] > 0)
		section_quality(section,
		    "More zones failed than can be watched (%d in each of %d shards): %llu times a "
		    "zone with fewer failures gave way, %llu times there was no place.",
		    WATCH_ZONES, ANALYSIS_SHARDS, (unsigned long long)t[TOTAL_DISPLACED],
		    (unsigned long long)t[TOTAL_REFUSED]);
	if (t[TOTAL_SHORTFALL] > 0)
		section_quality(section,
		    "So many zones were met that up to %s failures of one may not have counted "
		    "towards its being watched, in a window.",
		    text_count(t[TOTAL_SHORTFALL], text, sizeof text));
	if (t[TOTAL_SLOTS_REFUSED] > 0)
		section_warn(section,
		    "There was no room for %llu stretches of ten seconds of watched zones: windows "
		    "are long (run.window) or many zones fail; an attack may have been missed.",
		    (unsigned long long)t[TOTAL_SLOTS_REFUSED]);
	if (t[TOTAL_UNSTORED] + t[TOTAL_NAMELESS] > 0)
		section_quality(section,
		    "Not kept: %llu zones beyond the %d with most failures of a window, and %llu "
		    "without any answer, of which no question was seen.",
		    (unsigned long long)t[TOTAL_UNSTORED], ZONE_ROWS_MOST,
		    (unsigned long long)t[TOTAL_NAMELESS]);
	section_quality(section,
	    "%s failing answers of the root, public suffixes and reverse zones were left out.",
	    text_count(t[TOTAL_EXCLUDED], text, sizeof text));
	if (c->suffixes == NULL)
		section_quality(section, "There is no list of public suffixes: every TLD is one, "
					 "and nothing below them.");
	if (t[TOTAL_SCATTER] > 0)
		section_quality(section,
		    "%s answers or quoted questions came to addresses that had not asked; %llu "
		    "zones among them are below the thresholds of backscatter%s.",
		    text_count(t[TOTAL_SCATTER], text, sizeof text),
		    (unsigned long long)attacks->scatter_below,
		    attacks->scatter_one_way > 0
			? ", since no answer to an own address was asked for: the input may have "
			  "one direction only"
			: "");
}

enum err
random_subdomain_section(
    const struct section_context *c, struct section *section, struct err_info *info)
{
	struct attacks attacks = { 0 };
	enum err e = random_attacks_read(c, &attacks, info);

	if (e == ERR_OK && attacks.windows == 0)
		e = ERR_END;
	if (e == ERR_OK) {
		size_t count = 0;
		for (size_t i = 0; i < attacks.count; i++) {
			if (attacks.list[i].class != CLASS_ATTACK)
				continue;
			make_finding(c, section, &attacks.list[i]);
			count++;
		}
		say(c, section, &attacks);
		if (count > 0)
			put_attacks(section, &attacks);
		put_figure(section, &attacks);
		put_clients(section, &attacks);
		put_look_alikes(section, &attacks);
		define(c, section);
		qualify(c, section, &attacks);
	}
	random_attacks_release(&attacks);
	return e;
}
