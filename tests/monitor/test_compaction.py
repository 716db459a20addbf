"""Compaction: the same rows in fewer files, whatever happens, for every reader."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter as Multiset
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from collectors.record import Counter, Model, Record, Tag
from collectors.schema import TABLES, arrow_schema, key_columns
from monitor.asof import View
from monitor.audit import verify_store
from monitor.batch import BatchWriter
from monitor.compaction import ASIDE, compact, scattered
from monitor.context import Context, open_context
from monitor.errors import LakeError
from monitor.housekeeping import READING
from monitor.store.audit import AuditEntry
from monitor.store.runs import Batch, BatchFile, BatchState, Retired

NOW = datetime(2026, 8, 3, 20, tzinfo=UTC)
FETCHED = datetime(2026, 8, 3, 6, tzinfo=UTC)
URL = "https://hub.example"

Part = list[tuple[str, int | None, list[str]]]
"""Of each model: its name, its downloads, its tags."""


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return open_context(tmp_path, now=lambda: NOW)


def records(part: Part) -> Iterator[Record]:
    for name, downloads, tags in part:
        yield Model(source_url=URL, model_id=name, author=name[:2])
        yield Counter(
            source_url=URL, model_id=name, observed_on=FETCHED.date(), downloads_30d=downloads
        )
        for tag in tags:
            yield Tag(source_url=URL, model_id=name, tag=tag)


def put(
    context: Context, name: str, parts: list[Part], state: BatchState = BatchState.VISIBLE
) -> None:
    """Commit one batch in as many files a table as it has parts."""
    files, rows = [], 0
    for number, part in enumerate(parts):
        writer = BatchWriter(context.lake, name, "huggingface", is_live=True, part=number)
        writer.add(list(records(part)), FETCHED + timedelta(minutes=number))
        rows += sum(writer.rows.values())
        files += writer.finish()
    batch = Batch(
        id=name, run_id=name, source="huggingface", sweep="census", state=state, is_live=True,
        fetched_at=FETCHED + timedelta(minutes=len(parts)), rows=rows,
        visible_at=FETCHED + timedelta(hours=1),
    )  # fmt: skip
    with Session(context.engine) as session:
        context.lake.commit(session, batch, files)
        session.commit()


def some(parts: int = 3, each: int = 40, seed: int = 7) -> list[Part]:
    return [
        [
            (f"o{(i * seed) % 11}/m{(i * 37 + p * each) % 997}", i or None, ["gguf", f"t{i % 5}"])
            for i in range(each)
        ]
        for p in range(parts)
    ]


def manifest(context: Context) -> dict[tuple[str, str], list[BatchFile]]:
    """Return the files of the manifest by batch and table."""
    found: dict[tuple[str, str], list[BatchFile]] = {}
    with Session(context.engine, expire_on_commit=False) as session:
        for file in session.exec(select(BatchFile).order_by(col(BatchFile.path))):
            found.setdefault((file.batch_id, file.table_name), []).append(file)
    return found


def contents(context: Context) -> dict[tuple[str, str], Multiset[Any]]:
    """Return every row of the lake as its Parquet files hold it, by batch and table."""
    return {
        key: Multiset(
            tuple(row.items())
            for file in files
            for row in pq.read_table(context.lake.full(file.path)).to_pylist()
        )
        for key, files in manifest(context).items()
    }


def seen(view: View) -> list[Any]:
    """Return what indicators read of the three tables, and the stamps that a replay is named by."""
    run = view.at(NOW, ["models", "counters", "tags"])
    tables = ("models", "counters", "tags")
    rows = [run.execute(f"SELECT * FROM {t} ORDER BY ALL").fetchall() for t in tables]
    return [*rows, [view.stamp(t, NOW) for t in tables]]


def look(context: Context) -> list[Any]:
    view = View(context.lake, context.lake.visible(), home="CN", views={})
    with closing(view.connection):
        return seen(view)


names = st.text("abc/-é模", min_size=1, max_size=4)
one = st.tuples(names, st.none() | st.integers(0, 2**40), st.lists(names, max_size=3, unique=True))
batches = st.lists(st.lists(st.lists(one, min_size=1, max_size=6), max_size=4), max_size=3)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(batches)
def test_whatever_was_kept_is_kept_row_for_row(context: Context, kept: list[list[Part]]) -> None:
    for number, parts in enumerate(kept):
        name = f"b{len(manifest(context))}-{number}"
        put(context, name, [p for p in parts if p] or [[("x", 1, [])]])
    before, shown = contents(context), look(context)
    done = compact(context)
    assert contents(context) == before
    assert look(context) == shown
    assert all(len(files) == 1 for files in manifest(context).values())
    assert (done.files > 0) == any(len(parts) > 1 for parts in kept)


def test_files_are_sorted_by_key_in_the_columns_of_the_table(context: Context) -> None:
    put(context, "census", some())
    done = compact(context)
    assert (done.files, done.into) == (9, 3)
    assert 0 < done.bytes_after < done.bytes_before
    for (_, table), (file,) in manifest(context).items():
        place = context.lake.full(file.path)
        rows = pq.read_table(place, columns=list(key_columns(TABLES[table]))).to_pylist()
        assert rows == sorted(rows, key=lambda row: [str(v) for v in row.values()])
        assert pq.read_schema(place).types == arrow_schema(TABLES[table]).types
        assert pq.read_schema(place).names == arrow_schema(TABLES[table]).names
        assert not Path(place).stat().st_mode & 0o222
        assert (file.rows, file.max_fetched_s - file.min_fetched_s) == (len(rows), 120)
    with Session(context.engine) as session:
        said = session.exec(select(AuditEntry.action)).all()
        assert said == ["compaction"] * 3
        assert verify_store(session).sound
    assert compact(context).files == 0


def test_who_read_the_manifest_before_reads_on_for_a_day(context: Context) -> None:
    put(context, "census", some())
    now = look(context)
    view = View(context.lake, context.lake.visible(), home="CN", views={}, in_memory_rows=0)
    shown = seen(view)
    compact(context)
    assert context.lake.orphans() == []
    assert context.lake.sweep_orphans() == 0
    assert context.lake.remove_retired(NOW - READING) == 0
    assert seen(view) == shown
    assert context.lake.remove_retired(NOW + timedelta(seconds=1)) == 9
    view._stamps.clear()
    with pytest.raises(duckdb.IOException):
        seen(view)
    view.connection.close()
    assert look(context) == now


def test_a_batch_that_is_held_or_revoked_stays_as_it_is(context: Context) -> None:
    put(context, "held", some(), BatchState.HELD)
    put(context, "revoked", some(), BatchState.REVOKED)
    before = manifest(context)
    assert compact(context).files == 0
    assert manifest(context) == before


def test_a_damaged_file_is_said_and_nothing_is_written_over_it(context: Context) -> None:
    put(context, "census", some())
    before = manifest(context)
    place = Path(context.lake.full(before["census", "counters"][0].path))
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-1] + b"!")
    with pytest.raises(LakeError, match="sha256"):
        compact(context)
    assert manifest(context) == before
    assert not list(context.home.glob(f"{ASIDE}*"))


def test_two_at_once_leave_one_file_and_lose_nothing(context: Context) -> None:
    put(context, "census", some())
    before, together = contents(context), threading.Barrier(2)

    def work() -> None:
        together.wait()
        compact(context)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert contents(context) == before
    assert all(len(files) == 1 for files in manifest(context).values())
    assert context.lake.orphans() == []
    with Session(context.engine) as session:
        assert len(session.exec(select(Retired)).all()) == 9


@pytest.mark.long
def test_killed_at_any_moment_it_loses_nothing(context: Context) -> None:
    for number in range(6):
        put(context, f"b{number}", some(seed=number + 2))
    before, shown = contents(context), look(context)
    script = (
        "import sys; from pathlib import Path; from monitor.context import open_context\n"
        "from monitor.compaction import compact\n"
        "context = open_context(Path(sys.argv[1])); _ = context.lake\n"
        "print('begins', flush=True); compact(context); print('ends', flush=True)"
    )
    for wait in (0.02, 0.15):
        worker = subprocess.Popen(
            [sys.executable, "-c", script, str(context.home)], stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout is not None
        assert worker.stdout.readline() == "begins\n"
        time.sleep(wait)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        assert contents(context) == before
        assert look(context) == shown
    compact(context)
    context.lake.sweep_orphans()
    assert contents(context) == before
    assert all(len(files) == 1 for files in manifest(context).values())
    with Session(context.engine) as session:
        assert scattered(session) == []
        assert verify_store(session).sound
