/* SPDX-License-Identifier: ISC */
/* Contacts as lines; see record.h. */
#include "sensor/record.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "sensor/payload.h"

#define NOTE_SIZE 256

static const char *const ENDS[RECORD_ENDS] = { "peer", "reset", "idle", "time", "size", "done",
	"room", "stop" };

/* What the facts come to in a few words: "tls example.com", "http GET /", "ssh SSH-2.0-Go". */
static void
add_note(struct line *line, const struct payload_facts *facts)
{
	static const char *const WORTH[] = { "method", "target", "banner", "server_name", "ja3",
		"dialects" };
	char note[NOTE_SIZE];
	size_t used = (size_t)snprintf(note, sizeof note, "%s", payload_kind_name(facts->kind));

	for (size_t w = 0; w < sizeof WORTH / sizeof WORTH[0]; w++)
		for (size_t i = 0; i < facts->count; i++) {
			const struct payload_fact *f = &facts->facts[i];

			if (strcmp(f->key, WORTH[w]) != 0 || f->size + 1 > sizeof note - used)
				continue;
			note[used++] = ' ';
			memcpy(note + used, f->value, f->size);
			used += f->size;
		}
	line_text(line, "note", note, used);
}

static void
add_facts(struct line *line, const struct visitor *v)
{
	struct payload_facts facts;

	payload_recognise(v->payload, v->payload_size, &facts);
	line_text(
	    line, "kind", payload_kind_name(facts.kind), strlen(payload_kind_name(facts.kind)));
	if (facts.count == 0)
		return;
	line_open(line, "facts", '{');
	for (size_t i = 0; i < facts.count; i++)
		line_text(line, facts.facts[i].key, facts.facts[i].value, facts.facts[i].size);
	line_close(line, '}');
	add_note(line, &facts);
}

static void
add_logins(struct line *line, const struct dialogue *d)
{
	const char *service = dialogue_service_name((enum service)d->service);

	if (d->login_count == 0)
		return;
	line_open(line, "logins", '[');
	for (unsigned i = 0; i < d->login_count; i++) {
		const struct dialogue_login *login = &d->logins[i];

		line_open(line, NULL, '{');
		line_text(line, "service", service, strlen(service));
		line_text(line, "user", login->user, login->user_size);
		line_text(line, "password", login->password, login->password_size);
		line_close(line, '}');
	}
	line_close(line, ']');
}

void
record_contact(struct line *line, const char *sensor, const struct visitor *v, enum record_end end)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	line_begin(line, "contact", sensor);
	line_time(line, "begin", v->wall);
	line_time(line, "end", v->wall + (v->last - v->begin));
	line_text(line, "protocol", v->fd < 0 ? "udp" : "tcp", 3);
	line_address(line, "source", &v->ends.source);
	line_number(line, "source_port", v->ends.source_port);
	line_address(line, "destination", &v->ends.destination);
	line_number(line, "destination_port", v->ends.destination_port);
	line_number(line, "count", v->count);
	line_number(line, "octets", v->octets);
	line_text(line, "closed", ENDS[end], strlen(ENDS[end]));
	add_facts(line, v);
	add_logins(line, &v->dialogue);
	if (v->payload_size != 0) {
		(void)SHA256(v->payload, v->payload_size, digest);
		line_hex(line, "sha256", digest, sizeof digest);
		line_base64(line, "payload", v->payload, v->payload_size);
	}
	line_end(line);
}
