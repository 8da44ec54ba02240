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

#include "analysis/security/guess.h"

struct scans {
	struct scan_contacts contacts;
	struct scan_seen seen;
	struct guess guess;
	const struct site *site;
};

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct scans *s = state;

	(void)info;
	scan_contacts_init(&s->contacts, &context->secret);
	guess_init(&s->guess, &context->secret);
	s->site = context->site;
	return ERR_OK;
}

static void
release(void *state)
{
	struct scans *s = state;

	scan_contacts_release(&s->contacts);
	guess_release(&s->guess);
}

static void
clear(void *state)
{
	struct scans *s = state;

	scan_contacts_clear(&s->contacts);
	guess_clear(&s->guess);
	s->seen = (struct scan_seen){ 0 };
}

static void
observe(void *state, const struct batch *batch)
{
	struct scans *s = state;

	switch (batch->type) {
	case OBS_FLOW: scan_take_flows(&s->contacts, &s->seen, batch->flows, batch->count); break;
	case OBS_RECORD:
		for (size_t i = 0; i < batch->count; i++)
			scan_take_record(&s->contacts, &s->seen, batch->records[i]);
		break;
	case OBS_LOGIN:
		for (size_t i = 0; i < batch->count; i++)
			guess_login(&s->guess, batch->logins[i]);
		break;
	case OBS_HTTP:
		for (size_t i = 0; i < batch->count; i++)
			guess_http(&s->guess, batch->http[i]);
		break;
	default: break;
	}
}

static void
merge(void *into, const void *from)
{
	struct scans *s = into;
	const struct scans *f = from;

	scan_contacts_merge(&s->contacts, &f->contacts);
	guess_merge(&s->guess, &f->guess);
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
	guess_rows(&s->guess, sink->tables + 2);
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
	{ "guesses", SETTING_U64, "30", "2", "1000000",
	    "failed logins of a source within guess_period from which on it guesses" },
	{ "guess_period", SETTING_DURATION, "30m", "1m", "1d", "see guesses" },
	{ "ftp_guesses", SETTING_U64, "20", "2", "1000000", "as guesses, for FTP" },
	{ "ftp_period", SETTING_DURATION, "15m", "1m", "1d", "as guess_period, for FTP" },
	{ "list_users", SETTING_U64, "50", "2", "1000000",
	    "distinct user names from which on guessing works off a list" },
	{ "list_tries", SETTING_U64, "3", "1", "1000", "tries of each that a list has at most" },
	{ "success_after", SETTING_U64, "30", "1", "1000000",
	    "failures before a success that make it one of guessing" },
	{ "distributed_sources", SETTING_U64, "100", "2", "256",
	    "sources with the same client, account or server that guess together" },
	{ "distributed_period", SETTING_DURATION, "1h", "1m", "7d",
	    "silence after which sources that guess together are counted anew" },
};

static const struct column SCANS[] = {
	{ "source", COLUMN_ADDRESS, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
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

#define COUNT_COLUMNS                                                             \
	{ "attempts", COLUMN_U64, "" }, { "failed", COLUMN_U64, "" },             \
	    { "likely_failed", COLUMN_U64, "" }, { "succeeded", COLUMN_U64, "" }, \
	    { "likely_succeeded", COLUMN_U64, "" },                               \
	{                                                                         \
		"no_such_user", COLUMN_U64, ""                                    \
	}

static const struct column GUESSES[] = {
	{ "source", COLUMN_ADDRESS, "" },
	{ "destination", COLUMN_ADDRESS, "" },
	{ "host", COLUMN_BLOB, "" },
	{ "service", COLUMN_TEXT, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	COUNT_COLUMNS,
	{ "failed_before", COLUMN_U64, "" },
	{ "success", COLUMN_TIME, "ms" },
	{ "users_more", COLUMN_U64, "" },
	{ "origins", COLUMN_U64, "" },
	{ "users", COLUMN_BLOB, "" },
	{ "minutes", COLUMN_BLOB, "" },
	{ "samples", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(GUESSES) == SG_COLUMNS, "as guess.h numbers them");

static const struct column NAMES[] = {
	{ "password", COLUMN_U64, "" },
	{ "service", COLUMN_TEXT, "" },
	{ "name", COLUMN_BLOB, "" },
	{ "attempts", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(NAMES) == SN_COLUMNS, "as guess.h numbers them");

static const struct column CAMPAIGNS[] = {
	{ "bond", COLUMN_U64, "" },
	{ "service", COLUMN_TEXT, "" },
	{ "destination", COLUMN_ADDRESS, "" },
	{ "name", COLUMN_BLOB, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	COUNT_COLUMNS,
	{ "sources", COLUMN_BLOB, "" },
	{ "users", COLUMN_BLOB, "" },
};
static_assert(ARRAY_COUNT(CAMPAIGNS) == SC_COLUMNS, "as guess.h numbers them");

static const struct column GUESS_TOTALS[] = {
	{ "attempts", COLUMN_U64, "" },
	{ "inferred", COLUMN_U64, "" },
	{ "requests_passed", COLUMN_U64, "" },
	{ "evicted", COLUMN_U64, "" },
	{ "names_evicted", COLUMN_U64, "" },
	{ "unstored", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(GUESS_TOTALS) == SU_COLUMNS, "as guess.h numbers them");

static const struct table TABLES[] = {
	{ "security_scans", "Sources whose contacts failed or were left half open", SCANS,
	    SS_COLUMNS },
	{ "security_scans_totals", "What the search for scans rests on", TOTALS, ST_COLUMNS },
	{ "security_guesses", "Attempts to log in by source and server", GUESSES, SG_COLUMNS },
	{ "security_guess_names", "User names, and honeypots' passwords, that were tried", NAMES,
	    SN_COLUMNS },
	{ "security_guess_campaigns",
	    "Sources that have a client, an account or a server in common", CAMPAIGNS, SC_COLUMNS },
	{ "security_guess_totals", "What the search for guessing rests on", GUESS_TOTALS,
	    SU_COLUMNS },
};

const struct analysis analysis_security_scans = {
	.name = "security/scans",
	.title = "Scans and guessing",
	.consumes = OBS_FLOW | OBS_RECORD | OBS_LOGIN | OBS_HTTP,
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
