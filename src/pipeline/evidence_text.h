/* SPDX-License-Identifier: ISC */
/* A packet, a DNS message, a line of a log or an export message in one line of text. */
#ifndef YAGURA_PIPELINE_EVIDENCE_TEXT_H
#define YAGURA_PIPELINE_EVIDENCE_TEXT_H

#include "obs/packet.h"

/* "192.0.2.1:4242 > 198.51.100.7:80 TCP [SYN] 60 octets"; frames must be decoded.  The caller frees
 * it. */
char *evidence_text(const struct packet *packet);

#endif
