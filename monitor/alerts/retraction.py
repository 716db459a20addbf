"""Take an alert back: it rested on data later found wrong. The record stays; receivers are told."""

from datetime import datetime

from sqlmodel import Session, col, select

from monitor.alerts.desk import Desk, Topic
from monitor.alerts.notices import VIEW, Draft, write_notice
from monitor.audit import append
from monitor.errors import ResponseError
from monitor.response.cases import open_cases
from monitor.store.alerts import AlertRow, AlertState, NoticeRow, TransitionRow
from monitor.store.response import CaseState
from reports.notice import NoticeKind, NoticeView
from rules.types import Level, Risk


def retract_alert(
    session: Session, desk: Desk, alert: AlertRow, *, reason: str, actor: str, now: datetime
) -> NoticeRow | None:
    """Mark the alert retracted, end its cases, and tell everyone who was told (CAP: Cancel).

    Returns the notice, or None if the alert was retracted before. The transitions stay in the log,
    marked; the level itself follows from the next assessment, not from here.
    """
    if not reason.strip():
        raise ResponseError("a retraction needs a reason")
    if alert.state == AlertState.RETRACTED:
        return None
    last = session.exec(
        select(NoticeRow)
        .where(NoticeRow.alert_id == alert.id)
        .order_by(col(NoticeRow.at).desc(), col(NoticeRow.id))
    ).first()
    level = Level(alert.level)
    alert.state, alert.closed_at, alert.reason = AlertState.RETRACTED, now, reason.strip()
    session.add(alert)
    for row in session.exec(select(TransitionRow).where(TransitionRow.alert_id == alert.id)):
        row.retracted_at = now
        session.add(row)
    for case in open_cases(session, alert.id):
        case.state, case.closed_at, case.conclusion = CaseState.RETRACTED, now, reason.strip()
        session.add(case)
    append(
        session,
        at=now,
        actor=actor,
        action="alert.retract",
        subject=f"alert:{alert.number}",
        detail={"reason": alert.reason},
    )
    view = NoticeView(
        kind=NoticeKind.RETRACTION,
        at=now,
        zone=desk.zone,
        year=alert.year,
        serial=alert.serial,
        exercise=alert.exercise,
        risk=Risk(alert.risk),
        after=level,
        detail={"reason": alert.reason},
        method=VIEW.validate_json(last.view).method if last else "",
        url=desk.address(f"zh/alerts/{alert.number}.html"),
    )
    topic = Topic(NoticeKind.RETRACTION, Risk(alert.risk), level, alert.exercise)
    draft = Draft(f"alert:{alert.id}", view, alert, topic=topic)
    return write_notice(session, desk, draft, now)
