"""Two people confirm what a tripwire reported: hand-coded evidence alone never makes red."""

from datetime import datetime

from sqlmodel import Session, col, select

from config.method import Method
from config.roster import Roster
from monitor.audit import append, canonical
from monitor.errors import ResponseError
from monitor.response.decisions import keep_signature, written_reason
from monitor.response.identity import Identity, Signed, second_pair_of_eyes
from monitor.store.response import ConfirmationRow


def propose_confirmation(
    session: Session,
    method: Method,
    *,
    indicator: str,
    reason: str,
    author: Identity,
    until: datetime | None,
    now: datetime,
) -> ConfirmationRow:
    """Record that one person confirms a tripwire (by id or code). Raises ResponseError."""
    try:
        spec = method.indicator(indicator)
    except KeyError as error:
        raise ResponseError(f"the method has no indicator {indicator}") from error
    if not spec.tripwire:
        raise ResponseError(f"{spec.code} is no tripwire; it needs no confirmation")
    if until is not None and until <= now:
        raise ResponseError("a confirmation ends in the future, or not until it is ended")
    row = ConfirmationRow(
        indicator=spec.id,
        reason=written_reason(reason),
        author=str(author),
        created_at=now,
        until=until,
    )
    session.add(row)
    session.flush()
    append(
        session,
        at=now,
        actor=row.author,
        action="confirmation.propose",
        subject=f"confirmation:{row.id}",
        detail={
            "indicator": row.indicator,
            "reason": row.reason,
            "until": until.isoformat() if until else None,
        },
    )
    return row


def confirmation_statement(row: ConfirmationRow) -> str:
    """Return the exact text that the second person signs."""
    return "tocsin confirmation " + canonical(
        {
            "id": row.id,
            "indicator": row.indicator,
            "reason": row.reason,
            "author": row.author,
            "until": row.until.isoformat() if row.until else None,
        }
    )


def _find(session: Session, number: int) -> ConfirmationRow:
    row = session.get(ConfirmationRow, number)
    if row is None:
        raise ResponseError(f"there is no confirmation {number}")
    return row


def sign_confirmation(
    session: Session,
    roster: Roster,
    number: int,
    *,
    second: Identity,
    now: datetime,
    signed: Signed | None = None,
) -> ConfirmationRow:
    """Bring a confirmation into force by another person's signature. Raises ResponseError."""
    row = _find(session, number)
    if row.in_force_from is not None or row.ended_at is not None:
        raise ResponseError(f"confirmation {number} needs no signature")
    if row.until is not None and row.until <= now:
        raise ResponseError(f"confirmation {number} is over")
    second_pair_of_eyes(roster, row.author, second)
    row.second, row.in_force_from = str(second), now
    session.add(row)
    keep_signature(session, signed, now)
    append(
        session,
        at=now,
        actor=str(second),
        action="confirmation.sign",
        subject=f"confirmation:{number}",
        detail={"statement": confirmation_statement(row)},
    )
    return row


def end_confirmation(
    session: Session, number: int, *, identity: Identity, reason: str, now: datetime
) -> ConfirmationRow:
    """Take a confirmation back, with the reason; the record of it stays."""
    row = _find(session, number)
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, str(identity)
        session.add(row)
        append(
            session,
            at=now,
            actor=str(identity),
            action="confirmation.end",
            subject=f"confirmation:{number}",
            detail={"reason": written_reason(reason)},
        )
    return row


def confirmations(session: Session) -> list[ConfirmationRow]:
    """Return all confirmations, the newest first."""
    return list(session.exec(select(ConfirmationRow).order_by(col(ConfirmationRow.id).desc())))
