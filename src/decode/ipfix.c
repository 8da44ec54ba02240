/* SPDX-License-Identifier: ISC */
/*
 * IPFIX messages (RFC 7011, 3.1).
 *
 *	version 2 = 10, length 2 (of all of it), export time 4, sequence number 4,
 *	observation domain 4, sets
 *
 * The sequence number counts data records, those of options too, before this message.
 */
#include "decode/export_template.h"

#define HEADER_SIZE 16

void
ipfix_message(struct exports *x, const struct export_message *m, struct export_sink *sink)
{
	struct export_reading g = { .x = x, .sink = sink, .message = m };
	struct cursor c = cursor_over(m->data, m->size);
	const uint8_t *h = cursor_take(&c, HEADER_SIZE);
	struct export_domain *d;
	size_t length;

	if (h == NULL) {
		drop(x->drops, DROP_EXPORT_TRUNCATED);
		return;
	}
	length = be16(h + 2);
	if (length != m->size)
		drop(x->drops, DROP_EXPORT_LENGTH);
	if (length < HEADER_SIZE)
		return;
	if (length < m->size)
		c.end = m->data + length;
	g.context = export_time_context(x, m, (nsec_t)be32(h + 4) * NSEC_PER_SEC);
	g.exporter = export_exporter(x, m, &m->exporter);
	d = export_domain(x, g.exporter, EXPORT_IPFIX, be32(h + 12));
	g.domain = d;
	g.context.system_init = d->system_init;
	export_domain_seen_at(d, m, g.context.time);
	export_sets_read(&g, c);
	export_domain_sequence(x, d, be32(h + 8), g.records, false);
	export_domain_doubt(d, g.doubtful);
}
