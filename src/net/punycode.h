/* SPDX-License-Identifier: ISC */
/*
 * Internationalised labels as they stand in the DNS: "xn--" and Punycode (RFC 3492).
 *
 * No mapping or normalisation is done: the text must be what a registry publishes already.
 */
#ifndef YAGURA_NET_PUNYCODE_H
#define YAGURA_NET_PUNYCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PUNYCODE_LABEL_MAX 63

/* The A-label of `size` octets of UTF-8, in lower case as far as it is ASCII; ERR_FORMAT when it is
 * no UTF-8, empty, or does not fit into 63 octets. */
MUST_CHECK enum err punycode_label(
    const char *text, size_t size, uint8_t ret_label[PUNYCODE_LABEL_MAX], size_t *ret_size);

#endif
