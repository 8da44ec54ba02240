/* SPDX-License-Identifier: ISC */
/*
 * The queue on disk; see spool.h.
 *
 *	DIRECTORY/queue            "NUMBER ID TEXT", a line each; appended and synced before
 *spool_put returns, written anew when what was delivered is most of it DIRECTORY/OUTPUT.position
 *the number of the last message the output has
 *
 * A line that a crash cut in two is the last one, and had not been promised to anybody.
 */
#include "alert/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"

struct message {
	uint64_t number;
	char *id;   /* owned */
	char *text; /* owned */
};

struct output {
	char *path; /* owned: of its position */
	uint64_t position;
};

struct spool {
	pthread_mutex_t mutex;
	pthread_cond_t change;
	char *path; /* owned: of the queue */
	int fd;
	int lock; /* owned: one process at a time has the directory */
	struct output outputs[SPOOL_OUTPUTS];
	size_t output_count;
	struct message *messages; /* owned; in order of their numbers */
	size_t count, capacity;
	size_t octets, most; /* of what waits */
	size_t stale;        /* octets of the file that nobody waits for */
	uint64_t next, dropped;
	char **known; /* owned: ids that the file held at the start, delivered or not */
	size_t known_count;
	bool cut; /* the file's last line was cut by a crash */
	bool woken;
};

static size_t
size_of(const struct message *m)
{
	return strlen(m->id) + strlen(m->text) + 24;
}

static void
add(struct spool *s, uint64_t number, const char *id, const char *text)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
		s->messages = xrealloc_array(s->messages, s->capacity, sizeof *s->messages);
	}
	s->messages[s->count++] = (struct message){ number, xstrdup(id), xstrdup(text) };
	s->octets += size_of(&s->messages[s->count - 1]);
	s->next = number + 1;
}

/* Forgets the first messages. */
static void
forget(struct spool *s, size_t count)
{
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		s->octets -= size_of(&s->messages[i]);
		s->stale += size_of(&s->messages[i]);
		free(s->messages[i].id);
		free(s->messages[i].text);
	}
	s->count -= count;
	memmove(s->messages, s->messages + count, s->count * sizeof *s->messages);
}

/* --- files ------------------------------------------------------------------------------------ */

/* The whole queue written anew, beside the old one and over it. */
static enum err
rewrite(struct spool *s, struct err_info *info)
{
	char *temporary = xasprintf("%s.new", s->path);
	FILE *file = fopen(temporary, "we");
	enum err e = ERR_OK;

	for (size_t i = 0; file != NULL && i < s->count; i++)
		(void)fprintf(file, "%" PRIu64 " %s %s\n", s->messages[i].number, s->messages[i].id,
		    s->messages[i].text);
	if (file == NULL || fflush(file) != 0 || fsync(fileno(file)) != 0 ||
	    rename(temporary, s->path) != 0) {
		e = err_set(info, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "%.200s: %s", temporary,
		    strerror(errno));
	} else {
		(void)close(s->fd);
		s->fd = open(s->path, O_WRONLY | O_APPEND | O_CLOEXEC);
		s->stale = 0;
	}
	if (file != NULL)
		(void)fclose(file);
	free(temporary);
	return e;
}

static enum err
append(struct spool *s, const struct message *m, struct err_info *info)
{
	char *line = xasprintf("%" PRIu64 " %s %s\n", m->number, m->id, m->text);
	size_t size = strlen(line);
	ssize_t written = write(s->fd, line, size);

	free(line);
	if (written == (ssize_t)size && fsync(s->fd) == 0)
		return ERR_OK;
	return err_set(
	    info, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "%.200s: %s", s->path, strerror(errno));
}

/* One line of the queue; false when it is none of ours. */
static bool
read_line(struct spool *s, char *line)
{
	char *at = line, *id;
	uint64_t number = strtoull(line, &at, 10);
	size_t size = strlen(line);

	if (at == line || *at != ' ' || number < s->next || size == 0 || line[size - 1] != '\n')
		return false;
	line[size - 1] = '\0';
	id = at + 1;
	at = strchr(id, ' ');
	if (at == NULL)
		return false;
	*at = '\0';
	add(s, number, id, at + 1);
	return true;
}

static void
read_queue(struct spool *s)
{
	FILE *file = fopen(s->path, "re");
	char *line = NULL;
	size_t room = 0;

	if (file == NULL)
		return;
	while (!s->cut && getline(&line, &room, file) > 0)
		s->cut = !read_line(s, line);
	/* Who told just before a crash does not remember it, and tells again. */
	s->known = xcalloc(s->count + 1, sizeof *s->known);
	for (size_t i = 0; i < s->count; i++)
		s->known[s->known_count++] = xstrdup(s->messages[i].id);
	free(line);
	(void)fclose(file);
}

static uint64_t
read_position(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t number = 0;
	char text[32] = "";

	if (file == NULL)
		return 0;
	if (fgets(text, sizeof text, file) != NULL)
		number = strtoull(text, NULL, 10);
	(void)fclose(file);
	return number;
}

/* A position that is not written costs a message told twice, after a crash. */
static void
write_position(const struct output *o)
{
	char *temporary = xasprintf("%s.new", o->path);
	FILE *file = fopen(temporary, "we");

	if (file != NULL) {
		bool good = fprintf(file, "%" PRIu64 "\n", o->position) > 0;
		if (fclose(file) == 0 && good)
			(void)rename(temporary, o->path);
	}
	free(temporary);
}

/* --- the queue -------------------------------------------------------------------------------- */

/* What every output has is forgotten. */
static void
trim(struct spool *s)
{
	uint64_t least = UINT64_MAX;
	size_t done = 0;
	struct err_info why;

	for (size_t i = 0; i < s->output_count; i++)
		if (s->outputs[i].position < least)
			least = s->outputs[i].position;
	while (done < s->count && s->messages[done].number <= least)
		done++;
	forget(s, done);
	if (s->stale > s->most / 4 + s->octets && rewrite(s, &why) != ERR_OK)
		s->stale = 0; /* tried again when as much has gone once more */
}

/* One process at a time: two would number their messages alike. */
static enum err
take_lock(struct spool *s, const char *directory, struct err_info *info)
{
	char *path = xasprintf("%s/lock", directory);
	enum err e = ERR_OK;

	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (s->lock < 0)
		e = err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	else if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
		e = err_set(info, ERR_BUSY,
		    "%.200s is in use by another process, which tells alerts already", directory);
	free(path);
	return e;
}

enum err
spool_open(const char *directory, const char *const *outputs, size_t count, size_t most_octets,
    struct spool **ret_spool, struct err_info *info)
{
	struct spool *s;
	pthread_condattr_t attributes;
	enum err e;

	if (mkdir(directory, 0750) != 0 && errno != EEXIST)
		return err_set(info, ERR_IO, "%.200s: %s", directory, strerror(errno));
	s = xcalloc(1, sizeof *s);
	s->fd = -1;
	e = take_lock(s, directory, info);
	if (e != ERR_OK) {
		if (s->lock >= 0)
			(void)close(s->lock);
		free(s);
		return e;
	}
	s->path = xasprintf("%s/queue", directory);
	s->most = most_octets;
	s->next = 1;
	read_queue(s);
	s->output_count = count < SPOOL_OUTPUTS ? count : SPOOL_OUTPUTS;
	for (size_t i = 0; i < s->output_count; i++) {
		s->outputs[i].path = xasprintf("%s/%s.position", directory, outputs[i]);
		s->outputs[i].position = read_position(s->outputs[i].path);
		if (s->outputs[i].position >= s->next)
			s->next = s->outputs[i].position + 1;
	}
	(void)pthread_mutex_init(&s->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->change, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	s->fd = open(s->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (s->fd < 0) {
		e = err_set(info, ERR_IO, "%.200s: %s", s->path, strerror(errno));
		spool_close(s);
		return e;
	}
	/* A line that was cut must not have the next one behind it. */
	if (s->cut && rewrite(s, info) != ERR_OK) {
		spool_close(s);
		return ERR_IO;
	}
	*ret_spool = s;
	return ERR_OK;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	forget(s, s->count);
	for (size_t i = 0; i < s->output_count; i++)
		free(s->outputs[i].path);
	for (size_t i = 0; i < s->known_count; i++)
		free(s->known[i]);
	free(s->known);
	free(s->messages);
	free(s->path);
	if (s->fd >= 0)
		(void)close(s->fd);
	(void)close(s->lock);
	(void)pthread_mutex_destroy(&s->mutex);
	(void)pthread_cond_destroy(&s->change);
	free(s);
}

enum err
spool_put(struct spool *s, const char *id, const char *text, struct err_info *info)
{
	enum err e = ERR_OK;
	size_t over = 0, octets;
	bool there = false;

	(void)pthread_mutex_lock(&s->mutex);
	trim(s);
	for (size_t i = 0; i < s->count; i++)
		there = there || strcmp(s->messages[i].id, id) == 0;
	for (size_t i = 0; i < s->known_count; i++)
		there = there || strcmp(s->known[i], id) == 0;
	if (!there) {
		add(s, s->next, id, text);
		octets = s->octets;
		while (octets > s->most && over + 1 < s->count)
			octets -= size_of(&s->messages[over++]);
		s->dropped += over;
		forget(s, over);
		e = append(s, &s->messages[s->count - 1], info);
		(void)pthread_cond_broadcast(&s->change);
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return e;
}

static const struct message *
find_next(const struct spool *s, size_t output)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->messages[i].number > s->outputs[output].position)
			return &s->messages[i];
	return NULL;
}

char *
spool_next(struct spool *s, size_t output, unsigned wait_ms, uint64_t *ret_number)
{
	const struct message *m;
	struct timespec until;
	char *text = NULL;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&s->mutex);
	while ((m = find_next(s, output)) == NULL && !s->woken)
		if (pthread_cond_timedwait(&s->change, &s->mutex, &until) != 0)
			break;
	if (m != NULL) {
		text = xstrdup(m->text);
		*ret_number = m->number;
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return text;
}

void
spool_done(struct spool *s, size_t output, uint64_t number)
{
	(void)pthread_mutex_lock(&s->mutex);
	if (number > s->outputs[output].position) {
		s->outputs[output].position = number;
		write_position(&s->outputs[output]);
	}
	trim(s);
	(void)pthread_mutex_unlock(&s->mutex);
}

void
spool_wake(struct spool *s)
{
	(void)pthread_mutex_lock(&s->mutex);
	s->woken = true;
	(void)pthread_cond_broadcast(&s->change);
	(void)pthread_mutex_unlock(&s->mutex);
}

struct spool_counts
spool_count(struct spool *s)
{
	struct spool_counts counts;

	(void)pthread_mutex_lock(&s->mutex);
	trim(s);
	counts = (struct spool_counts){ s->count, s->dropped };
	(void)pthread_mutex_unlock(&s->mutex);
	return counts;
}
