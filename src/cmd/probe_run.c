/* SPDX-License-Identifier: ISC */
/* Asks, serves and listens; see probe_run.h. */
#include "cmd/probe_run.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/xmalloc.h"
#include "decode/dns.h"
#include "net/dns.h"

#define NETWORK_PAUSE NSEC_PER_SEC /* between two queries to one network */
#define NETWORK_SLOTS 65536
#define DEFERRED_MOST 512
#define RESULTS_MOST  (1U << 18)
#define DATAGRAM_SIZE 65535
#define AT_ONCE       64 /* packets taken before the next is sent */

static const uint8_t VERSION_NAME[] = { 7, 'v', 'e', 'r', 's', 'i', 'o', 'n', 4, 'b', 'i', 'n', 'd',
	0 };

enum { SOCKET_ASK4, SOCKET_ASK6, SOCKET_LISTEN, SOCKET_SIGNAL, SOCKETS };

/* What is asked. */
enum question { QUESTION_PROBE, QUESTION_VERSION, QUESTION_ANY };

struct run {
	const struct probe_plan *plan;
	const struct probe_options *options;
	struct probe_outcome *outcome;
	struct pollfd sockets[SOCKETS];
	nsec_t next;              /* when the next packet may go */
	nsec_t *networks;         /* owned: when the next packet to each may go, by a hash */
	struct address *deferred; /* owned: whose network must rest first */
	size_t deferred_count;
	enum question question;
	uint8_t datagram[DATAGRAM_SIZE];
};

static uint64_t
weigh(const struct dns_pool *pool, const void *entry)
{
	(void)pool;
	return ((const struct probe_result *)entry)->answered;
}

static const struct dns_pool_shape RESULTS = { 2, sizeof(struct probe_result), RESULTS_MOST,
	weigh };

static nsec_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static socklen_t
put_sockaddr(struct sockaddr_storage *ret, const struct address *a, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof *ret);
	if (address_is_ipv4(a)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, a->octets + 12, 4);
		return sizeof *v4;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, a->octets, 16);
	return sizeof *v6;
}

static struct address
from_sockaddr(const struct sockaddr_storage *s)
{
	uint8_t octets[16];

	if (s->ss_family == AF_INET) {
		memcpy(octets, &((const struct sockaddr_in *)s)->sin_addr, 4);
		return address_from_ipv4(octets);
	}
	memcpy(octets, &((const struct sockaddr_in6 *)s)->sin6_addr, 16);
	return address_from_ipv6(octets);
}

static enum err
open_sockets(struct run *run, struct err_info *info)
{
	const struct address *listen = &run->options->listen;
	char text[ADDRESS_TEXT_SIZE];
	struct sockaddr_storage to;
	socklen_t size = put_sockaddr(&to, listen, run->options->listen_port);
	sigset_t signals;
	int fds[SOCKETS];

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[SOCKET_ASK4] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[SOCKET_ASK6] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[SOCKET_LISTEN] = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[SOCKET_SIGNAL] = signalfd(-1, &signals, SFD_CLOEXEC);
	for (size_t i = 0; i < SOCKETS; i++)
		run->sockets[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	/* A host without IPv6 asks over IPv4. */
	if (fds[SOCKET_ASK4] < 0 || fds[SOCKET_LISTEN] < 0 || fds[SOCKET_SIGNAL] < 0)
		return err_set(info, ERR_IO, "no socket: %s", strerror(errno));
	if (bind(fds[SOCKET_LISTEN], (const struct sockaddr *)&to, size) != 0)
		return err_set(info, ERR_IO, "cannot serve the zone on %s port %u: %s",
		    address_format(listen, text), run->options->listen_port, strerror(errno));
	return ERR_OK;
}

static struct probe_result *
result_at(struct run *run, const struct address *target)
{
	struct dns_pool *results = &run->outcome->results;
	struct probe_result *r = dns_pool_find(results, target->words);

	if (r == NULL && results->count < RESULTS_MOST)
		r = dns_pool_at(results, target->words);
	return r;
}

/* Whether the plan has the address: names can be replayed by who saw them, but not made up. */
static bool
is_planned(const struct run *run, const struct address *target)
{
	for (size_t i = 0; i < run->plan->prefix_count; i++)
		if (prefix_contains(&run->plan->prefixes[i], target))
			return true;
	return false;
}

static uint16_t
id_of(const struct run *run, const struct address *target)
{
	return (uint16_t)hash_words(&run->options->names.secret, target->words, 2);
}

/* Whom a response is about: the name says it; an error without a question (Unbound refuses so) is
 * its sender's when the id is right. */
static bool
find_target(const struct run *run, const struct dns_message *m, const struct address *from,
    struct address *ret_target)
{
	if (m->name_size != 0)
		return probe_name_read(&run->options->names, m->name, m->name_size, ret_target) ==
		       PROBE_NAME_TARGET;
	*ret_target = *from;
	return m->rcode != DNS_RCODE_NOERROR && m->id == id_of(run, from);
}

static void
take_probe(struct run *run, const struct dns_message *m, const struct address *from)
{
	struct probe_counts *counts = &run->outcome->counts;
	struct probe_result *r;
	struct address target;
	enum probe_class class;

	if (!find_target(run, m, from, &target) || !is_planned(run, &target) ||
	    (r = result_at(run, &target)) == NULL) {
		counts->foreign++;
		return;
	}
	counts->responses++;
	class = probe_classify(&run->options->names, m, &target, from, &r->egress);
	if (r->answered && class <= r->class)
		return;
	r->answered = true;
	r->class = (uint8_t) class;
	r->from = *from;
	r->rcode = m->rcode;
	r->size = m->message_size;
}

/* The first string of the first TXT record. */
static void
take_version(struct probe_result *r, const struct dns_message *m)
{
	struct dns_walk walk;
	struct dns_rr rr;
	size_t size;

	dns_walk_init(&walk, m->data, m->size);
	while (dns_walk_next(&walk, &rr) && rr.section == DNS_ANSWER) {
		const uint8_t *data = m->data + rr.data_at;
		if (rr.type != DNS_TYPE_TXT || rr.data_size < 1 || data[0] >= rr.data_size)
			continue;
		size = data[0] < PROBE_VERSION_SIZE ? data[0] : PROBE_VERSION_SIZE - 1;
		for (size_t i = 0; i < size; i++) {
			char c = (char)data[1 + i];
			r->version[i] = '?';
			if (c >= ' ' && c < 0x7f && c != '"')
				r->version[i] = c;
		}
		r->version[size] = '\0';
		return;
	}
}

/* Answers of later questions are known by their id: the result's number. */
static void
take_later(struct run *run, const struct dns_message *m, const struct address *from)
{
	struct dns_pool *results = &run->outcome->results;
	bool any = run->question == QUESTION_ANY;
	const uint8_t *name = any ? run->options->any : VERSION_NAME;
	size_t name_size = any ? run->options->any_size : sizeof VERSION_NAME;

	if (m->name_size != name_size || memcmp(m->name, name, name_size) != 0)
		return;
	for (uint32_t i = m->id; i < results->count; i += 65536) {
		struct probe_result *r = dns_pool_entry(results, i);
		if (!address_equal(from, &r->from))
			continue;
		run->outcome->counts.responses++;
		if (!any)
			take_version(r, m);
		else if (m->message_size > r->any_response)
			r->any_response = m->message_size;
		return;
	}
	run->outcome->counts.foreign++;
}

static void
take_response(struct run *run, size_t size, const struct address *from)
{
	uint8_t name[DNS_NAME_MAX + 1];
	struct dns_message m = { .time = 0 };

	dns_parse(run->datagram, size, size, NULL, name, &m);
	if ((m.verdict != DNS_OK && m.verdict != DNS_OK_TRAILING) || (m.flags & DNS_RESPONSE) == 0)
		run->outcome->counts.foreign++;
	else if (m.name_size == 0 || (m.class == DNS_CLASS_IN && m.type == DNS_TYPE_A))
		take_probe(run, &m, from);
	else if (run->question != QUESTION_PROBE)
		take_later(run, &m, from);
}

static void
note_egress(struct run *run, const struct dns_message *m, const struct address *from)
{
	struct address target;
	struct probe_result *r;

	if (probe_name_read(&run->options->names, m->name, m->name_size, &target) !=
		PROBE_NAME_TARGET ||
	    !is_planned(run, &target) || (r = result_at(run, &target)) == NULL)
		return;
	r->egress = *from;
	if (!r->answered)
		r->class = PROBE_UNANSWERED;
	if ((m->flags & DNS_ECS) != 0) {
		uint8_t octets[16] = { 0 };
		size_t count = ((size_t)m->ecs_source + 7) / 8;
		if (count > (m->ecs_family == 1 ? 4U : 16U) || m->ecs_at + count > m->size)
			return;
		memcpy(octets, m->data + m->ecs_at, count);
		r->ecs = m->ecs_family == 1 ? address_from_ipv4(octets) : address_from_ipv6(octets);
		r->ecs_length = m->ecs_source;
	}
}

static void
serve(struct run *run, size_t size, const struct sockaddr_storage *to, socklen_t to_size)
{
	uint8_t name[DNS_NAME_MAX + 1], reply[PROBE_MESSAGE_SIZE];
	struct dns_message m = { .time = 0 };
	struct address from = from_sockaddr(to);
	size_t reply_size;

	dns_parse(run->datagram, size, size, NULL, name, &m);
	if ((m.verdict != DNS_OK && m.verdict != DNS_OK_TRAILING) || (m.flags & DNS_RESPONSE) != 0)
		return;
	note_egress(run, &m, &from);
	reply_size = probe_reply_write(&run->options->names, &m, reply);
	run->outcome->counts.served++;
	if (reply_size > 0)
		(void)sendto(run->sockets[SOCKET_LISTEN].fd, reply, reply_size, MSG_DONTWAIT,
		    (const struct sockaddr *)to, to_size);
}

static void
take_from(struct run *run, size_t which)
{
	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct sockaddr_storage from;
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(run->sockets[which].fd, run->datagram, sizeof run->datagram,
		    MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		struct address address;
		if (n < 0)
			return;
		if (which == SOCKET_LISTEN) {
			serve(run, (size_t)n, &from, size);
			continue;
		}
		address = from_sockaddr(&from);
		take_response(run, (size_t)n, &address);
	}
}

/* Serves and listens until `until`, or a signal. */
static void
listen_until(struct run *run, nsec_t until)
{
	struct timespec wait;
	nsec_t left;

	do {
		left = until - now();
		left = left > 0 ? left : 0;
		wait = (struct timespec){ left / NSEC_PER_SEC, left % NSEC_PER_SEC };
		if (ppoll(run->sockets, SOCKETS, &wait, NULL) <= 0)
			continue;
		for (size_t i = 0; i < SOCKET_SIGNAL; i++)
			if (run->sockets[i].fd >= 0 && (run->sockets[i].revents & POLLIN) != 0)
				take_from(run, i);
		if ((run->sockets[SOCKET_SIGNAL].revents & POLLIN) != 0)
			run->outcome->counts.stopped = true;
	} while (left > 0 && !run->outcome->counts.stopped);
}

static nsec_t *
network_of(struct run *run, const struct address *target)
{
	struct address network = address_mask(target, address_is_ipv4(target) ? 24 : 56);

	return &run->networks[hash_mix_words(network.words, 2) % NETWORK_SLOTS];
}

static size_t
write_question(struct run *run, const struct address *target, uint8_t message[PROBE_MESSAGE_SIZE])
{
	const struct probe_options *o = run->options;
	uint8_t name[PROBE_NAME_SIZE];
	struct probe_result *r;
	size_t size;
	uint16_t id;

	if (run->question == QUESTION_PROBE) {
		size = probe_name_write(&o->names, target, name);
		return probe_query_write(message, id_of(run, target),
		    &(struct probe_question){
			name, size, DNS_TYPE_A, DNS_CLASS_IN, PROBE_EDNS_SIZE });
	}
	r = dns_pool_find(&run->outcome->results, target->words);
	if (r == NULL)
		return 0;
	id = (uint16_t)(((const uint8_t *)r - run->outcome->results.entries) /
			run->outcome->results.shape->entry_size);
	if (run->question == QUESTION_VERSION)
		return probe_query_write(message, id,
		    &(struct probe_question){ VERSION_NAME, sizeof VERSION_NAME, DNS_TYPE_TXT,
			DNS_CLASS_CH, PROBE_EDNS_SIZE });
	size = probe_query_write(message, id,
	    &(struct probe_question){
		o->any, o->any_size, DNS_TYPE_ANY, DNS_CLASS_IN, PROBE_EDNS_LARGE });
	r->any_query = (uint16_t)size;
	return size;
}

static void
ask(struct run *run, const struct address *target)
{
	uint8_t message[PROBE_MESSAGE_SIZE];
	struct sockaddr_storage to;
	socklen_t to_size = put_sockaddr(&to, target, run->options->port);
	size_t size = write_question(run, target, message);
	int fd = run->sockets[address_is_ipv4(target) ? SOCKET_ASK4 : SOCKET_ASK6].fd;
	nsec_t at = now();

	*network_of(run, target) = at + NETWORK_PAUSE;
	/* Late packets are not made up for: no bursts. */
	run->next = (run->next > at - NSEC_PER_SEC / run->options->rate ? run->next : at) +
		    NSEC_PER_SEC / run->options->rate;
	if (size == 0)
		return;
	run->outcome->counts.packets++;
	if (fd < 0 || sendto(fd, message, size, 0, (const struct sockaddr *)&to, to_size) < 0)
		run->outcome->counts.failed++;
}

/* Asks one of those that had to wait and need not any more. */
static bool
ask_deferred(struct run *run)
{
	for (size_t i = 0; i < run->deferred_count; i++) {
		struct address target = run->deferred[i];
		if (*network_of(run, &target) > now())
			continue;
		run->deferred_count--;
		memmove(&run->deferred[i], &run->deferred[i + 1],
		    (run->deferred_count - i) * sizeof *run->deferred);
		ask(run, &target);
		return true;
	}
	return false;
}

/* Asks a target as soon as both limits allow, or puts it off while others go first. */
static void
ask_in_turn(struct run *run, const struct address *target)
{
	listen_until(run, run->next);
	while (!run->outcome->counts.stopped && ask_deferred(run))
		listen_until(run, run->next);
	if (run->outcome->counts.stopped)
		return;
	if (*network_of(run, target) <= now()) {
		ask(run, target);
		return;
	}
	while (run->deferred_count == DEFERRED_MOST && !run->outcome->counts.stopped) {
		listen_until(run, now() + 10 * NSEC_PER_MS);
		(void)ask_deferred(run);
	}
	if (run->deferred_count < DEFERRED_MOST)
		run->deferred[run->deferred_count++] = *target;
}

static void
ask_the_rest(struct run *run)
{
	while (run->deferred_count > 0 && !run->outcome->counts.stopped) {
		listen_until(run, run->next);
		if (!ask_deferred(run))
			listen_until(run, now() + 10 * NSEC_PER_MS);
	}
	listen_until(run, now() + run->options->wait);
}

static void
ask_round(struct run *run, unsigned round)
{
	struct probe_plan plan = *run->plan;

	/* Another order each time. */
	plan.secret.k0 += round;
	for (uint64_t i = 0; i < plan.count && !run->outcome->counts.stopped; i++) {
		struct address target = probe_plan_address(&plan, i);
		const struct probe_result *r = dns_pool_find(&run->outcome->results, target.words);
		if (r == NULL || !r->answered)
			ask_in_turn(run, &target);
		if (round == 0)
			run->outcome->counts.asked = i + 1;
	}
	ask_the_rest(run);
}

static void
ask_later(struct run *run, enum question question)
{
	struct dns_pool *results = &run->outcome->results;

	run->question = question;
	for (uint32_t i = 0; i < results->count && !run->outcome->counts.stopped; i++) {
		const struct probe_result *r = dns_pool_entry(results, i);
		struct address target = { .words = { r->key[0], r->key[1] } };
		if (r->answered && (question == QUESTION_VERSION ||
				       probe_class_is_open((enum probe_class)r->class)))
			ask_in_turn(run, &target);
	}
	ask_the_rest(run);
}

uint64_t
probe_most_packets(const struct probe_plan *plan, const struct probe_options *options)
{
	return plan->count *
	       (1 + options->retries + options->asks_version + (options->any_size != 0));
}

enum err
probe_run(const struct probe_plan *plan, const struct probe_options *options,
    struct probe_outcome *ret_outcome, struct err_info *info)
{
	struct probe_outcome outcome = { .counts = { 0 } };
	struct run *run = xcalloc(1, sizeof *run);
	enum err e;

	dns_pool_init(&outcome.results, &RESULTS, &options->names.secret);
	run->plan = plan;
	run->options = options;
	run->outcome = &outcome;
	run->networks = xcalloc(NETWORK_SLOTS, sizeof *run->networks);
	run->deferred = xcalloc(DEFERRED_MOST, sizeof *run->deferred);
	e = open_sockets(run, info);
	for (unsigned i = 0; e == ERR_OK && i <= options->retries; i++)
		ask_round(run, i);
	if (e == ERR_OK && options->asks_version)
		ask_later(run, QUESTION_VERSION);
	if (e == ERR_OK && options->any_size != 0)
		ask_later(run, QUESTION_ANY);
	for (size_t i = 0; i < SOCKETS; i++)
		if (run->sockets[i].fd >= 0)
			(void)close(run->sockets[i].fd);
	free(run->networks);
	free(run->deferred);
	free(run);
	if (e == ERR_OK)
		*ret_outcome = outcome;
	else
		dns_pool_release(&outcome.results);
	return e;
}

void
probe_outcome_release(struct probe_outcome *outcome)
{
	dns_pool_release(&outcome->results);
}
