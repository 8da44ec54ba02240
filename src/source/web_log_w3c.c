/* SPDX-License-Identifier: ISC */
/*
 * W3C extended logs (https://www.w3.org/TR/WD-logfile), of IIS and others; see web_log.h.
 *
 *	#Software: Microsoft Internet Information Services 10.0
 *	#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status
 *	2026-11-22 09:10:26 192.0.2.80 GET /default.asp id=1 203.0.113.9 Mozilla/5.0+(X11) 200
 *
 * Columns come in any order, parted by a blank or a tab; a text may be in quotes.  Dates and times
 * are UTC.  IIS writes '+' for blanks of a header: they stay, because a '+' is one too.
 */
#include <string.h>

#include "source/web_text.h"

enum column {
	COLUMN_OTHER,
	COLUMN_DATE,
	COLUMN_TIME,
	COLUMN_CLIENT,
	COLUMN_CLIENT_NAME,
	COLUMN_CLIENT_PORT,
	COLUMN_SERVER,
	COLUMN_SERVER_PORT,
	COLUMN_METHOD,
	COLUMN_STEM,
	COLUMN_QUERY,
	COLUMN_URI,
	COLUMN_PROTOCOL,
	COLUMN_HOST,
	COLUMN_STATUS,
	COLUMN_SENT,
	COLUMN_TAKEN,
	COLUMN_USER,
	COLUMN_AGENT,
	COLUMN_REFERER,
	COLUMN_COOKIE,
	COLUMN_FORWARDED,
	COLUMN_COUNT,
};

static const struct {
	const char *name;
	enum column column;
} NAMES[] = {
	{ "date", COLUMN_DATE },
	{ "time", COLUMN_TIME },
	{ "c-ip", COLUMN_CLIENT },
	{ "c-dns", COLUMN_CLIENT_NAME },
	{ "c-port", COLUMN_CLIENT_PORT },
	{ "s-ip", COLUMN_SERVER },
	{ "s-port", COLUMN_SERVER_PORT },
	{ "cs-method", COLUMN_METHOD },
	{ "cs-uri-stem", COLUMN_STEM },
	{ "cs-uri-query", COLUMN_QUERY },
	{ "cs-uri", COLUMN_URI },
	{ "cs-version", COLUMN_PROTOCOL },
	{ "cs-protocol-version", COLUMN_PROTOCOL },
	{ "cs-host", COLUMN_HOST },
	{ "cs(Host)", COLUMN_HOST },
	{ "sc-status", COLUMN_STATUS },
	{ "sc-bytes", COLUMN_SENT },
	{ "time-taken", COLUMN_TAKEN },
	{ "cs-username", COLUMN_USER },
	{ "cs(User-Agent)", COLUMN_AGENT },
	{ "cs(Referer)", COLUMN_REFERER },
	{ "cs(Referrer)", COLUMN_REFERER },
	{ "cs(Cookie)", COLUMN_COOKIE },
	{ "cs(X-Forwarded-For)", COLUMN_FORWARDED },
	{ "X-Forwarded-For", COLUMN_FORWARDED },
	{ "x-forwarded-for", COLUMN_FORWARDED },
};

/* Parts of times, without an end. */
static const char MIDNIGHT[9] = " 00:00:00", FIRST_DAY[11] = "1970-01-01 ";

static enum column
column_of(const struct web_text *name)
{
	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (web_is(name, NAMES[i].name, strlen(NAMES[i].name)))
			return NAMES[i].column;
	return COLUMN_OTHER;
}

static void
take_fields(struct web_log_w3c *w3c, struct web_text t)
{
	struct web_text name;

	w3c->count = 0;
	while (w3c->count < WEB_LOG_COLUMNS && web_word(&t, &name)) {
		/* Only IIS has these two, and only it counts milliseconds. */
		w3c->milliseconds |=
		    web_is(&name, "sc-win32-status", 15) || web_is(&name, "s-sitename", 10);
		w3c->columns[w3c->count++] = (uint8_t)column_of(&name);
	}
}

void
web_w3c_directive(struct web_log_w3c *w3c, struct web_text line)
{
	struct web_text word;
	char text[32];
	size_t size;

	if (!web_word(&line, &word))
		return;
	while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
		line.at++;
	if (web_is(&word, "#Fields:", 8)) {
		take_fields(w3c, line);
	} else if (web_is(&word, "#Software:", 10)) {
		*w3c = (struct web_log_w3c){ .milliseconds = web_begins(&line, "Microsoft", 9) };
	} else if (web_is(&word, "#Date:", 6) && web_left(&line) >= 10) {
		size = 10;
		memcpy(text, line.at, size);
		memcpy(text + size, MIDNIGHT, sizeof MIDNIGHT);
		if (clock_read(text, size + sizeof MIDNIGHT, &w3c->date) != ERR_OK)
			w3c->date = 0;
	}
}

/* The next value; one in quotes has its own doubled. */
static bool
next_value(struct web_text *t, struct log_line *line, struct web_text *ret)
{
	uint8_t *to = line->room + line->room_used;
	struct web_text whole = *t;
	size_t size = 0;

	while (whole.at < whole.end && (*whole.at == ' ' || *whole.at == '\t'))
		whole.at++;
	if (whole.at == whole.end || *whole.at != '"')
		return web_word(t, ret);
	for (whole.at++; whole.at < whole.end; whole.at++) {
		if (*whole.at == '"' && (++whole.at == whole.end || *whole.at != '"'))
			break;
		to[size++] = *whole.at;
	}
	t->at = whole.at;
	line->room_used += size;
	*ret = (struct web_text){ to, to + size };
	return true;
}

/* "2026-11-22" and "09:10:26", perhaps with a fraction. */
static bool
read_time(const struct web_log_w3c *w3c, const struct web_text *values, nsec_t *ret_time)
{
	const struct web_text *date = &values[COLUMN_DATE], *time = &values[COLUMN_TIME];
	char text[40];

	if (web_left(time) < 8 || web_left(time) > 18)
		return false;
	memcpy(text, FIRST_DAY, sizeof FIRST_DAY);
	if (web_left(date) == 10)
		memcpy(text, date->at, 10);
	else if (w3c->date == 0)
		return false;
	memcpy(text + 11, time->at, web_left(time));
	if (clock_read(text, 11 + web_left(time), ret_time) != ERR_OK)
		return false;
	if (web_left(date) != 10)
		*ret_time += w3c->date;
	return *ret_time > 0;
}

/* Stem and query as one; where there is a query they are put together in the room, as far as it
 * goes after values that were in quotes. */
static struct octets
target_of(const struct web_text *values, struct log_line *line, struct http_request *request)
{
	const struct web_text *stem = &values[COLUMN_STEM], *query = &values[COLUMN_QUERY];
	uint8_t *to = line->room + line->room_used;
	size_t size = web_left(stem);

	if (web_is_nothing(stem))
		return web_octets(&values[COLUMN_URI]);
	if (web_is_nothing(query))
		return web_octets(stem);
	if (size + 1 + web_left(query) > LOG_ROOM_MAX - line->room_used) {
		request->flags |= HTTP_CUT;
		return web_octets(stem);
	}
	memcpy(to, stem->at, size);
	to[size++] = '?';
	memcpy(to + size, query->at, web_left(query));
	size += web_left(query);
	line->room_used += size;
	return (struct octets){ to, size };
}

static void
take_taken(
    const struct web_log_w3c *w3c, const struct web_text *value, struct http_request *request)
{
	uint64_t number;

	if (w3c->milliseconds && web_number(value, &number)) {
		if (number < UINT64_MAX / (uint64_t)NSEC_PER_MS)
			request->duration = number * (uint64_t)NSEC_PER_MS;
	} else if (web_seconds(value, &number)) {
		request->duration = number;
	}
}

static void
take_numbers(
    const struct web_log_w3c *w3c, const struct web_text *values, struct http_request *request)
{
	uint64_t number;

	if (web_number(&values[COLUMN_STATUS], &number) && number <= 999)
		request->status = (uint16_t)number;
	if (web_number(&values[COLUMN_SENT], &number))
		request->response_octets = number;
	if (web_number(&values[COLUMN_CLIENT_PORT], &number) && number <= UINT16_MAX)
		request->client_port = (uint16_t)number;
	if (web_number(&values[COLUMN_SERVER_PORT], &number) && number <= UINT16_MAX)
		request->server_port = (uint16_t)number;
	take_taken(w3c, &values[COLUMN_TAKEN], request);
}

static void
take_texts(const struct web_text *values, struct http_request *request)
{
	uint16_t port;

	web_client(&values[COLUMN_CLIENT], request);
	if (web_is_nothing(&values[COLUMN_CLIENT]))
		web_client(&values[COLUMN_CLIENT_NAME], request);
	(void)web_address(&values[COLUMN_SERVER], &request->server, &port);
	request->method = web_octets(&values[COLUMN_METHOD]);
	request->protocol = web_octets(&values[COLUMN_PROTOCOL]);
	request->host = web_octets(&values[COLUMN_HOST]);
	request->user = web_octets(&values[COLUMN_USER]);
	request->user_agent = web_octets(&values[COLUMN_AGENT]);
	request->referer = web_octets(&values[COLUMN_REFERER]);
	request->cookie = web_octets(&values[COLUMN_COOKIE]);
	request->forwarded_for = web_octets(&values[COLUMN_FORWARDED]);
}

enum log_verdict
web_w3c_read(const struct web_log_w3c *w3c, struct log_line *line)
{
	struct web_text t = { line->text, line->text + line->size };
	struct web_text values[COLUMN_COUNT] = { 0 }, value;
	struct http_request *request;
	unsigned count = 0;
	nsec_t time;

	while (count < w3c->count && next_value(&t, line, &value))
		values[w3c->columns[count++]] = value;
	if (count < w3c->count && !line->cut)
		line->why = "fewer columns than #Fields names";
	else if (!read_time(w3c, values, &time))
		line->why = "no date and time";
	else if (web_is_nothing(&values[COLUMN_STEM]) && web_is_nothing(&values[COLUMN_URI]))
		line->why = "no URI";
	if (line->why != NULL) {
		line->room_used = 0;
		return LOG_BAD;
	}
	request = web_request(line);
	take_texts(values, request);
	take_numbers(w3c, values, request);
	request->target = target_of(values, line, request);
	if (!http_is_token(request->method, 32))
		request->flags |= HTTP_MALFORMED;
	if (request->host.size == 0)
		request->host = http_authority(request);
	request->time = line->time = time;
	line->source = request->client;
	line->destination = request->server;
	return LOG_READ;
}
