/* SPDX-License-Identifier: ISC */
/* From a text to a verdict; see sql_judge.h. */
#include "analysis/security/sql_judge.h"

#include <string.h>

#include "analysis/security/sql_rules.h"
#include "base/hash.h"

/* Words and types without which no rule can fire. */
#define TRIGGER_WORDS                                                                           \
	(SQL_SET(SQL_WORD_UNION) | SQL_SET(SQL_WORD_SELECT) | SQL_SET(SQL_WORD_HAVING) |        \
	    SQL_SET(SQL_WORD_ORDER) | SQL_SET(SQL_WORD_FROM) | SQL_SET(SQL_WORD_LIMIT) |        \
	    SQL_SET(SQL_WORD_INTO) | SQL_SET(SQL_WORD_PROCEDURE) | SQL_SET(SQL_WORD_CASE) |     \
	    SQL_SET(SQL_WORD_IF) | SQL_SET(SQL_WORD_INSERT) | SQL_SET(SQL_WORD_UPDATE) |        \
	    SQL_SET(SQL_WORD_DELETE) | SQL_SET(SQL_WORD_DEFINE) | SQL_SET(SQL_WORD_EXEC) |      \
	    SQL_SET(SQL_WORD_CALL) | SQL_SET(SQL_WORD_DECLARE) | SQL_SET(SQL_WORD_SET) |        \
	    SQL_SET(SQL_WORD_SHUTDOWN) | SQL_SET(SQL_WORD_WAITFOR) | SQL_SET(SQL_WORD_SHOW) |   \
	    SQL_SET(SQL_WORD_PREPARE) | SQL_SET(SQL_WORD_GRANT) | SQL_SET(SQL_WORD_LOAD) |      \
	    SQL_SET(SQL_WORD_WAIT) | SQL_SET(SQL_WORD_RAISE) | SQL_SET(SQL_WORD_FILE) |         \
	    SQL_SET(SQL_WORD_OUTSIDE) | SQL_SET(SQL_WORD_INSIDE) | SQL_SET(SQL_WORD_FUNCTION) | \
	    SQL_SET(SQL_WORD_SCHEMA))
#define ENOUGH        8 /* a score that no other context need confirm */
#define TRIGGER_TYPES ((1U << SQL_LOGIC) | (1U << SQL_COMPARE) | (1U << SQL_COMMENT))

/* ------------------------------------------------------------------ what the
 * rules are */

static const struct {
	const char *name;
	uint8_t technique, purpose;
	const char *text;
} RULES[SQL_RULES] = {
	[SQL_RULE_NONE] = { "none", SQL_BOOLEAN, SQL_OTHER_PURPOSE, "Nothing fired." },
	[SQL_RULE_UNION] = { "union-select", SQL_UNION_QUERY, SQL_STEAL,
	    "UNION puts the rows of a second query behind those of the first." },
	[SQL_RULE_SUBQUERY] = { "subquery", SQL_INLINE, SQL_STEAL,
	    "A query in parentheses stands where a value belongs." },
	[SQL_RULE_SELECT] = { "select", SQL_INLINE, SQL_STEAL, "A whole query." },
	[SQL_RULE_TAUTOLOGY] = { "constant-condition", SQL_BOOLEAN, SQL_OTHER_PURPOSE,
	    "AND or OR with a comparison of constants: the "
	    "condition no longer depends on the "
	    "data." },
	[SQL_RULE_CONDITION] = { "condition", SQL_BOOLEAN, SQL_OTHER_PURPOSE,
	    "AND or OR adds a condition to the statement." },
	[SQL_RULE_CHAIN] = { "string-break", SQL_BOOLEAN, SQL_OTHER_PURPOSE,
	    "A quote ends the application's string, operators and "
	    "values follow without a word "
	    "between them, and the rest fits the application's own "
	    "quote or cuts it off." },
	[SQL_RULE_WAIT] = { "wait", SQL_TIME, SQL_OVERLOAD,
	    "The database is told to wait for a time that the answer shows." },
	[SQL_RULE_HEAVY] = { "heavy-work", SQL_TIME, SQL_OVERLOAD,
	    "The database is given much work: BENCHMARK, or "
	    "catalogues joined to each other." },
	[SQL_RULE_RAISE] = { "error-text", SQL_ERROR, SQL_STEAL,
	    "A function whose error message repeats its argument." },
	[SQL_RULE_FILE] = { "file-or-command", SQL_INLINE, SQL_STEAL,
	    "A function that reads files, or a procedure that runs commands." },
	[SQL_RULE_OUTSIDE] = { "outside-call", SQL_OUT_OF_BAND, SQL_STEAL,
	    "A function that makes the database connect to another host." },
	[SQL_RULE_INSIDE] = { "server-facts", SQL_INLINE, SQL_STEAL,
	    "A function or variable that tells version, user or database." },
	[SQL_RULE_FUNCTION] = { "function", SQL_INLINE, SQL_OTHER_PURPOSE,
	    "A function of the database stands where an operator put a value." },
	[SQL_RULE_ORDER] = { "order-by", SQL_UNION_QUERY, SQL_OTHER_PURPOSE,
	    "ORDER BY or GROUP BY a number: counts the columns of the query." },
	[SQL_RULE_HAVING] = { "having", SQL_ERROR, SQL_OTHER_PURPOSE,
	    "HAVING with a condition: errors and answers tell the columns." },
	[SQL_RULE_LIMIT] = { "limit", SQL_BOOLEAN, SQL_OTHER_PURPOSE, "LIMIT behind a value." },
	[SQL_RULE_INTO_FILE] = { "into-file", SQL_UNION_QUERY, SQL_REWRITE,
	    "INTO OUTFILE or DUMPFILE writes a file on the server." },
	[SQL_RULE_PROCEDURE] = { "procedure", SQL_ERROR, SQL_STEAL,
	    "PROCEDURE ANALYSE behind a query." },
	[SQL_RULE_CASE] = { "case", SQL_BOOLEAN, SQL_OTHER_PURPOSE,
	    "CASE or IF turns a condition into a value." },
	[SQL_RULE_SCHEMA] = { "catalogue", SQL_INLINE, SQL_STEAL,
	    "The database's own catalogue is a source of rows." },
	[SQL_RULE_CHANGE] = { "change-rows", SQL_STACKED, SQL_REWRITE,
	    "INSERT, UPDATE or DELETE." },
	[SQL_RULE_DEFINE] = { "change-structure", SQL_STACKED, SQL_REWRITE,
	    "DROP, CREATE, ALTER, TRUNCATE or GRANT." },
	[SQL_RULE_EXECUTE] = { "execute", SQL_STACKED, SQL_REWRITE,
	    "EXEC, DECLARE, SET or PREPARE: statements made of strings." },
	[SQL_RULE_STOP] = { "shutdown", SQL_STACKED, SQL_OVERLOAD, "SHUTDOWN." },
	[SQL_RULE_STACKED] = { "another-statement", SQL_STACKED, SQL_OTHER_PURPOSE,
	    "A semicolon, and another statement behind it." },
	[SQL_RULE_COMMENT] = { "comment-cut", SQL_COMMENT_CUT, SQL_OTHER_PURPOSE,
	    "A quote ends the application's string, and a "
	    "comment cuts off what it has behind." },
	[SQL_RULE_PROBE] = { "lone-quote", SQL_ERROR, SQL_OTHER_PURPOSE,
	    "A quote ends a short value: what the application "
	    "answers tells whether it minds." },
	[SQL_RULE_OPENED] = { "hidden-comment", SQL_INLINE, SQL_OTHER_PURPOSE,
	    "Words of SQL in a comment that only MySQL opens." },
};

const char *
sql_rule_name(enum sql_rule rule)
{
	return RULES[rule < SQL_RULES ? rule : SQL_RULE_NONE].name;
}

const char *
sql_rule_text(enum sql_rule rule)
{
	return RULES[rule < SQL_RULES ? rule : SQL_RULE_NONE].text;
}

const char *
sql_purpose_name(enum sql_purpose purpose)
{
	static const char *const NAMES[SQL_PURPOSES] = { "other", "steal", "overload", "rewrite" };

	return NAMES[purpose < SQL_PURPOSES ? purpose : SQL_OTHER_PURPOSE];
}

const char *
sql_technique_name(enum sql_technique technique)
{
	static const char *const NAMES[SQL_TECHNIQUES] = { "boolean", "union", "stacked", "error",
		"time", "out-of-band", "comment", "inline" };

	return NAMES[technique < SQL_TECHNIQUES ? technique : SQL_BOOLEAN];
}

/* ------------------------------------------------------------------ a scene */

/* How much the first token looks like the rest of a statement. */
static uint8_t
anchor_of(const struct sql_scene *s)
{
	const struct sql_token *t = &s->t[0];

	if (s->quote != 0 || !s->whole)
		return s->quote != 0 && s->whole ? 2 : 0;
	switch (t->type) {
	case SQL_NUMBER:
	case SQL_VALUE:
	case SQL_VARIABLE:
	case SQL_RIGHT:
	case SQL_STRING: return 2;
	case SQL_CALL: return t->word != SQL_WORD_NONE ? 2 : 1;
	case SQL_LEFT: return sql_operand_kind(s, 0) == SQL_QUERY || sql_is_value(&t[1]) ? 2 : 1;
	case SQL_NAME: return (t->flags & SQL_PARENTHESES) != 0 ? 2 : 1;
	default: return 1;
	}
}

static bool
begins_statement(const struct sql_scene *s, uint32_t i)
{
	if (i == 0)
		return s->whole;
	if (s->t[i - 1].type == SQL_SEMICOLON)
		return true;
	/* SQL Server needs no semicolon: "1 waitfor delay …", "'x' exec …". */
	return s->t[i - 1].type == SQL_WORD &&
	       (s->t[i - 1].word == SQL_WORD_BEGIN || s->t[i - 1].word == SQL_WORD_WHEN ||
		   s->t[i - 1].word == SQL_WORD_AS);
}

/* Verbs that SQL Server takes right behind a value. */
static bool
needs_no_semicolon(const struct sql_scene *s, uint32_t i)
{
	const uint8_t word = s->t[i].word;

	return i > 0 && i <= s->sound && s->anchor == 2 && (s->t[i].flags & SQL_SIGNED) == 0 &&
	       (word == SQL_WORD_WAITFOR || word == SQL_WORD_EXEC || word == SQL_WORD_DECLARE ||
		   word == SQL_WORD_INSERT || word == SQL_WORD_UPDATE || word == SQL_WORD_DELETE ||
		   word == SQL_WORD_DEFINE);
}

static void
judge_token(struct sql_scene *s, uint32_t i)
{
	const struct sql_token *t = &s->t[i];

	switch (t->type) {
	case SQL_LOGIC: sql_rules_condition(s, i); break;
	case SQL_CALL: sql_rules_call(s, i); break;
	case SQL_NAME:
		if (t->word != SQL_WORD_NONE)
			sql_rules_statement(s, i, false);
		break;
	case SQL_WORD:
		sql_rules_query(s, i);
		if (begins_statement(s, i) || t->word == SQL_WORD_WAITFOR)
			sql_rules_statement(s, i, i > 0);
		else if (needs_no_semicolon(s, i))
			sql_rules_statement(s, i, true);
		break;
	default: break;
	}
}

/* ------------------------------------------------------------------ the
 * verdict */

struct judge {
	struct sql_verdict verdict;
	uint8_t scores[SQL_RULES]; /* best of all scenes */
	uint64_t shape;
	uint32_t tokens;
	uint32_t delay_ms;
	uint8_t best; /* of the context at hand */
	uint8_t noted;
};

static void
take_scores(struct judge *j, const struct sql_scene *s)
{
	for (unsigned r = 0; r < SQL_RULES; r++) {
		if (s->scores[r] > j->scores[r])
			j->scores[r] = s->scores[r];
		if (s->scores[r] > j->best)
			j->best = s->scores[r];
	}
	if (s->delay_ms > j->delay_ms)
		j->delay_ms = s->delay_ms;
}

static void
add_shape(struct judge *j, const struct sql_tokens *k, uint32_t from)
{
	for (uint32_t i = from; i < k->count; i++) {
		j->shape =
		    hash_mix64(j->shape ^ ((uint64_t)k->list[i].type << 8 | k->list[i].word)) +
		    UINT64_C(0x9e3779b97f4a7c15);
		j->tokens++;
	}
}

static void
judge_scene(struct judge *j, struct sql_tokens *k, const uint8_t *text, uint8_t quote, bool whole)
{
	struct sql_scene s = {
		.text = text, .t = k->list, .n = k->count, .quote = quote, .whole = whole
	};

	k->list[k->count] = (struct sql_token){ .type = SQL_END };
	s.anchor = anchor_of(&s);
	sql_scene_walk(&s);
	for (uint32_t i = 0; i < s.n; i++)
		judge_token(&s, i);
	sql_rules_whole(&s);
	take_scores(j, &s);
}

/* Reads the text in one context and dialect, in stretches that overlap. */
static uint8_t
judge_context(
    struct judge *j, const uint8_t *text, size_t size, enum sql_dialect dialect, uint8_t quote)
{
	struct sql_tokens k;
	struct sql_token t = { 0 };
	struct sql_lexer l = sql_lexer_new(text, size, dialect, quote, &t);
	bool whole = true;
	uint32_t kept = 0;

	k.count = 0;
	k.words = 0;
	k.types = 0;
	k.sign = false;
	if (quote != 0) {
		if ((t.flags & SQL_OPEN_END) != 0)
			return l.noted; /* the string never ends: nothing gets out of it */
		sql_tokens_add(&k, &t);
	}
	for (;;) {
		t = sql_lexer_next(&l);
		if (t.type != SQL_END)
			sql_tokens_add(&k, &t);
		if (t.type != SQL_END && k.count < SQL_TOKENS)
			continue;
		add_shape(j, &k, kept);
		if ((k.words & TRIGGER_WORDS) != 0 || (k.types & TRIGGER_TYPES) != 0 ||
		    (quote != 0 && ((k.types & 1U << SQL_OPERATOR) != 0 || k.count == 1)))
			judge_scene(j, &k, text, quote, whole);
		if (t.type == SQL_END)
			break;
		memmove(k.list, k.list + k.count - SQL_KEPT, SQL_KEPT * sizeof k.list[0]);
		k.count = kept = SQL_KEPT;
		whole = false;
	}
	if ((l.noted & SQL_NOTE_OPENED) != 0 && (k.words & TRIGGER_WORDS) != 0 && j->best < 5) {
		j->scores[SQL_RULE_OPENED] = 5;
		j->best = 5;
	}
	return l.noted;
}

/* One context in the dialects that matter. */
static void
judge_dialects(struct judge *j, const uint8_t *text, size_t size, uint8_t quote)
{
	uint8_t noted;

	j->best = 0;
	j->shape = 0;
	j->tokens = 0;
	noted = judge_context(j, text, size, SQL_MYSQL, quote);
	if ((noted & SQL_NOTE_DIALECT) != 0 && j->best < SQL_ATTACK + 2) {
		uint64_t shape = j->shape;
		uint32_t tokens = j->tokens;
		(void)judge_context(j, text, size, SQL_ANSI, quote);
		j->shape = shape;
		j->tokens = tokens;
	}
	if (j->best > j->verdict.score) {
		j->verdict.score = j->best;
		j->verdict.quote = quote;
		j->verdict.shape = j->shape;
		j->verdict.tokens = (uint8_t)(j->tokens < UINT8_MAX ? j->tokens : UINT8_MAX);
	}
}

/* The rule, technique and purpose that the best scores stand for. */
static void
conclude(struct judge *j)
{
	struct sql_verdict *v = &j->verdict;
	unsigned others = 0;

	for (unsigned r = 1; r < SQL_RULES; r++) {
		if (j->scores[r] < SQL_SUSPICIOUS)
			continue;
		v->rules |= 1U << r;
		others++;
		if (v->rule == SQL_RULE_NONE || j->scores[r] > j->scores[v->rule])
			v->rule = (uint8_t)r;
		if (j->scores[r] >= SQL_ATTACK && RULES[r].purpose > v->purpose)
			v->purpose = RULES[r].purpose;
	}
	v->technique = RULES[v->rule].technique;
	if (j->scores[SQL_RULE_WAIT] >= SQL_ATTACK || j->scores[SQL_RULE_HEAVY] >= SQL_ATTACK)
		v->technique = SQL_TIME;
	if (v->score >= SQL_ATTACK && others > 1)
		v->score = (uint8_t)(v->score + (others > 3 ? 2 : 1));
	if (v->score > 10)
		v->score = 10;
	v->delay_ms = j->delay_ms;
}

/* ------------------------------------------------------------------ before all
 * that */

enum octet {
	OCTET_SPACE = 1, /* and parentheses */
	OCTET_SIGN = 2,  /* operators, comments: something besides words and quotes */
	OCTET_SINGLE = 4,
	OCTET_DOUBLE = 8,
};

/* By octet, 32 a line: '@' and a set of enum octet. */
/* clang-format off */
static const char OCTETS[257] =
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"ABHB@@BDAAB@@@@@@@@@@@@@@@@BBBB@"
	"B@@@@@@@@@@@@@@@@@@@@@@@@@@@B@B@"
	"B@@@@@@@@@@@@@@@@@@@@@@@@@@BB@B@"
	"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
	"A@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
	"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
	"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
/* clang-format on */

static bool
is_letter(uint8_t octet)
{
	return (uint8_t)((octet | 0x20) - 'a') < 26;
}

static bool
is_trigger(struct sql_meaning m)
{
	return ((SQL_SET(m.plain) | SQL_SET(m.call)) &
		   (TRIGGER_WORDS | SQL_SET(SQL_WORD_LOGIC) | SQL_SET(SQL_WORD_COMPARE) |
		       SQL_SET(SQL_WORD_ARITH))) != 0;
}

/* A quote at the end, or a comment behind one: all that a text with quotes and
 * without signs or words can be. */
static bool
breaks_string(const uint8_t *text, size_t size)
{
	uint8_t last = text[size - 1];

	return last == '\'' || last == '"' || memmem(text, size, "--", 2) != NULL;
}

/* Whether a text without signs has any word of which an injection without signs
 * could be made. */
static bool
has_trigger(const uint8_t *text, size_t size)
{
	size_t i = 0;

	while (i + 1 < size) {
		size_t begin;
		struct sql_meaning m;
		if (!is_letter(text[i])) {
			i++;
			continue;
		}
		begin = i;
		while (i < size && (is_letter(text[i]) || text[i] == '_'))
			i++;
		/* A word may hang on a number, and that on one or two letters ("1FUNION").
		 */
		if (i - begin < 2 || !is_letter(text[begin + 1]))
			continue;
		m = sql_word_meaning(text + begin, i - begin);
		if (is_trigger(m))
			return true;
		if (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9') {
			m = sql_word_meaning(text + begin + 1, i - begin - 1);
			if (is_trigger(m))
				return true;
		}
	}
	return false;
}

struct sql_verdict
sql_judge(const uint8_t *text, size_t size)
{
	struct judge j = { .verdict = { .score = 0 } };
	unsigned octets = 0;

	for (size_t i = 0; i < size; i++)
		octets |= (unsigned char)OCTETS[text[i]];
	octets &= 0xf;
	/* A statement cannot go on without spaces or signs, nor without signs or
	 * certain words. */
	if (octets == 0 ||
	    ((octets & OCTET_SIGN) == 0 &&
		((octets & (OCTET_SINGLE | OCTET_DOUBLE)) == 0 || !breaks_string(text, size)) &&
		!has_trigger(text, size)))
		return j.verdict;
	judge_dialects(&j, text, size, 0);
	if ((octets & OCTET_SINGLE) != 0 && j.verdict.score < ENOUGH)
		judge_dialects(&j, text, size, '\'');
	if ((octets & OCTET_DOUBLE) != 0 && j.verdict.score < ENOUGH)
		judge_dialects(&j, text, size, '"');
	conclude(&j);
	return j.verdict;
}
