import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from benchmark import command
from benchmark.failure import Failure
from benchmark.lines import LINES
from benchmark.record import Record
from samples import BYTES, MOST, row


def refusal(*arguments):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            command.parse_options(arguments)
        except SystemExit as end:
            return end.code, said.getvalue()
    return None


class Options(unittest.TestCase):
    def test_the_peers_are_all_some_or_none(self):
        self.assertIsNone(command.parse_options([]).peers)
        self.assertEqual(command.parse_options(["--peers", "ws,beast"]).peers, ["ws", "beast"])
        self.assertEqual(command.parse_options(["--peers", "none"]).peers, [])

    def test_what_there_is_not_is_refused(self):
        for arguments, why in (
            (["a1", "zz"], "no line zz"),
            (["--peers", "nginx"], "no peer nginx"),
            (["--runs", "0"], "--runs: 0 is not above 0"),
            (["--duration", "long"], "--duration: invalid float value: 'long'"),
            (["--check", "--record"], "not allowed with"),
        ):
            status, said = refusal(*arguments)
            self.assertEqual(status, 2)
            self.assertIn(why, said)

    def test_an_absent_yardstick_is_named(self):
        with self.assertRaisesRegex(Failure, "no rawlimit.cpp and no fanout.cpp in /nonexistent: say where"):
            command.find_yardstick(Path("/nonexistent"))


class Records(unittest.TestCase):
    facts = {"cpu": "abacus"}

    def opened(self, lines, *arguments, machine=None):
        options = command.parse_options(arguments)
        stored = Record(machine or self.facts, {"a1": {"metrics": {}}})
        present = mock.Mock(**{"exists.return_value": True})
        present.name = "results.json"
        with mock.patch.object(command, "RESULTS", present), mock.patch.object(Record, "load", return_value=stored):
            return command.open_record(options, lines, self.facts)

    def test_a_part_is_added_to_what_is_recorded(self):
        self.assertIn("a1", self.opened(LINES[:1], "--record").lines)

    def test_a_part_is_not_added_to_what_another_machine_measured(self):
        with self.assertRaisesRegex(Failure, "results.json is from another machine"):
            self.opened(LINES[:1], "--record", machine={"cpu": "slide rule"})

    def test_a_check_against_what_another_machine_measured_says_so(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertIn("a1", self.opened(LINES, "--check", machine={"cpu": "slide rule"}).lines)
        self.assertIn("results.json is from another machine", said.getvalue())

    def test_all_lines_make_a_record_of_their_own(self):
        self.assertEqual(self.opened(LINES, "--record").lines, {})

    def test_nothing_is_read_where_nothing_is_compared(self):
        self.assertIsNone(self.opened(LINES))


class Ends(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.results = Path(folder.name) / "results.json"
        self.picture = Path(folder.name) / "results.svg"

    def status(self, rows, *arguments):
        record = Record({}, {})
        files = mock.patch.multiple(command, RESULTS=self.results, PICTURE=self.picture)
        with files, contextlib.redirect_stderr(io.StringIO()):
            return command.finish(command.parse_options(arguments), rows, record, record)

    def test_a_missed_target_is_a_failure_only_of_a_check(self):
        self.assertEqual(self.status([row(MOST, 2.0)]), 0)
        self.assertEqual(self.status([row(MOST, 2.0)], "--check"), 1)
        self.assertEqual(self.status([row(MOST, 1.0)], "--check"), 0)

    def test_a_failed_server_is_a_failure(self):
        self.assertEqual(self.status([row(MOST, None)]), 1)

    def test_a_record_has_its_picture(self):
        self.assertEqual(self.status([row(MOST, 1.0)], "--record"), 0)
        self.assertIn("x", Record.load(self.results).lines)
        self.assertIn("<svg", self.picture.read_text("utf-8"))

    def test_a_failed_server_is_not_recorded_but_what_succeeded_is(self):
        self.assertEqual(self.status([row(MOST, 1.0), row(BYTES, None)], "--record"), 1)
        self.assertEqual(list(Record.load(self.results).lines["x"]["metrics"]), [MOST.metric])

    def test_nothing_but_failures_leaves_the_record_as_it_is(self):
        self.assertEqual(self.status([row(MOST, None)], "--record"), 1)
        self.assertFalse(self.results.exists())


if __name__ == "__main__":
    unittest.main()
