/* SPDX-License-Identifier: ISC */
/* Values of requests and their codings. */
#include <stdlib.h>
#include <string.h>

#include "analysis/security/sql_decode.h"
#include "analysis/security/sql_request.h"
#include "base/xmalloc.h"
#include "obs/section.h"
#include "test.h"

static struct octets
octets(const char *text)
{
	return (struct octets){ (const uint8_t *)text, strlen(text) };
}

/* Judges one request; gives its score. */
static unsigned
judge(const struct http_request *q, struct sql_hit *hit)
{
	struct sql_reader reader;
	struct hash_secret secret = { 3, 4 };
	bool found;

	sql_reader_init(&reader, &secret);
	found = sql_request_judge(&reader, q, hit);
	assert_int_equal(found, hit->verdict.score >= SQL_SUSPICIOUS);
	sql_reader_release(&reader);
	return hit->verdict.score;
}

static void
assert_found(
    const struct http_request *q, enum sql_place place, const char *name, const char *payload)
{
	struct sql_hit hit;

	assert_true(judge(q, &hit) >= SQL_ATTACK);
	assert_int_equal(hit.place, place);
	assert_int_equal(hit.name_size, strlen(name));
	assert_memory_equal(hit.name, name, hit.name_size);
	assert_int_equal(hit.payload_size, strlen(payload));
	assert_memory_equal(hit.payload, payload, hit.payload_size);
}

static void
test_places(void **state)
{
	static const char P[] = "1' or '1'='1";
	struct http_request q = { .target = octets("/a?b=2&id=1%27+or+%271%27%3D%271&c=3") };

	(void)state;
	assert_found(&q, SQL_IN_QUERY, "id", P);
	q = (struct http_request){ .target = octets("http://h/x/1%27%20or%20%271%27=%271/y") };
	assert_found(&q, SQL_IN_PATH, "", P);
	q = (struct http_request){ .cookie = octets("a=b; sid=1' or '1'='1; c=d") };
	assert_found(&q, SQL_IN_COOKIE, "sid", P);
	q = (struct http_request){ .body = octets("user=1%27+or+%271%27%3D%271") };
	assert_found(&q, SQL_IN_FORM, "user", P);
	q = (struct http_request){ .body = octets("{\"a\":[1,{\"id\": \"1\\u0027 or '1'='1\"}]}"),
		.content_type = octets("application/json") };
	assert_found(&q, SQL_IN_JSON, "id", P);
	q = (struct http_request){ .body = octets(
				       "--xx\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n"
				       "1' or '1'='1\r\n--xx--\r\n"),
		.content_type = octets("multipart/form-data; boundary=\"xx\"") };
	assert_found(&q, SQL_IN_MULTIPART, "id", P);
	q = (struct http_request){ .body = octets("<r><id>1&apos; or '1'='1</id></r>"),
		.content_type = octets("text/xml") };
	assert_found(&q, SQL_IN_XML, "id", P);
	q = (struct http_request){ .user_agent = octets(P) };
	assert_found(&q, SQL_IN_USER_AGENT, "", P);
	q = (struct http_request){ .forwarded_for = octets("192.0.2.1' and sleep(5)-- ") };
	assert_found(&q, SQL_IN_FORWARDED, "", "192.0.2.1' and sleep(5)-- ");
	/* base64 of "admin' or '1'='1:x" */
	q = (struct http_request){ .authorization = octets("Basic YWRtaW4nIG9yICcxJz0nMTp4") };
	assert_found(&q, SQL_IN_AUTHORIZATION, "user", "admin' or '1'='1");
}

/* A page's own address in Referer is that of the request before. */
static void
test_referer(void **state)
{
	struct sql_hit hit;
	struct http_request q = { .referer = octets("http://shop.example/a?id=1%27+or+1%3D1--+") };

	(void)state;
	q.host = octets("shop.example");
	assert_in_range(judge(&q, &hit), SQL_SUSPICIOUS, SQL_ATTACK - 1);
	q.host = octets("other.example");
	assert_true(judge(&q, &hit) >= SQL_ATTACK);
	q.referer = octets("' or 1=1-- ");
	assert_true(judge(&q, &hit) >= SQL_ATTACK);
}

static void
test_codings(void **state)
{
	static const struct {
		const char *value;
		unsigned codings;
	} VALUES[] = {
		{ "1%27+or+%271%27%3D%271", SQL_PERCENT },
		{ "1%2527%20or%20%25271%2527%253D%25271", SQL_PERCENT | SQL_PERCENT_TWICE },
		{ "1%u0027+or+%u00271%u0027=%u00271", SQL_PERCENT },
		{ "1%EF%BC%87+or+%EF%BC%871%EF%BC%87=%EF%BC%871", SQL_PERCENT },
		{ "1%c0%a7+or+%c0%a71%c0%a7=%c0%a71", SQL_PERCENT },
		{ "1&#39; or &#x27;1&apos;=&#391", SQL_ENTITIES },
		{ "MScgb3IgJzEnPScx", SQL_BASE64 },
	};
	struct sql_reader reader;
	struct hash_secret secret = { 3, 4 };

	(void)state;
	sql_reader_init(&reader, &secret);
	for (size_t i = 0; i < ARRAY_COUNT(VALUES); i++) {
		struct sql_hit hit;
		struct octets value = octets(VALUES[i].value);
		if (!sql_value_judge(&reader, value.data, value.size, true, &hit) ||
		    hit.verdict.score < SQL_ATTACK)
			fail_msg("%s", VALUES[i].value);
		assert_int_equal(hit.codings, VALUES[i].codings);
	}
	sql_reader_release(&reader);
}

static void
assert_decodes(
    size_t (*decode)(const uint8_t *, size_t, uint8_t *), const char *from, const char *to)
{
	uint8_t room[256];
	size_t size = decode((const uint8_t *)from, strlen(from), room);

	assert_int_equal(size, strlen(to));
	assert_memory_equal(room, to, size);
}

static size_t
percent(const uint8_t *in, size_t size, uint8_t *out)
{
	return sql_decode_percent(in, size, true, out);
}

static void
test_decoders(void **state)
{
	(void)state;
	assert_decodes(percent, "a%20b+c%zz%", "a b c%zz%");
	assert_decodes(percent, "%u0041%u00", "A%u00");
	assert_decodes(sql_decode_entities, "&lt;&quot;&#65;&#x42&bogus;&#0;", "<\"AB&bogus;&#0;");
	assert_decodes(sql_decode_json, "a\\n\\u0041\\\"\\q\\", "a\nA\"q\\");
	assert_decodes(sql_decode_base64, "c2VsZWN0IDEgZnJvbSB4", "select 1 from x");
	assert_decodes(sql_decode_base64, "short", "");
	assert_decodes(sql_decode_base64, "AAAAAAAAAAAAAAAAAAAAAAAA", ""); /* no text */
}

/* What browsers send is no attack, and remembering that changes nothing. */
static void
test_ordinary(void **state)
{
	static const char *const TARGETS[] = { "/", "/a/b.html?x=1&y=rock+%27n%27+roll",
		"/search?q=O%27Connor+union+select+committee&sort=price+desc",
		"/t?token=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x&s=1--2",
		"/p?filter=price>3&x=a;b", "http://host/a?b=http%3A%2F%2Fc%2Fd%3Fe%3Df" };
	struct sql_reader reader;
	struct hash_secret secret = { 3, 4 };
	struct sql_hit hit;
	struct http_request q = {
		.user_agent =
		    octets("Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like "
			   "Gecko) Chrome/32.0.1700.77 Safari/537.36"),
		.referer = octets("http://www.google.com/search?q=select+or+union"),
		.cookie =
		    octets("__utmz=1.2.3.utmcsr=google|utmccn=(organic)|utmcmd=organic; a=\"b\""),
		.forwarded_for = octets("192.0.2.1, 198.51.100.7"),
	};

	(void)state;
	sql_reader_init(&reader, &secret);
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_COUNT(TARGETS); i++) {
			q.target = octets(TARGETS[i]);
			if (sql_request_judge(&reader, &q, &hit) && hit.verdict.score >= SQL_ATTACK)
				fail_msg("%s: %s", TARGETS[i], sql_rule_name(hit.verdict.rule));
		}
	}
	q.user_agent = octets("' or 1=1-- ");
	for (unsigned round = 0; round < 2; round++)
		assert_true(sql_request_judge(&reader, &q, &hit));
	sql_reader_release(&reader);
}

/* Bodies that end anywhere are read to their end and not beyond. */
static void
test_truncation(void **state)
{
	static const char *const BODIES[][2] = {
		{ "application/json", "{\"a\":[\"\\u0027 or 1=1\",{\"b\":\"c\\\\\"}]}" },
		{ "text/xml", "<a b='1'><![CDATA[1 or 1=1]]>t</a>" },
		{ "multipart/form-data; boundary=x",
		    "--x\r\nContent-Disposition: form-data; name=\"i\"; "
		    "filename=\"f\"\r\n\r\n1\r\n--x--" },
		{ "", "a=b&c=%27&d" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(BODIES); i++) {
		size_t size = strlen(BODIES[i][1]);
		for (size_t n = 1; n <= size; n++) {
			uint8_t *copy = xmalloc(n);
			struct sql_hit hit;
			struct http_request q = { .content_type = octets(BODIES[i][0]) };
			memcpy(copy, BODIES[i][1], n);
			q.body = (struct octets){ copy, n };
			(void)judge(&q, &hit);
			free(copy);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_referer),
		cmocka_unit_test(test_codings),
		cmocka_unit_test(test_decoders),
		cmocka_unit_test(test_ordinary),
		cmocka_unit_test(test_truncation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
