"""Two people confirm what a tripwire reported: hand-coded evidence alone never makes red."""

from datetime import datetime

from sqlmodel import Session

from config.method import Method
from monitor.errors import ResponseError
from monitor.response.four_eyes import end, find, propose, written_reason
from monitor.response.identity import Identity
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
    detail = {
        "indicator": row.indicator,
        "reason": row.reason,
        "until": until.isoformat() if until else None,
    }
    return propose(session, row, now=now, detail=detail)


def end_confirmation(
    session: Session, number: int, *, identity: Identity, reason: str, now: datetime
) -> ConfirmationRow:
    """Take a confirmation back, with the reason; the record of it stays."""
    row = find(session, ConfirmationRow, number)
    detail = {"reason": written_reason(reason)}
    return end(session, row, identity=identity, now=now, detail=detail)
