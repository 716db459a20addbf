"""The alerts on record as the site lists them."""

from datetime import date

from sqlmodel import Session, col, select

from config.responses import Responses
from config.roster import Roster
from monitor.response.pack import case_view
from monitor.store.alerts import AlertRow, AlertState, TransitionRow
from monitor.store.response import CaseRow
from reports.model import AlertView, AssessmentView, TransitionView
from reports.site_view import AlertLine
from rules.types import Level, Risk, TransitionKind

NEWEST = 500


def alert_lines(session: Session) -> tuple[AlertLine, ...]:
    """Return the newest alerts, exercises included, newest first."""
    query = select(AlertRow).order_by(col(AlertRow.opened_at).desc(), col(AlertRow.id).desc())
    return tuple(
        AlertLine(
            id=row.number,
            year=row.year,
            number=row.serial,
            risk=Risk(row.risk),
            level=Level(row.level),
            peak=Level(row.peak),
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            acknowledged_at=row.acknowledged_at,
            exercise=row.exercise,
            retracted=row.state == AlertState.RETRACTED,
        )
        for row in session.exec(query.limit(NEWEST))
    )


def alert_views(
    session: Session,
    responses: Responses,
    roster: Roster,
    shown: AssessmentView,
    first: date,
    last: date,
) -> tuple[AlertView, ...]:
    """Return the alerts opened between two days with the response to each, oldest first.

    A dated report lists them; the risk beside each is that of the report's own assessment.
    """
    query = (
        select(AlertRow, TransitionRow)
        .join(TransitionRow, col(TransitionRow.alert_id) == col(AlertRow.id))
        .where(col(AlertRow.exercise).is_(False))
        .order_by(col(AlertRow.opened_at), col(AlertRow.id), col(TransitionRow.seq))
    )
    opening: dict[int, tuple[AlertRow, TransitionRow]] = {}
    for alert, transition in session.exec(query):
        if first <= alert.opened_at.date() <= last:
            opening.setdefault(alert.id, (alert, transition))
    return tuple(
        _view(session, responses, roster, shown, alert, transition)
        for alert, transition in opening.values()
    )


def _view(
    session: Session,
    responses: Responses,
    roster: Roster,
    shown: AssessmentView,
    alert: AlertRow,
    transition: TransitionRow,
) -> AlertView:
    newest = select(CaseRow).where(CaseRow.alert_id == alert.id).order_by(col(CaseRow.id).desc())
    case = session.exec(newest.limit(1)).first()
    return AlertView(
        id=alert.number,
        year=alert.year,
        number=alert.serial,
        transition=TransitionView(
            risk=Risk(alert.risk),
            kind=TransitionKind(transition.kind),
            before=Level(transition.before),
            after=Level(transition.after),
            at=transition.at,
            alert=alert.number,
        ),
        risk=next(r for r in shown.risks if r.risk == alert.risk),
        created_at=alert.opened_at,
        method=transition.method,
        method_sha256=transition.method_sha256,
        home=shown.assessment.home,
        case=case_view(session, responses, roster, case) if case else None,
        retracted=alert.state == AlertState.RETRACTED,
        zone=roster.calendar.zone,
    )
