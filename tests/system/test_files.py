# SPDX-License-Identifier: ISC
"""Capture files as people have them: compressed, in directories, of several interfaces, larger than
4 GiB, cut. Whatever holds the packets, the findings are those of the plain file."""

import bz2
import gzip
import lzma
import os
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, TIMEOUT, Scratch, heloscope  # noqa: E402
from support.program import need_program, rows  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import ETHERNET, START_US, Wire  # noqa: E402

need_program()

RAW_IP = 101

REFUSED = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Error: need MAIL command
    C: QUIT
    S: 221 2.0.0 Bye"""


def wire(sessions=1, start_us=START_US, port=40001):
    made = Wire(start_us=start_us)
    for i in range(sessions):
        with made.connection(client=("127.0.0.1", port + i)) as connection:
            connection.play(REFUSED)
    return made


def findings(database):
    """What does not depend on the file that held the packets."""
    return rows(database, "SELECT s.client_port, d.reply_seq, d.origin_seq, d.cause, e.packet, e.ts_us "
                          "FROM diagnoses d JOIN sessions s USING (session_id) JOIN events e "
                          "ON e.session_id = d.session_id AND e.seq = d.reply_seq ORDER BY 1, 2")


def analyze(scratch, *names, status=0, feed=None):
    """The findings of an analysis into a history of its own."""
    database = scratch.path("history.db")
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(database + ending):
            os.remove(database + ending)
    result = heloscope("analyze", "--db", database, *names, feed=feed).expect(status)
    return findings(database), result


def without_library(result):
    if "was built without" in result.err:
        tap.skip(result.err.strip())


def gzip_is_read():
    with Scratch() as scratch:
        path = scratch.file("none.pcap", gzip.compress(Wire().pcap()))
        return heloscope("analyze", "--db", scratch.path("x.db"), path).status == 0


# ------------------------------------------------------------------------------------- compressed


def by_command(*command):
    def pack(octets):
        if shutil.which(command[0]) is None:
            tap.skip(f"{command[0]} is missing")
        return subprocess.run(command, input=octets, stdout=subprocess.PIPE, check=True).stdout

    return pack


PACKINGS = [("gzip", gzip.compress), ("xz", lzma.compress), ("zstd", by_command("zstd", "-qc")),
            ("lz4", by_command("lz4", "-qcB4"))]  # blocks of 64 KiB

for name, pack in PACKINGS:
    def compressed(pack=pack):
        with Scratch() as scratch:
            octets = wire(sessions=50).pcap()
            packed = pack(octets)
            wanted, _ = analyze(scratch, scratch.file("plain.pcap", octets))
            equal(len(wanted), 50, "findings of the plain file")
            # Its name says nothing.
            path = scratch.file("packed.pcap", packed)
            database = scratch.path("first.db")
            without_library(heloscope("analyze", "--db", database, path))
            equal(analyze(scratch, path)[0], wanted, "findings")
            equal(analyze(scratch, "-", feed=packed)[0], wanted, "findings from standard input")
            halves = wire(25).pcap(), wire(25, START_US + 10**9, 50001).pcapng()
            paths = [scratch.file(f"half{i}", pack(half)) for i, half in enumerate(halves)]
            equal(len(analyze(scratch, *reversed(paths))[0]), 50, "findings of two files")

    def cut(name=name, pack=pack):
        with Scratch() as scratch:
            made = wire(sessions=400)
            # Addresses that do not repeat, so that it fills more than one block.
            made.packets = [(us, os.urandom(6) + frame[6:]) for us, frame in made.packets]
            octets = made.pcap()
            packed = pack(octets)
            path = scratch.file("cut.pcap", packed[:len(packed) * 9 // 10])
            without_library(heloscope("analyze", "--db", scratch.path("first.db"), path))
            found, result = analyze(scratch, path, status=1)
            contains(result.complains_once("cut.pcap"), "cut off", name)
            check(100 < len(found) < 400, f"{len(found)} findings")
            whole, _ = analyze(scratch, scratch.file("whole.pcap", octets))
            equal(found[:100], whole[:100], "findings before the end")

    tap.add(f"{name}: recognised by its content, as file, as standard input, as one of several",
            compressed)
    tap.add(f"{name}: what is cut off gives what was before, and one line", cut)


@test("compressed data that is damaged gives what was before, and one line")
def damaged():
    with Scratch() as scratch:
        packed = bytearray(gzip.compress(wire(sessions=100).pcap()))
        packed[-8] ^= 1  # the checksum, behind all
        path = scratch.file("bad.pcap", bytes(packed))
        without_library(heloscope("analyze", "--db", scratch.path("first.db"), path))
        found, result = analyze(scratch, path, status=1)
        contains(result.complains_once("bad.pcap"), "gzip", "cannot be unpacked")
        equal(len(found), 100, "findings")


@test("a text file that is compressed is no capture")
def compressed_text():
    with Scratch() as scratch:
        path = scratch.file("log.gz", gzip.compress(b"Received: from mx\n" * 50))
        result = heloscope("analyze", "--db", scratch.path("x.db"), path).expect(1)
        without_library(result)
        contains(result.complains_once("log.gz"), "not a capture")


@test("bzip2, which is not read, is named")
def bzip2():
    with Scratch() as scratch:
        path = scratch.file("x.pcap.bz2", bz2.compress(wire().pcap()))
        result = heloscope("analyze", "--db", scratch.path("x.db"), path).expect(1)
        contains(result.complains_once("x.pcap.bz2"), "bzip2 -d")


# ------------------------------------------------------------------------------------ directories


@test("a directory of rotated files is one capture, and a session crosses them")
def rotated():
    with Scratch() as scratch:
        made = wire(sessions=12)
        wanted, _ = analyze(scratch, scratch.file("whole.pcap", made.pcap()))
        os.mkdir(scratch.path("ring"))
        size = len(made.packets) // 11 + 1
        packed = gzip_is_read()
        for number in range(11):  # tcpdump -C: x.pcap, x.pcap1, ... x.pcap10
            part = Wire()
            part.packets = made.packets[number * size:(number + 1) * size]
            octets = gzip.compress(part.pcap()) if packed and number % 3 else part.pcap()
            scratch.file(f"ring/x.pcap{number or ''}", octets)
        scratch.file("ring/rotate.log", "rotated\n")
        scratch.file("ring/.x.pcap.swp", "hidden")
        found, result = analyze(scratch, scratch.path("ring"))
        result.complains_once("rotate.log", "passed over")

        def without_packet(rows_of):
            return [row[:4] + row[5:] for row in rows_of]

        equal(without_packet(found), without_packet(wanted), "findings")
        equal(rows(scratch.path("history.db"), "SELECT count(*) FROM captures"), [(11,)], "captures")
        scratch.file("ring/heloscope.db", "SQLite format 3\0")
        _, result = analyze(scratch, scratch.path("ring"))
        result.complains_once("ring: 2 files", "passed over")


@test("a directory without captures is one line and status 1")
def no_captures():
    with Scratch() as scratch:
        os.mkdir(scratch.path("empty"))
        os.mkdir(scratch.path("texts"))
        scratch.file("texts/a", "a text\n")
        scratch.file("texts/b", "a text\n")
        for name in ("empty", "texts"):
            result = heloscope("analyze", "--db", scratch.path("x.db"), scratch.path(name)).expect(1)
            result.complains_once(name, "a directory without capture files")
        check(not os.path.exists(scratch.path("x.db")), "a history was made of nothing")


# ----------------------------------------------------------------------------------------- pcapng


def block(kind, body, order="<"):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def several_interfaces(made):
    """Client's packets as Ethernet in nanoseconds, the server's as raw IP, in two sections; with the
    blocks that dumpcap and Wireshark write besides."""
    out = []
    half = len(made.packets) // 2
    for order, packets in (("<", made.packets[:half]), (">", made.packets[half:])):
        out.append(block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order))
        resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
        out.append(block(1, struct.pack(order + "HHI", ETHERNET, 0, 0) + resolution, order))
        out.append(block(1, struct.pack(order + "HHI", RAW_IP, 0, 0), order))
        out.append(block(4, struct.pack(order + "HH4s12sHH", 1, 16, b"\x7f\0\0\1", b"localhost",
                                        0, 0), order))
        out.append(block(9, b"__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=hello\n", order))
        for us, frame in packets:
            from_client = struct.unpack("!H", frame[36:38])[0] == 25
            ticks, data = (us * 1000, frame) if from_client else (us, frame[14:])
            out.append(block(6, struct.pack(order + "IIIII", int(not from_client), ticks >> 32,
                                            ticks & 0xFFFFFFFF, len(data), len(data)) + data, order))
        drops = struct.pack(order + "IIIHHQHH", 0, 0, 0, 5, 8, 3, 0, 0)
        out.append(block(5, drops, order))
    return b"".join(out)


@test("pcapng: sections, interfaces of two link types and clocks, names, statistics")
def many_interfaces():
    with Scratch() as scratch:
        made = wire(sessions=3)
        wanted, _ = analyze(scratch, scratch.file("plain.pcap", made.pcap()))
        path = scratch.file("many.pcapng", several_interfaces(made))
        # The entries of a journal take numbers, one in each section.
        half = len(made.packets) // 2
        wanted = [row[:4] + (row[4] + (1 if row[4] <= half else 2),) + row[5:] for row in wanted]
        equal(analyze(scratch, path)[0], wanted, "findings")
        equal(rows(scratch.path("history.db"), "SELECT packets, dropped FROM captures"),
              [(len(made.packets), 6)], "captures")
        result = heloscope("analyze", "--db", scratch.path("again.db"), path).expect(0)
        contains(result.out, "dropped     6 packets before they could be captured")
        equal(analyze(scratch, path, "--filter", "tcp port 40002")[0], wanted[1:2],
              "findings behind a filter")


@test("packets are numbered as Wireshark numbers them, whatever blocks lie between")
def numbers():
    if shutil.which("tshark") is None:
        tap.skip("tshark is missing")
    with Scratch() as scratch:
        path = scratch.file("many.pcapng", several_interfaces(wire(sessions=3)))
        done = subprocess.run(["tshark", "-r", path, "-Y", 'tcp.payload contains "503 "', "-T",
                               "fields", "-e", "frame.number"], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, check=True)
        found, _ = analyze(scratch, path)
        equal([str(row[4]) for row in found], done.stdout.split(), "packets")


# ------------------------------------------------------------------------------------------ large


@test("a capture over 4 GiB: what lies behind is found, and counted")
def large():
    frame = 262144
    with Scratch() as scratch:
        made = wire()
        count = (1 << 32) // frame + 10
        path = scratch.path("large.pcap")
        try:
            with open(path, "wb") as file:  # its frames are holes
                file.write(made.pcap()[:24])
                for number in range(count):
                    file.seek(24 + number * (16 + frame))
                    file.write(struct.pack("<IIII", 1_600_000_000, number, frame, frame))
                file.seek(24 + count * (16 + frame))
                file.write(made.pcap()[24:])
        except OSError as error:
            tap.skip(f"no such file here: {error}")
        wanted, _ = analyze(scratch, scratch.file("small.pcap", made.pcap()))
        found, _ = analyze(scratch, path)
        equal(found, [row[:4] + (row[4] + count,) + row[5:] for row in wanted], "findings")
        stored = rows(scratch.path("history.db"), "SELECT packets, bytes FROM captures")
        octets = sum(len(one) for _, one in made.packets)
        equal(stored, [(count + len(made.packets), count * frame + octets)], "captures")


if __name__ == "__main__":
    tap.run()
