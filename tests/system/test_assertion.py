# SPDX-License-Identifier: ISC
"""analyze --fail-on: the exit status says whether a capture holds what it must not; --no-db; where to
go on; help and version."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, SAMPLES, Scratch, heloscope, need_program  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

IN_ORDER = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: MAIL FROM:<a@example.com>
    S: 250 2.1.0 Ok
    C: RCPT TO:<b@example.org>
    S: 250 2.1.5 Ok
    C: RSET
    S: 250 2.0.0 Ok
    C: QUIT
    S: 221 2.0.0 Bye"""
CLIENTS_FAULT = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Error: need MAIL command
    C: DATA
    S: 503 5.5.1 Error: need RCPT command
    C: QUIT
    S: 221 2.0.0 Bye"""
SERVERS_FAULT = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: MAIL FROM:<a@example.com>
    S: 250 2.1.0 Ok
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Error: need MAIL command
    C: QUIT
    S: 221 2.0.0 Bye"""
TOLERATED = """
    S: 220 mx.example.org ESMTP
    C: MAIL FROM:<a@example.com>
    S: 250 2.1.0 Ok
    C: RSET
    S: 250 2.0.0 Ok
    C: QUIT
    S: 221 2.0.0 Bye"""


def capture(scratch, name, *dialogues):
    wire = Wire()
    for number, dialogue in enumerate(dialogues):
        with wire.connection(client=("127.0.0.1", 20000 + number)) as connection:
            connection.play(dialogue)
    return wire.write(scratch.path(name))


# Which words each capture must fail on.
CASES = (("in order", IN_ORDER, set()),
         ("the client's fault", CLIENTS_FAULT, {"client", "any", "503", "violation"}),
         ("the server's fault", SERVERS_FAULT, {"server", "any", "503"}),
         ("a violation that the server accepts", TOLERATED, {"violation"}))
WORDS = ("client", "server", "any", "503", "violation")


@test("each word of --fail-on fails on what it names, and on nothing else")
def words():
    with Scratch() as scratch:
        for number, (title, dialogue, fails) in enumerate(CASES):
            file = capture(scratch, f"{number}.pcap", dialogue)
            for word in WORDS:
                result = heloscope("analyze", "-q", "--no-db", "--fail-on", word, file)
                check(result.status == (3 if word in fails else 0), f"{title}, {word}", result)
                check(bool(result.out) == (word in fails), f"{title}, {word}", result)
                equal(result.err, "", "standard error")


@test("a cascade is one line, which says where, what, whose and how sure")
def lines():
    with Scratch() as scratch:
        file = capture(scratch, "x.pcap", IN_ORDER, CLIENTS_FAULT)
        result = heloscope("analyze", "-q", "--no-db", "--fail-on", "client,server", file).expect(3)
        lines = result.out.splitlines()
        equal(len(lines), 1, "lines")
        contains(lines[0], file, "packet ", "session 2", "mail_missing", "client", "certain", "503")


@test("with --json the lines do not spoil the document")
def document():
    import json
    with Scratch() as scratch:
        file = capture(scratch, "x.pcap", CLIENTS_FAULT)
        result = heloscope("analyze", "--json", "--no-db", "--fail-on", "any", file).expect(3)
        json.loads(result.out)
        contains(result.err, "mail_missing")


@test("what an earlier run has stored counts for this run's input, and no other session does")
def known():
    with Scratch() as scratch:
        good = capture(scratch, "good.pcap", IN_ORDER)
        wire = Wire(start_us=1_700_009_999_000_000)
        with wire.connection(client=("127.0.0.1", 30000)) as connection:
            connection.play(CLIENTS_FAULT)
        bad = wire.write(scratch.path("bad.pcap"))
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, bad).expect(0)
        heloscope("analyze", "-q", "--db", database, "--fail-on", "any", good).expect(0)
        heloscope("analyze", "-q", "--db", database, "--fail-on", "any", bad).expect(3)


@test("--no-db and --db :memory: leave no file, wherever they are called")
def no_history():
    for option in (("--no-db",), ("--db", ":memory:")):
        with Scratch() as scratch, Scratch() as temporary:
            file = capture(scratch, "x.pcap", CLIENTS_FAULT)
            before = ENVIRONMENT.get("TMPDIR")
            ENVIRONMENT["TMPDIR"] = temporary.root
            try:
                result = heloscope("analyze", *option, file, cwd=scratch.root).expect(0)
            finally:
                ENVIRONMENT.pop("TMPDIR")
                if before:
                    ENVIRONMENT["TMPDIR"] = before
            contains(result.out, "mail_missing")
            check("to go on" not in result.out, "names a history that is gone", result.out)
            equal(os.listdir(scratch.root), ["x.pcap"], "files beside the capture")
            equal(os.listdir(temporary.root), [], "temporary files")


@test("what is printed last names the history and the next command, which works")
def next_command():
    import shlex
    with Scratch() as scratch:
        file = capture(scratch, "x.pcap", IN_ORDER, CLIENTS_FAULT)
        for database in ("heloscope.db", "it's mine.db"):
            result = heloscope("analyze", "--db", database, file, cwd=scratch.root).expect(0)
            (line,) = [line for line in result.out.splitlines() if "to go on" in line]
            contains(line, database)
            command = shlex.split(line.partition("to go on: ")[2])
            equal(command[0], "heloscope", "program")
            equal("--db" in command, database != "heloscope.db", "--db")
            contains(heloscope(*command[1:], cwd=scratch.root).expect(0).out, "mail_missing")


@test("wrong words are refused")
def wrong():
    with Scratch() as scratch:
        file = capture(scratch, "x.pcap", IN_ORDER)
        for word in ("nothing", "", "client,", "client,me"):
            result = heloscope("analyze", "--no-db", "--fail-on", word, file).expect(2)
            contains(result.err, "--fail-on is client, server, any, 503 or violation")


@test("a capture that is followed fails as well, when it has ended or was stopped")
def followed():
    with Scratch() as scratch:
        bad = capture(scratch, "bad.pcap", CLIENTS_FAULT)
        good = capture(scratch, "good.pcap", IN_ORDER)
        for form in (("-q",), ("-q", "--json"), ()):
            result = heloscope("analyze", "--no-db", "--follow=1", "--fail-on", "client", *form, bad).expect(3)
            wanted = 0 if "--json" in form else 1
            equal(result.out.count("fault client, certain"), wanted, " ".join(form))
            heloscope("analyze", "--no-db", "--follow=1", "--fail-on", "server", *form, bad).expect(0)
            heloscope("analyze", "--no-db", "--follow=1", "--fail-on", "any", *form, good).expect(0)


@test("help and version in each form")
def forms():
    overview = heloscope("--help").expect(0).out
    equal(heloscope("help").expect(0).out, overview, "help")
    equal(heloscope("help", "show").expect(0).out, heloscope("show", "--help").expect(0).out, "show")
    contains(heloscope("help", "nothing").expect(2).err, "there is no subcommand 'nothing'")
    version = heloscope("--version").expect(0).out
    for form in (("-V",), ("show", "--version"), ("analyze", "-V"), ("explain", "--version")):
        equal(heloscope(*form).expect(0).out, version, " ".join(form))


if __name__ == "__main__":
    tap.run()
