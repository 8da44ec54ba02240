/* SPDX-License-Identifier: ISC */
/*
 * What the rows of security/random-communications say of a period: attacks put together over
 * windows, by day, port, country and sensor; when sensors were alive.
 *
 * Numbers of attacks are kept in units of 1/RANDOM_UNIT, since each of a sample stands for several.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_RANDOM_READ_H
#define YAGURA_ANALYSIS_SECURITY_RANDOM_READ_H

#include "analysis/security/daily.h"
#include "analysis/security/random.h"

#define RANDOM_UNIT 65536

/* A sensor or dark prefix in the period. */
struct random_alive {
	char name[RANDOM_NAME_SIZE];
	double addresses;
	nsec_t first, last;        /* of what it got */
	uint64_t packets, attacks; /* attacks in units */
	bool watched;              /* it says itself when it was listening */
	double days;               /* that it was alive, of all its addresses */
};

/* One of the site's own addresses that sends to sensors. */
struct random_own {
	struct address source;
	nsec_t first, last;
	uint64_t attacks, packets; /* attacks in units */
	char sensor[RANDOM_NAME_SIZE];
	uint8_t protocol;
	uint16_t port;
	uint64_t input, offset, length;
};

struct random_period {
	uint64_t totals[RT_COLUMNS], windows;
	nsec_t first, last;           /* of what sensors got */
	struct daily attacks;         /* one series: attacks by day; divisors: sensor days */
	struct random_alive *sensors; /* owned; by name */
	size_t sensor_count;
	struct cells day_ports, hour_ports, day_countries; /* attacks in units */
	uint64_t all;                                      /* attacks in units */
	uint64_t pieces;                                   /* rows that were read */
	bool sampled;
	uint8_t sources[HLL_SIZE(12)];
	struct random_own *own; /* owned; by address */
	size_t own_count, own_capacity;
};

#define RANDOM_SOURCES_PRECISION 12

/* Keys of the cells. */
static inline uint64_t
random_port_key(uint64_t when, uint8_t protocol, uint16_t port)
{
	return when << 24 | (uint64_t)protocol << 16 | port;
}

/* ERR_END when there is nothing. */
enum err random_read(const struct section_context *c, const struct zone *zone,
    struct random_period *ret_period, struct err_info *info);
void random_period_release(struct random_period *p);

#endif
