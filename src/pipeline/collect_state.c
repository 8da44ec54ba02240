/* SPDX-License-Identifier: ISC */
/*
 * The state directory of a collector.
 *
 *	lock          locked while a collector runs
 *	run.json      the note: there while a run is going on, gone after a good end
 *	exports       templates, sampling options and sequence positions (decode/export.h)
 *
 * Files are written beside their place and renamed, so that a crash leaves the old or the new.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "decode/export.h"
#include "pipeline/collect_internal.h"

enum err
state_open(struct collect_state *state, const char *directory, struct err_info *info)
{
	char *path = xasprintf("%s/lock", directory);
	enum err e = ERR_OK;

	state->directory = xstrdup(directory);
	state->lock = -1;
	if (mkdir(directory, 0750) != 0 && errno != EEXIST)
		e = err_set(
		    info, ERR_IO, "the state directory %.300s: %s", directory, strerror(errno));
	if (e == ERR_OK) {
		state->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		if (state->lock < 0)
			e = err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	}
	if (e == ERR_OK && flock(state->lock, LOCK_EX | LOCK_NB) != 0)
		e = err_set(info, ERR_BUSY, "another collector is using the state directory %.300s",
		    directory);
	free(path);
	return e;
}

void
state_close(struct collect_state *state)
{
	if (state->lock >= 0)
		(void)close(state->lock);
	state->lock = -1;
	free(state->directory);
	state->directory = NULL;
}

static nsec_t
get_number(const json_t *from, const char *name)
{
	return (nsec_t)json_integer_value(json_object_get(from, name));
}

bool
state_read_note(const struct collect_state *state, struct collect_note *ret_note)
{
	char *path = xasprintf("%s/run.json", state->directory);
	json_t *note = json_load_file(path, 0, NULL);

	free(path);
	if (!json_is_object(note)) {
		json_decref(note);
		return false;
	}
	*ret_note = (struct collect_note){
		.input = (uint64_t)get_number(note, "input"),
		.started = get_number(note, "started"),
		.committed = get_number(note, "committed"),
		.seen = get_number(note, "seen"),
		.open = (uint64_t)get_number(note, "open_messages"),
		.pid = (long)get_number(note, "pid"),
	};
	json_decref(note);
	return true;
}

/* A file that is written beside its place. */
struct new_file {
	FILE *stream; /* NULL when it could not be made */
	char *path, *place;
};

/* Opens the file that is to become `name`. */
static struct new_file
open_new(const struct collect_state *state, const char *name)
{
	struct new_file file = { .path = xasprintf("%s/%s.new", state->directory, name),
		.place = xasprintf("%s/%s", state->directory, name) };

	file.stream = fopen(file.path, "we");
	return file;
}

/* Ends the file and gives it its name; `e` is how writing it went. */
static enum err
close_new(struct new_file *file, bool sync, enum err e, struct err_info *info)
{
	bool good = file->stream != NULL && fflush(file->stream) == 0 &&
		    (!sync || fsync(fileno(file->stream)) == 0);

	if (e == ERR_OK && !good)
		e = err_set(info, ERR_IO, "%.300s: %s", file->path, strerror(errno));
	if (file->stream != NULL && fclose(file->stream) != 0 && e == ERR_OK)
		e = err_set(info, ERR_IO, "%.300s: %s", file->path, strerror(errno));
	if (e == ERR_OK && rename(file->path, file->place) != 0)
		e = err_set(info, ERR_IO, "%.300s: %s", file->place, strerror(errno));
	if (e != ERR_OK && file->stream != NULL)
		(void)unlink(file->path);
	free(file->path);
	free(file->place);
	return e;
}

enum err
state_write_note(
    const struct collect_state *state, const struct collect_note *note, struct err_info *info)
{
	struct new_file file = open_new(state, "run.json");

	if (file.stream != NULL)
		(void)fprintf(file.stream,
		    "{\"pid\": %ld, \"input\": %llu, \"started\": %lld, \"committed\": %lld, "
		    "\"seen\": %lld, \"open_messages\": %llu}\n",
		    note->pid, (unsigned long long)note->input, (long long)note->started,
		    (long long)note->committed, (long long)note->seen,
		    (unsigned long long)note->open);
	return close_new(&file, false, ERR_OK, info);
}

void
state_remove_note(const struct collect_state *state)
{
	char *path = xasprintf("%s/run.json", state->directory);

	(void)unlink(path);
	free(path);
}

enum err
state_load_exports(
    const struct collect_state *state, struct exports *exports, struct err_info *info)
{
	char *path = xasprintf("%s/exports", state->directory);
	FILE *file = fopen(path, "re");
	struct err_info why = { .text = "" };
	enum err e = ERR_OK;

	if (file == NULL && errno != ENOENT)
		e = err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	if (file != NULL) {
		e = exports_load(exports, file, &why);
		(void)fclose(file);
		if (e != ERR_OK)
			err_set(info, e, "%.200s: %.250s", path, why.text);
	}
	free(path);
	return e;
}

enum err
state_save_exports(
    const struct collect_state *state, const struct exports *exports, struct err_info *info)
{
	struct new_file file = open_new(state, "exports");
	enum err e = file.stream != NULL ? exports_save(exports, file.stream, info) : ERR_OK;

	return close_new(&file, true, e, info);
}
