/* SPDX-License-Identifier: ISC */
/*
 * A YAML document as a tree that remembers where everything stood.
 *
 * For configuration files: maps, lists and scalars, nothing else.  Anchors, aliases, tags and
 * further documents are refused by name, so a small file cannot grow into a large tree; depth and
 * the number of nodes are bounded.  Scalars are text: what they mean is their reader's business.
 *
 *	struct tree *root;
 *	e = tree_parse(data, size, "yagura.yaml", &root, info);   // "yagura.yaml:3:7: …" in info
 *	for (const struct tree *t = root->first; t != NULL; t = t->next)
 *		… t->key, t->key_at, t->kind, t->text …
 *	tree_free(root);
 */
#ifndef YAGURA_BASE_TREE_H
#define YAGURA_BASE_TREE_H

#include <stddef.h>

#include "base/err.h"

#define TREE_MAX_DEPTH 8
#define TREE_MAX_NODES 262144

enum tree_kind {
	TREE_EMPTY, /* nothing after the key: an empty block, list or value */
	TREE_SCALAR,
	TREE_LIST,
	TREE_MAP,
};

/* A place in the file, counted from 1; columns count characters. */
struct tree_place {
	unsigned line, column;
};

struct tree {
	enum tree_kind kind;
	struct tree_place at;
	char *text;               /* owned: a scalar's text; NULL for other kinds */
	char *key;                /* owned: its key, when it stands in a map; else NULL */
	struct tree_place key_at; /* the key's place */
	struct tree *first;       /* owned: first child of a list or map */
	struct tree *next;        /* owned: next child of the same parent */
};

/* Parses one document of UTF-8 text.  An empty document gives a node of kind TREE_EMPTY.  `name`
 * stands before errors.  ERR_CONFIG, or ERR_LIMIT for what is too deep or too large. */
MUST_CHECK enum err tree_parse(
    const char *data, size_t size, const char *name, struct tree **ret_root, struct err_info *info);
void tree_free(struct tree *root);

/* Stores "name:line:column: text" and returns `code`. */
enum err tree_refuse(struct err_info *info, enum err code, const char *name, struct tree_place at,
    const char *format, ...) PRINTF_LIKE(5, 6);

#endif
