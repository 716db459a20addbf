"""Compaction: the many files that a long sweep leaves become one sorted file a table.

A file holds one batch before and after, because a batch is what quarantine holds, a person revokes,
retention forgets and an explanation names. The new file is written aside and compared row for row;
one commit of the manifest puts it in the place of the old ones, which stay on disk for a while for
whoever read the manifest before. A kill at any point leaves an orphan at most, which is swept.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection
from sqlmodel import Session, col, func, select

from collectors.schema import TABLES, key_columns
from monitor.audit import append
from monitor.batch import ROW_GROUP
from monitor.context import Context
from monitor.errors import LakeError
from monitor.lake import Lake, LakeFile
from monitor.store.engine import reading
from monitor.store.runs import Batch, BatchFile, BatchState

ACTOR = "tocsin"
MEMORY = "512MB"
ASIDE = ".compaction-"
"""Folders in the home where a file is sorted: `/tmp` may be a small part of the memory."""
LEFT = timedelta(days=1)
"""A folder as old as this belongs to a process that was killed."""


@dataclass(frozen=True)
class Compacted:
    """What a round of compaction did."""

    files: int = 0
    """Files that were many."""
    into: int = 0
    bytes_before: int = 0
    bytes_after: int = 0


def compact(context: Context) -> Compacted:
    """Rewrite every visible batch's scattered tables; returns what became of how much.

    Raises LakeError where a file is not what its manifest says; nothing of that batch is touched.
    """
    _clear(context)
    with reading(context.engine) as session:
        found = scattered(session)
    old = new = before = after = 0
    for files in found:
        whole = _rewrite(context, files)
        if not _swap(context, files, whole):
            context.lake.remove(whole.path)
            continue
        old, new = old + len(files), new + 1
        before, after = before + sum(f.bytes for f in files), after + whole.bytes
    return Compacted(old, new, before, after)


def scattered(session: Session) -> list[list[BatchFile]]:
    """Return the files of each table that a visible batch keeps in several, oldest batch first."""
    several = (
        select(BatchFile.batch_id, BatchFile.table_name)
        .join(Batch, col(BatchFile.batch_id) == col(Batch.id))
        .where(Batch.state == BatchState.VISIBLE)
        .group_by(col(BatchFile.batch_id), col(BatchFile.table_name))
        .having(func.count() > 1)
        .order_by(col(BatchFile.batch_id), col(BatchFile.table_name))
    )
    return [_files(session, batch, table) for batch, table in session.exec(several).all()]


def _files(session: Session, batch_id: str, table: str, *, locked: bool = False) -> list[BatchFile]:
    query = (
        select(BatchFile)
        .where(BatchFile.batch_id == batch_id, BatchFile.table_name == table)
        .order_by(col(BatchFile.path))
    )
    return list(session.exec(query.with_for_update() if locked else query))


def _rewrite(context: Context, files: list[BatchFile]) -> LakeFile:
    """Return a new file with the same rows, sorted by the table's key; visible to nobody yet."""
    lake, first = context.lake, files[0]
    for file in files:
        lake.verify(LakeFile.of(file))
    path = f"{first.table_name}/{first.batch_id}-{secrets.token_hex(4)}.parquet"
    order = ", ".join(key_columns(TABLES[first.table_name]))
    with _sorting(context) as (run, folder):
        target = folder / "whole.parquet"
        old = _rows(run, lake, [lake.full(f.path) for f in files])
        run.execute(
            f"COPY (SELECT * FROM {old} ORDER BY {order}, fetched_at_s, known_from_s) "
            f"TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        )
        if _sum(run, old) != _sum(run, f"read_parquet('{target}')"):
            raise LakeError(f"{lake.full(first.path)}: compacted rows differ; nothing was changed")
        lake.files.put_file(str(target), lake.full(path))
    sha256, size = lake.seal(path)
    return LakeFile(
        path=path, table=first.table_name, sha256=sha256, rows=sum(f.rows for f in files),
        bytes=size, batch_id=first.batch_id,
        min_known_s=min(f.min_known_s for f in files),
        max_known_s=max(f.max_known_s for f in files),
        min_fetched_s=min(f.min_fetched_s for f in files),
        max_fetched_s=max(f.max_fetched_s for f in files),
    )  # fmt: skip


@contextmanager
def _sorting(context: Context) -> Iterator[tuple[DuckDBPyConnection, Path]]:
    """Open DuckDB with bounded memory, and a folder of its own to spill into."""
    with tempfile.TemporaryDirectory(prefix=ASIDE, dir=context.home) as name:
        run = duckdb.connect(":memory:")
        run.execute(f"SET memory_limit = '{MEMORY}'")
        run.execute(f"SET temp_directory = '{name}/spill'")
        run.execute("SET threads = 1")  # one thread keeps rows of an equal key in their order
        try:
            yield run, Path(name)
        finally:
            run.close()


def _rows(run: DuckDBPyConnection, lake: Lake, addresses: list[str]) -> str:
    scheme = ""
    if not lake.is_local:
        run.register_filesystem(lake.files)
        scheme = f"{lake.url.partition('://')[0]}://"
    listed = ", ".join("'" + f"{scheme}{a}".replace("'", "''") + "'" for a in addresses)
    return f"read_parquet([{listed}], union_by_name=true)"


def _sum(run: DuckDBPyConnection, rows: str) -> tuple[object, ...]:
    """Return count, column names and types, and a sum over every row that no order changes."""
    shape = run.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
    count = run.execute(f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {rows} AS t").fetchone()
    return *((name, kind) for name, kind, *_ in shape), *(count or ())


def _swap(context: Context, files: list[BatchFile], whole: LakeFile) -> bool:
    """Put the new file into the manifest; False where the old ones are no longer there."""
    now = context.now()
    with Session(context.engine) as session, session.begin():
        present = _files(session, whole.batch_id, whole.table, locked=True)
        batch = session.get(Batch, whole.batch_id)
        if batch is None or batch.state != BatchState.VISIBLE:
            return False
        if {f.path for f in present} != {f.path for f in files}:
            return False
        for file in present:
            session.delete(file)
        session.add(whole.row())
        context.lake.retire(session, [f.path for f in files], now)
        detail: dict[str, object] = {
            "batch": whole.batch_id,
            "table": whole.table,
            "before": {f.path: f.sha256 for f in files},
            "after": {whole.path: whole.sha256},
        }
        append(session, at=now, actor=ACTOR, action="compaction", subject="lake", detail=detail)
    return True


def _clear(context: Context) -> None:
    """Remove the folders of processes that were killed."""
    before = (context.now() - LEFT).timestamp()
    for folder in context.home.glob(f"{ASIDE}*"):
        if folder.stat().st_mtime < before:
            shutil.rmtree(folder)
