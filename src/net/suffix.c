/* SPDX-License-Identifier: ISC */
/*
 * The public suffix list; see suffix.h.
 *
 * The rules are a tree of labels, the TLDs below its root.  All its edges are in one hash table,
 * found by (parent, label): a name takes one search a label, from the right, for as long as rules
 * go on.  The labels of the list alone decide which places of the table are taken, so whoever sends
 * names cannot make searches longer than the longest run of it.
 *
 * Rules are applied as https://github.com/publicsuffix/list/wiki/Format says: of those that match,
 * the exception prevails, else the longest; without any it is "*".  As libpsl and the browsers have
 * it, "*.kobe.jp" makes "kobe.jp" a suffix too.
 */
#include "net/suffix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/tail.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "net/punycode.h"

enum {
	MAX_RULE_LABELS = 15, /* the longest of the list have 5 */
	MAX_NODES = 1 << 22,
	MAX_VERSION = 64,
	FIRST_SLOTS = 1 << 10,
	FILTER_BITS = 1 << 17,

	ROOT = 0,
};

enum node_flag {
	RULE = 1 << 0,      /* the name down to here is a suffix */
	WILDCARD = 1 << 1,  /* and so is every name one label longer */
	EXCEPTION = 1 << 2, /* this one is not, although it is one label longer */
	DELEGATED = 1 << 3, /* a TLD of the ICANN part */
};

struct node {
	uint32_t parent;
	uint32_t label; /* offset in labels: length octet and octets */
	uint32_t since; /* YYYYMMDD; 0: not known */
	uint8_t flags;
};

/* A place of the hash table: most searches end at one without looking at a node. */
struct slot {
	uint32_t hash;
	uint32_t node; /* its number; 0: free */
};

struct suffix_list {
	struct node *nodes; /* owned; [0] is the root */
	uint32_t count, capacity;
	struct slot *slots; /* owned */
	uint32_t mask;
	/* A bit for each edge's hash: most labels are no edge and end here. */
	uint64_t filter[FILTER_BITS / 64];
	uint8_t *labels; /* owned */
	size_t labels_size, labels_capacity;
	size_t rules;
	char version[MAX_VERSION];
};

static uint32_t
hash_label(uint32_t parent, const uint8_t *label)
{
	uint64_t hash = hash_mix64((uint64_t)parent << 8 | label[0]);
	size_t size = label[0], at = 1;

	for (; size >= 8; size -= 8, at += 8)
		hash = hash_mix64(hash ^ le64(label + at));
	return (uint32_t)hash_mix64(hash ^ le_tail(label + at, size));
}

/* The slot of an edge, or the free one where it belongs. */
static struct slot *
find_slot(const struct suffix_list *list, uint32_t parent, const uint8_t *label, uint32_t hash)
{
	for (uint32_t at = hash & list->mask;; at = (at + 1) & list->mask) {
		struct slot *slot = &list->slots[at];
		const struct node *node = &list->nodes[slot->node];
		if (slot->node == 0 ||
		    (slot->hash == hash && node->parent == parent &&
			memcmp(list->labels + node->label, label, 1U + label[0]) == 0))
			return slot;
	}
}

/* The child of a node; ROOT when there is none. */
static uint32_t
find_child(const struct suffix_list *list, uint32_t parent, const uint8_t *label)
{
	uint32_t hash = hash_label(parent, label);

	if ((list->filter[hash / 64 % (FILTER_BITS / 64)] >> hash % 64 & 1) == 0)
		return ROOT;
	return find_slot(list, parent, label, hash)->node;
}

static void
grow_slots(struct suffix_list *list)
{
	list->mask = list->mask * 2 + 1;
	free(list->slots);
	list->slots = xcalloc((size_t)list->mask + 1, sizeof *list->slots);
	for (uint32_t i = 1; i < list->count; i++) {
		const struct node *node = &list->nodes[i];
		uint32_t hash = hash_label(node->parent, list->labels + node->label);
		struct slot *slot = find_slot(list, node->parent, list->labels + node->label, hash);
		*slot = (struct slot){ hash, i };
	}
}

/* The child of a node, made when it is not there. */
static uint32_t
make_child(struct suffix_list *list, uint32_t parent, const uint8_t *label)
{
	uint32_t hash = hash_label(parent, label);
	struct slot *slot = find_slot(list, parent, label, hash);
	size_t size = 1U + label[0];

	if (slot->node != 0)
		return slot->node;
	if (list->count == list->capacity) {
		list->capacity *= 2;
		list->nodes = xrealloc_array(list->nodes, list->capacity, sizeof *list->nodes);
	}
	if (list->labels_size + size > list->labels_capacity) {
		list->labels_capacity = list->labels_capacity * 2 + size;
		list->labels = xrealloc_array(list->labels, list->labels_capacity, 1);
	}
	memcpy(list->labels + list->labels_size, label, size);
	list->nodes[list->count] =
	    (struct node){ .parent = parent, .label = (uint32_t)list->labels_size };
	list->labels_size += size;
	*slot = (struct slot){ hash, list->count };
	list->filter[hash / 64 % (FILTER_BITS / 64)] |= UINT64_C(1) << hash % 64;
	if (++list->count > list->mask / 2)
		grow_slots(list);
	return list->count - 1;
}

/* Adds the labels of `text`, from the right; ROOT when one of them is no label. */
static uint32_t
make_path(struct suffix_list *list, const char *text, size_t size)
{
	uint32_t node = ROOT;

	for (unsigned labels = 0; labels < MAX_RULE_LABELS; labels++) {
		uint8_t label[1 + PUNYCODE_LABEL_MAX];
		const char *dot = memrchr(text, '.', size);
		size_t start = dot != NULL ? (size_t)(dot - text) + 1 : 0, length;
		if (punycode_label(text + start, size - start, label + 1, &length) != ERR_OK)
			return ROOT;
		label[0] = (uint8_t)length;
		node = make_child(list, node, label);
		if (start == 0)
			return node;
		size = start - 1;
	}
	return ROOT;
}

static bool
add_rule(struct suffix_list *list, const char *text, size_t size, bool icann, uint32_t *since)
{
	uint8_t flags = RULE;
	uint32_t node;

	if (size > 1 && text[0] == '!') {
		flags = EXCEPTION;
		text++, size--;
	} else if (size > 2 && text[0] == '*' && text[1] == '.') {
		flags = RULE | WILDCARD;
		text += 2, size -= 2;
	} else if (size == 1 && text[0] == '*') {
		return true; /* the default rule, which always holds */
	}
	if (memchr(text, '*', size) != NULL || memchr(text, '!', size) != NULL)
		return false;
	node = make_path(list, text, size);
	if (node == ROOT)
		return false;
	list->nodes[node].flags |= flags;
	list->rules++;
	if (list->nodes[node].parent == ROOT && list->nodes[node].since == 0)
		list->nodes[node].since = *since;
	*since = 0;
	while (list->nodes[node].parent != ROOT)
		node = list->nodes[node].parent;
	if (icann)
		list->nodes[node].flags |= DELEGATED;
	return true;
}

/* Comments mark the list's parts and, in lists of 2024 and later, its version. */
static void
read_comment(struct suffix_list *list, const char *line, bool *icann)
{
	static const char VERSION[] = "// VERSION: ";

	if (strstr(line, "===BEGIN ICANN DOMAINS===") != NULL)
		*icann = true;
	else if (strstr(line, "===END ICANN DOMAINS===") != NULL)
		*icann = false;
	else if (strncmp(line, VERSION, sizeof VERSION - 1) == 0 && list->version[0] == '\0')
		(void)snprintf(list->version, sizeof list->version, "%.*s",
		    (int)strcspn(line + sizeof VERSION - 1, "\r\n"), line + sizeof VERSION - 1);
}

/* "// aaa : 2015-02-26 American Automobile Association, Inc.": the TLD that follows. */
static uint32_t
read_since(const char *line)
{
	const char *at = strstr(line, " : ");
	uint32_t date = 0;

	if (at == NULL || strnlen(at, 13) < 13 || at[7] != '-' || at[10] != '-')
		return 0;
	for (size_t i = 3; i < 13; i++) {
		if (i == 7 || i == 10)
			continue;
		if (at[i] < '0' || at[i] > '9')
			return 0;
		date = date * 10 + (uint32_t)(at[i] - '0');
	}
	return date;
}

static enum err
read_lines(struct suffix_list *list, FILE *in, const char *path, struct err_info *info)
{
	char *line = NULL;
	size_t capacity = 0, number = 0;
	bool icann = false;
	uint32_t since = 0;
	enum err e = ERR_OK;

	while (e == ERR_OK && getline(&line, &capacity, in) >= 0) {
		/* A rule ends at the first white space. */
		size_t size = strcspn(line, " \t\r\n");
		number++;
		if (strncmp(line, "//", 2) == 0) {
			read_comment(list, line, &icann);
			since = read_since(line);
		} else if (size != 0 && !add_rule(list, line, size, icann, &since))
			e = err_set(info, ERR_FORMAT, "%s:%zu: \"%.80s\" is no rule of suffixes",
			    path, number, line);
		else if (list->count > MAX_NODES)
			e = err_set(info, ERR_LIMIT, "%s: too many rules", path);
	}
	if (e == ERR_OK && ferror(in))
		e = err_set(info, ERR_IO, "%s: %s", path, strerror(errno));
	if (e == ERR_OK && list->rules == 0)
		e = err_set(info, ERR_FORMAT, "%s:%zu: there is no rule in it", path, number);
	free(line);
	return e;
}

enum err
suffix_list_read(const char *path, struct suffix_list **ret_list, struct err_info *info)
{
	struct suffix_list *list;
	FILE *in = fopen(path, "re");
	enum err e;

	if (in == NULL)
		return err_set(info, ERR_IO, "%s: %s", path, strerror(errno));
	list = xcalloc(1, sizeof *list);
	list->capacity = FIRST_SLOTS;
	list->nodes = xcalloc(list->capacity, sizeof *list->nodes);
	list->count = 1;
	list->mask = FIRST_SLOTS - 1;
	list->slots = xcalloc(FIRST_SLOTS, sizeof *list->slots);
	e = read_lines(list, in, path, info);
	(void)fclose(in);
	if (e != ERR_OK) {
		suffix_list_free(list);
		return e;
	}
	*ret_list = list;
	return ERR_OK;
}

void
suffix_list_free(struct suffix_list *list)
{
	if (list == NULL)
		return;
	free(list->nodes);
	free(list->slots);
	free(list->labels);
	free(list);
}

/* Labels of the public suffix of a name, of whose labels the `count` rightmost are given. */
static unsigned
suffix_labels(
    const struct suffix_list *list, const uint8_t *name, const uint8_t *starts, unsigned count)
{
	unsigned labels = 1;
	uint32_t at = ROOT;

	if (list == NULL)
		return labels;
	for (unsigned i = 0; i < count; i++) {
		uint32_t child = find_child(list, at, name + starts[i]);
		if (child != 0 && list->nodes[child].flags & EXCEPTION)
			return i;
		if (list->nodes[at].flags & WILDCARD ||
		    (child != 0 && list->nodes[child].flags & RULE))
			labels = i + 1;
		if (child == 0)
			break;
		at = child;
	}
	return labels;
}

unsigned
suffix_site_at(const struct suffix_list *list, const uint8_t *name, size_t size,
    const uint8_t *starts, unsigned count)
{
	unsigned labels = suffix_labels(list, name, starts, count);

	(void)size;
	return labels < count ? starts[labels] : SUFFIX_NONE;
}

/* The starts of the rightmost labels, the last one first; returns how many. */
static unsigned
find_starts(const uint8_t *name, size_t size, uint8_t starts[MAX_RULE_LABELS + 1])
{
	unsigned labels = dns_name_labels(name, size), kept = 0;

	for (size_t at = 0; labels != 0; at += 1U + name[at])
		if (--labels <= MAX_RULE_LABELS) {
			starts[labels] = (uint8_t)at;
			kept++;
		}
	return kept;
}

unsigned
suffix_site(const struct suffix_list *list, const uint8_t *name, size_t size)
{
	uint8_t starts[MAX_RULE_LABELS + 1];
	unsigned count = find_starts(name, size, starts);

	return suffix_site_at(list, name, size, starts, count);
}

bool
suffix_is_public(const struct suffix_list *list, const uint8_t *name, size_t size)
{
	return size > 1 && suffix_site(list, name, size) == SUFFIX_NONE;
}

bool
suffix_is_delegated(const struct suffix_list *list, const uint8_t *name, size_t size)
{
	uint8_t starts[MAX_RULE_LABELS + 1];

	if (list == NULL || find_starts(name, size, starts) == 0)
		return false;
	return list->nodes[find_child(list, ROOT, name + starts[0])].flags & DELEGATED;
}

uint32_t
suffix_since(const struct suffix_list *list, const uint8_t *name, size_t size)
{
	uint8_t starts[MAX_RULE_LABELS + 1];

	if (list == NULL || find_starts(name, size, starts) == 0)
		return 0;
	return list->nodes[find_child(list, ROOT, name + starts[0])].since;
}

size_t
suffix_rules(const struct suffix_list *list)
{
	return list != NULL ? list->rules : 0;
}

const char *
suffix_version(const struct suffix_list *list)
{
	return list != NULL ? list->version : "";
}
