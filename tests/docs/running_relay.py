"""A real `forebay serve` on free ports in a directory of its own, and requests to it.

The binary is in the environment variable FOREBAY. An answer's header names are in lower case.
"""
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def media_type(self):
        return self.headers.get("content-type", "").split(";")[0]


def eventually(holds, seconds=30):
    """Asks until it holds, and returns what it said; fails after so long."""
    end = time.monotonic() + seconds
    while not (said := holds()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)
    return said


def read_answer(connection, method):
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


class Relay:
    """`config` is YAML without data_dir. As a context it runs, and is killed and removed in the end."""

    def __init__(self, config):
        self.directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.directory.name)
        self.process = None
        self.write(config)

    def write(self, config):
        (self.path / "forebay.yaml").write_text(f"data_dir: {self.path}/data\n{config}")

    @staticmethod
    def binary():
        return os.environ["FOREBAY"]

    def start(self):
        with open(self.path / "log", "wb") as log:
            command = [self.binary(), "serve", "-c", str(self.path / "forebay.yaml")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.path)
        eventually(lambda: " runs; data in " in self.log() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log()
        found = re.findall(r"^(http|admin) door on .*:(\d+)$", self.log(), re.M)
        self.ports = {kind: [int(port) for which, port in found if which == kind] for kind in ("http", "admin")}

    def log(self):
        return (self.path / "log").read_text()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)
        self.directory.cleanup()

    def connect(self, door, which=0):
        return socket.create_connection(("127.0.0.1", self.ports[door][which]), timeout=30)

    def ask(self, door, method, path, body="", headers=(), which=0):
        """One request on a connection of its own. Headers are pairs, so that one can be sent twice."""
        body = body if isinstance(body, bytes) else body.encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: relay", "Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return self.raw(door, "\r\n".join(lines).encode() + b"\r\n\r\n" + body, method, which)

    def raw(self, door, request, method="GET", which=0):
        with self.connect(door, which) as connection:
            connection.sendall(request)
            return read_answer(connection, method)
