/* SPDX-License-Identifier: ISC */
/* yagura dns probe: asks own addresses whether they resolve for strangers. */
#include <stdio.h>

#include "cmd/common.h"
#include "cmd/probe_plan.h"

static const struct opt OPTIONS[] = {
	OPT_CONFIG,
	OPT_END,
};

static int
run(const struct opt_values *values)
{
	struct hash_secret secret = hash_secret_new();
	struct err_info why = { 0 };
	struct probe_plan plan;
	struct config config;
	int status = EXIT_USAGE;

	if (values->operand_count == 0)
		return common_fail("dns probe", EXIT_USAGE, "which prefixes? (-h for help)");
	if (common_config(values, &config, &why) != ERR_OK)
		return common_fail("dns probe", EXIT_FAILED, why.text);
	if (probe_plan_make(&config.site, values->operands, values->operand_count, &secret, &plan,
		&why) == ERR_OK) {
		(void)printf("%llu addresses to ask\n", (unsigned long long)plan.count);
		probe_plan_release(&plan);
		status = EXIT_DONE;
	} else {
		(void)common_fail("dns probe", EXIT_USAGE, why.text);
	}
	config_release(&config);
	return status;
}

const struct command command_dns_probe = {
	.name = "probe",
	.summary = "ask own addresses whether they resolve for strangers (open resolvers)",
	.operands = "PREFIX…",
	.options = OPTIONS,
	.run = run,
};
