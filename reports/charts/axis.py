"""Axes: months and years below, values at the left."""

from collections.abc import Callable
from datetime import date

from markupsafe import Markup

from reports.charts.svg import Plot, day, join, line, month_starts, text, text_width, ticks

EN_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def month_name(month: int, lang: str) -> str:
    """Return the short name of a month."""
    return f"{month}月" if lang == "zh" else EN_MONTHS[month - 1]


def time_axis(plot: Plot, first: date, last: date, lang: str) -> Markup:
    """Return the axis line with as many months named as the width allows; January is the year."""
    base = plot.height - plot.bottom
    marks = [line(plot.left, base, plot.width - plot.right, base, "ax")]
    starts = month_starts(first, last)
    room = max(int(plot.inner / 52), 1)
    wanted = next(
        (
            months
            for months in (tuple(range(1, 13)), (1, 4, 7, 10), (1, 7), (1,))
            if sum(s.month in months for s in starts) <= room
        ),
        (1,),
    )
    shown = [s for s in starts if s.month in wanted]
    stride = max(1, -(-len(shown) // room))
    end = 0.0
    for start in shown[::stride]:
        label = str(start.year) if start.month == 1 else month_name(start.month, lang)
        x = plot.x(day(start))
        half = text_width(label) / 2
        if x - half < end:
            continue
        cls = "m" + (" k" if start.month == 1 else "")
        if x + half > plot.width:
            x, cls = plot.width, cls.replace("m", "e", 1)
        marks += [line(x, base, x, base + 5, "ax"), text(x, base + 19, label, cls)]
        end = x + half + 6
    return join(marks)


def value_axis(plot: Plot, unit: str, spell: Callable[[float], str]) -> Markup:
    """Return grid lines with their values, and the unit above them."""
    marks = [text(0, 12, unit)]
    for value in ticks(plot.y0, plot.y1, 4 if plot.height < 260 else 5):
        y = plot.y(value)
        marks += [
            line(plot.left, y, plot.width - plot.right, y, "gr"),
            text(plot.left - 6, y + 4, spell(value), "e"),
        ]
    return join(marks)
