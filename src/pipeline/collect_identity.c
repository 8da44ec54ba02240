/* SPDX-License-Identifier: ISC */
/*
 * Who the collector is, and how much it may take.
 *
 * Started as root it binds its listeners, makes its directories, and then becomes an ordinary user
 * before the first datagram is read; there is no way back, and nothing it could execute would get
 * more (PR_SET_NO_NEW_PRIVS).
 */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "pipeline/collect_internal.h"

#define NAMES_SIZE 16384 /* strings of an entry of the user database */

enum err
identity_find(const struct config *config, struct identity *ret_identity, struct err_info *info)
{
	const char *user = settings_text(config->collect.settings, "user");
	const char *group = settings_text(config->collect.settings, "group");
	struct identity identity = { .user = geteuid(), .group = getegid() };
	char names[NAMES_SIZE];
	struct passwd entry, *found = NULL;
	struct group group_entry, *group_found = NULL;

	if (user[0] == '\0' && geteuid() == 0)
		return err_set(info, ERR_CONFIG,
		    "started as root, it needs to know who to become: set collect.user (\"root\" "
		    "to stay)");
	if (user[0] != '\0') {
		if (getpwnam_r(user, &entry, names, sizeof names, &found) != 0 || found == NULL)
			return err_set(
			    info, ERR_CONFIG, "collect.user: there is no user \"%.60s\"", user);
		identity.user = found->pw_uid;
		identity.group = found->pw_gid;
	}
	if (group[0] != '\0') {
		if (getgrnam_r(group, &group_entry, names, sizeof names, &group_found) != 0 ||
		    group_found == NULL)
			return err_set(
			    info, ERR_CONFIG, "collect.group: there is no group \"%.60s\"", group);
		identity.group = group_found->gr_gid;
	}
	identity.change = identity.user != geteuid() || identity.group != getegid();
	if (identity.change && geteuid() != 0)
		return err_set(info, ERR_CONFIG,
		    "collect.user and collect.group: only root can become somebody else");
	identity.name = xstrdup(user);
	*ret_identity = identity;
	return ERR_OK;
}

void
identity_release(struct identity *identity)
{
	free(identity->name);
	identity->name = NULL;
}

enum err
identity_make_directory(const struct identity *identity, const char *path, struct err_info *info)
{
	if (mkdir(path, 0750) != 0) {
		if (errno == EEXIST)
			return ERR_OK;
		return err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	}
	if (identity->change && lchown(path, identity->user, identity->group) != 0)
		return err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	return ERR_OK;
}

enum err
identity_become(const struct identity *identity, struct err_info *info)
{
	uid_t user = identity->user;
	gid_t group = identity->group;

	if (identity->change && (setgroups(1, &group) != 0 || setresgid(group, group, group) != 0 ||
				    setresuid(user, user, user) != 0))
		return err_set(
		    info, ERR_IO, "becoming user \"%.60s\": %s", identity->name, strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_set(info, ERR_IO, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	/* A changed identity makes a process undumpable, and its files in /proc root's. */
	if (identity->change && user != 0 && setresuid(0, 0, 0) == 0)
		return err_set(info, ERR_IO, "root could be regained");
	return ERR_OK;
}

void
memory_used(uint64_t *ret_resident, uint64_t *ret_data)
{
	FILE *file = fopen("/proc/self/statm", "re");
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t fields[6] = { 0 }; /* size, resident, shared, text, lib, data */
	char line[256] = "";
	char *next = line;

	if (file != NULL) {
		(void)!fgets(line, sizeof line, file);
		(void)fclose(file);
	}
	for (size_t i = 0; i < 6; i++)
		fields[i] = strtoull(next, &next, 10);
	*ret_resident = fields[1] * page;
	*ret_data = fields[5] * page;
}

enum err
memory_limit(uint64_t cap, uint64_t needed_still, struct err_info *info)
{
	struct rlimit limit = { .rlim_cur = cap, .rlim_max = cap };
	uint64_t resident, data;

	if (cap == 0)
		return ERR_OK;
	memory_used(&resident, &data);
	if (data + needed_still > cap)
		return err_set(info, ERR_CONFIG,
		    "collect.memory_cap: tables and queue take %" PRIu64 " MiB and the store may "
		    "take %" PRIu64 " MiB: the cap of %" PRIu64 " MiB is too low",
		    data >> 20, needed_still >> 20, cap >> 20);
	if (setrlimit(RLIMIT_DATA, &limit) != 0)
		return err_set(info, ERR_IO, "RLIMIT_DATA: %s", strerror(errno));
	return ERR_OK;
}
