/* SPDX-License-Identifier: ISC */
/*
 * Flow records, interface samples and exporter reports as lines of JSON or CSV: one table of fields
 * for each, so that names and order are the same in both.
 */
#ifndef YAGURA_CMD_RECORD_FIELDS_H
#define YAGURA_CMD_RECORD_FIELDS_H

#include <stdbool.h>
#include <stdio.h>

#include "obs/exporter.h"
#include "obs/record.h"

void record_fields_print_header(FILE *out);
void record_fields_print(const struct flow_record *r, bool csv, FILE *out);

void record_fields_print_interface_header(FILE *out);
void record_fields_print_interface(const struct interface_sample *s, bool csv, FILE *out);

void record_fields_print_exporter_header(FILE *out);
void record_fields_print_exporter(const struct exporter_report *r, bool csv, FILE *out);

#endif
