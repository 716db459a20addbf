"""The alerts on record as the site lists them."""

from sqlmodel import Session, col, select

from monitor.store.alerts import AlertRow, AlertState
from reports.chapters import AlertLine
from rules.types import Level, Risk

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
