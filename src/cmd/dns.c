/* SPDX-License-Identifier: ISC */
/* yagura dns: what is done with the DNS apart from a review, one subcommand a file. */
#include <stdio.h>

#include "cmd/command.h"

extern const struct command command_dns_dsc;
extern const struct command command_dns_probe;

static const struct command *const SUBCOMMANDS[] = {
	&command_dns_dsc,
	&command_dns_probe,
	NULL,
};

static const struct opt OPTIONS[] = {
	{ NULL, 0, NULL, NULL },
};

const struct command command_dns = {
	.name = "dns",
	.summary = "check own addresses for open resolvers; other tools of the DNS",
	.operands = "SUBCOMMAND …",
	.options = OPTIONS,
	.subcommands = SUBCOMMANDS,
};
