"""What governments did, as one score beside the ideal, and how far the two lie apart."""

from collections.abc import Iterable
from datetime import date

from config.pendulum import Pendulum
from rules.pendulum.types import Act, Deviation, Practice, Verdict, Weighed

MONTH_DAYS = 30.4375

FULL = 2.0
"""A direction of ±2 is full restriction or encouragement, so ±1 on the scale of R."""

CONTROLLED = "control"
"""Prefix of the forces of acts that provide risk control."""


def practice(acts: Iterable[Act], jurisdiction: str, on: date, rule: Pendulum) -> Practice:
    """Return Y: coded acts known by `on`, weighed by force and halved every so many months."""
    weighed = []
    for act in sorted(acts, key=lambda a: (a.day, a.event_id)):
        if act.jurisdiction != jurisdiction or act.day > on:
            continue
        age = (on - act.day).days / MONTH_DAYS
        weight = rule.practice.force[act.force] * 2 ** (-age / rule.practice.half_life_months)
        weighed.append(Weighed(act, round(weight, 6)))
    total = sum(w.weight for w in weighed)
    if not total:
        return Practice(None, ())
    score = sum(w.weight * w.act.direction / FULL for w in weighed) / total
    return Practice(round(score, 6), tuple(weighed))


def deviation(
    done: Practice, ideal: float, rule: Pendulum, *, asked_control: bool, has_control: bool
) -> Deviation:
    """Return D = Y − R with its verdict.

    `overshoot`: both lean to one side and practice goes further. `control` is only said where the
    ideal asks for risk control.
    """
    control = ("present" if has_control else "gap") if asked_control else None
    if done.value is None:
        return Deviation(None, Verdict.NONE, False, control)
    d = round(done.value - ideal, 6)
    if abs(d) <= rule.deviation.match:
        verdict = Verdict.MATCH
    elif abs(d) >= rule.deviation.significant:
        verdict = Verdict.SIGNIFICANT
    else:
        verdict = Verdict.PARTIAL
    further = done.value * ideal > 0 and abs(done.value) > abs(ideal)
    return Deviation(d, verdict, further and verdict is not Verdict.MATCH, control)
