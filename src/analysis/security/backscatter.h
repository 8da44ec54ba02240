/* SPDX-License-Identifier: ISC */
/*
 * What the parts of security/backscatter share: the columns of its tables, what is seen of a
 * vector (a victim and the protocol of the attack on it).
 */
#ifndef YAGURA_ANALYSIS_SECURITY_BACKSCATTER_H
#define YAGURA_ANALYSIS_SECURITY_BACKSCATTER_H

#include "analysis/analysis.h"
#include "analysis/security/dark_space.h"
#include "stat/hll.h"

#define BACKSCATTER_CHUNK_SECONDS 300 /* one row of a vector; its expiry, too */
#define BACKSCATTER_SLOT_SECONDS  10
#define BACKSCATTER_SLOTS         (BACKSCATTER_CHUNK_SECONDS / BACKSCATTER_SLOT_SECONDS)
#define BACKSCATTER_MINUTE_SLOTS  (60 / BACKSCATTER_SLOT_SECONDS)
#define BACKSCATTER_PORTS         16   /* counted apart; the rest together */
#define BACKSCATTER_PORT_BITS     1024 /* for counting distinct ports */
#define BACKSCATTER_PLACES        64   /* addresses known exactly; a fair sample beyond */
#define BACKSCATTER_PRECISION     10   /* of the sketch of addresses beyond */
#define BACKSCATTER_SAMPLE_OCTETS 128
#define BACKSCATTER_KINDS         (DARK_UDP - DARK_SYNACK + 1)
#define BACKSCATTER_QUARTER       ((nsec_t)900 * NSEC_PER_SEC) /* days of all zones are made of it */

/* A packet kept as evidence. */
struct backscatter_sample {
	nsec_t time;
	uint64_t input; /* the store's id; known only of those that were read */
	uint64_t input_offset;
	uint32_t input_length;
	uint16_t l3_octets; /* of the whole packet */
	uint16_t size;      /* of what is kept, from the IP header on */
	uint8_t octets[BACKSCATTER_SAMPLE_OCTETS];
};

/* What adds up over packets, shards, windows and sensors. */
struct backscatter_sums {
	nsec_t first, last;
	uint64_t packets, octets;
	uint64_t kinds[BACKSCATTER_KINDS];
	uint64_t other_ports; /* packets of ports that found no place */
	struct backscatter_port {
		uint32_t port; /* + 1; 0: free */
		uint32_t packets;
	} ports[BACKSCATTER_PORTS];
	uint64_t port_bits[BACKSCATTER_PORT_BITS / 64];
	/* Hash (upper half) and position of the addresses with the least hashes, in their order. */
	uint64_t places[BACKSCATTER_PLACES];
	uint64_t place_count;
	uint8_t addresses[HLL_SIZE(BACKSCATTER_PRECISION)];
	struct backscatter_sample sample; /* the earliest packet; size 0: none */
};

/* Adds `from`; the earliest sample stays. */
void backscatter_sums_add(struct backscatter_sums *into, const struct backscatter_sums *from);
void backscatter_sums_port(struct backscatter_sums *sums, uint16_t port, uint32_t packets);
void backscatter_sums_place(struct backscatter_sums *sums, uint64_t place);
/* Distinct dark addresses and ports of the victim. */
double backscatter_sums_addresses(const struct backscatter_sums *sums);
double backscatter_sums_ports(const struct backscatter_sums *sums);

/* Of security_backscatter: 300 seconds of a vector. */
enum {
	BV_VICTIM,
	BV_PROTOCOL,
	BV_CHUNK,
	BV_FIRST,
	BV_LAST,
	BV_PACKETS,
	BV_OCTETS,
	BV_MONITORED,
	BV_COUNTRY,
	BV_KINDS,
	BV_SLOTS,
	BV_PORTS,
	BV_PORT_BITS,
	BV_PLACES,
	BV_ADDRESSES,
	BV_SAMPLE,
	BV_COLUMNS,
};

/* Writes what is not a plain number, from BV_KINDS to BV_SAMPLE but for the slots; reads it. */
void backscatter_sums_put(const struct backscatter_sums *sums, struct rows *rows);
/* The columns of the result begin with BV_KINDS at `at`, as in the table.  False: damaged. */
bool backscatter_sums_read(
    struct backscatter_sums *sums, const struct result *r, size_t at, uint64_t input);

/* Of security_backscatter_services: a quarter of an hour of a service. */
enum { BS_QUARTER, BS_PROTOCOL, BS_PORT, BS_PACKETS, BS_OCTETS, BS_COLUMNS };

/* Of security_backscatter_countries: the same of a victims' country. */
enum { BC_QUARTER, BC_COUNTRY, BC_PACKETS, BC_VECTORS, BC_COLUMNS };

/* Of security_backscatter_totals: a window. */
enum {
	BT_PACKETS, /* to the monitored space */
	BT_FIRST,
	BT_LAST,
	BT_IPV4,                           /* monitored addresses */
	BT_IPV6,                           /* 1: IPv6 is monitored, too */
	BT_KIND,                           /* from here on by enum dark_kind */
	BT_EVICTED = BT_KIND + DARK_KINDS, /* vectors that found no place */
	BT_EVICTED_PACKETS,
	BT_UNSTORED, /* vectors without a row */
	BT_UNSTORED_PACKETS,
	BT_COLUMNS,
};

enum err backscatter_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
