/* SPDX-License-Identifier: ISC */
/*
 * The JSON lines of Cowrie, a honeypot of SSH and telnet, as contacts and attempts to log in.
 *
 *	{"eventid":"cowrie.session.connect","src_ip":…,"src_port":…,"dst_ip":…,"dst_port":…,
 *	 "session":"a1b2c3d4e5f6","protocol":"ssh","sensor":"pot","timestamp":"2026-11-22T…Z",…}
 *	… cowrie.client.version, cowrie.login.failed, cowrie.login.success, cowrie.command.input,
 *	cowrie.session.file_download, …
 *	{"eventid":"cowrie.session.closed","session":"a1b2c3d4e5f6","duration":12.3,…}
 *
 * A session is one contact, told when it closes: from its connection to its end, its payload the
 * commands that were typed, a line each, its note the protocol, the client's version and what was
 * fetched.  Every attempt to log in is told at once.  Sessions lie in a table of fixed size; one
 * that must make room, and one that is open when the log ends, is told as far as it is known.
 * Sessions whose connection stands in an older file have no port of their own.
 */
#include <openssl/sha.h>
#include <stdlib.h>
#include <xxhash.h>

#include "obs/packet.h"
#include "source/json_line.h"
#include "source/log_lines.h"

#define SETS          256
#define WAYS          8
#define ID_KEPT       32
#define SENSOR_KEPT   64
#define VERSION_KEPT  96
#define COMMANDS_KEPT 1024
#define NOTE_KEPT     512

/* A session that is open. */
struct session {
	bool used, telnet;
	uint8_t id_size, sensor_size, version_size;
	uint16_t commands_size, note_size;
	uint16_t source_port, destination_port;
	uint64_t number; /* of sessions before it: the oldest makes room */
	uint64_t offset; /* of its first line */
	uint32_t length;
	nsec_t begin, end;
	struct address source, destination;
	uint64_t octets;
	char id[ID_KEPT], sensor[SENSOR_KEPT], version[VERSION_KEPT];
	char note[NOTE_KEPT], commands[COMMANDS_KEPT];
};

struct cowrie {
	struct log_lines lines;
	uint64_t opened;
	size_t flushed; /* at the log's end: sessions looked at */
	struct session sessions[SETS][WAYS];
};

/* What every line has. */
struct event {
	struct json_line json;
	nsec_t time;
	const char *name; /* behind "cowrie." */
};

static void
keep(char *to, size_t room, size_t *used, struct octets text)
{
	size_t size = text.size < room - *used ? text.size : room - *used;

	if (size != 0)
		memcpy(to + *used, text.data, size);
	*used += size;
}

static void
add_text(char *to, size_t room, uint16_t *used, const char *before, struct octets text)
{
	size_t size = *used;

	if (size != 0)
		keep(to, room, &size, (struct octets){ (const uint8_t *)before, strlen(before) });
	keep(to, room, &size, text);
	*used = (uint16_t)size;
}

/* What is told of a session; its texts go to `room`. */
static struct contact
contact_of(const struct session *s, uint8_t *room, size_t *ret_used)
{
	struct contact c = {
		.begin = s->begin,
		.end = s->end,
		.source = s->source,
		.destination = s->destination,
		.source_port = s->source_port,
		.destination_port = s->destination_port,
		.protocol = IP_PROTOCOL_TCP,
		.count = 1,
		.octets = s->octets,
		.input_offset = s->offset,
		.input_length = s->length,
	};
	uint8_t *at = room;

	memcpy(at, s->sensor, s->sensor_size);
	c.sensor = (struct octets){ at, s->sensor_size };
	at += s->sensor_size;
	c.note.data = at;
	memcpy(at, s->telnet ? "telnet" : "ssh", s->telnet ? 6 : 3);
	at += s->telnet ? 6 : 3;
	if (s->version_size != 0)
		*at++ = ' ';
	memcpy(at, s->version, s->version_size);
	at += s->version_size;
	if (s->note_size != 0)
		*at++ = ' ';
	memcpy(at, s->note, s->note_size);
	at += s->note_size;
	c.note.size = (size_t)(at - c.note.data);
	memcpy(at, s->commands, s->commands_size);
	c.payload = (struct octets){ at, s->commands_size };
	at += s->commands_size;
	if (s->commands_size != 0)
		(void)SHA256(c.payload.data, c.payload.size, c.sha256);
	*ret_used = (size_t)(at - room);
	return c;
}

static void
tell(struct log_line *line, struct session *s)
{
	size_t used;

	line->room_used = (line->room_used + 7) / 8 * 8;
	log_observe(line, OBSERVED_CONTACT)->contact =
	    contact_of(s, line->room + line->room_used, &used);
	line->room_used += used;
	line->source = s->source;
	line->destination = s->destination;
	s->used = false;
}

/* The session of a line; the oldest of its set makes room for a new one, and is told. */
static struct session *
find_session(struct cowrie *log, struct event *event)
{
	struct octets id = json_line_text(&event->json, "session");
	struct session *set, *chosen;

	if (id.size == 0 || id.size > ID_KEPT)
		return NULL;
	set = chosen = log->sessions[XXH3_64bits(id.data, id.size) % SETS];
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].used && set[i].id_size == id.size &&
		    memcmp(set[i].id, id.data, id.size) == 0)
			return &set[i];
	for (size_t i = 1; i < WAYS; i++)
		if (chosen->used && (!set[i].used || set[i].number < chosen->number))
			chosen = &set[i];
	if (chosen->used)
		tell(event->json.line, chosen);
	*chosen = (struct session){ .used = true, .number = log->opened++ };
	memcpy(chosen->id, id.data, id.size);
	chosen->id_size = (uint8_t)id.size;
	return chosen;
}

/* What any line may tell of its session. */
static void
note_line(struct session *s, struct event *event, bool connects)
{
	struct json_line *json = &event->json;
	struct octets sensor = json_line_text(json, "sensor");
	size_t size = 0;

	if (s->begin == 0) {
		s->begin = event->time;
		s->offset = json->line->offset;
		s->length = (uint32_t)json->line->size;
		(void)json_line_address(json, "src_ip", &s->source);
		keep(s->sensor, SENSOR_KEPT, &size, sensor);
		s->sensor_size = (uint8_t)size;
	}
	if (event->time > s->end)
		s->end = event->time;
	if (json_line_is(json, "protocol", "telnet"))
		s->telnet = true;
	if (!connects)
		return;
	/* Later lines have addresses of their own, of what the session asked for. */
	(void)json_line_address(json, "dst_ip", &s->destination);
	s->source_port = (uint16_t)json_line_number(json, "src_port", UINT16_MAX, 0);
	s->destination_port = (uint16_t)json_line_number(json, "dst_port", UINT16_MAX, 0);
}

static void
tell_login(struct event *event, struct session *s, bool success)
{
	struct json_line *json = &event->json;
	struct octets user = json_line_text(json, "username");
	struct octets password = json_line_text(json, "password");

	json->line->source = s->source;
	json->line->destination = s->destination;
	log_observe(json->line, OBSERVED_LOGIN)->login = (struct login){
		.time = event->time,
		.source = s->source,
		.destination = s->destination,
		.source_port = s->source_port,
		.destination_port = s->destination_port,
		.outcome = success ? LOGIN_SUCCEEDED : LOGIN_FAILED,
		.origin = LOGIN_FROM_HONEYPOT,
		.count = 1,
		.service = s->telnet ? "telnet" : "ssh",
		.host = json_line_keep(json->line, s->sensor, s->sensor_size),
		.user = user,
		.password = password,
		.client = json_line_keep(json->line, s->version, s->version_size),
		.input_offset = json->line->offset,
		.input_length = (uint32_t)json->line->size,
	};
}

static void
take_event(struct session *s, struct event *event)
{
	struct json_line *json = &event->json;
	const char *name = event->name;
	size_t size = 0;

	if (strcmp(name, "login.failed") == 0 || strcmp(name, "login.success") == 0) {
		tell_login(event, s, name[6] == 's');
	} else if (strcmp(name, "client.version") == 0) {
		keep(s->version, VERSION_KEPT, &size, json_line_text(json, "version"));
		s->version_size = (uint8_t)size;
	} else if (strncmp(name, "command.", 8) == 0 && strcmp(name, "command.success") != 0) {
		struct octets input = json_line_text(json, "input");

		s->octets += input.size;
		add_text(s->commands, COMMANDS_KEPT, &s->commands_size, "\n", input);
	} else if (strncmp(name, "session.file_", 13) == 0) {
		add_text(s->note, NOTE_KEPT, &s->note_size, " ", json_line_text(json, "url"));
		add_text(s->note, NOTE_KEPT, &s->note_size, " ", json_line_text(json, "shasum"));
	} else if (strcmp(name, "session.closed") == 0) {
		tell(json->line, s);
	}
}

static const char *
read_event(struct cowrie *log, struct event *event)
{
	struct session *s;
	bool connects = strcmp(event->name, "session.connect") == 0;

	if (!json_line_time(&event->json, "timestamp", &event->time))
		return "no time";
	event->json.line->time = event->time;
	s = find_session(log, event);
	if (s == NULL)
		return "no session";
	note_line(s, event, connects);
	take_event(s, event);
	return NULL;
}

static enum log_verdict
read_cowrie(void *state, struct log_line *line)
{
	struct event event = { 0 };
	enum log_verdict verdict = LOG_OTHER;
	const char *id;

	if (line->size == 0)
		return LOG_OTHER;
	if (json_line_open(&event.json, line)) {
		id = json_string_value(json_object_get(event.json.root, "eventid"));
		if (id != NULL && strncmp(id, "cowrie.", 7) == 0) {
			event.name = id + 7;
			line->why = read_event(state, &event);
			verdict = line->why != NULL ? LOG_BAD : LOG_OTHER;
		}
	} else {
		line->why = "no JSON object";
		verdict = LOG_BAD;
	}
	json_line_close(&event.json);
	return line->count != 0 ? LOG_READ : verdict;
}

static const struct log_format COWRIE = { .read = read_cowrie };

/* Sessions that are open at the log's end, as many as the run has room for; the reader comes back
 * for the others. */
static void
flush(struct cowrie *log, struct capture_run *run)
{
	for (; log->flushed < (size_t)SETS * WAYS; log->flushed++) {
		struct session *s = &log->sessions[log->flushed / WAYS][log->flushed % WAYS];
		struct log_line line = { .time = s->end };

		if (!s->used)
			continue;
		if (!log_lines_fit(run))
			return;
		line.room = run->room + run->room_used;
		line.offset = s->offset;
		tell(&line, s);
		log_lines_give(run, &line);
	}
}

static void
run_cowrie(void *state, struct capture_run *run)
{
	log_lines_run(state, &COWRIE, run);
	if (run->last && run->used == run->size)
		flush(state, run);
}

static bool
recognise_cowrie(const uint8_t *head, size_t size)
{
	struct log_text text = log_text_over(head, size), line = text;

	(void)log_text_until(&text, '\n', &line);
	return log_text_begins(&line, "{") && log_text_find(&line, "\"eventid\"") != NULL &&
	       log_text_find(&line, "\"cowrie.") != NULL;
}

const struct capture_format capture_cowrie = {
	.name = "cowrie",
	.recognise = recognise_cowrie,
	.state_size = sizeof(struct cowrie),
	.run = run_cowrie,
	.passed_one = "line is",
	.passed_many = "such lines are",
	.makes = true,
};
