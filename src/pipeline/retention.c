/* SPDX-License-Identifier: ISC */
/* What is too old is deleted; see retention.h. */
#include "pipeline/retention.h"

#include <string.h>
#include <time.h>

#define DAY   (NSEC_PER_SEC * 86400)
#define EVERY (NSEC_PER_SEC * 300) /* of record time, between two times of deleting */

/* DNS transactions: whether they are kept, whose clients, how long. */
static enum err
read_dns(struct retention *r, const struct config *config, struct err_info *info)
{
	const char *profile = settings_text(config->store, "dns");
	nsec_t keep = settings_duration(config->store, "keep_dns");

	r->keep_dns = strcmp(profile, "off") != 0;
	r->privacy = STORE_PRIVACY_NONE;
	r->keep.transactions = keep;
	/* Raw data of resolvers goes within 24 hours: https://www.iij.ad.jp/privacy/dns/ */
	if (strcmp(profile, "iij2020") == 0) {
		r->privacy = STORE_PRIVACY_IIJ2020;
		r->keep.transactions = keep == 0 || keep > DAY ? DAY : keep;
	} else if (r->keep_dns && strcmp(profile, "full") != 0) {
		return err_set(info, ERR_CONFIG,
		    "store.dns: \"%.60s\" is no profile: off, iij2020 and full are", profile);
	}
	return ERR_OK;
}

enum err
retention_init(struct retention *retention, const struct config *config, struct err_info *info)
{
	const char *profile = settings_text(config->store, "retention");
	struct retention r = {
		.keep = { .windows = settings_duration(config->store, "keep_windows"),
		    .flows = settings_duration(config->store, "keep_flows") },
	};
	enum err e = read_dns(&r, config, info);

	*retention = (struct retention){ 0 };
	if (e != ERR_OK)
		return e;
	/* What IIJ publishes its broadband report from: raw flows go after a day, sums stay. */
	if (strcmp(profile, "iij") == 0)
		r.keep.flows = r.keep.flows == 0 || r.keep.flows > DAY ? DAY : r.keep.flows;
	else if (strcmp(profile, "all") != 0)
		return err_set(info, ERR_CONFIG,
		    "store.retention: \"%.60s\" is no profile: all and iij are", profile);
	*retention = r;
	return ERR_OK;
}

enum err
retention_run(
    struct retention *retention, struct store *store, nsec_t time, bool now, struct err_info *info)
{
	const struct store_retention *keep = &retention->keep;
	struct timespec wall;

	if (keep->flows == 0 && keep->windows == 0 && keep->transactions == 0)
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
