import json
import tempfile
import unittest
from pathlib import Path

from benchmark.build import HERE
from benchmark.failure import Failure
from benchmark.lines import LINES
from benchmark.record import Record
from samples import BYTES, MOST, line, row


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "results.json"

    def assertRefuses(self, text, why):
        self.path.write_text(text)
        with self.assertRaisesRegex(Failure, why):
            Record.load(self.path)

    def test_what_was_saved_is_loaded(self):
        record = Record({"cpu": "abacus"}, {})
        record.replace([row(MOST, 1.23456, ws=None), row(BYTES, 2000)], 3, 5)
        record.save(self.path)
        loaded = Record.load(self.path)
        self.assertEqual(loaded.machine, {"cpu": "abacus"})
        self.assertEqual(loaded.side(line(), MOST, "roomcast"), {"median": 1.235, "ratio": 1.235})
        self.assertEqual(loaded.side(line(), MOST, "ws"), {"median": None, "ratio": None})
        self.assertEqual(loaded.side(line(), BYTES, "roomcast"), {"median": 2000, "ratio": None})
        self.assertEqual((loaded.judged(line(), MOST), loaded.judged(line(), BYTES)), (1.235, 2000))

    def test_an_absent_file_says_how_to_write_one(self):
        with self.assertRaisesRegex(Failure, "no results.json yet: write one with --record"):
            Record.load(self.path)

    def test_a_broken_file_is_named(self):
        self.assertRefuses("{", "results.json is not a record")
        self.assertRefuses("[]", "results.json is not a record")
        self.assertRefuses('{"lines": {}}', "results.json is not a record.*machine")
        self.assertRefuses('{"machine": {}, "lines": {"a1": 3}}', "results.json is not a record")

    def test_a_ratio_that_is_no_number_is_refused(self):
        side = {"median": 1, "ratio": "low"}
        content = {"machine": {}, "lines": {"a1": {"metrics": {"x": {"roomcast": side}}}}}
        self.assertRefuses(json.dumps(content), "'low' is no number")

    def test_the_recorded_file_is_one_of_these_lines(self):
        record = Record.load(HERE / "results.json")
        self.assertLessEqual(set(record.lines), {line.name for line in LINES})


class Replacement(unittest.TestCase):
    def test_other_lines_stay(self):
        record = Record({}, {"y": {"metrics": {}}})
        record.replace([row(MOST, 1.0)], 3, 5)
        self.assertEqual(set(record.lines), {"x", "y"})

    def test_a_line_is_replaced_as_a_whole(self):
        record = Record({}, {})
        record.replace([row(MOST, 1.0, ws=5.0)], 3, 5)
        record.replace([row(MOST, 1.0)], 3, 5)
        self.assertIsNone(record.side(line(), MOST, "ws"))


if __name__ == "__main__":
    unittest.main()
