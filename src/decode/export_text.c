/* SPDX-License-Identifier: ISC */
/* Tables of flows as text; no source gives them yet, and what would come is counted. */
#include "decode/export_internal.h"

void
exports_text(struct exports *x, const struct export_message *message, struct export_sink *sink)
{
	(void)message;
	(void)sink;
	drop(x->drops, DROP_EXPORT_VERSION);
}
