/* SPDX-License-Identifier: ISC */
/*
 * Random-subdomain ("water torture") attacks on zones.
 *
 * Somebody has many clients ask for ever-new names of a zone.  No cache knows them, so every one
 * reaches the zone's servers, which drown.  What gives it away is a zone most of whose transactions
 * fail with names that never come again, in ten seconds; so transactions are counted by zone and
 * ten seconds.
 *
 * The zone of an answer with a SOA record in its authority section is that record's owner (RFC
 * 2308, section 3): the exact cut.  Other answers, and questions without answer, belong to the
 * nearest zone that is already watched, else to the registrable domain.  The root, public suffixes
 * (names that nobody registered: dns/name-collision) and the reverse zones are left out.
 *
 * Transactions are counted by their answers, and by the questions that got none.  Questions matter
 * only where answers are missing: they tell the name.
 *
 * Answers to addresses of ours that never asked are the same attack seen from outside: its senders
 * are forged.
 *
 * The section (random_subdomain_section.c) applies the thresholds.
 */
#include "analysis/dns/random_subdomain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "net/dns.h"

#define BITMAP_EVERY                                                                            \
	32             /* transactions between looks at the bitmap of a zone that does not fail \
			*/
#define BITMAP_MANY 20 /* of its 64 bits that are set after 32 names: 24 or more are distinct */
#define WILD_WEIGHT 8

#define OWN_SERVER_BITS 65536
#define RING_SIZE       256
#define LABEL_SAMPLE    4 /* one name of so many, by its hash */

/* Less than this of new failing names a second is no baseline worth a row. */
#define BASELINE_LEAST 1.0

/* One transaction. */
struct event {
	nsec_t time; /* of the question */
	struct address client;
	uint64_t zone, name_hash; /* hashes */
	uint16_t flags, type;
	uint8_t view, side, outcome, retransmissions;
	bool random; /* the first label looks made up; not asked of failures */
};

/* The latest transactions of zones that are not watched: when one is, it begins with these. */
struct ring {
	uint32_t count; /* ever put in */
	struct event events[RING_SIZE];
};

struct random_subdomain {
	struct zone_watch watch;
	struct ring *rings; /* owned; two: transactions that did not fail, and those that did */
	const struct site *site;
	const struct suffix_list *suffixes;
	uint64_t least_queries;
	uint64_t totals[TOTAL_COLUMNS];
	uint64_t silent; /* watched zones' questions without answer: then questions are looked at */
	uint64_t *own_servers; /* owned; a set of hashes of own addresses that answer strangers */
	bool own_servers_used;
};

/* A message, made ready. */
struct ready {
	const struct dns_message *message;
	struct zone_key key;
	uint32_t hash;
	uint8_t outcome, side;
	bool scatter;
};

const char *const zone_type_names[ZONE_TYPES] = { "A", "AAAA", "TXT", "NULL", "CNAME", "MX", "ANY",
	"other" };
const char *const zone_client_names[CLIENT_CLASSES + 1] = { "own customer", "own server",
	"external", "own forwarder" };

/* ------------------------------------------------------------------ life */

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct random_subdomain *s = state;

	(void)info;
	zone_watch_init(&s->watch, &context->secret);
	s->site = context->site;
	s->suffixes = context->suffixes;
	s->least_queries = settings_u64(context->settings, "least_queries");
	s->rings = xcalloc(2, sizeof *s->rings);
	s->own_servers = xcalloc(OWN_SERVER_BITS / 64, sizeof *s->own_servers);
	return ERR_OK;
}

static void
release(void *state)
{
	struct random_subdomain *s = state;

	zone_watch_release(&s->watch);
	free(s->rings);
	free(s->own_servers);
}

static void
clear(void *state)
{
	struct random_subdomain *s = state;

	zone_watch_clear(&s->watch);
	memset(s->totals, 0, sizeof s->totals);
	s->silent = 0;
	s->rings[0].count = s->rings[1].count = 0;
	if (s->own_servers_used)
		memset(s->own_servers, 0, OWN_SERVER_BITS / 8);
	s->own_servers_used = false;
}

/* ------------------------------------------------------------------ which zone */

static const uint8_t REVERSE4[] = "\7in-addr\4arpa";
static const uint8_t REVERSE6[] = "\3ip6\4arpa";

static bool
is_reverse(const uint8_t *name, size_t size)
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
	       is_reverse(m->name, m->name_size);
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
	uint64_t bit = hash_mix_words(m->server.words, 2) % OWN_SERVER_BITS;

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

static void
observe(void *state, const struct batch *batch)
{
	if (batch->type == OBS_DNS)
		observe_messages(state, batch);
	for (size_t i = 0; i < batch->count && batch->type == OBS_DNS_QUOTED; i++)
		observe_quoted(state, batch->dns[i]);
	for (size_t i = 0; i < batch->count && batch->type == OBS_DNS_PENDING; i++)
		count_pending(state, &batch->pending[i]);
}

static void
merge(void *into, const void *from)
{
	struct random_subdomain *s = into;
	const struct random_subdomain *f = from;

	zone_watch_merge(&s->watch, &f->watch);
	for (unsigned i = 0; i < TOTAL_COLUMNS; i++)
		s->totals[i] += f->totals[i];
	s->silent += f->silent;
	for (size_t i = 0; i < OWN_SERVER_BITS / 64 && f->own_servers_used; i++)
		s->own_servers[i] |= f->own_servers[i];
	s->own_servers_used |= f->own_servers_used;
}

/* ------------------------------------------------------------------ rows */

static double
slot_distinct(const struct zone_slot *slot)
{
	return hll_estimate(slot->names, SLOT_PRECISION);
}

/* Whether a slot could be part of an attack: looser than the thresholds, which sum over inputs. */
static bool
is_suspicious(const struct random_subdomain *s, const struct zone_slot *slot)
{
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		uint64_t total = zone_total(slot, side);
		if (2 * total < s->least_queries)
			continue;
		if (4 * zone_failures(slot, side) >= total ||
		    5 * slot_distinct(slot) >= 4 * (double)total)
			return true;
	}
	return false;
}

static bool
has_suspicious(const struct random_subdomain *s, const struct watched_zone *zone)
{
	const struct zone_slot *slot = zone_watch_slot_at(&s->watch, zone->slots);

	while (slot != NULL && !is_suspicious(s, slot))
		slot = zone_watch_slot_at(&s->watch, slot->next);
	return slot != NULL;
}

/* A zone that has rows, and what for. */
struct chosen {
	const struct watched_zone *zone;
	uint64_t weight;
	bool suspicious, scattered;
};

static int
compare_weights(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if (x->zone->name_size != y->zone->name_size)
		return x->zone->name_size < y->zone->name_size ? -1 : 1;
	return memcmp(x->zone->name, y->zone->name, x->zone->name_size);
}

static bool
choose(struct random_subdomain *s, const struct watched_zone *zone, double seconds,
    struct chosen *ret_chosen)
{
	const struct zone_scatter *c = &zone->scatter;
	struct chosen one = { .zone = zone };

	for (unsigned side = 0; side < ZONE_SIDES; side++)
		for (unsigned i = ZONE_NXDOMAIN; i < ZONE_OUTCOMES; i++)
			one.weight += zone->counts[side][i];
	one.weight += c->nxdomain + c->servfail + c->quoted;
	one.suspicious = has_suspicious(s, zone);
	one.scattered = c->first != 0;
	if (!one.suspicious && !one.scattered &&
	    hll_estimate(zone->names, NAMES_PRECISION) < BASELINE_LEAST * seconds)
		return false;
	if (zone->name_size == 0) {
		s->totals[TOTAL_NAMELESS]++;
		return false;
	}
	*ret_chosen = one;
	return !is_reverse(zone->name, zone->name_size) &&
	       !suffix_is_public(s->suffixes, zone->name, zone->name_size);
}

static uint32_t
greatest(const uint32_t *seconds)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < SLOT_SECONDS; i++)
		if (seconds[i] > most)
			most = seconds[i];
	return most;
}

static void
yield_slot(struct rows *rows, const char *zone, const struct zone_slot *slot)
{
	rows_text(rows, SLOT_ZONE, zone);
	rows_time(rows, SLOT_BEGIN, slot->number * SLOT_LENGTH);
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		rows_time(rows, SLOT_FIRST + side, slot->first[side]);
		rows_time(rows, SLOT_LAST + side, slot->last[side]);
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			rows_u64(
			    rows, SLOT_COUNTS + side * ZONE_OUTCOMES + i, slot->counts[side][i]);
		rows_u64(rows, SLOT_PEAK + side, greatest(slot->seconds[side]));
	}
	rows_time(rows, SLOT_FIRST + ZONE_SIDES, slot->all_first);
	rows_time(rows, SLOT_LAST + ZONE_SIDES, slot->all_last);
	rows_u64(rows, SLOT_PEAK + ZONE_SIDES, greatest(slot->all_seconds));
	rows_u64(rows, SLOT_DISTINCT, (uint64_t)llround(slot_distinct(slot)));
	rows_u64(rows, SLOT_LABELS, slot->labels.count);
	rows_u64(rows, SLOT_LABEL_OCTETS, slot->labels.octets);
	rows_u64(rows, SLOT_LABEL_SQUARES, slot->labels.squares);
	rows_u64(rows, SLOT_LABEL_ENTROPY, slot->labels.entropy);
	for (unsigned i = 0; i < LABEL_CLASSES; i++)
		rows_u64(rows, SLOT_LABEL_CLASSES + i, slot->labels.classes[i]);
	rows_u64(rows, SLOT_REVERSED, slot->reversed);
	rows_u64(rows, SLOT_SAMPLED, slot->sampled);
	rows_next(rows);
}

static void
yield_sketch(struct rows *rows, size_t column, const uint8_t *registers, unsigned precision)
{
	uint8_t stored[HLL_ENCODED_SIZE(NAMES_PRECISION)];

	rows_blob(rows, column, stored, hll_encode(registers, precision, stored));
}

static void
yield_zone(const struct random_subdomain *s, struct rows *rows, const char *text,
    const struct watched_zone *zone, uint64_t seconds)
{
	rows_text(rows, ZONE_ZONE, text);
	rows_u64(rows, ZONE_SECONDS, seconds);
	for (unsigned side = 0; side < ZONE_SIDES; side++) {
		for (unsigned i = 0; i < ZONE_OUTCOMES; i++)
			rows_u64(
			    rows, ZONE_COUNTS + side * ZONE_OUTCOMES + i, zone->counts[side][i]);
		yield_sketch(rows, ZONE_CLIENTS + side, zone->clients[side], CLIENTS_PRECISION);
	}
	rows_u64(rows, ZONE_RETRANSMISSIONS, zone->retransmissions);
	for (unsigned i = 0; i < ZONE_TYPES; i++)
		rows_u64(rows, ZONE_TYPE_COUNTS + i, zone->types[i]);
	for (unsigned i = 0; i < CLIENT_CLASSES; i++)
		rows_u64(rows, ZONE_CLASS_COUNTS + i, zone->classes[i]);
	yield_sketch(rows, ZONE_NAMES, zone->names, NAMES_PRECISION);
	dns_samples_put(&zone->samples, rows, ZONE_SAMPLES);
	rows_u64(rows, ZONE_OWN, site_in_zone(s->site, zone->name, zone->name_size));
	rows_next(rows);
}

static int
compare_clients(const void *a, const void *b)
{
	const struct zone_top *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->side != y->side)
		return x->side - y->side;
	return address_compare(&x->address, &y->address);
}

static bool
is_own_server(const struct random_subdomain *s, const struct address *a)
{
	uint64_t bit = hash_mix_words(a->words, 2) % OWN_SERVER_BITS;

	return (s->own_servers[bit / 64] >> (bit % 64) & 1) != 0;
}

static void
yield_clients(const struct random_subdomain *s, struct rows *rows, const char *text,
    const struct watched_zone *zone)
{
	struct zone_top sorted[WATCH_CLIENTS];

	memcpy(sorted, zone->top, zone->top_count * sizeof *sorted);
	qsort(sorted, zone->top_count, sizeof *sorted, compare_clients);
	for (uint32_t i = 0; i < zone->top_count; i++) {
		const struct zone_top *t = &sorted[i];
		bool forwarder = t->class == CLIENT_CUSTOMER && is_own_server(s, &t->address);
		rows_text(rows, CLIENT_ZONE, text);
		rows_address(rows, CLIENT_ADDRESS, &t->address);
		rows_text(rows, CLIENT_SIDE, t->side == ZONE_ASKED ? "asked" : "upstream");
		rows_text(
		    rows, CLIENT_KIND, zone_client_names[forwarder ? CLIENT_CLASSES : t->class]);
		rows_u64(rows, CLIENT_RESOLVER, t->resolver);
		rows_u64(rows, CLIENT_QUERIES, t->count);
		rows_u64(rows, CLIENT_ERROR, t->error);
		rows_next(rows);
	}
}

static void
yield_scatter(struct rows *rows, const char *text, const struct watched_zone *zone)
{
	const struct zone_scatter *c = &zone->scatter;

	rows_text(rows, SCATTER_ZONE, text);
	rows_time(rows, SCATTER_FIRST, c->first);
	rows_time(rows, SCATTER_LAST, c->last);
	rows_u64(rows, SCATTER_NXDOMAIN, c->nxdomain);
	rows_u64(rows, SCATTER_SERVFAIL, c->servfail);
	rows_u64(rows, SCATTER_QUOTED, c->quoted);
	rows_u64(rows, SCATTER_DARK, c->dark);
	yield_sketch(rows, SCATTER_NAMES, c->names, SCATTER_PRECISION);
	yield_sketch(rows, SCATTER_SERVERS, c->servers, SCATTER_PRECISION);
	yield_sketch(rows, SCATTER_TARGETS, c->targets, SCATTER_PRECISION);
	dns_samples_put(&zone->samples, rows, SCATTER_SAMPLES);
	rows_next(rows);
}

/* The slots of a suspicious zone, the oldest first. */
static void
yield_slots(const struct random_subdomain *s, struct rows *rows, const char *text,
    const struct watched_zone *zone)
{
	const struct zone_slot *slots[WATCH_ZONE_SLOTS];
	uint32_t count = 0;

	for (uint32_t n = zone->slots; n != 0; n = zone_watch_slot_at(&s->watch, n)->next)
		slots[count++] = zone_watch_slot_at(&s->watch, n);
	while (count > 0)
		yield_slot(rows, text, slots[--count]);
}

static void
yield_totals(const struct random_subdomain *s, struct rows *rows)
{
	for (unsigned i = 0; i < TOTAL_COLUMNS; i++)
		rows_u64(rows, i, s->totals[i]);
	rows_next(rows);
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct random_subdomain *s = state;
	uint64_t seconds = (uint64_t)((window->end - window->begin) / NSEC_PER_SEC);
	struct chosen *chosen = xcalloc(s->watch.most, sizeof *chosen);
	char text[DNS_NAME_TEXT_SIZE];
	size_t count = 0;

	for (uint32_t i = 0; i < s->watch.most; i++)
		if (s->watch.weights[i] != 0 &&
		    choose(s, s->watch.zones[i], (double)seconds, &chosen[count]))
			count++;
	qsort(chosen, count, sizeof *chosen, compare_weights);
	if (count > ZONE_ROWS_MOST)
		s->totals[TOTAL_UNSTORED] += count - ZONE_ROWS_MOST;
	for (size_t i = 0; i < count && i < ZONE_ROWS_MOST; i++) {
		const struct watched_zone *zone = chosen[i].zone;
		(void)dns_name_text(zone->name, zone->name_size, text);
		if (chosen[i].suspicious) {
			yield_slots(s, sink->tables[0], text, zone);
			yield_clients(s, sink->tables[2], text, zone);
		}
		yield_zone(s, sink->tables[1], text, zone, seconds);
		if (chosen[i].scattered)
			yield_scatter(sink->tables[3], text, zone);
	}
	free(chosen);
	s->totals[TOTAL_DISPLACED] = s->watch.zones_displaced;
	s->totals[TOTAL_REFUSED] = s->watch.zones_refused;
	s->totals[TOTAL_SLOTS_REFUSED] = s->watch.slots_refused;
	s->totals[TOTAL_SHORTFALL] = s->watch.mg.error[0];
	if (s->totals[TOTAL_ASKED] + s->totals[TOTAL_UPSTREAM] + s->totals[TOTAL_SCATTER] > 0)
		yield_totals(s, sink->tables[4]);
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "least_queries", SETTING_U64, "200", "1", "1000000000",
	    "transactions of a zone in 10 s below which nothing is an attack" },
	{ "failing_share", SETTING_F64, "0.5", "0", "1",
	    "share of them that fail, from which on it may be one" },
	{ "distinct_share", SETTING_F64, "0.8", "0", "1",
	    "distinct names for each transaction, from which on it may be one" },
	{ "rise", SETTING_F64, "10", "0", "1000000",
	    "new failing names a second, in multiples of the zone's own in earlier windows" },
	{ "wild_distinct_share", SETTING_F64, "0.95", "0", "1",
	    "distinct_share of a zone in which every name exists" },
	{ "wild_miss_share", SETTING_F64, "0.9", "0", "1",
	    "share of its questions that the resolver had to ask upstream" },
	{ "wild_length_deviation", SETTING_F64, "4", "0", "63",
	    "greatest standard deviation of the length of its first labels" },
	{ "wild_entropy", SETTING_F64, "2.5", "0", "8",
	    "least mean entropy of its first labels, in bits an octet" },
	{ "client_share", SETTING_F64, "0.8", "0", "1",
	    "share of one client from which on it is that client's doing, not an attack" },
	{ "least_clients", SETTING_U64, "3", "1", "1000000",
	    "clients below which it is theirs, not an attack" },
	{ "scatter_names", SETTING_U64, "10", "1", "1000000",
	    "distinct names of a zone in answers that nobody here asked for" },
	{ "scatter_servers", SETTING_U64, "3", "1", "1000000",
	    "servers that such answers come from, at least" },
	{ "disposable_zones", SETTING_TEXT, "avqs.mcafee.com avts.mcafee.com sophosxl.net e5.sk",
	    NULL, NULL,
	    "zones whose names are made to be asked once (reputation, telemetry), separated by "
	    "blanks" },
};

#define OUTCOME_COLUMNS(side)                                                    \
	{ side "_other", COLUMN_U64, "" }, { side "_nxdomain", COLUMN_U64, "" }, \
	    { side "_servfail", COLUMN_U64, "" },                                \
	{                                                                        \
		side "_unanswered", COLUMN_U64, ""                               \
	}

static const struct column SLOTS[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "slot", COLUMN_TIME, "ms" },
	{ "asked_first", COLUMN_TIME, "ms" },
	{ "upstream_first", COLUMN_TIME, "ms" },
	{ "all_first", COLUMN_TIME, "ms" },
	{ "asked_last", COLUMN_TIME, "ms" },
	{ "upstream_last", COLUMN_TIME, "ms" },
	{ "all_last", COLUMN_TIME, "ms" },
	OUTCOME_COLUMNS("asked"),
	OUTCOME_COLUMNS("upstream"),
	{ "asked_peak", COLUMN_U64, "" },
	{ "upstream_peak", COLUMN_U64, "" },
	{ "all_peak", COLUMN_U64, "" },
	{ "distinct_names", COLUMN_U64, "" },
	{ "labels", COLUMN_U64, "" },
	{ "label_octets", COLUMN_U64, "octets" },
	{ "label_squares", COLUMN_U64, "" },
	{ "label_entropy", COLUMN_U64, "1/256 bit" },
	{ "letters", COLUMN_U64, "octets" },
	{ "digits", COLUMN_U64, "octets" },
	{ "hyphens", COLUMN_U64, "octets" },
	{ "others", COLUMN_U64, "octets" },
	{ "reversed", COLUMN_U64, "" },
	{ "sampled", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(SLOTS) == SLOT_COLUMNS, "as random_subdomain.h numbers them");

static const struct column ZONES[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "seconds", COLUMN_U64, "s" },
	OUTCOME_COLUMNS("asked"),
	OUTCOME_COLUMNS("upstream"),
	{ "retransmissions", COLUMN_U64, "" },
	{ "type_a", COLUMN_U64, "" },
	{ "type_aaaa", COLUMN_U64, "" },
	{ "type_txt", COLUMN_U64, "" },
	{ "type_null", COLUMN_U64, "" },
	{ "type_cname", COLUMN_U64, "" },
	{ "type_mx", COLUMN_U64, "" },
	{ "type_any", COLUMN_U64, "" },
	{ "type_other", COLUMN_U64, "" },
	{ "from_customers", COLUMN_U64, "" },
	{ "from_servers", COLUMN_U64, "" },
	{ "from_external", COLUMN_U64, "" },
	{ "asked_clients", COLUMN_BLOB, "" },
	{ "upstream_clients", COLUMN_BLOB, "" },
	{ "failing_names", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
	{ "own", COLUMN_U8, "" },
};
static_assert(ARRAY_COUNT(ZONES) == ZONE_COLUMNS, "as random_subdomain.h numbers them");

static const struct column CLIENTS[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "client", COLUMN_ADDRESS, "" },
	{ "side", COLUMN_TEXT, "" },
	{ "kind", COLUMN_TEXT, "" },
	{ "resolver", COLUMN_U8, "" },
	{ "queries", COLUMN_U64, "" },
	{ "queries_error", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(CLIENTS) == CLIENT_COLUMNS, "as random_subdomain.h numbers them");

static const struct column SCATTER[] = {
	{ "zone", COLUMN_TEXT, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "nxdomain", COLUMN_U64, "" },
	{ "servfail", COLUMN_U64, "" },
	{ "quoted", COLUMN_U64, "" },
	{ "dark", COLUMN_U64, "" },
	{ "names", COLUMN_BLOB, "" },
	{ "servers", COLUMN_BLOB, "" },
	{ "targets", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(SCATTER) == SCATTER_COLUMNS, "as random_subdomain.h numbers them");

static const struct column TOTALS[] = {
	{ "asked", COLUMN_U64, "" },
	{ "upstream", COLUMN_U64, "" },
	{ "excluded", COLUMN_U64, "" },
	{ "matched_own", COLUMN_U64, "" },
	{ "scatter", COLUMN_U64, "" },
	{ "zones_displaced", COLUMN_U64, "" },
	{ "zones_refused", COLUMN_U64, "" },
	{ "slots_refused", COLUMN_U64, "" },
	{ "shortfall", COLUMN_U64, "" },
	{ "zones_unstored", COLUMN_U64, "" },
	{ "zones_nameless", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(TOTALS) == TOTAL_COLUMNS, "as random_subdomain.h numbers them");

static const struct table TABLES[] = {
	{ "dns_random_subdomain", "Ten seconds of a zone whose names fail", SLOTS, SLOT_COLUMNS },
	{ "dns_random_subdomain_zones", "Zones whose names fail", ZONES, ZONE_COLUMNS },
	{ "dns_random_subdomain_clients", "Clients that ask for names that fail", CLIENTS,
	    CLIENT_COLUMNS },
	{ "dns_random_subdomain_scatter", "Answers that nobody here asked for", SCATTER,
	    SCATTER_COLUMNS },
	{ "dns_random_subdomain_totals", "What the search for failing zones rests on", TOTALS,
	    TOTAL_COLUMNS },
};

const struct analysis analysis_dns_random_subdomain = {
	.name = "dns/random-subdomain",
	.title = "Random-subdomain attacks",
	.consumes = OBS_DNS | OBS_DNS_QUOTED | OBS_DNS_PENDING,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct random_subdomain),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = random_subdomain_section,
};
