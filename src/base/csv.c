/* SPDX-License-Identifier: ISC */
/*
 * RFC 4180 rows out of a buffer that always holds the longest row allowed; see csv.h.
 *
 * A row is measured before it is taken apart: only a row that is known to be good is rewritten in
 * place, so that after a bad one the octets are still there to go on with.
 */
#include "base/csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#include "base/xmalloc.h"

#define BUFFER_SIZE (4 * CSV_MAX_ROW)

struct csv {
	FILE *file;     /* owned */
	char *name;     /* owned */
	char *buffer;   /* owned; one octet more than BUFFER_SIZE, for a terminator */
	size_t at, end; /* what is not used yet */
	bool ended;     /* nothing more to read */
	bool begun;
	uint64_t line;       /* of the octet at `at` */
	XXH3_state_t *state; /* owned */
};

/* What measuring a row found. */
struct extent {
	size_t size;    /* octets up to its line end */
	size_t whole;   /* and with it */
	uint64_t lines; /* line ends passed */
	bool quoted;    /* there are quotes to take away */
};

enum err
csv_open(const char *path, struct csv **ret_csv, struct err_info *info)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	*ret_csv = csv_from(file, path);
	return ERR_OK;
}

struct csv *
csv_from(FILE *file, const char *name)
{
	struct csv *csv = xcalloc(1, sizeof *csv);

	csv->file = file;
	csv->name = xstrdup(name);
	csv->buffer = xmalloc(BUFFER_SIZE + 1);
	csv->line = 1;
	csv->state = XXH3_createState();
	if (csv->state == NULL)
		abort();
	(void)XXH3_128bits_reset(csv->state);
	return csv;
}

void
csv_close(struct csv *csv)
{
	if (csv == NULL)
		return;
	(void)fclose(csv->file);
	(void)XXH3_freeState(csv->state);
	free(csv->name);
	free(csv->buffer);
	free(csv);
}

/* Makes sure that the buffer holds a longest row from `at` on, or the rest of the file. */
static enum err
fill(struct csv *csv, struct err_info *info)
{
	size_t left = csv->end - csv->at, got;

	/* One octet more than a row may have, and its line end. */
	if (csv->ended || left > CSV_MAX_ROW + 2)
		return ERR_OK;
	memmove(csv->buffer, csv->buffer + csv->at, left);
	csv->at = 0;
	got = fread(csv->buffer + left, 1, BUFFER_SIZE - left, csv->file);
	csv->end = left + got;
	csv->ended = csv->end < BUFFER_SIZE;
	(void)XXH3_128bits_update(csv->state, csv->buffer + left, got);
	if (ferror(csv->file))
		return err_set(info, ERR_IO, "%.200s: %s", csv->name, strerror(errno));
	return ERR_OK;
}

/* After a quote that closes a field only a comma or the line's end may come. */
static bool
ends_field(const char *p, const char *end)
{
	return p == end || *p == ',' || *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
}

/* Passes over a quoted field that begins at `p`: NULL when it never ends or goes on behind its
 * closing quote. */
static const char *
quoted_end(const char *p, const char *end, uint64_t *lines)
{
	for (p++; p < end; p++) {
		*lines += *p == '\n';
		if (*p != '"')
			continue;
		if (p + 1 < end && p[1] == '"')
			p++;
		else
			return ends_field(p + 1, end) ? p + 1 : NULL;
	}
	return NULL;
}

/* Passes over a field without quotes; NULL when one stands in it. */
static const char *
plain_end(const char *p, const char *end)
{
	for (; p < end && *p != ',' && *p != '\n'; p++)
		if (*p == '"')
			return NULL;
	return p;
}

/* Measures the row at `at`; false when its quotes are wrong within what a row may have. */
static bool
measure(const struct csv *csv, struct extent *ret_extent)
{
	const char *begin = csv->buffer + csv->at, *end = csv->buffer + csv->end, *p = begin;
	struct extent x = { 0 };

	if ((size_t)(end - begin) > CSV_MAX_ROW + 2)
		end = begin + CSV_MAX_ROW + 2;
	for (;;) {
		bool quoted = p < end && *p == '"';
		x.quoted |= quoted;
		p = quoted ? quoted_end(p, end, &x.lines) : plain_end(p, end);
		if (p == NULL)
			return false;
		if (p < end && *p == '\r')
			p++; /* ends_field has seen the line feed behind it */
		if (p == end || *p == '\n')
			break;
		p++;
	}
	x.size = (size_t)(p - begin);
	x.whole = x.size + (p < end);
	x.lines += p < end;
	if (x.size > 0 && begin[x.size - 1] == '\r')
		x.size--;
	*ret_extent = x;
	return true;
}

/* Gives up the row at `at`: goes on after its first line end. */
static enum err
refuse(struct csv *csv, enum err code, const char *why, struct err_info *info)
{
	uint64_t line = csv->line;
	const char *p;

	/* A line longer than the buffer is passed over whole. */
	while ((p = memchr(csv->buffer + csv->at, '\n', csv->end - csv->at)) == NULL) {
		csv->at = csv->end;
		if (csv->ended)
			break;
		if (fill(csv, info) != ERR_OK)
			return ERR_IO;
	}
	if (p != NULL) {
		csv->at = (size_t)(p - csv->buffer) + 1;
		csv->line++;
	}
	return err_set(info, code, "%.200s:%llu: %s", csv->name, (unsigned long long)line, why);
}

/* Takes the quotes of a field away in place; returns what follows the field. */
static char *
unquote(char *p, const char *end, char **ret_field)
{
	char *to = p;

	*ret_field = p;
	for (p++; p < end; p++) {
		if (*p == '"' && *++p != '"')
			break;
		*to++ = *p;
	}
	*to = '\0';
	return p;
}

/* Cuts a row that has been measured into fields; false when they are too many. */
static bool
split(char *p, const struct extent *x, struct csv_row *row)
{
	char *end = p + x->size;

	*end = '\0'; /* the line end, or the octet kept free behind the buffer */
	for (row->count = 0; row->count < CSV_MAX_FIELDS;) {
		char **field = &row->fields[row->count++];
		if (x->quoted && *p == '"' && p < end) {
			p = unquote(p, end, field);
		} else {
			char *comma = memchr(p, ',', (size_t)(end - p));
			*field = p;
			p = comma != NULL ? comma : end;
		}
		if (p == end)
			return true;
		*p++ = '\0';
	}
	return false;
}

static void
skip_mark(struct csv *csv)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (!csv->begun && csv->end - csv->at >= 3 && memcmp(csv->buffer + csv->at, mark, 3) == 0)
		csv->at += 3;
	csv->begun = true;
}

enum err
csv_next(struct csv *csv, struct csv_row *ret_row, struct err_info *info)
{
	for (;;) {
		struct extent x;
		char *p;
		enum err e = fill(csv, info);

		if (e != ERR_OK)
			return e;
		skip_mark(csv);
		if (csv->at == csv->end)
			return ERR_END;
		if (!measure(csv, &x))
			return refuse(csv, ERR_FORMAT,
			    "a quote is missing, or stands inside a field that is not quoted",
			    info);
		if (x.size > CSV_MAX_ROW)
			return refuse(csv, ERR_LIMIT, "the row is longer than 64 KiB", info);
		p = csv->buffer + csv->at;
		if (memchr(p, '\0', x.size) != NULL)
			return refuse(csv, ERR_FORMAT, "the row holds a NUL octet", info);
		ret_row->line = csv->line;
		csv->at += x.whole;
		csv->line += x.lines;
		if (x.size == 0)
			continue;
		if (!split(p, &x, ret_row))
			return err_set(info, ERR_LIMIT, "%.200s:%llu: more than %d fields",
			    csv->name, (unsigned long long)ret_row->line, CSV_MAX_FIELDS);
		return ERR_OK;
	}
}

const char *
csv_name(const struct csv *csv)
{
	return csv->name;
}

int
csv_column(const struct csv_row *heading, const char *name)
{
	for (size_t i = 0; i < heading->count; i++)
		if (strcasecmp(heading->fields[i], name) == 0)
			return (int)i;
	return -1;
}

void
csv_fingerprint(const struct csv *csv, char ret_text[CSV_FINGERPRINT_SIZE])
{
	XXH128_hash_t hash = XXH3_128bits_digest(csv->state);

	(void)snprintf(ret_text, CSV_FINGERPRINT_SIZE, "%016llx%016llx",
	    (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}
