import unittest

from benchmark.table import Table
from samples import BYTES, MOST, row


class Cells(unittest.TestCase):
    def test_a_peer_that_failed_says_so_and_one_left_out_has_a_dash(self):
        text = Table(["beast", "ws"]).row(row(MOST, 1.0, ws=None))
        self.assertRegex(text, r" 1\.0000 x1\.00 +- +failed +<= 1\.1  ok$")

    def test_a_missed_target_says_so(self):
        self.assertRegex(Table([]).row(row(BYTES, 4500, baseline=100)), r" 4,500 +<= 3072  MISSED$")

    def test_the_head_names_the_peers(self):
        self.assertRegex(Table(["ws"]).head(), r"baseline +roomcast +ws +target$")


if __name__ == "__main__":
    unittest.main()
