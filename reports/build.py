"""From an assessment and plain values to the views of `reports.model`; it concludes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from collectors.base import Source
from config.method import Indicator
from reports.charts.calendar import Run
from reports.model import (
    AlertView,
    AssessmentView,
    CaseView,
    EvidenceRow,
    HistoryPoint,
    IndicatorView,
    MeasureView,
    RiskView,
    SourceState,
    SourceView,
    TransitionView,
    Vintage,
)
from rules.types import Assessment, IndicatorAssessment, Level, Risk, RiskAssessment

LevelsByDay = Mapping[Risk, Sequence[tuple[date, Level]]]
"""Adjudicated level from each day on, oldest first; daily or changes only."""

Histories = Mapping[str, Sequence[HistoryPoint]]
"""History by indicator id, oldest first."""


def runs(levels: Sequence[tuple[date, Level]], until: date) -> tuple[Run, ...]:
    """Return the stretches of equal level; the last one ends on the day after `until`."""
    found: list[Run] = []
    end = until + timedelta(days=1)
    for index, (on, level) in enumerate(levels):
        following = levels[index + 1][0] if index + 1 < len(levels) else end
        following = min(following, end)
        if following <= on:
            continue
        if found and found[-1].level is level and found[-1].end == on:
            found[-1] = Run(found[-1].start, following, level)
        else:
            found.append(Run(on, following, level))
    return tuple(found)


IN_UNIT = frozenset({"lag"})
"""Reducers whose series is the value itself over time; the others' are counts behind it."""


def series(assessment: IndicatorAssessment, spec: Indicator) -> tuple[HistoryPoint, ...]:
    """Return the history that the reducer computed on the way, ending in the reading itself."""
    reading = assessment.reading
    told = reading.series if spec.reducer.name in IN_UNIT else ()
    points = [HistoryPoint(on, value) for on, value in told]
    last = reading.newest_on or reading.as_of.date()
    if reading.value is not None:
        newest = HistoryPoint(last, reading.value, reading.low, reading.high, assessment.level)
        points = [p for p in points if p.on < last] + [newest]
    return tuple(points)


def _history(
    evaluated: Sequence[HistoryPoint], assessment: IndicatorAssessment, spec: Indicator
) -> tuple[tuple[HistoryPoint, ...], tuple[Vintage, ...]]:
    """Return the history to be drawn and, beside it, what the evaluations saw at the time.

    The longer of the two is the history: the reducer's own, as the newest data tell it, or the
    values of past evaluations. It ends in the reading shown.
    """
    own = series(assessment, spec)
    seen = tuple(evaluated)
    values = sum(p.value is not None for p in seen)
    if sum(p.value is not None for p in own) > values:
        beside = Vintage(seen[-1].on, seen, "evaluated") if values > 1 else None
        return own, (beside,) if beside else ()
    if assessment.reading.value is not None and own and own[-1].on > seen[-1].on:
        return (*seen, own[-1]), ()
    return seen, ()


def source_view(
    source: Source,
    now: datetime,
    *,
    enabled: bool = True,
    skipped: bool = False,
    last_try_at: datetime | None = None,
    last_ok_at: datetime | None = None,
    seen_live: bool = False,
    newest_on: date | None = None,
    rows: int | None = None,
    quarantined: int = 0,
    error: str = "",
    indicators: Iterable[Indicator] = (),
    baseline_rows: int = 0,
    baseline_until: date | None = None,
) -> SourceView:
    """Return a source with its state: the worst of what is known about its newest run."""
    if not enabled or skipped:
        state = SourceState.SKIPPED
    elif quarantined:
        state = SourceState.QUARANTINED
    elif error:
        state = SourceState.FAILED
    elif last_ok_at is None:
        state = SourceState.NEVER
    elif now - last_ok_at > source.stale_after:
        state = SourceState.STALE
    else:
        state = SourceState.FRESH
    return SourceView(
        id=source.id,
        title=source.title,
        homepage=source.homepage,
        licence=source.licence,
        terms=source.terms,
        seen=source.seen,
        state=state,
        seen_live=seen_live,
        last_try_at=last_try_at,
        last_ok_at=last_ok_at,
        newest_on=newest_on,
        rows=rows,
        quarantined=quarantined,
        error=error,
        every_hours=source.every.total_seconds() / 3600,
        redistributable=source.redistributable,
        indicators=tuple(sorted(i.code for i in indicators if source.id in i.sources)),
        baseline_rows=baseline_rows,
        baseline_until=baseline_until,
    )


def _indicator(
    spec: Indicator,
    state: IndicatorAssessment,
    risk: RiskAssessment,
    assessment: Assessment,
    histories: Histories,
    sources: Mapping[str, SourceView],
    evidence: Mapping[str, Sequence[EvidenceRow]],
    vintages: Mapping[str, Sequence[Vintage]],
    beside: RiskAssessment | None,
) -> IndicatorView:
    history, beside_it = _history(histories.get(spec.id, ()), state, spec)
    other = next((i for i in beside.indicators if i.id == spec.id), None) if beside else None
    return IndicatorView(
        spec=spec,
        state=state,
        history=history,
        vintages=tuple(vintages.get(spec.id, ())) or beside_it,
        counts=()
        if spec.reducer.name in IN_UNIT
        else tuple(HistoryPoint(on, value) for on, value in state.reading.series),
        sources=tuple(sources[s] for s in spec.sources if s in sources),
        evidence=tuple(evidence.get(spec.id, ())),
        change=next((c for c in risk.changes if c.indicator == spec.id), None),
        as_of=assessment.as_of,
        reconstructed=assessment.reconstructed,
        other=other,
    )


def build_assessment(
    assessment: Assessment,
    specs: Iterable[Indicator],
    *,
    sources: Iterable[SourceView] = (),
    histories: Histories | None = None,
    evidence: Mapping[str, Sequence[EvidenceRow]] | None = None,
    vintages: Mapping[str, Sequence[Vintage]] | None = None,
    levels: LevelsByDay | None = None,
    transitions: Sequence[TransitionView] = (),
    measures: Mapping[Risk, Sequence[MeasureView]] | None = None,
    beside: Assessment | None = None,
    band_from: date | None = None,
    band_to: date | None = None,
) -> AssessmentView:
    """Return the three risks ready to be shown; what is not handed in is shown as not known.

    Without dates the band covers the 365 days before the assessment.
    """
    by_id = {s.id: s for s in specs}
    by_source = {s.id: s for s in sources}
    last = band_to or assessment.as_of.date()
    first = band_from or last - timedelta(days=364)
    views = []
    for risk in assessment.risks:
        near = next((r for r in beside.risks if r.risk is risk.risk), None) if beside else None
        indicators = tuple(
            _indicator(
                by_id[i.id],
                i,
                risk,
                assessment,
                histories or {},
                by_source,
                evidence or {},
                vintages or {},
                near,
            )
            for i in sorted(risk.indicators, key=lambda i: i.code)
            if i.id in by_id
        )
        known = (levels or {}).get(risk.risk, ())
        views.append(
            RiskView(
                state=risk,
                indicators=indicators,
                band=runs(known, last),
                band_from=first,
                band_to=last + timedelta(days=1),
                transitions=tuple(t for t in transitions if t.risk is risk.risk),
                measures=tuple((measures or {}).get(risk.risk, ())),
                beside=near,
                started_on=risk.started_on or (known[0][0] if known else None),
            )
        )
    return AssessmentView(assessment, tuple(views))


def build_alert(
    alert_id: str,
    year: int,
    number: int,
    transition: TransitionView,
    view: AssessmentView,
    *,
    created_at: datetime,
    before: Assessment | None = None,
    case: CaseView | None = None,
    sources: Sequence[SourceView] = (),
    exercise: bool = False,
    retracted: bool = False,
    zone: str = "Asia/Shanghai",
) -> AlertView:
    """Return the view of one alert: the transition and the risk as it was assessed then."""
    risk = next(r for r in view.risks if r.risk is transition.risk)
    earlier = next((r for r in before.risks if r.risk is transition.risk), None) if before else None
    return AlertView(
        id=alert_id,
        year=year,
        number=number,
        transition=transition,
        risk=risk,
        created_at=created_at,
        method=view.assessment.method,
        method_sha256=view.assessment.method_sha256,
        home=view.assessment.home,
        case=case,
        exercise=exercise,
        retracted=retracted,
        reconstructed=view.reconstructed,
        before=earlier,
        sources=tuple(sources),
        zone=zone,
    )
