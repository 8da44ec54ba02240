/* SPDX-License-Identifier: ISC */
/* Connections: what they tell, and who goes; see stream_connection.h. */
#include "flow/stream_connection.h"

/* How long a closed connection is remembered, unless `idle` is shorter: the time-wait of common
 * systems. */
#define LINGER (60 * NSEC_PER_SEC)

static void
endpoint(const struct slots_key *key, bool low, struct address *ret_address, uint16_t *ret_port)
{
	const uint64_t *words = key->words + (low ? 0 : 2);

	*ret_address = (struct address){ .words = { words[0], words[1] } };
	*ret_port = (uint16_t)(low ? key->words[4] >> 16 : key->words[4]);
}

struct half_output
connection_output(struct stream_table *t, uint32_t slot, uint8_t direction)
{
	struct connection *c = &t->connections[slot];
	const struct slots_key *key = slots_key_of(&t->slots, slot);
	struct half_output out = {
		.budget = &t->budget,
		.drops = t->options.drops,
		.deliver = t->options.deliver,
		.context = t->options.context,
		.record = c->record,
		.event = { .id = c->id,
		    .direction = direction,
		    .midstream = (c->flags & MIDSTREAM) != 0,
		    .time = t->time,
		    .user = &c->user },
	};
	bool low = (c->flags & FROM_LOW) != 0;

	endpoint(key, low, &out.event.source, &out.event.source_port);
	endpoint(key, !low, &out.event.destination, &out.event.destination_port);
	return out;
}

void
connection_tell(struct stream_table *t, uint32_t slot, enum stream_kind kind)
{
	struct half_output out = connection_output(t, slot, 0);

	out.event.kind = (uint8_t)kind;
	out.event.input_offset = out.record;
	t->options.deliver(t->options.context, &out.event);
}

/* Delivers what is held and says that the connection is over; the slot is not given back. */
void
connection_end(struct stream_table *t, uint32_t slot)
{
	struct connection *c = &t->connections[slot];

	for (uint8_t direction = 0; direction < 2; direction++) {
		struct half_output out = connection_output(t, slot, direction);
		half_flush(&c->half[direction], &out);
	}
	connection_tell(t, slot, STREAM_CLOSE);
}

/* Ends a connection and forgets it. */
void
connection_forget(struct stream_table *t, uint32_t slot)
{
	if (t->slots.entries[slot].list != CLOSED)
		connection_end(t, slot);
	slots_give(&t->slots, slot);
}

static uint64_t
age_of_oldest(const struct stream_table *t, unsigned list)
{
	uint32_t slot = slots_oldest(&t->slots, list);

	return slot != SLOT_NONE ? t->connections[slot].touched : UINT64_MAX;
}

/* The one idle for longest among the first `count` lists; SLOT_NONE when they are empty. */
uint32_t
connection_oldest(const struct stream_table *t, unsigned count)
{
	unsigned best = 0;

	for (unsigned list = 1; list < count; list++) {
		if (age_of_oldest(t, list) < age_of_oldest(t, best))
			best = list;
	}
	return slots_oldest(&t->slots, best);
}

void
connection_evict(struct stream_table *t, uint32_t slot)
{
	drop(t->options.drops, DROP_STREAM_EVICTED);
	connection_forget(t, slot);
}

void
connection_make_slot(struct stream_table *t)
{
	uint32_t one_sided =
	    slots_count(&t->slots, ONE_SIDED) + slots_count(&t->slots, ONE_SIDED_HOLDING);

	if (!slots_full(&t->slots))
		return;
	if (slots_count(&t->slots, CLOSED) != 0)
		connection_forget(t, slots_oldest(&t->slots, CLOSED)); /* nothing is lost */
	else if (one_sided != 0 && one_sided >= t->slots.capacity / 2)
		connection_evict(t, connection_oldest(t, ONE_SIDED_HOLDING + 1));
	else
		connection_evict(t, connection_oldest(t, LIVE_LISTS));
}

/* Another connection that holds octets, to be given up; SLOT_NONE when there is none. */
uint32_t
connection_oldest_holder(const struct stream_table *t, uint32_t except)
{
	static const uint8_t lists[] = { ONE_SIDED_HOLDING, TWO_SIDED_HOLDING };

	for (size_t i = 0; i < sizeof lists; i++) {
		uint32_t slot = slots_oldest(&t->slots, lists[i]);
		if (slot == except)
			slot = t->slots.entries[slot].newer;
		if (slot != SLOT_NONE)
			return slot;
	}
	return SLOT_NONE;
}

/* The first of a list that was silent for `limit`; SLOT_NONE when none was.  One that is not, but
 * stands where it stood long before its last packet, goes to the end. */
static uint32_t
first_silent(struct stream_table *t, unsigned list, nsec_t limit)
{
	uint32_t slot = slots_oldest(&t->slots, list);
	size_t most = slots_count(&t->slots, list);

	while (slot != SLOT_NONE && most-- != 0) {
		struct connection *c = &t->connections[slot];
		if (clock_is_far(t->time, c->last, limit))
			return slot;
		if (c->moved == c->touched)
			break;
		slots_move(&t->slots, slot, list);
		c->moved = c->touched;
		slot = slots_oldest(&t->slots, list);
	}
	return SLOT_NONE;
}

void
connections_expire(struct stream_table *t)
{
	nsec_t linger = t->options.idle < LINGER ? t->options.idle : LINGER;

	/* Not for every packet: silence is measured in minutes. */
	if (!clock_is_far(t->time, t->expired, t->options.idle / 1024))
		return;
	t->expired = t->time;
	for (unsigned list = 0; list <= CLOSED; list++) {
		nsec_t limit = list == CLOSED ? linger : t->options.idle;
		uint32_t slot;

		while ((slot = first_silent(t, list, limit)) != SLOT_NONE)
			connection_forget(t, slot);
	}
}
