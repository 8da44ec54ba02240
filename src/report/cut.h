/* SPDX-License-Identifier: ISC */
/*
 * Packets written as pcapng (draft-ietf-opsawg-pcapng) with nanoseconds and comments: what
 * `yagura explain --pcap` cuts out of captures.
 *
 *	cut_init(&cut, file, "finding 3f2a…: security/ddos server");
 *	cut_packet(&cut, "office.pcap", &packet, "evidence 1");
 *	… cut.packets …
 *	cut_release(&cut);
 *
 * There is an interface for each pair of input and link type, named after the input.  The file is
 *the caller's; whether it took everything is asked of it at its end.
 */
#ifndef YAGURA_REPORT_CUT_H
#define YAGURA_REPORT_CUT_H

#include <stdint.h>
#include <stdio.h>

#include "obs/packet.h"

struct cut_interface {
	char *input; /* owned */
	uint16_t link_type;
};

struct cut {
	FILE *file;                       /* borrowed */
	struct cut_interface *interfaces; /* owned */
	uint32_t interface_count;
	uint64_t packets;
};

/* Begins the section; the comment says what it is. */
void cut_init(struct cut *cut, FILE *file, const char *comment);
/* Writes one packet; `comment` may be NULL. */
void
cut_packet(struct cut *cut, const char *input, const struct packet *packet, const char *comment);
void cut_release(struct cut *cut);

#endif
