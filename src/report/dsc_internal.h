/* SPDX-License-Identifier: ISC */
/* What the parts of report/dsc share; for them alone. */
#ifndef YAGURA_REPORT_DSC_INTERNAL_H
#define YAGURA_REPORT_DSC_INTERNAL_H

#include "base/hash.h"
#include "net/address.h"
#include "report/dsc.h"

#define DSC_NAME_SIZE  512 /* of dsc's buffer for a name */
#define DSC_LABEL_SIZE 512
#define DSC_CHAINS     65536
#define DSC_HEADS      (1U << 18) /* at least DSC_CHAINS */
#define DSC_VALUES     (1U << 20) /* of one indexer, at most */

enum dsc_indexer {
	DSC_NULL,
	DSC_QTYPE,
	DSC_QCLASS,
	DSC_RCODE,
	DSC_OPCODE,
	DSC_MSGLEN,
	DSC_QNAMELEN,
	DSC_LABEL_COUNT,
	DSC_QNAME,
	DSC_SECOND_LD,
	DSC_THIRD_LD,
	DSC_TLD,
	DSC_CLIENT,
	DSC_SERVER,
	DSC_CLIENT_SUBNET,
	DSC_CERTAIN_QNAMES,
	DSC_CLASSIFICATION,
	DSC_IDN_QNAME,
	DSC_EDNS_VERSION,
	DSC_EDNS_BUFSIZ,
	DSC_DO_BIT,
	DSC_RD_BIT,
	DSC_TC_BIT,
	DSC_QR_AA_BITS,
	DSC_TRANSPORT,
	DSC_SOURCE_PORT,
	DSC_PORT_RANGE,
	DSC_IP_DIRECTION,
	DSC_IP_PROTO,
	DSC_IP_VERSION,
	DSC_DNS_IP_VERSION,
	DSC_INDEXERS,
};

/* A message, or a packet alone, as indexers and filters see it. */
struct dsc_seen {
	const struct dns_message *message; /* NULL for a packet */
	const struct address *source, *destination, *client, *server;
	uint16_t source_port;
	uint8_t protocol, ip_version;
	bool response;
	char name[DSC_NAME_SIZE]; /* as dsc has it: lower case, dots between labels */
	size_t name_size;
	const char *tld;               /* in `name`; NULL until asked for */
	int64_t numbers[DSC_INDEXERS]; /* of its values; DSC_UNKNOWN until asked for */
};

#define DSC_UNKNOWN (-2)

/* The values an indexer has met, numbered from 0 in the order of their coming.  Names and addresses
 * are found by a keyed hash; numbers have a place each. */
struct dsc_values {
	struct dsc_value {
		char *label;   /* owned */
		uint64_t hash; /* the keyed one */
		uint32_t chain;
		uint32_t next; /* number + 1 of the next one with the head of this one */
	} * list;              /* owned */
	uint32_t count;
	uint32_t *heads;  /* owned; DSC_HEADS, number + 1 */
	uint32_t largest; /* of the indexers that number by value */
};

struct dsc_dataset {
	char *name;      /* owned */
	char *titles[2]; /* owned: of the dimensions */
	enum dsc_indexer indexers[2];
	bool packets;     /* the layer ip */
	uint32_t filters; /* set of 1 << filter */
	uint64_t max_cells, min_count;
	struct dsc_row {
		uint64_t *counts; /* owned */
		size_t size;
	} * rows;    /* owned */
	size_t size; /* of rows: 0, or a power of two from 2 on */
};

/* Names with a flag: a TLD, or something below one of which there is a TLD. */
struct dsc_names {
	char **list; /* owned, sorted once all are there */
	size_t count;
};

struct dsc {
	const struct suffix_list *suffixes; /* borrowed */
	struct hash_secret secret;
	struct dsc_dataset *datasets; /* owned; in the order of the configuration */
	size_t dataset_count;
	struct dsc_values values[DSC_INDEXERS];
	struct dsc_local {
		struct address address, mask;
	} * locals; /* owned */
	size_t local_count;
	struct address masks[2];  /* of clients' subnets: IPv4, IPv6 */
	struct dsc_names tlds;    /* of the list of TLDs */
	struct dsc_names parents; /* what has TLDs below it */
	struct dsc_names known;   /* of the file of known TLDs */
	char *input;              /* owned: the name of the (last) input; NULL for none */
	uint64_t input_packets;
	nsec_t first, last;
	bool seen, right_ports;
	uint64_t refused;
};

/* By name, as a configuration has it; DSC_INDEXERS when there is none. */
enum dsc_indexer dsc_indexer_find(const char *name);
/* The number of the filter with a name; -1 when there is none. */
int dsc_filter_find(const char *name);

/* Whether what was seen passes all filters of a set. */
bool dsc_filter(const struct dsc_seen *seen, uint32_t filters);

/* The number of a message's value for an indexer; -1 when it has none. */
int64_t dsc_index(struct dsc *dsc, enum dsc_indexer indexer, struct dsc_seen *seen);

/* The numbers of an indexer in the order in which dsc lists them: a new array. */
uint32_t *dsc_order(const struct dsc *dsc, enum dsc_indexer indexer, size_t *ret_count);
/* The text of a value. */
const char *dsc_label(
    const struct dsc *dsc, enum dsc_indexer indexer, uint32_t number, char text[DSC_LABEL_SIZE]);

/* Where the last `level` labels of a name begin, a TLD of the list counting as one. */
const char *dsc_level(const struct dsc *dsc, const char *name, unsigned level);

void dsc_names_add(struct dsc_names *names, const char *name, size_t size);
void dsc_names_sort(struct dsc_names *names);
bool dsc_names_have(const struct dsc_names *names, const char *name);
void dsc_names_release(struct dsc_names *names);

#endif
