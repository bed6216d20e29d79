# SPDX-License-Identifier: ISC
"""heloscope browse, in a terminal of tmux: what is on the screen after which keys, while others write."""

import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, SAMPLES, Scratch, heloscope, need_program, rows  # noqa: E402
from support.pseudo_terminal import need_terminal  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()
if not shutil.which("tmux"):
    tap.skip_all("no tmux")
with Scratch() as probe:
    heloscope("analyze", "-q", "--db", probe.path("x.db"), os.path.join(SAMPLES, "postfix-no-ehlo.pcap")).expect(0)
    if "needs a terminal" not in heloscope("browse", "--db", probe.path("x.db")).expect(1).err:
        tap.skip_all("built --without-ncurses")

NAMES = ["postfix-mail-refused-pipelined", "postfix-mail-refused-swaks", "postfix-nested-mail", "postfix-legal-bdat",
         "exim-legal-message"]
PCAPS = [os.path.join(SAMPLES, name + ".pcap") for name in NAMES]
WAIT = 20


class Screen:
    """A terminal of 80 columns and 24 rows with browse in it."""

    def __init__(self, scratch, database, *words, columns=80, lines=24):
        need_terminal()
        self.tmux = ["tmux", "-S", scratch.path("tmux.socket"), "-f", os.devnull]
        command = [HELOSCOPE, "browse", "--utc", "--db", database, *words]
        environment = dict(ENVIRONMENT, TERM="screen-256color", SHELL="/bin/sh")
        environment.pop("TMUX", None)
        subprocess.run(self.tmux + ["-u", "new-session", "-d", "-x", str(columns), "-y", str(lines), *command],
                       cwd=scratch.root, env=environment, check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(self.tmux + ["kill-server"], stderr=subprocess.DEVNULL, check=False)

    def text(self):
        return subprocess.run(self.tmux + ["capture-pane", "-p"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False).stdout.decode("utf-8")

    def keys(self, *keys):
        subprocess.run(self.tmux + ["send-keys", *keys], check=True)

    def until(self, condition, what):
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            text = self.text()
            if condition(text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what}\n{self.text()}")

    def shows(self, *parts):
        return self.until(lambda text: all(part in text for part in parts), parts)

    def is_gone(self):
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            if subprocess.run(self.tmux + ["has-session"], stderr=subprocess.DEVNULL, check=False).returncode:
                return
            time.sleep(0.05)
        raise AssertionError("it does not end\n" + self.text())


def analyzed(scratch, *pcaps):
    database = scratch.path("h.db")
    heloscope("analyze", "-q", "--db", database, *pcaps).expect(0)
    return database


@test("the list, a filter as it is typed, only those with errors, and the end")
def listing():
    with Scratch() as scratch, Screen(scratch, analyzed(scratch, *PCAPS)) as screen:
        text = screen.shows("5 sessions", "3 with errors", "mail_rejected", "nested_mail", "127.0.0.1:2525", "q quit")
        equal(len(text.splitlines()), 24, "rows")
        screen.keys("/")
        screen.keys("NEST")
        screen.until(lambda text: "1 shown" in text and "mail_rejected" not in text, "the filter, as it is typed")
        screen.keys("BSpace", "BSpace", "BSpace", "BSpace")
        screen.shows("5 shown")
        screen.keys("Escape")
        screen.keys("e")
        screen.shows("3 shown", "only with errors")
        screen.keys("?")
        screen.shows("side by si", "from a 503 to its origin")
        screen.keys("x")
        screen.shows("3 shown")
        screen.keys("q")
        screen.is_gone()


@test("the ladder: from a 503 to its origin and back, on to the next one; the text; the next session")
def ladder():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS)
        (session, origin, first, second), = rows(database, """SELECT session_id, origin_seq, min(reply_seq), max(reply_seq)
            FROM diagnoses JOIN sessions USING (session_id) WHERE source LIKE '%refused-pipelined%'""")
        with Screen(scratch, database, str(session)) as screen:
            screen.shows("1 shown")
            screen.keys("Enter")
            text = screen.shows("client", "server", f"#{first}, packet", "mail_rejected", "fault: pipelining")
            lines = [line for line in text.splitlines() if line[:1] in "*>" and line[:1]]
            equal([(line[0], int(line[2:6])) for line in lines], [("*", origin), (">", first), (">", second)], "the margin")
            contains(text, "MAIL FROM:<offers@blocked.example> -->", "<-- 503 5.5.1 Error: need MAIL command")
            screen.keys("o")
            screen.shows(f"#{origin}, packet")
            screen.keys("o")
            screen.shows(f"#{first}, packet")
            screen.keys("O")
            screen.shows(f"#{second}, packet")
            screen.keys("O")
            screen.shows(f"#{first}, packet")
            screen.keys("r")
            screen.shows("S: 250-PIPELINING", "C: EHLO client.example.net", "r ladder")
            screen.keys("q")
            screen.shows("1 shown")


@test("two sessions side by side, at the first line in which they differ")
def pair():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS[:2])
        said = [[line for side, text in rows(database, "SELECT side, text FROM events WHERE session_id = ? AND kind NOT IN "
                                                       "('open', 'close') ORDER BY seq", session)
                 for line in f"{side}: {text}".replace("\n", f"\n{side}: ").split("\n")] for session in (1, 2)]
        wanted = next(both for both in zip(*said) if both[0] != both[1])
        compare(scratch, database, wanted)


def compare(scratch, database, wanted):
    with Screen(scratch, database) as screen:
        screen.shows("2 shown")
        screen.keys("d")
        screen.shows("mark another session")
        screen.keys("Space", "Down", "d")
        text = screen.shows("Session 1", "Session 2", " ! ")
        line = next(line for line in text.splitlines() if line[38:41] == " ! ")
        equal([line[:38].strip(), line[41:].strip()], list(wanted), "where they part")


@test("a session is saved and cut; a name that is taken is not written over")
def files():
    with Scratch() as scratch, Screen(scratch, analyzed(scratch, PCAPS[0])) as screen:
        screen.shows("1 shown")
        screen.keys("s")
        screen.shows("session-1.txt")
        screen.keys("Enter")
        screen.shows("saved to session-1.txt")
        with open(scratch.path("session-1.txt"), encoding="utf-8") as file:
            contains(file.read(), "Session 1: 127.0.0.2", "==> ORIGIN", "mail_rejected")
        screen.keys("s")
        screen.shows("Save as text to")
        screen.keys("Enter")
        screen.shows("cannot be written")
        screen.keys("c")
        screen.shows("session-1.pcapng")
        screen.keys("Enter")
        screen.shows("packets in session-1.pcapng")
        heloscope("analyze", "-q", "--db", scratch.path("again.db"), scratch.path("session-1.pcapng")).expect(0)
        equal(rows(scratch.path("again.db"), "SELECT cause FROM diagnoses"), [("mail_rejected",)] * 2, "of the packets")


@test("what another heloscope writes meanwhile appears, and the chosen session stays chosen")
def live():
    early, late = Wire(start_us=1_600_000_000_000_000), Wire(start_us=1_600_000_100_000_000)
    for wire, name in (early, "early"), (late, "late"):
        with wire.connection(client=("127.0.0.7", 40000 + len(name))) as c:
            c.server("220 mx.example.org ESMTP\r\n")
            c.client(f"EHLO {name}.example.com\r\n")
            c.server("250 mx.example.org\r\n")
            c.client("RCPT TO:<a@example.org>\r\n")
            c.server("503 5.5.1 need MAIL\r\n")
            c.client("QUIT\r\n")
            c.server("221 bye\r\n")
    with Scratch() as scratch:
        growing = early.write(scratch.path("growing.pcap"))
        database = analyzed(scratch, PCAPS[0])
        with Screen(scratch, database) as screen:
            screen.shows("1 shown")
            screen.keys("Enter")
            screen.shows("offers@blocked")
            screen.keys("q")
            screen.shows("1 shown")
            process = subprocess.Popen([HELOSCOPE, "analyze", "-q", "--follow", "--db", database, growing], env=ENVIRONMENT,
                                       stdout=subprocess.DEVNULL)
            try:
                screen.shows("2 shown", "127.0.0.7:40005")
                with open(growing, "ab") as file:
                    file.write(late.pcap()[24:])
                text = screen.shows("3 shown", "127.0.0.7:40004", "mail_missing")
                check(text.index("127.0.0.7:40005") < text.index("127.0.0.2:"), "the order of time", text)
                screen.keys("Enter")  # still the one that was chosen when it was the first
                screen.shows("offers@blocked")
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(WAIT)


@test("it follows the size of the terminal, wide and very small")
def resized():
    with Scratch() as scratch, Screen(scratch, analyzed(scratch, *PCAPS)) as screen:
        screen.shows("5 shown")
        for columns, lines in (132, 40), (20, 5), (10, 2), (80, 24):
            subprocess.run(screen.tmux + ["resize-window", "-x", str(columns), "-y", str(lines)], check=True)
            if columns == 132:
                screen.shows("helo", "client.example.net")
            screen.keys("Enter")
            screen.keys("o", "O", "r", "q")
        screen.shows("5 shown", "q quit")


@test("octets of the wire cannot move the cursor or colour the screen")
def hostile():
    wire = Wire()
    with wire.connection() as c:
        c.server("220 mx.example.org ESMTP\r\n")
        c.client(b"EHLO \x1b[2Jx\x1b]0;owned\x07\xc2\x9b31m\xe2\x80\xae.example.com\r\n")
        c.server("250 mx.example.org\r\n")
        c.client("DATA\r\n")
        c.server(b"503 5.5.1 \x1b[31;5mno\x08\x08\r\n")
    with Scratch() as scratch, Screen(scratch, analyzed(scratch, wire.write(scratch.path("x.pcap")))) as screen:
        screen.shows("1 shown")
        screen.keys("Enter")
        text = screen.shows("\\x1b[2Jx", "\\x1b[31;5mno", "client", "q back")
        check("\u202e" not in text, "the direction is turned", text)
        title = subprocess.run(screen.tmux + ["display-message", "-p", "#{pane_title}"], stdout=subprocess.PIPE, check=True)
        check(b"owned" not in title.stdout, "the title of the terminal was set")


if __name__ == "__main__":
    tap.run()
