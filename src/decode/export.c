/* SPDX-License-Identifier: ISC */
/*
 * The collecting process: tells the protocol of a message, and gathers reports.
 *
 * Every format begins with its version, in 2 octets (sFlow: in 4, of which the first two are 0).
 */
#include "decode/export.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/export_internal.h"

void
export_options_init(struct export_options *options)
{
	*options = (struct export_options){
		.exporters = 4096,
		.templates = 4096,
		.domains = 256,
		.buffer = (size_t)1 << 20,
		.buffer_time = 60 * NSEC_PER_SEC,
		.template_time = (nsec_t)30 * 60 * NSEC_PER_SEC,
	};
}

struct exports *
exports_new(const struct export_options *options)
{
	struct exports *x = xcalloc(1, sizeof *x);
	size_t buckets = 16;

	x->options = *options;
	if (x->options.exporters == 0)
		x->options.exporters = 1;
	if (x->options.domains == 0)
		x->options.domains = 1;
	x->drops = options->drops;
	export_link_init(&x->exporters);
	while (buckets < x->options.exporters && buckets < (size_t)1 << 20)
		buckets *= 2;
	x->buckets = (struct exporter **)xcalloc(buckets, sizeof(struct exporter *));
	x->bucket_mask = buckets - 1;
	return x;
}

void
exports_free(struct exports *x)
{
	if (x == NULL)
		return;
	while (x->exporter_count > 0)
		export_exporter_free(x, (struct exporter *)x->exporters.newer);
	free((void *)x->buckets);
	free(x->departed);
	free(x->text);
	free(x);
}

void
exports_close_stream(struct exports *x, uint64_t stream)
{
	struct export_link *next;

	if (stream == 0)
		return;
	for (struct export_link *l = x->exporters.newer; l != &x->exporters; l = next) {
		next = l->newer;
		if (((struct exporter *)l)->stream == stream)
			export_exporter_free(x, (struct exporter *)l);
	}
}

/* Versions 1, 5 and 7: the count of records agrees with the size. */
static bool
recognise_fixed(const uint8_t *data, size_t size, size_t header, size_t record, unsigned most)
{
	unsigned count = be16(data + 2);

	return count >= 1 && count <= most && size >= header + count * record;
}

/* The first set has an identifier that means something and ends inside the message. */
static bool
recognise_set(const uint8_t *set, size_t size, unsigned templates)
{
	unsigned id = be16(set), length = be16(set + 2);

	return (id == templates || id == templates + 1 || id >= 256) && length > 4 &&
	       length <= size;
}

/* Version, address family of the agent, and samples enough room. */
static bool
recognise_sflow(const uint8_t *data, size_t size)
{
	uint32_t family = be32(data + 4);
	size_t header = family == 1 ? 28 : 40;

	return (family == 1 || family == 2) && size >= header &&
	       be32(data + header - 4) <= (size - header) / 8;
}

bool
exports_recognise(const uint8_t *data, size_t size)
{
	if (size < 24)
		return false;
	switch (be16(data)) {
	case 0: return be16(data + 2) == 5 && size >= 28 && recognise_sflow(data, size);
	case 1: return recognise_fixed(data, size, 16, 52, 24);
	case 5: return recognise_fixed(data, size, 24, 48, 30);
	case 7: return recognise_fixed(data, size, 24, 52, 28);
	case 9: return be16(data + 2) > 0 && recognise_set(data + 20, size - 20, 0);
	case 10:
		return be16(data + 2) <= size && be16(data + 2) >= 24 &&
		       recognise_set(data + 16, be16(data + 2) - 16u, 2);
	default: return false;
	}
}

void
exports_message(struct exports *x, const struct export_message *m, struct export_sink *sink)
{
	unsigned version = m->size >= 4 ? be16(m->data) : UINT16_MAX;

	switch (version) {
	case 1:
	case 5:
	case 7: netflow5_message(x, m, sink); break;
	case 9: netflow9_message(x, m, sink); break;
	case 10: ipfix_message(x, m, sink); break;
	case 0:
		if (be16(m->data + 2) == 5)
			sflow_message(x, m, sink);
		else
			drop(x->drops, DROP_EXPORT_VERSION);
		break;
	default: drop(x->drops, DROP_EXPORT_VERSION); break;
	}
}

static int
compare_reports(const void *a, const void *b)
{
	const struct exporter_report *p = a, *q = b;
	int order = address_compare(&p->exporter, &q->exporter);

	if (order != 0)
		return order;
	if (p->domain != q->domain)
		return p->domain < q->domain ? -1 : 1;
	return (int)p->protocol - (int)q->protocol;
}

static void
merge_rate(struct exporter_report *into, const struct exporter_rate *rate)
{
	for (unsigned i = 0; i < EXPORTER_RATES; i++) {
		struct exporter_rate *r = &into->rates[i];

		if (r->records == 0)
			*r = (struct exporter_rate){ rate->rate, rate->source, 0 };
		if (r->rate == rate->rate && r->source == rate->source) {
			r->records += rate->records;
			return;
		}
	}
}

/* The same exporter and domain through two listeners or connections. */
static void
merge_report(struct exporter_report *into, const struct exporter_report *r)
{
	into->messages += r->messages;
	into->octets += r->octets;
	into->records += r->records;
	into->options_records += r->options_records;
	into->templates += r->templates;
	into->lost += r->lost;
	into->expected += r->expected;
	into->restarts += r->restarts;
	into->reordered += r->reordered;
	into->no_template += r->no_template;
	into->no_template_lost += r->no_template_lost;
	into->malformed += r->malformed;
	into->source_drops += r->source_drops;
	for (unsigned i = 0; i < EXPORTER_RATES && r->rates[i].records > 0; i++)
		merge_rate(into, &r->rates[i]);
	into->first = r->first < into->first ? r->first : into->first;
	into->last = r->last > into->last ? r->last : into->last;
}

static void
gather(struct exports *x, struct export_sink *sink)
{
	for (size_t i = 0; i < x->departed_count; i++)
		*export_sink_report(sink) = x->departed[i];
	x->departed_count = 0;
	for (struct export_link *l = x->exporters.newer; l != &x->exporters; l = l->newer) {
		struct exporter *e = (struct exporter *)l;

		for (struct export_link *k = e->domains.newer; k != &e->domains; k = k->newer) {
			struct export_domain *d = (struct export_domain *)k;

			export_domain_finish(d);
			if (!export_report_is_empty(&d->report))
				*export_sink_report(sink) = d->report;
			d->report = (struct exporter_report){ 0 };
		}
	}
}

void
exports_report(struct exports *x, struct export_sink *sink)
{
	size_t first = sink->report_count, kept = first;

	gather(x, sink);
	if (sink->report_count == first)
		return;
	qsort(sink->reports + first, sink->report_count - first, sizeof *sink->reports,
	    compare_reports);
	for (size_t i = first + 1; i < sink->report_count; i++) {
		if (compare_reports(&sink->reports[kept], &sink->reports[i]) == 0)
			merge_report(&sink->reports[kept], &sink->reports[i]);
		else
			sink->reports[++kept] = sink->reports[i];
	}
	sink->report_count = kept + 1;
}
