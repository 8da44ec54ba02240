/* SPDX-License-Identifier: ISC */
/* Records as lines; see record_line.h. */
#include "cmd/record_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
begin_value(struct record_line *line, const char *name)
{
	const char *comma = line->begun ? "," : "";

	if (line->csv)
		(void)printf("%s", comma);
	else
		(void)printf("%s\"%s\":", line->begun ? "," : "{", name);
	line->begun = true;
}

void
record_line_text(struct record_line *line, const char *name, const char *value)
{
	if (line->header)
		value = name;
	if (value == NULL && !line->csv)
		return;
	begin_value(line, name);
	if (value == NULL || (line->csv && strpbrk(value, ",\"") == NULL)) {
		(void)printf("%s", value != NULL ? value : "");
		return;
	}
	(void)putchar('"');
	for (const char *at = value; *at != '\0'; at++) {
		if (*at == '"' || (*at == '\\' && !line->csv))
			(void)putchar(line->csv ? '"' : '\\');
		(void)putchar(*at);
	}
	(void)putchar('"');
}

void
record_line_number(struct record_line *line, const char *name, int64_t value)
{
	if (line->header) {
		record_line_text(line, name, name);
		return;
	}
	if (value < 0 && !line->csv)
		return;
	begin_value(line, name);
	if (value >= 0)
		(void)printf("%" PRId64, value);
}

void
record_line_address(struct record_line *line, const char *name, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	record_line_text(line, name, address_format(address, text));
}

static void
put_octet(const struct record_line *line, uint8_t c)
{
	if (c < ' ' || c > '~')
		(void)printf(line->csv ? "\\x%02x" : "\\u%04x", c);
	else if (c == '\\')
		(void)fputs("\\\\", stdout);
	else if (c == '"')
		(void)fputs(line->csv ? "\"\"" : "\\\"", stdout);
	else
		(void)putchar(c);
}

void
record_line_octets(struct record_line *line, const char *name, struct octets value)
{
	if (line->header || value.size == 0) {
		record_line_text(line, name, NULL);
		return;
	}
	begin_value(line, name);
	(void)putchar('"');
	for (size_t i = 0; i < value.size; i++)
		put_octet(line, value.data[i]);
	(void)putchar('"');
}

void
record_line_end(struct record_line *line)
{
	(void)puts(line->csv ? "" : "}");
	line->begun = false;
}

void
record_line_drops(const struct drop_counters *drops)
{
	for (int i = 0; i < DROP_COUNT; i++)
		if (drops->count[i] > 0)
			(void)fprintf(
			    stderr, "%s %" PRIu64 "\n", drop_name((enum drop)i), drops->count[i]);
}
