/* SPDX-License-Identifier: ISC */
/*
 * Rules from lists of indicators: one a line, or CSV; see rpz.h.
 *
 * Lists come from strangers, and what does not read is said with its line, never guessed at.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "net/punycode.h"
#include "report/rpz.h"

#define INDICATOR_MOST 1024

/* --- indicators ------------------------------------------------------------------------------- */

/* Undoes what people do to indicators so that nobody clicks on them: hxxp, [.], (.), [:]. */
static bool
refang(const char *text, char *clean, size_t size)
{
	size_t out = 0;

	while (isspace((unsigned char)*text))
		text++;
	for (; *text != '\0'; text++) {
		if (out + 1 >= size)
			return false;
		if ((text[0] == '[' || text[0] == '(') && (text[1] == '.' || text[1] == ':') &&
		    (text[2] == ']' || text[2] == ')')) {
			clean[out++] = text[1];
			text += 2;
		} else {
			clean[out++] = *text;
		}
	}
	while (out > 0 && isspace((unsigned char)clean[out - 1]))
		out--;
	clean[out] = '\0';
	return true;
}

/* Of a URL its host, in place. */
static char *
cut_url(char *text)
{
	char *host = strstr(text, "://");
	char *at;

	if (host == NULL)
		return text;
	host += 3;
	host[strcspn(host, "/?#")] = '\0';
	at = strrchr(host, '@');
	host = at != NULL ? at + 1 : host;
	if (host[0] == '[') {
		host[strcspn(host, "]")] = '\0';
		return host + 1;
	}
	host[strcspn(host, ":")] = '\0';
	return host;
}

/* A name whose labels may be UTF-8 (RFC 5890: what is looked up are A-labels). */
static enum err
parse_name(const char *text, struct rpz_rule *rule, struct err_info *info)
{
	char ascii[INDICATOR_MOST];
	size_t out = 0, size = 0;

	for (const char *at = text; *at != '\0';) {
		size_t length = strcspn(at, ".");
		bool plain = true;
		for (size_t i = 0; i < length; i++)
			plain &= (unsigned char)at[i] < 0x80;
		uint8_t label[PUNYCODE_LABEL_MAX];
		size_t label_size = length;
		if (!plain && punycode_label(at, length, label, &label_size) != ERR_OK)
			return err_set(info, ERR_FORMAT, "\"%.80s\" is no domain name", text);
		if (out + label_size + 2 > sizeof ascii)
			return err_set(info, ERR_FORMAT, "\"%.80s\" is too long", text);
		memcpy(ascii + out, plain ? (const void *)at : (const void *)label, label_size);
		out += label_size;
		at += length;
		if (*at == '.')
			ascii[out++] = *at++;
	}
	ascii[out] = '\0';
	if (dns_name_parse(ascii, rule->name, &size, info) != ERR_OK)
		return ERR_FORMAT;
	rule->name_size = (uint8_t)size;
	return ERR_OK;
}

/* Whether every octet may stand in a name of a list; who means others writes a policy file. */
static bool
is_name(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || strchr("/:,;\"'<>()[]{}|^`\\@=&%$#!?+~", *text))
			return false;
	return true;
}

enum err
rpz_indicator(const char *text, struct rpz_rule *rule, struct err_info *info)
{
	char clean[INDICATOR_MOST];
	struct err_info ignored;
	char *host;

	if (!refang(text, clean, sizeof clean) || clean[0] == '\0')
		return err_set(info, ERR_FORMAT, "\"%.80s\" is no indicator", text);
	host = cut_url(clean);
	if (prefix_parse(host, &rule->prefix, &ignored) == ERR_OK) {
		rule->trigger = rule->trigger == RPZ_QNAME ? RPZ_RESPONSE_IP : rule->trigger;
		rule->trigger = rule->trigger == RPZ_NSDNAME ? RPZ_NSIP : rule->trigger;
		return ERR_OK;
	}
	if (strchr(host, '/') != NULL && strspn(host, "0123456789abcdefABCDEF.:/") == strlen(host))
		return err_set(info, ERR_FORMAT, "%s", ignored.text);
	if (!is_name(host))
		return err_set(info, ERR_FORMAT, "\"%.80s\" is neither name nor address", text);
	if (strncmp(host, "*.", 2) == 0) {
		host += 2;
		rule->itself = false;
		rule->below = true;
	}
	if (rule->trigger != RPZ_NSDNAME)
		rule->trigger = RPZ_QNAME;
	return parse_name(host, rule, info);
}

/* --- records ---------------------------------------------------------------------------------- */

/* Takes over `data`. */
static void
/* NOLINTNEXTLINE(readability-non-const-parameter) */
add_record(struct rpz_records *records, const char *type, char *data)
{
	records->all = xrealloc_array(records->all, records->count + 1, sizeof *records->all);
	records->all[records->count++] = (struct rpz_record){ type, data };
}

static enum err
parse_target(const char *text, struct rpz_records *records, struct err_info *info)
{
	char name_text[DNS_NAME_TEXT_SIZE];
	uint8_t name[255];
	size_t size;
	enum err e = dns_name_parse(text, name, &size, info);

	if (e != ERR_OK)
		return e;
	/* These would be an action, and not a target. */
	if (size == 1 || strncasecmp(text, "rpz-", 4) == 0 || strcmp(text, "*") == 0 ||
	    strcmp(text, "*.") == 0)
		return err_set(info, ERR_FORMAT, "\"CNAME %.80s\" is an action of its own", text);
	add_record(records, "CNAME", xasprintf("%s.", dns_name_text(name, size, name_text)));
	return ERR_OK;
}

enum err
rpz_record_parse(const char *text, struct rpz_records *records, struct err_info *info)
{
	char address_text[ADDRESS_TEXT_SIZE];
	struct address address;
	const char *data = text + strcspn(text, " \t");
	size_t type = (size_t)(data - text);

	data += strspn(data, " \t");
	if (type == 5 && strncasecmp(text, "CNAME", 5) == 0)
		return parse_target(data, records, info);
	if ((type == 1 && (text[0] == 'A' || text[0] == 'a')) ||
	    (type == 4 && strncasecmp(text, "AAAA", 4) == 0)) {
		if (address_parse(data, &address) == ERR_OK &&
		    address_is_ipv4(&address) == (type == 1)) {
			add_record(records, type == 1 ? "A" : "AAAA",
			    xstrdup(address_format(&address, address_text)));
			return ERR_OK;
		}
	}
	return err_set(info, ERR_FORMAT,
	    "\"%.80s\" is no local data: A, AAAA and CNAME are, as in \"A 192.0.2.1\"", text);
}

/* --- lists ------------------------------------------------------------------------------------ */

enum field {
	FIELD_INDICATOR,
	FIELD_TRIGGER,
	FIELD_ACTION,
	FIELD_EXPIRES,
	FIELD_TTL,
	FIELD_CASE,
	FIELD_DATA,
	FIELD_COUNT,
};

/* What headings call these. */
static const char *const HEADINGS[FIELD_COUNT][8] = {
	[FIELD_INDICATOR] = { "indicator", "name", "domain", "host", "address", "ip", "value",
	    "url" },
	[FIELD_TRIGGER] = { "trigger" },
	[FIELD_ACTION] = { "action" },
	[FIELD_EXPIRES] = { "expires", "valid_until" },
	[FIELD_TTL] = { "ttl" },
	[FIELD_CASE] = { "case", "case_id" },
	[FIELD_DATA] = { "data" },
};

struct list {
	struct rpz *rpz;
	const char *path;
	int columns[FIELD_COUNT]; /* -1: there is none */
};

static bool
read_heading(struct list *list, const struct csv_row *row)
{
	int columns[FIELD_COUNT];

	for (size_t f = 0; f < FIELD_COUNT; f++) {
		columns[f] = -1;
		for (size_t i = 0; i < 8 && HEADINGS[f][i] != NULL && columns[f] < 0; i++)
			columns[f] = csv_column(row, HEADINGS[f][i]);
	}
	if (columns[FIELD_INDICATOR] < 0)
		return false;
	memcpy(list->columns, columns, sizeof columns);
	return true;
}

static const char *
field(const struct list *list, const struct csv_row *row, enum field which)
{
	int column = list->columns[which];

	return column >= 0 && (size_t)column < row->count ? row->fields[column] : "";
}

static bool
read_trigger(const char *text, enum rpz_trigger *ret_trigger)
{
	for (enum rpz_trigger i = 0; i < RPZ_TRIGGERS; i++) {
		if (strcasecmp(rpz_trigger_name(i), text) == 0) {
			*ret_trigger = i;
			return true;
		}
	}
	return false;
}

/* The fields beside the indicator; false with a sentence. */
static bool
read_fields(const struct list *list, const struct csv_row *row, struct rpz_rule *rule,
    struct err_info *info)
{
	const char *trigger = field(list, row, FIELD_TRIGGER);
	const char *action = field(list, row, FIELD_ACTION);
	const char *expires = field(list, row, FIELD_EXPIRES);
	const char *ttl = field(list, row, FIELD_TTL);
	char *end;

	rule->case_id = field(list, row, FIELD_CASE);
	if (trigger[0] != '\0' && !read_trigger(trigger, &rule->trigger))
		return err_set(info, ERR_FORMAT, "\"%.40s\" is no trigger", trigger) == ERR_OK;
	if (action[0] != '\0' && !rpz_action_find(action, &rule->action))
		return err_set(info, ERR_FORMAT, "\"%.40s\" is no action", action) == ERR_OK;
	if (expires[0] != '\0' && clock_parse(expires, &rule->expires) != ERR_OK)
		return err_set(info, ERR_FORMAT, "\"%.40s\" is no time", expires) == ERR_OK;
	if (ttl[0] != '\0') {
		unsigned long number = strtoul(ttl, &end, 10);
		if (*end != '\0' || !isdigit((unsigned char)ttl[0]) || number > UINT32_MAX)
			return err_set(info, ERR_FORMAT, "\"%.40s\" is no TTL", ttl) == ERR_OK;
		rule->ttl = (uint32_t)number;
	}
	return true;
}

/* Whether an indicator is of the kind that its trigger wants. */
static bool
agrees(enum rpz_trigger wanted, enum rpz_trigger found)
{
	return wanted == found || wanted == RPZ_QNAME;
}

static void
take_row(struct list *list, const struct csv_row *row)
{
	const char *what = field(list, row, FIELD_INDICATOR);
	const char *data = field(list, row, FIELD_DATA);
	char *source = xasprintf("%s:%llu", list->path, (unsigned long long)row->line);
	struct rpz_rule rule = rpz_rule_default(list->rpz, source);
	struct rpz_records records = { 0 };
	struct err_info why = { .text = "" };
	enum rpz_trigger wanted;
	bool good = read_fields(list, row, &rule, &why);

	wanted = rule.trigger;
	if (good)
		good = rpz_indicator(what, &rule, &why) == ERR_OK;
	if (good && data[0] != '\0')
		good = rpz_record_parse(data, &records, &why) == ERR_OK;
	if (good && !agrees(wanted, rule.trigger))
		good = err_set(&why, ERR_FORMAT, "it is nothing for %s",
			   rpz_trigger_name(wanted)) == ERR_OK;
	rule.records = &records;
	if (good)
		rpz_add(list->rpz, &rule);
	else
		rpz_reject(list->rpz, what, source, "%s", why.text);
	rpz_records_release(&records);
	free(source);
}

/* What stands behind a # is a remark, in the first field of a row. */
static void
cut_remark(struct csv_row *row)
{
	char *first = row->fields[0];
	size_t size;

	first[strcspn(first, "#")] = '\0';
	size = strlen(first);
	while (size > 0 && isspace((unsigned char)first[size - 1]))
		first[--size] = '\0';
}

enum err
rpz_read_list(struct rpz *rpz, const char *path, struct err_info *info)
{
	struct list list = { .rpz = rpz, .path = path, .columns = { 0, -1, -1, -1, -1, -1, -1 } };
	struct csv_row row;
	bool first = true;
	struct csv *csv;
	enum err e = csv_open(path, &csv, info);

	if (e != ERR_OK)
		return e;
	while ((e = csv_next(csv, &row, info)) != ERR_END && e != ERR_IO) {
		if (e != ERR_OK) {
			rpz_reject(rpz, "a row", path, "%s", info->text);
			continue;
		}
		cut_remark(&row);
		if (row.count == 1 && row.fields[0][0] == '\0')
			continue;
		if (!first || !read_heading(&list, &row))
			take_row(&list, &row);
		first = false;
	}
	csv_close(csv);
	return e == ERR_END ? ERR_OK : e;
}

enum err
rpz_allow_file(struct rpz *rpz, const char *path, struct err_info *info)
{
	struct csv_row row;
	struct csv *csv;
	enum err e = csv_open(path, &csv, info);

	if (e != ERR_OK)
		return e;
	/* A line that does not read is an error: what it was to protect would not be. */
	while ((e = csv_next(csv, &row, info)) == ERR_OK) {
		struct err_info why = { .text = "" };
		cut_remark(&row);
		if (row.fields[0][0] == '\0')
			continue;
		if (rpz_allow(rpz, row.fields[0], &why) != ERR_OK) {
			e = err_set(info, ERR_FORMAT, "%.200s:%llu: %.200s", path,
			    (unsigned long long)row.line, why.text);
			break;
		}
	}
	csv_close(csv);
	return e == ERR_END ? ERR_OK : e;
}
