/* SPDX-License-Identifier: ISC */
/*
 * Data that came before its template (RFC 7011, 9.1: a collector may hold it).
 *
 * Whole sets are kept with what is known of their message, oldest first, for a limited time and in
 * limited room: what does not fit is given up from the oldest on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "decode/export_template.h"

struct buffered_set {
	struct buffered_set *next; /* owned */
	struct export_context context;
	uint32_t domain;
	uint8_t protocol;
	uint16_t id;
	size_t size;
	uint8_t data[];
};

static size_t
memory_of(const struct buffered_set *s)
{
	return sizeof *s + s->size;
}

/* Takes out the set after `before`, or the first one. */
static void
remove_after(struct exports *x, struct export_buffer *b, struct buffered_set *before)
{
	struct buffered_set *s = before != NULL ? before->next : b->first;

	if (before != NULL)
		before->next = s->next;
	else
		b->first = s->next;
	if (b->last == s)
		b->last = before;
	b->size -= memory_of(s);
	x->memory -= memory_of(s);
	free(s);
}

void
export_buffer_release(struct exports *x, struct export_buffer *b)
{
	while (b->first != NULL)
		remove_after(x, b, NULL);
}

static void
expire(struct exports *x, struct export_buffer *b, nsec_t now)
{
	while (b->first != NULL && (now - b->first->context.time > x->options.buffer_time ||
				       now < b->first->context.time)) {
		drop(x->drops, DROP_EXPORT_BUFFER_EXPIRED);
		remove_after(x, b, NULL);
	}
}

void
export_buffer_add(struct export_reading *g, uint16_t id, const uint8_t *data, size_t size)
{
	struct export_buffer *b = &g->exporter->buffer;
	struct exports *x = g->x;
	struct buffered_set *s;

	expire(x, b, g->context.time);
	if (size + sizeof *s > x->options.buffer) {
		drop(x->drops, DROP_EXPORT_BUFFER_FULL);
		return;
	}
	while (b->size + size + sizeof *s > x->options.buffer) {
		drop(x->drops, DROP_EXPORT_BUFFER_FULL);
		remove_after(x, b, NULL);
	}
	s = xmalloc(sizeof *s + size);
	*s = (struct buffered_set){
		.context = g->context,
		.domain = g->domain->id,
		.protocol = g->domain->protocol,
		.id = id,
		.size = size,
	};
	memcpy(s->data, data, size);
	if (b->last != NULL)
		b->last->next = s;
	else
		b->first = s;
	b->last = s;
	b->size += memory_of(s);
	x->memory += memory_of(s);
}

/* Reads the sets whose template is one of options, or of flows. */
static void
replay(struct export_reading *g, bool options)
{
	struct export_buffer *b = &g->exporter->buffer;
	struct buffered_set *before = NULL, *s = b->first;

	while (s != NULL) {
		struct export_template *t = NULL;

		if (s->domain == g->domain->id && s->protocol == g->domain->protocol)
			t = export_template_find(g, s->id, SIZE_MAX);
		if (t == NULL || t->options != options) {
			before = s;
		} else {
			export_sets_data(g, &s->context, t, s->data, s->size);
			g->domain->replayed_sets++;
			remove_after(g->x, b, before);
		}
		s = before != NULL ? before->next : b->first;
	}
}

void
export_buffer_replay(struct export_reading *g)
{
	expire(g->x, &g->exporter->buffer, g->context.time);
	replay(g, true);
	replay(g, false);
}
