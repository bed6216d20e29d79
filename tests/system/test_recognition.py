# SPDX-License-Identifier: ISC
"""Real clients are recognised by what they send. The conversations are of scenarios that no mark was derived from
(a message that is refused; a DATA that is, so that no header shows); each has the client's true name. A wrong name
is worse than none."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from support import tap  # noqa: E402
from support.program import Scratch, heloscope, need_program, rows  # noqa: E402
from support.tap import check, equal, test  # noqa: E402

need_program()

ATLAS = os.path.join(HERE, "..", "atlas")


def conversations(file):
    with open(os.path.join(ATLAS, "recognised.tsv"), encoding="utf-8") as table:
        told = [line.rstrip("\n").split("\t") for line in table if not line.startswith("#")]
    return [(client, int(count), true.split("|")) for of, client, count, true in told if of == file]


def recognised(file):
    """The clients that were named; all names are right."""
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "--db", database, os.path.join(ATLAS, file + ".pcap.gz")).expect(0)
        sessions = rows(database, "SELECT client_software FROM sessions ORDER BY started_us")
    told = conversations(file)
    equal(len(sessions), sum(count for _, count, _ in told), "sessions")
    named = set()
    for client, count, true in told:
        for (name,) in sessions[:count]:
            check(not name or any(name == one or name.startswith((one + " ", one + "/")) for one in true),
                  f"{file}: {client} is called {name}")
            named |= {client} if name else set()
        sessions = sessions[count:]
    return named


@test("with a message nearly all are known")
def with_message():
    named = recognised("end-550")
    check(len(named) >= 42, f"{len(named)}: {' '.join(sorted(named))}")


@test("without one those that have habits of their own are")
def without_message():
    named = recognised("data-554")
    check(len(named) >= 22, f"{len(named)}: {' '.join(sorted(named))}")


tap.run()
