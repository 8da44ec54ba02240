/* SPDX-License-Identifier: ISC */
/* The policy as a zone file, and what an earlier run left there; see rpz.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "net/dns.h"
#include "report/rpz.h"

#define FIRST_LINE   "; Response policy zone made by yagura rpz.  Edits are lost with its next run.\n"
#define ZONE_LARGEST ((size_t)1 << 30)

/* What BIND and Unbound know of actions (draft-vixie-dnsop-dns-rpz-00, section 3). */
static const char *const TARGETS[RPZ_ACTIONS] = {
	[RPZ_NXDOMAIN] = ".",
	[RPZ_NODATA] = "*.",
	[RPZ_PASSTHRU] = "rpz-passthru.",
	[RPZ_DROP] = "rpz-drop.",
	[RPZ_TCP_ONLY] = "rpz-tcp-only.",
};

/* A quoted text: RFC 1035, section 5.1. */
static void
write_quoted(const char *text, FILE *file)
{
	(void)fputc('"', file);
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\')
			(void)fprintf(file, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			(void)fprintf(file, "\\%03u", c);
		else
			(void)fputc(c, file);
	}
	(void)fputc('"', file);
}

static void
write_local(const struct rpz_entry *entry, const char *owner, FILE *file)
{
	bool alone = false;

	for (size_t i = 0; i < entry->records.count; i++) {
		const struct rpz_record *r = &entry->records.all[i];
		(void)fprintf(
		    file, "%s\t%" PRIu32 "\t%s\t%s\n", owner, entry->ttl, r->type, r->data);
		alone |= strcmp(r->type, "CNAME") == 0;
	}
	/* Nothing may stand beside a CNAME.  A client that asks for TXT learns whom to ask. */
	if (alone || entry->case_id[0] == '\0')
		return;
	(void)fprintf(file, "%s\t%" PRIu32 "\tTXT\t", owner, entry->ttl);
	write_quoted(entry->case_id, file);
	(void)fputc('\n', file);
}

static void
write_entry(const struct rpz_entry *entry, FILE *file)
{
	char owner[RPZ_OWNER_SIZE];

	rpz_owner(entry, owner);
	if (entry->action == RPZ_LOCAL)
		write_local(entry, owner, file);
	else
		(void)fprintf(file, "%s\t%" PRIu32 "\tCNAME\t%s\n", owner, entry->ttl,
		    TARGETS[entry->action]);
}

void
rpz_write(const struct rpz *rpz, uint32_t serial, FILE *file)
{
	char origin[DNS_NAME_TEXT_SIZE];

	dns_name_text(rpz->origin, rpz->origin_size, origin);
	(void)fputs(FIRST_LINE, file);
	(void)fprintf(file,
	    "$ORIGIN %s.\n$TTL %" PRIu32 "\n@\tSOA\tlocalhost. hostmaster.localhost. %" PRIu32
	    " 3600 600 604800 %" PRIu32 "\n@\tNS\tlocalhost.\n",
	    origin, rpz->options.ttl, serial, rpz->options.ttl);
	for (size_t i = 0; i < rpz->entry_count; i++)
		write_entry(&rpz->entries[i], file);
}

/* Reads a whole file; ERR_END when there is none. */
static enum err
read_all(const char *path, char **ret_text, size_t *ret_size, struct err_info *info)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0, got = 1;

	if (file == NULL && errno == ENOENT)
		return ERR_END;
	if (file == NULL)
		return err_set(info, ERR_IO, "%.300s: %s", path, strerror(errno));
	while (got != 0 && size < ZONE_LARGEST) {
		text = xrealloc_array(text, size + 65537, 1);
		got = fread(text + size, 1, 65536, file);
		size += got;
	}
	bool failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed || size >= ZONE_LARGEST) {
		free(text);
		return err_set(info, ERR_IO, "%.300s: it cannot be read", path);
	}
	text[size] = '\0';
	*ret_text = text;
	*ret_size = size;
	return ERR_OK;
}

enum err
rpz_read_zone(const char *path, uint32_t *ret_serial, char **ret_text, struct err_info *info)
{
	static const char BEFORE[] = "\n@\tSOA\tlocalhost. hostmaster.localhost. ";
	char *text = NULL, *end = NULL;
	const char *soa;
	size_t size = 0;
	unsigned long serial = 0;
	enum err e = read_all(path, &text, &size, info);

	if (e != ERR_OK)
		return e;
	soa = strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) == 0 ? strstr(text, BEFORE) : NULL;
	if (soa != NULL)
		serial = strtoul(soa + strlen(BEFORE), &end, 10);
	if (soa == NULL || end == soa + strlen(BEFORE) || serial > UINT32_MAX) {
		free(text);
		return err_set(info, ERR_FORMAT,
		    "%.300s is no zone that yagura rpz made: it is left as it is", path);
	}
	*ret_serial = (uint32_t)serial;
	*ret_text = text;
	return ERR_OK;
}

uint32_t
rpz_next_serial(uint32_t old, uint32_t least)
{
	uint32_t next = old + 1;

	return (int32_t)(least - next) > 0 ? least : next;
}
