/* SPDX-License-Identifier: ISC */
/* The ordinary traffic of a site's resolver and authoritative server, alone: nothing may alarm. */
#include "simulate/dns_base.h"
#include "simulate/scenario.h"

static const struct setting SETTINGS[] = { DNS_SETTINGS("5m", "500") };

static enum err
run(struct simulation *simulation, const struct settings *settings, struct err_info *info)
{
	struct dns_run run;
	enum err e = dns_run_begin(&run, simulation, settings, info);

	if (e != ERR_OK)
		return e;
	dns_base_add(&run);
	dns_run_events(&run);
	return dns_run_end(&run, e, info);
}

const struct scenario scenario_dns_ordinary = {
	.name = "dns-ordinary",
	.summary = "a resolver with its clients and an authoritative server: nothing to find",
	.settings = SETTINGS,
	.setting_count = sizeof SETTINGS / sizeof SETTINGS[0],
	.run = run,
};
