/* SPDX-License-Identifier: ISC */
/*
 * Who guesses: puts the windows of a source and service together and applies the thresholds.
 *
 * Windows belong together while no gap between attempts is longer than the service's period; once
 * something was found a gap of FINDING_GAP ends it.
 */
#include "analysis/security/guess_section.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/guess.h"
#include "analysis/security/scans_section.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/xmalloc.h"

#define USERS_MOST    4096 /* of a series */
#define TARGETS_MOST  4096
#define SAMPLES_SHOWN 5
#define SHOWN         100
#define NAMES_SHOWN   50
#define SAMPLE_FIXED  22
#define LIST_SHARE    0.9 /* of a list's names are tried at most list_tries times */

struct rules {
	uint64_t guesses, ftp_guesses, list_users, list_tries, success_after;
	nsec_t period, ftp_period;
};

struct evidence {
	struct guess_sample sample;
	uint64_t input;
};

/* Attempts of one source at one service. */
struct series {
	struct address source;
	char service[GUESS_SERVICE];
	bool begun;
	nsec_t begin, end;
	uint64_t counts[GUESS_COUNTS];
	uint64_t best; /* failures in the fullest period */
	uint64_t failed_before;
	nsec_t success;
	uint64_t users_more, origins;
	struct guess_user *users; /* owned */
	size_t user_count, user_room;
	struct guess_minute *minutes; /* owned */
	size_t minute_count, minute_room;
	uint64_t targets[TARGETS_MOST]; /* hashes */
	uint32_t target_count;
	struct evidence evidence[SAMPLES_SHOWN];
	uint32_t evidence_count;
};

/* What the table shows of a series that was found. */
struct guesser {
	struct address source;
	char service[GUESS_SERVICE];
	nsec_t begin, end;
	uint64_t attempts, successes, users, targets, best;
	const char *pattern;
};

struct reader {
	const struct section_context *context;
	struct section *section;
	struct rules rules;
	struct series series;
	struct guesser *found; /* owned */
	size_t found_count, found_room;
	uint64_t totals[SU_COLUMNS], windows, after_success;
	struct scan_countries *countries;
	struct scan_days *days;
	char services[SCAN_SERIES_MOST][GUESS_SERVICE];
	unsigned service_count;
};

static void
read_rules(struct rules *r, const struct settings *s)
{
	*r = (struct rules){
		.guesses = settings_u64(s, "guesses"),
		.ftp_guesses = settings_u64(s, "ftp_guesses"),
		.list_users = settings_u64(s, "list_users"),
		.list_tries = settings_u64(s, "list_tries"),
		.success_after = settings_u64(s, "success_after"),
		.period = settings_duration(s, "guess_period"),
		.ftp_period = settings_duration(s, "ftp_period"),
	};
}

static bool
is_ftp(const struct series *s)
{
	return strcmp(s->service, "ftp") == 0;
}

static nsec_t
period_of(const struct reader *r, const struct series *s)
{
	return is_ftp(s) ? r->rules.ftp_period : r->rules.period;
}

static uint64_t
limit_of(const struct reader *r, const struct series *s)
{
	return is_ftp(s) ? r->rules.ftp_guesses : r->rules.guesses;
}

/* ------------------------------------------------------------------ judging */

static uint64_t
failures_of(const uint64_t *counts)
{
	return counts[GUESS_FAILED] + counts[GUESS_LIKELY_FAILED];
}

static uint64_t
successes_of(const uint64_t *counts)
{
	return counts[GUESS_SUCCEEDED] + counts[GUESS_LIKELY_SUCCEEDED];
}

static int
by_number(const void *a, const void *b)
{
	const struct guess_minute *x = a, *y = b;

	return x->number != y->number ? x->number < y->number ? -1 : 1 : 0;
}

/* The most failures in any period, by whole minutes. */
static uint64_t
best_of(const struct reader *r, struct series *s)
{
	int64_t length = period_of(r, s) / (60 * NSEC_PER_SEC);
	uint64_t sum = 0, best = 0;
	size_t first = 0;

	if (s->minute_count > 0)
		qsort(s->minutes, s->minute_count, sizeof *s->minutes, by_number);
	for (size_t i = 0; i < s->minute_count; i++) {
		sum += s->minutes[i].failed;
		while (s->minutes[i].number - s->minutes[first].number >= length)
			sum -= s->minutes[first++].failed;
		best = sum > best ? sum : best;
	}
	return best;
}

static uint64_t
users_of(const struct series *s)
{
	return s->user_count;
}

/* Many names, few tries each. */
static bool
is_list(const struct reader *r, const struct series *s)
{
	size_t few = 0;

	for (size_t i = 0; i < s->user_count; i++)
		few += s->users[i].tries <= r->rules.list_tries;
	return s->user_count >= r->rules.list_users &&
	       (double)few >= LIST_SHARE * (double)s->user_count;
}

static bool
has_broken_in(const struct reader *r, const struct series *s)
{
	return s->success != 0 && s->failed_before >= r->rules.success_after;
}

static bool
is_guessing(const struct reader *r, struct series *s)
{
	s->best = best_of(r, s);
	return s->best >= limit_of(r, s) || has_broken_in(r, s) ||
	       (is_list(r, s) && failures_of(s->counts) >= r->rules.list_users);
}

static const char *
pattern_of(const struct reader *r, const struct series *s)
{
	if (is_list(r, s))
		return "list";
	if (s->user_count == 0)
		return "not known";
	return s->user_count == 1 ? "one account" : "dictionary";
}

/* ------------------------------------------------------------------ a finding */

static void
put_evidence(const struct series *s, struct finding *out)
{
	static const char *const OUTCOMES[] = { "failed", "succeeded", "not known", "likely failed",
		"likely succeeded" };

	for (uint32_t i = 0; i < s->evidence_count; i++) {
		const struct guess_sample *sample = &s->evidence[i].sample;
		json_t *decoded = json_object();
		json_object_set_new(decoded, "time", json_count(analysis_ms(sample->time)));
		json_object_set_new(decoded, "source", json_address(&s->source));
		json_object_set_new(decoded, "user", json_text(sample->user, sample->user_size));
		json_object_set_new(decoded, "outcome",
		    json_string(sample->outcome < ARRAY_COUNT(OUTCOMES) ? OUTCOMES[sample->outcome]
									: "not known"));
		finding_evidence(
		    out, s->evidence[i].input, sample->input_offset, sample->input_length, decoded);
	}
}

static void
put_measures(const struct reader *r, const struct series *s, struct finding *out)
{
	finding_measure(out, "targets", json_count(s->target_count));
	finding_measure(out, "ports", json_integer(1));
	finding_measure(out, "attempts", json_count(s->counts[GUESS_ATTEMPTS]));
	finding_measure(out, "successes", json_count(successes_of(s->counts)));
	finding_measure(out, "failures", json_count(failures_of(s->counts)));
	finding_measure(out, "inferred",
	    json_count(s->counts[GUESS_LIKELY_FAILED] + s->counts[GUESS_LIKELY_SUCCEEDED]));
	finding_measure(out, "users", json_count(users_of(s)));
	finding_measure(out, "no_such_user", json_count(s->counts[GUESS_NO_SUCH_USER]));
	finding_measure(out, "most_in_period", json_count(s->best));
	finding_measure(out, "pattern", json_string(pattern_of(r, s)));
	if (has_broken_in(r, s)) {
		finding_measure(out, "failures_before_success", json_count(s->failed_before));
		finding_measure(out, "success_time", json_count(analysis_ms(s->success)));
	}
}

static void
put_thresholds(const struct reader *r, const struct series *s, struct finding *out)
{
	char name[64];

	(void)snprintf(name, sizeof name, "failures in %g min",
	    (double)period_of(r, s) / (60.0 * NSEC_PER_SEC));
	finding_threshold(out, name, json_count(limit_of(r, s)),
	    is_ftp(s) ? "Zeek, ftp/detect-bruteforcing" : "Zeek, ssh/detect-bruteforcing");
	if (is_list(r, s)) {
		finding_threshold(out, "user names of a list", json_count(r->rules.list_users),
		    "doc/analyses/security-scans.md");
		finding_threshold(out, "tries of each", json_count(r->rules.list_tries),
		    "doc/analyses/security-scans.md");
	}
	if (has_broken_in(r, s))
		finding_threshold(out, "failures before a success",
		    json_count(r->rules.success_after), "doc/analyses/security-scans.md");
}

static const char *
severity_of(const struct reader *r, const struct series *s)
{
	bool real = (s->origins & ~(UINT64_C(1) << LOGIN_FROM_HONEYPOT)) != 0;

	if (has_broken_in(r, s) && real)
		return "high";
	if (site_is_own(r->context->site, &s->source))
		return "medium";
	return real ? "low" : "info";
}

static void
advise(const struct reader *r, const struct series *s, struct finding *out)
{
	if (!has_broken_in(r, s))
		finding_advise(out, "Allow keys instead of passwords, limit attempts (fail2ban, "
				    "MaxAuthTries), block the "
				    "source where it goes on.");
	else if (s->counts[GUESS_SUCCEEDED] > 0)
		finding_advise(out, "A login succeeded after the guessing: treat the account as "
				    "taken over, end its "
				    "sessions, change its password, look at what it did since.");
	else
		finding_advise(out,
		    "What followed the guessing looks like a login, which was not seen itself: "
		    "compare with the "
		    "server's own log, and if it was one, treat the account as taken over.");
}

static void
make_finding(struct reader *r, const struct series *s)
{
	bool inferred = s->counts[GUESS_LIKELY_FAILED] > s->counts[GUESS_FAILED];
	struct finding *out = section_finding(
	    r->section, "guessing", severity_of(r, s), inferred ? 0.6 : 0.95, s->begin, s->end);

	finding_subject(out, "source", json_address(&s->source));
	finding_subject(out, "service", json_string(s->service));
	put_measures(r, s, out);
	put_thresholds(r, s, out);
	put_evidence(s, out);
	advise(r, s, out);
	r->after_success += has_broken_in(r, s);
}

static void
keep(struct reader *r, const struct series *s)
{
	if (r->found_count == r->found_room) {
		r->found_room = r->found_room > 0 ? 2 * r->found_room : 16;
		r->found = xrealloc_array(r->found, r->found_room, sizeof *r->found);
	}
	r->found[r->found_count] = (struct guesser){
		.source = s->source,
		.begin = s->begin,
		.end = s->end,
		.attempts = s->counts[GUESS_ATTEMPTS],
		.successes = successes_of(s->counts),
		.users = users_of(s),
		.targets = s->target_count,
		.best = s->best,
		.pattern = pattern_of(r, s),
	};
	memcpy(r->found[r->found_count++].service, s->service, sizeof s->service);
	scan_countries_add(r->countries, &s->source, s->counts[GUESS_ATTEMPTS]);
}

/* ------------------------------------------------------------------ series */

static void
reset(struct series *s)
{
	struct guess_user *users = s->users;
	struct guess_minute *minutes = s->minutes;
	size_t user_room = s->user_room, minute_room = s->minute_room;

	*s = (struct series){ .users = users,
		.user_room = user_room,
		.minutes = minutes,
		.minute_room = minute_room };
}

/* Ends a series: says whether it was guessing. */
static bool
end_series(struct reader *r)
{
	struct series *s = &r->series;

	if (!s->begun || !is_guessing(r, s))
		return false;
	make_finding(r, s);
	keep(r, s);
	reset(s);
	return true;
}

static void
add_user(struct series *s, uint64_t hash, uint64_t tries)
{
	for (size_t i = 0; i < s->user_count; i++)
		if (s->users[i].hash == hash) {
			s->users[i].tries += tries;
			return;
		}
	if (s->user_count == USERS_MOST) {
		s->users_more += tries;
		return;
	}
	if (s->user_count == s->user_room) {
		s->user_room = s->user_room > 0 ? 2 * s->user_room : 64;
		s->users = xrealloc_array(s->users, s->user_room, sizeof *s->users);
	}
	s->users[s->user_count++] = (struct guess_user){ hash, tries };
}

static void
add_minute(struct series *s, int64_t number, uint64_t failed)
{
	if (s->minute_count == s->minute_room) {
		s->minute_room = s->minute_room > 0 ? 2 * s->minute_room : 64;
		s->minutes = xrealloc_array(s->minutes, s->minute_room, sizeof *s->minutes);
	}
	s->minutes[s->minute_count++] = (struct guess_minute){ number, failed };
}

static void
add_target(struct series *s, uint64_t hash)
{
	for (uint32_t i = 0; i < s->target_count; i++)
		if (s->targets[i] == hash)
			return;
	if (s->target_count < TARGETS_MOST)
		s->targets[s->target_count++] = hash;
}

static struct cursor
blob(const struct result *r, size_t column)
{
	size_t size;
	const char *octets = result_blob(r, column, &size);

	return cursor_over((const uint8_t *)octets, size);
}

static void
read_samples(struct series *s, const struct result *r, size_t column, uint64_t input)
{
	struct cursor c = blob(r, column);

	while (cursor_left(&c) >= SAMPLE_FIXED && s->evidence_count < SAMPLES_SHOWN) {
		const uint8_t *p = cursor_take(&c, SAMPLE_FIXED), *user;
		struct evidence *e = &s->evidence[s->evidence_count];
		*e = (struct evidence){ .input = input,
			.sample = { .time = (nsec_t)le64(p),
			    .input_offset = le64(p + 8),
			    .input_length = le32(p + 16),
			    .outcome = p[20],
			    .user_size = p[21] } };
		user = cursor_take(&c, p[21]);
		if (user == NULL || p[21] > sizeof e->sample.user)
			return;
		memcpy(e->sample.user, user, p[21]);
		s->evidence_count++;
	}
}

static uint64_t
hash_target(const struct result *r)
{
	struct address destination = result_address(r, 1 + SG_DESTINATION);
	struct cursor c = blob(r, 1 + SG_HOST);
	uint64_t hash = hash_mix_words(destination.words, 2);

	while (cursor_left(&c) > 0)
		hash = hash_mix64(hash ^ cursor_u8(&c)) + 1;
	return hash;
}

/* Adds a row; its columns come after `input`. */
static void
take_row(struct series *s, const struct result *r)
{
	nsec_t begin = (nsec_t)result_u64(r, 1 + SG_BEGIN) * NSEC_PER_MS;
	nsec_t end = (nsec_t)result_u64(r, 1 + SG_END) * NSEC_PER_MS;
	nsec_t success = (nsec_t)result_u64(r, 1 + SG_SUCCESS) * NSEC_PER_MS;
	uint64_t before = failures_of(s->counts) + result_u64(r, 1 + SG_FAILED_BEFORE);
	struct cursor c;

	s->begin = begin < s->begin ? begin : s->begin;
	s->end = end > s->end ? end : s->end;
	if (success != 0 && (s->success == 0 || before > s->failed_before)) {
		s->success = success;
		s->failed_before = before;
	}
	for (unsigned i = 0; i < GUESS_COUNTS; i++)
		s->counts[i] += result_u64(r, 1 + SG_COUNTS + i);
	s->users_more += result_u64(r, 1 + SG_USERS_MORE);
	s->origins |= result_u64(r, 1 + SG_ORIGINS);
	add_target(s, hash_target(r));
	for (c = blob(r, 1 + SG_USERS); cursor_left(&c) >= 16;) {
		const uint8_t *p = cursor_take(&c, 16);
		add_user(s, le64(p), le64(p + 8));
	}
	for (c = blob(r, 1 + SG_MINUTES); cursor_left(&c) >= 16;) {
		const uint8_t *p = cursor_take(&c, 16);
		add_minute(s, (int64_t)le64(p), le64(p + 8));
	}
	read_samples(s, r, 1 + SG_SAMPLES, result_u64(r, 0));
}

/* Ends the series where the row does not belong to it, and begins one. */
static void
heed_row(struct reader *r, const struct result *row)
{
	struct series *s = &r->series;
	struct address source = result_address(row, 1 + SG_SOURCE);
	const char *service = result_text(row, 1 + SG_SERVICE);
	nsec_t begin = (nsec_t)result_u64(row, 1 + SG_BEGIN) * NSEC_PER_MS;
	bool same =
	    s->begun && address_equal(&s->source, &source) && strcmp(s->service, service) == 0;

	if (!same || begin - s->end > period_of(r, s)) {
		(void)end_series(r);
		reset(s);
	} else if (begin - s->end > FINDING_GAP) {
		(void)end_series(r);
	}
	if (s->begun)
		return;
	s->begun = true;
	s->source = source;
	s->begin = begin;
	(void)snprintf(s->service, sizeof s->service, "%s", service);
}

static void
count_day(struct reader *r, const struct result *row)
{
	const char *service = result_text(row, 1 + SG_SERVICE);
	unsigned i = 0;

	while (i < r->service_count && strcmp(r->services[i], service) != 0)
		i++;
	if (i == SCAN_SERIES_MOST)
		i--;
	else if (i == r->service_count)
		(void)snprintf(r->services[r->service_count++], GUESS_SERVICE, "%s", service);
	scan_days_add(r->days, i, (nsec_t)result_u64(row, 1 + SG_BEGIN) * NSEC_PER_MS,
	    result_u64(row, 1 + SG_COUNTS + GUESS_ATTEMPTS));
}

static enum err
read_guesses(struct reader *r, struct err_info *info)
{
	struct result *rows;
	enum err e = query_run(r->context->store, &rows, info,
	    "SELECT input, source, destination, host, service, first, last, attempts, failed, "
	    "likely_failed, succeeded, likely_succeeded, no_such_user, failed_before, success, "
	    "users_more, origins, users, minutes, samples FROM security_guesses WHERE" PERIOD_SQL
	    "ORDER BY source, service, first, input, destination, host",
	    PERIOD_ARGS(r->context));

	if (e != ERR_OK)
		return e;
	while (result_next(rows)) {
		heed_row(r, rows);
		take_row(&r->series, rows);
		count_day(r, rows);
	}
	(void)end_series(r);
	result_free(rows);
	return ERR_OK;
}

static enum err
read_totals(struct reader *r, struct err_info *info)
{
	struct result *rows;
	enum err e = query_run(r->context->store, &rows, info,
	    "SELECT count(*) AS k, sum(attempts) AS a, sum(inferred) AS b, "
	    "sum(requests_passed) AS d, sum(evicted) AS e, sum(names_evicted) AS f, "
	    "sum(unstored) AS g FROM security_guess_totals WHERE" PERIOD_SQL,
	    PERIOD_ARGS(r->context));

	if (e != ERR_OK)
		return e;
	if (result_next(rows)) {
		r->windows = result_u64(rows, 0);
		for (unsigned i = 0; i < SU_COLUMNS; i++)
			r->totals[i] = result_u64(rows, 1 + i);
	}
	result_free(rows);
	return ERR_OK;
}

/* ------------------------------------------------------------------ tables and words */

static int
by_attempts(const void *a, const void *b)
{
	const struct guesser *x = a, *y = b;
	int by;

	if (x->attempts != y->attempts)
		return x->attempts > y->attempts ? -1 : 1;
	by = address_compare(&x->source, &y->source);
	if (by != 0)
		return by;
	return x->begin != y->begin ? x->begin < y->begin ? -1 : 1 : strcmp(x->service, y->service);
}

static void
put_guessers(struct reader *r)
{
	static const struct section_column COLUMNS[] = {
		{ "source", "Source", "address", "" },
		{ "service", "Service", "text", "" },
		{ "begin", "Begin", "time", "ms" },
		{ "end", "End", "time", "ms" },
		{ "attempts", "Attempts", "count", "" },
		{ "successes", "Successes", "count", "" },
		{ "targets", "Servers", "count", "" },
		{ "users", "User names", "count", "" },
		{ "pattern", "Pattern", "text", "" },
	};
	struct section_table *t = section_table(
	    r->section, "guessers", "Sources that guess", COLUMNS, ARRAY_COUNT(COLUMNS));

	qsort(r->found, r->found_count, sizeof *r->found, by_attempts);
	for (size_t i = 0; i < r->found_count && i < SHOWN; i++) {
		const struct guesser *g = &r->found[i];
		section_row(t, json_address(&g->source), json_string(g->service),
		    json_count(analysis_ms(g->begin)), json_count(analysis_ms(g->end)),
		    json_count(g->attempts), json_count(g->successes), json_count(g->targets),
		    json_count(g->users), json_string(g->pattern), NULL);
	}
	if (r->found_count > SHOWN)
		section_table_note(
		    t, "The %d with the most attempts of %zu.", SHOWN, r->found_count);
}

static enum err
put_names(struct reader *r, bool passwords, struct err_info *info)
{
	static const struct section_column COLUMNS[] = {
		{ "service", "Service", "text", "" },
		{ "name", "Tried", "text", "" },
		{ "attempts", "Attempts", "count", "" },
	};
	struct section_table *t = NULL;
	struct result *rows;
	enum err e = query_run(r->context->store, &rows, info,
	    "SELECT service, name, sum(attempts) AS n FROM security_guess_names WHERE password = "
	    "%d "
	    "AND" PERIOD_SQL "GROUP BY service, name ORDER BY n DESC, service, name LIMIT %d",
	    passwords, PERIOD_ARGS(r->context), NAMES_SHOWN);

	if (e != ERR_OK)
		return e;
	while (result_next(rows)) {
		size_t size;
		const char *text = result_blob(rows, 1, &size);
		if (t == NULL)
			t = section_table(r->section, passwords ? "passwords" : "users",
			    passwords ? "Passwords tried at honeypots" : "User names tried",
			    COLUMNS, ARRAY_COUNT(COLUMNS));
		section_row(t, json_string(result_text(rows, 0)), json_text(text, size),
		    json_count(result_u64(rows, 2)), NULL);
	}
	result_free(rows);
	return ERR_OK;
}

static void
put_days(struct reader *r)
{
	struct section_figure *figure =
	    section_figure(r->section, FIGURE_BARS, "logins-per-day", "Attempts to log in per day");
	const char *names[SCAN_SERIES_MOST];

	for (unsigned i = 0; i < r->service_count; i++)
		names[i] = r->services[i];
	section_axis(figure, 'x', "day", "category", "");
	section_axis(figure, 'y', "attempts", "linear", "count");
	scan_days_finish(r->days, figure, names, r->service_count);
	section_caption(figure, "All attempts, successful ones included, by service (%s).",
	    r->context->site->time_zone);
}

static void
define(const struct reader *r)
{
	const struct rules *u = &r->rules;

	section_define(r->section,
	    "Guessing: a source fails to log in %" PRIu64 " times or more in %g min (FTP %" PRIu64
	    " in %g min), by whole minutes, or with %" PRIu64
	    " user names of which nine tenths are tried %" PRIu64
	    " times at most (a list), or succeeds after %" PRIu64
	    " failures. Attempts of one source and service without a longer silence belong "
	    "together.",
	    u->guesses, (double)u->period / (60.0 * NSEC_PER_SEC), u->ftp_guesses,
	    (double)u->ftp_period / (60.0 * NSEC_PER_SEC), u->list_users, u->list_tries,
	    u->success_after);
	section_define(r->section, "Of encrypted logins (SSH in packets) only sizes and times are "
				   "seen: a connection closed "
				   "within 20 s with less than 5 kB from the server likely failed, "
				   "another likely succeeded; "
				   "short automatic sessions look like failures.");
}

static void
say(const struct reader *r, size_t together)
{
	const uint64_t *t = r->totals;
	char attempts[32];

	section_say(r->section, "%s attempts to log in were seen; %zu time%s a source guessed%s.",
	    text_count(t[SU_ATTEMPTS], attempts, sizeof attempts), r->found_count,
	    r->found_count == 1 ? "" : "s", together > 0 ? ", and sources guessed together" : "");
	if (r->after_success > 0)
		section_say(r->section, "%" PRIu64 " of them then succeeded, or likely did.",
		    r->after_success);
	if (t[SU_INFERRED] > 0)
		section_quality(r->section,
		    "Of %" PRIu64 " attempts the outcome is inferred, not seen.", t[SU_INFERRED]);
	if (t[SU_EVICTED] + t[SU_NAMES_EVICTED] + t[SU_UNSTORED] > 0)
		section_quality(r->section,
		    "Memory was short: %" PRIu64 " sources with few attempts, %" PRIu64
		    " names that were seldom tried and %" PRIu64 " sources of windows were let go.",
		    t[SU_EVICTED], t[SU_NAMES_EVICTED], t[SU_UNSTORED]);
}

static enum err
put_all(struct reader *r, struct err_info *info)
{
	size_t together = 0;
	enum err e = read_guesses(r, info);

	if (e == ERR_OK)
		e = guess_together(r->context, r->section, &together, info);
	if (e != ERR_OK)
		return e;
	say(r, together);
	define(r);
	put_days(r);
	r->days = NULL;
	if (r->found_count > 0)
		put_guessers(r);
	e = put_names(r, false, info);
	if (e == ERR_OK)
		e = put_names(r, true, info);
	if (e == ERR_OK && r->found_count > 0) {
		scan_countries_finish(
		    r->countries, r->section, "guess-countries", "Countries of sources that guess");
		r->countries = NULL;
	}
	return e;
}

enum err
guess_section(
    const struct section_context *c, struct section *section, bool *ret_any, struct err_info *info)
{
	struct reader *r = xcalloc(1, sizeof *r);
	enum err e;

	r->context = c;
	r->section = section;
	read_rules(&r->rules, c->settings);
	e = read_totals(r, info);
	*ret_any = e == ERR_OK && r->totals[SU_ATTEMPTS] > 0;
	if (*ret_any) {
		r->countries = scan_countries_new(c);
		r->days = scan_days_new(c);
		e = put_all(r, info);
		scan_days_free(r->days);
		scan_countries_free(r->countries);
	}
	free(r->series.users);
	free(r->series.minutes);
	free(r->found);
	free(r);
	return e;
}
