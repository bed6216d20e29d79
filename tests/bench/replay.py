# SPDX-License-Identifier: ISC
"""How fast a capture can be replayed before packets are lost: heloscope monitor beside tcpdump that
writes a file, on one veth, with the same buffer, at several rates. As root:

    HELOSCOPE=./heloscope python3 tests/bench/replay.py CAPTURE [PACKETS_PER_SECOND ...]

It prints a row for each rate. What is judged is the comparison: on a busy machine both lose."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support.network import Pair  # noqa: E402

HELOSCOPE = os.environ.get("HELOSCOPE", "./heloscope")
BUFFER_KIB = "32768"
SECONDS = 5


def started(words, sign):
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while True:
        line = process.stderr.readline()
        if sign in line:
            return process
        if not line:
            sys.exit(f"{words[0]} has ended")


def ended(process):
    process.send_signal(signal.SIGINT)
    return process.stderr.read()


def number(pattern, text):
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0


def replay(capture, rate, folder):
    """Packets sent, a second as it came out, and captured and lost by each."""
    with Pair() as pair:
        dumped = started(["tcpdump", "-i", pair.near, "-B", BUFFER_KIB, "-s", "0", "-Z", "root", "-w",
                          os.path.join(folder, "dump.pcap")], "listening on")
        watched = started([HELOSCOPE, "monitor", "-i", pair.near, "-B", BUFFER_KIB, "--db",
                           os.path.join(folder, f"{rate}.db")], "listening on")
        sent = subprocess.run(["tcpreplay", "-q", "-K", "--pps", str(rate), "--loop", "1000",
                               "--duration", str(SECONDS), "-i", pair.far, capture],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False).stdout
        time.sleep(2)
        of_dump, of_monitor = ended(dumped), ended(watched)
    return (number(r"Actual: (\d+) packets", sent), number(r"(\d+)\.?\d* pps", sent),
            number(r"(\d+) packets? captured", of_dump), number(r"(\d+) packets? dropped by kernel", of_dump),
            number(r"(\d+) packets? \(", of_monitor), number(r"(\d+) dropped before", of_monitor))


def main():
    capture, *rates = sys.argv[1:] or sys.exit(__doc__)
    folder = tempfile.mkdtemp(prefix="heloscope-replay-")
    print(f"{'rate':>9} {'sent':>9} {'sent/s':>9} | tcpdump {'captured':>9} {'lost':>8} | heloscope"
          f" {'captured':>9} {'lost':>8}")
    try:
        for rate in map(int, rates or (10000, 50000, 100000, 200000)):
            sent, speed, dumped, dump_lost, seen, lost = replay(capture, rate, folder)
            print(f"{rate:9} {sent:9} {speed:9} | {'':7} {dumped:9} {dump_lost:8} | {'':9} {seen:9} "
                  f"{lost:8}", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
