# SPDX-License-Identifier: ISC
"""The installed service under a real systemd, which runs as the first process of namespaces of its own:
it starts, captures, is confined, hears reload, is started again when it dies, and ends.

    make check-service          as root; skipped where namespaces or cgroups cannot be made"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402
from support.wire import Wire  # noqa: E402

SYSTEMD = "/lib/systemd/systemd"
HISTORY = "/var/lib/heloscope/heloscope.db"
SECONDS = 30

# The system's own files with a layer above them, in which nothing is started but the service. Hierarchies
# of cgroups are those that there are, from a group of our own downwards.
INSIDE = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$FOLDER"
mkdir "$FOLDER/upper" "$FOLDER/work" "$FOLDER/root"
root=$FOLDER/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$root"
cp -r "$INSTALLED/." "$root/"
chmod 755 "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
if [ -e /sys/fs/cgroup/cgroup.procs ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    mkdir "$root/sys/fs/cgroup/systemd" "$root/sys/fs/cgroup/unified"
    mount -t cgroup -o none,name=systemd,xattr cgroup "$root/sys/fs/cgroup/systemd"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
fi
rm -rf "$root"/etc/systemd/system/*.wants
mkdir -p "$root/etc/systemd/system"
for unit in systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-remount-fs.service \
    systemd-random-seed.service systemd-udevd.service systemd-udev-trigger.service systemd-hwdb-update.service \
    proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount
do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
done
printf '[Unit]\nRequires=systemd-journald.service heloscope.service\nAfter=heloscope.service\n' \
    >"$root/etc/systemd/system/heloscope-test.target"
ip link set lo up
ip link add near type veth peer name far
for name in near far; do
    echo 1 >/proc/sys/net/ipv6/conf/$name/disable_ipv6 || true
    ip link set $name up
done
cd "$root"
mkdir -p before
pivot_root . before
umount -l /before
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
    --unit=heloscope-test.target --log-target=console --show-status=no
"""


def groups():
    """The folders of cgroups in which one of our own is made."""
    top = "/sys/fs/cgroup"
    if os.path.exists(f"{top}/cgroup.procs"):
        return [f"{top}/heloscope-test-{os.getpid()}"]
    return [f"{top}/{name}/heloscope-test-{os.getpid()}" for name in ("systemd", "unified")]


class Machine:
    def __init__(self):
        if os.geteuid() != 0 or not os.path.exists(SYSTEMD) or not shutil.which("unshare"):
            tap.skip_all("needs root, systemd and unshare(1)")
        self.folder = tempfile.mkdtemp(prefix="heloscope-systemd-")
        self.installed = tempfile.mkdtemp(prefix="heloscope-installed-")
        self.log = os.path.join(self.installed, "log")
        self.install()
        try:
            for group in groups():
                os.mkdir(group)
        except OSError as error:
            tap.skip_all(f"no cgroup can be made here: {error}")
        self.process = self.start()
        self.first = self.find_first()

    def install(self):
        subprocess.run(["make", "-s", "install", f"DESTDIR={self.installed}", "prefix=/usr", "sysconfdir=/etc"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={name: value for name, value in os.environ.items()
                            if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")})
        with open(os.path.join(self.installed, "etc", "heloscope.conf"), "w", encoding="ascii") as file:
            file.write(f"interface = near\ndb = {HISTORY}\nmetrics = /var/lib/heloscope/heloscope.prom\n")

    def start(self):
        join = "".join(f"echo $$ >{group}/cgroup.procs; " for group in groups())
        with open(self.log, "w", encoding="utf-8") as log:
            return subprocess.Popen(["sh", "-c", join + 'exec unshare --kill-child -m -p -f -n -u -i -C sh -c "$INSIDE"'],
                                    env=dict(os.environ, FOLDER=self.folder, INSTALLED=self.installed,
                                             INSIDE=INSIDE), stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=subprocess.STDOUT, start_new_session=True)

    def find_first(self):
        """The first process of the namespace, once it is systemd and its service is there."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
            with open(children, encoding="ascii") as file:
                child = file.read().split()
            if child and os.readlink(f"/proc/{child[0]}/exe").endswith("/systemd"):
                return int(child[0])
            time.sleep(0.2)
        with open(self.log, encoding="utf-8", errors="replace") as file:
            said = file.read().strip().splitlines()[-1:]
        self.end()
        tap.skip_all(f"systemd does not run in namespaces here: {said}")

    def run(self, *words, check_status=True):
        done = subprocess.run(["nsenter", "-t", str(self.first), "-m", "-p", "-n", "-u", "-i", "-C", *words],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if check_status:
            check(done.returncode == 0, f"{words} failed", done.stdout, self.journal())
        return done.stdout.strip()

    def journal(self):
        return self.run("journalctl", "-u", "heloscope", "--no-pager", "-o", "cat", check_status=False)

    def show(self, name):
        return self.run("systemctl", "show", "-p", name, "--value", "heloscope", check_status=False)

    def until(self, what, condition):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.2)
        raise AssertionError(f"waited {SECONDS} s for {what}\n{self.journal()}")

    def rows(self, sql):
        return self.run("sqlite3", "-readonly", f"/var/lib/private/heloscope/{os.path.basename(HISTORY)}", sql,
                        check_status=False)

    def send(self, frames):
        """From a process in the namespace of the network alone."""
        child = os.fork()
        if not child:
            import socket
            with open(f"/proc/{self.first}/ns/net", encoding="ascii") as space:
                import ctypes
                ctypes.CDLL(None).setns(space.fileno(), 0)
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
                out.bind(("far", 0))
                for frame in frames:
                    out.send(frame)
                    time.sleep(0.002)
            os._exit(0)
        equal(os.waitpid(child, 0)[1], 0, "sending")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()  # and by it the first process of the namespace, and so all
        self.process.wait()
        for group in groups():
            for _ in range(50):
                try:
                    for name in [folder for folder, _, _ in os.walk(group, topdown=False)]:
                        os.rmdir(name)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.1)
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.installed, ignore_errors=True)


def session(name, ended=True):
    """A session with a 503, as frames; each from a port of its own."""
    wire = Wire()
    connection = wire.connection(client=("127.0.0.1", 40000 + sum(name.encode())))
    connection.__enter__()
    connection.server("220 mx.test ESMTP\r\n")
    connection.client(f"EHLO {name}\r\n")
    connection.server("250 mx.test\r\n")
    connection.client("DATA\r\n")
    connection.server("503 5.5.1 need RCPT command\r\n")
    if ended:
        connection.client("QUIT\r\n")
        connection.server("221 bye\r\n")
        connection.__exit__(None, None, None)
    return [frame for _, frame in wire.packets]


MACHINE = None


@test("it starts: systemd is told when it listens, and what it captures is in its own folder")
def starts():
    MACHINE.until("the service", lambda: MACHINE.show("ActiveState") == "active")
    contains(MACHINE.journal(), "listening on near")
    MACHINE.send(session("first.example.com"))
    MACHINE.until("a finding", lambda: MACHINE.rows("SELECT helo FROM errors_503") == "first.example.com")


@test("its user is its own; every thread is confined, and the one that reads has no rights at all")
def confined():
    program = MACHINE.show("MainPID")
    states = {}
    for task in MACHINE.run("ls", f"/proc/{program}/task").split():
        text = MACHINE.run("cat", f"/proc/{program}/task/{task}/status")
        states[task] = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    check(len(states) >= 4, "threads", states.keys())
    equal({state["Seccomp"] for state in states.values()}, {"2"}, "seccomp")
    equal({state["NoNewPrivs"] for state in states.values()}, {"1"}, "new privileges")
    check(all(state["Uid"].split()[0] != "0" for state in states.values()), "root")
    equal(int(states[program]["CapEff"], 16), 0, "rights of the thread that reads")
    check(all(int(state["CapEff"], 16) & ~(1 << 13) == 0 for state in states.values()), "others than CAP_NET_RAW")
    metrics = MACHINE.run("cat", "/var/lib/private/heloscope/heloscope.prom")
    contains(metrics, 'heloscope_sandbox_active{mechanism="seccomp"} 1')


@test("reload: the history is moved away, and a new one is opened")
def reloads():
    folder = "/var/lib/private/heloscope"
    MACHINE.run("mv", f"{folder}/heloscope.db", f"{folder}/old.db")
    MACHINE.run("systemctl", "reload", "heloscope")
    MACHINE.send(session("second.example.com"))
    MACHINE.until("a finding", lambda: MACHINE.rows("SELECT helo FROM errors_503") == "second.example.com")


@test("it dies: it is started again, and what was open is interrupted")
def dies():
    MACHINE.send(session("third.example.com", ended=False))
    MACHINE.until("a finding", lambda: "third" in MACHINE.rows("SELECT helo FROM errors_503"))
    before = MACHINE.show("MainPID")
    MACHINE.run("kill", "-KILL", before)
    MACHINE.until("another process", lambda: MACHINE.show("MainPID") not in ("0", before)
                  and MACHINE.show("ActiveState") == "active")
    equal(MACHINE.show("NRestarts"), "1", "starts")
    MACHINE.until("the mark", lambda: MACHINE.rows("SELECT outcome FROM sessions WHERE helo = "
                                                   "'third.example.com'") == "interrupted")


@test("it ends when it is asked to, and says what it has seen")
def ends():
    MACHINE.send(session("fourth.example.com"))
    MACHINE.until("a finding", lambda: "fourth" in MACHINE.rows("SELECT helo FROM errors_503"))
    MACHINE.run("systemctl", "stop", "heloscope")
    equal((MACHINE.show("ActiveState"), MACHINE.show("Result")), ("inactive", "success"), "state")
    equal(MACHINE.rows("PRAGMA integrity_check"), "ok", "history")
    equal(MACHINE.rows("SELECT count(*) FROM sessions WHERE outcome = 'open'"), "0", "open sessions")


if __name__ == "__main__":
    MACHINE = Machine()
    try:
        tap.run()
    finally:
        MACHINE.end()
