/* SPDX-License-Identifier: ISC */
/*
 * The distribution of packets per user behind a sample of one packet in N.
 *
 * "Observed volume times N" is wrong for small users: who sent few packets is often not seen at
 *all, and who is seen counts as N packets at least.  So nothing is scaled here.  The counts of
 *sampled packets themselves are fitted:
 *
 *	k ~ Poisson(e^x / N),   x ~ Normal(μ, σ²)   or a mixture of two such normals,
 *
 * by maximum likelihood, with the users of whom nothing was seen (their number is known where there
 * is a list of subscribers) or without them (the likelihood is then divided by 1 − P(k = 0)).
 * J. Aitchison, C. H. Ho, "The multivariate Poisson-log normal distribution", Biometrika 76(4),
 *1989; M. G. Bulmer, "On fitting the Poisson lognormal distribution to species-abundance data",
 * Biometrics 30(1), 1974, has the truncated form.
 *
 * The integral over x is a trapezoid sum centred at the mode of its integrand, in steps of 0.35 of
 * its standard deviation there, as far out as the integrand has fallen by e^−24.5: 41 points, ±7
 * standard deviations, where it is a normal, and as many as a skewed one needs.  Scores and the
 * observed information come from the same sum (T. A. Louis, JRSS B 44(2), 1982), so the optimiser
 *is Newton's and the standard errors cost nothing.
 *
 * Counts are exact up to 64 and in 32 classes a doubling above, which changes σ² by 4·10⁻⁵.  A user
 * seen through several sampling rates has the effective rate Σ N k / Σ k: exact when the shares of
 * the traffic that pass each sampler are known, an estimate of them otherwise.
 *
 *	struct pln_counts *counts = pln_counts_new();
 *	for each user: pln_counts_add(counts, packets, rate);
 *	pln_counts_add_unseen(counts, listed - seen);
 *	if (pln_fit(counts, true, 1, &fit)) use(fit.mu[0], sqrt(fit.covariance[PLN_MU][PLN_MU]));
 */
#ifndef YAGURA_STAT_POISSON_LOGNORMAL_H
#define YAGURA_STAT_POISSON_LOGNORMAL_H

#include <stdbool.h>
#include <stdint.h>

#define PLN_COMPONENTS 2

/* Places in the vector of parameters and in its covariance. */
enum {
	PLN_WEIGHT, /* ln(w / (1 − w)) of the first component */
	PLN_MU,
	PLN_LOG_SIGMA,
	PLN_MU_2,
	PLN_LOG_SIGMA_2,
	PLN_PARAMETERS,
};

struct pln_counts;

struct pln_counts *pln_counts_new(void);
/* Accepts NULL. */
void pln_counts_free(struct pln_counts *counts);

/* A user with so many sampled packets, one in `rate` (at least 1) of all.  0 packets: a user of
 * whom nothing was seen but whose rate is known. */
void pln_counts_add(struct pln_counts *counts, uint64_t packets, double rate);

/* Users of whom nothing was seen and who may be behind any of the rates. */
void pln_counts_add_unseen(struct pln_counts *counts, uint64_t users);

/* A fit.  The components stand in the order of their means. */
struct pln_fit {
	unsigned components;
	bool with_unseen; /* the users of whom nothing was seen are in the likelihood */
	double weight[PLN_COMPONENTS];
	double mu[PLN_COMPONENTS];    /* of ln(packets): all packets, not the sampled ones */
	double sigma[PLN_COMPONENTS]; /* its standard deviation */
	double covariance[PLN_PARAMETERS][PLN_PARAMETERS]; /* inverse of the observed information;
							      zero where a parameter is not there */
	double log_likelihood;
	double bic;    /* −2 ln L + p ln(users): the lower is the better model */
	double users;  /* in the likelihood */
	double seen;   /* of them, those with packets */
	double unseen; /* Σ P(k = 0) over the users with packets and those that the fit adds: seen /
			  (1 − P(k = 0)) − seen, whatever the likelihood */
	double unseen_error; /* standard error of it: of the parameters, and of the chance */
};

/*
 * Fits 1 or 2 components.  False when there is no maximum inside the plausible region (σ from 0.02
 * to 12, each component with at least 1 % of the users) or too little to fit: fewer than 10 users
 * with packets for each component, or nothing but ones and zeros.
 */
bool pln_fit(const struct pln_counts *counts, bool with_unseen, unsigned components,
    struct pln_fit *ret_fit);

/* ln P(k packets are seen at one in `rate`) under a fit. */
double pln_log_probability(const struct pln_fit *fit, double packets, double rate);

/* The mean of x = ln(packets) of a user of whom so many were seen, given the fit, and the variance
 * around it. */
double pln_posterior(const struct pln_fit *fit, double packets, double rate, double *ret_variance);

#endif
