/* SPDX-License-Identifier: ISC */
/* Where windows begin; see timeline.h. */
#include "pipeline/timeline.h"

/* Whether the packet opens a window other than the open one; counts what is odd about its time. */
static bool
opens(struct timeline *t, nsec_t time, struct drop_counters *drops)
{
	if (!t->open)
		return true;
	if (time - t->last > TIMELINE_GAP)
		drop(drops, DROP_TIME_GAP);
	if (time >= t->begin)
		return time - t->begin >= t->length;
	if (t->begin - time <= t->length || t->steps >= TIMELINE_STEPS) {
		drop(drops, DROP_TIME_LATE);
		return false;
	}
	drop(drops, DROP_TIME_BACKWARD);
	t->steps++;
	return true;
}

size_t
timeline_scan(struct timeline *t, const struct packet *packets, size_t count,
    struct timeline_cut *ret_cuts, struct drop_counters *drops)
{
	size_t cuts = 0;

	for (size_t i = 0; i < count; i++) {
		nsec_t time = packets[i].time;
		/* The usual packet: inside the open window, and not an hour after the last one. */
		bool usual = t->open && time >= t->begin && time - t->begin < t->length &&
			     time - t->last <= TIMELINE_GAP;
		if (!usual && opens(t, time, drops)) {
			t->begin = floor_div(time, t->length) * t->length;
			t->open = true;
			ret_cuts[cuts++] = (struct timeline_cut){ .at = i, .begin = t->begin };
		}
		t->last = time;
	}
	return cuts;
}

bool
timeline_lapse(struct timeline *t, nsec_t now)
{
	if (!t->open || now - t->begin < t->length + TIMELINE_GRACE)
		return false;
	t->open = false;
	return true;
}
