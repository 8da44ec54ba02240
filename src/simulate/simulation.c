/* SPDX-License-Identifier: ISC */
/* A run of a scenario; see simulation.h.  The queue is a binary heap ordered by time and, among
 * equals, by the order of queueing. */
#include "simulate/simulation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

struct waiting {
	uint64_t order;
	struct truth_note note;
	uint8_t *frame; /* owned */
};

struct simulation {
	struct random random;
	struct capture *capture; /* borrowed */
	struct truth *truth;     /* borrowed */
	const char *output;      /* borrowed, or NULL */
	struct waiting *queue;   /* owned: a heap, the earliest first */
	size_t count, size;
	uint64_t queued;
};

struct simulation *
simulation_new(uint64_t seed, struct capture *capture, struct truth *truth)
{
	struct simulation *s = xcalloc(1, sizeof *s);

	random_seed(&s->random, seed);
	s->capture = capture;
	s->truth = truth;
	return s;
}

void
simulation_free(struct simulation *s)
{
	if (s == NULL)
		return;
	simulation_advance(s, INT64_MAX);
	free(s->queue);
	free(s);
}

void
simulation_set_output(struct simulation *s, const char *path)
{
	s->output = path;
}

const char *
simulation_output(const struct simulation *s)
{
	return s->output;
}

void
simulation_tell(struct simulation *s, const char *name, json_t *value)
{
	truth_tell(s->truth, name, value);
}

struct random *
simulation_random(struct simulation *s)
{
	return &s->random;
}

void
simulation_begin(struct simulation *s, nsec_t begin, nsec_t duration,
    const char *const *own_prefixes, size_t own_count)
{
	struct prefix *own = xcalloc(own_count + 1, sizeof *own);
	nsec_t bin = duration <= 86400 * NSEC_PER_SEC ? NSEC_PER_SEC : 60 * NSEC_PER_SEC;

	for (size_t i = 0; i < own_count; i++) {
		enum err e = prefix_parse(own_prefixes[i], &own[i], NULL);
		assert(e == ERR_OK);
		(void)e;
	}
	truth_begin(s->truth, begin, bin, own, own_count);
	free(own);
}

void
simulation_count_totals(struct simulation *s)
{
	truth_count_totals(s->truth);
}

static bool
before(const struct waiting *a, const struct waiting *b)
{
	return a->note.time != b->note.time ? a->note.time < b->note.time : a->order < b->order;
}

static void
sink(struct simulation *s, const struct waiting *item)
{
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;
		if (child + 1 < s->count && before(&s->queue[child + 1], &s->queue[child]))
			child++;
		if (child >= s->count || !before(&s->queue[child], item))
			break;
		s->queue[at] = s->queue[child];
		at = child;
	}
	s->queue[at] = *item;
}

/* Takes the earliest out of the queue; the last one fills its place. */
static struct waiting
take(struct simulation *s)
{
	struct waiting first = s->queue[0];
	struct waiting last = s->queue[--s->count];

	s->queue[0] = (struct waiting){ 0 };
	if (s->count > 0)
		sink(s, &last);
	return first;
}

void
simulation_advance(struct simulation *s, nsec_t time)
{
	while (s->count > 0 && s->queue[0].note.time < time) {
		struct waiting first = take(s);
		/* Each frame is in the queue once; the analyzer does not follow it through the
		 * heap. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		capture_frame(s->capture, first.note.time, first.frame, first.note.frame_size);
		truth_frame(s->truth, &first.note);
		free(first.frame);
	}
}

static void
queue(struct simulation *s, const struct truth_note *note, const uint8_t *frame)
{
	struct waiting item = { .order = s->queued++, .note = *note };
	size_t at = s->count;

	item.frame = xmalloc(note->frame_size);
	memcpy(item.frame, frame, note->frame_size);
	if (s->count == s->size) {
		s->size = s->size * 2 + 256;
		s->queue = xrealloc_array(s->queue, s->size, sizeof *s->queue);
	}
	s->count++;
	while (at > 0 && before(&item, &s->queue[(at - 1) / 2])) {
		s->queue[at] = s->queue[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	s->queue[at] = item;
}

void
simulation_ip(struct simulation *s, nsec_t time, const struct datagram *d)
{
	uint8_t frame[FRAME_MAX];
	struct truth_note note = {
		.time = time / NSEC_PER_US * NSEC_PER_US,
		.vlan = d->vlan,
		.source = d->source,
		.destination = d->destination,
		.source_port = d->source_port,
		.destination_port = d->destination_port,
		.protocol = d->protocol,
	};

	note.frame_size = (uint32_t)frame_ip(d, frame, &note.octets);
	queue(s, &note, frame);
}

/* Fragments are as large as 1500 octets allow; all but the last carry a multiple of 8. */
void
simulation_fragments(struct simulation *s, nsec_t time, const struct datagram *d)
{
	size_t room = address_is_ipv4(&d->source) ? 1480 : 1448, size;
	struct datagram part = *d;
	uint8_t *l4;

	assert(d->payload_size <= 65000);
	if (d->payload_size + 8 <= (address_is_ipv4(&d->source) ? 1480 : 1460)) {
		simulation_ip(s, time, d);
		return;
	}
	l4 = xmalloc(d->payload_size + 20);
	size = frame_l4(d, l4);
	part.fragment = true;
	for (size_t at = 0; at < size; at += room) {
		part.more_fragments = size - at > room;
		part.fragment_offset = (uint16_t)at;
		part.payload = l4 + at;
		part.payload_size = part.more_fragments ? room : size - at;
		simulation_ip(s, time, &part);
		time += 2 * NSEC_PER_US;
	}
	free(l4);
}

void
simulation_arp(struct simulation *s, nsec_t time, const struct datagram *d, uint16_t operation)
{
	uint8_t frame[FRAME_MAX];
	struct truth_note note = { .time = time / NSEC_PER_US * NSEC_PER_US, .vlan = d->vlan };

	note.frame_size = (uint32_t)frame_arp(d, operation, frame);
	queue(s, &note, frame);
}

void
simulation_handshake(struct simulation *s, nsec_t rtt)
{
	truth_handshake(s->truth, rtt);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, years counted from March so that the
 * leap day is the last. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

enum err
simulation_time(const char *text, nsec_t *ret_time, struct err_info *info)
{
	static const uint8_t days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	unsigned n[6] = { 0 };
	bool good = strlen(text) == sizeof form - 1, leap;
	size_t field = 0;

	for (size_t i = 0; good && form[i] != '\0'; i++) {
		if (form[i] == 'd') {
			good = text[i] >= '0' && text[i] <= '9';
			n[field] = n[field] * 10 + (unsigned)(text[i] - '0');
		} else {
			good = text[i] == form[i];
			field++;
		}
	}
	leap = n[0] % 4 == 0 && (n[0] % 100 != 0 || n[0] % 400 == 0);
	good = good && n[0] >= 1970 && n[0] <= 2105 && n[1] >= 1 && n[1] <= 12 && n[2] >= 1 &&
	       n[2] <= days[n[1] - 1] && (n[1] != 2 || n[2] != 29 || leap) && n[3] < 24 &&
	       n[4] < 60 && n[5] < 60;
	if (!good)
		return err_set(info, ERR_CONFIG,
		    "\"%.40s\" is no time like 2026-01-05T00:00:00Z of the years 1970 to 2105",
		    text);
	*ret_time =
	    (days_of(n[0], n[1], n[2]) * 86400 + (int64_t)n[3] * 3600 + (int64_t)n[4] * 60 + n[5]) *
	    NSEC_PER_SEC;
	return ERR_OK;
}
