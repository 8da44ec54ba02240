/* SPDX-License-Identifier: ISC */
/*
 * Our public suffix list beside libpsl: every rule of the list, names made of it, random names.
 *
 * usage: oracle-suffix [LIST]
 *
 * Exit status 77 (skipped) when there is no list.
 */
#include "net/suffix.h"

#include <libpsl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/dns.h"
#include "net/punycode.h"

#define LIST         "/usr/share/publicsuffix/public_suffix_list.dat"
#define RANDOM_NAMES 200000
#define POOL         20000

struct bench {
	struct suffix_list *ours;
	psl_ctx_t *theirs;
	char *pool[POOL]; /* labels of rules */
	unsigned pooled;
	unsigned long checked, different;
	uint64_t seed;
};

static void
report(struct bench *b, const char *name, const char *what, const char *ours, const char *theirs)
{
	if (b->different++ < 20)
		(void)fprintf(stderr, "%s: %s: ours %s, libpsl %s\n", name, what, ours, theirs);
}

static void
check(struct bench *b, const char *name)
{
	uint8_t wire[255];
	char text[DNS_NAME_TEXT_SIZE];
	const char *ours = "none", *theirs;
	size_t size;
	unsigned at;
	bool is_public;

	if (dns_name_parse(name, wire, &size, NULL) != ERR_OK)
		return;
	b->checked++;
	at = suffix_site(b->ours, wire, size);
	if (at != SUFFIX_NONE)
		ours = dns_name_text(wire + at, size - at, text);
	theirs = psl_registrable_domain(b->theirs, name);
	if (strcmp(ours, theirs != NULL ? theirs : "none") != 0)
		report(b, name, "registrable", ours, theirs != NULL ? theirs : "none");
	is_public = suffix_is_public(b->ours, wire, size);
	if (is_public != (psl_is_public_suffix(b->theirs, name) != 0))
		report(b, name, "public", is_public ? "yes" : "no", is_public ? "no" : "yes");
}

static uint32_t
draw(struct bench *b, uint32_t below)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(b->seed >> 33) % below;
}

static void
pool_labels(struct bench *b, const char *name)
{
	while (*name != '\0') {
		size_t length = strcspn(name, ".");
		if (b->pooled < POOL)
			b->pool[b->pooled++] = strndup(name, length);
		name += length + (name[length] == '.');
	}
}

/* As it stands in the DNS.  libpsl has its own conversion of the list: one that differs from ours
 * is a rule that it does not know. */
static void
to_ascii(const char *rule, char *text, size_t room)
{
	size_t out = 0;

	while (*rule != '\0') {
		uint8_t label[PUNYCODE_LABEL_MAX];
		size_t length = strcspn(rule, "."), size;
		if (punycode_label(rule, length, label, &size) != ERR_OK)
			exit(1);
		out += (size_t)snprintf(text + out, room - out, "%s%.*s", out != 0 ? "." : "",
		    (int)size, (const char *)label);
		rule += length + (rule[length] == '.');
	}
}

static void
check_rule(struct bench *b, const char *rule)
{
	static const char *const BEFORE[] = { "", "a.", "b.a.", "www.", "c.b.a." };
	char ascii[1024], name[1200];

	rule += *rule == '!';
	rule += strncmp(rule, "*.", 2) == 0 ? 2 : 0;
	to_ascii(rule, ascii, sizeof ascii);
	for (size_t i = 0; i < sizeof BEFORE / sizeof *BEFORE; i++) {
		(void)snprintf(name, sizeof name, "%s%s", BEFORE[i], ascii);
		check(b, name);
	}
	if (strchr(ascii, '.') != NULL)
		check(b, strchr(ascii, '.') + 1);
	pool_labels(b, ascii);
}

static void
check_rules(struct bench *b, FILE *in)
{
	char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, in) >= 0) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] != '\0' && strncmp(line, "//", 2) != 0)
			check_rule(b, line);
	}
	free(line);
}

static void
check_random(struct bench *b)
{
	for (unsigned i = 0; i < RANDOM_NAMES; i++) {
		char name[1200] = "";
		size_t length = 0;
		for (unsigned labels = 1 + draw(b, 5); labels != 0; labels--)
			length += (size_t)snprintf(name + length, sizeof name - length, "%s%s",
			    length != 0 ? "." : "", b->pool[draw(b, b->pooled)]);
		check(b, name);
	}
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct err_info why = { 0 };
	const char *path = argc > 1 ? argv[1] : LIST;
	FILE *in;

	if (access(path, R_OK) != 0) {
		(void)printf("%s is not there\n", path);
		return 77;
	}
	if (suffix_list_read(path, &b.ours, &why) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	b.theirs = psl_load_file(path);
	in = fopen(path, "re");
	if (b.theirs == NULL || in == NULL)
		return 1;
	check_rules(&b, in);
	check_random(&b);
	(void)printf("%zu rules, %d of libpsl; %lu names, %lu different\n", suffix_rules(b.ours),
	    psl_suffix_count(b.theirs), b.checked, b.different);
	(void)fclose(in);
	for (unsigned i = 0; i < b.pooled; i++)
		free(b.pool[i]);
	psl_free(b.theirs);
	suffix_list_free(b.ours);
	return b.different != 0 || b.checked < RANDOM_NAMES;
}
