/* SPDX-License-Identifier: ISC */
/*
 * Writes an answer to a file; see export.h.
 *
 * The engine may write in its scratch directory only (engine.h), so the file is made there and then
 * moved, or copied beside its destination and renamed when that is another file system.
 */
#include "store/export.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "store/ask.h"

#define COPY_OCTETS ((size_t)256 * 1024)

static const struct {
	const char *name;
	const char *options;
} FORMATS[] = {
	{ "parquet", "FORMAT parquet, COMPRESSION zstd" },
	{ "csv", "FORMAT csv, HEADER true" },
	{ "json", "FORMAT json, ARRAY true" },
};

static const char *
options_of(const char *format)
{
	for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++)
		if (strcmp(FORMATS[i].name, format) == 0)
			return FORMATS[i].options;
	return NULL;
}

static enum err
fail(struct err_info *info, const char *path)
{
	return err_set(info, errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE : ERR_IO,
	    "cannot write %.400s: %s", path, strerror(errno));
}

/* Everything from one descriptor to another; false with errno set. */
static bool
copy_octets(int from, int to)
{
	char *buffer = xmalloc(COPY_OCTETS);
	ssize_t got;
	bool good = true;

	while (good && (got = read(from, buffer, COPY_OCTETS)) != 0) {
		good = got > 0;
		for (ssize_t done = 0; good && done < got;) {
			ssize_t put = write(to, buffer + done, (size_t)(got - done));
			good = put > 0;
			done += put;
		}
	}
	free(buffer);
	return good;
}

static enum err
copy_file(const char *from, const char *to, struct err_info *info)
{
	int source = open(from, O_RDONLY | O_CLOEXEC);
	int target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	enum err e = ERR_OK;

	if (source < 0 || target < 0 || !copy_octets(source, target))
		e = fail(info, to);
	if (source >= 0)
		(void)close(source);
	if (target >= 0 && close(target) != 0 && e == ERR_OK)
		e = fail(info, to);
	return e;
}

/* Moves across file systems as well.  What is not a plain file (a pipe, a terminal) is written to.
 */
static enum err
move_file(const char *from, const char *to, struct err_info *info)
{
	struct stat st;
	bool exists = stat(to, &st) == 0;
	char *part;
	enum err e;

	if (exists && !S_ISREG(st.st_mode))
		return copy_file(from, to, info);
	if (rename(from, to) == 0)
		return ERR_OK;
	if (errno != EXDEV)
		return fail(info, to);
	part = xasprintf("%s.part", to);
	e = copy_file(from, part, info);
	if (e == ERR_OK && rename(part, to) != 0)
		e = fail(info, to);
	if (e != ERR_OK)
		(void)unlink(part);
	free(part);
	return e;
}

enum err
export_query(struct engine *engine, const char *sql, const char *format, const char *path,
    struct err_info *info)
{
	const char *options = options_of(format);
	char *made;
	char *quoted;
	char *target;
	enum err e;

	if (options == NULL)
		return err_set(
		    info, ERR_USAGE, "no format \"%.40s\": parquet, csv and json are", format);
	made = xasprintf("%s/export-%ld", engine->scratch, (long)getpid());
	quoted = engine_quote(made, '\'');
	target = xasprintf("%s (%s)", quoted, options);
	e = ask_copy(engine, sql, target, info);
	if (e == ERR_OK)
		e = move_file(made, path, info);
	(void)unlink(made);
	free(made);
	free(quoted);
	free(target);
	return e;
}
