# SPDX-License-Identifier: ISC
"""Several programs write one history at the same time, and some of them see the same connections: all go
on, the history has each session once, and each prints its own findings, once.

    TEST_SECONDS=600 python3 tests/system/test_two_writers.py      # by hand; 4 seconds otherwise
"""

import collections
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.mail import MailClient, MailServer  # noqa: E402
from support.program import Scratch, heloscope, need_program, rows  # noqa: E402
from support.running import Monitor, Running  # noqa: E402
from support.tap import check, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

SECONDS = float(os.environ.get("TEST_SECONDS", "4"))
TURNS = ["S: 220 mx.example.org ESMTP", "C: EHLO client.example.com", "S: 250 mx.example.org",
         "C: RCPT TO:<b@example.org>", "S: 503 5.5.1 Error: need MAIL command", "C: NOOP", "S: 250 2.0.0 Ok",
         "C: DATA", "S: 503 5.5.1 Error: need RCPT command", "C: QUIT", "S: 221 2.0.0 Bye"]


class Traffic:
    """Connections that are open side by side, a turn each at a time, written to files as they happen."""

    def __init__(self, first_port, *paths):
        self.wire = Wire(start_us=int(time.time() * 1_000_000), step_us=7)
        self.port, self.last_port = first_port, first_port + 4000
        self.open, self.told, self.sessions = [], 0, 0
        self.files = [(open(path, "wb", 0), shift) for path, shift in paths]
        for file, _ in self.files:
            file.write(self.wire.pcap())

    def flush(self):
        """The packets since the last time, in each file by its own clock."""
        new = self.wire.packets[self.told:]
        self.told = len(self.wire.packets)
        for file, shift in self.files:
            part = Wire()
            part.packets = [(us + shift, frame) for us, frame in new]
            file.write(part.pcap()[24:])

    def step(self, more=True):
        self.wire.now_us = max(self.wire.now_us, int(time.time() * 1_000_000))
        if more and len(self.open) < 12:
            connection = self.wire.connection(client=("127.0.0.1", self.port))
            # A port that comes again has other numbers.
            connection.hosts["C"].sequence = (self.sessions * 7919 * 65536 + 12345) & 0xFFFFFFFF
            connection.hosts["S"].sequence = (self.sessions * 104729 * 4096 + 54321) & 0xFFFFFFFF
            self.port = self.port + 1 if self.port < self.last_port else self.last_port - 4000
            self.sessions += 1
            connection.open()
            self.open.append([connection, 0])
        for entry in list(self.open):
            connection, turn = entry
            connection.play(TURNS[turn])
            entry[1] += 1
            if entry[1] == len(TURNS):
                connection.close()
                self.open.remove(entry)
        self.flush()

    def finish(self):
        while self.open:
            self.step(more=False)
        for file, _ in self.files:
            file.close()


def findings(text):
    """(client's port, cause) of each refusal that was printed as JSON: a line has those of one origin."""
    printed = [json.loads(line) for line in text.splitlines()]
    return [(row["client_port"], row["cause"]) for row in printed for _ in range(row["refusals"])]


def sessions(database, where="1"):
    return rows(database, "SELECT client_port, commands, replies, errors_503, outcome, "
                          "(SELECT count(*) FROM events e WHERE e.session_id = s.session_id), "
                          "(SELECT count(*) FROM diagnoses d WHERE d.session_id = s.session_id) "
                          f"FROM sessions s WHERE {where} ORDER BY client_port, started_us")


def same(got, wanted, what):
    """As equal(), and says what differs and not all of it."""
    more, less = (collections.Counter(a) - collections.Counter(b) for a, b in ((got, wanted), (wanted, got)))
    check(not more and not less, what, f"too many: {sorted(more.items())[:9]}", f"missing: {sorted(less.items())[:9]}",
          f"of {len(wanted)}")


class Follower(Running):
    def __init__(self, database, path):
        super().__init__("analyze", "--follow", "--json", "--db", database, path)


@test("followers of one traffic by two clocks, of another traffic, and files analysed meanwhile")
def followers():
    with Scratch() as scratch:
        database, path = scratch.path("x.db"), scratch.path
        shared = Traffic(20000, (path("one.pcap"), 0), (path("two.pcap"), 1))
        alone = Traffic(30000, (path("alone.pcap"), 0))
        with Follower(database, path("one.pcap")) as one, Follower(database, path("two.pcap")) as two, \
                Follower(database, path("alone.pcap")) as third:
            for follower in (one, two, third):
                follower.says("following", lambda f=follower: "following" in f.err)
            end, round_number = time.monotonic() + SECONDS, 0
            while time.monotonic() < end:
                round_number += 1
                shared.step()
                alone.step()
                if round_number % 20 == 0:
                    with open(path("one.pcap"), "rb") as file:
                        snapshot = scratch.file(f"dump-{round_number // 20 % 3}.pcap", file.read())
                    done = heloscope("analyze", "-q", "--db", database, snapshot)
                    equal((done.status, done.err), (0, ""), "an analysis meanwhile")
                for follower in (one, two, third):
                    follower.read(0)
                    check(follower.process.poll() is None, "it ended", follower.err)
                time.sleep(0.02)
            shared.finish()
            alone.finish()
            time.sleep(2.5)
            for follower in (one, two, third):
                equal(follower.stop(signal.SIGINT), 0, f"status after {follower.err}")
        for name in ("one", "alone"):
            heloscope("analyze", "-q", "--db", path(f"{name}.db"), path(f"{name}.pcap")).expect(0)
        equal(len(sessions(path("one.db"))), shared.sessions, "sessions of the file")
        same(sessions(database, "client_port < 30000"), sessions(path("one.db")), "the shared traffic")
        same(sessions(database, "client_port >= 30000"), sessions(path("alone.db")), "the other traffic")
        for table in ("unfinished", "writers"):
            equal(rows(database, f"SELECT count(*) FROM {table}"), [(0,)], table)
        wanted = {name: rows(path(f"{name}.db"), "SELECT client_port, cause FROM diagnoses "
                                                 "JOIN sessions USING (session_id)")
                  for name in ("one", "alone")}
        same(findings(one.out), wanted["one"], "the first" + " prints its own")
        same(findings(third.out), wanted["alone"], "the third" + " prints its own")
        same(findings(two.out), wanted["one"], "the second" + " prints its own")


@test("two monitors of one interface, and one of another port")
def monitors():
    with Scratch() as scratch, MailServer() as server, MailServer() as another:
        database = scratch.path("x.db")
        ports = [("port", str(one.port)) for one in (server, server, another)]
        with Monitor(database, "--json", "--ports", ports[0][1], *ports[0]) as one, \
                Monitor(database, "--json", "--ports", ports[1][1], *ports[1]) as two, \
                Monitor(database, "--json", "--ports", ports[2][1], *ports[2]) as third:
            end, count, clients = time.monotonic() + SECONDS / 2, 0, []
            while time.monotonic() < end:
                clients = [MailClient(server), MailClient(server), MailClient(another)]
                for line in ("EHLO c.example.com", "RCPT TO:<b@example.org>", "NOOP", "RCPT TO:<c@example.org>", "QUIT"):
                    for client in clients:
                        client.say(line)
                        time.sleep(0.005)
                    for monitor in (one, two, third):
                        monitor.read(0)
                        check(monitor.process.poll() is None, "it ended", monitor.err)
                for client in clients:
                    client.lines.close()
                    client.socket.close()
                count += 1
            for monitor, refusals in ((one, 4 * count), (two, 4 * count), (third, 2 * count)):
                monitor.says("all findings", lambda m=monitor, n=refusals: m.out.endswith("\n") and
                             len(findings(m.out)) >= n)
            for monitor in (one, two, third):
                equal(monitor.stop(signal.SIGINT), 0, f"status after {monitor.err}")
        equal([len(findings(monitor.out)) for monitor in (one, two, third)], [4 * count, 4 * count, 2 * count],
              "findings printed")
        equal(rows(database, "SELECT count(*), sum(errors_503), min(outcome), max(outcome) FROM sessions"),
              [(3 * count, 6 * count, "quit", "quit")], "sessions")
        equal(rows(database, "SELECT count(*) FROM diagnoses"), [(6 * count,)], "diagnoses")


if __name__ == "__main__":
    tap.run()
