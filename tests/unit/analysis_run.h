/* SPDX-License-Identifier: ISC */
/*
 * Runs one analysis by hand: states, windows, the store in memory, the section.
 *
 *	struct analysis_run run;
 *	analysis_run_begin(&run, &analysis_traffic_talkers, 2, secret);
 *	analysis_run_set(&run, "keys", "64");           before the first flow
 *	analysis_run_flow(&run, shard, &flow);
 *	analysis_run_window(&run, 0);                    merges and stores
 *	json_t *section = analysis_run_section(&run);    NULL when there is nothing to say
 *	analysis_run_end(&run);
 */
#ifndef YAGURA_TESTS_UNIT_ANALYSIS_RUN_H
#define YAGURA_TESTS_UNIT_ANALYSIS_RUN_H

#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"
#include "store/store.h"
#include "test.h"

#define RUN_SHARDS_MOST 8
#define RUN_TABLES_MOST 16
#define RUN_WINDOW      (300 * NSEC_PER_SEC)

struct analysis_run {
	const struct analysis *analysis;
	struct settings *settings;
	struct site site;
	struct hash_secret secret;
	size_t shards;
	void *states[RUN_SHARDS_MOST];
	struct flow batches[RUN_SHARDS_MOST][BATCH_MAX];
	size_t counts[RUN_SHARDS_MOST];
	struct rows *rows[RUN_TABLES_MOST]; /* of the last window */
	struct store *store;
};

static inline void
analysis_run_begin(
    struct analysis_run *run, const struct analysis *analysis, size_t shards, uint64_t secret)
{
	struct store_options options = { .mode = STORE_WRITE };
	struct err_info why = { 0 };

	*run = (struct analysis_run){ .analysis = analysis, .shards = shards };
	run->secret = (struct hash_secret){ secret, ~secret };
	run->settings = settings_new(analysis->settings, analysis->setting_count);
	site_init(&run->site);
	for (size_t i = 0; i < analysis->table_count; i++)
		run->rows[i] = rows_new(&analysis->tables[i]);
	if (store_open("mem:", &options, &run->store, &why) != ERR_OK ||
	    store_declare(run->store, analysis->tables, analysis->table_count, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

static inline void
analysis_run_set(struct analysis_run *run, const char *name, const char *value)
{
	struct err_info why = { 0 };

	if (settings_set(run->settings, name, value, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

static inline void
analysis_run_start(struct analysis_run *run)
{
	struct analysis_context context = {
		.settings = run->settings, .site = &run->site, .secret = run->secret
	};

	for (size_t i = 0; i < run->shards && run->states[i] == NULL; i++) {
		run->states[i] = xcalloc(1, run->analysis->state_size);
		assert_int_equal(run->analysis->init(run->states[i], &context, NULL), ERR_OK);
	}
}

static inline void
analysis_run_flush(struct analysis_run *run, size_t shard)
{
	struct batch batch = {
		.type = OBS_FLOW, .count = run->counts[shard], .flows = run->batches[shard]
	};

	if (batch.count != 0)
		run->analysis->observe(run->states[shard], &batch);
	run->counts[shard] = 0;
}

/* Hands over one record, or reports, in a batch of its own: they need not outlive the call. */
static inline void
analysis_run_record(struct analysis_run *run, size_t shard, const struct flow_record *record)
{
	struct batch batch = { .type = OBS_RECORD, .count = 1, .records = &record };

	analysis_run_start(run);
	analysis_run_flush(run, shard);
	run->analysis->observe(run->states[shard], &batch);
}

static inline void
analysis_run_report(struct analysis_run *run, const struct exporter_report *report)
{
	struct batch batch = { .type = OBS_EXPORTER, .count = 1, .exporters = report };

	analysis_run_start(run);
	run->analysis->observe(run->states[0], &batch);
}

static inline void
analysis_run_interface(struct analysis_run *run, const struct interface_sample *sample)
{
	struct batch batch = { .type = OBS_INTERFACE, .count = 1, .interfaces = sample };

	analysis_run_start(run);
	run->analysis->observe(run->states[0], &batch);
}

static inline void
analysis_run_flow(struct analysis_run *run, size_t shard, const struct flow *flow)
{
	analysis_run_start(run);
	run->batches[shard][run->counts[shard]++] = *flow;
	if (run->counts[shard] == BATCH_MAX)
		analysis_run_flush(run, shard);
}

/* Ends window number `number`: its rows are in run->rows and in the store. */
static inline void
analysis_run_window(struct analysis_run *run, int64_t number)
{
	struct window window = { number * RUN_WINDOW, (number + 1) * RUN_WINDOW };
	struct err_info why = { 0 };

	analysis_run_start(run);
	for (size_t i = 0; i < run->shards; i++)
		analysis_run_flush(run, i);
	for (size_t i = 1; i < run->shards; i++)
		run->analysis->merge(run->states[0], run->states[i]);
	for (size_t i = 0; i < run->analysis->table_count; i++)
		rows_clear(run->rows[i]);
	run->analysis->finish(run->states[0], &window, &(struct row_sink){ .tables = run->rows });
	for (size_t i = 0; i < run->shards; i++)
		run->analysis->clear(run->states[i]);
	for (size_t i = 0; i < run->analysis->table_count; i++)
		if (store_append(run->store, 1, window.begin, run->rows[i], &why) != ERR_OK)
			fail_msg("%s", why.text);
	if (store_commit(run->store, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

static inline json_t *
analysis_run_section(struct analysis_run *run)
{
	struct query_source q = store_query(run->store);
	struct section_context context = { .store = &q,
		.settings = run->settings,
		.site = &run->site,
		.begin = 0,
		.end = 1000 * RUN_WINDOW,
		.first = 0,
		.last = RUN_WINDOW };
	struct section *section = section_new(run->analysis->name, run->analysis->title);
	struct err_info why = { 0 };
	enum err e = run->analysis->section(&context, section, &why);
	json_t *object = section_finish(section);

	if (e == ERR_OK)
		return object;
	json_decref(object);
	if (e != ERR_END)
		fail_msg("%s", why.text);
	return NULL;
}

static inline void
analysis_run_end(struct analysis_run *run)
{
	for (size_t i = 0; i < run->shards && run->states[i] != NULL; i++) {
		run->analysis->release(run->states[i]);
		free(run->states[i]);
	}
	for (size_t i = 0; i < run->analysis->table_count; i++)
		rows_free(run->rows[i]);
	store_close(run->store);
	site_release(&run->site);
	settings_free(run->settings);
}

/* The table of a section with this id. */
static inline json_t *
analysis_run_table(json_t *section, const char *id)
{
	json_t *table;
	size_t i;

	json_array_foreach (json_object_get(section, "tables"), i, table)
		if (strcmp(json_string_value(json_object_get(table, "id")), id) == 0)
			return table;
	fail_msg("no table %s", id);
	return NULL;
}

/* A cell by the name of its column. */
static inline json_t *
analysis_run_cell(json_t *table, size_t row, const char *name)
{
	json_t *column;
	size_t i;

	json_array_foreach (json_object_get(table, "columns"), i, column)
		if (strcmp(json_string_value(json_object_get(column, "name")), name) == 0)
			return json_array_get(
			    json_array_get(json_object_get(table, "rows"), row), i);
	fail_msg("no column %s", name);
	return NULL;
}

static inline struct address
run_ipv4(uint32_t number)
{
	uint8_t octets[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };

	return address_from_ipv4(octets);
}

static inline struct address
run_address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), ERR_OK);
	return a;
}

/* A flow with one packet of 60 octets from source to destination. */
static inline struct flow
run_flow(struct address source, struct address destination)
{
	return (struct flow){ .source = source,
		.destination = destination,
		.ip_version = address_is_ipv4(&source) ? 4 : 6,
		.protocol = 17,
		.packets = { 1, 0 },
		.octets = { 60, 0 } };
}

#endif
