# SPDX-License-Identifier: ISC
"""heloscope prune, and a monitor that keeps its history within bounds."""

import json
import os
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.mail import MailServer, healthy_session, troubled_session  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, rows, samples  # noqa: E402
from support.running import Monitor  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()


def filled(scratch):
    database = scratch.path("h.db")
    heloscope("analyze", "-q", "--db", database, *[os.path.join(SAMPLES, name) for name in samples()])
    return database


def prune(database, *words):
    return json.loads(heloscope("prune", "--json", "--db", database, *words).expect(0).out)


@test("--events problems keeps all findings and the messages of healthy sessions, and none of their events")
def problems():
    with Scratch() as scratch:
        database = filled(scratch)
        healthy = rows(database, "SELECT count(*) FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM diagnoses d "
                                 "WHERE d.session_id = s.session_id) AND NOT EXISTS (SELECT 1 FROM violations v "
                                 "WHERE v.session_id = s.session_id)")[0][0]
        check(healthy > 0, "the samples have no healthy session")
        report = heloscope("report", "--db", database).expect(0).out
        before = rows(database, "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM recipients)")
        done = prune(database, "--events", "problems")
        equal((done["sessions_trimmed"], done["sessions_removed"]), (healthy, 0), "sessions")
        equal(heloscope("report", "--db", database).expect(0).out, report, "the report")
        equal(rows(database, "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM recipients)"), before,
              "sessions and recipients")
        equal(prune(database, "--events", "problems")["sessions_trimmed"], 0, "a second time")


@test("--keep removes what began longer ago; the file shrinks")
def keep():
    with Scratch() as scratch:
        database = filled(scratch)
        # As if one had begun an hour ago.
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE sessions SET started_us = ? WHERE session_id = 1",
                               (int((time.time() - 3600) * 1e6),))
            (old,) = connection.execute("SELECT count(*) FROM sessions WHERE started_us < ?",
                                        (int((time.time() - 86400) * 1e6),)).fetchone()
        connection.close()
        done = prune(database, "--keep", "1d")
        equal(done["sessions_removed"], old, "removed")
        check(done["bytes"] < done["bytes_before"], "the file is as large as before", done)
        equal(rows(database, "SELECT session_id FROM sessions WHERE session_id = 1"), [(1,)], "what is left")
        equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")
        said = heloscope("prune", "--db", database, "--keep", "1m").expect(0).out
        contains(said, "removed ", "longest lock ")
        equal(rows(database, "SELECT count(*) FROM sessions"), [(0,)], "sessions")


@test("a history of the first version is told how it can shrink")
def cannot_shrink():
    with Scratch() as scratch:
        database = filled(scratch)
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA auto_vacuum = 0")
        connection.execute("VACUUM")
        connection.close()
        contains(heloscope("prune", "--db", database, "--keep", "1d").expect(0).out,
                 "cannot give back", "PRAGMA auto_vacuum = 2; VACUUM")


@test("wrong words are refused in one line")
def refused():
    with Scratch() as scratch:
        database = filled(scratch)
        for words in ([], ["--keep", "30"], ["--keep", "0d"], ["--keep", "-1d"], ["--keep", "1dd"],
                      ["--max-size", "20"], ["--max-size", "99999999999999T"], ["--events", "some"],
                      ["--keep", "1d", "what"]):
            done = heloscope("prune", "--db", database, *words)
            equal(done.status, 2, f"status of {words}: {done}")
        heloscope("prune", "--db", scratch.path("none.db"), "--keep", "1d").expect(1).complains_once(
            "does not exist")
        check(not os.path.exists(scratch.path("none.db")), "it was made")


@test("a monitor keeps its history below --max-size; the oldest go; of healthy sessions no events are kept")
def bounded():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with Monitor(database, "--max-size", "1M", "--events", "problems", "tcp", "port",
                     str(server.port)) as monitor:
            healthy_session(server, "healthy.example.com")
            for number in range(500):
                troubled_session(server, f"c{number}.example.com")
                monitor.read(0)
                time.sleep(0.002)
            time.sleep(1)
            troubled_session(server, "last.example.com")

            def small():
                size = os.path.getsize(database)
                return size <= 1000000 and rows(database, "SELECT 1 FROM sessions WHERE "
                                                          "helo = 'last.example.com' AND outcome = 'quit'")

            monitor.says("a small file", small)
            equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
        equal(rows(database, "SELECT count(*) FROM sessions WHERE helo = 'c0.example.com'"), [(0,)], "the first")
        check(rows(database, "SELECT count(*) FROM sessions")[0][0] > 50, "too few are left")
        equal(rows(database, "SELECT count(*) FROM events WHERE session_id IN (SELECT session_id FROM sessions "
                             "WHERE helo = 'healthy.example.com')"), [(0,)], "events of the healthy session")
        equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")


if __name__ == "__main__":
    tap.run()
