"""A risk's level over time, from its indicators, by the clauses of `levels.yaml`.

A rise is immediate. Under the coverage gate green becomes `unassigned`, yellow and red are held.
Red is left only when the rule allows it *and* a person has released it; a watch follows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from config.levels import Levels
from config.method import Indicator
from rules.clauses import Bench, evaluate
from rules.types import (
    SEVERITY,
    Act,
    ActKind,
    Clause,
    IndicatorAssessment,
    Level,
    Override,
    Risk,
    RiskAssessment,
    RiskState,
)


def weights(
    levels: Levels, indicators: Sequence[Indicator], in_force: frozenset[str]
) -> dict[str, float]:
    """Return the weight of each indicator in force by id; others weigh 0.

    `indicators` are those of one risk. A group shares the largest weight among its members
    in force in equal parts. Grade C weighs nothing, an attested tripwire what the rules say.
    """
    base = {i.id: _base_weight(levels, i) if i.id in in_force else 0.0 for i in indicators}
    groups: dict[str, list[str]] = {}
    for indicator in indicators:
        if indicator.group is not None and base[indicator.id] > 0:
            groups.setdefault(indicator.group, []).append(indicator.id)
    for members in groups.values():
        share = max(base[m] for m in members) / len(members)
        base |= dict.fromkeys(members, share)
    return {name: round(weight, 6) for name, weight in base.items()}


def _base_weight(levels: Levels, indicator: Indicator) -> float:
    if indicator.colourless or (indicator.yellow is None and indicator.red is None):
        return 0.0
    if indicator.grade == "C":
        return levels.weights.attested_tripwire if indicator.tripwire else levels.weights.C
    return {"A": levels.weights.A, "B": levels.weights.B}[indicator.grade]


def coverage(levels: Levels, assessed: Sequence[IndicatorAssessment]) -> tuple[float, float]:
    """Return (share of the weight in force that is fresh, weight in force); (0, 0) if none is.

    A reading counts if it has a value that is not stale; a blind spot takes its share away from
    those it hides.
    """
    blind = _blindness(levels, assessed)
    total = sum(a.weight for a in assessed)
    fresh = sum(
        a.weight * (1 - blind.get(a.id, 0.0))
        for a in assessed
        if a.reading.value is not None and not a.reading.stale
    )
    return (round(fresh / total, 6) if total > 0 else 0.0), round(total, 6)


def _blindness(levels: Levels, assessed: Sequence[IndicatorAssessment]) -> dict[str, float]:
    values = {a.id: a.reading.value for a in assessed}
    return {
        name: min(1.0, max(0.0, (values.get(spot.by) or 0.0) / 100))
        for spot in levels.blind_spots
        for name in spot.of
    }


def confirmations(acts: Sequence[Act], moment: datetime) -> dict[str, int]:
    """Return how many people confirm each tripwire at the moment, by indicator id."""
    people: dict[str, set[str]] = {}
    for act in acts:
        if act.indicator is None or act.at > moment:
            continue
        if act.kind is ActKind.RETRACT:
            people.pop(act.indicator, None)
        elif act.kind is ActKind.CONFIRM and (act.until is None or moment < act.until):
            names = {act.author} | ({act.second} if act.second else set())
            people.setdefault(act.indicator, set()).update(names)
    return {name: len(found) for name, found in people.items()}


def attested(method: Mapping[str, Indicator], assessed: Sequence[IndicatorAssessment]) -> set[str]:
    """Return the tripwires whose value stands on a review that a second person attested.

    Grade C, and whatever reads the method's `reviews`, has a value only inside such a review:
    the person who entered it and the one who attested it are the four eyes.
    """
    return {
        a.id
        for a in assessed
        if a.reading.value is not None
        and method[a.id].tripwire
        and (method[a.id].grade == "C" or "reviews" in method[a.id].views)
    }


def override_at(acts: Sequence[Act], risk: Risk, moment: datetime) -> tuple[Override, date] | None:
    """Return the override in force and the day it began, or None; the latest act wins."""
    found: tuple[Override, date] | None = None
    for act in acts:
        if act.risk is not risk or act.at > moment:
            continue
        if act.kind is ActKind.REVOKE_OVERRIDE:
            found = None
        elif act.kind is ActKind.OVERRIDE and act.level is not None and act.until is not None:
            override = Override(act.level, act.reason, act.author, act.until)
            found = (override, act.at.date())
    return found if found and moment < found[0].until else None


def release_at(
    acts: Sequence[Act], risk: Risk, state: RiskState, moment: datetime, previous: datetime | None
) -> bool:
    """Return whether a person's release of this red counts at the moment.

    It must have been given since this red began. With an `until` it stands until then; without
    one it counts only at the first evaluation after it, and only if red was waiting for it.
    """
    if state.since is None:
        return False
    for act in acts:
        given = act.kind is ActKind.RELEASE and act.risk is risk and act.at <= moment
        if not given or act.at.date() < state.since:
            continue
        fresh = state.release_due and previous is not None and previous < act.at
        if fresh if act.until is None else moment < act.until:
            return True
    return False


def called_for(clauses: Sequence[Clause]) -> Level:
    """Return the level that the clauses call for by themselves."""
    holding = [c.level for c in clauses if c.holds]
    return max(holding, key=SEVERITY.__getitem__, default=Level.GREEN)


def step(
    state: RiskState,
    levels: Levels,
    clauses: Sequence[Clause],
    covered: bool,
    released: bool,
    day: date,
) -> RiskState:
    """Return the risk's state after `day`; `released` says that a person released it since."""
    called = called_for(clauses)
    if not covered:
        return _uncovered(state, levels, clauses, day)
    state = replace(state, coverage_lost_since=None)
    if state.level is Level.RED:
        return _from_red(state, levels, called, released, day)
    if state.watch_until is not None:
        if day < state.watch_until:
            called = max(called, Level(levels.watch.floor), key=SEVERITY.__getitem__)
        else:
            state = replace(state, watch_until=None)
    return _moved(state, called, day)


def _uncovered(state: RiskState, levels: Levels, clauses: Sequence[Clause], day: date) -> RiskState:
    state = replace(state, coverage_lost_since=state.coverage_lost_since or day)
    sure = {rule.id for rule in levels.clauses if rule.despite_coverage}
    held = state.level in (Level.YELLOW, Level.RED)
    # what is seen may still raise a colour that is held; it cannot create one out of half a picture
    called = called_for([c for c in clauses if held or c.id in sure])
    if SEVERITY[called] > max(SEVERITY.get(state.level, 0), 0):
        return _moved(state, called, day)
    if held:
        due = state.release_due and called is not Level.RED
        return replace(state, release_due=due)
    return _moved(state, Level.UNASSIGNED, day)


def _from_red(
    state: RiskState, levels: Levels, called: Level, released: bool, day: date
) -> RiskState:
    if called is Level.RED:
        return replace(state, release_due=False)
    if not released:
        return replace(state, release_due=True)
    floor = max(called, Level(levels.watch.floor), key=SEVERITY.__getitem__)
    until = day + timedelta(days=levels.watch.days)
    return replace(_moved(state, floor, day), release_due=False, watch_until=until)


def _moved(state: RiskState, level: Level, day: date) -> RiskState:
    if level is state.level and state.since is not None:
        return state
    watch = None if level is Level.RED else state.watch_until
    return replace(state, level=level, since=day, watch_until=watch)


def assess(
    risk: Risk,
    state: RiskState,
    levels: Levels,
    method: Mapping[str, Indicator],
    assessed: Sequence[IndicatorAssessment],
    acts: Sequence[Act],
    moment: datetime,
    previous: datetime | None,
) -> tuple[RiskState, RiskAssessment]:
    """Return the risk's state and assessment at `moment`, the last evaluation being `previous`."""
    share, total = coverage(levels, assessed)
    people = dict.fromkeys(attested(method, assessed), 2) | confirmations(acts, moment)
    bench = Bench(levels, method, assessed, people)
    clauses = tuple(evaluate(rule, bench) for rule in levels.clauses)
    released = release_at(acts, risk, state, moment, previous)
    covered = total > 0 and share >= levels.coverage.gate
    state = step(state, levels, clauses, covered, released, moment.date())
    override = override_at(acts, risk, moment)
    return state, RiskAssessment(
        risk=risk,
        model_level=state.level,
        level=override[0].level if override else state.level,
        since=override[1] if override else state.since,
        coverage=share,
        coverage_gate=levels.coverage.gate,
        coverage_lost_since=state.coverage_lost_since,
        watch_until=state.watch_until,
        release_due=state.release_due,
        clauses=clauses,
        indicators=tuple(assessed),
        override=override[0] if override else None,
        weight_in_force=total,
    )
