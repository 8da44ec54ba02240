/* SPDX-License-Identifier: ISC */
/* cmocka with the headers it needs, in the order it needs them. */
#ifndef YAGURA_TESTS_UNIT_TEST_H
#define YAGURA_TESTS_UNIT_TEST_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
