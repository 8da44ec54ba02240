/* SPDX-License-Identifier: ISC */
/*
 * RFC 5424 section 6:
 *
 *	<PRI>1 TIMESTAMP HOSTNAME yagura PROCID MSGID [finding@32473 id="…" …] BOM text
 *
 * MSGID is finding-begin or finding-end.  32473 is the enterprise number of examples (RFC 5612): we
 * have none.  Values escape '"', '\' and ']' (section 6.3.3); control characters become blanks, so
 * that a name from the network makes no second line.
 */
#include "alert/syslog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MOST 400 /* octets of one value */

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* RFC 5424 table 2. */
static unsigned
severity_of(const char *name)
{
	static const char *const NAMES[] = { "critical", "high", "medium", "low", "info" };

	for (unsigned i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (strcmp(NAMES[i], name) == 0)
			return 2 + i;
	return 6;
}

/* Text without control characters, cut at a character's beginning; `escaped` for SD-PARAMs. */
static void
put(FILE *out, const char *text, int escaped)
{
	size_t size = strlen(text);

	if (size > TEXT_MOST)
		for (size = TEXT_MOST; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;)
			size--;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (escaped && (c == '"' || c == '\\' || c == ']'))
			(void)fputc('\\', out);
		(void)fputc(c < ' ' || c == 0x7f ? ' ' : c, out);
	}
}

static void
put_param(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, " %.32s=\"", name);
	put(out, value, 1);
	(void)fputc('"', out);
}

/* Names of parameters are 1 to 32 octets without '=', ' ', ']', '"'; ours are snake case. */
static void
put_subject(FILE *out, const json_t *subject)
{
	const char *key;
	json_t *value;
	char name[33];

	json_object_foreach ((json_t *)subject, key, value) {
		if (!json_is_string(value) || strpbrk(key, "= ]\"") != NULL)
			continue;
		(void)snprintf(name, sizeof name, "subject_%s", key);
		put_param(out, name, json_string_value(value));
	}
}

static void
put_data(FILE *out, const json_t *message, const json_t *finding)
{
	static const char *const NAMES[] = { "id", "analysis", "kind", "severity", "begin", "end" };

	(void)fputs("[finding@32473", out);
	put_param(out, "event", text_of(message, "event"));
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		put_param(out, NAMES[i], text_of(finding, NAMES[i]));
	put_subject(out, json_object_get(finding, "subject"));
	(void)fputs("] ", out);
}

static void
put_sentence(FILE *out, const json_t *message, const json_t *finding)
{
	const char *key;
	json_t *value;

	put(out, text_of(finding, "analysis"), 0);
	(void)fputc(' ', out);
	put(out, text_of(finding, "kind"), 0);
	json_object_foreach (json_object_get(finding, "subject"), key, value) {
		if (!json_is_string(value))
			continue;
		(void)fprintf(out, ", %s ", key);
		put(out, json_string_value(value), 0);
	}
	if (strcmp(text_of(message, "event"), "end") == 0)
		(void)fprintf(out, ": ended %s, begun %s", text_of(finding, "end"),
		    text_of(finding, "begin"));
	else
		(void)fprintf(out, ": since %s", text_of(finding, "begin"));
}

char *
syslog_format(const json_t *message, unsigned facility)
{
	const json_t *finding = json_object_get(message, "finding");
	char host[256] = "-", *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
		(void)snprintf(host, sizeof host, "-");
	(void)fprintf(out, "<%u>1 %s %.255s yagura %ld finding-%s ",
	    facility * 8 + severity_of(text_of(finding, "severity")), text_of(message, "told"),
	    host, (long)getpid(), text_of(message, "event"));
	put_data(out, message, finding);
	(void)fputs("\xef\xbb\xbf", out); /* the text is UTF-8: section 6.4 */
	put_sentence(out, message, finding);
	if (fclose(out) != 0)
		abort();
	return text;
}
