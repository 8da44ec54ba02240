/* SPDX-License-Identifier: ISC */
/*
 * What the page carries besides the document, made from web/ by tools/embed.py at build time: the
 * bundle that draws the figures (empty when built without -Dweb), the style sheet, and the content
 * security policy with the hashes of both.
 */
#ifndef YAGURA_REPORT_ASSETS_H
#define YAGURA_REPORT_ASSETS_H

#include <stddef.h>

extern const unsigned char report_script[];
extern const size_t report_script_size;
extern const unsigned char report_style[];
extern const size_t report_style_size;
extern const char report_policy[];

#endif
