/* SPDX-License-Identifier: ISC */
/* cmocka with the headers it needs, in the order it needs them. */
#ifndef YAGURA_TESTS_UNIT_TEST_H
#define YAGURA_TESTS_UNIT_TEST_H

#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#endif
