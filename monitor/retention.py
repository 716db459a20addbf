"""What is kept how long; forgetting is written down, and never touches what a conclusion used.

Transitions, assessments, alerts and the audit log stay for ever. Batches that a stored assessment
could be replayed from stay within the horizon; beyond it one batch a week of a census and one a
day of counters stays, so that history thins out but does not end. Raw pages go much sooner: they
are there for a parser's mistake to be mended, and no conclusion rests on them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from config.settings import RetentionSettings
from monitor.audit import append
from monitor.context import Context
from monitor.raw import RawFile, forget_raw
from monitor.store.runs import Batch, BatchFile, BatchState, Refusal

ACTOR = "tocsin"
WEEKLY = frozenset({"census"})
THINNED = frozenset({"active", "census", "detail"})
"""Passes whose batches repeat; everything else is kept whole."""


@dataclass(frozen=True)
class Forgotten:
    """What a round of retention took out of the record; its files go a day later."""

    batches: int = 0
    files: int = 0
    bytes: int = 0
    refused: int = 0
    raw_files: int = 0
    raw_bytes: int = 0


def forget(context: Context) -> Forgotten:
    """Thin out old batches, old refused payloads and raw pages; returns what went."""
    rules, now = context.settings.retention, context.now()
    raw = forget_raw(context.lake, now - timedelta(days=rules.raw_days))
    with Session(context.engine) as session:
        surplus = surplus_of(_old(session, now, rules), rules)
        files = _files(session, surplus)
        names = [batch.id for batch in surplus]
        session.exec(delete(BatchFile).where(col(BatchFile.batch_id).in_(names)))
        session.exec(delete(Batch).where(col(Batch.id).in_(names)))
        refused = _refusals(context, session, now - timedelta(days=rules.refused_days))
        gone = _gone(surplus, files, refused, raw)
        context.lake.retire(session, [f.path for f in files], now)
        if surplus:
            detail: dict[str, object] = {
                "batches": names,
                "sha256": {f.path: f.sha256 for f in files},
            }
            append(session, at=now, actor=ACTOR, action="retention", subject="lake", detail=detail)
        session.commit()
    return gone


def _gone(
    surplus: Sequence[Batch], files: Sequence[BatchFile], refused: int, raw: Sequence[RawFile]
) -> Forgotten:
    return Forgotten(
        batches=len(surplus), files=len(files), bytes=sum(f.bytes for f in files),
        refused=refused, raw_files=len(raw), raw_bytes=sum(f.bytes for f in raw),
    )  # fmt: skip


def _old(session: Session, now: datetime, rules: RetentionSettings) -> list[Batch]:
    query = (
        select(Batch)
        .where(Batch.state == BatchState.VISIBLE, col(Batch.is_live))
        .where(col(Batch.fetched_at) < now - timedelta(days=rules.replay_days))
        # Of one made anew from the other's pages, the later stands for both.
        .order_by(col(Batch.fetched_at), col(Batch.id).desc())
    )
    return list(session.exec(query))


def surplus_of(batches: Iterable[Batch], rules: RetentionSettings) -> list[Batch]:
    """Return the batches beyond the horizon that a kept one stands for: all but the first a week
    (census) or day (others)."""
    if not rules.thin:
        return []
    kept: set[tuple[str, str, tuple[int, ...]]] = set()
    surplus = []
    for batch in batches:
        if batch.sweep not in THINNED:
            continue
        calendar = batch.fetched_at.isocalendar()
        span = calendar[:2] if batch.sweep in WEEKLY else calendar[:3]
        place = (batch.source, batch.sweep, tuple(span))
        if place in kept:
            surplus.append(batch)
        kept.add(place)
    return surplus


def _files(session: Session, batches: Iterable[Batch]) -> list[BatchFile]:
    names = [batch.id for batch in batches]
    found = list(session.exec(select(BatchFile).where(col(BatchFile.batch_id).in_(names))))
    session.expunge_all()
    return found


def _refusals(context: Context, session: Session, before: datetime) -> int:
    old = session.exec(select(Refusal).where(col(Refusal.at) < before)).all()
    for row in old:
        if row.kept_as:
            (context.home / row.kept_as).unlink(missing_ok=True)
        session.delete(row)
    return len(old)
