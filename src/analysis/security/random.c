/* SPDX-License-Identifier: ISC */
/*
 * Random communications: what comes to addresses that nobody uses, and to sensors that wait there,
 * without being an answer (security/backscatter).
 *
 * Packets to dark prefixes and sensors, and what the logs of honeypots tell (OBS_CONTACT), are
 * counted by source, sensor, port and 300 seconds; a dark address is a sensor of its own.  Of each
 * attack the first payload is known by its SHA-256.  See random.h for what an attack is and how
 * many are held; random_rows.c writes the rows.
 */
#include "analysis/security/random.h"

#include <errno.h>
#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define ATTACKS_MOST  16384 /* of a shard */
#define PAYLOADS_MOST 512
#define SENSORS_MOST  1024
#define WATCHES_MOST  2048
#define PORTS_MOST    16384
#define LIST_MOST     100000 /* prefixes in a file */
#define FOLDED        255    /* the protocol of ports that found no place */

/* Some packets go away when too many come: those of the attacks whose hash is least. */
static uint64_t
attack_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct random_attack *)entry)->hash;
}

static uint64_t
payload_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct random_payload *)entry)->seen;
}

static uint64_t
sensor_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct random_sensor *)entry)->packets;
}

static uint64_t
watch_weight(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return (uint64_t)((const struct random_watch *)entry)->end;
}

static const struct dns_pool_shape ATTACKS = { 4, sizeof(struct random_attack), ATTACKS_MOST,
	attack_weight };
static const struct dns_pool_shape PAYLOADS = { 4, sizeof(struct random_payload), PAYLOADS_MOST,
	payload_weight };
static const struct dns_pool_shape SENSORS = { 1, sizeof(struct random_sensor), SENSORS_MOST,
	sensor_weight };
static const struct dns_pool_shape WATCHES = { 2, sizeof(struct random_watch), WATCHES_MOST,
	watch_weight };

/* ------------------------------------------------------------------ lists of prefixes */

/* A line: blanks, a comment from '#' on. */
static void
trim(char *line)
{
	size_t from = strspn(line, " \t"), size;

	line[strcspn(line, "#\r\n")] = '\0';
	from = from < strlen(line) ? from : strlen(line);
	size = strlen(line + from);
	memmove(line, line + from, size + 1);
	while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t'))
		line[--size] = '\0';
}

static enum err
read_lines(
    FILE *file, const char *path, struct prefix *list, size_t *ret_count, struct err_info *info)
{
	char line[256];
	size_t count = 0, number = 0;

	while (fgets(line, sizeof line, file) != NULL) {
		number++;
		trim(line);
		if (line[0] == '\0')
			continue;
		if (count == LIST_MOST)
			return err_set(
			    info, ERR_CONFIG, "%s: more than %d prefixes", path, LIST_MOST);
		if (prefix_parse(line, &list[count], NULL) != ERR_OK)
			return err_set(
			    info, ERR_CONFIG, "%s:%zu: \"%.60s\" is no prefix", path, number, line);
		count++;
	}
	*ret_count = count;
	return ERR_OK;
}

/* A file of prefixes, a line each; no file when the setting is empty. */
static enum err
read_list(const struct settings *settings, const char *name, struct prefix_set **ret_set,
    struct err_info *info)
{
	const char *path = settings_text(settings, name);
	struct prefix *list;
	size_t count = 0;
	FILE *file;
	enum err e;

	if (path[0] == '\0')
		return ERR_OK;
	errno = 0;
	file = fopen(path, "re");
	if (file == NULL)
		return err_set(info, ERR_CONFIG, "%s: %s: %s", name, path, strerror(errno));
	list = xcalloc(LIST_MOST, sizeof *list);
	e = read_lines(file, path, list, &count, info);
	if (e == ERR_OK)
		*ret_set = prefix_set_new(list, count);
	free(list);
	(void)fclose(file);
	return e;
}

static bool
is_listed(const struct prefix_set *set, const struct address *a)
{
	return set != NULL && prefix_set_find(set, a) >= 0;
}

/* ------------------------------------------------------------------ life */

char *
random_sensor_name(const struct dark_prefix *d, char text[RANDOM_NAME_SIZE])
{
	char prefix[PREFIX_TEXT_SIZE];

	(void)snprintf(text, RANDOM_NAME_SIZE, "%s",
	    d->name != NULL ? d->name : prefix_format(&d->prefix, prefix));
	return text;
}

uint64_t
random_name_hash(const char *name)
{
	uint64_t words[RANDOM_NAME_SIZE / 8] = { 0 };

	memcpy(words, name, strnlen(name, RANDOM_NAME_SIZE - 1));
	return hash_mix_words(words, RANDOM_NAME_SIZE / 8);
}

static enum err
init(void *state, const struct analysis_context *context, struct err_info *info)
{
	struct random_state *s = state;
	enum err e;

	dark_space_init(&s->space, context->site);
	s->names = xcalloc(s->space.count + 1, sizeof *s->names);
	for (size_t i = 0; i < s->space.count; i++)
		s->names[i].hash =
		    random_name_hash(random_sensor_name(&s->space.prefixes[i], s->names[i].text));
	dns_pool_init(&s->attacks, &ATTACKS, &context->secret);
	dns_pool_init(&s->payloads, &PAYLOADS, &context->secret);
	dns_pool_init(&s->sensors, &SENSORS, &context->secret);
	dns_pool_init(&s->watches, &WATCHES, &context->secret);
	cells_init(&s->ports, PORTS_MOST, &context->secret);
	s->countries = context->countries;
	s->secret = context->secret;
	e = read_list(context->settings, "research_scanners", &s->research, info);
	if (e == ERR_OK)
		e = read_list(context->settings, "own_monitoring", &s->monitoring, info);
	return e;
}

static void
release(void *state)
{
	struct random_state *s = state;

	dark_space_release(&s->space);
	free(s->names);
	prefix_set_free(s->research);
	prefix_set_free(s->monitoring);
	dns_pool_release(&s->attacks);
	dns_pool_release(&s->payloads);
	dns_pool_release(&s->sensors);
	dns_pool_release(&s->watches);
	cells_release(&s->ports);
}

static void
clear(void *state)
{
	struct random_state *s = state;

	if (!s->touched)
		return;
	dns_pool_clear(&s->attacks);
	dns_pool_clear(&s->payloads);
	dns_pool_clear(&s->sensors);
	dns_pool_clear(&s->watches);
	cells_clear(&s->ports);
	s->fold = s->evicted = 0;
	s->touched = false;
	memset(s->totals, 0, sizeof s->totals);
}

/* ------------------------------------------------------------------ counting */

/* What is the same of a packet and of a line of a log. */
struct event {
	nsec_t begin, end;
	struct address source;
	uint64_t target, sensor; /* hashes */
	uint8_t protocol;
	uint16_t port;
	uint64_t count, octets;
	uint64_t offset, length;
	const uint8_t *payload; /* NULL: none, or not whole */
	size_t payload_size;
	const uint8_t *sha256; /* of it; NULL: not known yet */
};

static uint64_t
port_key(nsec_t time, uint8_t protocol, uint16_t port)
{
	return (uint64_t)floor_div(time, RANDOM_QUARTER) << 24 | (uint64_t)protocol << 16 | port;
}

static void
count_port(struct random_state *s, const struct event *e)
{
	struct cell *cell = cells_at(&s->ports, port_key(e->begin, e->protocol, e->port));

	if (s->fold == 0)
		s->fold = port_key(e->begin, FOLDED, 0);
	if (cell == NULL)
		cell = cells_at(&s->ports, s->fold);
	if (cell == NULL)
		return;
	cell->sums[0] += e->count;
	cell->sums[1] += e->octets;
}

static void
count_sensor(struct random_state *s, const struct event *e, const char *name, double addresses)
{
	struct random_sensor *sensor = dns_pool_at(&s->sensors, &e->sensor);

	if (sensor->packets == 0) {
		sensor->first = e->begin;
		sensor->last = e->end;
		sensor->addresses = addresses;
		(void)snprintf(sensor->name, sizeof sensor->name, "%s", name);
	}
	sensor->first = e->begin < sensor->first ? e->begin : sensor->first;
	sensor->last = e->end > sensor->last ? e->end : sensor->last;
	sensor->packets += e->count;
}

static bool
is_before(nsec_t time, uint64_t offset, nsec_t other, uint64_t other_offset)
{
	return time < other || (time == other && offset < other_offset);
}

static void
keep_payload(struct random_state *s, struct random_attack *a, const struct event *e)
{
	uint64_t digest[4];
	struct random_payload *p;

	/* One hash for an attack, unless an earlier packet comes later. */
	if (a->payload_time != 0 &&
	    !is_before(e->begin, e->offset, a->payload_time, a->payload_offset))
		return;
	if (e->sha256 != NULL)
		memcpy(digest, e->sha256, sizeof digest);
	else
		(void)SHA256(e->payload, e->payload_size, (unsigned char *)digest);
	memcpy(a->payload, digest, sizeof digest);
	a->payload_time = e->begin;
	a->payload_offset = e->offset;
	p = dns_pool_at(&s->payloads, digest);
	p->seen++;
	if (p->first != 0 && !is_before(e->begin, e->offset, p->first, p->offset))
		return;
	p->first = e->begin;
	p->source = e->source;
	p->sensor = e->sensor;
	p->offset = e->offset;
	p->length = e->length;
	p->size = (uint32_t)e->payload_size;
	p->port = e->port;
	p->protocol = e->protocol;
	p->kept = (uint8_t)(e->payload_size < RANDOM_SAMPLE_OCTETS ? e->payload_size
								   : RANDOM_SAMPLE_OCTETS - 1);
	memcpy(p->octets, e->payload, p->kept);
}

/* After a purge: nothing below the least that was left is held from now on. */
static void
raise_floor(struct random_state *s)
{
	uint64_t least = UINT32_MAX;

	s->evicted = s->attacks.evicted;
	for (uint32_t i = 0; i + 1 < s->attacks.count; i++) {
		const struct random_attack *a = dns_pool_entry(&s->attacks, i);
		least = a->hash < least ? a->hash : least;
	}
	if (least > s->totals[RT_FLOOR] + 1)
		s->totals[RT_FLOOR] = least - 1;
}

static void
count_attack(struct random_state *s, const struct event *e)
{
	uint64_t service = (uint64_t)e->protocol << 16 | e->port;
	uint64_t key[4] = { e->source.words[0], e->source.words[1], e->target, service };
	uint64_t hash = hash_mix_words(key, 4) >> 32;
	struct random_attack *a;

	if (hash <= s->totals[RT_FLOOR] && s->totals[RT_FLOOR] != 0)
		return;
	key[3] |= (uint64_t)(e->begin / RANDOM_PAUSE) << 24;
	a = dns_pool_at(&s->attacks, key);
	if (a->packets == 0) {
		*a = (struct random_attack){ .first = e->begin,
			.last = e->end,
			.hash = hash,
			.sensor = e->sensor,
			.offset = e->offset,
			.length = e->length };
		memcpy(a->key, key, sizeof key);
	}
	if (is_before(e->begin, e->offset, a->first, a->offset)) {
		a->first = e->begin;
		a->offset = e->offset;
		a->length = e->length;
	}
	a->last = e->end > a->last ? e->end : a->last;
	a->packets += e->count;
	a->octets += e->octets;
	if (e->payload_size > 0 && e->payload != NULL)
		keep_payload(s, a, e);
	if (s->attacks.evicted != s->evicted)
		raise_floor(s);
}

/* Whether somebody is left out; counts them. */
static bool
is_excluded(struct random_state *s, const struct address *source, uint64_t count)
{
	if (is_listed(s->research, source)) {
		s->totals[RT_RESEARCH] += count;
		return true;
	}
	if (is_listed(s->monitoring, source)) {
		s->totals[RT_MONITORING] += count;
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ packets */

/* The rest of a datagram, or a header that the capture cut. */
static bool
has_service(const struct packet *p)
{
	if ((p->flags & PACKET_FRAGMENT) != 0 && (p->flags & PACKET_FRAGMENT_FIRST) == 0)
		return false;
	if (p->protocol == IP_PROTOCOL_TCP || p->protocol == IP_PROTOCOL_UDP)
		return (p->flags & PACKET_HAS_PORTS) != 0;
	return (p->protocol != IP_PROTOCOL_ICMP && p->protocol != IP_PROTOCOL_ICMPV6) ||
	       p->l4_offset != 0;
}

static uint16_t
port_of(const struct packet *p)
{
	if ((p->flags & PACKET_HAS_PORTS) != 0)
		return p->destination_port;
	if (p->protocol == IP_PROTOCOL_ICMP || p->protocol == IP_PROTOCOL_ICMPV6)
		return (uint16_t)(p->icmp_type << 8);
	return 0;
}

/* Payload of TCP and UDP that is there whole: the hash of a part would be another. */
static bool
has_payload(const struct packet *p)
{
	return (p->protocol == IP_PROTOCOL_TCP || p->protocol == IP_PROTOCOL_UDP) &&
	       p->payload_size > 0 && (p->flags & (PACKET_SNAPPED | PACKET_FRAGMENT)) == 0;
}

static double
addresses_of(const struct dark_prefix *d)
{
	return d->name != NULL || !address_is_ipv4(&d->prefix.address)
		   ? 1
		   : ldexp(1, 32 - d->prefix.length);
}

static void
take_packet(struct random_state *s, const struct packet *p)
{
	long which = dark_space_find(&s->space, &p->destination);
	const struct dark_prefix *d;
	struct dark_victim victim;
	enum dark_kind kind;
	struct event e;

	if (which < 0)
		return;
	s->touched = true;
	d = &s->space.prefixes[which];
	kind = dark_classify(p, d->answers, &victim);
	if (kind != DARK_OTHER && kind != DARK_ACK) {
		s->totals[RT_BACKSCATTER]++;
		return;
	}
	if (is_excluded(s, &p->source, 1))
		return;
	e = (struct event){ .begin = p->time,
		.end = p->time,
		.source = p->source,
		.target =
		    d->answers ? s->names[which].hash : hash_mix_words(p->destination.words, 2),
		.sensor = s->names[which].hash,
		.protocol = p->protocol,
		.port = has_service(p) ? port_of(p) : 0,
		.count = 1,
		.octets = p->octets,
		.offset = p->input_offset,
		.length = p->captured_size };
	if (has_payload(p)) {
		e.payload = p->data + p->payload_offset;
		e.payload_size = p->payload_size;
	}
	s->totals[RT_PACKETS]++;
	count_sensor(s, &e, s->names[which].text, addresses_of(d));
	count_port(s, &e);
	if (has_service(p))
		count_attack(s, &e);
	else
		s->totals[RT_NO_PORT]++;
}

static void
observe_packets(struct random_state *s, const struct batch *batch)
{
	if (s->space.count == 0)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		const struct packet *p = batch->packets[i];
		if (p->kind == PACKET_IP && p->time >= 0 &&
		    dark_space_may_hold(&s->space, &p->destination))
			take_packet(s, p);
	}
}

/* ------------------------------------------------------------------ logs */

static char *
copy_name(const struct octets *from, char text[RANDOM_NAME_SIZE])
{
	size_t size = from->size < RANDOM_NAME_SIZE - 1 ? from->size : RANDOM_NAME_SIZE - 1;

	if (size > 0)
		memcpy(text, from->data, size);
	text[size] = '\0';
	if (strlen(text) == 0)
		(void)snprintf(text, RANDOM_NAME_SIZE, "sensor");
	return text;
}

/* Sums have no ports, and those by source and by hour may be of the same events: only the latter
 * have a place in time. */
static void
take_sum(struct random_state *s, struct event *e)
{
	if ((e->source.words[0] | e->source.words[1]) != 0) {
		s->totals[RT_AGGREGATED] += e->count;
		return;
	}
	s->totals[RT_HOURLY] += e->count;
	e->protocol = RANDOM_SUMS;
	e->port = 0;
	count_port(s, e);
}

static void
take_contact(struct random_state *s, const struct contact *c)
{
	char name[RANDOM_NAME_SIZE];
	struct event e;

	if (c->begin < 0 || is_excluded(s, &c->source, c->count))
		return;
	copy_name(&c->sensor, name);
	e = (struct event){ .begin = c->begin,
		.end = c->end > c->begin ? c->end : c->begin,
		.source = c->source,
		.target = random_name_hash(name),
		.sensor = random_name_hash(name),
		.protocol = c->protocol,
		.port = c->destination_port,
		.count = c->count,
		.octets = c->octets,
		.offset = c->input_offset,
		.length = c->input_length };
	if (c->protocol == IP_PROTOCOL_ICMP || c->protocol == IP_PROTOCOL_ICMPV6)
		e.port &= 0xff00;
	if (c->payload.size > 0) {
		e.payload = c->payload.data;
		e.payload_size = c->payload.size;
		e.sha256 = c->sha256;
	}
	if (c->aggregate) {
		take_sum(s, &e);
		return;
	}
	s->totals[RT_CONTACTS] += c->count;
	count_sensor(s, &e, name, 1);
	count_port(s, &e);
	count_attack(s, &e);
}

static void
take_watch(struct random_state *s, const struct sensor_watch *w)
{
	char name[RANDOM_NAME_SIZE];
	uint64_t key[2];
	struct random_watch *watch;

	if (w->begin < 0 || w->end <= w->begin)
		return;
	key[0] = random_name_hash(copy_name(&w->sensor, name));
	key[1] = analysis_ms(w->begin);
	watch = dns_pool_at(&s->watches, key);
	watch->end = w->end > watch->end ? w->end : watch->end;
	memcpy(watch->name, name, sizeof name);
}

static void
observe(void *state, const struct batch *batch)
{
	struct random_state *s = state;

	if (batch->type == OBS_PACKET) {
		observe_packets(s, batch);
		return;
	}
	s->touched |= batch->count > 0;
	for (size_t i = 0; i < batch->count; i++)
		if (batch->type == OBS_CONTACT)
			take_contact(s, batch->contacts[i]);
		else if (batch->type == OBS_WATCH)
			take_watch(s, batch->watches[i]);
}

/* ------------------------------------------------------------------ merging */

static void
add_attack(void *into, const void *from)
{
	struct random_attack *a = into;
	const struct random_attack *f = from;
	bool fresh = a->packets == 0;

	if (fresh) {
		*a = *f;
		return;
	}
	if (is_before(f->first, f->offset, a->first, a->offset)) {
		a->first = f->first;
		a->offset = f->offset;
		a->length = f->length;
	}
	a->last = f->last > a->last ? f->last : a->last;
	a->packets += f->packets;
	a->octets += f->octets;
	if (f->payload_time != 0 &&
	    (a->payload_time == 0 || is_before(f->payload_time, f->payload_offset, a->payload_time,
					 a->payload_offset))) {
		a->payload_time = f->payload_time;
		a->payload_offset = f->payload_offset;
		memcpy(a->payload, f->payload, sizeof a->payload);
	}
}

static void
add_payload(void *into, const void *from)
{
	struct random_payload *p = into;
	const struct random_payload *f = from;
	uint64_t seen = p->seen + f->seen;

	if (p->first == 0 || is_before(f->first, f->offset, p->first, p->offset))
		*p = *f;
	p->seen = seen;
}

static void
add_sensor(void *into, const void *from)
{
	struct random_sensor *s = into;
	const struct random_sensor *f = from;

	if (s->packets == 0) {
		*s = *f;
		return;
	}
	s->first = f->first < s->first ? f->first : s->first;
	s->last = f->last > s->last ? f->last : s->last;
	s->packets += f->packets;
}

static void
add_watch(void *into, const void *from)
{
	struct random_watch *w = into;
	const struct random_watch *f = from;

	w->end = f->end > w->end ? f->end : w->end;
	memcpy(w->name, f->name, sizeof w->name);
}

static void
merge(void *into, const void *from)
{
	struct random_state *s = into;
	const struct random_state *f = from;
	uint64_t floor = s->totals[RT_FLOOR];

	if (!f->touched)
		return;
	s->touched = true;
	dns_pool_merge(&s->attacks, &f->attacks, add_attack);
	dns_pool_merge(&s->payloads, &f->payloads, add_payload);
	dns_pool_merge(&s->sensors, &f->sensors, add_sensor);
	dns_pool_merge(&s->watches, &f->watches, add_watch);
	if (s->fold == 0 || (f->fold != 0 && f->fold < s->fold))
		s->fold = f->fold;
	cells_merge(&s->ports, &f->ports, s->fold);
	for (unsigned i = 0; i < RT_COLUMNS; i++)
		s->totals[i] += f->totals[i];
	s->totals[RT_FLOOR] = floor > f->totals[RT_FLOOR] ? floor : f->totals[RT_FLOOR];
}

/* ------------------------------------------------------------------ declaration */

static const struct setting SETTINGS[] = {
	{ "research_scanners", SETTING_TEXT, "", NULL, NULL,
	    "file of prefixes, one a line, of researchers who scan: excluded" },
	{ "own_monitoring", SETTING_TEXT, "", NULL, NULL,
	    "file of prefixes, one a line, of the site's own monitoring: excluded" },
	{ "spread_sources", SETTING_U64, "10", "2", "1000000000",
	    "sources of a payload never seen before from which on it is reported" },
	{ "surge_factor", SETTING_F64, "8", "1", "1000000",
	    "attacks on a port in an hour over the median hour of the day before" },
	{ "surge_attacks", SETTING_U64, "100", "1", "1000000000",
	    "least attacks on a port in an hour that are reported" },
	{ "own_attacks", SETTING_U64, "5", "1", "1000000000",
	    "least attacks of one of the site's own addresses that are reported" },
};

static const struct column ATTACK_COLUMNS[] = {
	{ "source", COLUMN_ADDRESS, "" },
	{ "target", COLUMN_U64, "" },
	{ "sensor", COLUMN_TEXT, "" },
	{ "protocol", COLUMN_U64, "" },
	{ "port", COLUMN_U64, "" },
	{ "country", COLUMN_TEXT, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
	{ "hash", COLUMN_U64, "" },
	{ "input_offset", COLUMN_U64, "octets" },
	{ "input_length", COLUMN_U64, "octets" },
};
static_assert(ARRAY_COUNT(ATTACK_COLUMNS) == RA_COLUMNS, "as random.h numbers them");

static const struct column PORT_COLUMNS[] = {
	{ "quarter", COLUMN_TIME, "ms" },
	{ "protocol", COLUMN_U64, "" },
	{ "port", COLUMN_U64, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "octets", COLUMN_U64, "octets" },
};
static_assert(ARRAY_COUNT(PORT_COLUMNS) == RP_COLUMNS, "as random.h numbers them");

static const struct column SENSOR_COLUMNS[] = {
	{ "sensor", COLUMN_TEXT, "" },
	{ "addresses", COLUMN_F64, "" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "packets", COLUMN_U64, "packets" },
};
static_assert(ARRAY_COUNT(SENSOR_COLUMNS) == RS_COLUMNS, "as random.h numbers them");

static const struct column WATCH_COLUMNS[] = {
	{ "sensor", COLUMN_TEXT, "" },
	{ "begin_time", COLUMN_TIME, "ms" },
	{ "end_time", COLUMN_TIME, "ms" },
};
static_assert(ARRAY_COUNT(WATCH_COLUMNS) == RW_COLUMNS, "as random.h numbers them");

static const struct column PAYLOAD_COLUMNS[] = {
	{ "sha256", COLUMN_TEXT, "" },
	{ "protocol", COLUMN_U64, "" },
	{ "port", COLUMN_U64, "" },
	{ "size", COLUMN_U64, "octets" },
	{ "first", COLUMN_TIME, "ms" },
	{ "last", COLUMN_TIME, "ms" },
	{ "attacks", COLUMN_U64, "" },
	{ "packets", COLUMN_U64, "packets" },
	{ "sources", COLUMN_BLOB, "" },
	{ "targets", COLUMN_BLOB, "" },
	{ "source", COLUMN_ADDRESS, "" },
	{ "sensor", COLUMN_TEXT, "" },
	{ "sample", COLUMN_BLOB, "" },
	{ "input_offset", COLUMN_U64, "octets" },
	{ "input_length", COLUMN_U64, "octets" },
};
static_assert(ARRAY_COUNT(PAYLOAD_COLUMNS) == RD_COLUMNS, "as random.h numbers them");

static const struct column TOTAL_COLUMNS[] = {
	{ "packets", COLUMN_U64, "packets" },
	{ "contacts", COLUMN_U64, "" },
	{ "aggregated", COLUMN_U64, "" },
	{ "hourly", COLUMN_U64, "" },
	{ "backscatter", COLUMN_U64, "packets" },
	{ "research", COLUMN_U64, "packets" },
	{ "monitoring", COLUMN_U64, "packets" },
	{ "sample_floor", COLUMN_U64, "" },
	{ "no_port", COLUMN_U64, "packets" },
	{ "payloads_lost", COLUMN_U64, "" },
	{ "sensors_lost", COLUMN_U64, "" },
};
static_assert(ARRAY_COUNT(TOTAL_COLUMNS) == RT_COLUMNS, "as random.h numbers them");

static const struct table TABLES[] = {
	{ "security_random", "Five minutes of an attack on a sensor", ATTACK_COLUMNS, RA_COLUMNS },
	{ "security_random_ports", "Packets to sensors by port", PORT_COLUMNS, RP_COLUMNS },
	{ "security_random_sensors", "Sensors that got something", SENSOR_COLUMNS, RS_COLUMNS },
	{ "security_random_watches", "When sensors were listening", WATCH_COLUMNS, RW_COLUMNS },
	{ "security_random_payloads", "Payloads that sensors got", PAYLOAD_COLUMNS, RD_COLUMNS },
	{ "security_random_totals", "What the counts of sensors rest on", TOTAL_COLUMNS,
	    RT_COLUMNS },
};

static const struct table_sums SUMS[] = {
	{ .table = &TABLES[RANDOM_PORTS],
	    .columns = 1 << RP_PACKETS | 1 << RP_OCTETS,
	    .seconds = 900 },
};

const struct analysis analysis_security_random_communications = {
	.name = "security/random-communications",
	.title = "Random communications at sensors",
	.consumes = OBS_PACKET | OBS_CONTACT | OBS_WATCH,
	.settings = SETTINGS,
	.setting_count = ARRAY_COUNT(SETTINGS),
	.tables = TABLES,
	.table_count = ARRAY_COUNT(TABLES),
	.sums = SUMS,
	.sum_count = ARRAY_COUNT(SUMS),
	.state_size = sizeof(struct random_state),
	.init = init,
	.release = release,
	.clear = clear,
	.observe = observe,
	.merge = merge,
	.finish = random_finish,
	.section = random_section,
};
