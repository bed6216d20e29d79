# SPDX-License-Identifier: ISC
"""heloscope monitor on interfaces of the test's own: several at once, absent, down, removed, and faster
than it is read."""

import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.network import Pair, ip  # noqa: E402
from support.program import Scratch, need_program, rows  # noqa: E402
from support.running import Running, until  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()


def session_frames(port=40000):
    """Those of the client, and those of the server: one 503."""
    wire = Wire()
    with wire.connection(client=("127.0.0.1", port)) as c:
        c.server("220 mx.test ESMTP\r\n")
        c.client("EHLO c.test\r\n")
        c.server("250 mx.test\r\n")
        c.client("RCPT TO:<b@example.org>\r\n")
        c.server("503 5.5.1 need MAIL\r\n")
        c.client("QUIT\r\n")
        c.server("221 bye\r\n")
    return [frame for _, frame in wire.packets]


def is_of_client(frame):
    return frame[36:38] == b"\x00\x19"  # the destination is port 25


class Watching(Running):
    def __init__(self, database, *pairs, words=()):
        names = [word for pair in pairs for word in ("-i", pair.near)]
        super().__init__("monitor", *names, "--db", database, *words)
        self.says("its start", lambda: "listening on" in self.err)


def sessions(database):
    return rows(database, "SELECT outcome, errors_503, bytes_missing FROM sessions ORDER BY session_id")


@test("the two directions of a connection on two interfaces are one session; each has its statistics")
def two_interfaces():
    with Scratch() as scratch, Pair() as client, Pair() as server:
        database = scratch.path("live.db")
        with Watching(database, client, server) as monitor:
            frames = session_frames()
            for frame in frames:
                (client if is_of_client(frame) else server).send([frame])
            monitor.prints("503", "RCPT TO:<b@example.org>")
            until(lambda: rows(database, "SELECT outcome FROM sessions") == [("quit",)], "its end")
            monitor.process.send_signal(signal.SIGUSR1)
            monitor.says("statistics", lambda: f"{server.near}: " in monitor.err)
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)
        equal(sessions(database), [("quit", 1, 0)], "sessions")
        of_client = sum(is_of_client(frame) for frame in frames)
        counted = rows(database, "SELECT source, sum(s.packets), sum(s.dropped), sum(s.sessions) FROM "
                                 "capture_stats s JOIN captures USING (capture_id) GROUP BY source "
                                 "ORDER BY source")
        equal(counted, sorted([(client.near, of_client, 0, 1),
                               (server.near, len(frames) - of_client, 0, 0)]), "statistics")
        contains(monitor.err, f"{client.near}: {of_client} packets, 0 dropped")


@test("an interface that is absent, comes, is removed and comes again is waited for; the times are noted")
def comes_and_goes():
    with Scratch() as scratch, Pair(make=False) as pair:
        database = scratch.path("live.db")
        with Watching(database, pair, words=("--wait",)) as monitor:
            for time, port in enumerate((40000, 40001), 1):
                monitor.says("that it waits", lambda: monitor.err.count("it is waited for") == time)
                pair.make()
                monitor.says("that it goes on",
                             lambda: monitor.err.count("captured from now on") == time)
                pair.send(session_frames(port))
                until(lambda: os.path.exists(database) and len(sessions(database)) == time, "a session")
                pair.remove()
            monitor.says("that it waits", lambda: monitor.err.count("it is waited for") == 3)
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)
        equal([row[1] for row in sessions(database)], [1, 1], "503s")
        equal(rows(database, "SELECT kind, began_us < ended_us, count(*) FROM incidents GROUP BY 1, 2"),
              [("interface", 1, 3)], "incidents")


@test("an interface that is down is waited for with --wait, and by default under a service manager")
def down():
    with Scratch() as scratch, Pair(make=False) as pair:
        pair.make(up=False)
        database = scratch.path("live.db")
        with Watching(database, pair, words=("--wait",)) as monitor:
            monitor.says("that it waits", lambda: "is down" in monitor.err)
            pair.up()
            monitor.says("that it goes on", lambda: "captured from now on" in monitor.err)
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)


@test("without --wait: absent and down are errors, and one that is removed ends the monitor")
def not_waited_for():
    with Scratch() as scratch, Pair(make=False) as pair:
        database = scratch.path("live.db")
        for made, words in ((False, "no such interface"), (True, "the interface is down")):
            if made:
                pair.make(up=False)
            with Running("monitor", "-i", pair.near, "--db", database) as monitor:
                monitor.says("an error", lambda: words in monitor.err)
                equal(monitor.process.wait(10), 1, "status")
        pair.up()
        with Watching(database, pair) as monitor:
            ip("link", "del", pair.near)
            monitor.says("an end", lambda: monitor.process.poll() is not None)
            monitor.read(0)
            equal(monitor.process.returncode, 1, "status")
            contains(monitor.err, f"{pair.near}: capturing ended")


@test("--metrics: a file for node_exporter that promtool has nothing to say of")
def metrics():
    with Scratch() as scratch, Pair() as pair:
        database, path = scratch.path("live.db"), scratch.path("heloscope.prom")
        with Watching(database, pair, words=("--metrics", path)) as monitor:
            until(lambda: os.path.exists(path), "the file")
            pair.send(session_frames())
            monitor.prints("503")
            until(lambda: rows(database, "SELECT outcome FROM sessions") == [("quit",)], "its end")
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        contains(text, "# TYPE heloscope_packets_total counter",
                 f'heloscope_packets_total{{interface="{pair.near}"}} {len(session_frames())}\n',
                 f'heloscope_errors_503_total{{interface="{pair.near}"}} 1\n')
        equal(os.stat(path).st_mode & 0o777, 0o644, "mode")
        equal(sorted(os.listdir(scratch.root)), ["heloscope.prom", "live.db"], "files")
        if not shutil.which("promtool"):
            tap.skip("promtool is missing: Debian's package prometheus has it")
        judged = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        equal((judged.returncode, judged.stdout), (0, ""), "promtool")


@test("packets that come faster than they are taken: how many were lost is said at once, and noted")
def drops():
    with Scratch() as scratch, Pair() as pair:
        database = scratch.path("live.db")
        with Watching(database, pair, words=("-B", "256")) as monitor:
            pair.send([b"\0" * 12 + b"\x08\x00" + bytes(1000)])
            until(lambda: rows(database, "SELECT packets FROM captures") == [(1,)], "the first")
            monitor.process.send_signal(signal.SIGSTOP)
            pair.send([b"\0" * 12 + b"\x08\x00" + bytes(1000)] * 5000)
            monitor.process.send_signal(signal.SIGCONT)
            monitor.says("drops", lambda: "lost before they could be captured" in monitor.err)
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)
        packets, dropped = rows(database, "SELECT sum(packets), sum(dropped) FROM capture_stats")[0]
        check(dropped > 0, "nothing was lost")
        equal(packets + dropped, 5001, "packets, and those lost")


if __name__ == "__main__":
    tap.run()
