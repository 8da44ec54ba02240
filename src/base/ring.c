/* SPDX-License-Identifier: ISC */
/*
 * Records between two threads; see ring.h.
 *
 * Positions count octets since the beginning of time; the place is the position modulo the size.
 * A record is a head of 8 octets, its octets, and padding to 8.  What does not fit before the end
 * of the memory begins at its start, behind a mark that covers the rest.
 */
#include "base/ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define LEAST_SIZE ((size_t)512 << 10)
#define HEAD_SIZE  8
#define MARK       UINT64_MAX /* in place of a size: nothing more before the end of the memory */
#define LINE       64         /* positions of the two sides do not share a cache line */

struct ring {
	uint8_t *data; /* owned */
	size_t size;   /* a power of two */
	uint8_t apart0[LINE];
	_Atomic uint64_t written;
	uint64_t begin; /* of the reserved record; the putting side's own */
	uint8_t apart1[LINE];
	_Atomic uint64_t read;
};

static size_t
padded(size_t size)
{
	return HEAD_SIZE + (size + 7) / 8 * 8;
}

static void
store_head(struct ring *ring, uint64_t position, uint64_t value)
{
	memcpy(ring->data + (position & (ring->size - 1)), &value, sizeof value);
}

static uint64_t
load_head(const struct ring *ring, uint64_t position)
{
	uint64_t value;

	memcpy(&value, ring->data + (position & (ring->size - 1)), sizeof value);
	return value;
}

struct ring *
ring_new(size_t size)
{
	struct ring *ring = xcalloc(1, sizeof *ring);

	assert(size <= SIZE_MAX / 4);
	ring->size = LEAST_SIZE;
	while (ring->size < size)
		ring->size *= 2;
	ring->data = xcalloc(ring->size, 1);
	return ring;
}

void
ring_free(struct ring *ring)
{
	if (ring == NULL)
		return;
	free(ring->data);
	free(ring);
}

void *
ring_reserve(struct ring *ring, size_t size)
{
	uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
	uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
	size_t place = written & (ring->size - 1), skip = 0, need = padded(size);

	assert(size <= ring->size / 4);
	if (need > ring->size - place)
		skip = ring->size - place;
	if (skip + need > ring->size - (written - read))
		return NULL;
	if (skip > 0)
		store_head(ring, written, MARK);
	ring->begin = written + skip;
	return ring->data + (ring->begin & (ring->size - 1)) + HEAD_SIZE;
}

void
ring_publish(struct ring *ring, size_t size)
{
	store_head(ring, ring->begin, size);
	atomic_store_explicit(&ring->written, ring->begin + padded(size), memory_order_release);
}

const void *
ring_peek(struct ring *ring, size_t *ret_size)
{
	uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed), size;

	if (read == atomic_load_explicit(&ring->written, memory_order_acquire))
		return NULL;
	size = load_head(ring, read);
	if (size == MARK) {
		/* The record behind a mark is put together with it. */
		read += ring->size - (read & (ring->size - 1));
		atomic_store_explicit(&ring->read, read, memory_order_release);
		size = load_head(ring, read);
	}
	*ret_size = size;
	return ring->data + (read & (ring->size - 1)) + HEAD_SIZE;
}

void
ring_pop(struct ring *ring)
{
	uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);

	atomic_store_explicit(
	    &ring->read, read + padded(load_head(ring, read)), memory_order_release);
}

size_t
ring_used(const struct ring *ring)
{
	uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
	uint64_t written = atomic_load_explicit(&ring->written, memory_order_acquire);

	return (size_t)(written - read);
}

size_t
ring_size(const struct ring *ring)
{
	return ring->size;
}
