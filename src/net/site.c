/* SPDX-License-Identifier: ISC */
/* What the operator says about the site; see site.h.  Lookups stand on net/prefix.c. */
#include "net/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/dns.h"
#include "net/subscribers.h"

void
site_init(struct site *site)
{
	*site = (struct site){ .time_zone = xstrdup("UTC"),
		.lists = { .delegated_length = SITE_DELEGATED_LENGTH } };
	site_index(site);
}

void
site_release(struct site *site)
{
	for (size_t i = 0; i < site->pool_count; i++)
		free(site->pools[i].service);
	for (size_t i = 0; i < site->server_count; i++)
		free(site->servers[i].role);
	for (size_t i = 0; i < site->sensor_count; i++)
		free(site->sensors[i].name);
	subscribers_free(site->subscribers);
	free(site->lists.prefixes);
	free(site->lists.sessions);
	free(site->lists.key_file);
	free(site->name);
	free(site->time_zone);
	free(site->own_prefixes);
	free(site->dark_prefixes);
	free(site->pools);
	free(site->servers);
	free(site->sensors);
	free(site->zones);
	prefix_set_free(site->own);
	prefix_set_free(site->dark);
	*site = (struct site){ 0 };
}

void
site_index(struct site *site)
{
	prefix_set_free(site->own);
	prefix_set_free(site->dark);
	site->own = prefix_set_new(site->own_prefixes, site->own_prefix_count);
	site->dark = prefix_set_new(site->dark_prefixes, site->dark_prefix_count);
}

const char *
site_role(const struct site *site, const struct address *address)
{
	for (size_t i = 0; i < site->server_count; i++)
		if (address_equal(&site->servers[i].address, address))
			return site->servers[i].role;
	return NULL;
}

bool
site_in_zone(const struct site *site, const uint8_t *name, size_t size)
{
	for (size_t i = 0; i < site->zone_count; i++)
		if (dns_name_below(name, size, site->zones[i].name, site->zones[i].size))
			return true;
	return false;
}

bool
site_is_own(const struct site *site, const struct address *address)
{
	return site->own_prefix_count > 0 && prefix_set_find(site->own, address) >= 0;
}

enum site_direction
site_direction(
    const struct site *site, const struct address *source, const struct address *destination)
{
	static const enum site_direction directions[2][2] = {
		{ SITE_TRANSIT, SITE_IN },
		{ SITE_OUT, SITE_INTERNAL },
	};

	if (site->own_prefix_count == 0)
		return SITE_UNKNOWN;
	return directions[prefix_set_find(site->own, source) >= 0]
			 [prefix_set_find(site->own, destination) >= 0];
}

const char *
site_direction_name(enum site_direction direction)
{
	static const char *const names[] = {
		[SITE_UNKNOWN] = "unknown",
		[SITE_IN] = "in",
		[SITE_OUT] = "out",
		[SITE_INTERNAL] = "internal",
		[SITE_TRANSIT] = "transit",
	};

	return names[direction];
}
