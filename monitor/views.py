"""Views of a record as pages show it: sources, histories, transitions with their reasons."""

import json
from datetime import date

from sqlmodel import select

from config.method import Method
from monitor.because import because
from monitor.context import Context
from monitor.evidence_rows import evidence
from monitor.record import Record
from monitor.reportcard import measures
from monitor.store.engine import reading
from monitor.store.runs import Batch, BatchState
from reports.build import IN_UNIT, build_assessment, series
from reports.chapters import QuarantineView
from reports.model import (
    AssessmentView,
    HistoryPoint,
    MethodView,
    SourceView,
    TransitionView,
    Vintage,
)
from rules.transition import transitions
from rules.types import Level, Risk

EARLIER = 3
"""Earlier vintages of a history that a page shows beside the present one."""


def levels_by_day(record: Record) -> dict[Risk, list[tuple[date, Level]]]:
    """Return each risk's adjudicated level from each day on which it changed."""
    found: dict[Risk, list[tuple[date, Level]]] = {}
    for assessment in record.assessments:
        for risk in assessment.risks:
            known = found.setdefault(risk.risk, [])
            if not known or known[-1][1] is not risk.level:
                known.append((assessment.as_of.date(), risk.level))
    return found


def histories(record: Record, method: Method) -> dict[str, list[HistoryPoint]]:
    """Return each indicator's values by day of evaluation, oldest first, gaps as None."""
    found: dict[str, list[HistoryPoint]] = {i.id: [] for i in method.indicators}
    for assessment in record.assessments:
        for risk in assessment.risks:
            for indicator in risk.indicators:
                reading, points = indicator.reading, found.get(indicator.id)
                if points is None:
                    continue
                on = assessment.as_of.date()
                if reading.value is None:
                    if points and points[-1].value is not None:
                        points.append(HistoryPoint(on, None))
                elif not points or points[-1].value != reading.value:
                    points.append(
                        HistoryPoint(on, reading.value, reading.low, reading.high, indicator.level)
                    )
    return found


def vintages(record: Record, method: Method) -> dict[str, list[Vintage]]:
    """Return what earlier data said of an indicator's whole history, newest first.

    Only where a reducer computes the history on the way (lags, from refitted boards): one vintage
    a month of evaluation, the last of it, and only where it differs from what is said now.
    """
    specs = {i.id: i for i in method.indicators if i.reducer.name in IN_UNIT}
    said: dict[str, dict[tuple[tuple[date, float], ...], Vintage]] = {}
    for assessment in record.assessments:
        for found in (i for r in assessment.risks for i in r.indicators if i.id in specs):
            if found.reading.series and found.reading.value is not None:
                known = said.setdefault(found.id, {})
                points = series(found, specs[found.id])
                known.setdefault(found.reading.series, Vintage(assessment.as_of.date(), points))
    kept: dict[str, list[Vintage]] = {}
    for name, known in said.items():
        months = {(v.known_on.year, v.known_on.month): v for v in list(known.values())[:-1]}
        kept[name] = sorted(months.values(), key=lambda v: v.known_on, reverse=True)[:EARLIER]
    return kept


def record_transitions(record: Record) -> tuple[TransitionView, ...]:
    """Return what moved in a record, with the clauses that held, oldest first."""
    found = []
    before = None
    for after in record.assessments:
        now = {r.risk: r for r in after.risks}
        for change in transitions(before, after):
            found.append(
                TransitionView(
                    risk=change.risk,
                    kind=change.kind,
                    before=change.before,
                    after=change.after,
                    at=change.at,
                    because=because(now[change.risk]),
                    reconstructed=after.reconstructed,
                )
            )
        before = after
    return tuple(found)


def assessment_view(
    record: Record,
    method: Method,
    sources: tuple[SourceView, ...],
    *,
    beside: Record | None = None,
    first: date | None = None,
    last: date | None = None,
) -> AssessmentView:
    """Return the end of a record ready to be shown, with its history and the rows behind it."""
    return build_assessment(
        record.last,
        method.indicators,
        sources=sources,
        histories=histories(record, method),
        levels=levels_by_day(record),
        transitions=record_transitions(record),
        measures=measures(record),
        evidence=evidence(record),
        vintages=vintages(record, method),
        beside=beside.last if beside else None,
        band_from=first,
        band_to=last,
    )


def method_view(method: Method) -> MethodView:
    """Return what the method page prints beside the indicators."""
    return MethodView(
        version=method.version,
        sha256=method.sha256,
        adopted_on=method.adopted_on,
        review_due=method.review_due,
        changes=method.files.get("CHANGELOG.md", ""),
        views=tuple(method.views),
        coverage_gate=float(method.levels["coverage"]["gate"]),
        weights={k: float(v) for k, v in method.levels["weights"].items() if k != "because"},
    )


def quarantine_views(context: Context) -> tuple[QuarantineView, ...]:
    """Return the batches that are held back, each with why."""
    with reading(context.engine) as session:
        held = session.exec(select(Batch).where(Batch.state == BatchState.HELD)).all()
    return tuple(
        QuarantineView(
            source=batch.source,
            at=batch.fetched_at.date(),
            reason="; ".join(f["en"] for f in json.loads(batch.findings)),
            rows=batch.rows,
            state=batch.state,
        )
        for batch in held
    )
