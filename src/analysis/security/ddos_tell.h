/* SPDX-License-Identifier: ISC */
/* How the section tells of one attack: its finding, and the words for it. */
#ifndef YAGURA_ANALYSIS_SECURITY_DDOS_TELL_H
#define YAGURA_ANALYSIS_SECURITY_DDOS_TELL_H

#include "analysis/security/ddos_judge.h"

#define DDOS_TARGET_SIZE 160

/* "192.0.2.1", "2001:db8::/48", or a host's name. */
const char *ddos_target_text(const struct ddos_attack *a, char text[DDOS_TARGET_SIZE]);
/* "dns + syn", the most octets first. */
char *ddos_vectors_text(const struct ddos_attack *a, char *text, size_t size);
double ddos_duration(const struct ddos_attack *a); /* s */

/* Makes a finding of an attack. */
void
ddos_tell(const struct section_context *c, struct section *section, const struct ddos_attack *a);

#endif
