/* SPDX-License-Identifier: ISC */
/* The tokens of SQL; see sql_tokens.h. */
#include "analysis/security/sql_tokens.h"

#include <string.h>

/* What an octet begins. */
enum class {
	SPACE = 's',
	DIGIT = 'd',
	LETTER = 'l', /* and octets beyond ASCII */
	QUOTE = 'q',
	BACKTICK = 'b',
	BRACKET = 'k',
	BRACE = 'c',
	MINUS = 'm',
	HASH = 'h',
	SLASH = 'S',
	SIGN = 'o', /* of operators */
	AT = 'a',
	DOLLAR = 'D',
	DOT = '.',
	COLON = ':',
	BACKSLASH = 'e',
	SINGLE = 'p', /* parentheses, comma, semicolon */
	OTHER = '?',
};

/* By octet, 32 a line. */
/* clang-format off */
static const char CLASSES[257] =
	"ssssssssssssssssssssssssssssssss"
	"soqhDooqppoopm.Sdddddddddd:pooo?"
	"allllllllllllllllllllllllllke?ol"
	"bllllllllllllllllllllllllllcocos"
	"llllllllllllllllllllllllllllllll"
	"slllllllllllllllllllllllllllllll"
	"llllllllllllllllllllllllllllllll"
	"llllllllllllllllllllllllllllllll";
/* clang-format on */

static bool
is_word(uint8_t octet)
{
	return CLASSES[octet] == LETTER || CLASSES[octet] == DIGIT || octet == '$';
}

/* The octet `ahead` of the reader; 0 past the end. */
static uint8_t
peek(const struct sql_lexer *l, uint32_t ahead)
{
	return ahead < l->size - l->at ? l->text[l->at + ahead] : 0;
}

static struct sql_token
make(const struct sql_lexer *l, enum sql_type type, uint32_t begin)
{
	return (struct sql_token){
		.type = (uint8_t)type, .quote = l->text[begin], .begin = begin, .end = l->at
	};
}

/* ------------------------------------------------------------------ strings */

/* Passes over a string up to and with its quote; false when the text ends first. */
static bool
pass_string(struct sql_lexer *l, uint8_t quote)
{
	while (l->at < l->size) {
		uint8_t octet = l->text[l->at++];
		if (octet == '\\' && l->at < l->size) {
			if (l->text[l->at] == quote)
				l->noted |= SQL_NOTE_DIALECT;
			if (l->dialect == SQL_MYSQL)
				l->at++;
		} else if (octet == quote) {
			if (l->at >= l->size || l->text[l->at] != quote)
				return true;
			l->at++; /* a doubled quote stands for itself */
		}
	}
	return false;
}

static struct sql_token
read_string(struct sql_lexer *l, uint32_t begin)
{
	uint8_t quote = l->text[l->at++];
	uint32_t content = l->at;
	bool closed = pass_string(l, quote);
	struct sql_token t = make(l, SQL_STRING, begin);

	t.quote = quote;
	t.flags = closed ? 0 : SQL_OPEN_END;
	if (l->at - content <= (closed ? 1U : 0U))
		t.flags |= SQL_EMPTY;
	return t;
}

/* Oracle: q'[ … ]'. */
static struct sql_token
read_oracle_string(struct sql_lexer *l, uint32_t begin)
{
	uint8_t open = peek(l, 1);
	uint8_t shut = (uint8_t)(open == '('   ? ')'
				 : open == '[' ? ']'
				 : open == '{' ? '}'
				 : open == '<' ? '>'
					       : open);
	struct sql_token t;
	bool closed = false;

	l->at += 2;
	while (l->at < l->size && !closed) {
		closed = l->text[l->at] == shut && peek(l, 1) == '\'';
		l->at += closed ? 2 : 1;
	}
	t = make(l, SQL_STRING, begin);
	t.quote = '\'';
	t.flags = closed ? 0 : SQL_OPEN_END;
	return t;
}

/* PostgreSQL: $tag$ … $tag$. */
static struct sql_token
read_dollar(struct sql_lexer *l, uint32_t begin)
{
	uint32_t tag;
	const uint8_t *shut;

	for (l->at++; l->at < l->size && l->at - begin < 32 && is_word(l->text[l->at]) &&
		      l->text[l->at] != '$';)
		l->at++;
	if (peek(l, 0) != '$')
		return make(l, SQL_NAME, begin);
	tag = ++l->at - begin;
	shut = memmem(l->text + l->at, l->size - l->at, l->text + begin, tag);
	l->at = shut != NULL ? (uint32_t)(shut - l->text) + tag : l->size;
	return make(l, SQL_STRING, begin);
}

/* ------------------------------------------------------------------ words and numbers */

static void
pass_digits(struct sql_lexer *l)
{
	while (l->at < l->size && CLASSES[l->text[l->at]] == DIGIT)
		l->at++;
}

static void
pass_word(struct sql_lexer *l)
{
	/* 0xa0 is a space to MySQL, but inside a character of UTF-8 it is not. */
	while (l->at < l->size &&
	       (is_word(l->text[l->at]) ||
		   (l->text[l->at] == 0xa0 && l->at > 0 && l->text[l->at - 1] >= 0x80)))
		l->at++;
}

static bool
is_hex(uint8_t octet)
{
	uint8_t letter = octet | 0x20;

	return CLASSES[octet] == DIGIT || (letter >= 'a' && letter <= 'f');
}

static void
pass_exponent(struct sql_lexer *l)
{
	uint32_t sign = peek(l, 1) == '-' || peek(l, 1) == '+';

	if ((peek(l, 0) | 0x20) != 'e' || CLASSES[peek(l, 1 + sign)] != DIGIT)
		return;
	l->at += 1 + sign;
	pass_digits(l);
}

/*
 * Letters right behind a number: "1UNION", "1eUNION" and Oracle's "1FUNION" are a number and a
 * word, "2nd" is a name.  Leaves the reader where the number ends, or behind the name.
 */
static bool
ends_number(struct sql_lexer *l)
{
	uint32_t end = l->at, next;
	uint8_t first = peek(l, 0) | 0x20;
	struct sql_meaning m;

	if (!is_word(peek(l, 0)))
		return true;
	pass_word(l);
	next = l->at;
	m = sql_word_meaning(l->text + end, next - end);
	if (m.plain != SQL_WORD_NONE) {
		l->at = end;
		return true;
	}
	m = sql_word_meaning(l->text + end + 1, next - end - 1);
	if ((first == 'f' || first == 'd' || first == 'e' || first == 'x') &&
	    (m.plain != SQL_WORD_NONE || next == end + 1)) {
		l->at = end + 1;
		return true;
	}
	return false;
}

static struct sql_token
read_number(struct sql_lexer *l, uint32_t begin)
{
	uint8_t base = peek(l, 1) | 0x20;

	if (peek(l, 0) == '0' && base == 'x' && is_hex(peek(l, 2))) {
		for (l->at += 2; l->at < l->size && is_hex(l->text[l->at]);)
			l->at++;
	} else if (peek(l, 0) == '0' && base == 'b' && (peek(l, 2) | 1) == '1') {
		for (l->at += 2; l->at < l->size && (l->text[l->at] | 1) == '1';)
			l->at++;
	} else {
		pass_digits(l);
		if (peek(l, 0) == '.') {
			l->at++;
			pass_digits(l);
		}
		pass_exponent(l);
	}
	return make(l, ends_number(l) ? SQL_NUMBER : SQL_NAME, begin);
}

/* Whether a parenthesis follows, after spaces or not. */
static bool
before_left(const struct sql_lexer *l)
{
	uint32_t at = l->at;

	/* Few: what is longer is no call that anybody writes, and time stays linear. */
	while (at < l->size && at - l->at < 8 && CLASSES[l->text[at]] == SPACE)
		at++;
	if (at + 1 < l->size && l->text[at] == '/' && l->text[at + 1] == '*')
		return at + 4 < l->size && l->text[at + 2] == '*' && l->text[at + 3] == '/' &&
		       l->text[at + 4] == '(';
	return at < l->size && l->text[at] == '(';
}

static const uint8_t TYPES[SQL_WORD_KINDS] = {
	[SQL_WORD_NONE] = SQL_NAME,
	[SQL_WORD_LOGIC] = SQL_LOGIC,
	[SQL_WORD_NOT] = SQL_NOT_SIGN,
	[SQL_WORD_COMPARE] = SQL_COMPARE,
	[SQL_WORD_ARITH] = SQL_OPERATOR,
	[SQL_WORD_VALUE] = SQL_VALUE,
	[SQL_WORD_FILE] = SQL_NAME,
	[SQL_WORD_OUTSIDE] = SQL_NAME,
	[SQL_WORD_SCHEMA] = SQL_NAME,
};

static struct sql_token
word_token(const struct sql_lexer *l, uint32_t begin)
{
	struct sql_meaning m = sql_word_meaning(l->text + begin, l->at - begin);
	struct sql_token t = make(l, SQL_NAME, begin);

	if ((m.call != SQL_WORD_NONE || m.plain == SQL_WORD_NONE) && before_left(l)) {
		t.type = SQL_CALL;
		t.word = m.call;
		return t;
	}
	t.word = m.plain;
	t.type = TYPES[m.plain] != SQL_END ? TYPES[m.plain] : SQL_WORD;
	return t;
}

/* N'…', X'…', B'…', E'…', U&'…', _latin1'…', q'[…]'. */
static bool
is_string_prefix(const struct sql_lexer *l, uint32_t begin)
{
	uint32_t size = l->at - begin;
	uint8_t first = l->text[begin] | 0x20;

	if (peek(l, 0) == '&' && size == 1 && first == 'u' && peek(l, 1) == '\'')
		return true;
	if (peek(l, 0) != '\'' && peek(l, 0) != '"')
		return false;
	return (size == 1 && (first == 'n' || first == 'x' || first == 'b' || first == 'e')) ||
	       (size > 2 && size < 16 && l->text[begin] == '_');
}

static struct sql_token
read_word(struct sql_lexer *l, uint32_t begin)
{
	pass_word(l);
	if (is_string_prefix(l, begin)) {
		l->at += peek(l, 0) == '&';
		return read_string(l, begin);
	}
	if (l->at - begin <= 2 && (l->text[l->at - 1] | 0x20) == 'q' && peek(l, 0) == '\'' &&
	    (l->at - begin == 1 || (l->text[begin] | 0x20) == 'n') && peek(l, 1) != 0 &&
	    !is_word(peek(l, 1)) && CLASSES[peek(l, 1)] != SPACE)
		return read_oracle_string(l, begin);
	return word_token(l, begin);
}

static struct sql_token
read_quoted_name(struct sql_lexer *l, uint32_t begin)
{
	struct sql_token t;
	struct sql_meaning m;

	for (l->at++; l->at < l->size && l->text[l->at] != '`';)
		l->at++;
	if (l->at >= l->size)
		return make(l, SQL_OTHER, begin);
	m = sql_word_meaning(l->text + begin + 1, l->at - begin - 1);
	l->at++;
	t = make(l, before_left(l) ? SQL_CALL : SQL_NAME, begin);
	t.word = t.type == SQL_CALL
		     ? m.call
		     : (uint8_t)(m.plain == SQL_WORD_SCHEMA ? m.plain : SQL_WORD_NONE);
	return t;
}

/* SQL Server's [name]; other brackets are no token. */
static struct sql_token
read_bracket(struct sql_lexer *l, uint32_t begin)
{
	uint32_t end = l->at + 1;

	while (end < l->size && end - begin < 64 && (is_word(l->text[end]) || l->text[end] == ' '))
		end++;
	if (end < l->size && end > l->at + 1 && l->text[end] == ']') {
		struct sql_meaning m = sql_word_meaning(l->text + begin + 1, end - begin - 1);
		struct sql_token t;
		l->at = end + 1;
		t = make(l, SQL_NAME, begin);
		t.word = (uint8_t)(m.plain == SQL_WORD_SCHEMA ? m.plain : SQL_WORD_NONE);
		return t;
	}
	l->at++;
	return make(l, SQL_OTHER, begin);
}

static struct sql_token
read_variable(struct sql_lexer *l, uint32_t begin)
{
	uint8_t quote;

	l->at++;
	if (peek(l, 0) == '@')
		l->at++;
	quote = peek(l, 0);
	if (quote == '`' || quote == '\'' || quote == '"') {
		l->at++;
		(void)pass_string(l, quote);
	} else {
		while (l->at < l->size && (is_word(l->text[l->at]) || l->text[l->at] == '.'))
			l->at++;
	}
	return make(l, SQL_VARIABLE, begin);
}

/* ------------------------------------------------------------------ signs and comments */

/* Two and three octets that are one operator. */
static const struct {
	char text[4];
	uint8_t type;
} SIGNS[] = {
	{ "<=>", SQL_COMPARE },
	{ "!~*", SQL_COMPARE },
	{ "~~*", SQL_COMPARE },
	{ "<>", SQL_COMPARE },
	{ "<=", SQL_COMPARE },
	{ ">=", SQL_COMPARE },
	{ "!=", SQL_COMPARE },
	{ "==", SQL_COMPARE },
	{ "!<", SQL_COMPARE },
	{ "!>", SQL_COMPARE },
	{ "!~", SQL_COMPARE },
	{ "~~", SQL_COMPARE },
	{ "~*", SQL_COMPARE },
	{ "^=", SQL_COMPARE },
	{ "<@", SQL_COMPARE },
	{ "&&", SQL_LOGIC },
	{ "||", SQL_LOGIC },
	{ "<<", SQL_OPERATOR },
	{ ">>", SQL_OPERATOR },
};

static struct sql_token
read_sign(struct sql_lexer *l, uint32_t begin)
{
	uint8_t first = l->text[l->at];
	uint32_t left = l->size - l->at;

	for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++) {
		uint32_t size = SIGNS[i].text[2] != '\0' ? 3 : 2;
		if (left >= size && first == (uint8_t)SIGNS[i].text[0] &&
		    memcmp(l->text + l->at, SIGNS[i].text, size) == 0) {
			l->at += size;
			return make(l, SIGNS[i].type, begin);
		}
	}
	l->at++;
	if (first == '=' || first == '<' || first == '>')
		return make(l, SQL_COMPARE, begin);
	return make(l, first == '!' || first == '~' ? SQL_NOT_SIGN : SQL_OPERATOR, begin);
}

/* Whether nothing that means anything is left from `at` on. */
static bool
is_blank(const struct sql_lexer *l, uint32_t at)
{
	if (l->size - at > 8)
		return false;
	for (; at < l->size; at++)
		if (CLASSES[l->text[at]] != SPACE && l->text[at] != '-' && l->text[at] != '+')
			return false;
	return true;
}

/* A comment to the end of the line.  A token when that is the end of the text. */
static bool
pass_line(struct sql_lexer *l, uint32_t begin, uint32_t mark, struct sql_token *ret_token)
{
	const uint8_t *end = memchr(l->text + l->at, '\n', l->size - l->at);
	bool empty = is_blank(l, l->at + mark);

	if (end != NULL && !is_blank(l, (uint32_t)(end - l->text))) {
		l->at = (uint32_t)(end - l->text) + 1;
		l->comment = true;
		l->noted |= SQL_NOTE_COMMENT;
		return false;
	}
	l->at = l->size;
	*ret_token = make(l, SQL_COMMENT, begin);
	ret_token->flags = (uint16_t)(empty ? SQL_EMPTY : 0);
	return true;
}

/* Where the comment between stars ends that the reader is in; NULL when it does not. */
static const uint8_t *
end_of_stars(struct sql_lexer *l)
{
	const uint8_t *end = memmem(l->text + l->at, l->size - l->at, "*/", 2);
	unsigned depth = 1;

	if (end == NULL ||
	    memmem(l->text + l->at, (size_t)(end - l->text) - l->at, "/*", 2) == NULL)
		return end;
	/* PostgreSQL's comments nest. */
	l->noted |= SQL_NOTE_DIALECT;
	if (l->dialect == SQL_MYSQL)
		return end;
	for (uint32_t i = l->at; i + 1 < l->size; i++) {
		if (l->text[i] == '/' && l->text[i + 1] == '*') {
			depth++, i++;
		} else if (l->text[i] == '*' && l->text[i + 1] == '/') {
			if (--depth == 0)
				return l->text + i;
			i++;
		}
	}
	return NULL;
}

/* A comment between stars; false when it was only a space, or its opening or end was passed. */
static bool
pass_stars(struct sql_lexer *l, uint32_t begin, struct sql_token *ret_token)
{
	const uint8_t *end;

	if (peek(l, 2) == '!') {
		l->at += 3;
		pass_digits(l);
		l->opened = true;
		l->noted |= SQL_NOTE_OPENED;
		return false;
	}
	l->at += 2;
	end = end_of_stars(l);
	if (end != NULL) {
		l->at = (uint32_t)(end - l->text) + 2;
		l->comment = true;
		l->noted |= SQL_NOTE_COMMENT;
		return false;
	}
	*ret_token = make(l, SQL_COMMENT, begin);
	ret_token->flags = (uint16_t)(SQL_STAR_COMMENT | (is_blank(l, l->at) ? SQL_EMPTY : 0));
	l->at = l->size;
	ret_token->end = l->at;
	return true;
}

static bool
read_minus(struct sql_lexer *l, uint32_t begin, struct sql_token *ret_token)
{
	if (peek(l, 1) == '-') {
		bool spaced = l->size - l->at == 2 || CLASSES[peek(l, 2)] == SPACE;
		if (!spaced)
			l->noted |= SQL_NOTE_DIALECT;
		if (spaced || l->dialect == SQL_ANSI)
			return pass_line(l, begin, 2, ret_token);
	}
	l->at++;
	if (peek(l, 0) == '>') /* -> and ->> of JSON */
		l->at += peek(l, 1) == '>' ? 2 : 1;
	*ret_token = make(l, SQL_OPERATOR, begin);
	return true;
}

static bool
read_hash(struct sql_lexer *l, uint32_t begin, struct sql_token *ret_token)
{
	l->noted |= SQL_NOTE_DIALECT;
	if (l->dialect == SQL_MYSQL) {
		bool whole = pass_line(l, begin, 1, ret_token);
		if (whole)
			ret_token->flags |= SQL_HASH_COMMENT;
		return whole;
	}
	l->at++;
	*ret_token = make(l, SQL_OPERATOR, begin);
	return true;
}

static struct sql_token
read_colon(struct sql_lexer *l, uint32_t begin)
{
	l->at++;
	if (peek(l, 0) == ':') { /* PostgreSQL's cast, with its type */
		l->at++;
		pass_word(l);
		return (struct sql_token){
			.type = SQL_DOT, .quote = ':', .begin = begin, .end = l->at
		};
	}
	if (peek(l, 0) == '=') {
		l->at++;
		return make(l, SQL_OPERATOR, begin);
	}
	return make(l, SQL_OTHER, begin);
}

static struct sql_token
read_single(struct sql_lexer *l, uint32_t begin)
{
	uint8_t octet = l->text[l->at++];

	return make(l,
	    octet == '('   ? SQL_LEFT
	    : octet == ')' ? SQL_RIGHT
	    : octet == ',' ? SQL_COMMA
			   : SQL_SEMICOLON,
	    begin);
}

/* ------------------------------------------------------------------ the reader */

struct sql_lexer
sql_lexer_new(const uint8_t *text, size_t size, enum sql_dialect dialect, uint8_t quote,
    struct sql_token *ret_first)
{
	struct sql_lexer l = {
		.text = text,
		.size = (uint32_t)(size < UINT32_MAX ? size : UINT32_MAX),
		.dialect = (uint8_t)dialect,
	};
	bool closed;

	if (quote == 0)
		return l;
	closed = pass_string(&l, quote);
	*ret_first = (struct sql_token){
		.type = SQL_STRING,
		.flags = (uint16_t)(SQL_OPEN_BEGIN | (closed ? 0 : SQL_OPEN_END) |
				    (l.at <= 1 ? SQL_EMPTY : 0)),
		.quote = quote,
		.end = l.at,
	};
	return l;
}

/* Reads at a place that is no space.  False when there was nothing after all. */
static bool
read_token(struct sql_lexer *l, struct sql_token *ret_token)
{
	uint32_t begin = l->at;
	uint8_t octet = l->text[begin];

	switch (CLASSES[octet]) {
	case DIGIT: *ret_token = read_number(l, begin); return true;
	case LETTER:
		if (octet == 0xc2 && peek(l, 1) == 0xa0) { /* a no-break space */
			l->at += 2;
			return false;
		}
		*ret_token = read_word(l, begin);
		return true;
	case QUOTE: *ret_token = read_string(l, begin); return true;
	case BACKTICK: *ret_token = read_quoted_name(l, begin); return true;
	case BRACKET: *ret_token = read_bracket(l, begin); return true;
	case MINUS: return read_minus(l, begin, ret_token);
	case HASH: return read_hash(l, begin, ret_token);
	case SLASH:
		if (peek(l, 1) == '*')
			return pass_stars(l, begin, ret_token);
		l->at++;
		*ret_token = make(l, SQL_OPERATOR, begin);
		return true;
	case SIGN:
		if (octet == '*' && l->opened && peek(l, 1) == '/') {
			l->at += 2;
			l->opened = false;
			return false;
		}
		*ret_token = read_sign(l, begin);
		return true;
	case AT: *ret_token = read_variable(l, begin); return true;
	case DOLLAR: *ret_token = read_dollar(l, begin); return true;
	case DOT:
		if (CLASSES[peek(l, 1)] == DIGIT) {
			*ret_token = read_number(l, begin);
			return true;
		}
		l->at++;
		*ret_token = make(l, SQL_DOT, begin);
		return true;
	case COLON: *ret_token = read_colon(l, begin); return true;
	case BACKSLASH: /* MySQL's \N is NULL; before others it says nothing */
		l->at++;
		if (peek(l, 0) != 'N')
			return false;
		l->at++;
		*ret_token = make(l, SQL_VALUE, begin);
		return true;
	case BRACE: /* ODBC's and MySQL's {name value} is the value */
		l->at++;
		if (octet == '{')
			pass_word(l);
		return false;
	case SINGLE: *ret_token = read_single(l, begin); return true;
	default:
		l->at++;
		*ret_token = make(l, SQL_OTHER, begin);
		return true;
	}
}

struct sql_token
sql_lexer_next(struct sql_lexer *l)
{
	struct sql_token t = { 0 };

	while (l->at < l->size) {
		if (CLASSES[l->text[l->at]] == SPACE) {
			l->at++;
		} else if (read_token(l, &t)) {
			if (l->comment)
				t.flags |= SQL_AFTER_COMMENT;
			l->comment = false;
			return t;
		}
	}
	return (struct sql_token){ .type = SQL_END, .begin = l->size, .end = l->size };
}
