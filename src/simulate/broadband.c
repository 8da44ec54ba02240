/* SPDX-License-Identifier: ISC */
/*
 * A week of broadband customers, as sampled flow exports.
 *
 * The capture holds what routers send to a collector, and beside it are the files an operator has:
 * the list of users, the session log, the site's configuration.  Volumes of users are lognormal,
 * as K. Cho et al., "The impact and implications of the growth in residential user-to-user
 * traffic", SIGCOMM 2006, found them, with a hump of peers where asked for; the truth holds the
 * parameters and what became of them.  doc/simulate.md describes the model.
 *
 * No packet is made: of each flow only how many of its packets were sampled is drawn, and a flow
 * without any is never exported.
 */
#include "simulate/broadband.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "simulate/scenario.h"

static const struct setting SETTINGS[] = {
	{ "preset", SETTING_TEXT, "mixed", NULL, NULL,
	    "out (clients, OUT 400 MB a day, sigma 1.8), light (a quarter of that), mixed (peers "
	    "too)" },
	{ "users", SETTING_U64, "0", "0", "1000000", "customers; 0: as the preset has it" },
	{ "peers", SETTING_F64, "0", "0", "1", "share of peer-type users; 0: by the preset" },
	{ "out_median", SETTING_SIZE, "0", NULL, NULL,
	    "median OUT of clients, octets a day; 0: by the preset" },
	{ "out_sigma", SETTING_F64, "0", "0", "3", "sigma of its logarithm; 0: by the preset" },
	{ "start", SETTING_TEXT, "2013-06-03", NULL, NULL,
	    "first day of the first year, local; the second year begins 51 weeks later" },
	{ "days", SETTING_U64, "7", "1", "31", "how long it lasts" },
	{ "time_zone", SETTING_TEXT, "Asia/Tokyo", NULL, NULL, "the site's zone" },
	{ "year", SETTING_U64, "1", "1", "2", "2: OUT times 1.27, IN times 1.13" },
	{ "same_users", SETTING_BOOL, "true", NULL, NULL,
	    "the second year has the first one's users, not others" },
	{ "sampling", SETTING_U64, "8192", "1", "16777216", "one packet in so many is sampled" },
	{ "second_sampling", SETTING_U64, "4096", "1", "16777216", "and by the second sampler" },
	{ "samplers", SETTING_U64, "1", "1", "2", "samplers in each observation domain" },
	{ "sampler", SETTING_TEXT, "random", NULL, NULL, "random or count" },
	{ "export", SETTING_TEXT, "v9", NULL, NULL,
	    "v5, v9, ipfix, sflow, or several with commas" },
	{ "exporters", SETTING_U64, "1", "1", "64", "routers of each format" },
	{ "loss", SETTING_F64, "0", "0", "0.9", "share of the data datagrams that are lost" },
	{ "restarts", SETTING_U64, "0", "0", "100", "how often each router restarts" },
	{ "uptime", SETTING_DURATION, "10d", "0s", "1000d",
	    "of the routers at the start; it wraps after 49.7 days" },
	{ "refresh", SETTING_DURATION, "10m", "1s", "1d",
	    "templates, options and counters are sent this often" },
	{ "options_port", SETTING_BOOL, "false", NULL, NULL,
	    "options come from another source port" },
	{ "readdress", SETTING_F64, "0.2", "0", "1",
	    "share of users with another address from mid-week on" },
	{ "session_log", SETTING_BOOL, "true", NULL, NULL,
	    "the site's configuration names the session log" },
	{ "ipv6", SETTING_F64, "0.25", "0", "1", "share of flows over IPv6; never in v5" },
	{ "weekend", SETTING_F64, "1.2", "0.1", "10", "load of a weekend day over a weekday's" },
	{ "flow_octets", SETTING_SIZE, "4MB", "1KB", "1GB", "mean size of a flow" },
	{ "list_users", SETTING_BOOL, "true", NULL, NULL, "the truth lists every user" },
};

static void
release(struct broadband *b)
{
	broadband_wire_free(b->wire);
	free(b->counts.hours);
	free(b->users);
	broadband_options_release(&b->options);
}

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct broadband b = { .simulation = simulation, .random = simulation_random(simulation) };
	enum err e = broadband_options_read(&b.options, settings, info);

	if (e != ERR_OK) {
		release(&b);
		return e;
	}
	simulation_begin(simulation, b.options.start, (nsec_t)b.options.hours * 3600 * NSEC_PER_SEC,
	    broadband_own_prefixes, 2);
	b.readdress_hour = b.options.days / 2 * 24 + 3;
	b.counts.hours = xcalloc(b.options.hours, sizeof *b.counts.hours);
	broadband_users_draw(&b, random_u64(b.random));
	broadband_wire_run(&b);
	simulation_tell(simulation, "broadband", broadband_truth_json(&b));
	e = broadband_files_write(&b, info);
	release(&b);
	return e;
}

const struct scenario scenario_broadband = {
	.name = "broadband",
	.summary = "sampled flow exports of a week of broadband customers, with users and sessions",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
