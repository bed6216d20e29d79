# SPDX-License-Identifier: ISC
"""A heloscope that goes on while the test does something: what it prints is read as it comes."""

import os
import re
import select
import subprocess
import time

from support import tap
from support.program import ENVIRONMENT, HELOSCOPE

PATIENCE = 20  # seconds for anything that is to happen at once


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


class Running:
    """`with Running("monitor", ...) as program:`; it is killed at the end if it still runs."""

    def __init__(self, *words, cwd=None):
        self.out, self.err = "", ""
        self.process = subprocess.Popen([HELOSCOPE, *words], env=ENVIRONMENT, cwd=cwd,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        for pipe in (self.process.stdout, self.process.stderr):
            os.set_blocking(pipe.fileno(), False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    def feed(self, octets):
        """Octets for standard input; None closes it."""
        if octets is None:
            self.process.stdin.close()
        else:
            self.process.stdin.write(octets)
            self.process.stdin.flush()

    def read(self, seconds=0.1):
        pipes = [self.process.stdout, self.process.stderr]
        ready, _, _ = select.select(pipes, [], [], seconds)
        for pipe in ready:
            text = (pipe.read() or b"").decode()
            if pipe is pipes[0]:
                self.out += text
            else:
                self.err += text

    def says(self, what, condition):
        """Waits for `condition`, reading meanwhile."""
        def holds():
            self.read()
            return condition()

        try:
            until(holds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n--- stdout\n{self.out[-4000:]}\n--- stderr\n{self.err}")

    def prints(self, *words):
        self.says(f"{words} on the screen", lambda: all(word in self.out for word in words))

    def stop(self, number):
        """Reads on meanwhile: what nobody reads would hold the program up."""
        self.process.send_signal(number)

        def ended():
            self.read()
            return self.process.poll() is not None

        self.says("its end", ended)
        self.read(0)
        return self.process.returncode


class Monitor(Running):
    """heloscope monitor on loopback, when it has begun to listen."""

    def __init__(self, database, *filter_words, cwd=None):
        super().__init__("monitor", "-i", "lo", "--db", database, *filter_words, cwd=cwd)
        try:
            until(self.listens, "the monitor to listen")
        except BaseException:
            self.__exit__()
            raise

    def listens(self):
        """It says so once its filter is in place; what came before is not seen."""
        self.read(0)
        if self.process.poll() is not None:
            if re.search(r"permi|privilege|root|capabilit", self.err, re.I):
                tap.skip(f"capturing is not permitted here: {self.err.strip()}")
            raise AssertionError(f"the monitor ended: {self.err}")
        return "listening on lo" in self.err
