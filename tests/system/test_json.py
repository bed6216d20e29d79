# SPDX-License-Identifier: ISC
"""--json: one document that a program can read, and that says what the database says."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, rows, samples  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()


def document(*arguments):
    result = heloscope(*arguments, cwd=SAMPLES).expect(0)
    equal(result.err, "", "standard error")
    return json.loads(result.out)


def values(tree, key):
    """Every value of `key`, at any depth, in order."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield value
            yield from values(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value, key)


@test("analyze --json has every 503 with its cause")
def analyze():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        tree = document("analyze", "--json", "--db", database, *samples())
        wanted = [cause for (cause,) in rows(database, "SELECT cause FROM errors_503")]
        check(len(wanted) > 20, "too few 503s in the samples", wanted)
        found = [cause for cause in values(tree, "cause") if isinstance(cause, str)]
        for cause in set(wanted):
            check(found.count(cause) >= wanted.count(cause), f"{cause}: {found}")


@test("show --json has every event of the session")
def show():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "--db", database, *samples(), cwd=SAMPLES).expect(0)
        for (session,) in rows(database, "SELECT session_id FROM sessions"):
            tree = document("show", "--json", "--db", database, str(session))
            texts = list(values(tree, "text"))
            for (text,) in rows(database, "SELECT text FROM events WHERE session_id = ? AND text "
                                          "IS NOT NULL", session):
                contains(texts, text)


@test("report --json is a table of any kind")
def report():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "--db", database, *samples(), cwd=SAMPLES).expect(0)
        for ranking in ("cause", "client", "server", "software", "day"):
            check(document("report", "--json", "--by", ranking, "--db", database), "nothing")


@test("explain --rules --json has every rule that a session of the samples broke")
def rules():
    tables = document("explain", "--rules", "--json")
    known = {rule["rule"]: rule for rule in tables["rules"]}
    equal(len(known), len(tables["rules"]), "rules with a name of their own")
    causes = {entry["cause"] for entry in document("explain", "--json")}
    for rule in tables["rules"]:
        check(rule["causes"] and set(rule["causes"]) <= causes, "causes", rule)
        check(rule["fact"] is None or rule["extension"] is None, "fact or extension", rule)
        check(rule["kind"] == "waits" or rule["fact"] or rule["extension"], "about nothing", rule)
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "--db", database, *samples(), cwd=SAMPLES).expect(0)
        broken = {rule for (rule,) in rows(database, "SELECT DISTINCT rule FROM violations")}
        check(len(broken) > 10, "too few rules broken in the samples", broken)
        check(broken <= set(known), "not in the table", broken - set(known))


@test("explain --rules prints every row of the tables that it gives as JSON")
def printed_rules():
    tables = document("explain", "--rules", "--json")
    paper = re.sub(r"\s+", " ", heloscope("explain", "--rules").expect(0).out)
    for rule in tables["rules"]:
        contains(paper, f"{rule['rule']} ({rule['section']})")
    for effect in tables["effects"]:
        words = [word for word in (effect["effect"], effect["part"]) if word]
        words += [f"where {effect['where']}"] if effect["where"] else []
        contains(paper, f"{effect['fact']} {', '.join(words)} ({effect['section']})")
    for group in tables["groups"]:
        contains(paper, group["verb"] or "all others")


@test("what is not text in a session is still JSON")
def odd_octets():
    from support.wire import Wire

    wire = Wire()
    with wire.connection() as connection:
        connection.server("220 mx.example.org ESMTP\r\n")
        connection.client(b'EHLO "\\\xff\xfe\x00\x1b[31m\xc3\x28\xf0\x9f\x92\xa9\r\n')
        connection.server(b"503 5.5.1 \xe9\x80\r\n")
    with Scratch() as scratch:
        database = scratch.path("x.db")
        capture = scratch.file("odd.pcap", wire.pcap())
        document("analyze", "--json", "--db", database, capture)
        document("show", "--json", "--db", database, "1")
        shown = heloscope("show", "--db", database, "1").expect(0).out
        check("\x1b" not in shown and "\0" not in shown, "an escape reaches the terminal", shown)


if __name__ == "__main__":
    tap.run()
