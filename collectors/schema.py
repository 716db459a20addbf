"""Each record's columns in the lake: portable types only, so that every engine agrees."""

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache

import pyarrow as pa

from collectors.record import RECORDS, Record

_EPOCH = date(1970, 1, 1)

ENVELOPE = ("source", "batch_id", "fetched_at_s", "known_from_s", "is_live")
"""Columns that the lake adds to every row; `is_live` is 0 for the shipped baseline."""

BY_NUMBER = pa.dictionary(pa.int32(), pa.string())
"""Texts of which there are few: each once, and its number in every row."""


@dataclass(frozen=True)
class Column:
    """One column: its name in the lake, the record field it comes from, and how it is turned."""

    name: str
    field: str
    type: pa.DataType
    sql: str
    convert: Callable[[typing.Any], object] | None


def days(value: date) -> int:
    """Return whole days since 1970-01-01."""
    return (value - _EPOCH).days


def from_days(value: int) -> date:
    """Return the date that lies `value` days after 1970-01-01."""
    return date.fromordinal(_EPOCH.toordinal() + value)


def seconds(value: datetime) -> int:
    """Return whole seconds since 1970-01-01T00:00Z; a naive moment is a bug and raises."""
    if value.tzinfo is None:
        raise ValueError(f"naive datetime {value.isoformat()}")
    return int(value.timestamp())


def from_seconds(value: int) -> datetime:
    """Return the UTC moment `value` seconds after 1970-01-01T00:00Z."""
    return datetime.fromtimestamp(value, UTC)


def _column(field: str, kind: type) -> Column:
    if issubclass(kind, datetime):
        name = field if field.endswith("_s") else f"{field}_s"
        return Column(name, field, pa.int64(), "BIGINT", seconds)
    if issubclass(kind, date):
        return Column(f"{field.removesuffix('_on')}_day", field, pa.int32(), "INTEGER", days)
    if issubclass(kind, bool):
        return Column(field, field, pa.int8(), "INTEGER", int)
    if issubclass(kind, int):
        return Column(field, field, pa.int64(), "BIGINT", None)
    convert = str if issubclass(kind, StrEnum) else None
    return Column(field, field, pa.string(), "VARCHAR", convert)


def _plain(annotation: object) -> type:
    if isinstance(annotation, types.UnionType):
        return next(_plain(a) for a in annotation.__args__ if a is not type(None))
    if not isinstance(annotation, type):
        raise TypeError(f"no column type for {annotation!r}")
    return annotation


@cache
def columns(record: type[Record]) -> tuple[Column, ...]:
    """Return the record's own columns in order, without the lake's envelope."""
    hints = typing.get_type_hints(record)
    return tuple(
        _column(name, _plain(hints[name]))
        for name in record.__struct_fields__
        if name != "known_from"
    )


@cache
def arrow_schema(record: type[Record]) -> pa.Schema:
    """Return the Parquet schema of the record's table, envelope last."""
    own: list[pa.Field[pa.DataType]] = [pa.field(c.name, c.type) for c in columns(record)]
    envelope: list[pa.Field[pa.DataType]] = [
        pa.field("source", pa.string()),
        pa.field("batch_id", pa.string()),
        pa.field("fetched_at_s", pa.int64()),
        pa.field("known_from_s", pa.int64()),
        pa.field("is_live", pa.int8()),
    ]
    return pa.schema(own + envelope)


@cache
def gathered_schema(record: type[Record]) -> pa.Schema:
    """Return the schema of rows in memory: as in the file, texts that repeat by number."""
    repeated = record.REPEATED | {"source", "batch_id"}
    return pa.schema(
        [f.with_type(BY_NUMBER) if f.name in repeated else f for f in arrow_schema(record)]
    )


def key_columns(record: type[Record]) -> tuple[str, ...]:
    """Return the key of the record's table, in the names of the lake."""
    names = {c.field: c.name for c in columns(record)}
    return tuple(names.get(k, k) for k in record.KEY)


def create_table(record: type[Record], name: str | None = None) -> str:
    """Return portable DDL for the record's table (or another `name`), envelope included."""
    own = [f"{c.name} {c.sql}" for c in columns(record)]
    envelope = [
        "source VARCHAR", "batch_id VARCHAR", "fetched_at_s BIGINT", "known_from_s BIGINT",
        "is_live INTEGER",
    ]  # fmt: skip
    return f"CREATE TABLE {name or record.TABLE} ({', '.join(own + envelope)})"


TABLES: dict[str, type[Record]] = {record.TABLE: record for record in RECORDS}
"""Record type by table name."""
