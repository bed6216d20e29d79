# SPDX-License-Identifier: ISC
"""What a running monitor and a run of analyze may still do, by what the kernel says of their threads."""

import ctypes
import errno
import os
import pwd
import signal
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.mail import MailServer, troubled_session  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, Scratch, heloscope, need_program, rows  # noqa: E402
from support.running import Monitor, Running, until  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

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
            equal({state["Seccomp"] for state in threads.values()}, {"2"}, "those that capture and print, too")
            check(int(threads[monitor.process.pid]["Seccomp_filters"])
                  > min(int(state["Seccomp_filters"]) for state in threads.values()), "the one that reads, more")
            equal({state["NoNewPrivs"] for state in threads.values()}, {"1"}, "no new privileges")
            equal({state["Umask"] for state in threads.values()}, {"0077"}, "umask")
            troubled_session(server)
            monitor.prints("503")
            equal(monitor.stop(signal.SIGTERM), 0, monitor.err)


def without(number):
    """For preexec_fn: a kernel that does not have that call."""
    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    def statement(code, yes, no, k):
        return struct.pack("HBBI", code, yes, no, k)

    def install():
        code = ctypes.create_string_buffer(statement(0x20, 0, 0, 0)  # the number of the call
                                           + statement(0x15, 0, 1, number)
                                           + statement(0x06, 0, 0, 0x00050000 | errno.ENOSYS)
                                           + statement(0x06, 0, 0, 0x7FFF0000))
        program = Filter(4, ctypes.cast(code, ctypes.c_void_p))
        library = ctypes.CDLL(None, use_errno=True)
        if library.prctl(38, 1, 0, 0, 0) or library.prctl(22, 2, ctypes.byref(program)):
            os._exit(99)
    return install


@test("a monitor says which mechanism this kernel does not have, in its log and in its metrics")
def missing():
    need_sandbox()
    landlock = 444 if os.uname().machine in ("x86_64", "aarch64") else tap.skip("another processor")
    with Scratch() as scratch:
        metrics = scratch.path("m.prom")
        for lacks in (False, True):
            words = [HELOSCOPE, "monitor", "-i", "lo", "--db", scratch.path("live.db"), "--metrics", metrics,
                     "tcp", "port", "9"]
            monitor = subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                       text=True, preexec_fn=without(landlock) if lacks else None)
            said = ""
            while "listening on" not in said:
                line = monitor.stderr.readline()
                check(line, "it has ended", said) if "permi" not in said else tap.skip(said)
                said += line
            until(lambda: os.path.exists(metrics), "metrics")
            monitor.send_signal(signal.SIGTERM)
            said += monitor.communicate()[1]
            with open(metrics, encoding="ascii") as file:
                text = file.read()
            os.unlink(metrics)
            if lacks:
                contains(said, "no Landlock")
                contains(text, 'heloscope_sandbox_active{mechanism="landlock"} 0\n')
            contains(text, 'heloscope_sandbox_active{mechanism="seccomp"} 1\n')


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
