"""Levels over time: height and colour say the level; unassigned is hatched; the unwatched empty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from reports.charts.axis import month_name
from reports.charts.svg import (
    NARROW,
    WIDE,
    day,
    frame,
    hatch,
    join,
    line,
    month_starts,
    rect,
    text,
    text_width,
)
from rules.types import Level

HEIGHTS: Mapping[Level, float] = {Level.GREEN: 1 / 3, Level.YELLOW: 2 / 3, Level.RED: 1.0}
"""Share of the full height: the level survives a grey photocopy."""


@dataclass(frozen=True)
class Run:
    """One stretch of days with one level; `end` is the first day after it."""

    start: date
    end: date
    level: Level


@dataclass(frozen=True)
class Mark:
    """An upright line on the band: an event or a transition."""

    on: date
    label: str


def _blocks(runs: Sequence[Run], x0: float, scale: float, base: float, tall: float) -> list[Markup]:
    marks: list[Markup] = []
    for run in runs:
        x = (day(run.start) - x0) * scale
        width = max((day(run.end) - day(run.start)) * scale, 2.5)
        if run.level is Level.UNASSIGNED:
            marks += [
                hatch(x, base - tall, width, tall, "u"),
                rect(x + 0.5, base - tall + 0.5, width - 1, tall - 0.5, "cal-unassigned"),
            ]
        else:
            height = tall * HEIGHTS[run.level]
            marks.append(rect(x, base - height, width, height, f"cal-{run.level}"))
    return marks


def _months(
    first: date, last: date, x0: float, scale: float, base: float, lang: str
) -> list[Markup]:
    marks: list[Markup] = []
    starts = month_starts(first, last)
    span = (last - first).days
    keep = (1, 4, 7, 10) if span < 500 else (1, 7) if span < 1000 else (1,)
    end = -1.0
    limit = (day(last) - x0) * scale
    for start in starts:
        if start.month not in keep:
            continue
        x = (day(start) - x0) * scale
        label = str(start.year) if start.month == 1 else month_name(start.month, lang)
        half = text_width(label) / 2
        if x - half < end or x + half > limit + 8:
            continue
        anchor = "m" if x - half >= 0 else ""
        marks += [
            line(x, base, x, base + 5, "ax"),
            text(x, base + 18, label, anchor + (" k" if start.month == 1 else "")),
        ]
        end = x + half + 6
    return marks


def calendar_band(
    runs: Sequence[Run],
    first: date,
    last: date,
    title: str,
    desc: str,
    lang: str,
    before: str,
    width: float = 340,
) -> Markup:
    """Return the band of levels between two dates; `before` are the words for days not watched."""
    base, tall = 32.0, 30.0
    x0 = day(first)
    scale = width / max((last - first).days, 1)
    clipped = [
        Run(max(r.start, first), min(r.end, last), r.level)
        for r in runs
        if r.end > first and r.start < last
    ]
    marks = _blocks(clipped, x0, scale, base, tall)
    gap = (day(clipped[0].start) - x0) * scale if clipped else width
    if gap > text_width(before) + 4:
        marks.append(text(0, base - 6, before))
    marks.append(line(0, base, width, base, "ax"))
    marks += _months(first, last, x0, scale, base, lang)
    return frame(width, 54, join(marks), title, desc, "fig")


def _replay(
    runs: Sequence[Run],
    marks_: Sequence[Mark],
    first: date,
    last: date,
    title: str,
    desc: str,
    lang: str,
    width: float,
) -> Markup:
    base, tall = 96.0, 48.0
    x0 = day(first)
    scale = width / max((last - first).days, 1)
    body = _blocks(runs, x0, scale, base, tall)
    body.append(line(0, base, width, base, "ax"))
    end = -1.0
    for mark in marks_:
        x = (day(mark.on) - x0) * scale
        body.append(line(x, 28, x, base + 4, "tkr"))
        size = text_width(mark.label)
        left = x + 4 + size > width
        start = x - 4 - size if left else x + 4
        if start > end:
            body.append(
                text(x - 4 if left else x + 4, 24, mark.label, "e k halo" if left else "k halo")
            )
            end = start + size + 6
    body += _months(first, last, x0, scale, base, lang)
    return frame(width, 122, join(body), title, desc, "n" if width < 500 else "w")


def replay(
    runs: Sequence[Run],
    marks: Sequence[Mark],
    first: date,
    last: date,
    title: str,
    desc: str,
    lang: str,
) -> Markup:
    """Return levels as blocks with dated events as upright lines, in both widths."""
    return join(_replay(runs, marks, first, last, title, desc, lang, w) for w in (WIDE, NARROW))
