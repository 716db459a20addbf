"""Retention: history thins out, never ends; what may still be replayed stays whole."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from collectors.record import Model
from monitor.batch import BatchWriter
from monitor.cli.doctor import examine
from monitor.context import Context, open_context
from monitor.retention import forget
from monitor.store.audit import AuditEntry
from monitor.store.runs import Batch, BatchFile, BatchState

NOW = datetime(2027, 11, 1, 12, tzinfo=UTC)
OLD = datetime(2026, 8, 3, 6, tzinfo=UTC)  # a Monday, beyond the horizon of 400 days


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return open_context(tmp_path, now=lambda: NOW)


def put(context: Context, sweep: str, at: datetime) -> str:
    name = f"{sweep}-{at:%Y%m%dT%H}"
    writer = BatchWriter(context.lake, name, "huggingface", is_live=True)
    writer.add([Model(source_url="https://hub.example", model_id="x/y")], at)
    batch = Batch(
        id=name, run_id=name, source="huggingface", sweep=sweep, state=BatchState.VISIBLE,
        is_live=True, fetched_at=at, visible_at=at, rows=1,
    )  # fmt: skip
    files = writer.finish()
    with Session(context.engine) as session:
        context.lake.commit(session, batch, files)
        session.commit()
    return name


def kept(context: Context) -> set[str]:
    with Session(context.engine) as session:
        return set(session.exec(select(Batch.id)))


def test_beyond_the_horizon_one_a_day_and_one_census_a_week_stay(context: Context) -> None:
    first = put(context, "active", OLD)
    put(context, "active", OLD + timedelta(hours=6))
    next_day = put(context, "active", OLD + timedelta(days=1))
    census = put(context, "census", OLD)
    put(context, "census", OLD + timedelta(days=3))
    next_week = put(context, "census", OLD + timedelta(days=7))
    gone = forget(context)
    assert kept(context) == {first, next_day, census, next_week}
    assert (gone.batches, gone.files) == (2, 2)
    assert context.lake.orphans() == []
    with Session(context.engine) as session:
        assert session.exec(select(AuditEntry.action)).all() == ["retention"]


def test_within_the_horizon_everything_stays(context: Context) -> None:
    at = NOW - timedelta(days=399)
    names = {put(context, "active", at), put(context, "active", at + timedelta(hours=1))}
    assert forget(context).batches == 0
    assert kept(context) == names


def test_what_does_not_repeat_is_kept_whole(context: Context) -> None:
    names = {
        put(context, "", OLD),
        put(context, "new", OLD),
        put(context, "new", OLD.replace(hour=9)),
    }
    assert forget(context).batches == 0
    assert kept(context) == names


def test_doctor_tells_growth_by_what_was_collected_and_not_before_two_days(
    context: Context,
) -> None:
    def said() -> str:
        return next(f.said for f in examine(context) if f.about == "disk")

    put(context, "baseline", NOW - timedelta(days=9))
    put(context, "active", NOW - timedelta(days=1))
    assert "growth is told after two days" in said()
    put(context, "active", NOW - timedelta(days=4))
    with Session(context.engine) as session:
        for file in session.exec(select(BatchFile)):
            file.bytes = 40_000_000
            session.add(file)
        session.commit()
    assert "grows about 20.00 MB a day, 7.30 GB a year" in said()
