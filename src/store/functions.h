/* SPDX-License-Identifier: ISC */
/*
 * What queries can call beyond the engine's own functions:
 *
 *	intDiv(a, b)               a // b, by the name ClickHouse has for it
 *	address_text(a)            an address of 16 octets as its shortest text, '' for anything
 *else address(text)              the 16 octets of an address, for comparisons; no octets when it is
 *none dns_type_text(n)           "AAAA" dns_rcode_text(n)          "NXDOMAIN" yagura_address(h, l)
 *an address from two numbers: what views are made with yagura_last_labels(t, n)   the last n labels
 *of a domain name
 */
#ifndef YAGURA_STORE_FUNCTIONS_H
#define YAGURA_STORE_FUNCTIONS_H

#include "store/engine.h"

/* The engine keeps a pointer to `engine`. */
MUST_CHECK enum err functions_register(struct engine *engine, struct err_info *info);

#endif
