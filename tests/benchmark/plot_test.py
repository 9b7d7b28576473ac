import unittest
from xml.etree import ElementTree

from benchmark import plot
from benchmark.judgement import Row
from benchmark.lines import LINES
from benchmark.record import Record

FIRST = LINES[0]
NAME = "{http://www.w3.org/2000/svg}"


def drawn(roomcast, **peers):
    record = Record({}, {})
    record.replace([Row(FIRST, FIRST.goals[0], {"baseline": 1.0, "roomcast": roomcast, **peers})], 3, 5)
    return ElementTree.fromstring(plot.svg(record))


def bars(picture):
    """The width of each bar by its colour; the pieces of the legend are square."""
    found = picture.iter(f"{NAME}rect")
    return {bar.get("fill"): float(bar.get("width")) for bar in found if bar.get("width") != bar.get("height")}


class Plot(unittest.TestCase):
    def test_a_longer_bar_is_a_higher_ratio(self):
        widths = bars(drawn(1.0, beast=5.0, ws=10.0))
        self.assertLess(widths[plot.COLOURS["roomcast"]], widths[plot.COLOURS["beast"]])
        self.assertLess(widths[plot.COLOURS["beast"]], widths[plot.COLOURS["ws"]])

    def test_the_scale_is_logarithmic(self):
        one, ten, hundred = (bars(drawn(1.0, beast=10.0, ws=100.0))[colour] for colour in plot.COLOURS.values())
        self.assertAlmostEqual(ten - one, hundred - ten, delta=0.2)

    def test_a_peer_that_failed_has_no_bar_and_no_legend(self):
        picture = drawn(1.0, beast=5.0, ws=None)
        self.assertNotIn(plot.COLOURS["ws"], bars(picture))
        words = [text.text for text in picture.iter(f"{NAME}text")]
        self.assertIn(FIRST.what, words)
        self.assertIn(plot.LABELS["beast"], words)
        self.assertNotIn(plot.LABELS["ws"], words)

    def test_nothing_is_outside_the_picture(self):
        for ratio in (0.001, 0.3, 1, 20, 12345):
            picture = drawn(ratio)
            for bar in picture.iter(f"{NAME}rect"):
                self.assertGreaterEqual(float(bar.get("width")), 0)
                self.assertLessEqual(float(bar.get("x", 0)) + float(bar.get("width")), plot.WIDTH)

    def test_only_cpu_time_against_rawlimit_is_drawn(self):
        record = Record({}, {})
        for line in LINES:
            record.replace([Row(line, goal, {"baseline": 1.0, "roomcast": 1.0}) for goal in line.goals], 3, 5)
        self.assertEqual([what for what, _ in plot.ratios(record)], [line.what for line in LINES if line.name[0] in "abcd"])

    def test_an_empty_record_is_a_picture_too(self):
        ElementTree.fromstring(plot.svg(Record({}, {})))


if __name__ == "__main__":
    unittest.main()
