# SPDX-License-Identifier: ISC
"""Many captures in one file, told apart by the address of the client: each case has its own.

    captures = captures_of(dialogues=False)     # all samples
    frame = renumbered(packet, number).frame
    number, port = case_of(row)                 # of a session that was stored
    known = learn(captures)                     # what they show as they are"""

import os
import struct

from support import perturb
from support.dialogue import read_dialogues
from support.outcomes import Known
from support.program import SAMPLES, Scratch, heloscope, samples
from support.verdict import KIND, read_sessions
from support.wrap import ETHERNET_HEADER, IP4, MAPPED, type_of

GAP_US = 1_000_000  # between two captures in a file

# In 127.64.0.0/10.
FIRST_ADDRESS = 0x7F400000
LAST_ADDRESS = FIRST_ADDRESS + (1 << 22) - 1


def captures_of(dialogues):
    """Those of the samples, and of the dialogues as well when they are wanted."""
    found = [perturb.read_capture(os.path.join(SAMPLES, name)) for name in samples()
             if name.endswith(".pcap")]
    if dialogues:
        found += [perturb.parse_capture(d.name, d.capture()) for d in read_dialogues()]
    return found


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


def address_number(text):
    text = text.removeprefix("::ffff:")
    if "." not in text:
        return None
    value = int.from_bytes(bytes(map(int, text.split("."))), "big")
    return value - FIRST_ADDRESS if FIRST_ADDRESS <= value <= LAST_ADDRESS else None


def case_of(row):
    """(number, client port), whichever end was taken for the client."""
    for side in ("client", "server"):
        number = address_number(row[f"{side}_addr"])
        if number is not None:
            return number, row[f"{side}_port"]
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


def file_header(link_type):
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type)


def record(us, octets, length):
    return struct.pack("<IIII", us // 1_000_000, us % 1_000_000, len(octets), length) + octets


def learn(captures):
    """{(name, client port): Known}, of which `whole` is the session as its rows are to be."""
    spots, everything, now = {}, {}, 0
    with Scratch() as scratch:
        path, database = scratch.path("x.pcap"), scratch.path("x.db")
        with open(path, "wb") as file:
            file.write(file_header(perturb.ETHERNET))
            before = 0
            for number, (capture, torn) in enumerate((c, t) for t in (False, True)
                                                     for c in captures):
                packets = perturb.split(capture.packets, 1) if torn else capture.packets
                shift = max(now + GAP_US - packets[0].us, 0)
                for packet in packets:
                    now = packet.us + shift
                    frame = renumbered(packet, number).frame
                    file.write(record(now, frame, len(frame)))
                spots[number] = [perturb.Spot(p) for p in packets], before
                before += len(packets)

        def place_of(row):
            number, port = case_of(row)
            return (number, port), *spots[number]

        heloscope("analyze", "-q", "--db", database, path).expect(0)
        sessions = read_sessions(database, place_of)
    for number, capture in enumerate(captures):
        for port in capture.clients:
            whole, = sessions[number, port]
            torn, = sessions[len(captures) + number, port]
            known = everything[capture.name, port] = Known(capture, port, torn)
            known.whole = plainly(whole)
    return everything
