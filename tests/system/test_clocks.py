# SPDX-License-Identifier: ISC
"""Two files of one capture whose clocks disagree must show what one file shows.

The packets of every sample are divided between two files: by direction, at random, where a second
sensor took over, or all in both. The second file's clock is early or late, or drifts. All samples go
into two files, and each alone; also with packets lost. What TCP's numbers tell must be as in the intact
capture; where packets are lost less may be said, but nothing that is wrong, as in test_perturb.py.

    HELOSCOPE_WRAP=all                  each sample alone in every way, and the dialogues too
    HELOSCOPE_WRAP_SEED=7               other random choices"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import perturb, tap  # noqa: E402
from support.cases import (GAP_US, captures_of, case_of, file_header, learn, plainly,  # noqa: E402
                           record, renumbered)
from support.impair import any_loss  # noqa: E402
from support.outcomes import Kind  # noqa: E402
from support.program import SAMPLES, Scratch, heloscope, need_program  # noqa: E402
from support.tap import check, contains  # noqa: E402
from support.verdict import (ANSWERS, KIND, PACKET, SAW, SEQ, SIDE, differences,  # noqa: E402
                             read_sessions, without_times)
from support.wrap import WRAPPINGS  # noqa: E402

need_program()

ALL = os.environ.get("HELOSCOPE_WRAP") == "all"
SEED = os.environ.get("HELOSCOPE_WRAP_SEED", "1")
SHOWN = 8
SECOND = 1_000_000
FILLER = bytes(12) + b"\x90\0"  # Ethernet's loopback test: no IP


# ----------------------------------------------------------------------------- which file has a packet


def by_direction(packets, chance):
    return [(p, [p.side == "S"]) for p in packets]


def at_random(packets, chance):
    return [(p, [chance.random() < 0.5]) for p in packets]


def one_after_the_other(packets, chance):
    turn = chance.randint(1, max(1, len(packets) - 1))
    return [(p, [n >= turn]) for n, p in enumerate(packets)]


def both(packets, chance):
    return [(p, [False, True]) for p in packets]


SPLITS = {"by direction": by_direction, "at random": at_random,
          "one after the other": one_after_the_other, "both have all": both}
# (what is added at once, and for each second)
SKEWS = {"the same clock": (0, 0), "half a second late": (-SECOND // 2, 0),
         "half a second early": (SECOND // 2, 0), "30 s late": (-30 * SECOND, 0),
         "30 s early": (30 * SECOND, 0), "early, and drifting": (SECOND // 2, 0.001)}


class Pair:
    """Two files, of which the second has so many packets without IP in front that a number says
    which file it is of."""

    def __init__(self, captures, split, skew, wrapping=None, loss=False):
        self.captures, self.split, self.skew = captures, split, skew
        self.wrapping, self.loss = wrapping, loss
        self.spots, self.first_lost = {}, []

    @property
    def name(self):
        parts = [self.split, self.skew] + ["packets lost"] * self.loss
        return ", ".join(parts + ([self.wrapping.name] if self.wrapping else []))

    def packets_of(self, number, chance):
        capture = self.captures[number]
        case = any_loss(capture, chance) if self.loss else None
        packets = case.packets() if case else capture.packets
        lost = case.first_lost([perturb.Spot(p) for p in packets]) if case else 0
        self.first_lost.append(lost)
        return packets

    def records(self):
        """[(time, octets, case, packet), ...] for each file, by the same clock."""
        out, now = ([], []), 0
        chance = random.Random(f"{SEED} {self.name} {self.captures[0].name}")
        for number in range(len(self.captures)):
            packets = self.packets_of(number, chance)
            shift = max(now + GAP_US - packets[0].us, 0)
            for packet, files in SPLITS[self.split](packets, chance):
                now = max(now, packet.us + shift)
                changed = renumbered(packet, number)
                frames = (self.wrapping.frames(changed, 0, chance) if self.wrapping
                          else [changed.frame])
                for file in files:
                    out[file].extend((now, octets, number, packet) for octets in frames)
        return out

    def write(self, scratch):
        """Returns the paths; `spots` becomes {case: {packet number: Spot}}."""
        records = self.records()
        add, drift = SKEWS[self.skew]
        start = min(r[0][0] for r in records if r)
        paths = [scratch.path(f"{n}.pcap") for n in (1, 2)]
        for n, path in enumerate(paths):
            filler = len(records[0]) if n else 0
            with open(path, "wb") as file:
                file.write(file_header(self.wrapping.link_type if self.wrapping else 1))
                for number in range(filler):
                    us = records[n][0][0] if records[n] else start
                    file.write(record(us + add, FILLER, len(FILLER)))
                for number, (us, octets, case, packet) in enumerate(records[n], filler + 1):
                    us += int(add + (us - start) * drift) if n else 0
                    file.write(record(us, octets, len(octets)))
                    self.spots.setdefault(case, Numbered())[number] = perturb.Spot(packet)
        return paths

    def analyse(self):
        """(sessions by case and port, what was said on standard error)"""
        with Scratch() as scratch:
            database = scratch.path("x.db")
            paths = self.write(scratch)
            result = heloscope("analyze", "-q", "--db", database, *paths).expect(0)

            def place_of(row):
                number, port = case_of(row)
                return (number, port), self.spots[number], 0

            return read_sessions(database, place_of), result.err


class Numbered(dict):
    """Like a list in which packet number n stands at n - 1, but for those of other captures."""

    def __len__(self):
        return 1 << 32

    def __getitem__(self, index):
        return self.get(index + 1)


# -------------------------------------------------------------------------------------------- judging


def essence(session):
    """All that does not depend on where events of one side stand among those of the other, nor on how
    much time passed: what crossed on its way may be told in either order."""
    texts = {0: None, None: None, **{seq: session.line(seq).split(" ", 1)[1]
                                     for seq in session.events}}
    passing = (SEQ, PACKET, ANSWERS, SAW)
    events = [[tuple(v for n, v in enumerate(e) if n not in passing) + (texts[e[ANSWERS]],)
               for e in session.events.values() if e[SIDE] == side and e[KIND] != "open"]
              for side in "CS"]
    findings = [(texts[f.reply], texts[f.command], texts[f.origin], f.code, f.cause, f.fault, f.says)
                for f in session.findings]
    violations = [(texts[seq], rule, tolerated) for seq, rule, tolerated in session.violations]
    return events, sorted(findings, key=repr), sorted(violations, key=repr)


def judge_whole(pair, got, known):
    if pair.skew == "the same clock":
        lines = differences([plainly(s) for s in got], [known.whole])
    else:
        lines = differences([without_times(plainly(s)) for s in got], [without_times(known.whole)])
    if lines and pair.split == "one after the other" and len(got) == 1:
        # Nothing says how long nobody spoke in between, nor in which order what crossed was sent.
        return lines * (essence(got[0]) != essence(known.whole))
    return lines


def judge(pair, everything, kind):
    """Lines of what is wrong."""
    sessions, said = pair.analyse()
    wrong = []
    if pair.skew == "the same clock" and said:
        wrong.append(f"clocks that agree are corrected: {said}")
    for number, capture in enumerate(pair.captures):
        kind.cases += 1
        for port in capture.clients:
            known, got = everything[capture.name, port], sessions.get((number, port), [])
            lines = (kind.judge(known, got, pair.first_lost[number]) if pair.loss
                     else judge_whole(pair, got, known))
            wrong += [f"{capture.name}: {line}" for line in lines]
    return wrong


def report(name, wrong):
    def test():
        check(not wrong, f"{name}: {len(wrong)} lines are wrong", *wrong[:SHOWN])

    return test


def together(captures):
    """All captures in two files; each pair in another wrapping."""
    out = [Pair(captures, split, skew, loss=loss) for loss in (False, True) for split in SPLITS
           for skew in SKEWS]
    usable = [w for w in WRAPPINGS if w.link_type == perturb.ETHERNET and not w.ip6_only]
    wrapped = [Pair(captures, split, skew) for split in SPLITS for skew in SKEWS]
    for n, pair in enumerate(wrapped):
        pair.wrapping = usable[n * len(usable) // len(wrapped)]
    return out + wrapped


def alone(captures):
    """Each capture alone; one pair of each, or with HELOSCOPE_WRAP=all every one."""
    ways = [(split, skew) for split in SPLITS for skew in SKEWS]
    return [Pair([capture], *way) for n, capture in enumerate(captures)
            for way in (ways if ALL else [ways[n % len(ways)]])]


def told():
    """A clock that is corrected is said to be, once, and for which file."""
    captures = [perturb.read_capture(os.path.join(SAMPLES, "postfix-mail-refused-ignored.pcap"))]
    _, said = Pair(captures, "by direction", "30 s early").analyse()
    contains(said, "2.pcap: its clock is", "30.0", "s early")
    check(said.count("\n") == 1, "one line", said)
    _, said = Pair(captures, "by direction", "half a second late").analyse()
    contains(said, "2.pcap: its clock is", "0.50", "s late")


def main():
    captures = captures_of(dialogues=ALL)
    if not captures:
        tap.skip_all("there are no captures")
    everything, whole, lossy = learn(captures), Kind(), Kind()
    for pair in together(captures):
        wrong = judge(pair, everything, lossy if pair.loss else whole)
        tap.add(pair.name, report(pair.name, wrong))
    singles = {}
    for pair in alone(captures):
        singles.setdefault(pair.name, []).extend(judge(pair, everything, whole))
    for name, wrong in singles.items():
        tap.add(f"alone, {name}", report(name, wrong))
    tap.add("a corrected clock is told of", told)
    print(f"# {len(captures)} captures in two files: {whole.cases} cases; {lossy.totals('lossy')}")
    tap.run()


if __name__ == "__main__":
    main()
