# SPDX-License-Identifier: ISC
"""heloscope query and report, and the forms in which tables are printed."""

import csv
import io
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import (ENVIRONMENT, SAMPLES, SOURCE, Scratch, heloscope,  # noqa: E402
                             need_program, rows, samples)
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()
if not os.environ.get("HELOSCOPE_QUERIES"):
    ENVIRONMENT["HELOSCOPE_QUERIES"] = os.path.join(SOURCE, "db", "queries")
QUERIES = sorted(name[:-4] for name in os.listdir(os.path.join(SOURCE, "db", "queries")))
VALUES = {"session_timeline": ["1"], "session_evidence": ["1"], "session_explained": ["1"],
          "sessions_of_queue_id": ["4XyZ"], "sessions_of_community_id": ["1:abc"]}


def all_samples(scratch):
    database = scratch.path("x.db")
    heloscope("analyze", "-q", "--db", database, *samples(), cwd=SAMPLES).expect(0)
    return database


@test("query lists what there is, with what it answers, and each runs in each form")
def queries():
    listed = heloscope("query").expect(0).out
    for name in QUERIES:
        contains(listed, name)
    with Scratch() as scratch:
        database = all_samples(scratch)
        for name in QUERIES:
            arguments = ("query", "--db", database, name, *VALUES.get(name, []))
            heloscope(*arguments).expect(0)
            document = json.loads(heloscope(*arguments, "--json").expect(0).out)
            lines = [json.loads(line) for line in heloscope(*arguments, "--jsonl").expect(0).out.splitlines()]
            equal(lines, document, name)
            table = list(csv.reader(io.StringIO(heloscope(*arguments, "--csv").expect(0).out)))
            equal(len(table), len(document) + 1, f"{name}: rows of CSV")


@test("a query that is not there, a value too few, and SQL that writes are refused")
def refused():
    with Scratch() as scratch:
        database = all_samples(scratch)
        contains(heloscope("query", "--db", database, "nothing").expect(2).err, "no query 'nothing'")
        contains(heloscope("query", "--db", database, "session_timeline").expect(1).err, "session")
        own = scratch.file("own.sql", "-- mine\nSELECT count(*) AS n FROM sessions;\n")
        equal(json.loads(heloscope("query", "--db", database, own, "--json").expect(0).out),
              [{"n": len(rows(database, "SELECT 1 FROM sessions"))}], "own query")
        bad = scratch.file("bad.sql", "DELETE FROM sessions;")
        contains(heloscope("query", "--db", database, bad).expect(1).err, "does not only read")


@test("what the wire says is one cell of CSV, and no formula")
def formula():
    with Scratch() as scratch:
        wire = Wire()
        with wire.connection() as connection:
            connection.play("""
                S: 220 mx.example.org ESMTP
                C: EHLO =cmd("a",b)
                S: 250 mx.example.org
                C: QUIT
                S: 221 2.0.0 Bye""")
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, wire.write(scratch.path("x.pcap"))).expect(0)
        table = list(csv.DictReader(io.StringIO(heloscope("show", "--csv", "--db", database).expect(0).out)))
        equal(len(table), 1, "rows")
        equal(table[0]["helo"], "'=cmd(\"a\",b)", "helo")


@test("report counts what is asked for, and says what has changed")
def report():
    with Scratch() as scratch:
        database = all_samples(scratch)
        whole = json.loads(heloscope("report", "--json", "--db", database).expect(0).out)
        (sessions, errors), = rows(database, "SELECT (SELECT count(*) FROM sessions), "
                                             "(SELECT count(*) FROM diagnoses)")
        equal((whole["summary"]["sessions"], whole["summary"]["errors"]), (sessions, errors), "all")
        equal(sum(row["errors"] for row in whole["cause"]), errors, "by cause")
        equal(sum(row["origins"] for row in whole["cause"]), whole["summary"]["origins"], "origins")
        (middle,), = rows(database, "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(started_us) / 1000000 + "
                                    "60, 'unixepoch') FROM sessions")
        (end,), = rows(database, "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', min(started_us) / 1000000 + "
                                 "120, 'unixepoch') FROM sessions")
        part = json.loads(heloscope("report", "--json", "--db", database, "--from", middle,
                                    "--to", end).expect(0).out)
        first = rows(database, "SELECT count(*) FROM sessions WHERE started_us < (SELECT "
                               "min(started_us) / 1000000 + 60 FROM sessions) * 1000000")[0][0]
        equal(part["before"]["sessions"], first, "sessions before")
        text = heloscope("report", "--db", database, "--from", middle, "--to", end).expect(0).out
        contains(text, "before ", "in trouble", "problems that come again", " -> ")
        one = heloscope("report", "--db", database, "--by", "cause", "--cause", "nested_mail", "--json")
        equal([row["cause"] for row in json.loads(one.expect(0).out)], ["nested_mail"], "one cause")
        for by in ("cause", "client", "server", "software", "client-software", "problem", "day", "hour"):
            heloscope("report", "--db", database, "--by", by, "--csv").expect(0)


if __name__ == "__main__":
    tap.run()
