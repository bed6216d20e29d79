# SPDX-License-Identifier: ISC
"""A server that refuses one step, and says what its clients did.

    with Server(scenario) as server:
        ...a client talks to 127.0.0.1, port 25...
    server.connections        each with what it received, what of it did not wait, and its end"""

import re
import select
import socket
import threading
import time

OFFER = ("PIPELINING", "SIZE 10240000", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING")
QUIET_SECONDS = 8  # a client that says nothing for so long has left the connection open
REPLY_SECONDS = 0.04  # what comes within it was sent without waiting for the reply


class Scenario:
    """`refusals`: what is answered instead, by verb: a reply for all commands of it, or a list of one
    for each. "." is the end of the message, "greeting" the first reply."""

    def __init__(self, refusals=None, offer=OFFER, delay=0, step=None):
        self.refusals, self.offer, self.delay = refusals or {}, offer, delay
        self.step = step or next(iter(self.refusals), None)  # behind it is what a client is asked for


SCENARIOS = {
    "accepted": Scenario(),
    "plain": Scenario(offer=()),
    "slow greeting": Scenario(delay=2),
    "greeting 554": Scenario({"greeting": "554 5.7.1 No service here"}),
    "EHLO 502": Scenario({"EHLO": "502 5.5.2 Command not recognized"}),
    "MAIL 550": Scenario({"MAIL": "550 5.1.8 Sender rejected"}),
    "one RCPT 550": Scenario({"RCPT": ["550 5.1.1 User unknown", "250 2.1.5 Ok"]}),
    "RCPT 550": Scenario({"RCPT": "550 5.1.1 User unknown"}),
    "RCPT 421": Scenario({"RCPT": "421 4.3.2 Shutting down"}),
    "DATA 503": Scenario({"DATA": "503 5.5.1 Bad sequence of commands",
                          "BDAT": "503 5.5.1 Bad sequence of commands"}, step="DATA BDAT"),
    "DATA 554": Scenario({"DATA": "554 5.5.1 No valid recipients",
                          "BDAT": "554 5.5.1 No valid recipients"}, step="DATA BDAT"),
    "end 451": Scenario({".": "451 4.3.0 Try again later"}),
    "end 550": Scenario({".": "550 5.7.1 Content rejected"}),
    "STARTTLS 454": Scenario({"STARTTLS": "454 4.7.0 TLS not available"}, offer=OFFER + ("STARTTLS",)),
    "AUTH 535": Scenario({"AUTH": "535 5.7.8 Authentication failed"}, offer=OFFER + ("AUTH PLAIN LOGIN",)),
}


class Connection:
    """`steps`: what came in, each (verb, write): those of one write did not wait for a reply."""

    def __init__(self, client, scenario):
        self.client, self.scenario, self.steps = client, scenario, []
        self.lines = []  # as they were sent, without content and credentials
        self.refused_at = None  # steps that stood before the refusal
        self.end = "left open"
        self.write, self.buffer = 0, b""
        self.mail = False
        self.recipients = self.accepted = 0

    def note(self, step, line=None):
        self.steps.append((step, self.write))
        if line:
            self.lines.append(line.decode("latin-1"))

    def say(self, reply, verb=None):
        time.sleep(REPLY_SECONDS)
        if select.select([self.client], [], [], 0)[0]:
            self.buffer += self.client.recv(1 << 20)
        self.client.sendall(reply.encode() + b"\r\n")
        if verb and self.refused_at is None and reply[0] in "45":
            self.refused_at = len(self.steps)
        return reply

    def line(self):
        while b"\n" not in self.buffer:
            octets = self.client.recv(65536)
            if not octets:
                return None
            self.write += 1
            self.buffer += octets
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def octets(self, count):
        while len(self.buffer) < count:
            octets = self.client.recv(65536)
            if not octets:
                return False
            self.write += 1
            self.buffer += octets
        self.buffer = self.buffer[count:]
        return True

    def answer(self, verb, otherwise):
        reply = self.scenario.refusals.get(verb, otherwise)
        if isinstance(reply, list):
            reply = reply[min(self.recipients, len(reply) - 1)]
        return self.say(reply, verb)

    def offers(self, verb):
        return any(word.split()[0] == verb for word in self.scenario.offer)

    def hello(self, verb):
        offer = self.scenario.offer if verb == "EHLO" else ()
        words = ("mx.example.com",) + tuple(offer)
        reply = "\r\n".join(f"250{'-' if n < len(words) - 1 else ' '}{word}" for n, word in enumerate(words))
        self.answer(verb, reply)

    def content(self):
        first = True
        while (line := self.line()) is not None:
            if line == b".":
                self.note("content")
                self.answer(".", "250 2.0.0 Ok: queued as 12345")
                return True
            first = False
        if not first:
            self.note("part of content")
        return False

    def chunk(self, line):
        size = re.match(rb"\S+ +(\d+)( +LAST)?", line, re.I)
        if not size or not self.octets(int(size[1])):
            return False
        accepted = "250 2.0.0 Ok: queued as 12345" if size[2] else "250 2.0.0 Ok"
        self.answer("BDAT" if "BDAT" in self.scenario.refusals or not size[2] else ".", accepted)
        return True

    def talk(self):
        time.sleep(self.scenario.delay)
        if self.answer("greeting", "220 mx.example.com ESMTP ready")[0] == "5":
            self.refused_at = 0
        while (line := self.line()) is not None:
            verb = (re.match(rb"[A-Za-z]+", line) or [b""])[0].upper().decode()
            shown = (re.match(rb"[A-Za-z]+", line) or [b"an empty line" if not line else b"other"])[0].decode()
            self.note(shown, line if verb != "AUTH" else line.split()[0] + b" ***")
            if verb in ("EHLO", "HELO"):
                self.hello(verb)
            elif verb == "MAIL":
                self.mail = self.answer(verb, "250 2.1.0 Ok")[0] == "2"
            elif verb == "RCPT":
                reply = self.answer(verb, "250 2.1.5 Ok") if self.mail else self.say("503 5.5.1 Error: need MAIL command")
                if reply.startswith("421"):
                    self.end = "closed by the server"
                    return
                self.recipients += 1
                self.accepted += reply[0] == "2"
            elif verb == "DATA":
                ready = "354 End data with <CR><LF>.<CR><LF>" if self.accepted else "554 5.5.1 Error: no valid recipients"
                if self.answer(verb, ready)[0] == "3" and not self.content():
                    break
            elif verb == "BDAT":
                if not self.chunk(line):
                    break
            elif verb in ("STARTTLS", "AUTH") and not self.offers(verb):
                self.say("502 5.5.1 Not offered here")
            elif verb in ("RSET", "NOOP", "STARTTLS", "AUTH"):
                self.answer(verb, "250 2.0.0 Ok")
            elif verb == "QUIT":
                self.say("221 2.0.0 Bye")
            else:
                self.say("500 5.5.2 Command not recognized")
        self.end = "closes"

    def run(self):
        self.client.settimeout(QUIET_SECONDS)
        try:
            self.talk()
        except TimeoutError:
            pass
        except ConnectionError:
            self.end = "resets"
        self.client.close()

    def behind_refusal(self):
        """What the client did then: "RCPT+DATA, QUIT, closes"; a plus joins what one write had."""
        begin = self.refused_at or 0
        return joined(self.steps[begin:], self.steps[begin - 1][1] if begin else None) + self.end

    def whole(self):
        return joined(self.steps, None) + self.end


def joined(steps, write):
    out = ""
    for n, (step, its) in enumerate(steps):
        out += ("+" if its == write else ", ") if n else ("+" if its == write else "")
        out += step
        write = its
    return out + ", " if out else ""


class Server:
    def __init__(self, scenario, port=25):
        self.scenario, self.connections, self.threads = scenario, [], []
        self.socket = socket.create_server(("127.0.0.1", port), reuse_port=True)
        self.acceptor = threading.Thread(target=self.accept, daemon=True)

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(client, self.scenario)
            self.connections.append(connection)
            thread = threading.Thread(target=connection.run, daemon=True)
            self.threads.append(thread)
            thread.start()

    def __enter__(self):
        self.acceptor.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self.threads:
            thread.join(QUIET_SECONDS + 1)
