/* SPDX-License-Identifier: ISC */
/* The section of dns/amplification: what servers answer, attacks as findings, what would help. */
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/amplification_attacks.h"
#include "base/xmalloc.h"
#include "net/geo.h"

#define SERVERS_SHOWN 20
#define PARTS_SHOWN   20
#define ENDS_SHOWN    20

struct totals {
	uint64_t windows, own_known, messages, records, queries, responses, query_octets,
	    response_octets, unsolicited, unsolicited_octets, matched, evicted, dropped;
};

static enum err
read_totals(const struct section_context *c, struct totals *t, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n, min(own_known) AS k, sum(messages) AS a, sum(records) AS b, "
	    "sum(queries) AS d, sum(responses) AS e, sum(query_octets) AS f, "
	    "sum(response_octets) AS g, sum(unsolicited) AS h, sum(unsolicited_octets) AS i, "
	    "sum(matched) AS m, sum(evicted) AS j, sum(dropped) AS l FROM dns_amplification "
	    "WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));
	uint64_t *numbers[] = { &t->windows, &t->own_known, &t->messages, &t->records, &t->queries,
		&t->responses, &t->query_octets, &t->response_octets, &t->unsolicited,
		&t->unsolicited_octets, &t->matched, &t->evicted, &t->dropped };

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
			*numbers[i] = (uint64_t)result_f64(r, i);
	result_free(r);
	return t->windows > 0 ? ERR_OK : ERR_END;
}

static json_t *
text_json(const char *text)
{
	return json_text(text, strlen(text));
}

/* A ratio, or null over nothing. */
static json_t *
ratio_json(uint64_t a, uint64_t b)
{
	return b != 0 ? json_real((double)a / (double)b) : json_null();
}

static json_t *
part_address_json(const struct attack_part *p)
{
	char text[PREFIX_TEXT_SIZE];
	struct prefix prefix = { p->address, (uint8_t)p->length };

	return p->length != 0 ? json_string(prefix_format(&prefix, text))
			      : json_address(&p->address);
}

static const struct section_column SERVER_COLUMNS[] = {
	{ "server", "Server", "address", "" },
	{ "queries", "Queries", "count", "messages" },
	{ "responses", "Responses", "count", "messages" },
	{ "query_octets", "Asked", "octets", "octets" },
	{ "response_octets", "Answered", "octets", "octets" },
	{ "factor", "Factor", "number", "" },
	{ "truncated", "Truncated", "count", "messages" },
	{ "any_queries", "ANY", "count", "messages" },
	{ "tcp_queries", "Over TCP", "count", "messages" },
};

static enum err
put_servers(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct section_table *t = NULL;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT server AS s, sum(queries) AS q, sum(responses) AS n, sum(query_octets) AS i, "
	    "sum(response_octets) AS o, sum(truncated) AS t, sum(any_queries) AS a, "
	    "sum(tcp_queries) AS c FROM dns_amplification_servers WHERE" PERIOD_SQL
	    "GROUP BY s ORDER BY o DESC, s LIMIT %d",
	    PERIOD_ARGS(c), SERVERS_SHOWN);

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		struct address server = result_address(r, 0);
		uint64_t n[8];
		for (size_t i = 1; i < 8; i++)
			n[i] = (uint64_t)result_f64(r, i);
		if (t == NULL)
			t = section_table(section, "servers", "Servers by octets answered over UDP",
			    SERVER_COLUMNS, ARRAY_COUNT(SERVER_COLUMNS));
		section_row(t, json_address(&server), json_count(n[1]), json_count(n[2]),
		    json_count(n[3]), json_count(n[4]), ratio_json(n[4], n[3]), json_count(n[5]),
		    json_count(n[6]), json_count(n[7]), NULL);
	}
	if (t != NULL)
		section_table_note(t,
		    "The factor is octets answered over octets asked, UDP payload, of everything: "
		    "large answers alone are no attack.");
	result_free(r);
	return ERR_OK;
}

static enum err
put_rates(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct section_figure *f;
	json_t *asked, *answered;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT window_begin AS w, max(seconds) AS s, sum(query_octets) AS q, "
	    "sum(response_octets) AS o FROM dns_amplification WHERE" PERIOD_SQL
	    "GROUP BY w ORDER BY w",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	f = section_figure(
	    section, FIGURE_TIME_SERIES, "rate", "What servers were asked and answered over UDP");
	section_axis(f, 'x', "time", "time", "ms");
	section_axis(f, 'y', "bit rate", "linear", "bps");
	section_caption(f, "UDP payload, mean of each window.");
	answered = section_series(f, "answered");
	asked = section_series(f, "asked");
	while (result_next(r)) {
		json_int_t time = (json_int_t)result_u64(r, 0);
		double seconds = result_u64(r, 1) > 0 ? (double)result_u64(r, 1) : 1;
		json_array_append_new(
		    asked, json_pack("[I,f]", time, 8 * result_f64(r, 2) / seconds));
		json_array_append_new(
		    answered, json_pack("[I,f]", time, 8 * result_f64(r, 3) / seconds));
	}
	result_free(r);
	return ERR_OK;
}

/* By the rate of the best ten seconds, UDP payload (victims: with headers). */
static const char *
severity_of(const struct attack *a)
{
	double bps = 8 * (double)a->peak_octets / (a->side == ATTACK_FLOWS ? 60 : 10);

	if (bps >= 1e9)
		return "critical";
	if (bps >= 1e8)
		return "high";
	return bps >= 1e7 ? "medium" : "low";
}

/* "ANY", "DNSSEC", "TXT", "referral", … by the question's type, else by what was answered most. */
static const char *
class_of(const struct attack *a)
{
	static const struct {
		const char *type, *class;
	} TYPES[] = {
		{ "ANY", "ANY" },
		{ "DNSKEY", "DNSSEC" },
		{ "RRSIG", "DNSSEC" },
		{ "DS", "DNSSEC" },
		{ "NSEC", "DNSSEC" },
		{ "TXT", "TXT" },
	};
	const char *best = "unknown", *name;
	json_int_t most = 0;
	json_t *count;

	for (size_t i = 0; a->part_count > 0 && i < ARRAY_COUNT(TYPES); i++)
		if (strcmp(a->parts[0].qtype, TYPES[i].type) == 0)
			return TYPES[i].class;
	json_object_foreach (a->classes, name, count)
		if (json_integer_value(count) > most) {
			most = json_integer_value(count);
			best = name;
		}
	return best;
}

static json_t *
parts_json(const struct attack *a, const char *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->part_count && i < PARTS_SHOWN; i++) {
		const struct attack_part *p = &a->parts[i];
		json_t *part = json_object();
		if (p->length != 0)
			json_object_set_new(part, key, part_address_json(p));
		json_object_set_new(part, "qname", text_json(p->qname));
		json_object_set_new(part, "qtype", json_string(p->qtype));
		if (p->length != 0)
			json_object_set_new(part, "queries", json_count(p->queries));
		json_object_set_new(part, "responses", json_count(p->responses));
		json_object_set_new(part, "octets", json_count(p->octets));
		json_object_set_new(part, "factor", ratio_json(p->octets, p->query_octets));
		json_array_append_new(list, part);
	}
	return list;
}

static void
measure(struct finding *f, const char *name, uint64_t value)
{
	finding_measure(f, name, json_count(value));
}

/* What both sides have. */
static void
measure_common(struct finding *f, const struct attack *a)
{
	finding_measure(
	    f, "duration_s", json_real((double)(a->end - a->begin) / (double)NSEC_PER_SEC));
	finding_measure(f, "factor",
	    a->side == ATTACK_FLOWS ? json_null() : ratio_json(a->octets, a->query_octets));
	measure(f, "queries", a->queries);
	measure(f, "responses", a->responses);
	measure(f, "octets", a->side == ATTACK_FLOWS ? a->wire_octets : a->octets);
	finding_measure(f, "qname", text_json(a->part_count > 0 ? a->parts[0].qname : ""));
	finding_measure(f, "qtype", json_string(a->part_count > 0 ? a->parts[0].qtype : ""));
	finding_measure(f, "class", json_string(class_of(a)));
	measure(f, "query_octets", a->query_octets);
	measure(f, "wire_octets", a->wire_octets);
	finding_measure(f, "peak_10s_bps", json_real(0.8 * (double)a->peak_octets));
	finding_measure(f, "classes", json_incref(a->classes));
}

static void
advise_limit(struct finding *f, const struct attack *a)
{
	double after;

	if (a->kept_octets == 0 || a->octets == 0)
		return;
	after = attack_factor(a) * (double)a->limited_octets / (double)a->kept_octets;
	finding_measure(f, "factor_limited", json_real(after));
	finding_advise(f,
	    "Answers above %d octets sent truncated (BIND: max-udp-size %d; Unbound: max-udp-size: "
	    "%d; NSD: ipv4-edns-size, ipv6-edns-size) would have made the factor %.1f instead of "
	    "%.1f in this traffic. Limit the rate of answers (BIND: rate-limit; NSD: "
	    "rrl-ratelimit); "
	    "close a resolver to strangers (BIND: allow-recursion; Unbound: access-control).",
	    SUSPECT_LIMIT, SUSPECT_LIMIT, SUSPECT_LIMIT, after, attack_factor(a));
}

static const char GUIDE[] =
    "dnsdist guide, setQueryRate(20, 10) and setResponseByteRate(10000, 10), "
    "per 10 s";

/* The victim's address when all answers that were looked at went to one, else the network. */
static json_t *
victim_json(const struct attack *a)
{
	const char *address = json_object_iter_key(json_object_iter(a->ends));

	return json_object_size(a->ends) == 1 ? json_string(address)
					      : part_address_json(&a->parts[0]);
}

static void
find_reflector(
    const struct amplification_limits *l, struct section *section, const struct attack *a)
{
	struct finding *f = section_finding(
	    section, "reflector", severity_of(a), a->slots >= 3 ? 0.95 : 0.8, a->begin, a->end);
	uint64_t question = 0;

	for (size_t i = 0; i < a->part_count; i++)
		question += a->parts[i].question_queries;
	finding_subject(f, "server", json_address(&a->subject));
	measure_common(f, a);
	finding_measure(f, "victim", victim_json(a));
	finding_measure(f, "victims", parts_json(a, "victim"));
	measure(f, "victim_count", a->part_count);
	finding_measure(f, "wire_factor", ratio_json(a->wire_octets, a->query_wire_octets));
	finding_measure(f, "packet_factor", ratio_json(a->packets_out, a->packets_in));
	finding_measure(f, "truncated_share", ratio_json(a->truncated, a->responses));
	finding_measure(f, "any_share", ratio_json(a->any, a->queries));
	finding_measure(f, "question_share", ratio_json(question, a->queries));
	measure(f, "tcp_queries", a->tcp);
	finding_measure(f, "cookie_share", ratio_json(a->cookies, a->queries));
	measure(f, "slots", a->slots);
	finding_threshold(f, "queries", json_count(l->queries), GUIDE);
	finding_threshold(f, "octets", json_count(l->octets), GUIDE);
	finding_threshold(f, "factor", json_real(l->factor),
	    "US-CERT TA14-017A gives 28 to 54 for DNS; 10 leaves room");
	finding_threshold(f, "question_share", json_real(l->question_share),
	    "measured: busy resolvers ask other names in 97 % of queries or more");
	finding_threshold(f, "tcp_share", json_real(l->tcp_share),
	    "RFC 7766: clients come back over TCP after a truncated answer");
	finding_threshold(f, "cookie_share", json_real(0.5), "RFC 7873: a forged source has none");
	dns_samples_evidence(&a->samples, f);
	advise_limit(f, a);
}

/* Other ends as [address, sums], the most octets first. */
struct end {
	const char *address;
	json_t *sums;
};

static int
compare_ends(const void *a, const void *b)
{
	const struct end *x = a, *y = b;
	json_int_t left = json_integer_value(json_array_get(x->sums, 1)),
		   right = json_integer_value(json_array_get(y->sums, 1));

	if (left != right)
		return left > right ? -1 : 1;
	return strcmp(x->address, y->address);
}

static json_t *
ends_json(const struct attack *a, const struct geo *asn)
{
	struct end *ends = xcalloc(json_object_size(a->ends) + 1, sizeof *ends);
	json_t *list = json_array(), *sums;
	const char *key;
	size_t count = 0;

	json_object_foreach (a->ends, key, sums)
		ends[count++] = (struct end){ key, sums };
	qsort(ends, count, sizeof *ends, compare_ends);
	for (size_t i = 0; i < count && i < ENDS_SHOWN; i++) {
		json_int_t octets = json_integer_value(json_array_get(ends[i].sums, 1));
		json_int_t asked = json_integer_value(json_array_get(ends[i].sums, 2));
		json_t *end = json_pack("{s:s, s:I, s:I}", "address", ends[i].address, "responses",
		    json_integer_value(json_array_get(ends[i].sums, 0)), "octets", octets);
		struct address address;
		uint32_t number;
		json_object_set_new(end, "factor", ratio_json((uint64_t)octets, (uint64_t)asked));
		if (asn != NULL && address_parse(ends[i].address, &address) == ERR_OK &&
		    geo_number(asn, &address, &number))
			json_object_set_new(end, "asn", json_integer(number));
		json_array_append_new(list, end);
	}
	free(ends);
	return list;
}

static double
victim_confidence(const struct attack *a)
{
	if (a->side == ATTACK_FLOWS)
		return a->baseline_known ? 0.7 : 0.5;
	if (a->by_question)
		return a->by_volume ? 0.98 : 0.9;
	return a->baseline_known ? 0.8 : 0.6;
}

static void
limit_victim(const struct amplification_limits *l, struct finding *f, const struct attack *a)
{
	if (a->by_question) {
		finding_threshold(f, "question_reflectors", json_count(l->question_reflectors),
		    "a resolver asks few servers the same, and its queries are seen");
		finding_threshold(f, "octets", json_count(l->octets), GUIDE);
		finding_threshold(
		    f, "factor", json_real(l->factor), "US-CERT TA14-017A: 28 to 54 for DNS");
	}
	if (!a->by_volume)
		return;
	finding_threshold(f, "reflectors", json_count(l->reflectors), "spec of this project");
	finding_threshold(f, "victim_rate", json_real(l->victim_bps), "spec of this project");
	finding_threshold(f, "baseline", json_real(l->baseline_factor),
	    a->baseline_known ? "times the average of earlier windows"
			      : "not applied: the usual rate is not known yet");
	finding_measure(
	    f, "baseline_bps", a->baseline_known ? json_real(a->baseline_bps) : json_null());
}

static void
find_victim(const struct amplification_limits *l, struct section *section, const struct attack *a,
    const struct geo *asn)
{
	struct finding *f = section_finding(
	    section, "victim", severity_of(a), victim_confidence(a), a->begin, a->end);
	char text[ADDRESS_TEXT_SIZE];
	double senders = hll_estimate(a->reflectors, AMPLIFICATION_PRECISION),
	       error = 2 * hll_standard_error(AMPLIFICATION_PRECISION) * senders;

	finding_subject(f, "victim", json_address(&a->subject));
	measure_common(f, a);
	finding_interval(f, "reflectors", senders, senders - error, senders + error);
	measure(f, "packets", a->packets_out);
	measure(f, "fragmented", a->fragmented);
	finding_measure(f, "questions", parts_json(a, "victim"));
	if (a->side != ATTACK_FLOWS)
		finding_measure(f, "largest_reflectors", ends_json(a, asn));
	finding_measure(f, "source", json_string(a->side == ATTACK_FLOWS ? "flows" : "messages"));
	limit_victim(l, f, a);
	dns_samples_evidence(&a->samples, f);
	finding_advise(f,
	    "Drop what was not asked for at the border, or ask the upstream to (FlowSpec, RFC "
	    "8955: "
	    "destination %s/%d, protocol 17, source port 53, packet length over %d, and "
	    "fragments), "
	    "when this address resolves through known servers only.",
	    address_format(&a->subject, text), address_is_ipv4(&a->subject) ? 32 : 128, 512);
}

static const struct section_column ATTACK_COLUMNS[] = {
	{ "side", "Side", "text", "" },
	{ "address", "Own address", "address", "" },
	{ "begin", "Begin", "time", "ms" },
	{ "end", "End", "time", "ms" },
	{ "responses", "Responses", "count", "messages" },
	{ "octets", "Octets", "octets", "octets" },
	{ "factor", "Factor", "number", "" },
	{ "qname", "Name", "text", "" },
	{ "qtype", "Type", "text", "" },
	{ "others", "Victims or reflectors", "count", "" },
};

static void
put_attacks(struct section *section, const struct attacks *attacks)
{
	static const char *const SIDES[] = { "reflector", "victim", "victim (flows)" };
	struct section_table *t;

	if (attacks->count == 0)
		return;
	t = section_table(section, "attacks", "Amplification attacks", ATTACK_COLUMNS,
	    ARRAY_COUNT(ATTACK_COLUMNS));
	for (size_t i = 0; i < attacks->count; i++) {
		const struct attack *a = &attacks->list[i];
		bool reflector = a->side == ATTACK_REFLECTOR;
		section_row(t, json_string(SIDES[a->side]), json_address(&a->subject),
		    json_integer(a->begin / NSEC_PER_MS), json_integer(a->end / NSEC_PER_MS),
		    json_count(a->responses),
		    json_count(a->side == ATTACK_FLOWS ? a->wire_octets : a->octets),
		    a->side == ATTACK_FLOWS ? json_null() : ratio_json(a->octets, a->query_octets),
		    text_json(a->part_count > 0 ? a->parts[0].qname : ""),
		    json_string(a->part_count > 0 ? a->parts[0].qtype : ""),
		    json_integer(reflector ? (json_int_t)a->part_count
					   : (json_int_t)(hll_estimate(a->reflectors,
							      AMPLIFICATION_PRECISION) +
							  0.5)),
		    NULL);
	}
}

static void
say(struct section *section, const struct totals *t, const struct attacks *attacks)
{
	size_t reflected = 0;
	char asked[32], answered[32];

	for (size_t i = 0; i < attacks->count; i++)
		reflected += attacks->list[i].side == ATTACK_REFLECTOR;
	if (t->query_octets > 0)
		section_say(section,
		    "%s were asked %s and answered %s over UDP: a mean factor of %.1f.",
		    t->own_known != 0 ? "Own servers" : "Servers",
		    text_si((double)t->query_octets, "octets", asked, sizeof asked),
		    text_si((double)t->response_octets, "octets", answered, sizeof answered),
		    (double)t->response_octets / (double)t->query_octets);
	if (attacks->count == 0)
		section_say(section, "No amplification attack was seen.");
	else
		section_say(section,
		    "%zu amplification attack%s: %zu through servers here, %zu on addresses here.",
		    attacks->count, attacks->count == 1 ? "" : "s", reflected,
		    attacks->count - reflected);
}

static void
define(struct section *section, const struct amplification_limits *l)
{
	section_define(section,
	    "The factor is octets of responses over octets of queries, UDP payload (US-CERT "
	    "TA14-017A). A server is a reflector when, in ten seconds and for one network, it gets "
	    "at least %llu queries, answers at least %llu octets and %.3g times what it was asked, "
	    "%.3g %% of the queries ask the same name and type, there are fewer than %.3g queries "
	    "over TCP for each truncated answer, and no more than half of the queries show a "
	    "server's cookie.",
	    (unsigned long long)l->queries, (unsigned long long)l->octets, l->factor,
	    100 * l->question_share, l->tcp_share);
	section_define(section,
	    "An address is a victim when answers it did not ask for come, in ten seconds, from at "
	    "least %llu servers to one question with at least %llu octets and that factor; or from "
	    "%llu servers with %.3g bit/s and %.3g times what is usual. The query behind such an "
	    "answer is reconstructed: header, question, and 11 octets where the answer has an OPT "
	    "record. Flow records tell the second kind only, by the minute and with no factor.",
	    (unsigned long long)l->question_reflectors, (unsigned long long)l->octets,
	    (unsigned long long)l->reflectors, l->victim_bps, l->baseline_factor);
}

static void
qualify(struct section *section, const struct totals *t, const struct attacks *attacks)
{
	if (t->own_known == 0 && t->messages > 0)
		section_quality(section,
		    "Without site.own_prefixes every server and every address is looked at.");
	if (t->unsolicited > 0)
		section_quality(section,
		    "%llu responses answered no query that was seen. In a capture of one direction "
		    "all do.",
		    (unsigned long long)t->unsolicited);
	if (attacks->undecided > 0)
		section_quality(section,
		    "%llu times ten seconds of many answers to many questions, to an address whose "
		    "usual rate is not known, were left undecided.",
		    (unsigned long long)attacks->undecided);
	if (t->evicted + t->dropped > 0)
		section_warn(section,
		    "%llu counters of small pairs were given up and %llu rows left out for lack of "
		    "room: attacks below the thresholds' double may be missing.",
		    (unsigned long long)t->evicted, (unsigned long long)t->dropped);
}

static enum err
read_attacks(const struct section_context *c, struct attacks *attacks, struct err_info *info)
{
	enum err e = attacks_read_reflectors(c, attacks, info);

	if (e == ERR_OK)
		e = attacks_read_victims(c, attacks, info);
	if (e == ERR_OK)
		e = attacks_read_suspects(c, attacks, info);
	for (size_t i = 0; i < attacks->count; i++)
		attack_sort_parts(&attacks->list[i]);
	return e;
}

static void
put_findings(
    const struct section_context *c, struct section *section, const struct attacks *attacks)
{
	struct amplification_limits limits = amplification_limits(c->settings);
	const char *path = settings_text(c->settings, "asn_database");
	struct geo *asn = NULL;

	if (path[0] != '\0' &&
	    geo_open(path, settings_text(c->settings, "asn_key"), &asn, NULL) != ERR_OK)
		asn = NULL;
	for (size_t i = 0; i < attacks->count; i++)
		if (attacks->list[i].side == ATTACK_REFLECTOR)
			find_reflector(&limits, section, &attacks->list[i]);
		else
			find_victim(&limits, section, &attacks->list[i], asn);
	geo_close(asn);
}

enum err
amplification_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	struct amplification_limits limits = amplification_limits(context->settings);
	struct attacks attacks = { 0 };
	struct totals totals = { 0 };
	enum err e = read_totals(context, &totals, info);

	if (e == ERR_OK)
		e = read_attacks(context, &attacks, info);
	if (e == ERR_OK) {
		say(section, &totals, &attacks);
		put_attacks(section, &attacks);
		if (totals.messages > 0)
			e = put_rates(context, section, info);
	}
	if (e == ERR_OK)
		e = put_servers(context, section, info);
	if (e == ERR_OK) {
		define(section, &limits);
		qualify(section, &totals, &attacks);
		put_findings(context, section, &attacks);
	}
	attacks_release(&attacks);
	return e;
}
