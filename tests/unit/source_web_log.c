/* SPDX-License-Identifier: ISC */
/* Lines of web logs, and files of them. */
#include <stdio.h>

#include "obs/observed.h"
#include "source/web_log.h"
#include "source_build.h"

#define NOON (1763802626 * NSEC_PER_SEC) /* 2025-11-22 09:10:26 UTC */

/* A line with the memory that what was read of it points to. */
struct fixture {
	struct web_log log;
	struct log_line line;
	uint8_t *text, *room; /* owned */
	const struct http_request *request;
};

static enum log_verdict
feed(struct fixture *f, const char *text, size_t size)
{
	enum log_verdict verdict;

	free(f->text);
	free(f->room);
	f->text = xmalloc(size + 1);
	memcpy(f->text, text, size);
	f->text = xrealloc_array(f->text, size == 0 ? 1 : size, 1); /* for the sanitizer */
	f->room = xmalloc(LOG_ROOM_MAX);
	f->line = (struct log_line){ .text = f->text, .size = size, .offset = 7, .room = f->room };
	verdict = web_log_read(&f->log, &f->line);
	f->request = verdict == LOG_READ ? &f->line.observed[0].http : NULL;
	if (verdict == LOG_READ) {
		assert_int_equal(f->line.count, 1);
		assert_int_equal(f->line.observed[0].kind, OBSERVED_HTTP);
		assert_int_equal(f->request->origin, HTTP_FROM_LOG);
		assert_true(f->line.room_used <= LOG_ROOM_MAX);
	} else {
		assert_true((verdict == LOG_BAD) == (f->line.why != NULL));
	}
	return verdict;
}

static const struct http_request *
read_line(struct fixture *f, const char *text)
{
	assert_int_equal(feed(f, text, strlen(text)), LOG_READ);
	return f->request;
}

static void
pass_line(struct fixture *f, const char *text)
{
	assert_int_equal(feed(f, text, strlen(text)), LOG_OTHER);
}

static void
release(struct fixture *f)
{
	free(f->text);
	free(f->room);
}

static void
assert_octets(const struct octets *octets, const char *text)
{
	assert_int_equal(octets->size, strlen(text));
	if (octets->size != 0)
		assert_memory_equal(octets->data, text, octets->size);
}

static void
assert_client(const struct http_request *request, const char *client)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(&request->client, text), client);
}

static void
test_combined(void **state)
{
	static const char LINE[] =
	    "203.0.113.9 - frank [22/Nov/2025:09:10:26 +0000] \"GET /a?b=c%20d HTTP/1.1\" 200 "
	    "2326 \"http://www.example/\" \"Mozilla/5.0 (X11)\"";
	struct fixture f = { 0 };
	const struct http_request *r = read_line(&f, LINE);

	(void)state;
	assert_int_equal(r->time, NOON);
	assert_int_equal(f.line.time, NOON);
	assert_client(r, "203.0.113.9");
	assert_true(address_equal(&f.line.source, &r->client));
	assert_octets(&r->user, "frank");
	assert_octets(&r->method, "GET");
	assert_octets(&r->target, "/a?b=c%20d");
	assert_octets(&r->protocol, "HTTP/1.1");
	assert_int_equal(r->status, 200);
	assert_int_equal(r->response_octets, 2326);
	assert_true(r->request_octets == HTTP_UNKNOWN && r->duration == HTTP_UNKNOWN);
	assert_octets(&r->referer, "http://www.example/");
	assert_octets(&r->user_agent, "Mozilla/5.0 (X11)");
	assert_int_equal(r->flags, 0);
	assert_int_equal(r->input_offset, 7);
	assert_int_equal(r->input_length, sizeof LINE - 1);
	release(&f);
}

static void
test_times(void **state)
{
	static const char *const TIMES[] = { "22/Nov/2025:09:10:26 +0000",
		"22/Nov/2025:18:10:26 +0900", "22/Nov/2025:05:40:26 -0330",
		"2025-11-22T09:10:26+00:00", "2025-11-22T10:10:26+01:00", "2025-11-22T09:10:26Z" };
	static const char *const BAD[] = { "22/Nov/2025:09:10:26 +000",
		"22/Nov/2025:25:10:26 +0000", "22/Nox/2025:09:10:26 +0000",
		"32/Nov/2025:09:10:26 +0000", "22/Nov/2025:09:10:26      ",
		"22/Nov/2025:09:10:26 +9900" };
	char line[200];
	struct fixture f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof TIMES / sizeof TIMES[0]; i++) {
		(void)snprintf(
		    line, sizeof line, "192.0.2.1 - - [%s] \"GET / HTTP/1.0\" 200 -", TIMES[i]);
		assert_int_equal(read_line(&f, line)->time, NOON);
	}
	assert_int_equal(read_line(&f, "192.0.2.1 - - [22/Nov/2025:09:10:26.125 +0000] "
				       "\"GET / HTTP/1.0\" 200 -")
			     ->time,
	    NOON + 125 * NSEC_PER_MS);
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
		(void)snprintf(
		    line, sizeof line, "192.0.2.1 - - [%s] \"GET / HTTP/1.0\" 200 -", BAD[i]);
		assert_int_equal(feed(&f, line, strlen(line)), LOG_BAD);
	}
	release(&f);
}

static void
test_names(void **state)
{
#define REST "[22/Nov/2025:09:10:26 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\""
	static const struct {
		const char *line, *client, *name, *user, *host, *forwarded;
		unsigned client_port, server_port;
	} CASES[] = {
		{ "2001:db8::1 - - " REST, "2001:db8::1", "", "", "", "", 0, 0 },
		{ "::ffff:192.0.2.1 - - " REST, "192.0.2.1", "", "", "", "", 0, 0 },
		{ "fe80::1%eth0 - - " REST, "fe80::1", "", "", "", "", 0, 0 },
		{ "[2001:db8::1]:5000 - - " REST, "2001:db8::1", "", "", "", "", 5000, 0 },
		{ "[2001:db8::1] - - " REST, "2001:db8::1", "", "", "", "", 0, 0 },
		{ "192.0.2.1:5000 - - " REST, "192.0.2.1", "", "", "", "", 5000, 0 },
		{ "host.example - bob " REST, "::", "host.example", "bob", "", "", 0, 0 },
		{ "- - - " REST, "::", "", "", "", "", 0, 0 },
		{ "192.0.2.1 - a b " REST, "192.0.2.1", "", "a b", "", "", 0, 0 },
		{ "192.0.2.1 - \"\" " REST, "192.0.2.1", "", "", "", "", 0, 0 },
		{ "192.0.2.1 - a\\x41\\\\ " REST, "192.0.2.1", "", "aA\\", "", "", 0, 0 },
		{ "www.example:443 192.0.2.1 - - " REST, "192.0.2.1", "", "", "www.example", "", 0,
		    443 },
		{ "www.example 2001:db8::1 - - " REST, "2001:db8::1", "", "", "www.example", "", 0,
		    0 },
		{ "192.0.2.80:80 192.0.2.1 - - " REST, "192.0.2.1", "", "", "192.0.2.80", "", 0,
		    80 },
		{ "www.example:80 host.example - - " REST, "::", "host.example", "", "www.example",
		    "", 0, 80 },
		{ "198.51.100.1 192.0.2.1 - - " REST, "192.0.2.1", "", "", "", "198.51.100.1", 0,
		    0 },
		{ "<190>Nov 22 09:10:26 w1 nginx: 192.0.2.1 - - " REST, "192.0.2.1", "", "", "", "",
		    0, 0 },
		{ "Nov 22 09:10:26 w1 nginx: 2001:db8:: - - " REST, "2001:db8::", "", "", "", "", 0,
		    0 },
	};
	struct fixture f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		const struct http_request *r = read_line(&f, CASES[i].line);

		assert_client(r, CASES[i].client);
		assert_octets(&r->client_name, CASES[i].name);
		assert_int_equal((r->flags & HTTP_CLIENT_NAMED) != 0, *CASES[i].name != '\0');
		assert_octets(&r->user, CASES[i].user);
		assert_octets(&r->host, CASES[i].host);
		assert_octets(&r->forwarded_for, CASES[i].forwarded);
		assert_int_equal(r->client_port, CASES[i].client_port);
		assert_int_equal(r->server_port, CASES[i].server_port);
	}
	release(&f);
}

#define LINE(request, rest) "192.0.2.1 - - [22/Nov/2025:09:10:26 +0000] \"" request "\" " rest

static void
test_requests(void **state)
{
	static const struct {
		const char *line, *method, *target, *protocol, *host;
		unsigned flags;
	} CASES[] = {
		{ LINE("GET /a b HTTP/1.0", "200 1"), "GET", "/a b", "HTTP/1.0", "", 0 },
		{ LINE("GET /", "200 1"), "GET", "/", "", "", 0 },
		{ LINE("-", "408 0"), "", "", "", "", 0 },
		{ LINE("", "400 0"), "", "", "", "", 0 },
		{ LINE("OPTIONS * HTTP/1.0", "200 1"), "OPTIONS", "*", "HTTP/1.0", "", 0 },
		{ LINE("CONNECT a.example:443 HTTP/1.1", "200 1"), "CONNECT", "a.example:443",
		    "HTTP/1.1", "a.example:443", 0 },
		{ LINE("GET http://a.example:80/x?y HTTP/1.1", "200 1"), "GET",
		    "http://a.example:80/x?y", "HTTP/1.1", "a.example:80", 0 },
		{ LINE("\\x16\\x03\\x01\\x02", "400 1"), "", "\x16\3\1\2", "", "", HTTP_MALFORMED },
		{ LINE("\\x16\\x03 \\x01\\x02", "400 1"), "", "\x16\3 \1\2", "", "",
		    HTTP_MALFORMED },
		{ LINE("GET /?q=\\\"x\\\" HTTP/1.1", "200 1"), "GET", "/?q=\"x\"", "HTTP/1.1", "",
		    0 },
		{ LINE("GET /?q=\\\\x\\n\\xe4\\u HTTP/1.1", "200 1"), "GET", "/?q=\\x\n\xe4\\u",
		    "HTTP/1.1", "", 0 },
		{ LINE("GET /?q=\"x\" y HTTP/1.1", "200 1"), "GET", "/?q=\"x\" y", "HTTP/1.1", "",
		    0 },
		{ LINE("GET /a\\", "200 1"), "GET", "/a\\", "", "", 0 },
		{ LINE("GET  HTTP/1.1", "400 1"), "GET", "", "HTTP/1.1", "", HTTP_MALFORMED },
		{ LINE("hello there you", "400 1"), "", "hello there you", "", "", HTTP_MALFORMED },
		{ LINE("PROPFIND /dav HTTP/1.1", "207 1"), "PROPFIND", "/dav", "HTTP/1.1", "", 0 },
	};
	struct fixture f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		const struct http_request *r = read_line(&f, CASES[i].line);

		assert_octets(&r->method, CASES[i].method);
		assert_octets(&r->target, CASES[i].target);
		assert_octets(&r->protocol, CASES[i].protocol);
		assert_octets(&r->host, CASES[i].host);
		assert_int_equal(r->flags, CASES[i].flags);
	}
	release(&f);
}

static void
test_results(void **state)
{
#define GET(rest) LINE("GET / HTTP/1.1", rest)
	static const struct {
		const char *line;
		unsigned status;
		uint64_t octets, duration;
		const char *referer, *agent, *forwarded;
	} CASES[] = {
		{ GET("404 -"), 404, 0, HTTP_UNKNOWN, "", "", "" },
		{ GET("- -"), 0, 0, HTTP_UNKNOWN, "", "", "" },
		{ GET("200"), 200, HTTP_UNKNOWN, HTTP_UNKNOWN, "", "", "" },
		{ GET("200 5 \"-\" \"curl/8\""), 200, 5, HTTP_UNKNOWN, "", "curl/8", "" },
		{ GET("200 5 \"curl/8\""), 200, 5, HTTP_UNKNOWN, "", "curl/8", "" },
		{ GET("200 5 \"http://a/\""), 200, 5, HTTP_UNKNOWN, "http://a/", "", "" },
		{ GET("200 5 \"-\" \"a\" 0.125"), 200, 5, 125000000, "", "a", "" },
		{ GET("200 5 \"-\" \"a\" rt=1.5 uct=\"0.2\""), 200, 5, 1500000000, "", "a", "" },
		{ GET("200 5 \"-\" \"a\" 2500"), 200, 5, 2500000, "", "a", "" },
		{ GET("200 5 \"-\" \"a\" 612 9000"), 200, 5, HTTP_UNKNOWN, "", "a", "" },
		{ GET("200 5 \"-\" \"a\" 612 0.003 -"), 200, 5, 3000000, "", "a", "" },
		{ GET("200 5 \"-\" \"a\" \"203.0.113.7, 10.0.0.1\""), 200, 5, HTTP_UNKNOWN, "", "a",
		    "203.0.113.7, 10.0.0.1" },
		{ GET("200 5 \"-\" \"a\" \"text/html\" \"2001:db8::7\""), 200, 5, HTTP_UNKNOWN, "",
		    "a", "2001:db8::7" },
		{ GET("200 5 \"a\\\"b\" \"c\\\\\""), 200, 5, HTTP_UNKNOWN, "a\"b", "c\\", "" },
		{ GET("200 5 \"-\" \"a\\\""), 200, 5, HTTP_UNKNOWN, "", "a\\", "" },
		{ "\"" GET("200 5 \"-\" \"a\"") "\"", 200, 5, HTTP_UNKNOWN, "", "a", "" },
	};
	struct fixture f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		const struct http_request *r = read_line(&f, CASES[i].line);

		assert_int_equal(r->status, CASES[i].status);
		assert_int_equal(r->response_octets, CASES[i].octets);
		assert_int_equal(r->duration, CASES[i].duration);
		assert_octets(&r->referer, CASES[i].referer);
		assert_octets(&r->user_agent, CASES[i].agent);
		assert_octets(&r->forwarded_for, CASES[i].forwarded);
	}
	release(&f);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *line;
		enum log_verdict verdict;
	} CASES[] = {
		{ "", LOG_OTHER },
		{ "# comment", LOG_OTHER },
		{ "[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6",
		    LOG_OTHER },
		{ "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user webmaster from 173.234.31.186",
		    LOG_OTHER },
		{ "192.0.2.1", LOG_BAD },
		{ "192.0.2.1 - - [22/Nov/2025:09:10:26 +0000] GET / HTTP/1.1 200 1", LOG_BAD },
		{ "192.0.2.1 - - [22/Nov/2025:09:10:26 +0000] \"GET / HTTP/1.1\"", LOG_BAD },
		{ "192.0.2.1 - - [22/Nov/2025:09:10:26 +0000] \"GET / HTTP/1.1\" 200 x", LOG_BAD },
		{ "192.0.2.1 - - [22/Nov/2025:09:10:26 +0000", LOG_BAD },
		{ "[22/Nov/2025:09:10:26 +0000] \"GET / HTTP/1.1\" 200 1", LOG_BAD },
	};
	struct fixture f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		assert_int_equal(feed(&f, CASES[i].line, strlen(CASES[i].line)), CASES[i].verdict);
	}
	release(&f);
}

static void
test_w3c(void **state)
{
	struct fixture f = { 0 };
	const struct http_request *r;

	(void)state;
	assert_int_equal(
	    feed(&f, "#Software: Microsoft Internet Information Services 10.0", 55), LOG_OTHER);
	pass_line(&f, "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port "
		      "cs-username c-ip cs(User-Agent) cs(Referer) cs(Cookie) cs-host "
		      "cs-version sc-status sc-substatus sc-win32-status sc-bytes cs-bytes "
		      "time-taken");
	r = read_line(&f,
	    "2025-11-22 09:10:26 192.0.2.80 GET /a.asp id=1'-- 443 bob 203.0.113.9 "
	    "Mozilla/5.0+(X11) http://a/ s=1 www.example HTTP/1.1 500 0 64 1234 99 15");
	assert_int_equal(r->time, NOON);
	assert_client(r, "203.0.113.9");
	assert_octets(&r->method, "GET");
	assert_octets(&r->target, "/a.asp?id=1'--");
	assert_octets(&r->protocol, "HTTP/1.1");
	assert_octets(&r->host, "www.example");
	assert_octets(&r->user, "bob");
	assert_octets(&r->user_agent, "Mozilla/5.0+(X11)");
	assert_octets(&r->referer, "http://a/");
	assert_octets(&r->cookie, "s=1");
	assert_int_equal(r->server_port, 443);
	assert_int_equal(r->status, 500);
	assert_int_equal(r->response_octets, 1234);
	assert_int_equal(r->duration, 15 * NSEC_PER_MS);
	assert_int_equal(feed(&f, "2025-11-22 09:10:26 192.0.2.80 GET", 34), LOG_BAD);

	/* Another program goes on in the same file: its seconds are seconds, its date apart. */
	pass_line(&f, "#Software: other");
	pass_line(&f, "#Date: 2025-11-22 00:00:00");
	assert_int_equal(
	    feed(&f, "#Fields: time\tc-ip cs-uri cs(User-Agent) time-taken", 51), LOG_OTHER);
	r = read_line(&f, "09:10:26.5\t2001:db8::1\t/x?y\t\"a \"\"b\"\" c\"\t0.25");
	assert_int_equal(r->time, NOON + 500 * NSEC_PER_MS);
	assert_client(r, "2001:db8::1");
	assert_octets(&r->target, "/x?y");
	assert_octets(&r->user_agent, "a \"b\" c");
	assert_int_equal(r->duration, 250 * NSEC_PER_MS);
	release(&f);
}

/* Every beginning of a line is something, and nothing is read beyond it. */
static void
test_cut_lines(void **state)
{
	static const char *const LINES[] = {
		"\"www.example:80 2001:db8::1 - u [22/Nov/2025:09:10:26 +0000] \"GET /\\x41\\\"b "
		"HTTP/1.1\" 200 12 \"a\\\\\" \"b\" 0.125 \"203.0.113.7, 1.1.1.1\"\"",
		"2025-11-22 09:10:26 192.0.2.80 GET /a.asp id=1 \"a\"\"b\" 200",
	};
	static const char FIELDS[] =
	    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query cs(User-Agent) sc-status";

	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++)
		for (size_t size = 0; size <= strlen(LINES[i]); size++) {
			struct fixture f = { 0 };

			if (i == 1)
				(void)feed(&f, FIELDS, sizeof FIELDS - 1);
			(void)feed(&f, LINES[i], size);
			release(&f);
		}
}

/* Quotes without an end are looked for once, not once for every word. */
static void
test_long_lines(void **state)
{
	static const char *const PARTS[] = { "\"a ", "\"a\\\" ", "\\", "\"", "[22/Nov/", "[",
		"\" 200 " };
	static const char HEAD[] =
	    "192.0.2.1 - - [22/Nov/2025:09:10:26 +0000] \"GET / HTTP/1.1\" 200 1 ";
	struct fixture f = { 0 };
	char *text = xmalloc(LOG_LINE_MAX);

	(void)state;
	for (size_t i = 0; i < 2 * sizeof PARTS / sizeof PARTS[0]; i++) {
		const char *part = PARTS[i / 2];
		size_t size = i % 2 == 0 ? 0 : sizeof HEAD - 1;

		memcpy(text, HEAD, size);
		for (; size + strlen(part) < LOG_LINE_MAX; size += strlen(part))
			memcpy(text + size, part, strlen(part));
		(void)feed(&f, text, size);
	}
	free(text);
	release(&f);
}

/* The request of a line that was cut is what there is of it. */
static void
test_cut(void **state)
{
	static const char TEXT[] = "192.0.2.1 - - [22/Nov/2025:09:10:26 +0000] \"GET /aaaa";
	struct web_log log = { 0 };
	uint8_t room[64];
	struct log_line line = {
		.text = (const uint8_t *)TEXT, .size = sizeof TEXT - 1, .cut = true, .room = room
	};

	(void)state;
	assert_int_equal(web_log_read(&log, &line), LOG_READ);
	assert_int_equal(line.observed[0].http.flags, HTTP_CUT);
	assert_octets(&line.observed[0].http.target, "/aaaa");
}

/* ------------------------------------------------------------------ files */

static enum err
read_file(const char *text, struct source_info *ret_info, unsigned *ret_requests)
{
	struct source *source;
	struct err_info why;
	struct chunk chunk;
	enum err e;

	*ret_requests = 0;
	e = source_open_fd(memory_file(text, strlen(text)), "log", &source, &why);
	if (e != ERR_OK)
		return e;
	chunk_init(&chunk);
	while ((e = source_read(source, &chunk, &why)) == ERR_OK)
		for (size_t i = 0; i < chunk.count; i++) {
			const struct observed *o = (const struct observed *)chunk.packets[i].data;

			if (chunk.packets[i].link_type != LINK_OBSERVED)
				continue; /* of another log */
			assert_int_equal(o->kind, OBSERVED_HTTP);
			assert_int_equal(o->http.time, chunk.packets[i].time);
			++*ret_requests;
		}
	*ret_info = *source_info(source);
	chunk_release(&chunk);
	source_close(source);
	return e;
}

static void
test_files(void **state)
{
	struct source_info info;
	unsigned requests;

	(void)state;
	assert_int_equal(read_file("something\n" GET("200 1") "\n\n" GET(
				       "200 1 \"-\" \"a\"") "\r\n"
							    "192.0.2.1 - - [x]\n" GET("304 -"),
			     &info, &requests),
	    ERR_FORMAT);
	assert_int_equal(requests, 3);
	assert_int_equal(read_file("#Version: 1.0\n#Fields: date time c-ip cs-uri\n"
				   "2025-11-22 09:10:26 192.0.2.1 /\n",
			     &info, &requests),
	    ERR_END);
	assert_int_equal(requests, 1);
	/* Logs of other things are not read as these. */
	assert_int_equal(
	    read_file("[Sun Dec 04 04:47:44 2005] [error] mod_jk child\n", &info, &requests),
	    ERR_UNSUPPORTED);
	assert_int_equal(read_file("[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35] x\n",
			     &info, &requests),
	    ERR_UNSUPPORTED);
	assert_int_equal(
	    read_file("2025/11/22 09:10:26 [error] 12#12: *1 open() failed\n", &info, &requests),
	    ERR_UNSUPPORTED);
	assert_int_equal(read_file("{\"log\":\"" GET("200 1") "\\n\",\"stream\":\"stdout\"}\n",
			     &info, &requests),
	    ERR_FORMAT);
	assert_int_equal(
	    read_file("Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user\n", &info, &requests),
	    ERR_END);
	assert_int_equal(requests, 0);
	assert_int_equal(read_file("22-Nov-2025 09:10:26.123 client 192.0.2.1#53124: query: "
				   "www.Example IN AAAA +E(0)K (192.0.2.53)\n",
			     &info, &requests),
	    ERR_END);
	assert_int_equal(requests, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_combined),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_w3c),
		cmocka_unit_test(test_cut_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
