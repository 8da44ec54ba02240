/* SPDX-License-Identifier: ISC */
/*
 * The metering process; see meter.h.
 *
 * Packets are taken in batches: make all keys and hashes, fetch the slots, fetch the entries, then
 * update one by one.  By the time a packet is looked up its lines are in the cache (measured: the
 * difference is a factor of two to five on floods).
 */
#include "flow/meter.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "flow/table.h"

/* How many entries an eviction looks at for one that is really idle before it takes the first. */
#define EVICTION_TRIES 8

struct meter {
	struct meter_options options;
	struct flow_table table;
	nsec_t clock; /* latest packet so far */
	bool started;
	size_t ended_count;
	struct flow ended[METER_BATCH];
	struct flow_key keys[METER_BATCH];
	struct hash_linear linear;
	uint64_t hashes[METER_BATCH];
	uint8_t directions[METER_BATCH];
};

struct meter *
meter_new(const struct meter_options *options)
{
	struct meter *m = xmalloc(sizeof *m);

	m->options = *options;
	m->linear = hash_linear_new(&options->secret);
	m->clock = 0;
	m->started = false;
	m->ended_count = 0;
	flow_table_init(&m->table, options->capacity);
	return m;
}

void
meter_free(struct meter *m)
{
	if (m == NULL)
		return;
	flow_table_release(&m->table);
	free(m);
}

size_t
meter_active(const struct meter *m)
{
	return m->table.count;
}

void
meter_flush(struct meter *m)
{
	size_t count = m->ended_count;

	m->ended_count = 0;
	if (count != 0)
		m->options.deliver(m->options.context, m->ended, count);
}

/* Turns an entry into the flow that is exported, initiator first. */
static void
describe(const struct flow_entry *e, enum flow_end reason, struct flow *f)
{
	unsigned forward = (e->flags & ENTRY_REVERSED) != 0;
	unsigned reverse = !forward;
	uint64_t tail = e->key.words[4];
	const uint64_t *ends[2] = { e->key.words, e->key.words + 2 };
	uint16_t ports[2] = { (uint16_t)tail, (uint16_t)(tail >> 16) };

	f->source = (struct address){ .words = { ends[forward][0], ends[forward][1] } };
	f->destination = (struct address){ .words = { ends[reverse][0], ends[reverse][1] } };
	f->vlan = (uint16_t)(tail >> 32);
	f->protocol = (uint8_t)(tail >> 48);
	f->ip_version = (uint8_t)(tail >> 56);
	f->source_port = ports[forward];
	f->destination_port = ports[reverse];
	if (flow_key_is_icmp(f->protocol)) {
		f->source_port = 0;
		f->destination_port = e->icmp_type_code;
	}
	for (unsigned i = 0; i < 2; i++) {
		unsigned from = i == 0 ? forward : reverse;
		f->first[i] = e->first[from];
		f->last[i] = e->last[from];
		f->octets[i] = e->octets[from];
		f->packets[i] = e->packets[from];
		f->tcp_flags[i] = e->tcp_flags[from];
		f->ttl_min[i] = e->ttl_min[from];
		f->ttl_max[i] = e->ttl_max[from];
	}
	f->rtt_us = e->rtt_us;
	f->end_reason = (uint8_t)reason;
	f->tunnel = e->tunnel;
}

static void
export_flow(struct meter *m, const struct flow_entry *e, enum flow_end reason)
{
	if ((e->flags & ENTRY_CLOSED) != 0 && reason != FLOW_END_RESOURCES)
		reason = FLOW_END_DETECTED;
	describe(e, reason, &m->ended[m->ended_count++]);
	if (m->ended_count == METER_BATCH)
		meter_flush(m);
}

static void
end_flow(struct meter *m, struct flow_entry *e, enum flow_end reason)
{
	export_flow(m, e, reason);
	flow_table_remove(&m->table, e);
}

/* Ends every flow, in the order in which they would have become idle. */
static void
end_all(struct meter *m)
{
	struct flow_table *t = &m->table;

	for (int64_t s = t->second + 1; t->count != 0 && s <= t->second + WHEEL_SLOTS; s++) {
		uint32_t number = t->heads[(uint64_t)s & (WHEEL_SLOTS - 1)];
		for (; number != ENTRY_NONE; number = t->entries[number].next) {
			__builtin_prefetch(&t->entries[t->entries[number].next]);
			export_flow(m, &t->entries[number], FLOW_END_FORCED);
		}
	}
	if (t->count != 0)
		flow_table_clear(t);
}

static nsec_t
latest(const struct flow_entry *e)
{
	if (e->packets[0] == 0)
		return e->last[1];
	return e->packets[1] == 0 || e->last[0] > e->last[1] ? e->last[0] : e->last[1];
}

static nsec_t
earliest(const struct flow_entry *e)
{
	if (e->packets[0] == 0)
		return e->first[1];
	return e->packets[1] == 0 || e->first[0] < e->first[1] ? e->first[0] : e->first[1];
}

/* How long the flow may be silent. */
static nsec_t
patience(const struct meter *m, const struct flow_entry *e)
{
	if ((e->flags & ENTRY_CLOSED) != 0 && m->options.idle > METER_CLOSE_LINGER)
		return METER_CLOSE_LINGER;
	return m->options.idle;
}

/* The first whole second at which the flow, if nothing more comes, is surely over. */
static int64_t
due(const struct meter *m, const struct flow_entry *e)
{
	return floor_div(latest(e) + patience(m, e), NSEC_PER_SEC) + 1;
}

/* Looks at everything that hangs in one slot of the wheel: ends what is over, puts the rest where
 * it belongs now. */
static void
turn_slot(struct meter *m, uint32_t slot)
{
	struct flow_table *t = &m->table;
	uint32_t number = t->heads[slot];

	while (number != ENTRY_NONE) {
		struct flow_entry *e = &t->entries[number];
		number = e->next;
		if (number != ENTRY_NONE)
			__builtin_prefetch(&t->entries[number], 1);
		if (m->clock - latest(e) > patience(m, e)) {
			end_flow(m, e, FLOW_END_IDLE);
			continue;
		}
		flow_table_unschedule(t, e);
		flow_table_schedule(t, e, due(m, e));
	}
}

/* Moves the clock to a packet's time. */
static void
advance(struct meter *m, nsec_t time)
{
	struct flow_table *t = &m->table;
	int64_t second;

	if (time <= m->clock && m->started) {
		if (m->clock - time <= METER_CLOCK_STEP)
			return;
		end_all(m);
		m->started = false;
	}
	m->clock = time;
	second = floor_div(time, NSEC_PER_SEC);
	if (!m->started) {
		m->started = true;
		t->second = second;
		return;
	}
	if (second - t->second > WHEEL_SLOTS) /* one turn passes every slot */
		t->second = second - WHEEL_SLOTS;
	while (t->second < second) {
		t->second++;
		turn_slot(m, (uint32_t)((uint64_t)t->second & (WHEEL_SLOTS - 1)));
	}
}

/* Makes room by ending the flow that has been silent for longest, as far as a few looks tell. */
static void
evict(struct meter *m)
{
	struct flow_table *t = &m->table;
	struct flow_entry *e = flow_table_soonest(t);

	for (int i = 0; i < EVICTION_TRIES; i++) {
		int64_t second = due(m, e);
		if (((uint64_t)second & (WHEEL_SLOTS - 1)) == e->wheel_slot)
			break;
		flow_table_unschedule(t, e);
		flow_table_schedule(t, e, second);
		e = flow_table_soonest(t);
	}
	drop(m->options.drops, DROP_FLOW_EVICTED);
	end_flow(m, e, FLOW_END_RESOURCES);
}

static bool
is_syn(const struct packet *p)
{
	return (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/* Whether the packet cannot belong to the entry any more, and why. */
static enum flow_end
over(const struct meter *m, const struct flow_entry *e, const struct packet *p)
{
	nsec_t silence = p->time - latest(e);

	if (silence > patience(m, e) || -silence > m->options.idle)
		return FLOW_END_IDLE;
	if ((e->flags & ENTRY_CLOSED) != 0 && is_syn(p))
		return FLOW_END_DETECTED;
	if (p->time - earliest(e) >= m->options.active)
		return FLOW_END_ACTIVE;
	return 0;
}

/* Handshake and end of a TCP connection. */
static void
note_tcp(struct flow_entry *e, unsigned direction, const struct packet *p)
{
	uint8_t flags = p->tcp_flags;

	if ((e->flags & ENTRY_SYN_ONLY) != 0) {
		unsigned initiator = (e->flags & ENTRY_REVERSED) != 0;
		/* Karn's rule: a repeated SYN makes the round trip ambiguous. */
		e->flags &= (uint8_t)~ENTRY_SYN_ONLY;
		if (direction != initiator &&
		    (flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) &&
		    p->time > e->first[initiator])
			e->rtt_us = (uint32_t)((p->time - e->first[initiator]) / NSEC_PER_US);
	} else if (is_syn(p) && e->packets[0] + e->packets[1] == 1) {
		e->flags |= ENTRY_SYN_ONLY;
	}
	e->tcp_flags[direction] |= flags;
	if ((flags & TCP_FIN) != 0)
		e->flags |= direction == 0 ? ENTRY_FIN_FIRST : ENTRY_FIN_SECOND;
	if ((flags & TCP_RST) != 0 || (e->flags & (ENTRY_FIN_FIRST | ENTRY_FIN_SECOND)) ==
					  (ENTRY_FIN_FIRST | ENTRY_FIN_SECOND))
		e->flags |= ENTRY_CLOSED;
}

static void
add_packet(struct meter *m, struct flow_entry *e, unsigned direction, const struct packet *p)
{
	if (e->packets[direction]++ == 0) {
		e->first[direction] = p->time;
		e->last[direction] = p->time;
		e->ttl_min[direction] = p->ttl;
		e->ttl_max[direction] = p->ttl;
	} else {
		if (p->time < e->first[direction])
			e->first[direction] = p->time;
		if (p->time > e->last[direction])
			e->last[direction] = p->time;
		if (p->ttl < e->ttl_min[direction])
			e->ttl_min[direction] = p->ttl;
		if (p->ttl > e->ttl_max[direction])
			e->ttl_max[direction] = p->ttl;
	}
	e->octets[direction] += p->octets;
	if (p->protocol == IP_PROTOCOL_TCP && (p->flags & PACKET_HAS_PORTS) != 0) {
		bool was_open = (e->flags & ENTRY_CLOSED) == 0;
		note_tcp(e, direction, p);
		if (was_open && (e->flags & ENTRY_CLOSED) != 0 && e->wheel_slot != WHEEL_SLOTS) {
			/* It has little time left: let the wheel come by sooner. */
			flow_table_unschedule(&m->table, e);
			flow_table_schedule(&m->table, e, due(m, e));
		}
	}
}

/* A new entry whose initiator is the sender of this packet, unless the packet answers a SYN. */
static struct flow_entry *
begin_flow(struct meter *m, uint64_t hash, const struct flow_key *key, unsigned direction,
    const struct packet *p)
{
	bool answers = p->protocol == IP_PROTOCOL_TCP &&
		       (p->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	struct flow_entry *e = flow_table_insert(&m->table, hash, key);

	if (e == NULL) {
		evict(m);
		e = flow_table_insert(&m->table, hash, key);
	}
	if ((direction == 1) != answers)
		e->flags |= ENTRY_REVERSED;
	e->icmp_type_code = p->destination_port;
	e->tunnel = p->tunnel;
	return e;
}

static void
update(struct meter *m, size_t index, const struct packet *p)
{
	const struct flow_key *key = &m->keys[index];
	uint64_t hash = m->hashes[index];
	unsigned direction = m->directions[index];
	struct flow_entry *e;

	advance(m, p->time);
	e = flow_table_find(&m->table, hash, key);
	if (e != NULL) {
		enum flow_end reason = over(m, e, p);
		if (__builtin_expect(reason == 0, 1)) {
			add_packet(m, e, direction, p);
			return;
		}
		end_flow(m, e, reason);
	}
	e = begin_flow(m, hash, key, direction, p);
	add_packet(m, e, direction, p);
	flow_table_schedule(&m->table, e, due(m, e));
}

/* The table is about to overflow: fetches the slots of the entries that will be evicted for these
 * packets. */
static void
prefetch_victims(struct meter *m, size_t count)
{
	const struct flow_table *t = &m->table;
	const struct flow_entry *e = flow_table_soonest(&m->table);

	while (e != NULL && count-- != 0) {
		__builtin_prefetch(&t->slots[e->tag & t->slot_mask], 1);
		e = e->next != ENTRY_NONE ? &t->entries[e->next] : NULL;
	}
}

void
meter_packets(struct meter *m, const struct packet *const *packets, size_t count)
{
	if (__builtin_expect(m->table.count + count > m->table.capacity, 0))
		prefetch_victims(m, count);
	for (size_t i = 0; i < count; i++) {
		if (packets[i]->kind != PACKET_IP)
			continue;
		m->directions[i] =
		    (uint8_t)flow_key_make(packets[i], m->options.vlan_key, &m->keys[i]);
		m->hashes[i] = hash_linear(&m->linear, m->keys[i].words, FLOW_KEY_WORDS);
		flow_table_prefetch_slot(&m->table, m->hashes[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (packets[i]->kind == PACKET_IP)
			flow_table_prefetch_entry(&m->table, m->hashes[i]);
	for (size_t i = 0; i < count; i++)
		if (packets[i]->kind == PACKET_IP)
			update(m, i, packets[i]);
}

void
meter_finish(struct meter *m)
{
	end_all(m);
	meter_flush(m);
	m->started = false;
}
