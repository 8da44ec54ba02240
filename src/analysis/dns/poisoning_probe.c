/* SPDX-License-Identifier: ISC */
/* Probing of ports and planted fragments; see poisoning_probe.h. */
#include "analysis/dns/poisoning_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns/poisoning.h"
#include "analysis/dns/poisoning_race.h"
#include "base/bytes.h"
#include "base/cursor.h"

#define MOST_PAIRS     256
#define MOST_DATAGRAMS 1024
#define MOST_FRAGMENTS 512
#define MOST_ROWS      64 /* of each table and window */
#define ROW_ERRORS     64 /* in 10 s, below which nobody could be probing */

enum {
	ICMP_UNREACHABLE = 3,
	ICMP_PORT = 3,
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_PORT = 4,
	DNS_PORT = 53,
};

static_assert(offsetof(struct probe, slot) == (PROBE_KEY_WORDS - 1) * sizeof(uint64_t), "the key");
static_assert(offsetof(struct planted, id) == (PROBE_KEY_WORDS - 1) * sizeof(uint64_t), "the key");
static_assert(
    offsetof(struct fragments, slot) == (PROBE_KEY_WORDS - 1) * sizeof(uint64_t), "the key");

static uint64_t
total(const uint32_t *counts)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PROBE_SECONDS; i++)
		sum += counts[i];
	return sum;
}

static uint64_t
weigh_probe(const void *record)
{
	const struct probe *p = record;

	return total(p->errors);
}

/* The oldest datagram is the first that will never be whole. */
static uint64_t
weigh_planted(const void *record)
{
	const struct planted *p = record;

	return (uint64_t)p->time;
}

static uint64_t
weigh_fragments(const void *record)
{
	const struct fragments *f = record;

	return f->orphans * 4 + f->conflicts * 16 + f->datagrams;
}

static void settle_one(void *context, const void *record);

void
probes_init(struct probes *p, const struct hash_secret *secret)
{
	heavy_init(
	    &p->pairs, sizeof(struct probe), PROBE_KEY_WORDS, MOST_PAIRS, weigh_probe, secret);
	heavy_init(&p->datagrams, sizeof(struct planted), PROBE_KEY_WORDS, MOST_DATAGRAMS,
	    weigh_planted, secret);
	heavy_init(&p->fragments, sizeof(struct fragments), PROBE_KEY_WORDS, MOST_FRAGMENTS,
	    weigh_fragments, secret);
	p->datagrams.evict = settle_one;
	p->datagrams.evict_context = p;
}

void
probes_release(struct probes *p)
{
	heavy_release(&p->pairs);
	heavy_release(&p->datagrams);
	heavy_release(&p->fragments);
}

void
probes_clear(struct probes *p)
{
	heavy_clear(&p->pairs);
	heavy_clear(&p->datagrams);
	heavy_clear(&p->fragments);
	memset(p->filter, 0, sizeof p->filter);
	memset(p->fragment_filter, 0, sizeof p->fragment_filter);
	memset(p->asked, 0, sizeof p->asked);
}

/* Whether the latest query that may be of this pair was. */
static bool
was_asked(const struct probes *p, const struct address *a, const struct address *b)
{
	uint64_t hash = probes_hash(a, b);

	return p->asked[hash >> 54] == hash;
}

static uint64_t
slot_of(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / POISONING_SLOT) : 0;
}

static unsigned
second_of(nsec_t time)
{
	return (unsigned)(time % POISONING_SLOT / NSEC_PER_SEC);
}

static void
make_key(
    uint64_t key[PROBE_KEY_WORDS], const struct address *a, const struct address *b, uint64_t last)
{
	key[0] = a->words[0];
	key[1] = a->words[1];
	key[2] = b->words[0];
	key[3] = b->words[1];
	key[4] = last;
}

/* ------------------------------------------------------------------ ports */

/* The port that a port-unreachable says is closed, and that of the datagram's sender; false when
 * the error says something else, or not about a datagram that its own receiver sent. */
static bool
read_closed_port(const struct packet *packet, uint16_t *ret_closed, uint16_t *ret_sender)
{
	struct cursor c = cursor_over(packet->data + packet->quote_offset,
	    packet->payload_offset + packet->payload_size - packet->quote_offset);
	bool ipv4 = packet->ip_version == 4;
	uint32_t addresses = ipv4 ? 12 : 8, size = ipv4 ? 8 : 32;
	const uint8_t *ip = cursor_take(&c, addresses + size);
	struct address from, to;

	if (ip == NULL || packet->icmp_type != (ipv4 ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE) ||
	    packet->icmp_code != (ipv4 ? ICMP_PORT : ICMPV6_PORT))
		return false;
	if (ip[ipv4 ? 9 : 6] != IP_PROTOCOL_UDP)
		return false;
	if (ipv4) {
		from = address_from_ipv4(ip + 12);
		to = address_from_ipv4(ip + 16);
		cursor_skip(&c, (ip[0] & 0xfU) > 5 ? ((ip[0] & 0xfU) - 5) * 4 : 0);
	} else {
		from = address_from_ipv6(ip + 8);
		to = address_from_ipv6(ip + 24);
	}
	*ret_sender = cursor_be16(&c);
	*ret_closed = cursor_be16(&c);
	return !c.failed && address_equal(&from, &packet->destination) &&
	       address_equal(&to, &packet->source);
}

static void
add_error(struct probes *p, const struct packet *packet)
{
	uint64_t key[PROBE_KEY_WORDS];
	uint16_t closed, sender;
	struct probe *probe;
	unsigned bit;
	size_t port_bit;

	if (!read_closed_port(packet, &closed, &sender) || sender != DNS_PORT)
		return;
	make_key(key, &packet->source, &packet->destination, slot_of(packet->time));
	probe = heavy_at(&p->pairs, key);
	if (probe->first == 0) {
		probe->first = packet->time;
		probe->input_offset = packet->input_offset;
		/* The datagram that this error answers came before the pair was looked at. */
		probe->datagrams[second_of(packet->time)]++;
		probe->asked = was_asked(p, &packet->source, &packet->destination);
	}
	if (packet->time > probe->last)
		probe->last = packet->time;
	probe->errors[second_of(packet->time)]++;
	port_bit = hash_mix64(closed) % (UINT64_C(64) * PROBE_PORT_WORDS);
	probe->ports[port_bit / 64] |= UINT64_C(1) << port_bit % 64;
	bit = probes_bit(&packet->source, &packet->destination);
	p->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void
add_datagram(struct probes *p, const struct packet *packet)
{
	uint64_t key[PROBE_KEY_WORDS];
	struct probe *probe;

	make_key(key, &packet->destination, &packet->source, slot_of(packet->time));
	probe = heavy_find(&p->pairs, key);
	if (probe != NULL)
		probe->datagrams[second_of(packet->time)]++;
}

/* ------------------------------------------------------------------ fragments */

static struct fragments *
fragments_at(struct probes *p, const struct planted *d)
{
	uint64_t key[PROBE_KEY_WORDS];
	struct fragments *f;

	make_key(key, &d->source, &d->destination, slot_of(d->time));
	f = heavy_at(&p->fragments, key);
	if (f->first == 0 || d->time < f->first) {
		f->first = d->time;
		f->input_offset = d->input_offset;
	}
	if (d->time > f->last)
		f->last = d->time;
	return f;
}

/* Compares with what another fragment of this place said; keeps the first few places. */
static void
compare_payload(struct planted *d, uint16_t offset, uint32_t digest)
{
	for (size_t i = 0; i < sizeof d->digests / sizeof *d->digests; i++) {
		if (d->digests[i] == 0) {
			d->digests[i] = digest;
			d->offsets[i] = offset;
			return;
		}
		if (d->offsets[i] == offset) {
			d->conflicts += d->digests[i] != digest;
			return;
		}
	}
}

static uint32_t
digest_of(const struct packet *packet)
{
	uint32_t end = packet->payload_offset + packet->payload_size;

	if (packet->fragment_data >= end || end > packet->captured_size)
		return 0;
	return (uint32_t)dns_hash(
		   packet->data + packet->fragment_data, end - packet->fragment_data) |
	       1;
}

static void
add_fragment(struct probes *p, const struct packet *packet)
{
	uint64_t key[PROBE_KEY_WORDS];
	struct fragments *f;
	struct planted *d;
	bool first = (packet->flags & PACKET_FRAGMENT_FIRST) != 0;
	uint32_t digest = 0;
	unsigned bit;

	make_key(key, &packet->source, &packet->destination,
	    (uint64_t)packet->ip_version << 32 | packet->fragment_id);
	d = heavy_at(&p->datagrams, key);
	if (d->time == 0 || packet->time < d->time) {
		d->time = packet->time;
		d->input_offset = packet->input_offset;
	}
	d->later += !first;
	d->first_seen |= first;
	d->from_dns |=
	    first && (packet->flags & PACKET_HAS_PORTS) != 0 && packet->source_port == DNS_PORT;
	if ((packet->flags & PACKET_SNAPPED) == 0)
		digest = digest_of(packet);
	if (digest != 0 && !first)
		compare_payload(d, packet->fragment_offset, digest);
	if (!d->first_seen) {
		f = fragments_at(p, d);
		if (f->asked == 0)
			f->asked = was_asked(p, &packet->source, &packet->destination);
		bit = probes_bit(&packet->source, &packet->destination);
		p->fragment_filter[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

/* A datagram is forgotten: what it was goes to the sums of its pair. */
static void
settle_one(void *context, const void *record)
{
	struct probes *p = context;
	const struct planted *d = record;
	struct fragments *f = fragments_at(p, d);

	f->datagrams++;
	f->orphans += d->first_seen == 0 && d->later != 0;
	f->conflicts += d->conflicts;
	f->from_dns += d->from_dns;
}

void
probes_settle(struct probes *p)
{
	for (size_t i = 0; i < p->datagrams.count; i++)
		settle_one(p, heavy_record(&p->datagrams, i));
}

/* ------------------------------------------------------------------ both */

void
probes_packet_slow(struct probes *p, const struct packet *packet)
{
	if (packet->kind != PACKET_IP)
		return;
	if ((packet->flags & PACKET_HAS_QUOTE) != 0)
		add_error(p, packet);
	else if ((packet->flags & PACKET_FRAGMENT) == 0)
		add_datagram(p, packet);
	else if ((packet->ip_version == 4 ? packet->protocol : packet->fragment_protocol) ==
		 IP_PROTOCOL_UDP)
		add_fragment(p, packet);
}

void
probes_message_slow(struct probes *p, const struct dns_message *m)
{
	unsigned bit = probes_bit(&m->client, &m->server);
	bool response = (m->flags & DNS_RESPONSE) != 0;
	uint64_t key[PROBE_KEY_WORDS];

	if (probes_has(p->filter, bit)) {
		struct probe *probe;
		make_key(key, &m->client, &m->server, slot_of(m->time));
		probe = heavy_find(&p->pairs, key);
		if (probe != NULL) {
			probe->asked += !response;
			probe->matched += response && m->match == DNS_MATCHED;
		}
	}
	if (!response && probes_has(p->fragment_filter, bit)) {
		struct fragments *f;
		make_key(key, &m->server, &m->client, slot_of(m->time));
		f = heavy_find(&p->fragments, key);
		if (f != NULL)
			f->asked++;
	}
}

static void
merge_probe(struct heavy *into, const struct probe *from)
{
	struct probe *p = heavy_at(into, (const uint64_t *)from);

	if (p->first == 0 || from->first < p->first) {
		p->first = from->first;
		p->input_offset = from->input_offset;
	}
	if (from->last > p->last)
		p->last = from->last;
	p->matched += from->matched;
	p->asked += from->asked;
	for (size_t i = 0; i < PROBE_SECONDS; i++) {
		p->datagrams[i] += from->datagrams[i];
		p->errors[i] += from->errors[i];
	}
	for (size_t i = 0; i < PROBE_PORT_WORDS; i++)
		p->ports[i] |= from->ports[i];
}

static void
merge_planted(struct heavy *into, const struct planted *from)
{
	struct planted *d = heavy_at(into, (const uint64_t *)from);

	if (d->time == 0 || from->time < d->time) {
		d->time = from->time;
		d->input_offset = from->input_offset;
	}
	d->conflicts += from->conflicts;
	d->later += from->later;
	d->first_seen |= from->first_seen;
	d->from_dns |= from->from_dns;
	for (size_t i = 0; i < sizeof d->digests / sizeof *d->digests; i++)
		if (from->digests[i] != 0)
			compare_payload(d, from->offsets[i], from->digests[i]);
}

static void
merge_fragments(struct heavy *into, const struct fragments *from)
{
	struct fragments *f = heavy_at(into, (const uint64_t *)from);

	if (f->first == 0 || from->first < f->first) {
		f->first = from->first;
		f->input_offset = from->input_offset;
	}
	if (from->last > f->last)
		f->last = from->last;
	f->datagrams += from->datagrams;
	f->orphans += from->orphans;
	f->conflicts += from->conflicts;
	f->from_dns += from->from_dns;
	f->asked += from->asked;
}

void
probes_merge(struct probes *into, const struct probes *from)
{
	heavy_widen(&into->pairs, &from->pairs);
	heavy_widen(&into->datagrams, &from->datagrams);
	heavy_widen(&into->fragments, &from->fragments);
	for (size_t i = 0; i < from->pairs.count; i++)
		merge_probe(&into->pairs, heavy_record(&from->pairs, i));
	for (size_t i = 0; i < from->datagrams.count; i++)
		merge_planted(&into->datagrams, heavy_record(&from->datagrams, i));
	for (size_t i = 0; i < from->fragments.count; i++)
		merge_fragments(&into->fragments, heavy_record(&from->fragments, i));
}

/* ------------------------------------------------------------------ rows */

static int
compare_probes(const void *a, const void *b)
{
	const struct probe *x = *(const struct probe *const *)a;
	const struct probe *y = *(const struct probe *const *)b;

	if (total(x->errors) != total(y->errors))
		return total(x->errors) > total(y->errors) ? -1 : 1;
	return memcmp(x, y, PROBE_KEY_WORDS * sizeof(uint64_t));
}

static int
compare_fragments(const void *a, const void *b)
{
	const struct fragments *x = *(const struct fragments *const *)a;
	const struct fragments *y = *(const struct fragments *const *)b;

	if (weigh_fragments(x) != weigh_fragments(y))
		return weigh_fragments(x) > weigh_fragments(y) ? -1 : 1;
	return memcmp(x, y, PROBE_KEY_WORDS * sizeof(uint64_t));
}

/* Seconds that lie wholly between the first and the last error, with their extremes. */
struct plateau {
	uint64_t least, most, seconds;
};

static struct plateau
plateau_of(const struct probe *p)
{
	struct plateau found = { UINT64_MAX, 0, 0 };

	for (unsigned i = second_of(p->first) + 1; i < second_of(p->last); i++) {
		if (p->errors[i] < found.least)
			found.least = p->errors[i];
		if (p->errors[i] > found.most)
			found.most = p->errors[i];
		found.seconds++;
	}
	if (found.seconds == 0)
		found.least = 0;
	return found;
}

static void
put_probe(const struct probe *p, struct rows *rows)
{
	struct plateau plateau = plateau_of(p);
	uint64_t datagrams = total(p->datagrams), best = 0;
	size_t c = 0;

	for (size_t i = 0; i < PROBE_SECONDS; i++)
		if (p->datagrams[i] > best)
			best = p->datagrams[i];
	rows_time(rows, c++, p->first);
	rows_time(rows, c++, p->last);
	rows_address(rows, c++, &p->resolver);
	rows_address(rows, c++, &p->server);
	rows_u64(rows, c++, datagrams > p->matched ? datagrams - p->matched : 0);
	rows_u64(rows, c++, best);
	rows_u64(rows, c++, (uint64_t)llround(race_distinct(p->ports, PROBE_PORT_WORDS)));
	rows_u64(rows, c++, total(p->errors));
	rows_u64(rows, c++, plateau.least);
	rows_u64(rows, c++, plateau.most);
	rows_u64(rows, c++, plateau.seconds);
	rows_u64(rows, c++, p->asked);
	rows_u64(rows, c, p->input_offset);
	rows_next(rows);
}

static void
put_fragments(const struct fragments *f, struct rows *rows)
{
	size_t c = 0;

	rows_time(rows, c++, f->first);
	rows_time(rows, c++, f->last);
	rows_address(rows, c++, &f->source);
	rows_address(rows, c++, &f->destination);
	rows_u64(rows, c++, f->datagrams);
	rows_u64(rows, c++, f->orphans);
	rows_u64(rows, c++, f->conflicts);
	rows_u64(rows, c++, f->from_dns);
	rows_u64(rows, c++, f->asked);
	rows_u64(rows, c, f->input_offset);
	rows_next(rows);
}

void
probes_rows(const struct probes *p, struct rows *pairs, struct rows *fragments)
{
	const void **list = heavy_sorted(&p->pairs, compare_probes);

	for (size_t i = 0; i < p->pairs.count && i < MOST_ROWS; i++)
		if (total(((const struct probe *)list[i])->errors) >= ROW_ERRORS)
			put_probe(list[i], pairs);
	free(list);
	list = heavy_sorted(&p->fragments, compare_fragments);
	for (size_t i = 0; i < p->fragments.count && i < MOST_ROWS; i++) {
		const struct fragments *f = list[i];
		if (f->orphans + f->conflicts != 0 && f->from_dns + f->asked != 0)
			put_fragments(f, fragments);
	}
	free(list);
}
