# SPDX-License-Identifier: ISC
"""heloscope monitor beside a real server on loopback: the 503 is on the screen, with its origin, while
the session is still open, and sqlite3 reads the history meanwhile."""

import os
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import Scratch, need_program, rows  # noqa: E402
from support.running import PATIENCE, Monitor, until  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()

SERVER = shutil.which("aiosmtpd")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __enter__(self):
        self.port = free_port()
        self.process = subprocess.Popen(
            [SERVER, "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.answers, "the server")
        return self

    def answers(self):
        """Talks to its end: what a busy server would still send would be seen by the monitor."""
        try:
            client = Client(self.port)
        except OSError:
            return False
        client.say("QUIT")
        client.file.read()
        client.close()
        return True

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Client:
    """Speaks in lock-step, as simple clients do."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.file = self.socket.makefile("rb")
        self.reply()

    def reply(self):
        lines = []
        while not lines or lines[-1][3:4] == b"-":
            lines.append(self.file.readline())
            check(lines[-1], "the server hung up", lines)
        return lines[-1].decode()

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


def sqlite3_reads(database, query):
    return subprocess.run(["sqlite3", "-readonly", database, query], text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


def watched_session(stop_signal):
    if SERVER is None:
        tap.skip("aiosmtpd is missing; ./autogen.sh --deps installs it")
    with Scratch() as scratch, Server() as server:
        database = scratch.path("live.db")
        with Monitor(database, "tcp", "port", str(server.port)) as monitor:
            client = Client(server.port)
            client.say("EHLO client.example.com")
            check(client.say("RCPT TO:<b@example.org>").startswith("503"), "the server took it")
            # The session is still open.
            monitor.prints("503", "mail_missing", "RCPT TO:<b@example.org>")
            check(monitor.process.poll() is None, "the monitor has ended")
            equal(sqlite3_reads(database, "SELECT cause FROM errors_503"), "mail_missing", "history")
            equal(client.say("MAIL FROM:<a@example.com>")[:3], "250", "MAIL")
            client.say("QUIT")
            client.close()
            until(lambda: sqlite3_reads(database, "SELECT count(*) FROM events WHERE verb = 'QUIT'")
                  == "1", "the rest of the session in the history")
            status = monitor.stop(stop_signal)
            equal(status, 0, f"status after {monitor.err}")
            # Before anybody reads it again: a reader that may not write leaves its own files.
            equal(sorted(os.listdir(scratch.root)), ["live.db"], "files")
            equal(rows(database, "SELECT count(*), sum(errors_503) FROM sessions"), [(1, 1)],
                  "sessions")
            equal(rows(database, "SELECT count(*) FROM events WHERE text LIKE 'MAIL FROM%'"),
                  [(1,)], "MAIL events")
            equal(rows(database, "SELECT o.text FROM diagnoses d JOIN events o ON "
                                 "o.session_id = d.session_id AND o.seq = d.origin_seq"),
                  [("RCPT TO:<b@example.org>",)], "origin")
            equal(rows(database, "SELECT kind, source FROM captures"), [("live", "lo")], "captures")


@test("a 503 is printed with its origin while the session goes on; SIGTERM ends with status 0")
def terminated():
    watched_session(signal.SIGTERM)


@test("the same with SIGINT")
def interrupted():
    watched_session(signal.SIGINT)


@test("a session that is open when the monitor stops is kept")
def open_at_the_end():
    if SERVER is None:
        tap.skip("aiosmtpd is missing; ./autogen.sh --deps installs it")
    with Scratch() as scratch, Server() as server:
        database = scratch.path("live.db")
        with Monitor(database, "tcp", "port", str(server.port)) as monitor:
            client = Client(server.port)
            client.say("EHLO client.example.com")
            client.say("DATA")
            monitor.prints("503")
            equal(monitor.stop(signal.SIGTERM), 0, "status")
            client.close()
        contains(sqlite3_reads(database, "SELECT text FROM timeline"), "EHLO client.example.com",
                 "DATA", "503")


if __name__ == "__main__":
    tap.run()
