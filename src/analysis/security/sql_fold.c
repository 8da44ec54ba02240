/* SPDX-License-Identifier: ISC */
/*
 * Folding of tokens as they come: what says the same becomes the same; see sql_tokens.h.
 *
 * Each fold makes the list shorter, so all of them together cost time linear in the tokens.
 */
#include "analysis/security/sql_tokens.h"

/* Whether an expression would go on with a value after this token. */
static bool
wants_value(const struct sql_token *t)
{
	switch (t->type) {
	case SQL_END:
	case SQL_OPERATOR:
	case SQL_COMPARE:
	case SQL_LOGIC:
	case SQL_LEFT:
	case SQL_COMMA:
	case SQL_SEMICOLON: return true;
	case SQL_WORD: return t->word != SQL_WORD_END && t->word != SQL_WORD_OBJECT;
	default: return false;
	}
}

/* Whether "user" or "column" here is a name, and no kind of object. */
static bool
wants_name(const struct sql_token *t)
{
	if (t->type == SQL_WORD)
		return (SQL_SET(t->word) &
			   (SQL_SET(SQL_WORD_BY) | SQL_SET(SQL_WORD_SELECT) |
			       SQL_SET(SQL_WORD_FROM) | SQL_SET(SQL_WORD_WHERE) |
			       SQL_SET(SQL_WORD_HAVING) | SQL_SET(SQL_WORD_QUANTITY) |
			       SQL_SET(SQL_WORD_WHEN))) != 0;
	return t->type >= SQL_OPERATOR && wants_value(t);
}

/* Signs that may stand before a value and change nothing of its kind. */
static bool
is_prefix(const struct sql_token *t)
{
	return t->type == SQL_NOT_SIGN || (t->type == SQL_WORD && t->word == SQL_WORD_PREFIX) ||
	       (t->type == SQL_OPERATOR &&
		   (t->quote == '-' || t->quote == '+' || t->quote == '@')) ||
	       (t->type == SQL_COMPARE && t->quote == '~');
}

static bool
is_constant(const struct sql_token *t)
{
	return t->type == SQL_NUMBER;
}

/* Sums of constants, and whatever stands alone in parentheses. */
static void
reduce(struct sql_tokens *k)
{
	for (;;) {
		struct sql_token *t = k->list + k->count;
		if (k->count >= 3 && is_constant(&t[-1]) && t[-2].type == SQL_OPERATOR &&
		    is_constant(&t[-3])) {
			t[-3].end = t[-1].end;
			k->count -= 2;
		} else if (k->count >= 3 && t[-1].type == SQL_RIGHT && sql_is_value(&t[-2]) &&
			   t[-3].type == SQL_LEFT && (k->count == 3 || t[-4].type != SQL_CALL)) {
			t[-3].type = t[-2].type;
			t[-3].word = t[-2].word;
			t[-3].flags = (uint16_t)(t[-2].flags | SQL_PARENTHESES);
			t[-3].quote = t[-2].quote;
			t[-3].end = t[-1].end;
			k->count -= 2;
		} else {
			return;
		}
	}
}

/* A name behind a point: "schema.name" is one, and knows of its schema. */
static bool
join_name(struct sql_tokens *k, const struct sql_token *t)
{
	struct sql_token *top = k->list + k->count;
	bool schema;

	if (k->count < 2 || top[-1].type != SQL_DOT ||
	    (top[-2].type != SQL_NAME && top[-2].type != SQL_VARIABLE))
		return false;
	schema = top[-2].word == SQL_WORD_SCHEMA || top[-2].word == SQL_WORD_OUTSIDE;
	top[-2].end = t->end;
	if (t->type == SQL_CALL) {
		top[-2].type = SQL_CALL;
		top[-2].flags |= (uint16_t)(schema ? 0 : SQL_QUALIFIED);
		if (t->word != SQL_WORD_NONE || top[-2].word != SQL_WORD_OUTSIDE)
			top[-2].word = t->word;
	} else if (t->word == SQL_WORD_FILE) {
		if (t->word != SQL_WORD_NONE || top[-2].word != SQL_WORD_OUTSIDE)
			top[-2].word = t->word;
	} else if (t->word == SQL_WORD_SCHEMA) {
		top[-2].word = SQL_WORD_SCHEMA;
	}
	k->count--;
	return true;
}

/* "a::text", "a..b": nothing to a rule. */
static bool
is_idle_point(const struct sql_tokens *k, const struct sql_token *t)
{
	if (t->type != SQL_DOT)
		return false;
	return t->quote == ':' || (k->count > 0 && k->list[k->count - 1].type == SQL_DOT);
}

/* A star where a value would stand is "everything". */
static bool
is_everything(const struct sql_token *t, const struct sql_token *last)
{
	return t->type == SQL_OPERATOR && t->quote == '*' &&
	       ((last->type == SQL_WORD &&
		    (last->word == SQL_WORD_SELECT || last->word == SQL_WORD_QUANTITY)) ||
		   last->type == SQL_COMMA || last->type == SQL_LEFT || last->type == SQL_DOT);
}

void
sql_tokens_add(struct sql_tokens *tokens, const struct sql_token *token)
{
	static const struct sql_token NOTHING = { .type = SQL_END };
	const struct sql_token *last =
	    tokens->count > 0 ? &tokens->list[tokens->count - 1] : &NOTHING;
	struct sql_token t = *token;

	if (is_everything(&t, last))
		t.type = SQL_VALUE;
	tokens->words |= SQL_SET(t.word);
	tokens->types |= 1U << t.type;
	if (is_idle_point(tokens, &t))
		return;
	if (is_prefix(&t) && wants_value(last)) {
		tokens->sign = true;
		return;
	}
	if (tokens->sign)
		t.flags |= SQL_SIGNED;
	tokens->sign = false;
	/* "or column = 1": words of statements are names where a value belongs. */
	if (t.type == SQL_WORD && t.word == SQL_WORD_OBJECT && wants_name(last)) {
		t.type = SQL_NAME;
		t.word = SQL_WORD_NONE;
	}
	if (t.type == SQL_NOT_SIGN && t.word == SQL_WORD_NONE) /* "!" where no value can stand */
		t.type = SQL_OTHER;
	if (t.type == SQL_NOT_SIGN) /* "not like" compares as "like" does */
		return;
	if ((t.type == SQL_NAME || t.type == SQL_CALL || t.type == SQL_VALUE ||
		t.type == SQL_WORD) &&
	    join_name(tokens, &t))
		return;
	tokens->list[tokens->count++] = t;
	reduce(tokens);
}
