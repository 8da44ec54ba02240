/* SPDX-License-Identifier: ISC */
/*
 * Files of export messages, one after the other: IPFIX files (RFC 5655, section 4), and NetFlow
 * version 5, whose messages tell their size too.
 *
 *	IPFIX    version 10, length of the message, export time in s, sequence, domain; sets
 *	NetFlow  version 5, count of records (48 octets each), uptime, time in s, ns, …: 24 octets
 *
 * A message is a packet.  Its time is its export time, because nobody knows when it came.
 * Messages of NetFlow version 9 do not say how long they are, so that there are no files of them.
 */
#include "source/capture.h"

#define IPFIX_HEADER_SIZE    16
#define NETFLOW5_HEADER_SIZE 24
#define NETFLOW5_RECORD_SIZE 48
#define NETFLOW5_RECORDS     30

/* A kind of message. */
struct message_kind {
	size_t header;
	/* The whole size of the message that begins with these octets of a header; 0 when none
	 * does. */
	size_t (*size)(const uint8_t *header);
	nsec_t (*time)(const uint8_t *header);
	const char *failure;
};

static size_t
ipfix_size(const uint8_t *h)
{
	return be16(h) == 10 && be16(h + 2) >= IPFIX_HEADER_SIZE ? be16(h + 2) : 0;
}

static nsec_t
ipfix_time(const uint8_t *h)
{
	return (nsec_t)be32(h + 4) * NSEC_PER_SEC;
}

static size_t
netflow5_size(const uint8_t *h)
{
	unsigned count = be16(h + 2);

	if (be16(h) != 5 || count < 1 || count > NETFLOW5_RECORDS)
		return 0;
	return NETFLOW5_HEADER_SIZE + (size_t)count * NETFLOW5_RECORD_SIZE;
}

static nsec_t
netflow5_time(const uint8_t *h)
{
	return (nsec_t)be32(h + 8) * NSEC_PER_SEC + be32(h + 12);
}

static const struct message_kind IPFIX = {
	.header = IPFIX_HEADER_SIZE,
	.size = ipfix_size,
	.time = ipfix_time,
	.failure = "no IPFIX message begins here",
};

static const struct message_kind NETFLOW5 = {
	.header = NETFLOW5_HEADER_SIZE,
	.size = netflow5_size,
	.time = netflow5_time,
	.failure = "no NetFlow version 5 message begins here",
};

static void
take_messages(const struct message_kind *kind, struct capture_run *run)
{
	size_t at = 0;

	run->need = kind->header;
	while (run->count < run->most && run->size - at >= kind->header) {
		const uint8_t *h = run->data + at;
		size_t size = kind->size(h);

		if (size == 0) {
			run->failure = kind->failure;
			break;
		}
		if (run->size - at < size) {
			run->need = size;
			break;
		}
		capture_add_export(
		    run, &(struct capture_slice){ at, size }, kind->time(h), LINK_EXPORT_MESSAGE);
		at += size;
	}
	run->used = at;
}

/* The first message has a set whose identifier means something, and which it holds whole. */
static bool
ipfix_recognise(const uint8_t *head, size_t size)
{
	unsigned id, length;

	if (size < IPFIX_HEADER_SIZE + 4 || ipfix_size(head) < IPFIX_HEADER_SIZE + 4)
		return false;
	id = be16(head + IPFIX_HEADER_SIZE);
	length = be16(head + IPFIX_HEADER_SIZE + 2);
	return (id == 2 || id == 3 || id >= 256) && length >= 4 &&
	       length <= ipfix_size(head) - IPFIX_HEADER_SIZE;
}

/* A time after 1990, and nanoseconds that are less than a second. */
static bool
netflow5_recognise(const uint8_t *head, size_t size)
{
	return size >= NETFLOW5_HEADER_SIZE && netflow5_size(head) != 0 &&
	       be32(head + 8) > 631152000 && be32(head + 12) < 1000000000;
}

static void
ipfix_run(void *state, struct capture_run *run)
{
	(void)state;
	take_messages(&IPFIX, run);
}

static void
netflow5_run(void *state, struct capture_run *run)
{
	(void)state;
	take_messages(&NETFLOW5, run);
}

const struct capture_format capture_ipfix = {
	.name = "ipfix",
	.recognise = ipfix_recognise,
	.run = ipfix_run,
	.exports = true,
};

const struct capture_format capture_netflow5 = {
	.name = "netflow5",
	.recognise = netflow5_recognise,
	.run = netflow5_run,
	.exports = true,
};
