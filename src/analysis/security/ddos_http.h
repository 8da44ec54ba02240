/* SPDX-License-Identifier: ISC */
/*
 * HTTP requests by host and slot of ten seconds: out of packets and of web logs.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_DDOS_HTTP_H
#define YAGURA_ANALYSIS_SECURITY_DDOS_HTTP_H

#include "base/hash.h"
#include "obs/http.h"
#include "obs/table.h"
#include "stat/hll.h"

#define DDOS_HOST_SIZE      100
#define DDOS_HOSTS          512
#define DDOS_HTTP_SLOTS     8192
#define DDOS_HTTP_PRECISION 10

/* A server's host.  Where nobody named a host, its name is empty. */
struct ddos_host {
	struct address server;     /* zeros: not known */
	char name[DDOS_HOST_SIZE]; /* terminated; lower case, no port */
	uint64_t requests, input_offset;
	nsec_t first;
	uint32_t input_length;
	uint8_t clients[HLL_SIZE(DDOS_HTTP_PRECISION)];
};

struct ddos_http_slot {
	uint32_t host, slot;
	uint64_t requests, octets;
	nsec_t first, last;
	uint32_t seconds[10];
};

struct ddos_http {
	struct ddos_host *hosts; /* owned */
	uint32_t host_count;
	struct ddos_http_slot *slots; /* owned */
	uint32_t slot_count;
	uint32_t *places; /* owned; of slots, number + 1 */
	uint64_t refused; /* requests that found no room */
};

void ddos_http_init(struct ddos_http *h);
void ddos_http_release(struct ddos_http *h);
void ddos_http_clear(struct ddos_http *h);
void ddos_http_observe(struct ddos_http *h, const struct http_request *r);
void ddos_http_merge(struct ddos_http *into, const struct ddos_http *from);

enum {
	DDOS_HTTP_SERVER,
	DDOS_HTTP_HOST,
	DDOS_HTTP_BEGIN,
	DDOS_HTTP_FIRST,
	DDOS_HTTP_LAST,
	DDOS_HTTP_REQUESTS,
	DDOS_HTTP_OCTETS,
	DDOS_HTTP_PEAK,
	DDOS_HTTP_CLIENTS,
	DDOS_HTTP_INPUT_OFFSET,
	DDOS_HTTP_INPUT_LENGTH,
	DDOS_HTTP_COLUMNS,
};

/* Yields the slots of hosts of which some slot has at least `least` requests. */
void ddos_http_put(struct ddos_http *h, uint64_t least, struct rows *rows);

#endif
