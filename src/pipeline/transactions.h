/* SPDX-License-Identifier: ISC */
/*
 * DNS transactions for the store, from what the DNS stage of a shard delivers.
 *
 * Responses are transactions as they come.  A query without an answer comes out of the matcher
 * with the hash of its name alone, so the names of recent queries are kept here: a ring of a
 * megabyte, overwritten from its beginning, in which the hash finds them.  Where a flood of names
 * has overwritten one, its row has an empty name.
 */
#ifndef YAGURA_PIPELINE_TRANSACTIONS_H
#define YAGURA_PIPELINE_TRANSACTIONS_H

#include <stddef.h>

#include "base/err.h"
#include "obs/batch.h"

struct transactions;

/* Takes the transactions of one batch; their messages are borrowed for the call. */
typedef enum err (*transactions_fn)(
    void *context, const struct dns_transaction *transactions, size_t count);

struct transactions *transactions_new(transactions_fn take, void *context);
void transactions_free(struct transactions *t);

/* Takes a batch of OBS_DNS or OBS_DNS_PENDING; others are passed over.  What `take` returns. */
MUST_CHECK enum err transactions_batch(struct transactions *t, const struct batch *batch);

#endif
