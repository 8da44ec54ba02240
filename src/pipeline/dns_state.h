/* SPDX-License-Identifier: ISC */
/*
 * Queries that wait for their answers, kept between two runs: the answers may stand in the next
 * file.  A file of fixed records, written beside its place and renamed.
 */
#ifndef YAGURA_PIPELINE_DNS_STATE_H
#define YAGURA_PIPELINE_DNS_STATE_H

#include "base/err.h"
#include "flow/dns_match.h"

#define DNS_STATE_RECORD 88 /* octets of a waiting query */

struct dns_state {
	struct dns_waiting *list; /* owned */
	size_t count, room;
};

void dns_state_release(struct dns_state *state);
void dns_state_add(void *context, const struct dns_waiting *waiting);

/* A file that is not there is an empty state.  ERR_FORMAT with file and offset; ERR_IO. */
MUST_CHECK enum err
dns_state_read(const char *path, struct dns_state *ret_state, struct err_info *info);
MUST_CHECK enum err
dns_state_write(const char *path, const struct dns_state *state, struct err_info *info);

#endif
