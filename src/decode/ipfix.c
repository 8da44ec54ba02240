/* SPDX-License-Identifier: ISC */
/* ipfix */
#include "decode/export_internal.h"

void
ipfix_message(struct exports *x, const struct export_message *message, struct export_sink *sink)
{
	(void)message;
	(void)sink;
	drop(x->drops, DROP_EXPORT_VERSION);
}
