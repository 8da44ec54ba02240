/* SPDX-License-Identifier: ISC */
/* The section of security/ddos: attacks as an ISP publishes them, and each as a finding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/ddos_tell.h"
#include "base/xmalloc.h"
#include "base/zone.h"

#define DAYS_MOST 400 /* of a figure */
#define CLASSES   3
#define DURATIONS 3

static const char *const KINDS[CLASSES] = { "bandwidth", "server", "compound" };

struct totals {
	uint64_t windows, packets, octets, records, sampled, unknown, requests, dropped_below,
	    given_up, left_out, unwatched, refused;
};

static enum err
read_totals(const struct section_context *c, struct totals *t, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n, sum(packets) AS a, sum(octets) AS b, sum(records) AS d, "
	    "sum(sampled_records) AS e, sum(unknown_rates) AS f, sum(requests) AS g, "
	    "max(dropped_below) AS h, sum(given_up) AS i, sum(left_out) AS j, sum(unwatched) AS k, "
	    "sum(requests_refused) AS l FROM security_ddos WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));
	uint64_t *numbers[] = { &t->windows, &t->packets, &t->octets, &t->records, &t->sampled,
		&t->unknown, &t->requests, &t->dropped_below, &t->given_up, &t->left_out,
		&t->unwatched, &t->refused };

	if (e != ERR_OK)
		return e;
	if (result_next(r))
		for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
			*numbers[i] = (uint64_t)result_f64(r, i);
	result_free(r);
	return t->windows > 0 ? ERR_OK : ERR_END;
}

static unsigned
kind_of(const struct ddos_attack *a)
{
	for (unsigned k = 0; k < CLASSES; k++)
		if (strcmp(a->kind, KINDS[k]) == 0)
			return k;
	return 0;
}

/* ------------------------------------------------------------------ days */

struct day {
	int64_t begin; /* s */
	unsigned counts[CLASSES];
};

struct days {
	struct day *list; /* owned */
	size_t count;
	unsigned busy; /* of more attacks than the setting */
	bool cut;
};

/* The days of the review, each with its attacks by begin. */
static void
count_days(const struct section_context *c, const struct ddos_attacks *attacks, struct days *days)
{
	struct zone *zone = NULL;
	int64_t at = floor_div(c->first, NSEC_PER_SEC), until = floor_div(c->last, NSEC_PER_SEC),
		end;
	uint64_t busy = settings_u64(c->settings, "busy_day");

	if (zone_open(c->site->time_zone, &zone, NULL) != ERR_OK)
		zone = NULL;
	for (size_t i = 0; i < attacks->count; i++) {
		int64_t begin = floor_div(attacks->list[i].begin, NSEC_PER_SEC);
		at = begin < at ? begin : at;
		until = begin > until ? begin : until;
	}
	days->list = xcalloc(DAYS_MOST, sizeof *days->list);
	for (; at <= until && days->count < DAYS_MOST; at = end)
		zone_day(zone, at, &days->list[days->count++].begin, &end);
	days->cut = at <= until;
	for (size_t i = 0; i < attacks->count; i++) {
		int64_t begin = floor_div(attacks->list[i].begin, NSEC_PER_SEC);
		size_t d = days->count;
		while (d > 1 && days->list[d - 1].begin > begin)
			d--;
		if (d > 0)
			days->list[d - 1].counts[kind_of(&attacks->list[i])]++;
	}
	for (size_t d = 0; d < days->count; d++)
		days->busy +=
		    days->list[d].counts[0] + days->list[d].counts[1] + days->list[d].counts[2] >
		    busy;
	zone_close(zone);
}

static void
put_days(const struct section_context *c, struct section *s, const struct days *days)
{
	struct section_figure *f;

	if (days->count == 0)
		return;
	f = section_figure(s, days->count > 2 ? FIGURE_STACKED_AREA : FIGURE_BARS, "attacks_by_day",
	    "DDoS attacks a day");
	if (days->count > 2)
		section_axis(f, 'x', "day", "time", "ms");
	else
		section_axis(f, 'x', "day", "category", "");
	section_axis(f, 'y', "attacks", "linear", "");
	for (unsigned k = 0; k < CLASSES; k++) {
		json_t *points = section_series(f, KINDS[k]);
		for (size_t d = 0; d < days->count; d++) {
			char text[64];
			nsec_t time = (nsec_t)days->list[d].begin * NSEC_PER_SEC;
			if (days->count > 2) {
				json_array_append_new(
				    points, json_pack("[I,i]", (json_int_t)(time / NSEC_PER_MS),
						(int)days->list[d].counts[k]));
				continue;
			}
			(void)text_time(time, c->site->time_zone, text, sizeof text);
			text[10] = '\0';
			json_array_append_new(
			    points, json_pack("[s,i]", text, (int)days->list[d].counts[k]));
		}
	}
	section_caption(f, "Each attack on the day it began, by class. Days are those of %s.",
	    c->site->time_zone);
}

/* ------------------------------------------------------------------ shares */

static const struct section_column CLASS_COLUMNS[] = {
	{ "class", "Class", "text", "" },
	{ "attacks", "Attacks", "count", "" },
	{ "share_attacks", "Share of attacks", "share", "" },
	{ "packets", "Packets", "count", "packets" },
	{ "octets", "Octets", "octets", "octets" },
	{ "share_octets", "Share of octets", "share", "" },
	{ "mixed", "Of them of both kinds", "count", "" },
};

static double
ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static void
put_classes(struct section *s, const struct ddos_attacks *attacks)
{
	uint64_t counts[CLASSES] = { 0 }, packets[CLASSES] = { 0 }, octets[CLASSES] = { 0 };
	uint64_t mixed[CLASSES] = { 0 }, all = 0;
	struct section_table *t = section_table(
	    s, "classes", "Attacks by class", CLASS_COLUMNS, ARRAY_COUNT(CLASS_COLUMNS));

	for (size_t i = 0; i < attacks->count; i++) {
		const struct ddos_attack *a = &attacks->list[i];
		unsigned k = kind_of(a);
		counts[k]++;
		packets[k] += a->target_packets != 0 ? a->packets : 0;
		octets[k] += a->octets;
		mixed[k] += strcmp(a->flag, "compound_mixed") == 0;
		all += a->octets;
	}
	for (unsigned k = 0; k < CLASSES; k++)
		section_row(t, json_string(KINDS[k]), json_count(counts[k]),
		    json_real(ratio((double)counts[k], (double)attacks->count)),
		    json_count(packets[k]), json_count(octets[k]),
		    json_real(ratio((double)octets[k], (double)all)), json_count(mixed[k]), NULL);
}

static const struct section_column DURATION_COLUMNS[] = {
	{ "duration", "Duration", "text", "" },
	{ "attacks", "Attacks", "count", "" },
	{ "share", "Share", "share", "" },
};

static void
put_durations(struct section *s, const struct ddos_attacks *attacks)
{
	static const char *const NAMES[DURATIONS] = { "under 30 minutes", "30 minutes to 24 hours",
		"over 24 hours" };
	uint64_t counts[DURATIONS] = { 0 };
	struct section_table *t = section_table(
	    s, "durations", "Attacks by duration", DURATION_COLUMNS, ARRAY_COUNT(DURATION_COLUMNS));

	for (size_t i = 0; i < attacks->count; i++) {
		double duration = ddos_duration(&attacks->list[i]);
		counts[duration < 1800 ? 0 : duration <= 86400 ? 1 : 2]++;
	}
	for (unsigned k = 0; k < DURATIONS; k++)
		section_row(t, json_string(NAMES[k]), json_count(counts[k]),
		    json_real(ratio((double)counts[k], (double)attacks->count)), NULL);
}

static const struct section_column VECTOR_COLUMNS[] = {
	{ "vector", "Vector", "text", "" },
	{ "attacks", "Attacks", "count", "" },
	{ "packets", "Packets", "count", "packets" },
	{ "octets", "Octets", "octets", "octets" },
	{ "share_octets", "Share of octets", "share", "" },
};

static void
put_vectors(struct section *s, const struct ddos_attacks *attacks)
{
	uint64_t all = 0;
	struct section_table *t = section_table(
	    s, "vectors", "Attacks by vector", VECTOR_COLUMNS, ARRAY_COUNT(VECTOR_COLUMNS));

	for (size_t i = 0; i < attacks->count; i++)
		all += attacks->list[i].octets;
	for (unsigned v = 0; v < VECTOR_COUNT; v++) {
		uint64_t count = 0, packets = 0, octets = 0;
		for (size_t i = 0; i < attacks->count; i++) {
			if ((attacks->list[i].active & VECTOR_BIT(v)) == 0)
				continue;
			count++;
			packets += attacks->list[i].vectors[v].packets;
			octets += attacks->list[i].vectors[v].octets;
		}
		if (count != 0)
			section_row(t,
			    json_string(
				v == VECTOR_SYN_ACK ? "tcp-other (SYN-ACK)" : ddos_vector_name(v)),
			    json_count(count), json_count(packets), json_count(octets),
			    json_real(ratio((double)octets, (double)all)), NULL);
	}
	section_table_note(t, "An attack counts for each of its vectors.");
}

/* ------------------------------------------------------------------ attacks */

static const struct section_column ATTACK_COLUMNS[] = {
	{ "target", "Target", "text", "" },
	{ "class", "Class", "text", "" },
	{ "vectors", "Vectors", "text", "" },
	{ "begin", "Begin", "time", "ms" },
	{ "end", "End", "time", "ms" },
	{ "duration_s", "Duration", "duration", "s" },
	{ "packets", "Packets", "count", "packets" },
	{ "octets", "Octets", "octets", "octets" },
	{ "peak_pps", "Peak", "rate", "pps" },
	{ "peak_bps", "Peak", "rate", "bps" },
	{ "peak_error", "Peak, 95 % ±", "share", "" },
	{ "sources", "Sources", "count", "" },
	{ "gaps", "Gaps", "count", "" },
};

static int
compare_size(const void *a, const void *b)
{
	const struct ddos_attack *const *x = a, *const *y = b;

	if ((*x)->peak_bps != (*y)->peak_bps)
		return (*x)->peak_bps > (*y)->peak_bps ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

static json_t *
sources_json(const struct ddos_attack *a)
{
	double low, high, sources = ddos_attack_sources(a, &low, &high);

	return a->watched || a->has_clients ? json_count((uint64_t)(sources + 0.5)) : json_null();
}

static void
put_attack(struct section_table *t, const struct ddos_attack *a)
{
	char target[DDOS_TARGET_SIZE], vectors[128];
	bool seen = a->target_packets != 0; /* else its requests alone are known, from a log */

	(void)ddos_target_text(a, target);
	section_row(t, json_text(target, strlen(target)),
	    json_string(a->flag[0] != '\0' ? a->flag : a->kind),
	    json_string(ddos_vectors_text(a, vectors, sizeof vectors)),
	    json_integer(a->begin / NSEC_PER_MS), json_integer(a->end / NSEC_PER_MS),
	    json_real(ddos_duration(a)), seen ? json_count(a->packets) : json_null(),
	    seen ? json_count(a->octets) : json_null(), seen ? json_real(a->peak_pps) : json_null(),
	    seen ? json_real(a->peak_bps) : json_null(),
	    a->sampled ? json_real(ratio(a->peak_pps_high - a->peak_pps_low, 2 * a->peak_pps))
		       : json_null(),
	    sources_json(a), json_integer(a->gap_count), NULL);
}

static void
put_attacks(const struct section_context *c, struct section *s, const struct ddos_attacks *attacks)
{
	const struct ddos_attack **order = xcalloc(attacks->count + 1, sizeof *order);
	struct section_table *t = section_table(s, "attacks", "Attacks, the largest first",
	    ATTACK_COLUMNS, ARRAY_COUNT(ATTACK_COLUMNS));
	uint64_t top = settings_u64(c->settings, "top");

	for (size_t i = 0; i < attacks->count; i++)
		order[i] = &attacks->list[i];
	qsort(order, attacks->count, sizeof *order, compare_size);
	for (size_t i = 0; i < attacks->count && i < top; i++)
		put_attack(t, order[i]);
	section_table_note(t,
	    "Packets and octets are those of the attack's vectors. Peaks are the best full second, "
	    "each by itself; of sampled traffic the best ten seconds.");
	free(order);
}

static void
put_timeline(struct section *s, const struct ddos_attacks *attacks)
{
	struct section_figure *f =
	    section_figure(s, FIGURE_TIMELINE, "timeline", "Attacks in time");

	section_axis(f, 'x', "time", "time", "ms");
	section_axis(f, 'y', "class", "category", "");
	for (unsigned k = 0; k < CLASSES; k++) {
		json_t *points = section_series(f, KINDS[k]);
		for (size_t i = 0; i < attacks->count && i < 500; i++) {
			const struct ddos_attack *a = &attacks->list[i];
			char target[DDOS_TARGET_SIZE];
			if (kind_of(a) != k)
				continue;
			(void)ddos_target_text(a, target);
			json_array_append_new(
			    points, json_pack("[I,I,o]", (json_int_t)(a->begin / NSEC_PER_MS),
					(json_int_t)(a->end / NSEC_PER_MS),
					json_text(target, strlen(target))));
		}
	}
	section_caption(f, "From the first to the last packet of each attack, gaps of less than "
			   "ten minutes within.");
}

/* ------------------------------------------------------------------ words */

static void
say_extremes(struct section *s, const struct ddos_attacks *attacks)
{
	const struct ddos_attack *largest = &attacks->list[0], *fastest = largest,
				 *longest = largest;
	char target[DDOS_TARGET_SIZE], vectors[128], pps[32], bps[32];

	for (size_t i = 1; i < attacks->count; i++) {
		const struct ddos_attack *a = &attacks->list[i];
		largest = a->peak_bps > largest->peak_bps ? a : largest;
		fastest = a->peak_pps > fastest->peak_pps ? a : fastest;
		longest = a->end - a->begin > longest->end - longest->begin ? a : longest;
	}
	section_say(s, "The largest by bandwidth, on %s (%s), reached %s and %s.",
	    ddos_target_text(largest, target), ddos_vectors_text(largest, vectors, sizeof vectors),
	    text_si(largest->peak_bps, "bps", bps, sizeof bps),
	    text_si(largest->peak_pps, "pps", pps, sizeof pps));
	if (fastest != largest)
		section_say(s, "The largest by packets, on %s (%s), reached %s.",
		    ddos_target_text(fastest, target),
		    ddos_vectors_text(fastest, vectors, sizeof vectors),
		    text_si(fastest->peak_pps, "pps", pps, sizeof pps));
	section_say(s, "The longest, on %s (%s), went on for %.0f h %.0f min %.0f s.",
	    ddos_target_text(longest, target), ddos_vectors_text(longest, vectors, sizeof vectors),
	    floor(ddos_duration(longest) / 3600), floor(fmod(ddos_duration(longest), 3600) / 60),
	    floor(fmod(ddos_duration(longest), 60)));
}

static void
say(const struct section_context *c, struct section *s, const struct ddos_attacks *attacks,
    const struct days *days)
{
	uint64_t counts[CLASSES] = { 0 };

	for (size_t i = 0; i < attacks->count; i++)
		counts[kind_of(&attacks->list[i])]++;
	if (attacks->count == 0) {
		section_say(s, "No DDoS attack was seen.");
		return;
	}
	section_say(s, "%zu DDoS attack%s: %llu on bandwidth, %llu on servers, %llu compound.",
	    attacks->count, attacks->count == 1 ? "" : "s", (unsigned long long)counts[0],
	    (unsigned long long)counts[1], (unsigned long long)counts[2]);
	say_extremes(s, attacks);
	if (days->count > 1)
		section_say(s, "%.1f attacks a day in the mean; %u of %zu days had more than %llu.",
		    (double)attacks->count / (double)days->count, days->busy, days->count,
		    (unsigned long long)settings_u64(c->settings, "busy_day"));
}

static void
define(const struct section_context *c, struct section *s)
{
	struct ddos_limits l = ddos_limits(c->settings);

	section_define(s,
	    "An attack begins when traffic to one address or prefix is over a threshold in three "
	    "of "
	    "four consecutive slots of ten seconds, or over four times it in one second, and ends "
	    "with the last slot over half of it when 60 seconds without follow. Attacks on one "
	    "target less than ten minutes apart are one with gaps. Thresholds, a second: %.0f "
	    "packets; %.3g bit; %.0f SYN; %.0f completed connections; %.0f HTTP requests to one "
	    "host. Packets and bits rise to what is usual for the target in the hour of the week "
	    "(median + 8 * 1.4826 MAD of four weeks) when two weeks of it are known.",
	    l.packets, l.bits, l.syn, l.connections, l.requests);
	section_define(s,
	    "Lower thresholds hold for what ordinary traffic does not do: %.0f SYN a second from "
	    "%.0f sources or more where %.0f %% of the TCP packets are SYN; as many SYN-ACK to an "
	    "address that sent less than a tenth as many SYN; %.0f ICMP packets a second; %.0f "
	    "octets a second of large answers from the port of one reflecting service, half of "
	    "all UDP, from %.0f senders that were not asked.",
	    l.syn_pattern, l.syn_sources, 100 * l.syn_share, l.icmp_pattern, l.reflected_octets,
	    l.reflectors);
	section_define(s,
	    "Bandwidth: udp, icmp, fragment, ip-other and reflected answers, SYN-ACK among them. "
	    "Server: syn, connection, http, tcp-other. Compound: vectors of both kinds, or several "
	    "of one, at the same time for ten seconds or more. A vector is active in a slot when "
	    "it "
	    "passes its own threshold or has 15 %% of the packets or octets of a slot that is over "
	    "the threshold of volume; packets of established connections only when they pass it "
	    "by themselves.");
}

static void
qualify(struct section *s, const struct totals *t, const struct ddos_attacks *attacks)
{
	if (t->sampled > 0)
		section_quality(s,
		    "%llu of %llu flow records are of sampled packets: counts are multiplied by "
		    "the "
		    "rate, figures of attacks have their 95 %% interval, and slots of fewer than "
		    "100 sampled packets say nothing.",
		    (unsigned long long)t->sampled, (unsigned long long)t->records);
	if (t->unknown > 0)
		section_warn(s,
		    "The sampling rate of %llu flow records is not known: they count once.",
		    (unsigned long long)t->unknown);
	if (attacks->downloads > 0)
		section_quality(s,
		    "%llu times traffic over a threshold was left out as downloads: 80 %% of it or "
		    "more in established connections from at most four sources.",
		    (unsigned long long)attacks->downloads);
	if (attacks->few_sources > 0)
		section_quality(s,
		    "%llu times traffic had the pattern of an attack but came from too few "
		    "sources: "
		    "scans and single clients do.",
		    (unsigned long long)attacks->few_sources);
	if (t->dropped_below > 0)
		section_quality(s,
		    "There were so many destinations that those with at most %llu packets in ten "
		    "seconds, in each of 8 shards, were counted with their prefix only.",
		    (unsigned long long)t->dropped_below);
	if (t->left_out > 0)
		section_warn(s,
		    "%llu targets near a threshold were left out of their window: raise targets.",
		    (unsigned long long)t->left_out);
	if (t->refused > 0)
		section_quality(s,
		    "There were so many HTTP hosts that %llu requests to those with the fewest "
		    "were "
		    "not counted.",
		    (unsigned long long)t->refused);
}

enum err
ddos_section(const struct section_context *context, struct section *section, struct err_info *info)
{
	struct ddos_attacks attacks = { 0 };
	struct totals totals = { 0 };
	struct days days = { 0 };
	enum err e = read_totals(context, &totals, info);

	if (e == ERR_OK)
		e = ddos_read_attacks(context, &attacks, info);
	if (e == ERR_OK) {
		count_days(context, &attacks, &days);
		say(context, section, &attacks, &days);
		if (attacks.count > 0) {
			put_days(context, section, &days);
			put_timeline(section, &attacks);
			put_classes(section, &attacks);
			put_durations(section, &attacks);
			put_vectors(section, &attacks);
			put_attacks(context, section, &attacks);
		}
		define(context, section);
		qualify(section, &totals, &attacks);
		for (size_t i = 0; i < attacks.count; i++)
			ddos_tell(context, section, &attacks.list[i]);
	}
	free(days.list);
	ddos_attacks_release(&attacks);
	return e;
}
