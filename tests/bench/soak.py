# SPDX-License-Identifier: ISC
"""A monitor for as long as one likes, under a steady load, with a bound on its history, a reader in a loop,
a key log that is rotated and SIGHUP each minute. As root:

    HELOSCOPE=./heloscope python3 tests/bench/soak.py CAPTURE [SECONDS [PACKETS_PER_SECOND]]

Each ten seconds it prints memory, the sizes of the history and its WAL, and the longest wait for the lock so
far; at the end what was lost. Memory must be flat once SQLite's cache is full, nothing lost, the history
within its bound."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support.network import Pair  # noqa: E402

HELOSCOPE = os.environ.get("HELOSCOPE", "./heloscope")
BOUND = "40M"
SAMPLE_SECONDS = 10


class Beside:
    """What others do with the history meanwhile."""

    def __init__(self, database):
        self.database, self.over, self.waits, self.reads = database, threading.Event(), [], 0
        self.threads = [threading.Thread(target=each) for each in (self.lock, self.read)]
        for thread in self.threads:
            thread.start()

    def lock(self):
        while not self.over.wait(1):
            history = sqlite3.connect(self.database, timeout=30, isolation_level=None)
            begun = time.monotonic()
            history.execute("BEGIN IMMEDIATE")
            self.waits.append(time.monotonic() - begun)
            history.execute("ROLLBACK")
            history.close()

    def read(self):
        while not self.over.wait(2):
            subprocess.run(["sqlite3", "-readonly", self.database, "SELECT * FROM errors_by_cause"],
                           stdout=subprocess.DEVNULL, check=True)
            self.reads += 1

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def memory(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def watch(monitor, replay, database, keys, beside):
    begun, turns = time.monotonic(), 0
    while replay.poll() is None:
        longest = max(beside.waits, default=0) * 1000
        print(f"{time.monotonic() - begun:7.0f} s {memory(monitor):9} kB {size(database):11} octets, WAL "
              f"{size(database + '-wal'):10}, lock at most {longest:.0f} ms", flush=True)
        turns += 1
        with open(keys, "a", encoding="ascii") as file:
            file.write(f"CLIENT_RANDOM {turns:064x} {turns:096x}\n")
        if turns % 6 == 0:
            os.rename(keys, keys + ".1")
            open(keys, "w", encoding="ascii").close()
            monitor.send_signal(signal.SIGHUP)
        time.sleep(SAMPLE_SECONDS)


def soak(capture, seconds, rate, folder):
    database, keys = os.path.join(folder, "live.db"), os.path.join(folder, "keys.log")
    open(keys, "w", encoding="ascii").close()
    with Pair() as pair:
        monitor = subprocess.Popen([HELOSCOPE, "monitor", "-q", "-i", pair.near, "--db", database, "--keylog", keys,
                                    "--max-size", BOUND])
        while not os.path.exists(database):
            time.sleep(0.1)
        time.sleep(1)
        beside = Beside(database)
        replay = subprocess.Popen(["tcpreplay", "-q", "-K", "--loop", "100000", "--duration", seconds, "--pps",
                                   rate, "-i", pair.far, capture], stdout=subprocess.DEVNULL)
        try:
            watch(monitor, replay, database, keys, beside)
        finally:
            beside.end()
            monitor.send_signal(signal.SIGTERM)
            print(f"status {monitor.wait()}")
    history = sqlite3.connect(database)
    print("packets, lost, sessions, 503s:", *history.execute(
        "SELECT sum(packets), sum(dropped), sum(sessions), sum(errors_503) FROM capture_stats").fetchone())
    print("integrity:", *history.execute("PRAGMA integrity_check").fetchone())
    print(f"{beside.reads} reads, {len(beside.waits)} times the lock, at most {max(beside.waits) * 1000:.0f} ms")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    words = sys.argv[1:] + ["1800", "400"][len(sys.argv) - 2:]
    folder = tempfile.mkdtemp(prefix="heloscope-soak-")
    try:
        soak(*words[:3], folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
