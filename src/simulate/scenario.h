/* SPDX-License-Identifier: ISC */
/*
 * Traffic with known truth.
 *
 * A scenario is one file in src/simulate and one line in simulate/LIST.  It writes packets through
 * `struct simulation` and counts what it wrote into a truth document, so that a test can recover
 * every figure from review.json.  The same seed and options give the same octets.
 */
#ifndef YAGURA_SIMULATE_SCENARIO_H
#define YAGURA_SIMULATE_SCENARIO_H

#include "base/err.h"
#include "base/settings.h"

struct simulation; /* the output file, the random numbers, the clock, the truth:
		      simulate/simulation.h */

struct scenario {
	const char *name;               /* "office" */
	const char *summary;            /* one line */
	const struct setting *settings; /* its options: duration, rate, hosts, … */
	size_t setting_count;
	enum err (*run)(
	    struct simulation *simulation, const struct settings *settings, struct err_info *info);
};

extern const struct scenario *const SCENARIOS[];

#endif
