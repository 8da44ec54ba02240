/* SPDX-License-Identifier: ISC */
/*
 * Rules from a policy file in YAML; see rpz.h and doc/rpz.md.
 *
 *	allow: [example.com, 192.0.2.0/24]
 *	garden: [A 192.0.2.1]
 *	rules:
 *	  - name: bad.example
 *	    action: nxdomain
 *	    expires: 2026-12-31
 *	  - client: 198.51.100.7/32
 *	    action: drop
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/tree.h"
#include "base/xmalloc.h"
#include "report/rpz.h"

#define POLICY_MOST ((size_t)16 << 20)

struct reader {
	struct rpz *rpz;
	const char *path;
	struct err_info *info;
};

static enum err
refuse(const struct reader *r, struct tree_place at, const char *what, const char *text)
{
	return tree_refuse(r->info, ERR_CONFIG, r->path, at, "%s%.200s", what, text);
}

static enum err
read_text(const struct reader *r, const struct tree *value, const char **ret_text)
{
	if (value->kind != TREE_SCALAR)
		return refuse(r, value->at, "a value is expected here", "");
	*ret_text = value->text;
	return ERR_OK;
}

/* A list of values, or one value. */
static enum err
read_each(const struct reader *r, const struct tree *value,
    enum err (*take)(const struct reader *r, const char *text, void *target, struct err_info *why),
    void *target)
{
	const struct tree *first = value->kind == TREE_LIST ? value->first : value;
	enum err e = ERR_OK;

	for (const struct tree *t = first; e == ERR_OK && t != NULL;
	     t = value->kind == TREE_LIST ? t->next : NULL) {
		struct err_info why = { .text = "" };
		const char *text = "";
		e = read_text(r, t, &text);
		if (e == ERR_OK && take(r, text, target, &why) != ERR_OK)
			e = refuse(r, t->at, why.text, "");
	}
	return e;
}

static enum err
take_allowed(const struct reader *r, const char *text, void *target, struct err_info *why)
{
	(void)target;
	return rpz_allow(r->rpz, text, why);
}

static enum err
take_record(const struct reader *r, const char *text, void *target, struct err_info *why)
{
	(void)r;
	return rpz_record_parse(text, target, why);
}

/* --- one rule --------------------------------------------------------------------------------- */

struct rule {
	struct rpz_rule rule;
	struct rpz_records records;
	bool has_trigger;
};

/* The keys that say what a rule is about. */
static const struct {
	const char *key;
	enum rpz_trigger trigger;
} TRIGGERS[] = {
	{ "name", RPZ_QNAME },
	{ "client", RPZ_CLIENT_IP },
	{ "response_address", RPZ_RESPONSE_IP },
	{ "server_name", RPZ_NSDNAME },
	{ "server_address", RPZ_NSIP },
};

static enum err
read_trigger(const struct reader *r, const struct tree *value, size_t which, struct rule *rule)
{
	enum rpz_trigger wanted = TRIGGERS[which].trigger;
	struct err_info why = { .text = "" };
	const char *text = "";
	enum err e = read_text(r, value, &text);

	if (e != ERR_OK)
		return e;
	if (rule->has_trigger)
		return refuse(r, value->key_at, "a rule is about one thing: ", value->key);
	rule->has_trigger = true;
	rule->rule.trigger = wanted;
	if (rpz_indicator(text, &rule->rule, &why) != ERR_OK)
		return refuse(r, value->at, why.text, "");
	if (rule->rule.trigger != wanted)
		return refuse(r, value->at, "a name and an address are not the same: ", text);
	return ERR_OK;
}

static enum err
read_action(const struct reader *r, const struct tree *value, struct rule *rule)
{
	const char *text = "";
	enum err e = read_text(r, value, &text);

	if (e == ERR_OK && !rpz_action_find(text, &rule->rule.action))
		e = refuse(r, value->at,
		    "actions are nxdomain, nodata, passthru, drop, tcp-only, local: ", text);
	return e;
}

static enum err
read_expires(const struct reader *r, const struct tree *value, struct rule *rule)
{
	const char *text = "";
	enum err e = read_text(r, value, &text);

	if (e == ERR_OK && strcmp(text, "never") == 0)
		rule->rule.expires = 0;
	else if (e == ERR_OK && clock_parse(text, &rule->rule.expires) != ERR_OK)
		e = refuse(
		    r, value->at, "a time such as 2026-12-31, or never, is expected: ", text);
	return e;
}

static enum err
read_ttl(const struct reader *r, const struct tree *value, struct rule *rule)
{
	const char *text = "";
	enum err e = read_text(r, value, &text);
	unsigned long number = strtoul(text, NULL, 10);

	if (e != ERR_OK)
		return e;
	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 6 ||
	    number > 604800)
		return refuse(r, value->at, "a TTL is 0 to 604800 seconds: ", text);
	rule->rule.ttl = (uint32_t)number;
	return ERR_OK;
}

static enum err
read_below(const struct reader *r, const struct tree *value, struct rule *rule)
{
	const char *text = "";
	enum err e = read_text(r, value, &text);

	if (e != ERR_OK)
		return e;
	rule->rule.itself = strcmp(text, "only") != 0;
	rule->rule.below = strcmp(text, "false") != 0;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0 && strcmp(text, "only") != 0)
		return refuse(r, value->at, "true, false or only is expected: ", text);
	return ERR_OK;
}

static enum err
read_case(const struct reader *r, const struct tree *value, struct rule *rule)
{
	enum err e = read_text(r, value, &rule->rule.case_id);

	if (e == ERR_OK && strlen(rule->rule.case_id) > 200)
		e = refuse(r, value->at, "a case id has at most 200 octets", "");
	return e;
}

static enum err
read_data(const struct reader *r, const struct tree *value, struct rule *rule)
{
	return read_each(r, value, take_record, &rule->records);
}

static const struct {
	const char *key;
	enum err (*read)(const struct reader *r, const struct tree *value, struct rule *rule);
} KEYS[] = {
	{ "action", read_action },
	{ "expires", read_expires },
	{ "ttl", read_ttl },
	{ "below", read_below },
	{ "case", read_case },
	{ "data", read_data },
};

static enum err
read_key(const struct reader *r, const struct tree *value, struct rule *rule)
{
	for (size_t i = 0; i < sizeof TRIGGERS / sizeof TRIGGERS[0]; i++)
		if (strcmp(value->key, TRIGGERS[i].key) == 0)
			return read_trigger(r, value, i, rule);
	for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
		if (strcmp(value->key, KEYS[i].key) == 0)
			return KEYS[i].read(r, value, rule);
	return refuse(r, value->key_at, "unknown key of a rule: ", value->key);
}

static enum err
read_rule(const struct reader *r, const struct tree *map)
{
	char *source = xasprintf("%s:%u", r->path, map->at.line);
	struct rule rule = { .rule = rpz_rule_default(r->rpz, source) };
	enum err e = ERR_OK;

	if (map->kind != TREE_MAP)
		e = refuse(r, map->at, "a rule is a map", "");
	for (const struct tree *t = map->first; e == ERR_OK && t != NULL; t = t->next)
		e = read_key(r, t, &rule);
	if (e == ERR_OK && !rule.has_trigger)
		e = refuse(r, map->at,
		    "a rule has one of name, client, response_address, server_name, "
		    "server_address",
		    "");
	rule.rule.records = &rule.records;
	if (e == ERR_OK && rule.records.count != 0 && rule.rule.action != RPZ_LOCAL)
		e = refuse(r, map->at, "data go with the action local", "");
	if (e == ERR_OK)
		rpz_add(r->rpz, &rule.rule);
	rpz_records_release(&rule.records);
	free(source);
	return e;
}

/* --- the file --------------------------------------------------------------------------------- */

static const struct tree *
find_key(const struct tree *map, const char *key)
{
	for (const struct tree *t = map->first; t != NULL; t = t->next)
		if (strcmp(t->key, key) == 0)
			return t;
	return NULL;
}

/* What protects and what rules use comes before the rules, wherever it stands. */
static enum err
read_root(const struct reader *r, const struct tree *root)
{
	const struct tree *allow, *garden, *rules;
	enum err e = ERR_OK;

	if (root->kind != TREE_MAP)
		return refuse(r, root->at, "allow, garden and rules are expected here", "");
	for (const struct tree *t = root->first; t != NULL; t = t->next)
		if (strcmp(t->key, "allow") != 0 && strcmp(t->key, "garden") != 0 &&
		    strcmp(t->key, "rules") != 0)
			return refuse(r, t->key_at, "unknown key: ", t->key);
	allow = find_key(root, "allow");
	garden = find_key(root, "garden");
	rules = find_key(root, "rules");
	if (allow != NULL)
		e = read_each(r, allow, take_allowed, NULL);
	if (e == ERR_OK && garden != NULL)
		e = read_each(r, garden, take_record, &r->rpz->garden);
	if (e == ERR_OK && rules != NULL && rules->kind != TREE_LIST)
		e = refuse(r, rules->at, "a list of rules is expected here", "");
	for (const struct tree *t = rules != NULL ? rules->first : NULL; e == ERR_OK && t != NULL;
	     t = t->next)
		e = read_rule(r, t);
	return e;
}

static enum err
load(const char *path, char **ret_data, size_t *ret_size, struct err_info *info)
{
	FILE *file = fopen(path, "re");
	char *data;
	size_t size;
	bool failed;

	if (file == NULL)
		return err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	data = xmalloc(POLICY_MOST + 1);
	size = fread(data, 1, POLICY_MOST + 1, file);
	failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed || size > POLICY_MOST) {
		free(data);
		return err_set(info, failed ? ERR_IO : ERR_LIMIT, "%.300s: %s", path,
		    failed ? "it cannot be read" : "it is above 16 MiB");
	}
	*ret_data = data;
	*ret_size = size;
	return ERR_OK;
}

enum err
rpz_read_policy(struct rpz *rpz, const char *path, struct err_info *info)
{
	struct reader r = { rpz, path, info };
	struct tree *root = NULL;
	char *data = NULL;
	size_t size = 0;
	enum err e = load(path, &data, &size, info);

	if (e != ERR_OK)
		return e;
	e = tree_parse(data, size, path, &root, info);
	if (e == ERR_OK)
		e = read_root(&r, root);
	tree_free(root);
	free(data);
	return e;
}
