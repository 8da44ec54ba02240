/* SPDX-License-Identifier: ISC */
/*
 * The slot at hand: what destinations got in the last seconds.
 *
 * This is what every packet pays for, so it is small: a table of four places to a hash, tags apart
 * (they stay in the first cache), entries of five lines of which a packet touches two.  A new
 * destination takes the place of the one with the fewest packets, whose counts go on to the log; so
 * nothing is lost, a flood of destinations only costs more.  Counts are of 32 bits: an entry that
 * nears their end goes on to the log as well.
 *
 * While the log is under pressure (log->least), entries with few packets go to a second table by
 * prefix instead, so that an attack on many addresses of one network is not overlooked; and of new
 * destinations that would put out others only every eighth packet may.
 *
 * Hashes have no secret, so that what leaves the table when, and with it what is given up under
 * pressure, is the same in every run.  Chosen addresses can fill a set of four, no more: then each
 * of their packets costs an entry of the log.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "analysis/security/ddos.h"
#include "base/xmalloc.h"

#define WAYS     4
#define SETS     1024 /* a power of two */
#define CHUNK    64
#define AHEAD    12               /* packets between asking for an entry and its use */
#define FULL     4096             /* packets of an entry: octets then fit, too */
#define LARGE    ((1U << 20) - 1) /* octets: no packet counts more */
#define ADMITTED 8                /* one in so many new destinations, under pressure */
#define LATE     1024             /* packets in a row from before the slot until it is taken back */

struct pair {
	uint32_t packets, octets;
};

struct entry {
	struct address target;
	uint32_t watch; /* number + 1 in the shard's watches, as far as is known */
	uint32_t total; /* packets */
	uint32_t first[DDOS_SIDES], last[DDOS_SIDES]; /* us since the slot's begin */
	struct pair counts[DDOS_CLASSES];
	struct pair seconds[DDOS_SIDES][DDOS_SECONDS];
	uint32_t first_fragments;
	uint8_t services[DDOS_SERVICES];
	uint8_t length;
	uint8_t padding[32];
};

static_assert(sizeof(struct entry) == 320, "five cache lines");
static_assert(offsetof(struct entry, counts) + sizeof(struct pair) <= 64, "usual ones in one line");

#define PAGE         ((size_t)2 << 20)
#define ENTRIES_SIZE ((sizeof(struct entry) * 2 * SETS * WAYS + PAGE - 1) / PAGE * PAGE)

struct ways {
	uint32_t tags[SETS][WAYS]; /* 0: free */
	uint8_t marks[SETS][WAYS]; /* the logarithm of the packets, so that entries need not be
				      looked at to see which has the fewest */
	struct entry *entries;     /* owned */
	uint32_t used;
};

struct ddos_now {
	struct ways hosts, prefixes;
	nsec_t begin; /* of the slot */
	uint32_t slot;
	uint32_t late; /* packets in a row */
	uint32_t turned_away;
	bool counted;
	uint64_t reflecting[65536 / 64]; /* bitmap of ports */
};

/* ------------------------------------------------------------------ life */

struct ddos_now *
ddos_now_new(void)
{
	struct ddos_now *now = aligned_alloc(64, (sizeof *now + 63) / 64 * 64);
	struct entry *entries = aligned_alloc(PAGE, ENTRIES_SIZE);

	if (now == NULL || entries == NULL)
		abort();
	/* They are used at random: with small pages a packet would miss the TLB as well. */
	(void)madvise(entries, ENTRIES_SIZE, MADV_HUGEPAGE);
	memset(now, 0, sizeof *now);
	now->hosts.entries = entries;
	now->prefixes.entries = entries + (size_t)SETS * WAYS;
	for (unsigned service = DDOS_SERVICE_NONE + 1; ddos_service_port(service) != 0; service++) {
		uint16_t port = ddos_service_port(service);
		now->reflecting[port / 64] |= UINT64_C(1) << port % 64;
	}
	return now;
}

void
ddos_now_free(struct ddos_now *now)
{
	if (now == NULL)
		return;
	free(now->hosts.entries);
	free(now);
}

static void
clear_ways(struct ways *ways)
{
	if (ways->used != 0)
		memset(ways->tags, 0, sizeof ways->tags);
	ways->used = 0;
}

void
ddos_now_clear(struct ddos_now *now)
{
	clear_ways(&now->hosts);
	clear_ways(&now->prefixes);
	now->begin = 0;
	now->slot = 0;
	now->late = 0;
	now->turned_away = 0;
	now->counted = false;
}

bool
ddos_now_counted(const struct ddos_now *now)
{
	return now->counted;
}

/* ------------------------------------------------------------------ to the log */

/* The seconds in which a side of an entry has packets: most have one.  None when last < first. */
static inline unsigned
first_second(const struct entry *e, unsigned side)
{
	return e->last[side] != 0 ? e->first[side] / 1000000 : 1;
}

static inline unsigned
last_second(const struct entry *e, unsigned side)
{
	return e->last[side] / 1000000;
}

/* The part of a slot's service columns: those of `from` as they are called in `into`. */
static void
add_counts(struct ddos_slot *into, const struct entry *e)
{
	for (unsigned c = 0; c < DDOS_CLASSES; c++) {
		unsigned at = c;
		if (e->counts[c].packets == 0)
			continue;
		if (c >= DDOS_REFLECTED)
			at = ddos_slot_service(into, e->services[c - DDOS_REFLECTED]);
		into->packets[at] += e->counts[c].packets;
		into->octets[at] += e->counts[c].octets;
	}
	for (unsigned side = 0; side < DDOS_SIDES; side++)
		for (unsigned s = first_second(e, side); s <= last_second(e, side); s++) {
			into->second_packets[side][s] += e->seconds[side][s].packets;
			into->second_octets[side][s] += e->seconds[side][s].octets;
		}
	into->first_fragments += e->first_fragments;
}

static void
add_times(struct ddos_slot *into, const struct entry *e)
{
	nsec_t begin = (nsec_t)into->slot * DDOS_SLOT;

	for (unsigned side = 0; side < DDOS_SIDES; side++) {
		nsec_t first = begin + (nsec_t)e->first[side] * NSEC_PER_US;
		nsec_t last = begin + (nsec_t)e->last[side] * NSEC_PER_US;
		if (e->last[side] == 0)
			continue;
		if (into->first[side] == 0 || first < into->first[side])
			into->first[side] = first;
		if (last > into->last[side])
			into->last[side] = last;
	}
}

static void
log_entry(struct ddos_log *log, const struct entry *e, uint32_t slot)
{
	struct ddos_slot *s = ddos_log_at(log, &e->target, e->length, slot);

	if (s == NULL) {
		log->given_up += e->total;
		return;
	}
	add_counts(s, e);
	add_times(s, e);
}

/* ------------------------------------------------------------------ the tables */

/* The place of a key, or the one to make free for it. */
static inline uint32_t
find(const struct ways *ways, uint32_t hash, const struct address *key, bool *ret_found)
{
	uint32_t set = hash & (SETS - 1), tag = hash | 1, best = set * WAYS;

	for (uint32_t w = 0; w < WAYS; w++) {
		uint32_t at = set * WAYS + w;
		if (ways->tags[set][w] == tag && address_equal(&ways->entries[at].target, key)) {
			*ret_found = true;
			return at;
		}
	}
	*ret_found = false;
	for (uint32_t w = 0; w < WAYS; w++) {
		uint32_t at = set * WAYS + w;
		if (ways->tags[set][w] == 0)
			return at;
		if (ways->marks[set][w] < ways->marks[set][best % WAYS])
			best = at;
	}
	return best;
}

static void
begin_entry(struct ways *ways, uint32_t at, uint32_t hash, const struct address *target)
{
	struct entry *e = &ways->entries[at];

	memset(e, 0, sizeof *e);
	e->target = *target;
	ways->tags[at / WAYS][at % WAYS] = hash | 1;
	ways->marks[at / WAYS][at % WAYS] = 0;
	ways->used++;
}

static void
add_pair(struct pair *into, const struct pair *from)
{
	into->packets += from->packets;
	into->octets += from->octets;
}

/* The column of a service in an entry: its own, a free one, or UDP's when there is none.  A service
 * of very few packets gives way to a new one, so that strays do not take all the columns. */
static unsigned
entry_service(struct entry *e, unsigned service)
{
	unsigned least = 0;

	for (unsigned i = 0; i < DDOS_SERVICES; i++) {
		if (e->services[i] == service)
			return DDOS_REFLECTED + i;
		if (e->services[i] == DDOS_SERVICE_NONE) {
			e->services[i] = (uint8_t)service;
			return DDOS_REFLECTED + i;
		}
		if (e->counts[DDOS_REFLECTED + i].packets <
		    e->counts[DDOS_REFLECTED + least].packets)
			least = i;
	}
	if (e->counts[DDOS_REFLECTED + least].packets > 4)
		return DDOS_UDP;
	add_pair(&e->counts[DDOS_UDP], &e->counts[DDOS_REFLECTED + least]);
	e->counts[DDOS_REFLECTED + least] = (struct pair){ 0, 0 };
	e->services[least] = (uint8_t)service;
	return DDOS_REFLECTED + least;
}

static void
leave_prefixes(struct ddos_log *log, const struct entry *e, uint32_t slot)
{
	if (e->total >= log->least)
		log_entry(log, e, slot);
	else
		log->given_up += e->total;
}

/* The entry of a host's prefix. */
static struct entry *
prefix_entry(struct ddos_now *now, struct ddos_log *log, const struct address *host)
{
	uint8_t length = address_is_ipv4(host) ? 24 : 64;
	struct address key = *host;
	struct ways *ways = &now->prefixes;
	struct entry *e;
	uint32_t hash, at;
	bool found;

	if (length == 24)
		key.octets[15] = 0;
	else
		key.words[1] = 0;
	hash = ddos_hash(&key);
	at = find(ways, hash, &key, &found);
	e = &ways->entries[at];
	if (found && e->total < FULL / 2)
		return e;
	if (ways->tags[at / WAYS][at % WAYS] != 0)
		leave_prefixes(log, e, now->slot);
	begin_entry(ways, at, hash, &key);
	e->length = length;
	return e;
}

/* Adds an entry of a host to that of its prefix. */
static void
add_to_prefix(struct ddos_now *now, struct ddos_log *log, const struct entry *host)
{
	struct entry *e = prefix_entry(now, log, &host->target);

	for (unsigned c = 0; c < DDOS_CLASSES; c++)
		if (host->counts[c].packets != 0)
			add_pair(
			    &e->counts[c < DDOS_REFLECTED
					   ? c
					   : entry_service(e, host->services[c - DDOS_REFLECTED])],
			    &host->counts[c]);
	for (unsigned side = 0; side < DDOS_SIDES; side++) {
		if (host->last[side] == 0)
			continue;
		for (unsigned s = first_second(host, side); s <= last_second(host, side); s++)
			add_pair(&e->seconds[side][s], &host->seconds[side][s]);
		if (e->last[side] == 0 || host->first[side] < e->first[side])
			e->first[side] = host->first[side];
		if (host->last[side] > e->last[side])
			e->last[side] = host->last[side];
	}
	e->total += host->total;
	e->first_fragments += host->first_fragments;
}

/* An entry leaves the table of hosts. */
static void
leave(struct ddos_now *now, struct ddos_log *log, const struct entry *e)
{
	if (e->total >= log->least)
		log_entry(log, e, now->slot);
	else
		add_to_prefix(now, log, e);
}

static void
flush(struct ddos_now *now, struct ddos_log *log)
{
	const uint32_t *tags = now->hosts.tags[0];

	for (uint32_t i = 0; now->hosts.used != 0 && i < SETS * WAYS; i++)
		if (tags[i] != 0)
			leave(now, log, &now->hosts.entries[i]);
	tags = now->prefixes.tags[0];
	for (uint32_t i = 0; now->prefixes.used != 0 && i < SETS * WAYS; i++)
		if (tags[i] != 0)
			leave_prefixes(log, &now->prefixes.entries[i], now->slot);
	clear_ways(&now->hosts);
	clear_ways(&now->prefixes);
}

void
ddos_now_add(const struct ddos_now *now, struct ddos_log *log)
{
	for (unsigned t = 0; t < 2; t++) {
		const struct ways *ways = t == 0 ? &now->hosts : &now->prefixes;
		const uint32_t *tags = ways->tags[0];
		for (uint32_t i = 0; ways->used != 0 && i < SETS * WAYS; i++)
			if (tags[i] != 0)
				log_entry(log, &ways->entries[i], now->slot);
	}
}

/* ------------------------------------------------------------------ packets */

/* From how many packets of a class in a slot a destination is watched: a power of two.  What
 * ordinary destinations get much of waits longer. */
static const uint32_t WATCH_FROM[DDOS_CLASSES] = {
	[DDOS_TCP] = 512,
	[DDOS_SYN] = 16,
	[DDOS_SYN_ACK] = 16,
	[DDOS_UDP] = 64,
	[DDOS_ICMP] = 16,
	[DDOS_FRAGMENT] = 16,
	[DDOS_OTHER] = 64,
	[DDOS_REFLECTED] = 16,
	[DDOS_REFLECTED + 1] = 16,
	[DDOS_REFLECTED + 2] = 16,
};

static inline bool
is_reflecting(const struct ddos_now *now, uint16_t port)
{
	return (now->reflecting[port / 64] >> port % 64 & 1) != 0;
}

/* Small datagrams between two such ports are questions as well as answers (NTP between servers, old
 * resolvers): they are plain UDP. */
#define ANSWER_LEAST 200

static inline unsigned
class_of_udp(const struct ddos_now *now, const struct packet *p)
{
	if (!is_reflecting(now, p->source_port) ||
	    (is_reflecting(now, p->destination_port) && p->octets < ANSWER_LEAST))
		return DDOS_UDP;
	return DDOS_REFLECTED;
}

/* All fragments of a datagram are alike, but where the first shows the port of a reflecting
 * service.
 */
static unsigned
class_of_fragment(const struct ddos_now *now, const struct packet *p)
{
	if ((p->flags & PACKET_FRAGMENT_FIRST) != 0 && p->protocol == IP_PROTOCOL_UDP &&
	    (p->flags & PACKET_HAS_PORTS) != 0 && class_of_udp(now, p) == DDOS_REFLECTED)
		return DDOS_REFLECTED;
	return DDOS_FRAGMENT;
}

static inline unsigned
class_of(const struct ddos_now *now, const struct packet *p)
{
	if ((p->flags & PACKET_FRAGMENT) != 0)
		return class_of_fragment(now, p);
	switch (p->protocol) {
	case IP_PROTOCOL_TCP:
		if ((p->tcp_flags & TCP_SYN) == 0)
			return DDOS_TCP;
		return (p->tcp_flags & TCP_ACK) == 0 ? DDOS_SYN : DDOS_SYN_ACK;
	case IP_PROTOCOL_UDP: return class_of_udp(now, p);
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6: return DDOS_ICMP;
	default: return DDOS_OTHER;
	}
}

/* What a packet says of its source as a possible target: that it asked. */
static inline void
note_sender(struct ddos_senders *senders, const struct ddos_now *now, const struct packet *p,
    unsigned class)
{
	if (class == DDOS_SYN)
		ddos_sent(senders, DDOS_SENT_SYN, &p->source, 1);
	else if (p->protocol == IP_PROTOCOL_UDP && (p->flags & PACKET_HAS_PORTS) != 0 &&
		 is_reflecting(now, p->destination_port))
		ddos_sent(senders, DDOS_SENT_QUESTIONS, &p->source, 1);
}

/* Sources that are yet to be entered. */
struct entering {
	struct ddos_entering list[CHUNK];
	uint32_t count;
};

static void
watch(struct ddos_watches *watches, struct entry *e, const struct packet *p, unsigned class,
    struct entering *entering)
{
	uint32_t n = e->counts[class].packets;
	struct ddos_watch *w = NULL;

	if (e->watch != 0 && e->watch <= watches->count)
		w = &watches->list[e->watch - 1];
	if (w != NULL && !address_equal(&w->target, &e->target))
		w = NULL;
	if ((n & (n - 1)) == 0 && (n == 1 || n >= WATCH_FROM[class])) {
		w = ddos_watch_open(watches, &e->target, n);
		e->watch = w != NULL ? (uint32_t)(w - watches->list) + 1 : 0;
	}
	if (w != NULL && ddos_watch_packet(w, p, class, &entering->list[entering->count]))
		__builtin_prefetch(entering->list[entering->count++].place, 1);
}

static inline bool
is_host(const struct entry *e)
{
	return e->length == 32 || e->length == 128;
}

/* Twice as many packets as when last marked. */
static void
mark(struct ddos_now *now, const struct entry *e)
{
	struct ways *ways = is_host(e) ? &now->hosts : &now->prefixes;
	size_t at = (size_t)(e - ways->entries);

	ways->marks[at / WAYS][at % WAYS] = (uint8_t)(31 - __builtin_clz(e->total));
}

/* Adds a packet; returns its column. */
static inline unsigned
count(struct ddos_now *now, struct entry *e, const struct packet *p, unsigned class)
{
	uint64_t offset = (uint64_t)(p->time - now->begin);
	unsigned side = ddos_side(class);
	uint32_t us = (uint32_t)(offset / 1000);
	struct pair *second = &e->seconds[side][us / 1000000];
	uint32_t octets = p->octets < LARGE ? p->octets : LARGE;
	struct pair *sum;

	if (class == DDOS_REFLECTED) {
		e->first_fragments += (p->flags & PACKET_FRAGMENT_FIRST) != 0;
		class = entry_service(e, ddos_service_of(p->source_port));
	}
	sum = &e->counts[class];
	if (e->last[side] == 0 || us < e->first[side])
		e->first[side] = us;
	if (us >= e->last[side])
		e->last[side] = us + (us == 0);
	e->total++;
	if ((e->total & (e->total - 1)) == 0)
		mark(now, e);
	sum->packets++;
	sum->octets += octets;
	second->packets++;
	second->octets += octets;
	return class;
}

/* The second of the slot that a packet lies in, 0 when it lies in none: for a hint. */
static inline uint32_t
second_of(const struct ddos_now *now, const struct packet *p)
{
	uint64_t second = (uint64_t)(p->time - now->begin) / NSEC_PER_SEC;

	return second < DDOS_SECONDS ? (uint32_t)second : 0;
}

struct step {
	const struct packet *packet;
	uint32_t hash;
	uint8_t class;
};

/* Finds what of a chunk counts. */
static size_t
prepare(struct ddos_now *now, struct ddos_senders *senders, const struct packet *const *packets,
    size_t n, struct step *steps)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct packet *p = packets[i];
		struct step *s = &steps[kept];
		if (p->kind != PACKET_IP || !ddos_is_host(&p->destination) || p->time < 0)
			continue;
		s->packet = p;
		s->class = (uint8_t)class_of(now, p);
		s->hash = ddos_hash(&p->destination);
		note_sender(senders, now, p, s->class);
		kept++;
	}
	return kept;
}

/* Asks for the lines of its entry that a packet will touch. */
static inline void
fetch(const struct ddos_now *now, const struct step *s)
{
	uint32_t set = s->hash & (SETS - 1);
	uint32_t second = second_of(now, s->packet);

	for (uint32_t w = 0; w < WAYS; w++)
		if (now->hosts.tags[set][w] == (s->hash | 1)) {
			const struct entry *e = &now->hosts.entries[set * WAYS + w];
			__builtin_prefetch(e, 1);
			__builtin_prefetch(&e->seconds[ddos_side(s->class)][second], 1);
		}
}

static void
turn(struct ddos_now *now, struct ddos_log *log, nsec_t time)
{
	flush(now, log);
	now->slot = (uint32_t)floor_div(time, DDOS_SLOT);
	now->begin = (nsec_t)now->slot * DDOS_SLOT;
	now->late = 0;
}

/* A packet from before the slot goes to the log by itself. */
static void
count_late(struct ddos_log *log, const struct step *s)
{
	const struct packet *p = s->packet;
	uint32_t slot = (uint32_t)floor_div(p->time, DDOS_SLOT);
	nsec_t begin = (nsec_t)slot * DDOS_SLOT;
	struct entry e = { .target = p->destination, .total = 1 };
	unsigned class = s->class, side = ddos_side(s->class);
	uint32_t us = (uint32_t)((p->time - begin) / 1000);

	if (class == DDOS_REFLECTED)
		class = entry_service(&e, ddos_service_of(p->source_port));
	e.counts[class] = (struct pair){ 1, p->octets };
	e.seconds[side][us / 1000000] = (struct pair){ 1, p->octets };
	e.first[side] = us;
	e.last[side] = us + (us == 0);
	e.length = address_is_ipv4(&e.target) ? 32 : 128;
	log_entry(log, &e, slot);
}

/* The entry that counts a packet: of its destination, or, under pressure, of the prefix. */
static struct entry *
entry_of(struct ddos_now *now, const struct ddos_notes *notes, const struct step *s)
{
	const struct address *key = &s->packet->destination;
	bool found;
	uint32_t at = find(&now->hosts, s->hash, key, &found);
	struct entry *e = &now->hosts.entries[at];

	if (found && e->total < FULL)
		return e;
	if (now->hosts.tags[at / WAYS][at % WAYS] != 0) {
		if (!found && notes->log->least > 1 && ++now->turned_away % ADMITTED != 0)
			return prefix_entry(now, notes->log, key);
		leave(now, notes->log, e);
	}
	begin_entry(&now->hosts, at, s->hash, key);
	e->watch = ddos_watch_guess(notes->watches, s->hash);
	e->length = address_is_ipv4(key) ? 32 : 128;
	return e;
}

static void
observe_step(struct ddos_now *now, const struct ddos_notes *notes, const struct step *s,
    struct entering *entering)
{
	nsec_t offset = s->packet->time - now->begin;
	struct entry *e;
	unsigned class;

	if (offset < 0 && now->late < LATE && now->hosts.used != 0) {
		now->late++;
		count_late(notes->log, s);
		return;
	}
	if (offset < 0 || offset >= DDOS_SLOT)
		turn(now, notes->log, s->packet->time);
	now->late = 0;
	e = entry_of(now, notes, s);
	class = count(now, e, s->packet, s->class);
	if (is_host(e) && (e->watch != 0 || e->counts[class].packets == 1 ||
			      e->counts[class].packets >= WATCH_FROM[class]))
		watch(notes->watches, e, s->packet, class, entering);
}

void
ddos_now_observe(struct ddos_now *now, const struct ddos_notes *notes,
    const struct packet *const *packets, size_t n)
{
	struct entering entering;
	struct step steps[CHUNK];

	for (size_t from = 0; from < n; from += CHUNK) {
		size_t kept = prepare(now, notes->senders, packets + from,
		    n - from < CHUNK ? n - from : CHUNK, steps);
		entering.count = 0;
		for (size_t i = 0; i < kept + AHEAD; i++) {
			if (i < kept)
				fetch(now, &steps[i]);
			if (i >= AHEAD)
				observe_step(now, notes, &steps[i - AHEAD], &entering);
		}
		for (uint32_t i = 0; i < entering.count; i++)
			ddos_enter(&entering.list[i]);
		now->counted |= kept != 0;
	}
}
