/* SPDX-License-Identifier: ISC */
/*
 * What is said before TLS begins in a connection of another protocol: SMTP (RFC 3207), IMAP and
 * POP3 (RFC 2595), FTP (RFC 4217), NNTP (RFC 4642), XMPP (RFC 6120 section 5), PostgreSQL
 * (SSLRequest), LDAP (RFC 4511 section 4.14).
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "cmd/heartbleed_line.h"

#define LINE_SIZE  1024
#define LINES_MOST 100
#define XML_MOST   8192
#define STEPS_MOST 3

/* One step: something is sent ("" nothing), and lines are read until one that begins with `good`.
 * Lines that begin with `more` are passed over; any other line is a refusal. */
struct step {
	const char *send, *good, *more;
};

static const struct protocol {
	const char *name;
	uint16_t port;
	struct step steps[STEPS_MOST]; /* up to one whose `good` is NULL */
} PROTOCOLS[] = {
	{ "smtp", 25,
	    { { "", "220 ", "220-" }, { "EHLO yagura.invalid\r\n", "250 ", "250-" },
		{ "STARTTLS\r\n", "220 ", "220-" } } },
	{ "imap", 143, { { "", "* OK", "* " }, { "a1 STARTTLS\r\n", "a1 OK", "* " } } },
	{ "pop3", 110, { { "", "+OK", NULL }, { "STLS\r\n", "+OK", NULL } } },
	{ "ftp", 21, { { "", "220 ", "220-" }, { "AUTH TLS\r\n", "234 ", "234-" } } },
	{ "nntp", 119, { { "", "20", NULL }, { "STARTTLS\r\n", "382", NULL } } },
	{ "xmpp", 5222, { { NULL, NULL, NULL } } },
	{ "postgres", 5432, { { NULL, NULL, NULL } } },
	{ "ldap", 389, { { NULL, NULL, NULL } } },
};

static const struct protocol *
find(const char *name)
{
	for (size_t i = 0; i < sizeof PROTOCOLS / sizeof PROTOCOLS[0]; i++)
		if (strcmp(PROTOCOLS[i].name, name) == 0)
			return &PROTOCOLS[i];
	return NULL;
}

uint16_t
starttls_port(const char *protocol)
{
	const struct protocol *p = find(protocol);

	return p != NULL ? p->port : 0;
}

/* One line without its end; longer ones are cut. */
static bool
take_line(struct heartbleed_line *line, char *text, size_t size)
{
	size_t used = 0;
	char c;

	while (heartbleed_line_take(line, &c, 1, NULL)) {
		if (c == '\n') {
			while (used > 0 && text[used - 1] == '\r')
				used--;
			text[used] = '\0';
			return true;
		}
		if (used + 1 < size)
			text[used++] = c;
	}
	return false;
}

static bool
begins(const char *text, const char *with)
{
	return with != NULL && strncmp(text, with, strlen(with)) == 0;
}

/* Printable, so that it may be shown. */
static void
refuse(const char *said, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "STARTTLS was refused: ");

	while (*said != '\0' && used + 1 < size) {
		text[used++] = (char)(*said >= ' ' && *said <= '~' ? *said : '.');
		said++;
	}
	text[used < size ? used : size - 1] = '\0';
}

static bool
talk_lines(struct heartbleed_line *line, const struct protocol *p, char *text, size_t text_size)
{
	char said[LINE_SIZE];

	for (size_t i = 0; i < STEPS_MOST && p->steps[i].good != NULL; i++) {
		const struct step *s = &p->steps[i];
		unsigned lines = 0;
		if (!heartbleed_line_send(line, s->send, strlen(s->send)))
			goto silent;
		do {
			if (lines++ == LINES_MOST || !take_line(line, said, sizeof said))
				goto silent;
		} while (!begins(said, s->good) && begins(said, s->more));
		if (!begins(said, s->good)) {
			refuse(said, text, text_size);
			return false;
		}
	}
	return true;
silent:
	(void)snprintf(text, text_size, "the server did not say what %s says", p->name);
	return false;
}

/* Reads until the text has `end` in it. */
static bool
take_until(struct heartbleed_line *line, char *text, size_t size, const char *end)
{
	size_t used = 0;

	while (used + 1 < size && heartbleed_line_take(line, text + used, 1, NULL)) {
		text[++used] = '\0';
		if (strstr(text, end) != NULL)
			return true;
	}
	return false;
}

static bool
talk_xmpp(struct heartbleed_line *line, const char *name, char *text, size_t text_size)
{
	static const char ASK[] = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
	char open[512], said[XML_MOST];

	(void)snprintf(open, sizeof open,
	    "<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:client' "
	    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
	    name != NULL ? name : "localhost");
	if (!heartbleed_line_send(line, open, strlen(open)) ||
	    !take_until(line, said, sizeof said, "</stream:features>") ||
	    strstr(said, "urn:ietf:params:xml:ns:xmpp-tls") == NULL ||
	    !heartbleed_line_send(line, ASK, sizeof ASK - 1) ||
	    !take_until(line, said, sizeof said, ">") || strstr(said, "<proceed") == NULL) {
		(void)snprintf(text, text_size, "the server does not offer STARTTLS for XMPP");
		return false;
	}
	return true;
}

static bool
talk_postgres(struct heartbleed_line *line, char *text, size_t text_size)
{
	static const uint8_t ASK[8] = { 0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f };
	char said = 0;

	if (heartbleed_line_send(line, ASK, sizeof ASK) &&
	    heartbleed_line_take(line, &said, 1, NULL) && said == 'S')
		return true;
	(void)snprintf(text, text_size, "the server does not take TLS for PostgreSQL");
	return false;
}

/* An ExtendedRequest of 1.3.6.1.4.1.1466.20037; the response's resultCode must be success. */
static bool
talk_ldap(struct heartbleed_line *line, char *text, size_t text_size)
{
	static const uint8_t ASK[] = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
				     "1.3.6.1.4.1.1466.20037";
	static const uint8_t SUCCESS[] = { 0x0a, 0x01, 0x00 };
	uint8_t head[2], said[127];

	if (heartbleed_line_send(line, ASK, sizeof ASK - 1) &&
	    heartbleed_line_take(line, head, sizeof head, NULL) && head[0] == 0x30 &&
	    head[1] < sizeof said && heartbleed_line_take(line, said, head[1], NULL) &&
	    memmem(said, head[1], SUCCESS, sizeof SUCCESS) != NULL)
		return true;
	(void)snprintf(text, text_size, "the server does not take TLS for LDAP");
	return false;
}

bool
starttls_talk(struct heartbleed_line *line, const char *protocol, const char *name, char *text,
    size_t text_size)
{
	if (strcmp(protocol, "xmpp") == 0)
		return talk_xmpp(line, name, text, text_size);
	if (strcmp(protocol, "postgres") == 0)
		return talk_postgres(line, text, text_size);
	if (strcmp(protocol, "ldap") == 0)
		return talk_ldap(line, text, text_size);
	return talk_lines(line, find(protocol), text, text_size);
}
