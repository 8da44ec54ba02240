/* SPDX-License-Identifier: ISC */
/*
 * yagura heartbleed: asks TLS servers whether they leak memory (CVE-2014-0160).
 *
 * Nothing is sent without --i-am-allowed, and nothing ever to a target that neither --allow nor
 * site.own_prefixes names.  A host gets at most one connection a second.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/xmalloc.h"
#include "cmd/common.h"
#include "cmd/heartbleed_report.h"
#include "cmd/heartbleed_target.h"

#define EXIT_UNKNOWN 3 /* nothing leaks, but not everything could be checked */
#define PAUSE        NSEC_PER_SEC

static const struct opt OPTIONS[] = {
	OPT_CONFIG,
	{ "i-am-allowed", 0, NULL, "I may test these targets; nothing is sent without it" },
	{ "allow", 'a', "PREFIX|HOST", "a target must be one of these, or in site.own_prefixes" },
	{ "allow-file", 0, "FILE", "the same, one a line" },
	{ "starttls", 's', "PROTOCOL",
	    "smtp, imap, pop3, ftp, nntp, xmpp, postgres or ldap: begin with that" },
	{ "wait", 'w', "SECONDS", "how long an answer is waited for (default 5)" },
	{ "json", 0, NULL, "print JSON" },
	OPT_END,
};

static nsec_t
clock_now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static void
sleep_until(nsec_t time)
{
	struct timespec t = { .tv_sec = time / NSEC_PER_SEC, .tv_nsec = time % NSEC_PER_SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
		continue;
}

/* Each version once, until one leaks. */
static void
ask_target(struct heartbleed_target *t, const struct heartbleed_question *usual)
{
	struct heartbleed_question q = *usual;
	nsec_t next = clock_now(CLOCK_MONOTONIC);

	q.address = t->address;
	q.port = t->port;
	q.name = t->is_name ? t->host : NULL;
	for (unsigned i = 0; i < HEARTBLEED_VERSIONS_ASKED; i++) {
		sleep_until(next);
		next = clock_now(CLOCK_MONOTONIC) + PAUSE;
		q.version = (uint16_t)(0x0303 - i);
		heartbleed_ask(&q, &t->answers[t->answer_count++]);
		if (t->answers[i].result == HEARTBLEED_LEAKS ||
		    t->answers[i].result == HEARTBLEED_UNREACHABLE)
			return;
	}
	sleep_until(next);
}

static enum err
read_question(const struct opt_values *values, struct heartbleed_question *q, uint16_t *ret_port,
    struct err_info *info)
{
	const char *wait = opt_value(values, "wait");
	unsigned long seconds = 5;
	char *end;

	q->starttls = opt_value(values, "starttls");
	*ret_port = 443;
	if (q->starttls != NULL && !heartbleed_starttls_port(q->starttls, ret_port))
		return err_set(info, ERR_USAGE, "--starttls: \"%s\" is not known", q->starttls);
	if (wait != NULL) {
		seconds = strtoul(wait, &end, 10);
		if (*end != '\0' || wait[0] < '0' || wait[0] > '9' || seconds < 1 || seconds > 60)
			return err_set(info, ERR_USAGE,
			    "--wait is a number of seconds from 1 to 60, not \"%s\"", wait);
	}
	q->wait = (nsec_t)seconds * NSEC_PER_SEC;
	return ERR_OK;
}

static int
status_of(const struct heartbleed_target *targets, size_t count)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < count; i++) {
		enum heartbleed_judgement j = heartbleed_target_judge(&targets[i]);
		if (j == HEARTBLEED_VULNERABLE)
			return EXIT_FAILED;
		if (j == HEARTBLEED_UNKNOWN)
			status = EXIT_UNKNOWN;
	}
	return status;
}

static int
ask_all(const struct opt_values *values, struct heartbleed_target *targets, size_t count,
    const struct heartbleed_question *usual)
{
	nsec_t begin = clock_now(CLOCK_REALTIME);
	bool as_json = opt_given(values, "json");

	for (size_t i = 0; i < count; i++) {
		ask_target(&targets[i], usual);
		if (!as_json)
			heartbleed_report_print(&targets[i], stdout);
	}
	if (as_json)
		heartbleed_report_json(
		    targets, count, begin, clock_now(CLOCK_REALTIME), usual->starttls, stdout);
	if (fflush(stdout) != 0)
		return common_fail("heartbleed", EXIT_FAILED, "standard output cannot be written");
	return status_of(targets, count);
}

static int
run(const struct opt_values *values)
{
	struct heartbleed_question usual = { .starttls = NULL };
	struct heartbleed_targets targets = { .list = NULL };
	struct err_info why = { 0 };
	struct config config;
	uint16_t port;
	int status;

	if (values->operand_count == 0)
		return common_fail("heartbleed", EXIT_USAGE, "which host? (-h for help)");
	if (read_question(values, &usual, &port, &why) != ERR_OK)
		return common_fail("heartbleed", EXIT_USAGE, why.text);
	if (common_config(values, &config, &why) != ERR_OK)
		return common_fail("heartbleed", EXIT_FAILED, why.text);
	if (heartbleed_targets_make(values, &config.site, port, &targets, &why) != ERR_OK)
		status = common_fail("heartbleed", EXIT_USAGE, why.text);
	else if (!opt_given(values, "i-am-allowed"))
		status = common_fail("heartbleed", EXIT_USAGE,
		    "nothing was sent: --i-am-allowed says that you may test these targets");
	else
		status = ask_all(values, targets.list, targets.count, &usual);
	heartbleed_targets_release(&targets);
	config_release(&config);
	return status;
}

const struct command command_heartbleed = {
	.name = "heartbleed",
	.summary = "ask own TLS servers whether they leak memory (Heartbleed)",
	.operands = "HOST[:PORT]…",
	.options = OPTIONS,
	.run = run,
};
