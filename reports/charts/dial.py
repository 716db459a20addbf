"""The pendulum: the solid bob is the ideal stance R, the hollow one practice Y."""

import math
from collections.abc import Callable

from markupsafe import Markup

from reports.charts.svg import circle, frame, join, line, num, text

CUTS = (-1.0, -0.45, -0.15, 0.15, 0.45, 1.0)
"""Bounds of the five classes of stance."""

ROOM = 0.6
"""A deviation from here on leaves room for its figure between the rods."""


def dial(
    ideal: float,
    practice: float | None,
    title: str,
    spell: Callable[[float], str],
    restrict: str,
    middle: str,
    incentive: str,
) -> Markup:
    """Return the pendulum; without a computed practice no hollow bob is drawn."""
    width, height, cx, cy, length = 260.0, 184.0, 130.0, 14.0, 104.0

    def at(value: float, radius: float) -> tuple[float, float]:
        angle = math.radians(90 - max(min(value, 1), -1) * 62)
        return cx + radius * math.cos(angle), cy + radius * math.sin(angle)

    marks: list[Markup] = []
    for index in range(5):
        x1, y1 = at(CUTS[index] + 0.01, length)
        x2, y2 = at(CUTS[index + 1] - 0.01, length)
        marks.append(
            Markup('<path class="seg s{}" d="M{} {}A{} {} 0 0 0 {} {}"/>').format(
                (4, 3, 2, 3, 4)[index], num(x1), num(y1), num(length), num(length), num(x2), num(y2)
            )
        )
    for value, label, cls in ((-0.74, restrict, "e"), (0.0, middle, "m"), (0.74, incentive, "")):
        x, y = at(value, length + 17)
        marks.append(text(x + {"m": 0, "e": 6, "": -6}[cls], y + 6, label, cls))
    if practice is not None:
        x, y = at(practice, length - 12)
        marks += [line(cx, cy, x, y, "rod2"), circle(x, y, 10, "bob2")]
        a1, b1 = at(min(practice, ideal), 46)
        a2, b2 = at(max(practice, ideal), 46)
        marks.append(
            Markup('<path class="dev" d="M{} {}A46 46 0 0 0 {} {}"/>').format(
                num(a1), num(b1), num(a2), num(b2)
            )
        )
        if abs(practice - ideal) >= ROOM:
            x, y = at((practice + ideal) / 2, 62)
            marks.append(text(x - 4, y + 8, spell(practice - ideal), "m halo k"))
        elif practice + ideal > 0:  # no room between the rods: on the side of the middle
            marks.append(text(a1 - 8, b1 + 6, spell(practice - ideal), "e halo k"))
        else:
            marks.append(text(a2 + 8, b2 + 6, spell(practice - ideal), "halo k"))
    x, y = at(ideal, length - 10)
    marks += [
        line(cx, cy, x, y, "rod"),
        circle(x, y, 12, "bob"),
        circle(cx, cy, 4.5, "bob"),
        line(cx - 34, cy - 5, cx + 34, cy - 5, "tkr"),
    ]
    shift = 46 if practice is not None else 0
    marks.append(text(cx - shift, height - 6, f"R {spell(ideal)}", "m k big"))
    if practice is not None:
        marks.append(text(cx + 46, height - 6, f"Y {spell(practice)}", "m big"))
    return frame(width, height, join(marks), title, cls="fig")
