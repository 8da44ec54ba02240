/* SPDX-License-Identifier: ISC */
/* The grammar rules of sql_judge.h, as its parts share them. */
#ifndef YAGURA_ANALYSIS_SECURITY_SQL_RULES_H
#define YAGURA_ANALYSIS_SECURITY_SQL_RULES_H

#include "analysis/security/sql_judge.h"
#include "analysis/security/sql_tokens.h"

/* How the walk along an expression ended. */
enum sql_stop {
	SQL_STOP_TEXT,    /* with the text */
	SQL_STOP_STRING,  /* in a string that the application's own quote closes */
	SQL_STOP_COMMENT, /* what the application has behind is cut off */
	SQL_STOP_CLAUSE,  /* at a semicolon */
	SQL_STOP_GRAMMAR, /* no expression goes on like that: prose */
};

/* Tokens of one context while they are judged. */
struct sql_scene {
	const uint8_t *text;       /* borrowed */
	const struct sql_token *t; /* borrowed; t[n] is SQL_END */
	uint32_t n;
	uint8_t quote;
	uint8_t anchor; /* 2: begins as a value in a statement would; 1: with a word; 0 neither */
	bool whole;     /* t[0] is the text's first token */
	/* Of the walk from the break on. */
	uint32_t sound; /* number of the token at which grammar ended */
	uint8_t stop;   /* enum sql_stop */
	uint16_t logic, compare, arithmetic, commas;
	uint16_t
	    odd; /* of the arithmetic: | & ^ *, which neither prose nor scripts join strings with */
	uint16_t names; /* values that are no strings */
	bool less, tag; /* a '<' came; a '>' behind it: <tag> */
	uint32_t delay_ms;
	uint8_t scores[SQL_RULES];
};

/* Walks along the expression that the text begins or goes on; fills the second half. */
void sql_scene_walk(struct sql_scene *s);

/* Notes that a rule fired. */
static inline void
sql_scene_hit(struct sql_scene *s, enum sql_rule rule, unsigned score)
{
	if (score > s->scores[rule])
		s->scores[rule] = (uint8_t)score;
}

/* Number of the token behind the operand that begins at `i`; `i` when none does. */
uint32_t sql_operand_end(const struct sql_scene *s, uint32_t i);

/* What an operand is. */
enum sql_operand {
	SQL_NO_OPERAND,
	SQL_CONSTANT,
	SQL_NAMED,
	SQL_CALLED, /* a known function */
	SQL_UNKNOWN_CALL,
	SQL_QUERY, /* a query in parentheses */
};
enum sql_operand sql_operand_kind(const struct sql_scene *s, uint32_t i);

/* Whether what begins at `i` may follow an expression, so that this is no prose. */
bool sql_is_tail(const struct sql_scene *s, uint32_t i);

/* The families of rules. */
void sql_rules_query(struct sql_scene *s, uint32_t i);                   /* at a word of queries */
void sql_rules_condition(struct sql_scene *s, uint32_t i);               /* at a logic operator */
void sql_rules_call(struct sql_scene *s, uint32_t i);                    /* at a call */
void sql_rules_statement(struct sql_scene *s, uint32_t i, bool stacked); /* at a verb */
void sql_rules_whole(struct sql_scene *s); /* of the scene as a whole */

#endif
