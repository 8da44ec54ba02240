/* SPDX-License-Identifier: ISC */
/* The live source on loopback: datagrams and connections in, packets out; limits; changes; the end.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "dnstap_build.h"
#include "obs/dns_record.h"
#include "source/live.h"
#include "test.h"

#define IPFIX_HEADER 16

struct fixture {
	struct live_options options;
	struct live_listener listeners[3];
	struct prefix exporters[2];
	struct source *source;
	struct chunk chunk;
};

/* A port that was free a moment ago. */
static uint16_t
free_port(int type)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof name;
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	(void)close(fd);
	return ntohs(name.sin_port);
}

static struct live_listener
listener_of(const char *host, uint16_t port, enum live_protocol protocol)
{
	struct live_listener listener;
	struct err_info why;
	char text[LIVE_LISTENER_TEXT_SIZE], again[LIVE_LISTENER_TEXT_SIZE];

	(void)snprintf(text, sizeof text, "%s:%u", host, (unsigned)port);
	assert_int_equal(live_listener_parse(text, &listener, &why), ERR_OK);
	listener.protocol = protocol;
	assert_string_equal(live_listener_format(&listener, again), text);
	return listener;
}

static void
prepare(struct fixture *f, size_t count)
{
	live_options_init(&f->options);
	assert_int_equal(prefix_parse("127.0.0.0/8", &f->exporters[0], NULL), ERR_OK);
	assert_int_equal(prefix_parse("::1/128", &f->exporters[1], NULL), ERR_OK);
	f->options.listeners = f->listeners;
	f->options.listener_count = count;
	f->options.exporters = f->exporters;
	f->options.exporter_count = 2;
	f->options.queue = 1;
	chunk_init(&f->chunk);
}

static void
open_live(struct fixture *f)
{
	struct err_info why = { 0 };

	if (source_open_live(&f->options, &f->source, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

static void
finish(struct fixture *f)
{
	source_close(f->source);
	chunk_release(&f->chunk);
}

static int
connect_to(const char *host, uint16_t port, int type)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	bool ipv4 = inet_pton(AF_INET, host, &four.sin_addr) == 1;
	int fd = socket(ipv4 ? AF_INET : AF_INET6, type, 0);

	(void)inet_pton(AF_INET6, host, &six.sin6_addr);
	assert_true(fd >= 0);
	assert_int_equal(ipv4 ? connect(fd, (struct sockaddr *)&four, sizeof four)
			      : connect(fd, (struct sockaddr *)&six, sizeof six),
	    0);
	return fd;
}

/* Reads until `count` packets have come or five seconds have passed; returns how many. */
static size_t
read_packets(struct fixture *f, size_t count, struct packet *ret_packets)
{
	size_t have = 0;

	for (unsigned i = 0; i < 50 && have < count; i++) {
		struct err_info why = { 0 };

		assert_int_equal(source_read(f->source, &f->chunk, &why), ERR_OK);
		for (size_t k = 0; k < f->chunk.count; k++)
			if (have < count)
				ret_packets[have++] = f->chunk.packets[k];
	}
	return have;
}

static void
read_to_end(struct fixture *f)
{
	struct err_info why = { 0 };

	source_stop(f->source);
	for (unsigned i = 0; source_read(f->source, &f->chunk, &why) == ERR_OK; i++)
		assert_true(i < 1000);
	assert_int_equal(source_read(f->source, &f->chunk, &why), ERR_END);
}

static struct live_statistics
statistics(struct fixture *f, size_t index)
{
	struct live_statistics all[8];

	assert_true(source_live_statistics(f->source, all, 8) > index);
	return all[index];
}

static void
test_listeners(void **state)
{
	static const char *const REFUSED[] = { "", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0",
		"1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:2055x", "2001:db8::1:2055", "[1.2.3.4:1",
		"[]:2055", "[*]:2055", "x:2055", ":2055", "1.2.3.4:0000002055" };
	struct live_listener listener;
	struct err_info why;

	(void)state;
	for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++)
		assert_int_equal(live_listener_parse(REFUSED[i], &listener, &why), ERR_CONFIG);
	(void)listener_of("*", 2055, LIVE_UDP);
	(void)listener_of("0.0.0.0", 2055, LIVE_UDP);
	(void)listener_of("[::]", 2055, LIVE_UDP);
	(void)listener_of("[2001:db8::1]", 65535, LIVE_UDP);
}

static void
test_datagrams(void **state)
{
	struct fixture f = { 0 };
	struct packet p[3];
	uint16_t port = free_port(SOCK_DGRAM);
	int four, six;
	nsec_t before = time(NULL) * NSEC_PER_SEC;

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("*", port, LIVE_UDP);
	open_live(&f);
	assert_true(source_info(f.source)->live && source_info(f.source)->exports);
	four = connect_to("127.0.0.1", port, SOCK_DGRAM);
	assert_int_equal(send(four, "first", 5, 0), 5);
	assert_int_equal(read_packets(&f, 1, p), 1);
	assert_int_equal(p[0].captured_size, 5);
	assert_memory_equal(p[0].data, "first", 5);
	assert_int_equal(p[0].link_type, LINK_EXPORT_MESSAGE);
	assert_int_equal(p[0].destination_port, port);
	assert_int_equal(p[0].fragment_id, 0);
	assert_int_equal(p[0].input_offset, 0);
	assert_true(address_is_ipv4(&p[0].source));
	assert_true(p[0].time >= before && p[0].time < before + 10 * NSEC_PER_SEC);
	assert_true(f.chunk.now >= p[0].time);
	six = connect_to("::1", port, SOCK_DGRAM);
	assert_int_equal(send(six, "second", 6, 0), 6);
	assert_int_equal(read_packets(&f, 1, p), 1);
	assert_false(address_is_ipv4(&p[0].source));
	assert_int_equal(p[0].input_offset, 1);
	/* What was sent before the stop is read. */
	assert_int_equal(send(four, "third", 5, 0), 5);
	read_to_end(&f);
	assert_int_equal(source_info(f.source)->records, 3);
	assert_int_equal(source_info(f.source)->octets, 16);
	assert_int_equal(statistics(&f, 0).received, 3);
	(void)close(four);
	(void)close(six);
	finish(&f);
}

/* The clock goes on without packets, and never beyond what may still come. */
static void
test_clock(void **state)
{
	struct fixture f = { 0 };
	nsec_t last = 0;

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("127.0.0.1", free_port(SOCK_DGRAM), LIVE_UDP);
	open_live(&f);
	for (unsigned i = 0; i < 4; i++) {
		struct timespec now;
		struct err_info why;

		assert_int_equal(source_read(f.source, &f.chunk, &why), ERR_OK);
		(void)clock_gettime(CLOCK_REALTIME, &now);
		assert_int_equal(f.chunk.count, 0);
		assert_true(f.chunk.now <= (nsec_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec);
		assert_true(f.chunk.now >= last);
		last = f.chunk.now;
	}
	assert_true(last > (nsec_t)(time(NULL) - 2) * NSEC_PER_SEC);
	finish(&f);
}

static void
test_refused(void **state)
{
	struct fixture f = { 0 };
	struct packet p[1];
	struct live_statistics s;
	uint16_t port = free_port(SOCK_DGRAM);
	int fd;

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("127.0.0.1", port, LIVE_UDP);
	f.options.exporters = &f.exporters[1]; /* ::1 alone */
	f.options.exporter_count = 1;
	open_live(&f);
	fd = connect_to("127.0.0.1", port, SOCK_DGRAM);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	for (unsigned i = 0; i < 50 && f.chunk.losses.refused == 0; i++) {
		struct err_info why;

		assert_int_equal(source_read(f.source, &f.chunk, &why), ERR_OK);
		assert_int_equal(f.chunk.count, 0);
	}
	assert_int_equal(f.chunk.losses.refused, 1);
	s = statistics(&f, 0);
	assert_int_equal(s.refused, 1);
	assert_int_equal(s.received, 0);
	assert_true(address_is_ipv4(&s.refused_last));
	/* From now on it is allowed. */
	f.options.exporters = f.exporters;
	f.options.exporter_count = 2;
	assert_int_equal(source_live_change(f.source, &f.options, NULL), ERR_OK);
	assert_int_equal(send(fd, "y", 1, 0), 1);
	assert_int_equal(read_packets(&f, 1, p), 1);
	(void)close(fd);
	finish(&f);
}

/* With nobody reading, the ring and then the socket's buffer are full: all is accounted for. */
static void
test_overflow(void **state)
{
	enum { SENT = 30000 };
	static const uint8_t payload[1400];
	struct fixture f = { 0 };
	struct live_statistics s;
	uint16_t port = free_port(SOCK_DGRAM);
	struct err_info why;
	int fd;

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("127.0.0.1", port, LIVE_UDP);
	f.options.receive_buffer = 1 << 16;
	open_live(&f);
	assert_int_equal(source_read(f.source, &f.chunk, &why), ERR_OK);
	fd = connect_to("127.0.0.1", port, SOCK_DGRAM);
	for (unsigned i = 0; i < SENT; i++)
		assert_int_equal(send(fd, payload, sizeof payload, 0), sizeof payload);
	read_to_end(&f);
	s = statistics(&f, 0);
	assert_true(s.queue_drops > 0);
	assert_int_equal(s.received + s.queue_drops + s.kernel_drops, SENT);
	assert_int_equal(s.received, source_info(f.source)->records);
	assert_true(s.receive_buffer >= 1 << 16);
	(void)close(fd);
	finish(&f);
}

static void
test_workers(void **state)
{
	struct fixture f = { 0 };
	struct packet p[64];
	uint16_t port = free_port(SOCK_DGRAM);
	struct source *other;
	struct err_info why;
	nsec_t last = 0;

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("127.0.0.1", port, LIVE_UDP);
	f.options.workers = 4;
	open_live(&f);
	for (unsigned i = 0; i < 64; i++) {
		int fd = connect_to("127.0.0.1", port, SOCK_DGRAM);

		assert_int_equal(send(fd, &i, sizeof i, 0), sizeof i);
		(void)close(fd);
	}
	f.chunk.most = 7;
	for (unsigned i = 0; i < 64;) {
		size_t count = read_packets(&f, 1, p + i);

		assert_int_equal(count, 1);
		assert_true(f.chunk.count <= 7);
		for (size_t k = 0; k < f.chunk.count; k++) {
			assert_true(f.chunk.packets[k].time >= last);
			last = f.chunk.packets[k].time;
		}
		i += (unsigned)f.chunk.count;
	}
	assert_int_equal(statistics(&f, 0).workers, 4);
	/* Nobody shares the port by accident, with one socket or several. */
	for (unsigned workers = 1; workers <= 2; workers++) {
		f.options.workers = workers;
		assert_int_equal(source_open_live(&f.options, &other, &why), ERR_BUSY);
	}
	finish(&f);
}

/* Listeners come and go; the one that stays is not disturbed. */
static void
test_change(void **state)
{
	struct fixture f = { 0 };
	struct packet p[2];
	struct live_listener first, second;
	struct err_info why = { 0 };
	int stays, comes;

	(void)state;
	prepare(&f, 1);
	first = listener_of("127.0.0.1", free_port(SOCK_DGRAM), LIVE_UDP);
	second = listener_of("127.0.0.1", free_port(SOCK_DGRAM), LIVE_UDP);
	f.listeners[0] = first;
	open_live(&f);
	stays = connect_to("127.0.0.1", first.port, SOCK_DGRAM);
	assert_int_equal(send(stays, "a", 1, 0), 1);
	f.listeners[0] = second;
	f.listeners[1] = first;
	f.options.listener_count = 2;
	assert_int_equal(source_live_change(f.source, &f.options, &why), ERR_OK);
	comes = connect_to("127.0.0.1", second.port, SOCK_DGRAM);
	assert_int_equal(send(comes, "b", 1, 0), 1);
	assert_int_equal(read_packets(&f, 2, p), 2);
	/* A change that fails leaves all as it was. */
	f.listeners[2] = listener_of("203.0.113.77", 2055, LIVE_UDP);
	f.options.listener_count = 3;
	assert_int_equal(source_live_change(f.source, &f.options, &why), ERR_IO);
	assert_non_null(strstr(why.text, "203.0.113.77:2055"));
	f.options.listener_count = 0;
	assert_int_equal(source_live_change(f.source, &f.options, &why), ERR_CONFIG);
	assert_int_equal(send(comes, "c", 1, 0), 1);
	assert_int_equal(send(stays, "d", 1, 0), 1);
	assert_int_equal(read_packets(&f, 2, p), 2);
	/* The first goes, but what it holds is read. */
	assert_int_equal(send(stays, "e", 1, 0), 1);
	f.options.listener_count = 1;
	assert_int_equal(source_live_change(f.source, &f.options, &why), ERR_OK);
	assert_int_equal(read_packets(&f, 1, p), 1);
	assert_false(statistics(&f, 0).open);
	assert_int_equal(statistics(&f, 0).received, 3);
	/* And comes back, with its counts; its port is free at once. */
	for (unsigned i = 1; i < 10; i++) {
		f.options.listener_count = 1 + i % 2;
		assert_int_equal(source_live_change(f.source, &f.options, &why), ERR_OK);
	}
	f.options.listener_count = 2;
	assert_int_equal(source_live_change(f.source, &f.options, &why), ERR_OK);
	assert_int_equal(send(stays, "f", 1, 0), 1);
	assert_int_equal(read_packets(&f, 1, p), 1);
	assert_int_equal(statistics(&f, 0).received, 4);
	(void)close(stays);
	(void)close(comes);
	finish(&f);
}

/* An IPFIX message of `size` octets whose every octet behind the header is `fill`. */
static const uint8_t *
message(uint8_t *data, size_t size, uint8_t fill)
{
	memset(data, fill, size);
	data[0] = 0;
	data[1] = 10;
	data[2] = (uint8_t)(size >> 8);
	data[3] = (uint8_t)size;
	return data;
}

static void
test_connections(void **state)
{
	struct fixture f = { 0 };
	struct packet p[4];
	static uint8_t data[3 * 65535];
	uint16_t port = free_port(SOCK_STREAM);
	int fd;

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("[::1]", port, LIVE_IPFIX_TCP);
	open_live(&f);
	fd = connect_to("::1", port, SOCK_STREAM);
	/* Two messages and a part of the third, in uneven pieces. */
	(void)message(data, IPFIX_HEADER, 1);
	(void)message(data + IPFIX_HEADER, 65535, 2);
	(void)message(data + IPFIX_HEADER + 65535, 100, 3);
	assert_int_equal(send(fd, data, 3, 0), 3);
	assert_int_equal(send(fd, data + 3, 20, 0), 20);
	assert_int_equal(send(fd, data + 23, 65535 + 16 + 50 - 23, 0), 65535 + 16 + 50 - 23);
	assert_int_equal(read_packets(&f, 2, p), 2);
	assert_int_equal(p[0].captured_size, 16);
	assert_int_equal(p[1].captured_size, 65535);
	assert_true(p[0].fragment_id != 0 && p[0].fragment_id == p[1].fragment_id);
	assert_int_equal(send(fd, data + 65535 + 16 + 50, 50, 0), 50);
	assert_int_equal(read_packets(&f, 1, p), 1);
	assert_int_equal(p[0].captured_size, 100);
	assert_int_equal(p[0].data[99], 3);
	assert_int_equal(statistics(&f, 0).connections, 1);
	(void)close(fd);
	assert_int_equal(read_packets(&f, 1, p + 1), 1);
	assert_int_equal(p[1].captured_size, 0);
	assert_int_equal(p[1].fragment_id, p[0].fragment_id);
	assert_int_equal(statistics(&f, 0).malformed, 0);
	assert_int_equal(statistics(&f, 0).connections, 0);
	finish(&f);
}

/* Whether the other side closes within two seconds. */
static bool
is_closed(struct fixture *f, int fd)
{
	uint8_t octet;

	for (unsigned i = 0; i < 20; i++) {
		struct err_info why;

		assert_int_equal(source_read(f->source, &f->chunk, &why), ERR_OK);
		if (recv(fd, &octet, 1, MSG_DONTWAIT) == 0)
			return true;
	}
	return false;
}

static void
test_bad_connections(void **state)
{
	static const uint8_t BAD[][16] = {
		{ 0, 9, 0, 16 },                  /* NetFlow v9 */
		{ 0, 10, 0, 15 },                 /* shorter than a header */
		{ 0, 10, 0, 0 },                  /* no progress */
		{ 'G', 'E', 'T', ' ', '/', ' ' }, /* another protocol */
	};
	struct fixture f = { 0 };
	uint16_t port = free_port(SOCK_STREAM);
	int fd, fds[3];
	uint8_t data[IPFIX_HEADER];

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("127.0.0.1", port, LIVE_IPFIX_TCP);
	f.options.connections = 2;
	f.options.idle_time = NSEC_PER_SEC / 2;
	open_live(&f);
	for (size_t i = 0; i < 4; i++) {
		fd = connect_to("127.0.0.1", port, SOCK_STREAM);
		assert_int_equal(send(fd, BAD[i], 16, 0), 16);
		assert_true(is_closed(&f, fd));
		(void)close(fd);
		assert_int_equal(statistics(&f, 0).malformed, i + 1);
	}
	for (size_t i = 0; i < 3; i++)
		fds[i] = connect_to("127.0.0.1", port, SOCK_STREAM);
	assert_true(is_closed(&f, fds[2]));
	assert_int_equal(statistics(&f, 0).turned_away, 1);
	/* One that has talked is closed for being idle; one that has not gets more time. */
	assert_int_equal(send(fds[0], message(data, sizeof data, 0), sizeof data, 0), sizeof data);
	assert_true(is_closed(&f, fds[0]));
	assert_false(is_closed(&f, fds[1]));
	assert_int_equal(statistics(&f, 0).timed_out, 1);
	for (size_t i = 0; i < 3; i++)
		(void)close(fds[i]);
	read_to_end(&f);
	finish(&f);
}

static void *
send_messages(void *argument)
{
	static uint8_t data[1400];
	int fd = *(int *)argument;

	for (unsigned i = 0; i < 5000; i++)
		if (send(fd, message(data, sizeof data, 7), sizeof data, 0) != sizeof data)
			break;
	(void)close(fd);
	return NULL;
}

/* A full ring makes the exporter wait: every message arrives. */
static void
test_slow_reader(void **state)
{
	struct fixture f = { 0 };
	uint16_t port = free_port(SOCK_STREAM);
	pthread_t thread;
	int fd;
	size_t messages = 0;
	struct err_info why;

	(void)state;
	prepare(&f, 1);
	f.listeners[0] = listener_of("127.0.0.1", port, LIVE_IPFIX_TCP);
	open_live(&f);
	assert_int_equal(source_read(f.source, &f.chunk, &why), ERR_OK);
	fd = connect_to("127.0.0.1", port, SOCK_STREAM);
	assert_int_equal(pthread_create(&thread, NULL, send_messages, &fd), 0);
	(void)usleep(300000);
	f.chunk.most = 50;
	for (unsigned i = 0; i < 400 && messages < 5001; i++) {
		assert_int_equal(source_read(f.source, &f.chunk, &why), ERR_OK);
		messages += f.chunk.count;
	}
	(void)pthread_join(thread, NULL);
	assert_int_equal(messages, 5001); /* and the close */
	assert_int_equal(statistics(&f, 0).queue_drops, 0);
	finish(&f);
}

/* ------------------------------------------------------------------ dnstap */

static void
tap_listener(struct fixture *f, const char *path)
{
	char text[LIVE_LISTENER_TEXT_SIZE], again[LIVE_LISTENER_TEXT_SIZE];

	(void)snprintf(text, sizeof text, "unix:%s", path);
	assert_int_equal(live_listener_parse(text, &f->listeners[0], NULL), ERR_OK);
	assert_int_equal(f->listeners[0].protocol, LIVE_DNSTAP);
	assert_string_equal(live_listener_format(&f->listeners[0], again), text);
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

static void
send_bytes(int fd, const struct bytes *b)
{
	assert_int_equal(send(fd, b->data, b->size, MSG_NOSIGNAL), b->size);
}

/* What the listener answers: a control frame of this type, or the end. */
static void
expect_control(int fd, unsigned type, size_t size)
{
	uint8_t octets[64];

	assert_int_equal(recv(fd, octets, size, MSG_WAITALL), size);
	assert_int_equal(octets[11], type);
}

static size_t
count_of_frames(struct fixture *f, struct live_producer *ret)
{
	return source_live_producers(f->source, ret, 1) == 0 ? 0 : ret->frames;
}

/* Both kinds of stream, octet by octet in one of them, and what is none. */
static void
test_dnstap(void **state)
{
	struct tap tap = { .identity = "ns\x01",
		.type = 5,
		.query_size = 40,
		.query_sec = 1,
		.query_address = "192.0.2.1",
		.response_address = "192.0.2.2" };
	char directory[] = "/tmp/yagura-test-XXXXXX", path[64];
	struct bytes ready = { 0 }, start = { 0 }, stop = { 0 }, bad = { 0 };
	struct live_statistics statistics;
	struct live_producer producer;
	struct packet packets[8];
	struct fixture f = { 0 };
	struct stat status;
	int one, two, left;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/tap", directory);
	prepare(&f, 1);
	tap_listener(&f, path);

	/* A name that somebody left behind. */
	left = socket(AF_UNIX, SOCK_STREAM, 0);
	{
		struct sockaddr_un name = { .sun_family = AF_UNIX };

		(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
		assert_int_equal(bind(left, (struct sockaddr *)&name, sizeof name), 0);
	}
	(void)close(left);
	open_live(&f);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	/* One that is in use. */
	{
		struct source *other = NULL;

		assert_int_equal(source_open_live(&f.options, &other, NULL), ERR_BUSY);
		assert_int_equal(stat(path, &status), 0);
	}

	tap_control(&ready, 4, TAP_CONTENT);
	tap_control(&start, 2, TAP_CONTENT);
	tap_frame(&start, &tap);
	tap_frame(&start, &tap);
	tap_control(&stop, 3, NULL);
	assert_int_equal(source_read(f.source, &f.chunk, NULL), ERR_OK); /* readers begin */
	one = connect_unix(path);
	two = connect_unix(path);
	send_bytes(one, &ready);
	expect_control(one, 1, 42);
	for (size_t i = 0; i < start.size; i++)
		assert_int_equal(send(one, start.data + i, 1, 0), 1);
	send_bytes(two, &start);
	assert_int_equal(read_packets(&f, 4, packets), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(packets[i].link_type, LINK_DNS_MESSAGE);
		assert_int_equal(packets[i].captured_size, sizeof(struct dns_record) + 40 + 3);
		/* A time of 1970 is none of ours. */
		assert_true(packets[i].time > 1700000000 * NSEC_PER_SEC);
	}
	send_bytes(one, &stop);
	expect_control(one, 5, 12);
	send_bytes(two, &stop);
	assert_int_equal(recv(two, &left, 1, 0), 0);
	assert_int_equal(count_of_frames(&f, &producer), 4);
	assert_string_equal(producer.identity, "ns?");

	/* Data before START, another content, a frame that is too large. */
	for (unsigned i = 0; i < 3; i++) {
		int fd = connect_unix(path);

		bad.size = 0;
		if (i == 0)
			tap_frame(&bad, &tap);
		else
			tap_control(&bad, i == 1 ? 4 : 2, i == 1 ? "other" : TAP_CONTENT);
		if (i == 2)
			bytes_uint(&bad, 1 << 20, 4);
		send_bytes(fd, &bad);
		assert_int_equal(recv(fd, &left, 1, 0), 0);
		(void)close(fd);
	}
	assert_int_equal(source_live_statistics(f.source, &statistics, 1), 1);
	assert_int_equal(statistics.malformed, 3);
	assert_int_equal(statistics.received, 4);
	assert_int_equal(
	    statistics.opened, 6); /* the other collector has asked whether it is in use */
	(void)close(one);
	(void)close(two);
	bytes_clear(&ready);
	bytes_clear(&start);
	bytes_clear(&stop);
	bytes_clear(&bad);
	finish(&f);
	assert_int_not_equal(stat(path, &status), 0);
	assert_int_equal(rmdir(directory), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_workers),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_bad_connections),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_dnstap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
