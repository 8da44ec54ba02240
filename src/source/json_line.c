/* SPDX-License-Identifier: ISC */
/* JSON lines; see json_line.h. */
#include "source/json_line.h"

bool
json_line_open(struct json_line *json, struct log_line *line)
{
	json->line = line;
	json->root = line->size != 0 && line->text[0] == '{'
			 ? json_loadb((const char *)line->text, line->size, JSON_ALLOW_NUL, NULL)
			 : NULL;
	return json_is_object(json->root);
}

void
json_line_close(struct json_line *json)
{
	json_decref(json->root);
	json->root = NULL;
}

struct octets
json_line_keep(struct log_line *line, const void *data, size_t size)
{
	uint8_t *to = line->room + line->room_used;

	if (size == 0 || size > LOG_ROOM_MAX - line->room_used)
		return (struct octets){ NULL, 0 };
	memcpy(to, data, size);
	line->room_used += size;
	return (struct octets){ to, size };
}

struct octets
json_line_text(struct json_line *json, const char *key)
{
	const json_t *value = json_object_get(json->root, key);

	return json_is_string(value)
		   ? json_line_keep(json->line, json_string_value(value), json_string_length(value))
		   : (struct octets){ NULL, 0 };
}

static struct log_text
text_of(const struct json_line *json, const char *key)
{
	const json_t *value = json_object_get(json->root, key);

	return json_is_string(value) ? log_text_over((const uint8_t *)json_string_value(value),
					   json_string_length(value))
				     : log_text_over(NULL, 0);
}

uint64_t
json_line_number(const struct json_line *json, const char *key, uint64_t most, uint64_t other)
{
	const json_t *value = json_object_get(json->root, key);
	struct log_text text = text_of(json, key);
	uint64_t number;

	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    (uint64_t)json_integer_value(value) <= most)
		return (uint64_t)json_integer_value(value);
	return log_text_number(&text, most, &number) ? number : other;
}

bool
json_line_is(const struct json_line *json, const char *key, const char *text)
{
	struct log_text value = text_of(json, key);

	return json_is_string(json_object_get(json->root, key)) && log_text_is(&value, text);
}

bool
json_line_address(const struct json_line *json, const char *key, struct address *ret_address)
{
	struct log_text value = text_of(json, key);

	return log_text_address(&value, ret_address);
}

bool
json_line_time(const struct json_line *json, const char *key, nsec_t *ret_time)
{
	struct log_text value = text_of(json, key);
	struct log_time time;

	if (!log_text_time(&value, &time) || time.time <= 0)
		return false;
	*ret_time = time.time;
	return true;
}
