/* SPDX-License-Identifier: ISC */
/* A child process and a pipe; see spawn.h. */
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"

#define PIECE ((size_t)64 << 10)

static nsec_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static int
start(const char *const *argv, int out, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed != 0)
		return failed;
	failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (failed == 0)
		failed =
		    posix_spawnp(ret_pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* Reads until the program closes its output. */
static enum err
read_all(int in, size_t most, nsec_t deadline, char **ret_output, size_t *ret_size)
{
	char *output = xmalloc(PIECE + 1);
	size_t room = PIECE, size = 0;
	enum err e = ERR_OK;

	for (;;) {
		struct pollfd wait = { .fd = in, .events = POLLIN };
		nsec_t left = deadline - now();
		ssize_t got;
		if (left <= 0 || size > most) {
			e = ERR_LIMIT;
			break;
		}
		if (poll(&wait, 1, (int)(left / NSEC_PER_MS) + 1) <= 0)
			continue;
		if (room - size < PIECE) {
			room = 2 * room;
			output = xrealloc_array(output, room + 1, 1);
		}
		got = read(in, output + size, PIECE);
		if (got < 0 && errno != EINTR)
			e = ERR_IO;
		if (got == 0 || e != ERR_OK)
			break;
		size += got > 0 ? (size_t)got : 0;
	}
	if (e != ERR_OK) {
		free(output);
		return e;
	}
	output[size] = '\0';
	*ret_output = output;
	*ret_size = size;
	return ERR_OK;
}

/* What a program that fails says first. */
static const char *
first_line(char *output)
{
	output[strcspn(output, "\n")] = '\0';
	return output[0] != '\0' ? output : "it says nothing";
}

enum err
spawn_read(const char *const *argv, size_t most, nsec_t timeout, char **ret_output,
    size_t *ret_size, struct err_info *info)
{
	int ends[2], failed, status = 0;
	pid_t pid;
	enum err e;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_set(info, ERR_IO, "%s: no pipe: %s", argv[0], strerror(errno));
	failed = start(argv, ends[1], &pid);
	(void)close(ends[1]);
	if (failed != 0) {
		(void)close(ends[0]);
		return err_set(info, ERR_IO, "%s: cannot be run: %s", argv[0], strerror(failed));
	}
	e = read_all(ends[0], most, now() + timeout, ret_output, ret_size);
	(void)close(ends[0]);
	if (e != ERR_OK)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (e == ERR_LIMIT)
		return err_set(info, e, "%s: took too long or said too much", argv[0]);
	if (e == ERR_OK && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
		e = err_set(
		    info, ERR_IO, "%.200s: it failed: %.250s", argv[0], first_line(*ret_output));
		free(*ret_output);
		return e;
	}
	if (e != ERR_OK)
		return err_set(info, e, "%s: it failed", argv[0]);
	return ERR_OK;
}
