# SPDX-License-Identifier: ISC
"""Captures made by hand: TCP connections over loopback addresses, written as pcap.

    wire = Wire()
    with wire.connection() as c:            # SYN, SYN ACK, ACK ... FIN, FIN, ACK
        c.server("220 mx.test ESMTP\\r\\n")
        c.client("EHLO c.test\\r\\n")
    wire.write("session.pcap")

How the octets of one turn are cut into segments is the `cut` of the connection: None sends them in
one segment, a number in segments of that size. Acknowledgement numbers are those of two hosts that
read at once: whatever was sent before has been received, unless the connection is `deaf`."""

import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET = 1
START_US = 1_700_000_000_000_000  # some day in November 2023
MILLISECOND = 1000


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet_frame(src, dst, ip_id, tcp):
    """`tcp` is (src_port, dst_port, seq, ack, flags, payload); addresses are IPv4 texts."""
    src_port, dst_port, seq, ack, flags, payload = tcp
    a, b = (bytes(int(part) for part in address.split(".")) for address in (src, dst))
    segment = struct.pack("!HHIIBBHHH", src_port, dst_port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                          5 << 4, flags, 65535, 0, 0) + payload
    pseudo = a + b + struct.pack("!BBH", 0, 6, len(segment))
    segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), ip_id & 0xFFFF, 0x4000, 64, 6, 0)
    header += a + b
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return b"\0" * 12 + b"\x08\x00" + header + segment


class Wire:
    """The packets of one capture file, in the order in which they were seen."""

    def __init__(self, start_us=START_US, step_us=MILLISECOND):
        self.packets = []  # (time in microseconds, frame)
        self.now_us = start_us
        self.step_us = step_us

    def add(self, frame):
        self.packets.append((self.now_us, frame))
        self.now_us += self.step_us

    def pause(self, seconds):
        self.now_us += int(seconds * 1_000_000)

    def connection(self, **options):
        return Connection(self, **options)

    def pcap(self, order="<", nanoseconds=False, link_type=ETHERNET):
        magic, scale = (0xA1B23C4D, 1000) if nanoseconds else (0xA1B2C3D4, 1)
        out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)]
        for us, frame in self.packets:
            out.append(struct.pack(order + "IIII", us // 1_000_000, us % 1_000_000 * scale,
                                   len(frame), len(frame)))
            out.append(frame)
        return b"".join(out)

    def pcapng(self):
        def block(kind, body):
            body += b"\0" * (-len(body) % 4)
            size = struct.pack("<I", len(body) + 12)
            return struct.pack("<I", kind) + size + body + size

        out = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
               block(1, struct.pack("<HHI", ETHERNET, 0, 262144))]
        for us, frame in self.packets:
            out.append(block(6, struct.pack("<IIIII", 0, us >> 32, us & 0xFFFFFFFF, len(frame),
                                            len(frame)) + frame))
        return b"".join(out)

    def write(self, path, **options):
        with open(path, "wb") as file:
            file.write(self.pcap(**options))
        return path


class Host:
    def __init__(self, address, port, sequence):
        self.address, self.port = address, port
        self.sequence = sequence  # of the next octet that it sends
        self.received = 0  # what it acknowledges


class Connection:
    def __init__(self, wire, client=("127.0.0.1", 40001), server=("127.0.0.2", 25), cut=None,
                 deaf=False):
        self.wire, self.cut, self.deaf = wire, cut, deaf
        # Close to the top, so that every connection also wraps around.
        self.hosts = {"C": Host(*client, 0xFFFFFFF0), "S": Host(*server, 0xFFFFFF00)}
        self.ip_id = 0

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.close()

    def segment(self, side, flags, payload=b""):
        src, dst = self.hosts[side], self.hosts["S" if side == "C" else "C"]
        self.ip_id += 1
        ack = src.received if flags & ACK else 0
        self.wire.add(ethernet_frame(src.address, dst.address, self.ip_id,
                                     (src.port, dst.port, src.sequence, ack, flags, payload)))
        src.sequence += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        if not self.deaf or flags & (SYN | FIN):
            dst.received = src.sequence

    def open(self):
        self.segment("C", SYN)
        self.segment("S", SYN | ACK)
        self.segment("C", ACK)

    def close(self):
        self.segment("C", FIN | ACK)
        self.segment("S", FIN | ACK)
        self.segment("C", ACK)

    def reset(self, side="S"):
        self.segment(side, RST | ACK)

    def send(self, side, text):
        octets = text.encode("latin-1") if isinstance(text, str) else text
        size = self.cut or len(octets) or 1
        for start in range(0, len(octets), size):
            self.segment(side, PSH | ACK, octets[start : start + size])
        if not self.deaf:
            self.segment("S" if side == "C" else "C", ACK)

    def client(self, text):
        self.send("C", text)

    def server(self, text):
        self.send("S", text)

    def play(self, dialogue):
        """Lines "C: ..." and "S: ..."; neighbours of one side are one turn."""
        turns = []
        for line in dialogue.strip().splitlines():
            side, text = line.strip().split(": ", 1) if ": " in line else (line.strip()[0], "")
            if turns and turns[-1][0] == side:
                turns[-1][1].append(text)
            else:
                turns.append((side, [text]))
        for side, lines in turns:
            self.send(side, "".join(line + "\r\n" for line in lines))
