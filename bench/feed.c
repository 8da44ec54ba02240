/* SPDX-License-Identifier: ISC */
/*
 * Gives a collector that only listens the datagrams of a capture file: a library for LD_PRELOAD.
 *
 *	FEED=nf_v9.pcap LD_PRELOAD=build/bench/feed.so nfcapd -b 127.0.0.1 -p 9995 -w DIR
 *
 * Debian's nfcapd and sfcapd do not read captures, and sent over a socket they would be charged for
 * receiving what `yagura ingest` only reads.  Here recvfrom copies the next datagram out of the
 *file (Ethernet, IPv4, UDP, as gen_netflow writes it), and ends the program with SIGTERM after the
 *last one, as an operator would.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (1 << 20)
#define FRONT       42 /* Ethernet, IPv4 and UDP headers */

static struct {
	int file; /* 0: not opened yet */
	size_t at, end;
	uint8_t octets[BUFFER_SIZE];
} feed;

/* The next `size` octets of the file, or NULL when it has fewer. */
static const uint8_t *
take(size_t size)
{
	const uint8_t *octets;

	if (feed.end - feed.at < size) {
		memmove(feed.octets, feed.octets + feed.at, feed.end - feed.at);
		feed.end -= feed.at;
		feed.at = 0;
		for (ssize_t got = 1; got > 0 && feed.end < size;
		     feed.end += (size_t)(got > 0 ? got : 0))
			got = read(feed.file, feed.octets + feed.end, BUFFER_SIZE - feed.end);
		if (feed.end < size)
			return NULL;
	}
	octets = feed.octets + feed.at;
	feed.at += size;
	return octets;
}

static void
begin(void)
{
	const char *path = getenv("FEED");

	feed.file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (feed.file < 0 || take(24) == NULL)
		_exit(126);
}

ssize_t
recvfrom(
    int socket, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *from_size)
{
	const uint8_t *record;
	uint32_t length;

	(void)socket;
	(void)flags;
	if (feed.file == 0)
		begin();
	record = take(16);
	if (record != NULL) {
		memcpy(&length, record + 8, sizeof length);
		record = length >= FRONT && length <= BUFFER_SIZE ? take(length) : NULL;
	}
	if (record == NULL) {
		(void)kill(getpid(), SIGTERM);
		errno = EINTR;
		return -1;
	}
	if (from != NULL && *from_size >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in sender = { .sin_family = AF_INET };
		memcpy(&sender.sin_addr, record + 26, sizeof sender.sin_addr);
		memcpy(&sender.sin_port, record + 34, sizeof sender.sin_port);
		memcpy(from, &sender, sizeof sender);
		*from_size = sizeof sender;
	}
	length -= FRONT;
	memcpy(buffer, record + FRONT, length < size ? length : size);
	return (ssize_t)(length < size ? length : size);
}
