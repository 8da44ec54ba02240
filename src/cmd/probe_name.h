/* SPDX-License-Identifier: ISC */
/*
 * The names that a probe asks for: HEX-ADDRESS.EPOCH.KEY.probe.ZONE.
 *
 * The address is that which was asked, so an answer or a query to our own server tells whom it is
 * about, whoever sends it.  The epoch makes each run's names new to every cache; the key, a keyed
 * hash of both, keeps others from making up results.
 */
#ifndef YAGURA_CMD_PROBE_NAME_H
#define YAGURA_CMD_PROBE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "net/address.h"

#define PROBE_NAME_SIZE 255
#define PROBE_PREFIX    63 /* octets that labels before the zone take, at most: 33 + 9 + 9 + 6 */

struct probe_names {
	uint8_t zone[PROBE_NAME_SIZE]; /* wire format, lower case */
	size_t zone_size;
	uint32_t epoch; /* seconds since 1970 when the run began */
	struct hash_secret secret;
};

/* ERR_USAGE when the zone is no name, or too long for names below it. */
MUST_CHECK enum err probe_names_make(const char *zone, uint32_t epoch,
    const struct hash_secret *secret, struct probe_names *ret_names, struct err_info *info);

/* The name for an address, wire format; returns its size. */
size_t probe_name_write(
    const struct probe_names *names, const struct address *target, uint8_t name[PROBE_NAME_SIZE]);

/* What a name (wire format, lower case) is to a run. */
enum probe_name {
	PROBE_NAME_OUTSIDE, /* not in the zone */
	PROBE_NAME_INSIDE,  /* in the zone, but not one of ours: a step on the way, or made up */
	PROBE_NAME_APEX,
	PROBE_NAME_TARGET, /* `*ret_target` is the address it was made for */
};

enum probe_name probe_name_read(
    const struct probe_names *names, const uint8_t *name, size_t size, struct address *ret_target);

/* The address our server answers with: 192.0.2.0/24 (RFC 5737), by the run's key. */
struct address probe_names_answer(const struct probe_names *names);

#endif
