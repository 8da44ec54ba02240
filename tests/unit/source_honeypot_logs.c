/* SPDX-License-Identifier: ISC */
/* Logs of sshd, Cowrie, Suricata, T-Pot and the sensor, as files and as streams. */
#include <stdio.h>
#include <sys/stat.h>

#include "obs/observed.h"
#include "source_build.h"

#define SEEN_MAX 64

/* What a log came to: texts are copied, since the chunk goes. */
struct seen {
	const char *kind;
	enum err end;
	size_t count;
	uint64_t bad, other, year, zone;
	char lines[SEEN_MAX][512];
	char why[512];
};

static size_t
put_octets(char *to, size_t room, const char *before, struct octets text)
{
	int n = snprintf(to, room, "%s%.*s", before, (int)text.size,
	    text.size != 0 ? (const char *)text.data : "");

	return n < 0 ? 0 : (size_t)n;
}

static void
put_login(char *to, size_t room, const struct login *l)
{
	static const char *const OUTCOMES[] = { "failed", "succeeded", "unknown" };
	char time[40], source[ADDRESS_TEXT_SIZE];
	int n = snprintf(to, room, "login %s %s#%u %s %s%s x%u", clock_format(l->time, 0, time, 40),
	    address_format(&l->source, source), l->source_port, l->service, OUTCOMES[l->outcome],
	    l->no_such_user ? " nobody" : "", l->count);
	size_t used = (size_t)n;

	used += put_octets(to + used, room - used, " host=", l->host);
	used += put_octets(to + used, room - used, " user=", l->user);
	(void)put_octets(to + used, room - used, " password=", l->password);
}

static void
put_contact(char *to, size_t room, const struct contact *c)
{
	char begin[40], end[40], source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];
	int n = snprintf(to, room, "contact %s %s %s#%u %s#%u p%u x%llu%s %llu",
	    clock_format(c->begin, 0, begin, 40), clock_format(c->end, 0, end, 40),
	    address_format(&c->source, source), c->source_port,
	    address_format(&c->destination, destination), c->destination_port, c->protocol,
	    (unsigned long long)c->count, c->aggregate ? " sum" : "",
	    (unsigned long long)c->octets);
	size_t used = (size_t)n;

	used += put_octets(to + used, room - used, " sensor=", c->sensor);
	used += put_octets(to + used, room - used, " payload=", c->payload);
	used += put_octets(to + used, room - used, " note=", c->note);
	if (c->payload.size != 0)
		(void)snprintf(to + used, room - used, " %02x%02x", c->sha256[0], c->sha256[1]);
}

static void
put_seen(struct seen *seen, const struct observed *o)
{
	char *to = seen->lines[seen->count];
	char begin[40], end[40];

	if (seen->count == SEEN_MAX)
		return;
	seen->count++;
	if (o->kind == OBSERVED_LOGIN)
		put_login(to, sizeof seen->lines[0], &o->login);
	else if (o->kind == OBSERVED_CONTACT)
		put_contact(to, sizeof seen->lines[0], &o->contact);
	else
		(void)snprintf(to, sizeof seen->lines[0], "watch %s %s",
		    clock_format(o->watch.begin, 0, begin, 40),
		    clock_format(o->watch.end, 0, end, 40));
}

static void
count_drops(struct seen *seen, const struct drop_counters *drops)
{
	seen->bad += drops->count[DROP_LOG_LINE];
	seen->other += drops->count[DROP_LOG_OTHER];
	seen->year += drops->count[DROP_LOG_YEAR];
	seen->zone += drops->count[DROP_LOG_ZONE];
}

/* Reads octets as a file that was last modified at `modified`. */
static void
read_file(const void *data, size_t size, const struct source_reading *reading, int64_t modified,
    struct seen *ret)
{
	char path[] = "/tmp/yagura-log-XXXXXX";
	const struct timespec times[2] = { { .tv_sec = modified }, { .tv_sec = modified } };
	struct err_info why = { .text = "" };
	struct source *source = NULL;
	struct chunk chunk;
	int fd = mkstemp(path);

	*ret = (struct seen){ .kind = "" };
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(close(fd), 0);
	ret->end = source_open_reading(path, reading, &source, &why);
	if (ret->end == ERR_OK) {
		chunk_init(&chunk);
		ret->kind = source_info(source)->kind;
		do {
			ret->end = source_read(source, &chunk, &why);
			for (size_t i = 0; ret->end == ERR_OK && i < chunk.count; i++)
				put_seen(ret, (const void *)chunk.packets[i].data);
			count_drops(ret, &chunk.drops);
		} while (ret->end == ERR_OK);
		chunk_release(&chunk);
	}
	(void)snprintf(ret->why, sizeof ret->why, "%s", why.text);
	if (ret->kind[0] != '\0')
		ret->kind = strdup(ret->kind);
	source_close(source);
	(void)unlink(path);
}

static void
read_text(const char *text, struct seen *ret)
{
	/* 2026-01-05 */
	read_file(text, strlen(text), &(struct source_reading){ 0 }, 1767571200, ret);
}

static void
release(struct seen *seen)
{
	if (seen->kind[0] != '\0')
		free((char *)(uintptr_t)seen->kind);
}

/* Reads a text and compares all of what it came to. */
static void
expect(const char *text, const char *kind, const char *const *lines, size_t count)
{
	struct seen seen;

	read_text(text, &seen);
	assert_int_equal(seen.bad, 0);
	assert_string_equal(seen.kind, kind);
	for (size_t i = 0; i < count && i < seen.count; i++)
		assert_string_equal(seen.lines[i], lines[i]);
	assert_int_equal(seen.count, count);
	release(&seen);
}

static void
test_sshd(void **state)
{
	static const char *const WANT[] = {
		"login 2025-12-10T06:55:48Z 192.0.2.1#38926 ssh failed nobody x1 host=h user=web "
		"master "
		"password=",
		"login 2025-12-10T06:55:49Z 192.0.2.1#1 ssh failed x1 host=h user=root password=",
		"login 2025-12-10T06:55:50Z 192.0.2.1#1 ssh failed x5 host=h user=root password=",
		"login 2025-12-10T06:55:51Z 2001:db8::1#2 ssh succeeded x1 host=h user=ann "
		"password=",
		/* The name holds a false end. */
		"login 2025-12-10T06:55:52Z 192.0.2.1#3 ssh failed nobody x1 host=h user=x from "
		"198.51.100.9 port 22 ssh2 password=",
		"login 2025-12-10T06:55:53Z 192.0.2.1#4 ssh failed nobody x1 host=h user= "
		"password=",
		/* An unknown user whose connection ended without an attempt. */
		"login 2025-12-10T06:55:56Z 192.0.2.7#5 ssh unknown nobody x1 host=h user=bob "
		"password=",
	};

	(void)state;
	expect(
	    "Dec 10 06:55:46 h sshd[1]: Invalid user web master from 192.0.2.1\n"
	    "Dec 10 06:55:46 h sshd[1]: pam_unix(sshd:auth): check pass; user unknown\n"
	    "Dec 10 06:55:48 h sshd[1]: Failed password for invalid user web master from "
	    "192.0.2.1 port 38926 ssh2\n"
	    "Dec 10 06:55:48 h sshd[1]: Connection closed by 192.0.2.1 [preauth]\n"
	    "Dec 10 06:55:49 h sshd[2]: Failed password for root from 192.0.2.1 port 1 ssh2\n"
	    "Dec 10 06:55:50 h sshd[2]: message repeated 5 times: [ Failed password for root from "
	    "192.0.2.1 port 1 ssh2]\r\n"
	    "Dec 10 06:55:51 h sshd-session[3]: Accepted publickey for ann from 2001:db8::1 port 2 "
	    "ssh2: ED25519 SHA256:abc\n"
	    "Dec 10 06:55:52 h sshd[4]: Failed password for invalid user x from 198.51.100.9 port "
	    "22 ssh2 from 192.0.2.1 port 3 ssh2\n"
	    "Dec 10 06:55:53 h sshd[5]: Failed password for invalid user  from 192.0.2.1 port 4 "
	    "ssh2\n"
	    "Dec 10 06:55:54 h sshd[6]: Failed none for invalid user bob from 192.0.2.7 port 5 "
	    "ssh2\n"
	    "Dec 10 06:55:55 h sshd[6]: Invalid user bob from 192.0.2.7 port 5\n"
	    "Dec 10 06:55:56 h sshd[6]: Connection closed by invalid user bob 192.0.2.7 port 5 "
	    "[preauth]\n"
	    "Dec 10 06:55:57 h sshd[7]: Did not receive identification string from 192.0.2.8\n"
	    "-- Boot 0123 --\n"
	    "Dec 10 06:55:57 h last message repeated 2 times\n"
	    "Dec 10 06:55:58 h CRON[8]: pam_unix(cron:session): session opened for user root\n",
	    "auth-log", WANT, sizeof WANT / sizeof WANT[0]);
}

/* The same instant in every form. */
static void
test_times(void **state)
{
	static const char *const LINES[] = {
		"Jan  5 00:00:00 h sshd[1]: ",
		"<38>Jan  5 00:00:00 h sshd[1]: ",
		"2026-01-05T09:00:00.000000+09:00 h sshd[1]: ",
		"2026-01-05T09:00:00+0900 h sshd[1]: ",
		"2026-01-05T00:00:00Z h sshd: ",
		"Mon 2026-01-05 00:00:00 UTC h sshd[1]: ",
		"1767571200.000000 h sshd[1]: ",
		"<38>1 2026-01-05T00:00:00Z h sshd 1 - - ",
		"<38>1 2026-01-05T00:00:00Z h sshd 1 ID [a@1 b=\"]\\\"\"][c d=\"e\"] \xef\xbb\xbf",
	};
	char text[512];
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
		(void)snprintf(text, sizeof text,
		    "%sFailed password for root from 192.0.2.1 port 1 ssh2\n", LINES[i]);
		read_text(text, &seen);
		assert_int_equal(seen.count, 1);
		assert_string_equal(seen.lines[0],
		    "login 2026-01-05T00:00:00Z 192.0.2.1#1 ssh failed x1 host=h user=root "
		    "password=");
		assert_int_equal(seen.year, i < 2);
		assert_int_equal(seen.zone, i < 2);
		release(&seen);
	}
	read_text(
	    "{\"__REALTIME_TIMESTAMP\":\"1767571200000000\",\"_HOSTNAME\":\"h\",\"_PID\":\"1\","
	    "\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"Failed password for root from "
	    "192.0.2.1 port 1 ssh2\"}\n",
	    &seen);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.lines[0],
	    "login 2026-01-05T00:00:00Z 192.0.2.1#1 ssh failed x1 host=h user=root password=");
	release(&seen);
}

#define FAILED "Failed password for root from 192.0.2.1 port 1 ssh2\n"

static void
test_year(void **state)
{
	static const char TEXT[] =
	    "Dec 31 23:59:59 h sshd[1]: " FAILED "Jan  1 00:00:01 h sshd[1]: " FAILED
	    "Dec 31 23:59:58 h sshd[1]: " FAILED /* late */
	    "Feb 29 00:00:00 h sshd[1]: " FAILED;
	struct source_reading reading = { .log_year = 2019 };
	struct zone *zone;
	struct err_info why;
	struct seen seen;

	(void)state;
	/* The file was modified on 2024-03-01: the first line is of 2023. */
	read_file(TEXT, sizeof TEXT - 1, &(struct source_reading){ 0 }, 1709251200, &seen);
	assert_int_equal(seen.count, 4);
	assert_memory_equal(seen.lines[0], "login 2023-12-31T23:59:59Z", 26);
	assert_memory_equal(seen.lines[1], "login 2024-01-01T00:00:01Z", 26);
	assert_memory_equal(seen.lines[2], "login 2023-12-31T23:59:58Z", 26);
	assert_memory_equal(seen.lines[3], "login 2024-02-29T00:00:00Z", 26);
	assert_int_equal(seen.year, 4);
	release(&seen);
	/* The setting says it, and the zone is the site's; 2020 has a leap day, too. */
	assert_int_equal(zone_open("Asia/Tokyo", &zone, &why), ERR_OK);
	reading.zone = zone;
	read_file(TEXT, sizeof TEXT - 1, &reading, 1709251200, &seen);
	assert_int_equal(seen.count, 4);
	assert_memory_equal(seen.lines[0], "login 2019-12-31T14:59:59Z", 26);
	assert_memory_equal(seen.lines[3], "login 2020-02-28T15:00:00Z", 26);
	release(&seen);
	/* A year without one. */
	reading.log_year = 2018;
	read_file(TEXT, sizeof TEXT - 1, &reading, 1709251200, &seen);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.bad, 1);
	assert_non_null(strstr(seen.why, "line 4"));
	release(&seen);
	zone_close(zone);
	/* Modified a day before: a clock that goes wrong, and no year before. */
	read_file(TEXT, sizeof TEXT - 1, &(struct source_reading){ 0 }, 0, &seen);
	assert_int_equal(seen.bad, 4);
	assert_non_null(strstr(seen.why, "run.log_year"));
	release(&seen);
}

#define COWRIE(event, more)                                                              \
	"{\"eventid\":\"cowrie." event "\",\"src_ip\":\"192.0.2.5\",\"sensor\":\"pot\"," \
	"\"session\":\"a1\"" more "}\n"

static void
test_cowrie(void **state)
{
	static const char *const WANT[] = {
		"login 2026-01-01T00:00:02Z 192.0.2.5#5000 ssh failed x1 host=pot user=root "
		"password=12 34",
		"login 2026-01-01T00:00:03Z 192.0.2.5#5000 ssh succeeded x1 host=pot user=root "
		"password=",
		"contact 2026-01-01T00:00:00Z 2026-01-01T00:00:07Z 192.0.2.5#5000 "
		"198.51.100.1#2222 p6 "
		"x1 12 sensor=pot payload=uname -a\nexit note=ssh SSH-2.0-Go http://192.0.2.9/x "
		"ab12 "
		"c926",
	};

	(void)state;
	expect(COWRIE("session.connect",
		   ",\"src_port\":5000,\"dst_ip\":\"198.51.100.1\",\"dst_port\":2222,\"protocol\":"
		   "\"ssh\",\"timestamp\":\"2026-01-01T00:00:00.500000Z\"") COWRIE("client.version",
		   ",\"version\":\"SSH-2.0-Go\",\"timestamp\":\"2026-01-01T00:00:01Z\"")
		   COWRIE("login.failed", ",\"username\":\"root\",\"password\":\"12 "
					  "34\",\"timestamp\":\"2026-01-01T00:00:"
					  "02Z\"") COWRIE("login.success",
		       ",\"username\":\"root\",\"password\":\"\",\"timestamp\":\"2026-01-01T00:00:"
		       "03Z\"") COWRIE("command.input",
		       ",\"input\":\"uname -a\",\"timestamp\":\"2026-01-01T00:00:04Z\"")
		       COWRIE("session.file_download",
			   ",\"url\":\"http://192.0.2.9/"
			   "x\",\"shasum\":\"ab12\",\"timestamp\":\"2026-01-01T00:00:05Z\"")
			   COWRIE("command.failed",
			       ",\"input\":\"exit\",\"timestamp\":\"2026-01-01T00:00:06Z\"")
			       COWRIE("direct-tcpip.request",
				   ",\"dst_ip\":\"192.0.2.99\",\"dst_port\":25,"
				   "\"timestamp\":\"2026-01-01T00:00:06Z\"")
				   COWRIE("session.closed",
				       ",\"duration\":7.5,\"timestamp\":\"2026-01-01T00:"
				       "00:07Z\""),
	    "cowrie", WANT, sizeof WANT / sizeof WANT[0]);
}

/* More open sessions than the table has places: all are told, each once. */
static void
test_cowrie_open(void **state)
{
	struct source_reading reading = { 0 };
	struct bytes log = { 0 };
	struct err_info why;
	struct source *source;
	struct chunk chunk;
	size_t count = 0;
	int fd = memfd_create("log", MFD_CLOEXEC);
	char line[256], path[64];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(line, sizeof line,
		    "{\"eventid\":\"cowrie.session.connect\",\"session\":\"s%d\",\"src_ip\":\"192."
		    "0.2.1\","
		    "\"timestamp\":\"2026-01-01T00:%02d:%02dZ\"}\n",
		    i, i / 60 % 60, i % 60);
		bytes_raw(&log, line, (size_t)n);
	}
	assert_int_equal(write(fd, log.data, log.size), (ssize_t)log.size);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	assert_int_equal(source_open_reading(path, &reading, &source, &why), ERR_OK);
	chunk_init(&chunk);
	while (source_read(source, &chunk, &why) == ERR_OK)
		count += chunk.count;
	assert_int_equal(count, 5000);
	chunk_release(&chunk);
	source_close(source);
	(void)close(fd);
	bytes_clear(&log);
}

static void
test_eve(void **state)
{
	static const char *const WANT[] = {
		"contact 2026-01-01T00:00:00Z 2026-01-01T00:00:03Z 192.0.2.5#5000 198.51.100.1#22 "
		"p6 x1 "
		"1200 sensor=suricata payload= note=ssh",
		"contact 2026-01-01T00:00:05Z 2026-01-01T00:00:05Z 192.0.2.5#0 198.51.100.1#2048 "
		"p1 x1 0 "
		"sensor=pot payload= note=",
	};

	(void)state;
	expect(
	    "{\"timestamp\":\"2026-01-01T00:00:04.000000+0000\",\"event_type\":\"alert\",\"src_"
	    "ip\":"
	    "\"192.0.2.5\",\"dest_ip\":\"198.51.100.1\"}\n"
	    "{\"timestamp\":\"2026-01-01T09:00:04.000000+0900\",\"event_type\":\"flow\",\"src_ip\":"
	    "\"192.0.2.5\",\"src_port\":5000,\"dest_ip\":\"198.51.100.1\",\"dest_port\":22,"
	    "\"proto\":"
	    "\"TCP\",\"app_proto\":\"ssh\",\"flow\":{\"bytes_toserver\":1200,\"start\":"
	    "\"2026-01-01T00:00:00.000000+0000\",\"end\":\"2026-01-01T00:00:03.000000+0000\"}}\n"
	    "{\"timestamp\":\"2026-01-01T00:00:05.000000+0000\",\"event_type\":\"flow\",\"host\":"
	    "\"pot\",\"src_ip\":\"192.0.2.5\",\"dest_ip\":\"198.51.100.1\",\"proto\":\"ICMP\","
	    "\"icmp_type\":8,\"icmp_code\":0}\n",
	    "suricata-eve", WANT, sizeof WANT / sizeof WANT[0]);
}

static void
test_tpot(void **state)
{
	static const char *const SOURCES[] = {
		"contact 2025-08-29T19:20:40Z 2025-08-30T19:20:34Z 192.0.2.1#0 ::#0 p0 x22862 sum "
		"1579305 sensor=t-pot payload= note=",
		"contact 2025-08-30T05:41:59Z 2025-08-30T13:43:57Z 2001:db8::1#0 ::#0 p0 x5 sum 0 "
		"sensor=t-pot payload= note=",
	};
	static const char *const HOURS[] = {
		"contact 2025-08-29T19:00:00Z 2025-08-29T19:59:59Z ::#0 ::#0 p0 x2531 sum 0 "
		"sensor=t-pot payload= note=",
		"watch 2025-08-29T19:00:00Z 2025-08-29T20:00:00Z",
	};
	struct seen seen;

	(void)state;
	expect("src_ip,events,first_seen,last_seen,bytes_to_srv,bytes_to_cli\n"
	       "192.0.2.1,22862,2025-08-29 19:20:40.364000+00:00,2025-08-30 "
	       "19:20:34.842000+00:00,1579305.0,2101842.0\n"
	       "2001:db8::1,5,2025-08-30 05:41:59.686000+00:00,2025-08-30 "
	       "13:43:57.181000+00:00,0.0,0.0\n",
	    "tpot-table", SOURCES, 2);
	expect("_ts_ct,events\r\n2025-08-29 14:00:00-05:00,2531\r\n2025-08-29 15:00:00-05:00,0\r\n",
	    "tpot-table", HOURS, 2);
	read_text("alert.category,events\nMisc,5\n", &seen);
	assert_int_equal(seen.end, ERR_UNSUPPORTED);
	assert_non_null(strstr(seen.why, "T-Pot"));
	release(&seen);
}

#define SENSOR "{\"schema\":\"yagura.sensor/1\",\"event\":\""
#define ENDS                                                                               \
	"\"protocol\":\"tcp\",\"source\":\"192.0.2.1\",\"source_port\":5,\"destination\":" \
	"\"198.51.100.1\",\"destination_port\":23,\"count\":1,\"octets\":3"
#define HELLO "\"sha256\":\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\""

static void
test_sensor(void **state)
{
	static const char *const WANT[] = {
		("contact 2026-01-01T00:00:00Z 2026-01-01T00:00:01Z 192.0.2.1#5 198.51.100.1#23 p6 "
		 "x1 3 "
		 "sensor=pot payload=hello note=\xffZ "
		 "2cf2"),
		("login 2026-01-01T00:00:00Z 192.0.2.1#5 telnet failed x1 host=pot user=\xe9 "
		 "password=p\"w"),
		"watch 2026-01-01T00:00:00Z 2026-01-01T00:01:00Z",
	};
	struct seen seen;

	(void)state;
	expect(SENSOR
	    "start\",\"sensor\":\"pot\"}\n" SENSOR
	    "contact\",\"sensor\":\"pot\",\"begin\":\"2026-01-01T00:00:00Z\",\"end\":"
	    "\"2026-01-01T00:00:01Z\"," ENDS
	    ",\"note\":\"\\u00ffZ\",\"logins\":[{\"service\":\"telnet\",\"user\":\"\\u00e9\","
	    "\"password\":\"p\\\"w\"}],\"payload\":\"aGVsbG8=\"," HELLO "}\n" SENSOR
	    "watch\",\"sensor\":\"pot\",\"begin\":\"2026-01-01T00:00:00Z\",\"end\":"
	    "\"2026-01-01T00:01:00Z\"}\n",
	    "sensor-log", WANT, 3);
	/* Another payload than was written. */
	read_text(SENSOR "contact\",\"sensor\":\"pot\",\"begin\":\"2026-01-01T00:00:00Z\",\"end\":"
			 "\"2026-01-01T00:00:01Z\"," ENDS ",\"payload\":\"aGVsbG4=\"," HELLO "}\n",
	    &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.bad, 1);
	assert_non_null(strstr(seen.why, "digest"));
	release(&seen);
}

/* Every log, cut at every octet: nothing may be read beyond the end. */
static void
test_cut(void **state)
{
	static const char *const LOGS[] = {
		"Dec 10 06:55:46 h sshd[1]: Failed password for root from 192.0.2.1 port 1 ssh2\n",
		"<38>1 2026-01-05T00:00:00Z h sshd 1 ID [a@1 b=\"]\\\"\"] message repeated 5 "
		"times: [ "
		"Failed password for root from 192.0.2.1 port 1 ssh2]\n",
		COWRIE("login.failed",
		    ",\"username\":\"\\u0000\",\"timestamp\":\"2026-01-01T00:00:02Z\""),
		"_ts_ct,events\n2025-08-29 14:00:00-05:00,2531\n",
		SENSOR "contact\",\"begin\":\"2026-01-01T00:00:00Z\",\"end\":\"2026-01-01T00:00:"
		       "01Z\"," ENDS ",\"payload\":\"aGVsbG8=\"," HELLO "}\n",
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof LOGS / sizeof LOGS[0]; i++)
		for (size_t size = 0; size <= strlen(LOGS[i]); size++) {
			read_file(LOGS[i], size, &(struct source_reading){ 0 }, 1767571200, &seen);
			assert_true(seen.count <= 2);
			release(&seen);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sshd),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_year),
		cmocka_unit_test(test_cowrie),
		cmocka_unit_test(test_cowrie_open),
		cmocka_unit_test(test_eve),
		cmocka_unit_test(test_tpot),
		cmocka_unit_test(test_sensor),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
