/* SPDX-License-Identifier: ISC */
/* Attempts to log in by source, name and what sources have in common; see guess.h. */
#include "analysis/security/guess.h"

#include <string.h>

static uint64_t
weigh_entry(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct guess_entry *)entry)->counts[GUESS_ATTEMPTS];
}

static uint64_t
weigh_name(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct guess_name *)entry)->attempts;
}

static uint64_t
weigh_campaign(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct guess_campaign *)entry)->source_count;
}

static const struct dns_pool_shape ENTRIES = { 5, sizeof(struct guess_entry), 1024, weigh_entry };
static const struct dns_pool_shape NAMES = { 2, sizeof(struct guess_name), 4096, weigh_name };
static const struct dns_pool_shape CAMPAIGNS = { 2, sizeof(struct guess_campaign), 512,
	weigh_campaign };
static_assert(sizeof(struct guess_entry) % 8 == 0 && sizeof(struct guess_name) % 8 == 0 &&
		  sizeof(struct guess_campaign) % 8 == 0,
    "as pools want them");

void
guess_init(struct guess *g, const struct hash_secret *secret)
{
	dns_pool_init(&g->entries, &ENTRIES, secret);
	dns_pool_init(&g->names, &NAMES, secret);
	dns_pool_init(&g->campaigns, &CAMPAIGNS, secret);
}

void
guess_release(struct guess *g)
{
	dns_pool_release(&g->entries);
	dns_pool_release(&g->names);
	dns_pool_release(&g->campaigns);
}

void
guess_clear(struct guess *g)
{
	dns_pool_clear(&g->entries);
	dns_pool_clear(&g->names);
	dns_pool_clear(&g->campaigns);
	g->attempts = g->inferred = g->passed = 0;
}

/* ------------------------------------------------------------------ one attempt */

/* Of octets, without a secret: hashes of windows and shards must agree. */
static uint64_t
hash_octets(uint64_t seed, const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t hash = hash_mix64(seed + size), word;

	for (size_t i = 0; i < size; i += sizeof word) {
		word = 0;
		memcpy(&word, p + i, size - i < sizeof word ? size - i : sizeof word);
		hash = hash_mix64(hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
	}
	return hash;
}

static size_t
copy_text(char *into, size_t room, const void *data, size_t size)
{
	size_t kept = size < room ? size : room;

	if (kept > 0)
		memcpy(into, data, kept);
	return kept;
}

/* Attempts that this stands for, as failed and succeeded ones. */
static void
count_outcome(uint64_t *counts, const struct login *l)
{
	static const uint8_t COUNT_OF[] = {
		[LOGIN_FAILED] = GUESS_FAILED,
		[LOGIN_SUCCEEDED] = GUESS_SUCCEEDED,
		[LOGIN_UNKNOWN] = GUESS_ATTEMPTS,
		[LOGIN_LIKELY_FAILED] = GUESS_LIKELY_FAILED,
		[LOGIN_LIKELY_SUCCEEDED] = GUESS_LIKELY_SUCCEEDED,
	};
	uint64_t count = l->count > 0 ? l->count : 1;

	counts[GUESS_ATTEMPTS] += count;
	if (l->outcome != LOGIN_UNKNOWN && l->outcome < sizeof COUNT_OF)
		counts[COUNT_OF[l->outcome]] += count;
	if (l->no_such_user)
		counts[GUESS_NO_SUCH_USER] += count;
}

static bool
has_failed(const struct login *l)
{
	return l->outcome == LOGIN_FAILED || l->outcome == LOGIN_LIKELY_FAILED;
}

static bool
has_succeeded(const struct login *l)
{
	return l->outcome == LOGIN_SUCCEEDED || l->outcome == LOGIN_LIKELY_SUCCEEDED;
}

static void
add_user(struct guess_entry *e, uint64_t hash, uint64_t tries)
{
	for (uint32_t i = 0; i < e->user_count; i++)
		if (e->users[i].hash == hash) {
			e->users[i].tries += tries;
			return;
		}
	if (e->user_count < GUESS_USERS)
		e->users[e->user_count++] = (struct guess_user){ hash, tries };
	else
		e->users_more += tries;
}

static void
add_minute(struct guess_entry *e, int64_t number, uint64_t failed)
{
	uint32_t at = e->minute_count;

	while (at > 0 && e->minutes[at - 1].number > number)
		at--;
	if (at > 0 && (e->minutes[at - 1].number == number || e->minute_count == GUESS_MINUTES)) {
		e->minutes[at - 1].failed += failed;
		return;
	}
	if (e->minute_count == GUESS_MINUTES) {
		e->minutes[0].failed += failed;
		return;
	}
	memmove(
	    &e->minutes[at + 1], &e->minutes[at], (e->minute_count - at) * sizeof e->minutes[0]);
	e->minutes[at] = (struct guess_minute){ number, failed };
	e->minute_count++;
}

static void
add_sample(struct guess_entry *e, const struct guess_sample *s)
{
	uint32_t at = e->sample_count;

	while (at > 0 && (s->time < e->samples[at - 1].time ||
			     (s->time == e->samples[at - 1].time &&
				 s->input_offset < e->samples[at - 1].input_offset)))
		at--;
	if (at == GUESS_SAMPLES)
		return;
	if (e->sample_count < GUESS_SAMPLES)
		e->sample_count++;
	memmove(&e->samples[at + 1], &e->samples[at],
	    (e->sample_count - at - 1) * sizeof e->samples[0]);
	e->samples[at] = *s;
}

static struct guess_sample
sample_of(const struct login *l)
{
	struct guess_sample s = {
		.time = l->time,
		.input_offset = l->input_offset,
		.input_length = l->input_length,
		.outcome = l->outcome,
	};

	s.user_size = (uint8_t)copy_text(s.user, sizeof s.user, l->user.data, l->user.size);
	return s;
}

static void
note_success(struct guess_entry *e, uint64_t failed, nsec_t time)
{
	if (e->success != 0 && failed <= e->failed_before)
		return;
	e->failed_before = failed;
	e->success = time;
}

static void
note_times(nsec_t *first, nsec_t *last, nsec_t begin, nsec_t end)
{
	if (*first == 0 || begin < *first)
		*first = begin;
	if (end > *last)
		*last = end;
}

static uint64_t
where_of(const struct login *l)
{
	return hash_octets(
	    hash_octets(1, l->service, strlen(l->service)), l->host.data, l->host.size);
}

static void
count_entry(struct guess *g, const struct login *l)
{
	uint64_t key[5] = { l->source.words[0], l->source.words[1], l->destination.words[0],
		l->destination.words[1], where_of(l) };
	struct guess_entry *e = dns_pool_at(&g->entries, key);
	struct guess_sample sample = sample_of(l);
	uint64_t count = l->count > 0 ? l->count : 1;

	if (e->counts[GUESS_ATTEMPTS] == 0) {
		(void)copy_text(e->service, sizeof e->service - 1, l->service, strlen(l->service));
		(void)copy_text(e->host, GUESS_TEXT, l->host.data, l->host.size);
	}
	note_times(&e->first, &e->last, l->time, l->time);
	if (has_succeeded(l))
		note_success(e, e->counts[GUESS_FAILED] + e->counts[GUESS_LIKELY_FAILED], l->time);
	count_outcome(e->counts, l);
	if (has_failed(l))
		add_minute(e, l->time / (60 * NSEC_PER_SEC), count);
	if (l->user.size > 0)
		add_user(e, hash_octets(2, l->user.data, l->user.size), count);
	e->origins |= 1U << l->origin;
	add_sample(e, &sample);
}

static void
count_name(struct guess *g, const struct login *l, const struct octets *text, bool password)
{
	uint64_t key[2] = { hash_octets(3 + password, l->service, strlen(l->service)),
		hash_octets(5, text->data, text->size) };
	struct guess_name *n;

	if (text->size == 0)
		return;
	n = dns_pool_at(&g->names, key);
	if (n->attempts == 0) {
		n->password = password;
		(void)copy_text(n->service, sizeof n->service - 1, l->service, strlen(l->service));
		n->size = (uint8_t)copy_text(n->text, GUESS_TEXT, text->data, text->size);
	}
	n->attempts += l->count > 0 ? l->count : 1;
}

static bool
add_hash(uint64_t *list, uint32_t *count, uint32_t most, uint64_t hash)
{
	for (uint32_t i = 0; i < *count; i++)
		if (list[i] == hash)
			return false;
	if (*count < most)
		list[(*count)++] = hash;
	return true;
}

static void
count_campaign(
    struct guess *g, const struct login *l, enum guess_bond bond, const struct octets *text)
{
	uint64_t server =
	    bond == GUESS_BY_CLIENT ? 0 : hash_mix_words(l->destination.words, 2) ^ where_of(l);
	uint64_t key[2] = { hash_octets(8 + bond + server, l->service, strlen(l->service)),
		hash_octets(9, text->data, text->size) };
	struct guess_campaign *c = dns_pool_at(&g->campaigns, key);

	if (c->counts[GUESS_ATTEMPTS] == 0) {
		c->bond = (uint8_t)bond;
		if (bond != GUESS_BY_CLIENT)
			c->destination = l->destination;
		(void)copy_text(c->service, sizeof c->service - 1, l->service, strlen(l->service));
		c->size = (uint8_t)copy_text(c->text, GUESS_CLIENT, text->data, text->size);
	}
	note_times(&c->first, &c->last, l->time, l->time);
	count_outcome(c->counts, l);
	(void)add_hash(
	    c->sources, &c->source_count, GUESS_SOURCES, hash_mix_words(l->source.words, 2));
	if (l->user.size > 0)
		(void)add_hash(c->users, &c->user_count, GUESS_USERS,
		    hash_octets(2, l->user.data, l->user.size));
}

void
guess_login(struct guess *g, const struct login *l)
{
	g->attempts += l->count > 0 ? l->count : 1;
	g->inferred += l->outcome == LOGIN_LIKELY_FAILED || l->outcome == LOGIN_LIKELY_SUCCEEDED;
	count_entry(g, l);
	count_name(g, l, &l->user, false);
	if (l->origin == LOGIN_FROM_HONEYPOT)
		count_name(g, l, &l->password, true);
	if (l->client.size > 0)
		count_campaign(g, l, GUESS_BY_CLIENT, &l->client);
	if (l->user.size > 0)
		count_campaign(g, l, GUESS_BY_ACCOUNT, &l->user);
	count_campaign(g, l, GUESS_BY_SERVER, &l->host);
}

/* ------------------------------------------------------------------ merging */

static void
add_counts(uint64_t *into, const uint64_t *from)
{
	for (unsigned i = 0; i < GUESS_COUNTS; i++)
		into[i] += from[i];
}

static void
add_entry(void *into, const void *from)
{
	struct guess_entry *e = into;
	const struct guess_entry *f = from;

	if (e->counts[GUESS_ATTEMPTS] == 0) {
		*e = *f;
		return;
	}
	note_times(&e->first, &e->last, f->first, f->last);
	add_counts(e->counts, f->counts);
	if (f->success != 0)
		note_success(e, f->failed_before, f->success);
	e->users_more += f->users_more;
	e->origins |= f->origins;
	for (uint32_t i = 0; i < f->user_count; i++)
		add_user(e, f->users[i].hash, f->users[i].tries);
	for (uint32_t i = 0; i < f->minute_count; i++)
		add_minute(e, f->minutes[i].number, f->minutes[i].failed);
	for (uint32_t i = 0; i < f->sample_count; i++)
		add_sample(e, &f->samples[i]);
}

static void
add_name(void *into, const void *from)
{
	struct guess_name *n = into;
	const struct guess_name *f = from;
	uint64_t before = n->attempts;

	*n = *f;
	n->attempts += before;
}

static void
add_campaign(void *into, const void *from)
{
	struct guess_campaign *c = into;
	const struct guess_campaign *f = from;

	if (c->counts[GUESS_ATTEMPTS] == 0) {
		*c = *f;
		return;
	}
	note_times(&c->first, &c->last, f->first, f->last);
	add_counts(c->counts, f->counts);
	for (uint32_t i = 0; i < f->source_count; i++)
		(void)add_hash(c->sources, &c->source_count, GUESS_SOURCES, f->sources[i]);
	for (uint32_t i = 0; i < f->user_count; i++)
		(void)add_hash(c->users, &c->user_count, GUESS_USERS, f->users[i]);
}

void
guess_merge(struct guess *into, const struct guess *from)
{
	dns_pool_merge(&into->entries, &from->entries, add_entry);
	dns_pool_merge(&into->names, &from->names, add_name);
	dns_pool_merge(&into->campaigns, &from->campaigns, add_campaign);
	into->attempts += from->attempts;
	into->inferred += from->inferred;
	into->passed += from->passed;
}
