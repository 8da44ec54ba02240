/* SPDX-License-Identifier: ISC */
/*
 * DNS transactions as raw rows (raw.h): a query and its answer, or either alone.
 *
 * The columns of the view `dns` are those of ENTRADA2 (SIDN), whose SQL people have, where it has
 * them; an explicit `answered` stands for its missing answers.  `dns_numbers` is the same with
 * ip_src_high, ip_src_low … instead of addresses.  Items are struct dns_transaction, options are
 * struct store_privacy: what is masked never reaches the engine.
 */
#ifndef YAGURA_STORE_TRANSACTIONS_H
#define YAGURA_STORE_TRANSACTIONS_H

#include "store/raw.h"

extern const struct raw_set dns_raw;

#endif
