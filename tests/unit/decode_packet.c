/* SPDX-License-Identifier: ISC */
/*
 * The short path and the general path give the same packet: check_decode compares them on common
 * frames with a few octets changed.  A batch gives the same as one packet after the other.
 */
#include "decode_run.h"

#define MUTATIONS 200000
#define BATCH     300

/* A fixed sequence of numbers (xorshift64, Marsaglia 2003). */
static uint32_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 32);
}

static void
build_common(struct frame *f, unsigned which)
{
	uint16_t type;

	build_start(f, BUILD_PAYLOAD, 4);
	if ((which & 1) != 0)
		build_tcp(f, TCP_ACK, which & 2);
	else
		build_udp(f);
	if ((which & 4) != 0)
		build_ip6(f, (which & 1) != 0 ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP);
	else
		build_ip4(f, (which & 1) != 0 ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP);
	type = (which & 4) != 0 ? 0x86dd : 0x0800;
	for (unsigned tags = which >> 4 & 3; tags > 0; tags--) {
		build_vlan(f, (uint16_t)(which >> 8), type);
		type = tags == 1 ? 0x88a8 : 0x8100;
	}
	build_ether(f, type);
	if ((which & 8) != 0)
		build_trailer(f, 6);
}

static void
test_short_path_is_general_path(void **state)
{
	uint64_t seed = 88172645463325252ULL;

	(void)state;
	for (unsigned i = 0; i < MUTATIONS; i++) {
		struct frame f;
		struct decoded d;
		uint32_t cut;

		build_common(&f, next(&seed));
		for (unsigned changes = next(&seed) % 4; changes > 0; changes--) {
			uint32_t at = next(&seed) % (uint32_t)f.size;
			f.octets[at] = (uint8_t)next(&seed);
		}
		cut = next(&seed) % 4 == 0 ? next(&seed) % (uint32_t)f.size : 0;
		d = run_cut(
		    &f, LINK_ETHERNET, f.size - cut, f.size - (next(&seed) % 2 == 0 ? cut : 0));
		free(d.copy);
	}
}

static void
test_batch(void **state)
{
	static struct frame frames[BATCH];
	static struct packet one[BATCH], many[BATCH];
	struct drop_counters one_drops = { .count = { 0 } }, many_drops = { .count = { 0 } };

	(void)state;
	for (unsigned i = 0; i < BATCH; i++) {
		build_common(&frames[i], i);
		if (i % 16 == 0)
			frames[i].octets[14] = 0;
		one[i] = (struct packet){ .data = frames[i].octets,
			.captured_size = (uint32_t)frames[i].size,
			.frame_size = (uint32_t)frames[i].size,
			.link_type = LINK_ETHERNET };
		many[i] = one[i];
		decode_packet(&one[i], &one_drops);
	}
	decode_packets(many, 0, &many_drops);
	decode_packets(many, 3, &many_drops);
	decode_packets(many + 3, BATCH - 3, &many_drops);
	assert_memory_equal(&one_drops, &many_drops, sizeof one_drops);
	for (unsigned i = 0; i < BATCH; i++)
		assert_true(check_is_same(&one[i], &many[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_path_is_general_path),
		cmocka_unit_test(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
