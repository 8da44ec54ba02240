/* SPDX-License-Identifier: ISC */
/*
 * From the fields of a template to a program of loads.
 *
 * Fields that are unknown, another enterprise's or of a length that their element cannot have cost
 * nothing: they only move the offset of what follows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/export_template.h"

#define ENTERPRISE_REVERSE 29305 /* RFC 5103, 6.1 */

/* At most two loads for a field, and the end. */
#define LOADS_MAX (2 * TEMPLATE_FIELDS_MAX + 1)

struct compilation {
	struct drop_counters *drops;
	bool options;
	struct load loads[LOADS_MAX];
	uint8_t ranks[LOADS_MAX];
	unsigned count;
	uint32_t offset; /* of the next field, from the start or the last field that varies */
	uint32_t size;   /* least octets of a record */
	bool variable, extra, scratch;
	uint32_t flags;
};

/* Where an element goes when it stands in options: scopes and what describes sampling. */
static bool
place_option(const struct template_field *f, struct element *e)
{
	if ((e->flags & FIELD_IS_INTERFACE) != 0 && f->scope) {
		e->base = FIELD_SCRATCH;
		e->target = offsetof(struct export_scratch, scope_interface);
		return true;
	}
	e->flags &= ~(uint32_t)FIELD_IS_INTERFACE;
	return e->base == FIELD_SCRATCH && e->kind != FIELD_SECTION;
}

/* Elements that say something of options only. */
static bool
is_scope(const struct element *e)
{
	return e->base == FIELD_SCRATCH &&
	       (e->target == offsetof(struct export_scratch, scope_domain) ||
		   e->target == offsetof(struct export_scratch, scope_template) ||
		   e->target == offsetof(struct export_scratch, scope_card));
}

/* IPFIX has no uptime in its header: such times are kept until it is known where they count from.
 */
static void
place_uptime(const struct export_domain *d, struct element *e)
{
	if (e->kind != FIELD_UPTIME || d->protocol != EXPORT_IPFIX)
		return;
	e->target = (uint16_t)(offsetof(struct export_scratch, uptime) +
			       ((e->flags & FIELD_IS_END) != 0 ? sizeof(uint32_t) : 0));
	e->kind = FIELD_U32;
	e->base = FIELD_SCRATCH;
	e->flags |= FIELD_NEEDS_UPTIME;
}

/* The code for a load whose target no other field shares. */
static enum load_code
fast_code(const struct load *l)
{
	static const struct {
		uint8_t kind, size, code;
	} FAST[] = {
		{ FIELD_U8, 1, LOAD_8 },
		{ FIELD_U16, 2, LOAD_16 },
		{ FIELD_U32, 2, LOAD_16_32 },
		{ FIELD_U32, 4, LOAD_32 },
		{ FIELD_U64, 4, LOAD_32_64 },
		{ FIELD_U64, 8, LOAD_64 },
		{ FIELD_IP4, 4, LOAD_IP4 },
		{ FIELD_IP6, 16, LOAD_IP6 },
		{ FIELD_UPTIME, 4, LOAD_UPTIME },
		{ FIELD_MILLISECONDS, 8, LOAD_MILLISECONDS },
	};

	for (size_t i = 0; i < sizeof FAST / sizeof *FAST; i++) {
		if (FAST[i].kind == l->kind && FAST[i].size == l->size)
			return FAST[i].code;
	}
	return LOAD_GENERAL;
}

static void
add_load(struct compilation *c, const struct template_field *f, const struct element *e)
{
	struct load *l = &c->loads[c->count];

	c->ranks[c->count++] = e->rank;
	*l = (struct load){
		.code = f->size == TEMPLATE_VARIABLE ? LOAD_VARIABLE : LOAD_GENERAL,
		.kind = e->kind,
		.base = e->base,
		.offset = (uint16_t)c->offset,
		.target = e->target,
		.size = f->size,
		.element = f->id,
	};
	c->flags |= e->flags;
	c->extra |= e->base == FIELD_EXTRA;
	c->scratch |= e->base == FIELD_SCRATCH;
}

/* A variable field has to be passed even if nobody wants what it says. */
static void
pass_field(struct compilation *c, const struct template_field *f)
{
	static const struct element NOTHING = { .kind = FIELD_IGNORED };

	if (f->size == TEMPLATE_VARIABLE)
		add_load(c, f, &NOTHING);
}

/* Adds a load for one entry of an element; whether there was one to add. */
static bool
compile_entry(struct compilation *c, const struct export_domain *d, const struct template_field *f,
    struct element e)
{
	if (f->enterprise == ENTERPRISE_REVERSE) {
		if (e.reverse == FIELD_NOWHERE)
			return false;
		e.target = e.reverse;
		e.flags |= FIELD_IS_REVERSE;
		if (e.kind == FIELD_UPTIME && d->protocol == EXPORT_IPFIX)
			return false;
		e.flags &= ~(uint32_t)(FIELD_IS_START | FIELD_IS_END);
	}
	place_uptime(d, &e);
	if (e.kind == FIELD_IGNORED || (c->options ? !place_option(f, &e) : is_scope(&e)))
		return false;
	if (f->size != TEMPLATE_VARIABLE && !export_field_fits(e.kind, f->size)) {
		drop(c->drops, DROP_EXPORT_FIELD_LENGTH);
		return false;
	}
	add_load(c, f, &e);
	return true;
}

static void
compile_loads(struct compilation *c, const struct export_domain *d, const struct template_field *f)
{
	const struct element *entries = NULL;
	size_t count = 0;
	bool added = false;

	if (f->enterprise != 0 && f->enterprise != ENTERPRISE_REVERSE)
		drop(c->drops, DROP_EXPORT_FIELD_ENTERPRISE);
	else if ((entries = export_element(f->id, &count)) == NULL)
		drop(c->drops, DROP_EXPORT_FIELD_UNKNOWN);
	/* The field of variable length is passed by its first load: it can have only one. */
	for (size_t i = 0; i < count && !(added && f->size == TEMPLATE_VARIABLE); i++)
		added |= compile_entry(c, d, f, entries[i]);
	if (!added)
		pass_field(c, f);
}

static void
compile_field(struct compilation *c, const struct export_domain *d, const struct template_field *f)
{
	compile_loads(c, d, f);
	if (f->size == TEMPLATE_VARIABLE) {
		c->variable = true;
		c->offset = 0;
		c->size++;
	} else {
		c->offset += f->size;
		c->size += f->size;
	}
}

/* The version of IP follows from the addresses, where there are any. */
static void
drop_version(struct compilation *c)
{
	if ((c->flags & (FIELD_IS_ADDRESS4 | FIELD_IS_ADDRESS6)) == 0)
		return;
	for (unsigned i = 0; i < c->count; i++) {
		struct load *l = &c->loads[i];

		if (l->base != FIELD_RECORD ||
		    l->target != offsetof(struct flow_record, flow.ip_version))
			continue;
		if (l->code == LOAD_VARIABLE) {
			l->kind = FIELD_IGNORED;
		} else {
			c->count--;
			memmove(l, l + 1, (c->count - i) * sizeof *l);
			memmove(&c->ranks[i], &c->ranks[i + 1], c->count - i);
			i--;
		}
	}
}

/* Of the loads that share a target, the one of lowest rank (the first of equal ones) is best. */
static enum load_mode
choose_mode(const struct compilation *c, unsigned which)
{
	const struct load *l = &c->loads[which];
	bool shared = false;

	for (unsigned i = 0; i < c->count; i++) {
		const struct load *o = &c->loads[i];

		if (i == which || o->base != l->base || o->target != l->target ||
		    o->kind == FIELD_IGNORED)
			continue;
		shared = true;
		if (c->ranks[i] < c->ranks[which] || (i < which && c->ranks[i] == c->ranks[which]))
			return LOAD_SPARE;
	}
	return shared ? LOAD_NONZERO : LOAD_ALWAYS;
}

static void
choose_codes(struct compilation *c)
{
	uint32_t after = 0, end = c->offset;

	for (unsigned i = c->count; i-- > 0;) {
		struct load *l = &c->loads[i];

		if (l->code == LOAD_VARIABLE) {
			/* From the end of this field to the end, variable ones counted as one. */
			l->after = (uint16_t)(after + end);
			after += end + 1;
			end = l->offset;
		}
		if (l->kind != FIELD_IGNORED)
			l->mode = (uint8_t)choose_mode(c, i);
		if (l->code == LOAD_GENERAL && l->mode == LOAD_ALWAYS)
			l->code = (uint8_t)fast_code(l);
	}
}

static struct export_template *
make_template(const struct compilation *c, const uint8_t *definition, size_t definition_size)
{
	const uint32_t flow =
	    FIELD_IS_ADDRESS4 | FIELD_IS_ADDRESS6 | FIELD_IS_COUNT | FIELD_NEEDS_SECTION;
	size_t loads = c->count * sizeof c->loads[0];
	size_t memory = sizeof(struct export_template) + loads + definition_size;
	struct export_template *t = xcalloc(1, memory);
	uint8_t *copy = (uint8_t *)t + sizeof *t + loads;

	memcpy(t->loads, c->loads, loads);
	memcpy(copy, definition, definition_size);
	t->definition = copy;
	t->definition_size = definition_size;
	t->memory = memory;
	t->options = c->options;
	t->variable = c->variable;
	t->extra = c->extra;
	t->scratch = c->scratch;
	t->flags = c->flags;
	t->size = (uint16_t)c->size;
	t->flow = (c->flags & flow) != 0;
	t->dual = (c->flags & FIELD_IS_ADDRESS4) != 0 && (c->flags & FIELD_IS_ADDRESS6) != 0;
	t->finish =
	    t->scratch || t->dual || (c->flags & (FIELD_NEEDS_LABELS | FIELD_IS_REVERSE)) != 0;
	t->prototype.flow.vlan = VLAN_NONE;
	if (!t->dual && (c->flags & FIELD_IS_ADDRESS4) != 0)
		t->prototype.flow.ip_version = 4;
	if (!t->dual && (c->flags & FIELD_IS_ADDRESS6) != 0)
		t->prototype.flow.ip_version = 6;
	return t;
}

struct export_template *
export_template_compile(struct export_reading *g, const struct template_field *fields, size_t count,
    bool options, const uint8_t *definition, size_t definition_size)
{
	struct compilation *c = xmalloc(sizeof *c);
	struct export_template *t = NULL;

	*c = (struct compilation){ .drops = g->x->drops, .options = options };
	for (size_t i = 0; i < count && c->size <= TEMPLATE_SIZE_MAX; i++)
		compile_field(c, g->domain, &fields[i]);
	if (c->size > 0 && c->size <= TEMPLATE_SIZE_MAX) {
		drop_version(c);
		choose_codes(c);
		c->loads[c->count++] =
		    (struct load){ .code = LOAD_END, .offset = (uint16_t)c->offset };
		t = make_template(c, definition, definition_size);
	} else {
		drop(c->drops, DROP_EXPORT_TEMPLATE_LENGTH);
	}
	free(c);
	return t;
}
