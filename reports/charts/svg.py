"""The few marks that every chart is made of: text, line, rectangle, path, scales, frame."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

Point = tuple[float, float]

WIDE, NARROW = 720, 342
"""Widths in units of one CSS pixel; every chart is drawn for both, so type keeps its size."""


def num(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def text_width(text: str, size: float = 12.5) -> float:
    """Return the estimated width in pixels: 1 em a Han character, .54 em a Latin one."""
    return sum(1 if unicodedata.east_asian_width(c) in "WF" else 0.54 for c in text) * size


def _mark(shape: str) -> Markup:
    """Return a shape as markup: class names are constants of ours, numbers come out of `num`.

    `Markup.format` would escape each number again, which took half the time of a page.
    """
    return Markup(shape)  # noqa: S704


def fitted(words: str, width: float) -> str:
    """Return the words, cut with an ellipsis where they are wider than so many pixels."""
    if text_width(words) <= width:
        return words
    kept = words
    while kept and text_width(f"{kept}…") > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def text(x: float, y: float, words: str, cls: str = "") -> Markup:
    """Return a text mark; classes `e` and `m` anchor it at its end or middle."""
    attribute = f' class="{cls}"' if cls else ""
    return _mark(f'<text x="{num(x)}" y="{num(y)}"{attribute}>{escape(words)}</text>')


def line(x1: float, y1: float, x2: float, y2: float, cls: str) -> Markup:
    """Return a straight line."""
    return _mark(
        f'<line class="{cls}" x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}"/>'
    )


def rect(x: float, y: float, width: float, height: float, cls: str) -> Markup:
    """Return a rectangle; a negative size is drawn as nothing."""
    size = f'width="{num(max(width, 0))}" height="{num(max(height, 0))}"'
    return _mark(f'<rect class="{cls}" x="{num(x)}" y="{num(y)}" {size}/>')


def hatch(x: float, y: float, width: float, height: float, pattern: str) -> Markup:
    """Return a hatched rectangle: `u` for what is not known, `g` `y` `r` for provisional bands."""
    size = f'width="{num(max(width, 0))}" height="{num(max(height, 0))}"'
    return _mark(f'<rect fill="url(#h-{pattern})" x="{num(x)}" y="{num(y)}" {size}/>')


def circle(x: float, y: float, radius: float, cls: str) -> Markup:
    """Return a circle."""
    return _mark(f'<circle class="{cls}" cx="{num(x)}" cy="{num(y)}" r="{num(radius)}"/>')


def path(points: Sequence[Point], cls: str, close: bool = False) -> Markup:
    """Return a polyline through the points."""
    if not points:
        return Markup("")
    steps = "L".join(f"{num(x)} {num(y)}" for x, y in points)
    return Markup('<path class="{}" d="M{}{}"/>').format(cls, steps, "Z" if close else "")


def join(parts: Iterable[Markup]) -> Markup:
    """Return the marks one after the other."""
    return Markup("").join(parts)


def frame(
    width: float, height: float, body: Markup, title: str, desc: str = "", cls: str = ""
) -> Markup:
    """Return the whole SVG with its spoken title and description."""
    described = Markup("<desc>{}</desc>").format(desc) if desc and desc != title else Markup("")
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}{}</svg>'
    ).format(cls, num(width), num(height), title, title, described, body)


@dataclass(frozen=True)
class Plot:
    """A plotting area with linear scales: data ranges, size and margins in pixels."""

    width: float
    height: float
    x0: float
    x1: float
    y0: float
    y1: float
    left: float = 36
    right: float = 40
    top: float = 26
    bottom: float = 30

    def x(self, value: float) -> float:
        """Return the horizontal pixel of a value."""
        share = (value - self.x0) / ((self.x1 - self.x0) or 1)
        return self.left + share * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Return the vertical pixel of a value; values beyond the range are cut at its edge."""
        held = min(max(value, self.y0), self.y1)
        share = (held - self.y0) / ((self.y1 - self.y0) or 1)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    @property
    def narrow(self) -> bool:
        """Whether labels have to thin out."""
        return self.width < 500

    @property
    def inner(self) -> float:
        """Width of the plotting area."""
        return self.width - self.left - self.right

    def band(self, low: float, high: float, cls: str) -> Markup:
        """Return a horizontal band between two values, in either order."""
        top, bottom = sorted((self.y(high), self.y(low)))
        return rect(self.left, top, self.inner, bottom - top, cls)

    def level_line(self, value: float, cls: str) -> Markup:
        """Return a horizontal line at a value."""
        return line(self.left, self.y(value), self.width - self.right, self.y(value), cls)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round values (1, 2, 2.5, 5 × 10ⁿ) that cover the range."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def nice_range(low: float, high: float) -> tuple[float, float]:
    """Return a range widened to round ends; it starts at zero unless all values lie far above."""
    if 0 <= low < 0.5 * high:
        low = 0
    if high <= low:
        high = low + 1
    marks = ticks(low, high)
    step = marks[1] - marks[0] if len(marks) > 1 else (high - low)
    bottom = math.floor(low / step + 1e-9) * step
    top = math.ceil(high / step - 1e-9) * step
    return bottom, top


def day(on: date) -> float:
    """Return a date as the number that the horizontal scale uses."""
    return float(on.toordinal())


def month_starts(first: date, last: date) -> list[date]:
    """Return the first days of the months inside the two dates."""
    year, month = first.year, first.month
    if first.day > 1:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    found: list[date] = []
    while date(year, month, 1) <= last:
        found.append(date(year, month, 1))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found
