/* SPDX-License-Identifier: ISC */
/*
 * nftables rules for TPROXY; see firewall.h.
 *
 * Order matters: packets of connections that the sensor has already are marked first (`socket
 * transparent`), those of the machine's own connections pass, and only then new ones are diverted.
 * The mark makes the machine take packets to addresses that are not its own (Linux,
 * Documentation/networking/tproxy.rst).
 */
#include "sensor/firewall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spawn.h"
#include "base/xmalloc.h"

#define TABLE      "yagura_sensor"
#define MARK       "0x79617261"
#define ROUTES     "7921" /* number of the routing table */
#define TEXT_MOST  ((size_t)64 << 10)
#define PORTS_TEXT 65536
#define TIMEOUT    (10 * NSEC_PER_SEC)

static void
print_prefixes(const struct firewall *f, bool four, FILE *out)
{
	char text[PREFIX_TEXT_SIZE];
	unsigned count = 0;

	for (size_t i = 0; i < f->prefix_count; i++) {
		if (address_is_ipv4(&f->prefixes[i].address) != four)
			continue;
		(void)fprintf(out, "%s%s",
		    count++ != 0 ? ", "
		    : four       ? "ip daddr { "
				 : "ip6 daddr { ",
		    prefix_format(&f->prefixes[i], text));
	}
	if (count != 0)
		(void)fputs(" } ", out);
}

static bool
has_family(const struct firewall *f, bool four)
{
	for (size_t i = 0; i < f->prefix_count; i++)
		if (address_is_ipv4(&f->prefixes[i].address) == four)
			return true;
	return f->prefix_count == 0;
}

static void
print_divert(const struct firewall *f, bool four, FILE *out)
{
	if (!has_family(f, four))
		return;
	(void)fprintf(out, "\t\t");
	print_prefixes(f, four, out);
	(void)fprintf(out,
	    "meta nfproto %s meta l4proto { tcp, udp } tproxy %s to :%u meta mark set " MARK
	    " accept\n",
	    four ? "ipv4" : "ipv6", four ? "ip" : "ip6", f->port);
}

/* An interface's name as the kernel allows it, less what nft or a shell would read otherwise. */
static bool
is_interface(const char *name)
{
	size_t size = strlen(name);

	return size > 0 && size < 16 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") ==
		   size;
}

enum err
firewall_rules(const struct firewall *f, char **ret_rules, struct err_info *info)
{
	char *rules = NULL, ports[PORTS_TEXT];
	size_t size = 0;
	FILE *out;

	if (f->interface != NULL && !is_interface(f->interface))
		return err_set(info, ERR_USAGE, "\"%.40s\": no name of an interface", f->interface);
	if (ports_format(&f->except, ports, sizeof ports) == NULL)
		return err_set(info, ERR_USAGE, "too many ports are left out");
	out = open_memstream(&rules, &size);
	if (out == NULL)
		abort();
	(void)fputs("table inet " TABLE " {\n\tchain prerouting {\n"
		    "\t\ttype filter hook prerouting priority mangle; policy accept;\n",
	    out);
	if (f->interface != NULL)
		(void)fprintf(out, "\t\tiifname != \"%s\" return\n", f->interface);
	(void)fputs("\t\tfib daddr type { broadcast, multicast, anycast } return\n", out);
	if (ports[0] != '\0')
		(void)fprintf(out, "\t\ttcp dport { %s } return\n\t\tudp dport { %s } return\n",
		    ports, ports);
	(void)fputs("\t\tmeta l4proto tcp socket transparent 1 meta mark set " MARK " accept\n"
		    "\t\tct state established,related ct direction reply return\n",
	    out);
	print_divert(f, true, out);
	print_divert(f, false, out);
	(void)fputs("\t}\n}\n", out);
	if (fclose(out) != 0)
		abort();
	*ret_rules = rules;
	return ERR_OK;
}

/* Packets with the mark are the machine's own, whatever their address. */
static const char *const ROUTING[][10] = {
	{ "ip", "-4", "rule", "add", "fwmark", MARK, "lookup", ROUTES, NULL },
	{ "ip", "-4", "route", "add", "local", "0.0.0.0/0", "dev", "lo", "table", ROUTES },
	{ "ip", "-6", "rule", "add", "fwmark", MARK, "lookup", ROUTES, NULL },
	{ "ip", "-6", "route", "add", "local", "::/0", "dev", "lo", "table", ROUTES },
};
#define ROUTING_COUNT (sizeof ROUTING / sizeof ROUTING[0])
#define ROUTING_WORDS 10

enum err
firewall_script(const struct firewall *f, char **ret_script, struct err_info *info)
{
	char *rules = NULL, *script = NULL;
	size_t size = 0;
	enum err e = firewall_rules(f, &rules, info);
	FILE *out;

	if (e != ERR_OK)
		return e;
	out = open_memstream(&script, &size);
	if (out == NULL)
		abort();
	(void)fprintf(out, "nft -f - <<'END'\n%sEND\n", rules);
	for (size_t i = 0; i < ROUTING_COUNT; i++) {
		for (size_t w = 0; w < ROUTING_WORDS && ROUTING[i][w] != NULL; w++)
			(void)fprintf(out, "%s%s", w != 0 ? " " : "", ROUTING[i][w]);
		(void)fputc('\n', out);
	}
	(void)fputs("# Away with it: nft delete table inet " TABLE
		    "; for f in -4 -6; do ip $f rule del lookup " ROUTES
		    "; ip $f route flush table " ROUTES "; done\n",
	    out);
	if (fclose(out) != 0)
		abort();
	free(rules);
	*ret_script = script;
	return ERR_OK;
}

static enum err
run(const char *const *arguments, struct err_info *info)
{
	char *output = NULL;
	size_t size;
	enum err e = spawn_read(arguments, TEXT_MOST, TIMEOUT, &output, &size, info);

	if (e == ERR_OK)
		free(output);
	return e;
}

/* One of the commands; `verb` stands where "add" does, or instead of it. */
static enum err
run_routing(size_t number, const char *verb, struct err_info *info)
{
	const char *arguments[ROUTING_WORDS + 1] = { NULL };

	for (size_t w = 0; w < ROUTING_WORDS; w++)
		arguments[w] = w == 3 ? verb : ROUTING[number][w];
	return run(arguments, info);
}

enum err
firewall_apply(const struct firewall *f, struct err_info *info)
{
	char *rules = NULL;
	enum err e = firewall_rules(f, &rules, info);
	const char *nft[] = { "nft", rules, NULL };

	if (e != ERR_OK)
		return e;
	e = run(nft, info);
	free(rules);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < ROUTING_COUNT && e == ERR_OK; i++)
		if (has_family(f, i < 2))
			e = run_routing(i, "add", info);
	if (e != ERR_OK)
		firewall_remove();
	return e;
}

void
firewall_remove(void)
{
	static const char *const NFT[] = { "nft", "delete", "table", "inet", TABLE, NULL };
	struct err_info why;

	(void)!run(NFT, &why);
	for (size_t i = 0; i < ROUTING_COUNT; i++)
		(void)!run_routing(i, "del", &why);
}
