/* SPDX-License-Identifier: ISC */
/*
 * A run of a scenario: virtual time, random numbers, the capture being written, the truth.
 *
 * A scenario goes through its sessions in the order of their beginnings.  For each it calls
 * simulation_advance (everything older is written and counted), then makes all packets of the
 * session at once, each with its own time; they wait in a queue for their turn.
 *
 *	while ((at = next_arrival(…)) < end) {
 *		simulation_advance(simulation, at);
 *		web_session(simulation, client, server, at);
 *	}
 *
 * All times are whole microseconds, so that every capture format holds them exactly.
 */
#ifndef YAGURA_SIMULATE_SIMULATION_H
#define YAGURA_SIMULATE_SIMULATION_H

#include "base/clock.h"
#include "base/err.h"
#include "simulate/capture.h"
#include "simulate/frame.h"
#include "simulate/random.h"
#include "simulate/truth.h"

struct simulation;

/* `capture` and `truth` are borrowed. */
struct simulation *simulation_new(uint64_t seed, struct capture *capture, struct truth *truth);

/* Writes what still waits, and frees. */
void simulation_free(struct simulation *simulation);

/* The path of the capture, for a scenario that writes more files beside it; NULL by default. */
void simulation_set_output(struct simulation *simulation, const char *path);
const char *simulation_output(const struct simulation *simulation);

/* Puts what only the scenario knows into the truth, under `name`.  The value is taken over. */
void simulation_tell(struct simulation *simulation, const char *name, json_t *value);

struct random *simulation_random(struct simulation *simulation);

/* Says what a run is about, before its first packet: when it begins, how long sessions begin, and
 * the prefixes that are the site's own.  Truth is binned by seconds up to a day, else by minutes.
 */
void simulation_begin(struct simulation *simulation, nsec_t begin, nsec_t duration,
    const char *const *own_prefixes, size_t own_count);

/* Leaves flows, addresses, pairs and ports out of the truth: for scenarios with millions of flows,
 * that have figures of their own. */
void simulation_count_totals(struct simulation *simulation);

/* Writes and counts every packet before `time`. */
void simulation_advance(struct simulation *simulation, nsec_t time);

/* Queues an IP packet, or an ARP frame, for `time` (cut to microseconds). */
void simulation_ip(struct simulation *simulation, nsec_t time, const struct datagram *datagram);
void simulation_arp(struct simulation *simulation, nsec_t time, const struct datagram *datagram,
    uint16_t operation);

/* The same for a datagram of up to 65,000 octets: in fragments where it does not fit into 1500. */
void
simulation_fragments(struct simulation *simulation, nsec_t time, const struct datagram *datagram);

/* Tells the truth of a TCP handshake. */
void simulation_handshake(struct simulation *simulation, nsec_t rtt);

/* Reads "2026-01-05T00:00:00Z".  ERR_CONFIG when it is no such time of the years 1970 to 2105
 * (pcap counts its seconds in 32 bits). */
MUST_CHECK enum err simulation_time(const char *text, nsec_t *ret_time, struct err_info *info);

#endif
