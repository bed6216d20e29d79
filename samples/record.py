#!/usr/bin/python3 -B
"""Records the captures of this folder from real mail servers on a private loopback device.

record.py --list           names of the samples
record.py [NAME...]        records these, or all
"""

import argparse
import os
import pathlib
import signal
import smtplib
import subprocess
import sys
import time

import client
import sandbox
import scenarios
import servers

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ("unshare", "mount", "ip", "tcpdump", "swaks", "curl")
CLIENT = "127.0.0.2"
EMPTY_PCAP = 24  # octets of a pcap file's header


class Recording:
    """tcpdump for the time of a `with` block. Its ring has slots of the whole snap length, so the
    buffer of 32 MiB holds no more than 128 packets."""

    def __init__(self, path, port):
        self.command = ["tcpdump", "-i", "lo", "-s", "0", "-B", "32768", "-U", "--immediate-mode",
                        "-Z", "root", "-w", str(path), "tcp", "port", str(port)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        if "listening" not in line:
            raise RuntimeError("tcpdump: " + line + self.process.stderr.read())
        time.sleep(0.2)

    def __exit__(self, *problem):
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        _, summary = self.process.communicate()
        if "\n0 packets dropped by kernel" not in "\n" + summary:
            raise RuntimeError("tcpdump lost packets: " + summary)


def send_with_smtplib(server):
    """Python's own client, which goes on with the recipients that were accepted."""
    message = "\r\n".join(client.MESSAGE)
    with smtplib.SMTP(server.address, server.port, local_hostname="client.example.net",
                      source_address=(CLIENT, 0)) as connection:
        connection.sendmail("reports@example.net", ["nobody@example.org", "bob@example.org"],
                            message)


def play(sample, server, verbose):
    if sample.get("run") == "smtplib":
        send_with_smtplib(server)
    elif "run" in sample:
        message = server.write("message", "\r\n".join(client.MESSAGE) + "\r\n")
        command = [word.format(message=message) for word in sample["run"]]
        output = None if verbose else subprocess.DEVNULL
        # Not checked: a client whose mail was refused says so in its exit status.
        subprocess.run(command, stdout=output, stderr=output, check=False)
    else:
        client.play(sample["sessions"], sample.get("client", CLIENT), server.address, server.port,
                    verbose)


def record(sample, scratch, output, verbose):
    directory = scratch / sample["name"]
    directory.mkdir()
    server = servers.KINDS[sample["kind"]](directory, sample.get("options", ""))
    path = output / f"{sample['name']}.pcap"
    server.start()
    try:
        with Recording(path, server.port):
            play(sample, server, verbose)
    finally:
        server.stop()
    if path.stat().st_size <= EMPTY_PCAP:
        raise RuntimeError("nothing was sent")
    print(f"{sample['name']}: {path.stat().st_size} octets from {server.version()}", flush=True)


def what_is_missing(samples, scratch):
    """One line for each program that is not there, with the way to get it."""
    lines = [f"{name}: see autogen.sh --deps" for name in sandbox.find(*TOOLS)]
    for kind in sorted({sample["kind"] for sample in samples}):
        directory = scratch / f"probe-{kind}"
        directory.mkdir()
        server = servers.KINDS[kind](directory)
        lines += [f"{name}: {server.packages}" for name in server.missing()]
    return lines


def choose(names):
    known = {sample["name"]: sample for sample in scenarios.SAMPLES}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"record.py: no such sample: {', '.join(unknown)} (try --list)")
    return [known[name] for name in names] or scenarios.SAMPLES


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--packages", type=pathlib.Path, metavar="DIRECTORY",
                        help="where packages of further servers were unpacked with dpkg -x")
    parser.add_argument("--output", type=pathlib.Path, default=HERE, metavar="DIRECTORY",
                        help="where the captures go (default: this folder)")
    parser.add_argument("--verbose", action="store_true", help="show the dialogues")
    options = parser.parse_args()
    samples = choose(options.names)
    if options.list:
        for sample in samples:
            print(sample["name"])
        return 0
    if os.geteuid() != 0:
        sys.exit("record.py: must be run as root: it makes namespaces and starts mail servers")
    output = options.output.resolve()
    if sandbox.is_covered(output):
        sys.exit(f"record.py: {output} cannot be written to: use --output outside of "
                 + ", ".join(sandbox.COVERED))
    if not sandbox.inside():
        return sandbox.run_again_inside(options.packages)
    try:
        scratch = sandbox.enter()
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit(f"record.py: the machine allows no private file systems: {problem}")
    missing = what_is_missing(samples, scratch)
    if missing:
        sys.exit("record.py: missing:\n  " + "\n  ".join(missing))
    for sample in samples:
        try:
            record(sample, scratch, output, options.verbose)
        except (OSError, RuntimeError, subprocess.CalledProcessError) as problem:
            sys.exit(f"record.py: {sample['name']}: {problem}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
