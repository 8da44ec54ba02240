/* SPDX-License-Identifier: ISC */
/* One direction of a TCP connection; see stream_half.h. */
#include "flow/stream_half.h"

#include "obs/packet.h"

enum {
	/* Windows are believed when they are larger than this; a capture may have missed them. */
	WINDOW_LEAST = 1 << 20,
	/* Where the window scale was not seen (RFC 7323 allows 2^30). */
	WINDOW_UNSCALED = 1 << 24,
	WINDOW_MOST = 1 << 30,
	/* A direction joined in the middle begins where the other side's acknowledgement stands if
	 * its first segment is no further away. */
	START_REACH = 1 << 20,
};

void
half_start_syn(struct half *h, const struct segment *s)
{
	h->isn = s->seq;
	h->next = s->seq + 1;
	h->offset = h->end = 0;
	h->scale = s->scale;
	h->flags |= HALF_STARTED | HALF_SYN | HALF_SCALED;
}

void
half_start_midstream(struct half *h, uint32_t seq)
{
	uint32_t ahead = seq - h->ack;

	h->next = (h->flags & HALF_ACKED) && ahead < START_REACH ? h->ack : seq;
	h->offset = h->end = 0;
	h->flags |= HALF_STARTED;
}

static int64_t
distance(uint32_t from, uint32_t to)
{
	return (int32_t)(to - from);
}

static int64_t
reach(const struct half *h)
{
	if (!(h->flags & HALF_ACKED))
		return WINDOW_MOST;
	if (h->window > WINDOW_UNSCALED)
		return h->window;
	if (!(h->flags & HALF_SCALED))
		return WINDOW_UNSCALED;
	return h->window > WINDOW_LEAST ? h->window : WINDOW_LEAST;
}

bool
half_takes(const struct half *h, uint32_t seq)
{
	int64_t most = reach(h);
	int64_t ahead = distance(h->next, seq);
	int64_t beyond = distance(h->ack, seq);

	if (ahead >= -most && ahead <= most)
		return true;
	/* The capture lost a long stretch, and both sides agree where they are now. */
	return (h->flags & HALF_ACKED) && beyond >= -most && beyond <= most;
}

bool
half_believes_reset(const struct half *h, uint32_t seq)
{
	uint32_t low = h->next;
	uint32_t window = 65535;

	/* RFC 9293 section 3.5.3: the receiver looks from what it has acknowledged on. */
	if (h->flags & HALF_ACKED) {
		if (distance(h->ack, low) > 0)
			low = h->ack;
		window = h->window != 0 ? h->window : 1;
	}
	return distance(low, seq) >= 0 && distance(h->next, seq) <= (int64_t)window;
}

/* The offset an acknowledgement stands for; negative before the start. */
static int64_t
offset_of(const struct half *h, uint32_t seq)
{
	return (int64_t)h->offset + distance(h->next, seq);
}

static int64_t
sent_end(const struct half *h)
{
	return (int64_t)h->end + ((h->flags & HALF_FIN) != 0);
}

bool
half_has_sent(const struct half *h, uint32_t ack)
{
	int64_t at = offset_of(h, ack);

	return at >= 0 && at <= sent_end(h);
}

static void
advance(struct half *h, uint64_t size)
{
	h->offset += size;
	h->next += (uint32_t)size;
}

static void
put_data(struct half *h, struct half_output *out, const uint8_t *data, size_t size, uint64_t record)
{
	out->event.kind = STREAM_DATA;
	out->event.offset = h->offset;
	out->event.data = data;
	out->event.size = size;
	out->event.input_offset = record;
	advance(h, size);
	out->deliver(out->context, &out->event);
}

static void
put_gap(struct half *h, struct half_output *out, uint64_t size)
{
	if (size == 0)
		return;
	drop(out->drops, DROP_STREAM_GAP);
	out->event.kind = STREAM_GAP;
	out->event.offset = h->offset;
	out->event.data = NULL;
	out->event.size = size;
	out->event.input_offset = out->record;
	advance(h, size);
	out->deliver(out->context, &out->event);
}

static void
put_first_held(struct half *h, struct half_output *out)
{
	const struct held_piece *piece = held_first(&h->held)->piece;

	put_data(h, out, piece->octets, piece->size, piece->source);
	held_pop(&h->held, out->budget);
}

/* Delivers what is held and now in order. */
static void
drain(struct half *h, struct half_output *out)
{
	while (h->held.count != 0 && held_first(&h->held)->start == h->offset)
		put_first_held(h, out);
}

/* Gives up what is missing below `end`. */
static void
give_up_until(struct half *h, struct half_output *out, uint64_t end)
{
	while (h->offset < end) {
		uint64_t held = h->held.count != 0 ? held_first(&h->held)->start : UINT64_MAX;
		put_gap(h, out, (held < end ? held : end) - h->offset);
		drain(h, out);
	}
}

void
half_give_way(struct half *h, struct half_output *out, uint32_t seq)
{
	uint64_t end = h->held.count != 0 ? held_first(&h->held)->start : UINT64_MAX;
	int64_t at = offset_of(h, seq);

	if (at > (int64_t)h->offset && (uint64_t)at < end)
		end = (uint64_t)at;
	if (end != UINT64_MAX)
		give_up_until(h, out, end);
}

void
half_flush(struct half *h, struct half_output *out)
{
	if (h->flags & HALF_STARTED)
		give_up_until(h, out, h->end);
}

bool
half_acknowledge(struct half *h, uint32_t ack, uint32_t window, uint64_t *ret_until)
{
	int64_t at;

	h->ack = ack;
	if (window > h->window)
		h->window = window < WINDOW_MOST ? window : WINDOW_MOST;
	h->flags |= HALF_ACKED;
	if (!(h->flags & HALF_STARTED))
		return false;
	/* An acknowledgement of octets that were never seen proves nothing: it may be forged, or
	 * the octets may come late into the capture. */
	at = offset_of(h, ack);
	if (at <= (int64_t)h->offset || at > sent_end(h))
		return false;
	*ret_until = (uint64_t)at < h->end ? (uint64_t)at : h->end;
	return true;
}

void
half_give_up(struct half *h, struct half_output *out, uint64_t until)
{
	give_up_until(h, out, until);
}

/* Delivers a segment that starts at `offset`; where it meets octets that are held those go first.
 * True when it met some. */
static bool
put_segment(struct half *h, struct half_output *out, const uint8_t *data, size_t size)
{
	bool overlap = false;

	while (size > 0) {
		const struct held_index *held = held_first(&h->held);
		size_t step = size;

		if (held != NULL && held->start == h->offset) {
			if (held->piece->size < step)
				step = held->piece->size;
			put_first_held(h, out);
			overlap = true;
		} else {
			if (held != NULL && held->start - h->offset < step)
				step = held->start - h->offset;
			put_data(h, out, data, step, out->record);
		}
		data += step;
		size -= step;
	}
	drain(h, out);
	return overlap;
}

/* Cuts off the first `size` octets. */
static void
trim_front(struct segment *s, uint32_t size)
{
	uint32_t kept = size < s->size ? size : s->size;

	s->data += kept;
	s->size -= kept;
	s->declared -= size;
	s->seq += size;
}

static void
trim_back(struct segment *s, uint32_t declared)
{
	s->declared = declared;
	if (s->size > declared)
		s->size = declared;
}

/* Cuts off what was delivered before and what lies beyond the end; true when something old went. */
static bool
trim(const struct half *h, struct segment *s)
{
	int64_t ahead = distance(h->next, s->seq);
	bool overlap = false;

	if (ahead < 0) {
		uint32_t old = -ahead < s->declared ? (uint32_t)-ahead : s->declared;
		/* One octet before what is expected is how a keep-alive or a window probe looks
		 * (RFC 9293 section 3.8.4). */
		overlap = old != 0 && !(ahead == -1 && s->declared == 1);
		trim_front(s, old);
	}
	ahead = distance(h->next, s->seq);
	if ((h->flags & HALF_FIN) && s->declared != 0 && ahead >= 0) {
		uint64_t start = h->offset + (uint64_t)ahead;
		uint64_t left = h->fin > start ? h->fin - start : 0;
		if (s->declared > left)
			trim_back(s, (uint32_t)left);
	}
	return overlap;
}

static void
note_end(struct half *h, uint64_t end, bool fin)
{
	/* A FIN before octets that were seen contradicts them: they were first. */
	if (fin && !(h->flags & HALF_FIN) && end >= h->end) {
		h->fin = end;
		h->flags |= HALF_FIN;
	}
	if (end > h->end)
		h->end = end;
}

static enum half_result
fits(const struct half *h, const struct half_output *out, uint64_t start, size_t size, size_t limit)
{
	size_t cost = held_cost(&h->held, start, size);

	if (cost > limit || h->held.cost > limit - cost)
		return HALF_OVER_LIMIT;
	if (cost > out->budget->limit || out->budget->used > out->budget->limit - cost)
		return HALF_OVER_BUDGET;
	return HALF_TAKEN;
}

enum half_result
half_take(struct half *h, struct half_output *out, const struct segment *segment, size_t limit)
{
	struct segment s = *segment;
	int64_t end = offset_of(h, s.seq) + s.declared;
	bool overlap = trim(h, &s);
	uint64_t start = h->offset + (uint64_t)distance(h->next, s.seq);

	if (s.size != 0 && start != h->offset) {
		enum half_result fit = fits(h, out, start, s.size, limit);
		if (fit != HALF_TAKEN)
			return fit;
		overlap |=
		    held_add(&h->held, out->budget, start, s.data, s.size, out->record) < s.size;
	}
	if (s.declared != 0)
		note_end(h, start + s.declared, false);
	if ((s.flags & TCP_FIN) && end >= (int64_t)h->offset)
		note_end(h, (uint64_t)end, true);
	if (s.size != 0 && start == h->offset)
		overlap |= put_segment(h, out, s.data, s.size);
	if (overlap)
		drop(out->drops, DROP_STREAM_OVERLAP);
	return HALF_TAKEN;
}
