# SPDX-License-Identifier: ISC
"""Compares every session of generated captures with what was really said in it.

    compare.py [WORKLOAD ...]      all of them when none is named

BENCH_SCALE    share of 100,000 sessions a workload, 1 = all (the default)
BENCH_BUILD    the folder of the built programs, by default the current one
BENCH_DATA     where captures and histories go and are removed again, by default BENCH_BUILD
BENCH_VERBOSE  how many wrong sessions of each workload are printed, by default 3

A session of which the capture has every octet must be told exactly: its commands, replies, messages,
counts, and the causes, faults and origins of its 503s. Of one with holes that holds for what was captured whole; a few of these
may be wrong, a share of TOLERATED. A certain cause, fault or origin that is not the true one is never
tolerated, nor is a session of which something was captured and nothing is told. Exits 1 when a workload
is wrong."""

import collections
import os
import sqlite3
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(os.environ.get("BENCH_BUILD", "."))
SESSIONS = max(1, round(100000 * float(os.environ.get("BENCH_SCALE", "1"))))
VERBOSE = int(os.environ.get("BENCH_VERBOSE", "3"))
TOLERATED = 0.001

# A workload: its words for the generator.
WORKLOADS = {
    "plain": {"faulty": 0.3},
    "pieces": {"faulty": 0.3, "segment": 11, "size-min": 100, "size-max": 300},
    "late": {"faulty": 0.3, "late": 0.02, "twice": 0.05, "repeated": 0.01, "tagged": 0.3},
    "starttls": {"faulty": 0.1, "starttls": 0.5, "implicit-tls": 0.2, "ip6": 0.3},
    "dirty": {"faulty": 0.1, "lost": 0.01, "twice": 0.05, "late": 0.02, "repeated": 0.01,
              "tagged": 0.5, "ip6": 0.2},
    "no-hello-reply": {"faulty": 0.3, "lost-hello": 0.3, "pipelined": 1},
    "holes": {"faulty": 0.3, "lost-turn": 0.3},
    "frozen": {"faulty": 0.3, "frozen": 1},
}


class Session:
    """What was said, and which octets of each side were never captured."""

    def __init__(self, number, name, cause, fault, origin):
        self.number, self.name = number, name
        self.cause = None if cause == "-" else cause
        self.fault = fault
        self.origin = origin  # "reply 4": the fourth of its replies
        self.said = []  # side, offset, length, kind, text
        self.lost = set()
        self.opaque = False

    def whole(self):
        return not self.lost

    def captured(self, side, offset, length):
        return not any(s == side and o < offset + length and o + n > offset
                       for s, o, n in self.lost)

    def origin_text(self):
        """The kind of the event where it went wrong, and its command or code."""
        kind, number = self.origin.split()
        text = [text for k, _, _, text in self.said if k == kind][int(number) - 1]
        return kind, None if kind == "message" else plain(text)

    def seen(self):
        """Whether any octet of a command, reply or message is in the capture."""
        return any(self.captured_in_part("S" if kind == "reply" else "C", offset, length)
                   for kind, offset, length, _ in self.said)

    def captured_in_part(self, side, offset, length):
        lost = sum(min(o + n, offset + length) - max(o, offset) for s, o, n in self.lost
                   if s == side and o < offset + length and o + n > offset)
        return lost < length

    def expected(self, kind):
        side = "S" if kind == "reply" else "C"
        return [text for k, offset, length, text in self.said
                if k == kind and self.captured(side, offset, length)]


def read_truth(path):
    """The sessions, by the two ends of their connections."""
    sessions, ends = {}, {}
    with open(path, encoding="ascii") as file:
        for line in file:
            kind, number, *fields = line.rstrip("\n").split("\t")
            if kind == "session":
                client, port, server, server_port, name, cause, fault, origin = fields
                sessions[number] = Session(number, name, cause, fault, origin)
                ends[client, int(port), server, int(server_port)] = sessions[number]
            elif kind == "opaque":
                sessions[number].opaque = True
            elif kind == "lost":
                sessions[number].lost.add((fields[0], int(fields[1]), int(fields[2])))
            elif kind == "again":
                sessions[number].lost.discard((fields[0], int(fields[1]), int(fields[2])))
            else:
                offset, length = int(fields[0]), int(fields[1])
                text = fields[2] if len(fields) > 2 else length
                sessions[number].said.append((kind, offset, length, text))
    return ends


def plain(text):
    """A command as both sides tell it: what follows AUTH is a secret and not stored."""
    return "AUTH" if text.upper().startswith("AUTH") else text


def read_history(path):
    """What heloscope says, by the same ends."""
    db = sqlite3.connect(path)
    told = {}
    for row in db.execute("select session_id, client_addr, client_port, server_addr, server_port,"
                          " violations, commands, replies, messages, errors_503 from sessions"):
        ends = (row[1].replace("::ffff:", ""), row[2], row[3].replace("::ffff:", ""), row[4])
        told[row[0]] = {"ends": ends, "command": [], "reply": [], "message": [], "found": [],
                        "violations": row[5], "counts": row[6:], "events": {}}
    for number, seq, kind, code, text, octets in db.execute(
            "select session_id, seq, kind, code, text, bytes from events where kind in"
            " ('command', 'greeting', 'reply', 'data') order by session_id, seq"):
        kind = {"greeting": "reply", "data": "message"}.get(kind, kind)
        said = {"command": plain(text or ""), "reply": str(code), "message": octets}[kind]
        told[number][kind].append(said)
        told[number]["events"][seq] = (kind, len(told[number][kind]), said)
    for number, cause, fault, certainty, code, origin in db.execute(
            "select session_id, cause, fault, certainty, code, origin_seq from diagnoses"
            " order by session_id, reply_seq"):
        told[number]["found"].append(Finding(
            cause, fault, certainty, code, told[number]["events"].get(origin)))
    return told


Finding = collections.namedtuple("Finding", "cause fault certainty code origin")


class Count:
    """What was compared and what was wrong."""

    def __init__(self):
        self.of = collections.Counter()
        self.examples = []

    def wrong(self, what, session, expected, found):
        self.of[what] += 1
        if len(self.examples) < VERBOSE:
            self.examples.append(f"  {what}: session {session.number} ({session.name},"
                                 f" {'whole' if session.whole() else sorted(session.lost)}):"
                                 f" expected {expected}, found {found}")


def difference(expected, found):
    """How many are missing or too many."""
    a, b = collections.Counter(expected), collections.Counter(found)
    return sum(((a - b) + (b - a)).values())


def compare_said(session, told, count):
    for kind in ("command", "reply"):
        expected = session.expected(kind)
        if kind == "command":
            expected = [plain(text) for text in expected]
        count.of["said"] += len(expected)
        if session.whole():
            if expected != told[kind]:
                count.wrong(f"{kind}s of a whole session", session, expected, told[kind])
        elif (wrong := difference(expected, told[kind])):
            count.of["said wrong"] += wrong
            count.wrong(f"{kind}s beside a hole", session, expected, told[kind])


def compare_counts(session, told, count):
    """What the session's own row says."""
    commands, replies, messages = (session.expected(k) for k in ("command", "reply", "message"))
    # The message that is refused or never ended is none; here all are accepted.
    expected = (len(commands), len(replies), len(messages), replies.count("503"))
    if told["counts"] != expected:
        count.wrong("counts of a whole session", session, expected, told["counts"])


def compare_origin(session, finding):
    """The event itself where all was captured; else one like it."""
    kind, number = session.origin.split()
    if not finding.origin:
        return False
    if session.whole():
        return finding.origin[:2] == (kind, int(number))
    return session.origin_text() == (finding.origin[0], None if kind == "message" else finding.origin[2])


def compare_found(session, told, count):
    errors = session.expected("reply").count("503")
    if session.whole():
        truth = (session.cause, session.fault)
        if [(f.cause, f.fault) for f in told["found"]] != [truth] * errors:
            count.wrong("causes and faults of a whole session", session, [truth] * errors, told["found"])
        elif not all(compare_origin(session, f) for f in told["found"]):
            count.wrong("origins of a whole session", session, session.origin, told["found"])
        sizes = [octets - len(".\r\n") for octets in session.expected("message")]
        if told["message"] != sizes:
            count.wrong("messages of a whole session", session, sizes, told["message"])
    elif sum(f.code == 503 for f in told["found"]) > errors:
        count.wrong("more findings than 503s", session, errors, told["found"])
    for finding in told["found"]:
        if finding.certainty != "certain":
            continue
        if (finding.cause, finding.fault) != (session.cause, session.fault):
            count.wrong("wrong certain", session, (session.cause, session.fault), finding)
        elif not compare_origin(session, finding):
            count.wrong("wrong certain origin", session, session.origin, finding)
    if not session.cause and told["violations"]:
        count.wrong("violations of a good session", session, 0, told["violations"])


def compare(name, folder):
    """True when all is as it was said."""
    paths = [os.path.join(folder, name + ending) for ending in (".pcap", ".truth", ".db")]
    pcap, truth, db = paths
    words = {"sessions": SESSIONS, "open": min(200, SESSIONS), "truth": truth, **WORKLOADS[name]}
    with open(pcap, "wb") as file:
        subprocess.run([f"{BUILD}/tests/bench/generate", *(f"{k}={v}" for k, v in words.items())],
                       stdout=file, stderr=subprocess.DEVNULL, check=True)
    done = subprocess.run([f"{BUILD}/heloscope", "analyze", "--db", db, pcap], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode > 1:
        sys.exit(f"bench-truth: {name}: heloscope: {done.stderr}")
    sessions, count = read_truth(truth), Count()
    told = read_history(db)
    missing = dict(sessions)
    for number in told:
        session = missing.pop(told[number]["ends"], None)
        if not session:
            count.of["sessions that nobody had, or twice"] += 1
        else:
            compare_said(session, told[number], count)
            compare_found(session, told[number], count)
            if session.whole() and not session.opaque:
                compare_counts(session, told[number], count)
    for session in missing.values():
        if session.whole() or session.seen():
            count.wrong("sessions not found", session, session.name, "none")
    for path in paths:
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(path + ending):
                os.remove(path + ending)
    said, wrong = count.of.pop("said"), count.of.pop("said wrong", 0)
    beside = {what for what in count.of if what.endswith("beside a hole")}
    bad = sum(n for what, n in count.of.items() if what not in beside)
    good = not bad and wrong <= TOLERATED * said
    print(f"{name}: {'as it was said' if good else 'WRONG'}: {len(sessions)} sessions,"
          f" {sum(not s.whole() for s in sessions.values())} with holes; {said} commands and"
          f" replies, {wrong} of them wrong beside holes")
    for what, n in sorted(count.of.items()):
        if n:
            print(f"  {n} {what}")
    if not good or os.environ.get("BENCH_VERBOSE"):
        print(*count.examples, sep="\n")
    return good


def main():
    names = sys.argv[1:] or list(WORKLOADS)
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        sys.exit(f"bench-truth: no workload is called {unknown[0]}\n\n{__doc__}")
    data = os.environ.get("BENCH_DATA", BUILD)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=data) as folder:
        results = [compare(name, folder) for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
