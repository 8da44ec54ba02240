/* SPDX-License-Identifier: ISC */
/* DNS transactions in the store: every column, what privacy masks, files of days, retention. */
#include "net/dns.h"
#include "store_test.h"

#define DAY 16000

/* What a message points to. */
struct sample {
	struct dns_message message;
	uint8_t name[255];
	uint8_t data[64];
};

/* www.example.co.jp A, answered NOERROR with 192.0.2.80 after 1.5 ms, seen from both sides. */
static void
make_sample(struct sample *s, const char *client)
{
	static const uint8_t SERVER[4] = { 192, 0, 2, 53 };
	static const uint8_t ANSWER[4] = { 192, 0, 2, 80 };
	static const uint8_t SUBNET[3] = { 198, 51, 103 };
	size_t size = 0;

	*s = (struct sample){ 0 };
	OK(dns_name_parse("www.example.co.jp", s->name, &size, &why));
	memcpy(s->data, ANSWER, 4);
	memcpy(s->data + 4, SUBNET, 3);
	s->message = (struct dns_message){
		.time = DAY * DAY_NS + NSEC_PER_SEC,
		.server = address_from_ipv4(SERVER),
		.client_port = 40000,
		.server_port = 53,
		.flags = DNS_RESPONSE | DNS_QUESTION | DNS_EDNS | DNS_ECS | DNS_RECURSED,
		.transport = DNS_TCP,
		.view = DNS_VIEW_CLIENT,
		.match = DNS_MATCHED,
		.ttl = 61,
		.id = 0xbeef,
		.bits = 0x8000 | DNS_RD | DNS_RA | DNS_AD,
		.counts = { 1, 2, 3, 4 },
		.rcode = 0,
		.labels = 4,
		.name_size = (uint8_t)size,
		.tld_offset = 15,
		.site_offset = 4,
		.query_flags =
		    DNS_QUESTION | DNS_CASE_MIXED | DNS_EDNS | DNS_DO | DNS_COOKIE_CLIENT,
		.name = s->name,
		.type = DNS_TYPE_A,
		.class = DNS_CLASS_IN,
		.data = s->data,
		.size = sizeof s->data,
		.addresses_size = { 4 },
		.address_count = 1,
		.edns_version = 0,
		.ecs_family = 1,
		.ecs_source = 24,
		.ede_count = 1,
		.ecs_at = 4,
		.ede = { 15 },
		.edns_size = 1400,
		.message_size = 200,
		.latency = 1500 * NSEC_PER_US,
		.query_size = 60,
		.query_edns_size = 1232,
		.retransmissions = 2,
	};
	assert_int_equal(address_parse(client, &s->message.client), ERR_OK);
}

static void
append(struct store *store, const struct sample *s, bool answered, bool asked,
    struct store_privacy privacy)
{
	struct dns_transaction t = { &s->message, answered, asked };
	struct store_transactions all = { 1, DAY * DAY_NS, privacy, &t, 1 };

	OK(store_append_transactions(store, &all, &why));
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

/* Conditions that hold for the sample with all of its addresses. */
static const char *const COLUMNS[] = {
	"input = 1",
	"window_begin = 1382400000000",
	"time = 1382400000998", /* the query's */
	"answered = 1",
	"asked = 1",
	"dns_id = 48879",
	"dns_qname = 'www.example.co.jp'",
	"dns_domainname = 'example.co.jp'",
	"dns_tld = 'jp'",
	"dns_labels = 4",
	"dns_qtype = 1 AND dns_type_text(dns_qtype) = 'A'",
	"dns_qclass = 1",
	"dns_opcode = 0",
	"dns_rcode = 0 AND dns_rcode_text(dns_rcode) = 'NOERROR'",
	"ip_version = 4",
	"prot = 6",
	"transport = 'tcp'",
	"view = 'client'",
	"match = 'matched'",
	"ip_ttl = 61",
	"ip_src = address('198.51.103.77')",
	"ip_src_length = 32",
	"prot_src_port = 40000",
	"ip_dst = address('192.0.2.53')",
	"prot_dst_port = 53",
	"dns_aa = 0 AND dns_tc = 0 AND dns_rd = 1 AND dns_ra = 1 AND dns_ad = 1 AND dns_cd = 0",
	"dns_qdcount = 1 AND dns_ancount = 2 AND dns_nscount = 3 AND dns_arcount = 4",
	"dns_req_len = 60",
	"dns_res_len = 200",
	"dns_proc_time_us = 1500",
	"dns_retransmissions = 2",
	"dns_case_mixed = 1",
	"fragmented = 0",
	"edns = 1",
	"edns_udp = 1232",
	"edns_version = 0",
	"edns_do = 1",
	"edns_cookie_client = 1",
	"edns_cookie_server = 0",
	"edns_ecs = address('198.51.103.0')",
	"edns_ecs_length = 24",
	"edns_ext_error_count = 1",
	"edns_ext_error = 15",
	"answer_addresses = address('192.0.2.80')",
};

static void
check_columns(struct store *store)
{
	for (size_t i = 0; i < sizeof COLUMNS / sizeof COLUMNS[0]; i++) {
		char *sql = xasprintf("SELECT count(*) FROM dns WHERE %s", COLUMNS[i]);
		if (test_ask(store, sql) != 1)
			fail_msg("not so: %s", COLUMNS[i]);
		free(sql);
	}
}

static void
test_every_column(void **state)
{
	char *directory = test_directory();
	struct sample s;

	(void)state;
	for (int in_memory = 0; in_memory < 2; in_memory++) {
		struct store *store = test_open(in_memory ? NULL : directory, STORE_WRITE);
		register_input(store);
		make_sample(&s, "198.51.103.77");
		append(store, &s, true, true, STORE_PRIVACY_NONE);
		OK(store_commit(store, &why));
		check_columns(store);
		assert_int_equal(
		    test_ask(store, "SELECT ip_src_low FROM dns_numbers"), 0xffffc633674dU);
		store_close(store);
	}
	struct store *again = test_open(directory, STORE_READ);
	check_columns(again);
	store_close(again);
	test_remove(directory);
}

/* IIJ's profile: /22 and /40, client subnets likewise; servers stay. */
static void
test_privacy(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct sample s;

	(void)state;
	register_input(store);
	make_sample(&s, "198.51.103.77");
	append(store, &s, true, true, STORE_PRIVACY_IIJ2020);
	make_sample(&s, "2001:db8:1234:5678::9");
	s.message.ecs_family = 2;
	s.message.ecs_source = 20;
	append(store, &s, true, true, STORE_PRIVACY_IIJ2020);
	OK(store_commit(store, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns WHERE ip_src = "
					 "address('198.51.100.0') AND ip_src_length = 22 AND "
					 "edns_ecs = address('198.51.100.0') AND "
					 "edns_ecs_length = 22 AND ip_dst = address('192.0.2.53')"),
	    1);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns WHERE ip_src = "
					 "address('2001:db8:1200::') AND ip_src_length = 40 AND "
					 "ip_version = 6 AND edns_ecs = address('c633:6000::') AND "
					 "edns_ecs_length = 20"),
	    1);
	store_close(store);
}

/* A query without answer says so; its answer's columns are 0, and so is what nobody asked. */
static void
test_halves(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct sample s;

	(void)state;
	register_input(store);
	make_sample(&s, "198.51.103.77");
	s.message.rcode = 3;
	append(store, &s, true, false, STORE_PRIVACY_NONE);
	s.message.latency = -1;
	s.message.message_size = 60;
	append(store, &s, false, true, STORE_PRIVACY_NONE);
	OK(store_commit(store, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns WHERE answered = 1 AND asked = "
					 "0 AND dns_rcode = 3 AND dns_req_len = 0 AND dns_res_len "
					 "= 200 AND dns_proc_time_us = 0 AND edns_udp = 1400 AND "
					 "time = 1382400001000"),
	    1);
	assert_int_equal(
	    test_ask(store, "SELECT count(*) FROM dns WHERE answered = 0 AND asked = 1 AND "
			    "dns_rcode = 0 AND dns_req_len = 60 AND dns_res_len = 0"),
	    1);
	store_close(store);
}

static uint64_t
ask_name(struct store *store, const char *column)
{
	char *sql = xasprintf("SELECT length(%s) FROM dns", column);
	uint64_t number = test_ask(store, sql);

	free(sql);
	return number;
}

/* Names whose octets are no letters, the longest, the root, and none. */
static void
test_names(void **state)
{
	static const struct {
		const char *text;
		uint8_t site_offset;
		size_t length, domain, tld;
	} CASES[] = {
		{ "a\\.b.c\\\\.d", 7, 10, 1, 1 },
		{ "\\000\\255.example", 0xff, 16, 16, 7 },
		{ ".", 0xff, 1, 1, 1 },
	};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		struct store *store = test_open(NULL, STORE_WRITE);
		size_t size = 0;
		make_sample(&s, "198.51.103.77");
		OK(dns_name_parse(CASES[i].text, s.name, &size, &why));
		s.message.name_size = (uint8_t)size;
		s.message.labels = (uint8_t)dns_name_labels(s.name, size);
		s.message.site_offset = CASES[i].site_offset;
		append(store, &s, true, true, STORE_PRIVACY_NONE);
		OK(store_commit(store, &why));
		assert_int_equal(ask_name(store, "dns_qname"), CASES[i].length);
		assert_int_equal(ask_name(store, "dns_domainname"), CASES[i].domain);
		assert_int_equal(ask_name(store, "dns_tld"), CASES[i].tld);
		store_close(store);
	}
}

/* Many rows with the longest text there is, over several chunks. */
static void
test_longest(void **state)
{
	struct store *store = test_open(NULL, STORE_WRITE);
	struct dns_transaction *all = xcalloc(5000, sizeof *all);
	struct sample s;
	struct store_transactions rows = { 1, 0, STORE_PRIVACY_NONE, all, 5000 };

	(void)state;
	make_sample(&s, "198.51.103.77");
	memset(s.name, 0, sizeof s.name);
	s.name[0] = 63;
	s.name[64] = 63;
	s.name[128] = 63;
	s.name[192] = 61;
	s.message.name_size = 255;
	s.message.labels = 4;
	s.message.site_offset = 128;
	s.message.address_count = DNS_ADDRESSES;
	memset(s.message.addresses_size, 16, sizeof s.message.addresses_size);
	for (size_t i = 0; i < 5000; i++)
		all[i] = (struct dns_transaction){ &s.message, true, true };
	OK(store_append_transactions(store, &rows, &why));
	OK(store_commit(store, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns WHERE length(dns_qname) = 1003 "
					 "AND length(dns_domainname) = 497 AND "
					 "octet_length(answer_addresses) = 128"),
	    5000);
	free(all);
	store_close(store);
}

/* Each day has its file; retention takes rows to the millisecond and files when they are old, and
 * leaves flows alone. */
static void
test_days(void **state)
{
	char *directory = test_directory();
	struct store *store = test_open(directory, STORE_WRITE);
	struct store_retention keep = { .transactions = DAY_NS };
	struct flow *flow = test_flows(1, DAY * DAY_NS, 1);
	struct sample s;

	(void)state;
	register_input(store);
	OK(store_append_flows(store, 1, DAY * DAY_NS, flow, 1, &why));
	for (int i = 0; i < 8; i++) {
		make_sample(&s, "198.51.103.77");
		s.message.time += i * (DAY_NS / 4);
		append(store, &s, true, true, STORE_PRIVACY_IIJ2020);
	}
	OK(store_commit(store, &why));
	char *first = xasprintf("%s/dns/2013-10-22.duckdb", directory);
	assert_int_equal(access(first, F_OK), 0);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns"), 8);
	OK(store_retain(store, &keep, (DAY + 1) * DAY_NS + DAY_NS / 2, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns"), 6);
	assert_int_equal(access(first, F_OK), 0);
	OK(store_retain(store, &keep, (DAY + 2) * DAY_NS, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns"), 4);
	assert_int_not_equal(access(first, F_OK), 0);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM flows"), 1);
	OK(store_check(store, &why));
	OK(store_drop_before(store, (DAY + 3) * DAY_NS, &why));
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns"), 0);
	free(first);
	free(flow);
	store_close(store);
	test_remove(directory);
}

/* What was never committed is not there, also after the process is gone. */
static void
test_rollback(void **state)
{
	char *directory = test_directory();
	struct store *store = test_open(directory, STORE_WRITE);
	struct sample s;

	(void)state;
	register_input(store);
	make_sample(&s, "198.51.103.77");
	append(store, &s, true, true, STORE_PRIVACY_IIJ2020);
	OK(store_commit(store, &why));
	append(store, &s, true, true, STORE_PRIVACY_IIJ2020);
	store_rollback(store);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns"), 1);
	append(store, &s, true, true, STORE_PRIVACY_IIJ2020);
	store_close(store);
	store = test_open(directory, STORE_WRITE);
	assert_int_equal(test_ask(store, "SELECT count(*) FROM dns"), 1);
	store_close(store);
	test_remove(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_column),
		cmocka_unit_test(test_privacy),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_rollback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
