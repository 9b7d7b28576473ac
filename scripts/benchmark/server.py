"""A server under measurement, from its start to its end."""

import re
import socket
import subprocess
import tempfile
import time

from benchmark.failure import Failure

PATIENCE = 20  # seconds for a server to listen, or to end


class Server:
    """A server alone on its core, which says where it listens; it lasts as long as the `with`."""

    def __init__(self, name, core, command):
        self.name = name
        self.command = ["taskset", "-c", str(core), *map(str, command)]

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.output = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.log)
        except OSError as reason:
            raise Failure(f"{self.name} does not start: {reason}") from reason
        try:
            self.port = self.listening()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # What is measured is over by now: there is nobody left to say goodbye to.
        self.process.kill()
        self.process.wait(PATIENCE)
        self.log.close()
        self.output.close()

    def listening(self):
        """The port, once the server listens."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.check_running("before it listened")
            port = self.announced()
            if port:
                return port
            time.sleep(0.01)
        raise Failure(f"{self.name} does not listen within {PATIENCE} s {self.said()}".rstrip())

    def announced(self):
        self.output.seek(0)
        line = re.search(r"listening on .*:(\d+)$", self.output.read(), re.MULTILINE)
        return line and int(line[1])

    def check_running(self, when):
        status = self.process.poll()
        if status is not None:
            raise Failure(f"{self.name} ended {when} with status {status} {self.said()}".rstrip())

    def said(self):
        self.log.seek(0)
        said = self.log.read().strip()
        return said and f"({said})"


class Rawlimit(Server):
    """Says nothing, and wants to be told its port."""

    def __init__(self, core, binary):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.wanted = free.getsockname()[1]
        super().__init__("rawlimit", core, [binary, self.wanted])

    def announced(self):
        with socket.socket() as probe:
            return self.wanted if probe.connect_ex(("127.0.0.1", self.wanted)) == 0 else None
