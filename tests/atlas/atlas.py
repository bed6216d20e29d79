#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What real clients do when a server refuses them: measured, and held against the program's table.

    atlas.py prepare ROOT                   makes a root of Debian 12 there with all clients in it
    atlas.py run ROOT [CLIENT...]           drives them; prints what differs from clients.tsv
        --scenario NAME                     only that, repeatable
        --captures FOLDER                   keeps each conversation as FOLDER/CLIENT--SCENARIO.pcap
        --write                             writes what was seen to clients.tsv
    atlas.py guesses                        holds guesses.tsv against clients.tsv

A client is a script in clients/: it sends one message for two recipients to 127.0.0.1. Its comments
name the packages that it is from. All of it runs in a network of its own in which there is nothing
but this machine's loopback, so that nothing leaves. Needs root, debootstrap and tcpdump."""

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from server import SCENARIOS, Server  # noqa: E402

TABLE = os.path.join(HERE, "..", "..", "analyzer", "software", "clients.tsv")
CLIENTS = os.path.join(HERE, "clients")
CLIENT_SECONDS = 45
RELEASE = "bookworm"


def mirror():
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)",
                              "Created-By: Packages"], capture_output=True, text=True, check=True).stdout
    return next(line.split()[1] for line in targets.splitlines() if line.startswith("Debian "))


class Client:
    """A script, and what its comments say: client, packages, unpacked, npm; apart: packages that the root has no
    room for, as there can be one MTA only; they lie in a layer of their own upon it."""

    def __init__(self, name):
        self.name, self.path = name, os.path.join(CLIENTS, name)
        text = open(self.path, encoding="utf-8").read()
        self.facts = {key: value.strip() for key, value in
                      re.findall(r"^(?:#|--|//|;) (client|packages|unpacked|npm|apart): (.*)$", text, re.M)}

    def words(self, key):
        return self.facts.get(key, "").split()


def clients(names):
    known = sorted(os.listdir(CLIENTS))
    for name in names:
        if name not in known:
            sys.exit(f"atlas.py: no client {name!r}; there are {' '.join(known)}")
    return [Client(name) for name in names or known]


# ------------------------------------------------------------------------------------------- the root


def inside(root, command, **more):
    environment = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                   "DEBIAN_FRONTEND": "noninteractive", "USER": "root", "LOGNAME": "root"}
    return subprocess.run(["chroot", root, "/bin/sh", "-c", command], env=environment,
                          stdin=subprocess.DEVNULL, **more)


def root_of(root, client):
    """Where its packages are. A layer is mounted first."""
    if not client.words("apart"):
        return root
    layer = os.path.join(f"{os.path.normpath(root)}.apart", client.name)
    upper, work, top = (os.path.join(layer, name) for name in ("upper", "work", "root"))
    for folder in (upper, work, top):
        os.makedirs(folder, exist_ok=True)
    if not os.path.ismount(top):
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={root},upperdir={upper},workdir={work}", top], check=True)
    return top


def install_apart(root, client):
    top = root_of(root, client)
    with open(os.path.join(top, "usr", "sbin", "policy-rc.d"), "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nexit 101\n")  # no daemon is started
    os.chmod(file.name, 0o755)
    try:
        inside(top, "apt-get install -q -y --no-install-recommends " + shlex.join(client.words("apart")), check=True)
    finally:
        subprocess.run(["umount", top], check=True)


def prepare(root, everyone):
    if not os.path.exists(os.path.join(root, "etc", "debian_version")):
        subprocess.run(["debootstrap", "--variant=minbase", RELEASE, root, mirror()], check=True)
    shutil.copy("/etc/resolv.conf", os.path.join(root, "etc"))
    packages = sorted({word for client in everyone for word in client.words("packages")})
    inside(root, "apt-get update -q && apt-get install -q -y --no-install-recommends netbase "
           + shlex.join(packages), check=True)
    for package in sorted({word for client in everyone for word in client.words("unpacked")}):
        inside(root, f"mkdir -p /opt/unpacked && cd /tmp && apt-get download -q {package} && "
               f"dpkg -x {package}_*.deb /opt/unpacked", check=True)
    for package in sorted({word for client in everyone for word in client.words("npm")}):
        folder = os.path.join(root, "opt", "npm", package)
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
                        "--prefix", folder, package], check=True)
    for client in everyone:
        if client.words("apart"):
            install_apart(root, client)


def version_and_source(root, client):
    if client.words("npm"):
        package, number = client.facts["npm"].rsplit("@", 1)
        return number, f"npm {package}"
    first = (client.words("packages") or client.words("unpacked") or client.words("apart"))[0]
    shown = inside(root, f"apt-cache policy {first} | sed -n 's/.*Candidate: //p'", capture_output=True, text=True)
    number = shown.stdout.strip()
    return re.sub(r"^\d+:", "", number), f"Debian 12, {first}"


# -------------------------------------------------------------------------------------------- a run


def tell(root, client, scenario, capture):
    """Runs one client against one scenario: the connections that it made."""
    home = os.path.join(root, "tmp", "atlas")
    os.makedirs(home, exist_ok=True)
    for path in (client.path, os.path.join(HERE, "message")):
        shutil.copy(path, home)
    watcher = None
    if capture:
        watcher = subprocess.Popen(["tcpdump", "-q", "-U", "--immediate-mode", "-i", "lo", "-s", "0", "-w", capture,
                                    "tcp port 25"], stderr=subprocess.PIPE)
        watcher.stderr.readline()
    with Server(SCENARIOS[scenario]) as server:
        try:
            inside(root, f"cd /tmp/atlas && ./{client.name}", timeout=CLIENT_SECONDS,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            pass
    if watcher:
        time.sleep(0.2)
        watcher.send_signal(signal.SIGINT)
        watcher.wait()
    return server.connections


def behaviour(scenario, connections):
    """"QUIT, closes", for each connection; the same again is counted."""
    told = [c.behind_refusal() if SCENARIOS[scenario].refusals else c.whole() for c in connections]
    out = []
    for each in told:
        if out and out[-1][0] == each:
            out[-1][1] += 1
        else:
            out.append([each, 1])
    return " // ".join(each if n == 1 else f"{each} ({n} times)" for each, n in out) or "does not connect"


def measure(root, client, captures, scenarios):
    """(situation, what the client does), in the order of the scenarios."""
    rows = []
    for scenario in scenarios:
        name = f"{client.name}--{scenario.replace(' ', '-')}.pcap"
        connections = tell(root, client, scenario, captures and os.path.join(captures, name))
        if scenario == "accepted" and connections:
            said = connections[0].lines
            for place, verb in (("hello", "[EH]"), ("MAIL", "MAIL"), ("RCPT", "RCPT")):
                rows += [(place, line) for line in said if re.match(verb, line, re.I)][:1]
        rows.append((scenario, behaviour(scenario, connections)))
    return rows


HEADER = """# What real clients do when a server refuses them, measured with tests/atlas/atlas.py: one message for two
# recipients, to a server that offers PIPELINING, SIZE, 8BITMIME, DSN, SMTPUTF8 and CHUNKING ("plain": nothing).
# Columns, separated by one TAB each: client, version, source, situation, what the client does then. A plus joins
# what did not wait for the reply to its predecessor, a double slash the connections that it made. "to change" is
# not measured: the setting, or the line of a program, that makes it do otherwise.
"""


def read_table():
    """(client, version) -> {situation: (source, does)}"""
    table = {}
    if os.path.exists(TABLE):
        for line in open(TABLE, encoding="utf-8"):
            if not line.startswith("#") and line.strip():
                client, number, source, situation, does = line.rstrip("\n").split("\t")
                table.setdefault((client, number), {})[situation] = (source, does)
    return table


def write_table(table):
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write(HEADER)
        for client, number in sorted(table, key=lambda key: (key[0].lower(), key[1])):
            for situation, (source, does) in table[client, number].items():
                file.write("\t".join((client, number, source, situation, does)) + "\n")


def furnish(root):
    with open(os.path.join(root, "etc", "hosts"), "w", encoding="utf-8") as hosts:
        hosts.write("127.0.0.1 localhost\n127.0.1.1 relay.example.com relay\n")
    for place, kind in (("proc", "proc"), ("dev", "devtmpfs")):
        subprocess.run(["mount", "-t", kind, kind, os.path.join(root, place)], check=True)


def run(base, everyone, captures, write, scenarios):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", "127.0.0.2/8", "dev", "lo"], check=True)  # an MTA is not its own relay
    subprocess.run(["hostname", "relay"], check=True)
    furnish(base)
    if captures:
        os.makedirs(captures, exist_ok=True)
    table, differing = read_table(), 0
    for client in everyone:
        root = root_of(base, client)
        if root != base:
            furnish(root)
        number, source = version_and_source(root, client)
        known = table.setdefault((client.facts["client"], number), {})
        for situation, does in measure(root, client, captures, scenarios):
            if known.get(situation, ("", ""))[1] != does:
                differing += 1
                print(f"{client.name} {number}, {situation}: {does}\n    the table has: "
                      f"{known.get(situation, ('', 'nothing'))[1]}", flush=True)
            known[situation] = (source, does)
        if write:
            write_table(table)
    print(f"{len(everyone)} clients, {differing} differences")
    return 1 if differing and not write else 0


def guesses():
    """How good somebody's guesses were, cell by cell."""
    measured = {(client, situation): does for (client, _), rows in read_table().items()
                for situation, (_, does) in rows.items()}
    right = count = 0
    for line in open(os.path.join(HERE, "guesses.tsv"), encoding="utf-8"):
        if line.startswith("#"):
            continue
        client, situation, guess = line.rstrip("\n").split("\t")
        does = measured.get((client, situation), "not measured")
        count += 1
        right += does == guess
        if does != guess:
            print(f"{client}, {situation}: {guess}\n    measured: {does}")
    print(f"{right} of {count} are right")
    return 0


def main():
    parser = argparse.ArgumentParser(description="What real clients do when they are refused.")
    parser.add_argument("action", choices=("prepare", "run", "guesses"))
    parser.add_argument("root", nargs="?")
    parser.add_argument("client", nargs="*")
    parser.add_argument("--captures")
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.action == "guesses":
        return guesses()
    if not arguments.root:
        parser.error("which root?")
    everyone = clients(arguments.client)
    if arguments.action == "prepare":
        prepare(arguments.root, everyone)
        return 0
    if not os.environ.get("ATLAS_APART"):
        os.environ["ATLAS_APART"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--uts", "--mount", "--", sys.executable, *sys.argv])
    return run(arguments.root, everyone, arguments.captures, arguments.write,
               arguments.scenario or list(SCENARIOS))


if __name__ == "__main__":
    sys.exit(main())
