/* SPDX-License-Identifier: ISC */
/*
 * The two lists of subscribers, CSV: see subscribers.h for their columns.
 *
 * A row that cannot be used costs that row: it is counted and named.  A list of which no row can be
 * used is an error, because then it is probably another file that was meant.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/subscribers_internal.h"

#define MAX_COLUMNS      5
#define MAX_ROWS         ((size_t)1 << 26) /* of a list */
#define MAX_IDENTITY     255
#define MAX_SERVICE      63
#define NEVER            INT64_MAX
#define FIRST_YEAR       1970
#define LAST_YEAR        2200
#define SECONDS_PER_HOUR 3600

/* A column: its place without a heading, and the names it may have in one. */
struct column_names {
	const char *names[4]; /* ends with NULL */
	bool required;
};

/* The fields of a row, by column; NULL where the row has none. */
struct fields {
	const char *of[MAX_COLUMNS];
};

struct list {
	struct subscribers *subscribers; /* borrowed */
	struct csv *csv;                 /* borrowed */
	const struct column_names *columns;
	int where[MAX_COLUMNS]; /* field of each column, or -1 */
	bool headed;
	uint64_t rows, bad;
	struct csv_row row;
};

/* A row of the session log before it is known which others it meets. */
struct raw_session {
	struct place_key key;
	uint32_t user;
	uint32_t line;
	nsec_t start, stop;
};

struct raw_sessions {
	struct raw_session *all; /* owned */
	size_t count, capacity;
};

static const struct column_names PREFIX_COLUMNS[MAX_COLUMNS] = {
	{ { "prefix" }, true },
	{ { "user_id", "user" }, true },
	{ { "service" }, false },
	{ { "region" }, false },
	{ { "group" }, false },
};

static const struct column_names SESSION_COLUMNS[MAX_COLUMNS] = {
	{ { "start" }, true },
	{ { "stop", "end" }, true },
	{ { "user_id", "user" }, true },
	{ { "prefix", "address", "ipv4|ipv6-prefix" }, true },
	{ { "nas" }, false },
};

static int
find_column(const struct csv_row *row, const struct column_names *column)
{
	int at = -1;

	for (size_t i = 0; at < 0 && i < 3 && column->names[i] != NULL; i++)
		at = csv_column(row, column->names[i]);
	return at;
}

/* Takes the first row as a heading when it names the first column; else columns have their usual
 * places. */
static enum err
read_heading(struct list *l, struct err_info *info)
{
	l->headed = find_column(&l->row, &l->columns[0]) >= 0;
	for (int i = 0; i < MAX_COLUMNS; i++) {
		l->where[i] = l->headed ? find_column(&l->row, &l->columns[i]) : i;
		if (l->where[i] < 0 && l->columns[i].required)
			return err_set(info, ERR_CONFIG,
			    "%.200s:%" PRIu64 ": the heading has no column \"%s\"",
			    csv_name(l->csv), l->row.line, l->columns[i].names[0]);
	}
	return ERR_OK;
}

static void
refuse_row(struct list *l, const char *why)
{
	l->bad++;
	subscribers_remark(l->subscribers, &l->subscribers->report.bad_rows,
	    "%.200s:%" PRIu64 ": %s", csv_name(l->csv), l->row.line, why);
}

/* Sorts a row's fields into columns; false when one that is required is missing. */
static bool
take_fields(struct list *l, struct fields *ret_fields)
{
	if (!l->headed && l->row.count > MAX_COLUMNS) {
		refuse_row(l, "more fields than columns");
		return false;
	}
	for (size_t i = 0; i < MAX_COLUMNS; i++) {
		int at = l->where[i];
		bool here = at >= 0 && (size_t)at < l->row.count;
		if (!here && l->columns[i].required) {
			refuse_row(l, "fewer fields than columns");
			return false;
		}
		ret_fields->of[i] = here ? l->row.fields[at] : NULL;
	}
	return true;
}

/* The next row's fields.  ERR_END after the last. */
static enum err
next_fields(struct list *l, struct fields *ret_fields, struct err_info *info)
{
	for (;;) {
		struct err_info why = { 0 };
		enum err e = csv_next(l->csv, &l->row, &why);

		if (e == ERR_END)
			return e;
		if (e == ERR_IO)
			return err_set(info, e, "%s", why.text);
		if (e != ERR_OK) {
			l->bad++;
			subscribers_remark(
			    l->subscribers, &l->subscribers->report.bad_rows, "%s", why.text);
			continue;
		}
		if (l->where[0] < -1) {
			e = read_heading(l, info);
			if (e != ERR_OK)
				return e;
			if (l->headed)
				continue;
		}
		if (take_fields(l, ret_fields))
			return ERR_OK;
	}
}

static struct list
list_over(struct subscribers *s, struct csv *csv, const struct column_names *columns)
{
	return (struct list){
		.subscribers = s, .csv = csv, .columns = columns, .where = { -2 } /* not read yet */
	};
}

/* A list may be empty, but not all wrong. */
static enum err
check_list(const struct list *l, struct err_info *info)
{
	const struct subscribers_report *r = &l->subscribers->report;

	if (l->rows > 0 || l->bad == 0)
		return ERR_OK;
	return err_set(info, ERR_CONFIG, "no row of %.150s can be used: %.300s", csv_name(l->csv),
	    r->message_count > 0 ? r->messages[r->message_count - 1] : "");
}

static bool
is_text(const char *text, size_t most)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++)
		if (iscntrl((unsigned char)text[i]))
			return false;
	return size <= most;
}

/* Reads what a user is known by. */
static bool
read_place(struct list *l, const char *text, struct place_key *ret_key)
{
	struct err_info why = { 0 };
	struct prefix prefix;
	bool ipv4;

	if (prefix_parse(text, &prefix, &why) != ERR_OK) {
		refuse_row(l, why.text);
		return false;
	}
	ipv4 = address_is_ipv4(&prefix.address);
	if (!ipv4 &&
	    (prefix.length > SUBSCRIBER_IPV6_LONG || prefix.length < SUBSCRIBER_IPV6_SHORT)) {
		refuse_row(l, "an IPv6 user is known by a prefix of /16 to /64, not by an address");
		return false;
	}
	if (ipv4 && prefix.length < SUBSCRIBER_IPV4_SHORT) {
		refuse_row(l, "an IPv4 user's prefix is not shorter than /8");
		return false;
	}
	*ret_key = place_key_of(&prefix.address, ipv4, prefix.length);
	return true;
}

static bool
read_identity(struct list *l, const char *text)
{
	if (text[0] != '\0' && is_text(text, MAX_IDENTITY))
		return true;
	refuse_row(l, "a user_id has 1 to 255 octets, none of them a control character");
	return false;
}

static void
read_prefix_row(struct list *l, const struct fields *f)
{
	struct subscribers *s = l->subscribers;
	const char *service = f->of[2] != NULL ? f->of[2] : "";
	struct place_key key;
	struct place *place;
	uint32_t user;
	uint16_t number;

	if (!read_place(l, f->of[0], &key) || !read_identity(l, f->of[1]))
		return;
	number = is_text(service, MAX_SERVICE) ? services_put(s, service) : 0;
	if (number == 0 && service[0] != '\0') {
		refuse_row(l, "the service's name is too long, or one too many");
		return;
	}
	user = users_put(s, f->of[1]);
	place = places_put(s, key);
	if (place->listed && place->user != s->users[user].pseudonym) {
		l->rows++;
		subscribers_remark(s, &s->report.overlaps,
		    "%.200s:%" PRIu64
		    ": an earlier line gives %s to another user, and that one holds",
		    csv_name(l->csv), l->row.line, f->of[0]);
		return;
	}
	l->rows++;
	s->report.prefix_rows++;
	place->listed = 1;
	place->user = s->users[user].pseudonym;
	if (place->service == 0)
		place->service = number;
	if (s->users[user].service == 0)
		s->users[user].service = number;
}

enum err
subscribers_read_prefixes(struct subscribers *s, struct csv *csv, struct err_info *info)
{
	struct list l = list_over(s, csv, PREFIX_COLUMNS);
	struct fields fields;
	enum err e;

	while ((e = next_fields(&l, &fields, info)) == ERR_OK) {
		read_prefix_row(&l, &fields);
		if (l.rows > MAX_ROWS)
			return err_set(
			    info, ERR_LIMIT, "%.200s: more than %zu rows", csv_name(csv), MAX_ROWS);
	}
	return e == ERR_END ? check_list(&l, info) : e;
}

/* Unix seconds, with a fraction or without. */
static bool
parse_unix(const char *text, nsec_t *ret_time)
{
	nsec_t seconds = 0, fraction = 0, unit = NSEC_PER_SEC;
	size_t digits = 0;

	for (; isdigit((unsigned char)*text) && digits < 11; text++, digits++)
		seconds = 10 * seconds + (*text - '0');
	if (digits == 0 || seconds > INT64_C(7289568000)) /* the year 2201 */
		return false;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++) {
			unit /= 10;
			fraction += (*text - '0') * unit;
		}
	*ret_time = seconds * NSEC_PER_SEC + fraction;
	return *text == '\0';
}

/* "Z", "+09:00", "+0900", or nothing, which is UTC. */
static bool
parse_offset(const char *text, nsec_t *ret_offset)
{
	const char *p = text + 1;
	int n[4], sign = *text == '-' ? -1 : 1;

	*ret_offset = 0;
	if (*text == '\0' || strcmp(text, "Z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	for (int i = 0; i < 4; i++) {
		if (i == 2 && *p == ':')
			p++;
		if (!isdigit((unsigned char)*p))
			return false;
		n[i] = *p++ - '0';
	}
	*ret_offset = (nsec_t)sign *
		      (SECONDS_PER_HOUR * (10 * n[0] + n[1]) + 60 * (10 * n[2] + n[3])) *
		      NSEC_PER_SEC;
	return *p == '\0';
}

/* "2014-05-26 09:00:00", with T for the blank, a fraction and an offset if need be. */
static bool
parse_date(const char *text, nsec_t *ret_time)
{
	static const char shape[] = "0000-00-00 00:00:00";
	char plain[sizeof shape];
	nsec_t offset, fraction = 0, unit = NSEC_PER_SEC;
	long year;

	for (size_t i = 0; i < sizeof shape - 1; i++) {
		bool fits = shape[i] == '0' ? isdigit((unsigned char)text[i]) != 0
					    : text[i] == shape[i] || (i == 10 && text[i] == 'T');
		if (!fits)
			return false;
		plain[i] = text[i];
	}
	plain[10] = ' ';
	plain[sizeof shape - 1] = '\0';
	text += sizeof shape - 1;
	year = strtol(plain, NULL, 10);
	if (year < FIRST_YEAR || year > LAST_YEAR || clock_parse(plain, ret_time) != ERR_OK)
		return false;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++) {
			unit /= 10;
			fraction += (*text - '0') * unit;
		}
	if (!parse_offset(text, &offset))
		return false;
	*ret_time += fraction - offset;
	return true;
}

static bool
read_time(struct list *l, const char *text, nsec_t *ret_time)
{
	if (parse_unix(text, ret_time) || parse_date(text, ret_time))
		return true;
	refuse_row(l, "a time reads 2014-05-26 09:00:00, 2014-05-26T09:00:00+09:00 or 1401062400");
	return false;
}

static void
read_session_row(struct list *l, const struct fields *f, struct raw_sessions *raw)
{
	struct raw_session session = {
		.line = l->row.line < UINT32_MAX ? (uint32_t)l->row.line : UINT32_MAX,
		.stop = NEVER,
	};

	if (!read_time(l, f->of[0], &session.start) || !read_identity(l, f->of[2]))
		return;
	if (f->of[1][0] != '\0' && !read_time(l, f->of[1], &session.stop))
		return;
	if (session.stop < session.start) {
		refuse_row(l, "the session stops before it starts");
		return;
	}
	if (!read_place(l, f->of[3], &session.key))
		return;
	session.user = users_put(l->subscribers, f->of[2]);
	l->rows++;
	l->subscribers->report.session_rows++;
	l->subscribers->report.open_sessions += session.stop == NEVER;
	if (raw->count == raw->capacity) {
		raw->capacity = raw->capacity > 0 ? 2 * raw->capacity : 1024;
		raw->all = xrealloc_array(raw->all, raw->capacity, sizeof *raw->all);
	}
	raw->all[raw->count++] = session;
}

/* By prefix, then start, then place in the file. */
static int
compare_sessions(const void *a, const void *b)
{
	const struct raw_session *x = a, *y = b;

	if (x->key.code != y->key.code)
		return x->key.code < y->key.code ? -1 : 1;
	if (x->key.bits != y->key.bits)
		return x->key.bits < y->key.bits ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* Puts a session behind those of the same prefix, whose starts are not later. */
static void
add_session(
    struct list *l, struct place_range *range, const struct raw_session *raw, uint32_t *last_line)
{
	struct subscribers *s = l->subscribers;
	struct session *last =
	    range->count > 0 ? &s->sessions[range->first + range->count - 1] : NULL;

	if (last != NULL && last->user == raw->user && raw->start <= last->stop) {
		/* The same user goes on: an interim record, or a stop that came late. */
		last->stop = raw->stop > last->stop ? raw->stop : last->stop;
		return;
	}
	if (last != NULL && last->stop > raw->start) {
		/* An open session is ended by the next one as a matter of course. */
		if (last->stop != NEVER)
			subscribers_remark(s, &s->report.overlaps,
			    "%.200s:%" PRIu32 ": the session begins while that of line %" PRIu32
			    " gives the same prefix to another user: the later one holds",
			    csv_name(l->csv), raw->line, *last_line);
		last->stop = raw->start;
	}
	s->sessions[range->first + range->count++] =
	    (struct session){ raw->start, raw->stop, raw->user };
	*last_line = raw->line;
}

/* Sorts the sessions and hangs them on their prefixes. */
static void
index_sessions(struct list *l, struct raw_sessions *raw)
{
	struct subscribers *s = l->subscribers;
	uint32_t ranges = 0, used = 0, last_line = 0;

	qsort(raw->all, raw->count, sizeof *raw->all, compare_sessions);
	for (size_t i = 0; i < raw->count; i++)
		ranges += i == 0 || raw->all[i].key.code != raw->all[i - 1].key.code ||
			  raw->all[i].key.bits != raw->all[i - 1].key.bits;
	s->ranges = xcalloc(ranges, sizeof *s->ranges);
	s->sessions = xcalloc(raw->count, sizeof *s->sessions);
	ranges = 0;
	for (size_t i = 0; i < raw->count; i++) {
		struct place *place = places_put(s, raw->all[i].key);
		if (place->range == 0) {
			s->ranges[ranges] = (struct place_range){ .first = used };
			place->range = ++ranges;
		}
		add_session(l, &s->ranges[ranges - 1], &raw->all[i], &last_line);
		used = s->ranges[ranges - 1].first + s->ranges[ranges - 1].count;
	}
}

enum err
subscribers_read_sessions(struct subscribers *s, struct csv *csv, struct err_info *info)
{
	struct list l = list_over(s, csv, SESSION_COLUMNS);
	struct raw_sessions raw = { 0 };
	struct fields fields;
	enum err e;

	while ((e = next_fields(&l, &fields, info)) == ERR_OK) {
		read_session_row(&l, &fields, &raw);
		if (raw.count > MAX_ROWS) {
			e = err_set(
			    info, ERR_LIMIT, "%.200s: more than %zu rows", csv_name(csv), MAX_ROWS);
			break;
		}
	}
	if (e == ERR_END)
		e = check_list(&l, info);
	if (e == ERR_OK && raw.count > 0)
		index_sessions(&l, &raw);
	free(raw.all);
	return e;
}
