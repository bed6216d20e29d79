# SPDX-License-Identifier: ISC
"""Captures changed on purpose: what a sensor loses, doubles, reorders or cuts, and what offload
does to segments.

    capture = read_capture("postfix-no-ehlo.pcap")
    for case in lossy(capture) + lossless(capture):
        case.title      # "drop: packet 9"
        case.packets()  # the changed list

The same capture and seed give the same cases. Only what the samples are made of is understood:
little-endian pcap, Ethernet, IPv4 or IPv6 without options between it and TCP."""

import os
import random
import struct

ETHERNET, ETHERNET_HEADER = 1, 14
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Packet:
    """`first` is the offset of the payload in its sender's stream; `number` the packet's in the
    intact capture."""

    __slots__ = ("us", "frame", "length", "number", "side", "tcp", "payload", "first")

    def copy(self, **changes):
        new = Packet.__new__(Packet)
        for name in Packet.__slots__:
            setattr(new, name, changes.get(name, getattr(self, name)))
        return new

    @property
    def seq(self):
        return struct.unpack_from("!I", self.frame, self.tcp + 4)[0]

    @property
    def ack(self):
        return struct.unpack_from("!I", self.frame, self.tcp + 8)[0]

    @property
    def flags(self):
        return self.frame[self.tcp + 13]

    @property
    def data(self):
        return self.frame[self.payload:]

    def with_data(self, skip, data, flags):
        """The same segment with other octets, which begin `skip` behind the beginning of its own."""
        head = bytearray(self.frame[:self.payload])
        struct.pack_into("!I", head, self.tcp + 4, self.seq + skip & 0xFFFFFFFF)
        head[self.tcp + 13] = flags
        size = len(data) + self.payload - ETHERNET_HEADER
        if head[12:14] == b"\x08\x00":
            struct.pack_into("!H", head, ETHERNET_HEADER + 2, size)
        else:
            struct.pack_into("!H", head, ETHERNET_HEADER + 4, size - 40)
        frame = bytes(head) + data
        return self.copy(frame=frame, length=len(frame), first=self.first + skip)

    def ports(self):
        return struct.unpack_from("!HH", self.frame, self.tcp)


class Spot:
    """What is kept of a packet that was written: the range of its sender's stream that it filled,
    or would have filled but for the snap length."""

    __slots__ = ("number", "side", "first", "end")

    def __init__(self, packet):
        self.number, self.side, self.first = packet.number, packet.side, packet.first
        self.end = packet.first + max(packet.length - packet.payload, 1)


class Capture:
    def __init__(self, name, packets):
        self.name, self.packets = name, packets
        self.clients = sorted({p.ports()[p.side == "S"] for p in packets})


def _parse(number, us, frame, length):
    packet = Packet()
    packet.number, packet.us = number, us
    if frame[12:14] == b"\x08\x00":
        packet.tcp = ETHERNET_HEADER + (frame[ETHERNET_HEADER] & 15) * 4
        end = ETHERNET_HEADER + struct.unpack_from("!H", frame, ETHERNET_HEADER + 2)[0]
        protocol = frame[ETHERNET_HEADER + 9]
    else:
        packet.tcp = ETHERNET_HEADER + 40
        end = packet.tcp + struct.unpack_from("!H", frame, ETHERNET_HEADER + 4)[0]
        protocol = frame[ETHERNET_HEADER + 6]
    if frame[12:14] not in (b"\x08\x00", b"\x86\xdd") or protocol != 6 or end > len(frame) < length:
        raise ValueError(f"packet {number} is no whole TCP segment in IP in Ethernet")
    packet.frame, packet.length = frame[:end], end  # less Ethernet's padding
    packet.payload = packet.tcp + (frame[packet.tcp + 12] >> 4) * 4
    return packet


def read_capture(path):
    with open(path, "rb") as file:
        return parse_capture(os.path.basename(path), file.read())


def parse_capture(name, octets):
    if octets[:4] != b"\xd4\xc3\xb2\xa1" or octets[20:24] != b"\x01\0\0\0":
        raise ValueError(f"{name}: no little-endian pcap of Ethernet")
    packets, at = [], 24
    while at < len(octets):
        seconds, us, captured, length = struct.unpack_from("<IIII", octets, at)
        frame = octets[at + 16 : at + 16 + captured]
        packets.append(_parse(len(packets) + 1, seconds * 1_000_000 + us, frame, length))
        at += 16 + captured
    _find_sides(packets)
    return Capture(name, packets)


def _find_sides(packets):
    """Whoever sends the first SYN is the client; stream offsets count from the SYN."""
    clients, starts = {}, {}
    for packet in packets:
        ports = packet.ports()
        key = frozenset(ports)
        if packet.flags & (SYN | ACK) == SYN:
            clients.setdefault(key, ports[0])
        if key not in clients:
            raise ValueError(f"packet {packet.number} stands before its connection's SYN")
        packet.side = "C" if ports[0] == clients[key] else "S"
        begin = starts.setdefault((key, packet.side), packet.seq + 1)
        packet.first = (packet.seq + bool(packet.flags & SYN) - begin) & 0xFFFFFFFF


# ------------------------------------------------------------------------------------ perturbations


class Case:
    """One change of one capture, made when it is asked for. `cut`: so many octets are missing at the
    end of its file."""

    def __init__(self, capture, kind, what, lossless, make, cut=0):
        self.capture, self.kind, self.what, self.lossless = capture, kind, what, lossless
        self.make, self.cut = make, cut

    @property
    def title(self):
        return f"{self.kind}: {self.what}" if self.what else self.kind

    def packets(self):
        return self.make()

    def first_lost(self, spots):
        """The number of the first packet that is not among `spots`, as a whole; 0 where packets have
        been cut."""
        if self.lossless or self.kind in ("snap length", "drop octets"):
            return 0
        there = {spot.number for spot in spots}
        return next((p.number for p in self.capture.packets if p.number not in there), 0)


def _segments(packets):
    return [p for p in packets if len(p.frame) > p.payload]


def _split(packet, size, chance=None):
    """Pieces of `size` octets, or of 1 to `size` when `chance` is given. FIN goes with the last."""
    data, flags = packet.data, packet.flags
    if len(data) < 2:
        return [packet]
    pieces, at = [], 0
    while at < len(data):
        step = chance.randint(1, size) if chance else size
        last = at + step >= len(data)
        pieces.append(packet.with_data(at, data[at : at + step],
                                       flags if last else flags & ~(FIN | PSH)))
        at += step
    return pieces


def split(packets, size, chance=None):
    return [piece for packet in packets for piece in _split(packet, size, chance)]


def _joins(a, b):
    """Whether `b` continues the octets of `a`, sent by a host that had read nothing in between."""
    return (a.side == b.side and a.ports() == b.ports() and a.ack == b.ack
            and a.seq + len(a.data) & 0xFFFFFFFF == b.seq and not a.flags & (SYN | FIN | RST)
            and not b.flags & (SYN | RST) and len(b.frame) > b.payload
            and len(a.frame) + len(b.data) < 65000)


def merge(packets, most=1000):
    """Neighbouring segments of a side joined, as receive offload does; up to `most` in one. Bare
    acknowledgements of the other side may stand between them, octets may not."""
    out, open_at, counts = [], {}, {}
    for packet in packets:
        key = packet.ports()
        if len(packet.frame) > packet.payload:
            open_at.pop(key[::-1], None)
        at = open_at.get(key)
        if at is not None and counts[key] < most and _joins(out[at], packet):
            out[at] = out[at].with_data(0, out[at].data + packet.data, packet.flags)
            counts[key] += 1
            continue
        if len(packet.frame) > packet.payload:
            open_at[key], counts[key] = len(out), 1
        out.append(packet)
    return out


def snap(packets, size):
    return [p.copy(frame=p.frame[:size]) for p in packets]


def _in_order(packets, order):
    """The packets in another order. What comes too late gets the time of what it came behind."""
    out, now = [], 0
    for i in order:
        now = max(now, packets[i].us)
        out.append(packets[i].copy(us=now))
    return out


def _concurrent(a, b):
    """Whether `b`, captured behind `a`, was sent before `a` had arrived: they crossed on the wire,
    and either order is true."""
    return (a.ports() == b.ports()[::-1] and len(a.frame) > a.payload and len(b.frame) > b.payload
            and (b.ack - a.seq - 1) & 0x80000000 != 0)


def swap(packets, places):
    """Exchanges the packets at each of `places` with their successors."""
    order = list(range(len(packets)))
    for i in places:
        if not _concurrent(packets[i], packets[i + 1]):
            order[i], order[i + 1] = order[i + 1], order[i]
    return _in_order(packets, order)


def shuffle(packets, window, chance):
    """Every packet may come up to `window` places late; but what crossed on the wire stays in order,
    and nothing comes in front of a SYN, where it would look like a session begun before the
    capture."""
    place = [i + (0 if p.flags & SYN else chance.random() * window)
             for i, p in enumerate(packets)]
    for i, packet in enumerate(packets):
        for j in range(i + 1, min(i + window + 1, len(packets))):
            if place[j] < place[i] and _concurrent(packet, packets[j]):
                place[j] = place[i] + 1e-9 * (j - i)
    return _in_order(packets, sorted(range(len(packets)), key=place.__getitem__))


def repeat(packets, which, later):
    """The packets in `which` again, `later` places behind the first time."""
    out = list(packets)
    for i in sorted(which, reverse=True):
        at = min(i + later, len(packets) - 1)
        out.insert(at + 1, packets[i].copy(us=packets[at].us))
    return out


def _again(packets):
    """The whole capture once more behind its end, as from a mirror with a deep queue."""
    gap = packets[-1].us - packets[0].us + 1000
    return packets + [p.copy(us=p.us + gap) for p in packets]


def _drop(packets, gone):
    return [p for i, p in enumerate(packets) if i not in gone]


def lossy(capture, seed=1):
    """Packets and octets are missing."""
    packets, chance, cases = capture.packets, random.Random(f"{seed} {capture.name}"), []
    count = len(packets)

    def add(kind, what, make, cut=0):
        cases.append(Case(capture, kind, what, False, make, cut))

    for i in range(count):
        add("drop one", f"packet {i + 1}", lambda i=i: _drop(packets, {i}))
    for i in range(1, count):
        add("late start", f"the first {i} are missing", lambda i=i: packets[i:])
        add("early end", f"only the first {i}", lambda i=i: packets[:i])
    for i in chance.sample(range(1, count + 1), min(3, count)):
        cut = chance.randrange(1, len(packets[i - 1].frame) + 15)
        add("cut file", f"{cut} octets in front of the end of packet {i}",
            lambda i=i: packets[:i], cut)
    for side in "CS":
        only = [p for p in packets if p.side == side]
        add("one direction", f"only {side}", lambda only=only: only)
        for i in chance.sample(range(1, len(only)), min(3, len(only) - 1)):
            add("one direction", f"only {side}, less the first {i}", lambda o=only, i=i: o[i:])
        first = next((i for i, p in enumerate(packets) if p.side != side
                      and len(p.frame) > p.payload), 0)
        add("one direction", f"{side} from the start, the other until packet {first + 1}",
            lambda side=side, first=first: [p for i, p in enumerate(packets)
                                            if p.side == side or i <= first])
    for size in (60, 80, 100, 200):
        add("snap length", str(size), lambda size=size: snap(packets, size))
    data = _segments(packets)
    for _ in range(count):
        gone = set(chance.sample(range(count), min(chance.randint(2, 3), count - 1)))
        add("drop some", "packets " + ", ".join(str(i + 1) for i in sorted(gone)),
            lambda gone=gone: _drop(packets, gone))
    for _ in range(count):
        first = chance.randrange(count)
        last = chance.randrange(first, min(count, first + 8))
        add("drop a run", f"packets {first + 1} to {last + 1}",
            lambda a=first, b=last: packets[:a] + packets[b + 1:])
    for _ in range(count if data else 0):
        torn, size = chance.choice(data), chance.choice((1, 5, 20))
        hole = chance.randrange(-(-len(torn.data) // size))
        add("drop octets", f"{size} from {hole * size} of packet {torn.number}",
            lambda torn=torn, size=size, hole=hole: [
                q for p in packets
                for q in (_drop(_split(p, size), {hole}) if p is torn else [p])])
    return cases


def lossless(capture, seed=1):
    """Every octet is there, SYN and FIN too: nothing may change but packet numbers and times."""
    packets, chance, cases = capture.packets, random.Random(f"{seed} {capture.name}"), []
    count = len(packets)

    def add(kind, what, make):
        cases.append(Case(capture, kind, what, True, make))

    for size in (1, 3, 7):
        add("split", f"every {size}", lambda size=size: split(packets, size))
    add("split", "1 to 40", lambda r=chance.random(): split(packets, 40, random.Random(r)))
    add("merge", "all", lambda: merge(packets))
    add("merge", "pairs", lambda: merge(packets, 2))
    add("merge", "what was split", lambda: merge(split(packets, 3)))
    bare = {i for i, p in enumerate(packets) if p.flags == ACK and len(p.frame) == p.payload}
    for i in sorted(bare):
        add("drop bare ACK", f"packet {i + 1}", lambda i=i: _drop(packets, {i}))
    add("drop bare ACK", "all", lambda: _drop(packets, bare))
    for later in (0, 1, 3):
        add("duplicate", f"each, {later} later",
            lambda later=later: repeat(packets, range(count), later))
    add("duplicate", "all again", lambda: _again(packets))
    for i in range(count):
        add("duplicate", f"packet {i + 1}", lambda i=i: repeat(packets, [i], 2))
    for i in range(count - 1):
        add("swap", f"packets {i + 1} and {i + 2}", lambda i=i: swap(packets, [i]))
    add("swap", "even ones", lambda: swap(packets, range(0, count - 1, 2)))
    add("swap", "odd ones", lambda: swap(packets, range(1, count - 1, 2)))
    for size in (2, 30):
        add("swap", f"pieces of up to {size}, each up to 4 places late",
            lambda size=size, r=chance.random(): shuffle(
                split(packets, size, random.Random(r)), 4, random.Random(r)))
    return cases
