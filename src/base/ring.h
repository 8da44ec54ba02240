/* SPDX-License-Identifier: ISC */
/*
 * A ring between two threads: one puts records of octets in, the other takes them out in order.
 *
 * A record lies in one piece.  Nobody ever waits: a full ring gives no room and an empty one no
 * record; what then happens is the caller's business.  Two words are shared, the positions up to
 * which has been written and read; everything else belongs to one side.
 *
 *	uint8_t *room = ring_reserve(ring, most);        // the putting thread
 *	if (room != NULL)
 *		ring_publish(ring, fill(room));
 *
 *	while ((data = ring_peek(ring, &size)) != NULL)  // the taking thread
 *		use(data, size), ring_pop(ring);
 */
#ifndef YAGURA_BASE_RING_H
#define YAGURA_BASE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/* A ring of at least `size` octets (and at least 512 KiB); memory is touched as it is used. */
struct ring *ring_new(size_t size);
void ring_free(struct ring *ring);

/* Room for a record of up to `size` octets, aligned to 8; NULL when there is none now.  `size` is
 * at most a quarter of the ring. */
void *ring_reserve(struct ring *ring, size_t size);
/* Puts the first `size` octets of what was reserved last. */
void ring_publish(struct ring *ring, size_t size);

/* The oldest record, or NULL; it stays valid until ring_pop. */
const void *ring_peek(struct ring *ring, size_t *ret_size);
void ring_pop(struct ring *ring);

/* How many octets it holds now, and can hold; any thread may ask. */
size_t ring_used(const struct ring *ring);
size_t ring_size(const struct ring *ring);

#endif
