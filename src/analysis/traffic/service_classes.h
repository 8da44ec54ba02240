/* SPDX-License-Identifier: ISC */
/*
 * The classes of services of the broadband report.
 *
 * The port of a TCP or UDP record is the smaller of its two; below 1024 it is well known.  UDP 443
 * is QUIC.  The numbers are stored (column service_class), so they never change; new classes take
 * new numbers.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_SERVICE_CLASSES_H
#define YAGURA_ANALYSIS_TRAFFIC_SERVICE_CLASSES_H

#include <stdint.h>

#define SERVICE_CLASS_COUNT 96

/* The areas of the week's profile. */
enum service_group {
	GROUP_HTTP,       /* 80/tcp */
	GROUP_HTTPS,      /* 443/tcp */
	GROUP_QUIC,       /* 443/udp */
	GROUP_WELL_KNOWN, /* other ports below 1024 */
	GROUP_DYNAMIC,    /* TCP, both ports 1024 or above */
	GROUP_OTHER,
	GROUP_COUNT,
};

/* The blocks of the port table. */
enum service_block {
	BLOCK_TCP_KNOWN,
	BLOCK_TCP_DYNAMIC,
	BLOCK_UDP_KNOWN,
	BLOCK_UDP_DYNAMIC,
	BLOCK_PROTOCOL,
	BLOCK_COUNT,
};

struct service_class {
	const char *name; /* "tcp/443 (https)"; NULL: the number is not in use */
	uint8_t protocol;
	uint16_t port; /* 0: all others of the block */
	uint8_t block; /* enum service_block */
	uint8_t group; /* enum service_group */
};

extern const struct service_class SERVICE_CLASSES[SERVICE_CLASS_COUNT];

/* "80/tcp", …, of a group. */
const char *service_group_name(enum service_group group);

#define SERVICE_PORTS 65536

/* Class numbers by port: TCP, UDP; and by IP protocol. */
struct service_map {
	uint8_t ports[2][SERVICE_PORTS];
	uint8_t protocols[256];
};

void service_map_init(struct service_map *map);

static inline uint8_t
service_class_of(
    const struct service_map *map, uint8_t protocol, uint16_t source, uint16_t destination)
{
	uint16_t port = source < destination ? source : destination;

	if (protocol == 6)
		return map->ports[0][port];
	return protocol == 17 ? map->ports[1][port] : map->protocols[protocol];
}

#endif
