/* SPDX-License-Identifier: ISC */
/* yagura dns dsc: the statistics of DNS-OARC's dsc, in its formats, from any input. */
#include <errno.h>
#include <string.h>

#include "cmd/common.h"
#include "pipeline/dns_reader.h"
#include "report/dsc.h"

static const struct opt OPTIONS[] = {
	{ "output", 'o', "FILE", "write here (default \"-\": standard output)" },
	{ "format", 'f', "FORMAT", "json (default) or xml" },
	{ "datasets", 'd', "FILE",
	    "a configuration of dsc's: its datasets, local addresses, masks and lists of TLDs "
	    "(default: the 21 datasets of dsc's sample)" },
	{ "right-ports", 0, NULL,
	    "label source ports and their ranges as they are; dsc's labels are those of the one "
	    "before" },
	OPT_CONFIG,
	OPT_END,
};

struct taking {
	struct dsc *dsc;
	uint64_t packets;
};

static void
take_packet(void *context, const struct packet *packet)
{
	struct taking *t = context;

	t->packets++;
	dsc_packet(t->dsc, packet);
}

static void
take_batch(void *context, const struct batch *batch)
{
	struct taking *t = context;

	/* dsc counts a message as soon as its question reads. */
	if (batch->type != OBS_DNS && batch->type != OBS_DNS_BAD)
		return;
	for (size_t i = 0; i < batch->count; i++)
		if (batch->type == OBS_DNS || batch->dns[i]->name_size != 0)
			dsc_message(t->dsc, batch->dns[i]);
}

static enum err
read_inputs(struct taking *t, const struct config *config, const struct opt_values *values,
    struct err_info *info)
{
	struct dns_reader_options options = { .config = config,
		.secret = hash_secret_new(),
		.deliver = take_batch,
		.packet = take_packet,
		.context = t };
	struct dns_reader *reader;
	enum err e = dns_reader_new(&options, &reader, info), failure = ERR_OK;

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < values->operand_count; i++) {
		struct err_info why = { .text = "" };
		uint64_t before = t->packets;
		e = dns_reader_read(reader, values->operands[i], &why);
		if (e != ERR_OK) {
			failure = e;
			*info = why;
		}
		if (t->packets != before)
			dsc_input(t->dsc, values->operands[i], t->packets - before);
	}
	dns_reader_finish(reader);
	dns_reader_free(reader);
	return failure;
}

static int
write_output(const struct dsc *dsc, const char *path, enum dsc_format format)
{
	bool standard = path == NULL || strcmp(path, "-") == 0;
	FILE *out = standard ? stdout : fopen(path, "we");
	bool failed;

	if (out == NULL)
		return common_fail("dns dsc", EXIT_FAILED, strerror(errno));
	dsc_print(dsc, format, out);
	failed = ferror(out) != 0;
	if (standard)
		failed = fflush(out) != 0 || failed;
	else
		failed = fclose(out) != 0 || failed;
	return failed ? common_fail("dns dsc", EXIT_FAILED, "the output does not take more")
		      : EXIT_DONE;
}

/* What is to be counted: the file's datasets, or the sample's. */
static enum err
configure(struct dsc *dsc, const struct opt_values *values, struct err_info *info)
{
	const char *file = opt_value(values, "datasets");

	if (file != NULL)
		return dsc_configure(dsc, file, info);
	dsc_configure_sample(dsc);
	return ERR_OK;
}

static int
count_and_write(
    const struct config *config, const struct opt_values *values, enum dsc_format format)
{
	struct taking t = { .dsc = dsc_new(config->suffixes) };
	struct err_info why = { .text = "" };
	int status = EXIT_DONE, written;

	if (configure(t.dsc, values, &why) != ERR_OK) {
		status = common_fail("dns dsc", EXIT_FAILED, why.text);
		dsc_free(t.dsc);
		return status;
	}
	if (opt_given(values, "right-ports"))
		dsc_right_ports(t.dsc);
	if (read_inputs(&t, config, values, &why) != ERR_OK)
		status = common_fail("dns dsc", EXIT_FAILED, why.text);
	if (dsc_refused(t.dsc) != 0)
		(void)fprintf(stderr,
		    "yagura dns dsc: %llu messages found no room for their name or address\n",
		    (unsigned long long)dsc_refused(t.dsc));
	written = write_output(t.dsc, opt_value(values, "output"), format);
	dsc_free(t.dsc);
	return status != EXIT_DONE ? status : written;
}

static int
run(const struct opt_values *values)
{
	const char *format = opt_value(values, "format");
	struct err_info why = { .text = "" };
	struct config config;
	int status;

	if (values->operand_count == 0)
		return common_fail("dns dsc", EXIT_USAGE, "which inputs? (-h for help)");
	if (format != NULL && strcmp(format, "json") != 0 && strcmp(format, "xml") != 0)
		return common_fail("dns dsc", EXIT_USAGE, "the format is json or xml");
	if (common_config(values, &config, &why) != ERR_OK)
		return common_fail("dns dsc", EXIT_FAILED, why.text);
	status = count_and_write(
	    &config, values, format != NULL && format[0] == 'x' ? DSC_XML : DSC_JSON);
	config_release(&config);
	return status;
}

const struct command command_dns_dsc = {
	.name = "dsc",
	.summary = "the statistics of DNS-OARC's dsc, in its JSON or XML",
	.operands = "INPUT…",
	.options = OPTIONS,
	.run = run,
};
