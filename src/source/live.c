/* SPDX-License-Identifier: ISC */
/*
 * Several rings of messages read as one source; see live.h.
 *
 * One mutex guards the lists of ports and readers, which change rarely; it is never held while
 * somebody receives or waits.
 */
#include "source/live.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "source/kind.h"
#include "source/live_producers.h"
#include "source/live_reader.h"

#define WAIT_MS     100
#define READERS     (LIVE_LISTENERS * LIVE_WORKERS)
#define ALLOWED     4096 /* changes of the exporters in the life of a source */
#define CLOCK_FUZZ  NSEC_PER_SEC
#define DNSTAP_RING ((size_t)2 << 20) /* at least, of a dnstap listener */
/* Producers of dnstap gather messages for up to a second or so before they send them. */
#define DNSTAP_DELAY (2 * NSEC_PER_SEC)

struct live_source {
	struct source base;
	struct live_shared shared;
	pthread_mutex_t mutex;
	struct live_port **ports; /* owned */
	size_t port_count;
	struct live_reader **readers; /* owned */
	size_t reader_count;
	size_t reader_room;
	struct prefix_set **allowed; /* owned: all there ever were, the last one in force */
	size_t allowed_count;
	struct live_producers *producers; /* owned */
	struct source_losses seen;        /* losses that chunks have told of */
	nsec_t last;                      /* time of the packet before */
	_Atomic bool stop, pause;
	bool running;
	char kind[16];
};

/* What a change adds, before it is in force. */
struct opening {
	struct live_reader **readers; /* owned */
	size_t count;
};

nsec_t
live_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

bool
live_allows(struct live_reader *reader, const struct address *source)
{
	const struct prefix_set *set = atomic_load(&reader->shared->allowed);

	if (prefix_set_find(set, source) >= 0)
		return true;
	live_count(reader, COUNT_REFUSED, 1);
	for (size_t i = 0; i < 2; i++)
		atomic_store_explicit(
		    &reader->port->refused_last[i], source->words[i], memory_order_relaxed);
	return false;
}

bool
live_put(
    struct live_reader *reader, const struct live_record *record, const uint8_t *data, size_t size)
{
	uint8_t *room = ring_reserve(reader->ring, sizeof *record + size);

	if (room == NULL)
		return false;
	memcpy(room, record, sizeof *record);
	if (size > 0)
		memcpy(room + sizeof *record, data, size);
	ring_publish(reader->ring, sizeof *record + size);
	return true;
}

static void
poke(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof one);
}

void
live_reach(struct live_reader *reader, nsec_t time, bool news)
{
	atomic_store(&reader->watermark, time);
	if (news && atomic_exchange(&reader->shared->waiting, false))
		poke(reader->shared->wake);
}

void
live_options_init(struct live_options *options)
{
	*options = (struct live_options){ .workers = 1,
		.receive_buffer = (size_t)32 << 20,
		.queue = (size_t)256 << 20,
		.connections = 256,
		.idle_time = 3600 * NSEC_PER_SEC,
		.socket_mode = 0660,
		.socket_user = -1,
		.socket_group = -1 };
}

static bool
same_listener(const struct live_listener *a, const struct live_listener *b)
{
	return a->protocol == b->protocol && a->port == b->port && a->both == b->both &&
	       strcmp(a->path, b->path) == 0 &&
	       (a->both || address_equal(&a->address, &b->address));
}

static struct live_port *
find_port(const struct live_source *live, const struct live_listener *listener)
{
	for (size_t i = 0; i < live->port_count; i++)
		if (same_listener(&live->ports[i]->listener, listener))
			return live->ports[i];
	return NULL;
}

static void
close_socket(struct live_reader *reader)
{
	if (reader->fd < 0)
		return;
	(void)close(reader->fd);
	reader->fd = -1;
	live_unbind_unix(reader->port);
}

static void
free_reader(struct live_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->started)
		(void)pthread_join(reader->thread, NULL);
	close_socket(reader);
	if (reader->stop_fd >= 0)
		(void)close(reader->stop_fd);
	ring_free(reader->ring);
	free(reader);
}

static enum err
check_options(const struct live_options *options, struct err_info *info)
{
	char text[LIVE_LISTENER_TEXT_SIZE];

	if (options->listener_count == 0)
		return err_set(info, ERR_CONFIG, "there is no listener to collect from");
	if (options->listener_count > LIVE_LISTENERS)
		return err_set(info, ERR_LIMIT, "more than %d listeners", LIVE_LISTENERS);
	for (size_t i = 0; i < options->listener_count; i++)
		for (size_t k = 0; k < i; k++)
			if (same_listener(&options->listeners[i], &options->listeners[k]))
				return err_set(info, ERR_CONFIG, "%s is listed twice",
				    live_listener_format(&options->listeners[i], text));
	return ERR_OK;
}

static unsigned
worker_count(const struct live_options *options, const struct live_listener *listener)
{
	unsigned workers = options->workers;

	if (listener->protocol != LIVE_UDP || workers < 1)
		return 1;
	return workers > LIVE_WORKERS ? LIVE_WORKERS : workers;
}

/* One socket of a port, with its ring; its thread is not running yet. */
static enum err
open_reader(struct live_source *live, struct live_port *port, size_t ring_size,
    const struct live_options *options, struct live_reader **ret_reader, struct err_info *info)
{
	bool unix_socket = port->listener.path[0] != '\0';
	struct live_reader *reader = xcalloc(1, sizeof *reader);
	enum err e;

	reader->shared = &live->shared;
	reader->port = port;
	reader->fd = -1;
	reader->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e = unix_socket ? live_bind_unix(port, options, &reader->fd, info)
			: live_bind(&port->listener, port->workers > 1, options->receive_buffer,
			      &reader->fd, &port->receive_buffer, info);
	if (e == ERR_OK && reader->stop_fd < 0)
		e = err_set(info, ERR_IO, "eventfd: %s", strerror(errno));
	if (e != ERR_OK) {
		free_reader(reader);
		return e;
	}
	atomic_store(&reader->watermark, live_now());
	/* Whole reads of a connection go into it in one piece, of at most a quarter. */
	if (port->listener.protocol == LIVE_DNSTAP && ring_size < DNSTAP_RING)
		ring_size = DNSTAP_RING;
	reader->ring = ring_new(ring_size);
	*ret_reader = reader;
	return ERR_OK;
}

/* With SO_REUSEPORT a second process of the same user could share the port unnoticed, and each
 * would miss what the other gets: the first socket is tried without it. */
static enum err
probe(const struct live_listener *listener, struct err_info *info)
{
	int fd;
	size_t buffer;
	enum err e = live_bind(listener, false, 0, &fd, &buffer, info);

	if (e == ERR_OK)
		(void)close(fd);
	return e;
}

/* The port of a listener: the one it had before, or a new one.  It is not open yet. */
static struct live_port *
make_port(struct live_source *live, const struct live_listener *listener, unsigned workers)
{
	struct live_port *port = find_port(live, listener);

	if (port == NULL) {
		port = xcalloc(1, sizeof *port);
		port->listener = *listener;
		live->ports =
		    xrealloc_array(live->ports, live->port_count + 1, sizeof(struct live_port *));
		live->ports[live->port_count++] = port;
	}
	port->workers = workers;
	return port;
}

static enum err
open_port(struct live_source *live, const struct live_options *options,
    const struct live_listener *listener, size_t ring_size, struct opening *opening,
    struct err_info *info)
{
	unsigned workers = worker_count(options, listener);
	struct live_port *port = make_port(live, listener, workers);
	enum err e = workers > 1 ? probe(listener, info) : ERR_OK;

	for (unsigned i = 0; i < workers && e == ERR_OK; i++) {
		e = open_reader(
		    live, port, ring_size, options, &opening->readers[opening->count], info);
		if (e == ERR_OK)
			opening->count++;
	}
	return e;
}

/* Opens what is not open; nothing of it runs. */
static enum err
open_ports(struct live_source *live, const struct live_options *options, struct opening *opening,
    struct err_info *info)
{
	size_t rings = 0;
	enum err e = check_options(options, info);

	for (size_t i = 0; i < options->listener_count; i++)
		rings += worker_count(options, &options->listeners[i]);
	opening->readers = xcalloc(rings + 1, sizeof *opening->readers);
	for (size_t i = 0; i < options->listener_count && e == ERR_OK; i++) {
		const struct live_port *port = find_port(live, &options->listeners[i]);

		if (port == NULL || !port->open)
			e = open_port(live, options, &options->listeners[i], options->queue / rings,
			    opening, info);
	}
	for (size_t i = 0; i < opening->count && e != ERR_OK; i++)
		free_reader(opening->readers[i]);
	if (e != ERR_OK)
		opening->count = 0;
	return e;
}

static enum err
start(struct live_reader *reader, struct err_info *info)
{
	bool udp = reader->port->listener.protocol == LIVE_UDP;
	int failure = pthread_create(
	    &reader->thread, NULL, udp ? live_read_udp : live_read_connections, reader);

	if (failure != 0)
		return err_set(info, ERR_IO, "a thread cannot be made: %s", strerror(failure));
	reader->started = true;
	return ERR_OK;
}

/* Asks a reader to end with what has come by `time`. */
static void
stop_reader(struct live_reader *reader, nsec_t time)
{
	atomic_store(&reader->stop_time, time);
	atomic_store(&reader->stop, true);
	poke(reader->stop_fd);
}

/* Ends a reader whose port is to be free at once; what it has put into its ring stays. */
static void
close_reader(struct live_reader *reader)
{
	stop_reader(reader, live_now());
	if (reader->started)
		(void)pthread_join(reader->thread, NULL);
	reader->started = false;
	atomic_store(&reader->finished, true);
	close_socket(reader);
}

/* Closes the ports that the options no longer have. */
static void
close_ports(struct live_source *live, const struct live_options *options)
{
	for (size_t i = 0; i < live->port_count; i++) {
		struct live_port *port = live->ports[i];
		bool wanted = false;

		for (size_t k = 0; k < options->listener_count; k++)
			wanted |= same_listener(&port->listener, &options->listeners[k]);
		for (size_t k = 0; k < live->reader_count && !wanted && port->open; k++)
			if (live->readers[k]->port == port && live->readers[k]->fd >= 0)
				close_reader(live->readers[k]);
		port->open = wanted;
		port->known |= wanted;
	}
}

static void
adopt(struct live_source *live, const struct live_options *options, struct opening *opening)
{
	live->readers = xrealloc_array(
	    live->readers, live->reader_count + opening->count + 1, sizeof(struct live_reader *));
	for (size_t i = 0; i < opening->count; i++)
		live->readers[live->reader_count++] = opening->readers[i];
	close_ports(live, options);
	live->allowed =
	    xrealloc_array(live->allowed, live->allowed_count + 1, sizeof(struct prefix_set *));
	live->allowed[live->allowed_count] =
	    prefix_set_new(options->exporters, options->exporter_count);
	atomic_store(&live->shared.allowed, live->allowed[live->allowed_count]);
	live->allowed_count++;
}

/* Takes back the ports that a failed change has made. */
static void
forget_ports(struct live_source *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->port_count; i++) {
		if (live->ports[i]->known)
			live->ports[kept++] = live->ports[i];
		else
			free(live->ports[i]);
	}
	live->port_count = kept;
}

enum err
source_live_change(struct source *source, const struct live_options *options, struct err_info *info)
{
	struct live_source *live = (struct live_source *)source;
	struct opening opening = { 0 };
	enum err e;

	(void)pthread_mutex_lock(&live->mutex);
	if (atomic_load(&live->stop)) { /* it is ending: nothing is opened any more */
		(void)pthread_mutex_unlock(&live->mutex);
		return ERR_OK;
	}
	e = live->allowed_count >= ALLOWED
		? err_set(info, ERR_LIMIT, "more than %d changes in one run", ALLOWED)
		: open_ports(live, options, &opening, info);
	for (size_t i = 0; i < opening.count && e == ERR_OK && live->running; i++)
		e = start(opening.readers[i], info);
	for (size_t i = 0; i < opening.count && e != ERR_OK; i++) {
		stop_reader(opening.readers[i], 0);
		free_reader(opening.readers[i]);
	}
	if (e == ERR_OK)
		adopt(live, options, &opening);
	else
		forget_ports(live);
	(void)pthread_mutex_unlock(&live->mutex);
	free(opening.readers);
	return e;
}

static enum err
start_all(struct live_source *live, struct err_info *info)
{
	enum err e = ERR_OK;

	(void)pthread_mutex_lock(&live->mutex);
	for (size_t i = 0; i < live->reader_count && e == ERR_OK && !live->running; i++)
		e = start(live->readers[i], info);
	live->running = true;
	(void)pthread_mutex_unlock(&live->mutex);
	return e;
}

void
source_stop(struct source *source)
{
	struct live_source *live = (struct live_source *)source;

	if (atomic_exchange(&live->stop, true))
		return;
	(void)pthread_mutex_lock(&live->mutex);
	for (size_t i = 0; i < live->reader_count; i++)
		stop_reader(live->readers[i], live_now());
	(void)pthread_mutex_unlock(&live->mutex);
	poke(live->shared.wake);
}

void
source_pause(struct source *source)
{
	struct live_source *live = (struct live_source *)source;

	atomic_store(&live->pause, true);
	poke(live->shared.wake);
}

/* The reader whose oldest message is the oldest of all, or NULL. */
static struct live_reader *
oldest(struct live_source *live, const struct live_record **ret_record, size_t *ret_size)
{
	struct live_reader *best = NULL;

	for (size_t i = 0; i < live->reader_count; i++) {
		size_t size;
		const struct live_record *record = ring_peek(live->readers[i]->ring, &size);

		if (record == NULL || (best != NULL && record->time >= (*ret_record)->time))
			continue;
		best = live->readers[i];
		*ret_record = record;
		*ret_size = size - sizeof *record;
	}
	return best;
}

/* Two sockets are not read at the same instant: what is out of order by that little takes the time
 * of the message before it.  A clock that was set back is told as it is. */
static nsec_t
arrival(struct live_source *live, const struct live_record *record)
{
	if (record->time >= live->last || record->time < live->last - CLOCK_FUZZ)
		live->last = record->time;
	return live->last;
}

/* What the packets from `from` on add to what is known of the source. */
static void
note_packets(struct live_source *live, const struct packet *packets, size_t count)
{
	struct source_info *info = &live->base.info;

	for (size_t i = 0; i < count; i++) {
		nsec_t time = packets[i].time;

		if (info->records == 0 || time < info->begin)
			info->begin = time;
		if (info->records == 0 || time > info->end)
			info->end = time;
		info->records++;
		info->octets += packets[i].captured_size;
	}
}

/* One export message; false when it does not fit any more. */
static bool
take_export(struct live_source *live, struct live_reader *reader, const struct live_record *record,
    size_t size, struct capture_run *run)
{
	struct packet *p = &run->packets[run->count];
	size_t padded = (size + 7) / 8 * 8, left = run->room_size - run->room_used;

	if (size > left)
		return false;
	p->data = run->room + run->room_used;
	if (size > 0)
		memcpy(run->room + run->room_used, record + 1, size);
	p->captured_size = p->frame_size = (uint32_t)size;
	p->time = arrival(live, record);
	p->source = record->source;
	p->source_port = record->source_port;
	p->destination_port = record->port;
	p->fragment_id = record->connection;
	p->link_type = LINK_EXPORT_MESSAGE;
	p->input_offset = live->base.info.records;
	run->count++;
	run->room_used += padded <= left ? padded : left;
	ring_pop(reader->ring);
	return true;
}

/* Frames of dnstap that came together; false when some of them do not fit any more. */
static bool
take_frames(struct live_source *live, struct live_reader *reader, const struct live_record *record,
    size_t size, struct capture_run *run)
{
	struct live_frames frames = { .reader = reader,
		.record = record,
		.data = (const uint8_t *)(record + 1),
		.size = size,
		.at = reader->taken };
	bool all;

	(void)arrival(live, record);
	all = live_producers_take(live->producers, &frames, run);
	reader->taken = all ? 0 : frames.at;
	if (all)
		ring_pop(reader->ring);
	return all;
}

/* Takes messages in order of time, as many as there are and fit. */
static void
fill_chunk(struct live_source *live, struct chunk *chunk)
{
	size_t exports_most = chunk->most != 0 ? chunk->most : CHUNK_PACKETS;
	struct capture_run run = { .packets = chunk->packets,
		.most = CHUNK_PACKETS,
		.drops = &chunk->drops,
		.room = chunk->buffer,
		.room_size = chunk->buffer_size };
	const struct live_record *record;
	struct live_reader *reader;
	size_t size = 0, exports = 0;
	bool more = true;

	while (more && run.count < run.most && (reader = oldest(live, &record, &size)) != NULL) {
		size_t before = run.count;

		run.offset = live->base.info.records;
		if (reader->port->listener.protocol == LIVE_DNSTAP)
			more = take_frames(live, reader, record, size, &run);
		else
			more = take_export(live, reader, record, size, &run) &&
			       ++exports < exports_most;
		note_packets(live, run.packets + before, run.count - before);
	}
	chunk->count = run.count;
}

static void
fill_losses(struct live_source *live, struct chunk *chunk)
{
	struct source_losses now = { 0 };

	for (size_t i = 0; i < live->port_count; i++) {
		const _Atomic uint64_t *counts = live->ports[i]->counts;

		now.kernel += atomic_load(&counts[COUNT_KERNEL_DROPS]);
		now.queue += atomic_load(&counts[COUNT_QUEUE_DROPS]);
		now.refused +=
		    atomic_load(&counts[COUNT_REFUSED]) + atomic_load(&counts[COUNT_TURNED_AWAY]);
		now.malformed +=
		    atomic_load(&counts[COUNT_MALFORMED]) + atomic_load(&counts[COUNT_TIMED_OUT]);
	}
	chunk->losses =
	    (struct source_losses){ now.kernel - live->seen.kernel, now.queue - live->seen.queue,
		    now.refused - live->seen.refused, now.malformed - live->seen.malformed };
	live->seen = now;
	live->base.info.interface_drops = now.kernel;
}

/* Readers that have ended and been read empty are let go; whether all have. */
static bool
sweep(struct live_source *live)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->reader_count; i++) {
		struct live_reader *reader = live->readers[i];

		if (atomic_load(&reader->finished) && ring_used(reader->ring) == 0)
			free_reader(reader);
		else
			live->readers[kept++] = reader;
	}
	live->reader_count = kept;
	return kept == 0;
}

/* How long after a message its producer may send it. */
static nsec_t
delay(const struct live_source *live)
{
	for (size_t i = 0; i < live->port_count; i++)
		if (live->ports[i]->open && live->ports[i]->listener.protocol == LIVE_DNSTAP)
			return DNSTAP_DELAY;
	return 0;
}

/* The time before which everything that arrived is in the rings. */
static nsec_t
watermark(const struct live_source *live)
{
	nsec_t least = INT64_MAX;

	for (size_t i = 0; i < live->reader_count; i++) {
		nsec_t time = atomic_load(&live->readers[i]->watermark);

		least = time < least ? time : least;
	}
	return least;
}

static bool
is_empty(const struct live_source *live)
{
	for (size_t i = 0; i < live->reader_count; i++)
		if (ring_used(live->readers[i]->ring) != 0)
			return false;
	return true;
}

/* Sleeps until there is something, at most WAIT_MS. */
static void
wait_news(struct live_source *live)
{
	struct pollfd fd = { .fd = live->shared.wake, .events = POLLIN };
	uint64_t count;
	bool empty;

	atomic_store(&live->shared.waiting, true);
	(void)pthread_mutex_lock(&live->mutex);
	empty = is_empty(live);
	(void)pthread_mutex_unlock(&live->mutex);
	if (empty && poll(&fd, 1, WAIT_MS) > 0)
		(void)!read(live->shared.wake, &count, sizeof count);
	atomic_store(&live->shared.waiting, false);
}

static enum err
read_live(struct source *source, struct chunk *chunk, struct err_info *info)
{
	struct live_source *live = (struct live_source *)source;
	enum err e = live->running ? ERR_OK : start_all(live, info);
	nsec_t reached;
	bool ended;

	chunk->count = 0;
	if (e != ERR_OK)
		return e;
	if (atomic_exchange(&live->pause, false))
		return ERR_END;
	if (!atomic_load(&live->stop))
		wait_news(live);
	(void)pthread_mutex_lock(&live->mutex);
	reached = watermark(live); /* before looking into the rings: it tells of what is there */
	fill_chunk(live, chunk);
	fill_losses(live, chunk);
	if (is_empty(live) && reached != INT64_MAX && reached > live->last)
		chunk->now = reached;
	else
		chunk->now = live->last;
	if (chunk->now != 0)
		chunk->now -= delay(live);
	ended = sweep(live) && atomic_load(&live->stop);
	(void)pthread_mutex_unlock(&live->mutex);
	if (ended && chunk->count == 0)
		return ERR_END;
	if (chunk->count == 0 && atomic_load(&live->stop))
		(void)poll(NULL, 0, 1); /* the readers are about to end */
	return ERR_OK;
}

/* Nothing can be read again: there is no fingerprint. */
static void
progress_of_live(const struct source *source, char *ret_text, uint64_t *ret_octets)
{
	ret_text[0] = '\0';
	*ret_octets = source->info.octets;
}

static void
close_live(struct source *source)
{
	struct live_source *live = (struct live_source *)source;

	source_stop(source);
	for (size_t i = 0; i < live->reader_count; i++)
		free_reader(live->readers[i]);
	for (size_t i = 0; i < live->port_count; i++)
		free(live->ports[i]);
	for (size_t i = 0; i < live->allowed_count; i++)
		prefix_set_free(live->allowed[i]);
	if (live->shared.wake >= 0)
		(void)close(live->shared.wake);
	(void)pthread_mutex_destroy(&live->mutex);
	live_producers_free(live->producers);
	free(live->readers);
	free(live->ports);
	free(live->allowed);
	free(live);
}

static const struct source_kind LIVE_KIND = {
	.read = read_live,
	.progress = progress_of_live,
	.close = close_live,
};

enum err
source_open_live(
    const struct live_options *options, struct source **ret_source, struct err_info *info)
{
	struct live_source *live = xcalloc(1, sizeof *live);
	enum err e = ERR_OK;

	live->base.kind = &LIVE_KIND;
	live->base.info.path = "listeners";
	live->base.info.kind = "collect";
	live->base.info.exports = live->base.info.live = true;
	live->producers = live_producers_new();
	live->shared.connections_most = options->connections;
	live->shared.idle_time = options->idle_time;
	live->shared.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&live->mutex, NULL);
	if (live->shared.wake < 0)
		e = err_set(info, ERR_IO, "eventfd: %s", strerror(errno));
	if (e == ERR_OK)
		e = source_live_change(&live->base, options, info);
	if (e != ERR_OK) {
		source_close(&live->base);
		return e;
	}
	*ret_source = &live->base;
	return ERR_OK;
}

static void
describe(struct live_source *live, const struct live_port *port, struct live_statistics *ret)
{
	const _Atomic uint64_t *c = port->counts;

	*ret = (struct live_statistics){
		.listener = port->listener,
		.open = port->open,
		.workers = port->workers,
		.received = c[COUNT_RECEIVED],
		.octets = c[COUNT_OCTETS],
		.kernel_drops = c[COUNT_KERNEL_DROPS],
		.queue_drops = c[COUNT_QUEUE_DROPS],
		.refused = c[COUNT_REFUSED],
		.malformed = c[COUNT_MALFORMED],
		.connections = c[COUNT_CONNECTIONS],
		.opened = c[COUNT_OPENED],
		.turned_away = c[COUNT_TURNED_AWAY],
		.timed_out = c[COUNT_TIMED_OUT],
		.receive_buffer = port->receive_buffer,
		.refused_last = { .words = { port->refused_last[0], port->refused_last[1] } },
	};
	for (size_t i = 0; i < live->reader_count; i++) {
		if (live->readers[i]->port != port)
			continue;
		ret->queue_used += ring_used(live->readers[i]->ring);
		ret->queue_size += ring_size(live->readers[i]->ring);
	}
}

size_t
source_live_statistics(struct source *source, struct live_statistics *ret_statistics, size_t room)
{
	struct live_source *live = (struct live_source *)source;
	size_t count;

	(void)pthread_mutex_lock(&live->mutex);
	count = live->port_count;
	for (size_t i = 0; i < count && i < room; i++)
		describe(live, live->ports[i], &ret_statistics[i]);
	(void)pthread_mutex_unlock(&live->mutex);
	return count;
}

size_t
source_live_producers(struct source *source, struct live_producer *ret_producers, size_t room)
{
	struct live_source *live = (struct live_source *)source;
	size_t count;

	(void)pthread_mutex_lock(&live->mutex);
	count = live_producers_list(live->producers, ret_producers, room);
	(void)pthread_mutex_unlock(&live->mutex);
	return count;
}
