/* SPDX-License-Identifier: ISC */
/*
 * What the operator says about the site: the `site:` block of yagura.yaml, shared by every
 * analysis.
 *
 * All of it is optional.  Without own prefixes every address is "unknown" and directions are not
 * told apart.
 */
#ifndef YAGURA_NET_SITE_H
#define YAGURA_NET_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/address.h"

struct site_pool {
	struct prefix prefix;
	char *service; /* owned */
};

struct site_server {
	struct address address;
	char *role; /* owned: resolver, authoritative, forwarder, web, mail, … */
};

/* A DNS zone of the site's own, uncompressed wire format in lower case. */
struct site_zone {
	uint8_t name[255];
	uint8_t size;
};

struct site_sensor {
	char *name; /* owned */
	struct prefix prefix;
};

/* Where the lists of subscribers are: the block `subscribers`. */
struct site_lists {
	bool given;                /* there is such a block */
	char *prefixes;            /* owned: file of the static list, or NULL */
	char *sessions;            /* owned: file of the session log, or NULL */
	char *key_file;            /* owned: file of the pseudonyms' key, or NULL */
	unsigned delegated_length; /* of IPv6 users in pools */
};

#define SITE_DELEGATED_LENGTH 56 /* unless it is said */

struct subscribers;
struct prefix_set; /* longest-match lookup over prefixes, of both families */

struct site {
	char *name;                  /* owned, or NULL */
	char *time_zone;             /* owned: an IANA name; "UTC" by default */
	struct prefix *own_prefixes; /* owned */
	size_t own_prefix_count;
	struct prefix *dark_prefixes; /* owned */
	size_t dark_prefix_count;
	struct site_pool *pools; /* owned */
	size_t pool_count;
	struct site_server *servers; /* owned */
	size_t server_count;
	struct site_sensor *sensors; /* owned */
	size_t sensor_count;
	struct site_zone *zones; /* owned: whose authority the site is */
	size_t zone_count;
	struct site_lists lists;
	struct subscribers *subscribers; /* owned; NULL when there are neither lists nor pools */
	struct prefix_set *own;          /* owned; over own_prefixes */
	struct prefix_set *dark;         /* owned; over dark_prefixes */
};

/* Where a packet goes, seen from the site. */
enum site_direction {
	SITE_UNKNOWN = 0, /* no own prefixes are configured */
	SITE_IN,          /* from outside to an own address */
	SITE_OUT,         /* from an own address to outside */
	SITE_INTERNAL,    /* between own addresses */
	SITE_TRANSIT,     /* between outside addresses */
};

/* An empty site: no prefixes, UTC. */
void site_init(struct site *site);
void site_release(struct site *site);

/* Rebuilds the lookup sets after the prefixes changed. */
void site_index(struct site *site);

/* Whether an address is the site's own; false when nothing is configured. */
bool site_is_own(const struct site *site, const struct address *address);

/* The role of a server by its address ("resolver", "authoritative", …); NULL when it is not listed.
 */
const char *site_role(const struct site *site, const struct address *address);

/* Whether a name lies in one of the site's own zones. */
bool site_in_zone(const struct site *site, const uint8_t *name, size_t size);

/* The direction of a packet from `source` to `destination`. */
enum site_direction site_direction(
    const struct site *site, const struct address *source, const struct address *destination);

/* "in", "out", "internal", "transit", "unknown". */
const char *site_direction_name(enum site_direction direction);

/* A set of prefixes; `prefixes` is copied. */
struct prefix_set *prefix_set_new(const struct prefix *prefixes, size_t count);
void prefix_set_free(struct prefix_set *set);
/* Index of the longest prefix that holds the address, or -1. */
long prefix_set_find(const struct prefix_set *set, const struct address *address);

#endif
