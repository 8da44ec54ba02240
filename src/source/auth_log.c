/* SPDX-License-Identifier: ISC */
/*
 * What sshd says in a system's log (auth.log, secure, the journal), as attempts to log in.
 *
 *	Failed password for root from 192.0.2.1 port 38926 ssh2
 *	Failed password for invalid user admin from 192.0.2.1 port 38926 ssh2
 *	Accepted publickey for ann from 2001:db8::1 port 5000 ssh2: ED25519 SHA256:…
 *	message repeated 5 times: [ Failed password for root from 192.0.2.1 port 38926 ssh2]
 *
 * each is an attempt (or five).  "Invalid user" says nothing of an attempt, for which a line of its
 * own follows; only when the connection ends without one (the client offered keys, which sshd does
 * not log by default) it is an attempt whose outcome nobody saw.  Everything else – PAM, which
 * tells the same attempts once more, connections that came and went, other programs – is passed
 * over.
 *
 * The name is what the other side sent: it may hold " from 192.0.2.9 port 1 ssh2".  So the line is
 * read from its end, which sshd alone writes.
 */
#include <jansson.h>
#include <stdlib.h>

#include "source/json_line.h"
#include "source/log_lines.h"
#include "source/syslog.h"

#define WAITING    1024 /* connections whose "Invalid user" waits for an attempt */
#define NAME_KEPT  64
#define REPEATED   1000000 /* more repetitions than this are not believed */
#define JOURNAL_ID "__REALTIME_TIMESTAMP"

/* An "Invalid user" whose attempt has not come yet; the slot is chosen by the process's number. */
struct waiting {
	uint64_t pid; /* 0: none */
	struct address source;
	uint16_t port;
	uint8_t name_size;
	char name[NAME_KEPT];
};

struct auth_log {
	struct log_lines lines;
	struct syslog_clock clock;
	struct waiting waiting[WAITING];
};

/* Who tried to log in, from where. */
struct peer {
	struct log_text user;
	struct address source;
	uint64_t port;
	bool no_such_user;
};

static bool
is_sshd(const struct syslog_line *line)
{
	/* sshd-session and sshd-auth: OpenSSH 9.8 and later. */
	return log_text_is(&line->program, "sshd") || log_text_begins(&line->program, "sshd-");
}

/* The journal's own form, a JSON object a line; its texts go to the line's room. */
static const char *
read_journal(struct log_line *line, struct syslog_line *ret)
{
	struct json_line json;
	struct octets time, host, program, pid, message;
	struct log_text number;
	uint64_t microseconds;

	*ret = (struct syslog_line){ 0 };
	if (!json_line_open(&json, line))
		return "no JSON object";
	time = json_line_text(&json, JOURNAL_ID);
	host = json_line_text(&json, "_HOSTNAME");
	program = json_line_text(&json, "SYSLOG_IDENTIFIER");
	pid = json_line_text(&json, "_PID");
	message = json_line_text(&json, "MESSAGE");
	json_line_close(&json);
	number = log_text_over(time.data, time.size);
	if (!log_text_number(&number, (uint64_t)INT64_MAX / NSEC_PER_US, &microseconds))
		return "no time of the journal";
	ret->time = (nsec_t)microseconds * NSEC_PER_US;
	ret->host = log_text_over(host.data, host.size);
	ret->program = log_text_over(program.data, program.size);
	number = log_text_over(pid.data, pid.size);
	(void)log_text_number(&number, UINT32_MAX, &ret->pid);
	ret->message = log_text_over(message.data, message.size);
	return NULL;
}

/* "USER from ADDRESS[ port PORT[ ssh2[: …]]]", from its end. */
static bool
read_peer(struct log_text t, struct peer *ret)
{
	const char *from = log_text_find_last(&t, " from ");
	struct peer peer = { 0 };
	struct log_text rest, word;

	if (from == NULL)
		return false;
	peer.user = (struct log_text){ t.at, from };
	rest = (struct log_text){ from + strlen(" from "), t.end };
	if (!log_text_word(&rest, &word) || !log_text_address(&word, &peer.source))
		return false;
	if (log_text_take(&rest, " port ") &&
	    (!log_text_word(&rest, &word) || !log_text_number(&word, UINT16_MAX, &peer.port)))
		return false;
	*ret = peer;
	return true;
}

/* "for [invalid user ]USER from …" behind the method. */
static bool
read_attempt(struct log_text t, struct peer *ret)
{
	struct log_text method;
	bool invalid;

	if (!log_text_word(&t, &method) || log_text_is(&method, "none") ||
	    !log_text_take(&t, " for "))
		return false;
	invalid = log_text_take(&t, "invalid user ") || log_text_take(&t, "illegal user ");
	/* An empty name leaves one blank, which is that before "from". */
	if (invalid && log_text_begins(&t, "from "))
		t.at--;
	if (!read_peer(t, ret))
		return false;
	ret->no_such_user = invalid;
	return true;
}

static void
give(struct log_line *line, const struct syslog_line *said, const struct peer *peer,
    enum login_outcome outcome, uint32_t count)
{
	line->time = said->time;
	line->source = peer->source;
	log_observe(line, OBSERVED_LOGIN)->login = (struct login){
		.time = said->time,
		.source = peer->source,
		.source_port = (uint16_t)peer->port,
		.outcome = (uint8_t)outcome,
		.origin = LOGIN_FROM_LOG,
		.no_such_user = peer->no_such_user,
		.count = count,
		.service = "ssh",
		.host = log_text_octets(&said->host),
		.user = log_text_octets(&peer->user),
		.input_offset = line->offset,
		.input_length = (uint32_t)line->size,
	};
}

static void
wait_for(struct auth_log *log, uint64_t pid, const struct peer *peer)
{
	struct waiting *w = &log->waiting[pid % WAITING];
	size_t size = log_text_left(&peer->user);

	if (pid == 0)
		return;
	*w = (struct waiting){
		.pid = pid,
		.source = peer->source,
		.port = (uint16_t)peer->port,
		.name_size = (uint8_t)(size < NAME_KEPT ? size : NAME_KEPT),
	};
	if (w->name_size != 0)
		memcpy(w->name, peer->user.at, w->name_size);
}

/* The connection is over: whether its "Invalid user" waits still, which then is an attempt. */
static bool
end_waiting(struct auth_log *log, struct log_line *line, const struct syslog_line *said)
{
	struct waiting *w = &log->waiting[said->pid % WAITING];
	struct peer peer;

	if (said->pid == 0 || w->pid != said->pid)
		return false;
	w->pid = 0;
	if (w->name_size != 0)
		memcpy(line->room, w->name, w->name_size);
	peer = (struct peer){
		.user = log_text_over(line->room, w->name_size),
		.source = w->source,
		.port = w->port,
		.no_such_user = true,
	};
	line->room_used += w->name_size;
	give(line, said, &peer, LOGIN_UNKNOWN, 1);
	return true;
}

static bool
is_end(const struct log_text *message)
{
	static const char *const ENDS[] = { "Connection closed by ", "Connection reset by ",
		"Disconnected from ", "Received disconnect from ", "Disconnecting",
		"Timeout before authentication" };

	for (size_t i = 0; i < sizeof ENDS / sizeof ENDS[0]; i++)
		if (log_text_begins(message, ENDS[i]))
			return true;
	return false;
}

static enum log_verdict
bad(struct log_line *line, const char *why)
{
	line->why = why;
	return LOG_BAD;
}

/* "message repeated 5 times: [ MESSAGE]": takes the envelope off; false when it is damaged. */
static bool
unwrap(struct log_text *message, uint64_t *ret_count)
{
	struct log_text number;

	*ret_count = 1;
	if (!log_text_take(message, "message repeated "))
		return true;
	if (!log_text_word(message, &number) || !log_text_number(&number, REPEATED, ret_count) ||
	    *ret_count == 0 || !log_text_take(message, " times: [ ") ||
	    log_text_left(message) == 0 || message->end[-1] != ']')
		return false;
	message->end--;
	return true;
}

static enum log_verdict
read_message(struct auth_log *log, struct log_line *line, const struct syslog_line *said)
{
	struct log_text message = said->message;
	struct peer peer;
	uint64_t times;
	bool failed;

	if (!unwrap(&message, &times))
		return bad(line, "a repeated message that is damaged");
	failed = log_text_take(&message, "Failed ");
	if (failed || log_text_take(&message, "Accepted ")) {
		if (log_text_begins(&message, "none "))
			return LOG_OTHER; /* clients ask so which methods there are */
		if (!read_attempt(message, &peer))
			return bad(line, "an attempt to log in without a name and an address");
		log->waiting[said->pid % WAITING].pid = 0;
		give(line, said, &peer, failed ? LOGIN_FAILED : LOGIN_SUCCEEDED, (uint32_t)times);
		return LOG_READ;
	}
	if (log_text_take(&message, "Invalid user ") || log_text_take(&message, "Illegal user ")) {
		if (log_text_begins(&message, "from "))
			message.at--;
		if (read_peer(message, &peer))
			wait_for(log, said->pid, &peer);
		return LOG_OTHER;
	}
	if (is_end(&message) && end_waiting(log, line, said))
		return LOG_READ;
	return LOG_OTHER;
}

static enum log_verdict
read_auth(void *state, struct log_line *line)
{
	struct auth_log *log = state;
	struct log_text text = log_text_over(line->text, line->size);
	struct syslog_line said;
	const char *why;

	/* Most lines of a journal or log are not sshd's: they need no time. */
	if (log_text_begins(&text, "{")) {
		why = read_journal(line, &said);
	} else {
		if (!syslog_is_line(text, &said))
			return line->size == 0 || log_text_begins(&text, "-- ")
				   ? LOG_OTHER /* a blank, or journalctl's "-- Boot … --" */
				   : bad(line, "no line of a system log");
		why = syslog_read(&log->clock, text, &said);
	}
	if (why != NULL)
		return bad(line, why);
	return is_sshd(&said) ? read_message(log, line, &said) : LOG_OTHER;
}

static const struct log_format AUTH = { .read = read_auth };

static void
run_auth(void *state, struct capture_run *run)
{
	struct auth_log *log = state;

	log->clock.reading = run->reading;
	log->clock.drops = run->drops;
	log_lines_run(state, &AUTH, run);
}

/* One of the first lines is of sshd, or of PAM, which fills the rest of such logs. */
static bool
recognise_auth(const uint8_t *head, size_t size)
{
	struct log_text text = log_text_over(head, size), line;
	struct syslog_line said;

	if (log_text_begins(&text, "{"))
		return log_text_until(&text, '\n', &line) &&
		       log_text_find(&line, "\"" JOURNAL_ID "\"") != NULL &&
		       log_text_find(&line, "\"MESSAGE\"") != NULL;
	while (log_text_until(&text, '\n', &line)) {
		if (log_text_left(&line) > LOG_LINE_MAX ||
		    memchr(line.at, '\0', log_text_left(&line)) != NULL)
			return false;
		if (syslog_is_line(line, &said) &&
		    (is_sshd(&said) || log_text_begins(&said.message, "pam_unix(")))
			return true;
	}
	return syslog_is_line(text, &said) && is_sshd(&said);
}

const struct capture_format capture_auth_log = {
	.name = "auth-log",
	.recognise = recognise_auth,
	.state_size = sizeof(struct auth_log),
	.run = run_auth,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.makes = true,
};
