"""The servers that the samples are recorded from, each with a scratch configuration of its own.

They share one policy: clients from 127.0.0.66 and the HELO name bad.example.net are refused, so is
every sender in blocked.example, and alice, bob and carol at example.org have mailboxes."""

import pathlib
import re
import shutil
import subprocess
import sys

from server import Server, output

HERE = pathlib.Path(__file__).resolve().parent
LMTP_PORT = 10024


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
smtpd_helo_required = {helo}
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
            helo="no" if "no-helo" in self.options else "yes",
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


class Sendmail(Server):
    PROGRAM = "/usr/libexec/sendmail/sendmail"
    MAKEMAP = "/usr/libexec/sendmail/makemap"
    needs = ("m4", PROGRAM, MAKEMAP)
    packages = ("apt-get download sendmail-bin sendmail-base sendmail-cf liblockfile1 "
                "libwrap0, then dpkg -x each into the packages directory")

    CONFIG = """
divert(-1)include(`/usr/share/sendmail/cf/m4/cf.m4')divert(0)
OSTYPE(`debian')
define(`confDOMAIN_NAME', `mx.example.org')
define(`confPRIVACY_FLAGS', `needmailhelo')
define(`confPID_FILE', `{directory}/pid')
define(`QUEUE_DIR', `{directory}/queue')
define(`STATUS_FILE', `{directory}/statistics')
define(`ALIAS_FILE', `')
define(`confDELIVERY_MODE', `queueonly')
define(`confTO_IDENT', `0')
define(`confDONT_BLAME_SENDMAIL', `MapInUnsafeDirPath')
define(`confSERVICE_SWITCH_FILE', `{directory}/service.switch')
define(`confSMTP_LOGIN_MSG', `$j Sendmail $v')
define(`confHOST_STATUS_DIRECTORY', `')
define(`confBAD_RCPT_THROTTLE', `0')
define(`SMART_HOST', `[127.0.0.1]')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`access_db', `hash -T<TMPF> {directory}/access')
FEATURE(`blocklist_recipients')
FEATURE(`no_default_msa')
RELAY_DOMAIN(`example.org')
DAEMON_OPTIONS(`Name=MTA, Port=2525, Addr=127.0.0.1')
MAILER(`smtp')
"""
    ACCESS = """
Connect:127.0.0.66 REJECT
From:blocked.example ERROR:5.7.1:550 sender is blocked
To:nobody@example.org ERROR:5.1.1:550 no such user: nobody
To:noone@example.org ERROR:5.1.1:550 no such user: noone
"""

    def command(self):
        (self.directory / "queue").mkdir(mode=0o700)
        self.write("service.switch", "hosts files\naliases files\npasswd files\n")
        macros = self.write("sendmail.mc", self.CONFIG.format(directory=self.directory))
        config = self.write("sendmail.cf", "")
        with config.open("w") as file:
            subprocess.run(["m4", macros], stdout=file, check=True)
        subprocess.run([self.MAKEMAP, "-C", config, "hash", self.directory / "access"],
                       input=self.ACCESS, text=True, check=True, stderr=self.log)
        return [self.PROGRAM, "-C", str(config), "-bD"]

    def version(self):
        found = re.search(r"Version (\S+)", output(self.PROGRAM, "-d0.1", "-bt", "-C/dev/null"))
        return "Sendmail " + (found[1] if found else "")


class DovecotLmtp(Server):
    port = LMTP_PORT
    needs = ("dovecot",)
    packages = ("apt-get download dovecot-core dovecot-lmtpd, then dpkg -x each into the "
                "packages directory")

    # Bob's quota is spent before he gets his first message. Dovecot tells so after the data,
    # unless lmtp_rcpt_check_quota makes it look at RCPT.
    CONFIG = """
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
protocols = lmtp
hostname = mx.example.org
ssl = no
default_login_user = dovenull
default_internal_user = dovecot
first_valid_uid = 1
mail_location = maildir:{directory}/mail/%u
mail_plugins = quota
auth_username_format = %Lu
plugin {{
  quota = maildir:mailbox
  quota_rule = *:storage=1M
}}
passdb {{
  driver = static
  args = nopassword
}}
userdb {{
  driver = passwd-file
  args = {directory}/users
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = 10024
  }}
}}
"""
    USERS = """
alice@example.org:{{plain}}:907:907::{directory}/mail::
bob@example.org:{{plain}}:907:907::{directory}/mail::userdb_quota_rule=*:bytes=10
carol@example.org:{{plain}}:907:907::{directory}/mail::
"""

    def command(self):
        mail = self.directory / "mail"
        mail.mkdir()
        shutil.chown(mail, "vmail", "vmail")
        self.directory.chmod(0o755)
        self.write("users", self.USERS.format(directory=self.directory)).chmod(0o644)
        config = self.write("dovecot.conf", self.CONFIG.format(directory=self.directory))
        return ["dovecot", "-F", "-c", str(config)]

    def version(self):
        return "Dovecot " + output("dovecot", "--version").split()[0]


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
    "sendmail": Sendmail,
    "dovecot-lmtp": DovecotLmtp,
    "aiosmtpd": Aiosmtpd,
    "aiosmtpd-lmtp": AiosmtpdLmtp,
    "smtp-server": SmtpServer,
}
