/* SPDX-License-Identifier: ISC */
/*
 * yagura.yaml: what the operator says about the site, the meter, the run, the store, the analyses.
 *
 *	struct config config;
 *	config_init(&config);                            // every default
 *	e = config_read("yagura.yaml", &config, &why);   // "yagura.yaml:12:8: unknown setting …"
 *	… settings_duration(config.run, "window") …
 *	config_release(&config);
 *
 * The blocks are declared as tables of `struct setting`; an analysis brings its own.  The first
 * mistake ends the reading.  What config_print writes reads back to the same configuration.
 */
#ifndef YAGURA_PIPELINE_CONFIG_H
#define YAGURA_PIPELINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/settings.h"
#include "net/geo.h"
#include "net/site.h"
#include "net/suffix.h"
#include "source/live.h"

#define CONFIG_MAX_SIZE ((size_t)1 << 20) /* octets of a configuration file */

/* Where and from whom `yagura collect` takes flow exports. */
struct config_collect {
	struct live_listener *listeners; /* owned */
	size_t listener_count;
	struct prefix *exporters; /* owned; none: the site's own prefixes and this machine */
	size_t exporter_count;
	struct settings *settings; /* owned */
};

struct config {
	struct site site;
	struct settings *meter;       /* owned: flow metering */
	struct settings *dns;         /* owned: DNS messages and transactions */
	struct suffix_list *suffixes; /* owned; NULL before config_open_lists, and without a list */
	struct settings *geography;   /* owned: databases of countries and autonomous systems */
	struct geo *countries, *systems; /* owned; NULL before config_open_lists, and without one */
	struct settings *run;            /* owned: windows, threads, memory */
	struct settings *store;          /* owned: where rows live */
	struct config_collect collect;
	struct settings *alerts;    /* owned: who is told of findings */
	struct settings *publish;   /* owned: reviews for the public */
	struct settings **analyses; /* owned: parallel to ANALYSES */
	bool *enabled;              /* owned: parallel to ANALYSES */
	size_t analysis_count;
};

/* Every default. */
void config_init(struct config *config);
void config_release(struct config *config);

/* Reads a file over what `config` holds.  ERR_CONFIG or ERR_LIMIT with file, line and column;
 * ERR_IO.  After a failure the configuration is only good for config_release. */
MUST_CHECK enum err config_read(const char *path, struct config *config, struct err_info *info);

/* The same from memory, without opening any file; `name` stands before errors. */
MUST_CHECK enum err config_parse(
    const char *data, size_t size, const char *name, struct config *config, struct err_info *info);

/* Reads the files that the site's `subscribers` block names, once the rest is known; config_read
 * does it. ERR_CONFIG, ERR_LIMIT, ERR_IO. */
MUST_CHECK enum err config_open_lists(struct config *config, struct err_info *info);

#define CONFIG_FINGERPRINT_SIZE 33

/* A fingerprint (XXH3-128, hex) of the program's version and everything here that shapes stored
 * rows: the site, the meter, the window length and the analyses; not threads and not the store. */
void config_fingerprint(const struct config *config, char ret_text[CONFIG_FINGERPRINT_SIZE]);

/* Writes all of it as YAML, every setting with its help. */
void config_print(const struct config *config, FILE *out);

#endif
