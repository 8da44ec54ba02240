/* SPDX-License-Identifier: ISC */
/* Lines of system logs; see syslog.h. */
#include "source/syslog.h"

#include <stdio.h>

#define DAY           ((int64_t)86400)
#define HALF_YEAR     (183 * DAY)
#define ELEVEN_MONTHS (330 * DAY)
#define LATEST_END    ((int64_t)9214646400) /* of 2261: the end of nsec_t */
#define ISO_SIZE      20                    /* of "2026-12-10T06:55:46" and its terminator */

/* A time as a line has it. */
struct stamp {
	nsec_t time;
	bool no_year, no_zone;
	unsigned month, day; /* of a time without a year */
	int64_t second;      /* of its day */
};

/* "Dec 10 06:55:46" or "Dec  1 06:55:46.123" */
static bool
take_classic(struct log_text *t, struct stamp *ret)
{
	static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct log_text rest = *t, month, day, clock;
	char iso[64];
	const char *found;
	uint64_t number;
	nsec_t time;
	int size;

	if (!log_text_word(&rest, &month) || log_text_left(&month) != 3 ||
	    !log_text_word(&rest, &day) || !log_text_number(&day, 31, &number) ||
	    !log_text_word(&rest, &clock) || log_text_left(&clock) < 8 ||
	    log_text_left(&clock) > 18)
		return false;
	found = memmem(MONTHS, sizeof MONTHS - 1, month.at, 3);
	if (found == NULL || (found - MONTHS) % 3 != 0 || number == 0)
		return false;
	size = snprintf(iso, sizeof iso, "1970-01-01T%.*s", (int)log_text_left(&clock), clock.at);
	if (size < 0 || clock_read(iso, (size_t)size, &time) != ERR_OK)
		return false;
	*ret = (struct stamp){ .time = time % NSEC_PER_SEC,
		.no_year = true,
		.no_zone = true,
		.month = (unsigned)(found - MONTHS) / 3 + 1,
		.day = (unsigned)number,
		.second = time / NSEC_PER_SEC };
	t->at = rest.at;
	return true;
}

static bool
take_iso(struct log_text *t, struct stamp *ret)
{
	struct log_text rest = *t, word;
	struct log_time time;

	if (!log_text_word(&rest, &word) || !log_text_time(&word, &time))
		return false;
	*ret = (struct stamp){ .time = time.time, .no_zone = time.no_zone };
	t->at = rest.at;
	return true;
}

/* "Thu 2026-12-10 06:55:46 JST": an abbreviation is not one zone only, so it is taken as none. */
static bool
take_full(struct log_text *t, struct stamp *ret)
{
	struct log_text rest = *t, day, date, clock, zone, whole;
	struct log_time time;
	int64_t east = 0;

	if (!log_text_word(&rest, &day) || log_text_left(&day) != 3 ||
	    !log_text_word(&rest, &date) || !log_text_word(&rest, &clock) ||
	    clock.at != date.end + 1)
		return false;
	whole = (struct log_text){ date.at, clock.end };
	if (!log_text_time(&whole, &time) || !log_text_word(&rest, &zone))
		return false;
	*ret = (struct stamp){ .time = time.time };
	if (!log_text_is(&zone, "UTC") && !log_text_is(&zone, "GMT"))
		ret->no_zone = !log_text_offset(&zone, &east);
	ret->time -= east * NSEC_PER_SEC;
	t->at = rest.at;
	return true;
}

static bool
take_epoch(struct log_text *t, struct stamp *ret)
{
	struct log_text rest = *t, word;
	nsec_t time;

	if (!log_text_word(&rest, &word) || log_text_left(&word) < 9 ||
	    clock_read(word.at, log_text_left(&word), &time) != ERR_OK)
		return false;
	*ret = (struct stamp){ .time = time };
	t->at = rest.at;
	return true;
}

/* Structured data of RFC 5424, section 6.3: "-", or elements in brackets whose values are quoted.
 */
static bool
take_structured(struct log_text *t)
{
	bool quoted = false;

	while (t->at < t->end && *t->at == ' ')
		t->at++;
	if (log_text_take(t, "-"))
		return true;
	if (!log_text_begins(t, "["))
		return false;
	for (; t->at < t->end; t->at++) {
		if (*t->at == '\\' && quoted)
			t->at++;
		else if (*t->at == '"')
			quoted = !quoted;
		else if (*t->at == ']' && !quoted && (t->at + 1 == t->end || t->at[1] != '['))
			break;
	}
	if (t->at >= t->end)
		return false;
	t->at++;
	return true;
}

static bool
read_5424(struct log_text t, struct syslog_line *line, struct stamp *ret_stamp)
{
	struct log_text process, id;

	if (!take_iso(&t, ret_stamp) || !log_text_word(&t, &line->host) ||
	    !log_text_word(&t, &line->program) || !log_text_word(&t, &process) ||
	    !log_text_word(&t, &id) || !take_structured(&t))
		return false;
	line->pid = 0;
	(void)log_text_number(&process, UINT32_MAX, &line->pid);
	(void)log_text_take(&t, " ");
	(void)log_text_take(&t, "\xef\xbb\xbf");
	line->message = t;
	return true;
}

/* "sshd[24200]:" or "sshd:"; syslogd's own lines ("last message repeated 3 times") have none. */
static void
take_tag(struct log_text *t, struct syslog_line *line)
{
	struct log_text rest = *t, tag, number;

	line->pid = 0;
	line->message = *t;
	line->program = (struct log_text){ t->at, t->at };
	if (!log_text_word(&rest, &tag) || tag.end[-1] != ':')
		return;
	*t = rest;
	tag.end--;
	line->program = tag;
	if (log_text_until(&tag, '[', &line->program) && log_text_until(&tag, ']', &number))
		(void)log_text_number(&number, UINT32_MAX, &line->pid);
	(void)log_text_take(t, " ");
	line->message = *t;
}

static bool
read_line(struct log_text t, struct syslog_line *line, struct stamp *ret_stamp)
{
	struct log_text priority;
	uint64_t number;

	if (log_text_take(&t, "<") &&
	    (!log_text_until(&t, '>', &priority) || !log_text_number(&priority, 191, &number)))
		return false;
	if (log_text_take(&t, "1 "))
		return read_5424(t, line, ret_stamp);
	if ((!take_classic(&t, ret_stamp) && !take_iso(&t, ret_stamp) &&
		!take_full(&t, ret_stamp) && !take_epoch(&t, ret_stamp)) ||
	    !log_text_word(&t, &line->host))
		return false;
	take_tag(&t, line);
	return true;
}

/* Seconds since 1970 of a time of a year; INT64_MIN when that year has no such day. */
static int64_t
seconds_of(const struct stamp *stamp, int64_t year)
{
	char iso[64];
	nsec_t midnight;
	int size = snprintf(iso, sizeof iso, "%04d-%02u-%02uT00:00:00", (int)year % 10000,
	    stamp->month, stamp->day);

	if (stamp->month == 2 && stamp->day == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return INT64_MIN;
	if (size != ISO_SIZE - 1 || clock_read(iso, ISO_SIZE - 1, &midnight) != ERR_OK)
		return INT64_MIN;
	return midnight / NSEC_PER_SEC + stamp->second;
}

/* The year that the file's last modification leaves for its first line: a day of slack, for clocks
 * and zones. */
static int64_t
first_year(const struct stamp *stamp, const struct source_reading *reading)
{
	int64_t latest = reading->modified < LATEST_END ? reading->modified + DAY : LATEST_END;
	int64_t year = 1970 + latest / (365 * DAY);

	if (reading->log_year != 0)
		return reading->log_year;
	if (reading->modified <= 0)
		return 0;
	while (year > 1970 &&
	       (seconds_of(stamp, year) == INT64_MIN || seconds_of(stamp, year) > latest))
		year--;
	return year;
}

static bool
find_year(struct syslog_clock *clock, struct stamp *stamp)
{
	int64_t year = clock->year, seconds;

	if (year == 0)
		year = first_year(stamp, clock->reading);
	if (year == 0)
		return false;
	seconds = seconds_of(stamp, year);
	if (clock->year != 0 && seconds != INT64_MIN && clock->last - seconds > HALF_YEAR)
		seconds = seconds_of(stamp, ++year);
	else if (clock->year > 1970 && seconds != INT64_MIN &&
		 seconds - clock->last > ELEVEN_MONTHS)
		/* A line of December that comes late, after one of January. */
		seconds = seconds_of(stamp, year - 1);
	if (seconds == INT64_MIN)
		return false;
	if (seconds >= clock->last || clock->year == 0) {
		clock->last = seconds;
		clock->year = year;
	}
	stamp->time += seconds * NSEC_PER_SEC;
	return true;
}

/* From a clock on the wall of the site to UTC. */
static nsec_t
from_local(const struct zone *zone, nsec_t local)
{
	int64_t seconds = floor_div(local, NSEC_PER_SEC);
	int64_t guess = seconds - zone_at(zone, seconds).east;

	return local - zone_at(zone, guess).east * NSEC_PER_SEC;
}

static void
count(struct syslog_clock *clock, enum drop which)
{
	if (clock->drops != NULL)
		drop(clock->drops, which);
}

const char *
syslog_read(struct syslog_clock *clock, struct log_text text, struct syslog_line *ret_line)
{
	struct syslog_line line = { 0 };
	struct stamp stamp = { 0 };

	if (!read_line(text, &line, &stamp))
		return "no line of a system log";
	if (stamp.no_year && clock->reading != NULL) {
		if (!find_year(clock, &stamp))
			return "a time without a year, and nothing to tell it by: set run.log_year";
		count(clock, DROP_LOG_YEAR);
	}
	if (stamp.no_zone && clock->reading != NULL) {
		stamp.time = from_local(clock->reading->zone, stamp.time);
		count(clock, DROP_LOG_ZONE);
	}
	if (stamp.time < 0 || (clock->reading != NULL && stamp.time == 0))
		return "a time before 1970";
	line.time = stamp.time;
	*ret_line = line;
	return NULL;
}

bool
syslog_is_line(struct log_text text, struct syslog_line *ret_line)
{
	struct stamp stamp = { 0 };

	return read_line(text, ret_line, &stamp);
}
