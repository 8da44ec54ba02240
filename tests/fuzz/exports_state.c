/* SPDX-License-Identifier: ISC */
/*
 * Any file of kept state is read without harm, as it is and with its checks made right, and what
 * came of it can be saved and read again.
 *
 * Input: parts, each kind 1, size 2, octets; they are given sizes and checks.  The whole input is
 * tried as a file, too.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "decode/export.h"

#define CHECK(condition) ((condition) ? (void)0 : __builtin_trap())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err
load(struct exports *x, const char *text, size_t size)
{
	struct err_info info = { 0 };
	FILE *file = fmemopen((void *)(uintptr_t)text, size > 0 ? size : 1, "r");
	enum err e;

	CHECK(file != NULL);
	e = exports_load(x, file, &info);
	(void)fclose(file);
	CHECK(e == ERR_OK || (e == ERR_FORMAT && info.offset <= size && info.text[0] != 0));
	return e;
}

static void
check(const struct export_options *options, const char *text, size_t size)
{
	struct exports *x = exports_new(options), *y = exports_new(options);
	char *again = NULL;
	size_t again_size = 0;
	FILE *file = open_memstream(&again, &again_size);
	struct err_info info = { 0 };

	(void)load(x, text, size);
	CHECK(file != NULL && exports_save(x, file, &info) == ERR_OK);
	(void)fclose(file);
	CHECK(load(y, again, again_size) == ERR_OK);
	free(again);
	exports_free(x);
	exports_free(y);
}

/* Writes a part with the size and check that it should have. */
static void
write_part(FILE *file, uint8_t kind, const uint8_t *octets, size_t size)
{
	uint8_t head[5] = { kind }, check[4];

	put_le32(head + 1, (uint32_t)size);
	put_le32(check, (uint32_t)XXH3_64bits_withSeed(octets, size, kind));
	CHECK(fwrite(head, sizeof head, 1, file) == 1);
	CHECK(size == 0 || fwrite(octets, size, 1, file) == 1);
	CHECK(fwrite(check, sizeof check, 1, file) == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drop_counters drops = { .count = { 0 } };
	struct export_options options;
	char *text = NULL;
	size_t text_size = 0;
	FILE *file = open_memstream(&text, &text_size);

	export_options_init(&options);
	options.drops = &drops;
	options.templates = 8;
	options.domains = 4;
	options.exporters = 3;
	check(&options, (const char *)data, size);
	CHECK(file != NULL && fputs("yagura exports 1", file) >= 0);
	while (size >= 3) {
		size_t length = le16(data + 1);

		if (length > size - 3)
			length = size - 3;
		write_part(file, data[0], data + 3, length);
		data += 3 + length;
		size -= 3 + length;
	}
	(void)fclose(file);
	check(&options, text, text_size);
	free(text);
	return 0;
}
