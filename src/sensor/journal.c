/* SPDX-License-Identifier: ISC */
/* The sensor's log; see journal.h. */
#include "sensor/journal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY        ((nsec_t)86400 * NSEC_PER_SEC)
#define FILE_NAME  128
#define FILE_TRIES 1000 /* names that exist already */
#define DATE_SIZE  8    /* "20261122" */
#define FILE_MODE  0640
#define STAMP_FORMAT   \
	"%.4s%.2s%.2s" \
	"T"            \
	"%.2s%.2s%.2sZ"

/* "20261122T091026Z" */
static void
format_stamp(nsec_t now, char *text, size_t size)
{
	char iso[40];

	clock_format(now, 0, iso, sizeof iso);
	(void)snprintf(
	    text, size, STAMP_FORMAT, iso, iso + 5, iso + 8, iso + 11, iso + 14, iso + 17);
}

/* Octets of the files that were begun today. */
static uint64_t
count_today(const struct journal *j, nsec_t now)
{
	int copy = openat(j->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
	char stamp[32], start[FILE_NAME];
	const struct dirent *entry;
	struct stat status;
	uint64_t octets = 0;

	if (directory == NULL) {
		if (copy >= 0)
			(void)close(copy);
		return 0;
	}
	format_stamp(now, stamp, sizeof stamp);
	(void)snprintf(start, sizeof start, "%s-%.*s", j->name, DATE_SIZE, stamp);
	while ((entry = readdir(directory)) != NULL)
		if (strncmp(entry->d_name, start, strlen(start)) == 0 &&
		    fstatat(j->directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			octets += (uint64_t)status.st_size;
	(void)closedir(directory);
	return octets;
}

enum err
journal_open(
    struct journal *j, const char *directory, const char *name, nsec_t now, struct err_info *info)
{
	j->file = -1;
	(void)snprintf(j->name, sizeof j->name, "%s", name);
	j->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->directory < 0)
		return err_set(info, ERR_IO, "%.300s: %s", directory, strerror(errno));
	j->day = floor_div(now, DAY);
	j->day_octets = count_today(j, now);
	return ERR_OK;
}

/* Begins a new file; false when none can be made. */
static bool
open_file(struct journal *j, nsec_t now)
{
	char stamp[32], name[FILE_NAME];

	format_stamp(now, stamp, sizeof stamp);
	for (unsigned i = 0; i < FILE_TRIES; i++) {
		(void)snprintf(name, sizeof name, "%s-%s-%06u.jsonl", j->name, stamp, ++j->number);
		j->file = openat(j->directory, name, JOURNAL_FLAGS, FILE_MODE);
		j->file_octets = 0;
		if (j->file >= 0)
			return true;
		j->failure = errno;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

enum err
journal_begin(struct journal *j, nsec_t now, struct err_info *info)
{
	return open_file(j, now)
		   ? ERR_OK
		   : err_set(info, ERR_IO, "user %u cannot make a log file in the directory: %s",
			 (unsigned)geteuid(), strerror(j->failure));
}

/* Writes all of it, or counts its lines as lost.  What a full disk took half of is ended with a
 * line end, so that the next line stands alone. */
static void
write_all(struct journal *j)
{
	size_t done = 0;

	while (done < j->waiting_size) {
		ssize_t n = write(j->file, j->waiting + done, j->waiting_size - done);

		if (n <= 0) {
			j->failure = errno;
			break;
		}
		done += (size_t)n;
	}
	j->file_octets += done;
	j->written += done;
	for (size_t i = done; i < j->waiting_size; i++)
		j->lost += j->waiting[i] == '\n';
	j->waiting_size = 0;
	if (done != 0 && j->waiting[done - 1] != '\n') {
		j->waiting[0] = '\n';
		j->waiting_size = 1;
	}
}

void
journal_flush(struct journal *j, nsec_t now)
{
	if (j->waiting_size == 0)
		return;
	if (j->file < 0 && !open_file(j, now)) {
		for (size_t i = 0; i < j->waiting_size; i++)
			j->lost += j->waiting[i] == '\n';
		j->waiting_size = 0;
		return;
	}
	write_all(j);
}

bool
journal_write(struct journal *j, const struct line *line, bool vital, nsec_t now)
{
	int64_t day = floor_div(now, DAY);

	if (line->full)
		return false;
	if (day != j->day) {
		j->day = day;
		j->day_octets = 0;
	}
	if (!vital && (line->size > j->per_day || j->day_octets > j->per_day - line->size))
		return false;
	j->day_octets += line->size;
	if (line->size > sizeof j->waiting - j->waiting_size ||
	    j->file_octets + j->waiting_size + line->size > j->rotate)
		journal_flush(j, now);
	if (j->file >= 0 && j->file_octets + line->size > j->rotate) {
		(void)close(j->file);
		j->file = -1;
	}
	memcpy(j->waiting + j->waiting_size, line->text, line->size);
	j->waiting_size += line->size;
	return true;
}

void
journal_close(struct journal *j, nsec_t now)
{
	journal_flush(j, now);
	if (j->file >= 0)
		(void)close(j->file);
	if (j->directory >= 0)
		(void)close(j->directory);
	j->file = j->directory = -1;
}
