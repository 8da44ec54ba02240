/* SPDX-License-Identifier: ISC */
/*
 * The sensor's log: JSON lines in files of bounded size, NAME-20261122T091026Z-000001.jsonl.
 *
 * A line that a file has no room for begins a new one; files are never renamed, removed
 * or written to again.  Lines of contacts are bounded by a number of octets a day (UTC), counting
 * what today's files hold already; lines about the sensor itself are always written.  Lines wait in
 * memory until journal_flush(), which the loop calls several times a second.
 *
 * Everything is opened relative to a directory that is open since the start, with the flags of
 * JOURNAL_FLAGS alone: that is all the sandbox lets through.
 */
#ifndef YAGURA_SENSOR_JOURNAL_H
#define YAGURA_SENSOR_JOURNAL_H

#include <fcntl.h>

#include "base/clock.h"
#include "base/err.h"
#include "sensor/line.h"

#define JOURNAL_FLAGS     (O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
#define JOURNAL_NAME_SIZE 64
#define JOURNAL_WAITING   ((size_t)256 << 10) /* octets of lines that wait */

struct journal {
	int directory; /* owned; -1: none */
	int file;      /* owned; -1: none */
	char name[JOURNAL_NAME_SIZE];
	uint64_t file_octets, rotate; /* of the file; when to begin another */
	uint64_t day_octets, per_day;
	int64_t day; /* since 1970 */
	unsigned number;
	uint64_t written; /* octets, in all */
	uint64_t lost;    /* lines that could not be written */
	int failure;      /* errno of the last of them */
	size_t waiting_size;
	char waiting[JOURNAL_WAITING];
};

/* Opens the directory, which must exist, and counts what it holds of today. */
MUST_CHECK enum err journal_open(struct journal *journal, const char *directory, const char *name,
    nsec_t now, struct err_info *info);
void journal_close(struct journal *journal, nsec_t now);

/* Begins the first file, so that its failure is seen at the start. */
MUST_CHECK enum err journal_begin(struct journal *journal, nsec_t now, struct err_info *info);

/* Takes a finished line.  False when the day's octets are used up and the line is not `vital`, or
 * it does not fit. */
bool journal_write(struct journal *journal, const struct line *line, bool vital, nsec_t now);

void journal_flush(struct journal *journal, nsec_t now);

#endif
