"""What was known of a month then, and what is known of it now."""

from dataclasses import dataclass
from datetime import date

from reports.model import HistoryPoint, IndicatorView, Vintage

ROWS = 60


@dataclass(frozen=True)
class Revision:
    """One day of the history in two vintages."""

    known_on: date
    """The moment whose knowledge the earlier one is."""
    on: date
    then: float
    now: float


def _values(points: tuple[HistoryPoint, ...]) -> dict[date, float]:
    return {p.on: p.value for p in points if p.value is not None}


def earlier(i: IndicatorView) -> list[Vintage]:
    """Return the vintages that are whole histories, not what single evaluations saw."""
    return [v for v in i.vintages if v.label != "evaluated"]


def revisions(i: IndicatorView) -> list[Revision]:
    """Return for each earlier vintage the newest day that it shares with the present history."""
    now = _values(i.history)
    found = []
    for vintage in earlier(i):
        then = _values(vintage.points)
        shared = sorted(then.keys() & now.keys())
        if shared:
            on = shared[-1]
            found.append(Revision(vintage.known_on, on, then[on], now[on]))
    return found


def table(i: IndicatorView) -> list[tuple[HistoryPoint, list[float | None]]]:
    """Return the newest rows of the history, each with what earlier vintages said of its day.

    Days that only an earlier vintage knows have a row of their own, without a present value.
    """
    before = [_values(v.points) for v in earlier(i)]
    rows = {p.on: p for p in i.history}
    for values in before:
        for on in values:
            rows.setdefault(on, HistoryPoint(on, None))
    newest = sorted(rows.values(), key=lambda p: p.on, reverse=True)[:ROWS]
    return [(p, [values.get(p.on) for values in before]) for p in newest]
