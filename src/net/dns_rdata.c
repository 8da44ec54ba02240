/* SPDX-License-Identifier: ISC */
/*
 * The data of records as text; see dns.h.
 *
 * What the data of a type are made of is a word, one letter a field; the fields are printed with
 * spaces between them.  Data that do not fit the word of their type are printed as those of an
 * unknown one (RFC 3597, section 5).
 *
 *	N  name, perhaps compressed        1 2 4  an integer of so many octets
 *	a  IPv4 address  A  IPv6 address   t  the name of a type, two octets
 *	s  a string, in quotes             S  strings up to the end, one at least
 *	u  a string, without quotes        q  all that is left, as one string
 *	x  all that is left, hexadecimal   b  the same in base64
 *	h  octets with a length, hexadecimal or "-"; H the same in base32
 *	T  a time, YYYYMMDDhhmmss          w  a bitmap of types (RFC 4034, section 4.1.2)
 *	p  parameters of a service (RFC 9460, section 2.1)
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "net/dns.h"
#include "net/dns_text.h"

struct form {
	uint16_t type;
	char fields[12];
};

static const struct form FORMS[] = {
	{ 1, "a" },          /* A */
	{ 2, "N" },          /* NS */
	{ 3, "N" },          /* MD */
	{ 4, "N" },          /* MF */
	{ 5, "N" },          /* CNAME */
	{ 6, "NN44444" },    /* SOA */
	{ 7, "N" },          /* MB */
	{ 8, "N" },          /* MG */
	{ 9, "N" },          /* MR */
	{ 12, "N" },         /* PTR */
	{ 13, "ss" },        /* HINFO */
	{ 14, "NN" },        /* MINFO */
	{ 15, "2N" },        /* MX */
	{ 16, "S" },         /* TXT */
	{ 17, "NN" },        /* RP */
	{ 18, "2N" },        /* AFSDB */
	{ 21, "2N" },        /* RT */
	{ 28, "A" },         /* AAAA */
	{ 33, "222N" },      /* SRV */
	{ 35, "22sssN" },    /* NAPTR */
	{ 36, "2N" },        /* KX */
	{ 39, "N" },         /* DNAME */
	{ 43, "211x" },      /* DS */
	{ 44, "11x" },       /* SSHFP */
	{ 46, "t114TT2Nb" }, /* RRSIG */
	{ 47, "Nw" },        /* NSEC */
	{ 48, "211b" },      /* DNSKEY */
	{ 49, "b" },         /* DHCID */
	{ 50, "112hHw" },    /* NSEC3 */
	{ 51, "112h" },      /* NSEC3PARAM */
	{ 52, "111x" },      /* TLSA */
	{ 53, "111x" },      /* SMIMEA */
	{ 59, "211x" },      /* CDS */
	{ 60, "211b" },      /* CDNSKEY */
	{ 61, "b" },         /* OPENPGPKEY */
	{ 62, "42w" },       /* CSYNC */
	{ 63, "411x" },      /* ZONEMD */
	{ 64, "2Np" },       /* SVCB */
	{ 65, "2Np" },       /* HTTPS */
	{ 99, "S" },         /* SPF */
	{ 256, "22q" },      /* URI */
	{ 257, "1uq" },      /* CAA */
	{ 32769, "211x" },   /* DLV */
};

static const char *
form_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++)
		if (FORMS[i].type == type)
			return FORMS[i].fields;
	return NULL;
}

/* RFC 4034, section 3.2. */
static void
add_time(struct dns_text *t, uint32_t seconds)
{
	char text[32];

	(void)clock_format((nsec_t)seconds * NSEC_PER_SEC, 0, text, sizeof text);
	for (const char *at = text; *at != '\0'; at++)
		if (*at >= '0' && *at <= '9')
			dns_text_add(t, "%c", *at);
}

/* The fields that are numbers or addresses. */
static void
add_number(struct dns_text *t, struct cursor *c, char field)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *octets;

	switch (field) {
	case '1': dns_text_add(t, "%u", cursor_u8(c)); break;
	case '2': dns_text_add(t, "%u", cursor_be16(c)); break;
	case '4': dns_text_add(t, "%u", cursor_be32(c)); break;
	case 't': dns_text_add(t, "%s", dns_type_name(cursor_be16(c), text)); break;
	case 'T': add_time(t, cursor_be32(c)); break;
	default:
		octets = cursor_take(c, field == 'a' ? 4 : 16);
		if (octets != NULL)
			dns_text_add(t, "%s",
			    inet_ntop(
				field == 'a' ? AF_INET : AF_INET6, octets, text, sizeof text));
		break;
	}
}

static bool
add_name(struct dns_text *t, const uint8_t *message, struct cursor *c)
{
	size_t at = (size_t)(c->at - message), end, size;
	uint8_t name[255];

	size = dns_name_expand(message, (size_t)(c->end - message), at, name, &end);
	if (size == 0)
		return false;
	c->at = message + end;
	dns_text_name(t, name, size);
	return true;
}

static bool
add_strings(struct dns_text *t, struct cursor *c)
{
	const char *space = "";

	do {
		struct cursor string = cursor_sub(c, cursor_u8(c));
		if (string.failed)
			return false;
		dns_text_add(t, "%s", space);
		dns_text_quoted(t, string.at, cursor_left(&string));
		space = " ";
	} while (cursor_left(c) != 0);
	return true;
}

/* RFC 8659, section 4.1: letters and digits. */
static bool
add_tag(struct dns_text *t, struct cursor *c)
{
	struct cursor tag = cursor_sub(c, cursor_u8(c));

	if (tag.failed || cursor_left(&tag) == 0)
		return false;
	while (cursor_left(&tag) != 0) {
		uint8_t octet = cursor_u8(&tag);
		if (!(octet >= 'a' && octet <= 'z') && !(octet >= 'A' && octet <= 'Z') &&
		    !(octet >= '0' && octet <= '9'))
			return false;
		dns_text_add(t, "%c", octet);
	}
	return true;
}

static bool
add_string(struct dns_text *t, struct cursor *c, char field)
{
	struct cursor string = cursor_sub(c, cursor_u8(c));
	size_t size = cursor_left(&string);

	if (string.failed || (size == 0 && field == 'H'))
		return false;
	if (field == 's')
		dns_text_quoted(t, string.at, size);
	else if (field == 'H')
		dns_text_base32(t, string.at, size);
	else if (size != 0)
		dns_text_hex(t, string.at, size);
	else
		dns_text_add(t, "-");
	return true;
}

static bool
add_rest(struct dns_text *t, struct cursor *c, char field)
{
	size_t size = cursor_left(c);
	const uint8_t *octets = cursor_take(c, size);

	if (field == 'q')
		dns_text_quoted(t, octets, size);
	else if (field == 'x')
		dns_text_hex(t, octets, size);
	else
		dns_text_base64(t, octets, size);
	return size != 0 || field == 'q';
}

static bool
add_types(struct dns_text *t, struct cursor *c)
{
	char text[DNS_NUMBER_TEXT_SIZE];
	const char *space = "";
	int last = -1;

	while (cursor_left(c) != 0) {
		int window = cursor_u8(c);
		struct cursor bitmap = cursor_sub(c, cursor_u8(c));
		size_t size = cursor_left(&bitmap);
		if (c->failed || bitmap.failed || window <= last || size == 0 || size > 32)
			return false;
		for (unsigned bit = 0; bit < size * 8; bit++)
			if (bitmap.at[bit / 8] & 0x80 >> bit % 8) {
				dns_text_add(t, "%s%s", space,
				    dns_type_name((uint16_t)((unsigned)window << 8 | bit), text));
				space = " ";
			}
		last = window;
	}
	return true;
}

/* One protocol of a list in quotes: a comma in it is escaped, and the escape again for the quotes
 * (RFC 9460, appendix A.1). */
static void
add_protocol(struct dns_text *t, struct cursor protocol)
{
	while (cursor_left(&protocol) != 0) {
		uint8_t c = cursor_u8(&protocol);
		if (c < 0x20 || c >= 0x7f)
			dns_text_add(t, "\\%03u", c);
		else
			dns_text_add(t, "%s%c",
			    c == ','    ? "\\\\"
			    : c == '\\' ? "\\\\\\"
			    : c == '"'  ? "\\"
					: "",
			    c);
	}
}

enum {
	KEY_MANDATORY,
	KEY_ALPN,
	KEY_NO_DEFAULT_ALPN,
	KEY_PORT,
	KEY_IPV4HINT,
	KEY_ECH,
	KEY_IPV6HINT,
	KEY_DOHPATH,
	KEY_OHTTP,
	KEY_COUNT,
};

static void
add_key(struct dns_text *t, uint16_t key)
{
	static const char *const KEYS[KEY_COUNT] = {
		[KEY_MANDATORY] = "mandatory",
		[KEY_ALPN] = "alpn",
		[KEY_NO_DEFAULT_ALPN] = "no-default-alpn",
		[KEY_PORT] = "port",
		[KEY_IPV4HINT] = "ipv4hint",
		[KEY_ECH] = "ech",
		[KEY_IPV6HINT] = "ipv6hint",
		[KEY_DOHPATH] = "dohpath",
		[KEY_OHTTP] = "ohttp",
	};

	if (key < KEY_COUNT)
		dns_text_add(t, "%s", KEYS[key]);
	else
		dns_text_add(t, "key%u", key);
}

static bool
add_parameter_list(struct dns_text *t, uint16_t key, struct cursor *value)
{
	const char *comma = "";

	while (cursor_left(value) != 0) {
		dns_text_add(t, "%s", comma);
		comma = ",";
		switch (key) {
		case KEY_MANDATORY: add_key(t, cursor_be16(value)); break;
		case KEY_PORT: add_number(t, value, '2'); break;
		case KEY_IPV4HINT: add_number(t, value, 'a'); break;
		case KEY_IPV6HINT: add_number(t, value, 'A'); break;
		default: {
			struct cursor protocol = cursor_sub(value, cursor_u8(value));
			value->failed = value->failed || protocol.failed;
			add_protocol(t, protocol);
		}
		}
	}
	return !value->failed;
}

static bool
add_parameter(struct dns_text *t, uint16_t key, struct cursor *value)
{
	add_key(t, key);
	if (cursor_left(value) == 0)
		return key == KEY_NO_DEFAULT_ALPN || key == KEY_OHTTP || key >= KEY_COUNT;
	dns_text_add(t, "=");
	switch (key) {
	case KEY_NO_DEFAULT_ALPN:
	case KEY_OHTTP: return false;
	case KEY_ECH: return add_rest(t, value, 'b');
	case KEY_PORT: return cursor_left(value) == 2 && add_parameter_list(t, key, value);
	case KEY_MANDATORY:
	case KEY_IPV4HINT:
	case KEY_IPV6HINT: return add_parameter_list(t, key, value);
	case KEY_ALPN:
		dns_text_add(t, "\"");
		if (!add_parameter_list(t, key, value))
			return false;
		dns_text_add(t, "\"");
		return true;
	default: return add_rest(t, value, 'q');
	}
}

static bool
add_parameters(struct dns_text *t, struct cursor *c)
{
	const char *space = "";
	int last = -1;

	while (cursor_left(c) != 0) {
		uint16_t key = cursor_be16(c);
		struct cursor value = cursor_sub(c, cursor_be16(c));
		dns_text_add(t, "%s", space);
		if (c->failed || value.failed || key <= last || !add_parameter(t, key, &value))
			return false;
		space = " ";
		last = key;
	}
	return true;
}

static bool
add_field(struct dns_text *t, const uint8_t *message, struct cursor *c, char field)
{
	switch (field) {
	case 'N': return add_name(t, message, c);
	case 'S': return add_strings(t, c);
	case 'u': return add_tag(t, c);
	case 's':
	case 'h':
	case 'H': return add_string(t, c, field);
	case 'q':
	case 'x':
	case 'b': return add_rest(t, c, field);
	case 'w': return add_types(t, c);
	case 'p': return add_parameters(t, c);
	default: add_number(t, c, field); return !c->failed;
	}
}

static bool
add_fields(struct dns_text *t, const uint8_t *message, struct cursor *c, const char *fields)
{
	for (const char *field = fields; *field != '\0'; field++) {
		/* Lists that may be empty do not leave a space behind. */
		bool list = *field == 'w' || *field == 'p';
		if (field != fields && (!list || cursor_left(c) != 0))
			dns_text_add(t, " ");
		if (!add_field(t, message, c, *field) || c->failed)
			return false;
	}
	return cursor_left(c) == 0;
}

size_t
dns_rdata_text(
    const uint8_t *message, size_t size, const struct dns_rr *rr, char *text, size_t text_size)
{
	const char *fields = form_of(rr->type);
	struct cursor all = cursor_over(message, size);
	struct cursor c;
	struct dns_text t;

	dns_text_init(&t, text, text_size);
	if (!cursor_skip(&all, rr->data_at))
		return 0;
	c = cursor_sub(&all, rr->data_size);
	if (c.failed)
		return 0;
	if (fields != NULL) {
		struct cursor known = c;
		if (add_fields(&t, message, &known, fields))
			return t.length;
		dns_text_init(&t, text, text_size);
	}
	dns_text_add(&t, "\\# %u", rr->data_size);
	if (rr->data_size != 0) {
		dns_text_add(&t, " ");
		dns_text_hex(&t, c.at, rr->data_size);
	}
	return t.length;
}
