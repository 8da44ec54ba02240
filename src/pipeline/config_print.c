/* SPDX-License-Identifier: ISC */
/*
 * A configuration written as YAML that reads back to the same one; see config.h.
 *
 * Texts are double-quoted with YAML's own escapes (YAML 1.1, section 5.6), so that a text can never
 * become structure.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "analysis/analysis.h"
#include "base/xmalloc.h"
#include "net/dns.h"
#include "net/subscribers.h"
#include "pipeline/config.h"

/* Reads one character of UTF-8 at `p`; an octet that begins none counts as itself. */
static uint32_t
next_character(const unsigned char *p, size_t *ret_size)
{
	static const struct {
		unsigned char mask, mark;
	} leads[] = { { 0xe0, 0xc0 }, { 0xf0, 0xe0 }, { 0xf8, 0xf0 } };

	for (size_t more = 1; more <= 3; more++) {
		uint32_t c = p[0] & (unsigned char)~leads[more - 1].mask;
		size_t i = 1;
		if ((p[0] & leads[more - 1].mask) != leads[more - 1].mark)
			continue;
		for (; i <= more && (p[i] & 0xc0) == 0x80; i++)
			c = c << 6 | (p[i] & 0x3fU);
		if (i <= more)
			break;
		*ret_size = more + 1;
		return c;
	}
	*ret_size = 1;
	return p[0];
}

/* Whether YAML takes the character inside double quotes as it is. */
static bool
is_plain(uint32_t c)
{
	if (c < 0x20 || c == '"' || c == '\\')
		return false;
	return c < 0x7f || (c >= 0xa0 && c < 0xd800 && c != 0x2028 && c != 0x2029) ||
	       (c >= 0xe000 && c < 0xfeff) || (c > 0xfeff && c < 0xfffe) || c >= 0x10000;
}

static void
print_quoted(const char *text, FILE *out)
{
	const unsigned char *p = (const unsigned char *)text;

	(void)fputc('"', out);
	while (*p != '\0') {
		size_t size;
		uint32_t c = next_character(p, &size);
		if (size == 1 && c >= 0x80)
			(void)fputs("\\uFFFD", out); /* not UTF-8: cannot be written */
		else if (is_plain(c))
			(void)fwrite(p, 1, size, out);
		else
			(void)fprintf(out, "\\u%04X", c);
		p += size;
	}
	(void)fputc('"', out);
}

static void
print_settings(const struct settings *settings, const char *indent, FILE *out)
{
	size_t count;
	const struct setting *s = settings_declared(settings, &count);

	for (size_t i = 0; i < count; i++) {
		char text[64];
		(void)fprintf(out, "%s# %s", indent, s[i].help);
		if (s[i].least != NULL && s[i].most != NULL)
			(void)fprintf(out, " (%s to %s)", s[i].least, s[i].most);
		(void)fprintf(out, "\n%s%s: ", indent, s[i].name);
		if (s[i].type == SETTING_TEXT)
			print_quoted(settings_text(settings, s[i].name), out);
		else
			(void)fputs(settings_print(settings, i, text, sizeof text), out);
		(void)fputc('\n', out);
	}
}

static void
print_block(const char *name, const struct settings *settings, FILE *out)
{
	(void)fprintf(out, "\n%s:\n", name);
	print_settings(settings, "  ", out);
}

static void
print_prefixes(const char *name, const struct prefix *prefixes, size_t count, FILE *out)
{
	char text[PREFIX_TEXT_SIZE];

	if (count > 0)
		(void)fprintf(out, "  %s:\n", name);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(out, "    - \"%s\"\n", prefix_format(&prefixes[i], text));
}

static void
print_lists(const struct site_lists *lists, FILE *out)
{
	const struct {
		const char *name, *path;
	} files[] = {
		{ "prefixes", lists->prefixes },
		{ "sessions", lists->sessions },
		{ "key_file", lists->key_file },
	};

	if (!lists->given)
		return;
	(void)fputs("  subscribers:\n", out);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (files[i].path == NULL)
			continue;
		(void)fprintf(out, "    %s: ", files[i].name);
		print_quoted(files[i].path, out);
		(void)fputc('\n', out);
	}
	(void)fprintf(out, "    delegated_length: %u\n", lists->delegated_length);
}

static void
print_zones(const struct site *site, FILE *out)
{
	char text[DNS_NAME_TEXT_SIZE];

	for (size_t i = 0; i < site->zone_count; i++) {
		(void)fputs(i == 0 ? "  authoritative_zones:\n    - " : "    - ", out);
		print_quoted(dns_name_text(site->zones[i].name, site->zones[i].size, text), out);
		(void)fputc('\n', out);
	}
}

static void
print_site(const struct site *site, FILE *out)
{
	char text[PREFIX_TEXT_SIZE];

	(void)fputs("site:\n", out);
	if (site->name != NULL) {
		(void)fputs("  name: ", out);
		print_quoted(site->name, out);
		(void)fputc('\n', out);
	}
	(void)fputs("  time_zone: ", out);
	print_quoted(site->time_zone, out);
	(void)fputc('\n', out);
	print_prefixes("own_prefixes", site->own_prefixes, site->own_prefix_count, out);
	print_prefixes("dark_prefixes", site->dark_prefixes, site->dark_prefix_count, out);
	for (size_t i = 0; i < site->pool_count; i++) {
		(void)fprintf(out,
		    "%s    - {prefix: \"%s\", service: ", i == 0 ? "  customer_pools:\n" : "",
		    prefix_format(&site->pools[i].prefix, text));
		print_quoted(site->pools[i].service, out);
		(void)fputs("}\n", out);
	}
	print_lists(&site->lists, out);
	print_zones(site, out);
	for (size_t i = 0; i < site->server_count; i++) {
		(void)fprintf(out, "%s    - {address: \"%s\", role: ", i == 0 ? "  servers:\n" : "",
		    address_format(&site->servers[i].address, text));
		print_quoted(site->servers[i].role, out);
		(void)fputs("}\n", out);
	}
	for (size_t i = 0; i < site->sensor_count; i++) {
		(void)fputs(i == 0 ? "  sensors:\n    - {name: " : "    - {name: ", out);
		print_quoted(site->sensors[i].name, out);
		(void)fprintf(
		    out, ", prefix: \"%s\"}\n", prefix_format(&site->sensors[i].prefix, text));
	}
}

static void
print_collect(const struct config_collect *collect, FILE *out)
{
	static const char *const PROTOCOLS[] = {
		[LIVE_UDP] = "any", [LIVE_IPFIX_TCP] = "ipfix-tcp", [LIVE_DNSTAP] = "dnstap"
	};
	char text[LIVE_LISTENER_TEXT_SIZE];

	print_block("collect", collect->settings, out);
	for (size_t i = 0; i < collect->listener_count; i++)
		(void)fprintf(out, "%s    - {listen: \"%s\", protocol: %s}\n",
		    i == 0 ? "  listeners:\n" : "",
		    live_listener_format(&collect->listeners[i], text),
		    PROTOCOLS[collect->listeners[i].protocol]);
	print_prefixes("exporters", collect->exporters, collect->exporter_count, out);
}

/* Of those that store nothing, nothing shapes stored rows. */
static void
print_analyses(const struct config *config, bool stored_only, FILE *out)
{
	if (config->analysis_count > 0)
		(void)fputs("\nanalyses:\n", out);
	for (size_t i = 0; i < config->analysis_count; i++) {
		if (stored_only && ANALYSES[i]->table_count == 0)
			continue;
		(void)fprintf(out, "  %s:\n    enabled: %s\n", ANALYSES[i]->name,
		    config->enabled[i] ? "true" : "false");
		print_settings(config->analyses[i], "    ", out);
	}
}

void
config_fingerprint(const struct config *config, char ret_text[CONFIG_FINGERPRINT_SIZE])
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	XXH128_hash_t hash;

	if (out == NULL)
		abort();
	(void)fprintf(
	    out, "%s\n%lld\n", YAGURA_VERSION, (long long)settings_duration(config->run, "window"));
	if (settings_u64(config->run, "log_year") != 0)
		(void)fprintf(
		    out, "%llu\n", (unsigned long long)settings_u64(config->run, "log_year"));
	print_site(&config->site, out);
	if (config->site.subscribers != NULL)
		(void)fprintf(out, "%s\n", subscribers_fingerprint(config->site.subscribers));
	print_block("meter", config->meter, out);
	print_block("dns", config->dns, out);
	print_block("geography", config->geography, out);
	print_analyses(config, true, out);
	if (fclose(out) != 0)
		abort();
	hash = XXH3_128bits(text, size);
	free(text);
	(void)snprintf(ret_text, CONFIG_FINGERPRINT_SIZE, "%016llx%016llx",
	    (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

void
config_print(const struct config *config, FILE *out)
{
	print_site(&config->site, out);
	print_block("meter", config->meter, out);
	print_block("dns", config->dns, out);
	print_block("geography", config->geography, out);
	print_block("run", config->run, out);
	print_block("store", config->store, out);
	print_collect(&config->collect, out);
	print_block("alerts", config->alerts, out);
	print_block("publish", config->publish, out);
	print_analyses(config, false, out);
}
