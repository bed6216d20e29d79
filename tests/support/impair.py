# SPDX-License-Identifier: ISC
"""What a sensor does to the packets of a capture once they are wrapped (support/wrap.py): it shows them
twice, late, not at all, or only their beginnings.

    impairment = IMPAIRMENTS["frames lost"]
    frames, first_lost = impairment.frames(capture, wrapping, chance)

A lossless one keeps every octet of TCP. Of a lossy one `first_lost` is the number of the first packet
that is not there as a whole; 0 where that says nothing."""

from support import perturb
from support.wrap import routed

PAUSE_US = 100_000


class Frame:
    """`packet` is whose octets it carries, or a part of them; `copy` whether its packet was there
    before; `length` what it had on the wire."""

    __slots__ = ("packet", "octets", "length", "us", "copy", "way")

    def __init__(self, packet, octets, us, copy, way):
        self.packet, self.octets, self.length = packet, octets, len(octets)
        self.us, self.copy, self.way = us, copy, way


# ------------------------------------------------------------------- the order: (packet, way) in a list


def once(packets, chance):
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


# ------------------------------------------------------------------------------- what becomes of frames


def whole(frames, chance):
    return frames


def few_lost(frames, chance):
    gone = set(chance.sample(range(len(frames)), min(len(frames), chance.randint(1, 3))))
    return [f for n, f in enumerate(frames) if n not in gone]


def many_lost(frames, chance):
    return [f for f in frames if chance.random() >= 0.15]


def snapped(frames, chance):
    """From a limit that spares few headers to one that cuts few payloads."""
    size = chance.choice((60, 80, 100, 130, 170, 250))
    for frame in frames:
        frame.octets = frame.octets[:size]
    return frames


class Impairment:
    """`choose(capture, chance)` gives a lossy case of perturb.py, whose packets are wrapped instead of
    the capture's own."""

    def __init__(self, order, spoil=whole, choose=None):
        self.order, self.spoil, self.choose = order, spoil, choose
        self.lossless = spoil is whole and not choose

    def frames(self, capture, wrapping, chance, changed):
        """`changed` is what is done to each packet before it is wrapped; `wrapping` None: to nothing.
        """
        case = self.choose(capture, chance) if self.choose else None
        packets = [changed(p) for p in (case.packets() if case else capture.packets)]
        out, taken, now = [], set(), 0
        for packet, way in self.order(packets, chance):
            now = max(now, packet.us)
            wrapped = wrapping.frames(packet, way, chance) if wrapping else [packet.frame]
            out += [Frame(packet, octets, now, not n and packet.number in taken, way)
                    for n, octets in enumerate(wrapped)]
            taken.add(packet.number)
        kept = self.spoil(list(out), chance)
        if case:
            return kept, case.first_lost([perturb.Spot(f.packet) for f in kept])
        return kept, first_lost(capture, out, kept)


def first_lost(capture, frames, kept):
    """A packet is there when all frames of one of its ways are."""
    if any(len(f.octets) < f.length for f in kept):
        return 0
    there = {id(f) for f in kept}
    torn = {(f.packet.number, f.way) for f in frames if id(f) not in there}
    sound = {number for number, way in ((f.packet.number, f.way) for f in frames)
             if (number, way) not in torn}
    return next((p.number for p in capture.packets if p.number not in sound), 0)


def any_loss(capture, chance):
    """Any case of perturb.py but a cut file, which would be the end of all that stand behind, and a
    snap length, which cuts what a packet is wrapped into (`snapped`)."""
    return chance.choice([c for c in perturb.lossy(capture, chance.random())
                          if not c.cut and c.kind != "snap length"])


IMPAIRMENTS = {
    "intact": Impairment(once),
    "reordered": Impairment(reordered),
    "copies": Impairment(copies),
    "copies, either first": Impairment(either_first),
    "copies, either missing": Impairment(either_missing),
    "copies, reordered": Impairment(reordered_copies),
    "something missing": Impairment(once, choose=any_loss),
    "frames lost": Impairment(once, few_lost),
    "frames lost, reordered": Impairment(reordered, few_lost),
    "copies, frames lost": Impairment(either_first, many_lost),
    "snapped": Impairment(once, snapped),
}
LOSSLESS = [name for name, i in IMPAIRMENTS.items() if i.lossless]
LOSSY = [name for name, i in IMPAIRMENTS.items() if not i.lossless]
