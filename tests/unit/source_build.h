/* SPDX-License-Identifier: ISC */
/*
 * Captures made in memory, octet by octet, and read back: for the tests of src/source.  What is
 * written here is independent of the readers, so that they cannot agree on an error.
 */
#ifndef YAGURA_TESTS_UNIT_SOURCE_BUILD_H
#define YAGURA_TESTS_UNIT_SOURCE_BUILD_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "source/source.h"
#include "test.h"

/* Growing octets, written in either byte order. */
struct bytes {
	uint8_t *data; /* owned */
	size_t size, room;
	bool big;
};

static inline void
bytes_raw(struct bytes *b, const void *data, size_t size)
{
	if (size == 0)
		return;
	if (b->size + size > b->room) {
		b->room = 2 * (b->size + size);
		b->data = xrealloc_array(b->data, b->room, 1);
	}
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

static inline void
bytes_uint(struct bytes *b, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t octet = (uint8_t)(value >> (8 * (b->big ? size - 1 - i : i)));

		bytes_raw(b, &octet, 1);
	}
}

/* `size` octets that depend on `seed`. */
static inline void
bytes_pattern(struct bytes *b, unsigned seed, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes_raw(b, &(uint8_t){ (uint8_t)((size_t)seed * 31 + i * 7 + 1) }, 1);
}

static inline void
bytes_clear(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

/* pcap */

static inline void
pcap_header(struct bytes *b, uint32_t magic, unsigned minor, uint32_t network)
{
	bytes_uint(b, magic, 4);
	bytes_uint(b, 2, 2);
	bytes_uint(b, minor, 2);
	bytes_uint(b, 0, 8);
	bytes_uint(b, 65535, 4);
	bytes_uint(b, network, 4);
}

/* A record whose octets are bytes_pattern(seed). */
static inline void
pcap_record(struct bytes *b, uint32_t seconds, uint32_t fraction, unsigned seed, uint32_t size)
{
	bytes_uint(b, seconds, 4);
	bytes_uint(b, fraction, 4);
	bytes_uint(b, size, 4);
	bytes_uint(b, size + 4, 4);
	bytes_pattern(b, seed, size);
}

/* pcapng */

static inline size_t
block_begin(struct bytes *b, uint32_t type)
{
	bytes_uint(b, type, 4);
	bytes_uint(b, 0, 4);
	return b->size - 8;
}

static inline void
block_end(struct bytes *b, size_t begin)
{
	struct bytes length = { .big = b->big };

	while ((b->size - begin) % 4 != 0)
		bytes_uint(b, 0, 1);
	bytes_uint(b, b->size - begin + 4, 4);
	bytes_uint(&length, b->size - begin, 4);
	memcpy(b->data + begin + 4, length.data, 4);
	bytes_clear(&length);
}

static inline void
option(struct bytes *b, unsigned code, const void *value, size_t size)
{
	bytes_uint(b, code, 2);
	bytes_uint(b, size, 2);
	bytes_raw(b, value, size);
	while (size++ % 4 != 0)
		bytes_uint(b, 0, 1);
}

static inline void
option_u64(struct bytes *b, unsigned code, uint64_t value)
{
	bytes_uint(b, code, 2);
	bytes_uint(b, 8, 2);
	bytes_uint(b, value, 8);
}

static inline void
section(struct bytes *b)
{
	size_t block = block_begin(b, 0x0a0d0d0a);

	bytes_uint(b, 0x1a2b3c4d, 4);
	bytes_uint(b, 1, 2);
	bytes_uint(b, 0, 2);
	bytes_uint(b, UINT64_MAX, 8);
	block_end(b, block);
}

/* An interface without options: link type, snaplen, microseconds. */
static inline void
interface(struct bytes *b, unsigned link_type, uint32_t snaplen)
{
	size_t block = block_begin(b, 1);

	bytes_uint(b, link_type, 2);
	bytes_uint(b, 0, 2);
	bytes_uint(b, snaplen, 4);
	block_end(b, block);
}

/* An interface with if_tsresol and if_tsoffset. */
static inline void
interface_time(struct bytes *b, uint8_t resolution, int64_t offset)
{
	size_t block = block_begin(b, 1);

	bytes_uint(b, 1, 2);
	bytes_uint(b, 0, 2);
	bytes_uint(b, 0, 4);
	option(b, 2, "eth0", 4);
	option(b, 9, &resolution, 1);
	option_u64(b, 14, (uint64_t)offset);
	bytes_uint(b, 0, 4);
	block_end(b, block);
}

static inline void
enhanced(struct bytes *b, uint32_t id, uint64_t units, unsigned seed, uint32_t size)
{
	size_t block = block_begin(b, 6);

	bytes_uint(b, id, 4);
	bytes_uint(b, units >> 32, 4);
	bytes_uint(b, units & UINT32_MAX, 4);
	bytes_uint(b, size, 4);
	bytes_uint(b, size + 4, 4);
	bytes_pattern(b, seed, size);
	block_end(b, block);
}

/* Reading back. */

struct reading {
	enum err open; /* of source_open_fd() */
	enum err end;  /* what ended the reading */
	struct err_info why;
	char kind[16];
	struct source_info info; /* without its pointers */
	struct packet *packets;  /* owned; without their data */
	size_t *offsets;         /* owned; of each packet's data in `octets` */
	size_t count;
	struct bytes octets;
};

static inline int
memory_file(const void *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static inline void
reading_add(struct reading *r, const struct chunk *chunk)
{
	r->packets = xrealloc_array(r->packets, r->count + chunk->count, sizeof r->packets[0]);
	r->offsets = xrealloc_array(r->offsets, r->count + chunk->count, sizeof r->offsets[0]);
	for (size_t i = 0; i < chunk->count; i++) {
		struct packet packet = chunk->packets[i];

		/* Every octet of a packet lies in its chunk. */
		assert_true(packet.data >= chunk->buffer);
		assert_true(
		    packet.data + packet.captured_size <= chunk->buffer + chunk->buffer_size);
		r->offsets[r->count] = r->octets.size;
		bytes_raw(&r->octets, packet.data, packet.captured_size);
		packet.data = NULL;
		r->packets[r->count++] = packet;
	}
}

/* Reads all of `fd`, with the laws that hold for every input. */
static inline void
reading_make_fd(struct reading *r, int fd)
{
	struct source *source = NULL;
	struct chunk chunk;

	*r = (struct reading){ 0 };
	r->open = source_open_fd(fd, "test", &source, &r->why);
	r->end = r->open;
	if (r->open != ERR_OK) {
		assert_null(source);
		assert_non_null(strstr(r->why.text, "test: "));
		return;
	}
	chunk_init(&chunk);
	while ((r->end = source_read(source, &chunk, &r->why)) == ERR_OK) {
		assert_in_range(chunk.count, 1, CHUNK_PACKETS);
		reading_add(r, &chunk);
	}
	assert_int_equal(source_read(source, &chunk, NULL), ERR_END);
	assert_int_equal(chunk.count, 0);
	r->info = *source_info(source);
	assert_string_equal(r->info.path, "test");
	(void)snprintf(r->kind, sizeof r->kind, "%s", r->info.kind);
	assert_int_equal(r->info.records, r->count);
	assert_int_equal(strlen(r->info.fingerprint), FINGERPRINT_TEXT_SIZE - 1);
	assert_int_equal(r->end == ERR_END, r->info.damaged_octets == 0);
	chunk_release(&chunk);
	source_close(source);
}

static inline void
reading_make(struct reading *r, const void *data, size_t size)
{
	reading_make_fd(r, memory_file(data, size));
	if (r->open == ERR_OK)
		assert_int_equal(r->info.octets, size);
}

static inline void
reading_release(struct reading *r)
{
	free(r->packets);
	free(r->offsets);
	bytes_clear(&r->octets);
}

/* Packet `i` holds bytes_pattern(seed, size). */
static inline void
assert_pattern(const struct reading *r, size_t i, unsigned seed, size_t size)
{
	struct bytes expected = { 0 };

	assert_true(i < r->count);
	assert_int_equal(r->packets[i].captured_size, size);
	bytes_pattern(&expected, seed, size);
	if (size > 0)
		assert_memory_equal(r->octets.data + r->offsets[i], expected.data, size);
	bytes_clear(&expected);
}

#endif
