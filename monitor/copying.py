"""Carry every row of one store into another, whichever of the two databases each of them is."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlmodel import SQLModel

from monitor.errors import BackupError
from monitor.store.engine import (
    newest_revision,
    open_store,
    reading_engine,
    revision_of,
    sqlite_url,
)

CHUNK = 200
"""Rows in hand at a time: a rendered report of some hundred kilobytes is one row."""

Tell = Callable[[str, str, float | None], None]
"""Called with the step, what is said of it, and the share done (None: unknown)."""


def silent(_step: str, _said: str, _done: float | None = None) -> None:
    """Tell nobody."""


def copy_store(engine: Engine, file: Path, tell: Tell = silent) -> None:
    """Write the store as it stands at one moment into a new SQLite file of the same schema.

    Whoever writes meanwhile is not held up, and is seen either whole or not at all. The file is one
    plain file, with no write-ahead log beside it, so that it can be read where nothing is writable.
    """
    tell("store", "", None)
    if engine.dialect.name == "sqlite":
        _copy_file(str(engine.url.database), file)
    else:
        _copy_snapshot(engine, file, tell)
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")


def _copy_file(store: str, file: Path) -> None:
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)


def _copy_snapshot(engine: Engine, file: Path, tell: Tell) -> None:
    with snapshot(engine) as source:
        # A newer daemon may have upgraded the store since this process opened it.
        if (found := revision_of(source)) != newest_revision():
            raise BackupError(f"store: now at revision {found}; start this program's new version")
        target = open_store(sqlite_url(file))
        try:
            with target.begin() as copy:
                copy_rows(source, copy, tell)
        finally:
            target.dispose()


def remove_store(file: Path) -> None:
    """Remove a SQLite store that nobody has open, and what a kill left beside it."""
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm", f"{file.name}-journal"):
        file.with_name(name).unlink(missing_ok=True)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees the store as it stands now, until it is left."""
    reads = reading_engine(engine)
    if engine.dialect.name != "sqlite":
        reads = reads.execution_options(isolation_level="REPEATABLE READ")
    with reads.connect() as connection:
        yield connection


def copy_rows(source: Connection, target: Connection, tell: Tell = silent) -> int:
    """Copy every row of every table into a target whose tables are empty; returns how many.

    Memory is bounded by CHUNK rows. Tables that others refer to come first.
    """
    count = 0
    for table in tables():
        tell("store", f"{table.name}, {count:,} rows", None)
        rows = source.execute(
            sa.select(table).order_by(*table.primary_key),
            execution_options={"yield_per": CHUNK},
        )
        for part in rows.mappings().partitions():
            target.execute(table.insert(), [dict(row) for row in part])
            count += len(part)
    return count


def tables() -> list[sa.Table]:
    """Return every table of the store, those that others refer to first."""
    return SQLModel.metadata.sorted_tables


def holds_rows(connection: Connection) -> bool:
    """Whether any table of ours is there and has a row."""
    present = set(sa.inspect(connection).get_table_names())
    return any(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
        for table in tables()
        if table.name in present
    )


def set_sequences(connection: Connection) -> None:
    """Let PostgreSQL number the next row of each table behind the largest that is there."""
    named = sa.text("SELECT pg_get_serial_sequence(:table, :column)")
    moved = sa.text("SELECT setval(CAST(:sequence AS regclass), :last, :used)")
    for table in tables():
        column = table.autoincrement_column
        if column is None:
            continue
        where = {"table": f'"{table.name}"', "column": column.name}
        sequence = connection.scalar(named, where)
        if sequence is not None:
            last = connection.scalar(sa.select(sa.func.max(column)))
            values = {"sequence": sequence, "last": last or 1, "used": last is not None}
            connection.execute(moved, values)
