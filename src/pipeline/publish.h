/* SPDX-License-Identifier: ISC */
/*
 * A review for the public, made of one for the operator (`--publish`).
 *
 *	addresses and prefixes    go through Crypto-PAn (net/cryptopan.h), wherever they stand alone
 *	                          in a cell, a category or a name
 *	volumes                   octets, packets, flows and their rates become shares of the
 *	                          greatest value of their column or figure
 *	prose                     of sections is left out: it quotes both
 *	inputs                    keep kind and counts of records; paths, fingerprints and sizes go
 *	findings                  lose their evidence; their subjects' addresses are anonymised
 *
 * An analysis whose section obeys `publish` itself (struct analysis, `publishes`) keeps its prose
 * and its numbers; its addresses are still anonymised.  The words of RFC 6235 apply.
 */
#ifndef YAGURA_PIPELINE_PUBLISH_H
#define YAGURA_PIPELINE_PUBLISH_H

#include <jansson.h>

#include "base/err.h"
#include "pipeline/config.h"

/* Changes the document in place.  The key is that of `publish.key_file` (64 hexadecimal digits,
 * made when the file is missing); without one a key for this review alone.  ERR_CONFIG or ERR_IO
 * when the file is no key. */
MUST_CHECK enum err
publish_review(json_t *review, const struct config *config, struct err_info *info);

#endif
