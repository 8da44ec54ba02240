/* SPDX-License-Identifier: ISC */
/*
 * yagura sensor: listens where nobody has business, and writes down who comes.
 *
 * With --apply-nft two processes run: the sensor, which soon can do nothing but listen and write,
 * and this one, which waits for its end and then takes the rules away again.
 */
#include "sensor/sensor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "cmd/common.h"
#include "sensor/firewall.h"
#include "sensor/sandbox.h"

#define NAME_SIZE 64

static const struct opt OPTIONS[] = {
	{ "directory", 'd', "DIR", "write the log into files in this directory" },
	{ "name", 0, "NAME", "the sensor's name in the log (default: the machine's)" },
	{ "tcp", 0, "PORTS", "listen on these TCP ports: 22,80,8000-8100" },
	{ "udp", 0, "PORTS", "listen on these UDP ports, which are never answered" },
	{ "address", 0, "ADDRESS", "listen on this address only; may be repeated" },
	{ "all-ports", 0, NULL, "listen on one port, which the firewall diverts all others to" },
	{ "transparent-port", 0, "PORT", "that port (default 61000)" },
	{ "print-nft", 0, NULL, "print the rules that divert all ports, and exit" },
	{ "apply-nft", 0, NULL, "apply these rules at the start and take them away at the end" },
	{ "interface", 0, "NAME", "divert only what comes in on this interface" },
	{ "prefix", 0, "PREFIX", "divert only what goes to these addresses; may be repeated" },
	{ "except", 0, "PORTS", "ports that are not diverted (default 22)" },
	{ "service", 0, "PORT=NAME", "a port is for ssh, telnet, ftp, pop3, or silent" },
	{ "banner", 0, "NAME=TEXT", "what a service says first" },
	{ "limit", 0, "NAME=VALUE", "a limit other than its default; may be repeated" },
	{ "user", 0, "NAME", "become this user when started as root (default nobody)" },
	{ "check-sandbox", 0, NULL, "try what the sandbox must refuse, say what came of it, exit" },
	OPT_QUIET,
	OPT_END,
};

/* What a run of the command holds. */
struct run {
	struct sensor_options options;
	struct settings *settings; /* owned */
	struct firewall firewall;
	char name[NAME_SIZE];
};

static void
say(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "yagura sensor: %s\n", text);
}

static void
say_nothing(void *context, const char *text)
{
	(void)context;
	(void)text;
}

/* A name that can be part of a file's. */
static enum err
read_name(const struct opt_values *values, struct run *run, struct err_info *info)
{
	const char *name = opt_value(values, "name");
	static const char LETTERS[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (name == NULL) {
		if (gethostname(run->name, sizeof run->name - 1) != 0)
			return err_set(info, ERR_IO, "gethostname: %s", strerror(errno));
		name = run->name;
	}
	if (name[0] == '\0' || name[0] == '.' || strlen(name) >= NAME_SIZE - 1 ||
	    name[strspn(name, LETTERS)] != '\0')
		return err_set(info, ERR_USAGE,
		    "\"%.80s\": a sensor's name is up to 62 letters, digits, '.', '_' and '-'",
		    name);
	run->options.name = name;
	return ERR_OK;
}

static enum err
read_port(const char *text, uint16_t *ret_port, struct err_info *info)
{
	struct ports one = { 0 };
	enum err e = ports_parse(text, &one, info);

	if (e == ERR_OK && ports_count(&one) != 1)
		e = err_set(info, ERR_USAGE, "\"%.80s\": one port is needed", text);
	for (unsigned port = 1; port <= UINT16_MAX && e == ERR_OK; port++)
		if (ports_have(&one, port))
			*ret_port = (uint16_t)port;
	return e;
}

/* "2100=ftp" */
static enum err
read_service(const char *text, struct run *run, struct err_info *info)
{
	const char *equals = strchr(text, '=');
	enum service service =
	    equals != NULL ? dialogue_service(equals + 1, strlen(equals + 1)) : SERVICES;
	char port_text[8] = "";
	uint16_t port = 0;
	enum err e;

	if (service == SERVICES || (size_t)(equals - text) >= sizeof port_text)
		return err_set(info, ERR_USAGE, "\"%.80s\": no service like 2100=ftp", text);
	memcpy(port_text, text, (size_t)(equals - text));
	e = read_port(port_text, &port, info);
	if (e == ERR_OK)
		run->options.services[port] = service;
	return e;
}

static enum err
read_address(const char *text, struct run *run, struct err_info *info)
{
	struct sensor_options *o = &run->options;

	if (o->address_count == SENSOR_ADDRESSES)
		return err_set(
		    info, ERR_USAGE, "more than %d addresses: leave them out", SENSOR_ADDRESSES);
	if (address_parse(text, &o->addresses[o->address_count]) != ERR_OK)
		return err_set(info, ERR_USAGE, "\"%.80s\": no address", text);
	o->address_count++;
	return ERR_OK;
}

static enum err
read_prefix(const char *text, struct run *run, struct err_info *info)
{
	struct firewall *f = &run->firewall;

	if (f->prefix_count == FIREWALL_PREFIXES)
		return err_set(info, ERR_USAGE, "more than %d prefixes", FIREWALL_PREFIXES);
	return prefix_parse(text, &f->prefixes[f->prefix_count++], info);
}

/* "connections=100", as the settings of the program are read. */
static enum err
read_limit(const char *text, struct run *run, struct err_info *info)
{
	const char *equals = strchr(text, '=');
	char name[32] = "";

	if (equals == NULL || (size_t)(equals - text) >= sizeof name)
		return err_set(info, ERR_USAGE, "\"%.80s\": no limit like connections=100", text);
	memcpy(name, text, (size_t)(equals - text));
	return settings_set(run->settings, name, equals + 1, info);
}

static enum err
read_banner(const char *text, struct run *run, struct err_info *info)
{
	return dialogue_set_banner(&run->options.banners, text, info);
}

static enum err
read_repeated(const struct opt_values *values, struct run *run, struct err_info *info)
{
	static const struct {
		const char *name;
		enum err (*read)(const char *text, struct run *run, struct err_info *info);
	} REPEATED[] = { { "service", read_service }, { "address", read_address },
		{ "prefix", read_prefix }, { "limit", read_limit }, { "banner", read_banner } };
	enum err e = ERR_OK;

	for (size_t i = 0; i < sizeof REPEATED / sizeof REPEATED[0]; i++) {
		const char *text;

		for (size_t n = 0; e == ERR_OK; n++) {
			text = opt_each(values, REPEATED[i].name, n);
			if (text == NULL)
				break;
			e = REPEATED[i].read(text, run, info);
		}
	}
	return e;
}

static enum err
read_ports(const struct opt_values *values, struct run *run, struct err_info *info)
{
	const char *tcp = opt_value(values, "tcp"), *udp = opt_value(values, "udp");
	const char *except = opt_value(values, "except");
	const char *port = opt_value(values, "transparent-port");
	enum err e = ERR_OK;

	run->options.all_ports = opt_given(values, "all-ports") || opt_given(values, "apply-nft");
	if (tcp != NULL)
		e = ports_parse(tcp, &run->options.tcp, info);
	if (e == ERR_OK && udp != NULL)
		e = ports_parse(udp, &run->options.udp, info);
	if (e == ERR_OK && port != NULL)
		e = read_port(port, &run->options.transparent_port, info);
	if (e == ERR_OK)
		e = ports_parse(except != NULL ? except : "22", &run->firewall.except, info);
	run->firewall.port = run->options.transparent_port;
	run->firewall.interface = opt_value(values, "interface");
	if (e == ERR_OK && (tcp != NULL || udp != NULL) && run->options.all_ports)
		e = err_set(info, ERR_USAGE, "--all-ports leaves nothing to --tcp and --udp");
	return e;
}

static enum err
read_options(const struct opt_values *values, struct run *run, struct err_info *info)
{
	struct sensor_options *o = &run->options;
	enum err e;

	sensor_options_init(o);
	run->settings = settings_new(SENSOR_SETTINGS, SENSOR_SETTING_COUNT);
	o->settings = run->settings;
	o->directory = opt_value(values, "directory");
	o->say = opt_given(values, "quiet") ? say_nothing : say;
	if (opt_value(values, "user") != NULL)
		o->user = opt_value(values, "user");
	e = read_name(values, run, info);
	if (e == ERR_OK)
		e = read_ports(values, run, info);
	if (e == ERR_OK)
		e = read_repeated(values, run, info);
	if (e != ERR_OK || opt_given(values, "print-nft"))
		return e;
	if (o->directory == NULL)
		return err_set(info, ERR_USAGE, "--directory says where the log goes");
	if (!o->all_ports && ports_count(&o->tcp) + ports_count(&o->udp) == 0)
		return err_set(info, ERR_USAGE, "--tcp, --udp or --all-ports says where to listen");
	return ERR_OK;
}

static int
print_rules(const struct run *run)
{
	struct err_info why = { .text = "" };
	char *script = NULL;

	if (firewall_script(&run->firewall, &script, &why) != ERR_OK)
		return common_fail("sensor", EXIT_USAGE, why.text);
	(void)fputs(script, stdout);
	free(script);
	return EXIT_DONE;
}

static int
run_sensor(const struct opt_values *values, const struct run *run)
{
	struct err_info why = { .text = "" };
	struct sensor *sensor = NULL;
	char sandbox[SANDBOX_TEXT], text[SANDBOX_TEXT + 64];
	unsigned open_doors;
	enum err e = sensor_open(&run->options, &sensor, &why);

	if (e != ERR_OK)
		return common_fail("sensor", e == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED, why.text);
	(void)snprintf(text, sizeof text, "listening; sandbox: %s",
	    sandbox_describe(sensor_sandbox(sensor), sandbox));
	run->options.say(run->options.context, text);
	if (opt_given(values, "check-sandbox")) {
		open_doors = sensor_check_sandbox(sensor);
		sensor_close(sensor);
		return open_doors == 0 ? EXIT_DONE : EXIT_FAILED;
	}
	e = sensor_run(sensor, &why);
	sensor_close(sensor);
	return e == ERR_OK ? EXIT_DONE : common_fail("sensor", EXIT_FAILED, why.text);
}

/* Waits for the sensor, and passes on what it is told. */
static int
guard(pid_t child)
{
	sigset_t set;
	int status = 0, number;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGCHLD);
	for (;;) {
		if (sigwait(&set, &number) == 0 && number != SIGCHLD)
			(void)kill(child, SIGTERM);
		if (waitpid(child, &status, WNOHANG) == child)
			break;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static int
run_guarded(const struct opt_values *values, const struct run *run)
{
	struct err_info why = { .text = "" };
	sigset_t set;
	pid_t child;
	int status;

	/* Blocked before the sensor is there, so that none of them is missed. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGCHLD);
	if (firewall_apply(&run->firewall, &why) != ERR_OK)
		return common_fail("sensor", EXIT_FAILED, why.text);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	child = fork();
	if (child == 0)
		return run_sensor(values, run);
	status = child > 0 ? guard(child) : common_fail("sensor", EXIT_FAILED, strerror(errno));
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	firewall_remove();
	return status;
}

static int
run(const struct opt_values *values)
{
	struct run *run = xcalloc(1, sizeof *run); /* services and sets of ports are large */
	struct err_info why = { .text = "" };
	int status;

	if (values->operand_count != 0) {
		status = common_fail("sensor", EXIT_USAGE, "it takes no operand");
		free(run);
		return status;
	}
	if (read_options(values, run, &why) != ERR_OK)
		status = common_fail("sensor", EXIT_USAGE, why.text);
	else if (opt_given(values, "print-nft"))
		status = print_rules(run);
	else if (opt_given(values, "apply-nft"))
		status = run_guarded(values, run);
	else
		status = run_sensor(values, run);
	settings_free(run->settings);
	free(run);
	return status;
}

const struct command command_sensor = {
	.name = "sensor",
	.summary = "listen where nobody has business, and write down who comes",
	.operands = "",
	.options = OPTIONS,
	.run = run,
};
