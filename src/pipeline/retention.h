/* SPDX-License-Identifier: ISC */
/*
 * What a store keeps, and how long, as the settings say, carried out while it is written.
 *
 * Ages count from the latest record time, so an archive read today keeps what it would have kept
 * then.  A record time that lies in the future is not believed: one absurd clock would delete
 * everything.
 */
#ifndef YAGURA_PIPELINE_RETENTION_H
#define YAGURA_PIPELINE_RETENTION_H

#include "pipeline/config.h"
#include "store/store.h"

struct retention {
	struct store_retention keep;
	bool keep_dns; /* DNS transactions are stored one by one */
	struct store_privacy privacy;
	nsec_t latest; /* record time so far */
	nsec_t done;   /* `latest` when it was last carried out */
};

/* Reads the settings; ERR_CONFIG for a profile that there is not. */
MUST_CHECK enum err
retention_init(struct retention *retention, const struct config *config, struct err_info *info);

/* After a commit of windows that end at `time`: deletes what is too old, when enough time has
 * passed since the last time or `now` says so. */
MUST_CHECK enum err retention_run(
    struct retention *retention, struct store *store, nsec_t time, bool now, struct err_info *info);

#endif
