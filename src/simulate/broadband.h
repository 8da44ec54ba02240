/* SPDX-License-Identifier: ISC */
/*
 * The broadband scenario's own structures; private to broadband*.c.
 *
 * Three steps: the population is drawn (broadband_users.c), each user's week of flows is gone
 * through once to learn its sum, and then hour by hour again, now sampled and exported
 * (broadband_wire.c).  Flows of one user and hour come from a generator of their own, so that both
 * passes see the same ones and nothing but the users is held in memory.
 */
#ifndef YAGURA_SIMULATE_BROADBAND_H
#define YAGURA_SIMULATE_BROADBAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/settings.h"
#include "base/zone.h"
#include "net/address.h"
#include "simulate/export.h"
#include "simulate/law.h"
#include "simulate/random.h"
#include "simulate/simulation.h"

#define BROADBAND_EXPORTERS 64
#define BROADBAND_SERVICES  3
#define BROADBAND_LARGE_IN  1000 /* octets of a large packet from users */
#define BROADBAND_LARGE_OUT 1420 /* and to them */
#define BROADBAND_SMALL     60
#define BROADBAND_MB        1e6

/* As the report has it, seen from the network: IN is what users send, OUT what they get. */
enum broadband_direction { BROADBAND_IN, BROADBAND_OUT, BROADBAND_DIRECTIONS };

/* What a flow is: protocol and port of its service. */
struct broadband_kind {
	const char *name; /* "tcp/443", "udp/1024+", "esp" */
	uint8_t protocol;
	uint16_t port;      /* 0: none, or dynamic on both ends */
	bool dynamic;       /* both ports from the dynamic range */
	unsigned weight[2]; /* how many flows of clients, and of peers */
	double in_weight;   /* size in the IN direction relative to OUT */
};

#define BROADBAND_KINDS 17
extern const struct broadband_kind broadband_kinds[BROADBAND_KINDS];

struct broadband_amount {
	uint64_t packets, octets;
};

struct broadband_user {
	uint32_t address;      /* number in the pool of its service, at the beginning of the week */
	uint32_t late_address; /* and after re-addressing */
	uint8_t peer, service, exporter, sampler, ipv6;
	double drawn[BROADBAND_DIRECTIONS];    /* octets of the week, before they became packets */
	double flows;                          /* expected in the week */
	double weight[BROADBAND_DIRECTIONS];   /* sum of the sizes of all flows */
	double progress[BROADBAND_DIRECTIONS]; /* of those gone through */
	uint64_t large[BROADBAND_DIRECTIONS], small[BROADBAND_DIRECTIONS];           /* packets */
	uint64_t large_done[BROADBAND_DIRECTIONS], small_done[BROADBAND_DIRECTIONS]; /* so far */
	struct broadband_amount received[BROADBAND_DIRECTIONS]; /* sampled, and not lost */
};

struct broadband_options {
	const char *preset;
	size_t users;
	double peers; /* share */
	double out_median, out_sigma, ratio, ratio_sigma;
	double peer_median, peer_sigma, peer_ratio_sigma;
	double out_growth, in_growth;
	const char *start_date;
	nsec_t start;
	size_t days, hours;
	const char *zone_name;
	struct zone *zone; /* owned; NULL is UTC */
	uint32_t rates[EXPORT_SAMPLERS];
	size_t samplers;
	bool random;
	const struct export_format *formats[4];
	size_t format_count, exporters;
	double loss;
	size_t restarts;
	nsec_t uptime, refresh;
	bool options_port, session_log, list_users, same_users;
	double readdress, ipv6, weekend, flow_octets;
	unsigned year;
};

/* A sampled record on its way. */
struct broadband_sample {
	uint32_t at; /* when it is exported: ms of the hour */
	uint32_t user;
	int32_t first, last; /* ms of the hour; below 0 in the hour before */
	uint32_t octets, packets;
	uint32_t remote;
	uint16_t port; /* of the dynamic end, or of the user */
	uint16_t remote_port;
	uint8_t kind, direction, ipv6;
};

/* Packets realised and received by hour, kind and direction. */
struct broadband_counts {
	struct broadband_amount (*hours)[BROADBAND_KINDS][BROADBAND_DIRECTIONS]; /* owned */
	struct broadband_amount ports[2][BROADBAND_KINDS][BROADBAND_DIRECTIONS]; /* by class */
	struct broadband_amount received[2][BROADBAND_KINDS][BROADBAND_DIRECTIONS];
};

struct broadband_wire; /* the exporters: broadband_wire.c */

struct broadband {
	struct broadband_options options;
	struct simulation *simulation;
	struct random *random; /* of the simulation: population, losses, samplers */
	uint64_t flow_seed;    /* of the flows of this year */
	struct law_pareto flow_size;
	struct broadband_user *users; /* owned */
	double hour_share[24 * 31];   /* of the week's flows that begin in each hour */
	size_t readdress_hour;        /* the first with the new addresses */
	struct broadband_counts counts;
	struct broadband_wire *wire; /* owned */
};

/* One flow of a user, unsampled. */
struct broadband_flow {
	double at; /* of the hour, 0…1 */
	double weight[BROADBAND_DIRECTIONS];
	uint8_t kind;
	bool ipv6;
	uint64_t salt; /* for whatever else is to be drawn about it */
};

typedef void (*broadband_flow_fn)(
    void *context, struct broadband_user *user, const struct broadband_flow *flow);

/* broadband_options.c: settings of the scenario to options.  ERR_CONFIG when they do not fit. */
MUST_CHECK enum err broadband_options_read(
    struct broadband_options *options, const struct settings *settings, struct err_info *info);
void broadband_options_release(struct broadband_options *options);

/* broadband_users.c: draws users, their addresses and the shape of the week. */
void broadband_users_draw(struct broadband *b, uint64_t seed);
/* The flows of user number `number` in hour number `hour`, in the order of their beginnings. */
void broadband_flows(
    struct broadband *b, size_t number, size_t hour, broadband_flow_fn each, void *context);
/* The packets that a flow has in a direction: what is due of the user's week by now. */
void broadband_packets(struct broadband_user *user, const struct broadband_flow *flow,
    enum broadband_direction direction, uint64_t *ret_large, uint64_t *ret_small);
/* Octets of a user's week as its packets have them. */
uint64_t broadband_octets(const struct broadband_user *user, enum broadband_direction direction);

/* broadband_address.c: who is where. */
struct address broadband_user_ipv4(const struct broadband_user *user, bool late);
struct prefix broadband_user_ipv6(const struct broadband_user *user, bool late);
struct address broadband_remote(uint32_t number, bool ipv6);
struct address broadband_exporter_address(size_t exporter);
const char *broadband_service(unsigned service);
/* "u000042", or "v000042" in a year of independent draws. */
char *broadband_user_name(const struct broadband *b, size_t user, char *text, size_t size);
extern const char *const broadband_own_prefixes[2];

/* broadband_wire.c: samples and exports all hours. */
void broadband_wire_run(struct broadband *b);
void broadband_wire_free(struct broadband_wire *wire);
json_t *broadband_wire_json(const struct broadband *b);

/* broadband_truth.c */
json_t *broadband_truth_json(const struct broadband *b);

/* broadband_files.c: users.csv, sessions.csv and site.yaml beside the output. */
MUST_CHECK enum err broadband_files_write(const struct broadband *b, struct err_info *info);

#endif
