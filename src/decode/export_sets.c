/* SPDX-License-Identifier: ISC */
/*
 * The sets of a NetFlow v9 or IPFIX message.
 *
 *	set id 2, length 2 (with this header), records, padding
 *
 *	                      NetFlow v9 (RFC 3954, 5.2 to 6.2)    IPFIX (RFC 7011, 3.3.2)
 *	templates             0                                    2
 *	options templates     1                                    3
 *	data                  256 and above: the template's identifier
 *
 * A message is gone over three times: a template may follow the data it describes, and sampling
 * options the flows that they are about.
 */
#include <string.h>

#include "decode/export_template.h"

#define SET_HEADER 4
#define SET_ID_MIN 256 /* of data */

enum set_pass {
	PASS_TEMPLATES,
	PASS_OPTIONS,
	PASS_FLOWS,
};

struct set {
	uint16_t id;
	size_t offset; /* in the message */
	struct cursor records;
};

static bool
all_zero(const struct cursor *c)
{
	for (const uint8_t *p = c->at; p < c->end; p++) {
		if (*p != 0)
			return false;
	}
	return true;
}

/* The next set; false at the end.  What is odd is counted by the first pass. */
static bool
next_set(struct export_reading *g, struct cursor *c, enum set_pass pass, struct set *ret_set)
{
	struct cursor rest = *c;
	enum drop why = DROP_EXPORT_SET_LENGTH;
	uint16_t length;

	if (cursor_left(c) == 0)
		return false;
	ret_set->offset = (size_t)(c->at - g->message->data);
	ret_set->id = cursor_be16(c);
	length = cursor_be16(c);
	if (!c->failed && length >= SET_HEADER) {
		ret_set->records = cursor_sub(c, length - SET_HEADER);
		if (!ret_set->records.failed)
			return true;
	}
	if (pass == PASS_TEMPLATES && all_zero(&rest)) {
		/* Padding of the message: a few octets, or all the rest of a large buffer. */
		if (cursor_left(&rest) >= SET_HEADER)
			drop(g->x->drops, DROP_EXPORT_ZERO_FILLED);
	} else if (pass == PASS_TEMPLATES) {
		drop(g->x->drops, why);
		g->domain->report.malformed++;
	}
	return false;
}

static void
read_templates(struct export_reading *g, struct set *s, bool options)
{
	while (cursor_left(&s->records) >= SET_HEADER && !all_zero(&s->records)) {
		if (!export_template_read(g, &s->records, options, s->offset))
			return;
	}
}

static void
pass_templates(struct export_reading *g, struct set *s)
{
	unsigned templates = g->domain->protocol == EXPORT_IPFIX ? 2 : 0;

	if (s->id == templates) {
		read_templates(g, s, false);
	} else if (s->id == templates + 1) {
		read_templates(g, s, true);
	} else if (s->id < SET_ID_MIN) {
		drop(g->x->drops, DROP_EXPORT_SET_ID);
		g->domain->report.malformed++;
	}
}

/* A data set whose template nobody knows (yet). */
static void
keep_unknown(struct export_reading *g, const struct set *s)
{
	size_t size = cursor_left(&s->records);

	drop(g->x->drops, DROP_EXPORT_NO_TEMPLATE);
	g->domain->report.no_template++;
	g->domain->unknown_sets++;
	g->doubtful += (uint32_t)size;
	export_buffer_add(g, s->id, s->records.at, size);
}

static void
pass_data(struct export_reading *g, const struct set *s, bool options)
{
	struct export_template *t;

	if (s->id < SET_ID_MIN)
		return;
	t = export_template_find(g, s->id, s->offset);
	if (t == NULL) {
		if (!options)
			keep_unknown(g, s);
	} else if (t->options == options) {
		g->records +=
		    export_sets_data(g, &g->context, t, s->records.at, cursor_left(&s->records));
	}
}

void
export_sets_read(struct export_reading *g, struct cursor sets)
{
	struct cursor c = sets;
	struct set s;

	while (next_set(g, &c, PASS_TEMPLATES, &s))
		pass_templates(g, &s);
	if (g->learned)
		export_buffer_replay(g);
	for (c = sets; next_set(g, &c, PASS_OPTIONS, &s);)
		pass_data(g, &s, true);
	for (c = sets; next_set(g, &c, PASS_FLOWS, &s);)
		pass_data(g, &s, false);
	export_template_settle(g);
	export_memory_check(g->x, g->exporter);
}

/* What options say of the exporter itself. */
static void
learn_exporter(
    struct export_reading *g, const struct export_template *t, const struct export_scratch *s)
{
	struct export_domain *d = g->domain;
	bool address = s->exporter.words[0] != 0 || s->exporter.words[1] != 0;

	if ((t->flags & FIELD_NEEDS_EXPORTER) != 0 && address && g->x->options.trust_agent)
		d->agent = s->exporter;
	if ((t->flags & FIELD_NEEDS_INIT) != 0 && s->system_init != 0 &&
	    s->system_init < (uint64_t)EXPORT_TIME_MAX)
		d->system_init = (nsec_t)s->system_init;
}

static uint32_t
read_options(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, const uint8_t *at, const uint8_t *end)
{
	struct flow_record nowhere;
	struct record_extra no_extra;
	uint32_t count = 0;

	while ((size_t)(end - at) >= t->size) {
		struct export_scratch s = { 0 };
		uint8_t *bases[FIELD_BASES] = { (uint8_t *)&nowhere, (uint8_t *)&no_extra,
			(uint8_t *)&s };

		if (!export_program_run(t, context, &at, end, bases)) {
			drop(g->x->drops, DROP_EXPORT_RECORD);
			g->domain->report.malformed++;
			break;
		}
		count++;
		learn_exporter(g, t, &s);
		export_sampling_learn(g, t, &s);
	}
	g->domain->report.options_records += count;
	return count;
}

/* Records that are no flows: only counted. */
static uint32_t
pass_over(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, const uint8_t *at, const uint8_t *end)
{
	struct flow_record nowhere = { 0 };
	struct record_extra no_extra = { 0 };
	struct export_scratch s = { 0 };
	uint8_t *bases[FIELD_BASES] = { (uint8_t *)&nowhere, (uint8_t *)&no_extra, (uint8_t *)&s };
	uint32_t count = 0;

	if (!t->variable)
		count = (uint32_t)((size_t)(end - at) / t->size);
	while (t->variable && (size_t)(end - at) >= t->size &&
	       export_program_run(t, context, &at, end, bases))
		count++;
	g->x->drops->count[DROP_EXPORT_NOT_FLOW] += count;
	return count;
}

/* One flow record whose fields need more than loads; false when the set ends inside it. */
static bool
read_flow(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, struct flow_record *r, const uint8_t **at, const uint8_t *end)
{
	struct export_scratch s = { 0 };
	uint8_t *bases[FIELD_BASES] = { (uint8_t *)r, NULL, (uint8_t *)&s };

	if (t->extra) {
		s.extra = export_sink_extra(g->sink);
		r->extra = s.extra;
		bases[FIELD_EXTRA] = (uint8_t *)s.extra;
	}
	if (!export_program_run(t, context, at, end, bases))
		return false;
	if (t->finish)
		export_finish_record(g, context, t, r, &s);
	if (!export_time_is_settled(context, r))
		export_time_settle(g->x, context, r);
	if ((t->flags & FIELD_IS_REVERSE) != 0)
		export_finish_reverse(context, r);
	if (g->ask_rate)
		export_sampling_record(g, t, r, &s);
	return true;
}

/* The same where loads are all there is to do: nearly always. */
static bool
read_plain_flow(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, struct flow_record *r, const uint8_t **at, const uint8_t *end)
{
	uint8_t *bases[FIELD_BASES] = { (uint8_t *)r, NULL, NULL };

	if (!export_program_run(t, context, at, end, bases))
		return false;
	if (!export_time_is_settled(context, r))
		export_time_settle(g->x, context, r);
	return true;
}

static uint32_t
read_flows(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, const uint8_t *at, const uint8_t *end)
{
	bool plain = !t->extra && !t->finish && !g->ask_rate;
	struct flow_record *first = export_sink_reserve(g->sink, (size_t)(end - at) / t->size);
	struct flow_record *r = first;

	for (; (size_t)(end - at) >= t->size; r++) {
		memcpy(r, &t->prototype, sizeof *r);
		if (!(plain ? read_plain_flow(g, context, t, r, &at, end)
			    : read_flow(g, context, t, r, &at, end))) {
			drop(g->x->drops, DROP_EXPORT_RECORD);
			g->domain->report.malformed++;
			break;
		}
	}
	g->sink->record_count += (size_t)(r - first);
	return (uint32_t)(r - first);
}

/* Counts the records just read by their sampling rates. */
static void
count_rates(struct export_reading *g, const struct export_template *t, uint32_t count)
{
	const struct flow_record *r = g->sink->records + g->sink->record_count - count;

	if (!g->ask_rate) {
		if (t->prototype.sampling == 0)
			g->x->drops->count[DROP_EXPORT_SAMPLING_UNKNOWN] += count;
		export_domain_rate(
		    g->domain, t->prototype.sampling, t->prototype.sampling_source, count);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (r[i].sampling == 0)
			drop(g->x->drops, DROP_EXPORT_SAMPLING_UNKNOWN);
		export_domain_rate(g->domain, r[i].sampling, r[i].sampling_source, 1);
	}
}

uint32_t
export_sets_data(struct export_reading *g, const struct export_context *context,
    struct export_template *t, const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	struct flow_record *r = &t->prototype;
	uint32_t count;

	if (t->options)
		return read_options(g, context, t, data, end);
	if (!t->flow)
		return pass_over(g, context, t, data, end);
	r->time = context->time;
	r->input_offset = context->input_offset;
	r->exporter = *export_domain_address(g->domain);
	r->domain = g->domain->id;
	r->protocol_version = g->domain->protocol;
	g->ask_rate = export_sampling_prepare(g, t);
	count = read_flows(g, context, t, data, end);
	g->domain->report.records += count;
	if (count > 0)
		count_rates(g, t, count);
	return count;
}
