/* SPDX-License-Identifier: ISC */
/*
 * Lines of system logs: when, on which machine, which program, and what it says.
 *
 *	Dec 10 06:55:46 host sshd[24200]: message            RFC 3164, what syslogd writes
 *	2026-12-10T06:55:46.123456+09:00 host sshd[1]: …     rsyslog, journalctl -o short-iso
 *	Thu 2026-12-10 06:55:46 JST host sshd[1]: …          journalctl -o short-full
 *	1796853346.123456 host sshd[1]: …                    journalctl -o short-unix
 *	<38>1 2026-12-10T06:55:46Z host sshd 1 - - message   RFC 5424
 *
 * A priority such as <38> may stand before each of them.
 *
 * The first form has neither year nor zone.  The zone is then the site's.  The year of the first
 * line is the one that the operator says, else the latest that does not put the line after the
 * file's last modification; it grows by one where a line is more than half a year before the line
 * before it.  Both guesses are counted (DROP_LOG_YEAR, DROP_LOG_ZONE), so that the review says so.
 */
#ifndef YAGURA_SOURCE_SYSLOG_H
#define YAGURA_SOURCE_SYSLOG_H

#include "obs/drop.h"
#include "source/log_text.h"
#include "source/source.h"

/* What is known of the time of lines; zeros at the beginning. */
struct syslog_clock {
	const struct source_reading *reading; /* borrowed; NULL: only to recognise a line */
	struct drop_counters *drops;          /* borrowed; NULL: nothing is counted */
	int64_t year;                         /* of the line before; 0: none came */
	int64_t last;                         /* seconds of the line before, in its own zone */
};

struct syslog_line {
	nsec_t time;
	struct log_text host, program, message;
	uint64_t pid; /* 0: it does not say */
};

/* Reads a line; NULL, or what it lacks to be one. */
const char *
syslog_read(struct syslog_clock *clock, struct log_text text, struct syslog_line *ret_line);

/* Whether a line has the shape of one of a system log, whatever its time is. */
bool syslog_is_line(struct log_text text, struct syslog_line *ret_line);

#endif
