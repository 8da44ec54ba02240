/* SPDX-License-Identifier: ISC */
/*
 * What the parts of security/ddos share: classes of packets, counts of ten seconds, thresholds.
 *
 * The unit of everything is a *slot*: one destination in ten seconds of the clock.  Packets go into
 * a small table of the slot at hand (ddos_now.c); when the clock moves on, its entries are added to
 * the log of the window (ddos_log.c), whose records of one destination and slot add up, in whatever
 * order and from whatever shard they come.  So an attack is counted from its first packet, and
 * nothing is kept of a destination but what it got.  Who sent it, in which shape, is noted beside
 * that for destinations that get more than a few packets (ddos_watch.c).
 */
#ifndef YAGURA_ANALYSIS_SECURITY_DDOS_H
#define YAGURA_ANALYSIS_SECURITY_DDOS_H

#include "analysis/analysis.h"
#include "analysis/security/ddos_http.h"
#include "analysis/security/ddos_watch.h"

#define DDOS_SLOT     (10 * NSEC_PER_SEC)
#define DDOS_SECONDS  10 /* of a slot */
#define DDOS_SERVICES 3  /* reflecting services told apart in one slot */

/* What a packet is.  The first is what established connections consist of; it is counted apart from
 * all others where it matters. */
enum ddos_class {
	DDOS_TCP, /* ACK, RST, FIN, data, no flags at all */
	DDOS_SYN, /* SYN without ACK */
	DDOS_SYN_ACK,
	DDOS_UDP, /* not from the port of a reflecting service */
	DDOS_ICMP,
	DDOS_FRAGMENT,  /* of datagrams that do not come from such a port */
	DDOS_OTHER,     /* other IP protocols */
	DDOS_REFLECTED, /* UDP from the ports of the slot's services[0…] */
	DDOS_CLASSES = DDOS_REFLECTED + DDOS_SERVICES,
};

/* Times and rates are kept for the class TCP, and for all others together. */
enum ddos_side { DDOS_SIDE_TCP, DDOS_SIDE_REST, DDOS_SIDES };

static inline enum ddos_side
ddos_side(unsigned class)
{
	return class == DDOS_TCP ? DDOS_SIDE_TCP : DDOS_SIDE_REST;
}

/* Counts of one destination, or prefix, in one slot. */
struct ddos_slot {
	struct address target;           /* masked to `length` */
	uint32_t slot;                   /* time / DDOS_SLOT */
	uint8_t length;                  /* of the target in its own family: 32, 128, or shorter */
	uint8_t services[DDOS_SERVICES]; /* numbers of the reflecting services, 0 none */
	nsec_t first[DDOS_SIDES], last[DDOS_SIDES]; /* first is 0 where there is none */
	uint64_t packets[DDOS_CLASSES];
	uint64_t octets[DDOS_CLASSES];
	uint64_t second_packets[DDOS_SIDES][DDOS_SECONDS];
	uint64_t second_octets[DDOS_SIDES][DDOS_SECONDS];
	uint64_t first_fragments; /* of the reflected packets, those that begin a datagram */
	/* Of what the target sent in the window, as much as the slot has of the answers; known
	 * only when rows are made. */
	uint64_t asked;       /* packets to ports of reflecting services */
	uint64_t syn_sent;    /* SYN */
	uint64_t connections; /* handshakes to the target that were completed, by begin */
	double variance;      /* of the packets, where they are estimates; else 0 */
	double octets_variance;
	/* Of a prefix: its busiest address, and how many there were. */
	uint64_t top_packets, top_octets, addresses;
};

static inline uint64_t
ddos_total(const uint64_t counts[DDOS_CLASSES])
{
	uint64_t total = 0;

	for (unsigned c = 0; c < DDOS_CLASSES; c++)
		total += counts[c];
	return total;
}

/* ------------------------------------------------------------------ services */

#define DDOS_SERVICE_NONE 0

/* The number of a reflecting service by UDP port, or DDOS_SERVICE_NONE. */
unsigned ddos_service_of(uint16_t port);
/* "dns", "ntp", …; its port. */
const char *ddos_service_name(unsigned service);
uint16_t ddos_service_port(unsigned service);

/* ------------------------------------------------------------------ thresholds */

struct ddos_limits {
	double packets, bits;                       /* a second, to one target */
	double syn, connections, requests;          /* a second */
	double syn_pattern, syn_share, syn_sources; /* lower, with further conditions */
	double syn_ack_pattern, icmp_pattern;
	double reflected_octets, reflectors;
};

struct ddos_limits ddos_limits(const struct settings *settings);

/* Whether a slot comes so near to any threshold that its target is worth keeping. */
bool ddos_is_near(const struct ddos_limits *limits, const struct ddos_slot *slot);

/* ------------------------------------------------------------------ the log of a window */

struct ddos_log {
	struct ddos_slot *list; /* owned */
	uint32_t *places;       /* owned; number in the list + 1 */
	size_t count, room, most;
	uint32_t place_mask;
	uint64_t least;    /* packets that a slot must have to be entered: rises under pressure */
	uint64_t given_up; /* packets of slots that were not kept, in no prefix either */
	struct hash_linear hash;
};

void ddos_log_init(struct ddos_log *log, size_t most, const struct hash_secret *secret);
void ddos_log_release(struct ddos_log *log);
void ddos_log_clear(struct ddos_log *log);
/* The counts of a target in a slot, made when new; good until the next call. */
struct ddos_slot *
ddos_log_at(struct ddos_log *log, const struct address *target, uint8_t length, uint32_t slot);
/* Adds one slot's counts into another of the same target and slot. */
void ddos_slot_add(struct ddos_slot *into, const struct ddos_slot *from);
/* Adds packets of a service, as DDOS_REFLECTED + n where it has or gets a place, else as UDP. */
unsigned ddos_slot_service(struct ddos_slot *slot, unsigned service);
void ddos_log_merge(struct ddos_log *into, const struct ddos_log *from);
/* Sorts by length, target and slot; nothing may be looked up afterwards. */
void ddos_log_sort(struct ddos_log *log);

/* ------------------------------------------------------------------ who asked */

/*
 * How many SYN, and packets to the ports of reflecting services, an address sent in the window:
 * what came to an address that asked for it is no attack.  Counted in cells by hash (G. Cormode, S.
 * Muthukrishnan, "An improved data stream summary: the count-min sketch and its applications",
 * Journal of Algorithms 55, 2005) of one row, less the mean of the other cells, so that forged
 * senders cost nothing and add no more than noise.
 */
#define DDOS_CELLS 4096

enum ddos_sent { DDOS_SENT_SYN, DDOS_SENT_QUESTIONS, DDOS_SENT_KINDS };

struct ddos_senders {
	uint32_t cells[DDOS_SENT_KINDS][DDOS_CELLS];
	uint64_t totals[DDOS_SENT_KINDS];
};

/* The cell of an address, by its hash. */
static inline uint32_t
ddos_cell(uint32_t hash)
{
	return hash >> 7 & (DDOS_CELLS - 1);
}

static inline void
ddos_sent(struct ddos_senders *s, enum ddos_sent kind, const struct address *sender, uint64_t n)
{
	s->cells[kind][ddos_cell(ddos_hash(sender))] += (uint32_t)n;
	s->totals[kind] += n;
}

uint64_t
ddos_sent_by(const struct ddos_senders *s, enum ddos_sent kind, const struct address *sender);
void ddos_senders_merge(struct ddos_senders *into, const struct ddos_senders *from);

/* ------------------------------------------------------------------ the slot at hand */

struct ddos_now;

/* What packets are noted in, beside the table. */
struct ddos_notes {
	struct ddos_log *log;
	struct ddos_watches *watches;
	struct ddos_senders *senders;
};

struct ddos_now *ddos_now_new(void);
void ddos_now_free(struct ddos_now *now);
void ddos_now_observe(struct ddos_now *now, const struct ddos_notes *notes,
    const struct packet *const *packets, size_t n);
/* Adds what is in the table to the log; `now` is left as it is. */
void ddos_now_add(const struct ddos_now *now, struct ddos_log *log);
void ddos_now_clear(struct ddos_now *now);
bool ddos_now_counted(const struct ddos_now *now); /* whether anything was observed */

/* ------------------------------------------------------------------ downloads */

/* Established connections that carry much from one address to another: what speed tests,
 * downloads and backups look like. */
#define DDOS_PAIRS 256

struct ddos_pair {
	struct address target, source;
	nsec_t begin, end;
	uint64_t octets, packets; /* to the target */
};

struct ddos_pairs {
	struct ddos_pair list[DDOS_PAIRS];
	uint32_t count;
	uint64_t refused;
};

/* ------------------------------------------------------------------ the state */

struct ddos {
	struct ddos_limits limits;
	const struct site *site; /* borrowed */
	struct ddos_now *now;    /* owned */
	struct ddos_log log;
	struct ddos_watches watches;
	struct ddos_senders senders;
	struct ddos_pairs pairs;
	struct ddos_http http;
	uint64_t packets, octets, records, sampled_records, unknown_rates, requests;
	uint32_t targets_most;
};

/* Counts flow records, flows and requests. */
void ddos_observe_records(struct ddos *d, const struct batch *batch);
void ddos_observe_flows(struct ddos *d, const struct batch *batch);
void ddos_pairs_merge(struct ddos_pairs *into, const struct ddos_pairs *from);
void ddos_pairs_enter(struct ddos_pairs *pairs, const struct ddos_pair *pair);

/* Whether packets to this address are looked at: not those to groups and everybody. */
static inline bool
ddos_is_host(const struct address *a)
{
	if (address_is_ipv4(a))
		return a->octets[12] < 224 && a->octets[12] != 0;
	return a->octets[0] != 0xff && (a->words[0] | a->words[1]) != 0;
}

/* ------------------------------------------------------------------ rows */

enum ddos_table {
	DDOS_WINDOWS,
	DDOS_SLOTS,
	DDOS_LEVELS,
	DDOS_DETAILS,
	DDOS_DOWNLOADS,
	DDOS_REQUESTS,
	DDOS_TABLES,
};

enum {
	DDOS_SLOT_TARGET,
	DDOS_SLOT_LENGTH,
	DDOS_SLOT_BEGIN,
	DDOS_SLOT_TIMES, /* first and last of both sides, ns within the slot */
	DDOS_SLOT_COUNTS = DDOS_SLOT_TIMES + 2 * DDOS_SIDES, /* packets, octets of each class */
	DDOS_SLOT_SERVICES = DDOS_SLOT_COUNTS + 2 * DDOS_CLASSES,
	DDOS_SLOT_PEAKS = DDOS_SLOT_SERVICES + DDOS_SERVICES, /* packets, octets: each side, all */
	DDOS_SLOT_FIRST_FRAGMENTS = DDOS_SLOT_PEAKS + 2 * (DDOS_SIDES + 1),
	DDOS_SLOT_ASKED,
	DDOS_SLOT_SYN_SENT,
	DDOS_SLOT_CONNECTIONS,
	DDOS_SLOT_VARIANCE,
	DDOS_SLOT_OCTETS_VARIANCE,
	DDOS_SLOT_TOP_PACKETS,
	DDOS_SLOT_TOP_OCTETS,
	DDOS_SLOT_ADDRESSES,
	DDOS_SLOT_COLUMNS,
};

extern const struct table DDOS_TABLE_LIST[DDOS_TABLES];

void ddos_rows(struct ddos *d, const struct window *window, const struct row_sink *sink);

enum err
ddos_section(const struct section_context *context, struct section *section, struct err_info *info);

#endif
