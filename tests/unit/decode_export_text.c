/* SPDX-License-Identifier: ISC */
/* Lines of tables of flows: both vocabularies of nfdump, and lines that are wrong. */
#include "decode_sflow_build.h"
#include "obs/packet.h"

static void
give(struct collecting *c, const char *text)
{
	size_t size = strlen(text);
	uint8_t *copy = malloc(size + 1);

	assert_non_null(copy);
	memcpy(copy + 1, text, size);
	exports_text(c->exports,
	    &(struct export_message){
		.stream = 1, .time = 7, .data = copy + 1, .size = size, .input_offset = 1000 },
	    &c->sink);
	free(copy);
}

static void
assert_address(const struct address *a, const char *expected)
{
	char text[ADDRESS_TEXT_SIZE];

	assert_string_equal(address_format(a, text), expected);
}

#define OLD_NAMES                                                                            \
	"ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,"   \
	"dtos,dir,nh,nhb,svln,dvln,ismc,odmc,idmc,osmc,mpls1,mpls2,mpls3,mpls4,mpls5,mpls6," \
	"mpls7,mpls8,mpls9,mpls10,cl,sl,al,ra,eng,exid,tr\n"
#define OLD_LINE                                                                             \
	"2014-05-31 23:59:16,2014-06-01 00:00:00,43.967,100.117.68.24,118.49.242.235,33956," \
	"443,TCP,...AP.SF,64,8,43,3570,0,0,11,4,17,155,24,20,0,1,192.0.2.1,0.0.0.0,5,6,"     \
	"00:11:22:33:44:55,00:00:00:00:00:00,00:00:00:00:00:00,00:00:00:00:00:00,"           \
	"100-3-0,200-0-1,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,0-0-0,"                   \
	"    0.000,    0.000,    0.000,198.51.100.9,2/1,1,2014-06-01 00:00:01.591\n"

static void
test_old_names(void **state)
{
	struct collecting c;
	const struct flow_record *r;

	(void)state;
	collecting_begin(&c);
	give(&c, OLD_NAMES OLD_LINE);
	assert_int_equal(c.sink.record_count, 1);
	r = &c.sink.records[0];
	assert_address(&r->flow.source, "100.117.68.24");
	assert_address(&r->flow.destination, "118.49.242.235");
	assert_int_equal(r->flow.source_port, 33956);
	assert_int_equal(r->flow.destination_port, 443);
	assert_int_equal(r->flow.protocol, 6);
	assert_int_equal(r->flow.tcp_flags[0], TCP_FIN | TCP_SYN | TCP_PSH | TCP_ACK);
	assert_int_equal(r->flow.first[0], 1401580756 * NSEC_PER_SEC);
	assert_int_equal(r->flow.last[0], 1401580800 * NSEC_PER_SEC);
	assert_int_equal(r->flow.packets[0], 43);
	assert_int_equal(r->flow.octets[0], 3570);
	assert_int_equal(r->flow.packets[1], 0);
	assert_int_equal(r->flow.vlan, 5);
	assert_int_equal(r->tos, 8);
	assert_int_equal(r->ingress_interface, 11);
	assert_int_equal(r->egress_interface, 4);
	assert_int_equal(r->source_as, 17);
	assert_int_equal(r->destination_as, 155);
	assert_int_equal(r->source_mask, 24);
	assert_int_equal(r->destination_mask, 20);
	assert_int_equal(r->direction, RECORD_EGRESS);
	assert_address(&r->next_hop, "192.0.2.1");
	assert_address(&r->exporter, "198.51.100.9");
	assert_int_equal(r->domain, 0x201);
	assert_int_equal(r->protocol_version, EXPORT_TEXT);
	assert_int_equal(r->sampling, 0);
	assert_int_equal(r->input_offset, 1000 + strlen(OLD_NAMES));
	assert_int_equal(r->extra->forwarding_status, 64);
	assert_int_equal(r->extra->post_vlan, 6);
	assert_memory_equal(r->extra->source_mac, "\0\x11\x22\x33\x44\x55", 6);
	assert_int_equal(r->extra->mpls_count, 2);
	assert_int_equal(r->extra->mpls[0], 100 << 4 | 3 << 1);
	assert_int_equal(r->extra->mpls[1], 200 << 4 | 1);
	/* The names hold for later packets. */
	give(&c, OLD_LINE OLD_LINE);
	assert_int_equal(c.sink.record_count, 3);
	exports_report(c.exports, &c.sink);
	assert_int_equal(c.sink.report_count, 1);
	assert_int_equal(c.sink.reports[0].records, 3);
	collecting_end(&c);
}

static void
test_new_names(void **state)
{
	struct collecting c;
	const struct flow_record *r;

	(void)state;
	collecting_begin(&c);
	c.options.default_sampling = 100;
	exports_free(c.exports);
	c.exports = exports_new(&c.options);
	give(&c,
	    "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows,new\n"
	    "2025-02-11 09:51:56.123,1.500,ICMP6,2001:db8::1,0,2001:db8::2,128.0,3,312,1,x\n"
	    "1739267516.5,0,17,192.0.2.1(JP),53,192.0.2.2(US),9,1,60,1,");
	assert_int_equal(c.sink.record_count, 2);
	r = &c.sink.records[0];
	assert_int_equal(r->flow.ip_version, 6);
	assert_int_equal(r->flow.protocol, 58);
	assert_int_equal(r->flow.source_port, 0);
	assert_int_equal(r->flow.destination_port, 128 << 8);
	assert_int_equal(r->flow.last[0] - r->flow.first[0], 1500 * NSEC_PER_MS);
	assert_int_equal(r->sampling, 100);
	assert_int_equal(r->sampling_source, SAMPLING_CONFIGURED);
	r = &c.sink.records[1];
	assert_int_equal(r->flow.protocol, 17);
	assert_int_equal(r->flow.first[0], 1739267516 * NSEC_PER_SEC + 500 * NSEC_PER_MS);
	assert_address(&r->flow.source, "192.0.2.1");
	collecting_end(&c);
}

static void
test_both_directions(void **state)
{
	struct collecting c;

	(void)state;
	collecting_begin(&c);
	give(&c, "ts,te,sa,da,sp,dp,pr,ipkt,ibyt,opkt,obyt\n"
		 "2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,3,300,4,400\n"
		 "2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,0,0,5,500\n");
	assert_int_equal(c.sink.record_count, 2);
	assert_int_equal(c.sink.records[0].flow.octets[0], 300);
	assert_int_equal(c.sink.records[0].flow.octets[1], 400);
	assert_int_equal(c.sink.records[1].flow.octets[0], 500);
	assert_int_equal(c.sink.records[1].flow.octets[1], 0);
	collecting_end(&c);
}

static void
test_wrong_lines(void **state)
{
	static const char *const LINES[] = {
		"2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,3\n",
		"2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,3,4,5\n",
		"2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2,192.0.2.2,1,2,UDP,3,4\n",
		"2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,2001:db8::1,1,2,UDP,3,4\n",
		"2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,70000,2,UDP,3,4\n",
		"2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,XYZ,3,4\n",
		"2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,-3,4\n",
		("2014-06-01 00:00:00,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,3,"
		 "99999999999999999999\n"),
		"2014-06-31 00:00:99,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,3,4\n",
		"2014-06-01 00:00:02,2014-06-01 00:00:01,192.0.2.1,192.0.2.2,1,2,UDP,3,4\n",
		"2014-06-01 00:00:00,2014-06-01 00:00:01,,,1,2,UDP,3,4\n",
		",,,,,,,,\n",
		"\1\2\3\n",
	};
	struct collecting c;

	(void)state;
	collecting_begin(&c);
	/* Before any line of names nothing means anything. */
	give(&c, LINES[0]);
	assert_int_equal(c.drops.count[DROP_EXPORT_TEXT], 1);
	give(&c, "ts,te,sa,da,sp,dp,pr,ipkt,ibyt\n");
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++)
		give(&c, LINES[i]);
	assert_int_equal(c.sink.record_count, 0);
	assert_int_equal(c.drops.count[DROP_EXPORT_TEXT], 1 + sizeof LINES / sizeof LINES[0]);
	collecting_end(&c);
}

/* A good line cut at each length is delivered or counted, and nothing is read beyond it. */
static void
test_every_cut(void **state)
{
	static const char TEXT[] = OLD_NAMES OLD_LINE;

	(void)state;
	for (size_t size = strlen(OLD_NAMES) + 1; size < sizeof TEXT; size++) {
		struct collecting c;
		char cut[sizeof TEXT];

		memcpy(cut, TEXT, size);
		cut[size] = '\0';
		collecting_begin(&c);
		give(&c, cut);
		assert_int_equal(c.sink.record_count + c.drops.count[DROP_EXPORT_TEXT], 1);
		collecting_end(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_old_names),
		cmocka_unit_test(test_new_names),
		cmocka_unit_test(test_both_directions),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
