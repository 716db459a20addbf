"""Reading waits for no writer, and writes nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from monitor.cli.doctor import examine
from monitor.compaction import scattered
from monitor.context import Context
from monitor.lake import Lake
from monitor.metrics import exposition
from monitor.server import readiness
from monitor.standing import current_document
from monitor.store.conclusions import AssessmentRow
from monitor.store.engine import open_store, reading
from monitor.store.runs import Batch, BatchFile, BatchState, Mark, Run, RunState
from tests.monitor.kept import NOW, Open, put


@pytest.fixture
def judged(opened: Open) -> Context:
    """An installation with a batch, a cycle that has ended and a conclusion."""
    context = opened("home")
    put(context, "a")
    with Session(context.engine) as session:
        session.add(Run(id="cycle-1", state=RunState.DONE, started_at=NOW, finished_at=NOW))
        session.add(
            AssessmentRow(
                as_of=NOW, concluded_at=NOW, method="2026", method_sha256="", home="CN",
                run_id="cycle-1", document='{"risks": {}}',
            )
        )  # fmt: skip
        session.commit()
    return context


@pytest.fixture
def writer(judged: Context) -> Iterator[sqlite3.Connection]:
    """A writer in the middle of its transaction: whoever waited for it would fail after 30 s."""
    with closing(sqlite3.connect(judged.home / "tocsin.db", isolation_level=None)) as store:
        store.execute("BEGIN IMMEDIATE")
        store.execute("INSERT INTO mark VALUES ('kev', 'unfinished', '')")
        yield store
        store.execute("ROLLBACK")


def test_what_only_reads_answers_while_another_process_writes(
    judged: Context, writer: sqlite3.Connection, opened: Open
) -> None:
    for context in (judged, opened("home")):  # one that was open, and one that opens the store now
        assert readiness(context)["ready"] is True
        assert b"tocsin_last_cycle_timestamp_seconds" in exposition(context)
        document = current_document(context)
        assert document is not None
        assert {s["id"] for s in document["sources"]} >= {"kev", "huggingface"}
        assert {f.state for f in examine(context) if f.about == "store"} == {"ok"}
        assert len(context.lake.visible()) == 1
        assert context.lake.orphans() == []
    with pytest.raises(sqlite3.OperationalError, match="locked"):  # the writer does hold the lock
        sqlite3.connect(judged.home / "tocsin.db", timeout=0).execute("BEGIN IMMEDIATE")


def test_a_writer_does_not_wait_for_who_reads(judged: Context) -> None:
    with reading(judged.engine) as session:
        assert session.exec(select(Mark)).all() == []
        with closing(sqlite3.connect(judged.home / "tocsin.db", timeout=0)) as store:
            store.execute("INSERT INTO mark VALUES ('kev', 'meanwhile', '')")
            store.commit()
        assert session.exec(select(Mark)).all() == []  # what it read first is what it sees


def test_writing_through_a_reading_session_is_refused(store_url: str) -> None:
    engine = open_store(store_url)
    with reading(engine) as session:
        session.add(Mark(source="kev", name="a", value=""))
        with pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
            session.commit()
    with Session(engine) as session:  # the same pooled connection, which may write again
        session.add(Mark(source="kev", name="b", value=""))
        session.commit()
        assert session.exec(select(Mark.name)).all() == ["b"]
    engine.dispose()


def test_scattered_files_are_found_by_reading_alone(store_url: str, opened: Open) -> None:
    """`doctor` asks for them: a row lock would be refused in PostgreSQL's read-only transaction."""
    context = opened("team", store_url)
    with Session(context.engine) as session, session.begin():
        session.add(
            Batch(
                id="b", run_id="b", source="kev", state=BatchState.VISIBLE, is_live=True,
                fetched_at=NOW, visible_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        for n in range(2):
            session.add(
                BatchFile(path=f"t/{n}", batch_id="b", table_name="t", sha256="", rows=1, bytes=1)
            )
    with reading(context.engine) as session:
        assert [len(files) for files in scattered(session)] == [2]


def test_the_log_of_writes_gives_its_space_back(opened: Open) -> None:
    """A reader that stays keeps the log growing; once it has gone, the log shrinks to its limit."""
    context = opened("home")
    log = context.home / "tocsin.db-wal"
    with context.engine.connect() as connection:
        limit = int(connection.exec_driver_sql("PRAGMA journal_size_limit").scalar_one())
    with reading(context.engine) as stays:
        stays.exec(select(Mark)).all()
        with Session(context.engine) as session:
            for n in range(70):
                session.add(Mark(source="kev", name=str(n), value="x" * 1_000_000))
                session.commit()
    assert log.stat().st_size > limit
    with Session(context.engine) as session:
        for n in range(3):
            session.add(Mark(source="kev", name=f"after {n}", value=""))
            session.commit()
    assert log.stat().st_size <= limit


def test_one_listing_tells_the_size_of_the_lake(judged: Context) -> None:
    (file,) = judged.lake.visible()
    assert Lake(judged.lake.url, judged.engine).bytes() == file.bytes
    judged.lake.remove(file.path)
    judged.lake.remove(file.path)  # gone already: another process was faster
    assert judged.lake.bytes() == 0
