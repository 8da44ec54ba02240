/* SPDX-License-Identifier: ISC */
/*
 * A shop's web server that is browsed, and attacked by SQL injection.
 *
 * Visitors look at items and search, with apostrophes and words of SQL among what they search for.
 * Attackers come one after the other, each with one purpose: a thief whose UNION gets a far larger
 * page, one that makes the database wait and is answered so late, one that rewrites tables, one
 * that tries to log in by a form, and two of one network that send the same. Every request is in
 * the truth; beside the capture stands the access log of the same (STEM.access.log), as Apache
 * httpd writes it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "simulate/payload.h"
#include "simulate/scenario.h"
#include "simulate/story.h"
#include "simulate/talk.h"

#define VISITORS  200
#define ATTACKERS 6
#define TEXT_SIZE 1024
#define PAGE      5200 /* octets of an ordinary answer, about */
#define HOST      "shop.example.com"

static const struct setting SETTINGS[] = {
	{ "start", SETTING_TEXT, "2026-01-05T09:00:00Z", NULL, NULL, "when it begins" },
	{ "duration", SETTING_DURATION, "20m", "10m", "31d", "visits begin within this time" },
	{ "rate", SETTING_F64, "1", "0.01", "1000", "visits a second" },
	{ "requests", SETTING_U64, "12", "1", "1000", "malicious requests of an attacker" },
	{ "ipv6", SETTING_BOOL, "false", NULL, NULL, "the attackers use IPv6" },
};

struct shop {
	struct simulation *simulation;
	struct random *random;
	struct station web, visitors[VISITORS], attackers[ATTACKERS];
	FILE *log; /* or NULL */
	bool ipv6;
};

/* What one attacker sends, percent-encoded as it goes onto the wire. */
struct plan {
	const char *kind; /* as the review should name it */
	const char *agent;
	const char *payloads[3];
	unsigned count;   /* of them, sent in turns */
	uint32_t page;    /* octets of the answers */
	nsec_t delay;     /* before them */
	unsigned seconds; /* from one request to the next */
	bool form;        /* in the body of a POST, as the user's name */
	bool fails;       /* answered by the database's error message */
};

static const char BROWSER[] =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

static const struct plan PLANS[ATTACKERS] = {
	{ "steal", BROWSER,
	    { "-1%27+union+all+select+1,concat(login,0x3a,password)+from+users--+-",
		"-1%27/**/UnIoN/**/SeLeCt/**/table_name,2/**/FROM/**/"
		"information_schema.tables%23" },
	    2, 90000, 0, 3, false, false },
	{ "overload", "sqlmap/1.7.2#stable (https://sqlmap.org)",
	    { "1%27+AND+%28SELECT+8137+FROM+%28SELECT%28SLEEP%282%29%29%29kqwz%29--+Fk" }, 1, PAGE,
	    2 * NSEC_PER_SEC, 4, false, false },
	{ "rewrite", BROWSER,
	    { "1;DECLARE+@S+VARCHAR(4000);SET+@S=CAST(0x4445434c415245+AS+VARCHAR(4000));EXEC(@S);-"
	      "-",
		"1%27%3Bupdate+users+set+password%3D%27x%27+where+id%3D1--+" },
	    2, PAGE, 0, 5, false, false },
	{ "other", BROWSER, { "admin%27+or+%271%27%3D%271", "admin%27--+" }, 2, PAGE, 0, 6, true,
	    false },
	{ "steal", BROWSER,
	    { "1%2527%2520and%2520extractvalue(1%252cconcat(0x7e%252cversion()))--%2520" }, 1, 400,
	    0, 3, false, true },
	{ "steal", BROWSER,
	    { "1%2527%2520and%2520extractvalue(7%252cconcat(0x5c%252cversion()))--%2520" }, 1, 400,
	    0, 3, false, true },
};

/* Ordinary searches that detectors are known to stumble over. */
static const char *const SEARCHES[] = { "rock+%27n%27+roll", "O%27Connor", "union+jack+or+flag",
	"1950+or+1960", "17%22+laptop+case", "select+committee", "5%27+x+7%27+rug",
	"%22drop+leaf%22+table", "like+new+and+boxed", "order+by+mail" };

/* ------------------------------------------------------------------ stations */

static struct station
station(const uint8_t four[4], const uint8_t last[2], uint8_t net, nsec_t distance)
{
	uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, net };
	struct station s = { .mac = { 0x02, 0, 0, 0, net, four[3] },
		.vlan = FRAME_VLAN_NONE,
		.ttl = net == 1 ? 64 : 52,
		.distance = distance };

	memcpy(six + 14, last, 2);
	s.ipv4 = address_from_ipv4(four);
	s.ipv6 = address_from_ipv6(six);
	return s;
}

static void
make_stations(struct shop *s)
{
	/* The last two attackers share a /24 and a /48. */
	static const uint8_t NETS[ATTACKERS] = { 10, 11, 12, 13, 14, 14 };

	s->web = station(
	    (const uint8_t[]){ 192, 0, 2, 80 }, (const uint8_t[]){ 0, 0x80 }, 1, 250 * NSEC_PER_US);
	for (unsigned i = 0; i < VISITORS; i++)
		s->visitors[i] = station((const uint8_t[]){ 198, 51, 100, (uint8_t)(i + 1) },
		    (const uint8_t[]){ 1, (uint8_t)(i + 1) }, 2,
		    (nsec_t)random_between(s->random, 4, 120) * NSEC_PER_MS);
	for (unsigned i = 0; i < ATTACKERS; i++)
		s->attackers[i] = station((const uint8_t[]){ 203, 0, NETS[i], (uint8_t)(20 + i) },
		    (const uint8_t[]){ 2, (uint8_t)(20 + i) }, NETS[i], 40 * NSEC_PER_MS);
}

/* ------------------------------------------------------------------ one exchange */

struct exchange {
	struct station *client;
	const char *method, *target, *body, *agent;
	unsigned status;
	uint32_t page;
	nsec_t delay;
	bool fails, ipv6;
};

/* A line of the access log; it knows nothing of bodies. */
static void
write_line(const struct shop *s, const struct exchange *x, nsec_t at)
{
	char address[ADDRESS_TEXT_SIZE], when[40];
	struct tm tm;
	time_t seconds = (time_t)(at / NSEC_PER_SEC);

	if (s->log == NULL || gmtime_r(&seconds, &tm) == NULL ||
	    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", &tm) == 0)
		return;
	(void)fprintf(s->log, "%s:80 %s - - [%s] \"%s %s HTTP/1.1\" %u %u \"-\" \"%s\"\n", HOST,
	    address_format(x->ipv6 ? &x->client->ipv6 : &x->client->ipv4, address), when, x->method,
	    x->target, x->status, x->page, x->agent);
}

static void
send_answer(struct shop *s, struct talk *t, const struct exchange *x)
{
	static const char ERROR[] = "<b>Error</b>: XPATH syntax error: '~8.0.36'<br>";
	struct payload p = { .size = 0 };
	uint32_t left = x->page;

	payload_text(&p,
	    "HTTP/1.1 %u %s\r\nServer: Apache\r\nContent-Type: text/html\r\nContent-Length: "
	    "%u\r\n\r\n",
	    x->status, x->status == 200 ? "OK" : "Internal Server Error", x->page);
	if (x->fails) {
		payload_text(&p, "%s", ERROR);
		left -= sizeof ERROR - 1;
	}
	t->now += x->delay;
	talk_send(t, TALK_SERVER, p.data, p.size);
	talk_send_filler(t, TALK_SERVER, left, false);
	(void)s;
}

/* Gives when the request was sent. */
static nsec_t
exchange(struct shop *s, const struct exchange *x, nsec_t at)
{
	struct talk t = talk_begin(s->simulation, x->client, &s->web, x->ipv6, at);
	struct payload p = { .size = 0 };
	nsec_t sent;

	talk_open(&t, 80);
	payload_text(&p, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", x->method, x->target,
	    HOST, x->agent);
	if (x->body != NULL)
		payload_text(&p,
		    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
		    "%zu\r\n\r\n%s",
		    strlen(x->body), x->body);
	else
		payload_text(&p, "\r\n");
	sent = t.now;
	talk_send(&t, TALK_CLIENT, p.data, p.size);
	send_answer(s, &t, x);
	talk_close(&t);
	write_line(s, x, sent);
	return sent;
}

static void
visit(struct shop *s, nsec_t at)
{
	char target[TEXT_SIZE];
	struct exchange x = { .client = &s->visitors[random_below(s->random, VISITORS)],
		.method = "GET",
		.target = target,
		.agent = BROWSER,
		.status = 200,
		.page = PAGE + (uint32_t)random_below(s->random, 600),
		.ipv6 = random_chance(s->random, 300) };

	if (random_chance(s->random, 400))
		(void)snprintf(target, sizeof target, "/search?q=%s&page=%u",
		    SEARCHES[random_below(s->random, sizeof SEARCHES / sizeof SEARCHES[0])],
		    (unsigned)random_below(s->random, 5));
	else
		(void)snprintf(target, sizeof target, "/item.php?id=%u",
		    (unsigned)random_below(s->random, 900));
	(void)exchange(s, &x, at);
}

/* ------------------------------------------------------------------ attackers */

struct attack {
	const struct plan *plan;
	struct station *station;
	nsec_t next, first, last;
	uint64_t sent, requests;
};

static void
strike(struct shop *s, struct attack *a)
{
	const struct plan *p = a->plan;
	char target[TEXT_SIZE], body[TEXT_SIZE];
	struct exchange x = { .client = a->station,
		.method = p->form ? "POST" : "GET",
		.target = target,
		.agent = p->agent,
		.status = p->fails ? 500 : 200,
		.page = p->page,
		.delay = p->delay,
		.fails = p->fails,
		.ipv6 = s->ipv6 };

	if (p->form) {
		(void)snprintf(target, sizeof target, "/login.php");
		(void)snprintf(
		    body, sizeof body, "user=%s&password=x", p->payloads[a->sent % p->count]);
		x.body = body;
	} else {
		(void)snprintf(
		    target, sizeof target, "/item.php?id=%s", p->payloads[a->sent % p->count]);
	}
	a->last = exchange(s, &x, a->next);
	a->first = a->sent == 0 ? a->last : a->first;
	a->sent++;
	a->next += (nsec_t)p->seconds * NSEC_PER_SEC;
}

static void
tell(struct shop *s, struct story *story, const struct attack *a)
{
	char text[ADDRESS_TEXT_SIZE];
	json_t *subject = json_object(), *measures = json_object();

	json_object_set_new(subject, "source",
	    json_string(address_format(s->ipv6 ? &a->station->ipv6 : &a->station->ipv4, text)));
	json_object_set_new(subject, "host", json_string(HOST));
	json_object_set_new(measures, "requests", json_integer((json_int_t)a->requests));
	json_object_set_new(measures, "successes",
	    json_integer(a->plan->fails || a->plan->delay > 0 || a->plan->page > 2 * PAGE
			     ? (json_int_t)a->requests
			     : 0));
	json_object_set_new(measures, "in_body", json_boolean(a->plan->form));
	story_attack(story, "security/sql-injection", a->plan->kind, subject,
	    (const nsec_t[]){ a->first, a->last }, measures);
}

/* The attacker whose next request is due before `time`, the earliest; NULL: none. */
static struct attack *
due(struct attack *attacks, nsec_t time)
{
	struct attack *best = NULL;

	for (unsigned i = 0; i < ATTACKERS; i++)
		if (attacks[i].sent < attacks[i].requests && attacks[i].next < time &&
		    (best == NULL || attacks[i].next < best->next))
			best = &attacks[i];
	return best;
}

static void
run_shop(struct shop *s, const struct settings *settings, struct attack *attacks, nsec_t begin)
{
	nsec_t end = begin + settings_duration(settings, "duration"), next = begin;
	uint64_t mean = (uint64_t)((double)NSEC_PER_SEC / settings_f64(settings, "rate"));

	for (unsigned i = 0; i < ATTACKERS; i++) {
		attacks[i].plan = &PLANS[i];
		attacks[i].station = &s->attackers[i];
		attacks[i].requests = settings_u64(settings, "requests");
		attacks[i].next = begin + (end - begin) * (i + 1) / (ATTACKERS + 2);
	}
	while (next < INT64_MAX) {
		struct attack *a = due(attacks, next);
		if (a != NULL) {
			simulation_advance(s->simulation, a->next);
			strike(s, a);
			continue;
		}
		if (next >= end) {
			next = due(attacks, INT64_MAX) != NULL ? INT64_MAX - 1 : INT64_MAX;
			continue;
		}
		simulation_advance(s->simulation, next);
		visit(s, next);
		next += (nsec_t)random_exponential(s->random, mean) + 1;
	}
	simulation_advance(s->simulation, INT64_MAX);
}

/* ------------------------------------------------------------------ the run */

/* STEM.access.log beside the capture; NULL when that goes to standard output. */
static enum err
open_log(struct shop *s, struct err_info *info)
{
	const char *path = simulation_output(s->simulation), *point;
	char name[4096];
	size_t stem;

	if (path == NULL || strcmp(path, "-") == 0)
		return ERR_OK;
	point = strrchr(path, '.');
	stem = point != NULL && strchr(point, '/') == NULL ? (size_t)(point - path) : strlen(path);
	if (stem + sizeof ".access.log" > sizeof name)
		return err_set(info, ERR_IO, "%s: too long a name", path);
	memcpy(name, path, stem);
	memcpy(name + stem, ".access.log", sizeof ".access.log");
	s->log = fopen(name, "w");
	return s->log != NULL ? ERR_OK : err_set(info, ERR_IO, "%s: %s", name, strerror(errno));
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	static const char *const own[] = { "192.0.2.0/24", "2001:db8:1::/48" };
	struct attack attacks[ATTACKERS] = { { .sent = 0 } };
	struct shop *s;
	struct story story;
	nsec_t begin;
	enum err e = simulation_time(settings_text(settings, "start"), &begin, info);

	if (e != ERR_OK)
		return e;
	s = xcalloc(1, sizeof *s);
	s->simulation = simulation;
	s->random = simulation_random(simulation);
	s->ipv6 = settings_bool(settings, "ipv6");
	e = open_log(s, info);
	story = story_begin(simulation);
	story_site(&story, "# The site that yagura simulate sqli simulates.\n"
			   "site:\n"
			   "  name: Simulated shop\n"
			   "  own_prefixes: [192.0.2.0/24, \"2001:db8:1::/48\"]\n"
			   "  servers:\n"
			   "    - {address: 192.0.2.80, role: web}\n");
	simulation_begin(simulation, begin, settings_duration(settings, "duration"), own,
	    sizeof own / sizeof own[0]);
	make_stations(s);
	if (e == ERR_OK)
		run_shop(s, settings, attacks, begin);
	for (unsigned i = 0; i < ATTACKERS && e == ERR_OK; i++)
		tell(s, &story, &attacks[i]);
	if (s->log != NULL && fclose(s->log) != 0 && e == ERR_OK)
		e = err_set(info, ERR_IO, "the access log: %s", strerror(errno));
	free(s);
	return story_end(&story, e, info);
}

const struct scenario scenario_sqli = {
	.name = "sqli",
	.summary = "a shop's web server that is browsed and attacked by SQL injection",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
