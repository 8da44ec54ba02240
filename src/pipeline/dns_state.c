/* SPDX-License-Identifier: ISC */
/*
 * The file of waiting queries; see dns_state.h.
 *
 *	"yagura-dns-state-1\n"  19 octets
 *	records                 88 octets each, little-endian: client 16, server 16, time 8,
 *	                        name hash 8, site hash 8, case hash 4, client port 2, server port 2,
 *	                        id 2, type 2, flags 2, size 2, EDNS size 2, transport 1, view 1,
 *	                        retransmissions 1, zeros 11
 */
#include "pipeline/dns_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/xmalloc.h"

#define MAGIC "yagura-dns-state-1\n"

void
dns_state_release(struct dns_state *state)
{
	free(state->list);
	*state = (struct dns_state){ 0 };
}

void
dns_state_add(void *context, const struct dns_waiting *waiting)
{
	struct dns_state *state = context;

	if (state->count == state->room) {
		state->room = state->room != 0 ? 2 * state->room : 64;
		state->list = xrealloc_array(state->list, state->room, sizeof *state->list);
	}
	state->list[state->count++] = *waiting;
}

/* False when the record cannot be one of ours. */
static bool
decode(const uint8_t *r, struct dns_waiting *w)
{
	*w = (struct dns_waiting){
		.client = address_from_ipv6(r),
		.server = address_from_ipv6(r + 16),
		.time = (nsec_t)le64(r + 32),
		.name_hash = le64(r + 40),
		.site_hash = le64(r + 48),
		.case_hash = le32(r + 56),
		.client_port = le16(r + 60),
		.server_port = le16(r + 62),
		.id = le16(r + 64),
		.type = le16(r + 66),
		.flags = le16(r + 68),
		.size = le16(r + 70),
		.edns_size = le16(r + 72),
		.transport = r[74],
		.view = r[75],
		.retransmissions = r[76],
	};
	return (w->flags & DNS_RESPONSE) == 0 && w->transport < DNS_TRANSPORT_COUNT &&
	       w->view < DNS_VIEW_COUNT && w->time >= 0;
}

static void
encode(const struct dns_waiting *w, uint8_t *r)
{
	memset(r, 0, DNS_STATE_RECORD);
	memcpy(r, w->client.octets, 16);
	memcpy(r + 16, w->server.octets, 16);
	put_le64(r + 32, (uint64_t)w->time);
	put_le64(r + 40, w->name_hash);
	put_le64(r + 48, w->site_hash);
	put_le32(r + 56, w->case_hash);
	put_le16(r + 60, w->client_port);
	put_le16(r + 62, w->server_port);
	put_le16(r + 64, w->id);
	put_le16(r + 66, w->type);
	put_le16(r + 68, w->flags);
	put_le16(r + 70, w->size);
	put_le16(r + 72, w->edns_size);
	r[74] = w->transport;
	r[75] = w->view;
	r[76] = w->retransmissions;
}

static enum err
read_records(FILE *file, const char *path, struct dns_state *state, struct err_info *info)
{
	uint8_t record[DNS_STATE_RECORD];
	char magic[sizeof MAGIC - 1];
	struct dns_waiting waiting;
	size_t got, at = sizeof magic;

	if (fread(magic, 1, sizeof magic, file) != sizeof magic ||
	    memcmp(magic, MAGIC, sizeof magic) != 0)
		return err_set(info, ERR_FORMAT, "%.200s: no state of DNS queries", path);
	while ((got = fread(record, 1, sizeof record, file)) == sizeof record) {
		if (!decode(record, &waiting))
			return err_set(info, ERR_FORMAT,
			    "%.200s: offset %zu: not a query that waits", path, at);
		dns_state_add(state, &waiting);
		at += sizeof record;
	}
	if (ferror(file) || got != 0)
		return err_set(info, ERR_FORMAT, "%.200s: offset %zu: cut short", path, at);
	return ERR_OK;
}

enum err
dns_state_read(const char *path, struct dns_state *ret_state, struct err_info *info)
{
	FILE *file = fopen(path, "re");
	enum err e;

	*ret_state = (struct dns_state){ 0 };
	if (file == NULL && errno == ENOENT)
		return ERR_OK;
	if (file == NULL)
		return err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
	e = read_records(file, path, ret_state, info);
	(void)fclose(file);
	if (e != ERR_OK)
		dns_state_release(ret_state);
	return e;
}

enum err
dns_state_write(const char *path, const struct dns_state *state, struct err_info *info)
{
	char *beside = xasprintf("%s.new", path);
	FILE *file = fopen(beside, "we");
	uint8_t record[DNS_STATE_RECORD];
	bool good = file != NULL && fwrite(MAGIC, 1, sizeof MAGIC - 1, file) == sizeof MAGIC - 1;

	for (size_t i = 0; good && i < state->count; i++) {
		encode(&state->list[i], record);
		good = fwrite(record, 1, sizeof record, file) == sizeof record;
	}
	if (file != NULL && fclose(file) != 0)
		good = false;
	if (!good || rename(beside, path) != 0) {
		enum err e = err_set(info, ERR_IO, "%.200s: %s", path, strerror(errno));
		(void)unlink(beside);
		free(beside);
		return e;
	}
	free(beside);
	return ERR_OK;
}
