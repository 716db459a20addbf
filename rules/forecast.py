"""How long, at its present pace, until an indicator's next threshold, with an interval.

The pace is Theil and Sen's: the median slope of all pairs of points of the last half year. It
bears outliers, and its interval comes from the slopes themselves (Sen 1968). It is a reading of
the recent past, not a prophecy: it knows nothing of a release next week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from scipy.stats import theilslopes

from config.levels import Levels
from config.method import Indicator
from rules.clauses import Bench, evaluate
from rules.risk import called_for
from rules.threshold import limit, reaches
from rules.types import Change, IndicatorAssessment, Level, RiskAssessment

WINDOW_DAYS = 183
MIN_POINTS = 6
MIN_SPAN_DAYS = 28
CONFIDENCE = 0.90

Series = Sequence[tuple[date, float]]


@dataclass(frozen=True)
class Pace:
    """Change a week, in the indicator's unit, with the interval of the slope."""

    weekly: float
    low: float
    high: float
    points: int


def pace(series: Series, as_of: date) -> Pace | None:
    """Return the robust weekly pace of the last 183 days; None if too little is known.

    At least six points that span four weeks are asked for.
    """
    recent = [(d, v) for d, v in series if 0 <= (as_of - d).days <= WINDOW_DAYS]
    if len(recent) < MIN_POINTS or (recent[-1][0] - recent[0][0]).days < MIN_SPAN_DAYS:
        return None
    weeks = [(d - recent[0][0]).days / 7 for d, _ in recent]
    found = theilslopes([v for _, v in recent], weeks, alpha=CONFIDENCE)
    return Pace(
        round(float(found.slope), 9),
        round(float(found.low_slope), 9),
        round(float(found.high_slope), 9),
        len(recent),
    )


def changes(
    indicator: Indicator, assessed: IndicatorAssessment, series: Series, as_of: date
) -> list[Change]:
    """Return what would change the indicator's level: next threshold up, and the way down.

    Down means clear of the dead band of the level now held. A distance of 0 means that the value
    is across and `for` or `keep` alone holds the level. Empty without value or thresholds.
    """
    reading = assessed.reading
    if reading.value is None or assessed.level is Level.UNASSIGNED:
        return []
    known = reading.series if len(reading.series) >= MIN_POINTS else series
    speed = pace(known, as_of)
    found = []
    for direction, level, target in _targets(assessed.level):
        bound = limit(indicator, level, banded=direction == "down")
        if bound is None:
            continue
        value = deciding(assessed, indicator, level)
        # across already: only `for` or `keep` still holds it, so no way is left to go
        across = reaches(value, bound, indicator) == (direction == "up")
        weeks = (None, None, None) if across else _weeks(value, bound, speed)
        found.append(
            Change(
                indicator=indicator.id,
                direction=direction,
                to_level=target,
                threshold=round(bound, 6),
                distance=0.0 if across else round(abs(bound - value), 6),
                weeks=weeks[0],
                weeks_low=weeks[1],
                weeks_high=weeks[2],
                value=value,
            )
        )
    return found


def _targets(level: Level) -> list[tuple[str, Level, Level]]:
    """Return (direction, level whose threshold is crossed, level reached) from a level."""
    up = {Level.GREEN: [Level.YELLOW, Level.RED], Level.YELLOW: [Level.RED]}.get(level, [])
    down = {Level.RED: Level.YELLOW, Level.YELLOW: Level.GREEN}
    found = [("up", target, target) for target in up]
    return found + ([("down", level, down[level])] if level in down else [])


def deciding(assessed: IndicatorAssessment, indicator: Indicator, level: Level) -> float:
    """Return the value that must cross: the least severe vote, or the bound that the rule asks."""
    reading = assessed.reading
    if reading.value is None:
        raise ValueError(f"{indicator.id} has no value")
    up = indicator.direction == "up"
    if indicator.agree == "bounds" and reading.low is not None and reading.high is not None:
        return reading.low if (level is Level.RED) == up else reading.high
    votes = list(reading.votes.values()) or [reading.value]
    return min(votes) if up else max(votes)


def _weeks(
    value: float, bound: float, speed: Pace | None
) -> tuple[float | None, float | None, float | None]:
    """Return weeks until the bound with the interval; None where the pace leads elsewhere."""
    if speed is None:
        return None, None, None
    way = bound - value
    slopes = sorted((speed.low, speed.high), key=lambda s: s * way, reverse=True)  # fastest first
    times = [way / s if s * way > 0 else None for s in (speed.weekly, *slopes)]
    middle, soonest, latest = (None if t is None else round(t, 1) for t in times)
    return (None, None, None) if middle is None else (middle, soonest, latest)


def changes_of_risk(
    risk: RiskAssessment,
    levels: Levels,
    method: Mapping[str, Indicator],
    series: Mapping[str, Series],
    as_of: datetime,
) -> tuple[Change, ...]:
    """Return the changes of all its indicators: those that move the risk first, then soonest."""
    now = called_for(risk.clauses)
    found: list[Change] = []
    for assessed in risk.indicators:
        indicator = method[assessed.id]
        for change in changes(indicator, assessed, series.get(assessed.id, ()), as_of.date()):
            then = _called_if(risk, levels, method, change)
            found.append(replace(change, risk_to=then if then is not now else None))
    return tuple(sorted(found, key=lambda c: (c.risk_to is None, *_soonness(c), c.indicator)))


def _called_if(
    risk: RiskAssessment, levels: Levels, method: Mapping[str, Indicator], change: Change
) -> Level:
    """Return what the clauses would call for if this one change happened (tripwires aside)."""
    assessed = [
        replace(a, level=change.to_level) if a.id == change.indicator else a
        for a in risk.indicators
    ]
    bench = Bench(levels, method, assessed, {})
    again = [evaluate(rule, bench) for rule in levels.clauses]
    tripped = [c for c in risk.clauses if c.holds and c.id in _tripwires(levels)]
    return called_for([*again, *tripped])


def _tripwires(levels: Levels) -> set[str]:
    return {rule.id for rule in levels.clauses if rule.kind.value == "tripwire"}


def _soonness(change: Change) -> tuple[bool, float, float]:
    relative = change.distance / abs(change.threshold) if change.threshold else change.distance
    return change.weeks is None, change.weeks or 0.0, relative
