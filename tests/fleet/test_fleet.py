# SPDX-License-Identifier: ISC
"""heloscope ship against real engines: Debian's ClickHouse 18.16 as two shards with ZooKeeper, and a modern
one. What is asked there is what the histories hold, exactly, whatever was killed or cut on the way.

`make check-fleet` runs it; FLEET_ROUNDS says how often something is killed (default 12)."""

import json
import os
import random
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, SAMPLES, Scratch, heloscope  # noqa: E402
from support.program import need_program, rows, samples  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

PCAPS = [os.path.join(SAMPLES, name) for name in samples() if name.endswith(".pcap")]
ROUNDS = int(os.environ.get("FLEET_ROUNDS", "12"))
GENERATE = os.environ.get("GENERATE") or os.path.join(os.getcwd(), "tests", "bench", "generate")
VIEWS = ("timeline", "errors", "errors_503", "errors_by_cause", "errors_by_client", "errors_by_server",
         "errors_by_software", "errors_by_client_software", "errors_by_day", "errors_by_hour", "recurring_problems")

SCRATCH, FLEET, MODERN = Scratch(), None, None


def credentials(name, url, sensor, **more):
    words = {"endpoint": url, "user": servers.USER, "password": servers.PASSWORD, "sensor": sensor, **more}
    path = SCRATCH.file(name, "# of a test\n" + "".join(f"{key} {value}\n" for key, value in words.items()))
    os.chmod(path, 0o600)
    return path


def analyzed(name, *pcaps):
    database = SCRATCH.path(name)
    heloscope("analyze", "-q", "--db", database, *pcaps).expect(0)
    return database


def ship(database, account, *more):
    return heloscope("ship", "-q", "--db", database, "--credentials", account, *more)


def of_history(database, view):
    """Names and rows of a view, as the fleet is to have them: sessions by uid, causes sorted."""
    connection = sqlite3.connect(database)
    cursor = connection.execute(f"SELECT * FROM {view}")
    names = [each[0] for each in cursor.description]
    uids = dict(connection.execute("SELECT session_id, uid FROM sessions"))

    def cell(name, value):
        if name in ("session_id", "last_session"):
            return uids[value]
        if name == "causes":
            return ",".join(sorted(value.split(",")))
        return "" if value is None else str(value)

    found = sorted([cell(*pair) for pair in zip(names, row)] for row in cursor)
    connection.close()
    return names, found


def unescaped(text):
    return text.encode().decode("unicode_escape").encode("latin-1").decode() if "\\" in text else text


def of_fleet(engine, view):
    names, *found = engine.ask(f"SELECT * FROM heloscope.{view} FORMAT TabSeparatedWithNames")
    return names, sorted(["" if cell == "\\N" else unescaped(cell) for cell in row] for row in found)


def same_views(engine, database):
    for view in VIEWS:
        names, wanted = of_history(database, view)
        there, found = of_fleet(engine, view)
        equal(there, names, f"columns of {view}")
        # Of recurring problems without a number of errors between them any session may be the last.
        check(wanted, f"{view} is empty")
        equal(found, wanted, view)


@test("what is wrong before anything is sent is said in a line")
def wrong():
    database, url = analyzed("wrong.db", PCAPS[0]), FLEET.servers[0].url
    account = credentials("wrong", url, "mx1")
    ship(database, account).expect(1).complains_once("ship --init")
    os.chmod(account, 0o644)
    ship(database, account).expect(1).complains_once("chmod 600")
    ship(database, credentials("pass", url, "mx1", password="other")).expect(1).complains_once("password is wrong")
    ship(database, credentials("user", url, "mx1", user="nobody")).expect(1).complains_once("does not know the user")
    ship(database, credentials("word", url, "mx1", colour="red")).expect(1).complains_once("line 6", "colour")
    ship(database, credentials("form", "ftp://x", "mx1")).expect(1).complains_once("https://HOST:PORT")
    equal(rows(database, "SELECT count(*) FROM cursors WHERE change > 0"), [(0,)], "nothing was passed")


@test("the views of the fleet have the columns and the rows of the history's")
def views():
    account = credentials("mx1", FLEET.servers[0].url, "mx1")
    heloscope("ship", "--init", "--cluster", "mail", "--credentials", account).expect(0)
    database = analyzed("views.db", *PCAPS)
    ship(database, account).expect(0)
    same_views(FLEET.servers[0], database)
    same_views(FLEET.servers[1], database)
    # Again, and from another sensor of the other shard: each conversation counts once.
    ship(database, account, "--again").expect(0)
    heloscope("ship", "--init", "--cluster", "mail", "--credentials", account).expect(0)
    ship(database, credentials("mx2", FLEET.servers[1].url, "mx2"), "--again").expect(0)
    same_views(FLEET.servers[0], database)


@test("a modern engine takes the same statements and answers the same")
def modern():
    if not MODERN:
        tap.skip("npm's chdb is not to be had here")
    account = credentials("modern", MODERN.url, "mx1")
    heloscope("ship", "--init", "--credentials", account).expect(0)
    database = analyzed("modern.db", *PCAPS)
    ship(database, account).expect(0)
    same_views(MODERN, database)
    ship(database, account, "--again").expect(0)
    heloscope("ship", "--init", "--credentials", account).expect(0)
    same_views(MODERN, database)


def same_answers(account, database):
    """report and show of the fleet are those of the history: the same table, the same ladder."""
    for by in ("cause", "day", "server"):
        ours = json.loads(heloscope("report", "--json", "--db", database, "--by", by).expect(0).out)
        theirs = json.loads(heloscope("report", "--json", "--credentials", account, "--by", by).expect(0).out)
        for row in ours + theirs:
            row["causes"] = sorted((row.get("causes") or "").split(","))
            row["software"] = row.get("software") or ""
        key = lambda row: json.dumps(row, sort_keys=True)  # noqa: E731
        equal(sorted(map(key, theirs)), sorted(map(key, ours)), f"report --by {by}")
    for number, uid in rows(database, "SELECT session_id, uid FROM sessions ORDER BY errors_503 DESC LIMIT 3"):
        ours = heloscope("show", "--db", database, str(number)).expect(0).out
        theirs = heloscope("show", "--credentials", account, uid).expect(0).out
        equal(theirs.replace("Session 1:", f"Session {number}:"), ours, f"show {uid}")
    asked = json.loads(heloscope("query", "--json", "--credentials", account, "errors_by_cause").expect(0).out)
    ranked = json.loads(heloscope("report", "--json", "--credentials", account, "--by", "cause").expect(0).out)
    equal([row["errors"] for row in asked], [row["errors"] for row in ranked], "query errors_by_cause")
    views = heloscope("query", "--credentials", account).expect(0).out.split()
    check({"sessions", "events", "timeline", "errors_503"} <= set(views) and "sessions_rows" not in views, views)
    tls = SCRATCH.path("tls.sql")
    with open(tls, "w", encoding="utf-8") as file:
        file.write("-- mine\nSELECT count() AS n FROM @DB@.sessions WHERE tls_suite IS NOT NULL AND tls_hidden IS NOT NULL")
    equal(json.loads(heloscope("query", "--json", "--credentials", account, tls).expect(0).out)[0]["n"],
          rows(database, "SELECT count(*) FROM sessions WHERE tls_suite IS NOT NULL AND tls_hidden IS NOT NULL")[0][0],
          "columns of TLS")
    bad = SCRATCH.path("bad.sql")
    with open(bad, "w", encoding="utf-8") as file:
        file.write("DROP DATABASE heloscope")
    heloscope("query", "--credentials", account, bad).expect(2)
    listed = heloscope("show", "--credentials", account).expect(0).out.splitlines()
    equal([(len(listed) - 1,)], rows(database, "SELECT count(*) FROM sessions"), "sessions of the list")
    heloscope("show", "--credentials", account, 20 * "0").expect(1).complains_once(20 * "0", "no session")


@test("report and show of a fleet answer as those of the history do")
def asking():
    same_answers(SCRATCH.path("mx1"), SCRATCH.path("views.db"))
    if MODERN:
        same_answers(SCRATCH.path("modern"), SCRATCH.path("modern.db"))


@test("a table of another version is said so, and nothing moves")
def versions():
    database, account = SCRATCH.path("views.db"), SCRATCH.path("mx1")
    engine = FLEET.servers[0]
    before = rows(database, "SELECT change FROM cursors WHERE name = 'ship'")
    for number, word in ((99, "newer"), (0, "ship --init")):
        engine.ask("DROP TABLE heloscope.fleet_version")
        engine.ask(f"CREATE VIEW heloscope.fleet_version AS SELECT {number} AS version")
        ship(database, account).expect(1).complains_once(word)
    heloscope("ship", "--init", "--cluster", "mail", "--credentials", account).expect(0)
    engine.ask("ALTER TABLE heloscope.sessions_rows DROP COLUMN helo")
    ship(database, account, "--again").expect(1).complains_once("ship --init")
    engine.ask("ALTER TABLE heloscope.sessions_rows ADD COLUMN helo Nullable(String)")
    equal(rows(database, "SELECT change < ? FROM cursors WHERE name = 'ship'", before[0][0]), [(1,)], "cursor")
    ship(database, account).expect(0)
    same_views(engine, database)


class Cutter:
    """A proxy that now and then cuts what the client sends, or what the server answers."""

    def __init__(self, port, seed):
        self.to, self.random, self.cuts = port, random.Random(seed), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.calm = False
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.pair, args=(client,), daemon=True).start()

    def pair(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            client.close()
            return
        # Two connections of three: the client's side somewhere in its first requests, or the server's.
        cut = [None, None]
        if not self.calm and self.random.random() < 0.67:
            side = self.random.randrange(2)
            cut[side] = self.random.randrange(1500 if side else 600000)
        for left, source, sink in ((cut[0], client, server), (cut[1], server, client)):
            threading.Thread(target=self.pump, args=(source, sink, left), daemon=True).start()

    def pump(self, source, sink, left):
        try:
            while True:
                octets = source.recv(16384)
                if left is not None and len(octets) >= left:
                    sink.sendall(octets[:left])
                    self.cuts += 1
                    break
                if not octets:
                    break
                sink.sendall(octets)
                left = None if left is None else left - len(octets)
        except OSError:
            pass
        for each in (sink, source):
            try:
                each.shutdown(socket.SHUT_WR if each is sink else socket.SHUT_RD)
            except OSError:
                pass


def shipper(database, account):
    return subprocess.Popen([HELOSCOPE, "ship", "-q", "--follow", "--db", database, "--credentials", account],
                            env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def sums(databases):
    """What the histories hold together: sessions, events, errors by cause."""
    counts = [0, 0, {}]
    for database in databases:
        counts[0] += rows(database, "SELECT count(*) FROM sessions")[0][0]
        counts[1] += rows(database, "SELECT count(*) FROM event_rows")[0][0]
        for cause, count in rows(database, "SELECT cause, count(*) FROM diagnoses GROUP BY cause"):
            counts[2][cause] = counts[2].get(cause, 0) + count
    return counts


def generate(path, number):
    """A capture of its own for each sensor: two with the same times would have the same conversations."""
    done = subprocess.run([GENERATE, "sessions=4000", "faulty=0.3", f"seed={number + 1}"], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    octets, at = bytearray(done.stdout), 24
    while at < len(octets):
        seconds, _, length = struct.unpack_from("<III", octets, at)
        struct.pack_into("<I", octets, at, seconds + 3600 * number)
        at += 16 + length
    with open(path, "wb") as file:
        file.write(octets)


@test("killed shippers, servers and ZooKeeper, cut bodies and answers: afterwards every count is exact")
def killed():
    if not os.access(GENERATE, os.X_OK):
        tap.skip("tests/bench/generate is not built")
    chance = random.Random(14)
    engine = FLEET.servers[0]
    for table in ("sessions", "events", "diagnoses", "violations", "related_events", "transactions", "recipients"):
        for server in FLEET.servers:
            server.ask(f"TRUNCATE TABLE heloscope.{table}_rows")
    sensors = []
    for number in range(3):
        capture = SCRATCH.path(f"sensor{number}.pcap")
        generate(capture, number)
        proxy = Cutter(FLEET.servers[number % 2].http, number)
        sensors.append((capture, SCRATCH.path(f"sensor{number}.db"), proxy,
                        credentials(f"sensor{number}.conf", proxy.url, f"sensor{number}")))
    writers = [subprocess.Popen([HELOSCOPE, "analyze", "-q", "--db", database, capture], env=ENVIRONMENT)
               for capture, database, _, _ in sensors]
    for writer in writers[:1]:
        writer.wait()
    shippers = []
    for _, database, _, account in sensors:
        until = time.monotonic() + 20
        while not os.path.exists(database) and time.monotonic() < until:
            time.sleep(0.05)
        shippers.append(shipper(database, account))
    for number in range(ROUNDS):
        time.sleep(chance.uniform(0.1, 0.7))
        if number % 6 == 5:
            victim = chance.choice([FLEET.zookeeper, *(server.process for server in FLEET.servers)])
            victim.kill()
            time.sleep(chance.uniform(0, 0.5))
            victim.start()
        else:
            which = chance.randrange(3)
            shippers[which].send_signal(signal.SIGKILL)
            shippers[which].wait()
            shippers[which] = shipper(*sensors[which][1::2])
    for writer in writers:
        equal(writer.wait(60), 0, "analyze")
    for each in shippers:
        each.terminate()
        each.wait(30)
    cuts = sum(proxy.cuts for _, _, proxy, _ in sensors)
    for _, database, proxy, account in sensors:
        proxy.calm = True
        ship(database, account).expect(0)
    print(f"# {ROUNDS} kills, {cuts} cuts")
    databases = [database for _, database, _, _ in sensors]
    sessions, events, causes = sums(databases)
    equal(int(engine.ask("SELECT uniqExact(uid) FROM heloscope.sessions_all")[0][0]), sessions, "sessions")
    equal(int(engine.ask("SELECT count() FROM heloscope.sessions")[0][0]), sessions, "sessions, by the view")
    equal(int(engine.ask("SELECT count() FROM heloscope.events")[0][0]), events, "events")
    found = {cause: int(count) for cause, count in engine.ask(
        "SELECT cause, errors FROM heloscope.errors_by_cause")}
    equal(found, causes, "errors by cause")


@test("while a shard is down a question is an error, and ship to the other goes on")
def down():
    database, account = SCRATCH.path("views.db"), SCRATCH.path("mx1")
    FLEET.servers[1].process.kill()
    try:
        ship(database, account, "--again").expect(0)
        try:
            FLEET.servers[0].ask("SELECT count() FROM heloscope.sessions")
            check(False, "a part was given for the whole")
        except RuntimeError as error:
            contains(str(error), "279")
        # Ours as well: a line, or with --partial a warning with its name and what there is.
        name = f"127.0.0.1:{FLEET.servers[1].tcp}"
        heloscope("report", "--by", "cause", "--credentials", account).expect(1).complains_once("a shard is down", name)
        done = heloscope("report", "--by", "cause", "--partial", "--credentials", account).expect(0)
        done.complains_once("a shard is down", name, "without it")
        contains(done.out, "mail_rejected")
    finally:
        FLEET.servers[1].process.start()


if __name__ == "__main__":
    need_program()
    if servers.missing():
        print(f"1..0 # SKIP packages are missing: {' '.join(servers.missing())}")
        sys.exit(0)
    with SCRATCH:
        with servers.Fleet(SCRATCH.path("fleet"), 2) as FLEET:
            try:
                MODERN = servers.Modern(os.environ.get("FLEET_NPM") or SCRATCH.path("npm"))
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                print(f"# {error}")
            try:
                tap.run()
            finally:
                if MODERN:
                    MODERN.process.stop()
