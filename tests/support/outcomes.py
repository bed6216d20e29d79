# SPDX-License-Identifier: ISC
"""What became of the findings of captures in which something is missing, counted by kind of change.

    known = Known(capture, port, session)      # of the capture in segments of one octet
    kind.judge(known, sessions, first_lost)    # lines of what is wrong"""

from collections import Counter

from support.verdict import Reference, judge

OUTCOMES = ("kept", "likely", "unknown", "absent", "likely, another", "unknown, another",
            "likely, new", "unknown, new", "wrong")
PAIRINGS = ("paired", "doubtfully mispaired", "mispaired")  # counted for those who work on pairing


class Known:
    """What the intact capture shows of one connection."""

    def __init__(self, capture, port, session):
        packets = [p for p in capture.packets if port in p.ports()]
        self.reference = Reference(session)
        self.secrets = self.reference.secrets(packets)
        self.complete = {reply: self.reference.complete_at(reply, packets)
                         for reply in self.reference.findings}

    def before(self, number):
        """The refusals that were captured before packet `number`."""
        return [reply for reply, last in self.complete.items() if last < number]


class Kind:
    """What came of all cases of one kind."""

    def __init__(self):
        self.cases, self.count, self.wrong, self.lossless = 0, Counter(), [], False

    def judge(self, known, sessions, first_lost):
        """Counts what became of the findings of a connection of which packet `first_lost` is the
        first that is not there as a whole; returns lines of what is wrong."""
        count, wrong = judge(known.reference, sessions, known.secrets, known.before(first_lost))
        self.count += count
        return wrong

    def totals(self, name):
        numbers = ", ".join(f"{self.count[o]} {o}" for o in OUTCOMES
                            if self.count[o] or o == "wrong")
        pairs = ", ".join(f"{self.count[p]} {p}" for p in PAIRINGS)
        return f"{name}: {self.cases} captures; findings: {numbers}; replies: {pairs}"
