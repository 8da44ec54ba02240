/* SPDX-License-Identifier: ISC */
/*
 * DNS messages out of TCP streams; see dns_framer.h.
 *
 * Most segments hold whole messages and begin with a length: those are delivered from where they
 * are, and nothing is remembered.  A direction of a connection has a place in the table only while
 * it is in one of three states:
 *
 *	FRAMED    a message has begun; its octets are kept until it is whole
 *	SKIPPING  a message cannot be delivered (octets are missing, or there was no memory), but
 *its length is known, and so is where the next one begins HUNTING   where the next message begins
 *is not known
 *
 * A hunter takes the first place where a length, a header and a question make sense, waits for the
 * message to be whole, and believes it when its records end exactly where its length says.
 */
#include "flow/dns_framer.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "flow/slots.h"
#include "net/dns.h"

enum {
	LENGTH_SIZE = 2,
	HEADER_SIZE = 12,
	MAX_LABEL = 63,
	MAX_NAME = 255,
	FIXED_SIZE = 4, /* type and class */
	/* What is needed to say whether a message may begin here. */
	HEAD_SIZE = LENGTH_SIZE + HEADER_SIZE + MAX_NAME + FIXED_SIZE,
	FIRST_ROOM = 512,
	MOST_ROOM = LENGTH_SIZE + UINT16_MAX,
	/* Plausible beginnings without a message behind them, before all octets at hand are passed
	 * over: bounds what a stream made to look like beginnings can cost. */
	MOST_FAILURES = 8,
	LEAST_RECORD = 11,
};

enum state {
	FRAMED,
	SKIPPING,
	HUNTING,
};

/* The lists places stand in. */
enum list {
	EMPTY,
	HOLDING, /* octets */
};

struct part {
	uint8_t *octets;     /* owned; from the length on */
	uint32_t room, have; /* octets there may be and are at `octets` */
	uint32_t skip;
	uint8_t state;
	uint8_t failures;
};

struct dns_framer {
	struct dns_framer_options options;
	struct slots slots;
	struct part *parts; /* owned; one a slot */
	size_t memory;      /* rooms of all parts */
	uint64_t evicted;   /* highest id of a connection that lost its place */
};

/* What is left of an event's octets. */
struct input {
	const struct stream_event *event;
	const uint8_t *data;
	size_t size;
};

enum judgement {
	REFUSED,
	MORE, /* octets are needed to say */
	PLAUSIBLE,
};

struct dns_framer *
dns_framer_new(const struct dns_framer_options *options)
{
	struct dns_framer *f = xcalloc(1, sizeof *f);

	f->options = *options;
	slots_init(&f->slots, options->connections, &options->secret);
	f->parts = xcalloc(f->slots.capacity, sizeof *f->parts);
	return f;
}

void
dns_framer_free(struct dns_framer *framer)
{
	if (framer == NULL)
		return;
	for (uint32_t i = 0; i < framer->slots.fresh; i++)
		free(framer->parts[i].octets);
	free(framer->parts);
	slots_release(&framer->slots);
	free(framer);
}

static void
count(struct dns_framer *f, enum drop which)
{
	drop(f->options.drops, which);
}

static void
release_octets(struct dns_framer *f, struct part *part)
{
	f->memory -= part->room;
	free(part->octets);
	part->octets = NULL;
	part->room = part->have = 0;
}

static void
end(struct dns_framer *f, uint32_t slot)
{
	release_octets(f, &f->parts[slot]);
	slots_give(&f->slots, slot);
}

static void
start_hunting(struct dns_framer *f, struct part *part)
{
	count(f, DROP_DNS_STREAM_HUNT);
	release_octets(f, part);
	part->state = HUNTING;
	part->failures = 0;
}

/* A message that is given up: what is left of it will be passed over, when its length is known. */
static void
give_up(struct dns_framer *f, struct part *part)
{
	if (part->state == FRAMED && part->have >= LENGTH_SIZE) {
		part->skip = LENGTH_SIZE + be16(part->octets) - part->have;
		part->state = SKIPPING;
		release_octets(f, part);
	} else if (part->state == HUNTING) {
		release_octets(f, part);
	} else {
		start_hunting(f, part);
	}
}

static struct slots_key
key_of(uint64_t id, uint8_t direction)
{
	return (struct slots_key){ .words = { id, direction } };
}

static uint32_t
find(const struct dns_framer *f, uint64_t id, uint8_t direction)
{
	struct slots_key key = key_of(id, direction);

	if (slots_count(&f->slots, EMPTY) + slots_count(&f->slots, HOLDING) == 0)
		return SLOT_NONE;
	return slots_find(&f->slots, &key);
}

/* Takes the place of whoever has waited longest, those without octets first. */
static void
evict(struct dns_framer *f)
{
	uint32_t slot = slots_oldest(&f->slots, EMPTY);
	uint64_t id;

	if (slot == SLOT_NONE)
		slot = slots_oldest(&f->slots, HOLDING);
	id = slots_key_of(&f->slots, slot)->words[0];
	if (id >= f->evicted)
		f->evicted = id + 1;
	count(f, DROP_DNS_STREAM_EVICTED);
	end(f, slot);
}

static uint32_t
begin(struct dns_framer *f, const struct stream_event *event, enum state state)
{
	struct slots_key key = key_of(event->id, event->direction);
	uint32_t slot;

	if (slots_full(&f->slots))
		evict(f);
	slot = slots_take(&f->slots, &key, EMPTY);
	f->parts[slot] = (struct part){ .state = (uint8_t)state };
	if (state == HUNTING)
		count(f, DROP_DNS_STREAM_HUNT);
	return slot;
}

/* Makes room for `size` octets, of other messages if need be. */
static bool
make_room(struct dns_framer *f, uint32_t slot, size_t size)
{
	struct part *part = &f->parts[slot];
	size_t room = part->room != 0 ? (size_t)part->room * 2 : FIRST_ROOM;

	if (size <= part->room)
		return true;
	if (room < size)
		room = size;
	if (room > MOST_ROOM)
		room = MOST_ROOM;
	while (f->memory - part->room + room > f->options.memory) {
		uint32_t oldest = slots_oldest(&f->slots, HOLDING);
		if (oldest == SLOT_NONE || oldest == slot)
			return false;
		count(f, DROP_DNS_STREAM_EVICTED);
		give_up(f, &f->parts[oldest]);
		slots_move(&f->slots, oldest, EMPTY);
	}
	part->octets = xrealloc_array(part->octets, room, 1);
	f->memory += room - part->room;
	part->room = (uint32_t)room;
	return true;
}

/* Moves octets of the input behind those that are kept until there are `want`; false when there is
 * no memory for them: the part is in another state then. */
static bool
keep(struct dns_framer *f, uint32_t slot, struct input *in, size_t want)
{
	struct part *part = &f->parts[slot];
	size_t size = want - part->have < in->size ? want - part->have : in->size;

	slots_move(&f->slots, slot, HOLDING);
	if (!make_room(f, slot, part->have + size)) {
		count(f, DROP_DNS_STREAM_EVICTED);
		give_up(f, part);
		slots_move(&f->slots, slot, EMPTY);
		return false;
	}
	memcpy(part->octets + part->have, in->data, size);
	part->have += (uint32_t)size;
	in->data += size;
	in->size -= size;
	return true;
}

static void
forget_front(struct part *part, size_t size)
{
	if (size == 0)
		return;
	part->have -= (uint32_t)size;
	memmove(part->octets, part->octets + size, part->have);
}

static void
deliver(struct dns_framer *f, const struct stream_event *event, const uint8_t *frame)
{
	size_t size = be16(frame);

	if (size == 0)
		count(f, DROP_DNS_STREAM_EMPTY);
	else
		f->options.deliver(f->options.context, event, frame + LENGTH_SIZE, size);
}

/* Delivers the whole messages at the front of what is kept. */
static void
deliver_kept(struct dns_framer *f, struct part *part, const struct stream_event *event)
{
	size_t at = 0;

	while (part->have - at >= LENGTH_SIZE) {
		size_t size = LENGTH_SIZE + (size_t)be16(part->octets + at);
		if (size > part->have - at)
			break;
		deliver(f, event, part->octets + at);
		at += size;
	}
	forget_front(part, at);
}

/* Delivers the whole messages at the front of the input. */
static void
deliver_input(struct dns_framer *f, struct input *in)
{
	while (in->size >= LENGTH_SIZE) {
		size_t size = LENGTH_SIZE + (size_t)be16(in->data);
		if (size > in->size)
			break;
		deliver(f, in->event, in->data);
		in->data += size;
		in->size -= size;
	}
}

static bool
header_makes_sense(const uint8_t *header, size_t size)
{
	uint16_t bits = be16(header + 2);
	unsigned opcode = bits >> 11 & 0xf;
	unsigned questions = be16(header + 4), answers = be16(header + 6);
	size_t records = (size_t)answers + be16(header + 8) + be16(header + 10);
	bool response = bits >> 15;

	if (opcode != DNS_OPCODE_QUERY && opcode != DNS_OPCODE_NOTIFY &&
	    opcode != DNS_OPCODE_UPDATE)
		return false;
	if (bits & 0x40 || records * LEAST_RECORD > size - HEADER_SIZE)
		return false;
	/* Later messages of a zone transfer may have no question (RFC 5936, section 2.2.1). */
	if (questions == 0)
		return response && opcode == DNS_OPCODE_QUERY && answers != 0;
	if (opcode == DNS_OPCODE_QUERY && !response && (answers != 0 || (bits & 0xf) != 0))
		return false;
	return questions == 1;
}

/* Whether a message may begin with these octets, a length and what follows it. */
static enum judgement
judge(const uint8_t *octets, size_t have)
{
	size_t at = LENGTH_SIZE + HEADER_SIZE, size, end_at;
	uint16_t type, class;

	if (have < at)
		return MORE;
	size = be16(octets);
	end_at = LENGTH_SIZE + size;
	if (size < HEADER_SIZE || !header_makes_sense(octets + LENGTH_SIZE, size))
		return REFUSED;
	for (;;) {
		if (at >= end_at || at - LENGTH_SIZE - HEADER_SIZE >= MAX_NAME)
			return REFUSED;
		if (at >= have)
			return MORE;
		if (octets[at] > MAX_LABEL)
			return REFUSED;
		if (octets[at] == 0)
			break;
		at += 1U + octets[at];
	}
	at++;
	if (end_at < at + FIXED_SIZE)
		return REFUSED;
	if (have < at + FIXED_SIZE)
		return MORE;
	type = be16(octets + at);
	class = be16(octets + at + 2);
	if (type == 0 || (class != DNS_CLASS_IN && class != DNS_CLASS_CH))
		return REFUSED;
	return PLAUSIBLE;
}

/* Whether the records of a message are all there and end where it ends. */
static bool
is_whole(const uint8_t *message, size_t size)
{
	struct dns_walk walk;
	struct dns_rr rr;

	dns_walk_init(&walk, message, size);
	while (dns_walk_next(&walk, &rr))
		;
	return walk.at == size && (walk.left[1] | walk.left[2] | walk.left[3]) == 0;
}

/* Passes over what cannot begin a message, the first octet in any case. */
static void
pass_over(struct part *part)
{
	size_t at = 1;

	while (at < part->have && judge(part->octets + at, part->have - at) == REFUSED)
		at++;
	forget_front(part, at);
}

/* Looks at what is kept; true when a message begins there and is whole. */
static bool
found(struct part *part, size_t *ret_want)
{
	for (;;) {
		size_t whole;
		switch (judge(part->octets, part->have)) {
		case MORE: *ret_want = HEAD_SIZE; return false;
		case REFUSED: break;
		case PLAUSIBLE:
			whole = LENGTH_SIZE + (size_t)be16(part->octets);
			if (part->have < whole) {
				*ret_want = whole;
				return false;
			}
			if (is_whole(part->octets + LENGTH_SIZE, whole - LENGTH_SIZE))
				return true;
			if (++part->failures == MOST_FAILURES) {
				part->failures = 0;
				part->have = 0;
				continue;
			}
			break;
		}
		pass_over(part);
	}
}

/* Each of these takes octets of the input and says whether the place is needed no longer. */

static bool
take_skipping(struct part *part, struct input *in)
{
	size_t size = part->skip < in->size ? part->skip : in->size;

	part->skip -= (uint32_t)size;
	in->data += size;
	in->size -= size;
	return part->skip == 0;
}

static bool
take_framed(struct dns_framer *f, uint32_t slot, struct input *in)
{
	struct part *part = &f->parts[slot];

	if (part->have < LENGTH_SIZE && !keep(f, slot, in, LENGTH_SIZE))
		return false;
	if (part->have < LENGTH_SIZE)
		return false;
	if (!keep(f, slot, in, LENGTH_SIZE + (size_t)be16(part->octets)))
		return false;
	deliver_kept(f, part, in->event);
	return part->have == 0;
}

static bool
take_hunting(struct dns_framer *f, uint32_t slot, struct input *in)
{
	struct part *part = &f->parts[slot];
	size_t want = HEAD_SIZE;

	while (!found(part, &want)) {
		if (in->size == 0)
			return false;
		if (!keep(f, slot, in, want)) {
			in->size = 0;
			return false;
		}
	}
	part->state = FRAMED;
	deliver_kept(f, part, in->event);
	return part->have == 0;
}

static bool
take(struct dns_framer *f, uint32_t slot, struct input *in)
{
	struct part *part = &f->parts[slot];

	switch (part->state) {
	case SKIPPING: return take_skipping(part, in);
	case FRAMED: return take_framed(f, slot, in);
	default: return take_hunting(f, slot, in);
	}
}

/* Whether octets of a direction that has no place may begin in the middle of a message. */
static bool
is_lost(const struct dns_framer *f, const struct stream_event *event)
{
	if (event->offset == 0)
		return event->midstream;
	return event->id < f->evicted;
}

static void
take_data(struct dns_framer *f, const struct stream_event *event)
{
	struct input in = { .event = event, .data = event->data, .size = event->size };
	uint32_t slot = find(f, event->id, event->direction);

	if (slot == SLOT_NONE && is_lost(f, event))
		slot = begin(f, event, HUNTING);
	while (in.size != 0) {
		if (slot == SLOT_NONE) {
			deliver_input(f, &in);
			if (in.size == 0)
				break;
			slot = begin(f, event, FRAMED);
		}
		if (take(f, slot, &in)) {
			end(f, slot);
			slot = SLOT_NONE;
		}
	}
}

static void
take_gap(struct dns_framer *f, const struct stream_event *event)
{
	uint32_t slot = find(f, event->id, event->direction);
	struct part *part;

	if (slot == SLOT_NONE) {
		(void)begin(f, event, HUNTING);
		return;
	}
	part = &f->parts[slot];
	if (part->state == FRAMED)
		count(f, DROP_DNS_STREAM_GAP);
	if (part->state != SKIPPING)
		give_up(f, part);
	if (part->state == SKIPPING && event->size > part->skip)
		start_hunting(f, part);
	else if (part->state == SKIPPING)
		part->skip -= (uint32_t)event->size;
	slots_move(&f->slots, slot, EMPTY);
	if (part->state == SKIPPING && part->skip == 0)
		end(f, slot);
}

static void
take_close(struct dns_framer *f, const struct stream_event *event)
{
	for (uint8_t direction = 0; direction < 2; direction++) {
		uint32_t slot = find(f, event->id, direction);
		if (slot == SLOT_NONE)
			continue;
		if (f->parts[slot].state == FRAMED)
			count(f, DROP_DNS_STREAM_UNFINISHED);
		end(f, slot);
	}
}

void
dns_framer_event(struct dns_framer *framer, const struct stream_event *event)
{
	switch (event->kind) {
	case STREAM_DATA: take_data(framer, event); break;
	case STREAM_GAP: take_gap(framer, event); break;
	case STREAM_CLOSE: take_close(framer, event); break;
	default: break;
	}
}
