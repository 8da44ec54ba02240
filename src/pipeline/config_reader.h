/* SPDX-License-Identifier: ISC */
/*
 * How the parts of the configuration reader speak to each other: private to pipeline/config*.c.
 *
 * A map is read against a table of keys; each key names the function that reads its value and where
 * the result goes, counted from the map's target.
 */
#ifndef YAGURA_PIPELINE_CONFIG_READER_H
#define YAGURA_PIPELINE_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/tree.h"
#include "pipeline/config.h"

#define CONFIG_COUNT(array) (sizeof(array) / sizeof(array)[0])

struct config_reader {
	const char *name; /* borrowed: the file, for errors */
	struct err_info *info;
};

typedef enum err (*config_read_fn)(struct config_reader *r, const struct tree *value, void *target);

struct config_key {
	const char *name;
	config_read_fn read;
	size_t offset; /* of the field inside the map's target */
	bool required;
};

/* Refuses a node that is not of the kind. */
MUST_CHECK enum err config_require(
    struct config_reader *r, const struct tree *node, enum tree_kind kind, const char *what);

/* Refuses a node that is not a map; nothing after the key counts as an empty one. */
MUST_CHECK enum err config_require_map(struct config_reader *r, const struct tree *node);

/* Reads a map against a table of at most 16 keys. */
MUST_CHECK enum err config_read_keys(struct config_reader *r, const struct tree *map,
    const struct config_key *keys, size_t count, void *target);

/* Reads a list into a fresh array of zeroed items of `size` octets.  The count is of what the array
 * owns: the item that failed is among them. */
MUST_CHECK enum err config_read_list(struct config_reader *r, const struct tree *list, size_t size,
    config_read_fn read_item, size_t *ret_count, void **ret_array);

/* Reads a prefix into the struct prefix at `target`. */
MUST_CHECK enum err
config_read_prefix(struct config_reader *r, const struct tree *value, void *target);

/* Reads the declared setting that the value's key names, into the struct settings * at `target`. */
MUST_CHECK enum err
config_read_setting(struct config_reader *r, const struct tree *value, void *target);

/* The `collect:` block: its defaults, and reading it into the struct config_collect at `target`. */
void config_collect_init(struct config_collect *collect);
void config_collect_release(struct config_collect *collect);
MUST_CHECK enum err
config_read_collect(struct config_reader *r, const struct tree *value, void *target);

/* Reads the `site:` block into the struct site at `target`. */
MUST_CHECK enum err
config_read_site(struct config_reader *r, const struct tree *value, void *target);

#endif
