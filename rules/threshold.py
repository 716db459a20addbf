"""The level of one reading alone: thresholds, votes that must agree, bounds, and the dead band.

Equal to a threshold counts as reached. Every function is monotone in the value: a riskier value
never gives a milder level.
"""

from config.method import Indicator
from rules.types import SEVERITY, Level, Reading

SAME_SOURCE_VOTES = frozenset({"value", "all", "point", "judged", "without_largest"})
"""Votes that are cuts of one source; only others can make sources disagree."""


def raw_level(reading: Reading, indicator: Indicator) -> Level:
    """Return the level of the reading by its thresholds; `unassigned` if missing or colourless."""
    return _level(reading, indicator, banded=False)


def supported_level(reading: Reading, indicator: Indicator) -> Level:
    """Return the level that the reading still supports on the way down, dead band included.

    Never milder than `raw_level`: each threshold is moved towards safety by the band.
    """
    return _level(reading, indicator, banded=True)


def sources_disagree(reading: Reading, indicator: Indicator) -> bool:
    """Return whether votes from different sources have different colours."""
    names = [n for n in reading.votes if n not in SAME_SOURCE_VOTES]
    levels = {_of(reading.votes[n], indicator, banded=False) for n in names}
    return reading.value is not None and len(levels) > 1


def limit(indicator: Indicator, level: Level, *, banded: bool) -> float | None:
    """Return where `level` begins, in the indicator's unit; banded: where it ends going down."""
    threshold = {Level.YELLOW: indicator.yellow, Level.RED: indicator.red}.get(level)
    if threshold is None:
        return None
    if not banded:
        return threshold.value
    band = indicator.band_absolute
    if band is None:
        band = abs(threshold.value) * indicator.band
    return threshold.value - band if indicator.direction == "up" else threshold.value + band


def reaches(value: float, bound: float, indicator: Indicator) -> bool:
    """Return whether the value is at the bound or on its riskier side."""
    return value >= bound if indicator.direction == "up" else value <= bound


def _of(value: float, indicator: Indicator, *, banded: bool) -> Level:
    for level in (Level.RED, Level.YELLOW):
        bound = limit(indicator, level, banded=banded)
        if bound is not None and reaches(value, bound, indicator):
            return level
    return Level.GREEN


def _level(reading: Reading, indicator: Indicator, *, banded: bool) -> Level:
    no_colour = indicator.colourless or (indicator.yellow is None and indicator.red is None)
    if reading.value is None or no_colour:
        return Level.UNASSIGNED
    values = reading.votes.values() or (reading.value,)
    level = min((_of(v, indicator, banded=banded) for v in values), key=SEVERITY.__getitem__)
    if indicator.agree == "bounds":
        return _within_bounds(level, reading, indicator, banded=banded)
    return level


def _within_bounds(level: Level, reading: Reading, indicator: Indicator, *, banded: bool) -> Level:
    """Keep red only if the safest bound is red too, and green only if the riskiest one is.

    What remains between is yellow: we cannot rule either out.
    """
    bounds = [b for b in (reading.low, reading.high) if b is not None]
    levels = [_of(b, indicator, banded=banded) for b in bounds]
    if level is Level.RED and any(found is not Level.RED for found in levels):
        return Level.YELLOW
    if level is Level.GREEN and any(found is not Level.GREEN for found in levels):
        return Level.YELLOW
    return level
