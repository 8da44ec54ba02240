/* SPDX-License-Identifier: ISC */
/*
 * Whether numbers of [0, 1) may be uniform draws: two tests, each gives the probability that
 * uniform draws would look at least as uneven.
 *
 * Pearson's chi-square over equal blocks sees what is concentrated somewhere; its approximation
 * holds from count²/blocks >= 10 and count >= 10 on (K. J. Koehler, K. Larntz, "An empirical
 * investigation of goodness-of-fit statistics for sparse multinomials", JASA 75, 1980).
 *
 * Anderson and Darling's A² sees what is off at the ends, too.  The law is known, so its limiting
 * distribution serves from 5 draws on (M. A. Stephens, "EDF statistics for goodness of fit and some
 * comparisons", JASA 69, 1974: 2.492 at 5 %, 3.878 at 1 %); computed by G. Marsaglia, J. Marsaglia,
 * "Evaluating the Anderson-Darling distribution", Journal of Statistical Software 9(2), 2004.
 */
#ifndef YAGURA_STAT_UNIFORMITY_H
#define YAGURA_STAT_UNIFORMITY_H

#include <stdbool.h>
#include <stddef.h>

#define UNIFORMITY_BLOCKS         16
#define UNIFORMITY_ANDERSON_LEAST 5 /* draws that A² needs */

/* Whether there are draws enough for the test over so many blocks. */
bool uniformity_blocks_suffice(size_t count, size_t blocks);

/* Over `blocks` counts, at least 2, of equal blocks, not all 0. */
double uniformity_blocks(const size_t *counts, size_t blocks);

/* A² of values sorted upwards; `count` is not 0.  Values at 0 and 1 are moved off them. */
double uniformity_anderson(const double *sorted, size_t count);

/* P(A² > value) of the limiting distribution. */
double uniformity_anderson_above(double value);

#endif
