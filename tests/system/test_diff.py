# SPDX-License-Identifier: ISC
"""heloscope diff: where two sessions part, and what of the way there differs."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import Scratch, heloscope, need_program  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

GOOD = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250-mx.example.org
    S: 250-SIZE 1000
    S: 250 CHUNKING
    C: MAIL FROM:<a@example.com> SIZE=10
    S: 250 2.1.0 Ok
    C: RCPT TO:<b@example.org>
    S: 250 2.1.5 Ok
    C: DATA
    S: 354 go ahead
    C: Subject: x
    C:
    C: .
    S: 250 2.0.0 Ok
    C: QUIT
    S: 221 2.0.0 Bye"""
BAD = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250-mx.example.org
    S: 250-PIPELINING
    S: 250 SIZE 1000
    C: MAIL FROM:<a@example.com>
    S: 550 5.7.1 no
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Error: need MAIL command
    C: QUIT
    S: 221 2.0.0 Bye"""


def history(scratch, *dialogues):
    """Dialogues of one client, a minute after each other."""
    wire = Wire()
    for number, dialogue in enumerate(dialogues):
        with wire.connection(client=("127.0.0.1", 20000 + number)) as connection:
            connection.play(dialogue)
        wire.now_us += 60_000_000
    database = scratch.path("x.db")
    heloscope("analyze", "-q", "--db", database, wire.write(scratch.path("x.pcap"))).expect(0)
    return database


@test("two sessions part at the first other reply, and what was offered and asked before is told")
def parting():
    with Scratch() as scratch:
        database = history(scratch, BAD, GOOD)
        text = heloscope("diff", "--db", database, "1", "2").expect(0).out
        contains(text, "<> ", "They part at #6 of 1 and #6 of 2", "Before that",
                 "only in 1: PIPELINING; only in 2: CHUNKING", "only in 2: SIZE=10")
        check(all(len(line) <= 92 for line in text.splitlines()), "too wide", text)
        document = json.loads(heloscope("diff", "--json", "--db", database, "1", "2").expect(0).out)
        equal((document["parts_at"], document["other_parts_at"]), (6, 6), "place")
        swapped = json.loads(heloscope("diff", "--json", "--db", database, "2", "1").expect(0).out)
        equal(swapped["session_id"], 2, "as they were named")


@test("--with-healthy is the last session before it that went well, else the next")
def healthy():
    with Scratch() as scratch:
        database = history(scratch, GOOD, GOOD, BAD, BAD, GOOD)
        for session, other in ((3, 2), (4, 2)):
            document = json.loads(heloscope("diff", "--json", "--with-healthy", "--db", database,
                                            str(session)).expect(0).out)
            equal(document["other_session_id"], other, f"healthy beside {session}")
    with Scratch() as scratch:
        database = history(scratch, BAD, GOOD)
        document = json.loads(heloscope("diff", "--json", "--with-healthy", "--db", database,
                                        "1").expect(0).out)
        equal(document["other_session_id"], 2, "the next")
    with Scratch() as scratch:
        database = history(scratch, BAD)
        contains(heloscope("diff", "--with-healthy", "--db", database, "1").expect(1).err, "went well")


@test("sessions that are alike do not part, also at another pace; the pace is told")
def alike():
    with Scratch() as scratch:
        wire = Wire()
        for number, pause in enumerate((0, 3_000_000)):
            with wire.connection(client=("127.0.0.1", 20000 + number)) as connection:
                connection.server("220 mx.example.org ESMTP\r\n")
                connection.client("EHLO client.example.com\r\n")
                wire.now_us += pause
                connection.server("250 mx.example.org\r\n")
                connection.play("""
                    C: QUIT
                    S: 221 2.0.0 Bye""")
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, wire.write(scratch.path("x.pcap"))).expect(0)
        text = heloscope("diff", "--db", database, "1", "2").expect(0).out
        contains(text, "They do not part", "time", "#4 came after 0.00", "after 3.00")


@test("one session, or three, are refused")
def refused():
    with Scratch() as scratch:
        database = history(scratch, GOOD, GOOD, GOOD)
        contains(heloscope("diff", "--db", database).expect(2).err, "two sessions")
        contains(heloscope("diff", "--db", database, "1").expect(1).err, "wants two")
        contains(heloscope("diff", "--db", database, "1-3").expect(1).err, "wants two")
        contains(heloscope("diff", "--db", database, "1", "9").expect(1).err, "no session 9")


if __name__ == "__main__":
    tap.run()
