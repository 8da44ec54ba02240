/* SPDX-License-Identifier: ISC */
/*
 * Datagrams put together from their fragments; see fragment.h.
 *
 * A datagram is complete when its last fragment was seen and no octet before its end is missing.
 * What can never complete (an IPv6 overlap, octets the capture did not keep) is emptied at once but
 * stays in the table until its time is up, so that its other fragments do not begin it anew.
 *
 * Under pressure the oldest datagram is given up first.  The timeout runs from the fragment that
 * arrived first (RFC 1122 section 3.3.2, RFC 8200 section 4.5).
 */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "flow/fragment.h"
#include "flow/fragment_key.h"
#include "flow/held.h"
#include "flow/slots.h"

#define DATAGRAM_MAX 65535

enum { ALIVE, DEAD };

struct datagram {
	nsec_t since;
	struct held held;
	uint32_t end;    /* where it ends; 0 until the last fragment was seen */
	uint32_t octets; /* that are held */
	struct packet first;
	uint32_t header; /* octets of the IP header before the first fragment's payload */
	bool has_first;
};

struct fragment_reassembly {
	struct fragment_options options;
	struct slots slots;
	struct datagram *datagrams; /* owned; one a slot */
	struct held_budget budget;
	uint8_t whole[DATAGRAM_MAX]; /* where a datagram is put together */
};

/* What one fragment carries. */
struct fragment {
	const uint8_t *data;
	uint32_t size;     /* octets at data */
	uint32_t declared; /* octets on the wire */
	uint32_t offset;
	uint32_t header; /* octets of IP header before it */
	bool more;
	bool snapped;
};

struct fragment_reassembly *
fragment_reassembly_new(const struct fragment_options *options)
{
	struct fragment_reassembly *t = xcalloc(1, sizeof *t);

	t->options = *options;
	t->budget.limit = options->memory;
	slots_init(&t->slots, options->datagrams, &options->secret);
	t->datagrams = xcalloc(t->slots.capacity, sizeof *t->datagrams);
	return t;
}

void
fragment_reassembly_free(struct fragment_reassembly *t)
{
	if (t == NULL)
		return;
	for (uint32_t i = 0; i < t->slots.fresh; i++)
		held_clear(&t->datagrams[i].held, &t->budget);
	slots_release(&t->slots);
	free(t->datagrams);
	free(t);
}

struct fragment_usage
fragment_reassembly_usage(const struct fragment_reassembly *t)
{
	return (struct fragment_usage){
		.datagrams = (size_t)slots_count(&t->slots, ALIVE) + slots_count(&t->slots, DEAD),
		.held = t->budget.used,
	};
}

/* What the fragment carries; false when it is none that a host would take. */
static bool
slice(const struct packet *p, struct fragment *ret_fragment)
{
	struct fragment f = { .offset = p->fragment_offset };
	uint32_t kept;

	if (p->data == NULL || p->fragment_data >= p->captured_size ||
	    p->fragment_data <= p->l3_offset)
		return false;
	f.header = p->fragment_data - p->l3_offset;
	if (p->octets <= f.header)
		return false;
	f.data = p->data + p->fragment_data;
	f.declared = p->octets - f.header;
	f.more = !(p->flags & PACKET_FRAGMENT_LAST);
	kept = p->captured_size - p->fragment_data;
	f.size = kept < f.declared ? kept : f.declared;
	f.snapped = f.size < f.declared;
	/* A length beyond a frame that was captured whole is a lie: hosts drop such a packet. */
	if (f.snapped && p->captured_size >= p->frame_size)
		return false;
	if (f.more && f.declared % 8 != 0)
		return false;
	if (f.declared > DATAGRAM_MAX ||
	    (p->ip_version == 6 ? 0 : f.header) + f.offset + f.declared > DATAGRAM_MAX)
		return false;
	*ret_fragment = f;
	return true;
}

static void
forget(struct fragment_reassembly *t, uint32_t slot)
{
	held_clear(&t->datagrams[slot].held, &t->budget);
	slots_give(&t->slots, slot);
}

/* Empties a datagram that can never complete. */
static void
kill(struct fragment_reassembly *t, uint32_t slot, enum drop why)
{
	drop(t->options.drops, why);
	held_clear(&t->datagrams[slot].held, &t->budget);
	slots_move(&t->slots, slot, DEAD);
}

static void
expire(struct fragment_reassembly *t, nsec_t now)
{
	for (unsigned list = ALIVE; list <= DEAD; list++) {
		uint32_t slot = slots_oldest(&t->slots, list);

		while (slot != SLOT_NONE &&
		       clock_is_far(now, t->datagrams[slot].since, t->options.timeout)) {
			if (list == ALIVE)
				drop(t->options.drops, DROP_REASSEMBLY_TIMEOUT);
			forget(t, slot);
			slot = slots_oldest(&t->slots, list);
		}
	}
}

static uint32_t
begin(struct fragment_reassembly *t, const struct slots_key *key, const struct packet *p)
{
	uint32_t slot;

	if (slots_full(&t->slots)) {
		/* The dead were counted when they died. */
		if (slots_count(&t->slots, DEAD) != 0) {
			forget(t, slots_oldest(&t->slots, DEAD));
		} else {
			drop(t->options.drops, DROP_REASSEMBLY_EVICTED);
			forget(t, slots_oldest(&t->slots, ALIVE));
		}
	}
	slot = slots_take(&t->slots, key, ALIVE);
	t->datagrams[slot] = (struct datagram){ .since = p->time };
	return slot;
}

/* Makes room for a fragment of `slot` by giving up the oldest; false when that was itself. */
static bool
make_room(struct fragment_reassembly *t, uint32_t slot, const struct fragment *f)
{
	const struct datagram *d = &t->datagrams[slot];

	for (;;) {
		size_t cost = held_cost(&d->held, f->offset, f->size);
		uint32_t oldest = slots_oldest(&t->slots, ALIVE);

		if (cost <= t->budget.limit && t->budget.used <= t->budget.limit - cost)
			return true;
		/* What cannot fit even alone is not worth the others. */
		if (cost > t->budget.limit)
			oldest = slot;
		drop(t->options.drops, DROP_REASSEMBLY_EVICTED);
		forget(t, oldest);
		if (oldest == slot)
			return false;
	}
}

/* Whether the fragment contradicts the end of its datagram that is known already, or sets an end
 * before octets that are held: the first fragments are believed. */
static bool
contradicts_end(const struct datagram *d, const struct fragment *f)
{
	uint32_t end = f->offset + f->declared;
	const struct held_index *last;

	if (d->end != 0 && (end > d->end || (!f->more && end != d->end)))
		return true;
	if (f->more || d->held.count == 0)
		return false;
	last = &d->held.index[d->held.first + d->held.count - 1];
	return last->start + last->piece->size > end;
}

static void
remember_first(struct datagram *d, const struct packet *p, const struct fragment *f)
{
	d->has_first = true;
	d->first = *p;
	d->first.data = NULL;
	d->first.protocol = p->fragment_protocol;
	d->header = f->header;
}

static void
describe(const struct datagram *d, const struct packet *last, struct packet *ret_whole)
{
	*ret_whole = d->first;
	ret_whole->time = last->time;
	ret_whole->captured_size = d->end;
	ret_whole->frame_size = d->end;
	ret_whole->octets = d->header + d->end;
	ret_whole->flags = PACKET_REASSEMBLED;
	ret_whole->l3_offset = ret_whole->l4_offset = 0;
	ret_whole->payload_offset = ret_whole->payload_size = 0;
	ret_whole->outer_l3_offset = ret_whole->quote_offset = 0;
	ret_whole->source_port = ret_whole->destination_port = 0;
	ret_whole->fragment_offset = 0;
	ret_whole->tcp_flags = 0;
	ret_whole->icmp_type = ret_whole->icmp_code = 0;
}

static void
complete(struct fragment_reassembly *t, uint32_t slot, const struct packet *last)
{
	struct datagram *d = &t->datagrams[slot];
	struct packet whole;

	for (uint32_t i = 0; i < d->held.count; i++) {
		const struct held_index *at = &d->held.index[d->held.first + i];
		memcpy(t->whole + at->start, at->piece->octets, at->piece->size);
	}
	describe(d, last, &whole);
	whole.data = t->whole;
	forget(t, slot);
	t->options.release(t->options.context, &whole);
}

/* A packet that is all of its datagram (RFC 6946): nothing to wait for. */
static void
release_atomic(
    struct fragment_reassembly *t, const struct packet *p, const struct fragment *fragment)
{
	struct datagram d = { .end = fragment->declared };
	struct packet whole;

	if (fragment->snapped) {
		drop(t->options.drops, DROP_REASSEMBLY_SNAPPED);
		return;
	}
	remember_first(&d, p, fragment);
	describe(&d, p, &whole);
	whole.data = fragment->data;
	t->options.release(t->options.context, &whole);
}

static void
take(struct fragment_reassembly *t, uint32_t slot, const struct packet *p, const struct fragment *f)
{
	struct datagram *d = &t->datagrams[slot];
	size_t added;

	if (contradicts_end(d, f)) {
		drop(t->options.drops, DROP_REASSEMBLY_OVERLAP);
		return;
	}
	if (f->snapped) {
		kill(t, slot, DROP_REASSEMBLY_SNAPPED);
		return;
	}
	if (held_same(&d->held, f->offset, f->data, f->size) || !make_room(t, slot, f))
		return;
	added = held_add(&d->held, &t->budget, f->offset, f->data, f->size, p->input_offset);
	d->octets += (uint32_t)added;
	if (added < f->size) {
		/* RFC 5722 section 4: the datagram and all its fragments are discarded. */
		if (p->ip_version == 6) {
			kill(t, slot, DROP_REASSEMBLY_OVERLAP);
			return;
		}
		drop(t->options.drops, DROP_REASSEMBLY_OVERLAP);
	}
	if (f->offset == 0 && !d->has_first)
		remember_first(d, p, f);
	if (!f->more)
		d->end = f->offset + f->declared;
	if (d->end != 0 && d->octets == d->end)
		complete(t, slot, p);
}

void
fragment_reassemble(struct fragment_reassembly *t, const struct packet *p)
{
	struct fragment f;
	struct slots_key key;
	uint32_t slot;

	if (!(p->flags & PACKET_FRAGMENT))
		return;
	expire(t, p->time);
	if (!slice(p, &f))
		return;
	if (f.offset == 0 && !f.more) {
		release_atomic(t, p, &f);
		return;
	}
	key = fragment_key(p);
	slot = slots_find(&t->slots, &key);
	if (slot == SLOT_NONE)
		slot = begin(t, &key, p);
	if (t->slots.entries[slot].list == ALIVE)
		take(t, slot, p, &f);
}

void
fragment_reassembly_finish(struct fragment_reassembly *t)
{
	while (slots_count(&t->slots, ALIVE) != 0) {
		drop(t->options.drops, DROP_REASSEMBLY_TIMEOUT);
		forget(t, slots_oldest(&t->slots, ALIVE));
	}
	while (slots_count(&t->slots, DEAD) != 0)
		forget(t, slots_oldest(&t->slots, DEAD));
}
