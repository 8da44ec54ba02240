/* SPDX-License-Identifier: ISC */
/*
 * Logs as captures: every line that says something is an observation (obs/observed.h).
 *
 * A format of lines is a struct log_format; log_lines_run() does the rest: it finds lines, cuts
 * what is longer than LOG_LINE_MAX, counts lines that are not read (DROP_LOG_LINE) or about
 * something else (DROP_LOG_OTHER), and puts observations into the chunk.  What an observation
 * points to must lie in the line, in `room`, or be constant.
 *
 *	const struct capture_format capture_web_log = {
 *		.name = "web-log", .recognise = …, .state_size = sizeof(struct log_lines),
 *		.run = run, .makes = true, .passed_one = "line", …
 *	};
 */
#ifndef YAGURA_SOURCE_LOG_LINES_H
#define YAGURA_SOURCE_LOG_LINES_H

#include "obs/observed.h"
#include "source/capture.h"

#define LOG_LINE_MAX (64U << 10)
/* Octets a reader may make for one line: decoded text that its observations point to. */
#define LOG_ROOM_MAX (72U << 10)
/* Observations of one line at most. */
#define LOG_OBSERVED_MAX 4

enum log_verdict {
	LOG_READ,  /* `count` observations */
	LOG_OTHER, /* a line about something else, a comment, a blank one */
	LOG_BAD,   /* one that should be readable; `why` says what is wrong */
};

/* What a line says.  `time`, `source` and `destination` order it and choose its shard. */
struct log_line {
	const uint8_t *text; /* the line without its end */
	size_t size;
	bool cut;        /* it was longer */
	uint64_t offset; /* of its first octet in the input */
	uint8_t *room;   /* LOG_ROOM_MAX octets, aligned to 8 */

	size_t room_used;
	size_t count;
	struct observed observed[LOG_OBSERVED_MAX]; /* zeroed up to `count` by log_observe */
	nsec_t time;
	struct address source, destination;
	const char *why; /* of LOG_BAD: a constant */
};

struct log_format {
	enum log_verdict (*read)(void *state, struct log_line *line);
};

/* The beginning of a format's state. */
struct log_lines {
	struct capture_damage damage; /* lines that are not read */
	uint64_t lines;               /* read so far */
};

/* One run over lines; `state` begins with a struct log_lines. */
void log_lines_run(void *state, const struct log_format *format, struct capture_run *run);

/* Whether a run has room for one more line, and putting the observations of one into it: for what a
 * format tells when the log has ended. */
bool log_lines_fit(const struct capture_run *run);
void log_lines_give(struct capture_run *run, const struct log_line *line);

/* The next observation of a line, zeroed, with its kind, time-independent. */
static inline struct observed *
log_observe(struct log_line *line, enum observed_kind kind)
{
	struct observed *o = &line->observed[line->count++];

	*o = (struct observed){ .kind = kind };
	return o;
}

/* Whether one of the first whole lines of `head` is LOG_READ by `format`, whose state is
 * `state_size` octets; no line before it may hold a NUL. */
bool log_lines_recognise(
    const struct log_format *format, size_t state_size, const uint8_t *head, size_t size);

#endif
