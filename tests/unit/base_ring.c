/* SPDX-License-Identifier: ISC */
/* The ring: order, wrapping, fullness, and two threads at once. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/ring.h"
#include "test.h"

#define RECORDS 50000

/* A size between 0 and 4095 and an octet, both decided by the record's number. */
static size_t
size_of(uint32_t number)
{
	return number * 2654435761U >> 20;
}

static bool
put(struct ring *ring, uint32_t number)
{
	size_t size = size_of(number);
	uint8_t *room = ring_reserve(ring, size + 100);

	if (room == NULL)
		return false;
	memset(room, (int)(number & 0xff), size);
	ring_publish(ring, size);
	return true;
}

static bool
take(struct ring *ring, uint32_t number)
{
	size_t size = 0;
	const uint8_t *data = ring_peek(ring, &size);

	if (data == NULL)
		return false;
	assert_int_equal(size, size_of(number));
	assert_int_equal((uintptr_t)data % 8, 0);
	for (size_t i = 0; i < size; i++)
		if (data[i] != (number & 0xff))
			fail_msg("record %u differs at octet %zu", (unsigned)number, i);
	ring_pop(ring);
	return true;
}

static void
test_order(void **state)
{
	struct ring *ring = ring_new(1);
	uint32_t written = 0, read = 0;
	size_t size;

	(void)state;
	assert_int_equal(ring_size(ring), 512 << 10);
	assert_null(ring_peek(ring, &size));
	/* Fills it to the brim and empties a part, many times round. */
	for (unsigned turn = 0; turn < 200; turn++) {
		unsigned part = turn * 37 % 211;

		while (put(ring, written))
			written++;
		assert_true(ring_used(ring) <= ring_size(ring));
		assert_true(ring_used(ring) > ring_size(ring) - 8192 - 8);
		while (part-- > 0 && take(ring, read))
			read++;
	}
	while (take(ring, read))
		read++;
	assert_int_equal(read, written);
	assert_int_equal(ring_used(ring), 0);
	ring_free(ring);
	ring_free(NULL);
}

/* Wherever an empty ring stands, it takes nearly as much as its size before anybody reads. */
static void
test_capacity(void **state)
{
	struct ring *ring = ring_new(1);

	(void)state;
	for (uint32_t start = 0; start < 1000; start++) {
		uint32_t number = start;

		while (put(ring, number))
			number++;
		assert_true(ring_used(ring) > ring_size(ring) - 2 * 4208);
		for (uint32_t i = start; i < number; i++)
			assert_true(take(ring, i));
		assert_true(put(ring, start) && take(ring, start));
	}
	ring_free(ring);
}

static void
test_largest(void **state)
{
	struct ring *ring = ring_new(1);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_non_null(ring_reserve(ring, 128 << 10));
		ring_publish(ring, 128 << 10);
	}
	assert_null(ring_reserve(ring, 128 << 10));
	assert_non_null(ring_reserve(ring, 64 << 10));
	ring_free(ring);
}

static void *
put_all(void *argument)
{
	for (uint32_t i = 0; i < RECORDS;)
		i += put(argument, i);
	return NULL;
}

static void
test_threads(void **state)
{
	struct ring *ring = ring_new(1);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, put_all, ring), 0);
	for (uint32_t i = 0; i < RECORDS;)
		i += take(ring, i);
	(void)pthread_join(thread, NULL);
	assert_int_equal(ring_used(ring), 0);
	ring_free(ring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
