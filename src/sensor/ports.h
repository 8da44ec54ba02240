/* SPDX-License-Identifier: ISC */
/*
 * Sets of ports, and what a port is taken for.
 */
#ifndef YAGURA_SENSOR_PORTS_H
#define YAGURA_SENSOR_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define PORTS_WORDS 1024

struct ports {
	uint64_t words[PORTS_WORDS];
};

static inline bool
ports_have(const struct ports *set, unsigned port)
{
	return (set->words[port / 64] >> port % 64 & 1) != 0;
}

static inline void
ports_add(struct ports *set, unsigned port)
{
	set->words[port / 64] |= UINT64_C(1) << port % 64;
}

/* Adds "22,80,8000-8100" to a set; ERR_USAGE. */
MUST_CHECK enum err ports_parse(const char *text, struct ports *set, struct err_info *info);
unsigned ports_count(const struct ports *set);

/* "22, 80, 8000-8100", as nft writes sets; NULL when the text is too short for it. */
char *ports_format(const struct ports *set, char *text, size_t size);

#endif
