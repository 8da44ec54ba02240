/* SPDX-License-Identifier: ISC */
/* What of a store a review is about: --from, --to, --compare, --chapter, --publish. */
#include "cmd/period.h"

#include <string.h>

#include "base/zone.h"

/* A time as the user writes it; a date alone is midnight in the site's zone. */
static enum err
read_time(const struct opt_values *values, const char *option, const struct zone *zone,
    nsec_t *ret_time, struct err_info *info)
{
	const char *text = opt_value(values, option);

	if (text == NULL)
		return ERR_OK;
	if (clock_parse(text, ret_time) != ERR_OK)
		return err_set(info, ERR_USAGE,
		    "--%s %s is not a time such as 2026-01-31 or 2026-01-31T12:00:00Z", option,
		    text);
	if (strlen(text) == strlen("2026-01-31")) {
		/* The offset in force at that hour: asked once more with the first answer applied.
		 */
		int64_t utc = *ret_time / NSEC_PER_SEC;
		int64_t guess = utc - zone_at(zone, utc).east;
		*ret_time = (utc - zone_at(zone, guess).east) * NSEC_PER_SEC;
	}
	return ERR_OK;
}

static enum err
read_compare(const struct opt_values *values, const struct zone *zone,
    struct review_options *options, struct err_info *info)
{
	nsec_t begin = 0;
	enum err e = read_time(values, "compare", zone, &begin, info);

	if (e != ERR_OK || !opt_given(values, "compare"))
		return e;
	if (!opt_given(values, "from") || !opt_given(values, "to"))
		return err_set(info, ERR_USAGE,
		    "--compare says where the other period begins: --from and --to, which say how "
		    "long both are, are needed too");
	options->compare_from = begin;
	options->compare_to = begin + (options->to - options->from);
	if (options->compare_from < options->to && options->from < options->compare_to)
		return err_set(info, ERR_USAGE, "the two periods that --compare names overlap");
	return ERR_OK;
}

enum err
period_read(const struct opt_values *values, const struct config *config,
    struct review_options *options, struct err_info *info)
{
	struct zone *zone = NULL;
	enum err e = zone_open(config->site.time_zone, &zone, info);

	options->from = 0;
	options->to = INT64_MAX;
	if (e == ERR_OK)
		e = read_time(values, "from", zone, &options->from, info);
	if (e == ERR_OK)
		e = read_time(values, "to", zone, &options->to, info);
	if (e == ERR_OK && options->from >= options->to)
		e = err_set(info, ERR_USAGE, "--from is not before --to");
	if (e == ERR_OK)
		e = read_compare(values, zone, options, info);
	zone_close(zone);
	options->chapter = opt_value(values, "chapter");
	options->publish = opt_given(values, "publish");
	options->simulated = opt_given(values, "simulated");
	return e;
}
