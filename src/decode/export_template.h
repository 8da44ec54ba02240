/* SPDX-License-Identifier: ISC */
/*
 * Templates: parsed once, compiled into a short program of loads, run for every record.
 *
 * A template without fields of variable length has records of one size, so one test covers all
 * loads of a record.  A field of variable length tests that it and the least that must follow are
 * there, and what follows counts from its end.
 */
#ifndef YAGURA_DECODE_EXPORT_TEMPLATE_H
#define YAGURA_DECODE_EXPORT_TEMPLATE_H

#include "decode/export_field.h"
#include "decode/export_internal.h"

#define TEMPLATE_FIELDS_MAX 1024
#define TEMPLATE_VARIABLE   UINT16_MAX /* as a length: of variable length (RFC 7011, 7) */
#define TEMPLATE_ID_MIN     256
/* The largest record that a message of 65535 octets has room for. */
#define TEMPLATE_SIZE_MAX (UINT16_MAX - 16 - 4)

/* A field specifier. */
struct template_field {
	uint32_t enterprise; /* 0: IANA's */
	uint16_t id;
	uint16_t size;
	bool scope; /* of an options template */
};

/* How a load treats a target that other fields of the template have too. */
enum load_mode {
	LOAD_ALWAYS = 0,
	LOAD_NONZERO, /* the best of them: unless it is zero */
	LOAD_SPARE,   /* another one: if the target is still zero */
};

enum load_code {
	LOAD_END = 0,
	LOAD_8,
	LOAD_16, /* 2 octets into 16 bits */
	LOAD_16_32,
	LOAD_32,
	LOAD_32_64,
	LOAD_64,
	LOAD_IP4,
	LOAD_IP6,
	LOAD_UPTIME,
	LOAD_MILLISECONDS,
	LOAD_GENERAL,  /* by kind */
	LOAD_VARIABLE, /* a field of variable length: by kind, and what follows counts from its end
			*/
};

struct load {
	uint8_t code; /* enum load_code */
	uint8_t kind; /* enum field_kind */
	uint8_t base; /* enum field_base */
	uint8_t mode; /* enum load_mode */
	uint16_t offset;
	uint16_t target;
	uint16_t size;    /* of the field */
	uint16_t after;   /* variable: least octets that follow the field */
	uint16_t element; /* its identifier */
};

struct export_template {
	struct export_link link;       /* among those of the exporter, by last use; first member */
	struct export_domain *domain;  /* borrowed */
	struct export_template *older; /* owned: what it replaced in the message being read */
	size_t since;                  /* offset of its definition in that message */
	uint16_t id;
	bool options;
	bool variable;
	uint16_t size;  /* least octets of a record; all of them unless `variable` */
	uint32_t flags; /* enum field_flag of its fields together */
	bool extra;     /* some field goes into the extra */
	bool scratch;   /* some field goes into the scratch area */
	bool flow;      /* has addresses, counts or a packet */
	bool dual;      /* has addresses of both versions */
	bool finish;    /* export_finish_record has something to do */

	nsec_t defined;  /* when it came last */
	nsec_t interval; /* between the last two times; 0: it came once */

	/* What every record of it has, kept up by export_sampling.c and sets.c. */
	struct flow_record prototype;
	uint64_t sampling_generation;

	const uint8_t *definition; /* the template record as it came, after `loads` */
	size_t definition_size;
	size_t memory; /* octets of all this */
	struct load loads[];
};

/* What is known of the message that a record came in. */
struct export_context {
	nsec_t time;        /* when it came */
	nsec_t export_time; /* as its header says, shifted by `shift` */
	nsec_t shift;       /* what to add to the exporter's clock */
	uint32_t uptime;    /* sysUpTime then (NetFlow) */
	bool has_uptime;
	nsec_t system_init; /* when sysUpTime was 0, by the exporter's clock (IPFIX); 0 unknown */
	uint64_t input_offset;
};

/* One message being read. */
struct export_reading {
	struct exports *x;
	struct exporter *exporter;
	struct export_domain *domain;
	struct export_sink *sink;
	const struct export_message *message;
	struct export_context context;
	size_t header;     /* octets before the sets */
	uint32_t records;  /* data records and options data records read so far */
	uint32_t doubtful; /* octets of data sets that could not be read */
	bool ask_rate;     /* records of the template may have rates of their own */
	bool learned;      /* a template is new */
	bool changed;      /* one took the place of another one */
};

/* Reads one template record from `c` (options: of an options template) and makes it known; false
 * when nothing after it can be read.  `since`: where its set begins in the message. */
bool export_template_read(struct export_reading *g, struct cursor *c, bool options, size_t since);

/* The template of the domain for data at an offset of the message; NULL when there is none (left).
 */
struct export_template *export_template_find(struct export_reading *g, uint16_t id, size_t since);

/* Lets go of what was replaced while the message was read. */
void export_template_settle(struct export_reading *g);

/* export_compile.c: what the fields of a template come to; NULL when records of it would have no
 * octets or too many. */
struct export_template *
export_template_compile(struct export_reading *g, const struct template_field *fields, size_t count,
    bool options, const uint8_t *definition, size_t definition_size);

/* export_program.c: loads one record from `*at`, which moves past it.  False when the set ends
 * inside it. */
bool export_program_run(const struct export_template *t, const struct export_context *context,
    const uint8_t **at, const uint8_t *end, uint8_t *const bases[FIELD_BASES]);

/* export_finish.c: what the loaded fields come to, before the times are settled, … */
void export_finish_record(struct export_reading *g, const struct export_context *context,
    const struct export_template *t, struct flow_record *r, const struct export_scratch *scratch);
/* … and after: the times of the reverse direction. */
void export_finish_reverse(const struct export_context *c, struct flow_record *r);

/* export_sampling.c.  What an options record says. */
void export_sampling_learn(
    struct export_reading *g, const struct export_template *t, const struct export_scratch *s);
/* Brings the rate up to date that records of the template have unless they say something else;
 * whether each record has to be asked. */
bool export_sampling_prepare(struct export_reading *g, struct export_template *t);
/* The rate of one record. */
void export_sampling_record(const struct export_reading *g, const struct export_template *t,
    struct flow_record *r, const struct export_scratch *s);

/* export_buffer.c.  Keeps a data set until its template comes. */
void export_buffer_add(struct export_reading *g, uint16_t id, const uint8_t *data, size_t size);
/* Gives sets of the domain whose template is known now to `read`, options data first. */
void export_buffer_replay(struct export_reading *g);

/* export_sets.c.  Reads the sets that follow the header of a NetFlow v9 or IPFIX message: first the
 * templates of all of them, then options data, then flows. */
void export_sets_read(struct export_reading *g, struct cursor sets);
/* Reads the data of one set; how many records it held. */
uint32_t export_sets_data(struct export_reading *g, const struct export_context *context,
    struct export_template *t, const uint8_t *data, size_t size);

/* export_time.c.  What the times of a message with this export time refer to. */
struct export_context
export_time_context(struct exports *x, const struct export_message *m, nsec_t exported);

/* Puts the times of a record in order and within an hour of its message. */
void export_time_settle(struct exports *x, const struct export_context *c, struct flow_record *r);
nsec_t export_time_clamp(const struct export_context *c, nsec_t t);

/* Whether uptimes and export times of two messages say that the exporter began anew in between. */
bool
export_time_restarted(uint32_t before, nsec_t exported_before, uint32_t now, nsec_t exported_now);

#define EXPORT_HOUR     (3600 * NSEC_PER_SEC)
#define EXPORT_TIME_MIN (-(INT64_C(1) << 61)) /* times that can be reckoned with */
#define EXPORT_TIME_MAX ((INT64_C(1) << 62) - 1)

static inline bool
export_time_is_settled(const struct export_context *c, const struct flow_record *r)
{
	return r->flow.first[0] <= r->flow.last[0] && r->flow.first[0] >= c->time - EXPORT_HOUR &&
	       r->flow.last[0] <= c->time + EXPORT_HOUR;
}

/* The field's time counts from when the exporter started, in milliseconds that wrap. */
static inline nsec_t
export_time_uptime(const struct export_context *c, uint32_t uptime)
{
	return c->export_time - (nsec_t)(int32_t)(c->uptime - uptime) * NSEC_PER_MS;
}

static inline nsec_t
export_time_milliseconds(const struct export_context *c, uint64_t milliseconds)
{
	if (milliseconds > (uint64_t)EXPORT_TIME_MAX / NSEC_PER_MS)
		return INT64_MAX;
	return (nsec_t)milliseconds * NSEC_PER_MS + c->shift;
}

nsec_t export_time_seconds(const struct export_context *c, uint32_t seconds);
nsec_t export_time_ntp(const struct export_context *c, uint64_t ntp);

#endif
