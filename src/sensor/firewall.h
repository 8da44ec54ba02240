/* SPDX-License-Identifier: ISC */
/*
 * Rules that divert all ports of dark space to a sensor (nftables, TPROXY).
 *
 * They are text for the operator, who is the one to apply them; firewall_apply() does it when told
 * so.  Ports of the machine's own services must be left out, or nobody reaches them again.
 */
#ifndef YAGURA_SENSOR_FIREWALL_H
#define YAGURA_SENSOR_FIREWALL_H

#include "base/err.h"
#include "net/address.h"
#include "sensor/ports.h"

#define FIREWALL_PREFIXES 64

struct firewall {
	const char *interface;                     /* where visitors come from; NULL: anywhere */
	struct prefix prefixes[FIREWALL_PREFIXES]; /* what is diverted; none: all addresses */
	size_t prefix_count;
	struct ports except; /* TCP and UDP ports that are left alone */
	uint16_t port;       /* of the sensor */
};

/* The rules as `nft -f` reads them; owned by the caller. */
MUST_CHECK enum err
firewall_rules(const struct firewall *firewall, char **ret_rules, struct err_info *info);

/* The rules and what else it takes, as a shell reads it; owned by the caller. */
MUST_CHECK enum err
firewall_script(const struct firewall *firewall, char **ret_script, struct err_info *info);

/* Runs nft and ip; what was done is undone after a failure. */
MUST_CHECK enum err firewall_apply(const struct firewall *firewall, struct err_info *info);

/* Takes it all away again, as far as it is there. */
void firewall_remove(void);

#endif
