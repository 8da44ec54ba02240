/* SPDX-License-Identifier: ISC */
/* Who sends dnstap, and the messages in it; see live_producers.h. */
#include "source/live_producers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "source/dns_made.h"
#include "source/dnstap.h"
#include "source/frame_stream.h"

struct live_producers {
	struct live_producer *list; /* owned: room for LIVE_PRODUCERS */
	size_t count;
	size_t last; /* the one found last */
};

struct live_producers *
live_producers_new(void)
{
	struct live_producers *producers = xcalloc(1, sizeof *producers);

	producers->list = xcalloc(LIVE_PRODUCERS, sizeof *producers->list);
	return producers;
}

void
live_producers_free(struct live_producers *producers)
{
	if (producers == NULL)
		return;
	free(producers->list);
	free(producers);
}

/* Text of octets that anybody may have sent. */
static void
printable(const struct dnstap_octets *octets, char *text)
{
	size_t size =
	    octets->size < LIVE_PRODUCER_TEXT_SIZE - 1 ? octets->size : LIVE_PRODUCER_TEXT_SIZE - 1;

	for (size_t i = 0; i < size; i++) {
		uint8_t octet = octets->data[i];
		text[i] = '?';
		if (octet >= 0x20 && octet < 0x7f)
			text[i] = (char)octet;
	}
	text[size] = '\0';
}

/* The producer of that number; NULL when there are too many. */
static struct live_producer *
find(struct live_producers *producers, uint32_t number, const struct dnstap_octets *name,
    const struct dnstap *frame)
{
	struct live_producer *one = &producers->list[producers->last];

	if (one->number == number && producers->count != 0)
		return one;
	for (size_t i = 0; i < producers->count; i++)
		if (producers->list[i].number == number) {
			producers->last = i;
			return &producers->list[i];
		}
	if (producers->count == LIVE_PRODUCERS)
		return NULL;
	producers->last = producers->count++;
	one = &producers->list[producers->last];
	one->number = number;
	printable(name, one->identity);
	printable(&frame->version, one->version);
	return one;
}

/* Where frames come from, for those that do not say who sent them. */
static void
set_origin(const struct live_frames *frames, struct dnstap_place *place)
{
	const struct live_listener *listener = &frames->reader->port->listener;
	char text[LIVE_LISTENER_TEXT_SIZE];
	size_t size;

	if (listener->path[0] != '\0')
		(void)live_listener_format(listener, text);
	else
		(void)address_format(&frames->record->source, text);
	size = strlen(text) < sizeof place->identity ? strlen(text) : sizeof place->identity;
	memcpy(place->identity, text, size);
	place->identity_size = (uint8_t)size;
}

static void
take_frame(struct live_producers *producers, const struct live_frames *frames,
    struct dnstap_place *place, const struct dnstap *frame, struct capture_run *run)
{
	struct dnstap_octets name = dnstap_name(frame);
	size_t before = run->count;
	struct live_producer *one;

	if (name.size == 0 && place->identity_size == 0)
		set_origin(frames, place);
	if (name.size == 0)
		name = (struct dnstap_octets){ place->identity, place->identity_size };
	dnstap_give(frame, place, run);
	one = find(producers, dns_producer_number(name.data, name.size), &name, frame);
	if (one == NULL)
		return;
	if (one->frames++ == 0)
		one->first = frames->record->time;
	one->messages += run->count - before;
	one->last = frames->record->time;
	one->delay = frames->record->time - run->packets[run->count - 1].time;
}

bool
live_producers_take(
    struct live_producers *producers, struct live_frames *frames, struct capture_run *run)
{
	struct dnstap_place place = { .fallback = frames->record->time,
		.arrival = frames->record->time };

	while (frames->size - frames->at >= FRAME_HEAD_SIZE) {
		size_t size = be32(frames->data + frames->at);
		enum dnstap_result result;
		struct dnstap frame;

		if (!dns_made_fits(run, 2))
			return false;
		if (size > frames->size - frames->at - FRAME_HEAD_SIZE)
			break; /* readers put whole frames */
		place.input_offset = run->offset++;
		place.input_length = (uint32_t)size;
		result = dnstap_decode(frames->data + frames->at + FRAME_HEAD_SIZE, size, &frame);
		if (result == DNSTAP_OK)
			take_frame(producers, frames, &place, &frame, run);
		else
			drop(run->drops, dnstap_drop(result));
		frames->at += FRAME_HEAD_SIZE + size;
	}
	frames->at = frames->size;
	return true;
}

size_t
live_producers_list(
    const struct live_producers *producers, struct live_producer *ret_producers, size_t room)
{
	size_t count = producers->count < room ? producers->count : room;

	if (count != 0)
		memcpy(ret_producers, producers->list, count * sizeof *ret_producers);
	return producers->count;
}
