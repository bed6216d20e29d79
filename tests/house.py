# SPDX-License-Identifier: ISC
"""The house rules that a compiler does not check: who includes what, what is pure, what has a test.

Every rule here is one table row or one small function, so that whoever breaks one can read why."""

import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import tap  # noqa: E402
from support.tap import check, test  # noqa: E402

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
FOLDERS = ("include/heloscope", "dissectors", "analyzer", "db")

# Libraries, and the only files that may include them.
LIBRARIES = [
    ("libcrypto", r"openssl/", r"analyzer/tls/cipher\.c"),
    ("libpcap", r"pcap(/|\.h|-)", r"analyzer/capture/libpcap\.c"),
    ("a compression library", r"(zlib|lzma|zstd|lz4\w*)\.h", r"analyzer/(capture/decompress|fleet/body)\.c"),
    ("libcurl", r"curl/", r"analyzer/fleet/http\.c"),
    ("nDPI", r"(ndpi/)?ndpi_", r"analyzer/pipeline/classify\.c"),
    ("libseccomp", r"seccomp\.h", r"analyzer/program/sandbox_calls\.c"),
    ("libcap-ng", r"cap-ng\.h", r"analyzer/program/sandbox\.c"),
    ("libsystemd", r"systemd/", r"analyzer/program/service\.c"),
    ("ncurses", r"(n?curses(w/\w+)?|ncursesw/\w+)\.h", r"analyzer/screens/canvas\.c"),
    ("SQLite", r"sqlite3", r"db/(\w+/)?\w+\.[ch]"),
    ("nettle", r"nettle/", r"(analyzer/(base|privacy|session|software|tls|transport)|db/schema)/\w+\.c"),
]

# What C11 itself brings and a pure function can use; and inet_ntop() and inet_pton(), which are
# as pure.
PURE_HEADERS = {"arpa/inet.h", "assert.h", "inttypes.h", "limits.h", "stdarg.h", "stdbool.h", "stddef.h",
                "stdint.h", "stdio.h", "string.h"}

# Headers that are made at build time, by folder.
GENERATED = {"db/causes_rows.h", "db/schema/schema_sql.h", "analyzer/fleet/views_sql.h",
             "analyzer/output/page_text.h",
             "analyzer/privacy/known_words_rows.h",
             "analyzer/software/clients_rows.h", "analyzer/software/reply_texts_rows.h"}

# A source file without a test file of its own, and where it is tested instead.
TESTED_ELSEWHERE = {
    "analyzer/base/clock.c": "whatever waits or times",
    "analyzer/program/main.c": "tests/system runs the program",
    "analyzer/pipeline/expiry.c": "tests/analyzer/pipeline/test_pipeline_ends.c, test_hostile_flows.c",
    "analyzer/pipeline/candidate.c": "tests/analyzer/pipeline/test_pipeline_flows.c, test_pipeline_relay.c",
    "analyzer/pipeline/lifecycle.c": "tests/analyzer/pipeline/test_pipeline.c",
    "analyzer/privacy/token.c": "tests/analyzer/privacy/test_scrub.c",
    "analyzer/capture/text_lines.c": "tests/system/test_logs.py",
    "analyzer/logs/join.c": "tests/system/test_logs.py",
    "analyzer/logs/join_clock.c": "tests/system/test_logs.py",
    "analyzer/logs/join_load.c": "tests/system/test_logs.py",
    "analyzer/logs/log_record.c": "tests/analyzer/logs/test_saying.c; tests/system/test_logs.py: every form",
    "analyzer/logs/log_wording.c": "tests/analyzer/logs/test_saying.c",
    "analyzer/logs/logs.c": "tests/system/test_logs.py",
    "analyzer/logs/place.c": "tests/system/test_logs.py",
    "analyzer/logs/visits.c": "tests/system/test_logs.py",
    "analyzer/output/ladder_log.c": "tests/system/test_logs.py",
    "analyzer/program/cmd_logs.c": "tests/system/test_logs.py",
    "db/read/history_log.c": "tests/system/test_logs.py",
    "db/write/logbook.c": "tests/system/test_logs.py",
    "analyzer/capture/pcapng_clock.c": "tests/analyzer/capture/test_pcapng.c",
    "analyzer/pipeline/totals.c": "tests/analyzer/pipeline/test_pipeline.c, test_pipeline_flows.c",
    "analyzer/pipeline/handover.c": "tests/analyzer/pipeline/test_pipeline.c, test_pipeline_flows.c",
    "analyzer/evidence/cut.c": "tests/system/test_evidence.py, test_keylog.py",
    "analyzer/evidence/pcapng_write.c": "tests/system/test_evidence.py: every block is read back, and by tshark",
    "analyzer/evidence/plan.c": "tests/system/test_evidence.py",
    "analyzer/evidence/remark.c": "tests/system/test_evidence.py: of every sample",
    "analyzer/evidence/script.c": "tests/system/test_evidence.py: what a server is told",
    "analyzer/evidence/survey.c": "tests/system/test_evidence.py: tags, fragments, several files",
    "analyzer/program/cmd_cut.c": "tests/system/test_evidence.py",
    "db/read/evidence.c": "tests/system/test_evidence.py: of every sample",
    "analyzer/fleet/beside.c": "tests/system/test_ship.py: monitor --ship",
    "analyzer/fleet/ask.c": "make check-fleet",
    "analyzer/fleet/lines.c": "make check-fleet",
    "analyzer/program/cmd_fleet.c": "make check-fleet",
    "db/write/lock_wait.c": "tests/db/write/test_two_writers.c",
    "db/write/transaction.c": "tests/db/write/test_store.c, test_two_writers.c",
    "db/write/import.c": "make check-fleet: a session that was fetched is shown as it is on its sensor",
    "analyzer/fleet/http.c": "tests/system/test_ship.py; make check-fleet",
    "analyzer/fleet/setup.c": "tests/system/test_ship.py; make check-fleet",
    "analyzer/fleet/ship.c": "tests/system/test_ship.py; make check-fleet",
    "analyzer/program/cmd_ship.c": "tests/system/test_ship.py",
    "db/read/outbox_object.c": "tests/db/read/test_outbox.c; tests/system/test_ship.py",
    "db/read/outbox_tables.c": "tests/db/read/test_outbox.c: every table",
    "analyzer/fleet/export.c": "tests/system/test_export.py",
    "analyzer/fleet/sink.c": "tests/system/test_export.py: rotation",
    "analyzer/fleet/stop.c": "tests/system/test_export.py",
    "analyzer/program/cmd_export.c": "tests/system/test_export.py",
    "db/read/outbox_shapes.c": "tests/db/read/test_outbox.c: every shape",
    "analyzer/privacy/anonymize.c": "tests/system/test_anonymize.py: every column",
    "analyzer/smtp/clear_answer.c": "tests/dialogues/tls.txt",
    "analyzer/tls/news.c": "tests/system/test_keylog.py",
    "analyzer/program/cmd_analyze.c": "tests/system: golden output, bad input, JSON",
    "analyzer/capture/file.c": "tests/analyzer/capture/test_input.c, test_problem.c",
    "analyzer/capture/record.c": "tests/analyzer/capture/test_pcap_format.c, test_pcapng.c",
    "analyzer/capture/live_capture.c": "tests/system/test_interfaces.py",
    "analyzer/capture/tap.c": "tests/system/test_interfaces.py",
    "analyzer/capture/merge.c": "tests/analyzer/capture/test_capture.c, test_growing.c",
    "analyzer/program/live.c": "tests/system/test_follow.py, test_live.py, test_unattended.py",
    "analyzer/program/options_read.c": "tests/analyzer/program/test_options.c",
    "analyzer/program/sandbox_run.c": "tests/system/test_sandbox.py",
    "analyzer/program/sandbox_calls.c": "tests/analyzer/program/test_sandbox.c",
    "analyzer/program/config_file.c": "tests/system/test_service.py",
    "analyzer/program/service.c": "tests/system/test_service.py",
    "analyzer/program/metrics.c": "tests/system/test_interfaces.py",
    "analyzer/program/news.c": "tests/system/test_live.py",
    "analyzer/program/signals.c": "tests/system/test_unattended.py",
    "analyzer/program/statistics.c": "tests/system/test_interfaces.py",
    "db/write/minutes.c": "tests/system/test_interfaces.py",
    "analyzer/program/speech.c": "tests/system/test_unattended.py",
    "analyzer/output/finding_print.c": "tests/system: golden output",
    "analyzer/program/recording.c": "tests/system/test_bad_input.py: what of each file is stored and said",
    "analyzer/software/client_marks.c": "tests/analyzer/software/test_fingerprint.c: every row",
    "analyzer/software/server_marks.c": "tests/analyzer/software/test_fingerprint.c: every row",
    "analyzer/output/page.c": "tests/system/test_page.py; tests/browser/check_page.js, in a browser",
    "analyzer/output/page_data.c": "tests/system/test_page.py; tests/browser/check_page.js, in a browser",
    "analyzer/output/terminal.c": "tests/system/test_terminal.py",
    "analyzer/program/cmd_explain.c": "tests/system: golden output",
    "analyzer/program/cmd_monitor.c": "tests/system/test_live.py",
    "analyzer/program/cmd_tail.c": "tests/system/test_tail.py",
    "db/read/history_changes.c": "tests/system/test_tail.py",
    "analyzer/program/cmd_prune.c": "tests/system/test_prune.py",
    "analyzer/program/cmd_report.c": "tests/system: golden output, JSON",
    "analyzer/program/cmd_explain_software.c": "tests/system/test_atlas.py",
    "analyzer/program/cmd_rules.c": "tests/system: golden output, JSON",
    "analyzer/program/cmd_rules_effects.c": "tests/system: golden output, JSON",
    "analyzer/program/cmd_show.c": "tests/system: golden output, JSON",
    "analyzer/tls/cipher_none.c": "a build with --without-tls",
    "analyzer/tls/messages.c": "tests/system/test_keylog.py: sessions of another library",
    "analyzer/tls/records.c": "tests/system/test_keylog.py",
    "analyzer/tls/secrets.c": "tests/system/test_keylog.py",
    "analyzer/tls/tls.c": "tests/system/test_keylog.py",
    "analyzer/tls/unseal.c": "tests/system/test_keylog.py",
    # Reading, pairing and judging make sense only together: a dialogue is played to all of them,
    # whole and cut in any way, and every event and finding is compared.
    "analyzer/transport/link_guess.c": "tests/system/test_bad_input.py",
    "analyzer/screens/browse.c": "tests/system/test_browse.py",
    "analyzer/screens/canvas.c": "tests/system/test_browse.py",
    "analyzer/screens/listing.c": "tests/system/test_browse.py: filters, a list that grows",
    "analyzer/screens/parts.c": "tests/system/test_browse.py: files that are saved",
    "analyzer/screens/session_screen.c": "tests/system/test_browse.py",
    "analyzer/screens/telling.c": "tests/system/test_browse.py: from a 503 to its origin",
    "analyzer/program/cmd_browse.c": "tests/system/test_browse.py",
    "db/read/watch.c": "tests/system/test_browse.py: a list that grows",
    "analyzer/smtp/answering.c": "tests/dialogues/answers.txt",
    "analyzer/smtp/decision.c": "tests/dialogues",
    "analyzer/smtp/decoder.c": "tests/dialogues, whole and cut in every way; test_hostile.c",
    "analyzer/smtp/ending.c": "tests/dialogues/endings.txt",
    "analyzer/smtp/hole.c": "tests/dialogues/holes.txt; tests/perturb",
    "analyzer/smtp/client.c": "tests/dialogues",
    "analyzer/smtp/content.c": "tests/dialogues",
    "analyzer/smtp/content_as_commands.c": "tests/dialogues",
    "analyzer/diagnosis/closing.c": "tests/dialogues/endings.txt",
    "analyzer/diagnosis/protocol_words.c": "tests/dialogues/other_protocols.txt, proxy_header.txt",
    "analyzer/diagnosis/reason_demand.c": "tests/dialogues/demands.txt, auth.txt, tls.txt",
    "analyzer/diagnosis/reason_parameter.c": "tests/dialogues/form.txt",
    "analyzer/diagnosis/reason_protocol.c": "tests/dialogues/other_protocols.txt, proxy_header.txt",
    "analyzer/diagnosis/surplus.c": "tests/dialogues/endings.txt, server.txt",
    "analyzer/diagnosis/diagnosis.c": "tests/dialogues; tests/system/test_expected.py",
    "analyzer/diagnosis/advice.c": "tests/dialogues; golden output",
    "analyzer/diagnosis/explain.c": "tests/dialogues; golden output",
    "analyzer/diagnosis/explain_other.c": "tests/dialogues; golden output",
    "analyzer/diagnosis/explain_session.c": "tests/dialogues; golden output",
    "analyzer/session/tls_row.c": "tests/system/test_keylog.py",
    "db/read/history_tls.c": "tests/system/test_golden.py",
    "analyzer/program/explain_topics.c": "tests/system/test_golden.py",
    "analyzer/smtp/encrypted.c": "tests/analyzer/smtp/test_reader.c; tests/dialogues/tls.txt, auth.txt",
    "analyzer/order/rules.c": "tests/analyzer/order/test_judge.c, test_effects.c",
    "analyzer/order/settle.c": "tests/analyzer/order/test_judge.c, test_effects.c",
    "analyzer/smtp/outcome.c": "tests/dialogues",
    "analyzer/smtp/pipelining.c": "tests/dialogues/pipelining.txt",
    "analyzer/tls/guess.c": "tests/system/test_keylog.py",
    "analyzer/smtp/injected.c": "tests/system/test_keylog.py",
    "analyzer/smtp/proxied.c": "tests/dialogues/session.txt",
    "analyzer/session/draft.c": "tests/analyzer/session/test_session.c",
    "analyzer/session/receipt.c": "tests/dialogues/receipts.txt",
    "analyzer/session/reaction.c": "tests/dialogues/mail_rejected.txt; tests/system/test_expected.py",
    "analyzer/session/reply.c": "tests/analyzer/smtp/test_reader.c; tests/dialogues",
    "analyzer/diagnosis/wording.c": "tests/dialogues; golden output",
    "analyzer/smtp/server.c": "tests/dialogues",
    "analyzer/smtp/unread.c": "tests/dialogues/holes.txt; tests/perturb",
    "dissectors/network/walk.c": "tests/dissectors/network/test_tunnel.c, test_shim.c",
    "analyzer/pipeline/aside.c": "tests/analyzer/pipeline/test_writer.c",
    "db/write/captures.c": "tests/db/write/test_store.c; tests/system/test_history_trouble.py",
    "db/write/notices.c": "tests/db/write/test_wal.c, tests/analyzer/pipeline/test_writer.c",
    "db/write/opening.c": "tests/db/test_sql_error.c; tests/system/test_history_trouble.py",
    "db/write/sessions.c": "tests/db/write/test_store.c, test_stage.c",
    "analyzer/output/cascades.c": "tests/system/test_ladder.py",
    "analyzer/output/ladder.c": "tests/system/test_ladder.py, golden output",
    "analyzer/output/ladder_forms.c": "tests/system/test_ladder.py",
    "analyzer/output/ladder_page.c": "tests/system/test_ladder.py, golden output",
    "analyzer/output/rows_print.c": "tests/system/test_query.py",
    "analyzer/program/cmd_diff.c": "tests/system/test_diff.py",
    "analyzer/program/completion.c": "tests/system/test_completion.py",
    "analyzer/program/option_help.c": "tests/system/test_completion.py",
    "analyzer/program/compare.c": "tests/system/test_diff.py",
    "analyzer/program/cmd_query.c": "tests/system/test_query.py",
    "analyzer/program/report_sections.c": "tests/system/test_query.py",
    "db/read/question.c": "tests/db/read/test_restrict.c",
    "analyzer/program/analyze_json.c": "tests/system/test_json.py",
    "analyzer/program/assertion.c": "tests/system/test_assertion.py",
    "analyzer/program/next_command.c": "tests/system/test_assertion.py",
    "analyzer/program/scratch_history.c": "tests/system/test_assertion.py",
    "db/read/history_diagnoses.c": "tests/db/read/test_history.c",
    "db/read/selection_sql.c": "tests/db/read/test_selection.c",
    "analyzer/program/rejoin.c": "tests/system/test_cut.py",
    "db/write/cut.c": "tests/system/test_cut.py",
    "db/write/own.c": "tests/system/test_cut.py, test_live.py",
    "db/write/verdict.c": "tests/db/write/test_two_writers.c; tests/system/test_cut.py",
    "db/write/statements.c": "tests/db/write/test_store.c: every statement is run there",
}

# Nothing else may lie at the top of the tree.
TOP = {"autogen.sh", "configure.ac", "Makefile.am", "README.md", "COPYING", "CHANGELOG.md",
       "CONTRIBUTING.md", "debian", "findings",
       "include", "dissectors", "analyzer", "db", "tests", "samples"}


def files(folder, *endings):
    """The files below a folder, at any depth, by their path from the top of the tree."""
    found = []
    for place, _, names in os.walk(os.path.join(SOURCE, folder)):
        found += [os.path.relpath(os.path.join(place, name), SOURCE)
                  for name in names if name.endswith(endings)]
    return sorted(path for path in found if path not in GENERATED)


def text(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def all_sources():
    return [path for folder in FOLDERS for path in files(folder, ".c", ".h")]


def includes(path):
    """(bracket, name) of each #include."""
    return re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text(path), re.M)


def no_offence(offences):
    check(not offences, f"{len(offences)} against the rule", *offences)


for title, library, allowed in LIBRARIES:
    def only_there(library=library, allowed=allowed):
        no_offence([f"{path} includes {name}" for path in all_sources()
                    for _, name in includes(path)
                    if re.match(library, name) and not re.fullmatch(allowed, path)])

    tap.add(f"{title} is included only in {allowed}".replace("\\", ""), only_there)


# The folders of analyzer/ from the ground up: each may use those named before it. A new one gets its
# row in the table of analyzer/README.md.
STOREYS = ["base", "order", "software", "tls", "transport", "session", "diagnosis", "privacy", "capture",
           "smtp", "pipeline", "logs", "output", "evidence", "screens", "fleet", "program"]

# What a source file may include of include/heloscope/, by the folder that it lies in; the words that
# all share lie in include/heloscope/ itself. db/ prints addresses and tunnels by what network/ has.
ALLOWED = {"dissectors/network": {"network", "base"},
           "dissectors/application": {"application", "network", "base"}}
ALLOWED.update({f"analyzer/{storey}": {"application", "network", "db", *STOREYS[:number + 1]}
                for number, storey in enumerate(STOREYS)})
ALLOWED.update({folder: {"db", "base", "network"}
                for folder in ("db", "db/write", "db/read", "db/schema")})

# SQLite is seen by db/ only, so that what its folders share cannot lie in include/: both the writer
# and the reader stand on the schema.
SHARED_BY_DB = {"db/write": ("db", "db/schema"), "db/read": ("db", "db/schema"), "db/schema": ("db",)}


@test("a folder includes only what lies below it")
def below():
    offences = []
    for path in all_sources():
        folder = os.path.dirname(path)
        if folder.startswith("include/heloscope"):
            own = folder[len("include/heloscope/"):]
            allowed = next((known for place, known in ALLOWED.items()
                            if own and (place == own or place.endswith("/" + own))), {"network"})
        else:
            allowed = ALLOWED[folder]
        for bracket, name in includes(path):
            if bracket == "<":
                continue
            if name.startswith("heloscope/"):
                parts = name.split("/")
                good = os.path.exists(os.path.join(SOURCE, "include", name)) and (
                    len(parts) == 2 or parts[1] in allowed)
            else:
                own = os.path.normpath(name if "/" in name else f"{folder}/{name}")
                good = os.path.dirname(own) in {folder, *SHARED_BY_DB.get(folder, ())} and (
                    own in GENERATED or os.path.exists(os.path.join(SOURCE, own)))
            if not good:
                offences.append(f'("{path}", "{name}"),')
    no_offence(offences)


@test("a header lies in include/ where other folders include it, and only there")
def shared_headers():
    users = {}
    for path in all_sources():
        for bracket, name in includes(path):
            if bracket == '"' and name.startswith("heloscope/"):
                users.setdefault("include/" + name, set()).add(os.path.dirname(path))
    offences = []
    for path in files("include/heloscope", ".h"):
        parts = path.split("/")
        if len(parts) == 3:
            continue
        homes = {folder for folder in ALLOWED if folder.endswith("/" + parts[2])}
        if parts[2] == "db":
            homes |= {"db", "db/write", "db/read", "db/schema"}
        if users.get(path, set()) <= homes:
            offences.append(f"{path} is included by no other folder")
    no_offence(offences)


@test("analyzer/README.md has a sentence for each folder, and what it names is there")
def guide():
    guide = text("analyzer/README.md")
    rows = re.findall(r"^\| `([\w/]+)/` \| \S.+ \|$", guide, re.M)
    folders = {os.path.relpath(place, SOURCE)
               for top in ("analyzer", "dissectors", "db")
               for place, _, names in os.walk(os.path.join(SOURCE, top))
               if names and "/." not in os.path.relpath(place, SOURCE)}
    told = [f"analyzer/{row}" if f"analyzer/{row}" in folders else row for row in rows]
    offences = [f"no sentence for {folder}/" for folder in sorted(folders - {"analyzer"} - set(told))]
    offences += [f"{folder}/ does not exist" for folder in told if folder not in folders]
    order = [folder.split("/")[1] for folder in told if folder.startswith("analyzer/")]
    if order != STOREYS[::-1]:
        offences.append(f"the order of its table: {order}; house.py has {STOREYS[::-1]}")
    every = [path for top in ("include", "analyzer", "dissectors", "db")
             for path in files(top, ".c", ".h", ".tsv", ".sql", ".txt")]
    named = []  # by the text so far: the files that a function may be in
    for word in re.findall(r"[\w./]+\.(?:c|h|tsv|sql|txt)\b|\w+\(\)", guide):
        if not word.endswith("()"):
            named = [path for path in every if ("/" + path).endswith("/" + word.replace("../", ""))]
            if not named:
                offences.append(f"it names {word}, which does not exist")
        elif not any(re.search(rf"\b{word[:-2]}\(", text(path)) for path in named):
            offences.append(f"it names {word}, which is not in {' or '.join(named)}")
    no_offence(offences)


@test("include/ and dissectors/ need nothing of the system but C11's headers")
def plain_headers():
    no_offence([f"{path} includes <{name}>"
                for folder in ("include/heloscope", "dissectors")
                for path in files(folder, ".c", ".h")
                for bracket, name in includes(path)
                if bracket == "<" and name not in PURE_HEADERS])


@test("every header of include/ compiles alone")
def headers_alone():
    compiler = (os.environ.get("CC") or "cc").split()
    offences = []
    for path in files("include/heloscope", ".h"):
        done = subprocess.run(
            [*compiler, "-std=c11", "-D_GNU_SOURCE", "-I", os.path.join(SOURCE, "include"),
             "-fsyntax-only", "-Wall", "-Wextra", "-x", "c", "-"],
            input=f'#include "{path[len("include/"):]}"\n', text=True, stderr=subprocess.PIPE)
        if done.returncode or done.stderr:
            offences.append(f"{path}: {done.stderr}")
    no_offence(offences)


# What the object files say cannot be talked away: a dissector asks for no memory, no file and no
# clock, and keeps nothing between two calls.
PURE_SYMBOLS = re.compile(
    r"_{0,2}(mem\w+|str\w+|v?snprintf|snprintf_chk|vsnprintf_chk|mem\w+_chk|assert_fail|"
    r"stack_chk_fail|inet_ntop|inet_pton|ctype_b_loc|tolower|toupper|isoc\d+_\w+)$")
# The compiler's own: of the sanitizers, and of functions with a clone for each processor.
COMPILER = re.compile(r"__(asan|ubsan|sanitizer|odr_asan|cpu_indicator_init$|cpu_model$)\w*")


def symbols(path):
    done = subprocess.run(["nm", "-P", path], text=True, stdout=subprocess.PIPE, check=True)
    return [line.split()[:2] for line in done.stdout.splitlines() if len(line.split()) >= 2]


@test("dissectors are pure: no allocation, no I/O, no clock, no state")
def pure():
    objects = {path: os.path.join(os.getcwd(), path[:-2] + ".o")
               for path in files("dissectors", ".c")}
    if not objects or not all(os.path.exists(o) for o in objects.values()):
        tap.skip("the objects are not built here")
    defined = {name for o in objects.values() for name, kind in symbols(o) if kind in "TR"}
    offences = []
    for path, o in objects.items():
        for name, kind in symbols(o):
            if kind == "U" and not (PURE_SYMBOLS.match(name) or COMPILER.match(name)
                                    or name in defined or name == "_GLOBAL_OFFSET_TABLE_"):
                offences.append(f"{path} calls {name}()")
            if kind in "BbDCc" and not COMPILER.match(name):
                offences.append(f"{path} keeps state in {name}")
    no_offence(offences)


# Bounds that are none of memory or work, but of what is printed.
PRINTED = {"analyzer/program/cmd_analyze.c", "analyzer/output/timeline_print.c"}


@test("no file is longer than 450 lines: one idea each")
def short():
    lengths = {path: text(path).count("\n") for path in all_sources()}
    no_offence([f"{path}: {length} lines" for path, length in lengths.items() if length > 450])


@test("how a direction is read changes in direction_enter() alone")
def readings():
    no_offence([f"{path}: {line.strip()}"
                for path in all_sources() if path != "analyzer/session/direction.c"
                for line in re.findall(r"^.*(?:\.|->)reading = .*$", text(path), re.M)])


def without_comments(text):
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', " ", text, flags=re.S)


def circles(arrows):
    """The sets of files each of which reaches all others of its set."""
    def reach(start):
        seen, todo = set(), list(arrows[start])
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo.extend(arrows[at])
        return seen

    reached = {path: reach(path) for path in arrows}
    return {tuple(sorted(other for other in reached[path] if path in reached[other]))
            for path in arrows if path in reached[path]}


@test("no files call each other in a circle")
def no_circles():
    sources = {path: without_comments(text(path)) for path in all_sources() if path.endswith(".c")}
    home = {}
    for path, source in sources.items():
        for head in re.findall(r"^(\w[^;{}#]*?)\n\{", source, flags=re.M):
            name = re.search(r"(\w+)\(", head)
            if name and not head.startswith("static") and name.group(1) != "main":
                home[name.group(1)] = path
    tag = r"\b(?:enum|struct|union)\s+\w+"
    arrows = {path: {home[word] for word in set(re.findall(r"\w+", re.sub(tag, " ", source))) if word in home} - {path}
              for path, source in sources.items()}
    check(len(home) > 300, f"only {len(home)} functions were found")
    no_offence([" -> ".join(circle) for circle in sorted(circles(arrows))])


@test("every bound is in limits.h: no other file defines a name that ends in LIMIT")
def bounds():
    no_offence([f"{path} defines {name}" for path in all_sources()
                if path != "include/heloscope/base/limits.h" and path not in PRINTED
                for name in re.findall(r"\b(\w*LIMIT) = |#define (\w*LIMIT)\b", text(path))])


@test("every source file has its test file, or a reason")
def counterparts():
    offences = [f"{reason_for} does not exist" for reason_for in TESTED_ELSEWHERE
                if not os.path.exists(os.path.join(SOURCE, reason_for))]
    for folder in ("dissectors", "analyzer", "db"):
        for path in files(folder, ".c"):
            mirror = f"tests/{os.path.dirname(path)}/test_{os.path.basename(path)}"
            there = os.path.exists(os.path.join(SOURCE, mirror))
            if not there and path not in TESTED_ELSEWHERE:
                offences.append(f"{path} has no {mirror}")
    no_offence(offences)


@test("every file is in a list of Makefile.am")
def listed():
    words = set(re.split(r"[\s\\]+", text("Makefile.am")))
    no_offence([f"{path} is in no list" for folder in FOLDERS + ("tests",)
                for path in files(folder, ".c", ".h", ".py", ".sh", ".awk", ".sql")
                if path not in words and not path.startswith("db/queries/")])


# As data is read by others: the inputs of the fuzzers, what is printed, queries to paste.
UNLICENSED = ("tests/fuzz/seeds/", "tests/system/golden/", "db/queries/")


@test("every source file names its licence in its first lines")
def licence():
    no_offence([f"{path}: add 'SPDX-License-Identifier: ISC' as a comment in its first line"
                for folder in FOLDERS + ("tests",)
                for path in files(folder, ".c", ".h", ".py", ".sh", ".awk", ".sql")
                if not path.startswith(UNLICENSED)
                and "SPDX-License-Identifier: ISC\n" not in text(path)[:200].replace(" */", "")])


@test("Makefile.am names no absolute folder: a built tree that is copied must not write into the old place")
def relative():
    no_offence(re.findall(r"^.*\babs_\w+dir\b.*$", text("Makefile.am"), re.M))


@test("the lists of Makefile.am are sorted")
def sorted_lists():
    offences = []
    for name, body in re.findall(r"^(\w+_FILES) = \\\n((?:\t\S+ \\\n)*)", text("Makefile.am"), re.M):
        entries = [line.strip(" \t\\") for line in body.splitlines()]
        if entries != sorted(entries):
            offences.append(f"{name}: {' '.join(entries)}")
        if len(entries) != len(set(entries)):
            offences.append(f"{name} names a file twice")
    no_offence(offences)


def index_names(git):
    """The tracked paths, out of git's own index, so that git itself is not needed; None when there
    is none that can be read (gitformat-index(5): versions 2 and 3; 4 compresses its paths)."""
    if os.path.isfile(git):  # a worktree: "gitdir: PATH"
        with open(git, encoding="utf-8") as file:
            git = os.path.join(SOURCE, file.read().strip().partition("gitdir: ")[2])
    try:
        with open(os.path.join(git, "index"), "rb") as file:
            index = file.read()
    except OSError:
        return None
    signature, version, count = struct.unpack_from(">4sII", index)
    if signature != b"DIRC" or version not in (2, 3):
        return None
    names, at = [], 12
    for _ in range(count):
        (flags,) = struct.unpack_from(">H", index, at + 60)
        start = at + (64 if flags & 0x4000 else 62)
        end = index.index(b"\0", start)
        names.append(index[start:end].decode("utf-8", "surrogateescape"))
        at += (end - at + 8) // 8 * 8
    return names


@test("nothing lies at the top of the tree that could live in a folder")
def top():
    tracked = index_names(os.path.join(SOURCE, ".git"))
    if tracked is None:
        tap.skip("not a git checkout")
    names = {path.split("/")[0] for path in tracked}
    no_offence(sorted(name for name in names if name not in TOP and not name.startswith(".")))


if __name__ == "__main__":
    tap.run()
