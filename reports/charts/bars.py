"""Counts by month and shares of a whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from reports.charts.axis import value_axis
from reports.charts.svg import (
    NARROW,
    WIDE,
    Plot,
    circle,
    fitted,
    frame,
    join,
    line,
    nice_range,
    rect,
    text,
    text_width,
)


@dataclass(frozen=True)
class Stack:
    """One month: counts from the bottom up, in the order of the parts' names."""

    on: date
    counts: tuple[float, ...]


FILLS = ("b1", "b2", "b4")
"""Bottom part solid blue, then grey, then hollow."""


def _bars(
    stacks: Sequence[Stack],
    parts: Sequence[str],
    unit: str,
    title: str,
    desc: str,
    lang: str,
    spell: Callable[[float], str],
    width: float,
) -> Markup:
    top = max((sum(s.counts) for s in stacks), default=0)
    low, high = nice_range(0, top or 1)
    plot = Plot(
        width,
        250,
        0,
        len(stacks),
        low,
        high,
        left=38,
        right=6,
        top=44 if len(parts) > 1 else 24,
        bottom=30,
    )
    marks = [value_axis(plot, unit, spell)]
    slot = min(plot.inner / max(len(stacks), 1), 64)
    end = 0.0
    for index, stack in enumerate(stacks):
        x, floor = plot.left + index * slot + slot * 0.1, 0.0
        for fill, count in zip(FILLS, stack.counts, strict=False):
            height = plot.y(floor) - plot.y(floor + count)
            marks.append(rect(x, plot.y(floor + count), slot * 0.8, height, fill))
            floor += count
        label = (
            str(stack.on.year)
            if stack.on.month == 1
            else (f"{stack.on.month}月" if lang == "zh" else stack.on.strftime("%b"))
        )
        middle, half = x + slot * 0.4, text_width(label) / 2
        if stack.on.month in (1, 7) and middle - half > end and middle + half < width + 4:
            marks.append(
                text(middle, plot.height - 11, label, "m k" if stack.on.month == 1 else "m")
            )
            end = middle + half + 6
    marks.append(line(plot.left, plot.y(0), width - plot.right, plot.y(0), "ax"))
    x = plot.left + 6
    for fill, name in zip(FILLS, parts, strict=False):
        if len(parts) > 1:
            marks += [rect(x, 21, 10, 10, fill), text(x + 15, 30, name, "halo")]
            x += text_width(name) + 34
    return frame(width, plot.height, join(marks), title, desc, "n" if width < 500 else "w")


def bars(
    stacks: Sequence[Stack],
    parts: Sequence[str],
    unit: str,
    title: str,
    desc: str,
    lang: str,
    spell: Callable[[float], str],
) -> Markup:
    """Return stacked counts by month from zero, in both widths; empty without months."""
    if not stacks:
        return Markup("")
    return join(_bars(stacks, parts, unit, title, desc, lang, spell, w) for w in (WIDE, NARROW))


def _ranking(
    rows: Sequence[tuple[str, float]],
    title: str,
    desc: str,
    spell: Callable[[float], str],
    width: float,
) -> Markup:
    named = max(text_width(name) for name, _ in rows) + 12
    named = min(named, width * 0.45)
    most = max(value for _, value in rows) or 1
    room = width - named - 70
    marks: list[Markup] = []
    for index, (name, value) in enumerate(rows):
        y = index * 26.0
        marks += [
            text(0, y + 16, fitted(name, named - 8)),
            rect(named, y + 4, max(value / most * room, 1), 16, "b1"),
            text(named + max(value / most * room, 1) + 7, y + 16, spell(value), "k"),
        ]
    marks.append(line(named, 0, named, len(rows) * 26.0, "ax"))
    return frame(width, len(rows) * 26 + 2, join(marks), title, desc, "n" if width < 500 else "w")


def ranking(
    rows: Sequence[tuple[str, float]], title: str, desc: str, spell: Callable[[float], str]
) -> Markup:
    """Return one bar a row, labelled directly, from zero, in both widths."""
    if not rows:
        return Markup("")
    return join(_ranking(rows, title, desc, spell, w) for w in (WIDE, NARROW))


def _strip(
    rows: Sequence[tuple[str, float]],
    title: str,
    spell: Callable[[float], str],
    axis: Callable[[float], str],
    width: float,
) -> Markup:
    named = min(max(text_width(name) for name, _ in rows) + 12, width * 0.45)
    low, high = nice_range(min(v for _, v in rows), max(v for _, v in rows))
    plot = Plot(width, len(rows) * 26 + 30, low, high, 0, 1, left=named, right=56, top=0)
    foot = len(rows) * 26.0
    marks: list[Markup] = []
    for value in (low, (low + high) / 2, high):
        marks.append(line(plot.x(value), 0, plot.x(value), foot, "gr"))
        marks.append(text(plot.x(value), foot + 16, axis(value), "m"))
    for index, (name, value) in enumerate(rows):
        y = index * 26 + 12.0
        marks += [
            text(0, y + 4, fitted(name, named - 8)),
            line(named, y, plot.x(value), y, "gr"),
            circle(plot.x(value), y, 5, "dot"),
            text(plot.x(value) + 10, y + 4, spell(value), "k halo"),
        ]
    marks.append(line(named, 0, named, foot, "ax"))
    return frame(width, plot.height, join(marks), title, title, "n" if width < 500 else "w")


def strip(
    rows: Sequence[tuple[str, float]],
    title: str,
    spell: Callable[[float], str],
    axis: Callable[[float], str],
) -> Markup:
    """Return one dot a row on a scale that need not begin at zero, in both widths.

    For measures without a zero of their own, whose bars would all look alike.
    """
    if not rows:
        return Markup("")
    return join(_strip(rows, title, spell, axis, w) for w in (WIDE, NARROW))
