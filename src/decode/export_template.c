/* SPDX-License-Identifier: ISC */
/*
 * Templates come, change and go.
 *
 *	NetFlow v9 (RFC 3954, 5.2 and 6.1)       IPFIX (RFC 7011, 3.4)
 *	template id 2, field count 2,            template id 2, field count 2,
 *	  (type 2, length 2) …                     (E 1 bit, id 15 bits, length 2, [enterprise 4]) …
 *	template id 2, scope octets 2,           template id 2, field count 2, scope count 2,
 *	  option octets 2, (type 2, length 2) …    (as above) …
 *
 * A template that comes again with the same octets is only refreshed.
 */
#include "decode/export_template.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define ENTERPRISE_BIT 0x8000
#define SPECIFIER_SIZE 4

enum {
	IPFIX_ALL_TEMPLATES = 2, /* as the identifier of a withdrawal */
	IPFIX_ALL_OPTIONS = 3,
};

/* Elements that say the same as the scopes of NetFlow v9 (RFC 3954, 6.1). */
static const uint16_t SCOPES[] = {
	[1] = 210, /* the system */
	[2] = 10,  /* an interface: ingressInterface */
	[3] = 141, /* a line card: lineCardId */
	[4] = 210, /* the cache */
	[5] = 145, /* a template: templateId */
};

/* A template record being read. */
struct definition {
	const uint8_t *begin;
	uint16_t id;
	bool options;
	size_t count, scopes;
	struct template_field fields[TEMPLATE_FIELDS_MAX];
};

/* Where the template of this identifier is, or belongs. */
static size_t
position(const struct export_domain *d, uint16_t id)
{
	size_t low = 0, high = d->template_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->templates[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct export_template *
look_up(const struct export_domain *d, uint16_t id)
{
	size_t i = position(d, id);

	return i < d->template_count && d->templates[i]->id == id ? d->templates[i] : NULL;
}

/* Frees one template that is in no domain (any more). */
static void
dispose(struct exports *x, struct export_template *t)
{
	export_link_remove(&t->link);
	t->domain->exporter->template_count--;
	x->memory -= t->memory;
	free(t);
}

static void
dispose_older(struct exports *x, struct export_template *t)
{
	while (t->older != NULL) {
		struct export_template *older = t->older;

		t->older = older->older;
		dispose(x, older);
	}
}

void
export_template_free(struct exports *x, struct export_template *t)
{
	struct export_domain *d = t->domain;
	size_t i = position(d, t->id);

	d->template_count--;
	memmove((void *)&d->templates[i], (void *)&d->templates[i + 1],
	    (d->template_count - i) * sizeof(struct export_template *));
	dispose_older(x, t);
	dispose(x, t);
}

void
export_template_settle(struct export_reading *g)
{
	if (!g->changed)
		return;
	for (size_t i = 0; i < g->domain->template_count; i++)
		dispose_older(g->x, g->domain->templates[i]);
}

/* Over UDP nobody says that a template is no longer in use: it has to be repeated. */
static bool
is_expired(const struct export_reading *g, const struct export_template *t)
{
	nsec_t least = g->x->options.template_time;
	nsec_t life = t->interval > least ? t->interval : least;

	if (g->message->stream != 0)
		return false;
	/* 3 times the interval; for as long as that is not known, the least one stands for it. */
	return (g->context.time - t->defined) / 3 > life;
}

struct export_template *
export_template_find(struct export_reading *g, uint16_t id, size_t since)
{
	struct export_template *t = look_up(g->domain, id);

	if (t == NULL)
		return NULL;
	if (is_expired(g, t)) {
		drop(g->x->drops, DROP_EXPORT_TEMPLATE_EXPIRED);
		export_template_free(g->x, t);
		return NULL;
	}
	export_link_remove(&t->link);
	export_link_add(&g->exporter->templates, &t->link);
	while (t->older != NULL && since < t->since)
		t = t->older;
	return t;
}

/* Makes room in the exporter's quota, but not at the cost of what this message is read with. */
static bool
make_room(struct export_reading *g)
{
	struct exporter *e = g->exporter;

	while (e->template_count >= g->x->options.templates) {
		struct export_template *oldest = (struct export_template *)e->templates.newer;

		drop(g->x->drops, DROP_EXPORT_TEMPLATE_EVICTED);
		if (look_up(oldest->domain, oldest->id) != oldest)
			return false;
		export_template_free(g->x, oldest);
	}
	return true;
}

static void
insert(struct export_reading *g, struct export_template *t)
{
	struct export_domain *d = g->domain;
	size_t i = position(d, t->id);

	if (d->template_count == d->template_room) {
		size_t room = d->template_room != 0 ? 2 * d->template_room : 8;

		d->templates = (struct export_template **)xrealloc_array(
		    (void *)d->templates, room, sizeof(struct export_template *));
		g->x->memory += (room - d->template_room) * sizeof(struct export_template *);
		d->template_room = room;
	}
	memmove((void *)&d->templates[i + 1], (void *)&d->templates[i],
	    (d->template_count - i) * sizeof(struct export_template *));
	d->templates[i] = t;
	d->template_count++;
}

/* Makes a new definition known, in place of what had its identifier. */
static void
define(struct export_reading *g, struct export_template *t, size_t since)
{
	struct export_template *old;

	if (!make_room(g)) {
		free(t);
		return;
	}
	t->domain = g->domain;
	t->since = since;
	t->defined = g->context.time;
	g->x->memory += t->memory;
	g->exporter->template_count++;
	export_link_add(&g->exporter->templates, &t->link);
	old = look_up(g->domain, t->id);
	if (old != NULL) {
		drop(g->x->drops, DROP_EXPORT_TEMPLATE_CHANGED);
		g->domain->templates[position(g->domain, t->id)] = t;
		t->older = old;
		g->changed = true;
	} else {
		insert(g, t);
	}
	g->learned = true;
}

static void
refresh(struct export_reading *g, struct export_template *t)
{
	nsec_t now = g->context.time;

	if (now > t->defined) {
		t->interval = now - t->defined;
		t->defined = now;
	}
	export_link_remove(&t->link);
	export_link_add(&g->exporter->templates, &t->link);
}

static void
finish_definition(
    struct export_reading *g, const struct definition *def, const uint8_t *end, size_t since)
{
	struct export_template *t = look_up(g->domain, def->id);
	size_t size = (size_t)(end - def->begin);

	g->domain->report.templates++;
	if (t != NULL && t->options == def->options && t->definition_size == size &&
	    memcmp(t->definition, def->begin, size) == 0 && !is_expired(g, t)) {
		refresh(g, t);
		return;
	}
	t = export_template_compile(g, def->fields, def->count, def->options, def->begin, size);
	if (t == NULL) {
		g->domain->report.malformed++;
		return;
	}
	t->id = def->id;
	define(g, t, since);
}

/* RFC 7011, 8.1: over a stream, a template of no fields takes the one before it back. */
static void
withdraw(struct export_reading *g, uint16_t id, bool options)
{
	struct export_domain *d = g->domain;
	bool all = id == (options ? IPFIX_ALL_OPTIONS : IPFIX_ALL_TEMPLATES);

	if (g->message->stream == 0) {
		drop(g->x->drops, DROP_EXPORT_WITHDRAWAL);
		return;
	}
	for (size_t i = d->template_count; i-- > 0;) {
		struct export_template *t = d->templates[i];

		if (t->options == options && (all || t->id == id))
			export_template_free(g->x, t);
	}
}

static bool
malformed(struct export_reading *g, enum drop why)
{
	drop(g->x->drops, why);
	g->domain->report.malformed++;
	return false;
}

/* The counts of the header; false when the set ends before them or they make no sense. */
static bool
read_counts(struct export_reading *g, struct cursor *c, struct definition *def)
{
	if (g->domain->protocol == EXPORT_IPFIX) {
		def->count = cursor_be16(c);
		if (def->options && def->count > 0)
			def->scopes = cursor_be16(c);
	} else if (def->options) {
		uint16_t scope_size = cursor_be16(c), option_size = cursor_be16(c);

		if (scope_size % SPECIFIER_SIZE != 0 || option_size % SPECIFIER_SIZE != 0)
			return malformed(g, DROP_EXPORT_TEMPLATE_FIELDS);
		def->scopes = scope_size / SPECIFIER_SIZE;
		def->count = def->scopes + option_size / SPECIFIER_SIZE;
	} else {
		def->count = cursor_be16(c);
	}
	if (c->failed)
		return malformed(g, DROP_EXPORT_TEMPLATE_TRUNCATED);
	return true;
}

static void
read_field(const struct export_reading *g, struct cursor *c, struct template_field *f, bool scope)
{
	uint16_t id = cursor_be16(c);

	*f = (struct template_field){ .id = id, .size = cursor_be16(c), .scope = scope };
	if (g->domain->protocol == EXPORT_IPFIX && (id & ENTERPRISE_BIT) != 0) {
		f->id = id & (uint16_t)~ENTERPRISE_BIT;
		f->enterprise = cursor_be32(c);
	} else if (g->domain->protocol == EXPORT_NETFLOW9 && scope) {
		f->id = id < sizeof SCOPES / sizeof *SCOPES && id > 0 ? SCOPES[id] : 210;
	}
}

/* Reads the fields; false when the set ends before them. */
static bool
read_fields(struct export_reading *g, struct cursor *c, struct definition *def)
{
	for (size_t i = 0; i < def->count; i++)
		read_field(g, c, &def->fields[i], i < def->scopes);
	if (c->failed)
		return malformed(g, DROP_EXPORT_TEMPLATE_TRUNCATED);
	return true;
}

bool
export_template_read(struct export_reading *g, struct cursor *c, bool options, size_t since)
{
	struct definition def;

	def.begin = c->at;
	def.options = options;
	def.scopes = 0;
	def.count = 0;
	def.id = cursor_be16(c);
	if (!read_counts(g, c, &def))
		return false;
	if (def.count == 0 && g->domain->protocol == EXPORT_IPFIX) {
		withdraw(g, def.id, options);
		return true;
	}
	if (def.count > TEMPLATE_FIELDS_MAX)
		return malformed(g, DROP_EXPORT_TEMPLATE_FIELDS);
	if (!read_fields(g, c, &def))
		return false;
	/* Refused for what they say; where the next one begins is known all the same. */
	if (def.id < TEMPLATE_ID_MIN)
		(void)malformed(g, DROP_EXPORT_TEMPLATE_ID);
	else if (def.count == 0 || def.scopes > def.count)
		(void)malformed(g, DROP_EXPORT_TEMPLATE_FIELDS);
	else
		finish_definition(g, &def, c->at, since);
	return true;
}
