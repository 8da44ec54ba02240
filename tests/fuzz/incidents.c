/* SPDX-License-Identifier: ISC */
/*
 * Any octets as a file of incidents: of the operator, or to be imported.  What was taken must be
 * written, read again without complaint, and be the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/security/incident_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
written(struct incident_list *list, size_t *ret_size)
{
	struct err_info why = { .text = "" };
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (incident_list_write(list, out, &why) != ERR_OK)
		abort();
	(void)fclose(out);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct incident_list *list = incident_list_new(NULL), *again = incident_list_new(NULL);
	struct incident_import import = { .list = list, .approved = true };
	struct err_info why = { .text = "" };
	size_t before, after;
	char *first, *second;

	if (incident_import(&import, (const char *)data, size, "input", &why) != ERR_OK)
		assert(why.text[0] != '\0');
	first = written(list, &before);
	if (incident_list_parse(again, first, before, "again", &why) != ERR_OK)
		abort();
	second = written(again, &after);
	assert(again->count <= list->count);
	assert(
	    again->count < list->count || (before == after && memcmp(first, second, before) == 0));
	free(first);
	free(second);
	incident_list_free(list);
	incident_list_free(again);
	return 0;
}
