import unittest

from benchmark.judgement import failures, rows, shortcomings
from benchmark.lines import CPU
from benchmark.record import Record
from samples import BYTES, LEAST, MOST, line, row


def recorded(*rows):
    record = Record({}, {})
    record.replace(list(rows), 3, 5)
    return record


NOTHING = Record({}, {})


class Rows(unittest.TestCase):
    def test_the_middle_run_counts(self):
        runs = {side: [{CPU: value} for value in values] for side, values in (("baseline", (4, 2, 9)), ("roomcast", (1, 5, 6)))}
        (only,) = rows(line(), runs, {})
        self.assertEqual(only.medians, {"baseline": 4, "roomcast": 5})
        self.assertEqual(only.ratio("roomcast"), 1.25)

    def test_each_goal_of_a_line_has_a_row(self):
        runs = {side: [{LEAST.metric: 10, BYTES.metric: 2000}] for side in ("baseline", "roomcast")}
        self.assertEqual([row.goal for row in rows(line(BYTES, LEAST), runs, {})], [BYTES, LEAST])

    def test_what_failed_has_no_median_even_if_it_ran_before(self):
        runs = {side: [{CPU: 1}] for side in ("baseline", "roomcast", "ws")}
        (only,) = rows(line(), runs, {"ws": "lost 3"})
        self.assertEqual(only.medians, {"baseline": 1, "roomcast": 1, "ws": None})
        self.assertIsNone(only.ratio("ws"))
        self.assertTrue(only.is_met)


class Targets(unittest.TestCase):
    def test_a_ratio_is_at_most_its_target(self):
        self.assertTrue(row(MOST, 1.1).is_met)
        self.assertFalse(row(MOST, 1.11).is_met)

    def test_a_ratio_is_at_least_its_target(self):
        self.assertTrue(row(LEAST, 80, baseline=100).is_met)
        self.assertFalse(row(LEAST, 79, baseline=100).is_met)

    def test_an_absolute_target_is_about_the_value(self):
        self.assertTrue(row(BYTES, 3072, baseline=100).is_met)
        self.assertFalse(row(BYTES, 3073, baseline=100000).is_met)
        self.assertIsNone(row(BYTES, 3072, baseline=100).ratio("roomcast"))

    def test_nothing_is_met_without_a_baseline(self):
        for baseline in (None, 0):
            self.assertFalse(row(MOST, 1.0, baseline=baseline).is_met)


class Shortcomings(unittest.TestCase):
    def test_there_are_none_within_the_tolerance(self):
        self.assertEqual(shortcomings([row(MOST, 1.0)], recorded(row(MOST, 0.9)), 0.15), [])

    def test_a_ratio_that_fell_is_named_with_both_numbers(self):
        (sentence,) = shortcomings([row(MOST, 1.0)], recorded(row(MOST, 0.8)), 0.15)
        self.assertEqual(
            sentence, "x: a crowd, CPU s/M: ratio 1 (recorded 0.8) is worse than recorded by more than 15%"
        )

    def test_a_missed_target_is_named_also_where_it_was_missed_before(self):
        (sentence,) = shortcomings([row(MOST, 1.5)], recorded(row(MOST, 1.5)), 0.15)
        self.assertEqual(sentence, "x: a crowd, CPU s/M: ratio 1.5 (recorded 1.5) misses its target of at most 1.1")

    def test_one_sentence_says_both(self):
        (sentence,) = shortcomings([row(MOST, 1.5)], recorded(row(MOST, 1.0)), 0.15)
        self.assertIn("misses its target of at most 1.1, and is worse than recorded", sentence)

    def test_less_is_worse_where_more_is_wanted(self):
        self.assertEqual(shortcomings([row(LEAST, 2.0)], recorded(row(LEAST, 1.0)), 0.15), [])
        self.assertEqual(len(shortcomings([row(LEAST, 0.85)], recorded(row(LEAST, 1.0)), 0.15)), 1)

    def test_values_are_compared_where_the_goal_is_a_value(self):
        (sentence,) = shortcomings([row(BYTES, 3000)], recorded(row(BYTES, 2000)), 0.15)
        self.assertIn("value 3000 (recorded 2000) is worse", sentence)

    def test_a_line_that_is_not_recorded_has_its_target_all_the_same(self):
        self.assertEqual(shortcomings([row(MOST, 1.0)], NOTHING, 0.15), [])
        (sentence,) = shortcomings([row(MOST, 2.0)], NOTHING, 0.15)
        self.assertIn("(nothing recorded) misses", sentence)

    def test_a_failure_of_roomcast_or_the_baseline_is_said_once(self):
        failed = [row(MOST, None), row(MOST, 1.0, baseline=None)]
        self.assertEqual(len(failures(failed)), 2)
        self.assertEqual(shortcomings(failed, NOTHING, 0.15), [])

    def test_a_failure_of_a_peer_is_none(self):
        self.assertEqual(failures([row(MOST, 1.0, ws=None)]), [])


if __name__ == "__main__":
    unittest.main()
