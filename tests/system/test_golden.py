# SPDX-License-Identifier: ISC
"""What heloscope prints of every sample, word for word, against the files in tests/system/golden/.

`make golden` writes them anew; the difference is then read by a person before it is committed."""

import difflib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import (ENVIRONMENT, SAMPLES, SOURCE, Scratch, heloscope,  # noqa: E402
                             need_program, rows, samples)
from support.tap import check, test  # noqa: E402

GOLDEN = os.path.join(SOURCE, "tests", "system", "golden")
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"

QUERIES = (
    "SELECT * FROM errors_503;",
    "SELECT * FROM timeline;",
    "SELECT session_id, reply_seq, seq, role FROM related_events ORDER BY 1, 2, 3, 4;",
    "SELECT session_id, seq, rule, tolerated FROM violations ORDER BY 1, 2, 3;",
    "SELECT session_id, tx, mail_from, recipients, accepted, bytes, outcome, queue_id, message_id"
    " FROM transactions ORDER BY 1, 2;",
    "SELECT session_id, client_addr, server_addr, helo, server_software, client_software, commands,"
    " replies, messages, violations, errors_503, bytes_missing, outcome FROM sessions ORDER BY 1;",
)

RANKINGS = ("cause", "client", "server", "software", "day")

need_program()


def sqlite3_prints(database, query):
    done = subprocess.run(["sqlite3", "-readonly", "-header", database, query], env=ENVIRONMENT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode()


class Transcript:
    """Commands and what they print, as a person would see them in the folder samples/."""

    def __init__(self, scratch):
        self.root = scratch.root + os.sep
        self.database = scratch.path("heloscope.db")
        self.text = ""

    def told(self, *arguments):
        result = heloscope(*arguments, cwd=SAMPLES)
        status = f"(status {result.status})\n" if result.status else ""
        self.text += f"$ heloscope {' '.join(arguments)}\n{result.out}{result.err}{status}\n"

    def asked(self, query):
        self.text += (f"$ sqlite3 -header heloscope.db '{query}'\n"
                      f"{sqlite3_prints(self.database, query)}\n")

    def __str__(self):
        return self.text.replace(self.root, "")


def of_sample(scratch, name):
    paper = Transcript(scratch)
    paper.told("analyze", "--db", paper.database, name)
    paper.told("show", "--db", paper.database)
    for (session,) in rows(paper.database, "SELECT session_id FROM sessions ORDER BY 1"):
        paper.told("show", "--db", paper.database, str(session))
    for query in QUERIES:
        paper.asked(query)
    return str(paper)


def of_all_samples(scratch, _):
    paper = Transcript(scratch)
    paper.told("analyze", "--limit", "3", "--db", paper.database, *samples())
    for ranking in RANKINGS:
        paper.told("report", "--by", ranking, "--db", paper.database)
    return str(paper)


def of_explanations(scratch, _):
    paper = Transcript(scratch)
    paper.told("explain")
    paper.told("explain", "--rules")
    heloscope("analyze", "--db", paper.database, samples()[0], cwd=SAMPLES)
    for (cause,) in rows(paper.database, "SELECT cause FROM causes ORDER BY 1"):
        paper.told("explain", cause)
    return str(paper)


# Beside the samples, each with its own file.
OTHERS = {"report.all": of_all_samples, "explain.all": of_explanations}


def golden_file(name):
    return os.path.join(GOLDEN, os.path.splitext(name)[0] + ".txt")


def compare(name, make_transcript=of_sample):
    with Scratch() as scratch:
        got = make_transcript(scratch, name)
    if UPDATE:
        with open(golden_file(name), "w", encoding="utf-8") as file:
            file.write(got)
        return
    try:
        with open(golden_file(name), encoding="utf-8") as file:
            wanted = file.read()
    except FileNotFoundError:
        raise AssertionError(f"there is no {golden_file(name)}; `make golden` writes it")
    if got != wanted:
        raise AssertionError("\n".join(difflib.unified_diff(
            wanted.splitlines(), got.splitlines(), "golden", "now", lineterm="", n=2)))


@test("there are samples, and no golden file without its sample")
def complete():
    check(samples(), "samples/ is empty")
    if UPDATE:
        os.makedirs(GOLDEN, exist_ok=True)
    known = {os.path.basename(golden_file(name)) for name in samples() + list(OTHERS)}
    left = sorted(set(os.listdir(GOLDEN)) - known)
    if UPDATE:
        for name in left:
            os.remove(os.path.join(GOLDEN, name))
    else:
        check(not left, "no sample for", *left)


for sample in samples():
    tap.add(f"samples/{sample}", lambda sample=sample: compare(sample))

for other, maker in OTHERS.items():
    tap.add(os.path.splitext(other)[0], lambda other=other, maker=maker: compare(other, maker))


@test("README.md shows what the program prints")
def readme():
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        text = file.read()
    now = text
    with Scratch() as scratch:
        for block in text.split("<!-- output -->\n```\n")[1:]:
            shown = block.split("```\n")[0]
            command, _, wanted = shown.partition("\n")
            words = command.split()
            check(words[:2] == ["$", "heloscope"], "the first line is not the command", command)
            words[words.index("--db") + 1] = scratch.path("example.db")
            got = heloscope(*words[2:], cwd=SOURCE).expect(0).out.replace(scratch.root + os.sep, "")
            now = now.replace(shown, f"{command}\n{got}")
    if UPDATE and now != text:
        with open(os.path.join(SOURCE, "README.md"), "w", encoding="utf-8") as file:
            file.write(now)
        return
    check(now == text, "README.md shows another output", *difflib.unified_diff(
        text.splitlines(), now.splitlines(), lineterm="", n=1))


if __name__ == "__main__":
    tap.run()
