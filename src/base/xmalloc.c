/* SPDX-License-Identifier: ISC */
/* Allocation that aborts on exhaustion; see xmalloc.h. */
#include "base/xmalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *
check(void *p, size_t size)
{
	if (p == NULL) {
		(void)fprintf(stderr, "yagura: out of memory (%zu octets)\n", size);
		abort();
	}
	return p;
}

void *
xmalloc(size_t size)
{
	return check(malloc(size != 0 ? size : 1), size);
}

void *
xcalloc(size_t count, size_t size)
{
	return check(calloc(count != 0 ? count : 1, size != 0 ? size : 1), count * size);
}

void *
xrealloc_array(void *old, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return check(NULL, SIZE_MAX);
	return check(realloc(old, total != 0 ? total : 1), total);
}

void *
xmap(size_t size)
{
	void *p = mmap(NULL, size != 0 ? size : 1, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return check(p != MAP_FAILED ? p : NULL, size);
}

void
xunmap(void *pages, size_t size)
{
	if (pages != NULL)
		(void)munmap(pages, size != 0 ? size : 1);
}

char *
xstrdup(const char *text)
{
	if (text == NULL)
		return NULL;
	return check(strdup(text), strlen(text));
}

char *
xasprintf(const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	return check(length < 0 ? NULL : text, 0);
}
