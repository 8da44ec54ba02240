/* SPDX-License-Identifier: ISC */
/*
 * Who tried to reach whom at which port: the distinct contacts of a window, exactly, in bounded
 * memory.
 *
 * A contact is (source, target, protocol, port), kept once with the marks of what came of it.  When
 * the table is full it looks at all of it at once and gives up, in this order,
 *
 *	1. contacts of sources with one or two, to a host that thousands of such sources came to: a
 *	   flood, whose sources are forged;
 *	2. what sources without a single failure did;
 *	3. of the sources with the most contacts: all whose hash does not end in `level` zero bits,
 *	   now and from now on.  The rest is a fair sample of its distinct contacts, each of which
 *	   stands for 2^level (P. Flajolet, "On adaptive sampling", Computing 43, 1990);
 *	4. what the sources with the fewest failures did.
 *
 * While a host is flooded the first two contacts of an unknown source to it are not even entered.
 * So a source with one contact never pushes out a scanner, and a flood costs the scanners nothing
 * but two contacts each with its victim.  What was given up is counted.
 *
 * Which contacts are left never depends on the secret, nor on addresses of objects.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SCAN_CONTACTS_H
#define YAGURA_ANALYSIS_SECURITY_SCAN_CONTACTS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/address.h"

#define SCAN_KEY_WORDS     5
#define SCAN_CONTACTS_MOST 32768 /* of a shard's state */
#define SCAN_SLOTS_BITS    16    /* sources and hosts are counted by hashes of so many bits */
#define SCAN_SOURCE_MOST   (SCAN_CONTACTS_MOST / 4) /* of a source, exactly */
#define SCAN_SOURCE_LEAST  32                       /* of a source, when many are thinned */

/* What was seen of a contact; a set. */
enum scan_mark {
	SCAN_ANSWERED = 1 << 0,    /* SYN-ACK, or something came back */
	SCAN_ESTABLISHED = 1 << 1, /* TCP: the initiator acknowledged */
	SCAN_HALF_OPEN = 1 << 2,   /* SYN, SYN-ACK, and then RST or nothing */
	SCAN_REFUSED = 1 << 3,     /* RST answered */
	SCAN_SYN = 1 << 4,
	SCAN_FIN = 1 << 5,  /* FIN alone */
	SCAN_NULL = 1 << 6, /* no flag at all */
	SCAN_XMAS = 1 << 7, /* FIN, PSH, URG */
	SCAN_UDP = 1 << 8,
	SCAN_ICMP = 1 << 9,
	SCAN_SAMPLED = 1 << 10, /* from sampled records: what was not seen says little */
	SCAN_RECORD = 1 << 11,  /* from records of an exporter */
};

#define SCAN_STEALTH (SCAN_FIN | SCAN_NULL | SCAN_XMAS)

struct scan_contact {
	union {
		uint64_t key[SCAN_KEY_WORDS];
		struct {
			struct address source, target;
			uint16_t port; /* ICMP: type << 8 */
			uint8_t protocol;
			uint8_t unused[5]; /* zeros */
		};
	};
	nsec_t first, last;
	uint32_t flows;
	uint16_t marks; /* set of enum scan_mark */
	uint16_t padding;
};
static_assert(sizeof(struct scan_contact) == 64, "one cache line each");

struct scan_link {
	uint32_t hash, next;     /* number + 1 of the next of its chain */
	uint16_t source, target; /* their slots */
};

struct scan_scratch; /* what a full table was found to hold */

struct scan_contacts {
	struct hash_linear hash;
	struct scan_contact *list; /* owned; in order of coming */
	struct scan_link *links;   /* owned */
	uint32_t *heads;           /* owned */
	uint32_t count, capacity, mask;
	uint8_t *levels;              /* owned; by source: of its contacts every 2^level-th is kept;
					 NULL: all are */
	bool thinned;                 /* some level is not 0 */
	struct scan_scratch *scratch; /* owned; made when the table is full first */
	bool flooded;                 /* some hosts were flooded then */
	uint64_t flood;               /* contacts given up by rule 1 */
	uint64_t clean;               /* by rule 2 */
	uint64_t light;               /* by rule 4 */
};

void scan_contacts_init(struct scan_contacts *t, const struct hash_secret *secret);
/* Accepts a zeroed table. */
void scan_contacts_release(struct scan_contacts *t);
void scan_contacts_clear(struct scan_contacts *t);

/* The contact of a key, or NULL.  Only the key of `like` is read. */
struct scan_contact *
scan_contacts_find(const struct scan_contacts *t, const struct scan_contact *like);

/* Adds a contact seen: its marks, times and flows join those that are there. */
void scan_contacts_add(struct scan_contacts *t, const struct scan_contact *contact);
/* The same of many, which waits less for memory; `list` is of at most SCAN_CHUNK and is lost. */
#define SCAN_CHUNK 64
void scan_contacts_add_all(struct scan_contacts *t, struct scan_contact *list, size_t count);

/* Adds all of `from`; gives nothing up. */
void scan_contacts_merge(struct scan_contacts *into, const struct scan_contacts *from);

/* Before the contacts are looked at: applies rule 1, and thins what other shards thinned. */
void scan_contacts_settle(struct scan_contacts *t);

/* Of a source: 2^level is what each of its contacts stands for. */
unsigned scan_contacts_level(const struct scan_contacts *t, const struct address *source);

/* Whether a contact is among those that a level keeps. */
bool scan_contacts_keeps(const struct scan_contact *c, unsigned level);

/* Whether there was an attempt: an answer that was seen alone is no contact. */
static inline bool
scan_is_attempt(uint16_t marks)
{
	return (marks & (SCAN_SYN | SCAN_STEALTH | SCAN_UDP | SCAN_ICMP)) != 0;
}

/* Whether a contact is evidence of scanning: it failed, or was left half open. */
static inline bool
scan_is_evidence(uint16_t marks)
{
	if ((marks & SCAN_ESTABLISHED) != 0 || !scan_is_attempt(marks))
		return false;
	return (marks & SCAN_ANSWERED) == 0 || (marks & (SCAN_HALF_OPEN | SCAN_STEALTH)) != 0;
}

#endif
