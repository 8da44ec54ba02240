/* SPDX-License-Identifier: ISC */
/*
 * Who had an address at a time.
 *
 * A subscriber is known by, in this order: the userName of the record (IPFIX element 371), the
 * session log, the static list of prefixes, and, where none of them speaks, the address itself when
 * it lies in a customer pool (IPv4: the address; IPv6: the delegated prefix).  Within the log and
 * within the list the longest prefix decides.  What leaves this module is a pseudonym: the first 64
 * bits of HMAC-SHA-256(key, identity), see net/pseudonym.h.
 *
 * Two lists, CSV with or without a heading, times in UTC, with an offset, or as Unix seconds:
 *
 *	prefix,user_id,service,region,group              the static list
 *	start,stop,user_id,prefix,nas                    the session log; no stop: still open
 *
 * An IPv6 user is known by a delegated prefix of /64 or shorter, never by an address.  A session
 * ends where the same prefix is given out anew, whatever its own stop says; when that was to
 * another user, it is counted as an overlap.  Rows that cannot be used are counted, the first of
 * them with file and line.
 *
 * Made once when the configuration is read, then only looked at, by any thread: a lookup is
 * lock-free.  Pseudonyms of users who are not on a list are computed at first sight and remembered
 * in a cache of words that are read and written atomically (subscribers.c).
 */
#ifndef YAGURA_NET_SUBSCRIBERS_H
#define YAGURA_NET_SUBSCRIBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/address.h"
#include "net/site.h"

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

#define SUBSCRIBERS_MESSAGES 16

/* What came of reading the lists. */
struct subscribers_report {
	uint64_t prefix_rows, session_rows; /* rows in use */
	uint64_t open_sessions;             /* of them, without a stop */
	uint64_t bad_rows;                  /* rows that could not be used */
	uint64_t overlaps; /* a prefix with two users at once: in the list the first row holds, in
			      the log the later session */
	uint64_t users;    /* whom the lists name */
	bool protected;    /* pseudonyms are made with a key of the operator's own */
	char *messages[SUBSCRIBERS_MESSAGES]; /* owned: the first of what was wrong, with file and
						 line */
	size_t message_count;
};

/* Reads the lists that the site names, over its pools.  ERR_IO or ERR_CONFIG when a list cannot be
 * read or has no row that can be used; ERR_LIMIT when it is too large. */
MUST_CHECK enum err subscribers_open(
    const struct site *site, struct subscribers **ret_subscribers, struct err_info *info);
void subscribers_free(struct subscribers *subscribers);

/* Finds whose address it was; false when nobody's.  `name` is the record's userName or NULL; it is
 * only taken for an address that is the site's own, listed, or in a pool: a record has two ends. */
bool subscribers_find(const struct subscribers *subscribers, const struct address *address,
    const char *name, nsec_t time, struct subscriber *ret_subscriber);

/* "fiber", "dsl", …; "unknown" for number 0. */
const char *subscribers_service(const struct subscribers *subscribers, unsigned service);

/* Subscribers that the lists name (pseudonyms, each once): those of whom nothing was seen count
 * too. 0 when the lists are not complete (there are pools, whose addresses stand for users). */
size_t subscribers_listed(const struct subscribers *subscribers);

const struct subscribers_report *subscribers_report(const struct subscribers *subscribers);

/* What of the lists and the key shapes rows: changes when one of them does. */
const char *subscribers_fingerprint(const struct subscribers *subscribers);

#endif
