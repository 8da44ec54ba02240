/* SPDX-License-Identifier: ISC */
/* Whose address: lists and logs as files, the order in which they are asked, and a brute-force
 * search beside the tables. Pseudonyms were computed with Python's hmac. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/xmalloc.h"
#include "net/pseudonym.h"
#include "net/subscribers.h"
#include "test.h"

#define KEY_TEXT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

struct fixture {
	char directory[32];
	char prefixes[64], sessions[64], key[64];
	struct site site;
};

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static void
set_up(struct fixture *f, const char *prefixes, const char *sessions)
{
	(void)snprintf(f->directory, sizeof f->directory, "/tmp/yagura-test-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	(void)snprintf(f->prefixes, sizeof f->prefixes, "%s/u.csv", f->directory);
	(void)snprintf(f->sessions, sizeof f->sessions, "%s/s.csv", f->directory);
	(void)snprintf(f->key, sizeof f->key, "%s/key", f->directory);
	write_file(f->key, KEY_TEXT);
	assert_int_equal(chmod(f->key, 0600), 0);
	site_init(&f->site);
	f->site.lists.given = true;
	f->site.lists.key_file = xstrdup(f->key);
	if (prefixes != NULL) {
		write_file(f->prefixes, prefixes);
		f->site.lists.prefixes = xstrdup(f->prefixes);
	}
	if (sessions != NULL) {
		write_file(f->sessions, sessions);
		f->site.lists.sessions = xstrdup(f->sessions);
	}
}

static void
add_pool(struct fixture *f, const char *prefix, const char *service)
{
	struct site *site = &f->site;
	struct site_pool *pool;

	site->pools = xrealloc_array(site->pools, site->pool_count + 1, sizeof *site->pools);
	pool = &site->pools[site->pool_count++];
	assert_int_equal(prefix_parse(prefix, &pool->prefix, NULL), ERR_OK);
	pool->service = xstrdup(service);
}

static const struct subscribers *
map_of(struct fixture *f)
{
	struct err_info why = { 0 };

	if (subscribers_open(&f->site, &f->site.subscribers, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return f->site.subscribers;
}

static void
tear_down(struct fixture *f)
{
	(void)unlink(f->prefixes);
	(void)unlink(f->sessions);
	(void)unlink(f->key);
	assert_int_equal(rmdir(f->directory), 0);
	site_release(&f->site);
}

static nsec_t
at(const char *time)
{
	nsec_t t;

	assert_int_equal(clock_parse(time, &t), ERR_OK);
	return t;
}

/* "name/service/how" of an address at a time; users by the letter that the test gave them. */
static const char *
who(const struct subscribers *s, const char *address, const char *name, nsec_t time)
{
	static const struct {
		uint64_t user;
		const char *name;
	} known[] = {
		{ UINT64_C(0x6eefad2bed97b6d9), "alice" },
		{ UINT64_C(0x3a906e63397c4e40), "192.0.2.9" },
		{ UINT64_C(0x820f5ebb8ac30ff9), "2001:db8:0:100::/56" },
	};
	static char text[128];
	static const char *const how[] = { "?", "name", "session", "prefix", "address" };
	struct subscriber r = { 0 };
	struct address a;
	const char *user = "other";

	assert_int_equal(address_parse(address, &a), ERR_OK);
	if (!subscribers_find(s, &a, name, time, &r))
		return "nobody";
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].user == r.user)
			user = known[i].name;
	(void)snprintf(
	    text, sizeof text, "%s %s %s", user, subscribers_service(s, r.service), how[r.how]);
	return text;
}

static uint64_t
user_at(const struct subscribers *s, const char *address, nsec_t time)
{
	struct subscriber r = { 0 };
	struct address a;

	assert_int_equal(address_parse(address, &a), ERR_OK);
	return subscribers_find(s, &a, NULL, time, &r) ? r.user : 0;
}

static void
test_order(void **state)
{
	struct fixture f;
	const struct subscribers *s;
	nsec_t noon = at("2014-05-26 12:00:00");

	(void)state;
	set_up(&f,
	    "prefix,user_id,service,region,group\n"
	    "192.0.2.0/24,landlord,dsl,,\n"
	    "192.0.2.128/25,alice,fiber,tokyo,a\n"
	    "2001:db8:0:100::/56,alice,ipoe,,\n",
	    "start,stop,user_id,ipv4|ipv6-prefix,nas\n"
	    "2014-05-26 10:00:00,2014-05-26 13:00:00,bob,192.0.2.200,nas1\n"
	    "2014-05-26 10:00:00,2014-05-26 13:00:00,alice,198.51.100.0/30,nas1\n");
	add_pool(&f, "192.0.2.0/24", "pool4");
	add_pool(&f, "198.51.100.0/24", "pool5");
	add_pool(&f, "203.0.113.0/24", "pool6");
	s = map_of(&f);
	/* The longest prefix of the list; the log before it; the pool where nothing else speaks. */
	assert_string_equal(who(s, "192.0.2.129", NULL, noon), "alice fiber prefix");
	assert_string_equal(who(s, "192.0.2.1", NULL, noon), "other dsl prefix");
	assert_string_equal(who(s, "192.0.2.200", NULL, noon), "other pool4 session");
	assert_string_equal(who(s, "198.51.100.3", NULL, noon), "alice fiber session");
	assert_string_equal(who(s, "198.51.100.4", NULL, noon), "other pool5 address");
	assert_string_equal(who(s, "203.0.113.77", NULL, noon), "other pool6 address");
	assert_string_equal(who(s, "2001:db8:0:1ff:1:2:3:4", NULL, noon), "alice ipoe prefix");
	assert_string_equal(who(s, "2001:db8:0:200::1", NULL, noon), "nobody");
	assert_string_equal(who(s, "8.8.8.8", NULL, noon), "nobody");
	/* After the session: back to the list. */
	assert_string_equal(
	    who(s, "192.0.2.200", NULL, at("2014-05-26 13:00:00")), "alice fiber prefix");
	/* userName before all, but not for the other end of a record. */
	assert_string_equal(who(s, "192.0.2.200", "alice", noon), "alice fiber name");
	assert_string_equal(who(s, "203.0.113.77", "carol", noon), "other pool6 name");
	assert_string_equal(who(s, "8.8.8.8", "alice", noon), "nobody");
	assert_string_equal(who(s, "192.0.2.200", "", noon), "other pool4 session");
	assert_int_equal(subscribers_listed(s), 0);
	assert_int_equal(subscribers_report(s)->users, 3);
	assert_int_equal(subscribers_report(s)->bad_rows, 0);
	assert_true(subscribers_report(s)->protected);
	tear_down(&f);
}

static void
test_addresses_stand_for_users(void **state)
{
	struct fixture f;
	const struct subscribers *s;

	(void)state;
	set_up(&f, NULL, NULL);
	add_pool(&f, "192.0.2.0/24", "fiber");
	add_pool(&f, "2001:db8::/32", "ipoe");
	s = map_of(&f);
	for (int twice = 0; twice < 2; twice++) {
		assert_string_equal(who(s, "192.0.2.9", NULL, 0), "192.0.2.9 fiber address");
		assert_string_equal(
		    who(s, "2001:db8:0:1ff:1:2:3:4", NULL, 0), "2001:db8:0:100::/56 ipoe address");
		assert_string_equal(
		    who(s, "2001:db8:0:100::", NULL, 0), "2001:db8:0:100::/56 ipoe address");
		assert_string_equal(who(s, "2001:db8:0:200::", NULL, 0), "other ipoe address");
	}
	assert_string_equal(who(s, "192.0.3.9", NULL, 0), "nobody");
	tear_down(&f);
}

static void
test_complete_lists(void **state)
{
	struct fixture f;
	const struct subscribers *s;

	(void)state;
	/* Without a heading; the same user twice. */
	set_up(&f, "192.0.2.1,alice\n192.0.2.2,bob,dsl\r\n192.0.2.3,alice,dsl,\"a,b\",g\n", NULL);
	s = map_of(&f);
	assert_int_equal(subscribers_listed(s), 2);
	assert_int_equal(subscribers_report(s)->prefix_rows, 3);
	assert_string_equal(who(s, "192.0.2.1", NULL, 0), "alice unknown prefix");
	assert_string_equal(who(s, "192.0.2.3", NULL, 0), "alice dsl prefix");
	assert_string_equal(who(s, "192.0.2.1", "bob", 0), "other dsl name");
	tear_down(&f);
}

static void
test_times(void **state)
{
	static const char *const forms[] = { "2014-05-26 09:00:00", "2014-05-26T09:00:00Z",
		"2014-05-26T18:00:00+09:00", "2014-05-26 18:00:00.000+0900",
		"2014-05-26T04:30:00-04:30", "1401094800", "1401094800.000" };
	static const char *const wrong[] = { "", "2014-05-26", "yesterday", "2014-05-26 9:00:00",
		"2014-05-26 09:00:00 JST", "14010948000000", "-1", "1401094800x",
		"2014-05-26 09:00:00+9", "9999-01-01 00:00:00", "1401094800,1" };
	struct fixture f;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		nsec_t start = at("2014-05-26 09:00:00");
		const struct subscribers *s;
		(void)snprintf(text, sizeof text, "%s,,alice,192.0.2.1,n\n", forms[i]);
		set_up(&f, NULL, text);
		s = map_of(&f);
		assert_string_equal(who(s, "192.0.2.1", NULL, start - 1), "nobody");
		assert_string_equal(who(s, "192.0.2.1", NULL, start), "alice unknown session");
		assert_string_equal(
		    who(s, "192.0.2.1", NULL, INT64_MAX - 1), "alice unknown session");
		assert_int_equal(subscribers_report(s)->open_sessions, 1);
		tear_down(&f);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct err_info why = { 0 };
		(void)snprintf(text, sizeof text, "%s,,alice,192.0.2.1,n\n", wrong[i]);
		set_up(&f, NULL, text);
		assert_int_equal(subscribers_open(&f.site, &f.site.subscribers, &why), ERR_CONFIG);
		assert_non_null(strstr(why.text, "s.csv:1: "));
		tear_down(&f);
	}
}

static void
test_overlaps(void **state)
{
	struct fixture f;
	const struct subscribers *s;
	const struct subscribers_report *r;
	nsec_t t = NSEC_PER_SEC;
	uint64_t a, b;

	(void)state;
	set_up(&f,
	    "192.0.2.0/28,alice,dsl\n"
	    "192.0.2.0/28,bob,dsl\n"
	    "192.0.2.0/28,alice,fiber\n",
	    "start,stop,user_id,prefix\n"
	    /* Not in the order of time; the later session holds and nothing comes back after it. */
	    "100,300,b,198.51.100.1\n"
	    "0,200,a,198.51.100.1\n"
	    "400,900,a,198.51.100.1\n"
	    "500,600,b,198.51.100.1\n"
	    /* The same user again: one session. */
	    "0,100,a,198.51.100.2\n"
	    "50,400,a,198.51.100.2\n"
	    "60,70,a,198.51.100.2\n"
	    /* An open session ends where the next begins, and that is no overlap. */
	    "0,,a,198.51.100.3\n"
	    "100,,b,198.51.100.3\n"
	    /* A longer prefix inside. */
	    "0,100,a,198.51.100.16/28\n"
	    "0,100,b,198.51.100.17\n");
	s = map_of(&f);
	r = subscribers_report(s);
	a = user_at(s, "198.51.100.1", 0);
	b = user_at(s, "198.51.100.1", 100 * t);
	assert_true(a != 0 && b != 0 && a != b);
	assert_true(user_at(s, "198.51.100.1", 100 * t - 1) == a);
	assert_true(user_at(s, "198.51.100.1", 299 * t) == b);
	assert_true(user_at(s, "198.51.100.1", 300 * t) == 0);
	assert_true(user_at(s, "198.51.100.1", 450 * t) == a);
	assert_true(user_at(s, "198.51.100.1", 550 * t) == b);
	assert_true(user_at(s, "198.51.100.1", 700 * t) == 0);
	assert_true(user_at(s, "198.51.100.2", 399 * t) == a);
	assert_true(user_at(s, "198.51.100.2", 400 * t) == 0);
	assert_true(user_at(s, "198.51.100.3", 99 * t) == a);
	assert_true(user_at(s, "198.51.100.3", 100 * t) == b);
	assert_true(user_at(s, "198.51.100.17", 0) == b);
	assert_true(user_at(s, "198.51.100.18", 0) == a);
	assert_string_equal(who(s, "192.0.2.1", NULL, 0), "alice dsl prefix");
	assert_int_equal(r->overlaps, 3);
	assert_int_equal(r->message_count, 3);
	assert_non_null(strstr(r->messages[0], "u.csv:2: "));
	assert_non_null(strstr(r->messages[1], "s.csv:2: the session begins while that of line 3"));
	assert_non_null(strstr(r->messages[2], "s.csv:5: the session begins while that of line 4"));
	tear_down(&f);
}

static void
test_bad_rows(void **state)
{
	struct fixture f;
	const struct subscribers_report *r;
	struct err_info why = { 0 };

	(void)state;
	set_up(&f,
	    "prefix,user_id,service\n"
	    "192.0.2.1/24,a,x\n" /* host bits */
	    "2001:db8::1,a,x\n"  /* an IPv6 address is no user */
	    "2001:db8::/128,a,x\n"
	    "::/0,a,x\n"
	    "0.0.0.0/0,a,x\n"
	    "192.0.2.0/24,,x\n"     /* nobody */
	    "192.0.2.0/24\n"        /* too short */
	    "192.0.2.0/24,\"a,x\n"  /* a quote is missing */
	    "192.0.2.0/24,a\tb,x\n" /* a control character */
	    "192.0.2.0/24,alice,x\n",
	    "5,4,a,192.0.2.1\n"
	    "1,2,a,192.0.2.1,nas,more\n"
	    "1,2,a,192.0.2.1,nas\n");
	r = subscribers_report(map_of(&f));
	assert_int_equal(r->bad_rows, 11);
	assert_int_equal(r->prefix_rows, 1);
	assert_int_equal(r->session_rows, 1);
	assert_non_null(strstr(r->messages[0], "u.csv:2: "));
	assert_non_null(strstr(r->messages[7], "u.csv:9: "));
	assert_non_null(strstr(r->messages[9], "s.csv:1: the session stops before it starts"));
	tear_down(&f);

	set_up(&f, "one,two\nthree,four\n", NULL);
	assert_int_equal(subscribers_open(&f.site, &f.site.subscribers, &why), ERR_CONFIG);
	tear_down(&f);
	set_up(&f, "prefix,name\n192.0.2.1,a\n", NULL);
	assert_int_equal(subscribers_open(&f.site, &f.site.subscribers, &why), ERR_CONFIG);
	assert_non_null(strstr(why.text, "u.csv:1: the heading has no column \"user_id\""));
	tear_down(&f);
	set_up(&f, "192.0.2.1,a\n", NULL);
	(void)unlink(f.prefixes);
	assert_int_equal(subscribers_open(&f.site, &f.site.subscribers, &why), ERR_IO);
	tear_down(&f);
	/* An empty list is a list. */
	set_up(&f, "", "start,stop,user_id,prefix,nas\n");
	assert_string_equal(who(map_of(&f), "192.0.2.1", NULL, 0), "nobody");
	tear_down(&f);
}

static void
test_key_file(void **state)
{
	struct pseudonymizer *p = NULL, *q = NULL;
	struct err_info why = { 0 };
	struct fixture f;
	struct stat status;
	uint64_t first;

	(void)state;
	assert_int_equal(pseudonymizer_open(NULL, &p, &why), ERR_OK);
	assert_false(pseudonymizer_is_protected(p));
	assert_true(pseudonym_of(p, "alice", 5) == UINT64_C(0xe626646ddc436458));
	pseudonymizer_free(p);

	set_up(&f, NULL, NULL);
	assert_int_equal(pseudonymizer_open(f.key, &p, &why), ERR_OK);
	assert_true(pseudonym_of(p, "alice", 5) == UINT64_C(0x6eefad2bed97b6d9));
	assert_false(pseudonymizer_is_exposed(p));
	pseudonymizer_free(p);
	/* Made when it is missing, for its owner alone, and the same when it is read again. */
	(void)unlink(f.key);
	assert_int_equal(pseudonymizer_open(f.key, &p, &why), ERR_OK);
	assert_int_equal(stat(f.key, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 65);
	assert_int_equal(pseudonymizer_open(f.key, &q, &why), ERR_OK);
	first = pseudonym_of(p, "alice", 5);
	assert_true(first == pseudonym_of(q, "alice", 5));
	assert_true(first != UINT64_C(0x6eefad2bed97b6d9));
	pseudonymizer_free(p);
	pseudonymizer_free(q);
	/* Readable by others, too short, too long, not there. */
	assert_int_equal(chmod(f.key, 0640), 0);
	assert_int_equal(pseudonymizer_open(f.key, &p, &why), ERR_OK);
	assert_true(pseudonymizer_is_exposed(p));
	pseudonymizer_free(p);
	write_file(f.key, "0001\n");
	assert_int_equal(pseudonymizer_open(f.key, &p, &why), ERR_CONFIG);
	write_file(f.key, KEY_TEXT "00");
	assert_int_equal(pseudonymizer_open(f.key, &p, &why), ERR_CONFIG);
	assert_int_equal(pseudonymizer_open("/nonexistent/key", &p, &why), ERR_IO);
	assert_int_equal(pseudonymizer_open(f.directory, &p, &why), ERR_IO);
	tear_down(&f);
}

#define RANDOM_ROWS    400
#define RANDOM_QUERIES 20000

struct row {
	struct prefix prefix;
	unsigned user;
	nsec_t start, stop;
};

static uint64_t
draw(uint64_t *seed)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix64(*seed);
}

static struct address
crowded(uint64_t *seed)
{
	uint64_t r = draw(seed);
	uint8_t v4[4] = { 10, (uint8_t)(r >> 8) & 1, (uint8_t)(r >> 16) & 7, (uint8_t)(r >> 24) };
	uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, 0, (uint8_t)(r >> 8) & 1, (uint8_t)(r >> 16) & 3,
		(uint8_t)(r >> 24) & 0xf3 };

	v6[15] = (uint8_t)(r >> 32);
	return r & 1 ? address_from_ipv4(v4) : address_from_ipv6(v6);
}

/* Sessions of one prefix follow each other; those of another are drawn independently. */
static void
test_against_brute_force(void **state)
{
	static struct row rows[RANDOM_ROWS], sessions[RANDOM_ROWS];
	uint64_t seed = 4711;
	char *text[2] = { calloc(RANDOM_ROWS, 80), calloc(RANDOM_ROWS, 80) };
	char prefix[PREFIX_TEXT_SIZE];
	size_t n[2] = { 0, 0 };
	struct fixture f;
	const struct subscribers *s;
	uint64_t pseudonyms[64];
	struct pseudonymizer *p = NULL;

	(void)state;
	for (size_t i = 0; i < 2 * RANDOM_ROWS; i++) {
		struct row *r = i < RANDOM_ROWS ? &rows[i] : &sessions[i - RANDOM_ROWS];
		struct address a = crowded(&seed);
		unsigned length = address_is_ipv4(&a) ? 20 + (unsigned)(draw(&seed) % 13)
						      : 44 + (unsigned)(draw(&seed) % 21);
		size_t which = i < RANDOM_ROWS ? 0 : 1;
		*r = (struct row){ { address_mask(&a, length), (uint8_t)length },
			(unsigned)(draw(&seed) % 64), (nsec_t)(draw(&seed) % 1000), 0 };
		r->stop = r->start + (nsec_t)(draw(&seed) % 1000);
		(void)prefix_format(&r->prefix, prefix);
		n[which] +=
		    (size_t)(which == 0
				 ? snprintf(text[0] + n[0], 80, "%s,u%u\n", prefix, r->user)
				 : snprintf(text[1] + n[1], 80, "%lld,%lld,u%u,%s\n",
				       (long long)r->start, (long long)r->stop, r->user, prefix));
	}
	set_up(&f, text[0], text[1]);
	s = map_of(&f);
	assert_int_equal(pseudonymizer_open(f.key, &p, NULL), ERR_OK);
	for (unsigned i = 0; i < 64; i++) {
		char name[8];
		pseudonyms[i] =
		    pseudonym_of(p, name, (size_t)snprintf(name, sizeof name, "u%u", i));
	}
	for (size_t q = 0; q < RANDOM_QUERIES; q++) {
		struct address a = crowded(&seed);
		nsec_t t = (nsec_t)(draw(&seed) % 2100);
		const struct row *best = NULL;
		struct subscriber found;
		bool known;
		for (size_t i = 0; i < RANDOM_ROWS; i++)
			if (prefix_contains(&sessions[i].prefix, &a) && sessions[i].start <= t &&
			    t < sessions[i].stop &&
			    (best == NULL || sessions[i].prefix.length > best->prefix.length))
				best = &sessions[i];
		for (size_t i = 0; i < RANDOM_ROWS; i++)
			for (size_t j = 0; best != NULL && j < i; j++)
				if (sessions[i].prefix.length == sessions[j].prefix.length &&
				    address_equal(
					&sessions[i].prefix.address, &sessions[j].prefix.address) &&
				    prefix_contains(&sessions[i].prefix, &a))
					goto next; /* several of one prefix: see test_overlaps */
		if (best == NULL)
			for (size_t i = 0; i < RANDOM_ROWS; i++)
				if (prefix_contains(&rows[i].prefix, &a) &&
				    (best == NULL || rows[i].prefix.length > best->prefix.length))
					best = &rows[i];
		known = subscribers_find(s, &a, NULL, t * NSEC_PER_SEC, &found);
		assert_int_equal(known, best != NULL);
		if (known)
			assert_true(found.user == pseudonyms[best->user]);
next:;
	}
	pseudonymizer_free(p);
	tear_down(&f);
	free(text[0]);
	free(text[1]);
}

static void *
ask_often(void *argument)
{
	const struct subscribers *s = argument;
	uint64_t seed = 1, sum = 0;

	/* Far more addresses than slots, so that slots change hands all the time. */
	for (size_t i = 0; i < 20000; i++) {
		uint64_t r = draw(&seed);
		uint8_t v4[4] = { 10, (uint8_t)r, (uint8_t)(r >> 8), (uint8_t)(r >> 16) };
		struct address a = address_from_ipv4(v4);
		struct subscriber found;
		assert_true(subscribers_find(s, &a, NULL, 0, &found));
		sum = hash_mix64(sum ^ found.user);
	}
	return (void *)(uintptr_t)sum; // NOLINT(performance-no-int-to-ptr)
}

/* Whatever the threads overwrite of each other, everybody gets the same answers. */
static void
test_threads(void **state)
{
	struct fixture f;
	pthread_t threads[4];
	void *sums[4];
	const struct subscribers *s;

	(void)state;
	set_up(&f, NULL, NULL);
	add_pool(&f, "10.0.0.0/8", "x");
	s = map_of(&f);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_often, (void *)(uintptr_t)s), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], &sums[i]), 0);
	for (size_t i = 1; i < 4; i++)
		assert_ptr_equal(sums[i], sums[0]);
	tear_down(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_addresses_stand_for_users),
		cmocka_unit_test(test_complete_lists),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_against_brute_force),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
