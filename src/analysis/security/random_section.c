/* SPDX-License-Identifier: ISC */
/*
 * The section of security/random-communications: attacks per sensor and day, by port and country,
 * as IIJ's review prints them.
 */
#include "analysis/security/random_section.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define TOP         10
#define NAME_SIZE   32
#define ROWS_SHOWN  50
#define LEAST_SHARE (1.0 / 24) /* of a day, that a mean per day needs */

static double
addresses_of(const struct random_period *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->sensor_count; i++)
		sum += p->sensors[i].addresses;
	return sum;
}

static double
sensor_days(const struct random_period *p)
{
	double sum = 0;

	for (size_t i = 0; i < p->attacks.days; i++)
		sum += p->attacks.divisors[i];
	return sum;
}

/* What a day's numbers are divided by; 0: too little of it was watched. */
static double
divisor(const struct random_report *r, size_t day)
{
	double days = r->p->attacks.divisors[day];

	if (!r->averaged)
		return 1;
	return days < LEAST_SHARE * addresses_of(r->p) ? 0 : days;
}

static const char *
unit_of(const struct random_report *r)
{
	return r->averaged ? "attacks per sensor and day" : "attacks";
}

/* ------------------------------------------------------------------ series */

/* A port or country and what it has, in the period. */
struct item {
	uint64_t key, attacks, packets; /* attacks in units */
};

struct items {
	struct item *all; /* owned; the most attacks first */
	size_t count;
};

static int
compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->attacks != y->attacks)
		return x->attacks > y->attacks ? -1 : 1;
	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static struct items
sort_items(const struct cells *cells)
{
	struct items items = { xcalloc(cells->count + 1, sizeof *items.all), cells->count };
	const struct cell **sorted = cells_sorted(cells);

	for (size_t i = 0; i < cells->count; i++)
		items.all[i] =
		    (struct item){ sorted[i]->key, sorted[i]->sums[0], sorted[i]->sums[1] };
	free(sorted);
	if (items.count > 0)
		qsort(items.all, items.count, sizeof *items.all, compare_items);
	return items;
}

/* The cells of all days together; their keys have the day above `bits`. */
static void
add_days(struct cells *into, const struct cells *from, unsigned bits)
{
	const struct cell **sorted = cells_sorted(from);

	for (size_t i = 0; i < from->count; i++) {
		uint64_t key = sorted[i]->key & (((uint64_t)1 << bits) - 1);
		struct cell *cell = cells_at(into, key);
		if (cell != NULL)
			cell->sums[0] += sorted[i]->sums[0];
	}
	free(sorted);
}

/* Names of the first TOP items, "other" and "unknown". */
struct labels {
	char names[TOP + 2][NAME_SIZE];
	uint64_t keys[TOP];
	size_t count;
};

static size_t
series_of(const struct labels *l, uint64_t key)
{
	size_t i = 0;

	while (i < l->count && l->keys[i] != key)
		i++;
	return i < l->count ? i : TOP;
}

static struct section_figure *
draw(const struct random_report *r, const struct cells *cells, unsigned bits,
    const struct labels *l, const char *id, const char *title)
{
	const struct daily *days = &r->p->attacks;
	const struct cell **sorted = cells_sorted(cells);
	const char *names[TOP + 2];
	struct section_figure *f;
	struct daily d;

	daily_init(&d, r->zone, (nsec_t)days->begins[0] * NSEC_PER_SEC,
	    (nsec_t)days->begins[days->days - 1] * NSEC_PER_SEC, TOP + 2);
	for (size_t day = 0; day < d.days; day++)
		d.divisors[day] = divisor(r, day);
	for (size_t i = 0; i < cells->count; i++) {
		uint64_t key = sorted[i]->key & (((uint64_t)1 << bits) - 1);
		size_t which = key == 0 && bits == 16 ? TOP + 1 : series_of(l, key);
		daily_add(&d, which, (nsec_t)d.begins[sorted[i]->key >> bits] * NSEC_PER_SEC,
		    (double)sorted[i]->sums[0] / RANDOM_UNIT);
	}
	free(sorted);
	for (size_t i = 0; i < TOP + 2; i++)
		names[i] = l->names[i];
	f = daily_put(&d, r->section, id, title, names, unit_of(r));
	daily_release(&d);
	return f;
}

static void
caption(const struct random_report *r, struct section_figure *f, const char *what)
{
	section_caption(f,
	    "Attacks on dark addresses and sensors a day%s, %s. Everything of one source to one "
	    "port of one sensor without a pause of more than %d s is one attack%s.",
	    r->averaged ? ", divided by the sensors alive that day (a dark address is one)" : "",
	    what, RANDOM_PAUSE_SECONDS,
	    r->p->sampled ? "; estimated from a sample where there were too many" : "");
}

/* ------------------------------------------------------------------ ports */

/* What is known to look for these; the rest are IANA's names or nothing. */
static const char *
note_of(uint8_t protocol, uint16_t port)
{
	static const struct {
		uint8_t protocol;
		uint16_t port;
		const char *note;
	} NOTES[] = {
		{ 6, 21, "FTP" },
		{ 6, 22, "SSH" },
		{ 6, 23, "Telnet: IoT worms" },
		{ 6, 25, "SMTP" },
		{ 17, 53, "DNS: open resolvers" },
		{ 6, 80, "HTTP" },
		{ 6, 81, "HTTP of cameras" },
		{ 6, 102, "S7: controllers" },
		{ 17, 123, "NTP: reflectors" },
		{ 6, 135, "MSRPC" },
		{ 6, 139, "NetBIOS" },
		{ 17, 161, "SNMP: reflectors" },
		{ 17, 389, "CLDAP: reflectors" },
		{ 6, 443, "HTTPS" },
		{ 6, 445, "SMB: worms" },
		{ 6, 502, "Modbus: controllers" },
		{ 6, 1433, "Microsoft SQL Server" },
		{ 17, 1434, "SQL Server: Slammer" },
		{ 17, 1900, "SSDP: reflectors" },
		{ 6, 2323, "Telnet: IoT worms" },
		{ 6, 2375, "Docker" },
		{ 6, 3306, "MySQL" },
		{ 6, 3389, "RDP" },
		{ 17, 5060, "SIP" },
		{ 6, 5555, "Android debugging" },
		{ 6, 5900, "VNC" },
		{ 6, 6379, "Redis" },
		{ 6, 7547, "CWMP of home routers" },
		{ 6, 8080, "HTTP, proxies" },
		{ 6, 9200, "Elasticsearch" },
		{ 17, 11211, "memcached: reflectors" },
		{ 6, 27017, "MongoDB" },
		{ 6, 37215, "Huawei home routers" },
		{ 17, 47808, "BACnet: buildings" },
		{ 6, 52869, "UPnP of home routers" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(NOTES); i++)
		if (NOTES[i].protocol == protocol && NOTES[i].port == port)
			return NOTES[i].note;
	return "";
}

static char *
port_name(uint64_t key, char text[NAME_SIZE])
{
	if (key >> 16 == 255)
		(void)snprintf(text, NAME_SIZE, "other");
	else if (key >> 16 == RANDOM_SUMS)
		(void)snprintf(text, NAME_SIZE, "sums of logs");
	else
		(void)dark_service_text(
		    (uint8_t)(key >> 16), (uint16_t)(key & 0xffff), text, NAME_SIZE);
	return text;
}

/* Packets by port, into the second sum; and by day. */
static enum err
read_packets(
    const struct random_report *r, struct cells *ports, struct daily *days, struct err_info *info)
{
	struct result *result;
	enum err e = query_run(r->c->store, &result, info,
	    "SELECT quarter AS t, protocol AS p, port AS q, sum(packets) AS n FROM "
	    "security_random_ports WHERE" PERIOD_SQL "GROUP BY t, p, q ORDER BY t, p, q",
	    PERIOD_ARGS(r->c));

	if (e != ERR_OK)
		return e;
	while (result_next(result)) {
		struct cell *cell =
		    cells_at(ports, result_u64(result, 1) << 16 | result_u64(result, 2));
		if (cell != NULL)
			cell->sums[1] += result_u64(result, 3);
		daily_add(days, 0, (nsec_t)result_u64(result, 0) * NSEC_PER_MS,
		    (double)result_u64(result, 3));
	}
	result_free(result);
	return ERR_OK;
}

static void
put_ports(const struct random_report *r, const struct items *items)
{
	static const struct section_column COLUMNS[] = {
		{ "service", "Port", "text", "" },
		{ "note", "Known for", "text", "" },
		{ "attacks", "Attacks", "count", "" },
		{ "share", "Share", "share", "" },
		{ "packets", "Packets", "count", "packets" },
	};
	struct section_table *t =
	    section_table(r->section, "ports", "Ports", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < items->count && i < ROWS_SHOWN; i++) {
		const struct item *item = &items->all[i];
		char name[NAME_SIZE];
		section_row(t, json_string(port_name(item->key, name)),
		    json_string(
			note_of((uint8_t)(item->key >> 16), (uint16_t)(item->key & 0xffff))),
		    json_count((uint64_t)llround((double)item->attacks / RANDOM_UNIT)),
		    r->p->all > 0 ? json_real((double)item->attacks / (double)r->p->all)
				  : json_null(),
		    json_count(item->packets), NULL);
	}
	section_table_note(t,
	    "ICMP echo requests count as a port. Packets of logs are the connections that they "
	    "tell of.%s",
	    items->count > ROWS_SHOWN ? " The ports with most attacks." : "");
}

static void
draw_ports(const struct random_report *r, const struct items *items)
{
	struct labels l = { .count = 0 };

	for (size_t i = 0; i < items->count && l.count < TOP && items->all[i].attacks > 0; i++) {
		(void)port_name(items->all[i].key, l.names[l.count]);
		l.keys[l.count++] = items->all[i].key;
	}
	(void)snprintf(l.names[TOP], NAME_SIZE, "other ports");
	caption(r, draw(r, &r->p->day_ports, 24, &l, "ports", "Attacks by port"),
	    "by port: the ten with most, and the others");
}

/* ------------------------------------------------------------------ countries */

static void
draw_countries(const struct random_report *r)
{
	static const struct hash_secret none = { 0, 0 };
	static const struct section_column COLUMNS[] = {
		{ "country", "Country", "text", "" },
		{ "attacks", "Attacks", "count", "" },
		{ "share", "Share", "share", "" },
	};
	struct labels l = { .count = 0 };
	struct cells cells;
	struct items items;
	struct section_table *t;

	cells_init(&cells, 65536, &none);
	add_days(&cells, &r->p->day_countries, 16);
	items = sort_items(&cells);
	for (size_t i = 0; i < items.count && l.count < TOP; i++) {
		uint64_t key = items.all[i].key;
		if (key == 0)
			continue;
		(void)snprintf(
		    l.names[l.count], NAME_SIZE, "%c%c", (int)(key >> 8 & 0xff), (int)(key & 0xff));
		l.keys[l.count++] = key;
	}
	(void)snprintf(l.names[TOP], NAME_SIZE, "other");
	(void)snprintf(l.names[TOP + 1], NAME_SIZE, "unknown");
	caption(r, draw(r, &r->p->day_countries, 16, &l, "countries", "Attacks by country"),
	    "by the country of their source");
	t = section_table(
	    r->section, "countries", "Countries of the sources", COLUMNS, ARRAY_COUNT(COLUMNS));
	for (size_t i = 0; i < items.count && i < ROWS_SHOWN; i++) {
		uint64_t key = items.all[i].key;
		char name[] = { (char)(key >> 8 & 0xff), (char)(key & 0xff), '\0' };
		section_row(t, json_string(key == 0 ? "unknown" : name),
		    json_count((uint64_t)llround((double)items.all[i].attacks / RANDOM_UNIT)),
		    json_real((double)items.all[i].attacks / (double)r->p->all), NULL);
	}
	free(items.all);
	cells_release(&cells);
}

/* ------------------------------------------------------------------ days, sensors */

static json_t *
divided(double value, double by)
{
	return by > 0 ? json_real(value / by) : json_null();
}

static void
put_days(const struct random_report *r, const struct daily *packets)
{
	static const struct section_column COLUMNS[] = {
		{ "day", "Day", "time", "ms" },
		{ "attacks", "Attacks", "count", "" },
		{ "packets", "Packets", "count", "packets" },
		{ "sensors", "Sensors alive", "number", "" },
		{ "attacks_per_sensor", "Attacks per sensor and day", "number", "" },
		{ "packets_per_sensor", "Packets per sensor and day", "number", "packets" },
	};
	const struct daily *d = &r->p->attacks;
	struct section_table *t =
	    section_table(r->section, "days", "Days", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t day = 0; day < d->days; day++) {
		double by = r->averaged ? divisor(r, day) : 0;
		section_row(t, json_integer((json_int_t)d->begins[day] * 1000),
		    json_count((uint64_t)llround(d->values[day])),
		    json_count((uint64_t)llround(packets->values[day])),
		    json_real(d->divisors[day]), divided(d->values[day], by),
		    divided(packets->values[day], by), NULL);
	}
	section_table_note(t,
	    "Sensors alive: each counts for the part of the day that it was listening, a dark "
	    "prefix with all its addresses. Days of which less than an hour was watched have no "
	    "mean.");
}

static void
put_sensors(const struct random_report *r)
{
	static const struct section_column COLUMNS[] = {
		{ "sensor", "Sensor", "text", "" },
		{ "addresses", "Addresses", "number", "" },
		{ "attacks", "Attacks", "count", "" },
		{ "packets", "Packets", "count", "packets" },
		{ "alive_days", "Alive (addresses × days)", "number", "" },
		{ "uptime", "Uptime known", "text", "" },
		{ "attacks_per_day", "Attacks per address and day", "number", "" },
	};
	struct section_table *t =
	    section_table(r->section, "sensors", "Sensors", COLUMNS, ARRAY_COUNT(COLUMNS));

	for (size_t i = 0; i < r->p->sensor_count && i < ROWS_SHOWN; i++) {
		const struct random_alive *s = &r->p->sensors[i];
		double attacks = (double)s->attacks / RANDOM_UNIT;
		section_row(t, json_text(s->name, strlen(s->name)), json_real(s->addresses),
		    json_count((uint64_t)llround(attacks)), json_count(s->packets),
		    json_real(s->days),
		    json_string(s->watched ? "as it says itself" : "by first and last packet"),
		    divided(attacks, s->days >= LEAST_SHARE * s->addresses ? s->days : 0), NULL);
	}
	section_table_note(t, "%s",
	    r->p->sensor_count > ROWS_SHOWN ? "The first by name."
					    : "All sensors that got or said anything.");
}

/* ------------------------------------------------------------------ text */

static void
define(const struct random_report *r)
{
	section_define(r->section,
	    "Random communications are packets to dark prefixes and sensors (and connections that "
	    "honeypots' logs tell of) that answer nothing: backscatter is counted by itself. One "
	    "attack is all that one source sends to one port of one sensor without a pause of more "
	    "than %d s, however many connections that is; each dark address is a sensor.",
	    RANDOM_PAUSE_SECONDS);
	section_define(r->section,
	    "Numbers per sensor and day are divided by the sensors alive that day, weighted with "
	    "the part of the day they were listening: as they say themselves, else from the first "
	    "to the last packet they got. The payload of an attack is the first one of its source "
	    "in it, known by its SHA-256.");
}

static void
tell_quality(const struct random_report *r)
{
	const uint64_t *t = r->p->totals;

	if (t[RT_RESEARCH] + t[RT_MONITORING] > 0)
		section_quality(r->section,
		    "Excluded: %llu packets of known research scanners, %llu of own monitoring.",
		    (unsigned long long)t[RT_RESEARCH], (unsigned long long)t[RT_MONITORING]);
	if (t[RT_BACKSCATTER] > 0)
		section_quality(r->section,
		    "%llu packets that answer forged ones are left to security/backscatter.",
		    (unsigned long long)t[RT_BACKSCATTER]);
	if (r->p->sampled)
		section_quality(r->section,
		    "There were more attacks than a window holds: a sample of %llu pieces was "
		    "kept at worst by one window in %.0f; numbers of attacks have a relative error "
		    "of about %.1f %%. Packets are exact.",
		    (unsigned long long)r->p->pieces,
		    ldexp(1, 32) / fmax(1, ldexp(1, 32) - (double)t[RT_FLOOR]),
		    100 / sqrt(fmax(1, (double)r->p->pieces)));
	if (t[RT_AGGREGATED] + t[RT_HOURLY] > 0)
		section_quality(r->section,
		    "Logs gave %llu events as sums by source and %llu as sums by hour, perhaps of "
		    "the "
		    "same: without ports they count as no attacks; those by hour count as packets.",
		    (unsigned long long)t[RT_AGGREGATED], (unsigned long long)t[RT_HOURLY]);
	if (t[RT_NO_PORT] > 0)
		section_quality(r->section,
		    "%llu packets were fragments or cut short: they count by protocol only.",
		    (unsigned long long)t[RT_NO_PORT]);
	if (t[RT_PAYLOADS_LOST] + t[RT_SENSORS_LOST] > 0)
		section_quality(r->section,
		    "%llu payloads and %llu sensors found no place in their window.",
		    (unsigned long long)t[RT_PAYLOADS_LOST],
		    (unsigned long long)t[RT_SENSORS_LOST]);
	if (!r->averaged)
		section_quality(r->section,
		    "Sensors were watched for less than an hour: there are no numbers per day.");
}

static void
say(const struct random_report *r, const struct items *ports)
{
	const struct random_period *p = r->p;
	char attacks[32], packets[32], sources[32], name[NAME_SIZE];
	double all = (double)p->all / RANDOM_UNIT, days = sensor_days(p);

	if (p->all > 0)
		section_say(r->section,
		    "%s%s attacks from %s%s sources (%s packets and connections) came to %zu "
		    "sensor%s or dark prefix%s, %.0f address%s in all.",
		    p->sampled ? "About " : "",
		    text_count((uint64_t)llround(all), attacks, sizeof attacks),
		    p->sampled ? "at least " : "",
		    text_count(
			(uint64_t)llround(hll_estimate(p->sources, RANDOM_SOURCES_PRECISION)),
			sources, sizeof sources),
		    text_count(
			p->totals[RT_PACKETS] + p->totals[RT_CONTACTS], packets, sizeof packets),
		    p->sensor_count, p->sensor_count == 1 ? "" : "s",
		    p->sensor_count == 1 ? "" : "es", addresses_of(p),
		    addresses_of(p) == 1 ? "" : "es");
	else if (p->totals[RT_HOURLY] + p->totals[RT_AGGREGATED] == 0)
		section_say(r->section, "Only sources that are excluded sent anything.");
	else
		section_say(r->section, "No attack was counted: %s events came as sums of logs.",
		    text_count(p->totals[RT_HOURLY] > p->totals[RT_AGGREGATED]
				   ? p->totals[RT_HOURLY]
				   : p->totals[RT_AGGREGATED],
			packets, sizeof packets));
	if (r->averaged && days > 0 && p->all > 0)
		section_say(r->section, "That is %.3g attacks per sensor and day.", all / days);
	if (ports->count > 0 && ports->all[0].attacks > 0)
		section_say(r->section, "Most were aimed at %s: %.0f %%.",
		    port_name(ports->all[0].key, name),
		    100 * (double)ports->all[0].attacks / (double)p->all);
}

static enum err
write_section(
    struct random_report *r, struct cells *ports, struct daily *packets, struct err_info *info)
{
	enum err e = read_packets(r, ports, packets, info);
	struct items items;

	if (e != ERR_OK)
		return e;
	items = sort_items(ports);
	say(r, &items);
	define(r);
	if (r->p->all > 0) {
		draw_ports(r, &items);
		draw_countries(r);
	}
	if (r->p->sensor_count > 0) {
		put_days(r, packets);
		put_sensors(r);
		put_ports(r, &items);
	}
	free(items.all);
	e = random_payloads(r, info);
	if (e == ERR_OK)
		e = random_findings(r, info);
	tell_quality(r);
	return e;
}

enum err
random_section(const struct section_context *c, struct section *section, struct err_info *info)
{
	static const struct hash_secret none = { 0, 0 };
	struct random_period p = { .windows = 0 };
	struct random_report r = { .c = c, .section = section, .p = &p };
	struct cells ports;
	struct daily packets;
	enum err e = zone_open(c->site->time_zone, &r.zone, info);

	if (e == ERR_OK)
		e = random_read(c, r.zone, &p, info);
	if (e == ERR_OK) {
		r.averaged =
		    sensor_days(&p) >= LEAST_SHARE * addresses_of(&p) && sensor_days(&p) > 0;
		cells_init(&ports, 1 << 17, &none);
		add_days(&ports, &p.day_ports, 24);
		daily_init(&packets, r.zone, p.first, p.last, 1);
		e = write_section(&r, &ports, &packets, info);
		daily_release(&packets);
		cells_release(&ports);
		random_period_release(&p);
	}
	zone_close(r.zone);
	return e;
}
