"""Backup and restore: what comes back is what was there, or nothing comes back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from collectors.record import Model
from monitor.backup import BackupError, back_up, restore
from monitor.batch import BatchWriter
from monitor.context import Context, open_context
from monitor.record import open_view
from monitor.store.runs import Batch, BatchState

NOW = datetime(2026, 8, 3, 6, tzinfo=UTC)


def put(context: Context, name: str) -> None:
    writer = BatchWriter(context.lake, name, "huggingface", is_live=True)
    writer.add([Model(source_url="https://hub.example", model_id=f"x/{name}")], NOW)
    batch = Batch(
        id=name, run_id=name, source="huggingface", state=BatchState.VISIBLE, is_live=True,
        fetched_at=NOW, visible_at=NOW, rows=1,
    )  # fmt: skip
    files = writer.finish()
    with Session(context.engine) as session:
        context.lake.commit(session, batch, files)
        session.commit()


@pytest.fixture
def living(tmp_path: Path) -> Context:
    context = open_context(tmp_path / "home", now=lambda: NOW)
    put(context, "a")
    return context


def models(context: Context) -> list[tuple[str]]:
    view = open_view(context, context.method)
    return view.at(NOW).execute("SELECT model_id FROM models ORDER BY 1").fetchall()


def test_what_is_restored_reads_the_same(living: Context, tmp_path: Path) -> None:
    back_up(living, tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "again")
    assert models(open_context(tmp_path / "again", now=lambda: NOW)) == [("x/a",)]


def test_a_second_backup_copies_only_what_is_new(living: Context, tmp_path: Path) -> None:
    assert back_up(living, tmp_path / "kept").copied == 1
    put(living, "b")
    second = back_up(living, tmp_path / "kept")
    assert (second.files, second.copied) == (2, 1)


def test_a_spoilt_backup_restores_nothing(living: Context, tmp_path: Path) -> None:
    back_up(living, tmp_path / "kept")
    file = next((tmp_path / "kept" / "lake").rglob("*.parquet"))
    file.chmod(0o644)
    file.write_bytes(b"spoilt")
    with pytest.raises(BackupError, match="not what was backed up"):
        restore(tmp_path / "kept", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_living_installation_is_not_overwritten(living: Context, tmp_path: Path) -> None:
    back_up(living, tmp_path / "kept")
    with pytest.raises(BackupError, match="holds an installation"):
        restore(tmp_path / "kept", living.home)
