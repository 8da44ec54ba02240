/* SPDX-License-Identifier: ISC */
/*
 * What a MaxMind DB file (.mmdb) says of an address: its country, its autonomous system.
 *
 * Makers of such files use different keys, so the key is the caller's: "country_code", or a path
 * into nested maps, "country.iso_code".  IPv4 addresses are looked up as IPv4, never as v4-mapped
 * IPv6, which files do not hold.
 *
 * Constant once opened; several threads may ask.  The file is mapped, not read.
 */
#ifndef YAGURA_NET_GEO_H
#define YAGURA_NET_GEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/address.h"

#define GEO_TEXT_SIZE 64
#define GEO_PACKAGED  "packaged" /* in configurations: the database of the npm package */

struct geo;

/* Opens a file; `key` is a path of at most 7 names with dots between.  ERR_IO, ERR_FORMAT,
 * ERR_CONFIG for the key. */
MUST_CHECK enum err
geo_open(const char *path, const char *key, struct geo **ret_geo, struct err_info *info);
void geo_close(struct geo *geo);

/* The text under the key; false when the file has none for the address. */
bool geo_text(const struct geo *geo, const struct address *address, char ret_text[GEO_TEXT_SIZE]);

/* The number under the key: an AS number; false when there is none that fits. */
bool geo_number(const struct geo *geo, const struct address *address, uint32_t *ret_number);

/* When the file was made, in seconds since 1970. */
uint64_t geo_epoch(const struct geo *geo);

/* The country database that comes with the npm packages: its path into `text` when it is there. */
bool geo_find_packaged(char *text, size_t size);

#endif
