"""What the runs of a line say: medians, ratios, and whether they are good enough."""

import dataclasses
import statistics

from benchmark.lines import Goal, Line


@dataclasses.dataclass(frozen=True)
class Row:
    """One goal of one line. A side that failed has no median."""

    line: Line
    goal: Goal
    medians: dict[str, float | None]  # by side, the baseline's first

    def ratio(self, side):
        """To the baseline; none where a side failed, or where the goal is not about a ratio."""
        median, baseline = self.medians[side], self.medians["baseline"]
        return None if median is None or not baseline or self.goal.absolute else median / baseline

    @property
    def judged(self):
        """The number of roomcast's that the goal is about."""
        return self.medians["roomcast"] if self.goal.absolute else self.ratio("roomcast")

    @property
    def is_met(self):
        return self.judged is not None and self.goal.is_met_by(self.judged)

    @property
    def name(self):
        return f"{self.line.name}: {self.line.what}, {self.goal.unit}"


def rows(line, runs, failures):
    def median(side, metric):
        return None if side in failures else statistics.median(run[metric] for run in runs[side])

    return [Row(line, goal, {side: median(side, goal.metric) for side in runs}) for goal in line.goals]


def failures(rows):
    """A sentence for each goal of roomcast's that nothing can be said about."""
    return [f"{row.name}: nothing to judge, a server failed" for row in rows if row.judged is None]


def shortcomings(rows, record, tolerance):
    """A sentence for each target that is missed, and for each number that fell behind the recorded one."""
    found = []
    for row in rows:
        if row.judged is None:
            continue
        recorded = record.judged(row.line, row.goal)
        now = f"{'value' if row.goal.absolute else 'ratio'} {row.judged:.4g}"
        then = "nothing recorded" if recorded is None else f"recorded {recorded:.4g}"
        faults = []
        if not row.is_met:
            faults.append(f"misses its target of {'at most' if row.goal.least is None else 'at least'} {row.goal.target:g}")
        if recorded is not None and row.goal.is_worse(row.judged, recorded, tolerance):
            faults.append(f"is worse than recorded by more than {tolerance:.0%}")
        if faults:
            found.append(f"{row.name}: {now} ({then}) {', and '.join(faults)}")
    return found
