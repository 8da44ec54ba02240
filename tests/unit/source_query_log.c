/* SPDX-License-Identifier: ISC */
/* Lines of query logs of BIND and Unbound, and files of them. */
#include "obs/dns.h"
#include "obs/dns_record.h"
#include "source/query_log.h"
#include "source_build.h"

#define BIND_TIME (1763802626 * NSEC_PER_SEC + 123 * NSEC_PER_MS)

static enum query_log_kind
read_line(const char *text, struct query_log_line *line)
{
	size_t size = strlen(text);
	uint8_t *copy = xmalloc(size + 1); /* just as large, for the sanitizer */
	enum query_log_kind kind;

	memcpy(copy, text, size);
	copy = xrealloc_array(copy, size == 0 ? 1 : size, 1);
	kind = query_log_read(copy, size, line);
	free(copy);
	return kind;
}

static void
assert_client(const struct query_log_line *line, const char *client, unsigned port)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(&line->client, text), client);
	assert_int_equal(line->client_port, port);
}

static void
test_bind(void **state)
{
	static const char *const LINES[] = {
		"22-Nov-2025 09:10:26.123 queries: info: client @0x7f12 192.0.2.1#53124 "
		"(www.Example): query: www.Example IN AAAA +E(0)K (192.0.2.53)",
		"22-Nov-2025 09:10:26.123 client 192.0.2.1#53124: query: www.Example IN AAAA "
		"+E(0)K (192.0.2.53)",
		"22-Nov-2025 09:10:26.123 queries: client @0x7f12 192.0.2.1#53124/key k "
		"(www.Example): view in: query: www.Example IN TYPE28 +SE(0)K (192.0.2.53) [ECS "
		"203.0.113.0/24/0]",
		"2025-11-22T10:10:26.123+01:00 host named[1]: client @0x7f12 192.0.2.1#53124 "
		"(www.Example): query: www.Example CLASS1 AAAA +E(0)K (192.0.2.53)",
		"2025-11-22T09:10:26.123Z client @0x7f12 192.0.2.1#53124 (www.Example): query: "
		"www.Example. IN AAAA +E(0)K (192.0.2.53)",
	};
	static const uint8_t MESSAGE[] = "\0\0\1\0\0\1\0\0\0\0\0\1\3www\7Example\0\0\x1c\0\1"
					 "\0\0\x29\2\0\0\0\0\0\0\14\0\12\0\10\0\0\0\0\0\0\0";
	struct query_log_line line;

	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
		assert_int_equal(read_line(LINES[i], &line), QUERY_LOG_MESSAGE);
		assert_int_equal(line.time, BIND_TIME);
		assert_client(&line, "192.0.2.1", 53124);
		assert_int_equal(line.transport, DNS_UDP);
		assert_int_equal(line.size, sizeof MESSAGE);
		assert_memory_equal(line.message, MESSAGE, sizeof MESSAGE);
	}
	assert_int_equal(read_line("22-Nov-2025 09:10:26.123 client 2001:db8::1#1 (a): query: "
				   "\\000x\\.y\\\"z.a CH TXT -TDCV (2001:db8::53)",
			     &line),
	    QUERY_LOG_MESSAGE);
	assert_client(&line, "2001:db8::1", 1);
	assert_int_equal(line.transport, DNS_TCP);
	assert_memory_equal(
	    line.message + 2, "\0\x10\0\1\0\0\0\0\0\1\6\0x.y\"z\1a\0\0\x10\0\3", 26);
	assert_int_equal(line.message[12 + 10 + 4 + 7], 0x80); /* DO */
}

static void
test_unbound(void **state)
{
	struct query_log_line line;

	(void)state;
	assert_int_equal(read_line("[1700000000] unbound[12:0] info: 127.0.0.1 . NS IN", &line),
	    QUERY_LOG_MESSAGE);
	assert_int_equal(line.time, 1700000000 * NSEC_PER_SEC);
	assert_int_equal(line.size, 17);
	assert_client(&line, "127.0.0.1", 0);
	assert_int_equal(
	    read_line("[1700000000] unbound[12:0] reply: info: reply: ::1 a. A IN NXDOMAIN "
		      "0.250000 1 91",
		&line),
	    QUERY_LOG_MESSAGE);
	assert_int_equal(line.query_time, 1700000000 * NSEC_PER_SEC - 250 * NSEC_PER_MS);
	assert_int_equal(line.sent_size, 91);
	assert_memory_equal(line.message + 2, "\x81\x03", 2);
	assert_int_equal(read_line("[1700000000] unbound[12:0] info: start of service (unbound "
				   "1.17.1).",
			     &line),
	    QUERY_LOG_OTHER);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *line;
		const char *why;
	} CASES[] = {
		{ "client 192.0.2.1#5 (a): query: a IN A +", "no time" },
		{ "Nov 22 09:10:26 h named[1]: client 192.0.2.1#5 (a): query: a IN A +", "year" },
		{ "31-Foo-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a IN A +", "time" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1 (a): query: a IN A +", "client" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#65536 (a): query: a IN A +", "port" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a IN", "type" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a..b IN A +", "name" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a\\ IN A +", "name" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a IN ZZ +", "type" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a XX A +", "class" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a IN A +Q", "flags" },
		{ "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a IN A + (x)",
		    "address" },
		{ "[17x] unbound[1:0] info: 127.0.0.1 a. A IN", "time" },
		{ "[1700000000] unbound[1:0] info: 127.0.0.1 a. A IN NOERROR 0.1 0", "reply" },
		{ "[1700000000] unbound[1:0] info: 127.0.0.1 a. A IN NOERROR x 0 9", "number" },
	};
	struct query_log_line line;

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		assert_int_equal(read_line(CASES[i].line, &line), QUERY_LOG_BAD);
		if (strstr(line.why, CASES[i].why) == NULL)
			fail_msg("%s: %s", CASES[i].line, line.why);
	}
}

/* Names of every length up to more than there may be, and lines cut anywhere. */
static void
test_lengths(void **state)
{
	static const char LINE[] = "22-Nov-2025 09:10:26.123 client @0x1 192.0.2.1#5 (a): query: "
				   "a.b IN A +E(0)TDCV (192.0.2.53)";
	char text[1024];
	struct query_log_line line;

	(void)state;
	for (int labels = 1; labels <= 130; labels++) {
		int at = snprintf(
		    text, sizeof text, "22-Nov-2025 09:10:26 client 192.0.2.1#5 (a): query: ");

		for (int i = 0; i < labels; i++)
			at += snprintf(text + at, sizeof text - (size_t)at, "a.");
		(void)snprintf(text + at, sizeof text - (size_t)at, " IN A +");
		assert_int_equal(
		    read_line(text, &line), labels <= 127 ? QUERY_LOG_MESSAGE : QUERY_LOG_BAD);
		if (labels <= 127)
			assert_int_equal(line.size, 12 + 2 * labels + 1 + 4);
	}
	for (size_t size = 0; size < strlen(LINE); size++) {
		(void)snprintf(text, sizeof text, "%.*s", (int)size, LINE);
		(void)read_line(text, &line);
	}
}

static void
test_file(void **state)
{
	static const char TEXT[] =
	    "22-Nov-2025 09:10:26.123 general: info: running\r\n"
	    "22-Nov-2025 09:10:26.123 client 192.0.2.1#5 (a): query: a IN A + (192.0.2.53)\r\n"
	    "\n"
	    "22-Nov-2025 09:10:27 client 192.0.2.1#5 (a): query: a IN ZZ +\n"
	    "[1700000000] unbound[12:0] info: 127.0.0.1 a. A IN NOERROR 0.010000 0 45";
	struct dns_record record;
	struct reading r;

	(void)state;
	reading_make(&r, TEXT, sizeof TEXT - 1);
	assert_int_equal(r.open, ERR_OK);
	assert_string_equal(r.kind, "query-log");
	assert_int_equal(r.count, 2);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_non_null(strstr(r.why.text, "line 4: an unknown type; 1 line is not read"));
	memcpy(&record, r.octets.data + r.offsets[1], sizeof record);
	assert_int_equal(record.view, DNS_VIEW_LOG);
	assert_int_equal(record.sent_size, 45);
	assert_int_equal(r.packets[1].destination_port, 0);
	assert_int_equal(r.packets[0].source_port, 5);
	assert_int_equal(r.packets[0].input_offset, 49);
	reading_release(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_unbound),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
