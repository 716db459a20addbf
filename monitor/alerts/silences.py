"""Silences: notices held back for a while, never the record, never the final state."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from monitor.audit import append
from monitor.errors import ResponseError
from monitor.store.alerts import SilenceRow
from reports.notice import NoticeKind
from rules.types import Risk

LONGEST = timedelta(days=30)


def add_silence(
    session: Session,
    *,
    author: str,
    reason: str,
    now: datetime,
    until: datetime,
    risk: Risk | None = None,
    kinds: tuple[NoticeKind, ...] = (),
    receiver: str | None = None,
) -> SilenceRow:
    """Add a silence from now on. Raises ResponseError without a reason or a near end."""
    if not reason.strip():
        raise ResponseError("a silence needs a reason")
    if not now < until <= now + LONGEST:
        raise ResponseError(f"a silence ends within {LONGEST.days} days, and not in the past")
    row = SilenceRow(
        risk=risk.value if risk else None,
        kinds=" ".join(kind.value for kind in kinds),
        receiver=receiver,
        author=author,
        reason=reason.strip(),
        starts_at=now,
        until=until,
    )
    session.add(row)
    session.flush()
    append(
        session,
        at=now,
        actor=author,
        action="silence.add",
        subject=f"silence:{row.id}",
        detail={
            "risk": row.risk,
            "kinds": row.kinds,
            "receiver": receiver,
            "reason": row.reason,
            "until": until.isoformat(),
        },
    )
    return row


def end_silence(session: Session, silence_id: int, *, identity: str, now: datetime) -> SilenceRow:
    """End a silence early; the newest notice it held back is told at the next round."""
    row = session.get(SilenceRow, silence_id)
    if row is None:
        raise ResponseError(f"there is no silence {silence_id}")
    if row.ended_by is None and row.until > now:
        row.ended_by, row.until = identity, now
        session.add(row)
        append(
            session, at=now, actor=identity, action="silence.end", subject=f"silence:{silence_id}"
        )
    return row


def silences(session: Session) -> list[SilenceRow]:
    """Return all silences, the newest first."""
    return list(session.exec(select(SilenceRow).order_by(col(SilenceRow.id).desc())))
