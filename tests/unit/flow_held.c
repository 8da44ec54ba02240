/* SPDX-License-Identifier: ISC */
/* Slots and held octets: what the tables of fragments and connections stand on. */
#include <stdlib.h>
#include <string.h>

#include "flow/held.h"
#include "flow/slots.h"
#include "test.h"

static void
test_slots_find_and_age(void **state)
{
	struct hash_secret secret = { 1, 2 };
	struct slots s;

	(void)state;
	slots_init(&s, 3, &secret);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(slots_take(&s, &(struct slots_key){ { i } }, i == 2), i);
	assert_true(slots_full(&s));
	assert_int_equal(slots_take(&s, &(struct slots_key){ { 9 } }, 0), SLOT_NONE);
	assert_int_equal(slots_find(&s, &(struct slots_key){ { 1 } }), 1);
	assert_int_equal(slots_find(&s, &(struct slots_key){ { 7 } }), SLOT_NONE);
	assert_int_equal(slots_oldest(&s, 0), 0);
	slots_move(&s, 0, 0);
	assert_int_equal(slots_oldest(&s, 0), 1);
	slots_move(&s, 1, 1);
	assert_int_equal(slots_oldest(&s, 0), 0);
	assert_int_equal(slots_oldest(&s, 1), 2);
	slots_give(&s, 2);
	assert_int_equal(slots_oldest(&s, 1), 1);
	assert_int_equal(slots_count(&s, 1), 1);
	assert_int_equal(slots_find(&s, &(struct slots_key){ { 2 } }), SLOT_NONE);
	assert_int_equal(slots_take(&s, &(struct slots_key){ { 4 } }, 0), 2);
	slots_release(&s);
}

static void
test_slots_against_a_list(void **state)
{
	struct hash_secret secret = { 3, 4 };
	struct slots s;
	uint32_t where[64];

	(void)state;
	slots_init(&s, 64, &secret);
	memset(where, 0xff, sizeof where);
	srand(1);
	for (int round = 0; round < 20000; round++) {
		uint64_t k = (uint64_t)rand() % 64;
		struct slots_key key = { { k, 5, 6, 7, k * 3 } };

		assert_int_equal(slots_find(&s, &key), where[k]);
		if (where[k] == SLOT_NONE) {
			where[k] = slots_take(&s, &key, (uint8_t)(rand() % SLOTS_LISTS));
			assert_int_not_equal(where[k], SLOT_NONE);
		} else if (rand() % 2 == 0) {
			slots_give(&s, where[k]);
			where[k] = SLOT_NONE;
		} else {
			slots_move(&s, where[k], (uint8_t)(rand() % SLOTS_LISTS));
		}
	}
	slots_release(&s);
}

static void
test_held_first_octets_win(void **state)
{
	struct held_budget budget = { 0, 1 << 20 };
	struct held h = { 0 };

	(void)state;
	assert_int_equal(held_add(&h, &budget, 10, (const uint8_t *)"aaaa", 4, 1), 4);
	assert_int_equal(held_add(&h, &budget, 16, (const uint8_t *)"bb", 2, 2), 2);
	assert_int_equal(held_add(&h, &budget, 8, (const uint8_t *)"cccccccccccc", 12, 3), 6);
	assert_true(held_same(&h, 8, (const uint8_t *)"ccaaaaccbbcc", 12));
	assert_false(held_same(&h, 8, (const uint8_t *)"ccaaaaccbbcd", 12));
	assert_false(held_same(&h, 7, (const uint8_t *)"xccaaaaccbbcc", 13));
	assert_false(held_same(&h, 19, (const uint8_t *)"cc", 2));
	assert_int_equal(held_first(&h)->start, 8);
	assert_int_equal(held_first(&h)->piece->source, 3);
	held_clear(&h, &budget);
	assert_int_equal(budget.used, 0);
	assert_null(held_first(&h));
	assert_false(held_same(&h, 0, (const uint8_t *)"a", 1));
}

/* Random ranges against a plain array; the cost told beforehand is never exceeded. */
static void
test_held_against_an_array(void **state)
{
	enum { SPAN = 5000 };
	struct held_budget budget = { 0, SIZE_MAX };
	struct held h = { 0 };
	uint8_t model[SPAN], data[300];
	bool known[SPAN] = { false };
	uint64_t front = 0;

	(void)state;
	srand(7);
	for (int round = 0; round < 20000; round++) {
		size_t size = 1 + (size_t)rand() % sizeof data;
		uint64_t start = front + (uint64_t)rand() % (SPAN - sizeof data - front);
		size_t before = budget.used, cost = held_cost(&h, start, size), new = 0;

		if (front > SPAN / 2 || rand() % 1000 == 0) {
			held_clear(&h, &budget);
			memset(known, 0, sizeof known);
			front = 0;
			assert_int_equal(budget.used, 0);
			continue;
		}
		for (size_t i = 0; i < size; i++) {
			data[i] = (uint8_t)rand();
			if (known[start + i])
				continue;
			known[start + i] = true;
			model[start + i] = data[i];
			new ++;
		}
		assert_int_equal(held_add(&h, &budget, start, data, size, 0), new);
		assert_true(budget.used <= before + cost);
		assert_int_equal(budget.used, h.cost);
		assert_true(held_same(&h, start, model + start, size));
		if (rand() % 8 == 0) {
			const struct held_index *first = held_first(&h);
			uint64_t end = first->start + first->piece->size;
			for (uint64_t i = front; i < end; i++) {
				assert_int_equal(known[i], i >= first->start);
				assert_true(!known[i] ||
					    first->piece->octets[i - first->start] == model[i]);
			}
			front = end;
			held_pop(&h, &budget);
		}
	}
	held_clear(&h, &budget);
	assert_int_equal(budget.used, 0);
}

static void
test_held_counts_pieces(void **state)
{
	struct held_budget budget = { 0, SIZE_MAX };
	struct held h = { 0 };

	(void)state;
	for (uint64_t i = HELD_PIECES_MAX; i-- > 0;) {
		assert_int_not_equal(held_cost(&h, i * 2, 1), SIZE_MAX);
		held_add(&h, &budget, i * 2, (const uint8_t *)"x", 1, 0);
	}
	assert_int_equal(held_cost(&h, UINT64_C(1) << 40, 1), SIZE_MAX);
	held_clear(&h, &budget);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_find_and_age),
		cmocka_unit_test(test_slots_against_a_list),
		cmocka_unit_test(test_held_first_octets_win),
		cmocka_unit_test(test_held_against_an_array),
		cmocka_unit_test(test_held_counts_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
