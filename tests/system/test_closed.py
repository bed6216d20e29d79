# SPDX-License-Identifier: ISC
"""What a client sends into a connection that the server has closed without a word: FIN and RST tell it,
which no dialogue has."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import Scratch, heloscope, need_program, rows  # noqa: E402
from support.tap import equal, test  # noqa: E402
from support.wire import ACK, FIN, RST, Wire  # noqa: E402

need_program()

IDLE = """
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.com
    S: 250 mx.example.org
    C: MAIL FROM:<a@example.com>
    S: 250 2.1.0 Ok
    C: RSET
    S: 250 2.0.0 Ok"""


def findings(text, pause, seen=True, unread=True):
    """The server closes behind IDLE; `pause` seconds later the client sends `text` and is reset."""
    wire = Wire()
    connection = wire.connection()
    connection.open()
    connection.play(IDLE)
    if unread:
        connection.segment("S", FIN | ACK)
    if seen and unread:
        connection.segment("C", ACK)
    wire.pause(pause)
    connection.client(text)
    if not unread:
        connection.segment("S", FIN | ACK)
    connection.segment("S", RST)
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, scratch.file("x.pcap", wire.pcap())).expect(0)
        return rows(database, "SELECT d.cause, d.fault, d.certainty, o.text FROM diagnoses d JOIN events o ON "
                              "o.session_id = d.session_id AND o.seq = d.origin_seq")


@test("a pool sends into a connection that was closed while it was idle")
def pooled():
    wanted = [("session_over", "client", "likely", "MAIL FROM:<a@example.com>")]
    equal(findings("MAIL FROM:<a@example.com>\r\n", 300), wanted, "a command")
    equal(findings("MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\n", 5), wanted, "two commands")


@test("what may have crossed the server's FIN, QUIT, and what the server had received are not that")
def others():
    equal(findings("MAIL FROM:<a@example.com>\r\n", 0.01, seen=False), [], "two that crossed")
    equal(findings("QUIT\r\n", 300), [], "QUIT")
    equal(findings("MAIL FROM:<a@example.com>\r\n", 300, unread=False), [], "a command that was read")


if __name__ == "__main__":
    tap.run()
