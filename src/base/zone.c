/* SPDX-License-Identifier: ISC */
/*
 * Zoneinfo files (RFC 8536) and local times from them; see zone.h.
 *
 *	header (44 octets)  "TZif", version, 15 unused, then six be32 counts:
 *	                    isutcnt isstdcnt leapcnt timecnt typecnt charcnt
 *	data block          timecnt times, timecnt type indices, typecnt × { be32 offset, dst, index
 *}, charcnt letters, leap seconds, two arrays of flags
 *
 * Version 1 has 32-bit times; from version 2 on a second header and block with 64-bit times
 * follow, then a newline, a POSIX TZ string for all later times, and a newline.  Leap seconds are
 * not applied: record times are POSIX times.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/xmalloc.h"
#include "base/zone_rule.h"

#define ZONE_DIRECTORY   "/usr/share/zoneinfo"
#define ZONE_FILE_MAX    65536 /* the largest real one has 3.6 kB */
#define ZONE_HEADER_SIZE 44

struct zone {
	struct zone_offset *types; /* owned */
	size_t type_count;
	int64_t *times; /* owned: when type_of[i] comes into force, ascending */
	uint8_t *type_of;
	size_t time_count;
	bool has_rule;
	struct zone_rule rule; /* after the last time */
};

struct header {
	uint8_t version;
	uint32_t utc_count, std_count, leap_count, time_count, type_count, char_count;
};

static bool name_is_safe(const char *name);
static bool read_header(struct cursor *c, struct header *h);
static bool read_block(struct cursor *c, const struct header *h, size_t time_size, struct zone *z);
static bool read_rule(struct cursor *c, struct zone *z);

enum err
zone_open(const char *name, struct zone **ret_zone, struct err_info *info)
{
	char path[PATH_MAX];
	uint8_t *data;
	ssize_t size;
	enum err e;
	int file;

	if (strcmp(name, "UTC") == 0) {
		*ret_zone = NULL;
		return ERR_OK;
	}
	if (!name_is_safe(name) ||
	    snprintf(path, sizeof path, ZONE_DIRECTORY "/%s", name) >= (int)sizeof path)
		return err_set(info, ERR_CONFIG, "\"%.64s\" is not the name of a time zone", name);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0)
		return err_set(
		    info, ERR_CONFIG, "time zone \"%s\": %s: %s", name, path, strerror(errno));
	data = xmalloc(ZONE_FILE_MAX);
	size = read(file, data, ZONE_FILE_MAX);
	(void)close(file);
	if (size < 0)
		e = err_set(info, ERR_CONFIG, "time zone \"%s\": %s: cannot be read", name, path);
	else
		e = zone_parse(data, (size_t)size, ret_zone, info);
	free(data);
	return e == ERR_OK ? ERR_OK : ERR_CONFIG;
}

enum err
zone_parse(const uint8_t *data, size_t size, struct zone **ret_zone, struct err_info *info)
{
	struct cursor c = cursor_over(data, size);
	struct zone *z = xcalloc(1, sizeof *z);
	struct header h;
	bool good = read_header(&c, &h);

	if (good && h.version == 0) {
		good = read_block(&c, &h, 4, z);
	} else if (good) {
		uint64_t skip = (uint64_t)h.time_count * 5 + (uint64_t)h.type_count * 6 +
				h.char_count + (uint64_t)h.leap_count * 8 + h.std_count +
				h.utc_count;
		good = skip <= cursor_left(&c) && cursor_skip(&c, (size_t)skip) &&
		       read_header(&c, &h) && read_block(&c, &h, 8, z) && read_rule(&c, z);
	}
	if (!good) {
		zone_close(z);
		return err_set(info, ERR_FORMAT, "not a zoneinfo file (RFC 8536)");
	}
	*ret_zone = z;
	return ERR_OK;
}

void
zone_close(struct zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->types);
	free(zone->times);
	free(zone->type_of);
	free(zone);
}

struct zone_offset
zone_at(const struct zone *zone, int64_t seconds)
{
	size_t low = 0, high;

	if (zone == NULL)
		return (struct zone_offset){ .east = 0, .abbreviation = "UTC" };
	high = zone->time_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->times[middle] <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == zone->time_count && zone->has_rule)
		return zone_rule_at(&zone->rule, seconds);
	/* RFC 8536 section 3.2: type 0 is for what comes before the first transition. */
	return zone->types[low == 0 ? 0 : zone->type_of[low - 1]];
}

#define DAY_SECONDS INT64_C(86400)
#define EAST_MOST   (2 * DAY_SECONDS) /* as read_types allows */

static int64_t
local_day(const struct zone *zone, int64_t seconds)
{
	return floor_div(seconds + zone_at(zone, seconds).east, DAY_SECONDS);
}

/* The first instant of a local day: midnight, or what comes instead of it where clocks go forward
 * just then. */
static int64_t
day_begin(const struct zone *zone, int64_t day)
{
	int64_t low = day * DAY_SECONDS - EAST_MOST - 1, high = day * DAY_SECONDS + EAST_MOST;

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;
		if (local_day(zone, middle) < day)
			low = middle;
		else
			high = middle;
	}
	return high;
}

void
zone_day(const struct zone *zone, int64_t seconds, int64_t *ret_begin, int64_t *ret_end)
{
	int64_t day = local_day(zone, seconds);

	*ret_begin = day_begin(zone, day);
	*ret_end = day_begin(zone, day + 1);
	/* Clocks that go back over midnight show a day twice: its first end counts. */
	if (seconds >= *ret_end) {
		*ret_begin = *ret_end;
		*ret_end = day_begin(zone, day + 2);
	}
}

char *
zone_format(const struct zone *zone, nsec_t time, int digits, char *text, size_t size)
{
	int64_t seconds = floor_div(time, NSEC_PER_SEC);
	struct zone_offset offset = zone_at(zone, seconds);
	nsec_t shifted;
	char local[48];
	size_t len;

	if (__builtin_add_overflow(time, offset.east * NSEC_PER_SEC, &shifted)) {
		offset = zone_at(NULL, seconds);
		shifted = time;
	}
	(void)clock_format(shifted, digits, local, sizeof local);
	local[strcspn(local, "T")] = ' ';
	len = strlen(local);
	if (len > 0 && local[len - 1] == 'Z')
		local[len - 1] = '\0';
	(void)snprintf(text, size, "%s %s", local, offset.abbreviation);
	return text;
}

/* Only relative paths of ordinary names: the name comes from a configuration or a document. */
static bool
name_is_safe(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-/";

	return name[0] != '\0' && name[0] != '/' && strlen(name) < 64 &&
	       name[strspn(name, letters)] == '\0';
}

static bool
read_header(struct cursor *c, struct header *h)
{
	const uint8_t *p = cursor_take(c, ZONE_HEADER_SIZE);

	if (p == NULL || memcmp(p, "TZif", 4) != 0)
		return false;
	h->version = p[4];
	h->utc_count = be32(p + 20);
	h->std_count = be32(p + 24);
	h->leap_count = be32(p + 28);
	h->time_count = be32(p + 32);
	h->type_count = be32(p + 36);
	h->char_count = be32(p + 40);
	return h->time_count <= ZONE_FILE_MAX && h->type_count >= 1 && h->type_count <= 256 &&
	       h->char_count <= ZONE_FILE_MAX && h->leap_count <= ZONE_FILE_MAX;
}

/* Checks that times ascend and that types exist. */
static bool
read_times(const struct header *h, const uint8_t *times, const uint8_t *types, size_t time_size,
    struct zone *z)
{
	z->times = xcalloc(h->time_count + 1, sizeof *z->times);
	z->type_of = xcalloc(h->time_count + 1, 1);
	for (size_t i = 0; i < h->time_count; i++) {
		const uint8_t *p = times + i * time_size;
		z->times[i] = time_size == 8 ? (int64_t)be64(p) : (int32_t)be32(p);
		z->type_of[i] = types[i];
		if (types[i] >= h->type_count || (i > 0 && z->times[i] <= z->times[i - 1]))
			return false;
	}
	z->time_count = h->time_count;
	return true;
}

static bool
read_types(const struct header *h, const uint8_t *types, const uint8_t *letters, struct zone *z)
{
	z->types = xcalloc(h->type_count, sizeof *z->types);
	z->type_count = h->type_count;
	for (size_t i = 0; i < h->type_count; i++) {
		const uint8_t *p = types + i * 6;
		const char *name = (const char *)letters + p[5];
		size_t len;

		if (p[5] >= h->char_count)
			return false;
		len = strnlen(name, h->char_count - p[5]);
		z->types[i].east = (int32_t)be32(p);
		if (len == h->char_count - p[5] || len > ZONE_ABBREVIATION_SIZE - 4 ||
		    z->types[i].east < -172800 || z->types[i].east > 172800)
			return false;
		(void)snprintf(z->types[i].abbreviation, ZONE_ABBREVIATION_SIZE, "%s%s",
		    name[0] == '+' || name[0] == '-' ? "UTC" : "", name);
	}
	return true;
}

static bool
read_block(struct cursor *c, const struct header *h, size_t time_size, struct zone *z)
{
	const uint8_t *times = cursor_take(c, h->time_count * time_size);
	const uint8_t *indices = cursor_take(c, h->time_count);
	const uint8_t *types = cursor_take(c, (size_t)h->type_count * 6);
	const uint8_t *letters = cursor_take(c, h->char_count);

	(void)cursor_skip(c, h->leap_count * (time_size + 4));
	(void)cursor_skip(c, h->std_count);
	(void)cursor_skip(c, h->utc_count);
	return !c->failed && read_times(h, times, indices, time_size, z) &&
	       read_types(h, types, letters, z);
}

/* The footer: newline, TZ string (may be empty: no rule), newline. */
static bool
read_rule(struct cursor *c, struct zone *z)
{
	const char *text;
	const char *end;

	if (cursor_u8(c) != '\n')
		return false;
	text = (const char *)c->at;
	end = memchr(text, '\n', cursor_left(c));
	if (end == NULL)
		return false;
	if (end == text)
		return true;
	z->has_rule = zone_rule_parse(text, (size_t)(end - text), &z->rule);
	return z->has_rule;
}
