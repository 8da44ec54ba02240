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

/*
 * Parses `size` octets at `data`, of a message that had `sent` octets (more when the capture cut
 * it), and fills everything of `m` from `flags` on that comes from the octets: verdict, flags of
 * the message, header, question, sections, OPT, message_size.  `name` has room for DNS_NAME_MAX
 * octets and is borrowed by `m`.  Addresses, time, transport, match stay untouched; flags set
 * before the call are kept.
 */
void dns_parse(const uint8_t *data, size_t size, size_t sent, const struct suffix_list *suffixes,
    uint8_t *name, struct dns_message *m);

#endif
