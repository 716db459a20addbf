"""What the tests of backup and restore put into a store, and how they compare two stores."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import Session

from collectors.record import Model
from monitor.audit import append
from monitor.batch import BatchWriter
from monitor.context import Context
from monitor.copying import tables
from monitor.lake import LakeFile
from monitor.record import open_view
from monitor.store.columns import UtcDateTime
from monitor.store.runs import Batch, BatchState

Open = Callable[..., Context]
NOW = datetime(2026, 8, 3, 6, 0, 0, 123456, tzinfo=UTC)
ROWS = 450
"""More than two chunks of a copy, in the table of marks."""
REAL = {"audit_entry", "audit_head", "batchfile", "sweep"}
"""Tables that the tests fill by the program's own means."""


def finished(context: Context, name: str) -> list[LakeFile]:
    """Write one finished file into the lake; nobody names it yet."""
    writer = BatchWriter(context.lake, name, "huggingface", is_live=True)
    writer.add([Model(source_url="https://hub.example", model_id=f"x/{name}")], NOW)
    return writer.finish()


def put(context: Context, name: str) -> None:
    """Put a batch of one model into lake and store."""
    batch = Batch(
        id=name, run_id=name, source="huggingface", state=BatchState.VISIBLE, is_live=True,
        fetched_at=NOW, visible_at=NOW, rows=1,
    )  # fmt: skip
    files = finished(context, name)
    with Session(context.engine) as session:
        context.lake.commit(session, batch, files)
        session.commit()


def fill(engine: Engine) -> None:
    """Put rows into every table of the store: texts of two scripts, bytes, moments, nothing."""
    with engine.begin() as connection:
        for table in tables():
            if table.name not in REAL:
                count = ROWS if table.name == "mark" else 3
                connection.execute(table.insert(), [_row(table, n) for n in range(1, count + 1)])
    with Session(engine) as session, session.begin():
        for n in range(3):
            append(session, at=NOW, actor="os:张", action="evidence.add", subject=f"batch:{n}")


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: sa.Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        return _value(key.column, number)
    if column.nullable and number == 3:
        return None
    if isinstance(column.type, UtcDateTime):
        return NOW + timedelta(days=number, microseconds=number)
    values = {int: number, bool: number % 2 == 0, bytes: b"\x00\xff" * number}
    return values.get(column.type.python_type, f"{column.name} 警钟 {number}")


def contents(engine: Engine) -> dict[str, Sequence[tuple[Any, ...]]]:
    """Return every row of every table, by its key."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in tables()
        }


def models(context: Context) -> list[tuple[str]]:
    """Return the models that an installation reads in its lake."""
    view = open_view(context, context.method)
    return view.at(NOW).execute("SELECT model_id FROM models ORDER BY 1").fetchall()
