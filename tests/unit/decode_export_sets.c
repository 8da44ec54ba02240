/* SPDX-License-Identifier: ISC */
/* NetFlow v9 and IPFIX: sets, templates, data that comes before them, and messages that lie. */
#include "export_build.h"

static struct build built; /* large */

static void
begin(unsigned version, uint32_t sequence)
{
	if (version == 9)
		build_v9(&built, BUILD_UPTIME, BUILD_TIME, sequence, 7);
	else
		build_ipfix(&built, BUILD_TIME, sequence, 7);
}

/* The spec's must-pass case, in both protocols: 56 octets of data and no template. */
static void
data_before_template(void **state)
{
	(void)state;
	for (unsigned version = 9; version <= 10; version++) {
		struct collector c;
		struct exporter_report r;

		collector_init(&c);
		begin(version, 1);
		build_set(&built, 256);
		while (built.size < 56)
			build_number(&built, 0x01020304, 4);
		build_set_end(&built);
		assert_int_equal(built.size, 56);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 0);
		assert_int_equal(collector_drops(&c, DROP_EXPORT_NO_TEMPLATE), 1);
		r = collector_report(&c);
		assert_int_equal(r.no_template, 1);
		assert_int_equal(r.no_template_lost, 1);
		assert_int_equal(r.messages, 1);
		collector_release(&c);
	}
}

static void
data_waits_for_its_template(void **state)
{
	struct collector c;
	struct exporter_report r;

	(void)state;
	collector_init(&c);
	begin(10, 0);
	build_flows(&built, 256, 3);
	c.message.input_offset = 1000;
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	c.message.time += 59 * NSEC_PER_SEC;
	c.message.input_offset = 2000;
	begin(10, 3);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	build_flows(&built, 256, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 4);
	/* Those that waited come first, and are of their own message. */
	assert_int_equal(c.sink.records[0].input_offset, 1000);
	assert_int_equal(c.sink.records[0].time, BUILD_TIME * NSEC_PER_SEC);
	assert_int_equal(c.sink.records[3].input_offset, 2000);
	r = collector_report(&c);
	assert_int_equal(r.no_template, 1);
	assert_int_equal(r.no_template_lost, 0);
	assert_int_equal(r.records, 4);
	assert_int_equal(r.lost, 0);
	collector_release(&c);
}

static void
data_waits_no_longer_than_a_minute(void **state)
{
	struct collector c;
	struct exporter_report r;

	(void)state;
	collector_init(&c);
	begin(9, 0);
	build_flows(&built, 256, 3);
	collector_send(&c, &built);
	c.message.time += 61 * NSEC_PER_SEC;
	begin(9, 1);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_BUFFER_EXPIRED), 1);
	r = collector_report(&c);
	assert_int_equal(r.no_template_lost, 1);
	collector_release(&c);
}

static void
data_waits_in_limited_room(void **state)
{
	struct collector c;
	uint64_t given_up;

	(void)state;
	collector_init(&c);
	c.options.buffer = 1000;
	collector_restart(&c);
	for (uint32_t i = 0; i < 50; i++) {
		begin(9, i);
		build_flows(&built, 256, 5);
		collector_send(&c, &built);
	}
	begin(9, 50);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	collector_send(&c, &built);
	assert_in_range(c.sink.record_count, 5, 45);
	assert_int_equal(
	    collector_drops(&c, DROP_EXPORT_BUFFER_FULL) + c.sink.record_count / 5, 50);
	/* One that never fits is given up by itself. */
	given_up = collector_drops(&c, DROP_EXPORT_BUFFER_FULL);
	begin(9, 51);
	build_flows(&built, 300, 100);
	collector_send(&c, &built);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_BUFFER_FULL), given_up + 1);
	collector_release(&c);
}

/* The template follows its data in the same message. */
static void
template_after_data(void **state)
{
	(void)state;
	for (unsigned version = 9; version <= 10; version++) {
		struct collector c;

		collector_init(&c);
		begin(version, 1);
		build_flows(&built, 256, 2);
		BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 2);
		assert_int_equal(collector_drops(&c, DROP_EXPORT_NO_TEMPLATE), 0);
		collector_release(&c);
	}
}

/* RFC 3954 and 7011 reserve identifiers below 256; fixbuf crashes on the good data after one. */
static void
template_id_below_256(void **state)
{
	(void)state;
	for (unsigned version = 9; version <= 10; version++) {
		struct collector c;

		collector_init(&c);
		begin(version, 1);
		build_set(&built, version == 9 ? 0 : 2);
		build_template(&built, 148, BUILD_FLOW, 14);
		build_template(&built, 256, BUILD_FLOW, 14);
		build_set_end(&built);
		build_flows(&built, 256, 2);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 2);
		assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_ID), 1);
		begin(version, 2);
		build_flows(&built, 256, 2);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 2);
		collector_release(&c);
	}
}

static void
field_of_wrong_length(void **state)
{
	/* octetDeltaCount of 9 octets, packetDeltaCount of none, protocol of 1. */
	static const uint16_t FIELDS[] = { 1, 9, 2, 0, 4, 1, 8, 4, 12, 3 };
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(9, 1);
	BUILD_TEMPLATE(&built, 256, FIELDS);
	build_set(&built, 256);
	build_number(&built, UINT64_MAX, 9);
	build_number(&built, 17, 1);
	build_number(&built, 0xc0000201, 4);
	build_number(&built, 0xffffff, 3);
	build_set_end(&built);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 1);
	assert_int_equal(c.sink.records[0].flow.octets[0], 0);
	assert_int_equal(c.sink.records[0].flow.packets[0], 0);
	assert_int_equal(c.sink.records[0].flow.protocol, 17);
	assert_int_equal(c.sink.records[0].flow.source.octets[15], 1);
	assert_int_equal(c.sink.records[0].flow.destination.words[0], 0);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_FIELD_LENGTH), 3);
	collector_release(&c);
}

/* Length 65535 means variable, in NetFlow v9 too: some exporters send it. */
static void
field_of_variable_length(void **state)
{
	static const uint16_t FIELDS[] = { 4, 1, 371, BUILD_VARIES, 8, 4, 999, BUILD_VARIES, 1, 4 };
	static const char NAME[] = "subscriber@example.net";

	(void)state;
	for (unsigned version = 9; version <= 10; version++) {
		struct collector c;

		collector_init(&c);
		begin(version, 1);
		BUILD_TEMPLATE(&built, 256, FIELDS);
		build_set(&built, 256);
		for (unsigned i = 0; i < 3; i++) {
			build_number(&built, 6, 1);
			if (i == 1) { /* the long form */
				build_number(&built, 255, 1);
				build_number(&built, 300, 2);
				for (unsigned j = 0; j < 300; j++)
					build_number(&built, 'x', 1);
			} else {
				build_number(&built, sizeof NAME - 1, 1);
				build_octets(&built, NAME, sizeof NAME - 1);
			}
			build_number(&built, 0xc0000201 + i, 4);
			build_number(&built, 0, 1);
			build_number(&built, 1000 + i, 4);
		}
		build_set_end(&built);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 3);
		assert_string_equal(c.sink.records[0].extra->user_name, NAME);
		assert_int_equal(strlen(c.sink.records[1].extra->user_name), RECORD_USER_SIZE - 1);
		assert_int_equal(c.sink.records[2].flow.octets[0], 1002);
		assert_int_equal(c.sink.records[2].flow.source.octets[15], 3);
		collector_release(&c);
	}
}

/* A length that says more than is there. */
static void
variable_length_beyond_the_set(void **state)
{
	static const uint16_t FIELDS[] = { 371, BUILD_VARIES, 8, 4 };

	(void)state;
	for (unsigned length = 0; length < 256; length++) {
		struct collector c;

		collector_init(&c);
		begin(10, 1);
		BUILD_TEMPLATE(&built, 256, FIELDS);
		build_set(&built, 256);
		build_number(&built, length, 1);
		build_number(&built, 0x0006c0a80000, 6);
		build_set_end(&built);
		collector_send(&c, &built);
		if (length <= 2)
			assert_int_equal(c.sink.record_count, 1);
		else
			assert_int_equal(collector_drops(&c, DROP_EXPORT_RECORD), 1);
		collector_release(&c);
	}
}

static void
template_of_no_octets(void **state)
{
	static const uint16_t NOTHING[] = { 1, 0, 2, 0 };
	static const uint16_t LARGE[] = { 1, 4, 210, 65534 };
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(9, 1);
	BUILD_TEMPLATE(&built, 256, NOTHING);
	BUILD_TEMPLATE(&built, 257, LARGE);
	build_template_set(&built, 258, NOTHING, 0);
	collector_send(&c, &built);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_LENGTH), 2);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_FIELDS), 1);
	begin(9, 2);
	build_flows(&built, 256, 3);
	build_flows(&built, 257, 3);
	build_flows(&built, 258, 3);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_NO_TEMPLATE), 3);
	collector_release(&c);
}

static void
template_of_many_fields(void **state)
{
	uint16_t fields[2 * 1025];

	(void)state;
	for (unsigned count = 1024; count <= 1025; count++) {
		struct collector c;

		for (unsigned i = 0; i < count; i++) {
			fields[2 * i] = (uint16_t)(i == 0 ? 1 : 210);
			fields[2 * i + 1] = 4;
		}
		collector_init(&c);
		begin(10, 1);
		build_template_set(&built, 256, fields, 2 * (size_t)count);
		build_set(&built, 256);
		for (unsigned i = 0; i < count; i++)
			build_number(&built, 77, 4);
		build_set_end(&built);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, count == 1024 ? 1 : 0);
		assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_FIELDS), count - 1024);
		collector_release(&c);
	}
}

/* Replaced between messages, and inside one: data before the new definition is of the old one. */
static void
template_changes(void **state)
{
	static const uint16_t OTHER[] = { 12, 4, 8, 4, 7, 2, 11, 2, 4, 1, 1, 4, 2, 4 };
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(10, 0);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	build_flows(&built, 256, 1);
	BUILD_TEMPLATE(&built, 256, OTHER);
	build_flows(&built, 256, 1);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	build_flows(&built, 256, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 3);
	assert_int_equal(c.sink.records[0].flow.octets[0], 100);
	assert_int_equal(c.sink.records[1].flow.octets[0], 2);
	assert_int_equal(c.sink.records[2].flow.octets[0], 100);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_CHANGED), 2);
	begin(10, 3);
	BUILD_TEMPLATE(&built, 256, OTHER);
	collector_send(&c, &built);
	begin(10, 3);
	build_flows(&built, 256, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.records[0].flow.octets[0], 2);
	assert_int_equal(c.sink.records[0].flow.source.octets[12], 198);
	/* The same again is no change. */
	BUILD_TEMPLATE(&built, 256, OTHER);
	collector_send(&c, &built);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_CHANGED), 3);
	collector_release(&c);
}

static void
withdraw(uint16_t id, bool options)
{
	begin(10, 0);
	build_set(&built, options ? 3 : 2);
	build_number(&built, id, 2);
	build_number(&built, 0, 2);
	build_set_end(&built);
}

static void
withdrawal(void **state)
{
	struct collector c;

	(void)state;
	for (unsigned stream = 0; stream < 2; stream++) {
		for (unsigned all = 0; all < 2; all++) {
			collector_init(&c);
			c.message.stream = stream;
			begin(10, 0);
			BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
			BUILD_TEMPLATE(&built, 257, BUILD_FLOW);
			collector_send(&c, &built);
			withdraw(all != 0 ? 2 : 256, false);
			collector_send(&c, &built);
			begin(10, 0);
			build_flows(&built, 256, 1);
			build_flows(&built, 257, 1);
			collector_send(&c, &built);
			assert_int_equal(c.sink.record_count, stream == 0 ? 2 : 1 - all);
			assert_int_equal(collector_drops(&c, DROP_EXPORT_WITHDRAWAL), 1 - stream);
			collector_release(&c);
		}
	}
	collector_init(&c);
	c.message.stream = 5;
	withdraw(3, true);
	collector_send(&c, &built);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_TRUNCATED), 0);
	collector_release(&c);
}

/* Templates belong to a stream, end with it, and no other exporter or domain sees them. */
static void
templates_are_apart(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	c.message.stream = 1;
	begin(10, 0);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	collector_send(&c, &built);
	begin(10, 0);
	build_flows(&built, 256, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 1);
	c.message.stream = 2;
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	c.message.stream = 0;
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	c.message.stream = 1;
	build_ipfix(&built, BUILD_TIME, 0, 8);
	build_flows(&built, 256, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	exports_close_stream(c.x, 1);
	begin(10, 1);
	build_flows(&built, 256, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	/* What the closed stream did is still reported, with the other streams of the exporter. */
	export_sink_clear(&c.sink);
	exports_report(c.x, &c.sink);
	assert_int_equal(c.sink.report_count, 2);
	assert_int_equal(c.sink.reports[0].domain, 7);
	assert_int_equal(c.sink.reports[0].messages, 5);
	assert_int_equal(c.sink.reports[0].records, 1);
	assert_int_equal(c.sink.reports[1].messages, 1);
	collector_release(&c);
}

static void
padding(void **state)
{
	(void)state;
	for (unsigned octets = 0; octets < BUILD_FLOW_SIZE; octets++) {
		struct collector c;

		collector_init(&c);
		begin(9, 0);
		build_set(&built, 0);
		build_template(&built, 256, BUILD_FLOW, 14);
		build_number(&built, 0, octets);
		build_set_end(&built);
		build_set(&built, 256);
		build_flow(&built, 1, 2, 100);
		build_number(&built, 0, octets);
		build_set_end(&built);
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 1);
		assert_int_equal(collector_report(&c).malformed, 0);
		collector_release(&c);
	}
}

/* One set at the start of a datagram that is zero to its end. */
static void
zero_filled(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(9, 0);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	build_flows(&built, 256, 1);
	build_number(&built, 0, 1000);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 1);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_ZERO_FILLED), 1);
	assert_int_equal(collector_report(&c).malformed, 0);
	collector_release(&c);
}

static void
set_lengths_that_lie(void **state)
{
	(void)state;
	for (unsigned length = 0; length < 64; length++) {
		struct collector c;

		collector_init(&c);
		begin(9, 0);
		BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
		build_flows(&built, 256, 1);
		put_be16(built.octets + built.set + 2, (uint16_t)length);
		collector_send(&c, &built);
		if (length < 4 || length > 4 + BUILD_FLOW_SIZE)
			assert_int_equal(collector_drops(&c, DROP_EXPORT_SET_LENGTH), 1);
		assert_int_equal(c.sink.record_count, length == 4 + BUILD_FLOW_SIZE ? 1 : 0);
		collector_release(&c);
	}
}

static void
reserved_sets(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(10, 0);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	build_flows(&built, 4, 1);
	build_flows(&built, 255, 1);
	build_flows(&built, 0, 1);
	build_flows(&built, 256, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 1);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_SET_ID), 3);
	collector_release(&c);
}

/* Every beginning of a good message gives a beginning of its records. */
static void
truncation(void **state)
{
	static const uint16_t OPTIONS[] = { 1, 4, 34, 4 };

	(void)state;
	for (unsigned version = 9; version <= 10; version++) {
		size_t whole;

		begin(version, 0);
		build_options_set(&built, 400, OPTIONS, 4, 1);
		BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
		build_set(&built, 400);
		build_number(&built, 1, 4);
		build_number(&built, 100, 4);
		build_set_end(&built);
		build_flows(&built, 256, 3);
		whole = built.size;
		for (size_t size = 0; size <= whole; size++) {
			struct collector c;
			uint64_t counted = 0;

			collector_init(&c);
			collector_send_octets(&c, built.octets, size);
			assert_true(c.sink.record_count == (size == whole ? 3 : 0));
			for (unsigned i = 0; i < DROP_COUNT; i++)
				counted += c.drops.count[i];
			/* A NetFlow v9 message does not tell its length: it may end after any set.
			 */
			if (size != whole && version == 10)
				assert_true(counted > 0);
			collector_release(&c);
		}
	}
}

static void
ipfix_length(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	begin(10, 0);
	BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
	build_flows(&built, 256, 2);
	build_number(&built, 0xffff, 2); /* after the end of the message */
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 2);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_LENGTH), 1);
	put_be16(built.octets + 2, 15);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	collector_release(&c);
}

static void
quotas(void **state)
{
	struct collector c;

	(void)state;
	collector_init(&c);
	c.options.templates = 4;
	c.options.domains = 2;
	c.options.exporters = 3;
	collector_restart(&c);
	begin(9, 0);
	for (unsigned id = 256; id < 266; id++)
		BUILD_TEMPLATE(&built, id, BUILD_FLOW);
	collector_send(&c, &built);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_EVICTED), 6);
	begin(9, 1);
	build_flows(&built, 261, 1);
	build_flows(&built, 262, 1);
	build_flows(&built, 265, 1);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 2);
	for (uint32_t domain = 0; domain < 5; domain++) {
		build_v9(&built, BUILD_UPTIME, BUILD_TIME, 0, 100 + domain);
		BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
		collector_send(&c, &built);
	}
	assert_int_equal(collector_drops(&c, DROP_EXPORT_DOMAIN_EVICTED), 4);
	for (uint8_t host = 2; host < 12; host++) {
		c.message.exporter.octets[15] = host;
		collector_send(&c, &built);
	}
	assert_int_equal(collector_drops(&c, DROP_EXPORT_EXPORTER_EVICTED), 8);
	/* Nothing that was counted is lost with them. */
	export_sink_clear(&c.sink);
	exports_report(c.x, &c.sink);
	assert_int_equal(c.sink.report_count, 16);
	for (size_t i = 1; i < c.sink.report_count; i++)
		assert_true(address_compare(
				&c.sink.reports[i - 1].exporter, &c.sink.reports[i].exporter) <= 0);
	export_sink_clear(&c.sink);
	exports_report(c.x, &c.sink);
	assert_int_equal(c.sink.report_count, 0);
	collector_release(&c);
}

/* Over UDP a template has to be repeated: three times its interval, at least half an hour. */
static void
expiry(void **state)
{
	const nsec_t minute = 60 * NSEC_PER_SEC;
	struct collector c;

	(void)state;
	for (unsigned stream = 0; stream < 2; stream++) {
		collector_init(&c);
		c.message.stream = stream;
		begin(9, 0);
		BUILD_TEMPLATE(&built, 256, BUILD_FLOW);
		collector_send(&c, &built);
		c.message.time += 10 * minute;
		collector_send(&c, &built);
		begin(9, 1);
		build_flows(&built, 256, 1);
		c.message.time += 89 * minute;
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, 1);
		c.message.time += 2 * minute;
		collector_send(&c, &built);
		assert_int_equal(c.sink.record_count, stream);
		assert_int_equal(collector_drops(&c, DROP_EXPORT_TEMPLATE_EXPIRED), 1 - stream);
		collector_release(&c);
	}
}

static void
not_a_flow(void **state)
{
	static const uint16_t FIELDS[] = { 234, 4, 236, 16 };
	struct collector c;
	struct exporter_report r;

	(void)state;
	collector_init(&c);
	begin(10, 0);
	BUILD_TEMPLATE(&built, 256, FIELDS);
	build_set(&built, 256);
	build_number(&built, 1, 60);
	build_set_end(&built);
	collector_send(&c, &built);
	assert_int_equal(c.sink.record_count, 0);
	assert_int_equal(collector_drops(&c, DROP_EXPORT_NOT_FLOW), 3);
	begin(10, 3); /* they count for the sequence */
	build_flows(&built, 300, 0);
	collector_send(&c, &built);
	r = collector_report(&c);
	assert_int_equal(r.lost, 0);
	collector_release(&c);
}

static void
unknown_versions(void **state)
{
	struct collector c;
	uint8_t octets[64] = { 0 };

	(void)state;
	collector_init(&c);
	for (unsigned version = 0; version < 20; version++) {
		put_be16(octets, (uint16_t)version);
		for (size_t size = 0; size < sizeof octets; size++) {
			collector_send_octets(&c, octets, size);
			assert_int_equal(c.sink.record_count, 0);
		}
	}
	assert_true(collector_drops(&c, DROP_EXPORT_VERSION) > 0);
	collector_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_before_template),
		cmocka_unit_test(data_waits_for_its_template),
		cmocka_unit_test(data_waits_no_longer_than_a_minute),
		cmocka_unit_test(data_waits_in_limited_room),
		cmocka_unit_test(template_after_data),
		cmocka_unit_test(template_id_below_256),
		cmocka_unit_test(field_of_wrong_length),
		cmocka_unit_test(field_of_variable_length),
		cmocka_unit_test(variable_length_beyond_the_set),
		cmocka_unit_test(template_of_no_octets),
		cmocka_unit_test(template_of_many_fields),
		cmocka_unit_test(template_changes),
		cmocka_unit_test(withdrawal),
		cmocka_unit_test(templates_are_apart),
		cmocka_unit_test(padding),
		cmocka_unit_test(zero_filled),
		cmocka_unit_test(set_lengths_that_lie),
		cmocka_unit_test(reserved_sets),
		cmocka_unit_test(truncation),
		cmocka_unit_test(ipfix_length),
		cmocka_unit_test(quotas),
		cmocka_unit_test(expiry),
		cmocka_unit_test(not_a_flow),
		cmocka_unit_test(unknown_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
