/* SPDX-License-Identifier: ISC */
/* A thread for each output, between the spool and the world; see sender.h. */
#include "alert/sender.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alert/output.h"
#include "base/clock.h"
#include "base/xmalloc.h"

#define WAIT_MS 1000 /* how long a thread sleeps at once */

struct worker {
	struct sender *sender;
	struct alert_output output;
	size_t place; /* in the spool */
	pthread_t thread;
	bool started;
};

struct sender {
	struct spool *spool; /* owned */
	struct worker workers[OUTPUT_KINDS];
	size_t count;
	unsigned retry_ms, retry_most_ms;
	void (*say)(void *context, const char *text);
	void *context;
	atomic_bool stop;
	_Atomic nsec_t deadline; /* by the monotonic clock, when `stop` */
};

static nsec_t
now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (nsec_t)time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

static void
say(const struct sender *s, const struct worker *w, const char *what, const char *why)
{
	char *text = xasprintf("alerts, %s: %s%s", OUTPUT_NAMES[w->output.kind], what, why);

	if (s->say != NULL)
		s->say(s->context, text);
	free(text);
}

/* Whether there is still time. */
static bool
goes_on(struct sender *s)
{
	return !atomic_load(&s->stop) || now() < atomic_load(&s->deadline);
}

/* Sleeps in short steps, so that a stop is noticed. */
static void
pause_for(struct sender *s, unsigned ms)
{
	static const struct timespec STEP = { 0, 20000000 };
	nsec_t until = now() + (nsec_t)ms * NSEC_PER_MS;

	while (now() < until && goes_on(s))
		(void)nanosleep(&STEP, NULL);
}

/* One message until it is delivered, given up, or time is up; says whether it is done with. */
static bool
deliver(struct sender *s, struct worker *w, const char *text)
{
	unsigned wait = s->retry_ms;
	struct err_info why = { .text = "" };
	bool told = false;

	while (goes_on(s)) {
		enum err e = output_deliver(&w->output, text, &why);
		if (e == ERR_OK) {
			if (told)
				say(s, w, "delivers again", "");
			return true;
		}
		if (e == ERR_FORMAT) {
			say(s, w, "a message is given up: ", why.text);
			return true;
		}
		if (!told)
			say(s, w, "waits, and tries again: ", why.text);
		told = true;
		pause_for(s, wait);
		wait = wait < s->retry_most_ms / 2 ? 2 * wait : s->retry_most_ms;
	}
	return false;
}

static void *
work(void *argument)
{
	struct worker *w = argument;
	struct sender *s = w->sender;
	uint64_t number;
	char *text;

	for (;;) {
		text = spool_next(s->spool, w->place, WAIT_MS, &number);
		if (text == NULL && atomic_load(&s->stop))
			return NULL;
		if (text == NULL)
			continue;
		if (deliver(s, w, text))
			spool_done(s->spool, w->place, number);
		free(text);
		if (!goes_on(s))
			return NULL;
	}
}

bool
sender_wanted(const struct sender_options *o)
{
	return o->syslog[0] != '\0' || o->file[0] != '\0' || o->socket[0] != '\0' ||
	       o->webhook[0] != '\0';
}

static enum err
prepare(struct sender *s, const struct sender_options *o, const char **names, struct err_info *info)
{
	const char *const targets[OUTPUT_KINDS] = { o->syslog, o->file, o->socket, o->webhook };
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < OUTPUT_KINDS; i++) {
		struct worker *w = &s->workers[s->count];
		if (targets[i][0] == '\0')
			continue;
		w->sender = s;
		w->place = s->count;
		names[s->count++] = OUTPUT_NAMES[i];
		e = output_prepare(&w->output, (enum output_kind)i, o, info);
	}
	return e;
}

enum err
sender_start(
    const struct sender_options *options, struct sender **ret_sender, struct err_info *info)
{
	struct sender *s = xcalloc(1, sizeof *s);
	const char *names[OUTPUT_KINDS];
	enum err e;

	s->retry_ms = options->retry_ms;
	s->retry_most_ms = options->retry_most_ms;
	s->say = options->say;
	s->context = options->context;
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	e = prepare(s, options, names, info);
	if (e == ERR_OK)
		e = spool_open(
		    options->directory, names, s->count, options->spool, &s->spool, info);
	for (size_t i = 0; e == ERR_OK && i < s->count; i++) {
		s->workers[i].started =
		    pthread_create(&s->workers[i].thread, NULL, work, &s->workers[i]) == 0;
		if (!s->workers[i].started)
			e = err_set(info, ERR_IO, "no thread for alerts");
	}
	if (e != ERR_OK) {
		sender_stop(s, 0);
		return e;
	}
	*ret_sender = s;
	return ERR_OK;
}

enum err
sender_tell(struct sender *s, const char *id, const json_t *message, struct err_info *info)
{
	char *text = json_dumps(message, JSON_COMPACT | JSON_REAL_PRECISION(15));
	enum err e = text != NULL ? spool_put(s->spool, id, text, info)
				  : err_set(info, ERR_FORMAT, "a message that is no JSON");

	free(text);
	return e;
}

struct spool_counts
sender_count(struct sender *s)
{
	return spool_count(s->spool);
}

void
sender_stop(struct sender *s, unsigned wait_ms)
{
	if (s == NULL)
		return;
	atomic_store(&s->deadline, now() + (nsec_t)wait_ms * NSEC_PER_MS);
	atomic_store(&s->stop, true);
	if (s->spool != NULL)
		spool_wake(s->spool);
	for (size_t i = 0; i < s->count; i++) {
		if (s->workers[i].started)
			(void)pthread_join(s->workers[i].thread, NULL);
		output_release(&s->workers[i].output);
	}
	spool_close(s->spool);
	free(s);
}
