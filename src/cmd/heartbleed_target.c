/* SPDX-License-Identifier: ISC */
/* Targets and whether they are allowed; see heartbleed_target.h. */
#include "cmd/heartbleed_target.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/xmalloc.h"

#define LINE_SIZE      512
#define ALLOWED_MOST   65536
#define ALERT_PROTOCOL 70 /* protocol_version (RFC 5246 section 7.2) */

/* What --allow and --allow-file say. */
struct allowed {
	struct prefix *prefixes; /* owned */
	size_t prefix_count;
	char **names; /* owned */
	size_t name_count;
};

static void
allowed_release(struct allowed *a)
{
	for (size_t i = 0; i < a->name_count; i++)
		free(a->names[i]);
	free(a->names);
	free(a->prefixes);
}

static enum err
allow(struct allowed *a, const char *text, struct err_info *info)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix, info) == ERR_OK) {
		a->prefixes = xrealloc_array(a->prefixes, a->prefix_count + 1, sizeof *a->prefixes);
		a->prefixes[a->prefix_count++] = prefix;
		return ERR_OK;
	}
	if (strchr(text, '/') != NULL)
		return ERR_USAGE;
	a->names = xrealloc_array(a->names, a->name_count + 1, sizeof *a->names);
	a->names[a->name_count++] = xstrdup(text);
	return ERR_OK;
}

static enum err
read_allow_file(struct allowed *a, const char *path, struct err_info *info)
{
	FILE *in = fopen(path, "re");
	char line[LINE_SIZE];
	enum err e = ERR_OK;

	if (in == NULL)
		return err_set(info, ERR_USAGE, "%s cannot be read", path);
	while (e == ERR_OK && fgets(line, sizeof line, in) != NULL &&
	       a->prefix_count + a->name_count < ALLOWED_MOST) {
		char *text = line + strspn(line, " \t");
		text[strcspn(text, " \t\r\n#")] = '\0';
		if (*text != '\0')
			e = allow(a, text, info);
	}
	(void)fclose(in);
	return e;
}

static enum err
read_allowed(const struct opt_values *values, const struct site *site, struct allowed *a,
    struct err_info *info)
{
	const char *text;

	for (size_t i = 0; (text = opt_each(values, "allow", i)) != NULL; i++)
		if (allow(a, text, info) != ERR_OK)
			return ERR_USAGE;
	for (size_t i = 0; (text = opt_each(values, "allow-file", i)) != NULL; i++)
		if (read_allow_file(a, text, info) != ERR_OK)
			return ERR_USAGE;
	for (size_t i = 0; i < site->own_prefix_count; i++) {
		a->prefixes = xrealloc_array(a->prefixes, a->prefix_count + 1, sizeof *a->prefixes);
		a->prefixes[a->prefix_count++] = site->own_prefixes[i];
	}
	if (a->prefix_count + a->name_count == 0)
		return err_set(info, ERR_USAGE,
		    "which targets are allowed? (--allow, --allow-file, or site.own_prefixes of "
		    "--config)");
	return ERR_OK;
}

static bool
is_allowed(const struct allowed *a, const struct heartbleed_target *t)
{
	for (size_t i = 0; i < a->prefix_count; i++)
		if (prefix_contains(&a->prefixes[i], &t->address))
			return true;
	for (size_t i = 0; t->is_name && i < a->name_count; i++)
		if (strcasecmp(a->names[i], t->host) == 0)
			return true;
	return false;
}

/* "host", "host:port", "[v6]:port", "v6". */
static enum err
split(const char *text, uint16_t usual, char **ret_host, uint16_t *ret_port, struct err_info *info)
{
	const char *colon = strrchr(text, ':'), *host = text;
	size_t size = strlen(text);
	unsigned long port = usual;
	char *end;

	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return err_set(info, ERR_USAGE, "\"%s\" is no [ADDRESS]:PORT", text);
		host = text + 1;
		size = (size_t)(close - host);
		colon = close[1] == ':' ? close + 1 : NULL;
	} else if (colon != NULL && strchr(text, ':') != colon) {
		colon = NULL; /* an IPv6 address */
	} else if (colon != NULL) {
		size = (size_t)(colon - text);
	}
	if (colon != NULL) {
		port = strtoul(colon + 1, &end, 10);
		if (*end != '\0' || colon[1] < '0' || colon[1] > '9' || port == 0 || port > 65535)
			return err_set(info, ERR_USAGE, "\"%s\" has no port from 1 to 65535", text);
	}
	if (size == 0)
		return err_set(info, ERR_USAGE, "\"%s\" has no host", text);
	*ret_host = xasprintf("%.*s", (int)size, host);
	*ret_port = (uint16_t)port;
	return ERR_OK;
}

static enum err
add(struct heartbleed_targets *targets, const struct allowed *a,
    const struct heartbleed_target *target, struct err_info *info)
{
	char text[ADDRESS_TEXT_SIZE];
	struct heartbleed_target *t;

	if (!is_allowed(a, target))
		return err_set(info, ERR_USAGE,
		    "%s (%s) is not allowed: neither --allow nor site.own_prefixes has it",
		    target->host, address_format(&target->address, text));
	if (targets->count == HEARTBLEED_TARGETS_MOST)
		return err_set(info, ERR_USAGE, "more than %d targets", HEARTBLEED_TARGETS_MOST);
	targets->list = xrealloc_array(targets->list, targets->count + 1, sizeof *targets->list);
	t = &targets->list[targets->count++];
	*t = *target;
	t->host = xstrdup(target->host);
	return ERR_OK;
}

static bool
read_sockaddr(const struct sockaddr *from, struct address *ret_address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof v4);
		*ret_address = address_from_ipv4((const uint8_t *)&v4.sin_addr);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		memcpy(&v6, from, sizeof v6);
		*ret_address = address_from_ipv6((const uint8_t *)&v6.sin6_addr);
		return true;
	}
	return false;
}

/* Every address of a name. */
static enum err
look_up(struct heartbleed_targets *targets, const struct allowed *a,
    struct heartbleed_target *target, struct err_info *info)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *all = NULL;
	int code = getaddrinfo(target->host, NULL, &hints, &all);
	enum err e = ERR_OK;

	if (code != 0)
		return err_set(info, ERR_USAGE, "%s: %s", target->host, gai_strerror(code));
	target->is_name = true;
	for (const struct addrinfo *one = all; one != NULL && e == ERR_OK; one = one->ai_next)
		if (read_sockaddr(one->ai_addr, &target->address))
			e = add(targets, a, target, info);
	freeaddrinfo(all);
	return e;
}

static enum err
add_operand(struct heartbleed_targets *targets, const struct allowed *a, const char *text,
    uint16_t port, struct err_info *info)
{
	struct heartbleed_target target = { .host = NULL };
	enum err e = split(text, port, &target.host, &target.port, info);

	if (e != ERR_OK)
		return e;
	if (address_parse(target.host, &target.address) == ERR_OK)
		e = add(targets, a, &target, info);
	else
		e = look_up(targets, a, &target, info);
	free(target.host);
	return e;
}

enum err
heartbleed_targets_make(const struct opt_values *values, const struct site *site, uint16_t port,
    struct heartbleed_targets *ret_targets, struct err_info *info)
{
	struct heartbleed_targets targets = { .list = NULL };
	struct allowed a = { .prefixes = NULL };
	enum err e = read_allowed(values, site, &a, info);

	for (size_t i = 0; e == ERR_OK && i < values->operand_count; i++)
		e = add_operand(&targets, &a, values->operands[i], port, info);
	allowed_release(&a);
	if (e != ERR_OK)
		heartbleed_targets_release(&targets);
	else
		*ret_targets = targets;
	return e;
}

void
heartbleed_targets_release(struct heartbleed_targets *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		free(targets->list[i].host);
	free(targets->list);
	*targets = (struct heartbleed_targets){ .list = NULL };
}

/* Whether an answer says anything of the server; one that refuses a version for another reason than
 * the version may answer to other ciphers or names. */
static bool
is_definite(const struct heartbleed_answer *a)
{
	switch (a->result) {
	case HEARTBLEED_UNREACHABLE:
	case HEARTBLEED_SERVICE_ERROR:
	case HEARTBLEED_UNFINISHED: return false;
	case HEARTBLEED_VERSION_REFUSED: return a->alert == ALERT_PROTOCOL;
	default: return true;
	}
}

enum heartbleed_judgement
heartbleed_target_judge(const struct heartbleed_target *t)
{
	bool echoes = false, unfinished = false, definite = false;

	for (unsigned i = 0; i < t->answer_count; i++) {
		const struct heartbleed_answer *a = &t->answers[i];
		if (a->result == HEARTBLEED_LEAKS)
			return HEARTBLEED_VULNERABLE;
		echoes |= a->result == HEARTBLEED_ECHOED;
		unfinished |= a->result == HEARTBLEED_UNFINISHED;
		definite |= is_definite(a);
	}
	if (unfinished || !definite)
		return HEARTBLEED_UNKNOWN;
	return echoes ? HEARTBLEED_NON_CONFORMING : HEARTBLEED_NOT_VULNERABLE;
}
