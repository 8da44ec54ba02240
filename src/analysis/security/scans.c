/* SPDX-License-Identifier: ISC */
/*
 * Scans and guessing: who looks for hosts and services that are not there, and who tries passwords.
 *
 * Scans: every flow and record says that one came to another at a port, and what came of it
 * (scan_outcome.h).  The distinct contacts of a window are kept exactly (scan_contacts.h), those
 * that failed or were left half open are stored by source (scan_rows.c), and the section puts
 * windows together and judges (scan_judge.h, scans_section.c): so a scan that is slower than a
 * window is found like a fast one.
 *
 * Guessing: attempts to log in, of logs, honeypots, dialogues in packets and HTTP (guess.h).
 *
 * Consumes flows, records, logins and HTTP requests.
 */
#include "analysis/security/scans.h"

#include <string.h>

struct scans {
	struct scan_contacts contacts;
	struct scan_seen seen;
	const struct site *site;
};

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct scans *s = state;

	(void)info;
	scan_contacts_init(&s->contacts, &context->secret);
	s->site = context->site;
	return ERR_OK;
}

static void
release(void *state)
{
	struct scans *s = state;

	scan_contacts_release(&s->contacts);
}

static void
clear(void *state)
{
	struct scans *s = state;

	scan_contacts_clear(&s->contacts);
	s->seen = (struct scan_seen){ 0 };
}

static void
observe(void *state, const struct batch *batch)
{
	struct scans *s = state;

	if (batch->type == OBS_FLOW)
		scan_take_flows(&s->contacts, &s->seen, batch->flows, batch->count);
	else if (batch->type == OBS_RECORD)
		for (size_t i = 0; i < batch->count; i++)
			scan_take_record(&s->contacts, &s->seen, batch->records[i]);
}

static void
merge(void *into, const void *from)
{
	struct scans *s = into;
	const struct scans *f = from;

	scan_contacts_merge(&s->contacts, &f->contacts);
	s->seen.flows += f->seen.flows;
	s->seen.passed += f->seen.passed;
	s->seen.both += f->seen.both;
	s->seen.one += f->seen.one;
	s->seen.sampled += f->seen.sampled;
	s->seen.inconclusive += f->seen.inconclusive;
}

static void
finish(void *state, const struct window *window, const struct row_sink *sink)
{
	struct scans *s = state;

	(void)window;
	scan_rows(&s->contacts, &s->seen, s->site, sink);
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "remote_contacts", SETTING_U64, "25", "1", "1000000",
	    "distinct failed contacts from which on a source outside own_prefixes is a scanner" },
	{ "local_contacts", SETTING_U64, "250", "1", "1000000", "the same of an own source" },
	{ "dark_hosts", SETTING_U64, "3", "1", "1000000",
	    "dark hosts among the targets from which on the next two, and dark_knocks, hold" },
	{ "remote_dark_contacts", SETTING_U64, "10", "1", "1000000",
	    "as remote_contacts, with dark hosts among the targets" },
	{ "local_dark_contacts", SETTING_U64, "100", "1", "1000000",
	    "as local_contacts, with dark hosts among the targets" },
	{ "knocks", SETTING_U64, "20", "1", "1000000",
	    "hosts at one port that a source outside failed to reach" },
	{ "dark_knocks", SETTING_U64, "3", "1", "1000000",
	    "as knocks, with dark hosts among the targets" },
	{ "timeout", SETTING_DURATION, "15m", "1m", "7d",
	    "silence of a source after which its contacts are counted anew" },
	{ "failing", SETTING_F64, "0.8", "0", "1",
	    "least share of a scanner's contacts that fail or are left half open" },
	{ "success_benign", SETTING_F64, "0.8", "0.01", "0.99",
	    "sequential test: chance that an ordinary source's first contact succeeds" },
	{ "success_scanner", SETTING_F64, "0.2", "0.01", "0.99",
	    "sequential test: chance that a scanner's does" },
	{ "detection", SETTING_F64, "0.99", "0.5", "0.999999",
	    "sequential test: share of scanners that it is to find" },
	{ "false_alarm", SETTING_F64, "0.01", "0.000001", "0.5",
	    "sequential test: share of ordinary sources that it may call scanners" },
};

static const struct column SCANS[] = {
	{ "source", COLUMN_ADDRESS, "" },
	{ "begin", COLUMN_TIME, "ms" },
	{ "end", COLUMN_TIME, "ms" },
	{ "contacts", COLUMN_U64, "" },
	{ "evidence", COLUMN_U64, "" },
	{ "weight", COLUMN_U64, "" },
	{ "list", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(SCANS) == SS_COLUMNS, "as scans.h numbers them");

static const struct column TOTALS[] = {
	{ "flows", COLUMN_U64, "flows" },
	{ "passed", COLUMN_U64, "flows" },
	{ "both_ways", COLUMN_U64, "flows" },
	{ "one_way", COLUMN_U64, "flows" },
	{ "sampled", COLUMN_U64, "flows" },
	{ "inconclusive", COLUMN_U64, "flows" },
	{ "sources", COLUMN_U64, "" },
	{ "flood", COLUMN_U64, "" },
	{ "clean_evicted", COLUMN_U64, "" },
	{ "light_evicted", COLUMN_U64, "" },
	{ "unstored", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(TOTALS) == ST_COLUMNS, "as scans.h numbers them");

static const struct table TABLES[] = {
	{ "security_scans", "Sources whose contacts failed or were left half open", SCANS,
	    SS_COLUMNS },
	{ "security_scans_totals", "What the search for scans rests on", TOTALS, ST_COLUMNS },
};

const struct analysis analysis_security_scans = {
	.name = "security/scans",
	.title = "Scans and guessing",
	.consumes = OBS_FLOW | OBS_RECORD,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.state_size = sizeof(struct scans),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = finish,
	.section = scans_section,
};
