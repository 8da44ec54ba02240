/* SPDX-License-Identifier: ISC */
/*
 * The tables of exporters and of their domains.
 *
 * Exporters are found by a hash with a secret; domains, of which most exporters have one, in a list
 * whose newest end is looked at first.  When a quota is reached the one unseen longest goes, but
 * what it counted since the last report is kept for the next.
 */
#include <stdlib.h>

#include "base/xmalloc.h"
#include "decode/export_template.h"

static uint64_t
exporter_hash(const struct exports *x, const struct export_message *m, const struct address *a)
{
	uint64_t words[4] = { a->words[0], a->words[1], m->stream, m->listener };

	return hash_words(&x->options.secret, words, 4);
}

static bool
exporter_is(const struct exporter *e, const struct export_message *m, const struct address *address)
{
	return e->stream == m->stream && e->listener == m->listener &&
	       address_equal(&e->address, address);
}

static struct exporter *
exporter_make(struct exports *x, const struct export_message *m, const struct address *address)
{
	struct exporter *e = xcalloc(1, sizeof *e);
	struct exporter **bucket;

	e->address = *address;
	e->stream = m->stream;
	e->listener = m->listener;
	e->hash = exporter_hash(x, m, address);
	export_link_init(&e->domains);
	export_link_init(&e->templates);
	bucket = &x->buckets[e->hash & x->bucket_mask];
	e->chain = *bucket;
	*bucket = e;
	x->exporter_count++;
	x->memory += sizeof *e;
	return e;
}

struct exporter *
export_exporter(struct exports *x, const struct export_message *m, const struct address *address)
{
	struct exporter *e = (struct exporter *)x->exporters.older;

	/* Mostly the same one as before. */
	if (x->exporter_count > 0 && exporter_is(e, m, address))
		return e;
	e = x->buckets[exporter_hash(x, m, address) & x->bucket_mask];
	while (e != NULL && !exporter_is(e, m, address))
		e = e->chain;
	if (e != NULL) {
		export_link_remove(&e->link);
	} else {
		if (x->exporter_count >= x->options.exporters) {
			drop(x->drops, DROP_EXPORT_EXPORTER_EVICTED);
			export_exporter_free(x, (struct exporter *)x->exporters.newer);
		}
		e = exporter_make(x, m, address);
	}
	export_link_add(&x->exporters, &e->link);
	return e;
}

bool
export_report_is_empty(const struct exporter_report *r)
{
	return r->messages == 0 && r->no_template == 0 && r->records == 0;
}

/* Keeps what was not reported of a domain that goes. */
static void
domain_depart(struct exports *x, struct export_domain *d)
{
	export_domain_finish(d);
	if (export_report_is_empty(&d->report))
		return;
	if (x->departed_count == x->departed_room) {
		x->departed_room = x->departed_room != 0 ? 2 * x->departed_room : 16;
		x->departed = xrealloc_array(x->departed, x->departed_room, sizeof *x->departed);
	}
	x->departed[x->departed_count++] = d->report;
}

static void
domain_free(struct exports *x, struct export_domain *d)
{
	domain_depart(x, d);
	export_link_remove(&d->link);
	d->exporter->domain_count--;
	while (d->template_count > 0)
		export_template_free(x, d->templates[d->template_count - 1]);
	free((void *)d->templates);
	x->memory -= sizeof *d + sflow_agent_free(d->sflow) +
		     d->template_room * sizeof(struct export_template *);
	free(d);
}

void
export_exporter_free(struct exports *x, struct exporter *e)
{
	struct exporter **at = &x->buckets[e->hash & x->bucket_mask];

	while (e->domain_count > 0)
		domain_free(x, (struct export_domain *)e->domains.newer);
	export_buffer_release(x, &e->buffer);
	export_sampling_release(x, &e->sampling);
	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	export_link_remove(&e->link);
	x->exporter_count--;
	x->memory -= sizeof *e;
	free(e);
}

void
export_memory_check(struct exports *x, const struct exporter *keep)
{
	while (x->memory > EXPORT_MEMORY_MAX) {
		struct exporter *oldest = (struct exporter *)x->exporters.newer;

		if (oldest == keep)
			return;
		drop(x->drops, DROP_EXPORT_EXPORTER_EVICTED);
		export_exporter_free(x, oldest);
	}
}

static struct export_domain *
domain_make(struct exports *x, struct exporter *e, uint8_t protocol, uint32_t id)
{
	struct export_domain *d = xcalloc(1, sizeof *d);

	d->exporter = e;
	d->id = id;
	d->protocol = protocol;
	d->unit = protocol == EXPORT_NETFLOW9 ? SEQUENCE_MESSAGES : SEQUENCE_RECORDS;
	e->domain_count++;
	x->memory += sizeof *d;
	return d;
}

struct export_domain *
export_domain(struct exports *x, struct exporter *e, uint8_t protocol, uint32_t id)
{
	struct export_domain *d = NULL;

	for (struct export_link *l = e->domains.older; l != &e->domains; l = l->older) {
		d = (struct export_domain *)l;
		if (d->id == id && d->protocol == protocol)
			break;
		d = NULL;
	}
	if (d != NULL) {
		if (e->domains.older == &d->link)
			return d;
		export_link_remove(&d->link);
	} else {
		if (e->domain_count >= x->options.domains) {
			drop(x->drops, DROP_EXPORT_DOMAIN_EVICTED);
			domain_free(x, (struct export_domain *)e->domains.newer);
		}
		d = domain_make(x, e, protocol, id);
	}
	export_link_add(&e->domains, &d->link);
	return d;
}

void
export_domain_seen(struct export_domain *d, const struct export_message *m)
{
	export_domain_seen_at(d, m, m->time);
}

void
export_domain_seen_at(struct export_domain *d, const struct export_message *m, nsec_t time)
{
	struct exporter_report *r = &d->report;

	if (r->messages == 0 || time < r->first)
		r->first = time;
	if (r->messages == 0 || time > r->last)
		r->last = time;
	r->messages++;
	r->octets += m->size;
}

void
export_domain_rate(
    struct export_domain *d, uint32_t rate, enum sampling_source source, uint64_t records)
{
	for (unsigned i = 0; i < EXPORTER_RATES; i++) {
		struct exporter_rate *r = &d->report.rates[i];

		if (r->records == 0) {
			r->rate = rate;
			r->source = (uint8_t)source;
		}
		if (r->rate == rate && r->source == source) {
			r->records += records;
			return;
		}
	}
}

void
export_domain_finish(struct export_domain *d)
{
	struct exporter_report *r = &d->report;
	struct sequence_counts counts = sequence_take(&d->sequence);
	uint64_t unread = d->unknown_sets - d->replayed_sets;

	(void)sequence_take(&d->shadow);
	if (unread > d->reported_sets) {
		r->no_template_lost += unread - d->reported_sets;
		d->reported_sets = unread;
	}
	r->exporter = *export_domain_address(d);
	r->domain = d->id;
	r->protocol = d->protocol;
	r->unit = d->unit;
	r->lost += counts.lost;
	r->expected += counts.expected;
	r->restarts += counts.restarts;
	r->reordered += counts.reordered;
	sflow_agent_finish(d->sflow, r);
}

void
exports_new_input(struct exports *x)
{
	struct export_link *l = x->exporters.newer;

	while (l != &x->exporters) {
		struct exporter *e = (struct exporter *)l;
		l = l->newer;
		if (e->stream != 0) {
			export_exporter_free(x, e);
			continue;
		}
		for (struct export_link *k = e->domains.newer; k != &e->domains; k = k->newer) {
			struct export_domain *d = (struct export_domain *)k;

			sequence_forget(&d->sequence);
			sequence_forget(&d->shadow);
			d->clocked = false;
		}
	}
}

const struct address *
export_domain_address(const struct export_domain *d)
{
	bool known = d->agent.words[0] != 0 || d->agent.words[1] != 0;

	return known ? &d->agent : &d->exporter->address;
}

/* So many messages that fit the other way of counting, and none that fits only this one. */
#define UNIT_RUN 8

void
export_domain_sequence(
    struct exports *x, struct export_domain *d, uint32_t number, uint32_t records, bool restarted)
{
	bool by_records = d->unit == SEQUENCE_RECORDS;
	struct export_sequence other;

	(void)sequence_see(&d->sequence, number, by_records ? records : 1, restarted);
	(void)sequence_see(&d->shadow, number, by_records ? 1 : records, restarted);
	if (d->sequence.foreseen && !d->shadow.foreseen)
		d->shadow_run = 0;
	else if (!d->sequence.foreseen && d->shadow.foreseen)
		d->shadow_run++;
	if (d->shadow_run < UNIT_RUN)
		return;
	/* The other one has counted right all the time. */
	drop(x->drops, DROP_EXPORT_SEQUENCE_UNIT);
	other = d->sequence;
	d->sequence = d->shadow;
	d->shadow = other;
	d->shadow_run = 0;
	d->unit = by_records ? SEQUENCE_MESSAGES : SEQUENCE_RECORDS;
}

void
export_domain_doubt(struct export_domain *d, uint32_t units)
{
	if (units == 0)
		return;
	if (d->unit == SEQUENCE_RECORDS)
		sequence_doubt(&d->sequence, units);
	else
		sequence_doubt(&d->shadow, units);
}

bool
export_domain_clock(struct export_domain *d, uint32_t uptime, nsec_t exported)
{
	bool restarted =
	    d->clocked && export_time_restarted(d->uptime, d->exported, uptime, exported);

	d->clocked = true;
	d->uptime = uptime;
	d->exported = exported;
	return restarted;
}
