/* SPDX-License-Identifier: ISC */
/*
 * The truth of a simulation; see truth.h.  What is counted per packet is here, what is summed up
 * from it at the end is in truth_json.c.
 */
#include "simulate/truth.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "simulate/truth_counts.h"

struct truth *
truth_new(void)
{
	struct truth *t = xcalloc(1, sizeof *t);

	t->bin = NSEC_PER_SEC;
	t->first = INT64_MAX;
	t->last = INT64_MIN;
	t->told = json_object();
	return t;
}

void
truth_tell(struct truth *t, const char *name, json_t *value)
{
	json_object_set_new(t->told, name, value);
}

void
truth_begin(struct truth *t, nsec_t begin, nsec_t bin, const struct prefix *own, size_t own_count)
{
	t->begin = begin;
	t->bin = bin;
	t->own = xrealloc_array(t->own, own_count + 1, sizeof *own);
	memcpy(t->own, own, own_count * sizeof *own);
	t->own_count = own_count;
}

void
truth_free(struct truth *t)
{
	if (t == NULL)
		return;
	tally_release(&t->flows);
	tally_release(&t->pairs);
	tally_release(&t->ports);
	json_decref(t->told);
	free(t->own);
	free(t->bins);
	free(t->rtts);
	free(t);
}

void
truth_count_totals(struct truth *t)
{
	t->totals_only = true;
}

static void
add(struct truth_count *count, uint32_t octets)
{
	count->packets++;
	count->octets += octets;
}

static void
count_bin(struct truth *t, const struct truth_note *note)
{
	size_t index = (size_t)((note->time - t->begin) / t->bin);

	if (index >= t->bin_size) {
		size_t size = index * 2 + 1024;
		t->bins = xrealloc_array(t->bins, size, sizeof *t->bins);
		memset(t->bins + t->bin_size, 0, (size - t->bin_size) * sizeof *t->bins);
		t->bin_size = size;
	}
	if (index >= t->bin_count)
		t->bin_count = index + 1;
	add(&t->bins[index], note->octets);
}

/* protocol << 16 | service port; TRUTH_DYNAMIC where neither port is well known. */
static uint64_t
service(const struct truth_note *note)
{
	uint16_t port =
	    note->source_port < note->destination_port ? note->source_port : note->destination_port;

	return (uint64_t)note->protocol << 16 | (port < 1024 ? port : TRUTH_DYNAMIC);
}

static bool
is_own(const struct truth *t, const struct address *a)
{
	for (size_t i = 0; i < t->own_count; i++)
		if (prefix_contains(&t->own[i], a))
			return true;
	return false;
}

/* Whether the note's packet goes from the higher to the lower end of its pair. */
static bool
is_backward(const struct truth_note *note)
{
	int order = address_compare(&note->source, &note->destination);

	return order > 0 || (order == 0 && note->source_port > note->destination_port);
}

static void
put_key(uint64_t *key, const struct truth_note *note)
{
	const struct address *low = &note->source, *high = &note->destination;

	if (is_backward(note)) {
		low = &note->destination;
		high = &note->source;
	}
	memcpy(key, low->octets, 16);
	memcpy(key + 2, high->octets, 16);
	key[4] = 0;
}

static bool
is_near(uint64_t time, uint64_t limit)
{
	return time > limit - TRUTH_MARGIN && time < limit + TRUTH_MARGIN;
}

/*
 * Follows the packet's flow and tells whether it begins a new record.  A silence longer than the
 * idle timeout ends a record, and so does a record longer than the active timeout.  A reading whose
 * timer is a little coarser than ours must count the same, so what comes near a limit is noted.
 */
static bool
begins_record(struct truth *t, const struct truth_note *note)
{
	uint64_t key[TALLY_KEY_WORDS];
	uint16_t from = note->source_port, to = note->destination_port;
	bool backward = is_backward(note), begins;
	struct tally_entry *flow;
	uint64_t *v, side = backward ? 2 : 1, now = (uint64_t)note->time;

	put_key(key, note);
	key[4] = (uint64_t)(backward ? to : from) << 32 | (uint64_t)(backward ? from : to) << 16 |
		 note->protocol;
	flow = tally_at(&t->flows, key);
	v = flow->values;
	begins = v[FLOW_SIDES] == 0 || now - v[FLOW_LAST] > TRUTH_IDLE ||
		 now - v[FLOW_FIRST] > TRUTH_ACTIVE;
	if (v[FLOW_SIDES] != 0 && now - v[FLOW_LAST] < TRUTH_IDLE + TRUTH_MARGIN &&
	    (is_near(now - v[FLOW_LAST], TRUTH_IDLE) || is_near(now - v[FLOW_FIRST], TRUTH_ACTIVE)))
		t->ambiguous++;
	if (begins) {
		v[FLOW_FIRST] = now;
		v[FLOW_SIDES] = 0;
	}
	v[FLOW_LAST] = now;
	if ((v[FLOW_SIDES] & side) == 0)
		t->one_way_records++;
	v[FLOW_SIDES] |= side;
	return begins;
}

static void
count_pair(struct truth *t, const struct truth_note *note, bool begins)
{
	uint64_t key[TALLY_KEY_WORDS];
	struct tally_entry *pair;
	size_t at = is_backward(note) ? PAIR_BACKWARD : PAIR_FORWARD;

	put_key(key, note);
	pair = tally_at(&t->pairs, key);
	pair->values[at]++;
	pair->values[at + 1] += note->octets;
	pair->values[PAIR_FLOWS] += begins;
}

static void
count_service(struct truth *t, const struct truth_note *note, bool begins)
{
	uint64_t key[TALLY_KEY_WORDS] = { 0 };
	struct tally_entry *port;

	if (note->protocol != 6 && note->protocol != 17)
		return;
	key[0] = service(note);
	port = tally_at(&t->ports, key);
	port->values[0]++;
	port->values[1] += note->octets;
	port->values[2] += begins;
}

void
truth_frame(struct truth *t, const struct truth_note *note)
{
	bool from_own, to_own, begins = false;

	t->frames++;
	t->frame_octets += note->frame_size;
	t->first = note->time < t->first ? note->time : t->first;
	t->last = note->time > t->last ? note->time : t->last;
	t->vlans[note->vlan < TRUTH_VLANS ? note->vlan : TRUTH_VLANS]++;
	if (note->octets == 0)
		return;
	from_own = is_own(t, &note->source);
	to_own = is_own(t, &note->destination);
	if (!t->totals_only)
		begins = begins_record(t, note);
	add(&t->versions[address_is_ipv4(&note->source) ? 0 : 1], note->octets);
	add(&t->protocols[note->protocol], note->octets);
	add(&t->directions[from_own][to_own], note->octets);
	t->protocol_records[note->protocol] += begins;
	t->records += begins;
	t->sizes[note->octets]++;
	count_bin(t, note);
	if (t->totals_only)
		return;
	count_pair(t, note, begins);
	count_service(t, note, begins);
}

void
truth_handshake(struct truth *t, nsec_t rtt)
{
	if (t->rtt_count == t->rtt_size) {
		t->rtt_size = t->rtt_size * 2 + 1024;
		t->rtts = xrealloc_array(t->rtts, t->rtt_size, sizeof *t->rtts);
	}
	t->rtts[t->rtt_count++] = (uint32_t)(rtt / NSEC_PER_US);
}
