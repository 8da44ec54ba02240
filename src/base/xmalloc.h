/* SPDX-License-Identifier: ISC */
/*
 * Allocation that cannot fail: on exhaustion the process aborts with a message.  For small, bounded
 * objects; tables that input can grow have a configured cap and are sized once.
 */
#ifndef YAGURA_BASE_XMALLOC_H
#define YAGURA_BASE_XMALLOC_H

#include <stddef.h>

/* `size` octets, not initialised. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));

/* `count` × `size` octets of zeros; the product is checked. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Resizes to `count` × `size` octets; the product is checked; new octets are not initialised. */
void *xrealloc_array(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

/* `size` octets of zeros in whole pages, which cost nothing until they are touched: for large
 * tables whose entries are lines of the cache.  Given back with xunmap. */
void *xmap(size_t size) __attribute__((malloc, returns_nonnull));
/* Accepts NULL. */
void xunmap(void *pages, size_t size);

/* A copy of `text`, which may be NULL: then NULL. */
char *xstrdup(const char *text);

/* A formatted string of its own. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

#endif
