/* SPDX-License-Identifier: ISC */
/*
 * A codec undoes one compression format in streaming fashion.  stream.c owns the loop that feeds
 * it.
 */
#ifndef YAGURA_SOURCE_CODEC_H
#define YAGURA_SOURCE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One step's input and output; a step moves `in` and `out` forward. */
struct codec_step {
	const uint8_t *in;
	size_t in_size;
	uint8_t *out;
	size_t out_size;
	bool last;          /* no input follows `in` */
	const char *reason; /* set when the step fails: borrowed, good until the codec ends */
};

struct codec {
	const char *name;
	const char *suffix;
	/* True when `head` starts a stream of this format. */
	bool (*recognise)(const uint8_t *head, size_t size);
	/* NULL when memory is exhausted. */
	void *(*begin)(void);
	/* Decompresses until input or output is used up; false (and step->reason) on damage. */
	bool (*run)(void *state, struct codec_step *step);
	/* True when the input so far ends between two members (frames, streams): a good end. */
	bool (*complete)(const void *state);
	void (*end)(void *state);
};

/* The codec whose stream begins with `head`, or NULL. */
const struct codec *codec_find(const uint8_t *head, size_t size);

#endif
