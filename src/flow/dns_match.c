/* SPDX-License-Identifier: ISC */
/* The table of waiting queries; see dns_match.h. */
#include "flow/dns_match.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/xmalloc.h"
#include "flow/dns_watch.h"

#define WAYS 8

/* How long an answered query is remembered: duplicates and second answers come within that time
 * (H. Duan et al., "Hold-On", SATIN 2012, waits for seconds at most); a given-up one the same again
 * after its timeout. */
#define ANSWERED_KEPT (5 * NSEC_PER_SEC)
#define EXPIRED_KEPT  (10 * NSEC_PER_SEC)

/* The queries that wait between two addresses are searched for in the whole table when a pair
 * becomes watched: a few times at once, later once in so many messages. */
#define SEARCHES_AT_ONCE 8
#define SEARCH_EACH      4096

/* Coarse time: 15 bits of it last for hours, and no entry lives longer than minutes. */
#define DUE (NSEC_PER_SEC / 4)

enum entry_state {
	ENTRY_WAITING = 1,
	ENTRY_ANSWERED,
	ENTRY_EXPIRED,
};

/* Two cache lines, which processors fetch as a pair. */
struct entry {
	struct address client, server;
	nsec_t time;     /* of the first query */
	nsec_t answered; /* of the answer */
	uint64_t name_hash, site_hash;
	uint64_t connection;
	uint32_t digest;    /* of the answer */
	uint32_t case_hash; /* of the name as sent, when it has upper-case letters; else 0 */
	uint16_t client_port, server_port, id, type;
	uint16_t flags, size, edns_size;
	uint8_t transport, view;
	uint8_t state;
	uint8_t retransmissions;
	uint8_t answer_rcode; /* low bits */
	uint8_t answer_ttl;   /* of the packet */
	bool wrong_case;      /* it was answered, but not in the letters it was asked in */
} __attribute__((aligned(64)));

/* What is looked at first, for all ways of a set. */
struct heads {
	uint16_t tag[WAYS]; /* 0: free */
	/* When the entry is to be given up or forgotten, in units of DUE: 15 bits, above one that
	 * says whether it waits.  So most entries are forgotten without being looked at. */
	uint16_t due[WAYS];
};

/* A query in order of coming: so queries are given up in that order and at their time, whatever
 * their places in the table, which depend on the secret. */
struct queued {
	nsec_t time;
	uint32_t number; /* of the entry */
};

#define QUEUE_TIMES 4 /* as many as entries */

struct dns_matcher {
	struct dns_matcher_options options;
	struct hash_linear hash;
	size_t set_count; /* a power of two */
	size_t waiting;
	size_t swept; /* next set to sweep */
	nsec_t swept_to;
	struct dns_watch *watch; /* owned; NULL before the first answer without a query */
	unsigned searches;       /* of the whole table that may be made now */
	uint32_t taken;          /* messages so far: each SEARCH_EACH allow another */
	struct heads *heads;     /* owned */
	struct queued *queue;    /* owned; a ring */
	size_t queue_first, queue_count;
	struct entry (*entries)[WAYS]; /* owned */
};

/* Zero pages, aligned, which cost nothing until they are used. */
static void *
map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort(); /* out of memory, as xmalloc does */
	return p;
}

static size_t
queue_size(const struct dns_matcher *matcher)
{
	return matcher->set_count * WAYS * QUEUE_TIMES;
}

struct dns_matcher *
dns_matcher_new(const struct dns_matcher_options *options)
{
	struct dns_matcher *matcher = xcalloc(1, sizeof *matcher);

	matcher->options = *options;
	matcher->hash = hash_linear_new(&options->secret);
	matcher->searches = SEARCHES_AT_ONCE;
	matcher->set_count = 16;
	while (matcher->set_count * WAYS < options->capacity)
		matcher->set_count *= 2;
	matcher->heads = map(matcher->set_count * sizeof *matcher->heads);
	matcher->entries = map(matcher->set_count * sizeof *matcher->entries);
	matcher->queue = map(queue_size(matcher) * sizeof *matcher->queue);
	return matcher;
}

void
dns_matcher_free(struct dns_matcher *matcher)
{
	if (matcher == NULL)
		return;
	(void)munmap(matcher->heads, matcher->set_count * sizeof *matcher->heads);
	(void)munmap(matcher->entries, matcher->set_count * sizeof *matcher->entries);
	(void)munmap(matcher->queue, queue_size(matcher) * sizeof *matcher->queue);
	dns_watch_free(matcher->watch);
	free(matcher);
}

static uint16_t
tag_of(uint64_t hash)
{
	uint16_t tag = (uint16_t)hash;

	return tag != 0 ? tag : 1;
}

static size_t
set_of(const struct dns_matcher *matcher, uint64_t hash)
{
	return hash * matcher->set_count >> 32;
}

uint64_t
dns_matcher_hash(const struct dns_matcher *matcher, const struct dns_message *m)
{
	uint64_t words[6] = {
		m->client.words[0],
		m->client.words[1],
		m->server.words[0],
		m->server.words[1],
		(uint64_t)m->client_port << 48 | (uint64_t)m->server_port << 32 |
		    (uint64_t)m->id << 16 | (uint64_t)m->transport << 8 | m->view,
		m->connection,
	};
	uint64_t hash = hash_linear(&matcher->hash, words, 6);

	__builtin_prefetch(&matcher->heads[set_of(matcher, hash)], 1);
	return hash;
}

static bool
is_same(const struct entry *e, const struct dns_message *m)
{
	return e->id == m->id && e->client_port == m->client_port &&
	       e->server_port == m->server_port && e->transport == m->transport &&
	       e->view == m->view && e->connection == m->connection &&
	       address_equal(&e->client, &m->client) && address_equal(&e->server, &m->server);
}

/* The way of the message's transaction in its set, or -1. */
static int
find(const struct dns_matcher *matcher, const struct dns_message *m, uint64_t hash)
{
	size_t set = set_of(matcher, hash);
	uint16_t tag = tag_of(hash);

	for (int i = 0; i < WAYS; i++)
		if (matcher->heads[set].tag[i] == tag && is_same(&matcher->entries[set][i], m))
			return i;
	return -1;
}

void
dns_matcher_prefetch(const struct dns_matcher *matcher, uint64_t hash)
{
	size_t set = set_of(matcher, hash);
	const struct heads *heads = &matcher->heads[set];
	uint16_t tag = tag_of(hash);
	int way = 0;

	/* Where it is, or where it will go. */
	while (way < WAYS - 1 && heads->tag[way] != tag && heads->tag[way] != 0)
		way++;
	__builtin_prefetch(&matcher->entries[set][way], 1);
	__builtin_prefetch((const char *)&matcher->entries[set][way] + 64, 1);
}

/* The entry is to be looked at by the sweep when `time` has passed. */
static void
set_due(struct dns_matcher *matcher, const struct entry *e, nsec_t time)
{
	size_t number = (size_t)(e - matcher->entries[0]);

	matcher->heads[number / WAYS].due[number % WAYS] =
	    (uint16_t)((uint64_t)(time / DUE + 1) << 1 | (e->state == ENTRY_WAITING));
}

static bool
is_due(uint16_t due, nsec_t now)
{
	return (int16_t)(((uint64_t)(now / DUE) << 1) - (due & 0xfffeU)) >= 0;
}

static void
give_up(struct dns_matcher *matcher, struct entry *e)
{
	struct dns_pending pending = {
		.time = e->time,
		.client = e->client,
		.server = e->server,
		.client_port = e->client_port,
		.server_port = e->server_port,
		.id = e->id,
		.flags = e->flags,
		.transport = e->transport,
		.view = e->view,
		.retransmissions = e->retransmissions,
		.query_size = e->size,
		.type = e->type,
		.name_hash = e->name_hash,
		.site_hash = e->site_hash,
	};

	e->state = ENTRY_EXPIRED;
	set_due(matcher, e, e->time + matcher->options.timeout + EXPIRED_KEPT);
	matcher->waiting--;
	matcher->options.expired(matcher->options.context, &pending);
}

/* The entry of the oldest in the queue, which leaves it; NULL when it waits no more. */
static struct entry *
leave_queue(struct dns_matcher *matcher)
{
	const struct queued *q = &matcher->queue[matcher->queue_first];
	struct entry *e = &matcher->entries[q->number / WAYS][q->number % WAYS];
	bool waits = matcher->heads[q->number / WAYS].tag[q->number % WAYS] != 0 &&
		     e->state == ENTRY_WAITING && e->time == q->time;

	matcher->queue_first = (matcher->queue_first + 1) & (queue_size(matcher) - 1);
	matcher->queue_count--;
	return waits ? e : NULL;
}

static void
enter_queue(struct dns_matcher *matcher, const struct entry *e)
{
	size_t size = queue_size(matcher);

	if (matcher->queue_count == size) {
		struct entry *oldest = leave_queue(matcher);
		if (oldest != NULL) {
			oldest->state = ENTRY_EXPIRED;
			matcher->options.drops->count[DROP_DNS_TRANSACTION_EVICTED]++;
			matcher->waiting--;
		}
	}
	matcher->queue[(matcher->queue_first + matcher->queue_count++) & (size - 1)] =
	    (struct queued){ e->time, (uint32_t)(e - matcher->entries[0]) };
}

/* A way for a new query: a free one, else the oldest that is done, else the oldest. */
static int
make_room(struct dns_matcher *matcher, size_t set)
{
	int done = -1, oldest = 0;

	for (int i = 0; i < WAYS; i++) {
		const struct entry *e = &matcher->entries[set][i];
		if (matcher->heads[set].tag[i] == 0)
			return i;
		if (e->state != ENTRY_WAITING &&
		    (done < 0 || e->time < matcher->entries[set][done].time))
			done = i;
		if (e->time < matcher->entries[set][oldest].time)
			oldest = i;
	}
	if (done >= 0)
		return done;
	matcher->options.drops->count[DROP_DNS_TRANSACTION_EVICTED]++;
	matcher->waiting--;
	return oldest;
}

/* A hash of the first question's name as it was sent; 0 when it has no upper-case letters. */
static uint32_t
case_of(const struct dns_message *m)
{
	if ((m->flags & DNS_CASE_MIXED) == 0 || m->size < 12U + m->name_size)
		return 0;
	return (uint32_t)dns_hash(m->data + 12, m->name_size) | 1;
}

/* ------------------------------------------------------------------ answers without a query */

static bool
is_recent(const struct dns_matcher *matcher, const struct entry *e, nsec_t now)
{
	if (e->state == ENTRY_ANSWERED)
		return now - e->answered <= ANSWERED_KEPT;
	return e->state == ENTRY_WAITING && now - e->time <= matcher->options.timeout;
}

/* Adds the queries of the message's pair that wait to those watched. */
static void
gather(struct dns_matcher *matcher, const struct dns_message *m)
{
	for (size_t i = 0; i < matcher->set_count * WAYS; i++) {
		const struct entry *e = &matcher->entries[i / WAYS][i % WAYS];
		if (matcher->heads[i / WAYS].tag[i % WAYS] == 0 || e->transport != DNS_UDP ||
		    e->view != m->view || !address_equal(&e->client, &m->client) ||
		    !address_equal(&e->server, &m->server) || !is_recent(matcher, e, m->time))
			continue;
		dns_watch_add(matcher->watch, &e->client, &e->server,
		    &(struct dns_watch_query){
			.time = e->time,
			.answered = e->state == ENTRY_ANSWERED ? e->answered : 0,
			.name_hash = e->name_hash,
			.port = e->client_port,
			.id = e->id,
			.type = e->type,
		    });
	}
}

/* A response over UDP that answers nothing may be a forged one. */
static void
judge_stray(struct dns_matcher *matcher, struct dns_message *m)
{
	if (m->transport != DNS_UDP)
		return;
	if (matcher->watch == NULL)
		matcher->watch = dns_watch_new(
		    &matcher->options.secret, matcher->options.timeout, matcher->options.drops);
	if (dns_watch_judge(matcher->watch, m) && matcher->searches != 0) {
		matcher->searches--;
		gather(matcher, m);
		(void)dns_watch_judge(matcher->watch, m);
	}
}

/* ------------------------------------------------------------------ messages */

static void
take_query(struct dns_matcher *matcher, struct dns_message *m, uint64_t hash)
{
	size_t set = set_of(matcher, hash);
	int way = find(matcher, m, hash);
	struct entry *e;

	if (way >= 0) {
		e = &matcher->entries[set][way];
		if (e->state == ENTRY_WAITING && e->name_hash == m->name_hash &&
		    e->type == m->type && m->time - e->time <= matcher->options.timeout) {
			e->retransmissions += e->retransmissions < UINT8_MAX;
			m->retransmissions = e->retransmissions;
			return;
		}
		if (e->state == ENTRY_WAITING)
			give_up(matcher, e);
	} else {
		way = make_room(matcher, set);
		e = &matcher->entries[set][way];
	}
	matcher->heads[set].tag[way] = tag_of(hash);
	matcher->waiting++;
	*e = (struct entry){
		.client = m->client,
		.server = m->server,
		.time = m->time,
		.name_hash = m->name_hash,
		.site_hash = m->site_hash,
		.connection = m->connection,
		.case_hash = case_of(m),
		.client_port = m->client_port,
		.server_port = m->server_port,
		.id = m->id,
		.type = m->type,
		.flags = m->flags | ((m->bits & DNS_RD) != 0 ? DNS_RECURSED : 0),
		.size = m->message_size,
		.edns_size = m->edns_size,
		.transport = m->transport,
		.view = m->view,
		.state = ENTRY_WAITING,
	};
	set_due(matcher, e, m->time + matcher->options.timeout);
	enter_queue(matcher, e);
	if (matcher->watch != NULL && m->transport == DNS_UDP)
		dns_watch_query(matcher->watch, m);
}

/* Copies what the response's consumers want to know of its query. */
static void
tell_query(const struct entry *e, struct dns_message *m)
{
	m->latency = m->time >= e->time ? m->time - e->time : 0;
	m->query_size = e->size;
	m->query_edns_size = e->edns_size;
	m->query_flags = (uint8_t)(e->flags & 0xff);
	m->retransmissions = e->retransmissions;
	m->flags |= e->flags & (DNS_RECURSED | DNS_CLIENT_OWN | DNS_SERVER_OWN);
}

/* Whether the response is about the query's question; one without a question (an error) may be. */
static bool
is_answer(const struct entry *e, const struct dns_message *m)
{
	return (m->flags & DNS_QUESTION) == 0 ||
	       (e->name_hash == m->name_hash && e->type == m->type);
}

static void
note_answer(struct dns_matcher *matcher, struct entry *e, const struct dns_message *m)
{
	e->state = ENTRY_ANSWERED;
	e->answered = m->time;
	e->digest = m->answers_digest;
	e->answer_rcode = m->rcode & 0xf;
	e->answer_ttl = m->ttl;
	e->wrong_case = m->match == DNS_WRONG_CASE;
	set_due(matcher, e, m->time + ANSWERED_KEPT);
}

static enum dns_match
judge_answered(struct dns_matcher *matcher, struct entry *e, struct dns_message *m)
{
	bool in_case = e->case_hash == 0 || e->case_hash == case_of(m);

	if (e->wrong_case && in_case) {
		/* A client that minds letters took none before. */
		m->match = DNS_MATCHED;
		note_answer(matcher, e, m);
		return DNS_MATCHED;
	}
	m->first_ttl = e->answer_ttl;
	m->answer_gap = m->time - e->answered;
	if (e->digest == m->answers_digest && e->answer_rcode == (m->rcode & 0xf))
		return DNS_DUPLICATE;
	return in_case ? DNS_SECOND_ANSWER : DNS_WRONG_CASE;
}

/* The response to the query of an entry. */
static void
take_answer(struct dns_matcher *matcher, struct entry *e, struct dns_message *m)
{
	if (e->state == ENTRY_WAITING && m->time - e->time > matcher->options.timeout)
		give_up(matcher, e);
	tell_query(e, m);
	switch (e->state) {
	case ENTRY_WAITING:
		m->match =
		    e->case_hash == 0 || e->case_hash == case_of(m) ? DNS_MATCHED : DNS_WRONG_CASE;
		note_answer(matcher, e, m);
		matcher->waiting--;
		break;
	case ENTRY_ANSWERED: m->match = (uint8_t)judge_answered(matcher, e, m); break;
	default: m->match = DNS_LATE; break;
	}
	if (matcher->watch != NULL && m->transport == DNS_UDP)
		m->forged = dns_watch_answered(matcher->watch, m);
}

/* Whether an entry's time is over, though its place may not have been freed yet. */
static bool
is_forgotten(const struct dns_matcher *matcher, const struct entry *e, nsec_t now)
{
	if (e->state == ENTRY_ANSWERED)
		return now - e->answered > ANSWERED_KEPT;
	return e->state == ENTRY_EXPIRED && now - e->time > matcher->options.timeout + EXPIRED_KEPT;
}

static void
take_response(struct dns_matcher *matcher, struct dns_message *m, uint64_t hash)
{
	int way = find(matcher, m, hash);
	struct entry *e = NULL;

	m->match = DNS_UNSOLICITED;
	m->forged = 0;
	m->waiting_port = 0;
	m->first_ttl = 0;
	m->answer_gap = 0;
	if (way >= 0)
		e = &matcher->entries[set_of(matcher, hash)][way];
	if (e != NULL && is_forgotten(matcher, e, m->time))
		e = NULL;
	if (e != NULL && is_answer(e, m))
		take_answer(matcher, e, m);
	else if (e != NULL && e->state == ENTRY_WAITING)
		m->match = DNS_WRONG_QUESTION;
	else
		judge_stray(matcher, m);
}

void
dns_matcher_take(struct dns_matcher *matcher, struct dns_message *m, uint64_t hash)
{
	if (++matcher->taken % SEARCH_EACH == 0 && matcher->searches < SEARCHES_AT_ONCE)
		matcher->searches++;
	if ((m->flags & DNS_RESPONSE) != 0)
		take_response(matcher, m, hash);
	else
		take_query(matcher, m, hash);
}

/* Frees the places of what is done. */
static void
sweep(struct dns_matcher *matcher, size_t set, nsec_t now)
{
	struct heads *heads = &matcher->heads[set];

	for (int i = 0; i < WAYS; i++)
		if (heads->tag[i] != 0 && (heads->due[i] & 1) == 0 && is_due(heads->due[i], now))
			heads->tag[i] = 0;
}

static void
give_up_overdue(struct dns_matcher *matcher, nsec_t now)
{
	while (matcher->queue_count != 0 &&
	       now - matcher->queue[matcher->queue_first].time > matcher->options.timeout) {
		struct entry *e = leave_queue(matcher);
		if (e != NULL)
			give_up(matcher, e);
	}
}

void
dns_matcher_advance(struct dns_matcher *matcher, nsec_t now)
{
	/* The whole table once in half a timeout. */
	nsec_t turn = matcher->options.timeout / 2;
	nsec_t passed = now - matcher->swept_to;
	size_t sets = matcher->set_count;

	give_up_overdue(matcher, now);
	if (passed >= 0 && passed < turn)
		sets = (size_t)((double)sets * (double)passed / (double)turn);
	if (sets == 0)
		return;
	matcher->swept_to = now;
	while (sets-- > 0) {
		sweep(matcher, matcher->swept, now);
		matcher->swept = (matcher->swept + 1) & (matcher->set_count - 1);
	}
}

size_t
dns_matcher_end(struct dns_matcher *matcher, nsec_t now)
{
	give_up_overdue(matcher, now);
	return matcher->waiting;
}

void
dns_matcher_each(const struct dns_matcher *matcher,
    void (*take)(void *context, const struct dns_waiting *waiting), void *context)
{
	for (size_t i = 0; i < matcher->set_count * WAYS; i++) {
		const struct entry *e = &matcher->entries[i / WAYS][i % WAYS];
		struct dns_waiting waiting = {
			.client = e->client,
			.server = e->server,
			.time = e->time,
			.name_hash = e->name_hash,
			.site_hash = e->site_hash,
			.case_hash = e->case_hash,
			.client_port = e->client_port,
			.server_port = e->server_port,
			.id = e->id,
			.type = e->type,
			.flags = e->flags,
			.size = e->size,
			.edns_size = e->edns_size,
			.transport = e->transport,
			.view = e->view,
			.retransmissions = e->retransmissions,
		};
		if (matcher->heads[i / WAYS].tag[i % WAYS] != 0 && e->state == ENTRY_WAITING &&
		    e->connection == 0)
			take(context, &waiting);
	}
}

void
dns_matcher_restore(struct dns_matcher *matcher, const struct dns_waiting *waiting)
{
	struct dns_message m = {
		.time = waiting->time,
		.client = waiting->client,
		.server = waiting->server,
		.client_port = waiting->client_port,
		.server_port = waiting->server_port,
		.flags = waiting->flags,
		.transport = waiting->transport,
		.view = waiting->view,
		.id = waiting->id,
		.type = waiting->type,
		.name_hash = waiting->name_hash,
		.site_hash = waiting->site_hash,
		.message_size = waiting->size,
		.edns_size = waiting->edns_size,
	};
	uint64_t hash = dns_matcher_hash(matcher, &m);
	struct entry *e;

	m.flags &= (uint16_t) ~(DNS_RESPONSE | DNS_CASE_MIXED);
	take_query(matcher, &m, hash);
	e = &matcher->entries[set_of(matcher, hash)][find(matcher, &m, hash)];
	e->flags = waiting->flags;
	e->case_hash = waiting->case_hash;
	e->retransmissions = waiting->retransmissions;
}
