/* SPDX-License-Identifier: ISC */
/* Pools of visitors; see visitors.h. */
#include "sensor/visitors.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

void
visitors_init(struct visitors *v, uint32_t room)
{
	uint32_t size = 16;

	while (size < room)
		size *= 2;
	*v = (struct visitors){
		.list = xcalloc(room, sizeof v->list[0]),
		.deadlines = xcalloc(room, sizeof v->deadlines[0]),
		.room = room,
		.index = xcalloc(size, sizeof v->index[0]),
		.sources = xcalloc(room, sizeof v->sources[0]),
		.source_index = xcalloc(size, sizeof v->source_index[0]),
		.index_mask = size - 1,
		.secret = hash_secret_new(),
	};
	for (uint32_t i = 0; i < size; i++)
		v->index[i] = v->source_index[i] = VISITOR_NONE;
	for (uint32_t i = 0; i < room; i++) {
		v->list[i].next = v->sources[i].next = i + 1 < room ? i + 1 : VISITOR_NONE;
		v->deadlines[i] = INT64_MAX;
	}
}

void
visitors_release(struct visitors *v)
{
	free(v->list);
	free(v->deadlines);
	free(v->index);
	free(v->sources);
	free(v->source_index);
	*v = (struct visitors){ 0 };
}

struct visitor *
visitors_take(struct visitors *v)
{
	uint32_t number = v->free;
	struct visitor *visitor;

	if (number == VISITOR_NONE)
		return NULL;
	visitor = &v->list[number];
	v->free = visitor->next;
	memset(visitor, 0, offsetof(struct visitor, payload));
	visitor->fd = -1;
	visitor->used = true;
	visitor->next = visitor->address = VISITOR_NONE;
	v->count++;
	return visitor;
}

void
visitors_give_back(struct visitors *v, struct visitor *visitor)
{
	v->deadlines[visitors_number(v, visitor)] = INT64_MAX;
	visitor->used = false;
	visitor->next = v->free;
	v->free = visitors_number(v, visitor);
	v->count--;
}

/* Who a source is: an IPv6 host has a /64 to choose from. */
static struct address
source_of(const struct visitor *visitor)
{
	const struct address *source = &visitor->ends.source;

	return address_is_ipv4(source) ? *source : address_mask(source, 64);
}

bool
visitors_admit(struct visitors *v, struct visitor *visitor, uint32_t most)
{
	struct address source = source_of(visitor);
	uint32_t *head = &v->source_index[hash_words(&v->secret, source.words, 2) & v->index_mask];
	uint32_t number = *head;

	while (number != VISITOR_NONE && !address_equal(&v->sources[number].address, &source))
		number = v->sources[number].next;
	if (number != VISITOR_NONE && v->sources[number].count >= most)
		return false;
	if (number == VISITOR_NONE) {
		/* There are as many as visitors, so one is free. */
		number = v->source_free;
		v->source_free = v->sources[number].next;
		v->sources[number] = (struct visitor_source){ source, 0, *head };
		*head = number;
	}
	v->sources[number].count++;
	visitor->address = number;
	return true;
}

void
visitors_dismiss(struct visitors *v, struct visitor *visitor)
{
	uint32_t number = visitor->address;
	uint32_t *link;

	if (number == VISITOR_NONE || --v->sources[number].count != 0)
		return;
	link = &v->source_index[hash_words(&v->secret, v->sources[number].address.words, 2) &
				v->index_mask];
	while (*link != number)
		link = &v->sources[*link].next;
	*link = v->sources[number].next;
	v->sources[number].next = v->source_free;
	v->source_free = number;
}

static uint32_t *
chain_of(const struct visitors *v, const struct visitor_ends *ends)
{
	const uint64_t words[5] = { ends->source.words[0], ends->source.words[1],
		ends->destination.words[0], ends->destination.words[1],
		(uint64_t)ends->source_port << 16 | ends->destination_port };

	return &v->index[hash_words(&v->secret, words, 5) & v->index_mask];
}

struct visitor *
visitors_find(const struct visitors *v, const struct visitor_ends *ends)
{
	for (uint32_t i = *chain_of(v, ends); i != VISITOR_NONE; i = v->list[i].next) {
		const struct visitor_ends *e = &v->list[i].ends;

		if (e->source_port == ends->source_port &&
		    e->destination_port == ends->destination_port &&
		    address_equal(&e->source, &ends->source) &&
		    address_equal(&e->destination, &ends->destination))
			return &v->list[i];
	}
	return NULL;
}

void
visitors_enter(struct visitors *v, struct visitor *visitor)
{
	uint32_t *head = chain_of(v, &visitor->ends);

	visitor->next = *head;
	*head = visitors_number(v, visitor);
}

void
visitors_leave(struct visitors *v, struct visitor *visitor)
{
	uint32_t *link = chain_of(v, &visitor->ends);
	uint32_t number = visitors_number(v, visitor);

	while (*link != number)
		link = &v->list[*link].next;
	*link = visitor->next;
}

struct visitor *
visitors_next(struct visitors *v)
{
	for (uint32_t i = 0; i < v->room; i++) {
		struct visitor *visitor = &v->list[v->hand];

		v->hand = v->hand + 1 == v->room ? 0 : v->hand + 1;
		if (visitor->used)
			return visitor;
	}
	return NULL;
}
