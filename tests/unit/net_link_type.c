/* SPDX-License-Identifier: ISC */
/* Names of link types. */
#include "net/link_type.h"
#include "test.h"

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(link_type_name(1), "Ethernet");
	assert_string_equal(link_type_name(276), "Linux cooked v2");
	assert_string_equal(link_type_name(147), "private use");
	assert_string_equal(link_type_name(162), "private use");
	assert_string_equal(link_type_name(295), "USB 2.0 high speed");
	assert_null(link_type_name(2));
	assert_null(link_type_name(0xffff));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
