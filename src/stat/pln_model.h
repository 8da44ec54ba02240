/* SPDX-License-Identifier: ISC */
/*
 * The model of poisson_lognormal.h as a vector of parameters, and what its optimiser asks: the
 * logarithm of the probability of a packet count, its score and its information.
 */
#ifndef YAGURA_STAT_PLN_MODEL_H
#define YAGURA_STAT_PLN_MODEL_H

#include "stat/poisson_lognormal.h"

/* What is fitted, as a vector. */
struct pln_model {
	unsigned components;
	double at[PLN_PARAMETERS];
};

/* A class under one component: ln of its likelihood, and means of t, t², t³, t⁴ given k. */
struct pln_moments {
	double log_likelihood;
	double t[5]; /* t[0] is 1 */
};

/* Logarithm, score and information of something; `hessian` is symmetric. */
struct pln_slope {
	double value;
	double score[PLN_PARAMETERS];
	double hessian[PLN_PARAMETERS][PLN_PARAMETERS];
};

/* The parameters in use are those from first to end - 1. */
unsigned pln_model_first(const struct pln_model *model);
unsigned pln_model_end(const struct pln_model *model);

/* The share of users in a component. */
double pln_model_weight(const struct pln_model *model, unsigned component);

/* ln P(k) at one in e^log_rate, each component's moments, and its share of the users with k. */
double pln_model_mix(const struct pln_model *model, double k, double log_rate,
    struct pln_moments *ret_moments, double *ret_shares);

/* ln P(k) with its derivatives. */
void pln_model_slope(
    const struct pln_model *model, double k, double log_rate, struct pln_slope *ret_slope);

/* Makes the derivatives of −ln(1 − P) out of those of ln P. */
void pln_slope_truncate(struct pln_slope *slope);

#endif
