/* SPDX-License-Identifier: ISC */
/* Sets of ports; see ports.h. */
#include "sensor/ports.h"

#include <stdio.h>
#include <stdlib.h>

/* A port off the front of the text. */
static bool
take_port(const char **text, unsigned *ret_port)
{
	unsigned port = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9' && port <= UINT16_MAX; p++)
		port = 10 * port + (unsigned)(*p - '0');
	if (p == *text || port == 0 || port > UINT16_MAX)
		return false;
	*text = p;
	*ret_port = port;
	return true;
}

enum err
ports_parse(const char *text, struct ports *set, struct err_info *info)
{
	const char *p = text;
	unsigned first, last;

	do {
		if (!take_port(&p, &first))
			return err_set(
			    info, ERR_USAGE, "\"%.80s\": no ports like 22,8000-8100", text);
		last = first;
		if (*p == '-') {
			p++;
			if (!take_port(&p, &last) || last < first)
				return err_set(info, ERR_USAGE,
				    "\"%.80s\": a range of ports ends before it begins", text);
		}
		for (unsigned port = first; port <= last; port++)
			ports_add(set, port);
	} while (*p++ == ',');
	if (p[-1] != '\0')
		return err_set(info, ERR_USAGE, "\"%.80s\": no ports like 22,8000-8100", text);
	return ERR_OK;
}

unsigned
ports_count(const struct ports *set)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PORTS_WORDS; i++)
		count += (unsigned)__builtin_popcountll(set->words[i]);
	return count;
}

char *
ports_format(const struct ports *set, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned first = 1; first <= UINT16_MAX; first++) {
		unsigned last = first;
		int n;

		if (!ports_have(set, first))
			continue;
		while (last < UINT16_MAX && ports_have(set, last + 1))
			last++;
		n = last == first
			? snprintf(text + used, size - used, "%s%u", used != 0 ? ", " : "", first)
			: snprintf(text + used, size - used, "%s%u-%u", used != 0 ? ", " : "",
			      first, last);
		if (n < 0 || (size_t)n >= size - used)
			return NULL;
		used += (size_t)n;
		first = last;
	}
	return text;
}
