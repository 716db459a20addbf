"""Deliver what the outbox holds: at least once, the same bytes, by one worker at a time.

A row is claimed by an UPDATE that names the state it expects, so of two workers one finds nothing;
that holds on SQLite and PostgreSQL alike. Nothing is locked while the network is waited for. A
claim whose worker died is taken back, and the row sent again under the same key.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from config.notify import Receiver
from monitor.alerts.desk import Desk
from monitor.alerts.health import Trouble, raise_operations
from monitor.alerts.notices import VIEW
from monitor.notify.channel import DeliveryError, Parcel
from monitor.store.alerts import ArtefactRow, NoticeRow
from monitor.store.engine import reading
from monitor.store.outbox import AttemptRow, OutboxRow, OutboxState, ReceiverRow

CLAIM_LASTS = timedelta(minutes=15)
"""Longer than any delivery may take; after it a claim is taken to be a dead worker's."""
PAUSES = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800))
"""Wait after the first, second… failure; the last one repeats until the row is given up."""
JITTER = 0.2


@dataclass(frozen=True)
class Round:
    """What one pass over the outbox did."""

    delivered: int = 0
    again: int = 0
    dead: int = 0

    @property
    def failed(self) -> bool:
        """Whether anything did not arrive."""
        return bool(self.again or self.dead)


def pause(key: str, attempts: int) -> timedelta:
    """Return how long to wait after `attempts` failures, spread by ±20 % from the key.

    The spread comes from the key, so that a thousand rows do not knock at once and a replay of the
    same failure waits the same time.
    """
    base = PAUSES[min(attempts, len(PAUSES)) - 1]
    seed = hashlib.sha256(f"{key}:{attempts}".encode()).digest()
    share = int.from_bytes(seed[:4], "big") / 0xFFFFFFFF
    return base * (1 - JITTER + 2 * JITTER * share)


def take_back(engine: Engine, now: datetime, *, worker: str | None = None) -> int:
    """Return claims of dead workers to the outbox; all claims of `worker` at once, if given."""
    dead = col(OutboxRow.claimed_at) < now - CLAIM_LASTS
    if worker is not None:
        dead = sa.or_(dead, col(OutboxRow.claimed_by) == worker)
    with Session(engine) as session, session.begin():
        query = select(OutboxRow).where(OutboxRow.state == OutboxState.CLAIMED, dead)
        rows = session.exec(query.with_for_update(skip_locked=True)).all()
        for row in rows:
            session.add(_attempt(row, now, row.claimed_by or "", "abandoned", "its worker died"))
            row.state, row.claimed_by, row.claimed_at = OutboxState.PENDING, None, None
            row.next_at = now
            session.add(row)
        return len(rows)


def _attempt(row: OutboxRow, at: datetime, worker: str, outcome: str, said: str) -> AttemptRow:
    return AttemptRow(outbox_id=row.id, at=at, worker=worker, outcome=outcome, message=said)


def _claimed(engine: Engine, now: datetime, worker: str, limit: int) -> Iterator[OutboxRow]:
    """Yield rows that are ours, the longest due first; each is claimed when its turn has come.

    A round lasts as long as its receivers let it: claimed all at once, the last of fifty would
    look like a dead worker's before it was tried.
    """
    begun = time.monotonic()
    with reading(engine) as session:
        due = session.exec(
            select(OutboxRow.id)
            .where(OutboxRow.state == OutboxState.PENDING, col(OutboxRow.next_at) <= now)
            .order_by(col(OutboxRow.next_at), col(OutboxRow.id))
            .limit(limit)
        ).all()
    for one in due:
        moment = now + timedelta(seconds=time.monotonic() - begun)
        row = _claim(engine, one, now, moment, worker)
        if row is not None:
            yield row


def _claim(
    engine: Engine, one: int | None, now: datetime, moment: datetime, worker: str
) -> OutboxRow | None:
    """Return the row if it was still to be had, claimed at `moment`."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        taken = session.exec(
            sa.update(OutboxRow)
            .where(col(OutboxRow.id) == one)
            .where(col(OutboxRow.state) == OutboxState.PENDING)
            .where(col(OutboxRow.next_at) <= now)
            .values(
                state=OutboxState.CLAIMED,
                claimed_by=worker,
                claimed_at=moment,
                attempts=col(OutboxRow.attempts) + 1,
            )
        )
        if taken.rowcount != 1:
            return None
        return session.get(OutboxRow, one, populate_existing=True)


def deliver_due(engine: Engine, desk: Desk, now: datetime, worker: str, limit: int = 50) -> Round:
    """Try every delivery that is due now, at most `limit`; safe beside other workers."""
    take_back(engine, now)
    delivered = again = dead = 0
    for row in _claimed(engine, now, worker, limit):
        error = _deliver(engine, desk, row, now)
        with Session(engine) as session, session.begin():
            outcome = _settle(session, desk, row, error, now, worker)
        delivered += outcome == "delivered"
        again += outcome == "again"
        dead += outcome == "dead"
    with Session(engine) as session, session.begin():
        _alarm_late(session, desk, now)
    return Round(delivered, again, dead)


def _deliver(engine: Engine, desk: Desk, row: OutboxRow, now: datetime) -> DeliveryError | None:
    receiver: Receiver | None = desk.notify.receivers.get(row.receiver)
    if receiver is None or receiver.channel != row.channel:
        return DeliveryError("this receiver is no longer in the settings", permanent=True)
    with reading(engine) as session:
        if (off := session.get(ReceiverRow, row.receiver)) is not None:
            return DeliveryError(f"receiver is disabled: {off.reason}", permanent=True)
    try:
        desk.channels[row.channel].deliver(Parcel(row.key, row.body, now), receiver, desk.notify)
    except DeliveryError as error:
        return error
    return None


def _patience(desk: Desk) -> timedelta:
    return timedelta(hours=desk.notify.give_up_hours)


def _settle(
    session: Session,
    desk: Desk,
    claimed: OutboxRow,
    error: DeliveryError | None,
    now: datetime,
    worker: str,
) -> str:
    """Write down how an attempt ended, unless the claim was taken back meanwhile."""
    row = session.exec(select(OutboxRow).where(OutboxRow.id == claimed.id).with_for_update()).one()
    if error is None:
        outcome = "delivered"
    elif error.permanent or now >= row.trying_since + _patience(desk):
        outcome = "dead"
    else:
        outcome = "again"
    session.add(_attempt(row, now, worker, outcome, str(error or "")))
    ours = row.claimed_by == worker and row.claimed_at == claimed.claimed_at
    if error is None:
        row.state, row.delivered_at, row.last_error = OutboxState.DELIVERED, now, ""
        row.claimed_by = row.claimed_at = None
    elif ours:
        row.claimed_by = row.claimed_at = None
        row.last_error = str(error)
        row.state = OutboxState.DEAD if outcome == "dead" else OutboxState.PENDING
        wait = pause(row.key, row.attempts)
        if error.retry_after is not None:
            wait = max(wait, timedelta(seconds=error.retry_after))
        # The last attempt is made when patience ends, not some hours before.
        row.next_at = max(
            min(now + wait, row.trying_since + _patience(desk)), now + timedelta(seconds=1)
        )
    session.add(row)
    if error is not None and error.disable and session.get(ReceiverRow, row.receiver) is None:
        session.add(ReceiverRow(name=row.receiver, disabled_at=now, reason=str(error)))
    if outcome == "dead" and error is not None:
        _alarm_dead(session, desk, row, error, now)
    return outcome


def _alarm_dead(
    session: Session, desk: Desk, row: OutboxRow, error: DeliveryError, now: datetime
) -> None:
    """Tell operations through another channel; a letter about a letter tries what is left."""
    subject = session.exec(
        select(ArtefactRow.body).where(
            ArtefactRow.notice_id == row.notice_id, ArtefactRow.kind == "subject"
        )
    ).first()
    receivers, channels = _chain(session, row)
    trouble = Trouble(
        topic="receiver_disabled" if error.disable else "dead_letter",
        about=f"outbox:{row.id}",
        detail={
            "receiver": row.receiver,
            "channel": row.channel,
            "error": str(error),
            "outbox": str(row.id),
            "subject": subject.decode() if subject else "",
            "chain": " ".join(sorted(receivers)),
            "channels": " ".join(sorted(channels)),
        },
        not_through=_other_ways(desk, channels, receivers),
        not_to=receivers,
    )
    raise_operations(session, desk, trouble, now)


def _chain(session: Session, row: OutboxRow) -> tuple[frozenset[str], frozenset[str]]:
    """Return the receivers and channels that failed already in this chain of dead letters."""
    notice = session.get(NoticeRow, row.notice_id)
    receivers, channels = {row.receiver}, {row.channel}
    if notice is not None and notice.topic in ("dead_letter", "receiver_disabled"):
        detail = VIEW.validate_json(notice.view).detail
        receivers |= set(detail.get("chain", "").split())
        channels |= set(detail.get("channels", "").split())
    return frozenset(receivers), frozenset(channels)


def _other_ways(desk: Desk, failed: Iterable[str], receivers: frozenset[str]) -> frozenset[str]:
    """Return the channels to avoid: the failed ones, unless nothing else is left."""
    avoid = frozenset(failed)
    left = [n for n, r in desk.notify.receivers.items() if n not in receivers]
    if any(desk.notify.receivers[n].channel not in avoid for n in left):
        return avoid
    return frozenset()


def _alarm_late(session: Session, desk: Desk, now: datetime) -> None:
    """Alarm, once per receiver and first stuck row, what has been waiting too long."""
    since = now - timedelta(minutes=desk.notify.late_after_minutes)
    stuck = session.exec(
        select(OutboxRow)
        .where(OutboxRow.state == OutboxState.PENDING, col(OutboxRow.trying_since) <= since)
        .where(col(OutboxRow.attempts) > 0)
        .order_by(col(OutboxRow.id))
    ).all()
    first: dict[str, OutboxRow] = {}
    for row in stuck:
        first.setdefault(row.receiver, row)
    down = frozenset(row.channel for row in first.values())
    for name, row in first.items():
        notice = session.get(NoticeRow, row.notice_id)
        if notice is not None and notice.topic in ("delivery_late", "dead_letter"):
            continue
        minutes = int((now - row.trying_since) / timedelta(minutes=1))
        trouble = Trouble(
            topic="delivery_late",
            about=f"{name}:outbox:{row.id}",
            detail={"receiver": name, "minutes": str(minutes), "message": row.last_error},
            not_through=_other_ways(desk, down, frozenset(first)),
            not_to=frozenset(first),
        )
        raise_operations(session, desk, trouble, now)


def retry(session: Session, outbox_id: int, now: datetime) -> OutboxRow | None:
    """Put a dead or waiting delivery back in line, due now; None if there is no such row.

    Its 72 hours begin anew. What was delivered or is in hand is left alone.
    """
    row = session.get(OutboxRow, outbox_id)
    if row is not None and row.state in (OutboxState.DEAD, OutboxState.PENDING):
        row.state, row.next_at, row.trying_since = OutboxState.PENDING, now, now
        session.add(row)
    return row
