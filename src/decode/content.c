/* SPDX-License-Identifier: ISC */
/* The protocols whose contents are looked into; see content.h. */
#include "decode/content.h"

const struct content_protocol *const CONTENT_LIST[] = {
	NULL,
};
