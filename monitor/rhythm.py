"""When an indicator is read: what it reads, whether it is due, and how an earlier reading ages."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from collectors.schema import TABLES
from config import registry
from config.method import Indicator, Method
from monitor.asof import tables_of
from rules.types import Missing, Reading, Why

DERIVED_FROM = {"roots": ("models", "bases")}
"""Tables that the view makes itself, by what they are made of."""

REREAD_DAYS = 7
"""How soon unchanged inputs may be read again, because windows move with the clock."""
REREAD_PAST_DAYS = 14
"""The same in a reconstructed record, where years are folded at once."""


@dataclass(frozen=True)
class Plan:
    """One indicator with what never changes about it."""

    indicator: Indicator
    tables: tuple[str, ...]
    """Lake tables that it reads, through views too."""
    reads: tuple[str, ...]
    """Tables and views that it names itself."""
    sha256: str


def plan_of(method: Method, indicator: Indicator) -> Plan:
    """Return what an indicator of the method reads, with a hash of all that decides its value."""
    tables, seen = set[str](), set[str]()
    waiting = list(tables_of(indicator.sql))
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in TABLES:
            tables.add(name)
        elif name in method.views:
            waiting += tables_of(method.views[name])
        else:
            waiting += DERIVED_FROM.get(name, ())
    texts = [indicator.model_dump_json(), *(f"{v}={method.views.get(v, '')}" for v in sorted(seen))]
    texts.append(_words())
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    return Plan(indicator, tuple(sorted(tables)), tuple(sorted(tables_of(indicator.sql))), digest)


def _words() -> str:
    """Return the registry's word lists as text: queries read them, so they are part of a key."""
    return repr((registry.lexicon(), registry.packages(), sorted(registry.licences().items())))


def is_due(
    indicator: Indicator, before: Reading | None, vintage: str, moment: datetime, *, past: bool
) -> bool:
    """Return whether to read now.

    Our own record reads at once what has changed; a reconstructed one (`past`) on the days of the
    indicator's rhythm. Inputs that did not change are read again once a rhythm, at least a week
    apart: only the clock has moved.
    """
    if before is None:
        return True
    day = moment.date()
    if before.vintage != vintage:
        return not past or day.toordinal() % indicator.every_days == 0
    apart = max(indicator.every_days, REREAD_PAST_DAYS if past else REREAD_DAYS)
    return (day - before.as_of.date()).days >= apart


def aged(before: Reading, indicator: Indicator, moment: datetime) -> Reading:
    """Return an earlier reading as it stands now: older, perhaps stale, perhaps too old."""
    if before.value is None or before.newest_on is None:
        return before
    age = (moment.date() - before.newest_on).days
    if age > indicator.missing_after_days:
        detail = {"newest": before.newest_on.isoformat()}
        return replace(
            before, value=None, missing=Missing(Why.STALE, detail), votes={}, low=None, high=None,
            stale=False,
        )  # fmt: skip
    return replace(before, stale=age > indicator.stale_after_days)
