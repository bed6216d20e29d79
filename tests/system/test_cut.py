# SPDX-License-Identifier: ISC
"""A connection is one session, however its capture was cut into files and in whichever order these are
analysed, and when it was captured twice."""

import itertools
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support.program import Scratch, heloscope, need_program, rows  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support import tap  # noqa: E402
from support.wire import START_US, Wire  # noqa: E402

need_program()

# In three connections: who says what, one after the other. Three files are made of it.
FIRST = """
    S: 220 mx.example.org ESMTP Postfix
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: MAIL FROM:<a@example.com>
    S: 550 5.7.1 <a@example.com>: Sender address rejected"""
SECOND = """
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Error: need MAIL command
    C: MAIL FROM:<a@example.org>
    S: 250 2.1.0 Ok
    C: RCPT TO:<b@example.org>
    S: 250 2.1.5 Ok
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>"""
THIRD = """
    C: Subject: cut
    C:
    C: Help yourself.
    C: .
    S: 250 2.0.0 Ok: queued as 4F2A91C0D3
    C: DATA
    S: 503 5.5.1 Error: need RCPT command
    C: QUIT
    S: 221 2.0.0 Bye"""


def rotated():
    """The packets of three connections in three parts, and the whole."""
    wire = Wire()
    connections = [wire.connection(client=("127.0.0.1", 40001 + i)) for i in range(3)]
    borders = []
    for connection in connections:
        connection.open()
    for part in (FIRST, SECOND, THIRD):
        for connection in connections:
            connection.play(part)
        borders.append(len(wire.packets))
    for connection in connections:
        connection.close()
    borders[-1] = len(wire.packets)
    return wire, [0, *borders]


def capture(packets):
    part = Wire()
    part.packets = packets
    return part.pcap()


def story(database):
    """All that is known of the sessions, without what tells how it came into the history."""
    return [rows(database, query) for query in (
        "SELECT uid, client_port, started_us, ended_us, helo, commands, replies, messages, violations, "
        "errors_503, packets, bytes_client, bytes_server, bytes_missing, midstream, outcome "
        "FROM sessions ORDER BY uid",
        "SELECT s.uid, e.seq, e.ts_us, e.side, e.kind, e.verb, e.code, e.text, e.bytes, e.answers, e.saw, "
        "e.note FROM events e JOIN sessions s USING (session_id) ORDER BY 1, 2",
        "SELECT s.uid, d.reply_seq, d.command_seq, d.origin_seq, d.cause, d.fault, d.certainty, "
        "d.explanation FROM diagnoses d JOIN sessions s USING (session_id) ORDER BY 1, 2",
        "SELECT s.uid, t.tx, t.mail_from, t.outcome, t.queue_id FROM transactions t "
        "JOIN sessions s USING (session_id) ORDER BY 1, 2",
        "SELECT s.uid, v.seq, v.rule FROM violations v JOIN sessions s USING (session_id) ORDER BY 1, 2, 3")]


def no_orphans(database):
    for table in ("diagnoses", "violations", "transactions", "recipients", "related_events", "connections", "timelines",
                  "session_captures"):
        equal(rows(database, f"SELECT count(*) FROM {table} WHERE session_id NOT IN "
                             "(SELECT session_id FROM sessions)"), [(0,)], f"{table} of no session")
    equal(rows(database, "SELECT count(*) FROM single_events WHERE id >> 24 NOT IN "
                         "(SELECT session_id FROM sessions)"), [(0,)], "events of no session")


class Files:
    """The three files, the whole, and what an analysis of the whole tells."""

    def __init__(self, scratch):
        wire, borders = rotated()
        self.scratch = scratch
        self.parts = [scratch.file(f"mx-{i}.pcap", capture(wire.packets[borders[i]:borders[i + 1]]))
                      for i in range(3)]
        self.whole = scratch.file("whole.pcap", wire.pcap())
        self.count = 0
        self.told = story(self.analyze([self.whole]))

    def analyze(self, *runs):
        """Each run is a list of files; returns the history."""
        self.count += 1
        database = self.scratch.path(f"{self.count}.db")
        for files in runs:
            heloscope("analyze", "-q", "--db", database, *files).expect(0)
        return database


@test("the parts of a capture and then the whole: the whole stays")
def parts_then_whole():
    with Scratch() as scratch:
        files = Files(scratch)
        equal([session[9] for session in files.told[0]], [2, 2, 2], "503s of the whole")
        for first in range(3):
            database = files.analyze([files.parts[first]], [files.whole])
            equal(story(database), files.told, f"part {first}, then the whole")
            no_orphans(database)
        database = files.analyze([files.parts[0]], [files.parts[2]], [files.whole])
        equal(story(database), files.told, "two parts, then the whole")
        no_orphans(database)
        database = files.analyze(*([part] for part in files.parts), files.parts)
        equal(story(database), files.told, "three parts, then all of them")


@test("the whole and then a part of it: nothing changes, and the findings are those of the part")
def whole_then_parts():
    with Scratch() as scratch:
        files = Files(scratch)
        database = files.analyze([files.whole])
        for part, errors in zip(files.parts, (0, 3, 3)):
            result = heloscope("analyze", "--db", database, part).expect(0)
            equal(story(database), files.told, "the history")
            contains(result.out, f"503s        {errors} errors" if errors else "503s        none")
        no_orphans(database)


@test("rotated files, analysed one by one in any order, give the history of the three together")
def six_orders():
    with Scratch() as scratch:
        files = Files(scratch)
        for order in itertools.permutations(files.parts):
            database = files.analyze(*([part] for part in order))
            names = [os.path.basename(path) for path in order]
            equal(story(database), files.told, f"in the order {names}")
            no_orphans(database)
        for pair, last in ((files.parts[:2], files.parts[2]), (files.parts[1:], files.parts[0]),
                           (files.parts[::2], files.parts[1])):
            database = files.analyze(pair, [last])
            equal(story(database), files.told, "two together, then the third")


@test("each run tells the findings of its own file, also where it joins sessions")
def own_findings():
    with Scratch() as scratch:
        files = Files(scratch)
        database = scratch.path("own.db")
        for part, errors in zip(files.parts, (0, 3, 3)):
            result = heloscope("analyze", "--db", database, part).expect(0)
            contains(result.out, f"503s        {errors} errors" if errors else "503s        none")
        equal(story(database), files.told, "the history")


@test("a file that is gone, or is another one now, is not joined; its part stays as it was")
def gone():
    with Scratch() as scratch:
        files = Files(scratch)
        for change in (os.remove, lambda path: shutil.copy(files.parts[2], path)):
            database = files.analyze([files.parts[0]])
            kept = scratch.path("kept")
            shutil.copy(files.parts[0], kept)
            change(files.parts[0])
            heloscope("analyze", "-q", "--db", database, files.parts[1]).expect(0)
            shutil.copy(kept, files.parts[0])
            equal(rows(database, "SELECT count(*), sum(errors_503), sum(midstream) FROM sessions"), [(6, 3, 3)],
                  "sessions")
            no_orphans(database)
            heloscope("analyze", "-q", "--db", database, files.whole).expect(0)
            equal(story(database), files.told, "then the whole")


@test("one connection captured twice, a microsecond or half a second apart, is one session")
def captured_twice():
    for shift in (1, 500_000):
        with Scratch() as scratch:
            wire, _ = rotated()
            one = scratch.file("one.pcap", wire.pcap())
            wire.packets = [(us + shift, frame) for us, frame in wire.packets]
            other = scratch.file("other.pcap", wire.pcap())
            database = scratch.path("x.db")
            first = heloscope("analyze", "--db", database, one).expect(0)
            told = story(database)
            second = heloscope("analyze", "--db", database, other).expect(0)
            equal(story(database), told, "the history")
            contains(first.out, "503s        6 errors")
            contains(second.out, "503s        6 errors")
            # The fuller record wins: one capture lacks the end of the last handshake.
            del wire.packets[8]
            poorer = scratch.file("poorer.pcap", capture([(us + 3, frame) for us, frame in wire.packets]))
            database = scratch.path("y.db")
            for path in (poorer, one, other):
                heloscope("analyze", "-q", "--db", database, path).expect(0)
            equal(rows(database, "SELECT source, errors_503 FROM sessions ORDER BY client_port"),
                  [(poorer, 2), (poorer, 2), (one, 2)], "sessions")
            no_orphans(database)


@test("ports that are used again are other sessions, also with the same sequence numbers much later")
def ports_reused():
    with Scratch() as scratch:
        wire = Wire()
        for i in range(3):
            connection = wire.connection()
            connection.hosts["C"].sequence += i << 20
            with connection:
                connection.play(FIRST)
        path = scratch.file("x.pcap", wire.pcap())
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, path).expect(0)
        shutil.copy(path, scratch.path("copy.pcap"))
        heloscope("analyze", "-q", "--db", database, scratch.path("copy.pcap")).expect(0)
        equal(rows(database, "SELECT count(*) FROM sessions"), [(3,)], "sessions")
        later = Wire(start_us=START_US + 3600 * 1_000_000)
        with later.connection() as connection:
            connection.play(FIRST)
        heloscope("analyze", "-q", "--db", database, scratch.file("later.pcap", later.pcap())).expect(0)
        equal(rows(database, "SELECT count(*) FROM sessions"), [(4,)], "sessions")


if __name__ == "__main__":
    tap.run()
