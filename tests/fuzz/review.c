/* SPDX-License-Identifier: ISC */
/*
 * Any JSON as a review: the page must come to its end, and hold no markup of the document's own.
 * Texts with the mark below are in the seeds; where it appears in the page it has lost its bracket.
 */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"

#define MARK "<fuzz"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *review = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	char *html = NULL;
	size_t html_size = 0;
	struct page p = { 0 };
	json_t *section;
	size_t i;

	if (review == NULL)
		return 0;
	p.out = open_memstream(&html, &html_size);
	html_findings(&p, json_object_get(review, "findings"));
	json_array_foreach (json_object_get(review, "sections"), i, section)
		html_section(&p, section, 0, i);
	if (fclose(p.out) == 0 && html != NULL)
		assert(strstr(html, MARK) == NULL);
	free(html);
	json_decref(review);
	return 0;
}
