# SPDX-License-Identifier: ISC
"""heloscope logs: real logs of real servers, joined with the captures of the same connections.

Exim and Haraka write the client's port, so that their logs tell which line is of which session; the same
logs without it must lead to the same sessions or to none."""

import datetime
import gzip
import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import SOURCE, Scratch, heloscope, need_program, rows  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()
LOGS = os.path.join(SOURCE, "tests", "system", "logs")
SERVERS = ("postfix", "exim", "sendmail", "opensmtpd", "haraka")


def log_of(server):
    with open(os.path.join(LOGS, server + ".log"), encoding="utf-8") as file:
        return file.read()


def analysed(scratch, *servers):
    database = scratch.path("-".join(servers) + ".db")
    heloscope("analyze", "-q", "--db", database,
              *[os.path.join(LOGS, server + ".pcap.gz") for server in servers]).expect(0)
    return database


def joined(database, *files):
    return json.loads(heloscope("logs", "--json", "--db", database, *files).expect(0).out)


def lines_of(database):
    return rows(database, "SELECT session_id, text FROM log_lines ORDER BY log_id, line")


# Sendmail tells nothing by which two connections from one address at one time can be told apart.
WANTED = {"postfix": 18, "exim": 18, "sendmail": 16, "opensmtpd": 18, "haraka": 18}

for name in SERVERS:
    def each(name=name):
        with Scratch() as scratch:
            database = analysed(scratch, name)
            file, = joined(database, os.path.join(LOGS, name + ".log"))
            equal((file["visits_joined"], file["visits"]), (WANTED[name], 18), "connections")
            check(abs(file["clock_us"]) < 700000, f"one machine has one clock: {file['clock_us']}")
            sessions = rows(database, "SELECT count(DISTINCT session_id) FROM log_lines")[0][0]
            equal(sessions, WANTED[name], "each connection is a session of its own")
            refused = rows(database, "SELECT DISTINCT d.session_id FROM diagnoses d WHERE code = 503")
            with_lines = rows(database, "SELECT DISTINCT session_id FROM log_lines")
            check(name == "sendmail" or set(refused) <= set(with_lines), "a 503 without a line")

    tap.add(f"{name}: its connections are the sessions of the capture", each)


@test("a refusal's line stands at the refusal, in the ladder and with the finding")
def placed():
    with Scratch() as scratch:
        for name in ("exim", "opensmtpd"):
            database = analysed(scratch, name)
            joined(database, os.path.join(LOGS, name + ".log"))
            wrong = rows(database, "SELECT l.text FROM log_lines l LEFT JOIN events e ON e.session_id = l.session_id "
                                   "AND e.seq = l.seq WHERE l.answer AND l.kind IN ('refusal', 'disorder') AND "
                                   "(e.code < 400 OR (l.code IS NOT NULL AND l.code <> e.code))")
            equal(wrong, [], "lines at replies that are none of theirs")
            # Exim does not log that it refuses DATA when it has refused all recipients.
            unplaced = rows(database, "SELECT d.session_id, d.reply_seq FROM diagnoses d JOIN sessions s USING (session_id) "
                                      "WHERE d.code = 503 AND d.cause <> 'all_rcpt_rejected' AND NOT EXISTS (SELECT 1 FROM log_lines l WHERE l.answer AND "
                                      "l.session_id = d.session_id AND l.seq = d.reply_seq)")
            equal(unplaced, [], f"{name}: 503s without their line")
        database = scratch.path("exim.db")
        session, = rows(database, "SELECT session_id FROM sessions WHERE helo = 'b.example'")[0]
        shown = heloscope("show", "--db", database, str(session)).expect(0).out
        contains(shown, "Logged   log of Exim")
        contains(shown, "joined by address and port")
        check(shown.count("log of Exim") >= 4, shown)
        document = json.loads(heloscope("show", "--json", "--db", database, str(session)).expect(0).out)
        equal([line["kind"] for line in document["log_lines"]], ["connect", "disorder", "end"], "JSON")


def without_ports(text):
    """Exim's log as it is without +incoming_port, +pid and +millisec."""
    return re.sub(r"(\]):\d+", r"\1", re.sub(r"^(.{19})\.\d+ \[\d+\]", r"\1", text, flags=re.M))


@test("without ports and processes a line is of the same session, or of none")
def never_wrong():
    with Scratch() as scratch:
        database = analysed(scratch, "exim")
        joined(database, os.path.join(LOGS, "exim.log"))
        truth = lines_of(database)
        plain = scratch.file("plain.log", without_ports(log_of("exim")))
        file, = joined(scratch_copy(scratch, database), plain)
        found = lines_of(scratch.path("copy.db"))
        known = {(session, re.sub(r"(\]):\d+", r"\1", text)) for session, text in truth}
        equal([line for line in found if tuple(line) not in known], [], "lines of another session")
        check(file["visits_joined"] >= 16, f"only {file['visits_joined']} are joined")


def scratch_copy(scratch, database):
    """The same sessions, no log."""
    copy = scratch.path("copy.db")
    heloscope("analyze", "-q", "--db", copy, os.path.join(LOGS, "exim.pcap.gz")).expect(0)
    return copy


def moved(text, hours, seconds):
    """A syslog whose clock is ahead."""
    out = []
    for line in text.splitlines():
        at = datetime.datetime.strptime("2026 " + line[:15], "%Y %b %d %H:%M:%S")
        at += datetime.timedelta(hours=hours, seconds=seconds)
        out.append(at.strftime("%b %e %H:%M:%S") + line[15:])
    return "\n".join(out) + "\n"


@test("clocks two hours apart, and a day: found, said, and the same sessions")
def clocks():
    with Scratch() as scratch:
        for hours, seconds in ((2, 7), (-2, 0), (23, 30)):
            for name in ("postfix", "opensmtpd"):
                database = analysed(scratch, name)
                joined(database, os.path.join(LOGS, name + ".log"))
                wanted = lines_of(database)
                log = scratch.file(f"{name}{hours}.log", moved(log_of(name), hours, seconds))
                os.unlink(database)
                database = analysed(scratch, name)
                file, = joined(database, log)
                apart = (hours * 3600 + seconds) * 1000000
                check(abs(file["clock_us"] - apart) < 1000000, f"{name} {hours}: {file['clock_us']}")
                equal(lines_of(database), wanted, f"{name} {hours}")
                os.unlink(database)
        database = analysed(scratch, "postfix")
        log = scratch.file("ahead.log", moved(log_of("postfix"), 2, 7))
        contains(heloscope("logs", "--db", database, log).expect(0).out, "2 h 0 min 6.")


@test("the forms of syslog, a journal's export and gzip give the same")
def forms():
    def rewritten(form):
        out = []
        for line in log_of("postfix").splitlines():
            at = datetime.datetime.strptime("2026 " + line[:15], "%Y %b %d %H:%M:%S")
            at = at.replace(tzinfo=datetime.timezone.utc)
            host, tag, text = re.match(r"(\S+) (\S+): (.*)", line[16:]).groups()
            program, pid = re.match(r"([^\[]+)\[(\d+)\]", tag).groups()
            out.append(form(at, host, program, pid, text))
        return out

    def iso(at, host, program, pid, text):
        local = at.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
        return f"{local.strftime('%Y-%m-%dT%H:%M:%S')}+05:30 {host} {program}[{pid}]: {text}\n".encode()

    def rfc5424(at, host, program, pid, text):
        return f"<22>1 {at.strftime('%Y-%m-%dT%H:%M:%SZ')} {host} {program} {pid} - [a b=\"c\"] {text}\n".encode()

    def export(at, host, program, pid, text):
        binary = text.encode()  # as the journal exports what is not plain
        return (f"__CURSOR=x\n__REALTIME_TIMESTAMP={int(at.timestamp() * 1000000)}\n_HOSTNAME={host}\n"
                f"SYSLOG_IDENTIFIER={program}\n_PID={pid}\n").encode() + \
            b"MESSAGE\n" + struct.pack("<Q", len(binary)) + binary + b"\n\n"

    with Scratch() as scratch:
        database = analysed(scratch, "postfix")
        joined(database, os.path.join(LOGS, "postfix.log"))
        wanted = lines_of(database)
        for name, form in (("iso", iso), ("5424", rfc5424), ("export", export)):
            content = b"".join(rewritten(form))
            for packed in (False, True):
                log = scratch.file(name, gzip.compress(content) if packed else content)
                os.unlink(database)
                database = analysed(scratch, "postfix")
                joined(database, log)
                equal(lines_of(database), wanted, f"{name}, packed {packed}")


@test("a log that is read again, also under another name, is stored once")
def again():
    with Scratch() as scratch:
        database = analysed(scratch, "postfix")
        log = scratch.file("mail.log", log_of("postfix"))
        joined(database, log)
        wanted = lines_of(database)
        joined(database, log, scratch.file("mail.log.1", log_of("postfix")))
        equal(lines_of(database), wanted, "lines")
        files = heloscope("query", "--db", database, SOURCE + "/db/queries/logs_read.sql", "--json").expect(0).out
        equal(len(json.loads(files)), 2, "files")


@test("content and credentials of a log are not stored")
def privacy():
    with Scratch() as scratch:
        for name in SERVERS:
            database = analysed(scratch, name)
            joined(database, os.path.join(LOGS, name + ".log"))
            for secret in ("geheim", "body text", "dXNlcg", "c2VjcmV0", "HTTP/1.1"):
                texts = rows(database, "SELECT text FROM log_lines WHERE text LIKE ?", f"%{secret}%")
                equal(texts, [], f"{name}: {secret}")
        log = scratch.file("auth.log",
                           "Nov 28 01:41:30 mx postfix/smtpd[9]: connect from unknown[127.0.0.10]\n"
                           "Nov 28 01:41:47 mx postfix/smtpd[9]: 4F1: client=unknown[127.0.0.10], sasl_method=LOGIN, "
                           "sasl_username=anna\n"
                           "Nov 28 01:41:47 mx postfix/smtpd[9]: 4F1AA1: client=unknown[127.0.0.10], sasl_method=LOGIN, "
                           "sasl_username=anna\n"
                           "Nov 28 01:41:47 mx postfix/smtpd[9]: warning: unknown[127.0.0.10]: SASL LOGIN authentication "
                           "failed: UGFzc3dvcmQ6\n")
        database = analysed(scratch, "postfix")
        joined(database, log)
        with open(database, "rb") as file:
            content = file.read()
        for secret in (b"sasl_username=anna", b"UGFzc3dvcmQ6"):
            check(secret not in content, f"{secret} is in the file")


@test("refusals inside TLS that was not read are counted: only the log knows them")
def only_in_logs():
    with Scratch() as scratch:
        database = analysed(scratch, "exim")
        joined(database, os.path.join(LOGS, "exim.log"))
        alone = rows(database, "SELECT text FROM log_lines WHERE alone ORDER BY line")
        equal([text.split('"')[1].split()[0] for text, in alone], ["RCPT", "DATA", "MAIL"], "alone")
        contains(heloscope("report", "--db", database).expect(0).out, "3 lines of refusals that only the log knows")
        summary = json.loads(heloscope("report", "--json", "--db", database).expect(0).out)["summary"]
        equal((summary["logged"], summary["log_alone"]), (18, 3), "JSON")


@test("lines of other connections are counted, not joined")
def strangers():
    with Scratch() as scratch:
        database = analysed(scratch, "postfix")
        log = scratch.file("x.log", "".join(
            f"Nov 28 01:4{i}:00 mx postfix/smtpd[{i + 900}]: {what} unknown[203.0.113.{i + 1}]\n"
            for i in range(5) for what in ("connect from", "disconnect from")))
        file, = joined(database, log)
        equal((file["stray"], file["joined"], file["visits_joined"]), (10, 0, 0), "strangers")
        check("clock_us" not in file, "a clock was found in nothing")
        removed = json.loads(heloscope("prune", "--json", "--db", database, "--max-size", "1M").expect(0).out)
        check(removed["sessions_removed"] >= 0, "prune")


@test("what is no log, no file, no history is told in one line")
def refused():
    with Scratch() as scratch:
        database = analysed(scratch, "postfix")
        heloscope("logs", "--db", database).expect(2)
        heloscope("logs", "--db", scratch.path("none.db"), database).expect(1).complains_once("none.db")
        heloscope("logs", "--db", database, scratch.path("none.log")).expect(1).complains_once("none.log")
        heloscope("logs", "--db", database, scratch.file("a.txt", "hello\nworld\n")).expect(1).complains_once("a.txt")
        other = scratch.file("b.log", "Nov 28 01:41:30 mx cron[1]: hello\n")
        contains(heloscope("logs", "--db", database, other).expect(0).out, "none of them")
        bad = heloscope("logs", "--db", database, scratch.path("none.log"), other).expect(1)
        bad.complains_once("none.log")
        contains(bad.out, "none of them")


if __name__ == "__main__":
    tap.run()
