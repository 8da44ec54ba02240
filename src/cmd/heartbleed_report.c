/* SPDX-License-Identifier: ISC */
/* Text and JSON; see heartbleed_report.h. */
#include "cmd/heartbleed_report.h"

#include <jansson.h>
#include <string.h>

#include "obs/section.h"

static const char *const JUDGEMENTS[] = {
	[HEARTBLEED_NOT_VULNERABLE] = "not-vulnerable",
	[HEARTBLEED_NON_CONFORMING] = "non-conforming",
	[HEARTBLEED_UNKNOWN] = "unknown",
	[HEARTBLEED_VULNERABLE] = "vulnerable",
};

static const char *const VERSIONS[HEARTBLEED_VERSIONS_ASKED] = { "TLS 1.2", "TLS 1.1", "TLS 1.0" };

/* What people should read into a result. */
static const char *const MEANINGS[HEARTBLEED_RESULTS] = {
	[HEARTBLEED_UNREACHABLE] = "not reached",
	[HEARTBLEED_SERVICE_ERROR] = "service error",
	[HEARTBLEED_VERSION_REFUSED] = "version refused",
	[HEARTBLEED_NO_EXTENSION] = "does not offer heartbeats",
	[HEARTBLEED_ALERTED] = "answered with an alert",
	[HEARTBLEED_SILENT] = "did not answer the heartbeat",
	[HEARTBLEED_CLOSED] = "ended the connection at the heartbeat",
	[HEARTBLEED_ECHOED] = "answered what it must drop, with nothing but what was sent",
	[HEARTBLEED_UNFINISHED] = "began an answer",
	[HEARTBLEED_LEAKS] = "LEAKS memory",
};

void
heartbleed_report_print(const struct heartbleed_target *t, FILE *out)
{
	enum heartbleed_judgement judgement = heartbleed_target_judge(t);
	char address[ADDRESS_TEXT_SIZE];

	(void)fprintf(out, "%s port %u", address_format(&t->address, address), t->port);
	if (t->is_name)
		(void)fprintf(out, " (%s)", t->host);
	(void)fprintf(out, ": %s\n", JUDGEMENTS[judgement]);
	for (unsigned i = 0; i < t->answer_count; i++) {
		const struct heartbleed_answer *a = &t->answers[i];
		(void)fprintf(out, "  %s: %s", VERSIONS[i], MEANINGS[a->result]);
		if (a->text[0] != '\0')
			(void)fprintf(out, " (%s)", a->text);
		if (a->result == HEARTBLEED_LEAKS)
			(void)fprintf(out,
			    ": a record of %u octets to a request of 22; %u foreign octets were "
			    "read, entropy %.2f, SHA-256 %s",
			    a->record_octets, a->foreign, a->entropy, a->sha256);
		(void)fputc('\n', out);
	}
	if (judgement == HEARTBLEED_VULNERABLE)
		(void)fprintf(out,
		    "  Install OpenSSL 1.0.1g or later, make new keys, have the certificates "
		    "issued "
		    "again and the old ones revoked, end sessions, change passwords.\n");
	(void)fflush(out);
}

static json_t *
answer_json(const struct heartbleed_answer *a, const char *asked)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:i, s:b}", "asked", asked, "result",
	    heartbleed_result_name(a->result), "version", a->version, "cipher", a->cipher,
	    "offers_heartbeat", a->mode != 0);

	if (a->text[0] != '\0')
		(void)json_object_set_new(o, "text", json_text(a->text, strlen(a->text)));
	if (a->alert != 0)
		(void)json_object_set_new(o, "alert", json_integer(a->alert));
	if (a->record_octets != 0) {
		(void)json_object_set_new(o, "record_octets", json_integer(a->record_octets));
		(void)json_object_set_new(o, "claimed", json_integer(a->claimed));
	}
	if (a->result == HEARTBLEED_LEAKS) {
		(void)json_object_set_new(o, "foreign_octets_read", json_integer(a->foreign));
		(void)json_object_set_new(o, "entropy", json_real(a->entropy));
		(void)json_object_set_new(o, "sha256", json_string(a->sha256));
	}
	return o;
}

static json_t *
target_json(const struct heartbleed_target *t)
{
	json_t *answers = json_array();

	for (unsigned i = 0; i < t->answer_count; i++)
		(void)json_array_append_new(answers, answer_json(&t->answers[i], VERSIONS[i]));
	return json_pack("{s:o, s:o, s:i, s:s, s:o}", "host", json_text(t->host, strlen(t->host)),
	    "address", json_address(&t->address), "port", t->port, "verdict",
	    JUDGEMENTS[heartbleed_target_judge(t)], "connections", answers);
}

void
heartbleed_report_json(const struct heartbleed_target *targets, size_t count, nsec_t begin,
    nsec_t end, const char *starttls, FILE *out)
{
	json_t *list = json_array(), *document;

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, target_json(&targets[i]));
	document = json_pack("{s:s, s:I, s:I, s:o, s:o}", "schema", "yagura.heartbleed/1", "begin",
	    (json_int_t)(begin / NSEC_PER_MS), "end", (json_int_t)(end / NSEC_PER_MS), "starttls",
	    starttls != NULL ? json_string(starttls) : json_null(), "targets", list);
	(void)json_dumpf(document, out, JSON_INDENT(1));
	(void)fputc('\n', out);
	json_decref(document);
}
