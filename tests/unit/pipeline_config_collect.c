/* SPDX-License-Identifier: ISC */
/* The `collect:` block: listeners in both forms, who may send, its limits, and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "pipeline/config.h"
#include "test.h"

static enum err
parse(struct config *config, const char *text, struct err_info *why)
{
	config_init(config);
	return config_parse(text, strlen(text), "yagura.yaml", config, why);
}

static void
refuse(const char *text, const char *part)
{
	struct err_info why = { 0 };
	struct config config;

	assert_int_not_equal(parse(&config, text, &why), ERR_OK);
	if (strstr(why.text, part) == NULL || strstr(why.text, "yagura.yaml") == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, part);
	config_release(&config);
}

static void
test_defaults(void **state)
{
	struct err_info why = { 0 };
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, "run:\n  window: 1h\n", &why), ERR_OK);
	assert_int_equal(config.collect.listener_count, 0);
	assert_int_equal(config.collect.exporter_count, 0);
	assert_int_equal(settings_u64(config.collect.settings, "workers"), 1);
	assert_int_equal(settings_size(config.collect.settings, "queue"), 256 << 20);
	assert_true(settings_bool(config.collect.settings, "keep_flows"));
	config_release(&config);
}

static void
test_listeners(void **state)
{
	static const char TEXT[] = "collect:\n"
				   "  listeners:\n"
				   "    - 192.0.2.1:2055\n"
				   "    - { listen: \"[2001:db8::1]:4739\", protocol: ipfix-tcp }\n"
				   "    - { protocol: ipfix-tcp, listen: \"*:4740\" }\n"
				   "    - { listen: \"0.0.0.0:6343\", protocol: any }\n"
				   "  exporters: [192.0.2.0/24, 2001:db8::/32]\n"
				   "  workers: 4\n"
				   "  keep_flows: false\n";
	struct err_info why = { 0 };
	struct config config;

	(void)state;
	if (parse(&config, TEXT, &why) != ERR_OK)
		fail_msg("%s", why.text);
	const struct live_listener *l = config.collect.listeners;
	assert_int_equal(config.collect.listener_count, 4);
	assert_int_equal(l[0].port, 2055);
	assert_int_equal(l[0].protocol, LIVE_UDP);
	assert_true(address_is_ipv4(&l[0].address));
	assert_int_equal(l[1].port, 4739);
	assert_int_equal(l[1].protocol, LIVE_IPFIX_TCP);
	assert_false(address_is_ipv4(&l[1].address));
	/* The order of keys does not matter. */
	assert_int_equal(l[2].port, 4740);
	assert_int_equal(l[2].protocol, LIVE_IPFIX_TCP);
	assert_true(l[2].both && !l[3].both);
	assert_int_equal(l[3].protocol, LIVE_UDP);
	assert_int_equal(config.collect.exporter_count, 2);
	assert_int_equal(settings_u64(config.collect.settings, "workers"), 4);
	assert_false(settings_bool(config.collect.settings, "keep_flows"));
	config_release(&config);
}

static void
test_refused(void **state)
{
	(void)state;
	refuse("collect:\n  listeners: [2055]\n", "is not an address and port");
	refuse("collect:\n  listeners: [\"192.0.2.1:0x\"]\n", "is not an address and port");
	refuse("collect:\n  listeners: [\"192.0.2.1:65536\"]\n", "is not an address and port");
	refuse("collect:\n  listeners:\n    - { protocol: any }\n", "listen");
	refuse("collect:\n  listeners:\n    - { listen: \"*:1\", protocol: sctp }\n", "\"sctp\"");
	refuse("collect:\n  listeners: [[]]\n", "yagura.yaml:2");
	refuse("collect:\n  exporters: [router1]\n", "router1");
	refuse("collect:\n  workers: 0\n", "workers");
	refuse("collect:\n  workers: 17\n", "workers");
	refuse("collect:\n  receive_buffer: 1KiB\n", "receive_buffer");
	refuse("collect:\n  listener: [\"*:2055\"]\n", "listener");
}

/* As many listeners as there may be, and one more. */
static void
test_too_many(void **state)
{
	(void)state;
	for (unsigned count = LIVE_LISTENERS; count <= LIVE_LISTENERS + 1; count++) {
		struct err_info why = { 0 };
		struct config config;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		(void)fputs("collect:\n  listeners:\n", out);
		for (unsigned i = 0; i < count; i++)
			(void)fprintf(out, "    - 127.0.0.1:%u\n", 2000 + i);
		(void)fclose(out);
		assert_int_equal(
		    parse(&config, text, &why), count <= LIVE_LISTENERS ? ERR_OK : ERR_LIMIT);
		config_release(&config);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
