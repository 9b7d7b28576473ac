import unittest

from benchmark.lines import LINES


class Lines(unittest.TestCase):
    def test_no_two_have_the_same_name(self):
        self.assertEqual(len({line.name for line in LINES}), len(LINES))

    def test_a_goal_is_a_most_or_a_least(self):
        for line in LINES:
            for goal in line.goals:
                self.assertNotEqual(goal.most is None, goal.least is None, line.name)

    def test_a_number_is_worse_beyond_the_tolerance_only(self):
        goal = LINES[0].goals[0]
        self.assertFalse(goal.is_worse(1.15, 1.0, 0.15))
        self.assertTrue(goal.is_worse(1.16, 1.0, 0.15))


if __name__ == "__main__":
    unittest.main()
