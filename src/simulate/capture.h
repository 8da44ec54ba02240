/* SPDX-License-Identifier: ISC */
/*
 * Writes an Ethernet capture: pcap with microseconds, pcap with nanoseconds, or pcapng (one
 * section, one interface, nanoseconds).
 */
#ifndef YAGURA_SIMULATE_CAPTURE_H
#define YAGURA_SIMULATE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

enum capture_format {
	CAPTURE_PCAP,      /* microseconds: times are cut to them */
	CAPTURE_PCAP_NSEC, /* nanoseconds */
	CAPTURE_PCAPNG,
};

struct capture;

/* Creates the file ("-" is standard output) and writes its head.  `comment` goes into the section
 * header of a pcapng file; pcap has no room for one. */
MUST_CHECK enum err capture_open(const char *path, enum capture_format format, const char *comment,
    struct capture **ret_capture, struct err_info *info);

/* Writes one whole frame.  Failures are kept until capture_close. */
void capture_frame(struct capture *capture, nsec_t time, const uint8_t *frame, size_t size);

/* Says that the capture is not what was asked for: capture_close removes it. */
void capture_abandon(struct capture *capture);

/* Flushes and closes.  ERR_IO or ERR_NO_SPACE when anything was not written; a regular file is
 * then removed. */
MUST_CHECK enum err capture_close(struct capture *capture, struct err_info *info);

#endif
