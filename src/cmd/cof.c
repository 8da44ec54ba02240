/* SPDX-License-Identifier: ISC */
/* Passive DNS in the common output format; see cof.h. */
#include "cmd/cof.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "obs/section.h"

/* Where the columns are. */
enum {
	RRNAME,
	RRTYPE,
	RDATA,
	TIME_FIRST,
	TIME_LAST,
	COUNT,
	BAILIWICK,
	COLUMNS,
};

static void
set(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

static json_t *
text_cell(const struct result *r, size_t column)
{
	size_t size;
	const char *text = result_blob(r, column, &size);

	return json_text(text, size);
}

/* Names end with a dot there: they are fully qualified. */
static json_t *
name_cell(const struct result *r, size_t column)
{
	char text[1100];
	size_t size;
	const char *name = result_blob(r, column, &size);

	if (size == 0 || size + 1 >= sizeof text)
		return json_text(name, size);
	memcpy(text, name, size);
	if (size > 1 || name[0] != '.')
		text[size++] = '.';
	return json_text(text, size);
}

/* Seconds, as the draft has it. */
static json_t *
time_cell(const struct result *r, size_t column)
{
	return json_integer((json_int_t)(result_u64(r, column) / 1000));
}

enum err
cof_print(struct result *r, FILE *out, const char *sensor, struct err_info *info)
{
	if (result_column_count(r) != COLUMNS)
		return err_set(info, ERR_USAGE, "--cof belongs to `yagura query dns passive`");
	while (ferror(out) == 0 && result_next(r)) {
		json_t *line = json_object();
		set(line, "rrname", name_cell(r, RRNAME));
		set(line, "rrtype", text_cell(r, RRTYPE));
		set(line, "rdata", text_cell(r, RDATA));
		set(line, "time_first", time_cell(r, TIME_FIRST));
		set(line, "time_last", time_cell(r, TIME_LAST));
		set(line, "count", json_integer((json_int_t)result_u64(r, COUNT)));
		set(line, "bailiwick", name_cell(r, BAILIWICK));
		set(line, "sensor_id", json_text(sensor, strlen(sensor)));
		(void)json_dumpf(line, out, JSON_COMPACT | JSON_ENSURE_ASCII);
		(void)fputc('\n', out);
		json_decref(line);
	}
	if ((fflush(out) != 0 || ferror(out) != 0) && errno == EPIPE)
		return ERR_END;
	if (ferror(out) != 0)
		return err_set(info, ERR_IO, "cannot write the answer: %s", strerror(errno));
	return ERR_OK;
}
