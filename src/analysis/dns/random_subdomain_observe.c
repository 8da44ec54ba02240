/* SPDX-License-Identifier: ISC */
/* How dns/random-subdomain counts transactions; see random_subdomain.c. */
#include <string.h>

#include "analysis/dns/random_subdomain_state.h"
#include "base/bytes.h"
#include "net/dns.h"

#define BITMAP_EVERY 16 /* transactions of a zone that exist between looks at its bitmap */
#define BITMAP_MANY  12 /* of its 64 bits that are set after 16 names: as many are distinct */
#define WILD_WEIGHT  8

#define LABEL_SAMPLE 4 /* one name of so many, by its hash */

/* A message, made ready. */
struct ready {
	const struct dns_message *message;
	struct zone_key key;
	uint32_t hash;
	uint8_t outcome, side;
	bool scatter;
};

/* ------------------------------------------------------------------ which zone */

static const uint8_t REVERSE4[] = "\7in-addr\4arpa";
static const uint8_t REVERSE6[] = "\3ip6\4arpa";

bool
random_subdomain_is_reverse(const uint8_t *name, size_t size)
{
	return dns_name_below(name, size, REVERSE4, sizeof REVERSE4) ||
	       dns_name_below(name, size, REVERSE6, sizeof REVERSE6);
}

/* Most names are not even of the TLD. */
static inline bool
is_reverse_name(const struct dns_message *m)
{
	return m->name_size - m->tld_offset == 6 &&
	       memcmp(m->name + m->tld_offset, "\4arpa", 6) == 0 &&
	       random_subdomain_is_reverse(m->name, m->name_size);
}

#define NO_CUT 0xffffU

/* Where in the message's name its zone begins, by the SOA record; NO_CUT when there is none or it
 * is of another name (a CNAME's target). */
static unsigned
cut_of(const struct dns_message *m)
{
	uint8_t zone[DNS_NAME_MAX];
	size_t size;

	if (m->soa_at == 0 || m->soa_at + 2U > m->size)
		return NO_CUT;
	/* Nearly always a pointer into the question, which begins at octet 12 and is not
	 * compressed. */
	if ((m->data[m->soa_at] & 0xc0) == 0xc0) {
		unsigned target = be16(m->data + m->soa_at) & 0x3fff;
		if (target >= 12 && target - 12 < m->name_size) {
			unsigned at = 0;
			while (at < target - 12 && m->name[at] != 0)
				at += m->name[at] + 1U;
			if (at == target - 12)
				return at;
		}
	}
	size = dns_name_expand(m->data, m->size, m->soa_at, zone, NULL);
	if (size == 0 || !dns_name_below(m->name, m->name_size, zone, size))
		return NO_CUT;
	return (unsigned)(m->name_size - size);
}

/* The zone of an answer; false when it is one of those left out. */
static bool
key_of(const struct dns_message *m, struct zone_key *ret_key)
{
	unsigned cut = cut_of(m);

	if (m->site_offset >= m->name_size || is_reverse_name(m))
		return false;
	if (cut == NO_CUT)
		cut = m->site_offset;
	if (cut > m->site_offset)
		return false;
	*ret_key = (struct zone_key){ .site_hash = m->site_hash,
		.name = m->name + cut,
		.name_size = (uint8_t)(m->name_size - cut) };
	ret_key->hash =
	    cut == m->site_offset ? m->site_hash : dns_hash(ret_key->name, ret_key->name_size);
	return true;
}

/* ------------------------------------------------------------------ which messages */

static unsigned
side_of(uint8_t view, bool recursed)
{
	if (view == DNS_VIEW_CLIENT)
		return ZONE_ASKED;
	if (view == DNS_VIEW_WIRE)
		return recursed ? ZONE_ASKED : ZONE_UPSTREAM;
	return ZONE_UPSTREAM;
}

static bool
is_ordinary_question(const struct dns_message *m)
{
	return (m->flags & DNS_QUESTION) != 0 && m->opcode == DNS_OPCODE_QUERY &&
	       m->class == DNS_CLASS_IN && m->name_size > 0;
}

static bool
is_dark(const struct random_subdomain *s, const struct address *a)
{
	return s->site->dark != NULL && prefix_set_find(s->site->dark, a) >= 0;
}

static bool
outcome_of(const struct dns_message *m, uint8_t *ret_outcome)
{
	*ret_outcome = m->rcode == DNS_RCODE_NXDOMAIN   ? ZONE_NXDOMAIN
		       : m->rcode == DNS_RCODE_SERVFAIL ? ZONE_SERVFAIL
							: ZONE_OTHER;
	/* Cut short: the answer comes over TCP, or the server limits its rate. */
	return *ret_outcome != ZONE_OTHER || (m->bits & DNS_TC) == 0 || m->counts[1] != 0;
}

/* Whether an answer is one of those that come from questions we never asked. */
static bool
is_scatter(const struct random_subdomain *s, const struct dns_message *m, uint8_t outcome)
{
	if (m->match != DNS_UNSOLICITED || m->view != DNS_VIEW_WIRE || outcome == ZONE_OTHER)
		return false;
	return (m->flags & DNS_CLIENT_OWN) != 0 || is_dark(s, &m->client);
}

static void
note_own_server(struct random_subdomain *s, const struct dns_message *m)
{
	uint64_t bit = random_subdomain_server_bit(&m->server);

	s->own_servers[bit / 64] |= UINT64_C(1) << (bit % 64);
	s->own_servers_used = true;
}

/* Makes an answer ready; false when it does not count. */
static bool
prepare(struct random_subdomain *s, const struct dns_message *m, struct ready *r)
{
	if ((m->flags & DNS_RESPONSE) == 0 || !is_ordinary_question(m) ||
	    m->view >= DNS_VIEW_STUB || !outcome_of(m, &r->outcome))
		return false;
	if (m->match != DNS_MATCHED && m->match != DNS_UNSOLICITED && m->match != DNS_MATCH_NONE)
		return false;
	if ((m->flags & (DNS_SERVER_OWN | DNS_CLIENT_OWN)) == DNS_SERVER_OWN &&
	    (m->bits & (DNS_RA | DNS_AA)) == DNS_RA)
		note_own_server(s, m);
	r->message = m;
	r->side = (uint8_t)side_of(m->view, (m->bits & DNS_RD) != 0);
	r->scatter = is_scatter(s, m, r->outcome);
	if (r->scatter)
		s->totals[TOTAL_SCATTER]++;
	else
		s->totals[r->side == ZONE_ASKED ? TOTAL_ASKED : TOTAL_UPSTREAM]++;
	if (m->match == DNS_MATCHED && (m->flags & DNS_CLIENT_OWN) != 0)
		s->totals[TOTAL_MATCHED]++;
	if (!key_of(m, &r->key)) {
		s->totals[TOTAL_EXCLUDED] += r->outcome != ZONE_OTHER;
		return false;
	}
	if (m->soa_at == 0 && zone_watch_has_inner(&s->watch, m->site_hash)) {
		const struct watched_zone *inner =
		    zone_watch_inner(&s->watch, m->site_hash, m->name, m->name_size);
		if (inner != NULL)
			r->key = (struct zone_key){ inner->hash, inner->site_hash, inner->name,
				inner->name_size };
	}
	r->hash = zone_watch_hash(&s->watch, r->key.hash);
	mg_prefetch_slot(&s->watch.mg, r->hash);
	return true;
}

/* ------------------------------------------------------------------ counting */

static enum zone_type
type_of(uint16_t type)
{
	switch (type) {
	case DNS_TYPE_A: return ZONE_A;
	case DNS_TYPE_AAAA: return ZONE_AAAA;
	case DNS_TYPE_TXT: return ZONE_TXT;
	case DNS_TYPE_NULL: return ZONE_NULL;
	case DNS_TYPE_CNAME: return ZONE_CNAME;
	case DNS_TYPE_MX: return ZONE_MX;
	case DNS_TYPE_ANY: return ZONE_ANY;
	default: return ZONE_TYPE_OTHER;
	}
}

static void
count_client(const struct random_subdomain *s, struct watched_zone *zone, const struct event *e)
{
	struct zone_top top = { .address = e->client, .count = 1, .side = e->side };
	const char *role = (e->flags & DNS_CLIENT_OWN) != 0 ? site_role(s->site, &e->client) : NULL;

	top.class = (e->flags & DNS_CLIENT_OWN) == 0 ? CLIENT_EXTERNAL
		    : role != NULL                   ? CLIENT_SERVER
						     : CLIENT_CUSTOMER;
	top.resolver =
	    e->view == DNS_VIEW_RESOLVER || e->view == DNS_VIEW_FORWARDER ||
	    (role != NULL && (strcmp(role, "resolver") == 0 || strcmp(role, "forwarder") == 0));
	zone->classes[top.class]++;
	zone_top_add(zone, &top);
	hll_add(zone->clients[e->side], CLIENTS_PRECISION, hash_mix_words(e->client.words, 2));
}

static void
widen(nsec_t *first, nsec_t *last, nsec_t time)
{
	if (*first == 0 || time < *first)
		*first = time;
	if (time > *last)
		*last = time;
}

static void
count_in_slot(struct zone_slot *slot, const struct event *e)
{
	unsigned second = (unsigned)((e->time - slot->number * SLOT_LENGTH) / NSEC_PER_SEC);

	slot->counts[e->side][e->outcome]++;
	widen(&slot->all_first, &slot->all_last, e->time);
	hll_add(slot->names, SLOT_PRECISION, e->name_hash);
	if (e->side == ZONE_ASKED)
		slot->all_seconds[second]++;
	if (e->outcome != ZONE_OTHER) {
		slot->seconds[e->side][second]++;
		widen(&slot->first[e->side], &slot->last[e->side], e->time);
	}
}

/* Names are sampled by their hash: which ones does not depend on the order. */
static void
sample_name(struct zone_slot *slot, const struct dns_message *m)
{
	if (m->name_hash % LABEL_SAMPLE != 0)
		return;
	slot->sampled++;
	slot->reversed += label_is_reversed_address(m->name, m->name_size);
	label_sums_add(&slot->labels, m->name, m->name_size);
}

static struct zone_slot *
count_event(struct random_subdomain *s, struct watched_zone *zone, const struct event *e)
{
	struct zone_slot *slot = zone_watch_slot(&s->watch, zone, e->time);

	zone->counts[e->side][e->outcome]++;
	zone->retransmissions += e->retransmissions;
	if (slot != NULL)
		count_in_slot(slot, e);
	if (e->outcome != ZONE_OTHER)
		hll_add(zone->names, NAMES_PRECISION, e->name_hash);
	if (e->outcome != ZONE_OTHER || (zone->wild && e->random)) {
		count_client(s, zone, e);
		zone->types[type_of(e->type)]++;
	}
	return slot;
}

/* Counts what is remembered of a zone that is watched from now on. */
static void
replay(struct random_subdomain *s, struct watched_zone *zone, const struct ring *ring)
{
	uint32_t count = ring->count < RING_SIZE ? ring->count : RING_SIZE;

	for (uint32_t i = ring->count - count; i != ring->count; i++) {
		struct event e = ring->events[i % RING_SIZE];
		/* Most names of a zone that is watched for its new names are such. */
		e.random = true;
		if (e.zone == zone->hash)
			(void)count_event(s, zone, &e);
	}
}

static void
remember(struct random_subdomain *s, const struct event *e)
{
	struct ring *ring = &s->rings[e->outcome != ZONE_OTHER];

	ring->events[ring->count++ % RING_SIZE] = *e;
}

/* Decides whether a zone is watched from this failure on. */
static struct watched_zone *
watch_failing(struct random_subdomain *s, struct mg_entry *entry, const struct zone_key *key)
{
	uint64_t failures = entry->counters[0];
	struct watched_zone *zone;

	/* At 8, 16, 32, …: what was refused is not tried again each time. */
	if (failures < WATCH_LEAST || (failures & (failures - 1)) != 0 ||
	    failures * 4 < entry->counters[1])
		return NULL;
	zone = zone_watch_begin(&s->watch, entry, key, (uint32_t)failures);
	if (zone != NULL) {
		replay(s, zone, &s->rings[0]);
		replay(s, zone, &s->rings[1]);
	}
	return zone;
}

/* The same of a zone whose names exist: most of the last 16 were new. */
static struct watched_zone *
watch_wild(struct random_subdomain *s, struct mg_entry *entry, const struct zone_key *key,
    const struct event *e)
{
	uint64_t *bits = &entry->key[2];
	struct watched_zone *zone = NULL;

	*bits |= UINT64_C(1) << (e->name_hash >> 58);
	if (entry->counters[1] % BITMAP_EVERY != 0)
		return NULL;
	if (__builtin_popcountll(*bits) >= BITMAP_MANY) {
		zone = zone_watch_begin(&s->watch, entry, key, WILD_WEIGHT);
		if (zone != NULL) {
			zone->wild = true;
			replay(s, zone, &s->rings[0]);
			replay(s, zone, &s->rings[1]);
		}
	}
	*bits = 0;
	return zone;
}

/* The watched zone that an event counts for, if any. */
static struct watched_zone *
zone_for(
    struct random_subdomain *s, const struct zone_key *key, uint32_t hash, const struct event *e)
{
	bool fails = e->outcome != ZONE_OTHER;
	const uint64_t weights[MG_METRICS] = { fails, 1, 0 };
	uint64_t words[2] = { key->hash, 0 };
	struct watched_zone *zone;
	uint32_t at;
	struct mg_entry *entry = mg_find(&s->watch.mg, words, 2, hash, &at);

	if (entry != NULL)
		mg_increase(entry, weights);
	else
		entry = mg_insert(&s->watch.mg, words, 2, hash, at, weights);
	if (entry->handle != 0) {
		zone_watch_weigh(&s->watch, entry, fails);
		return zone_watch_zone(&s->watch, entry);
	}
	zone = fails ? watch_failing(s, entry, key) : watch_wild(s, entry, key, e);
	if (zone == NULL)
		remember(s, e);
	return zone;
}

static void
count_scatter(struct random_subdomain *s, const struct ready *r, bool quoted)
{
	const struct dns_message *m = r->message;
	const uint64_t weights[MG_METRICS] = { 1, 1, 0 };
	struct mg_entry *entry = zone_watch_count(&s->watch, &r->key, weights);
	struct watched_zone *zone = zone_watch_zone(&s->watch, entry);
	struct zone_scatter *c;

	/* Few such answers reach one shard: a place is taken with the first. */
	if (zone != NULL)
		zone_watch_weigh(&s->watch, entry, 1);
	else if ((entry->counters[0] & (entry->counters[0] - 1)) == 0)
		zone = zone_watch_begin(&s->watch, entry, &r->key, (uint32_t)entry->counters[0]);
	if (zone == NULL)
		return;
	c = &zone->scatter;
	c->quoted += quoted;
	c->nxdomain += !quoted && r->outcome == ZONE_NXDOMAIN;
	c->servfail += !quoted && r->outcome == ZONE_SERVFAIL;
	c->dark += is_dark(s, &m->client);
	widen(&c->first, &c->last, m->time);
	hll_add(c->names, SCATTER_PRECISION, m->name_hash);
	hll_add(c->servers, SCATTER_PRECISION, hash_mix_words(m->server.words, 2));
	hll_add(c->targets, SCATTER_PRECISION, hash_mix_words(m->client.words, 2));
	dns_samples_add(&zone->samples, m);
}

static void
count_answer(struct random_subdomain *s, const struct ready *r)
{
	const struct dns_message *m = r->message;
	struct event e = { .time = m->latency > 0 ? m->time - m->latency : m->time,
		.client = m->client,
		.zone = r->key.hash,
		.name_hash = m->name_hash,
		.flags = m->flags,
		.type = m->type,
		.view = m->view,
		.side = r->side,
		.outcome = r->outcome,
		.retransmissions = m->match == DNS_MATCHED ? m->retransmissions : 0 };
	struct watched_zone *zone = zone_for(s, &r->key, r->hash, &e);
	struct zone_slot *slot;

	if (zone == NULL)
		return;
	if (zone->name_size == 0)
		zone_watch_name(&s->watch, zone, r->key.name, r->key.name_size);
	e.random = zone->wild && label_is_random(m->name, m->name_size);
	slot = count_event(s, zone, &e);
	if (slot != NULL)
		sample_name(slot, m);
	if (e.outcome != ZONE_OTHER || zone->wild)
		dns_samples_add(&zone->samples, m);
}

static void
count_pending(struct random_subdomain *s, const struct dns_pending *p)
{
	struct zone_key key = { .hash = p->site_hash, .site_hash = p->site_hash };
	const struct watched_zone *inner;
	struct watched_zone *zone;
	struct event e = { .time = p->time,
		.client = p->client,
		.name_hash = p->name_hash,
		.flags = p->flags,
		.type = p->type,
		.view = p->view,
		.side = (uint8_t)side_of(p->view, (p->flags & DNS_RECURSED) != 0),
		.outcome = ZONE_UNANSWERED,
		.retransmissions = p->retransmissions };

	if (p->view >= DNS_VIEW_STUB)
		return;
	s->totals[e.side == ZONE_ASKED ? TOTAL_ASKED : TOTAL_UPSTREAM]++;
	inner = zone_watch_inner(&s->watch, p->site_hash, NULL, 0);
	if (inner != NULL)
		key = (struct zone_key){ inner->hash, inner->site_hash, inner->name,
			inner->name_size };
	e.zone = key.hash;
	zone = zone_for(s, &key, zone_watch_hash(&s->watch, key.hash), &e);
	if (zone == NULL)
		return;
	s->silent++;
	(void)count_event(s, zone, &e);
}

/* A question, once zones are silent: tells their names and how they look. */
static void
look_at_question(struct random_subdomain *s, const struct dns_message *m)
{
	struct watched_zone *zone =
	    zone_watch_inner(&s->watch, m->site_hash, m->name, m->name_size);
	const uint64_t *side;
	struct zone_slot *slot;

	if (zone == NULL) {
		const struct mg_entry *entry = zone_watch_entry(&s->watch, m->site_hash);
		zone = entry != NULL ? zone_watch_zone(&s->watch, entry) : NULL;
	}
	if (zone == NULL)
		return;
	zone_watch_name(
	    &s->watch, zone, m->name + m->site_offset, (size_t)m->name_size - m->site_offset);
	side = zone->counts[side_of(m->view, (m->bits & DNS_RD) != 0)];
	if (side[ZONE_UNANSWERED] <= side[ZONE_OTHER] + side[ZONE_NXDOMAIN] + side[ZONE_SERVFAIL])
		return;
	slot = zone_watch_slot(&s->watch, zone, m->time);
	if (slot != NULL)
		sample_name(slot, m);
	dns_samples_add(&zone->samples, m);
}

/* A message that an ICMP error quotes: the question of a forged sender, sent to somebody who does
 * not serve DNS. */
static void
observe_quoted(struct random_subdomain *s, const struct dns_message *m)
{
	struct ready r = { .message = m, .scatter = true };

	if ((m->flags & DNS_RESPONSE) != 0 || !is_ordinary_question(m) ||
	    !(is_dark(s, &m->client) ||
		(m->match == DNS_UNSOLICITED && (m->flags & DNS_CLIENT_OWN) != 0)))
		return;
	s->totals[TOTAL_SCATTER]++;
	if (key_of(m, &r.key))
		count_scatter(s, &r, true);
}

static void
observe_messages(struct random_subdomain *s, const struct batch *batch)
{
	struct ready ready[BATCH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const struct dns_message *m = batch->dns[i];
		if (prepare(s, m, &ready[count]))
			count++;
		else if (s->silent > 0 && (m->flags & DNS_RESPONSE) == 0 &&
			 is_ordinary_question(m) && m->site_offset < m->name_size)
			look_at_question(s, m);
	}
	for (size_t i = 0; i < count; i++) {
		if (ready[i].scatter)
			count_scatter(s, &ready[i], false);
		else
			count_answer(s, &ready[i]);
	}
}

void
random_subdomain_observe(void *state, const struct batch *batch)
{
	if (batch->type == OBS_DNS)
		observe_messages(state, batch);
	for (size_t i = 0; i < batch->count && batch->type == OBS_DNS_QUOTED; i++)
		observe_quoted(state, batch->dns[i]);
	for (size_t i = 0; i < batch->count && batch->type == OBS_DNS_PENDING; i++)
		count_pending(state, &batch->pending[i]);
}
