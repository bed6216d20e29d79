# SPDX-License-Identifier: ISC
"""heloscope export: every line valid, each session once for each cursor, files that are rotated or cut
while they are written, and nothing of an anonymised history that it does not hold."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, HELOSCOPE, SAMPLES, Scratch, heloscope  # noqa: E402
from support.program import need_program, rows, samples  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

PCAPS = [os.path.join(SAMPLES, name) for name in samples() if name.endswith(".pcap")]


def analyzed(scratch, *pcaps):
    database = scratch.path("x.db")
    heloscope("analyze", "-q", "--db", database, *pcaps).expect(0)
    return database


def lines_of(text):
    check(text.endswith("\n") or not text, "the last line has no end", text[-80:])
    return [json.loads(line) for line in text.splitlines()]


def export(database, *arguments):
    return heloscope("export", "--db", database, *arguments).expect(0).out


def uids(lines):
    return [line["uid"] for line in lines if line["type"] == "session"]


@test("jsonl: a line for each session and each finding, with the values of the history")
def jsonl():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS)
        lines = lines_of(export(database, "--sensor", "mx1"))
        wanted = rows(database, "SELECT uid, errors_503, helo, outcome FROM sessions NOT INDEXED ORDER BY session_id")
        found = [tuple(line[name] for name in ("uid", "errors_503", "helo", "outcome"))
                 for line in lines if line["type"] == "session"]
        equal(found, wanted, "sessions")
        wanted = rows(database, "SELECT s.uid, d.reply_seq, d.cause, d.explanation FROM diagnoses d "
                                "JOIN sessions s USING (session_id) ORDER BY s.session_id, d.reply_seq")
        found = [tuple(line[name] for name in ("uid", "reply_seq", "cause", "explanation"))
                 for line in lines if line["type"] == "finding"]
        check(wanted, "no findings")
        equal(found, wanted, "findings")
        equal({line["sensor"] for line in lines}, {"mx1"}, "sensor")


@test("eve: the members that Suricata has, a transaction each")
def eve():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS)
        events = lines_of(export(database, "--format", "eve"))
        wanted = rows(database, "SELECT sum(max(1, (SELECT count(*) FROM transactions t "
                                "WHERE t.session_id = s.session_id))) FROM sessions s")
        equal([(len(events),)], wanted, "events")
        known = {"timestamp", "flow_id", "event_type", "vlan", "src_ip", "src_port", "dest_ip", "dest_port",
                 "proto", "tx_id", "community_id", "smtp", "heloscope"}
        for event in events:
            check(set(event) <= known, "unknown members", set(event) - known)
            equal((event["event_type"], event["proto"]), ("smtp", "TCP"), "what it is")
            check(set(event["smtp"]) <= {"helo", "mail_from", "rcpt_to"}, "members of smtp", event["smtp"])
            check(0 < event["flow_id"] < 1 << 51, "flow_id", event["flow_id"])
            time.strptime(event["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
        recipients = sorted(r for event in events for r in event["smtp"].get("rcpt_to", []))
        equal(recipients, sorted(f"<{address}>" for address, in rows(
            database, "SELECT address FROM recipients WHERE address IS NOT NULL")), "recipients")
        found = sorted(f["cause"] for event in events for f in event["heloscope"].get("findings", []))
        equal(found, sorted(c for c, in rows(database, "SELECT cause FROM diagnoses")), "findings")


@test("zeek: as many columns as its header names, a transaction each")
def zeek():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS)
        lines = export(database, "--format", "zeek").splitlines()
        head, body = [line for line in lines if line[0] == "#"], [line for line in lines if line[0] != "#"]
        names = head[6].split("\t")[1:]
        equal({len(line.split("\t")) for line in body}, {len(names)}, "columns")
        table = [dict(zip(names, line.split("\t"))) for line in body]
        equal([(t["uid"], t["mailfrom"]) for t in table if t["mailfrom"] not in "-(empty)"],
              rows(database, "SELECT uid, mail_from FROM transactions JOIN sessions USING (session_id) "
                             "WHERE mail_from <> '' ORDER BY session_id, tx"), "senders")


@test("a cursor begins where it left off; another one does not know of it")
def cursor():
    with Scratch() as scratch:
        database = analyzed(scratch, *PCAPS[:3])
        first = uids(lines_of(export(database, "--cursor", "siem")))
        equal(len(first), 3, "sessions")
        equal(export(database, "--cursor", "siem"), "", "nothing is new")
        heloscope("analyze", "-q", "--db", database, *PCAPS[3:5]).expect(0)
        second = uids(lines_of(export(database, "--cursor", "siem")))
        equal(len(second), 2, "sessions")
        check(not set(first) & set(second), "a session came twice", first, second)
        equal(len(uids(lines_of(export(database, "--cursor", "other")))), 5, "of the other")


@test("a file that is cut, renamed or removed while it is written gets whole lines only")
def rotated():
    with Scratch() as scratch:
        database, out = analyzed(scratch, *PCAPS[:2]), scratch.path("out.jsonl")
        scratch.file("out.jsonl", '{"type":"session","uid":"before"}\n{"type":"sess')
        process = subprocess.Popen([HELOSCOPE, "export", "--db", database, "--cursor", "a", "--follow",
                                    "--output", out], env=ENVIRONMENT)
        try:
            def wait_for(count, path=out):
                until = time.monotonic() + 20
                while time.monotonic() < until:
                    if os.path.exists(path):
                        with open(path, encoding="utf-8") as file:
                            text = file.read()
                        if text.endswith("\n") and len(uids(lines_of(text))) >= count:
                            return uids(lines_of(text))
                    time.sleep(0.05)
                raise AssertionError(f"{path} did not get {count} sessions")

            equal(wait_for(3)[0], "before", "what was there")
            os.rename(out, out + ".1")
            heloscope("analyze", "-q", "--db", database, PCAPS[2]).expect(0)
            wait_for(1)
            os.remove(out)
            heloscope("analyze", "-q", "--db", database, PCAPS[3]).expect(0)
            wait_for(1)
            with open(out, "w", encoding="utf-8"):
                pass  # copytruncate
            heloscope("analyze", "-q", "--db", database, PCAPS[4]).expect(0)
            equal(len(wait_for(1)), 1, "behind the cut")
            process.send_signal(signal.SIGTERM)
            equal(process.wait(10), 0, "status")
        finally:
            process.kill()
            process.wait()
        equal(export(database, "--cursor", "a"), "", "all was written")
        equal(len(uids(lines_of(open(out + ".1", encoding="utf-8").read()))), 3, "in the renamed file")


@test("of an anonymised history only pseudonyms go out")
def anonymised():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        heloscope("analyze", "-q", "--anonymize", "--db", database, *PCAPS).expect(0)
        said = "".join(export(database, "--format", name) for name in ("jsonl", "eve", "zeek"))
        plain = scratch.path("plain.db")
        heloscope("analyze", "-q", "--db", plain, *PCAPS).expect(0)
        names = {name for name, in rows(plain, "SELECT mail_from FROM transactions UNION "
                                               "SELECT address FROM recipients UNION SELECT helo FROM sessions")
                 if name and "." in name}
        check(names, "no names")
        equal([name for name in names if name in said], [], "names that went out")


@test("what is wrong is said in a line")
def wrong():
    with Scratch() as scratch:
        heloscope("export", "--db", scratch.path("none.db")).expect(1).complains_once("none.db", "does not exist")
        database = analyzed(scratch, PCAPS[0])
        contains(heloscope("export", "--db", database, "--format", "csv").expect(2).err, "jsonl, eve or zeek", "csv")
        heloscope("export", "--db", database, "--output", scratch.path("no", "where")).expect(1).complains_once(
            "where", "No such file")


if __name__ == "__main__":
    need_program()
    tap.run()
