"""Counts and picks of the annual report, as plain functions of its view."""

from collections.abc import Sequence
from datetime import date

from reports.chapters import Comparison, CountSeries, DiffusionRow, Scorecard
from reports.model import AlertView, AssessmentView, IndicatorView, RiskView, SignatureView
from rules.types import SEVERITY

CHARTS_A_CHAPTER = 4


def charted(r: RiskView) -> list[IndicatorView]:
    """Return the indicators of a chapter that have a history, worst first."""
    found = [i for i in r.indicators if sum(p.value is not None for p in i.history) > 1]
    found.sort(key=lambda i: (-SEVERITY.get(i.state.level, -1), i.spec.code))
    return found[:CHARTS_A_CHAPTER]


def provisional(view: AssessmentView) -> list[IndicatorView]:
    """Return the indicators with a provisional threshold."""
    return [i for i in view.indicators if i.provisional]


def open_tripwires(view: AssessmentView) -> list[IndicatorView]:
    """Return the tripwires without a value."""
    return [i for i in view.indicators if i.spec.tripwire and i.state.reading.missing]


def at_least_medium(rows: Sequence[DiffusionRow]) -> int:
    """Return how many models are of medium diffusion or above."""
    return sum(row.cls in {"high", "medium"} for row in rows)


def total(series: CountSeries) -> int:
    """Return the count over all months and parts."""
    return sum(sum(m.counts) for m in series.months)


def peak(series: CountSeries) -> tuple[date, int]:
    """Return the month with the most, and how many."""
    most = max(series.months, key=lambda m: sum(m.counts))
    return most.month, sum(most.counts)


def leading(chart: Comparison) -> tuple[str, float] | None:
    """Return the jurisdiction that leads at the newest day: the least lag, the most else."""
    newest = {
        code: next((p.value for p in reversed(points) if p.value is not None), None)
        for code, points in chart.series.items()
    }
    known = {code: v for code, v in newest.items() if v is not None and code != "unknown"}
    if not known:
        return None
    best = min if chart.key == "lag" else max
    code = best(known, key=lambda c: known[c])
    return code, known[code]


def scored(card: Scorecard) -> int:
    """Return how many events could be scored."""
    return sum(e.result in {"caught", "missed"} for e in card.events)


def caught(card: Scorecard) -> int:
    """Return how many events were called in time."""
    return sum(e.result == "caught" for e in card.events)


def dissents(alerts: Sequence[AlertView]) -> list[tuple[AlertView, SignatureView]]:
    """Return every dissent with its alert."""
    return [(a, s) for a in alerts if a.case is not None for s in a.case.signatures if not s.agreed]
