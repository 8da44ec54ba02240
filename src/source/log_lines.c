/* SPDX-License-Identifier: ISC */
/* Lines of logs as observations; see log_lines.h. */
#include "source/log_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* What one line takes of the room at most. */
#define ROOM_A_LINE (LOG_ROOM_MAX + LOG_OBSERVED_MAX * sizeof(struct observed))

static void
give(struct capture_run *run, const struct log_line *line, const struct observed *observed)
{
	uint8_t *room = run->room + run->room_used;
	struct packet *to = &run->packets[run->count];

	memcpy(room, observed, sizeof *observed);
	run->room_used += sizeof *observed;
	*to = (struct packet){ .source = line->source, .destination = line->destination };
	if (observed->kind == OBSERVED_CONTACT) {
		/* A line may tell of a session that is not its own. */
		to->source = observed->contact.source;
		to->destination = observed->contact.destination;
	}
	capture_add(run, &(struct packet){
			     .time = line->time,
			     .data = room,
			     .input_offset = line->offset,
			     .captured_size = sizeof *observed,
			     .frame_size = sizeof *observed,
			     .link_type = LINK_OBSERVED,
			 });
}

void
log_lines_give(struct capture_run *run, const struct log_line *line)
{
	run->room_used += (line->room_used + 7) / 8 * 8;
	for (size_t i = 0; i < line->count; i++)
		give(run, line, &line->observed[i]);
}

static void
take_line(struct log_lines *log, const struct log_format *format, struct capture_run *run,
    size_t at, size_t whole)
{
	struct log_line line; /* not its observations: they are large, and zeroed one by one */

	line.text = run->data + at;
	line.size = whole;
	line.cut = false;
	line.offset = run->offset + at;
	line.room_used = line.count = 0;
	line.time = 0;
	line.source = line.destination = (struct address){ .words = { 0, 0 } };
	line.why = NULL;

	while (
	    line.size > 0 && (line.text[line.size - 1] == '\n' || line.text[line.size - 1] == '\r'))
		line.size--;
	if (line.size > LOG_LINE_MAX) {
		line.size = LOG_LINE_MAX;
		line.cut = true;
		drop(run->drops, DROP_LOG_LONG);
	}
	line.room = run->room + run->room_used;
	log->lines++;
	switch (format->read(log, &line)) {
	case LOG_READ: log_lines_give(run, &line); break;
	case LOG_BAD:
		drop(run->drops, DROP_LOG_LINE);
		capture_pass_over(&log->damage,
		    &(struct capture_damage){ 1, whole, line.offset, log->lines, line.why });
		break;
	case LOG_OTHER:
		if (line.size != 0)
			drop(run->drops, DROP_LOG_OTHER);
		break;
	}
}

bool
log_lines_fit(const struct capture_run *run)
{
	return run->most - run->count >= LOG_OBSERVED_MAX &&
	       run->room_size - run->room_used >= ROOM_A_LINE;
}

void
log_lines_run(void *state, const struct log_format *format, struct capture_run *run)
{
	struct log_lines *log = state;
	size_t at = 0;
	bool full = false;

	while (at < run->size) {
		const uint8_t *start = run->data + at;
		const uint8_t *end = memchr(start, '\n', run->size - at);
		size_t whole = end != NULL ? (size_t)(end - start) + 1 : run->size - at;

		full = !log_lines_fit(run);
		if (full || (end == NULL && !run->last))
			break;
		take_line(log, format, run, at, whole);
		at += whole;
	}
	run->used = at;
	run->need = full ? 1 : run->size - at + 1;
}

bool
log_lines_recognise(
    const struct log_format *format, size_t state_size, const uint8_t *head, size_t size)
{
	void *state = xcalloc(1, state_size);
	uint8_t *room = xmalloc(LOG_ROOM_MAX);
	bool found = false;

	for (size_t at = 0; at < size && !found;) {
		const uint8_t *end = memchr(head + at, '\n', size - at);
		size_t whole = end != NULL ? (size_t)(end - (head + at)) + 1 : size - at;
		struct log_line line = { .text = head + at, .size = whole, .room = room };

		if (whole > LOG_LINE_MAX || memchr(head + at, '\0', whole) != NULL)
			break;
		while (line.size > 0 &&
		       (line.text[line.size - 1] == '\n' || line.text[line.size - 1] == '\r'))
			line.size--;
		found = format->read(state, &line) == LOG_READ;
		at += whole;
	}
	free(state);
	free(room);
	return found;
}
