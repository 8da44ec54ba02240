/* SPDX-License-Identifier: ISC */
/*
 * DNS amplification: own servers used as reflectors, and own addresses hit by what others reflect.
 *
 * As reflector.  Attackers send small queries with the victim's address as source, and the server
 * answers the victim with much more.  Large answers alone are no sign: root servers answer with
 * fifteen times the octets of their queries all day long.  So queries and answers are counted per
 * server, victim's network (/24 and /56, the prefixes BIND limits rates by) and ten seconds; a cell
 * is an attack when at once the rate, the volume and the factor are high, nearly all queries ask
 * the same thing, and nobody at the other end behaves as a resolver would, which comes back over
 * TCP after a truncated answer, or shows the cookie that it was given (RFC 7873).
 *
 * As victim.  Responses that answer no query seen are counted per own address and question, with a
 * sketch of who sends them.  The query a reflector must have got follows from the response:
 * header, question, and an OPT record where the response has one.
 *
 * Most pairs of server and network never see one large answer: a cell is made by the first answer
 * that reaches the factor, and counts that answer's query then, and everything after it.
 *
 * Counters are exact while their tables have room; what was pushed out is counted and said
 * (dns/pool.h).  Thresholds need sums over all shards, so they are applied after merging:
 * amplification_rows.c.  Findings: amplification_section.c.
 */
#include "analysis/dns/amplification.h"

#include <string.h>

#include "net/dns.h"

#define LOUD       16 /* a shard has an eighth of a victim's traffic, or less, to itself */
#define UDP_HEADER 8U
#define IP4_HEADER 20
#define IP6_HEADER 48 /* of a fragment: with the fragment header */
#define FLOW_SLOTS 30 /* minutes at most that a flow record is spread over */
#define PORT_DNS   53
#define IP_UDP     17

struct state {
	const struct site *site;
	struct amplification_limits limits;
	unsigned lengths[2]; /* of victims' prefixes: IPv4, IPv6 */
	uint64_t masks[2];   /* for prefix_word */
	bool has_own;
	nsec_t latest; /* time of the latest message observed */
	struct amplification_totals totals;
	struct dns_pool servers, reflectors, victims, suspects;
};

static const struct setting SETTINGS[] = {
	{ "queries", SETTING_U64, "200", "1", NULL,
	    "queries for one network in 10 s from which a server may be a reflector" },
	{ "octets", SETTING_U64, "100000", "1", NULL,
	    "octets of answers to one network in 10 s from which a server may be a reflector" },
	{ "factor", SETTING_F64, "10", "1", "10000",
	    "octets of answers over octets of queries, from which it is amplification" },
	{ "question_share", SETTING_F64, "0.8", "0", "1",
	    "share of the queries that ask the same name and type" },
	{ "tcp_share", SETTING_F64, "0.1", "0", "1000",
	    "queries over TCP for each truncated answer, from which the client is real" },
	{ "prefix_ipv4", SETTING_U64, "24", "8", "32", "length of victims' networks" },
	{ "prefix_ipv6", SETTING_U64, "56", "16", "64", "length of victims' networks" },
	{ "reflectors", SETTING_U64, "50", "1", NULL,
	    "senders of answers nobody asked for, in 10 s, from which an address is a victim" },
	{ "victim_rate", SETTING_F64, "1000000", "1", NULL,
	    "bits per second of such answers from which an address is a victim" },
	{ "baseline", SETTING_F64, "10", "1", "10000",
	    "how many times the usual rate that must be" },
	{ "question_reflectors", SETTING_U64, "10", "2", NULL,
	    "senders of such answers to one and the same question, in 10 s, that suffice with "
	    "`octets` and `factor`" },
	{ "asn_database", SETTING_TEXT, "", NULL, NULL,
	    "MaxMind DB file of AS numbers, for the list of reflectors; empty is none" },
	{ "asn_key", SETTING_TEXT, "autonomous_system_number", NULL, NULL,
	    "where that file has the number" },
};

struct amplification_limits
amplification_limits(const struct settings *settings)
{
	return (struct amplification_limits){
		.queries = settings_u64(settings, "queries"),
		.octets = settings_u64(settings, "octets"),
		.factor = settings_f64(settings, "factor"),
		.question_share = settings_f64(settings, "question_share"),
		.tcp_share = settings_f64(settings, "tcp_share"),
		.question_reflectors = settings_u64(settings, "question_reflectors"),
		.reflectors = settings_u64(settings, "reflectors"),
		.victim_bps = settings_f64(settings, "victim_rate"),
		.baseline_factor = settings_f64(settings, "baseline"),
	};
}

/* Old cells give way before those that still fill. */
static uint64_t
weigh_reflector(const struct dns_pool *pool, const void *entry)
{
	const struct reflector_cell *cell = entry;
	uint64_t messages = (uint64_t)cell->queries + cell->responses;

	return cell->key[3] + 1 >= pool->now ? 4 * messages : messages;
}

static uint64_t
weigh_server(const struct dns_pool *pool, const void *entry)
{
	const struct server_cell *cell = entry;

	(void)pool;
	return cell->response_octets + cell->query_octets;
}

static uint64_t
weigh_victim(const struct dns_pool *pool, const void *entry)
{
	const struct victim_cell *cell = entry;
	uint64_t weight = cell->wire + 1;

	return cell->key[2] == VICTIM_FLOW || cell->key[3] + 1 >= pool->now ? 4 * weight : weight;
}

static uint64_t
weigh_suspect(const struct dns_pool *pool, const void *entry)
{
	const struct suspect *suspect = entry;

	(void)pool;
	return suspect->octets;
}

static const struct dns_pool_shape SERVERS = { 2, sizeof(struct server_cell), 1024, weigh_server };
static const struct dns_pool_shape REFLECTORS = { 4, sizeof(struct reflector_cell), 8192,
	weigh_reflector };
static const struct dns_pool_shape VICTIMS = { 4, sizeof(struct victim_cell), 512, weigh_victim };
static const struct dns_pool_shape SUSPECTS = { 4, sizeof(struct suspect), 48, weigh_suspect };

/* The word of an address's first `length` bits; see amplification_victim. */
static uint64_t
prefix_word(const struct address *a, bool ipv4, const uint64_t masks[2])
{
	return (ipv4 ? a->words[1] : a->words[0]) & masks[ipv4 ? 0 : 1];
}

struct address
amplification_victim(uint64_t prefix)
{
	struct address v4 = { .words = { 0, prefix } }, v6 = { .words = { prefix, 0 } };

	/* An IPv6 prefix never begins 0000:ffff. */
	return address_is_ipv4(&v4) ? v4 : v6;
}

/* The first `bits` of eight octets. */
static uint64_t
mask_word(unsigned bits)
{
	struct address ones;

	memset(ones.octets, 0xff, sizeof ones.octets);
	return address_mask(&ones, bits).words[0];
}

static enum err
amplification_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->site = context->site;
	s->has_own = context->site->own_prefix_count != 0;
	s->limits = amplification_limits(context->settings);
	s->lengths[0] = (unsigned)settings_u64(context->settings, "prefix_ipv4");
	s->lengths[1] = (unsigned)settings_u64(context->settings, "prefix_ipv6");
	s->masks[0] = mask_word(32 + s->lengths[0]);
	s->masks[1] = mask_word(s->lengths[1]);
	dns_pool_init(&s->servers, &SERVERS, &context->secret);
	dns_pool_init(&s->reflectors, &REFLECTORS, &context->secret);
	dns_pool_init(&s->victims, &VICTIMS, &context->secret);
	dns_pool_init(&s->suspects, &SUSPECTS, &context->secret);
	return ERR_OK;
}

static void
amplification_release(void *opaque)
{
	struct state *s = opaque;

	dns_pool_release(&s->servers);
	dns_pool_release(&s->reflectors);
	dns_pool_release(&s->victims);
	dns_pool_release(&s->suspects);
}

static void
amplification_clear(void *opaque)
{
	struct state *s = opaque;

	dns_pool_clear(&s->servers);
	dns_pool_clear(&s->reflectors);
	dns_pool_clear(&s->victims);
	dns_pool_clear(&s->suspects);
	s->totals = (struct amplification_totals){ 0 };
	s->latest = 0;
}

static uint64_t
slot_of(nsec_t time)
{
	return time > 0 ? (uint64_t)(time / AMPLIFICATION_SLOT) : 0;
}

/* Datagrams and fragments on the wire.  IP options aside, each fragment adds the same header. */
static uint32_t
packets_of(const struct dns_message *m)
{
	uint32_t header = address_is_ipv4(&m->client) ? IP4_HEADER : IP6_HEADER, count;

	if ((m->flags & DNS_REASSEMBLED) == 0 || m->wire_size <= m->message_size + UDP_HEADER)
		return 1;
	count = (m->wire_size - m->message_size - UDP_HEADER) / header;
	return count > 1 ? count : 2;
}

/* Misra-Gries over the questions of a cell. */
static void
count_question(struct reflector_cell *cell, uint32_t print, uint32_t count)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < AMPLIFICATION_QUESTIONS; i++) {
		if (cell->counts[i] != 0 && cell->prints[i] == print) {
			cell->counts[i] += count;
			return;
		}
		if (cell->counts[i] < least)
			least = cell->counts[i];
	}
	if (least > count)
		least = count;
	for (unsigned i = 0; i < AMPLIFICATION_QUESTIONS; i++)
		cell->counts[i] -= least;
	count -= least;
	for (unsigned i = 0; i < AMPLIFICATION_QUESTIONS && count != 0; i++)
		if (cell->counts[i] == 0) {
			cell->prints[i] = print;
			cell->counts[i] = count;
			return;
		}
}

uint32_t
amplification_question(const struct reflector_cell *cell, uint32_t *ret_count)
{
	unsigned best = 0;

	/* Of equal ones that with the smaller print: shards may hold them in another order. */
	for (unsigned i = 1; i < AMPLIFICATION_QUESTIONS; i++)
		if (cell->counts[i] > cell->counts[best] ||
		    (cell->counts[i] == cell->counts[best] && cell->prints[i] < cell->prints[best]))
			best = i;
	*ret_count = cell->counts[best];
	return cell->counts[best] != 0 ? cell->prints[best] : 0;
}

/* A query, by what its own message tells, or its answer's. */
struct query {
	nsec_t time;
	uint32_t octets, wire, packets;
	unsigned flags; /* enum dns_flag, the low eight */
};

static void
count_query(struct reflector_cell *cell, const struct dns_message *m, const struct query *q)
{
	uint16_t ms = (uint16_t)(q->time % AMPLIFICATION_SLOT / NSEC_PER_MS);

	cell->queries++;
	cell->query_octets += q->octets;
	cell->query_wire += q->wire;
	cell->packets_in += q->packets;
	cell->any += m->type == DNS_TYPE_ANY;
	cell->cookies += (q->flags & DNS_COOKIE_SERVER) != 0;
	count_question(cell, suspect_print(m), 1);
	if (ms < cell->first_ms)
		cell->first_ms = ms;
}

static bool
is_loud(const struct state *s, const struct reflector_cell *cell)
{
	return cell->response_octets >= s->limits.octets / LOUD &&
	       cell->responses >= s->limits.queries / LOUD &&
	       (double)cell->response_octets >= s->limits.factor / 2 * (double)cell->query_octets;
}

static void
count_response(struct state *s, struct reflector_cell *cell, const struct dns_message *m)
{
	uint64_t key[4] = { m->server.words[0], m->server.words[1], cell->key[2], 0 };

	cell->responses++;
	cell->response_octets += m->message_size;
	cell->response_wire += m->wire_size;
	cell->packets_out += packets_of(m);
	cell->truncated += (m->bits & DNS_TC) != 0;
	cell->cookies -= m->rcode == DNS_RCODE_BADCOOKIE;
	if (is_loud(s, cell))
		suspect_add(dns_pool_at(&s->suspects, key), m, &m->client);
}

/* Where a message is counted. */
struct place {
	uint64_t key[4];
	uint32_t hash;
};

static void
find_place(const struct state *s, const struct dns_message *m, struct place *p)
{
	p->key[0] = m->server.words[0];
	p->key[1] = m->server.words[1];
	p->key[2] = prefix_word(&m->client, address_is_ipv4(&m->client), s->masks);
	p->key[3] = slot_of(m->time);
	p->hash = dns_pool_hash(&s->reflectors, p->key);
}

static uint32_t
within_slot(nsec_t time)
{
	return (uint32_t)(time % AMPLIFICATION_SLOT / 4);
}

static bool
is_large(const struct state *s, const struct dns_message *m)
{
	unsigned asked = m->query_size != 0 ? m->query_size : suspect_query_size(m);

	return m->transport == DNS_UDP && m->message_size >= s->limits.factor * asked;
}

/* The cell of a response: one that is large makes it. */
static struct reflector_cell *
response_cell(struct state *s, const struct dns_message *m, const struct place *p)
{
	struct reflector_cell *cell = dns_pool_find_hash(&s->reflectors, p->key, p->hash);

	if (cell != NULL || !is_large(s, m))
		return cell;
	cell = dns_pool_at_hash(&s->reflectors, p->key, p->hash);
	/* Messages come in order but for those put together from fragments, which come a little
	 * late: what was observed before this one is what is not later than the latest. */
	cell->created = slot_of(s->latest) == p->key[3] ? within_slot(s->latest) : UINT32_MAX;
	cell->first_ms = (uint16_t)(m->time % AMPLIFICATION_SLOT / NSEC_PER_MS);
	return cell;
}

/* Counts the query of a response when it came in this slot before there was a cell for it. */
static void
count_earlier_query(struct reflector_cell *cell, const struct dns_message *m, const struct place *p)
{
	uint32_t header = address_is_ipv4(&m->client) ? IP4_HEADER : IP6_HEADER - 8;
	struct query q = {
		.time = m->time - m->latency,
		.octets = m->query_size,
		.wire = m->wire_size != 0 ? m->query_size + UDP_HEADER + header : 0,
		.packets = 1,
		.flags = m->query_flags,
	};

	if (m->match == DNS_MATCHED && m->latency >= 0 && slot_of(q.time) == p->key[3] &&
	    within_slot(q.time) <= cell->created)
		count_query(cell, m, &q);
}

static void
observe_server(struct state *s, const struct dns_message *m, const struct place *p)
{
	struct reflector_cell *cell;
	uint16_t ms = (uint16_t)(m->time % AMPLIFICATION_SLOT / NSEC_PER_MS);
	bool response = (m->flags & DNS_RESPONSE) != 0;

	if (s->reflectors.now < p->key[3])
		s->reflectors.now = p->key[3];
	cell =
	    response ? response_cell(s, m, p) : dns_pool_find_hash(&s->reflectors, p->key, p->hash);
	if (cell == NULL)
		return;
	if (ms > cell->last_ms)
		cell->last_ms = ms;
	if (m->transport != DNS_UDP) {
		cell->tcp += !response;
	} else if (response) {
		count_earlier_query(cell, m, p);
		count_response(s, cell, m);
	} else {
		count_query(cell, m,
		    &(struct query){
			m->time, m->message_size, m->wire_size, packets_of(m), m->flags });
	}
}

/* Whether nobody asked for a response.  Late, second and repeated answers were asked for. */
static bool
is_unsolicited(const struct dns_message *m)
{
	switch (m->match) {
	case DNS_UNSOLICITED:
	case DNS_WRONG_ID:
	case DNS_WRONG_PORT:
	case DNS_WRONG_CASE:
	case DNS_WRONG_QUESTION:
	case DNS_OTHER_SOURCE: return true;
	default: return false;
	}
}

static struct victim_cell *
victim_at(struct state *s, const struct address *victim, uint64_t question, uint64_t slot,
    nsec_t first, nsec_t last)
{
	uint64_t key[4] = { victim->words[0], victim->words[1], question, slot };
	struct victim_cell *cell = dns_pool_at(&s->victims, key);
	bool fresh = cell->first == 0 && cell->last == 0;

	if (fresh || first < cell->first)
		cell->first = first;
	if (fresh || last > cell->last)
		cell->last = last;
	return cell;
}

static void
count_unsolicited(struct victim_cell *cell, const struct dns_message *m)
{
	cell->responses++;
	cell->fragmented += (m->flags & DNS_REASSEMBLED) != 0;
	cell->packets += packets_of(m);
	cell->octets += m->message_size;
	cell->wire += m->wire_size;
	cell->query_octets += suspect_query_size(m);
	hll_add(cell->reflectors, AMPLIFICATION_PRECISION, hash_mix_words(m->server.words, 2));
}

static bool
is_victim_loud(const struct state *s, const struct victim_cell *cell)
{
	return cell->octets >= s->limits.octets / LOUD &&
	       (double)cell->octets >= s->limits.factor / 2 * (double)cell->query_octets;
}

static void
observe_unsolicited(struct state *s, const struct dns_message *m)
{
	uint64_t slot = slot_of(m->time), key[4] = { 0, 0, m->client.words[0], m->client.words[1] };
	struct victim_cell *cell;
	bool loud;

	s->totals.unsolicited++;
	s->totals.unsolicited_octets += m->message_size;
	if (s->victims.now < slot)
		s->victims.now = slot;
	cell = victim_at(s, &m->client, suspect_print(m), slot, m->time, m->time);
	count_unsolicited(cell, m);
	loud = is_victim_loud(s, cell);
	cell = victim_at(s, &m->client, VICTIM_ALL, slot, m->time, m->time);
	count_unsolicited(cell, m);
	/* Of many questions together only the large answers: the rest may be ordinary. */
	if (is_victim_loud(s, cell) &&
	    m->message_size >= s->limits.factor / 2 * suspect_query_size(m))
		loud = true;
	if (loud)
		suspect_add(dns_pool_at(&s->suspects, key), m, &m->server);
}

/* Whether the server of a message is one to be looked at as a reflector. */
static bool
is_reflector_side(const struct state *s, const struct dns_message *m)
{
	switch (m->view) {
	case DNS_VIEW_WIRE: return !s->has_own || (m->flags & DNS_SERVER_OWN) != 0;
	case DNS_VIEW_CLIENT:
	case DNS_VIEW_AUTHORITATIVE: return true;
	default: return false;
	}
}

static bool
is_victim_side(const struct state *s, const struct dns_message *m)
{
	return (m->flags & DNS_RESPONSE) != 0 && m->transport == DNS_UDP &&
	       m->view == DNS_VIEW_WIRE && (!s->has_own || (m->flags & DNS_CLIENT_OWN) != 0) &&
	       is_unsolicited(m);
}

static void
count_server(struct state *s, const struct dns_message *m)
{
	struct server_cell *server = dns_pool_at(&s->servers, m->server.words);
	struct amplification_totals *t = &s->totals;

	if (m->transport != DNS_UDP) {
		server->tcp += (m->flags & DNS_RESPONSE) == 0;
	} else if ((m->flags & DNS_RESPONSE) != 0) {
		t->responses++;
		t->response_octets += m->message_size;
		server->responses++;
		server->response_octets += m->message_size;
		server->truncated += (m->bits & DNS_TC) != 0;
	} else {
		t->queries++;
		t->query_octets += m->message_size;
		server->queries++;
		server->query_octets += m->message_size;
		server->any += m->type == DNS_TYPE_ANY;
	}
}

/* The table is larger than a cache: what a message needs is asked for while others are worked on.
 */
static void
observe_messages(struct state *s, const struct dns_message *const *messages, size_t count)
{
	struct place places[BATCH_MAX];
	bool reflector[BATCH_MAX];

	for (size_t i = 0; i < count; i++) {
		reflector[i] = is_reflector_side(s, messages[i]);
		if (!reflector[i])
			continue;
		find_place(s, messages[i], &places[i]);
		dns_pool_prefetch_head(&s->reflectors, places[i].hash);
	}
	for (size_t i = 0; i < count; i++)
		if (reflector[i])
			dns_pool_prefetch_entry(&s->reflectors, places[i].hash);
	for (size_t i = 0; i < count; i++) {
		const struct dns_message *m = messages[i];
		s->totals.messages++;
		s->totals.matched += m->match == DNS_MATCHED;
		if (m->time > s->latest)
			s->latest = m->time;
		if (reflector[i]) {
			count_server(s, m);
			observe_server(s, m, &places[i]);
		}
		if (is_victim_side(s, m))
			observe_unsolicited(s, m);
	}
}

/* One direction of a flow record from port 53 (or to it), spread evenly over its minutes. */
static void
spread_record(struct state *s, const struct flow_record *r, unsigned d, bool asking)
{
	const struct flow *f = &r->flow;
	const struct address *victim = (d == 0) == asking ? &f->source : &f->destination;
	const struct address *server = (d == 0) == asking ? &f->destination : &f->source;
	uint64_t rate = record_sampling(r), packets = f->packets[d] * rate,
		 octets = f->octets[d] * rate;
	nsec_t first = f->first[d] > 0 ? f->first[d] : 0,
	       last = f->last[d] > first ? f->last[d] : first;
	uint64_t from = (uint64_t)(first / AMPLIFICATION_MINUTE),
		 to = (uint64_t)(last / AMPLIFICATION_MINUTE), count;

	if (to - from >= FLOW_SLOTS)
		from = to - FLOW_SLOTS + 1;
	count = to - from + 1;
	for (uint64_t i = 0; i < count; i++) {
		nsec_t begin = (nsec_t)(from + i) * AMPLIFICATION_MINUTE;
		nsec_t end = begin + AMPLIFICATION_MINUTE - 1;
		struct victim_cell *cell = victim_at(s, victim, VICTIM_FLOW, from + i,
		    begin > first ? begin : first, end < last ? end : last);
		uint64_t part = packets * (i + 1) / count - packets * i / count;

		if (asking) {
			cell->asked += part;
			continue;
		}
		cell->packets += part;
		cell->responses += part;
		cell->wire += octets * (i + 1) / count - octets * i / count;
		hll_add(
		    cell->reflectors, AMPLIFICATION_PRECISION, hash_mix_words(server->words, 2));
	}
}

static void
observe_record(struct state *s, const struct flow_record *r)
{
	const struct flow *f = &r->flow;

	if (f->protocol != IP_UDP ||
	    (f->source_port != PORT_DNS && f->destination_port != PORT_DNS))
		return;
	s->totals.records++;
	for (unsigned d = 0; d < 2; d++) {
		uint16_t port = d == 0 ? f->source_port : f->destination_port;
		bool asking = port != PORT_DNS;
		const struct address *victim = (d == 0) == asking ? &f->source : &f->destination;

		if (f->packets[d] != 0 && (!s->has_own || site_is_own(s->site, victim)))
			spread_record(s, r, d, asking);
	}
}

static void
amplification_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	if (batch->type == OBS_RECORD)
		for (size_t i = 0; i < batch->count; i++)
			observe_record(s, batch->records[i]);
	else
		observe_messages(s, batch->dns, batch->count);
}

static void
add_server(void *into_opaque, const void *from_opaque)
{
	struct server_cell *into = into_opaque;
	const struct server_cell *from = from_opaque;

	into->queries += from->queries;
	into->responses += from->responses;
	into->query_octets += from->query_octets;
	into->response_octets += from->response_octets;
	into->truncated += from->truncated;
	into->any += from->any;
	into->tcp += from->tcp;
}

static void
add_reflector(void *into_opaque, const void *from_opaque)
{
	struct reflector_cell *into = into_opaque;
	const struct reflector_cell *from = from_opaque;
	bool fresh = into->queries + into->responses + into->tcp == 0;

	if (fresh || from->first_ms < into->first_ms)
		into->first_ms = from->first_ms;
	if (fresh || from->last_ms > into->last_ms)
		into->last_ms = from->last_ms;
	into->queries += from->queries;
	into->responses += from->responses;
	into->query_octets += from->query_octets;
	into->response_octets += from->response_octets;
	into->query_wire += from->query_wire;
	into->response_wire += from->response_wire;
	into->packets_in += from->packets_in;
	into->packets_out += from->packets_out;
	into->truncated += from->truncated;
	into->any += from->any;
	into->tcp += from->tcp;
	into->cookies += from->cookies;
	for (unsigned i = 0; i < AMPLIFICATION_QUESTIONS; i++)
		if (from->counts[i] != 0)
			count_question(into, from->prints[i], from->counts[i]);
}

static void
add_victim(void *into_opaque, const void *from_opaque)
{
	struct victim_cell *into = into_opaque;
	const struct victim_cell *from = from_opaque;
	bool fresh = into->first == 0 && into->last == 0;

	if (fresh || from->first < into->first)
		into->first = from->first;
	if (fresh || from->last > into->last)
		into->last = from->last;
	into->responses += from->responses;
	into->fragmented += from->fragmented;
	into->packets += from->packets;
	into->octets += from->octets;
	into->wire += from->wire;
	into->query_octets += from->query_octets;
	into->asked += from->asked;
	hll_union(into->reflectors, from->reflectors, AMPLIFICATION_PRECISION);
}

static void
amplification_merge(void *into_opaque, const void *from_opaque)
{
	struct state *into = into_opaque;
	const struct state *from = from_opaque;

	into->totals.messages += from->totals.messages;
	into->totals.records += from->totals.records;
	into->totals.queries += from->totals.queries;
	into->totals.responses += from->totals.responses;
	into->totals.query_octets += from->totals.query_octets;
	into->totals.response_octets += from->totals.response_octets;
	into->totals.unsolicited += from->totals.unsolicited;
	into->totals.unsolicited_octets += from->totals.unsolicited_octets;
	into->totals.matched += from->totals.matched;
	dns_pool_merge(&into->servers, &from->servers, add_server);
	dns_pool_merge(&into->reflectors, &from->reflectors, add_reflector);
	dns_pool_merge(&into->victims, &from->victims, add_victim);
	dns_pool_merge(&into->suspects, &from->suspects, suspect_merge);
}

static void
amplification_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	struct state *s = opaque;
	struct rows *rows = sink->tables[AMPLIFICATION_TOTALS];
	const struct amplification_totals *t = &s->totals;
	uint64_t dropped = 0;

	if (t->messages == 0 && t->records == 0)
		return;
	amplification_finish_servers(&s->servers, sink);
	amplification_finish_reflectors(
	    &s->reflectors, &s->suspects, &s->limits, s->lengths, sink, &dropped);
	amplification_finish_victims(&s->victims, &s->suspects, &s->limits, sink, &dropped);
	amplification_finish_suspects(&s->suspects, sink);
	rows_u64(rows, 0, (uint64_t)((window->end - window->begin) / NSEC_PER_SEC));
	rows_u64(rows, 1, s->has_own);
	rows_u64(rows, 2, t->messages);
	rows_u64(rows, 3, t->records);
	rows_u64(rows, 4, t->queries);
	rows_u64(rows, 5, t->responses);
	rows_u64(rows, 6, t->query_octets);
	rows_u64(rows, 7, t->response_octets);
	rows_u64(rows, 8, t->unsolicited);
	rows_u64(rows, 9, t->unsolicited_octets);
	rows_u64(rows, 10, t->matched);
	rows_u64(rows, 11, s->reflectors.evicted + s->victims.evicted + s->suspects.evicted);
	rows_u64(rows, 12, dropped);
	rows_next(rows);
}

static const struct column TOTALS_COLUMNS[] = {
	{ "seconds", COLUMN_U64, "s" },
	{ "own_known", COLUMN_U64, "" },
	{ "messages", COLUMN_U64, "messages" },
	{ "records", COLUMN_U64, "records" },
	{ "queries", COLUMN_U64, "messages" },
	{ "responses", COLUMN_U64, "messages" },
	{ "query_octets", COLUMN_U64, "octets" },
	{ "response_octets", COLUMN_U64, "octets" },
	{ "unsolicited", COLUMN_U64, "messages" },
	{ "unsolicited_octets", COLUMN_U64, "octets" },
	{ "matched", COLUMN_U64, "messages" },
	{ "evicted", COLUMN_U64, "" },
	{ "dropped", COLUMN_U64, "rows" },
};

static const struct column SERVERS_COLUMNS[] = {
	{ "server", COLUMN_ADDRESS, "" },
	{ "queries", COLUMN_U64, "messages" },
	{ "responses", COLUMN_U64, "messages" },
	{ "query_octets", COLUMN_U64, "octets" },
	{ "response_octets", COLUMN_U64, "octets" },
	{ "truncated", COLUMN_U64, "messages" },
	{ "any_queries", COLUMN_U64, "messages" },
	{ "tcp_queries", COLUMN_U64, "messages" },
};

static const struct column SLOTS_COLUMNS[] = {
	{ "server", COLUMN_ADDRESS, "" },
	{ "victim", COLUMN_ADDRESS, "" },
	{ "victim_length", COLUMN_U64, "" },
	{ "begin_time", COLUMN_TIME, "ms" },
	{ "end_time", COLUMN_TIME, "ms" },
	{ "queries", COLUMN_U64, "messages" },
	{ "responses", COLUMN_U64, "messages" },
	{ "query_octets", COLUMN_U64, "octets" },
	{ "response_octets", COLUMN_U64, "octets" },
	{ "query_wire", COLUMN_U64, "octets" },
	{ "response_wire", COLUMN_U64, "octets" },
	{ "packets_in", COLUMN_U64, "packets" },
	{ "packets_out", COLUMN_U64, "packets" },
	{ "truncated", COLUMN_U64, "messages" },
	{ "any_queries", COLUMN_U64, "messages" },
	{ "tcp_queries", COLUMN_U64, "messages" },
	{ "cookies", COLUMN_U64, "messages" },
	{ "question", COLUMN_U64, "" },
	{ "question_queries", COLUMN_U64, "messages" },
	{ "qname", COLUMN_TEXT, "" },
	{ "qtype", COLUMN_TEXT, "" },
};

static const struct column VICTIMS_COLUMNS[] = {
	{ "victim", COLUMN_ADDRESS, "" },
	{ "question", COLUMN_U64, "" },
	{ "begin_time", COLUMN_TIME, "ms" },
	{ "end_time", COLUMN_TIME, "ms" },
	{ "responses", COLUMN_U64, "messages" },
	{ "fragmented", COLUMN_U64, "messages" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "wire_octets", COLUMN_U64, "octets" },
	{ "query_octets", COLUMN_U64, "octets" },
	{ "asked", COLUMN_U64, "messages" },
	{ "reflectors", COLUMN_BLOB, "" },
	{ "qname", COLUMN_TEXT, "" },
	{ "qtype", COLUMN_TEXT, "" },
};

static const struct column SUSPECTS_COLUMNS[] = {
	{ "server", COLUMN_ADDRESS, "" },
	{ "victim", COLUMN_ADDRESS, "" },
	{ "responses", COLUMN_U64, "messages" },
	{ "octets", COLUMN_U64, "octets" },
	{ "limited_octets", COLUMN_U64, "octets" },
	{ "questions", COLUMN_TEXT, "" },
	{ "classes", COLUMN_TEXT, "" },
	{ "ends", COLUMN_TEXT, "" },
	{ "samples", COLUMN_BLOB, "" },
};

static const struct column BASELINE_COLUMNS[] = {
	{ "victim", COLUMN_ADDRESS, "" },
	{ "source", COLUMN_TEXT, "" },
	{ "responses", COLUMN_U64, "messages" },
	{ "octets", COLUMN_U64, "octets" },
};

static const struct table TABLES[AMPLIFICATION_TABLES] = {
	{ "dns_amplification", "What was looked at for DNS amplification", TOTALS_COLUMNS,
	    ARRAY_COUNT(TOTALS_COLUMNS) },
	{ "dns_amplification_servers", "Octets asked and answered over UDP, by server",
	    SERVERS_COLUMNS, ARRAY_COUNT(SERVERS_COLUMNS) },
	{ "dns_amplification_slots", "Ten seconds of a server and a network it answers",
	    SLOTS_COLUMNS, ARRAY_COUNT(SLOTS_COLUMNS) },
	{ "dns_amplification_victims", "Ten seconds of answers that an address did not ask for",
	    VICTIMS_COLUMNS, ARRAY_COUNT(VICTIMS_COLUMNS) },
	{ "dns_amplification_suspects", "Questions, classes and messages of what was loud",
	    SUSPECTS_COLUMNS, ARRAY_COUNT(SUSPECTS_COLUMNS) },
	{ "dns_amplification_baseline", "Answers that addresses did not ask for, a window each",
	    BASELINE_COLUMNS, ARRAY_COUNT(BASELINE_COLUMNS) },
};

const struct analysis analysis_dns_amplification = {
	.name = "dns/amplification",
	.title = "DNS amplification",
	.consumes = OBS_DNS | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct state),
	.init = amplification_init,
	.release = amplification_release,
	.clear = amplification_clear,
	.observe = amplification_observe,
	.merge = amplification_merge,
	.finish = amplification_finish,
	.section = amplification_section,
};
