# SPDX-License-Identifier: ISC
"""`make install` puts its files into place, they work there, and `make uninstall` takes them away."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import ENVIRONMENT, SOURCE, Scratch, heloscope, need_program  # noqa: E402
from support.tap import check, contains, equal, test  # noqa: E402

need_program()

SUBCOMMANDS = ("analyze", "monitor", "show", "report", "explain", "export", "ship")

TABLES = ("captures", "sessions", "event_rows", "diagnoses", "transactions", "errors_503")


def make(*arguments):
    # Not the flags of the make that runs this test: its job server is not for us.
    environment = {name: value for name, value in ENVIRONMENT.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
    done = subprocess.run(["make", *arguments], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(done.returncode == 0, "make failed", done.stdout)


def installed(root):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(root)
                  for name in names)


@test("make install and make uninstall")
def install():
    if not os.path.exists("Makefile"):
        tap.skip("not run in a build folder")
    with Scratch() as scratch:
        make("install", f"DESTDIR={scratch.root}", "prefix=/opt/heloscope")
        prefix = scratch.path("opt", "heloscope")
        program = os.path.join(prefix, "bin", "heloscope")
        manual = os.path.join(prefix, "share", "man", "man1", "heloscope.1")
        completion = os.path.join(prefix, "share", "bash-completion", "completions", "heloscope")
        schema = os.path.join(prefix, "share", "man", "man5", "heloscope-schema.5")
        fleet = os.path.join(prefix, "share", "man", "man7", "heloscope-fleet.7")
        atlas = os.path.join(prefix, "share", "man", "man7", "heloscope-atlas.7")
        service = os.path.join(prefix, "lib", "systemd", "system", "heloscope.service")
        options = os.path.join(prefix, "etc", "heloscope.conf")
        zsh = os.path.join(prefix, "share", "zsh", "site-functions", "_heloscope")
        fish = os.path.join(prefix, "share", "fish", "vendor_completions.d", "heloscope.fish")
        queries = [os.path.join(prefix, "share", "heloscope", "queries", name)
                   for name in os.listdir(os.path.join(SOURCE, "db", "queries"))]
        equal(installed(scratch.root),
              sorted([program, manual, schema, fleet, atlas, completion, service, options, zsh, fish,
                      *queries]), "files")
        version = subprocess.run([program, "--version"], text=True, stdout=subprocess.PIPE)
        equal(version.returncode, 0, "status")
        with open(service, encoding="ascii") as file:
            words = [line for line in file if line.startswith("ExecStart=")][0].split("=", 1)[1].split()
        equal((words[0], words[-1]), ("/opt/heloscope/bin/heloscope", "/opt/heloscope/etc/heloscope.conf"),
              "what the service starts")
        manual_is_sound(manual, *SUBCOMMANDS)
        manual_is_sound(schema, *TABLES)
        manual_is_sound(fleet, "endpoint", "errors_503")
        completion_completes(completion, program)
        make("uninstall", f"DESTDIR={scratch.root}", "prefix=/opt/heloscope")
        equal(installed(scratch.root), [], "left behind")


def manual_is_sound(manual, *words):
    with open(manual) as file:
        contains(file.read(), *words)
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-ww", "-z", manual], text=True,
                              stderr=subprocess.PIPE)
        equal((done.returncode, done.stderr), (0, ""), "groff")


def completion_completes(completion, program):
    if not shutil.which("bash"):
        return
    script = f"""
        source {completion}
        complete -p heloscope >/dev/null || exit 3
        function=$(complete -p heloscope | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        COMP_WORDS=(heloscope '') COMP_CWORD=1 COMP_LINE='heloscope ' COMP_POINT=10
        $function {program} '' heloscope
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    equal((done.returncode, done.stderr), (0, ""), "bash")
    contains(done.stdout.split(), *SUBCOMMANDS)


@test("--help names every subcommand, --version the version")
def words():
    contains(heloscope("--help").expect(0).out, *SUBCOMMANDS)
    contains(heloscope("--version").expect(0).out, "heloscope ")


if __name__ == "__main__":
    tap.run()
