/* SPDX-License-Identifier: ISC */
/*
 * Tables that T-Pot's events are published as, as aggregate contacts.
 *
 *	src_ip,events,first_seen,last_seen,bytes_to_srv,bytes_to_cli     a source a line
 *	_ts_ct,events                                                    an hour a line
 *
 * Both count the same events: who adds up one must not add the other (obs/contact.h).  An hour with
 * events also says that the sensor was listening in it.  Tables by other keys (alert.category,
 * geoip.as_org, …) have neither sources nor times and are refused by name.
 *
 * Sources come in the order of their events, so the time that orders them never goes back: it is
 * the latest so far.  The contact has the real ones.
 */
#include "source/log_lines.h"
#include "source/log_text.h"

#define SENSOR  "t-pot"
#define SOURCES "src_ip,events,first_seen,last_seen,"
#define HOURS   "_ts_"
#define HOUR    ((nsec_t)3600 * NSEC_PER_SEC)

struct tpot_table {
	struct log_lines lines;
	nsec_t latest;
	bool hours; /* known by the heading */
};

static const struct octets SENSOR_NAME = { (const uint8_t *)SENSOR, sizeof SENSOR - 1 };

static bool
is_hours(const struct log_text *heading)
{
	struct log_text rest = *heading, column;

	return log_text_begins(heading, HOURS) && log_text_until(&rest, ',', &column) &&
	       log_text_is(&rest, "events");
}

/* "1579305.0": a sum as pandas writes it. */
static uint64_t
whole_part(struct log_text text)
{
	struct log_text whole = text;
	uint64_t number;

	(void)log_text_until(&text, '.', &whole);
	return log_text_number(&whole, INT64_MAX, &number) ? number : 0;
}

/* The next column, which is the last when no comma follows. */
static struct log_text
next_column(struct log_text *t)
{
	struct log_text column = *t;

	if (!log_text_until(t, ',', &column))
		t->at = t->end;
	return column;
}

static void
give(struct tpot_table *table, struct log_line *line, const struct contact *contact)
{
	struct contact *c = &log_observe(line, OBSERVED_CONTACT)->contact;

	if (contact->end > table->latest)
		table->latest = contact->end;
	line->time = table->latest;
	line->source = contact->source;
	*c = *contact;
	c->aggregate = true;
	c->sensor = SENSOR_NAME;
	c->input_offset = line->offset;
	c->input_length = (uint32_t)line->size;
}

static const char *
read_source(struct tpot_table *table, struct log_line *line, struct log_text text)
{
	struct log_text address = next_column(&text), events = next_column(&text);
	struct log_text first = next_column(&text), last = next_column(&text);
	struct contact c = { .octets = whole_part(next_column(&text)) };
	struct log_time begin, end;

	if (!log_text_address(&address, &c.source))
		return "no address";
	if (!log_text_number(&events, INT64_MAX, &c.count) || c.count == 0)
		return "no number of events";
	if (!log_text_time(&first, &begin) || !log_text_time(&last, &end) || begin.time <= 0 ||
	    end.time < begin.time)
		return "no times of the first and the last event";
	c.begin = begin.time;
	c.end = end.time;
	give(table, line, &c);
	return NULL;
}

static const char *
read_hour(struct tpot_table *table, struct log_line *line, struct log_text text)
{
	struct log_text hour = next_column(&text), events = next_column(&text);
	struct contact c = { 0 };
	struct log_time begin;

	if (!log_text_time(&hour, &begin) || begin.time <= 0)
		return "no time of an hour";
	if (!log_text_number(&events, INT64_MAX, &c.count))
		return "no number of events";
	if (c.count == 0)
		return NULL; /* nobody came, or nobody listened */
	c.begin = begin.time;
	c.end = begin.time + HOUR - 1;
	give(table, line, &c);
	line->time = c.begin;
	log_observe(line, OBSERVED_WATCH)->watch = (struct sensor_watch){
		.begin = c.begin,
		.end = begin.time + HOUR,
		.sensor = SENSOR_NAME,
	};
	return NULL;
}

static enum log_verdict
read_table(void *state, struct log_line *line)
{
	struct tpot_table *table = state;
	struct log_text text = log_text_over(line->text, line->size);

	if (line->size == 0)
		return LOG_OTHER;
	if (is_hours(&text)) {
		table->hours = true;
		return LOG_OTHER;
	}
	if (log_text_begins(&text, SOURCES))
		return LOG_OTHER;
	line->why = table->hours ? read_hour(table, line, text) : read_source(table, line, text);
	if (line->why != NULL)
		return LOG_BAD;
	return line->count != 0 ? LOG_READ : LOG_OTHER;
}

static const struct log_format TABLE = { .read = read_table };

static void
run_table(void *state, struct capture_run *run)
{
	log_lines_run(state, &TABLE, run);
}

static bool
recognise_table(const uint8_t *head, size_t size)
{
	struct log_text text = log_text_over(head, size), line = text;

	(void)log_text_until(&text, '\n', &line);
	if (log_text_left(&line) != 0 && line.end[-1] == '\r')
		line.end--;
	return log_text_begins(&line, SOURCES) || is_hours(&line);
}

const struct capture_format capture_tpot_table = {
	.name = "tpot-table",
	.recognise = recognise_table,
	.state_size = sizeof(struct tpot_table),
	.run = run_table,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.makes = true,
};
