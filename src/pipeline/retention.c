/* SPDX-License-Identifier: ISC */
/* What is too old is deleted; see retention.h. */
#include "pipeline/retention.h"

#include <string.h>
#include <time.h>

#define DAY   (NSEC_PER_SEC * 86400)
#define EVERY (NSEC_PER_SEC * 300) /* of record time, between two times of deleting */

enum err
retention_init(struct retention *retention, const struct config *config, struct err_info *info)
{
	const char *profile = settings_text(config->store, "retention");
	struct store_retention keep = {
		.windows = settings_duration(config->store, "keep_windows"),
		.flows = settings_duration(config->store, "keep_flows"),
	};

	*retention = (struct retention){ 0 };
	/* What IIJ publishes its broadband report from: raw flows go after a day, sums stay. */
	if (strcmp(profile, "iij") == 0)
		keep.flows = keep.flows == 0 || keep.flows > DAY ? DAY : keep.flows;
	else if (strcmp(profile, "all") != 0)
		return err_set(info, ERR_CONFIG,
		    "store.retention: \"%.60s\" is no profile: all and iij are", profile);
	retention->keep = keep;
	return ERR_OK;
}

enum err
retention_run(
    struct retention *retention, struct store *store, nsec_t time, bool now, struct err_info *info)
{
	struct timespec wall;

	if (retention->keep.flows == 0 && retention->keep.windows == 0)
		return ERR_OK;
	(void)clock_gettime(CLOCK_REALTIME, &wall);
	if (time > retention->latest && time / NSEC_PER_SEC <= wall.tv_sec)
		retention->latest = time;
	if (retention->latest == retention->done ||
	    (!now && retention->latest - retention->done < EVERY))
		return ERR_OK;
	retention->done = retention->latest;
	return store_retain(store, &retention->keep, retention->latest, info);
}
