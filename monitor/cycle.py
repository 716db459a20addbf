"""One cycle: collect, indicate, judge, act, tell. The daemon runs its pieces on a schedule."""

import hashlib
import logging
import secrets
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from config import baseline
from monitor.alerts.due import write_due
from monitor.alerts.opening import open_desk, with_evidence
from monitor.alerts.operations import alarm
from monitor.alerts.outbox import Round, deliver_due, take_back
from monitor.alerts.raising import raise_alerts
from monitor.asking import Tell, collect_all, silent
from monitor.baseline import load_baseline
from monitor.collect import Outcome
from monitor.conclude import Conclusion, Raise
from monitor.conclude import conclude as conclude_now
from monitor.context import Context
from monitor.disk import free_bytes
from monitor.leader import Leadership
from monitor.notify.heartbeat import beat
from monitor.publish import publish
from monitor.record import Record, fold
from monitor.runs import forget_interrupted, noted, turn_of
from monitor.sources import source_rows
from monitor.standing import current_document, source_views
from monitor.taking_over import method_in_force
from monitor.turn import own_turn, turn
from monitor.watchdog import tell_disk, tell_late_cycle, tell_sources
from rules.types import Assessment

log = logging.getLogger(__name__)

WRITING = timedelta(hours=1)
"""How long a file may be without manifest before it is an orphan: a part takes minutes."""


@dataclass(frozen=True)
class CycleResult:
    """What a cycle did, for the command line and its exit code."""

    assessment: Assessment
    reconstructed: Assessment
    cutoff: datetime
    outcomes: tuple[Outcome, ...]
    delivered: Round
    site: Path
    document: dict[str, Any]
    notices: tuple[str, ...] = field(default=())

    @property
    def values(self) -> int:
        """Indicators that have a value today."""
        return _values(self.assessment)

    @property
    def missing(self) -> int:
        """Indicators that are missing today, each with its reason."""
        return sum(len(r.indicators) for r in self.assessment.risks) - self.values

    @property
    def values_reconstructed(self) -> int:
        """Indicators that have a value at the baseline's cut-off."""
        return _values(self.reconstructed)

    @property
    def exit_code(self) -> int:
        """0 done; 3 done, but some source or delivery failed."""
        return 3 if any(o.failed for o in self.outcomes) or self.delivered.failed else 0


def _values(assessment: Assessment) -> int:
    return sum(i.reading.value is not None for r in assessment.risks for i in r.indicators)


def run_cycle(
    context: Context,
    *,
    offline: bool = False,
    only: Sequence[str] | None = None,
    tell: Tell = silent,
) -> CycleResult:
    """Run one whole cycle; whatever a source does, it ends with levels, reasons and a site."""
    prepare(context, tell)
    # The past is folded while the network is waited for; what it read is remembered for `judge`.
    with ThreadPoolExecutor(1, thread_name_prefix="past") as aside:
        folding = aside.submit(reconstruct, context)
        outcomes = collect_all(context, only=only, offline=offline, tell=tell)
        tell("reconstructing", f"as known {baseline.CUTOFF:%Y-%m-%d}", None)
        past = folding.result()
    return judge(context, outcomes=outcomes, past=past, tell=tell)


def prepare(context: Context, tell: Tell = silent) -> None:
    """Sweep what a killed run left, and see that the shipped facts are in the lake."""
    tell("baseline", "loading the shipped facts", None)
    forget_interrupted(context)
    sweep(context)
    load_baseline(context, lambda table, rows: tell("baseline", f"{table}, {rows:,} rows", None))


def sweep(context: Context) -> int:
    """Remove files that a killed run left; returns how many. Others' work in hand is spared."""
    return context.lake.sweep_orphans(context.now() - WRITING)


def judge(
    context: Context,
    *,
    outcomes: Sequence[Outcome] = (),
    past: Record | None = None,
    leadership: Leadership | None = None,
    tell: Tell = silent,
) -> CycleResult:
    """Conclude, deliver, publish: the half of a cycle that follows collection.

    Delivery comes before the site: whoever must act is told first. `past` is the reconstructed
    record if it was folded already; what was collected since may have added to it. Another judge
    of this installation, a daemon's or a person's, is waited for.
    """
    run_id = f"cycle-{context.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    with own_turn(context, turn_of(run_id, "")), noted(context, run_id):
        concluded = conclude(context, run_id=run_id, leadership=leadership, tell=tell)
        tell("delivering", "", None)
        delivered = deliver(context)
        if past is None or any(o.rows for o in outcomes):
            past = reconstruct(context, tell)
        tell("publishing", "the site", None)
        publish(context, context.method, concluded.record, past)
    return CycleResult(
        assessment=concluded.assessment,
        reconstructed=past.last,
        cutoff=baseline.CUTOFF,
        outcomes=tuple(outcomes),
        delivered=delivered,
        site=context.site / "internal" / context.settings.site.languages[0] / "index.html",
        document=current_document(context) or concluded.document,
    )


def reconstruct(context: Context, tell: Tell = silent) -> Record:
    """Return the record the world could have kept, to the cut-off of the shipped facts."""

    def said(moment: datetime, done: float) -> None:
        tell("reconstructing", f"{moment:%Y-%m-%d}", done)

    return fold(context, context.method, baseline.CUTOFF, reconstructed=True, tell=said)


def conclude(
    context: Context,
    *,
    run_id: str = "",
    leadership: Leadership | None = None,
    tell: Tell = silent,
) -> Conclusion:
    """Fold our record to now, store it, and raise what moved, in one transaction."""

    def said(moment: datetime, done: float) -> None:
        tell("judging", f"{moment:%Y-%m-%d}", done)

    method, refused = method_in_force(context, context.now().replace(microsecond=0))
    context.judge_by(method)
    if refused:
        log.error("method not taken over: %s", refused)
        alarm(context, "method_refused", refused[:120], {"why": refused[:300]})
    raising = _raiser(context)
    concluded = conclude_now(
        context, method, run_id, raise_alerts=raising, leadership=leadership, tell=said
    )
    beat(context.settings.notify)
    return concluded


def _raiser(context: Context) -> Raise:
    desk = open_desk(context, source_views(context, context.method))
    sources = source_rows(context)

    def raise_moved(session: Session, record: Record, assessment_id: int | None) -> None:
        before = record.assessments[-2] if len(record.assessments) > 1 else None
        now = context.now()
        proven = with_evidence(desk, record)
        raise_alerts(session, before, record.last, proven, now, assessment_id=assessment_id)
        tell_sources(session, desk, sources, now)

    return raise_moved


def worker_name(context: Context) -> str:
    """Return who delivers: stable over restarts, so that claims of a killed worker are known."""
    place = hashlib.sha256(str(context.home).encode()).hexdigest()[:8]
    return f"{socket.gethostname()}:{place}"


def deliver(context: Context) -> Round:
    """Write what time has made due (reminders, escalations), then send what is due."""
    desk, now, worker = open_desk(context), context.now(), worker_name(context)
    with own_turn(context, f"deliver-{worker}", shared=True):
        with Session(context.engine) as session, session.begin():
            write_due(session, desk, now)
            late_after = timedelta(seconds=context.settings.daemon.late_after_seconds)
            tell_late_cycle(session, desk, late_after, now)
            tell_disk(session, desk, context.home, free_bytes(context.home), now)
        return deliver_due(context.engine, desk, now, worker)


def take_back_claims(context: Context) -> int:
    """Return to the outbox what a killed worker of this home had claimed; 0 if one is at work."""
    worker = worker_name(context)
    with turn(context, f"deliver-{worker}") as nobody_delivers:
        return take_back(context.engine, context.now(), worker=worker) if nobody_delivers else 0


def publish_now(context: Context, said: Callable[[datetime, float], None] | None = None) -> int:
    """Write the site from the record as it stands; returns the number of pages."""
    now = context.now().replace(microsecond=0)
    record = fold(context, context.method, now, tell=said)
    past = fold(context, context.method, baseline.CUTOFF, reconstructed=True, tell=said)
    return publish(context, context.method, record, past)
