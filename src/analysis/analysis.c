/* SPDX-License-Identifier: ISC */
/* Look-up in the generated list of analyses; see analysis.h. */
#include "analysis/analysis.h"

#include <string.h>

const struct analysis *
analysis_find(const char *name)
{
	for (const struct analysis *const *a = ANALYSES; *a != NULL; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}
