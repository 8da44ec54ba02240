/* SPDX-License-Identifier: ISC */
/*
 * The grammar of expressions, as far as injections need it: values and operators take turns.
 *
 * In prose words stand side by side; in SQL two values never do, but for an alias behind FROM.
 * That is what tells "' or id = 2-1 or '" from "'round the clock or 'round the town".
 */
#include "analysis/security/sql_rules.h"

#define OPERAND_MOST 24 /* tokens of a call's arguments that are passed over: time stays linear */

static uint32_t
pass_parentheses(const struct sql_scene *s, uint32_t i)
{
	unsigned depth = 0;

	for (uint32_t k = i; k < s->n && k - i < OPERAND_MOST; k++) {
		depth += s->t[k].type == SQL_LEFT;
		if (s->t[k].type == SQL_RIGHT && --depth == 0)
			return k + 1;
	}
	return i + OPERAND_MOST < s->n ? i + OPERAND_MOST : s->n;
}

uint32_t
sql_operand_end(const struct sql_scene *s, uint32_t i)
{
	const struct sql_token *t = &s->t[i];

	if (i >= s->n)
		return s->n;
	if (t->type == SQL_CALL)
		return i + 1 < s->n ? pass_parentheses(s, i + 1) : s->n;
	if (t->type == SQL_LEFT)
		return pass_parentheses(s, i);
	return sql_is_value(t) ? i + 1 : i;
}

enum sql_operand
sql_operand_kind(const struct sql_scene *s, uint32_t i)
{
	const struct sql_token *t = &s->t[i < s->n ? i : s->n];

	switch (t->type) {
	case SQL_NUMBER:
	case SQL_STRING:
	case SQL_VALUE:
	case SQL_VARIABLE: return SQL_CONSTANT;
	case SQL_NAME: return SQL_NAMED;
	case SQL_CALL: return t->word != SQL_WORD_NONE ? SQL_CALLED : SQL_UNKNOWN_CALL;
	case SQL_LEFT:
		return t[1].type == SQL_WORD && t[1].word == SQL_WORD_SELECT ? SQL_QUERY
									     : SQL_NO_OPERAND;
	case SQL_WORD: return t->word == SQL_WORD_CASE ? SQL_CALLED : SQL_NO_OPERAND;
	default: return SQL_NO_OPERAND;
	}
}

bool
sql_is_tail(const struct sql_scene *s, uint32_t i)
{
	switch (s->t[i < s->n ? i : s->n].type) {
	case SQL_END:
	case SQL_COMMENT:
	case SQL_LOGIC:
	case SQL_COMPARE:
	case SQL_OPERATOR:
	case SQL_RIGHT:
	case SQL_COMMA:
	case SQL_SEMICOLON: return true;
	case SQL_WORD:
		return s->t[i].word != SQL_WORD_AS && s->t[i].word != SQL_WORD_BY &&
		       s->t[i].word != SQL_WORD_OBJECT && s->t[i].word != SQL_WORD_SET;
	default: return false;
	}
}

/* ------------------------------------------------------------------ the walk */

struct walk {
	bool value;   /* a value is expected, else an operator */
	bool sources; /* behind FROM: names may follow names */
	bool query;   /* some SELECT came: lists, aliases */
	bool name;    /* a name or type must come: behind AS, COLLATE */
};

/* A word of the language: what may come after it. */
static bool
step_word(struct walk *w, const struct sql_token *t)
{
	switch (t->word) {
	case SQL_WORD_END:
	case SQL_WORD_DIRECTION: w->value = false; return true;
	case SQL_WORD_AS: w->name = !w->value; return w->name;
	case SQL_WORD_SELECT:
		w->query = true;
		w->sources = false;
		w->value = true;
		return true;
	case SQL_WORD_FROM:
	case SQL_WORD_JOIN:
		w->sources = true;
		w->value = true;
		return w->query;
	case SQL_WORD_CASE: w->value = true; return true;
	case SQL_WORD_QUANTITY: return w->value;
	case SQL_WORD_WHEN:
	case SQL_WORD_WHERE:
	case SQL_WORD_HAVING:
	case SQL_WORD_UNION:
	case SQL_WORD_LIMIT:
	case SQL_WORD_INTO:
	case SQL_WORD_OUTFILE:
	case SQL_WORD_PROCEDURE:
	case SQL_WORD_VALUES:
	case SQL_WORD_IF:
	case SQL_WORD_ORDER:
	case SQL_WORD_BY:
		w->sources = false;
		w->value = true;
		return true;
	case SQL_WORD_PREFIX: return w->value;
	default: return false;
	}
}

static bool
step_value(
    struct sql_scene *s, struct walk *w, const struct sql_token *t, const struct sql_token *last)
{
	bool alias = !w->value && w->query && t->type == SQL_NAME &&
		     (w->sources || last->type == SQL_NAME || last->type == SQL_RIGHT ||
			 last->type == SQL_STRING || last->type == SQL_NUMBER);
	/* Strings side by side are one. */
	bool more = t->type == SQL_STRING && last->type == SQL_STRING && t->quote == last->quote &&
		    (t->flags & SQL_OPEN_END) == 0;

	if (!w->value && !alias && !w->name && !more)
		return false;
	s->names += t->type != SQL_STRING;
	w->name = false;
	w->value = t->type == SQL_CALL;
	return true;
}

static bool
step(struct sql_scene *s, struct walk *w, const struct sql_token *t, const struct sql_token *last)
{
	if (w->name && !(sql_is_value(t) || t->type == SQL_WORD))
		return false;
	switch (t->type) {
	case SQL_NUMBER:
	case SQL_STRING:
	case SQL_VARIABLE:
	case SQL_NAME:
	case SQL_VALUE:
	case SQL_CALL: return step_value(s, w, t, last);
	case SQL_WORD: return step_word(w, t);
	case SQL_LEFT:
		return w->value || last->type == SQL_COMPARE ||
		       (w->query && last->type == SQL_NAME);
	case SQL_RIGHT:
		if (w->value && last->type != SQL_LEFT)
			return false;
		w->value = false;
		return true;
	case SQL_COMPARE:
		s->compare++;
		s->tag = s->tag || (t->quote == '>' && s->less);
		s->less = s->less || t->quote == '<';
		/* "is null" of two words, "= any", "like binary". */
		if (w->value)
			return last->type == SQL_COMPARE && t->word == SQL_WORD_COMPARE;
		w->value = true;
		return true;
	case SQL_LOGIC:
		s->logic++;
		if (w->value)
			return false;
		w->value = true;
		return true;
	case SQL_OPERATOR:
		s->arithmetic++;
		s->odd += t->quote == '*' || t->quote == '|' || t->quote == '&' || t->quote == '^';
		if (w->value)
			return false;
		w->value = true;
		return true;
	case SQL_COMMA:
		s->commas++;
		if (w->value)
			return false;
		w->value = true;
		return true;
	default: return false;
	}
}

void
sql_scene_walk(struct sql_scene *s)
{
	static const struct sql_token NOTHING = { .type = SQL_END };
	struct walk w = { .value = s->quote == 0 || !s->whole };
	uint32_t i = s->quote != 0 && s->whole ? 1 : 0;
	const struct sql_token *last = i > 0 ? &s->t[0] : &NOTHING;

	/* What goes on a statement behind a number that was expected: ") or (1=1". */
	if (s->quote == 0 && s->n > 0 && s->t[0].type != SQL_LEFT && !sql_is_value(&s->t[0]) &&
	    s->t[0].type != SQL_CALL)
		w.value = false;
	for (; i < s->n; last = &s->t[i++]) {
		const struct sql_token *t = &s->t[i];
		if (t->type == SQL_COMMENT || t->type == SQL_SEMICOLON) {
			s->stop = t->type == SQL_COMMENT ? SQL_STOP_COMMENT : SQL_STOP_CLAUSE;
			s->sound = i;
			return;
		}
		if (!step(s, &w, t, last)) {
			s->stop = SQL_STOP_GRAMMAR;
			s->sound = i;
			return;
		}
		if (t->type == SQL_STRING && (t->flags & SQL_OPEN_END) != 0) {
			s->stop = t->quote == s->quote ? SQL_STOP_STRING : SQL_STOP_TEXT;
			s->sound = i + 1;
			return;
		}
	}
	s->stop = w.value && last->type != SQL_COMMA ? SQL_STOP_GRAMMAR : SQL_STOP_TEXT;
	s->sound = s->n;
}
