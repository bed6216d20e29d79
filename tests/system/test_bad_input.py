# SPDX-License-Identifier: ISC
"""What heloscope says, returns and keeps when files, words or the database are not as they should be:
one clear line, the right status, and nothing lost that could be read."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import (ENVIRONMENT, HELOSCOPE, Result, Scratch, heloscope,  # noqa: E402
                             need_program, rows)
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

REFUSED = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Error: need MAIL command
    C: QUIT
    S: 221 2.0.0 Bye"""


def good(port=40001):
    wire = Wire()
    with wire.connection(client=("127.0.0.1", port)) as connection:
        connection.play(REFUSED)
    return wire


def count_503(database):
    return rows(database, "SELECT count(*) FROM errors_503")[0][0]


# ------------------------------------------------------------------------------------------- files

# What is wrong, the file's octets (None: there is no file), a word that the line must hold.
UNREADABLE = [
    ("a missing file", None, "no such file"),
    ("an empty file", b"", "empty"),
    ("a text file", b"Received: from mx.example.org\n" * 40, "not a capture"),
    ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(400), "not a capture"),
    ("a file header that is cut off", good().pcap()[:13], ""),
]

for title, octets, word in UNREADABLE:
    def unreadable(octets=octets, word=word):
        with Scratch() as scratch:
            database, bad = scratch.path("x.db"), scratch.path("bad.pcap")
            if octets is not None:
                scratch.file("bad.pcap", octets)
            alone = heloscope("analyze", "--db", database, bad).expect(1)
            contains(alone.complains_once("bad.pcap").lower(), word)
            fine = scratch.file("good.pcap", good().pcap())
            for order in ([bad, fine], [fine, bad]):
                heloscope("analyze", "--db", database, *order).expect(1).complains_once("bad.pcap")
            equal(count_503(database), 1, "503s of the good file")

    tap.add(f"{title} is one line, and the other files go on", unreadable)


@test("a link type that does not fit the frames is named, and the one that would")
def wrong_link_type():
    with Scratch() as scratch:
        octets = bytearray(good().pcap())
        little = octets[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
        octets[20:24] = (101).to_bytes(4, "little" if little else "big")
        done = heloscope("analyze", "--db", scratch.path("x.db"), scratch.file("x.pcap", bytes(octets)))
        contains(done.expect(0).out, "none is IP: link type raw IP does not fit, Ethernet would")


@test("a reply that the snap length cuts counts for its code")
def short_snap_length():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        octets = good().pcap()
        big = octets[:4] in (b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d")
        order = "big" if big else "little"
        cut, at = bytearray(octets[:24]), 24
        while at < len(octets):
            header = bytearray(octets[at:at + 16])
            captured = int.from_bytes(header[8:12], order)
            frame = octets[at + 16:at + 16 + captured]
            kept = frame[:66] if b"503 5.5.1" in frame else frame  # Ethernet, IP, TCP: 54 octets
            header[8:12] = len(kept).to_bytes(4, order)
            cut += header + kept
            at += 16 + captured
        done = heloscope("analyze", "--db", database, scratch.file("cut.pcap", bytes(cut))).expect(0)
        contains(done.out, "1 packet by the snap length")
        equal(rows(database, "SELECT cause, code FROM diagnoses"), [("mail_missing", 503)], "finding")
        equal(rows(database, "SELECT text FROM events WHERE code = 503"), [("503 5.5.1 Er",)], "text")


@test("a folder instead of a file is one line")
def folder():
    with Scratch() as scratch:
        os.mkdir(scratch.path("folder"))
        heloscope("analyze", "--db", scratch.path("x.db"),
                  scratch.path("folder")).expect(1).complains_once("folder")


@test("a file that is cut off in a record keeps what came before, and the line says where")
def cut_off():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        wire = good()
        cut = scratch.file("cut.pcap", wire.pcap()[:-5])
        line = heloscope("analyze", "--db", database, cut).expect(1).complains_once("cut.pcap")
        contains(line, str(len(wire.packets) - 1))
        equal(count_503(database), 1, "503s")
        equal(rows(database, "SELECT packets FROM captures"), [(len(wire.packets) - 1,)], "packets")


@test("a record that claims an absurd length ends the file there, and the line says where")
def corrupt():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        wire = good()
        damaged = wire.pcap() + b"\xff" * 16 + bytes(60)
        line = heloscope("analyze", "--db", database,
                         scratch.file("damaged.pcap", damaged)).expect(1)
        contains(line.complains_once("damaged.pcap"), str(len(wire.packets)))
        equal(count_503(database), 1, "503s")


@test("a capture cut at any octet is a result or a line, never a crash")
def cut_anywhere():
    octets = good().pcap()
    with Scratch() as scratch:
        for size in list(range(0, 120)) + list(range(120, len(octets), 41)):
            cut = scratch.file("cut.pcap", octets[:size])
            result = heloscope("analyze", "--db", scratch.path(f"{size}.db"), cut)
            check(result.status in (0, 1), f"cut at {size}", result)
            check("Sanitizer" not in result.err, f"cut at {size}", result)


@test("a capture damaged at any place is a result or a line, never a crash")
def damaged_anywhere():
    octets = good().pcap()
    with Scratch() as scratch:
        for place in range(24, len(octets), 29):
            damaged = bytearray(octets)
            damaged[place] ^= 0xFF
            bad = scratch.file("bad.pcap", bytes(damaged))
            result = heloscope("analyze", "--db", scratch.path(f"{place}.db"), bad)
            check(result.status in (0, 1), f"damaged at {place}", result)
            check("Sanitizer" not in result.err, f"damaged at {place}", result)


@test("a capture without SMTP says so")
def no_smtp():
    wire = Wire()
    with wire.connection(server=("127.0.0.2", 80)) as connection:
        connection.client("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
        connection.server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n")
    with Scratch() as scratch:
        result = heloscope("analyze", "--db", scratch.path("x.db"),
                           scratch.file("web.pcap", wire.pcap())).expect(0)
        contains(result.out + result.err, "no SMTP", "web.pcap")
        equal(rows(scratch.path("x.db"), "SELECT count(*) FROM sessions"), [(0,)], "sessions")


@test("a capture without packets says so")
def no_packets():
    with Scratch() as scratch:
        result = heloscope("analyze", "--db", scratch.path("x.db"),
                           scratch.file("none.pcap", Wire().pcap())).expect(0)
        contains(result.out + result.err, "no SMTP", "none.pcap")


@test("a link layer that is not known is said")
def unknown_link():
    with Scratch() as scratch:
        octets = good().pcap(link_type=147)  # 147 to 162 are for private use
        result = heloscope("analyze", "--db", scratch.path("x.db"),
                           scratch.file("user.pcap", octets))
        check(result.status in (0, 1), "status", result)
        contains(result.out + result.err, "user.pcap", "147")


# ------------------------------------------------------------------------------------------- usage

USAGE = [
    [],
    ["dance"],
    ["--dance"],
    ["analyze"],
    ["analyze", "--dance", "x.pcap"],
    ["analyze", "--db"],
    ["analyze", "--limit", "many", "x.pcap"],
    ["analyze", "--ports", "smtp", "x.pcap"],
    ["analyze", "--ports", "70000", "x.pcap"],
    ["analyze", "--color=sometimes", "x.pcap"],
    ["show", "first"],
    ["report", "--by", "weather"],
    ["explain", "no_such_cause"],
    ["explain", "--rules", "nested_mail"],
    ["analyze", "--rules", "x.pcap"],
]

for arguments in USAGE:
    def usage(arguments=arguments):
        with Scratch() as scratch:
            result = heloscope(*arguments, cwd=scratch.root).expect(2)
            check(result.err.strip(), "nothing on standard error", result)
            check(len(result.err.splitlines()) <= 3 or not arguments, "not one line and a hint",
                  result)
            equal(os.listdir(scratch.root), [], "files left behind")

    tap.add(f"status 2: heloscope {' '.join(arguments)}", usage)


@test("--help of every subcommand, and --version, are on standard output with status 0")
def help_everywhere():
    for arguments in (["--help"], ["analyze", "--help"], ["monitor", "--help"], ["show", "--help"],
                      ["report", "--help"], ["explain", "--help"], ["--version"]):
        result = heloscope(*arguments).expect(0)
        check(result.out.strip() and not result.err, f"{arguments}", result)


# ---------------------------------------------------------------------------------------- database


def refused_database(prepare, *words):
    """A database that cannot be used: one line with its name, status 1, and it is left alone."""
    with Scratch() as scratch:
        database, capture = scratch.path("x.db"), scratch.file("good.pcap", good().pcap())
        after = prepare(database)
        line = heloscope("analyze", "--db", database, capture).expect(1).complains_once("x.db")
        contains(line.lower(), *words)
        if after:
            after()


@test("a database that is a text file")
def database_text():
    def prepare(path):
        with open(path, "w") as file:
            file.write("dear diary\n" * 200)
        return lambda: check(open(path).read().startswith("dear diary"), "it was written over")

    refused_database(prepare, "not a")


@test("a database of another program")
def database_foreign():
    def prepare(path):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE bookmarks(url)")

        def untouched():
            names = rows(path, "SELECT name FROM sqlite_master")
            equal(names, [("bookmarks",)], "its tables")

        return untouched

    refused_database(prepare, "another program")


@test("a database that a newer heloscope wrote")
def database_newer():
    with Scratch() as scratch:
        database, capture = scratch.path("x.db"), scratch.file("good.pcap", good().pcap())
        heloscope("analyze", "--db", database, capture).expect(0)
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA user_version = 1000000")
        connection.close()
        for arguments in (["analyze", "--db", database, capture], ["show", "--db", database],
                          ["report", "--db", database]):
            contains(heloscope(*arguments).expect(1).complains_once("x.db").lower(), "newer")


@test("a database that another writer has locked")
def database_locked():
    with Scratch() as scratch:
        database, capture = scratch.path("x.db"), scratch.file("good.pcap", good().pcap())
        heloscope("analyze", "--db", database, capture).expect(0)
        other = scratch.file("other.pcap", good(port=40002).pcap())
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        contains(heloscope("analyze", "--db", database, other).expect(1)
                 .complains_once("x.db").lower(), "lock")
        connection.execute("ROLLBACK")
        connection.close()
        heloscope("analyze", "--db", database, other).expect(0)
        equal(count_503(database), 2, "503s")


@test("a database in a folder that does not exist")
def database_nowhere():
    with Scratch() as scratch:
        capture = scratch.file("good.pcap", good().pcap())
        heloscope("analyze", "--db", scratch.path("no", "x.db"),
                  capture).expect(1).complains_once("x.db")


@test("a database that may not be written")
def database_read_only():
    if os.geteuid() == 0:
        tap.skip("root may write everywhere")
    with Scratch() as scratch:
        database, capture = scratch.path("x.db"), scratch.file("good.pcap", good().pcap())
        heloscope("analyze", "--db", database, capture).expect(0)
        os.chmod(database, 0o444)
        other = scratch.file("other.pcap", good(port=40002).pcap())
        heloscope("analyze", "--db", database, other).expect(1).complains_once("x.db")
        equal(count_503(database), 1, "503s")


@test("no more room: one line, and what was stored before is kept")
def database_full():
    with Scratch() as scratch:
        database, capture = scratch.path("x.db"), scratch.file("good.pcap", good().pcap())
        heloscope("analyze", "--db", database, capture).expect(0)
        wire = Wire()
        for port in range(41000, 42000):
            with wire.connection(client=("127.0.0.1", port)) as connection:
                connection.play(REFUSED)
        large = scratch.file("large.pcap", wire.pcap())

        def no_room():
            # A limit that a file system cannot refuse to set up: writes beyond it fail.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            size = os.path.getsize(database) + 16384
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        result = Result(subprocess.run([HELOSCOPE, "analyze", "--db", database, large],
                                       env=ENVIRONMENT, preexec_fn=no_room, text=True, timeout=120,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        result.expect(1).complains_once("x.db")
        equal(count_503(database) >= 1, True, "what was stored before")
        equal(rows(database, "PRAGMA integrity_check"), [("ok",)], "integrity")
        heloscope("analyze", "--db", database, large).expect(0)
        equal(count_503(database), 1001, "503s once there is room again")


@test("show and report without a database say which file is missing, and make none")
def no_database():
    with Scratch() as scratch:
        for subcommand in ("show", "report"):
            heloscope(subcommand, cwd=scratch.root).expect(1).complains_once("heloscope.db")
        equal(os.listdir(scratch.root), [], "files left behind")


@test("a session that is not there is one line")
def no_session():
    with Scratch() as scratch:
        database, capture = scratch.path("x.db"), scratch.file("good.pcap", good().pcap())
        heloscope("analyze", "--db", database, capture).expect(0)
        contains(heloscope("show", "--db", database, "77").expect(1).complains_once("77"), "77")


@test("an interface that is not there is one line")
def no_interface():
    with Scratch() as scratch:
        result = heloscope("monitor", "-i", "nowhere0", "--db", scratch.path("x.db")).expect(1)
        result.complains_once("nowhere0")


@test("a filter that does not compile is one line")
def bad_filter():
    with Scratch() as scratch:
        capture = scratch.file("good.pcap", good().pcap())
        result = heloscope("analyze", "--db", scratch.path("x.db"), "--filter", "tcp port and",
                           capture)
        check(result.status in (1, 2), "status", result)
        check(len(result.err.splitlines()) <= 2 and "filter" in result.err, "the line", result)


@test("a reader that closes the pipe does no harm")
def closed_pipe():
    with Scratch() as scratch:
        database, capture = scratch.path("x.db"), scratch.file("good.pcap", good().pcap())
        process = subprocess.Popen([HELOSCOPE, "analyze", "--db", database, capture],
                                   env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        error = process.stderr.read().decode()
        process.stderr.close()
        status = process.wait(60)
        check(status in (0, 1, -signal.SIGPIPE), f"status {status}", error)
        check("Sanitizer" not in error, "the sanitizer's word", error)
        equal(count_503(database), 1, "503s")


if __name__ == "__main__":
    tap.run()
