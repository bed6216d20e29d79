# SPDX-License-Identifier: ISC
"""The same session gives the same rows however it was cut into segments, whatever file format holds
it, and however often it is analysed."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import Scratch, heloscope, need_program, rows, samples, SAMPLES  # noqa: E402
from support.tap import check, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

# Each is played turn by turn: neighbouring lines of one side are sent together.
DIALOGUES = {
    "a message": """
        S: 220 mx.example.org ESMTP
        C: EHLO client.example.com
        S: 250-mx.example.org
        S: 250-PIPELINING
        S: 250 8BITMIME
        C: MAIL FROM:<a@example.com>
        S: 250 2.1.0 Ok
        C: RCPT TO:<b@example.org>
        S: 250 2.1.5 Ok
        C: DATA
        S: 354 go ahead
        C: Subject: 503 in a body
        C:
        C: ..a stuffed line
        C: MAIL FROM:<not@a.command>
        C: .
        S: 250 2.0.0 Ok: queued as 4F2A91
        C: QUIT
        S: 221 2.0.0 Bye""",
    "a pipelined refusal": """
        S: 220 mx.example.org ESMTP
        C: EHLO client.example.com
        S: 250-mx.example.org
        S: 250 PIPELINING
        C: MAIL FROM:<a@example.com>
        C: RCPT TO:<b@example.org>
        C: DATA
        S: 550 5.7.1 Sender refused
        S: 503 5.5.1 Error: need MAIL command
        S: 503 5.5.1 Error: need RCPT command
        C: QUIT
        S: 221 2.0.0 Bye""",
    "secrets, chunks and a nested MAIL": """
        S: 220-mx.example.org ESMTP
        S: 220 ready
        C: EHLO client.example.com
        S: 250-mx.example.org
        S: 250-AUTH PLAIN LOGIN
        S: 250 CHUNKING
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: dXNlcg==
        S: 334 UGFzc3dvcmQ6
        C: c2VjcmV0
        S: 235 2.7.0 Accepted
        C: MAIL FROM:<a@example.com>
        S: 250 2.1.0 Ok
        C: MAIL FROM:<a@example.com>
        S: 503 5.5.1 Error: nested MAIL command
        C: RCPT TO:<b@example.org>
        S: 250 2.1.5 Ok
        C: BDAT 14 LAST
        C: Subject: hello
        S: 250 2.0.0 Ok
        C: QUIT
        S: 221 2.0.0 Bye""",
}

# What may differ between two ways of cutting: where and when.
PLACE_AND_TIME = {"packet", "packets", "uid", "source", "capture_id", "first_packet"}
TABLES = ("sessions", "events", "transactions", "recipients", "violations", "diagnoses",
          "related_events")


def columns(database, table):
    return [row[1] for row in rows(database, f"PRAGMA table_info({table})")]


def content(database, ignored=frozenset()):
    """All rows of all tables, without the columns in `ignored`."""
    out = {}
    for table in TABLES:
        names = [name for name in columns(database, table)
                 if name not in ignored and not (ignored and name.endswith("_us"))]
        check(names, f"there is no relation {table}")
        listed = ", ".join(f'"{name}"' for name in names)
        out[table] = sorted(rows(database, f"SELECT {listed} FROM {table}"), key=repr)
    return out


def same(got, wanted, what):
    for table in TABLES:
        for row in got[table]:
            check(row in wanted[table], f"{what}: only here in {table}", row, "wanted:",
                  *wanted[table])
        equal(len(got[table]), len(wanted[table]), f"{what}: rows in {table}")


def analysed(scratch, name, capture):
    """Writes `capture` (octets) as `name`, analyses it, returns the database."""
    database = scratch.path(name + ".db")
    heloscope("analyze", "--db", database, scratch.file(name, capture)).expect(0)
    return database


def session(dialogue, **options):
    wire = Wire()
    with wire.connection(**options) as connection:
        connection.play(dialogue)
    return wire


for title, dialogue in DIALOGUES.items():
    def cut(dialogue=dialogue):
        with Scratch() as scratch:
            whole = content(analysed(scratch, "whole.pcap", session(dialogue).pcap()),
                            PLACE_AND_TIME)
            check(len(whole["sessions"]) == 1 and len(whole["events"]) > 10, "too little", whole)
            for size in (1, 2, 3, 7, 64):
                pieces = session(dialogue, cut=size).pcap()
                same(content(analysed(scratch, f"cut{size}.pcap", pieces), PLACE_AND_TIME), whole,
                     f"cut into {size} octets")

    tap.add(f"{title}: a segment per turn, and one per octet, give the same rows", cut)

    def one_segment(dialogue=dialogue):
        """All that a side says in one segment, before it has read anything of the other."""
        lines = [line.strip() for line in dialogue.strip().splitlines()]
        with Scratch() as scratch:
            found = []
            for name, size in (("one", None), ("octets", 1)):
                wire = Wire()
                with wire.connection(cut=size, deaf=True) as connection:
                    for side in "SC":
                        connection.send(side, "".join(line[3:] + "\r\n" for line in lines
                                                      if line[0] == side))
                found.append(content(analysed(scratch, f"{name}.pcap", wire.pcap()),
                                     PLACE_AND_TIME))
            check(len(found[0]["events"]) > 10, "too little", found[0])
            same(found[1], found[0], "split at every octet")

    tap.add(f"{title}: one segment per side, and one per octet, give the same rows", one_segment)


@test("what a body or a refused command says is not mistaken")
def facts():
    with Scratch() as scratch:
        wire = session(DIALOGUES["a message"])
        database = analysed(scratch, "message.pcap", wire.pcap())
        equal(rows(database, "SELECT count(*) FROM diagnoses"), [(0,)], "diagnoses")
        equal(rows(database, "SELECT count(*) FROM violations"), [(0,)], "violations")
        equal(rows(database, "SELECT messages, errors_503 FROM sessions"), [(1, 0)], "counts")
        wire = session(DIALOGUES["a pipelined refusal"])
        database = analysed(scratch, "refusal.pcap", wire.pcap())
        equal(rows(database, "SELECT d.cause, o.text FROM diagnoses d JOIN events o ON "
                             "o.session_id = d.session_id AND o.seq = d.origin_seq"),
              [("mail_rejected", "550 5.7.1 Sender refused")] * 2, "diagnoses")


@test("credentials and content are nowhere in the database")
def secrets():
    with Scratch() as scratch:
        for name, title, hidden in (
                ("a", "secrets, chunks and a nested MAIL", (b"c2VjcmV0", b"dXNlcg==")),
                ("b", "a message", (b"stuffed line", b"not@a.command"))):
            for size in (None, 1):
                database = analysed(scratch, f"{name}{size}.pcap",
                                    session(DIALOGUES[title], cut=size).pcap())
                with open(database, "rb") as file:
                    octets = file.read()
                for secret in hidden:
                    check(secret not in octets, f"{secret} is in the database of {title}")


@test("every file format gives the same rows")
def formats():
    with Scratch() as scratch:
        wire = session(DIALOGUES["a pipelined refusal"])
        wanted = content(analysed(scratch, "reference.pcap", wire.pcap()), {"source"})
        for name, octets in (("big.pcap", wire.pcap(order=">")),
                             ("nano.pcap", wire.pcap(nanoseconds=True)),
                             ("big-nano.pcap", wire.pcap(order=">", nanoseconds=True)),
                             ("next.pcapng", wire.pcapng())):
            same(content(analysed(scratch, name, octets), {"source"}), wanted, name)
        database = scratch.path("stdin.db")
        heloscope("analyze", "--db", database, "-", feed=wire.pcap()).expect(0)
        same(content(database, {"source"}), wanted, "standard input")


@test("the samples analysed twice are stored once")
def twice():
    names = samples()
    check(names, "there are no samples")
    with Scratch() as scratch:
        database, files = scratch.path("x.db"), [os.path.join(SAMPLES, name) for name in names]
        heloscope("analyze", "--db", database, *files).expect(0)
        first, captures = content(database), rows(database, "SELECT * FROM captures ORDER BY 1")
        again = heloscope("analyze", "--db", database, *files).expect(0)
        same(content(database), first, "analysed again")
        equal(rows(database, "SELECT * FROM captures ORDER BY 1"), captures, "captures")
        check(again.out.strip(), "the second run says nothing")
        check(len(first["sessions"]) >= len(names), "fewer sessions than samples", first["sessions"])


@test("the same file gives the same database")
def deterministic():
    with Scratch() as scratch:
        files = [os.path.join(SAMPLES, name) for name in samples()]
        found = []
        for name in ("a.db", "b.db"):
            heloscope("analyze", "--db", scratch.path(name), *files).expect(0)
            found.append(content(scratch.path(name)))
        same(found[0], found[1], "two runs")


@test("of a session that was captured twice the fuller record stays")
def fuller():
    with Scratch() as scratch:
        wire = session(DIALOGUES["a pipelined refusal"])
        part = Wire()
        part.packets = wire.packets[: len(wire.packets) // 2]
        wanted = content(analysed(scratch, "full.pcap", wire.pcap()), {"source", "capture_id"})
        part_file = scratch.file("part.pcap", part.pcap())
        for name, order in (("a.db", [part_file, scratch.path("full.pcap")]),
                            ("b.db", [scratch.path("full.pcap"), part_file])):
            for file in order:
                heloscope("analyze", "--db", scratch.path(name), file).expect(0)
            same(content(scratch.path(name), {"source", "capture_id"}), wanted, name)


@test("rotated files are one capture, in whatever order they are named")
def rotated():
    with Scratch() as scratch:
        wire = session(DIALOGUES["secrets, chunks and a nested MAIL"])
        wanted = content(analysed(scratch, "full.pcap", wire.pcap()),
                         {"source", "capture_id", "packet", "uid"})
        parts = []
        for number, start in enumerate(range(0, len(wire.packets), 10)):
            part = Wire()
            part.packets = wire.packets[start : start + 10]
            parts.append(scratch.file(f"part{number}.pcap", part.pcap()))
        check(len(parts) > 2, "too few parts")
        for name, order in (("a.db", parts), ("b.db", parts[::-1])):
            heloscope("analyze", "--db", scratch.path(name), *order).expect(0)
            same(content(scratch.path(name), {"source", "capture_id", "packet", "uid"}), wanted,
                 name)


if __name__ == "__main__":
    tap.run()
