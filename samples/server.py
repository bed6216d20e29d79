"""What all servers have in common: a scratch directory, a start, an end, a version."""

import os
import socket
import subprocess
import time

import sandbox

PORT = 2525
START_S = 20


class Server:
    """One kind of server: what it needs, how it is started, what its version is."""

    port = PORT
    address = "127.0.0.1"
    needs = ()      # programs
    packages = ""   # how to get them

    def __init__(self, scratch, options=""):
        self.directory = scratch
        self.options = options
        self.log = (scratch / "log").open("wb")

    def missing(self):
        return sandbox.find(*self.needs)

    def start(self):
        self.process = subprocess.Popen(self.command(), stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL, env=self.environment())
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection((self.address, self.port), 1).close()
                time.sleep(0.5)
                return
            except OSError:
                time.sleep(0.1)
        log = (self.directory / "log").read_text(errors="replace")
        raise RuntimeError(f"{type(self).__name__} does not answer on port {self.port}:\n{log}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def environment(self):
        return dict(os.environ)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def certificate(self):
        """A self-signed certificate and its key, good for a day."""
        key, certificate = self.directory / "key.pem", self.directory / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                        "-subj", f"/CN={sandbox.HOST}", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        key.chmod(0o644)
        return certificate, key


def output(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    return result.stdout + result.stderr
