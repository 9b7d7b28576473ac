import os
import unittest

from benchmark.failure import Failure
from benchmark.server import Server

CORE = min(os.sched_getaffinity(0))


def shell(script):
    return Server("sample", CORE, ["sh", "-c", script])


class Servers(unittest.TestCase):
    def test_a_server_says_where_it_listens_and_is_ended(self):
        with shell("echo sample listening on 127.0.0.1:4711; exec sleep 60") as server:
            self.assertEqual(server.port, 4711)
            self.assertIsNone(server.process.poll())
        self.assertIsNotNone(server.process.returncode)

    def test_a_server_is_ended_when_the_measurement_fails(self):
        with self.assertRaises(KeyboardInterrupt):
            with shell("echo listening on 127.0.0.1:4711; exec sleep 60") as server:
                raise KeyboardInterrupt
        self.assertIsNotNone(server.process.returncode)

    def test_what_a_server_said_before_it_gave_up_is_told(self):
        with self.assertRaisesRegex(Failure, r"sample ended before it listened with status 3 \(port in use\)"):
            with shell("echo port in use >&2; exit 3"):
                self.fail("it does not run")


if __name__ == "__main__":
    unittest.main()
