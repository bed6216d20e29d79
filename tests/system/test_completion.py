# SPDX-License-Identifier: ISC
"""Completion, the manual and --help are of one table: what one of them knows all know."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import (HELOSCOPE, SAMPLES, SOURCE, Scratch, heloscope,  # noqa: E402
                             need_program, samples)
from support.tap import check, contains, equal, test  # noqa: E402

need_program()
PROGRAM = os.path.join(SOURCE, "analyzer", "program")


def offered(*words):
    return [line.partition("\t")[0] for line in heloscope("--complete", *words).expect(0).out.splitlines()]


def subcommands():
    return [word for word in offered("") if word != "help" and not word.startswith("-")]


def options(subcommand):
    return set(re.findall(r"^ {2}.{4}(--[a-z-]+)", heloscope(subcommand, "--help").expect(0).out, re.M))


@test("each subcommand and each option that --help names is offered, and no other")
def all_options():
    overview = heloscope("--help").expect(0).out
    equal(sorted(subcommands()), sorted(re.findall(r"^  heloscope (\w+)", overview, re.M)), "subcommands")
    for subcommand in subcommands():
        equal(set(offered(subcommand, "--")), options(subcommand), subcommand)


@test("the manual names each subcommand and each option, and no other")
def manual():
    with open(os.path.join(PROGRAM, "heloscope.1"), encoding="utf-8") as file:
        text = file.read().replace("\\-", "-")
    known = set().union(*(options(subcommand) for subcommand in subcommands()))
    for subcommand in subcommands():
        contains(text, f".B {subcommand}\n")
    for option in sorted(known):
        check(re.search(re.escape(option) + r"(?![a-z-])", text), f"{option} is not in the manual")
    headed = set(re.findall(r"^\.(?:B|BI|BR|RB) .*?(--[a-z][a-z-]+)", text, re.M))
    equal(sorted(headed - known - {"--set", "--tls-keylog", "--version"}), [], "options that are not there")


@test("values of options, sessions of the history that was typed, and files")
def values():
    contains(offered("show", "--cause", "nested"), "nested_mail")
    equal(offered("show", "--certainty", ""), ["certain", "likely", "unknown"], "certainty")
    equal(offered("analyze", ""), [":files"], "files")
    equal(offered("help", "sho"), ["show"], "help")
    equal(offered("nothing", "x"), [], "no subcommand")
    equal(offered(), [], "no word")
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, *samples()[:2], cwd=SAMPLES).expect(0)
        equal(offered("show", "--db", database, ""), ["1", "2"], "sessions")


@test("bash, zsh and fish take what is offered")
def shells():
    folder = os.path.dirname(HELOSCOPE)
    environment = dict(os.environ, PATH=f"{folder}:{os.environ.get('PATH', '/usr/bin:/bin')}")
    script = (f"source {PROGRAM}/heloscope.bash; COMP_WORDS=(heloscope show --cert) COMP_CWORD=2; "
              "_heloscope heloscope --cert show; printf '%s\\n' \"${COMPREPLY[@]}\"")
    for shell, arguments in (("bash", ["-c", script]),
                             ("zsh", ["-fn", f"{PROGRAM}/heloscope.zsh"]),
                             ("fish", ["-c", f"source {PROGRAM}/heloscope.fish; "
                                             "complete -C 'heloscope show --cert'"])):
        if not shutil.which(shell):
            continue
        done = subprocess.run([shell, *arguments], env=environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        equal((done.returncode, done.stderr), (0, ""), shell)
        if shell != "zsh":  # which needs a terminal; there only the grammar is looked at
            equal(done.stdout.split()[:1], ["--certainty"], shell)


if __name__ == "__main__":
    tap.run()
