"""Runs the servers of a line in turn, so that a slow minute of the machine hurts all of them."""

import json
import os
import re
import resource
import shlex
import subprocess
import sys

from benchmark import build
from benchmark.disk import Disk, Storing
from benchmark.failure import Failure
from benchmark.lines import CPU, DISK, FORGETFUL
from benchmark.server import Rawlimit, Server

PATIENCE = 60  # seconds for fanout to connect, warm up and drain


def two_cores():
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Failure("needs two cores: one for the server, one for the load generator")
    return cores[:2]


def as_durations(words):
    """The same, with a unit behind what fanout takes for seconds."""
    return [f"{float(word) * 1000:.0f}ms" if before == "--duration" else word for before, word in zip([None, *words], words)]


class Measurement:
    def __init__(self, options, rawlimit, fanout, peers):
        self.server_core, self.generator_core = two_cores()
        self.options = options
        self.rawlimit_binary = rawlimit
        self.fanout_binary = fanout
        self.peers = peers
        # Not every server raises its limit of open files itself.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def roomcast(self, further_options):
        command = [self.options.roomcast, "--port", "0", "--address", "127.0.0.1", *shlex.split(further_options)]
        if "{data}" in command:
            return Storing("roomcast", self.server_core, command, build.BUILD)
        return Server("roomcast", self.server_core, command)

    def sides(self, line):
        """Who runs in a line, by name: how to make the server, and what fanout is told."""
        sides = {"baseline": (lambda: Rawlimit(self.server_core, self.rawlimit_binary), line.arguments)}
        if line.baseline == DISK:
            sides["baseline"] = (lambda: Disk(build.BUILD), "")
        elif line.baseline is not None:
            sides["baseline"] = (lambda: self.roomcast(FORGETFUL), line.baseline)
        sides["roomcast"] = (lambda: self.roomcast(line.options), line.arguments)
        if line.peers:
            for name, command in self.peers.items():
                sides[name] = (lambda name=name, command=command: Server(name, self.server_core, command), line.arguments)
        return sides

    def measure(self, line):
        """The runs of each side, and of each that failed the reason; after a failure a side does not run again."""
        sides = self.sides(line)
        runs = {name: [] for name in sides}
        failures = {}
        try:
            for n in range(self.options.runs):
                for name, (server, arguments) in sides.items():
                    if name in failures:
                        continue
                    self.progress(f"{line.name}: {name}, run {n + 1} of {self.options.runs}")
                    try:
                        runs[name].append(self.run(server(), arguments))
                    except Failure as reason:
                        failures[name] = str(reason)
                        self.progress("")
                        print(f"bench: {line.name}: {reason}", file=sys.stderr)
        finally:
            self.progress("")
        return runs, failures

    def run(self, server, arguments):
        """What fanout measured in one run; or roomcast load, where the arguments begin with its name; or the disk."""
        if server.name == DISK:
            return server.run(self.options.duration)
        words = shlex.split(arguments)
        by_load = words[0] == "load"
        if "--duration" not in words:
            words += ["--duration", str(self.options.duration)]
        with server:
            words += ["--server-pid", str(server.process.pid), "--json"]
            command = [str(self.fanout_binary), "--port", str(server.port), *words]
            if by_load:
                command = [self.options.roomcast, "load", f"ws://127.0.0.1:{server.port}/chat", *as_durations(words[1:])]
            command = ["taskset", "-c", str(self.generator_core), *command]
            limit = float(words[words.index("--duration") + 1]) + PATIENCE
            try:
                fanout = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit)
            except subprocess.TimeoutExpired as reason:
                raise Failure(f"{server.name} is not through with '{arguments}' after {limit:g} s") from reason
            server.check_running(f"during '{arguments}'")
        if fanout.returncode:
            errors = re.search(r"^errors .*$", fanout.stderr, re.MULTILINE)
            raise Failure(f"{server.name}, '{arguments}': {errors[0] if errors else fanout.stderr.strip()}")
        measured = json.loads(fanout.stdout)
        if by_load:
            measured[CPU] = measured["server_cpu_s_per_million"]
        if measured["mode"] != "idle" and not measured["deliveries"]:
            raise Failure(f"{server.name}, '{arguments}': nothing was delivered")
        return measured

    @staticmethod
    def progress(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
