"""The backtest and the calibration of a folded record, as documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from collectors.schema import from_days
from config.levels import Levels, parse_levels
from config.method import Indicator
from monitor.record import Record
from rules.backtest import Event, Scorecard, Verdict, score, smallness
from rules.calibration import Proposal, Trial, propose
from rules.types import Level, Risk

JsonObject = dict[str, object]


@dataclass(frozen=True)
class Card:
    """The scorecard of a risk or of one indicator, at yellow or more and at red."""

    subject: str
    risk: Risk
    yellow: Scorecard
    red: Scorecard


def events_of(record: Record, risk: Risk) -> list[Event]:
    """Return the events that a warning about the risk should precede, oldest first.

    Only events whose day is verified, of the kinds that `levels.yaml` names; those that set a
    threshold are marked `training`.
    """
    rule = parse_levels(record.fold.method.levels).backtest
    connection = record.fold.view.at(record.last.as_of, ("policy_events",))
    rows = connection.execute(
        """SELECT event_id, coalesce(published_day, occurred_day) AS day, title, risks, kind
           FROM policy_events WHERE day_verified = 1
           ORDER BY day, event_id"""
    ).fetchall()
    found = []
    for event_id, day, title, risks, kind in rows:
        if day is None or risk.value not in str(risks).split(","):
            continue
        if kind not in rule.kinds[risk.value]:
            continue
        on = from_days(day)
        training = any(t.risk == risk.value and t.from_ <= on <= t.to for t in rule.training)
        found.append(Event(event_id, on, str(title), "training" if training else ""))
    return found


def cards(record: Record, risk: Risk, *, with_indicators: bool = True) -> list[Card]:
    """Return the risk's card, then one for each of its indicators that ever had a level."""
    levels = parse_levels(record.fold.method.levels)
    events = events_of(record, risk)
    tracks: dict[str, list[tuple[date, Level]]] = {risk.value: []}
    for assessment in record.assessments:
        day = assessment.as_of.date()
        found = next(r for r in assessment.risks if r.risk is risk)
        tracks[risk.value].append((day, found.model_level))
        for one in found.indicators if with_indicators else ():
            tracks.setdefault(one.id, []).append((day, one.level))
    trained = {t.indicator for t in levels.backtest.training}
    return [
        _card(subject, risk, track, _fair(events, subject, risk, trained), levels)
        for subject, track in tracks.items()
        if subject == risk.value or any(level is not Level.UNASSIGNED for _, level in track)
    ]


def _fair(events: Sequence[Event], subject: str, risk: Risk, trained: set[str]) -> list[Event]:
    """Return the events as they count here: training binds the risk and the indicator it set."""
    if subject == risk.value or subject in trained:
        return list(events)
    return [Event(e.id, e.on, e.title) for e in events]


def _card(
    subject: str,
    risk: Risk,
    track: list[tuple[date, Level]],
    events: Sequence[Event],
    levels: Levels,
) -> Card:
    days = levels.backtest.horizon_weeks[risk.value] * 7
    undone = levels.backtest.reversal_days
    return Card(
        subject,
        risk,
        score(track, events, days, at_least=Level.YELLOW, reversal_days=undone),
        score(track, events, days, at_least=Level.RED, reversal_days=undone),
    )


def card_document(card: Card) -> JsonObject:
    """Return a card as JSON; events are listed one by one."""
    return {
        "subject": card.subject,
        "risk": card.risk.value,
        "yellow": _score_document(card.yellow),
        "red": _score_document(card.red),
    }


def _score_document(found: Scorecard) -> JsonObject:
    return {
        "horizon_weeks": found.horizon_days // 7,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "days": found.days,
        "days_assigned": found.days_assigned,
        "hits": found.count(Verdict.HIT),
        "misses": found.count(Verdict.MISSED),
        "blind": found.count(Verdict.BLIND),
        "before_record": found.count(Verdict.BEFORE_RECORD),
        "left_out": found.count(Verdict.LEFT_OUT),
        "false_alarms_a_year": found.false_alarms_a_year,
        "reversals_a_year": found.reversals_a_year,
        "median_lead_weeks": found.median_lead_weeks,
        "how_small": smallness(found.judged, found.count(Verdict.HIT)),
        "events": [
            {
                "id": e.event.id,
                "on": e.event.on.isoformat(),
                "title": e.event.title,
                "verdict": e.verdict.value,
                "lead_weeks": None if e.lead_days is None else round(e.lead_days / 7, 1),
            }
            for e in found.events
        ],
        "alarms": [
            {"first": a.first.isoformat(), "last": a.last.isoformat(), "verdict": a.verdict}
            for a in found.alarms
        ],
    }


def proposals(record: Record, indicator: Indicator) -> list[Proposal]:
    """Return the thresholds that the record proposes for one indicator, yellow then red."""
    rule = parse_levels(record.fold.method.levels).backtest
    risk = Risk(indicator.risk)
    return propose(
        record.fold.history(indicator.id),
        events_of(record, risk),
        up=indicator.direction == "up",
        horizon_days=rule.horizon_weeks[risk.value] * 7,
        split_on=rule.split_on,
    )


def proposal_document(indicator: Indicator, found: Proposal) -> JsonObject:
    """Return one proposal as JSON, beside the threshold in force."""
    now = indicator.yellow if found.colour == "yellow" else indicator.red
    return {
        "indicator": indicator.id,
        "code": indicator.code,
        "colour": found.colour,
        "in_force": None if now is None else now.value,
        "basis": None if now is None else now.basis.kind.value,
        "proposed": found.train.threshold if found.train and not found.why_not else None,
        "why_not": found.why_not or None,
        "train": _trial_document(found.train),
        "test": _trial_document(found.test),
    }


def _trial_document(found: Trial | None) -> JsonObject | None:
    if found is None:
        return None
    ratio = found.table.noise_to_signal
    return {
        "threshold": found.threshold,
        "weeks": {
            "signal_event": found.table.signal_event,
            "signal_none": found.table.signal_none,
            "silent_event": found.table.silent_event,
            "silent_none": found.table.silent_none,
        },
        "noise_to_signal": None if ratio is None else round(ratio, 4),
        "events": found.events,
        "caught": found.caught,
        "recall": None if found.recall is None else round(found.recall, 4),
        "wilson": list(found.wilson),
        "clopper_pearson": list(found.clopper),
    }
