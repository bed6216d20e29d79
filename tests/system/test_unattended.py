# SPDX-License-Identifier: ISC
"""A monitor that nobody looks after: its output is not read, or its reader goes; signals; its terminal
goes away."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.mail import MailServer, troubled_session  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, Scratch, need_program, rows  # noqa: E402
from support.pseudo_terminal import need_terminal  # noqa: E402
from support.running import PATIENCE, Monitor, until  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()

F_SETPIPE_SZ = 1031


def watch(server, database):
    return Monitor(database, "tcp", "port", str(server.port))


def errors(database):
    return rows(database, "SELECT count(*) FROM errors_503")[0][0]


def await_error(monitor, words):
    """Reads standard error only."""
    def said():
        monitor.err += (monitor.process.stderr.read() or b"").decode()
        return words in monitor.err
    until(said, f"{words!r} in {monitor.err}")


@test("nobody reads standard output: everything is stored, SIGTERM is heard, what is left out is counted")
def unread():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with watch(server, database) as monitor:
            fcntl.fcntl(monitor.process.stdout.fileno(), F_SETPIPE_SZ, 4096)
            for number in range(60):
                troubled_session(server, f"client{number}.example.com")
            until(lambda: errors(database) == 60, "60 errors in the history")
            monitor.process.send_signal(signal.SIGTERM)
            equal(monitor.process.wait(PATIENCE), 0, "status")
            await_error(monitor, "findings were not printed, since standard output is not read")
            equal(rows(database, "SELECT count(*) FROM sessions WHERE outcome = 'quit'"), [(60,)], "sessions")


@test("one client's mistake in many sessions is printed a few times, and then counted; all is stored")
def alike():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with watch(server, database) as monitor:
            for number in range(40):
                troubled_session(server, f"client{number}.example.com")
            monitor.says("40 errors in the history", lambda: errors(database) == 40)
            equal(monitor.stop(signal.SIGTERM), 0, "status")
        printed = monitor.out.count("To do")
        check(20 <= printed < 40, f"{printed} findings were printed")
        contains(monitor.err, f"{40 - printed} further findings like those before: 503 ")


@test("the reader of standard output goes away: that is said once, and storing goes on")
def reader_gone():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with watch(server, database) as monitor:
            monitor.process.stdout.close()
            troubled_session(server, "first.example.com")
            await_error(monitor, "standard output: its reader has gone")
            troubled_session(server, "second.example.com")
            until(lambda: errors(database) == 2, "both errors in the history")
            check(monitor.process.poll() is None, "it has ended", monitor.err)
            monitor.process.send_signal(signal.SIGTERM)
            equal(monitor.process.wait(PATIENCE), 0, "status")
            monitor.process.stdout = open(os.devnull, "rb")
            await_error(monitor, "2 sessions")
            equal(monitor.err.count("standard output"), 1, f"so often said: {monitor.err}")


@test("SIGHUP: a history that was moved away is followed by a new one; SIGUSR1: statistics")
def hup_and_usr1():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        with watch(server, database) as monitor:
            troubled_session(server, "before.example.com")
            monitor.prints("before.example.com")
            until(lambda: rows(database, "SELECT count(*), (SELECT count(*) FROM unfinished) FROM sessions "
                                         "WHERE outcome = 'quit'") == [(1, 0)], "the end of the session")
            monitor.process.send_signal(signal.SIGUSR1)
            monitor.says("statistics", lambda: "1 session, 0 messages, 1 error 503" in monitor.err)
            os.rename(database, scratch.path("rotated.db"))
            monitor.process.send_signal(signal.SIGHUP)
            until(lambda: os.path.exists(database), "a new history")
            troubled_session(server, "after.example.com")
            monitor.prints("after.example.com")
            equal(monitor.stop(signal.SIGTERM), 0, f"status after {monitor.err}")
        named = "SELECT helo FROM sessions WHERE errors_503 = 1"
        equal(rows(scratch.path("rotated.db"), named), [("before.example.com",)], "old")
        equal(rows(database, named), [("after.example.com",)], "new")


def start_on_terminal(database, server, **environment):
    """The process and the terminal's other end; standard error is a pipe, to see when it listens."""
    need_terminal()
    with Monitor(database, "tcp", "port", "1"):
        pass  # capturing is permitted here
    reading, writing = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may be deaf to it (nohup)
        os.dup2(writing, 2)
        os.execve(HELOSCOPE, [HELOSCOPE, "monitor", "-i", "lo", "--db", database, "tcp", "port",
                              str(server.port)], {**ENVIRONMENT, **environment})
    os.close(writing)
    said = b""
    while b"listening on" not in said:
        more = os.read(reading, 4096)
        check(more, "it has ended", said)
        said += more
    return child, terminal, reading


def ended(child):
    """Its number and its status, once it has ended."""
    number, status = os.waitpid(child, os.WNOHANG)
    return (number, os.waitstatus_to_exitcode(status)) if number else None


@test("its terminal goes away: it ends as SIGTERM ends it")
def terminal_gone():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        child, terminal, reading = start_on_terminal(database, server)
        troubled_session(server, "one.example.com")
        until(lambda: errors(database) == 1, "the error")
        os.close(terminal)
        status = until(lambda: ended(child), "its end")
        os.close(reading)
        equal(status, (child, 0), "status")
        equal(rows(database, "SELECT outcome FROM sessions"), [("quit",)], "sessions")


@test("its terminal goes away under a service manager: it goes on")
def terminal_gone_of_service():
    with Scratch() as scratch, MailServer() as server:
        database = scratch.path("live.db")
        child, terminal, reading = start_on_terminal(database, server, NOTIFY_SOCKET="/nowhere")
        os.close(terminal)
        time.sleep(0.5)
        check(not ended(child), "it has ended")
        troubled_session(server, "one.example.com")
        until(lambda: errors(database) == 1, "the error")
        os.kill(child, signal.SIGTERM)
        until(lambda: ended(child), "its end")
        os.close(reading)


if __name__ == "__main__":
    tap.run()
