/* SPDX-License-Identifier: ISC */
/*
 * The section of security/heartbleed: who leaked what to whom, from when to when, and what to do;
 * then what TLS there was to look at.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/heartbleed.h"
#include "analysis/sketch.h"
#include "base/cursor.h"
#include "base/xmalloc.h"

#define SHOWN       100
#define SAID        5 /* leaks that the summary tells one by one */
#define SAMPLES_ALL 10
#define TIME_SIZE   64

/* A client and a server, over all windows that are near. */
struct incident {
	struct address server, client;
	uint16_t port;
	bool datagram, by_server, encrypted;
	enum heartbleed_verdict verdict;
	nsec_t begin, end;
	nsec_t leak_begin, leak_end;
	uint64_t counts[HEARTBLEED_VERDICTS]; /* requests by verdict */
	uint64_t requests, answered, alerts, leaked, leaked_least, claimed_most, answer_octets;
	unsigned sample_count;
	struct heartbleed_sample samples[SAMPLES_ALL]; /* the gravest first */
};

struct list {
	struct incident *all; /* owned; by server, client, time */
	size_t count, capacity;
	uint64_t counts[HEARTBLEED_VERDICTS]; /* incidents by verdict */
	uint64_t totals[TT_SERVERS], windows;
	uint8_t servers[HLL_SIZE(HEARTBLEED_PRECISION)];
	uint8_t offering[HLL_SIZE(HEARTBLEED_PRECISION)];
};

/* ------------------------------------------------------------------ reading */

static nsec_t
result_time(const struct result *r, size_t column)
{
	return (nsec_t)result_u64(r, column) * NSEC_PER_MS;
}

static bool
sample_goes_before(const struct heartbleed_sample *a, const struct heartbleed_sample *b)
{
	if (a->verdict != b->verdict)
		return a->verdict > b->verdict;
	return a->time != b->time ? a->time < b->time : a->offset < b->offset;
}

static void
add_sample(struct incident *x, const struct heartbleed_sample *s)
{
	unsigned at = x->sample_count;

	while (at > 0 && sample_goes_before(s, &x->samples[at - 1]))
		at--;
	if (at == SAMPLES_ALL)
		return;
	if (x->sample_count < SAMPLES_ALL)
		x->sample_count++;
	memmove(
	    &x->samples[at + 1], &x->samples[at], (x->sample_count - 1 - at) * sizeof *x->samples);
	x->samples[at] = *s;
}

static void
read_samples(struct incident *x, const struct result *r, size_t column, uint64_t input)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);
	struct cursor c = cursor_over((const uint8_t *)octets, size);
	const uint8_t *p;

	while ((p = cursor_take(&c, HEARTBLEED_SAMPLE_SIZE)) != NULL) {
		struct heartbleed_sample s = {
			.time = (nsec_t)le64(p),
			.offset = le64(p + 8),
			.answer_offset = le64(p + 16),
			.answer_octets = le64(p + 24),
			.leaked = le64(p + 32),
			.input = input,
			.request_octets = le32(p + 40),
			.least_octets = le32(p + 44),
			.claimed = le32(p + 48),
			.carried = le32(p + 52),
			.answer_records = le32(p + 56),
			.version = le16(p + 60),
			.cipher = le16(p + 62),
			.client_port = le16(p + 64),
			.verdict = p[66] < HEARTBLEED_VERDICTS ? p[66] : HEARTBLEED_NONE,
			.encrypted = p[67] != 0,
		};
		add_sample(x, &s);
	}
}

static struct incident *
incident_for(
    struct list *l, const struct address *server, const struct address *client, nsec_t first)
{
	struct incident *x = l->count > 0 ? &l->all[l->count - 1] : NULL;

	if (x != NULL && address_equal(&x->server, server) && address_equal(&x->client, client) &&
	    first - x->end <= FINDING_GAP)
		return x;
	if (l->count == l->capacity) {
		l->capacity = l->capacity > 0 ? 2 * l->capacity : 16;
		l->all = xrealloc_array(l->all, l->capacity, sizeof *l->all);
	}
	x = &l->all[l->count++];
	*x = (struct incident){ .server = *server, .client = *client, .begin = first };
	return x;
}

static void
take_row(struct list *l, const struct result *r)
{
	const size_t at = 1; /* where the table's columns begin */
	struct address server = result_address(r, at + HB_SERVER);
	struct address client = result_address(r, at + HB_CLIENT);
	nsec_t first = result_time(r, at + HB_FIRST), last = result_time(r, at + HB_LAST);
	uint64_t verdict = result_u64(r, at + HB_VERDICT);
	struct incident *x;

	if (verdict == HEARTBLEED_NONE || verdict >= HEARTBLEED_VERDICTS)
		return;
	x = incident_for(l, &server, &client, first);
	if (last > x->end)
		x->end = last;
	if (verdict > x->verdict) {
		x->verdict = (enum heartbleed_verdict)verdict;
		x->port = (uint16_t)result_u64(r, at + HB_PORT);
		x->datagram = result_u64(r, at + HB_DATAGRAM) != 0;
		x->by_server = result_u64(r, at + HB_BY_SERVER) != 0;
	}
	if (verdict == HEARTBLEED_LEAK) {
		if (x->leak_begin == 0)
			x->leak_begin = first;
		if (last > x->leak_end)
			x->leak_end = last;
	}
	x->encrypted |= result_u64(r, at + HB_ENCRYPTED) != 0;
	x->counts[verdict] += result_u64(r, at + HB_REQUESTS);
	x->requests += result_u64(r, at + HB_REQUESTS);
	x->answered += result_u64(r, at + HB_ANSWERED);
	x->alerts += result_u64(r, at + HB_ALERTS);
	x->leaked += result_u64(r, at + HB_LEAKED);
	x->leaked_least += result_u64(r, at + HB_LEAKED_LEAST);
	x->answer_octets += result_u64(r, at + HB_ANSWER_OCTETS);
	if (result_u64(r, at + HB_CLAIMED_MOST) > x->claimed_most)
		x->claimed_most = result_u64(r, at + HB_CLAIMED_MOST);
	read_samples(x, r, at + HB_SAMPLES, result_u64(r, 0));
}

static enum err
read_incidents(const struct section_context *c, struct list *l, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT input, server, server_port, client, datagram, by_server, encrypted, verdict, "
	    "first, last, requests, answered, alerts, leaked_octets, leaked_octets_least, "
	    "claimed_most, answer_octets, samples FROM security_heartbleed WHERE" PERIOD_SQL
	    "ORDER BY server, client, first, last, verdict, server_port, datagram, by_server, "
	    "encrypted, input",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r))
		take_row(l, r);
	result_free(r);
	for (size_t i = 0; i < l->count; i++)
		l->counts[l->all[i].verdict]++;
	return ERR_OK;
}

static enum err
read_totals(const struct section_context *c, struct list *l, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT client_hellos, server_hellos, heartbeats, ordinary, evicted, servers_evicted, "
	    "unstored, servers, servers_offering FROM security_tls_totals WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	for (; result_next(r); l->windows++) {
		for (unsigned i = 0; i < TT_SERVERS; i++)
			l->totals[i] += result_u64(r, i);
		(void)sketch_add(l->servers, HEARTBLEED_PRECISION, r, TT_SERVERS);
		(void)sketch_add(l->offering, HEARTBLEED_PRECISION, r, TT_OFFERING);
	}
	result_free(r);
	return ERR_OK;
}

/* ------------------------------------------------------------------ findings */

static json_t *
evidence_of(const struct heartbleed_sample *s)
{
	json_t *o = json_object();
	char text[160];

	if (s->encrypted)
		(void)snprintf(text, sizeof text,
		    "heartbeat record of %" PRIu32 " octets under cipher %04x, of which legal ones "
		    "have %" PRIu32 " or more; answered with %" PRIu64 " octets",
		    s->request_octets, s->cipher, s->least_octets, s->answer_octets);
	else
		(void)snprintf(text, sizeof text,
		    "heartbeat that claims %" PRIu32 " octets and carries %" PRIu32
		    "; answered with %" PRIu64 " octets",
		    s->claimed, s->carried, s->answer_octets);
	(void)json_object_set_new(o, "text", json_string(text));
	(void)json_object_set_new(o, "time", json_integer((json_int_t)analysis_ms(s->time)));
	(void)json_object_set_new(o, "verdict", json_string(heartbleed_verdict_name(s->verdict)));
	(void)json_object_set_new(o, "version", json_integer(s->version));
	(void)json_object_set_new(o, "client_port", json_integer(s->client_port));
	(void)json_object_set_new(o, "leaked_octets", json_count(s->leaked));
	return o;
}

static void
put_evidence(struct finding *f, const struct incident *x)
{
	for (unsigned i = 0; i < x->sample_count && i < HEARTBLEED_SAMPLES; i++) {
		const struct heartbleed_sample *s = &x->samples[i];
		finding_evidence(f, s->input, s->offset, 0, evidence_of(s));
		if (s->answer_records != 0 && s->answer_offset != s->offset)
			finding_evidence(f, s->input, s->answer_offset, 0,
			    json_pack("{s:s}", "text", "the answer begins here"));
	}
}

/* What is to be thought, and done, by verdict. */
static const struct {
	const char *severity;
	double confidence;
	const char *advice;
} MEANINGS[HEARTBLEED_VERDICTS] = {
	[HEARTBLEED_PROBE] = { "info", 0.9,
	    "A well-formed heartbeat before encryption: a scanner looks for who answers. Nothing "
	    "to do; check own servers with yagura heartbleed." },
	[HEARTBLEED_SUSPICIOUS] = { "low", 0.5,
	    "A heartbeat where nothing had to be kept alive. Its content is encrypted: check the "
	    "server with yagura heartbleed." },
	[HEARTBLEED_BLOCKED] = { "low", 0.95,
	    "The server did not answer: it is patched, or something before it drops such "
	    "requests. Block the client if it asks others too." },
	[HEARTBLEED_ATTEMPT] = { "medium", 0.9,
	    "What became of the request was not seen. Check the server with yagura heartbleed." },
	[HEARTBLEED_ANSWERED] = { "high", 0.9,
	    "The server answers requests that it must drop (RFC 6520, section 4): take it for "
	    "vulnerable. Install OpenSSL 1.0.1g or later, then check it with yagura heartbleed; "
	    "since others may have asked for more, revoke its certificates and have them issued "
	    "again with new keys." },
	[HEARTBLEED_LEAK] = { "critical", 0.98,
	    "Memory of the server went to the client: private keys, passwords and sessions may "
	    "have been in it. Install OpenSSL 1.0.1g or later and restart what uses it; make new "
	    "keys, have the certificates issued again and revoke the old ones; end all sessions; "
	    "have users change passwords they used since the server first ran the old version. "
	    "Recorded traffic without forward secrecy can be read with a leaked key." },
};

static void
put_thresholds(struct finding *f, const struct incident *x)
{
	finding_threshold(f, "octets of padding that a heartbeat must have", json_integer(16),
	    "RFC 6520, section 4");
	if (x->encrypted)
		finding_threshold(f, "octets that an encrypted answer may be longer",
		    json_string("one block of the cipher, else 16"),
		    "doc/analyses/security-heartbleed.md");
	if (x->verdict == HEARTBLEED_BLOCKED)
		finding_threshold(f, "seconds of silence", json_integer(5),
		    "doc/analyses/security-heartbleed.md");
	if (x->verdict == HEARTBLEED_SUSPICIOUS) {
		finding_threshold(f, "seconds in which a heartbeat is early", json_integer(60),
		    "Zeek, heartbleed.zeek");
		finding_threshold(f, "requests without answer in a connection",
		    json_integer(HEARTBLEED_UNANSWERED), "Zeek, heartbleed.zeek");
	}
}

static json_t *
service_of(const struct incident *x)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%s/%u", x->datagram ? "udp" : "tcp", x->port);
	return json_string(text);
}

static void
make_finding(struct section *section, const struct incident *x)
{
	double confidence = MEANINGS[x->verdict].confidence;
	struct finding *f;

	/* Of an encrypted one only lengths are known. */
	if (x->verdict == HEARTBLEED_LEAK && x->leaked_least == 0)
		confidence = 0.7;
	f = section_finding(section, heartbleed_verdict_name(x->verdict),
	    MEANINGS[x->verdict].severity, confidence, x->begin, x->end);
	finding_subject(f, "server", json_address(&x->server));
	finding_subject(f, "client", json_address(&x->client));
	finding_measure(f, "requests", json_count(x->requests));
	finding_measure(f, "leaked_octets", json_count(x->leaked));
	if (x->leaked != x->leaked_least) {
		finding_measure(f, "leaked_octets_low", json_count(x->leaked_least));
		finding_measure(f, "leaked_octets_high", json_count(x->leaked));
	}
	finding_measure(f, "encrypted", json_boolean(x->encrypted));
	finding_measure(f, "service", service_of(x));
	finding_measure(f, "asked_by", json_string(x->by_server ? "server" : "client"));
	finding_measure(f, "answered", json_count(x->answered));
	finding_measure(f, "alerts", json_count(x->alerts));
	finding_measure(f, "claimed_most", json_count(x->claimed_most));
	finding_measure(f, "answer_octets", json_count(x->answer_octets));
	put_thresholds(f, x);
	put_evidence(f, x);
	finding_advise(f, "%s", MEANINGS[x->verdict].advice);
}

/* ------------------------------------------------------------------ figures and tables */

static const char *
version_name(uint64_t version, char *text, size_t size)
{
	static const struct {
		uint16_t number;
		const char *name;
	} NAMES[] = { { 0x0300, "SSL 3.0" }, { 0x0301, "TLS 1.0" }, { 0x0302, "TLS 1.1" },
		{ 0x0303, "TLS 1.2" }, { 0x0304, "TLS 1.3" }, { 0xfeff, "DTLS 1.0" },
		{ 0xfefd, "DTLS 1.2" }, { 0xfefc, "DTLS 1.3" } };

	(void)snprintf(text, size, "other");
	for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
		if (NAMES[i].number == version)
			(void)snprintf(text, size, "%s", NAMES[i].name);
	return text;
}

static const char *
mode_name(uint64_t mode)
{
	return mode == TLS_HEARTBEAT_ALLOWED     ? "may be asked"
	       : mode == TLS_HEARTBEAT_FORBIDDEN ? "must not be asked"
						 : "not offered";
}

static enum err
put_hellos(const struct section_context *c, struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "side", "Hello of", "text", "" },
		{ "version", "Version", "text", "" },
		{ "mode", "Heartbeat", "text", "" },
		{ "hellos", "Hellos", "count", "" },
	};
	struct section_table *t;
	struct result *r;
	char text[16];
	enum err e = query_run(c->store, &r, info,
	    "SELECT side AS s, version AS v, CASE WHEN side = 'server' THEN server_mode ELSE "
	    "client_mode END AS m, sum(hellos) AS n FROM security_tls_hellos WHERE" PERIOD_SQL
	    "GROUP BY s, v, m ORDER BY s, v, m",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	t = section_table(
	    section, "hellos", "TLS hellos by version", COLUMNS, ARRAY_COUNT(COLUMNS));
	while (result_next(r))
		section_row(t, json_string(result_text(r, 0)),
		    json_string(version_name(result_u64(r, 1), text, sizeof text)),
		    json_string(mode_name(result_u64(r, 2))), json_count(result_u64(r, 3)), NULL);
	section_table_note(t,
	    "Of a client: the version its hello has in the old field, which is TLS 1.2 for TLS "
	    "1.3 too. Of a server: the version it chose. After the hellos of TLS 1.3 heartbeats "
	    "cannot be seen.");
	result_free(r);
	return ERR_OK;
}

static enum err
put_servers(const struct section_context *c, struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "server", "Server", "address", "" },
		{ "service", "Service", "text", "" },
		{ "hellos", "Hellos", "count", "" },
		{ "begin", "First", "time", "ms" },
		{ "end", "Last", "time", "ms" },
	};
	struct section_table *t = NULL;
	struct result *r;
	size_t count = 0;
	enum err e = query_run(c->store, &r, info,
	    "SELECT server AS a, server_port AS p, datagram AS d, sum(hellos) AS n, min(first) AS "
	    "f, max(last) AS z FROM security_tls_servers WHERE" PERIOD_SQL
	    "GROUP BY a, p, d ORDER BY n DESC, a, p, d",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	for (; result_next(r); count++) {
		struct incident x = { .datagram = result_u64(r, 2) != 0,
			.port = (uint16_t)result_u64(r, 1) };
		struct address a = result_address(r, 0);
		if (count >= SHOWN)
			continue;
		if (t == NULL)
			t = section_table(section, "servers", "Servers that offer heartbeats",
			    COLUMNS, ARRAY_COUNT(COLUMNS));
		section_row(t, json_address(&a), service_of(&x), json_count(result_u64(r, 3)),
		    json_integer((json_int_t)result_u64(r, 4)),
		    json_integer((json_int_t)result_u64(r, 5)), NULL);
	}
	result_free(r);
	if (t != NULL)
		section_table_note(t, "%zu of %zu. Offering is no fault; only such can leak.",
		    count < SHOWN ? count : (size_t)SHOWN, count);
	return ERR_OK;
}

/* The gravest first. */
static int
compare_incidents(const void *a, const void *b)
{
	const struct incident *x = a, *y = b;
	int order;

	if (x->verdict != y->verdict)
		return x->verdict > y->verdict ? -1 : 1;
	if (x->leaked != y->leaked)
		return x->leaked > y->leaked ? -1 : 1;
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	order = address_compare(&x->server, &y->server);
	return order != 0 ? order : address_compare(&x->client, &y->client);
}

static void
put_incidents(struct section *section, const struct list *l)
{
	static const struct section_column COLUMNS[] = {
		{ "verdict", "Verdict", "text", "" },
		{ "server", "Server", "address", "" },
		{ "service", "Service", "text", "" },
		{ "client", "Client", "address", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "requests", "Requests", "count", "" },
		{ "leaked_octets", "Leaked", "octets", "octets" },
		{ "encrypted", "Encrypted", "text", "" },
	};
	struct section_table *t = section_table(
	    section, "incidents", "Heartbleed by server and client", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < l->count && i < SHOWN; i++) {
		const struct incident *x = &l->all[i];
		section_row(t, json_string(heartbleed_verdict_name(x->verdict)),
		    json_address(&x->server), service_of(x), json_address(&x->client),
		    json_integer((json_int_t)analysis_ms(x->begin)),
		    json_integer((json_int_t)analysis_ms(x->end)), json_count(x->requests),
		    json_count(x->leaked), json_string(x->encrypted ? "yes" : "no"), NULL);
	}
	if (l->count > SHOWN)
		section_table_note(
		    t, "The gravest %d of %zu; all are among the findings.", SHOWN, l->count);
}

static void
put_timeline(struct section *section, const struct list *l)
{
	struct section_figure *f;

	if (l->count == 0)
		return;
	f = section_figure(section, FIGURE_TIMELINE, "incidents", "Heartbleed over time");
	section_axis(f, 'x', "time", "time", "ms");
	for (unsigned v = HEARTBLEED_LEAK; v > HEARTBLEED_NONE; v--) {
		json_t *points = NULL;
		for (size_t i = 0; i < l->count && i < SHOWN; i++) {
			const struct incident *x = &l->all[i];
			char server[ADDRESS_TEXT_SIZE];
			if (x->verdict != v)
				continue;
			if (points == NULL)
				points = section_series(
				    f, heartbleed_verdict_name((enum heartbleed_verdict)v));
			(void)json_array_append_new(
			    points, json_pack("[I,I,s]", (json_int_t)analysis_ms(x->begin),
					(json_int_t)analysis_ms(x->end),
					address_format(&x->server, server)));
		}
	}
	section_caption(f, "From the first to the last exchange of a client with a server.");
}

/* ------------------------------------------------------------------ words */

static void
say_leaks(const struct section_context *c, struct section *section, const struct list *l)
{
	for (size_t i = 0; i < l->count && i < SAID; i++) {
		const struct incident *x = &l->all[i];
		char server[ADDRESS_TEXT_SIZE], client[ADDRESS_TEXT_SIZE], count[32];
		char begin[TIME_SIZE], end[TIME_SIZE];
		if (x->verdict != HEARTBLEED_LEAK)
			return;
		section_say(section,
		    "%s (%s/%u) leaked %s%s octets of memory to %s between %s and %s. Its keys are "
		    "to be taken for known: patch, new keys, re-issue and revoke certificates, end "
		    "sessions, change passwords.",
		    address_format(x->by_server ? &x->client : &x->server, server),
		    x->datagram ? "udp" : "tcp", x->port,
		    x->leaked != x->leaked_least ? "about " : "",
		    text_count(x->leaked, count, sizeof count),
		    address_format(x->by_server ? &x->server : &x->client, client),
		    text_time(x->leak_begin, c->site->time_zone, begin, sizeof begin),
		    text_time(x->leak_end, c->site->time_zone, end, sizeof end));
	}
}

static void
say_counts(struct section *section, const struct list *l)
{
	const uint64_t *n = l->counts;

	if (l->count == 0) {
		section_say(section, "Nobody tried Heartbleed.");
		return;
	}
	section_say(section,
	    "Of %zu pair%s of client and server with heartbeats that are not ordinary, %llu "
	    "leaked, %llu were answered without leaking, %llu attempts had an unknown end, %llu "
	    "were blocked, %llu were suspicious, %llu were probes.",
	    l->count, l->count == 1 ? "" : "s", (unsigned long long)n[HEARTBLEED_LEAK],
	    (unsigned long long)n[HEARTBLEED_ANSWERED], (unsigned long long)n[HEARTBLEED_ATTEMPT],
	    (unsigned long long)n[HEARTBLEED_BLOCKED], (unsigned long long)n[HEARTBLEED_SUSPICIOUS],
	    (unsigned long long)n[HEARTBLEED_PROBE]);
}

static void
say_basis(struct section *section, const struct list *l)
{
	double servers = hll_estimate(l->servers, HEARTBLEED_PRECISION);
	double offering = hll_estimate(l->offering, HEARTBLEED_PRECISION);
	char clients[32], answers[32];

	section_say(section,
	    "%s client and %s server hellos of TLS were seen, of about %.0f servers; about %.0f "
	    "(%.1f %%) offered heartbeats.",
	    text_count(l->totals[TT_CLIENT_HELLOS], clients, sizeof clients),
	    text_count(l->totals[TT_SERVER_HELLOS], answers, sizeof answers), round(servers),
	    round(offering), servers > 0 ? fmin(100 * offering / servers, 100) : 0.0);
}

static void
define(struct section *section)
{
	section_define(section,
	    "An exchange is a TLS heartbeat request (RFC 6520) with all records that answer it. "
	    "leak: the answer holds octets that were not in the request, which are counted (of an "
	    "encrypted answer, by how much it is longer). answered: a request that must be dropped "
	    "was answered, without foreign octets. blocked: it was answered by an alert, or by 5 s "
	    "of silence. attempt: it breaks the rules, and its end is not known. suspicious: an "
	    "encrypted heartbeat before application data or in the first minute that nobody "
	    "answers, or many. probe: a well-formed one before encryption. A pair has the gravest "
	    "verdict of its exchanges; requests counts all that are not ordinary. Servers are "
	    "counted by address and port, within %.1f %% (standard error).",
	    100 * hll_standard_error(HEARTBLEED_PRECISION));
}

static void
say_quality(struct section *section, const struct list *l)
{
	const uint64_t *t = l->totals;

	section_quality(section, "%llu exchanges of heartbeats, %llu of them ordinary.",
	    (unsigned long long)t[TT_HEARTBEATS], (unsigned long long)t[TT_ORDINARY]);
	if (t[TT_EVICTED] + t[TT_UNSTORED] + t[TT_SERVERS_EVICTED] > 0)
		section_quality(section,
		    "More than can be held: %llu pairs and %llu servers that offer heartbeats "
		    "gave way, %llu rows were not stored; the gravest stay.",
		    (unsigned long long)t[TT_EVICTED], (unsigned long long)t[TT_SERVERS_EVICTED],
		    (unsigned long long)t[TT_UNSTORED]);
}

static enum err
make(
    const struct section_context *c, struct section *section, struct list *l, struct err_info *info)
{
	enum err e;

	for (size_t i = 0; i < l->count; i++)
		make_finding(section, &l->all[i]);
	if (l->count > 1)
		qsort(l->all, l->count, sizeof *l->all, compare_incidents);
	say_leaks(c, section, l);
	say_counts(section, l);
	say_basis(section, l);
	define(section);
	say_quality(section, l);
	put_timeline(section, l);
	if (l->count > 0)
		put_incidents(section, l);
	e = put_hellos(c, section, info);
	return e == ERR_OK ? put_servers(c, section, info) : e;
}

enum err
heartbleed_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	struct list *l = xcalloc(1, sizeof *l);
	enum err e = read_totals(c, l, info);

	if (e == ERR_OK && l->windows == 0)
		e = ERR_END;
	if (e == ERR_OK)
		e = read_incidents(c, l, info);
	if (e == ERR_OK)
		e = make(c, section, l, info);
	free(l->all);
	free(l);
	return e;
}
