/* SPDX-License-Identifier: ISC */
/*
 * yagura rpz: a response policy zone from approved findings, lists and policy files.
 *
 * Nothing is published that was not asked for: rules are checked (report/rpz.h), what is refused is
 * listed with its reason, --dry-run says what the policy would have done to the stored traffic, and
 * the file that servers load is replaced whole, with a greater serial, after named-checkzone has
 * read it.
 */
#include "report/rpz.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/settings.h"
#include "base/spawn.h"
#include "base/xmalloc.h"
#include "cmd/common.h"
#include "cmd/rpz_traffic.h"
#include "report/output.h"

static const struct opt OPTIONS[] = {
	{ "zone", 'z', "NAME", "name of the policy zone" },
	{ "output", 'o', "FILE", "the zone file; its serial goes up from the one that is there" },
	{ "policy", 'p', "FILE", "rules in YAML; may be repeated" },
	{ "list", 'l', "FILE", "names, addresses, prefixes, URLs: one a line, or CSV; repeatable" },
	{ "review", 0, "FILE", "the review (JSON) that approved findings are in" },
	{ "approve", 0, "ID", "approve a finding; may be repeated" },
	{ "approved", 0, "FILE", "ids of approved findings, one a line" },
	{ "allow", 0, "FILE", "names and prefixes that are never touched; may be repeated" },
	{ "action", 'a', "ACTION",
	    "of lists and findings: nxdomain (default), nodata, drop, tcp-only, passthru, local" },
	{ "garden", 0, "RECORD",
	    "local data: \"A 192.0.2.1\", \"CNAME walled.example\"; repeatable" },
	{ "exact", 0, NULL, "names of lists mean themselves, not what is below them" },
	{ "ttl", 0, "SECONDS", "of entries that do not say (60)" },
	{ "keep", 0, "DURATION", "how long rules hold that do not say; 0s: for ever (30d)" },
	{ "most", 0, "N", "no zone with more entries than this (100000)" },
	{ "most-clients", 0, "SHARE",
	    "nothing that more than this share of the stored clients asked for (0.05)" },
	OPT_STORE,
	{ "since", 0, "DURATION", "how much of the stored traffic counts (24h)" },
	{ "dry-run", 'n', NULL, "no zone: what each entry would have hit" },
	{ "csv", 0, NULL, "the dry run as comma-separated values" },
	{ "json", 0, NULL, "the dry run as JSON" },
	{ "rejects", 0, "FILE", "what was refused, with reasons (FILE.rejects of --output)" },
	{ "serial", 0, "N", "the least serial (the time in seconds since 1970)" },
	{ "now", 0, "TIME", "the time that expiries count from (the clock)" },
	{ "no-check", 0, NULL, "publish without asking named-checkzone" },
	OPT_CONFIG,
	OPT_END,
};

/* Numbers of the command line, with their defaults and bounds. */
static const struct setting NUMBERS[] = {
	{ "ttl", SETTING_U64, "60", "0", "604800", "seconds" },
	{ "keep", SETTING_DURATION, "30d", "0s", "36500d", "how long rules hold" },
	{ "most", SETTING_U64, "100000", "1", "10000000", "entries" },
	{ "most-clients", SETTING_F64, "0.05", "0", "1", "share of clients" },
	{ "since", SETTING_DURATION, "24h", "1m", "36500d", "stored traffic" },
	{ "serial", SETTING_U64, "0", "0", "4294967295", "least serial" },
};

struct run {
	const struct opt_values *values;
	struct settings *numbers; /* owned */
	struct config config;
	struct rpz *rpz; /* owned */
	nsec_t now;
};

/* --- what it is made of ----------------------------------------------------------------------- */

static enum err
read_numbers(struct run *r, struct err_info *info)
{
	const char *now = opt_value(r->values, "now");
	struct timespec clock;
	enum err e = ERR_OK;

	r->numbers = settings_new(NUMBERS, sizeof NUMBERS / sizeof NUMBERS[0]);
	for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0] && e == ERR_OK; i++) {
		const char *text = opt_value(r->values, NUMBERS[i].name);
		if (text != NULL && settings_set(r->numbers, NUMBERS[i].name, text, info) != ERR_OK)
			e = ERR_USAGE;
	}
	(void)clock_gettime(CLOCK_REALTIME, &clock);
	r->now = (nsec_t)clock.tv_sec * NSEC_PER_SEC;
	if (e == ERR_OK && now != NULL && clock_parse(now, &r->now) != ERR_OK)
		e = err_set(info, ERR_USAGE, "--now %.60s is no time such as 2026-01-31", now);
	return e;
}

/* A policy with the defaults of the command line and nothing in it. */
static enum err
make_rpz(struct run *r, struct err_info *info)
{
	const char *action = opt_value(r->values, "action");
	struct rpz_options options = {
		.site = &r->config.site,
		.suffixes = r->config.suffixes,
		.origin = opt_value(r->values, "zone"),
		.ttl = (uint32_t)settings_u64(r->numbers, "ttl"),
		.below = !opt_given(r->values, "exact"),
		.now = r->now,
		.keep = settings_duration(r->numbers, "keep"),
	};

	if (action != NULL && !rpz_action_find(action, &options.action))
		return err_set(info, ERR_USAGE, "--action %.60s is no action", action);
	return rpz_new(&options, &r->rpz, info) == ERR_OK ? ERR_OK : ERR_USAGE;
}

/* Calls `take` for every value of a repeated option. */
static enum err
each(const struct run *r, const char *option,
    enum err (*take)(struct rpz *rpz, const char *text, struct err_info *info),
    struct err_info *info)
{
	const char *text;
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && (text = opt_each(r->values, option, i)) != NULL; i++)
		e = take(r->rpz, text, info);
	return e;
}

static void
add_id(const char ***ids, size_t *count, const char *id)
{
	*ids = xrealloc_array(*ids, *count + 1, sizeof **ids);
	(*ids)[(*count)++] = id;
}

/* Reads ids, one a line, into `text` (owned by the caller), where they are found. */
static enum err
read_ids(const char *path, char **ret_text, const char ***ids, size_t *count, struct err_info *info)
{
	FILE *file = fopen(path, "re");
	char *text, *save = NULL;
	size_t size = 0, most = (size_t)16 << 20;

	if (file == NULL)
		return err_set(info, ERR_IO, "%.300s: it cannot be read", path);
	text = xmalloc(most + 1);
	size = fread(text, 1, most, file);
	(void)fclose(file);
	text[size] = '\0';
	for (char *line = strtok_r(text, "\r\n", &save); line != NULL;
	     line = strtok_r(NULL, "\r\n", &save)) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t#")] = '\0';
		if (line[0] != '\0')
			add_id(ids, count, line);
	}
	*ret_text = text;
	return ERR_OK;
}

static enum err
add_findings(const struct run *r, struct err_info *info)
{
	const char *review = opt_value(r->values, "review");
	const char *file = opt_value(r->values, "approved");
	const char **ids = NULL;
	const char *id;
	char *text = NULL;
	size_t count = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; (id = opt_each(r->values, "approve", i)) != NULL; i++)
		add_id(&ids, &count, id);
	if (file != NULL)
		e = read_ids(file, &text, &ids, &count, info);
	if (e == ERR_OK && review == NULL && (count != 0 || file != NULL))
		e = err_set(info, ERR_USAGE, "--approve and --approved need --review");
	if (e == ERR_OK && review != NULL)
		e = rpz_read_review(r->rpz, review, ids, count, info);
	free(ids);
	free(text);
	return e;
}

/* What protects comes first, then rules, the most deliberate first: they win. */
static enum err
gather(const struct run *r, struct err_info *info)
{
	enum err e = each(r, "allow", rpz_allow_file, info);

	if (e == ERR_OK && each(r, "garden", rpz_garden, info) != ERR_OK)
		e = ERR_USAGE;
	if (e == ERR_OK)
		e = each(r, "policy", rpz_read_policy, info);
	if (e == ERR_OK)
		e = add_findings(r, info);
	if (e == ERR_OK)
		e = each(r, "list", rpz_read_list, info);
	if (e != ERR_OK)
		return e;
	rpz_close_holes(r->rpz);
	rpz_sort(r->rpz);
	if (r->rpz->entry_count > settings_u64(r->numbers, "most"))
		return err_set(info, ERR_LIMIT,
		    "%zu entries are more than --most %" PRIu64 ": nothing is written",
		    r->rpz->entry_count, settings_u64(r->numbers, "most"));
	return ERR_OK;
}

/* What the stored traffic says. */
static enum err
compare(const struct run *r, struct err_info *info)
{
	const char *url = opt_value(r->values, "store");
	struct store_options options = { .mode = STORE_READ,
		.memory_limit = settings_size(r->config.store, "memory_limit") };
	struct store *store;
	enum err e;

	if (url == NULL)
		return ERR_OK;
	e = store_open(url, &options, &store, info);
	if (e != ERR_OK)
		return e;
	e = rpz_traffic_read(r->rpz, store, settings_duration(r->numbers, "since"), info);
	store_close(store);
	if (e == ERR_OK && !rpz_drop_popular(r->rpz, settings_f64(r->numbers, "most-clients")))
		(void)fprintf(
		    stderr, "yagura rpz: too few clients in the store to tell who is popular\n");
	return e;
}

/* --- what comes of it ------------------------------------------------------------------------- */

static enum err
write_rejects(const struct run *r, const char *path, struct err_info *info)
{
	struct output o;
	enum err e = output_open(path, &o, info);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < r->rpz->reject_count; i++) {
		const struct rpz_reject *reject = &r->rpz->rejects[i];
		rpz_traffic_line(o.file, reject->what, reject->source, reject->reason);
	}
	return output_close(&o, info);
}

/* The file for rejects, where one is known; no file when nothing was refused, unless asked for. */
static enum err
save_rejects(const struct run *r, struct err_info *info)
{
	const char *output = opt_value(r->values, "output");
	const char *path = opt_value(r->values, "rejects");
	bool beside = path == NULL && output != NULL && strcmp(output, "-") != 0;
	char *name = beside ? xasprintf("%s.rejects", output) : xstrdup(path);
	enum err e = ERR_OK;

	if (name != NULL && (r->rpz->reject_count != 0 || !beside))
		e = write_rejects(r, name, info);
	else if (name != NULL)
		(void)unlink(name); /* of an earlier run: it would mislead */
	if (e == ERR_OK && r->rpz->reject_count != 0)
		(void)fprintf(stderr,
		    "yagura rpz: %zu refused (%zu for being past their time)%s%s\n",
		    r->rpz->reject_count, r->rpz->expired, name != NULL ? ": see " : "",
		    name != NULL ? name : "");
	free(name);
	return e;
}

/* Where a program is: PATH, and where Debian has it for root; owned by the caller, or NULL. */
static char *
find_program(const char *name)
{
	const char *path = getenv("PATH");
	char *places = xasprintf("%s:/usr/sbin:/usr/bin:/sbin", path != NULL ? path : "");
	char *save = NULL, *found = NULL;

	for (char *p = strtok_r(places, ":", &save); p != NULL && found == NULL;
	     p = strtok_r(NULL, ":", &save)) {
		found = xasprintf("%s/%s", p, name);
		if (access(found, X_OK) != 0) {
			free(found);
			found = NULL;
		}
	}
	free(places);
	return found;
}

/* Lets BIND's own checker read the file. */
static enum err
check_zone(const struct run *r, const char *file, struct err_info *info)
{
	char *program = find_program("named-checkzone");
	const char *argv[] = { program, opt_value(r->values, "zone"), file, NULL };
	char *said = NULL;
	size_t size;
	enum err e;

	if (program == NULL) {
		(void)fprintf(stderr, "yagura rpz: named-checkzone is not there: not checked\n");
		return ERR_OK;
	}
	e = spawn_read(argv, (size_t)64 << 20, 300 * NSEC_PER_SEC, &said, &size, info);
	free(program);
	if (e == ERR_OK)
		free(said);
	return e;
}

/* Whether the zone that is there says the same already. */
static bool
is_unchanged(const struct run *r, uint32_t serial, const char *old)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	bool same;

	if (file == NULL)
		return false;
	rpz_write(r->rpz, serial, file);
	same = fclose(file) == 0 && strcmp(text, old) == 0;
	free(text);
	return same;
}

static enum err
publish(const struct run *r, const char *path, uint32_t serial, struct err_info *info)
{
	struct output o;
	enum err e = output_open(path, &o, info);

	if (e != ERR_OK)
		return e;
	rpz_write(r->rpz, serial, o.file);
	if (fflush(o.file) == 0 && o.temporary != NULL && !opt_given(r->values, "no-check"))
		e = check_zone(r, o.temporary, info);
	if (e != ERR_OK) {
		output_abandon(&o);
		return e;
	}
	return output_close(&o, info);
}

static enum err
write_zone(const struct run *r, struct err_info *info)
{
	const char *path = opt_value(r->values, "output");
	uint32_t least = (uint32_t)settings_u64(r->numbers, "serial");
	uint32_t old = 0, serial;
	char *text = NULL;
	bool same;
	enum err e = strcmp(path, "-") == 0 ? ERR_END : rpz_read_zone(path, &old, &text, info);

	if (e != ERR_OK && e != ERR_END)
		return e;
	least = least != 0 ? least : (uint32_t)(r->now / NSEC_PER_SEC);
	serial = e == ERR_END ? least : rpz_next_serial(old, least);
	same = text != NULL && is_unchanged(r, old, text);
	free(text);
	if (same) {
		(void)fprintf(
		    stderr, "yagura rpz: nothing changed, the serial stays %" PRIu32 "\n", old);
		return ERR_OK;
	}
	e = publish(r, path, serial, info);
	if (e == ERR_OK)
		(void)fprintf(stderr, "yagura rpz: %zu entries, serial %" PRIu32 "\n",
		    r->rpz->entry_count, serial);
	return e;
}

static enum err
print_dry_run(const struct run *r, struct err_info *info)
{
	enum rpz_traffic_format format = RPZ_TRAFFIC_TABLE;

	if (opt_given(r->values, "csv"))
		format = RPZ_TRAFFIC_CSV;
	if (opt_given(r->values, "json"))
		format = RPZ_TRAFFIC_JSON;
	return rpz_traffic_print(r->rpz, opt_value(r->values, "store") != NULL, format, info);
}

static enum err
do_it(struct run *r, struct err_info *info)
{
	enum err e = make_rpz(r, info);

	if (e == ERR_OK)
		e = gather(r, info);
	if (e == ERR_OK)
		e = compare(r, info);
	if (e == ERR_OK)
		e = save_rejects(r, info);
	if (e != ERR_OK)
		return e;
	return opt_given(r->values, "dry-run") ? print_dry_run(r, info) : write_zone(r, info);
}

static enum err
check_usage(const struct opt_values *values, struct err_info *info)
{
	bool dry = opt_given(values, "dry-run");

	if (values->operand_count != 0)
		return err_set(info, ERR_USAGE, "it takes no operand: lists are named by --list");
	if (opt_value(values, "zone") == NULL)
		return err_set(info, ERR_USAGE, "--zone NAME is needed, such as rpz.example.net");
	if (!dry && opt_value(values, "output") == NULL)
		return err_set(info, ERR_USAGE, "--output FILE or --dry-run is needed");
	if (!dry && (opt_given(values, "csv") || opt_given(values, "json")))
		return err_set(info, ERR_USAGE, "--csv and --json belong to --dry-run");
	return ERR_OK;
}

static int
run(const struct opt_values *values)
{
	struct run r = { .values = values };
	struct err_info why = { .text = "" };
	enum err e = check_usage(values, &why);

	if (e == ERR_OK)
		e = read_numbers(&r, &why);
	if (e == ERR_OK)
		e = common_config(values, &r.config, &why);
	if (e == ERR_OK) {
		e = do_it(&r, &why);
		config_release(&r.config);
	}
	rpz_free(r.rpz);
	settings_free(r.numbers);
	if (e != ERR_OK)
		return common_fail("rpz", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	return EXIT_DONE;
}

const struct command command_rpz = {
	.name = "rpz",
	.summary = "write a response policy zone for resolvers",
	.operands = "",
	.options = OPTIONS,
	.run = run,
};
