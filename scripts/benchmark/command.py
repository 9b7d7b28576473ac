"""Measures roomcast against a yardstick: a bare epoll loop that does the least a fan-out can cost.

All servers of a line run in turn, each run in a fresh process, the server alone on one core and the load
generator alone on another; what counts is the ratio of the medians. The yardstick is two sources,
rawlimit.cpp (the server) and fanout.cpp (the generator), which are not part of this repository. The peers
show what a usual chat server costs: `beast` after the chat example of Boost.Beast, `ws` on npm's ws.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from benchmark import build, judgement, machine, plot
from benchmark.failure import Failure
from benchmark.lines import LINES
from benchmark.measurement import Measurement
from benchmark.record import Record
from benchmark.table import Table

RESULTS = build.HERE / "results.json"
PICTURE = build.HERE / "results.svg"

NOTE = (
    "baseline: rawlimit, in lines that compare roomcast with itself roomcast; x: the ratio to it;\n"
    "CPU s/M: the server's CPU seconds per million deliveries"
)


def peer_names(text):
    names = [] if text == "none" else text.split(",")
    unknown = [name for name in names if name not in build.PEERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no peer {', '.join(unknown)} (there are {', '.join(build.PEERS)}, and none)")
    return names


def positive(kind):
    def value(text):
        number = kind(text)
        if not number > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return number

    value.__name__ = kind.__name__  # argparse names it where the text is no number
    return value


def parse_options(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="lines:\n" + "\n".join(f"  {line.name:<4} {line.what}" for line in LINES),
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="lines to run (all)")
    parser.add_argument("--runs", type=positive(int), default=3, metavar="N", help="runs of each server (3)")
    parser.add_argument("--duration", type=positive(float), default=5, metavar="S", help="seconds measured in a run (5)")
    parser.add_argument(
        "--peers", type=peer_names, metavar="P[,P]|none", help=f"of {', '.join(build.PEERS)} (all that can be built)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured, each run")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw this measurement (SVG)")
    use = parser.add_mutually_exclusive_group()
    use.add_argument(
        "--check",
        action="store_true",
        help="exit with status 1 if a target is missed, or a ratio worse than the recorded one, and say which",
    )
    use.add_argument(
        "--record",
        action="store_true",
        help="replace these lines in scripts/benchmark/results.json, and draw results.svg beside it",
    )
    parser.add_argument(
        "--tolerance",
        type=positive(float),
        default=0.15,
        metavar="T",
        help="how much worse is still taken for noise by --check (0.15)",
    )
    parser.add_argument(
        "--yardstick",
        type=Path,
        metavar="DIR",
        help="where rawlimit.cpp and fanout.cpp are (ROOMCAST_YARDSTICK, else ../shared/yardstick)",
    )
    parser.add_argument(
        "--roomcast",
        type=Path,
        default=build.TOP / "build" / "release" / "roomcast",
        metavar="BINARY",
        help="the server to measure (build/release/roomcast)",
    )
    options = parser.parse_args(arguments)
    names = [line.name for line in LINES]
    unknown = [name for name in options.names if name not in names]
    if unknown:
        parser.error(f"no line {', '.join(unknown)} (there are {', '.join(names)})")
    return options


def find_yardstick(named):
    named = named or os.environ.get("ROOMCAST_YARDSTICK")
    folder = Path(named) if named else build.TOP.parent / "shared" / "yardstick"
    absent = [name for name in ("rawlimit.cpp", "fanout.cpp") if not (folder / name).exists()]
    if absent:
        raise Failure(f"no {' and no '.join(absent)} in {folder}: say where with --yardstick DIR or ROOMCAST_YARDSTICK")
    return folder


def open_record(options, lines, facts):
    """What is compared with, or added to; before anything is measured, as it may be unusable."""
    if options.record and (not RESULTS.exists() or len(lines) == len(LINES)):
        return Record(facts, {})
    if not (options.record or options.check):
        return None
    record = Record.load(RESULTS)
    if record.machine != facts:
        if options.record:
            raise Failure(f"{RESULTS.name} is from another machine: record all lines, not only some")
        print(f"bench: {RESULTS.name} is from another machine: its ratios may differ for that reason", file=sys.stderr)
    return record


def ready(options, lines):
    """What can go wrong before anything is measured."""
    yardstick = find_yardstick(options.yardstick)
    if not os.access(options.roomcast, os.X_OK):
        raise Failure(f"no {options.roomcast}: run scripts/run once")
    facts = machine.facts()
    record = open_record(options, lines, facts)
    rawlimit, fanout = (build.compiled(yardstick / source) for source in ("rawlimit.cpp", "fanout.cpp"))
    return facts, record, Measurement(options, rawlimit, fanout, build.peers(options.peers))


def run(options):
    lines = [line for line in LINES if not options.names or line.name in options.names]
    facts, record, measurement = ready(options, lines)
    table = Table(measurement.peers)
    print(table.head(), flush=True)
    rows, now = [], Record(facts, {})
    everything = {"machine": facts, "runs": options.runs, "duration": options.duration, "lines": {}}
    try:
        for line in lines:
            runs, failures = measurement.measure(line)
            judged = judgement.rows(line, runs, failures)
            now.replace(judged, options.runs, options.duration)
            everything["lines"][line.name] = {"runs": runs, "failures": failures, "metrics": now.lines[line.name]["metrics"]}
            for row in judged:
                print(table.row(row), flush=True)
            rows += judged
    finally:
        # An interruption does not lose the lines before it.
        if options.json:
            options.json.write_text(json.dumps(everything, indent=1) + "\n", "utf-8")
    print(NOTE)
    return finish(options, rows, now, record)


def finish(options, rows, now, record):
    """Draws, records or checks, as wanted; the exit status."""
    if options.plot:
        options.plot.write_text(plot.svg(now), "utf-8")
    found = judgement.failures(rows)
    if options.check:
        found += judgement.shortcomings(rows, record, options.tolerance)
    usable = [row for row in rows if row.judged is not None]
    if options.record and usable:
        record.replace(usable, options.runs, options.duration)
        record.save(RESULTS)
        PICTURE.write_text(plot.svg(record), "utf-8")
    for sentence in found:
        print(f"bench: {sentence}", file=sys.stderr)
    return 1 if found else 0


def main():
    options = parse_options(sys.argv[1:])
    # A measurement that is ended from outside still ends its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(options)
    except (Failure, OSError) as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
