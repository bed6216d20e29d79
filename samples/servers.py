"""The servers that the samples are recorded from, each with a scratch configuration of its own.

They share one policy: clients from 127.0.0.66 and the HELO name bad.example.net are refused, so is
every sender in blocked.example, and alice, bob and carol at example.org have mailboxes."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import sandbox

HERE = pathlib.Path(__file__).resolve().parent
PORT = 2525
LMTP_PORT = 10024
START_S = 20


class Server:
    """One kind of server: what it needs, how it is started, what its version is."""

    port = PORT
    address = "127.0.0.1"
    needs = ()      # programs
    packages = ""   # how to get them

    def __init__(self, scratch, options=""):
        self.directory = scratch
        self.options = options
        self.log = (scratch / "log").open("wb")

    def missing(self):
        return sandbox.find(*self.needs)

    def start(self):
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL, env=self.environment())
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection((self.address, self.port), 1).close()
                time.sleep(0.5)
                return
            except OSError:
                time.sleep(0.1)
        log = (self.directory / "log").read_text(errors="replace")
        raise RuntimeError(f"{type(self).__name__} does not answer on port {self.port}:\n{log}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def environment(self):
        return dict(os.environ)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def certificate(self):
        """A self-signed certificate and its key, good for a day."""
        key, certificate = self.directory / "key.pem", self.directory / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                        "-subj", f"/CN={sandbox.HOST}", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        key.chmod(0o644)
        return certificate, key


def output(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    return result.stdout + result.stderr


class Postfix(Server):
    needs = ("postfix", "postconf", "openssl")
    packages = "apt-get install postfix"

    MAIN = """
compatibility_level = 3.6
myhostname = mx.example.org
mydestination =
relay_domains = example.org
relay_recipient_maps = texthash:{directory}/mailboxes
relay_transport = discard:
mynetworks = 127.0.0.99
inet_interfaces = 127.0.0.1, ::1
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/postfix.log
maillog_file_prefixes = /
smtpd_delay_reject = no
smtpd_helo_required = yes
smtpd_client_restrictions = check_client_access texthash:{directory}/clients
smtpd_helo_restrictions = check_helo_access texthash:{directory}/helos
smtpd_sender_restrictions = check_sender_access texthash:{directory}/senders
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_reject_unlisted_recipient = yes
smtpd_peername_lookup = no
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = {tls}
smtpd_error_sleep_time = 0
alias_maps =
local_recipient_maps =
"""
    MASTER = """
127.0.0.1:2525 inet n - n - - smtpd
[::1]:2525 inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
discard unix - - n - - discard
error unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

    def command(self):
        directory = self.directory
        certificate, key = self.certificate()
        self.write("mailboxes", "".join(f"{name}@example.org ok\n"
                                        for name in ("alice", "bob", "carol")))
        self.write("clients", "127.0.0.66 REJECT no mail from you\n")
        self.write("helos", "bad.example.net REJECT bad name\n")
        self.write("senders", "blocked.example REJECT sender is blocked\n")
        for name in ("queue", "data"):
            (directory / name).mkdir()
        shutil.chown(directory / "data", "postfix", "postfix")
        self.write("main.cf", self.MAIN.format(
            directory=directory, certificate=certificate, key=key,
            tls="may" if "tls" in self.options else "none"))
        self.write("master.cf", self.MASTER)
        return ["postfix", "-c", str(directory), "start-fg"]

    def stop(self):
        subprocess.run(["postfix", "-c", str(self.directory), "stop"], capture_output=True)
        super().stop()

    def version(self):
        return "Postfix " + output("postconf", "-dh", "mail_version").strip()


class Exim(Server):
    needs = ("exim4", "openssl")
    packages = ("apt-get download exim4-daemon-light exim4-base libidn12, then "
                "dpkg -x each into the packages directory")

    CONFIG = """
primary_hostname = mx.example.org
domainlist local = example.org
spool_directory = {directory}/spool
log_file_path = {directory}/exim-%slog
local_interfaces = 127.0.0.1
daemon_smtp_ports = 2525
host_lookup =
rfc1413_hosts =
queue_only = true
smtp_banner = $smtp_active_hostname ESMTP Exim $version_number
tls_advertise_hosts = {tls}
tls_certificate = {certificate}
tls_privatekey = {key}
auth_advertise_hosts = {auth}
chunking_advertise_hosts = {chunking}
pipelining_advertise_hosts = {pipelining}
acl_smtp_helo = helo
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
helo:
  deny message = bad name
       condition = ${{if eq{{$sender_helo_name}}{{bad.example.net}}}}
  accept
mail:
  deny message = sender is blocked
       sender_domains = blocked.example
  accept
rcpt:
  accept local_parts = alice : bob : carol
         domains = +local
  deny message = no such user: $local_part
begin routers
discard:
  driver = redirect
  data = :blackhole:
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = yes
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = yes
  server_set_id = $auth1
"""

    def command(self):
        certificate, key = self.certificate()
        spool = self.directory / "spool"
        spool.mkdir()
        for path in (spool, self.directory):
            shutil.chown(path, "Debian-exim", "Debian-exim")

        def offered(keyword):
            return "" if f"no-{keyword}" in self.options else "*"

        config = self.write("exim.conf", self.CONFIG.format(
            directory=self.directory, certificate=certificate, key=key,
            tls="*" if "tls" in self.options.split() else "", auth=offered("auth"),
            chunking=offered("chunking"), pipelining=offered("pipelining")))
        return ["exim4", "-C", str(config), "-bdf", "-oP", str(self.directory / "pid")]

    def version(self):
        return "Exim " + output("exim4", "-bV").split()[2]


class OpenSMTPD(Server):
    needs = ("smtpctl",)
    packages = "apt-get download opensmtpd, then dpkg -x it into the packages directory"

    CONFIG = """
table mailboxes { "alice@example.org", "bob@example.org", "carol@example.org" }
table refused { "@blocked.example" }
listen on 127.0.0.1 port 2525 hostname mx.example.org
action onward relay host smtp://127.0.0.1:9
match from any mail-from <refused> for any reject
match from any for rcpt-to <mailboxes> action onward
"""

    def command(self):
        config = self.write("smtpd.conf", self.CONFIG)
        config.chmod(0o600)
        for name, mode, owner in (("", 0o711, "root"), ("/offline", 0o770, "root")):
            path = pathlib.Path("/var/spool/smtpd" + name)
            path.mkdir(exist_ok=True)
            path.chmod(mode)
            shutil.chown(path, owner, "opensmtpq" if name else "root")
        return ["/usr/sbin/smtpd", "-d", "-f", str(config)]

    def version(self):
        return output("/usr/sbin/smtpd", "-h").splitlines()[0].replace("version: ", "")


class Aiosmtpd(Server):
    packages = "apt-get install python3-aiosmtpd"
    kind = "smtp"

    def missing(self):
        found = output(sys.executable, "-c", "import aiosmtpd; print('found')")
        return [] if "found" in found else ["aiosmtpd"]

    def command(self):
        return [sys.executable, str(HERE / "server_aiosmtpd.py"), str(self.port), self.kind]

    def version(self):
        return "aiosmtpd " + output(sys.executable, "-c",
                                    "import aiosmtpd; print(aiosmtpd.__version__)").strip()


class AiosmtpdLmtp(Aiosmtpd):
    port = LMTP_PORT
    kind = "lmtp"


class SmtpServer(Server):
    needs = ("node",)
    packages = "npm install --prefix DIRECTORY smtp-server, the packages directory"

    def missing(self):
        if super().missing():
            return ["node"]
        return [] if re.match(r"\d", self.version().split()[-1]) else ["smtp-server"]

    def command(self):
        return ["node", str(HERE / "server_node.js"), str(self.port)]

    def version(self):
        found = output("node", "-p", "require('smtp-server/package.json').version").split()
        return "smtp-server " + (found[0] if found else "")


KINDS = {
    "postfix": Postfix,
    "exim": Exim,
    "opensmtpd": OpenSMTPD,
    "aiosmtpd": Aiosmtpd,
    "aiosmtpd-lmtp": AiosmtpdLmtp,
    "smtp-server": SmtpServer,
}
