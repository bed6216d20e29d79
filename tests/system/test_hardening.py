# SPDX-License-Identifier: ISC
"""The program reads what strangers send: it is built hardened unless configure was told otherwise."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support import tap  # noqa: E402
from support.program import HELOSCOPE, need_program  # noqa: E402
from support.tap import check, test  # noqa: E402

need_program()


def readelf(*options):
    if not shutil.which("readelf"):
        tap.skip("no readelf here")
    done = subprocess.run(["readelf", "-W", *options, HELOSCOPE], text=True, stdout=subprocess.PIPE)
    check(done.returncode == 0, "readelf failed")
    return done.stdout


def built_with(variable):
    """What configure chose, from the Makefile of the build folder."""
    if not os.path.exists("Makefile"):
        tap.skip("not run in a build folder")
    with open("Makefile", encoding="utf-8") as file:
        for line in file:
            if line.startswith(f"{variable} ="):
                return line.partition("=")[2].split()
    return []


def hardened():
    if not built_with("HARDENING_LDFLAGS"):
        tap.skip("configured with --disable-hardening")


@test("the program can be loaded anywhere (PIE)")
def position():
    hardened()
    header = readelf("-h")
    check("DYN " in header, "not position-independent", header)


@test("what the loader writes is read-only afterwards (full RELRO), and no stack is executable")
def relocations():
    hardened()
    segments, dynamic = readelf("-l"), readelf("-d")
    check("GNU_RELRO" in segments, "no RELRO", segments)
    check("NOW" in dynamic, "bound lazily", dynamic)
    stack = next((line for line in segments.splitlines() if "GNU_STACK" in line), "")
    check(stack and "E" not in stack.split()[-2:-1][0], "the stack", stack)


@test("functions guard their stack, and the C library's copies are bounded (FORTIFY)")
def guards():
    hardened()
    symbols = readelf("--dyn-syms")
    check("__stack_chk_fail" in symbols, "no stack protector", symbols)
    if not built_with("HARDENING_CPPFLAGS") and "FORTIFY" not in " ".join(built_with("CFLAGS") + built_with("CPPFLAGS")):
        tap.skip("without optimisation or beside the sanitizers there is no FORTIFY")
    check("_chk@" in symbols.replace("__stack_chk_fail@", ""), "no FORTIFY", symbols)


if __name__ == "__main__":
    tap.run()
