/* SPDX-License-Identifier: ISC */
/*
 * The laws of analysis/analysis.h, for every analysis in the list.
 *
 * A run takes the made-up window of observations.h, deals its observations to some states, merges
 * these in order and prints the rows.  Laws then compare the print-outs of two runs.
 */
#include "analysis/analysis.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "contract/observations.h"
#include "store/store.h"
#include "unit/test.h"

#define MAX_TABLES 16

/* To which of `shards` states an observation goes. */
typedef size_t (*deal_fn)(size_t index, size_t count, size_t shards);

struct run {
	const struct analysis *analysis;
	const struct observations *observations;
	size_t shards;
	deal_fn deal;
	size_t batch_size;
	struct hash_secret secret;
	bool reused; /* every state has seen another window before */
	bool sorted; /* compare rows as a set, numbers to 12 digits */
};

static const struct window WINDOW = { OBSERVED_BEGIN, OBSERVED_END };

static size_t
deal_all(size_t index, size_t count, size_t shards)
{
	(void)index, (void)count, (void)shards;
	return 0;
}

static size_t
deal_round(size_t index, size_t count, size_t shards)
{
	(void)count;
	return index % shards;
}

static size_t
deal_slices(size_t index, size_t count, size_t shards)
{
	return index * shards / count;
}

/* ------------------------------------------------------------------ printing */

static void
print_cell(FILE *out, const struct rows *rows, size_t row, size_t column, bool rounded)
{
	const void *cells = rows->columns[column];
	const struct slice *slice = cells;

	switch (rows->table->columns[column].type) {
	case COLUMN_U64:
	case COLUMN_TIME: (void)fprintf(out, "%lu", ((const uint64_t *)cells)[row]); break;
	case COLUMN_I64: (void)fprintf(out, "%ld", ((const int64_t *)cells)[row]); break;
	case COLUMN_F64:
		(void)fprintf(out, rounded ? "%.12g" : "%a", ((const double *)cells)[row]);
		break;
	case COLUMN_U8: (void)fprintf(out, "%u", ((const uint8_t *)cells)[row]); break;
	case COLUMN_U16: (void)fprintf(out, "%u", ((const uint16_t *)cells)[row]); break;
	case COLUMN_U32: (void)fprintf(out, "%u", ((const uint32_t *)cells)[row]); break;
	case COLUMN_ADDRESS:
		for (size_t i = 0; i < 16; i++)
			(void)fprintf(out, "%02x", ((const struct address *)cells)[row].octets[i]);
		break;
	case COLUMN_TEXT:
	case COLUMN_BLOB:
		for (size_t i = 0; i < slice[row].size; i++)
			(void)fprintf(
			    out, "%02x", (unsigned char)rows->octets[slice[row].offset + i]);
		break;
	}
	(void)fputc('|', out);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Rows of one table, a line each; sorted when asked.  The caller frees it. */
static char *
print_rows(const struct rows *rows, bool sorted)
{
	char *text = NULL, **lines = xcalloc(rows->count + 1, sizeof *lines);
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t r = 0; r < rows->count; r++) {
		FILE *line = open_memstream(&lines[r], &size);

		for (size_t c = 0; c < rows->table->column_count; c++)
			print_cell(line, rows, r, c, sorted);
		(void)fclose(line);
	}
	if (sorted)
		qsort(lines, rows->count, sizeof *lines, compare_lines);
	for (size_t r = 0; r < rows->count; r++) {
		(void)fprintf(out, "%s %s\n", rows->table->name, lines[r]);
		free(lines[r]);
	}
	free(lines);
	(void)fclose(out);
	return text;
}

/* The rows that a state yields, over all tables. */
static char *
finish(const struct analysis *a, void *state, bool sorted)
{
	struct rows *tables[MAX_TABLES];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_in_range(a->table_count, 0, MAX_TABLES);
	for (size_t t = 0; t < a->table_count; t++)
		tables[t] = rows_new(&a->tables[t]);
	a->finish(state, &WINDOW, &(struct row_sink){ .tables = tables });
	for (size_t t = 0; t < a->table_count; t++) {
		char *rows = print_rows(tables[t], sorted);

		(void)fputs(rows, out);
		free(rows);
		rows_free(tables[t]);
	}
	(void)fclose(out);
	return text;
}

/* ------------------------------------------------------------------ running */

struct shard {
	const struct packet *packets[OBSERVED_PACKETS];
	struct flow flows[OBSERVED_FLOWS];
	const struct flow_record *records[OBSERVED_RECORDS];
	size_t packet_count, flow_count, record_count;
};

static void
observe_packets(const struct run *run, void *state, const struct shard *shard, enum obs_type type)
{
	for (size_t at = 0; at < shard->packet_count; at += run->batch_size) {
		size_t left = shard->packet_count - at;
		struct batch batch = {
			.type = type,
			.count = left < run->batch_size ? left : run->batch_size,
			.packets = shard->packets + at,
		};

		run->analysis->observe(state, &batch);
	}
}

static void
observe_flows(const struct run *run, void *state, const struct shard *shard)
{
	for (size_t at = 0; at < shard->flow_count; at += run->batch_size) {
		size_t left = shard->flow_count - at;
		struct batch batch = {
			.type = OBS_FLOW,
			.count = left < run->batch_size ? left : run->batch_size,
			.flows = shard->flows + at,
		};

		run->analysis->observe(state, &batch);
	}
}

static void
observe_records(const struct run *run, void *state, const struct shard *shard)
{
	for (size_t at = 0; at < shard->record_count; at += run->batch_size) {
		size_t left = shard->record_count - at;
		struct batch batch = {
			.type = OBS_RECORD,
			.count = left < run->batch_size ? left : run->batch_size,
			.records = shard->records + at,
		};

		run->analysis->observe(state, &batch);
	}
}

/* Reports about exporters and counters of interfaces: one to a batch. */
static void
observe_exporters(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;
	unsigned consumes = run->analysis->consumes;

	for (size_t i = 0; (consumes & OBS_EXPORTER) != 0 && i < OBSERVED_REPORTS; i++)
		if (run->deal(i, OBSERVED_REPORTS, run->shards) == which)
			run->analysis->observe(state,
			    &(struct batch){
				.type = OBS_EXPORTER, .count = 1, .exporters = &o->reports[i] });
	for (size_t i = 0; (consumes & OBS_INTERFACE) != 0 && i < OBSERVED_SAMPLES; i++)
		if (run->deal(i, OBSERVED_SAMPLES, run->shards) == which)
			run->analysis->observe(state,
			    &(struct batch){
				.type = OBS_INTERFACE, .count = 1, .interfaces = &o->samples[i] });
}

/* The DNS messages of one type, of the clients that are dealt to this state. */
static void
observe_dns(const struct run *run, void *state, size_t which, enum obs_type type)
{
	const struct observations *o = run->observations;
	const struct dns_message *list[BATCH_MAX];
	struct batch batch = { .type = type, .dns = list };

	if ((run->analysis->consumes & type) == 0)
		return;
	for (size_t i = 0; i < OBSERVED_DNS; i++) {
		if (o->dns_types[i] == type &&
		    run->deal(observations_client(i), OBSERVED_CLIENTS, run->shards) == which)
			list[batch.count++] = &o->dns[i];
		if (batch.count == run->batch_size || (i + 1 == OBSERVED_DNS && batch.count != 0)) {
			run->analysis->observe(state, &batch);
			batch.count = 0;
		}
	}
}

/* The same of queries that were never answered. */
static void
observe_pending(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;

	for (size_t i = 0; (run->analysis->consumes & OBS_DNS_PENDING) != 0 && i < OBSERVED_PENDING;
	     i++)
		if (run->deal(observations_client(2 * (i * 9 % (OBSERVED_DNS / 2))),
			OBSERVED_CLIENTS, run->shards) == which)
			run->analysis->observe(state,
			    &(struct batch){
				.type = OBS_DNS_PENDING, .count = 1, .pending = &o->pending[i] });
}

/* Streams and counters: one to a batch. */
static void
observe_single(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;
	unsigned consumes = run->analysis->consumes;

	for (size_t i = 0; (consumes & OBS_STREAM) != 0 && i < OBSERVED_STREAMS; i++)
		if (run->deal(o->streams[i].id, OBSERVED_STREAMS / 4, run->shards) == which)
			run->analysis->observe(
			    state, &(struct batch){
				       .type = OBS_STREAM, .count = 1, .streams = &o->streams[i] });
	for (size_t i = 0; (consumes & OBS_COUNTERS) != 0 && i < OBSERVED_COUNTERS; i++)
		if (run->deal(i, OBSERVED_COUNTERS, run->shards) == which)
			run->analysis->observe(state,
			    &(struct batch){
				.type = OBS_COUNTERS, .count = 1, .counters = &o->counters[i] });
}

/* TLS: one to a batch. */
static void
observe_tls(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;

	for (size_t i = 0; (run->analysis->consumes & OBS_TLS) != 0 && i < OBSERVED_TLS; i++)
		if (run->deal(i, OBSERVED_TLS, run->shards) == which)
			run->analysis->observe(state,
			    &(struct batch){ .type = OBS_TLS, .count = 1, .tls = &o->tls[i] });
}

static void
observe_http(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;
	const struct http_request *list[BATCH_MAX];
	struct batch batch = { .type = OBS_HTTP, .http = list };

	for (size_t i = 0; (run->analysis->consumes & OBS_HTTP) != 0 && i < OBSERVED_HTTP; i++) {
		if (run->deal(i, OBSERVED_HTTP, run->shards) == which)
			list[batch.count++] = &o->http[i];
		if (batch.count == run->batch_size ||
		    (i + 1 == OBSERVED_HTTP && batch.count != 0)) {
			run->analysis->observe(state, &batch);
			batch.count = 0;
		}
	}
}

static void
observe_logins(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;

	for (size_t i = 0; (run->analysis->consumes & OBS_LOGIN) != 0 && i < OBSERVED_LOGINS; i++) {
		const struct login *login = &o->logins[i];
		if (run->deal(observations_guesser(i), OBSERVED_GUESSERS, run->shards) == which)
			run->analysis->observe(state,
			    &(struct batch){ .type = OBS_LOGIN, .count = 1, .logins = &login });
	}
}

/* What sensors told: one to a batch. */
static void
observe_sensors(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;
	unsigned consumes = run->analysis->consumes;

	for (size_t i = 0; (consumes & OBS_CONTACT) != 0 && i < OBSERVED_CONTACTS; i++) {
		const struct contact *contact = &o->contacts[i];
		if (run->deal(i, OBSERVED_CONTACTS, run->shards) == which)
			run->analysis->observe(
			    state, &(struct batch){
				       .type = OBS_CONTACT, .count = 1, .contacts = &contact });
	}
	for (size_t i = 0; (consumes & OBS_WATCH) != 0 && i < OBSERVED_WATCHES; i++) {
		const struct sensor_watch *watch = &o->watches[i];
		if (run->deal(i, OBSERVED_WATCHES, run->shards) == which)
			run->analysis->observe(state,
			    &(struct batch){ .type = OBS_WATCH, .count = 1, .watches = &watch });
	}
}

static void
observe_shard(const struct run *run, void *state, size_t which)
{
	const struct observations *o = run->observations;
	struct shard *shard = xcalloc(1, sizeof *shard);

	for (size_t i = 0; i < OBSERVED_PACKETS; i++)
		if (run->deal(i, OBSERVED_PACKETS, run->shards) == which)
			shard->packets[shard->packet_count++] = &o->packets[i];
	for (size_t i = 0; i < OBSERVED_FLOWS; i++)
		if (run->deal(i, OBSERVED_FLOWS, run->shards) == which)
			shard->flows[shard->flow_count++] = o->flows[i];
	for (size_t i = 0; i < OBSERVED_RECORDS; i++)
		if (run->deal(i, OBSERVED_RECORDS, run->shards) == which)
			shard->records[shard->record_count++] = &o->records[i];
	if ((run->analysis->consumes & OBS_PACKET) != 0)
		observe_packets(run, state, shard, OBS_PACKET);
	if ((run->analysis->consumes & OBS_FLOW) != 0)
		observe_flows(run, state, shard);
	if ((run->analysis->consumes & OBS_RECORD) != 0)
		observe_records(run, state, shard);
	observe_single(run, state, which);
	observe_tls(run, state, which);
	observe_http(run, state, which);
	observe_logins(run, state, which);
	observe_sensors(run, state, which);
	observe_exporters(run, state, which);
	observe_dns(run, state, which, OBS_DNS);
	observe_dns(run, state, which, OBS_DNS_LOCAL);
	observe_dns(run, state, which, OBS_DNS_BAD);
	observe_dns(run, state, which, OBS_DNS_QUOTED);
	observe_pending(run, state, which);
	free(shard);
}

static void *
new_state(const struct analysis *a, const struct analysis_context *context)
{
	struct err_info why = { 0 };
	void *state = xcalloc(1, a->state_size);

	assert_int_equal(a->init(state, context, &why), ERR_OK);
	return state;
}

/* Deals, merges, finishes into rows; the caller frees the print-out. */
static char *
execute(const struct run *run)
{
	const struct analysis *a = run->analysis;
	struct settings *settings = settings_new(a->settings, a->setting_count);
	struct site site;
	struct analysis_context context = {
		.settings = settings, .site = &site, .secret = run->secret
	};
	void **states = xcalloc(run->shards, sizeof *states);
	char *text;

	observations_site(&site);
	for (size_t s = 0; s < run->shards; s++) {
		states[s] = new_state(a, &context);
		if (run->reused) {
			observe_shard(run, states[s], s);
			free(finish(a, states[s], false));
		}
		a->clear(states[s]);
		observe_shard(run, states[s], s);
	}
	for (size_t s = 1; s < run->shards; s++) {
		a->merge(states[0], states[s]);
		a->clear(states[s]);
	}
	text = finish(a, states[0], run->sorted);
	for (size_t s = 0; s < run->shards; s++) {
		a->release(states[s]);
		free(states[s]);
	}
	free(states);
	settings_free(settings);
	site_release(&site);
	return text;
}

static struct run
plain_run(const struct analysis *a, const struct observations *o)
{
	return (struct run){
		.analysis = a,
		.observations = o,
		.shards = 1,
		.deal = deal_all,
		.batch_size = BATCH_MAX,
		.secret = { 1, 2 },
	};
}

/* Both runs must print the same; shows the first line that differs. */
static void
assert_same(const struct run *one, const struct run *other, const char *law)
{
	char *a = execute(one), *b = execute(other);
	const char *x = a, *y = b;
	bool same = strcmp(a, b) == 0;

	while (*x != '\0' && *x == *y)
		x++, y++;
	if (!same) {
		while (x > a && x[-1] != '\n')
			x--, y--;
		print_error("%s: %s:\n  %.*s\n  %.*s\n", one->analysis->name, law,
		    (int)strcspn(x, "\n"), x, (int)strcspn(y, "\n"), y);
	}
	assert_true(same);
	free(a);
	free(b);
}

/* ------------------------------------------------------------------ laws */

/* A law about one analysis, as cmocka wants it. */
struct article {
	const struct analysis *analysis;
	char name[96];
};

static const struct analysis *
analysis_of(void **state)
{
	const struct article *article = *state;

	return article->analysis;
}

static bool
is_name(const char *text, const char *extra)
{
	if (!islower((unsigned char)text[0]))
		return false;
	for (; *text != '\0'; text++)
		if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    strchr(extra, *text) == NULL)
			return false;
	return true;
}

static void
test_declaration(void **state)
{
	const struct analysis *a = analysis_of(state);

	assert_true(is_name(a->name, "/-"));
	assert_ptr_equal(analysis_find(a->name), a);
	assert_true(a->title != NULL && a->title[0] != '\0');
	/* One that only draws on the tables of others consumes nothing, and yields none. */
	assert_true(a->consumes != 0 || a->table_count == 0);
	assert_true(a->state_size != 0);
	assert_true(a->init != NULL && a->release != NULL && a->clear != NULL);
	assert_true(a->observe != NULL && a->merge != NULL && a->finish != NULL);
	assert_non_null(a->section);
}

static void
test_settings(void **state)
{
	const struct analysis *a = analysis_of(state);
	struct settings *settings = settings_new(a->settings, a->setting_count);
	struct err_info why = { 0 };
	char text[256];

	for (size_t i = 0; i < a->setting_count; i++) {
		const struct setting *s = &a->settings[i];

		assert_true(is_name(s->name, "_"));
		assert_true(s->help != NULL && s->help[0] != '\0');
		assert_true(s->help[strlen(s->help) - 1] != '.');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(s->name, a->settings[k].name);
		(void)settings_print(settings, i, text, sizeof text);
		assert_int_equal(settings_set(settings, s->name, text, &why), ERR_OK);
		if (s->least != NULL)
			assert_int_equal(settings_set(settings, s->name, s->least, &why), ERR_OK);
		if (s->most != NULL)
			assert_int_equal(settings_set(settings, s->name, s->most, &why), ERR_OK);
	}
	settings_free(settings);
}

/* How many tables of all analyses have this name. */
static size_t
count_tables(const char *name)
{
	size_t count = 0;

	for (const struct analysis *const *a = ANALYSES; *a != NULL; a++)
		for (size_t t = 0; t < (*a)->table_count; t++)
			count += strcmp((*a)->tables[t].name, name) == 0;
	return count;
}

static void
test_tables(void **state)
{
	static const char *const TAKEN[] = { "inputs", "flows", "findings", "store_meta" };
	const struct analysis *a = analysis_of(state);

	for (size_t t = 0; t < a->table_count; t++) {
		const struct table *table = &a->tables[t];

		assert_true(is_name(table->name, "_"));
		assert_int_equal(count_tables(table->name), 1);
		for (size_t i = 0; i < sizeof TAKEN / sizeof *TAKEN; i++)
			assert_string_not_equal(table->name, TAKEN[i]);
		assert_true(table->title != NULL && table->title[0] != '\0');
		assert_true(table->column_count != 0);
		for (size_t c = 0; c < table->column_count; c++) {
			assert_true(is_name(table->columns[c].name, "_"));
			assert_string_not_equal(table->columns[c].name, "input");
			assert_string_not_equal(table->columns[c].name, "window_begin");
			assert_non_null(table->columns[c].unit);
			for (size_t k = 0; k < c; k++)
				assert_string_not_equal(
				    table->columns[c].name, table->columns[k].name);
		}
	}
}

/* doc/analyses/<name>.md and tests/golden/<name>/cmd, with '-' for '/'. */
static void
test_papers(void **state)
{
	const struct analysis *a = analysis_of(state);
	char name[64], path[512];

	(void)snprintf(name, sizeof name, "%s", a->name);
	if (strchr(name, '/') != NULL)
		*strchr(name, '/') = '-';
	(void)snprintf(path, sizeof path, YAGURA_SOURCE "/doc/analyses/%s.md", name);
	if (access(path, R_OK) != 0)
		fail_msg("%s is missing", path);
	(void)snprintf(path, sizeof path, YAGURA_SOURCE "/tests/golden/%s/cmd", name);
	if (access(path, R_OK) != 0)
		fail_msg("%s is missing", path);
}

static void
test_release_of_nothing(void **state)
{
	const struct analysis *a = analysis_of(state);
	void *zeroed = xcalloc(1, a->state_size);

	a->release(zeroed);
	free(zeroed);
}

static void
test_nothing_in_nothing_out(void **state)
{
	const struct analysis *a = analysis_of(state);
	struct settings *settings = settings_new(a->settings, a->setting_count);
	struct site site;
	struct analysis_context context = { .settings = settings, .site = &site };
	void *empty, *other;
	char *text;

	observations_site(&site);
	empty = new_state(a, &context);
	other = new_state(a, &context);
	text = finish(a, empty, false);
	assert_string_equal(text, "");
	free(text);
	a->clear(empty);
	a->clear(other);
	a->merge(empty, other);
	text = finish(a, empty, false);
	assert_string_equal(text, "");
	free(text);
	a->release(empty);
	a->release(other);
	free(empty);
	free(other);
	settings_free(settings);
	site_release(&site);
}

/* A detector of attacks on the DNS has nothing to say of what was made up here. */
static bool
may_be_silent(const struct analysis *a)
{
	return a->table_count == 0 ||
	       ((a->consumes & OBS_DNS) != 0 && strcmp(a->name, "dns/overview") != 0);
}

static void
test_something_in_something_out(void **state)
{
	struct observations *o = observations_new();
	struct run run = plain_run(analysis_of(state), o);
	char *text = execute(&run);

	assert_true(may_be_silent(run.analysis) || text[0] != '\0');
	free(text);
	free(o);
}

static void
test_same_input_same_bytes(void **state)
{
	struct observations *o = observations_new();
	struct run one = plain_run(analysis_of(state), o), other = one;

	assert_same(&one, &other, "twice the same");
	other.secret = (struct hash_secret){ 0x0123456789abcdef, 0xfedcba9876543210 };
	assert_same(&one, &other, "another hash secret");
	other.batch_size = 7;
	assert_same(&one, &other, "other batches");
	one.shards = other.shards = ANALYSIS_SHARDS;
	one.deal = other.deal = deal_round;
	assert_same(&one, &other, "another hash secret and other batches, merged");
	free(o);
}

static void
test_cleared_is_fresh(void **state)
{
	struct observations *o = observations_new();
	struct run one = plain_run(analysis_of(state), o), other = one;

	other.reused = true;
	assert_same(&one, &other, "a state that was used before");
	one.shards = other.shards = 3;
	one.deal = other.deal = deal_round;
	assert_same(&one, &other, "states that were used before, merged");
	free(o);
}

static void
test_split_and_merged_is_unsplit(void **state)
{
	struct observations *o = observations_new();
	struct run one = plain_run(analysis_of(state), o), other = one;

	one.sorted = other.sorted = true;
	other.shards = ANALYSIS_SHARDS;
	other.deal = deal_round;
	assert_same(&one, &other, "dealt one by one");
	other.deal = deal_slices;
	assert_same(&one, &other, "cut in time");
	other.deal = deal_all;
	assert_same(&one, &other, "all in the first, the rest empty");
	free(o);
}

/* Rows of one state that saw everything go into a store in memory, or nothing does. */
static struct store *
stored(
    const struct analysis *a, const struct analysis_context *context, const struct observations *o)
{
	struct store_options options = { .mode = STORE_WRITE };
	struct rows *tables[MAX_TABLES];
	struct err_info why = { 0 };
	struct run run = plain_run(a, o);
	struct store *store;
	void *state;

	if (store_open("mem:", &options, &store, &why) != ERR_OK)
		fail_msg("%s", why.text);
	assert_int_equal(store_declare(store, a->tables, a->table_count, &why), ERR_OK);
	if (o == NULL)
		return store;
	state = new_state(a, context);
	a->clear(state);
	observe_shard(&run, state, 0);
	for (size_t t = 0; t < a->table_count; t++)
		tables[t] = rows_new(&a->tables[t]);
	a->finish(state, &WINDOW, &(struct row_sink){ .tables = tables });
	for (size_t t = 0; t < a->table_count; t++) {
		if (store_append(store, 1, WINDOW.begin, tables[t], &why) != ERR_OK)
			fail_msg("%s", why.text);
		rows_free(tables[t]);
	}
	assert_int_equal(store_commit(store, &why), ERR_OK);
	a->release(state);
	free(state);
	return store;
}

/* The section over what such a store holds, as text; NULL when it is left out. */
static char *
write_section(const struct analysis *a, const struct observations *o)
{
	struct settings *settings = settings_new(a->settings, a->setting_count);
	struct site site;
	struct analysis_context context = { .settings = settings, .site = &site };
	struct section *section = section_new(a->name, a->title);
	struct err_info why = { 0 };
	struct query_source source;
	struct store *store;
	json_t *json;
	char *text;
	enum err e;

	observations_site(&site);
	store = stored(a, &context, o);
	source = store_query(store);
	e = a->section(
	    &(struct section_context){
		.store = &source,
		.settings = settings,
		.site = &site,
		.begin = WINDOW.begin,
		.end = WINDOW.end,
		.first = WINDOW.begin,
		.last = WINDOW.end - 1,
	    },
	    section, &why);
	if (e != ERR_OK && e != ERR_END)
		fail_msg("%s: %s", a->name, why.text);
	json = section_finish(section);
	text = e == ERR_OK ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	store_close(store);
	settings_free(settings);
	site_release(&site);
	return text;
}

static void
test_section_of_nothing(void **state)
{
	free(write_section(analysis_of(state), NULL));
}

/* It has words, and the same rows give the same octets. */
static void
test_section_of_rows(void **state)
{
	struct observations *o = observations_new();
	char *one = write_section(analysis_of(state), o), *other;
	json_t *json;

	if (one == NULL && may_be_silent(analysis_of(state))) {
		free(o);
		return;
	}
	assert_non_null(one);
	other = write_section(analysis_of(state), o);
	assert_string_equal(one, other);
	json = json_loads(one, 0, NULL);
	assert_non_null(json);
	assert_string_equal(
	    json_string_value(json_object_get(json, "id")), analysis_of(state)->name);
	assert_true(json_array_size(json_object_get(json, "summary")) > 0);
	assert_true(json_string_length(json_object_get(json, "definition")) > 0 ||
		    json_array_size(json_object_get(json, "definition")) > 0);
	json_decref(json);
	free(one);
	free(other);
	free(o);
}

static const struct {
	const char *name;
	void (*test)(void **state);
} LAWS[] = {
	{ "declaration", test_declaration },
	{ "settings", test_settings },
	{ "tables", test_tables },
	{ "papers", test_papers },
	{ "release of nothing", test_release_of_nothing },
	{ "nothing in, nothing out", test_nothing_in_nothing_out },
	{ "something in, something out", test_something_in_something_out },
	{ "same input, same bytes", test_same_input_same_bytes },
	{ "cleared is fresh", test_cleared_is_fresh },
	{ "split and merged is unsplit", test_split_and_merged_is_unsplit },
	{ "section of nothing", test_section_of_nothing },
	{ "section of rows", test_section_of_rows },
};

#define LAW_COUNT (sizeof LAWS / sizeof *LAWS)

int
main(void)
{
	size_t count = 0, analyses = 0;
	struct CMUnitTest *tests;
	struct article *articles;
	int failed;

	while (ANALYSES[analyses] != NULL)
		analyses++;
	tests = xcalloc(analyses * LAW_COUNT + 1, sizeof *tests);
	articles = xcalloc(analyses * LAW_COUNT + 1, sizeof *articles);
	for (size_t a = 0; a < analyses; a++)
		for (size_t l = 0; l < LAW_COUNT; l++) {
			struct article *article = &articles[count];

			article->analysis = ANALYSES[a];
			(void)snprintf(article->name, sizeof article->name, "%s: %s",
			    ANALYSES[a]->name, LAWS[l].name);
			tests[count++] = (struct CMUnitTest){
				.name = article->name,
				.test_func = LAWS[l].test,
				.initial_state = article,
			};
		}
	failed = _cmocka_run_group_tests("analyses", tests, count, NULL, NULL);
	free(tests);
	free(articles);
	return failed;
}
