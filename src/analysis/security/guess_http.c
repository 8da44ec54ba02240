/* SPDX-License-Identifier: ISC */
/*
 * HTTP requests that try a password.
 *
 *	credentials in Authorization: Basic (RFC 7617), or a log's remote user
 *	                              401, 403: failed; below 400: succeeded
 *	POST to a path of a login     401, 403: failed; redirected to a login again: failed;
 *	                              redirected elsewhere: likely succeeded; 200: not known, but
 *	                              WordPress answers 200 to a wrong password and redirects
 *otherwise
 *
 * A 401 to a request without credentials is only the server's question.  A success by Authorization
 * is a request like any other: it counts where it could end a series of failures, once a request.
 */
#include <string.h>
#include <strings.h>

#include "analysis/security/guess.h"

#define PATH_MOST 64

/* Parts of paths that logins are at, in lower case. */
static const char *const LOGIN_PATHS[] = { "login", "logon", "signin", "sign_in", "sign-in",
	"j_security_check", "j_spring_security_check", "authenticate", "/auth", "/session",
	"xmlrpc.php", "/owa/auth" };
static const char *const USER_FIELDS[] = { "log=", "user=", "username=", "login=", "email=",
	"j_username=", "user_login=", "uname=", "userid=", "usr=" };

static bool
is_text(const struct octets *o, const char *text)
{
	return o->size == strlen(text) && strncasecmp((const char *)o->data, text, o->size) == 0;
}

static bool
contains(const uint8_t *data, size_t size, const char *part)
{
	size_t length = strlen(part);

	for (size_t i = 0; i + length <= size; i++)
		if (strncasecmp((const char *)data + i, part, length) == 0)
			return true;
	return false;
}

/* The path of a target, without its query. */
static struct octets
path_of(const struct http_request *r)
{
	struct octets path = r->target;
	const uint8_t *query = path.size > 0 ? memchr(path.data, '?', path.size) : NULL;

	if (query != NULL)
		path.size = (size_t)(query - path.data);
	return path;
}

static bool
is_login_path(const struct octets *path)
{
	for (size_t i = 0; i < ARRAY_COUNT(LOGIN_PATHS); i++)
		if (contains(path->data, path->size, LOGIN_PATHS[i]))
			return true;
	return false;
}

/* ------------------------------------------------------------------ who */

static int
base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The user of "Basic …" credentials, decoded into `text`; false when they are not such. */
static bool
basic_user(const struct octets *credentials, char *text, size_t room, size_t *ret_size)
{
	static const char BASIC[] = "Basic ";
	size_t size = 0, at = sizeof BASIC - 1;
	uint32_t bits = 0;
	unsigned count = 0;

	if (credentials->size <= at || strncasecmp((const char *)credentials->data, BASIC, at) != 0)
		return false;
	for (; at < credentials->size && size < room; at++) {
		int digit = base64_digit(credentials->data[at]);
		if (digit < 0)
			break;
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		text[size] = (char)(bits >> count);
		if (text[size] == ':')
			break;
		size++;
	}
	*ret_size = size;
	return true;
}

/* The value of a form's field for the user's name. */
static struct octets
form_user(const struct octets *body)
{
	for (size_t i = 0; i < body->size; i++) {
		if (i > 0 && body->data[i - 1] != '&')
			continue;
		for (size_t k = 0; k < ARRAY_COUNT(USER_FIELDS); k++) {
			size_t length = strlen(USER_FIELDS[k]), end = i + length;
			if (end >= body->size ||
			    strncasecmp((const char *)body->data + i, USER_FIELDS[k], length) != 0)
				continue;
			while (end < body->size && body->data[end] != '&')
				end++;
			return (struct octets){ body->data + i + length, end - i - length };
		}
	}
	return (struct octets){ NULL, 0 };
}

/* ------------------------------------------------------------------ what came of it */

static enum login_outcome
outcome_of_credentials(uint16_t status)
{
	if (status == 401 || status == 403)
		return LOGIN_FAILED;
	return status != 0 && status < 400 ? LOGIN_SUCCEEDED : LOGIN_UNKNOWN;
}

static enum login_outcome
outcome_of_form(const struct http_request *r, const struct octets *path)
{
	if (r->status == 401 || r->status == 403)
		return LOGIN_FAILED;
	if (r->status == 301 || r->status == 302 || r->status == 303) {
		if (r->location.size == 0)
			return LOGIN_UNKNOWN; /* a log: where to is not said */
		return is_login_path(&r->location) ? LOGIN_FAILED : LOGIN_LIKELY_SUCCEEDED;
	}
	if (r->status == 200 && contains(path->data, path->size, "wp-login.php"))
		return LOGIN_LIKELY_FAILED;
	return LOGIN_UNKNOWN;
}

/* WordPress in a log: redirected is in. */
static enum login_outcome
outcome_in_log(const struct http_request *r, const struct octets *path, enum login_outcome outcome)
{
	if (outcome == LOGIN_UNKNOWN && r->origin == HTTP_FROM_LOG && r->status == 302 &&
	    contains(path->data, path->size, "wp-login.php"))
		return LOGIN_LIKELY_SUCCEEDED;
	return outcome;
}

/* What says that requests of many sources are one program's: its name for itself, and the path. */
static struct octets
client_of(const struct http_request *r, const struct octets *path, char *text, size_t room)
{
	size_t agent =
	    r->user_agent.size < room - PATH_MOST ? r->user_agent.size : room - PATH_MOST;
	size_t rest = path->size < PATH_MOST - 1 ? path->size : PATH_MOST - 1;

	if (agent == 0)
		return (struct octets){ NULL, 0 };
	memcpy(text, r->user_agent.data, agent);
	text[agent] = ' ';
	if (rest > 0)
		memcpy(text + agent + 1, path->data, rest);
	return (struct octets){ (const uint8_t *)text, agent + 1 + rest };
}

void
guess_http(struct guess *g, const struct http_request *r)
{
	char user[GUESS_TEXT], client[GUESS_CLIENT + PATH_MOST];
	struct octets path = path_of(r), name = r->user;
	struct login l = { .time = r->time,
		.source = r->client,
		.destination = r->server,
		.source_port = r->client_port,
		.destination_port = r->server_port,
		.origin = r->origin == HTTP_FROM_LOG ? LOGIN_FROM_LOG : LOGIN_FROM_PACKETS,
		.count = 1,
		.service = "http",
		.host = r->host,
		.input_offset = r->input_offset,
		.input_length = r->input_length };
	size_t size = 0;
	bool credentials = (name.size > 0 && !is_text(&name, "-")) ||
			   basic_user(&r->authorization, user, sizeof user, &size);
	bool form = !credentials && is_text(&r->method, "POST") && is_login_path(&path);

	if ((r->flags & (HTTP_NO_REQUEST | HTTP_CLIENT_NAMED)) != 0 || (!credentials && !form)) {
		g->passed++;
		return;
	}
	if (form) {
		l.outcome = (uint8_t)outcome_in_log(r, &path, outcome_of_form(r, &path));
		l.user = form_user(&r->body);
	} else {
		l.outcome = (uint8_t)outcome_of_credentials(r->status);
		l.user = name.size > 0 && !is_text(&name, "-")
			     ? name
			     : (struct octets){ (const uint8_t *)user, size };
	}
	l.client = client_of(r, &path, client, sizeof client);
	guess_login(g, &l);
}
