/* SPDX-License-Identifier: ISC */
/*
 * Tables of flows as text: what `nfdump -o csv` prints.
 *
 *	ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,…        nfdump 1.6 to 1.7.4
 *	firstSeen,duration,proto,srcAddr,srcPort,dstAddr,…      nfdump 1.7.5 and later
 *
 * The first line names the columns; decode/export_text.c reads the rest.  Here lines are checked as
 * far as it takes to cut them: a line has as many columns as the first one and a time.  Whole
 * lines that follow each other make a packet, up to 16 KiB and within one minute, so that a packet
 * has a time; the line of names goes with the lines after it.  What nfdump prints after a table
 * ("Summary") is passed over up to the next line of names.
 *
 * Times are UTC, because the text does not name a zone.  A packet's time is when its first flow
 * ended, or began where the table does not say when it ended.
 *
 * A line that is no flow is passed over, counted, and the first such line is named in the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "source/capture.h"

#define LINE_MAX_SIZE   (64U << 10)
#define PACKET_MAX_SIZE (16U << 10)
#define MINUTE          (60 * NSEC_PER_SEC)

struct flow_table {
	struct capture_damage damage; /* lines that are no flows */
	uint64_t lines;               /* read so far */
	unsigned columns;             /* of the table being read; 0: between tables */
	unsigned time_column;         /* which of them is a line's time */
};

/* Names of columns with times, the best one first. */
static const char *const TIME_NAMES[] = { "te", "lastSeen", "ts", "firstSeen", "tr", "received" };

/* What tables begin with. */
static const char *const BEGINNINGS[] = { "ts,", "te,", "firstSeen,", "lastSeen,", "received,",
	"tr,", "sa,", "srcAddr," };

static bool
begins(const uint8_t *data, size_t size, const char *word)
{
	return size >= strlen(word) && memcmp(data, word, strlen(word)) == 0;
}

static bool
is_header(const uint8_t *line, size_t size)
{
	for (size_t i = 0; i < sizeof BEGINNINGS / sizeof BEGINNINGS[0]; i++)
		if (begins(line, size, BEGINNINGS[i]))
			return true;
	return false;
}

/* Column number `index` of a line; NULL when there are not so many. */
static const uint8_t *
column_of(const uint8_t *line, size_t size, unsigned index, size_t *ret_size)
{
	const uint8_t *end = line + size;
	const uint8_t *comma;

	for (; index > 0; index--) {
		line = memchr(line, ',', (size_t)(end - line));
		if (line == NULL)
			return NULL;
		line++;
	}
	comma = memchr(line, ',', (size_t)(end - line));
	*ret_size = (size_t)((comma != NULL ? comma : end) - line);
	return line;
}

static unsigned
count_columns(const uint8_t *line, size_t size)
{
	unsigned count = 1;

	for (size_t i = 0; i < size; i++)
		count += line[i] == ',';
	return count;
}

/* Learns the columns from their names. */
static void
take_header(struct flow_table *t, const uint8_t *line, size_t size)
{
	unsigned best = sizeof TIME_NAMES / sizeof TIME_NAMES[0];

	t->columns = count_columns(line, size);
	t->time_column = 0;
	for (unsigned i = 0; i < t->columns; i++) {
		size_t name_size = 0;
		const uint8_t *name = column_of(line, size, i, &name_size);

		for (unsigned j = 0; j < best; j++)
			if (name_size == strlen(TIME_NAMES[j]) &&
			    memcmp(name, TIME_NAMES[j], name_size) == 0) {
				best = j;
				t->time_column = i;
			}
	}
}

/* The time of a line, or why it is no flow. */
static const char *
check_line(const struct flow_table *t, const uint8_t *line, size_t size, nsec_t *ret_time)
{
	size_t time_size = 0;
	const uint8_t *time = column_of(line, size, t->time_column, &time_size);

	if (count_columns(line, size) != t->columns)
		return "another count of columns than the line of names";
	if (time == NULL || clock_read((const char *)time, time_size, ret_time) != ERR_OK)
		return "no time where the line of names says there is one";
	return NULL;
}

/* The lines of a run, being put together to packets. */
struct gathering {
	struct flow_table *table;
	struct capture_run *run;
	struct capture_slice slice; /* lines that are no packet yet */
	struct flow_table before;   /* what was known where they begin */
	nsec_t time;                /* of the first flow among them */
	bool has_time;
};

/* Makes a packet of the lines gathered; without a flow among them they are nothing. */
static void
give(struct gathering *g)
{
	if (g->has_time)
		capture_add_export(g->run, &g->slice, g->time, LINK_EXPORT_TEXT);
	g->slice.size = 0;
	g->has_time = false;
}

static void
gather(struct gathering *g, size_t begin, size_t size)
{
	if (g->slice.size == 0) {
		g->slice.begin = begin;
		g->before = *g->table;
	}
	g->slice.size = begin + size - g->slice.begin;
}

/* A line of a table; false when it does not fit and the packet before it has to go first. */
static bool
take_row(struct gathering *g, size_t begin, size_t whole, size_t size)
{
	struct flow_table *t = g->table;
	nsec_t time = 0;
	const char *why = check_line(t, g->run->data + begin, size, &time);

	if (g->slice.size + whole > PACKET_MAX_SIZE ||
	    (why == NULL && g->has_time && floor_div(time, MINUTE) != floor_div(g->time, MINUTE))) {
		if (!g->has_time)
			g->run->failure = "lines that are no flows after the line of names";
		return false;
	}
	gather(g, begin, whole);
	if (why != NULL) {
		capture_pass_over(&t->damage, &(struct capture_damage){ 1, whole,
						  g->run->offset + begin, t->lines + 1, why });
	} else if (!g->has_time) {
		g->time = time;
		g->has_time = true;
	}
	return true;
}

/* Takes one line of `whole` octets with its end; false as take_row. */
static bool
take_line(struct gathering *g, size_t begin, size_t whole)
{
	struct flow_table *t = g->table;
	const uint8_t *line = g->run->data + begin;
	size_t size = whole;

	while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
		size--;
	if (is_header(line, size)) {
		if (g->slice.size > 0)
			return false;
		gather(g, begin, whole);
		take_header(t, line, size);
	} else if (begins(line, size, "Summary") || begins(line, size, "No matching flow")) {
		if (g->slice.size > 0)
			return false;
		t->columns = 0;
	} else if (size > 0 && t->columns != 0 && !take_row(g, begin, whole, size)) {
		return false;
	}
	t->lines++;
	return true;
}

/* Lines up to the end of the run, or of the room for packets. */
static size_t
take_lines(struct gathering *g)
{
	struct capture_run *run = g->run;
	size_t at = 0;

	while (run->count < run->most && at < run->size) {
		const uint8_t *line = run->data + at;
		const uint8_t *end = memchr(line, '\n', run->size - at);
		size_t whole = end != NULL ? (size_t)(end - line) + 1 : run->size - at;

		if (whole > LINE_MAX_SIZE)
			run->failure = "a line of more than 64 KiB";
		if (run->failure != NULL || (end == NULL && !run->last))
			break;
		if (take_line(g, at, whole))
			at += whole;
		else
			give(g);
	}
	return at;
}

/* A packet is given when the line after it is seen, so that packets do not depend on how octets
 * arrive; the last one at the end. */
static void
flow_table_run(void *state, struct capture_run *run)
{
	struct gathering g = { .table = state, .run = run };
	size_t at = take_lines(&g);

	if (g.slice.size > 0 && (run->last || run->failure != NULL)) {
		give(&g);
	} else if (g.slice.size > 0) {
		at = g.slice.begin;
		*g.table = g.before;
	}
	run->used = at;
	run->need = run->count == run->most ? 1 : run->size - at + 1;
}

static bool
flow_table_recognise(const uint8_t *head, size_t size)
{
	return is_header(head, size);
}

const struct capture_format capture_flow_table = {
	.name = "flows",
	.recognise = flow_table_recognise,
	.state_size = sizeof(struct flow_table),
	.run = flow_table_run,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.exports = true,
};
