# SPDX-License-Identifier: ISC
"""heloscope analyze --follow: a file that is still being written is read on, and its findings are on
the screen while it grows."""

import gzip
import os
import signal
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support.program import Scratch, heloscope, need_program, rows  # noqa: E402
from support.running import Running  # noqa: E402
from support import tap  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

REFUSED = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: RCPT TO:<b@example.org>
    S: 503 5.5.1 Error: need MAIL command"""
AGAIN = """
    C: DATA
    S: 503 5.5.1 Error: need RCPT command"""


def growing():
    """Two parts of one capture; the first ends in the middle of a record that the second ends."""
    wire = Wire()
    connection = wire.connection()
    connection.__enter__()
    connection.play(REFUSED)
    first = wire.pcap()
    connection.play(AGAIN)
    whole = wire.pcap()
    return whole[:len(first) + 9], whole[len(first) + 9:]


class Follower(Running):
    def __init__(self, scratch, *words, follow="--follow"):
        super().__init__("analyze", follow, "--db", scratch.path("x.db"), *words)


def append(path, octets):
    with open(path, "ab") as file:
        file.write(octets)


def causes(scratch):
    return rows(scratch.path("x.db"), "SELECT reply_seq, cause FROM diagnoses ORDER BY reply_seq")


@test("findings are printed while the file grows; SIGINT ends with status 0")
def follows():
    before, behind = growing()
    with Scratch() as scratch:
        path = scratch.file("live.pcap", before)
        with Follower(scratch, path) as follower:
            follower.prints("503", "mail_missing", "RCPT TO:<b@example.org>")
            check("C> DATA" not in follower.out, "ahead of its time", follower.out)
            append(path, behind)
            follower.prints("C> DATA")
            equal(follower.stop(signal.SIGINT), 0, f"status after {follower.err}")
            contains(follower.err, "following", "live.pcap", "2 errors 503")
        # Before anybody reads it again: a reader that may not write leaves its own files.
        equal(sorted(os.listdir(scratch.root)), ["live.pcap", "x.db"], "files")
        equal(len(causes(scratch)), 2, "findings")
        equal(rows(scratch.path("x.db"), "SELECT kind FROM captures"), [("file",)], "kind")


@test("a file that is still empty is waited for, and a compressed one unpacked as it comes")
def from_nothing():
    before, behind = growing()
    with Scratch() as scratch:
        path = scratch.file("live.pcap.gz", b"")
        packer = zlib.compressobj(wbits=31)
        with Follower(scratch, path, "--json") as follower:
            append(path, packer.compress(before) + packer.flush(zlib.Z_SYNC_FLUSH))
            if "was built without" in follower.err:
                tap.skip(follower.err.strip())
            follower.prints('"mail_missing"')
            append(path, packer.compress(behind) + packer.flush())
            follower.prints('"text": "DATA"')
            equal(follower.stop(signal.SIGTERM), 0, f"status after {follower.err}")
        equal(len(causes(scratch)), 2, "findings")


@test("--follow=SECONDS ends by itself when the file has rested so long")
def rests():
    before, behind = growing()
    with Scratch() as scratch:
        path = scratch.file("live.pcap", before + behind)
        result = heloscope("analyze", "--follow=1", "--db", scratch.path("x.db"), path).expect(0)
        contains(result.out, "503")
        equal(len(causes(scratch)), 2, "findings")
    with Scratch() as scratch:
        path = scratch.file("live.pcap", before)
        result = heloscope("analyze", "--follow=1", "-q", "--db", scratch.path("x.db"),
                           path).expect(1)
        result.complains_once("live.pcap", "cut off")
        equal(len(causes(scratch)), 1, "findings")


@test("from a pipe, findings come as they happen, and the writer's end is the end")
def from_pipe():
    before, behind = growing()
    with Scratch() as scratch, Follower(scratch, "-") as follower:
        follower.feed(before)
        follower.prints("RCPT TO:<b@example.org>")
        follower.feed(behind)
        follower.prints("C> DATA")
        follower.feed(None)
        equal(follower.process.wait(20), 0, "status")


@test("the findings are those of the finished file")
def same_in_the_end():
    before, behind = growing()
    with Scratch() as scratch:
        path = scratch.file("live.pcap", before)
        with Follower(scratch, path, "-q") as follower:
            follower.says("x.db", lambda: os.path.exists(scratch.path("x.db")))
            append(path, behind)
            follower.says("the second finding", lambda: len(causes(scratch)) == 2)
            equal(follower.stop(signal.SIGINT), 0, "status")
            equal(follower.out + follower.err, "", "what --quiet prints")
        followed = rows(scratch.path("x.db"), "SELECT uid, commands, errors_503 FROM sessions")
        heloscope("analyze", "--db", scratch.path("y.db"), path).expect(0)
        equal(followed, rows(scratch.path("y.db"), "SELECT uid, commands, errors_503 FROM sessions"),
              "sessions")


@test("a directory is followed: the files that rotation adds to it are one capture")
def rotated():
    before, behind = growing()
    header = before[:24]
    with Scratch() as scratch:
        os.mkdir(scratch.path("rotated"))
        with Follower(scratch, scratch.path("rotated")) as follower:
            follower.says("the history", lambda: os.path.exists(scratch.path("x.db")))
            whole = len(before) - 9
            scratch.file("rotated/mx-9.pcap", before[:whole])
            follower.prints("RCPT TO:<b@example.org>")
            scratch.file("rotated/notes.txt", b"rotated every hour\n")
            scratch.file("rotated/mx-10.pcap", header + before[whole:] + behind)
            follower.prints("C> DATA")
            follower.says("all packets", lambda: rows(
                scratch.path("x.db"), "SELECT sum(packets) FROM captures") ==
                [(packets_of(before + behind),)])
            equal(follower.stop(signal.SIGINT), 0, f"status after {follower.err}")
            contains(follower.err, "following", "rotated", "2 errors 503", "notes.txt: no capture")
        equal(len(causes(scratch)), 2, "findings")
        equal(rows(scratch.path("x.db"), "SELECT count(*) FROM sessions"), [(1,)], "sessions")
        equal([(os.path.basename(source), packets > 0) for source, packets in
               rows(scratch.path("x.db"), "SELECT source, packets FROM captures ORDER BY source")],
              [("mx-10.pcap", True), ("mx-9.pcap", True)], "captures")

def packets_of(pcap):
    at, count = 24, 0
    while at < len(pcap):
        at += 16 + int.from_bytes(pcap[at + 8:at + 12], "little")
        count += 1
    return count


@test("a followed directory in which nothing comes is no mistake")
def nothing_comes():
    with Scratch() as scratch:
        os.mkdir(scratch.path("rotated"))
        heloscope("analyze", "--follow=1", "--db", scratch.path("x.db"),
                  scratch.path("rotated")).expect(0)


@test("what is no capture is said at once")
def no_capture():
    with Scratch() as scratch:
        path = scratch.file("x.log", gzip.compress(b"not a capture at all\n"))
        result = heloscope("analyze", "--follow", "--db", scratch.path("x.db"), path).expect(1)
        result.complains_once("x.log")
        heloscope("analyze", "--follow=soon", path).expect(2)


if __name__ == "__main__":
    tap.run()
