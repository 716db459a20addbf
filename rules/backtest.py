"""Would it have warned? A record of levels scored against dated events, each event by itself.

An event is *hit* if yellow or red stood on any day of the horizon before it, *missed* if a colour
stood but never that, *blind* if the level was unassigned throughout: not knowing is no success.
An alarm is an unbroken stretch of yellow or red; it is *false* if no event follows within the
horizon of its last day, *open* if the record ends before that can be said.
Source: Drehmann and Juselius 2014, doi:10.1016/j.ijforecast.2013.10.002 (timing, stability).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

from rules.types import SEVERITY, Level

Track = Sequence[tuple[date, Level]]
"""A level for each day, oldest first, without gaps."""


@dataclass(frozen=True)
class Event:
    """Something that a warning should have come before."""

    id: str
    on: date
    title: str
    left_out: str = ""
    """Why it is not scored (`training`), or empty."""


class Verdict(StrEnum):
    """How one event fared."""

    HIT = "hit"
    MISSED = "missed"
    BLIND = "blind"  # unassigned throughout the horizon
    BEFORE_RECORD = "before_record"  # the horizon lies outside the record
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Scored:
    """One event with its verdict; `lead_days` from the first day of warning inside the horizon."""

    event: Event
    verdict: Verdict
    lead_days: int | None = None


@dataclass(frozen=True)
class Alarm:
    """An unbroken stretch at or over the level asked for; `verdict` is true, false or open."""

    first: date
    last: date
    verdict: str


@dataclass(frozen=True)
class Scorecard:
    """What the record did over its days."""

    at_least: Level
    horizon_days: int
    first: date
    last: date
    days: int
    days_assigned: int
    events: tuple[Scored, ...]
    alarms: tuple[Alarm, ...]
    reversals: int
    """Changes between two colours that were undone within the reversal span."""

    def count(self, verdict: Verdict) -> int:
        """Return how many events got this verdict."""
        return sum(e.verdict is verdict for e in self.events)

    @property
    def judged(self) -> int:
        """Events that could be judged: hit or missed."""
        return self.count(Verdict.HIT) + self.count(Verdict.MISSED)

    @property
    def false_alarms_a_year(self) -> float | None:
        """False alarms per year with an assigned level; None without a month of it."""
        if self.days_assigned < 30:
            return None
        false = sum(a.verdict == "false" for a in self.alarms)
        return round(false * 365.25 / self.days_assigned, 3)

    @property
    def reversals_a_year(self) -> float | None:
        """Reversals per year with an assigned level."""
        if self.days_assigned < 30:
            return None
        return round(self.reversals * 365.25 / self.days_assigned, 3)

    @property
    def median_lead_weeks(self) -> float | None:
        """Median lead of the hits, in weeks; None without a hit."""
        leads = [e.lead_days for e in self.events if e.lead_days is not None]
        return round(median(leads) / 7, 1) if leads else None


def score(
    track: Track,
    events: Sequence[Event],
    horizon_days: int,
    *,
    at_least: Level = Level.YELLOW,
    reversal_days: int = 56,
) -> Scorecard:
    """Return the scorecard of a record; `track` must not be empty."""
    first, last = track[0][0], track[-1][0]
    relevant = sorted((e for e in events if e.on <= last), key=lambda e: (e.on, e.id))
    return Scorecard(
        at_least=at_least,
        horizon_days=horizon_days,
        first=first,
        last=last,
        days=len(track),
        days_assigned=sum(level is not Level.UNASSIGNED for _, level in track),
        events=tuple(_judge(e, track, horizon_days, at_least) for e in relevant),
        alarms=_alarms(track, relevant, horizon_days, at_least),
        reversals=reversals(track, reversal_days),
    )


def _judge(event: Event, track: Track, horizon_days: int, at_least: Level) -> Scored:
    if event.left_out:
        return Scored(event, Verdict.LEFT_OUT)
    begin = event.on - timedelta(days=horizon_days)
    if begin < track[0][0]:
        return Scored(event, Verdict.BEFORE_RECORD)
    window = [(day, level) for day, level in track if begin <= day < event.on]
    for day, level in window:
        if SEVERITY.get(level, -1) >= SEVERITY[at_least]:
            return Scored(event, Verdict.HIT, (event.on - day).days)
    seen = any(level is not Level.UNASSIGNED for _, level in window)
    return Scored(event, Verdict.MISSED if seen else Verdict.BLIND)


def _alarms(
    track: Track, events: Sequence[Event], horizon_days: int, at_least: Level
) -> tuple[Alarm, ...]:
    stretches: list[list[date]] = []
    before = False
    for day, level in track:
        loud = SEVERITY.get(level, -1) >= SEVERITY[at_least]
        if loud:
            if before:
                stretches[-1][1] = day
            else:
                stretches.append([day, day])
        before = loud
    found = []
    for first, last in stretches:
        until = last + timedelta(days=horizon_days)
        followed = any(first < e.on <= until for e in events)
        verdict = "true" if followed else "open" if until > track[-1][0] else "false"
        found.append(Alarm(first, last, verdict))
    return tuple(found)


def reversals(track: Track, within_days: int) -> int:
    """Return how many changes between colours were undone within so many days."""
    changes: list[tuple[date, int]] = []
    before: int | None = None
    for day, level in track:
        severity = SEVERITY.get(level)
        if severity is None:
            continue
        if before is not None and severity != before:
            changes.append((day, 1 if severity > before else -1))
        before = severity
    return sum(a[1] != b[1] and (b[0] - a[0]).days <= within_days for a, b in pairwise(changes))


def smallness(judged: int, hits: int) -> dict[str, str]:
    """Return in words, zh and en, how little so many events can say."""
    if judged == 0:
        return {
            "zh": "没有可评事件，这份记录不能说明预警能力。",
            "en": "No event could be scored: this record says nothing about warning.",
        }
    low, high = interval(hits, judged)
    spread, missed = f"{low:.0%}–{high:.0%}", judged - hits
    few = judged < 10
    zh = f"可评事件{judged}件，报出{hits}件，漏报{missed}件；真实检出率可能在{spread}之间。"
    en = (
        f"{judged} events could be scored: {hits} caught, {missed} missed; "
        f"the true rate may lie anywhere in {spread} (95 % exact)."
    )
    return {
        "zh": zh + ("数量太少，只能逐件看。" if few else ""),
        "en": en + (" So few can only be read one by one." if few else ""),
    }


def interval(hits: int, total: int, method: str = "exact") -> tuple[float, float]:
    """Return the 95 % interval of a share: `exact` (Clopper and Pearson) or `wilson`.

    (0, 1) where there was nothing to count.
    """
    from scipy.stats import binomtest  # SciPy takes a second to load: only when asked

    if total == 0:
        return 0.0, 1.0
    found = binomtest(hits, total).proportion_ci(
        confidence_level=0.95, method="exact" if method == "exact" else "wilson"
    )
    return round(float(found.low), 6), round(float(found.high), 6)
