# SPDX-License-Identifier: ISC
"""heloscope cut: a session's packets as they were captured, with what was found as comments on the
right ones; scripts in which nothing that a client sent can do harm."""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, rows, samples  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()
PCAPS = [name for name in samples() if name.endswith(".pcap")]
SAMPLE = os.path.join(SAMPLES, "postfix-mail-refused-pipelined.pcap")


def frames_of_pcap(path):
    """(time in microseconds, frame) of each packet of a little-endian pcap."""
    with open(path, "rb") as file:
        data = file.read()
    at, out = 24, []
    while at < len(data):
        seconds, us, length, _ = struct.unpack_from("<IIII", data, at)
        out.append((seconds * 1_000_000 + us, data[at + 16:at + 16 + length]))
        at += 16 + length
    return out


def ports_of(frame):
    """The ports of a TCP segment in Ethernet and IP without options."""
    return struct.unpack_from("!HH", frame, 34 if frame[14] >> 4 == 4 else 54)


def options_of(data, at, end):
    while at + 4 <= end:
        code, length = struct.unpack_from("<HH", data, at)
        if not code:
            return
        yield code, data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def blocks_of(path):
    """(type, content) of each block of a pcapng, whose lengths must agree and fill the file."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        equal(struct.unpack_from("<I", data, at + length - 4), (length,), "the second length")
        equal(length % 4, 0, "filled up")
        yield kind, data[at + 8:at + length - 4]
        at += length
    equal(at, len(data), "the end of the last block")


def frames_of_pcapng(path):
    """(time, frame, comments) of each packet."""
    out = []
    for kind, body in blocks_of(path):
        if kind == 6:
            _, high, low, length, _ = struct.unpack_from("<IIIII", body)
            comments = [text.decode("utf-8") for code, text in
                        options_of(body, 20 + (length + 3) // 4 * 4, len(body)) if code == 1]
            out.append((high << 32 | low, body[20:20 + length], comments))
    return out


def analyzed(scratch, *pcaps, name="h.db"):
    database = scratch.path(name)
    heloscope("analyze", "-q", "--db", database, *pcaps).expect(0)
    return database


def cut(scratch, database, *words, name="cut.pcapng"):
    path = scratch.path(name)
    heloscope("cut", "--db", database, *words, "-w", path).expect(0)
    check(not os.path.exists(path + ".part"), "a part is left")
    return frames_of_pcapng(path)


# What is to be commented on, by the history alone: (event, packet) of each refusal, origin and
# related event.
PLACES = """SELECT DISTINCT e.seq, e.packet FROM events e WHERE e.session_id = ?1 AND e.seq IN
    (SELECT reply_seq FROM diagnoses WHERE session_id = ?1 UNION
     SELECT origin_seq FROM diagnoses WHERE session_id = ?1 UNION
     SELECT seq FROM related_events WHERE session_id = ?1)"""


def right_frames(scratch, database, session, pcap):
    original = frames_of_pcap(pcap)
    found = cut(scratch, database, str(session))
    ports, = rows(database, "SELECT client_port, server_port FROM sessions WHERE session_id = ?", session)
    equal([(us, frame) for us, frame, _ in found],
          [(us, frame) for us, frame in original if sorted(ports_of(frame)) == sorted(ports)], "packets")
    for seq, packet in rows(database, PLACES, session):
        with_it = [frame for us, frame, comments in found
                   if any(f"event #{seq}:" in comment for comment in comments)]
        equal(with_it, [original[packet - 1][1]], f"frames that speak of event #{seq}")
    return found


@test("of every sample: each session's packets, and comments on those that the findings rest on")
def every_sample():
    with Scratch() as scratch:
        database = analyzed(scratch, *(os.path.join(SAMPLES, name) for name in PCAPS))
        refusals = 0
        for session, source in rows(database, "SELECT session_id, source FROM sessions"):
            found = right_frames(scratch, database, session, source)
            for seq, cause in rows(database, "SELECT reply_seq, cause FROM diagnoses WHERE session_id = ?",
                                   session):
                comments = [c for _, _, all in found for c in all if f"event #{seq}: " in c and "Fault: " in c]
                equal(len(comments), 1, f"comments on the refusal #{seq}")
                contains(comments[0], cause)
                origin = re.search(r"Origin: frame (\d+), event (#\d+)", comments[0])
                if origin:
                    contains(" ".join(found[int(origin[1]) - 1][2]), f"event {origin[2]}: ORIGIN of")
                refusals += 1
        check(refusals > 50, "too few refusals were compared", refusals)


@test("tshark shows the same comments on the same frames, of all samples together")
def by_tshark():
    if not shutil.which("tshark"):
        tap.skip("no tshark")
    with Scratch() as scratch:
        database = analyzed(scratch, *(os.path.join(SAMPLES, name) for name in PCAPS))
        found = cut(scratch, database)
        shown = subprocess.run(["tshark", "-r", scratch.path("cut.pcapng"), "-T", "fields", "-e", "frame.number",
                                "-e", "frame.comment"], check=True, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL).stdout.splitlines()
        wanted = [f"{n}\t{','.join(comments)}" for n, (_, _, comments) in enumerate(found, 1)]
        equal([line.rstrip("\t\n") for line in shown], [line.rstrip("\t") for line in wanted], "tshark's words")
        check(sum(bool(comments) for _, _, comments in found) > 100, "too few comments")


def refused(wire, cause="a", sequence=0, **options):
    """MAIL is refused, RCPT and DATA draw 503s."""
    c = wire.connection(**options)
    c.hosts["C"].sequence += sequence
    with c:
        c.server("220 mx.example.org ESMTP\r\n")
        for command, reply in [("EHLO client.example.com", "250 mx.example.org"),
                               (f"MAIL FROM:<{cause}@example.com>", "550 5.7.1 not you"),
                               ("RCPT TO:<b@example.org>", "503 5.5.1 need MAIL"),
                               ("DATA", "503 5.5.1 need RCPT"), ("QUIT", "221 bye")]:
            c.client(command + "\r\n")
            c.server(reply + "\r\n")


def tagged(frame, vlan):
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]


def fragments(frame, size=24):
    """The IPv4 packet of an Ethernet frame in pieces, the last one first."""
    head, header, payload = frame[:14], frame[14:34], frame[34:]
    out = []
    for at in range(0, len(payload), size):
        more = 0x2000 if at + size < len(payload) else 0
        piece = bytearray(header)
        struct.pack_into("!H", piece, 2, 20 + len(payload[at:at + size]))
        struct.pack_into("!H", piece, 6, more | at // 8)
        struct.pack_into("!H", piece, 10, 0)
        out.append(head + bytes(piece) + payload[at:at + size])
    return out[::-1]


@test("tags and fragments stay as they were; only the session's own VLAN is cut out")
def layers():
    one, other = Wire(), Wire(start_us=1_700_000_000_000_500)
    refused(one)
    refused(other, "z", sequence=77_777)
    wire = Wire()
    mine = [(us, piece) for us, frame in one.packets for piece in map(lambda f: tagged(f, 7), fragments(frame))]
    wire.packets = sorted(mine + [(us, tagged(frame, 8)) for us, frame in other.packets], key=lambda p: p[0])
    with Scratch() as scratch:
        database = analyzed(scratch, wire.write(scratch.path("x.pcap")))
        equal(rows(database, "SELECT vlan FROM sessions ORDER BY vlan"), [(7,), (8,)], "sessions")
        session, = rows(database, "SELECT session_id FROM sessions WHERE vlan = 7")[0]
        found = cut(scratch, database, str(session))
        equal([(us, frame) for us, frame, _ in found], mine, "the frames")
        equal(sum(any("ORIGIN" in c for c in comments) for _, _, comments in found), 1, "frames with the origin")


@test("a session that crosses two files is cut out of both")
def two_files():
    whole, first, second = Wire(), Wire(), Wire()
    refused(whole)
    refused(whole, client=("127.0.0.9", 40001))
    first.packets, second.packets = whole.packets[:8], whole.packets[8:]
    with Scratch() as scratch:
        database = analyzed(scratch, first.write(scratch.path("1.pcap")), second.write(scratch.path("2.pcap")))
        found = cut(scratch, database, "--client", "127.0.0.1")
        equal([(us, frame) for us, frame, _ in found], whole.packets[:len(whole.packets) // 2], "the frames")
        equal(sum(any("Fault: " in c for c in comments) for _, _, comments in found), 2, "refusals")


@test("a session whose capture's clock had been corrected is cut out with the times of its file")
def corrected():
    one, other = Wire(), Wire()
    for n in range(30):
        refused(one, client=("127.0.0.9", 41000 + n))
    other.packets = [(us + 2_000_000, frame) for us, frame in one.packets]
    other.now_us = other.packets[-1][0] + 1000
    refused(other, client=("127.0.0.10", 42000))
    mine = other.packets[len(one.packets):]
    with Scratch() as scratch:
        database = analyzed(scratch, one.write(scratch.path("1.pcap")), other.write(scratch.path("2.pcap")))
        equal(rows(database, "SELECT started_us FROM sessions WHERE client_addr = '127.0.0.10'"), [(mine[0][0] - 2_000_000,)],
              "the corrected time")
        found = cut(scratch, database, "--client", "127.0.0.10")
        equal([(us, frame) for us, frame, _ in found], mine, "the frames")
        equal(sum(any("Fault: " in c for c in comments) for _, _, comments in found), 2, "refusals")


def complaint(database, *words):
    return heloscope("cut", "--db", database, *words).expect(1).complains_once("heloscope: ")


@test("captures that moved, changed or are gone, and those that were none: one clear line, and no file")
def gone():
    with Scratch() as scratch:
        os.mkdir(scratch.path("then"))
        os.mkdir(scratch.path("now"))
        capture, out = scratch.path("then", "x.pcap"), scratch.path("cut.pcapng")
        wire = Wire()
        refused(wire)
        wire.write(capture)
        database = analyzed(scratch, capture)
        os.rename(capture, scratch.path("now", "x.pcap"))
        contains(complaint(database, "1", "-w", out), "then/x.pcap", "No such file", "session 1", "--captures")
        equal(len(cut(scratch, database, "1", "--captures", scratch.path("now"))), len(wire.packets), "packets")
        os.unlink(out)

        shorter = Wire()
        shorter.packets = wire.packets[:-6]
        shorter.write(capture)
        contains(complaint(database, "1", "-w", out), "then/x.pcap", "changed")
        later = Wire(start_us=1_700_000_100_000_000)
        refused(later)
        later.write(capture)
        contains(complaint(database, "1", "-w", out), "then/x.pcap", "is not the file", "session 1")
        scratch.file("then/x.pcap", "no capture")
        contains(complaint(database, "1", "-w", out), "then/x.pcap", "session 1")
        check(not os.path.exists(out) and not os.path.exists(out + ".part"), "a file was left")

        wire.write(capture)
        contains(complaint(database, "1", "-w", capture), "then/x.pcap", "one of the captures")
        contains(complaint(database, "1", "-w", scratch.path("no", "x")), "cannot be written")
        contains(complaint(database, "--client", "192.0.2.9", "-w", out), "no such session")
        with open(capture, "rb") as file:
            database = scratch.path("stdin.db")
            heloscope("analyze", "-q", "--db", database, "-", stdin=file).expect(0)
        contains(complaint(database, "1", "-w", out), "standard input")
        database = analyzed(scratch, "--anonymize", capture, name="anonymous.db")
        contains(complaint(database, "1", "-w", out), "anonymized")


@test("what is asked for must make sense")
def usage():
    with Scratch() as scratch:
        database = analyzed(scratch, SAMPLE)
        for words, said in [(["1"], "-w FILE"), (["1", "-w", "x", "--script"], "--script"),
                            (["1", "-w", "x", "--keylog", "k"], "--secrets")]:
            done = heloscope("cut", "--db", database, *words, cwd=scratch.root).expect(2)
            contains(done.err, said, "Try: heloscope cut --help")


class Server(threading.Thread):
    """Takes one connection, greets, and keeps what it is told."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.told = b""
        self.start()

    def run(self):
        connection, _ = self.listener.accept()
        connection.sendall(b"220 test\r\n")
        while octets := connection.recv(65536):
            self.told += octets
            if b"QUIT\r\n" in self.told:
                break
        connection.close()


@test("a script says what the client said, octet for octet, and runs nothing of it")
def script():
    hostile = "$(touch owned) `touch owned` ' \" %s %n \\x41 \\n ; touch owned & | > owned"
    lines = ["EHLO client.example.com", "-n " + hostile, f"MAIL FROM:<{hostile}@example.com>", "RCPT TO:<b@example.org>"]
    wire = Wire()
    with wire.connection() as c:
        c.server("220 mx.example.org ESMTP\r\n")
        for line in lines:
            c.client(line + "\r\n")
            c.server("503 5.5.1 no\r\n" if line[0] == "R" else "250 fine\r\n")
        c.client("QUIT\r\n")
        c.server("221 bye\r\n")
    with Scratch() as scratch:
        database = analyzed(scratch, wire.write(scratch.path("x.pcap")))
        told = [text for text, in rows(database, "SELECT text FROM events WHERE side = 'C' AND kind = 'command' ORDER BY seq")]
        text = heloscope("cut", "--db", database, "1", "--script").expect(0).out
        check(all(" " <= c <= "~" or c == "\n" for c in text), "something that a terminal might obey", repr(text))
        path = scratch.file("say.sh", text)
        subprocess.run(["sh", "-n", path], check=True)
        server = Server()
        # Where there is no nc, its place is taken by a function of the same name.
        nc = "" if shutil.which("nc") else 'nc() { exec 3<>/dev/tcp/$1/$2; cat >&3; }\n'
        shell = ["sh"] if not nc else ["bash"]
        if nc:
            scratch.file("say.sh", nc + text)
        subprocess.run(shell + [path, "127.0.0.1", str(server.listener.getsockname()[1])], cwd=scratch.root,
                       env=dict(os.environ, pause="0.05"), timeout=60, stdout=subprocess.DEVNULL, check=False)
        server.join(10)
        equal(server.told.decode(), "".join(line + "\r\n" for line in told), "what the server was told")
        equal(told[0], lines[0], "the first line")
        check(not os.path.exists(scratch.path("owned")), "a command of the client was run")


if __name__ == "__main__":
    tap.run()
