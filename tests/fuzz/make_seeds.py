#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Writes the seeds of the fuzz targets: small inputs, one for each thing that the dissectors know, so
that a fuzzer need not guess numbers, and whole dialogues for what comes behind them. Without an
argument into tests/fuzz/seeds. The result is the same each time; inputs that a fuzzer found are kept
beside it under their own names."""

import glob
import gzip
import lzma
import os
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "seeds")
DIALOGUES = os.path.join(HERE, "..", "dialogues")
REPLY_TEXTS = os.path.join(HERE, "..", "..", "analyzer", "software", "reply_texts.tsv")
MACS = bytes.fromhex("020000000002020000000001")
PAYLOAD = b"RCPT TO:<a@b>\r\n"


def tcp(payload=PAYLOAD, options=b""):
    words = (20 + len(options)) // 4
    return struct.pack("!HHIIBBHHH", 40000, 25, 1, 2, words << 4, 0x18, 512, 0, 0) + options + payload


def ip4(payload, protocol=6, fragment=0, options=b"", total=None):
    length = 20 + len(options) + len(payload) if total is None else total
    return struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, length, 1, fragment, 64, protocol,
                       0) + bytes([127, 0, 0, 1, 127, 0, 0, 2]) + options + payload


def ip6(payload, protocol=6):
    loopback = bytes(15) + b"\1"
    return struct.pack("!IHBB", 0x60000000, len(payload), protocol, 64) + loopback * 2 + payload


def udp(payload, port):
    return struct.pack("!HHHH", 49152, port, 8 + len(payload), 0) + payload


def ethernet(payload, *types):
    """With each type but the last a tag."""
    tags = b"".join(struct.pack("!HH", t, 7) for t in types[:-1])
    return MACS + tags + struct.pack("!H", types[-1]) + payload


def hexed(text, payload):
    return bytes.fromhex(text) + payload


V4, V6 = ip4(tcp()), ip6(tcp())
FRAMES = {
    "ethernet_ip4": (1, ethernet(V4, 0x800)),
    "ethernet_ip6": (1, ethernet(V6, 0x86dd)),
    "ethernet_padded": (1, ethernet(ip4(tcp(b"")), 0x800) + bytes(6)),
    "ethernet_llc": (1, ethernet(hexed("aaaa030000000800", V4), 8 + len(V4))),
    "vlan": (1, ethernet(V4, 0x8100, 0x800)),
    "vlan_stacked": (1, ethernet(V6, 0x88a8, 0x9100, 0x8100, 0x86dd)),
    "mpls": (1, ethernet(hexed("0000104000002140", V4), 0x8847)),
    "mpls_ethernet": (1, ethernet(hexed("0000214000000000", ethernet(V4, 0x800)), 0x8847)),
    "pppoe": (1, ethernet(hexed("110000010000" + "0021", V4), 0x8864)),
    "sll": (113, hexed("00000001000602000000000100000800", V4)),
    "sll2": (276, hexed("86dd0000000000010001000602000000" + "00010000", V6)),
    "raw_ip4": (101, V4),
    "raw_ip6": (12, V6),
    "null": (0, hexed("02000000", V4)),
    "loop": (108, hexed("00000018", V6)),
    "ppp": (9, hexed("ff030021", V4)),
    "ppp_serial": (50, hexed("0f000800", V4)),
    "hdlc": (104, hexed("8f0086dd", V6)),
    "atm": (100, hexed("aaaa030000000800", V4)),
    "ip4_options": (101, ip4(tcp(), options=b"\1\1\1\0")),
    "ip4_fragment": (101, ip4(tcp(), fragment=0x2000)),
    "ip4_offload": (101, ip4(tcp(), total=0)),
    "ip4_ah": (101, ip4(hexed("06040000" + "00" * 20, tcp()), 51)),
    "ip6_extensions": (101, ip6(hexed("3c00010400000000" "2b00010400000000" "2c00010400000000"
                                      "0600000000000001", tcp()), 0)),
    "ip6_fragment": (101, ip6(hexed("0600000100000001", tcp()), 44)),
    "tcp_options": (101, ip4(tcp(options=bytes.fromhex("0101080a0000000100000002")))),
    "ipip": (101, ip4(V4, 4)),
    "6in4": (101, ip4(V6, 41)),
    "gre": (101, ip4(hexed("b0000800" + "00" * 12, V4), 47)),
    "erspan1": (101, ip4(hexed("000088be", ethernet(V4, 0x800)), 47)),
    "erspan2": (101, ip4(hexed("100088be00000001" "1007000100000000", ethernet(V4, 0x800)), 47)),
    "erspan3": (101, ip4(hexed("100022eb00000001" "20070001" "00000000" "00000001" + "00" * 8,
                               ethernet(V6, 0x86dd)), 47)),
    "vxlan": (101, ip4(udp(hexed("0800000000000700", ethernet(V4, 0x800)), 4789), 17)),
    "vlan_vn_tag": (1, ethernet(hexed("800100020800", V4), 0x8926)),
    "pbb": (1, ethernet(hexed("00000007", ethernet(V4, 0x800)), 0x88e7)),
    "nsh": (1, ethernet(hexed("0006010200000900" + "00" * 16, V6), 0x894f)),
    "nflog": (239, hexed("020000050800010000000000" "3d000900", V4)),
    "nflog_big": (239, hexed("02000005" "0005000141000000" "003d0009", V4)),
    "ppi": (192, hexed("0000100069000000" "0200040000000000",
                       hexed("08010000" + "02" * 18 + "0000" "aaaa030000000800", V4))),
    "radiotap": (127, hexed("00000c0002000000" "10000000" "8803" "0000" + "02" * 18 + "0000"
                            + "02" * 6 + "0000" "aaaa0300000086dd", V6)),
    "wlan": (105, hexed("88820000" + "02" * 18 + "0000" "0000" "00000000" "aaaa030000000800", V4)),
    "eoip": (101, ip4(hexed("2001640000470700", ethernet(V4, 0x800)), 47)),
    "vxlan_gpe": (101, ip4(udp(hexed("0c00000400000700" "0002010100000900", V4), 4790), 17)),
    "gtp_u": (101, ip4(udp(hexed("30ff003900000007", V4), 2152), 17)),
    "gtp_u_extended": (101, ip4(udp(hexed("34ff0045000000070000008501000185" "01000100", V6), 2152),
                                17)),
    "l2tp": (101, ip4(udp(hexed("4a0200000001000200000000" "0002" "0000" "ff030021", V4), 1701), 17)),
    "teredo": (101, ip4(udp(hexed("00010102aabbbb" + "00" * 9 + "00003fff80fffffe", V6), 3544), 17)),
    "tzsp": (101, ip4(udp(hexed("010000010a01c400280001", ethernet(V4, 0x800)), 37008), 17)),
    "geneve": (101, ip4(udp(hexed("0100655800000700" "00000000", ethernet(V4, 0x800)), 6081), 17)),
}

HELLO = ("010000510303" + "00" * 32 + "00" "00021301" "0100" "0026" "0a0a0000"
         "00000013001100000e" + b"mail.localhost".hex() + "002b0007063a3a03040303")
LINES = {
    "client": b"EHLO client.example\r\nMAIL FROM:<a@b> SIZE=5 BODY=BINARYMIME\r\nRCPT TO:<c@d>\r\n"
              b"DATA\r\nRSET\r\nNOOP\r\nQUIT\r\n",
    "client_odd": b" mail from: <\"a> b\"@c>\nRCPT TO :x\nSAML FROM:<>\nDatabase\nXXXX a\ndata is\n",
    "chunks": b"BDAT 5\r\nabcdeBDAT 0 LAST\r\nBDAT 18446744073709551616\r\nBURL imap://x LAST\r\n",
    "auth": b"AUTH PLAIN AGEAYg==\r\nX-EXPS LOGIN\r\nSTARTTLS\r\nX-ANONYMOUSTLS\r\ndXNlcg==\r\n*\r\n",
    "others": b"HELO a\r\nLHLO a\r\nVRFY a\r\nEXPN a\r\nHELP\r\nETRN a\r\nATRN\r\nTURN\r\n"
              b"XCLIENT A=b\r\nXFORWARD A=b\r\n",
    "server": b"220 mail.example ESMTP\r\n250-mail.example\r\n250-PIPELINING\r\n250-SIZE 1\r\n"
              b"250-AUTH=LOGIN\r\n250-X_PIPE_CONNECT\r\n250-XXXXXXXA\r\n250 CHUNKING\r\n"
              b"503 5.5.1 need MAIL\r\n550 #5.1.0 no\r\n503 MAIL first (#5.5.1)\r\n354\r\n",
    "content": b"Subject: x\r\n\r\n..dot\r\n.a\r\ntext\r\n.\r\nQUIT\r\n",
    "content_empty": b".\r\n",
    "content_long": b"0123456789abcdef0123456789abcdef01234567\r\n" * 8 + b".\r\n",
    "content_smuggle": b"a\n.\nb\r.\rc\n.\r\nd\r\n.\ne\r\n.\rf\0\r\r\n.\r\n",
    "tls_client": bytes.fromhex("16030100" "55" + HELLO),
    "tls_client_cut": bytes.fromhex("160301005501000051" "0303"),
    "tls_server": bytes.fromhex("160303003202" "00002e0303" + "00" * 32 + "00130200" "0006002b00020304"),
}


FLAGS = {"ack": 0, "fin": 1 << 4, "rst": 2 << 4}


def segment(side, offset, length, acked=0, cut=0, time=0, kind="ack"):
    """One of fuzz_stream's: eight octets."""
    return struct.pack("!BHBHBB", side | (2 if cut else 0) | FLAGS[kind], offset, length, acked, cut, time)


WHOLE, MIDWAY = b"\1", b"\0"
STREAMS = {
    "in_order": WHOLE + segment(1, 0, 20) + segment(0, 0, 10, 20) + segment(1, 20, 9, 10)
                + segment(0, 10, 0, 29, kind="fin") + segment(1, 29, 0, 11, kind="fin"),
    "swapped": WHOLE + segment(0, 10, 10) + segment(0, 0, 10) + segment(1, 0, 5, 20),
    "lost": WHOLE + segment(0, 10, 10) + segment(1, 0, 5, 20, time=200) + segment(0, 20, 5, 5, time=200),
    "overlap": WHOLE + segment(0, 10, 10) + segment(0, 5, 30) + segment(0, 0, 6),
    "cut": WHOLE + segment(0, 0, 10, cut=50) + segment(0, 60, 10) + segment(0, 5, 60),
    "cycle": WHOLE + segment(1, 0, 5, 3) + segment(0, 0, 3, 5) + segment(1, 5, 3, 3),
    "reset": WHOLE + segment(0, 0, 10) + segment(1, 0, 0, 10, kind="rst") + segment(0, 10, 3),
    "midway": MIDWAY + segment(0, 700, 10, 300) + segment(1, 300, 10, 710) + segment(0, 690, 10, 300),
    "wrap": b"\7" + segment(0, 690, 100, 880) + segment(1, 880, 100, 790) + segment(0, 0, 250),
}


def savefile(order, magic=0xA1B2C3D4, extra=b""):
    frame = FRAMES["ethernet_ip4"][1]
    record = struct.pack(order + "IIII", 1, 2, len(frame), len(frame) + 9) + extra + frame
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1) + record * 2


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order):
    """Each block of pcapng that is read, and one that is not."""
    frame = FRAMES["ethernet_ip4"][1]
    sizes = struct.pack(order + "II", len(frame), len(frame))
    clock = struct.pack(order + "HHB3xHHqHH", 9, 1, 9, 14, 8, 3, 0, 0)
    return b"".join([
        block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(order, 1, struct.pack(order + "HHI", 1, 0, 0)),
        block(order, 1, struct.pack(order + "HHI", 101, 0, 65535) + clock),
        block(order, 6, struct.pack(order + "III", 0, 4, 5) + sizes + frame),
        block(order, 6, struct.pack(order + "III", 1, 4, 5) + sizes + frame),
        block(order, 3, sizes[:4] + frame),
        block(order, 2, struct.pack(order + "HHII", 1, 7, 4, 5) + sizes + frame),
        block(order, 5, struct.pack(order + "IIIHHQHH", 1, 0, 0, 5, 8, 3, 0, 0)),
        block(order, 0xBAD, struct.pack(order + "I", 1) + b"ours")])


# Small members of formats that Python cannot write, by their specifications: octets as they are.
def zstd(octets):
    return hexed("28b52ffd" "60", struct.pack("<H", len(octets) - 256)
                 + struct.pack("<I", len(octets) << 3 | 1)[:3] + octets)


def lz4(octets):
    return hexed("04224d18" "604082", struct.pack("<I", len(octets) | 1 << 31) + octets + bytes(4))


NEW = savefile("<")
CAPTURES = {
    "pcap": NEW,
    "pcap_big": savefile(">"),
    "pcap_nano": savefile("<", 0xA1B23C4D),
    "pcap_modified": savefile("<", 0xA1B2CD34, bytes(8)),
    "pcap_cut": NEW[:-5],
    "pcapng": section("<"),
    "pcapng_big_then_little": section(">") + section("<"),
    "gzip": gzip.compress(NEW, mtime=0),
    "gzip_twice": gzip.compress(NEW[:50], mtime=0) + bytes(8) + gzip.compress(NEW[50:], mtime=0),
    "gzip_cut": gzip.compress(section("<"), mtime=0)[:-20],
    "xz": lzma.compress(section("<")),
    "zstd": zstd(section("<")),
    "lz4": lz4(NEW),
    "foreign": b"SQLite format 3\0" + bytes(8),
}


def fragment(datagram, offset, length, last=False, cut=0):
    """One of fuzz_fragments': five octets. Lengths from 256 on are multiples of that."""
    large = length > 255
    return struct.pack("!BHBB", datagram | last << 7 | large << 6, offset // 8,
                       length // 256 if large else length, cut)


FRAGMENTS = {
    "in_order": fragment(0, 0, 64) + fragment(0, 64, 64) + fragment(0, 128, 5, True),
    "last_first": fragment(0, 128, 5, True) + fragment(0, 64, 64) + fragment(0, 0, 64),
    "mixed": fragment(0, 8, 8, True) + fragment(1, 0, 8) + fragment(1, 8, 9, True) + fragment(0, 0, 8),
    "again": (fragment(0, 0, 8) + fragment(0, 8, 8, True)) * 2,
    "overlap": fragment(0, 8, 32) + fragment(0, 0, 24) + fragment(0, 32, 16, True),
    "teardrop": fragment(0, 0, 40) + fragment(0, 24, 4, True),
    "cut": fragment(0, 0, 40, cut=8) + fragment(0, 48, 8, True) + fragment(0, 40, 8),
    "long": fragment(0, 0, 65280) + fragment(0, 65280, 255, True),
    "too_long": fragment(0, 65528, 8) + fragment(0, 65528, 8, True) + fragment(0, 0, 65280),
}


# Patterns and texts that fit them, or nearly.
PATTERNS = {
    "plain": ("MAIL first.", "mail First"),
    "brackets": ("\\<<address>>: no\\", "<a@b>: no\\"),
    "first_place": ("<x>aab<y>ab", "aaabaab"),
    "stops": ("<host> closed . .", "mx.example closed.. "),
    "lines": ("first <x>\nsecond<y>.", "first line\nsecond."),
    "line_end_in_a_variable_part": ("a<x>b", "a\nb"),
    "digits": ("id <digits> of <digits 2>", "id 4711 of 12"),
    "hex": ("<hex 8> <HEX 8>", "01abcdef 01ABCDEF"),
    "alnum": ("<host> ESMTP <alnum>-<version>", "mx.example ESMTP a1B2-3.4"),
    "kind_unknown": ("<digitsx><hexes>", "none"),
    "kind_missed": ("<x>-<digits>", "a-b-12"),
    "empty": ("", ""),
    "open": ("a<digits", "a1"),
}


def reply_texts():
    """As fuzz_reply_texts reads them: of each claim the first row that makes it, and each row of
    several lines."""
    names = set()
    with open(REPLY_TEXTS, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and line[0] != "#"]
    for server, code, enhanced, text, _, claim in rows:
        several = "\\n" in text
        name = f"{claim}_of_several_lines" if several else claim
        if name in names:
            continue
        names.add(name)
        said = re.sub(r"(?<!\\)<[^>]*>", "123", text).replace("\\<", "<").replace("\\n", "\n")
        software = "" if server == "-" else f"{server} 4.2"
        # Verb 0 stands for each.
        yield name, (bytes([int(code) - 400, 0])
                     + f"{software}\n{enhanced.strip('-')}\n{said}".encode())
    yield "second_line", b"\x67\x05Exim\n\nsender not yet given\nToo many syntax or protocol errors"
    yield "other_letters", b"\x67\x00\n\npolite PEOPLE say Helo FIRST."
    yield "software_before_enhanced", b"\x67\x00Barracuda 1.0\n\nError: send HELO/EHLO first"
    yield "letters_before_enhanced", b"\x67\x00\n5.5.1\nsender not yet given"
    yield "unknown_text", b"\x67\x06\n5.5.1\nneed a recipient before DATA"
    yield "banner", b"\x67\x06\n\nmx.example.org ESMTP Postfix (3.7.11)"
    yield "header", (b"\x67\x06\n\nReceived: from a (b [127.0.0.1])\r\n by mx.example.org (Postfix) with "
                     b"ESMTP id 4TkQ; Sat, 1 Jan 2000 00:00:00 +0000\nX-Mailer: Mailer 1.0 (x)\n")


def dialogues():
    """The first dialogue of each file of tests/dialogues as fuzz_smtp's instructions: a line of a
    side, of which the sender has received all or (C+, C~) nothing new, and a rest behind each. What
    only a capture shows is left out."""
    for path in sorted(glob.glob(f"{DIALOGUES}/*.txt")):
        with open(path, encoding="utf-8") as file:
            sections = re.split(r"^== .*$", file.read(), flags=re.M)
        octets = b"\0"
        for line in sections[1].splitlines() if len(sections) > 1 else []:
            spoken = re.match(r"([CS])([:+~]) ?(.*)", line)
            if not spoken:
                continue
            text = spoken[3].encode()[:255]
            instruction = (spoken[1] == "S") | (0 if spoken[2] == ":" else 1 << 5) | 1 << 7
            octets += bytes([instruction, len(text)]) + text
        yield os.path.basename(path)[:-len(".txt")], octets


RANDOM = bytes(range(32)).hex()
KEYLOGS = {
    "tls12": f"CLIENT_RANDOM {RANDOM} {RANDOM}{RANDOM[:32]}\n",
    "tls13": "".join(f"{label} {RANDOM} {RANDOM}\n" for label in (
        "CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET")),
    "premaster": f"RSA {RANDOM[:16]} {RANDOM}{RANDOM[:32]}\n"
                 f"PMS_CLIENT_RANDOM {RANDOM} {RANDOM}{RANDOM[:32]}\n",
    "untidy": f"# a comment\r\n\r\n CLIENT_RANDOM\t{RANDOM.upper()}  {RANDOM.upper()}\r\n"
              f"CLIENT_RANDOM {RANDOM} {RANDOM}\nCLIENT_RANDOM {RANDOM} {RANDOM[:31]}",
    "odd": f"CLIENT_RANDOM {RANDOM} 0\nCLIENT_RANDOM {RANDOM}00 00\nCLIENT_RANDOM  {RANDOM} \n"
           f"CLIENT_RANDOM {RANDOM} {RANDOM * 3}\nCLIENT_RANDOM {RANDOM} 0g\n\0\n",
}


def write(folder, name, octets):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(octets)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
    for name, (link_type, frame) in FRAMES.items():
        write(f"{folder}/packet", name, struct.pack("!H", link_type) + frame)
    # As a snap length leaves it: 32 octets more were on the wire.
    write(f"{folder}/packet", "cut", struct.pack("!H", 2 << 9 | 1) + FRAMES["ethernet_ip4"][1][:-8])
    for name, text in KEYLOGS.items():
        write(f"{folder}/keylog", name, text.encode())
    for name, octets in LINES.items():
        write(f"{folder}/smtp_lines", name, octets)
    for name, octets in FRAGMENTS.items():
        write(f"{folder}/fragments", name, octets)
    for name, octets in STREAMS.items():
        write(f"{folder}/stream", name, octets)
    for name, octets in CAPTURES.items():
        write(f"{folder}/capture", name, octets)
    for name, (pattern, text) in PATTERNS.items():
        write(f"{folder}/pattern", name, pattern.encode() + b"\0" + text.encode())
    for name, octets in reply_texts():
        write(f"{folder}/reply_texts", name, octets)
    for name, octets in dialogues():
        write(f"{folder}/smtp", name, octets)


if __name__ == "__main__":
    main()
