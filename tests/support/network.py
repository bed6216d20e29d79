# SPDX-License-Identifier: ISC
"""Interfaces that only the test knows: pairs of veth in this network namespace, one end to capture, the
other to send frames into. Without the right to make them the test is skipped."""

import itertools
import os
import shutil
import socket
import subprocess

from support import tap

numbers = itertools.count()


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)


class Pair:
    """`with Pair() as pair:`; frames that are sent into `pair.far` arrive at `pair.near`."""

    def __init__(self, make=True):
        number = next(numbers)
        self.near, self.far = f"hs{os.getpid()}n{number}", f"hs{os.getpid()}f{number}"
        self.make_it = make

    def __enter__(self):
        if not shutil.which("ip"):
            tap.skip("there is no ip(8)")
        if self.make_it:
            self.make()
        return self

    def __exit__(self, *_):
        self.remove()

    def make(self, up=True):
        made = ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, check=False)
        if made.returncode:
            tap.skip(f"no interface can be made here: {made.stderr.strip()}")
        if up:
            self.up()

    def up(self):
        for name in (self.near, self.far):
            with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w", encoding="ascii") as file:
                file.write("1")  # the kernel sends nothing of its own
            ip("link", "set", name, "up")

    def remove(self):
        ip("link", "del", self.near, check=False)

    def send(self, frames):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind((self.far, 0))
            for frame in frames:
                out.send(frame)
