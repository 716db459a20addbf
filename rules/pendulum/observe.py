"""Codes read from figures, with published cut-points, so that a person can contest each.

An observation never replaces a code by itself: it stands beside the coded one, says whether the
two agree, and a difference that would move the resultant far only proposes a critical event.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from config.pendulum import Pendulum, Phase
from rules.pendulum.detect import leap
from rules.pendulum.types import Observation

MONTH_DAYS = 30.4375

NEAR_DAYS = 366
"""A figure may stand for a span that it lies at most a year from."""

VERIFIED = ("verified", "verified_secondary")


@dataclass(frozen=True)
class FigurePoint:
    """One published figure of a jurisdiction and period."""

    measure: str
    jurisdiction: str
    period_on: date
    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class ModelPoint:
    """One model of a capability board: day of release, score, openness, groups of its makers."""

    name: str
    day: date
    score: float
    is_open: bool | None
    groups: frozenset[str]


@dataclass(frozen=True)
class Happening:
    """One dated event of the record, as far as the codes need it."""

    event_id: str
    day: date
    jurisdiction: str
    against: frozenset[str]
    target: str | None
    severity: int | None
    field: str | None
    critical: bool
    verification: str


@dataclass(frozen=True)
class World:
    """What the codes are read from, all of it known at the day asked for."""

    figures: tuple[FigurePoint, ...]
    models: tuple[ModelPoint, ...]
    happenings: tuple[Happening, ...]

    def boards_until(self, on: date) -> date:
        """Return the day up to which the board speaks: a silent month is no standstill."""
        known = [m.day for m in self.models if m.day <= on]
        return max(known, default=on)


def _figure(
    world: World, measure: str, jurisdiction: str, phase: Phase, on: date, unit: str = "percent"
) -> FigurePoint | None:
    """Return the newest figure inside the span up to `on`, else the one nearest to the span."""
    found = [
        f
        for f in world.figures
        if (f.measure, f.jurisdiction, f.unit) == (measure, jurisdiction, unit)
    ]
    until = min(phase.to, on)
    inside = [f for f in found if phase.from_ <= f.period_on <= until]
    if inside:
        return max(inside, key=lambda f: (f.period_on, f.source))

    def far(figure: FigurePoint) -> int:
        return min(abs((figure.period_on - d).days) for d in (phase.from_, until))

    near = [f for f in found if far(f) <= NEAR_DAYS]
    return min(near, key=lambda f: (far(f), f.source)) if near else None


def industry(world: World, phase: Phase, on: date, rule: Pendulum) -> Observation | None:
    """Return I: use of open models times their parity with closed ones."""
    rules = rule.observables.industry
    use = _any_figure(world, rules.use, phase) or _any_figure(world, rules.use_instead, phase)
    gap = _figure(world, rules.gap, "INT", phase, on)
    if use is None or gap is None:
        return None
    parity = min(1.0, max(0.0, 1 - gap.value / rules.parity_gap))
    dependence = round(use.value / 100 * parity, 6)
    detail = {
        "use": f"{use.value:g} %",
        "use_measure": use.measure,
        "use_on": use.period_on.isoformat(),
        "gap": f"{gap.value:g} %",
        "gap_on": gap.period_on.isoformat(),
    }
    code = bisect_right(rules.cuts, dependence)
    source = f"{use.source}, {gap.source}"
    return Observation("I", dependence, code, "share", detail, source, gap.period_on)


def _any_figure(world: World, measure: str, phase: Phase) -> FigurePoint | None:
    """Return the only survey of a measure: it stands for every span, and its day is printed."""
    found = [
        f
        for f in world.figures
        if f.measure == measure and f.jurisdiction == phase.jurisdiction and f.unit == "percent"
    ]
    return max(found, key=lambda f: (f.period_on, f.source)) if found else None


def society(world: World, phase: Phase, on: date, rule: Pendulum) -> Observation | None:
    """Return s: a verified crisis of the past half year times the public's attitude."""
    rules = rule.observables.attitude
    crises = [
        h
        for h in world.happenings
        if h.critical
        and h.field == "social"
        and h.verification in VERIFIED
        and 0 <= (on - h.day).days <= rules.crisis_days
    ]
    found = [
        f
        for f in world.figures
        if f.measure == rules.measure and f.jurisdiction == phase.jurisdiction
    ]
    if not found:
        return None
    attitude = min(found, key=lambda f: (abs((f.period_on - on).days), f.source))
    code = 0
    if crises:
        code = -2 if attitude.value < rules.low else -1
    detail = {
        "attitude": f"{attitude.value:g} %",
        "attitude_on": attitude.period_on.isoformat(),
        "crisis": ", ".join(h.event_id for h in crises) or "-",
    }
    return Observation(
        "s", attitude.value, code, "percent", detail, attitude.source, attitude.period_on
    )


def technology(world: World, on: date, rule: Pendulum) -> Observation | None:
    """Return T: the frontier's pace of the past year against the two years before."""
    on = world.boards_until(on)
    rules = rule.observables.technology
    known = sorted((m.day, m.score) for m in world.models if m.day <= on)
    if not known:
        return None
    ends = _month_ends(known[0][0], on)
    best = [max((s for d, s in known if d <= end), default=0.0) for end in ends]
    gains = [after - before for before, after in pairwise(best)]
    z = leap(gains, rules.recent_months, rules.before_months)
    if z is None:
        return None
    detail = {"months": str(len(gains)), "best": f"{best[-1]:.1f}"}
    return Observation("T", z, bisect_right(rules.cuts, z), "z", detail, "epoch", ends[-1])


def _month_ends(first: date, last: date) -> list[date]:
    found: list[date] = []
    year, month = first.year, first.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        end = date.fromordinal(date(year, month, 1).toordinal() - 1)
        if end > last:
            return found
        found.append(end)


def _best(models: Sequence[ModelPoint], group: str) -> float | None:
    return max((m.score for m in models if group in m.groups), default=None)


def geopolitics(world: World, phase: Phase, on: date, rule: Pendulum) -> Observation | None:
    """Return G: how far the rival's open models lie behind one's own, and chokepoint events."""
    on = world.boards_until(on)
    rival = rule.rivals.get(phase.jurisdiction)
    if rival is None:
        return None
    own = phase.jurisdiction
    open_models = [m for m in world.models if m.is_open and m.day <= on]
    theirs = _best(open_models, rival)
    ours = _best(open_models, own)
    if theirs is None or ours is None:
        return None
    rules = rule.observables.geopolitics
    events = [
        h.event_id
        for h in world.happenings
        if own in h.against
        and h.target in ("chips", "weights", "hosting")
        and (h.severity or 0) >= 3
        and 0 <= (on - h.day).days <= rules.event_days
    ]
    reached = min(m.day for m in open_models if own in m.groups and m.score >= min(theirs, ours))
    months = round((on - reached).days / MONTH_DAYS, 6) if theirs < ours else 0.0
    ahead = theirs >= ours
    code = 4 if ahead or events else sum(months <= limit for limit in rules.months)
    detail = {"rival": rival, "ahead": "yes" if ahead else "no", "events": ", ".join(events) or "-"}
    return Observation("G", months, code, "months", detail, "epoch", on)


def economy(world: World, phase: Phase, on: date, rule: Pendulum) -> Observation | None:
    """Return e: the open share of the twenty best models at home."""
    on = world.boards_until(on)
    own = phase.jurisdiction
    home = [m for m in world.models if own in m.groups and m.day <= on and m.is_open is not None]
    rules = rule.observables.economy
    top = sorted(home, key=lambda m: (-m.score, m.name))[: rules.top]
    if len(top) < rules.at_least:
        return None
    share = round(sum(bool(m.is_open) for m in top) / len(top), 6)
    code = bisect_right(rules.cuts, share) - 1
    detail = {"models": str(len(top)), "open": str(sum(bool(m.is_open) for m in top))}
    return Observation("e", share, code, "share", detail, "epoch", on)


def position(world: World, phase: Phase, on: date, rule: Pendulum) -> Observation | None:
    """Return p: own best open model against the rival's, and who leads altogether."""
    on = world.boards_until(on)
    rival = rule.rivals.get(phase.jurisdiction)
    if rival is None:
        return None
    known = [m for m in world.models if m.day <= on]
    sides = []
    for group in (phase.jurisdiction, rival):
        best_open = _best([m for m in known if m.is_open], group)
        best = _best(known, group)
        if best_open is None or best is None:
            return None
        sides.append((best_open, best))
    (own_open, own), (their_open, theirs) = sides
    rules = rule.observables.position
    lead = round(own_open - their_open, 6)
    code = _position_code(lead, own >= theirs, rules.leads, rules.led)
    detail = {"rival": rival, "leads_altogether": "yes" if own >= theirs else "no"}
    return Observation("p", lead, code, "ECI", detail, "epoch", on)


def _position_code(lead: float, leads_altogether: bool, leads: float, led: float) -> int:
    if lead >= leads:
        return -1
    if leads_altogether:
        return 2 if lead <= led else 0
    return 1 if lead > 0 else 0


def observations(world: World, phase: Phase, on: date, rule: Pendulum) -> dict[str, Observation]:
    """Return every code that figures give for a phase on a day, by code."""
    found = (
        technology(world, on, rule),
        industry(world, phase, on, rule),
        geopolitics(world, phase, on, rule),
        society(world, phase, on, rule),
        economy(world, phase, on, rule),
        position(world, phase, on, rule),
    )
    return {o.code: o for o in found if o is not None}
