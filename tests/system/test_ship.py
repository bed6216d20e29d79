# SPDX-License-Identifier: ISC
"""heloscope ship against a server of our own, that answers as ClickHouse does: what is sent in which order,
when the cursor moves, and when it is tried again, there or at the next endpoint. The real engines are asked
by `make check-fleet`."""

import gzip
import http.server
import json
import os
import signal
import socket
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope  # noqa: E402
from support.program import need_program, rows, samples  # noqa: E402
from support.running import Monitor  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

PCAPS = [os.path.join(SAMPLES, name) for name in samples() if name.endswith(".pcap")][:12]


class Engine:
    """Keeps what is inserted; `answer(number of the insert)` is None or (status, text)."""

    def __init__(self, answer=lambda number: None):
        self.inserts, self.statements, self.tries, self.users = [], [], 0, set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.users.add(self.headers["Authorization"])
                query = urllib.parse.parse_qs(self.path.partition("?")[2]).get("query")
                status, text = 200, ""
                if query:
                    wrong = answer(outer.tries)
                    outer.tries += 1
                    if wrong:
                        status, text = wrong
                    else:
                        lines = gzip.decompress(body).decode().splitlines()
                        outer.inserts.append((query[0].split()[2].split(".")[1], [json.loads(x) for x in lines]))
                else:
                    outer.statements.append(body.decode())
                    text = "3\n" if "fleet_version FORMAT" in body.decode() else ""
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def account(scratch, *urls):
    path = scratch.file("account", "".join(f"endpoint {url}\n" for url in urls) + "user mx\npassword secret\nsensor s\n")
    os.chmod(path, 0o600)
    return path


def analyzed(scratch, pcaps=PCAPS):
    database = scratch.path("x.db")
    heloscope("analyze", "-q", "--db", database, *pcaps).expect(0)
    return database


def need_fleet():
    with Scratch() as scratch:
        done = heloscope("ship", "--db", scratch.path("x"), "--credentials", account(scratch, "http://127.0.0.1:9"))
        if "without libcurl" in done.err:
            tap.skip_all("built without libcurl")


def cursor(database):
    return rows(database, "SELECT change FROM cursors WHERE name = 'ship'")[0][0]


@test("everything goes out once, the sessions' own rows last, and the cursor follows")
def everything():
    with Scratch() as scratch:
        engine, database = Engine(), analyzed(scratch)
        heloscope("ship", "-q", "--db", database, "--credentials", account(scratch, engine.url)).expect(0)
        names = [name for name, _ in engine.inserts]
        equal((names[0], names[-1], len(set(names))), ("events_rows", "sessions_rows", len(names)), "order")
        sent = dict(engine.inserts)
        for name, table in (("sessions_rows", "sessions"), ("events_rows", "event_rows"),
                            ("diagnoses_rows", "diagnoses"), ("recipients_rows", "recipients")):
            equal([(len(sent[name]),)], rows(database, f"SELECT count(*) FROM {table}"), name)
        equal({row["sensor"] for row in sent["events_rows"]}, {"s"}, "sensor")
        versions = {row["uid"]: row["version"] for row in sent["sessions_rows"]}
        equal({row["uid"]: row["version"] for row in sent["events_rows"]}, versions, "versions")
        equal([(cursor(database),)], rows(database, "SELECT max(change) FROM changes"), "cursor")
        # Nothing is new; then one session is; then all are again, under higher versions.
        heloscope("ship", "-q", "--db", database, "--credentials", account(scratch, engine.url)).expect(0)
        equal(len(engine.inserts), len(names), "inserts")
        heloscope("ship", "-q", "--again", "--db", database, "--credentials", account(scratch, engine.url)).expect(0)
        again = {row["uid"]: row["version"] for row in engine.inserts[-1][1]}
        equal(set(again), set(versions), "sessions")
        check(all(again[uid] > versions[uid] for uid in again), "a version did not ascend")


@test("a request that fails for a while is sent again with all of its sessions; nothing moves before")
def again():
    with Scratch() as scratch:
        late = "Code: 242, e.displayText() = DB::Exception: Table is in readonly mode"
        engine = Engine(lambda number: (500, late) if number in (1, 4) else None)
        database = analyzed(scratch)
        done = heloscope("ship", "--db", database, "--credentials", account(scratch, engine.url)).expect(0)
        contains(done.err, "ZooKeeper", "it is tried again, nothing is lost", "answers again")
        equal([(len(engine.inserts[-1][1]),)], rows(database, "SELECT count(*) FROM sessions"), "sessions")
        equal([name for name, _ in engine.inserts].count("sessions_rows"), 1, "sessions' rows")


@test("a refusal ends it with a line, and the cursor stays")
def refused():
    with Scratch() as scratch:
        engine = Engine(lambda number: (500, "Code: 117, e.displayText() = DB::Exception: Unknown field x")
                        if number == 2 else None)
        database = analyzed(scratch)
        heloscope("ship", "-q", "--db", database, "--credentials", account(scratch, engine.url)).expect(
            1).complains_once("column is missing", "ship --init", engine.url)
        equal(cursor(database), 0, "cursor")


@test("the next endpoint takes over from one that is down")
def endpoints():
    with Scratch() as scratch:
        engine, database = Engine(), analyzed(scratch)
        done = heloscope("ship", "--db", database, "--credentials",
                         account(scratch, "http://127.0.0.1:9", engine.url)).expect(0)
        contains(done.err, "127.0.0.1:9", "tried again")
        equal(engine.inserts[-1][0], "sessions_rows", "the last")
        equal(engine.users, {"Basic bXg6c2VjcmV0"}, "who we are")


@test("--init makes each table, each view and the version, and --cluster is in every statement")
def init():
    with Scratch() as scratch:
        engine = Engine()
        heloscope("ship", "--init", "--cluster", "mail", "--credentials", account(scratch, engine.url)).expect(0)
        made = [s for s in engine.statements if s.startswith("CREATE")]
        check(all("ON CLUSTER `mail`" in s for s in engine.statements if not s.startswith("SELECT")), "a statement without")
        check("fleet_version" in made[-1], "the version is not the last", made[-1])
        for name in ("sessions_rows", "events_all", "`.diagnoses ", "`.errors_503 ", "`.timeline "):
            check(any(name in s for s in made), name)


def converse(port):
    """A session with a 503, on loopback."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        client = socket.create_connection(("127.0.0.1", port))
        server, _ = listener.accept()
        for line in ("220 mx.example.org", "EHLO client", "250 mx.example.org", "RCPT TO:<a@example.org>",
                     "503 5.5.1 need MAIL", "QUIT", "221 bye"):
            giver, taker = (server, client) if line[0] in "25" else (client, server)
            giver.sendall(line.encode() + b"\r\n")
            taker.recv(1000)
        client.close()
        server.close()


@test("monitor --ship sends what it stores, and the rest when it ends")
def beside():
    with Scratch() as scratch:
        engine, database = Engine(), scratch.path("x.db")
        with Monitor(database, "tcp", "port", "2525", "--ship", "--credentials", account(scratch, engine.url)) as monitor:
            converse(2525)
            monitor.prints("mail_missing")
            equal(monitor.stop(signal.SIGINT), 0, "status")
        sent = dict(engine.inserts)
        equal(len({row["uid"] for row in sent["sessions_rows"]}), 1, "sessions")
        equal({row["code"] for row in sent["diagnoses_rows"]}, {503}, "findings")
        equal([(cursor(database),)], rows(database, "SELECT max(change) FROM changes"), "cursor")
        # A fleet that is away does not keep it from recording; the exit status tells.
        away = scratch.path("y.db")
        with Monitor(away, "tcp", "port", "2525", "--ship", "--credentials", account(scratch, "http://127.0.0.1:9")) as monitor:
            converse(2525)
            monitor.prints("mail_missing")
            equal(monitor.stop(signal.SIGINT), 1, "status")
            contains(monitor.err, "127.0.0.1:9")
        equal(rows(away, "SELECT count(*) FROM sessions"), [(1,)], "sessions")


if __name__ == "__main__":
    need_program()
    need_fleet()
    tap.run()
