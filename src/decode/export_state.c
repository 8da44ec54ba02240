/* SPDX-License-Identifier: ISC */
/*
 * What a collector keeps across a restart, as a file.
 *
 *	"yagura exports 1", then parts: kind 1, size 4, octets, check 4
 *
 * Numbers are little-endian; the check is XXH3 of kind and octets, its low half.  Parts belong to
 * the exporter, and the domain, before them:
 *
 *	E address 16, listener 2
 *	R domain 4, id 4, kind 1, rate 4                                    a sampling rate
 *	D protocol 1, id 4, unit 1, flags 1, next number 4 (in either unit 4), uptime 4,
 *	  export time 8, system init 8, agent 16
 *	T id 2, options 1, defined 8, interval 8, template record           a template
 *	Z parts before this one 8                                           the end
 *
 * Templates are read back by the same code that reads them from messages, so that a file says
 * nothing that an exporter could not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/xmalloc.h"
#include "decode/export_template.h"

#define MAGIC      "yagura exports 1"
#define MAGIC_SIZE (sizeof MAGIC - 1)
#define PART_MAX   (1 << 17)

enum {
	EXPORTER_SIZE = 18,
	RATE_SIZE = 13,
	DOMAIN_SIZE = 51,
	TEMPLATE_SIZE = 19, /* and the record */
	END_SIZE = 8,
};

enum domain_flag {
	DOMAIN_SEQUENCE = 1 << 0,
	DOMAIN_SHADOW = 1 << 1,
	DOMAIN_CLOCK = 1 << 2,
};

struct writer {
	FILE *file; /* borrowed */
	uint64_t parts;
	bool failed;
};

static void
put_address(uint8_t *p, const struct address *a)
{
	memcpy(p, a->octets, sizeof a->octets);
}

static uint32_t
check_of(uint8_t kind, const uint8_t *data, size_t size)
{
	return (uint32_t)XXH3_64bits_withSeed(data, size, kind);
}

/* Writes a part whose octets are `head` and then `tail`. */
static void
write_part(struct writer *w, uint8_t kind, const uint8_t *head, size_t head_size,
    const uint8_t *tail, size_t tail_size)
{
	size_t size = head_size + tail_size;
	uint8_t *part = xmalloc(5 + size + 4);

	part[0] = kind;
	put_le32(part + 1, (uint32_t)size);
	memcpy(part + 5, head, head_size);
	if (tail_size > 0)
		memcpy(part + 5 + head_size, tail, tail_size);
	put_le32(part + 5 + size, check_of(kind, part + 5, size));
	w->failed |= fwrite(part, 5 + size + 4, 1, w->file) != 1;
	w->parts++;
	free(part);
}

static void
save_template(struct writer *w, const struct export_template *t)
{
	uint8_t p[TEMPLATE_SIZE];

	put_le16(p, t->id);
	p[2] = t->options;
	put_le64(p + 3, (uint64_t)t->defined);
	put_le64(p + 11, (uint64_t)t->interval);
	write_part(w, 'T', p, sizeof p, t->definition, t->definition_size);
}

static void
save_domain(struct writer *w, const struct export_domain *d)
{
	uint8_t p[DOMAIN_SIZE];

	p[0] = d->protocol;
	put_le32(p + 1, d->id);
	p[5] = d->unit;
	p[6] = (uint8_t)((d->sequence.started ? DOMAIN_SEQUENCE : 0) |
			 (d->shadow.started ? DOMAIN_SHADOW : 0) | (d->clocked ? DOMAIN_CLOCK : 0));
	put_le32(p + 7, d->sequence.next);
	put_le32(p + 11, d->shadow.next);
	put_le32(p + 15, d->uptime);
	put_le64(p + 19, (uint64_t)d->exported);
	put_le64(p + 27, (uint64_t)d->system_init);
	put_address(p + 35, &d->agent);
	write_part(w, 'D', p, sizeof p, NULL, 0);
	for (size_t i = 0; i < d->template_count; i++)
		save_template(w, d->templates[i]);
}

static void
save_exporter(struct writer *w, const struct exporter *e)
{
	uint8_t p[EXPORTER_SIZE], r[RATE_SIZE];

	put_address(p, &e->address);
	put_le16(p + 16, e->listener);
	write_part(w, 'E', p, sizeof p, NULL, 0);
	for (size_t i = 0; i < e->sampling.room; i++) {
		const struct sampling_rate *rate = &e->sampling.rates[i];

		if (!rate->used || rate->anywhere || rate->rate == 0)
			continue;
		put_le32(r, rate->domain);
		put_le32(r + 4, rate->id);
		r[8] = rate->kind;
		put_le32(r + 9, rate->rate);
		write_part(w, 'R', r, sizeof r, NULL, 0);
	}
	for (struct export_link *l = e->domains.newer; l != &e->domains; l = l->newer)
		save_domain(w, (const struct export_domain *)l);
}

enum err
exports_save(const struct exports *x, FILE *file, struct err_info *info)
{
	struct writer w = { .file = file };
	uint8_t end[END_SIZE];

	w.failed = fwrite(MAGIC, MAGIC_SIZE, 1, file) != 1;
	for (struct export_link *l = x->exporters.newer; l != &x->exporters; l = l->newer) {
		const struct exporter *e = (const struct exporter *)l;

		if (e->stream == 0)
			save_exporter(&w, e);
	}
	put_le64(end, w.parts);
	write_part(&w, 'Z', end, sizeof end, NULL, 0);
	if (w.failed || fflush(file) != 0)
		return err_set(info, ERR_IO, "the state of exporters: %s", strerror(errno));
	return ERR_OK;
}

struct reader {
	struct exports *x;
	FILE *file; /* borrowed */
	struct err_info *info;
	uint64_t offset, parts;
	struct export_message message;
	struct exporter *exporter;
	struct export_domain *domain;
	uint8_t *part; /* owned */
};

static enum err
damaged(struct reader *r, uint64_t offset, const char *what)
{
	if (r->info != NULL)
		r->info->offset = offset;
	return err_set(r->info, ERR_FORMAT, "the state of exporters: %s at octet %llu", what,
	    (unsigned long long)offset);
}

static struct address
get_address(const uint8_t *p)
{
	return address_from_ipv6(p);
}

static bool
load_exporter(struct reader *r, const uint8_t *p, size_t size)
{
	struct address address;

	if (size != EXPORTER_SIZE)
		return false;
	address = get_address(p);
	r->message.exporter = address;
	r->message.listener = le16(p + 16);
	r->exporter = export_exporter(r->x, &r->message, &address);
	r->domain = NULL;
	export_memory_check(r->x, r->exporter);
	return true;
}

static bool
load_rate(struct reader *r, const uint8_t *p, size_t size)
{
	struct sampling_rate said;

	if (size != RATE_SIZE || r->exporter == NULL || p[8] > SAMPLING_OF_ALL)
		return false;
	said = (struct sampling_rate){
		.domain = le32(p),
		.id = le32(p + 4),
		.kind = p[8],
		.rate = le32(p + 9),
	};
	if (said.rate != 0)
		export_sampling_store(r->x, r->exporter, &said);
	return said.rate != 0;
}

static bool
is_time(uint64_t t)
{
	return (int64_t)t >= EXPORT_TIME_MIN && (int64_t)t <= EXPORT_TIME_MAX;
}

static bool
is_protocol(uint8_t protocol)
{
	return protocol == EXPORT_NETFLOW5 || protocol == EXPORT_NETFLOW9 ||
	       protocol == EXPORT_IPFIX || protocol == EXPORT_SFLOW5 || protocol == 1 ||
	       protocol == 7;
}

static bool
load_domain(struct reader *r, const uint8_t *p, size_t size)
{
	struct export_domain *d;

	if (size != DOMAIN_SIZE || r->exporter == NULL || !is_protocol(p[0]) ||
	    p[5] > SEQUENCE_DATAGRAMS || !is_time(le64(p + 19)) || !is_time(le64(p + 27)))
		return false;
	d = export_domain(r->x, r->exporter, p[0], le32(p + 1));
	d->unit = p[5];
	d->sequence.started = (p[6] & DOMAIN_SEQUENCE) != 0;
	d->shadow.started = (p[6] & DOMAIN_SHADOW) != 0;
	d->clocked = (p[6] & DOMAIN_CLOCK) != 0;
	d->sequence.next = le32(p + 7);
	d->shadow.next = le32(p + 11);
	d->uptime = le32(p + 15);
	d->exported = (nsec_t)le64(p + 19);
	d->system_init = (nsec_t)le64(p + 27);
	d->agent = get_address(p + 35);
	r->domain = d;
	return true;
}

static bool
load_template(struct reader *r, const uint8_t *p, size_t size)
{
	struct export_reading g = {
		.x = r->x,
		.exporter = r->exporter,
		.domain = r->domain,
		.message = &r->message,
	};
	struct export_template *t = NULL;
	struct cursor c;

	if (r->domain == NULL || size <= TEMPLATE_SIZE || !is_time(le64(p + 3)) ||
	    !is_time(le64(p + 11)) || (int64_t)le64(p + 11) < 0 ||
	    (r->domain->protocol != EXPORT_NETFLOW9 && r->domain->protocol != EXPORT_IPFIX))
		return false;
	g.context.time = (nsec_t)le64(p + 3);
	c = cursor_over(p + TEMPLATE_SIZE, size - TEMPLATE_SIZE);
	if (!export_template_read(&g, &c, p[2] != 0, 0) || cursor_left(&c) != 0)
		return false;
	export_template_settle(&g);
	t = export_template_find(&g, le16(p), SIZE_MAX);
	if (t != NULL)
		t->interval = (nsec_t)le64(p + 11);
	/* It may have been refused or given way for a quota: no damage. */
	r->domain->report = (struct exporter_report){ 0 };
	return true;
}

static bool
load_part(struct reader *r, uint8_t kind, size_t size)
{
	switch (kind) {
	case 'E': return load_exporter(r, r->part, size);
	case 'R': return load_rate(r, r->part, size);
	case 'D': return load_domain(r, r->part, size);
	case 'T': return load_template(r, r->part, size);
	case 'Z': return size == END_SIZE && le64(r->part) == r->parts;
	default: return false;
	}
}

/* Reads one part; ERR_END after the last one. */
static enum err
read_part(struct reader *r)
{
	uint8_t head[5];
	uint32_t size;

	if (fread(head, sizeof head, 1, r->file) != 1)
		return damaged(r, r->offset, "it ends too early");
	size = le32(head + 1);
	if (size > PART_MAX)
		return damaged(r, r->offset, "a part is too large");
	if (fread(r->part, size + 4, 1, r->file) != 1)
		return damaged(r, r->offset, "it ends too early");
	if (le32(r->part + size) != check_of(head[0], r->part, size))
		return damaged(r, r->offset, "the check of a part is wrong");
	if (!load_part(r, head[0], size))
		return damaged(r, r->offset, "a part makes no sense");
	r->offset += sizeof head + size + 4;
	r->parts++;
	return head[0] == 'Z' ? ERR_END : ERR_OK;
}

enum err
exports_load(struct exports *x, FILE *file, struct err_info *info)
{
	struct drop_counters *drops = x->drops, ours = { .count = { 0 } };
	struct reader r = { .x = x, .file = file, .info = info, .offset = MAGIC_SIZE };
	uint8_t magic[MAGIC_SIZE];
	enum err e = ERR_OK;

	if (fread(magic, sizeof magic, 1, file) != 1 || memcmp(magic, MAGIC, MAGIC_SIZE) != 0)
		return damaged(&r, 0, "it does not begin as it should");
	/* What is odd about templates was counted when they came. */
	x->drops = &ours;
	r.part = xmalloc(PART_MAX + 4);
	while (e == ERR_OK)
		e = read_part(&r);
	free(r.part);
	export_memory_check(x, NULL);
	x->drops = drops;
	if (ferror(file) != 0)
		return err_set(info, ERR_IO, "the state of exporters: %s", strerror(errno));
	return e == ERR_END ? ERR_OK : e;
}
