#!/usr/bin/python3 -B
"""Checks the captures of this folder without heloscope: tshark takes the packets apart, and a few
lines here put the streams together. Prints what does not hold; the exit status is 1 then.

Held against each other: the table of scenarios, the captures, README.md, and expected.tsv, whose
503s, commands and origins must be on the wire."""

import collections
import pathlib
import re
import socket
import subprocess
import sys

import scenarios

HERE = pathlib.Path(__file__).resolve().parent
FIELDS = ("tcp.stream", "tcp.srcport", "tcp.seq", "tcp.flags.fin", "tcp.flags.reset",
          "tcp.analysis.lost_segment", "tcp.payload")
SERVER_PORTS = ("2525", "10024")


def tshark(path):
    command = ["tshark", "-r", str(path), "-T", "fields"]
    for field in FIELDS:
        command += ["-e", field]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [dict(zip(FIELDS, line.split("\t"))) for line in text.splitlines()]


def streams(packets):
    """(stream, side) -> octets; loopback loses and reorders nothing, so joining is enough."""
    sides = collections.defaultdict(bytes)
    seen = set()
    for packet in packets:
        side = "S" if packet["tcp.srcport"] in SERVER_PORTS else "C"
        key = (packet["tcp.stream"], side)
        if packet["tcp.payload"] and (key, packet["tcp.seq"]) not in seen:
            seen.add((key, packet["tcp.seq"]))
            sides[key] += bytes.fromhex(packet["tcp.payload"])
    return sides


def lines(sides, wanted):
    return [line for (_, side), octets in sides.items() if side == wanted
            for line in octets.decode("ascii", "replace").split("\r\n")]


def expected():
    rows = collections.defaultdict(list)
    for line in (HERE / "expected.tsv").read_text().splitlines():
        if not line.startswith("#"):
            sample, command, cause, origin, also = line.split("\t")
            rows[sample].append((command, cause, origin))
    return rows


def in_order(wanted, present):
    """Whether the lines `wanted` occur in this order among those `present`."""
    rest = iter(present)
    return all(any(line == want or want.startswith("AUTH ") and line.startswith(want)
                   for line in rest) for want in wanted)


def check(path, rows):
    packets = tshark(path)
    sides = streams(packets)
    client, server = lines(sides, "C"), lines(sides, "S")
    if any(packet["tcp.analysis.lost_segment"] for packet in packets):
        yield "a segment is missing"
    ended = {packet["tcp.stream"] for packet in packets
             if {"1", "True"} & {packet["tcp.flags.fin"], packet["tcp.flags.reset"]}}
    if ended != {packet["tcp.stream"] for packet in packets}:
        yield "a connection does not end"
    found = sum(1 for line in server if re.match(r"503( |$)", line))
    if found != len(rows):
        yield f"{found} replies 503, {len(rows)} expected"
    if not in_order([command for command, _, _ in rows], client):
        yield "the expected commands are not sent in this order"
    for _, cause, origin in rows:
        sent = origin == "(data)" or any(line.startswith(origin) for line in client + server)
        if not sent:
            yield f"origin of {cause} is not on the wire: {origin}"
    if socket.gethostname().encode() in re.findall(rb"[\w.-]+", b" ".join(sides.values())):
        yield "the name of this machine is in it"


def main():
    rows = expected()
    names = [sample["name"] for sample in scenarios.SAMPLES]
    captures = {path.stem: path for path in HERE.glob("*.pcap")}
    readme = re.findall(r"^\| `([\w-]+)` \|", (HERE / "README.md").read_text(), re.MULTILINE)
    problems = [f"{name}: only in {place}" for place, there in
                (("scenarios.py", names), ("captures", captures), ("README.md", readme),
                 ("expected.tsv", rows))
                for name in there if name not in names or name not in captures
                or name not in readme]
    for name in names:
        if name in captures:
            problems += [f"{name}: {problem}" for problem in check(captures[name], rows[name])]
    for problem in problems:
        print(problem)
    print(f"{len(captures)} captures, {sum(map(len, rows.values()))} replies 503, "
          f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
