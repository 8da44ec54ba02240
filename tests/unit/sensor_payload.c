/* SPDX-License-Identifier: ISC */
/* What payloads are recognised as, whole and cut at every octet. */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "sensor/payload.h"
#include "test.h"

/* Octets of exactly their size, for the sanitizer. */
static void
recognise(const void *data, size_t size, struct payload_facts *facts, uint8_t **ret_copy)
{
	*ret_copy = xmalloc(size + 1);
	memcpy(*ret_copy, data, size);
	*ret_copy = xrealloc_array(*ret_copy, size == 0 ? 1 : size, 1);
	payload_recognise(*ret_copy, size, facts);
}

static void
assert_fact(const struct payload_facts *facts, const char *key, const char *value)
{
	for (size_t i = 0; i < facts->count; i++) {
		if (strcmp(facts->facts[i].key, key) != 0)
			continue;
		assert_int_equal(facts->facts[i].size, strlen(value));
		assert_memory_equal(facts->facts[i].value, value, strlen(value));
		return;
	}
	fail_msg("there is no fact \"%s\"", key);
}

static void
test_http(void **state)
{
	static const char REQUEST[] = "GET /a?b HTTP/1.1\r\nhost:  a.example\r\nUser-Agent: x y\r\n"
				      "Authorization: Basic eDp5\r\nX: y\r\n\r\n";
	static const char *const NOT[] = { "GET /a\r\n", "get / HTTP/1.1\r\n", "GET  HTTP/1.1\r\n",
		"AVERYLONGMETHODNAME / HTTP/1.1\r\n", "GET / FTP/1.1\r\n", " / HTTP/1.1\r\n" };
	struct payload_facts facts;
	uint8_t *copy;

	(void)state;
	for (size_t size = 0; size < sizeof REQUEST; size++) {
		recognise(REQUEST, size, &facts, &copy);
		assert_int_equal(facts.kind, size >= 14  ? PAYLOAD_HTTP
					     : size == 0 ? PAYLOAD_NONE
							 : PAYLOAD_UNKNOWN);
		assert_int_equal(facts.whole, size == sizeof REQUEST - 1);
		free(copy);
	}
	recognise(REQUEST, sizeof REQUEST - 1, &facts, &copy);
	assert_fact(&facts, "method", "GET");
	assert_fact(&facts, "target", "/a?b");
	assert_fact(&facts, "host", "a.example");
	assert_fact(&facts, "user_agent", "x y");
	assert_fact(&facts, "authorization", "Basic eDp5");
	free(copy);
	for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++) {
		recognise(NOT[i], strlen(NOT[i]), &facts, &copy);
		assert_int_equal(facts.kind, PAYLOAD_UNKNOWN);
		free(copy);
	}
}

/*
 * A ClientHello with GREASE among suites, extensions and groups.  The JA3 is the MD5, by md5sum, of
 * 771,4865-49195,0-10-11-16-23,29-23,0; tests/system/sensor.py compares with what tshark prints.
 */
static const uint8_t HELLO[] =
    "\x16\x03\x01\x00\x76\x01\x00\x00\x72\x03\x03"
    "0123456789abcdef0123456789abcdef\x00\x00\x06\x2a\x2a\x13\x01\xc0\x2b"
    "\x01\x00\x00\x43\x0a\x0a\x00\x00\x00\x00\x00\x10\x00\x0e\x00\x00\x0b"
    "www.example\x00\x0a\x00\x08\x00\x06\x1a\x1a\x00\x1d\x00\x17\x00\x0b"
    "\x00\x02\x01\x00\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1\x00\x17"
    "\x00\x03"
    "abc";
#define HELLO_SIZE (sizeof HELLO - 1)

static void
test_tls(void **state)
{
	struct payload_facts facts;
	uint8_t split[HELLO_SIZE + 5];
	uint8_t *copy;

	(void)state;
	recognise(HELLO, HELLO_SIZE, &facts, &copy);
	assert_int_equal(facts.kind, PAYLOAD_TLS);
	assert_true(facts.whole);
	assert_fact(&facts, "version", "0303");
	assert_fact(&facts, "server_name", "www.example");
	assert_fact(&facts, "alpn", "h2,http/1.1");
	assert_fact(&facts, "ja3", "60c34ea8065817821e4592e58c31982f");
	free(copy);
	for (size_t size = 6; size < HELLO_SIZE; size++) {
		recognise(HELLO, size, &facts, &copy);
		assert_int_equal(facts.kind, PAYLOAD_TLS);
		assert_false(facts.whole);
		assert_int_equal(facts.count, 0);
		free(copy);
	}
	/* The same in two records. */
	memcpy(split, HELLO, 45);
	split[4] = 40;
	memcpy(split + 45, "\x16\x03\x01\x00\x4e", 5);
	memcpy(split + 50, HELLO + 45, HELLO_SIZE - 45);
	recognise(split, sizeof split, &facts, &copy);
	assert_true(facts.whole);
	assert_fact(&facts, "ja3", "60c34ea8065817821e4592e58c31982f");
	free(copy);
}

static void
test_ssh(void **state)
{
	struct payload_facts facts;
	uint8_t *copy;

	(void)state;
	recognise("SSH-2.0-Go\r\nxyz", 15, &facts, &copy);
	assert_int_equal(facts.kind, PAYLOAD_SSH);
	assert_true(facts.whole);
	assert_fact(&facts, "banner", "SSH-2.0-Go");
	free(copy);
	recognise("SSH-2.0-Go", 10, &facts, &copy);
	assert_false(facts.whole);
	assert_fact(&facts, "banner", "SSH-2.0-Go");
	free(copy);
}

static void
test_smb(void **state)
{
	uint8_t one[128] = "\0\0\0\x53\xffSMB\x72", two[128] = "\0\0\0\x68\xfeSMB\x40";
	static const char DIALECTS[] = "\0\x15\0\2PC NETWORK\0\2NT LM\0 ";
	struct payload_facts facts;
	uint8_t *copy;

	(void)state;
	memcpy(one + 36, DIALECTS, sizeof DIALECTS - 2);
	for (size_t size = 9; size <= 36 + sizeof DIALECTS - 2; size++) {
		recognise(one, size, &facts, &copy);
		assert_int_equal(facts.kind, PAYLOAD_SMB1);
		assert_true(!facts.whole || size == 36 + sizeof DIALECTS - 2 || size == 51);
		free(copy);
	}
	recognise(one, 36 + sizeof DIALECTS - 2, &facts, &copy);
	assert_fact(&facts, "dialects", "PC NETWORK,NT LM");
	free(copy);

	memcpy(two + 68, "\x24\0\2\0", 4);
	memcpy(two + 104, "\x02\x02\x11\x03", 4);
	for (size_t size = 9; size <= 108; size++) {
		recognise(two, size, &facts, &copy);
		assert_int_equal(facts.kind, PAYLOAD_SMB2);
		assert_int_equal(facts.whole, size == 108);
		free(copy);
	}
	recognise(two, 108, &facts, &copy);
	assert_fact(&facts, "dialects", "0202,0311");
	free(copy);
	two[16] = 1; /* SESSION_SETUP */
	recognise(two, 108, &facts, &copy);
	assert_int_equal(facts.kind, PAYLOAD_UNKNOWN);
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_ssh),
		cmocka_unit_test(test_smb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
