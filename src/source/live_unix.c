/* SPDX-License-Identifier: ISC */
/*
 * Unix sockets to listen on.
 *
 * A socket's name stays behind when its owner dies, and then nobody can listen there again until it
 * is taken away.  Whether somebody still listens is found out by connecting.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "source/live_reader.h"

#define BACKLOG 128

static struct sockaddr_un
name_of(const struct live_listener *listener)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	_Static_assert(sizeof name.sun_path == LIVE_PATH_SIZE, "a path fits");
	memcpy(name.sun_path, listener->path, sizeof name.sun_path);
	return name;
}

/* Whether nobody listens at the name any more. */
static bool
is_left_behind(const struct sockaddr_un *name)
{
	struct stat status;
	bool left = false;
	int fd;

	if (lstat(name->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	left =
	    connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 && errno == ECONNREFUSED;
	(void)close(fd);
	return left;
}

static int
bind_name(int fd, const struct sockaddr_un *name)
{
	int failure = bind(fd, (const struct sockaddr *)name, sizeof *name);

	if (failure != 0 && errno == EADDRINUSE && is_left_behind(name)) {
		(void)unlink(name->sun_path);
		failure = bind(fd, (const struct sockaddr *)name, sizeof *name);
	}
	return failure;
}

/* Who may connect: set before anybody can. */
static int
set_owner(const struct sockaddr_un *name, const struct live_options *options)
{
	if (chmod(name->sun_path, (mode_t)options->socket_mode) != 0)
		return -1;
	if (options->socket_user < 0 && options->socket_group < 0)
		return 0;
	return lchown(name->sun_path, (uid_t)options->socket_user, (gid_t)options->socket_group);
}

enum err
live_bind_unix(
    struct live_port *port, const struct live_options *options, int *ret_fd, struct err_info *info)
{
	struct sockaddr_un name = name_of(&port->listener);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool bound = fd >= 0 && bind_name(fd, &name) == 0;
	struct stat status;

	if (!bound || set_owner(&name, options) != 0 || lstat(name.sun_path, &status) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		enum err e = errno == EADDRINUSE ? ERR_BUSY : ERR_IO;

		err_set(info, e, "unix:%s: %s", name.sun_path, strerror(errno));
		if (bound)
			(void)unlink(name.sun_path);
		if (fd >= 0)
			(void)close(fd);
		return e;
	}
	port->socket_id[0] = (uint64_t)status.st_dev;
	port->socket_id[1] = (uint64_t)status.st_ino;
	*ret_fd = fd;
	return ERR_OK;
}

void
live_unbind_unix(const struct live_port *port)
{
	struct stat status;

	if (port->listener.path[0] != '\0' && lstat(port->listener.path, &status) == 0 &&
	    (uint64_t)status.st_dev == port->socket_id[0] &&
	    (uint64_t)status.st_ino == port->socket_id[1])
		(void)unlink(port->listener.path);
}
