/* SPDX-License-Identifier: ISC */
/*
 * Writes what reassembly makes of a capture, for comparison with other programs.
 *
 *	reassemble CAPTURE
 *
 * TCP:       O id source port destination port     a connection, its initiator first
 *            D id direction octets-in-hex          octets of it
 *            G id direction size                   octets that are missing
 *            C id
 * datagrams: R time protocol octets-in-hex         put together from fragments; the time, in ns, is
 *                                                  of the fragment that completed it
 * counters:  # name count
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "decode/decode.h"
#include "flow/fragment.h"
#include "flow/stream.h"
#include "source/source.h"

struct run {
	struct drop_counters drops;
	struct stream_table *streams;
};

static void
print_hex(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", data[i]);
	putchar('\n');
}

static void
on_event(void *context, const struct stream_event *e)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
	unsigned long long id = e->id;

	(void)context;
	switch (e->kind) {
	case STREAM_OPEN:
		printf("O %llu %s %u %s %u\n", id, address_format(&e->source, source),
		    e->source_port, address_format(&e->destination, destination),
		    e->destination_port);
		break;
	case STREAM_DATA:
		printf("D %llu %u ", id, e->direction);
		print_hex(e->data, e->size);
		break;
	case STREAM_GAP: printf("G %llu %u %zu\n", id, e->direction, e->size); break;
	default: printf("C %llu\n", id);
	}
}

static void
on_datagram(void *context, const struct packet *packet)
{
	struct run *run = context;
	struct packet whole = *packet;

	printf("R %lld %u ", (long long)whole.time, whole.protocol);
	print_hex(whole.data, whole.captured_size);
	decode_transport(&whole, &run->drops);
	stream_table_packet(run->streams, &whole);
}

static void
print_drops(const struct drop_counters *drops)
{
	for (int i = 0; i < DROP_COUNT; i++) {
		if (drops->count[i] != 0)
			printf("# %s %llu\n", drop_name((enum drop)i),
			    (unsigned long long)drops->count[i]);
	}
}

static int
read_all(struct source *source, struct run *run, struct fragment_reassembly *datagrams)
{
	struct err_info why = { 0 };
	struct chunk chunk;
	enum err e;

	chunk_init(&chunk);
	while ((e = source_read(source, &chunk, &why)) == ERR_OK) {
		for (size_t i = 0; i < chunk.count; i++) {
			struct packet *p = &chunk.packets[i];
			decode_packet(p, &run->drops);
			if (p->flags & PACKET_FRAGMENT)
				fragment_reassemble(datagrams, p);
			else
				stream_table_packet(run->streams, p);
		}
	}
	chunk_release(&chunk);
	if (e != ERR_END)
		(void)fprintf(stderr, "%s\n", why.text);
	return e == ERR_END ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct run run = { 0 };
	struct stream_options streams = { .connections = 1 << 16,
		.memory = 64U << 20,
		.memory_per_stream = 4U << 20,
		.idle = 3600 * NSEC_PER_SEC,
		.secret = hash_secret_new(),
		.drops = &run.drops,
		.deliver = on_event };
	struct fragment_options fragments = { .datagrams = 1 << 14,
		.memory = 64U << 20,
		.timeout = 60 * NSEC_PER_SEC,
		.secret = hash_secret_new(),
		.drops = &run.drops,
		.release = on_datagram,
		.context = &run };
	struct fragment_reassembly *datagrams;
	struct source *source;
	struct err_info why = { 0 };
	int status;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: reassemble CAPTURE\n");
		return 2;
	}
	if (source_open(argv[1], &source, &why) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	run.streams = stream_table_new(&streams);
	datagrams = fragment_reassembly_new(&fragments);
	status = read_all(source, &run, datagrams);
	fragment_reassembly_finish(datagrams);
	stream_table_finish(run.streams);
	print_drops(&run.drops);
	fragment_reassembly_free(datagrams);
	stream_table_free(run.streams);
	source_close(source);
	return status;
}
