# SPDX-License-Identifier: ISC
"""What a mirror, a tunnel or another link layer does to packets must not change what is found in them.

Every sample is put into every wrapping (tests/support/wrap.py: link layers, tags, tunnels,
fragments), intact and with one impairment of each kind (tests/support/impair.py). With copies of each
packet as two mirrors show them, and reordered, every row must be the same as without but for packet
numbers, times and addresses; the copies must be counted, and leave no trace in any other count. Where
packets, fragments or the ends of frames are lost less may be said, or with less certainty, but nothing
that is wrong, as in test_perturb.py.

    HELOSCOPE_WRAP=all                  every wrapping with every impairment, and the dialogues too
    HELOSCOPE_WRAP_SEED=7               other random orders
    HELOSCOPE_WRAP_SAVE=DIR             keeps the captures with something wrong in DIR"""

import json
import os
import random
import shutil
import sys
from collections import defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import perturb, tap  # noqa: E402
from support.cases import (GAP_US, captures_of, case_of, file_header, learn, plainly,  # noqa: E402
                           record, renumbered)
from support.impair import IMPAIRMENTS, LOSSLESS, LOSSY  # noqa: E402
from support.outcomes import Kind  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program, rows, samples  # noqa: E402
from support.tap import check, contains  # noqa: E402
from support.verdict import differences, read_sessions, without_times  # noqa: E402
from support.wrap import WRAPPINGS  # noqa: E402

need_program()

ALL = os.environ.get("HELOSCOPE_WRAP") == "all"
SEED = os.environ.get("HELOSCOPE_WRAP_SEED", "1")
SAVE = os.environ.get("HELOSCOPE_WRAP_SAVE")
BATCH_PACKETS = 150_000
SHOWN = 8

# --------------------------------------------------------------------------------------------- files


class Place:
    """Where a capture lies in a file: what its frames carry, and how many stand before them."""

    def __init__(self, frames, before, first_lost):
        self.spots = [perturb.Spot(f.packet) for f in frames]
        self.before, self.first_lost = before, first_lost


class Variant:
    """All captures in one wrapping with one impairment: a file. `wrapping` None: as they are."""

    def __init__(self, wrapping, impairment):
        self.wrapping, self.title, self.impairment = wrapping, impairment, IMPAIRMENTS[impairment]
        self.copies, self.packets, self.first, self.path, self.places = 0, 0, 0, "", []

    @property
    def name(self):
        return f"{self.wrapping.name if self.wrapping else 'as captured'}, {self.title}"

    def write(self, path, captures, first, now):
        """Cases get numbers from `first` on, and times behind `now`. Returns the last time."""
        self.path, self.first = path, first
        chance = random.Random(f"{SEED} {self.name}")
        link_type = self.wrapping.link_type if self.wrapping else perturb.ETHERNET
        with open(path, "wb") as file:
            file.write(file_header(link_type))
            for n, capture in enumerate(captures):
                frames, first_lost = self.impairment.frames(
                    capture, self.wrapping, chance, lambda p, n=n: renumbered(p, first + n))
                self.places.append(Place(frames, self.packets, first_lost))
                shift = max(now + GAP_US - capture.packets[0].us, 0)
                for frame in frames:
                    now = self.write_frame(file, frame, shift)
        return now

    def write_frame(self, file, frame, shift):
        us = frame.us + shift
        file.write(record(us, frame.octets, frame.length))
        self.packets += 1
        self.copies += frame.copy
        return us


def place_finder(variants):
    """For read_sessions(): whose session it is, whichever end was taken for the client."""
    places = {v.first + n: place for v in variants for n, place in enumerate(v.places)}

    def place_of(row):
        number, port = case_of(row)
        return (number, port), places[number].spots, places[number].before

    return place_of


# -------------------------------------------------------------------------------------------- judging

# Of the sessions' counts these are left out of the general comparison.
EXACT = ("packets", "retransmitted")


def judge_way(variant, session):
    """What is kept of tags and tunnels; with several ways it is those of the first packet."""
    wrapping = variant.wrapping
    if not wrapping or variant.title in ("reordered", "copies, reordered"):
        return []
    wanted = (wrapping.vlan, wrapping.tunnel, wrapping.number)
    got = tuple(session.row[name] for name in ("vlan", "tunnel", "tunnel_id"))
    return [f"way is {got}, wanted {wanted}"] if got != wanted else []


def judge_lossless(variant, got, known):
    # In another order the packets have other times, as in test_perturb.py.
    alike = without_times if "reordered" in variant.title else lambda session: session
    lines = differences([alike(plainly(s)) for s in got], [alike(known.whole)])
    for session in got:
        lines += judge_way(variant, session)
        if "reordered" not in variant.title:
            lines += [f"{name} is {session.row[name]}, wanted {known.whole.row[name]}"
                      for name in EXACT if session.row[name] != known.whole.row[name]]
    return lines


def judge(variant, captures, sessions, everything, kinds):
    """Lines of what is wrong, by capture."""
    wrong, kind = {}, kinds[variant.title]
    for n, capture in enumerate(captures):
        kind.cases += 1
        for port in capture.clients:
            known, got = everything[capture.name, port], sessions.get((variant.first + n, port), [])
            lines = (judge_lossless(variant, got, known) if variant.impairment.lossless
                     else kind.judge(known, got, variant.places[n].first_lost))
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


def analysed(variants, captures, scratch):
    """(the database, the sessions in it)"""
    now = 0
    for n, variant in enumerate(variants):
        now = variant.write(scratch.path(f"{n}.pcap"), captures, n * len(captures), now)
    database = scratch.path("x.db")
    heloscope("analyze", "-q", "--db", database, *(v.path for v in variants)).expect(0)
    return database, read_sessions(database, place_finder(variants))


def run_batch(variants, captures, everything, kinds):
    """Writes and analyses; returns {variant: {capture: lines}}."""
    found = {}
    with Scratch() as scratch:
        database, sessions = analysed(variants, captures, scratch)
        for variant in variants:
            found[variant] = judge(variant, captures, sessions, everything, kinds)
            if variant.impairment.lossless:
                found[variant].update(judge_copies(variant, database))
            if found[variant]:
                save(variant)
    return found


def chosen():
    """Every wrapping intact, with one lossless and one lossy impairment; with HELOSCOPE_WRAP=all with
    every one."""
    out = []
    for n, wrapping in enumerate(WRAPPINGS):
        some = LOSSLESS + LOSSY if ALL else [
            LOSSLESS[0], LOSSLESS[1 + n % (len(LOSSLESS) - 1)], LOSSY[n % len(LOSSY)]]
        out += [Variant(wrapping, title) for title in some]
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
    captures = captures_of(dialogues=ALL)
    if not captures:
        tap.skip_all("there are no captures")
    everything, found, kinds = learn(captures), {}, defaultdict(Kind)
    variants = [Variant(None, title) for title in LOSSLESS + LOSSY] + chosen()
    for some in batches(variants, captures):
        found.update(run_batch(some, captures, everything, kinds))
    for variant, wrong in found.items():
        tap.add(f"{variant.name}: {variant.packets} packets, {variant.copies} copies",
                report(variant, wrong))
    tap.add("copies and fragments are told of", told)
    print(f"# {len(captures)} captures in {len(WRAPPINGS)} wrappings: {len(found)} files, "
          f"{len(found) * len(captures)} cases, {sum(v.packets for v in found)} packets, "
          f"{sum(bool(w) for w in found.values())} files with something wrong")
    for title in LOSSY:
        print(f"# {kinds[title].totals(title)}")
    tap.run()


if __name__ == "__main__":
    main()
