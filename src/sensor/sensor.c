/* SPDX-License-Identifier: ISC */
/*
 * The sensor's loop: one thread, epoll, places of fixed number; see sensor.h.
 *
 * What is ready is taken in small helpings, so that no visitor keeps the others waiting.  Times
 * that limit something come from the monotonic clock; the log has the wall clock, as other logs
 * have.
 */
#include "sensor/sensor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "sensor/journal.h"
#include "sensor/listeners.h"
#include "sensor/payload.h"
#include "sensor/record.h"
#include "sensor/sandbox.h"
#include "sensor/visitors.h"

#define EVENTS        256
#define HELPING       64 /* connections or datagrams taken of a listener at once */
#define READ_SIZE     16384
#define READ_MAX      ((uint64_t)1 << 20) /* octets read of a connection */
#define LINGER        (2 * NSEC_PER_SEC)  /* for the other side's end, when all is said */
#define TICK          (NSEC_PER_SEC / 4)
#define DIRECTORY     0750
#define PORTS_TEXT    4096
#define DESCRIPTORS   64 /* beside listeners and connections */
#define EVENT_SIGNAL  UINT64_MAX
#define EVENT_VISITOR (UINT64_C(1) << 32)

const struct setting SENSOR_SETTINGS[] = {
	{ "connections", SETTING_U64, "1024", "1", "65536", "TCP connections at once" },
	{ "per_source", SETTING_U64, "64", "1", "65536",
	    "of them of one source (IPv6: of one /64)" },
	{ "conversations", SETTING_U64, "1024", "1", "65536", "UDP conversations at once" },
	{ "time", SETTING_DURATION, "60s", "1s", "1h", "of a connection or conversation" },
	{ "idle", SETTING_DURATION, "10s", "1s", "10m", "without an octet ends it" },
	{ "rotate", SETTING_SIZE, "64MiB", "64KiB", "16GiB",
	    "a log file that has reached this size is closed, and another begun" },
	{ "per_day", SETTING_SIZE, "1GiB", "64KiB", "1TiB", "octets of contacts in the log a day" },
	{ "watch", SETTING_DURATION, "1m", "1s", "1h",
	    "how often the log says that the sensor is listening" },
};
const size_t SENSOR_SETTING_COUNT = sizeof SENSOR_SETTINGS / sizeof SENSOR_SETTINGS[0];

/* What happened since the last watch line, and in all. */
struct tally {
	uint64_t connections, datagrams, contacts;
	uint64_t turned_away, turned_away_source, unlogged;
};

struct sensor {
	const struct sensor_options *options;
	struct listeners listeners;
	struct visitors connections, conversations;
	struct journal journal;
	struct sandbox_report sandbox;
	int epoll, signals; /* owned */
	bool stop;
	nsec_t now, wall; /* as of this round */
	nsec_t next_tick, next_watch;
	nsec_t watch_begin;       /* wall clock */
	nsec_t time, idle, watch; /* settings */
	uint32_t per_source;
	uint64_t lost_told;
	struct tally recent, total;
	struct line line;
	uint8_t octets[READ_SIZE];
};

void
sensor_options_init(struct sensor_options *options)
{
	*options = (struct sensor_options){ .user = "nobody", .transparent_port = 61000 };
	dialogue_banners_init(&options->banners);
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		options->services[port] = dialogue_service_of((uint16_t)port);
}

static nsec_t
read_clock(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static void
look_at_clocks(struct sensor *s)
{
	s->now = read_clock(CLOCK_MONOTONIC);
	s->wall = read_clock(CLOCK_REALTIME);
}

/* ------------------------------------------------------------------ the log */

static void
write_contact(struct sensor *s, const struct visitor *v, enum record_end end)
{
	record_contact(&s->line, s->options->name, v, end);
	if (journal_write(&s->journal, &s->line, false, s->wall))
		s->recent.contacts++;
	else
		s->recent.unlogged++;
}

static void
put_tally(struct line *line, const struct tally *t)
{
	line_number(line, "connections", t->connections);
	line_number(line, "datagrams", t->datagrams);
	line_number(line, "contacts", t->contacts);
	line_number(line, "turned_away", t->turned_away);
	line_number(line, "turned_away_source", t->turned_away_source);
	line_number(line, "unlogged", t->unlogged);
}

static void
add_tally(struct tally *to, struct tally *from)
{
	to->connections += from->connections;
	to->datagrams += from->datagrams;
	to->contacts += from->contacts;
	to->turned_away += from->turned_away;
	to->turned_away_source += from->turned_away_source;
	to->unlogged += from->unlogged;
	*from = (struct tally){ 0 };
}

/* "I was listening from … to …". */
static void
write_watch(struct sensor *s)
{
	struct line *line = &s->line;

	line_begin(line, "watch", s->options->name);
	/* A clock that was set back makes an interval of nothing, not one that ends before it. */
	line_time(line, "begin", s->watch_begin < s->wall ? s->watch_begin : s->wall);
	line_time(line, "end", s->wall);
	if (s->options->address_count == 1)
		line_address(line, "address", &s->options->addresses[0]);
	put_tally(line, &s->recent);
	if (s->journal.lost != 0)
		line_number(line, "lost", s->journal.lost);
	line_end(line);
	(void)journal_write(&s->journal, line, true, s->wall);
	add_tally(&s->total, &s->recent);
	s->watch_begin = s->wall;
	s->next_watch = s->now + s->watch;
}

static void
put_ports(struct line *line, const char *key, const struct ports *ports)
{
	char text[PORTS_TEXT];

	if (ports_format(ports, text, sizeof text) != NULL)
		line_text(line, key, text, strlen(text));
	else
		line_number(line, key, ports_count(ports));
}

static void
write_start(struct sensor *s)
{
	struct line *line = &s->line;
	char text[SANDBOX_TEXT];

	line_begin(line, "start", s->options->name);
	line_time(line, "begin", s->wall);
	line_text(line, "version", YAGURA_VERSION, strlen(YAGURA_VERSION));
	line_bool(line, "all_ports", s->options->all_ports);
	put_ports(line, "tcp", &s->options->tcp);
	put_ports(line, "udp", &s->options->udp);
	sandbox_describe(&s->sandbox, text);
	line_text(line, "sandbox", text, strlen(text));
	line_open(line, "limits", '{');
	line_number(line, "connections", s->connections.room);
	line_number(line, "per_source", s->per_source);
	line_number(line, "conversations", s->conversations.room);
	line_number(line, "time_s", (uint64_t)(s->time / NSEC_PER_SEC));
	line_number(line, "idle_s", (uint64_t)(s->idle / NSEC_PER_SEC));
	line_number(line, "per_day", s->journal.per_day);
	line_close(line, '}');
	line_end(line);
	(void)journal_write(&s->journal, line, true, s->wall);
	journal_flush(&s->journal, s->wall);
}

static void
write_stop(struct sensor *s)
{
	write_watch(s);
	line_begin(&s->line, "stop", s->options->name);
	line_time(&s->line, "end", s->wall);
	put_tally(&s->line, &s->total);
	line_end(&s->line);
	(void)journal_write(&s->journal, &s->line, true, s->wall);
}

/* ------------------------------------------------------------------ connections */

/* When a visitor must go: it has so long in all, and so long without an octet. */
static nsec_t
deadline_of(const struct sensor *s, const struct visitor *v)
{
	nsec_t end = v->begin + s->time, idle = v->last + (v->done ? LINGER : s->idle);

	return idle < end ? idle : end;
}

static void
end_connection(struct sensor *s, struct visitor *v, enum record_end end)
{
	write_contact(s, v, v->done && end == RECORD_IDLE ? RECORD_DONE : end);
	(void)close(v->fd); /* which also takes it out of the epoll set */
	visitors_dismiss(&s->connections, v);
	visitors_give_back(&s->connections, v);
}

/* Says something; what cannot be sent at once is not sent at all. */
static void
say(struct visitor *v, const struct dialogue_reply *reply)
{
	if (reply->size != 0)
		(void)send(v->fd, reply->text, reply->size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
answer_http(struct visitor *v)
{
	static const char ANSWER[] =
	    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	(void)send(v->fd, ANSWER, sizeof ANSWER - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A silent port: whether what came is all that will come. */
static void
look_at_payload(struct visitor *v)
{
	struct payload_facts facts;

	if (v->payload_size == VISITOR_PAYLOAD || v->dialogue.service != SERVICE_SILENT)
		return;
	payload_recognise(v->payload, v->payload_size, &facts);
	if (!facts.whole || facts.kind == PAYLOAD_SSH)
		return;
	if (facts.kind == PAYLOAD_HTTP)
		answer_http(v);
	v->done = true;
}

static void
take_octets(struct sensor *s, struct visitor *v, size_t size)
{
	size_t kept = VISITOR_PAYLOAD - v->payload_size;
	struct dialogue_reply reply;

	kept = kept < size ? kept : size;
	memcpy(v->payload + v->payload_size, s->octets, kept);
	v->payload_size = (uint16_t)(v->payload_size + kept);
	v->octets += size;
	v->last = s->now;
	if (v->done)
		return;
	dialogue_take(&v->dialogue, s->octets, size, &reply);
	say(v, &reply);
	v->done = v->dialogue.finished;
	if (kept != 0)
		look_at_payload(v);
	if (v->done)
		(void)shutdown(v->fd, SHUT_WR);
}

static void
read_connection(struct sensor *s, struct visitor *v)
{
	ssize_t size = recv(v->fd, s->octets, sizeof s->octets, MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		end_connection(s, v, size == 0 ? RECORD_PEER : RECORD_RESET);
		return;
	}
	take_octets(s, v, (size_t)size);
	if (v->octets > READ_MAX) {
		end_connection(s, v, RECORD_SIZE);
		return;
	}
	s->connections.deadlines[visitors_number(&s->connections, v)] = deadline_of(s, v);
}

/* A new connection, which is let in or turned away. */
static void
admit(struct sensor *s, int fd, const struct sockaddr_storage *from)
{
	struct visitor *v = visitors_take(&s->connections);
	struct sockaddr_storage here = { 0 };
	socklen_t size = sizeof here;
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP };
	struct dialogue_reply reply;

	s->recent.connections++;
	if (v == NULL) {
		s->recent.turned_away++;
		(void)close(fd);
		return;
	}
	listeners_address(from, &v->ends.source, &v->ends.source_port);
	event.data.u64 = EVENT_VISITOR | visitors_number(&s->connections, v);
	if (!visitors_admit(&s->connections, v, s->per_source)) {
		s->recent.turned_away_source++;
	} else if (getsockname(fd, (struct sockaddr *)&here, &size) == 0 &&
		   epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) == 0) {
		listeners_address(&here, &v->ends.destination, &v->ends.destination_port);
		v->fd = fd;
		v->wall = s->wall;
		v->begin = v->last = s->now;
		v->count = 1;
		dialogue_begin(&v->dialogue, s->options->services[v->ends.destination_port],
		    &s->options->banners, &reply);
		say(v, &reply);
		s->connections.deadlines[visitors_number(&s->connections, v)] = deadline_of(s, v);
		return;
	} else {
		s->recent.turned_away++;
		visitors_dismiss(&s->connections, v);
	}
	visitors_give_back(&s->connections, v);
	(void)close(fd);
}

static void
take_connections(struct sensor *s, int listener)
{
	for (unsigned i = 0; i < HELPING; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t size = sizeof from;
		int fd = accept4(
		    listener, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		admit(s, fd, &from);
	}
}

/* ------------------------------------------------------------------ datagrams */

static void
end_conversation(struct sensor *s, struct visitor *v, enum record_end end)
{
	write_contact(s, v, end);
	visitors_leave(&s->conversations, v);
	visitors_give_back(&s->conversations, v);
}

static struct visitor *
begin_conversation(struct sensor *s, const struct visitor_ends *ends)
{
	struct visitor *v = visitors_take(&s->conversations);

	if (v == NULL) {
		end_conversation(s, visitors_next(&s->conversations), RECORD_ROOM);
		v = visitors_take(&s->conversations);
	}
	v->ends = *ends;
	v->wall = s->wall;
	v->begin = s->now;
	visitors_enter(&s->conversations, v);
	return v;
}

static void
take_datagrams(struct sensor *s, int listener)
{
	struct datagram d;

	for (unsigned i = 0; i < HELPING; i++) {
		struct visitor *v;
		size_t kept;

		if (!listeners_receive(listener, s->octets, sizeof s->octets, &d))
			return;
		s->recent.datagrams++;
		v = visitors_find(&s->conversations, &d.ends);
		if (v == NULL)
			v = begin_conversation(s, &d.ends);
		/* The first datagram that has octets is the payload. */
		kept = d.size < VISITOR_PAYLOAD ? d.size : VISITOR_PAYLOAD;
		if (v->payload_size == 0) {
			memcpy(v->payload, s->octets, kept);
			v->payload_size = (uint16_t)kept;
		}
		v->count++;
		v->octets += d.size;
		v->last = s->now;
		s->conversations.deadlines[visitors_number(&s->conversations, v)] =
		    deadline_of(s, v);
	}
}

/* ------------------------------------------------------------------ the loop */

typedef void (*end_function)(struct sensor *s, struct visitor *v, enum record_end end);

/* Ends those whose time has come; all of them when the sensor stops. */
static void
expire(struct sensor *s, struct visitors *visitors, end_function end)
{
	for (uint32_t i = 0; visitors->count != 0 && i < visitors->room; i++) {
		struct visitor *v = &visitors->list[i];

		if (!s->stop && visitors->deadlines[i] > s->now)
			continue;
		if (v->used)
			end(s, v,
			    s->stop                        ? RECORD_STOP
			    : s->now - v->begin >= s->time ? RECORD_TIME
							   : RECORD_IDLE);
	}
}

static void
tick(struct sensor *s)
{
	char text[160];

	expire(s, &s->connections, end_connection);
	expire(s, &s->conversations, end_conversation);
	if (s->stop)
		write_stop(s);
	else if (s->now >= s->next_watch)
		write_watch(s);
	journal_flush(&s->journal, s->wall);
	s->next_tick = s->now + TICK;
	if (s->journal.lost != s->lost_told) {
		(void)snprintf(text, sizeof text, "%" PRIu64 " lines could not be written: %s",
		    s->journal.lost - s->lost_told, strerror(s->journal.failure));
		s->lost_told = s->journal.lost;
		s->options->say(s->options->context, text);
	}
}

static void
take_event(struct sensor *s, const struct epoll_event *event)
{
	struct signalfd_siginfo signal;
	const struct listener *listener;
	struct visitor *v;

	if (event->data.u64 == EVENT_SIGNAL) {
		s->stop = read(s->signals, &signal, sizeof signal) == (ssize_t)sizeof signal;
	} else if ((event->data.u64 & EVENT_VISITOR) != 0) {
		/* One that ended earlier in this round is closed, and its place may be taken. */
		v = &s->connections.list[(uint32_t)event->data.u64];
		if (v->used && v->fd >= 0)
			read_connection(s, v);
	} else {
		listener = &s->listeners.list[event->data.u64];
		if (listener->udp)
			take_datagrams(s, listener->fd);
		else
			take_connections(s, listener->fd);
	}
}

enum err
sensor_run(struct sensor *s, struct err_info *info)
{
	struct epoll_event events[EVENTS];
	char text[256];

	while (!s->stop) {
		nsec_t wait = s->next_tick - s->now;
		int timeout = (int)(wait / NSEC_PER_MS) + 1;
		int count = epoll_wait(s->epoll, events, EVENTS, timeout > 0 ? timeout : 0);

		if (count < 0 && errno != EINTR)
			return err_set(info, ERR_IO, "epoll_wait: %s", strerror(errno));
		look_at_clocks(s);
		for (int i = 0; i < count; i++)
			take_event(s, &events[i]);
		if (s->stop || s->now >= s->next_tick)
			tick(s);
	}
	(void)snprintf(text, sizeof text,
	    "stopped: %" PRIu64 " connections, %" PRIu64 " datagrams, %" PRIu64
	    " contacts in the log, %" PRIu64 " turned away, %" PRIu64 " not logged",
	    s->total.connections, s->total.datagrams, s->total.contacts,
	    s->total.turned_away + s->total.turned_away_source,
	    s->total.unlogged + s->journal.lost);
	s->options->say(s->options->context, text);
	return ERR_OK;
}

/* ------------------------------------------------------------------ start and end */

/* As many descriptors as everything at once takes. */
static enum err
reserve_descriptors(const struct sensor *s, struct err_info *info)
{
	rlim_t want = s->connections.room + s->listeners.count + DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
		return ERR_OK;
	limit.rlim_cur = want;
	if (limit.rlim_max < want)
		limit.rlim_max = want;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return err_set(info, ERR_IO,
		    "so many connections and ports take %llu descriptors, and the limit is %llu",
		    (unsigned long long)want, (unsigned long long)limit.rlim_max);
	return ERR_OK;
}

static enum err
watch_descriptor(struct sensor *s, int fd, uint64_t data, struct err_info *info)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = data };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		return err_set(info, ERR_IO, "epoll_ctl: %s", strerror(errno));
	return ERR_OK;
}

static enum err
open_events(struct sensor *s, struct err_info *info)
{
	sigset_t set;
	enum err e;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return err_set(info, ERR_IO, "epoll_create1: %s", strerror(errno));
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return err_set(info, ERR_IO, "signalfd: %s", strerror(errno));
	e = watch_descriptor(s, s->signals, EVENT_SIGNAL, info);
	for (size_t i = 0; i < s->listeners.count && e == ERR_OK; i++)
		e = watch_descriptor(s, s->listeners.list[i].fd, i, info);
	return e;
}

/* Makes the log's directory, which belongs to who the sensor will be. */
static enum err
make_directory(const char *path, const struct sandbox_user *user, struct err_info *info)
{
	if (mkdir(path, DIRECTORY) != 0)
		return errno == EEXIST ? ERR_OK
				       : err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	if (user->change && lchown(path, user->user, user->group) != 0)
		return err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	return ERR_OK;
}

static void
read_settings(struct sensor *s)
{
	const struct settings *settings = s->options->settings;

	visitors_init(&s->connections, (uint32_t)settings_u64(settings, "connections"));
	visitors_init(&s->conversations, (uint32_t)settings_u64(settings, "conversations"));
	s->per_source = (uint32_t)settings_u64(settings, "per_source");
	s->time = settings_duration(settings, "time");
	s->idle = settings_duration(settings, "idle");
	s->watch = settings_duration(settings, "watch");
	s->journal.rotate = settings_size(settings, "rotate");
	s->journal.per_day = settings_size(settings, "per_day");
}

/* Everything that takes privileges or files. */
static enum err
open_all(struct sensor *s, const struct sandbox_user *user, struct err_info *info)
{
	const struct sensor_options *o = s->options;
	enum err e = make_directory(o->directory, user, info);

	if (e == ERR_OK)
		e = journal_open(&s->journal, o->directory, o->name, s->wall, info);
	if (e == ERR_OK)
		e = listeners_open(o, &s->listeners, info);
	if (e == ERR_OK)
		e = reserve_descriptors(s, info);
	if (e == ERR_OK)
		e = open_events(s, info);
	payload_prepare();
	return e;
}

enum err
sensor_open(const struct sensor_options *options, struct sensor **ret_sensor, struct err_info *info)
{
	struct sensor *s = xcalloc(1, sizeof *s);
	struct sandbox_user user = { 0 };
	enum err e;

	s->options = options;
	s->epoll = s->signals = s->journal.directory = s->journal.file = -1;
	look_at_clocks(s);
	read_settings(s);
	e = sandbox_find_user(options->user, &user, info);
	if (e == ERR_OK)
		e = open_all(s, &user, info);
	if (e == ERR_OK)
		e = sandbox_enter(&user, s->journal.directory, &s->sandbox, info);
	if (e == ERR_OK)
		e = journal_begin(&s->journal, s->wall, info);
	if (e != ERR_OK) {
		sensor_close(s);
		return e;
	}
	s->watch_begin = s->wall;
	s->next_watch = s->now + s->watch;
	s->next_tick = s->now + TICK;
	write_start(s);
	*ret_sensor = s;
	return ERR_OK;
}

void
sensor_close(struct sensor *s)
{
	if (s == NULL)
		return;
	journal_close(&s->journal, s->wall);
	listeners_close(&s->listeners);
	if (s->signals >= 0)
		(void)close(s->signals);
	if (s->epoll >= 0)
		(void)close(s->epoll);
	visitors_release(&s->connections);
	visitors_release(&s->conversations);
	free(s);
}

const struct sandbox_report *
sensor_sandbox(const struct sensor *s)
{
	return &s->sandbox;
}

unsigned
sensor_check_sandbox(const struct sensor *s)
{
	return sandbox_check(s->journal.directory, s->options->say, s->options->context);
}
