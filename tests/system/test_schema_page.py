# SPDX-License-Identifier: ISC
"""heloscope-schema(5) is made of the schema's own comments: it names what a history has, and cannot be
made when a column has no comment."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.tap import check, equal, test  # noqa: E402

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "db", "schema")


def page(*texts):
    """The page made of SQL files, by the name that each would have; its text and the errors."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, text in enumerate(texts):
            paths.append(os.path.join(folder, f"{number}.sql"))
            with open(paths[-1], "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run(["awk", "-f", os.path.join(SCHEMA, "schema_man.awk"), *paths], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def sql(name):
    with open(os.path.join(SCHEMA, name), encoding="utf-8") as file:
        return file.read()


def every_file():
    """The tables of version 1, what later steps add, the views; in the order of Makefile.am."""
    names = sorted(name for name in os.listdir(SCHEMA) if name.endswith(".sql"))
    return [sql(name) for name in names]


@test("every table, view and column of a history is on the page, and no other")
def complete():
    done = page(*every_file())
    equal((done.returncode, done.stderr), (0, ""), "awk")
    history = sqlite3.connect(":memory:")
    history.executescript("".join(every_file()))
    sections = re.findall(r"^\.SS (\w+)$(.*?)(?=^\.S[SH] |\Z)", done.stdout, re.M | re.S)
    wanted = [name for name, in history.execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")]
    equal([name for name, _ in sections], wanted, "tables and views")
    for name, body in sections:
        columns = re.findall(r"^\.BR (\w+) \"", body, re.M)
        is_table = history.execute("SELECT type FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0] == "table"
        known = [row[1] for row in history.execute(f"PRAGMA table_info({name})")] if is_table else []
        equal(columns, known, f"columns of {name}")


@test("a column or a view without a comment is refused, with its place")
def refused():
    done = page("-- T.\n\n-- A table.\nCREATE TABLE t (\n    a INTEGER, -- said\n    b TEXT\n) STRICT;\n")
    check(done.returncode != 0 and ":6: column t.b has no comment" in done.stderr, "not refused", done.stderr)
    done = page("-- A table.\nCREATE TABLE t (\n    a INTEGER -- said\n) STRICT;\n\nCREATE VIEW v AS\nSELECT a FROM t;\n")
    check(done.returncode != 0 and ":6: view v has no comment" in done.stderr, "not refused", done.stderr)


if __name__ == "__main__":
    tap.run()
