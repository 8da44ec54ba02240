/* SPDX-License-Identifier: ISC */
/* Which kind of leak a name is. */
#include "analysis/dns/collision.h"
#include "net/dns.h"
#include "test.h"

struct name {
	uint8_t octets[DNS_NAME_MAX];
	size_t size;
};

static struct name
name_of(const char *text)
{
	struct err_info why = { .text = "" };
	struct name n;

	if (dns_name_parse(text, n.octets, &n.size, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return n;
}

static enum collision_class
class_of(const char *label)
{
	return collision_classify((const uint8_t *)label, strlen(label));
}

static void
classes(void **state)
{
	(void)state;
	assert_int_equal(class_of("local"), COLLISION_SPECIAL);
	assert_int_equal(class_of("onion"), COLLISION_SPECIAL);
	assert_int_equal(class_of("internal"), COLLISION_PRIVATE);
	assert_int_equal(class_of("corp"), COLLISION_HIGH_RISK);
	assert_int_equal(class_of("mail"), COLLISION_HIGH_RISK);
	assert_int_equal(class_of("belkin"), COLLISION_OTHER);
	assert_int_equal(class_of("pk5001z"), COLLISION_OTHER);
	assert_int_equal(class_of("20"), COLLISION_GARBAGE);
	assert_int_equal(class_of("a b"), COLLISION_GARBAGE);
	assert_int_equal(class_of("\203"), COLLISION_GARBAGE);
}

static bool
is_random(const char *text)
{
	struct name n = name_of(text);
	struct dns_message m = { .name = n.octets,
		.name_size = (uint8_t)n.size,
		.labels = (uint8_t)dns_name_labels(n.octets, n.size) };

	return collision_is_random_single(&m);
}

/* 7 to 15 letters, one label. */
static void
random_labels(void **state)
{
	(void)state;
	assert_true(is_random("qwjhzxk"));
	assert_true(is_random("abcdefghijklmno"));
	assert_false(is_random("abcdef"));
	assert_false(is_random("abcdefghijklmnop"));
	assert_false(is_random("qwjhz4k"));
	assert_false(is_random("qwjhzxk.local"));
	assert_false(is_random("localhost"));
	assert_false(is_random("internal"));
}

static enum collision_service
service_of(const char *text)
{
	struct name n = name_of(text);

	return collision_service_of(n.octets, n.size);
}

static void
services(void **state)
{
	(void)state;
	assert_int_equal(service_of("wpad.corp"), SERVICE_WPAD);
	assert_int_equal(service_of("isatap.home"), SERVICE_ISATAP);
	assert_int_equal(
	    service_of("_ldap._tcp.site._sites.dc._msdcs.ad.local"), SERVICE_DIRECTORY);
	assert_int_equal(service_of("_kerberos._tcp.dc._msdcs.ad.local"), SERVICE_KERBEROS);
	assert_int_equal(service_of("b._dns-sd._udp.lan"), SERVICE_DISCOVERY);
	assert_int_equal(service_of("autodiscover.corp"), SERVICE_MAIL);
	assert_int_equal(service_of("_sip._udp.corp"), SERVICE_SIP);
	assert_int_equal(service_of("printer.corp"), SERVICE_COUNT);
	assert_int_equal(service_of("swpad.corp"), SERVICE_COUNT);
}

/* The suffix as text, "" without one. */
static const char *
search_list(const char *text, char found[DNS_NAME_TEXT_SIZE])
{
	struct name n = name_of(text);
	size_t tld = 0, at;

	for (at = 0; n.octets[at] != 0; at += 1 + (size_t)n.octets[at])
		tld = at;
	at = collision_search_list(NULL, n.octets, n.size, tld);
	if (at == 0)
		return "";
	return dns_name_text(n.octets + at, n.size - at, found);
}

static void
search_lists(void **state)
{
	char text[DNS_NAME_TEXT_SIZE];

	(void)state;
	assert_string_equal(search_list("www.example.com.corp", text), "corp");
	assert_string_equal(search_list("www.example.com.ad.example.lan", text), "ad.example.lan");
	assert_string_equal(search_list("example.net.home", text), "home");
	assert_string_equal(search_list("com.corp", text), "");
	assert_string_equal(search_list("www.example.corp", text), "");
	assert_string_equal(search_list("printer.cloud.corp", text), "");
	/* Without a public suffix list no country is known. */
	assert_string_equal(search_list("www.example.co.jp.lan", text), "");
	assert_string_equal(search_list("corp", text), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes),
		cmocka_unit_test(random_labels),
		cmocka_unit_test(services),
		cmocka_unit_test(search_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
