/* SPDX-License-Identifier: ISC */
/*
 * Marks that changed answers carry; see control.h.
 *
 * BIND 9 puts the SOA of the policy zone into the additional section and leaves the authority
 * section empty; Unbound answers out of a policy zone with AA and RA and no authority.  Both were
 * seen on BIND 9.18 and Unbound 1.17.  A real denial has a SOA in its authority section (RFC 2308,
 * section 3).
 */
#include <string.h>

#include "analysis/dns/collision.h"
#include "analysis/dns/control.h"
#include "net/dns.h"

const char *
control_method_name(enum control_method method)
{
	static const char *const names[] = {
		[CONTROL_NONE] = "none",
		[CONTROL_BIND_RPZ] = "bind-rpz",
		[CONTROL_UNBOUND_RPZ] = "unbound-rpz",
		[CONTROL_UNBOUND_LOCAL] = "unbound-rpz",
		[CONTROL_EDE] = "ede",
		[CONTROL_NULL_ADDRESS] = "null-address",
		[CONTROL_UNDELEGATED] = "undelegated-answer",
		[CONTROL_KNOWN_PAGE] = "known-search-page",
		[CONTROL_SEARCH_PAGE] = "search-page",
	};

	return method < CONTROL_METHOD_COUNT ? names[method] : "";
}

bool
control_is_rewriting(enum control_method method)
{
	return method >= CONTROL_UNDELEGATED;
}

/* Forged (4), Blocked, Censored, Filtered, Prohibited (15 … 18): RFC 8914, section 4. */
static bool
says_so(const struct dns_message *m)
{
	for (unsigned i = 0; i < m->ede_count; i++)
		if (m->ede[i] == 4 || (m->ede[i] >= 15 && m->ede[i] <= 18))
			return true;
	return false;
}

/* Addresses to which providers were publicly known to send names that do not exist: VeriSign's Site
 * Finder (2003), OpenDNS Guide, Barefruit, Xerocole and Paxfire as large providers used them. */
static const uint8_t PAGES[][4] = {
	{ 64, 94, 110, 11 },
	{ 67, 215, 65, 132 },
	{ 92, 242, 132, 15 },
	{ 92, 242, 140, 2 },
	{ 104, 239, 213, 7 },
	{ 198, 105, 244, 11 },
	{ 198, 105, 254, 11 },
	{ 198, 105, 244, 130 },
	{ 198, 105, 254, 130 },
};

static bool
is_known_page(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof PAGES / sizeof PAGES[0]; i++)
		if (memcmp(PAGES[i], address, 4) == 0)
			return true;
	return false;
}

/* 0.0.0.0, 127/8 but not ICANN's 127.0.53.53, ::, ::1. */
static bool
is_null(const uint8_t *address, unsigned size)
{
	static const uint8_t interruption[4] = { 127, 0, 53, 53 }, any[16];

	if (size == 4)
		return memcmp(address, any, 4) == 0 ||
		       (address[0] == 127 && memcmp(address, interruption, 4) != 0);
	return memcmp(address, any, 15) == 0 && address[15] <= 1;
}

/* Private, link-local, shared or multicast: what routers and local zones answer. */
static bool
is_private(const uint8_t *address, unsigned size)
{
	if (size == 16)
		return (address[0] & 0xfe) == 0xfc || address[0] == 0xfe || address[0] == 0xff;
	return address[0] == 10 || (address[0] == 172 && (address[1] & 0xf0) == 16) ||
	       (address[0] == 192 && address[1] == 168) ||
	       (address[0] == 100 && (address[1] & 0xc0) == 64) ||
	       (address[0] == 169 && address[1] == 254) || address[0] >= 224;
}

/* Names whose answers are addresses of the host itself or of a list, not of a server. */
static bool
is_list_name(const struct dns_message *m)
{
	static const uint8_t localhost[] = "\x09localhost";
	unsigned digits = 0;
	size_t at = 0;

	if (m->name_size >= sizeof localhost &&
	    memcmp(m->name + m->tld_offset, localhost, sizeof localhost - 1) == 0)
		return true;
	if (memcmp(m->name, localhost, sizeof localhost - 1) == 0)
		return true;
	/* DNSBLs answer 127.0.0.x for reversed octets or hashes (RFC 5782). */
	for (unsigned i = 0; i < 4 && m->name[at] != 0; i++, at += 1 + (size_t)m->name[at])
		digits += m->name[at + 1] >= '0' && m->name[at + 1] <= '9';
	return digits >= 3;
}

static enum control_method
judge_address(const struct suffix_list *suffixes, const struct dns_message *m)
{
	for (unsigned i = 0; i < m->address_count; i++) {
		const uint8_t *address = m->data + m->addresses_at[i];
		if (m->addresses_size[i] == 4 && is_known_page(address))
			return CONTROL_KNOWN_PAGE;
	}
	if (is_null(m->data + m->addresses_at[0], m->addresses_size[0]))
		return suffix_is_delegated(suffixes, m->name, m->name_size) && !is_list_name(m)
			   ? CONTROL_NULL_ADDRESS
			   : CONTROL_NONE;
	/* Names of the inside may have any address; a random word has none. */
	if (suffixes != NULL && (m->bits & DNS_AA) == 0 && collision_is_random_single(m) &&
	    !is_private(m->data + m->addresses_at[0], m->addresses_size[0]) &&
	    !suffix_is_delegated(suffixes, m->name, m->name_size))
		return CONTROL_UNDELEGATED;
	return CONTROL_NONE;
}

enum control_method
control_judge(const struct suffix_list *suffixes, const struct dns_message *m)
{
	bool denial =
	    m->counts[1] == 0 && (m->rcode == DNS_RCODE_NXDOMAIN || m->rcode == DNS_RCODE_NOERROR);

	if (m->ede_count != 0 && says_so(m))
		return CONTROL_EDE;
	if ((m->flags & DNS_SOA_ADDITIONAL) != 0 && m->counts[2] == 0)
		return CONTROL_BIND_RPZ;
	/* Truncated answers and referrals have empty sections as well. */
	if ((m->bits & (DNS_AA | DNS_RA | DNS_TC)) == (DNS_AA | DNS_RA) && m->counts[2] == 0) {
		if (denial)
			return CONTROL_UNBOUND_RPZ;
		if (m->rcode == DNS_RCODE_NOERROR && m->address_count != 0 && m->cname_count == 0)
			return CONTROL_UNBOUND_LOCAL;
	}
	if (m->rcode == DNS_RCODE_NOERROR && m->address_count != 0)
		return judge_address(suffixes, m);
	return CONTROL_NONE;
}
