/* SPDX-License-Identifier: ISC */
/*
 * The common and the combined log format, and their like; see web_log.h.  (web_log_w3c.c reads the
 * other family.)
 *
 * The time in brackets is what is looked for first, because nothing else has that shape: names are
 * before it, the request and what came of it behind.  Behind the user agent
 *
 *	0.125           a number with a point is the time it took, in seconds (nginx: $request_time)
 *	rt=0.125        the same
 *	125000          a number without one, when it is the only one, in microseconds (Apache: %D)
 *	"192.0.2.1, …"  an address in quotes is X-Forwarded-For
 *
 * Two numbers without a point are octets (%I %O) as likely as times, so they are neither.
 */
#include "source/web_log.h"

#include <string.h>

#include "source/web_text.h"

#define TIME_SIZE 20 /* "17/May/2015:10:05:03" */
#define ISO_SIZE  19 /* "2015-05-17T10:05:03" */
#define MORE_MOST 32 /* values behind the user agent that are looked at */

static enum log_verdict
bad(struct log_line *line, const char *why)
{
	line->why = why;
	line->count = 0;
	line->room_used = 0;
	return LOG_BAD;
}

/* ------------------------------------------------------------------ time */

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* 1 to 12; 0: no month's name. */
static unsigned
month_of(const uint8_t *name)
{
	static const char MONTHS[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };

	for (unsigned i = 0; i < 12; i++)
		if (name[0] == (uint8_t)MONTHS[i][0] && name[1] == (uint8_t)MONTHS[i][1] &&
		    name[2] == (uint8_t)MONTHS[i][2])
			return i + 1;
	return 0;
}

/* "17/May/2015:10:05:03" or "2015-05-17T10:05:03" as the latter; returns its size in the log. */
static size_t
to_iso(const struct web_text *t, char *iso)
{
	const char *p = (const char *)t->at;
	unsigned month;

	if (web_left(t) < ISO_SIZE)
		return 0;
	if (p[4] == '-' && p[10] == 'T') {
		memcpy(iso, p, ISO_SIZE);
		return ISO_SIZE;
	}
	if (web_left(t) < TIME_SIZE || p[2] != '/' || p[6] != '/' || p[11] != ':')
		return 0;
	month = month_of(t->at + 3);
	if (month == 0)
		return 0;
	memcpy(iso, p + 7, 4);
	iso[4] = iso[7] = '-';
	iso[5] = (char)('0' + month / 10);
	iso[6] = (char)('0' + month % 10);
	memcpy(iso + 8, p, 2);
	iso[10] = 'T';
	memcpy(iso + 11, p + 12, 8);
	return TIME_SIZE;
}

/* "+0900", "+09:00" or "Z", up to the bracket: how far the time is ahead of UTC. */
static bool
read_zone(struct web_text t, nsec_t *ret)
{
	int hours, minutes;
	const uint8_t *p;

	while (t.at < t.end && *t.at == ' ')
		t.at++;
	*ret = 0;
	if (web_is(&t, "Z", 1))
		return true;
	if ((web_left(&t) != 5 && web_left(&t) != 6) || (*t.at != '+' && *t.at != '-'))
		return false;
	p = t.end - 2;
	if (!is_digit(t.at[1]) || !is_digit(t.at[2]) || !is_digit(p[0]) || !is_digit(p[1]))
		return false;
	hours = 10 * (t.at[1] - '0') + t.at[2] - '0';
	minutes = 10 * (p[0] - '0') + p[1] - '0';
	*ret = (nsec_t)(hours * 60 + minutes) * 60 * NSEC_PER_SEC * (*t.at == '-' ? -1 : 1);
	return hours <= 14 && minutes < 60;
}

/* What is between the brackets. */
static bool
read_time(struct web_text t, nsec_t *ret_time)
{
	char iso[ISO_SIZE + 12];
	size_t size = to_iso(&t, iso);
	nsec_t zone;

	if (size == 0)
		return false;
	t.at += size;
	size = ISO_SIZE;
	if (t.at < t.end && *t.at == '.')
		while (t.at < t.end && (*t.at == '.' || is_digit(*t.at)) && size < sizeof iso)
			iso[size++] = (char)*t.at++;
	if (!read_zone(t, &zone) || clock_read(iso, size, ret_time) != ERR_OK)
		return false;
	*ret_time -= zone;
	return *ret_time > 0;
}

/*
 * Finds the time: `ret_before` is what is before its bracket, `t` what is behind it.  True also
 * when the time cannot be, and then is 0.
 */
static bool
find_time(struct web_text *t, struct web_text *ret_before, nsec_t *ret_time)
{
	const uint8_t *open = t->at, *close;
	char iso[ISO_SIZE + 12];

	while ((open = memchr(open, '[', (size_t)(t->end - open))) != NULL) {
		struct web_text inner = { open + 1, t->end };

		open++;
		if (to_iso(&inner, iso) == 0)
			continue;
		close = memchr(inner.at, ']', web_left(&inner));
		if (close == NULL)
			break;
		inner.end = close;
		if (!read_time(inner, ret_time))
			*ret_time = 0;
		*ret_before = (struct web_text){ t->at, open - 1 };
		t->at = close + 1;
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ names */

/* "www.example:443" */
static void
take_vhost(const struct web_text *word, struct http_request *request)
{
	const uint8_t *colon = memrchr(word->at, ':', web_left(word));
	struct web_text port = { colon != NULL ? colon + 1 : word->end, word->end };
	uint64_t number = 0;

	request->host = web_octets(word);
	if (colon == NULL || !web_number(&port, &number) || number > UINT16_MAX)
		return;
	request->server_port = (uint16_t)number;
	request->host.size = (size_t)(colon - word->at);
}

static bool
has_port(const struct web_text *word)
{
	const uint8_t *colon = memrchr(word->at, ':', web_left(word));
	struct web_text port = { colon != NULL ? colon + 1 : word->end, word->end };
	uint64_t number;

	return web_number(&port, &number);
}

/*
 * Whether a word is before the client: the virtual host that Debian's vhost_combined begins with,
 * or X-Forwarded-For, which is an address without a port in front of another address.
 */
static bool
take_leading(const struct web_text *first, struct web_text rest, struct http_request *request)
{
	struct web_text second, word;
	struct address address;
	unsigned words = 0;
	uint16_t port;

	/* The usual line has no ident. */
	if (!web_word(&rest, &second) || web_is_nothing(&second))
		return false;
	while (words < 2 && web_word(&rest, &word))
		words++;
	if (words < 2)
		return false;
	if (web_address(&second, &address, &port)) {
		if (web_address(first, &address, &port) && port == 0)
			request->forwarded_for = web_octets(first);
		else if (!web_is_nothing(first))
			take_vhost(first, request);
		return true;
	}
	if (!has_port(first) || web_address(first, &address, &port))
		return false;
	take_vhost(first, request);
	return true;
}

/* What syslog puts in front: "<13>Nov 22 09:10:26 host nginx: ". */
static void
skip_syslog(struct web_text *names)
{
	const uint8_t *tag;

	if (web_left(names) < 16 ||
	    (*names->at != '<' && (month_of(names->at) == 0 || names->at[3] != ' ')))
		return;
	tag = memmem(names->at, web_left(names), ": ", 2);
	if (tag != NULL)
		names->at = tag + 2;
}

/* Everything before the time. */
static bool
take_names(struct web_text names, struct http_request *request, struct log_line *line)
{
	struct web_text word, ident;

	skip_syslog(&names);
	while (names.at < names.end && names.end[-1] == ' ')
		names.end--;
	if (!web_word(&names, &word))
		return false;
	if (take_leading(&word, names, request) && !web_word(&names, &word))
		return false;
	web_client(&word, request);
	if (!web_word(&names, &ident))
		return true;
	while (names.at < names.end && *names.at == ' ')
		names.at++;
	if (!web_is(&names, "\"\"", 2))
		request->user = web_unescape(&names, line);
	return true;
}

/* ------------------------------------------------------------------ quoted texts */

/* Whether an odd count of backslashes is before `p`. */
static bool
is_escaped(const uint8_t *begin, const uint8_t *p)
{
	size_t count = 0;

	while (p - count > begin && p[-1 - (ptrdiff_t)count] == '\\')
		count++;
	return count % 2 != 0;
}

/* A quote that ends a text: the line ends there, or a blank and, after a request, a status come. */
static bool
is_end(const uint8_t *quote, const uint8_t *end, bool request)
{
	size_t left = (size_t)(end - quote);

	if (!request)
		return left == 1 || quote[1] == ' ' || quote[1] == '\t';
	return left >= 3 && quote[1] == ' ' &&
	       (quote[2] == '-' ||
		   (left >= 5 && is_digit(quote[2]) && is_digit(quote[3]) && is_digit(quote[4])));
}

/*
 * The text in quotes that begins here; servers that escape quotes are believed first, then the
 * first quote that can be the end is it.  A line that was cut may lack it.
 */
static bool
take_quoted(struct web_text *t, const struct log_line *line, bool request, struct web_text *ret)
{
	const uint8_t *begin, *p;

	while (t->at < t->end && (*t->at == ' ' || *t->at == '\t'))
		t->at++;
	if (t->at == t->end || *t->at != '"')
		return false;
	begin = t->at + 1;
	for (unsigned lenient = 0; lenient < 2; lenient++)
		for (p = begin; (p = memchr(p, '"', (size_t)(t->end - p))) != NULL; p++) {
			if (!is_end(p, t->end, request) || (!lenient && is_escaped(begin, p)))
				continue;
			*ret = (struct web_text){ begin, p };
			t->at = p + 1;
			return true;
		}
	if (!line->cut)
		return false;
	*ret = (struct web_text){ begin, t->end };
	t->at = t->end;
	return true;
}

/* ------------------------------------------------------------------ what follows the request */

static bool
take_result(struct web_text *t, struct http_request *request)
{
	struct web_text status, size;
	uint64_t number = 0;

	if (!web_word(t, &status))
		return false;
	if (!web_is_nothing(&status)) {
		if (web_left(&status) != 3 || !web_number(&status, &number))
			return false;
		request->status = (uint16_t)number;
	}
	if (!web_word(t, &size))
		return true;
	if (web_is_nothing(&size))
		request->response_octets = 0; /* %b: "-" is no octet */
	else if (web_number(&size, &number))
		request->response_octets = number;
	else
		return false;
	return true;
}

/* What is behind referer and agent; `whole` counts numbers without a point. */
static void
take_more(struct web_text *t, struct http_request *request, const struct log_line *line)
{
	struct web_text word, quoted, first;
	struct address address;
	unsigned whole = 0;
	uint64_t number = 0, duration;
	uint16_t port;

	for (unsigned i = 0; i < MORE_MOST; i++) {
		if (take_quoted(t, line, false, &quoted)) {
			first = quoted;
			first.end = memchr(quoted.at, ',', web_left(&quoted));
			if (first.end == NULL)
				first.end = quoted.end;
			if (request->forwarded_for.size == 0 &&
			    web_address(&first, &address, &port))
				request->forwarded_for = web_octets(&quoted);
			continue;
		}
		if (!web_word(t, &word))
			break;
		if (web_begins(&word, "rt=", 3))
			word.at += 3;
		if (web_number(&word, &duration)) {
			whole++;
			number = duration;
		} else if (request->duration == HTTP_UNKNOWN && web_seconds(&word, &duration)) {
			request->duration = duration;
		}
	}
	if (whole == 1 && request->duration == HTTP_UNKNOWN && number < UINT64_MAX / 1000)
		request->duration = number * (uint64_t)NSEC_PER_US;
}

/* A single quoted text may be either; a referer is a URL. */
static bool
is_referer(const struct web_text *t)
{
	return web_left(t) != 0 && (*t->at == '/' || web_begins(t, "http", 4));
}

static void
take_agent(struct web_text *t, struct http_request *request, struct log_line *line)
{
	struct web_text first, second;

	if (!take_quoted(t, line, false, &first))
		return;
	if (take_quoted(t, line, false, &second)) {
		request->referer = web_unescape(&first, line);
		request->user_agent = web_unescape(&second, line);
	} else if (is_referer(&first)) {
		request->referer = web_unescape(&first, line);
	} else {
		request->user_agent = web_unescape(&first, line);
	}
}

static void
take_request(const struct web_text *quoted, struct http_request *request, struct log_line *line)
{
	struct octets authority;

	if (web_is_nothing(quoted))
		return;
	if (!http_split_request(web_unescape(quoted, line), request) || request->target.size == 0)
		request->flags |= HTTP_MALFORMED;
	authority = http_authority(request);
	if (authority.size != 0)
		request->host = authority;
}

static enum log_verdict
read_combined(struct log_line *line, struct web_text t)
{
	struct web_text names, quoted, word, rest = t;
	struct http_request *request;
	struct address address;
	uint16_t port;
	nsec_t time;

	if (!find_time(&t, &names, &time)) {
		/* About something else, unless it begins as such lines do. */
		(void)web_word(&rest, &word);
		return web_address(&word, &address, &port) ? bad(line, "no time in brackets")
							   : LOG_OTHER;
	}
	if (time == 0)
		return bad(line, "a time that cannot be");
	request = web_request(line);
	if (!take_names(names, request, line))
		return bad(line, "no client before the time");
	if (!take_quoted(&t, line, true, &quoted))
		return bad(line, "no request in quotes and status after the time");
	take_request(&quoted, request, line);
	if (!take_result(&t, request) && !line->cut)
		return bad(line, "no status and size after the request");
	take_agent(&t, request, line);
	take_more(&t, request, line);
	request->time = line->time = time;
	line->source = request->client;
	return LOG_READ;
}

enum log_verdict
web_log_read(void *state, struct log_line *line)
{
	struct web_log *log = state;
	struct web_text t = { line->text, line->text + line->size };

	if (line->size == 0)
		return LOG_OTHER;
	if (*t.at == '#') {
		web_w3c_directive(&log->w3c, t);
		return LOG_OTHER;
	}
	if (log->w3c.count != 0)
		return web_w3c_read(&log->w3c, line);
	if (line->size >= 2 && *t.at == '"' && t.end[-1] == '"') {
		t.at++;
		t.end--;
	}
	return read_combined(line, t);
}

/* ------------------------------------------------------------------ files */

static void
web_log_run(void *state, struct capture_run *run)
{
	static const struct log_format FORMAT = { .read = web_log_read };

	log_lines_run(state, &FORMAT, run);
}

/* A W3C log says so; of the others one of the first lines must be read. */
static bool
web_log_recognise(const uint8_t *head, size_t size)
{
	static const struct log_format FORMAT = { .read = web_log_read };
	static const char *const DIRECTIVES[] = {
		"#Software: ", "#Version: ", "#Date: ", "#Start-Date: ", "#Fields: "
	};
	const struct web_text t = { head, head + size };

	for (size_t i = 0; i < sizeof DIRECTIVES / sizeof DIRECTIVES[0]; i++)
		if (web_begins(&t, DIRECTIVES[i], strlen(DIRECTIVES[i])))
			return true;
	return size != 0 && *head != '{' &&
	       log_lines_recognise(&FORMAT, sizeof(struct web_log), head, size);
}

const struct capture_format capture_web_log = {
	.name = "web-log",
	.recognise = web_log_recognise,
	.state_size = sizeof(struct web_log),
	.run = web_log_run,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.makes = true,
};
