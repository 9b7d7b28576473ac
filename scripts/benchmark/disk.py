"""The disk that messages are stored on."""

import os
import tempfile
import time

from benchmark.server import Server

PAGE = bytes(4096)


class Disk:
    """How often a second it takes a page for good, as a commit needs it to at the least."""

    name = "disk"

    def __init__(self, folder):
        self.folder = folder

    def run(self, seconds):
        with tempfile.TemporaryFile(dir=self.folder, buffering=0) as file:
            pages = 0
            begin = time.monotonic()
            while (passed := time.monotonic() - begin) < seconds:
                file.write(PAGE)
                os.fdatasync(file.fileno())
                pages += 1
        return {"messages_per_s": pages / passed}


class Storing(Server):
    """A server with a data file of its own: `{data}` among its words."""

    def __init__(self, name, core, command, folder):
        super().__init__(name, core, command)
        self.folder = folder

    def __enter__(self):
        self.own = tempfile.TemporaryDirectory(dir=self.folder)
        self.command = [word.replace("{data}", f"{self.own.name}/messages") for word in self.command]
        try:
            return super().__enter__()
        except BaseException:
            self.own.cleanup()
            raise

    def __exit__(self, *reason):
        super().__exit__(*reason)
        self.own.cleanup()
