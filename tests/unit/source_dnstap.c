/* SPDX-License-Identifier: ISC */
/* dnstap frames and files of them. */
#include "dnstap_build.h"
#include "obs/dns.h"
#include "obs/dns_record.h"
#include "source/dnstap.h"

static const struct tap QUERY = { .identity = "ns1",
	.version = "server 1",
	.type = 5,
	.family = 1,
	.protocol = 1,
	.query_address = "192.0.2.1",
	.response_address = "192.0.2.53",
	.query_port = 4711,
	.response_port = 53,
	.query_sec = 1000,
	.query_nsec = 5,
	.query_size = 40 };

static const struct tap RESPONSE = { .identity = "ns1",
	.type = 6,
	.family = 2,
	.protocol = 4,
	.query_address = "2001:db8::1",
	.response_address = "2001:db8::53",
	.query_port = 4711,
	.response_port = 443,
	.query_sec = 1000,
	.query_nsec = 5,
	.response_sec = 1001,
	.response_nsec = 7,
	.query_size = 33,
	.response_size = 99 };

static struct dns_record
record_of(const struct reading *r, size_t i)
{
	struct dns_record record;

	assert_true(i < r->count && r->packets[i].captured_size >= sizeof record);
	assert_int_equal(r->packets[i].link_type, LINK_DNS_MESSAGE);
	memcpy(&record, r->octets.data + r->offsets[i], sizeof record);
	return record;
}

/* Packet `i` holds the message bytes_pattern(seed, size) of a producer. */
static void
assert_message(const struct reading *r, size_t i, unsigned seed, size_t size, const char *identity)
{
	struct bytes expected = { 0 };
	struct dns_record record = record_of(r, i);
	const uint8_t *octets = r->octets.data + r->offsets[i] + sizeof record;

	assert_int_equal(r->packets[i].captured_size, sizeof record + size + strlen(identity));
	bytes_pattern(&expected, seed, size);
	assert_memory_equal(octets, expected.data, size);
	assert_int_equal(record.identity_size, strlen(identity));
	assert_memory_equal(octets + size, identity, strlen(identity));
	bytes_clear(&expected);
}

static void
assert_address(const struct address *address, const char *text)
{
	char found[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(address, found), text);
}

static void
write_file(struct bytes *b, const struct tap *taps, size_t count)
{
	tap_control(b, 2, TAP_CONTENT);
	for (size_t i = 0; i < count; i++)
		tap_frame(b, &taps[i]);
	tap_control(b, 3, NULL);
}

static void
test_file(void **state)
{
	struct bytes b = { 0 };
	struct reading r;
	struct dns_record record;

	(void)state;
	write_file(&b, (const struct tap[]){ QUERY, RESPONSE }, 2);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_string_equal(r.kind, "dnstap");
	assert_false(r.info.exports);
	assert_int_equal(r.count, 3);

	assert_message(&r, 0, 1, 40, "ns1");
	record = record_of(&r, 0);
	assert_int_equal(record.view, DNS_VIEW_CLIENT);
	assert_int_equal(record.transport, DNS_UDP);
	assert_int_equal(record.query_time, 0);
	assert_int_equal(r.packets[0].time, 1000 * NSEC_PER_SEC + 5);
	assert_int_equal(r.packets[0].input_offset, 42);
	assert_address(&r.packets[0].source, "192.0.2.1");
	assert_address(&r.packets[0].destination, "192.0.2.53");
	assert_int_equal(r.packets[0].source_port, 4711);
	assert_int_equal(r.packets[0].destination_port, 53);

	/* Both messages of a frame, each with its own time and direction. */
	assert_message(&r, 1, 1, 33, "ns1");
	assert_message(&r, 2, 2, 99, "ns1");
	assert_int_equal(r.packets[1].time, 1000 * NSEC_PER_SEC + 5);
	assert_int_equal(r.packets[2].time, 1001 * NSEC_PER_SEC + 7);
	assert_int_equal(r.packets[1].input_offset, r.packets[2].input_offset);
	record = record_of(&r, 2);
	assert_int_equal(record.query_time, 1000 * NSEC_PER_SEC + 5);
	assert_int_equal(record.transport, DNS_DOH);
	assert_int_equal(record.producer, record_of(&r, 0).producer);
	assert_int_equal(record.input_length, b.size - 12 - r.packets[2].input_offset);
	assert_address(&r.packets[2].source, "2001:db8::53");
	assert_address(&r.packets[2].destination, "2001:db8::1");
	assert_int_equal(r.packets[2].source_port, 443);
	assert_int_equal(r.packets[2].destination_port, 4711);
	reading_release(&r);
	bytes_clear(&b);
}

/* Cut anywhere: what is whole is delivered, and the end is told. */
static void
test_truncated_file(void **state)
{
	struct bytes b = { 0 };
	struct reading r;
	size_t first, second;

	(void)state;
	tap_control(&b, 2, TAP_CONTENT);
	tap_frame(&b, &QUERY);
	first = b.size;
	tap_frame(&b, &QUERY);
	second = b.size;
	tap_control(&b, 3, NULL);
	for (size_t size = 20; size <= b.size; size++) {
		bool whole = size == 42 || size == first || size == second || size == b.size;

		reading_make(&r, b.data, size);
		assert_int_equal(r.open, ERR_OK);
		assert_int_equal(r.count, (size >= first) + (size >= second));
		assert_int_equal(r.end, whole ? ERR_END : ERR_TRUNC);
		reading_release(&r);
	}
	bytes_clear(&b);
}

/* Every type and protocol. */
static void
test_types(void **state)
{
	static const uint8_t VIEWS[] = { 0, DNS_VIEW_AUTHORITATIVE, DNS_VIEW_RESOLVER,
		DNS_VIEW_CLIENT, DNS_VIEW_FORWARDER, DNS_VIEW_STUB, DNS_VIEW_STUB,
		DNS_VIEW_UPDATE };
	static const uint8_t TRANSPORTS[] = { DNS_UDP, DNS_UDP, DNS_TCP, DNS_DOT, DNS_DOH,
		DNS_DNSCRYPT, DNS_DNSCRYPT, DNS_DOQ, DNS_UDP };
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	tap_control(&b, 2, NULL);
	for (unsigned type = 1; type <= 14; type++) {
		struct tap t = QUERY;

		t.type = type;
		t.protocol = type <= 8 ? type : 0;
		tap_frame(&b, &t);
	}
	tap_control(&b, 3, NULL);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 14);
	for (size_t i = 0; i < 14; i++) {
		struct dns_record record = record_of(&r, i);

		assert_int_equal(record.view, VIEWS[(i + 2) / 2]);
		assert_int_equal(record.transport, i < 8 ? TRANSPORTS[i + 1] : DNS_UDP);
	}
	reading_release(&r);
	bytes_clear(&b);
}

/* What a producer leaves out. */
static void
test_missing(void **state)
{
	struct tap taps[] = { QUERY, { .type = 2, .response_size = 20 },
		{ .type = 1, .version = "kdig", .query_size = 12, .query_address = "2001:db8::9" },
		{ .type = 6, .query_size = 12, .response_size = 12, .response_sec = 2000 },
		{ .type = 6, .response_size = 12, .query_sec = 1999 } };
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	write_file(&b, taps, 5);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 6);
	/* No time: that of the message before.  No name: producer 1. */
	assert_int_equal(r.packets[1].time, 1000 * NSEC_PER_SEC + 5);
	assert_int_equal(record_of(&r, 1).producer, 1);
	assert_int_equal(record_of(&r, 1).query_time, 0);
	assert_address(&r.packets[1].source, "::");
	assert_message(&r, 2, 1, 12, "kdig");
	assert_true(record_of(&r, 2).producer > 1);
	assert_address(&r.packets[2].source, "2001:db8::9");
	/* A query without a time has that of its answer, and the other way round. */
	assert_int_equal(r.packets[3].time, 2000 * NSEC_PER_SEC);
	assert_int_equal(record_of(&r, 4).query_time, 0);
	assert_int_equal(r.packets[5].time, 1999 * NSEC_PER_SEC);
	assert_int_equal(record_of(&r, 5).query_time, 0);
	reading_release(&r);
	bytes_clear(&b);
}

/* A file with a bad frame in the middle. */
static void
read_bad(struct reading *r, const void *frame, size_t size, struct drop_counters *ret_drops)
{
	struct bytes b = { 0 };
	struct source *source = NULL;
	struct chunk chunk;

	tap_control(&b, 2, TAP_CONTENT);
	tap_frame(&b, &QUERY);
	bytes_uint(&b, size, 4);
	bytes_raw(&b, frame, size);
	tap_frame(&b, &QUERY);
	tap_control(&b, 3, NULL);
	reading_make(r, b.data, b.size);

	*ret_drops = (struct drop_counters){ 0 };
	chunk_init(&chunk);
	assert_int_equal(
	    source_open_fd(memory_file(b.data, b.size), "test", &source, NULL), ERR_OK);
	do {
		for (size_t i = 0; i < DROP_COUNT; i++)
			ret_drops->count[i] += chunk.drops.count[i];
	} while (source_read(source, &chunk, NULL) == ERR_OK);
	source_close(source);
	chunk_release(&chunk);
	bytes_clear(&b);
}

static void
test_bad_frames(void **state)
{
	struct bytes huge = { 0 }, unknown = { 0 }, no_type = { 0 }, empty = { 0 };
	struct {
		const void *data;
		size_t size;
		enum drop drop;
	} cases[] = {
		{ "\x0a\x05xx", 4, DROP_DNSTAP_FRAME }, /* a field past the end */
		{ "\x0a", 1, DROP_DNSTAP_FRAME },       /* a key without a value */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, DROP_DNSTAP_FRAME },
		{ "\x73\x01", 2, DROP_DNSTAP_FRAME }, /* a group */
		{ "\x02\x00", 2, DROP_DNSTAP_FRAME }, /* field 0 */
		{ "\x78\x01", 2, DROP_DNSTAP_FRAME }, /* a message that is not there */
		{ "\x72\x02\x52\x09\x78\x01", 6, DROP_DNSTAP_FRAME }, /* cut inside the message */
		{ "\x78\x02", 2, DROP_DNSTAP_TYPE },
		{ NULL, 0, DROP_DNSTAP_TYPE },
		{ NULL, 0, DROP_DNSTAP_TYPE },
		{ NULL, 0, DROP_DNSTAP_EMPTY },
		{ NULL, 0, DROP_DNSTAP_FRAME },
	};
	struct bytes *made[] = { &unknown, &no_type, &empty, &huge };
	struct drop_counters drops;
	struct reading r;

	(void)state;
	tap_write(&unknown, &(struct tap){ .type = 15, .query_size = 12 });
	tap_write(&no_type, &(struct tap){ .query_size = 12 });
	tap_write(&empty, &(struct tap){ .type = 5 });
	tap_write(&huge, &(struct tap){ .type = 5, .query_size = 65536 });
	for (size_t i = 0; i < 4; i++) {
		cases[8 + i].data = made[i]->data;
		cases[8 + i].size = made[i]->size;
	}
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		read_bad(&r, cases[i].data, cases[i].size, &drops);
		assert_int_equal(r.end, ERR_FORMAT);
		assert_int_equal(r.count, 2);
		assert_int_equal(drops.count[cases[i].drop], 1);
		assert_int_equal(r.info.damaged_octets, cases[i].size + 4);
		assert_non_null(strstr(r.why.text, "1 frame is not read"));
		assert_int_equal(r.why.offset, r.info.damaged_offset);
		reading_release(&r);
	}
	for (size_t i = 0; i < 4; i++)
		bytes_clear(made[i]);
}

/* Octets that cannot be passed over, another content, control frames out of place. */
static void
test_bad_streams(void **state)
{
	struct bytes b = { 0 };
	struct reading r;

	(void)state;
	tap_control(&b, 2, TAP_CONTENT);
	tap_frame(&b, &QUERY);
	bytes_uint(&b, 0x7fffffff, 4);
	bytes_pattern(&b, 3, 500);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.info.damaged_octets, 504);
	reading_release(&r);
	bytes_clear(&b);

	tap_control(&b, 2, "protobuf:else");
	tap_frame(&b, &QUERY);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_FORMAT);
	assert_int_equal(r.count, 0);
	assert_non_null(strstr(r.why.text, "something else than dnstap"));
	reading_release(&r);
	bytes_clear(&b);

	/* A connection as recorded, then a second stream, without a content type. */
	tap_control(&b, 4, TAP_CONTENT);
	tap_control(&b, 2, TAP_CONTENT);
	tap_frame(&b, &QUERY);
	tap_control(&b, 9, NULL);
	tap_control(&b, 3, NULL);
	tap_control(&b, 2, NULL);
	tap_frame(&b, &QUERY);
	tap_control(&b, 3, NULL);
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 2);
	reading_release(&r);
	bytes_clear(&b);
}

/* Messages of every size, many more than a chunk holds. */
static void
test_many(void **state)
{
	struct bytes b = { 0 };
	struct reading r;
	size_t large = 0;

	(void)state;
	tap_control(&b, 2, TAP_CONTENT);
	for (unsigned i = 0; i < 3000; i++) {
		struct tap t = RESPONSE;

		t.query_size = 12 + i % 500;
		t.response_size = i % 100 == 0 ? 65535 : 12 + i % 700;
		large += i % 100 == 0;
		tap_frame(&b, &t);
	}
	reading_make(&r, b.data, b.size);
	assert_int_equal(r.end, ERR_END);
	assert_int_equal(r.count, 6000);
	assert_int_equal(large, 30);
	for (unsigned i = 0; i < 3000; i++) {
		assert_message(&r, (size_t)2 * i, 1, 12 + i % 500, "ns1");
		assert_message(
		    &r, (size_t)2 * i + 1, 2, i % 100 == 0 ? 65535 : 12 + i % 700, "ns1");
	}
	reading_release(&r);
	bytes_clear(&b);
}

/* Times that cannot be, or lie far from when a live frame came. */
static void
test_times(void **state)
{
	static uint8_t room[2 * 70000];
	static struct packet packets[4];
	struct drop_counters drops = { 0 };
	struct bytes b = { 0 };
	struct tap t = QUERY;
	struct dnstap frame;
	struct dnstap_place place = { .fallback = 77, .arrival = 1700000000 * NSEC_PER_SEC };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct capture_run run = { .packets = packets,
			.most = 4,
			.room = room,
			.room_size = sizeof room,
			.drops = &drops };
		static const uint64_t SECONDS[] = { UINT64_MAX, 1700000000, 1700003601,
			1699999000 };
		static const nsec_t TIMES[] = { 77, 77, 1700000000 * NSEC_PER_SEC,
			1699999000 * NSEC_PER_SEC };

		t.query_sec = SECONDS[i];
		t.query_nsec = i == 1 ? 1000000000 : 0;
		b.size = 0;
		tap_write(&b, &t);
		assert_int_equal(dnstap_decode(b.data, b.size, &frame), DNSTAP_OK);
		dnstap_give(&frame, &place, &run);
		assert_int_equal(run.count, 1);
		assert_int_equal(packets[0].time, TIMES[i]);
	}
	assert_int_equal(drops.count[DROP_DNSTAP_TIME], 2);
	assert_int_equal(drops.count[DROP_DNSTAP_CLOCK], 1);
	bytes_clear(&b);
}

/* A frame cut at every length never reads past its end, and says nothing that is not there. */
static void
test_truncated_frame(void **state)
{
	struct bytes b = { 0 };
	struct dnstap frame;

	(void)state;
	tap_write(&b, &RESPONSE);
	for (size_t size = 0; size < b.size; size++) {
		uint8_t *copy = xmalloc(size + 1);
		enum dnstap_result result;

		memcpy(copy, b.data, size);
		copy = xrealloc_array(copy, size == 0 ? 1 : size, 1);
		result = dnstap_decode(copy, size, &frame);
		assert_int_not_equal(result, DNSTAP_OK);
		free(copy);
	}
	assert_int_equal(dnstap_decode(b.data, b.size, &frame), DNSTAP_OK);
	bytes_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_truncated_file),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_bad_frames),
		cmocka_unit_test(test_bad_streams),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_truncated_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
