/* SPDX-License-Identifier: ISC */
/* Whom `yagura heartbleed` may ask, and what it heard from them. */
#ifndef YAGURA_CMD_HEARTBLEED_TARGET_H
#define YAGURA_CMD_HEARTBLEED_TARGET_H

#include <stddef.h>

#include "base/err.h"
#include "base/opt.h"
#include "cmd/heartbleed_probe.h"
#include "net/site.h"

#define HEARTBLEED_VERSIONS_ASKED 3
#define HEARTBLEED_TARGETS_MOST   1024

struct heartbleed_target {
	char *host;   /* owned: as the user wrote it, without the port */
	bool is_name; /* not an address */
	struct address address;
	uint16_t port;
	struct heartbleed_answer answers[HEARTBLEED_VERSIONS_ASKED];
	unsigned answer_count;
};

struct heartbleed_targets {
	struct heartbleed_target *list; /* owned */
	size_t count;
};

enum heartbleed_judgement {
	HEARTBLEED_NOT_VULNERABLE,
	HEARTBLEED_NON_CONFORMING, /* it answers what it must not, and leaks nothing */
	HEARTBLEED_UNKNOWN,
	HEARTBLEED_VULNERABLE,
};

/*
 * Reads the operands, looks names up, and refuses with ERR_USAGE and a sentence what is not
 * allowed: neither --allow, --allow-file nor site.own_prefixes has the address, nor --allow the
 * name.  A name with several addresses is several targets.
 */
MUST_CHECK enum err
heartbleed_targets_make(const struct opt_values *values, const struct site *site, uint16_t port,
    struct heartbleed_targets *ret_targets, struct err_info *info);
void heartbleed_targets_release(struct heartbleed_targets *targets);

enum heartbleed_judgement heartbleed_target_judge(const struct heartbleed_target *target);

#endif
