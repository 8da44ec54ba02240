/* SPDX-License-Identifier: ISC */
/*
 * TCP connections: which packet belongs to which, and when one begins and ends.  Who goes when
 * memory is full is in stream_connection.c, what happens inside one direction in stream_half.c.
 *
 * A connection is looked up by its two endpoints in a fixed order.  It begins with a SYN or with
 * the first octets seen, and ends with both FINs, a reset inside the window, silence, eviction or
 * the end of input.  A closed one is remembered for a while, so that what is sent late does not
 * begin another; a SYN with another initial sequence number does.
 *
 * A SYN on a living connection is no proof that it has ended: the other side answers an
 * established one with an ACK that changes nothing (RFC 5961 section 4).  It is remembered as a
 * rival, which takes over once the other side accepts it with a SYN-ACK.
 */
#include "flow/stream.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "flow/stream_connection.h"

struct stream_table *
stream_table_new(const struct stream_options *options)
{
	struct stream_table *t = xcalloc(1, sizeof *t);

	t->options = *options;
	t->budget.limit = options->memory;
	slots_init(&t->slots, options->connections, &options->secret);
	t->connections = xmap(t->slots.capacity * sizeof *t->connections);
	return t;
}

void
stream_table_free(struct stream_table *t)
{
	if (t == NULL)
		return;
	for (uint32_t i = 0; i < t->slots.fresh; i++) {
		held_clear(&t->connections[i].half[0].held, &t->budget);
		held_clear(&t->connections[i].half[1].held, &t->budget);
	}
	xunmap(t->connections, t->slots.capacity * sizeof *t->connections);
	slots_release(&t->slots);
	free(t);
}

struct stream_usage
stream_table_usage(const struct stream_table *t)
{
	struct stream_usage usage = { .memory = t->budget.used };

	for (unsigned list = 0; list <= CLOSED; list++)
		usage.connections += slots_count(&t->slots, list);
	return usage;
}

/* --- beginning and replacing --- */

/* The two endpoints in order; true when the sender is the lower one. */
static bool
make_key(const struct packet *p, struct slots_key *ret_key)
{
	int order = address_compare(&p->source, &p->destination);
	bool low = order < 0 || (order == 0 && p->source_port <= p->destination_port);
	const struct address *a = low ? &p->source : &p->destination;
	const struct address *b = low ? &p->destination : &p->source;
	uint32_t first = low ? p->source_port : p->destination_port;
	uint32_t second = low ? p->destination_port : p->source_port;

	*ret_key = (struct slots_key){ .words = { a->words[0], a->words[1], b->words[0],
					   b->words[1], first << 16 | second } };
	return low;
}

static uint8_t
direction_of(const struct connection *c, bool from_low)
{
	return from_low == ((c->flags & FROM_LOW) != 0) ? 0 : 1;
}

static bool
opens(const struct segment *s)
{
	if (s->flags & TCP_RST)
		return false;
	return (s->flags & TCP_SYN) || ((s->flags & TCP_ACK) && s->declared != 0);
}

/* Whether the sender of the first packet seen is the initiator. */
static bool
sender_initiates(const struct packet *p, const struct segment *s)
{
	if (s->flags & TCP_SYN)
		return !(s->flags & TCP_ACK);
	return p->source_port >= p->destination_port;
}

static uint32_t
begin(struct stream_table *t, const struct slots_key *key, const struct packet *p, bool low,
    uint8_t flags)
{
	uint32_t slot;

	connection_make_slot(t);
	slot = slots_take(&t->slots, key, ONE_SIDED);
	t->connections[slot] = (struct connection){
		.id = (uint64_t)p->shard << 56 | ++t->opened,
		.touched = t->packets,
		.moved = t->packets,
		.record = p->input_offset,
		.last = p->time,
		.flags = (uint8_t)(flags | (low ? FROM_LOW : 0)),
	};
	connection_tell(t, slot, STREAM_OPEN);
	return slot;
}

static uint32_t
begin_with(struct stream_table *t, const struct slots_key *key, const struct packet *p,
    const struct segment *s, bool from_low)
{
	bool low = sender_initiates(p, s) ? from_low : !from_low;
	bool syn = (s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	return begin(t, key, p, low, syn ? 0 : MIDSTREAM);
}

/*
 * A packet of a connection that is closed.  Most come late and mean nothing: SLOT_NONE.  A SYN with
 * another initial sequence number begins a new one (RFC 9293 section 3.10.7.4, RFC 6191), and so do
 * new octets from the side that sent the reset: it cannot have sent it.
 */
static uint32_t
revive(struct stream_table *t, uint32_t slot, const struct packet *p, const struct segment *s,
    bool from_low)
{
	struct slots_key key = *slots_key_of(&t->slots, slot);
	const struct connection *c = &t->connections[slot];
	uint8_t direction = direction_of(c, from_low);
	const struct half *me = &c->half[direction];
	const struct half *peer = &c->half[!direction];
	bool low = (c->flags & FROM_LOW) != 0;

	if (!opens(s))
		return SLOT_NONE;
	if (s->flags & TCP_SYN) {
		if ((me->flags & HALF_SYN) && me->isn == s->seq)
			return SLOT_NONE;
		/* The late answer to a SYN that was given up. */
		if ((s->flags & TCP_ACK) && (peer->flags & HALF_SYN) && s->ack == peer->isn + 1)
			return SLOT_NONE;
		slots_give(&t->slots, slot);
		return begin_with(t, &key, p, s, from_low);
	}
	if (!(c->flags & (direction == 0 ? RESET_BY_0 : RESET_BY_1)) ||
	    !(me->flags & HALF_STARTED) || (int32_t)(s->seq + s->declared - me->next) <= 0)
		return SLOT_NONE;
	slots_give(&t->slots, slot);
	return begin(t, &key, p, low, MIDSTREAM);
}

/* The SYN-ACK for a rival SYN was seen: the old connection is over, the rival has begun. */
static uint32_t
rival_wins(struct stream_table *t, uint32_t slot, const struct packet *p)
{
	struct slots_key key = *slots_key_of(&t->slots, slot);
	const struct connection *c = &t->connections[slot];
	bool by_low = ((c->flags & FROM_LOW) != 0) == !(c->flags & RIVAL_BY_1);
	struct segment syn = { .seq = c->rival };

	connection_forget(t, slot);
	slot = begin(t, &key, p, by_low, 0);
	half_start_syn(&t->connections[slot].half[0], &syn);
	t->connections[slot].half[0].flags &= (uint8_t)~HALF_SCALED;
	t->connections[slot].flags |= HEARD_0;
	return slot;
}

/* A SYN without ACK on a living connection. */
static uint32_t
take_syn(struct stream_table *t, uint32_t slot, const struct packet *p, const struct segment *s,
    bool from_low)
{
	struct connection *c = &t->connections[slot];
	uint8_t direction = direction_of(c, from_low);
	struct half *me = &c->half[direction];
	const struct half *peer = &c->half[!direction];
	struct slots_key key = *slots_key_of(&t->slots, slot);

	if ((me->flags & HALF_SYN) && me->isn == s->seq)
		return slot; /* sent again */
	if (!(me->flags & HALF_STARTED)) {
		/* Both opened at once (RFC 9293 section 3.5), or the SYN-ACK was captured before
		 * the SYN it answers. */
		bool both = (peer->flags & HALF_SYN) && peer->end == 0 && !(me->flags & HALF_ACKED);
		bool late = (me->flags & HALF_ACKED) && me->ack == s->seq + 1;
		if (both || late) {
			half_start_syn(me, s);
			return slot;
		}
	}
	if (!(c->flags & (direction == 0 ? HEARD_1 : HEARD_0))) {
		/* Nobody has answered: it is the one that counts now. */
		connection_forget(t, slot);
		return begin_with(t, &key, p, s, from_low);
	}
	c->rival = s->seq;
	c->flags &= (uint8_t)~RIVAL_BY_1;
	c->flags |= (uint8_t)(HAS_RIVAL | (direction == 1 ? RIVAL_BY_1 : 0));
	return SLOT_NONE;
}

static uint32_t
take_syn_ack(struct stream_table *t, uint32_t slot, const struct packet *p, const struct segment *s,
    bool from_low)
{
	struct connection *c = &t->connections[slot];
	uint8_t direction = direction_of(c, from_low);
	struct half *me = &c->half[direction];
	const struct half *peer = &c->half[!direction];

	if ((me->flags & HALF_SYN) && me->isn == s->seq)
		return slot;
	if ((c->flags & HAS_RIVAL) && s->ack == c->rival + 1 &&
	    direction == ((c->flags & RIVAL_BY_1) ? 0 : 1)) {
		slot = rival_wins(t, slot, p);
		half_start_syn(&t->connections[slot].half[1], s);
		return slot;
	}
	if ((peer->flags & HALF_SYN) && s->ack != peer->isn + 1 && !half_has_sent(peer, s->ack))
		return SLOT_NONE;
	/* The last answer counts until octets have come. */
	if ((me->flags & HALF_STARTED) && (me->end != 0 || (me->flags & HALF_FIN)))
		return SLOT_NONE;
	half_start_syn(me, s);
	return slot;
}

/* --- a packet of a connection --- */

static bool
reset_is_believed(const struct connection *c, uint8_t direction, const struct segment *s)
{
	const struct half *me = &c->half[direction];
	const struct half *peer = &c->half[!direction];

	if (me->flags & HALF_STARTED)
		return half_believes_reset(me, s->seq);
	if (!(s->flags & TCP_ACK))
		return (me->flags & HALF_ACKED) && me->ack == s->seq;
	return (peer->flags & HALF_STARTED) && half_has_sent(peer, s->ack);
}

static void
close_connection(struct stream_table *t, uint32_t slot, uint8_t flags)
{
	connection_end(t, slot);
	t->connections[slot].flags |= flags;
	slots_move(&t->slots, slot, CLOSED);
}

static void
take_octets(struct stream_table *t, uint32_t slot, uint8_t direction, const struct segment *s)
{
	struct half *h = &t->connections[slot].half[direction];
	struct half_output out = connection_output(t, slot, direction);

	if (!(h->flags & HALF_STARTED))
		half_start_midstream(h, s->seq);
	if (!half_takes(h, s->seq)) {
		drop(t->options.drops, DROP_STREAM_IGNORED);
		return;
	}
	for (;;) {
		enum half_result result = half_take(h, &out, s, t->options.memory_per_stream);
		uint32_t victim = SLOT_NONE;

		if (result == HALF_TAKEN)
			break;
		if (result == HALF_OVER_BUDGET)
			victim = connection_oldest_holder(t, slot);
		if (victim != SLOT_NONE)
			connection_evict(t, victim);
		else
			half_give_way(h, &out, s->seq);
	}
}

static void
take_acknowledgement(
    struct stream_table *t, uint32_t slot, uint8_t direction, const struct segment *s)
{
	struct connection *c = &t->connections[slot];
	uint32_t window = s->window;
	uint64_t until;

	/* RFC 7323 section 2.2: scaling holds when both SYNs offered it, and not in a SYN. */
	if (!(s->flags & TCP_SYN) && (c->half[0].flags & c->half[1].flags & HALF_SCALED))
		window <<= c->half[direction].scale;
	if (half_acknowledge(&c->half[!direction], s->ack, window, &until)) {
		struct half_output out = connection_output(t, slot, !direction);
		half_give_up(&c->half[!direction], &out, until);
	}
}

/*
 * Puts the connection into the list that it now belongs to, as the newest.  One that was put there
 * a short while ago stays where it is: moving costs the lines of its neighbours, and who is idle
 * for longest need not be known to the last eighth of the table.
 */
static void
touch(struct stream_table *t, uint32_t slot)
{
	struct connection *c = &t->connections[slot];
	bool holding = c->half[0].held.count + c->half[1].held.count != 0;
	bool both = (c->flags & HEARD_0) && (c->flags & HEARD_1);
	uint8_t list = both ? TWO_SIDED : ONE_SIDED;

	list += holding;
	if (t->slots.entries[slot].list == list && t->packets - c->moved < t->slots.capacity / 8)
		return;
	slots_move(&t->slots, slot, list);
	c->moved = t->packets;
}

static void
take_segment(struct stream_table *t, uint32_t slot, uint8_t direction, struct segment *s)
{
	struct connection *c = &t->connections[slot];

	if (s->flags & TCP_SYN)
		s->seq++; /* the SYN stands before the first octet */
	if (s->flags & TCP_ACK)
		take_acknowledgement(t, slot, direction, s);
	if (s->declared != 0 || (s->flags & TCP_FIN))
		take_octets(t, slot, direction, s);
	if (half_is_finished(&c->half[0]) && half_is_finished(&c->half[1]))
		close_connection(t, slot, 0);
	else
		touch(t, slot);
}

/*
 * Which connection a packet belongs to, beginning or replacing it where that is due; SLOT_NONE when
 * it is of no use.
 */
static uint32_t
admit(struct stream_table *t, const struct packet *p, const struct segment *s, bool may_begin)
{
	struct slots_key key;
	bool low = make_key(p, &key);
	uint32_t slot = slots_find(&t->slots, &key);

	if (slot == SLOT_NONE)
		return may_begin && opens(s) ? begin_with(t, &key, p, s, low) : SLOT_NONE;
	if (t->slots.entries[slot].list == CLOSED)
		return revive(t, slot, p, s, low);
	if (s->flags & TCP_RST) {
		uint8_t direction = direction_of(&t->connections[slot], low);
		if (reset_is_believed(&t->connections[slot], direction, s)) {
			close_connection(t, slot, direction == 0 ? RESET_BY_0 : RESET_BY_1);
			return SLOT_NONE;
		}
		slot = SLOT_NONE;
	} else if (s->flags & TCP_SYN) {
		slot = s->flags & TCP_ACK ? take_syn_ack(t, slot, p, s, low)
					  : take_syn(t, slot, p, s, low);
	} else if (!(s->flags & TCP_ACK)) {
		slot = SLOT_NONE; /* RFC 9293 section 3.10.7.4: dropped */
	}
	if (slot == SLOT_NONE)
		drop(t->options.drops, DROP_STREAM_IGNORED);
	return slot;
}

static void
take(struct stream_table *t, const struct packet *p, bool may_begin)
{
	struct segment s;
	struct connection *c;
	struct slots_key key;
	uint32_t slot;
	uint8_t direction;

	if (!segment_read(p, &s))
		return;
	t->packets++;
	t->time = p->time;
	connections_expire(t);
	slot = admit(t, p, &s, may_begin);
	if (slot == SLOT_NONE)
		return;
	c = &t->connections[slot];
	direction = direction_of(c, make_key(p, &key));
	c->touched = t->packets;
	c->record = p->input_offset;
	c->last = p->time;
	c->flags |= direction == 0 ? HEARD_0 : HEARD_1;
	if ((s.flags & TCP_SYN) && !(c->half[direction].flags & HALF_STARTED))
		half_start_syn(&c->half[direction], &s);
	take_segment(t, slot, direction, &s);
}

void
stream_table_packet(struct stream_table *t, const struct packet *p)
{
	take(t, p, true);
}

void
stream_table_follow(struct stream_table *t, const struct packet *p)
{
	take(t, p, false);
}

bool
stream_table_holds(const struct stream_table *t)
{
	return t->budget.used != 0;
}

uint32_t
stream_table_fetch_place(const struct stream_table *t, const struct packet *p)
{
	struct slots_key key;

	(void)make_key(p, &key);
	return slots_fetch_bucket(&t->slots, &key);
}

void
stream_table_fetch_connection(const struct stream_table *t, uint32_t place)
{
	uint32_t slot = slots_fetch_entry(&t->slots, place);
	const char *line;

	if (slot == SLOT_NONE)
		return;
	line = (const char *)&t->connections[slot];
	for (size_t i = 0; i < sizeof(struct connection); i += 64)
		__builtin_prefetch(line + i, 1);
}

void *
stream_table_user_at(const struct stream_table *t, uint32_t place)
{
	uint32_t slot = slots_first(&t->slots, place);

	return slot != SLOT_NONE ? t->connections[slot].user : NULL;
}

void
stream_table_forget(struct stream_table *t, const struct packet *p)
{
	struct slots_key key;
	uint32_t slot;

	(void)make_key(p, &key);
	slot = slots_find(&t->slots, &key);
	if (slot != SLOT_NONE)
		connection_forget(t, slot);
}

void
stream_table_finish(struct stream_table *t)
{
	uint32_t slot;

	while ((slot = connection_oldest(t, CLOSED + 1)) != SLOT_NONE)
		connection_forget(t, slot);
}
