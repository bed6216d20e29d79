# SPDX-License-Identifier: ISC
"""heloscope analyze --anonymize: the same findings, and no name, address or word of the sessions in the
file of the history."""

import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope  # noqa: E402
from support.program import need_program, rows, samples  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

need_program()

PCAPS = [os.path.join(SAMPLES, name) for name in samples() if name.endswith(".pcap")]
KEY = b"a key of chance, as a test has it"

# What findings are made of; nothing of it may change.
FINDINGS = ("SELECT s.started_us, d.reply_seq, d.command_seq, d.origin_seq, d.code, d.cause, d.fault, "
            "d.certainty, d.server_says, d.agrees FROM diagnoses d JOIN sessions s USING (session_id) "
            "ORDER BY 1, 2")
EVENTS = ("SELECT s.started_us, e.seq, e.ts_us, e.packet, e.side, e.kind, e.verb, e.code, e.enhanced, "
          "e.bytes, e.answers, e.saw, e.note FROM events e JOIN sessions s USING (session_id) "
          "ORDER BY 1, 2")
COUNTS = ("SELECT started_us, ended_us, client_port, server_port, protocol, server_software, commands, "
          "replies, messages, violations, errors_503, outcome FROM sessions ORDER BY 1")

# Where people, hosts and messages are named, each a column of its own.
NAMES = """SELECT helo FROM sessions UNION SELECT server_name FROM sessions
    UNION SELECT tls_sni FROM sessions UNION SELECT client_addr FROM sessions
    UNION SELECT server_addr FROM sessions UNION SELECT proxied_addr FROM sessions
    UNION SELECT uid FROM sessions UNION SELECT community_id FROM sessions
    UNION SELECT mail_from FROM transactions UNION SELECT address FROM recipients
    UNION SELECT message_id FROM transactions UNION SELECT queue_id FROM transactions"""


def stored(scratch, name, *words):
    """A history in which the files lie beside it, so that its rows have no path of this machine."""
    path = scratch.path(name)
    heloscope("analyze", "-q", "--db", path, *words).expect(0)
    return path


def dump(path):
    """All that the file holds, but the names of the captures, which the user gave."""
    with sqlite3.connect(path) as db:
        db.execute("UPDATE captures SET source = rowid, problem = NULL")
        db.execute("UPDATE sessions SET source = ''")
        db.execute("DELETE FROM causes")
        db.commit()
        db.execute("VACUUM")
        return "\n".join(db.iterdump())


def names_of(path):
    """Every name that the plain history shows; of an address both its halves."""
    found = set()
    for (name,) in rows(path, NAMES):
        name = (name or "").strip("<>[]")
        found.update(part for part in (name, *name.split("@")) if part)
    for (text,) in rows(path, "SELECT text FROM events WHERE text IS NOT NULL"):
        found.update(re.findall(r"[\w.+-]+@[\w.-]+\w|\d+\.\d+\.\d+\.\d+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}",
                                text))
    return found


def survivors(names, text):
    words = set(re.findall(r"[\w.@+-]+", text.lower()))
    words |= {word.strip(".") for word in words}
    parts = {part for word in words for part in word.split("@")}
    return sorted(name for name in names if name.lower() in words | parts)


def known_words():
    path = os.path.join(os.getcwd(), "analyzer", "privacy", "known_words_rows.h")  # in the folder of the build
    with open(path, encoding="ascii") as file:
        return {word for word in re.findall(r'"(.*)"', file.read()) if word.isalpha()}


@test("of all samples the findings stay, and of their names none")
def samples_without_names():
    with Scratch() as scratch:
        plain = stored(scratch, "plain.db", *PCAPS)
        hidden = stored(scratch, "hidden.db", "--anonymize", *PCAPS)
        for what in (FINDINGS, EVENTS, COUNTS):
            equal(rows(hidden, what), rows(plain, what), what)
        # heloscope's own words are all known (SENTENCE_FILES of Makefile.am names where they are).
        for column in ("explanation", "advice"):
            said = f"SELECT {column} FROM diagnoses ORDER BY id"
            for (before,), (after,) in zip(rows(plain, said), rows(hidden, said)):
                if '"' not in before:
                    equal(after, before, column)
        ways = ("SELECT replace(e.text, coalesce(s.tls_sni, ''), '') FROM events e JOIN sessions s "
                "USING (session_id) WHERE e.kind IN ('tls', 'close') ORDER BY e.ts_us, e.seq")
        equal(rows(hidden, ways), rows(plain, ways), "events that heloscope words")
        # As many of each as there were: nothing has become one that was two, or two that was one.
        for column in ("client_addr", "server_addr", "helo", "server_name", "uid"):
            count = f"SELECT count(*), count(DISTINCT lower({column})) FROM sessions"
            equal(rows(hidden, count), rows(plain, count), column)
        names = names_of(plain)
        check(len(names) > 50, "the samples name somebody", names)
        # "nobody" is a mailbox of a sample, and a word of heloscope's own.
        left = [name for name in survivors(names, dump(hidden)) if name not in known_words()]
        check(not left, "names that are left", *left)


@test("the same key gives the same names, another one others, and a short one none")
def keys():
    with Scratch() as scratch:
        key = "--anonymize=" + scratch.file("key", KEY)
        other = "--anonymize=" + scratch.file("other", KEY[::-1])
        first, again, differs, chance = (
            stored(scratch, f"{i}.db", option, *PCAPS[:3])
            for i, option in enumerate((key, key, other, "--anonymize")))
        equal(rows(first, NAMES), rows(again, NAMES), "names of the same key")
        for path in (differs, chance):
            common = {name for name in rows(first, NAMES)} & {name for name in rows(path, NAMES)}
            check(common <= {(None,), ("",)}, "names of two keys", common)
        # A session keeps its uid: what was stored is known again.
        result = heloscope("analyze", key, "--db", first, *PCAPS[:3]).expect(0)
        contains(result.out, "3 known from an earlier run")
        short = scratch.file("short", b"secret")
        heloscope("analyze", "--anonymize=" + short, "--db", scratch.path("x.db"),
                  PCAPS[0]).expect(1).complains_once("short", "16")


PEOPLE = """
    S: 220 hq.acme-widgets.test Acme Widgets mail of Gladys Oberholtzer
    C: EHLO gladys-laptop
    S: 250-hq.acme-widgets.test greets gladys-laptop [198.51.100.77]
    S: 250 AUTH PLAIN LOGIN
    C: AUTH PLAIN AGdsYWR5cwBodW50ZXIy
    S: 235 2.7.0 Welcome Gladys, last login from 198.51.100.78
    C: MAIL FROM:<gladys.oberholtzer@acme-widgets.test> ENVID=QQ-4711-77
    S: 250 2.1.0 gladys.oberholtzer@acme-widgets.test sender ok
    C: RCPT TO:<"Ole Zwingli"@zurich.test>
    S: 550 5.1.1 Ole Zwingli has left, call +41445551234
    C: DATA
    S: 503 5.5.1 Gladys, need RCPT
    C: Dear Ole, the takeover price is 5500000 francs
    S: 500 5.5.1 what is takeover?
    C: VRFY zwingli
    S: 252 2.0.0 zwingli perhaps
    C: QUIT
    S: 221 2.0.0 bye Gladys"""

SECRETS = ["acme", "widgets", "gladys", "oberholtzer", "laptop", "198.51.100", "hunter2", "agdsywr5",
           "4711", "zwingli", "ole", "zurich", "41445551234", "takeover", "5500000", "francs", "dear"]


@test("people, numbers, secrets and content are gone from every text, and the 503 is explained")
def people():
    wire = Wire()
    with wire.connection() as connection:
        connection.play(PEOPLE)
    with Scratch() as scratch:
        path = scratch.file("people.pcap", wire.pcap())
        plain = dump(stored(scratch, "plain.db", path)).lower()
        check("oberholtzer" in plain and "zwingli" in plain, "the session has names")
        result = heloscope("analyze", "--anonymize", "--db", scratch.path("hidden.db"), path).expect(0)
        contains(result.out, "all_rcpt_rejected", "need RCPT", "The only recipient was refused at #10")
        text = (dump(scratch.path("hidden.db")) + result.out.split("Summary")[0]).lower()
        words = set(re.findall(r"[a-z0-9]+", text))
        left = [secret for secret in SECRETS
                if (secret in text if len(secret) > 4 else secret in words)]
        check(not left, "left", left)
        # One name, one pseudonym: in the command, in the reply that repeats it, in its own column.
        (sender,), = rows(scratch.path("hidden.db"), "SELECT mail_from FROM transactions")
        said = [text for (text,) in rows(scratch.path("hidden.db"),
                                         "SELECT text FROM events WHERE instr(text, ?)", sender)]
        equal(len(said), 2, "the sender's texts")


if __name__ == "__main__":
    tap.run()
