"""Lines and rows that are made up."""

from benchmark.judgement import Row
from benchmark.lines import CPU, Goal, Line

MOST = Goal(CPU, "CPU s/M", most=1.1)
LEAST = Goal("handshakes_per_s", "handshakes/s", least=0.8)
BYTES = Goal("rss_per_conn_bytes", "bytes each", most=3072, absolute=True)


def line(*goals, name="x", **further):
    return Line(name, "a crowd", "--conns 1", goals or (MOST,), **further)


def row(goal, roomcast, baseline=1.0, **peers):
    return Row(line(goal), goal, {"baseline": baseline, "roomcast": roomcast, **peers})
