/* SPDX-License-Identifier: ISC */
/* The section of dns/passive: how many records, which names are new; see passive.h. */
#include <inttypes.h>
#include <string.h>

#include "analysis/dns/passive.h"

#define NEW_SHOWN 20

static const struct section_column TYPES[] = {
	{ "rrtype", "Type", "text", "" },
	{ "records", "Records", "count", "" },
	{ "names", "Names", "count", "" },
	{ "answers", "Times answered", "count", "" },
};

static const struct section_column NEW_NAMES[] = {
	{ "rrname", "Name", "text", "" },
	{ "first", "First seen", "time", "ms" },
	{ "answers", "Times answered", "count", "" },
};

struct facts {
	uint64_t records, names, answers;
	uint64_t totals[PT_COLUMNS];
	bool earlier; /* the store holds records from before the period */
};

static enum err
read_facts(const struct section_context *c, struct facts *f, struct err_info *info)
{
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT count(*) AS records, count(DISTINCT rrname) AS names, sum(n) AS answers FROM "
	    "(SELECT rrname, rrtype, rdata, bailiwick, sum(answers) AS n FROM dns_passive "
	    "WHERE" PERIOD_SQL "GROUP BY rrname, rrtype, rdata, bailiwick) AS each_record",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	if (result_next(r)) {
		f->records = result_u64(r, 0);
		f->names = result_u64(r, 1);
		f->answers = result_u64(r, 2);
	}
	result_free(r);
	e = query_run(c->store, &r, info,
	    "SELECT sum(messages) AS a, sum(unmatched) AS b, sum(outside) AS c, sum(suspect) AS d, "
	    "sum(unfit) AS e, sum(refused) AS f FROM dns_passive_totals WHERE" PERIOD_SQL,
	    PERIOD_ARGS(c));
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; result_next(r) && i < 1; i++)
		for (size_t k = 0; k < PT_COLUMNS; k++)
			f->totals[k] = result_u64(r, k);
	result_free(r);
	e = query_run(c->store, &r, info,
	    "SELECT count(*) AS n FROM dns_passive WHERE window_begin < %llu",
	    analysis_ms(c->begin));
	if (e != ERR_OK)
		return e;
	f->earlier = result_next(r) && result_u64(r, 0) != 0;
	result_free(r);
	return ERR_OK;
}

static enum err
add_types(const struct section_context *c, struct section *s, struct err_info *info)
{
	struct section_table *table =
	    section_table(s, "types", "Records by type", TYPES, ARRAY_COUNT(TYPES));
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT rrtype, count(*) AS records, count(DISTINCT rrname) AS names, sum(n) AS total "
	    "FROM (SELECT rrname, rrtype, rdata, bailiwick, sum(answers) AS n FROM dns_passive "
	    "WHERE" PERIOD_SQL "GROUP BY rrname, rrtype, rdata, bailiwick) AS each_record "
	    "GROUP BY rrtype ORDER BY records DESC, rrtype LIMIT 20",
	    PERIOD_ARGS(c));

	if (e != ERR_OK)
		return e;
	while (result_next(r)) {
		size_t size;
		const char *type = result_blob(r, 0, &size);
		section_row(table, json_text(type, size),
		    json_integer((json_int_t)result_u64(r, 1)),
		    json_integer((json_int_t)result_u64(r, 2)),
		    json_integer((json_int_t)result_u64(r, 3)), NULL);
	}
	result_free(r);
	return ERR_OK;
}

/* Names that were never seen before the period, the most asked for first. */
static enum err
add_new(const struct section_context *c, struct section *s, struct err_info *info)
{
	struct section_table *table = NULL;
	uint64_t count = 0;
	struct result *r;
	enum err e = query_run(c->store, &r, info,
	    "SELECT rrname, min(time_first) AS first_time, sum(answers) AS total, "
	    "min(window_begin) AS seen FROM dns_passive WHERE window_begin < %llu GROUP BY rrname "
	    "HAVING seen >= %llu ORDER BY total DESC, rrname",
	    analysis_ms(c->end), analysis_ms(c->begin));

	if (e != ERR_OK)
		return e;
	for (; result_next(r); count++) {
		size_t size;
		const char *name = result_blob(r, 0, &size);
		if (table == NULL)
			table = section_table(s, "new_names", "Names seen for the first time",
			    NEW_NAMES, ARRAY_COUNT(NEW_NAMES));
		if (count < NEW_SHOWN)
			section_row(table, json_text(name, size),
			    json_integer((json_int_t)result_u64(r, 1)),
			    json_integer((json_int_t)result_u64(r, 2)), NULL);
	}
	result_free(r);
	section_say(s, "%" PRIu64 " %s never seen before the period.", count,
	    count == 1 ? "name was" : "names were");
	if (count > NEW_SHOWN)
		section_table_note(
		    table, "The %d that were answered most, of %" PRIu64 ".", NEW_SHOWN, count);
	return ERR_OK;
}

static void
say_quality(const struct facts *f, struct section *s)
{
	static const char *const WHAT[PT_COLUMNS] = {
		[PT_UNMATCHED] = "authoritative answers that no query was waiting for are left out",
		[PT_OUTSIDE] = "records were outside the bailiwick of their server",
		[PT_SUSPECT] = "records were of domains for which somebody tried to forge answers",
		[PT_UNFIT] = "records had data of more than 2048 characters",
		[PT_REFUSED] = "records found no room (setting records)",
	};

	for (size_t i = 0; i < PT_COLUMNS; i++) {
		char text[32];
		if (WHAT[i] != NULL && f->totals[i] != 0)
			section_quality(
			    s, "%s %s.", text_count(f->totals[i], text, sizeof text), WHAT[i]);
	}
}

enum err
passive_section(
    const struct section_context *context, struct section *section, struct err_info *info)
{
	struct facts f = { 0 };
	char records[32], names[32], messages[32];
	enum err e = read_facts(context, &f, info);

	if (e != ERR_OK)
		return e;
	if (f.records == 0)
		return ERR_END;
	section_say(section, "%s authoritative answers held %s different records of %s names.",
	    text_count(f.totals[PT_MESSAGES], messages, sizeof messages),
	    text_count(f.records, records, sizeof records),
	    text_count(f.names, names, sizeof names));
	e = add_types(context, section, info);
	if (e == ERR_OK && f.earlier)
		e = add_new(context, section, info);
	if (e != ERR_OK)
		return e;
	if (!f.earlier)
		section_say(section, "The store holds nothing earlier that they could be new to.");
	section_define(section,
	    "Records of the answer section of authoritative answers that a waiting query got, by "
	    "name, type, data and bailiwick: the server's zone as its authority section names it, "
	    "or the registrable domain. Records outside of it, signatures, and records of "
	    "domains with forged answers in the same window are left out. `yagura query dns "
	    "passive --cof` exports them.");
	say_quality(&f, section);
	return ERR_OK;
}
