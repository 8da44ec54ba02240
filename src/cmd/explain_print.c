/* SPDX-License-Identifier: ISC */
/* Explanations of findings, in text and JSON; see explain_print.h. */
#include "cmd/explain_print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "base/zone.h"
#include "cmd/explain_words.h"
#include "obs/section.h"

#define HEX_OCTETS 16 /* on one line */

static const char *const STATES[] = {
	[EVIDENCE_UNREAD] = "not read",
	[EVIDENCE_SAME] = "unchanged",
	[EVIDENCE_CHANGED] = "changed",
	[EVIDENCE_MISSING] = "missing",
};

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* The section of the review that made the finding; NULL when the review has none. */
static const json_t *
section_of(const struct explain *x)
{
	const char *name = text_of(x->finding, "analysis");
	const json_t *chapter, *section;
	size_t i, k;

	json_array_foreach (json_object_get(x->review, "chapters"), i, chapter)
		json_array_foreach (json_object_get(chapter, "sections"), k, section)
			if (strcmp(text_of(section, "id"), name) == 0)
				return section;
	return NULL;
}

static enum err
finish(FILE *out, struct err_info *info)
{
	if (fflush(out) != 0 && errno != EPIPE)
		return err_set(info, ERR_IO, "the output does not take more: %s", strerror(errno));
	return ERR_OK;
}

/* --- text ---------------------------------------------------------------------------------------
 */

/* Text from outside: what could steer a terminal is shown as its code. */
static void
put_plain(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < ' ' || c == 0x7f)
			(void)fprintf(out, "\\x%02x", c);
		else if (c == 0xc2 && i + 1 < size && (unsigned char)text[i + 1] < 0xa0) {
			(void)fprintf(out, "\\u00%02x", (unsigned char)text[++i]);
		} else if (c == 0xe2 && i + 2 < size && (unsigned char)text[i + 1] == 0x80 &&
			   (unsigned char)text[i + 2] >= 0x8b &&
			   (unsigned char)text[i + 2] <= 0xae) {
			(void)fprintf(out, "\\u20%02x", (unsigned)(text[i + 2] & 0x3f));
			i += 2;
		} else {
			(void)fputc(c, out);
		}
	}
}

static void
put_value(FILE *out, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		put_plain(out, json_string_value(value), json_string_length(value));
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
	if (text != NULL)
		put_plain(out, text, strlen(text));
	free(text);
}

static void
put_paragraph(FILE *out, const char *text)
{
	size_t column = 2;

	(void)fputs("  ", out);
	while (*text != '\0') {
		size_t word = strcspn(text, " ");
		if (column + word > 98 && column > 2) {
			(void)fputs("\n  ", out);
			column = 2;
		}
		put_plain(out, text, word);
		column += word + 1;
		text += word;
		if (*text == ' ') {
			text++;
			(void)fputc(' ', out);
		}
	}
	(void)fputc('\n', out);
}

static void
put_time(FILE *out, const struct explain *x, const struct zone *zone, const char *key)
{
	const char *text = text_of(x->finding, key);
	char local[64];
	nsec_t time;

	(void)fprintf(out, "%-10s ", key);
	put_plain(out, text, strlen(text));
	if (clock_read(text, strlen(text), &time) == ERR_OK && zone != NULL)
		(void)fprintf(out, "  (%s)", zone_format(zone, time, 3, local, sizeof local));
	(void)fputc('\n', out);
}

static void
put_head(FILE *out, const struct explain *x)
{
	struct zone *zone = NULL;
	const char *key;
	json_t *value;

	if (zone_open(text_of(json_object_get(x->review, "site"), "time_zone"), &zone, NULL) !=
	    ERR_OK)
		zone = NULL;
	(void)fputs("finding    ", out);
	put_value(out, json_object_get(x->finding, "id"));
	(void)fputs("\nwhat       ", out);
	put_value(out, json_object_get(x->finding, "analysis"));
	(void)fputs(": ", out);
	put_value(out, json_object_get(x->finding, "kind"));
	(void)fputs("\nseverity   ", out);
	put_value(out, json_object_get(x->finding, "severity"));
	(void)fputs("\nconfidence ", out);
	put_value(out, json_object_get(x->finding, "confidence"));
	(void)fputc('\n', out);
	put_time(out, x, zone, "begin");
	put_time(out, x, zone, "end");
	(void)fputs("\nWho\n", out);
	json_object_foreach (json_object_get(x->finding, "subject"), key, value) {
		(void)fprintf(out, "  %-16s ", key);
		put_value(out, value);
		(void)fputc('\n', out);
	}
	zone_close(zone);
}

static void
put_measures(FILE *out, const struct explain *x)
{
	const char *key;
	json_t *value;

	(void)fputs("\nHow much\n", out);
	json_object_foreach (json_object_get(x->finding, "measures"), key, value) {
		struct explain_words words = explain_words_of(key);
		(void)fprintf(out, "  %-16s ", key);
		put_value(out, value);
		(void)fprintf(out, "%s%s%s%s\n", words.unit[0] != '\0' ? " " : "", words.unit,
		    words.meaning[0] != '\0' ? "  \u2013 " : "", words.meaning);
	}
}

static void
put_thresholds(FILE *out, const struct explain *x)
{
	const json_t *item;
	size_t i;

	(void)fputs("\nThresholds\n", out);
	json_array_foreach (json_object_get(x->finding, "thresholds"), i, item) {
		(void)fputs("  ", out);
		put_value(out, json_object_get(item, "name"));
		(void)fputs(": ", out);
		put_value(out, json_object_get(item, "value"));
		(void)fputs("  \u2013 ", out);
		put_value(out, json_object_get(item, "source"));
		(void)fputc('\n', out);
	}
}

static void
put_texts(FILE *out, const char *title, const json_t *texts)
{
	const json_t *text;
	size_t i;

	if (json_array_size(texts) == 0)
		return;
	(void)fprintf(out, "\n%s\n", title);
	json_array_foreach (texts, i, text)
		if (json_is_string(text))
			put_paragraph(out, json_string_value(text));
}

static void
put_inputs(FILE *out, const struct explain *x)
{
	(void)fputs("\nInputs\n", out);
	for (size_t i = 0; i < x->evidence->input_count; i++) {
		const struct evidence_input *input = &x->evidence->inputs[i];
		if (!input->wanted && input->state == EVIDENCE_UNREAD && !input->overlaps)
			continue;
		(void)fputs("  ", out);
		put_plain(out, input->path, strlen(input->path));
		(void)fprintf(out, ": %s", STATES[input->state]);
		if (input->why != NULL) {
			(void)fputs(", ", out);
			put_plain(out, input->why, strlen(input->why));
		}
		(void)fputc('\n', out);
	}
}

static void
put_hex(FILE *out, const struct evidence_record *r)
{
	for (size_t at = 0; at < r->size; at += HEX_OCTETS) {
		(void)fprintf(out, "      %04zx ", at);
		for (size_t i = at; i < at + HEX_OCTETS; i++)
			(void)fprintf(
			    out, i < r->size ? " %02x" : "   ", i < r->size ? r->octets[i] : 0);
		(void)fputs("  ", out);
		for (size_t i = at; i < at + HEX_OCTETS && i < r->size; i++)
			(void)fputc(
			    r->octets[i] >= ' ' && r->octets[i] < 0x7f ? r->octets[i] : '.', out);
		(void)fputc('\n', out);
	}
	if (r->whole > r->size)
		(void)fprintf(out, "      \u2026 %zu of %zu octets\n", r->size, r->whole);
}

/* What the finding itself says is there; a text of several lines keeps them. */
static void
put_decoded(FILE *out, const struct evidence_record *r)
{
	const char *key, *line;
	json_t *value;

	if (json_is_string(r->decoded)) {
		(void)fputs("     ", out);
		put_value(out, r->decoded);
		(void)fputc('\n', out);
	}
	json_object_foreach ((json_t *)r->decoded, key, value) {
		if (r->octets != NULL && strcmp(key, "hex") == 0)
			continue; /* printed below */
		if (!json_is_string(value) || strchr(json_string_value(value), '\n') == NULL) {
			(void)fprintf(out, "     %s ", key);
			put_value(out, value);
			(void)fputc('\n', out);
			continue;
		}
		for (line = json_string_value(value); *line != '\0';) {
			size_t size = strcspn(line, "\n");
			(void)fputs("     ", out);
			put_plain(out, line, size);
			(void)fputc('\n', out);
			line += size + (line[size] == '\n');
		}
	}
}

static void
put_record(FILE *out, const struct explain *x, size_t index)
{
	const struct evidence_record *r = &x->evidence->records[index];
	const char *path = r->input != SIZE_MAX ? x->evidence->inputs[r->input].path : "?";
	char time[40];

	(void)fprintf(out, "  %zu. ", index + 1);
	put_plain(out, path, strlen(path));
	(void)fprintf(out, ", offset %llu\n", (unsigned long long)r->offset);
	put_decoded(out, r);
	if (!r->found) {
		(void)fputs("     no record was found there\n", out);
		return;
	}
	(void)fprintf(out, "     %s ", clock_format(r->time, 9, time, sizeof time));
	put_plain(out, r->text, strlen(r->text));
	(void)fputc('\n', out);
	put_hex(out, r);
}

static void
put_cut(FILE *out, const struct explain *x)
{
	char *filter = evidence_filter(&x->evidence->subject);

	if (x->cut->file != NULL) {
		(void)fputs("\nPackets\n  ", out);
		put_plain(out, x->cut->file, strlen(x->cut->file));
		(void)fprintf(out,
		    ": %llu of the evidence, %llu more of the subject between begin and end, %llu "
		    "left out (--most)\n",
		    (unsigned long long)x->cut->evidence, (unsigned long long)x->cut->subject,
		    (unsigned long long)x->cut->left_out);
	}
	if (x->cut->file != NULL && filter == NULL)
		(void)fputs(
		    "  its subject names no address and no name: the evidence is all that is cut\n",
		    out);
	if (filter != NULL)
		(void)fprintf(out, "\nThe same with tshark: -Y '%s'\n", filter);
	free(filter);
}

enum err
explain_print_text(const struct explain *x, FILE *out, struct err_info *info)
{
	const json_t *section = section_of(x), *advice = json_object_get(x->finding, "advice");

	put_head(out, x);
	put_measures(out, x);
	put_thresholds(out, x);
	if (json_is_string(advice)) {
		(void)fputs("\nWhat to do\n", out);
		put_paragraph(out, json_string_value(advice));
	}
	put_texts(out, "Definition", json_object_get(section, "definition"));
	put_texts(out, "What it rests on", json_object_get(section, "quality"));
	put_inputs(out, x);
	if (x->evidence->record_count != 0)
		(void)fputs("\nEvidence\n", out);
	for (size_t i = 0; i < x->evidence->record_count; i++)
		put_record(out, x, i);
	put_cut(out, x);
	return finish(out, info);
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static json_t *
measures_json(const struct explain *x)
{
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach (json_object_get(x->finding, "measures"), key, value) {
		struct explain_words words = explain_words_of(key);
		json_array_append_new(
		    list, json_pack("{s:s, s:O, s:s, s:s}", "name", key, "value", value, "unit",
			      words.unit, "meaning", words.meaning));
	}
	return list;
}

static json_t *
inputs_json(const struct explain *x)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->evidence->input_count; i++) {
		const struct evidence_input *input = &x->evidence->inputs[i];
		json_t *item = json_pack("{s:o, s:s}", "path",
		    json_text(input->path, strlen(input->path)), "state", STATES[input->state]);
		if (!input->wanted && input->state == EVIDENCE_UNREAD && !input->overlaps) {
			json_decref(item);
			continue;
		}
		if (input->why != NULL)
			json_object_set_new(
			    item, "reason", json_text(input->why, strlen(input->why)));
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *
hex_json(const struct evidence_record *r)
{
	char *text = xmalloc(2 * r->size + 1);
	json_t *json;

	for (size_t i = 0; i < r->size; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", r->octets[i]);
	json = json_stringn(text, 2 * r->size);
	free(text);
	return json;
}

static json_t *
record_json(const struct explain *x, const struct evidence_record *r)
{
	const char *path = r->input != SIZE_MAX ? x->evidence->inputs[r->input].path : "";
	json_t *item = json_pack("{s:o, s:o, s:o, s:b}", "input", json_text(path, strlen(path)),
	    "offset", json_count(r->offset), "length", json_count(r->length), "found", r->found);
	char time[40];

	if (r->decoded != NULL)
		json_object_set(item, "decoded", (json_t *)r->decoded);
	if (!r->found)
		return item;
	json_object_set_new(item, "time", json_string(clock_format(r->time, 9, time, sizeof time)));
	json_object_set_new(item, "text", json_text(r->text, strlen(r->text)));
	json_object_set_new(item, "octets", json_count(r->whole));
	json_object_set_new(item, "hex", hex_json(r));
	return item;
}

enum err
explain_print_json(const struct explain *x, FILE *out, struct err_info *info)
{
	const json_t *section = section_of(x), *definition = json_object_get(section, "definition");
	json_t *root = json_pack("{s:s, s:O, s:o, s:O*, s:o}", "schema", "yagura.explain/1",
	    "finding", x->finding, "measures", measures_json(x), "definition", definition, "inputs",
	    inputs_json(x));
	json_t *records = json_array();
	char *filter = evidence_filter(&x->evidence->subject);

	for (size_t i = 0; i < x->evidence->record_count; i++)
		json_array_append_new(records, record_json(x, &x->evidence->records[i]));
	json_object_set_new(root, "records", records);
	if (filter != NULL)
		json_object_set_new(root, "filter", json_string(filter));
	if (x->cut->file != NULL)
		json_object_set_new(root, "packets",
		    json_pack("{s:o, s:o, s:o, s:o}", "file",
			json_text(x->cut->file, strlen(x->cut->file)), "evidence",
			json_count(x->cut->evidence), "subject", json_count(x->cut->subject),
			"left_out", json_count(x->cut->left_out)));
	free(filter);
	(void)json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	(void)fputc('\n', out);
	json_decref(root);
	return finish(out, info);
}
