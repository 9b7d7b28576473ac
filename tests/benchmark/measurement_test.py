import contextlib
import io
import os
import tempfile
import types
import unittest
from unittest import mock

from benchmark import measurement
from benchmark.disk import Disk
from benchmark.failure import Failure
from benchmark.measurement import Measurement
from samples import line


class Scripted(Measurement):
    """Measures nothing: notes who ran, with what, and fails where it is told to."""

    def __init__(self, runs, failing=()):
        with mock.patch.object(measurement, "two_cores", return_value=(0, 1)):
            super().__init__(types.SimpleNamespace(runs=runs, roomcast="roomcast"), "rawlimit", "fanout", {"ws": ["node"]})
        self.failing = failing
        self.ran = []

    def run(self, server, arguments):
        self.ran.append((server.name, arguments))
        if server.name in self.failing:
            raise Failure(f"{server.name} lost 3")
        return {}


class Durations(unittest.TestCase):
    def test_what_fanout_takes_for_seconds_gets_a_unit_for_roomcast_load(self):
        words = ["--window", "4", "--duration", "1.5"]
        self.assertEqual(measurement.as_durations(words), ["--window", "4", "--duration", "1500ms"])


def measured(bench, line):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        runs, failures = bench.measure(line)
    return {side: len(of_side) for side, of_side in runs.items()}, failures, said.getvalue()


class Order(unittest.TestCase):
    def test_the_sides_run_in_turn(self):
        bench = Scripted(2)
        measured(bench, line())
        self.assertEqual([name for name, _ in bench.ran], ["rawlimit", "roomcast", "ws"] * 2)

    def test_a_line_without_peers_leaves_them_out(self):
        self.assertEqual(measured(Scripted(1), line(peers=False))[0], {"baseline": 1, "roomcast": 1})

    def test_roomcast_may_be_its_own_baseline(self):
        bench = Scripted(1)
        measured(bench, line(baseline="--conns 2", peers=False))
        self.assertEqual(bench.ran, [("roomcast", "--conns 2"), ("roomcast", "--conns 1")])

    def test_further_options_are_for_roomcast_when_it_is_not_the_baseline(self):
        sides = Scripted(1).sides(line(baseline="--conns 2", options="--compression"))
        self.assertNotIn("--compression", sides["baseline"][0]().command)
        self.assertIn("--compression", sides["roomcast"][0]().command)


    def test_the_disk_may_be_the_baseline_and_then_roomcast_stores_on_it(self):
        sides = Scripted(1).sides(line(baseline="disk", options="--data {data}", peers=False))
        self.assertEqual(sides["baseline"][0]().name, "disk")
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(measurement.build, "BUILD", folder):
            server = sides["roomcast"][0]()
            self.assertEqual(server.folder, folder)
            self.assertIn("{data}", server.command)


class Disks(unittest.TestCase):
    def test_a_disk_takes_some_pages(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertGreater(Disk(folder).run(0.01)["messages_per_s"], 0)
            self.assertEqual(os.listdir(folder), [])


class Failures(unittest.TestCase):
    def test_a_peer_that_fails_does_not_run_again_and_the_others_go_on(self):
        count, failures, said = measured(Scripted(3, failing=("ws",)), line())
        self.assertEqual(count, {"baseline": 3, "roomcast": 3, "ws": 0})
        self.assertEqual(failures, {"ws": "ws lost 3"})
        self.assertEqual(said, "bench: x: ws lost 3\n")


if __name__ == "__main__":
    unittest.main()
