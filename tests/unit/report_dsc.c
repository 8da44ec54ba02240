/* SPDX-License-Identifier: ISC */
/* dsc's datasets: levels of names, order, limits, configurations that are wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dns.h"
#include "report/dsc.h"
#include "report/dsc_internal.h"
#include "test.h"

/* A configuration in a file; its name is in `path`. */
static enum err
configure(struct dsc *dsc, const char *text, struct err_info *info)
{
	char path[] = "/tmp/dsc-test-XXXXXX";
	int fd = mkstemp(path);
	enum err e;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	e = dsc_configure(dsc, path, info);
	(void)unlink(path);
	return e;
}

static char *
print(const struct dsc *dsc, enum dsc_format format)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	dsc_print(dsc, format, out);
	(void)fclose(out);
	return text;
}

/* A query of a client for a name; as wire format in `room`. */
static void
query(struct dsc *dsc, const char *client, const char *name, uint16_t type)
{
	uint8_t room[DNS_NAME_MAX];
	struct dns_message m = {
		.flags = DNS_QUESTION, .type = type, .class = DNS_CLASS_IN, .client_port = 5000
	};
	size_t size;

	assert_int_equal(dns_name_parse(name, room, &size, NULL), ERR_OK);
	assert_int_equal(address_parse(client, &m.client), ERR_OK);
	assert_int_equal(address_parse("192.0.2.53", &m.server), ERR_OK);
	m.name = room;
	m.name_size = (uint8_t)size;
	for (size_t at = 0; room[at] != 0; at += 1U + room[at])
		m.tld_offset = (uint8_t)at;
	dsc_message(dsc, &m);
}

static void
test_levels(void **state)
{
	struct dsc *dsc = dsc_new(NULL);

	(void)state;
	assert_string_equal(dsc_level(dsc, "a.b.c.d", 1), "d");
	assert_string_equal(dsc_level(dsc, "a.b.c.d", 2), "c.d");
	assert_string_equal(dsc_level(dsc, "c.d", 5), "c.d");
	assert_string_equal(dsc_level(dsc, "", 1), "");
	assert_string_equal(dsc_level(dsc, ".", 1), ".");
	dsc_names_add(&dsc->tlds, "co.uk", 5);
	dsc_names_add(&dsc->parents, "uk", 2);
	dsc_names_sort(&dsc->tlds);
	dsc_names_sort(&dsc->parents);
	assert_string_equal(dsc_level(dsc, "www.example.co.uk", 1), "co.uk");
	assert_string_equal(dsc_level(dsc, "www.example.co.uk", 2), "example.co.uk");
	assert_string_equal(dsc_level(dsc, "www.example.uk", 1), "uk");
	assert_string_equal(dsc_level(dsc, "www.example.com", 2), "example.com");
	dsc_free(dsc);
}

/* Types in the order of their coming, stably sorted; empty rows as far as the array has grown. */
static void
test_order_and_empty_rows(void **state)
{
	struct dsc *dsc = dsc_new(NULL);
	struct err_info why = { 0 };
	char *text;

	(void)state;
	assert_int_equal(configure(dsc,
			     "# a remark; with a semicolon\n"
			     "dataset all dns All:null Qtype:qtype queries-only;\n"
			     "dataset transports dns Transport:transport Qtype:qtype any;",
			     &why),
	    ERR_OK);
	query(dsc, "192.0.2.1", "a.example", DNS_TYPE_TXT);
	query(dsc, "192.0.2.1", "a.example", DNS_TYPE_MX);
	query(dsc, "192.0.2.1", "a.example", DNS_TYPE_A);
	query(dsc, "192.0.2.1", "a.example", DNS_TYPE_A);
	text = print(dsc, DSC_XML);
	assert_string_equal(text,
	    "<dscdata>\n"
	    "<array name=\"transports\" dimensions=\"2\" start_time=\"0\" stop_time=\"0\">\n"
	    "  <dimension number=\"1\" type=\"Transport\"/>\n"
	    "  <dimension number=\"2\" type=\"Qtype\"/>\n"
	    "  <data>\n"
	    "    <Transport val=\"udp\">\n"
	    "      <Qtype val=\"1\" count=\"2\"/>\n"
	    "      <Qtype val=\"16\" count=\"1\"/>\n"
	    "      <Qtype val=\"15\" count=\"1\"/>\n"
	    "    </Transport>\n"
	    "    <Transport val=\"tcp\">\n"
	    "    </Transport>\n"
	    "  </data>\n"
	    "</array>\n"
	    "<array name=\"all\" dimensions=\"2\" start_time=\"0\" stop_time=\"0\">\n"
	    "  <dimension number=\"1\" type=\"All\"/>\n"
	    "  <dimension number=\"2\" type=\"Qtype\"/>\n"
	    "  <data>\n"
	    "    <All val=\"ALL\">\n"
	    "      <Qtype val=\"1\" count=\"2\"/>\n"
	    "      <Qtype val=\"16\" count=\"1\"/>\n"
	    "      <Qtype val=\"15\" count=\"1\"/>\n"
	    "    </All>\n"
	    "  </data>\n"
	    "</array>\n"
	    "</dscdata>\n");
	free(text);
	dsc_free(dsc);
}

static void
test_max_cells(void **state)
{
	struct dsc *dsc = dsc_new(NULL);
	struct err_info why = { 0 };
	char *text;

	(void)state;
	assert_int_equal(configure(dsc,
			     "dataset c dns All:null Client:client queries-only max-cells=1;\n"
			     "dataset m dns All:null Client:client queries-only min-count=2;",
			     &why),
	    ERR_OK);
	query(dsc, "192.0.2.1", "a b.example", DNS_TYPE_A);
	query(dsc, "192.0.2.2", "a b.example", DNS_TYPE_A);
	query(dsc, "192.0.2.2", "a b.example", DNS_TYPE_A);
	query(dsc, "192.0.2.3", "a b.example", DNS_TYPE_A);
	text = print(dsc, DSC_JSON);
	assert_non_null(strstr(text, "      \"Client\": [\n"
				     "        { \"val\": \"192.0.2.2\", \"count\": 2 },\n"
				     "        { \"val\": \"-:SKIPPED:-\", \"count\": 2 },\n"
				     "        { \"val\": \"-:SKIPPED_SUM:-\", \"count\": 2 }\n"
				     "      ]\n"));
	free(text);
	dsc_free(dsc);
}

static unsigned
classified(const char *name, uint16_t type)
{
	struct dsc *dsc = dsc_new(NULL);
	struct err_info why = { 0 };
	unsigned class = 99;
	char *text;

	assert_int_equal(
	    configure(dsc, "dataset c dns Class:query_classification All:null any;", &why), ERR_OK);
	query(dsc, "192.0.2.1", name, type);
	for (size_t i = 0; i < dsc->datasets[0].size; i++)
		if (dsc->datasets[0].rows[i].size != 0)
			class = (unsigned)i;
	text = print(dsc, DSC_JSON);
	free(text);
	dsc_free(dsc);
	return class;
}

static void
test_classes(void **state)
{
	(void)state;
	assert_int_equal(classified("10.in-addr.arpa", DNS_TYPE_PTR), 6);
	assert_int_equal(classified("1.2.16.172.in-addr.arpa", DNS_TYPE_PTR), 6);
	assert_int_equal(classified("1.2.32.172.in-addr.arpa", DNS_TYPE_PTR), 0);
	assert_int_equal(classified("localhost", DNS_TYPE_A), 3);
	assert_int_equal(classified("a.root-servers.net", DNS_TYPE_A), 2);
	assert_int_equal(classified("192.0.2.1", DNS_TYPE_A), 4);
	assert_int_equal(classified(".", DNS_TYPE_A), 5);
	assert_int_equal(classified(".", DNS_TYPE_NS), 0);
	assert_int_equal(classified("host.local", DNS_TYPE_A), 1);
	assert_int_equal(classified("host.example", DNS_TYPE_DS), 8);
}

/* dsc's labels of ports belong to the value before. */
static void
test_ports(void **state)
{
	struct dsc *dsc = dsc_new(NULL);
	struct err_info why = { 0 };
	char *text;

	(void)state;
	assert_int_equal(configure(dsc,
			     "dataset r dns All:null R:dns_sport_range any;"
			     "dataset p dns All:null P:dns_source_port any;",
			     &why),
	    ERR_OK);
	query(dsc, "192.0.2.1", "a.example", DNS_TYPE_A);
	text = print(dsc, DSC_JSON);
	assert_non_null(strstr(text, "\"val\": \"3072-4095\""));
	assert_non_null(strstr(text, "\"val\": \"0\", \"count\": 1"));
	free(text);
	dsc_right_ports(dsc);
	text = print(dsc, DSC_JSON);
	assert_non_null(strstr(text, "\"val\": \"4096-5119\""));
	assert_non_null(strstr(text, "\"val\": \"5000\", \"count\": 1"));
	free(text);
	dsc_free(dsc);
}

static void
test_sample(void **state)
{
	struct dsc *dsc = dsc_new(NULL);
	char *text;

	(void)state;
	dsc_configure_sample(dsc);
	assert_int_equal(dsc->dataset_count, 21);
	assert_int_equal(dsc->local_count, 2);
	text = print(dsc, DSC_JSON);
	assert_int_equal(text[0], '[');
	free(text);
	dsc_free(dsc);
}

static void
test_wrong_configurations(void **state)
{
	static const char *const WRONG[] = {
		"",
		"dataset;",
		"dataset a dns All:null Qtype:qtype;",
		"dataset a tcp All:null Qtype:qtype any;",
		"dataset a dns All Qtype:qtype any;",
		"dataset a dns All:null Qtype:nothing any;",
		"dataset a dns All:null Qtype:qtype sometimes;",
		"dataset a dns All:null Qtype:qtype any max-cell=3;",
		"dataset a dns All:null Qtype:qtype any; local_address;",
		"dataset a dns All:null Qtype:qtype any; local_address 192.0.2.1 33;",
		"dataset a dns All:null Qtype:qtype any; local_address 192.0.2.1 ffff::;",
		"dataset a dns All:null Qtype:qtype any; client_v4_mask;",
		"dataset a dns All:null Qtype:qtype any; tld_list /does/not/exist;",
		"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a;",
		"dataset a dns All:null Qtype:qtype any",
		"dataset \"a dns All:null",
	};

	(void)state;
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
		struct dsc *dsc = dsc_new(NULL);
		struct err_info why = { 0 };

		assert_int_not_equal(configure(dsc, WRONG[i], &why), ERR_OK);
		assert_true(why.text[0] != '\0');
		dsc_free(dsc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_order_and_empty_rows),
		cmocka_unit_test(test_max_cells),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_wrong_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
