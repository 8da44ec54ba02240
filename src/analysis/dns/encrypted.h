/* SPDX-License-Identifier: ISC */
/* What both halves of dns/encrypted share. */
#ifndef YAGURA_ANALYSIS_DNS_ENCRYPTED_H
#define YAGURA_ANALYSIS_DNS_ENCRYPTED_H

#include "analysis/analysis.h"

enum encrypted_class {
	ENCRYPTED_UDP, /* udp/53: for comparison */
	ENCRYPTED_TCP, /* tcp/53 */
	ENCRYPTED_DOT, /* tcp/853, RFC 7858 */
	ENCRYPTED_DOQ, /* udp/853, RFC 9250 */
	ENCRYPTED_CLASSES,
};

#define ENCRYPTED_PRECISION 10

extern const char *const encrypted_names[ENCRYPTED_CLASSES];

enum err encrypted_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
