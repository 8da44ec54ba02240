/* SPDX-License-Identifier: ISC */
/*
 * What the first label of a name looks like: made up by a machine, an address for a block list, an
 * octet string in disguise.
 *
 * Sums are whole numbers, so that they add up to the same whatever the order.
 */
#ifndef YAGURA_ANALYSIS_DNS_LABELS_H
#define YAGURA_ANALYSIS_DNS_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum label_class { LABEL_LETTERS, LABEL_DIGITS, LABEL_HYPHENS, LABEL_OTHERS, LABEL_CLASSES };

#define LABEL_ENTROPY_UNIT 256 /* a bit of entropy in the sums */

struct label_sums {
	uint32_t count;   /* labels */
	uint32_t octets;  /* their lengths */
	uint64_t squares; /* of their lengths */
	uint64_t entropy; /* Shannon's, of the octets within one label, in 1/256 bit */
	uint32_t classes[LABEL_CLASSES]; /* octets of each class */
};

/* Adds the first label of a name; the root adds nothing. */
void label_sums_add(struct label_sums *sums, const uint8_t *name, size_t size);
void label_sums_merge(struct label_sums *into, const struct label_sums *from);

double label_mean(const struct label_sums *sums);
double label_deviation(const struct label_sums *sums);
/* Bits per octet, the mean over labels. */
double label_entropy(const struct label_sums *sums);

/* Whether the octets of the first label are as mixed as those of a label made at random: 2 bits an
 * octet or more ("www" has 0, "mail" 2, eight random letters about 2.8). */
bool label_is_random(const uint8_t *name, size_t size);

/* Whether a name has the shape of a question to a block list: four labels that are the octets of an
 * IPv4 address, or sixteen that are half octets of an IPv6 one (RFC 5782). */
bool label_is_reversed_address(const uint8_t *name, size_t size);

#endif
