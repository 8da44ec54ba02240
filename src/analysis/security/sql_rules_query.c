/* SPDX-License-Identifier: ISC */
/* Rules at the words of queries: UNION, SELECT, ORDER BY, HAVING, LIMIT, INTO OUTFILE, CASE. */
#include <string.h>

#include "analysis/security/sql_rules.h"

#define LIST_MOST 24 /* tokens of a list that are looked at */

static bool
is_word(const struct sql_scene *s, uint32_t i, enum sql_word word)
{
	return i < s->n && s->t[i].type == SQL_WORD && s->t[i].word == word;
}

static uint8_t
type_at(const struct sql_scene *s, uint32_t i)
{
	return s->t[i < s->n ? i : s->n].type;
}

/* Whether what stands before is what a query's clause follows: a value, or the text's begin. */
static bool
follows_value(const struct sql_scene *s, uint32_t i)
{
	return i > 0 && (sql_is_value(&s->t[i - 1]) || s->t[i - 1].type == SQL_RIGHT);
}

/* Whether the text up to here goes on a statement grammatically, and not only by chance. */
static bool
is_anchored(const struct sql_scene *s, uint32_t i)
{
	return s->anchor == 2 && i <= s->sound;
}

/* ------------------------------------------------------------------ SELECT */

enum list {
	LIST_OPEN,  /* not known yet */
	LIST_NONE,  /* nothing that could be selected */
	LIST_PROSE, /* words side by side */
	LIST_NAME,  /* one name or string, and no more: could be anything */
	LIST_PLAIN, /* names FROM a name, and no more */
	LIST_QUERY, /* what only a query has */
};

/* "… FROM users" and what may follow it. */
static enum list
judge_from(const struct sql_scene *s, uint32_t i, bool rich)
{
	uint32_t end = i + 1;
	uint8_t next;

	if (type_at(s, end) == SQL_LEFT)
		return LIST_QUERY;
	if (type_at(s, end) == SQL_END)
		return rich ? LIST_QUERY : LIST_PROSE;
	if (type_at(s, end) != SQL_NAME && type_at(s, end) != SQL_CALL &&
	    type_at(s, end) != SQL_VARIABLE && type_at(s, end) != SQL_WORD)
		return rich ? LIST_QUERY : LIST_PROSE;
	if (s->t[end].word == SQL_WORD_SCHEMA)
		return LIST_QUERY;
	next = type_at(s, end + 1);
	if (rich)
		return next == SQL_NAME && type_at(s, end + 2) == SQL_NAME ? LIST_PROSE
									   : LIST_QUERY;
	if (is_word(s, end + 1, SQL_WORD_WHERE))
		return sql_operand_end(s, end + 2) > end + 2 &&
			       type_at(s, sql_operand_end(s, end + 2)) == SQL_COMPARE
			   ? LIST_QUERY
			   : LIST_PLAIN;
	if (is_word(s, end + 1, SQL_WORD_LIMIT) || next == SQL_COMMENT || next == SQL_RIGHT)
		return next == SQL_RIGHT ? LIST_PLAIN : LIST_QUERY;
	return next == SQL_END || next == SQL_SEMICOLON ? LIST_PLAIN : LIST_PROSE;
}

/* What a list is whose end nothing else tells. */
static enum list
list_of(bool rich, bool empty)
{
	if (rich)
		return LIST_QUERY;
	return empty ? LIST_NONE : LIST_NAME;
}

/* Whether the token at `i` of a list is one that prose does not have there. */
static bool
is_rich(const struct sql_scene *s, uint32_t i)
{
	const struct sql_token *t = &s->t[i];

	switch (t->type) {
	case SQL_STRING:
	case SQL_LEFT:
	case SQL_CALL:
	case SQL_VALUE:
	case SQL_VARIABLE:
	case SQL_OPERATOR:
	case SQL_COMPARE:
	case SQL_COMMENT:
	case SQL_NUMBER: return true;
	case SQL_NAME: return t->word == SQL_WORD_SCHEMA || (t->flags & SQL_PARENTHESES) != 0;
	case SQL_COMMA: return type_at(s, i + 1) != SQL_NAME || type_at(s, i + 2) == SQL_COMMA;
	case SQL_WORD:
		return t->word == SQL_WORD_CASE || t->word == SQL_WORD_WHERE ||
		       t->word == SQL_WORD_PREFIX;
	default: return false;
	}
}

/* What the token at `i` makes of a list that is rich so far or not; `first`: it begins there. */
static enum list
judge_item(const struct sql_scene *s, uint32_t i, bool first, bool rich)
{
	uint8_t next = type_at(s, i + 1);
	bool prose = false;

	switch (s->t[i].type) {
	case SQL_NAME: prose = !first && s->t[i - 1].type == SQL_NAME && !rich; break;
	case SQL_STRING: return first && next == SQL_END ? LIST_NAME : LIST_OPEN;
	case SQL_LEFT: prose = first && next == SQL_RIGHT; break; /* select() */
	case SQL_NUMBER:                                          /* "select 3 of them" */
		prose = first && next == SQL_NAME && !is_word(s, i + 2, SQL_WORD_FROM);
		break;
	case SQL_COMMA: prose = first; break;
	case SQL_OTHER: prose = true; break;
	case SQL_CALL:
	case SQL_VALUE:
	case SQL_VARIABLE:
	case SQL_OPERATOR:
	case SQL_COMPARE:
	case SQL_COMMENT:
	case SQL_WORD: break;
	default: return list_of(rich, first);
	}
	return prose ? LIST_PROSE : LIST_OPEN;
}

/* What stands behind SELECT at `i`. */
static enum list
judge_list(const struct sql_scene *s, uint32_t i)
{
	bool rich = false;
	uint32_t begin;

	while (is_word(s, i, SQL_WORD_QUANTITY))
		i++, rich = s->t[i - 1].word == SQL_WORD_QUANTITY && type_at(s, i) != SQL_NAME;
	begin = i;
	for (; i < s->n && i - begin < LIST_MOST; i++) {
		enum list list;
		if (is_word(s, i, SQL_WORD_FROM) || is_word(s, i, SQL_WORD_INTO))
			return i == begin && !rich ? LIST_PROSE : judge_from(s, i, rich);
		rich = rich || is_rich(s, i);
		list = judge_item(s, i, i == begin, rich);
		if (list != LIST_OPEN)
			return list;
	}
	return list_of(rich, i == begin);
}

/* Whether the list is of one of these functions, or of a variable of the server. */
static bool
asks_inside(const struct sql_scene *s, uint32_t i)
{
	return (type_at(s, i) == SQL_CALL && s->t[i].word == SQL_WORD_INSIDE) ||
	       (type_at(s, i) == SQL_VARIABLE && s->t[i].end - s->t[i].begin > 2 &&
		   s->text[s->t[i].begin + 1] == '@');
}

/* Whether it is of any function that is known. */
static bool
asks(const struct sql_scene *s, uint32_t i)
{
	return asks_inside(s, i) || type_at(s, i) == SQL_VARIABLE ||
	       ((type_at(s, i) == SQL_CALL || type_at(s, i) == SQL_NAME) &&
		   s->t[i].word != SQL_WORD_NONE);
}

/* A part of a name that is quoted and empty: MySQL takes it, nobody writes it in earnest. */
static bool
has_no_name(const struct sql_scene *s, uint32_t i)
{
	const uint8_t *text = s->text + s->t[i].begin;
	uint32_t size = s->t[i].end - s->t[i].begin;

	return size < 64 && memmem(text, size, "``", 2) != NULL;
}

/* Whether a FROM follows the SELECT at `i`. */
static bool
has_from(const struct sql_scene *s, uint32_t i)
{
	for (uint32_t k = i; k < s->n && k - i < LIST_MOST; k++)
		if (is_word(s, k, SQL_WORD_FROM))
			return true;
	return false;
}

/* Behind a parenthesis. */
static void
judge_subquery(struct sql_scene *s, uint32_t i, enum list list, bool from)
{
	if (list == LIST_QUERY)
		sql_scene_hit(s, SQL_RULE_SUBQUERY, i > 1 || from ? 7 : 5);
	else if (list == LIST_PLAIN)
		sql_scene_hit(s, SQL_RULE_SUBQUERY, 5);
	else if (list == LIST_NAME)
		sql_scene_hit(s, SQL_RULE_SUBQUERY, i > 1 && is_anchored(s, i) ? 6 : 3);
}

/* Where a statement may begin. */
static void
judge_first_select(struct sql_scene *s, uint32_t i, enum list list, bool from)
{
	if (list == LIST_QUERY)
		sql_scene_hit(s, SQL_RULE_SELECT, from || asks(s, i + 1) ? 6 : 4);
	else if (list == LIST_PLAIN)
		sql_scene_hit(s, SQL_RULE_SELECT, 3);
}

/* A whole query that stands where neither a statement nor one in parentheses would. */
static void
judge_stray_select(struct sql_scene *s, uint32_t i)
{
	if (i > 1 && (s->t[i - 1].type == SQL_LOGIC || s->t[i - 1].type == SQL_COMPARE))
		sql_scene_hit(s, SQL_RULE_SUBQUERY, is_anchored(s, i) ? 6 : 5);
	else if (s->quote != 0)
		sql_scene_hit(s, SQL_RULE_SELECT, is_anchored(s, i) ? 6 : 4);
}

static void
judge_select(struct sql_scene *s, uint32_t i)
{
	enum list list = judge_list(s, i + 1);
	uint8_t before = i > 0 ? s->t[i - 1].type : SQL_END;
	bool from = has_from(s, i);

	if (before == SQL_LEFT)
		judge_subquery(s, i, list, from);
	else if (before == SQL_END || before == SQL_SEMICOLON || before == SQL_WORD)
		judge_first_select(s, i, list, from);
	else if (list == LIST_QUERY && from)
		judge_stray_select(s, i);
	for (uint32_t k = i + 1; k < s->n && k - i < 6; k++)
		if (s->t[k].type == SQL_NAME && has_no_name(s, k))
			sql_scene_hit(s, SQL_RULE_SELECT, 5);
	if (list == LIST_QUERY && asks_inside(s, i + 1))
		sql_scene_hit(s, SQL_RULE_INSIDE, 5);
}

/* ------------------------------------------------------------------ UNION */

/* UNION at `i` without a query at `k`: hidden by a comment, or cut off. */
static void
judge_bare_union(struct sql_scene *s, uint32_t i, uint32_t k)
{
	uint8_t type = type_at(s, k);

	if (i == 0 || !is_anchored(s, i))
		return;
	if (type == SQL_COMMENT || (type == SQL_END && (s->t[i].flags & SQL_AFTER_COMMENT) != 0))
		sql_scene_hit(s, SQL_RULE_UNION, 5);
	else if (type == SQL_END)
		sql_scene_hit(s, SQL_RULE_UNION, (s->t[0].flags & SQL_SIGNED) != 0 ? 5 : 3);
}

/* UNION at `i`, SELECT at `k`. */
static void
judge_union_select(struct sql_scene *s, uint32_t i, uint32_t k)
{
	enum list list = judge_list(s, k + 1);

	if (list == LIST_QUERY || (k > i + 1 && list != LIST_PROSE))
		sql_scene_hit(s, SQL_RULE_UNION, 9);
	else if (list == LIST_PLAIN)
		sql_scene_hit(s, SQL_RULE_UNION, is_anchored(s, i) ? 8 : 5);
	else if (list == LIST_NAME || list == LIST_NONE)
		sql_scene_hit(s, SQL_RULE_UNION, is_anchored(s, i) ? 6 : 3);
	else
		sql_scene_hit(s, SQL_RULE_UNION, i > 0 && is_anchored(s, i) ? 5 : 3);
}

static void
judge_union(struct sql_scene *s, uint32_t i)
{
	uint32_t k = i + 1;

	while (is_word(s, k, SQL_WORD_QUANTITY) || type_at(s, k) == SQL_LEFT ||
	       (type_at(s, k) == SQL_OPERATOR && k == i + 1))
		k++;
	if (is_word(s, k, SQL_WORD_VALUES) && type_at(s, k + 1) != SQL_NAME)
		sql_scene_hit(s, SQL_RULE_UNION, 7);
	else if (is_word(s, k, SQL_WORD_SELECT))
		judge_union_select(s, i, k);
	else
		judge_bare_union(s, i, k);
}

/* ------------------------------------------------------------------ the other clauses */

static void
judge_order(struct sql_scene *s, uint32_t i)
{
	uint32_t k = i + 2, end = sql_operand_end(s, k);
	uint8_t kind = type_at(s, k), next = type_at(s, end);
	bool closed =
	    next == SQL_COMMENT || (next == SQL_STRING && (s->t[end].flags & SQL_OPEN_END));

	if (!is_word(s, i + 1, SQL_WORD_BY) || end == k || !(follows_value(s, i) || i == 0) ||
	    !sql_is_tail(s, end))
		return;
	if (kind != SQL_NUMBER && kind != SQL_CALL && kind != SQL_LEFT && kind != SQL_VARIABLE) {
		if (kind == SQL_NAME && next == SQL_COMMENT && is_anchored(s, i))
			sql_scene_hit(s, SQL_RULE_ORDER, 5);
		return;
	}
	if (is_anchored(s, i))
		sql_scene_hit(s, SQL_RULE_ORDER, next == SQL_COMMENT ? 7 : 5);
	else
		sql_scene_hit(
		    s, SQL_RULE_ORDER, closed || is_word(s, end, SQL_WORD_DIRECTION) ? 5 : 3);
}

static void
judge_having(struct sql_scene *s, uint32_t i)
{
	uint32_t end = sql_operand_end(s, i + 1);
	enum sql_operand kind = sql_operand_kind(s, i + 1);

	if (end == i + 1 || !(follows_value(s, i) || i == 0))
		return;
	if (type_at(s, end) == SQL_COMPARE && sql_operand_end(s, end + 1) > end + 1)
		sql_scene_hit(
		    s, SQL_RULE_HAVING, is_anchored(s, i) || kind == SQL_CONSTANT ? 6 : 4);
	else if (kind == SQL_CONSTANT && is_anchored(s, i) && sql_is_tail(s, end))
		sql_scene_hit(s, SQL_RULE_HAVING, 5);
}

static void
judge_limit(struct sql_scene *s, uint32_t i)
{
	uint32_t end = sql_operand_end(s, i + 1);

	if (follows_value(s, i) && is_anchored(s, i) && type_at(s, i + 1) == SQL_NUMBER &&
	    (type_at(s, end) == SQL_COMMENT || type_at(s, end) == SQL_COMMA))
		sql_scene_hit(s, SQL_RULE_LIMIT, 5);
}

static void
judge_into(struct sql_scene *s, uint32_t i)
{
	uint8_t where = type_at(s, i + 2);

	if (is_word(s, i + 1, SQL_WORD_OUTFILE) &&
	    (where == SQL_STRING || where == SQL_LEFT || where == SQL_CALL || where == SQL_NUMBER))
		sql_scene_hit(s, SQL_RULE_INTO_FILE, 8);
	else if (type_at(s, i + 1) == SQL_VARIABLE && i > 0 && is_anchored(s, i))
		sql_scene_hit(s, SQL_RULE_INTO_FILE, 5);
}

static void
judge_case(struct sql_scene *s, uint32_t i)
{
	bool when = false, then = false;

	for (uint32_t k = i + 1; k < s->n && k - i < LIST_MOST && !then; k++) {
		if (!is_word(s, k, SQL_WORD_WHEN))
			continue;
		if (when)
			then = sql_operand_kind(s, k + 1) >= SQL_CONSTANT &&
			       sql_operand_kind(s, k + 1) != SQL_NAMED;
		when = k == i + 1 || sql_operand_end(s, k + 1) > k + 1;
	}
	if (then)
		sql_scene_hit(s, SQL_RULE_CASE, i == 0 || i <= s->sound ? 6 : 4);
}

/* if(1=1, sleep(5), 0): three arguments, the first of which is a condition. */
static void
judge_if(struct sql_scene *s, uint32_t i)
{
	bool asks = false, comma = false;

	if (type_at(s, i + 1) != SQL_LEFT || !sql_is_tail(s, sql_operand_end(s, i + 1)))
		return;
	for (uint32_t k = i + 2; k < s->n && k - i < LIST_MOST && !comma; k++) {
		uint8_t type = type_at(s, k);
		if (type == SQL_NAME && type_at(s, k + 1) == SQL_NAME)
			return;
		comma = type == SQL_COMMA && asks;
		asks = asks || type == SQL_COMPARE || type == SQL_LOGIC || type == SQL_CALL;
	}
	if (comma)
		sql_scene_hit(s, SQL_RULE_CASE, i == 0 || i <= s->sound ? 6 : 4);
}

void
sql_rules_query(struct sql_scene *s, uint32_t i)
{
	switch (s->t[i].word) {
	case SQL_WORD_UNION: judge_union(s, i); break;
	case SQL_WORD_SELECT: judge_select(s, i); break;
	case SQL_WORD_ORDER: judge_order(s, i); break;
	case SQL_WORD_HAVING: judge_having(s, i); break;
	case SQL_WORD_LIMIT: judge_limit(s, i); break;
	case SQL_WORD_INTO: judge_into(s, i); break;
	case SQL_WORD_CASE: judge_case(s, i); break;
	case SQL_WORD_FROM: /* goes on the list of the application's own query */
		if (i > 0 && s->t[i - 1].type == SQL_RIGHT && s->anchor == 2 &&
		    type_at(s, i + 1) == SQL_NAME && is_word(s, i + 2, SQL_WORD_WHERE))
			sql_scene_hit(s, SQL_RULE_SELECT, 5);
		break;
	case SQL_WORD_IF: judge_if(s, i); break;
	case SQL_WORD_PROCEDURE:
		if (type_at(s, i + 1) == SQL_CALL && s->t[i + 1].word == SQL_WORD_RAISE)
			sql_scene_hit(s, SQL_RULE_PROCEDURE, 7);
		break;
	default: break;
	}
}
