/* SPDX-License-Identifier: ISC */
/*
 * Cuts a text into the tokens of SQL, as databases of several makes would, and folds them.
 *
 * The text is what a parameter holds, so it begins in the middle of somebody's statement: as it is
 * (a number was expected there), or inside a string, whose quote the text itself may close.  In
 * the latter case the first token is the string up to that quote, flagged SQL_OPEN_BEGIN.
 *
 * Two ways of reading differ where dialects do: SQL_MYSQL has comments after '#', needs a space in
 * "-- ", and escapes quotes with backslashes; SQL_ANSI does not.  sql_lexer.noted says whether the
 * text has anything that they read differently.
 *
 * Folding makes sequences of one meaning the same: white space and comments go, "/ *!50000" opens
 * its content, signs before values go, arithmetic of constants becomes one constant, parentheses
 * around one value go, "schema.name" is one name.
 *
 * Reading costs time linear in the text whatever it holds: every octet is passed once.
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_TOKENS_H
#define YAGURA_ANALYSIS_SECURITY_SQL_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/security/sql_words.h"

enum sql_type {
	SQL_END, /* the text ends; also stands behind the last token */
	SQL_NUMBER,
	SQL_STRING,
	SQL_VARIABLE, /* @name, @@name */
	SQL_NAME,     /* a name, quoted or not, whole with its schema */
	SQL_VALUE,    /* a word that is a value; a star in a list */
	SQL_CALL,     /* a name before a parenthesis */
	SQL_WORD,     /* another word of the language */
	SQL_OPERATOR, /* of arithmetic, bits, casts */
	SQL_COMPARE,
	SQL_LOGIC,
	SQL_NOT_SIGN, /* !, not: prefixes; never left after folding */
	SQL_LEFT,
	SQL_RIGHT,
	SQL_COMMA,
	SQL_DOT,
	SQL_SEMICOLON,
	SQL_COMMENT, /* that reaches to the end of the text */
	SQL_OTHER,   /* no token of SQL */
};

enum sql_flag {
	SQL_OPEN_BEGIN = 1 << 0,    /* a string that had begun before the text */
	SQL_OPEN_END = 1 << 1,      /* a string that does not end in it */
	SQL_QUALIFIED = 1 << 2,     /* a name behind that of something that is not a schema */
	SQL_EMPTY = 1 << 3,         /* a comment without text, a string without octets */
	SQL_STAR_COMMENT = 1 << 4,  /* a comment that begins with a star */
	SQL_HASH_COMMENT = 1 << 5,  /* … with '#' */
	SQL_PARENTHESES = 1 << 6,   /* stood in parentheses */
	SQL_AFTER_COMMENT = 1 << 7, /* a comment stood before it, where a space would do */
	SQL_SIGNED = 1 << 8,        /* signs stood before it */
};

struct sql_token {
	uint8_t type, word;
	uint16_t flags;
	uint32_t begin, end; /* where it lies in the text */
	uint8_t quote;       /* of a string, or the first octet of an operator */
};

enum sql_dialect {
	SQL_MYSQL,
	SQL_ANSI,
};

enum sql_note {
	SQL_NOTE_DIALECT = 1 << 0, /* dialects read it differently */
	SQL_NOTE_OPENED = 1 << 1,  /* "/ *!": hidden from all but MySQL */
	SQL_NOTE_COMMENT = 1 << 2, /* comments between tokens */
};

struct sql_lexer {
	const uint8_t *text; /* borrowed */
	uint32_t at, size;
	uint8_t dialect;
	uint8_t noted;
	bool opened;  /* inside "/ *!" */
	bool comment; /* a comment came since the last token */
};

/* `quote` is that of the string the text begins in, or 0; `ret_first` gets that string. */
struct sql_lexer sql_lexer_new(const uint8_t *text, size_t size, enum sql_dialect dialect,
    uint8_t quote, struct sql_token *ret_first);

/* The next token; SQL_END at the end. */
struct sql_token sql_lexer_next(struct sql_lexer *lexer);

#define SQL_TOKENS 1024 /* that are judged at once */
#define SQL_KEPT   64   /* of them, of which the next ones are judged with */

/* Tokens, folded as they come. */
struct sql_tokens {
	struct sql_token list[SQL_TOKENS + 1];
	uint32_t count;
	uint64_t words; /* set of the words seen: SQL_SET */
	uint32_t types; /* set of the types: 1 << type */
	bool sign;      /* a sign was passed that the next token will bear */
};

/* Adds a token and folds what it completes. */
void sql_tokens_add(struct sql_tokens *tokens, const struct sql_token *token);

/* Whether a token is a value of an expression. */
static inline bool
sql_is_value(const struct sql_token *t)
{
	return t->type >= SQL_NUMBER && t->type <= SQL_VALUE;
}

#endif
