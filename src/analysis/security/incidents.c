/* SPDX-License-Identifier: ISC */
/*
 * The chronology: incidents month by month, from the file that `yagura incidents` keeps.
 *
 * It observes nothing and stores nothing: the section is made from the file when a review is made,
 * so that what a person approves or corrects is in the next review of the same store.  Only
 * approved entries are shown.
 */
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/security/incidents_section.h"

static const struct setting SETTINGS[] = {
	{ "file", SETTING_TEXT, "", NULL, NULL,
	    "incidents in JSON, as `yagura incidents` keeps them; without a file there is no "
	    "chronology" },
	{ "items_per_day", SETTING_U64, "5", "1", "1000",
	    "incidents on one line of a calendar; the others of the day are counted" },
	{ "title_length", SETTING_U64, "120", "20", "1000",
	    "characters of an incident on a calendar" },
	{ "calendars", SETTING_U64, "120", "1", "1200",
	    "months that have a calendar, the last ones" },
};

static enum err
incidents_init(void *state, const struct analysis_context *context, struct err_info *info)
{
	(void)state, (void)context, (void)info;
	return ERR_OK;
}

static void
incidents_release(void *state)
{
	(void)state;
}

static void
incidents_clear(void *state)
{
	(void)state;
}

static void
incidents_observe(void *state, const struct batch *batch)
{
	(void)state, (void)batch;
}

static void
incidents_merge(void *into, const void *from)
{
	(void)into, (void)from;
}

static void
incidents_finish(void *state, const struct window *window, const struct row_sink *sink)
{
	(void)state, (void)window, (void)sink;
}

static enum err
incidents_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	const char *path = settings_text(context->settings, "file");
	struct zone *zone = NULL;
	struct incident_list *list;
	enum err e = ERR_OK;

	if (path[0] == '\0')
		return ERR_END;
	if (context->site->time_zone != NULL)
		e = zone_open(context->site->time_zone, &zone, info);
	if (e != ERR_OK)
		return e;
	list = incident_list_new(zone);
	e = incident_list_read(list, path, info);
	if (e == ERR_OK)
		e = incidents_section_make(context, list, zone, section);
	incident_list_free(list);
	zone_close(zone);
	return e;
}

const struct analysis analysis_security_incidents = {
	.name = "security/incidents",
	.title = "Incidents month by month",
	.consumes = 0,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.state_size = 1,
	.publishes = true,
	.init = incidents_init,
	.release = incidents_release,
	.clear = incidents_clear,
	.observe = incidents_observe,
	.merge = incidents_merge,
	.finish = incidents_finish,
	.section = incidents_section,
};
