/* SPDX-License-Identifier: ISC */
/*
 * Files of dnstap: a frame stream (frame_stream.h) of dnstap frames, or what one side of a
 * connection recorded.
 *
 * A frame that is no dnstap is passed over and counted, and the first one is named in the end; only
 * a length that cannot be one ends the reading, because nothing behind it can be found again.
 * Streams may follow each other in a file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "source/capture.h"
#include "source/dns_made.h"
#include "source/dnstap.h"
#include "source/frame_stream.h"

struct dnstap_file {
	struct capture_damage damage; /* frames that are not read */
	nsec_t last;                  /* time of the message before */
	bool streaming;               /* between START and STOP */
	bool noted;                   /* that the last stream has no STOP */
};

/* One whole control frame; false when what follows is of no use. */
static bool
take_control(struct dnstap_file *file, struct capture_run *run, const uint8_t *data, size_t size)
{
	struct frame_control_read control;

	if (!frame_control_read(data, size, &control)) {
		drop(run->drops, DROP_DNSTAP_CONTROL);
		return true;
	}
	if (!control.is_dnstap) {
		run->failure = "a frame stream of something else than dnstap";
		return false;
	}
	if ((control.type == FRAME_START && file->streaming) ||
	    (control.type == FRAME_STOP && !file->streaming))
		drop(run->drops, DROP_DNSTAP_CONTROL);
	if (control.type == FRAME_START || control.type == FRAME_STOP)
		file->streaming = control.type == FRAME_START;
	return true;
}

/* One whole data frame of `size` octets at `at` in the run; false when there is no room for what
 * it holds. */
static bool
take_frame(struct dnstap_file *file, struct capture_run *run, size_t at, size_t size)
{
	struct dnstap frame;
	struct dnstap_place place = { .input_offset = run->offset + at,
		.input_length = (uint32_t)size + FRAME_HEAD_SIZE,
		.fallback = file->last };
	enum dnstap_result result = dnstap_decode(run->data + at + FRAME_HEAD_SIZE, size, &frame);

	if (result == DNSTAP_OK && !dns_made_fits(run, 2))
		return false;
	if (result == DNSTAP_OK) {
		dnstap_give(&frame, &place, run);
		file->last = run->packets[run->count - 1].time;
	} else {
		drop(run->drops, dnstap_drop(result));
		capture_pass_over(
		    &file->damage, &(struct capture_damage){ 1, FRAME_HEAD_SIZE + size,
				       run->offset + at, 0, dnstap_reason(result) });
	}
	return true;
}

/* The whole size of the frame at `at`, or of as much of its head as tells; 0 when there is none. */
static size_t
frame_size(const struct capture_run *run, size_t at, bool *ret_control)
{
	size_t left = run->size - at;
	uint32_t size;

	*ret_control = false;
	if (left < FRAME_HEAD_SIZE)
		return FRAME_HEAD_SIZE;
	size = be32(run->data + at);
	if (size != 0)
		return size <= FRAME_SIZE_MAX ? FRAME_HEAD_SIZE + (size_t)size : 0;
	*ret_control = true;
	if (left < CONTROL_HEAD_SIZE)
		return CONTROL_HEAD_SIZE;
	size = be32(run->data + at + FRAME_HEAD_SIZE);
	return size <= CONTROL_SIZE_MAX ? CONTROL_HEAD_SIZE + (size_t)size : 0;
}

static void
dnstap_run(void *state, struct capture_run *run)
{
	struct dnstap_file *file = state;
	size_t at = 0;
	bool control, full = false;

	run->need = FRAME_HEAD_SIZE;
	while (run->failure == NULL && !full && run->size > at) {
		size_t size = frame_size(run, at, &control);

		if (size == 0) {
			run->failure = "a length that no frame has";
		} else if (run->size - at < size) {
			run->need = size;
			break;
		} else if (control) {
			if (take_control(file, run, run->data + at + CONTROL_HEAD_SIZE,
				size - CONTROL_HEAD_SIZE))
				at += size;
		} else if (take_frame(file, run, at, size - FRAME_HEAD_SIZE)) {
			at += size;
		} else {
			full = true;
		}
	}
	run->used = at;
	if (run->last && at == run->size && file->streaming && !file->noted) {
		file->noted = true;
		drop(run->drops, DROP_DNSTAP_UNFINISHED);
	}
}

/* A control frame that a stream can begin with. */
static bool
dnstap_recognise(const uint8_t *head, size_t size)
{
	uint32_t length, type;

	if (size < CONTROL_HEAD_SIZE + 4 || be32(head) != 0)
		return false;
	length = be32(head + 4);
	type = be32(head + 8);
	if (type != FRAME_START && type != FRAME_READY && type != FRAME_ACCEPT)
		return false;
	/* The type alone, or one or more fields after it. */
	return length == 4 || (length >= 12 && length <= CONTROL_SIZE_MAX &&
				  (size < CONTROL_HEAD_SIZE + 8 || be32(head + 12) == 1));
}

const struct capture_format capture_dnstap = {
	.name = "dnstap",
	.recognise = dnstap_recognise,
	.state_size = sizeof(struct dnstap_file),
	.run = dnstap_run,
	.passed_one = "frame is",
	.passed_many = "such frames are",
	.makes = true,
};
