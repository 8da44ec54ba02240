/* SPDX-License-Identifier: ISC */
/* Prints results; see rows.h. */
#include "cmd/rows.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define ALIGNED_ROWS  1000 /* rows that decide the widths of a table */
#define WIDEST_COLUMN 60   /* wider cells stick out */
#define BLOB_OCTETS   16   /* of a blob that people see */

/* A growing text. */
struct text {
	char *octets; /* owned, terminated */
	size_t size, capacity;
};

static void
add(struct text *t, const char *octets, size_t size)
{
	if (t->capacity - t->size < size + 1) {
		t->capacity = (t->size + size + 1) * 2;
		t->octets = xrealloc_array(t->octets, t->capacity, 1);
	}
	memcpy(t->octets + t->size, octets, size);
	t->size += size;
	t->octets[t->size] = '\0';
}

static void
add_text(struct text *t, const char *text)
{
	add(t, text, strlen(text));
}

static void
clear(struct text *t)
{
	t->size = 0;
	add(t, "", 0);
}

/* --- characters ------------------------------------------------------------------------------- */

/* Characters that act on a terminal or on the order of a line. */
static bool
is_steering(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} RANGES[] = {
		{ 0x00, 0x1f },     /* C0: escape sequences begin here */
		{ 0x7f, 0x9f },     /* DEL and C1 */
		{ 0x61c, 0x61c },   /* Arabic letter mark */
		{ 0x200b, 0x200f }, /* zero width, left-to-right and right-to-left marks */
		{ 0x2028, 0x202e }, /* line and paragraph separators, embeddings and overrides */
		{ 0x2060, 0x206f }, /* invisible operators, isolates */
		{ 0xfeff, 0xfeff }, /* zero-width no-break space */
		{ 0xfff9, 0xfffb }, /* interlinear annotation */
	};

	for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++)
		if (c >= RANGES[i].first && c <= RANGES[i].last)
			return true;
	return false;
}

/* The character at `p` and its size; the store holds UTF-8 only, so what is not is taken octet by
 * octet. */
static size_t
next_character(const char *p, size_t left, uint32_t *ret_character)
{
	uint8_t first = (uint8_t)p[0];
	size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = first < 0x80 ? first : first & (0x7fU >> size);

	if (size > left || (first >= 0x80 && first < 0xc0)) {
		*ret_character = 0x80;
		return 1;
	}
	for (size_t i = 1; i < size; i++)
		c = c << 6 | ((uint8_t)p[i] & 0x3f);
	*ret_character = c;
	return size;
}

/* `format` is for one steering character: "\\u{%x}" or "\\u%04x". */
static void
add_escaped(struct text *t, const char *octets, size_t size, bool json)
{
	for (size_t at = 0; at < size;) {
		uint32_t c;
		size_t step = next_character(octets + at, size - at, &c);
		char escape[16] = "";

		if (json && (c == '"' || c == '\\'))
			(void)snprintf(escape, sizeof escape, "\\%c", (char)c);
		else if (is_steering(c))
			(void)snprintf(escape, sizeof escape,
			    json       ? "\\u%04x"
			    : c < 0x80 ? "\\x%02x"
				       : "\\u{%04x}",
			    (unsigned)c);
		if (escape[0] != '\0')
			add_text(t, escape);
		else
			add(t, octets + at, step);
		at += step;
	}
}

static size_t
count_characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((uint8_t)*text & 0xc0) != 0x80;
	return count;
}

/* --- cells ------------------------------------------------------------------------------------ */

static bool
is_number(enum column_type type)
{
	return type != COLUMN_TEXT && type != COLUMN_BLOB && type != COLUMN_ADDRESS;
}

static void
add_hexadecimal(struct text *t, const char *octets, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char digits[3];
		(void)snprintf(digits, sizeof digits, "%02x", (uint8_t)octets[i]);
		add(t, digits, 2);
	}
}

/* A cell as it is, without escapes. */
static void
add_cell(struct text *t, const struct result *r, size_t column)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);

	if (result_column_type(r, column) == COLUMN_ADDRESS && size == sizeof(struct address)) {
		char text[ADDRESS_TEXT_SIZE];
		struct address a = result_address(r, column);
		add_text(t, address_format(&a, text));
	} else if (is_number(result_column_type(r, column)) ||
		   result_column_type(r, column) == COLUMN_TEXT) {
		add(t, octets, size);
	} else {
		add_hexadecimal(t, octets, size);
	}
}

static enum err
finish(FILE *out, struct err_info *info)
{
	if ((fflush(out) != 0 || ferror(out) != 0) && errno == EPIPE)
		return ERR_END;
	if (ferror(out) != 0)
		return err_set(info, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO,
		    "cannot write the answer: %s", strerror(errno));
	return ERR_OK;
}

/* --- tables ----------------------------------------------------------------------------------- */

struct grid {
	struct text *cells; /* owned: rows × columns */
	size_t *widths;     /* owned */
	size_t columns, rows;
};

static void
add_table_cell(struct text *t, const struct result *r, size_t column)
{
	struct text plain = { NULL, 0, 0 };
	size_t size;
	const char *octets = result_blob(r, column, &size);

	clear(t);
	clear(&plain);
	if (result_column_type(r, column) == COLUMN_BLOB && size > BLOB_OCTETS) {
		char rest[48];
		add_hexadecimal(&plain, octets, BLOB_OCTETS);
		(void)snprintf(rest, sizeof rest, "… (%zu octets)", size);
		add_text(&plain, rest);
	} else {
		add_cell(&plain, r, column);
	}
	add_escaped(t, plain.octets, plain.size, false);
	free(plain.octets);
}

static void
see_width(struct grid *g, size_t column, const char *text)
{
	size_t width = count_characters(text);

	if (width > WIDEST_COLUMN)
		width = WIDEST_COLUMN;
	if (width > g->widths[column])
		g->widths[column] = width;
}

static void
print_cell(FILE *out, const struct grid *g, const struct result *r, size_t column, const char *text)
{
	size_t width = count_characters(text);
	size_t gap = width < g->widths[column] ? g->widths[column] - width : 0;
	bool right = is_number(result_column_type(r, column));
	bool last = column + 1 == g->columns;

	(void)fprintf(out, "%s%*s%s%*s", column > 0 ? "  " : "", right ? (int)gap : 0, "", text,
	    right || last ? 0 : (int)gap, "");
	if (last)
		(void)fputc('\n', out);
}

static void
print_head(FILE *out, const struct grid *g, const struct result *r)
{
	struct text name = { NULL, 0, 0 };

	for (size_t i = 0; i < g->columns; i++) {
		clear(&name);
		add_escaped(
		    &name, result_column_name(r, i), strlen(result_column_name(r, i)), false);
		print_cell(out, g, r, i, name.octets);
	}
	free(name.octets);
	for (size_t i = 0; i < g->columns; i++) {
		(void)fputs(i > 0 ? "  " : "", out);
		for (size_t j = 0; j < g->widths[i]; j++)
			(void)fputs("─", out);
	}
	(void)fputc('\n', out);
}

/* Takes the first rows, which decide the widths. */
static void
gather(struct grid *g, struct result *r)
{
	g->columns = result_column_count(r);
	g->widths = xcalloc(g->columns, sizeof *g->widths);
	for (size_t i = 0; i < g->columns; i++)
		see_width(g, i, result_column_name(r, i));
	while (g->rows < ALIGNED_ROWS && result_next(r)) {
		g->cells = xrealloc_array(g->cells, (g->rows + 1) * g->columns, sizeof *g->cells);
		for (size_t i = 0; i < g->columns; i++) {
			struct text *t = &g->cells[g->rows * g->columns + i];
			*t = (struct text){ NULL, 0, 0 };
			add_table_cell(t, r, i);
			see_width(g, i, t->octets);
		}
		g->rows++;
	}
}

enum err
rows_print_table(struct result *r, FILE *out, uint64_t *ret_count, struct err_info *info)
{
	struct grid g = { .rows = 0 };
	struct text cell = { NULL, 0, 0 };
	uint64_t count;

	gather(&g, r);
	count = g.rows;
	print_head(out, &g, r);
	for (size_t i = 0; i < g.rows * g.columns; i++) {
		print_cell(out, &g, r, i % g.columns, g.cells[i].octets);
		free(g.cells[i].octets);
	}
	for (; g.rows == ALIGNED_ROWS && ferror(out) == 0 && result_next(r); count++) {
		for (size_t i = 0; i < g.columns; i++) {
			add_table_cell(&cell, r, i);
			print_cell(out, &g, r, i, cell.octets);
		}
	}
	free(cell.octets);
	free(g.cells);
	free(g.widths);
	*ret_count = count;
	return finish(out, info);
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void
print_csv_field(FILE *out, const char *text, size_t size)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		(void)fputc('"', out);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			(void)fputc('"', out);
		(void)fputc(text[i], out);
	}
	if (quoted)
		(void)fputc('"', out);
}

enum err
rows_print_csv(struct result *r, FILE *out, uint64_t *ret_count, struct err_info *info)
{
	bool terminal = isatty(fileno(out)) == 1;
	size_t columns = result_column_count(r);
	struct text cell = { NULL, 0, 0 }, escaped = { NULL, 0, 0 };
	uint64_t count = 0;

	for (size_t i = 0; i < columns; i++) {
		(void)fputs(i > 0 ? "," : "", out);
		print_csv_field(out, result_column_name(r, i), strlen(result_column_name(r, i)));
	}
	(void)fputs("\r\n", out);
	for (; ferror(out) == 0 && result_next(r); count++) {
		for (size_t i = 0; i < columns; i++) {
			clear(&cell);
			clear(&escaped);
			add_cell(&cell, r, i);
			if (terminal)
				add_escaped(&escaped, cell.octets, cell.size, false);
			(void)fputs(i > 0 ? "," : "", out);
			print_csv_field(out, terminal ? escaped.octets : cell.octets,
			    terminal ? escaped.size : cell.size);
		}
		(void)fputs("\r\n", out);
	}
	free(cell.octets);
	free(escaped.octets);
	*ret_count = count;
	return finish(out, info);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
add_json_cell(struct text *t, const struct result *r, size_t column)
{
	struct text plain = { NULL, 0, 0 };
	enum column_type type = result_column_type(r, column);

	if (result_null(r, column) || (type == COLUMN_F64 && !isfinite(result_f64(r, column)))) {
		add_text(t, "null");
		return;
	}
	if (is_number(type)) {
		add_cell(t, r, column);
		return;
	}
	clear(&plain);
	add_cell(&plain, r, column);
	add_text(t, "\"");
	add_escaped(t, plain.octets, plain.size, true);
	add_text(t, "\"");
	free(plain.octets);
}

enum err
rows_print_json(struct result *r, FILE *out, uint64_t *ret_count, struct err_info *info)
{
	size_t columns = result_column_count(r);
	struct text line = { NULL, 0, 0 };
	uint64_t count = 0;

	(void)fputs("[", out);
	for (; ferror(out) == 0 && result_next(r); count++) {
		clear(&line);
		add_text(&line, count > 0 ? ",\n{" : "\n{");
		for (size_t i = 0; i < columns; i++) {
			add_text(&line, i > 0 ? ", \"" : "\"");
			add_escaped(&line, result_column_name(r, i),
			    strlen(result_column_name(r, i)), true);
			add_text(&line, "\": ");
			add_json_cell(&line, r, i);
		}
		add_text(&line, "}");
		(void)fwrite(line.octets, 1, line.size, out);
	}
	(void)fputs(count > 0 ? "\n]\n" : "]\n", out);
	free(line.octets);
	*ret_count = count;
	return finish(out, info);
}
