/* SPDX-License-Identifier: ISC */
/* Rules at calls of functions, at names of catalogues, and at verbs that begin a statement. */
#include <string.h>
#include <strings.h>

#include "analysis/security/sql_rules.h"

#define CATALOGUES 3 /* tables joined to each other: work for the database */

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

static bool
is_anchored(const struct sql_scene *s, uint32_t i)
{
	return s->anchor == 2 && i <= s->sound;
}

/* ------------------------------------------------------------------ time */

/* Seconds as a database reads them, in ms; at most a day. */
static uint32_t
read_seconds(const uint8_t *text, size_t size)
{
	uint64_t ms = 0, unit = 1000;
	size_t i = 0;

	for (; i < size && text[i] >= '0' && text[i] <= '9' && ms < 86400000; i++)
		ms = ms * 10 + (uint64_t)(text[i] - '0') * 1000;
	if (i < size && text[i] == '.')
		for (i++; i < size && text[i] >= '0' && text[i] <= '9' && unit > 1; i++)
			ms += (uint64_t)(text[i] - '0') * (unit /= 10);
	return (uint32_t)(ms < 86400000 ? ms : 86400000);
}

/* 'h:m:s' of WAITFOR DELAY. */
static uint32_t
read_clock(const uint8_t *text, size_t size)
{
	uint64_t ms = 0;

	while (size > 0) {
		size_t part = 0;
		while (part < size && text[part] != ':')
			part++;
		ms = ms * 60 + read_seconds(text, part);
		if (ms > 86400000)
			return 86400000;
		text += part < size ? part + 1 : part;
		size -= part < size ? part + 1 : part;
	}
	return (uint32_t)ms;
}

static void
note_delay(struct sql_scene *s, const struct sql_token *t)
{
	uint32_t ms;

	if (t->type == SQL_NUMBER)
		ms = read_seconds(s->text + t->begin, t->end - t->begin);
	else if (t->type == SQL_STRING && t->end - t->begin > 2)
		ms = read_clock(s->text + t->begin + 1, t->end - t->begin - 2);
	else
		return;
	if (ms > s->delay_ms)
		s->delay_ms = ms;
}

static bool
is_named(const struct sql_scene *s, uint32_t i, const char *end)
{
	size_t size = s->t[i].end - s->t[i].begin, want = strlen(end);

	return size >= want &&
	       strncasecmp((const char *)s->text + s->t[i].end - want, end, want) == 0;
}

/* Whether what stands before the call at `i`, or in it, is that of prose or of another language. */
static bool
is_idle_call(const struct sql_scene *s, uint32_t i)
{
	uint8_t before = i > 0 ? s->t[i - 1].type : SQL_END, first = type_at(s, i + 2);

	if (is_named(s, i, "benchmark") && (first != SQL_NUMBER || type_at(s, i + 3) != SQL_COMMA))
		return true;
	return (s->t[i].flags & SQL_QUALIFIED) != 0 || first == SQL_RIGHT || first == SQL_END ||
	       first == SQL_NAME || before == SQL_NAME || before == SQL_OTHER || before == SQL_DOT;
}

/* Whether a known function opens shortly before the call at `i`, which stands behind a comma. */
static bool
is_argument(const struct sql_scene *s, uint32_t i)
{
	if (i == 0 || s->t[i - 1].type != SQL_COMMA)
		return false;
	for (uint32_t k = i; k > 0 && i - k < 8; k--)
		if (s->t[k - 1].type == SQL_CALL && s->t[k - 1].word != SQL_WORD_NONE)
			return true;
	return false;
}

/* `certain`: nothing but a database has a function of that name. */
static unsigned
score_wait(const struct sql_scene *s, uint32_t i, bool certain)
{
	bool alone = i == 0 && s->quote == 0;
	unsigned score = 4;

	if (memchr(s->text + s->t[i].begin, '.', s->t[i].end - s->t[i].begin) != NULL)
		return 8; /* dbms_lock.sleep */
	if (!alone && (i <= s->sound || s->t[i - 1].type != SQL_COMMA || is_argument(s, i)))
		score = 8;
	if (certain)
		return score < 6 ? 6 : score;
	if (i > 0 && i > s->sound && s->t[i - 1].type != SQL_LEFT && s->anchor != 2)
		return 4; /* the manual's sleep(3) among words */
	return score;
}

/* sleep(5), pg_sleep(5), receive_message('x', 5), benchmark(5000000, md5(1)). */
static void
judge_wait(struct sql_scene *s, uint32_t i)
{
	bool heavy =
	    is_named(s, i, "benchmark") || is_named(s, i, "blob") || is_named(s, i, "series");
	bool certain = heavy || is_named(s, i, "pg_sleep") || is_named(s, i, "receive_message");

	if (is_idle_call(s, i))
		return;
	sql_scene_hit(s, heavy ? SQL_RULE_HEAVY : SQL_RULE_WAIT, score_wait(s, i, certain));
	if (heavy)
		return;
	for (uint32_t k = i + 2; k < s->n && k < i + 6 && s->t[k].type != SQL_RIGHT; k++)
		if (s->t[k].type == SQL_NUMBER)
			note_delay(s, &s->t[k]);
}

static void
judge_waitfor(struct sql_scene *s, uint32_t i)
{
	uint32_t k =
	    is_word(s, i + 1, SQL_WORD_DELAY) || type_at(s, i + 1) == SQL_NAME ? i + 2 : i + 1;

	while (type_at(s, k) == SQL_LEFT || (type_at(s, k) == SQL_NAME && k == i + 2))
		k++;
	if (type_at(s, k) != SQL_STRING && type_at(s, k) != SQL_VARIABLE)
		return;
	sql_scene_hit(s, SQL_RULE_WAIT, 9);
	note_delay(s, &s->t[k]);
}

/* ------------------------------------------------------------------ calls */

/* Whether the call at `i` is an operand of an expression that the text goes on. */
static bool
is_operand(const struct sql_scene *s, uint32_t i)
{
	return i > 0 &&
	       (s->t[i - 1].type == SQL_OPERATOR || s->t[i - 1].type == SQL_LOGIC ||
		   s->t[i - 1].type == SQL_COMPARE) &&
	       is_anchored(s, i) && sql_is_tail(s, sql_operand_end(s, i));
}

/* Whether the text is a call of a number, a sign and another call. */
static bool
is_pair_of_calls(const struct sql_scene *s, uint32_t i)
{
	uint32_t end = sql_operand_end(s, i);

	return i == 0 && type_at(s, 2) == SQL_NUMBER && type_at(s, end) != SQL_END &&
	       type_at(s, end + 1) == SQL_CALL;
}

static void
judge_function(struct sql_scene *s, uint32_t i)
{
	if (sql_operand_kind(s, i + 2) == SQL_CONSTANT && type_at(s, i + 3) == SQL_COMPARE &&
	    sql_operand_kind(s, i + 4) == SQL_CONSTANT)
		sql_scene_hit(s, SQL_RULE_CASE, 6);
	if (i == 0 && s->quote == 0 && type_at(s, i + 2) == SQL_VARIABLE &&
	    s->text[s->t[i + 2].begin + 1] == '@' && s->t[i + 2].end > s->t[i + 2].begin + 2)
		sql_scene_hit(s, SQL_RULE_INSIDE, 5); /* mid(@@version, … */
	if (i == 0 && s->quote == 0 && type_at(s, i + 2) == SQL_CALL &&
	    s->t[i + 2].word == SQL_WORD_INSIDE && type_at(s, i + 4) == SQL_RIGHT)
		sql_scene_hit(s, SQL_RULE_INSIDE, 5); /* charset(user()) */
	if (is_operand(s, i) || is_pair_of_calls(s, i))
		sql_scene_hit(s, SQL_RULE_FUNCTION, 5);
}

/* extractvalue(1, concat(…)), and functions that fail on purpose. */
static void
judge_raise(struct sql_scene *s, uint32_t i, bool arguments)
{
	if (is_named(s, i, "extractvalue") || is_named(s, i, "updatexml"))
		sql_scene_hit(s, SQL_RULE_RAISE, arguments ? 7 : 3);
	else if (i > 0 && arguments && is_anchored(s, i))
		sql_scene_hit(s, SQL_RULE_RAISE, 5);
}

void
sql_rules_call(struct sql_scene *s, uint32_t i)
{
	const struct sql_token *t = &s->t[i];
	bool prose = i > 0 && s->t[i - 1].type == SQL_NAME;
	bool arguments = type_at(s, i + 2) != SQL_RIGHT && type_at(s, i + 2) != SQL_END;

	if (prose || (t->flags & SQL_QUALIFIED) != 0)
		return;
	switch (t->word) {
	case SQL_WORD_WAIT: judge_wait(s, i); break;
	case SQL_WORD_RAISE: judge_raise(s, i, arguments); break;
	case SQL_WORD_FILE:
		if (arguments)
			sql_scene_hit(s, SQL_RULE_FILE, i > 0 ? 7 : 5);
		break;
	case SQL_WORD_OUTSIDE:
		if (arguments)
			sql_scene_hit(s, SQL_RULE_OUTSIDE, i > 0 ? 7 : 5);
		break;
	case SQL_WORD_INSIDE:
		if (i > 0 && is_anchored(s, i) && type_at(s, i + 2) == SQL_RIGHT)
			sql_scene_hit(s, SQL_RULE_INSIDE, 5);
		else
			judge_function(s, i);
		break;
	case SQL_WORD_FUNCTION: judge_function(s, i); break;
	default: break;
	}
}

/* Whether a name may be that of a table here: "from x", "join x", "into x", ", x". */
static bool
is_source(const struct sql_scene *s, uint32_t i)
{
	return i > 0 &&
	       (is_word(s, i - 1, SQL_WORD_FROM) || is_word(s, i - 1, SQL_WORD_JOIN) ||
		   is_word(s, i - 1, SQL_WORD_INTO) || is_word(s, i - 1, SQL_WORD_UPDATE) ||
		   is_word(s, i - 1, SQL_WORD_OBJECT));
}

static void
judge_catalogue(struct sql_scene *s, uint32_t i)
{
	unsigned count = 1;

	if (s->t[i].end - s->t[i].begin < 8 && type_at(s, i + 1) == SQL_END)
		return; /* "from mysql", "from master" */
	if (is_source(s, i))
		sql_scene_hit(s, SQL_RULE_SCHEMA, 6);
	/* Joined to itself and again: the database will be busy. */
	for (uint32_t k = i + 1; is_source(s, i) && k < s->n && k - i < 12; k++)
		count += s->t[k].type == SQL_NAME && s->t[k].word == SQL_WORD_SCHEMA;
	if (count >= CATALOGUES)
		sql_scene_hit(s, SQL_RULE_HEAVY, 7);
}

/* ------------------------------------------------------------------ statements */

static void
hit_statement(struct sql_scene *s, enum sql_rule rule, unsigned score, bool stacked)
{
	sql_scene_hit(s, rule, stacked ? score : score > 2 ? score - 2 : 0);
	if (stacked && score >= SQL_SUSPICIOUS)
		sql_scene_hit(s, SQL_RULE_STACKED, score);
}

/* Whether a statement may end here. */
static bool
ends_statement(const struct sql_scene *s, uint32_t i)
{
	uint8_t type = type_at(s, i);

	return type == SQL_END || type == SQL_SEMICOLON || type == SQL_COMMENT ||
	       type == SQL_STRING || is_word(s, i, SQL_WORD_END);
}

static unsigned
score_define(const struct sql_scene *s, uint32_t i)
{
	uint32_t k = i + 1;
	bool object = false;

	while (k < s->n && k - i < 6 &&
	       (is_word(s, k, SQL_WORD_OBJECT) || is_word(s, k, SQL_WORD_PROCEDURE) ||
		   is_word(s, k, SQL_WORD_IF) || is_word(s, k, SQL_WORD_PREFIX) ||
		   (type_at(s, k) == SQL_LOGIC && s->t[k - 1].word == SQL_WORD_DEFINE)))
		object = object || s->t[k].word != SQL_WORD_IF, k++;
	if (!object)
		return type_at(s, k) == SQL_NAME && type_at(s, k + 1) == SQL_COMMENT && i > 0 &&
			       is_anchored(s, i - 1)
			   ? 5
			   : 0;
	if (type_at(s, k) == SQL_CALL)
		return 8;
	if (type_at(s, k) != SQL_NAME)
		return 0;
	k++;
	if (ends_statement(s, k) || type_at(s, k) == SQL_LEFT || type_at(s, k) == SQL_COMMA)
		return 8;
	return is_word(s, k, SQL_WORD_AS) || is_word(s, k, SQL_WORD_DEFINE) ||
		       (type_at(s, k) == SQL_WORD && type_at(s, k + 1) != SQL_NAME)
		   ? 7
		   : 3;
}

static unsigned
score_insert(const struct sql_scene *s, uint32_t i)
{
	uint32_t k = is_word(s, i + 1, SQL_WORD_INTO) ? i + 2 : i + 1;

	if (type_at(s, k) == SQL_CALL)
		return k == i + 2 ? 8 : 0;
	if (type_at(s, k) != SQL_NAME)
		return 0;
	k++;
	return is_word(s, k, SQL_WORD_VALUES) || is_word(s, k, SQL_WORD_SELECT) ||
		       type_at(s, k) == SQL_LEFT
		   ? 8
		   : 0;
}

static unsigned
score_update(const struct sql_scene *s, uint32_t i)
{
	uint32_t k = i + 2;

	if (type_at(s, i + 1) != SQL_NAME || !is_word(s, k, SQL_WORD_SET))
		return 0;
	return type_at(s, k + 1) == SQL_NAME && type_at(s, k + 2) == SQL_COMPARE ? 8 : 3;
}

static unsigned
score_delete(const struct sql_scene *s, uint32_t i)
{
	i += type_at(s, i + 1) == SQL_NAME; /* ignore, quick */
	if (!is_word(s, i + 1, SQL_WORD_FROM) || type_at(s, i + 2) != SQL_NAME)
		return 0;
	if (is_word(s, i + 3, SQL_WORD_WHERE))
		return 8;
	return ends_statement(s, i + 3) ? 7 : 3;
}

static unsigned
score_exec(const struct sql_scene *s, uint32_t i)
{
	uint8_t next = type_at(s, i + 1);

	if (next == SQL_VARIABLE || (next == SQL_STRING && (s->t[i + 1].flags & SQL_OPEN_END) == 0))
		return 7;
	if (next == SQL_LEFT)
		return type_at(s, i + 2) == SQL_END ? 3 : 7;
	if (next == SQL_CALL)
		return s->t[i + 1].word != SQL_WORD_NONE ? 8 : 4;
	if (next != SQL_NAME)
		return is_word(s, i + 1, SQL_WORD_IF) || (is_word(s, i + 1, SQL_WORD_AS) &&
							     is_word(s, i + 2, SQL_WORD_OBJECT))
			   ? 6
			   : 0;
	if (s->t[i + 1].word == SQL_WORD_FILE || s->t[i + 1].word == SQL_WORD_SCHEMA)
		return 9;
	if (type_at(s, i + 2) == SQL_STRING || type_at(s, i + 2) == SQL_VARIABLE)
		return 7;
	return ends_statement(s, i + 2) ? 5 : 0;
}

static unsigned
score_set(const struct sql_scene *s, uint32_t i)
{
	if (type_at(s, i + 1) == SQL_VARIABLE)
		return 8;
	return type_at(s, i + 1) == SQL_NAME && type_at(s, i + 2) == SQL_COMPARE ? 5 : 0;
}

static unsigned
score_show(const struct sql_scene *s, uint32_t i)
{
	uint8_t next = type_at(s, i + 1);

	if (!is_anchored(s, i - 1)) /* "…; use the other one" */
		return 0;
	if (next == SQL_CALL || next == SQL_LEFT)
		return 6;
	if (next != SQL_NAME && !is_word(s, i + 1, SQL_WORD_OBJECT))
		return next == SQL_NUMBER && ends_statement(s, i + 2) ? 5 : 0;
	return ends_statement(s, i + 2) ? 5 : type_at(s, i + 2) == SQL_WORD ? 4 : 0;
}

static unsigned
score_load(const struct sql_scene *s, uint32_t i)
{
	for (uint32_t k = i + 1; k < s->n && k - i < 8; k++)
		if ((type_at(s, k) == SQL_STRING && k > i + 1) || is_word(s, k, SQL_WORD_VALUES) ||
		    is_word(s, k, SQL_WORD_OUTFILE))
			return is_word(s, i + 1, SQL_WORD_OBJECT) ||
				       type_at(s, i + 1) == SQL_NAME ||
				       type_at(s, i + 1) == SQL_CALL ||
				       type_at(s, i + 1) == SQL_LEFT ||
				       is_word(s, i + 1, SQL_WORD_INSERT)
				   ? 7
				   : 3;
	return 0;
}

static unsigned
score_grant(const struct sql_scene *s, uint32_t i)
{
	for (uint32_t k = i + 1; k < s->n && k - i < 8; k++)
		if (is_word(s, k, SQL_WORD_JOIN) && k > i + 1)
			return 6;
	return 0;
}

/* The verb at `i` begins a statement, behind a semicolon or as the text's first word. */
void
sql_rules_statement(struct sql_scene *s, uint32_t i, bool stacked)
{
	uint8_t next = type_at(s, i + 1);

	switch (s->t[i].word) {
	case SQL_WORD_DEFINE: hit_statement(s, SQL_RULE_DEFINE, score_define(s, i), stacked); break;
	case SQL_WORD_INSERT: hit_statement(s, SQL_RULE_CHANGE, score_insert(s, i), stacked); break;
	case SQL_WORD_UPDATE: hit_statement(s, SQL_RULE_CHANGE, score_update(s, i), stacked); break;
	case SQL_WORD_DELETE: hit_statement(s, SQL_RULE_CHANGE, score_delete(s, i), stacked); break;
	case SQL_WORD_EXEC: hit_statement(s, SQL_RULE_EXECUTE, score_exec(s, i), stacked); break;
	case SQL_WORD_CALL:
		hit_statement(s, SQL_RULE_EXECUTE,
		    next == SQL_CALL && type_at(s, i + 3) != SQL_RIGHT && i > 0 &&
			    s->t[i - 1].type == SQL_SEMICOLON
			? 6
			: 0,
		    stacked);
		break;
	case SQL_WORD_DECLARE:
		hit_statement(s, SQL_RULE_EXECUTE, next == SQL_VARIABLE ? 9 : 0, stacked);
		break;
	case SQL_WORD_SET: hit_statement(s, SQL_RULE_EXECUTE, score_set(s, i), stacked); break;
	case SQL_WORD_PREPARE:
		hit_statement(s, SQL_RULE_EXECUTE,
		    next == SQL_NAME && is_word(s, i + 2, SQL_WORD_FROM) ? 8 : 0, stacked);
		break;
	case SQL_WORD_SHUTDOWN:
		hit_statement(s, SQL_RULE_STOP, ends_statement(s, i + 1) ? 6 : 0, stacked);
		break;
	case SQL_WORD_SHOW:
		hit_statement(s, SQL_RULE_STACKED, i > 0 ? score_show(s, i) : 0, stacked);
		break;
	case SQL_WORD_GRANT: hit_statement(s, SQL_RULE_DEFINE, score_grant(s, i), stacked); break;
	case SQL_WORD_LOAD: hit_statement(s, SQL_RULE_FILE, score_load(s, i), stacked); break;
	case SQL_WORD_WAITFOR: judge_waitfor(s, i); break;
	case SQL_WORD_IF:
		hit_statement(s, SQL_RULE_CASE,
		    next == SQL_LEFT || (next == SQL_NUMBER && type_at(s, i + 2) == SQL_COMPARE)
			? 6
			: 0,
		    stacked);
		break;
	case SQL_WORD_SELECT:
		if (stacked && s->scores[SQL_RULE_SELECT] >= SQL_SUSPICIOUS)
			sql_scene_hit(s, SQL_RULE_STACKED, 7);
		break;
	case SQL_WORD_SCHEMA:
	case SQL_WORD_FILE: judge_catalogue(s, i); break;
	default: break;
	}
}
