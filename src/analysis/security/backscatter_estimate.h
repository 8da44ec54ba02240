/* SPDX-License-Identifier: ISC */
/*
 * From what few packets of a darknet say to what a victim sends in all.
 *
 * Forged sources are taken for uniform over the 2^32 addresses of IPv4: then n monitored addresses
 * see n/2^32 of what the victim sends.  k packets in T seconds are a rate of k/T · 2^32/n, with the
 * exact interval of a Poisson mean (Moore, Voelker, Savage 2001; Garwood 1936).
 *
 * T is not the time from the first to the last packet seen, R, which is too short: of k uniform
 * moments in T the expected R is T (k-1)/(k+1).  And a victim may answer one forged packet several
 * times (SYN-ACKs are sent again): then packets come in clumps, and the interval is that of the
 * number of clumps.  Their size is seen as packets for each dark address, as long as most addresses
 * are hit by one forged packet only.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_BACKSCATTER_ESTIMATE_H
#define YAGURA_ANALYSIS_SECURITY_BACKSCATTER_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More answers to one forged packet are not to be expected: Linux sends a SYN-ACK 6 times
 * (tcp_synack_retries 5). */
#define BACKSCATTER_ANSWERS_MOST 8

struct backscatter_estimate {
	double rate, low, high; /* packets a second that the victim sends; 95 % */
	double answers;         /* packets for each forged packet; 1 when it does not show */
};

/* `packets` >= 2 over `span` > 0 seconds from first to last, at `addresses` of `monitored`. */
struct backscatter_estimate
backscatter_estimate(uint64_t packets, double span, double addresses, double monitored);

/*
 * The probability that uniform sources look like this, twice the lesser of those of two tests, over
 * hashed places (backscatter.h); 0 when far fewer addresses were hit than so many packets to
 * `monitored` addresses must hit; 1 when there are too few places to tell.
 */
double backscatter_uniformity(
    const uint64_t *places, size_t count, uint64_t packets, double addresses, double monitored);

/* The rate of a victim that is seen with 95 %: `packets` in `seconds`. */
double backscatter_floor(uint64_t packets, double seconds, double monitored);

#endif
