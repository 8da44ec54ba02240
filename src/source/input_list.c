/* SPDX-License-Identifier: ISC */
/*
 * The files that INPUT arguments stand for.
 *
 * Directories are walked; symbolic links inside them are followed to files but not to directories,
 * so that a walk ends.  Each file found is opened once to see whether it is a capture and when it
 * begins.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xmalloc.h"
#include "source/source.h"

/* Deeper trees are taken as a mistake. */
#define DEPTH_MAX 64

struct found {
	char *path;   /* owned until it goes to the list */
	nsec_t begin; /* time of the first packet; INT64_MAX when there is none */
};

struct walk {
	struct input_list *list;
	struct found *found; /* owned */
	size_t count, room;
	struct chunk chunk;
};

static void walk_directory(struct walk *walk, DIR *directory, const char *path, int depth);

static void
add_path(struct input_list *list, char *path)
{
	list->paths = xrealloc_array(list->paths, list->count + 1, sizeof list->paths[0]);
	list->paths[list->count++] = path;
}

static void
add_skipped(struct input_list *list, char *note)
{
	list->skipped =
	    xrealloc_array(list->skipped, list->skipped_count + 1, sizeof list->skipped[0]);
	list->skipped[list->skipped_count++] = note;
}

/* Order of first packet; files without one last; equal times by name. */
static int
by_begin(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err
list_directory(struct input_list *list, const char *path, struct err_info *info)
{
	struct walk walk = { .list = list };
	DIR *directory = opendir(path);
	size_t skipped = list->skipped_count;

	if (directory == NULL)
		return err_set(
		    info, ERR_IO, "%s: the directory cannot be read: %s", path, strerror(errno));
	chunk_init(&walk.chunk);
	walk_directory(&walk, directory, path, 0);
	if (walk.count > 0)
		qsort(walk.found, walk.count, sizeof walk.found[0], by_begin);
	/* The order of a directory's entries is the file system's: it must not show. */
	if (list->skipped_count > skipped)
		qsort(list->skipped + skipped, list->skipped_count - skipped,
		    sizeof list->skipped[0], by_text);
	for (size_t i = 0; i < walk.count; i++)
		add_path(list, walk.found[i].path);
	free(walk.found);
	chunk_release(&walk.chunk);
	return ERR_OK;
}

enum err
input_list_make(
    const char *const *arguments, size_t count, struct input_list *ret_list, struct err_info *info)
{
	struct input_list list = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct stat status;
		enum err e;

		/* What is not there fails when it is opened, as a file named outright. */
		if (strcmp(arguments[i], "-") == 0 || stat(arguments[i], &status) != 0 ||
		    !S_ISDIR(status.st_mode)) {
			add_path(&list, xstrdup(arguments[i]));
			continue;
		}
		e = list_directory(&list, arguments[i], info);
		if (e != ERR_OK) {
			input_list_release(&list);
			return e;
		}
	}
	*ret_list = list;
	return ERR_OK;
}

void
input_list_release(struct input_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	for (size_t i = 0; i < list->skipped_count; i++)
		free(list->skipped[i]);
	free(list->paths);
	free(list->skipped);
	*list = (struct input_list){ 0 };
}

/* Keeps a file that is a capture, or may be one that cannot be read: its failure is for the run to
 * report.  Takes `path`. */
static void
look_at_file(struct walk *walk, char *path)
{
	struct source *source = NULL;
	struct err_info why = { 0 };
	nsec_t begin = INT64_MAX;
	enum err e = source_open(path, &source, &why);

	if (e == ERR_FORMAT || e == ERR_UNSUPPORTED) {
		add_skipped(walk->list, xasprintf("%s (passed over)", why.text));
		free(path);
		return;
	}
	if (e == ERR_OK && source_read(source, &walk->chunk, &why) == ERR_OK)
		begin = walk->chunk.packets[0].time;
	source_close(source);
	if (walk->count == walk->room) {
		walk->room = walk->room == 0 ? 16 : 2 * walk->room;
		walk->found = xrealloc_array(walk->found, walk->room, sizeof walk->found[0]);
	}
	walk->found[walk->count++] = (struct found){ .path = path, .begin = begin };
}

static void
look_at_directory(struct walk *walk, const char *path, int depth)
{
	DIR *directory;

	if (depth == DEPTH_MAX) {
		add_skipped(walk->list,
		    xasprintf("%s: more than %d directories deep (passed over)", path, DEPTH_MAX));
		return;
	}
	directory = opendir(path);
	if (directory == NULL) {
		add_skipped(
		    walk->list, xasprintf("%s: the directory cannot be read: %s (passed over)",
				    path, strerror(errno)));
		return;
	}
	walk_directory(walk, directory, path, depth);
}

/* Takes `path`. */
static void
look_at_entry(struct walk *walk, char *path, int depth)
{
	struct stat link, status;

	if (lstat(path, &link) != 0 || stat(path, &status) != 0) {
		add_skipped(walk->list, xasprintf("%s: %s (passed over)", path, strerror(errno)));
	} else if (S_ISREG(status.st_mode)) {
		look_at_file(walk, path);
		return;
	} else if (S_ISDIR(link.st_mode)) {
		look_at_directory(walk, path, depth + 1);
	} else if (S_ISDIR(status.st_mode)) {
		add_skipped(walk->list,
		    xasprintf("%s: a symbolic link to a directory (passed over)", path));
	} else {
		/* Opening a pipe or a device may block for ever. */
		add_skipped(walk->list, xasprintf("%s: not a regular file (passed over)", path));
	}
	free(path);
}

/* Looks at everything in a directory, and closes it. */
static void
walk_directory(struct walk *walk, DIR *directory, const char *path, int depth)
{
	const char *slash = path[0] != '\0' && path[strlen(path) - 1] == '/' ? "" : "/";
	const struct dirent *entry;

	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.')
			look_at_entry(walk, xasprintf("%s%s%s", path, slash, entry->d_name), depth);
	}
	(void)closedir(directory);
}
