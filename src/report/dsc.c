/* SPDX-License-Identifier: ISC */
/* dsc's datasets: counting and life; see dsc.h. */
#include "report/dsc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "report/dsc_internal.h"

static const uint8_t IPV4_MASK[4] = { 255, 255, 255, 0 };

struct dsc *
dsc_new(const struct suffix_list *suffixes)
{
	struct dsc *dsc = xcalloc(1, sizeof *dsc);

	dsc->suffixes = suffixes;
	dsc->secret = hash_secret_new();
	dsc->masks[0] = address_from_ipv4(IPV4_MASK);
	memset(dsc->masks[0].octets, 255, 12);
	memset(dsc->masks[1].octets, 255, 12); /* /96, as dsc has it */
	return dsc;
}

static void
dataset_release(struct dsc_dataset *set)
{
	for (size_t i = 0; i < set->size; i++)
		free(set->rows[i].counts);
	free(set->rows);
	free(set->name);
	free(set->titles[0]);
	free(set->titles[1]);
}

void
dsc_free(struct dsc *dsc)
{
	if (dsc == NULL)
		return;
	for (size_t i = 0; i < dsc->dataset_count; i++)
		dataset_release(&dsc->datasets[i]);
	free(dsc->datasets);
	for (size_t i = 0; i < DSC_INDEXERS; i++) {
		for (uint32_t v = 0; v < dsc->values[i].count; v++)
			free(dsc->values[i].list[v].label);
		free(dsc->values[i].list);
		free(dsc->values[i].heads);
	}
	free(dsc->locals);
	dsc_names_release(&dsc->tlds);
	dsc_names_release(&dsc->parents);
	dsc_names_release(&dsc->known);
	free(dsc->input);
	free(dsc);
}

void
dsc_right_ports(struct dsc *dsc)
{
	dsc->right_ports = true;
}

void
dsc_input(struct dsc *dsc, const char *name, uint64_t packets)
{
	free(dsc->input);
	dsc->input = xstrdup(name);
	dsc->input_packets = packets;
}

uint64_t
dsc_refused(const struct dsc *dsc)
{
	return dsc->refused;
}

/* ------------------------------------------------------------------ names */

void
dsc_names_add(struct dsc_names *names, const char *name, size_t size)
{
	char *copy = xmalloc(size + 1);

	for (size_t i = 0; i < size; i++)
		copy[i] = (char)tolower((unsigned char)name[i]);
	copy[size] = '\0';
	names->list = xrealloc_array(names->list, names->count + 1, sizeof *names->list);
	names->list[names->count++] = copy;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
dsc_names_sort(struct dsc_names *names)
{
	if (names->count != 0)
		qsort(names->list, names->count, sizeof *names->list, compare_names);
}

bool
dsc_names_have(const struct dsc_names *names, const char *name)
{
	return names->count != 0 && bsearch(&name, names->list, names->count, sizeof *names->list,
					compare_names) != NULL;
}

void
dsc_names_release(struct dsc_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct dsc_names){ .count = 0 };
}

/* ------------------------------------------------------------------ counting */

/* The size dsc's array would have grown to. */
static size_t
grown(size_t size, size_t index)
{
	size = size < 2 ? 2 : size;
	while (size <= index)
		size *= 2;
	return size;
}

static void
count(struct dsc_dataset *set, size_t first, size_t second)
{
	struct dsc_row *row;

	if (first >= set->size) {
		size_t size = grown(set->size, first);
		set->rows = xrealloc_array(set->rows, size, sizeof *set->rows);
		memset(&set->rows[set->size], 0, (size - set->size) * sizeof *set->rows);
		set->size = size;
	}
	row = &set->rows[first];
	if (second >= row->size) {
		size_t size = grown(row->size, second);
		row->counts = xrealloc_array(row->counts, size, sizeof *row->counts);
		memset(&row->counts[row->size], 0, (size - row->size) * sizeof *row->counts);
		row->size = size;
	}
	row->counts[second]++;
}

/* The number of a value; asked for once a message. */
static inline int64_t
number_of(struct dsc *dsc, enum dsc_indexer indexer, struct dsc_seen *seen)
{
	int64_t *number = &seen->numbers[indexer];

	if (*number == DSC_UNKNOWN)
		*number = dsc_index(dsc, indexer, seen);
	return *number;
}

static void
count_all(struct dsc *dsc, struct dsc_seen *seen)
{
	for (size_t i = 0; i < DSC_INDEXERS; i++)
		seen->numbers[i] = DSC_UNKNOWN;
	/* dsc puts each new dataset in front, so the last one numbers values first. */
	for (size_t i = dsc->dataset_count; i-- != 0;) {
		struct dsc_dataset *set = &dsc->datasets[i];
		int64_t first, second;
		if (set->packets != (seen->message == NULL) || !dsc_filter(seen, set->filters))
			continue;
		first = number_of(dsc, set->indexers[0], seen);
		second = first >= 0 ? number_of(dsc, set->indexers[1], seen) : -1;
		if (second >= 0)
			count(set, (size_t)first, (size_t)second);
	}
}

static void
note_time(struct dsc *dsc, nsec_t time)
{
	if (!dsc->seen || time < dsc->first)
		dsc->first = time;
	if (!dsc->seen || time > dsc->last)
		dsc->last = time;
	dsc->seen = true;
}

void
dsc_packet(struct dsc *dsc, const struct packet *p)
{
	struct dsc_seen seen;

	note_time(dsc, p->time);
	if (p->kind != PACKET_IP)
		return;
	/* The name is not cleared, only ended: it is large. */
	seen.message = NULL;
	seen.source = seen.client = &p->source;
	seen.destination = seen.server = &p->destination;
	seen.source_port = p->source_port;
	seen.protocol = p->protocol;
	seen.ip_version = p->ip_version;
	seen.response = false;
	seen.name[0] = '\0';
	seen.name_size = 0;
	seen.tld = NULL;
	count_all(dsc, &seen);
}

/* A name as a C string of dsc's: what follows a zero octet is not there. */
static size_t
write_name(const struct dns_message *m, char *to)
{
	size_t size = 0;

	for (size_t at = 0; at < m->name_size && m->name[at] != 0; at += 1U + m->name[at]) {
		if (size != 0)
			to[size++] = '.';
		for (size_t i = 0; i < m->name[at]; i++) {
			uint8_t c = m->name[at + 1 + i];
			to[size++] = (char)(c == '\n' || c == '\r' ? ' ' : c);
		}
	}
	to[size] = '\0';
	if (m->name_size == 1)
		memcpy(to, ".", 2);
	return strlen(to);
}

void
dsc_message(struct dsc *dsc, const struct dns_message *m)
{
	bool response = (m->flags & DNS_RESPONSE) != 0;
	struct dsc_seen seen;

	seen.message = m;
	seen.source = response ? &m->server : &m->client;
	seen.destination = response ? &m->client : &m->server;
	seen.client = &m->client;
	seen.server = &m->server;
	seen.source_port = response ? m->server_port : m->client_port;
	seen.protocol = m->transport == DNS_UDP || m->transport == DNS_DOQ ? 17 : 6;
	seen.ip_version = address_is_ipv4(&m->client) ? 4 : 6;
	seen.response = response;
	seen.tld = NULL;
	note_time(dsc, m->time);
	seen.name_size = write_name(m, seen.name);
	count_all(dsc, &seen);
}
