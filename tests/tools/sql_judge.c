/* SPDX-License-Identifier: ISC */
/*
 * The SQL injection engine over lines, for tests/system/sqli_labelled.py and bench/sqli.py.
 *
 *	sql-judge < lines              each line is a value in hexadecimal, as a request would
 *	                               hold it (percent encoded); prints score, rule, technique,
 *	                               purpose, codings and libinjection's verdict (or "-")
 *	sql-judge --bench N FILE       N times over the lines of a file, each of which is the query
 *	                               string of a request: octets per CPU second, ours and theirs
 *
 * libinjection is asked through libmodsecurity.so.3, which exports it, when that is installed.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/security/sql_decode.h"
#include "analysis/security/sql_request.h"
#include "base/xmalloc.h"

typedef int (*peer_fn)(const char *, size_t, char *);

static peer_fn
open_peer(void)
{
	void *library = dlopen("libmodsecurity.so.3", RTLD_NOW);
	peer_fn peer = NULL;

	if (library != NULL)
		*(void **)&peer = dlsym(library, "libinjection_sqli");
	return peer;
}

static int
digit_of(int c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static size_t
from_hex(char *line, size_t size)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		line[i / 2] = (char)(digit_of(line[i]) * 16 + digit_of(line[i + 1]));
	return size / 2;
}

/* The peer judges what a web server would hand over: decoded once. */
static const char *
ask_peer(peer_fn peer, const uint8_t *value, size_t size, uint8_t *room)
{
	char fingerprint[9] = "";

	if (peer == NULL)
		return "-";
	size = sql_decode_percent(value, size, true, room);
	return peer((const char *)room, size, fingerprint) != 0 ? "1" : "0";
}

static void
judge_lines(struct sql_reader *reader, peer_fn peer)
{
	struct sql_hit *hit = xcalloc(1, sizeof *hit);
	char *line = NULL;
	size_t room = 0;
	ssize_t got;

	while ((got = getline(&line, &room, stdin)) > 0) {
		size_t size = from_hex(line, (size_t)(got - (line[got - 1] == '\n')));
		uint8_t *copy = xmalloc(size + 1);
		(void)sql_value_judge(reader, (const uint8_t *)line, size, true, hit);
		printf("%u %s %s %s %u %s\n", hit->verdict.score, sql_rule_name(hit->verdict.rule),
		    sql_technique_name(hit->verdict.technique),
		    sql_purpose_name(hit->verdict.purpose), hit->codings,
		    ask_peer(peer, (const uint8_t *)line, size, copy));
		free(copy);
	}
	free(line);
	free(hit);
}

/* ------------------------------------------------------------------ the benchmark */

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *
read_whole(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0, room = 0, got = 1;

	while (file != NULL && got > 0) {
		if (size + 65536 > room)
			text = xrealloc_array(text, room = 2 * room + 65536, 1);
		got = fread(text + size, 1, room - size, file);
		size += got;
	}
	if (file != NULL)
		(void)fclose(file);
	*ret_size = size;
	return text;
}

static size_t
judge_queries(struct sql_reader *reader, const char *text, size_t size)
{
	struct sql_hit *hit = xcalloc(1, sizeof *hit);
	char *target = xmalloc(HTTP_TEXT_KEPT + 2);
	size_t found = 0;

	target[0] = '/';
	target[1] = '?';
	for (const char *at = text, *end; at < text + size; at = end + 1) {
		struct http_request request = { .time = 0 };
		size_t length;
		end = memchr(at, '\n', (size_t)(text + size - at));
		if (end == NULL)
			end = text + size;
		length = (size_t)(end - at) < HTTP_TEXT_KEPT ? (size_t)(end - at) : HTTP_TEXT_KEPT;
		memcpy(target + 2, at, length);
		request.target = (struct octets){ (const uint8_t *)target, length + 2 };
		found +=
		    sql_request_judge(reader, &request, hit) && hit->verdict.score >= SQL_ATTACK;
	}
	free(target);
	free(hit);
	return found;
}

/* libinjection as its users run it: every value, decoded. */
static size_t
ask_queries(peer_fn peer, const char *text, size_t size)
{
	uint8_t *room = xmalloc(size + 1);
	size_t found = 0;

	for (const char *at = text, *end; at < text + size; at = end + 1) {
		size_t length;
		char fingerprint[9];
		const char *sign;
		for (end = at; end < text + size && *end != '\n' && *end != '&';)
			end++;
		sign = memchr(at, '=', (size_t)(end - at));
		if (sign != NULL)
			at = sign + 1;
		length = sql_decode_percent((const uint8_t *)at, (size_t)(end - at), true, room);
		found += peer((const char *)room, length, fingerprint) != 0;
	}
	free(room);
	return found;
}

static void
bench(struct sql_reader *reader, peer_fn peer, unsigned long rounds, const char *path)
{
	size_t size, found = 0;
	char *text = read_whole(path, &size);
	double begin = cpu_seconds(), octets = (double)size * (double)rounds;

	for (unsigned long i = 0; i < rounds; i++)
		found += judge_queries(reader, text, size);
	printf("ours %.0f %zu\n", octets / (cpu_seconds() - begin), found / rounds);
	begin = cpu_seconds();
	found = 0;
	for (unsigned long i = 0; peer != NULL && i < rounds; i++)
		found += ask_queries(peer, text, size);
	if (peer != NULL)
		printf("libinjection %.0f %zu\n", octets / (cpu_seconds() - begin), found / rounds);
	free(text);
}

int
main(int argc, char **argv)
{
	struct sql_reader reader;
	struct hash_secret secret = { 1, 2 };

	sql_reader_init(&reader, &secret);
	if (argc == 4 && strcmp(argv[1], "--bench") == 0)
		bench(&reader, open_peer(), strtoul(argv[2], NULL, 10), argv[3]);
	else
		judge_lines(&reader, open_peer());
	sql_reader_release(&reader);
	return 0;
}
