/* SPDX-License-Identifier: ISC */
/* Logins in dialogues: each service, cut at every octet, with octets missing, and SSH by its size.
 */
#include <string.h>

#include "decode/login.h"
#include "obs/section.h"
#include "test.h"

#define HEARD 2048

/* What was delivered: "service user outcome\n" each. */
struct ear {
	char text[HEARD];
	size_t count;
	struct content_sink sink;
};

/* A part of a dialogue: '>' of the client, '<' of the server. */
struct part {
	char side;
	const char *text;
};

static void
hear(void *context, const struct batch *batch)
{
	static const char OUTCOMES[] = "FSUfs";
	struct ear *ear = context;

	assert_int_equal(batch->type, OBS_LOGIN);
	for (size_t i = 0; i < batch->count; i++) {
		const struct login *l = batch->logins[i];
		size_t used = strlen(ear->text);

		(void)snprintf(ear->text + used, HEARD - used, "%s %.*s %c\n", l->service,
		    (int)l->user.size, (const char *)l->user.data, OUTCOMES[l->outcome]);
		assert_int_equal(l->origin, LOGIN_FROM_PACKETS);
		assert_int_equal(l->password.size, 0);
		ear->count++;
	}
}

static void
begin_ear(struct ear *ear)
{
	*ear = (struct ear){ .count = 0 };
	ear->sink = (struct content_sink){ .deliver = hear, .context = ear, .consumed = OBS_LOGIN };
}

static struct stream_event
data_of(char side, const void *data, size_t size, nsec_t time)
{
	return (struct stream_event){ .kind = STREAM_DATA,
		.direction = side == '<',
		.time = time,
		.data = data,
		.size = size };
}

static bool
is_known(const struct part *p)
{
	return content_login.sniff(NULL, (const uint8_t *)p->text, strlen(p->text));
}

/* Says the parts, each in pieces of `piece` octets; all but the last `cut` octets of them. */
static void
talk(struct ear *ear, const struct part *parts, size_t count, size_t piece, size_t most)
{
	struct stream_event first = data_of(parts[0].side, parts[0].text, 1, NSEC_PER_SEC);
	void *c = content_login.open(&ear->sink, &first);
	nsec_t time = NSEC_PER_SEC;

	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(parts[i].text);
		for (size_t at = 0; at < size && most > 0;) {
			size_t n = size - at < piece ? size - at : piece;
			struct stream_event e;
			n = n < most ? n : most;
			e = data_of(parts[i].side, parts[i].text + at, n, time += NSEC_PER_MS);
			content_login.event(c, &ear->sink, &e);
			at += n;
			most -= n;
		}
	}
	content_login.close(c, &ear->sink, time);
}

static const struct part FTP[] = {
	{ '<', "220-hello\r\n220 ready\r\n" },
	{ '>', "USER anna\r\n" },
	{ '<', "331 password\r\n" },
	{ '>', "PASS x\r\n" },
	{ '<', "530 no\r\n" },
	{ '>', "user bob\r\nPASS y\r\n" },
	{ '<', "331 password\r\n230-welcome\r\n230 in\r\n" },
};

static const struct part SMTP[] = {
	{ '<', "220 mx ESMTP\r\n" },
	{ '>', "EHLO me\r\n" },
	{ '<', "250-mx\r\n250 AUTH PLAIN LOGIN\r\n" },
	{ '>', "AUTH PLAIN AGFubmEAc2VjcmV0\r\n" },
	{ '<', "535 5.7.8 no\r\n" },
	{ '>', "AUTH LOGIN\r\n" },
	{ '<', "334 VXNlcm5hbWU6\r\n" },
	{ '>', "Ym9i\r\n" },
	{ '<', "334 UGFzc3dvcmQ6\r\n" },
	{ '>', "c2VjcmV0\r\n" },
	{ '<', "235 2.7.0 yes\r\n" },
	{ '>', "AUTH PLAIN\r\n" },
	{ '<', "334\r\n" },
	{ '>', "AGNhcmwAeA==\r\n" },
	{ '<', "535 no\r\n" },
};

static const struct part POP3[] = {
	{ '<', "+OK POP3 ready\r\n" },
	{ '>', "USER anna\r\n" },
	{ '<', "+OK\r\n" },
	{ '>', "PASS x\r\n" },
	{ '<', "-ERR no\r\n" },
	{ '>', "APOP bob c4c9334bac560ecc979e58001b3e22fb\r\n" },
	{ '<', "+OK in\r\n" },
};

static const struct part IMAP[] = {
	{ '<', "* OK IMAP4rev1\r\n" },
	{ '>', "a1 CAPABILITY\r\n" },
	{ '<', "* CAPABILITY IMAP4rev1\r\na1 OK\r\n" },
	{ '>', "a2 LOGIN \"anna b\" x\r\n" },
	{ '<', "a2 NO no\r\n" },
	{ '>', "a3 login bob y\r\n" },
	{ '<', "* 3 EXISTS\r\na3 OK in\r\n" },
	{ '>', "a4 AUTHENTICATE PLAIN\r\n" },
	{ '<', "+\r\n" },
	{ '>', "AGNhcmwAeA==\r\n" },
	{ '<', "a4 NO no\r\n" },
};

static const struct {
	const struct part *parts;
	size_t count;
	const char *heard;
} DIALOGUES[] = {
	{ FTP, ARRAY_COUNT(FTP), "ftp anna F\nftp bob S\n" },
	{ SMTP, ARRAY_COUNT(SMTP), "smtp anna F\nsmtp bob S\nsmtp carl F\n" },
	{ POP3, ARRAY_COUNT(POP3), "pop3 anna F\npop3 bob S\n" },
	{ IMAP, ARRAY_COUNT(IMAP), "imap anna b F\nimap bob S\nimap carl F\n" },
};

static void
test_dialogues(void **state)
{
	struct ear ear;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(DIALOGUES); i++) {
		assert_true(is_known(&DIALOGUES[i].parts[0]));
		for (size_t piece = 1; piece < 40; piece++) {
			begin_ear(&ear);
			talk(&ear, DIALOGUES[i].parts, DIALOGUES[i].count, piece, SIZE_MAX);
			assert_string_equal(ear.text, DIALOGUES[i].heard);
		}
	}
}

/* Cut anywhere, what is heard is the beginning of the whole. */
static void
test_cut(void **state)
{
	struct ear ear;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(DIALOGUES); i++)
		for (size_t most = 0; most < 400; most++) {
			begin_ear(&ear);
			talk(&ear, DIALOGUES[i].parts, DIALOGUES[i].count, 1000, most);
			assert_int_equal(
			    strncmp(DIALOGUES[i].heard, ear.text, strlen(ear.text)), 0);
		}
}

static void
test_sniff(void **state)
{
	static const char *const OTHERS[] = { "220", "2200 x\r\n", "+OK\r\n", "+OKAY\r\n",
		"* A\r\n", "USERS x\r\n", "SSH\r\n", "SSH-1.5-x\r\n", "220 \x01\x02\r\n",
		"220 text", "GET /" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(OTHERS); i++)
		assert_false(
		    content_login.sniff(NULL, (const uint8_t *)OTHERS[i], strlen(OTHERS[i])));
	assert_true(content_login.sniff(NULL, (const uint8_t *)"SSH-2.0-x\r\n", 11));
	assert_true(content_login.sniff(NULL, (const uint8_t *)"USER anna\r\n", 11));
}

/* A line without end is no matter. */
static void
test_long_line(void **state)
{
	static uint8_t line[100000];
	struct ear ear;
	struct stream_event e = data_of('<', "220 x\r\n", 7, 0);
	void *c;

	(void)state;
	begin_ear(&ear);
	memset(line, 'a', sizeof line);
	c = content_login.open(&ear.sink, &e);
	content_login.event(c, &ear.sink, &e);
	e = data_of('>', line, sizeof line, 1);
	content_login.event(c, &ear.sink, &e);
	e = data_of('>', "\r\nUSER anna\r\n", 13, 2);
	content_login.event(c, &ear.sink, &e);
	e = data_of('<', "530 no\r\n", 8, 3);
	content_login.event(c, &ear.sink, &e);
	content_login.close(c, &ear.sink, 4);
	assert_string_equal(ear.text, "ftp anna F\n");
}

/* An SSH connection: `octets` encrypted ones of the server, the last `time` after the first; `hole`
 * of them missing. */
static const char *
ssh(struct ear *ear, size_t octets, nsec_t time, size_t piece, size_t hole)
{
	static const char HELLO[] = "SSH-2.0-OpenSSH_6.6\r\n";
	/* KEXINIT of 16 octets, NEWKEYS of 12. */
	static const uint8_t CLEAR[] = { 0, 0, 0, 12, 4, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0,
		12, 10, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	static uint8_t noise[10000];
	struct stream_event e = data_of('<', HELLO, sizeof HELLO - 1, 0);
	void *c;

	begin_ear(ear);
	c = content_login.open(&ear->sink, &e);
	for (unsigned d = 0; d < 2; d++) {
		e = data_of(d == 0 ? '<' : '>', HELLO, sizeof HELLO - 1, 0);
		content_login.event(c, &ear->sink, &e);
		for (size_t at = 0; at < sizeof CLEAR; at += piece) {
			size_t n = sizeof CLEAR - at < piece ? sizeof CLEAR - at : piece;
			e = data_of(d == 0 ? '<' : '>', CLEAR + at, n, 1);
			content_login.event(c, &ear->sink, &e);
		}
	}
	e = data_of('<', noise, octets - hole, time);
	content_login.event(c, &ear->sink, &e);
	if (hole > 0) {
		e = (struct stream_event){
			.kind = STREAM_GAP, .direction = 1, .size = hole, .time = time
		};
		content_login.event(c, &ear->sink, &e);
	}
	content_login.close(c, &ear->sink, time + 100 * NSEC_PER_SEC);
	return ear->text;
}

static void
test_ssh(void **state)
{
	struct ear ear;

	(void)state;
	for (size_t piece = 1; piece < 33; piece++) {
		assert_string_equal(ssh(&ear, 4999, 19 * NSEC_PER_SEC, piece, 0), "ssh  f\n");
		assert_string_equal(ssh(&ear, 5000, 19 * NSEC_PER_SEC, piece, 0), "ssh  s\n");
	}
	/* Short of words but long: nothing follows.  Missing octets count. */
	assert_string_equal(ssh(&ear, 4999, 20 * NSEC_PER_SEC, 100, 0), "ssh  U\n");
	assert_string_equal(ssh(&ear, 5000, NSEC_PER_SEC, 100, 4000), "ssh  s\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_ssh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
