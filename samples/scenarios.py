"""The table of samples: which server, with which options, and what each client sends.

client.py explains the steps. `run` has the command line of a real client in place of steps, in
which {message} stands for a file with the message."""

EHLO = "EHLO client.example.net"
LHLO = "LHLO client.example.net"
MAIL = "MAIL FROM:<reports@example.net>"
ALERTS = "MAIL FROM:<alerts@example.net>"
BLOCKED = "MAIL FROM:<offers@blocked.example>"
ALICE = "RCPT TO:<alice@example.org>"
BOB = "RCPT TO:<bob@example.org>"
CAROL = "RCPT TO:<carol@example.org>"
NOBODY = "RCPT TO:<nobody@example.org>"
NOONE = "RCPT TO:<noone@example.org>"
# "tester" and "not-a-secret": a credential that nobody uses.
AUTH = "AUTH PLAIN AHRlc3RlcgBub3QtYS1zZWNyZXQ="
ENVELOPE = [MAIL, ALICE]
MESSAGE = [MAIL, ALICE, "DATA", "=message"]
END = ["QUIT"]


def sample(kind, what, *sessions, **more):
    return {"name": f"{kind}-{what}", "kind": kind, "sessions": sessions, **more}


SAMPLES = [
    # Postfix
    sample("postfix", "mail-refused-pipelined",
           [EHLO, f"{BLOCKED} | {ALICE} | DATA", *END]),
    sample("postfix", "mail-refused-ignored",
           [EHLO, BLOCKED, ALICE, BOB, "DATA", *END]),
    sample("postfix", "no-ehlo", [MAIL, ALICE, "DATA", *END]),
    sample("postfix", "no-ehlo-tolerated", [*MESSAGE, *END], options="no-helo"),
    sample("postfix", "ehlo-refused", ["EHLO bad.example.net", MAIL, ALICE, "DATA", *END]),
    sample("postfix", "rset-then-rcpt", [EHLO, MAIL, ALICE, "RSET", BOB, "DATA", *END]),
    sample("postfix", "rcpt-after-message",
           [EHLO, f"{MAIL} | {ALICE} | DATA", f"=message | {BOB} | DATA", *END]),
    sample("postfix", "nested-mail",
           [EHLO, *ENVELOPE, ALERTS, "DATA", "=message", *END]),
    sample("postfix", "transaction-abandoned",
           [EHLO, MAIL, NOBODY, NOONE, ALERTS, ALICE, "RSET",
            *MESSAGE, *END]),
    sample("postfix", "data-after-bdat",
           [EHLO, f"{MAIL} | {ALICE}", "=chunk", "DATA", "RSET", *MESSAGE, *END]),
    sample("postfix", "bdat-refused-skipped",
           [EHLO, f"{BLOCKED} | {ALICE} | =chunk | =chunk-last", *MESSAGE, *END]),
    sample("postfix", "all-rcpt-refused-554", [EHLO, MAIL, NOBODY, NOONE, "DATA", *END]),
    sample("postfix", "auth-not-offered", [EHLO, AUTH, *MESSAGE, *END]),
    sample("postfix", "early-dot", [EHLO, *ENVELOPE, "DATA", "=early-dot", "=quiet", *END]),
    sample("postfix", "session-refused",
           [EHLO, "HELO client.example.net", MAIL, *END], client="127.0.0.66"),
    sample("postfix", "starttls-opaque",
           [EHLO, "STARTTLS", "=tls", MAIL, EHLO, f"{MAIL} | {ALICE} | DATA", "=message", *END],
           options="tls"),
    sample("postfix", "two-clients",
           [EHLO, MAIL, ALICE, "DATA", "=message", "RSET", *END],
           [EHLO, BLOCKED, ALICE, "DATA", "RSET", "NOOP", *END]),
    sample("postfix", "legal-partly-refused",
           [EHLO, f"{MAIL} | {ALICE} | {NOBODY} | {BOB} | DATA", f"=message | {MAIL} | {NOONE} | "
            f"{CAROL} | DATA", "=message | QUIT"]),
    sample("postfix", "legal-bdat", [EHLO, f"{MAIL} | {ALICE} | =chunk | =chunk-last", *END]),
    sample("postfix", "legal-ipv6-curl",
           run=["curl", "--silent", "--url", "smtp://[::1]:2525/client.example.net",
                "--mail-from", "reports@example.net", "--mail-rcpt", "alice@example.org",
                "--upload-file", "{message}"]),
    sample("postfix", "mail-refused-swaks",
           run=["swaks", "--server", "127.0.0.1", "--port", "2525", "--pipeline",
                "--local-interface", "127.0.0.2", "--helo", "client.example.net",
                "--from", "offers@blocked.example", "--to", "alice@example.org,bob@example.org"]),
    # Exim
    sample("exim", "all-rcpt-refused-pipelined",
           [EHLO, f"{MAIL} | {NOBODY} | {NOONE} | DATA", "RSET", *MESSAGE, *END]),
    sample("exim", "all-rcpt-refused-ignored", [EHLO, MAIL, NOBODY, NOONE, "DATA", *END]),
    sample("exim", "auth-in-transaction", [EHLO, MAIL, AUTH, ALICE, "DATA", "=message", *END]),
    sample("exim", "auth-twice", [EHLO, AUTH, "AUTH LOGIN", *MESSAGE, *END]),
    sample("exim", "data-after-bdat", [EHLO, *ENVELOPE, "=chunk", "DATA", "RSET", *END]),
    sample("exim", "bdat-refused-skipped",
           [EHLO, MAIL, NOBODY, "=whole-last", "=quiet", *END]),
    sample("exim", "rcpt-between-chunks",
           [EHLO, *ENVELOPE, "=chunk", BOB, "RSET", *MESSAGE, *END]),
    sample("exim", "chunk-read-as-commands",
           [EHLO, *ENVELOPE, "=chunk", BOB, "=chunk-last", "=quiet", *END]),
    sample("exim", "bdat-not-offered",
           [EHLO, *ENVELOPE, "=whole-last", "=quiet", *END], options="no-chunking"),
    sample("exim", "starttls-not-offered", [EHLO, "STARTTLS", *MESSAGE, *END]),
    sample("exim", "pipelining-not-offered",
           [EHLO, f"{MAIL} | {ALICE} | DATA", "=quiet"], options="no-pipelining"),
    sample("exim", "no-ehlo", [MAIL, ALICE, "DATA", *END]),
    sample("exim", "legal-message", [EHLO, *MESSAGE, *END]),
    # OpenSMTPD
    sample("opensmtpd", "second-ehlo", [EHLO, "EHLO relay.example.net", *MESSAGE, *END]),
    sample("opensmtpd", "unknown-parameter",
           [EHLO, "MAIL FROM:<reports@example.net> FLAVOUR=PLAIN", ALICE, "DATA", *END]),
    sample("opensmtpd", "pipelining-not-offered",
           [EHLO, f"{MAIL} | {ALICE} | DATA", "=quiet"]),
    # Sendmail
    sample("sendmail", "no-ehlo", [MAIL, ALICE, "DATA", *END]),
    sample("sendmail", "nested-mail", [EHLO, *ENVELOPE, ALERTS, "DATA", "=message", *END]),
    sample("sendmail", "mail-refused-pipelined", [EHLO, f"{BLOCKED} | {ALICE} | {BOB} | DATA",
                                                  *END]),
    sample("sendmail", "content-as-commands",
           [EHLO, MAIL, NOBODY, "DATA", "=lines", "=quiet", *END]),
    # Dovecot's LMTP
    sample("dovecot-lmtp", "legal-refused-after-data",
           [LHLO, f"{MAIL} | {ALICE} | {NOBODY} | {BOB} | DATA", "=message:2", *END]),
    sample("dovecot-lmtp", "all-rcpt-refused-ignored",
           [LHLO, MAIL, NOBODY, NOONE, "DATA", *END]),
    # aiosmtpd
    sample("aiosmtpd", "content-as-commands",
           [EHLO, MAIL, NOBODY, "DATA", "=lines", "=quiet", *END]),
    sample("aiosmtpd", "mail-refused-pipelined-unoffered",
           [EHLO, f"{BLOCKED} | {ALICE} | DATA", *END]),
    sample("aiosmtpd", "no-ehlo-pipelined",
           [f"{MAIL} | {ALICE} | DATA", EHLO, *MESSAGE, *END]),
    sample("aiosmtpd", "legal-smtplib", run="smtplib"),
    # aiosmtpd's LMTP
    sample("aiosmtpd-lmtp", "legal-refused-after-data",
           [LHLO, MAIL, ALICE, NOBODY, BOB, "DATA", "=message:2", *END]),
    sample("aiosmtpd-lmtp", "rcpt-after-message",
           [LHLO, MAIL, ALICE, BOB, "DATA", "=message:2", CAROL, "DATA", *END]),
    # nodemailer's smtp-server
    sample("smtp-server", "nested-mail", [EHLO, MAIL, ALERTS, ALICE, "DATA", "=message", *END]),
    sample("smtp-server", "rcpt-after-message", [EHLO, *MESSAGE, BOB, "DATA", *END]),
    sample("smtp-server", "no-mail", [EHLO, ALICE, "DATA", *END]),
    sample("smtp-server", "auth-twice", [EHLO, AUTH, "AUTH LOGIN", *MESSAGE, *END]),
    sample("smtp-server", "rset-then-rcpt-pipelined",
           [EHLO, *ENVELOPE, "RSET", f"{ALICE} | DATA", *END]),
]
