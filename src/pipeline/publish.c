/* SPDX-License-Identifier: ISC */
/* What may not leave the house is taken out of a review; see publish.h. */
#include "pipeline/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "net/cryptopan.h"

#define KEY_TEXT_SIZE ((size_t)2 * CRYPTOPAN_KEY_SIZE)

/* Units of what an operator does not disclose. */
static const char *const VOLUME_UNITS[] = { "octets", "packets", "flows", "records", "messages",
	"bps", "pps", "octets/day", "B", "bit/s" };

static void
new_key(uint8_t key[CRYPTOPAN_KEY_SIZE])
{
	if (getrandom(key, CRYPTOPAN_KEY_SIZE, 0) != CRYPTOPAN_KEY_SIZE)
		abort(); /* the kernel gives so few octets at once, or none ever */
}

/* Makes the file, for its owner's eyes only. */
static enum err
write_key(const char *path, const uint8_t key[CRYPTOPAN_KEY_SIZE], struct err_info *info)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char text[KEY_TEXT_SIZE + 2];
	bool whole;

	for (size_t i = 0; i < CRYPTOPAN_KEY_SIZE; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", key[i]);
	text[KEY_TEXT_SIZE] = '\n';
	if (fd < 0)
		return err_set(info, ERR_IO, "%s: cannot be made: %s", path, strerror(errno));
	whole = write(fd, text, KEY_TEXT_SIZE + 1) == (ssize_t)(KEY_TEXT_SIZE + 1);
	if (close(fd) != 0 || !whole)
		return err_set(info, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err
parse_key(const char *path, const char *text, size_t size, uint8_t *ret_key, struct err_info *info)
{
	while (size != 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	if (size != KEY_TEXT_SIZE || strspn(text, "0123456789abcdefABCDEF") != size)
		return err_set(info, ERR_CONFIG, "%s: no key: %zu hexadecimal digits are expected",
		    path, KEY_TEXT_SIZE);
	for (size_t i = 0; i < CRYPTOPAN_KEY_SIZE; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };
		ret_key[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return ERR_OK;
}

static enum err
read_key(const char *path, uint8_t *ret_key, struct err_info *info)
{
	char text[KEY_TEXT_SIZE + 16] = { 0 };
	FILE *file;
	size_t size;

	if (path[0] == '\0' || (access(path, F_OK) != 0 && errno == ENOENT)) {
		new_key(ret_key);
		return path[0] != '\0' ? write_key(path, ret_key, info) : ERR_OK;
	}
	file = fopen(path, "re");
	if (file == NULL)
		return err_set(info, ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
	size = fread(text, 1, sizeof text - 1, file);
	(void)fclose(file);
	return parse_key(path, text, size, ret_key, info);
}

/* The text that stands for an address or prefix; false when it is neither. */
static bool
anonymise(const struct cryptopan *c, const char *text, char *ret_text)
{
	bool with_length = strchr(text, '/') != NULL;
	struct err_info ignored;
	struct address a;
	struct prefix p;

	if (!with_length) {
		if (address_parse(text, &a) != ERR_OK)
			return false;
		a = cryptopan_address(c, &a);
		(void)address_format(&a, ret_text);
		return true;
	}
	if (prefix_parse(text, &p, &ignored) != ERR_OK)
		return false;
	p.address = cryptopan_address(c, &p.address);
	p.address = address_mask(&p.address, p.length);
	(void)prefix_format(&p, ret_text);
	return true;
}

/* Every string of a value that is an address or a prefix. */
static void
anonymise_strings(const struct cryptopan *c, json_t *value)
{
	char text[PREFIX_TEXT_SIZE];
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value)) {
		if (anonymise(c, json_string_value(value), text))
			json_string_set(value, text);
		return;
	}
	json_array_foreach (value, i, member)
		anonymise_strings(c, member);
	json_object_foreach (value, key, member)
		anonymise_strings(c, member);
}

static bool
is_volume(const json_t *thing)
{
	const char *unit = json_string_value(json_object_get(thing, "unit"));

	for (size_t i = 0; unit != NULL && i < ARRAY_COUNT(VOLUME_UNITS); i++)
		if (strcmp(unit, VOLUME_UNITS[i]) == 0)
			return true;
	return false;
}

static void
raise_to(double *most, const json_t *value)
{
	if (json_is_number(value) && fabs(json_number_value(value)) > *most)
		*most = fabs(json_number_value(value));
}

/* Element `at` of each row becomes a share of the greatest. */
static void
normalise_column(json_t *rows, size_t at)
{
	double most = 0;
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		raise_to(&most, json_array_get(row, at));
	json_array_foreach (rows, i, row) {
		const json_t *value = json_array_get(row, at);
		if (json_is_number(value) && most > 0)
			json_array_set_new(row, at, json_real(json_number_value(value) / most));
	}
}

static void
publish_table(json_t *table)
{
	json_t *columns = json_object_get(table, "columns"), *column;
	bool changed = false;
	size_t i;

	json_array_foreach (columns, i, column) {
		if (!is_volume(column))
			continue;
		normalise_column(json_object_get(table, "rows"), i);
		json_object_set_new(column, "type", json_string("share"));
		json_object_set_new(column, "unit", json_string(""));
		changed = true;
	}
	json_object_set_new(table, "notes", json_array());
	if (changed)
		json_array_append_new(json_object_get(table, "notes"),
		    json_string("Volumes are shares of the greatest value of their column."));
}

/* Values of a figure's points from element `first` on become shares of the greatest of all. */
static void
normalise_points(json_t *figure, size_t first)
{
	json_t *series = json_object_get(figure, "series"), *one, *point;
	double most = 0;
	size_t i, k;

	json_array_foreach (series, i, one)
		json_array_foreach (json_object_get(one, "points"), k, point)
			for (size_t at = first; at < json_array_size(point); at++)
				raise_to(&most, json_array_get(point, at));
	json_array_foreach (series, i, one) {
		json_array_foreach (json_object_get(one, "points"), k, point) {
			for (size_t at = first; at < json_array_size(point); at++) {
				const json_t *value = json_array_get(point, at);
				if (json_is_number(value) && most > 0)
					json_array_set_new(
					    point, at, json_real(json_number_value(value) / most));
			}
		}
	}
}

static void
publish_figure(json_t *figure)
{
	const char *kind = json_string_value(json_object_get(figure, "kind"));
	json_t *y = json_object_get(figure, "y");

	json_object_set_new(figure, "caption", json_string(""));
	if (!is_volume(y))
		return;
	normalise_points(figure, strcmp(kind, "log-histogram") == 0 ? 2 : 1);
	json_object_set_new(y, "unit", json_string(""));
	json_object_set_new(
	    figure, "caption", json_string("Values are shares of the greatest value shown."));
}

static void
publish_section(json_t *section)
{
	json_t *member;
	size_t i;

	json_object_set_new(section, "summary",
	    json_pack("[s]", "The summary is left out of the published review."));
	json_object_set_new(section, "quality", json_array());
	json_array_foreach (json_object_get(section, "tables"), i, member)
		publish_table(member);
	json_array_foreach (json_object_get(section, "figures"), i, member)
		publish_figure(member);
}

static void
publish_sections(json_t *sections, const struct cryptopan *c)
{
	json_t *section;
	size_t i;

	json_array_foreach (sections, i, section) {
		const struct analysis *a =
		    analysis_find(json_string_value(json_object_get(section, "id")));
		if (a == NULL || !a->publishes)
			publish_section(section);
		anonymise_strings(c, json_object_get(section, "tables"));
		anonymise_strings(c, json_object_get(section, "figures"));
	}
}

/* Kinds, times and numbers of records stay. */
static void
publish_inputs(json_t *inputs)
{
	json_t *input;
	char name[32];
	size_t i;

	json_array_foreach (inputs, i, input) {
		(void)snprintf(name, sizeof name, "input %zu", i + 1);
		json_object_set_new(input, "path", json_string(name));
		json_object_set_new(input, "fingerprint", json_string(""));
		json_object_set_new(input, "octets", json_integer(0));
		if (json_object_get(input, "damage") != NULL)
			json_object_set_new(input, "damage",
			    json_pack("[{s:s}]", "reason", "the input was not read whole"));
	}
}

enum err
publish_review(json_t *review, const struct config *config, struct err_info *info)
{
	const char *path = settings_text(config->publish, "key_file");
	uint8_t key[CRYPTOPAN_KEY_SIZE];
	struct cryptopan *c;
	json_t *part;
	size_t i;
	enum err e = read_key(path, key, info);

	if (e != ERR_OK)
		return e;
	c = cryptopan_new(key);
	explicit_bzero(key, sizeof key);
	json_object_set_new(review, "published", json_true());
	publish_inputs(json_object_get(review, "inputs"));
	json_array_foreach (json_object_get(review, "chapters"), i, part)
		publish_sections(json_object_get(part, "sections"), c);
	json_array_foreach (json_object_get(review, "findings"), i, part) {
		anonymise_strings(c, part);
		json_object_set_new(part, "evidence", json_array());
	}
	anonymise_strings(c, json_object_get(review, "quality"));
	cryptopan_free(c);
	return ERR_OK;
}
