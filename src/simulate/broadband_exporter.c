/* SPDX-License-Identifier: ISC */
/*
 * One exporter of the broadband scenario: fills messages, sends or loses them, refreshes templates,
 * restarts; see broadband_wire.h.
 *
 * Only messages with data can be lost: templates, options and counters always arrive, so that what
 * is lost is known to the record.
 */
#include "base/hash.h"
#include "simulate/broadband_wire.h"
#include "simulate/law.h"

enum {
	UPLINK = 10, /* interface number; samplers are interfaces 1 and 2 */
	SOURCE_PORT = 50000,
	OPTIONS_PORT = 51000,
	OUR_AS = 64511, /* RFC 5398's documentation numbers end here */
	REMOTE_AS = 64496,
	REMOTE_ASES = 15,
};

static const uint8_t EXPORTER_MAC[6] = { 0x02, 0, 0, 0, 0x02, 0x01 };
static const uint8_t COLLECTOR_MAC[6] = { 0x02, 0, 0, 0, 0x02, 0xfa };

static void
make_interfaces(struct export_stream *s)
{
	s->interface_count = s->sampler_count + 1;
	for (size_t i = 0; i <= s->sampler_count; i++) {
		s->interfaces[i].index = i < s->sampler_count ? (uint32_t)i + 1 : UPLINK;
		s->interfaces[i].speed = UINT64_C(100000000000);
	}
}

void
broadband_exporter_init(struct broadband *b, struct broadband_exporter *x, size_t index)
{
	const struct broadband_options *o = &b->options;
	struct export_stream *s = &x->stream;

	x->format = o->formats[index % o->format_count];
	s->exporter = broadband_exporter_address(index);
	s->domain = (uint32_t)index + 1;
	s->boot = o->start - o->uptime;
	s->sampler_count = o->samplers;
	for (size_t i = 0; i < o->samplers; i++) {
		s->samplers[i].rate = o->rates[i];
		s->samplers[i].random = o->random;
		broadband_sampler_init(&x->samplers[i], o->rates[i], o->random, b->random);
	}
	make_interfaces(s);
	x->refreshed = INT64_MIN;
}

/* Sends a message that is complete in the stream. */
static void
send_message(struct broadband_wire *w, size_t index, size_t size, unsigned port, nsec_t now)
{
	struct broadband_exporter *x = &w->exporters[index];
	static const uint8_t collector[4] = { 192, 0, 2, 250 };
	struct datagram d = {
		.source_mac = EXPORTER_MAC,
		.destination_mac = COLLECTOR_MAC,
		.vlan = FRAME_VLAN_NONE,
		.source = x->stream.exporter,
		.destination = address_from_ipv4(collector),
		.protocol = FRAME_UDP,
		.ttl = 62,
		.ip_id = (uint16_t)x->sent.messages,
		.source_port = (uint16_t)(port + index),
		.destination_port = x->format->port,
		.payload = x->stream.message,
		.payload_size = size,
	};

	simulation_ip(w->b->simulation, now, &d);
	simulation_advance(w->b->simulation, now);
	x->octets += size;
	/* Whatever was lost before this one leaves a gap in front of it. */
	x->trailing = (struct broadband_tally){ 0 };
}

/* A part of what the hour adds to a counter, by how much of the hour has gone. */
static uint64_t
by_now(uint64_t before, uint64_t hour, uint64_t zero, double part)
{
	uint64_t value = before + (uint64_t)((double)hour * part);

	return value > zero ? value - zero : 0;
}

static double
part_of_hour(const struct broadband_wire *w, nsec_t now)
{
	double part = (double)(now - w->hour_begin) / (3600.0 * (double)NSEC_PER_SEC);

	return part < 0 ? 0 : part > 1 ? 1 : part;
}

static struct broadband_amount
counter(const struct broadband_exporter *x, size_t sampler, size_t d, double part)
{
	const struct broadband_amount *before = &x->before[sampler][d];
	const struct broadband_amount *hour = &x->hour[sampler][d], *zero = &x->zero[sampler][d];

	return (struct broadband_amount){
		.packets = by_now(before->packets, hour->packets, zero->packets, part),
		.octets = by_now(before->octets, hour->octets, zero->octets, part),
	};
}

/* Brings the interfaces' counters up to date: what users send comes in at the samplers' interfaces
 * and leaves by the uplink. */
static void
count_interfaces(const struct broadband_wire *w, struct broadband_exporter *x, nsec_t now)
{
	struct export_stream *s = &x->stream;
	struct export_interface *uplink = &s->interfaces[s->sampler_count];
	double part = part_of_hour(w, now);

	uplink->in_octets = uplink->in_packets = uplink->out_octets = uplink->out_packets = 0;
	for (size_t i = 0; i < s->sampler_count; i++) {
		struct export_interface *access = &s->interfaces[i];
		struct broadband_amount in = counter(x, i, BROADBAND_IN, part);
		struct broadband_amount out = counter(x, i, BROADBAND_OUT, part);
		access->in_octets = in.octets;
		access->in_packets = in.packets;
		access->out_octets = out.octets;
		access->out_packets = out.packets;
		uplink->in_octets += out.octets;
		uplink->in_packets += out.packets;
		uplink->out_octets += in.octets;
		uplink->out_packets += in.packets;
	}
}

static void
refresh(struct broadband_wire *w, size_t index, nsec_t now)
{
	struct broadband_exporter *x = &w->exporters[index];
	unsigned port = w->b->options.options_port ? OPTIONS_PORT : SOURCE_PORT;

	/* There is one buffer for messages. */
	broadband_exporter_flush(w, index, now);
	x->refreshed = now;
	if (x->format->templates != NULL) {
		size_t size = x->format->templates(&x->stream, now);
		send_message(w, index, size, SOURCE_PORT, now);
		x->templates++;
	}
	if (x->format->options != NULL) {
		count_interfaces(w, x, now);
		send_message(w, index, x->format->options(&x->stream, now), port, now);
		x->options++;
	}
}

/* Losses that no later number tells of. */
static void
forget_trailing(struct broadband_exporter *x)
{
	x->unseen.messages += x->trailing.messages;
	x->unseen.records += x->trailing.records;
	x->trailing = (struct broadband_tally){ 0 };
}

static void
restart(struct broadband_wire *w, size_t index, nsec_t now)
{
	struct broadband_exporter *x = &w->exporters[index];
	double part = part_of_hour(w, now);

	broadband_exporter_flush(w, index, now);
	forget_trailing(x);
	x->restarts++;
	x->stream.boot = now;
	x->stream.sequence = 0;
	for (size_t i = 0; i < EXPORT_SAMPLERS; i++) {
		x->stream.samplers[i].sequence = 0;
		for (size_t d = 0; d < BROADBAND_DIRECTIONS; d++) {
			struct broadband_amount now_at = counter(x, i, d, part);
			x->zero[i][d].packets += now_at.packets;
			x->zero[i][d].octets += now_at.octets;
		}
	}
	for (size_t i = 0; i < x->stream.interface_count; i++)
		x->stream.interfaces[i].sequence = 0;
	refresh(w, index, now);
}

/* Restarts part the week into even stretches; exporters do not restart together. */
static nsec_t
next_restart(const struct broadband_wire *w, size_t index)
{
	const struct broadband_options *o = &w->b->options;
	nsec_t week = (nsec_t)o->hours * 3600 * NSEC_PER_SEC;
	size_t done = w->exporters[index].restarts;

	if (done >= o->restarts)
		return INT64_MAX;
	return o->start + week / (nsec_t)(o->restarts + 1) * (nsec_t)(done + 1) +
	       (nsec_t)index * 61 * NSEC_PER_SEC;
}

void
broadband_exporter_tick(struct broadband_wire *w, size_t index, nsec_t now)
{
	struct broadband_exporter *x = &w->exporters[index];

	if (x->item_count > 0 && now - x->opened >= NSEC_PER_SEC)
		broadband_exporter_flush(w, index, now);
	if (now >= next_restart(w, index))
		restart(w, index, now);
	else if (x->refreshed == INT64_MIN || now - x->refreshed >= w->b->options.refresh)
		refresh(w, index, now);
}

static struct export_item
make_item(const struct broadband_wire *w, const struct broadband_sample *sample)
{
	const struct broadband *b = w->b;
	const struct broadband_user *user = &b->users[sample->user];
	const struct broadband_kind *kind = &broadband_kinds[sample->kind];
	nsec_t first = w->hour_begin + sample->first * NSEC_PER_MS;
	bool late = first >= b->options.start + (nsec_t)b->readdress_hour * 3600 * NSEC_PER_SEC;
	struct address remote = broadband_remote(sample->remote, sample->ipv6), local;
	bool in = sample->direction == BROADBAND_IN;
	uint8_t local_mask = sample->ipv6 ? 56 : 24, remote_mask = sample->ipv6 ? 48 : 24;
	uint32_t remote_as = REMOTE_AS + sample->remote % REMOTE_ASES;
	uint32_t access = user->sampler + 1U;

	if (sample->ipv6) {
		local = broadband_user_ipv6(user, late).address;
		/* One of a few devices in one of the home's networks. */
		local.octets[7] |= sample->remote % 3;
		local.octets[15] = (uint8_t)(1 + sample->remote % 5);
	} else {
		local = broadband_user_ipv4(user, late);
	}
	return (struct export_item){
		.first = first,
		.last = w->hour_begin + sample->last * NSEC_PER_MS,
		.source = in ? local : remote,
		.destination = in ? remote : local,
		.source_port = in ? sample->port : sample->remote_port,
		.destination_port = in ? sample->remote_port : sample->port,
		.protocol =
		    sample->ipv6 && kind->protocol == FRAME_ICMP ? FRAME_ICMPV6 : kind->protocol,
		.tcp_flags = kind->protocol == FRAME_TCP ? FRAME_TCP_ACK | FRAME_TCP_PSH : 0,
		.source_mask = in ? local_mask : remote_mask,
		.destination_mask = in ? remote_mask : local_mask,
		.sampler = user->sampler,
		.octets = sample->octets,
		.packets = sample->packets,
		.input = in ? access : UPLINK,
		.output = in ? UPLINK : access,
		.source_as = in ? OUR_AS : remote_as,
		.destination_as = in ? remote_as : OUR_AS,
	};
}

void
broadband_exporter_add(
    struct broadband_wire *w, size_t index, const struct broadband_sample *sample, nsec_t now)
{
	struct broadband_exporter *x = &w->exporters[index];
	struct export_item item = make_item(w, sample);
	struct export_sampler *sampler = &x->stream.samplers[item.sampler];

	if (item.first < x->stream.boot) {
		x->forgotten++;
		return;
	}
	if (x->format->packets) {
		double part = part_of_hour(w, now);
		sampler->pool = counter(x, item.sampler, BROADBAND_IN, part).packets +
				counter(x, item.sampler, BROADBAND_OUT, part).packets;
	}
	if (x->item_count == 0) {
		x->opened = now;
		x->format->begin(&x->stream, now);
	}
	if (x->item_count == BROADBAND_MESSAGE_ITEMS || !x->format->add(&x->stream, &item)) {
		broadband_exporter_flush(w, index, now);
		x->opened = now;
		x->format->begin(&x->stream, now);
		(void)x->format->add(&x->stream, &item);
	}
	x->items[x->item_count++] = *sample;
}

/* Who got what across. */
static void
count_received(struct broadband_wire *w, const struct broadband_exporter *x)
{
	for (size_t i = 0; i < x->item_count; i++) {
		const struct broadband_sample *sample = &x->items[i];
		struct broadband_user *user = &w->b->users[sample->user];
		struct broadband_amount *all = &user->received[sample->direction];
		struct broadband_amount *port =
		    &w->b->counts.received[user->peer][sample->kind][sample->direction];
		all->packets += sample->packets;
		all->octets += sample->octets;
		port->packets += sample->packets;
		port->octets += sample->octets;
	}
}

static void
count_message(struct broadband_tally *tally, uint64_t records)
{
	tally->messages++;
	tally->records += records;
}

void
broadband_exporter_flush(struct broadband_wire *w, size_t index, nsec_t now)
{
	struct broadband_exporter *x = &w->exporters[index];
	size_t size;

	if (x->item_count == 0)
		return;
	size = x->format->end(&x->stream);
	count_message(&x->sent, x->item_count);
	if (w->b->options.loss > 0 && law_uniform(w->b->random) < w->b->options.loss) {
		count_message(&x->lost, x->item_count);
		count_message(&x->trailing, x->item_count);
	} else {
		count_message(&x->received, x->item_count);
		count_received(w, x);
		send_message(w, index, size, SOURCE_PORT, now);
	}
	x->item_count = 0;
}

void
broadband_exporter_finish(struct broadband_wire *w, size_t index, nsec_t now)
{
	broadband_exporter_flush(w, index, now);
	forget_trailing(&w->exporters[index]);
}

static json_t *
number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *
tally_json(const struct broadband_tally *tally)
{
	return json_pack(
	    "{s:o, s:o}", "messages", number(tally->messages), "records", number(tally->records));
}

static json_t *
exporter_json(const struct broadband_exporter *x)
{
	json_t *samplers = json_array();
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < x->stream.sampler_count; i++)
		json_array_append_new(samplers,
		    json_pack("{s:o, s:o, s:o, s:o}", "id", number(i + 1), "rate",
			number(x->samplers[i].rate), "packets", number(x->samplers[i].seen),
			"sampled", number(x->samplers[i].taken)));
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "address", address_format(&x->stream.exporter, text), "domain",
	    number(x->stream.domain), "format", x->format->name, "sent", tally_json(&x->sent),
	    "received", tally_json(&x->received), "lost", tally_json(&x->lost), "lost_unseen",
	    tally_json(&x->unseen), "octets", number(x->octets), "templates", number(x->templates),
	    "options", number(x->options), "restarts", number(x->restarts), "forgotten_records",
	    number(x->forgotten), "samplers", samplers);
}

json_t *
broadband_wire_json(const struct broadband *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->wire->exporter_count; i++)
		json_array_append_new(list, exporter_json(&b->wire->exporters[i]));
	return list;
}
