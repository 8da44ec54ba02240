/* SPDX-License-Identifier: ISC */
/* Packets of which an exporter tells twice; see twice.h. */
#include "pipeline/twice.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/ledger.h"
#include "base/xmalloc.h"

/* Interfaces that are remembered; egress records of further ones count. */
#define MOST_INTERFACES 65536

enum rule {
	RULE_AUTO,
	RULE_INGRESS,
	RULE_EGRESS,
	RULE_BOTH,
};

struct twice {
	enum rule rule;
	bool egress_seen; /* without any, there is nothing to remember */
	/* Which interfaces of which exporters are metered on ingress: one value, not 0.  The key's
	 * third word is the interface, or ANY_INTERFACE. */
	struct ledger metered;
};

#define ANY_INTERFACE UINT64_MAX

enum err
twice_new(const char *rule, const struct hash_secret *secret, struct twice **ret_twice,
    struct err_info *info)
{
	static const char *const WORDS[] = { "auto", "ingress", "egress", "both" };

	for (unsigned i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
		if (strcmp(WORDS[i], rule) != 0)
			continue;
		struct twice *t = xcalloc(1, sizeof *t);
		t->rule = (enum rule)i;
		ledger_init(&t->metered, 1, MOST_INTERFACES, secret);
		*ret_twice = t;
		return ERR_OK;
	}
	return err_set(info, ERR_CONFIG,
	    "run.metering: \"%.40s\" is none of auto, ingress, egress, both", rule);
}

void
twice_free(struct twice *twice)
{
	if (twice == NULL)
		return;
	ledger_release(&twice->metered);
	free(twice);
}

static uint64_t *
metered(struct twice *t, const struct flow_record *r, uint64_t interface)
{
	struct ledger_key key = { { r->exporter.words[0], r->exporter.words[1], interface, 1 } };

	return ledger_at(&t->metered, &key);
}

static void
remember(struct twice *t, const struct flow_record *r)
{
	if (t->metered.count + 2 > MOST_INTERFACES)
		return;
	*metered(t, r, r->ingress_interface) = 1;
	*metered(t, r, ANY_INTERFACE) = 1;
}

static bool
is_metered(struct twice *t, const struct flow_record *r)
{
	uint64_t interface = r->ingress_interface != 0 ? r->ingress_interface : ANY_INTERFACE;

	return t->metered.count + 2 <= MOST_INTERFACES && *metered(t, r, interface) != 0;
}

static bool
counts(struct twice *t, const struct flow_record *r)
{
	switch (t->rule) {
	case RULE_INGRESS: return r->direction == RECORD_INGRESS;
	case RULE_EGRESS: return r->direction == RECORD_EGRESS;
	case RULE_BOTH: return true;
	case RULE_AUTO: break;
	}
	return r->direction == RECORD_INGRESS || !is_metered(t, r);
}

void
twice_mark(
    struct twice *twice, struct flow_record *records, size_t count, struct drop_counters *drops)
{
	for (size_t i = 0; i < count; i++)
		twice->egress_seen |= records[i].direction == RECORD_EGRESS;
	if (twice->rule == RULE_BOTH || (!twice->egress_seen && twice->rule != RULE_EGRESS))
		return;
	for (size_t i = 0; i < count && twice->rule == RULE_AUTO; i++)
		if (records[i].direction == RECORD_INGRESS)
			remember(twice, &records[i]);
	for (size_t i = 0; i < count; i++) {
		records[i].twice = !counts(twice, &records[i]);
		if (records[i].twice)
			drop(drops, DROP_EXPORT_METERED_TWICE);
	}
}
