/* SPDX-License-Identifier: ISC */
/*
 * Lines of query logs; see query_log.h.
 *
 * BIND 9 (logging category `queries`; ARM, "The query Log"), with or without what `print-time`,
 * `print-category` and `print-severity` put in front, or syslog:
 *
 *	22-Nov-2026 09:10:26.123 queries: info: client @0x7f12 192.0.2.1#53124 (a.example): view v:
 *	    query: a.example IN A +SE(0)TDCV (192.0.2.53) [ECS 203.0.113.0/24/0]
 *
 * Flags: + recursion desired, S signed, E(version) EDNS, T TCP, D DO, C checking disabled, V a
 * cookie that is valid, K one that is not.  Old versions have neither @… nor (name).
 *
 * Unbound (log-queries, log-replies, with or without log-tag-queryreply):
 *
 *	[1700000000] unbound[12:0] info: 127.0.0.1 a.example. A IN
 *	[1700000000] unbound[12:0] info: 127.0.0.1 a.example. A IN NOERROR 0.010000 0 45
 *
 * The last three are the time it took in seconds, whether the answer came out of the cache, and its
 * size.
 */
#include "source/query_log.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "net/dns.h"
#include "obs/dns.h"

#define NAME_MAX_SIZE 255
#define LABEL_MAX     63
#define COOKIE_CODE   10
#define CLIENT_COOKIE 8
#define SERVER_COOKIE 16
#define BIND_TIME     20 /* "22-Nov-2026 09:10:26" */

/* What is left of a line. */
struct text {
	const char *at, *end;
};

/* What a line says of a message. */
struct said {
	struct text name, type, class;
	bool recursion, edns, dnssec_ok, checking_disabled, response;
	uint8_t version;
	uint8_t cookie; /* octets */
	uint16_t rcode;
};

static size_t
left(const struct text *t)
{
	return (size_t)(t->end - t->at);
}

static bool
is(const struct text *t, const char *word)
{
	return left(t) == strlen(word) && memcmp(t->at, word, left(t)) == 0;
}

static bool
begins(const struct text *t, const char *word)
{
	return left(t) >= strlen(word) && memcmp(t->at, word, strlen(word)) == 0;
}

/* The next word, up to a blank; false at the end of the line. */
static bool
next_word(struct text *t, struct text *ret_word)
{
	while (t->at < t->end && *t->at == ' ')
		t->at++;
	ret_word->at = t->at;
	while (t->at < t->end && *t->at != ' ')
		t->at++;
	ret_word->end = t->at;
	return ret_word->at < ret_word->end;
}

/* Where a word stands in the text, or NULL. */
static const char *
find(const struct text *t, const char *word)
{
	return memmem(t->at, left(t), word, strlen(word));
}

static bool
copy(const struct text *t, char *room, size_t size)
{
	if (left(t) == 0 || left(t) >= size)
		return false;
	memcpy(room, t->at, left(t));
	room[left(t)] = '\0';
	return true;
}

static bool
read_number(const struct text *t, unsigned long most, unsigned long *ret)
{
	unsigned long value = 0;

	for (const char *p = t->at; p < t->end; p++) {
		if (*p < '0' || *p > '9' || value > most)
			return false;
		value = 10 * value + (unsigned long)(*p - '0');
	}
	*ret = value;
	return left(t) != 0 && value <= most;
}

static bool
read_address(const struct text *t, struct address *ret)
{
	char text[ADDRESS_TEXT_SIZE];

	return copy(t, text, sizeof text) && address_parse(text, ret) == ERR_OK;
}

/* ------------------------------------------------------------------ times */

/* "22-Nov-2026 09:10:26.123", as ISO 8601. */
static bool
read_bind_time(struct text *t, nsec_t *ret)
{
	static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *p = t->at, *month;
	char iso[40];
	size_t size = BIND_TIME;

	if (left(t) < BIND_TIME || p[2] != '-' || p[6] != '-' || p[11] != ' ')
		return false;
	month = memmem(MONTHS, sizeof MONTHS - 1, p + 3, 3);
	if (month == NULL || (month - MONTHS) % 3 != 0)
		return false;
	while (size < left(t) && size < BIND_TIME + 10 && p[size] != ' ')
		size++;
	memcpy(iso, p + 7, 4);
	iso[4] = iso[7] = '-';
	iso[5] = (char)('0' + ((month - MONTHS) / 3 + 1) / 10);
	iso[6] = (char)('0' + ((month - MONTHS) / 3 + 1) % 10);
	memcpy(iso + 8, p, 2);
	memcpy(iso + 10, p + 11, size - 11);
	if (clock_read(iso, size - 1, ret) != ERR_OK)
		return false;
	t->at += size;
	return true;
}

/* "+09:00" or "+0900" after a time: how far it is ahead of UTC; sets where it begins. */
static bool
read_zone(struct text *time, nsec_t *ret)
{
	const char *p = time->end;
	unsigned long hours, minutes;
	struct text part;

	*ret = 0;
	while (p > time->at + 19 && p[-1] != '+' && p[-1] != '-')
		p--;
	if (p <= time->at + 19)
		return true;
	part = (struct text){ p, p + 2 };
	if (time->end - p < 4 || !read_number(&part, 14, &hours))
		return false;
	part = (struct text){ time->end - 2, time->end };
	if (!read_number(&part, 59, &minutes))
		return false;
	*ret = (nsec_t)(hours * 60 + minutes) * 60 * NSEC_PER_SEC * (p[-1] == '-' ? -1 : 1);
	time->end = p - 1;
	return true;
}

/* "2026-11-22T09:10:26.123" with or without 'Z' or an offset. */
static bool
read_iso_time(struct text *t, nsec_t *ret)
{
	struct text word = *t, rest = *t;
	nsec_t zone;

	if (left(t) < 19 || t->at[4] != '-' || t->at[10] != 'T' || !next_word(&rest, &word) ||
	    !read_zone(&word, &zone) || clock_read(word.at, left(&word), ret) != ERR_OK)
		return false;
	*ret -= zone;
	t->at = rest.at;
	return true;
}

/* "[1700000000]" */
static bool
read_epoch(struct text *t, nsec_t *ret)
{
	const char *end = left(t) != 0 ? memchr(t->at, ']', left(t)) : NULL;

	if (end == NULL || *t->at != '[' ||
	    clock_read(t->at + 1, (size_t)(end - t->at - 1), ret) != ERR_OK)
		return false;
	t->at = end + 1;
	return true;
}

static bool
read_time(struct text *t, nsec_t *ret)
{
	return (read_bind_time(t, ret) || read_iso_time(t, ret) || read_epoch(t, ret)) && *ret > 0;
}

/* ------------------------------------------------------------------ messages */

/* One character of a name, escaped or not (RFC 1035, section 5.1); -1 when it is none. */
static int
next_octet(struct text *t)
{
	int c = (unsigned char)*t->at++;
	unsigned long value;

	if (c != '\\')
		return c;
	if (left(t) >= 3 && *t->at >= '0' && *t->at <= '9') {
		struct text digits = { t->at, t->at + 3 };

		t->at += 3;
		return read_number(&digits, 255, &value) ? (int)value : -1;
	}
	return t->at < t->end ? (unsigned char)*t->at++ : -1;
}

/* Wire format of a name as text, its letters as they are; returns its size, 0 when it is none. */
static size_t
put_name(struct text name, uint8_t *to)
{
	size_t size = 1, label = 0; /* where the label's length is */

	if (is(&name, "."))
		name.at = name.end;
	to[0] = 0;
	while (name.at < name.end) {
		bool dot = *name.at == '.';
		int octet = next_octet(&name);

		if (octet < 0 || size == NAME_MAX_SIZE)
			return 0;
		if (dot) {
			if (to[label] == 0)
				return 0;
			label = size;
			to[size++] = 0;
		} else {
			if (to[label] == LABEL_MAX)
				return 0;
			to[label]++;
			to[size++] = (uint8_t)octet;
		}
	}
	if (to[label] != 0) {
		if (size == NAME_MAX_SIZE)
			return 0;
		to[size++] = 0;
	}
	return size;
}

static bool
read_class(const struct text *t, uint16_t *ret)
{
	static const struct {
		const char *name;
		uint16_t number;
	} NAMES[] = { { "IN", 1 }, { "CH", 3 }, { "HS", 4 }, { "NONE", 254 }, { "ANY", 255 } };
	struct text digits = *t;
	unsigned long number;

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (is(t, NAMES[i].name)) {
			*ret = NAMES[i].number;
			return true;
		}
	if (!begins(t, "CLASS"))
		return false;
	digits.at += 5;
	if (!read_number(&digits, UINT16_MAX, &number))
		return false;
	*ret = (uint16_t)number;
	return true;
}

/* An OPT record with a cookie of as many octets; what is in it nobody said. */
static size_t
put_opt(const struct said *said, uint8_t *to)
{
	size_t data = said->cookie != 0 ? 4 + (size_t)said->cookie : 0;

	memset(to, 0, 11 + data);
	put_be16(to + 1, 41);
	put_be16(to + 3, 512); /* the least: RFC 6891, section 6.2.3 */
	to[6] = said->version;
	to[7] = said->dnssec_ok ? 0x80 : 0;
	put_be16(to + 9, (uint16_t)data);
	if (data != 0) {
		put_be16(to + 11, COOKIE_CODE);
		put_be16(to + 13, said->cookie);
	}
	return 11 + data;
}

/* Makes the message; NULL, or why it cannot be made. */
static const char *
put_message(const struct said *said, struct query_log_line *line)
{
	uint8_t *to = line->message;
	char type_text[32];
	uint16_t type, class;
	size_t size;

	memset(to, 0, 12);
	size = put_name(said->name, to + 12);
	if (size == 0)
		return "a name that cannot be";
	if (!copy(&said->type, type_text, sizeof type_text) || !dns_type_number(type_text, &type))
		return "an unknown type";
	if (!read_class(&said->class, &class))
		return "an unknown class";
	put_be16(to + 2, (uint16_t)((said->response ? 0x8000 : 0) | (said->recursion ? DNS_RD : 0) |
				    (said->checking_disabled ? DNS_CD : 0) | said->rcode));
	put_be16(to + 4, 1);
	put_be16(to + 12 + size, type);
	put_be16(to + 14 + size, class);
	line->size = 16 + size;
	if (said->edns) {
		put_be16(to + 10, 1);
		line->size += put_opt(said, to + line->size);
	}
	return NULL;
}

/* ------------------------------------------------------------------ BIND */

/* "+SE(0)TDCV" */
static bool
read_flags(const struct text *t, struct said *said, struct query_log_line *line)
{
	for (const char *p = t->at; p < t->end; p++) {
		switch (*p) {
		case '+': said->recursion = true; break;
		case '-':
		case 'S': break;
		case 'E':
			said->edns = true;
			if (t->end - p > 3 && p[1] == '(' && p[3] == ')') {
				said->version = (uint8_t)(p[2] - '0');
				p += 3;
			}
			break;
		case 'T': line->transport = DNS_TCP; break;
		case 'D': said->dnssec_ok = true; break;
		case 'C': said->checking_disabled = true; break;
		case 'V': said->cookie = SERVER_COOKIE; break;
		case 'K': said->cookie = CLIENT_COOKIE; break;
		default: return false;
		}
	}
	return true;
}

/* "192.0.2.1#53124", which ':' may follow, behind "client" and perhaps "@0x…". */
static bool
read_client(struct text t, struct query_log_line *line)
{
	struct text word, address, port;
	const char *hash;
	unsigned long number;

	if (!next_word(&t, &word) || (*word.at == '@' && !next_word(&t, &word)))
		return false;
	hash = memchr(word.at, '#', left(&word));
	if (hash == NULL)
		return false;
	address = (struct text){ word.at, hash };
	port = (struct text){ hash + 1, hash + 1 };
	while (port.end < word.end && *port.end >= '0' && *port.end <= '9')
		port.end++;
	if (!read_number(&port, UINT16_MAX, &number) || !read_address(&address, &line->client))
		return false;
	line->client_port = (uint16_t)number;
	return true;
}

/* What follows "query: ". */
static const char *
read_bind_query(struct text t, struct query_log_line *line)
{
	struct said said = { 0 };
	struct text word;

	if (!next_word(&t, &said.name) || !next_word(&t, &said.class) || !next_word(&t, &said.type))
		return "no name, class and type";
	if (!next_word(&t, &word) || !read_flags(&word, &said, line))
		return "flags that BIND does not have";
	if (next_word(&t, &word) && *word.at == '(' && word.end[-1] == ')') {
		word.at++;
		word.end--;
		if (!read_address(&word, &line->server))
			return "no address where the server's is";
	}
	said.edns |= said.cookie != 0 || said.dnssec_ok;
	return put_message(&said, line);
}

static const char *
read_bind(struct text t, const char *client, const char *query, struct query_log_line *line)
{
	nsec_t time;

	if (!read_time(&t, &time))
		return "no time with a year in front";
	line->time = time;
	if (!read_client((struct text){ client, query }, line))
		return "no address and port of a client";
	return read_bind_query((struct text){ query, t.end }, line);
}

/* ------------------------------------------------------------------ Unbound */

static bool
read_rcode(const struct text *t, uint16_t *ret)
{
	static const char *const NAMES[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
		"NOTIMPL", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };

	for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
		if (is(t, NAMES[i])) {
			*ret = (uint16_t)i;
			return true;
		}
	return false;
}

/* What log-replies adds: rcode, seconds, cached, size. */
static const char *
read_reply(struct text *t, struct said *said, struct query_log_line *line)
{
	struct text word, cached, size;
	unsigned long number;
	nsec_t took;

	if (!next_word(t, &word))
		return NULL;
	if (!read_rcode(&word, &said->rcode)) /* "on address@port" of newer versions */
		return NULL;
	said->response = true;
	if (!next_word(t, &word) || !next_word(t, &cached) || !next_word(t, &size))
		return "a reply without its time, source and size";
	if (clock_read(word.at, left(&word), &took) != ERR_OK || took < 0 ||
	    took > 3600 * NSEC_PER_SEC || !read_number(&size, UINT16_MAX, &number))
		return "a reply whose time or size is no number";
	line->query_time = line->time - took;
	line->sent_size = (uint16_t)number;
	return NULL;
}

/* What follows "info: " and perhaps a tag. */
static const char *
read_unbound(struct text t, struct query_log_line *line)
{
	struct said said = { .recursion = true };
	struct text client;
	const char *why;

	if (!next_word(&t, &client) || !read_address(&client, &line->client))
		return "no address of a client";
	if (!next_word(&t, &said.name) || !next_word(&t, &said.type) || !next_word(&t, &said.class))
		return "no name, type and class";
	why = read_reply(&t, &said, line);
	return why != NULL ? why : put_message(&said, line);
}

/* Whether the text has four words of which the first is an address: a query, and not one of the
 * many other things that are of severity info. */
static bool
is_unbound_query(struct text t)
{
	struct address address;
	struct text word;

	if (!next_word(&t, &word) || !read_address(&word, &address))
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (!next_word(&t, &word))
			return false;
	return true;
}

static enum query_log_kind
take_unbound(struct text t, const char *info, struct query_log_line *line)
{
	struct text rest = { info, t.end };
	bool tagged = begins(&rest, "query: ") || begins(&rest, "reply: ");

	if (tagged)
		rest.at += 7;
	if (!tagged && !is_unbound_query(rest))
		return QUERY_LOG_OTHER;
	if (!read_time(&t, &line->time))
		line->why = "no time with a year in front";
	else
		line->why = read_unbound(rest, line);
	return line->why == NULL ? QUERY_LOG_MESSAGE : QUERY_LOG_BAD;
}

enum query_log_kind
query_log_read(const uint8_t *line, size_t size, struct query_log_line *ret_line)
{
	struct text t = { (const char *)line, (const char *)line + size };
	const char *client = find(&t, "client ");
	const char *query = find(&t, ": query: ");
	const char *unbound = find(&t, "unbound");
	const char *info = find(&t, " info: ");

	*ret_line = (struct query_log_line){ .why = NULL };
	if (client != NULL && query != NULL && client < query) {
		ret_line->why = read_bind(t, client + 7, query + 9, ret_line);
		return ret_line->why == NULL ? QUERY_LOG_MESSAGE : QUERY_LOG_BAD;
	}
	if (unbound != NULL && info != NULL && unbound < info)
		return take_unbound(t, info + 7, ret_line);
	return QUERY_LOG_OTHER;
}
