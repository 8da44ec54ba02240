/* SPDX-License-Identifier: ISC */
/* Watched pairs and their queries; see dns_watch.h.  The matcher (dns_match.c) is its only user. */
#include "flow/dns_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define WAYS   8
#define SETS   (WATCH_PAIRS / WAYS)
#define FILTER 4096 /* a power of two */

#define PAIR_KEPT (60 * NSEC_PER_SEC)

/* A burst does not stop at the moment when the true answer comes. */
#define BURST_KEPT (1 * NSEC_PER_SEC)

struct list {
	struct dns_watch_query queries[WATCH_QUERIES];
	uint32_t count; /* ever added: the next goes to count % WATCH_QUERIES */
};

struct pair {
	struct address client, server;
	nsec_t last; /* answer without a query */
	uint64_t hash;
	struct list *list; /* owned; NULL until there is a query */
	bool used;
};

struct dns_watch {
	struct hash_secret secret;
	nsec_t timeout;
	struct drop_counters *drops;
	size_t lists;
	uint16_t filter[FILTER]; /* how many pairs have this hash: mostly 0 */
	struct pair pairs[SETS][WAYS];
};

struct dns_watch *
dns_watch_new(const struct hash_secret *secret, nsec_t timeout, struct drop_counters *drops)
{
	struct dns_watch *watch = xcalloc(1, sizeof *watch);

	watch->secret = *secret;
	watch->timeout = timeout;
	watch->drops = drops;
	return watch;
}

void
dns_watch_free(struct dns_watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t set = 0; set < SETS; set++)
		for (size_t i = 0; i < WAYS; i++)
			free(watch->pairs[set][i].list);
	free(watch);
}

static uint64_t
hash_pair(const struct dns_watch *watch, const struct address *client, const struct address *server)
{
	uint64_t words[4] = { client->words[0], client->words[1], server->words[0],
		server->words[1] };

	return hash_words(&watch->secret, words, 4);
}

static inline uint16_t *
filter_of(struct dns_watch *watch, uint64_t hash)
{
	return &watch->filter[(hash >> 32) % FILTER];
}

static struct pair *
find(struct dns_watch *watch, const struct address *client, const struct address *server,
    uint64_t hash)
{
	struct pair *set = watch->pairs[hash % SETS];

	if (*filter_of(watch, hash) == 0)
		return NULL;
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].used && set[i].hash == hash && address_equal(&set[i].client, client) &&
		    address_equal(&set[i].server, server))
			return &set[i];
	return NULL;
}

static void
forget(struct dns_watch *watch, struct pair *pair)
{
	--*filter_of(watch, pair->hash);
	if (pair->list != NULL) {
		free(pair->list);
		watch->lists--;
	}
	*pair = (struct pair){ .used = false };
}

/* The one of a set to give way: unused, else the oldest without queries, else the oldest. */
static struct pair *
make_room(struct dns_watch *watch, struct pair *set, nsec_t now)
{
	struct pair *best = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		struct pair *p = &set[i];
		if (p->used && now - p->last > PAIR_KEPT)
			forget(watch, p);
		if (!p->used)
			return p;
		if ((p->list == NULL) > (best->list == NULL) ||
		    ((p->list == NULL) == (best->list == NULL) && p->last < best->last))
			best = p;
	}
	watch->drops->count[DROP_DNS_WATCH_EVICTED] += best->list != NULL;
	forget(watch, best);
	return best;
}

static bool
is_live(const struct dns_watch *watch, const struct dns_watch_query *q, nsec_t now)
{
	if (q->answered != 0)
		return now - q->answered <= BURST_KEPT;
	return now - q->time <= watch->timeout;
}

/* How well a query fits a response that is not its answer: 0 not at all. */
static int
likeness(const struct dns_watch_query *q, const struct dns_message *m)
{
	bool asks =
	    (m->flags & DNS_QUESTION) != 0 && q->name_hash == m->name_hash && q->type == m->type;

	if (q->port == m->client_port && q->id != m->id)
		return asks ? 4 : 2;
	if (asks && q->port != m->client_port)
		return q->answered == 0 ? 3 : 1;
	return 0;
}

/* Order of queries: by time, then by what else they have. */
static int
compare_queries(const void *a, const void *b)
{
	const struct dns_watch_query *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static uint32_t
held_by(const struct list *list)
{
	return list->count < WATCH_QUERIES ? list->count : WATCH_QUERIES;
}

/* Compares with the queries of the pair; of those equally alike the latest counts. */
static void
compare(const struct dns_watch *watch, struct list *list, struct dns_message *m)
{
	struct dns_watch_query *best = NULL;
	int best_likeness = 0;

	for (uint32_t i = 0, held = held_by(list); i < held; i++) {
		struct dns_watch_query *q = &list->queries[i];
		int alike = likeness(q, m);
		if (alike == 0 || alike < best_likeness || !is_live(watch, q, m->time))
			continue;
		if (alike == best_likeness && compare_queries(q, best) < 0)
			continue;
		best = q;
		best_likeness = alike;
	}
	if (best == NULL)
		return;
	m->match = best->port == m->client_port ? DNS_WRONG_ID : DNS_WRONG_PORT;
	m->forged = best->forged;
	m->waiting_port = best->port;
	best->forged += best->forged < UINT16_MAX;
}

bool
dns_watch_judge(struct dns_watch *watch, struct dns_message *m)
{
	uint64_t hash = hash_pair(watch, &m->client, &m->server);
	struct pair *pair = find(watch, &m->client, &m->server, hash);

	if (pair != NULL) {
		pair->last = m->time;
		if (pair->list != NULL)
			compare(watch, pair->list, m);
		return false;
	}
	pair = make_room(watch, watch->pairs[hash % SETS], m->time);
	*pair = (struct pair){
		.client = m->client,
		.server = m->server,
		.last = m->time,
		.hash = hash,
		.used = true,
	};
	++*filter_of(watch, hash);
	return true;
}

/* The list of a pair, made when there is none; NULL when there are too many. */
static struct list *
list_of(struct dns_watch *watch, struct pair *pair)
{
	if (pair->list != NULL)
		return pair->list;
	if (watch->lists == WATCH_LISTS) {
		watch->drops->count[DROP_DNS_WATCH_EVICTED]++;
		return NULL;
	}
	pair->list = xcalloc(1, sizeof *pair->list);
	watch->lists++;
	return pair->list;
}

void
dns_watch_query(struct dns_watch *watch, const struct dns_message *m)
{
	uint64_t hash = hash_pair(watch, &m->client, &m->server);
	struct pair *pair = find(watch, &m->client, &m->server, hash);

	struct dns_watch_query *place;
	struct list *list;

	if (pair == NULL)
		return;
	if (m->time - pair->last > PAIR_KEPT) {
		forget(watch, pair);
		return;
	}
	list = list_of(watch, pair);
	if (list == NULL)
		return;
	place = &list->queries[list->count % WATCH_QUERIES];
	if (list->count >= WATCH_QUERIES && is_live(watch, place, m->time))
		watch->drops->count[DROP_DNS_WATCH_EVICTED]++;
	*place = (struct dns_watch_query){
		.time = m->time,
		.name_hash = m->name_hash,
		.port = m->client_port,
		.id = m->id,
		.type = m->type,
	};
	list->count++;
}

void
dns_watch_add(struct dns_watch *watch, const struct address *client, const struct address *server,
    const struct dns_watch_query *query)
{
	struct pair *pair = find(watch, client, server, hash_pair(watch, client, server));
	struct list *list = pair != NULL ? list_of(watch, pair) : NULL;
	uint32_t at;

	if (list == NULL)
		return;
	if (list->count >= WATCH_QUERIES) {
		watch->drops->count[DROP_DNS_WATCH_EVICTED]++;
		if (compare_queries(query, &list->queries[0]) < 0)
			return;
		memmove(
		    list->queries, list->queries + 1, (WATCH_QUERIES - 1) * sizeof *list->queries);
		list->count = WATCH_QUERIES - 1;
	}
	/* In order: the oldest stands where the next query will overwrite it. */
	for (at = list->count++; at > 0 && compare_queries(query, &list->queries[at - 1]) < 0; at--)
		list->queries[at] = list->queries[at - 1];
	list->queries[at] = *query;
}

uint16_t
dns_watch_answered(struct dns_watch *watch, const struct dns_message *m)
{
	struct pair *pair =
	    find(watch, &m->client, &m->server, hash_pair(watch, &m->client, &m->server));
	struct list *list = pair != NULL ? pair->list : NULL;

	if (list == NULL)
		return 0;
	for (uint32_t i = 1, held = held_by(list); i <= held; i++) {
		struct dns_watch_query *q = &list->queries[(list->count - i) % WATCH_QUERIES];
		if (q->id != m->id || q->port != m->client_port)
			continue;
		if (q->answered == 0)
			q->answered = m->time;
		return q->forged;
	}
	return 0;
}
