/* SPDX-License-Identifier: ISC */
/* The SQL injection engine: what is an attack, what is not, and what it costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/security/sql_judge.h"
#include "analysis/security/sql_rules.h"
#include "base/xmalloc.h"
#include "obs/section.h"
#include "test.h"

static struct sql_verdict
judge(const char *text)
{
	return sql_judge((const uint8_t *)text, strlen(text));
}

/* ------------------------------------------------------------------ attacks */

struct example {
	const char *text;
	enum sql_technique technique;
	enum sql_purpose purpose;
};

static const struct example ATTACKS[] = {
	{ "1 or 1=1", SQL_BOOLEAN, SQL_OTHER_PURPOSE },
	{ "' or '1'='1", SQL_BOOLEAN, SQL_OTHER_PURPOSE },
	{ "\" or \"\"=\"", SQL_BOOLEAN, SQL_OTHER_PURPOSE },
	{ "x') or ('a'='a", SQL_BOOLEAN, SQL_OTHER_PURPOSE },
	{ "' oR/**/1=1-- -", SQL_BOOLEAN, SQL_OTHER_PURPOSE },
	{ "1' && 2>1#", SQL_BOOLEAN, SQL_OTHER_PURPOSE },
	{ "admin'-- ", SQL_COMMENT_CUT, SQL_OTHER_PURPOSE },
	{ "-1 union all select null,version()", SQL_UNION_QUERY, SQL_STEAL },
	{ "1'/*!50000UnIoN*/ /*!50000sElEcT*/ 1,2 -- ", SQL_UNION_QUERY, SQL_STEAL },
	{ "1e0UNION SELECT 2", SQL_UNION_QUERY, SQL_STEAL },
	{ "1 and (select count(*) from users)>3", SQL_INLINE, SQL_STEAL },
	{ "1 and extractvalue(1,concat(0x7e,version()))", SQL_ERROR, SQL_STEAL },
	{ "1 and load_file(0x2f6574632f706173737764)", SQL_INLINE, SQL_STEAL },
	{ "' || utl_http.request('http://example.com/')--", SQL_OUT_OF_BAND, SQL_STEAL },
	{ "1;exec master..xp_cmdshell 'dir'", SQL_STACKED, SQL_REWRITE },
	{ "1 and sleep(5)", SQL_TIME, SQL_OVERLOAD },
	{ "1; waitfor delay '0:0:5'--", SQL_TIME, SQL_OVERLOAD },
	{ "1 and benchmark(5000000,md5(1))", SQL_TIME, SQL_OVERLOAD },
	{ "1;drop table users--", SQL_STACKED, SQL_REWRITE },
	{ "'; update users set password='x' where id=1--", SQL_STACKED, SQL_REWRITE },
	{ "1;insert into users values(1,2)", SQL_STACKED, SQL_REWRITE },
	{ "1;DECLARE @S VARCHAR(4000);SET @S=CAST(0x44 AS VARCHAR(4000));EXEC(@S);--", SQL_STACKED,
	    SQL_REWRITE },
	/* libinjection issue 26 */
	{ "0); show warnings; set @q=0x73656c; prepare s from @q; execute s", SQL_STACKED,
	    SQL_REWRITE },
	{ "1 order by 10--", SQL_UNION_QUERY, SQL_OTHER_PURPOSE },
	{ "' having 1=1--", SQL_ERROR, SQL_OTHER_PURPOSE },
};

static void
test_attacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(ATTACKS); i++) {
		struct sql_verdict v = judge(ATTACKS[i].text);
		if (v.score < SQL_ATTACK || v.technique != ATTACKS[i].technique ||
		    v.purpose != ATTACKS[i].purpose)
			fail_msg("%s: %u %s %s %s", ATTACKS[i].text, v.score, sql_rule_name(v.rule),
			    sql_technique_name(v.technique), sql_purpose_name(v.purpose));
	}
}

static void
test_prose(void **state)
{
	static const char *const PROSE[] = { "", "1", "1950 or 1960", "00 AND 3",
		"O'Connor and sons", "O'connors UNION selected a few friends", "1--", "1 -- ",
		"name--", "@x --", "1/*", "<a href='x'>", "<a class=\"b\" href=\"/c\">d</a>",
		"\"foo\" AND \"bar\"", "rock 'n' roll", "dogs' and 'cats", "5' X 7' rug",
		"SELECT0=true", "sleep(3)", "select the best union in order by mail",
		"drop table reservations here please", "English<script>alert(1)</script>",
		"1; exec will create the case 7",
		"Apt is gated; call when you get here, and we'll come down to get it.",
		"update your set of keys", "'+alert(1)+'", "a=1&b=2", "\"AS IS\" AND ANY EXPRESS",
		"price eq 1 and type eq 2", "#x|x||1", "select x from y where" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(PROSE); i++) {
		struct sql_verdict v = judge(PROSE[i]);
		if (v.score >= SQL_ATTACK)
			fail_msg("%s: %u %s", PROSE[i], v.score, sql_rule_name(v.rule));
	}
}

static void
test_delay(void **state)
{
	(void)state;
	assert_int_equal(judge("1 and sleep(5)").delay_ms, 5000);
	assert_int_equal(judge("1 and sleep(0.25)").delay_ms, 250);
	assert_int_equal(judge("1;waitfor delay '0:1:5'").delay_ms, 65000);
	assert_int_equal(judge("1 or sleep(99999999999999999999)").delay_ms, 86400000);
	assert_int_equal(judge("1 or dbms_pipe.receive_message('a',7)=1").delay_ms, 7000);
	assert_int_equal(judge("1 or 1=1").delay_ms, 0);
}

/* Variants of one payload share its shape; others do not. */
static void
test_shape(void **state)
{
	(void)state;
	assert_true(judge("1 and 17=17 union select 1,2").shape ==
		    judge("9 aNd/**/8=8 UNION  select 4,7").shape);
	assert_true(judge("1 and 17=17").shape != judge("1 and sleep(5)").shape);
}

/* A payload that is cut anywhere is read to its end and not beyond (sanitizers look on). */
static void
test_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(ATTACKS); i++) {
		size_t size = strlen(ATTACKS[i].text);
		for (size_t n = 0; n <= size; n++) {
			uint8_t *copy = xmalloc(n + 1);
			memcpy(copy, ATTACKS[i].text, n);
			copy = xrealloc_array(copy, n > 0 ? n : 1, 1);
			(void)sql_judge(copy, n);
			free(copy);
		}
	}
}

static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 64 KiB of the same again and again cost at most some hundred ns an octet: nothing is quadratic,
 * which would take minutes. */
static void
test_linear(void **state)
{
	static const char *const PIECES[] = { "'", "\"", "(", ")", "/*", "*/", "/*!", "--", "--\n",
		"#\n", "or(", "' or ", "or 1=1 ", "select(", "union select ", "$a$", "`", "[a",
		"sleep(1,", "case when ", "if(1=1,", "q'[", "@`", "a.", "a,", "1+", "\\'", "0x",
		"{a ", ";exec ", "from pg_class,", "' '", "'\"", "1 union/*", "and 'a'<'b", "1e",
		"\xc2\xa0", "\xa0" };
	char *text = xmalloc(65536);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(PIECES); i++) {
		size_t piece = strlen(PIECES[i]);
		double begin = cpu_seconds();
		for (size_t at = 0; at < 65536; at++)
			text[at] = PIECES[i][at % piece];
		(void)sql_judge((const uint8_t *)text, 65536);
		if (cpu_seconds() - begin > 1)
			fail_msg("%s: %.3f s", PIECES[i], cpu_seconds() - begin);
	}
	free(text);
}

/* What is far behind in a long text is found. */
static void
test_long(void **state)
{
	static const char PADDING[] = "1,", END[] = "1 union select 1,version() from users-- ";
	size_t count = 20000, size = count * 2;
	char *text = xmalloc(size + sizeof END);

	(void)state;
	for (size_t i = 0; i < count; i++)
		memcpy(text + 2 * i, PADDING, 2);
	memcpy(text + size, END, sizeof END);
	assert_true(sql_judge((const uint8_t *)text, size + sizeof END - 1).score >= SQL_ATTACK);
	free(text);
}

/* ------------------------------------------------------------------ words */

static void
test_words(void **state)
{
	static const struct {
		const char *text;
		enum sql_word plain, call;
	} WORDS[] = { { "union", SQL_WORD_UNION, SQL_WORD_NONE },
		{ "UNION", SQL_WORD_UNION, SQL_WORD_NONE },
		{ "Select", SQL_WORD_SELECT, SQL_WORD_NONE },
		{ "sleep", SQL_WORD_NONE, SQL_WORD_WAIT },
		{ "information_schema", SQL_WORD_SCHEMA, SQL_WORD_NONE },
		{ "xp_anything", SQL_WORD_FILE, SQL_WORD_FILE },
		{ "user", SQL_WORD_OBJECT, SQL_WORD_INSIDE },
		{ "unio", SQL_WORD_NONE, SQL_WORD_NONE },
		{ "unions", SQL_WORD_NONE, SQL_WORD_NONE }, { "", SQL_WORD_NONE, SQL_WORD_NONE },
		{ "zeroblob", SQL_WORD_NONE, SQL_WORD_FUNCTION },
		{ "abs", SQL_WORD_NONE, SQL_WORD_FUNCTION } };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(WORDS); i++) {
		struct sql_meaning m =
		    sql_word_meaning((const uint8_t *)WORDS[i].text, strlen(WORDS[i].text));
		if (m.plain != WORDS[i].plain || m.call != WORDS[i].call)
			fail_msg("%s: %u %u", WORDS[i].text, m.plain, m.call);
	}
}

/* The filter of texts without signs lets every word pass that an attack without signs needs. */
static void
test_filter(void **state)
{
	static const char *const TEXTS[] = { "1 or 1 union select 2", "1 UNION SELECT 2",
		"1 order by 3", "1 union select null from users", "1FUNION SELECT 2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(TEXTS); i++)
		assert_true(judge(TEXTS[i]).score >= SQL_ATTACK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_prose),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
