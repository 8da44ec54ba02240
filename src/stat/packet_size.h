/* SPDX-License-Identifier: ISC */
/*
 * How large users' packets are, as it depends on how many they send: what leads from a distribution
 * of packets to one of octets.
 *
 * Of users with many sampled packets the mean size b̄ is known well.  Over them, ln b̄ is regressed
 * on ln(packets): a choice of users by their packets leaves a regression on packets as it is, while
 * it would change means and covariances.  The scatter around the line is freed from the noise of
 * the samples.  Then, with x = ln(packets), ln V = x + ln b̄ = a + (1 + β) x + ε.
 */
#ifndef YAGURA_STAT_PACKET_SIZE_H
#define YAGURA_STAT_PACKET_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#define PACKET_SIZE_LEAST 30 /* sampled packets of a user that counts */

/* Sums over users; zeroed to begin with. */
struct packet_size_sums {
	double users, x, y, xx, xy, yy;
	double noise;           /* Σ of the variance of ln b̄ that comes from sampling */
	double packets, octets; /* of all users, sampled */
};

struct packet_size {
	double centre; /* of ln(packets), where `mean` and `slope` do not depend on each other */
	double mean;   /* of ln b̄ there */
	double slope;  /* β */
	double sigma;  /* of ε */
	double mean_error, slope_error, sigma_error; /* standard errors */
	uint64_t users; /* it rests on; 0: only the overall mean is known */
};

/* A user with so many sampled packets and octets, at an effective rate; `squares` is the sum of the
 * squares of their sizes, at least. */
void packet_size_add(struct packet_size_sums *sums, uint64_t packets, uint64_t octets,
    uint64_t squares, double rate);

struct packet_size packet_size_solve(const struct packet_size_sums *sums);

#endif
