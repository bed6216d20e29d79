# SPDX-License-Identifier: ISC
"""The file of options, and the service: what it is told, what it is allowed, what it writes to the
journal."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.mail import MailServer, troubled_session  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, Scratch, heloscope, need_program, rows  # noqa: E402
from support.running import PATIENCE, Monitor, until  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = os.path.join(SOURCE, "analyzer", "program")
SAMPLE = os.path.join(SOURCE, "samples", "postfix-no-ehlo.pcap")


@test("--config: options from a file, those of other subcommands passed over, the command line is stronger")
def config():
    with Scratch() as scratch:
        scratch.file("one.conf", b"# a comment\n\n  db =  " + scratch.path("file.db").encode() +
                     b"\nquiet\nports 25,2525\nmetrics = x.prom\n")
        run = heloscope("analyze", "--config", scratch.path("one.conf"), SAMPLE)
        equal((run.status, run.out, run.err), (0, "", ""), "quiet")
        check(rows(scratch.path("file.db"), "SELECT * FROM errors_503"), "not in the file's history")
        run = heloscope("analyze", "--config", scratch.path("one.conf"), "--db", scratch.path("line.db"),
                        SAMPLE)
        equal(run.status, 0, run.err)
        check(os.path.exists(scratch.path("line.db")), "the command line's history")


@test("--config: what is wrong is said with its file and line")
def wrong_config():
    with Scratch() as scratch:
        for text, complaint in ((b"quiet\nqiuet\n", "one.conf:2: there is no option 'qiuet'"),
                                (b"\nports = smtp\n", "one.conf:2: --ports wants ports"),
                                (b"quiet = yes\n", "one.conf:1: option --quiet takes no value"),
                                (b"ports\n", "one.conf:1: --ports wants ports such as"),
                                (b"config = other\n", "one.conf:1: --config can be given once")):
            scratch.file("one.conf", text)
            run = heloscope("analyze", "--config", scratch.path("one.conf"), SAMPLE)
            equal(run.status, 2, "status")
            contains(run.err, complaint)
        run = heloscope("analyze", "--config", scratch.path("none.conf"), SAMPLE)
        contains(run.err, "none.conf' cannot be read: No such file")


@test("the file of options that is installed names options that exist")
def installed_config():
    with open(os.path.join(PROGRAM, "heloscope.conf"), encoding="ascii") as file:
        text = file.read()
    with Scratch() as scratch:
        bare = re.sub(r"^#(?=\w)", "", text, flags=re.M)
        check("\nmetrics = " in bare, "no option is commented out", bare)
        scratch.file("all.conf", bare.encode())
        run = heloscope("monitor", "--config", scratch.path("all.conf"), "--help")
        equal(run.status, 0, run.err)


@test("a service manager is told when the monitor listens, that it is alive, and that it ends; lines for "
      "the journal begin with their priority")
def notified():
    with Scratch() as scratch, MailServer() as server:
        with Monitor(scratch.path("first.db"), "tcp", "port", "1"):
            pass  # capturing is permitted here
        told = []
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(scratch.path("notify"))
            manager.settimeout(PATIENCE)
            journal, theirs = socket.socketpair()
            place = os.fstat(theirs.fileno())
            process = subprocess.Popen(
                [HELOSCOPE, "monitor", "-i", "lo", "--db", scratch.path("live.db"), "tcp", "port",
                 str(server.port)], stdout=subprocess.DEVNULL, stderr=theirs,
                env={**ENVIRONMENT, "NOTIFY_SOCKET": scratch.path("notify"),
                     "JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"})
            theirs.close()
            try:
                told.append(manager.recv(100))
            except socket.timeout:
                process.kill()
                tap.skip("built without libsystemd")
            troubled_session(server)
            until(lambda: rows(scratch.path("live.db"), "SELECT * FROM errors_503"), "the error")
            process.send_signal(signal.SIGTERM)
            equal(process.wait(PATIENCE), 0, "status")
            while told[-1] != b"STOPPING=1":
                told.append(manager.recv(100))
        equal(told[0], b"READY=1", "first")
        equal(set(told[1:-1]), {b"WATCHDOG=1"}, "then")
        with journal, journal.makefile(encoding="utf-8") as lines:
            said = lines.read().splitlines()
        check(said and all(re.match(r"<[45]>\w", line) for line in said), "journal", *said)


def unit(scratch):
    """The service as it is installed, of a program that is there."""
    with open(os.path.join(PROGRAM, "heloscope.service.in"), encoding="ascii") as file:
        text = file.read()
    os.makedirs(scratch.path("bin"))
    os.symlink(HELOSCOPE, scratch.path("bin", "heloscope"))
    text = text.replace("@bindir@", scratch.path("bin")).replace("@sysconfdir@", "/etc")
    text = text.replace("Documentation=man:heloscope(1)\n", "")  # it may not be installed here
    scratch.file("heloscope.service", text.encode())
    return scratch.path("heloscope.service")


def analyze_unit(*words):
    if not shutil.which("systemd-analyze"):
        tap.skip("there is no systemd-analyze")
    return subprocess.run(["systemd-analyze", *words], text=True, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, env={**ENVIRONMENT, "SYSTEMD_PAGER": "cat"})


@test("systemd-analyze verify has nothing to say of the service")
def verify():
    with Scratch() as scratch:
        judged = analyze_unit("verify", unit(scratch))
        of_it = [line for line in judged.stdout.splitlines() if "heloscope" in line]
        equal((judged.returncode, of_it), (0, []), judged.stdout)


@test("systemd-analyze security: an exposure below 2.0")
def security():
    with Scratch() as scratch:
        judged = analyze_unit("security", "--offline=yes", "--threshold=19", unit(scratch))
        equal(judged.returncode, 0, judged.stdout)
        check(re.search(r"exposure level for \S+: [01]\.\d", judged.stdout), "exposure", judged.stdout)


if __name__ == "__main__":
    tap.run()
