/* SPDX-License-Identifier: ISC */
/* Who sends to loud destinations; see ddos_watch.h. */
#include "analysis/security/ddos_watch.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/ddos.h"
#include "analysis/sketch.h"
#include "base/bytes.h"
#include "base/xmalloc.h"

#define MERGED_MOST 2048 /* watches of all shards together */
#define WATCH_LEAST 16   /* packets in a slot: loud enough for the last quarter */

static_assert(DDOS_SAMPLES < 256 && DDOS_SENDERS < 256, "counts are octets");

void
ddos_watches_init(struct ddos_watches *w, uint32_t most)
{
	*w = (struct ddos_watches){ .most = most };
}

void
ddos_watch_release(struct ddos_watch *watch)
{
	for (unsigned i = 0; i < DDOS_SKETCHES; i++)
		free(watch->sketches[i]);
}

void
ddos_watches_clear(struct ddos_watches *w)
{
	for (uint32_t i = 0; i < w->count; i++)
		ddos_watch_release(&w->list[i]);
	if (w->count != 0)
		memset(w->places, 0, sizeof w->places);
	w->count = 0;
	w->least = 0;
	w->refused = 0;
}

void
ddos_watches_release(struct ddos_watches *w)
{
	ddos_watches_clear(w);
	free(w->list);
	w->list = NULL;
}

/* ------------------------------------------------------------------ the list */

static void
index_one(struct ddos_watches *w, uint32_t number)
{
	uint32_t hash = ddos_hash(&w->list[number].target);
	uint32_t at = hash >> 10 & (DDOS_WATCH_PLACES - 1);

	while (w->places[at] != 0)
		at = (at + 1) & (DDOS_WATCH_PLACES - 1);
	w->hashes[at] = hash;
	w->places[at] = (uint16_t)(number + 1);
}

static void
index_all(struct ddos_watches *w)
{
	memset(w->places, 0, sizeof w->places);
	for (uint32_t i = 0; i < w->count && i < DDOS_WATCH_PLACES / 2; i++)
		index_one(w, i);
}

struct ddos_watch *
ddos_watch_find(struct ddos_watches *w, const struct address *target)
{
	uint32_t hash = ddos_hash(target), at = hash >> 10 & (DDOS_WATCH_PLACES - 1);

	for (; w->places[at] != 0; at = (at + 1) & (DDOS_WATCH_PLACES - 1))
		if (w->hashes[at] == hash &&
		    address_equal(&w->list[w->places[at] - 1].target, target))
			return &w->list[w->places[at] - 1];
	for (uint32_t i = DDOS_WATCH_PLACES / 2; i < w->count; i++)
		if (address_equal(&w->list[i].target, target))
			return &w->list[i];
	return NULL;
}

static struct ddos_watch *
append(struct ddos_watches *w, const struct address *target)
{
	if (w->count == w->room) {
		w->room = w->room == 0 ? 16 : w->room * 2;
		w->list = xrealloc_array(w->list, w->room, sizeof *w->list);
	}
	w->list[w->count++] = (struct ddos_watch){ .target = *target };
	if (w->count <= DDOS_WATCH_PLACES / 2)
		index_one(w, w->count - 1);
	return &w->list[w->count - 1];
}

static struct ddos_watch *
quietest(struct ddos_watches *w)
{
	struct ddos_watch *least = &w->list[0];

	for (uint32_t i = 1; i < w->count; i++)
		if (w->list[i].peak < least->peak)
			least = &w->list[i];
	return least;
}

/* Another destination takes the watch; its sketches are kept, empty. */
static void
replace(struct ddos_watches *w, struct ddos_watch *watch, const struct address *target)
{
	struct ddos_watch fresh = { .target = *target };

	for (unsigned i = 0; i < DDOS_SKETCHES; i++) {
		fresh.sketches[i] = watch->sketches[i];
		if (fresh.sketches[i] != NULL)
			memset(fresh.sketches[i], 0, HLL_SIZE(DDOS_PRECISION));
	}
	*watch = fresh;
	index_all(w);
}

struct ddos_watch *
ddos_watch_open(struct ddos_watches *w, const struct address *target, uint32_t peak)
{
	struct ddos_watch *watch = ddos_watch_find(w, target);

	if (watch == NULL && w->count < w->most) {
		/* The last quarter of the room is for those that are loud. */
		if (peak < WATCH_LEAST && w->count >= w->most / 4 * 3)
			return NULL;
		watch = append(w, target);
	} else if (watch == NULL) {
		w->refused++;
		/* The least of all is not looked for while every one would be louder. */
		if (peak <= w->least)
			return NULL;
		watch = quietest(w);
		w->least = watch->peak;
		if (watch->peak >= peak)
			return NULL;
		replace(w, watch, target);
	}
	if (watch->peak < peak)
		watch->peak = peak;
	return watch;
}

/* ------------------------------------------------------------------ noting */

static enum ddos_sketch
sketch_of(unsigned class)
{
	switch (class) {
	case DDOS_TCP: return DDOS_SKETCH_TCP;
	case DDOS_SYN: return DDOS_SKETCH_SYN;
	case DDOS_SYN_ACK: return DDOS_SKETCH_SYN_ACK;
	default: return class >= DDOS_REFLECTED ? DDOS_SKETCH_REFLECTED : DDOS_SKETCH_OTHER;
	}
}

static uint64_t
hash_source(const struct address *source)
{
	return source->words[0] == 0 ? hash_mix64(source->words[1])
				     : hash_mix_words(source->words, 2);
}

static struct ddos_entering
entering(struct ddos_watch *watch, unsigned class, uint64_t hash)
{
	uint8_t **sketch = &watch->sketches[sketch_of(class)];

	if (*sketch == NULL)
		*sketch = xcalloc(1, HLL_SIZE(DDOS_PRECISION));
	return (struct ddos_entering){ *sketch + hll_index(hash, DDOS_PRECISION),
		hll_rank(hash, DDOS_PRECISION) };
}

/* A table by hash.  When it is full, a sender that is not in it takes from the one at its own
 * place, and takes that place from one that has nothing left: who sends often stays (T. Yang et
 * al., "HeavyKeeper: an accurate algorithm for finding top-k elephant flows", USENIX ATC 2018). */
static void
add_sender(
    struct ddos_watch *watch, const struct address *source, uint64_t packets, uint64_t octets)
{
	uint32_t own = ddos_hash(source) >> 3 & (DDOS_SENDERS - 1), at = own;
	struct ddos_sender *s = &watch->senders[at];

	while (s->packets != 0 && !address_equal(&s->address, source)) {
		at = (at + 1) & (DDOS_SENDERS - 1);
		s = &watch->senders[at];
	}
	if (s->packets == 0 && watch->sender_count >= DDOS_SENDERS / 4 * 3) {
		s = &watch->senders[own];
		if (s->packets > packets) {
			s->packets -= packets;
			return;
		}
		/* Only somebody of the same place: whoever is looked for from there is found. */
		if ((ddos_hash(&s->address) >> 3 & (DDOS_SENDERS - 1)) != own)
			return;
		*s = (struct ddos_sender){ .address = *source };
	}
	watch->sender_count += s->packets == 0 && !address_equal(&s->address, source);
	s->address = *source;
	s->packets += packets;
	s->octets += octets;
}

static void
add_port(struct ddos_watch *watch, uint32_t key, uint32_t packets)
{
	unsigned least = 0;

	for (unsigned i = 0; i < watch->port_count; i++) {
		if (watch->ports[i].key == key) {
			watch->ports[i].packets += packets;
			return;
		}
		if (watch->ports[i].packets < watch->ports[least].packets)
			least = i;
	}
	if (watch->port_count < DDOS_PORTS)
		least = watch->port_count++;
	else if (watch->ports[least].packets > packets) {
		watch->ports[least].packets -= packets;
		return;
	}
	watch->ports[least] = (struct ddos_port){ key, packets };
}

/* 0.0.0.0/8, 10.0.0.0/8, …: first octets that are all one block. */
bool
ddos_is_bogon(const struct address *a)
{
	static const struct {
		uint8_t octets[3];
		uint8_t length;
	} BLOCKS[] = { { { 0 }, 8 }, { { 10 }, 8 }, { { 100, 64 }, 10 }, { { 127 }, 8 },
		{ { 169, 254 }, 16 }, { { 172, 16 }, 12 }, { { 192, 0, 0 }, 24 },
		{ { 192, 0, 2 }, 24 }, { { 192, 168 }, 16 }, { { 198, 18 }, 15 },
		{ { 198, 51, 100 }, 24 }, { { 203, 0, 113 }, 24 }, { { 224 }, 3 } };
	uint32_t v4;

	if (!address_is_ipv4(a))
		/* Nothing but 2000::/3 is assigned; 2001:db8::/32 is for documents. */
		return a->octets[0] >> 5 != 1 || be32(a->octets) == 0x20010db8;
	v4 = be32(a->octets + 12);
	for (size_t i = 0; i < ARRAY_COUNT(BLOCKS); i++) {
		uint32_t block = (uint32_t)BLOCKS[i].octets[0] << 24 |
				 (uint32_t)BLOCKS[i].octets[1] << 16 |
				 (uint32_t)BLOCKS[i].octets[2] << 8;
		if ((v4 ^ block) >> (32 - BLOCKS[i].length) == 0)
			return true;
	}
	return false;
}

/* Which part of the address space: /6 of IPv4, three nibbles into 2000::/3 of IPv6. */
static unsigned
net_of(const struct address *a)
{
	if (address_is_ipv4(a))
		return a->octets[12] >> 2;
	return (a->octets[1] ^ a->octets[2] ^ a->octets[3]) & (DDOS_NETS - 1);
}

static void
look_at(struct ddos_watch *watch, const struct packet *p)
{
	watch->looked++;
	watch->bogons += ddos_is_bogon(&p->source);
	watch->nets[net_of(&p->source)]++;
	watch->ttls[p->ttl / (256 / DDOS_TTL_BINS)]++;
	add_sender(watch, &p->source, 1, p->octets);
	if ((p->flags & PACKET_HAS_PORTS) != 0)
		add_port(watch, (uint32_t)p->protocol << 16 | p->destination_port, 1);
	else
		add_port(watch, (uint32_t)p->protocol << 16, 1);
	if (p->protocol == IP_PROTOCOL_TCP && (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		watch->syn++;
		watch->plain_syn += p->l4_offset != 0 && p->l4_offset + 13 <= p->captured_size &&
				    p->data[p->l4_offset + 12] >> 4 == 5;
	}
}

static bool
sample_before(const struct ddos_sample *a, const struct ddos_sample *b)
{
	if (a->lot != b->lot)
		return a->lot < b->lot;
	return a->time != b->time ? a->time < b->time : a->input_offset < b->input_offset;
}

static void
enter_sample(struct ddos_watch *watch, enum ddos_sketch sketch, const struct ddos_sample *sample)
{
	struct ddos_sample *list = watch->samples[sketch];
	unsigned at = watch->sample_counts[sketch];

	if (at < DDOS_SAMPLES)
		watch->sample_counts[sketch]++;
	else if (sample_before(sample, &list[at - 1]))
		at--;
	else
		return;
	for (; at > 0 && sample_before(sample, &list[at - 1]); at--)
		list[at] = list[at - 1];
	list[at] = *sample;
}

/* A packet may become evidence: a few by lot, so that they are from all of the attack. */
static void
add_sample(struct ddos_watch *watch, const struct packet *p, unsigned class, uint32_t lot)
{
	enum ddos_sketch sketch = sketch_of(class);
	struct ddos_sample sample = {
		.time = p->time, .input_offset = p->input_offset, .octets = p->octets, .lot = lot
	};
	uint32_t left = p->captured_size > p->l3_offset ? p->captured_size - p->l3_offset : 0;

	if (watch->sample_counts[sketch] == DDOS_SAMPLES &&
	    watch->samples[sketch][DDOS_SAMPLES - 1].lot < lot)
		return;
	sample.size = (uint8_t)(left < DDOS_OCTETS ? left : DDOS_OCTETS);
	if (sample.size != 0)
		memcpy(sample.data, p->data + p->l3_offset, sample.size);
	enter_sample(watch, sketch, &sample);
}

bool
ddos_watch_packet(struct ddos_watch *watch, const struct packet *p, unsigned class,
    struct ddos_entering *ret_entering)
{
	uint64_t hash = hash_source(&p->source);
	uint64_t lot = (hash ^ (uint64_t)p->time) * UINT64_C(0x9e3779b97f4a7c15);

	if (lot >> 61 == 0) {
		look_at(watch, p);
		add_sample(watch, p, class, (uint32_t)(lot >> 29));
	} else if (class == DDOS_TCP) {
		return false;
	}
	*ret_entering = entering(watch, class, hash);
	return true;
}

static_assert(DDOS_SAMPLING == 1 << (64 - 61), "lots are of the upper bits");

void
ddos_watch_record(struct ddos_watch *watch, const struct address *source, unsigned class,
    uint32_t port_key, uint64_t packets, uint64_t octets)
{
	uint32_t few = packets < UINT16_MAX ? (uint32_t)packets : UINT16_MAX;
	struct ddos_entering e = entering(watch, class, hash_source(source));

	ddos_enter(&e);
	watch->looked += packets;
	watch->bogons += ddos_is_bogon(source) ? packets : 0;
	watch->nets[net_of(source)] += few;
	add_sender(watch, source, packets, octets);
	add_port(watch, port_key, few);
}

/* ------------------------------------------------------------------ merging */

static int
compare_senders(const void *a, const void *b)
{
	const struct ddos_sender *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

unsigned
ddos_watch_senders(const struct ddos_watch *watch, struct ddos_sender list[DDOS_SENDERS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < DDOS_SENDERS; i++)
		if (watch->senders[i].packets != 0)
			list[count++] = watch->senders[i];
	if (count > 1)
		qsort(list, count, sizeof *list, compare_senders);
	return count < DDOS_TOLD ? count : DDOS_TOLD;
}

static int
compare_ports(const void *a, const void *b)
{
	const struct ddos_port *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

void
ddos_watch_sort_ports(struct ddos_watch *watch)
{
	if (watch->port_count > 1)
		qsort(watch->ports, watch->port_count, sizeof *watch->ports, compare_ports);
}

void
ddos_watch_merge(struct ddos_watch *into, const struct ddos_watch *from)
{
	into->looked += from->looked;
	into->bogons += from->bogons;
	into->syn += from->syn;
	into->plain_syn += from->plain_syn;
	if (into->peak < from->peak)
		into->peak = from->peak;
	for (unsigned i = 0; i < DDOS_SENDERS; i++)
		if (from->senders[i].packets != 0)
			add_sender(into, &from->senders[i].address, from->senders[i].packets,
			    from->senders[i].octets);
	for (unsigned i = 0; i < from->port_count; i++)
		add_port(into, from->ports[i].key, from->ports[i].packets);
	for (unsigned i = 0; i < DDOS_TTL_BINS; i++)
		into->ttls[i] += from->ttls[i];
	for (unsigned i = 0; i < DDOS_NETS; i++)
		into->nets[i] += from->nets[i];
	for (unsigned i = 0; i < DDOS_SKETCHES; i++) {
		for (unsigned k = 0; k < from->sample_counts[i]; k++)
			enter_sample(into, i, &from->samples[i][k]);
		if (from->sketches[i] == NULL)
			continue;
		if (into->sketches[i] == NULL)
			into->sketches[i] = xcalloc(1, HLL_SIZE(DDOS_PRECISION));
		hll_union(into->sketches[i], from->sketches[i], DDOS_PRECISION);
	}
}

void
ddos_watches_merge(struct ddos_watches *into, const struct ddos_watches *from)
{
	uint32_t most = into->most;

	into->most = MERGED_MOST;
	for (uint32_t i = 0; i < from->count; i++) {
		const struct ddos_watch *theirs = &from->list[i];
		struct ddos_watch *ours = ddos_watch_open(into, &theirs->target, theirs->peak);
		if (ours != NULL)
			ddos_watch_merge(ours, theirs);
	}
	into->most = most;
	into->refused += from->refused;
}

/* ------------------------------------------------------------------ rows */

static json_t *
numbers_json(const uint32_t *numbers, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_integer(numbers[i]));
	return list;
}

static json_t *
sample_json(unsigned sketch, const struct ddos_sample *sample)
{
	char hex[2 * DDOS_OCTETS + 1];

	for (unsigned i = 0; i < sample->size; i++)
		(void)snprintf(hex + (size_t)2 * i, 3, "%02x", sample->data[i]);
	hex[(size_t)2 * sample->size] = '\0';
	return json_pack("[I,I,I,I,s,i]", (json_int_t)sample->time,
	    (json_int_t)sample->input_offset, (json_int_t)sample->octets, (json_int_t)sample->lot,
	    hex, (int)sketch);
}

static json_t *
watch_json(const struct ddos_watch *w)
{
	json_t *senders = json_array(), *ports = json_array(), *samples = json_array();
	struct ddos_sender list[DDOS_SENDERS];
	unsigned count = ddos_watch_senders(w, list);

	for (unsigned i = 0; i < count; i++)
		json_array_append_new(
		    senders, json_pack("[o,I,I]", json_address(&list[i].address),
				 (json_int_t)list[i].packets, (json_int_t)list[i].octets));
	for (unsigned i = 0; i < w->port_count && i < DDOS_TOLD; i++)
		json_array_append_new(ports, json_pack("[I,I]", (json_int_t)w->ports[i].key,
						 (json_int_t)w->ports[i].packets));
	for (unsigned i = 0; i < DDOS_SKETCHES; i++)
		for (unsigned k = 0; k < w->sample_counts[i]; k++)
			json_array_append_new(samples, sample_json(i, &w->samples[i][k]));
	return json_pack("{s:[I,I,I,I], s:o, s:o, s:o, s:o, s:o}", "sums", (json_int_t)w->looked,
	    (json_int_t)w->bogons, (json_int_t)w->syn, (json_int_t)w->plain_syn, "senders", senders,
	    "ports", ports, "ttls", numbers_json(w->ttls, DDOS_TTL_BINS), "nets",
	    numbers_json(w->nets, DDOS_NETS), "samples", samples);
}

void
ddos_watch_put(const struct ddos_watch *w, struct rows *rows, size_t first)
{
	static const uint8_t NONE[HLL_SIZE(DDOS_PRECISION)];
	json_t *details = watch_json(w);
	char *text = json_dumps(details, JSON_COMPACT);

	rows_text(rows, first, text != NULL ? text : "{}");
	free(text);
	json_decref(details);
	for (unsigned i = 0; i < DDOS_SKETCHES; i++)
		sketch_put(rows, first + 1 + i, w->sketches[i] != NULL ? w->sketches[i] : NONE,
		    DDOS_PRECISION);
}

/* ------------------------------------------------------------------ and back */

static uint64_t
number_at(json_t *list, size_t i)
{
	json_int_t n = json_integer_value(json_array_get(list, i));

	return n > 0 ? (uint64_t)n : 0;
}

static void
read_numbers(json_t *list, uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		numbers[i] = (uint32_t)number_at(list, i);
}

static uint8_t
nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
read_sample(struct ddos_watch *w, json_t *list, uint64_t input)
{
	const char *hex = json_string_value(json_array_get(list, 4));
	struct ddos_sample s = { .time = (nsec_t)number_at(list, 0),
		.input_offset = number_at(list, 1),
		.octets = (uint32_t)number_at(list, 2),
		.lot = (uint32_t)number_at(list, 3),
		.input = input };

	for (; hex != NULL && s.size < DDOS_OCTETS && hex[0] != '\0' && hex[1] != '\0'; hex += 2)
		s.data[s.size++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
	enter_sample(w, (enum ddos_sketch)(number_at(list, 5) % DDOS_SKETCHES), &s);
}

static void
read_lists(struct ddos_watch *w, json_t *details, uint64_t input)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(details, "senders"), i, item) {
		const char *text = json_string_value(json_array_get(item, 0));
		struct address address;
		if (text != NULL && address_parse(text, &address) == ERR_OK)
			add_sender(w, &address, number_at(item, 1), number_at(item, 2));
	}
	json_array_foreach (json_object_get(details, "ports"), i, item)
		if (w->port_count < DDOS_PORTS)
			w->ports[w->port_count++] =
			    (struct ddos_port){ (uint32_t)number_at(item, 0),
				    (uint32_t)number_at(item, 1) };
	json_array_foreach (json_object_get(details, "samples"), i, item)
		read_sample(w, item, input);
}

void
ddos_watch_read(struct ddos_watch *into, const struct result *r, size_t first, uint64_t input)
{
	struct ddos_watch w = { .looked = 0 };
	json_t *details = json_loads(result_text(r, first), 0, NULL);
	json_t *sums = json_object_get(details, "sums");

	w.looked = number_at(sums, 0);
	w.bogons = number_at(sums, 1);
	w.syn = number_at(sums, 2);
	w.plain_syn = number_at(sums, 3);
	read_lists(&w, details, input);
	read_numbers(json_object_get(details, "ttls"), w.ttls, DDOS_TTL_BINS);
	read_numbers(json_object_get(details, "nets"), w.nets, DDOS_NETS);
	json_decref(details);
	for (unsigned i = 0; i < DDOS_SKETCHES; i++) {
		uint8_t *registers = xcalloc(1, HLL_SIZE(DDOS_PRECISION));
		if (sketch_add(registers, DDOS_PRECISION, r, first + 1 + i))
			w.sketches[i] = registers;
		else
			free(registers);
	}
	ddos_watch_merge(into, &w);
	ddos_watch_release(&w);
}
