/* SPDX-License-Identifier: ISC */
/* The section of traffic/remote. */
#ifndef YAGURA_ANALYSIS_TRAFFIC_REMOTE_SECTION_H
#define YAGURA_ANALYSIS_TRAFFIC_REMOTE_SECTION_H

#include "analysis/analysis.h"

/* Names that are not of an AS or country. */
#define REMOTE_UNKNOWN "unknown"
#define REMOTE_OTHERS  "others"

#define REMOTE_PACKAGED "packaged" /* country_database: the one that comes with npm */

/* The path of the country database that the settings mean: "" for none. */
const char *remote_country_path(const struct settings *settings, char *text, size_t size);

enum err
remote_section(const struct section_context *c, struct section *section, struct err_info *info);

#endif
