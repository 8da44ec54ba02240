/* SPDX-License-Identifier: ISC */
/* Files that appear whole; see output.h. */
#include "report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"

static enum err failed(const char *path, int number, struct err_info *info);

enum err
output_open(const char *path, struct output *ret_output, struct err_info *info)
{
	struct output o = { 0 };
	struct stat status;
	char *resolved;
	int file;

	if (strcmp(path, "-") == 0) {
		*ret_output =
		    (struct output){ .file = stdout, .target = xstrdup("standard output") };
		return ERR_OK;
	}
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		o.target = xstrdup(path);
		file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	} else {
		/* Through a symbolic link, so that the link stays one. */
		resolved = realpath(path, NULL);
		o.target = xstrdup(resolved != NULL ? resolved : path);
		free(resolved);
		o.temporary = xasprintf("%s.%ld.tmp", o.target, (long)getpid());
		(void)unlink(o.temporary);
		file = open(o.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	o.file = file >= 0 ? fdopen(file, "w") : NULL;
	if (o.file == NULL) {
		enum err e = failed(path, errno, info);
		free(o.target);
		free(o.temporary);
		return e;
	}
	*ret_output = o;
	return ERR_OK;
}

enum err
output_close(struct output *o, struct err_info *info)
{
	enum err e = ERR_OK;
	int number = 0;

	/* The first error is kept: later calls may set errno anew. */
	errno = 0;
	if (fflush(o->file) != 0 || ferror(o->file))
		number = errno != 0 ? errno : EIO;
	if (number == 0 && o->temporary != NULL && fsync(fileno(o->file)) != 0)
		number = errno;
	if (o->file != stdout && fclose(o->file) != 0 && number == 0)
		number = errno;
	if (number == 0 && o->temporary != NULL && rename(o->temporary, o->target) != 0)
		number = errno;
	if (number != 0) {
		if (o->temporary != NULL)
			(void)unlink(o->temporary);
		e = failed(o->target, number, info);
	}
	free(o->target);
	free(o->temporary);
	*o = (struct output){ 0 };
	return e;
}

void
output_abandon(struct output *o)
{
	if (o->file != stdout)
		(void)fclose(o->file);
	if (o->temporary != NULL)
		(void)unlink(o->temporary);
	free(o->target);
	free(o->temporary);
	*o = (struct output){ 0 };
}

static enum err
failed(const char *path, int number, struct err_info *info)
{
	enum err code = number == ENOSPC || number == EDQUOT ? ERR_NO_SPACE : ERR_IO;

	return err_set(info, code, "%s: %s", path, strerror(number));
}
