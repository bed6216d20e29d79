# SPDX-License-Identifier: ISC
"""A server of mail on loopback that says what it is told to, and clients for it."""

import socket
import threading

REPLIES = {"EHLO": "250 test.example.org", "HELO": "250 test.example.org", "MAIL": "250 2.1.0 Ok",
           "RCPT": "503 5.5.1 Error: need MAIL command", "QUIT": "221 2.0.0 Bye"}


class MailServer:
    """`with MailServer() as server:`; RCPT is refused as long as no MAIL came before it."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    @staticmethod
    def serve(peer):
        mail = False
        with peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 test.example.org ESMTP\r\n")
            for line in lines:
                verb = line[:4].decode().upper()
                reply = REPLIES.get(verb, "250 2.0.0 Ok")
                if verb == "RCPT" and mail:
                    reply = "250 2.1.5 Ok"
                mail = mail or verb == "MAIL"
                try:
                    peer.sendall(reply.encode() + b"\r\n")
                except OSError:
                    return
                if verb == "QUIT":
                    return


class MailClient:
    """Speaks in lock-step."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), 10)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.lines.readline().decode()

    def close(self):
        self.lines.close()
        self.socket.close()


def troubled_session(server, name="client.example.com", end=True):
    """RCPT without MAIL: one 503. With `end` false the connection stays open and is returned."""
    client = MailClient(server)
    client.say(f"EHLO {name}")
    client.say("RCPT TO:<b@example.org>")
    if not end:
        return client
    client.say("QUIT")
    client.close()
    return None


def healthy_session(server, name="client.example.com"):
    client = MailClient(server)
    client.say(f"EHLO {name}")
    client.say("MAIL FROM:<a@example.com>")
    client.say("QUIT")
    client.close()
