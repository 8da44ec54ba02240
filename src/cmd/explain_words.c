/* SPDX-License-Identifier: ISC */
/* Units and meanings of measures; see explain_words.h. */
#include "cmd/explain_words.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	struct explain_words words;
} MEASURES[] = {
	{ "duration_s", { "s", "from the first to the last observation of the thing itself" } },
	{ "packets", { "packets", "its packets, scaled where sampled" } },
	{ "octets", { "octets", "octets of its IP packets, scaled where sampled" } },
	{ "peak_pps", { "pps", "packets of the best full second" } },
	{ "peak_bps", { "bps", "bits of the best full second" } },
	{ "peak_qps", { "qps", "queries of the best full second" } },
	{ "sources", { "addresses", "distinct source addresses seen, spoofed or not" } },
	{ "vectors", { "", "how it attacks: the share of its packets and octets by each" } },
	{ "rate_pps", { "pps", "what the victim itself receives, estimated from what is seen" } },
	{ "floor_pps", { "pps", "weaker attacks cannot be seen from the monitored space" } },
	{ "best_minute", { "packets", "packets of the best minute" } },
	{ "service", { "", "the service that is attacked" } },
	{ "port", { "", "the port it comes to" } },
	{ "payload_sha256", { "", "SHA-256 of the first payload" } },
	{ "targets", { "addresses", "distinct addresses that were tried" } },
	{ "ports", { "ports", "distinct ports that were tried" } },
	{ "attempts", { "attempts", "tries, each once" } },
	{ "successes", { "attempts", "tries that succeeded" } },
	{ "requests", { "requests", "malicious requests only" } },
	{ "leaked_octets",
	    { "octets", "octets answered that were not in the requester's own message" } },
	{ "encrypted", { "", "whether it was inside of TLS, so that sizes are all that is seen" } },
	{ "factor", { "", "response octets over query octets, UDP payload" } },
	{ "queries", { "messages", "DNS queries" } },
	{ "responses", { "messages", "DNS responses" } },
	{ "answers", { "messages", "DNS answers" } },
	{ "qname", { "", "the name asked for most" } },
	{ "qtype", { "", "the type asked for most" } },
	{ "outside_clients", { "addresses", "clients outside of the site's own prefixes" } },
	{ "distinct", { "names", "distinct names asked for" } },
	{ "clients", { "addresses", "distinct clients" } },
	{ "forged", { "messages", "answers that do not match what was asked" } },
	{ "windows", { "", "queries that were open meanwhile" } },
	{ "names", { "names", "distinct names" } },
	{ "fingerprint", { "", "what tells this way of changing answers from others" } },
};

/* Endings that say the unit. */
static const struct {
	const char *end, *unit;
} ENDINGS[] = {
	{ "_s", "s" },
	{ "pps", "pps" },
	{ "bps", "bps" },
	{ "qps", "qps" },
	{ "octets", "octets" },
	{ "packets", "packets" },
	{ "share", "of 1" },
	{ "_ms", "ms" },
};

struct explain_words
explain_words_of(const char *measure)
{
	size_t size = strlen(measure);

	for (size_t i = 0; i < COUNT(MEASURES); i++)
		if (strcmp(MEASURES[i].name, measure) == 0)
			return MEASURES[i].words;
	for (size_t i = 0; i < COUNT(ENDINGS); i++) {
		size_t end = strlen(ENDINGS[i].end);
		if (size > end && strcmp(measure + size - end, ENDINGS[i].end) == 0)
			return (struct explain_words){ ENDINGS[i].unit, "" };
	}
	return (struct explain_words){ "", "" };
}
