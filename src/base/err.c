/* SPDX-License-Identifier: ISC */
/* Error codes and their explanation; see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum err
err_set(struct err_info *info, enum err code, const char *format, ...)
{
	va_list args;

	if (info == NULL)
		return code;
	va_start(args, format);
	(void)vsnprintf(info->text, sizeof info->text, format, args);
	va_end(args);
	return code;
}

const char *
err_name(enum err code)
{
	static const char *const names[] = {
		[-ERR_OK] = "ok",
		[-ERR_END] = "end",
		[-ERR_TRUNC] = "truncated",
		[-ERR_FORMAT] = "format",
		[-ERR_UNSUPPORTED] = "unsupported",
		[-ERR_IO] = "input/output",
		[-ERR_NO_SPACE] = "no space",
		[-ERR_BUSY] = "busy",
		[-ERR_DAMAGED] = "damaged",
		[-ERR_CONFIG] = "configuration",
		[-ERR_USAGE] = "usage",
		[-ERR_LIMIT] = "limit",
	};
	int index = -(int)code;

	if (index < 0 || index >= (int)(sizeof names / sizeof names[0]))
		return "unknown";
	return names[index];
}
