/* SPDX-License-Identifier: ISC */
/*
 * NetFlow version 9 (RFC 3954).
 *
 *	version 2 = 9, count 2, sysUpTime 4, UNIX seconds 4, sequence number 4, source ID 4, sets
 *
 * The sequence number counts export packets of a source ID.  The count of records in the header is
 * not used: exporters do not agree on what it counts.
 */
#include "decode/export_template.h"

#define HEADER_SIZE 20

void
netflow9_message(struct exports *x, const struct export_message *m, struct export_sink *sink)
{
	struct export_reading g = { .x = x, .sink = sink, .message = m };
	struct cursor c = cursor_over(m->data, m->size);
	const uint8_t *h = cursor_take(&c, HEADER_SIZE);
	struct export_domain *d;
	nsec_t exported;
	bool restarted;

	if (h == NULL) {
		drop(x->drops, DROP_EXPORT_TRUNCATED);
		return;
	}
	exported = (nsec_t)be32(h + 8) * NSEC_PER_SEC;
	g.context = export_time_context(x, m, exported);
	g.context.uptime = be32(h + 4);
	g.exporter = export_exporter(x, m, &m->exporter);
	d = export_domain(x, g.exporter, EXPORT_NETFLOW9, be32(h + 16));
	g.domain = d;
	restarted = export_domain_clock(d, g.context.uptime, exported);
	export_domain_seen_at(d, m, g.context.time);
	export_sets_read(&g, c);
	export_domain_sequence(x, d, be32(h + 12), g.records, restarted);
	export_domain_doubt(d, g.doubtful);
}
