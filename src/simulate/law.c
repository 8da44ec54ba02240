/* SPDX-License-Identifier: ISC */
/* Laws of probability; see law.h. */
#include "simulate/law.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* ln 2 in two parts: the first has 32 zero bits at its end, so that multiples of it are exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW  0x1.a39ef35793c76p-33

enum {
	LOG_TERMS = 11, /* f^2 < 0.0295: the twelfth term is below 2^-57 */
	EXP_TERMS = 14, /* |r| < 0.347 */
	SMALL_SUBSET = 16,
};

/* 1/3, 1/5, …, and 1, 1/2, 1/3, …: a division costs more than a term. */
static const double ODD_PARTS[LOG_TERMS] = { 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13,
	1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23 };
static const double PARTS[EXP_TERMS] = { 1, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7,
	1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14 };

double
law_log(double x)
{
	uint64_t bits;
	int exponent;
	double f, square, sum = 0;

	memcpy(&bits, &x, sizeof bits);
	exponent = (int)(bits >> 52) - 1023;
	bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000);
	memcpy(&x, &bits, sizeof x);
	if (x > 0x1.6a09e667f3bcdp+0) {
		x /= 2;
		exponent++;
	}
	/* ln x = 2 artanh f */
	f = (x - 1) / (x + 1);
	square = f * f;
	for (int i = LOG_TERMS; i >= 1; i--)
		sum = (sum + ODD_PARTS[i - 1]) * square;
	return exponent * LN2_HIGH + (2 * f + (2 * f * sum + exponent * LN2_LOW));
}

double
law_exp(double x)
{
	int k = (int)(x * 0x1.71547652b82fep+0 + (x < 0 ? -0.5 : 0.5));
	double r = x - k * LN2_HIGH - k * LN2_LOW, sum = 1, scale;
	uint64_t bits = (uint64_t)(k + 1023) << 52;

	assert(x > -700 && x < 700);
	for (int i = EXP_TERMS; i >= 1; i--)
		sum = 1 + sum * r * PARTS[i - 1];
	memcpy(&scale, &bits, sizeof scale);
	return sum * scale;
}

double
law_uniform(struct random *r)
{
	return ((double)(random_u64(r) >> 12) + 0.5) * 0x1p-52;
}

/* The polar method: G. Marsaglia, T. Bray, "A convenient method for generating normal variables",
 * SIAM Review 6(3), 1964.  Its second deviate is not kept. */
double
law_normal(struct random *r)
{
	double x, y, square;

	do {
		x = 2 * law_uniform(r) - 1;
		y = 2 * law_uniform(r) - 1;
		square = x * x + y * y;
	} while (square >= 1 || square <= 0);
	return x * sqrt(-2 * law_log(square) / square);
}

double
law_exponential(struct random *r)
{
	return -law_log(law_uniform(r));
}

/* most^(-4/3) is no matter of roots alone. */
struct law_pareto
law_pareto_make(double most)
{
	return (struct law_pareto){ most, 1 - law_exp(-4.0 / 3 * law_log(most)) };
}

double
law_pareto(struct random *r, const struct law_pareto *law)
{
	/* left is what remains of the tail, x^(-4/3); x = left^(-3/4). */
	double left = 1 - law_uniform(r) * law->range, root = sqrt(left);

	return 1 / (root * sqrt(root));
}

uint64_t
law_gap(struct random *r, double log_fail)
{
	double gap;

	if (log_fail == 0)
		return UINT64_C(1) << 62;
	gap = law_log(law_uniform(r)) / log_fail;
	return gap < 0x1p62 ? (uint64_t)gap : UINT64_C(1) << 62;
}

/* Tries until it has as many different ones. */
static void
subset_by_trial(struct random *r, uint64_t total, uint64_t *chosen, size_t count)
{
	for (size_t have = 0; have < count;) {
		uint64_t next = random_below(r, total);
		size_t at = have;
		while (at > 0 && chosen[at - 1] > next)
			at--;
		if (at > 0 && chosen[at - 1] == next)
			continue;
		memmove(chosen + at + 1, chosen + at, (have - at) * sizeof *chosen);
		chosen[at] = next;
		have++;
	}
}

/* Keeps `count` of the `have` chosen ones. */
static void
thin(struct random *r, uint64_t *chosen, size_t have, size_t count)
{
	uint64_t *ranks = xcalloc(count, sizeof *ranks);

	law_subset(r, have, ranks, count);
	for (size_t i = 0; i < count; i++)
		chosen[i] = chosen[ranks[i]];
	free(ranks);
}

/* Adds to the `have` chosen ones others of the `total`, up to `count`. */
static void
fill(struct random *r, uint64_t total, uint64_t *chosen, size_t have, size_t count)
{
	size_t lack = count - have, at = 0, added = 0;
	uint64_t *more = xcalloc(lack + 1, sizeof *more), *merged = xcalloc(count, sizeof *merged);

	/* The rank of a new one among those not chosen, plus the chosen ones before it, is where it
	 * is. */
	law_subset(r, total - have, more, lack);
	for (size_t i = 0; i < count; i++) {
		if (at < have && (added >= lack || chosen[at] <= more[added] + at))
			merged[i] = chosen[at++];
		else
			merged[i] = more[added++] + at;
	}
	memcpy(chosen, merged, count * sizeof *chosen);
	free(more);
	free(merged);
}

/* More than half of all: draws those that are not chosen. */
static void
complement(struct random *r, uint64_t total, uint64_t *chosen, size_t count)
{
	size_t left_out = (size_t)total - count, at = 0, have = 0;
	uint64_t *out = xcalloc(left_out + 1, sizeof *out);

	law_subset(r, total, out, left_out);
	for (uint64_t i = 0; i < total; i++) {
		if (at < left_out && out[at] == i)
			at++;
		else
			chosen[have++] = i;
	}
	free(out);
}

/*
 * Independent trials with the chance count/total choose every subset of a size alike; the size is
 * then made right by leaving out, or adding, a subset of the difference, drawn the same way.
 */
void
law_subset(struct random *r, uint64_t total, uint64_t *chosen, size_t count)
{
	size_t room = count + 8 * (size_t)sqrt((double)count) + SMALL_SUBSET, have = 0;
	uint64_t *tried, at = 0;
	double log_fail;

	assert(count <= total);
	if (count > total / 2) {
		complement(r, total, chosen, count);
		return;
	}
	if (count <= SMALL_SUBSET) {
		subset_by_trial(r, total, chosen, count);
		return;
	}
	tried = xcalloc(room, sizeof *tried);
	log_fail = law_log(1 - (double)count / (double)total);
	for (at = law_gap(r, log_fail); at < total && have < room; at += 1 + law_gap(r, log_fail))
		tried[have++] = at;
	if (have > count) {
		thin(r, tried, have, count);
		have = count;
	}
	if (have < count)
		fill(r, total, tried, have, count);
	memcpy(chosen, tried, count * sizeof *chosen);
	free(tried);
}
