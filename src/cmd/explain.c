/* SPDX-License-Identifier: ISC */
/*
 * yagura explain: a finding with everything it rests on, and its packets cut out of the captures.
 *
 * The finding comes from a review in JSON, or from a store: then the review of the period is built
 * again, which gives the same findings with the same ids.  Records of evidence are read again from
 * the inputs (pipeline/evidence.h), whose fingerprints say whether they are still what was
 * analysed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "cmd/common.h"
#include "cmd/explain_print.h"
#include "cmd/period.h"
#include "pipeline/evidence.h"
#include "report/cut.h"
#include "report/output.h"

static const struct opt OPTIONS[] = {
	OPT_STORE,
	{ "review", 0, "FILE", "the review (JSON) that the finding is in, instead of a store" },
	OPT_PERIOD,
	{ "pcap", 0, "FILE", "write the finding's packets here, as pcapng" },
	{ "most", 0, "N", "no more packets than this besides the evidence (10000; 0: all)" },
	{ "inputs", 0, "DIRECTORY", "look for inputs here when they are not where they were" },
	{ "json", 0, NULL, "print JSON (schema yagura.explain/1)" },
	OPT_CONFIG,
	OPT_WITHOUT,
	OPT_END,
};

static const struct setting NUMBERS[] = {
	{ "most", SETTING_U64, "10000", "0", "1000000000000", "packets besides the evidence" },
};

struct run {
	const struct opt_values *values;
	json_t *review;        /* owned */
	const json_t *finding; /* borrowed from it */
	struct explain_cut cut;
	struct output output; /* of --pcap */
	struct cut writer;
};

/* --- the review ------------------------------------------------------------------------------- */

static enum err
read_review(struct run *r, const char *path, struct err_info *info)
{
	json_error_t error;
	const char *schema;

	r->review = json_load_file(path, 0, &error);
	if (r->review == NULL)
		return err_set(info, ERR_FORMAT, "%.200s:%d:%d: %s", path, error.line, error.column,
		    error.text);
	schema = json_string_value(json_object_get(r->review, "schema"));
	if (schema == NULL || strcmp(schema, "yagura.review/1") != 0)
		return err_set(
		    info, ERR_FORMAT, "%.200s: no review (\"schema\": \"yagura.review/1\")", path);
	return ERR_OK;
}

static enum err
build_review(struct run *r, const char *url, const struct config *config, struct err_info *info)
{
	struct review_options review = { .from = 0 };
	struct store_options options = { .mode = STORE_READ,
		.memory_limit = settings_size(config->store, "memory_limit") };
	struct store *store;
	enum err e = period_read(r->values, config, &review, info);

	if (e == ERR_OK && strcmp(url, "mem:") == 0)
		e = err_set(info, ERR_USAGE,
		    "a review (--review FILE) or a store that lasts (--store duckdb:DIRECTORY) is "
		    "needed");
	if (e == ERR_OK)
		e = store_open(url, &options, &store, info);
	if (e != ERR_OK)
		return e;
	e = review_build(store, config, &review, &r->review, info);
	store_close(store);
	return e;
}

static enum err
get_review(struct run *r, struct err_info *info)
{
	const char *path = opt_value(r->values, "review"), *url = opt_value(r->values, "store");
	struct config config;
	enum err e;

	if (path != NULL && url != NULL)
		return err_set(info, ERR_USAGE, "--review and --store exclude each other");
	if (path != NULL)
		return read_review(r, path, info);
	e = common_config(r->values, &config, info);
	if (e != ERR_OK)
		return e;
	e = build_review(r, url != NULL ? url : settings_text(config.store, "url"), &config, info);
	config_release(&config);
	return e;
}

/* The finding with this id, or the only one whose id begins so. */
static enum err
find(struct run *r, const char *id, struct err_info *info)
{
	const json_t *list = json_object_get(r->review, "findings"), *finding;
	size_t i, count = 0;

	json_array_foreach (list, i, finding) {
		const char *own = json_string_value(json_object_get(finding, "id"));
		if (own == NULL || strncmp(own, id, strlen(id)) != 0)
			continue;
		r->finding = finding;
		if (strcmp(own, id) == 0)
			return ERR_OK;
		count++;
	}
	if (count == 1)
		return ERR_OK;
	if (count > 1)
		return err_set(info, ERR_USAGE, "%zu findings begin with \"%.60s\"", count, id);
	return err_set(info, ERR_USAGE, "there is no finding \"%.60s\" among %zu%s", id,
	    json_array_size(list),
	    opt_value(r->values, "review") != NULL
		? ""
		: "; they depend on the configuration (--config) and the period (--from, --to)");
}

/* --- the cut -----------------------------------------------------------------------------------
 */

static void
take(void *context, const char *input, const struct packet *packet, size_t record)
{
	struct run *r = context;
	const char *id = json_string_value(json_object_get(r->finding, "id"));
	char comment[256];

	if (record == SIZE_MAX && r->cut.most != 0 && r->cut.subject == r->cut.most) {
		r->cut.left_out++;
		return;
	}
	if (record == SIZE_MAX) {
		r->cut.subject++;
		(void)snprintf(comment, sizeof comment,
		    "finding %.64s: its subject's addresses and ports, between its begin and end",
		    id);
	} else {
		r->cut.evidence++;
		(void)snprintf(comment, sizeof comment,
		    "finding %.64s: evidence %zu, offset %llu of the input", id, record + 1,
		    (unsigned long long)packet->input_offset);
	}
	cut_packet(&r->writer, input, packet, comment);
}

static enum err
begin_cut(struct run *r, struct err_info *info)
{
	const char *path = opt_value(r->values, "pcap");
	char *comment;
	enum err e;

	if (path == NULL)
		return ERR_OK;
	e = output_open(path, &r->output, info);
	if (e != ERR_OK)
		return e;
	r->cut.file = path;
	comment =
	    xasprintf("finding %s: %s %s", json_string_value(json_object_get(r->finding, "id")),
		json_string_value(json_object_get(r->finding, "analysis")),
		json_string_value(json_object_get(r->finding, "kind")));
	cut_init(&r->writer, r->output.file, comment);
	free(comment);
	return ERR_OK;
}

static enum err
end_cut(struct run *r, struct err_info *info)
{
	if (r->cut.file == NULL)
		return ERR_OK;
	cut_release(&r->writer);
	return output_close(&r->output, info);
}

static enum err
read_most(struct run *r, struct err_info *info)
{
	struct settings *numbers = settings_new(NUMBERS, sizeof NUMBERS / sizeof NUMBERS[0]);
	const char *text = opt_value(r->values, "most");
	enum err e = ERR_OK;

	if (text != NULL && settings_set(numbers, "most", text, info) != ERR_OK)
		e = ERR_USAGE;
	r->cut.most = settings_u64(numbers, "most");
	settings_free(numbers);
	return e;
}

static enum err
explain(struct run *r, struct err_info *info)
{
	struct evidence evidence = { .directory = opt_value(r->values, "inputs"), .context = r };
	enum err e = begin_cut(r, info);

	if (e != ERR_OK)
		return e;
	evidence.take = r->cut.file != NULL ? take : NULL;
	evidence_init(&evidence, r->review, r->finding);
	evidence_read(&evidence, r->cut.file != NULL);
	e = end_cut(r, info);
	if (e == ERR_OK) {
		struct explain x = { r->review, r->finding, &evidence, &r->cut };
		e = opt_given(r->values, "json") ? explain_print_json(&x, stdout, info)
						 : explain_print_text(&x, stdout, info);
	}
	for (size_t i = 0; e == ERR_OK && i < evidence.input_count; i++)
		if (evidence.inputs[i].state == EVIDENCE_MISSING ||
		    evidence.inputs[i].state == EVIDENCE_CHANGED)
			e = ERR_TRUNC; /* told already: the exit status says so too */
	evidence_release(&evidence);
	return e;
}

static int
run(const struct opt_values *values)
{
	struct run r = { .values = values };
	struct err_info why = { .text = "" };
	enum err e = ERR_OK;

	if (values->operand_count != 1)
		e = err_set(&why, ERR_USAGE, "it takes the id of one finding, or how it begins");
	if (e == ERR_OK && values->operands[0][0] == '\0')
		e = err_set(&why, ERR_USAGE, "the id is empty");
	if (e == ERR_OK)
		e = read_most(&r, &why);
	if (e == ERR_OK)
		e = get_review(&r, &why);
	if (e == ERR_OK)
		e = find(&r, values->operands[0], &why);
	if (e == ERR_OK)
		e = explain(&r, &why);
	json_decref(r.review);
	if (e == ERR_TRUNC)
		return EXIT_FAILED;
	if (e != ERR_OK)
		return common_fail("explain", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	return EXIT_DONE;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "show what a finding rests on, and cut its packets out of the captures",
	.operands = "FINDING",
	.options = OPTIONS,
	.run = run,
};
