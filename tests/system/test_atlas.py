# SPDX-License-Identifier: ISC
"""What is known of clients and servers is printed: the table of clients.tsv, and the texts of reply_texts.tsv."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from support import tap  # noqa: E402
from support.program import Scratch, heloscope, need_program  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()

SOFTWARE = os.path.join(HERE, "..", "..", "analyzer", "software")


def table():
    with open(os.path.join(SOFTWARE, "clients.tsv"), encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]


@test("every row of the table is printed, under its client and version")
def whole():
    printed = json.loads(heloscope("explain", "--json", "--client", "").expect(0).out)
    equal([[row[key] for key in ("client", "version", "source", "situation", "does")] for row in printed],
          table(), "rows")


@test("a client is found by a part of its name, whatever the case")
def one():
    text = heloscope("explain", "--client", "MSMTP").expect(0).out
    contains(text, "msmtp 1.8.23-1, measured: Debian 12, msmtp")
    contains(text, "MAIL+RCPT+RCPT+DATA")
    check("swaks" not in text, "another client is printed")


@test("a client that was not measured is one line, and no success")
def absent():
    contains(heloscope("explain", "--client", "no-such-mailer").expect(2).err, "no-such-mailer")
    contains(heloscope("explain", "--server", "no-such-server").expect(2).err, "no-such-server")


@test("what a server says is printed with what it means")
def server():
    rows = json.loads(heloscope("explain", "--json", "--server", "postfix").expect(0).out)
    check({"code": 503, "enhanced": "5.5.1", "text": "Error: nested MAIL command", "claim": "nested_mail"}.items()
          <= next(row for row in rows if "nested" in row["text"]).items(), "the nested MAIL")
    contains(heloscope("explain", "--server", "postfix").expect(0).out, "nested_mail")


@test("the manual page is made of the same table")
def page():
    made = subprocess.run(["awk", "-f", os.path.join(SOFTWARE, "atlas_man.awk"), os.path.join(SOFTWARE, "clients.tsv")],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    names = {(client, version) for client, version, *_ in table()}
    equal(made.count(".SS "), len(names), "clients")
    equal(made.count(".TP "), len(table()), "rows")


@test("a finding tells what its client was measured to do behind that refusal")
def habit():
    with Scratch() as scratch:
        database = scratch.path("x.db")
        capture = os.path.join(HERE, "..", "atlas", "data-554.pcap.gz")
        text = " ".join(heloscope("analyze", "--db", database, capture).expect(0).out.split())
        contains(text, "libesmtp 1.2-18+b1 was measured to do so: behind a refused BDAT it sends +BDAT+BDAT, QUIT, closes.")
        contains(text, "Perl Net::SMTP, results ignored 5.36.0-7+deb12u3 was measured to do so: behind a refused DATA")
        contains(text, "To change it: what mail(), to() and data() return has to be looked at")
        report = " ".join(heloscope("report", "--by", "client-software", "--db", database).expect(0).out.split())
        contains(report, "as measured, behind each refusal")
        contains(report, "DATA 503: +BDAT+BDAT, QUIT, closes")
        lines = heloscope("report", "--by", "client-software", "--jsonl", "--db", database).expect(0).out
        check("as measured" not in lines, "JSON lines are rows alone")


tap.run()
