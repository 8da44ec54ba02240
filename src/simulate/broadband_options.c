/* SPDX-License-Identifier: ISC */
/* Settings of the broadband scenario; see broadband.h.  A zero leaves a figure to the preset. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "simulate/broadband.h"

#define DAY_SECONDS 86400

static const struct preset {
	const char *name;
	size_t users;
	double peers, out_median, out_sigma, ratio, ratio_sigma;
} PRESETS[] = {
	/* IN sigma: √(1.8² + 1.5875²) = 2.4; IN medians 20 and 5 MB a day */
	{ "out", 20000, 0, 400e6, 1.8, 0.05, 1.5875 },
	{ "light", 20000, 0, 100e6, 1.8, 0.05, 1.5875 },
	{ "mixed", 20000, 0.05, 400e6, 1.3, 0.05, 1.0 },
};

static enum err
read_preset(struct broadband_options *o, const struct settings *settings, struct err_info *info)
{
	const char *name = settings_text(settings, "preset");
	double peers = settings_f64(settings, "peers"), sigma = settings_f64(settings, "out_sigma");
	uint64_t users = settings_u64(settings, "users"),
		 median = settings_size(settings, "out_median");
	const struct preset *p = PRESETS, *end = PRESETS + sizeof PRESETS / sizeof PRESETS[0];

	while (p < end && strcmp(p->name, name) != 0)
		p++;
	if (p == end)
		return err_set(
		    info, ERR_CONFIG, "preset is out, light or mixed, not \"%.40s\"", name);
	o->preset = p->name;
	o->users = users != 0 ? users : p->users;
	o->peers = peers > 0 ? peers : p->peers;
	o->out_median = median != 0 ? (double)median : p->out_median;
	o->out_sigma = sigma > 0 ? sigma : p->out_sigma;
	o->ratio = p->ratio;
	o->ratio_sigma = p->ratio_sigma;
	o->peer_median = 2e9;
	o->peer_sigma = 0.9;
	o->peer_ratio_sigma = 0.4;
	return ERR_OK;
}

/* When the clock of the zone shows 00:00 on the day that UTC has at `utc`. */
static int64_t
midnight(const struct zone *zone, int64_t utc)
{
	int64_t guess = utc - zone_at(zone, utc).east;

	return utc - zone_at(zone, guess).east;
}

/* The second year begins 51 weeks after the first, on the same day of the week: so did the weeks of
 * 2013 and 2014 that the published report compares. */
static enum err
read_time(struct broadband_options *o, const struct settings *settings, struct err_info *info)
{
	const char *date = settings_text(settings, "start");
	char text[32];
	int64_t utc, begin, end;
	nsec_t time = 0;
	enum err e = zone_open(o->zone_name, &o->zone, info);

	if (e != ERR_OK)
		return e;
	/* simulation_time knows which days there are. */
	(void)snprintf(text, sizeof text, "%.10sT00:00:00Z", date);
	if (strlen(date) != 10 || simulation_time(text, &time, NULL) != ERR_OK)
		return err_set(
		    info, ERR_CONFIG, "start is a day like 2013-06-03, not \"%.40s\"", date);
	utc = time / NSEC_PER_SEC + (int64_t)(o->year - 1) * 51 * 7 * DAY_SECONDS;
	begin = midnight(o->zone, utc);
	end = midnight(o->zone, utc + (int64_t)o->days * DAY_SECONDS);
	if (end > UINT32_MAX)
		return err_set(info, ERR_CONFIG, "the last second of pcap is in 2106");
	o->start = begin * NSEC_PER_SEC;
	o->hours = (size_t)((end - begin) / 3600);
	return ERR_OK;
}

/* "v9,ipfix" */
static enum err
read_formats(struct broadband_options *o, const char *text, struct err_info *info)
{
	char *copy = xstrdup(text), *rest = copy, *name;
	enum err e = ERR_OK;

	while (e == ERR_OK && (name = strsep(&rest, ",")) != NULL) {
		const struct export_format *format = export_format_find(name);
		if (format == NULL)
			e = err_set(info, ERR_CONFIG,
			    "export is a list of v5, v9, ipfix and sflow, not \"%.40s\"", name);
		else if (o->format_count == sizeof o->formats / sizeof o->formats[0])
			e = err_set(info, ERR_CONFIG, "export names at most four formats");
		else
			o->formats[o->format_count++] = format;
	}
	free(copy);
	return e;
}

/* What a format cannot say is refused rather than left out. */
static enum err
check_formats(const struct broadband_options *o, struct err_info *info)
{
	if (o->format_count * o->exporters > BROADBAND_EXPORTERS)
		return err_set(
		    info, ERR_CONFIG, "there are at most %d exporters", BROADBAND_EXPORTERS);
	for (size_t i = 0; i < o->format_count; i++) {
		const struct export_format *format = o->formats[i];
		if (o->samplers > 1 && !format->two_samplers)
			return err_set(info, ERR_CONFIG, "%s has no way to tell two samplers apart",
			    format->name);
		if (o->rates[0] > format->largest_rate)
			return err_set(info, ERR_CONFIG, "%s has no room for a rate above %lu",
			    format->name, (unsigned long)format->largest_rate);
	}
	return ERR_OK;
}

static enum err
read_sampler(struct broadband_options *o, const struct settings *settings, struct err_info *info)
{
	const char *sampler = settings_text(settings, "sampler");

	o->random = strcmp(sampler, "random") == 0;
	if (!o->random && strcmp(sampler, "count") != 0)
		return err_set(
		    info, ERR_CONFIG, "sampler is random or count, not \"%.40s\"", sampler);
	o->rates[0] = (uint32_t)settings_u64(settings, "sampling");
	o->rates[1] = (uint32_t)settings_u64(settings, "second_sampling");
	o->samplers = settings_u64(settings, "samplers");
	return ERR_OK;
}

enum err
broadband_options_read(
    struct broadband_options *o, const struct settings *settings, struct err_info *info)
{
	enum err e;

	memset(o, 0, sizeof *o);
	o->year = (unsigned)settings_u64(settings, "year");
	o->out_growth = o->year == 2 ? 1.27 : 1;
	o->in_growth = o->year == 2 ? 1.13 : 1;
	o->days = settings_u64(settings, "days");
	o->zone_name = settings_text(settings, "time_zone");
	o->start_date = settings_text(settings, "start");
	o->exporters = settings_u64(settings, "exporters");
	o->loss = settings_f64(settings, "loss");
	o->restarts = settings_u64(settings, "restarts");
	o->uptime = settings_duration(settings, "uptime");
	o->refresh = settings_duration(settings, "refresh");
	o->options_port = settings_bool(settings, "options_port");
	o->session_log = settings_bool(settings, "session_log");
	o->list_users = settings_bool(settings, "list_users");
	o->same_users = settings_bool(settings, "same_users");
	o->readdress = settings_f64(settings, "readdress");
	o->ipv6 = settings_f64(settings, "ipv6");
	o->weekend = settings_f64(settings, "weekend");
	o->flow_octets = (double)settings_size(settings, "flow_octets");
	e = read_preset(o, settings, info);
	if (e == ERR_OK)
		e = read_time(o, settings, info);
	if (e == ERR_OK)
		e = read_sampler(o, settings, info);
	if (e == ERR_OK)
		e = read_formats(o, settings_text(settings, "export"), info);
	return e == ERR_OK ? check_formats(o, info) : e;
}

void
broadband_options_release(struct broadband_options *o)
{
	zone_close(o->zone);
	o->zone = NULL;
}
