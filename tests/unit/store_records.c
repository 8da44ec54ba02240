/* SPDX-License-Identifier: ISC */
/* Flow records of exporters in the store: every column, beside metered flows, at the extremes. */
#include "store_test.h"

#define DAY 16000

static struct flow_record
make_record(uint64_t octets, uint32_t sampling)
{
	static const uint8_t EXPORTER[4] = { 198, 51, 100, 1 };
	static const uint8_t HOP[4] = { 198, 51, 100, 2 };
	struct flow *flow = test_flows(1, DAY * DAY_NS + NSEC_PER_SEC, octets);
	struct flow_record r = {
		.flow = *flow,
		.exporter = address_from_ipv4(EXPORTER),
		.domain = 256,
		.sampling = sampling,
		.ingress_interface = 10,
		.egress_interface = 4000000000,
		.source_as = 65536,
		.destination_as = 4200000000,
		.next_hop = address_from_ipv4(HOP),
		.source_mask = 24,
		.destination_mask = 48,
		.tos = 184,
		.direction = RECORD_EGRESS,
		.protocol_version = EXPORT_IPFIX,
		.sampling_source = SAMPLING_CONFIGURED,
		.selector = 65535,
	};

	free(flow);
	return r;
}

static void
append(struct store *store, const struct flow_record *records, size_t count)
{
	const struct flow_record **pointers = xcalloc(count, sizeof *pointers);

	for (size_t i = 0; i < count; i++)
		pointers[i] = &records[i];
	OK(store_append_records(store, 1, DAY * DAY_NS, pointers, count, &why));
	free(pointers);
}

static void
register_input(struct store *store)
{
	struct store_input input = {
		.path = "-", .kind = "pcap", .octets = UINT64_MAX, .settings = "a", .damage = ""
	};
	enum store_input_state state;
	uint64_t resume;

	OK(store_input_begin(store, &input, NULL, &state, &resume, &why));
	assert_int_equal(input.id, 1);
}

/* Conditions that hold for one row of make_record(1500, 1000). */
static const char *const COLUMNS[] = {
	"exporter_address = address('198.51.100.1')",
	"observation_domain_id = 256",
	"export_protocol = 10",
	"sampling_interval = 1000",
	"sampling_source = 'configured'",
	"selector_id = 65535",
	"flow_direction = 1",
	"ingress_interface = 10",
	"egress_interface = 4000000000",
	"bgp_source_as_number = 65536",
	"bgp_destination_as_number = 4200000000",
	"ip_class_of_service = 184",
	"next_hop_address = address('198.51.100.2')",
	"source_prefix_length = 24",
	"destination_prefix_length = 48",
	"octet_delta_count = 1500",
	"packet_delta_count = 1",
	"estimated_octets = 1500000",
	"estimated_packets = 1000",
	"source_address = address('192.0.2.0')",
	"ip_version = 4",
};

/* And for a flow that was metered here. */
static const char *const METERED[] = {
	"exporter_address = address('::')",
	"observation_domain_id = 0",
	"export_protocol = 0",
	"sampling_interval = 1",
	"sampling_source = 'metered'",
	"ingress_interface = 0",
	"bgp_source_as_number = 0",
	"flow_direction = 0",
	"ip_class_of_service = 0",
	"estimated_octets = octet_delta_count + reverse_octet_delta_count",
	"estimated_packets = packet_delta_count + reverse_packet_delta_count",
};

static void
check_columns(struct store *store)
{
	for (size_t i = 0; i < sizeof COLUMNS / sizeof COLUMNS[0]; i++) {
		char *sql = xasprintf(
		    "SELECT count(*) FROM flows WHERE export_protocol > 0 AND %s", COLUMNS[i]);
		if (test_ask(store, sql) != 1)
			fail_msg("%s", COLUMNS[i]);
		free(sql);
	}
	for (size_t i = 0; i < sizeof METERED / sizeof METERED[0]; i++) {
		char *sql = xasprintf(
		    "SELECT count(*) FROM flows WHERE export_protocol = 0 AND %s", METERED[i]);
		if (test_ask(store, sql) != 10)
			fail_msg("%s", METERED[i]);
		free(sql);
	}
}

static void
every_column_comes_back(void **state)
{
	char *directory = test_directory();
	struct flow *flows = test_flows(10, DAY * DAY_NS + NSEC_PER_SEC, 100);
	struct flow_record record = make_record(1500, 1000);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct store *store = test_open(i == 0 ? NULL : directory, STORE_WRITE);
		register_input(store);
		OK(store_append_flows(store, 1, 0, flows, 10, &why));
		append(store, &record, 1);
		OK(store_commit(store, &why));
		check_columns(store);
		store_close(store);
	}
	struct store *store = test_open(directory, STORE_READ);
	check_columns(store);
	OK(store_check(store, &why));
	store_close(store);
	free(flows);
	test_remove(directory);
}

/* What a store holds that knows no records yet: flows by day, and nothing else.  Records go beside
 * them, and readers see both. */
static void
days_without_records_open(void **state)
{
	char *directory = test_directory();
	struct flow *flows = test_flows(10, DAY * DAY_NS, 100);
	struct flow_record record = make_record(1500, 0);
	struct store *store = test_open(directory, STORE_WRITE);

	(void)state;
	register_input(store);
	OK(store_append_flows(store, 1, 0, flows, 10, &why));
	OK(store_commit(store, &why));
	store_close(store);
	store = test_open(directory, STORE_READ);
	assert_int_equal(test_ask(store, "SELECT sum(estimated_octets) FROM flows"), 1045);
	assert_int_equal(
	    test_ask(store, "SELECT count(*) FROM flows WHERE ingress_interface = 0"), 10);
	store_close(store);

	store = test_open(directory, STORE_WRITE);
	append(store, &record, 1);
	OK(store_commit(store, &why));
	append(store, &record, 1);
	store_rollback(store);
	store_close(store);
	store = test_open(directory, STORE_READ);
	assert_int_equal(test_ask(store, "SELECT sum(estimated_octets) FROM flows"), 2545);
	assert_int_equal(
	    test_ask(store, "SELECT sum(sampling_interval) FROM flows WHERE export_protocol > 0"),
	    0);
	store_close(store);
	free(flows);
	test_remove(directory);
}

static void
no_record_makes_a_query_fail(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct flow_record records[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		records[i] = make_record(UINT64_MAX, UINT32_MAX);
		records[i].flow.octets[1] = records[i].flow.packets[1] = UINT64_MAX;
		records[i].flow.first[1] = INT64_MIN;
		records[i].flow.last[1] = INT64_MAX;
		records[i].sampling_source = 255;
		records[i].direction = records[i].protocol_version = 255;
	}
	append(store, records, 3);
	OK(store_commit(store, &why));
	assert_true(test_ask(store, "SELECT max(estimated_octets) FROM flows") == UINT64_MAX);
	assert_int_equal(
	    test_ask(store, "SELECT count(*) FROM flows WHERE sampling_source = ''"), 3);
	assert_int_equal(
	    test_ask(store, "SELECT count(*) FROM (SELECT * FROM flows ORDER BY ALL)"), 3);
	store_close(store);
}

/* More than a chunk, by batches, over midnight. */
static void
many_records_go_to_their_days(void **state)
{
	enum { COUNT = 5000 };
	char *directory = test_directory();
	struct store *store = test_open(directory, STORE_WRITE);
	struct flow_record *records = xcalloc(COUNT, sizeof *records);
	char *day = xasprintf("%s/flows/2013-10-23.duckdb", directory);

	(void)state;
	register_input(store);
	for (int i = 0; i < COUNT; i++) {
		records[i] = make_record((uint64_t)i, 2);
		records[i].flow.last[0] = records[i].flow.first[0] =
		    (DAY + 1) * DAY_NS + (i - COUNT / 2) * NSEC_PER_MS;
	}
	for (int i = 0; i < COUNT; i += 200)
		append(store, records + i, 200);
	OK(store_commit(store, &why));
	assert_int_equal(access(day, F_OK), 0);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), COUNT);
	assert_int_equal(test_ask(store, "SELECT sum(estimated_octets) FROM flows"),
	    (uint64_t)COUNT * (COUNT - 1));
	OK(store_drop_before(store, (DAY + 1) * DAY_NS, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), COUNT / 2);
	store_close(store);
	free(records);
	free(day);
	test_remove(directory);
}

/* Flows of three days and a row of each: what is older goes, to the millisecond, and files of whole
 * days are removed. */
static void
old_flows_are_deleted(void **state)
{
	enum { HOURS = 72 };
	char *directory = test_directory();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct store *store = test_open(i == 0 ? NULL : directory, STORE_WRITE);
		struct rows *rows = rows_new(test_table());
		struct store_retention keep = { .flows = DAY_NS };
		struct flow_record record = make_record(1, 1);
		struct flow *flow = test_flows(1, 0, 1);

		OK(store_declare(store, test_table(), 1, &why));
		register_input(store);
		rows_u64(rows, 0, 1);
		rows_text(rows, 1, "x");
		rows_next(rows);
		for (int h = 0; h < HOURS; h++) {
			nsec_t time = DAY * DAY_NS + h * (DAY_NS / 24);
			flow->first[0] = flow->last[0] = time;
			record.flow.first[0] = record.flow.last[0] = time;
			OK(store_append_flows(store, 1, time, flow, 1, &why));
			append(store, &record, 1);
			OK(store_append(store, 1, time, rows, &why));
		}
		struct err_info early = { .text = "" };
		assert_int_equal(
		    store_drop_flows_before(store, (DAY + 1) * DAY_NS, &early), ERR_USAGE);
		OK(store_commit(store, &why));
		/* 60 hours after the beginning: 36 hours go. */
		OK(store_retain(store, &keep, DAY * DAY_NS + 60 * (DAY_NS / 24), &why));
		assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 2 * 36);
		assert_int_equal(test_ask(store, "SELECT min(flow_end_milliseconds) FROM flows"),
		    (DAY * DAY_NS + 36 * (DAY_NS / 24)) / NSEC_PER_MS);
		assert_int_equal(test_ask(store, "SELECT count(*) FROM test_rows"), HOURS);
		OK(store_drop_flows_before(
		    store, DAY * DAY_NS + 36 * (DAY_NS / 24) + NSEC_PER_MS, &why));
		assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 2 * 35);
		keep = (struct store_retention){ .windows = DAY_NS };
		OK(store_retain(store, &keep, (DAY + 3) * DAY_NS, &why));
		assert_int_equal(test_ask(store, "SELECT count(*) FROM test_rows"), 24);
		assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 2 * 35);
		/* It goes on. */
		append(store, &record, 1);
		OK(store_commit(store, &why));
		assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 2 * 35 + 1);
		store_close(store);
		rows_free(rows);
		free(flow);
	}
	char *first = xasprintf("%s/flows/2013-10-22.duckdb", directory);
	char *second = xasprintf("%s/flows/2013-10-23.duckdb", directory);
	assert_int_not_equal(access(first, F_OK), 0);
	assert_int_equal(access(second, F_OK), 0);
	free(first);
	free(second);
	test_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_comes_back),
		cmocka_unit_test(days_without_records_open),
		cmocka_unit_test(no_record_makes_a_query_fail),
		cmocka_unit_test(many_records_go_to_their_days),
		cmocka_unit_test(old_flows_are_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
