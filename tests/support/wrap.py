# SPDX-License-Identifier: ISC
"""Captures as mirrors, tunnels and other link layers show them.

    for wrapping in WRAPPINGS:
        frames = wrapping.frames(packet, way, chance)   # one, or several when it fragments

Packets are those of support/perturb.py: Ethernet, IP, TCP. A wrapping puts them into something, and
says what of it is to be kept with the session. `way` is where a mirror took the packet: each has
tags and numbers of its own. Whoever asks twice with the same chance gets the same octets."""

import struct

from support.perturb import ETHERNET_HEADER
from support.wire import checksum

ETHERNET, RAW, PPP, PPP_HDLC, CISCO_HDLC = 1, 101, 9, 50, 104
SLL, SLL2, NULL, LOOP, IPV4, IPV6 = 113, 276, 0, 108, 228, 229
NFLOG, PPI, WLAN, RADIOTAP = 239, 192, 105, 127
PKTAP, PFLOG, ENC, ERF = 258, 117, 109, 197

IP4, IP6 = 0x0800, 0x86DD
IPIP, TCP, UDP, IP6_IN_IP, GRE, FRAGMENT, DESTINATION_OPTIONS = 4, 6, 17, 41, 47, 44, 60
MACS = bytes.fromhex("020000000002020000000001")
MAPPED = bytes(10) + b"\xff\xff"  # IPv4 addresses as IPv6 ones
DONT_FRAGMENT = 0x4000

VLAN_ID, NUMBER = 100, 7000  # of way 0; the other ways count on


# -------------------------------------------------------------------------------------------- layers


def type_of(frame):
    return struct.unpack_from("!H", frame, 12)[0]


def ip_of(frame):
    return frame[ETHERNET_HEADER:]


def ethernet(kind, payload, macs=MACS):
    return macs + struct.pack("!H", kind) + payload


def tag(frame, vlan, kind=0x8100):
    return frame[:12] + struct.pack("!HH", kind, vlan) + frame[12:]


def with_checksum(header):
    header = header[:10] + b"\0\0" + header[12:]
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:]


def ip4(protocol, payload, ident=0, src="127.0.0.3", dst="127.0.0.4"):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident & 0xFFFF, DONT_FRAGMENT, 64,
                         protocol, 0)
    for address in (src, dst):
        header += bytes(map(int, address.split(".")))
    return with_checksum(header) + payload


def ip6(protocol, payload, src=bytes(15) + b"\1", dst=bytes(15) + b"\1"):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + src + dst + payload


def udp(port, payload, source=49152):
    return struct.pack("!HHHH", source, port, 8 + len(payload), 0) + payload


def gre(kind, payload, key=None, sequence=None):
    flags = (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    out = struct.pack("!HH", flags, kind)
    for word in (key, sequence):
        if word is not None:
            out += struct.pack("!I", word)
    return out + payload


def translated(frame):
    """IPv4 to IPv6, as between two kinds of networks."""
    if type_of(frame) == IP6:
        return frame
    ip = ip_of(frame)
    head = (ip[0] & 15) * 4
    body = ip[head : struct.unpack_from("!H", ip, 2)[0]]
    return ethernet(IP6, ip6(ip[9], body, MAPPED + ip[12:16], MAPPED + ip[16:20]), frame[:12])


def routed(frame):
    """Behind a router: one hop less, other hardware addresses."""
    frame = bytearray(b"\2\0\0\0\0\4\2\0\0\0\0\3" + frame[12:])
    if type_of(frame) == IP6:
        frame[ETHERNET_HEADER + 7] -= 1
    else:
        frame[ETHERNET_HEADER + 8] -= 1
        frame[ETHERNET_HEADER:ETHERNET_HEADER + 20] = with_checksum(
            bytes(frame[ETHERNET_HEADER:ETHERNET_HEADER + 20]))
    return bytes(frame)


# ----------------------------------------------------------------------------------------- fragments


def _fragment4(ip, size, ident):
    head = (ip[0] & 15) * 4
    body = ip[head : struct.unpack_from("!H", ip, 2)[0]]
    out = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        more = 0x2000 if at + size < len(body) else 0
        header = bytearray(ip[:head])
        struct.pack_into("!HHH", header, 2, head + len(part), ident & 0xFFFF, more | at // 8)
        out.append(with_checksum(bytes(header)) + part)
    return out


def _fragment6(ip, size, ident):
    body = ip[40:]
    out = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        more = at + size < len(body)
        header = struct.pack("!BBHI", ip[6], 0, at | more, ident & 0xFFFFFFFF)
        out.append(ip6(FRAGMENT, header + part, ip[8:24], ip[24:40]))
    return out


def fragments(frame, size, ident):
    """Ethernet frames with the pieces of the IP packet in `frame`; `size` in units of eight."""
    split = _fragment4 if type_of(frame) == IP4 else _fragment6
    return [frame[:ETHERNET_HEADER] + piece for piece in split(ip_of(frame), size, ident)]


# --------------------------------------------------------------------------------------- wrappings


class Wrapping:
    """`make(packet, way, chance)` gives a frame or a list of them; packet.side tells the direction.
    `vlan`, `tunnel` and `number` are what the session is to show. With `ip6_only` the packets become
    IPv6 first."""

    def __init__(self, name, link_type, make, vlan=None, tunnel=None, number=None, ip6_only=False):
        self.name, self.link_type, self.make = name, link_type, make
        self.vlan, self.tunnel, self.number, self.ip6_only = vlan, tunnel, number, ip6_only

    def frames(self, packet, way, chance):
        if self.ip6_only:
            packet = packet.copy(frame=translated(packet.frame))
        out = self.make(packet, way, chance)
        return out if isinstance(out, list) else [out]


WRAPPINGS = []


def wrapping(name, link_type=ETHERNET, **shown):
    def register(make):
        WRAPPINGS.append(Wrapping(name, link_type, make, **shown))
        return make

    return register


def simple(name, make, link_type=ETHERNET, **shown):
    """Where direction and chance do not matter: make(frame, way)."""
    WRAPPINGS.append(Wrapping(name, link_type, lambda p, way, _: make(p.frame, way), **shown))


def numbered(name, make, link_type=RAW, tunnel=None, **shown):
    """A tunnel: make(frame, number)."""
    simple(name, lambda frame, way: make(frame, NUMBER + way), link_type, tunnel=tunnel,
           number=NUMBER, **shown)


def _outer(protocol, payload, ident=0):
    return ip4(protocol, payload, ident)


# Link layers.
simple("Ethernet", lambda f, way: f)
simple("Ethernet, padded, with a trailer", lambda f, way: f.ljust(60, b"Q") + b"QUIT")
simple("802.3 and SNAP", lambda f, way: f[:12] + struct.pack("!H", len(f) - 6)
       + bytes.fromhex("aaaa03000000") + f[12:])
simple("raw IP", lambda f, way: ip_of(f), RAW)
simple("raw IPv6", lambda f, way: ip_of(f), IPV6, ip6_only=True)
simple("SLL", lambda f, way: bytes.fromhex("00000001000602000000000100 00") + f[12:], SLL)
simple("SLL2", lambda f, way: f[12:14] + bytes(2) + struct.pack("!IHBB", 1, 1, 0, 6) + f[6:12]
       + bytes(2) + ip_of(f), SLL2)
simple("null, little-endian", lambda f, way: struct.pack("<I", 2 if type_of(f) == IP4 else 10)
       + ip_of(f), NULL)
simple("null, big-endian", lambda f, way: struct.pack(">I", 2 if type_of(f) == IP4 else 30)
       + ip_of(f), NULL)
simple("loop", lambda f, way: struct.pack(">I", 2 if type_of(f) == IP4 else 24) + ip_of(f), LOOP)
simple("PPP", lambda f, way: struct.pack("!H", 0x21 if type_of(f) == IP4 else 0x57) + ip_of(f), PPP)
simple("PPP, framed", lambda f, way: struct.pack("!HH", 0xFF03, 0x21 if type_of(f) == IP4 else 0x57)
       + ip_of(f), PPP_HDLC)
simple("Cisco HDLC", lambda f, way: b"\x0f\0" + f[12:], CISCO_HDLC)
simple("NFLOG", lambda f, way: struct.pack("<BBHHHI", 2, 0, 0, 8, 1, 0)
       + struct.pack("<HH", 4 + len(ip_of(f)), 9) + ip_of(f), NFLOG)
simple("PPI", lambda f, way: struct.pack("<BBHI", 0, 0, 8, ETHERNET) + f, PPI)
simple("PKTAP", lambda f, way: struct.pack("<III4s", 16, 1, ETHERNET, b"en0") + f, PKTAP)
simple("PFLOG", lambda f, way: bytes([61, 2 if type_of(f) == IP4 else 30]) + bytes(62) + ip_of(f), PFLOG)
simple("ENC", lambda f, way: struct.pack("<III", 2 if type_of(f) == IP4 else 24, 1, 0) + ip_of(f), ENC)
simple("ERF", lambda f, way: struct.pack("<QBBHHHH", 0, 2, 4, 18 + len(f), 0, len(f), 0) + f, ERF)


def _wlan(frame, quality):
    head = b"\x88\1" if quality else b"\x08\1"
    return (head + bytes(2) + MACS + MACS[:6] + bytes(2) + (bytes(2) if quality else b"")
            + bytes.fromhex("aaaa03000000") + frame[12:])


simple("802.11", lambda f, way: _wlan(f, False), WLAN)
simple("radiotap, 802.11 with QoS and checksum",
       lambda f, way: struct.pack("<BBHI", 0, 0, 8, 0) + _wlan(f, True) + b"\xff" * 4, RADIOTAP)

# Tags and shims.
simple("VLAN", lambda f, way: tag(f, VLAN_ID + way), vlan=VLAN_ID)
simple("QinQ", lambda f, way: tag(tag(f, 7), VLAN_ID + way, 0x88A8), vlan=VLAN_ID)
simple("QinQ, the inner one differs", lambda f, way: tag(tag(f, 7 + way), VLAN_ID, 0x88A8),
       vlan=VLAN_ID)
simple("three tags", lambda f, way: tag(tag(tag(f, 7), 8, 0x9100), VLAN_ID + way, 0x9100),
       vlan=VLAN_ID)
simple("priority tag", lambda f, way: tag(f, 0xE000))
simple("one way is tagged", lambda f, way: tag(f, VLAN_ID) if way == 0 else f, vlan=VLAN_ID)
simple("VN-tag", lambda f, way: f[:12] + struct.pack("!HI", 0x8926, 0x80010002 + way) + f[12:])


@wrapping("a VLAN for each direction", vlan=VLAN_ID)
def _(packet, way, _):
    return tag(packet.frame, VLAN_ID + way + (500 if packet.side == "S" else 0))


def _mpls(frame, labels, payload):
    stack = b"".join(struct.pack("!I", label << 12 | (n == len(labels) - 1) << 8 | 64)
                     for n, label in enumerate(labels))
    return ethernet(0x8847, stack + payload, frame[:12])


numbered("MPLS", lambda f, n: _mpls(f, [n], ip_of(f)), ETHERNET, "MPLS")
numbered("MPLS, three labels", lambda f, n: _mpls(f, [16, 17, n], ip_of(f)), ETHERNET, "MPLS")
numbered("pseudowire", lambda f, n: _mpls(f, [n], f), ETHERNET, "MPLS")
numbered("pseudowire, control word", lambda f, n: _mpls(f, [16, n], bytes(4) + f), ETHERNET, "MPLS")
numbered("PBB", lambda f, n: ethernet(0x88E7, struct.pack("!I", n) + f), ETHERNET, "PBB")


def _pppoe(frame, number):
    ppp = struct.pack("!H", 0x21 if type_of(frame) == IP4 else 0x57) + ip_of(frame)
    return ethernet(0x8864, struct.pack("!BBHH", 0x11, 0, number, len(ppp)) + ppp)


numbered("PPPoE", _pppoe, ETHERNET, "PPPoE")
numbered("PPPoE in a VLAN", lambda f, n: tag(_pppoe(f, n), VLAN_ID), ETHERNET, "PPPoE",
         vlan=VLAN_ID)
numbered("NSH", lambda f, n: ethernet(0x894F, struct.pack("!HBBI", 2, 1, 3, n << 8 | 255) + f),
         ETHERNET, "NSH")

# Tunnels.
simple("IP in IP", lambda f, way: _outer(IPIP if type_of(f) == IP4 else IP6_IN_IP, ip_of(f)), RAW,
       tunnel="IP in IP")
simple("6in4", lambda f, way: _outer(IP6_IN_IP, ip_of(f)), RAW, tunnel="IP in IP", ip6_only=True)
simple("IP in IPv6", lambda f, way: ip6(IPIP if type_of(f) == IP4 else IP6_IN_IP, ip_of(f)), RAW,
       tunnel="IP in IP")
simple("GRE", lambda f, way: _outer(GRE, gre(type_of(f), ip_of(f))), RAW, tunnel="GRE")
numbered("GRE with a key", lambda f, n: _outer(GRE, gre(type_of(f), ip_of(f), n, 1)), tunnel="GRE")
numbered("GRE, bridged, over IPv6", lambda f, n: ip6(GRE, gre(0x6558, f, n)), tunnel="GRE")
simple("ERSPAN I", lambda f, way: _outer(GRE, gre(0x88BE, f)), RAW, tunnel="ERSPAN")


def _erspan2(frame, session, vlan=0):
    return _outer(GRE, gre(0x88BE, struct.pack("!HHI", 0x1000 | vlan, session, 0) + frame, None, 1))


simple("ERSPAN II", lambda f, way: _erspan2(f, 70 + way), RAW, tunnel="ERSPAN", number=70)
simple("ERSPAN III", lambda f, way: _outer(
    GRE, gre(0x22EB, struct.pack("!HHIHH", 0x2000, 70 + way, 0, 0, 1) + bytes(8) + f, None, 1)),
    RAW, tunnel="ERSPAN", number=70)
simple("ERSPAN II, tagged inside", lambda f, way: _erspan2(tag(f, VLAN_ID + way), 70), RAW,
       tunnel="ERSPAN", number=70, vlan=VLAN_ID)
simple("ERSPAN II, the VLAN in its header", lambda f, way: _erspan2(f, 70, VLAN_ID + way), RAW,
       tunnel="ERSPAN", number=70, vlan=VLAN_ID)


@wrapping("ERSPAN II, a session for each direction", RAW, tunnel="ERSPAN", number=70)
def _(packet, way, _):
    return _erspan2(packet.frame, 70 + way + (100 if packet.side == "S" else 0))


numbered("EoIP", lambda f, n: _outer(GRE, struct.pack("!HHH", 0x2001, 0x6400, len(f))
                                     + struct.pack("<H", n) + f), tunnel="EoIP")


def _vxlan(number, payload, port=4789, head=0x08000000):
    return _outer(UDP, udp(port, struct.pack("!II", head, number << 8) + payload))


numbered("VXLAN", lambda f, n: _vxlan(n, f), tunnel="VXLAN")
numbered("VXLAN, tagged inside and outside",
         lambda f, n: tag(ethernet(IP4, _vxlan(n, tag(f, 7))), VLAN_ID), ETHERNET, "VXLAN",
         vlan=VLAN_ID)
numbered("VXLAN-GPE, IP", lambda f, n: _vxlan(n, ip_of(f), 4790, 0x0C000001
                                              + (type_of(f) == IP6)), tunnel="VXLAN")
numbered("VXLAN-GPE, NSH", lambda f, n: _vxlan(n, struct.pack("!HBBI", 2, 1, 3, 511) + f, 4790,
                                               0x0C000004), tunnel="VXLAN")
numbered("GENEVE", lambda f, n: _outer(UDP, udp(6081, struct.pack("!BBHI", 2, 0, 0x6558, n << 8)
                                                + bytes(8) + f)), tunnel="GENEVE")
numbered("GENEVE, IP, over IPv6",
         lambda f, n: ip6(UDP, udp(6081, struct.pack("!BBHI", 0, 0, type_of(f), n << 8) + ip_of(f))),
         tunnel="GENEVE")


def _gtp(frame, number, extended):
    ip = ip_of(frame)
    more = bytes.fromhex("0000008501000100") if extended else b""
    head = struct.pack("!BBHI", 0x34 if extended else 0x30, 255, len(ip) + len(more), number)
    return _outer(UDP, udp(2152, head + more + ip, 2152))


@wrapping("GTP-U", RAW, tunnel="GTP-U", number=NUMBER)
def _(packet, way, _):
    return _gtp(packet.frame, NUMBER + way + (1000 if packet.side == "S" else 0), False)


@wrapping("GTP-U with extensions", RAW, tunnel="GTP-U", number=NUMBER)
def _(packet, way, _):
    return _gtp(packet.frame, NUMBER + way + (1000 if packet.side == "S" else 0), True)


numbered("L2TP", lambda f, n: _outer(UDP, udp(1701, struct.pack("!HI", 2, n) + struct.pack(
    "!HH", 0xFF03, 0x21 if type_of(f) == IP4 else 0x57) + ip_of(f), 1701)), tunnel="L2TP")
simple("Teredo", lambda f, way: _outer(UDP, udp(3544, bytes(8) + ip_of(f))), RAW, tunnel="Teredo",
       ip6_only=True)
simple("TZSP", lambda f, way: _outer(UDP, udp(37008, b"\1\0\0\1\x0a\1\xc4\1" + f)), RAW,
       tunnel="TZSP")
numbered("VXLAN in GRE in a VLAN in PPPoE",
         lambda f, n: tag(_pppoe(ethernet(IP4, _outer(GRE, gre(IP4, _vxlan(9, f)))), n), VLAN_ID),
         ETHERNET, "PPPoE", vlan=VLAN_ID)

# IPv6 and fragments.
simple("IPv6", lambda f, way: f, ip6_only=True)
simple("IPv6 with extension headers",
       lambda f, way: ethernet(IP6, ip6(DESTINATION_OPTIONS, bytes([FRAGMENT, 0, 1, 4, 0, 0, 0, 0])
                                        + struct.pack("!BBHI", TCP, 0, 0, 9) + ip_of(f)[40:],
                                        ip_of(f)[8:24], ip_of(f)[24:40])), ip6_only=True)


def _ident(packet):
    """Of captures that follow each other, in time for what was lost of one to be forgotten, each has
    numbers of its own: else a fragment of one would fit into a hole of another."""
    ip = ip_of(packet.frame)
    end = 16 if type_of(packet.frame) == IP4 else 24
    if packet.side == "S":
        end += 4 if type_of(packet.frame) == IP4 else 16
    case = struct.unpack_from("!H", ip, end - 2)[0]
    return case * 256 + packet.number * 2 + (packet.side == "S")


def _as_they_are(pieces, chance):
    return pieces


def _reversed(pieces, chance):
    return pieces[::-1]


def _shuffled(pieces, chance):
    return chance.sample(pieces, len(pieces))


def _doubled(pieces, chance):
    """But for what is no fragment: twice, that would be a copy of a whole packet."""
    return [piece for piece in pieces for _ in range(min(len(pieces), 2))]


def _add_fragments():
    orders = (("in order", _as_they_are), ("the last first", _reversed), ("shuffled", _shuffled),
              ("each twice", _doubled))
    for size in (8, 24, 64, 552):
        for title, order in orders:
            for six in (False, True):
                name = f"{'IPv6 f' if six else 'F'}ragments of {size}, {title}"
                WRAPPINGS.append(Wrapping(
                    name, ETHERNET, lambda p, way, chance, size=size, order=order: [
                        tag(f, VLAN_ID + way)
                        for f in order(fragments(p.frame, size, _ident(p)), chance)],
                    vlan=VLAN_ID, ip6_only=six))


_add_fragments()


@wrapping("fragments in VXLAN", RAW, tunnel="VXLAN", number=NUMBER)
def _(packet, way, chance):
    return [_vxlan(NUMBER + way, f)
            for f in _shuffled(fragments(packet.frame, 16, _ident(packet)), chance)]


@wrapping("VXLAN in fragments", tunnel="VXLAN", number=NUMBER)
def _(packet, way, chance):
    whole = ethernet(IP4, _vxlan(NUMBER + way, packet.frame))
    return _shuffled(fragments(whole, 48, 4 * _ident(packet) + way), chance)


@wrapping("fragments in GRE in IPv6 fragments", tunnel="GRE", number=NUMBER)
def _(packet, way, chance):
    out = []
    for n, f in enumerate(fragments(packet.frame, 24, _ident(packet))):
        whole = ethernet(IP6, ip6(GRE, gre(type_of(f), ip_of(f), NUMBER + way)))
        out += fragments(whole, 32, (4 * _ident(packet) + way) * 4096 + n)
    return _shuffled(out, chance)
