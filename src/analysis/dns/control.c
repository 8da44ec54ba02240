/* SPDX-License-Identifier: ISC */
/*
 * The DNS as a means of control: which answers were changed, by whom, how; and how the answers of
 * content providers are steered.
 *
 * Looks at answers of resolvers (RA) to their clients.  What a single answer shows, control_judge
 * tells.  A search page for all names that do not exist shows only in many: one address for many
 * domains, from a resolver that never says NXDOMAIN; so addresses are counted by resolver.
 *
 * Steering is measured on a panel, the names whose hash falls into one eighth: the same names
 * everywhere and always.
 */
#include "analysis/dns/control.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/dns/pool.h"
#include "analysis/dns/samples.h"
#include "analysis/sketch.h"
#include "net/dns.h"
#include "stat/hll.h"

#define PANEL     8    /* one name in so many */
#define CHANGED   512  /* resolvers and methods */
#define NAMES     2048 /* names that were changed */
#define ADDRESSES 4096 /* resolvers and addresses */
#define RESOLVERS 1024
#define PROVIDERS 1024 /* names of the panel */
#define DOMAINS   5    /* an address that answers for fewer is not kept */
#define OCTETS    104  /* of the first answer with an address: as long as a search page's */
#define SHORT_TTL 60   /* s */

struct changed {
	struct address resolver;
	uint64_t method;
	uint64_t answers, own;
	nsec_t first, last;
	uint8_t names[HLL_SIZE(CONTROL_PRECISION)];
	uint8_t clients[HLL_SIZE(CONTROL_PRECISION)];
	struct dns_samples samples;
};

struct name {
	struct address resolver;
	uint64_t method, name_hash;
	uint64_t answers;
	uint64_t name_size;
	uint8_t name[DNS_NAME_MAX + 1];
};

struct target {
	struct address resolver, address;
	uint64_t answers;
	nsec_t first, last;
	uint32_t ttl;
	uint32_t other_ttls; /* answers with another TTL than the first */
	uint8_t domains[HLL_SIZE(CONTROL_ADDRESS_PRECISION)];

	/* The first answer, as evidence. */
	struct address client;
	uint64_t input_offset;
	uint32_t input_length;
	uint16_t message_size, size;
	uint8_t octets[OCTETS];
};

struct resolver {
	struct address address;
	uint64_t responses, nxdomain, refused, servfail, second, own;
};

struct provider {
	uint64_t name_hash;
	uint64_t answers, short_ttl, scoped;
	uint64_t name_size;
	uint8_t answer_sets[HLL_SIZE(CONTROL_ADDRESS_PRECISION)];
	uint8_t resolvers[HLL_SIZE(CONTROL_ADDRESS_PRECISION)];
	uint8_t name[DNS_NAME_MAX + 1];
};

struct totals {
	uint64_t answers, addresses, short_ttl, scoped, with_ecs, service_binding, own_addresses,
	    aliased;
};

struct state {
	const struct suffix_list *suffixes; /* borrowed */
	const struct site *site;            /* borrowed */
	struct dns_pool changed, names, targets, resolvers, providers;
	struct totals totals;
	uint64_t responses;
};

static uint64_t
changed_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct changed *)entry)->answers;
}

static uint64_t
name_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct name *)entry)->answers;
}

static uint64_t
target_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct target *)entry)->answers;
}

static uint64_t
resolver_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct resolver *)entry)->responses;
}

static uint64_t
provider_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct provider *)entry)->answers;
}

static const struct dns_pool_shape CHANGED_SHAPE = { 3, sizeof(struct changed), CHANGED,
	changed_weight };
static const struct dns_pool_shape NAME_SHAPE = { 4, sizeof(struct name), NAMES, name_weight };
static const struct dns_pool_shape TARGET_SHAPE = { 4, sizeof(struct target), ADDRESSES,
	target_weight };
static const struct dns_pool_shape RESOLVER_SHAPE = { 2, sizeof(struct resolver), RESOLVERS,
	resolver_weight };
static const struct dns_pool_shape PROVIDER_SHAPE = { 1, sizeof(struct provider), PROVIDERS,
	provider_weight };

static const struct column CHANGED_COLUMNS[] = {
	{ "resolver", COLUMN_ADDRESS, "" },
	{ "method", COLUMN_U8, "" },
	{ "first_time", COLUMN_TIME, "" },
	{ "last_time", COLUMN_TIME, "" },
	{ "answers", COLUMN_U64, "messages" },
	{ "own", COLUMN_U64, "messages" },
	{ "names", COLUMN_BLOB, "" },
	{ "clients", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};

static const struct column NAME_COLUMNS[] = {
	{ "resolver", COLUMN_ADDRESS, "" },
	{ "method", COLUMN_U8, "" },
	{ "name", COLUMN_TEXT, "" },
	{ "answers", COLUMN_U64, "messages" },
};

static const struct column ADDRESS_COLUMNS[] = {
	{ "resolver", COLUMN_ADDRESS, "" },
	{ "address", COLUMN_ADDRESS, "" },
	{ "first_time", COLUMN_TIME, "" },
	{ "last_time", COLUMN_TIME, "" },
	{ "answers", COLUMN_U64, "messages" },
	{ "ttl", COLUMN_U32, "s" },
	{ "other_ttls", COLUMN_U64, "messages" },
	{ "domains", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};

static const struct column RESOLVER_COLUMNS[] = {
	{ "resolver", COLUMN_ADDRESS, "" },
	{ "responses", COLUMN_U64, "messages" },
	{ "nxdomain", COLUMN_U64, "messages" },
	{ "refused", COLUMN_U64, "messages" },
	{ "servfail", COLUMN_U64, "messages" },
	{ "second_answers", COLUMN_U64, "messages" },
	{ "own", COLUMN_U8, "" },
};

static const struct column PROVIDER_COLUMNS[] = {
	{ "name", COLUMN_TEXT, "" },
	{ "answers", COLUMN_U64, "messages" },
	{ "short_ttl", COLUMN_U64, "messages" },
	{ "scoped", COLUMN_U64, "messages" },
	{ "answer_sets", COLUMN_BLOB, "" },
	{ "resolvers", COLUMN_BLOB, "" },
};

static const struct column TOTAL_COLUMNS[] = {
	{ "responses", COLUMN_U64, "messages" },
	{ "answers", COLUMN_U64, "messages" },
	{ "addresses", COLUMN_U64, "messages" },
	{ "short_ttl", COLUMN_U64, "messages" },
	{ "with_ecs", COLUMN_U64, "messages" },
	{ "scoped", COLUMN_U64, "messages" },
	{ "service_binding", COLUMN_U64, "messages" },
	{ "own_addresses", COLUMN_U64, "messages" },
	{ "aliased", COLUMN_U64, "messages" },
	{ "evicted", COLUMN_U64, "" },
};

const struct table CONTROL_TABLES[] = {
	[CONTROL_CHANGED] = { "dns_control_changed", "Changed answers by resolver and method",
	    CHANGED_COLUMNS, ARRAY_COUNT(CHANGED_COLUMNS) },
	[CONTROL_NAMES] = { "dns_control_names", "Names whose answers were changed", NAME_COLUMNS,
	    ARRAY_COUNT(NAME_COLUMNS) },
	[CONTROL_ADDRESSES] = { "dns_control_addresses", "Addresses that answer for many domains",
	    ADDRESS_COLUMNS, ARRAY_COUNT(ADDRESS_COLUMNS) },
	[CONTROL_RESOLVERS] = { "dns_control_resolvers", "What resolvers answer", RESOLVER_COLUMNS,
	    ARRAY_COUNT(RESOLVER_COLUMNS) },
	[CONTROL_PROVIDERS] = { "dns_control_providers", "How answers are steered, on a panel",
	    PROVIDER_COLUMNS, ARRAY_COUNT(PROVIDER_COLUMNS) },
	[CONTROL_TOTALS] = { "dns_control_totals", "Answers that were looked at", TOTAL_COLUMNS,
	    ARRAY_COUNT(TOTAL_COLUMNS) },
};

static enum err
control_init(void *opaque, const struct analysis_context *context, struct err_info *info)
{
	struct state *s = opaque;

	(void)info;
	s->suffixes = context->suffixes;
	s->site = context->site;
	dns_pool_init(&s->changed, &CHANGED_SHAPE, &context->secret);
	dns_pool_init(&s->names, &NAME_SHAPE, &context->secret);
	dns_pool_init(&s->targets, &TARGET_SHAPE, &context->secret);
	dns_pool_init(&s->resolvers, &RESOLVER_SHAPE, &context->secret);
	dns_pool_init(&s->providers, &PROVIDER_SHAPE, &context->secret);
	return ERR_OK;
}

static void
control_release(void *opaque)
{
	struct state *s = opaque;

	dns_pool_release(&s->changed);
	dns_pool_release(&s->names);
	dns_pool_release(&s->targets);
	dns_pool_release(&s->resolvers);
	dns_pool_release(&s->providers);
}

static void
control_clear(void *opaque)
{
	struct state *s = opaque;

	if (s->responses == 0)
		return;
	dns_pool_clear(&s->changed);
	dns_pool_clear(&s->names);
	dns_pool_clear(&s->targets);
	dns_pool_clear(&s->resolvers);
	dns_pool_clear(&s->providers);
	s->totals = (struct totals){ 0 };
	s->responses = 0;
}

static void
extend(nsec_t *first, nsec_t *last, nsec_t time, bool new)
{
	if (new || time < *first)
		*first = time;
	if (new || time > *last)
		*last = time;
}

static void
take_changed(struct state *s, const struct dns_message *m, enum control_method method)
{
	uint64_t key[4] = { m->server.words[0], m->server.words[1], method, m->name_hash };
	struct changed *c = dns_pool_at(&s->changed, key);
	struct name *n;

	extend(&c->first, &c->last, m->time, c->answers == 0);
	c->answers++;
	c->own += (m->flags & DNS_SERVER_OWN) != 0;
	hll_add(c->names, CONTROL_PRECISION, m->name_hash);
	hll_add(c->clients, CONTROL_PRECISION, hash_mix_words(m->client.words, 2));
	dns_samples_add(&c->samples, m);
	n = dns_pool_at(&s->names, key);
	if (n->answers++ == 0) {
		n->name_size = m->name_size;
		memcpy(n->name, m->name, m->name_size);
	}
}

/* Whether an answer at this time and place is earlier than the one that was kept. */
static bool
is_earlier(const struct target *t, nsec_t time, uint64_t offset)
{
	return t->answers == 0 || time < t->first || (time == t->first && offset < t->input_offset);
}

static void
keep_answer(struct target *t, const struct dns_message *m)
{
	t->client = m->client;
	t->input_offset = m->input_offset;
	t->input_length = m->input_length;
	t->message_size = m->message_size;
	t->size = m->size < OCTETS ? m->size : OCTETS;
	memcpy(t->octets, m->data, t->size);
}

/* The first address of an answer that goes straight to it. */
static void
take_target(struct state *s, const struct dns_message *m)
{
	const uint8_t *octets = m->data + m->addresses_at[0];
	struct address address =
	    m->addresses_size[0] == 4 ? address_from_ipv4(octets) : address_from_ipv6(octets);
	uint64_t key[4] = { m->server.words[0], m->server.words[1], address.words[0],
		address.words[1] };
	struct target *t = dns_pool_at(&s->targets, key);

	if (is_earlier(t, m->time, m->input_offset))
		keep_answer(t, m);
	extend(&t->first, &t->last, m->time, t->answers == 0);
	if (t->answers++ == 0)
		t->ttl = m->ttl_least;
	t->other_ttls += m->ttl_least != t->ttl;
	hll_add(t->domains, CONTROL_ADDRESS_PRECISION, m->site_hash);
}

static void
take_provider(struct state *s, const struct dns_message *m)
{
	struct provider *p = dns_pool_at(&s->providers, &m->name_hash);

	if (p->answers++ == 0) {
		p->name_size = m->name_size;
		memcpy(p->name, m->name, m->name_size);
	}
	p->short_ttl += m->ttl_least <= SHORT_TTL;
	p->scoped += (m->flags & DNS_ECS) != 0 && m->ecs_scope != 0;
	hll_add(p->answer_sets, CONTROL_ADDRESS_PRECISION, hash_mix64(m->answers_digest));
	hll_add(p->resolvers, CONTROL_ADDRESS_PRECISION, hash_mix_words(m->server.words, 2));
}

static void
count_answer(struct state *s, const struct dns_message *m)
{
	struct totals *t = &s->totals;

	t->answers++;
	t->short_ttl += m->ttl_least <= SHORT_TTL;
	t->with_ecs += (m->flags & DNS_ECS) != 0;
	t->scoped += (m->flags & DNS_ECS) != 0 && m->ecs_scope != 0;
	t->service_binding += m->type == DNS_TYPE_HTTPS || m->type == DNS_TYPE_SVCB;
	t->aliased += m->cname_count != 0;
	if (m->address_count == 0)
		return;
	t->addresses++;
	if (s->site->own_prefix_count != 0 && m->addresses_size[0] == 4) {
		struct address a = address_from_ipv4(m->data + m->addresses_at[0]);
		t->own_addresses += site_is_own(s->site, &a);
	}
}

static void
take_response(struct state *s, const struct dns_message *m)
{
	struct resolver *r = dns_pool_at(&s->resolvers, m->server.words);
	enum control_method method = control_judge(s->suffixes, m);

	s->responses++;
	r->responses++;
	r->nxdomain += m->rcode == DNS_RCODE_NXDOMAIN;
	r->refused += m->rcode == DNS_RCODE_REFUSED;
	r->servfail += m->rcode == DNS_RCODE_SERVFAIL;
	r->second += m->match == DNS_SECOND_ANSWER;
	r->own |= (m->flags & DNS_SERVER_OWN) != 0;
	if (method != CONTROL_NONE)
		take_changed(s, m, method);
	if (m->rcode != DNS_RCODE_NOERROR || m->counts[1] == 0)
		return;
	count_answer(s, m);
	if (m->address_count != 0 && m->cname_count == 0)
		take_target(s, m);
	if (m->name_hash % PANEL == 0)
		take_provider(s, m);
}

/* Answers of resolvers that their clients see. */
static bool
is_wanted(const struct dns_message *m)
{
	return (m->flags & (DNS_RESPONSE | DNS_QUESTION)) == (DNS_RESPONSE | DNS_QUESTION) &&
	       (m->bits & (DNS_RA | DNS_TC)) == DNS_RA && m->verdict != DNS_SNAPPED &&
	       m->opcode == DNS_OPCODE_QUERY && m->class == DNS_CLASS_IN &&
	       m->match != DNS_DUPLICATE && m->match != DNS_UNSOLICITED &&
	       m->view != DNS_VIEW_RESOLVER && m->view != DNS_VIEW_AUTHORITATIVE;
}

static void
control_observe(void *opaque, const struct batch *batch)
{
	struct state *s = opaque;

	for (size_t i = 0; i < batch->count; i++)
		if (is_wanted(batch->dns[i]))
			take_response(s, batch->dns[i]);
}

static void
add_changed(void *opaque_into, const void *opaque_from)
{
	struct changed *into = opaque_into;
	const struct changed *from = opaque_from;

	extend(&into->first, &into->last, from->first, into->answers == 0);
	extend(&into->first, &into->last, from->last, false);
	into->answers += from->answers;
	into->own += from->own;
	hll_union(into->names, from->names, CONTROL_PRECISION);
	hll_union(into->clients, from->clients, CONTROL_PRECISION);
	dns_samples_merge(&into->samples, &from->samples);
}

static void
add_name(void *opaque_into, const void *opaque_from)
{
	struct name *into = opaque_into;
	const struct name *from = opaque_from;

	into->answers += from->answers;
	into->name_size = from->name_size;
	memcpy(into->name, from->name, sizeof into->name);
}

static void
add_target(void *opaque_into, const void *opaque_from)
{
	struct target *into = opaque_into;
	const struct target *from = opaque_from;

	if (is_earlier(into, from->first, from->input_offset)) {
		into->client = from->client;
		into->input_offset = from->input_offset;
		into->input_length = from->input_length;
		into->message_size = from->message_size;
		into->size = from->size;
		memcpy(into->octets, from->octets, sizeof into->octets);
	}
	extend(&into->first, &into->last, from->first, into->answers == 0);
	extend(&into->first, &into->last, from->last, false);
	if (into->answers == 0)
		into->ttl = from->ttl;
	into->other_ttls += from->ttl == into->ttl ? from->other_ttls : (uint32_t)from->answers;
	into->answers += from->answers;
	hll_union(into->domains, from->domains, CONTROL_ADDRESS_PRECISION);
}

static void
add_resolver(void *opaque_into, const void *opaque_from)
{
	struct resolver *into = opaque_into;
	const struct resolver *from = opaque_from;

	into->responses += from->responses;
	into->nxdomain += from->nxdomain;
	into->refused += from->refused;
	into->servfail += from->servfail;
	into->second += from->second;
	into->own |= from->own;
}

static void
add_provider(void *opaque_into, const void *opaque_from)
{
	struct provider *into = opaque_into;
	const struct provider *from = opaque_from;

	into->answers += from->answers;
	into->short_ttl += from->short_ttl;
	into->scoped += from->scoped;
	into->name_size = from->name_size;
	memcpy(into->name, from->name, sizeof into->name);
	hll_union(into->answer_sets, from->answer_sets, CONTROL_ADDRESS_PRECISION);
	hll_union(into->resolvers, from->resolvers, CONTROL_ADDRESS_PRECISION);
}

static void
control_merge(void *opaque, const void *opaque_from)
{
	struct state *into = opaque;
	const struct state *from = opaque_from;

	dns_pool_merge(&into->changed, &from->changed, add_changed);
	dns_pool_merge(&into->names, &from->names, add_name);
	dns_pool_merge(&into->targets, &from->targets, add_target);
	dns_pool_merge(&into->resolvers, &from->resolvers, add_resolver);
	dns_pool_merge(&into->providers, &from->providers, add_provider);
	into->responses += from->responses;
	into->totals.answers += from->totals.answers;
	into->totals.addresses += from->totals.addresses;
	into->totals.short_ttl += from->totals.short_ttl;
	into->totals.scoped += from->totals.scoped;
	into->totals.with_ecs += from->totals.with_ecs;
	into->totals.service_binding += from->totals.service_binding;
	into->totals.own_addresses += from->totals.own_addresses;
	into->totals.aliased += from->totals.aliased;
}

static void
put_changed(const struct state *s, struct rows *rows)
{
	const void **list = dns_pool_sorted(&s->changed);

	for (uint32_t i = 0; i < s->changed.count; i++) {
		const struct changed *c = list[i];
		rows_address(rows, 0, &c->resolver);
		rows_u64(rows, 1, c->method);
		rows_time(rows, 2, c->first);
		rows_time(rows, 3, c->last);
		rows_u64(rows, 4, c->answers);
		rows_u64(rows, 5, c->own);
		sketch_put(rows, 6, c->names, CONTROL_PRECISION);
		sketch_put(rows, 7, c->clients, CONTROL_PRECISION);
		dns_samples_put(&c->samples, rows, 8);
		rows_next(rows);
	}
	free(list);
}

static void
put_names(const struct state *s, struct rows *rows)
{
	const void **list = dns_pool_sorted(&s->names);
	char text[DNS_NAME_TEXT_SIZE];

	for (uint32_t i = 0; i < s->names.count; i++) {
		const struct name *n = list[i];
		rows_address(rows, 0, &n->resolver);
		rows_u64(rows, 1, n->method);
		rows_text(rows, 2, dns_name_text(n->name, n->name_size, text));
		rows_u64(rows, 3, n->answers);
		rows_next(rows);
	}
	free(list);
}

static void
put_sample(struct rows *rows, size_t column, const struct target *t)
{
	struct dns_samples samples = { .count = 1 };
	struct dns_sample *sample = &samples.list[0];

	sample->time = t->first;
	sample->client = t->client;
	sample->server = t->resolver;
	sample->input_offset = t->input_offset;
	sample->input_length = t->input_length;
	sample->message_size = t->message_size;
	sample->size = t->size;
	memcpy(sample->octets, t->octets, t->size);
	dns_samples_put(&samples, rows, column);
}

static void
put_targets(const struct state *s, struct rows *rows)
{
	const void **list = dns_pool_sorted(&s->targets);

	for (uint32_t i = 0; i < s->targets.count; i++) {
		const struct target *t = list[i];
		if (t->answers < DOMAINS ||
		    hll_estimate(t->domains, CONTROL_ADDRESS_PRECISION) < DOMAINS - 0.5)
			continue;
		rows_address(rows, 0, &t->resolver);
		rows_address(rows, 1, &t->address);
		rows_time(rows, 2, t->first);
		rows_time(rows, 3, t->last);
		rows_u64(rows, 4, t->answers);
		rows_u64(rows, 5, t->ttl);
		rows_u64(rows, 6, t->other_ttls);
		sketch_put(rows, 7, t->domains, CONTROL_ADDRESS_PRECISION);
		put_sample(rows, 8, t);
		rows_next(rows);
	}
	free(list);
}

static void
put_resolvers(const struct state *s, struct rows *rows)
{
	const void **list = dns_pool_sorted(&s->resolvers);

	for (uint32_t i = 0; i < s->resolvers.count; i++) {
		const struct resolver *r = list[i];
		rows_address(rows, 0, &r->address);
		rows_u64(rows, 1, r->responses);
		rows_u64(rows, 2, r->nxdomain);
		rows_u64(rows, 3, r->refused);
		rows_u64(rows, 4, r->servfail);
		rows_u64(rows, 5, r->second);
		rows_u64(rows, 6, r->own);
		rows_next(rows);
	}
	free(list);
}

/* Those asked for more than a few times: a change of answers cannot show in less. */
static void
put_providers(const struct state *s, struct rows *rows)
{
	const void **list = dns_pool_sorted(&s->providers);
	char text[DNS_NAME_TEXT_SIZE];

	for (uint32_t i = 0; i < s->providers.count; i++) {
		const struct provider *p = list[i];
		if (p->answers < DOMAINS)
			continue;
		rows_text(rows, 0, dns_name_text(p->name, p->name_size, text));
		rows_u64(rows, 1, p->answers);
		rows_u64(rows, 2, p->short_ttl);
		rows_u64(rows, 3, p->scoped);
		sketch_put(rows, 4, p->answer_sets, CONTROL_ADDRESS_PRECISION);
		sketch_put(rows, 5, p->resolvers, CONTROL_ADDRESS_PRECISION);
		rows_next(rows);
	}
	free(list);
}

static void
control_finish(void *opaque, const struct window *window, const struct row_sink *sink)
{
	const struct state *s = opaque;
	const struct totals *t = &s->totals;
	struct rows *rows = sink->tables[CONTROL_TOTALS];

	(void)window;
	if (s->responses == 0)
		return;
	put_changed(s, sink->tables[CONTROL_CHANGED]);
	put_names(s, sink->tables[CONTROL_NAMES]);
	put_targets(s, sink->tables[CONTROL_ADDRESSES]);
	put_resolvers(s, sink->tables[CONTROL_RESOLVERS]);
	put_providers(s, sink->tables[CONTROL_PROVIDERS]);
	rows_u64(rows, 0, s->responses);
	rows_u64(rows, 1, t->answers);
	rows_u64(rows, 2, t->addresses);
	rows_u64(rows, 3, t->short_ttl);
	rows_u64(rows, 4, t->with_ecs);
	rows_u64(rows, 5, t->scoped);
	rows_u64(rows, 6, t->service_binding);
	rows_u64(rows, 7, t->own_addresses);
	rows_u64(rows, 8, t->aliased);
	rows_u64(rows, 9, s->changed.evicted + s->names.evicted + s->resolvers.evicted);
	rows_next(rows);
}

static const struct setting SETTINGS[] = {
	{ "least_answers", SETTING_U64, "1", "1", "1000000000",
	    "changed answers of a resolver that make a finding" },
	{ "page_domains", SETTING_U64, "20", "2", "65536",
	    "domains that one address answers for before it is taken for a search page" },
	{ "page_responses", SETTING_U64, "200", "20", "1000000000",
	    "responses of a resolver, none of them NXDOMAIN, before one of its addresses is" },
};

const struct analysis analysis_dns_control = {
	.name = "dns/control",
	.title = "DNS as a means of control",
	.consumes = OBS_DNS,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = CONTROL_TABLES,
	.table_count = CONTROL_TABLE_COUNT,
	.state_size = sizeof(struct state),
	.init = control_init,
	.release = control_release,
	.clear = control_clear,
	.observe = control_observe,
	.merge = control_merge,
	.finish = control_finish,
	.section = control_section,
};
