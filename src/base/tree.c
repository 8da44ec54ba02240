/* SPDX-License-Identifier: ISC */
/*
 * A YAML document as a tree with places; see tree.h.
 *
 * libyaml's events are read one at a time, so that what is refused stops the parser at once.
 */
#include "base/tree.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/xmalloc.h"

struct builder {
	yaml_parser_t parser;
	const char *data; /* borrowed */
	const char *name; /* borrowed */
	struct err_info *info;
	size_t nodes;
};

static enum err build(struct builder *b, yaml_event_t *event, int depth, struct tree **ret_node);

enum err
tree_refuse(struct err_info *info, enum err code, const char *name, struct tree_place at,
    const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return err_set(info, code, "%.100s:%u:%u: %s", name, at.line, at.column, text);
}

static struct tree_place
place(const yaml_mark_t *mark)
{
	return (struct tree_place){ (unsigned)mark->line + 1, (unsigned)mark->column + 1 };
}

/* libyaml gives an offset instead of a mark for octets that are not UTF-8. */
static struct tree_place
place_of_offset(const char *data, size_t offset)
{
	struct tree_place at = { 1, 1 };

	for (size_t i = 0; i < offset; i++) {
		at.column++;
		if (data[i] == '\n')
			at = (struct tree_place){ at.line + 1, 1 };
	}
	return at;
}

static enum err
refuse_syntax(const struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	struct tree_place at = p->error == YAML_READER_ERROR
				   ? place_of_offset(b->data, p->problem_offset)
				   : place(&p->problem_mark);

	return tree_refuse(b->info, ERR_CONFIG, b->name, at, "not YAML: %s",
	    p->problem != NULL ? p->problem : "out of memory");
}

static enum err
next_event(struct builder *b, yaml_event_t *ret_event)
{
	if (!yaml_parser_parse(&b->parser, ret_event))
		return refuse_syntax(b);
	return ERR_OK;
}

static void
free_children(struct tree *node)
{
	struct tree *child = node->first;

	while (child != NULL) {
		struct tree *next = child->next;
		tree_free(child);
		child = next;
	}
}

void
tree_free(struct tree *root)
{
	if (root == NULL)
		return;
	free_children(root); /* as deep as TREE_MAX_DEPTH */
	free(root->text);
	free(root->key);
	free(root);
}

/* A scalar's text, or NULL (with the reason in info) when it holds a NUL. */
static char *
scalar_text(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length) {
		(void)tree_refuse(b->info, ERR_CONFIG, b->name, place(&event->start_mark),
		    "a text may not hold a NUL");
		return NULL;
	}
	return xstrdup(text);
}

/* What YAML offers and a configuration does without. */
static enum err
refuse_extras(struct builder *b, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	const char *what = NULL;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default: what = "an alias"; break;
	}
	if (anchor != NULL)
		what = "an anchor";
	if (tag != NULL)
		what = "a tag";
	if (what == NULL)
		return ERR_OK;
	return tree_refuse(b->info, ERR_CONFIG, b->name, place(&event->start_mark),
	    "%s: not part of a configuration", what);
}

static enum err
build_list(struct builder *b, int depth, struct tree *list)
{
	struct tree **tail = &list->first;
	yaml_event_t event;
	enum err e = ERR_OK;

	while (e == ERR_OK) {
		e = next_event(b, &event);
		if (e != ERR_OK)
			return e;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return ERR_OK;
		}
		e = build(b, &event, depth + 1, tail);
		if (e == ERR_OK)
			tail = &(*tail)->next;
	}
	return e;
}

/* Reads a key's value and hangs it under the key. */
static enum err
build_pair(struct builder *b, const yaml_event_t *key, int depth, struct tree **ret_node)
{
	yaml_event_t event;
	struct tree *node;
	char *text;
	enum err e;

	if (key->type != YAML_SCALAR_EVENT)
		return tree_refuse(b->info, ERR_CONFIG, b->name, place(&key->start_mark),
		    "a key is a word, not a list, map or alias");
	e = refuse_extras(b, key);
	if (e != ERR_OK)
		return e;
	text = scalar_text(b, key);
	if (text == NULL)
		return ERR_CONFIG;
	e = next_event(b, &event);
	if (e == ERR_OK)
		e = build(b, &event, depth, &node);
	if (e != ERR_OK) {
		free(text);
		return e;
	}
	node->key = text;
	node->key_at = place(&key->start_mark);
	*ret_node = node;
	return ERR_OK;
}

static enum err
build_map(struct builder *b, int depth, struct tree *map)
{
	struct tree **tail = &map->first;
	yaml_event_t event;
	enum err e = ERR_OK;

	while (e == ERR_OK) {
		e = next_event(b, &event);
		if (e != ERR_OK)
			return e;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return ERR_OK;
		}
		e = build_pair(b, &event, depth + 1, tail);
		if (e == ERR_OK)
			tail = &(*tail)->next;
		yaml_event_delete(&event);
	}
	return e;
}

static enum err
build_scalar(struct builder *b, const yaml_event_t *event, struct tree *node)
{
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && event->data.scalar.length == 0) {
		node->kind = TREE_EMPTY;
		return ERR_OK;
	}
	node->kind = TREE_SCALAR;
	node->text = scalar_text(b, event);
	return node->text != NULL ? ERR_OK : ERR_CONFIG;
}

/* Makes the node that `event` begins, and deletes the event. */
static enum err
build(struct builder *b, yaml_event_t *event, int depth, struct tree **ret_node)
{
	struct tree *node = NULL;
	struct tree_place at = place(&event->start_mark);
	enum err e = refuse_extras(b, event);

	if (e == ERR_OK && depth > TREE_MAX_DEPTH)
		e = tree_refuse(
		    b->info, ERR_LIMIT, b->name, at, "nested more than %d deep", TREE_MAX_DEPTH);
	if (e == ERR_OK && ++b->nodes > TREE_MAX_NODES)
		e = tree_refuse(
		    b->info, ERR_LIMIT, b->name, at, "more than %d values", TREE_MAX_NODES);
	if (e == ERR_OK) {
		node = xcalloc(1, sizeof *node);
		node->at = at;
		if (event->type == YAML_SCALAR_EVENT) {
			e = build_scalar(b, event, node);
		} else if (event->type == YAML_SEQUENCE_START_EVENT) {
			node->kind = TREE_LIST;
			e = build_list(b, depth, node);
		} else {
			node->kind = TREE_MAP;
			e = build_map(b, depth, node);
		}
	}
	yaml_event_delete(event);
	if (e == ERR_OK)
		*ret_node = node;
	else
		tree_free(node);
	return e;
}

/* Passes over the events that only frame the document; ERR_END at the stream's end. */
static enum err
next_content(struct builder *b, yaml_event_t *ret_event)
{
	for (;;) {
		yaml_event_t event;
		enum err e = next_event(b, &event);
		if (e != ERR_OK)
			return e;
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_START_EVENT:
		case YAML_DOCUMENT_END_EVENT: yaml_event_delete(&event); break;
		case YAML_NO_EVENT:
		case YAML_STREAM_END_EVENT: yaml_event_delete(&event); return ERR_END;
		default: *ret_event = event; return ERR_OK;
		}
	}
}

static enum err
build_document(struct builder *b, struct tree **ret_root)
{
	yaml_event_t event;
	struct tree_place at;
	enum err e = next_content(b, &event);

	if (e == ERR_END) {
		*ret_root = xcalloc(1, sizeof **ret_root);
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = build(b, &event, 0, ret_root);
	if (e != ERR_OK)
		return e;
	e = next_content(b, &event);
	if (e == ERR_END)
		return ERR_OK;
	if (e == ERR_OK) {
		at = place(&event.start_mark);
		yaml_event_delete(&event);
		e = tree_refuse(b->info, ERR_CONFIG, b->name, at, "a second document");
	}
	tree_free(*ret_root);
	return e;
}

enum err
tree_parse(
    const char *data, size_t size, const char *name, struct tree **ret_root, struct err_info *info)
{
	struct builder b = { .data = data, .name = name, .info = info };
	struct tree *root = NULL;
	enum err e;

	if (!yaml_parser_initialize(&b.parser))
		return err_set(info, ERR_LIMIT, "%s: out of memory", name);
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)data, size);
	e = build_document(&b, &root);
	yaml_parser_delete(&b.parser);
	if (e == ERR_OK)
		*ret_root = root;
	return e;
}
