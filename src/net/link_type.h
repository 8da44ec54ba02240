/* SPDX-License-Identifier: ISC */
/* Names of link types by their LINKTYPE numbers. */
#ifndef YAGURA_NET_LINK_TYPE_H
#define YAGURA_NET_LINK_TYPE_H

#include <stdint.h>

/* "Ethernet" and so on for any number known by name, decoded or not; NULL when unknown. */
const char *link_type_name(uint16_t link_type);

#endif
