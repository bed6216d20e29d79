# SPDX-License-Identifier: ISC
"""Runs the heloscope that is to be tested, in a folder of its own."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# `make check` names the program it built, `make installcheck` the one it installed.
HELOSCOPE = os.environ.get("HELOSCOPE") or os.path.join(os.getcwd(), "heloscope")
SAMPLES = os.path.join(SOURCE, "samples")

# The same words on every machine: no colour, no translation, one time zone.
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", NO_COLOR="1")
for name in ("CI", "COLUMNS", "TERM"):
    ENVIRONMENT.pop(name, None)

TIMEOUT = 120


class Scratch:
    """A folder that is gone afterwards; `with Scratch() as s: s.path("x.db")`."""

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="heloscope-test-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def file(self, name, content):
        with open(self.path(name), "wb" if isinstance(content, bytes) else "w") as out:
            out.write(content)
        return self.path(name)


class Result:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"

    def expect(self, status):
        if self.status != status:
            raise AssertionError(f"wanted status {status}\n{self}")
        return self

    def complains_once(self, *parts):
        """One line on standard error that holds all of `parts`; returns it."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        if len(lines) != 1 or any(part not in lines[0] for part in parts):
            raise AssertionError(f"wanted one line with {parts}\n{self}")
        return lines[0]


def heloscope(*arguments, cwd=None, stdin=subprocess.DEVNULL, feed=None):
    options = {"input": feed} if feed is not None else {"stdin": stdin}
    done = subprocess.run([HELOSCOPE, *arguments], cwd=cwd, env=ENVIRONMENT, timeout=TIMEOUT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    done.stdout = done.stdout.decode("utf-8")  # also proves that it is UTF-8
    done.stderr = done.stderr.decode("utf-8")
    return Result(done)


def rows(database, query, *parameters):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.close()


def samples():
    if not os.path.isdir(SAMPLES):
        return []
    return sorted(name for name in os.listdir(SAMPLES) if name.endswith((".pcap", ".pcapng")))


def need_program():
    from support import tap

    if not os.access(HELOSCOPE, os.X_OK):
        print(f"1..1\nnot ok 1 - there is no program at {HELOSCOPE}")
        sys.exit(1)
    return tap
