/* SPDX-License-Identifier: ISC */
/* What the dialogues of decode/login.c share. */
#ifndef YAGURA_DECODE_LOGIN_INTERNAL_H
#define YAGURA_DECODE_LOGIN_INTERNAL_H

#include "decode/content.h"

#define LOGIN_LINE_MOST 512 /* octets of a line that are looked at; SMTP's own limit */
#define LOGIN_USER_MOST 64
#define LOGIN_TAG_MOST  16

enum { LOGIN_CLIENT, LOGIN_SERVER }; /* directions */

struct login_line {
	size_t size;
	uint8_t octets[LOGIN_LINE_MOST];
};

/* RFC 4253, section 6: packet_length (4), padding_length (1), payload, padding. */
struct login_ssh_half {
	bool named;     /* its version line is over */
	bool encrypted; /* it sent NEWKEYS */
	bool lost;      /* octets of the clear part were missing */
	uint8_t header[6];
	uint8_t header_size;
	uint32_t left;   /* octets of the packet at hand */
	uint64_t octets; /* encrypted ones */
};

struct login_connection {
	struct login login; /* who, where, when it began; its texts point to the fields below */
	const struct login_service *service; /* NULL: not known yet */
	nsec_t begin, latest;
	bool greeted_220, delivered;
	uint8_t step; /* the service's own */
	struct login_line lines[2];
	char user[LOGIN_USER_MOST];
	size_t user_size;
	char client[LOGIN_USER_MOST];
	size_t client_size;
	char tag[LOGIN_TAG_MOST]; /* IMAP */
	size_t tag_size;
	struct login_ssh_half ssh[2];
};

/* A service that speaks in lines. */
struct login_service {
	const char *name;
	void (*command)(struct login_connection *c, const uint8_t *line, size_t size);
	void (*reply)(struct login_connection *c, const struct content_sink *sink,
	    const uint8_t *line, size_t size);
};

extern const struct login_service login_ftp, login_smtp, login_pop3, login_imap;

/* Delivers the attempt at hand. */
void login_deliver(
    struct login_connection *c, const struct content_sink *sink, enum login_outcome outcome);

/* Notes the name that is tried, and where in the input it stands. */
void login_name(struct login_connection *c, const uint8_t *name, size_t size);
/* The same of base64 of "authorization NUL name NUL password" (RFC 4616). */
void login_name_plain(struct login_connection *c, const uint8_t *text, size_t size);
/* Of base64 of the name alone. */
void login_name_base64(struct login_connection *c, const uint8_t *text, size_t size);

/* Whether a line begins with a word, upper or lower case; `ret_rest` is what comes after the blanks
 * behind it. */
bool login_word(const uint8_t *line, size_t size, const char *word, struct octets *ret_rest);

/* SSH (login_ssh.c). */
void
login_ssh_data(struct login_connection *c, unsigned direction, const uint8_t *data, size_t size);
void login_ssh_gap(struct login_connection *c, unsigned direction, uint64_t size);
/* What the connection's size and time say, once they do; over: it has ended. */
void login_ssh_judge(struct login_connection *c, const struct content_sink *sink, bool over);

#endif
