# SPDX-License-Identifier: ISC
"""heloscope monitor beside a server and a client inside TLS on loopback, with a key log that is not
there at first, is replaced, or comes too late; and where its secrets and the mail's words are not."""

import contextlib
import os
import signal
import socket
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import Scratch, need_program, rows  # noqa: E402
from support.running import Monitor, until  # noqa: E402
from support.tap import check, equal, test  # noqa: E402
from support.tls_session import CERTIFICATE, need_tls  # noqa: E402

need_program()
need_tls()

BODY = "Nobody but the two of them may read this."
PASSWORD = "AGFubmEAZ2VoZWltLXdvcnQ="
REPLIES = {"EHLO": "250-mx.example.org\r\n250 AUTH PLAIN", "AUTH": "235 2.7.0 fine", "MAIL": "250 2.1.0 fine",
           "RCPT": "250 2.1.5 fine", "DATA": "354 go ahead", ".": "250 2.0.0 queued", "QUIT": "221 bye"}


class Server:
    """Speaks SMTP inside TLS from the first octet on; RCPT before MAIL is refused."""

    def __enter__(self):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(CERTIFICATE, CERTIFICATE + ".key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with contextlib.suppress(OSError):
            talk(self.context.wrap_socket(connection, server_side=True))


def talk(connection):
    lines, mail, content = connection.makefile("rwb", buffering=0), False, False
    connection.sendall(b"220 mx.example.org ESMTP\r\n")
    for line in lines:
        word = line.decode().strip().split(" ")[0]
        content = content and word != "."
        if content:
            continue
        refused = word == "RCPT" and not mail
        connection.sendall((("503 5.5.1 need MAIL" if refused else REPLIES[word]) + "\r\n").encode())
        mail |= word == "MAIL"
        content = word == "DATA"
        if word == "QUIT":
            connection.close()
            return


class Client:
    def __init__(self, port, keys):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.keylog_filename = keys
        self.connection = context.wrap_socket(socket.create_connection(("127.0.0.1", port)))
        self.lines = self.connection.makefile("rb")
        self.reply()

    def reply(self):
        line = self.lines.readline()
        while line[3:4] == b"-":
            line = self.lines.readline()
        return line.decode()

    def say(self, *lines):
        for line in lines:
            self.connection.sendall(line.encode() + b"\r\n")
            self.reply()

    def end(self):
        self.say("QUIT")
        self.connection.close()


def secrets_of(path):
    with open(path, encoding="ascii") as file:
        return [line.split()[2] for line in file if len(line.split()) == 3]


def nothing_is_in(paths, secrets):
    words = [BODY.encode(), PASSWORD.encode(), b"geheim"]
    for secret in secrets:
        words += [secret.encode(), secret.upper().encode(), bytes.fromhex(secret)]
    for path in paths:
        with open(path, "rb") as file:
            octets = file.read()
        for word in words:
            check(word not in octets, f"{os.path.basename(path)} holds {word!r}")


def limits_of(process):
    with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
        return next(line for line in file if line.startswith("Max core file size")).split()[4:6]


@test("a 503 inside TLS is printed while the session goes on, with a key log that came after the monitor")
def printed():
    with Scratch() as scratch, Server() as server:
        database, keys, port = scratch.path("live.db"), scratch.path("keys"), str(server.port)
        with Monitor(database, "--ports", port, "--keylog", keys, "tcp", "port", port) as monitor:
            first = Client(server.port, keys)
            first.say("EHLO client.example.com", "AUTH PLAIN " + PASSWORD, "RCPT TO:<first@example.org>")
            monitor.prints("503", "mail_missing", "RCPT TO:<first@example.org>")
            equal(limits_of(monitor.process), ["0", "0"], "what a core dump may hold")
            # Another file in its place, as log rotation leaves one.
            secrets = secrets_of(keys)
            os.unlink(keys)
            second = Client(server.port, keys)
            second.say("EHLO client.example.com", "RCPT TO:<second@example.org>")
            monitor.prints("RCPT TO:<second@example.org>")
            first.say("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.org>", "DATA")
            first.connection.sendall(f"Subject: x\r\n\r\n{BODY}\r\n".encode())
            first.say(".")
            first.end()
            # Of this one nothing comes in time: its octets are counted.
            third = Client(server.port, scratch.path("elsewhere"))
            third.say("EHLO client.example.com", "RCPT TO:<third@example.org>")
            third.end()
            second.end()
            until(lambda: rows(database, "SELECT count(*) FROM sessions WHERE messages = 1") == [(1,)],
                  "the message in the history")
            secrets += secrets_of(keys) + secrets_of(scratch.path("elsewhere"))
            paths = [os.path.join(scratch.root, name) for name in os.listdir(scratch.root)
                     if name.startswith("live.db")]
            check(len(paths) > 1, "the WAL is there while the monitor writes", *paths)
            nothing_is_in(paths, secrets)
            equal(monitor.stop(signal.SIGTERM), 0, "status")
            out = scratch.file("said", monitor.out + monitor.err)
        nothing_is_in([database, out], secrets)
        equal(rows(database, "SELECT errors_503, tls_hidden, tls_records > 4 FROM sessions ORDER BY session_id"),
              [(1, None, 1), (1, None, 1), (0, "no entry in the key log", 1)], "sessions")


if __name__ == "__main__":
    tap.run()
