/* SPDX-License-Identifier: ISC */
/* Dialogues, ports, pools of visitors, lines and files of the log. */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "sensor/firewall.h"
#include "sensor/journal.h"
#include "sensor/ports.h"
#include "sensor/record.h"
#include "sensor/visitors.h"
#include "test.h"

/* Says all of `text` in pieces and gathers what is answered. */
static void
converse(struct dialogue *d, enum service service, const char *text, size_t size, size_t piece,
    char *ret_answers)
{
	struct dialogue_banners banners;
	struct dialogue_reply reply;
	size_t used;

	dialogue_banners_init(&banners);
	dialogue_begin(d, service, &banners, &reply);
	memcpy(ret_answers, reply.text, reply.size);
	used = reply.size;
	for (size_t at = 0; at < size; at += piece) {
		dialogue_take(
		    d, (const uint8_t *)text + at, size - at < piece ? size - at : piece, &reply);
		memcpy(ret_answers + used, reply.text, reply.size);
		used += reply.size;
	}
	ret_answers[used] = '\0';
}

static void
assert_login(const struct dialogue *d, size_t number, const char *user, const char *password)
{
	const struct dialogue_login *login = &d->logins[number];

	assert_int_equal(login->user_size, strlen(user));
	assert_memory_equal(login->user, user, strlen(user));
	assert_int_equal(login->password_size, strlen(password));
	assert_memory_equal(login->password, password, strlen(password));
}

/* The same whatever the pieces are. */
static void
test_telnet(void **state)
{
	static const char TEXT[] = "\xff\xfd\x01\xff\xfa\x18\0x\xffy\xff\xf0\r\nroot\r\0a\xff\xff"
				   "b\r\nadmin\n\ncd\refgh\rxyz\r";
	struct dialogue d;
	char answers[2048];

	(void)state;
	for (size_t piece = 1; piece < sizeof TEXT; piece++) {
		converse(&d, SERVICE_TELNET, TEXT, sizeof TEXT - 1, piece, answers);
		assert_string_equal(answers,
		    "login: login: Password: \r\nLogin incorrect\r\nlogin: Password: \r\nLogin "
		    "incorrect\r\nlogin: Password: \r\nLogin incorrect\r\n");
		assert_int_equal(d.login_count, 3);
		assert_login(&d, 0, "root",
		    "a\xff"
		    "b");
		assert_login(&d, 1, "admin", "");
		assert_login(&d, 2, "cd", "efgh");
		assert_true(d.finished);
	}
}

static void
test_commands(void **state)
{
	static const char FTP[] =
	    "PASS x\r\nuser a b\r\nPASS  c \r\nSYST\r\nUSER\r\nUSER z\nPASS\nQUIT\r\nQUIT\r\n";
	static const char POP3[] = "CAPA\r\nUSER joe\r\nPASS x\r\n";
	struct dialogue d;
	char answers[2048];

	(void)state;
	converse(&d, SERVICE_FTP, FTP, sizeof FTP - 1, 5, answers);
	assert_string_equal(answers,
	    "220 FTP server ready\r\n503 Login with USER first.\r\n331 Please specify the "
	    "password.\r\n530 Login incorrect.\r\n530 Please login with USER and PASS.\r\n530 "
	    "Please "
	    "login with USER and PASS.\r\n331 Please specify the password.\r\n530 Login "
	    "incorrect.\r\n221 Goodbye.\r\n");
	assert_int_equal(d.login_count, 2);
	assert_login(&d, 0, "a b", " c ");
	assert_login(&d, 1, "z", "");
	converse(&d, SERVICE_POP3, POP3, sizeof POP3 - 1, 100, answers);
	assert_string_equal(answers,
	    "+OK POP3 server ready\r\n-ERR Unknown command.\r\n+OK\r\n-ERR [AUTH] Authentication "
	    "failed.\r\n");
	assert_login(&d, 0, "joe", "x");
}

/* Lines, names and answers are bounded, whatever comes. */
static void
test_bounds(void **state)
{
	char *text = xmalloc(100000), answers[2048];
	struct dialogue d;

	(void)state;
	memset(text, 'x', 100000);
	memcpy(text, "USER ", 5);
	memcpy(text + 50000, "\r\nPASS ", 7);
	text[99999] = '\n';
	converse(&d, SERVICE_FTP, text, 100000, 997, answers);
	assert_int_equal(d.login_count, 1);
	assert_int_equal(d.logins[0].user_size, DIALOGUE_TEXT);
	assert_int_equal(d.logins[0].password_size, DIALOGUE_TEXT);
	memset(text, '\n', 100000);
	converse(&d, SERVICE_POP3, text, 10, 10, answers);
	/* More answers than a reply has room for are left out. */
	dialogue_take(&d, (const uint8_t *)text, 100000, &(struct dialogue_reply){ 0 });
	free(text);
}

static void
test_banners(void **state)
{
	struct dialogue_banners banners;
	struct dialogue_reply reply;
	struct err_info why;
	struct dialogue d;

	(void)state;
	dialogue_banners_init(&banners);
	assert_int_equal(dialogue_set_banner(&banners, "ftp=220 a=b", &why), ERR_OK);
	dialogue_begin(&d, SERVICE_FTP, &banners, &reply);
	assert_int_equal(reply.size, 9);
	assert_memory_equal(reply.text, "220 a=b\r\n", 9);
	assert_int_equal(dialogue_set_banner(&banners, "ftp", &why), ERR_USAGE);
	assert_int_equal(dialogue_set_banner(&banners, "gopher=x", &why), ERR_USAGE);
	assert_int_equal(dialogue_set_banner(&banners, "ssh=x\ny", &why), ERR_USAGE);
	assert_int_equal(dialogue_service_of(2323), SERVICE_TELNET);
	assert_int_equal(dialogue_service_of(80), SERVICE_SILENT);
}

static void
test_ports(void **state)
{
	static const char *const BAD[] = { "", "0", "65536", "1,", ",1", "5-", "9-5", "1 2", "x",
		"99999999999999999999" };
	struct ports set = { 0 };
	struct err_info why;
	char text[64];

	(void)state;
	assert_int_equal(ports_parse("22,80,8000-8002,23,65535", &set, &why), ERR_OK);
	assert_int_equal(ports_count(&set), 7);
	assert_string_equal(ports_format(&set, text, sizeof text), "22-23, 80, 8000-8002, 65535");
	assert_null(ports_format(&set, text, 20));
	for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
		assert_int_equal(ports_parse(BAD[i], &set, &why), ERR_USAGE);
}

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

static void
test_sources(void **state)
{
	struct visitors v;
	struct visitor *held[40];

	(void)state;
	visitors_init(&v, 40);
	for (unsigned i = 0; i < 40; i++) {
		held[i] = visitors_take(&v);
		assert_non_null(held[i]);
		held[i]->ends.source = address(i % 2 != 0 ? "192.0.2.1" : "2001:db8::1");
		held[i]->ends.source.octets[15] ^= (uint8_t)(i % 2 != 0 ? 0 : i);
	}
	assert_null(visitors_take(&v));
	/* An IPv6 source is its /64. */
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(visitors_admit(&v, held[i], 10), i < 20);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 20; i++)
			visitors_dismiss(&v, held[i]);
		for (unsigned i = 0; i < 20; i++) {
			held[i]->address = VISITOR_NONE;
			held[i]->ends.source.octets[12] = (uint8_t)round;
			assert_true(visitors_admit(&v, held[i], 10));
		}
	}
	visitors_release(&v);
}

static void
test_conversations(void **state)
{
	struct visitors v;
	struct visitor *one, *two;
	struct visitor_ends ends = { .source = address("192.0.2.1"),
		.destination = address("192.0.2.2"),
		.source_port = 1,
		.destination_port = 2 };

	(void)state;
	visitors_init(&v, 16);
	for (unsigned i = 0; i < 16; i++) {
		one = visitors_take(&v);
		one->ends = ends;
		one->ends.source_port = (uint16_t)i;
		visitors_enter(&v, one);
	}
	for (unsigned i = 0; i < 1000; i++) {
		two = visitors_next(&v);
		visitors_leave(&v, two);
		visitors_give_back(&v, two);
		ends.source_port = (uint16_t)(100 + i);
		assert_null(visitors_find(&v, &ends));
		one = visitors_take(&v);
		assert_ptr_equal(one, two);
		one->ends = ends;
		visitors_enter(&v, one);
		assert_ptr_equal(visitors_find(&v, &ends), one);
	}
	assert_int_equal(v.count, 16);
	visitors_release(&v);
}

/* Any octets come back exactly from a line. */
static void
test_line(void **state)
{
	struct line *line = xmalloc(sizeof *line);
	struct visitor *v = xcalloc(1, sizeof *v);
	const char *text;
	json_t *root, *facts;

	(void)state;
	for (size_t i = 0; i < VISITOR_PAYLOAD; i++)
		v->payload[i] = (uint8_t)(i * 7);
	memcpy(v->payload, "GET /\"\\\x01\xff\x7f HTTP/1.1\r\n", 22);
	v->payload_size = VISITOR_PAYLOAD;
	v->dialogue.login_count = 3;
	v->dialogue.logins[2].user_size = v->dialogue.logins[2].password_size = DIALOGUE_TEXT;
	record_contact(line, "pot", v, RECORD_IDLE);
	assert_false(line->full);
	root = json_loadb(line->text, line->size, JSON_ALLOW_NUL, NULL);
	assert_non_null(root);
	facts = json_object_get(root, "facts");
	text = json_string_value(json_object_get(facts, "target"));
	assert_string_equal(text, "/\"\\\x01\xc3\xbf\x7f");
	assert_int_equal(
	    json_string_length(json_object_get(root, "payload")), (VISITOR_PAYLOAD + 2) / 3 * 4);
	assert_string_equal(json_string_value(json_object_get(root, "closed")), "idle");
	json_decref(root);
	/* What does not fit makes no line, and nothing is written beyond. */
	line_begin(line, "x", "pot");
	for (unsigned i = 0; i < 20; i++)
		line_base64(line, "payload", v->payload, VISITOR_PAYLOAD);
	assert_true(line->full);
	assert_true(line->size <= sizeof line->text);
	free(v);
	free(line);
}

/* Octets and number of the files in a directory, which are removed, as is the directory. */
static size_t
sweep(const char *path, off_t *ret_octets, off_t *ret_largest)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	struct stat status;
	size_t count = 0;

	*ret_octets = *ret_largest = 0;
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(fstatat(dirfd(directory), entry->d_name, &status, 0), 0);
		assert_int_equal(unlinkat(dirfd(directory), entry->d_name, 0), 0);
		*ret_octets += status.st_size;
		*ret_largest = status.st_size > *ret_largest ? status.st_size : *ret_largest;
		count++;
	}
	(void)closedir(directory);
	assert_int_equal(rmdir(path), 0);
	return count;
}

#define MIDNIGHT ((nsec_t)1767571200 * NSEC_PER_SEC)

static void
test_journal(void **state)
{
	char path[] = "/tmp/yagura-journal-XXXXXX";
	struct journal *j = xcalloc(1, sizeof *j);
	struct line *line = xmalloc(sizeof *line);
	struct err_info why;
	unsigned written = 0;
	off_t octets, largest;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(journal_open(j, path, "pot", MIDNIGHT, &why), ERR_OK);
	j->rotate = 10000;
	j->per_day = 50000;
	assert_int_equal(journal_begin(j, MIDNIGHT, &why), ERR_OK);
	line_begin(line, "contact", "pot");
	line_end(line);
	for (unsigned i = 0; i < 2000; i++) {
		written += journal_write(j, line, false, MIDNIGHT + i);
		if (i % 7 == 0)
			journal_flush(j, MIDNIGHT + i);
	}
	assert_int_equal(written, 50000 / line->size);
	assert_false(journal_write(j, line, false, MIDNIGHT + 86399 * NSEC_PER_SEC));
	assert_true(journal_write(j, line, true, MIDNIGHT + 86399 * NSEC_PER_SEC));
	journal_close(j, MIDNIGHT);
	assert_int_equal(j->lost, 0);
	/* Started again on the same day, it knows what it wrote; the day after it is free. */
	*j = (struct journal){ .rotate = 10000, .per_day = 50000 };
	assert_int_equal(journal_open(j, path, "pot", MIDNIGHT, &why), ERR_OK);
	assert_int_equal(j->day_octets, (written + 1) * line->size);
	assert_int_equal(journal_begin(j, MIDNIGHT, &why), ERR_OK);
	assert_false(journal_write(j, line, false, MIDNIGHT));
	assert_true(journal_write(j, line, false, MIDNIGHT + 86400 * NSEC_PER_SEC));
	journal_close(j, MIDNIGHT);
	assert_true(sweep(path, &octets, &largest) >= 6);
	assert_int_equal(octets, (written + 2) * line->size);
	assert_true(largest <= 10000);
	free(line);
	free(j);
}

static void
test_firewall(void **state)
{
	struct firewall f = { .interface = "eth0.5", .port = 61000, .prefix_count = 1 };
	struct err_info why;
	char *rules;

	(void)state;
	assert_int_equal(prefix_parse("198.51.100.0/24", &f.prefixes[0], &why), ERR_OK);
	assert_int_equal(ports_parse("22,8000-8001", &f.except, &why), ERR_OK);
	assert_int_equal(firewall_rules(&f, &rules, &why), ERR_OK);
	assert_non_null(strstr(rules, "iifname != \"eth0.5\" return\n"));
	assert_non_null(strstr(rules, "tcp dport { 22, 8000-8001 } return\n"));
	assert_non_null(strstr(rules, "ip daddr { 198.51.100.0/24 } "));
	assert_null(strstr(rules, "tproxy ip6"));
	free(rules);
	f.interface = "eth0\" accept";
	assert_int_equal(firewall_rules(&f, &rules, &why), ERR_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_telnet),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_banners),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_firewall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
