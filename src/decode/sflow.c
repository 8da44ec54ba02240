/* SPDX-License-Identifier: ISC */
/* sFlow version 5 (https://sflow.org/sflow_version_5.txt). */
#include <stdlib.h>

#include "decode/export_internal.h"

void
sflow_message(struct exports *x, const struct export_message *message, struct export_sink *sink)
{
	(void)message;
	(void)sink;
	drop(x->drops, DROP_SFLOW_UNDECODED);
}

void
sflow_agent_free(struct sflow_agent *agent)
{
	free(agent);
}
