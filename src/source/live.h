/* SPDX-License-Identifier: ISC */
/*
 * A live source: flow exports as they come, over UDP and (IPFIX alone) TCP, and dnstap, over unix
 * sockets and TCP.
 *
 *	e = source_open_live(&options, &source, &why);   // binds; nothing is received yet
 *	… drop privileges …
 *	while ((e = source_read(source, chunk, &why)) == ERR_OK)
 *		… chunk->count may be 0; chunk->now is how far the clock has come …
 *	// ERR_END after source_stop
 *
 * Each UDP listener has one or several sockets, each socket a thread that moves datagrams into a
 * ring of its own as fast as the kernel gives them; TCP listeners have one thread each.
 * source_read takes from the rings in order of time.  So a reader that is slow for a while (a
 * commit) loses nothing until a ring is full, and what is lost then, or in the kernel before it,
 * is counted.  A full ring stops a TCP listener from reading, so its exporters wait.
 *
 * Packets of exports have LINK_EXPORT_MESSAGE: `time` is the kernel's time of arrival,
 *`destination_port` the listener's port, `fragment_id` the number of the connection, `input_offset`
 *counts messages.
 *
 * dnstap comes in frame streams (source/frame_stream.h), of one direction or both.  Its producers
 * throw away what is not taken from them at once and tell nobody, so it is always taken: a full
 * ring loses frames, which are counted.  Packets are those of obs/dns_record.h, with the times that
 * their producer says.
 */
#ifndef YAGURA_SOURCE_LIVE_H
#define YAGURA_SOURCE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/address.h"
#include "source/source.h"

enum live_protocol {
	LIVE_UDP,       /* NetFlow, IPFIX and sFlow, told apart by content */
	LIVE_IPFIX_TCP, /* IPFIX messages in TCP connections (RFC 7011, section 10.4) */
	LIVE_DNSTAP,    /* dnstap in connections of TCP or of a unix socket */
};

#define LIVE_PATH_SIZE 108 /* of a unix socket, as the system has it: unix(7) */

struct live_listener {
	struct address address; /* 0.0.0.0 or ::, all addresses of the family */
	uint16_t port;
	bool both;   /* all addresses of both families; `address` is not used */
	bool stream; /* it was written with a scheme, unix: or tcp://, which only dnstap has */
	enum live_protocol protocol;
	char path[LIVE_PATH_SIZE]; /* of a unix socket; "": address and port */
};

#define LIVE_LISTENER_TEXT_SIZE 128
#define LIVE_LISTENERS          64 /* at once */
#define LIVE_WORKERS            16 /* sockets of a listener */

/* "192.0.2.1:2055", "[2001:db8::1]:4739" or "*:2055", with a host address or a wildcard; and for
 * dnstap "unix:/run/yagura/dnstap.sock" or "tcp://192.0.2.1:6000". */
MUST_CHECK enum err
live_listener_parse(const char *text, struct live_listener *ret_listener, struct err_info *info);
/* The same text back; returns `text`, which has room for LIVE_LISTENER_TEXT_SIZE. */
char *live_listener_format(const struct live_listener *listener, char *text);

struct live_options {
	const struct live_listener *listeners; /* borrowed during the call, as all of it */
	size_t listener_count;
	const struct prefix *exporters; /* who is listened to; nobody else is */
	size_t exporter_count;
	unsigned workers;      /* sockets and threads of each UDP listener */
	size_t receive_buffer; /* octets to ask the kernel for, for each socket */
	size_t queue;          /* octets of messages that may wait, over all listeners */
	size_t connections;    /* of a TCP listener at once */
	nsec_t idle_time;      /* an IPFIX connection without a message for so long is closed */
	unsigned socket_mode;  /* permissions of unix sockets */
	int64_t socket_user, socket_group; /* who they are given to; -1: nobody else */
};

/* Every default: nobody is listened to. */
void live_options_init(struct live_options *options);

/* Binds all listeners. */
MUST_CHECK enum err source_open_live(
    const struct live_options *options, struct source **ret_source, struct err_info *info);

/* The source ends when what has arrived by now is read.  Any thread may call it. */
void source_stop(struct source *source);

/* The next source_read says ERR_END, and reading goes on after it: for a reader that has to begin
 * anew.  Any thread may call it. */
void source_pause(struct source *source);

/*
 * Goes over to other listeners and exporters.  Listeners that stay keep their sockets and lose
 * nothing; those that go are read empty first.  After a failure nothing has changed.  Sizes and
 * worker counts of listeners that stay remain what they were.
 */
MUST_CHECK enum err source_live_change(
    struct source *source, const struct live_options *options, struct err_info *info);

/* What happened to one listener since it was opened first. */
struct live_statistics {
	struct live_listener listener;
	bool open; /* false: it was taken away by a change */
	unsigned workers;
	uint64_t received, octets;     /* messages or frames put into the queue, their octets */
	uint64_t kernel_drops;         /* datagrams lost because the socket's buffer was full */
	uint64_t queue_drops;          /* datagrams or frames lost because the queue was full */
	uint64_t refused;              /* messages, or connections, of exporters not allowed */
	uint64_t malformed;            /* datagrams without octets; TCP: connections closed
					  for what they sent */
	uint64_t connections, opened;  /* TCP: now, and since the beginning */
	uint64_t turned_away;          /* TCP: connections closed because there were too many */
	uint64_t timed_out;            /* TCP: connections closed because they were too slow */
	size_t receive_buffer;         /* octets a socket really got */
	size_t queue_used, queue_size; /* octets */
	struct address refused_last;   /* zeros: none */
};

/* Statistics of up to `room` listeners; returns how many there are.  Any thread may call it. */
size_t
source_live_statistics(struct source *source, struct live_statistics *ret_statistics, size_t room);

/* A producer of dnstap that was heard of. */
#define LIVE_PRODUCERS          1024 /* that are told apart */
#define LIVE_PRODUCER_TEXT_SIZE 256
struct live_producer {
	uint32_t number;                        /* as in struct dns_record */
	char identity[LIVE_PRODUCER_TEXT_SIZE]; /* terminated; what cannot be printed is '?' */
	char version[LIVE_PRODUCER_TEXT_SIZE];
	uint64_t frames, messages;
	nsec_t first, last; /* arrival of frames */
	nsec_t delay;       /* between the last message and its arrival */
};

/* The same of producers. */
size_t
source_live_producers(struct source *source, struct live_producer *ret_producers, size_t room);

#endif
