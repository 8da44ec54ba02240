/* SPDX-License-Identifier: ISC */
/*
 * What is missing, from the sequence numbers of messages.
 *
 * A message has a number and covers so many units (1 where messages are counted, its records where
 * records are).  The next one should have the number plus the units; a number ahead of that is a
 * gap, and its units are lost until a late message, at most SEQUENCE_WINDOW messages later, fills
 * it.  A step back beyond SEQUENCE_FAR, or a clock that began anew, is a restart: nothing is lost
 * by it.  A single forged or mangled number must not invent a loss for ever: when the old sequence
 * goes on, it is taken up again and the loss taken back.
 */
#ifndef YAGURA_DECODE_EXPORT_SEQUENCE_H
#define YAGURA_DECODE_EXPORT_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCE_WINDOW 64
#define SEQUENCE_FAR    (1 << 16)

struct sequence_gap {
	uint32_t begin, end; /* numbers of units that did not come: [begin, end) */
	uint64_t message;    /* how many messages had come when it opened */
};

struct export_sequence {
	bool started;
	uint32_t next;     /* the number that should come */
	uint32_t doubtful; /* at most so many units came since that could not be counted */

	/* Since the last report. */
	int64_t lost; /* below zero when what was reported lost comes late */
	uint64_t expected, restarts, reordered;

	bool foreseen;      /* the last message had the number that should come */
	uint32_t late_next; /* where a run of late messages would go on */
	uint32_t late_run;  /* its length */

	bool has_other; /* a sequence that was left */
	uint32_t other_next;
	int64_t other_lost; /* units counted as lost when it was left */

	uint64_t messages;
	struct sequence_gap gaps[SEQUENCE_WINDOW];
	unsigned gap_count;
};

/* A message with this number came and covers `units`.  `restarted`: another sign (the uptime) says
 * that the exporter began anew.  Returns whether it counts as a restart. */
bool sequence_see(struct export_sequence *s, uint32_t number, uint32_t units, bool restarted);

/* Another file begins: the next number is as good as the first.  What was counted stays. */
void sequence_forget(struct export_sequence *s);

/* The message just seen held up to `units` more that could not be counted. */
void sequence_doubt(struct export_sequence *s, uint32_t units);

/* Takes out what has been lost, reordered, … since the last call. */
struct sequence_counts {
	uint64_t lost, expected, restarts, reordered;
};
struct sequence_counts sequence_take(struct export_sequence *s);

#endif
