# SPDX-License-Identifier: ISC
"""Holds what was found in a changed capture against what was found in the intact one.

Events are recognised again by their octets: the intact capture is also analysed in segments of one
octet, so that the packet of an event tells the offset in its side's stream at which it begins; in a
changed capture it tells the range of offsets in which it must begin."""

import copy
import re
from collections import Counter, defaultdict

from support.program import rows

# What a repeated, swapped, cut or wrapped segment may change in a row.
PASSING = {"vlan", "tunnel", "tunnel_id", "session_id", "capture_id", "source", "uid", "community_id", "client_addr", "client_port",
           "packets", "retransmitted", "packet", "id"}
TABLES = ("sessions", "transactions", "recipients", "violations", "diagnoses", "related_events")

EVENTS = """SELECT session_id, seq, packet, side, kind, verb, code, enhanced, text, bytes, answers,
                   saw, note FROM events"""
SEQ, PACKET, SIDE, KIND, VERB, CODE, ENHANCED, TEXT, BYTES, ANSWERS, SAW, NOTE = range(12)
CERTAINTY = ("certain", "likely", "unknown")
CONTENT = ("data", "chunk")
WITHOUT_OCTETS = ("open", "close", "gap")

DIAGNOSES = """SELECT session_id, reply_seq, command_seq, origin_seq, code, cause, fault, certainty,
                      server_says, explanation FROM diagnoses"""


class Finding:
    def __init__(self, row):
        (self.reply, self.command, self.origin, self.code, self.cause, self.fault, self.certainty,
         self.says, self.explanation) = row


class Session:
    """One session as it was stored; `packets` is the list of the capture's Spots that its
    events point into, and `before` how many packets of other captures its file has in front."""

    def __init__(self, row, packets, before):
        self.row, self.packets, self.before = row, packets, before
        self.events, self.findings, self.violations, self.rows = {}, [], [], defaultdict(list)

    def packet(self, seq):
        """The packet that an event names; None when there is no such packet in its capture."""
        number = self.events[seq][PACKET] - self.before
        return self.packets[number - 1] if 1 <= number <= len(self.packets) else None

    def line(self, seq):
        """The event for a person."""
        if not seq:
            return "nothing"
        event = self.events[seq]
        text = (event[TEXT] or event[KIND]).split("\n")[-1][:70]
        return f"#{seq} {event[SIDE]}: {text}"

    def content(self):
        """All rows, without what may differ."""
        out = {name: sorted(rows_, key=repr) for name, rows_ in self.rows.items()}
        out["events"] = [tuple(value for n, value in enumerate(event)
                               if n != PACKET and not (n == TEXT and event[KIND] == "open"))
                         for event in self.events.values()]
        return out


def read_sessions(database, place_of):
    """Sessions by what `place_of` says of their endpoints: it gives (key, packets, before)."""
    known, out = {}, defaultdict(list)
    columns = {table: [row[1] for row in rows(database, f"PRAGMA table_info({table})")]
               for table in TABLES}
    for table in TABLES:
        names = columns[table]
        kept = [n for n, name in enumerate(names)
                if name not in PASSING and not name.endswith("_us")]
        for row in rows(database, f"SELECT * FROM {table} ORDER BY session_id"):
            number = row[names.index("session_id")]
            if table == "sessions":
                named = dict(zip(names, row))
                key, packets, before = place_of(named)
                known[number] = Session(named, packets, before)
                out[key].append(known[number])
            known[number].rows[table].append(tuple((names[n], row[n]) for n in kept))
    for number, *event in rows(database, EVENTS):
        known[number].events[event[SEQ]] = event
    for number, *row in rows(database, DIAGNOSES):
        known[number].findings.append(Finding(row))
    for number, *row in rows(database, "SELECT session_id, seq, rule, tolerated FROM violations"):
        known[number].violations.append(row)
    return out


# -------------------------------------------------------------------------------- nothing may change


# Marks of a client that lie in how it cut its octets into segments.
CUT = ('groups "', 'message sent "')


def _cut_anew(got, wanted):
    """The rows of a session, without the client's name where that has gone with its segments: it may be lost, but
    not become another."""
    row = dict(wanted[0])
    if not any(mark in (row.get("client_evidence") or "") for mark in CUT):
        return got, wanted
    passing = {"client_evidence"}
    if dict(got[0])["client_software"] is None:
        passing.add("client_software")
    return tuple([tuple(cell for cell in row if cell[0] not in passing) for row in rows] for rows in (got, wanted))


def differences(got, wanted):
    """Lines that tell how the sessions `got` differ from `wanted`; [] when they are the same."""
    if len(got) != len(wanted):
        return [f"{len(got)} sessions instead of {len(wanted)}"]
    out = []
    for a, b in zip(got, wanted):
        x, y = a.content(), b.content()
        x["sessions"], y["sessions"] = _cut_anew(x["sessions"], y["sessions"])
        for table in sorted(set(x) | set(y)):
            out += _changed_rows(table, x.get(table, []), y.get(table, []))
    return out


# Whether a client had read a refusal is told by how quickly it went on, so that it depends on times:
# how a sentence ends that says so.
READ = re.compile(r" (The client had received the refusal and went on all the same"
                  r"|The refusal had reached the client's host (shortly|just) before .*)\.$")


def without_times(session):
    """The same, without what depends on how quickly the client went on."""
    session = copy.deepcopy(session)
    concerned = set()
    for n, row in enumerate(session.rows["diagnoses"]):
        cells = dict(row)
        if READ.search(cells["explanation"]):
            concerned.add(cells["command_seq"])
            cells.update(certainty=None, fault=None, advice=None,
                         explanation=READ.sub("", cells["explanation"]))
        session.rows["diagnoses"][n] = tuple(cells.items())
    kept = [row for row in session.rows["violations"]
            if dict(row)["seq"] not in concerned or " needs " not in dict(row)["rule"]]
    gone = len(session.rows["violations"]) - len(kept)
    session.rows["violations"] = kept
    session.rows["sessions"] = [tuple((name, value - gone if name == "violations" else value)
                                      for name, value in row) for row in session.rows["sessions"]]
    return session


def _changed_rows(table, got, wanted):
    if len(got) == len(wanted) and table != "events":
        cells = [(a, b) for g, w in zip(got, wanted) for a, b in zip(g, w) if a != b]
        return [f"{table}: {name} is {value!r}, wanted {other!r}"
                for (name, value), (_, other) in cells]
    lines = [f"{table} wanted {_short(row)}" for row in wanted if row not in got]
    lines += [f"{table} got    {_short(row)}" for row in got if row not in wanted]
    return lines or [f"{table}: the same rows in another order"] * (got != wanted)


def _short(row):
    if row and isinstance(row[0], tuple):
        row = [f"{name}={value!r}" for name, value in row if value not in (None, "", 0)]
        return ", ".join(row)[:300]
    return ", ".join(repr(value) for value in row if value is not None)[:300]


# ------------------------------------------------------------------------ less may be said, not else


class Reference:
    """The intact sessions of one client port, read from segments of one octet."""

    def __init__(self, session):
        self.session = session
        self.starts = []  # (offset, event)
        for seq, event in self.session.events.items():
            if event[KIND] not in WITHOUT_OCTETS:
                self.starts.append((self.session.packet(seq).first, event))
        self.by_side = {side: [s for s in self.starts if s[1][SIDE] == side] for side in "CS"}
        self.ends = [seq for seq, event in session.events.items() if event[KIND] == "close"]
        self.findings = {f.reply: f for f in self.session.findings}
        self.rules = {(seq, rule): tolerated for seq, rule, tolerated in self.session.violations}

    def recognise(self, session, seq):
        """The seqs here that event `seq` of `session` can be."""
        event, packet = session.events[seq], session.packet(seq)
        if event[KIND] == "close":
            return self.ends
        if event[KIND] in CONTENT and packet and packet.side != event[SIDE]:
            return self.content_behind(session, seq)
        if event[KIND] in WITHOUT_OCTETS or not packet or packet.side != event[SIDE]:
            return []
        mine = self.by_side[event[SIDE]]
        here = [e for offset, e in mine if packet.first <= offset < packet.end and alike(e, event)]
        if not here and event[KIND] in CONTENT:  # its beginning is missing
            before = [e for offset, e in mine if offset < packet.end and e[KIND] in CONTENT]
            here = before[-1:]
        twins = [e for e in session.events.values() if e[PACKET] == event[PACKET]
                 and e[SIDE] == event[SIDE] and alike(e, event)]
        if len(twins) == len(here):
            here = [here[twins.index(event)]]
        return [e[SEQ] for e in here]

    def content_behind(self, session, seq):
        """Content of which no octet was captured is known by the command that it follows."""
        commands = [n for n, e in session.events.items() if n < seq and e[KIND] == "command"]
        for command in self.recognise(session, commands[-1]) if commands else []:
            behind = [e for _, e in self.starts if e[SEQ] > command and e[SIDE] == "C"]
            if behind and behind[0][KIND] in CONTENT:
                return [behind[0][SEQ]]
        return []

    def complete_at(self, reply, packets):
        """The number of the last of `packets` that has octets of a reply."""
        if reply in self.ends:  # what is said of the end of the connection
            return packets[-1].number
        begin = next(offset for offset, e in self.starts if e[SEQ] == reply)
        behind = [offset for offset, e in self.starts if e[SIDE] == "S" and offset > begin]
        end = min(behind, default=float("inf"))
        return max((p.number for p in packets if p.side == "S" and len(p.frame) > p.payload
                    and begin < p.first + len(p.data) and p.first < end), default=0)

    def secrets(self, packets):
        """The responses of AUTH exchanges as the client sent them, read from its octets."""
        sent = {}
        for packet in packets:
            if packet.side == "C":
                for n, octet in enumerate(packet.data):
                    sent.setdefault(packet.first + n, octet)
        stream = bytes(sent.get(n, 0) for n in range(max(sent, default=-1) + 1))
        found = set()
        for offset, event in self.starts:
            if event[KIND] == "auth" or event[VERB] == "AUTH":
                line = stream[offset:].split(b"\r\n")[0].decode("latin-1")
                found.update(line.split(" ")[2 if event[VERB] == "AUTH" else 0:])
        return {secret for secret in found if len(secret) >= 6}


def alike(a, b):
    """Whether `b` can be `a`, of which the snap length may have cut the end."""
    if a[KIND] in CONTENT and b[KIND] in CONTENT:
        return True
    replies = ("greeting", "reply")
    kinds = a[KIND] == b[KIND] or a[KIND] in replies and b[KIND] in replies
    cut = "incomplete" in (b[NOTE] or "")
    same = (a[TEXT] or "").startswith(b[TEXT] or "") if cut else a[TEXT] == b[TEXT]
    return kinds and same


def same_finding(reference, session, found, intact):
    """Whether it says the same, or the same with less certainty."""
    by_times = bool(READ.search(found.explanation) and READ.search(intact.explanation)
                    and (found.certainty != "certain" or found.fault == intact.fault))
    return (found.cause == intact.cause and found.code == intact.code
            and (found.fault == intact.fault or by_times)
            and (CERTAINTY.index(found.certainty) >= CERTAINTY.index(intact.certainty) or by_times)
            and bool(found.origin) == bool(intact.origin)
            and (not found.origin or intact.origin in reference.recognise(session, found.origin)))


def told(session, finding):
    return (f"{finding.cause} ({finding.fault}, {finding.certainty}) from "
            f"{session.line(finding.origin)}")


def pairings(reference, session):
    """How the replies are paired with commands: right, wrong, or wrong and said to be doubtful."""
    count = Counter()
    for seq, event in session.events.items():
        replies = reference.recognise(session, seq) if event[ANSWERS] else []
        commands = reference.recognise(session, event[ANSWERS]) if len(replies) == 1 else []
        if len(commands) == 1:
            right = commands[0] == reference.session.events[replies[0]][ANSWERS]
            doubtful = "doubtful" in (event[NOTE] or "")
            count["paired" if right else "doubtfully mispaired" if doubtful else "mispaired"] += 1
    return count


def judge(reference, sessions, secrets, untouched=()):
    """(how often each outcome came, lines of what is wrong) for one changed connection. `untouched`:
    the refusals behind which all that is missing lies: of them nothing may be lost."""
    count, wrong, seen, kept = Counter(), [], set(), set()
    for session in sessions:
        count += pairings(reference, session)
        for found in session.findings:
            replies = reference.recognise(session, found.reply)
            intact = [reference.findings[r] for r in replies if r in reference.findings]
            right = [i for i in intact if same_finding(reference, session, found, i)]
            if right:
                seen.add(right[0].reply)
                as_sure = (found.certainty == right[0].certainty
                           or bool(READ.search(right[0].explanation)))
                kept.update([right[0].reply] if as_sure else [])
                count["kept" if as_sure else found.certainty] += 1
            elif found.certainty == "certain":
                count["wrong"] += 1
                wrong.append(f"finding on {session.line(found.reply)}: wanted "
                             + (" or ".join(told(reference.session, i) for i in intact)
                                or ("none" if replies else "no such reply"))
                             + f"; got {told(session, found)}")
                seen.update(i.reply for i in intact)
            else:
                seen.update(i.reply for i in intact)
                count[f"{found.certainty}, another" if intact else f"{found.certainty}, new"] += 1
        for seq, rule, tolerated in session.violations:
            commands = reference.recognise(session, seq)
            intact = {reference.rules.get((c, rule)) for c in commands}
            if tolerated not in intact:
                count["wrong"] += 1
                wanted = f"tolerated {1 - tolerated}" if intact - {None} else "none"
                wrong.append(f"violation of {rule} by {session.line(seq)}, tolerated {tolerated}: "
                             f"wanted {wanted}")
        for seq in session.events:
            if not session.packet(seq):
                count["wrong"] += 1
                wrong.append(f"{session.line(seq)} names a packet of which there is none")
        stored = repr(session.rows) + repr(session.events)
        for secret in secrets:
            if secret in stored:
                count["wrong"] += 1
                wrong.append(f"the credential {secret!r} is stored")
    for reply in set(untouched) & set(reference.findings) - kept:
        count["wrong"] += 1
        wrong.append(f"nothing in front of {reference.session.line(reply)} is missing, yet not "
                     f"found: {told(reference.session, reference.findings[reply])}")
    count["absent"] += len(set(reference.findings) - seen)
    return count, wrong
