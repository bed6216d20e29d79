"""A private view of the machine in which a mail server can be started and thrown away.

Mail servers insist on users, on paths and on a host name of their own. Namespaces give them all
three without touching the machine: a network with nothing but a loopback device, a host name from
RFC 2606, a process tree that dies with its first process, and file systems in which everything
that is written goes to memory. Unpacked packages can be laid under /usr, /etc and /var, so that
servers whose packages exclude each other can stand side by side."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HOST = "mx.example.org"
COVERED = ("/etc", "/usr", "/run", "/var/lib", "/var/spool")
INSIDE = "HELOSCOPE_SAMPLES_SCRATCH"
PACKAGES = "HELOSCOPE_SAMPLES_PACKAGES"

# Users that the servers look up by name; added where the machine does not have them.
USERS = {
    "postfix": 901,
    "Debian-exim": 902,
    "opensmtpd": 903,
    "opensmtpq": 904,
    "dovecot": 905,
    "dovenull": 906,
    "vmail": 907,
}
GROUPS = {"postdrop": 910}


def inside():
    return INSIDE in os.environ


def is_covered(path):
    """Whether what is written to `path` inside would be thrown away."""
    return any(path.is_relative_to(directory) for directory in COVERED)


def run_again_inside(packages):
    """Runs this very command in its own namespaces; returns its exit status."""
    with tempfile.TemporaryDirectory(prefix="heloscope-samples.") as scratch:
        environment = dict(os.environ, **{INSIDE: scratch})
        if packages:
            environment[PACKAGES] = str(packages.resolve())
            environment.setdefault("NODE_PATH", str(packages.resolve() / "node_modules"))
        return subprocess.call(
            ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child",
             "--mount-proc", "--propagation", "private", sys.executable] + sys.argv,
            env=environment)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def cover(directory, upper, packages):
    """Lets writes below `directory` go to `upper`, and shows the unpacked packages in it."""
    lower = [directory]
    if packages and (packages / directory[1:]).is_dir():
        lower.insert(0, str(packages / directory[1:]))
    for part in ("upper", "work"):
        (upper / part).mkdir(parents=True)
    mount("-t", "overlay", "overlay", "-o",
          f"lowerdir={':'.join(lower)},upperdir={upper}/upper,workdir={upper}/work", directory)


def add_missing(path, entries, line):
    known = {entry.split(":")[0] for entry in path.read_text().splitlines()}
    with path.open("a") as file:
        for name, number in entries.items():
            if name not in known:
                file.write(line.format(name=name, number=number) + "\n")


def enter():
    """Sets the namespace up; returns a scratch directory that is held in memory."""
    scratch = pathlib.Path(os.environ[INSIDE])
    packages = pathlib.Path(os.environ[PACKAGES]) if PACKAGES in os.environ else None
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(scratch))
    for directory in COVERED:
        cover(directory, scratch / "overlay" / directory.replace("/", "_"), packages)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["hostname", HOST], check=True)
    pathlib.Path("/etc/hosts").write_text(f"127.0.0.1 {HOST} localhost\n::1 {HOST} localhost\n")
    pathlib.Path("/etc/mailname").write_text(HOST + "\n")
    pathlib.Path("/etc/resolv.conf").write_text("")
    add_missing(pathlib.Path("/etc/passwd"), USERS,
                "{name}:x:{number}:{number}::/nonexistent:/bin/false")
    add_missing(pathlib.Path("/etc/group"), {**USERS, **GROUPS}, "{name}:x:{number}:")
    work = scratch / "work"
    work.mkdir()
    return work


def find(*programs):
    """Names of those programs that cannot be found."""
    return [program for program in programs if not shutil.which(program)]
