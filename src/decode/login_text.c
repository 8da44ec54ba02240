/* SPDX-License-Identifier: ISC */
/* The services that speak in lines: FTP, SMTP, POP3, IMAP. */
#include <string.h>
#include <strings.h>

#include "decode/login_internal.h"

/* Steps of an attempt. */
enum {
	STEP_NONE,
	STEP_PASSWORD, /* the next answer decides */
	STEP_NAME64,   /* SMTP, POP3 AUTH LOGIN: the client's next line is the name */
	STEP_PLAIN64,  /* AUTH PLAIN: the client's next line has both */
};

bool
login_word(const uint8_t *line, size_t size, const char *word, struct octets *ret_rest)
{
	size_t length = strlen(word);

	if (size < length || strncasecmp((const char *)line, word, length) != 0 ||
	    (size > length && line[length] != ' '))
		return false;
	while (length < size && line[length] == ' ')
		length++;
	*ret_rest = (struct octets){ line + length, size - length };
	return true;
}

/* Whether a reply is the last line of one with this code. */
static bool
is_code(const uint8_t *line, size_t size, const char *code)
{
	return size >= 3 && memcmp(line, code, 3) == 0 && (size == 3 || line[3] != '-');
}

static void
end_attempt(struct login_connection *c, const struct content_sink *sink, enum login_outcome outcome)
{
	if (c->step != STEP_NONE)
		login_deliver(c, sink, outcome);
	c->step = STEP_NONE;
}

/* "AUTH mechanism [initial]" of SMTP, POP3 and IMAP. */
static void
begin_auth(struct login_connection *c, const struct octets *words)
{
	struct octets rest;

	if (login_word(words->data, words->size, "PLAIN", &rest)) {
		if (rest.size > 0)
			login_name_plain(c, rest.data, rest.size);
		c->step = rest.size > 0 ? STEP_PASSWORD : STEP_PLAIN64;
	} else if (login_word(words->data, words->size, "LOGIN", &rest)) {
		if (rest.size > 0)
			login_name_base64(c, rest.data, rest.size);
		c->step = rest.size > 0 ? STEP_PASSWORD : STEP_NAME64;
	} else if (words->size > 0) {
		login_name(c, NULL, 0); /* a challenge: the name is in it, coded */
		c->step = STEP_PASSWORD;
	}
}

/* A client's line that continues an AUTH; false: it is a command. */
static bool
continue_auth(struct login_connection *c, const uint8_t *line, size_t size)
{
	if (c->step == STEP_PLAIN64)
		login_name_plain(c, line, size);
	else if (c->step == STEP_NAME64)
		login_name_base64(c, line, size);
	else
		return false;
	c->step = STEP_PASSWORD;
	return true;
}

/* ------------------------------------------------------------------ FTP */

static void
ftp_command(struct login_connection *c, const uint8_t *line, size_t size)
{
	struct octets rest;

	if (login_word(line, size, "USER", &rest)) {
		login_name(c, rest.data, rest.size);
		c->step = STEP_PASSWORD;
	} else if (login_word(line, size, "PASS", &rest)) {
		c->step = STEP_PASSWORD;
	}
}

/* 331 asks for the password, 332 for an account, 234 begins TLS. */
static void
ftp_reply(
    struct login_connection *c, const struct content_sink *sink, const uint8_t *line, size_t size)
{
	if (is_code(line, size, "230") || is_code(line, size, "232"))
		end_attempt(c, sink, LOGIN_SUCCEEDED);
	else if (is_code(line, size, "530") || is_code(line, size, "430"))
		end_attempt(c, sink, LOGIN_FAILED);
}

const struct login_service login_ftp = { "ftp", ftp_command, ftp_reply };

/* ------------------------------------------------------------------ SMTP */

static void
smtp_command(struct login_connection *c, const uint8_t *line, size_t size)
{
	struct octets rest;

	if (!continue_auth(c, line, size) && login_word(line, size, "AUTH", &rest))
		begin_auth(c, &rest);
}

static void
smtp_reply(
    struct login_connection *c, const struct content_sink *sink, const uint8_t *line, size_t size)
{
	if (is_code(line, size, "235"))
		end_attempt(c, sink, LOGIN_SUCCEEDED);
	else if (is_code(line, size, "535") || is_code(line, size, "534"))
		end_attempt(c, sink, LOGIN_FAILED);
	else if (size > 0 && (line[0] == '4' || line[0] == '5'))
		c->step = STEP_NONE; /* refused for another reason */
}

const struct login_service login_smtp = { "smtp", smtp_command, smtp_reply };

/* ------------------------------------------------------------------ POP3 */

static void
pop3_command(struct login_connection *c, const uint8_t *line, size_t size)
{
	struct octets rest;

	if (continue_auth(c, line, size))
		return;
	if (login_word(line, size, "USER", &rest)) {
		login_name(c, rest.data, rest.size);
	} else if (login_word(line, size, "PASS", &rest)) {
		c->step = STEP_PASSWORD;
	} else if (login_word(line, size, "APOP", &rest)) {
		const uint8_t *blank = rest.size > 0 ? memchr(rest.data, ' ', rest.size) : NULL;
		login_name(c, rest.data, blank != NULL ? (size_t)(blank - rest.data) : rest.size);
		c->step = STEP_PASSWORD;
	} else if (login_word(line, size, "AUTH", &rest)) {
		begin_auth(c, &rest);
	}
}

static void
pop3_reply(
    struct login_connection *c, const struct content_sink *sink, const uint8_t *line, size_t size)
{
	struct octets rest;

	if (c->step != STEP_PASSWORD)
		return;
	if (login_word(line, size, "+OK", &rest))
		end_attempt(c, sink, LOGIN_SUCCEEDED);
	else if (login_word(line, size, "-ERR", &rest))
		end_attempt(c, sink, LOGIN_FAILED);
}

const struct login_service login_pop3 = { "pop3", pop3_command, pop3_reply };

/* ------------------------------------------------------------------ IMAP */

/* An astring, without its quotes. */
static struct octets
first_string(const struct octets *words)
{
	const uint8_t *p = words->data;
	bool quoted = words->size > 0 && p[0] == '"';
	size_t begin = quoted, end = begin;

	while (end < words->size && p[end] != (quoted ? '"' : ' '))
		end++;
	return (struct octets){ p + begin, end - begin };
}

static void
imap_command(struct login_connection *c, const uint8_t *line, size_t size)
{
	const uint8_t *blank = size > 0 ? memchr(line, ' ', size) : NULL;
	struct octets rest, name;
	size_t tag;

	if (continue_auth(c, line, size) || blank == NULL)
		return;
	tag = (size_t)(blank - line);
	if (tag == 0 || tag > sizeof c->tag)
		return;
	if (login_word(blank + 1, size - tag - 1, "LOGIN", &rest)) {
		name = first_string(&rest);
		login_name(c, name.data, name.size);
		c->step = STEP_PASSWORD;
	} else if (login_word(blank + 1, size - tag - 1, "AUTHENTICATE", &rest)) {
		begin_auth(c, &rest);
	} else {
		return;
	}
	memcpy(c->tag, line, tag);
	c->tag_size = tag;
}

static void
imap_reply(
    struct login_connection *c, const struct content_sink *sink, const uint8_t *line, size_t size)
{
	struct octets rest;

	if (c->step == STEP_NONE || size <= c->tag_size || line[c->tag_size] != ' ' ||
	    memcmp(line, c->tag, c->tag_size) != 0)
		return;
	line += c->tag_size + 1;
	size -= c->tag_size + 1;
	if (login_word(line, size, "OK", &rest))
		end_attempt(c, sink, LOGIN_SUCCEEDED);
	else if (login_word(line, size, "NO", &rest))
		end_attempt(c, sink, LOGIN_FAILED);
	else
		c->step = STEP_NONE;
}

const struct login_service login_imap = { "imap", imap_command, imap_reply };
