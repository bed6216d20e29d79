# SPDX-License-Identifier: ISC
"""heloscope show: the ladder, its margin, its widths, and its other forms."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.dialogue import Dialogue  # noqa: E402
from support.program import (ENVIRONMENT, SAMPLES, Scratch, heloscope, need_program,  # noqa: E402
                             rows, samples)
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

CASCADE = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250-mx.example.org
    S: 250 PIPELINING
    C: MAIL FROM:<a@blocked.example>
    C: RCPT TO:<b@example.org>
    C: DATA
    S: 550 5.7.1 Sender refused
    S: 503 5.5.1 Error: need MAIL command
    S: 503 5.5.1 Error: need RCPT command
    C: QUIT
    S: 221 2.0.0 Bye"""


def history(scratch, *dialogues):
    wire = Wire()
    for number, dialogue in enumerate(dialogues):
        with wire.connection(client=("127.0.0.1", 20000 + number)) as connection:
            connection.play(dialogue)
    database = scratch.path("x.db")
    heloscope("analyze", "-q", "--db", database, wire.write(scratch.path("x.pcap"))).expect(0)
    return database


def show(database, *arguments, **environment):
    before = dict(ENVIRONMENT)
    ENVIRONMENT.update(environment)
    try:
        return heloscope("show", "--db", database, *arguments).expect(0).out
    finally:
        ENVIRONMENT.clear()
        ENVIRONMENT.update(before)


def row_with(ladder, text):
    (row,) = [line for line in ladder.splitlines() if text in line][:1]
    return row


@test("a line in the margin joins the origin with each refusal of its cascade, and nothing else")
def margin():
    with Scratch() as scratch:
        ladder = show(history(scratch, CASCADE), "1")
        lanes = {}
        for line in ladder.splitlines():
            number = re.match(r"(..) +(\d+) +\d+ \d\d:\d\d:\d\d", line)
            if number:
                lanes[int(number[2])] = number[1].strip()
        equal(lanes, {**{n: "" for n in (1, 2, 3, 4, 5, 6, 7, 11, 12, 13)},
                      8: "\u250c\u2500", 9: "\u251c\u25b6", 10: "\u2514\u25b6"}, "lanes")
        contains(row_with(ladder, "MAIL FROM"), "\u256d MAIL")
        contains(row_with(ladder, "RCPT TO"), "\u2502 RCPT")
        contains(row_with(ladder, "DATA"), "\u2570 DATA")
        contains(row_with(ladder, "EHLO"), "   EHLO")
        equal(ladder.count("\n    Cause "), 1, "findings")
        contains(ladder, "\n503 at #9 and #10, origin #8\n", "    Said     503 5.5.1 Error: need MAIL",
                 "    Fault ", "    Why ", "    To do ")


@test("two cascades that overlap have a line each")
def two_lanes():
    with Scratch() as scratch:
        ladder = show(history(scratch, """
            S: 220 mx.example.org ESMTP
            C: EHLO client.example.com
            S: 250-mx.example.org
            S: 250 PIPELINING
            C: MAIL FROM:<a@example.com>
            C: MAIL FROM:<a@example.com>
            C: RCPT TO:<b@example.org>
            C: DATA
            S: 250 2.1.0 Ok
            S: 503 5.5.1 Error: nested MAIL command
            S: 550 5.1.1 User unknown
            S: 554 5.5.1 Error: no valid recipients
            C: QUIT
            S: 221 2.0.0 Bye"""), "1")
        contains(row_with(ladder, "503 5.5.1"), "\u25b6")
        for origin in re.findall(r"origin #(\d+)", ladder):
            check(re.search(rf"^[\u250c\u2500\u252c\u2502 ]+ +{origin} ", ladder, re.M), origin, ladder)


@test("80 columns are enough, more are used, and without UTF-8 all is ASCII")
def widths():
    with Scratch() as scratch:
        database = history(scratch, CASCADE.replace(
            "Sender refused", "Sender refused " + "because of a reason " * 9 + "\xe9nd"))
        narrow, wide = show(database, "1"), show(database, "1", COLUMNS="150")
        ascii_only = show(database, "1", LC_ALL="C")
        for line in narrow.splitlines() + ascii_only.splitlines():
            check(len(line) <= 80, "too long", line)
        equal(max(len(line) for line in wide.splitlines()) <= 150, True, "150 columns")
        check(any(len(line) > 100 for line in wide.splitlines()), "nothing is wide", wide)
        check(ascii_only.isascii(), "not ASCII", ascii_only)
        contains(ascii_only, "+> ", "`", "----->", "<----")


@test("what the wire says steers no terminal, and what is long is cut, but not with --full")
def hostile():
    with Scratch() as scratch:
        text = "\x1b[2J\x07\xe2\x80\xae evil"
        database = history(scratch, f"""
            S: 220 mx.example.org {text}
            C: EHLO {text}
            S: 250 mx.example.org {"word " * 300}last
            C: RCPT TO:<{text}@example.org>
            S: 503 5.5.1 {text}
            C: QUIT
            S: 221 2.0.0 Bye""")
        for form in ((), ("--full",), ("--plain",), ("--dialogue",)):
            out = show(database, "1", *form)
            check(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), f"{form}: raw", repr(out))
        check("last" not in show(database, "1"), "not cut")
        contains(show(database, "1", "--full").replace("\n", ""), "last")


@test("a hole is a row that says whose and how much; times are of the zone that is named")
def holes():
    with Scratch() as scratch:
        wire = Wire()
        with wire.connection() as connection:
            connection.play("""
                S: 220 mx.example.org ESMTP
                C: EHLO client.example.com""")
            connection.hosts["S"].sequence += 28
            connection.play("""
                C: NOOP
                S: 250 Ok""")
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, wire.write(scratch.path("x.pcap")))
        contains(show(database, "1"), "hole: 28 octets of the server not captured")
        (start,) = rows(database, "SELECT strftime('%H:%M', started_us / 1000000 + 19800, 'unixepoch')"
                                  " FROM sessions")[0]
        contains(show(database, "1", TZ="XST-5:30"), "time, XST", f" {start}:")
        contains(show(database, "1", "--utc", TZ="XST-5:30"), "time, UTC")


@test("--plain of the same dialogue at another time from another port is the same")
def plain():
    with Scratch() as scratch:
        database = history(scratch, CASCADE, CASCADE)
        first, second = show(database, "1", "--plain"), show(database, "2", "--plain")
        equal(first, second, "plain")
        equal(first.splitlines()[:2], ["S: 220 mx.example.org ESMTP", "C: EHLO client.example.com"],
              "lines")


# What content was read as commands is not kept, and how quickly a line followed is not played here.
FINDINGS = "SELECT code, cause FROM diagnoses ORDER BY session_id, reply_seq"


@test("--dialogue of each sample, played, has the sample's findings")
def dialogues():
    different = []
    with Scratch() as scratch:
        database = scratch.path("all.db")
        heloscope("analyze", "-q", "--db", database, *samples(), cwd=SAMPLES).expect(0)
        for session, source in rows(database, "SELECT session_id, source FROM sessions s WHERE NOT EXISTS"
                                              " (SELECT 1 FROM events e WHERE e.session_id = "
                                              "s.session_id AND kind IN ('tls', 'auth')) AND NOT EXISTS (SELECT 1 "
                                              "FROM diagnoses d WHERE d.session_id = s.session_id AND "
                                              "cause = 'content_as_commands')"):
            played = Dialogue("x")
            for line in show(database, str(session), "--dialogue").splitlines():
                played.line(line)
            again = scratch.path(f"{session}.db")
            capture = scratch.file(f"{session}.pcap", played.capture())
            heloscope("analyze", "-q", "--db", again, capture).expect(0)
            wanted = rows(database, FINDINGS.replace("ORDER", f"WHERE session_id = {session} ORDER"))
            if rows(again, FINDINGS) != wanted:
                different.append(f"{source}: {rows(again, FINDINGS)}, not {wanted}")
    check(not different, f"{len(different)} differ", *different)


if __name__ == "__main__":
    tap.run()
