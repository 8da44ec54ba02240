/* SPDX-License-Identifier: ISC */
/*
 * chroot, users, Landlock (Linux 5.13 and later) and seccomp; see sandbox.h.
 *
 * Constants of Landlock that the headers of Debian 12 lack are given here: its ABI only grows.
 */
#include "sensor/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sensor/journal.h"

#define NAMES_SIZE 16384 /* strings of an entry of the user database */
#define PORT       9     /* discard: where the check tries to connect to */

/* include/uapi/linux/landlock.h of Linux 6.12 */
#define ACCESS_FS_ABI1     ((UINT64_C(1) << 13) - 1)
#define ACCESS_FS_REFER    (UINT64_C(1) << 13) /* ABI 2 */
#define ACCESS_FS_TRUNCATE (UINT64_C(1) << 14) /* ABI 3 */
#define ACCESS_FS_IOCTL    (UINT64_C(1) << 15) /* ABI 5 */
#define ACCESS_NET_TCP     UINT64_C(3)         /* bind and connect, ABI 4 */
#define SCOPE_ALL          UINT64_C(3)         /* abstract unix sockets and signals, ABI 6 */

struct ruleset {
	uint64_t files, network, scope;
};

enum err
sandbox_find_user(const char *name, struct sandbox_user *ret_user, struct err_info *info)
{
	char names[NAMES_SIZE];
	struct passwd entry, *found = NULL;

	*ret_user = (struct sandbox_user){ .user = geteuid(), .group = getegid() };
	if (geteuid() != 0)
		return ERR_OK;
	if (getpwnam_r(name, &entry, names, sizeof names, &found) != 0 || found == NULL)
		return err_set(info, ERR_USAGE, "there is no user \"%.60s\"", name);
	if (found->pw_uid == 0)
		return err_set(
		    info, ERR_USAGE, "\"%.60s\" is root, whom the sensor must not be", name);
	ret_user->user = found->pw_uid;
	ret_user->group = found->pw_gid;
	ret_user->change = true;
	return ERR_OK;
}

static enum err
failed(struct err_info *info, const char *what)
{
	return err_set(info, ERR_IO, "%s: %s", what, strerror(errno));
}

/* A process without privileges, without a way to get any, and without core files. */
static enum err
become(const struct sandbox_user *user, int directory, struct sandbox_report *report,
    struct err_info *info)
{
	struct rlimit none = { 0, 0 };
	uid_t u = user->user;
	gid_t g = user->group;

	if (user->change) {
		if (fchdir(directory) != 0 || chroot(".") != 0)
			return failed(info, "chroot to the log's directory");
		report->chroot = true;
		if (setgroups(1, &g) != 0 || setresgid(g, g, g) != 0 || setresuid(u, u, u) != 0)
			return failed(info, "becoming another user");
		if (setresuid(0, 0, 0) == 0)
			return err_set(info, ERR_IO, "root could be regained");
	}
	report->user = geteuid() != 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(info, "PR_SET_NO_NEW_PRIVS");
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failed(info, "forbidding core files");
	return ERR_OK;
}

/* Files may be made and written in the log's directory; nothing else may be opened, and no TCP port
 * bound or connected to. */
static enum err
landlock(int directory, struct sandbox_report *report, struct err_info *info)
{
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules = { .files = ACCESS_FS_ABI1 };
	struct landlock_path_beneath_attr here = {
		.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
		.parent_fd = directory,
	};
	size_t size = abi >= 6 ? sizeof rules : abi >= 4 ? 16 : 8;
	long set;

	if (abi < 1)
		return ERR_OK; /* not in this kernel, or not switched on */
	rules.files |= (abi >= 2 ? ACCESS_FS_REFER : 0) | (abi >= 3 ? ACCESS_FS_TRUNCATE : 0) |
		       (abi >= 5 ? ACCESS_FS_IOCTL : 0);
	rules.network = ACCESS_NET_TCP;
	rules.scope = SCOPE_ALL;
	set = syscall(SYS_landlock_create_ruleset, &rules, size, 0U);
	if (set < 0)
		return failed(info, "landlock_create_ruleset");
	if (syscall(SYS_landlock_add_rule, (int)set, LANDLOCK_RULE_PATH_BENEATH, &here, 0U) != 0 ||
	    syscall(SYS_landlock_restrict_self, (int)set, 0U) != 0) {
		(void)close((int)set);
		return failed(info, "landlock_restrict_self");
	}
	(void)close((int)set);
	report->landlock = (int)abi;
	return ERR_OK;
}

/* Calls that the loop, the allocator, and the end of a process make, whatever their arguments. */
static const int ALLOWED[] = { SCMP_SYS(accept4), SCMP_SYS(brk), SCMP_SYS(clock_gettime),
	SCMP_SYS(close), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(fdatasync), SCMP_SYS(fstat), SCMP_SYS(futex),
	SCMP_SYS(getpid), SCMP_SYS(getrandom), SCMP_SYS(getsockname), SCMP_SYS(gettid),
	SCMP_SYS(madvise), SCMP_SYS(munmap), SCMP_SYS(newfstatat), SCMP_SYS(read),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(shutdown), SCMP_SYS(tgkill),
	SCMP_SYS(write), SCMP_SYS(writev) };

static int
allow_some(scmp_filter_ctx filter, int directory)
{
	/* Memory, but none that can be executed. */
	const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	/* To the other side of a connection only: a datagram would need an address. */
	const struct scmp_arg_cmp no_address = SCMP_A4(SCMP_CMP_EQ, 0, 0);
	const struct scmp_arg_cmp here = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)directory, 0);
	const struct scmp_arg_cmp flags = SCMP_A2(SCMP_CMP_EQ, JOURNAL_FLAGS, 0);
	int e = 0;

	e |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_exec);
	e |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec);
	e |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, no_address);
	e |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 2, here, flags);
	return e;
}

static enum err
filter_calls(int directory, struct sandbox_report *report, struct err_info *info)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int e = filter == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < sizeof ALLOWED / sizeof ALLOWED[0] && e == 0; i++)
		e = seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0);
	if (e == 0)
		e = allow_some(filter, directory);
	if (e == 0)
		e = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	if (e == 0) {
		report->seccomp = true;
		return ERR_OK;
	}
	errno = e < 0 ? -e : EIO;
	return failed(info, "seccomp");
}

enum err
sandbox_enter(const struct sandbox_user *user, int directory, struct sandbox_report *ret_report,
    struct err_info *info)
{
	struct sandbox_report report = { 0 };
	enum err e = become(user, directory, &report, info);

	if (e == ERR_OK)
		e = landlock(directory, &report, info);
	if (e == ERR_OK)
		e = filter_calls(directory, &report, info);
	if (e == ERR_OK)
		*ret_report = report;
	return e;
}

char *
sandbox_describe(const struct sandbox_report *report, char text[SANDBOX_TEXT])
{
	char landlock_text[48];

	(void)snprintf(landlock_text, sizeof landlock_text,
	    report->landlock != 0 ? "Landlock ABI %d" : "no Landlock (not in this kernel)",
	    report->landlock);
	(void)snprintf(text, SANDBOX_TEXT, "%s, %s, %s, %s",
	    report->user ? "not root" : "still root",
	    report->chroot ? "chroot to the log's directory" : "no chroot (not started as root)",
	    report->seccomp ? "seccomp" : "no seccomp", landlock_text);
	return text;
}

/* ------------------------------------------------------------------ the check */

static int
try_connect(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	/* On a descriptor that cannot exist: without a filter it would be EBADF. */
	return connect(-1, (const struct sockaddr *)&to, sizeof to);
}

static int
try_send(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return (int)sendto(-1, "", 0, 0, (const struct sockaddr *)&to, sizeof to);
}

static int
try_execute(void)
{
	static char name[] = "/bin/true";
	char *const arguments[] = { name, NULL };

	return execve(name, arguments, NULL);
}

static int
try_read_file(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int
try_write_file(void)
{
	return open("/tmp/yagura-sensor-check", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int
try_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child;
}

static int
try_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED
		   ? -1
		   : 0;
}

static int
try_trace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int
try_become_root(void)
{
	return setuid(0);
}

unsigned
sandbox_check(int directory, void (*say)(void *context, const char *text), void *context)
{
	static const struct {
		const char *what;
		int (*attempt)(void);
	} ATTEMPTS[] = { { "connect()", try_connect }, { "sendto() an address", try_send },
		{ "execve()", try_execute }, { "reading a file", try_read_file },
		{ "writing a file elsewhere", try_write_file }, { "socket()", try_socket },
		{ "fork()", try_fork }, { "memory to execute", try_executable_memory },
		{ "ptrace()", try_trace }, { "setuid(0)", try_become_root } };
	unsigned open_doors = 0;
	char text[128];
	int file;

	for (size_t i = 0; i < sizeof ATTEMPTS / sizeof ATTEMPTS[0]; i++) {
		int result;

		errno = 0;
		result = ATTEMPTS[i].attempt();
		(void)snprintf(text, sizeof text, "%s: %s", ATTEMPTS[i].what,
		    result < 0 && errno == EPERM ? "refused" : "NOT refused");
		open_doors += result >= 0 || errno != EPERM;
		say(context, text);
	}
	/* A path out of the directory, with the flags that are let through: Landlock or chroot. */
	file = openat(directory, "/tmp/yagura-sensor-check", JOURNAL_FLAGS, 0600);
	(void)snprintf(text, sizeof text, "a file elsewhere, opened as a log is: %s",
	    file < 0 ? "refused" : "NOT refused");
	open_doors += file >= 0;
	say(context, text);
	return open_doors;
}
