/* SPDX-License-Identifier: ISC */
/*
 * The ports of fragments after the first; see fragment.h.
 *
 * A datagram is `known` once its first fragment was seen, `waiting` before.  Waiting ones may take
 * half of the table, so that a flood of later fragments without a first one does not push out the
 * ports that are known; within a kind the oldest goes first.  The timeout runs from the first to
 * arrive (RFC 1122 section 3.3.2), and anew from the first fragment proper.
 */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "flow/fragment.h"
#include "flow/fragment_key.h"
#include "flow/slots.h"

enum { WAITING, KNOWN };

struct datagram {
	nsec_t since;
	uint32_t held_first, held_last; /* waiting: its fragments, SLOT_NONE when known */
	uint16_t source_port, destination_port;
	uint16_t has_ports; /* PACKET_HAS_PORTS or 0 */
	uint8_t protocol, icmp_type, icmp_code;
};

struct held_fragment {
	struct packet packet;
	uint32_t next;
};

struct fragment_ports {
	struct fragment_options options;
	struct slots slots;
	struct datagram *datagrams; /* owned; one a slot */
	struct held_fragment *held; /* owned; as many as slots */
	uint32_t held_unused;
	uint32_t held_fresh;
	size_t held_count;
};

struct fragment_ports *
fragment_ports_new(const struct fragment_options *options)
{
	struct fragment_ports *t = xcalloc(1, sizeof *t);

	t->options = *options;
	slots_init(&t->slots, options->datagrams, &options->secret);
	t->datagrams = xcalloc(t->slots.capacity, sizeof *t->datagrams);
	t->held = xcalloc(t->slots.capacity, sizeof *t->held);
	t->held_unused = SLOT_NONE;
	return t;
}

void
fragment_ports_free(struct fragment_ports *t)
{
	if (t == NULL)
		return;
	slots_release(&t->slots);
	free(t->datagrams);
	free(t->held);
	free(t);
}

struct fragment_usage
fragment_ports_usage(const struct fragment_ports *t)
{
	return (struct fragment_usage){
		.datagrams =
		    (size_t)slots_count(&t->slots, WAITING) + slots_count(&t->slots, KNOWN),
		.held = t->held_count,
	};
}

static void
fill_ports(struct packet *p, const struct datagram *d)
{
	p->source_port = d->source_port;
	p->destination_port = d->destination_port;
	p->flags |= d->has_ports;
	p->icmp_type = d->icmp_type;
	p->icmp_code = d->icmp_code;
	if (p->ip_version == 6)
		p->protocol = d->protocol; /* what a later fragment names is only its hint */
}

/* Calls release with the fragments of a waiting datagram, in order of arrival. */
static void
release_held(struct fragment_ports *t, struct datagram *d, bool known)
{
	while (d->held_first != SLOT_NONE) {
		uint32_t i = d->held_first;
		struct held_fragment *h = &t->held[i];

		if (known)
			fill_ports(&h->packet, d);
		t->options.release(t->options.context, &h->packet);
		d->held_first = h->next;
		h->next = t->held_unused;
		t->held_unused = i;
		t->held_count--;
	}
}

/* Forgets a datagram; what it holds is released without ports and counted. */
static void
forget(struct fragment_ports *t, uint32_t slot, enum drop why)
{
	struct datagram *d = &t->datagrams[slot];

	for (uint32_t i = d->held_first; i != SLOT_NONE; i = t->held[i].next)
		drop(t->options.drops, why);
	release_held(t, d, false);
	slots_give(&t->slots, slot);
}

static void
evict(struct fragment_ports *t, uint8_t kind)
{
	if (kind == KNOWN)
		drop(t->options.drops, DROP_FRAGMENT_EVICTED);
	forget(t, slots_oldest(&t->slots, kind), DROP_FRAGMENT_EVICTED);
}

void
fragment_ports_advance(struct fragment_ports *t, nsec_t now)
{
	for (unsigned kind = WAITING; kind <= KNOWN; kind++) {
		uint32_t slot = slots_oldest(&t->slots, kind);

		while (slot != SLOT_NONE &&
		       clock_is_far(now, t->datagrams[slot].since, t->options.timeout)) {
			forget(t, slot, DROP_FRAGMENT_ORPHAN);
			slot = slots_oldest(&t->slots, kind);
		}
	}
}

static void
make_room(struct fragment_ports *t, uint8_t kind)
{
	if (kind == WAITING && slots_count(&t->slots, WAITING) != 0 &&
	    slots_count(&t->slots, WAITING) >= t->slots.capacity / 2)
		evict(t, WAITING);
	if (slots_full(&t->slots))
		evict(t, slots_count(&t->slots, KNOWN) != 0 ? KNOWN : WAITING);
}

static void
learn(struct fragment_ports *t, uint32_t slot, const struct packet *p)
{
	struct datagram *d = &t->datagrams[slot];

	d->source_port = p->source_port;
	d->destination_port = p->destination_port;
	d->has_ports = p->flags & PACKET_HAS_PORTS;
	d->protocol = p->protocol;
	d->icmp_type = p->icmp_type;
	d->icmp_code = p->icmp_code;
}

/* The first fragment: its ports hold for those that waited and those to come. */
static void
resolve_first(struct fragment_ports *t, const struct slots_key *key, const struct packet *p)
{
	uint32_t slot = slots_find(&t->slots, key);

	if (slot == SLOT_NONE) {
		make_room(t, KNOWN);
		slot = slots_take(&t->slots, key, KNOWN);
		t->datagrams[slot] = (struct datagram){ .held_first = SLOT_NONE };
	}
	learn(t, slot, p);
	release_held(t, &t->datagrams[slot], true);
	t->datagrams[slot].since = p->time;
	slots_move(&t->slots, slot, KNOWN);
}

static void
hold(struct fragment_ports *t, struct datagram *d, const struct packet *p)
{
	uint32_t i = t->held_unused;

	if (i != SLOT_NONE)
		t->held_unused = t->held[i].next;
	else
		i = t->held_fresh++;
	t->held[i] = (struct held_fragment){ .packet = *p, .next = SLOT_NONE };
	t->held[i].packet.data = NULL;
	t->held_count++;
	if (d->held_first == SLOT_NONE)
		d->held_first = i;
	else
		t->held[d->held_last].next = i;
	d->held_last = i;
}

bool
fragment_resolve(struct fragment_ports *t, struct packet *p)
{
	struct slots_key key;
	uint32_t slot;

	if (!(p->flags & PACKET_FRAGMENT))
		return true;
	fragment_ports_advance(t, p->time);
	/* RFC 6946: a whole packet in one fragment has nothing to do with others of its id. */
	if ((p->flags & PACKET_FRAGMENT_FIRST) && (p->flags & PACKET_FRAGMENT_LAST))
		return true;
	key = fragment_key(p);
	if (p->flags & PACKET_FRAGMENT_FIRST) {
		resolve_first(t, &key, p);
		return true;
	}
	/* The oldest waiting datagram may be this one: look it up after room was made. */
	if (t->held_count == t->slots.capacity)
		evict(t, WAITING);
	slot = slots_find(&t->slots, &key);
	if (slot == SLOT_NONE) {
		make_room(t, WAITING);
		slot = slots_take(&t->slots, &key, WAITING);
		t->datagrams[slot] = (struct datagram){ .held_first = SLOT_NONE, .since = p->time };
	} else if (t->datagrams[slot].held_first == SLOT_NONE) {
		fill_ports(p, &t->datagrams[slot]);
		return true;
	}
	hold(t, &t->datagrams[slot], p);
	return false;
}

void
fragment_ports_finish(struct fragment_ports *t)
{
	while (slots_count(&t->slots, WAITING) != 0)
		forget(t, slots_oldest(&t->slots, WAITING), DROP_FRAGMENT_ORPHAN);
	while (slots_count(&t->slots, KNOWN) != 0)
		forget(t, slots_oldest(&t->slots, KNOWN), DROP_FRAGMENT_ORPHAN);
}
