/* SPDX-License-Identifier: ISC */
/*
 * Logins in packets, as a protocol of contents (decode/content.h): yields OBS_LOGIN.
 *
 * FTP (RFC 959), POP3 (RFC 1939, RFC 5034), IMAP (RFC 3501) and SMTP AUTH (RFC 4954) say in clear
 * who tries and what came of it.  Of SSH (RFC 4253) only the connection's size and duration are
 * seen, and what is concluded from them is called likely.  No password is kept.
 */
#ifndef YAGURA_DECODE_LOGIN_H
#define YAGURA_DECODE_LOGIN_H

#include "decode/content.h"

extern const struct content_protocol content_login;

#endif
