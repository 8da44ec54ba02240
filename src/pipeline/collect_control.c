/* SPDX-License-Identifier: ISC */
/*
 * The control thread: signals, the control socket, and the note of the run once a second.
 *
 * Whoever connects to the socket gets the status document and the end of the connection; nothing is
 * read.  So there is no protocol, and `nc -U` is a client too.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "pipeline/collect_internal.h"

#define BACKLOG     16
#define TICK_MS     1000
#define ANSWER_TIME 2 /* s that an asker may take */
#define ANSWER_MOST ((size_t)256 << 20)

static void
fill_set(sigset_t *set)
{
	static const int SIGNALS[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };

	(void)sigemptyset(set);
	for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++)
		(void)sigaddset(set, SIGNALS[i]);
}

enum err
control_block_signals(struct collect *collect, struct err_info *info)
{
	sigset_t set;

	fill_set(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	collect->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (collect->signal_fd < 0)
		return err_set(info, ERR_IO, "signalfd: %s", strerror(errno));
	return ERR_OK;
}

static bool
fill_name(struct sockaddr_un *name, const char *path)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof name->sun_path)
		return false;
	memcpy(name->sun_path, path, strlen(path) + 1);
	return true;
}

static enum err
open_socket(struct collect *collect, struct err_info *info)
{
	const char *path = collect->socket_path;
	struct sockaddr_un name;

	if (!fill_name(&name, path))
		return err_set(
		    info, ERR_CONFIG, "collect.control_socket: %.200s is too long", path);
	collect->socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The state directory is locked: a socket that is there is a dead collector's. */
	(void)unlink(path);
	if (collect->socket_fd < 0 ||
	    bind(collect->socket_fd, (const struct sockaddr *)&name, sizeof name) != 0 ||
	    chmod(path, 0660) != 0 || listen(collect->socket_fd, BACKLOG) != 0)
		return err_set(
		    info, ERR_IO, "the control socket %.200s: %s", path, strerror(errno));
	return ERR_OK;
}

/* Tells the service manager how we are, when there is one: sd_notify(3) is one datagram. */
static void
notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET"); /* NOLINT(concurrency-mt-unsafe) */
	struct sockaddr_un name;
	socklen_t size;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') || !fill_name(&name, path))
		return;
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (path[0] == '@') /* an abstract name begins with an octet 0 */
		name.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&name, size);
	(void)close(fd);
}

static bool
send_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		text += sent;
		size -= (size_t)sent;
	}
	return true;
}

static void
answer(struct collect *collect)
{
	struct timeval most = { .tv_sec = ANSWER_TIME };
	int fd = accept4(collect->socket_fd, NULL, NULL, SOCK_CLOEXEC);
	json_t *status;
	char *text;

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
	status = collect_describe(collect);
	text = json_dumps(status, JSON_COMPACT);
	json_decref(status);
	if (text != NULL && send_all(fd, text, strlen(text)))
		(void)send_all(fd, "\n", 1);
	free(text);
	(void)close(fd);
}

static void
take_signals(struct collect *collect)
{
	struct signalfd_siginfo got;

	while (read(collect->signal_fd, &got, sizeof got) == (ssize_t)sizeof got) {
		if (got.ssi_signo == SIGHUP) {
			collect_reload(collect);
			continue;
		}
		if (got.ssi_signo != SIGUSR1)
			notify("STOPPING=1");
		if (got.ssi_signo == SIGTERM || got.ssi_signo == SIGINT)
			collect_say(collect, "%s: finishing the window",
			    got.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
		if (got.ssi_signo != SIGUSR1 || atomic_load(&collect->end)) {
			atomic_store(&collect->end, true);
			source_stop(collect->source);
		}
	}
}

static void
write_note(struct collect *collect, uint64_t *written)
{
	struct err_info why;
	struct timespec now;
	uint64_t open, messages = board_messages(&collect->board, &open);
	struct collect_note note = { .input = collect->input.id,
		.started = collect->started,
		.committed = atomic_load(&collect->committed),
		.open = open,
		.pid = (long)getpid() };

	if (messages == *written)
		return;
	*written = messages;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	note.seen = (nsec_t)now.tv_sec * NSEC_PER_SEC;
	/* Only the words after a crash depend on it: the disk may be full for a while. */
	(void)!state_write_note(&collect->state, &note, &why);
}

static void *
control(void *argument)
{
	struct collect *collect = argument;
	struct pollfd fds[] = { { .fd = collect->signal_fd, .events = POLLIN },
		{ .fd = collect->socket_fd, .events = POLLIN } };
	uint64_t written = UINT64_MAX;

	while (!atomic_load(&collect->end)) {
		write_note(collect, &written);
		if (poll(fds, 2, TICK_MS) <= 0)
			continue;
		if (fds[0].revents != 0)
			take_signals(collect);
		if (fds[1].revents != 0)
			answer(collect);
	}
	return NULL;
}

enum err
control_start(struct collect *collect, struct err_info *info)
{
	int failure;
	enum err e = open_socket(collect, info);

	if (e != ERR_OK)
		return e;
	failure = pthread_create(&collect->control, NULL, control, collect);
	if (failure != 0)
		return err_set(info, ERR_IO, "a thread cannot be made: %s", strerror(failure));
	collect->controlled = true;
	notify("READY=1");
	return ERR_OK;
}

void
control_stop(struct collect *collect)
{
	if (collect->controlled) {
		atomic_store(&collect->end, true);
		(void)pthread_kill(collect->control, SIGUSR1); /* it may be asleep */
		(void)pthread_join(collect->control, NULL);
		collect->controlled = false;
	}
	if (collect->socket_fd >= 0) {
		(void)close(collect->socket_fd);
		(void)unlink(collect->socket_path);
	}
	if (collect->signal_fd >= 0)
		(void)close(collect->signal_fd);
}

/* Reads all that the collector says. */
static enum err
read_answer(int fd, char **ret_text, struct err_info *info)
{
	size_t size = 0, room = 1 << 16;
	char *text = xmalloc(room);
	ssize_t got;

	while ((got = read(fd, text + size, room - size - 1)) > 0) {
		size += (size_t)got;
		if (room - size < 2 && room < ANSWER_MOST)
			text = xrealloc_array(text, room *= 2, 1);
	}
	text[size] = '\0';
	if (got == 0 && size > 0) {
		*ret_text = text;
		return ERR_OK;
	}
	free(text);
	return err_set(info, ERR_IO, "the collector did not answer: %s",
	    got < 0 ? strerror(errno) : "it said nothing");
}

enum err
collect_ask(const char *path, char **ret_text, struct err_info *info)
{
	struct timeval most = { .tv_sec = 10 };
	struct sockaddr_un name;
	int fd;
	enum err e;

	if (!fill_name(&name, path))
		return err_set(info, ERR_CONFIG, "%.200s is too long for a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(info, ERR_IO, "socket: %s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
	if (connect(fd, (const struct sockaddr *)&name, sizeof name) != 0)
		e = err_set(
		    info, ERR_IO, "no collector is running: %.200s: %s", path, strerror(errno));
	else
		e = read_answer(fd, ret_text, info);
	(void)close(fd);
	return e;
}
