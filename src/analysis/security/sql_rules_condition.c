/* SPDX-License-Identifier: ISC */
/*
 * Rules at AND, OR, XOR, && and ||, and of the expression as a whole: conditions that are always
 * true or false, or that ask the database one bit.
 */
#include <string.h>

#include "analysis/security/sql_rules.h"

#define PROBE_MOST 16 /* octets of a value that only tries a quote */

static uint8_t
type_at(const struct sql_scene *s, uint32_t i)
{
	return s->t[i < s->n ? i : s->n].type;
}

/* The operand at `i` with the arithmetic behind it; its kind is that of the least plain part. */
static uint32_t
pass_sum(const struct sql_scene *s, uint32_t i, enum sql_operand *ret_kind)
{
	uint32_t end;

	*ret_kind = sql_operand_kind(s, i);
	end = sql_operand_end(s, i);
	for (unsigned k = 0; k < 4 && end > i && type_at(s, end) == SQL_OPERATOR; k++) {
		uint32_t next = sql_operand_end(s, end + 1);
		enum sql_operand kind = sql_operand_kind(s, end + 1);
		if (next == end + 1)
			break;
		if (kind > *ret_kind)
			*ret_kind = kind;
		end = next;
	}
	return end;
}

struct comparison {
	bool found;
	enum sql_operand left, right;
	uint32_t end; /* behind the right side, or behind the left when there is no comparison */
	bool mixed;   /* a constant on one side, a name on the other */
	bool open;    /* the right side is the string that the application's quote closes */
};

/* The comparison that begins at `i`. */
static struct comparison
comparison_at(const struct sql_scene *s, uint32_t i)
{
	struct comparison c = { 0 };
	uint32_t right;

	for (unsigned k = 0;
	     k < 8 && type_at(s, i) == SQL_LEFT && sql_operand_kind(s, i) != SQL_QUERY; k++)
		i++;
	c.end = pass_sum(s, i, &c.left);
	if (c.end == i || type_at(s, c.end) != SQL_COMPARE)
		return c;
	right = c.end + 1;
	while (type_at(s, right) == SQL_COMPARE && right - c.end < 3)
		right++;
	if (type_at(s, right) == SQL_LEFT && sql_operand_kind(s, right) != SQL_QUERY) {
		c.right = sql_operand_kind(s, right + 1); /* in (1, 2) */
		c.end = sql_operand_end(s, right);
	} else {
		c.end = pass_sum(s, right, &c.right);
	}
	c.found = c.end > right && c.right != SQL_NO_OPERAND;
	c.mixed = (c.left == SQL_NAMED) != (c.right == SQL_NAMED);
	c.open = c.found && s->t[c.end - 1].type == SQL_STRING &&
		 (s->t[c.end - 1].flags & SQL_OPEN_END) != 0 && s->t[c.end - 1].quote == s->quote;
	return c;
}

/* Whether the text up to here is grammatical and begins as a value would. */
static bool
is_anchored(const struct sql_scene *s, uint32_t i)
{
	return s->anchor == 2 && i <= s->sound;
}

static bool
is_closed(const struct sql_scene *s)
{
	return s->stop == SQL_STOP_STRING || s->stop == SQL_STOP_COMMENT;
}

static void
judge_comparison(struct sql_scene *s, uint32_t i, const struct comparison *c)
{
	bool anchored = is_anchored(s, i), tail = sql_is_tail(s, c->end);

	if (!tail)
		return;
	if (c->left == SQL_QUERY || c->right == SQL_QUERY || c->left == SQL_CALLED ||
	    c->right == SQL_CALLED)
		sql_scene_hit(s, SQL_RULE_CONDITION, anchored ? 7 : 5);
	else if (c->left == SQL_CONSTANT && c->right == SQL_CONSTANT)
		sql_scene_hit(s, SQL_RULE_TAUTOLOGY, anchored ? 7 : 6);
	else if (c->left == SQL_UNKNOWN_CALL || c->right == SQL_UNKNOWN_CALL)
		sql_scene_hit(s, SQL_RULE_CONDITION, anchored ? 5 : 3);
	else if (s->quote != 0)
		sql_scene_hit(
		    s, SQL_RULE_CONDITION, anchored && (is_closed(s) || c->mixed) ? 6 : 3);
	else
		sql_scene_hit(s, SQL_RULE_CONDITION, anchored && c->mixed ? 5 : anchored ? 3 : 0);
}

static bool
is_open_string(const struct sql_scene *s, uint32_t i)
{
	return type_at(s, i) == SQL_STRING && (s->t[i].flags & SQL_OPEN_END) != 0 &&
	       s->t[i].quote == s->quote;
}

/* A string that the application closes, of digits. */
static bool
is_digits(const struct sql_scene *s, const struct sql_token *t)
{
	bool found = false;

	for (uint32_t k = t->begin + 1; k < t->end; k++) {
		if ((s->text[k] < '0' || s->text[k] > '9') && s->text[k] != ' ')
			return false;
		found = found || s->text[k] != ' ';
	}
	return found;
}

/* "rock' and 'roll": the string at `i + 1` is the last; a known one before it makes it an attempt.
 */
static void
judge_last_string(struct sql_scene *s, uint32_t i)
{
	bool empty = (s->t[0].flags & SQL_EMPTY) != 0 || s->t[0].end <= 3;
	bool apart = s->t[i].begin > s->t[i - 1].end; /* "or" in quotes is a word */
	bool known = (empty && apart && i == 1) || is_digits(s, &s->t[i + 1]);

	sql_scene_hit(s, SQL_RULE_CHAIN, known ? 5 : 3);
}

/* "or 1": the constant that ends at `end`. */
static void
judge_constant(struct sql_scene *s, uint32_t end)
{
	uint8_t next = type_at(s, end);

	if (next == SQL_COMMENT)
		sql_scene_hit(s, SQL_RULE_CONDITION, 6);
	else if (s->quote != 0 && sql_is_tail(s, end))
		sql_scene_hit(s, SQL_RULE_CONDITION, 5);
	else if (sql_is_tail(s, end) && s->logic + s->compare > 1)
		sql_scene_hit(s, SQL_RULE_CONDITION, 4);
	else if (next == SQL_END && s->quote == 0)
		sql_scene_hit(s, SQL_RULE_CONDITION, 3);
}

/* "or 1", "and sleep(5)", "or true --": a value alone. */
static void
judge_value(struct sql_scene *s, uint32_t i)
{
	enum sql_operand kind;
	uint32_t end = pass_sum(s, i + 1, &kind);
	uint8_t next = type_at(s, end);

	/* "and isnull(1/0)" as the text's begin. */
	if (i == 0 && s->quote == 0 && kind == SQL_CALLED && type_at(s, 3) == SQL_NUMBER &&
	    next == SQL_END)
		sql_scene_hit(s, SQL_RULE_FUNCTION, 5);
	if (end == i + 1 || !is_anchored(s, i))
		return;
	if (is_open_string(s, end - 1) && end == i + 2)
		judge_last_string(s, i);
	else if (kind == SQL_CALLED || kind == SQL_QUERY)
		sql_scene_hit(s, SQL_RULE_CONDITION, sql_is_tail(s, end) ? 6 : 3);
	else if (kind == SQL_CONSTANT)
		judge_constant(s, end);
	else if (next == SQL_COMMENT && s->quote != 0)
		sql_scene_hit(s, SQL_RULE_CONDITION, 5);
}

void
sql_rules_condition(struct sql_scene *s, uint32_t i)
{
	struct comparison c;

	/* Something must stand before it, or the text begins with it. */
	if (i > 0 && !sql_is_value(&s->t[i - 1]) && s->t[i - 1].type != SQL_RIGHT)
		return;
	c = comparison_at(s, i + 1);
	if (c.found)
		judge_comparison(s, i, &c);
	else
		judge_value(s, i);
}

/* ------------------------------------------------------------------ the whole */

/* A string, an operator, a string. */
static void
judge_pair(struct sql_scene *s, unsigned signs)
{
	bool is_signed = (s->t[s->sound - 1].flags & SQL_SIGNED) != 0;

	if (is_signed && (signs > 0 || s->odd > 0))
		sql_scene_hit(s, SQL_RULE_CHAIN, 5);
	else if (signs > 0)
		sql_scene_hit(s, SQL_RULE_CHAIN, 3);
}

/* What goes on a string up to the application's own quote, or cuts it off. */
static void
judge_chain(struct sql_scene *s)
{
	unsigned signs = (unsigned)s->logic + s->compare;
	unsigned values = s->sound / 2;

	if (s->quote == 0 && s->anchor == 2 && s->stop == SQL_STOP_COMMENT && s->logic > 0 &&
	    ((s->t[s->sound].flags & SQL_EMPTY) != 0 || signs > 1))
		sql_scene_hit(s, SQL_RULE_CHAIN, 5);
	if (s->quote == 0 || s->sound < 3 || !is_closed(s))
		return;
	/* "<tag>", lists of quoted things, "'<' or '>'": signs between strings, but no statement.
	 */
	if (s->logic == 0 && (s->tag || s->names + s->arithmetic == 0) &&
	    (s->t[s->sound - 1].flags & SQL_SIGNED) == 0) {
		sql_scene_hit(s, SQL_RULE_CHAIN, s->tag ? 0 : 3);
		return;
	}
	if (s->commas > 0 && (s->logic == 0 || s->names == 0))
		return;
	if (s->stop == SQL_STOP_STRING) {
		if (values < 2) /* "sos" never suffices; a sign more is no prose */
			judge_pair(s, signs);
		else if (signs > 0)
			sql_scene_hit(s, SQL_RULE_CHAIN, s->logic > 0 || signs > 1 ? 6 : 5);
		else if (s->odd > 0)
			sql_scene_hit(s, SQL_RULE_CHAIN, 5);
	} else if (signs > 0) {
		sql_scene_hit(s, SQL_RULE_CHAIN, 5);
	}
}

/* SQL Server keeps statements with this word out of its log. */
static bool
hides_itself(const struct sql_scene *s, const struct sql_token *comment)
{
	return memmem(s->text + comment->begin, comment->end - comment->begin, "sp_password", 11) !=
	       NULL;
}

/* "admin'--": the rest of the statement is cut off. */
static void
judge_cut(struct sql_scene *s)
{
	uint32_t i = 1;
	const struct sql_token *t;
	bool more;

	if (s->n > 1 && s->t[s->n - 1].type == SQL_COMMENT && hides_itself(s, &s->t[s->n - 1]))
		sql_scene_hit(s, SQL_RULE_COMMENT, 6);
	if (s->quote == 0 || !s->whole || s->n < 2)
		return;
	while (type_at(s, i) == SQL_RIGHT)
		i++;
	more = i > 1 || type_at(s, i) == SQL_SEMICOLON;
	if (type_at(s, i) == SQL_SEMICOLON)
		i++;
	t = &s->t[i];
	if (type_at(s, i) != SQL_COMMENT || (t->flags & SQL_EMPTY) == 0)
		return;
	if ((t->flags & (SQL_HASH_COMMENT | SQL_STAR_COMMENT)) != 0)
		sql_scene_hit(s, SQL_RULE_COMMENT, more ? 5 : 3);
	else
		sql_scene_hit(s, SQL_RULE_COMMENT, t->begin <= s->t[i - 1].end + 1 ? 5 : 3);
}

/* "1'": by itself only suspicious. */
static void
judge_probe(struct sql_scene *s)
{
	if (s->quote != 0 && s->whole && s->n == 1 && s->t[0].end <= PROBE_MOST)
		sql_scene_hit(s, SQL_RULE_PROBE, 3);
}

/* "1=1", and what is compared with a function or query, without AND or OR. */
static void
judge_first(struct sql_scene *s)
{
	struct comparison c;

	if (!s->whole || s->anchor != 2)
		return;
	c = comparison_at(s, 0);
	if (!c.found || !sql_is_tail(s, c.end) || c.end > s->sound)
		return;
	/* "(1=1)*1", "1=1 and 2". */
	if (c.left == SQL_CONSTANT && c.right == SQL_CONSTANT && s->quote == 0 &&
	    ((type_at(s, c.end) == SQL_RIGHT && type_at(s, c.end + 1) == SQL_OPERATOR) ||
		(type_at(s, c.end) == SQL_LOGIC && s->sound == s->n)))
		sql_scene_hit(s, SQL_RULE_TAUTOLOGY, 5);
	if (c.right == SQL_QUERY || (c.right == SQL_CALLED && s->quote != 0))
		sql_scene_hit(s, SQL_RULE_CONDITION, 6);
	else if (c.right == SQL_CALLED)
		sql_scene_hit(s, SQL_RULE_CONDITION, 5);
	else if (c.right == SQL_CONSTANT && !c.open)
		sql_scene_hit(s, SQL_RULE_TAUTOLOGY, type_at(s, c.end) == SQL_COMMENT ? 5 : 3);
}

void
sql_rules_whole(struct sql_scene *s)
{
	judge_chain(s);
	judge_cut(s);
	judge_probe(s);
	judge_first(s);
}
