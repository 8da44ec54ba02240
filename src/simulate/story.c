/* SPDX-License-Identifier: ISC */
/* Attacks and the site's configuration; see story.h. */
#include "simulate/story.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

struct story
story_begin(struct simulation *simulation)
{
	return (
	    struct story){ .simulation = simulation, .attacks = json_array(), .site = xstrdup("") };
}

void
story_site(struct story *story, const char *format, ...)
{
	va_list args, again;
	char *more, *both;
	int size;

	va_start(args, format);
	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	assert(size >= 0);
	more = xmalloc((size_t)size + 1);
	(void)vsnprintf(more, (size_t)size + 1, format, args);
	va_end(args);
	both = xasprintf("%s%s", story->site, more);
	free(more);
	free(story->site);
	story->site = both;
}

void
story_attack(struct story *story, const char *analysis, const char *kind, json_t *subject,
    const nsec_t span[2], json_t *measures)
{
	char first[64], last[64];

	clock_format(span[0] / NSEC_PER_US * NSEC_PER_US, 9, first, sizeof first);
	clock_format(span[1] / NSEC_PER_US * NSEC_PER_US, 9, last, sizeof last);
	json_array_append_new(story->attacks,
	    json_pack("{s:s, s:s, s:o, s:s, s:s, s:o}", "analysis", analysis, "kind", kind,
		"subject", subject, "begin", first, "end", last, "measures", measures));
}

static enum err
write_site(const struct story *story, struct err_info *info)
{
	const char *output = simulation_output(story->simulation), *dot, *slash;
	size_t stem;
	FILE *file;
	char *path;
	bool failed = true;
	enum err e = ERR_OK;

	if (output == NULL || strcmp(output, "-") == 0 || strncmp(output, "/dev/", 5) == 0)
		return ERR_OK;
	dot = strrchr(output, '.');
	slash = strrchr(output, '/');
	stem = dot != NULL && dot > output && (slash == NULL || dot > slash + 1)
		   ? (size_t)(dot - output)
		   : strlen(output);
	path = xasprintf("%.*s.site.yaml", (int)stem, output);
	errno = 0;
	file = fopen(path, "we");
	if (file != NULL) {
		(void)fputs(story->site, file);
		failed = ferror(file) != 0;
		failed = fclose(file) != 0 || failed;
	}
	if (failed)
		e = err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	free(path);
	return e;
}

enum err
story_end(struct story *story, enum err e, struct err_info *info)
{
	if (e == ERR_OK)
		e = write_site(story, info);
	simulation_tell(story->simulation, "attacks", story->attacks);
	free(story->site);
	return e;
}
