/* SPDX-License-Identifier: ISC */
/*
 * How the parts of the subscriber map speak to each other: private to net/subscribers*.c.
 *
 * Prefixes of all lengths lie in one hash table; a lookup asks once for every length that occurs,
 * the longest first.  A bitmap over the leading bits answers for the many addresses that are far
 * from every listed prefix.
 */
#ifndef YAGURA_NET_SUBSCRIBERS_INTERNAL_H
#define YAGURA_NET_SUBSCRIBERS_INTERNAL_H

#include <stdatomic.h>

#include "base/csv.h"
#include "base/hash.h"
#include "net/pseudonym.h"
#include "net/subscribers.h"

#define SUBSCRIBER_LENGTHS      64 /* most different prefix lengths of a family */
#define SUBSCRIBER_IPV6_SHORT   16 /* an IPv6 user's prefix is not shorter */
#define SUBSCRIBER_IPV6_LONG    64 /* nor longer */
#define SUBSCRIBER_IPV4_SHORT   8
#define SUBSCRIBER_COARSE_WORDS 1024 /* 65,536 bits */
#define SUBSCRIBER_NOBODY       UINT32_MAX

/* The first 64 bits of an IPv6 prefix, or the 32 of an IPv4 one, as a number; and which it is. */
struct place_key {
	uint64_t bits; /* zero beyond the length */
	uint8_t code;  /* IPv4: the length; IPv6: 128 + the length; never 0 */
};

/* What is known of a prefix: 24 octets, so that a lookup costs one line. */
struct place {
	uint64_t bits;
	uint64_t user;    /* pseudonym of the static list's user, when `listed` */
	uint32_t range;   /* 1 + index into ranges: its sessions; 0 none */
	uint16_t service; /* of the static list's row */
	uint8_t code;     /* 0: an empty slot */
	uint8_t listed;   /* in the static list */
};

_Static_assert(sizeof(struct place) == 24, "places are packed");

struct place_range {
	uint32_t first, count; /* of sessions */
};

struct session {
	nsec_t start, stop; /* [start, stop); those of a prefix do not overlap, and ascend */
	uint32_t user;      /* index into users */
};

struct known_user {
	uint64_t hash; /* of the identity, keyed: identities themselves are not kept */
	uint64_t pseudonym;
	uint16_t service; /* of the first row of the static list that names one */
};

/* A lossy memory of pseudonyms.  `check` is the key XOR the pseudonym: words of two writers do not
 * pass for either. */
struct memo {
	_Atomic uint64_t check, pseudonym;
};

struct subscribers {
	struct pseudonymizer *pseudonymizer; /* owned */
	struct hash_secret secret;
	const struct prefix_set *own; /* borrowed from the site; NULL when it names none */
	unsigned delegated_length;

	struct place *places; /* owned: open addressing */
	size_t place_mask, place_count;
	uint8_t lengths[2][SUBSCRIBER_LENGTHS]; /* IPv4, IPv6: those that occur, longest first */
	size_t length_counts[2];
	uint64_t coarse[2][SUBSCRIBER_COARSE_WORDS];
	bool coarse_all[2]; /* a prefix is shorter than what the bitmap covers */

	struct place_range *ranges; /* owned */
	struct session *sessions;   /* owned */
	struct known_user *users;   /* owned */
	size_t user_count, user_capacity;
	uint32_t *user_slots; /* owned: index into users or SUBSCRIBER_NOBODY */
	size_t user_mask;

	char **services; /* owned texts; number 0 is "unknown" */
	size_t service_count;
	struct prefix_set *pools; /* owned; NULL when there are none */
	uint16_t *pool_services;  /* owned: parallel to the site's pools */
	uint8_t *pool_lengths;    /* owned: the same */

	struct memo *memos; /* owned */
	unsigned memo_shift;

	struct subscribers_report report;
	char fingerprint[3 * CSV_FINGERPRINT_SIZE];
};

/* The key of an address at a prefix length of its own family. */
struct place_key place_key_of(const struct address *address, bool ipv4, unsigned length);

/* Finds a prefix; NULL when nothing is known of it. */
const struct place *places_find(const struct subscribers *s, struct place_key key);

/* Finds or makes a prefix; valid until the next one is made. */
struct place *places_put(struct subscribers *s, struct place_key key);

/* Asks for large pages for a large array, which is looked up at random. */
void places_advise(void *array, size_t size);

/* Whether a listed prefix may hold the address. */
bool places_are_near(const struct subscribers *s, const struct address *address, bool ipv4);

/* The index of a user by identity, made when it is new. */
uint32_t users_put(struct subscribers *s, const char *identity);

/* The user of that identity; NULL when the lists do not name it.  `ret_hash` is set always. */
const struct known_user *
users_find(const struct subscribers *s, const char *identity, uint64_t *ret_hash);

/* The number of a service's name; 0 for an empty one, or when there are too many. */
uint16_t services_put(struct subscribers *s, const char *name);

/* Reads the static list, the session log. */
MUST_CHECK enum err
subscribers_read_prefixes(struct subscribers *s, struct csv *csv, struct err_info *info);
MUST_CHECK enum err
subscribers_read_sessions(struct subscribers *s, struct csv *csv, struct err_info *info);

/* Counts a problem, and keeps the first ones' texts. */
void subscribers_remark(struct subscribers *s, uint64_t *counter, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* An empty map, for subscribers_open and for tests of the readers. */
struct subscribers *subscribers_new(const struct site *site, struct pseudonymizer *pseudonymizer);

#endif
