/* SPDX-License-Identifier: ISC */
/*
 * What an operator has beside the exports: users.csv, sessions.csv and site.yaml; see broadband.h.
 *
 * They are named after the capture (week.pcap: week.users.csv, week.sessions.csv, week.site.yaml);
 * there are none when it goes to standard output.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "simulate/broadband.h"

#define TIME_SIZE 40

typedef void (*write_fn)(const struct broadband *b, const char *stem, FILE *file);

static void
write_users(const struct broadband *b, const char *stem, FILE *file)
{
	(void)stem;
	(void)fputs("prefix,user_id,service\n", file);
	for (size_t i = 0; i < b->options.users; i++) {
		const struct broadband_user *user = &b->users[i];
		struct address address = broadband_user_ipv4(user, false);
		struct prefix prefix = broadband_user_ipv6(user, false);
		char text[PREFIX_TEXT_SIZE], name[16];
		broadband_user_name(b, i, name, sizeof name);
		(void)fprintf(file, "%s/32,%s,%s\n", address_format(&address, text), name,
		    broadband_service(user->service));
		if (user->ipv6)
			(void)fprintf(file, "%s,%s,%s\n", prefix_format(&prefix, text), name,
			    broadband_service(user->service));
	}
}

static void
write_session(const struct broadband *b, FILE *file, size_t index, bool late, const char *times)
{
	const struct broadband_user *user = &b->users[index];
	struct address address = broadband_user_ipv4(user, late);
	struct address nas = broadband_exporter_address(user->exporter);
	struct prefix prefix = broadband_user_ipv6(user, late);
	char text[PREFIX_TEXT_SIZE], name[16], nas_text[ADDRESS_TEXT_SIZE];

	broadband_user_name(b, index, name, sizeof name);
	address_format(&nas, nas_text);
	(void)fprintf(file, "%s,%s,%s,%s\n", times, name, address_format(&address, text), nas_text);
	if (user->ipv6)
		(void)fprintf(
		    file, "%s,%s,%s,%s\n", times, name, prefix_format(&prefix, text), nas_text);
}

/* In the order of their beginnings, as a log is: first everybody, then those who got another
 * address. */
static void
write_sessions(const struct broadband *b, const char *stem, FILE *file)
{
	const struct broadband_options *o = &b->options;
	const nsec_t hour = 3600 * NSEC_PER_SEC;
	char begin[TIME_SIZE], turn[TIME_SIZE], end[TIME_SIZE], times[2 * TIME_SIZE];

	(void)stem;
	clock_format(o->start - hour, 0, begin, sizeof begin);
	clock_format(o->start + (nsec_t)b->readdress_hour * hour, 0, turn, sizeof turn);
	clock_format(o->start + (nsec_t)(o->hours + 1) * hour, 0, end, sizeof end);
	(void)fputs("start,stop,user_id,prefix,nas\n", file);
	for (size_t i = 0; i < o->users; i++) {
		bool moves = b->users[i].address != b->users[i].late_address;
		(void)snprintf(times, sizeof times, "%s,%s", begin, moves ? turn : end);
		write_session(b, file, i, false, times);
	}
	(void)snprintf(times, sizeof times, "%s,%s", turn, end);
	for (size_t i = 0; i < o->users; i++)
		if (b->users[i].address != b->users[i].late_address)
			write_session(b, file, i, true, times);
}

/* A path between double quotes of YAML. */
static void
write_path(FILE *file, const char *stem, const char *suffix)
{
	(void)fputc('"', file);
	for (; *stem != '\0'; stem++) {
		if (*stem == '"' || *stem == '\\')
			(void)fputc('\\', file);
		(void)fputc(*stem, file);
	}
	(void)fprintf(file, "%s\"\n", suffix);
}

static void
write_site(const struct broadband *b, const char *stem, FILE *file)
{
	(void)fprintf(file,
	    "# The site that yagura simulate broadband simulates.\n"
	    "site:\n"
	    "  name: Simulated broadband\n"
	    "  time_zone: %s\n"
	    "  own_prefixes: [%s, %s]\n"
	    "  subscribers:\n"
	    "    prefixes: ",
	    b->options.zone_name, broadband_own_prefixes[0], broadband_own_prefixes[1]);
	write_path(file, stem, ".users.csv");
	if (b->options.session_log) {
		(void)fputs("    sessions: ", file);
		write_path(file, stem, ".sessions.csv");
	}
	(void)fputs("# A week is reviewed at once: longer windows than a collector's.\n"
		    "run:\n"
		    "  window: 1h\n",
	    file);
}

static enum err
write_file(const struct broadband *b, const char *stem, const char *suffix, write_fn write,
    struct err_info *info)
{
	char *path = xasprintf("%s%s", stem, suffix);
	FILE *file = fopen(path, "we");
	enum err e = ERR_OK;

	errno = 0;
	if (file != NULL) {
		bool failed;
		write(b, stem, file);
		failed = ferror(file) != 0;
		if (fclose(file) != 0 || failed)
			e = ERR_IO;
	}
	if (file == NULL || e != ERR_OK)
		e = err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	free(path);
	return e;
}

enum err
broadband_files_write(const struct broadband *b, struct err_info *info)
{
	static const struct {
		const char *suffix;
		write_fn write;
	} files[] = {
		{ ".users.csv", write_users },
		{ ".sessions.csv", write_sessions },
		{ ".site.yaml", write_site },
	};
	const char *output = simulation_output(b->simulation), *dot, *slash;
	char *stem;
	enum err e = ERR_OK;

	if (output == NULL || strcmp(output, "-") == 0)
		return ERR_OK;
	stem = xstrdup(output);
	dot = strrchr(stem, '.');
	slash = strrchr(stem, '/');
	if (dot != NULL && dot > stem && (slash == NULL || dot > slash + 1))
		stem[dot - stem] = '\0';
	for (size_t i = 0; e == ERR_OK && i < sizeof files / sizeof files[0]; i++)
		e = write_file(b, stem, files[i].suffix, files[i].write, info);
	free(stem);
	return e;
}
