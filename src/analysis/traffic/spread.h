/* SPDX-License-Identifier: ISC */
/*
 * Volumes of records by time: what lasts is spread linearly over the bins it lasts.
 *
 * A record says how much was sent from begin to end.  Its first and last bin get their share of
 * that time, every bin between them the same, and those are not touched one by one: a slope that
 * begins after the first bin and ends with the last is kept beside the sums, and spread_finish adds
 * slopes up over the bins.  So a record costs four places however long it lasted.
 *
 * Shares are in units of 1/4096 of an octet or packet.  What rounding takes from the bins between
 * is given to the last one, so the whole is exact; spread_finish gives each bin the whole units
 * that the running sum has passed, so whole octets come out whose sum over all bins is the sum that
 * went in.
 *
 * Each series and sampling rate (rates.h) has its own bins; a series is what the caller makes of 19
 * bits.
 */
#ifndef YAGURA_ANALYSIS_TRAFFIC_SPREAD_H
#define YAGURA_ANALYSIS_TRAFFIC_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/cells.h"
#include "analysis/rates.h"
#include "base/clock.h"

#define SPREAD_SERIES_BITS 19

struct spread {
	nsec_t resolution;
	size_t most_cells;
	struct cells sums;   /* by bin, series and rate */
	struct cells slopes; /* the same: what begins with a bin, modulo 2^64 */
	struct rates rates;
	nsec_t bin_begin; /* of the bin that was asked for last */
	int64_t bin;
};

/* What is spread: raw counts. */
struct spread_volume {
	uint64_t packets, octets, squares;
	uint64_t records; /* counted where it begins; squares where it ends */
};

void spread_init(
    struct spread *s, nsec_t resolution, size_t most_cells, const struct hash_secret *secret);
void spread_release(struct spread *s);
void spread_clear(struct spread *s);

/* Adds a volume that was sent from `begin` to `end` at one sampling rate. */
void spread_add(struct spread *s, uint32_t series, uint32_t sampling, nsec_t begin, nsec_t end,
    const struct spread_volume *volume);

void spread_merge(struct spread *into, const struct spread *from);

/* The bin of what came when the table was full. */
#define SPREAD_NO_TIME INT64_MIN

typedef void (*spread_take)(void *context, nsec_t bin_begin, uint32_t series, uint32_t sampling,
    const struct spread_volume *volume);

/* Gives all bins that are not empty, by series, rate and time. */
void spread_finish(struct spread *s, spread_take take, void *context);

#endif
