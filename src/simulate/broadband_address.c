/* SPDX-License-Identifier: ISC */
/*
 * Who is where in the broadband scenario; see broadband.h.
 *
 * Customers are in 100.64.0.0/10 (RFC 6598) and have a /56 of 2001:db8::/33 each; the rest of the
 * Internet is 198.18.0.0/15 (RFC 2544) and 2001:db8:8000::/33; the operator's own equipment is in
 * 192.0.2.0/24.  Nobody's real addresses appear.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "simulate/broadband.h"

static const struct service {
	const char *name;
	uint32_t ipv4; /* first address */
	uint32_t ipv6; /* third and fourth group of the first /56, without its last octet */
} SERVICES[BROADBAND_SERVICES] = {
	{ "fiber", 0x64400000, 0x000000 },
	{ "dsl", 0x64600000, 0x200000 },
	{ "ipoe", 0x64700000, 0x400000 },
};

const char *const broadband_own_prefixes[2] = { "100.64.0.0/10", "2001:db8::/33" };

const char *
broadband_service(unsigned service)
{
	return SERVICES[service].name;
}

static struct address
ipv4(uint32_t number)
{
	uint8_t octets[4];

	put_be32(octets, number);
	return address_from_ipv4(octets);
}

/* 2001:db8:HIGH:LOW::HOST */
static struct address
ipv6(uint32_t high_low, uint32_t host)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	put_be32(octets + 4, high_low);
	put_be32(octets + 12, host);
	return address_from_ipv6(octets);
}

struct address
broadband_user_ipv4(const struct broadband_user *user, bool late)
{
	return ipv4(SERVICES[user->service].ipv4 + (late ? user->late_address : user->address));
}

struct prefix
broadband_user_ipv6(const struct broadband_user *user, bool late)
{
	uint32_t number = late ? user->late_address : user->address;

	return (struct prefix){ .address = ipv6((SERVICES[user->service].ipv6 + number) << 8, 0),
		.length = 56 };
}

struct address
broadband_remote(uint32_t number, bool is_ipv6)
{
	if (is_ipv6)
		return ipv6(0x80000000U | (number & 0xff) << 8, number);
	return ipv4(0xc6120000U + (number & 0x1ffff));
}

struct address
broadband_exporter_address(size_t exporter)
{
	return ipv4(0xc0000201U + (uint32_t)exporter);
}

char *
broadband_user_name(const struct broadband *b, size_t user, char *text, size_t size)
{
	bool drawn_anew = b->options.year == 2 && !b->options.same_users;

	(void)snprintf(text, size, "%c%06zu", drawn_anew ? 'v' : 'u', user);
	return text;
}
