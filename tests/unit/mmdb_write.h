/* SPDX-License-Identifier: ISC */
/*
 * A small writer of MaxMind DB files (format 2.0, records of 24 bits, IPv6 trees): for tests.
 *
 *	struct mmdb db;
 *	mmdb_begin(&db);
 *	mmdb_add(&db, "192.0.2.0/24", mmdb_country(&db, "JP"));
 *	mmdb_write(&db, path);
 */
#ifndef YAGURA_TESTS_UNIT_MMDB_WRITE_H
#define YAGURA_TESTS_UNIT_MMDB_WRITE_H

#include <stdio.h>
#include <string.h>

#include "net/address.h"
#include "test.h"

#define MMDB_MOST_NODES 4096
#define MMDB_NOTHING    UINT32_MAX

struct mmdb {
	uint32_t nodes[MMDB_MOST_NODES][2]; /* a node, or MMDB_NOTHING, or 1 << 31 | data offset */
	uint32_t count;
	uint8_t data[4096];
	uint32_t size;
};

static inline void
mmdb_begin(struct mmdb *db)
{
	*db = (struct mmdb){ .count = 1, .nodes = { { MMDB_NOTHING, MMDB_NOTHING } } };
}

static inline void
mmdb_octets(struct mmdb *db, const void *data, size_t size)
{
	assert_true(db->size + size <= sizeof db->data);
	memcpy(db->data + db->size, data, size);
	db->size += (uint32_t)size;
}

static inline void
mmdb_octet(struct mmdb *db, unsigned value)
{
	uint8_t octet = (uint8_t)value;

	mmdb_octets(db, &octet, 1);
}

static inline void
mmdb_text(struct mmdb *db, const char *text)
{
	assert_in_range(strlen(text), 0, 28);
	mmdb_octet(db, 2 << 5 | (unsigned)strlen(text));
	mmdb_octets(db, text, strlen(text));
}

static inline void
mmdb_map(struct mmdb *db, unsigned count)
{
	mmdb_octet(db, 7 << 5 | count);
}

/* {"country_code": code}, {"country": {"iso_code": code}} in one. */
static inline uint32_t
mmdb_country(struct mmdb *db, const char *code)
{
	uint32_t at = db->size;

	mmdb_map(db, 2);
	mmdb_text(db, "country_code");
	mmdb_text(db, code);
	mmdb_text(db, "country");
	mmdb_map(db, 1);
	mmdb_text(db, "iso_code");
	mmdb_text(db, code);
	return at;
}

static inline void
mmdb_number(struct mmdb *db, unsigned type, uint32_t number)
{
	if (type < 8) {
		mmdb_octet(db, type << 5 | 4);
	} else {
		mmdb_octet(db, 4);
		mmdb_octet(db, type - 7);
	}
	for (int shift = 24; shift >= 0; shift -= 8)
		mmdb_octet(db, number >> shift & 0xff);
}

/* An unsigned number of 16 bits. */
static inline void
mmdb_short(struct mmdb *db, unsigned number)
{
	mmdb_octet(db, 5 << 5 | 2);
	mmdb_octet(db, number >> 8);
	mmdb_octet(db, number & 0xff);
}

static inline uint32_t
mmdb_asn(struct mmdb *db, uint32_t number)
{
	uint32_t at = db->size;

	mmdb_map(db, 1);
	mmdb_text(db, "autonomous_system_number");
	mmdb_number(db, 6, number);
	return at;
}

/* Hangs data on a prefix; IPv4 lies at ::/96, as the format says. */
static inline void
mmdb_add(struct mmdb *db, const char *text, uint32_t data)
{
	struct prefix p;
	uint8_t octets[16] = { 0 };
	unsigned length;
	uint32_t node = 0;

	assert_int_equal(prefix_parse(text, &p, NULL), ERR_OK);
	if (address_is_ipv4(&p.address))
		memcpy(octets + 12, p.address.octets + 12, 4);
	else
		memcpy(octets, p.address.octets, 16);
	length = p.length + (address_is_ipv4(&p.address) ? 96U : 0U);
	for (unsigned bit = 0; bit < length; bit++) {
		uint32_t *next = &db->nodes[node][octets[bit / 8] >> (7 - bit % 8) & 1];
		if (bit + 1 == length) {
			*next = 1U << 31 | data;
		} else if (*next == MMDB_NOTHING) {
			assert_true(db->count < MMDB_MOST_NODES);
			db->nodes[db->count][0] = db->nodes[db->count][1] = MMDB_NOTHING;
			*next = db->count++;
		}
		node = *next;
	}
}

static inline void
mmdb_write(struct mmdb *db, const char *path)
{
	static const uint8_t separator[16] = { 0 };
	struct mmdb meta = { .count = 0 };
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	for (uint32_t i = 0; i < db->count; i++)
		for (unsigned side = 0; side < 2; side++) {
			uint32_t v = db->nodes[i][side];
			uint8_t octets[3];
			if (v == MMDB_NOTHING)
				v = db->count;
			else if (v >> 31)
				v = (v & ~(1U << 31)) + db->count + 16;
			octets[0] = (uint8_t)(v >> 16);
			octets[1] = (uint8_t)(v >> 8);
			octets[2] = (uint8_t)v;
			assert_int_equal(fwrite(octets, 1, 3, f), 3);
		}
	(void)fwrite(separator, 1, sizeof separator, f);
	(void)fwrite(db->data, 1, db->size, f);
	mmdb_octets(&meta, "\xab\xcd\xefMaxMind.com", 14);
	mmdb_map(&meta, 9);
	mmdb_text(&meta, "binary_format_major_version");
	mmdb_short(&meta, 2);
	mmdb_text(&meta, "binary_format_minor_version");
	mmdb_short(&meta, 0);
	mmdb_text(&meta, "build_epoch");
	mmdb_number(&meta, 9, 1401062400);
	mmdb_text(&meta, "database_type");
	mmdb_text(&meta, "test");
	mmdb_text(&meta, "description");
	mmdb_map(&meta, 0);
	mmdb_text(&meta, "ip_version");
	mmdb_short(&meta, 6);
	mmdb_text(&meta, "languages");
	mmdb_octets(&meta, "\0\4", 2);
	mmdb_text(&meta, "node_count");
	mmdb_number(&meta, 6, db->count);
	mmdb_text(&meta, "record_size");
	mmdb_short(&meta, 24);
	(void)fwrite(meta.data, 1, meta.size, f);
	assert_int_equal(fclose(f), 0);
}

#endif
