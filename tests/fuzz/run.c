/* SPDX-License-Identifier: ISC */
/*
 * The whole way from a capture's octets to the rows of every analysis, with one-minute windows and
 * small tables.
 *
 * The packets counted by traffic/volume must be those the source delivered.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "pipeline/runner.h"
#include "source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t packets;

/* Every analysis makes its rows, which are then thrown away. */
static enum err
take_window(void *context, const struct window *window, uint64_t number, void *const *states)
{
	(void)context;
	(void)number;
	for (size_t a = 0; ANALYSES[a] != NULL; a++) {
		struct rows *rows[16] = { NULL };
		struct row_sink sink = { .tables = rows };
		for (size_t t = 0; t < ANALYSES[a]->table_count; t++)
			rows[t] = rows_new(&ANALYSES[a]->tables[t]);
		ANALYSES[a]->finish(states[a], window, &sink);
		if (strcmp(ANALYSES[a]->name, "traffic/volume") == 0)
			for (size_t i = 0; i < rows[0]->count; i++)
				packets += ((const uint64_t *)rows[0]->columns[4])[i];
		for (size_t t = 0; t < ANALYSES[a]->table_count; t++)
			rows_free(rows[t]);
	}
	return ERR_OK;
}

static struct runner *
make_runner(struct config *config)
{
	static const struct {
		const char *name, *value;
	} SMALL[] = { { "capacity", "1024" }, { "fragment_capacity", "64" },
		{ "stream_capacity", "64" } };
	struct runner_hooks hooks = { .window = take_window };
	struct runner *runner;
	struct err_info why;

	config_init(config);
	for (size_t i = 0; i < sizeof SMALL / sizeof SMALL[0]; i++)
		if (settings_set(config->meter, SMALL[i].name, SMALL[i].value, &why) != ERR_OK)
			abort();
	if (settings_set(config->run, "threads", "1", &why) != ERR_OK ||
	    settings_set(config->run, "window", "1m", &why) != ERR_OK ||
	    runner_new(config, &hooks, &runner, &why) != ERR_OK)
		abort();
	return runner;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	static struct runner *runner;
	struct source *source;
	struct err_info why;
	int fd;

	if (runner == NULL)
		runner = make_runner(&config);
	fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	if (source_open_fd(fd, "fuzz", &source, &why) != ERR_OK)
		return 0;
	packets = 0;
	(void)runner_run(runner, source, &why);
	assert(packets == source_info(source)->records);
	source_close(source);
	return 0;
}
