/* SPDX-License-Identifier: ISC */
/*
 * The few words that a sensor says, so that the other side goes on: a banner, prompts for a name
 * and a password, and that it was wrong.
 *
 *	dialogue_begin(&d, SERVICE_TELNET, &banners, &reply);
 *	… dialogue_take(&d, octets, size, &reply) …   // what came; d.finished: nothing more to say
 *
 * Nothing that was sent is ever said back, and nothing depends on it but the next prompt.
 */
#ifndef YAGURA_SENSOR_DIALOGUE_H
#define YAGURA_SENSOR_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DIALOGUE_LINE   256 /* octets of a line that are kept */
#define DIALOGUE_TEXT   64  /* of a name or password */
#define DIALOGUE_LOGINS 3   /* attempts, after which the sensor hangs up */
#define DIALOGUE_BANNER 200
#define DIALOGUE_REPLY  512

enum service {
	SERVICE_SILENT, /* says nothing; a whole HTTP request is answered 404 */
	SERVICE_SSH,
	SERVICE_TELNET,
	SERVICE_FTP,
	SERVICE_POP3,
	SERVICES,
};

/* What is said first, by service; ends as it is sent. */
struct dialogue_banners {
	char text[SERVICES][DIALOGUE_BANNER + 3];
};

struct dialogue_login {
	uint8_t user_size, password_size;
	char user[DIALOGUE_TEXT], password[DIALOGUE_TEXT];
};

struct dialogue {
	uint8_t service; /* enum service */
	uint8_t telnet;  /* where in a telnet command the octets are */
	bool in_password;
	bool finished;
	bool was_return; /* the octet before was CR */
	uint8_t login_count;
	uint16_t line_size;
	char line[DIALOGUE_LINE];
	struct dialogue_login logins[DIALOGUE_LOGINS];
	uint8_t user_size;
	char user[DIALOGUE_TEXT];
};

/* Octets to send. */
struct dialogue_reply {
	size_t size;
	char text[DIALOGUE_REPLY];
};

void dialogue_banners_init(struct dialogue_banners *banners);

/* "ftp=220 ready": another banner; ERR_USAGE. */
MUST_CHECK enum err
dialogue_set_banner(struct dialogue_banners *banners, const char *text, struct err_info *info);

const char *dialogue_service_name(enum service service);

/* By name; SERVICES when there is none. */
enum service dialogue_service(const char *name, size_t size);

/* What a port is usually for. */
enum service dialogue_service_of(uint16_t port);

void dialogue_begin(struct dialogue *d, enum service service,
    const struct dialogue_banners *banners, struct dialogue_reply *ret_reply);
void dialogue_take(
    struct dialogue *d, const uint8_t *data, size_t size, struct dialogue_reply *ret_reply);

#endif
