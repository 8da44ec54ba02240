/* SPDX-License-Identifier: ISC */
/*
 * Rules from findings that an operator approved; see rpz.h.
 *
 * Which trigger follows from which finding, and how far it reaches, is said in one table.  Random
 * labels cannot be told from real ones by a policy, so of an attacked zone all below it is stopped
 * and what must go on is said by passthru rules.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "report/rpz.h"

static const struct {
	const char *analysis;
	const char *member; /* of the subject, or of the measures */
	bool measure;
	enum rpz_trigger trigger;
	bool itself, below;
} POLICIES[] = {
	{ "dns/name-collision", "suffix", false, RPZ_QNAME, true, true },
	{ "dns/random-subdomain", "zone", false, RPZ_QNAME, false, true },
	{ "dns/nxdomain", "client", false, RPZ_CLIENT_IP, true, false },
	{ "dns/amplification", "qname", true, RPZ_QNAME, true, false },
};

static bool
has_id(const json_t *finding, const char *id)
{
	const char *text = json_string_value(json_object_get(finding, "id"));

	return text != NULL && strcmp(text, id) == 0;
}

static const json_t *
find_finding(const json_t *review, const char *id)
{
	const json_t *findings = json_object_get(review, "findings");
	const json_t *finding;
	size_t i;

	json_array_foreach (findings, i, finding) {
		if (has_id(finding, id))
			return finding;
	}
	return NULL;
}

/* The text of the member that a policy is made of, or NULL. */
static const char *
member_text(const json_t *finding, size_t policy)
{
	const json_t *map =
	    json_object_get(finding, POLICIES[policy].measure ? "measures" : "subject");
	const char *analysis = json_string_value(json_object_get(finding, "analysis"));

	if (analysis == NULL || strcmp(analysis, POLICIES[policy].analysis) != 0)
		return NULL;
	return json_string_value(json_object_get(map, POLICIES[policy].member));
}

static void
add_finding(struct rpz *rpz, const json_t *finding, const char *id)
{
	struct rpz_rule rule = rpz_rule_default(rpz, id);
	struct err_info why = { .text = "" };
	const char *text = NULL;
	size_t i = 0;

	for (; i < sizeof POLICIES / sizeof POLICIES[0]; i++)
		if ((text = member_text(finding, i)) != NULL)
			break;
	if (text == NULL) {
		rpz_reject(rpz, id, "the review", "no policy follows from a finding like this");
		return;
	}
	rule.trigger = POLICIES[i].trigger;
	rule.case_id = id;
	if (rpz_indicator(text, &rule, &why) != ERR_OK || rule.trigger != POLICIES[i].trigger) {
		rpz_reject(rpz, text, id, "%s", why.text[0] != '\0' ? why.text : "it is no name");
		return;
	}
	rule.itself = POLICIES[i].itself;
	rule.below = POLICIES[i].below;
	rpz_add(rpz, &rule);
}

enum err
rpz_read_review(
    struct rpz *rpz, const char *path, const char *const *ids, size_t count, struct err_info *info)
{
	json_error_t error;
	json_t *review = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (review == NULL)
		return err_set(info, ERR_FORMAT, "%.200s:%d: %.160s", path, error.line, error.text);
	if (!json_is_array(json_object_get(review, "findings"))) {
		json_decref(review);
		return err_set(info, ERR_FORMAT, "%.300s is no review: it has no findings", path);
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *finding = find_finding(review, ids[i]);
		if (finding == NULL)
			rpz_reject(rpz, ids[i], path, "the review has no finding with this id");
		else
			add_finding(rpz, finding, ids[i]);
	}
	json_decref(review);
	return ERR_OK;
}
