# SPDX-License-Identifier: ISC
"""A writer of C-DNS files, made from RFC 8618 and RFC 8949 alone, and a reader of DNS messages to fill them with.

Nothing here knows the program's decoder: it is its witness.
"""
import ipaddress
import struct

# Types whose data hold names, by RFC 1035 and RFC 3597 section 4 (those a message may compress), and what is around them.
NAMES_IN = {2: "n", 3: "n", 4: "n", 5: "n", 6: "nn20", 7: "n", 8: "n", 9: "n", 12: "n", 14: "nn", 15: "2n", 17: "nn", 18: "2n", 21: "2n",
            24: None, 26: "2nn", 30: "n*", 33: "6n", 35: None, 36: "2n", 39: "n"}


# ---------------------------------------------------------------- CBOR

def head(major, value):
    for code, size, form in ((24, 1, "!B"), (25, 2, "!H"), (26, 4, "!I"), (27, 8, "!Q")):
        if value < 24:
            return bytes([major << 5 | value])
        if value < 1 << 8 * size:
            return bytes([major << 5 | code]) + struct.pack(form, value)
    raise ValueError(value)


def cbor(value, indefinite=False):
    """One value; arrays and maps of indefinite length when asked."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        body = b"".join(cbor(one, indefinite) for one in value)
        return b"\x9f" + body + b"\xff" if indefinite else head(4, len(value)) + body
    body = b"".join(cbor(key, indefinite) + cbor(one, indefinite) for key, one in value.items())
    return b"\xbf" + body + b"\xff" if indefinite else head(5, len(value)) + body


# ---------------------------------------------------------------- DNS

class Bad(Exception):
    """A message that does not parse."""


def name_at(message, at):
    """A name written out, and where reading goes on."""
    labels, after, least = b"", None, at
    while True:
        if at >= len(message):
            raise Bad("name")
        size = message[at]
        if size & 0xC0 == 0xC0:
            if at + 1 >= len(message):
                raise Bad("pointer")
            target = (size & 0x3F) << 8 | message[at + 1]
            after = after or at + 2
            if target >= least:
                raise Bad("forward")
            at = least = target
        elif size & 0xC0:
            raise Bad("label")
        else:
            labels += message[at:at + 1 + size]
            if at + 1 + size > len(message) or len(labels) > 255:
                raise Bad("label")
            at += 1 + size
            if size == 0:
                return labels, after or at


def rdata_of(message, at, size, kind):
    end, form = at + size, NAMES_IN.get(kind)
    if form is None:
        return message[at:end]
    out, i = b"", 0
    while i < len(form):
        if form[i] == "n":
            name, at = name_at(message, at)
            out += name
            i += 1
        elif form[i] == "*":
            out += message[at:end]
            at = end
            i += 1
        else:
            digits = form[i:].split("n")[0]
            out += message[at:at + int(digits)]
            at += int(digits)
            i += len(digits)
    if at != end:
        raise Bad("rdata")
    return out


class Message:
    """Header, questions, and three sections of (name, type, class, ttl, data)."""

    def __init__(self, octets):
        if len(octets) < 12:
            raise Bad("header")
        self.octets = octets
        self.id, self.bits, *self.counts = struct.unpack("!6H", octets[:12])
        at, self.questions, self.sections = 12, [], []
        for _ in range(self.counts[0]):
            name, at = name_at(octets, at)
            if at + 4 > len(octets):
                raise Bad("question")
            self.questions.append((name, *struct.unpack("!HH", octets[at:at + 4])))
            at += 4
        for count in self.counts[1:]:
            section = []
            for _ in range(count):
                name, at = name_at(octets, at)
                if at + 10 > len(octets):
                    raise Bad("record")
                kind, klass, ttl, size = struct.unpack("!HHIH", octets[at:at + 10])
                at += 10
                if at + size > len(octets):
                    raise Bad("data")
                section.append((name, kind, klass, ttl, rdata_of(octets, at, size, kind)))
                at += size
            self.sections.append(section)
        self.trailing = octets[at:]
        self.opt = next((rr for rr in self.sections[2] if rr[1] == 41), None)

    @property
    def response(self):
        return bool(self.bits & 0x8000)

    @property
    def rcode(self):
        return self.bits & 15 | (self.opt[3] >> 24 << 4 if self.opt else 0)

    def written_out(self, opt_last=False):
        """The octets without compression; the OPT record last when asked."""
        out = struct.pack("!6H", self.id, self.bits, *self.counts)
        out += b"".join(name + struct.pack("!HH", kind, klass) for name, kind, klass in self.questions)
        records = [rr for section in self.sections for rr in section]
        if opt_last and self.opt:
            records = [rr for rr in records if rr is not self.opt] + [self.opt]
        for name, kind, klass, ttl, data in records:
            out += name + struct.pack("!HHIH", kind, klass, ttl, len(data)) + data
        return out + bytes(len(self.trailing))


def datagrams(path):
    """Time in ns, source, port, destination, port, TTL and payload of the UDP datagrams of a pcap file of Ethernet."""
    data = path.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1000
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack(order + "IIII", data[at:at + 16])
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        kind, packet = struct.unpack("!H", frame[12:14])[0], frame[14:]
        if kind == 0x0800 and packet[9] == 17 and not packet[6] & 0x3F and not packet[7]:
            source, destination, ttl = packet[12:16], packet[16:20], packet[8]
            udp = packet[(packet[0] & 15) * 4:struct.unpack("!H", packet[2:4])[0]]
        elif kind == 0x86DD and packet[6] == 17:
            source, destination, ttl = packet[8:24], packet[24:40], packet[7]
            udp = packet[40:40 + struct.unpack("!H", packet[4:6])[0]]
        else:
            continue
        ports = struct.unpack("!HH", udp[:4])
        yield (seconds * 10**9 + fraction * unit, source, ports[0], destination, ports[1], ttl, udp[8:struct.unpack("!H", udp[4:6])[0]])


# ---------------------------------------------------------------- C-DNS

class Table:
    """Entries told apart by value, with their numbers."""

    def __init__(self):
        self.entries, self.numbers = [], {}

    def add(self, value):
        key = repr(value)
        if key not in self.numbers:
            self.numbers[key] = len(self.entries)
            self.entries.append(value)
        return self.numbers[key]


class Block:
    """One block (RFC 8618, section 7.3.2); `ticks` a second, `keep` says what is recorded."""

    def __init__(self, earliest, ticks, keep):
        self.earliest, self.ticks, self.keep = earliest, ticks, keep
        self.tables = [Table() for _ in range(9)]
        self.items, self.malformed, self.events = [], [], []

    def offset(self, time):
        return (time - self.earliest) * self.ticks // 10**9

    def classtype(self, kind, klass):
        return self.tables[1].add({0: kind, 1: klass})

    def records(self, section, leave_out=None):
        numbers = []
        for rr in section:
            name, kind, klass, ttl, data = rr
            if rr is leave_out:
                continue
            numbers.append(self.tables[7].add({0: self.tables[2].add(name), 1: self.classtype(kind, klass), 2: ttl,
                                               3: self.tables[2].add(data)}))
        return self.tables[6].add(numbers)

    def extended(self, message, leave_out_opt):
        """QueryResponseExtended of what a message has, besides the first question and, of a query, its OPT."""
        out = {}
        if len(message.questions) > 1:
            out[0] = self.tables[4].add([self.tables[5].add({0: self.tables[2].add(name), 1: self.classtype(kind, klass)})
                                         for name, kind, klass in message.questions[1:]])
        for i, section in enumerate(message.sections):
            if section and not (leave_out_opt and i == 2 and section == [message.opt]):
                out[1 + i] = self.records(section, message.opt if leave_out_opt else None)
        return out

    def signature(self, query, response, packet):
        """QueryResponseSignature; `packet` is that of the query, or the response turned round."""
        some = query or response
        _, client, _, server, server_port, _, _ = packet
        flags = 0
        for bit, where in enumerate((0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400)):
            flags |= (1 << bit if query and query.bits & where else 0) | (1 << bit + 8 if response and response.bits & where else 0)
        if query and query.opt and query.opt[3] & 0x8000:
            flags |= 0x80
        out = {0: self.tables[0].add(server), 1: server_port,
               2: (len(client) == 16) | (1 << 5 if query and query.trailing else 0), 3: 3,
               4: bool(query) | bool(response) << 1 | bool(query and query.opt) << 2 | bool(response and response.opt) << 3
               | bool(query and not query.questions) << 4 | bool(response and not response.questions) << 5,
               5: some.bits >> 11 & 15, 6: flags}
        if some.questions:
            out[8] = self.classtype(*some.questions[0][1:])
        if query:
            out |= {7: query.rcode, 9: query.counts[0], 10: query.counts[1], 11: query.counts[2], 12: query.counts[3]}
            if query.opt:
                out |= {13: query.opt[3] >> 16 & 255, 14: query.opt[2], 15: self.tables[2].add(query.opt[4])}
        if response:
            out[16] = response.rcode
        return {key: value for key, value in out.items() if key not in self.keep.get("no-signature", ())}

    def add(self, query, response):
        """A pair of (packet, Message), either of which may be None."""
        packet, some = query or response
        if not query:
            packet = (packet[0], packet[3], packet[4], packet[1], packet[2], packet[5], packet[6])
        item = {0: self.offset(packet[0]), 1: self.tables[0].add(packet[1]), 2: packet[2], 3: some.id,
                4: self.tables[3].add(self.signature(query and query[1], response and response[1], packet))}
        if some.questions:
            item[7] = self.tables[2].add(some.questions[0][0])
        if query:
            item |= {5: packet[5], 8: len(packet[6])}
            if extended := self.extended(query[1], True):
                item[11] = extended
        if query and response:
            item[6] = self.offset(response[0][0]) - self.offset(packet[0])
        if response:
            item[9] = len(response[0][6])
            if self.keep.get("response-sections", True):
                item[12] = self.extended(response[1], False)
        self.items.append({key: value for key, value in item.items() if key not in self.keep.get("no-item", ())})

    def add_malformed(self, packet):
        time, client, port, server, server_port, _, payload = packet
        if len(payload) > 2 and payload[2] & 0x80:
            client, port, server, server_port = server, server_port, client, port
        data = self.tables[8].add({0: self.tables[0].add(server), 1: server_port, 2: int(len(client) == 16), 3: payload})
        self.malformed.append({0: self.offset(time), 1: self.tables[0].add(client), 2: port, 3: data})

    def value(self):
        tables = {i: table.entries for i, table in enumerate(self.tables) if table.entries}
        out = {0: {0: [self.earliest // 10**9, self.earliest % 10**9 * self.ticks // 10**9], 1: 0},
               1: {0: len(self.items)}, 2: tables}
        if self.items:
            out[3] = self.items
        if self.events:
            out[4] = self.events
        if self.malformed:
            out[5] = self.malformed
        return out


def preamble(ticks, host="", version=(1, 0)):
    collection = {8: "a test", 9: host} if host else {}
    storage = {0: ticks, 1: 5000, 2: {0: 0x3FF, 1: 0x1FFFF, 2: 3, 3: 3}, 3: list(range(6)), 4: [1, 28]}
    return {0: version[0], 1: version[1], 3: [{0: storage, 1: collection}]}


def write(blocks, ticks, host="", indefinite=False, version=(1, 0)):
    return cbor(["C-DNS", preamble(ticks, host, version), [block.value() for block in blocks]], indefinite)


def text_of(address):
    return str(ipaddress.ip_address(address)) if address else "::"
