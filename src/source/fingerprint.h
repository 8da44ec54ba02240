/* SPDX-License-Identifier: ISC */
/* XXH3-128 as text, the name of an input. */
#ifndef YAGURA_SOURCE_FINGERPRINT_H
#define YAGURA_SOURCE_FINGERPRINT_H

/* The dispatching variant picks AVX2 or AVX-512 where the machine has them, three times as fast. */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

/* The hash of what `state` has seen so far, in hex: 32 characters and a NUL. */
void fingerprint_text(const XXH3_state_t *state, char *ret_text);

#endif
