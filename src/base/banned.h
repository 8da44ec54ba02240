/* SPDX-License-Identifier: ISC */
/*
 * Functions that are not to be used: unbounded copies, hidden static buffers, conversions that
 * cannot report an error. The build includes this file before every source file.  System headers
 * come first so that only our own uses fail.
 */
#ifndef YAGURA_BASE_BANNED_H
#define YAGURA_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat strtok gets
#pragma GCC poison gmtime localtime ctime asctime atoi atol atoll atof

#endif
