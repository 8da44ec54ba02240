/* SPDX-License-Identifier: ISC */
/*
 * What the sensor gives up before the first octet is read.
 *
 * In this order: root's directory becomes the log's (chroot), the user somebody without rights,
 * new privileges impossible, files beyond the log's directory and TCP ports out of reach
 * (Landlock), and all system calls forbidden but those the loop needs (seccomp).  What a kernel
 * does not have, or the user may not do, is said and not required: `report` tells what is active.
 */
#ifndef YAGURA_SENSOR_SANDBOX_H
#define YAGURA_SENSOR_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct sandbox_user {
	uid_t user;
	gid_t group;
	bool change; /* it is not who we are */
};

struct sandbox_report {
	bool user;    /* no longer root, or never was */
	bool chroot;  /* the log's directory is the root directory */
	bool seccomp; /* system calls are filtered */
	int landlock; /* ABI version, 0: none */
};

/* Who to become; nobody else when not started as root.  ERR_USAGE. */
MUST_CHECK enum err
sandbox_find_user(const char *name, struct sandbox_user *ret_user, struct err_info *info);

/* Enters it; `directory` is the log's.  ERR_IO when a step that should work fails. */
MUST_CHECK enum err sandbox_enter(const struct sandbox_user *user, int directory,
    struct sandbox_report *ret_report, struct err_info *info);

#define SANDBOX_TEXT 256
/* "user dropped, chroot, seccomp, Landlock ABI 7"; returns `text`. */
char *sandbox_describe(const struct sandbox_report *report, char text[SANDBOX_TEXT]);

/* Tries what must be refused, inside; 0 when everything was, else how many were not.  `say` gets a
 * sentence for each. */
unsigned sandbox_check(int directory, void (*say)(void *context, const char *text), void *context);

#endif
