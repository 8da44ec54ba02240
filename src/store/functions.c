/* SPDX-License-Identifier: ISC */
/*
 * Macros for queries; see functions.h.
 *
 * They are temporary objects of the reader's connection: a store that is opened read-only takes
 * them as well, and they are never older than the program.
 */
#include "store/functions.h"

/* One octet of the address whose 32 hexadecimal digits are h; digits count from 1. */
#define OCTET(first)                                                          \
	"((strpos('0123456789ABCDEF', substr(h, " #first ", 1)) - 1) * 16 + " \
	"strpos('0123456789ABCDEF', substr(h, " #first " + 1, 1)) - 1)"
#define DOTTED OCTET(25) " || '.' || " OCTET(27) " || '.' || " OCTET(29) " || '.' || " OCTET(31)
/* One group of four digits without its leading zeros. */
#define GROUP(first) "regexp_replace(lower(substr(h, " #first ", 4)), '^0{1,3}', '')"

/*
 * RFC 5952 section 4.2: the longest run of zero groups, the first of several, becomes "::".  A run
 * of n groups is looked for after every longer one, so the leftmost match is the right one.
 */
#define SHORTER(more)                                                 \
	" WHEN regexp_matches(t, '(^|:)0(:0){" #more "}(:|$)') THEN " \
	"regexp_replace(t, '(^|:)0(:0){" #more "}(:|$)', '::')"

static const char *const MACROS[] = {
	"CREATE TEMP MACRO intDiv(a, b) AS a // b",
	"CREATE TEMP MACRO yagura_dotted(h) AS " DOTTED,
	"CREATE TEMP MACRO yagura_groups(h) AS " GROUP(1) " || ':' || " GROUP(
	    5) " || ':' || " GROUP(9) " || ':' || " GROUP(13) " || ':' || " GROUP(17) " || ':' "
										      "|| " GROUP(21) " || ':' || " GROUP(
											  25) " || "
											      "':' "
											      "||"
											      " " GROUP(29),
	"CREATE TEMP MACRO yagura_shorten(t) AS CASE" SHORTER(7) SHORTER(6) SHORTER(5) SHORTER(4)
	    SHORTER(3) SHORTER(2) SHORTER(1) " ELSE t END",
	/* IPv4 is held as v4-mapped; an address of 96 zero bits and 32 others prints as inet_ntop
	 * does it, with the last four octets dotted. */
	"CREATE TEMP MACRO address_text(a) AS CASE "
	"WHEN octet_length(a) <> 16 THEN '' "
	"WHEN starts_with(hex(a), '00000000000000000000FFFF') THEN yagura_dotted(hex(a)) "
	"WHEN starts_with(hex(a), '000000000000000000000000') AND NOT starts_with(hex(a), "
	"'0000000000000000000000000000') THEN '::' || yagura_dotted(hex(a)) "
	"ELSE yagura_shorten(yagura_groups(hex(a))) END",
};

enum err
functions_register(struct engine *engine, struct err_info *info)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < sizeof MACROS / sizeof MACROS[0] && e == ERR_OK; i++)
		e = engine_run(engine, engine->reader, info, "%s", MACROS[i]);
	return e;
}
