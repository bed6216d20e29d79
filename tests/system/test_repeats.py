# SPDX-License-Identifier: ISC
"""A session with very many refusals: the history is bounded, every refusal is counted, and what is
printed says so."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import Scratch, heloscope, need_program, rows  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

UNASKED = 60000
ASKED = 8000
KEPT = 1000  # of one kind


def begin(connection):
    connection.server("220 mx.test ESMTP\r\n")
    connection.client("EHLO c.test\r\n")
    connection.server("250 mx.test\r\n")


def end(connection):
    connection.client("QUIT\r\n")
    connection.server("221 bye\r\n")


def counts(database):
    return rows(database, "SELECT count(*), sum(1 + repeats), (SELECT errors_503 FROM sessions) FROM diagnoses")


@test("503s that nothing asked for, as many as a server likes to send: the history is bounded, all are counted")
def unasked():
    with Scratch() as scratch:
        wire, database = Wire(step_us=100), scratch.path("x.db")
        with wire.connection() as connection:
            begin(connection)
            for _ in range(UNASKED // 100):
                connection.server("503 5.5.1 no\r\n" * 100)
            end(connection)
        wire.write(scratch.path("flood.pcap"))
        said = heloscope("analyze", "--db", database, scratch.path("flood.pcap")).expect(0).out
        equal(counts(database), [(KEPT, UNASKED, UNASKED)], "rows, refusals, 503s")
        check(rows(database, "SELECT count(*) FROM event_rows")[0][0] < KEPT + 20, "events are not bounded")
        check(os.path.getsize(database) < 1_500_000, f"the history has {os.path.getsize(database)} octets")
        contains(said, f"{UNASKED} errors")
        contains(heloscope("report", "--db", database).expect(0).out, f"{UNASKED} 503s")
        shown = heloscope("show", "--db", database, "1").expect(0).out
        contains(" ".join(shown.split()), f"{UNASKED - KEPT} further refusals of this kind came later",
                 f"{UNASKED - KEPT} events like these, counted and not kept")


@test("a command refused again and again: what is kept hangs together, what is printed once is not printed each time")
def asked():
    with Scratch() as scratch:
        wire, database = Wire(step_us=100), scratch.path("x.db")
        with wire.connection() as connection:
            begin(connection)
            for number in range(ASKED):
                connection.client(f"RCPT TO:<a{number}@b.test>\r\n")
                connection.server("503 5.5.1 need MAIL command\r\n")
            end(connection)
        wire.write(scratch.path("flood.pcap"))
        heloscope("analyze", "-q", "--db", database, scratch.path("flood.pcap")).expect(0)
        equal(counts(database), [(KEPT, ASKED, ASKED)], "rows, refusals, 503s")
        equal(rows(database, "SELECT count(*) FROM diagnoses d WHERE NOT EXISTS (SELECT 1 FROM events e WHERE "
                             "e.session_id = d.session_id AND e.seq = d.reply_seq AND e.answers = d.command_seq)"),
              [(0,)], "findings without their events")
        equal(rows(database, "SELECT violations, (SELECT count(*) FROM violations) FROM sessions"),
              [(ASKED, KEPT)], "violations")
        shown = heloscope("show", "--db", database, "1").expect(0).out
        equal(shown.count("To do"), 2, "how often advice is printed")
        session = json.loads(heloscope("show", "--json", "--db", database, "1").expect(0).out)
        equal(sum(1 + each["repeats"] for each in session["diagnoses"]), ASKED, "refusals in JSON")
        listed = json.loads(heloscope("show", "--json", "--db", database).expect(0).out)
        equal(listed[0]["errors_503"], ASKED, "of the list")


if __name__ == "__main__":
    tap.run()
