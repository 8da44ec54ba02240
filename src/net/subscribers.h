/* SPDX-License-Identifier: ISC */
/*
 * Who had an address at a time.
 *
 * A subscriber is known by, in this order: the userName of the record (IPFIX element 371), the
 * session log, the static list of prefixes, and, where none of them speaks, the address itself when
 * it lies in a customer pool (IPv4: the address; IPv6: the delegated prefix).  What leaves this
 * module is a pseudonym: the first 64 bits of HMAC-SHA-256(key, identity).
 *
 * Made once when the configuration is read, then only looked at, by any thread.
 */
#ifndef YAGURA_NET_SUBSCRIBERS_H
#define YAGURA_NET_SUBSCRIBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/address.h"

enum subscriber_how {
	SUBSCRIBER_BY_NAME = 1, /* userName of the record */
	SUBSCRIBER_BY_SESSION,
	SUBSCRIBER_BY_PREFIX,
	SUBSCRIBER_BY_ADDRESS, /* only the pool is known: the user is the address */
};

struct subscriber {
	uint64_t user;    /* pseudonym */
	uint16_t service; /* subscribers_service gives its name */
	uint8_t how;      /* enum subscriber_how */
};

struct subscribers;

/* Finds whose address it was; false when nobody's.  `name` is the record's userName or NULL. */
bool subscribers_find(const struct subscribers *subscribers, const struct address *address,
    const char *name, nsec_t time, struct subscriber *ret_subscriber);

/* "fiber", "dsl", …; "unknown" for number 0. */
const char *subscribers_service(const struct subscribers *subscribers, unsigned service);

/* Subscribers that the lists name (pseudonyms, each once): those of whom nothing was seen count
 * too. 0 when the lists are not complete (addresses stand for users). */
size_t subscribers_listed(const struct subscribers *subscribers);

#endif
