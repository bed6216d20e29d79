# SPDX-License-Identifier: ISC
"""What heloscope finds in the samples against samples/expected.tsv: for each reply 503 the command, the
cause and the origin, as a person decided them by reading the captures. Golden output shows that
nothing changed; this shows that it is right."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import (SAMPLES, Scratch, heloscope, need_program, rows,  # noqa: E402
                             samples)
from support.tap import check, equal  # noqa: E402

need_program()

FINDINGS = """
    SELECT c.verb, c.kind, c.text, d.cause, o.verb, o.kind, o.text, r.text
    FROM diagnoses d
    JOIN events r ON r.session_id = d.session_id AND r.seq = d.reply_seq
    LEFT JOIN events c ON c.session_id = d.session_id AND c.seq = d.command_seq
    LEFT JOIN events o ON o.session_id = d.session_id AND o.seq = d.origin_seq
    WHERE d.code = 503
    ORDER BY r.ts_us, r.packet, d.session_id, d.reply_seq"""


def expected():
    """sample -> list of (command, cause, origin, also_ok), in the order of the replies."""
    out = {}
    with open(os.path.join(SAMPLES, "expected.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#") and line.strip():
                cells = line.rstrip("\n").split("\t")
                check(len(cells) == 5, "not five columns", line)
                out.setdefault(cells[0], []).append(cells[1:])
    return out


def named(verb, kind, text):
    """The event as expected.tsv names it, in each way that fits it."""
    if kind in ("data", "chunk"):
        return ["(data)"]
    if verb == "AUTH":
        return [" ".join((text or "").split()[:2])]
    lines = (text or "").split("\n")
    return [text] + [line[:3] + " " + line[4:] for line in lines]


def fits(row, wanted):
    command, cause, origin, also = wanted
    if command not in named(*row[0:3]):
        return False
    answers = [(cause, origin)] + ([tuple(also.split(": ", 1))] if also else [])
    return any(row[3] == cause and origin in named(*row[4:7]) for cause, origin in answers)


def readable(row):
    return f"{row[7]!r} to {row[2]!r}: {row[3]}, origin {row[6] or row[5]!r}"


def compare(sample, wanted):
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "--db", database, os.path.join(SAMPLES, sample)).expect(0)
        found = rows(database, FINDINGS)
        everything = "\n".join(map(readable, found))
        equal(len(found), len(wanted), f"503s in\n{everything}\n; their number")
        for number, (row, want) in enumerate(zip(found, wanted), 1):
            check(fits(row, want), f"503 no. {number}: {readable(row)}", f"wanted {want}")
        replies = rows(database, "SELECT count(*) FROM events WHERE kind IN ('reply', 'greeting') "
                                 "AND code = 503")
        equal(replies, [(len(wanted),)], "replies 503")
        if "-legal-" in sample:
            equal(rows(database, "SELECT count(*) FROM violations"), [(0,)], "violations")
            equal(rows(database, "SELECT count(*) FROM diagnoses"), [(0,)], "diagnoses")
        equal(rows(database, "SELECT sum(bytes_missing) FROM sessions"), [(0,)], "octets missing")


table = expected()
for name in samples():
    tap.add(f"samples/{name}", lambda name=name: compare(name, table.get(name.split(".")[0], [])))


@tap.test("every row of expected.tsv belongs to a sample")
def complete():
    left = set(table) - {name.split(".")[0] for name in samples()}
    check(table and not left, "no sample for", *sorted(left))


if __name__ == "__main__":
    tap.run()
