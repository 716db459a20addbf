"""An indicator's history: line or steps, interval bars, threshold bands, several vintages."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from reports.charts.axis import time_axis, value_axis
from reports.charts.svg import (
    NARROW,
    WIDE,
    Plot,
    circle,
    day,
    frame,
    join,
    nice_range,
    path,
    rect,
    text,
    text_width,
)


@dataclass(frozen=True)
class Dot:
    """One value of a series; None is a gap that no line may cross."""

    on: date
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """One series: the first is the main one, the others are older vintages or comparisons."""

    label: str
    dots: tuple[Dot, ...]
    step: bool = False


@dataclass(frozen=True)
class Bands:
    """Threshold bands with their words; `falling` says that smaller is riskier."""

    yellow: float | None
    red: float | None
    falling: bool
    yellow_words: str
    red_words: str
    provisional: bool = False


@dataclass(frozen=True)
class Label:
    """A label at a point of the main series."""

    on: date
    value: float
    words: str


def _range(lines: Sequence[Line], bands: Bands | None) -> tuple[float, float]:
    values = [d.value for ln in lines for d in ln.dots if d.value is not None]
    bounds = [b for d in lines[0].dots for b in (d.low, d.high) if b is not None]
    marks = [b for b in (bands.yellow, bands.red) if b is not None] if bands else []
    top = max(values)
    spread = (top - min(values)) or abs(top) or 1
    # An interval or a threshold far away would flatten the line: it is cut at the edge instead.
    near = [v for v in (*bounds, *marks) if min(values) - 3 * spread <= v <= top + 3 * spread]
    low, high = min([*values, *near]), max([*values, *near])
    return nice_range(low, high + (high - low) * 0.08)


def _bands(plot: Plot, bands: Bands) -> list[Markup]:
    marks: list[Markup] = []
    tail = "-h" if bands.provisional else ""
    edge = plot.y0 if bands.falling else plot.y1
    if bands.yellow is not None:
        until = bands.red if bands.red is not None else edge
        marks.append(plot.band(bands.yellow, until, f"bd-y{tail}"))
    if bands.red is not None:
        marks.append(plot.band(bands.red, edge, f"bd-r{tail}"))
    return marks


def _band_words(plot: Plot, bands: Bands) -> list[Markup]:
    marks: list[Markup] = []
    for value, words, key in (
        (bands.yellow, bands.yellow_words, "y"),
        (bands.red, bands.red_words, "r"),
    ):
        if value is None or not plot.y0 <= value <= plot.y1:
            continue
        marks.append(plot.level_line(value, f"th-{key}"))
        below = bands.falling and plot.y(value) + 18 < plot.height - plot.bottom
        y = plot.y(value) + (15 if below else -6)
        if not plot.top - 4 < y < plot.height - plot.bottom:
            y = plot.y(value) + 15
        marks.append(text(plot.left + 6, y, words, f"tx-{key} halo"))
    return marks


def _points(plot: Plot, dots: Sequence[Dot], step: bool) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for dot in dots:
        if dot.value is None:
            runs.append([])
            continue
        x, y = plot.x(day(dot.on)), plot.y(dot.value)
        if step and runs[-1]:
            runs[-1].append((x, runs[-1][-1][1]))
        runs[-1].append((x, y))
    return [run for run in runs if run]


def _intervals(plot: Plot, dots: Sequence[Dot]) -> list[Markup]:
    wide = 3.0 if plot.narrow else 5.0
    if len(dots) > 60:
        wide = 2.0
    return [
        rect(
            plot.x(day(d.on)) - wide / 2, plot.y(d.high), wide, plot.y(d.low) - plot.y(d.high), "rb"
        )
        for d in dots
        if d.low is not None and d.high is not None
    ]


def _series(plot: Plot, lines: Sequence[Line], figure: Callable[[float], str]) -> list[Markup]:
    """Return the lines, the main one on top, and then their words at their ends."""
    marks: list[Markup] = []
    for rank in reversed(range(len(lines))):
        cls = "ln" if rank == 0 else "ln2"
        for run in _points(plot, lines[rank].dots, lines[rank].step):
            marks.append(path(run, cls) if len(run) > 1 else circle(*run[0], 3, "dot"))
    ends: list[_End] = []
    for rank, ln in enumerate(lines):
        known = [(d.on, d.value) for d in ln.dots if d.value is not None]
        if not known:
            continue
        x, y = plot.x(day(known[-1][0])), plot.y(known[-1][1])
        words = figure(known[-1][1])
        if rank == 0:
            marks.append(circle(x, y, 4.5, "dot"))
        if len(lines) > 1:
            words = ln.label if plot.narrow else f"{ln.label} {words}"
        ends.append(_End(x, y, words, rank))
    return marks + _ends(plot, ends)


@dataclass(frozen=True)
class _End:
    """Where a line ends and what is said there."""

    x: float
    y: float
    words: str
    rank: int


def _ends(plot: Plot, ends: Sequence[_End]) -> list[Markup]:
    """Return the words: right of the lines that reach the edge, above those that end before it.

    Words at the edge keep the order of their lines, 15 pixels apart.
    """
    edge = plot.width - plot.right - 24
    marks: list[Markup] = []
    at = -math.inf
    for end in sorted((e for e in ends if e.rank == 0 or e.x >= edge), key=lambda e: e.y):
        at = max(end.y + 5, at + 15)
        marks.append(text(end.x + 9, at, end.words, "halo" if end.rank else "k big halo"))
    for end in (e for e in ends if e.rank and e.x < edge):
        half = text_width(end.words) / 2
        across = min(max(end.x, plot.left + half), plot.width - plot.right - half)
        marks.append(text(across, end.y - 12, end.words, "m halo"))
    return marks


def _draw(
    lines: Sequence[Line],
    unit: str,
    title: str,
    desc: str,
    lang: str,
    spell: Callable[[float], str],
    figure: Callable[[float], str],
    bands: Bands | None,
    labels: Sequence[Label],
    width: float,
) -> Markup:
    known = [d for ln in lines for d in ln.dots if d.value is not None]
    first, last = min(d.on for d in known), max(d.on for d in known)
    low, high = _range(lines, bands)
    many, tight = len(lines) > 1, width < 500
    widest = max(
        text_width(
            ln.label
            if many and tight
            else f"{ln.label} {spell(d.value or 0)}"
            if many
            else spell(d.value or 0),
            15,
        )
        for ln in lines
        for d in ln.dots[-1:]
        if tight or ln is lines[0] or d.on == last
    )
    axis = max(text_width(spell(v)) for v in (low, high, (low + high) / 3))
    plot = Plot(
        width,
        320 if width > 500 else 280,
        day(first),
        day(last) + 1,
        low,
        high,
        left=axis + 10,
        right=widest + 14,
        top=26,
        bottom=30,
    )
    marks: list[Markup] = []
    if bands:
        marks += _bands(plot, bands)
    marks.append(value_axis(plot, unit, spell))
    if low < 0 < high:
        marks.append(plot.level_line(0, "ax"))
    marks += _intervals(plot, lines[0].dots)
    if bands:
        marks += _band_words(plot, bands)
    marks += _series(plot, lines, figure)
    for label in labels[: 3 if plot.narrow else 12]:
        x, y = plot.x(day(label.on)), plot.y(label.value)
        half = text_width(label.words) / 2
        anchor = (
            "m" if plot.left < x - half and x + half < width else ("e" if x > width / 2 else "")
        )
        marks += [circle(x, y, 3.4, "dot"), text(x, y - 8, label.words, f"{anchor} halo")]
    marks.append(time_axis(plot, first, last, lang))
    return frame(width, plot.height, join(marks), title, desc, "n" if width < 500 else "w")


def history(
    lines: Sequence[Line],
    unit: str,
    title: str,
    desc: str,
    lang: str,
    spell: Callable[[float], str],
    bands: Bands | None = None,
    labels: Sequence[Label] = (),
    figure: Callable[[float], str] | None = None,
    wide: float = WIDE,
) -> Markup:
    """Return the series `wide` and narrow; empty where fewer than two values are known.

    `spell` words the axis, `figure` the values that are labelled.
    """
    if not lines or sum(d.value is not None for d in lines[0].dots) < 2:
        return Markup("")
    return join(
        _draw(lines, unit, title, desc, lang, spell, figure or spell, bands, labels, w)
        for w in (wide, NARROW)
    )
