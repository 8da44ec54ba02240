/* SPDX-License-Identifier: ISC */
/* dsc's datasets as dsc writes them: JSON and XML; see dsc.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "report/dsc_internal.h"

/* One value of the second dimension with its count. */
struct element {
	char *label; /* owned */
	uint64_t count;
	size_t place; /* in dsc's list: equal counts keep their order */
};

/* How a format writes what there is. */
struct format {
	const char *begin, *between, *end;
	void (*array)(FILE *out, const char *name, const char *const *titles, const char *times);
	const char *array_end;
	void (*row)(FILE *out, const char *const *titles, const char *label, const char *encoded,
	    bool first);
	void (*element)(FILE *out, const char *const *titles, const char *label,
	    const char *encoded, uint64_t count, bool first);
	void (*row_end)(FILE *out, const char *const *titles, bool empty);
	void (*data_end)(FILE *out, bool empty);
};

/* Labels of other characters are written in base64. */
static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:";

/* The base64 text of a label that needs it (owned by the caller), else NULL. */
static char *
encode(const char *label)
{
	static const char DIGITS[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t size = strlen(label);
	char *text, *to;

	if (strspn(label, PLAIN) == size)
		return NULL;
	text = to = xmalloc((size + 2) / 3 * 4 + 1);
	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = (uint32_t)(uint8_t)label[i] << 16;
		if (i + 1 < size)
			three |= (uint32_t)(uint8_t)label[i + 1] << 8;
		if (i + 2 < size)
			three |= (uint8_t)label[i + 2];
		*to++ = DIGITS[three >> 18];
		*to++ = DIGITS[three >> 12 & 63];
		*to++ = '=';
		*to++ = '=';
		if (i + 1 < size)
			to[-2] = DIGITS[three >> 6 & 63];
		if (i + 2 < size)
			to[-1] = DIGITS[three & 63];
	}
	*to = '\0';
	return text;
}

/* ------------------------------------------------------------------ JSON */

static void
json_array(FILE *out, const char *name, const char *const *titles, const char *times)
{
	(void)fprintf(out,
	    "{\n  \"name\": \"%s\",\n%s  \"dimensions\": [ \"%s\", \"%s\" ],\n  \"data\": [\n",
	    name, times, titles[0], titles[1]);
}

static void
json_row(FILE *out, const char *const *titles, const char *label, const char *encoded, bool first)
{
	(void)fprintf(out, "%s    {\n      \"%s\": \"%s\",\n%s      \"%s\": [", first ? "" : ",\n",
	    titles[0], encoded != NULL ? encoded : label,
	    encoded != NULL ? "      \"base64\": true,\n" : "", titles[1]);
}

static void
json_element(FILE *out, const char *const *titles, const char *label, const char *encoded,
    uint64_t count, bool first)
{
	(void)titles;
	(void)fprintf(out, "%s\n        { \"val\": \"%s\"%s, \"count\": %" PRIu64 " }",
	    first ? "" : ",", encoded != NULL ? encoded : label,
	    encoded != NULL ? ", \"base64\": true" : "", count);
}

static void
json_row_end(FILE *out, const char *const *titles, bool empty)
{
	(void)titles;
	(void)fprintf(out, "%s]\n    }", empty ? "" : "\n      ");
}

static void
json_data_end(FILE *out, bool empty)
{
	(void)fprintf(out, "%s  ]\n", empty ? "" : "\n");
}

/* ------------------------------------------------------------------ XML */

static void
xml_array(FILE *out, const char *name, const char *const *titles, const char *times)
{
	(void)fprintf(out,
	    "<array name=\"%s\" dimensions=\"2\"%s>\n  <dimension number=\"1\" type=\"%s\"/>\n"
	    "  <dimension number=\"2\" type=\"%s\"/>\n  <data>\n",
	    name, times, titles[0], titles[1]);
}

static void
xml_row(FILE *out, const char *const *titles, const char *label, const char *encoded, bool first)
{
	(void)first;
	(void)fprintf(out, "    <%s val=\"%s\"%s>\n", titles[0], encoded != NULL ? encoded : label,
	    encoded != NULL ? " base64=\"1\"" : "");
}

static void
xml_element(FILE *out, const char *const *titles, const char *label, const char *encoded,
    uint64_t count, bool first)
{
	(void)first;
	(void)fprintf(out, "      <%s val=\"%s\"%s count=\"%" PRIu64 "\"/>\n", titles[1],
	    encoded != NULL ? encoded : label, encoded != NULL ? " base64=\"1\"" : "", count);
}

static void
xml_row_end(FILE *out, const char *const *titles, bool empty)
{
	(void)empty;
	(void)fprintf(out, "    </%s>\n", titles[0]);
}

static void
xml_data_end(FILE *out, bool empty)
{
	(void)empty;
	(void)fprintf(out, "  </data>\n");
}

static const struct format FORMATS[] = {
	[DSC_JSON] = { "[\n", ",\n", "\n]\n", json_array, "}", json_row, json_element, json_row_end,
	    json_data_end },
	[DSC_XML] = { "<dscdata>\n", "", "</dscdata>\n", xml_array, "</array>\n", xml_row,
	    xml_element, xml_row_end, xml_data_end },
};

/* ------------------------------------------------------------------ datasets */

static void
write_element(const struct format *f, FILE *out, const char *const *titles, const char *label,
    uint64_t count, bool first)
{
	char *encoded = encode(label);

	f->element(out, titles, label, encoded, count, first);
	free(encoded);
}

static int
compare_elements(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* What is beyond max-cells or below min-count, summed up. */
struct skipped {
	uint64_t values, sum;
};

/* The elements of a row that are written, greatest first (free it and its labels). */
static struct element *
elements_of(const struct dsc *dsc, const struct dsc_dataset *set, const struct dsc_row *row,
    size_t *ret_count, struct skipped *skipped)
{
	size_t numbers, count = 0;
	uint32_t *order = dsc_order(dsc, set->indexers[1], &numbers);
	struct element *list = xcalloc(numbers + 1, sizeof *list);
	char text[DSC_LABEL_SIZE];

	for (size_t i = 0; i < numbers; i++) {
		uint64_t n = order[i] < row->size ? row->counts[order[i]] : 0;
		if (n == 0)
			continue;
		if (n < set->min_count) {
			skipped->values++;
			skipped->sum += n;
			continue;
		}
		list[count].label = xstrdup(dsc_label(dsc, set->indexers[1], order[i], text));
		list[count].count = n;
		list[count].place = i;
		count++;
	}
	free(order);
	qsort(list, count, sizeof *list, compare_elements);
	*ret_count = count;
	return list;
}

static void
write_row(const struct dsc *dsc, const struct dsc_dataset *set, const struct format *f,
    const struct dsc_row *row, FILE *out)
{
	const char *const titles[] = { set->titles[0], set->titles[1] };
	struct skipped skipped = { 0 };
	size_t count;
	struct element *list = elements_of(dsc, set, row, &count, &skipped);

	for (size_t i = 0; i < count; i++) {
		if (set->max_cells == 0 || i < set->max_cells) {
			write_element(f, out, titles, list[i].label, list[i].count, i == 0);
		} else {
			skipped.values++;
			skipped.sum += list[i].count;
		}
		free(list[i].label);
	}
	if (skipped.values != 0) {
		write_element(f, out, titles, "-:SKIPPED:-", skipped.values, count == 0);
		write_element(f, out, titles, "-:SKIPPED_SUM:-", skipped.sum, false);
	}
	f->row_end(out, titles, count == 0 && skipped.values == 0);
	free(list);
}

static void
write_dataset(const struct dsc *dsc, const struct dsc_dataset *set, const struct format *f,
    const char *times, FILE *out)
{
	const char *const titles[] = { set->titles[0], set->titles[1] };
	char text[DSC_LABEL_SIZE];
	bool first = true;
	size_t numbers;
	uint32_t *order = dsc_order(dsc, set->indexers[0], &numbers);

	f->array(out, set->name, titles, times);
	for (size_t i = 0; i < numbers; i++) {
		const char *label;
		char *encoded;
		if (order[i] >= set->size)
			continue;
		label = dsc_label(dsc, set->indexers[0], order[i], text);
		encoded = encode(label);
		f->row(out, titles, label, encoded, first);
		write_row(dsc, set, f, &set->rows[order[i]], out);
		free(encoded);
		first = false;
	}
	f->data_end(out, first);
	(void)fputs(f->array_end, out);
	free(order);
}

static void
write_input(const struct dsc *dsc, const struct format *f, const char *times, FILE *out)
{
	static const char *const TITLES[] = { "ifname", "pcap_stat" };
	char *encoded = encode(dsc->input);

	f->array(out, "pcap_stats", TITLES, times);
	f->row(out, TITLES, dsc->input, encoded, true);
	write_element(f, out, TITLES, "pkts_captured", dsc->input_packets, true);
	f->row_end(out, TITLES, false);
	f->data_end(out, false);
	(void)fputs(f->array_end, out);
	free(encoded);
}

void
dsc_print(const struct dsc *dsc, enum dsc_format format, FILE *out)
{
	const struct format *f = &FORMATS[format];
	long long first = floor_div(dsc->first, NSEC_PER_SEC);
	long long last = floor_div(dsc->last, NSEC_PER_SEC);
	char times[96];

	if (format == DSC_JSON)
		(void)snprintf(times, sizeof times,
		    "  \"start_time\": %lld,\n  \"stop_time\": %lld,\n", first, last);
	else
		(void)snprintf(
		    times, sizeof times, " start_time=\"%lld\" stop_time=\"%lld\"", first, last);
	(void)fputs(f->begin, out);
	if (dsc->input != NULL)
		write_input(dsc, f, times, out);
	for (size_t i = dsc->dataset_count; i-- != 0;) {
		if (dsc->input != NULL || i + 1 != dsc->dataset_count)
			(void)fputs(f->between, out);
		write_dataset(dsc, &dsc->datasets[i], f, times, out);
	}
	(void)fputs(f->end, out);
}
