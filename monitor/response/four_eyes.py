"""What one person proposes and another brings into force: overrides, releases, confirmations.

The one place of the procedure they share: a written reason, a second signature by someone else, an
end, and an audit entry of each step. What each of them means stands in `decisions` and
`confirmations`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session, col, select

from config.roster import Roster
from monitor.audit import append, canonical
from monitor.errors import ResponseError
from monitor.response.identity import Identity, Signed, second_pair_of_eyes
from monitor.store.response import ConfirmationRow, OverrideRow, ReleaseRow, SignatureRow

Decision = TypeVar("Decision", OverrideRow, ReleaseRow, ConfirmationRow)
Endable = TypeVar("Endable", OverrideRow, ConfirmationRow)

KIND = {OverrideRow: "override", ReleaseRow: "release", ConfirmationRow: "confirmation"}
SIGNED = ("id", "risk", "indicator", "level", "reason", "author", "until")
"""What a second person puts the name to, as far as the decision has it."""

SHORTEST_REASON = 10


def written_reason(text: str) -> str:
    """Return the reason, blanks cut off. Raises ResponseError for one that says nothing."""
    if len(text.strip()) < SHORTEST_REASON:
        raise ResponseError(f"a reason of {SHORTEST_REASON} characters or more")
    return text.strip()


def propose(
    session: Session, row: Decision, *, now: datetime, detail: Mapping[str, object]
) -> Decision:
    """Record a decision: `set` where it is in force at once, else `propose`, waiting for a second
    signature."""
    session.add(row)
    session.flush()
    _note(session, row, "propose" if row.in_force_from is None else "set", row.author, now, detail)
    return row


def statement(row: OverrideRow | ReleaseRow | ConfirmationRow) -> str:
    """Return the exact text that the second person signs."""
    said = {name: getattr(row, name) for name in SIGNED if name in type(row).model_fields}
    said["until"] = row.until.isoformat() if row.until else None
    return f"tocsin {KIND[type(row)]} {canonical(said)}"


def find(session: Session, table: type[Decision], number: int) -> Decision:
    """Return the decision of this number. Raises ResponseError."""
    row = session.get(table, number)
    if row is None:
        raise ResponseError(f"there is no {KIND[table]} {number}")
    return row


def sign(
    session: Session,
    roster: Roster,
    row: Decision,
    *,
    second: Identity,
    now: datetime,
    signed: Signed | None = None,
) -> Decision:
    """Bring a decision into force by another person's signature. Raises ResponseError."""
    named = f"{KIND[type(row)]} {row.id}"
    if (row.until is not None and row.until <= now) or getattr(row, "ended_at", None) is not None:
        raise ResponseError(f"{named} is over")
    if row.in_force_from is not None:
        raise ResponseError(f"{named} needs no signature, it is in force")
    second_pair_of_eyes(roster, row.author, second)
    row.second, row.in_force_from = str(second), now
    session.add(row)
    if signed is not None:
        # Kept so that anyone can verify it again; an OS user leaves none.
        session.add(
            SignatureRow(
                identity=str(signed.identity),
                statement=signed.statement,
                signature=signed.signature,
                at=now,
            )
        )
    _note(session, row, "sign", str(second), now, {"statement": statement(row)})
    return row


def end(
    session: Session,
    row: Endable,
    *,
    identity: Identity,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> Endable:
    """End a decision early; the record of it stays. Ending it twice changes nothing."""
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, str(identity)
        session.add(row)
        _note(session, row, "end", str(identity), now, detail or {})
    return row


def every(session: Session, table: type[Decision]) -> list[Decision]:
    """Return all decisions of a kind, the newest first."""
    return list(session.exec(select(table).order_by(col(table.id).desc())))


def _note(
    session: Session,
    row: OverrideRow | ReleaseRow | ConfirmationRow,
    step: str,
    actor: str,
    now: datetime,
    detail: Mapping[str, object],
) -> None:
    kind = KIND[type(row)]
    append(
        session,
        at=now,
        actor=actor,
        action=f"{kind}.{step}",
        subject=f"{kind}:{row.id}",
        detail=dict(detail),
    )
