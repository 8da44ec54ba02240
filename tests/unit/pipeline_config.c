/* SPDX-License-Identifier: ISC */
/* The configuration file: what it sets, what it refuses and where, and that print reads back. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"
#include "pipeline/config.h"
#include "test.h"

static char *
print(const struct config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	config_print(config, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
parse(struct config *config, const char *text)
{
	struct err_info why = { 0 };

	config_init(config);
	if (config_parse(text, strlen(text), "yagura.yaml", config, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

static void
refuse(const char *text, const char *sentence)
{
	struct err_info why = { 0 };
	struct config config;

	config_init(&config);
	assert_int_not_equal(
	    config_parse(text, strlen(text), "yagura.yaml", &config, &why), ERR_OK);
	assert_string_equal(why.text, sentence);
	config_release(&config);
}

static void
assert_reads_back(const struct config *config)
{
	char *first = print(config), *second;
	struct config again;

	parse(&again, first);
	second = print(&again);
	assert_string_equal(first, second);
	config_release(&again);
	free(first);
	free(second);
}

static void
test_defaults(void **state)
{
	struct config config;

	(void)state;
	parse(&config, "");
	assert_int_equal(settings_u64(config.meter, "capacity"), 2097152);
	assert_int_equal(settings_duration(config.meter, "active_timeout"), 300 * NSEC_PER_SEC);
	assert_int_equal(settings_duration(config.meter, "idle_timeout"), 60 * NSEC_PER_SEC);
	assert_int_equal(settings_duration(config.run, "window"), 300 * NSEC_PER_SEC);
	assert_string_equal(config.site.time_zone, "UTC");
	for (size_t i = 0; i < config.analysis_count; i++)
		assert_true(config.enabled[i]);
	assert_reads_back(&config);
	config_release(&config);
	config_release(&config);
}

static void
test_everything(void **state)
{
	struct config config;

	(void)state;
	parse(&config, "site:\n"
		       "  name: \"櫓 \\\"Networks\\\" \\\\ #1\"\n"
		       "  time_zone: UTC\n"
		       "  own_prefixes: [192.0.2.0/24, 2001:db8::/32]\n"
		       "  dark_prefixes:\n"
		       "    - 198.51.100.0/24\n"
		       "  customer_pools:\n"
		       "    - {prefix: 203.0.113.0/24, service: fiber}\n"
		       "  servers:\n"
		       "    - {address: 192.0.2.53, role: resolver}\n"
		       "    - address: \"2001:db8::\"\n"
		       "      role: web\n"
		       "  sensors:\n"
		       "    - {name: pot1, prefix: 198.51.100.7}\n"
		       "meter: {capacity: 4096, vlan_key: true}\n"
		       "run:\n"
		       "store: {url: 'duckdb:a b'}\n"
		       "analyses:\n");
	assert_string_equal(config.site.name, "櫓 \"Networks\" \\ #1");
	assert_int_equal(config.site.own_prefix_count, 2);
	assert_int_equal(config.site.own_prefixes[1].length, 32);
	assert_int_equal(config.site.dark_prefix_count, 1);
	assert_int_equal(config.site.pool_count, 1);
	assert_string_equal(config.site.pools[0].service, "fiber");
	assert_int_equal(config.site.server_count, 2);
	assert_string_equal(config.site.servers[1].role, "web");
	assert_string_equal(config.site.sensors[0].name, "pot1");
	assert_int_equal(config.site.sensors[0].prefix.length, 32);
	assert_true(site_is_own(&config.site, &config.site.servers[0].address));
	assert_int_equal(settings_u64(config.meter, "capacity"), 4096);
	assert_true(settings_bool(config.meter, "vlan_key"));
	assert_string_equal(settings_text(config.store, "url"), "duckdb:a b");
	assert_reads_back(&config);
	config_release(&config);
}

static void
test_site_refusals(void **state)
{
	(void)state;
	refuse("site:\n  own_prefixes: [192.0.2.1/24]\n",
	    "yagura.yaml:2:18: \"192.0.2.1/24\" has bits set beyond its length");
	refuse(
	    "site:\n  own_prefixes: 192.0.2.0/24\n", "yagura.yaml:2:17: a list is expected here");
	refuse("site:\n  own_prefixes: [[1]]\n",
	    "yagura.yaml:2:18: a prefix like 192.0.2.0/24 is expected here");
	refuse("site:\n  naem: x\n",
	    "yagura.yaml:2:3: unknown setting \"naem\" (did you mean \"name\"?)");
	refuse("site:\n  name: x\n  name: y\n", "yagura.yaml:3:3: \"name\" is given twice");
	refuse(
	    "site: {name: \"\"}", "yagura.yaml:1:14: a text of 1 to 255 octets is expected here");
	refuse(
	    "site: {name: \"a\\nb\"}", "yagura.yaml:1:14: a text may not hold control characters");
	refuse("site: {name: [a]}", "yagura.yaml:1:14: a text is expected here");
	refuse("site: {servers: [{address: 192.0.2.1}]}",
	    "yagura.yaml:1:18: \"role\" is missing here");
	refuse("site: {servers: [{address: web1, role: web}]}",
	    "yagura.yaml:1:28: \"web1\" is not an address");
	refuse("site: {servers: [x]}", "yagura.yaml:1:18: a block of settings is expected here");
	refuse("site: {time_zone: ../../etc/passwd}",
	    "yagura.yaml:1:19: \"../../etc/passwd\" is not the name of a time zone");
	refuse("site: x", "yagura.yaml:1:7: a block of settings is expected here");
}

static void
test_refusals(void **state)
{
	struct err_info why = { 0 };
	struct config config;
	char *large = xcalloc(1, CONFIG_MAX_SIZE + 2);

	(void)state;
	refuse("meter:\n  capcity: 5\n",
	    "yagura.yaml:2:3: unknown setting \"capcity\" (did you mean \"capacity\"?)");
	refuse("sote:\n  capcity: 5\n",
	    "yagura.yaml:1:1: unknown setting \"sote\" (did you mean \"site\"?)");
	refuse("meter:\n  capacity: many\n",
	    "yagura.yaml:2:13: \"capacity\" is a whole number, not \"many\"");
	refuse("meter:\n  idle_timeout: 2d\n",
	    "yagura.yaml:2:17: \"idle_timeout\" is at most 1d, not 2d");
	refuse("meter:\n  idle_timeout:\n", "yagura.yaml:2:16: a value is expected here");
	refuse("meter:\n  idle_timeout: [1s]\n", "yagura.yaml:2:17: a value is expected here");
	refuse("run:\n  threads: 1\n  window: 1m\n  threads: 2\n",
	    "yagura.yaml:4:3: \"threads\" is given twice");
	refuse("run: {}\nrun: {}\n", "yagura.yaml:2:1: \"run\" is given twice");
	refuse(
	    "analyses: {banana/split: {}}", "yagura.yaml:1:12: unknown analysis \"banana/split\"");
	refuse("[site]", "yagura.yaml:1:1: a block of settings is expected here");
	refuse("<<: {}\n", "yagura.yaml:1:1: unknown setting \"<<\"");
	memset(large, '#', CONFIG_MAX_SIZE + 1);
	refuse(large, "yagura.yaml: larger than 1 MiB");
	free(large);
	config_init(&config);
	assert_int_equal(config_read("/nonexistent/y.yaml", &config, &why), ERR_IO);
	assert_string_equal(why.text, "/nonexistent/y.yaml: No such file or directory");
	assert_int_equal(config_read("/", &config, &why), ERR_IO);
	config_release(&config);
}

/* Every analysis' block: its switch, its settings, its misspelling. */
static void
test_analyses(void **state)
{
	(void)state;
	for (size_t i = 0; ANALYSES[i] != NULL; i++) {
		const char *name = ANALYSES[i]->name;
		char *text = xasprintf("analyses:\n  %s: {enabled: false}\n", name);
		struct config config;

		parse(&config, text);
		assert_false(config.enabled[i]);
		assert_reads_back(&config);
		config_release(&config);
		free(text);
		text = xasprintf("analyses:\n  %sx: {}\n", name);
		char *sentence = xasprintf(
		    "yagura.yaml:2:3: unknown analysis \"%sx\" (did you mean \"%s\"?)", name, name);
		refuse(text, sentence);
		free(text);
		free(sentence);
	}
}

/* No text can become structure: whatever a store URL holds, it reads back as itself. */
static void
test_quoting(void **state)
{
	static const char *const texts[] = { "", "a\nb: c", "\"}, {x: \"", "\\", "tab\there",
		"\x7f\x01", "櫓\xf0\x9f\x97\xbc", "\xe2\x80\xa8", "\xc2\x85", "\xef\xbb\xbf",
		"  spaces  ", "# not a comment", "'", "&a *a !t %", "\xef\xbf\xbf" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct config config, again;
		char *text;

		config_init(&config);
		assert_int_equal(settings_set(config.store, "url", texts[i], NULL), ERR_OK);
		text = print(&config);
		parse(&again, text);
		assert_string_equal(settings_text(again.store, "url"), texts[i]);
		config_release(&config);
		config_release(&again);
		free(text);
	}
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* The block is printed as it is read; files are opened by config_read alone; and what is in them
 * is part of the fingerprint. */
static void
test_subscribers(void **state)
{
	char list[] = "/tmp/yagura-test-XXXXXX", yaml[] = "/tmp/yagura-test-XXXXXX";
	char first[CONFIG_FINGERPRINT_SIZE], second[CONFIG_FINGERPRINT_SIZE];
	int fds[2] = { mkstemp(list), mkstemp(yaml) };
	struct err_info why = { 0 };
	struct config config;
	char *text;

	(void)state;
	(void)close(fds[0]);
	(void)close(fds[1]);
	parse(
	    &config, "site:\n  subscribers: {prefixes: \"/nonexistent\", delegated_length: 60}\n");
	assert_null(config.site.subscribers);
	assert_int_equal(config.site.lists.delegated_length, 60);
	assert_reads_back(&config);
	assert_int_equal(config_open_lists(&config, &why), ERR_IO);
	config_release(&config);
	refuse("site: {subscribers: {delegated_length: 65}}",
	    "yagura.yaml:1:40: a prefix length of 32 to 64 is expected here");
	refuse("site: {subscribers: {users: x}}", "yagura.yaml:1:22: unknown setting \"users\"");

	text = xasprintf("site: {subscribers: {prefixes: %s}}\n", list);
	write_file(yaml, text);
	free(text);
	write_file(list, "192.0.2.0/24,alice\n");
	config_init(&config);
	assert_int_equal(config_read(yaml, &config, &why), ERR_OK);
	assert_non_null(config.site.subscribers);
	config_fingerprint(&config, first);
	config_release(&config);
	write_file(list, "192.0.2.0/24,bob\n");
	config_init(&config);
	assert_int_equal(config_read(yaml, &config, &why), ERR_OK);
	config_fingerprint(&config, second);
	config_release(&config);
	assert_string_not_equal(first, second);
	write_file(list, "nonsense\n");
	config_init(&config);
	assert_int_equal(config_read(yaml, &config, &why), ERR_CONFIG);
	config_release(&config);
	(void)unlink(list);
	(void)unlink(yaml);
}

static void
test_example(void **state)
{
	const char *source = getenv("YAGURA_SOURCE");
	char *path = xasprintf("%s/etc/yagura.yaml.example", source != NULL ? source : ".");
	struct err_info why = { 0 };
	struct config config, defaults;
	char *text, *initial;

	(void)state;
	config_init(&config);
	if (config_read(path, &config, &why) != ERR_OK)
		fail_msg("%s", why.text);
	assert_string_equal(config.site.name, "Example Networks");
	assert_reads_back(&config);
	/* As it says, everything but the site is the default. */
	config_init(&defaults);
	text = print(&config);
	initial = print(&defaults);
	assert_string_equal(strstr(text, "\nmeter:"), strstr(initial, "\nmeter:"));
	free(text);
	free(initial);
	config_release(&config);
	config_release(&defaults);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_site_refusals),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_analyses),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_subscribers),
		cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
