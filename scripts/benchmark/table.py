"""The table on standard output, line by line as the measurement goes on."""


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.4f}"


class Table:
    def __init__(self, peers):
        self.sides = ["baseline", "roomcast", *peers]
        self.layout = "{:<4} {:<39} {:<12} " + "{:>16} " * len(self.sides) + "{:>8}  {}"

    def head(self):
        return self.layout.format("line", "what", "unit", *self.sides, "target", "").rstrip()

    def row(self, row):
        target = f"{'>=' if row.goal.least is not None else '<='} {row.goal.target:g}"
        verdict = "ok" if row.is_met else "MISSED"
        cells = (self.cell(row, side) for side in self.sides)
        return self.layout.format(row.line.name, row.line.what, row.goal.unit, *cells, target, verdict)

    @staticmethod
    def cell(row, side):
        if side not in row.medians:
            return "-"
        if row.medians[side] is None:
            return "failed"
        text = number(row.medians[side])
        ratio = row.ratio(side)
        return text if side == "baseline" or ratio is None else f"{text} x{ratio:.2f}"
