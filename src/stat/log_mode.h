/* SPDX-License-Identifier: ISC */
/*
 * The mode of a distribution over decades, as a histogram shows it.
 *
 * Values are counted in bins of 0.1 decade; the kernel 1-2-3-2-1 finds the peak bin; a parabola is
 * fitted to the logarithms of the counts within ±0.86 σ of it, weighted by the counts; its vertex
 * is the mode.  The relative standard error is about 3.0 σ / √n for a lognormal (simulated); the
 * one given here is that of a bootstrap over users.
 *
 * The mode of the linear density divides each count by the width of its bin first.  Where few users
 * are, few counts become large by that: bins count only with 30 users under the kernel.
 */
#ifndef YAGURA_STAT_LOG_MODE_H
#define YAGURA_STAT_LOG_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_MODE_BINS   180 /* from LOG_MODE_FIRST, 10 a decade; beyond: the outermost bins */
#define LOG_MODE_FIRST  0.0 /* log10 of the first edge: one octet */
#define LOG_MODE_WIDTH  0.1
#define LOG_MODE_ROUNDS 200

enum log_mode_density {
	LOG_MODE_LOG,    /* of log v */
	LOG_MODE_LINEAR, /* of v */
};

struct log_mode {
	double value;
	double error; /* standard error of ln(value) */
};

/* The bin of a value above 0. */
unsigned log_mode_bin(double value);

/* False when no bin has enough users to tell. */
bool log_mode_find(
    const double counts[LOG_MODE_BINS], enum log_mode_density density, struct log_mode *ret_mode);

#endif
