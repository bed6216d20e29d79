# SPDX-License-Identifier: ISC
"""What a running monitor and a run of analyze may still do, by what the kernel says of their threads."""

import os
import pwd
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.mail import MailServer, troubled_session  # noqa: E402
from support.program import HELOSCOPE, Scratch, heloscope, need_program, rows  # noqa: E402
from support.running import Monitor, Running, until  # noqa: E402
from support.tap import contains, equal, test  # noqa: E402

need_program()

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples")
SAMPLE = os.path.join(SAMPLES, "postfix-no-ehlo.pcap")


def need_sandbox():
    linked = subprocess.run(["ldd", HELOSCOPE], text=True, stdout=subprocess.PIPE, check=False).stdout
    if "libasan" in linked:
        tap.skip("a build for sanitizers is not confined")
    if "libseccomp" not in linked:
        tap.skip("built without libseccomp")


def states(pid):
    """Of each thread: a dictionary of /proc/PID/task/TID/status."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as file:
            found[int(task)] = dict(line.split(":\t", 1) for line in file.read().splitlines()
                                    if ":\t" in line)
    return found


@test("the thread that reads packets is confined before it has read one, and none can gain rights")
def confined():
    need_sandbox()
    with Scratch() as scratch, MailServer() as server:
        with Monitor(scratch.path("live.db"), "tcp", "port", str(server.port)) as monitor:
            threads = states(monitor.process.pid)
            equal(threads[monitor.process.pid]["Seccomp"], "2", "the thread that reads")
            equal({state["NoNewPrivs"] for state in threads.values()}, {"1"}, "no new privileges")
            equal({state["Umask"] for state in threads.values()}, {"0077"}, "umask")
            troubled_session(server)
            monitor.prints("503")
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)


@test("analyze does all its work confined; --no-sandbox is said")
def analyze():
    with Scratch() as scratch:
        run = heloscope("analyze", "--db", scratch.path("a.db"), SAMPLE)
        equal((run.status, run.err), (0, ""), "confined")
        free = heloscope("analyze", "--no-sandbox", "--db", scratch.path("b.db"), SAMPLE)
        equal(free.status, 0, free.err)
        equal(free.out.replace("b.db", "a.db"), run.out, "what is printed")
        contains(free.err, "not confined (--no-sandbox)")
        equal(os.stat(scratch.path("a.db")).st_mode & 0o777, 0o600, "mode of the history")


@test("--user: root opens the interface, another user reads, with no rights; the history is theirs")
def other_user():
    linked = subprocess.run(["ldd", HELOSCOPE], text=True, stdout=subprocess.PIPE, check=False).stdout
    if os.geteuid() != 0 or "libcap-ng" not in linked:
        tap.skip("not root, or built without libcap-ng")
    user = pwd.getpwnam("nobody")
    with Scratch() as scratch, MailServer() as server:
        os.chmod(scratch.root, 0o755)
        folder = scratch.path("theirs")
        os.mkdir(folder)
        os.chown(folder, user.pw_uid, user.pw_gid)
        database = os.path.join(folder, "live.db")
        with Running("monitor", "-i", "lo", "--user", "nobody", "--db", database, "tcp", "port",
                     str(server.port)) as monitor:
            monitor.says("its start", lambda: "listening on lo" in monitor.err)
            for state in states(monitor.process.pid).values():
                equal(state["Uid"].split()[0], str(user.pw_uid), "user")
                equal(state["CapEff"], "0" * 16, "rights")
                equal(state["Groups"].strip(), "", "groups")
            troubled_session(server)
            monitor.prints("503")
            # Rotation still works.
            until(lambda: rows(database, "SELECT count(*) FROM unfinished") == [(0,)], "its end")
            os.rename(database, os.path.join(folder, "old.db"))
            monitor.process.send_signal(signal.SIGHUP)
            until(lambda: os.path.exists(database), "a new history")
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)
        equal(os.stat(database).st_uid, user.pw_uid, "owner of the history")


if __name__ == "__main__":
    tap.run()
