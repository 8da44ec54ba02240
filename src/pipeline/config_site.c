/* SPDX-License-Identifier: ISC */
/* The `site:` block of yagura.yaml; see config.h and net/site.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "base/zone.h"
#include "net/dns.h"
#include "pipeline/config_reader.h"

#define MAX_TEXT_SIZE 255

/* A text for people: not empty, of a reasonable size, without control characters. */
static enum err
read_text(struct config_reader *r, const struct tree *value, void *target)
{
	char **text = target;
	enum err e = config_require(r, value, TREE_SCALAR, "a text");

	if (e != ERR_OK)
		return e;
	if (value->text[0] == '\0' || strlen(value->text) > MAX_TEXT_SIZE)
		return tree_refuse(r->info, ERR_CONFIG, r->name, value->at,
		    "a text of 1 to %d octets is expected here", MAX_TEXT_SIZE);
	for (const char *p = value->text; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p))
			return tree_refuse(r->info, ERR_CONFIG, r->name, value->at,
			    "a text may not hold control characters");
	free(*text);
	*text = xstrdup(value->text);
	return ERR_OK;
}

/* The name of a zone that the system knows. */
static enum err
read_zone(struct config_reader *r, const struct tree *value, void *target)
{
	struct err_info why = { 0 };
	struct zone *zone = NULL;
	enum err e = read_text(r, value, target);

	if (e != ERR_OK)
		return e;
	if (zone_open(value->text, &zone, &why) != ERR_OK)
		return tree_refuse(r->info, ERR_CONFIG, r->name, value->at, "%s", why.text);
	zone_close(zone);
	return ERR_OK;
}

enum err
config_read_prefix(struct config_reader *r, const struct tree *value, void *target)
{
	struct err_info why = { 0 };
	enum err e = config_require(r, value, TREE_SCALAR, "a prefix like 192.0.2.0/24");

	if (e == ERR_OK && prefix_parse(value->text, target, &why) != ERR_OK)
		e = tree_refuse(r->info, ERR_CONFIG, r->name, value->at, "%s", why.text);
	return e;
}

static enum err
read_address(struct config_reader *r, const struct tree *value, void *target)
{
	enum err e = config_require(r, value, TREE_SCALAR, "an address");

	if (e == ERR_OK && address_parse(value->text, target) != ERR_OK)
		e = tree_refuse(r->info, ERR_CONFIG, r->name, value->at,
		    "\"%.60s\" is not an address", value->text);
	return e;
}

enum err
config_read_list(struct config_reader *r, const struct tree *list, size_t size,
    config_read_fn read_item, size_t *ret_count, void **ret_array)
{
	size_t count = 0;
	enum err e = ERR_OK;

	if (list->kind != TREE_EMPTY)
		e = config_require(r, list, TREE_LIST, "a list");
	if (e != ERR_OK)
		return e;
	for (const struct tree *t = list->first; t != NULL; t = t->next)
		count++;
	*ret_array = xcalloc(count + 1, size);
	for (const struct tree *t = list->first; e == ERR_OK && t != NULL; t = t->next)
		e = read_item(r, t, (char *)*ret_array + (*ret_count)++ * size);
	return e;
}

static enum err
read_pool(struct config_reader *r, const struct tree *value, void *target)
{
	static const struct config_key keys[] = {
		{ "prefix", config_read_prefix, offsetof(struct site_pool, prefix), true },
		{ "service", read_text, offsetof(struct site_pool, service), true },
	};

	return config_read_keys(r, value, keys, CONFIG_COUNT(keys), target);
}

static enum err
read_server(struct config_reader *r, const struct tree *value, void *target)
{
	static const struct config_key keys[] = {
		{ "address", read_address, offsetof(struct site_server, address), true },
		{ "role", read_text, offsetof(struct site_server, role), true },
	};

	return config_read_keys(r, value, keys, CONFIG_COUNT(keys), target);
}

static enum err
read_sensor(struct config_reader *r, const struct tree *value, void *target)
{
	static const struct config_key keys[] = {
		{ "name", read_text, offsetof(struct site_sensor, name), true },
		{ "prefix", config_read_prefix, offsetof(struct site_sensor, prefix), true },
	};

	return config_read_keys(r, value, keys, CONFIG_COUNT(keys), target);
}

static enum err
read_own_prefixes(struct config_reader *r, const struct tree *value, void *target)
{
	struct site *site = target;
	void *array = NULL;
	enum err e = config_read_list(
	    r, value, sizeof(struct prefix), config_read_prefix, &site->own_prefix_count, &array);

	site->own_prefixes = array;
	return e;
}

static enum err
read_dark_prefixes(struct config_reader *r, const struct tree *value, void *target)
{
	struct site *site = target;
	void *array = NULL;
	enum err e = config_read_list(
	    r, value, sizeof(struct prefix), config_read_prefix, &site->dark_prefix_count, &array);

	site->dark_prefixes = array;
	return e;
}

static enum err
read_pools(struct config_reader *r, const struct tree *value, void *target)
{
	struct site *site = target;
	void *array = NULL;
	enum err e = config_read_list(
	    r, value, sizeof(struct site_pool), read_pool, &site->pool_count, &array);

	site->pools = array;
	return e;
}

static enum err
read_servers(struct config_reader *r, const struct tree *value, void *target)
{
	struct site *site = target;
	void *array = NULL;
	enum err e = config_read_list(
	    r, value, sizeof(struct site_server), read_server, &site->server_count, &array);

	site->servers = array;
	return e;
}

static enum err
read_sensors(struct config_reader *r, const struct tree *value, void *target)
{
	struct site *site = target;
	void *array = NULL;
	enum err e = config_read_list(
	    r, value, sizeof(struct site_sensor), read_sensor, &site->sensor_count, &array);

	site->sensors = array;
	return e;
}

static enum err
read_zone_name(struct config_reader *r, const struct tree *value, void *target)
{
	struct site_zone *zone = target;
	struct err_info why = { 0 };
	size_t size;
	enum err e = config_require(r, value, TREE_SCALAR, "a DNS zone like example.com");

	if (e != ERR_OK)
		return e;
	if (dns_name_parse(value->text, zone->name, &size, &why) != ERR_OK)
		return tree_refuse(r->info, ERR_CONFIG, r->name, value->at, "%s", why.text);
	zone->size = (uint8_t)size;
	return ERR_OK;
}

static enum err
read_zones(struct config_reader *r, const struct tree *value, void *target)
{
	struct site *site = target;
	void *array = NULL;
	enum err e = config_read_list(
	    r, value, sizeof(struct site_zone), read_zone_name, &site->zone_count, &array);

	site->zones = array;
	return e;
}

static enum err
read_delegated(struct config_reader *r, const struct tree *value, void *target)
{
	unsigned *length = target;
	char *end = NULL;
	unsigned long n;
	enum err e = config_require(r, value, TREE_SCALAR, "a prefix length");

	if (e != ERR_OK)
		return e;
	n = isdigit((unsigned char)value->text[0]) ? strtoul(value->text, &end, 10) : 0;
	if (end == NULL || *end != '\0' || n < 32 || n > 64)
		return tree_refuse(r->info, ERR_CONFIG, r->name, value->at,
		    "a prefix length of 32 to 64 is expected here");
	*length = (unsigned)n;
	return ERR_OK;
}

static enum err
read_lists(struct config_reader *r, const struct tree *value, void *target)
{
	static const struct config_key keys[] = {
		{ "prefixes", read_text, offsetof(struct site_lists, prefixes), false },
		{ "sessions", read_text, offsetof(struct site_lists, sessions), false },
		{ "key_file", read_text, offsetof(struct site_lists, key_file), false },
		{ "delegated_length", read_delegated, offsetof(struct site_lists, delegated_length),
		    false },
	};
	struct site_lists *lists = target;

	lists->given = true;
	return config_read_keys(r, value, keys, CONFIG_COUNT(keys), target);
}

enum err
config_read_site(struct config_reader *r, const struct tree *value, void *target)
{
	static const struct config_key keys[] = {
		{ "name", read_text, offsetof(struct site, name), false },
		{ "time_zone", read_zone, offsetof(struct site, time_zone), false },
		{ "own_prefixes", read_own_prefixes, 0, false },
		{ "dark_prefixes", read_dark_prefixes, 0, false },
		{ "customer_pools", read_pools, 0, false },
		{ "subscribers", read_lists, offsetof(struct site, lists), false },
		{ "servers", read_servers, 0, false },
		{ "sensors", read_sensors, 0, false },
		{ "authoritative_zones", read_zones, 0, false },
	};
	struct site *site = target;
	enum err e;

	/* A block replaces the one before it as a whole. */
	site_release(site);
	site_init(site);
	e = config_read_keys(r, value, keys, CONFIG_COUNT(keys), site);
	site_index(site);
	return e;
}
