"""An indicator's level over time: `for` on the way up, `keep` and `band` on the way down.

One step a day of the grid. What is not seen changes nothing for the better: a missing or stale
reading holds yellow and red, leaves `for` where it stood, and stops the clock of `keep`; only
green becomes `unassigned`.
"""

from dataclasses import replace
from datetime import date, timedelta

from config.method import Indicator
from rules.threshold import raw_level, supported_level
from rules.types import SEVERITY, IndicatorState, Level, Note, Reading

_COLOURS = (Level.RED, Level.YELLOW)


def step(
    state: IndicatorState, reading: Reading, indicator: Indicator, day: date
) -> tuple[IndicatorState, Note]:
    """Return the state after `day` and why it differs from the reading's own level, if it does.

    The first reading ever fixes the starting level. `day` must not lie before the last step's.
    """
    raw = raw_level(reading, indicator)
    if raw is Level.UNASSIGNED:
        return _unseen(state, day)
    supported = supported_level(reading, indicator)
    if state.since is None:
        return _supported(_started(raw, day), supported, day), Note.NONE
    if reading.stale:
        return _stale(state, raw, day)
    state = _seen_again(state, day)
    if state.level is Level.UNASSIGNED and raw is Level.GREEN:
        return _supported(_started(raw, day), supported, day), Note.NONE
    if state.level is Level.UNASSIGNED or SEVERITY[raw] > SEVERITY[state.level]:
        return _rising(_supported(state, supported, day), reading, raw, indicator, day)
    state = replace(state, pending=None, pending_seen=())
    state = _supported(state, supported, day)
    if SEVERITY[supported] >= SEVERITY[state.level]:
        return state, Note.IN_BAND if raw is not state.level else Note.NONE
    return _falling(state, supported, indicator, day)


def _started(level: Level, day: date) -> IndicatorState:
    yellow = day if level in _COLOURS else None
    return IndicatorState(level, day, last_supported=day, yellow_supported=yellow)


def _unseen(state: IndicatorState, day: date) -> tuple[IndicatorState, Note]:
    state = replace(state, missing_since=state.missing_since or day)
    if state.level in _COLOURS:
        return state, Note.HELD_MISSING
    if state.level is Level.GREEN:
        state = replace(state, level=Level.UNASSIGNED, since=day)
    return state, Note.NONE


def _stale(state: IndicatorState, raw: Level, day: date) -> tuple[IndicatorState, Note]:
    state = replace(state, missing_since=state.missing_since or day)
    return state, Note.NONE if raw is state.level else Note.HELD_STALE


def _seen_again(state: IndicatorState, day: date) -> IndicatorState:
    """Let `keep` go on from where it stood when the indicator was last seen."""
    if state.missing_since is None:
        return state
    blind = day - state.missing_since
    return replace(
        state,
        missing_since=None,
        last_supported=_later(state.last_supported, blind),
        yellow_supported=_later(state.yellow_supported, blind),
    )


def _later(day: date | None, by: timedelta) -> date | None:
    return None if day is None else day + by


def _supported(state: IndicatorState, supported: Level, day: date) -> IndicatorState:
    """Note the day on which the reading spoke, band included, for what is held and for yellow."""
    if supported in _COLOURS:
        state = replace(state, yellow_supported=day)
    held = SEVERITY.get(state.level)
    if held is not None and SEVERITY[supported] >= held:
        state = replace(state, last_supported=day)
    return state


def _rising(
    state: IndicatorState, reading: Reading, raw: Level, indicator: Indicator, day: date
) -> tuple[IndicatorState, Note]:
    seen = _count_in(state.pending_seen, raw, reading.vintage, indicator.every_days, day)
    for level in _COLOURS:
        higher = state.level is Level.UNASSIGNED or SEVERITY[level] > SEVERITY[state.level]
        votes = [s for s in seen if SEVERITY[Level(s.split("|")[0])] >= SEVERITY[level]]
        if higher and len(votes) >= indicator.for_:
            left = seen if level is not raw else ()
            pending = raw if level is not raw else None
            risen = replace(
                state, level=level, since=day, last_supported=day, pending=pending,
                pending_seen=left,
            )  # fmt: skip
            return risen, Note.PENDING if pending else Note.NONE
    return replace(state, pending=raw, pending_seen=seen), Note.PENDING


def _count_in(
    seen: tuple[str, ...], raw: Level, vintage: str, every_days: int, day: date
) -> tuple[str, ...]:
    """Return the evaluations that speak for a rise, this one included if it is a new one.

    New means another day and either another vintage or a whole rhythm later, so that running
    twice, or looking again at the same facts, confirms nothing. Each is written
    `level|day|vintage`; a milder reading takes the stronger ones before it down to its own level,
    because `for` asks for evaluations in a row.
    """
    capped = []
    for entry in seen:
        level, rest = entry.split("|", 1)
        lower = raw if SEVERITY[raw] < SEVERITY[Level(level)] else Level(level)
        capped.append(f"{lower.value}|{rest}")
    if seen:
        days = [date.fromisoformat(s.split("|")[1]) for s in seen]
        vintages = {s.split("|")[2] for s in seen}
        again = day in days or (vintage in vintages and (day - days[-1]).days < every_days)
        if again:
            return tuple(capped)
    return (*capped, f"{raw.value}|{day.isoformat()}|{vintage}")


def _falling(
    state: IndicatorState, supported: Level, indicator: Indicator, day: date
) -> tuple[IndicatorState, Note]:
    if _within(state.last_supported, day, indicator.keep_days):
        return state, Note.KEPT
    lower = supported
    if lower is Level.GREEN and state.level is Level.RED:
        still = _within(state.yellow_supported, day, indicator.keep_days)
        lower = Level.YELLOW if still else Level.GREEN
    fallen = replace(
        state,
        level=lower,
        since=day,
        last_supported=state.yellow_supported if lower is Level.YELLOW else day,
    )
    return fallen, Note.KEPT if lower is not supported else Note.NONE


def _within(since: date | None, day: date, keep_days: int) -> bool:
    return since is not None and (day - since).days < keep_days
