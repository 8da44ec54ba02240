/* SPDX-License-Identifier: ISC */
/* A run of octets that somebody else owns: text of the input as it is. */
#ifndef YAGURA_OBS_OCTETS_H
#define YAGURA_OBS_OCTETS_H

#include <stddef.h>
#include <stdint.h>

struct octets {
	const uint8_t *data; /* borrowed; may be NULL when there are none */
	size_t size;
};

#endif
