/* SPDX-License-Identifier: ISC */
/*
 * What the parts of security/random-communications share.
 *
 * An attack is all that one source sends to one port of one sensor without a pause of more than
 * 300 s: several connections of a worm count once, as IIJ counts them.  State and rows hold attacks
 * in pieces of 300 s of the clock; the section puts pieces together over windows.
 *
 * Where there are more than can be held, a fair sample of attacks is kept: those whose hash is
 * above a floor that rises.  The hash leaves the time out, so pieces of one attack are kept or left
 * together, and numbers are estimated by the share that the floor leaves.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_RANDOM_H
#define YAGURA_ANALYSIS_SECURITY_RANDOM_H

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/dns/pool.h"
#include "analysis/security/dark_space.h"
#include "stat/hll.h"

#define RANDOM_PAUSE_SECONDS 300
#define RANDOM_PAUSE         ((nsec_t)RANDOM_PAUSE_SECONDS * NSEC_PER_SEC)
#define RANDOM_QUARTER       ((nsec_t)900 * NSEC_PER_SEC) /* days of all zones are made of it */
#define RANDOM_PRECISION     8
#define RANDOM_NAME_SIZE     64
#define RANDOM_SAMPLE_OCTETS 256
#define RANDOM_SUMS          254 /* the protocol of what logs tell as sums by hour */

/* Tables. */
enum {
	RANDOM_ATTACKS,
	RANDOM_PORTS,
	RANDOM_SENSORS,
	RANDOM_WATCHES,
	RANDOM_PAYLOADS,
	RANDOM_TOTALS
};

/* Of security_random: a piece of an attack. */
enum {
	RA_SOURCE,
	RA_TARGET, /* hash of the dark address, or of the sensor's name */
	RA_SENSOR,
	RA_PROTOCOL,
	RA_PORT,
	RA_COUNTRY,
	RA_FIRST,
	RA_LAST,
	RA_PACKETS,
	RA_OCTETS,
	RA_HASH,
	RA_OFFSET,
	RA_LENGTH,
	RA_COLUMNS,
};

/* Of security_random_ports: a quarter of an hour of a port. */
enum { RP_QUARTER, RP_PROTOCOL, RP_PORT, RP_PACKETS, RP_OCTETS, RP_COLUMNS };

/* Of security_random_sensors: a sensor or dark prefix, in a window. */
enum { RS_SENSOR, RS_ADDRESSES, RS_FIRST, RS_LAST, RS_PACKETS, RS_COLUMNS };

/* Of security_random_watches: when a sensor says that it was listening. */
enum { RW_SENSOR, RW_BEGIN, RW_END, RW_COLUMNS };

/* Of security_random_payloads: the first octets that somebody sent. */
enum {
	RD_SHA256,
	RD_PROTOCOL,
	RD_PORT,
	RD_SIZE,
	RD_FIRST,
	RD_LAST,
	RD_ATTACKS,
	RD_PACKETS, /* of these attacks */
	RD_SOURCES,
	RD_TARGETS,
	RD_SOURCE,
	RD_SENSOR,
	RD_SAMPLE,
	RD_OFFSET,
	RD_LENGTH,
	RD_COLUMNS,
};

/* Of security_random_totals: a window. */
enum {
	RT_PACKETS,     /* random communications, without what is excluded */
	RT_CONTACTS,    /* connections and datagrams that logs tell of */
	RT_AGGREGATED,  /* the same, as sums by source without ports: not among them */
	RT_HOURLY,      /* and as sums by hour, perhaps of the same */
	RT_BACKSCATTER, /* excluded: answers to forged packets */
	RT_RESEARCH,    /* excluded: known scanners of researchers */
	RT_MONITORING,  /* excluded: the site's own */
	RT_FLOOR,       /* attacks with a hash up to this are left out; 0: none */
	RT_NO_PORT,     /* fragments and what the capture cut: packets only */
	RT_PAYLOADS_LOST,
	RT_SENSORS_LOST,
	RT_COLUMNS,
};

/* A piece of an attack. */
struct random_attack {
	uint64_t key[4]; /* source; target; number of the chunk, protocol, port */
	nsec_t first, last;
	uint64_t packets, octets;
	uint64_t hash;           /* 32 bits; of the key without the chunk */
	uint64_t sensor;         /* hash of its name */
	uint64_t offset, length; /* of the first packet in its input */
	nsec_t payload_time;     /* of the first packet with payload; 0: none */
	uint64_t payload_offset;
	uint64_t payload[4]; /* its SHA-256 */
};

struct random_payload {
	uint64_t sha256[4];
	nsec_t first;
	struct address source; /* of the first */
	uint64_t sensor;
	uint64_t offset, length;
	uint64_t seen; /* times: what is it worth keeping */
	uint32_t size;
	uint16_t port;
	uint8_t protocol, kept;
	uint8_t octets[RANDOM_SAMPLE_OCTETS];
};

struct random_sensor {
	uint64_t key; /* hash of its name */
	nsec_t first, last;
	uint64_t packets;
	double addresses;
	char name[RANDOM_NAME_SIZE];
};

struct random_watch {
	uint64_t key[2]; /* hash of the sensor's name, begin in ms */
	nsec_t end;
	char name[RANDOM_NAME_SIZE];
};

struct random_state {
	struct dark_space space;
	struct random_name {
		uint64_t hash;
		char text[RANDOM_NAME_SIZE];
	} * names;                                /* owned: of each prefix of the space */
	struct prefix_set *research, *monitoring; /* owned; may be NULL */
	struct dns_pool attacks, payloads, sensors, watches;
	struct cells ports;
	uint64_t fold;    /* where ports go that found no place */
	uint64_t evicted; /* of the attacks, when the floor was set last */
	const struct geo *countries;
	struct hash_secret secret;
	bool touched;
	uint64_t totals[RT_COLUMNS];
};

/* The name of a sensor as it is shown: a prefix's own text, when it has no other. */
char *random_sensor_name(const struct dark_prefix *d, char text[RANDOM_NAME_SIZE]);
uint64_t random_name_hash(const char *name);

void random_finish(void *state, const struct window *window, const struct row_sink *sink);

enum err random_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
