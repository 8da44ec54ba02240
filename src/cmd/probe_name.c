/* SPDX-License-Identifier: ISC */
/* Names of a probe; see probe_name.h. */
#include "cmd/probe_name.h"

#include <string.h>

#include "base/bytes.h"
#include "net/dns.h"

static const uint8_t PROBE_LABEL[] = { 5, 'p', 'r', 'o', 'b', 'e' };

enum err
probe_names_make(const char *zone, uint32_t epoch, const struct hash_secret *secret,
    struct probe_names *ret_names, struct err_info *info)
{
	struct probe_names names = { .epoch = epoch, .secret = *secret };

	if (dns_name_parse(zone, names.zone, &names.zone_size, info) != ERR_OK)
		return ERR_USAGE;
	if (names.zone_size < 2 || names.zone_size + PROBE_PREFIX > PROBE_NAME_SIZE)
		return err_set(
		    info, ERR_USAGE, "%s: names below this zone would be too long", zone);
	*ret_names = names;
	return ERR_OK;
}

static uint32_t
key_of(const struct probe_names *names, const struct address *target)
{
	uint64_t words[3] = { target->words[0], target->words[1], names->epoch };

	return (uint32_t)hash_words(&names->secret, words, 3);
}

static uint8_t *
put_hex(uint8_t *to, const uint8_t *octets, size_t size)
{
	static const char DIGITS[] = "0123456789abcdef";

	*to++ = (uint8_t)(2 * size);
	for (size_t i = 0; i < size; i++) {
		*to++ = (uint8_t)DIGITS[octets[i] >> 4];
		*to++ = (uint8_t)DIGITS[octets[i] & 0xf];
	}
	return to;
}

size_t
probe_name_write(
    const struct probe_names *names, const struct address *target, uint8_t name[PROBE_NAME_SIZE])
{
	bool ipv4 = address_is_ipv4(target);
	uint8_t number[4], *p = name;

	p = put_hex(p, ipv4 ? target->octets + 12 : target->octets, ipv4 ? 4 : 16);
	put_be32(number, names->epoch);
	p = put_hex(p, number, sizeof number);
	put_be32(number, key_of(names, target));
	p = put_hex(p, number, sizeof number);
	memcpy(p, PROBE_LABEL, sizeof PROBE_LABEL);
	p += sizeof PROBE_LABEL;
	memcpy(p, names->zone, names->zone_size);
	return (size_t)(p - name) + names->zone_size;
}

static int
digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The address that a first label names; false when it names none. */
static bool
read_target(const uint8_t *name, size_t size, struct address *ret_target)
{
	uint8_t octets[16];

	if ((name[0] != 8 && name[0] != 32) || (size_t)name[0] + 1 > size)
		return false;
	for (size_t i = 0; i < name[0]; i += 2) {
		int high = digit_of(name[1 + i]), low = digit_of(name[2 + i]);
		if (high < 0 || low < 0)
			return false;
		octets[i / 2] = (uint8_t)(high << 4 | low);
	}
	*ret_target = name[0] == 8 ? address_from_ipv4(octets) : address_from_ipv6(octets);
	return true;
}

enum probe_name
probe_name_read(
    const struct probe_names *names, const uint8_t *name, size_t size, struct address *ret_target)
{
	uint8_t expected[PROBE_NAME_SIZE];
	struct address target;

	if (!dns_name_below(name, size, names->zone, names->zone_size))
		return PROBE_NAME_OUTSIDE;
	if (size == names->zone_size)
		return PROBE_NAME_APEX;
	/* What is ours is what we would have written for that address. */
	if (!read_target(name, size, &target) ||
	    probe_name_write(names, &target, expected) != size || memcmp(expected, name, size) != 0)
		return PROBE_NAME_INSIDE;
	*ret_target = target;
	return PROBE_NAME_TARGET;
}

struct address
probe_names_answer(const struct probe_names *names)
{
	uint64_t word = names->epoch;
	uint8_t octets[4] = { 192, 0, 2,
		(uint8_t)(1 + hash_words(&names->secret, &word, 1) % 254) };

	return address_from_ipv4(octets);
}
