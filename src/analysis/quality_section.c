/* SPDX-License-Identifier: ISC */
/* The section of quality: inputs, counters with their meanings, link types. */
#include "analysis/quality_section.h"

#include <stdio.h>
#include <string.h>

#include "net/link_type.h"

const struct quality_name QUALITY_OWN[QUALITY_OWN_COUNT] = {
	[QUALITY_PACKETS] = { "packets.read", "packets (frames) read from the inputs" },
	[QUALITY_IP] = { "packets.ip", "packets measured as IPv4 or IPv6" },
	[QUALITY_ARP] = { "packets.arp", "ARP messages" },
	[QUALITY_NOT_IP] = { "packets.not_ip", "good frames of something else" },
	[QUALITY_UNDECODED] = { "packets.undecoded",
	    "frames that could not be decoded: the counters below say why" },
	[QUALITY_SNAPPED] = { "packets.snapped",
	    "packets of which the capture kept less than was on the wire" },
	[QUALITY_FRAGMENTS] = { "packets.fragments", "IP fragments" },
	[QUALITY_TUNNELED] = { "packets.tunneled", "packets measured inside a tunnel" },
	[QUALITY_DUPLICATES] = { "packets.duplicates",
	    "packets seen twice within 1 ms, as a mirror port makes them: counted, not removed" },
};

static const char *
meaning_of(const char *name)
{
	for (size_t i = 0; i < QUALITY_OWN_COUNT; i++)
		if (strcmp(QUALITY_OWN[i].name, name) == 0)
			return QUALITY_OWN[i].meaning;
	for (size_t i = 0; i < DROP_COUNT; i++)
		if (strcmp(drop_name((enum drop)i), name) == 0)
			return drop_meaning((enum drop)i);
	return "";
}

static bool
is_own(const char *name)
{
	return strncmp(name, "packets.", 8) == 0;
}

/* The counters: ours in one table, what went wrong in another. */
static enum err
counters(const struct section_context *c, struct section *section, uint64_t *ret_odd,
    struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "name", "Counter", "text", "" },
		{ "value", "Count", "count", "" },
		{ "meaning", "Meaning", "text", "" },
	};
	struct section_table *tables[2];
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT name AS counter, sum(value) AS total FROM quality_counters WHERE" PERIOD_SQL
	    "GROUP BY counter ORDER BY counter",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	tables[0] = section_table(section, "packets", "Packets", COLUMNS, ARRAY_COUNT(COLUMNS));
	tables[1] = section_table(
	    section, "counters", "Dropped, cut short, evicted, odd", COLUMNS, ARRAY_COUNT(COLUMNS));
	*ret_odd = 0;
	while (result_next(r)) {
		const char *name = result_text(r, 0);
		uint64_t value = result_u64(r, 1);
		if (!is_own(name))
			(*ret_odd)++;
		section_row(tables[is_own(name) ? 0 : 1], json_string(name),
		    json_integer((json_int_t)value), json_string(meaning_of(name)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
links(const struct section_context *c, struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "link_type", "Number", "count", "" },
		{ "name", "Link type", "text", "" },
		{ "frames", "Frames", "count", "packets" },
		{ "frame_octets", "Octets (L2)", "octets", "octets" },
	};
	struct section_table *table;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT link_type AS link, sum(frames) AS f, sum(frame_octets) AS o FROM quality_links "
	    "WHERE" PERIOD_SQL "GROUP BY link ORDER BY link",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	table = section_table(section, "links", "Link types", COLUMNS, ARRAY_COUNT(COLUMNS));
	while (result_next(r)) {
		uint16_t type = (uint16_t)result_u64(r, 0);
		const char *name = link_type_name(type);
		section_row(table, json_integer(type), json_string(name != NULL ? name : "unknown"),
		    json_integer((json_int_t)result_u64(r, 1)),
		    json_integer((json_int_t)result_u64(r, 2)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

static enum err
inputs(const struct section_context *c, struct section *section, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "path", "Input", "text", "" },
		{ "kind", "Format", "text", "" },
		{ "records", "Packets", "count", "packets" },
		{ "octets", "Octets of the file", "octets", "octets" },
		{ "begin", "First packet", "time", "ms" },
		{ "end", "Last packet", "time", "ms" },
		{ "damage", "Not read", "text", "" },
	};
	struct section_table *table;
	uint64_t count = 0, damaged = 0, records = 0;
	char text[32], number[32];
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT path, kind, records, octets, begin_time, end_time, damage FROM inputs ORDER BY "
	    "begin_time, path, fingerprint");

	if (e != ERR_OK)
		return e;
	table = section_table(section, "inputs", "Inputs", COLUMNS, ARRAY_COUNT(COLUMNS));
	while (result_next(r)) {
		const char *damage = result_text(r, 6);
		count++;
		records += result_u64(r, 2);
		damaged += damage[0] != '\0';
		section_row(table, json_text(result_text(r, 0), strlen(result_text(r, 0))),
		    json_string(result_text(r, 1)), json_integer((json_int_t)result_u64(r, 2)),
		    json_integer((json_int_t)result_u64(r, 3)),
		    json_integer((json_int_t)result_u64(r, 4)),
		    json_integer((json_int_t)result_u64(r, 5)), json_text(damage, strlen(damage)),
		    NULL);
	}
	result_free(r);
	section_say(section, "This review rests on %s packets of %s %s.",
	    text_count(records, number, sizeof number), text_count(count, text, sizeof text),
	    count == 1 ? "input" : "inputs");
	if (damaged != 0)
		section_say(section,
		    "%s of the inputs could not be read to the end; the table says where it "
		    "stopped.",
		    text_count(damaged, text, sizeof text));
	return ERR_OK;
}

enum err
quality_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	uint64_t odd;
	enum err e = inputs(c, section, info);

	if (e == ERR_OK)
		e = counters(c, section, &odd, info);
	if (e != ERR_OK)
		return e;
	if (odd == 0)
		section_say(section, "Nothing was dropped, evicted or out of order.");
	else
		section_say(section,
		    "%llu kinds of irregularity were counted; each is named below.",
		    (unsigned long long)odd);
	section_define(section, "Every packet that could not be measured, or only with a remark, "
				"is counted under a name. A snapped packet is one "
				"the capture itself cut short; it is measured by its headers. A "
				"late packet is older than the window that was open "
				"when it came; it is counted into that window.");
	return links(c, section, info);
}
