/* SPDX-License-Identifier: ISC */
/*
 * Requests of HTTP, banners of SSH and negotiations of SMB; see payload.h.  TLS is in tls_hello.c.
 */
#include "sensor/payload.h"

#include <string.h>

#define METHOD_MAX  16
#define SMB_HEADER  4 /* of the session service: RFC 1002, section 4.3.1 */
#define SMB1_HEADER 32
#define DIALECTS    16

const char *
payload_kind_name(enum payload_kind kind)
{
	static const char *const NAMES[PAYLOAD_KINDS] = { [PAYLOAD_NONE] = "none",
		[PAYLOAD_UNKNOWN] = "unknown",
		[PAYLOAD_HTTP] = "http",
		[PAYLOAD_TLS] = "tls",
		[PAYLOAD_SSH] = "ssh",
		[PAYLOAD_SMB1] = "smb1",
		[PAYLOAD_SMB2] = "smb2" };

	return NAMES[kind];
}

void
payload_add(struct payload_facts *facts, const char *key, const uint8_t *value, size_t size)
{
	for (size_t i = 0; i < facts->count; i++)
		if (strcmp(facts->facts[i].key, key) == 0)
			return;
	if (facts->count == PAYLOAD_FACTS || size == 0)
		return;
	facts->facts[facts->count++] = (struct payload_fact){
		.key = key,
		.value = value,
		.size = size < PAYLOAD_VALUE_MAX ? size : PAYLOAD_VALUE_MAX,
	};
}

void
payload_add_made(struct payload_facts *facts, const char *key, const char *text)
{
	size_t size = strlen(text);
	char *to = facts->made + facts->made_used;

	if (size > sizeof facts->made - facts->made_used)
		return;
	memcpy(to, text, size); /* NOLINT(bugprone-not-null-terminated-result): with its size */
	facts->made_used += size;
	payload_add(facts, key, (const uint8_t *)to, size);
}

/* The next line without its end; false when the end has not come. */
static bool
take_line(struct cursor *c, struct cursor *ret_line)
{
	const uint8_t *end = cursor_left(c) != 0 ? memchr(c->at, '\n', cursor_left(c)) : NULL;
	size_t size;

	if (end == NULL)
		return false;
	size = (size_t)(end - c->at);
	*ret_line = cursor_over(c->at, size != 0 && end[-1] == '\r' ? size - 1 : size);
	c->at = end + 1;
	return true;
}

/* The next word of a line, up to a blank. */
static struct cursor
take_word(struct cursor *c)
{
	const uint8_t *end = cursor_left(c) != 0 ? memchr(c->at, ' ', cursor_left(c)) : NULL;
	struct cursor word = { .at = c->at, .end = end != NULL ? end : c->end };

	c->at = end != NULL ? end + 1 : c->end;
	return word;
}

static void
add(struct payload_facts *facts, const char *key, const struct cursor *value)
{
	payload_add(facts, key, value->at, cursor_left(value));
}

/* "Host: example.com": the value if the line is of this header. */
static bool
is_header(struct cursor line, const char *name, struct cursor *ret_value)
{
	size_t size = strlen(name);

	if (cursor_left(&line) <= size || line.at[size] != ':' ||
	    strncasecmp((const char *)line.at, name, size) != 0)
		return false;
	line.at += size + 1;
	while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
		line.at++;
	*ret_value = line;
	return true;
}

/* METHOD SP request-target SP HTTP-version (RFC 9112, section 3). */
static bool
read_http(struct cursor c, struct payload_facts *facts)
{
	struct cursor line = { 0 }, method, target, version, value;

	if (!take_line(&c, &line))
		line = (struct cursor){ .at = c.at, .end = c.end };
	method = take_word(&line);
	target = take_word(&line);
	version = line;
	if (cursor_left(&method) == 0 || cursor_left(&method) > METHOD_MAX ||
	    cursor_left(&target) == 0 || cursor_left(&version) < 5 ||
	    memcmp(version.at, "HTTP/", 5) != 0)
		return false;
	for (const uint8_t *p = method.at; p < method.end; p++)
		if ((*p < 'A' || *p > 'Z') && *p != '-' && *p != '_')
			return false;
	facts->kind = PAYLOAD_HTTP;
	add(facts, "method", &method);
	add(facts, "target", &target);
	while (take_line(&c, &line)) {
		if (cursor_left(&line) == 0)
			facts->whole = true;
		if (facts->whole)
			break;
		if (is_header(line, "host", &value))
			add(facts, "host", &value);
		else if (is_header(line, "user-agent", &value))
			add(facts, "user_agent", &value);
		else if (is_header(line, "authorization", &value))
			add(facts, "authorization", &value);
	}
	return true;
}

/* "SSH-2.0-softwareversion" (RFC 4253, section 4.2). */
static bool
read_ssh(struct cursor c, struct payload_facts *facts)
{
	struct cursor line;

	if (cursor_left(&c) < 4 || memcmp(c.at, "SSH-", 4) != 0)
		return false;
	facts->whole = take_line(&c, &line);
	if (!facts->whole)
		line = c;
	facts->kind = PAYLOAD_SSH;
	add(facts, "banner", &line);
	return true;
}

/* SMB_COM_NEGOTIATE: words of the header, then dialects, each "\2name\0" (MS-CIFS 2.2.4.52.1). */
static void
read_smb1(struct cursor c, struct payload_facts *facts)
{
	char text[PAYLOAD_VALUE_MAX] = "";
	size_t used = 0;

	facts->kind = PAYLOAD_SMB1;
	(void)cursor_skip(&c, (size_t)cursor_u8(&c) * 2); /* words */
	(void)cursor_skip(&c, 2);                         /* how many octets follow */
	for (unsigned i = 0; i < DIALECTS && cursor_u8(&c) == 2; i++) {
		const uint8_t *end = cursor_left(&c) != 0 ? memchr(c.at, 0, cursor_left(&c)) : NULL;
		size_t size = end != NULL ? (size_t)(end - c.at) : 0;

		if (end == NULL || size + 2 > sizeof text - used)
			break;
		if (used != 0)
			text[used++] = ',';
		memcpy(text + used, c.at, size);
		used += size;
		c.at = end + 1;
		facts->whole = cursor_left(&c) == 0;
	}
	/* The names may hold any octet but zero, so their text ends where they do. */
	text[used] = '\0';
	payload_add_made(facts, "dialects", text);
}

/* SMB2 NEGOTIATE Request (MS-SMB2 2.2.3): a header of 64 octets, StructureSize 36, DialectCount. */
static void
read_smb2(struct cursor c, struct payload_facts *facts)
{
	static const char HEX[] = "0123456789abcdef";
	char text[5 * DIALECTS + 1] = "";
	const uint8_t *body;
	unsigned count, used = 0;

	facts->kind = PAYLOAD_SMB2;
	(void)cursor_skip(&c, 64);
	body = cursor_take(&c, 36);
	if (body == NULL)
		return;
	count = le16(body + 2);
	for (unsigned i = 0; i < count && i < DIALECTS; i++) {
		const uint8_t *dialect = cursor_take(&c, 2);

		if (dialect == NULL)
			break;
		if (i != 0)
			text[used++] = ',';
		text[used++] = HEX[dialect[1] >> 4];
		text[used++] = HEX[dialect[1] & 15];
		text[used++] = HEX[dialect[0] >> 4];
		text[used++] = HEX[dialect[0] & 15];
		facts->whole = i + 1 == count;
	}
	payload_add_made(facts, "dialects", text);
}

static bool
read_smb(struct cursor c, struct payload_facts *facts)
{
	const uint8_t *header = cursor_take(&c, SMB_HEADER);
	const uint8_t *magic = c.at;

	if (header == NULL || header[0] != 0 || cursor_left(&c) < 5)
		return false;
	if (memcmp(magic, "\xfeSMB", 4) == 0) {
		if (cursor_left(&c) >= 14 && le16(magic + 12) != 0)
			return false; /* another command than NEGOTIATE */
		read_smb2(c, facts);
		return true;
	}
	if (memcmp(magic, "\xffSMB\x72", 5) != 0)
		return false;
	(void)cursor_skip(&c, SMB1_HEADER);
	read_smb1(c, facts);
	return true;
}

void
payload_recognise(const uint8_t *data, size_t size, struct payload_facts *ret_facts)
{
	struct cursor c = cursor_over(data, size);

	*ret_facts = (struct payload_facts){ .kind = size == 0 ? PAYLOAD_NONE : PAYLOAD_UNKNOWN };
	if (size != 0 && !read_ssh(c, ret_facts) && !payload_tls(c, ret_facts) &&
	    !read_smb(c, ret_facts))
		(void)read_http(c, ret_facts);
}
