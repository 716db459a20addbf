"""The lake elsewhere: the same promises against a real S3-speaking server on loopback."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest
from sqlmodel import Session

from collectors import kev
from collectors.record import Model
from monitor.anew import make_anew
from monitor.asof import View
from monitor.backup import back_up
from monitor.batch import BatchWriter
from monitor.collect import collect
from monitor.compaction import compact
from monitor.context import open_context
from monitor.errors import BackupError, LakeError
from monitor.housekeeping import housekeeping
from monitor.kept import kept_batches
from monitor.lake import Lake
from monitor.raw import raw_bytes
from monitor.restore import restore
from monitor.store.engine import open_store, sqlite_url
from monitor.store.runs import Batch, BatchState, RunState
from tests.servers import free_port
from tests.standin import StandIn

moto = pytest.importorskip("moto.server")
NOW = datetime(2026, 8, 3, 6, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    port = free_port()
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1", "FSSPEC_S3_ENDPOINT_URL": address,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    fsspec.config.conf["s3"] = {"endpoint_url": address, "skip_instance_cache": True}
    files = fsspec.filesystem("s3")
    files.mkdir(f"tocsin{port}")
    try:
        yield Lake(f"s3://tocsin{port}/lake", open_store(sqlite_url(tmp_path / "tocsin.db")))
    finally:
        fsspec.config.conf.pop("s3", None)
        server.stop()
        os.environ.pop("FSSPEC_S3_ENDPOINT_URL", None)


def put(lake: Lake, name: str, *, commit: bool = True, parts: int = 1) -> None:
    files = []
    for part in range(parts):
        writer = BatchWriter(lake, name, "huggingface", is_live=True, part=part)
        number = str(part or "")
        writer.add([Model(source_url="https://hub.example", model_id=f"x/{name}{number}")], NOW)
        files += writer.finish()
    if not commit:
        return
    batch = Batch(
        id=name, run_id=name, source="huggingface", state=BatchState.VISIBLE, is_live=True,
        fetched_at=NOW, visible_at=NOW, rows=1,
    )  # fmt: skip
    with Session(lake.engine) as session:
        lake.commit(session, batch, files)
        session.commit()


def models(lake: Lake) -> list[tuple[str]]:
    view = View(lake, lake.visible(), home="CN", views={})
    return view.at(NOW).execute("SELECT model_id FROM models ORDER BY 1").fetchall()


def test_a_batch_is_invisible_until_its_manifest_and_orphans_are_swept(lake: Lake) -> None:
    put(lake, "whole")
    put(lake, "killed", commit=False)
    assert models(lake) == [("x/whole",)]
    assert len(lake.orphans()) == 1
    assert lake.sweep_orphans() == 1
    assert models(lake) == [("x/whole",)]


def test_a_changed_object_is_refused(lake: Lake) -> None:
    put(lake, "a")
    path = lake.full(lake.visible()[0].path)
    lake.files.pipe_file(path, lake.files.cat_file(path)[:-1] + b"!")
    with pytest.raises(LakeError, match="sha256"):
        models(Lake(lake.url, lake.engine))


def test_scattered_objects_become_one_with_the_same_rows(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, "census", parts=3)
    before = models(lake)
    monkeypatch.setenv("TOCSIN_LAKE__URL", lake.url)
    context = open_context(tmp_path, now=lambda: NOW)
    done = compact(context)
    assert (done.files, done.into) == (3, 1)
    assert models(context.lake) == before == [("x/census",), ("x/census1",), ("x/census2",)]
    assert lake.orphans() == []
    assert context.lake.remove_retired(NOW + timedelta(seconds=1)) == 3
    assert models(Lake(lake.url, lake.engine)) == before


def test_a_backup_of_a_bucket_comes_back_into_an_empty_one(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(lake, "a")
    put(lake, "b")
    monkeypatch.setenv("TOCSIN_LAKE__URL", lake.url)
    back_up(open_context(tmp_path, now=lambda: NOW), tmp_path / "kept")
    with pytest.raises(BackupError, match=rf"the lake {lake.url} holds 2 files already"):
        restore(tmp_path / "kept", open_context(tmp_path / "again", now=lambda: NOW))
    monkeypatch.setenv("TOCSIN_LAKE__URL", f"{lake.url}-2")
    again = open_context(tmp_path / "again", now=lambda: NOW)
    assert restore(tmp_path / "kept", again).lake == f"{lake.url}-2"
    assert models(again.lake) == models(lake) == [("x/a",), ("x/b",)]
    assert again.lake.orphans() == []
    assert not again.lake.files.exists(again.lake.full("RESTORING"))
    assert not (again.home / "lake").exists()


def test_pages_are_kept_parsed_again_and_forgotten_in_a_bucket(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_LAKE__URL", lake.url)
    with StandIn() as standin:
        monkeypatch.setenv("TOCSIN_SOURCES__KEV__BASE_URL", f"{standin.url}/kev")
        context = open_context(tmp_path, now=lambda: NOW)
        assert kept_batches(context.lake) == []
        live = collect(context, kev.COLLECTOR, "run")
    assert live.state is RunState.DONE, live.message
    (batch,) = kept_batches(context.lake)
    assert batch.files[0].startswith(f"{context.lake.root}/raw/kev/")
    assert raw_bytes(context.lake) == batch.bytes > 0
    made = make_anew(context, batch, actor="os:tester")
    assert (made.outcome.state, made.outcome.rows) == (RunState.DONE, live.rows)

    path = batch.files[0]
    lake.files.pipe_file(path, lake.files.cat_file(path)[:-3000])
    with pytest.raises(LakeError, match="unfinished"):
        make_anew(context, kept_batches(context.lake)[0], actor="os:tester")

    later = open_context(tmp_path, now=lambda: NOW + timedelta(days=15))
    assert housekeeping(later).gone.raw_files == 1
    assert kept_batches(later.lake) == []
