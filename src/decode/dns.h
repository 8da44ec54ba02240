/* SPDX-License-Identifier: ISC */
/*
 * DNS messages (RFC 1035, section 4; RFC 6891): one pass over all records, nothing copied but the
 * first question's name.
 *
 * A compression pointer must go behind everything read before it of that name, so no walk can loop.
 * Every message gets exactly one verdict; counts are those sent, whatever was there.
 */
#ifndef YAGURA_DECODE_DNS_H
#define YAGURA_DECODE_DNS_H

#include "net/suffix.h"
#include "obs/dns.h"

/* What follows from a name alone, of the names seen last: a question comes back in its answer, and
 * most are asked again. */
#define DNS_NAMES_KNOWN 1024 /* a power of two */

struct dns_known_name {
	uint64_t name_hash, site_hash;
	uint8_t labels, tld_offset, site_offset;
};

struct dns_names {
	const struct suffix_list *suffixes;           /* borrowed; may be NULL */
	struct dns_known_name known[DNS_NAMES_KNOWN]; /* zero at first; by the name's hash */
};

/*
 * Parses `size` octets at `data`, of a message that had `sent` octets (more when the capture cut
 * it), and fills everything of `m` from `flags` on that comes from the octets: verdict, flags of
 * the message, header, question, sections, OPT, message_size.  `name` has room for DNS_NAME_MAX
 * octets and is borrowed by `m`.  `names` may be NULL: then there is no public suffix list.
 * Addresses, time, transport, match stay untouched; flags set before the call are kept.
 */
void dns_parse(const uint8_t *data, size_t size, size_t sent, struct dns_names *names,
    uint8_t *name, struct dns_message *m);

#endif
