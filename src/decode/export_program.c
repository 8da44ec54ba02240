/* SPDX-License-Identifier: ISC */
/*
 * Runs the program of a template over one record: the inner loop of collecting.
 *
 * Offsets were checked when the template was compiled: those of a record of fixed size lie in its
 * size, and the caller has that many octets.  A field of variable length checks itself.
 */
#include <string.h>

#include "decode/export_template.h"

static uint64_t
load_unsigned(const uint8_t *p, size_t size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < size; i++)
		v = v << 8 | p[i];
	return v;
}

static bool
is_zero(const uint8_t *p, size_t size)
{
	while (size > 0 && p[size - 1] == 0)
		size--;
	return size == 0;
}

static double
load_float(const uint8_t *p, size_t size)
{
	uint64_t bits64;
	uint32_t bits32;
	double wide;
	float narrow;

	if (size == sizeof bits64) {
		bits64 = be64(p);
		memcpy(&wide, &bits64, sizeof wide);
		return wide;
	}
	if (size != sizeof bits32)
		return 0;
	bits32 = be32(p);
	memcpy(&narrow, &bits32, sizeof narrow);
	return narrow;
}

static void
store_unsigned(uint8_t *to, enum field_kind kind, uint64_t v)
{
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	switch (kind) {
	case FIELD_ONE: *to = v == 1; break;
	case FIELD_U8: *to = (uint8_t)v; break;
	case FIELD_VLAN:
		v16 = v16 & 0x0fff;
		if (v16 == 0)
			v16 = VLAN_NONE;
		memcpy(to, &v16, sizeof v16);
		break;
	case FIELD_U16: memcpy(to, &v16, sizeof v16); break;
	case FIELD_U32:
	case FIELD_LABEL: memcpy(to, &v32, sizeof v32); break;
	default: memcpy(to, &v, sizeof v); break;
	}
}

static void
store_text(uint8_t *to, size_t room, const uint8_t *p, size_t size)
{
	if (size > room - 1)
		size = room - 1;
	size = strnlen((const char *)p, size);
	memset(to, 0, room);
	memcpy(to, p, size);
}

static void
store_time(uint8_t *to, enum field_kind kind, const uint8_t *p, const struct export_context *c)
{
	nsec_t t = 0;

	switch (kind) {
	case FIELD_SECONDS: t = export_time_seconds(c, be32(p)); break;
	case FIELD_MILLISECONDS: t = export_time_milliseconds(c, be64(p)); break;
	case FIELD_NTP: t = export_time_ntp(c, be64(p)); break;
	case FIELD_BEFORE: t = c->export_time - (nsec_t)be32(p) * NSEC_PER_US; break;
	default: t = export_time_uptime(c, be32(p)); break;
	}
	memcpy(to, &t, sizeof t);
}

/* RFC 6759, 4.1: one octet of engine, the rest is the selector. */
static void
store_application(uint8_t *to, const uint8_t *p, size_t size)
{
	struct record_extra *extra =
	    (struct record_extra *)(void *)(to - offsetof(struct record_extra, application_engine));

	extra->application_engine = p[0];
	extra->application_selector = (uint32_t)load_unsigned(p + 1, size - 1);
}

static void
store_section(uint8_t *to, const struct load *l, const uint8_t *p, size_t size)
{
	struct export_scratch *scratch =
	    (struct export_scratch *)(void *)(to - offsetof(struct export_scratch, section));

	scratch->section = p;
	scratch->section_size = (uint32_t)size;
	scratch->section_element = l->element;
}

/* Octets of a target, to tell whether it was set already. */
static size_t
target_size(enum field_kind kind)
{
	switch (kind) {
	case FIELD_U8:
	case FIELD_ONE:
	case FIELD_APPLICATION:
	case FIELD_USER:
	case FIELD_NAME: return 1;
	case FIELD_U16: return 2;
	case FIELD_U32:
	case FIELD_LABEL: return 4;
	case FIELD_IP4:
	case FIELD_IP6: return 16;
	case FIELD_MAC: return 6;
	default: return 8;
	}
}

static bool
is_taken(const struct load *l, const uint8_t *to)
{
	if (l->kind == FIELD_VLAN)
		return be16(to) != VLAN_NONE;
	return !is_zero(to, target_size(l->kind));
}

/* One field by its kind; `size` fits the kind. */
static void
load_field(const struct load *l, const uint8_t *p, size_t size, uint8_t *to,
    const struct export_context *c)
{
	struct address address;
	double number;

	if (l->mode != LOAD_ALWAYS &&
	    (is_zero(p, size) || (l->mode == LOAD_SPARE && is_taken(l, to))))
		return;
	switch (l->kind) {
	case FIELD_IGNORED: break;
	case FIELD_IP4:
		address = address_from_ipv4(p);
		memcpy(to, &address, sizeof address);
		break;
	case FIELD_IP6: memcpy(to, p, sizeof address); break;
	case FIELD_MAC: memcpy(to, p, 6); break;
	case FIELD_SECONDS:
	case FIELD_MILLISECONDS:
	case FIELD_NTP:
	case FIELD_BEFORE:
	case FIELD_UPTIME: store_time(to, l->kind, p, c); break;
	case FIELD_FLOAT:
		number = load_float(p, size);
		memcpy(to, &number, sizeof number);
		break;
	case FIELD_USER: store_text(to, RECORD_USER_SIZE, p, size); break;
	case FIELD_NAME: store_text(to, RECORD_VRF_SIZE, p, size); break;
	case FIELD_APPLICATION: store_application(to, p, size); break;
	case FIELD_SECTION: store_section(to, l, p, size); break;
	default: store_unsigned(to, l->kind, load_unsigned(p, size)); break;
	}
}

/* RFC 7011, 7: one octet of length; 255 there means two octets more.  Returns the end of the field,
 * or NULL when the set has not so many octets. */
static const uint8_t *
load_variable(const struct load *l, const uint8_t *p, const uint8_t *end, uint8_t *to,
    const struct export_context *context)
{
	struct cursor c = cursor_over(p, (size_t)(end - p));
	size_t size = cursor_u8(&c);
	const uint8_t *field;

	if (size == 255)
		size = cursor_be16(&c);
	field = cursor_take(&c, size);
	if (c.failed || cursor_left(&c) < l->after)
		return NULL;
	if (size > 0 && export_field_fits(l->kind, (uint16_t)size))
		load_field(l, field, size, to, context);
	return c.at;
}

static inline void
put_ip4(uint8_t *to, const uint8_t *from)
{
	struct address a = address_from_ipv4(from);

	memcpy(to, &a, sizeof a);
}

static inline void
put_16(uint8_t *to, uint16_t v)
{
	memcpy(to, &v, sizeof v);
}

static inline void
put_32(uint8_t *to, uint32_t v)
{
	memcpy(to, &v, sizeof v);
}

static inline void
put_64(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof v);
}

static inline void
put_time(uint8_t *to, nsec_t v)
{
	memcpy(to, &v, sizeof v);
}

bool
export_program_run(const struct export_template *t, const struct export_context *context,
    const uint8_t **at, const uint8_t *end, uint8_t *const bases[FIELD_BASES])
{
	const struct load *l = t->loads;
	const uint8_t *p = *at;

	for (; l->code != LOAD_END; l++) {
		const uint8_t *from = p + l->offset;
		uint8_t *to = bases[l->base] + l->target;

		switch (l->code) {
		case LOAD_8: *to = *from; break;
		case LOAD_16: put_16(to, be16(from)); break;
		case LOAD_16_32: put_32(to, be16(from)); break;
		case LOAD_32: put_32(to, be32(from)); break;
		case LOAD_32_64: put_64(to, be32(from)); break;
		case LOAD_64: put_64(to, be64(from)); break;
		case LOAD_IP4: put_ip4(to, from); break;
		case LOAD_IP6: memcpy(to, from, 16); break;
		case LOAD_UPTIME: put_time(to, export_time_uptime(context, be32(from))); break;
		case LOAD_MILLISECONDS:
			put_time(to, export_time_milliseconds(context, be64(from)));
			break;
		case LOAD_GENERAL: load_field(l, from, l->size, to, context); break;
		default:
			p = load_variable(l, from, end, to, context);
			if (p == NULL)
				return false;
			break;
		}
	}
	*at = p + l->offset;
	return true;
}
