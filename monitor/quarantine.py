"""What a person decides about a held batch, or about one that was read and proved bad."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from monitor.alerts.desk import Desk
from monitor.alerts.retraction import retract_alert
from monitor.audit import append
from monitor.errors import ResponseError
from monitor.store.alerts import AlertRow, AlertState
from monitor.store.runs import Batch, BatchFile, BatchState


def batches(session: Session, *, every: bool = False, source: str | None = None) -> list[Batch]:
    """Return held batches, newest first; with `every`, dropped and revoked ones too."""
    states = (
        [BatchState.HELD, BatchState.DROPPED, BatchState.REVOKED] if every else [BatchState.HELD]
    )
    query = select(Batch).where(col(Batch.state).in_(states))
    if source:
        query = query.where(Batch.source == source)
    return list(session.exec(query.order_by(col(Batch.fetched_at).desc(), col(Batch.id))))


def find(session: Session, batch_id: str) -> Batch:
    """Return the batch of this identifier or unambiguous beginning of it. Raises ResponseError."""
    query = select(Batch).where(col(Batch.id).startswith(batch_id, autoescape=True)).limit(2)
    found = session.exec(query).all()
    if len(found) != 1:
        what = "no batch begins so" if not found else "several batches begin so"
        raise ResponseError(f"{batch_id}: {what} (tocsin quarantine list)")
    return found[0]


def summary(batch: Batch) -> dict[str, object]:
    """Return a batch as one JSON object, with why it was held."""
    return {
        "id": batch.id,
        "source": batch.source,
        "sweep": batch.sweep,
        "state": batch.state,
        "fetched_at": batch.fetched_at.isoformat(),
        "rows": batch.rows,
        "url": batch.url,
        "findings": json.loads(batch.findings),
    }


def release(session: Session, batch: Batch, *, reason: str, actor: str, now: datetime) -> None:
    """Let indicators read a held batch from now on; what was concluded before stays."""
    _expect(batch, BatchState.HELD, "released")
    batch.state, batch.visible_at = BatchState.VISIBLE, now
    session.add(batch)
    _note(session, "quarantine.release", batch, reason, actor, now)


def drop(session: Session, batch: Batch, *, reason: str, actor: str, now: datetime) -> None:
    """Decide that a held batch will never be read; its files stay as evidence."""
    _expect(batch, BatchState.HELD, "dropped")
    batch.state = BatchState.DROPPED
    session.add(batch)
    _note(session, "quarantine.drop", batch, reason, actor, now)


def revoke(
    session: Session,
    desk: Desk,
    batch: Batch,
    *,
    reason: str,
    actor: str,
    now: datetime,
    risks: Collection[str],
) -> list[str]:
    """Take back a batch that was read and proved bad; the record stays.

    Later questions, about the past too, leave it out; levels follow at the next assessment, and
    alerts of `risks` (those whose indicators draw on its source) that were raised since it became
    visible are retracted. Returns their numbers.
    """
    _expect(batch, BatchState.VISIBLE, "revoked")
    since = batch.visible_at or batch.fetched_at
    batch.state, batch.revoked_at = BatchState.REVOKED, now
    session.add(batch)
    files = session.exec(select(BatchFile.path).where(BatchFile.batch_id == batch.id)).all()
    _note(session, "quarantine.revoke", batch, reason, actor, now, files=len(files))
    query = select(AlertRow).where(
        AlertRow.state == AlertState.OPEN,
        col(AlertRow.risk).in_(sorted(risks)),
        col(AlertRow.opened_at) >= since,
        col(AlertRow.exercise).is_(False),
    )
    retracted = []
    for alert in session.exec(query):
        said = f"batch {batch.id} of {batch.source}: {reason}"
        if retract_alert(session, desk, alert, reason=said, actor=actor, now=now) is not None:
            retracted.append(alert.number)
    return retracted


def _expect(batch: Batch, state: BatchState, done: str) -> None:
    if batch.state != state:
        raise ResponseError(f"{batch.id} is {batch.state}; only a {state} batch can be {done}")


def _note(
    session: Session,
    action: str,
    batch: Batch,
    reason: str,
    actor: str,
    now: datetime,
    files: int = 0,
) -> None:
    if not reason.strip():
        raise ResponseError("a reason is required")
    detail: dict[str, object] = {
        "source": batch.source,
        "rows": batch.rows,
        "reason": reason.strip(),
    }
    if files:
        detail["files"] = files
    append(session, at=now, actor=actor, action=action, subject=f"batch:{batch.id}", detail=detail)
