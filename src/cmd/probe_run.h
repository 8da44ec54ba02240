/* SPDX-License-Identifier: ISC */
/*
 * A run of the probe: asks every address of a plan, serves the zone asked about, and gathers what
 * comes back.
 *
 * One thread, one poll loop.  Which addresses have answered is all the memory it needs: a name
 * tells whom an answer is about, and those that are silent are asked again in the next round, in
 * another order.  The socket that asks is not connected, since the answer of a transparent
 * forwarder comes from an address that was never asked.
 */
#ifndef YAGURA_CMD_PROBE_RUN_H
#define YAGURA_CMD_PROBE_RUN_H

#include "analysis/dns/pool.h"
#include "base/clock.h"
#include "cmd/probe_message.h"
#include "cmd/probe_plan.h"

#define PROBE_VERSION_SIZE 64

struct probe_options {
	struct probe_names names;
	unsigned rate;    /* packets a second */
	unsigned retries; /* rounds after the first */
	nsec_t wait;      /* for answers, after each round */
	uint16_t port;    /* that is asked */
	struct address listen;
	uint16_t listen_port;
	bool asks_version;            /* version.bind CH TXT, of all that answer */
	uint8_t any[PROBE_NAME_SIZE]; /* asked for with type ANY, of all that are open */
	size_t any_size;              /* 0: not at all */
};

/* What is known of one address; addresses that are silent have none. */
struct probe_result {
	uint64_t key[2];       /* the address */
	struct address from;   /* who answered */
	struct address egress; /* who asked our server for it; zeros: nobody */
	struct address ecs;    /* the client subnet it said, with ecs_length; 0: none */
	uint8_t ecs_length;
	uint8_t class; /* enum probe_class */
	bool answered;
	uint16_t rcode, size;
	uint16_t any_query, any_response; /* octets; 0: not measured */
	char version[PROBE_VERSION_SIZE]; /* printable, or "" */
};

struct probe_counts {
	uint64_t asked;     /* addresses */
	uint64_t packets;   /* queries sent */
	uint64_t failed;    /* that the system refused to send */
	uint64_t responses; /* of this run */
	uint64_t foreign;   /* packets that are none of this run's */
	uint64_t served;    /* queries to our server */
	bool stopped;       /* by a signal, before the end */
};

struct probe_outcome {
	struct dns_pool results; /* of struct probe_result */
	struct probe_counts counts;
};

/* Most queries a run may send. */
uint64_t probe_most_packets(const struct probe_plan *plan, const struct probe_options *options);

/* Runs it.  ERR_IO when a socket cannot be had. */
MUST_CHECK enum err probe_run(const struct probe_plan *plan, const struct probe_options *options,
    struct probe_outcome *ret_outcome, struct err_info *info);
void probe_outcome_release(struct probe_outcome *outcome);

#endif
