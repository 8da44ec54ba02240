/* SPDX-License-Identifier: ISC */
/*
 * Prompts of telnet, FTP (RFC 959) and POP3 (RFC 1939); see dialogue.h.
 *
 * SSH is a banner only: names and passwords come encrypted, and a key exchange would be more than
 * a few words.
 */
#include "sensor/dialogue.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Telnet commands (RFC 854): IAC WILL option, IAC SB … IAC SE. */
enum {
	TELNET_SE = 240,
	TELNET_SB = 250,
	TELNET_WILL = 251,
	TELNET_DONT = 254,
	TELNET_IAC = 255,
};

enum telnet_place {
	TELNET_TEXT,
	TELNET_COMMAND,     /* behind IAC */
	TELNET_OPTION,      /* behind WILL, DO and their opposites */
	TELNET_NEGOTIATION, /* behind SB */
	TELNET_NEGOTIATION_IAC,
};

static const struct {
	const char *name, *banner, *end;
	uint16_t ports[2];
} KNOWN[SERVICES] = {
	[SERVICE_SILENT] = { "silent", "", "", { 0, 0 } },
	[SERVICE_SSH] = { "ssh", "SSH-2.0-OpenSSH_9.2", "\r\n", { 22, 2222 } },
	[SERVICE_TELNET] = { "telnet", "login: ", "", { 23, 2323 } },
	[SERVICE_FTP] = { "ftp", "220 FTP server ready", "\r\n", { 21, 2121 } },
	[SERVICE_POP3] = { "pop3", "+OK POP3 server ready", "\r\n", { 110, 110 } },
};

void
dialogue_banners_init(struct dialogue_banners *banners)
{
	*banners = (struct dialogue_banners){ 0 };
	for (size_t i = 0; i < SERVICES; i++)
		(void)snprintf(banners->text[i], sizeof banners->text[i], "%s%s", KNOWN[i].banner,
		    KNOWN[i].end);
}

enum err
dialogue_set_banner(struct dialogue_banners *banners, const char *text, struct err_info *info)
{
	const char *equals = strchr(text, '=');
	enum service service =
	    equals != NULL ? dialogue_service(text, (size_t)(equals - text)) : SERVICES;

	if (service == SERVICES || service == SERVICE_SILENT)
		return err_set(info, ERR_USAGE,
		    "\"%.80s\": no banner like ftp=TEXT, of ssh, telnet, ftp or pop3", text);
	if (strlen(equals + 1) > DIALOGUE_BANNER || strpbrk(equals + 1, "\r\n") != NULL)
		return err_set(info, ERR_USAGE,
		    "\"%.80s\": a banner is one line of up to %d octets", text, DIALOGUE_BANNER);
	(void)snprintf(banners->text[service], sizeof banners->text[service], "%s%s", equals + 1,
	    KNOWN[service].end);
	return ERR_OK;
}

const char *
dialogue_service_name(enum service service)
{
	return KNOWN[service].name;
}

enum service
dialogue_service(const char *name, size_t size)
{
	for (unsigned i = 0; i < SERVICES; i++)
		if (strlen(KNOWN[i].name) == size && memcmp(KNOWN[i].name, name, size) == 0)
			return (enum service)i;
	return SERVICES;
}

enum service
dialogue_service_of(uint16_t port)
{
	for (unsigned i = SERVICE_SSH; i < SERVICES; i++)
		if (KNOWN[i].ports[0] == port || KNOWN[i].ports[1] == port)
			return (enum service)i;
	return SERVICE_SILENT;
}

static void
say(struct dialogue_reply *reply, const char *text)
{
	size_t size = strlen(text);

	if (size <= sizeof reply->text - reply->size) {
		memcpy(reply->text + reply->size, text, size);
		reply->size += size;
	}
}

void
dialogue_begin(struct dialogue *d, enum service service, const struct dialogue_banners *banners,
    struct dialogue_reply *ret_reply)
{
	*d = (struct dialogue){ .service = (uint8_t)service };
	ret_reply->size = 0;
	say(ret_reply, banners->text[service]);
}

static uint8_t
keep(char *to, const char *from, size_t size)
{
	size = size < DIALOGUE_TEXT ? size : DIALOGUE_TEXT;
	memcpy(to, from, size);
	return (uint8_t)size;
}

static void
take_user(struct dialogue *d, const char *text, size_t size)
{
	d->user_size = keep(d->user, text, size);
	d->in_password = true;
}

static void
take_password(struct dialogue *d, const char *text, size_t size)
{
	struct dialogue_login *login = &d->logins[d->login_count++];

	login->user_size = keep(login->user, d->user, d->user_size);
	login->password_size = keep(login->password, text, size);
	d->in_password = false;
	d->user_size = 0;
	d->finished = d->login_count == DIALOGUE_LOGINS;
}

static void
take_telnet_line(struct dialogue *d, struct dialogue_reply *reply)
{
	if (!d->in_password) {
		if (d->line_size == 0) {
			say(reply, "login: ");
			return;
		}
		take_user(d, d->line, d->line_size);
		say(reply, "Password: ");
		return;
	}
	take_password(d, d->line, d->line_size);
	say(reply, d->finished ? "\r\nLogin incorrect\r\n" : "\r\nLogin incorrect\r\nlogin: ");
}

/* The words a service of commands has. */
struct words {
	const char *ask_password, *wrong, *no_user, *unknown, *bye;
};

/* "USER name", "PASS word", "QUIT", as FTP and POP3 have them. */
static void
take_command(struct dialogue *d, const struct words *words, struct dialogue_reply *reply)
{
	const char *line = d->line;
	size_t size = d->line_size;
	bool has_argument = size > 4 && line[4] == ' ';

	if (size >= 4 && strncasecmp(line, "USER", 4) == 0 && has_argument) {
		take_user(d, line + 5, size - 5);
		say(reply, words->ask_password);
	} else if (size >= 4 && strncasecmp(line, "PASS", 4) == 0 && (has_argument || size == 4)) {
		if (!d->in_password) {
			say(reply, words->no_user);
			return;
		}
		take_password(d, has_argument ? line + 5 : line + 4, has_argument ? size - 5 : 0);
		say(reply, words->wrong);
	} else if (size == 4 && strncasecmp(line, "QUIT", 4) == 0) {
		d->finished = true;
		say(reply, words->bye);
	} else {
		say(reply, words->unknown);
	}
}

static void
take_line(struct dialogue *d, struct dialogue_reply *reply)
{
	static const struct words FTP = { "331 Please specify the password.\r\n",
		"530 Login incorrect.\r\n", "503 Login with USER first.\r\n",
		"530 Please login with USER and PASS.\r\n", "221 Goodbye.\r\n" };
	static const struct words POP3 = { "+OK\r\n", "-ERR [AUTH] Authentication failed.\r\n",
		"-ERR No username given.\r\n", "-ERR Unknown command.\r\n", "+OK Logging out\r\n" };

	if (d->service == SERVICE_TELNET)
		take_telnet_line(d, reply);
	else
		take_command(d, d->service == SERVICE_FTP ? &FTP : &POP3, reply);
	d->line_size = 0;
}

/* Whether an octet is text, and not of a telnet command. */
static bool
is_text(struct dialogue *d, uint8_t octet)
{
	switch ((enum telnet_place)d->telnet) {
	case TELNET_TEXT:
		if (octet == TELNET_IAC)
			d->telnet = TELNET_COMMAND;
		return octet != TELNET_IAC;
	case TELNET_COMMAND:
		d->telnet = octet == TELNET_SB                             ? TELNET_NEGOTIATION
			    : octet >= TELNET_WILL && octet <= TELNET_DONT ? TELNET_OPTION
									   : TELNET_TEXT;
		return octet == TELNET_IAC; /* doubled: an octet 255 */
	case TELNET_OPTION: d->telnet = TELNET_TEXT; return false;
	case TELNET_NEGOTIATION:
		if (octet == TELNET_IAC)
			d->telnet = TELNET_NEGOTIATION_IAC;
		return false;
	case TELNET_NEGOTIATION_IAC:
		d->telnet = octet == TELNET_SE ? TELNET_TEXT : TELNET_NEGOTIATION;
		return false;
	}
	return false;
}

/* Lines end with LF, CR LF, and of telnet also with CR or CR NUL. */
static void
take_octet(struct dialogue *d, uint8_t octet, struct dialogue_reply *reply)
{
	bool after_return = d->was_return;

	if (d->service == SERVICE_TELNET && !is_text(d, octet))
		return;
	d->was_return = octet == '\r';
	if (d->service == SERVICE_TELNET && after_return && (octet == '\n' || octet == '\0'))
		return;
	if (octet == '\n' || (octet == '\r' && d->service == SERVICE_TELNET))
		take_line(d, reply);
	else if (octet != '\r' && d->line_size < DIALOGUE_LINE)
		d->line[d->line_size++] = (char)octet;
}

void
dialogue_take(
    struct dialogue *d, const uint8_t *data, size_t size, struct dialogue_reply *ret_reply)
{
	ret_reply->size = 0;
	if (d->service == SERVICE_SILENT || d->service == SERVICE_SSH)
		return;
	for (size_t i = 0; i < size && !d->finished; i++)
		take_octet(d, data[i], ret_reply);
}
