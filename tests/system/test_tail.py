# SPDX-License-Identifier: ISC
"""heloscope tail beside a writer: what is new is printed as it is stored, also in a file that came in
the place of another."""

import itertools
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, samples  # noqa: E402
from support.running import Running  # noqa: E402
from support.tap import check, equal, test  # noqa: E402

need_program()
def analyze(database, *files):
    return heloscope("analyze", "--json", "--db", database, *files)


def findings(done):
    return len(json.loads(done.out)["findings"])


def with_findings():
    """Two samples that have some."""
    with Scratch() as scratch:
        for name in samples():
            path = os.path.join(SAMPLES, name)
            if findings(analyze(scratch.path("h.db"), path)):
                yield path


FIRST, SECOND = itertools.islice(with_findings(), 2)


@test("new findings come as they are stored, one object a line, and of a new file all")
def follows():
    with Scratch() as scratch:
        database = scratch.path("h.db")
        analyze(database, FIRST)
        with Running("tail", "--json", "--db", database) as tail:
            tail.read(0.5)
            equal(tail.out, "", "what is old")
            wanted = findings(analyze(database, SECOND))
            check(wanted > 0, "the sample has no finding")
            tail.says("the findings", lambda: tail.out.count("\n") >= wanted)
            os.rename(database, scratch.path("old.db"))
            wanted += findings(analyze(database, FIRST))
            tail.says("those of the new file", lambda: tail.out.count("\n") >= wanted)
            equal(tail.stop(signal.SIGTERM), 0, f"status after {tail.err}")
        equal([set(json.loads(line)) >= {"session_id", "cause", "events"} for line in tail.out.splitlines()],
              [True] * wanted, "objects")


@test("what is asked for chooses findings and sessions, as it does for show")
def chosen():
    with Scratch() as scratch:
        database = scratch.path("h.db")
        analyze(database, FIRST)
        seen = json.loads(analyze(scratch.path("other.db"), SECOND).out)["findings"]
        cause, server = seen[0]["cause"], seen[0]["server_addr"]
        for words, wanted in ((("--cause", cause), sum(each["cause"] == cause for each in seen)),
                              (("--cause", "nested_mail" if cause != "nested_mail" else "rset"), 0),
                              (("--server", server), len(seen)), (("--server", "192.0.2.77"), 0)):
            path = scratch.path("x.db")
            analyze(path, FIRST)
            with Running("tail", "--json", "--all", "--db", path, *words) as tail:
                tail.read(0.5)
                analyze(path, SECOND)
                if wanted:
                    tail.says("findings", lambda: tail.out.count('"explanation"') >= wanted)
                tail.read(0.5)
                equal(tail.stop(signal.SIGTERM), 0, tail.err)
            equal(tail.out.count('"explanation"'), wanted, f"findings of {words}")
            equal(tail.out.count('"outcome"') > 0, wanted > 0, f"sessions of {words}")
            os.unlink(path)
        heloscope("tail", "--db", database, "--last", "3").expect(2)


@test("--all prints every session when it has ended")
def every_session():
    with Scratch() as scratch:
        database = scratch.path("h.db")
        analyze(database, FIRST)
        with Running("tail", "--json", "--all", "--db", database) as tail:
            tail.read(0.5)
            sessions = json.loads(analyze(database, SECOND).out)["summary"]["sessions"]
            tail.says("the sessions", lambda: tail.out.count('"outcome"') >= sessions)
            equal(tail.stop(signal.SIGINT), 0, f"status after {tail.err}")


@test("a history that does not exist is an error")
def missing():
    with Scratch() as scratch:
        heloscope("tail", "--db", scratch.path("none.db")).expect(1).complains_once("does not exist")


if __name__ == "__main__":
    tap.run()
