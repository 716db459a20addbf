"""Rules tested as stories: values by date, and the levels and transitions that must follow.

A story runs on a method's real thresholds and rules, so it says what a revision would change. A
value may be a number, or a word that the method fills: `green` (well clear of every threshold),
`in_band` (under yellow, inside its dead band), `yellow` and `red` (exactly at the threshold), or
`missing`. Days are evaluated one by one, as the fold does.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from config.documents import read_document
from config.errors import ConfigError
from config.levels import Levels, parse_levels
from config.method import Indicator, Method, Strict
from rules import level as level_rules
from rules import risk as risk_rules
from rules.threshold import limit, raw_level, sources_disagree
from rules.transition import between
from rules.types import (
    Act,
    ActKind,
    IndicatorAssessment,
    IndicatorState,
    Level,
    Missing,
    Note,
    Reading,
    Risk,
    RiskAssessment,
    RiskState,
    Why,
)

Word = Literal["green", "in_band", "yellow", "red", "missing"]


class Span(Strict):
    """What one indicator read from a day on, until its next span."""

    from_: date = Field(alias="from")
    value: float | Word
    stale: bool = False
    same_vintage: bool = False
    """Whether the inputs stayed the same: `for` then counts the indicator's rhythm only."""


class Deed(Strict):
    """What a person did at noon of a day."""

    day: date
    kind: ActKind
    author: str = "a"
    second: str | None = None
    indicator: str | None = None
    level: Level | None = None
    until: date | None = None


class Expected(Strict):
    """What must be so on a day; what is not named is not looked at."""

    day: date
    level: Level | None = None
    model_level: Level | None = None
    indicators: dict[str, Level] = Field(default_factory=dict)
    notes: dict[str, Note] = Field(default_factory=dict)
    release_due: bool | None = None
    coverage_lost: bool | None = None


class Moved(Strict):
    """One transition; the list of a story must be complete."""

    day: date
    kind: str
    to: Level


class Story(Strict):
    """One story about one risk."""

    name: str
    because: str
    risk: Risk
    first: date
    last: date
    others: Literal["green", "missing"] = "green"
    """What the risk's other machine-read indicators show all along."""
    values: dict[str, tuple[Span, ...]]
    """By code."""
    deeds: tuple[Deed, ...] = ()
    expect: tuple[Expected, ...] = Field(min_length=1)
    transitions: tuple[Moved, ...] | None = None


@dataclass(frozen=True)
class Told:
    """How a story went: an empty list of faults means that it holds."""

    story: Story
    faults: tuple[str, ...]


def load_story(file: Path) -> Story:
    """Return a story; ConfigError names file, key and what was expected."""
    try:
        return Story.model_validate(read_document(file, file.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ConfigError(file, key, first["msg"]) from error


def tell(story: Story, method: Method, file: Path | str = "story") -> Told:
    """Return how the story went under the method; ConfigError for a code that it does not have."""
    stage = _Stage(story, method, file)
    expected: dict[date, list[Expected]] = {}
    for one in story.expect:
        expected.setdefault(one.day, []).append(one)
    faults: list[str] = []
    moved: list[Moved] = []
    before: RiskAssessment | None = None
    day = story.first
    while day <= story.last:
        now = stage.step(day)
        kind = between(before, now)
        if kind is not None:
            moved.append(Moved(day=day, kind=kind.value, to=now.level))
        for one in expected.pop(day, []):
            faults += _faults(one, now)
        before, day = now, day + timedelta(days=1)
    faults += [f"{on}: outside the story" for on in expected]
    if story.transitions is not None and tuple(moved) != story.transitions:
        said = ", ".join(f"{m.day} {m.kind} to {m.to}" for m in moved)
        faults.append(f"transitions were: {said}")
    return Told(story, tuple(faults))


class _Stage:
    """The risk's indicators, moved on day by day."""

    def __init__(self, story: Story, method: Method, file: Path | str) -> None:
        self.story, self.method = story, method
        self.levels: Levels = parse_levels(method.levels)
        every = [i for i in method.indicators if i.risk == story.risk.value]
        known = {i.code for i in every}
        for code in story.values:
            if code not in known:
                raise ConfigError(file, f"values.{code}", f"one of {', '.join(sorted(known))}")
        self.cast = [i for i in every if i.grade != "C" or i.code in story.values]
        self.acts = [_act(d, method, story.risk) for d in story.deeds]
        self.states = {i.id: IndicatorState() for i in self.cast}
        self.risk = RiskState()
        self.previous: datetime | None = None

    def step(self, day: date) -> RiskAssessment:
        """Return the risk's assessment on a day."""
        moment = datetime.combine(day, time(0), UTC)
        readings = {i.id: self._reading(i, day, moment) for i in self.cast}
        notes: dict[str, Note] = {}
        for one in self.cast:
            self.states[one.id], notes[one.id] = level_rules.step(
                self.states[one.id], readings[one.id], one, day
            )
        in_force = frozenset(
            i.id for i in self.cast if i.grade != "C" or readings[i.id].value is not None
        )
        weights = risk_rules.weights(self.levels, self.cast, in_force)
        assessed = [
            IndicatorAssessment(
                id=i.id,
                code=i.code,
                reading=readings[i.id],
                raw_level=raw_level(readings[i.id], i),
                level=self.states[i.id].level,
                since=self.states[i.id].since,
                weight=weights[i.id],
                in_force=i.id in in_force,
                sources_disagree=sources_disagree(readings[i.id], i),
                note=notes[i.id],
            )
            for i in self.cast
        ]
        self.risk, found = risk_rules.assess(
            self.story.risk, self.risk, self.levels, self.method.by_id, assessed,
            [a for a in self.acts if a.at <= moment], moment, self.previous,
        )  # fmt: skip
        self.previous = moment
        return found

    def _reading(self, indicator: Indicator, day: date, moment: datetime) -> Reading:
        spans = [s for s in self.story.values.get(indicator.code, ()) if s.from_ <= day]
        span = spans[-1] if spans else Span.model_validate(
            {"from": self.story.first, "value": self.story.others}
        )  # fmt: skip
        value = value_of(span.value, indicator)
        plain = Reading(
            indicator=indicator.id,
            as_of=moment,
            value=value,
            missing=Missing(Why.NO_DATA) if value is None else None,
            vintage=span.from_.isoformat() if span.same_vintage else day.isoformat(),
            sources=indicator.sources,
        )
        return replace(plain, stale=span.stale and value is not None)


def value_of(said: float | Word, indicator: Indicator) -> float | None:
    """Return the value that a word means for an indicator; None for `missing`."""
    if not isinstance(said, str):
        return said
    if said == "missing":
        return None
    safe = -1.0 if indicator.direction == "up" else 1.0
    yellow = limit(indicator, Level.YELLOW, banded=False)
    edge = limit(indicator, Level.YELLOW, banded=True)
    if said == "red":
        yellow = limit(indicator, Level.RED, banded=False)
    if yellow is None or edge is None:
        return 0.0  # without thresholds any value will do
    if said == "in_band":
        return (yellow + edge) / 2
    return edge + safe * (abs(edge) + 1) if said == "green" else yellow


def _act(deed: Deed, method: Method, risk: Risk) -> Act:
    noon = time(12)
    return Act(
        kind=deed.kind,
        at=datetime.combine(deed.day, noon, UTC),
        author=deed.author,
        risk=risk,
        indicator=method.indicator(deed.indicator).id if deed.indicator else None,
        level=deed.level,
        until=datetime.combine(deed.until, noon, UTC) if deed.until else None,
        second=deed.second,
    )


def _faults(expected: Expected, found: RiskAssessment) -> list[str]:
    seen: list[tuple[str, object, object]] = [
        ("level", expected.level, found.level),
        ("model_level", expected.model_level, found.model_level),
        ("release_due", expected.release_due, found.release_due),
        ("coverage_lost", expected.coverage_lost, found.coverage_lost_since is not None),
    ]
    by_code = {i.code: i for i in found.indicators}
    seen += [(code, level, by_code[code].level) for code, level in expected.indicators.items()]
    seen += [(f"{c} note", note, by_code[c].note) for c, note in expected.notes.items()]
    return [
        f"{expected.day}: {what} should be {should}, is {is_}"
        for what, should, is_ in seen
        if should is not None and should != is_
    ]
