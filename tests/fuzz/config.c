/* SPDX-License-Identifier: ISC */
/* The configuration reader on anything; what it accepts must print to something that reads back to
 * the same. */
#include "pipeline/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
print(const struct config *config, size_t *ret_size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (out == NULL)
		abort();
	config_print(config, out);
	if (fclose(out) != 0)
		abort();
	return text;
}

static void
read_back(const struct config *config)
{
	struct err_info why = { 0 };
	size_t size, again_size;
	char *text = print(config, &size), *again_text;
	struct config again;

	config_init(&again);
	if (config_parse(text, size, "printed", &again, &why) != ERR_OK) {
		(void)fprintf(stderr, "%s\n%s", why.text, text);
		abort();
	}
	again_text = print(&again, &again_size);
	if (size != again_size || memcmp(text, again_text, size) != 0)
		abort();
	config_release(&again);
	free(text);
	free(again_text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_info why = { 0 };
	struct config config;

	config_init(&config);
	if (config_parse((const char *)data, size, "fuzz", &config, &why) == ERR_OK)
		read_back(&config);
	else if (why.text[0] == '\0')
		abort();
	config_release(&config);
	return 0;
}
