# SPDX-License-Identifier: ISC
"""Colour and the progress bar are for terminals: on one they are there, elsewhere not a trace."""

import os
import re
import select
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, Scratch, need_program  # noqa: E402
from support.pseudo_terminal import open_terminal  # noqa: E402
from support.tap import check, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

ESCAPE = "\x1b"
COLOUR = "\x1b["


def capture(scratch, sessions=1):
    wire = Wire()
    for number in range(sessions):
        with wire.connection(client=("127.0.0.1", 20000 + number)) as connection:
            connection.play("""
                S: 220 mx.example.org ESMTP
                C: EHLO client.example.com
                S: 250 mx.example.org
                C: RCPT TO:<b@example.org>
                S: 503 5.5.1 Error: need MAIL command
                C: QUIT
                S: 221 2.0.0 Bye""")
    return wire.write(scratch.path("x.pcap"))


def run(*arguments, out_terminal=False, err_terminal=False, **variables):
    """Standard output and standard error, each a pipe or a terminal of its own."""
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "NO_COLOR"}
    environment.update({"TERM": "xterm-256color"}, **variables)
    ends = [open_terminal() if terminal else os.pipe() for terminal in (out_terminal, err_terminal)]
    process = subprocess.Popen([HELOSCOPE, *arguments], env=environment, stdin=subprocess.DEVNULL,
                               stdout=ends[0][1], stderr=ends[1][1])
    for _, child_end in ends:
        os.close(child_end)
    said = {own_end: b"" for own_end, _ in ends}
    open_ends = set(said)
    while open_ends:
        for end in select.select(list(open_ends), [], [], 60)[0]:
            try:
                octets = os.read(end, 65536)
            except OSError:  # how a terminal says that nobody is left on the other side
                octets = b""
            said[end] += octets
            if not octets:
                open_ends.remove(end)
                os.close(end)
    equal(process.wait(60), 0, f"status of {arguments}: {said}")
    return [octets.decode() for octets in said.values()]


@test("no escape sequence goes into a pipe")
def pipe():
    with Scratch() as scratch:
        out, err = run("analyze", "--db", scratch.path("x.db"), capture(scratch))
        check("mail_missing" in out and ESCAPE not in out + err, "an escape", out, err)


@test("on a terminal the output is coloured, and says the same without the colour")
def terminal():
    with Scratch() as scratch:
        file = capture(scratch)
        plain, _ = run("analyze", "--db", scratch.path("a.db"), file)
        coloured, _ = run("analyze", "--db", scratch.path("b.db"), file, out_terminal=True)
        check(COLOUR in coloured, "no colour", coloured)
        bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured).replace("\r\n", "\n")
        equal(bare.replace("b.db", "a.db"), plain, "the text")


@test("NO_COLOR, a dumb terminal and --color=never are honoured on a terminal")
def no_colour():
    with Scratch() as scratch:
        file = capture(scratch)
        for number, (arguments, variables) in enumerate(((["--color=never"], {}),
                                                         ([], {"NO_COLOR": "1"}),
                                                         ([], {"TERM": "dumb"}))):
            out, _ = run("analyze", *arguments, "--db", scratch.path(f"{number}.db"), file,
                         out_terminal=True, **variables)
            check("mail_missing" in out and COLOUR not in out, f"{arguments} {variables}", out)


@test("--color=always is honoured in a pipe")
def always():
    with Scratch() as scratch:
        out, _ = run("analyze", "--color=always", "--db", scratch.path("x.db"), capture(scratch))
        check(COLOUR in out, "no colour", out)


@test("long work shows its progress on a terminal, and clears it")
def progress():
    with Scratch() as scratch:
        file = capture(scratch, sessions=20000)
        _, err = run("analyze", "--limit", "0", "--db", scratch.path("a.db"), file,
                     err_terminal=True)
        check("%" in err and "\r" in err, "no progress", err[-400:])
        left = err.split("\r")[-1].replace("\x1b[K", "")
        check(not left.strip(), "it is left on the screen", repr(err[-200:]))
        _, err = run("analyze", "--limit", "0", "--db", scratch.path("b.db"), file)
        equal(err, "", "standard error in a pipe")
        _, err = run("analyze", "--limit", "0", "--quiet", "--db", scratch.path("c.db"), file,
                     err_terminal=True)
        equal(err, "", "standard error with --quiet")


if __name__ == "__main__":
    tap.run()
