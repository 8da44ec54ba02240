/* SPDX-License-Identifier: ISC */
/* The protocols whose contents are looked into; see content.h. */
#include "decode/content.h"

#include "decode/login.h"
#include "decode/tls.h"

const struct content_protocol *const CONTENT_LIST[] = {
	&content_tls,
	&content_http,
	&content_login,
	NULL,
};
