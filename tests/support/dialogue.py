# SPDX-License-Identifier: ISC
"""The dialogues of tests/dialogues as captures. Their format is described in README.md there; here
only what is on the wire counts, not what heloscope must say of it.

A dialogue that tells of a capture with holes is played in full, as far as its lines go back: what a
sensor can lose is tried by tests/support/perturb.py."""

import os
import re

from support.wire import ACK, FIN, MILLISECOND, PSH, RST, START_US, Wire

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "dialogues")
SEGMENT = 1460  # octets of payload
ESCAPES = {"\\": "\\", "r": "\r", "n": "\n", "t": "\t"}
RECORD = b"\x17\x03\x03"  # application data, RFC 8446 section 5.1
HELLOS = {  # RFC 8446 sections 4.1.2 and 4.1.3
    "TLS client hello": bytes.fromhex("160301002f" "0100002b" "0303") + b"-" * 32
                        + bytes.fromhex("00" "0002" "1301" "0100" "0000"),
    "TLS server hello": bytes.fromhex("1603030032" "0200002e" "0303") + b"-" * 32
                        + bytes.fromhex("00" "1301" "00" "0006" "002b00020304"),
}


def unescape(text):
    """The octets of a line; CR LF behind them unless it ends in a lone backslash."""
    end = "\r\n"
    if re.search(r"(?<!\\)(\\\\)*\\$", text):
        text, end = text[:-1], ""
    plain = re.sub(r"\\(x[0-9A-Fa-f]{2}|.)", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x"
                   else ESCAPES[m[1]], text.encode("utf-8").decode("latin-1"))
    return (plain + end).encode("latin-1")


def generate(text):
    if text in HELLOS:
        return HELLOS[text]
    known = re.fullmatch(r"(\d+) octets( of TLS)?", text)
    if not known:
        raise ValueError(f"nothing can be made that is called {text!r}")
    size, tls = int(known[1]), known[2]
    if tls:
        return RECORD + size.to_bytes(2, "big") + b"\xa5" * size
    return (b"x" * 76 + b"\r\n") * (size // 78) + (b"x" * size)[: max(size % 78 - 2, 0)] \
        + b"\r\n"[: size % 78]


class Dialogue:
    def __init__(self, name):
        self.name, self.turns, self.whole = name, [], True
        self.port, self.closing = 25, "the client closes"

    def line(self, line):
        spoken = re.match(r"([CS])([:+~*-]*) ?(.*)", line)
        if line.startswith("-- port "):
            self.port = int(line[8:])
        elif line == "-- the capture begins here":
            self.whole = bool(self.turns)
        elif line.startswith("-- the capture ends") or re.search("closes$|resets$", line):
            self.closing = line[3:]
        elif spoken:
            side, marks, text = spoken.groups()
            octets = generate(text) if "*" in marks else unescape(text)
            if "+" in marks:
                self.turns[-1][2].append(octets)
            else:
                self.turns.append((side, "~" in marks, [octets]))

    def capture(self):
        """A pcap of it."""
        wire = Wire(START_US, 3 * MILLISECOND)
        connection = wire.connection(server=("127.0.0.2", self.port), deaf=True)
        connection.open()
        hosts = connection.hosts
        for side, blind, octets in self.turns:
            peer = hosts["S" if side == "C" else "C"]
            if not blind:
                hosts[side].received = peer.sequence
            octets = b"".join(octets)
            for at in range(0, len(octets), SEGMENT):
                connection.segment(side, PSH | ACK, octets[at : at + SEGMENT])
        first = "S" if "server" in self.closing else "C"
        second = "C" if first == "S" else "S"
        for side, flags in ((first, FIN | ACK), (second, FIN | ACK), (first, ACK)):
            if "capture ends" in self.closing:
                break
            hosts[side].received = hosts["S" if side == "C" else "C"].sequence
            connection.segment(side, RST | ACK if "resets" in self.closing else flags)
            if "resets" in self.closing:
                break
        return wire.pcap()


def read_dialogues():
    """All dialogues that tell a session from its start, by file name and place."""
    out = []
    names = sorted(os.listdir(FOLDER)) if os.path.isdir(FOLDER) else []
    for name in (n for n in names if n.endswith(".txt")):
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            lines = [line.rstrip("\n").lstrip(" ") for line in file]
        for number, line in enumerate(lines, 1):
            if line.startswith("== "):
                out.append(Dialogue(f"{name[:-4]}-{number}.pcap"))
            elif out and not line.startswith(("#", "=", "!")):
                out[-1].line(line)
    return [dialogue for dialogue in out if dialogue.turns and dialogue.whole]
