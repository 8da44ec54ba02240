/* SPDX-License-Identifier: ISC */
/*
 * Sampling rates: one in how many packets the counts of a record stand for.
 *
 * Asked in this order: the operator's force; the record itself (34, 50, 305/306, 309/310, 311); its
 * samplerId or selectorId in the options; options scoped to its interface; options of its template,
 * its domain or the exporter, or the one rate that all selectors agree on where records name none;
 * NetFlow v5's header; the operator's default.  A rate of 0 is one that was not said.
 *
 * Options belong to the exporter, not to the port or connection they came from, and to their
 * domain; exporters that announce samplers in one domain and use them in another are served by an
 * entry for all domains, which counts as long as they agree.
 */
#include <math.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "decode/export_template.h"

#define RATES_MAX  4096 /* in one exporter */
#define FIRST_ROOM 16

/* IANA registry "IPFIX Selector Algorithms" */
#define ALGORITHM_COUNT  1
#define ALGORITHM_RANDOM 3

static size_t
rate_slot(const struct exports *x, const struct sampling_table *t, const struct sampling_rate *key)
{
	uint64_t words[2] = { (uint64_t)key->domain << 32 | key->id,
		(uint64_t)key->kind << 1 | key->anywhere };
	size_t i = hash_words(&x->options.secret, words, 2) & (t->room - 1);

	while (t->rates[i].used &&
	       (t->rates[i].domain != key->domain || t->rates[i].id != key->id ||
		   t->rates[i].kind != key->kind || t->rates[i].anywhere != key->anywhere))
		i = (i + 1) & (t->room - 1);
	return i;
}

static void
grow(struct exports *x, struct sampling_table *t)
{
	struct sampling_table old = *t;

	t->room = old.room != 0 ? 2 * old.room : FIRST_ROOM;
	t->rates = xcalloc(t->room, sizeof *t->rates);
	for (size_t i = 0; i < old.room; i++) {
		if (old.rates[i].used)
			t->rates[rate_slot(x, t, &old.rates[i])] = old.rates[i];
	}
	x->memory += (t->room - old.room) * sizeof *t->rates;
	free(old.rates);
}

void
export_sampling_release(struct exports *x, struct sampling_table *t)
{
	x->memory -= t->room * sizeof *t->rates;
	free(t->rates);
	*t = (struct sampling_table){ 0 };
}

/* The entry of a key, made if need be; NULL when there are too many. */
static struct sampling_rate *
rate_entry(struct exports *x, struct sampling_table *t, const struct sampling_rate *key)
{
	struct sampling_rate *r;

	if (2 * (t->count + 1) > t->room)
		grow(x, t);
	r = &t->rates[rate_slot(x, t, key)];
	if (r->used)
		return r;
	if (t->count >= RATES_MAX) {
		drop(x->drops, DROP_EXPORT_SAMPLING_FULL);
		return NULL;
	}
	*r = *key;
	r->used = true;
	r->rate = 0;
	t->count++;
	if (key->kind == SAMPLING_BY_INTERFACE)
		t->interfaces++;
	return r;
}

/* Whether another domain says something else of the same selector, interface, … */
static bool
others_differ(const struct sampling_table *t, const struct sampling_rate *said)
{
	for (size_t i = 0; i < t->room; i++) {
		const struct sampling_rate *r = &t->rates[i];

		if (r->used && !r->anywhere && r->kind == said->kind && r->id == said->id &&
		    r->rate != said->rate)
			return true;
	}
	return false;
}

void
export_sampling_store(struct exports *x, struct exporter *e, const struct sampling_rate *said)
{
	struct sampling_table *t = &e->sampling;
	struct sampling_rate *r = rate_entry(x, t, said);
	struct sampling_rate all = *said;

	if (r == NULL || r->rate == said->rate)
		return;
	r->rate = said->rate;
	t->generation++;
	all.domain = 0;
	all.anywhere = true;
	r = rate_entry(x, t, &all);
	if (r != NULL)
		r->rate = others_differ(t, said) ? 0 : said->rate;
}

/* The rate of a key: what its domain says, else what all domains say; 0 unknown. */
static uint32_t
rate_find(const struct exports *x, const struct sampling_table *t, uint32_t domain,
    enum sampling_kind kind, uint32_t id)
{
	struct sampling_rate key = { .domain = domain, .id = id, .kind = (uint8_t)kind };
	size_t i;

	if (t->room == 0)
		return 0;
	i = rate_slot(x, t, &key);
	if (t->rates[i].used)
		return t->rates[i].rate;
	key.domain = 0;
	key.anywhere = true;
	i = rate_slot(x, t, &key);
	return t->rates[i].used ? t->rates[i].rate : 0;
}

/* The one rate that selectors (and line cards) of the domain have, or those of all domains when it
 * has none; 0 when they differ. */
static uint32_t
sole_rate(const struct sampling_table *t, uint32_t domain, bool all)
{
	uint32_t rate = 0;

	for (size_t i = 0; i < t->room; i++) {
		const struct sampling_rate *r = &t->rates[i];

		if (!r->used || r->anywhere || (!all && r->domain != domain) ||
		    (r->kind != SAMPLING_BY_SELECTOR && r->kind != SAMPLING_BY_CARD))
			continue;
		if (rate != 0 && rate != r->rate)
			return 0;
		rate = r->rate;
	}
	return rate == 0 && !all ? sole_rate(t, domain, true) : rate;
}

/* N rounded to the nearest whole number; 0 when it makes no sense. */
static uint32_t
rate_of(uint64_t population, uint64_t sample)
{
	uint64_t rate;

	if (population == 0 || sample == 0)
		return 0;
	rate = population / sample + (population % sample >= sample - sample / 2);
	return rate <= UINT32_MAX ? (uint32_t)rate : 0;
}

static uint32_t
rate_of_probability(double p)
{
	double rate = p > 0 && p <= 1 ? round(1 / p) : 0;

	return rate <= UINT32_MAX ? (uint32_t)rate : 0;
}

/* Count-based: of every taken + left packets, the first so many are taken. */
static uint32_t
rate_by_count(const struct export_scratch *s)
{
	if (s->taken > UINT32_MAX || s->left > UINT32_MAX)
		return 0;
	/* A space of 0 is one that was not said, unless this is the algorithm. */
	if (s->left == 0 && s->algorithm != ALGORITHM_COUNT)
		return 0;
	return rate_of(s->taken + s->left, s->taken);
}

/* What a record itself says. */
static uint32_t
rate_in_record(const struct export_scratch *s)
{
	uint32_t rate = rate_of(s->interval, 1);

	if (rate == 0)
		rate = rate_of(s->random_interval, 1);
	/* Some exporters fill in the parameters of other algorithms than theirs. */
	if (rate == 0 && s->algorithm == ALGORITHM_RANDOM)
		rate = rate_of(s->population, s->sample);
	if (rate == 0)
		rate = rate_by_count(s);
	if (rate == 0)
		rate = rate_of(s->population, s->sample);
	return rate != 0 ? rate : rate_of_probability(s->probability);
}

void
export_sampling_learn(
    struct export_reading *g, const struct export_template *t, const struct export_scratch *s)
{
	struct sampling_rate said = {
		.domain = s->scope_domain != 0 ? s->scope_domain : g->domain->id,
		.kind = SAMPLING_OF_ALL,
		.rate = rate_in_record(s),
	};

	if ((t->flags & FIELD_NEEDS_RATE) == 0)
		return;
	if (said.rate == 0) {
		drop(g->x->drops, DROP_EXPORT_SAMPLING_ZERO);
		return;
	}
	if ((t->flags & FIELD_NEEDS_SELECTOR) != 0) {
		said.kind = SAMPLING_BY_SELECTOR;
		said.id = s->selector;
	} else if (s->scope_interface != 0) {
		said.kind = SAMPLING_BY_INTERFACE;
		said.id = s->scope_interface;
	} else if (s->scope_template != 0) {
		said.kind = SAMPLING_BY_TEMPLATE;
		said.id = s->scope_template;
	} else if (s->scope_card != 0) {
		said.kind = SAMPLING_BY_CARD;
		said.id = s->scope_card;
	}
	export_sampling_store(g->x, g->exporter, &said);
}

enum sampling_source
export_sampling_default(const struct exports *x, uint32_t *ret_rate)
{
	if (x->options.force_sampling != 0) {
		*ret_rate = x->options.force_sampling;
		return SAMPLING_FORCED;
	}
	*ret_rate = x->options.default_sampling;
	return *ret_rate != 0 ? SAMPLING_CONFIGURED : SAMPLING_UNKNOWN;
}

/* What holds for records of a template that say nothing themselves. */
static uint32_t
rate_of_template(const struct export_reading *g, const struct export_template *t)
{
	const struct sampling_table *rates = &g->exporter->sampling;
	uint32_t domain = g->domain->id;
	uint32_t rate = rate_find(g->x, rates, domain, SAMPLING_BY_TEMPLATE, t->id);

	if (rate == 0)
		rate = rate_find(g->x, rates, domain, SAMPLING_OF_ALL, 0);
	/* Records that name a sampler which is not in the options may not be sampled at all. */
	if (rate == 0 && (t->flags & FIELD_NEEDS_SELECTOR) == 0)
		rate = sole_rate(rates, domain, false);
	return rate;
}

bool
export_sampling_prepare(struct export_reading *g, struct export_template *t)
{
	const struct sampling_table *rates = &g->exporter->sampling;
	struct flow_record *r = &t->prototype;

	/* Generations count from 0, and 0 in a template means never. */
	if (t->sampling_generation != rates->generation + 1) {
		uint32_t rate = 0;
		enum sampling_source source = export_sampling_default(g->x, &rate);

		if (source != SAMPLING_FORCED && rates->count > 0) {
			uint32_t said = rate_of_template(g, t);

			source = said != 0 ? SAMPLING_OPTIONS : source;
			rate = said != 0 ? said : rate;
		}
		r->sampling = rate;
		r->sampling_source = (uint8_t)source;
		t->sampling_generation = rates->generation + 1;
	}
	if (g->x->options.force_sampling != 0)
		return false;
	return (t->flags & (FIELD_NEEDS_RATE | FIELD_NEEDS_SELECTOR)) != 0 || rates->interfaces > 0;
}

static bool
set_rate(struct flow_record *r, uint32_t rate, enum sampling_source source)
{
	if (rate == 0)
		return false;
	r->sampling = rate;
	r->sampling_source = (uint8_t)source;
	return true;
}

void
export_sampling_record(const struct export_reading *g, const struct export_template *t,
    struct flow_record *r, const struct export_scratch *s)
{
	const struct sampling_table *rates = &g->exporter->sampling;
	uint32_t domain = g->domain->id;
	uint32_t first = r->ingress_interface, second = r->egress_interface;

	if ((t->flags & FIELD_NEEDS_RATE) != 0 && set_rate(r, rate_in_record(s), SAMPLING_RECORD))
		return;
	if ((t->flags & FIELD_NEEDS_SELECTOR) != 0 &&
	    set_rate(r, rate_find(g->x, rates, domain, SAMPLING_BY_SELECTOR, s->selector),
		SAMPLING_SELECTOR))
		return;
	if (rates->interfaces == 0)
		return;
	/* The flow was observed where it came in, unless it says that it was going out. */
	if (r->direction == RECORD_EGRESS) {
		first = r->egress_interface;
		second = r->ingress_interface;
	}
	if (!set_rate(r, rate_find(g->x, rates, domain, SAMPLING_BY_INTERFACE, first),
		SAMPLING_INTERFACE))
		(void)set_rate(r, rate_find(g->x, rates, domain, SAMPLING_BY_INTERFACE, second),
		    SAMPLING_INTERFACE);
}
