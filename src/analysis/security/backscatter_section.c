/* SPDX-License-Identifier: ISC */
/*
 * The section of security/backscatter: victims, their rates, what the monitored space could not
 * see.
 *
 * The detection floor stands under every figure and table: without it a darknet of 256 addresses
 * that sees nothing reads like an Internet without attacks.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/backscatter_read.h"
#include "analysis/security/daily.h"
#include "base/xmalloc.h"

#define SHOWN        100
#define TOP          8
#define NAME_SIZE    32
#define FLOOR_SIZE   400
#define SAMPLES_MOST 5

struct report {
	const struct section_context *c;
	struct section *section;
	const struct backscatter_period *p;
	struct zone *zone;
	char floor[FLOOR_SIZE];
};

/* ------------------------------------------------------------------ the floor */

static double
floor_of(const struct settings *s, double monitored, uint64_t *ret_packets, double *ret_seconds)
{
	bool telescope = backscatter_is_telescope(s, (uint64_t)monitored);

	*ret_packets = settings_u64(s, telescope ? "best_minute" : "small_packets");
	*ret_seconds = telescope ? 60 : BACKSCATTER_CHUNK_SECONDS;
	return backscatter_floor(*ret_packets, *ret_seconds, monitored);
}

static void
write_floor(struct report *r)
{
	uint64_t monitored = r->p->totals[BT_IPV4], packets;
	char count[32], rate[32];
	double seconds, floor;
	int size;

	if (monitored == 0) {
		(void)snprintf(r->floor, sizeof r->floor,
		    "No IPv4 address is monitored: what share of a victim's packets is seen is not "
		    "known, and no detection floor can be told.");
		return;
	}
	floor = floor_of(r->c->settings, (double)monitored, &packets, &seconds);
	size = snprintf(r->floor, sizeof r->floor,
	    "Detection floor: %s IPv4 address%s monitored; a victim that sends %s packets/s or "
	    "more is seen with 95 %% (%llu packets in %.0f s), one that sends less may not be.",
	    text_count(monitored, count, sizeof count), monitored == 1 ? " is" : "es are",
	    text_count((uint64_t)llround(floor), rate, sizeof rate), (unsigned long long)packets,
	    seconds);
	if (r->p->monitored_least != monitored && size > 0 && (size_t)size < sizeof r->floor)
		size += snprintf(r->floor + size, sizeof r->floor - (size_t)size,
		    " At times only %s addresses were.",
		    text_count(r->p->monitored_least, count, sizeof count));
	if (r->p->totals[BT_IPV6] != 0 && size > 0 && (size_t)size < sizeof r->floor)
		(void)snprintf(r->floor + size, sizeof r->floor - (size_t)size,
		    " For IPv6 none can be told: nobody knows which addresses are forged.");
}

/* ------------------------------------------------------------------ findings */

/* The vectors of one victim that are one finding: at most FINDING_GAP apart. */
struct group {
	const struct backscatter_vector *vectors; /* borrowed */
	size_t count;
	struct backscatter_vector whole; /* the same put together; its slots owned */
	double span;                     /* seconds that any of them lasted */
};

static void
put_together(const struct section_context *c, struct group *g)
{
	struct backscatter_vector *w = &g->whole;
	nsec_t until = 0, span = 0;

	*w = (struct backscatter_vector){ .victim = g->vectors[0].victim, .uniform = true };
	for (size_t i = 0; i < g->count; i++) {
		const struct backscatter_vector *v = &g->vectors[i];
		nsec_t from = v->sums.first > until ? v->sums.first : until;
		if (v->sums.last > from)
			span += v->sums.last - from;
		until = v->sums.last > until ? v->sums.last : until;
		backscatter_sums_add(&w->sums, &v->sums);
		for (size_t k = 0; k < v->slots.count; k++)
			backscatter_slots_add(
			    &w->slots, v->slots.all[k].number, v->slots.all[k].packets);
		w->monitored = v->monitored > w->monitored ? v->monitored : w->monitored;
		w->telescope |= v->telescope;
		memcpy(w->country, v->country, sizeof w->country);
	}
	backscatter_slots_settle(&w->slots);
	w->best_minute = backscatter_slots_best(&w->slots);
	w->addresses = backscatter_sums_addresses(&w->sums);
	g->span = (double)span / (double)NSEC_PER_SEC;
	backscatter_judge_rate(w, g->span, settings_f64(c->settings, "uniformity"));
}

/* The service of a vector that most packets are about. */
static char *
service_of(const struct backscatter_vector *v, char text[DARK_SERVICE_SIZE])
{
	const struct backscatter_port *top = &v->sums.ports[0];

	for (unsigned i = 1; i < BACKSCATTER_PORTS && v->sums.ports[i].port != 0; i++)
		if (v->sums.ports[i].packets > top->packets)
			top = &v->sums.ports[i];
	return dark_service_text(v->protocol, (uint16_t)(top->port - 1), text, DARK_SERVICE_SIZE);
}

static const struct backscatter_vector *
largest(const struct group *g)
{
	const struct backscatter_vector *best = &g->vectors[0];

	for (size_t i = 1; i < g->count; i++)
		if (g->vectors[i].sums.packets > best->sums.packets)
			best = &g->vectors[i];
	return best;
}

static const char *const KIND_NAMES[BACKSCATTER_KINDS] = { "syn_ack", "reset", "ack", "icmp_error",
	"icmp_reply", "udp_response" };

static json_t *
kinds_of(const struct backscatter_sums *sums)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < BACKSCATTER_KINDS; i++)
		if (sums->kinds[i] > 0)
			json_object_set_new(object, KIND_NAMES[i], json_count(sums->kinds[i]));
	return object;
}

static json_t *
services_of(const struct group *g)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->count; i++) {
		const struct backscatter_vector *v = &g->vectors[i];
		for (unsigned k = 0; k < BACKSCATTER_PORTS && v->sums.ports[k].port != 0; k++) {
			char text[DARK_SERVICE_SIZE];
			(void)dark_service_text(
			    v->protocol, (uint16_t)(v->sums.ports[k].port - 1), text, sizeof text);
			json_array_append_new(
			    list, json_pack("{s:s, s:o}", "service", text, "packets",
				      json_count(v->sums.ports[k].packets)));
		}
	}
	return list;
}

static json_t *
hex_of(const struct backscatter_sample *s)
{
	static const char DIGITS[] = "0123456789abcdef";
	char text[2 * BACKSCATTER_SAMPLE_OCTETS];

	for (size_t i = 0; i < s->size; i++) {
		text[2 * i] = DIGITS[s->octets[i] >> 4];
		text[2 * i + 1] = DIGITS[s->octets[i] & 0xf];
	}
	return json_text(text, 2 * (size_t)s->size);
}

static void
put_evidence(const struct group *g, struct finding *f)
{
	for (size_t i = 0; i < g->count && i < SAMPLES_MOST; i++) {
		const struct backscatter_vector *v = &g->vectors[i];
		const struct backscatter_sample *s = &v->sums.sample;
		char service[DARK_SERVICE_SIZE];
		finding_evidence(f, s->input, s->input_offset, s->input_length,
		    json_pack("{s:I, s:o, s:s, s:I, s:o}", "time", (json_int_t)analysis_ms(s->time),
			"source", json_address(&v->victim), "service", service_of(v, service),
			"octets", (json_int_t)s->l3_octets, "hex", hex_of(s)));
	}
}

static void
put_rate(const struct report *r, struct finding *f, const struct backscatter_vector *w)
{
	const struct settings *s = r->c->settings;
	uint64_t packets;
	double seconds, scale;

	if (w->estimated) {
		scale = ldexp(1, 32) / (double)w->monitored;
		finding_interval(
		    f, "rate_pps", w->estimate.rate, w->estimate.low, w->estimate.high);
		finding_measure(
		    f, "best_minute_pps", json_real((double)w->best_minute / 60 * scale));
		finding_measure(f, "answers", json_real(w->estimate.answers));
	}
	if (w->monitored > 0) {
		finding_measure(f, "floor_pps",
		    json_real(floor_of(s, (double)w->monitored, &packets, &seconds)));
		finding_measure(f, "monitored", json_count(w->monitored));
	}
	finding_measure(f, "non_uniform", json_boolean(!w->uniform));
}

static void
put_measures(const struct report *r, struct finding *f, const struct group *g)
{
	const struct backscatter_vector *w = &g->whole;
	char service[DARK_SERVICE_SIZE];
	uint32_t as;

	finding_measure(f, "packets", json_count(w->sums.packets));
	finding_measure(f, "octets", json_count(w->sums.octets));
	finding_measure(f, "best_minute", json_count(w->best_minute));
	finding_measure(f, "duration_s",
	    json_real((double)(w->sums.last - w->sums.first) / (double)NSEC_PER_SEC));
	put_rate(r, f, w);
	finding_measure(f, "service", json_string(service_of(largest(g), service)));
	finding_measure(f, "services", services_of(g));
	finding_measure(f, "addresses", json_count((uint64_t)llround(w->addresses)));
	finding_measure(f, "kinds", kinds_of(&w->sums));
	if (w->country[0] != '\0')
		finding_measure(f, "country", json_string(w->country));
	if (r->c->systems != NULL && geo_number(r->c->systems, &w->victim, &as))
		finding_measure(f, "as", json_count(as));
}

static void
put_thresholds(const struct report *r, struct finding *f, const struct backscatter_vector *w)
{
	static const char SMALL[] = "doc/analyses/security-backscatter.md";
	static const char TELESCOPE[] = "Moore, Voelker, Savage 2001; CAIDA corsaro";
	const struct settings *s = r->c->settings;

	if (w->telescope) {
		finding_threshold(f, "packets", json_count(settings_u64(s, "packets")), TELESCOPE);
		finding_threshold(f, "duration_s",
		    json_real((double)settings_duration(s, "duration") / (double)NSEC_PER_SEC),
		    TELESCOPE);
		finding_threshold(
		    f, "best_minute", json_count(settings_u64(s, "best_minute")), TELESCOPE);
	} else {
		finding_threshold(
		    f, "packets", json_count(settings_u64(s, "small_packets")), SMALL);
		finding_threshold(
		    f, "addresses", json_count(settings_u64(s, "small_addresses")), SMALL);
		finding_threshold(
		    f, "stretches of 10 s", json_count(settings_u64(s, "small_buckets")), SMALL);
	}
	finding_threshold(
	    f, "probability of uniform sources", json_real(settings_f64(s, "uniformity")), SMALL);
}

static void
make_finding(const struct report *r, const struct group *g)
{
	const struct backscatter_vector *w = &g->whole;
	bool own = site_is_own(r->c->site, &w->victim);
	double confidence = !w->uniform ? 0.5 : w->sums.place_count < 13 ? 0.7 : 0.95;
	struct finding *f = section_finding(
	    r->section, "victim", own ? "high" : "info", confidence, w->sums.first, w->sums.last);

	finding_subject(f, "victim", json_address(&w->victim));
	put_measures(r, f, g);
	put_thresholds(r, f, w);
	put_evidence(g, f);
	if (own)
		finding_advise(f,
		    "One of your own addresses answers packets with forged sources: look at "
		    "security/ddos and at the service itself; SYN cookies and filters at the "
		    "border help.");
	else
		finding_advise(f,
		    "Somebody attacks this address with forged sources. Nothing is to be done "
		    "here; its operator may want to know%s.",
		    w->uniform ? "" : " (the sources are not evenly forged: it may be a scan)");
}

static void
make_findings(const struct report *r)
{
	const struct backscatter_period *p = r->p;

	for (size_t i = 0; i < p->victim_count;) {
		struct group g = { .vectors = &p->victims[i], .count = 1 };
		nsec_t last = p->victims[i].sums.last;
		while (i + g.count < p->victim_count) {
			const struct backscatter_vector *v = &p->victims[i + g.count];
			if (!address_equal(&v->victim, &g.vectors[0].victim) ||
			    v->sums.first - last > FINDING_GAP)
				break;
			last = v->sums.last > last ? v->sums.last : last;
			g.count++;
		}
		put_together(r->c, &g);
		make_finding(r, &g);
		free(g.whole.slots.all);
		i += g.count;
	}
}

/* ------------------------------------------------------------------ tables */

static int
compare_packets(const void *a, const void *b)
{
	const struct backscatter_vector *x = *(const struct backscatter_vector *const *)a;
	const struct backscatter_vector *y = *(const struct backscatter_vector *const *)b;
	int order = address_compare(&x->victim, &y->victim);

	if (x->sums.packets != y->sums.packets)
		return x->sums.packets > y->sums.packets ? -1 : 1;
	return order != 0 ? order
			  : (x->sums.first > y->sums.first) - (x->sums.first < y->sums.first);
}

/* The largest first; free it. */
static const struct backscatter_vector **
by_packets(const struct backscatter_vector *vectors, size_t count)
{
	const struct backscatter_vector **list = xcalloc(count + 1, sizeof(void *));

	for (size_t i = 0; i < count; i++)
		list[i] = &vectors[i];
	if (count > 0)
		qsort(list, count, sizeof(void *), compare_packets);
	return list;
}

static json_t *
country_cell(const char *country)
{
	return country[0] != '\0' ? json_string(country) : json_null();
}

static json_t *
rate_cell(const struct backscatter_vector *v, double rate)
{
	return v->estimated ? json_real(rate) : json_null();
}

static void
put_victims(const struct report *r)
{
	static const struct section_column COLUMNS[] = {
		{ "victim", "Victim", "address", "" },
		{ "country", "Country", "text", "" },
		{ "service", "Service", "text", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "packets", "Packets", "count", "packets" },
		{ "best_minute", "Best minute", "count", "packets" },
		{ "addresses", "Dark addresses", "count", "" },
		{ "rate_pps", "Rate of the victim", "rate", "pps" },
		{ "rate_pps_low", "from (95 %)", "rate", "pps" },
		{ "rate_pps_high", "to", "rate", "pps" },
		{ "uniform", "Evenly forged", "text", "" },
	};
	const struct backscatter_vector **list = by_packets(r->p->victims, r->p->victim_count);
	struct section_table *t =
	    section_table(r->section, "victims", "Victims", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < r->p->victim_count && i < SHOWN; i++) {
		const struct backscatter_vector *v = list[i];
		char service[DARK_SERVICE_SIZE];
		section_row(t, json_address(&v->victim), country_cell(v->country),
		    json_string(service_of(v, service)),
		    json_integer((json_int_t)analysis_ms(v->sums.first)),
		    json_integer((json_int_t)analysis_ms(v->sums.last)),
		    json_count(v->sums.packets), json_count(v->best_minute),
		    json_count((uint64_t)llround(v->addresses)), rate_cell(v, v->estimate.rate),
		    rate_cell(v, v->estimate.low), rate_cell(v, v->estimate.high),
		    json_string(v->uniform ? "yes" : "no"), NULL);
	}
	section_table_note(t, "%s%s", r->floor,
	    r->p->victim_count > SHOWN ? " More victims are among the findings." : "");
	free(list);
}

static void
put_others(const struct report *r)
{
	static const struct section_column COLUMNS[] = {
		{ "sender", "Sender", "address", "" },
		{ "country", "Country", "text", "" },
		{ "service", "From", "text", "" },
		{ "packets", "Packets", "count", "packets" },
		{ "addresses", "Dark addresses", "count", "" },
		{ "ports", "Ports", "count", "" },
		{ "reason", "Why no victim", "text", "" },
	};
	const struct backscatter_vector **list = by_packets(r->p->others, r->p->other_count);
	struct section_table *t;

	if (r->p->other_count > 0) {
		t = section_table(r->section, "others", "Senders that are taken for no victims",
		    COLUMNS, ARRAY_COUNT(COLUMNS));
		for (size_t i = 0; i < r->p->other_count && i < SHOWN / 5; i++) {
			const struct backscatter_vector *v = list[i];
			char service[DARK_SERVICE_SIZE];
			section_row(t, json_address(&v->victim), country_cell(v->country),
			    json_string(service_of(v, service)), json_count(v->sums.packets),
			    json_count((uint64_t)llround(v->addresses)),
			    json_count((uint64_t)llround(backscatter_sums_ports(&v->sums))),
			    json_string(v->verdict == BACKSCATTER_ONE_ADDRESS
					    ? "one dark address only"
					    : "too many ports"),
			    NULL);
		}
		section_table_note(
		    t, "The largest of %llu. %s", (unsigned long long)r->p->other_all, r->floor);
	}
	free(list);
}

static void
put_kinds(const struct report *r)
{
	static const struct section_column COLUMNS[] = {
		{ "kind", "Packets", "text", "" },
		{ "packets", "Count", "count", "packets" },
	};
	static const char *const NAMES[DARK_KINDS] = { "random communications", "SYN-ACK", "RST",
		"bare ACK (not counted unless it is asked for)", "ICMP error", "ICMP reply",
		"response of a UDP service", "ICMP error about another source (excluded)",
		"ICMP error that quotes too little (excluded)" };
	struct section_table *t = section_table(r->section, "kinds",
	    "What came to the monitored addresses", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (unsigned i = 0; i < DARK_KINDS; i++)
		if (r->p->totals[BT_KIND + i] > 0)
			section_row(
			    t, json_string(NAMES[i]), json_count(r->p->totals[BT_KIND + i]), NULL);
	section_table_note(t, "%s", r->floor);
}

/* ------------------------------------------------------------------ by day */

/* What series there are: the largest, all others, those without a name. */
struct series {
	char names[TOP + 2][NAME_SIZE];
	uint64_t keys[TOP];
	size_t count; /* of the largest */
	uint64_t all, named[TOP + 2];
};

static const char *const *
names_of(const struct series *s, const char *list[TOP + 2])
{
	for (size_t i = 0; i < TOP + 2; i++)
		list[i] = s->names[i];
	return list;
}

static void
put_shares(const struct report *r, const struct series *s, const char *id, const char *title,
    const char *heading)
{
	const struct section_column columns[] = {
		{ "name", heading, "text", "" },
		{ "packets", "Packets", "count", "packets" },
		{ "share", "Share", "share", "" },
	};
	struct section_table *t =
	    section_table(r->section, id, title, columns, ARRAY_COUNT(columns));

	for (size_t i = 0; i < TOP + 2; i++)
		if (s->named[i] > 0)
			section_row(t, json_string(s->names[i]), json_count(s->named[i]),
			    json_real((double)s->named[i] / (double)s->all), NULL);
	section_table_note(t, "%s", r->floor);
}

static void
put_daily(const struct report *r, const struct daily *d, const struct series *s, const char *id,
    const char *title, const char *what)
{
	const char *list[TOP + 2];
	struct section_figure *f =
	    daily_put(d, r->section, id, title, names_of(s, list), "packets");

	section_caption(f,
	    "Packets to the monitored addresses a day that answer forged ones, by %s. %s", what,
	    r->floor);
}

/* Adds what a row of a quarter of an hour says; `which` is of the series. */
static void
count_row(struct series *s, struct daily *d, size_t which, const struct result *r)
{
	uint64_t packets = result_u64(r, 1);

	s->all += packets;
	s->named[which] += packets;
	daily_add(d, which, (nsec_t)result_u64(r, 0) * NSEC_PER_MS, (double)packets);
}

static size_t
find_key(const struct series *s, uint64_t key)
{
	size_t i = 0;

	while (i < s->count && s->keys[i] != key)
		i++;
	return i < s->count ? i : TOP;
}

static enum err
draw_services(const struct report *r, struct daily *d, struct err_info *info)
{
	struct series s = { .count = 0 };
	struct result *result;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT protocol AS p, port AS q, sum(packets) AS n FROM "
	    "security_backscatter_services WHERE" PERIOD_SQL
	    "GROUP BY p, q ORDER BY n DESC, p, q LIMIT %d",
	    PERIOD_ARGS(r->c), TOP);

	if (e != ERR_OK)
		return e;
	while (result_next(result) && s.count < TOP) {
		uint64_t protocol = result_u64(result, 0), port = result_u64(result, 1);
		(void)dark_service_text(
		    (uint8_t)protocol, (uint16_t)port, s.names[s.count], sizeof s.names[s.count]);
		s.keys[s.count++] = protocol << 16 | port;
	}
	result_free(result);
	(void)snprintf(s.names[TOP], NAME_SIZE, "other");
	e = query_run(r->c->store, &result, info,
	    "SELECT quarter AS t, sum(packets) AS n, protocol AS p, port AS q FROM "
	    "security_backscatter_services WHERE" PERIOD_SQL "GROUP BY t, p, q ORDER BY t, p, q",
	    PERIOD_ARGS(r->c));
	if (e != ERR_OK)
		return e;
	while (result_next(result))
		count_row(&s, d, find_key(&s, result_u64(result, 2) << 16 | result_u64(result, 3)),
		    result);
	result_free(result);
	if (s.all == 0)
		return ERR_OK;
	put_daily(r, d, &s, "services", "Backscatter by attacked service", "the service attacked");
	put_shares(r, &s, "services", "Attacked services", "Service");
	return ERR_OK;
}

static uint64_t
country_key(const char *text)
{
	return text[0] == '\0' ? 0 : (uint64_t)(uint8_t)text[0] << 8 | (uint8_t)text[1];
}

static enum err
draw_countries(const struct report *r, struct daily *d, struct err_info *info)
{
	struct series s = { .count = 0 };
	struct result *result;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT country AS p, sum(packets) AS n FROM security_backscatter_countries WHERE "
	    "country <> '' AND" PERIOD_SQL "GROUP BY p ORDER BY n DESC, p LIMIT %d",
	    PERIOD_ARGS(r->c), TOP);

	if (e != ERR_OK)
		return e;
	while (result_next(result) && s.count < TOP) {
		(void)snprintf(s.names[s.count], NAME_SIZE, "%.2s", result_text(result, 0));
		s.keys[s.count++] = country_key(result_text(result, 0));
	}
	result_free(result);
	(void)snprintf(s.names[TOP], NAME_SIZE, "other");
	(void)snprintf(s.names[TOP + 1], NAME_SIZE, "unknown");
	e = query_run(r->c->store, &result, info,
	    "SELECT quarter AS t, sum(packets) AS n, country AS p FROM "
	    "security_backscatter_countries WHERE" PERIOD_SQL "GROUP BY t, p ORDER BY t, p",
	    PERIOD_ARGS(r->c));
	if (e != ERR_OK)
		return e;
	while (result_next(result)) {
		uint64_t key = country_key(result_text(result, 2));
		count_row(&s, d, key == 0 ? TOP + 1 : find_key(&s, key), result);
	}
	result_free(result);
	if (s.all == 0)
		return ERR_OK;
	put_daily(r, d, &s, "countries", "Backscatter by country", "the country of their senders");
	put_shares(r, &s, "countries", "Countries of the senders", "Country");
	return ERR_OK;
}

static enum err
draw_days(const struct report *r, struct err_info *info)
{
	nsec_t first = (nsec_t)r->p->totals[BT_FIRST] * NSEC_PER_MS;
	nsec_t last = (nsec_t)r->p->totals[BT_LAST] * NSEC_PER_MS;
	struct daily services, countries;
	enum err e;

	daily_init(&services, r->zone, first, last, TOP + 2);
	daily_init(&countries, r->zone, first, last, TOP + 2);
	e = draw_services(r, &services, info);
	if (e == ERR_OK)
		e = draw_countries(r, &countries, info);
	daily_release(&services);
	daily_release(&countries);
	return e;
}

/* ------------------------------------------------------------------ text */

static uint64_t
backscatter_packets(const struct report *r)
{
	uint64_t sum = 0;

	for (unsigned i = DARK_SYNACK; i <= DARK_UDP; i++)
		if (i != DARK_ACK || settings_bool(r->c->settings, "acknowledgements"))
			sum += r->p->totals[BT_KIND + i];
	return sum;
}

static size_t
count_victims(const struct backscatter_period *p)
{
	size_t count = 0;

	for (size_t i = 0; i < p->victim_count; i++)
		count += i == 0 || !address_equal(&p->victims[i].victim, &p->victims[i - 1].victim);
	return count;
}

static void
define(const struct report *r)
{
	const struct settings *s = r->c->settings;

	section_define(r->section,
	    "Backscatter is what arrives at unused addresses as an answer to packets that they "
	    "never sent: SYN-ACK, RST, ICMP errors that quote a packet of the unused address, ICMP "
	    "replies, responses of UDP services. A victim is a sender (in ICMP errors the quoted "
	    "destination) and the protocol of the attack; it ends after %d s without packets.",
	    BACKSCATTER_CHUNK_SECONDS);
	section_define(r->section,
	    "A victim is reported from %llu packets in %.0f s or more with %llu of them in the "
	    "best minute (six stretches of ten seconds) where %llu IPv4 addresses or more are "
	    "monitored; with fewer from %llu packets at %llu addresses in %llu stretches of ten "
	    "seconds.",
	    (unsigned long long)settings_u64(s, "packets"),
	    (double)settings_duration(s, "duration") / (double)NSEC_PER_SEC,
	    (unsigned long long)settings_u64(s, "best_minute"),
	    (unsigned long long)settings_u64(s, "telescope_addresses"),
	    (unsigned long long)settings_u64(s, "small_packets"),
	    (unsigned long long)settings_u64(s, "small_addresses"),
	    (unsigned long long)settings_u64(s, "small_buckets"));
	section_define(r->section,
	    "The victim's rate is packets/T × 2³²/n for n monitored addresses (Moore, Voelker, "
	    "Savage 2001), with the exact 95 %% interval of a Poisson mean; T is the time from the "
	    "first to the last packet, times (k+1)/(k-1) of k packets. It is what the victim "
	    "sends, not what the attacker does. There is no estimate where the addresses hit are "
	    "not spread as forged ones would be (chi-square over 16 blocks, Anderson-Darling; "
	    "%.3g), nor for IPv6.",
	    settings_f64(s, "uniformity"));
}

static void
tell_quality(const struct report *r)
{
	const uint64_t *t = r->p->totals;

	section_quality(r->section, "%s", r->floor);
	if (t[BT_IPV4] > 0 && t[BT_IPV4] < settings_u64(r->c->settings, "small_addresses"))
		section_quality(r->section,
		    "So few addresses are monitored that no victim can be told from a sender that "
		    "means them.");
	if (t[BT_KIND + DARK_MISMATCH] + t[BT_KIND + DARK_SHORT_QUOTE] > 0)
		section_quality(r->section,
		    "%llu ICMP errors were about packets of other sources and %llu quoted less "
		    "than RFC 792 asks for: they are excluded.",
		    (unsigned long long)t[BT_KIND + DARK_MISMATCH],
		    (unsigned long long)t[BT_KIND + DARK_SHORT_QUOTE]);
	if (t[BT_EVICTED] + t[BT_UNSTORED] > 0)
		section_quality(r->section,
		    "More senders came than a window holds: %llu with %llu packets gave way, %llu "
		    "with %llu were not stored. They count by service, not as victims.",
		    (unsigned long long)t[BT_EVICTED], (unsigned long long)t[BT_EVICTED_PACKETS],
		    (unsigned long long)t[BT_UNSTORED], (unsigned long long)t[BT_UNSTORED_PACKETS]);
}

static void
say(const struct report *r)
{
	uint64_t packets = backscatter_packets(r);
	size_t victims = count_victims(r->p);
	char all[32], text[32], below[32];

	section_say(r->section,
	    "%s of %s packets to the monitored addresses were backscatter; they tell of %zu "
	    "victim%s of attacks elsewhere.",
	    text_count(packets, text, sizeof text),
	    text_count(r->p->totals[BT_PACKETS], all, sizeof all), victims,
	    victims == 1 ? "" : "s");
	if (r->p->other_all + r->p->below > 0)
		section_say(r->section,
		    "%s packets were too few of their sender to tell, %s came from senders that "
		    "are no victims.",
		    text_count(r->p->below_packets, below, sizeof below),
		    text_count(r->p->other_packets, all, sizeof all));
	section_say(r->section, "%s", r->floor);
}

enum err
backscatter_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct backscatter_period p;
	struct report r = { .c = c, .section = section, .p = &p };
	enum err e = backscatter_read(c, &p, info);

	if (e != ERR_OK)
		return e;
	/* Random communications alone are another section's. */
	if (backscatter_packets(&r) + p.totals[BT_KIND + DARK_MISMATCH] +
		p.totals[BT_KIND + DARK_SHORT_QUOTE] ==
	    0) {
		backscatter_period_release(&p);
		return ERR_END;
	}
	e = zone_open(c->site->time_zone, &r.zone, info);
	if (e == ERR_OK) {
		write_floor(&r);
		say(&r);
		define(&r);
		e = draw_days(&r, info);
	}
	if (e == ERR_OK) {
		make_findings(&r);
		if (p.victim_count > 0)
			put_victims(&r);
		put_others(&r);
		put_kinds(&r);
		tell_quality(&r);
	}
	zone_close(r.zone);
	backscatter_period_release(&p);
	return e;
}
