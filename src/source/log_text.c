/* SPDX-License-Identifier: ISC */
/* Words of a line of a log; see log_text.h. */
#include "source/log_text.h"

#define ISO_SIZE 19 /* "2026-11-22T09:10:26" */

bool
log_text_is(const struct log_text *t, const char *word)
{
	return log_text_left(t) == strlen(word) && memcmp(t->at, word, log_text_left(t)) == 0;
}

bool
log_text_begins(const struct log_text *t, const char *word)
{
	return log_text_left(t) >= strlen(word) && memcmp(t->at, word, strlen(word)) == 0;
}

bool
log_text_take(struct log_text *t, const char *word)
{
	if (!log_text_begins(t, word))
		return false;
	t->at += strlen(word);
	return true;
}

bool
log_text_until(struct log_text *t, char separator, struct log_text *ret_before)
{
	const char *p = log_text_left(t) != 0 ? memchr(t->at, separator, log_text_left(t)) : NULL;

	if (p == NULL)
		return false;
	*ret_before = (struct log_text){ t->at, p };
	t->at = p + 1;
	return true;
}

bool
log_text_word(struct log_text *t, struct log_text *ret_word)
{
	while (t->at < t->end && *t->at == ' ')
		t->at++;
	ret_word->at = t->at;
	while (t->at < t->end && *t->at != ' ')
		t->at++;
	ret_word->end = t->at;
	return ret_word->at < ret_word->end;
}

const char *
log_text_find(const struct log_text *t, const char *word)
{
	return memmem(t->at, log_text_left(t), word, strlen(word));
}

const char *
log_text_find_last(const struct log_text *t, const char *word)
{
	size_t size = strlen(word);

	for (const char *p = t->end; p >= t->at + size; p--)
		if (memcmp(p - size, word, size) == 0)
			return p - size;
	return NULL;
}

bool
log_text_number(const struct log_text *t, uint64_t most, uint64_t *ret_number)
{
	uint64_t value = 0;

	for (const char *p = t->at; p < t->end; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (*p < '0' || *p > '9' || value > (UINT64_MAX - digit) / 10)
			return false;
		value = 10 * value + digit;
	}
	if (log_text_left(t) == 0 || value > most)
		return false;
	*ret_number = value;
	return true;
}

bool
log_text_address(const struct log_text *t, struct address *ret_address)
{
	char text[ADDRESS_TEXT_SIZE];

	if (log_text_left(t) == 0 || log_text_left(t) >= sizeof text ||
	    memchr(t->at, '\0', log_text_left(t)) != NULL)
		return false;
	memcpy(text, t->at, log_text_left(t));
	text[log_text_left(t)] = '\0';
	return address_parse(text, ret_address) == ERR_OK;
}

bool
log_text_offset(const struct log_text *t, int64_t *ret_east)
{
	struct log_text hours, minutes = { t->end, t->end };
	uint64_t h, m = 0;

	if (log_text_is(t, "Z")) {
		*ret_east = 0;
		return true;
	}
	if (log_text_left(t) < 3 || (*t->at != '+' && *t->at != '-'))
		return false;
	hours = (struct log_text){ t->at + 1, t->at + 3 };
	minutes.at = hours.end + (hours.end < t->end && *hours.end == ':');
	if (!log_text_number(&hours, 18, &h) ||
	    (hours.end < t->end &&
		(log_text_left(&minutes) != 2 || !log_text_number(&minutes, 59, &m))))
		return false;
	*ret_east = (int64_t)(h * 3600 + m * 60) * (*t->at == '-' ? -1 : 1);
	return true;
}

bool
log_text_time(const struct log_text *t, struct log_time *ret_time)
{
	struct log_text zone = { t->at, t->end };
	int64_t east = 0;
	nsec_t time;

	if (log_text_left(t) < ISO_SIZE || t->at[4] != '-')
		return false;
	zone.at += ISO_SIZE;
	if (zone.at < zone.end && *zone.at == '.')
		zone.at++;
	while (zone.at < zone.end && *zone.at >= '0' && *zone.at <= '9')
		zone.at++;
	if (clock_read(t->at, (size_t)(zone.at - t->at), &time) != ERR_OK)
		return false;
	ret_time->no_zone = log_text_left(&zone) == 0;
	if (!ret_time->no_zone && !log_text_offset(&zone, &east))
		return false;
	ret_time->time = time - east * NSEC_PER_SEC;
	return true;
}
