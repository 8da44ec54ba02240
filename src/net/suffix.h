/* SPDX-License-Identifier: ISC */
/*
 * The public suffix list (publicsuffix.org): under which names anybody may register.
 *
 * Read from the list's own text (Debian: publicsuffix), with rules "com", "*.ck", "!www.ck".
 * Names are uncompressed wire format in lower case.  NULL is a list with no rules: then every TLD
 * is a public suffix (the list's own default rule "*"), and no TLD is known to be delegated.
 */
#ifndef YAGURA_NET_SUFFIX_H
#define YAGURA_NET_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct suffix_list;

#define SUFFIX_NONE 0xffU

/* ERR_IO; ERR_FORMAT with the line. */
MUST_CHECK enum err
suffix_list_read(const char *path, struct suffix_list **ret_list, struct err_info *info);
void suffix_list_free(struct suffix_list *list);

/* Where in `name` its registrable domain begins (public suffix and one label); SUFFIX_NONE when the
 * name is a public suffix itself, or the root.  The private part of the list counts too. */
unsigned suffix_site(const struct suffix_list *list, const uint8_t *name, size_t size);

/* The same with the rightmost labels' starts already known: starts[0] is that of the last label,
 * `count` of them (at most the name's labels). */
unsigned suffix_site_at(const struct suffix_list *list, const uint8_t *name, size_t size,
    const uint8_t *starts, unsigned count);

/* Whether the name is a public suffix ("com", "co.jp"); false for the root. */
bool suffix_is_public(const struct suffix_list *list, const uint8_t *name, size_t size);

/* Whether the last label of the name is a TLD of the list's ICANN part. */
bool suffix_is_delegated(const struct suffix_list *list, const uint8_t *name, size_t size);

/* The day, as the number YYYYMMDD, on which the registry of the name's last label signed its
 * contract with ICANN (names of the programme of 2012 and later, as comments of lists up to 2023
 * have it); 0 when the list does not say. */
uint32_t suffix_since(const struct suffix_list *list, const uint8_t *name, size_t size);

/* Rules, and the list's own date or version line ("" when it has none). */
size_t suffix_rules(const struct suffix_list *list);
const char *suffix_version(const struct suffix_list *list);

#endif
