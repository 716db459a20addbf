"""Views to charts: each method picks the values, words and title of one drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from markupsafe import Markup

from config.method import Threshold
from reports.chapters import Comparison, CountSeries, Scorecard, StanceView
from reports.charts.bars import Stack, bars, ranking
from reports.charts.calendar import Mark, Run, calendar_band, replay
from reports.charts.dial import dial
from reports.charts.history import Bands, Dot, Line, history
from reports.charts.small import bullet, coverage_bar, spark
from reports.charts.svg import WIDE
from reports.formats import Tongue
from reports.model import HistoryPoint, IndicatorView, RiskView, Vintage
from reports.spell import Speaker
from rules.types import Level

SPARK_POINTS = 13
LINE_POINTS = 400
"""A drawn line keeps at most so many points; a page stays small whatever the history's length."""


def thin(points: Sequence[HistoryPoint], most: int = LINE_POINTS) -> tuple[HistoryPoint, ...]:
    """Return at most so many points, first and last kept, evenly spread."""
    if len(points) <= most:
        return tuple(points)
    step = (len(points) - 1) / (most - 1)
    return tuple(points[round(i * step)] for i in range(most))


def stepped(points: Sequence[HistoryPoint]) -> bool:
    """Return whether the points are evaluations, between which a value stands, or month ends."""
    if len(points) < 3:
        return False
    gaps = sorted((b.on - a.on).days for a, b in pairwise(points))
    return gaps[len(gaps) // 2] < 20


@dataclass(frozen=True)
class Drawer:
    """The charts of one language."""

    tongue: Tongue
    speaker: Speaker

    @property
    def lang(self) -> str:
        """Language of the labels."""
        return self.tongue.lang

    def bullet(self, i: IndicatorView) -> Markup:
        """Return the threshold band of an indicator; empty where it has no two thresholds."""
        spec, reading = i.spec, i.state.reading
        if spec.yellow is None or spec.red is None:
            return Markup("")
        shown = "" if reading.value is None else self.speaker.with_unit(spec, reading.value)
        title = f"{spec.code} {shown}".strip() + f" · {self.speaker.thresholds(spec)}"
        return bullet(
            reading.value,
            spec.yellow.value,
            spec.red.value,
            title,
            self.tongue.exact,
            falling=spec.direction == "down",
            provisional=i.provisional,
            low=reading.low,
            high=reading.high,
        )

    def spark(self, i: IndicatorView) -> Markup:
        """Return the newest thirteen values as a line."""
        points = i.history[-SPARK_POINTS:]
        known = [p for p in points if p.value is not None]
        if len(known) < 2:
            return Markup("")
        first, last = known[0], known[-1]
        title = (
            f"{i.spec.code} {self.tongue.month(first.on)}–{self.tongue.month(last.on)} "
            f"{self.speaker.figure(i.spec, first.value or 0)} → "
            f"{self.speaker.figure(i.spec, last.value or 0)}"
        )
        return spark([p.value for p in points], title)

    def coverage(self, r: RiskView) -> Markup:
        """Return the coverage bar with its gate."""
        title = self.speaker._("Coverage %(share)s, gate %(gate)s") % {
            "share": self.tongue.percent(r.state.coverage),
            "gate": self.tongue.percent(r.state.coverage_gate),
        }
        return coverage_bar(r.state.coverage, r.state.coverage_gate, title)

    def band_words(self, runs: Sequence[Run]) -> str:
        """Return the runs of levels in words, for the description."""
        joint = "；" if self.lang == "zh" else "; "
        return joint.join(
            f"{self.tongue.day(r.start)}–{self.tongue.day(r.end - timedelta(days=1))} "
            f"{self.speaker.level(r.level)}"
            for r in runs
        )

    def band(self, r: RiskView, width: float = 340) -> Markup:
        """Return the calendar band of a risk; empty without dates."""
        if r.band_from is None or r.band_to is None:
            return Markup("")
        title = self.speaker._("Levels of the year: %s") % self.speaker.risk_short(r.risk)
        return calendar_band(
            r.band,
            r.band_from,
            r.band_to,
            title,
            self.band_words(r.band) or self.speaker._("not watched"),
            self.lang,
            self.speaker._("not watched before"),
            width,
        )

    def _bands(self, i: IndicatorView) -> Bands | None:
        spec = i.spec
        if spec.yellow is None and spec.red is None:
            return None
        word = self.speaker._
        tail = f"（{word('provisional')}）" if self.lang == "zh" else f" ({word('provisional')})"
        unit = self.speaker.at_threshold

        def named(level: str, threshold: Threshold | None) -> str:
            if threshold is None:
                return ""
            return (word(level) % unit(spec, threshold)) + (tail if threshold.provisional else "")

        return Bands(
            spec.yellow.value if spec.yellow else None,
            spec.red.value if spec.red else None,
            spec.direction == "down",
            named("yellow %s", spec.yellow),
            named("red %s", spec.red),
            i.provisional,
        )

    def history(self, i: IndicatorView, title: str, wide: float = WIDE) -> Markup:
        """Return the history with thresholds, interval and older vintages."""
        now = Line("", tuple(_dot(p) for p in thin(i.history)), stepped(i.history))
        older = [
            Line(self._vintage(v), tuple(_dot(p, False) for p in thin(v.points)), stepped(v.points))
            for v in i.vintages[:2]
            if any(p.value is not None for p in v.points)
        ]
        if older:
            now = Line(self.speaker._("now"), now.dots, now.step)
        known = [p for p in i.history if p.value is not None]
        desc = ""
        if known:
            desc = (
                f"{self.tongue.day(known[0].on)} {self.speaker.figure(i.spec, known[0].value or 0)}"
                f" → {self.tongue.day(known[-1].on)} "
                f"{self.speaker.with_unit(i.spec, known[-1].value or 0)}"
            )
        return history(
            [now, *older],
            self.speaker.words(i.spec.unit),
            title,
            desc,
            self.lang,
            self.tongue.exact,
            self._bands(i),
            figure=lambda v: self.speaker.figure(i.spec, v),
            wide=wide,
        )

    def _vintage(self, vintage: Vintage) -> str:
        if vintage.label == "evaluated":
            return self.speaker._("as evaluated")
        return vintage.label or self.tongue.month(vintage.known_on)

    def dial(self, stance: StanceView) -> Markup:
        """Return the pendulum of one jurisdiction."""
        word = self.speaker._
        title = f"{self.speaker.words(stance.name)} R {self.tongue.signed(stance.ideal, 2)}"
        if stance.practice is not None:
            title += f", Y {self.tongue.signed(stance.practice, 2)}"
        return dial(
            stance.ideal,
            stance.practice,
            title,
            lambda v: self.tongue.signed(v, 2),
            word("restrict"),
            word("middle"),
            word("encourage"),
        )

    def tracks(self, stances: Sequence[StanceView], title: str) -> Markup:
        """Return the ideal by quarter, one line a jurisdiction; empty where none has a track."""
        lines = [
            Line(self.speaker.words(s.name), tuple(_dot(p, False) for p in s.track), step=True)
            for s in stances
            if s.track
        ]
        desc = "; ".join(
            f"{line.label} {self.tongue.signed(line.dots[0].value or 0.0, 2)} → "
            f"{self.tongue.signed(line.dots[-1].value or 0.0, 2)}"
            for line in lines
        )
        return history(lines, "", title, desc, self.lang, lambda v: self.tongue.signed(v, 2))

    def comparison(self, chart: Comparison, title: str) -> Markup:
        """Return one line a jurisdiction, or one bar each where only one day is known."""
        series = {c: [p for p in ps if p.value is not None] for c, ps in chart.series.items()}
        lines = [
            Line(self.tongue.territory(code), tuple(_dot(p, False) for p in thin(points)))
            for code, points in series.items()
            if len(points) > 1
        ]
        if lines:
            return history(
                lines,
                self.speaker.words(chart.unit),
                title,
                title,
                self.lang,
                self.tongue.exact,
                figure=lambda v: self.tongue.number(v, 1 if abs(v) < 1000 and v % 1 else 0),
            )
        rows = [
            (self.tongue.territory(code), points[-1].value or 0.0)
            for code, points in series.items()
            if points
        ]
        return ranking(rows, title, title, self.tongue.exact)

    def month_counts(self, i: IndicatorView, title: str) -> Markup:
        """Return the counts behind an indicator's value by month; empty where there are none."""
        return bars(
            [Stack(p.on, (p.value or 0.0,)) for p in i.counts],
            [""],
            self.speaker._("a month"),
            title,
            title,
            self.lang,
            self.tongue.exact,
        )

    def counts(self, series: CountSeries, title: str) -> Markup:
        """Return monthly counts as stacked bars."""
        return bars(
            [Stack(m.month, tuple(float(c) for c in m.counts)) for m in series.months],
            [self.speaker.words(p) for p in series.parts],
            self.speaker._("a month"),
            title,
            title,
            self.lang,
            self.tongue.exact,
        )

    def scorecard(self, r: RiskView, card: Scorecard, title: str) -> Markup:
        """Return a risk's levels over the scored period with the events of the ground truth."""
        marks = [Mark(e.on, self.speaker.words(e.words)) for e in card.events if e.risk is r.risk]
        if not r.band:
            return Markup("")
        return replay(
            r.band,
            [m for m in marks if card.first <= m.on <= card.last],
            card.first,
            card.last,
            title,
            self.band_words(r.band),
            self.lang,
        )

    def levels(self, points: Sequence[tuple[date, Level]]) -> str:
        """Return dated levels in words."""
        joint = "，" if self.lang == "zh" else ", "
        return joint.join(
            f"{self.tongue.short_day(on)} {self.speaker.level(level)}" for on, level in points
        )


def _dot(point: HistoryPoint, bounds: bool = True) -> Dot:
    return Dot(
        point.on,
        point.value,
        point.low if bounds else None,
        point.high if bounds else None,
    )
