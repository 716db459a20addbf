"""The record's own score, as the reports print it: every event, and whether it was called."""

from datetime import date
from itertools import pairwise

from config.method import Words
from config.responses import parse_responses
from monitor.record import Record
from monitor.scorecard import cards
from reports.chapters import Scorecard, ScoredEvent
from reports.model import MeasureView
from rules.backtest import Scored, Verdict
from rules.types import Level, Risk

RESULT = {
    Verdict.HIT: "caught",
    Verdict.MISSED: "missed",
    Verdict.BLIND: "not_scorable",
    Verdict.BEFORE_RECORD: "not_scorable",
    Verdict.LEFT_OUT: "not_scorable",
}
REASON = {
    Verdict.BLIND: Words(zh="其前一直未定级", en="unassigned throughout before it"),
    Verdict.BEFORE_RECORD: Words(zh="记录尚未开始", en="before the record"),
    Verdict.LEFT_OUT: Words(zh="用于定阈值，不计分", en="it set a threshold, so it does not count"),
}


def scorecard(record: Record) -> Scorecard | None:
    """Return the score of the three risks at yellow or more; None for a record of one day."""
    days = [a.as_of.date() for a in record.assessments]
    if len(days) < 2:
        return None
    titles = _titles(record)
    found = [(risk, cards(record, risk, with_indicators=False)[0].yellow) for risk in Risk]
    events = [_event(one, risk, titles) for risk, card in found for one in card.events]
    return Scorecard(
        first=days[0],
        last=days[-1],
        events=tuple(sorted(events, key=lambda e: (e.on, e.risk.value, e.words.en))),
        false_alarms=sum(a.verdict == "false" for _, card in found for a in card.alarms),
        level_changes=sum(_changes(record, risk) for risk in Risk),
        days_red=sum(_days_red(record, risk) for risk in Risk),
        reconstructed=record.last.reconstructed,
    )


def measures(record: Record) -> dict[Risk, tuple[MeasureView, ...]]:
    """Return the measures that the method recommends at each level of each risk."""
    risks = parse_responses(record.fold.method.responses).risks
    return {
        risk: tuple(
            MeasureView(Level(level), measure.words)
            for level, found in risks[risk.value].measures.items()
            for measure in found
        )
        for risk in Risk
    }


def _titles(record: Record) -> dict[str, str]:
    connection = record.fold.view.at(record.last.as_of, ("policy_events",))
    rows = connection.execute("SELECT event_id, title_zh FROM policy_events").fetchall()
    return {str(event): str(title) for event, title in rows if title}


def _event(one: Scored, risk: Risk, titles: dict[str, str]) -> ScoredEvent:
    title = one.event.title
    return ScoredEvent(
        on=one.event.on,
        words=Words(zh=titles.get(one.event.id, title), en=title),
        risk=risk,
        result=RESULT[one.verdict],
        lead_days=one.lead_days,
        reason=REASON.get(one.verdict),
    )


def _levels(record: Record, risk: Risk) -> list[tuple[date, Level]]:
    return [
        (a.as_of.date(), next(r.level for r in a.risks if r.risk is risk))
        for a in record.assessments
    ]


def _changes(record: Record, risk: Risk) -> int:
    return sum(a is not b for (_, a), (_, b) in pairwise(_levels(record, risk)))


def _days_red(record: Record, risk: Risk) -> int:
    return sum(
        (following - on).days
        for (on, level), (following, _) in pairwise(_levels(record, risk))
        if level is Level.RED
    )
