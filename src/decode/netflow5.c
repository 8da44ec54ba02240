/* SPDX-License-Identifier: ISC */
/* netflow5 */
#include "decode/export_internal.h"

void
netflow5_message(struct exports *x, const struct export_message *message, struct export_sink *sink)
{
	(void)message;
	(void)sink;
	drop(x->drops, DROP_EXPORT_VERSION);
}
