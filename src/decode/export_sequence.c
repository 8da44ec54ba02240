/* SPDX-License-Identifier: ISC */
/* Loss from sequence numbers; see export_sequence.h. */
#include "decode/export_sequence.h"

/* A late run this long, each message where the one before it ended, is an exporter that began
 * anew with a number not far below (IPFIX tells no uptime). */
#define LATE_RUN 4

/* A gap opens, in place of the oldest one if there are too many. */
static void
open_gap(struct export_sequence *s, uint32_t begin, uint32_t end)
{
	unsigned i = s->gap_count;

	if (i == SEQUENCE_WINDOW) {
		for (unsigned j = 1; j < i; j++)
			s->gaps[j - 1] = s->gaps[j];
		i--;
	} else {
		s->gap_count++;
	}
	s->gaps[i] = (struct sequence_gap){ begin, end, s->messages };
}

static void
close_gap(struct export_sequence *s, unsigned i)
{
	s->gap_count--;
	for (; i < s->gap_count; i++)
		s->gaps[i] = s->gaps[i + 1];
}

/* Takes [number, number + units) out of gap `i`, which holds it. */
static void
fill_gap(struct export_sequence *s, unsigned i, uint32_t number, uint32_t units)
{
	struct sequence_gap *g = &s->gaps[i];
	uint32_t end = number + units;

	if (g->begin == number) {
		g->begin = end;
		if (g->begin == g->end)
			close_gap(s, i);
	} else if (g->end == end) {
		g->end = number;
	} else {
		uint32_t rest = g->end;
		g->end = number;
		open_gap(s, end, rest);
	}
}

/* A message from before `next`: it fills a gap, or came twice. */
static void
see_late(struct export_sequence *s, uint32_t number, uint32_t units)
{
	s->reordered++;
	if (units == 0)
		return;
	for (unsigned i = s->gap_count; i-- > 0;) {
		struct sequence_gap *g = &s->gaps[i];
		uint32_t from = number - g->begin;

		if (s->messages - g->message > SEQUENCE_WINDOW) {
			close_gap(s, i);
		} else if (from < g->end - g->begin && units <= g->end - g->begin - from) {
			s->lost -= units;
			fill_gap(s, i, number, units);
			return;
		}
	}
}

/* The sequence goes on from elsewhere; the one that was left is remembered. */
static void
leave(struct export_sequence *s, uint32_t number, int64_t lost)
{
	s->has_other = true;
	s->other_next = s->next;
	s->other_lost = lost;
	s->lost += lost;
	s->expected += (uint64_t)lost;
	s->next = number;
	s->gap_count = 0;
	s->late_run = 0;
}

/* A number far from what was foreseen: the sequence that was left before, if it fits it. */
static bool
resume_other(struct export_sequence *s, uint32_t number)
{
	uint32_t ahead = number - s->other_next;
	int64_t lost = s->other_lost;

	if (!s->has_other || ahead > SEQUENCE_FAR)
		return false;
	s->lost -= lost;
	s->expected -= s->expected < (uint64_t)lost ? s->expected : (uint64_t)lost;
	s->has_other = false;
	s->next = s->other_next;
	s->gap_count = 0;
	s->late_run = 0;
	return true;
}

static void
see_ahead(struct export_sequence *s, uint32_t number, uint32_t ahead)
{
	uint32_t lost = ahead > s->doubtful ? ahead - s->doubtful : 0;

	s->expected += ahead;
	s->lost += lost;
	if (lost > 0 && s->doubtful == 0)
		open_gap(s, s->next, number);
	s->next = number;
}

/* Whether late messages have come to be a sequence of their own. */
static bool
late_run_is_restart(struct export_sequence *s, uint32_t number, uint32_t units)
{
	s->late_run = s->late_run > 0 && number == s->late_next ? s->late_run + 1 : 1;
	s->late_next = number + units;
	return s->late_run >= LATE_RUN && units > 0;
}

/* Moves to `number` if that is where the sequence now is; false for a late message. */
static bool
follow(struct export_sequence *s, uint32_t number, uint32_t units, bool *restarted)
{
	int32_t step = (int32_t)(number - s->next);

	if (*restarted) {
		leave(s, number, 0);
		s->restarts++;
		s->has_other = false;
		return true;
	}
	if (step > SEQUENCE_FAR || step < -SEQUENCE_FAR) {
		if (resume_other(s, number)) {
			see_ahead(s, number, number - s->next);
		} else if (step > 0) {
			leave(s, number, step);
		} else {
			leave(s, number, 0);
			s->restarts++;
			*restarted = true;
		}
		return true;
	}
	if (step >= 0) {
		see_ahead(s, number, (uint32_t)step);
		return true;
	}
	if (late_run_is_restart(s, number, units)) {
		s->restarts++;
		s->reordered -= s->reordered < LATE_RUN - 1 ? s->reordered : LATE_RUN - 1;
		leave(s, number, 0);
		*restarted = true;
		return true;
	}
	see_late(s, number, units);
	return false;
}

bool
sequence_see(struct export_sequence *s, uint32_t number, uint32_t units, bool restarted)
{
	bool foreseen = s->started && number == s->next;

	s->messages++;
	s->expected += units;
	s->foreseen = foreseen;
	if (!s->started) {
		s->started = true;
		s->next = number + units;
		return false;
	}
	if (foreseen && !restarted) {
		s->late_run = 0;
	} else if (!follow(s, number, units, &restarted)) {
		/* In `expected` already, when its gap opened; or it came twice. */
		s->expected -= units;
		return false;
	}
	s->next += units;
	s->doubtful = 0;
	return restarted;
}

void
sequence_doubt(struct export_sequence *s, uint32_t units)
{
	s->doubtful = units;
}

struct sequence_counts
sequence_take(struct export_sequence *s)
{
	struct sequence_counts c = {
		.lost = s->lost > 0 ? (uint64_t)s->lost : 0,
		.expected = s->expected,
		.restarts = s->restarts,
		.reordered = s->reordered,
	};

	/* What comes late after it was reported lost is taken from what is lost next. */
	s->lost = s->lost < 0 ? s->lost : 0;
	s->expected = 0;
	s->restarts = 0;
	s->reordered = 0;
	return c;
}

void
sequence_forget(struct export_sequence *s)
{
	s->started = false;
	s->has_other = false;
	s->late_run = 0;
	s->doubtful = 0;
	s->gap_count = 0;
}
