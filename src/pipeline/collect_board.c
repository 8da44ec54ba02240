/* SPDX-License-Identifier: ISC */
/* What a running collector knows of its exporters; see collect_board.h. */
#include "pipeline/collect_board.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

void
board_init(struct collect_board *board)
{
	*board = (struct collect_board){ 0 };
	(void)pthread_mutex_init(&board->mutex, NULL);
}

void
board_release(struct collect_board *board)
{
	(void)pthread_mutex_destroy(&board->mutex);
	free(board->entries);
	board->entries = NULL;
}

static int
compare(const struct exporter_report *a, const struct exporter_report *b)
{
	int order = address_compare(&a->exporter, &b->exporter);

	if (order != 0)
		return order;
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	return (int)a->protocol - (int)b->protocol;
}

/* The report's entry, made if there is room; NULL otherwise. */
static struct board_entry *
find(struct collect_board *board, const struct exporter_report *report)
{
	size_t low = 0, high = board->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&board->entries[middle].total, report);

		if (order == 0)
			return &board->entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (board->count == BOARD_ENTRIES)
		return NULL;
	if (board->count == board->room) {
		board->room = board->room != 0 ? 2 * board->room : 64;
		board->entries =
		    xrealloc_array(board->entries, board->room, sizeof *board->entries);
	}
	memmove(board->entries + low + 1, board->entries + low,
	    (board->count - low) * sizeof *board->entries);
	board->count++;
	board->entries[low] = (struct board_entry){
		.total = { .exporter = report->exporter,
		    .domain = report->domain,
		    .protocol = report->protocol,
		    .first = report->first },
	};
	return &board->entries[low];
}

/* Rates are few: a rate beyond EXPORTER_RATES is left out, its records are counted all the same. */
static void
add_rate(struct exporter_report *total, const struct exporter_rate *rate)
{
	for (size_t i = 0; i < EXPORTER_RATES && rate->records != 0; i++) {
		struct exporter_rate *have = &total->rates[i];

		if (have->records == 0)
			*have = (struct exporter_rate){ rate->rate, rate->source, 0 };
		if (have->rate == rate->rate && have->source == rate->source) {
			have->records += rate->records;
			return;
		}
	}
}

static void
add_report(struct exporter_report *total, const struct exporter_report *report)
{
	total->unit = report->unit;
	total->messages += report->messages;
	total->octets += report->octets;
	total->records += report->records;
	total->options_records += report->options_records;
	total->templates += report->templates;
	total->lost += report->lost;
	total->expected += report->expected;
	total->restarts += report->restarts;
	total->reordered += report->reordered;
	total->no_template += report->no_template;
	total->no_template_lost += report->no_template_lost;
	total->malformed += report->malformed;
	total->source_drops += report->source_drops;
	for (size_t i = 0; i < EXPORTER_RATES; i++)
		add_rate(total, &report->rates[i]);
	if (report->last > total->last)
		total->last = report->last;
}

void
board_add(struct collect_board *board, const struct exporter_report *reports, size_t count,
    const struct drop_counters *drops)
{
	(void)pthread_mutex_lock(&board->mutex);
	for (size_t i = 0; i < count; i++) {
		struct board_entry *entry = find(board, &reports[i]);

		board->messages += reports[i].messages;
		board->records += reports[i].records;
		if (board->first == 0)
			board->first = reports[i].first;
		if (reports[i].last > board->latest)
			board->latest = reports[i].last;
		if (entry == NULL) {
			board->unlisted++;
			continue;
		}
		add_report(&entry->total, &reports[i]);
		entry->window_records += reports[i].records;
	}
	for (size_t i = 0; i < DROP_COUNT; i++)
		board->drops.count[i] += drops->count[i];
	(void)pthread_mutex_unlock(&board->mutex);
}

void
board_commit(
    struct collect_board *board, const struct window *window, nsec_t took, uint64_t messages)
{
	(void)pthread_mutex_lock(&board->mutex);
	board->windows++;
	board->last = *window;
	board->commit_time = took;
	board->committed_messages = messages;
	for (size_t i = 0; i < board->count; i++) {
		board->entries[i].last_records = board->entries[i].window_records;
		board->entries[i].window_records = 0;
	}
	(void)pthread_mutex_unlock(&board->mutex);
}

uint64_t
board_messages(struct collect_board *board, uint64_t *ret_open)
{
	uint64_t messages;

	(void)pthread_mutex_lock(&board->mutex);
	messages = board->messages;
	*ret_open = messages - board->committed_messages;
	(void)pthread_mutex_unlock(&board->mutex);
	return messages;
}

static void
set_number(json_t *into, const char *name, uint64_t value)
{
	(void)json_object_set_new(into, name, json_integer((json_int_t)value));
}

/* A time as text; null when there is none. */
static void
set_time(json_t *into, const char *name, nsec_t time)
{
	char text[40];

	if (time == 0)
		(void)json_object_set_new(into, name, json_null());
	else
		(void)json_object_set_new(
		    into, name, json_string(clock_format(time, 3, text, sizeof text)));
}

static const char *
protocol_name(unsigned protocol)
{
	switch (protocol) {
	case EXPORT_NETFLOW5: return "netflow5";
	case EXPORT_NETFLOW9: return "netflow9";
	case EXPORT_IPFIX: return "ipfix";
	case EXPORT_SFLOW5: return "sflow5";
	default: return "other";
	}
}

static json_t *
describe_rates(const struct exporter_report *total)
{
	static const char *const SOURCES[] = {
		[SAMPLING_UNKNOWN] = "unknown",
		[SAMPLING_FORCED] = "forced",
		[SAMPLING_RECORD] = "record",
		[SAMPLING_SELECTOR] = "selector",
		[SAMPLING_INTERFACE] = "interface",
		[SAMPLING_OPTIONS] = "options",
		[SAMPLING_HEADER] = "header",
		[SAMPLING_MEASURED] = "measured",
		[SAMPLING_CONFIGURED] = "configured",
	};
	json_t *rates = json_array();

	for (size_t i = 0; i < EXPORTER_RATES; i++) {
		const struct exporter_rate *rate = &total->rates[i];
		json_t *one;

		if (rate->records == 0)
			continue;
		one = json_object();
		set_number(one, "rate", rate->rate);
		(void)json_object_set_new(one, "source",
		    json_string(rate->source < sizeof SOURCES / sizeof SOURCES[0]
				    ? SOURCES[rate->source]
				    : "unknown"));
		set_number(one, "records", rate->records);
		(void)json_array_append_new(rates, one);
	}
	return rates;
}

static json_t *
describe_entry(const struct collect_board *board, const struct board_entry *entry)
{
	static const char *const UNITS[] = { [SEQUENCE_RECORDS] = "records",
		[SEQUENCE_MESSAGES] = "messages",
		[SEQUENCE_DATAGRAMS] = "datagrams" };
	const struct exporter_report *t = &entry->total;
	double seconds = (double)(board->last.end - board->last.begin) / 1e9;
	json_t *one = json_object();
	char text[ADDRESS_TEXT_SIZE];

	(void)json_object_set_new(one, "exporter", json_string(address_format(&t->exporter, text)));
	set_number(one, "domain", t->domain);
	(void)json_object_set_new(one, "protocol", json_string(protocol_name(t->protocol)));
	set_number(one, "messages", t->messages);
	set_number(one, "octets", t->octets);
	set_number(one, "records", t->records);
	(void)json_object_set_new(one, "records_per_second",
	    seconds > 0 ? json_real((double)entry->last_records / seconds) : json_null());
	set_number(one, "options_records", t->options_records);
	set_number(one, "templates", t->templates);
	set_number(one, "lost", t->lost);
	set_number(one, "expected", t->expected);
	(void)json_object_set_new(
	    one, "unit", json_string(t->unit < 3 ? UNITS[t->unit] : "unknown"));
	set_number(one, "restarts", t->restarts);
	set_number(one, "reordered", t->reordered);
	set_number(one, "no_template", t->no_template);
	set_number(one, "no_template_lost", t->no_template_lost);
	set_number(one, "malformed", t->malformed);
	set_number(one, "source_drops", t->source_drops);
	(void)json_object_set_new(one, "sampling", describe_rates(t));
	set_time(one, "first", t->first);
	set_time(one, "last", t->last);
	return one;
}

static json_t *
describe_window(const struct collect_board *board)
{
	json_t *window = json_object();

	set_number(window, "committed", board->windows);
	set_time(window, "last_begin", board->last.begin);
	set_time(window, "last_end", board->last.end);
	(void)json_object_set_new(
	    window, "commit_seconds", json_real((double)board->commit_time / 1e9));
	set_number(window, "open_messages", board->messages - board->committed_messages);
	return window;
}

void
board_describe(struct collect_board *board, json_t *into)
{
	json_t *exporters = json_array(), *totals = json_object(), *drops = json_object();

	(void)pthread_mutex_lock(&board->mutex);
	(void)json_object_set_new(into, "window", describe_window(board));
	for (size_t i = 0; i < board->count; i++)
		(void)json_array_append_new(exporters, describe_entry(board, &board->entries[i]));
	set_number(totals, "messages", board->messages);
	set_number(totals, "records", board->records);
	set_number(totals, "unlisted_reports", board->unlisted);
	set_time(totals, "first", board->first);
	set_time(totals, "last", board->latest);
	for (size_t i = 0; i < DROP_COUNT; i++)
		if (board->drops.count[i] != 0)
			set_number(drops, drop_name((enum drop)i), board->drops.count[i]);
	(void)pthread_mutex_unlock(&board->mutex);
	(void)json_object_set_new(into, "exporters", exporters);
	(void)json_object_set_new(into, "totals", totals);
	(void)json_object_set_new(into, "drops", drops);
}
