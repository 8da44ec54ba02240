/* SPDX-License-Identifier: ISC */
/* The file of waiting queries: it comes back as it was written, and nothing else is taken for one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipeline/dns_state.h"
#include "test.h"

#define HEAD 19

static char path[] = "/tmp/yagura-dns-state-XXXXXX";

static struct dns_waiting
waiting(uint16_t number)
{
	uint8_t client[4] = { 192, 0, 2, (uint8_t)number }, server[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	server[15] = (uint8_t)(number + 1);
	return (struct dns_waiting){
		.client = address_from_ipv4(client),
		.server = address_from_ipv6(server),
		.time = (nsec_t)1700000000 * NSEC_PER_SEC + number,
		.name_hash = UINT64_C(0xfedcba9876543210) + number,
		.site_hash = UINT64_C(0x0123456789abcdef) - number,
		.case_hash = 0xdeadbeefU ^ number,
		.client_port = (uint16_t)(40000 + number),
		.server_port = 53,
		.id = (uint16_t)(0xfff0 + number),
		.type = 28,
		.flags = DNS_QUESTION | DNS_EDNS | DNS_DO,
		.size = 77,
		.edns_size = 1232,
		.transport = DNS_UDP,
		.view = DNS_VIEW_CLIENT,
		.retransmissions = 3,
	};
}

static size_t
write_three(uint8_t octets[512])
{
	struct dns_state state = { 0 };
	size_t size;
	FILE *file;

	for (uint16_t i = 0; i < 3; i++) {
		struct dns_waiting w = waiting(i);
		dns_state_add(&state, &w);
	}
	assert_int_equal(dns_state_write(path, &state, NULL), ERR_OK);
	dns_state_release(&state);
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(octets, 1, 512, file);
	assert_int_equal(fclose(file), 0);
	return size;
}

static void
put(const uint8_t *octets, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void
test_round_trip(void **unused)
{
	struct dns_state state;
	uint8_t octets[512];

	(void)unused;
	assert_int_equal(write_three(octets), HEAD + 3 * DNS_STATE_RECORD);
	assert_int_equal(dns_state_read(path, &state, NULL), ERR_OK);
	assert_int_equal(state.count, 3);
	for (uint16_t i = 0; i < 3; i++) {
		struct dns_waiting want = waiting(i), *got = &state.list[i];
		assert_memory_equal(got->client.octets, want.client.octets, 16);
		assert_memory_equal(got->server.octets, want.server.octets, 16);
		assert_int_equal(got->time, want.time);
		assert_true(got->name_hash == want.name_hash && got->site_hash == want.site_hash);
		assert_int_equal(got->case_hash, want.case_hash);
		assert_int_equal(got->client_port, want.client_port);
		assert_int_equal(got->server_port, want.server_port);
		assert_int_equal(got->id, want.id);
		assert_int_equal(got->type, want.type);
		assert_int_equal(got->flags, want.flags);
		assert_int_equal(got->size, want.size);
		assert_int_equal(got->edns_size, want.edns_size);
		assert_int_equal(got->transport, want.transport);
		assert_int_equal(got->view, want.view);
		assert_int_equal(got->retransmissions, want.retransmissions);
	}
	dns_state_release(&state);
}

/* Whole records are a file; any other length is refused with the place where it ends. */
static void
test_cut_anywhere(void **unused)
{
	uint8_t octets[512];
	size_t size = write_three(octets);

	(void)unused;
	for (size_t cut = 0; cut < size; cut++) {
		struct dns_state state;
		struct err_info why = { 0 };
		bool whole = cut >= HEAD && (cut - HEAD) % DNS_STATE_RECORD == 0;

		put(octets, cut);
		assert_int_equal(dns_state_read(path, &state, &why), whole ? ERR_OK : ERR_FORMAT);
		assert_int_equal(state.count, whole ? (cut - HEAD) / DNS_STATE_RECORD : 0);
		if (!whole)
			assert_non_null(strstr(why.text, path));
		dns_state_release(&state);
	}
}

static void
test_refused(void **unused)
{
	/* Octets of the second record, and values that no waiting query has. */
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = { { 39, 0x80 }, { 74, DNS_TRANSPORT_COUNT }, { 75, DNS_VIEW_COUNT },
		{ 68, DNS_RESPONSE } };
	uint8_t octets[512], broken[512];
	size_t size = write_three(octets);

	(void)unused;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct dns_state state;
		struct err_info why = { 0 };

		memcpy(broken, octets, size);
		broken[HEAD + DNS_STATE_RECORD + bad[i].at] = bad[i].value;
		put(broken, size);
		assert_int_equal(dns_state_read(path, &state, &why), ERR_FORMAT);
		assert_non_null(strstr(why.text, "offset 107"));
		assert_null(state.list);
	}
	memcpy(broken, octets, size);
	broken[17] = '2';
	put(broken, size);
	struct dns_state state;
	assert_int_equal(dns_state_read(path, &state, NULL), ERR_FORMAT);
}

static void
test_no_file(void **unused)
{
	struct dns_state state;

	(void)unused;
	assert_int_equal(dns_state_read("/tmp/yagura-there-is-no-such-file", &state, NULL), ERR_OK);
	assert_int_equal(state.count, 0);
	assert_int_equal(dns_state_write("/nowhere/at/all", &state, NULL), ERR_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_file),
	};
	int file = mkstemp(path), failed;

	if (file < 0 || close(file) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return failed;
}
