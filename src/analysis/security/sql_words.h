/* SPDX-License-Identifier: ISC */
/*
 * What a word means in SQL, over the dialects that injections speak (MySQL, PostgreSQL, SQL Server,
 * Oracle, SQLite).
 *
 * Only what the grammar rules need is told apart.  Words that are both names and functions count as
 * functions only before a parenthesis: the tokenizer sees to that.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_WORDS_H
#define YAGURA_ANALYSIS_SECURITY_SQL_WORDS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum sql_word {
	SQL_WORD_NONE, /* a name */

	/* Operators that are words. */
	SQL_WORD_LOGIC,   /* and, or, xor */
	SQL_WORD_NOT,     /* not; a prefix of compare words too */
	SQL_WORD_COMPARE, /* like, rlike, regexp, in, is, between … */
	SQL_WORD_ARITH,   /* div, mod */
	SQL_WORD_PREFIX,  /* before a value: binary, any, some, all of a subquery, interval, exists
			   */

	/* Values that are words: null, true, current_user … */
	SQL_WORD_VALUE,

	/* Of queries. */
	SQL_WORD_UNION,    /* union, intersect, except, minus */
	SQL_WORD_QUANTITY, /* all, distinct, distinctrow */
	SQL_WORD_SELECT,
	SQL_WORD_FROM,
	SQL_WORD_WHERE,
	SQL_WORD_HAVING,
	SQL_WORD_ORDER, /* order, group */
	SQL_WORD_BY,
	SQL_WORD_LIMIT, /* limit, offset, fetch, rownum-like clauses */
	SQL_WORD_INTO,
	SQL_WORD_OUTFILE, /* outfile, dumpfile */
	SQL_WORD_PROCEDURE,
	SQL_WORD_VALUES,
	SQL_WORD_JOIN,      /* join, on, using, natural … */
	SQL_WORD_AS,        /* as, collate, escape: between a value and a name */
	SQL_WORD_CASE,      /* begins a value that ends with END */
	SQL_WORD_WHEN,      /* when, then, else: separators inside */
	SQL_WORD_END,       /* end of case or block */
	SQL_WORD_DIRECTION, /* asc, desc */

	/* Verbs. */
	SQL_WORD_INSERT, /* insert, replace, merge */
	SQL_WORD_UPDATE,
	SQL_WORD_DELETE,
	SQL_WORD_DEFINE, /* drop, create, alter, truncate, rename */
	SQL_WORD_EXEC,   /* exec, execute */
	SQL_WORD_CALL,
	SQL_WORD_DECLARE,
	SQL_WORD_SET,
	SQL_WORD_SHUTDOWN,
	SQL_WORD_WAITFOR,
	SQL_WORD_DELAY, /* delay, time */
	SQL_WORD_SHOW,  /* show, describe, explain, use, handler, do, pragma, vacuum */
	SQL_WORD_PREPARE,
	SQL_WORD_BEGIN,
	SQL_WORD_GRANT, /* grant, revoke, deny */
	SQL_WORD_LOAD,  /* load, copy, bulk, backup, restore, attach */
	SQL_WORD_IF,
	SQL_WORD_OBJECT, /* table, database, view, user …: what verbs work on */

	/* Functions. */
	SQL_WORD_WAIT,     /* sleep, benchmark, pg_sleep, receive_message … */
	SQL_WORD_RAISE,    /* extractvalue, updatexml …: say their argument in an error */
	SQL_WORD_FILE,     /* load_file, xp_cmdshell, pg_read_file … */
	SQL_WORD_OUTSIDE,  /* utl_http, xp_dirtree, httpuritype … */
	SQL_WORD_INSIDE,   /* version(), database(), user() … */
	SQL_WORD_FUNCTION, /* others that injections use */

	/* Names of what a database keeps about itself. */
	SQL_WORD_SCHEMA,

	SQL_WORD_KINDS,
};

static_assert(SQL_WORD_KINDS <= 64, "sets of them are 64 bits");
#define SQL_SET(word) (UINT64_C(1) << (word))

/* What a word means by itself and directly before a parenthesis. */
struct sql_meaning {
	uint8_t plain, call; /* enum sql_word */
};

/* The meaning of `size` octets, whatever their case; both SQL_WORD_NONE for a mere name. */
struct sql_meaning sql_word_meaning(const uint8_t *text, size_t size);

#endif
