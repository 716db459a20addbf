"""Backup: one moment of the store with every file it names, while others write; or nothing new."""

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from monitor.audit import append, verify_store
from monitor.backup import back_up, named_by_copy
from monitor.context import Context
from monitor.copying import copy_store
from monitor.errors import BackupError
from monitor.restore import restore
from monitor.store.audit import AuditEntry
from monitor.store.engine import open_store, reading_engine, sqlite_url
from monitor.store.runs import BatchFile, Mark, Run, RunState, Sweep
from tests.monitor.kept import NOW, Open, finished, models, put


def test_a_backup_holds_one_moment_while_others_write(
    store_url: str, opened: Open, tmp_path: Path
) -> None:
    """Each transaction writes a run, a mark and an audit entry: a copy has all three or none."""
    context = opened("busy", store_url)
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with Session(context.engine) as session, session.begin():
                session.add(Mark(source="kev", name=f"{number:06}", value=""))
                append(session, at=NOW, actor="w", action="test", subject=str(number))
                session.flush()
                session.add(Run(id=f"{number:06}", state=RunState.DONE, started_at=NOW))
            if number == 20:
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(60)
        for number in range(5):
            copy_store(context.engine, tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()
    seen = []
    for number in range(5):
        engine = sa.create_engine(sqlite_url(tmp_path / f"{number}.db"))
        with Session(engine) as session:
            runs = len(session.exec(select(Run)).all())
            assert runs == len(session.exec(select(Mark)).all())
            assert runs == len(session.exec(select(AuditEntry)).all())
            assert verify_store(session).sound
        engine.dispose()
        seen.append(runs)
    assert seen == sorted(seen)
    assert seen[0] >= 20


def test_a_second_backup_copies_only_what_is_new(living: Context, tmp_path: Path) -> None:
    assert back_up(living, tmp_path / "kept").copied == 1
    put(living, "b")
    second = back_up(living, tmp_path / "kept")
    assert (second.files, second.copied) == (2, 1)


def test_a_backup_that_fails_leaves_the_one_before(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    back_up(living, tmp_path / "kept")
    put(living, "b")
    (lost,) = (f for f in living.lake.visible() if f.batch_id == "b")
    living.lake.remove(lost.path)
    with pytest.raises(BackupError, match="missing, though the store names it"):
        back_up(living, tmp_path / "kept")
    assert not list((tmp_path / "kept").glob(".*"))
    again = opened("again")
    restore(tmp_path / "kept", again)
    assert models(again) == [("x/a",)]


def test_a_file_that_goes_meanwhile_is_no_failure(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    """The store is copied, then retention forgets a batch and its file goes before it is copied."""
    put(living, "b")
    (gone,) = (f for f in living.lake.visible() if f.batch_id == "b")

    def forget(step: str, said: str, done: float | None) -> None:
        if step == "lake" and living.lake.files.exists(living.lake.full(gone.path)):
            with Session(living.engine) as session, session.begin():
                session.exec(delete(BatchFile).where(col(BatchFile.path) == gone.path))
                living.lake.retire(session, [gone.path], NOW)
            living.lake.remove_retired(NOW + timedelta(seconds=1))

    assert back_up(living, tmp_path / "kept", forget).files == 1
    again = opened("again")
    restore(tmp_path / "kept", again)
    assert models(again) == [("x/a",)]


def test_a_store_that_came_back_may_name_retired_files_that_did_not(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    back_up(living, tmp_path / "kept")
    again = opened("again")
    restore(tmp_path / "kept", again)
    assert again.lake.remove_retired(NOW + timedelta(days=9)) == 3


def test_a_sweep_in_hand_goes_on_after_a_restore(
    living: Context, opened: Open, tmp_path: Path
) -> None:
    parts = finished(living, "census")
    with Session(living.engine) as session, session.begin():
        session.add(
            Sweep(
                source="huggingface", name="census", batch_id="census", started_at=NOW,
                parts=json.dumps([vars(part) for part in parts]),
            )
        )  # fmt: skip
    back_up(living, tmp_path / "kept")
    again = opened("again")
    restore(tmp_path / "kept", again)
    again.lake.verify(parts[0])
    assert again.lake.orphans() == []


def test_the_copy_can_be_read_where_nothing_may_be_written(living: Context, tmp_path: Path) -> None:
    back_up(living, tmp_path / "kept")
    assert len(named_by_copy(tmp_path / "kept" / "tocsin.db")) == 1
    names = sorted(p.name for p in (tmp_path / "kept").iterdir())
    assert names == ["backup.json", "lake", "tocsin.db"]


def test_a_backup_into_the_home_itself_is_refused(living: Context) -> None:
    with pytest.raises(BackupError, match="the installation itself"):
        back_up(living, living.home)


def test_a_snapshot_cannot_write(store_url: str) -> None:
    engine: Engine = open_store(store_url)
    with (
        reading_engine(engine).connect() as connection,
        pytest.raises(sa.exc.DBAPIError, match=r"read-?only"),
    ):
        connection.execute(sa.text("INSERT INTO mark VALUES ('a', 'b', 'c')"))
    engine.dispose()
