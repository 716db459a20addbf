"""Prometheus metrics, read from the store at every scrape: the truth is there, not in a process."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func
from sqlmodel import Session, col, select

from monitor.context import Context
from monitor.disk import free_bytes
from monitor.raw import raw_bytes
from monitor.sources import source_rows
from monitor.standing import latest_document
from monitor.store.engine import reading
from monitor.store.outbox import OutboxRow, OutboxState
from monitor.store.runs import BatchFile, Run, RunState

RANK = {"green": 0, "yellow": 1, "red": 2, "unassigned": -1}


class StoreMetrics(Collector):
    """One scrape of one installation."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        with reading(self.context.engine) as session:
            yield from self._cycles(session)
            yield self._outbox(session)
        yield from self._sources()
        yield self._levels()
        yield from self._room()

    def _room(self) -> Iterable[Metric]:
        """Yield what takes room and what is left; no scrape makes a bucket list its files."""
        with reading(self.context.engine) as session:
            held = session.exec(select(func.sum(BatchFile.bytes))).one()
        yield GaugeMetricFamily(
            "tocsin_lake_bytes", "Size of the lake's tables.", value=int(held or 0)
        )
        if self.context.lake.is_local:
            yield GaugeMetricFamily(
                "tocsin_raw_bytes", "Size of the raw pages beside the lake's tables.",
                value=raw_bytes(self.context.lake),
            )  # fmt: skip
        yield GaugeMetricFamily(
            "tocsin_disk_free_bytes", "Free on the disk of the home folder.",
            value=free_bytes(self.context.home),
        )  # fmt: skip

    def _cycles(self, session: Session) -> Iterable[Metric]:
        total = CounterMetricFamily("tocsin_cycle", "Cycles by how they ended.", labels=["state"])
        counted = dict(
            session.exec(
                select(Run.state, func.count())
                .where(Run.source == "", col(Run.id).startswith("cycle-"))
                .group_by(Run.state)
            ).all()
        )
        for state in (RunState.DONE, RunState.CRASHED):
            # From zero on: an increase is seen only of what was there before.
            total.add_metric([state], counted.get(state, 0))
        yield total
        last = session.exec(
            select(Run)
            .where(Run.source == "", col(Run.id).startswith("cycle-"), Run.state == RunState.DONE)
            .order_by(col(Run.started_at).desc())
            .limit(1)
        ).first()
        if last is None or last.finished_at is None:
            return
        yield GaugeMetricFamily(
            "tocsin_last_cycle_timestamp_seconds", "End of the last good cycle.",
            value=last.finished_at.timestamp(),
        )  # fmt: skip
        yield GaugeMetricFamily(
            "tocsin_cycle_seconds", "Duration of the last good cycle.",
            value=_seconds(last.started_at, last.finished_at),
        )  # fmt: skip

    def _outbox(self, session: Session) -> Metric:
        depth = GaugeMetricFamily("tocsin_outbox_rows", "Deliveries by state.", labels=["state"])
        counted = dict(
            session.exec(select(OutboxRow.state, func.count()).group_by(OutboxRow.state)).all()
        )
        for state in OutboxState:
            depth.add_metric([state], counted.get(state, 0))
        return depth

    def _sources(self) -> Iterable[Metric]:
        age = GaugeMetricFamily(
            "tocsin_source_age_seconds", "Since the source's last good run.", labels=["source"]
        )
        state = GaugeMetricFamily(
            "tocsin_source_state", "1 for the state the source is in.", labels=["source", "state"]
        )
        held = GaugeMetricFamily(
            "tocsin_quarantined_batches", "Batches held back.", labels=["source"]
        )
        lasted = GaugeMetricFamily(
            "tocsin_source_run_seconds", "Duration of the source's last run.", labels=["source"]
        )
        failures = CounterMetricFamily(
            "tocsin_source_failures", "Runs of a source that failed.", labels=["source"]
        )
        failed = self._failures()
        for row in source_rows(self.context):
            if row.age_seconds is not None:
                age.add_metric([row.id], row.age_seconds)
            state.add_metric([row.id, row.state], 1)
            held.add_metric([row.id], row.held)
            failures.add_metric([row.id], failed.get(row.id, 0))
            if row.last_try is not None and row.last_try.finished_at is not None:
                seconds = _seconds(row.last_try.started_at, row.last_try.finished_at)
                lasted.add_metric([row.id], seconds)
        return (age, state, held, lasted, failures)

    def _failures(self) -> dict[str, int]:
        bad = (RunState.UNAVAILABLE, RunState.REFUSED, RunState.CHANGED, RunState.CRASHED)
        with reading(self.context.engine) as session:
            rows = session.exec(
                select(Run.source, func.count()).where(col(Run.state).in_(bad)).group_by(Run.source)
            )
            return dict(rows.all())

    def _levels(self) -> Metric:
        family = GaugeMetricFamily(
            "tocsin_level", "Level: 0 green, 1 yellow, 2 red, -1 unassigned.",
            labels=["risk", "kind"],
        )  # fmt: skip
        document = latest_document(self.context)
        for slug, risk in (document or {"risks": {}})["risks"].items():
            family.add_metric([slug, "adjudicated"], RANK[risk["level"]])
            family.add_metric([slug, "model"], RANK[risk["model_level"]])
        return family


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()


def exposition(context: Context) -> bytes:
    """Return the metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StoreMetrics(context))
    return generate_latest(registry)
