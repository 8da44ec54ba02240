/* SPDX-License-Identifier: ISC */
/* Inputs read again for what a finding rests on; see evidence.h. */
#include "pipeline/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "decode/decode.h"
#include "net/protocol.h"
#include "obs/dns_record.h"
#include "obs/observed.h"
#include "pipeline/evidence_text.h"
#include "source/source.h"
#include "source/stream.h"

#define LINE_MOST (64U << 10) /* octets of a line of a log */
#define DNS_PORT  53

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* --- what is looked for ----------------------------------------------------------------------- */

/* "2014-06-01T00:00:00.000Z"; 0 for what is no time. */
static nsec_t
time_of(const json_t *object, const char *key)
{
	const char *text = text_of(object, key);
	nsec_t time;

	return clock_read(text, strlen(text), &time) == ERR_OK ? time : 0;
}

/* "tcp/80" or "udp/53", of a subject's service. */
static void
take_service(struct evidence_subject *s, const char *text)
{
	char *end;
	unsigned long port;

	if (strncmp(text, "tcp/", 4) != 0 && strncmp(text, "udp/", 4) != 0)
		return;
	port = strtoul(text + 4, &end, 10);
	if (*end != '\0' || port == 0 || port > UINT16_MAX)
		return;
	s->port = (uint16_t)port;
	s->protocol = text[0] == 't' ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP;
}

static void
take_address(struct evidence_subject *s, const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix, NULL) != ERR_OK)
		return;
	if (s->prefix_count == EVIDENCE_ADDRESSES) {
		s->too_many = true;
		return;
	}
	s->prefixes[s->prefix_count++] = prefix;
}

/* A zone, suffix or name of the DNS. */
static bool
take_name(struct evidence_subject *s, const char *key, const char *text)
{
	static const char *const KEYS[] = { "zone", "suffix", "name", "qname" };

	for (size_t i = 0; s->name == NULL && i < sizeof KEYS / sizeof KEYS[0]; i++) {
		size_t size = strlen(text);
		if (strcmp(key, KEYS[i]) != 0 || strchr(text, '\\') != NULL)
			continue;
		s->name = xstrdup(text);
		if (size > 1 && s->name[size - 1] == '.')
			s->name[size - 1] = '\0';
		return true;
	}
	return false;
}

static void
read_subject(struct evidence_subject *s, const json_t *finding)
{
	const char *key;
	json_t *value;

	json_object_foreach (json_object_get(finding, "subject"), key, value) {
		json_int_t number = json_integer_value(value);
		if (strcmp(key, "port") == 0 && number > 0 && number <= UINT16_MAX)
			s->port = (uint16_t)number;
		else if (strcmp(key, "service") == 0 && json_is_string(value))
			take_service(s, json_string_value(value));
		else if (json_is_string(value) && !take_name(s, key, json_string_value(value)))
			take_address(s, json_string_value(value));
	}
	s->begin = time_of(finding, "begin");
	s->end = time_of(finding, "end") + NSEC_PER_MS; /* times of findings are whole ms */
}

/* Where an input of that name, or that place, stands; SIZE_MAX when nowhere. */
static size_t
find_input(const struct evidence *e, const json_t *name)
{
	const char *path = json_string_value(name);

	if (json_is_integer(name) && json_integer_value(name) >= 0 &&
	    (uint64_t)json_integer_value(name) < e->input_count)
		return (size_t)json_integer_value(name);
	for (size_t i = 0; path != NULL && i < e->input_count; i++)
		if (strcmp(e->inputs[i].path, path) == 0)
			return i;
	return SIZE_MAX;
}

static void
read_inputs(struct evidence *e, const json_t *review)
{
	const json_t *inputs = json_object_get(review, "inputs"), *input;
	size_t i;

	e->review_inputs = inputs;
	e->inputs = xcalloc(json_array_size(inputs) + 1, sizeof *e->inputs);
	json_array_foreach (inputs, i, input) {
		nsec_t begin = time_of(input, "begin"), end = time_of(input, "end") + NSEC_PER_MS;
		e->inputs[e->input_count++] = (struct evidence_input){
			.path = text_of(input, "path"),
			.overlaps = begin != 0 && begin < e->subject.end && end > e->subject.begin,
		};
	}
}

void
evidence_init(struct evidence *e, const json_t *review, const json_t *finding)
{
	const json_t *list = json_object_get(finding, "evidence"), *item;
	size_t i;

	read_subject(&e->subject, finding);
	read_inputs(e, review);
	e->records = xcalloc(json_array_size(list) + 1, sizeof *e->records);
	json_array_foreach (list, i, item) {
		struct evidence_record *r = &e->records[e->record_count++];
		*r = (struct evidence_record){
			.input = find_input(e, json_object_get(item, "input")),
			.offset = (uint64_t)json_integer_value(json_object_get(item, "offset")),
			.length = (uint64_t)json_integer_value(json_object_get(item, "length")),
			.decoded = json_object_get(item, "decoded"),
		};
		if (r->input != SIZE_MAX)
			e->inputs[r->input].wanted = true;
	}
}

void
evidence_release(struct evidence *e)
{
	for (size_t i = 0; i < e->input_count; i++) {
		free(e->inputs[i].file);
		free(e->inputs[i].why);
	}
	for (size_t i = 0; i < e->record_count; i++) {
		free(e->records[i].text);
		free(e->records[i].octets);
	}
	free(e->inputs);
	free(e->records);
	free(e->subject.name);
	e->inputs = NULL;
	e->records = NULL;
	e->input_count = e->record_count = 0;
}

/* --- which packets ---------------------------------------------------------------------------- */

/* The addresses of every header that was read: of tunnels the inner and the outer one, of ICMP
 * errors also the quoted one.  tshark's ip.addr means the same. */
struct headers {
	struct packet list[3];
	size_t count;
};

static void
read_headers(const struct packet *p, struct headers *h)
{
	struct drop_counters drops = { .count = { 0 } };

	h->list[0] = *p;
	h->count = 1;
	if ((p->flags & PACKET_TUNNELED) != 0) {
		h->list[h->count] = *p;
		decode_packet_outermost(&h->list[h->count++], &drops);
	}
	if ((p->flags & PACKET_HAS_QUOTE) != 0)
		decode_quote(p, &h->list[h->count++]);
}

static bool
has_address(const struct headers *h, const struct prefix *prefix)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->list[i].ip_version != 0 &&
		    (prefix_contains(prefix, &h->list[i].source) ||
			prefix_contains(prefix, &h->list[i].destination)))
			return true;
	return false;
}

static bool
has_port(const struct headers *h, const struct evidence_subject *s)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct packet *p = &h->list[i];
		if ((p->flags & PACKET_HAS_PORTS) != 0 &&
		    (s->protocol == 0 || p->protocol == s->protocol) &&
		    (p->source_port == s->port || p->destination_port == s->port))
			return true;
	}
	return false;
}

/* The first name that a message asks for, with dots; empty when it does not read. */
static void
read_question(const uint8_t *message, size_t size, char text[256])
{
	size_t at = 12, used = 0;

	text[0] = '\0';
	while (at < size && message[at] != 0) {
		size_t label = message[at];
		if (label > 63 || at + 1 + label > size || used + label + 1 > 255) {
			text[0] = '\0';
			return;
		}
		if (used != 0)
			text[used++] = '.';
		memcpy(text + used, message + at + 1, label);
		used += label;
		at += 1 + label;
	}
	text[at < size ? used : 0] = '\0';
}

/* Whether a packet from or to port 53 asks for the name or one below it; over TCP the first message
 * of a segment that begins with one. */
static bool
has_name(const struct packet *p, const char *name)
{
	const uint8_t *message = p->data + p->payload_offset;
	size_t size = p->payload_size, own = strlen(name), length;
	char text[256];

	if ((p->flags & PACKET_HAS_PORTS) == 0 ||
	    (p->source_port != DNS_PORT && p->destination_port != DNS_PORT))
		return false;
	if (p->protocol == IP_PROTOCOL_TCP) {
		message += 2;
		size -= size < 2 ? size : 2;
	}
	read_question(message, size, text);
	length = strlen(text);
	return length >= own && strcasecmp(text + length - own, name) == 0 &&
	       (length == own || text[length - own - 1] == '.');
}

static bool
is_subjects(const struct evidence_subject *s, const struct packet *p)
{
	struct headers h;

	if ((s->prefix_count == 0 && s->name == NULL) || p->kind != PACKET_IP ||
	    p->time < s->begin || p->time >= s->end)
		return false;
	if (s->name != NULL && !has_name(p, s->name))
		return false;
	read_headers(p, &h);
	for (size_t i = 0; i < s->prefix_count; i++)
		if (!has_address(&h, &s->prefixes[i]))
			return false;
	return s->port == 0 || has_port(&h, s);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
is_frame(const struct packet *p)
{
	return p->link_type < LINK_EXPORT_MESSAGE;
}

/* Keeps what is there, and says it in a line.  A record of several observations is kept once. */
static void
keep(struct evidence_record *r, const struct packet *p)
{
	const uint8_t *data = p->data;
	size_t size = p->captured_size;

	if (r->found)
		return;
	r->found = true;
	r->time = p->time;
	r->text = evidence_text(p);
	if (p->link_type == LINK_OBSERVED)
		return; /* a line of a log: read as it stands, later */
	if (p->link_type == LINK_DNS_MESSAGE && size >= sizeof(struct dns_record)) {
		struct dns_record record;
		memcpy(&record, data, sizeof record);
		data += sizeof record;
		size -= sizeof record;
		size -= record.identity_size < size ? record.identity_size : size;
	}
	r->whole = size;
	r->size = size < EVIDENCE_OCTETS ? size : EVIDENCE_OCTETS;
	r->octets = xmalloc(r->size + 1);
	memcpy(r->octets, data, r->size);
}

/* One packet of an input: which evidence it is, and whether it is the subject's. */
static void
look(struct evidence *e, size_t input, struct packet *p)
{
	struct drop_counters drops = { .count = { 0 } };
	size_t which = SIZE_MAX;

	for (size_t i = 0; i < e->record_count && which == SIZE_MAX; i++)
		if (e->records[i].input == input && e->records[i].offset == p->input_offset)
			which = i;
	if (which == SIZE_MAX && e->take == NULL)
		return;
	if (is_frame(p))
		decode_packet(p, &drops);
	for (size_t i = which; i < e->record_count; i++)
		if (e->records[i].input == input && e->records[i].offset == p->input_offset)
			keep(&e->records[i], p);
	if (e->take == NULL || !is_frame(p))
		return;
	if (which != SIZE_MAX || is_subjects(&e->subject, p))
		e->take(e->context, e->inputs[input].path, p, which);
}

/* A line of a log as it stands in the uncompressed input. */
static void
keep_line(struct evidence_record *r, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint8_t *buffer = xmalloc(LINE_MOST);
	struct stream *stream;
	uint64_t at = 0;
	size_t got = 0, size = 0;

	if (fd < 0 || stream_new(fd, &stream, NULL) != ERR_OK) {
		free(buffer);
		return;
	}
	while (size == 0 || (size < LINE_MOST && memchr(buffer, '\n', size) == NULL)) {
		uint64_t left = at < r->offset ? r->offset - at : 0;
		size_t room = left == 0          ? LINE_MOST - size
			      : left < LINE_MOST ? (size_t)left
						 : LINE_MOST;
		if (stream_read(stream, buffer + (left == 0 ? size : 0), room, &got, NULL) !=
			ERR_OK ||
		    got == 0)
			break;
		at += got;
		size += left == 0 ? got : 0;
	}
	stream_free(stream);
	if (memchr(buffer, '\n', size) != NULL)
		size = (size_t)((uint8_t *)memchr(buffer, '\n', size) - buffer);
	r->whole = size;
	r->size = size < EVIDENCE_OCTETS ? size : EVIDENCE_OCTETS;
	r->octets = buffer;
}

static void
set_state(struct evidence_input *input, enum evidence_state state, const char *why)
{
	input->state = state;
	free(input->why);
	input->why = xstrdup(why);
}

/* Whether the octets are those that the review was made of. */
static void
compare_fingerprint(struct evidence_input *input, const struct source *source, const char *known)
{
	const char *now = source_info(source)->fingerprint;

	if (known[0] == '\0')
		set_state(input, EVIDENCE_SAME, "the review has no fingerprint of it");
	else if (strcmp(now, known) == 0)
		input->state = EVIDENCE_SAME;
	else
		set_state(input, EVIDENCE_CHANGED,
		    "its octets are not those that were analysed: places in it may have moved");
}

static void
read_input(struct evidence *e, size_t index, const char *known)
{
	struct evidence_input *input = &e->inputs[index];
	struct err_info why = { .text = "" };
	struct source *source;
	struct chunk chunk;

	if (source_open(input->file, &source, &why) != ERR_OK) {
		set_state(input, EVIDENCE_MISSING, why.text);
		return;
	}
	chunk_init(&chunk);
	while (source_read(source, &chunk, &why) == ERR_OK)
		for (size_t i = 0; i < chunk.count; i++)
			look(e, index, &chunk.packets[i]);
	/* Behind damage the octets are still read for the fingerprint. */
	compare_fingerprint(input, source, known);
	chunk_release(&chunk);
	source_close(source);
	for (size_t i = 0; i < e->record_count; i++)
		if (e->records[i].input == index && e->records[i].found &&
		    e->records[i].octets == NULL)
			keep_line(&e->records[i], input->file);
}

/* The path as it was given, or the same name in the directory. */
static char *
place_of(const struct evidence *e, const char *path)
{
	const char *last = strrchr(path, '/');

	if (e->directory == NULL || access(path, R_OK) == 0)
		return xstrdup(path);
	return xasprintf("%s/%s", e->directory, last != NULL ? last + 1 : path);
}

void
evidence_read(struct evidence *e, bool all)
{
	for (size_t i = 0; i < e->input_count; i++) {
		struct evidence_input *input = &e->inputs[i];
		if (!input->wanted && !(all && input->overlaps))
			continue;
		if (strcmp(text_of(json_array_get(e->review_inputs, i), "kind"), "collect") == 0) {
			set_state(input, EVIDENCE_MISSING, "it came over the network");
			continue;
		}
		input->file = place_of(e, input->path);
		if (strcmp(input->path, "-") == 0 || access(input->file, R_OK) != 0)
			set_state(input, EVIDENCE_MISSING,
			    strcmp(input->path, "-") == 0 ? "it came through a pipe"
							  : strerror(errno));
		else
			read_input(
			    e, i, text_of(json_array_get(e->review_inputs, i), "fingerprint"));
	}
}

/* --- for other readers ------------------------------------------------------------------------ */

/* The name or one below it; dots of the expression are dots. */
static char *
name_filter(const char *before, const char *name)
{
	char *pattern = xcalloc(3 * strlen(name) + 1, 1), *text;
	size_t used = 0;

	for (; *name != '\0'; name++) {
		if (*name == '.')
			used += (size_t)snprintf(pattern + used, 4, "[.]");
		else
			pattern[used++] = *name;
	}
	text = xasprintf("%s && dns.qry.name matches \"(?i)(^|[.])%s$\"", before, pattern);
	free(pattern);
	return text;
}

char *
evidence_filter(const struct evidence_subject *s)
{
	char address[PREFIX_TEXT_SIZE];
	char *text, *longer;

	if (s->prefix_count == 0 && s->name == NULL)
		return NULL;
	text = xasprintf("frame.time_epoch >= %lld.%09lld && frame.time_epoch < %lld.%09lld",
	    (long long)(s->begin / NSEC_PER_SEC), (long long)(s->begin % NSEC_PER_SEC),
	    (long long)(s->end / NSEC_PER_SEC), (long long)(s->end % NSEC_PER_SEC));
	if (s->name != NULL) {
		longer = name_filter(text, s->name);
		free(text);
		text = longer;
	}
	for (size_t i = 0; i < s->prefix_count; i++) {
		const struct prefix *p = &s->prefixes[i];
		longer = xasprintf("%s && %s == %s", text,
		    address_is_ipv4(&p->address) ? "ip.addr" : "ipv6.addr",
		    prefix_format(p, address));
		free(text);
		text = longer;
	}
	if (s->port != 0) {
		longer = s->protocol != 0
			     ? xasprintf("%s && %s.port == %u", text,
				   s->protocol == IP_PROTOCOL_TCP ? "tcp" : "udp", s->port)
			     : xasprintf("%s && (tcp.port == %u || udp.port == %u)", text, s->port,
				   s->port);
		free(text);
		text = longer;
	}
	return text;
}
