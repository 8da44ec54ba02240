/* SPDX-License-Identifier: ISC */
/*
 * What a kind of source provides: private to src/source.
 *
 * Each kind embeds `struct source` as its first member and hands out a pointer to that.
 */
#ifndef YAGURA_SOURCE_KIND_H
#define YAGURA_SOURCE_KIND_H

#include "source/source.h"

struct source_kind {
	/* As source_read, source_progress and source_close; never with NULL. */
	enum err (*read)(struct source *source, struct chunk *chunk, struct err_info *info);
	void (*progress)(const struct source *source, char *ret_text, uint64_t *ret_octets);
	void (*close)(struct source *source);
};

struct source {
	const struct source_kind *kind;
	struct source_info info;
};

#endif
