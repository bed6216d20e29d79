# SPDX-License-Identifier: ISC
"""What a capture lacks, doubles or reorders must not make a finding wrong.

Every sample and every dialogue (tests/dialogues) is changed in many ways: tests/support/perturb.py.

Where octets are missing heloscope may say less than of the intact capture, or with less certainty.
But what it calls certain must be what the intact capture shows: the same cause, fault and origin of
the same reply; no other violation; no stored credential. And what is missing behind a refusal may
take nothing from its finding. Where all octets are there, duplicated, swapped, merged or cut
otherwise, every row must be the same but for packet numbers and times.

    test_perturb.py [FOLDER...]            the captures of other folders instead of the samples, with
                                           the key logs (*.keys) that lie there
    HELOSCOPE_PERTURB=all                  every case, however many; else an even choice of them
    HELOSCOPE_PERTURB_SEED=7               other random cases
    HELOSCOPE_PERTURB_SAVE=DIR             writes each capture with something wrong to DIR"""

import os
import random
import re
import struct
import sys
from collections import defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import perturb, tap  # noqa: E402
from support.dialogue import read_dialogues  # noqa: E402
from support.outcomes import Kind, Known  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, samples  # noqa: E402
from support.tap import check  # noqa: E402
from support.verdict import differences, read_sessions, without_times  # noqa: E402

need_program()

ALL = os.environ.get("HELOSCOPE_PERTURB") == "all"
SEED = os.environ.get("HELOSCOPE_PERTURB_SEED", "1")
SAVE = os.environ.get("HELOSCOPE_PERTURB_SAVE")
KEYS = [f"--keylog={os.path.join(folder, name)}" for folder in sys.argv[1:]
        for name in sorted(os.listdir(folder)) if name.endswith(".keys")]
CASES = 60000  # run without `all`
BATCH_PACKETS = 100_000
SHOWN = 20
GAP_US = 1_000_000  # between two cases in a file

# Every case has a client address of its own in 127.64.0.0/10 (or, in IPv6, where loopback has one
# address, a client port of its own), so that thousands of them can be told apart in one history.
FIRST_ADDRESS = 0x7F400000
FIRST_PORT = 3000
FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, perturb.ETHERNET)


class Place:
    """Where a case lies: the file, its packets there, how many stand before them, and its number."""

    def __init__(self, case, number, path, packets, before):
        self.case, self.number, self.path, self.before = case, number, path, before
        self.spots = [perturb.Spot(packet) for packet in packets]


def write_packet(file, packet, frame, shift=0):
    us = packet.us + shift
    file.write(struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(frame), packet.length))
    file.write(frame)


def renumbered(packet, capture, number):
    frame = bytearray(packet.frame)
    if frame[12:14] == b"\x08\x00":
        struct.pack_into("!I", frame, 26 if packet.side == "C" else 30, FIRST_ADDRESS + number)
    else:
        port = capture.clients.index(packet.ports()[packet.side == "S"])
        port += FIRST_PORT + number * len(capture.clients)
        check(port < 65536, "too many cases over IPv6 in one batch")
        struct.pack_into("!H", frame, packet.tcp + (0 if packet.side == "C" else 2), port)
    return frame


class Batch:
    """Cases written into one file per capture and analysed in one run."""

    def __init__(self, scratch):
        self.scratch, self.places, self.files, self.cut = scratch, {}, {}, False

    def open(self, path, capture):
        if path not in self.files:
            file = open(path, "wb")
            file.write(FILE_HEADER)
            self.files[path] = [capture, file, 0, 0]  # packets, time of the last one
        return self.files[path]

    def add(self, case):
        number = len(self.places)
        name = f"{number}-{case.capture.name}" if case.cut else case.capture.name
        path = self.scratch.path(name)
        written = self.open(path, case.capture)
        capture, file, before, now = written
        packets = case.packets()
        shift = max(now + GAP_US - packets[0].us, 0) if packets else 0
        for packet in packets:
            write_packet(file, packet, renumbered(packet, capture, number), shift)
        if packets:
            written[2:] = before + len(packets), packets[-1].us + shift
        if case.cut:
            self.cut = True
            file.truncate(file.tell() - min(case.cut, len(packets[-1].frame) + 15))
            packets = packets[:-1]
        self.places[number] = Place(case, number, path, packets, before)

    def place_of(self, row):
        """For read_sessions(): the case of a session by its endpoints, whichever was taken for the
        client."""
        for address, port in ((row["client_addr"], row["client_port"]),
                              (row["server_addr"], row["server_port"])):
            if "." in address:
                number = int.from_bytes(bytes(map(int, address.split("."))), "big") - FIRST_ADDRESS
            else:
                clients = self.files[row["source"]][0].clients
                number, index = divmod(port - FIRST_PORT, len(clients))
                port = clients[index]
            place = self.places.get(number)
            if place and place.path == row["source"]:
                return (number, port), place.spots, place.before
        raise AssertionError(f"a session of nobody's: {row}")

    def run(self):
        for _, file, _, _ in self.files.values():
            file.close()
        database = self.scratch.path("x.db")
        heloscope("analyze", "-q", "--db", database, *KEYS, *self.files).expect(1 if self.cut else 0)
        return read_sessions(database, self.place_of)


def intact(capture):
    return perturb.Case(capture, "intact", "", True, lambda: capture.packets)


def octets(capture):
    return perturb.Case(capture, "split", "every 1", True, lambda: perturb.split(capture.packets, 1))


def run_captures(captures, cases, kinds):
    """Runs `cases`, all of them of `captures`, and adds to `kinds` what came of them."""
    with Scratch() as scratch:
        batch = Batch(scratch)
        for capture in captures:
            batch.add(intact(capture))
            batch.add(octets(capture))
        for case in cases:
            batch.add(case)
        sessions = batch.run()
    references = {}
    for n, capture in enumerate(captures):
        for port in capture.clients:
            check(len(sessions[2 * n, port]) == len(sessions[2 * n + 1, port]) == 1,
                  f"{capture.name} is not one session for port {port}")
            references[capture, port] = (sessions[2 * n, port][0],
                                         Known(capture, port, sessions[2 * n + 1, port][0]))
    for place in batch.places.values():
        case, kind = place.case, kinds[place.case.kind]
        kind.cases += 1
        kind.lossless = case.lossless
        first_lost = case.first_lost(place.spots)
        for port in case.capture.clients:
            whole, known = references[case.capture, port]
            got = sessions.get((place.number, port), [])
            wrong = kind.judge(known, got, first_lost)
            if case.lossless:
                alike = without_times if case.kind == "swap" else lambda session: session
                changed = differences([alike(s) for s in got], [alike(whole)])
                kind.count["wrong"] += len(changed)
                wrong = changed + wrong
            if wrong:
                kind.wrong.append((case, wrong))
                save(case)


def save(case):
    if SAVE:
        os.makedirs(SAVE, exist_ok=True)
        name = f"{case.capture.name.rsplit('.', 1)[0]}--{case.title}".replace(" ", "_")
        with open(os.path.join(SAVE, name.replace(",", "").replace(":", "")[:150] + ".pcap"),
                  "wb") as file:
            file.write(FILE_HEADER)
            for packet in case.packets():
                write_packet(file, packet, packet.frame)


def chosen(captures):
    """The cases to run, by capture: all, or an even choice of them."""
    everything = [case for capture in captures
                  for case in perturb.lossy(capture, SEED) + perturb.lossless(capture, SEED)]
    if not ALL and len(everything) > CASES:
        keep = set(random.Random(SEED).sample(range(len(everything)), CASES))
        everything = [case for n, case in enumerate(everything) if n in keep]
    by_capture = defaultdict(list)
    for case in everything:
        by_capture[case.capture].append(case)
    return by_capture


def run_all(captures):
    kinds, waiting, cases, packets = defaultdict(Kind), [], [], 0
    for capture, some in chosen(captures).items():
        waiting.append(capture)
        cases += some
        packets += len(some) * len(capture.packets) + 4 * sum(len(p.data) for p in capture.packets)
        if packets > BATCH_PACKETS:
            run_captures(waiting, cases, kinds)
            waiting, cases, packets = [], [], 0
    if waiting:
        run_captures(waiting, cases, kinds)
    return kinds


def report(name, kind):
    def test():
        print(f"# {kind.totals(name)}")
        groups = defaultdict(list)
        for case, wrong in kind.wrong:
            groups[re.sub(r"#\d+", "#", wrong[0])].append((case, wrong))
        lines = [f"{some[0][0].capture.name}, {some[0][0].title} ({len(some)} alike):\n    "
                 + "\n    ".join(some[0][1][:6]) for some in list(groups.values())[:SHOWN]]
        check(not kind.wrong, f"{len(kind.wrong)} of {kind.cases} captures are wrong", *lines)

    return test


def readable(folder, names):
    """The captures of a folder, but for those that lack or reorder something themselves."""
    captures = []
    for name in names:
        try:
            captures.append(perturb.read_capture(os.path.join(folder, name)))
        except ValueError as why:
            if folder == SAMPLES:
                raise
            print(f"# {name}: {why}")
    return captures


def main():
    folders = sys.argv[1:] or [SAMPLES]
    captures = []
    for folder in folders:
        names = samples() if folder == SAMPLES else sorted(
            n for n in os.listdir(folder) if n.endswith(".pcap"))
        captures += readable(folder, names)
    if not sys.argv[1:]:
        captures += [perturb.parse_capture(d.name, d.capture()) for d in read_dialogues()]
    if not captures:
        tap.skip_all("there are no captures")
    kinds = run_all(captures)
    everything = Kind()
    for name, kind in kinds.items():
        title = "change nothing" if kind.lossless else "make nothing wrong"
        tap.add(f"{name}: {kind.cases} captures, {title}", report(name, kind))
        everything.cases += kind.cases
        everything.count += kind.count
    print(f"# {len(captures)} captures, perturbed: {everything.totals('all')}")
    tap.run()


if __name__ == "__main__":
    main()
