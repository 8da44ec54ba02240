/* SPDX-License-Identifier: ISC */
/* The section of traffic/ports, and the classes that both halves share. */
#ifndef YAGURA_ANALYSIS_TRAFFIC_PORTS_SECTION_H
#define YAGURA_ANALYSIS_TRAFFIC_PORTS_SECTION_H

#include "analysis/analysis.h"

enum port_class {
	PORT_NONE = 0,       /* a protocol without ports */
	PORT_WELL_KNOWN = 1, /* the smaller port is below 1024 */
	PORT_DYNAMIC =
	    2, /* both are 1024 or more; port 0 stands for those without a row of their own */
};

enum err ports_section(
    const struct section_context *context, struct section *section, struct err_info *info);

#endif
