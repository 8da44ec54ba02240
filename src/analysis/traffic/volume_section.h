/* SPDX-License-Identifier: ISC */
/* The section of traffic/volume, and the packet-size bins that both halves share. */
#ifndef YAGURA_ANALYSIS_TRAFFIC_VOLUME_SECTION_H
#define YAGURA_ANALYSIS_TRAFFIC_VOLUME_SECTION_H

#include "analysis/analysis.h"

/* Four bins per octave from 16 octets up; bin 0 holds all that is smaller, the last all that is
 * larger. */
#define VOLUME_SIZE_FIRST_LOG2 4
#define VOLUME_SIZE_OCTAVES    13 /* up to 128 KiB: beyond only jumbograms */
#define VOLUME_SIZE_BINS       (1 + VOLUME_SIZE_OCTAVES * 4)

static inline unsigned
volume_size_bin(uint32_t octets)
{
	unsigned log2, bin;

	if (octets < 1U << VOLUME_SIZE_FIRST_LOG2)
		return 0;
	log2 = 31 - (unsigned)__builtin_clz(octets);
	bin = 1 + (log2 - VOLUME_SIZE_FIRST_LOG2) * 4 + (octets >> (log2 - 2) & 3);
	return bin < VOLUME_SIZE_BINS ? bin : VOLUME_SIZE_BINS - 1;
}

/* The smallest size that falls into a bin. */
static inline uint32_t
volume_size_low(unsigned bin)
{
	unsigned log2;

	if (bin == 0)
		return 0;
	log2 = VOLUME_SIZE_FIRST_LOG2 + (bin - 1) / 4;
	return (1U << log2) + ((bin - 1) % 4) * (1U << (log2 - 2));
}

enum err volume_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
