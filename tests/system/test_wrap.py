"""What a mirror, a tunnel or another link layer does to packets must not change what is found in them.

Every sample is put into every wrapping (tests/support/wrap.py: link layers, tags, tunnels,
fragments), intact, with copies of each packet as two mirrors show them, and reordered. Every row must
be the same as without but for packet numbers, times and addresses; the copies must be counted, and
leave no trace in any other count.

    HELOSCOPE_WRAP=all                  every wrapping with every impairment, and the dialogues too
    HELOSCOPE_WRAP_SEED=7               other random orders
    HELOSCOPE_WRAP_SAVE=DIR             keeps the captures with something wrong in DIR"""

import json
import os
import random
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import perturb, tap  # noqa: E402
from support.dialogue import read_dialogues  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, rows, samples  # noqa: E402
from support.tap import check, contains  # noqa: E402
from support.verdict import KIND, differences, read_sessions  # noqa: E402
from support.wrap import ETHERNET_HEADER, IP4, MAPPED, WRAPPINGS, routed, type_of  # noqa: E402

need_program()

ALL = os.environ.get("HELOSCOPE_WRAP") == "all"
SEED = os.environ.get("HELOSCOPE_WRAP_SEED", "1")
SAVE = os.environ.get("HELOSCOPE_WRAP_SAVE")
GAP_US = 1_000_000  # between two captures in a file
PAUSE_US = 100_000
BATCH_PACKETS = 150_000
SHOWN = 8

# Every case has a client address of its own in 127.64.0.0/10.
FIRST_ADDRESS = 0x7F400000
LAST_ADDRESS = FIRST_ADDRESS + (1 << 22) - 1


# ---------------------------------------------------------------------------------------- impairments


def once(packets, chance):
    """(packet, way) in the order in which they are captured."""
    return [(p, 0) for p in packets]


def late(packets, chance):
    """Up to four places, but never across a pause: no mirror holds a packet back so long."""
    out, run = [], []
    for packet in packets + [None]:
        if run and (not packet or packet.us - run[-1].us > PAUSE_US):
            out += perturb.shuffle(run, 4, chance)
            run = []
        run.append(packet)
    return out


def reordered(packets, chance):
    return [(p, 0) for p in late(packets, chance)]


def begins(packet):
    return packet.flags & (perturb.SYN | perturb.ACK) == perturb.SYN


def other(packet):
    return packet.copy(frame=routed(packet.frame))


def copies(packets, chance):
    """In front of a router and behind it."""
    return [pair for p in packets for pair in ((p, 0), (other(p), 1))]


def either_first(packets, chance):
    """Two mirrors, one of which is ahead for now; a connection is named by its first packet."""
    out = copies(packets, chance)
    for i in range(0, len(out), 2):
        if not begins(out[i][0]) and chance.random() < 0.5:
            out[i], out[i + 1] = out[i + 1], out[i]
    return out


def either_missing(packets, chance):
    both, out = copies(packets, chance), []
    for i in range(0, len(both), 2):
        pair = both[i : i + 2]
        out += pair if begins(pair[0][0]) else chance.choice((pair, pair, pair[:1], pair[1:]))
    return out


def reordered_copies(packets, chance):
    return [pair for p in late(packets, chance) for pair in ((p, 0), (other(p), 1))]


IMPAIRMENTS = {"intact": once, "reordered": reordered, "copies": copies,
               "copies, either first": either_first, "copies, either missing": either_missing,
               "copies, reordered": reordered_copies}


# --------------------------------------------------------------------------------------------- files


def renumbered(packet, number):
    """The client's address becomes that of case `number`."""
    frame = bytearray(packet.frame)
    address = struct.pack("!I", FIRST_ADDRESS + number)
    if type_of(frame) == IP4:
        at = ETHERNET_HEADER + (12 if packet.side == "C" else 16)
        frame[at : at + 4] = address
    else:
        at = ETHERNET_HEADER + (8 if packet.side == "C" else 24)
        frame[at : at + 16] = MAPPED + address
    return packet.copy(frame=bytes(frame))


class Variant:
    """All captures in one wrapping with one impairment: a file. `wrapping` None: as they are."""

    def __init__(self, wrapping, impairment):
        self.wrapping, self.impairment = wrapping, impairment
        self.copies, self.packets, self.first, self.path = 0, 0, 0, ""

    @property
    def name(self):
        return f"{self.wrapping.name if self.wrapping else 'as captured'}, {self.impairment}"

    def write(self, path, captures, first, now):
        """Cases get numbers from `first` on, and times behind `now`. Returns the last time."""
        self.path, self.first = path, first
        chance = random.Random(f"{SEED} {self.name}")
        link_type = self.wrapping.link_type if self.wrapping else perturb.ETHERNET
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type))
            for n, capture in enumerate(captures):
                shift = max(now + GAP_US - capture.packets[0].us, 0)
                now = self.write_capture(file, capture, first + n, shift, chance)
        return now

    def write_capture(self, file, capture, number, shift, chance):
        packets = [renumbered(p, number) for p in capture.packets]
        taken, now = set(), 0
        for packet, way in IMPAIRMENTS[self.impairment](packets, chance):
            now = max(now, packet.us + shift)
            self.copies += packet.number in taken
            taken.add(packet.number)
            wrapped = self.wrapping.frames(packet, way, chance) if self.wrapping else [packet.frame]
            for frame in wrapped:
                self.packets += 1
                file.write(struct.pack("<IIII", now // 1_000_000, now % 1_000_000, len(frame),
                                       len(frame)) + frame)
        return now


def address_number(text):
    text = text.removeprefix("::ffff:")
    if "." not in text:
        return None
    value = int.from_bytes(bytes(map(int, text.split("."))), "big")
    return value - FIRST_ADDRESS if FIRST_ADDRESS <= value <= LAST_ADDRESS else None


def place_of(row):
    for side in ("client", "server"):
        number = address_number(row[f"{side}_addr"])
        if number is not None:
            return (number, row[f"{side}_port"]), [], 0
    raise AssertionError(f"a session of nobody's: {row}")


def plain(value):
    """The same in IPv6 as in IPv4, and also where other captures follow in the file, so that what has
    no end falls silent."""
    if value == "silent":
        return "capture ended"
    return value.removeprefix("::ffff:") if isinstance(value, str) else value


def plainly(session):
    session.rows["sessions"] = [tuple((name, plain(value)) for name, value in row)
                                for row in session.rows["sessions"]]
    for seq, event in session.events.items():
        if event[KIND] == "close":
            session.events[seq] = [plain(value) for value in event]
    return session


# -------------------------------------------------------------------------------------------- judging

# Of the sessions' counts these are left out of the general comparison.
EXACT = ("packets", "retransmitted")


def judge_way(variant, session):
    """What is kept of tags and tunnels; with several ways it is those of the first packet."""
    wrapping = variant.wrapping
    if not wrapping or variant.impairment in ("reordered", "copies, reordered"):
        return []
    wanted = (wrapping.vlan, wrapping.tunnel, wrapping.number)
    got = tuple(session.row[name] for name in ("vlan", "tunnel", "tunnel_id"))
    return [f"way is {got}, wanted {wanted}"] if got != wanted else []


def judge(variant, captures, sessions, references):
    """Lines of what is wrong, by capture."""
    wrong = {}
    for n, capture in enumerate(captures):
        for port in capture.clients:
            whole = references[capture.name, port]
            got = [plainly(s) for s in sessions.get((variant.first + n, port), [])]
            lines = differences(got, [whole])
            for session in got:
                lines += judge_way(variant, session)
                if "reordered" not in variant.impairment:
                    lines += [f"{name} is {session.row[name]}, wanted {whole.row[name]}"
                              for name in EXACT if session.row[name] != whole.row[name]]
            if lines:
                wrong[capture.name] = lines
    return wrong


def judge_copies(variant, database):
    (counted,), = rows(database, "SELECT duplicates FROM captures WHERE source = ?", variant.path)
    if counted == variant.copies:
        return {}
    return {"all": [f"{counted} duplicates counted, {variant.copies} are there"]}


def save(variant):
    if SAVE:
        os.makedirs(SAVE, exist_ok=True)
        name = variant.name.replace(" ", "_").replace(",", "") + ".pcap"
        shutil.copy(variant.path, os.path.join(SAVE, name))


def run_batch(variants, captures, references):
    """Writes and analyses; returns {variant: {capture: lines}}."""
    found, now = {}, 0
    with Scratch() as scratch:
        for n, variant in enumerate(variants):
            now = variant.write(scratch.path(f"{n}.pcap"), captures, n * len(captures), now)
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, *(v.path for v in variants)).expect(0)
        sessions = read_sessions(database, place_of)
        if not references:
            for n, capture in enumerate(captures):
                for port in capture.clients:
                    one, = sessions[n, port]
                    references[capture.name, port] = plainly(one)
        for variant in variants:
            found[variant] = judge(variant, captures, sessions, references)
            found[variant].update(judge_copies(variant, database))
            if found[variant]:
                save(variant)
    return found


def chosen():
    """Every wrapping intact and with one impairment; with HELOSCOPE_WRAP=all with every one."""
    names = list(IMPAIRMENTS)
    out = []
    for n, wrapping in enumerate(WRAPPINGS):
        some = names if ALL else [names[0], names[1 + n % (len(names) - 1)]]
        out += [Variant(wrapping, name) for name in some]
    return out


def batches(variants, captures):
    packets = sum(len(c.packets) for c in captures)
    many = max(1, BATCH_PACKETS // (2 * packets))
    return [variants[i : i + many] for i in range(0, len(variants), many)]


def told():
    """What was put together, thrown away or lost is said on the screen and in the JSON."""
    capture = perturb.read_capture(os.path.join(SAMPLES, samples()[0]))
    wrapping, = (w for w in WRAPPINGS if w.name == "Fragments of 8, shuffled")
    variant = Variant(wrapping, "copies")
    with Scratch() as scratch:
        path = scratch.path("twice.pcap")
        variant.write(path, [capture], 0, 0)
        with open(path, "r+b") as file:  # less the end, and with it a part of the last datagram
            file.truncate(os.path.getsize(path) - 100)
        result = heloscope("analyze", "--db", scratch.path("x.db"), path).expect(1)
        data = json.loads(heloscope("analyze", "--json", "--db", scratch.path("y.db"),
                                    path).expect(1).out)
    summary = data["summary"]
    check(summary["incomplete_datagrams"] == 1, "incomplete", summary)
    check(summary["datagrams"] == 2 * len(capture.packets) - 1, "put together", summary)
    check(summary["fragments"] > 3 * summary["datagrams"], "fragments", summary)
    check(summary["duplicates"] == data["captures"][0]["duplicates"] == summary["datagrams"] // 2,
          "duplicates", data)
    contains(result.out, f", {summary['duplicates']} duplicates, {summary['fragments']} fragments",
             "incomplete")


def report(variant, wrong):
    def test():
        lines = [f"{name}:\n    " + "\n    ".join(some[:6]) for name, some in wrong.items()]
        check(not wrong, f"{len(wrong)} captures are wrong", *lines[:SHOWN])

    return test


def main():
    captures = [perturb.read_capture(os.path.join(SAMPLES, name)) for name in samples()
                if name.endswith(".pcap")]
    if ALL:
        captures += [perturb.parse_capture(d.name, d.capture()) for d in read_dialogues()]
    if not captures:
        tap.skip_all("there are no captures")
    references, found = {}, {}
    found.update(run_batch([Variant(None, "intact")], captures, references))
    for some in batches(chosen(), captures):
        found.update(run_batch(some, captures, references))
    for variant, wrong in found.items():
        tap.add(f"{variant.name}: {variant.packets} packets, {variant.copies} copies",
                report(variant, wrong))
    tap.add("copies and fragments are told of", told)
    print(f"# {len(captures)} captures in {len(WRAPPINGS)} wrappings: {len(found)} files, "
          f"{len(found) * len(captures)} cases, {sum(v.packets for v in found)} packets, "
          f"{sum(bool(w) for w in found.values())} files with something wrong")
    tap.run()


if __name__ == "__main__":
    main()
