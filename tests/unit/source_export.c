/* SPDX-License-Identifier: ISC */
/* Files of export messages and tables of flows as sources. */
#include "base/clock.h"
#include "source_build.h"

#define NAMES "ts,te,td,sa,da,sp,dp,pr,ipkt,ibyt\n"

/* An IPFIX message of one set of `size` octets. */
static void
ipfix_message(struct bytes *b, uint32_t seconds, unsigned size)
{
	b->big = true;
	bytes_uint(b, 10, 2);
	bytes_uint(b, 16 + size, 2);
	bytes_uint(b, seconds, 4);
	bytes_uint(b, 0, 4);
	bytes_uint(b, 7, 4);
	bytes_uint(b, 256, 2);
	bytes_uint(b, size, 2);
	bytes_pattern(b, seconds, size - 4);
}

static void
test_ipfix_file(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	ipfix_message(&b, 2000, 100);
	ipfix_message(&b, 1000, 4);
	ipfix_message(&b, 3000, 65519);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_string_equal(r.kind, "ipfix");
	assert_true(r.info.exports);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.packets[0].link_type, LINK_EXPORT_MESSAGE);
	assert_int_equal(r.packets[0].fragment_id, 1);
	assert_int_equal(r.packets[0].captured_size, 116);
	assert_int_equal(r.packets[1].captured_size, 20);
	assert_int_equal(r.packets[1].input_offset, 116);
	assert_int_equal(r.packets[1].time, 1000 * NSEC_PER_SEC);
	assert_int_equal(r.packets[2].captured_size, 65535);
	assert_int_equal(r.info.begin, 1000 * NSEC_PER_SEC);
	assert_int_equal(r.info.end, 3000 * NSEC_PER_SEC);
	reading_release(&r);

	/* Cut anywhere behind the first set's header: what is whole is delivered. */
	for (size_t size = 20; size < 300; size++) {
		reading_make(&r, b.data, size);
		assert_int_equal(r.open, ERR_OK);
		assert_int_equal(r.end, size == 116 || size == 136 ? ERR_END : ERR_TRUNC);
		assert_int_equal(r.count, (size >= 116) + (size >= 136));
		reading_release(&r);
	}

	/* Something else between messages. */
	b.data[117] = 9;
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.info.damaged_offset, 116);
	assert_non_null(strstr(r.why.text, "no IPFIX message begins here"));
	reading_release(&r);
	bytes_clear(&b);
}

static void
test_netflow5_file(void **state)
{
	struct bytes b = { .big = true };
	struct reading r;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		bytes_uint(&b, 5, 2);
		bytes_uint(&b, i + 1, 2);
		bytes_uint(&b, 1000, 4);
		bytes_uint(&b, 1400000000 + i, 4);
		bytes_uint(&b, 500, 4);
		bytes_uint(&b, 0, 8);
		bytes_pattern(&b, i, 48 * (i + 1));
	}
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_string_equal(r.kind, "netflow5");
	assert_int_equal(r.count, 3);
	assert_int_equal(r.packets[1].captured_size, 24 + 96);
	assert_int_equal(r.packets[1].time, 1400000001 * NSEC_PER_SEC + 500);
	reading_release(&r);
	b.data[3] = 31; /* more records than there can be */
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.open, ERR_FORMAT);
	reading_release(&r);
	bytes_clear(&b);
}

static void
read_text(struct reading *r, const char *text)
{
	reading_make(r, text, strlen(text));
	assert_int_equal(r->open, ERR_OK);
	assert_string_equal(r->kind, "flows");
}

static void
test_table(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r,
	    NAMES "2014-06-01 00:00:01,2014-06-01 00:00:07,6,192.0.2.1,192.0.2.2,1,2,TCP,3,4\r\n"
		  "2014-06-01 00:00:02,2014-06-01 00:00:59,6,192.0.2.1,192.0.2.2,1,2,TCP,3,4\n"
		  "\n"
		  "2014-06-01 00:00:02,2014-06-01 00:01:00,6,192.0.2.1,192.0.2.2,1,2,TCP,3,4\n"
		  "Summary\n"
		  "flows,bytes\n"
		  "3,12\n" NAMES
		  "2014-06-01 00:00:02,2014-06-01 00:01:01,6,192.0.2.1,192.0.2.2,1,2,TCP,3,4");
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 3);
	/* A line of names goes with the lines after it; a minute ends a packet. */
	assert_int_equal(r.packets[0].input_offset, 0);
	assert_int_equal(r.packets[0].captured_size, strlen(NAMES) + 75 + 74);
	assert_int_equal(r.packets[0].time, 1401580807 * NSEC_PER_SEC);
	assert_int_equal(r.packets[0].link_type, LINK_EXPORT_TEXT);
	assert_int_equal(r.packets[1].captured_size, 74);
	assert_int_equal(r.packets[2].captured_size, strlen(NAMES) + 73);
	assert_int_equal(r.packets[2].time, 1401580861 * NSEC_PER_SEC);
	reading_release(&r);
}

static void
test_table_without_an_end_of_flows(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r,
	    "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
	    "2025-02-11 09:51:56.123,1.5,TCP,192.0.2.1,1,192.0.2.2,2,3,4,1\n");
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.packets[0].time, 1739267516 * NSEC_PER_SEC + 123 * NSEC_PER_MS);
	reading_release(&r);
	read_text(&r, NAMES "Summary\n");
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 0);
	reading_release(&r);
}

static void
test_lines_that_are_no_flows_are_named(void **state)
{
	struct reading r;

	(void)state;
	read_text(&r,
	    NAMES "2014-06-01 00:00:01,2014-06-01 00:00:07,6,192.0.2.1,192.0.2.2,1,2,TCP,3,4\n"
		  "2014-06-01 00:00:01,2014-06-01 00:00:07,6,192.0.2.1\n"
		  "2014-06-01 00:00:01,yesterday,6,192.0.2.1,192.0.2.2,1,2,TCP,3,4\n"
		  "2014-06-01 00:00:01,2014-06-01 00:00:08,6,192.0.2.1,192.0.2.2,1,2,TCP,3,4\n");
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 1);
	assert_non_null(strstr(r.why.text, "line 3: another count of columns"));
	assert_non_null(strstr(r.why.text, "2 such lines are not read"));
	assert_int_equal(r.info.damaged_offset, strlen(NAMES) + 74);
	assert_int_equal(r.info.damaged_octets, 52 + 64);
	reading_release(&r);
}

static void
test_a_line_without_end(void **state)
{
	size_t size = 200000;
	char *text = xmalloc(size);
	struct reading r;

	(void)state;
	memset(text, 'x', size);
	memcpy(text, NAMES, strlen(NAMES));
	reading_make(&r, text, size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 0);
	reading_release(&r);
	free(text);
}

/* Packets do not depend on how octets arrive. */
static void
test_long_table(void **state)
{
	struct bytes b = { 0 };
	struct reading file, piped;
	int ends[2];
	size_t sum = 0;

	(void)state;
	bytes_raw(&b, NAMES, strlen(NAMES));
	for (unsigned i = 0; i < 800; i++) {
		char line[128];
		int size = snprintf(line, sizeof line,
		    "2014-06-01 00:%02u:%02u,2014-06-01 "
		    "00:%02u:%02u,0,192.0.2.1,192.0.2.2,1,2,UDP,3,%u\n",
		    i / 300, i % 60, i / 300, i % 60, i);
		bytes_raw(&b, line, (size_t)size);
	}
	reading_make(&file, b.data, b.size);
	assert_int_equal(file.end, ERR_END);
	for (size_t i = 0; i < file.count; i++) {
		assert_in_range(file.packets[i].captured_size, 1, 16384);
		sum += file.packets[i].captured_size;
	}
	assert_int_equal(sum, b.size);
	assert_int_equal(pipe(ends), 0);
	assert_true(b.size <= 65536);
	assert_int_equal(write(ends[1], b.data, b.size), b.size);
	assert_int_equal(close(ends[1]), 0);
	reading_make_fd(&piped, ends[0]);
	assert_int_equal(piped.count, file.count);
	assert_memory_equal(piped.octets.data, file.octets.data, sum);
	reading_release(&file);
	reading_release(&piped);
	bytes_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipfix_file),
		cmocka_unit_test(test_netflow5_file),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_without_an_end_of_flows),
		cmocka_unit_test(test_lines_that_are_no_flows_are_named),
		cmocka_unit_test(test_a_line_without_end),
		cmocka_unit_test(test_long_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
