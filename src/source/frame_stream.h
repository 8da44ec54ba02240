/* SPDX-License-Identifier: ISC */
/*
 * Frame Streams: how dnstap frames follow each other in a file or a connection.
 *
 *	data frame     length (4, big-endian, not 0), so many octets
 *	control frame  0 (4), length (4), type (4), fields
 *	a field        type (4): 1 content type, length (4), octets
 *
 * A file, or a connection in one direction, is START, data, STOP.  In both directions the writer
 * begins with READY (the content types it has), the reader says ACCEPT (the one it wants), then
 * come START, data and STOP, and the reader ends with FINISH.  (The protocol is written down in
 * fstrm/control.h of farsightsec/fstrm.)
 */
#ifndef YAGURA_SOURCE_FRAME_STREAM_H
#define YAGURA_SOURCE_FRAME_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD_SIZE   4
#define FRAME_SIZE_MAX    (1U << 20) /* of a data frame: what libfstrm's readers allow */
#define CONTROL_HEAD_SIZE 8          /* escape and length */
#define CONTROL_SIZE_MAX  512        /* without them, as libfstrm has it */

enum frame_control {
	FRAME_ACCEPT = 1,
	FRAME_START = 2,
	FRAME_STOP = 3,
	FRAME_READY = 4,
	FRAME_FINISH = 5,
};

struct frame_control_read {
	enum frame_control type;
	bool has_content; /* it names content types … */
	bool is_dnstap;   /* … and this is one of them; also when it names none */
};

/* Reads a control frame without its escape and length; false when it is none that we know. */
bool frame_control_read(const uint8_t *data, size_t size, struct frame_control_read *ret_control);

/* Octets of a control frame for dnstap, with escape and length. */
#define FRAME_CONTROL_ROOM 42
size_t frame_control_write(enum frame_control type, bool content, uint8_t *ret_octets);

#endif
