"""Plays the client's side of a session over a plain socket, exactly as written down.

A step is one string: what is sent in one write. Parts separated by " | " leave together, which is
PIPELINING (RFC 2920); each part is waited for with one reply. Parts that begin with "=":

    =message        the message with its final dot; "=message:2" waits for two replies (LMTP)
    =empty          a lone dot
    =lines          the message though no 354 was given; replies are read by a later =quiet
    =early-dot      a message with an unstuffed line of one dot in its middle; likewise
    =chunk          BDAT with the first half of the message; =chunk-last the second half, LAST
    =whole-last     BDAT with the whole message, LAST
    =tls            the TLS handshake that follows STARTTLS
    =quiet          reads replies until the server has said nothing for a while
"""

import socket
import ssl

MESSAGE = [
    "From: Reporter <reports@example.net>",
    "To: Alice <alice@example.org>",
    "Subject: Weekly figures",
    "Message-ID: <20240101.1@client.example.net>",
    "",
    "Figures for this week:",
    "..5 percent more than last week.",
]

# The transcript of another session, quoted with the dot that ended it, as a mailer sends it that
# does not stuff dots (RFC 5321 section 4.5.2). Neither the prose behind the quotation nor the
# second lone dot could come from a client that had meant the first dot as the end.
EARLY_DOT = [
    "From: Postmaster <postmaster@example.net>",
    "To: Alice <alice@example.org>",
    "Subject: Transcript of session",
    "",
    "Your message ended as follows:",
    ".",
    "RCPT TO:<carol@example.org>",
    "DATA",
    "which the server did not take.",
    ".",
]

# What a broken mailer sends as content when it has not noticed that DATA was refused. No header
# comes first, so that servers which hang up on a header line (Postfix) do not hide the rest.
PLAIN_LINES = [
    "DATA of the week: see below",
    "MAIL to the list was delayed",
    "Regards, Reports",
    ".",
]

QUIET_S = 0.7
PATIENCE_S = 20


def octets(lines):
    return "".join(line + "\r\n" for line in lines).encode()


def chunk(lines, last=""):
    content = octets(lines)
    return f"BDAT {len(content)}{last}\r\n".encode() + content


def part_octets(part):
    """What a part puts on the wire, and the number of replies that it is worth waiting for."""
    name, _, count = part.partition(":") if part.startswith("=") else (part, "", "")
    replies = int(count) if count else 1
    special = {
        "=message": lambda: octets(MESSAGE + ["."]),
        "=empty": lambda: b".\r\n",
        "=chunk": lambda: chunk(MESSAGE[:5]),
        "=chunk-last": lambda: chunk(MESSAGE[5:], " LAST"),
        "=whole-last": lambda: chunk(MESSAGE, " LAST"),
    }
    unanswered = {"=lines": PLAIN_LINES, "=early-dot": EARLY_DOT}
    if name in unanswered:
        return octets(unanswered[name]), 0
    if name in special:
        return special[name](), replies
    if name.startswith("="):
        raise ValueError(f"unknown step {part}")
    return (part + "\r\n").encode(), 1


class Session:
    def __init__(self, client, server, port, verbose):
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((client, 0))
        self.socket.connect((server, port))
        self.pending = b""
        self.over = False
        self.verbose = verbose
        self.read_replies(1)

    def note(self, side, text):
        if self.verbose:
            for line in text.decode(errors="replace").splitlines():
                print(f"    {side}: {line}")

    def read_line(self, patience):
        """One line of the server; None when it hung up or said nothing for `patience` seconds."""
        self.socket.settimeout(patience)
        while b"\n" not in self.pending:
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                return None
            except ConnectionError:
                more = b""
            if not more:
                self.over = True
                return None
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        self.note("S", line)
        return line

    def read_replies(self, count, patience=PATIENCE_S):
        while count and not self.over:
            line = self.read_line(patience)
            if line is None and not self.over:
                raise TimeoutError("the server owes a reply")
            if line is not None and line[3:4] != b"-":
                count -= 1

    def read_until_quiet(self):
        while not self.over and self.read_line(QUIET_S) is not None:
            pass

    def start_tls(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket.settimeout(PATIENCE_S)
        self.socket = context.wrap_socket(self.socket, server_hostname="mx.example.org")

    def play(self, step):
        if self.over:
            return
        if step == "=quiet":
            return self.read_until_quiet()
        if step == "=tls":
            return self.start_tls()
        written, replies = b"", 0
        for part in step.split(" | "):
            more, answers = part_octets(part)
            written += more
            replies += answers
        self.note("C", written)
        try:
            self.socket.sendall(written)
        except ConnectionError:
            self.over = True
        self.read_replies(replies)

    def close(self):
        self.socket.close()


def play(sessions, client, server, port, verbose):
    """Plays several sessions at once, a step of each in turn."""
    running = [(Session(client, server, port, verbose), steps) for steps in sessions]
    for turn in range(max(len(steps) for _, steps in running)):
        for session, steps in running:
            if turn < len(steps):
                session.play(steps[turn])
    for session, _ in running:
        session.close()
