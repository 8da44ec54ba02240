/* SPDX-License-Identifier: ISC */
/*
 * Delivery; see output.h.
 *
 *	syslog    unix datagrams (or a stream), UDP (RFC 5426), TCP with octet counting (RFC 6587
 *	          section 3.4.1)
 *	file      appended, opened for each message so that it can be rotated away
 *	socket    lines over unix or TCP
 *	webhook   POST with libcurl: certificates are verified, redirections are not followed
 */
#include "alert/output.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/syslog.h"
#include "base/xmalloc.h"

#define HEADER_MOST  64
#define HEADER_OCTET 4096
/* A datagram no receiver needs to take more of (RFC 5426 section 3.2 asks for 2048). */
#define DATAGRAM_MOST 8192

const char *const OUTPUT_NAMES[OUTPUT_KINDS] = { "syslog", "file", "socket", "webhook" };

/* As curl_write_callback has it: what the server says is of no interest. */
static size_t
/* NOLINTNEXTLINE(readability-non-const-parameter) */
swallow(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

/* "Authorization: Bearer …", a line each. */
static enum err
read_headers(struct alert_output *o, const char *path, struct err_info *info)
{
	char line[HEADER_OCTET];
	FILE *file;

	o->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (path[0] == '\0')
		return ERR_OK;
	file = fopen(path, "re");
	if (file == NULL)
		return err_set(info, ERR_CONFIG, "alerts.webhook_header_file %.200s: %s", path,
		    strerror(errno));
	for (int i = 0; i < HEADER_MOST && fgets(line, sizeof line, file) != NULL; i++) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '\0')
			o->headers = curl_slist_append(o->headers, line);
	}
	(void)fclose(file);
	return ERR_OK;
}

static enum err
prepare_webhook(struct alert_output *o, const struct sender_options *options, struct err_info *info)
{
	if (strncmp(options->webhook, "https://", 8) != 0 &&
	    strncmp(options->webhook, "http://", 7) != 0)
		return err_set(info, ERR_CONFIG,
		    "alerts.webhook \"%.100s\" is no http:// or https://", options->webhook);
	o->target = xstrdup(options->webhook);
	o->ca = xstrdup(options->webhook_ca);
	o->curl = curl_easy_init();
	if (o->curl == NULL)
		return err_set(info, ERR_IO, "libcurl does not start");
	return read_headers(o, options->webhook_header_file, info);
}

enum err
output_prepare(struct alert_output *o, enum output_kind kind, const struct sender_options *options,
    struct err_info *info)
{
	*o = (struct alert_output){ .kind = kind,
		.facility = options->facility,
		.peer = { .fd = -1 },
		.timeout_ms = options->timeout_ms };
	switch (kind) {
	case OUTPUT_SYSLOG: return peer_parse(options->syslog, options->timeout_ms, &o->peer, info);
	case OUTPUT_SOCKET: return peer_parse(options->socket, options->timeout_ms, &o->peer, info);
	case OUTPUT_FILE: o->target = xstrdup(options->file); return ERR_OK;
	default: return prepare_webhook(o, options, info);
	}
}

void
output_release(struct alert_output *o)
{
	peer_close(&o->peer);
	free(o->target);
	free(o->ca);
	curl_slist_free_all(o->headers);
	if (o->curl != NULL)
		curl_easy_cleanup(o->curl);
}

static enum err
send_syslog(struct alert_output *o, const char *text, struct err_info *info)
{
	json_t *message = json_loads(text, 0, NULL);
	char *line, *framed;
	enum err e;

	if (message == NULL)
		return err_set(info, ERR_FORMAT, "a message of the spool is no JSON");
	line = syslog_format(message, o->facility);
	json_decref(message);
	e = peer_connect(&o->peer, info);
	if (e == ERR_OK && !o->peer.stream) {
		size_t size = strlen(line);
		e = peer_send(&o->peer, line, size < DATAGRAM_MOST ? size : DATAGRAM_MOST, info);
	} else if (e == ERR_OK) {
		framed = xasprintf("%zu %s", strlen(line), line);
		e = peer_send(&o->peer, framed, strlen(framed), info);
		free(framed);
	}
	free(line);
	return e;
}

static enum err
send_line(struct alert_output *o, const char *text, struct err_info *info)
{
	char *line = xasprintf("%s\n", text);
	enum err e = peer_connect(&o->peer, info);

	if (e == ERR_OK)
		e = peer_send(&o->peer, line, strlen(line), info);
	free(line);
	return e;
}

static enum err
append_line(const struct alert_output *o, const char *text, struct err_info *info)
{
	int fd = open(o->target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	char *line = xasprintf("%s\n", text);
	ssize_t size = (ssize_t)strlen(line);
	bool good = fd >= 0 && write(fd, line, (size_t)size) == size;
	enum err e = ERR_OK;

	if (!good)
		e = err_set(info, ERR_IO, "%.200s: %s", o->target, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	free(line);
	return e;
}

/* What a status says about a second try: requests that are wrong in themselves stay wrong. */
static enum err
judge(long status, const char *url, struct err_info *info)
{
	if (status >= 200 && status < 300)
		return ERR_OK;
	return err_set(info,
	    status == 400 || status == 413 || status == 415 || status == 422 ? ERR_FORMAT : ERR_IO,
	    "%.200s answers with status %ld", url, status);
}

static enum err
post(struct alert_output *o, const char *text, struct err_info *info)
{
	char error[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	curl_easy_reset(o->curl);
	curl_easy_setopt(o->curl, CURLOPT_URL, o->target);
	curl_easy_setopt(o->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(o->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(o->curl, CURLOPT_TIMEOUT_MS, (long)o->timeout_ms);
	curl_easy_setopt(o->curl, CURLOPT_USERAGENT, "yagura/" YAGURA_VERSION);
	curl_easy_setopt(o->curl, CURLOPT_HTTPHEADER, o->headers);
	curl_easy_setopt(o->curl, CURLOPT_POSTFIELDS, text);
	curl_easy_setopt(o->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
	curl_easy_setopt(o->curl, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(o->curl, CURLOPT_ERRORBUFFER, error);
	if (o->ca[0] != '\0')
		curl_easy_setopt(o->curl, CURLOPT_CAINFO, o->ca);
	code = curl_easy_perform(o->curl);
	curl_easy_getinfo(o->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_setopt(o->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code != CURLE_OK)
		return err_set(info, ERR_IO, "%.200s: %.200s", o->target,
		    error[0] != '\0' ? error : curl_easy_strerror(code));
	return judge(status, o->target, info);
}

enum err
output_deliver(struct alert_output *o, const char *text, struct err_info *info)
{
	switch (o->kind) {
	case OUTPUT_SYSLOG: return send_syslog(o, text, info);
	case OUTPUT_SOCKET: return send_line(o, text, info);
	case OUTPUT_FILE: return append_line(o, text, info);
	default: return post(o, text, info);
	}
}
