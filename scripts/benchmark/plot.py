"""A picture of a record: what a delivery costs, as bars on a logarithmic scale. Written by hand, without a library."""

import math
from xml.sax.saxutils import escape

from benchmark.lines import CPU, LINES

COLOURS = {"roomcast": "#1668b8", "beast": "#e08a1e", "ws": "#8a8f98"}
LABELS = {"roomcast": "roomcast", "beast": "Boost.Beast's chat example", "ws": "npm ws"}

TITLE = "Server CPU time per delivery, relative to a bare epoll loop (less is better)"

WIDTH = 860
LEFT, RIGHT, TOP, BOTTOM = 250, 70, 92, 34  # what is around the bars
BAR, GAP = 13, 14  # a bar's height, and the space between two lines of work


def ratios(record):
    """For each recorded line that measures CPU time against rawlimit: its text, and the ratio of each side."""
    found = []
    for line in LINES:
        for goal in line.goals:
            if goal.metric != CPU or line.baseline is not None:
                continue
            cells = {name: record.side(line, goal, name) for name in COLOURS}
            known = {name: cell["ratio"] for name, cell in cells.items() if cell and cell["ratio"]}
            if known:
                found.append((line.what, known))
    return found


def ticks(lowest, highest):
    """1, 2, 5, 10 and so on, from half of the yardstick or less to what is above the highest."""
    first, last = math.floor(math.log10(min(lowest, 0.5))), math.ceil(math.log10(max(highest, 2)))
    steps = [step * 10**power for power in range(first, last + 1) for step in (1, 2, 5)]
    below = max(step for step in steps if step <= min(lowest, 0.5))
    above = min(step for step in steps if step >= max(highest, 2))
    return [step for step in steps if below <= step <= above]


def text(x, y, words, **attributes):
    given = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{given}>{escape(words)}</text>'


def rectangle(x, y, width, height, fill):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>'


def upright(x, top, bottom, colour):
    return f'<path d="M{x:.1f} {top}V{bottom}" stroke="{colour}"/>'


def svg(record):
    groups = ratios(record)
    values = [value for _, known in groups for value in known.values()] or [1]
    scale = ticks(min(values), max(values))
    height = TOP + sum(len(known) * BAR + GAP for _, known in groups) + BOTTOM
    floor = height - BOTTOM

    def at(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / scale[0]) / math.log(scale[-1] / scale[0])

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="system-ui, sans-serif" font-size="12" fill="#222222">',
        # A page may be dark; the picture brings its own ground.
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        text(16, 26, TITLE, font_size=15, font_weight="bold"),
    ]
    parts += legend(sorted({name for _, known in groups for name in known}, key=list(COLOURS).index))
    for tick in scale:
        parts.append(upright(at(tick), TOP - 6, floor, "#dddddd"))
        parts.append(text(at(tick), floor + 18, f"{tick:g}×", text_anchor="middle"))
    y = TOP
    for what, known in groups:
        middle = y + len(known) * BAR / 2
        parts.append(text(LEFT - 12, middle + 4, what, text_anchor="end"))
        for name, value in known.items():
            parts.append(rectangle(LEFT, y, at(value) - LEFT, BAR - 2, COLOURS[name]))
            number = f"{value:.2f}" if value < 10 else f"{value:.0f}"
            parts.append(text(at(max(value, 1)) + 5, y + BAR - 3, number, font_size=11))  # clear of the yardstick's line
            y += BAR
        y += GAP
    # The yardstick goes over the bars that reach beyond it.
    parts.append(upright(at(1), TOP - 6, floor, "#222222"))
    parts.append(text(at(1), TOP - 12, "rawlimit", text_anchor="middle", font_size=11))
    return "\n".join([*parts, "</svg>"]) + "\n"


def legend(names):
    parts, x = [], 16
    for name in names:
        parts.append(rectangle(x, 44, 12, 12, COLOURS[name]))
        parts.append(text(x + 18, 54, LABELS[name]))
        x += 40 + 7 * len(LABELS[name])
    return parts
