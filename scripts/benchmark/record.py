"""The recorded medians and ratios, with which later ones are compared and from which the plot is made."""

import json

from benchmark.failure import Failure


def rounded(number):
    return None if number is None else float(f"{number:.4g}")


class Record:
    """By line: how it was measured, and by metric and side the median and, where one counts, its ratio to the baseline."""

    def __init__(self, machine, lines):
        self.machine = machine
        self.lines = lines

    @classmethod
    def load(cls, path):
        """Fails where the file is absent, or is not what `save` wrote."""
        try:
            content = json.loads(path.read_text("utf-8"))
            record = cls(content["machine"], content["lines"])
            for line in record.lines.values():
                for sides in line["metrics"].values():
                    for side in sides.values():
                        for key in ("median", "ratio"):
                            if not (side[key] is None or isinstance(side[key], (int, float))):
                                raise TypeError(f"{side[key]!r} is no number")
        except FileNotFoundError as reason:
            raise Failure(f"there is no {path.name} yet: write one with --record") from reason
        except OSError as reason:
            raise Failure(f"{path} cannot be read: {reason.strerror}") from reason
        except (ValueError, KeyError, TypeError, AttributeError) as reason:
            raise Failure(f"{path} is not a record of --record's ({type(reason).__name__}: {reason})") from reason
        return record

    def save(self, path):
        content = {"machine": self.machine, "lines": self.lines}
        path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")

    def side(self, line, goal, side):
        """The median and the ratio of a side, or None where it was not measured."""
        return self.lines.get(line.name, {}).get("metrics", {}).get(goal.metric, {}).get(side)

    def judged(self, line, goal):
        roomcast = self.side(line, goal, "roomcast")
        return roomcast and roomcast["median" if goal.absolute else "ratio"]

    def replace(self, rows, runs, duration):
        """Forgets what was known of the lines of `rows`: the numbers of a line are from one measurement."""
        for name in dict.fromkeys(row.line.name for row in rows):
            metrics = {row.goal.metric: self.sides(row) for row in rows if row.line.name == name}
            self.lines[name] = {"runs": runs, "duration": duration, "metrics": metrics}

    @staticmethod
    def sides(row):
        return {side: {"median": rounded(row.medians[side]), "ratio": rounded(row.ratio(side))} for side in row.medians}
