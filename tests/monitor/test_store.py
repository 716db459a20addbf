"""The store: the same behaviour on SQLite and on a real PostgreSQL server."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from monitor.leader import LIFE, LeaseLock, LostLeadership, fence, server_time
from monitor.store.engine import open_store
from monitor.store.runs import Refusal, Run, RunState

NOW = datetime(2026, 8, 3, 6, 0, 0, 123456, tzinfo=UTC)


def test_moments_come_back_to_the_microsecond_with_their_zone(store_url: str) -> None:
    engine = open_store(store_url)
    with Session(engine) as session:
        session.add(Run(id="a", state=RunState.DONE, started_at=NOW))
        session.commit()
    with Session(engine) as session:
        assert session.exec(select(Run.started_at)).one() == NOW
    engine.dispose()


def test_a_naive_moment_is_refused(store_url: str) -> None:
    engine = open_store(store_url)
    with Session(engine) as session:
        session.add(Run(id="a", state=RunState.DONE, started_at=datetime(2026, 8, 3)))  # noqa: DTZ001
        with pytest.raises(sa.exc.StatementError, match="naive"):
            session.commit()
    engine.dispose()


def test_a_hostile_text_with_a_nul_is_kept_and_spoils_nothing(store_url: str) -> None:
    engine = open_store(store_url)
    with Session(engine) as session:
        session.add(Refusal(run_id="a", source="kev", at=NOW, reason="警钟", key="a\0b"))
        session.add(Run(id="a\0", state=RunState.DONE, started_at=NOW))
        session.commit()
    with Session(engine) as session:
        found = session.exec(select(Refusal)).one()
        assert found.key.replace("␀", "\0") == "a\0b"
        assert found.reason == "警钟"
        assert session.exec(select(Run).where(Run.id == "a\0")).one().state == RunState.DONE
    engine.dispose()


def test_opening_twice_changes_nothing(store_url: str) -> None:
    open_store(store_url).dispose()
    engine = open_store(store_url)
    assert "batch" in sa.inspect(engine).get_table_names()
    engine.dispose()


class Clock:
    """The server's clock, set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self, _session: Session) -> datetime:
        return self.at


def test_one_leads_and_the_follower_takes_over_when_the_lease_has_run_out(store_url: str) -> None:
    engine, clock = open_store(store_url), Clock()
    first, second = LeaseLock(engine, "first", clock), LeaseLock(engine, "second", clock)
    assert first.acquire()
    assert not second.acquire()
    assert second.leader() == "first"
    clock.at = NOW + LIFE / 2
    assert first.acquire()
    clock.at = NOW + LIFE
    assert not second.acquire()
    clock.at = NOW + LIFE * 2
    assert second.acquire()
    assert not first.acquire()
    assert second.token == first.token + 1
    engine.dispose()


def test_a_leader_that_slept_through_its_replacement_cannot_write(store_url: str) -> None:
    engine, clock = open_store(store_url), Clock()
    first, second = LeaseLock(engine, "first", clock), LeaseLock(engine, "second", clock)
    first.acquire()
    clock.at = NOW + LIFE + timedelta(seconds=1)
    second.acquire()
    with Session(engine) as session:
        session.add(Run(id="late", state=RunState.DONE, started_at=NOW))
        with pytest.raises(LostLeadership):
            fence(session, first)
        session.rollback()
    with Session(engine) as session:
        fence(session, second)
        assert session.exec(select(Run)).all() == []
    engine.dispose()


def test_a_released_lease_is_free_at_once(store_url: str) -> None:
    engine, clock = open_store(store_url), Clock()
    first, second = LeaseLock(engine, "first", clock), LeaseLock(engine, "second", clock)
    first.acquire()
    first.release()
    assert second.acquire()
    engine.dispose()


def test_the_lease_runs_by_the_servers_clock(postgres_url: str) -> None:
    engine = open_store(postgres_url)
    with Session(engine) as session:
        at = server_time(session)
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert LeaseLock(engine, "first").acquire()
    assert not LeaseLock(engine, "second").acquire()
    engine.dispose()
