/* SPDX-License-Identifier: ISC */
/* What a published review keeps and what it hides. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/publish.h"
#include "test.h"

static const char REVIEW[] =
    "{\"inputs\":[{\"path\":\"/home/op/a.pcap\",\"kind\":\"pcap\",\"fingerprint\":\"ab\","
    "\"records\":7,\"octets\":937,\"damage\":[{\"reason\":\"/home/op/a.pcap: cut\"}]}],"
    "\"chapters\":[{\"sections\":[{\"id\":\"traffic/talkers\","
    "\"summary\":[\"192.0.2.7 sent 937 octets\"],\"quality\":[\"192.0.2.7\"],"
    "\"tables\":[{\"id\":\"t\",\"notes\":[\"up to 937\"],"
    "\"columns\":[{\"type\":\"address\",\"unit\":\"\"},{\"type\":\"octets\",\"unit\":\"octets\"},"
    "{\"type\":\"text\",\"unit\":\"\"}],"
    "\"rows\":[[\"192.0.2.7\",937,\"192.0.2.0/24\"],[\"192.0.2.9\",468.5,\"x\"]]}],"
    "\"figures\":[{\"kind\":\"bars\",\"y\":{\"unit\":\"octets\"},\"caption\":\"937\","
    "\"series\":[{\"name\":\"192.0.2.7\",\"points\":[[\"192.0.2.7\",937,800,936]]}]}]}]}],"
    "\"findings\":[{\"subject\":{\"target\":\"2001:db8::1\"},\"evidence\":[{\"input\":1}]}],"
    "\"quality\":{\"sampling\":[{\"exporter\":\"192.0.2.1\"}]}}";

static json_t *
publish(const char *key_file)
{
	struct err_info why = { .text = "" };
	struct config config;
	json_t *review = json_loads(REVIEW, 0, NULL);

	assert_non_null(review);
	config_init(&config);
	assert_int_equal(settings_set(config.publish, "key_file", key_file, &why), ERR_OK);
	assert_int_equal(publish_review(review, &config, &why), ERR_OK);
	config_release(&config);
	return review;
}

static void
test_nothing_absolute_is_left(void **state)
{
	json_t *review = publish("");
	char *text = json_dumps(review, 0);

	(void)state;
	assert_null(strstr(text, "192.0.2."));
	assert_null(strstr(text, "2001:db8::1"));
	assert_null(strstr(text, "937"));
	assert_null(strstr(text, "/home"));
	assert_non_null(strstr(text, "\"published\": true"));
	assert_non_null(strstr(text, "\"records\": 7"));
	assert_non_null(strstr(text, "0.5"));
	assert_non_null(strstr(text, "\"x\""));
	free(text);
	json_decref(review);
}

/* The same address has the same name all over, and with a key file in the next review too. */
static void
test_key_file(void **state)
{
	char path[] = "/tmp/yagura-publish-XXXXXX";
	int fd = mkstemp(path);
	struct stat status;
	json_t *first, *second;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)unlink(path);
	first = publish(path);
	second = publish(path);
	assert_true(json_equal(first, second));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	(void)unlink(path);
	json_decref(first);
	json_decref(second);
}

static void
test_bad_key_file(void **state)
{
	char path[] = "/tmp/yagura-publish-XXXXXX";
	int fd = mkstemp(path);
	struct err_info why = { .text = "" };
	struct config config;
	json_t *review = json_loads(REVIEW, 0, NULL);

	(void)state;
	assert_int_equal(write(fd, "secret\n", 7), 7);
	(void)close(fd);
	config_init(&config);
	assert_int_equal(settings_set(config.publish, "key_file", path, &why), ERR_OK);
	assert_int_equal(publish_review(review, &config, &why), ERR_CONFIG);
	assert_non_null(strstr(why.text, path));
	assert_non_null(strstr(why.text, "64 hexadecimal digits"));
	config_release(&config);
	json_decref(review);
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_absolute_is_left),
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_bad_key_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
