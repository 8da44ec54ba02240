/* SPDX-License-Identifier: ISC */
/* IP addresses and prefixes as text and numbers; see address.h. */
#include "net/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t V4_MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct address
address_mask(const struct address *a, unsigned length)
{
	struct address masked = *a;
	unsigned keep = address_is_ipv4(a) ? length + 96 : length;

	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = keep > i * 8 ? keep - i * 8 : 0;
		if (bits < 8)
			masked.octets[i] &= (uint8_t)(0xff00U >> bits);
	}
	return masked;
}

char *
address_format(const struct address *a, char *text)
{
	bool v4 = address_is_ipv4(a);

	if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->octets + 12 : a->octets, text,
		ADDRESS_TEXT_SIZE) == NULL)
		text[0] = '\0';
	return text;
}

char *
prefix_format(const struct prefix *p, char *text)
{
	size_t used;

	address_format(&p->address, text);
	used = strlen(text);
	(void)snprintf(text + used, PREFIX_TEXT_SIZE - used, "/%u", p->length);
	return text;
}

enum err
address_parse(const char *text, struct address *ret_address)
{
	struct address a = { .words = { 0, 0 } };

	if (inet_pton(AF_INET, text, a.octets + 12) == 1) {
		memcpy(a.octets, V4_MAPPED, sizeof V4_MAPPED);
	} else if (inet_pton(AF_INET6, text, a.octets) != 1) {
		return ERR_FORMAT;
	}
	*ret_address = a;
	return ERR_OK;
}

enum err
prefix_parse(const char *text, struct prefix *ret_prefix, struct err_info *info)
{
	char address[PREFIX_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct prefix p;
	unsigned long most;

	if (size >= sizeof address)
		return err_set(info, ERR_FORMAT, "\"%.60s\" is not an address or prefix", text);
	memcpy(address, text, size);
	address[size] = '\0';
	if (address_parse(address, &p.address) != ERR_OK)
		return err_set(info, ERR_FORMAT, "\"%.60s\" is not an address or prefix", text);
	most = address_is_ipv4(&p.address) ? 32 : 128;
	p.length = (uint8_t)most;
	if (slash != NULL) {
		char *end;
		unsigned long length = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || length > most)
			return err_set(info, ERR_FORMAT, "\"%.60s\": the prefix length is 0 to %lu",
			    text, most);
		p.length = (uint8_t)length;
	}
	struct address masked = address_mask(&p.address, p.length);
	if (!address_equal(&masked, &p.address))
		return err_set(info, ERR_FORMAT, "\"%.60s\" has bits set beyond its length", text);
	*ret_prefix = p;
	return ERR_OK;
}

bool
prefix_contains(const struct prefix *p, const struct address *a)
{
	struct address masked;

	if (address_is_ipv4(&p->address) != address_is_ipv4(a))
		return false;
	masked = address_mask(a, p->length);
	return address_equal(&masked, &p->address);
}
