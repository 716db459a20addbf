"""Revising the method: which past levels would differ, who runs beside whom, when review is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from config.method import Method, available, load_method
from monitor.context import Context
from rules.types import Assessment, Level, Risk

BESIDE_DAYS = 92
"""How long a successor runs beside the method in force, before it is adopted."""
REMIND_DAYS = 90
"""How long before `review_due` the reminder begins."""


@dataclass(frozen=True)
class Difference:
    """A span of days on which two methods give one risk different levels."""

    risk: Risk
    first: date
    last: date
    before: Level
    after: Level

    @property
    def days(self) -> int:
        """Days in the span, both ends included."""
        return (self.last - self.first).days + 1


def differences(
    before: Sequence[Assessment], after: Sequence[Assessment]
) -> tuple[Difference, ...]:
    """Return where the model levels of two records of the same days differ, by risk and date.

    Days that only one record has are not compared.
    """
    found: list[Difference] = []
    later = {a.as_of: a for a in after}
    pairs = [(a, later[a.as_of]) for a in before if a.as_of in later]
    for risk in Risk:
        for old, new in pairs:
            day = old.as_of.date()
            was, now = _level(old, risk), _level(new, risk)
            if was is now:
                continue
            same = found and found[-1].risk is risk
            last = found[-1] if same else None
            if last and (day - last.last).days <= 1 and (last.before, last.after) == (was, now):
                found[-1] = Difference(risk, last.first, day, was, now)
            else:
                found.append(Difference(risk, day, day, was, now))
    return tuple(found)


def _level(assessment: Assessment, risk: Risk) -> Level:
    return next(r.model_level for r in assessment.risks if r.risk is risk)


@dataclass(frozen=True)
class Changed:
    """What two methods have differently in one indicator; `before` or `after` None: not there."""

    code: str
    field: str
    before: str | None
    after: str | None


def changed(before: Method, after: Method) -> tuple[Changed, ...]:
    """Return how the indicators of two methods differ: thresholds, timing, query, reducer."""
    found: list[Changed] = []
    old, new = before.by_code, after.by_code
    for code in sorted(old.keys() | new.keys()):
        if code not in old or code not in new:
            there = (None, "added") if code not in old else ("removed", None)
            found.append(Changed(code, "indicator", *there))
            continue
        a = old[code].model_dump(by_alias=True, exclude={"cases"})
        b = new[code].model_dump(by_alias=True, exclude={"cases"})
        found += [Changed(code, key, str(a[key]), str(b[key])) for key in a if a[key] != b[key]]
    return tuple(found)


def successors(context: Context, now: datetime) -> list[Method]:
    """Return the versions that run beside the method in force: adopted within the next quarter.

    Judged by `tocsin assess --method V` or `tocsin method beside`, they raise nothing.
    """
    folder = context.settings.method_folder
    found = []
    for version in available(folder):
        if version == context.method.version:
            continue
        method = load_method(version, folder)
        ahead = method.adopted_on - now.date()
        if timedelta(0) < ahead <= timedelta(days=BESIDE_DAYS):
            found.append(method)
    return found


def review_reminder(method: Method, today: date) -> dict[str, str] | None:
    """Return the reminder in zh and en from 90 days before the review is due; None before."""
    left = (method.review_due - today).days
    if left > REMIND_DAYS:
        return None
    due = method.review_due
    if left >= 0:
        return {
            "zh": f"评估方法{method.version}年版应于{due}前复审，还有{left}天。",
            "en": f"Method {method.version} is due for review by {due}, in {left} days.",
        }
    return {
        "zh": f"评估方法{method.version}年版应于{due}前复审，已逾期{-left}天。",
        "en": f"Method {method.version} was due for review by {due}, {-left} days ago.",
    }


def reminds_on(method: Method, today: date) -> bool:
    """Whether the reminder is sent today: 90, 30, 7 and 0 days before, then every 30 days."""
    left = (method.review_due - today).days
    return left in (REMIND_DAYS, 30, 7, 0) or (left < 0 and left % 30 == 0)
