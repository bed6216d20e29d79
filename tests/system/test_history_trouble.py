# SPDX-License-Identifier: ISC
"""A monitor whose history cannot be written for a while, goes away, or whose process is killed: it
goes on, says so once, and nothing that was seen is lost or stays open."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.mail import MailServer, healthy_session, troubled_session  # noqa: E402
from support.program import Scratch, need_program, rows  # noqa: E402
from support.running import Monitor, until  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()


class Holder:
    """Another program that holds the write lock; `with Holder(path):`."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA busy_timeout = 5000")
        self.connection.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *_):
        self.connection.execute("ROLLBACK")
        self.connection.close()


def watch(server, database):
    return Monitor(database, "tcp", "port", str(server.port))


def said(monitor, words):
    return sum(words in line for line in monitor.err.splitlines())


def settled(database):
    """Its sessions have ended, and what is said of their ends is stored."""
    until(lambda: rows(database, "SELECT count(*), (SELECT count(*) FROM unfinished) FROM sessions "
                                 "WHERE outcome = 'quit'") == [(1, 0)], "the end of the session")


def named(database):
    return {name for name, in rows(database, "SELECT helo FROM sessions WHERE errors_503 > 0")}


@test("another writer holds the lock for 5 s: the monitor waits, says so once, and loses nothing")
def locked():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with watch(server, database) as monitor:
            troubled_session(server, "before.example.com")
            monitor.prints("before.example.com")
            with Holder(database):
                started = time.monotonic()
                troubled_session(server, "meanwhile.example.com")
                monitor.says("locked", lambda: "is locked by another writer" in monitor.err)
                while time.monotonic() < started + 5.2:
                    monitor.read()
                    check(monitor.process.poll() is None, "the monitor ended", monitor.err)
                check("meanwhile" not in monitor.out, "it was printed although it is not stored")
            monitor.prints("meanwhile.example.com")
            monitor.says("recovery", lambda: "can be written again after" in monitor.err)
            troubled_session(server, "after.example.com")
            monitor.prints("after.example.com")
            equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
        equal(said(monitor, "is locked by another writer"), 1, "so often said")
        contains(monitor.err, "nothing was lost")
        equal(named(database), {"before.example.com", "meanwhile.example.com", "after.example.com"},
              "sessions")
        equal(rows(database, "SELECT kind, events, sessions, findings, ended_us - began_us > 4000000 "
                             "FROM incidents"), [("locked", 0, 0, 0, 1)], "incidents")
        equal(rows(database, "SELECT count(*) FROM captures"), [(1,)], "captures")
        equal(rows(database, "SELECT count(*) FROM sessions s JOIN captures USING (capture_id)"), [(3,)],
              "sessions of a capture")
        equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")


@test("a lock that is held from before the start: the monitor starts all the same")
def locked_at_start():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with watch(server, database) as monitor:
            equal(monitor.stop(signal.SIGTERM), 0, "status")
        holder = Holder(database).__enter__()
        with watch(server, database) as monitor:
            troubled_session(server)
            monitor.says("locked", lambda: "is locked by another writer" in monitor.err)
            holder.__exit__()
            monitor.prints("client.example.com")
            equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
        equal(named(database), {"client.example.com"}, "sessions")


@test("the disk is full, then it has space again: the monitor recovers by itself")
def full():
    with Scratch() as scratch, MailServer() as server:
        folder = scratch.path("disk")
        os.mkdir(folder)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder],
                                               stderr=subprocess.DEVNULL).returncode:
            tap.skip("needs the right to mount")
        try:
            database = os.path.join(folder, "live.db")
            with watch(server, database) as monitor:
                troubled_session(server, "before.example.com")
                monitor.prints("before.example.com")
                ballast = os.path.join(folder, "ballast")
                with open(ballast, "wb", buffering=0) as file:
                    try:
                        while file.write(b"x" * 4096) == 4096:
                            pass
                    except OSError:
                        pass
                for number in range(400):  # what is free inside the WAL is used up
                    troubled_session(server, f"c{number}.example.com")
                monitor.says("full", lambda: "no space is left" in monitor.err)
                check(monitor.process.poll() is None, "the monitor ended", monitor.err)
                os.unlink(ballast)
                monitor.says("recovery", lambda: "can be written again after" in monitor.err)
                monitor.says("all sessions", lambda: len(named(database)) == 401)
                equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
            equal(said(monitor, "no space is left"), 1, "so often said")
            equal(len(named(database)), 401, f"sessions with a 503 after {monitor.err}")
            equal(rows(database, "SELECT count(DISTINCT session_id) FROM diagnoses"), [(401,)], "findings")
            equal(rows(database, "SELECT kind FROM incidents"), [("full",)], "incidents")
            equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")
        finally:
            subprocess.run(["umount", "-l", folder])


def gone(title, take_away):
    def run():
        with Scratch() as scratch, MailServer() as server:
            database = scratch.path("live.db")
            with watch(server, database) as monitor:
                troubled_session(server, "before.example.com")
                monitor.prints("before.example.com")
                settled(database)
                client = troubled_session(server, "through.example.com", end=False)
                monitor.prints("through.example.com")
                take_away(database)
                begun = time.monotonic()
                monitor.says("a new file", lambda: "was moved, replaced or deleted" in monitor.err)
                check(time.monotonic() - begun < 2, "noticed late", time.monotonic() - begun)
                troubled_session(server, "after.example.com")
                monitor.prints("after.example.com")
                client.say("RCPT TO:<c@example.org>")
                client.say("QUIT")
                client.close()
                until(lambda: rows(database, "SELECT 1 FROM sessions WHERE outcome = 'quit' AND "
                                             "helo = 'through.example.com'"), "the session that went on")
                equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
            equal(os.path.exists(database + "-writers"), False, "a file of locks is left")
            equal(said(monitor, "was moved, replaced or deleted"), 1, "so often said")
            equal(named(database), {"after.example.com", "through.example.com"}, "sessions of the new file")
            equal(rows(database, "SELECT count(*) FROM sessions s JOIN captures USING (capture_id)"), [(2,)],
                  "sessions of a capture")
            equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")
            old = scratch.path("old.db")
            if os.path.exists(old):
                equal(named(old), {"before.example.com", "through.example.com"}, "sessions of the old file")
                equal(rows(old, "SELECT outcome FROM sessions WHERE helo = 'through.example.com'"),
                      [("continued",)], "outcome")
                equal(rows(old, "PRAGMA integrity_check"), [("ok",)], "integrity of the old file")

    tap.add(title, run)


def move(database):
    os.rename(database, database.replace("live", "old"))


def delete(database):
    os.unlink(database)


def move_all(database):
    """As a rotation that knows of the WAL does it."""
    for ending in ("", "-wal", "-shm"):
        os.rename(database + ending, database.replace("live", "old") + ending)


gone("the history is moved while it is written: a new one within a second, the old one is complete", move)
gone("the same with its WAL", move_all)
gone("the history is deleted: a new one within a second", delete)


@test("another history in its place is gone on with")
def replaced():
    with Scratch() as scratch, MailServer() as server:
        database, other = scratch.path("live.db"), scratch.path("other.db")
        with watch(server, other) as monitor:
            troubled_session(server, "other.example.com")
            monitor.prints("other.example.com")
            equal(monitor.stop(signal.SIGTERM), 0, "status")
        with watch(server, database) as monitor:
            troubled_session(server, "before.example.com")
            monitor.prints("before.example.com")
            settled(database)
            os.rename(other, database)
            monitor.says("a new file", lambda: "was moved, replaced or deleted" in monitor.err)
            troubled_session(server, "after.example.com")
            monitor.prints("after.example.com")
            equal(monitor.out.count("other.example.com"), 0, "news of another run")
            equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
        equal(named(database), {"other.example.com", "after.example.com"}, "sessions")
        equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")


KILLS = int(os.environ.get("HELOSCOPE_KILLS", "4"))


@test(f"killed {KILLS} times: nothing committed is lost, and the next start leaves no session open")
def killed():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        left, clients = set(), []
        for number in range(KILLS):
            with watch(server, database) as monitor:
                equal(rows(database, "SELECT count(*) FROM sessions WHERE outcome = 'open'"), [(0,)],
                      f"open sessions after kill {number}") if number else None
                name = f"open{number}.example.com"
                clients.append(troubled_session(server, name, end=False))
                monitor.prints(name)  # it is committed
                left.add(name)
                stop = threading.Event()

                def busy():
                    while not stop.is_set():
                        healthy_session(server)

                thread = threading.Thread(target=busy)
                thread.start()
                time.sleep(0.3)
                monitor.process.kill()
                monitor.process.wait()
                stop.set()
                thread.join()
        with watch(server, database) as monitor:
            equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
        for client in clients:
            client.close()
        equal(os.path.exists(database + "-writers"), False, "a file of locks is left")
        equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")
        check(left <= named(database), "lost", left - named(database))
        equal({name for name, in rows(database, "SELECT helo FROM sessions WHERE outcome = 'interrupted'")}
              >= left, True, "interrupted")
        equal(rows(database, "SELECT count(*) FROM sessions WHERE outcome = 'open'"), [(0,)], "open")
        equal(rows(database, "SELECT (SELECT count(*) FROM writers), (SELECT count(*) FROM unfinished)"),
              [(0, 0)], "writers and unfinished sessions")


@test("two writers: the start of one leaves the other's open sessions alone")
def two_writers():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with watch(server, database) as first:
            client = troubled_session(server, end=False)
            first.prints("client.example.com")
            with Monitor(database, "tcp", "port", "9") as second:
                equal(rows(database, "SELECT outcome FROM sessions"), [("open",)], "outcome")
                equal(second.stop(signal.SIGTERM), 0, "status of the second")
            equal(rows(database, "SELECT outcome FROM sessions"), [("open",)], "outcome")
            client.say("QUIT")
            client.close()
            until(lambda: rows(database, "SELECT outcome FROM sessions") == [("quit",)], "its end")
            equal(first.stop(signal.SIGTERM), 0, "status")


@test("a name that SQLite would take for something else is a file, for its owner only")
def file_names():
    with Scratch() as scratch, MailServer() as server:
        for name in ("file:x.db?mode=memory", "file::memory:"):
            with Monitor(name, "tcp", "port", str(server.port), cwd=scratch.root) as monitor:
                troubled_session(server)
                monitor.prints("client.example.com")
                equal({os.stat(scratch.path(each)).st_mode & 0o777 for each in os.listdir(scratch.root)},
                      {0o600}, "modes")
                equal(monitor.stop(signal.SIGTERM), 0, "status")
            equal(os.listdir(scratch.root), [name], "files")
            os.unlink(scratch.path(name))


if __name__ == "__main__":
    tap.run()
