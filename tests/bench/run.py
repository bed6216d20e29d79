# SPDX-License-Identifier: ISC
"""The bench: heloscope beside its floors and its peers, on captures that `generate` makes.

    run.py [PART ...]        parts: workloads tls instructions growth queries micro (all of them when none is named)

BENCH_SCALE      share of the full sizes, 1 = full; the default takes about five minutes
BENCH_ROUNDS     rounds of each workload; in a round every program runs once, on the same file
BENCH_WORKLOADS  which ones ("small wide"); all of them by default
BENCH_PROGRAMS   which programs ("heloscope floor_read"); all that are installed by default
BENCH_PEERS      which of other people's programs ("tshark suricata"); those that are not installed are
                 skipped with a word
BENCH_BASE       an older build, its folder or its program: it runs beside as `base`
BENCH_BUILD      the folder of the built programs, by default the current one
BENCH_DATA       where captures and histories go and are removed again, by default BENCH_BUILD

Medians are printed: seconds of CPU (user and system), seconds of wall time, peak memory; at the end
ratios of this run, each beside what it should be."""

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("BENCH_BUILD", "."))
BASE = os.environ.get("BENCH_BASE", "")
BASE = os.path.join(BASE, "heloscope") if os.path.isdir(BASE) else BASE
SCALE = float(os.environ.get("BENCH_SCALE", "0.1"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))

# A workload: its words for the generator. Counts with a factor shrink with the scale.
WORKLOADS = {
    "small": {"sessions": 300000 * SCALE, "open": 200, "ip6": 0.1},
    "bulk": {"sessions": 2000 * SCALE, "open": 50, "faulty": 0,
             "size-min": 1000000, "size-max": 2000000},
    "wide": {"sessions": 500000 * SCALE, "open": 500000 * SCALE, "ip6": 0.1},
    "dirty": {"sessions": 150000 * SCALE, "open": 200, "ip6": 0.2, "tagged": 0.5, "lost": 0.01,
              "twice": 0.05, "late": 0.02, "repeated": 0.01},
    "mixed": {"sessions": 50000 * SCALE, "open": 200, "ip6": 0.1, "other": 0.7, "odd-ports": 0.2},
    "starttls": {"sessions": 150000 * SCALE, "open": 200, "ip6": 0.1, "starttls": 0.8,
                 "implicit-tls": 0.1},
}


def built(name):
    return os.path.join(BUILD, name if name == "heloscope" else f"tests/bench/{name}")


# A program: what it is called, and its words for a capture and a history.
PROGRAMS = {
    "heloscope": lambda pcap, db: [built("heloscope"), "analyze", "--db", db, pcap],
    "base": lambda pcap, db: [BASE, "analyze", "--db", db, pcap],
    "floor_read": lambda pcap, db: [built("floor_read"), pcap],
    "floor_sqlite": lambda pcap, db: [built("floor_sqlite"), db, f"{db}.copy"],
    "tshark": lambda pcap, db: ["tshark", "-r", pcap, "-Y", "smtp", "-T", "fields",
                                "-e", "tcp.stream", "-e", "smtp.req.command",
                                "-e", "smtp.response.code"],
    "tcpflow": lambda pcap, db: ["tcpflow", "-c", "-r", pcap],
    "ndpiReader": lambda pcap, db: ["ndpiReader", "-q", "-i", pcap],
    # Without rules; SMTP is decoded and told in eve.json, as its configuration has it. Room for all flows.
    "suricata": lambda pcap, db: ["suricata", "-S", "/dev/null", "-k", "none", "-l", f"{db}.suricata", "-r", pcap,
                                  "--set", "flow.memcap=4gb", "--set", "stream.memcap=4gb",
                                  "--set", "stream.reassembly.memcap=8gb"],
}
OURS = ("heloscope", "base", "floor_read", "floor_sqlite")

# What the CPU of heloscope should be at most, as a share of that of another program on the same file. The
# floors are those of reading and of storing together.
LIMITS = {
    "small": {"base": 0.65, "floors": 0.95, "suricata": 0.35, "tshark": 1 / 22},
    "wide": {"base": 0.50, "suricata": 0.60, "tshark": 1 / 10},
    "bulk": {"base": 1, "suricata": 1, "tshark": 1 / 20},
    "dirty": {"base": 0.75, "suricata": 1, "tshark": 1 / 20},
    "mixed": {"base": 1, "suricata": 1, "tshark": 1 / 20},
    "starttls": {"base": 1, "suricata": 1, "tshark": 1 / 20},
}
STORED_LIMIT = 0.85        # octets of history, as a share of the base's
INSTRUCTIONS_LIMIT = 0.60  # of `small`, as a share of the base's
WIDE_INSTRUCTIONS = 1.3    # of `wide`, as a multiple of those of `small`
OPEN_LIMIT = 1024          # octets of memory for each open session

skipped = set()  # peers that are not installed, once that was said
ratios = []  # what was measured, the value, its limit


class Cost:
    """What one run of a program took."""

    def __init__(self, cpu, wall, peak, out=""):
        self.cpu, self.wall, self.peak, self.out = cpu, wall, peak, out


def run(words, keep=False):
    """Runs a program to its end. Its output is thrown away unless it is asked for."""
    with tempfile.NamedTemporaryFile("r") as report:
        done = subprocess.run([built("cost"), report.name, *words], text=True,
                              stdout=subprocess.PIPE if keep else subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=True)
        status, cpu, wall, peak = report.read().split()
    if status != "0":
        sys.exit(f"bench: {' '.join(words)}: exit status {status}")
    return Cost(float(cpu), float(wall), int(peak), done.stdout)


def chosen_programs():
    """Those that were asked for and are there. The floor of SQLite writes what heloscope wrote: without that
    there is none."""
    chosen = os.environ.get("BENCH_PROGRAMS", "").split() or list(PROGRAMS)
    if "BENCH_PEERS" in os.environ:
        peers = os.environ["BENCH_PEERS"].split()
        chosen = [name for name in chosen if name in OURS] + peers
        for name in peers:
            if name not in PROGRAMS:
                sys.exit(f"bench: BENCH_PEERS: no program is called {name}")
            if not shutil.which(name) and name not in skipped:
                print(f"{name} is not installed: it is skipped")
                skipped.add(name)
    return [name for name in PROGRAMS if name in chosen
            and (bool(BASE) if name == "base" else name in OURS or shutil.which(name))
            and (name != "floor_sqlite" or "heloscope" in chosen)]


def remove(*paths):
    for path in paths:
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(path + ending):
                os.remove(path + ending)


def generate(workload, path, **changes):
    """Writes the capture; returns the number of its packets and octets."""
    words = {**WORKLOADS[workload], **changes}
    for name in ("sessions", "open"):
        words[name] = max(1, round(words[name]))
    with open(path, "wb") as file:
        done = subprocess.run([built("generate"), *(f"{k}={v}" for k, v in words.items())],
                              stdout=file, stderr=subprocess.PIPE, text=True, check=True)
    counts = done.stderr.replace(",", "").split()
    return int(counts[0]), int(counts[2]), os.path.getsize(path)


def measure(program, pcap, db):
    """One run. The floor of SQLite says itself what it spent on writing alone."""
    if program == "base":
        db = f"{db}.base"
    if program in ("heloscope", "base"):
        remove(db)
    if program == "suricata":
        shutil.rmtree(f"{db}.suricata", ignore_errors=True)
        os.mkdir(f"{db}.suricata")
    if program == "floor_sqlite":
        remove(f"{db}.copy")
        cost = run(PROGRAMS[program](pcap, db), keep=True)
        cpu, wall, _ = map(float, cost.out.split())
        return Cost(cpu, wall, cost.peak)
    return run(PROGRAMS[program](pcap, db))


def median(costs):
    return Cost(*(statistics.median(getattr(c, name) for c in costs)
                  for name in ("cpu", "wall", "peak")))


def show_table(title, medians, sessions, packets, octets, stored):
    read, store = medians.get("floor_read"), medians.get("floor_sqlite")
    ours = medians.get("heloscope")
    print(f"\n### {title}: {sessions:,} sessions, {packets:,} packets, {octets / 1e6:,.0f} MB\n")
    print("| program | CPU s | wall s | peak MB | CPU of heloscope / its own |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, cost in medians.items():
        peak = "" if name == "floor_sqlite" else f"{cost.peak / 1e6:.1f}"
        ratio = f"{ours.cpu / cost.cpu:.2f}" if ours and cost.cpu else ""
        print(f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {peak} | {ratio} |")
    if not ours:
        return
    print(f"\nheloscope: {ours.cpu / sessions * 1e6:.2f} us of CPU a session, "
          f"{ours.cpu / packets * 1e9:.0f} ns a packet, {stored / sessions:.0f} octets of history "
          f"a session")
    if read and store:
        print(f"CPU / (read floor + SQLite floor): {ours.cpu / (read.cpu + store.cpu):.2f}; "
              f"wall / the larger of the two: {ours.wall / max(read.wall, store.wall):.2f}")


def workloads(folder):
    chosen = os.environ.get("BENCH_WORKLOADS", "").split() or list(WORKLOADS)
    for workload in chosen:
        pcap, db = os.path.join(folder, "bench.pcap"), os.path.join(folder, "bench.db")
        sessions, packets, octets = generate(workload, pcap)
        names = chosen_programs()
        costs = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name in names:
                costs[name].append(measure(name, pcap, db))
        stored = os.path.getsize(db) if os.path.exists(db) else 0
        medians = {name: median(of) for name, of in costs.items()}
        show_table(workload, medians, sessions, packets, octets, stored)
        note_ratios(workload, medians)
        if workload == "small" and os.path.exists(f"{db}.base"):
            ratios.append(("small: history / base", stored / os.path.getsize(f"{db}.base"), STORED_LIMIT))
        sys.stdout.flush()
        remove(pcap, db, f"{db}.copy", f"{db}.base")


def note_ratios(workload, medians):
    ours = medians.get("heloscope")
    others = {name: cost.cpu for name, cost in medians.items()}
    if "floor_read" in others and "floor_sqlite" in others:
        others["floors"] = others["floor_read"] + others["floor_sqlite"]
    for name, limit in LIMITS[workload].items():
        if ours and others.get(name):
            ratios.append((f"{workload}: CPU / {name}", ours.cpu / others[name], limit))


def count_instructions(words):
    with tempfile.NamedTemporaryFile("r") as report:
        subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                        f"--log-file={report.name}", *words], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)
        return int(report.read().split("Collected :")[1].split()[0])


def instructions(folder):
    """Of a session, by the difference of two sizes: the same in every run, whatever else the machine does."""
    print("\n### instructions of a session\n")
    if not shutil.which("valgrind"):
        print("valgrind is not installed: they are not counted")
        return
    pcap, db = os.path.join(folder, "bench.pcap"), os.path.join(folder, "bench.db")
    names = [name for name in chosen_programs() if name in ("heloscope", "base")]
    counts = {}
    print("| workload | " + " | ".join(names) + " |\n| --- |" + " ---: |" * len(names))
    for workload, few, many in (("small", 500, 1500), ("wide", 500, 1500)):
        for name in names:
            totals = []
            for sessions in (few, many):
                generate(workload, pcap, sessions=sessions, open=200 if workload == "small" else sessions)
                remove(db)
                totals.append(count_instructions(PROGRAMS[name](pcap, db)))
            counts[workload, name] = (totals[1] - totals[0]) / (many - few)
        print(f"| {workload} | " + " | ".join(f"{counts[workload, name]:,.0f}" for name in names) + " |")
        sys.stdout.flush()
    if ("small", "base") in counts:
        ratios.append(("small: instructions / base", counts["small", "heloscope"] / counts["small", "base"],
                       INSTRUCTIONS_LIMIT))
    ratios.append(("instructions of wide / small", counts["wide", "heloscope"] / counts["small", "heloscope"],
                   WIDE_INSTRUCTIONS))
    remove(pcap, db)


def show_ratios():
    if not ratios:
        return
    print("\n### ratios, and what they should be at most\n")
    print("| what | measured | at most | |\n| --- | ---: | ---: | --- |")
    for what, value, limit in ratios:
        form = ",.0f" if limit > 10 else ".3f"
        print(f"| {what} | {value:{form}} | {limit:{form}} | {'' if value <= limit else 'missed'} |")


def tls(folder):
    """The same sessions in clear text and inside TLS with their key log."""
    if not os.path.exists(built("inside_tls")):
        return  # built without it
    paths = [os.path.join(folder, name) for name in ("bench.pcap", "tls.pcap", "bench.keys", "bench.db")]
    plain, inside, keys, db = paths
    for workload in ("small", "bulk"):
        sessions, _, _ = generate(workload, plain)
        with open(inside, "wb") as file:
            done = subprocess.run([built("inside_tls"), plain, keys], stdout=file,
                                  stderr=subprocess.PIPE, text=True, check=True)
        library = float(done.stderr.split()[-2])
        ours = [built("heloscope"), "analyze", "--db", db]
        programs = {"heloscope, clear text": [*ours, plain],
                    "heloscope, TLS": [*ours, "--keylog", keys, inside],
                    "heloscope, TLS without keys": [*ours, inside]}
        if "tshark" in chosen_programs():
            programs["tshark, TLS"] = ["tshark", "-r", inside, "-o", f"tls.keylog_file:{keys}",
                                       "-d", "tls.port==465,smtp", "-Y", "smtp", "-T", "fields",
                                       "-e", "smtp.req.command", "-e", "smtp.response.code"]
        costs = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, words in programs.items():
                remove(db)
                costs[name].append(run(words))
                if name == "heloscope, TLS":
                    with sqlite3.connect(db) as history:
                        read = history.execute("SELECT count(*) FROM sessions WHERE tls_hidden IS NULL "
                                               "AND messages > 0").fetchone()[0]
        print(f"\n### tls, the sessions of {workload}: {sessions:,}, "
              f"{os.path.getsize(inside) / 1e6:,.0f} MB, {read:,} with a message read\n")
        print("| program | CPU s | wall s | peak MB |\n| --- | ---: | ---: | ---: |")
        costs = {name: median(of) for name, of in costs.items()}
        for name, cost in costs.items():
            print(f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.peak / 1e6:.1f} |")
        floor = costs["heloscope, clear text"].cpu + library
        print(f"\nlibcrypto alone {library:.2f} s; CPU / (clear text + libcrypto): "
              f"{costs['heloscope, TLS'].cpu / floor:.2f}")
        sys.stdout.flush()
        remove(*paths)


def growth(folder):
    """CPU has to grow with the sessions, memory only with those that are open at once."""
    pcap, db = os.path.join(folder, "bench.pcap"), os.path.join(folder, "bench.db")
    for workload, grown in (("small", ("sessions",)), ("wide", ("sessions", "open"))):
        print(f"\n### growth of {workload}\n")
        print("| sessions | CPU s | us a session | wall s | peak MB |")
        print("| ---: | ---: | ---: | ---: | ---: |")
        peaks = []
        for share in (0.1, 1 / 3, 1):
            changes = {word: WORKLOADS[workload][word] * share for word in grown}
            sessions, _, _ = generate(workload, pcap, **changes)
            cost = median([measure("heloscope", pcap, db) for _ in range(ROUNDS)])
            peaks.append((sessions, cost.peak))
            print(f"| {sessions:,} | {cost.cpu:.2f} | {cost.cpu / sessions * 1e6:.2f} | "
                  f"{cost.wall:.2f} | {cost.peak / 1e6:.1f} |")
        (few, low), (many, high) = peaks[0], peaks[-1]
        print(f"\nmemory for each more: {(high - low) / (many - few):.0f} octets a session")
        if workload == "wide":
            ratios.append(("wide: octets of memory for an open session", (high - low) / (many - few), OPEN_LIMIT))
        sys.stdout.flush()
    remove(pcap, db)


QUERIES = {
    "errors_503": "SELECT * FROM errors_503",
    "timeline of one session": "SELECT * FROM timeline WHERE session_id = "
                               "(SELECT max(session_id) / 2 FROM sessions)",
    **{view: f"SELECT * FROM {view}" for view in (
        "errors_by_cause", "errors_by_client", "errors_by_server", "errors_by_software",
        "errors_by_client_software", "errors_by_day", "errors_by_hour", "recurring_problems")},
}


def queries(folder):
    """What people wait for, on a file that was read before."""
    pcap, db = os.path.join(folder, "bench.pcap"), os.path.join(folder, "bench.db")
    sessions, _, _ = generate("small", pcap, sessions=1000000 * SCALE)
    measure("heloscope", pcap, db)
    remove(pcap)
    print(f"\n### queries on {sessions:,} sessions, {os.path.getsize(db) / 1e6:,.0f} MB\n")
    print("| query | rows | s |\n| --- | ---: | ---: |")
    connection = sqlite3.connect(db)
    for name, sql in QUERIES.items():
        times = []
        for _ in range(ROUNDS + 1):
            began = time.monotonic()
            rows = len(connection.execute(sql).fetchall())
            times.append(time.monotonic() - began)
        print(f"| {name} | {rows:,} | {statistics.median(times[1:]):.3f} |")
    connection.close()
    remove(db)


def micro(folder):
    print("\n### stages\n")
    print(run([built("micro"), os.path.join(folder, "micro.db")], keep=True).out, end="")
    remove(os.path.join(folder, "micro.db"))


PARTS = {"workloads": workloads, "tls": tls, "instructions": instructions, "growth": growth,
         "queries": queries, "micro": micro}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    versions = ", ".join(f"{name} {version}" for name, version in (
        ("SQLite", sqlite3.sqlite_version),
        ("kernel", os.uname().release)))
    print(f"{time.strftime('%Y-%m-%d')}, {model[0] if model else 'unknown processor'}, "
          f"{os.cpu_count()} cores, {versions}, scale {SCALE:g}, medians of {ROUNDS} rounds")


def main():
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"bench: no part is called {unknown[0]}\n\n{__doc__}")
    machine()
    data = os.environ.get("BENCH_DATA", BUILD)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=data) as folder:
        for name in names:
            PARTS[name](folder)
    show_ratios()


if __name__ == "__main__":
    main()
