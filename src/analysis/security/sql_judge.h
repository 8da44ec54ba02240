/* SPDX-License-Identifier: ISC */
/*
 * Whether a text is an SQL injection, and what for.
 *
 * The text is read in up to three contexts: as it is, and as the rest of a string in single and in
 * double quotes.  In each the tokens (sql_tokens.h) are judged by rules of grammar (sql_rules.c):
 * what a rule needs is that the text *goes on* somebody's statement as SQL would, since words and
 * quotes alone are everywhere.  Each rule gives a score of up to 10, the best counts, and rules
 * that agree add one each, up to two:
 *
 *	5…10  an attack
 *	3, 4  suspicious: a probe, or prose with bad luck
 *
 * A number or name with a comment behind it, and strings around an operator ("sos", attributes of
 * HTML), never suffice.  Nothing is allocated, and time is linear in the text.
 *
 *	struct sql_verdict v = sql_judge(text, size);
 *	if (v.score >= SQL_ATTACK)
 *		say(sql_rule_name(v.rule), sql_purpose_name(v.purpose));
 */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_JUDGE_H
#define YAGURA_ANALYSIS_SECURITY_SQL_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#define SQL_ATTACK     5
#define SQL_SUSPICIOUS 3

enum sql_purpose {
	SQL_OTHER_PURPOSE, /* finds out whether it works; passes a login */
	SQL_STEAL,
	SQL_OVERLOAD, /* makes the database wait or work */
	SQL_REWRITE,  /* changes content, structure, rights, files */
	SQL_PURPOSES,
};

enum sql_technique {
	SQL_BOOLEAN,
	SQL_UNION_QUERY,
	SQL_STACKED,
	SQL_ERROR,
	SQL_TIME,
	SQL_OUT_OF_BAND,
	SQL_COMMENT_CUT,
	SQL_INLINE, /* a query or function where a value belongs */
	SQL_TECHNIQUES,
};

enum sql_rule {
	SQL_RULE_NONE,
	SQL_RULE_UNION,
	SQL_RULE_SUBQUERY,
	SQL_RULE_SELECT,
	SQL_RULE_TAUTOLOGY,
	SQL_RULE_CONDITION,
	SQL_RULE_CHAIN,
	SQL_RULE_WAIT,
	SQL_RULE_HEAVY,
	SQL_RULE_RAISE,
	SQL_RULE_FILE,
	SQL_RULE_OUTSIDE,
	SQL_RULE_INSIDE,
	SQL_RULE_FUNCTION,
	SQL_RULE_ORDER,
	SQL_RULE_HAVING,
	SQL_RULE_LIMIT,
	SQL_RULE_INTO_FILE,
	SQL_RULE_PROCEDURE,
	SQL_RULE_CASE,
	SQL_RULE_SCHEMA,
	SQL_RULE_CHANGE,  /* insert, update, delete */
	SQL_RULE_DEFINE,  /* drop, create … */
	SQL_RULE_EXECUTE, /* exec, declare, prepare */
	SQL_RULE_STOP,    /* shutdown */
	SQL_RULE_STACKED, /* another statement */
	SQL_RULE_COMMENT,
	SQL_RULE_OPENED,
	SQL_RULE_PROBE,
	SQL_RULES,
};

struct sql_verdict {
	uint8_t score;     /* 0…10 */
	uint8_t rule;      /* enum sql_rule: of the best score */
	uint8_t technique; /* enum sql_technique */
	uint8_t purpose;   /* enum sql_purpose */
	uint8_t quote;     /* the context: 0, ' or " */
	uint8_t tokens;    /* of the context, up to 255 */
	uint32_t rules;    /* set of those that fired with 3 or more: 1 << rule */
	uint32_t delay_ms; /* the time it asks the database to wait; 0: none */
	uint64_t shape;    /* of its tokens without the values: the same for variants */
};

struct sql_verdict sql_judge(const uint8_t *text, size_t size);

/* "union-select" and so on; what the rule says, a sentence. */
const char *sql_rule_name(enum sql_rule rule);
const char *sql_rule_text(enum sql_rule rule);
const char *sql_purpose_name(enum sql_purpose purpose);
const char *sql_technique_name(enum sql_technique technique);

#endif
