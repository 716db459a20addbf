"""How each source is doing, from the run table: what reports, `doctor` and metrics tell."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func
from sqlmodel import Session, col, select

from collectors.base import Collector
from collectors.registry import COLLECTORS
from config.settings import SourceSettings
from monitor.context import Context
from monitor.store.engine import reading
from monitor.store.runs import Batch, BatchState, Run, RunState

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

GOOD = (RunState.DONE, RunState.UNCHANGED)


@dataclass(frozen=True)
class SourceHealth:
    """One source as the run table knows it."""

    collector: Collector
    state: str
    """fresh | stale | quarantined | failed | skipped | never."""
    skipped: str
    last_try: Run | None
    last_good: Run | None
    held: int
    """Batches in quarantine."""
    rows: int
    """Rows of the newest visible batch that was collected."""
    seen_live: bool
    baseline_rows: int
    age_seconds: float | None
    """Since the last good run; None if there was none."""

    @property
    def id(self) -> str:
        """The source's identifier."""
        return self.collector.source.id

    @property
    def error(self) -> str:
        """What the last try said, if it failed."""
        failed = self.last_try is not None and self.last_try.state not in (*GOOD, RunState.RUNNING)
        return self.last_try.message if failed and self.last_try else ""


def skip_reason(collector: Collector, settings: SourceSettings, *, offline: bool) -> str:
    """Return why this source is skipped; empty if it is not."""
    source = collector.source
    if offline:
        return "offline"
    if not settings.enabled:
        return "disabled"
    if source.needs_key and settings.secret() is None:
        return f"no key (sources.{source.id}.key or key_file)"
    return ""


def is_loopback(base_url: str | None) -> bool:
    """Whether an address is a stand-in on this machine, which never counts as seen live."""
    return base_url is not None and (urlsplit(base_url).hostname or "") in LOOPBACK


def source_rows(context: Context) -> list[SourceHealth]:
    """Return the health of every registered source, in the order of the registry."""
    now = context.now()
    with reading(context.engine) as session:
        return [_health(context, session, collector, now) for collector in COLLECTORS]


def last_run(session: Session, source: str, states: tuple[RunState, ...] = ()) -> Run | None:
    """Return the newest run of a source, of the given states if any."""
    query = select(Run).where(Run.source == source).order_by(col(Run.started_at).desc()).limit(1)
    if states:
        query = query.where(col(Run.state).in_(states))
    return session.exec(query).first()


def _health(
    context: Context, session: Session, collector: Collector, now: datetime
) -> SourceHealth:
    source = collector.source
    settings = context.settings.sources.get(source.id, SourceSettings())
    tried, good = last_run(session, source.id), last_run(session, source.id, GOOD)
    held = session.exec(
        select(func.count()).where(Batch.source == source.id, Batch.state == BatchState.HELD)
    ).one()
    newest = session.exec(
        select(Batch)
        .where(
            Batch.source == source.id, Batch.state == BatchState.VISIBLE, Batch.sweep != "baseline"
        )
        .order_by(col(Batch.fetched_at).desc())
        .limit(1)
    ).first()
    shipped = session.exec(
        select(func.sum(Batch.rows)).where(Batch.source == source.id, Batch.sweep == "baseline")
    ).one()
    live = session.exec(
        select(Run.id)
        .where(Run.source == source.id, col(Run.state).in_(GOOD))
        .where(col(Run.is_live))
        .limit(1)
    ).first()
    age = (now - good.started_at).total_seconds() if good else None
    skipped = skip_reason(collector, settings, offline=False)
    return SourceHealth(
        collector=collector,
        state=_state(collector, skipped, tried, age, held),
        skipped=skipped,
        last_try=tried,
        last_good=good,
        held=held,
        rows=newest.rows if newest else 0,
        seen_live=live is not None and not is_loopback(settings.base_url),
        baseline_rows=int(shipped or 0),
        age_seconds=age,
    )


def _state(
    collector: Collector, skipped: str, tried: Run | None, age: float | None, held: int
) -> str:
    if skipped:
        return "skipped"
    if tried is None:
        return "never"
    if held:
        return "quarantined"
    if tried.state not in (*GOOD, RunState.RUNNING):
        return "failed"
    stale = age is None or age > collector.source.stale_after.total_seconds()
    return "stale" if stale else "fresh"
